"""The page of a run, and the tables of what was measured."""

import json
import re
import shlex
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from PIL import Image

from vaegan_edu import experiments, records
from vaegan_edu.__main__ import main
from vaegan_edu.experiments import EXPERIMENTS, page

RECORDS = sorted(Path("book/results").glob("*/*/metrics.json"))


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.parent.as_posix()[13:])
def test_each_number_stands_once_in_the_tables_by_its_kind(path):
    measured = json.loads(path.read_text(encoding="utf-8"))
    found = {}
    for table in page.tables(measured).values():
        columns = table.head[1:]
        for name, *texts in table.lines:
            for column, text in zip(columns, texts, strict=True):
                if text:
                    if column == "value":
                        key = name
                    elif column in page.MOVES:
                        key = column if name == "mean" else f"{column}_{name}"
                    else:
                        key = f"{column}_{name}"
                    assert key not in found
                    found[key] = text
    numbers = {name: value for name, value in measured.items() if not isinstance(value, str)}
    assert found.keys() == numbers.keys()
    assert all(float(found[k]) == pytest.approx(v, rel=1e-3, abs=1e-12) for k, v in numbers.items())


def test_the_floor_comes_first():
    measured = {"a_coverage": 0.25, "real_coverage": 0.5, "a_held_out_coverage": 0.75}
    measured |= {"real_held_out_coverage": 1.0, "judge": "ab12", "loss": 2}
    first, rest = page.tables(measured).values()
    assert first.head == ["", "real", "a"]
    assert first.lines == [["coverage", "0.5", "0.25"], ["held_out_coverage", "1", "0.75"]]
    assert rest.lines == [["loss", "2"]]


def config(name, **changes):
    settings = json.loads(json.dumps({**EXPERIMENTS[name].settings, "seed": 0, **changes}))
    return {"experiment": name, "arguments": settings}


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("vae-digits", {}, ""),
        ("vae-digits", {"latent_dim": 8, "seed": 4}, " --latent-dim 8 --seed 4"),
        ("faces-light", {"data": "pictures"}, " --data FOLDER"),
        ("faces-light", {"schedule": "s2-log", "learning_rate": 5e-4}, " --schedule s2-log"),
        ("vae-digits", {"beta": 4.0, "preset": "light"}, " --set preset=light --set beta=4.0"),
        (
            "gan-digits",
            {"noise": [0.2, 10], "batch_norm": None, "precision": "mixed_bfloat16"},
            " --precision mixed_bfloat16 --set batch_norm=null --set 'noise=[0.2, 10]'",
        ),
    ],
)
def test_the_command_names_what_was_changed(name, changes, words):
    said = page.command(config(name, **changes), EXPERIMENTS[name])
    assert said == f"python -m vaegan_edu train {name}{words}"


def test_the_command_is_read_as_it_was_meant(monkeypatch, tmp_path):
    """Through the shell's words and the command line, back to the very settings."""
    seen = []
    monkeypatch.setattr(
        "vaegan_edu.experiments.train", lambda name, **words: seen.append(words) or tmp_path
    )
    changes = {"noise": [0.2, 10], "batch_norm": None, "preset": "null", "gamma": 1e-3}
    said = page.command(config("vaegan-digits", **changes), EXPERIMENTS["vaegan-digits"])
    assert main(shlex.split(said)[3:]) == 0
    assert seen[0]["settings"] == changes


@pytest.fixture
def run(tmp_path):
    """A published record, with two sheets."""
    source = Path("book/results/vae-digits/seed-0")
    for name in ("config.json", "history.csv", "metrics.json"):
        (tmp_path / name).write_bytes((source / name).read_bytes())
    (tmp_path / "samples").mkdir()
    for epoch in (1, 60):
        Image.new("L", (64, 64), epoch).save(tmp_path / "samples" / f"epoch-{epoch:03d}.png")
    return tmp_path


def test_the_page_holds_all_that_it_shows(run):
    page.write_page(run, EXPERIMENTS["vae-digits"])
    text = (run / "index.html").read_text(encoding="utf-8")
    soup = BeautifulSoup(text, "html.parser")
    assert not re.findall(r"""(?:src|href)=["'](?!data:|#)""", text.replace("xlink:", ""))
    assert "http" not in soup.get_text() and not soup.find_all(["script", "link"])
    assert [image["alt"] for image in soup.find_all("img")] == [
        "Samples after epoch 1",
        "Samples after epoch 60",
    ]
    drawn = [svg["aria-label"] for svg in soup.find_all("svg")]
    assert {"loss", "kl_loss", "reconstruction_loss", "learning rate after the epoch"} == set(drawn)
    for svg in re.findall("<svg.*?</svg>", text, re.DOTALL):
        ElementTree.fromstring(svg)
    ids = re.findall(r' id="([^"]+)"', text)
    used = set(re.findall(r"(?:url\(|href=\")#([^\")]+)", text))
    assert used and all(ids.count(name) == 1 for name in used)  # each drawing finds its own
    assert "python -m vaegan_edu train vae-digits" in soup.find("pre").get_text()
    record = records.read_record(run)
    assert f"{record.metrics['real_precision']:.4g}" in text and "0.01" in text
    assert len(text) < 400_000


def test_the_rates_drawn_are_those_that_the_epochs_learned_with(run):
    """Where the history has them; records from before have the rates after the epochs alone."""
    rows = records.read_record(run).history
    rows = [row | {"epoch_learning_rate": row["learning_rate"]} for row in rows]
    records.write_history(run / "history.csv", rows)
    page.write_page(run, EXPERIMENTS["vae-digits"])
    soup = BeautifulSoup((run / "index.html").read_text(encoding="utf-8"), "html.parser")
    drawn = {svg["aria-label"] for svg in soup.find_all("svg")}
    assert {name for name in drawn if "rate" in name} == {"learning rate of the epoch"}


@pytest.mark.slow
def test_a_training_leaves_a_page_and_evaluate_renews_it(tmp_path):
    folder = experiments.train("gan-ring", epochs=1, output=tmp_path / "run", progress=False)
    before = (folder / "index.html").read_bytes()
    assert b"modes_covered" in before and b"<svg" not in before  # one epoch is no curve
    (folder / "index.html").write_text("old")
    experiments.evaluate_run(folder)
    assert (folder / "index.html").read_bytes() == before
