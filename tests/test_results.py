"""Every record that the book quotes is whole; test_records.py says what that means."""

import math
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
