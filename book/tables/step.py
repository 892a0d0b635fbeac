"""The speed of a training step."""

from pathlib import Path

from book.tables.quality import read_speed


def speed(root: Path) -> str:
    """Return what `benchmarks.train_step` measured, as Markdown: tables, and lists below them."""
    from benchmarks import train_step  # starts Keras

    return train_step.table(read_speed(root))
