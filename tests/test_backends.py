"""What holds on one backend holds on the others: the same tests there, and the same numbers."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import games
import keras
import numpy as np
import pytest
import test_models
from keras import ops

BACKEND = keras.backend.backend()
PACKAGES = {"tensorflow": "tensorflow", "jax": "jax", "torch": "torch"}
OTHERS = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            not find_spec(PACKAGES[name]) and not os.environ.get("CI"),
            reason=f"{name} is not installed",
        ),
    )
    for name in PACKAGES
    if name != BACKEND
]
HERE = Path(__file__).parent
MODULES = ("test_layers", "test_losses", "test_models", "test_newcomer", "test_regularisers")
# Of the modules of adversarial models: each backend has a training step of its own; what lies
# outside it is the same code on all.
GAMES = ("test_adversarial", "test_gan", "test_vaegan")
STEPS = (
    "moves_what_larsen_says",
    "from_the_same_weights",
    "logits_of_fakes",
    "follows_its_own_loss",
    "slopes_of_the_formulas",
    "fit_validates",
    "out_of_balance",
    "equals_uninterrupted[.keras-noisy_vaegan]",
    "equals_uninterrupted[.weights.h5-make_gan]",
)


def run_on(backend, *arguments):
    """Run Python on a backend and return its output; fail with it if it fails."""
    environment = {
        **os.environ,
        "KERAS_BACKEND": backend,
        "JAX_DISABLE_MOST_OPTIMIZATIONS": "true",  # tiny models: compiling is what takes the time
        "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
    }
    done = subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, timeout=1800
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-5000:]
    return done.stdout


@pytest.mark.parametrize("other", OTHERS)
def test_the_other_backend_passes_the_same_tests(other):
    files = [str(HERE / f"{module}.py") for module in (*MODULES, *GAMES)]
    chosen = " or ".join((*MODULES, *STEPS))
    options = ["-q", "-x", "-p", "no:xdist", "-k", chosen]
    print(run_on(other, "-m", "pytest", *options, *files))


def make_game():
    game = games.fix_noise(games.vaegan(gamma=0.3, real_target=0.9))
    return games.compiled(game, rates=dict.fromkeys(game.network_names, 0.1))


def compare(folder, save=False):
    """From the weights in `folder`, return a VAE's terms and a VAE-GAN after one step, arrays."""
    vae, game = test_models.make_vae(), make_game()
    for name, model in (("vae", vae), ("game", game)):
        path = Path(folder, f"{name}.weights.h5")
        model.save_weights(path) if save else model.load_weights(path)
    x = np.random.default_rng(0).uniform(-1, 1, (6, *test_models.SHAPE)).astype("float32")
    terms = vae.compute_terms(x, training=False, noise=np.ones((6, 3), "float32")).values()
    terms = [ops.convert_to_numpy(v) for v in terms]
    moved = [change for changes in games.step(game, games.images()).values() for change in changes]
    return terms, moved, game.get_weights()


SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
import test_backends
terms, _, weights = test_backends.compare(sys.argv[2])
np.savez(sys.argv[2] + "/found.npz", *terms, *weights)
"""


@pytest.mark.parametrize("other", OTHERS)
def test_the_backends_agree_from_the_same_weights_and_noise(other, tmp_path):
    """On the terms of a VAE, and on the weights of a VAE-GAN after one step of SGD."""
    terms, moved, weights = compare(tmp_path, save=True)
    assert len(terms) == 2 and max(abs(change).max() for change in moved) > 1e-2
    run_on(other, "-c", SCRIPT, str(HERE), str(tmp_path))
    with np.load(tmp_path / "found.npz") as found:
        others = [found[name] for name in found.files]
    for one, found in zip([*terms, *weights], others, strict=True):
        np.testing.assert_allclose(one, found, rtol=1e-5, atol=1e-6)
