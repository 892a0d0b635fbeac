"""The laboratory: its step equals Keras', its slopes are slopes, and the page answers its reader."""

import functools
import http.server
import json
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from tests import games
from tests.browser import CHROMIUM, Browser
from vaegan_edu import datasets, metrics, models, widgets
from vaegan_edu.layers import MinibatchDiscrimination
from vaegan_edu.widgets import laboratory

ROOT = Path(__file__).resolve().parents[1]
SOURCES = Path(laboratory.__file__).parent
NODE = shutil.which("node")
SMALL = {"hidden": 16, "latent_dim": 3, "batch_size": 6}
TERMS = ["prior", "pixel", "feature", "adversarial_decoder", "adversarial_discriminator"]
NETWORKS = ["encoder", "decoder", "discriminator"]

in_browser = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
runs_scripts = pytest.mark.skipif(
    not (NODE or CHROMIUM), reason="needs Node or Chromium to run JavaScript"
)


# The kernels, alone.


@pytest.fixture(scope="module")
def evaluate(tmp_path_factory):
    """A function from JavaScript that returns a value to that value, with the kernels at hand."""
    settings = (SOURCES / "settings.js").read_text(encoding="utf-8")
    source = laboratory.engine_source() + settings + (Path(__file__).parent / "trainer.js").read_text()
    folder = tmp_path_factory.mktemp("kernels")
    if NODE:

        def run(script):
            file = folder / "script.js"
            text = f"const answer = (() => {{ {script} }})();\n"
            file.write_text(f"{source}\n{text}process.stdout.write(JSON.stringify(answer));\n")
            done = subprocess.run([NODE, file], capture_output=True, text=True, timeout=120)
            assert done.returncode == 0, done.stderr[-3000:]
            return json.loads(done.stdout)

        yield run
    else:
        browser = Browser(folder / "profile")
        yield lambda script: browser.run(f"(() => {{ {source}\n{script} }})()")
        browser.close()


def weights(rng, *, latent_dim=3, hidden=16, kernels=0, kernel_dim=4, **_):
    """Random weights of the three networks by layer, as `networks.js` lays them out."""

    def dense(inputs, units):
        kernel = rng.normal(0, inputs**-0.5, (inputs, units))
        return {"kernel": kernel.astype("float32"), "bias": rng.normal(0, 0.1, units).astype("f4")}

    half = hidden // 2
    discriminator = [dense(64, hidden), {}, dense(hidden, half), {}]
    if kernels:
        kernel = rng.normal(0, 0.2, (half, kernels, kernel_dim)).astype("float32")
        discriminator.append({"kernel": kernel})
    return {
        "encoder": [dense(64, hidden), {}, dense(hidden, 2 * latent_dim)],
        "decoder": [dense(latent_dim, hidden), {}, dense(hidden, hidden), {}, dense(hidden, 64), {}],
        "discriminator": [*discriminator, dense(half + kernels, 1)],
    }


def keras_networks(given, *, latent_dim=3, hidden=16, kernels=0, kernel_dim=4, kernel_scale=0.1,
                   variational=True, **_):  # fmt: skip
    """The same three networks in Keras, with the given weights."""
    half = hidden // 2

    def leaky():
        return layers.LeakyReLU(negative_slope=0.2)

    images = layers.Input((8, 8, 1))
    h = leaky()(layers.Dense(hidden)(layers.Flatten()(images)))
    heads = [layers.Dense(latent_dim)(h) for _ in range(2 if variational else 1)]
    encoder = keras.Model(images, heads if variational else heads[0])
    z = layers.Input((latent_dim,))
    h = layers.Dense(hidden, "relu")(layers.Dense(hidden, "relu")(z))
    decoder = keras.Model(z, layers.Reshape((8, 8, 1))(layers.Dense(64, "tanh")(h)))
    features = layers.Dense(half)(leaky()(layers.Dense(hidden)(layers.Flatten()(images))))
    h = leaky()(features)
    if kernels:
        h = MinibatchDiscrimination(kernels, kernel_dim, scale=kernel_scale)(h)
    discriminator = keras.Model(images, (layers.Dense(1)(h), features))
    built = {"encoder": encoder, "decoder": decoder, "discriminator": discriminator}
    for name, network in built.items():
        network.set_weights(flat(given[name], name, latent_dim, variational))
    return built


def flat(parameters, name, latent_dim, variational=True):
    """The arrays of a network by layer in Keras' order: the encoder's heads apart."""
    arrays = [np.asarray(array) for layer in parameters for array in layer.values()]
    if name == "encoder":
        *trunk, kernel, bias = arrays
        halves = [slice(latent_dim), slice(latent_dim, None)][: 2 if variational else 1]
        arrays = [*trunk, *(part for half in halves for part in (kernel[:, half], bias[half]))]
    return arrays


def as_json(value):
    return json.dumps(value, default=lambda array: np.asarray(array).tolist())


CASES = {
    "vae-gan": {"gamma": 0.3, "kl_weight": 2.0, "feature_weight": 0.7},
    "vae-gan, minibatch": {"kernels": 8, "gamma": 2.0},
    "vae-gan, minimax": {"adversarial_loss": "minimax", "kernels": 2, "kernel_scale": 1.0},
    "vae-gan, samples alone": {"reconstructions_are_fakes": False},
    "gan": {"preset": "gan"},
    "gan, minibatch and minimax": {"preset": "gan", "kernels": 8, "adversarial_loss": "minimax"},
    "vae": {"preset": "vae", "kl_weight": 3.0},
    "autoencoder": {"preset": "autoencoder"},
}


def keras_step(case, given, images, noise, monkeypatch):
    """One step of stochastic gradient descent by `fit`: minus the gradients, and the logs."""
    preset = case.get("preset", "vae-gan")
    sizes = {key: case[key] for key in ("kernels", "kernel_scale") if key in case}
    built = keras_networks(given, variational=preset != "autoencoder", **sizes)
    form = {"adversarial_loss": case.get("adversarial_loss", "non-saturating")}
    if preset == "gan":
        model = models.GAN(built["decoder"], built["discriminator"], **form)
        names = {"generator": "decoder", "discriminator": "discriminator"}
    elif preset == "vae-gan":
        options = ("gamma", "kl_weight", "feature_weight", "reconstructions_are_fakes")
        options = {"gamma": 1.0} | {key: case[key] for key in options if key in case}
        model = models.VAEGAN(*built.values(), **form, **options)
        names = {name: name for name in NETWORKS}
    else:
        both = built["encoder"], built["decoder"]
        model = (
            models.VAE(*both, beta=case["kl_weight"])
            if preset == "vae"
            else models.Autoencoder(*both)
        )
        names = {"encoder": "encoder", "decoder": "decoder"}
        # The only normal numbers that these two draw.
        drawn = keras.ops.convert_to_tensor(noise["posterior"])
        monkeypatch.setattr(keras.random, "normal", lambda *args, **kwargs: drawn)
    if preset in ("gan", "vae-gan"):
        games.fix_noise(model, {name: noise[name] for name in model.noise_names})
        games.compiled(model, rates=dict.fromkeys(model.network_names, 1.0))
    else:
        model.compile(keras.optimizers.SGD(1.0))
    before = {name: built[name].get_weights() for name in NETWORKS}
    history = model.fit(images, batch_size=len(images), verbose=0, shuffle=False).history
    moves = {
        name: [old - new for old, new in zip(before[name], built[name].get_weights(), strict=True)]
        for name in NETWORKS
    }
    return moves, {key: values[0] for key, values in history.items()}, names


@runs_scripts
def test_one_step_equals_keras(evaluate, monkeypatch):
    rng = np.random.default_rng(0)
    images = datasets.load_digits(8)[0][0][:6]
    noise = {k: rng.standard_normal((6, 3)).astype("float32") for k in ("posterior", "prior")}
    given = {name: weights(rng, kernels=case.get("kernels", 0)) for name, case in CASES.items()}
    got = evaluate(
        f"""return {as_json(list(CASES.items()))}.map(([name, own]) => [false, true].map((simd) =>
          stepFrom({{ ...{as_json(SMALL)}, ...own }}, {as_json(given)}[name],
            {as_json(images.ravel())}, {as_json({k: v.ravel() for k, v in noise.items()})}, simd)));"""
    )
    for (name, case), answers in zip(CASES.items(), got, strict=True):
        with monkeypatch.context() as patch:
            moves, logs, names = keras_step(case, given[name], images, noise, patch)
        variational = name != "autoencoder"
        for answer in answers:
            assert sorted(answer["losses"]) == sorted(names.values()), name
            for network in NETWORKS:
                if network not in names.values():
                    assert not any(np.any(move) for move in moves[network])
                    continue
                found = flat(shaped(answer["gradients"][network], given[name][network]), network, 3,
                             variational)  # fmt: skip
                for move, gradient in zip(moves[network], found, strict=True):
                    assert np.abs(move).max() > 1e-4, f"{name}, {network}: nothing moved"
                    np.testing.assert_allclose(gradient, move, atol=1e-5, err_msg=f"{name} {network}")
            terms = answer["terms"]
            if name in ("vae", "autoencoder"):
                total = terms["pixel"] + case.get("kl_weight", 0) * terms["prior"]
                assert total == pytest.approx(logs["loss"], rel=1e-5)
            else:
                for keras_name, network in names.items():
                    assert answer["losses"][network] == pytest.approx(
                        logs[f"{keras_name}_loss"], rel=1e-5, abs=1e-5
                    )
                for kind, value in answer["d"].items():
                    assert value == pytest.approx(logs[f"d_{kind}"], rel=1e-5)
            if name.startswith("vae-gan"):
                assert terms["prior"] == pytest.approx(logs["kl_loss"], rel=1e-5)
                assert terms["feature"] == pytest.approx(logs["feature_loss"], rel=1e-5)


def shaped(gradients, like):
    """The gradients in the shapes of the weights."""
    return [
        {name: np.reshape(layer[name], np.shape(own[name])) for name in own}
        for layer, own in zip(gradients, like, strict=True)
    ]


@runs_scripts
def test_every_term_equals_keras(evaluate):
    """All four terms of the VAE-GAN by themselves, from `compute_terms`."""
    rng = np.random.default_rng(1)
    images = datasets.load_digits(8)[0][0][:6]
    noise = {k: rng.standard_normal((6, 3)).astype("float32") for k in ("posterior", "prior")}
    given = weights(rng, kernels=8)
    built = keras_networks(given, kernels=8)
    terms = models.VAEGAN(*built.values()).compute_terms(images, training=True, noise=noise)
    got = evaluate(
        f"""return stepFrom({{ ...{as_json(SMALL)}, kernels: 8 }}, {as_json(given)},
          {as_json(images.ravel())}, {as_json({k: v.ravel() for k, v in noise.items()})}, false);"""
    )["terms"]
    assert set(terms) == set(TERMS) - {"pixel"}
    for name, value in terms.items():
        assert got[name] == pytest.approx(float(value), rel=1e-5), name


@runs_scripts
def test_adam_equals_keras(evaluate):
    rng = np.random.default_rng(2)
    start = rng.normal(size=(4, 3)).astype("float32")
    gradients = rng.normal(size=(5, 4, 3)).astype("float32") * [[[1e-3]], [[1]], [[10]], [[1]], [[0]]]
    variable = keras.Variable(start)
    optimizer = keras.optimizers.Adam(2e-3, beta_1=0.5)
    for gradient in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(gradient, "float32")], [variable])
    got = evaluate(
        f"""const values = Float64Array.from({as_json(start.ravel())});
        const move = adam([{{ parameters: {{ kernel: {{ values }} }} }}]);
        for (const kernel of {as_json([g.ravel() for g in gradients])}) move([{{ kernel }}], 2e-3);
        return Array.from(values);"""
    )
    moved = keras.ops.convert_to_numpy(variable).ravel()
    assert np.abs(moved - start.ravel()).max() > 1e-3
    np.testing.assert_allclose(got, moved, atol=1e-6)


@runs_scripts
def test_every_slope_is_that_of_its_loss(evaluate):
    """Finite differences: every term in every network's loss, every preset and every fault."""
    got = evaluate("return slopes();")
    assert len(got) >= 12 + 7 + 6
    for name, pairs in got.items():
        assert pairs, name
        for network, measured, computed in pairs:
            assert computed == pytest.approx(measured, rel=2e-5, abs=1e-7), f"{name}, {network}"


@runs_scripts
def test_a_switch_that_is_off_gives_a_network_nothing(evaluate):
    got = evaluate("return reached();")
    expected = {
        "prior": ["encoder"],
        "pixel": ["encoder", "decoder"],
        "feature": NETWORKS,
        "adversarial_decoder": NETWORKS,
        "adversarial_discriminator": NETWORKS,
    }
    assert set(got) == set(TERMS)
    for term, networks in got.items():
        assert [name for name in NETWORKS if networks[name] > 1e-9] == expected[term], term


@runs_scripts
def test_each_fault_is_what_it_says(evaluate):
    got = evaluate("return faults();")
    sound = got["sound"]
    assert set(got) == {"sound", *laboratory.FAULTS}
    gradient = {name: np.array(case["gradients"]) for name, case in got.items()}  # by network
    encoder, decoder, discriminator = range(3)

    def same(name, network):
        return np.allclose(gradient[name][network], gradient["sound"][network], atol=1e-12)

    # Which networks a fault touches.
    touched = {
        name: [not same(name, network) for network in range(3)] for name in laboratory.FAULTS
    }
    assert touched == {
        "sign": [False, True, False],
        "leak": [False, False, True],
        "mean": [True, False, False],
        "sigmoid": [True, True, False],
        "batch": [False, True, True],
        "saturating": [False, True, False],
    }
    terms = {name: case["terms"] for name, case in got.items()}
    # gamma feature + adversarial against gamma feature - adversarial: their mean is gamma feature.
    feature = np.array(got["sound"]["feature"])
    half = (gradient["sound"][decoder] + gradient["sign"][decoder]) / 2
    assert np.allclose(half, feature[decoder], atol=1e-12)
    leaked = gradient["leak"][discriminator] - gradient["sound"][discriminator]
    assert np.allclose(leaked, feature[discriminator], atol=1e-12) and np.abs(leaked).max() > 1e-3
    assert terms["mean"]["prior"] == pytest.approx(sound["terms"]["prior"] / 3)
    assert terms["sigmoid"]["feature"] == pytest.approx(got["sigmoid"]["by_hand"])
    assert terms["sigmoid"]["feature"] < 0.5 < sound["terms"]["feature"]
    assert terms["saturating"]["adversarial_decoder"] < 0 < sound["terms"]["adversarial_decoder"]
    assert got["batch"]["calls"] == 1 and sound["calls"] == 3


@runs_scripts
def test_the_vectors_product_is_the_product(evaluate):
    got = evaluate("return products();")
    if got is None:
        pytest.skip("no WebAssembly vectors here")
    assert len(got) > 30
    for shape, error, length in got:
        assert error < 1e-5 and length == shape[0] * shape[2], shape


@runs_scripts
def test_measures_are_those_of_the_package(evaluate):
    (x_train, y_train), _ = datasets.load_digits(8)
    rng = np.random.default_rng(3)
    real = x_train[:200]
    near = np.clip(x_train[200:240] + rng.normal(0, 0.25, (40, 8, 8, 1)), -1, 1)
    samples = np.concatenate([near, rng.uniform(-1, 1, (10, 8, 8, 1))])
    codes = rng.normal(size=(50, 6)) * [1, 0.01, 1, 1, 1, 1]
    got = evaluate(
        f"""const real = Float64Array.from({as_json(real.ravel())});
        const samples = Float64Array.from({as_json(samples.ravel())});
        const judge = makeJudge(real, {as_json(y_train[:200])}, samples.subarray(0, 64));
        return {{ ...judgeSamples(samples, judge), active: activeUnits({as_json(codes.ravel())}, 3) }};"""
    )
    overlap = metrics.manifold_overlap(real.reshape(200, 64), samples.reshape(50, 64))
    assert 0.1 < overlap["precision"] < 0.9 and overlap["coverage"] > 0.05
    assert got["precision"] == pytest.approx(overlap["precision"])
    assert got["coverage"] == pytest.approx(overlap["coverage"])
    ratio = metrics.sharpness(samples) / metrics.sharpness(real)
    assert got["sharpness"] == pytest.approx(ratio, rel=1e-6)
    nearest = ((samples.reshape(50, 1, 64) - real.reshape(1, 200, 64)) ** 2).sum(-1).argmin(1)
    assert got["histogram"] == np.bincount(y_train[nearest], minlength=10).tolist()
    assert got["active"] == metrics.active_units(codes[:, :3]) == 2


@runs_scripts
def test_equal_seeds_train_equally_and_training_helps(evaluate):
    pixels = laboratory._engine()["pixels"][: 64 * 300]
    got = evaluate(f"return trained({json.dumps(pixels)});")
    assert got["same"] and got["other"]
    first, last = got["pixel"]
    assert last < 0.6 * first  # a VAE learns to copy in three epochs
    assert got["steps"] == 12 and got["epochs"] == pytest.approx(3)


def test_the_digits_travel_unchanged(tmp_path):
    laboratory.write_engine(tmp_path / "static" / "laboratory.js")
    text = (tmp_path / "static" / "laboratory.js").read_text(encoding="utf-8")
    engine = json.loads(text.removeprefix("window.vaeganLaboratory = ").removesuffix(";\n"))
    grey = np.frombuffer(engine["pixels"].encode(), "uint8") - ord("a")
    (x_train, y_train), (x_test, y_test) = datasets.load_digits(8)
    expected = np.concatenate([x_train, x_test])
    np.testing.assert_allclose(grey.reshape(expected.shape) / 8 - 1, expected, atol=1e-6)
    assert list(map(int, engine["labels"])) == [*y_train, *y_test]
    assert engine["held"] == len(y_test) == 360 and len(y_train) == 1437
    assert not re.search(r"https?://", text)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"preset": "wgan"}, "preset must be one of autoencoder, vae, .* Received: 'wgan'"),
        ({"fault": "nan"}, "fault must be one of sign, leak, .* Received: 'nan'"),
    ],
)
def test_a_bad_setting_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        widgets.Laboratory(**settings)


def test_names_are_those_of_the_scripts():
    text = (SOURCES / "settings.js").read_text(encoding="utf-8")
    _, presets, faults = re.split(r"const (?:PRESETS|FAULTS) = ", text)
    assert tuple(re.findall(r'(?m)^  "?([\w-]+)"?: \{$', presets)) == laboratory.QUESTIONS
    assert tuple(re.findall(r'(?m)^  "?([\w-]+)"?: \{$', faults)) == laboratory.FAULTS
