"""What an instructor wants to know of each chapter, read from its notebook."""

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat

WORDS_A_MINUTE = 150  # of a text with formulas
GOALS = re.compile(r"^After this chapter.*?\n\n?((?:- .*(?:\n  .*)*\n?)+)", re.MULTILINE)
APART = ("## Exercises", "## Quiz")  # what is worked on has no reading time


def _chapters(root: Path) -> Iterator[tuple[Path, str, nbformat.NotebookNode]]:
    """Yield the file of each chapter, its title and its cells."""
    for path in sorted(Path(root, "notebooks").glob("[0-9]*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        title = notebook.cells[0].source.splitlines()[0].removeprefix("# ")
        yield path, title, notebook


def effort(root: Path) -> list[dict[str, str]]:
    """Return for each chapter its minutes to read, its exercises and questions, its run time."""
    rows = []
    for path, title, notebook in _chapters(root):
        cells = notebook.cells
        text = [cell.source for cell in cells if cell.cell_type == "markdown"]
        read = re.split("|".join(f"^{a}" for a in APART), "\n".join(text), flags=re.MULTILINE)[0]
        exercises = sum("exercise" in cell.metadata.get("tags", []) for cell in cells)
        questions = len(re.findall(r"^\*\*\d+\. ", "\n".join(text), re.MULTILINE))
        seconds, cores = (notebook.metadata["vaegan_edu"][key] for key in ("seconds", "cores"))
        rows.append(
            {
                "chapter": f"[{title}](../notebooks/{path.name})",
                "to read (minutes)": str(round(len(read.split()) / WORDS_A_MINUTE / 5) * 5),
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
