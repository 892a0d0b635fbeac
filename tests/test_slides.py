"""Slides: all that the chapters have for them is there, and nothing comes from the network."""

import re

import nbformat
import pytest
from bs4 import BeautifulSoup

from tools import lab, slides

CHAPTERS = sorted((slides.ROOT / "notebooks").glob("[0-9]*.ipynb"))


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_question_goals_formulas_and_figures_of_a_chapter(path):
    notebook = nbformat.read(path, as_version=4)
    title, made = slides.read_slides(notebook)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    page = BeautifulSoup("".join(made), "html.parser")
    assert made[0].startswith(f"<h1>{title}</h1>")
    labelled = re.findall(r"^\$\$ \(eq-", text.split("\n## Exercises")[0], re.MULTILINE)
    assert [re.findall(r"\\tag\{(\d+)\}", slide) for slide in made if r"\tag" in slide] == [
        [str(number)] for number in range(1, len(labelled) + 1)
    ]
    captions = [figure.figcaption.text for figure in page.find_all("figure")]
    assert all(captions) and all(image["alt"] for image in page.find_all("img"))
    assert "What to remember" in made[-1] and made[-1].count("<li>") >= 3
    assert not re.search(r"\{\w+(:\w+)?\}`", page.text), "a role of the page is left"


def test_slides_open_without_a_network(tmp_path):
    try:
        slides.write(tmp_path / "slides")
    except lab.NotFetched as reason:
        pytest.skip(f"reveal.js: {reason}")
    for path in sorted((tmp_path / "slides").glob("*.html")):
        page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        named = [
            tag.get("src") or tag.get("href") for tag in page.head.find_all(["script", "link"])
        ]
        for name in [name for name in named if name] + ["reveal/reveal.js"]:
            assert (tmp_path / "slides" / name).is_file()
