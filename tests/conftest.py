"""What all tests share: silence before TensorFlow is imported, and small models."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import hypothesis
import pytest

# Modules that train, build the book or start processes. `make check` leaves them out, as it does
# single tests with this mark; `make test` runs them all. Decided by `pytest --durations=0`.
SLOW = {
    "test_adversarial",
    "test_backends",
    "test_benchmarks",
    "test_book",
    "test_callbacks",
    "test_cli",
    "test_colab",
    "test_experiments",
    "test_face_experiments",
    "test_gan",
    "test_kernels",
    "test_models",
    "test_nbval",
    "test_resume",
    "test_similarity_vae",
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
