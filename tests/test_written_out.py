"""What chapters write out by hand is what the package does, and their prose is true.

The functions are taken from the notebooks' own cells. The numbers that sentences rest on are read
from the stored outputs, which `pytest --nbval` compares with a new execution.
"""

import ast
import json
import re
from functools import cache, partial

import games
import jupytext
import keras
import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup
from keras import layers, ops
from scipy.integrate import trapezoid
from scipy.special import expit
from scipy.stats import norm

from benchmarks import batch_norm_averages, collapse_on_digits
from tools.execute import NOTEBOOKS
from tools.exercises import read_exercise
from vaegan_edu import losses, metrics, models, networks
from vaegan_edu.datasets.pixels import scale_pixels
from vaegan_edu.layers import MinibatchDiscrimination
from vaegan_edu.widgets import DivergenceExplorer

tf = pytest.importorskip("tensorflow")
START = "00_before_you_start"
AUTOENCODER, VAE, KL = "01_autoencoder", "02_vae", "03_kl_divergence"
GAN, MEASURES = "04_gan", "04_how_good_is_it"
VAEGAN, BROKEN = "05_vaegan", "05_vaegan_broken"


def functions(name):
    """The functions that a notebook's cells define, by name."""
    space = {"keras": keras, "layers": layers, "ops": ops, "tf": tf, "np": np}
    space |= dict.fromkeys(("x_train", "epochs"))  # of the notebook, in a function's defaults
    space |= {"losses": losses, "models": models, "partial": partial}
    space |= {"expit": expit, "norm": norm, "trapezoid": trapezoid}
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
                cells = [[c.get_text() for c in row.find_all(["th", "td"])] for row in rows]
                cells[0] = [head.rstrip(" ↑↓") for head in cells[0]]
                tables.append(cells)
            text.append(output.get("text", ""))
    return "\n".join(text), tables


def table(name, head, corner=None, first=None, last=None):
    """The table with `head` among its heads: {row: {column: number or text}}.

    Where several have it, `corner`, its first head, or the names of its `first` and `last` row say
    which one is meant.
    """
    (found,) = [
        rows
        for rows in outputs(name)[1]
        if head in rows[0]
        and corner in (None, rows[0][0])
        and (first is None or (rows[1][0], rows[-1][0]) == (first, last))
    ]

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


def test_the_gans_networks_are_those_of_the_package():
    written = functions(GAN)
    pairs = [
        (written["build_generator"](5), networks.build_decoder("small", latent_dim=5)),
        (written["build_discriminator"](), networks.build_discriminator("small")),
    ]
    for ours, package in pairs:
        assert [w.shape for w in ours.weights] == [w.shape for w in package.weights]
        package.set_weights([w + 0.01 for w in ours.get_weights()])
        ours.set_weights(package.get_weights())
        given = np.random.default_rng(0).uniform(-1, 1, (3, *ours.input_shape[1:]))
        outputs = package(given)
        logits = outputs[0] if isinstance(outputs, (list, tuple)) else outputs
        np.testing.assert_allclose(ours(given), logits, atol=1e-6)


def gan_pair():
    """A generator and a discriminator of points."""
    z, x = keras.Input((3,)), keras.Input((2,))
    generator = keras.Model(z, layers.Dense(2)(layers.Dense(6, activation="tanh")(z)))
    return generator, keras.Model(x, layers.Dense(1)(layers.Dense(5, activation="tanh")(x)))


@pytest.mark.parametrize("loss", ["non-saturating", "minimax"])
def test_the_gans_step_of_the_page_is_that_of_the_package(loss):
    """Three steps from the same weights, batches and noise."""
    keras.utils.set_random_seed(3)
    x = np.random.default_rng(0).normal(size=(14, 2)).astype("float32")
    pair = gan_pair()
    theirs = list(clones(*pair))
    optimizers = {name: keras.optimizers.Adam(0.01) for name in ("generator", "discriminator")}
    step = partial(functions(GAN)["train_step"], *pair, optimizers)
    draw, found, sizes = keras.random.SeedGenerator(0), [], []
    for start in range(0, 14, 5):
        batch = x[start : start + 5]
        sizes.append(len(batch))
        noise = keras.random.normal((len(batch), 3), seed=draw)
        found.append(step(batch, noise, fool=losses.ADVERSARIAL_LOSSES[loss]))
    gan = models.GAN(*theirs, adversarial_loss=loss, seed=0)
    gan.compile(keras.optimizers.Adam(0.01), keras.optimizers.Adam(0.01))
    history = gan.fit(x, batch_size=5, shuffle=False, verbose=0).history
    mean = np.average(np.array(found), axis=0, weights=sizes)
    wanted = [history[name][0] for name in ("discriminator_loss", "generator_loss")]
    np.testing.assert_allclose(mean, wanted, rtol=1e-5)
    for ours, package in zip(pair, theirs, strict=True):
        for one, other in zip(ours.get_weights(), package.get_weights(), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-5)


def test_the_alternating_step_of_the_page_asks_the_discriminator_that_has_moved():
    keras.utils.set_random_seed(3)
    x = np.random.default_rng(0).normal(size=(5, 2)).astype("float32")
    first, second = np.random.default_rng(1).normal(size=(2, 5, 3)).astype("float32")
    written, pair = functions(GAN), gan_pair()
    ours, (generator, discriminator) = list(clones(*pair)), list(clones(*pair))

    def optimizers():
        return {name: keras.optimizers.SGD(0.5) for name in ("generator", "discriminator")}

    written["alternating_step"](*ours, optimizers(), x, first, second)
    # The discriminator's step is that of train_step; the generator's is taken after it.
    written["train_step"](*pair, optimizers(), x, first)
    discriminator.set_weights(pair[1].get_weights())
    with tf.GradientTape() as tape:
        loss = ops.mean(ops.softplus(-discriminator(generator(second))))
    weights = generator.trainable_variables
    optimizers()["generator"].apply(tape.gradient(loss, weights), weights)
    for mine, theirs in zip(ours, (generator, discriminator), strict=True):
        for one, other in zip(mine.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize("deviation", [0.3, 0.7, 1.0])
def test_the_walk_shrinks_below_the_stable_rate_and_grows_above_it(deviation):
    walk = functions(GAN)["walk"]
    for share, inwards in ((0.9, True), (1.1, False)):
        rate = share * 2 * deviation**2
        path = walk(deviation, rate, time=200 * rate, start=(1e-4, 0.0))
        assert (np.hypot(*path[-1]) < 1e-4) == inwards
        # And one step is the matrix of the page.
        matrix = np.array([[1, rate / 2], [-rate / 2, 1 - rate * deviation**2 / 2]])
        np.testing.assert_allclose(path[1:21], path[:20] @ matrix.T, atol=1e-9)


def test_the_measures_of_the_page_are_those_of_the_package():
    written, rng = functions(MEASURES), np.random.default_rng(0)
    for count, width in ((30, 2), (50, 5)):
        real = rng.normal(size=(40, width))
        generated = rng.normal(0.4, 0.7, size=(count, width)) @ rng.normal(size=(width, width))
        np.testing.assert_allclose(
            written["frechet"](real, generated), metrics.frechet_distance(real, generated)
        )
        for k in (2, 5):
            theirs = metrics.manifold_overlap(real, generated, k)
            assert written["overlap"](real, generated, k) == pytest.approx(theirs)
            assert 0 < theirs["recall"] < 1


def test_the_fits_divergences_are_those_of_the_explorer():
    """Chapter 3 minimises the numbers that its figure shows."""
    space = functions(KL)
    space["z"] = z = np.linspace(-30, 30, 3001)
    parts = norm.logpdf(z, -2, 0.6), norm.logpdf(z, 2, 0.6)
    space["log_p"] = np.logaddexp(*parts) - np.log(2)
    for mean, deviation in ((-1.997, 0.605), (0.0, 2.088), (1.0, 1.3)):
        shown = DivergenceExplorer(
            [(0.5, -2.0, 0.6), (0.5, 2.0, 0.6)], mean=mean, deviation=deviation
        )
        fit = [mean, np.log(deviation)]
        assert shown.forward == pytest.approx(space["forward_kl"](fit), abs=1e-3)
        assert shown.reverse == pytest.approx(space["reverse_kl"](fit), abs=1e-3)
        js = space["js_on_grid"](space["log_p"], space["log_gaussian"](fit))
        assert shown.jensen_shannon == pytest.approx(js, abs=1e-3)


def test_chapter_1_loads_mnist_as_the_package_does(monkeypatch):
    """The lines of its folded note, on a data set that stands in for MNIST."""
    (text,) = re.findall(
        r"(?s)# ```python\n(.*?)# ```", (NOTEBOOKS / f"{AUTOENCODER}.py").read_text("utf-8")
    )
    rng = np.random.default_rng(0)
    given = [(rng.integers(0, 256, (n, 28, 28), dtype="uint8"), np.arange(n)) for n in (3, 2)]
    monkeypatch.setattr(keras.datasets.mnist, "load_data", lambda: given)
    space = {"keras": keras}
    exec(text.replace("# ", "", 1).replace("\n# ", "\n"), space)
    for name, (pixels, _) in zip(("x_train", "x_test"), given, strict=True):
        assert space[name].shape == (len(pixels), 28, 28, 1)
        np.testing.assert_array_equal(space[name][..., 0], scale_pixels(pixels))


def test_the_kernel_distance_of_the_page_is_a_mean_over_pairs():
    a, b = np.random.default_rng(0).normal(size=(2, 6, 3))

    def similarity(x, y):
        return (x @ y / 3 + 1) ** 3

    pairs = [(i, j) for i in range(6) for j in range(6) if i != j]
    own = [np.mean([similarity(cloud[i], cloud[j]) for i, j in pairs]) for cloud in (a, b)]
    both = np.mean([similarity(x, y) for x in a for y in b])
    assert functions(MEASURES)["kernel_distance"](a, b) == pytest.approx(sum(own) - 2 * both)


def test_the_slope_of_jensen_shannon_is_its_derivative():
    space = functions(KL)
    space["z"] = z = np.linspace(-20, 20, 8001)
    still = norm.logpdf(z, 0, 0.5)

    def js(distance):
        return space["js_on_grid"](still, norm.logpdf(z, distance, 0.5))

    for distance in (0.0, 0.4, 1.3, 3.0):
        slope = space["js_slope"](still, norm.logpdf(z, distance, 0.5), distance)
        assert slope == pytest.approx((js(distance + 1e-4) - js(distance - 1e-4)) / 2e-4, abs=1e-7)


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


def test_chapter_6_says_of_the_game_on_digits_what_its_record_holds():
    record = json.loads(collapse_on_digits.RECORD.read_text())
    game = collapse_on_digits.found_game(record["runs"])
    assert game == list(dict.fromkeys(run["game"] for run in record["runs"]))[-1]
    rates = collapse_on_digits.GAMES
    slowest = min(rates, key=lambda name: rates[name][1])
    assert game == slowest and rates[game][1] / rates[game][0] == pytest.approx(0.03)
    left = {
        arm: [r["digits"] for r in record["runs"] if r["kind"] == arm and r["seed"] < 10]
        for arm in ("plain", "minibatch", "control")
    }
    assert all(len(digits) == collapse_on_digits.SEEDS for digits in left.values())
    assert max(left["plain"]) <= collapse_on_digits.LOST
    assert min(left["minibatch"] + left["control"]) >= 9
    assert np.mean(left["minibatch"]) <= np.mean(left["control"])  # "it neither cured nor helped"
    unclear = [r["unclear"] for r in record["runs"] if r["kind"] == "minibatch"]
    first_two = [r["unclear"] for r in record["runs"] if r["game"] in list(rates)[:2]]
    assert np.mean(unclear) == pytest.approx(np.mean(first_two), abs=0.05)
    assert 1 / 3 < np.mean(unclear) < 0.4  # "more than a third"
    written = jupytext.read(NOTEBOOKS / "06_mode_collapse.py", fmt="py:percent").cells
    (cell,) = [cell.source for cell in written if "GAMES = {" in cell.source]
    played = dict.fromkeys(run["game"] for run in record["runs"])
    for name in played:
        numbers = ", ".join(f"{x:g}" if x > 0.1 else f"{x:.0e}" for x in rates[name])
        assert f'"{name}": "{numbers.replace("e-0", "e-")}"' in cell
    assert list(rates)[: len(played)] == list(played) and len(rates) == 5 and len(played) == 4


def test_chapter_6_says_of_clumps_and_circles_what_its_tables_and_its_record_hold():
    clumps = table("06_mode_collapse", "share outward", first="plain, 0.001", last="minibatch, 0.3")
    ends = {
        row: {key: [float(x) for x in text.split(" to ")] for key, text in columns.items()}
        for row, columns in clumps.items()
    }
    for row, columns in ends.items():
        if row.startswith("plain"):
            assert columns["mean cosine"][0] > 0.8 and max(columns["change by the others"]) == 0.0
            assert 0.4 < columns["share outward"][0] and columns["share outward"][1] < 0.7
    assert ends["minibatch, 0.001"]["share outward"][0] > 0.9  # "nearly all, from each seed"
    assert ends["minibatch, 0.3"]["share outward"][1] < 0.5  # "most are drawn back in, from each"
    low, high = ends["minibatch, 0.05"]["mean cosine"]
    assert low < 0.5 and high > 0.7  # "it depends on the seed"
    assert ends["minibatch, 0.05"]["share outward"][1] > 0.8

    chance = table("06_mode_collapse", "modes by formula")
    circle, real = chance["wide ring, an even circle"], chance["wide ring, real data"]
    assert circle["strictly"] == real["strictly"] == 8.0
    path = collapse_on_digits.RECORD.with_name("collapse_and_cure.json")
    runs = json.loads(path.read_text())["runs"]

    def recorded(toy, game, arm, key):
        return [
            r[key] for r in runs if (r["toy"], r["game"], r["discriminator"]) == (toy, game, arm)
        ]

    quality = recorded("wide ring", "unbalanced", "minibatch", "high_quality")
    assert circle["high_quality"] < min(quality) < circle["high_quality"] + 0.15
    assert circle["high_quality"] < np.mean(quality) < real["high_quality"]
    strict = [
        recorded("grid", "balanced", x, "modes_with_a_tenth")
        for x in ("plain", "minibatch", "control")
    ]
    assert 1 <= np.sum(np.array(strict) >= 12.5) <= 3  # "nearly all failed by the strict count"
    # Chapter 7: "from nine of ten in the longer games of chapter 6".
    assert (
        sum(x >= 7 for x in recorded("wide ring", "balanced", "plain", "modes_with_a_tenth")) == 9
    )


def test_chapter_7_says_of_falling_rates_on_mnist_what_the_record_holds():
    found = table("07_schedules", "contrast x4")
    for column in ("samples", "contrast x4"):
        assert found["VAE, cosine"][column] < found["VAE, constant"][column]
        assert found["VAE-GAN, cosine"][column] > found["VAE-GAN, constant"][column]


def test_a_bootstrap_of_five_values_covers_less_than_it_says():
    """The glossary's 84 %: simulated normal runs."""
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(1000):
        values = rng.normal(size=5)
        means = rng.choice(values, (400, 5)).mean(axis=1)
        low, high = np.percentile(means, [2.5, 97.5])
        hits += low <= 0 <= high
    assert 0.80 < hits / 1000 < 0.87


# What the prose of the first page and of chapter 1 says of their numbers.


def test_the_first_pages_network_overfits():
    first, lowest, epoch, last = numbers(START, r"validation, 200 points")[1:]
    training = numbers(START, r"training, 12 points")[1:]
    assert lowest < 0.9 * first and last > max(first, 1.3 * lowest) and epoch < 30
    assert training[-1] < training[0] / 4


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
    first, quarter, share = numbers(AUTOENCODER, "loss  ")
    held_first, held_quarter, held_share = numbers(AUTOENCODER, "val_loss")
    assert min(share, held_share) > 0.75  # most is learned in the first quarter
    assert held_first < first and held_quarter < quarter
    at_end, _, _ = numbers(AUTOENCODER, "loss, training images: autoencoder")
    held_at_end, _, _ = numbers(AUTOENCODER, "loss, test images: autoencoder")
    assert at_end < held_at_end < 1.5 * at_end


def test_chapter_1_the_autoencoder_loses_less_than_pca():
    in_training = numbers(AUTOENCODER, "loss, training images: autoencoder")
    assert in_training[0] < in_training[1]
    autoencoder, pca, average = numbers(AUTOENCODER, "loss, test images: autoencoder")
    assert autoencoder < pca < average / 4
    longer = [row for name, row in table(VAE, "training loss").items() if name.startswith("auto")]
    assert max(row["error, mean code"] for row in longer) < autoencoder
    assert average - pca > 0.9 * (average - autoencoder)  # PCA holds "nearly as much"


def test_chapter_1_codes_lie_wide_and_by_class():
    share, chance = numbers(AUTOENCODER, "nearest dot is of the same class")
    assert share > 50 > 5 * chance / 2
    assert numbers(AUTOENCODER, "standard deviation of the training codes")[0] > 3
    lengths = numbers(AUTOENCODER, "median length of a code")
    assert lengths[0] > 3 * lengths[1]
    assert numbers(AUTOENCODER, "training codes no longer")[0] < 5  # "nearly all lie further out"


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
    for row in table(VAE, "ELBO, by draws").values():
        assert abs(row["log p(x) - gap"] - row["ELBO, by draws"]) < 3 * row["its error"] + 0.011
        assert row["gap"] > 0 and row["its error"] < 0.2


def test_chapter_2_the_vaes_plane_is_as_wide_as_the_prior():
    assert min(numbers(VAE, "standard deviation of the codes")) > 3
    assert all(0.5 < spread < 2 for spread in numbers(VAE, "standard deviation of z_mean"))


def test_chapter_2_terms():
    first, _ = numbers(VAE, "first epoch")
    last, kl_last = numbers(VAE, "last  epoch")
    assert last < first / 2 and kl_last < (last - kl_last) / 5
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
    for row in rows[:3]:  # those whose code says something
        assert row["error, drawn code"] > row["error, mean code"]
    for row in rows[3:]:
        assert row["error, mean code"] > row["error, drawn code"]
    assert rows[2]["active units"] == 16 and 1 < rows[2]["kl_loss"] < 5  # all, and a few nats
    assert 0 < rows[3]["active units"] < 16 and rows[3]["kl_loss"] < 0.5  # partial collapse
    assert rows[4]["active units"] == 0 and rows[4]["kl_loss"] < 0.1


def test_chapter_2_the_beta_that_fits_the_errors():
    rows = {float(beta): row for beta, row in table(VAE, "beta").items()}
    for beta, row in rows.items():
        assert row["fitted s²"] < beta
        assert row["fitted s²"] == pytest.approx(2 * row["error, drawn code"] / 784, abs=0.006)
    once = {beta: row["s² · 784/64"] for beta, row in rows.items()}
    assert once[1] > 1 and once[4] < 4  # it agrees with beta between the two


def test_chapter_2_the_derivative_goes_inside_the_average():
    found, error, _, exact = numbers(VAE, "average slope")
    assert abs(found - exact) < 3 * error < 0.05


def test_chapter_2_judges():
    rows = list(table(VAE, "recall", corner="mean of five runs").values())
    rows.append(rows[-1])  # the mean image is nobody's
    found = {
        measure: [row[measure.replace("_", " ")] for row in rows]
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
    assert precision[4] < floor - 0.2  # "fall short of real ones"


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


def test_chapter_2_what_is_clearly_better():
    found = table(VAE, "clearly better")
    measures = "low confidence", "precision", "pixel precision", "recall"
    plain, vae, neither = "autoencoder", "VAE", "neither"
    for kind, winners in {
        "random": (plain, plain, vae, vae),
        "fitted": (vae, vae, vae, neither),
        "between": (neither, neither, vae, neither),
    }.items():
        assert found[kind] == dict(zip(measures, winners, strict=True))


def test_chapter_2_parts_of_the_kl_term_add_up():
    (log_count,) = numbers(VAE, "log N")
    rows = table(VAE, "information", corner="nats")
    for row in rows.values():
        parts = row["information"] + row["aggregate to prior"]
        assert parts == pytest.approx(row["mean KL"], abs=0.011)
        assert row["information"] < log_count and row["aggregate to prior"] > 0
    plane, sixteen = rows.values()
    assert plane["information"] > 2 * plane["aggregate to prior"]
    assert sixteen["mean KL"] > log_count  # "exceeds log N", "about half of it is mismatch"
    assert sixteen["aggregate to prior"] / sixteen["mean KL"] == pytest.approx(0.5, abs=0.1)


# Of chapter 3.


def test_chapter_3_two_directions():
    forward, other, reverse, mirrored, p = table(KL, "mass between").values()
    for fit in (forward, other):
        assert (fit["mean"], fit["deviation"]) == (p["mean"], p["deviation"])
        assert (fit["mass between"], p["mass between"]) == (0.37, 0.05)
        assert fit["forward"] < reverse["forward"] / 10
    assert reverse["mean"] == -mirrored["mean"] and abs(reverse["mean"]) == 2
    assert reverse["reverse"] == pytest.approx(np.log(2), abs=0.006)


def test_chapter_3_estimates():
    rows = list(table(KL, "error * sqrt(n)").values())
    lasting = [row["error * sqrt(n)"] for row in rows]
    assert max(lasting) / min(lasting) < 1.2
    slope = numbers(KL, "slope -")[0]
    assert slope == pytest.approx(-0.5, abs=0.03)
    low, high = numbers(KL, "announced error, average")
    assert 0.9 < low <= high < 1.1  # "nearly the error made"
    rows = table(KL, "below zero")
    wide, narrow = rows["wide, positive"], rows["narrow, positive"]
    assert wide["scatter"] < rows["wide, plain"]["scatter"] / 5 and wide["below zero"] == 0
    assert narrow["too low"] > 0.6 and narrow["held"] < 0.7  # "most are too low"
    assert rows["narrow, plain"]["held"] > 0.9


def test_chapter_3_the_divergence_adds_up_over_dimensions():
    drawn, error = numbers(KL, "whole codes, drawn")
    (summed,) = numbers(KL, "sum over dimensions")
    assert abs(drawn - summed) < 4 * error
    assert summed / numbers(KL, "mean over dimensions")[0] == pytest.approx(16, rel=0.01)


def test_chapter_3_a_mean_is_another_beta():
    found = table(KL, "kl_loss, summed")
    plain, mean, told = (
        found[name] for name in ("sum, beta 1", "mean, beta 1", "sum, beta 0.0625")
    )
    for key in ("error, mean code", "kl_loss, summed"):
        assert mean[key] == pytest.approx(told[key], rel=0.05)
    assert mean["kl_loss, summed"] > 2 * plain["kl_loss, summed"]
    assert mean["error, mean code"] < plain["error, mean code"]
    assert found["sum, beta 32"]["active units"] == 0 < found["mean, beta 32"]["active units"]
    error = "error, mean code"
    assert found["sum, beta 32"][error] > found["average image"][error]


def test_chapter_3_jensen_shannon_is_level_at_both_ends():
    rows = list(table(KL, "slope of JS").values())
    assert rows[0]["slope of JS"] == rows[0]["JS"] == 0
    assert rows[-1]["slope of JS"] < 1e-4 < rows[3]["slope of JS"]
    assert rows[-1]["JS"] == pytest.approx(np.log(2), abs=1e-3)


# Of chapter 4.


def test_chapter_4_a_guessers_loss_does_not_mean_blind():
    best, learned, blind, sure = table(GAN, "bound on JS").values()
    assert learned["V"] <= best["V"] and learned["bound on JS"] > 0.9 * best["bound on JS"]
    assert blind["V"] == sure["V"] == round(-2 * np.log(2), 3)
    assert blind["right answers"] == 0.5 and sure["right answers"] > 0.6


def test_chapter_4_what_the_two_losses_follow():
    rows = table(GAN, "2 KL(m||p)")
    assert rows["minimax"]["loss"] == rows["minimax"]["2 JS"]
    assert rows["non-saturating"]["loss"] == rows["non-saturating"]["2 KL(m||p)"]
    left, right = numbers(GAN, r"KL\(q\|\|p\) - 2 JS")[1::2]
    assert left == right
    forward, minimax, non_saturating, reverse = table(GAN, "over one heap").values()
    assert forward["over one heap"] == ""
    assert minimax["over both"] < minimax["over one heap"]
    for row in (non_saturating, reverse):
        assert row["over one heap"] < row["over both"] and row["best mean"] == 2
    assert forward["best mean"] == minimax["best mean"] == 0


def test_chapter_4_by_hand_and_by_fit_agree():
    found = table(GAN, "generator_loss", "mean over one epoch")
    assert found["by hand"] == pytest.approx(found["models.GAN"], abs=0.0021)  # rounding, amplified


def places(loss, steps):
    """Where the points of three seeds were on the first axis after some steps of `chase`."""
    (line,) = re.findall(rf"(?m)^{loss} +after {steps} steps at (.*)$", outputs(GAN)[0])
    return [float(place) for place in line.split()]


def test_chapter_4_the_minimax_loss_starts_slowly_and_both_run_past():
    assert max(places("minimax", 10)) < min(places("non-saturating", 10))
    for loss in ("minimax", "non-saturating"):
        assert min(places(loss, 50)) > 4
    rows = table(GAN, "seed 0", "farthest on the first axis")
    for seed in ("seed 0", "seed 1", "seed 2"):
        assert 3 < rows["normalised"][seed] < rows["plain"][seed]


def test_chapter_4_how_the_steps_are_taken_decides():
    ends = {name: row["at the end"] for name, row in table(GAN, "at the end").items()}
    assert ends["wide, simultaneous"] < 0.01
    assert ends["narrow, simultaneous"] > 0.3
    assert max(ends["narrow, steps a tenth"], ends["narrow, alternating"]) < 0.2
    assert ends["points, minimax, simultaneous"] > 2
    assert ends["points, minimax, alternating"] == pytest.approx(1, abs=0.02)
    steadier = {name: row["distance"] for name, row in table(GAN, "distance").items()}
    assert steadier["as it was"] == ends["narrow, simultaneous"]
    assert steadier["moving average of its weights"] < 0.1
    assert steadier["penalty with target zero"] < 0.01


def test_chapter_4_games():
    pattern = r"(?m)^(\w+), seed (\d): modes of 8, strictly (\d), high quality (.*)$"
    for kind, _, modes, _ in re.findall(pattern, outputs(GAN)[0]):
        assert int(modes) == 8 if kind == "balanced" else int(modes) < 4
    rows = table(GAN, "modes")
    fixed = rows.pop("fixed point")
    for row in rows.values():
        for loss in ("discriminator_loss", "generator_loss"):
            assert row[loss] == pytest.approx(fixed[loss], abs=0.1)
    ended = table(GAN, "games", "how they ended")
    games_, failed, collapsed, lost = ended["unbalanced"].values()
    assert failed > games_ / 2 and collapsed and lost and collapsed + lost < failed
    assert ended["balanced"]["fewer than half of the modes"] == 1  # "a balanced game can fail too"
    low, high = numbers(GAN, "balanced, at least half of the modes")
    assert low < 0.5 and high > 0.9


def test_chapter_4_digits():
    gan, vae, real = numbers(GAN, "share of grey pixels")
    assert gan < real < vae
    (ours,) = numbers(GAN, "Fréchet distance of this run on digits")
    record = numbers(GAN, "Fréchet distance, each of its seeds")
    assert len(record) == 3 and max(record) < ours
    lowest, epoch, last = numbers(GAN, "lowest discriminator_loss")
    assert epoch < 4 and lowest < last


# Of the interlude.


def test_interlude_features_see_what_pixels_do_not():
    rows = table(MEASURES, "pixels")
    assert rows["blurred"]["pixels"] < rows["moved by two"]["pixels"]
    assert rows["blurred"]["features"] > rows["moved by two"]["features"]


def test_interlude_a_ring_has_the_distance_of_a_cloud():
    ring, again = numbers(MEASURES, "ring 0")[:2]
    assert ring < 2 * again
    rows = table(MEASURES, "on this page")
    assert all(row["on this page"] == row["metrics.frechet_distance"] for row in rows.values())


def test_interlude_the_kernel_distance_is_unbiased_and_the_frechet_distance_is_not():
    rows = table(MEASURES, "kernel distance, mean")
    few, *_, many = rows.values()
    assert few["Fréchet"] > 5 * many["Fréchet"]
    assert few["its scatter"] > 5 * many["its scatter"]
    for row in rows.values():  # means of twenty draws
        mean = row["kernel distance, mean"]
        assert abs(mean) < 0.2 * row["blurred, mean"]
        assert abs(mean - many["kernel distance, mean"]) < row["its scatter"] + 2
    random, by_class = table(MEASURES, "mean", "divided again").values()
    assert by_class["largest"] < 0 < random["largest"]  # sets of equal shares are more alike
    assert abs(many["kernel distance, mean"] - by_class["mean"]) < 3 * by_class["scatter"]


def test_interlude_strays():
    rows = table(MEASURES, "density", "generated")
    same, one, strays, elsewhere, odd = rows.values()
    assert min(same.values()) > 0.9
    assert one["precision"] > 0.9 and max(one["recall"], one["coverage"]) < 0.6
    assert strays["recall"] > 0.9 and strays["coverage"] == one["coverage"]
    assert max(elsewhere.values()) == 0 and odd["precision"] > 0.9 and odd["density"] < 0.3


def test_interlude_the_vae_that_was_further_off_than_five_nats():
    losses = [
        row["training loss"]
        for name, row in table(VAE, "training loss").items()
        if name.startswith("VAE")
    ]
    *others, odd = sorted(losses)
    assert len(others) == 4 and others[-1] - others[0] < 1
    assert odd - others[-1] > 5 > np.log(100)


def test_interlude_two_profiles():
    floor, vae, again, gan, control, longer = table(MEASURES, "histogram", "samples").values()
    for key in ("Fréchet", "low confidence"):
        assert floor[key] < min(vae[key], gan[key]) / 5
    for key in ("precision", "recall", "density", "coverage", "pixel precision"):
        assert floor[key] > max(vae[key], gan[key]) + 0.2
    for key in ("precision", "recall", "density", "coverage", "pixel precision"):
        chance = abs(vae[key] - again[key])
        assert max(vae[key], gan[key]) <= control[key] + chance  # "at or below it"
        if key != "recall":  # "the measures recognise"
            assert longer[key] > floor[key] - 0.05 and longer[key] > control[key] + 0.2
    assert floor["Fréchet"] < longer["Fréchet"] < control["Fréchet"] / 3
    assert longer["recall"] < floor["recall"] - 0.1
    assert longer["low confidence"] < 0.1 and longer["histogram"] < 0.1
    assert gan["Fréchet"] < control["Fréchet"] < vae["Fréchet"]
    assert max(vae["histogram"], gan["histogram"]) < control["histogram"] - 0.1
    assert gan["Fréchet"] < min(vae["Fréchet"], again["Fréchet"]) - abs(
        vae["Fréchet"] - again["Fréchet"]
    )
    assert 0 < gan["recall"] - vae["recall"] < abs(vae["recall"] - again["recall"])
    for key in ("precision", "density", "coverage", "pixel precision"):
        assert gan[key] < vae[key]


def test_interlude_every_measure_is_fooled():
    rows = table(MEASURES, "nearest", "images")
    floor, vae = rows["floor: held-out images"], rows["VAE"]
    contrast, repeated, few = rows["contrast"], rows["repeated"], rows["a tenth"]
    assert contrast["Fréchet"] < vae["Fréchet"] / 2 and contrast["recall"] > 2 * vae["recall"]
    for key in ("precision", "density", "pixel precision"):
        assert contrast[key] < vae[key]
    assert few["Fréchet"] > 8 * floor["Fréchet"]
    for key in ("precision", "density", "histogram", "coverage"):
        assert repeated[key] == few[key]
    assert repeated["Fréchet"] == pytest.approx(few["Fréchet"], rel=0.05)
    assert (repeated["recall"], few["recall"]) == (0, 1) and few["coverage"] < floor["coverage"] / 3
    one = rows["one class"]
    for key in ("precision", "pixel precision", "density"):
        assert one[key] >= floor[key] - 0.01
    assert max(one["recall"], one["coverage"]) < 0.2 and one["histogram"] == 2.3
    assert one["recall"] < few["recall"] and one["coverage"] < few["coverage"]
    assert one["Fréchet"] > 5 * few["Fréchet"] and one["histogram"] > 5 * few["histogram"]
    copied = rows["memorised"]
    assert copied["Fréchet"] < 1.1 * floor["Fréchet"]
    for key in ("precision", "recall", "density", "coverage"):
        assert copied[key] > floor[key]
    assert copied["nearest"] == 0 < floor["nearest"]
    blots = rows["blurred"]
    gan = table(MEASURES, "histogram", "samples")["GAN"]
    assert blots["precision"] > max(vae["precision"], gan["precision"]) + 0.1
    assert blots["density"] > max(vae["density"], gan["density"])
    assert blots["low confidence"] < min(vae["low confidence"], gan["low confidence"])
    assert max(blots["recall"], blots["coverage"]) < 0.1 and blots["Fréchet"] > 3 * vae["Fréchet"]
    assert rows["noise"]["low confidence"] < vae["low confidence"]
    assert rows["noise"]["precision"] == rows["noise"]["coverage"] == 0


# Chapter 5: the VAE-GAN.

TERMS = ["prior", "feature", "adversarial_decoder", "adversarial_discriminator"]


def vaegan_trio(maps=True):
    """Three small networks; the discriminator's features are maps, or vectors."""
    images = keras.Input(games.SHAPE)
    if maps:
        features = layers.Conv2D(3, 2, strides=2)(images)
    else:
        features = layers.Dense(6)(layers.Flatten()(images))
    logits = layers.Dense(1)(layers.Flatten()(layers.Activation("tanh")(features)))
    discriminator = keras.Model(images, (logits, features), name="discriminator")
    return games.encoder(), games.decoder(), discriminator


def test_chapter_5_builds_the_networks_of_the_package():
    written = functions(VAEGAN)
    for kind, build in (
        ("build_encoder", networks.build_encoder),
        ("build_decoder", networks.build_decoder),
    ):
        for image_shape in ((28, 28, 1), (32, 32, 3)):
            theirs = build("small", image_shape, 5)
            ours = written[kind](5, image_shape)
            assert shapes(ours) == shapes(theirs)
            theirs.set_weights(ours.get_weights())
            given = np.random.default_rng(0).uniform(-1, 1, (2, *ours.input_shape[1:]))
            for one, other in zip(
                keras.tree.flatten(ours(given)), keras.tree.flatten(theirs(given)), strict=True
            ):
                np.testing.assert_allclose(one, other, atol=1e-6)
    logits, features = written["build_discriminator"]().outputs
    assert (logits.shape, features.shape) == ((None, 1), (None, 4, 4, 64))


def test_the_terms_of_chapter_5_are_those_of_the_package():
    written, trio = functions(VAEGAN), vaegan_trio()
    x, noise = games.images(), games.noise()
    found = written["four_terms"](*written["play"](*trio, x, noise))
    assert list(found) == TERMS
    model = models.VAEGAN(*trio, gamma=0.3)
    wanted = model.compute_terms(x, training=True, noise=noise)
    for name in TERMS:
        assert float(found[name]) == pytest.approx(float(wanted[name]), rel=1e-5)


def test_the_step_of_chapter_5_is_that_of_the_package():
    """Three steps from the same weights, batches and noise."""
    keras.utils.set_random_seed(3)
    written, trio = functions(VAEGAN), vaegan_trio()
    theirs = list(clones(*trio))
    x = games.images(14)
    optimizers = [keras.optimizers.Adam(0.01) for _ in trio]
    generator, found, sizes = keras.random.SeedGenerator(0), [], []
    for start in range(0, 14, 5):
        batch = x[start : start + 5]
        shape = len(batch), games.LATENT_DIM
        noise = {k: keras.random.normal(shape, seed=generator) for k in ("posterior", "prior")}
        found.append(written["train_step"](trio, optimizers, batch, noise, 0.3))
        sizes.append(len(batch))
    model = models.VAEGAN(*theirs, gamma=0.3, seed=0)
    model.compile(*[keras.optimizers.Adam(0.01) for _ in trio])
    history = model.fit(x, batch_size=5, shuffle=False, verbose=0).history
    wanted = [history[f"{network.name}_loss"][0] for network in theirs]
    np.testing.assert_allclose(np.average(found, axis=0, weights=sizes), wanted, rtol=1e-4)
    for ours, package in zip(trio, theirs, strict=True):
        for one, other in zip(ours.get_weights(), package.get_weights(), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-4)


def test_chapter_5_walks_through_algorithm_1():
    """The ten lines of the algorithm come back as comments of the code, in their order."""
    text = (NOTEBOOKS / f"{VAEGAN}.py").read_text(encoding="utf-8")
    steps = re.search(r"# 1\. \$.*\n(?:# +\d+\. .*\n)+", text)[0]
    assert [int(n) for n in re.findall(r"# +(\d+)\.", steps)] == list(range(1, 11))
    commented = [int(n) for n in re.findall(r"  # line (\d+)$", text, re.MULTILINE)]
    assert sorted(commented) == list(range(1, 11))


def test_chapter_5_by_hand_and_by_fit_agree():
    found = table(VAEGAN, "mean over one epoch")
    assert found["by hand"] == pytest.approx(found["models.VAEGAN"], abs=0.02)


def test_chapter_5_five_of_twelve_gradients_are_used():
    rows = table(VAEGAN, "length of the gradient")
    assert list(rows) == TERMS
    zeros = [(term, name) for term, row in rows.items() for name, v in row.items() if v == 0]
    assert zeros == [("prior", "decoder"), ("prior", "discriminator")]


def test_chapter_5_the_pixel_loss_is_a_poor_judge():
    rows = table(VAEGAN, "pixel loss", first="shifted by 1", last="another digit")
    assert {"shifted by 2", "blurred by 2"} <= set(rows)
    loss = {name: row["pixel loss"] for name, row in rows.items()}
    assert loss["shifted by 2"] > loss["blurred by 2"]
    assert loss["mean image"] < 1.3 * loss["shifted by 2"]  # "little worse"
    one, average = (row["mean pixel loss"] for row in table(VAEGAN, "mean pixel loss").values())
    assert one == pytest.approx(2 * average, rel=0.05)


def test_chapter_5_gamma_alone():
    small, middle, large = table(VAEGAN, "mean D of samples").values()
    error = "pixel loss of copies"
    assert small[error] > 1.6 * middle[error]  # "doubles"
    assert large[error] > 0.95 * middle[error]  # "come no closer"
    assert large["mean D of samples"] < 0.7 * middle["mean D of samples"]
    assert small["mean D of samples"] < middle["mean D of samples"]
    for measure in ("precision", "coverage"):
        assert large[measure] > max(small[measure], middle[measure])


def test_chapter_5_levels_of_a_blind_discriminator():
    hard = functions(VAEGAN)["blind"](1.0, 1.0)
    assert hard["D"] == pytest.approx(1 / 3)
    for target, weight in ((1.0, 1.0), (0.9, 0.5), (0.9, 1.0)):
        found = functions(VAEGAN)["blind"](target, weight)
        d = np.linspace(0.01, 0.99, 9801)
        paid = -target * np.log(d) - (1 - target + 2 * weight) * np.log(1 - d)
        assert d[paid.argmin()] == pytest.approx(found["D"], abs=1e-3)
        assert paid.min() == pytest.approx(found["discriminator's loss"], abs=1e-6)
    level = table(VAEGAN, "discriminator's loss")["fit, target 0.9, fakes half"]
    first, last = numbers(VAEGAN, "discriminator_loss  ")
    assert first < 0.9 * last < last < level["discriminator's loss"]
    fakes = [numbers(VAEGAN, f"d_{kind}  ")[1] for kind in ("reconstruction", "generated")]
    assert max(fakes) < level["D"] < numbers(VAEGAN, "d_real  ")[1]


def test_chapter_5_the_capstones_losses_rise_because_the_ruler_grows():
    first, second, *_, tenth, last = table(VAEGAN, "loss over variance").values()
    grown = [second[key] / first[key] for key in ("encoder's loss", "loss over variance")]
    assert 1 < grown[0] < grown[1]  # early the quotient rises by more
    assert last["encoder's loss"] > 1.2 * tenth["encoder's loss"]
    assert last["loss over variance"] < tenth["loss over variance"]
    assert numbers(VAEGAN, "losses, last epoch")[2] < 1.5  # well below 1.91
    rows = table(VAEGAN, "Fréchet", "samples", last="yours, four settings", first="VAE-GAN, by fit")
    by_fit, plain, settled = (row["Fréchet"] for row in rows.values())
    assert settled - by_fit < (plain - by_fit) / 2
    plain, settled = rows["yours"], rows["yours, four settings"]
    assert settled["recall"] > plain["recall"]
    assert all(settled[measure] < plain[measure] for measure in ("precision", "coverage"))


def test_chapter_5_control_and_floor():
    rows = table(VAEGAN, "Fréchet", first="test images", last="VAE-GAN")
    controls = [row for name, row in rows.items() if "contrast" in name]
    distance = {name: row["Fréchet"] for name, row in rows.items()}
    assert distance["VAE-GAN"] < distance["VAE"] / 1.8  # "less than half", about
    best = min(controls, key=lambda row: row["Fréchet"])
    assert best["Fréchet"] < distance["VAE-GAN"]
    assert all(best[measure] > rows["VAE-GAN"][measure] for measure in ("precision", "coverage"))
    assert 5 * distance["test images"] < min(v for k, v in distance.items() if k != "test images")
    copied = table(VAEGAN, "classifier's features")
    assert copied["VAE"]["pixel loss"] < copied["VAE-GAN"]["pixel loss"]
    assert copied["VAE-GAN"]["KL"] < copied["VAE"]["KL"]  # "no larger"
    features = {name: row["classifier's features"] for name, row in copied.items()}
    nearest = min((name for name in features if "contrast" in name), key=features.get)
    assert features[nearest] < 1.05 * features["VAE-GAN"] < features["VAE"]
    assert copied[nearest]["pixel loss"] < copied["VAE-GAN"]["pixel loss"]
    assert features["VAE"] < features["VAE, contrast x2"] < features["VAE, contrast x4"]


def test_chapter_5_with_fitted_codes():
    rows = table(VAEGAN, "nearest", last="VAE-GAN, mixture", first="test images")
    vae, vaegan = (rows[f"{name}, mixture"] for name in ("VAE", "VAE-GAN"))
    controls = [row for name, row in rows.items() if "contrast" in name]
    best = min(controls, key=lambda row: row["Fréchet"])
    assert vaegan["Fréchet"] < 0.75 * vae["Fréchet"]
    assert best["Fréchet"] < vaegan["Fréchet"] < rows["VAE, contrast x2, mixture"]["Fréchet"]
    assert all(best[m] > vaegan[m] for m in ("precision", "recall", "coverage"))
    prior = table(VAEGAN, "Fréchet", first="test images", last="VAE-GAN")
    for name in ("VAE", "VAE-GAN"):
        drawn, copied = rows[f"{name}, mixture"], rows[f"{name}, copies of test images"]
        assert drawn["Fréchet"] < prior[name]["Fréchet"] / 1.3
        assert drawn["recall"] < prior[name]["recall"]
        assert all(drawn[m] > prior[name][m] for m in ("precision", "coverage"))
        assert drawn["Fréchet"] == pytest.approx(copied["Fréchet"], rel=0.15)
        assert drawn["nearest"] > 0.95 * copied["nearest"]
    scores = table(VAEGAN, "VAE, held out")
    (chosen,) = numbers(VAEGAN, "chosen: ")
    for name in ("VAE", "VAE-GAN"):
        best = max(scores, key=lambda count: scores[count][f"{name}, held out"])
        assert float(best) == chosen


def test_chapter_5_the_capstone_has_less_than_eighty_lines():
    paths = (NOTEBOOKS / "exercises").glob("capstone_*.py")
    parts = [read_exercise(path)["@title Solution"].splitlines() for path in paths]
    lines = [line for part in parts for line in part if line.strip()]
    assert len(parts) == 6 and len(lines) < 80


def test_chapter_5_the_capstones_control_is_caught_by_recall():
    rows = table(VAEGAN, "Fréchet", first="test images", last="yours")
    control = rows.pop("blurred beyond recognition")
    real = rows.pop("test images")
    assert max(row["precision"] for row in rows.values()) < control["precision"]
    assert control["recall"] == control["coverage"] == 0 < rows["yours"]["recall"]
    assert real["Fréchet"] < rows["yours"]["Fréchet"] < control["Fréchet"]


# The workshop: six broken trainings.

FAULTS = ("sign", "leak", "mean", "sigmoid", "batch", "saturating")


def test_the_sound_step_of_the_workshop_is_that_of_the_package():
    trio, x, noise = vaegan_trio(maps=False), games.images(), games.noise()
    own, terms, _ = functions(BROKEN)["losses_of"](*trio, x, noise, 0.3)
    model = models.VAEGAN(*trio, gamma=0.3)
    wanted = model.compute_losses(x, training=True, noise=noise)
    assert {k: float(v) for k, v in own.items()} == pytest.approx(
        {k: float(v) for k, v in wanted.items()}, rel=1e-5
    )


def test_the_workshops_faults_are_those_of_the_laboratory():
    """The same names and the same words."""
    text = (NOTEBOOKS / f"{BROKEN}.py").read_text(encoding="utf-8")
    named = dict(re.findall(r"# - `(\w+)`: (.+?)[;.]\n", text))
    settings = (NOTEBOOKS.parent / "vaegan_edu/widgets/laboratory/settings.js").read_text("utf-8")
    faults = settings[settings.index("const FAULTS") :]
    assert named == dict(re.findall(r'  (\w+): \{\n    label: "(.+?)",', faults))
    assert set(named) == set(FAULTS)


def test_each_test_of_the_workshop_finds_one_case():
    rows = table(BROKEN, "found_out")
    sound, added_up = rows.pop("sound"), rows.pop("gradients added up")
    assert added_up["found_out"] == 0 < added_up["leak"]
    assert {name.split(": ")[1] for name in rows} == set(FAULTS)
    finds = {
        "direction": "sign",
        "found_out": "leak",
        "leak": "leak",
        "feature": "sigmoid",
        "prior": "mean",
        "strength": "saturating",
        "mixed": "batch",
    }
    for column, fault in finds.items():
        for name, row in rows.items():
            apart = abs(row[column] - sound[column]) > 0.01 + 0.3 * abs(sound[column])
            assert apart == name.endswith(f": {fault}"), (column, name)


def test_the_workshops_saturating_game_is_turned_down_not_off():
    rows = table(BROKEN, "share of the game, trained")
    share = {name: row["share of the game, trained"] for name, row in rows.items()}
    assert share["sound"] == pytest.approx(0.5, abs=0.1) and 0.05 < share["E"] < 0.25


def test_the_workshops_images_of_the_wrong_range_give_grain():
    sound, wrong = table(BROKEN, "scatter where the original is black").values()
    assert (
        wrong["scatter where the original is black"]
        > 1.3 * sound["scatter where the original is black"]
    )
    for key in ("D real", "D samples"):
        assert wrong[key] == pytest.approx(sound[key], abs=0.1)
    assert sound["darkest fake pixel before training"] < 0 == wrong["darkest real pixel"]


def test_the_tests_that_the_pages_name_exist():
    defined = {
        name
        for path in NOTEBOOKS.parent.glob("tests/test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    pages = sorted(NOTEBOOKS.glob("[0-9]*.py"))
    text = "".join(page.read_text(encoding="utf-8") for page in pages)
    named = set(re.findall(r"`(test_\w+)`", text))
    assert named and named <= defined


# Chapters 6 and 8.


def test_the_closeness_layer_of_chapter_6_is_that_of_the_package():
    """On features whose batch holds copies, forwards and backwards."""
    cells = jupytext.read(NOTEBOOKS / "06_mode_collapse.py", fmt="py:percent").cells
    (cell,) = [cell for cell in cells if cell.source.startswith("class Closeness")]
    space = {"keras": keras, "layers": layers, "ops": ops}
    exec(cell.source, space)
    f = np.random.default_rng(0).normal(size=(5, 7)).astype("float32")
    f = tf.constant(np.concatenate([f, f[:2]]))
    found = []
    for layer in (space["Closeness"](3, 4, 0.5), MinibatchDiscrimination(3, 4, 0.5)):
        layer.build((None, 7))
        if found:
            layer.kernel.assign(found[0][2])
        with tf.GradientTape() as tape:
            tape.watch(f)
            out = layer(f)
            loss = ops.sum(out**2)
        found.append((out, tape.gradient(loss, f), layer.kernel.numpy()))
    written, package = found
    np.testing.assert_allclose(written[0], package[0], atol=1e-6)
    np.testing.assert_allclose(written[1], package[1], atol=1e-5)
    assert np.std(written[2]) == pytest.approx(1 / (4 * 7**0.5), rel=0.25)


def test_chapter_8_what_its_ring_and_its_digits_say():
    ring = table("08_tricks", "modes of 8")
    assert min(int(x) for x in ring["norm-after"]["modes of 8"].split()) > 4  # "most of the modes"
    found = {
        name: {key: [float(x) for x in str(row[key]).split()] for key in row if "each" in key}
        for name, row in table("08_tricks", "coverage, each seed").items()
    }
    coverage = {name: row["coverage, each seed"] for name, row in found.items()}
    assert max(coverage["norm-after"]) < 0.2 * min(coverage["plain"])
    assert max(coverage["norm-none"]) < min(coverage["plain"])
    distance = {name: row["Fréchet, each seed"] for name, row in found.items()}
    assert min(distance["norm-none"]) > max(distance["plain"])
    assert np.mean(distance["noise"]) > np.mean(distance["plain"])
    for label in ("soft", "noisy"):
        assert min(coverage[label]) <= max(coverage["plain"])
        assert max(coverage[label]) >= min(coverage["plain"])
    assert max(abs(x) for row in found.values() for x in row["overfitting, each seed"]) < 0.01
    claimed = table("08_tricks", "falls by")
    assert {row["to"] for row in claimed.values()} == {"norm-after", "dropout-dense", "noise"}


def test_chapter_9_the_division_by_epochs_is_a_rare_one():
    fall, hits, divisions = numbers("09_mnist_experiment", "largest fall")
    assert divisions == 1716 and hits / divisions < 0.01  # "fewer than one of a hundred"
    assert fall > 0.1


def test_chapter_8_the_harm_is_one_of_the_averages():
    found = table("08_tricks", "coverage lost")
    # The page counts by itself, since a notebook on Colab cannot import the benchmark.
    lost = [row["coverage lost"] for row in batch_norm_averages.rows()]
    assert [row["coverage lost"] for row in found.values()] == lost
    lagging = found["averages as they were, epochs 11 to 20"]
    last = found["averages as they were, the last epoch"]
    renewed = found["averages renewed, epochs 11 to 20"], found["averages renewed, the last epoch"]
    assert lagging["coverage, after"] < 0.1 * lagging["coverage, before"]  # "nearly all"
    assert 0.5 * last["coverage, before"] > last["coverage, after"] > lagging["coverage, after"]
    for row in renewed:  # "ahead in the mean, in distance and in coverage"
        assert row["coverage, after"] > row["coverage, before"]
        assert row["Fréchet, after"] < row["Fréchet, before"]
    for lag, new in zip((lagging, last), renewed, strict=True):  # "a quarter"
        assert 0.2 < 1 - new["Fréchet, before"] / lag["Fréchet, before"] < 0.35
