"""Self-checks of the book's exercises: `check(name, answer)` says what was proved, or gives a hint.

A chapter's checks stand in a module of its own in this folder, one function per exercise. It gets
the learner's answer, tries it, and returns the sentence that says what was proved; a mistake raises
`Hint`:

    @exercise("interpolate")
    def _(answer):
        a, b = np.zeros(2), np.array([1.0, 4.0])
        middle = 0.5 * (a + b)
        compare(
            answer(a, b, 3),
            np.stack([a, middle, b]),
            mistakes={"You start at b: the first code must be a.": np.stack([b, middle, a])},
        )
        return "every code lies on the straight line from a to b."

The answer is guarded: what the learner's function raises, or leaves at None, becomes a message and
never a traceback. These modules use NumPy alone at import, so that a page without networks starts
in a moment; a check that needs Keras imports it inside its function.
"""

import importlib
import linecache
import pkgutil
import textwrap
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

CHAPTERS = tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name[0] != "_"))

_registry: "dict[str, _Exercise]" = {}


class Hint(Exception):
    """Raised by a check: the answer is wrong, and this sentence helps to see why."""


class _NotAnswered(Exception):
    """Raised when the stub is still as it was."""


@dataclass(frozen=True, repr=False)
class Result:
    """What `check` found; a notebook cell that ends in it shows the message, broken into lines.

    Attributes:
        name: the exercise.
        passed: whether the answer is right.
        message: begins with "Passed:", "Hint:" or "Not answered yet:".
    """

    name: str
    passed: bool
    message: str

    def __repr__(self):
        return textwrap.fill(self.message, 72, break_long_words=False)

    def __bool__(self):
        return self.passed


@dataclass(frozen=True)
class _Exercise:
    check: object
    takes: str


def check(name: str, answer: object) -> Result:
    """Check the answer to the exercise `name`.

    Args:
        name: the exercise's name, as it stands in the book.
        answer: the learner's function, or the value that the exercise asks for. None means that
            there is no answer yet.

    Returns:
        a `Result`. Whatever the answer does or returns, no exception leaves this function.

    Raises:
        ValueError: there is no exercise of that name.
    """
    entry = _find(name)
    try:
        if _unanswered(answer):
            raise _NotAnswered("replace the placeholder by your answer, then run the cell again.")
        if entry.takes == "function":
            if not callable(answer):
                raise Hint(
                    "hand over the function itself, without calling it: "
                    f'exercises.check("{name}", your_function). Received: {_show(answer)}'
                )
            answer = _Guarded(answer)
        elif callable(answer):
            raise Hint(f"this exercise asks for a value. Received: {_show(answer)}")
        return Result(name, True, f"Passed: {entry.check(answer)}")
    except _NotAnswered as reason:
        return Result(name, False, f"Not answered yet: {reason}")
    except Hint as hint:
        return Result(name, False, f"Hint: {hint}")


def names() -> list[str]:
    """Return the names of all exercises, sorted."""
    for chapter in CHAPTERS:
        importlib.import_module(f"{__name__}.{chapter}")
    return sorted(_registry)


def exercise(name: str, takes: str = "function") -> Callable[[Callable], Callable]:
    """Register the decorated function as the check of exercise `name`.

    Args:
        name: unique in the whole book.
        takes: "function", the check then gets the learner's function, guarded; or "value", it then
            gets the value as it is.

    Raises:
        ValueError: `takes` is something else, or another module has an exercise of that name.
    """
    if takes not in ("function", "value"):
        raise ValueError(f'`takes` must be "function" or "value". Received: {takes!r}')

    def register(function):
        known = _registry.get(name)
        # The same module may come again: a notebook with autoreload imports it after each edit.
        if known is not None and known.check.__module__ != function.__module__:
            raise ValueError(f"two exercises have one name. Received: {name!r}")
        _registry[name] = _Exercise(function, takes)
        return function

    return register


def numbers(value: Any, what: str = "the result") -> np.ndarray:
    """Return `value` as a float64 array; `Hint` unless it is made of real numbers.

    Takes numbers, nested lists, NumPy arrays and the backends' tensors. NaN and infinity pass: see
    `compare`.
    """
    try:
        if hasattr(value, "detach"):  # a Torch tensor that tracks gradients refuses the conversion
            value = value.detach()
        array = np.asarray(value)
        if array.dtype.kind == "O":
            array = array.astype("float64")
    except Exception:
        raise Hint(
            f"{what} cannot be read as an array of numbers: rows of unequal length, or something "
            f"that is no number. Received: {_show(value)}"
        ) from None
    if np.ma.isMaskedArray(value) and np.ma.is_masked(value):
        raise Hint(f"{what} has masked entries, expected plain numbers. Received: {_show(value)}")
    if array.dtype.kind not in "iuf" and array.dtype.name != "bfloat16":
        raise Hint(f"{what} must hold real numbers. Received: {_show(value)}")
    return array.astype("float64")


def compare(
    value: Any,
    expected: ArrayLike,
    mistakes: Mapping[str, ArrayLike | None] | None = None,
    what: str = "the result",
    where: str = "",
    unfinite: str = "",
    rtol: float = 1e-4,
    atol: float = 1e-6,
) -> np.ndarray:
    """Return `value` as an array if it equals `expected`, else raise the fitting `Hint`.

    Args:
        value: what the learner's function returned.
        expected: the right answer, of the right shape.
        mistakes: a mapping from the hint for a typical mistake to the value it leads to, of any
            shape, or None where it cannot show on this input. The first that fits is raised.
        what: how messages name the value, for example "the standard error".
        where: the input that it belongs to, for example "x = [0, 1]"; messages quote it.
        unfinite: the hint for NaN or infinity, where their cause is known.
        rtol: relative tolerance; it leaves room for float32.
        atol: absolute tolerance.

    Raises:
        Hint: for a known mistake its own hint, else one that names the wrong shape or the first
            wrong number.
    """
    value = numbers(value, what)
    expected = np.asarray(expected, dtype="float64")

    def fits(wanted):
        wanted = np.asarray(wanted, dtype="float64")
        return value.shape == wanted.shape and np.allclose(value, wanted, rtol, atol, True)

    if np.isfinite(value).all() and fits(expected):
        return value
    for hint, wrong in (mistakes or {}).items():
        if wrong is not None and fits(wrong):
            raise Hint(hint)
    at = f" for {where}" if where else ""
    if value.shape != expected.shape:
        raise Hint(
            f"{what}{at} must have {_shape(expected.shape)}. Received: {_shape(value.shape)}"
        )
    if not np.isfinite(value).all():
        raise Hint(unfinite or f"{what}{at} holds NaN or infinity. Received: {_show(value)}")
    wrong = ~np.isclose(value, expected, rtol, atol)
    place = tuple(int(i) for i in np.argwhere(wrong)[0])
    index = f"[{', '.join(map(str, place))}]" if place else ""
    raise Hint(f"{what}{index}{at} should be {expected[place]:.4g}. Received: {value[place]:.4g}")


class _Guarded:
    """The learner's function: what goes wrong inside it becomes a `Hint`."""

    def __init__(self, function):
        self._function = function
        self._answered = False

    def __call__(self, *arguments):
        given = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
        try:
            # Overflow and division by zero show in the result, where the hint can explain them.
            with np.errstate(all="ignore"):
                result = self._function(*given)
        except (Hint, _NotAnswered, KeyboardInterrupt):
            raise
        except BaseException as error:  # also `exit()`, which would end the kernel
            raise Hint(_describe(error)) from None
        if _unanswered(result):
            if self._answered:
                raise Hint(
                    "your function returned None for one of the inputs. Is a return missing?"
                )
            raise _NotAnswered(
                "your function returns None. Fill in its body and let it end in `return ...`."
            )
        self._answered = True
        for before, after in zip(arguments, given, strict=True):
            if isinstance(before, np.ndarray) and not np.array_equal(before, after):
                raise Hint(
                    "your function changes the array that it was given (as `x -= ...` or "
                    "`x[...] = ...` do). Work on a copy."
                )
        return result


def _find(name):
    """Return the exercise; its chapter is imported when it is needed."""
    for chapter in CHAPTERS:
        if isinstance(name, str) and name in _registry:
            break
        importlib.import_module(f"{__name__}.{chapter}")
    if not isinstance(name, str) or name not in _registry:
        raise ValueError(
            f"no exercise has this name; there are {', '.join(names())}. Received: {name!r}"
        )
    return _registry[name]


def _unanswered(answer):
    return answer is None or answer is Ellipsis


def _describe(error):
    """One line: the exception, and the learner's line where it arose."""
    text = f"your function raised {type(error).__name__}"
    if str(error):
        text += f": {str(error).splitlines()[0][:200]}"
    frames = list(traceback.walk_tb(error.__traceback__))[1:]  # the first is our own call
    if not frames:
        return f"{text}. Does it still take the arguments of the given first line?"
    home = frames[0][0].f_code.co_filename
    frame, line = [entry for entry in frames if entry[0].f_code.co_filename == home][-1]
    source = linecache.getline(home, line, frame.f_globals).strip()
    if source:
        text += f" (at `{source}`)"
    if "ellipsis" in str(error):
        text += ". A `...` is still to be replaced"
    return f"{text}."


def _shape(shape):
    return f"shape {tuple(shape)}" if shape else "shape (), a single number"


def _show(value):
    """Return the value on one short line, whatever it is."""
    try:
        text = f"shape {value.shape}, " if getattr(value, "ndim", 0) else ""
        text += " ".join(repr(value).split())
    except Exception:
        text = "an object that cannot be shown"
    return f"{type(value).__name__}, {text if len(text) <= 80 else text[:77] + '...'}"
