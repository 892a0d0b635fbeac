"""Every record that the book quotes is whole; test_records.py says what that means."""

import math
import subprocess
import sys
from pathlib import Path

import pytest

from vaegan_edu.experiments.packing import CARD
from vaegan_edu.records import read_record

ROOT = Path(__file__).resolve().parents[1]
RUNS = {
    path.parent.relative_to(results).as_posix(): path.parent
    for results in (ROOT / "book" / "results", ROOT / "vaegan_edu" / "weights")
    for path in sorted(results.rglob("config.json"))
}


def test_there_are_records():
    assert RUNS


@pytest.mark.parametrize("run", RUNS)
def test_record_is_complete(run):
    record = read_record(RUNS[run])
    assert isinstance(record.config["seed"], int)
    assert record.config["commit"] and record.config["data"]["digest"]
    assert record.history and record.metrics
    numbers = [v for row in record.history for v in row.values()] + list(record.metrics.values())
    assert all(math.isfinite(v) for v in numbers if isinstance(v, int | float))
    # The folder's name is what pages quote it by; a model that is shipped has a name of its own.
    if not (RUNS[run] / CARD).exists():
        assert run.startswith(record.config["experiment"])
    if "seed-" in run:
        assert run.rpartition("seed-")[2] == str(record.config["seed"])


@pytest.mark.slow
def test_the_full_runs_of_the_original_are_rehearsed_with_an_epoch_each(tmp_path):
    """What `make gpu-study` would take hours for, in its own words, on little data."""
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "results.py", "--full", "--quick"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    names = [line.partition(":")[0] for line in done.stdout.splitlines()]
    assert names == ["vaegan-mnist-original", "faces-light", "faces-original"]
    assert list(tmp_path.iterdir()) == []


def test_an_arm_that_is_not_listed_is_refused_in_one_line(tmp_path):
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "results.py", "faces-heavy"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2 and "no arm begins so; there are " in done.stderr
