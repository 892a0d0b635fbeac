"""What all tests share: silence before TensorFlow is imported, and small models."""

import os
import shutil

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import hypothesis
import pytest
from bs4 import BeautifulSoup
from filelock import FileLock

from tests.built import build, copy_book

# Modules that train, build the book or start processes. `make check` leaves them out, as it does
# single tests with this mark; `make test` runs them all. Decided by `pytest --durations=0`.
SLOW = {
    "test_adversarial",
    "test_attributes",
    "test_backends",
    "test_benchmarks",
    "test_book",
    "test_callbacks",
    "test_cli",
    "test_colab",
    "test_experiments",
    "test_face_experiments",
    "test_gan",
    "test_grading",
    "test_kernels",
    "test_lab",
    "test_models",
    "test_nbval",
    "test_own_experiments",
    "test_packing",
    "test_pages",
    "test_replicas",
    "test_resume",
    "test_script",
    "test_similarity_vae",
    "test_trainer",
    "test_trial",
    "test_vaegan",
}


def pytest_collection_modifyitems(items):
    """Mark the tests of slow modules."""
    for item in items:
        if item.path.stem in SLOW:
            item.add_marker(pytest.mark.slow)


# The first example of a test compiles; what it takes says nothing about the code.
hypothesis.settings.register_profile("course", deadline=None, derandomize=True, max_examples=50)
hypothesis.settings.load_profile("course")


@pytest.fixture(scope="session")
def html(tmp_path_factory, worker_id):
    """The folder of built pages: one for all processes, which read it and change nothing."""
    shared = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        shared = shared.parent
    folder = shared / "built"
    with FileLock(shared / "built.lock"):
        if not (folder / "done").exists():
            shutil.rmtree(folder, ignore_errors=True)  # what another process began and failed
            folder.mkdir()
            done = build(copy_book(folder))
            assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
            (folder / "done").touch()
    return folder / "_build" / "html"


@pytest.fixture(scope="session")
def read(html):
    """A function from a page's name to its parsed HTML; each page is parsed once."""
    parsed = {}

    def read(page):
        if page not in parsed:
            text = (html / f"{page}.html").read_text(encoding="utf-8")
            parsed[page] = BeautifulSoup(text, "html.parser")
        return parsed[page]

    return read
