"""The VAE-GAN in one file, book/scripts/vaegan_mnist.py, is the package's, and runs by itself."""

import ast
import runpy
import sys
from pathlib import Path

import games
import keras
import nbformat
import numpy as np
import pytest
from keras import ops

from vaegan_edu import models

PATH = Path(__file__).resolve().parents[1] / "book/scripts/vaegan_mnist.py"
SETTINGS = {
    "gamma": 0.04,
    "kl_weight": 5.0,
    "real_target": 0.9,
    "fake_weight": 0.5,
    "feature_scale": "variance",
}


@pytest.fixture(scope="module")
def script():
    return runpy.run_path(str(PATH))


def test_the_script_needs_nothing_of_the_package():
    tree = ast.parse(PATH.read_text(encoding="utf-8"))
    found = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    found |= {n.module.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert found - set(sys.stdlib_module_names) == {"keras", "numpy", "tensorflow"}


def test_chapter_5_shows_the_script_as_it_is():
    notebook = nbformat.read(PATH.parents[2] / "notebooks/05_vaegan.ipynb", as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    (shown,) = [o.data["text/markdown"] for o in outputs if "text/markdown" in o.get("data", {})]
    assert shown == f"```python\n{PATH.read_text(encoding='utf-8')}```"


def test_the_scripts_step_is_that_of_the_package(script):
    """Three steps from the same weights, batches and noise."""
    keras.utils.set_random_seed(0)
    ours = script["build_networks"]()
    theirs = [keras.models.clone_model(network) for network in ours]
    for clone, network in zip(theirs, ours, strict=True):
        clone.set_weights(network.get_weights())
    # Plain descent: Adam would make a whole step of a gradient's rounding.
    optimizers = [keras.optimizers.SGD(1e-3) for _ in ours]
    x = games.images(14, shape=(28, 28, 1))
    draw, found, sizes = keras.random.SeedGenerator(0), [], []
    for start in range(0, 14, 5):
        batch = x[start : start + 5]
        noise = [keras.random.normal((len(batch), script["LATENT_DIM"]), seed=draw) for _ in "ab"]
        losses, shown = script["train_step"](ours, optimizers, batch, noise)
        found.append([*losses, shown["KL"], shown["feature"]])
        sizes.append(len(batch))
    model = models.VAEGAN(*theirs, **SETTINGS, seed=0)
    model.compile(*[keras.optimizers.SGD(1e-3) for _ in theirs])
    history = model.fit(x, batch_size=5, shuffle=False, verbose=0).history
    names = [f"{network.name}_loss" for network in theirs] + ["kl_loss", "feature_loss"]
    np.testing.assert_allclose(
        np.average(found, axis=0, weights=sizes), [history[n][0] for n in names], rtol=1e-3
    )
    for one, other in zip(ours, theirs, strict=True):
        for mine, package in zip(one.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_allclose(mine, package, atol=1e-5)


def test_a_blind_discriminator_answers_what_the_script_says(script):
    x = games.images(4, shape=(28, 28, 1))
    encoder, decoder, discriminator = script["build_networks"]()
    discriminator.layers[-1].kernel.assign(ops.zeros_like(discriminator.layers[-1].kernel))
    noise = np.zeros((2, 4, script["LATENT_DIM"]), "float32")

    def loss(d):
        discriminator.layers[-1].bias.assign([np.log(d / (1 - d))])
        losses, _ = script["losses_of"](encoder, decoder, discriminator, x, noise)
        return float(losses[2])

    d = script["BLIND"]
    assert loss(d) < min(loss(d - 0.02), loss(d + 0.02))


@pytest.mark.slow
def test_the_script_trains_saves_and_samples(script, tmp_path, capsys):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (130, 28, 28), dtype="uint8")
    np.savez(tmp_path / "images.npz", x_train=images)
    folder = tmp_path / "run"
    script["main"]([str(tmp_path / "images.npz"), "--epochs", "2", "--folder", str(folder)])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5 and lines[2].startswith("epoch   2  KL ") and "nan" not in lines[2]
    assert lines[3].startswith("gamma is ") and float(lines[3].split()[-1]) > 0
    names = {path.name for path in folder.iterdir()}
    networks = ("encoder", "decoder", "discriminator")
    assert names == {"samples.png", *(f"{name}.weights.h5" for name in networks)}
    first, again = script["sample"](folder, seed=1), script["sample"](folder, seed=1)
    np.testing.assert_array_equal(first, again)
    assert first.shape == (64, 28, 28, 1)
    script["main"](["--sample", "--folder", str(folder)])
    assert len(capsys.readouterr().out.splitlines()) == 1
