"""The book as the tests build it, from a copy."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def build(project):
    """Build the book in the folder `project`; returns the finished process."""
    command = Path(sys.executable).with_name("jupyter-book")
    return subprocess.run(
        [command, "build", project, "-W", "-n", "--keep-going", "-q"],
        capture_output=True,
        text=True,
        timeout=900,  # of a busy machine; never a measure of speed
    )


def copy_of(source, target, ignore=()):
    """Copy a file or a folder of a checkout that may be read-only to where a test may change it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_file():
        return shutil.copyfile(source, target)
    patterns = shutil.ignore_patterns(*ignore)
    shutil.copytree(source, target, ignore=patterns, copy_function=shutil.copyfile)
    for folder in (target, *target.rglob("*/")):
        folder.chmod(0o755)
    return target


def copy_book(target):
    """Copy what the book is made of to `target`, where a test may change it."""
    for name in ("_config.yml", "_toc.yml", "pyproject.toml", "constraints.txt", "tools/colab.txt"):
        copy_of(ROOT / name, target / name)
    # weights lie beside their records
    for name in ("book", "notebooks", "vaegan_edu/weights", "benchmarks/results"):
        copy_of(ROOT / name, target / name, ignore=(".*", "__pycache__"))
    return target
