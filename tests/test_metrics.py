"""The metrics against slow references, what they must keep, and what they are for."""

import json
import math
import os
import re
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vaegan_edu import datasets, metrics

DATA = sorted(path.name.removeprefix("classifier-") for path in metrics.CLASSIFIERS.iterdir())


def naive_overlap(real, generated, k):
    """The four numbers as their papers define them, point by point."""

    def distance(a, b):
        return math.sqrt(sum((float(p) - float(q)) ** 2 for p, q in zip(a, b, strict=True)))

    def radii(points):
        return [
            sorted(distance(p, q) for j, q in enumerate(points) if j != i)[k - 1]
            for i, p in enumerate(points)
        ]

    def share(flags):
        return sum(flags) / len(flags)

    real_balls = list(zip(real, radii(real), strict=True))
    generated_balls = list(zip(generated, radii(generated), strict=True))
    holding = [sum(distance(g, c) <= r for c, r in real_balls) for g in generated]
    return {
        "precision": share([count > 0 for count in holding]),
        "recall": share([any(distance(p, c) <= r for c, r in generated_balls) for p in real]),
        "density": sum(holding) / (k * len(generated)),
        "coverage": share([any(distance(g, c) <= r for g in generated) for c, r in real_balls]),
    }


@pytest.mark.parametrize("chunk", [1, 7, 8, 512])
@pytest.mark.parametrize("counts", [(8, 8), (8, 15), (16, 7), (23, 9)])
@pytest.mark.parametrize("k", [1, 3, 5])
def test_overlap_is_the_definition(monkeypatch, counts, k, chunk):
    """Sizes below, at and above a chunk's end."""
    monkeypatch.setattr(metrics, "CHUNK", chunk)
    rng = np.random.default_rng([*counts, k])
    real = rng.standard_normal((counts[0], 3))
    generated = 0.8 * rng.standard_normal((counts[1], 3)) + 0.7
    found = metrics.manifold_overlap(real, generated, k)
    assert found == pytest.approx(naive_overlap(real, generated, k), abs=1e-12)
    assert all(type(value) is float for value in found.values())


def test_overlap_by_hand():
    """On a line: real balls [-1, 1], [0, 2], [1, 7]; generated ones [0.5, 2.5], [1.5, 3.5], ..."""
    found = metrics.manifold_overlap([[0.0], [1.0], [4.0]], [[1.5], [2.5], [9.0], [9.5]], k=1)
    # 1.5 lies in two real balls, 2.5 in one, the others in none; only 1 lies in a generated ball.
    assert found == {"precision": 0.5, "recall": 1 / 3, "density": 0.75, "coverage": 2 / 3}


# Whole coordinates keep squared distances exact, ties and repeated points included.
points = st.integers(4, 12).flatmap(
    lambda count: arrays("int64", (count, 2), elements=st.integers(-6, 6))
)


@given(points, points, st.integers(1, 3))
def test_overlap_on_any_points_ties_included(real, generated, k):
    found = metrics.manifold_overlap(real, generated, k)
    assert found == pytest.approx(naive_overlap(real, generated, k), abs=1e-12)
    swapped = metrics.manifold_overlap(generated, real, k)
    assert (swapped["precision"], swapped["recall"]) == (found["recall"], found["precision"])


@given(points, st.integers(1, 3), st.randoms())
def test_equal_sets_overlap_fully_and_their_order_does_not_matter(real, k, random):
    generated = real.tolist()
    random.shuffle(generated)
    found = metrics.manifold_overlap(real, generated, k)
    assert found["precision"] == found["recall"] == found["coverage"] == 1.0
    assert found["density"] >= 1.0  # each ball holds its centre and k others, k + 1 over k


@given(points, points)
def test_far_away_sets_do_not_overlap(real, generated):
    found = metrics.manifold_overlap(real, generated + 100, k=2)
    assert set(found.values()) == {0.0}


@pytest.mark.parametrize("real_count, count, k", [(400, 400, 5), (500, 100, 5), (150, 300, 1)])
def test_coverage_of_the_own_distribution_is_what_theory_says(real_count, count, k):
    """1 - prod over j = 1..k of (N - j) / (N + M - j): 0.969 at k = 5, N = M large."""
    j = np.arange(1, k + 1)
    expected = 1 - np.prod((real_count - j) / (real_count + count - j))
    rng = np.random.default_rng(0)
    found = [
        metrics.manifold_overlap(rng.normal(size=(real_count, 4)), rng.normal(size=(count, 4)), k)
        for _ in range(30)
    ]
    coverage = np.array([numbers["coverage"] for numbers in found])
    assert coverage.mean() == pytest.approx(expected, abs=4 * coverage.std() / 30**0.5)
    density = np.array([numbers["density"] for numbers in found])
    assert density.mean() == pytest.approx(1.0, abs=0.05)  # Naeem et al. 2020, section 3.3


def test_low_confidence_counts_what_lies_below_nine_tenths():
    rows = [[0.9, 0.1], [0.1, 0.9], [0.89, 0.11], [0.5, 0.5], [0.0, 1.0]]
    assert metrics.low_confidence_share(rows) == 0.4
    assert metrics.low_confidence_share([[0.05, 0.9, 0.05]]) == 0.0
    assert metrics.low_confidence_share([[0.5, 0.4, 0.1]]) == 1.0


def test_active_units_are_those_whose_mean_moves():
    rng = np.random.default_rng(0)
    wave = rng.standard_normal((1000, 6))
    wave = (wave - wave.mean(axis=0)) / wave.std(axis=0)
    # A constant is collapsed wherever it lies; 0.01 is a variance, so 0.1 is the deviation.
    z_mean = wave * [1.0, 0.0, 0.0, 0.099, 0.101, 3.0] + [0.0, 0.0, 5.0, 2.0, 2.0, -4.0]
    assert metrics.active_units(z_mean) == 3
    assert metrics.active_units(z_mean[:, 1:4]) == 0
    assert metrics.active_units(z_mean[:, [0, 4, 5]]) == 3


@given(arrays("float64", st.integers(2, 8), elements=st.floats(-100, 100)))
def test_interval_holds_the_mean_and_lies_within_the_values(values):
    mean, low, high = metrics.mean_interval(values, samples=500)
    assert mean == pytest.approx(values.mean(), abs=1e-9)
    assert low - 1e-9 <= mean <= high + 1e-9
    assert values.min() - 1e-9 <= low and high <= values.max() + 1e-9
    assert metrics.mean_interval(values, samples=500) == (mean, low, high)
    wider = metrics.mean_interval(values, confidence=0.99, samples=500)
    assert wider[1] <= low and high <= wider[2]


def test_interval_is_that_of_the_normal_for_many_values():
    values = np.random.default_rng(1).normal(3.0, 2.0, 2000)
    mean, low, high = metrics.mean_interval(values, confidence=0.9)
    reach = 1.6449 * values.std() / 2000**0.5
    assert mean == values.mean()
    assert low == pytest.approx(mean - reach, abs=0.1 * reach)
    assert high == pytest.approx(mean + reach, abs=0.1 * reach)


def test_interval_covers_the_true_mean_about_as_often_as_it_says():
    """The percentile bootstrap of 20 values is known to be a little too narrow, not more."""
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(300):
        _, low, high = metrics.mean_interval(rng.normal(7.0, 1.0, 20), samples=1000)
        hits += low <= 7.0 <= high
    assert 0.88 < hits / 300 < 0.97


@pytest.fixture(scope="module")
def digits():
    return datasets.load_digits()


@pytest.fixture(scope="module")
def classifier():
    return metrics.load_classifier("digits")


def test_classify_gives_probabilities_and_features_of_each_image(classifier, digits):
    images = digits[1][0][:5]
    probabilities, features = metrics.classify(classifier, images)
    assert probabilities.shape == (5, 10) and features.shape == (5, 64)
    logits, expected = (np.array(t, "float64") for t in classifier(images, training=False))
    written_out = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(probabilities, written_out, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(features, expected, rtol=1e-4, atol=1e-4)


def test_softmax_survives_large_logits():
    class Loud:
        input_shape = (None, 8, 8, 1)

        def __call__(self, images, training):
            assert not training
            return np.array([[1000.0, 0.0], [-1000.0, -1000.0]], "float32"), np.zeros((2, 3))

    probabilities, _ = metrics.classify(Loud(), np.zeros((2, 8, 8, 1)))
    np.testing.assert_array_equal(probabilities, [[1.0, 0.0], [0.5, 0.5]])


@pytest.mark.parametrize("data", DATA)
def test_shipped_classifier_is_as_good_as_its_record_says(data):
    folder = metrics.CLASSIFIERS / f"classifier-{data}"
    recorded = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["accuracy"]
    if data == "mnist" and not os.environ.get("VAEGAN_EDU_DATA"):
        pytest.skip("MNIST is not downloaded for a test; VAEGAN_EDU_DATA would name its folder")
    _, (images, labels) = datasets.load(data)
    probabilities, _ = metrics.classify(metrics.load_classifier(data), images)
    accuracy = (probabilities.argmax(axis=1) == labels).mean()
    assert accuracy >= 0.98
    assert accuracy == pytest.approx(recorded, abs=1.5 / len(labels))  # one image may tip


def test_judge_tells_digits_from_noise_and_from_one_digit_alone(classifier, digits):
    (x_train, _), (x_test, _) = digits
    real = metrics.judge(classifier, x_test, x_train)
    assert real["precision"] > 0.85 and real["recall"] > 0.85 and real["coverage"] > 0.5
    assert real["low_confidence"] < 0.1
    assert real["pixel_precision"] > 0.8 and real["pixel_recall"] > 0.8

    noise = np.random.default_rng(0).uniform(-1, 1, x_test.shape).astype("float32")
    judged = metrics.judge(classifier, noise, x_train)
    assert judged["precision"] < 0.05 and judged["coverage"] < 0.05
    assert judged["pixel_precision"] == judged["pixel_recall"] == 0.0
    assert judged["low_confidence"] > 0.3

    # A mode that collapsed onto a few real images is precise, and covers next to nothing.
    collapsed = metrics.judge(classifier, np.repeat(x_train[:3], 20, axis=0), x_train)
    assert collapsed["precision"] == collapsed["pixel_precision"] == 1.0
    assert collapsed["coverage"] < 0.05 and collapsed["pixel_recall"] < 0.05

    # Grey noise is what features alone may take for a digit, and pixels never do.
    grey = np.clip(0.1 * noise, -1, 1)
    assert metrics.judge(classifier, grey, x_train)["pixel_precision"] == 0.0


def test_judge_hands_on_k_and_keeps_the_sides_apart(classifier, digits):
    (x_train, _), (x_test, _) = digits
    generated, real = x_test[:40], x_train[:90]
    features = [metrics.classify(classifier, images)[1] for images in (real, generated)]
    judged = metrics.judge(classifier, generated, real, k=2)
    confidence = metrics.classify(classifier, generated)[0]
    assert judged.pop("low_confidence") == metrics.low_confidence_share(confidence)
    pixels = metrics.manifold_overlap(real.reshape(90, -1), generated.reshape(40, -1), k=2)
    assert judged.pop("pixel_precision") == pixels["precision"]
    assert judged.pop("pixel_recall") == pixels["recall"]
    assert judged == metrics.manifold_overlap(*features, k=2)
    assert judged != metrics.manifold_overlap(*features, k=5)
    assert pixels["precision"] != pixels["recall"]  # else a mix-up would not show


def test_digest_follows_the_weights(tmp_path, monkeypatch):
    before = metrics.classifier_digest("digits")
    assert re.fullmatch("[0-9a-f]{64}", before) and metrics.classifier_digest("digits") == before
    shutil.copytree(metrics.CLASSIFIERS / "classifier-digits", tmp_path / "classifier-digits")
    monkeypatch.setattr(metrics, "CLASSIFIERS", tmp_path)
    assert metrics.classifier_digest("digits") == before
    path = tmp_path / "classifier-digits" / "model.weights.h5"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert metrics.classifier_digest("digits") != before


TWO, SIX = np.zeros((2, 3)), np.zeros((6, 3))
NAN = np.full((6, 3), np.nan)


@pytest.mark.parametrize("call, message", [
    (lambda: metrics.manifold_overlap(SIX, SIX, k=0), "`k` must be a whole number of at least 1"),
    (lambda: metrics.manifold_overlap(SIX, SIX, k=2.0), "`k` must be a whole number"),
    (lambda: metrics.manifold_overlap(SIX[:5], SIX), "`real` must have .* count >= 6"),
    (lambda: metrics.manifold_overlap(SIX, SIX[:5]), "`generated` must have .* count >= 6"),
    (lambda: metrics.manifold_overlap(SIX, SIX[:, :2]), "`generated` must have shape .count, 3."),
    (lambda: metrics.manifold_overlap(SIX[:, 0], SIX), "`real` must have shape"),
    (lambda: metrics.manifold_overlap(SIX[:, :0], SIX[:, :0]), "`real` must have shape"),
    (lambda: metrics.manifold_overlap(NAN, SIX), "`real` must be finite"),
    (lambda: metrics.manifold_overlap(SIX, SIX / 0 + np.inf), "`generated` must be finite"),
    (lambda: metrics.manifold_overlap(SIX, SIX.astype(str)), "`generated` must be an array"),
    (lambda: metrics.low_confidence_share([0.5, 0.5]), "`probabilities` must have shape"),
    (lambda: metrics.low_confidence_share(np.zeros((0, 2))), "`probabilities` must have shape"),
    (lambda: metrics.low_confidence_share(np.zeros((2, 0))), "`probabilities` must have shape"),
    (lambda: metrics.low_confidence_share([[np.nan, 1.0]]), "`probabilities` must be finite"),
    (lambda: metrics.low_confidence_share([[2.0, -1.0]]), "`probabilities` must be at least 0"),
    (lambda: metrics.low_confidence_share([[3.0, 4.0]]), "`probabilities` must .* sum to 1"),
    (lambda: metrics.active_units(TWO[:1]), "`z_mean` must come from at least 2 images"),
    (lambda: metrics.active_units(TWO[0]), "`z_mean` must have shape"),
    (lambda: metrics.active_units(NAN), "`z_mean` must be finite"),
    (lambda: metrics.active_units(np.zeros((0, 3))), "`z_mean` must have shape"),
    (lambda: metrics.mean_interval([1.0]), "`values` must have shape .* count >= 2"),
    (lambda: metrics.mean_interval([]), "`values` must have shape"),
    (lambda: metrics.mean_interval(3.0), "`values` must have shape"),
    (lambda: metrics.mean_interval([[1.0, 2.0], [3.0, 4.0]]), "`values` must have shape"),
    (lambda: metrics.mean_interval([1.0, np.nan]), "`values` must be finite"),
    (lambda: metrics.mean_interval([1.0, 2.0], confidence=0.0), "`confidence` must lie between"),
    (lambda: metrics.mean_interval([1.0, 2.0], confidence=1.0), "`confidence` must lie between"),
    (lambda: metrics.mean_interval([1.0, 2.0], confidence="95"), "`confidence` must be a number"),
    (lambda: metrics.mean_interval([1.0, 2.0], samples=0), "`samples` must be a whole number"),
    (lambda: metrics.load_classifier("letters"), "There are classifiers for .*digits"),
    (lambda: metrics.load_classifier(None), "There are classifiers for .*digits"),
    (lambda: metrics.classifier_digest("letters"), "There are classifiers for .*digits"),
])  # fmt: skip
@pytest.mark.filterwarnings("ignore:invalid value")
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=f"{message}.*Received"):
        call()


@pytest.mark.parametrize("images, message", [
    (np.zeros((6, 28, 28)), "must have shape"),
    (np.zeros((6, 8, 8, 1)), "must have shape .batch, 28, 28, 1."),
    (np.zeros((0, 28, 28, 1)), "at least one image"),
    (np.full((6, 28, 28, 1), np.nan), "without NaN"),
    (np.full((6, 28, 28, 1), 255.0), "images / 127.5 - 1"),
    (np.zeros((5, 28, 28, 1)), "count >= 6"),
])  # fmt: skip
def test_images_that_cannot_be_judged_are_refused(classifier, images, message):
    good = np.zeros((6, 28, 28, 1))
    for generated, real in ((images, good), (good, images)):
        with pytest.raises(ValueError, match=f"{message}.*Received"):
            metrics.judge(classifier, generated, real)
