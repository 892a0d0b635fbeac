"""Write each exercise's stub and solution cell into its notebook's `.py`, from one source.

The source, notebooks/exercises/<name>.py, holds both, between the markers `# solution`, `# stub`
and `# end`. A notebook marks where they go by a cell that begins with `# Exercise: <name>` and one
that begins with `# @title Solution: <name>`. `--check` writes nothing and fails on a difference.
"""

import ast
import re
import sys
from pathlib import Path

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
STUB, SOLUTION = "Exercise", "@title Solution"
# Folded on Colab, in Jupyter and in the book.
HEADERS = {
    STUB: '# %% tags=["exercise"]\n',
    SOLUTION: '# %% cellView="form" jupyter={"source_hidden": true} '
    'mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} '
    'tags=["hide-cell", "solution"]\n',
}
MARKERS = {"# solution": SOLUTION, "# stub": STUB, "# end": None}
CELL = re.compile(
    r"# %%(?! \[markdown\])[^\n]*\n"
    r"(?P<title># (?P<kind>Exercise|@title Solution): (?P<name>\w+))"
    r"(?P<body>.*?)(?P<gap>\n*)(?=\n# %%|\Z)",
    re.DOTALL,
)


def read_exercise(path):
    """Return `{STUB: text, SOLUTION: text}`, the bodies of the two cells."""
    text = path.read_text(encoding="utf-8")
    module = ast.parse(text)
    statements = module.body
    if ast.get_docstring(module) is None:
        raise ValueError(f"{path.name}: expected a docstring of one line at the top.")
    # The notebook's first cells have imported what the exercise needs.
    imports = [s for s in statements[1:] if isinstance(s, ast.Import | ast.ImportFrom)]
    top = max(statement.end_lineno for statement in [statements[0], *imports])
    parts, inside, seen = {STUB: [], SOLUTION: []}, None, []
    for line in text.splitlines()[top:]:
        if line.strip() in MARKERS:
            seen.append(line.strip())
            inside = MARKERS[seen[-1]]
            continue
        for kind, lines in parts.items():
            if inside in (None, kind):
                lines.append(line)
    if not seen or seen != list(MARKERS) * (len(seen) // 3):
        expected = ", ".join(MARKERS)
        raise ValueError(f"{path.name}: expected the markers {expected}. Received: {seen}")
    return {kind: "\n".join(lines).strip() for kind, lines in parts.items()}


def render(text, exercises):
    """Return a notebook's `.py` with its exercise cells written anew, and their (kind, name)s."""
    found = []

    def replace(cell):
        kind, name = cell["kind"], cell["name"]
        found.append((kind, name))
        if name not in exercises:
            known = ", ".join(exercises)
            raise ValueError(
                f"no source for an exercise; expected one of {known}. Received: {name}"
            )
        gap = cell["gap"] if cell["body"] else "\n"  # below a title alone there is none yet
        return f"{HEADERS[kind]}{cell['title']}\n{exercises[name][kind]}{gap}"

    return CELL.sub(replace, text), found


def main(arguments=None):
    check = "--check" in (sys.argv[1:] if arguments is None else arguments)
    sources = sorted((NOTEBOOKS / "exercises").glob("*.py"))
    problems, placed = [], []
    try:
        exercises = {path.stem: read_exercise(path) for path in sources}
    except (SyntaxError, ValueError) as error:
        sys.exit(str(error))
    for path in sorted(NOTEBOOKS.glob("[0-9]*.py")):
        before = path.read_text(encoding="utf-8")
        try:
            after, found = render(before, exercises)
        except ValueError as error:
            problems.append(f"{path.name}: {error}")
            continue
        placed += found
        if after != before and check:
            problems.append(f"{path.name}: its exercise cells differ from their sources.")
        elif after != before:
            path.write_text(after, encoding="utf-8")
            print(f"{path.name}: exercise cells written; now run make execute")
    for name in exercises:
        for kind in (STUB, SOLUTION):
            count = placed.count((kind, name))
            if count != 1:
                problems.append(f"expected one cell '# {kind}: {name}'. Received: {count}")
    if problems:
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    main()
