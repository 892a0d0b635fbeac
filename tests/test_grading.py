"""What learners get to hand in, and what a grader says of it."""

import csv
import json

import nbformat
import pytest

from tools import handin
from tools.exercises import NOTEBOOKS, SOLUTION, STUB, read_exercise
from vaegan_edu.exercises.__main__ import grade, main

IMPORTS = "import numpy as np\nfrom vaegan_edu import exercises"
SOLVED = {
    name: f"# Exercise: {name}\n{read_exercise(NOTEBOOKS / 'exercises' / f'{name}.py')[SOLUTION]}"
    for name in ("kl", "reparameterise", "base_rate")
}


def write(path, *cells):
    made = [nbformat.v4.new_code_cell(cell) for cell in (IMPORTS, *cells)]
    nbformat.write(nbformat.v4.new_notebook(cells=made), path)
    return path


def test_handed_out_notebooks_hold_every_stub_and_no_solution_or_output(tmp_path):
    handin.main(target=tmp_path / "out")
    stubs = {
        path.stem: read_exercise(path)[STUB] for path in (NOTEBOOKS / "exercises").glob("*.py")
    }
    seen = set()
    for path in sorted((tmp_path / "out").iterdir()):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type != "code":
                continue
            assert not cell.outputs and cell.execution_count is None
            assert "# @title Solution" not in cell.source
            title, _, body = cell.source.partition("\n")
            if title.startswith("# Exercise: "):
                name = title.removeprefix("# Exercise: ")
                assert body == stubs[name]
                seen.add(name)
    assert seen == set(stubs)


@pytest.mark.slow
def test_grades_each_answer_for_itself(tmp_path, capsys):
    path = write(
        tmp_path / "ada.ipynb",
        "raise SystemExit('a cell that is no exercise does not run')",
        SOLVED["kl"].replace("0.5", "1.0"),
        SOLVED["reparameterise"],
        "# Exercise: base_rate\nundefined",
        "%matplotlib inline",
    )
    rows = grade(path)
    assert [(name, passed) for _, name, passed, _ in rows] == [
        ("kl", False),
        ("reparameterise", True),
        ("base_rate", False),
    ]
    assert "factor 1/2 is missing" in rows[0][3] and "NameError" in rows[2][3]
    table = tmp_path / "scores.csv"
    assert main([str(tmp_path), "--csv", str(table)]) == 1
    assert "1 of 3 answers passed." in capsys.readouterr().out
    with open(table, newline="") as file:
        assert [row["passed"] for row in csv.DictReader(file)] == ["False", "True", "False"]


@pytest.mark.slow
def test_an_endless_answer_is_stopped_and_those_before_it_count(tmp_path):
    path = write(
        tmp_path / "loop.ipynb",
        SOLVED["kl"],
        "# Exercise: reparameterise\nwhile True:\n    pass",
        SOLVED["base_rate"],
    )
    rows = grade(path, seconds=20)
    assert [passed for _, _, passed, _ in rows] == [True, False, False]
    assert "stopped after 20 seconds" in rows[1][3]


@pytest.mark.slow
def test_an_answer_must_be_checked_and_may_print_or_exit(tmp_path):
    path = write(
        tmp_path / "odd.ipynb",
        "# Exercise: kl\nprint('passed')",
        "# Exercise: reparameterise\nimport os; os.write(1, b'[1, 2]\\n'); raise SystemExit",
        SOLVED["base_rate"],
    )
    rows = grade(path)
    assert [passed for _, _, passed, _ in rows] == [False, False, True]
    assert 'must call exercises.check("kl", ...)' in rows[0][3]


def test_what_is_no_notebook_is_told_in_one_line(tmp_path, capsys):
    (tmp_path / "text.ipynb").write_text("hello")
    (tmp_path / "list.ipynb").write_text(json.dumps([1]))
    for name in ("text.ipynb", "list.ipynb", "missing.ipynb"):
        assert main([str(tmp_path / name)]) == 1
        told = capsys.readouterr().err
        assert name in told and told.count("\n") == 1
    (tmp_path / "empty").mkdir()
    assert main([str(tmp_path / "empty")]) == 1
    assert "must hold notebooks" in capsys.readouterr().err
    with pytest.raises(ValueError, match="has none"):
        grade(write(tmp_path / "none.ipynb", "1 + 1"))
