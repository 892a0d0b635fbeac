"""One place for the repository's address, one command to change it everywhere."""

import pytest

from tests.built import copy_of
from tools import address
from tools.address import ROOT

FORK = "https://github.com/someone/a-fork.of_it"


@pytest.fixture
def copy(tmp_path):
    """A copy of the files that may hold the address."""
    for path in address.paths(ROOT):
        copy_of(path, tmp_path / path.relative_to(ROOT))
    return tmp_path


def test_all_copies_agree():
    assert address.problems() == []


@pytest.mark.slow
def test_moving_leaves_nothing_behind_and_comes_back(copy):
    owner, name = address.current(ROOT)
    changed = address.move(FORK, copy)
    assert {"pyproject.toml", "_config.yml", "README.md", "CITATION.cff"} <= set(changed)
    assert sum(path.startswith("notebooks/") for path in changed) >= 2
    assert address.problems(copy) == []
    for path in address.paths(copy):
        assert f"{owner}/{name}" not in path.read_text(encoding="utf-8"), path
    address.move(f"https://github.com/{owner}/{name}", copy)
    for path in address.paths(ROOT):
        moved = copy / path.relative_to(ROOT)
        assert moved.read_text(encoding="utf-8") == path.read_text(encoding="utf-8"), path


@pytest.mark.slow
@pytest.mark.parametrize("name", ["_config.yml", "README.md", "CITATION.cff"])
def test_a_copy_left_behind_is_found(copy, name):
    before = (copy / name).read_text(encoding="utf-8")
    address.move(FORK, copy)
    (copy / name).write_text(before, encoding="utf-8")
    assert any(line.startswith(f"{name}: ") for line in address.problems(copy))


@pytest.mark.parametrize(
    "url",
    ["", "github.com/a/b", "https://github.com/a", "https://github.com/a/b/tree/x", "http://a b"],
)
def test_a_bad_address_gets_one_line(url):
    with pytest.raises(ValueError, match=r"https://github\.com/OWNER/NAME") as error:
        address.move(url)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("end", ["", "/", ".git"])
def test_the_forms_that_one_copies_from_the_browser(end):
    assert address.split(f"https://github.com/a-b/c.d{end}") == ("a-b", "c.d")
