"""Where pictures lie is known beside the record, not in it."""

import pytest

from vaegan_edu import datasets
from vaegan_edu.experiments import sources


def test_a_name_is_its_own_source(tmp_path):
    assert sources.find_source("mnist", tmp_path) == "mnist"
    assert sources.find_source("mnist", tmp_path, given="digits") == "digits"
    sources.remember_source("digits", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_path_is_found_again_from_elsewhere(tmp_path, monkeypatch):
    (tmp_path / "cats").mkdir()
    run = tmp_path / "run"
    monkeypatch.chdir(tmp_path)
    source = sources.find_source("rendered-faces", run, given="cats")
    assert source == str(tmp_path / "cats") and sources.recorded_name(source) == "pictures"
    sources.remember_source(source, run)
    monkeypatch.chdir(run)
    assert sources.find_source("pictures", run) == source
    assert sources.find_source("pictures", run, given=tmp_path) == str(tmp_path)
    (tmp_path / "cats").rmdir()
    with pytest.raises(FileNotFoundError, match="name their place by --data. Received: .*cats"):
        sources.find_source("pictures", run)


def test_names_go_before_folders(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in datasets.LOADERS:
        (tmp_path / name).mkdir()
        assert sources.find_source("digits", tmp_path, given=name) == name
    assert sources.find_source("digits", tmp_path, given="./mnist") == str(tmp_path / "mnist")


def test_what_is_nowhere_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="by --data. Received: no path"):
        sources.find_source("pictures", tmp_path)
    with pytest.raises(FileNotFoundError, match="The folder or zip of pictures is missing"):
        sources.find_source("digits", tmp_path, given=tmp_path / "none")
    with pytest.raises(ValueError, match="or the path of a folder or zip"):
        sources.find_source("digits", tmp_path, given="none")
