"""Run what `book.runs` lists and `book/results/` does not hold yet; continue what was stopped.

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

from book.runs import RESULTS, runs  # noqa: E402
from vaegan_edu import datasets, experiments, records  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
QUICK_COUNT = 96  # images


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
        for name, settings in {run.experiment: run.settings for run in runs()}.items():
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
        output = ROOT / RESULTS / folder
        state = "there" if records.is_finished(output) else "missing"
        if state == "missing" and (output / "config.json").exists():
            state = "stopped"
        print(f"{folder}: {state}", flush=True)
        if state != "there" and not options.list:
            experiments.train(name, settings=settings, seed=seed, output=output, resume=True)


if __name__ == "__main__":
    sys.exit(main())
