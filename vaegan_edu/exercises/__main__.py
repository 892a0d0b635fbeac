"""Grade notebooks that learners hand in: run their exercise cells and tell what the checks say.

    python -m vaegan_edu.exercises notebook.ipynb [folder ...] [--csv scores.csv] [--seconds N]

Of a notebook only its imports and its exercise cells run, each cell in a space of its own: no
training, and no other cell can spoil an answer. A notebook is another's program, and runs with the
rights of whoever grades it.
"""

import argparse
import ast
import contextlib
import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from vaegan_edu import exercises

GRADER = "vaegan_edu.exercises.__main__"  # also where this file is the program itself
TITLE = re.compile(r"# Exercise: (\w+)")


def main(words: Sequence[str] | None = None) -> int:
    """Grade what the command line names; return 0 if every answer passed, else 1."""
    parser = argparse.ArgumentParser("python -m vaegan_edu.exercises", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("notebooks", nargs="+", type=Path, help="notebooks, or folders of them")
    parser.add_argument("--csv", type=Path, help="a file for the table, one row an answer")
    parser.add_argument(
        "--seconds", type=float, default=300, help="for a notebook (default: %(default)s)"
    )
    options = parser.parse_args(words)
    try:
        rows = [row for path in _files(options.notebooks) for row in grade(path, options.seconds)]
        if options.csv:
            with open(options.csv, "w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([("notebook", "exercise", "passed", "message"), *rows])
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    for notebook, name, passed, message in rows:
        told = message.replace("\n", "\n    ")
        print(f"{notebook}  {name}: {'' if passed else 'not '}passed\n    {told}")
    count = sum(passed for _, _, passed, _ in rows)
    print(f"{count} of {len(rows)} answers passed.")
    return int(count < len(rows))


def grade(path: str | Path, seconds: float = 300) -> list[tuple[str, str, bool, str]]:
    """Return what the checks say of a notebook's answers: rows (notebook, exercise, passed, why).

    Args:
        path: of the `.ipynb`. Its exercise cells begin with `# Exercise: <name>`.
        seconds: after which the notebook is stopped; what had no turn by then did not pass.

    Raises:
        ValueError: it is no notebook, or has no exercise.
        OSError: it cannot be read.
    """
    path = Path(path)
    cells = _read(path)
    answers = {m[1]: cell for cell in cells if (m := TITLE.match(cell))}
    if not answers:
        raise ValueError(
            f"{path} must have cells that begin with '# Exercise: <name>'. It has none."
        )
    work = json.dumps({"imports": _imports(cells), "answers": answers})
    command = [sys.executable, "-c", f"from {GRADER} import _answer; _answer()"]
    found, end = {}, "the notebook ended before this answer had its turn."
    try:
        done = subprocess.run(command, input=work, capture_output=True, text=True, timeout=seconds)
        output = done.stdout
    except subprocess.TimeoutExpired as stopped:
        output = (stopped.stdout or b"").decode(errors="replace")
        end = f"stopped after {seconds:g} seconds, in this answer or one before it."
    for line in output.splitlines():
        with contextlib.suppress(ValueError, TypeError):  # what an answer wrote past Python's print
            name, passed, message = json.loads(line)
            found[name] = (path.name, name, passed, message)
    return [found.get(name, (path.name, name, False, end)) for name in answers]


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        inside = sorted(path.rglob("*.ipynb")) if path.is_dir() else [path]
        if not inside:
            raise ValueError(f"{path} must hold notebooks (.ipynb). It holds none.")
        yield from (file for file in inside if ".ipynb_checkpoints" not in file.parts)


def _read(path: Path) -> list[str]:
    """Return the sources of a notebook's code cells."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path} must be a notebook (.ipynb). It cannot be read as one."
        ) from error


def _imports(cells: Sequence[str]) -> str:
    """Return the imports at the top level of cells, a line each; lines for IPython alone go."""
    found = []
    for cell in cells:
        with contextlib.suppress(SyntaxError):
            body = ast.parse(cell).body
            found += [ast.unparse(n) for n in body if isinstance(n, ast.Import | ast.ImportFrom)]
    return "\n".join(dict.fromkeys(found))


def _answer() -> None:
    """Run the answers that standard input names, and write a JSON line for each."""
    work, report = json.load(sys.stdin), sys.stdout
    for name, source in work["answers"].items():
        passed, message = False, ""
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            try:
                passed, message = _run(name, work["imports"], source)
            except BaseException as error:  # whatever an answer does, the others have their turn
                message = f"{type(error).__name__}: {error}"
        print(json.dumps([name, passed, message]), file=report, flush=True)


def _run(name: str, imports: str, source: str) -> tuple[bool, str]:
    space: dict = {"__name__": "__main__"}
    exec(imports, space)
    results: list[exercises.Result] = []

    def recorded(name: str, answer: object) -> exercises.Result:
        results.append(check(name, answer))
        return results[-1]

    check, exercises.check = exercises.check, recorded
    try:
        exec(source, space)
    finally:
        exercises.check = check
    own = [result for result in results if result.name == name]
    if not own:
        return False, f'the cell must call exercises.check("{name}", ...). It does not.'
    return own[-1].passed, own[-1].message


if __name__ == "__main__":
    sys.exit(main())
