"""Experiments of one's own: a Python file that defines them, and a copy of it in each run.

A file needs to define an `Experiment`; it may define a model, a task or a data set for it beside.
`my_file.py:name` is the experiment that the file calls `name`. A run keeps a copy of the file, so
that it can be loaded, resumed and measured wherever it is, and whatever becomes of the file. The
record has the file's name and digest; a copy with another digest is not run.

To load such a run is to run its code. Load no run of people whom you would not let run code.
"""

import importlib.util
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vaegan_edu import records
from vaegan_edu.experiments.experiment import Experiment
from vaegan_edu.experiments.registry import EXPERIMENTS

COPY = "experiment.py"  # in the run's folder


def find_experiment(name: str) -> tuple[str, Experiment, Path | None]:
    """Return what `train` is asked for: an experiment's name, the experiment, and its file if any.

    Args:
        name: one of `EXPERIMENTS`, or `path/of/a/file.py:name`; `:name` may be left out where the
            file defines one experiment.

    Raises:
        ValueError: no such experiment, or a file that cannot be run.
        FileNotFoundError: no such file.
    """
    path, inner = name, ""
    if ".py:" in name:  # a drive has a colon, too
        path, _, inner = name.rpartition(":")
    if not path.endswith(".py"):
        if name not in EXPERIMENTS:
            raise ValueError(
                f"Experiment must be one of {', '.join(EXPERIMENTS)}, or `my_file.py:name` of your "
                f"own. Received: {name!r}"
            )
        return name, EXPERIMENTS[name], None
    if not Path(path).is_file():
        raise FileNotFoundError(f"The experiment's file is not there. Received: {path}")
    inner, experiment = _choose(_load(Path(path)), inner, path)
    return inner, experiment, Path(path)


def describe_file(path: Path) -> dict:
    """Return `name` and `digest` (sha256) of an experiment's file, for the record."""
    return {"name": path.name, "digest": records.file_digest(path)}


def keep_file(path: Path, folder: Path) -> None:
    """Copy an experiment's file into the folder of a run."""
    records.write_atomically(folder / COPY, path.read_bytes())


def recorded_experiment(folder: Path, config: Mapping) -> Experiment:
    """Return the experiment of a run: the registered one, or that of the file in its folder.

    Raises:
        ValueError: an unknown experiment, or a copy of the file that is not the recorded one.
        FileNotFoundError: the copy is missing.
    """
    name, file = config["experiment"], config.get("experiment_file")
    if file is None:
        if name not in EXPERIMENTS:
            raise ValueError(f"{folder} is a run of an unknown experiment. Received: {name!r}")
        return EXPERIMENTS[name]
    copy = Path(folder) / COPY
    if not copy.is_file():
        raise FileNotFoundError(
            f"{folder} is a run of an experiment of its own, whose code must be in {COPY}: copy "
            f"{file['name']} there"
        )
    if describe_file(copy)["digest"] != file["digest"]:
        raise ValueError(
            f"{copy} is not the file that made this run: its sha256 must be "
            f"{file['digest'][:12]}... Received: {describe_file(copy)['digest'][:12]}..."
        )
    return _choose(_load(copy), name, copy)[1]


def _choose(module, name, path):
    """Return name and experiment, of a file that may define several."""
    found = {k: v for k, v in vars(module).items() if isinstance(v, Experiment)}
    if not name and len(found) == 1:
        return next(iter(found.items()))
    if name not in found:
        known = ", ".join(found) or "nothing; it must assign an `Experiment` to a name"
        raise ValueError(
            f"{path} must be followed by `:` and the name of an experiment. It defines {known}. "
            f"Received: {name!r}"
        )
    return name, found[name]


def _load(path):
    """Run a file, once for each content, and return its module."""
    name = f"vaegan_edu_own_{describe_file(path)['digest'][:16]}"
    if name in sys.modules:
        return sys.modules[name]
    spec: Any = importlib.util.spec_from_file_location(name, path)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]  # what failed is not there the next time either
        if not isinstance(error, Exception):
            raise
        lines: list = [
            f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == spec.origin
        ]
        place = f"line {getattr(error, 'lineno', None) or (lines or ['?'])[-1]}"
        raise ValueError(f"{path}, {place}: {type(error).__name__}: {error}") from error
    return module
