"""The laboratory: its step equals Keras', its slopes are slopes, the page answers its reader."""

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

from benchmarks import laboratory as benchmark
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
    files = SOURCES / "settings.js", Path(__file__).with_name("trainer.js")
    texts = (file.read_text(encoding="utf-8") for file in files)
    source = laboratory.engine_source() + "".join(texts)
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
        "decoder": [
            *(dense(latent_dim, hidden), {}, dense(hidden, hidden), {}, dense(hidden, 64), {})
        ],
        "discriminator": [*discriminator, dense(half + kernels, 1)],
    }


def keras_networks(
    given,
    *,
    latent_dim=3,
    hidden=16,
    kernels=0,
    kernel_dim=4,
    kernel_scale=0.1,
    variational=True,
    **_,
):
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


def given_to_script(weights, images, noise):
    return as_json([weights, images.ravel(), {name: z.ravel() for name, z in noise.items()}])


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
        # The only normal numbers that these two draw; `compile` asks for fewer.
        drawn = keras.ops.convert_to_tensor(noise["posterior"])
        monkeypatch.setattr(keras.random, "normal", lambda shape, **settings: drawn[: shape[0]])
    if preset in ("gan", "vae-gan"):
        games.fix_noise(model, {name: noise[name] for name in model.noise_names})
        rates = dict.fromkeys(model.network_names, 1.0)
        games.compiled(model, rates=rates, run_eagerly=True)  # one step is not worth a graph
    else:
        model.compile(keras.optimizers.SGD(1.0), run_eagerly=True)
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
        f"""const [weights, images, noise] = {given_to_script(given, images, noise)};
        return {as_json(list(CASES.items()))}.map(([name, own]) => [false, true].map((simd) =>
          stepFrom({{ ...{as_json(SMALL)}, ...own }}, weights[name], images, noise, simd)));"""
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
                found = flat(
                    shaped(answer["gradients"][network], given[name][network]),
                    network,
                    3,
                    variational,
                )
                for move, gradient in zip(moves[network], found, strict=True):
                    assert np.abs(move).max() > 1e-4, f"{name}, {network}: nothing moved"
                    np.testing.assert_allclose(gradient, move, atol=1e-5, err_msg=network)
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
        f"""const [weights, images, noise] = {given_to_script(given, images, noise)};
        return stepFrom({{ ...{as_json(SMALL)}, kernels: 8 }}, weights, images, noise, false);"""
    )["terms"]
    assert set(terms) == set(TERMS) - {"pixel"}
    for name, value in terms.items():
        assert got[name] == pytest.approx(float(value), rel=1e-5), name


@runs_scripts
def test_adam_equals_keras(evaluate):
    rng = np.random.default_rng(2)
    start = rng.normal(size=(4, 3)).astype("float32")
    scales = np.array([1e-3, 1, 10, 1, 0]).reshape(5, 1, 1)
    gradients = scales * rng.normal(size=(5, 4, 3)).astype("float32")
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
        const active = activeUnits({as_json(codes.ravel())}, 3);
        return {{ ...judgeSamples(samples, judge), active }};"""
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
    pixels = laboratory.make_engine()["pixels"][: 64 * 300]
    got = evaluate(f"return trained({json.dumps(pixels)});")
    assert got["same"] and got["other"]
    first, last = got["pixel"]
    assert last < 0.6 * first  # a VAE learns to copy in three epochs
    assert got["steps"] == 12 and got["epochs"] == pytest.approx(3)


@pytest.mark.skipif(NODE is None, reason="needs Node")
def test_the_benchmark_measures_questions_and_faults(capsys):
    benchmark.main(["--arms", "vae", "cure", "leak", "--seeds", "2", "--steps", "24"])
    head, _, *rows = capsys.readouterr().out.splitlines()
    cells = {row.split(" | ")[0].strip("| "): row.split(" | ")[1:] for row in rows}
    names = head.strip("| ").split(" | ")[1:]
    assert list(cells) == ["vae", "cure", "leak"] and len(names) == len(cells["vae"])
    assert cells["vae"][names.index("feature")] == "–"  # a VAE has no discriminator
    assert re.fullmatch(r"[\d.]+(?: to [\d.]+)?", cells["leak"][names.index("feature")])


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


# The page. Each test opens one of its own; a slow machine only makes it wait.


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A browser for all tests of the page."""
    opened = Browser(tmp_path_factory.mktemp("browser") / "profile")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder with pages `<preset>.html`, and the engine beside them."""
    folder = tmp_path_factory.mktemp("site")
    laboratory.write_engine(folder / "laboratory.js")
    for name in ("vae-gan", "vae", "break-it"):
        write_page(folder / f"{name}.html", widgets.Laboratory(name, "laboratory.js", fault="sign"))
    return folder


def write_page(path, figure):
    path.write_text(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Laboratory</title>"
        '<meta name=viewport content="width=device-width, initial-scale=1">'
        "<link rel=icon href=data:,>"
        f"<main>{figure.to_html()}"
        '<button data-laboratory=gan style="height: 2rem" hidden>Set up</button></main>',
        encoding="utf-8",
    )


@pytest.fixture
def open_page(browser, site):
    """A function that opens a page of the site as on a desk, and returns the browser."""

    def open_page(name, address=None, size=(1000, 800), phone=False, **media):
        browser.size(*size, phone=phone)
        browser.media(**media)
        browser.open("about:blank")
        browser.open(f"{address or site.as_uri()}/{name}")
        return browser

    yield open_page
    browser.media()


STEPS = "Number(document.querySelector('.state').textContent.match(/step (\\d+)/)?.[1] ?? -1)"
BUTTON = "[data-do={}]".format
RESTS = "document.querySelector('.laboratory').dataset.running === 'false'"  # the worker said so


def texts_of(selector):
    return f"[...document.querySelectorAll('{selector}')].map((one) => one.textContent)"


def rest(page):
    """Pause, and wait until the worker has said where."""
    page.run("document.querySelector('[data-do=run]').click()")
    page.until(RESTS)
    return page.run(STEPS)


@in_browser
def test_nothing_is_loaded_before_somebody_asks(open_page, site):
    page = open_page("vae-gan.html")
    assert [r for r in page.requests() if not r.startswith("data:")] == [
        f"{site.as_uri()}/vae-gan.html"
    ]
    page.click(BUTTON("run"))
    page.until(f"{STEPS} > 2")
    asked = [r for r in page.requests() if not r.startswith("data:")][1:]
    assert asked[0] == f"{site.as_uri()}/laboratory.js"
    assert len(asked) == 2 and asked[1].startswith("blob:null/")
    rest(page)
    assert page.complaints() == []
    # What is seen moved: pictures that are no one tone, curves, numbers.
    tones = page.run(
        """["samples", "copies", "codes"].map((name) => {
          const canvas = document.querySelector(`.${name}`);
          const all = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
          return new Set(all).size;
        })"""
    )
    assert min(tones) > 5
    curves = page.run("[...document.querySelectorAll('.line')].map((l) => l.getAttribute('d'))")
    assert len(curves) == 6 and all(path and "L" in path for path in curves)
    told = page.run("document.querySelector('.classes svg').getAttribute('aria-label')")
    assert sum(map(int, re.search(r": ([\d, ]+)$", told)[1].split(", "))) == 360
    rows = page.run(texts_of(".measures th[scope=row]"))
    assert {"precision", "coverage", "sharpness"} < set(rows)


@in_browser
def test_it_trains_over_http_and_asks_nobody_else(open_page, site):
    handler = functools.partial(QuietHandler, directory=site)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        origin = f"http://127.0.0.1:{server.server_port}"
        page = open_page("vae.html", origin)
        page.click(BUTTON("run"))
        page.until(f"{STEPS} > 2")
        asked = [r for r in page.requests() if not r.startswith("data:")]
        assert {r.removeprefix("blob:").split("/")[2] for r in asked} == {origin.split("/")[2]}
        assert page.complaints() == []
        page.open("about:blank")
        server.shutdown()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@in_browser
def test_it_pauses_steps_and_begins_anew_by_keys(open_page):
    page = open_page("vae.html")
    page.run("document.querySelector('[data-do=run]').focus()")
    page.press("Enter")
    page.until(f"{STEPS} > 2")
    page.press(" ")  # the button kept the focus
    page.until("document.querySelector('[data-do=run]').textContent === 'Train'")
    page.until(RESTS)
    at = page.run(STEPS)
    page.run("document.querySelector('[data-do=step]').focus()")
    page.press("Enter")
    page.until(f"{STEPS} !== {at}")
    assert page.run(STEPS) == at + 1
    page.until("document.querySelector('.spoken').textContent.startsWith('Step')")
    page.run("document.querySelector('[data-do=restart]').focus()")
    page.press("Enter")
    page.until(f"{STEPS} === 0")
    told = page.run("document.querySelector('.samples').getAttribute('aria-label')")
    assert "Step 0;" in told and "loss" not in told


@in_browser
def test_controls_have_names_and_take_effect(open_page):
    page = open_page("vae-gan.html")
    page.run("document.querySelector('.settings').open = true")
    unnamed = page.run(
        """["input", "select", "button", "svg", "canvas"]
          .flatMap((kind) => [...document.querySelectorAll(`main ${kind}`)])
          .filter((e) => !(e.getAttribute("aria-label") || e.textContent.trim() ||
            [...(e.labels ?? [])].some((label) => label.textContent.trim())) &&
            !e.closest("[hidden]")).map((e) => e.outerHTML)"""
    )
    assert unnamed == []
    page.click(BUTTON("run"))
    page.until(f"{STEPS} > 0")
    slider = "document.querySelector('.sliders input')"
    before = page.run(f"{slider}.value")
    page.run(f"{slider}.focus()")
    page.press("ArrowLeft")
    assert float(page.run(f"{slider}.value")) < float(before)
    at = page.run(STEPS)
    page.until(f"{STEPS} > {at}")  # the training goes on
    # Without any term in its loss a network has no loss, and its curve stops.
    for network in ("decoder", "discriminator"):
        page.click(f"[data-term=adversarial_{network}][data-network={network}]")
    told = "document.querySelector('.samples').getAttribute('aria-label')"
    page.until(f"!{told}.includes('discriminator loss') && {told}.includes('encoder loss')")
    latent = "document.querySelectorAll('.sliders .slider input')[4]"
    page.run(f"{latent}.value = 2; {latent}.dispatchEvent(new Event('input'))")
    page.until("document.querySelector('.measures').textContent.includes('of 2')")
    rest(page)
    assert page.complaints() == []


@in_browser
@pytest.mark.parametrize("width", [390, 320])
def test_a_finger_starts_it_on_a_phone(open_page, width):
    page = open_page("vae-gan.html", size=(width, 780), phone=True)
    page.touch(BUTTON("run"))
    page.until(f"{STEPS} > 0")
    page.run("document.querySelector('.settings').open = true")
    assert page.run("document.documentElement.scrollWidth") <= width
    small = page.run(
        """[...document.querySelectorAll("main input, main select, main button, main summary")]
          .map((e) => e.getBoundingClientRect().height)
          .filter((height) => height && height < 24).length"""
    )
    assert small == 0
    rest(page)


@in_browser
def test_it_rests_where_motion_is_not_wanted(open_page):
    page = open_page("vae.html", prefers_reduced_motion="reduce")
    assert page.run("document.querySelector('[data-do=run]').textContent") == "Load"
    page.click(BUTTON("run"))
    page.until(f"{STEPS} === 0")
    assert page.run("document.querySelector('[data-do=run]').textContent") == "Train"
    page.click(BUTTON("step"))
    page.until(f"{STEPS} === 1")
    assert page.run(STEPS) == 1


@in_browser
def test_paper_gets_the_still_picture(open_page):
    page = open_page("vae-gan.html", medium="print")
    shown = page.run(
        """[".vaegan-live", ".vaegan-twin"].map((name) =>
          getComputedStyle(document.querySelector(name)).display)"""
    )
    assert shown == ["none", "block"]
    assert len(page.run("document.querySelector('.vaegan-twin img').alt")) > 100


@in_browser
def test_a_fault_is_diagnosed_and_mended(open_page):
    page = open_page("break-it.html")
    assert page.run("getComputedStyle(document.querySelector('.settings')).display") == "none"
    page.click(BUTTON("run"))
    page.until(f"{STEPS} > 0")
    answer = "document.querySelector('.answer').textContent"
    page.click(BUTTON("judge"))
    assert page.run(answer) == "Choose one of the six first."
    page.click("[name=fault][value=leak]")
    page.click(BUTTON("judge"))
    assert page.run(answer).startswith("No. With a leak")
    assert page.run("document.querySelector('[data-do=mend]').hidden")
    page.click("[name=fault][value=sign]")
    page.click(BUTTON("judge"))
    assert page.run(answer).startswith("Right. The decoder descends on minus its loss")
    page.click(BUTTON("mend"))
    assert page.run("getComputedStyle(document.querySelector('.settings')).display") != "none"
    at = page.run(STEPS)
    page.until(f"{STEPS} > {at}")
    rest(page)
    assert page.complaints() == []


@in_browser
def test_links_and_buttons_set_a_question_up(open_page):
    chosen = "document.querySelector('.question select').value"
    page = open_page("vae.html#lab-posterior-collapse")
    assert page.run(chosen) == "posterior-collapse"
    page.click("[data-laboratory=gan]")
    assert page.run(chosen) == "gan"
    texts = page.run(texts_of(".question option"))
    assert len(set(texts)) == 7 and all("?" in text for text in texts)


@in_browser
def test_a_lost_engine_is_said(open_page, site):
    write_page(site / "lost.html", widgets.Laboratory("vae", "nowhere.js"))
    page = open_page("lost.html")
    page.click(BUTTON("run"))
    page.until("!document.querySelector('.lost').hidden")
    assert "nowhere.js could not be loaded" in page.run(texts_of(".lost"))[0]


def test_the_book_carries_figure_buttons_and_engine(tmp_path):
    source = tmp_path / "source"
    (source / "book").mkdir(parents=True)
    (source / "conf.py").write_text(
        f"import sys\nsys.path.insert(0, {str(ROOT / 'book' / '_ext')!r})\n"
        "extensions = ['myst_parser', 'laboratory_directive']\nroot_doc = 'book/page'\n"
    )
    fences = "```{laboratory}\n```\n\n```{laboratory} gan\n```\n"
    (source / "book" / "page.md").write_text(f"# Page\n\n{fences}")

    def build(target):
        command = [sys.executable, "-m", "sphinx", "-q", "-W", source, tmp_path / target]
        return subprocess.run(command, capture_output=True, text=True, timeout=120)

    done = build("html")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "html" / "book" / "page.html").read_text(encoding="utf-8")
    assert '"engine":"../_static/laboratory.js"' in text and 'data-laboratory="gan"' in text
    assert laboratory.make_engine()["pixels"] not in text
    engine = (tmp_path / "html" / "_static" / "laboratory.js").read_text(encoding="utf-8")
    assert laboratory.make_engine()["pixels"] in engine
    (source / "book" / "page.md").write_text("# Page\n\n```{laboratory} wgan\n```\n")
    done = build("wrong")
    assert done.returncode != 0 and "Laboratory must be one of autoencoder" in done.stderr
