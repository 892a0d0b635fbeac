"""How a notebook starts, and its tables."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from bs4 import BeautifulSoup

from vaegan_edu import networks, notebook

CODE = """
import os, sys
from vaegan_edu import notebook
profile = notebook.start()
import matplotlib
print(os.environ["KERAS_BACKEND"], os.environ["TF_ENABLE_ONEDNN_OPTS"], profile.name)
print(matplotlib.rcParams["figure.dpi"], "keras" in sys.modules)
"""


@pytest.mark.parametrize(
    ("chosen", "first"),
    [({}, "tensorflow 0 cpu"), ({"TF_ENABLE_ONEDNN_OPTS": "1"}, "tensorflow 1 cpu")],
)
def test_a_notebook_starts_by_one_line(chosen, first):
    """In a process of its own, since Keras reads the settings once."""
    kept = {name: value for name, value in os.environ.items() if name not in notebook.SETTINGS}
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        env={**kept, "VAEGAN_EDU_PROFILE": "cpu", **chosen},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [first, "150.0 True"]
    assert done.stderr == ""


@pytest.mark.parametrize("start", [".", "notebooks"])
def test_a_chapter_started_in_the_repositorys_root_finds_its_records(start, tmp_path):
    for name in ("notebooks", "book/results"):
        (tmp_path / name).mkdir(parents=True)
    code = "from vaegan_edu import notebook; notebook.start(); import os; print(os.getcwd())"
    environment = {**os.environ, "PYTHONPATH": str(Path(notebook.__file__).parents[1])}
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, cwd=tmp_path / start, env=environment, capture_output=True)
    assert done.stdout.decode().strip() == str(tmp_path.resolve() / "notebooks"), done.stderr


ROWS = {
    "ours": {"loss": 158.661, "share": np.float32(0.5), "units": 1568, "note": "a < b"},
    "theirs": {"loss": -0.001, "share": 0.25, "units": np.int64(3), "note": ""},
}


def test_a_table_reads_as_text():
    assert repr(notebook.Table(ROWS, digits={"share": 1}, corner="who")).splitlines() == [
        "who       loss  share  units   note",
        "ours    158.66    0.5  1,568  a < b",
        "theirs    0.00    0.2      3",
    ]


def test_a_table_reads_as_html():
    table = BeautifulSoup(notebook.Table(ROWS, corner="who")._repr_html_(), "html.parser")
    found = [[cell.get_text() for cell in row(["th", "td"])] for row in table("tr")]
    assert found[0] == ["who", "loss", "share", "units", "note"]
    assert found[1] == ["ours", "158.66", "0.50", "1,568", "a < b"]
    assert [head["scope"] for head in table("th")] == ["col"] * 5 + ["row"] * 2
    assert not BeautifulSoup(notebook.Table(ROWS)._repr_html_(), "html.parser").tr("th", string="")


@pytest.mark.parametrize(
    ("entries", "left"),
    [
        ("open refuted".split(), True),
        (["leave it out", ""], True),
        (["", ""], False),
        (["never", 22], False),
        ([158.7, (1, 0.5, 2)], False),
        (["8 of 10", "-17% [-40%, 2%]"], False),
        (["[0.08, 0.26]", "≤ 3"], False),
        (["infinite", "nothing"], True),
        ([float("inf"), float("nan")], False),
    ],
)
def test_words_stand_left_and_numbers_right(entries, left):
    """By what the column holds; its head stands above its entries."""
    rows = {f"row {number}": {"x": entry, "y": 1} for number, entry in enumerate(entries)}
    table = BeautifulSoup(notebook.Table(rows, corner="who")._repr_html_(), "html.parser")
    for row in table("tr"):
        _, found, other = row(["th", "td"])
        assert found.get("style") == ("text-align: left" if left else None)
        assert other.get("style") is None


def test_an_interval_is_one_entry():
    assert "1.00 [0.50, 2.00]" in repr(notebook.Table({"a": {"mean": (1, 0.5, 2)}}))


@pytest.mark.parametrize("rows", [{}, {"a": {"x": 1}, "b": {"y": 1}}])
def test_rows_must_have_the_same_columns(rows):
    with pytest.raises(ValueError, match="`rows` must hold at least one row"):
        notebook.Table(rows)


def test_a_table_shows_no_verdicts():
    with pytest.raises(ValueError, match="no verdicts. Received: True"):
        notebook.Table({"a": {"holds": True}})


def test_layers_stand_side_by_side():
    encoder, other = (networks.build_encoder(latent_dim=n, variational=False) for n in (16, 2))
    table = notebook.layers(ours=encoder, package=other)
    assert table.head[1:] == ["layer", "output", "weights, ours", "weights, package"]
    shapes = [line[2] for line in table.lines]
    assert shapes == ["28×28×1", "14×14×16", "7×7×32", "1568", "64", "16 / 2", ""]
    counts = [int(line[3].replace(",", "")) for line in table.lines]
    assert sum(counts[:-1]) == counts[-1] == encoder.count_params()
    assert table.lines[5][4] == str(64 * 2 + 2)
    assert notebook.layers(encoder=encoder).head[1:] == ["layer", "output", "weights"]


def test_layers_of_unequal_networks_are_refused():
    longer = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2), keras.layers.Dense(2)])
    shorter = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    with pytest.raises(ValueError, match="equally many layers. Received: {'a': 2, 'b': 1}"):
        notebook.layers(a=longer, b=shorter)
