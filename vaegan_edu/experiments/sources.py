"""Where a run's data lies: known on this machine, and no part of the run's record.

A data set with a name is found by it. Pictures at a path are "pictures" in the record, known by
their digest; the path itself stands in a file of its own beside the record, so that `evaluate` and
`--resume` find them again, and whoever gets the record without them may name another place.
"""

from pathlib import Path

from vaegan_edu import datasets, records

PICTURES = "pictures"
PLACE = "pictures-path.txt"


def find_source(recorded: str, folder: str | Path, given: str | Path | None = None) -> str:
    """Return the name or the path that `datasets.load` is to be called with.

    Args:
        recorded: the name in the record, or the experiment's own.
        folder: of the run.
        given: what the user says now, a name or a path, which goes before the record.

    Raises:
        ValueError: what is given is neither a name nor a path.
        FileNotFoundError: a path where nothing is; or the record says "pictures", and nobody where.
    """
    if given is not None:
        datasets.find_loader(given)
        return str(given if given in datasets.LOADERS else Path(given).resolve())
    if recorded != PICTURES:
        return recorded
    place = Path(folder) / PLACE
    path = place.read_text(encoding="utf-8").strip() if place.is_file() else ""
    if not path or not Path(path).exists():
        raise FileNotFoundError(
            f"{folder} was trained on pictures that are not where they were; name their place by "
            f"--data. Received: {path or 'no path'}"
        )
    return path


def recorded_name(source: str) -> str:
    """Return what a record calls a source: a data set's own name, or "pictures"."""
    return source if source in datasets.LOADERS else PICTURES


def remember_source(source: str, folder: str | Path) -> None:
    """Write down the path of pictures; a data set with a name needs none."""
    if recorded_name(source) == PICTURES:
        records.write_atomically(Path(folder) / PLACE, source + "\n")
