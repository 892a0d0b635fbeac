"""Run what `book.runs` lists and `book/results/` does not hold yet; continue what was stopped.

    python tools/results.py [ARM ...] [--full] [--list] [--quick]

`--full` means the original project's experiments at its length (`make gpu-study`), otherwise all
others (`make results`). ARM is how the folders of the runs begin. `--list` only says what is there.
`--quick` walks the same way with every experiment, one epoch of each on little data, and keeps
nothing: a test that the records could be made again.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is imported

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # for `book`, from wherever this is called

from book.runs import ARMS, FULL, RESULTS, runs  # noqa: E402
from vaegan_edu import datasets, experiments, records  # noqa: E402
from vaegan_edu.experiments.tasks import faces  # noqa: E402

QUICK_COUNT = 96  # images


def rehearse(chosen):
    """Train each experiment of these runs for an epoch on little data: digits or rendered faces."""
    (x_train, y_train), (x_test, y_test) = datasets.load_digits()
    little = (x_train[:QUICK_COUNT], y_train[:QUICK_COUNT]), (x_test[:64], y_test[:64])

    def few_faces(image_size, train_count=QUICK_COUNT):
        train_count = min(train_count or QUICK_COUNT, QUICK_COUNT)
        return datasets.load_rendered_faces(train_count, 64, image_size, dtype="uint8")

    for name in ("digits", "mnist"):
        datasets.LOADERS[name] = lambda: little
    datasets.LOADERS["rendered-faces"] = few_faces
    faces.MOVED = 2  # each is decoded some hundred times, by networks of any size
    with tempfile.TemporaryDirectory() as folder:
        for name, settings in {run.experiment: run.settings for run in chosen}.items():
            settings = {**settings, "epochs": 1}
            settings.pop("data", None)  # photographs may not be at hand
            run = experiments.train(
                name, settings=settings, output=Path(folder) / name, progress=False
            )
            measured = records.read_record(run).metrics
            print(f"{name}: one epoch, {len(measured)} numbers")


def main(words=None):
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("arms", nargs="*", metavar="ARM", help="how folders begin; default: all")
    parser.add_argument("--full", action="store_true", help="the original's experiments in full")
    parser.add_argument("--list", action="store_true", help="only say what is there")
    parser.add_argument("--quick", action="store_true", help="one epoch each, keeping nothing")
    options = parser.parse_args(words)
    known = FULL if options.full else ARMS
    prefixes = [name for name in known if name.startswith(tuple(options.arms or [""]))]
    if not prefixes:
        parser.error(f"no arm begins so; there are {', '.join(known)}")
    if options.quick:
        return rehearse(runs(*prefixes))
    for name, settings, seed, folder in runs(*prefixes):
        output = ROOT / RESULTS / folder
        state = "there" if records.is_finished(output) else "missing"
        if state == "missing" and (output / "config.json").exists():
            state = "stopped"
        print(f"{folder}: {state}", flush=True)
        if state != "there" and not options.list:
            experiments.train(name, settings=settings, seed=seed, output=output, resume=True)
    return None


if __name__ == "__main__":
    sys.exit(main())
