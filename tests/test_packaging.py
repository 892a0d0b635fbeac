"""Dependencies: bounds in one place, and a lock that meets them."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

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
