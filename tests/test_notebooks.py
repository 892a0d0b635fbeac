"""The notebooks: pairs in sync, outputs of this code, figures described.

That they execute to the same outputs is proved by `pytest --nbval`, the last step of `make test`;
that the long profile's code runs, by `make gpu-profile`.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import jupytext.cli
import nbformat
import pytest

from tools import execute, exercises

SOURCES = sorted(execute.NOTEBOOKS.glob("[0-9]*.py"))
KEPT = ["cellView", "jupyter", "mystnb", "tags"]
every_notebook = pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)


def read(path):
    return nbformat.read(path.with_suffix(".ipynb"), as_version=4)


def cells(notebook):
    """What the two files of a pair must have in common."""
    return [
        (cell.cell_type, cell.source, {k: cell.metadata[k] for k in KEPT if k in cell.metadata})
        for cell in notebook.cells
    ]


def images(path):
    """Yield (cell's number, number of images, alt text) for each cell of a notebook with images."""
    for number, cell in enumerate(read(path).cells):
        count = sum(
            any(kind.startswith("image/") for kind in output.get("data", {}))
            for output in cell.get("outputs", [])
        )
        if count:
            yield number, count, cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")


def test_every_notebook_is_a_pair():
    assert SOURCES
    executed = sorted(execute.NOTEBOOKS.glob("*.ipynb"))
    assert [path.stem for path in executed] == [path.stem for path in SOURCES]


@every_notebook
def test_pair_is_in_sync(path):
    assert cells(execute.read_source(path)) == cells(read(path)), "run make execute"


@every_notebook
def test_outputs_are_those_of_the_code(path):
    assert execute.is_current(execute.read_source(path), read(path)), "run make execute"


@every_notebook
def test_executed_from_top_to_bottom_without_a_complaint(path):
    notebook = read(path)
    nbformat.validate(notebook)
    code = execute.code_cells(notebook)
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    for cell in code:
        for output in cell.outputs:
            assert output.output_type != "error", cell.source
            assert output.get("name") != "stderr", output.text
    assert "widgets" not in notebook.metadata


@every_notebook
def test_header_shows_the_measured_run_time(path):
    notebook = read(path)
    record = notebook.metadata["vaegan_edu"]
    assert execute.run_time(record) in notebook.cells[0].source
    # How long it took says as much of the machine and of what else ran there: no bound is tested.
    assert record["seconds"] > 0


@every_notebook
def test_cells_that_colab_needs(path):
    """The first code cell installs on Colab and does nothing elsewhere."""
    first = execute.code_cells(read(path))[0]
    assert {"colab", "nbval-skip"} <= set(first.metadata.tags)
    assert "google.colab" in first.source and "https://github.com/" in first.source
    assert not re.search(r"install.*(tensorflow|numpy)", first.source)


@every_notebook
def test_colab_clones_once(path, tmp_path, monkeypatch, capfd):
    """Run again after a restart, in a new interpreter and the old folder, the cell says nothing."""
    cell = next(c for c in execute.code_cells(read(path)) if "colab" in c.metadata.tags)
    if "git clone" not in cell.source:
        pytest.skip("it installs the package alone")

    class Shell:
        def system(self, command):
            words = command.split()
            assert words[:2] == ["git", "clone"]
            subprocess.run(["mkdir", f"{words[-1]}"], check=True)  # says so if it is there
            Path(words[-1], "notebooks").mkdir()

        def run_line_magic(self, *words):
            pass

    monkeypatch.setitem(sys.modules, "google.colab", None)
    monkeypatch.setattr("IPython.get_ipython", Shell)
    for _ in range(2):
        monkeypatch.chdir(tmp_path)
        exec(cell.source, {})
        assert os.getcwd() == str(tmp_path.resolve() / "course" / "notebooks")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("folder", [execute.NOTEBOOKS.parent, execute.NOTEBOOKS])
def test_an_editor_with_jupytext_knows_the_pairs(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    script = SOURCES[0].relative_to(folder)
    for one, other in (
        (script, script.with_suffix(".ipynb")),
        (script.with_suffix(".ipynb"), script),
    ):
        jupytext.cli.jupytext(["--paired-paths", str(one)])
        assert capsys.readouterr().out.split() == [str(other)]


@every_notebook
def test_every_figure_says_what_is_to_be_seen(path):
    for number, count, alt in images(path):
        assert count == 1, f"cell {number}: one figure a cell, so that each has its own alt text"
        assert len(alt) >= 30, f"cell {number}: alt text {alt!r}"


@every_notebook
def test_every_figures_cell_prints_what_its_caption_claims(path):
    """That it prints is asked here; whether it is the number, `test_nbval` and a reader."""
    notebook = read(path)
    for number, _, _ in images(path):
        assert any("text" in output for output in notebook.cells[number].outputs), f"cell {number}"


def test_no_two_figures_have_the_same_text():
    alts = [alt for path in SOURCES for _, _, alt in images(path)]
    assert alts and len(set(alts)) == len(alts)


def test_exercise_cells_come_from_their_sources():
    exercises.main(["--check"])


@every_notebook
def test_solutions_are_hidden_and_stubs_are_not(path):
    for cell in execute.code_cells(read(path)):
        tags = cell.metadata.get("tags", [])
        assert cell.source.startswith("# Exercise: ") == ("exercise" in tags), cell.source
        assert cell.source.startswith("# @title Solution: ") == ("solution" in tags), cell.source
        if "solution" in tags:
            assert "hide-cell" in tags and cell.metadata.jupyter.source_hidden
            assert cell.metadata.cellView == "form"


def printed(path, first_words):
    """The numbers of each line after the one that begins so, by the name that the line begins with.

    One list a line; a name may stand on several lines.
    """
    texts = []
    for cell in execute.code_cells(read(path)):
        texts.append("".join(output.get("text", "") for output in cell.outputs))  # what it printed
        texts += [output.get("data", {}).get("text/plain", "") for output in cell.outputs]  # tables
    (text,) = [text for text in texts if text.startswith(first_words)]
    rows = {}
    for line in text.splitlines()[1:]:
        name = re.match(r"[a-z ]*", line).group().strip()
        rows.setdefault(name, []).append([float(x) for x in re.findall(r"-?\d+\.?\d*", line)])
    return rows


def test_chapter_7_says_of_its_trainings_what_they_gave():
    """Numbers differ between machines; what the text concludes has to hold for those it shows."""
    path = execute.NOTEBOOKS / "07_schedules.py"
    final = {name: row[:4] for name, (row,) in printed(path, "after 1200 steps").items()}
    assert final.keys() == {"constant", "cosine", "slow", "two time scales"}
    assert min(final["two time scales"]) > max(final["slow"])
    assert min(final["constant"]) < max(final["two time scales"])
    assert max(final["constant"]) > min(final["two time scales"])
    assert min(final["constant"]) <= min(final["cosine"])
    assert max(final["cosine"]) <= max(final["constant"])
    # Seed, both losses, the share of high quality, modes: sorted by the share both losses are in
    # order, and two runs with nearly the same discriminator's loss are far apart.
    runs = sorted((row[3], row[2], row[1]) for row in printed(path, "constant rates, seed")[""])
    shares, generator, discriminator = zip(*runs, strict=True)
    assert generator == tuple(sorted(generator, reverse=True))
    assert discriminator == tuple(sorted(discriminator))
    assert any(
        abs(one - other) < 0.015 and better > 3 * share
        for share, _, one in runs
        for better, _, other in runs
    )
    assert max(shares) > 3 * min(shares)
    for _, loss, last_loss, share, last_share in printed(path, "seed  generator_loss")[""]:
        assert last_share > 4 * share and last_loss > 0.8 * loss
    correlations = printed(path, "rank correlation with")
    for network in ("generator", "discriminator"):
        values = [
            x
            for name, rows in correlations.items()
            if name.startswith(network)
            for row in rows
            for x in row
        ]
        assert len(values) == 8 and -0.7 < min(values) < 0 < max(values)


# The tools themselves, on a notebook of two cells.

TINY = """\
# %% [markdown]
# # Tiny
# *Run time: 0 s on two CPU cores, measured at the last execution.*

# %%
print(6 * 7)
"""


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    monkeypatch.setattr(execute, "NOTEBOOKS", tmp_path)
    path = tmp_path / "00_tiny.py"
    path.write_text(TINY, encoding="utf-8")
    assert execute.update(path).startswith("executed")
    return path


@pytest.mark.slow
def test_execution_is_stored_once(tiny):
    notebook = read(tiny)
    assert notebook.cells[1].outputs[0].text == "42\n"
    assert execute.run_time(notebook.metadata["vaegan_edu"]) in tiny.read_text(encoding="utf-8")
    before = tiny.with_suffix(".ipynb").stat().st_mtime_ns
    assert execute.update(tiny) == "current"
    assert tiny.with_suffix(".ipynb").stat().st_mtime_ns == before


@pytest.mark.slow
def test_text_is_carried_over_without_an_execution(tiny):
    ids = [cell.id for cell in read(tiny).cells]
    text = tiny.read_text(encoding="utf-8").replace("# # Tiny", "# # Small")
    tiny.write_text(text, encoding="utf-8")
    assert cells(execute.read_source(tiny)) != cells(read(tiny))
    assert execute.update(tiny) == "current"
    assert cells(execute.read_source(tiny)) == cells(read(tiny))
    assert read(tiny).cells[1].outputs[0].text == "42\n"
    assert [cell.id for cell in read(tiny).cells][1:] == ids[1:]


@pytest.mark.slow
def test_edited_code_is_stale(tiny):
    tiny.write_text(tiny.read_text(encoding="utf-8").replace("6", "5"), encoding="utf-8")
    assert not execute.is_current(execute.read_source(tiny), read(tiny))
    assert execute.update(tiny).startswith("executed")
    assert read(tiny).cells[1].outputs[0].text == "35\n"


@pytest.mark.slow
def test_answers_in_the_notebook_are_not_undone(tiny, capsys):
    target = tiny.with_suffix(".ipynb")
    target.write_text(target.read_text(encoding="utf-8").replace("6 * 7", "7 * 8"), "utf-8")
    before = target.read_bytes()
    for names in ([], ["00_tiny"]):
        with pytest.raises(SystemExit):
            execute.main(names)
        assert "the code in 00_tiny.ipynb was changed there" in capsys.readouterr().out
    assert target.read_bytes() == before
    target.unlink()
    assert execute.update(tiny).startswith("executed")


@pytest.mark.slow
def test_a_failing_notebook_leaves_the_old_one(tiny, capsys):
    before = tiny.with_suffix(".ipynb").read_bytes()
    tiny.write_text(tiny.read_text(encoding="utf-8") + "1 / 0\n", encoding="utf-8")
    with pytest.raises(SystemExit) as stop:
        execute.main([])
    assert stop.value.code == 1
    assert "ZeroDivisionError" in capsys.readouterr().out
    assert tiny.with_suffix(".ipynb").read_bytes() == before
    assert sorted(path.name for path in tiny.parent.iterdir()) == ["00_tiny.ipynb", "00_tiny.py"]


EXERCISE = '''"""Double a number."""

import math


def double(x):
    """Return twice `x`."""
    # solution
    return 2 * x
    # stub
    return None
    # end


double(math.pi)
'''


def test_exercise_splits_into_stub_and_solution(tmp_path):
    path = tmp_path / "double.py"
    path.write_text(EXERCISE, encoding="utf-8")
    parts = exercises.read_exercise(path)
    head = 'def double(x):\n    """Return twice `x`."""\n'
    assert parts[exercises.STUB] == head + "    return None\n\n\ndouble(math.pi)"
    assert parts[exercises.SOLUTION] == head + "    return 2 * x\n\n\ndouble(math.pi)"


def test_exercise_cells_are_rewritten_and_nothing_else(tmp_path):
    path = tmp_path / "double.py"
    path.write_text(EXERCISE, encoding="utf-8")
    parts = {"double": exercises.read_exercise(path)}
    text = '# %%\na = 1\n\n# %% tags=["exercise"]\n# Exercise: double\nold\n\n# %%\nb = 2\n'
    once, found = exercises.render(text, parts)
    assert found == [(exercises.STUB, "double")]
    assert "old" not in once and exercises.HEADERS[exercises.STUB] in once
    assert "    return None\n\n\ndouble(math.pi)\n\n# %%\nb = 2\n" in once
    assert exercises.render(once, parts)[0] == once
    assert exercises.render(text.replace("\nold\n", ""), parts)[0] == once  # a title alone
    with pytest.raises(ValueError, match="Received: other"):
        exercises.render(text.replace("double", "other"), parts)


def test_exercise_without_its_markers_is_refused(tmp_path):
    path = tmp_path / "double.py"
    path.write_text(EXERCISE.replace("    # stub\n", ""), encoding="utf-8")
    with pytest.raises(ValueError, match="# stub"):
        exercises.read_exercise(path)
