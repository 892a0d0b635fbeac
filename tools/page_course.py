"""What of the course the book's pages bring to run exercises, and which exercises run there.

Python in a page has the standard library, NumPy, and stand-ins for small parts of larger packages.
An exercise whose own imports, or whose check, ask for more is done on Colab.
"""

import ast
import sys
from pathlib import Path

PACKAGE = "vaegan_edu"
HERE = {*sys.stdlib_module_names, "numpy"}
STAND_INS = ("book", "lab", "stand_ins")  # modules by path, as they are imported
NAMES = {"keras": "Keras", "matplotlib": "Matplotlib", "scipy": "SciPy", "tensorflow": "TensorFlow"}


def exercises(root):
    """Return, for each exercise, the lines that import what it uses and what it lacks in a page.

    Returns:
        a mapping from name to `{"imports": lines, "needs": names of packages}`.
    """
    checks = _imports_of_checks(root)
    found = {}
    for path in sorted(Path(root, "notebooks", "exercises").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        lines = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
        wanted = _imported(root, lines) | checks.get(path.stem, set())
        found[path.stem] = {
            "imports": "\n".join(map(ast.unparse, lines)),
            "needs": sorted({NAMES.get(name, name) for name in _closure(root, wanted)[1]}),
        }
    return found


def sources(root):
    """Return the files that exercises need in a page: path -> text.

    They are the checks, what these and the exercises import, files that lie beside such a module
    and that it names, and the stand-ins.
    """
    start = {f"{PACKAGE}.exercises.{path.stem}" for path in _checks(root)}
    for path in sorted(Path(root, "notebooks", "exercises").glob("*.py")):
        wanted = _imported(root, ast.parse(path.read_text(encoding="utf-8")).body)
        modules, foreign = _closure(root, wanted)
        start |= set() if foreign else modules
    found = {}
    for module in sorted(_closure(root, start)[0]):
        path = _path(root, module)
        text = path.read_text(encoding="utf-8")
        found[path.relative_to(root).as_posix()] = text
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                data = path.parent / node.value if 0 < len(node.value) < 100 else path
                if data.suffix in (".csv", ".json") and data.is_file():
                    found[data.relative_to(root).as_posix()] = data.read_text(encoding="utf-8")
    folder = Path(root, *STAND_INS)
    for path in sorted(folder.rglob("*.py")):
        found[path.relative_to(folder).as_posix()] = path.read_text(encoding="utf-8")
    return found


def _checks(root):
    return sorted(Path(root, PACKAGE, "exercises").glob("[!_]*.py"))


def _imports_of_checks(root):
    """Return what each check imports inside its function: name of the exercise -> modules."""
    found = {}
    for path in _checks(root):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            for call in getattr(node, "decorator_list", ()):
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "exercise":
                    found[call.args[0].value] = _imported(root, ast.walk(node))
    return found


def _closure(root, wanted):
    """Return the package's modules that `wanted` leads to, and other packages a page lacks."""
    modules, foreign, rest = set(), set(), set(wanted)
    while rest:
        name = rest.pop()
        if name in modules or Path(root, *STAND_INS, *name.split(".")).with_suffix(".py").is_file():
            continue
        if name.partition(".")[0] != PACKAGE:
            foreign |= {name.partition(".")[0]} - HERE
            continue
        modules.add(name)
        tree = ast.parse(_path(root, name).read_text(encoding="utf-8"))
        rest |= _imported(root, tree.body)
        parent = name.rpartition(".")[0]
        rest |= {parent} if parent else set()
    return modules, foreign


def _imported(root, nodes):
    """Return the full names of the modules that statements import."""
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module)
            below = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name for name in below if _path(root, name) is not None}
    return found


def _path(root, module):
    """Return the file of a module of the package, or None."""
    path = Path(root, *module.split("."))
    for file in (path / "__init__.py", path.with_suffix(".py")):
        if module.partition(".")[0] == PACKAGE and file.is_file():
            return file
    return None
