"""The interactive figures: the decoder in the browser, the fragment in the page, the kernel."""

import base64
import functools
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers
from PIL import Image
from scipy.ndimage import gaussian_filter
from scipy.stats import norm

from vaegan_edu import losses, metrics, plotting, records, schedules, toys, widgets
from vaegan_edu.callbacks.samples import write_picture
from vaegan_edu.layers import MinibatchDiscrimination
from vaegan_edu.widgets import figure, minibatch_explorer

SOURCES = Path(widgets.__file__).parent
NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((path for path in map(shutil.which, NAMES) if path), None)
GRID = np.arange(-12, 14, 0.01)


def in_browser(test):
    """Mark a test that starts Chromium."""
    runs = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium to run JavaScript")
    return pytest.mark.slow(runs(test))


def small_decoder(channels=1, seed=0):
    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            layers.Input((2,)),
            layers.Dense(7 * 7 * 4, activation="relu"),
            layers.Reshape((7, 7, 4)),
            layers.Conv2DTranspose(6, 3, 2, "same", activation="relu"),
            layers.Conv2DTranspose(channels, 3, 2, "same", activation="tanh"),
        ]
    )


def valid_padding():
    """The original project's shape: valid padding, kernels of 3 and 4, batch norm, ReLU after."""
    return keras.Sequential(
        [
            layers.Input((2,)),
            layers.Dense(3 * 3 * 8, use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Reshape((3, 3, 8)),
            layers.Conv2DTranspose(5, 3, 2),
            layers.BatchNormalization(scale=False),
            layers.Activation("relu"),
            layers.Conv2DTranspose(1, 4, 2, activation="sigmoid"),
        ]
    )


def functional_rgb():
    """A functional model in a model, leaky ReLUs of both kinds, an upsampling, odd strides."""
    z = layers.Input((2,))
    x = layers.Dense(30, activation="leaky_relu")(z)
    x = layers.Dropout(0.5)(x)
    x = layers.Dense(3 * 2 * 5, activation=layers.LeakyReLU(0.1))(x)
    trunk = keras.Model(z, layers.Reshape((3, 2, 5))(x))
    code = layers.Input((2,))
    x = layers.UpSampling2D((2, 3))(trunk(code))
    x = layers.Conv2DTranspose(4, (4, 3), (3, 2), "same", use_bias=False)(x)
    x = layers.BatchNormalization(center=False)(x)
    x = layers.LeakyReLU()(x)
    x = layers.Conv2D(4, 3, 2, "same", activation="relu")(x)
    x = layers.Conv2D(3, (2, 4), 1, "valid", activation="tanh")(x)
    return keras.Model(code, x)


def small_stride():
    """A kernel smaller than its stride, and one as large."""
    return keras.Sequential(
        [
            layers.Input((2,)),
            layers.Dense(4 * 4 * 3, activation="tanh"),
            layers.Reshape((4, 4, 3)),
            layers.Conv2DTranspose(4, 2, 2, "same", activation="relu"),
            layers.Conv2DTranspose(4, 2, 3, "valid", activation="relu"),
            layers.Conv2D(1, 5, 3, "same", activation="linear"),
        ]
    )


def randomised(model, seed=1):
    """Give every weight a value: fresh biases and batch statistics would hide their own errors."""
    rng = np.random.default_rng(seed)
    for variable in model.weights:
        low = 0.5 if "variance" in variable.path or "gamma" in variable.path else -0.5
        variable.assign(rng.uniform(low, low + 1.0, variable.shape))
    return model


def explorer(**options):
    rng = np.random.default_rng(0)
    labels = np.arange(40) % 4
    arguments = {"title": "A plane"} | options
    return widgets.LatentExplorer(small_decoder(), rng.normal(size=(40, 2)), labels, **arguments)


def page(tmp_path, body):
    """Load a page from the file system and return what stands in its #answer, as JSON."""
    file = tmp_path / "page.html"
    file.write_text(f"<!doctype html><meta charset=utf-8>{body}<!-- end -->", encoding="utf-8")
    done = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
        + ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
        + [f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=3000", "--dump-dom"]
        + [file.as_uri()],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    answer = re.search(r'<pre id="answer">(.*?)</pre>', done.stdout, re.DOTALL)
    assert answer, f"the page's script failed:\n{done.stderr[-2000:]}"
    return json.loads(answer[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


ANSWER = """
window.errors = [];
window.addEventListener("error", (event) => window.errors.push(event.message));
const answer = (value) => {
  const pre = document.createElement("pre");
  pre.id = "answer";
  pre.textContent = JSON.stringify(value);
  document.body.append(pre);
};
"""


def test_a_figure_keeps_a_state_of_its_own():
    """What was passed in stays as it was, and changing it later moves nothing."""
    given = {"title": "A title"}
    shown = figure.InteractiveFigure(given, "words")
    shown._set("title", "Another")
    assert given == {"title": "A title"}
    given["title"] = "A third"
    assert shown._current() == {"title": "Another"}


@in_browser
def test_the_browsers_decoder_equals_keras(tmp_path):
    # One start of the browser for all architectures.
    models = [small_decoder(1), small_decoder(3), valid_padding(), functional_rgb(), small_stride()]
    models = [randomised(model) for model in models]
    z = np.random.default_rng(2).normal(size=(3, 2)).astype("float32")
    specs = json.dumps([widgets.export_decoder(model) for model in models])
    source = (SOURCES / "decoder.js").read_text(encoding="utf-8")
    script = f"""{ANSWER}{source}
      answer({specs}.map((spec) => {json.dumps(z.tolist())}.map(
        (z) => Array.from(decode(spec, floats(spec.weights), z)))));"""
    got = page(tmp_path, f"<body><script>{script}</script>")
    for model, images in zip(models, got, strict=True):
        expected = model.predict(z, verbose=0)
        images = np.asarray(images).reshape(expected.shape)
        assert np.ptp(expected) > 0.1  # the test would see a difference
        np.testing.assert_allclose(images, expected, atol=1e-5)


def scheduler(**settings):
    epochs = np.arange(1, 31)
    noisy = np.round(3 - epochs / 20 + np.sin(7 * epochs), 1)  # one digit: with ties
    return widgets.ScheduleExplorer({"falling": 1 / epochs, "noisy": noisy}, **settings)


@in_browser
def test_the_browsers_rules_equal_pythons(tmp_path):
    rng = np.random.default_rng(4)
    cases, expected = [], []
    for rule in ("plateau", "stagnation", "improvement", "peak"):
        for epochs in (1, 2, 5, 12):
            losses = rng.integers(0, 9, 40) / 4  # many ties
            settings = {"initial": 5e-4, "factor": 0.7, "minimum": 3e-5, "epochs": epochs}
            settings["start"] = 2 + epochs
            shown = widgets.ScheduleExplorer({"losses": losses}, rule=rule, **settings)
            cases.append([rule, losses.tolist(), settings])
            expected.append(shown.rates)
    source = (SOURCES / "schedule_explorer.js").read_text(encoding="utf-8")
    script = f"""{ANSWER}{source}
      answer({json.dumps(cases)}.map((given) => replay(...given)));"""
    got = page(tmp_path, f"<body><script>{script}</script>")
    assert len({tuple(rates) for rates in expected}) > 9  # the test would see a difference
    assert got == expected  # to the last bit


@in_browser
def test_a_rule_is_chosen_and_set_in_the_page(tmp_path):
    script = """
      const figure = document.querySelector(".vaegan-figure");
      const told = () => figure.querySelector(".plane").getAttribute("aria-label");
      const choose = (number, value) => {
        const select = figure.querySelectorAll("select")[number];
        select.value = value;
        select.dispatchEvent(new Event("change"));
      };
      const slide = (number, value) => {
        const input = figure.querySelectorAll("input")[number];
        input.value = value;
        input.dispatchEvent(new Event("input"));
      };
      const result = { start: told() };
      choose(0, "noisy");
      choose(1, "improvement");
      slide(0, 0.5);
      slide(1, 3.4); // whole epochs
      slide(2, -9); // below the lowest floor
      result.told = told();
      result.names = [...figure.querySelectorAll(".slider code")].map((code) => code.textContent);
      result.outputs = [...figure.querySelectorAll("output")].map((output) => output.textContent);
      result.shown = [...figure.querySelectorAll(".slider")].filter(
        (slider) => slider.checkVisibility()).map((slider) => slider.firstChild.textContent);
      const input = figure.querySelectorAll("input")[1];
      input.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", cancelable: true }));
      result.stepped = figure.querySelectorAll("output")[1].textContent;
      result.errors = window.errors;
      answer(result);"""
    body = scheduler().to_html()
    got = page(tmp_path, f"<body><script>{ANSWER}</script>{body}<script>{script}</script>")
    assert got["errors"] == []
    assert "plateau on the falling loss: the rate falls 0 times and ends at 5.0e" in got["start"]
    set_so = scheduler(curve="noisy", rule="improvement", factor=0.5, epochs=3, minimum=5e-7)
    rates = [5e-4, *set_so.rates]
    times = int(np.sum(np.diff(rates) < 0))
    end = f"{rates[-1]:.1e}".replace("e-0", "e\u2212")
    assert times > 1
    assert f"noisy loss: the rate falls {times} times and ends at {end}." in got["told"]
    assert got["names"] == ["factor", "window", "log10(minimum)", "start"]
    assert got["outputs"] == ["0.50", "3", "\u22126.30", "2"]
    assert got["shown"] == ["factor", "window", "log10(minimum)"]
    assert got["stepped"] == "4"


@in_browser
def test_epochs_as_logged_are_counted_in_the_page(tmp_path):
    """S2's decoder: first by the words, then by the rule that ran."""
    logs = records.original_logs()["faces-s2"]
    shown = widgets.ScheduleExplorer(
        {"S2": logs["val_decoder_loss"], "other": logs["val_encoder_loss"]},
        logged={"S2": logs["learning_rate_decoder"]},
        rule="plateau",
        factor=0.85,
        epochs=10,
        minimum=1e-4,
        start=11,
    )
    script = """
      const figure = document.querySelector(".vaegan-figure");
      const told = () => figure.querySelector(".value").textContent;
      const drawn = () => figure.querySelector(".line.logged").getAttribute("d").length > 0;
      const [curve, rule] = figure.querySelectorAll("select");
      const choose = (select, value) => {
        select.value = value;
        select.dispatchEvent(new Event("change"));
      };
      const result = { words: told(), drawn: drawn() };
      choose(rule, "peak");
      result.log = told();
      result.label = figure.querySelector(".plane").getAttribute("aria-label");
      choose(curve, "other");
      answer({ ...result, other: told(), still: drawn(), errors: window.errors });"""
    body = shown.to_html()
    got = page(tmp_path, f"<body><script>{ANSWER}</script>{body}<script>{script}</script>")
    assert got["errors"] == []
    assert shown.agreeing == 34 and "34 of 100 epochs as logged" in got["words"]
    shown.rule = "peak"
    assert shown.agreeing == 100 and "100 of 100 epochs as logged" in got["log"]
    assert "100 of 100 epochs as logged" in got["label"]
    shown.curve = "other"
    assert shown.agreeing is None and "as logged" not in got["other"]
    assert got["drawn"] and not got["still"]


@pytest.mark.parametrize(
    "logged", [{"a": [1.0, 1.0]}, {"b": [1.0, 1.0]}, {"a": [1.0, 0.0, 1.0]}, {"a": "xyz"}, [1.0]]
)
def test_bad_logged_rates_are_refused(logged):
    with pytest.raises(ValueError, match="logged must map names of curves to rates above 0"):
        widgets.ScheduleExplorer({"a": [3, 2, 1]}, logged=logged)


def test_the_schedule_is_the_one_that_was_chosen():
    shown = scheduler(curve="noisy", epochs=4)
    assert repr(shown.schedule) == repr(schedules.Plateau(5e-4, 0.6, 5e-6, 4))
    assert shown.rates == schedules.replay(shown.schedule, shown.losses)
    shown.rule = "peak"
    assert repr(shown.schedule) == repr(schedules.PeakDecay(5e-4, 0.6, 5e-6, 4, 2))
    shown.rule, shown.curve = "stagnation", "falling"
    assert repr(shown.schedule) == repr(schedules.WindowedDecay(5e-4, 0.6, 5e-6, 4))
    assert shown.losses[:3] == [1.0, 0.5, 0.3333]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"curve": "steep"}, "curve must be one of falling, noisy. Received: 'steep'"),
        ({"rule": "cosine"}, "rule must be one of plateau, .* Received: 'cosine'"),
        ({"factor": 1.0}, "factor must be a number from 0.1 to 0.95. Received: 1.0"),
        ({"epochs": 13}, "epochs must be a whole number from 1 to 12. Received: 13"),
        ({"epochs": 2.5}, "whole number.* Received: 2.5"),
        ({"start": 1}, "start must be a whole number from 2 to 60. Received: 1"),
        ({"start": 61}, "start must be a whole number from 2 to 60. Received: 61"),
        ({"minimum": 1e-3}, "minimum must be a number from 5e-07 to 0.0005. Received: 0.001"),
        ({"initial": 0}, "initial must be a number from .* Received: 0"),
    ],
)
def test_a_bad_schedule_setting_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        scheduler(**settings)


@pytest.mark.parametrize(
    "curves", [{}, {"a": [1.0]}, {"a": [1, 2], "b": [1]}, {"a": [1, np.nan]}, [1, 2], {"a": "xy"}]
)
def test_bad_curves_are_refused(curves):
    with pytest.raises(ValueError, match="curves must map names to lists of finite losses"):
        widgets.ScheduleExplorer(curves)


@in_browser
def test_the_page_is_moved_by_key_pointer_slider_and_button(tmp_path):
    first = explorer()
    second = explorer(title="Another </script> plane", prior=True, limits=(-3, 3))
    kl = widgets.KLExplorer()
    script = """
      const [a, b, c] = document.querySelectorAll(".vaegan-figure");
      const told = (figure) => figure.querySelector("canvas").getAttribute("aria-label");
      const pixels = (figure) => {
        const canvas = figure.querySelector("canvas");
        return Array.from(canvas.getContext("2d").getImageData(0, 0, 28, 28).data);
      };
      const result = { live: document.querySelectorAll(".is-live").length, start: told(b) };
      result.title = b.querySelector(".title").textContent;
      const plane = b.querySelector(".plane");
      const box = b.querySelector(".inside .ground").getBoundingClientRect();
      const at = (x, y) =>
        ({ clientX: box.left + x * box.width, clientY: box.top + y * box.height });
      plane.dispatchEvent(new PointerEvent("pointerdown", { button: 0, ...at(0.5, 0.5) }));
      plane.dispatchEvent(new PointerEvent("pointermove", at(0.75, 0.25)));
      plane.dispatchEvent(new PointerEvent("pointerup", {}));
      plane.dispatchEvent(new PointerEvent("pointermove", at(0.1, 0.1)));
      result.dragged = told(b);
      result.pixels = pixels(b);
      const press = (target, key) => target.dispatchEvent(
        new KeyboardEvent("keydown", { key, cancelable: true, bubbles: true }));
      press(plane, "ArrowLeft");
      press(plane, "ArrowDown");
      result.keyed = told(b);
      const slider = b.querySelector("input");
      slider.value = -1;
      slider.dispatchEvent(new Event("input"));
      result.slid = told(b);
      press(slider, "ArrowRight");
      result.stepped = told(b);
      b.querySelectorAll(".legend button")[2].click();
      result.button = told(b);
      result.first = told(a);
      const mean = c.querySelector("input");
      mean.value = 2;
      mean.dispatchEvent(new Event("input"));
      result.kl = c.querySelector(".value strong").textContent;
      setTimeout(() => {
        result.spoken = c.querySelector("[aria-live]").textContent;
        result.errors = window.errors.filter((message) => !message.includes("setPointerCapture"));
        answer(result);
      }, 600);"""
    body = "".join(shown.to_html() for shown in (first, second, kl, kl))  # one twice
    got = page(tmp_path, f"<body><script>{ANSWER}</script>{body}<script>{script}</script>")
    assert got["errors"] == []
    assert got["live"] == 4
    assert got["title"] == "Another </script> plane"
    assert got["dragged"] == "Image decoded from z = (1.50, 1.50)"
    assert got["keyed"] == "Image decoded from z = (1.38, 1.38)"  # a fiftieth of the span
    assert got["slid"] == "Image decoded from z = (\u22121.00, 1.38)"
    assert got["stepped"] == "Image decoded from z = (\u22120.88, 1.38)"
    x, y = second._codes[2::4].mean(axis=0)
    minus = "\u2212"
    assert got["button"].endswith(f"({x:.2f}, {y:.2f})".replace("-", minus))
    assert got["first"] == got["start"]  # figures don't touch each other
    expected = small_decoder().predict(np.array([[1.5, 1.5]]), verbose=0)[0]
    shown = np.asarray(got["pixels"]).reshape(28, 28, 4)
    assert np.abs(shown[..., :1] - (expected + 1) * 127.5).max() <= 0.51
    assert got["kl"] == f"{0.5 * (4 + np.exp(-1) - 1 + 1):.2f}"
    assert got["spoken"].startswith(f"kl_loss is {got['kl']} nats at z_mean 2.00")


def divergences():
    stops = {"wide": (0.0, 2.1), "narrow": (-2.0, 0.6)}
    return widgets.DivergenceExplorer(mean=0.5, deviation=1.5, stops=stops)


@in_browser
def test_the_browsers_divergences_equal_pythons(tmp_path):
    shown = divergences()
    script = """
      const figure = document.querySelector(".vaegan-figure");
      const cells = figure.querySelectorAll(".sums td");
      const numbers = () => Array.from(cells, (cell) => cell.textContent);
      const highest = (name) => Math.min(...figure.querySelector(`.area.${name}`).getAttribute("d")
        .match(/[-\\d.]+ [-\\d.]+/g).map((pair) => Number(pair.split(" ")[1])));
      const result = { start: numbers(), stops: [], inside: [] };
      for (const button of figure.querySelectorAll(".stops button")) {
        button.click();
        result.stops.push([button.textContent, numbers()]);
        result.inside.push(Math.min(highest("forward"), highest("reverse")));
      }
      const [mean, deviation] = figure.querySelectorAll("input");
      mean.value = -4;
      mean.dispatchEvent(new Event("input"));
      deviation.value = 0.4;
      deviation.dispatchEvent(new Event("input"));
      result.far = numbers();
      result.label = figure.querySelector(".plane").getAttribute("aria-label");
      result.errors = window.errors;
      answer(result);"""
    got = page(
        tmp_path,
        f"<body><script>{ANSWER}</script>{shown.to_html()}<script>{script}</script>",
    )
    assert got["errors"] == []

    def numbers(mean, deviation):
        shown.mean, shown.deviation = mean, deviation
        return [f"{x:.2f}" for x in (shown.forward, shown.reverse, shown.jensen_shannon)]

    assert got["start"] == numbers(0.5, 1.5)
    assert got["stops"] == [["wide", numbers(0, 2.1)], ["narrow", numbers(-2, 0.6)]]
    assert got["far"] == numbers(-4, 0.4)
    assert f"forward KL is {got['far'][0]}, reverse KL {got['far'][1]}" in got["label"]
    assert min(got["inside"]) >= 204  # no curve leaves the lower panel


def test_divergences_are_those_of_the_formula():
    """One Gaussian against another has a closed form; so has the mixture whose parts are apart."""
    one = widgets.DivergenceExplorer([(1, -1, 0.5)], mean=1.0, deviation=2.0)
    assert one.forward == pytest.approx(np.log(4) + (0.25 + 4) / 8 - 0.5)
    assert one.reverse == pytest.approx(-np.log(4) + (4 + 4) / 0.5 - 0.5)
    one.mean, one.deviation = -1, 0.5
    assert (one.forward, one.reverse, one.jensen_shannon) == pytest.approx((0, 0, 0), abs=1e-12)
    apart = widgets.DivergenceExplorer([(0.25, -4, 0.4), (0.75, 4, 0.4)], mean=4, deviation=0.4)
    assert apart.reverse == pytest.approx(-np.log(0.75))
    assert apart.jensen_shannon == pytest.approx(  # against m of weights 1/8 and 7/8
        0.5 * (0.25 * np.log(2) + 0.75 * np.log(0.75 / 0.875) + np.log(1 / 0.875))
    )


@pytest.mark.parametrize(
    "components",
    [[], [(0.5, 0, 1)], [(1.5, 0, 1), (-0.5, 1, 1)], [(1, 0)], "p", None, [("a", 0, 1)]],
)
def test_bad_components_are_refused(components):
    with pytest.raises(ValueError, match=r"add up to 1\. Received"):
        widgets.DivergenceExplorer(components)


def test_divergences_refuse_what_the_grid_cannot_hold():
    with pytest.raises(ValueError, match=r"deviation must be a number from 0\.4 to 3\. Received"):
        widgets.DivergenceExplorer([(1, 0, 0.1)])
    with pytest.raises(ValueError, match=r"mean must be a number from -4 to 4\. Received: 5"):
        widgets.DivergenceExplorer(stops={"far": (5, 1)})
    with pytest.raises(ValueError, match=r"deviation must be.* Received: 0"):
        divergences().deviation = 0


@in_browser
def test_the_browsers_game_equals_pythons(tmp_path):
    shown = widgets.GameExplorer()
    moves = {"mean": -3.2, "deviation": 0.4, "slope": 4, "offset": -6}
    script = f"""
      const figure = document.querySelector(".vaegan-figure");
      const plane = figure.querySelector(".plane");
      const inputs = figure.querySelectorAll("input");
      const told = () => [figure.querySelector(".value strong").textContent,
        ...Array.from(figure.querySelectorAll("td"), (cell) => cell.textContent)];
      const heights = (name) => figure.querySelector(name).getAttribute("d")
        .match(/[-\\d.]+ [-\\d.]+/g).map((pair) => Number(pair.split(" ")[1]));
      const result = {{ told: [told()], curves: [heights(".own"), heights(".best")] }};
      {json.dumps(list(moves.values()))}.forEach((value, i) => {{
        inputs[i].value = value;
        inputs[i].dispatchEvent(new Event("input"));
        result.told.push(told());
      }});
      result.label = plane.getAttribute("aria-label");
      result.errors = window.errors;
      answer(result);"""
    got = page(
        tmp_path, f"<body><script>{ANSWER}</script>{shown.to_html()}<script>{script}</script>"
    )
    assert got["errors"] == []

    # Both curves at x = -7 ... 7, in a panel of height 150 whose lower edge is at 372.
    x = np.linspace(-7, 7, 281)
    for heights, logits in zip(got["curves"], (-x, 0.5 * (x - 2) ** 2 - 0.5 * x**2), strict=True):
        assert (372 - np.array(heights)) / 150 == pytest.approx(1 / (1 + np.exp(-logits)), abs=1e-3)

    def told():
        return [f"{number:z.2f}".replace("-", "\u2212") for number in shown.game.values()]

    expected = [told()]
    for name, value in moves.items():
        setattr(shown, name, value)
        expected.append(told())
    assert got["told"] == expected
    value, best, *slopes = expected[-1]
    assert f"The value of the game is {value} nats, at the best {best}." in got["label"]
    assert f"slope {slopes[0]}, the non-saturating {slopes[1]}." in got["label"]


@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(st.floats(-4, 4), st.floats(0.4, 3), st.floats(-4, 4), st.floats(-6, 6))
def test_the_game_is_that_of_the_package(mean, deviation, slope, offset):
    """V is minus the package's losses on many draws; slopes are differences of its losses."""
    z = norm.ppf((np.arange(20_000) + 0.5) / 20_000)  # evenly spread draws

    def game(mean):
        logits = slope * (mean + deviation * z) + offset
        fooling = [
            np.mean(losses.ADVERSARIAL_LOSSES[name](logits))
            for name in ("minimax", "non-saturating")
        ]
        on_real = np.mean(losses.discriminator_loss(slope * z + offset, 1.0))
        return -on_real - np.mean(losses.discriminator_loss(logits, 0.0)), *fooling

    shown = widgets.GameExplorer(mean, deviation, slope, offset).game
    value, *_ = game(mean)
    assert shown["value"] == pytest.approx(value, abs=2e-3)
    assert shown["value"] <= shown["best"] + 1e-12
    step = 1e-2
    (_, *low), (_, *high) = game(mean - step), game(mean + step)
    slopes = (np.array(high) - low) / (2 * step)
    assert [shown["minimax"], shown["non_saturating"]] == pytest.approx(slopes, abs=5e-3)


def test_the_best_value_is_the_jensen_shannon_divergence():
    """For equal densities, and for two Gaussians against their mixture."""
    assert widgets.GameExplorer(0, 1, 0, 0).game == pytest.approx(
        {"value": -2 * np.log(2), "best": -2 * np.log(2), "minimax": 0, "non_saturating": 0}
    )
    # With deviation 1 the best discriminator is a logistic one: log p - log q is linear.
    fitted = widgets.GameExplorer(mean=2, deviation=1, slope=-2, offset=2).game
    assert fitted["value"] == pytest.approx(fitted["best"])
    m = np.exp(np.logaddexp(norm.logpdf(GRID), norm.logpdf(GRID, 2)) - np.log(2))
    halves = [norm.pdf(GRID, mean) * (norm.logpdf(GRID, mean) - np.log(m)) for mean in (0, 2)]
    assert fitted["best"] == pytest.approx(np.sum(halves) * 0.01 - 2 * np.log(2), abs=1e-6)


@pytest.mark.parametrize(
    ("name", "bad"), [("mean", 5), ("deviation", 0), ("slope", np.nan), ("offset", "high")]
)
def test_the_game_refuses_what_its_sliders_cannot_show(name, bad):
    with pytest.raises(ValueError, match=rf"{name} must be a number from .* to .*\. Received"):
        widgets.GameExplorer(**{name: bad})
    shown = widgets.GameExplorer()
    before = shown.game
    with pytest.raises(ValueError, match=rf"{name} must be a number from .* to .*\. Received"):
        setattr(shown, name, bad)
    assert shown.game == before


def judges(**options):
    """A similarity explorer: two convolutions with BatchNorm look at three images of noise."""
    images = layers.Input((12, 8, 1))
    h = layers.Conv2D(4, 4, 2, "same", activation="leaky_relu")(images)
    h = layers.BatchNormalization(center=False)(layers.Conv2D(3, 3, 2, "same")(h))
    network = randomised(keras.Model(images, h))
    pixels = np.random.default_rng(3).uniform(-1, 1, (3, 12, 8, 1))
    arguments = {"names": ["one", "two </b>", "three"]} | options
    return widgets.SimilarityExplorer(network, pixels, **arguments)


@in_browser
def test_the_browsers_judges_equal_pythons(tmp_path):
    shown = judges()
    states = [("two </b>", -6, 0.0), ("two </b>", 6, 0.0), ("two </b>", 0, 0.4), ("three", 3, 3.0)]
    script = f"""
      const figure = document.querySelector(".vaegan-figure");
      const plane = figure.querySelector(".plane");
      const select = figure.querySelector("select");
      const [shift, blur] = figure.querySelectorAll("input");
      const move = (input, value, kind) => {{
        input.value = value;
        input.dispatchEvent(new Event(kind));
      }};
      const heights = (name) => figure.querySelector(name).getAttribute("d")
        .match(/[-\\d.]+ [-\\d.]+/g).map((pair) => Number(pair.split(" ")[1]));
      const told = () => ({{
        cells: Array.from(figure.querySelectorAll("th ~ td"), (cell) => Number(cell.textContent)),
        curves: [heights(".line.pixels"), heights(".line.features")],
        label: plane.getAttribute("aria-label"),
        pixels: Array.from(figure.querySelectorAll("canvas")[1].getContext("2d")
          .getImageData(0, 0, 8, 12).data),
        copy: figure.querySelectorAll("canvas")[1].getAttribute("aria-label"),
      }});
      const rest = async () => {{
        while (plane.getAttribute("aria-busy") === "true") {{
          await new Promise((go) => setTimeout(go));
        }}
      }};
      const result = {{ told: [] }};
      (async () => {{
        for (const [name, s, b] of {json.dumps(states)}) {{
          await rest();
          const before = told();
          move(select, name, "change");
          move(shift, s + 0.2, "input"); // whole pixels
          move(blur, b, "input");
          const [now, busy] = [told(), plane.getAttribute("aria-busy")];
          await rest();
          result.told.push({{ ...told(), now: now.copy, busy,
            waits: now.curves.join() === before.curves.join() }});
        }}
        const right = {{ key: "ArrowRight", cancelable: true }};
        shift.dispatchEvent(new KeyboardEvent("keydown", right));
        result.stepped = told().copy;
        result.errors = window.errors;
        answer(result);
      }})();"""
    body = shown.to_html()
    got = page(tmp_path, f"<body><script>{ANSWER}</script>{body}<script>{script}</script>")
    assert got["errors"] == []
    for state, told in zip(states, got["told"], strict=True):
        # The copy is there at once; what the network has to judge anew follows.
        assert told["now"] == told["copy"] and told["waits"]
        assert told["busy"] == ("false" if state == states[1] else "true")
        shown.image, shown.shift, shown.blur = state
        errors, relative = shown.errors.values(), list(shown.relative_errors.values())
        assert told["cells"] == pytest.approx([*errors, *relative], abs=0.051)
        assert told["cells"][2:] == pytest.approx(relative, abs=0.006)
        copy = widgets.similarity_explorer._changed(
            shown._images[shown._names.index(state[0])], *state[1:]
        )
        pixels = np.asarray(told["pixels"]).reshape(12, 8, 4)[..., :1]
        assert np.abs(pixels - (copy + 1) * 127.5).max() <= 0.51
        for heights, kind in zip(told["curves"], ("pixels", "features"), strict=True):
            for s, height in zip(range(-6, 7), heights, strict=True):
                shown.shift = s
                expected = min(shown.relative_errors[kind], 2)  # higher ones stay at the top
                assert 2 * (230 - height) / 230 == pytest.approx(expected, abs=1e-3)
        minus = f"{state[1]}".replace("-", "\u2212")
        assert told["copy"].endswith(f"shifted by {minus} and blurred by {state[2]:.2f} pixels")
        assert f"{relative[0]:.2f} by pixels, {relative[1]:.2f} by features" in told["label"]
    assert "shifted by 4 and" in got["stepped"]


def test_both_judges_are_those_of_the_package():
    """The errors are the package's losses, and a copy that is no copy costs nothing."""
    shown = judges(shift=2, blur=0.7)
    original = shown._images[:1]
    moved = np.full_like(original, -1.0)
    moved[:, :, 2:] = original[:, :, :-2]
    copy = gaussian_filter(moved, (0, 0.7, 0.7, 0), mode="constant", cval=-1, truncate=9 / 0.7)
    see = shown._network
    assert shown.errors == pytest.approx(
        {
            "pixels": float(losses.gaussian_reconstruction(original, copy)[0]),
            "features": float(losses.feature_loss(see(original), see(copy))[0]),
        },
        rel=1e-4,
    )
    between = [
        [float(losses.feature_loss(see(a[None]), see(b[None]))[0]) for a in shown._images]
        for b in shown._images
    ]
    ratio = shown.errors["features"] / shown.relative_errors["features"]
    assert ratio == pytest.approx(np.sum(between) / 6, rel=1e-4)  # of six pairs of two different
    shown.shift, shown.blur = 0, 0
    assert shown.errors == {"pixels": 0, "features": 0}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"shift": 7}, "shift must be a whole number from -6 to 6. Received: 7"),
        ({"shift": 1.5}, "shift must be a whole number.* Received: 1.5"),
        ({"blur": -0.1}, "blur must be a number from 0 to 3. Received: -0.1"),
        ({"names": ["one", "two"]}, "each with a name of its own. Received: 3 images, names"),
        ({"names": ["one", "two", "two"]}, "each with a name of its own. Received: 3 images"),
    ],
)
def test_bad_judges_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        judges(**settings)


def test_judges_need_images_of_the_networks_shape():
    with pytest.raises(ValueError, match=r"takes, \(12, 8, 1\)\. Received: \(8, 8, 1\)"):
        widgets.SimilarityExplorer(judges()._network, np.zeros((2, 8, 8, 1)), ["a", "b"])
    shown = judges()
    with pytest.raises(ValueError, match="image must be one of one, .* Received: 'four'"):
        shown.image = "four"
    assert shown.image == "one"


@in_browser
def test_the_browsers_batch_equals_pythons(tmp_path):
    shown = widgets.MinibatchExplorer()
    moves = {"clusters": 3, "spread": 0.2, "shift": 0.5, "kernel": 10.0}
    script = f"""
      const figure = document.querySelector(".vaegan-figure");
      const inputs = figure.querySelectorAll("input");
      const told = () => [figure.querySelector(".value strong").textContent,
        ...Array.from(figure.querySelectorAll("td"), (cell) => cell.textContent)];
      const centres = (name) => [...figure.querySelector(name).getAttribute("d")
        .matchAll(/M([-\\d.]+) ([-\\d.]+)a([\\d.]+)/g)]
        .map(([, x, y, radius]) => [Number(x) + Number(radius), Number(y), Number(radius)]);
      const result = {{ told: [told()], dots: [] }};
      {json.dumps([3.2, 0.2, 0.5, 1])}.forEach((value, i) => {{ // whole clusters, log10(kernel)
        inputs[i].value = value;
        inputs[i].dispatchEvent(new Event("input"));
        result.told.push(told());
      }});
      result.dots = [".heap.generated", ".heap.real.row", ".heap.generated.row"].map(centres);
      result.label = figure.querySelector(".plane").getAttribute("aria-label");
      inputs[0].dispatchEvent(new KeyboardEvent("keydown", {{ key: "ArrowRight" }}));
      result.stepped = figure.querySelector("output").textContent;
      result.errors = window.errors;
      answer(result);"""
    got = page(
        tmp_path, f"<body><script>{ANSWER}</script>{shown.to_html()}<script>{script}</script>"
    )
    assert got["errors"] == []

    def told():
        modes, *numbers = shown.view.values()
        return [str(modes), *(f"{number:.2f}" for number in numbers)]

    expected = [told()]
    for name, value in moves.items():
        setattr(shown, name, value)
        expected.append(told())
    assert got["told"] == expected and len({tuple(numbers) for numbers in expected}) == 5
    plane, real, generated = (np.array(dots) for dots in got["dots"])
    features = {
        name: minibatch_explorer.closeness(points, shown.kernel)
        for name, points in (("real", shown.real), ("generated", shown.points))
    }
    assert (plane[:, 0] / 105 - 1.5) == pytest.approx(shown.points[:, 0], abs=2e-3)
    assert (1.45 - plane[:, 1] / 105) == pytest.approx(shown.points[:, 1], abs=2e-3)
    assert plane[:, 2] == pytest.approx(2 + 4 * features["generated"], abs=0.051)
    assert real[:, 0] / 420 == pytest.approx(features["real"], abs=4e-4)
    assert generated[:, 0] / 420 == pytest.approx(features["generated"], abs=4e-4)
    assert (
        f"by its batch {expected[-1][2]}. Mean o of real points {expected[-1][3]}" in got["label"]
    )
    assert got["stepped"] == "4"


def test_the_batch_is_seen_as_by_the_layer_and_the_metric():
    """o is the layer's feature for a kernel of its own, and modes are counted as the metrics do."""
    for sliders in (
        {},
        {"clusters": 5, "kernel": 3.0},
        {"clusters": 8, "spread": 0.3},
        {"clusters": 1, "spread": 0.0, "shift": 0.7},
    ):
        shown = widgets.MinibatchExplorer(**sliders)
        layer = MinibatchDiscrimination(num_kernels=1, kernel_dim=2, scale=1 / 63)
        layer.build((None, 2))
        layer.kernel.assign(shown.kernel * np.eye(2)[:, None])
        for batch in (shown.real, shown.points):
            expected = np.array(layer(batch.astype("float32")))[:, 2]
            found = minibatch_explorer.closeness(batch, shown.kernel)
            np.testing.assert_allclose(found, expected, atol=1e-5)
        ring = toys.ring(std=0.05)
        assert shown.view["modes"] == metrics.modes_covered(shown.points, ring.modes, ring.std)


def test_what_a_batch_tells_and_what_it_cannot():
    collapsed = widgets.MinibatchExplorer(clusters=1).view
    assert collapsed["by_place"] < 0.6 and collapsed["by_batch"] > 0.99
    beside = widgets.MinibatchExplorer(clusters=8, shift=1.0).view  # varied, and nowhere right
    assert beside["by_place"] > 0.99 and beside["by_batch"] < 0.6 and beside["modes"] == 0
    for kernel in (0.01, 100.0):  # too small or too large to tell near from far
        view = widgets.MinibatchExplorer(clusters=4, kernel=kernel).view
        assert abs(view["closeness_real"] - view["closeness_generated"]) < 0.03
    copies = widgets.MinibatchExplorer(clusters=1, spread=0.0).view
    assert copies["closeness_generated"] == 1.0


@pytest.mark.parametrize(
    ("name", "bad"),
    [("clusters", 0), ("clusters", 9), ("clusters", 2.5), ("spread", 0.4), ("shift", -1)]
    + [("kernel", 0), ("kernel", "large")],
)
def test_the_batch_refuses_what_its_sliders_cannot_show(name, bad):
    with pytest.raises(ValueError, match=rf"{name}.* must be .*Received: {bad!r}"):
        widgets.MinibatchExplorer(**{name: bad})
    shown = widgets.MinibatchExplorer()
    before = shown.view
    with pytest.raises(ValueError, match=rf"{name}.* must be .*Received: {bad!r}"):
        setattr(shown, name, bad)
    assert shown.view == before


@in_browser
def test_the_browsers_best_discriminator_equals_pythons(tmp_path):
    shown = widgets.LabelExplorer()
    moves = {"mean": -1.5, "target": 0.7, "flip": 0.2, "noise": 0.8}
    script = f"""
      const figure = document.querySelector(".vaegan-figure");
      const inputs = figure.querySelectorAll("input");
      const told = () => [...Array.from(figure.querySelectorAll("td"), (cell) => cell.textContent),
        figure.querySelector(".value strong").textContent];
      const heights = (name) => figure.querySelector(name).getAttribute("d")
        .match(/[-\\d.]+ [-\\d.]+/g).map((pair) => Number(pair.split(" ")[1]));
      const result = {{ told: [told()] }};
      {json.dumps(list(moves.values()))}.forEach((value, i) => {{
        inputs[i].value = value;
        inputs[i].dispatchEvent(new Event("input"));
        result.told.push(told());
      }});
      result.curves = [heights(".own"), heights(".best")];
      result.label = figure.querySelector(".plane").getAttribute("aria-label");
      result.errors = window.errors;
      answer(result);"""
    got = page(
        tmp_path, f"<body><script>{ANSWER}</script>{shown.to_html()}<script>{script}</script>"
    )
    assert got["errors"] == []

    def told():
        return [f"{number:z.2f}".replace("-", "\u2212") for number in shown.best.values()]

    expected = [told()]
    for name, value in moves.items():
        setattr(shown, name, value)
        expected.append(told())
    assert got["told"] == expected
    assert f"The pull on the generator is {expected[-1][-1]}." in got["label"]

    # Logits at x = -6 ... 6, where 24 of them take a height of 190 from 182 on.
    x = np.linspace(-6, 6, 281)
    p, q = (norm.pdf(x, m, np.hypot(0.5, 0.8)) for m in (0, -1.5))
    real = 0.8 * 0.7 + 0.2 * 0.3
    tricks = np.log(real * p + 0.2 * q) - np.log((1 - real) * p + 0.8 * q)
    bare = norm.logpdf(x, 0, 0.5) - norm.logpdf(x, -1.5, 0.5)
    for heights, logits in zip(got["curves"], (tricks, bare), strict=True):
        drawn = 12 - (np.array(heights) - 182) * 24 / 190
        assert drawn == pytest.approx(logits, abs=0.02)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(st.floats(-4, 4), st.floats(0.5, 1), st.floats(0, 0.5), st.floats(0, 2))
def test_the_best_discriminator_has_the_lowest_loss(mean, target, flip, noise):
    """Of the package's losses with turned labels, on evenly spread draws; the pull is its slope."""
    z = norm.ppf((np.arange(4000) + 0.5) / 4000)
    deviation = np.hypot(0.5, noise)

    def best(x):
        real = (1 - flip) * target + flip * (1 - target)
        p, q = norm.pdf(x, 0, deviation), norm.pdf(x, mean, deviation)
        return np.log(real * p + flip * q) - np.log((1 - real) * p + (1 - flip) * q)

    def loss(shift):
        total = 0.0
        for points, t in ((deviation * z, target), (mean + deviation * z, 0.0)):
            logits = np.clip(best(points), -30, 30) + shift
            for label, share in ((t, 1 - flip), (1 - t, flip)):
                total += share * np.mean(losses.discriminator_loss(logits, label))
        return total

    assert loss(0.0) <= min(loss(0.1), loss(-0.1)) + 1e-4
    shown = widgets.LabelExplorer(mean, target, flip, noise).best
    sigmoid = 1 / (1 + np.exp(-best(np.array([0.0, mean]))))
    assert [shown["at_data"], shown["at_generator"]] == pytest.approx(sigmoid, abs=1e-6)


def test_the_pull_is_the_slope_of_the_generators_loss():
    """With the discriminator held, as the generator's step holds it."""
    mean, flip = 1.2, 0.05
    z = norm.ppf((np.arange(20_000) + 0.5) / 20_000)

    def loss(moved):
        x = moved + 0.5 * z
        p, q = norm.pdf(x, 0, 0.5), norm.pdf(x, mean, 0.5)
        logits = np.log((1 - flip) * p + flip * q) - np.log(flip * p + (1 - flip) * q)
        return np.mean(losses.ADVERSARIAL_LOSSES["non-saturating"](logits))

    slope = (loss(mean + 1e-2) - loss(mean - 1e-2)) / 2e-2
    shown = widgets.LabelExplorer(mean, 1.0, flip, 0.0).best
    assert shown["pull"] == pytest.approx(-slope, abs=5e-3)


def test_soft_labels_leave_the_pull_and_noisy_labels_take_it():
    hard, soft, noisy = (
        widgets.LabelExplorer(3.0, target, flip, 0.0).best["pull"]
        for target, flip in ((1.0, 0.0), (0.9, 0.0), (1.0, 0.1))
    )
    assert soft == pytest.approx(hard, rel=1e-3) and abs(noisy) < 0.01 * abs(hard)


@pytest.mark.parametrize(
    ("name", "bad"), [("mean", 5), ("target", 0.4), ("flip", 0.6), ("noise", "much")]
)
def test_the_labels_refuse_what_their_sliders_cannot_show(name, bad):
    with pytest.raises(ValueError, match=rf"{name} must be a number from .* to .*\. Received"):
        widgets.LabelExplorer(**{name: bad})
    shown = widgets.LabelExplorer()
    with pytest.raises(ValueError, match=rf"{name} must be a number from .* to .*\. Received"):
        setattr(shown, name, bad)


def write_record(folder, epochs, sheets, seed):
    """A record of random curves by seed; the sheet of epoch e has grey images of tone e / 10."""
    provenance = {"experiment": "gan", "seed": seed, "arguments": {}, "versions": {}, "commit": "c"}
    provenance |= {"data": {"name": "digits", "digest": "d"}, "backend": "b", "hardware": {}}
    records.write_json(folder / "config.json", provenance)
    rng = np.random.default_rng(seed)
    rows = [
        {"epoch": epoch, "loss": rng.normal(), "other": rng.normal(), "rate": 10 ** rng.normal()}
        for epoch in range(1, epochs + 1)
    ]
    records.write_history(folder / "history.csv", rows)
    for epoch in sheets:
        images = np.full((64, 12, 12, 1), epoch / 10)
        images[:, 3:6] = -1
        path = folder / "samples" / f"epoch-{epoch:03d}.png"
        write_picture(path, plotting.tile(images, columns=8))


@functools.cache
def recorded():
    """Two runs on disk, one of 7 epochs and one of 4 with an odd name and no first sheet."""
    folder = tempfile.TemporaryDirectory()
    long, short = Path(folder.name, "long"), Path(folder.name, "short")
    write_record(long, 7, [1, 5, 7], seed=0)
    write_record(short, 4, [2], seed=1)
    return folder, {"long": long, "short </b>": short}


def walker(**settings):
    _, runs = recorded()
    panels = {"losses </i>": ["loss", "other"], "rates": ["rate"]}
    return widgets.RunExplorer(runs, panels, **{"log": ["rates"]} | settings)


@in_browser
def test_the_browser_shows_what_the_record_says(tmp_path):
    shown = walker()
    states = [("long", 7), ("long", 4), ("long", 1), ("short </b>", 1), ("short </b>", 4)]
    script = f"""
      const figure = document.querySelector(".vaegan-figure");
      const [select, slider] = [figure.querySelector("select"), figure.querySelector("input")];
      const move = (input, value, kind) => {{
        input.value = value;
        input.dispatchEvent(new Event(kind));
      }};
      const told = () => ({{
        cells: Array.from(figure.querySelectorAll("td"), (cell) => cell.textContent),
        names: Array.from(figure.querySelectorAll("th"), (name) => name.textContent.trim()),
        curves: Array.from(figure.querySelectorAll(".course"), (line) => line.getAttribute("d")
          .match(/[-\\d.]+ [-\\d.]+/g).map((pair) => pair.split(" ").map(Number))),
        dots: Array.from(figure.querySelectorAll(".plane .dots"), (dot) => dot.getAttribute("d")),
        label: figure.querySelector(".plane").getAttribute("aria-label"),
        said: figure.querySelector(".said").textContent,
        alt: figure.querySelector("img").alt,
        hidden: figure.querySelector("img").hidden,
        src: figure.querySelector("img").src,
        most: Number(slider.max),
        ticks: Array.from(figure.querySelectorAll(".axes")[0].querySelectorAll("text"),
          (text) => text.textContent),
      }});
      const result = {{ told: [] }};
      for (const [name, epoch] of {json.dumps(states)}) {{
        move(select, name, "change");
        move(slider, epoch + 0.3, "input"); // whole epochs
        result.told.push(told());
      }}
      move(select, "long", "change");
      move(slider, 6, "input");
      const press = (key) => slider.dispatchEvent(
        new KeyboardEvent("keydown", {{ key, cancelable: true }}));
      press("ArrowLeft");
      result.stepped = told().label;
      move(select, "short </b>", "change"); // is over before that epoch
      result.clamped = told().label;
      press("ArrowRight");
      result.end = told().label;
      const titles = figure.querySelectorAll(".axes .name");
      result.titles = Array.from(titles, (name) => name.textContent);
      result.errors = window.errors;
      answer(result);"""
    body = shown.to_html()
    got = page(tmp_path, f"<body><script>{ANSWER}</script>{body}<script>{script}</script>")
    assert got["errors"] == []
    assert got["titles"] == ["epoch", "losses </i>", "rates"]

    every = {}
    for name, folder in recorded()[1].items():
        record = records.read_record(folder)
        every[name] = {column: record.column(column) for column in ("loss", "other", "rate")}
    signed = [value for run in every.values() for key in ("loss", "other") for value in run[key]]
    rates = np.log10([value for run in every.values() for value in run["rate"]])
    for (name, epoch), told in zip(states, got["told"], strict=True):
        shown.run, shown.epoch = name, epoch
        sheet = shown.sheet
        numbers = [float(cell.replace("\u2212", "-")) for cell in told["cells"]]
        exact = [every[name][column][epoch - 1] for column in ("loss", "other", "rate")]
        assert numbers == pytest.approx(exact, rel=6e-3)
        assert list(shown.values.values()) == pytest.approx(exact, rel=6e-4)
        assert told["names"] == ["loss", "other", "rate"]
        assert f"{name}, epoch {epoch} of {shown.epochs}: loss {told['cells'][0]}" in told["label"]
        assert told["hidden"] == (sheet is None)
        if sheet is None:
            assert (name, epoch) == ("short </b>", 1) and "No samples" in told["said"]
        else:
            assert sheet == max(e for e in {"l": [1, 5, 7], "s": [2]}[name[0]] if e <= epoch)
            assert told["said"] == f"Samples after epoch {sheet}" and name in told["alt"]
            tone = sheet_pixels(told["src"])[8, 8, 0]
            assert tone == pytest.approx((sheet / 10 + 1) * 127.5, abs=3)
        assert told["most"] == shown.epochs and str(shown.epochs + 1) not in told["ticks"]
        # Both runs share the upright axes, from the least to the greatest value of a panel.
        scales = [(signed, 0, lambda v: v)] * 2 + [(rates, 146, np.log10)]
        for column, curve, dot, (values, top, on) in zip(
            ("loss", "other", "rate"), told["curves"], told["dots"], scales, strict=True
        ):
            x, y = np.transpose(curve)
            epochs = np.arange(len(every[name][column]))
            assert x == pytest.approx(epochs / epochs[-1] * 420, abs=0.06)  # it fills the plot
            low, high = min(values), max(values)
            span = high - low
            share = (high + 0.06 * span - on(np.array(every[name][column]))) / (1.12 * span)
            assert y == pytest.approx(top + 112 * share, abs=0.12)
            assert dot == f"M{x[epoch - 1]:.1f} {y[epoch - 1]:.1f}h0"
    assert "long, epoch 5 of 7" in got["stepped"]
    assert "short </b>, epoch 4 of 4" in got["clamped"] and got["end"] == got["clamped"]


def sheet_pixels(address):
    _, _, text = address.partition("base64,")
    with Image.open(io.BytesIO(base64.b64decode(text))) as picture:
        return np.asarray(picture.convert("RGB"), "float64")


def test_a_run_keeps_its_epoch_and_a_sheet_its_corner():
    shown = walker(columns=3)
    assert (shown.run, shown.epoch, shown.epochs, shown.sheet) == ("long", 7, 7, 7)
    shown.run = "short </b>"
    assert (shown.epoch, shown.epochs, shown.sheet) == (4, 4, 2)
    shown.run = "long"
    assert (shown.epoch, shown.sheet) == (4, 1)
    sheet = shown._state["data"]["runs"]["long"]["sheets"][5]
    assert sheet_pixels(sheet).shape == (3 * 14 - 2, 3 * 14 - 2, 3)
    whole = walker(columns=8)._state["data"]["runs"]["long"]["sheets"][5]
    assert sheet_pixels(whole).shape == (110, 110, 3)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"run": "none"}, "run must be one of long, short .* Received: 'none'"),
        ({"epoch": 8}, "epoch must be a whole number from 1 to 7. Received: 8"),
        ({"epoch": 0}, "epoch must be a whole number from 1 to 7. Received: 0"),
        ({"columns": 9}, "columns must be at most 8. Received: 9"),
        ({"log": ["speed"]}, "log must name panels of losses .*, rates. Received: 'speed'"),
        ({"log": ["losses </i>"]}, "loss of the record .* must be finite and positive in every"),
    ],
)
def test_a_bad_walk_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        walker(**settings)


@pytest.mark.parametrize(
    ("panels", "message"),
    [
        ({}, "1 to 3 names to lists of 1 to 4 history columns. Received: {}"),
        ({"a": ["loss"] * 5}, "1 to 3 names to lists of 1 to 4"),
        ({name: ["loss"] for name in "abcd"}, "1 to 3 names to lists of 1 to 4"),
        (["loss"], "1 to 3 names to lists of 1 to 4"),
        ({"a": ["speed"]}, "long history has the columns epoch, loss, other, rate, not 'speed'"),
    ],
)
def test_bad_panels_are_refused(panels, message):
    with pytest.raises(ValueError, match=message):
        widgets.RunExplorer(recorded()[1], panels)


def test_records_that_cannot_be_walked_are_refused(tmp_path, monkeypatch):
    for runs in ({}, [tmp_path], None):
        with pytest.raises(ValueError, match="runs must map names to folders of records"):
            widgets.RunExplorer(runs, {"a": ["loss"]})
    write_record(tmp_path, 2, [], seed=2)
    with pytest.raises(FileNotFoundError, match="has no sheets, samples/epoch-"):
        widgets.RunExplorer({"bare": tmp_path}, {"a": ["loss"]})
    rows = [{"epoch": 1, "loss": float("nan")}]
    records.write_history(tmp_path / "history.csv", rows)
    with pytest.raises(ValueError, match="loss of the record .* must be finite in every epoch"):
        widgets.RunExplorer({"broken": tmp_path}, {"a": ["loss"]})
    monkeypatch.setattr(widgets.run_explorer, "MAX_BYTES", 500)
    with pytest.raises(ValueError, match="in at most 500 bytes: choose fewer runs or columns. Rec"):
        walker()


@in_browser
def test_the_kernels_module_follows_python(tmp_path):
    pytest.importorskip("anywidget")
    modules = []
    shapes = (explorer, widgets.KLExplorer, divergences, widgets.GameExplorer)
    for make in (*shapes, widgets.MinibatchExplorer, widgets.LabelExplorer, judges, walker):
        shown = make()
        source = base64.b64encode(shown.widget._esm.encode()).decode()
        modules.append([source, shown._current()])
    script = f"""{ANSWER}
      const told = [];
      for (const [source, state] of {json.dumps(modules)}) {{
        const module = await import("data:text/javascript;base64," + source);
        const heard = {{}};
        let saved = 0;
        const model = {{
          get: (name) => state[name], set: (name, value) => {{ state[name] = value; }},
          on: (names, call) => names.split(" ").forEach((name) => {{ heard[name] = call; }}),
          off: (names) => names.split(" ").forEach((name) => {{ delete heard[name]; }}),
          save_changes: () => {{ saved += 1; }},
        }};
        const el = document.createElement("div");
        document.body.append(el);
        const stop = module.default.render({{ model, el }});
        const [name, value] = [["point", [0.25, -0.5]], ["z_mean", 0], ["slope", 0], ["mean", -1],
          ["clusters", 1], ["shift", 0], ["epoch", 2]]
          .find(([name]) => name in state);
        state[name] = value;
        heard[`change:${{name}}`]();
        el.querySelector("input").dispatchEvent(new Event("input"));
        while (el.querySelector("[aria-busy=true]")) await new Promise((go) => setTimeout(go, 5));
        stop();
        const label = el.querySelector("[role=img]").getAttribute("aria-label");
        told.push([label, saved, Object.keys(heard).length]);
      }}
      answer(told);"""
    got = page(tmp_path, f"<body><script type=module>{script}</script>")
    assert got[0] == ["Image decoded from z = (0.25, \u22120.50)", 1, 0]
    assert got[1][0].endswith("kl_loss is 0.18 nats at z_mean 0.00 and z_log_var \u22121.00.")
    assert got[1][1:] == [1, 0]
    assert "For q with mean \u22121.00 and deviation 1.50, forward" in got[2][0]
    assert got[2][1:] == [1, 0]
    assert "The value of the game is \u22121.39 nats" in got[3][0]  # slope 0, offset 0
    assert got[3][1:] == [1, 0]
    assert "of two batches. 1 of 8 modes covered." in got[4][0]
    assert got[4][1:] == [1, 0]
    pull = f"{widgets.LabelExplorer(mean=-1).best['pull']:.2f}"
    assert got[5][0].endswith(f"The pull on the generator is {pull}.") and got[5][1:] == [1, 0]
    assert "error is 0.00 by pixels, 0.00 by features" in got[6][0]
    assert got[6][1:] == [1, 0]
    assert "long, epoch 2 of 7: loss" in got[7][0] and got[7][1:] == [1, 0]


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [explorer, widgets.KLExplorer, divergences, widgets.GameExplorer, scheduler]
    + [widgets.MinibatchExplorer, widgets.LabelExplorer, judges, walker],
)
def test_the_fragment_stands_alone(make):
    shown = make()
    text = shown.to_html()
    assert text == make().to_html()  # bit for bit
    assert not re.search(r"\w+://|require|\bimport\b|src=\"(?!data:)", text)
    assert "<noscript>" in text
    alt = re.search(r'<img alt="([^"]+)"', text)[1]
    assert len(alt) > 60
    assert "@media print" in text
    png = re.search(r"data:image/png;base64,([^\"]+)", text)[1]
    with Image.open(io.BytesIO(base64.b64decode(png))) as picture:
        assert picture.width > 600 and len(picture.getcolors(1 << 16)) > 10


@pytest.mark.slow
def test_other_content_gives_another_key():
    keys = {
        re.search(r'data-figure="(\w+)"', shown.to_html())[1]
        for shown in (explorer(), explorer(title="Other"), explorer(alt="Other"))
    }
    assert len(keys) == 3


@pytest.mark.slow
def test_names_are_escaped():
    shown = explorer(title='</script><b>"x"', alt='<"alt">')
    text = shown.to_html()
    assert text.count("</script>") == 1
    assert 'alt="&lt;&quot;alt&quot;&gt;"' in text


@pytest.mark.slow
def test_the_twin_ignores_and_keeps_matplotlibs_settings():
    import matplotlib
    import matplotlib.pyplot

    with matplotlib.rc_context({"axes.facecolor": "red", "font.size": 20}):
        changed = widgets.KLExplorer().to_html()
        assert matplotlib.rcParams["font.size"] == 20
    assert changed == widgets.KLExplorer().to_html()
    assert not matplotlib.pyplot.get_fignums()


def test_a_kernel_gets_a_widget_and_the_page_its_fragment():
    pytest.importorskip("anywidget")
    shown = explorer(limits=(-4, 4))
    data, _ = shown._repr_mimebundle_()
    assert data["text/html"] == shown.to_html()
    assert data["text/plain"] == repr(shown)
    assert "0x" not in repr(shown)  # an address would differ at every execution
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == shown.widget.model_id
    shown.point = (0.5, -1)
    assert shown.widget.point == [0.5, -1.0]
    shown.widget.point = [1.0, 2.0]  # as the browser does
    assert shown.point == (1.0, 2.0)
    kl = widgets.KLExplorer()
    kl.widget.z_log_var = 0.0
    assert kl.kl_loss == pytest.approx(0.5)


def test_without_anywidget_the_fragment_is_shown(monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    figure._widget_class.cache_clear()
    shown = explorer()
    data, metadata = shown._repr_mimebundle_()
    assert sorted(data) == ["text/html", "text/plain"] and metadata == {}
    shown.point = (0, 1)
    assert shown.point == (0.0, 1.0)
    with pytest.raises(ImportError, match="pip install anywidget"):
        _ = shown.widget


@pytest.mark.slow
def test_importing_needs_neither_keras_nor_widgets():
    code = (
        "import sys;"
        "sys.modules.update(keras=None, anywidget=None, ipywidgets=None, traitlets=None);"
        "from vaegan_edu.widgets import KLExplorer, ScheduleExplorer; KLExplorer().to_html();"
        "ScheduleExplorer({'falling': [2, 1]}).to_html()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=SOURCES.parents[1])


def test_limits_are_a_square_that_holds_the_codes():
    (left, right), (bottom, top) = explorer()._state["data"]["limits"]
    assert right - left == pytest.approx(top - bottom, abs=2e-3)
    codes = explorer()._codes
    assert (codes > [left, bottom]).all() and (codes < [right, top]).all()
    (left, right), _ = explorer(prior=True)._state["data"]["limits"]
    assert left < -2 and right > 2
    one = widgets.LatentExplorer(small_decoder(), [[1.0, 1.0]], ["cat"], title="One code")
    assert one._state["data"]["limits"][0] == [0.46, 1.54]


@pytest.mark.parametrize(
    ("codes", "labels", "options", "message"),
    [
        (np.zeros((4, 3)), np.zeros(4), {}, r"shape \(count, 2\).*Received: shape \(4, 3\)"),
        (np.zeros((0, 2)), np.zeros(0), {}, r"count > 0\. Received: shape \(0, 2\)"),
        ("codes", np.zeros(4), {}, r"Received: str"),
        (np.full((4, 2), np.nan), np.zeros(4), {}, r"finite\. Received: 4 rows"),
        (np.zeros((4, 2)), np.zeros(5), {}, r"each of the 4 codes.*Received: shape \(5,\)"),
        (np.zeros((11, 2)), np.arange(11), {}, r"at most 10 classes.*Received: 11"),
        (np.zeros((5001, 2)), np.zeros(5001), {}, r"at most 5000.*Received: 5001"),
        (np.zeros((4, 2)), np.zeros(4), {"limits": (3, -3)}, r"low < high\. Received: \(3, -3\)"),
        (np.zeros((4, 2)), np.zeros(4), {"limits": (0, np.inf)}, r"low < high"),
    ],
)
def test_bad_codes_labels_and_limits_get_one_clear_line(codes, labels, options, message):
    with pytest.raises(ValueError, match=message) as caught:
        widgets.LatentExplorer(small_decoder(), codes, labels, title="Bad", **options)
    assert "\n" not in str(caught.value)


def sequential(*stack, latent_dim=2):
    return keras.Sequential([layers.Input((latent_dim,)), *stack])


def called_twice():
    z = layers.Input((4,))
    same = layers.Dense(4)
    return keras.Model(z, layers.Reshape((2, 2, 1))(same(same(z))))


def with_nan():
    model = small_decoder()
    model.weights[1].assign(np.full(196, np.nan))
    return model


def image_of(*stack):
    return sequential(layers.Dense(16), layers.Reshape((4, 4, 1)), *stack)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: keras.Sequential([layers.Dense(3)]), "built Keras model.*Received: Sequential"),
        (lambda: np.tanh, "built Keras model.*Received: ufunc"),
        (lambda: sequential(layers.Dense(4)), r"\(height, width, channels\).*Received.*\(4,\)"),
        (lambda: image_of(layers.MaxPooling2D()), r"only layers.*\(MaxPooling2D\)"),
        (lambda: image_of(layers.Conv2D(1, 2, activation="gelu")), "activations.*Received: 'gelu'"),
        (lambda: image_of(layers.Conv2D(1, 2, dilation_rate=2)), r"dilation_rate=\(1, 1\)"),
        (lambda: image_of(layers.Conv2DTranspose(1, 3, 2, output_padding=1)), "output_padding"),
        (lambda: image_of(layers.UpSampling2D(interpolation="bilinear")), "'nearest'"),
        (lambda: image_of(layers.BatchNormalization(axis=1)), r"last axis.*axis=1"),
        (lambda: image_of(layers.ReLU(max_value=6)), "neither max_value nor threshold"),
        (lambda: image_of(layers.UpSampling2D(data_format="channels_first")), "channels last"),
        (called_twice, "each layer is called once.*called 2 times"),
        (with_nan, "must be finite.*Received: 196 weights"),
        (lambda: sequential(layers.Dense(200_000), layers.Reshape((200, 1000, 1))), "at most 3"),
    ],
)
def test_a_decoder_that_the_page_cannot_run_gets_one_clear_line(make, message):
    with pytest.raises(ValueError, match=message) as caught:
        widgets.export_decoder(make())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "model",
    [
        lambda: sequential(layers.Dense(4), layers.Reshape((2, 2, 1)), latent_dim=3),
        lambda: sequential(layers.Dense(8), layers.Reshape((2, 2, 2))),
    ],
)
def test_a_plane_takes_two_coordinates_and_gives_a_picture(model):
    with pytest.raises(ValueError, match=r"codes \(batch, 2\) to images with 1 or 3 channels"):
        widgets.LatentExplorer(model(), np.zeros((4, 2)), np.zeros(4), title="Bad")


@pytest.mark.parametrize("point", [(1,), (1, np.nan), "here", None, (1, 2, 3)])
def test_a_bad_point_is_refused(point):
    shown = explorer()
    before = shown.point
    with pytest.raises(ValueError, match="two finite numbers"):
        shown.point = point
    assert shown.point == before


@pytest.mark.parametrize("bad", [np.nan, 9, "one", None])
def test_a_bad_slider_value_is_refused(bad):
    with pytest.raises(ValueError, match=r"z_mean must be a number from -3 to 3\. Received"):
        widgets.KLExplorer(z_mean=bad)
    with pytest.raises(ValueError, match=r"z_log_var must be a number from -3 to 2\. Received"):
        widgets.KLExplorer().z_log_var = bad


def test_kl_loss_is_the_formula():
    assert widgets.KLExplorer(0, 0).kl_loss == 0
    assert widgets.KLExplorer(2, 1).kl_loss == pytest.approx(0.5 * (4 + np.e - 1 - 1))
