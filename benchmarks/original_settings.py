"""Search for the settings that the original project's logged MNIST losses rule out.

    python -m benchmarks.original_settings

The original project's diagrams leave open where in the last convolution's block the discriminator's
features are taken, which labels it learns from, and at which rate. Its log holds the losses of each
epoch. So each arm trains `vaegan-mnist-original`, one seed, with other settings in these places,
and its losses are compared with those logged.

Registered before the runs below:

- `screen`, one epoch an arm, features after the activation: three kinds of labels times three
  learning rates; and with hard labels, at two rates, a discriminator that learns ten times as
  slowly, and the balance rule of the code released with Larsen et al. 2016 (0.68 and 0.35).
- `places`, one epoch: the other two places of the features, with the settings that came closest.
  (The features reach the encoder alone: gamma is 1e-8. So they hardly bear on the other losses.)
- `longer`, five epochs: the three closest arms of both.
- The distance of an arm is the mean, over the three losses and the epochs, of |log(ours / theirs)|.
  The original's encoder loss holds the constant of a Gaussian log-likelihood, 1/2 log(2 pi) for
  each of its 3,200 features, weighted as the features are; it is taken off before the logarithm.
- The closest of the longer arms gives `vaegan-mnist-original` its settings, whatever it looks like.

A first version had rates of 1e-4, 5e-4 and 1e-3 and nothing that holds the discriminator back. It
was stopped after one epoch of its first arm (hard labels, 1e-4), whose discriminator's loss was
1.25 where the original's is 2.11: higher rates alone could only have led further away.

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
NETWORKS = ("encoder", "decoder", "discriminator")
HARD = {"real_target": 1.0, "flip_probability": 0.0}
LABELS = {
    "hard": HARD,
    "soft": {"real_target": 0.9, "flip_probability": 0.0},
    "flipped": {"real_target": 1.0, "flip_probability": 0.05},
}
RESTRAINTS = {
    "slow": {**HARD, "discriminator_rate": 0.1},
    "balanced": {**HARD, "equilibrium": 0.68, "margin": 0.35},
}
STAGES = ("linear", "norm", "activation")  # before BatchNorm, after it, after the activation
LONGER = 5  # epochs
# 1/2 log(2 pi) for each of 3,200 features, in the unit of the encoder's loss.
CONSTANT = 0.5 * math.log(2 * math.pi) * 3200 / 4096


def screen():
    """Return the arms of the screen, name to settings."""
    arms = [(name, settings, rate) for name, settings in LABELS.items()
            for rate in (1e-5, 1e-4, 5e-4)]
    arms += [(name, settings, rate) for name, settings in RESTRAINTS.items()
             for rate in (1e-4, 5e-4)]
    return {
        f"{name}-{rate:g}-activation": {
            **settings, "learning_rate": rate, "feature_stage": "activation", "epochs": 1,
        }
        for name, settings, rate in arms
    }  # fmt: skip


def places(closest):
    """Return the arms with other places of the features; `closest` is an arm of the screen."""
    return {
        closest.replace("activation", stage): {**screen()[closest], "feature_stage": stage}
        for stage in STAGES
        if stage != "activation"
    }


def longer(arms):
    """Return the same arms, name to settings, with more epochs."""
    return {f"{name}-longer": {**settings, "epochs": LONGER} for name, settings in arms.items()}


def distance(losses, logged):
    """Return the mean |log(ours / theirs)| over networks and epochs.

    Args:
        losses: a dict from network to its losses, one number an epoch.
        logged: the same of the original project, of at least as many epochs; its encoder loss holds
            `CONSTANT`.
    """
    terms = []
    for network in NETWORKS:
        constant = CONSTANT if network == "encoder" else 0.0
        for ours, theirs in zip(losses[network], logged[network], strict=False):
            terms.append(abs(math.log(ours / (theirs - constant))))
    return sum(terms) / len(terms)


def run(name, settings):
    """Train one arm and write its record: configuration and losses by epoch."""
    from vaegan_edu import experiments, records

    with tempfile.TemporaryDirectory() as folder:
        folder = experiments.train(
            "vaegan-mnist-original",
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


def logged_losses(path):
    """Return the original project's MNIST losses by epoch, network to numbers."""
    with Path(path).open() as file:
        rows = [row for row in csv.DictReader(file) if row["run"] == "mnist"]
    return {network: [float(row[f"{network}_loss"]) for row in rows] for network in NETWORKS}


def main():
    """Make what is missing and print the distances."""
    logged = logged_losses(os.environ["ORIGINAL_LOGS"])

    def make(arms):
        for name, settings in arms.items():
            if name not in results():
                run(name, settings)
        found = {name: distance(results()[name]["losses"], logged) for name in arms}
        return dict(sorted(found.items(), key=lambda item: item[1]))

    arms = screen()
    screened = make(arms)
    arms |= places(next(iter(screened)))
    screened = make(arms)
    finalists = make(longer({name: arms[name] for name in list(screened)[:3]}))
    for name, value in {**finalists, **screened}.items():
        print(f"{name:32}  {value:.3f}")


if __name__ == "__main__":
    main()
