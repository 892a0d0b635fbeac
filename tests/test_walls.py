"""The wall between the package's two halves: nothing of the library imports the course."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "vaegan_edu"
COURSE = {"exercises", "widgets", "claims", "verdicts"}


def rooms(source):
    """Return what a module imports of the package, wherever in it: names below `vaegan_edu`."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "the package imports itself by its full name"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("vaegan_edu.")}
    return found


LIBRARY = [
    path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.relative_to(PACKAGE).parts[0].removesuffix(".py") not in COURSE
]


def test_both_halves_are_there():
    tops = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in LIBRARY}
    assert {"models", "layers", "experiments", "metrics", "__main__"} <= tops
    assert all((PACKAGE / room).exists() or (PACKAGE / f"{room}.py").exists() for room in COURSE)


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_nothing_of_the_library_imports_the_course(path):
    assert not rooms(path.read_text(encoding="utf-8")) & COURSE


@pytest.mark.parametrize(
    "source",
    [
        "from vaegan_edu import losses, widgets",
        "from vaegan_edu.widgets import figure",
        "import vaegan_edu.claims as c",
        "def later():\n    from vaegan_edu.exercises.vae import check",
    ],
)
def test_an_import_of_the_course_is_found(source):
    assert rooms(source) & COURSE
