"""Dependencies: bounds in one place, and a lock that meets them."""

import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"].values()


def requirements(name):
    """Return the requirements in a file of one requirement a line."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


ASKED = [
    *map(Requirement, PROJECT["dependencies"]),
    *(Requirement(line) for extra in EXTRAS for line in extra),
    *requirements("requirements.txt"),
]


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_lock_meets_every_bound(python):
    """An added or raised bound needs `make lock`."""
    here = {"python_version": python, "python_full_version": f"{python}.0"}
    locked = {
        canonicalize_name(pin.name): str(pin.specifier).removeprefix("==")
        for pin in requirements("constraints.txt")
        if not pin.marker or pin.marker.evaluate(here)
    }
    for asked in ASKED:
        version = locked.get(canonicalize_name(asked.name))
        assert version and asked.specifier.contains(version), f"{asked}, locked: {version}"


def test_tensorboard_starts():
    """Until 2.20 it imports `pkg_resources`, which setuptools brings until 81."""
    pins = {pin.name: Version(str(pin.specifier)[2:]) for pin in requirements("constraints.txt")}
    assert pins["tensorboard"] >= Version("2.21") or pins["setuptools"] < Version("82")
    if version("setuptools") != str(pins["setuptools"]):
        pytest.skip("this environment is not the locked one; make book")
    command = Path(sys.executable).with_name("tensorboard")
    done = subprocess.run([command, "--version"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_pins_stand_in_the_lock_alone():
    """Exact pins break on Colab: the package and the book ask for lower bounds."""
    assert not [str(asked) for asked in ASKED if re.search(r"==|~=|===", str(asked.specifier))]


def test_requirements_repeat_nothing_but_the_extras():
    """The package's own needs stand in pyproject.toml; the extras' bounds agree."""
    own = {canonicalize_name(Requirement(line).name) for line in PROJECT["dependencies"]}
    extras = [Requirement(line) for extra in EXTRAS for line in extra]
    book = {canonicalize_name(asked.name): asked for asked in requirements("requirements.txt")}
    assert not own & set(book)
    assert {extra.name for extra in extras} - set(book) == {"torch"}  # its reason stands there
    assert all(str(book[e.name]) == str(e) for e in extras if e.name in book)


PIP = """#!/bin/sh
case "$*" in
*sys.version_info*) echo 3.12 ;;
*"-m venv"*) mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
*"pip install"*) echo "user=$PIP_USER" ;;
esac
"""


def test_the_environment_is_made_by_a_python_with_a_space_and_within_itself(tmp_path):
    """PYTHON may lie anywhere, and pip.conf may say `user = true`."""
    python = tmp_path / "with space" / "python"
    python.parent.mkdir()
    python.write_text(PIP, encoding="utf-8")
    python.chmod(0o755)
    done = subprocess.run(
        ["sh", ROOT / "tools" / "venv.sh", tmp_path / "new"],
        env={**os.environ, "PYTHON": str(python), "PIP_USER": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert f"with {python} (3.12)." in done.stdout and done.stdout.endswith("user=0\n")
