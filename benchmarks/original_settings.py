"""Search for the settings that the original project's logged MNIST losses rule out.

    python -m benchmarks.original_settings

The original project's diagrams leave open where in the last convolution's block the discriminator's
features are taken, which labels it learns from, and at which rate. Its log holds the losses of each
epoch. So each arm trains `vaegan-mnist-original` for `EPOCHS` epochs, one seed, with other settings
in these three places, and its losses are compared with those logged.

Registered before the first run:

- First round: three kinds of labels times three learning rates, features after the activation.
  Second round: the other two places of the features, with the labels and the rate that came
  closest. (The features reach the encoder alone: gamma is 1e-8. So they hardly bear on the two
  other losses.)
- The distance of an arm is the mean, over the three losses and the epochs, of |log(ours / theirs)|.
  The original's encoder loss holds the constant of a Gaussian log-likelihood, 1/2 log(2 pi) for
  each of its 3,200 features, weighted as the features are; it is taken off before the logarithm.
- The closest arm's settings become those of `vaegan-mnist-original`, whatever it looks like.

One seed and a few epochs: two arms whose distances differ by a hundredth are not told apart. The
optimizer (Adam, beta_1 of 0.9) and everything else that is assumed was not varied.

Each arm leaves a file in `benchmarks/results/original_settings/`. The command makes those that are
missing, and prints the table.
"""

import csv
import json
import math
import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is imported

RESULTS = Path(__file__).parent / "results" / "original_settings"
EPOCHS = 3
NETWORKS = ("encoder", "decoder", "discriminator")
LABELS = {
    "hard": {"real_target": 1.0, "flip_probability": 0.0},
    "soft": {"real_target": 0.9, "flip_probability": 0.0},
    "flipped": {"real_target": 1.0, "flip_probability": 0.05},
}
RATES = (1e-4, 5e-4, 1e-3)
FEATURES = ("linear", "norm", "activation") # before BatchNorm, after it, after the activation
# 1/2 log(2 pi) for each of 3,200 features, in the unit of the encoder's loss.
CONSTANT = 0.5 * math.log(2 * math.pi) * 3200 / 4096


def first_round():
    """Return the arms of the first round, name to settings."""
    return {
        f"{labels}-{rate:g}-activation": {
            **settings, "learning_rate": rate, "feature_stage": "activation"
        }
        for labels, settings in LABELS.items()
        for rate in RATES
    }  # fmt: skip


def second_round(closest):
    """Return the arms of the second round, name to settings; `closest` is an arm of the first."""
    settings = first_round()[closest]
    return {
        closest.replace("activation", stage): {**settings, "feature_stage": stage}
        for stage in FEATURES
        if stage != "activation"
    }


def distance(losses, logged):
    """Return the mean |log(ours / theirs)| over networks and epochs.

    Args:
        losses: a dict from network to its losses, one number an epoch.
        logged: the same of the original project, whose encoder loss holds `CONSTANT`.
    """
    terms = []
    for network in NETWORKS:
        constant = CONSTANT if network == "encoder" else 0.0
        for ours, theirs in zip(losses[network], logged[network], strict=True):
            terms.append(abs(math.log(ours / (theirs - constant))))
    return sum(terms) / len(terms)


def run(name, settings):
    """Train one arm and write its record: configuration and losses by epoch."""
    from vaegan_edu import experiments, records

    with tempfile.TemporaryDirectory() as folder:
        folder = experiments.train(
            "vaegan-mnist-original",
            epochs=EPOCHS,
            settings=settings,
            output=Path(folder) / name,
            progress=False,
        )
        with (folder / "history.csv").open() as file:
            rows = list(csv.DictReader(file))
        record = {
            "arm": name,
            "settings": settings,
            "config": records.read_config(folder),
            "losses": {
                network: [float(row[f"{network}_loss"]) for row in rows] for network in NETWORKS
            },
            "seconds": sum(float(row["seconds"]) for row in rows),
        }
    RESULTS.mkdir(parents=True, exist_ok=True)
    records.write_json(RESULTS / f"{name}.json", record)


def results():
    """Return the records that are there, arm to record."""
    found = [json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))]
    return {record["arm"]: record for record in found}


def logged_losses(path, epochs=EPOCHS):
    """Return the original project's losses of its first MNIST epochs, network to numbers."""
    with Path(path).open() as file:
        rows = [row for row in csv.DictReader(file) if row["run"] == "mnist"][:epochs]
    return {network: [float(row[f"{network}_loss"]) for row in rows] for network in NETWORKS}


def main():
    """Make what is missing, both rounds, and print the distances."""
    logged = logged_losses(os.environ["ORIGINAL_LOGS"])

    def make(arms):
        for name, settings in arms.items():
            if name not in results():
                run(name, settings)
        return {name: distance(results()[name]["losses"], logged) for name in arms}

    distances = make(first_round())
    closest = min(distances, key=distances.get)
    distances |= make(second_round(closest))
    for name in sorted(distances, key=distances.get):
        print(f"{name:24}  {distances[name]:.3f}")


if __name__ == "__main__":
    main()
