"""`make matrix` and `make mutants`: what they make of this project, without running them."""

import json
import tomllib
from pathlib import Path

import pytest

from book import tables
from tools import matrix, mutants

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


@pytest.mark.parametrize("backend", matrix.BACKENDS)
def test_a_cell_needs_every_bound_of_the_package_and_one_backend(backend):
    wanted = {*PROJECT["dependencies"], *PROJECT["optional-dependencies"][backend]}
    wanted |= {*PROJECT["optional-dependencies"]["widgets"]}
    assert {*matrix.requirements(backend)} == wanted
    pinned = {*matrix.requirements(backend, ["keras==3.15.0"])}
    assert pinned - wanted == {"keras==3.15.0"} and len(pinned) == len(wanted)
    assert not [line for line in matrix.tools() if line.startswith(matrix.BACKENDS)]
    assert any(line.startswith("pytest>") for line in matrix.tools())


def test_the_pythons_of_the_matrix_are_those_of_the_package():
    low, high = PROJECT["requires-python"].split(",")
    minors = [int(version.partition(".")[2]) for version in matrix.PYTHONS]
    assert minors == [*range(int(low.rpartition(".")[2]), int(high.rpartition(".")[2]))]
    with pytest.raises(matrix.Failed, match="no Python 2.1 on that machine"):
        matrix.find_python("2.1")


def test_a_report_is_counted(tmp_path):
    path = tmp_path / "report.xml"
    path.write_text(
        '<testsuites><testsuite name="pytest"><testcase classname="tests.a" name="one"/>'
        '<testcase classname="tests.a" name="two"><skipped/></testcase>'
        '<testcase classname="tests.a" name="three"><failure/></testcase>'
        '<testcase classname="tests.a" name="three"><error/></testcase></testsuite></testsuites>'
    )
    assert matrix.count(path) == {"passed": 1, "skipped": 1, "failed": ["tests.a::three"]}


def test_a_part_of_the_matrix_leaves_the_rest_of_the_record(tmp_path, monkeypatch, capsys):
    outcomes = {"jax": {"passed": 5, "skipped": 2, "failed": []}, "torch": {"missing": "no space"}}

    def run_cell(version, bounds, backend, pins, before):
        assert before is None
        names = {"python": version, "bounds": bounds, "backend": backend, "seconds": 1}
        return names | outcomes[backend]

    monkeypatch.setattr(matrix, "run_cell", run_cell)
    record = tmp_path / "record.json"
    run = ["--record", str(record), "--only"]
    assert matrix.main([*run, "3.12 jax"]) == 0
    assert matrix.main([*run, "torch 3.11 oldest"]) == 1  # nothing was tested
    outcomes["jax"] = {"passed": 4, "versions": {}, "skipped": 2, "failed": ["tests.a::b"]}
    assert matrix.main([*run, "3.12 newest jax"]) == 1
    cells = json.loads(record.read_text())["cells"]
    told = [matrix.told(cell) for cell in cells]
    assert len(told) == 18 and told.count("not run: not tried yet") == 15
    assert [outcome for outcome in told if "not tried" not in outcome] == [
        "not run: no space",
        "5 passed, 2 skipped",
        "4 passed, 1 failed, 2 skipped",
    ]
    assert "tests.a::b" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        matrix.main([*run, "3.9"])


def test_the_table_has_a_row_for_every_cell_and_says_what_was_not_run():
    cells = len(matrix.PYTHONS) * len(matrix.BOUNDS) * len(matrix.BACKENDS)
    rows = tables.environment.matrix(ROOT)
    assert len(rows) == cells
    for row in rows:
        assert row["tests"].startswith("not run: ") or (
            " passed" in row["tests"] and "failed" not in row["tests"] and row["Keras"]
        )


def test_mutants_spare_annotations():
    source = "def f(a: int | None = 1 + 2) -> int | str:\n    b: 3 | 4 = a\n    return a + b\n"
    spans = mutants._annotations(source)
    lines = source.splitlines()
    spared = {lines[first - 1][start:end] for (first, start), (_, end) in spans}
    assert spared == {"int | None", "int | str", "3 | 4"}


@pytest.mark.skipif(not mutants.RECORD.exists(), reason="`make mutants` was not run yet")
def test_nine_mutants_of_ten_are_killed_and_each_survivor_has_its_reason():
    record = json.loads(mutants.RECORD.read_text())
    assert record["killed"] >= 0.9 * record["mutants"]
    assert record["mutants"] - record["killed"] == len(record["survivors"])
    assert all(survivor["why"] for survivor in record["survivors"])
