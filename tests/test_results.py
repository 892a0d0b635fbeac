"""Every record that the book quotes says where it comes from."""

import json
import math
import shutil
from pathlib import Path

import pytest

from vaegan_edu.records import PROVENANCE, read_record

RESULTS = Path(__file__).resolve().parents[1] / "book" / "results"
RUNS = sorted(path.parent.relative_to(RESULTS).as_posix() for path in RESULTS.rglob("config.json"))


def test_there_are_records():
    assert RUNS


@pytest.mark.parametrize("run", RUNS)
def test_record_is_complete(run):
    record = read_record(RESULTS / run)
    assert isinstance(record.config["seed"], int)
    assert record.config["commit"] and record.config["data"]["digest"]
    assert record.history and record.metrics
    numbers = [v for row in record.history for v in row.values()] + list(record.metrics.values())
    assert all(math.isfinite(v) for v in numbers if isinstance(v, int | float))
    # The folder's name is what pages quote it by.
    assert run.startswith(record.config["experiment"])
    if "seed-" in run:
        assert run.rpartition("seed-")[2] == str(record.config["seed"])


@pytest.mark.parametrize("key", PROVENANCE)
def test_a_record_that_lacks_its_origin_is_refused(tmp_path, key):
    shutil.copytree(RESULTS / RUNS[0], tmp_path / "run")
    path = tmp_path / "run" / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    *parents, last = key.split(".")
    place = config
    for parent in parents:
        place = place[parent]
    del place[last]
    path.write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ValueError, match=key):
        read_record(tmp_path / "run")
