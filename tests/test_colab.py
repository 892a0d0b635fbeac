"""The notebooks as on Colab: what stands in for it here, without installing anything.

That they run there is tried by `make colab`, which takes minutes and a network.
"""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tools import colab

ADDRESS = "https://github.com/someone/a-course"
# As a first cell does, without the network.
FETCH = f"""\
import os, sys
assert "google.colab" in sys.modules and os.listdir() == []
assert "VAEGAN_EDU_PROFILE" not in os.environ and "PYTHONPATH" not in os.environ
get_ipython().system("git clone -q --depth 1 {ADDRESS} course")
assert open("course/new.txt").read() == "not committed"
assert not os.path.exists("course/ignored.txt") and not os.path.exists("course/gone.txt")
"""


def write(path, *cells):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    path.parent.mkdir(exist_ok=True)
    nbformat.write(notebook, path)


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A small repository with changes that are not committed: a notebook runs, another fails."""
    root = tmp_path_factory.mktemp("tree")
    (root / "pyproject.toml").write_text(f'[project.urls]\nRepository = "{ADDRESS}"\n', "utf-8")
    (root / ".gitignore").write_text("ignored.txt\n", encoding="utf-8")
    (root / "gone.txt").write_text("", encoding="utf-8")
    for words in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", "-C", root, *words], check=True)
    (root / "gone.txt").unlink()
    (root / "new.txt").write_text("not committed", encoding="utf-8")
    (root / "ignored.txt").write_text("", encoding="utf-8")
    write(root / "notebooks" / "00_good.ipynb", FETCH, "assert 6 * 7 == 42")
    write(root / "notebooks" / "01_bad.ipynb", "1 / 0")
    return root


@pytest.fixture
def here(monkeypatch, tree):
    """The command on that tree, with this environment in place of Colab's."""
    monkeypatch.setenv("VAEGAN_EDU_PROFILE", "gpu")  # must not reach a kernel
    monkeypatch.setattr(colab, "ROOT", tree)
    monkeypatch.setattr(colab, "make_environment", lambda: None)
    monkeypatch.setattr(colab, "copy_environment", lambda fresh: Path(sys.executable))
    return colab.main


def test_notebooks_run_on_what_they_fetch_and_one_that_fails_fails_the_command(here, capsys):
    assert here([]) == "Failed: 01_bad"
    shown = capsys.readouterr().out
    assert "00_good: runs, " in shown and "01_bad: FAILED\n" in shown
    assert "ZeroDivisionError" in shown and "1 of 2 notebooks run as on Colab." in shown


def test_an_unknown_notebook_gets_one_line(here):
    assert here(["07_none"]).endswith("expected some of 00_good, 01_bad. Received: 07_none")


@pytest.mark.parametrize("name", colab.COLABS_OWN)
def test_what_belongs_to_colab_must_stay(here, tree, monkeypatch, name):
    found = iter([{"keras": "3.13", name: "1.0"}, {"keras": "3.15", name: "1.1"}])
    monkeypatch.setattr(colab, "installed", lambda python: next(found))
    monkeypatch.setattr(colab, "run", lambda *words: None)
    with pytest.raises(ValueError, match=f"replaced what Colab brings: {name}"):
        colab.check(tree / "notebooks" / "00_good.ipynb", None, tree)


def test_each_notebook_gets_the_environment_as_it_was(tmp_path):
    fresh = tmp_path / "fresh"
    (fresh / "bin").mkdir(parents=True)
    (fresh / "bin" / "package.py").write_text("old", encoding="utf-8")
    package = colab.copy_environment(fresh).with_name("package.py")
    package.unlink()  # as pip replaces a file
    package.write_text("new", encoding="utf-8")
    package.with_name("added.py").write_text("", encoding="utf-8")
    again = colab.copy_environment(fresh).parent
    assert [path.read_text(encoding="utf-8") for path in again.iterdir()] == ["old"]


def test_the_environment_is_made_again_only_when_the_list_changes(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHON", "no-such-python")
    text = colab.REQUIREMENTS.read_text(encoding="utf-8")
    (tmp_path / "installed.txt").write_text(text, encoding="utf-8")
    assert colab.make_environment(tmp_path) == tmp_path / "fresh"
    (tmp_path / "installed.txt").write_text(text + "more\n", encoding="utf-8")
    with pytest.raises(OSError, match="PYTHON=.*Received: no-such-python") as error:
        colab.make_environment(tmp_path)
    assert "\n" not in str(error.value)
