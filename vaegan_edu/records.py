"""Read, check and quote the record of a run. Imports no Keras, so that building pages stays quick.

A record is one folder: `config.json` (every argument and where the run comes from), `history.csv`
(one row an epoch) and `metrics.json` (measured at the end).
"""

import csv
import hashlib
import io
import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Without one of these a number could not be traced to the run that made it.
PROVENANCE = (
    "experiment",
    "seed",
    "data.name",
    "data.digest",
    "arguments",
    "versions",
    "backend",
    "hardware",
    "commit",
)

ORIGINAL_LOGS = Path(__file__).with_name("original_logs.csv")

PARTIAL = ".partial-"  # how the name of a file begins that is not whole yet


@dataclass(frozen=True)
class Record:
    """What a run left behind: its configuration, one mapping an epoch, and its final metrics."""

    config: dict[str, Any]
    history: list[dict[str, Any]]
    metrics: dict[str, Any]

    def column(self, name: str) -> list:
        """Return one column of the history, a value an epoch; `KeyError` if there is none."""
        if name not in self.history[0]:
            raise KeyError(f"history has the columns {', '.join(self.history[0])}, not {name!r}")
        return [row[name] for row in self.history]


def read_record(folder: str | Path) -> Record:
    """Read and check the record in `folder`.

    Raises:
        FileNotFoundError: a file of the record is missing.
        ValueError: a file is damaged, or the provenance is incomplete.
    """
    folder = Path(folder)
    config = read_config(folder)
    metrics_path = folder / "metrics.json"
    metrics = _read_json(metrics_path) if metrics_path.exists() else {}
    return Record(config, _read_history(folder / "history.csv"), metrics)


def read_config(folder: str | Path) -> dict[str, Any]:
    """Read and check `config.json` in `folder`; raises as `read_record`."""
    folder = Path(folder)
    config = _read_json(folder / "config.json")
    for key in PROVENANCE:
        if _look_up(config, key) is None:
            raise ValueError(f"The record {folder.name} does not say its {key}. Run it again.")
    if not isinstance(config["arguments"], dict):
        raise ValueError(f"{folder / 'config.json'} is damaged: its arguments are no JSON object")
    return config


def is_finished(folder: str | Path) -> bool:
    """Return whether a run came to its end, which is the same for everyone who asks.

    Its numbers are then measured, and the state from which it would continue is gone. The weights
    do not count: published records are kept without them.
    """
    folder = Path(folder)
    return (folder / "metrics.json").is_file() and not (folder / "state.npz").exists()


def read_runs(folder: str | Path) -> list[Record]:
    """Return the records of all runs in an experiment's folder, in the order of their names.

    Raises:
        FileNotFoundError: there is none.
        ValueError: one is incomplete.
    """
    runs = [read_record(path.parent) for path in sorted(Path(folder).glob("*/config.json"))]
    if not runs:
        raise FileNotFoundError(
            f"There is no record in {folder}; a chapter starts in the course's `notebooks`. "
            f"Received: {Path.cwd()}"
        )
    return runs


def quote(results: str | Path, reference: str) -> str:
    """Return one number of a record as text, as the book's `record` role prints it.

    Args:
        results: folder of all records.
        reference: `run:key` or `run:key:format`. The key is looked for in the metrics, then in the
            history's last row, then in the configuration, where dots descend (`data.name`).
            The format is Python's, `.3g` for fractions where none is given.

    Raises:
        KeyError: no such run or key.
        ValueError: no such form or format, or an incomplete record.
    """
    run, _, rest = reference.partition(":")
    key, _, form = rest.partition(":")
    if not run or not key:
        raise ValueError(f"A quotation is `run:key` or `run:key:format`. Received: {reference!r}")
    folder = Path(results) / run
    if not (folder / "config.json").is_file():
        raise KeyError(f"There is no record {run!r}; `make results` makes what is missing")
    record = read_record(folder)
    for source in (record.metrics, record.history[-1], record.config):
        value = _look_up(source, key)
        if value is not None:
            return _format(value, form, reference)
    raise KeyError(f"The record {run!r} has no {key!r}")


def original_logs() -> dict[str, dict[str, list[float]]]:
    """Return what the original project logged in its five runs of 100 epochs.

    Read from the TensorBoard event files in its public repository (*Shuntw6096/VAE-GAN*,
    `logs/*.zip`), and kept in `original_logs.csv` with the digits of float32. Epochs count from 1,
    TensorBoard's steps from 0. MNIST was logged at every step: its rows are means over the 600
    steps of an epoch. The face runs logged one scalar an epoch.

    Returns:
        A mapping from run, "mnist" and "faces-s1" to "faces-s4", to its columns by name, each a
        list of 100 numbers, one an epoch: `epoch`, and for each `<network>` of encoder, decoder and
        discriminator `<network>_loss`, in the face runs also `val_<network>_loss`, and under S2 to
        S4 `learning_rate_<network>`, the rate after that epoch's losses were seen. What a run did
        not log is no column of it.
    """
    with open(ORIGINAL_LOGS, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    logs: dict[str, dict[str, list]] = {row["run"]: {} for row in rows}
    for row in rows:
        columns = logs[row.pop("run")]
        for name, text in row.items():
            if text:
                columns.setdefault(name, []).append(_number(text))
    return logs


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; the file there then takes its place as a whole.

    If writing fails, what stood in `path` stays, and nothing half written is left.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Of the name only its end, which some formats need: a name may be as long as systems allow.
    partial = path.with_name(f"{PARTIAL}{os.getpid()}-{path.name[-40:]}")
    try:
        yield partial
        with open(partial, "rb") as file:
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        if error.errno and not error.filename:  # a full disk does not say where it is full
            error.filename = str(path)
        raise
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def sole_writer(folder: str | Path) -> Iterator[None]:
    """Keep all others from writing a record to `folder` for as long as the block runs.

    The folder is made where it is missing, and removed again if it is left empty. The lock is the
    system's, on the folder itself: it leaves no file, and ends with the process however that ends.
    Where a system or a drive knows no such lock (Windows, some networks), nothing is kept out.

    Raises:
        BlockingIOError: another has it.
    """
    folder = Path(folder)
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with _locked(folder):
            yield
    finally:
        for path in made:  # from within
            with suppress(OSError):  # it is not empty
                path.rmdir()


@contextmanager
def _locked(folder):
    try:
        import fcntl
    except ImportError:
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise BlockingIOError(
            f"{folder} is in use by a training that runs; wait for its end, or choose another "
            "--output"
        ) from None
    except OSError:  # the drive has no locks
        pass
    try:
        yield
    finally:
        os.close(descriptor)


def remove_partial(folder: str | Path) -> None:
    """Remove what a process that was killed had begun to write in `folder` and below."""
    for path in Path(folder).rglob(f"{PARTIAL}*"):
        path.unlink(missing_ok=True)


def file_digest(path: str | Path) -> str:
    """Return the sha256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomically(path: str | Path, content: str | bytes) -> None:
    """Write text or bytes to `path` so that a reader, or a crash, never sees half of it."""
    with replacing(path) as partial, open(partial, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)


def write_json(path: str | Path, content: Any) -> None:
    """Write `content` atomically as JSON with sorted keys; NaN is refused with `ValueError`."""
    write_atomically(path, json.dumps(content, indent=2, sort_keys=True, allow_nan=False) + "\n")


def write_history(path: str | Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows (mappings, one an epoch) atomically as CSV.

    What a row does not have is an empty field, which is read as NaN: a training that validates in
    every other epoch has such rows.

    Raises:
        ValueError: no rows.
    """
    if not rows:
        raise ValueError("A history needs at least one row. Received: none")
    text = io.StringIO()
    names = dict.fromkeys(name for row in rows for name in row)
    # Before Python 3.13 a lone carriage return is not quoted, and reads as the end of a line.
    needed = any("\r" in name for name in names)
    writer = csv.DictWriter(
        text,
        list(names),
        lineterminator="\n",
        quoting=csv.QUOTE_NONNUMERIC if needed else csv.QUOTE_MINIMAL,
    )
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(path, text.getvalue())


def _read_json(path):
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _missing(path) from None
    except (ValueError, OSError, RecursionError) as error:
        raise ValueError(f"{path} is damaged: {error}") from None
    if not isinstance(content, dict):
        raise ValueError(f"{path} is damaged: it holds no JSON object")
    return content


def _missing(path):
    if not path.parent.exists():
        return FileNotFoundError(f"There is no folder {path.parent}")
    return FileNotFoundError(f"A record needs {path.name}. Received: {path.parent}")


def _read_history(path):
    try:
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError:
        raise _missing(path) from None
    except (OSError, UnicodeError, csv.Error) as error:
        raise ValueError(f"{path} is damaged: {error}") from None
    try:
        history = [
            {key: math.nan if text == "" else _number(text) for key, text in row.items()}
            for row in rows
        ]
    except (TypeError, ValueError):
        raise ValueError(f"{path} is damaged: a field is no number") from None
    if not history:
        raise ValueError(f"{path} is damaged: it has no rows")
    return history


def _number(text):
    """Return what `repr` of an int or a float wrote, of the same type."""
    try:
        return int(text)
    except ValueError:
        return float(text)


def _look_up(mapping, key):
    """Return `mapping[key]`, descending at dots, or None."""
    if key in mapping:
        return mapping[key]
    for part in key.split("."):
        if not isinstance(mapping, dict) or part not in mapping:
            return None
        mapping = mapping[part]
    return mapping


def _format(value, form, reference):
    if isinstance(value, (dict, list)):
        raise ValueError(f"{reference!r} is no single value")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{reference!r} is not finite")
    try:
        return format(value, form or (".3g" if isinstance(value, float) else ""))
    except ValueError:
        raise ValueError(f"{reference!r} has a format that does not fit {value!r}") from None
