"""Run an answer as a notebook's cell would, and say what came of it. Runs in the page's worker."""

import ast
import contextlib
import io
import json
import linecache
import sys
import traceback

sys.path.insert(0, "/course")

from vaegan_edu import exercises  # noqa: E402

FILE = "your answer"  # what tracebacks call it
MOST = 10_000  # characters that are shown of what was printed


class _Printed(io.StringIO):
    """Keeps the beginning of what is printed: an endless loop must not fill the memory."""

    def write(self, text):
        room = MOST - self.tell()
        super().write(text[: max(room, 0)])
        return len(text)


def run(name: str, imports: str, source: str) -> str:
    """Run `source`, the answer to exercise `name`, after the lines `imports` of its notebook.

    Returns:
        JSON: `kind` is "passed", "hint", "waiting", "unchecked" or "error"; `message` is the
        check's, or a traceback; `printed` is what the answer printed.
    """
    printed = _Printed()
    # The lines that tracebacks and hints quote are looked up here.
    linecache.cache[FILE] = len(source), None, f"{source}\n".splitlines(True), FILE
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            kind, message = _judge(name, _last_value(imports, source))
        except BaseException as error:  # also `exit()`, which would end the worker
            kind, message = "error", _describe(error)
    return json.dumps({"kind": kind, "message": message, "printed": printed.getvalue()})


def _last_value(imports, source):
    """Run all lines and return the value of the last one, None if it is no expression."""
    space = {"__name__": "__main__"}
    tree = ast.parse(source, FILE)
    exec(imports, space)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, FILE, "exec"), space)
    if last is not None:
        return eval(compile(ast.Expression(last.value), FILE, "eval"), space)


def _judge(name, value):
    if not isinstance(value, exercises.Result) or value.name != name:
        return "unchecked", (
            f'Not checked: the last line must be exercises.check("{name}", ...) with your answer '
            "in it, as it was in the beginning."
        )
    if value.passed:
        return "passed", value.message
    kind = "waiting" if value.message.startswith("Not answered") else "hint"
    return kind, value.message.replace("run the cell again", "run it again")


def _describe(error):
    """Return the traceback, of the learner's own lines alone."""
    if isinstance(error, ModuleNotFoundError):
        error = ModuleNotFoundError(
            f"{error.name} is not here. In the page Python has NumPy and the checks; on Colab it "
            "has the whole course."
        ).with_traceback(error.__traceback__)
    told = traceback.TracebackException.from_exception(error)
    own = [frame for frame in told.stack if frame.filename == FILE]
    told.stack = traceback.StackSummary.from_list(own)
    lines = told.format(chain=False) if own else told.format_exception_only()
    return "".join(lines).rstrip()
