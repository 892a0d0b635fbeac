"""Make slides from the chapters: their questions, goals, key formulas and figures, in one source.

They go into the folder _build/slides/, a page for each chapter, which opens without a network.
Whatever is to stand on a slide is changed in the notebook. reveal.js, which shows them, is an npm
package, pinned with its checksum in book/slides/package-lock.json.
"""

import html
import re
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import nbformat
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from tools import lab

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "book" / "slides"
TARGET = ROOT / "_build" / "slides"
EQUATION = re.compile(r"^\$\$\n((?:(?!\$\$).)*)\n\$\$ \((eq-[\w-]+)\)$", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^## (.*)$", re.MULTILINE)
ROLE = re.compile(r"\{(\w+)(?::\w+)?\}`([^`]*)`")
TASKS = ("Exercises", "Quiz", "Appendix", "Sources")  # for the page, not for a talk


def read_slides(notebook):
    """Return the title of a chapter and its slides, each the HTML of a `section`'s inside."""
    cells = notebook.cells
    numbers = {}
    for cell in cells:
        if cell.cell_type == "markdown":
            for _, label in EQUATION.findall(cell.source):
                numbers[label] = len(numbers) + 1

    def text(source):
        return _render(ROLE.sub(lambda role: _plain(role, numbers), source))

    first = cells[0].source
    title = re.match(r"# (.*)", first)[1]
    question = re.search(r"^\*\*.*?\*\*$", first, re.DOTALL | re.MULTILINE)
    goals = re.search(r"^After this chapter.*?(?=\n\n[^-\s]|\Z)", first, re.DOTALL | re.MULTILINE)
    slides = [f"<h1>{html.escape(title)}</h1>{text(question[0]) if question else ''}"]
    slides += [text(goals[0])] if goals else []
    heading, skipped = title, False
    for cell in cells[1:]:
        if cell.cell_type == "markdown":
            parts = HEADING.split(cell.source)  # text before the first, then heading and text
            for number, part in enumerate(parts):
                if number % 2:
                    heading, skipped = part, part in TASKS
                elif heading == "What to remember":
                    slides.append(f"<h2>{heading}</h2>{text(part)}")
                    skipped = True
                elif not skipped:
                    slides += [
                        f"<h2>{text(heading)}</h2>{_formula(tex, numbers[label])}"
                        for tex, label in EQUATION.findall(part)
                    ]
        elif not skipped:
            figure = cell.metadata.get("mystnb", {}).get("figure")
            for picture in _pictures(cell) if figure else ():
                alt = html.escape(cell.metadata["mystnb"].get("image", {}).get("alt", ""))
                slides.append(
                    f'<h2>{text(heading)}</h2><figure><img alt="{alt}" '
                    f'src="data:image/png;base64,{picture}"><figcaption>'
                    f"{text(figure['caption'])}</figcaption></figure>"
                )
    return title, slides


def write(target=TARGET, notebooks=ROOT / "notebooks"):
    """Write the pages of all chapters; raise `lab.NotFetched` where reveal.js cannot be had."""
    packages = lab.fetch(target.with_name("slides-npm"), SOURCE)
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(packages / "reveal.js" / "dist", target / "reveal")
    mathjax = Path(find_spec("sphinx-mathjax-offline").origin).parent / "static" / "mathjax"
    shutil.copytree(mathjax, target / "mathjax")
    page = (SOURCE / "page.html").read_text(encoding="utf-8")
    for path in sorted(notebooks.glob("[0-9]*.ipynb")):
        title, slides = read_slides(nbformat.read(path, as_version=4))
        sections = "\n".join(f"<section>{slide}</section>" for slide in slides)
        made = page.format(title=html.escape(title), slides=sections)
        (target / f"{path.stem}.html").write_text(made, encoding="utf-8")


def _plain(role, numbers):
    """A role as a talk says it: an equation by its number, a work by its key, a word as it is."""
    kind, content = role[1], role[2]
    if kind == "eq":
        return f"({numbers[content]})"
    if kind == "cite":
        return ", ".join(
            re.sub(r"^([a-z]+)(\d{4}).*", r"\1 \2", key).title() for key in content.split(",")
        )
    return re.sub(r"\s*<.*>$", "", content)


def _render(source):
    markdown = MarkdownIt("commonmark").use(dollarmath_plugin, renderer=_math)
    rendered = markdown.render(source).strip()
    one = rendered.count("<p>") == 1 and rendered.startswith("<p>") and rendered.endswith("</p>")
    return rendered[3:-4] if one else rendered


def _math(tex, options):
    left, right = (r"\[", r"\]") if options["display_mode"] else (r"\(", r"\)")
    return left + html.escape(tex) + right


def _formula(tex, number):
    return "<p>" + html.escape(rf"\[ {tex} \tag{{{number}}} \]") + "</p>"


def _pictures(cell):
    found = (output.get("data", {}).get("image/png") for output in cell.get("outputs", []))
    return [picture.strip() for picture in found if picture]


def main():
    try:
        write()
    except lab.NotFetched as reason:
        sys.exit(f"Slides need reveal.js, which could not be fetched: {reason}")
    print(f"The slides are made. Open {TARGET}/ and choose a chapter.")


if __name__ == "__main__":
    main()
