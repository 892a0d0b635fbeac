"""What chapters 0 to 2 write out by hand is what the package does, and their prose is true.

The functions are taken from the notebooks' own cells. The numbers that sentences rest on are read
from the stored outputs, which `pytest --nbval` compares with a new execution.
"""

import ast
import re
from functools import cache

import jupytext
import keras
import nbformat
import numpy as np
import pytest
import tensorflow as tf
from bs4 import BeautifulSoup
from keras import layers, ops

from tools.execute import NOTEBOOKS
from vaegan_edu import losses, metrics, models, networks

AUTOENCODER, VAE = "01_autoencoder", "02_vae"


def functions(name):
    """The functions that a notebook's cells define, by name."""
    space = {"keras": keras, "layers": layers, "ops": ops, "tf": tf, "np": np}
    for cell in jupytext.read(NOTEBOOKS / f"{name}.py", fmt="py:percent").cells:
        if cell.cell_type == "code" and not {"exercise", "solution"} & set(
            cell.metadata.get("tags", [])
        ):
            tree = ast.parse(cell.source)
            tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
            exec(compile(tree, name, "exec"), space)
    return space


@cache
def outputs(name):
    """All that a notebook prints, one text, and its tables by their corner and columns."""
    text, tables = [], []
    for cell in nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4).cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if 'class="dataframe numbers"' in data.get("text/html", ""):
                rows = BeautifulSoup(data["text/html"], "html.parser").find_all("tr")
                tables.append([[c.get_text() for c in row.find_all(["th", "td"])] for row in rows])
            text.append(output.get("text", ""))
    return "\n".join(text), tables


def table(name, head):
    """The table with `head` among its heads: {row: {column: number or text}}."""
    (found,) = [rows for rows in outputs(name)[1] if head in rows[0]]

    def value(text):
        plain = text.replace(",", "")
        return float(plain) if re.fullmatch(r"-?\d+(\.\d+)?", plain) else text

    columns = found[0][1:]
    return {row[0]: dict(zip(columns, map(value, row[1:]), strict=True)) for row in found[1:]}


def numbers(name, pattern):
    """The numbers in the line that begins like `pattern`."""
    (line,) = re.findall(rf"(?m)^{pattern}.*$", outputs(name)[0])
    return [float(found) for found in re.findall(r"-?\d+(?:\.\d+)?", line)]


def shapes(network):
    return [(layer.output.shape, layer.count_params()) for layer in network.layers]


@pytest.mark.parametrize("name", [AUTOENCODER, VAE])
def test_the_networks_of_the_page_are_those_of_the_package(name):
    written = functions(name)
    theirs = networks.build_encoder("small", latent_dim=5, variational=name == VAE)
    pairs = [(written["build_encoder"](5), theirs)]
    if name == AUTOENCODER:
        pairs.append((written["build_decoder"](5), networks.build_decoder("small", latent_dim=5)))
    for ours, package in pairs:
        assert shapes(ours) == shapes(package)
        package.set_weights([w + 0.01 for w in ours.get_weights()])
        ours.set_weights(package.get_weights())
        given = np.random.default_rng(0).uniform(-1, 1, (3, *ours.input_shape[1:]))
        for one, other in zip(
            keras.tree.flatten(ours(given)), keras.tree.flatten(package(given)), strict=True
        ):
            np.testing.assert_allclose(one, other, atol=1e-6)


def small_pair(variational):
    """Two equal pairs of networks for images of 4 x 4."""
    images = keras.Input((4, 4, 1))
    h = layers.Dense(6, activation="tanh")(layers.Flatten()(images))
    code = (layers.Dense(2)(h), layers.Dense(2)(h)) if variational else layers.Dense(2)(h)
    z = keras.Input((2,))
    x_hat = layers.Reshape((4, 4, 1))(layers.Dense(16, activation="tanh")(z))
    encoder, decoder = keras.Model(images, code), keras.Model(z, x_hat)
    return encoder, decoder


def clones(*networks):
    for network in networks:
        other = keras.models.clone_model(network)
        other.set_weights(network.get_weights())
        yield other


@pytest.mark.parametrize("beta", [1.0, 0.3])
@pytest.mark.parametrize("name", [AUTOENCODER, VAE])
def test_the_steps_of_the_page_are_those_of_the_package(name, beta):
    """Three steps from the same weights, batches and noise."""
    if name == AUTOENCODER and beta != 1:
        return
    keras.utils.set_random_seed(3)
    x = np.random.default_rng(0).uniform(-1, 1, (14, 4, 4, 1)).astype("float32")
    encoder, decoder = small_pair(name == VAE)
    theirs = list(clones(encoder, decoder))
    step, optimizer = functions(name)["train_step"], keras.optimizers.Adam(0.01)
    generator, found, sizes = keras.random.SeedGenerator(0), [], []
    for start in range(0, 14, 5):
        batch = x[start : start + 5]
        sizes.append(len(batch))
        if name == AUTOENCODER:
            model = models.Autoencoder
            found.append(step(encoder, decoder, optimizer, batch))
        else:
            noise = keras.random.normal((len(batch), 2), seed=generator)
            found.append(step(encoder, decoder, optimizer, batch, noise, beta))
    model = (
        models.Autoencoder(*theirs)
        if name == AUTOENCODER
        else models.VAE(*theirs, beta=beta, seed=0)
    )
    model.compile(keras.optimizers.Adam(0.01))
    history = model.fit(x, batch_size=5, shuffle=False, verbose=0).history
    wanted = ["loss"] if name == AUTOENCODER else ["loss", "reconstruction_loss", "kl_loss"]
    mean = np.average(np.array(found).reshape(3, -1), axis=0, weights=sizes)
    np.testing.assert_allclose(mean, [history[key][0] for key in wanted], rtol=1e-5)
    for ours, package in zip([encoder, decoder], theirs, strict=True):
        for one, other in zip(ours.get_weights(), package.get_weights(), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-5)


def test_beta_is_the_decoders_variance():
    """s^2 times the negative ELBO for variance s^2 is the loss with beta = s^2, and a constant."""
    rng = np.random.default_rng(0)
    x, x_hat = rng.uniform(-1, 1, (2, 3, 4, 4, 1))
    mean, log_var = rng.normal(size=(2, 3, 2))
    kl = np.array(losses.kl_divergence(mean, log_var))
    for s in (0.3, 1.0, 2.0):
        density = -0.5 * ((x - x_hat) ** 2 / s**2 + np.log(2 * np.pi * s**2))
        negative_elbo = -density.sum(axis=(1, 2, 3)) + kl
        loss = np.array(losses.gaussian_reconstruction(x, x_hat)) + s**2 * kl
        constant = s**2 * 16 / 2 * np.log(2 * np.pi * s**2)
        np.testing.assert_allclose(s**2 * negative_elbo, loss + constant, rtol=1e-5)


def test_a_bootstrap_of_five_values_covers_less_than_it_says():
    """The glossary's 84 %: simulated normal runs."""
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(1000):
        _, low, high = metrics.mean_interval(rng.normal(size=5), samples=400)
        hits += low <= 0 <= high
    assert 0.80 < hits / 1000 < 0.87


# What the prose of chapter 1 says of its numbers.


def test_chapter_1_by_hand_and_by_fit_agree():
    found = table(AUTOENCODER, "mean loss of the epoch")
    assert found["by hand"] == found["models.Autoencoder"]
    first, last = numbers(AUTOENCODER, "loss of the first batch")
    assert last < first / 2  # "more than halved"


def test_chapter_1_most_weights_are_in_the_dense_layer():
    (line,) = re.findall("weights of the encoder's first.*: (.*) of (.*)", outputs(AUTOENCODER)[0])
    dense, everything = (int(found.replace(",", "")) for found in line)
    assert 0.85 < dense / everything < 0.95  # "nine tenths"


def test_chapter_1_curves():
    first, quarter, last = numbers(AUTOENCODER, "loss  ")
    held_first, _, held_last = numbers(AUTOENCODER, "val_loss")
    assert (first - quarter) / (first - last) > 0.75  # most is learned in the first quarter
    assert held_first < first and last < held_last < 1.5 * last


def test_chapter_1_the_autoencoder_loses_less_than_pca():
    autoencoder, pca, average = numbers(AUTOENCODER, "loss: autoencoder")
    assert autoencoder < pca < average / 4


def test_chapter_1_codes_lie_wide_and_by_class():
    share, chance = numbers(AUTOENCODER, "nearest dot is of the same class")
    assert share > 50 > 5 * chance / 2
    assert numbers(AUTOENCODER, "standard deviation of the training codes")[0] > 3


def test_chapter_1_the_nearest_image_is_a_poor_judge():
    rows = table(AUTOENCODER, "median distance")
    real, random, fitted, _, control = (row["median distance"] for row in rows.values())
    assert random > 2 * real
    assert control == pytest.approx(fitted, rel=0.1)  # "about level"


# And of chapter 2.


def test_chapter_2_the_formula_agrees_with_the_draws():
    found, error = numbers(VAE, "average log ratio")
    (formula,) = numbers(VAE, "formula")
    assert abs(found - formula) < 3 * error


def test_chapter_2_by_hand_and_by_fit_agree():
    found = table(VAE, "reconstruction_loss")
    assert found["by hand"] == found["models.VAE"]


def test_chapter_2_the_toys_gap_is_log_2():
    (share,) = numbers(VAE, "prior draws that give the pixel")
    evidence, bound, log_2, value = numbers(VAE, r"log p\(x\)")
    assert share < 50 and (log_2, value) == (2, 0.69)
    assert evidence - bound == pytest.approx(np.log(2), abs=0.1)


def test_chapter_2_elbo_and_gap_make_the_evidence():
    for row in table(VAE, "ELBO + gap").values():
        assert row["ELBO + gap"] == pytest.approx(row["log p(x)"], abs=0.011)
        assert row["gap"] > 0 and row["ELBO"] < row["log p(x)"]


def test_chapter_2_the_vaes_plane_is_as_wide_as_the_prior():
    assert min(numbers(VAE, "standard deviation of the codes")) > 3
    assert all(0.5 < spread < 2 for spread in numbers(VAE, "standard deviation of z_mean"))


def test_chapter_2_terms():
    first, last = numbers(VAE, "reconstruction_loss  ")
    kl_first, kl_last = numbers(VAE, "kl_loss  ")
    assert last < first / 2 and kl_last < last / 5
    assert numbers(VAE, "squared difference of neighbours")[0] < 0.1


def test_chapter_2_means_have_less_contrast_and_draws_the_right_amount():
    rows = table(VAE, "variance of a pixel").values()
    real, mean, unit, fitted = (row["variance of a pixel"] for row in rows)
    assert mean < 0.8 * real
    assert unit > 3 * real
    assert fitted == pytest.approx(real, rel=0.2)


def test_chapter_2_beta():
    rows = list(table(VAE, "beta").values())
    for column, order in (("error, mean code", 1), ("kl_loss", -1), ("active units", -1)):
        values = [order * row[column] for row in rows]
        assert values == sorted(values), column
    for row in rows[:-1]:  # those whose code says something
        assert row["error, drawn code"] > row["error, mean code"]
    assert rows[-1]["active units"] == 0 and rows[-1]["kl_loss"] < 0.1
    assert rows[-2]["active units"] > 8 and rows[-2]["kl_loss"] < 5  # active, and a few nats


def test_chapter_2_warm_up_does_harm_here():
    full, warm = table(VAE, "schedule of beta").values()
    assert warm["kl_loss"] < full["kl_loss"]
    assert warm["error, drawn code"] > full["error, drawn code"]
    without, with_it = numbers(VAE, "after the first epoch")
    assert with_it > 5 * without


def test_chapter_2_judges():
    found = {
        measure: numbers(VAE, f"{measure}  ")
        for measure in ("low_confidence", "precision", "pixel_precision", "recall")
    }
    # The floor; then autoencoder and VAE for random, fitted, between and mean image.
    (_, ae_sure, *_), (floor, fooled, *_) = found["low_confidence"], found["precision"]
    assert ae_sure < 0.05 and fooled > floor - 0.05
    for measure in ("pixel_precision", "recall"):
        _, plain, vae, *_ = found[measure]
        assert plain < 0.05 < 0.7 < vae
    assert found["pixel_precision"][7] > found["precision"][7]  # the mean image
    precision, pixels = found["precision"], found["pixel_precision"]
    assert abs(precision[5] - precision[6]) < 0.1 and 0.4 < precision[5] < 0.6  # between
    assert precision[5] - precision[7] < 0.15  # "not far above the control"
    assert pixels[5] > pixels[7] + 0.1 and 0 < pixels[6] - pixels[5] < 0.1
    assert precision[4] < floor - 0.2  # "far below the floor"


def test_chapter_2_the_price_and_the_odd_seed():
    runs = table(VAE, "training loss")
    plain = [row for name, row in runs.items() if name.startswith("autoencoder")]
    vaes = [row for name, row in runs.items() if name.startswith("VAE")]
    assert len(plain) == len(vaes) == 5
    assert min(row["error, mean code"] for row in vaes) > max(
        row["error, mean code"] for row in plain
    )
    assert all(row["error, drawn code"] > row["error, mean code"] for row in vaes)
    *others, odd = sorted(vaes, key=lambda row: row["training loss"])
    assert odd["training loss"] > 1.2 * others[-1]["training loss"]
    assert odd["active units"] < min(row["active units"] for row in others)
    assert odd["error, mean code"] == pytest.approx(
        2 * np.mean([row["error, mean code"] for row in others]), rel=0.1
    )


def test_chapter_2_what_is_clearly_higher():
    found = table(VAE, "clearly higher")
    assert found["random"] == {
        "precision": "autoencoder",
        "pixel_precision": "VAE",
        "recall": "VAE",
    }
    assert found["fitted"]["precision"] == found["fitted"]["pixel_precision"] == "VAE"
    assert found["between"]["precision"] == found["between"]["recall"] == "neither"
    assert found["between"]["pixel_precision"] == "VAE"


def test_chapter_2_parts_of_the_kl_term_add_up():
    mean_kl, information, rest = numbers(VAE, "mean KL")
    assert information + rest == pytest.approx(mean_kl, abs=0.011)
    assert information > 2 * rest > 0
