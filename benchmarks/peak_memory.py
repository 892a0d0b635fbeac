"""The most memory that a training takes, from the start of the command to its last number.

    python -m benchmarks.peak_memory --json benchmarks/results/peak_memory.json

It runs `python -m vaegan_edu train EXPERIMENT --epochs 1` for each experiment, as a user would,
and asks the system for the peak of that process, libraries and all (Linux counts it). Loading,
training, validation and the measures at the end are all in it; later epochs take no more.

One of them trains on a folder of 100,000 pictures of 64x64, which are made for it and removed.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks import markdown
from vaegan_edu import records

EXPERIMENTS = ("vaegan-mnist", "vaegan-mnist-original", "vae-faces")
PICTURES = {"vae-faces": 100_000}  # what learns from a folder of so many pictures
COLUMNS = ("experiment", "images", "peak_mb", "seconds")


def peak_mb(command):
    """Run a command; return the most memory that its process held, in MB of 1024 * 1024 bytes.

    Raises:
        RuntimeError: the command failed, with what it said.
    """
    # What starts it must be small: the system counts the process also before it became the command.
    code = (
        "import resource, subprocess, sys\n"
        "done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
        "sys.exit(done.returncode)"
    )
    done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.strip())
    return int(done.stdout) / 1024  # Linux counts in kB


def make_pictures(folder, count, image_size=64):
    """Write smooth random pictures as JPEG, a thousand to a folder."""
    rng = np.random.default_rng(0)
    for i in range(count):
        place = Path(folder, f"{i // 1000:03d}")
        place.mkdir(parents=True, exist_ok=True)
        picture = Image.fromarray(rng.integers(0, 256, (4, 4, 3), "uint8"))
        size = (image_size, image_size)
        picture.resize(size, Image.Resampling.BILINEAR).save(place / f"{i % 1000:03d}.jpg")


def measure(experiment):
    """Train an experiment for one epoch; return a row of `COLUMNS`."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder, "run")
        words = ["train", experiment, "--epochs", "1", "--output", str(run)]
        if experiment in PICTURES:
            make_pictures(Path(folder, "pictures"), PICTURES[experiment])
            words += ["--data", str(Path(folder, "pictures"))]
        started = time.perf_counter()
        peak = peak_mb([sys.executable, "-m", "vaegan_edu", *words])
        seconds = time.perf_counter() - started
        data = records.read_config(run)["data"]
    images = data["train_count"] + data["test_count"]
    return {
        "experiment": experiment,
        "images": images,
        "peak_mb": round(peak),
        "seconds": round(seconds, 1),
    }


def main(words=None):
    """Measure, write each row to a file that keeps those not measured anew, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--experiment", action="append", help=f"default: {', '.join(EXPERIMENTS)}")
    options = parser.parse_args(words)
    rows = []
    for experiment in options.experiment or EXPERIMENTS:
        row = measure(experiment)
        rows.append([str(row[name]) for name in COLUMNS])
        if options.json:
            from vaegan_edu.experiments.provenance import environment

            known = json.loads(options.json.read_text()) if options.json.exists() else {}
            found = {**row, **environment(Path(__file__).parent)}
            records.write_json(options.json, known | {experiment: found})
    print(markdown.table(COLUMNS, rows))


if __name__ == "__main__":
    main()
