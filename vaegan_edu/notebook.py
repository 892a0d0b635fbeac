"""What a chapter's page needs and does not teach: how it starts, and how it shows a table.

    from vaegan_edu import notebook

    profile = notebook.start()

stands at the top of a notebook, before Keras is imported.
"""

import html
import io
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:  # Keras is imported once its settings are made
    import keras
    from matplotlib.figure import Figure

    from vaegan_edu.experiments.profile import Profile

SETTINGS = {
    "KERAS_BACKEND": "tensorflow",
    "TF_CPP_MIN_LOG_LEVEL": "3",  # a quiet start
    "TF_ENABLE_ONEDNN_OPTS": "0",  # the same digits on every run of one machine
}


# How a number begins, as a table shows it; an interval, too, and "8 of 10".
_NUMBER = re.compile(r"[-+−<>≤≥≈~\[(]*\s*(?:\.?\d|inf\b|nan\b|∞)")


def start() -> "Profile":
    """Choose the backend, keep it quiet, set the figures' style; return the `Profile`.

    A process that is in the course's folder goes to `notebooks/`, where the chapters' paths begin.

    What the environment has chosen stays: each of `SETTINGS` is only a default. Keras reads them
    when it is first imported, so this comes before `import keras`.
    """
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    _enter_notebooks()
    from IPython import get_ipython

    from vaegan_edu import experiments, plotting

    shell = get_ipython()
    if shell is not None:  # a notebook, not the script beside it
        shell.run_line_magic("matplotlib", "inline")
    plotting.style()
    return experiments.current_profile()


def _enter_notebooks():
    """As scripts and papermill start a chapter in the repository's root."""
    if Path("notebooks").is_dir() and Path("book/results").is_dir():
        os.chdir("notebooks")


def show_as_jpeg(figure: "Figure") -> None:
    """Show a figure of many coloured pictures as JPEG: as PNG it would weigh megabytes."""
    import matplotlib.pyplot as plt
    from IPython.display import Image, display

    stream = io.BytesIO()
    figure.savefig(stream, format="jpeg", pil_kwargs={"quality": 80})
    plt.close(figure)  # else it is shown once more
    display(Image(stream.getvalue(), format="jpeg"))


class Table:
    """Rows of numbers and words, shown by a notebook as a table and by `print` as text.

    A column of words alone is aligned left, one that holds a number right.

    Args:
        rows: a mapping from a row's name to its entries, themselves a mapping from a column's name
            to a number, a word, or a tuple `(mean, low, high)`. All rows have the same columns.
        digits: decimals of numbers that are not whole. A mapping gives columns decimals of their
            own, the others have two.
        corner: what stands above the rows' names.

    Raises:
        ValueError: no rows, or rows whose columns differ.
    """

    def __init__(
        self,
        rows: Mapping[str, Mapping[str, Any]],
        digits: int | Mapping[str, int] = 2,
        corner: str = "",
    ):
        rows = {str(name): dict(entries) for name, entries in rows.items()}
        columns = [list(entries) for entries in rows.values()]
        if not columns or any(names != columns[0] for names in columns):
            raise ValueError(
                "`rows` must hold at least one row, all with the same columns. "
                f"Received: {columns[:3]}"
            )
        self.head = [corner, *map(str, columns[0])]
        self.lines = [
            [name, *(_text(value, _digits(digits, key)) for key, value in entries.items())]
            for name, entries in rows.items()
        ]

    def __repr__(self):
        widths = [max(map(len, column)) for column in zip(self.head, *self.lines, strict=True)]

        def line(cells):
            first, *rest = (
                cell.rjust(width) if place else cell.ljust(width)
                for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
            )
            return "  ".join([first, *rest]).rstrip()

        return "\n".join(map(line, [self.head, *self.lines]))

    def _repr_html_(self):
        def cell(text, kind="td", scope=None, left=False):
            opened = f'{kind} scope="{scope}"' if scope else kind
            # In the cell itself, since a notebook outside the book has not the book's styles.
            style = ' style="text-align: left"' if left else ""
            return f"<{opened}{style}>{html.escape(text)}</{kind}>"

        def cells(texts, kind="td", scope=None):
            pairs = zip(texts, left, strict=True)
            return "".join(cell(text, kind, scope, words) for text, words in pairs)

        corner, *heads = self.head
        left = [_holds_words(column) for column in zip(*self.lines, strict=True)][1:]
        # A head without words is no head: a screen reader would announce nothing.
        first = cell(corner, "th", "col") if corner else "<td></td>"
        columns = cells(heads, "th", "col")
        body = "".join(
            f"<tr>{cell(name, 'th', 'row')}{cells(entries)}</tr>\n" for name, *entries in self.lines
        )
        return (
            '<table class="dataframe numbers">\n'
            f"<thead><tr>{first}{columns}</tr></thead>\n"
            f"<tbody>\n{body}</tbody>\n</table>"
        )


def layers(**networks: "keras.Model") -> Table:
    """Return a `Table` of networks side by side, a layer a row: output shape and weights.

    Args:
        networks: Keras models, equally many layers each. A shape in which they differ is given for
            each of them.

    Raises:
        ValueError: models with different numbers of layers.
    """
    counts = {name: len(network.layers) for name, network in networks.items()}
    if len(set(counts.values())) != 1:
        raise ValueError(f"the networks must have equally many layers. Received: {counts}")
    # A single network needs no name above its column.
    heads = {name: f"weights, {name}" if len(networks) > 1 else "weights" for name in networks}
    rows = {}
    for number, row in enumerate(zip(*(n.layers for n in networks.values()), strict=True), start=1):
        shapes = dict.fromkeys("×".join(map(str, layer.output.shape[1:])) for layer in row)
        weights = {heads[n]: layer.count_params() for n, layer in zip(networks, row, strict=True)}
        rows[f"{number}"] = {
            "layer": type(row[0]).__name__,
            "output": " / ".join(shapes),
            **weights,
        }
    total = {heads[name]: network.count_params() for name, network in networks.items()}
    return Table({**rows, "all": {"layer": "", "output": "", **total}})


def _holds_words(column):
    """Whether the entries of `column`, as they are shown, are words alone."""
    filled = [entry for entry in column if entry]
    return bool(filled) and not any(map(_NUMBER.match, filled))


def _digits(digits, column):
    return digits.get(column, 2) if isinstance(digits, dict) else digits


def _text(value, digits):
    if isinstance(value, tuple):
        mean, low, high = (_text(float(number), digits) for number in value)
        return f"{mean} [{low}, {high}]"
    if isinstance(value, (bool, np.bool_)):
        raise ValueError(f"a table shows numbers and words, no verdicts. Received: {value!r}")
    if isinstance(value, (int, np.integer)):
        return f"{value:,}"
    if isinstance(value, (float, np.floating)):
        # No "-0.00": the sign of what is rounded away says nothing.
        return f"{value:.{digits}f}" if round(float(value), digits) else f"{0:.{digits}f}"
    return str(value)
