"""Search for the settings that the original project's logged MNIST losses rule out.

    python -m benchmarks.original_settings

The original project's diagrams leave open where in the last convolution's block the discriminator's
features are taken, which labels it learns from, and at which rate. Its log holds the losses of each
epoch. So each arm trains `vaegan-mnist-original`, one seed, with other settings in these places,
and its losses are compared with those logged.

Registered before the runs below:

- `pace`, one epoch an arm, hard labels, features after the activation: three learning rates; and at
  two of them a discriminator that learns ten times as slowly, and the balance rule of the code
  released with Larsen et al. 2016 (0.68 and 0.35).
- `labels`, one epoch: soft and flipped labels, with the settings that came closest so far.
- `places`, one epoch: the other two places of the features, with the settings that came closest so
  far. (The features reach the encoder alone, for gamma is 1e-8, so they hardly bear on the other
  losses.)
- `longer`, five epochs: the closest of all.
- The distance of an arm is the mean, over the three losses and the epochs, of |log(ours / theirs)|.
  The original's encoder loss holds the constant of a Gaussian log-likelihood, 1/2 log(2 pi) for
  each of its 3,200 features, weighted as the features are; it is taken off before the logarithm.
- The closest arm gives `vaegan-mnist-original` its settings, whatever it looks like.

A first version had rates of 1e-4, 5e-4 and 1e-3 and nothing that holds the discriminator back. It
was stopped after one epoch of its first arm (hard labels, 1e-4), whose discriminator's loss was
1.25 where the original's is 2.11: higher rates could only have led further away. A second, with
more arms, was stopped before it had a result, for it would have taken too long.

One seed and a few epochs: two arms whose distances differ by a hundredth are not told apart. The
optimizer (Adam, beta_1 of 0.9) and everything else that is assumed was not varied.

Each arm leaves a file in `benchmarks/results/original_settings/`. The command makes those that are
missing, and prints the table.
"""

import json
import math
import os
import time
from pathlib import Path

from vaegan_edu.records import original_logs

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is imported

RESULTS = Path(__file__).parent / "results" / "original_settings"
NETWORKS = ("encoder", "decoder", "discriminator")
HARD = {"real_target": 1.0, "flip_probability": 0.0}
LABELS = {
    "soft": {"real_target": 0.9, "flip_probability": 0.0},
    "flipped": {"real_target": 1.0, "flip_probability": 0.05},
}
RESTRAINTS = {
    "equal": {},
    "slow": {"discriminator_rate": 0.1},
    "balanced": {"equilibrium": 0.68, "margin": 0.35},
}
# What holds where an arm says nothing else, whatever the experiment's own settings are now.
UNLESS_SAID = {"discriminator_rate": 1.0, "equilibrium": None, "margin": 0.35}
STAGES = ("linear", "norm")  # features before BatchNorm, or after it, but before the activation
# 1/2 log(2 pi) for each of 3,200 features, in the unit of the encoder's loss.
CONSTANT = 0.5 * math.log(2 * math.pi) * 3200 / 4096


def pace():
    """Return the arms of the first round, name to settings."""
    found = {}
    for name, restraint in RESTRAINTS.items():
        for rate in (1e-5, 1e-4, 5e-4) if name == "equal" else (1e-4, 5e-4):
            found[f"{name}-{rate:g}"] = {
                **HARD,
                **restraint,
                "learning_rate": rate,
                "feature_stage": "activation",
                "epochs": 1,
            }
    return found


def labels(closest, settings):
    """Return the arms of the second round; `closest` is an arm, with its settings."""
    return {f"{closest}-{name}": {**settings, **changes} for name, changes in LABELS.items()}


def places(closest, settings):
    """Return the arms of the third round, as `labels` does."""
    return {f"{closest}-{stage}": {**settings, "feature_stage": stage} for stage in STAGES}


def longer(closest, settings):
    """Return the last arm, as `labels` does."""
    return {f"{closest}-longer": {**settings, "epochs": 5}}


def distance(losses, logged):
    """Return the mean |log(ours / theirs)| over networks and epochs.

    Args:
        losses: a dict from `<network>_loss` to numbers, one for each epoch.
        logged: the same of the original project, of at least as many epochs.
    """
    terms = []
    for network in NETWORKS:
        constant = CONSTANT if network == "encoder" else 0.0
        name = f"{network}_loss"
        for ours, theirs in zip(losses[name], logged[name], strict=False):
            terms.append(abs(math.log(ours / (theirs - constant))))
    return sum(terms) / len(terms)


def run(name, settings, data):
    """Train one arm and write its record: settings, data, versions and losses by epoch."""
    import keras

    from vaegan_edu import experiments, records
    from vaegan_edu.experiments.batches import EpochBatches
    from vaegan_edu.experiments.provenance import data_provenance, environment

    experiment = experiments.EXPERIMENTS["vaegan-mnist-original"]
    arguments = {**experiment.settings, **UNLESS_SAID, "seed": 0, **settings}
    (x_train, y_train), _ = data
    keras.utils.set_random_seed(0)
    model = experiment.build(arguments, x_train.shape[1:])
    batches = EpochBatches(x_train, y_train, arguments["batch_size"], 0)
    experiment.compile(model, arguments, len(batches))  # the rate is constant: no rule to follow
    started = time.perf_counter()
    history = model.fit(
        batches,
        epochs=arguments["epochs"],
        shuffle=False,
        verbose=0,
        callbacks=[batches.follow()],
    ).history
    record = {
        "arm": name,
        "settings": settings,
        "arguments": arguments,
        "data": data_provenance("mnist", data),
        **environment(Path(__file__).parent),
        "losses": {k: [float(v) for v in values] for k, values in history.items()},
        "seconds": round(time.perf_counter() - started, 1),
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    records.write_json(RESULTS / f"{name}.json", record)


def results():
    """Return the records that are there, arm to record."""
    found = [json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))]
    return {record["arm"]: record for record in found}


def main():
    """Make what is missing and print the distances."""
    from vaegan_edu import datasets

    logged = original_logs()["mnist"]
    data = datasets.load_mnist()
    distances = {}
    closest, settings = None, None
    for next_round in (pace, labels, places, longer):
        arms = next_round(closest, settings) if closest else next_round()
        for name, changed in arms.items():
            if name not in results():
                run(name, changed, data)
            distances[name] = distance(results()[name]["losses"], logged)
        closest = min(distances, key=distances.get)
        settings = results()[closest]["settings"]
    for name in sorted(distances, key=distances.get):
        print(f"{name:28}{distances[name]:8.3f}")


if __name__ == "__main__":
    main()
