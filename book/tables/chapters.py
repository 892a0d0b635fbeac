"""What an instructor wants to know of each chapter, read from its notebook."""

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat

WORDS_A_MINUTE = 150  # of a text with formulas
LINES_A_MINUTE = 10  # of code that stands open; a figure or a table takes a minute
GOALS = re.compile(r"^After this chapter.*?\n\n?((?:- .*(?:\n  .*)*\n?)+)", re.MULTILINE)
# What is worked on has no reading time.
APART = re.compile("^(?:## Exercises|## Quiz)", re.MULTILINE)
UNREAD = {"exercise", "solution", "colab"}
# What may be left out: folded notes, and sections that say so below their heading.
FOLDED = re.compile(
    r"<details>.*?</details>|^(?P<fence>:{3,})\{dropdown\}.*?^(?P=fence)\s*$",
    re.DOTALL | re.MULTILINE,
)
SECTION = re.compile("^(?=#{2,} )", re.MULTILINE)
SKIPPABLE = re.compile(r"^\*May be skipped", re.MULTILINE)


def _chapters(root: Path) -> Iterator[tuple[Path, str, nbformat.NotebookNode]]:
    """Yield the file of each chapter, its title and its cells."""
    for path in sorted(Path(root, "notebooks").glob("[0-9]*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        title = notebook.cells[0].source.splitlines()[0].removeprefix("# ")
        yield path, title, notebook


def _minutes(cells: list[nbformat.NotebookNode]) -> tuple[float, float]:
    """Return the time to read up to the exercises, without what may be left out, and all of it."""
    needed = everything = 0.0
    left_out = None  # the level of a heading whose section may be skipped
    for cell in cells:
        tags = set(cell.metadata.get("tags", []))
        if cell.cell_type == "markdown":
            text, *rest = APART.split(cell.source, maxsplit=1)
            for part in SECTION.split(text):
                level = len(part) - len(part.lstrip("#"))
                if level and (left_out is None or level <= left_out):
                    left_out = level if SKIPPABLE.search(part) else None
                everything += len(part.split()) / WORDS_A_MINUTE
                if left_out is None:
                    needed += len(FOLDED.sub("", part).split()) / WORDS_A_MINUTE
            if rest:
                break
        elif not tags & UNREAD:
            minutes = 0.0
            if "hide-input" not in tags:
                minutes += sum(map(bool, cell.source.split("\n"))) / LINES_A_MINUTE
            minutes += sum(
                kind in output.get("data", {})
                for output in cell.outputs
                for kind in ("image/png", "text/html")
            )
            everything += minutes
            needed += minutes if left_out is None else 0.0
    return needed, everything


def effort(root: Path) -> list[dict[str, str]]:
    """Return for each chapter its minutes to read, its exercises and questions, its run time."""
    rows = []
    for path, title, notebook in _chapters(root):
        cells = notebook.cells
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        exercises = sum("exercise" in cell.metadata.get("tags", []) for cell in cells)
        questions = len(re.findall(r"^\*\*\d+\. ", text, re.MULTILINE))
        minutes = sorted({round(found / 5) * 5 for found in _minutes(cells)})
        seconds, cores = (notebook.metadata["vaegan_edu"][key] for key in ("seconds", "cores"))
        rows.append(
            {
                "chapter": f"[{title}](../notebooks/{path.name})",
                "to read (minutes)": " to ".join(map(str, minutes)),
                "exercises": str(exercises),
                "quiz": str(questions),
                "notebook runs in": f"{seconds} s on {cores} cores",
            }
        )
    return rows


def goals(root: Path) -> str:
    """Return the goals of all chapters as Markdown, in the words of their first cells."""
    parts = []
    for path, title, notebook in _chapters(root):
        found = GOALS.search(notebook.cells[0].source + "\n")
        if found:
            text = found[1].replace("](", "](../notebooks/").strip()
            parts.append(f"**[{title}](../notebooks/{path.name})**\n\n{text}")
    return "\n\n".join(parts)
