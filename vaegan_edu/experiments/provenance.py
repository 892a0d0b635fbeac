"""Where the numbers of a run come from."""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from vaegan_edu import datasets
from vaegan_edu.experiments.profile import count_gpus

PACKAGES = ("vaegan-edu", "keras", "tensorflow", "jax", "torch", "numpy", "scipy", "scikit-learn")
# Of the environment, what changes the last digits of a number.
VARIABLES = ("TF_ENABLE_ONEDNN_OPTS", "TF_NUM_INTRAOP_THREADS", "XLA_FLAGS")


def data_provenance(name: str, loaded: tuple) -> dict[str, Any]:
    """Return what identifies `loaded = (x_train, y_train), (x_test, y_test)`, a dict."""
    arrays = [array for part in loaded for array in part if array is not None]
    return {
        "name": name,
        "digest": datasets.array_digest(*arrays),
        "train_count": len(loaded[0][0]),
        "test_count": len(loaded[1][0]),
        "image_shape": list(loaded[0][0].shape[1:]),
    }


def environment(*code: Path) -> dict[str, Any]:
    """Return what a run's bits depend on beside its configuration, a dict.

    Args:
        code: folders whose Python code made the numbers beside the package's, such as a
            benchmark's: what is not committed there marks the commit as well.
    """
    return {
        "versions": {"python": platform.python_version(), **_versions()},
        "hardware": _hardware(),
        "variables": {name: os.environ[name] for name in VARIABLES if name in os.environ},
        "commit": _commit(*code),
    }


def _versions():
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _hardware():
    processor = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        processor = names[0].partition(": ")[2] if names else processor
    return {"processor": processor, "cores": os.cpu_count(), "gpus": count_gpus()}


def _commit(*code):
    """The commit of the package's own repository, marked when its code, or `code`, differs."""

    def git(*words):
        command = ["git", "-C", str(Path(__file__).parent), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        git("ls-files", "--error-unmatch", Path(__file__).name)  # else it is installed in another's
        commit = git("rev-parse", "HEAD")
        paths = ["../*.py", *(str(Path(folder) / "*.py") for folder in code)]
        return commit + ("-dirty" if git("status", "--porcelain", "--", *paths) else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
