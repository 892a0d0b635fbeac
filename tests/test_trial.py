"""What a decoder does in a page: its arithmetic is the package's, and readers can use it."""

import base64
import json
import math
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest

from tests.browser import CHROMIUM, Browser
from tools import trial
from vaegan_edu import metrics, networks
from vaegan_edu.experiments import sharpen
from vaegan_edu.widgets import export_decoder

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import trial_directives  # noqa: E402

in_browser = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium to run JavaScript")
COUNT = 48  # samples of the comparison


@pytest.fixture(scope="module")
def data():
    return trial_directives.read_data()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    opened = Browser(tmp_path_factory.mktemp("browser") / "profile")
    opened.size(1000, 900)
    yield opened
    opened.close()


def floats(text):
    return np.frombuffer(base64.b64decode(text), "<f4")


# The data


def test_a_packed_decoder_is_within_half_a_step(data):
    decoder = networks.build_decoder("light", (28, 28, 1), 10)
    spec = export_decoder(decoder)
    packed = trial.pack(spec)
    weights, found = floats(spec["weights"]), trial.unpack(packed)
    start = 0
    for end, bits, step in packed["parts"]:
        assert np.abs(weights[start:end] - found[start:end]).max() <= 0.5001 * step
        assert bits in (8, 16)
        start = end
    assert start == spec["count"] == len(found)
    assert [layer["operation"] for layer in packed["layers"]] == [
        layer["operation"] for layer in data["decoders"]["VAE"]["layers"]
    ]


def test_a_rounded_decoder_has_the_weights_of_the_page():
    decoder = networks.build_decoder("light", (28, 28, 1), 10)
    rng = np.random.default_rng(0)
    for layer in decoder.layers:  # statistics as after training
        if layer.__class__.__name__ == "BatchNormalization":
            layer.set_weights([rng.uniform(0.5, 1.5, w.shape) for w in layer.get_weights()])
    packed = trial.pack(export_decoder(decoder))
    trial.round_weights(decoder, packed)
    again = floats(export_decoder(decoder)["weights"])
    assert again == pytest.approx(trial.unpack(packed), abs=1e-6)


def test_the_judge_is_the_one_that_is_shipped(data):
    assert data["judge"] == metrics.classifier_digest("mnist")
    images = trial.from_bytes(np.frombuffer(base64.b64decode(data["images"]), "uint8"))
    images = images.reshape(-1, 28, 28, 1)
    assert len(images) == len(data["d"]) == len(data["kinds"]) * trial.SHOWN
    assert data["kinds"][0] == "real" and all(0 <= d <= 1 for d in data["d"])
    sizes = [len(floats(data[name])) for name in ("real", "held")]
    assert sizes == [64 * data["count"]] * 2


# What the page tells its readers to expect


def test_the_network_beside_the_reader_takes_its_own_fakes_for_real_more_often(data):
    d = np.reshape(data["d"], (len(data["kinds"]), trial.SHOWN))
    passed = dict(zip(data["kinds"], (d > 0.5).mean(axis=1), strict=True))
    mean = dict(zip(data["kinds"], d.mean(axis=1), strict=True))
    assert passed["VAE"] < passed["VAE-GAN"] and passed["VAE, contrast doubled"] < 0.1
    assert mean["VAE, contrast doubled"] > 5 * mean["VAE"]
    assert 1 - passed["real"] == pytest.approx(0.25, abs=0.05)


@pytest.fixture(scope="module")
def moved(data):
    """The four measures of each model's samples, as drawn and changed."""
    classifier, real = metrics.load_classifier("mnist"), floats(data["real"]).reshape(-1, 64)
    codes = np.random.default_rng(1).standard_normal((data["count"], 10)).astype("float32")
    grain = np.random.default_rng(2).standard_normal((data["count"], 28, 28, 1))

    def measure(images):
        features = metrics.classify(classifier, images.astype("float32"))[1]
        distance = metrics.frechet_distance(real, features)
        return {"Fréchet": distance, **metrics.manifold_overlap(real, features)}

    found = {}
    for name, packed in data["decoders"].items():
        decoder = networks.build_decoder("light", (28, 28, 1), 10)
        trial.round_weights(decoder, packed)
        drawn = networks.apply(decoder, codes)
        sets = {
            "drawn": drawn,
            "contrast": sharpen(drawn, 2),
            "truncation": networks.apply(decoder, codes / 2),
            "repetition": np.resize(drawn[: len(drawn) // 10], drawn.shape),
            "little noise": np.clip(drawn + 0.05 * grain, -1, 1),
            "noise": np.clip(drawn + 0.3 * grain, -1, 1),
        }
        found[name] = {change: measure(images) for change, images in sets.items()}
    return found


@pytest.mark.slow
def test_the_games_hints_are_what_the_measures_do(moved):
    vae, vaegan = moved["VAE"], moved["VAE-GAN"]
    assert vae["contrast"]["Fréchet"] < 0.6 * vae["drawn"]["Fréchet"]
    assert vaegan["contrast"]["Fréchet"] == pytest.approx(vaegan["drawn"]["Fréchet"], rel=0.1)
    for name in ("recall", "coverage"):
        assert vae["contrast"][name] > vae["drawn"][name] + 0.05
    for sets in (vae, vaegan):
        drawn = sets["drawn"]
        assert sets["truncation"]["Fréchet"] > 2 * drawn["Fréchet"]
        assert sets["truncation"]["precision"] < drawn["precision"] + 0.01
        assert sets["repetition"]["recall"] == 0
        assert sets["repetition"]["coverage"] < 0.4 * drawn["coverage"]
        assert sets["repetition"]["precision"] == pytest.approx(drawn["precision"], abs=0.1)
        assert sets["little noise"]["Fréchet"] < 1.05 * drawn["Fréchet"]
        assert sets["noise"]["Fréchet"] > 2 * drawn["Fréchet"]
        assert sets["noise"]["precision"] > drawn["precision"] - 0.1
        for name in ("recall", "coverage"):
            assert sets["truncation"][name] < drawn[name] - 0.1
            assert sets["noise"][name] < drawn[name] - 0.3


# The arithmetic


@pytest.fixture(scope="module")
def computed(browser, data):
    """What the page's engine makes of some samples, plain and changed."""
    browser.open("about:blank#engine")
    engine = "".join(path.read_text(encoding="utf-8") for path in trial_directives.ENGINE)
    changes = [
        {"contrast": 1, "repetition": 0, "noise": 0},
        {"contrast": 2, "repetition": 0, "noise": 0},
        {"contrast": 1, "repetition": 0.5, "noise": 0},
        {"contrast": 0.7, "repetition": 0.2, "noise": 0.3},
    ]
    script = f"""(() => {{ {engine}
      const data = {json.dumps(data)};
      for (const stage of data.stages) stage.floats = floats(stage.weights);
      const decoder = data.decoders.VAE;
      decoder.floats = unpack(decoder);
      const [real, held] = [floats(data.real), floats(data.held)];
      const drawn = sample(decoder, {COUNT}, 0.8);
      const code = normals(10, 1).map((z) => 0.8 * z);
      return {{
        codes: [...normals({COUNT} * 10, 1)], weights: [...unpack(decoder).subarray(0, 70000)],
        first: [...decode(decoder, decoder.floats, code)],
        floor: compare(real, held, 64),
        sets: {json.dumps(changes)}.map((asked) => {{
          const images = change(drawn, {COUNT}, asked);
          const features = see(data.stages, images, {COUNT});
          return {{ images: [...images], features: [...features],
            measured: compare(real, features, 64) }};
        }}),
      }};
    }})()"""
    return browser.run(script)


@in_browser
def test_samples_are_those_of_the_decoder(computed, data):
    found = np.reshape(computed["sets"][0]["images"], (COUNT, 28, 28, 1))
    assert found[0].ravel() == pytest.approx(computed["first"], abs=1e-5)
    decoder = networks.build_decoder("light", (28, 28, 1), 10)
    trial.round_weights(decoder, data["decoders"]["VAE"])
    codes = np.reshape(computed["codes"], (COUNT, 10)).astype("float32")
    assert abs(codes.mean()) < 0.2 and abs(codes.std() - 1) < 0.1
    assert found == pytest.approx(networks.apply(decoder, 0.8 * codes), abs=1e-4)


@in_browser
def test_samples_are_changed_as_they_should_be(computed):
    plain, sharp, copied, noisy = (
        np.reshape(made["images"], (COUNT, -1)).astype("float32") for made in computed["sets"]
    )
    assert sharp == pytest.approx(sharpen(plain, 2), abs=1e-4)
    half = COUNT // 2
    assert np.array_equal(copied[:half], plain[:half])
    assert np.array_equal(copied[half:], plain[:half])
    assert np.abs(noisy).max() <= 1
    grain = noisy[0] - sharpen(plain[:1], 0.7)[0]
    assert grain.std() > 0.1


@in_browser
def test_measures_are_those_of_the_package(computed, data):
    real = floats(data["real"]).reshape(-1, 64)
    classifier = metrics.load_classifier("mnist")
    held = floats(data["held"]).reshape(-1, 64)
    sets = [(held, computed["floor"])]
    for made in computed["sets"]:
        images = np.reshape(made["images"], (COUNT, 28, 28, 1)).astype("float32")
        _, features = metrics.classify(classifier, images)
        assert np.ravel(features) == pytest.approx(made["features"], abs=2e-4)
        sets.append((features, made["measured"]))
    for features, measured in sets:
        expected = metrics.manifold_overlap(real, features)
        del expected["density"]
        expected["frechet"] = metrics.frechet_distance(real, features)
        assert measured == pytest.approx(expected, rel=1e-4, abs=1e-4)


# The page


@pytest.fixture(scope="module")
def folder(tmp_path_factory, data):
    """A folder with what the pages load, for both games and the walk."""
    folder = tmp_path_factory.mktemp("pages")

    class App:
        outdir = folder

        class builder:
            format = "html"

    (folder / "_static").mkdir()
    trial_directives.write(App, None)
    return folder


def open_page(browser, folder, html):
    path = folder / "page.html"
    path.write_text(f"<!DOCTYPE html><meta charset=utf-8><body>{html}", encoding="utf-8")
    browser.open(f"{path.as_uri()}?{hash(html)}")


@in_browser
def test_a_reader_fools_the_metric(browser, folder):
    plain = {"truncation": 1, "contrast": 1, "repetition": 0, "noise": 0}
    figure = trial_directives.Fool(
        trial_directives.TRIAL,
        "Fool",
        "alt",
        models=["VAE", "VAE-GAN"],
        model="VAE",
        beside=None,
        measured=None,
        **plain,
    )
    open_page(browser, folder, figure.to_html())
    assert not [url for url in browser.requests() if url.endswith("trial.js")]
    browser.run("document.querySelector('.begin').click(); 1")
    cells = "[...document.querySelectorAll('.measures tbody td')].map((c) => c.textContent)"
    browser.until(f"{cells}.every((text) => text)", 500)
    before = np.reshape([float(x) for x in browser.run(cells)], (4, 4))
    assert (before[:, 0] == before[:, 1]).all()  # nothing is changed yet
    assert before[0, 3] < before[0, :3].min()  # real images are nearest
    browser.run(
        "(() => { const s = document.querySelectorAll('input[type=range]')[2];"
        " s.value = 0.9; s.dispatchEvent(new Event('input')); })()"
    )
    browser.until(f"{cells}[8] !== '{before[2, 0]:.3f}'", 500)
    after = np.reshape([float(x) for x in browser.run(cells)], (4, 4))
    assert after[2, 0] < 0.5 * before[2, 0]  # recall notices copies
    assert (after[:, 1:] == before[:, 1:]).all()
    browser.run("document.querySelector('.plain').click(); 1")
    browser.until(f"{cells}[8] === '{before[2, 0]:.3f}'", 500)
    assert browser.complaints() == []


@in_browser
def test_a_reader_is_the_discriminator(browser, folder, data):
    figure = trial_directives.Guess(trial_directives.TRIAL, "Guess", "alt")
    open_page(browser, folder, figure.to_html())
    browser.run("document.querySelector('.begin').click(); 1")
    browser.until("!document.querySelector('.trial').hidden")
    seen = set()
    for turn in range(40):
        seen.add(browser.run("document.querySelector('canvas').toDataURL()"))
        assert browser.run("document.querySelector('.state').textContent") == f"{turn + 1} of 40"
        if turn % 2:
            browser.run(
                "document.querySelector('.trial').dispatchEvent("
                "new KeyboardEvent('keydown', { key: 'n' })); 1"
            )
        else:
            browser.run("document.querySelector('[data-real=true]').click(); 1")
    assert len(seen) == 40  # no image comes twice
    rows = browser.run(
        "[...document.querySelectorAll('.verdict tbody tr')].map((row) =>"
        " [...row.cells].map((cell) => cell.textContent.replaceAll('\\u00a0', ' ')))"
    )
    names, counts = [row[0] for row in rows], [int(row[1]) for row in rows]
    assert names == [*data["kinds"], "not real, together", "right answers"]
    assert counts[0] == 20 and sum(counts[1:4]) == counts[4] == 20 and counts[5] == 40
    text = browser.run("document.querySelector('.summary').textContent")
    mine, its = map(int, re.search(r"right (\d+) times of 40, the network (\d+)", text).groups())
    shares = [round(int(row[2].split(" ")[0]) / 100 * int(row[1])) for row in rows[:5]]
    assert shares[0] + shares[4] == 20  # every other answer was "real"
    assert mine == shares[0] + 20 - shares[4]
    low, high = binomtest(mine, 40).proportion_ci(method="wilson")

    def percent(share):
        return f"{math.floor(100 * share + 0.5)} %"  # half upwards, as the page rounds

    assert rows[5][2] == f"{percent(mine / 40)} [{percent(low)}, {percent(high)}]"
    assert rows[5][3].startswith(percent(its / 40))
    browser.run("document.querySelector('.again').click(); 1")
    assert browser.run("document.querySelector('.state').textContent") == "1 of 40"
    assert browser.complaints() == []


@pytest.fixture(scope="module")
def walk():
    class Directive(trial_directives.WalkDirective):
        def __init__(self):
            pass

    return Directive().make(Path())


@in_browser
def test_the_walk_moves_rests_and_is_still_where_motion_is_unwanted(browser, folder, walk):
    moved = (
        "new Promise((go) => { const c = document.querySelector('.now');"
        " const before = c.toDataURL(); setTimeout(() => go(c.toDataURL() !== before), 1500); })"
    )
    browser.media(prefers_reduced_motion="reduce")
    open_page(browser, folder, walk)
    button = "document.querySelector('.walk button')"
    browser.until(f"{button}.textContent === 'Walk'")
    assert browser.run("Boolean(document.querySelector('.walk img'))")
    assert not [url for url in browser.requests() if url.endswith("walk.js")]
    browser.run(f"{button}.click(); 1")
    browser.until("document.querySelector('.now')")
    assert browser.run(moved)
    browser.run(f"{button}.click(); 1")
    assert browser.run(f"{button}.textContent") == "Walk" and not browser.run(moved)
    browser.media(prefers_reduced_motion="no-preference")
    open_page(browser, folder, walk + " ")
    browser.until("document.querySelector('.now')")
    assert browser.run(moved) and browser.run(f"{button}.textContent") == "Rest"
    assert browser.complaints() == []
    browser.media()
