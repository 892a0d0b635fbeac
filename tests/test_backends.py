"""What holds on one backend holds on the other: the same tests, in one process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

OTHER = {"tensorflow": "jax", "jax": "tensorflow"}[keras.backend.backend()]
MODULES = ("test_layers", "test_losses", "test_models")


def test_the_other_backend_passes_the_same_tests():
    files = [str(Path(__file__).with_name(f"{module}.py")) for module in MODULES]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *files],
        env={**os.environ, "KERAS_BACKEND": OTHER},
        capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, (done.stdout + done.stderr)[-5000:]
    print(done.stdout)


def test_the_two_backends_agree_on_a_model(tmp_path):
    """Equal weights and equal noise give equal terms."""
    script = (
        "import sys, keras, numpy as np; sys.path.insert(0, sys.argv[1]); import test_models as t\n"
        "vae = t.make_vae(); path = sys.argv[2]\n"
        "vae.load_weights(path) if sys.argv[3] == 'load' else vae.save_weights(path)\n"
        "x = np.random.default_rng(0).uniform(-1, 1, (6, *t.SHAPE)).astype('float32')\n"
        "outputs = vae(x, training=False, noise=np.ones((6, 3), 'float32'))\n"
        "print(*(float(v) for v in vae.compute_terms(x, outputs).values()))"
    )
    printed = []
    for backend, mode in ((keras.backend.backend(), "save"), (OTHER, "load")):
        arguments = [str(Path(__file__).parent), str(tmp_path / "vae.weights.h5"), mode]
        done = subprocess.run(
            [sys.executable, "-c", script, *arguments],
            env={**os.environ, "KERAS_BACKEND": backend},
            capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        printed.append([float(word) for word in done.stdout.split()])
    assert printed[0] == pytest.approx(printed[1], rel=1e-5) and len(printed[0]) == 2
