"""Run what the book quotes and `book/results/` does not hold yet; continue what was stopped.

    python tools/results.py [--list] [--quick]

`--list` only says what is there. `--quick` walks the same way with every experiment, one epoch of
each on little data, and keeps nothing: a test that the records could be made again.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is imported

from vaegan_edu import datasets, experiments, records  # noqa: E402
from vaegan_edu.claims import ARMS, Arm  # noqa: E402
from vaegan_edu.experiments.settings import ORIGINAL_RATE  # noqa: E402

RESULTS = Path(__file__).resolve().parents[1] / "book" / "results"

# Experiment, settings other than its own, seeds; what is compared by arms stands in `ARMS`.
# The four models on faces cost the same: 9, 20, 10 and 22 processor seconds an epoch, measured.
RECORDED = (
    ("gan-digits", {}, 3),
    ("vaegan-digits", {}, 3),
    ("vae-mnist", {}, 3),
    ("vaegan-mnist", {}, 3),
    ("vaegan-mnist-original", {"epochs": 2}, 3),
    ("vae-faces", {"image_size": 32, "epochs": 12}, 3),
    ("vae-faces-similarity", {"image_size": 32, "epochs": 6}, 3),
    ("gan-faces", {"image_size": 32, "epochs": 11}, 3),
    ("faces-light", {"image_size": 32, "epochs": 5}, 3),
    ("faces-light", {}, 1),
    ("faces-light", {"data": "congress", "epochs": 30}, 1),
)
# Arms that decide no claim. The schedules of chapter 10 all begin at the original's first rate:
# small faces, and few, so that there are epochs enough for every rule to act.
RULES = ("s1", "s2", "s3", "s4-text", "s4-log", "plateau", "cosine")
SCHEDULED = {"image_size": 32, "epochs": 40, "learning_rate": ORIGINAL_RATE}
OTHER_ARMS = {
    "vaegan-mnist-original/mnist": Arm({"epochs": 20}, 1),  # of 100: as far as time went
    **{f"faces-light/rendered-{rule}": Arm({**SCHEDULED, "train_count": 1000, "schedule": rule}, 3)
       for rule in RULES if f"faces-light/rendered-{rule}" not in ARMS},
    **{f"faces-light/congress-{rule}": Arm({**SCHEDULED, "data": "congress", "schedule": rule}, 1)
       for rule in RULES},
}  # fmt: skip
QUICK_COUNT = 96  # images


def runs():
    """Yield experiment, settings, seed and folder of every run of the book."""
    for name, settings, seeds in RECORDED:
        prefix = "".join(f"{key.replace('_', '-')}-{value}-" for key, value in settings.items())
        for seed in range(seeds):
            yield name, settings, seed, RESULTS / name / f"{prefix}seed-{seed}"
    for folder, arm in {**ARMS, **OTHER_ARMS}.items():
        for seed in range(arm.seeds):
            yield folder.partition("/")[0], arm.settings, seed, RESULTS / folder / f"seed-{seed}"


def quick():
    """Train every experiment for one epoch on little data: digits, or rendered faces."""
    (x_train, y_train), (x_test, y_test) = datasets.load_digits()
    little = (x_train[:QUICK_COUNT], y_train[:QUICK_COUNT]), (x_test[:64], y_test[:64])

    def few_faces(image_size, train_count=QUICK_COUNT):
        train_count = min(train_count, QUICK_COUNT)
        return datasets.load_rendered_faces(train_count, 64, image_size, dtype="uint8")

    for name in ("digits", "mnist"):
        datasets.LOADERS[name] = lambda: little
    datasets.LOADERS["rendered-faces"] = few_faces
    with tempfile.TemporaryDirectory() as folder:
        for name, settings, *_ in {run[0]: run for run in runs()}.values():
            settings = {**settings, "epochs": 1}
            settings.pop("data", None)  # photographs may not be at hand
            run = experiments.train(
                name, settings=settings, output=Path(folder) / name, progress=False
            )
            measured = len(experiments.evaluate_run(run))
            print(f"{name}: one epoch, {measured} numbers")


def main():
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--list", action="store_true", help="only say what is there")
    parser.add_argument("--quick", action="store_true", help="one epoch each, keeping nothing")
    options = parser.parse_args()
    if options.quick:
        return quick()
    for name, settings, seed, folder in runs():
        state = "there" if records.is_finished(folder) else "missing"
        if state == "missing" and (folder / "config.json").exists():
            state = "stopped"
        print(f"{folder.relative_to(RESULTS)}: {state}", flush=True)
        if state != "there" and not options.list:
            experiments.train(name, settings=settings, seed=seed, output=folder, resume=True)


if __name__ == "__main__":
    sys.exit(main())
