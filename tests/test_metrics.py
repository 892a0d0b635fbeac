"""The metrics against slow references, what they must keep, and what they are for."""

import itertools
import json
import math
import os
import re
import statistics
import tracemalloc
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from scipy.linalg import sqrtm
from scipy.stats import entropy, ortho_group

from tests.built import copy_of
from vaegan_edu import datasets, latent, metrics

DATA = sorted(p.name.removeprefix("classifier-") for p in metrics.JUDGES.glob("classifier-*"))


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
    monkeypatch.setattr(metrics.distances, "CHUNK", chunk)
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
    expected = metrics.expected_coverage(real_count, count, k)
    rng = np.random.default_rng(0)
    found = [
        metrics.manifold_overlap(rng.normal(size=(real_count, 4)), rng.normal(size=(count, 4)), k)
        for _ in range(30)
    ]
    coverage = np.array([numbers["coverage"] for numbers in found])
    assert coverage.mean() == pytest.approx(expected, abs=4 * coverage.std() / 30**0.5)
    density = np.array([numbers["density"] for numbers in found])
    assert density.mean() == pytest.approx(1.0, abs=0.05)  # Naeem et al. 2020, section 3.3


def test_expected_coverage_counts_the_orders_in_which_neighbours_may_come():
    """Which of the other N - 1 + M points are the k nearest: every choice is equally likely."""
    for real_count, count, k in itertools.product(range(2, 6), range(1, 5), range(1, 4)):
        if real_count <= k:
            continue
        others = [True] * (real_count - 1) + [False] * count
        empty = [all(nearest) for nearest in itertools.combinations(others, k)]
        expected = 1 - Fraction(sum(empty), len(empty))
        assert metrics.expected_coverage(real_count, count, k) == pytest.approx(float(expected))
    assert metrics.expected_coverage(10**6, 10**6, 5) == pytest.approx(0.969, abs=3e-4)
    assert metrics.expected_coverage(10**6, 10**6, 1) == pytest.approx(0.5, abs=1e-5)


def frechet_by_matrix_root(real, generated):
    """Heusel et al. 2017, eq. 6, as it is written."""
    a, b = (np.cov(points, rowvar=False) for points in (real, generated))
    means = real.mean(axis=0) - generated.mean(axis=0)
    return means @ means + np.trace(a + b - 2 * sqrtm(a @ b).real)


def cloud(seed, count, width):
    rng = np.random.default_rng([seed, count, width])
    return rng.normal(size=(count, width)) @ rng.normal(size=(width, width)) + rng.normal(
        size=width
    )


@given(st.integers(0, 10**6), st.integers(2, 6), st.integers(12, 40), st.integers(12, 40))
def test_frechet_distance_is_the_papers(seed, width, real_count, count):
    real, generated = cloud(seed, real_count, width), cloud(seed + 1, count, width)
    found = metrics.frechet_distance(real, generated)
    assert type(found) is float
    assert found == pytest.approx(frechet_by_matrix_root(real, generated), rel=1e-6)
    assert metrics.frechet_distance(generated, real) == pytest.approx(found, rel=1e-9)


@given(st.integers(0, 10**6), st.integers(2, 6), st.floats(0.01, 100))
def test_frechet_distance_keeps_and_scales(seed, width, scale):
    """Order, rotation and shift of both sets change nothing; it is a squared distance."""
    real, generated = cloud(seed, 20, width), cloud(seed + 1, 30, width)
    found = metrics.frechet_distance(real, generated)
    rng = np.random.default_rng(seed)
    assert metrics.frechet_distance(rng.permutation(real), generated) == pytest.approx(found)
    rotation = ortho_group.rvs(width, random_state=rng)
    turned = metrics.frechet_distance(real @ rotation + 3, generated @ rotation + 3)
    assert turned == pytest.approx(found, rel=1e-8)
    scaled = metrics.frechet_distance(scale * real, scale * generated)
    assert scaled == pytest.approx(scale**2 * found, rel=1e-9)
    # A shift of one set alone adds its square when the means were equal.
    shift = rng.normal(size=width)
    assert metrics.frechet_distance(real, real + shift) == pytest.approx(shift @ shift)
    # Twice as wide around the same mean: (2 - 1)^2 tr A.
    wide = 2 * real - real.mean(axis=0)
    assert metrics.frechet_distance(real, wide) == pytest.approx(np.cov(real.T).trace())


def test_frechet_distance_of_diagonal_gaussians_is_that_of_their_deviations():
    """Corners of a box are uncorrelated: (m - n)^2 + (s - t)^2 in each direction."""
    corners = np.array(list(itertools.product([-1.0, 1.0], repeat=3)))
    deviation = (8 / 7) ** 0.5  # with count - 1 below, as np.cov
    real = corners * [1.0, 2.0, 0.0] + [0.0, 1.0, 5.0]
    generated = corners * [3.0, 0.5, 1.0] + [0.0, 0.0, 7.0]
    expected = (0 + 1 + 4) + deviation**2 * (4 + 2.25 + 1)
    assert metrics.frechet_distance(real, generated) == pytest.approx(expected, rel=1e-12)


@given(points, points)
def test_frechet_distance_is_never_negative_and_zero_for_equal_sets(real, generated):
    assert metrics.frechet_distance(real, generated) >= 0.0
    assert 0.0 <= metrics.frechet_distance(real, real[::-1]) < 1e-20


@pytest.mark.parametrize("counts", [(3, 3), (4, 9), (30, 5)])
def test_frechet_distance_of_singular_covariances(counts):
    """Fewer samples than features, an eigenvalue of 0 in each: still exact, still 0 for equals."""
    real, generated = cloud(0, counts[0], 12), cloud(1, counts[1], 12)
    assert metrics.frechet_distance(real, real.copy()) < 1e-20
    a, b = (np.cov(points, rowvar=False) for points in (real, generated))
    values, vectors = np.linalg.eigh(a)
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    product = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ b @ root), 0)).sum()
    means = real.mean(axis=0) - generated.mean(axis=0)
    expected = means @ means + np.trace(a) + np.trace(b) - 2 * product
    assert metrics.frechet_distance(real, generated) == pytest.approx(expected, rel=1e-5)
    # A copy moved by a millionth: of the digits, none is lost to the size of the covariances.
    moved = metrics.frechet_distance(1e3 * real, 1e3 * real + 1e-6)
    assert moved == pytest.approx(12e-12, rel=1e-3)


def test_histogram_counts_likeliest_classes():
    rows = [[0.5, 0.3, 0.2, 0.0], [0.1, 0.8, 0.1, 0.0], [0.2, 0.6, 0.2, 0.0], [0.4, 0.4, 0.2, 0.0]]
    found = metrics.class_histogram(rows)
    np.testing.assert_array_equal(found, [2, 2, 0, 0])  # of two alike the first; all four classes
    assert metrics.classes_covered(found) == metrics.classes_covered(found, 2) == 2
    assert metrics.classes_covered(found, 3) == 0
    assert metrics.classes_covered([5, 0, 1, 2, 0], minimum=2) == 2


weights = arrays(
    "float64", st.tuples(st.integers(1, 12), st.integers(1, 6)), elements=st.floats(0.01, 1)
)


@given(weights, st.permutations(range(12)), st.permutations(range(6)))
def test_classes_are_counted_whatever_their_order_and_that_of_the_images(weights, rows, columns):
    probabilities = weights / weights.sum(axis=1, keepdims=True)
    likeliest = [row.index(max(row)) for row in probabilities.tolist()]
    counts = metrics.class_histogram(probabilities)
    assert counts.tolist() == [likeliest.count(c) for c in range(weights.shape[1])]
    assert metrics.classes_covered(counts) == len(set(likeliest))
    unclear = sum(max(row) < 0.9 for row in probabilities.tolist()) / len(weights)
    assert metrics.low_confidence_share(probabilities) == pytest.approx(unclear)
    shuffled = probabilities[[i for i in rows if i < len(weights)]]
    assert metrics.class_histogram(shuffled).tolist() == counts.tolist()
    assert metrics.low_confidence_share(shuffled) == pytest.approx(unclear)
    renamed = [c for c in columns if c < weights.shape[1]]
    assume(all(sorted(row)[-2:-1] != [max(row)] for row in probabilities.tolist()))  # no ties
    assert metrics.class_histogram(probabilities[:, renamed]).tolist() == counts[renamed].tolist()


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=12), st.randoms())
def test_divergence_is_the_entropy_that_is_missing(counts, random):
    assume(sum(counts))
    found = metrics.histogram_divergence(counts)
    uniform = np.full(len(counts), 1 / len(counts))
    assert found == pytest.approx(entropy(counts, uniform), abs=1e-12)
    assert 0.0 <= found <= math.log(len(counts)) + 1e-12
    assert metrics.histogram_divergence([7 * count for count in counts]) == pytest.approx(found)
    random.shuffle(counts)
    assert metrics.histogram_divergence(counts) == pytest.approx(found, abs=1e-12)


def test_divergence_of_missing_classes():
    """MNIST's test set by its labels' well-known counts; one class of ten missing; five; nine."""
    mnist = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert metrics.histogram_divergence(mnist) == pytest.approx(0.0017, abs=5e-5)
    assert metrics.histogram_divergence([3] * 9 + [0]) == pytest.approx(math.log(10 / 9))
    assert metrics.histogram_divergence([0, 3] * 5) == pytest.approx(math.log(2))
    assert metrics.histogram_divergence([0] * 9 + [4]) == pytest.approx(math.log(10))
    for classes in range(1, 100):  # 49 * (1 / 49) < 1: rounding must not show
        assert 0.0 <= metrics.histogram_divergence([5] * classes) < 1e-15


def naive_within(real, real_classes, generated, generated_classes):
    def mean_distance(points, classes, label):
        own = [p for p, c in zip(points, classes, strict=True) if c == label]
        pairs = list(itertools.combinations(own, 2))
        return sum(math.dist(p, q) for p, q in pairs) / len(pairs) if pairs else 0.0

    total = weights = 0
    for label in set(generated_classes.tolist()):
        weight = int((generated_classes == label).sum())
        below = mean_distance(real, real_classes, label)
        if weight >= 2 and below > 0:
            total += weight * mean_distance(generated, generated_classes, label) / below
            weights += weight
    return total / weights if weights else None


labelled = points.flatmap(
    lambda rows: st.tuples(st.just(rows), arrays("int64", len(rows), elements=st.integers(0, 3)))
)


@given(labelled, labelled, st.sampled_from([1, 2, 3, 512]))
def test_within_class_distance_is_the_definition(real, generated, chunk):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metrics.distances, "CHUNK", chunk)
        found = metrics.within_class_distance(*real, *generated)
    expected = naive_within(*real, *generated)
    assert found == expected if expected is None else found == pytest.approx(expected, abs=1e-6)


def test_within_class_distance_of_copies_collapse_and_scale():
    rng = np.random.default_rng(0)
    real, classes = 5 + cloud(0, 60, 4), rng.integers(0, 3, 60)
    assert metrics.within_class_distance(real, classes, real, classes) == 1.0
    half = metrics.within_class_distance(real, classes, real / 2 + 7, classes)
    assert half == pytest.approx(0.5, rel=1e-9)
    turned = real @ ortho_group.rvs(4, random_state=rng)
    assert metrics.within_class_distance(real, classes, turned, classes) == pytest.approx(1.0)
    order = rng.permutation(60)
    mixed = metrics.within_class_distance(real, classes, real[order], classes[order])
    assert mixed == pytest.approx(1.0)
    one_each = np.array([real[classes == label][0] for label in classes])
    assert metrics.within_class_distance(real, classes, one_each, classes) == 0.0
    # Three classes in one: the distances between them count nowhere.
    far = real + 1000.0 * classes[:, None]
    assert metrics.within_class_distance(far, classes, far, classes) == pytest.approx(1.0)
    # Each class as often as it was generated: 30 at half the distance and 10 at the whole.
    kept = np.repeat([[0.0], [1.0]], 20, axis=0)
    found = metrics.within_class_distance(
        np.concatenate([kept, kept]),
        np.repeat([0, 1], 40),
        np.concatenate([kept[5:35] / 2, kept[15:25]]),
        np.repeat([0, 1], [30, 10]),
    )
    real_mean = 2 * 20 * 20 / (40 * 39)
    expected = 30 * (0.5 * 2 * 15 * 15 / (30 * 29)) + 10 * (2 * 5 * 5 / (10 * 9))
    assert found == pytest.approx(expected / 40 / real_mean)


@given(points, points, st.sampled_from([1, 3, 512]))
def test_nearest_distance_is_the_definition(generated, train, chunk):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metrics.distances, "CHUNK", chunk)
        found = metrics.nearest_distance(generated, train)
    expected = [min(math.dist(g, t) for t in train) for g in generated]
    np.testing.assert_allclose(found, expected, atol=1e-12)


@given(st.integers(0, 10**6), st.floats(0.01, 100))
def test_nearest_distance_keeps_and_scales(seed, scale):
    generated, train = cloud(seed, 9, 4), cloud(seed + 1, 20, 4)
    found = metrics.nearest_distance(generated, train)
    rng = np.random.default_rng(seed)
    np.testing.assert_allclose(metrics.nearest_distance(generated, rng.permutation(train)), found)
    np.testing.assert_allclose(metrics.nearest_distance(generated[::-1], train), found[::-1])
    rotation = scale * ortho_group.rvs(4, random_state=rng)
    turned = metrics.nearest_distance(generated @ rotation, train @ rotation)
    np.testing.assert_allclose(turned, scale * found, rtol=1e-9)


def test_a_copy_is_at_distance_zero_and_a_near_copy_keeps_its_digits():
    train = 1e4 + cloud(0, 50, 6)
    assert (metrics.nearest_distance(train[[7, 3]], train) == 0.0).all()
    near = metrics.nearest_distance(train[[7]] + [1e-5, 0, 0, 0, 0, 0], train)
    assert near == pytest.approx([1e-5], rel=1e-3)


@pytest.mark.parametrize(
    "measure",
    [
        lambda a, b: metrics.manifold_overlap(a, b),
        lambda a, b: metrics.nearest_distance(a, b),
        lambda a, b: metrics.within_class_distance(
            a, np.zeros(len(a), int), b, np.zeros(len(b), int)
        ),
    ],
)
def test_memory_holds_chunks_not_all_distances(monkeypatch, measure):
    """Two matrices of CHUNK x count at a time, a few bytes of flags, a few copies of the rows."""
    monkeypatch.setattr(metrics.distances, "CHUNK", 50)
    a, b = cloud(0, 1500, 4), cloud(1, 1500, 4)
    tracemalloc.start()
    try:
        measure(a, b)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3 * 50 * 1500 * 8 + 5 * a.nbytes  # all distances would be 18 MB


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


eighths = st.integers(-20, 20).map(lambda n: n / 8)  # exact in float32


@given(
    arrays("float64", st.tuples(st.integers(2, 6), st.integers(1, 4)), elements=eighths), eighths
)
def test_active_units_are_counted_wherever_their_mean_lies(z_mean, shift):
    moving = [statistics.pvariance(column) > 0.01 for column in z_mean.T.tolist()]
    assert metrics.active_units(z_mean) == sum(moving) == metrics.active_units(z_mean + shift)
    assert metrics.active_units(np.repeat(z_mean[:1], 3, axis=0)) == 0


@given(arrays("float64", st.integers(2, 8), elements=st.floats(-100, 100)))
def test_interval_of_a_mean_is_students(values):
    mean, low, high = metrics.mean_interval(values)
    assert mean == pytest.approx(values.mean(), abs=1e-9)
    wider = metrics.mean_interval(values, confidence=0.99)
    assert wider[1] <= low <= mean <= high <= wider[2]
    if len(set(values)) > 1:
        expected = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
        np.testing.assert_allclose((low, high), expected, rtol=1e-6, atol=1e-9)
    else:
        assert low == high


@pytest.mark.parametrize("count", [3, 5])
def test_interval_covers_the_true_mean_as_often_as_it_says(count):
    rng = np.random.default_rng(0)
    found = [metrics.mean_interval(rng.normal(7.0, 1.0, count)) for _ in range(2000)]
    assert 0.94 < np.mean([low <= 7.0 <= high for _, low, high in found]) < 0.96


def test_interval_of_a_difference_is_welchs():
    more, less = [4.0, 5.0, 6.0, 5.0], [1.0, 2.0, 3.0]
    found, low, high = metrics.difference_interval(more, less)
    expected = stats.ttest_ind(more, less, equal_var=False).confidence_interval(0.95)
    assert found == 3.0
    np.testing.assert_allclose((low, high), expected, rtol=1e-9)
    back = metrics.difference_interval(less, more)
    np.testing.assert_allclose(back, (-3.0, -high, -low))
    assert metrics.difference_interval([7.0, 7.0], [4.0, 4.0]) == (3.0, 3.0, 3.0)


def test_pairs_cancel_what_their_runs_share():
    less = np.array([0.0, 10.0, 20.0])
    more = less + [1.0, 2.0, 3.0]
    found = metrics.difference_interval(more, less, paired=True)
    assert found == metrics.mean_interval([1.0, 2.0, 3.0])
    assert metrics.difference_interval(more, less)[1] < -5.0


@pytest.mark.parametrize("paired", [False, True])
def test_ends_of_a_share_are_where_a_t_test_turns(paired):
    """Fieller's definition: at an end, `less - ratio * more` is just told from 0."""
    rng = np.random.default_rng(3)
    more = rng.normal(10.0, 1.0, 5)
    less = rng.normal(2.0, 0.5, 5) + (0.2 * more if paired else 0.0)
    share, low, high = metrics.difference_interval(more, less, paired=paired, relative=True)
    assert share == pytest.approx(1.0 - less.mean() / more.mean()) and low < share < high
    test = stats.ttest_rel if paired else partial(stats.ttest_ind, equal_var=False)
    freedom = test(less, (1.0 - share) * more).df  # the estimate's, at either end
    for end in (low, high):
        statistic = abs(test(less, (1.0 - end) * more).statistic)
        assert statistic == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-6)
    assert metrics.difference_interval([8.0, 8.0], [2.0, 2.0], relative=True) == (0.75, 0.75, 0.75)


def test_a_share_of_what_may_be_nothing_is_unbounded():
    found = metrics.difference_interval([0.1, 5.0], [1.0, 1.1], relative=True)
    assert found[1:] == (-np.inf, np.inf)


def test_a_share_is_covered_as_often_as_it_says():
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(2000):
        more, less = rng.normal(10.0, 2.0, 5), rng.normal(4.0, 1.0, 5)
        _, low, high = metrics.difference_interval(more, less, relative=True)
        hits += low <= 0.6 <= high
    assert 0.935 < hits / 2000 < 0.965


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
    folder = metrics.JUDGES / f"classifier-{data}"
    recorded = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["accuracy"]
    if data == "mnist" and not os.environ.get("VAEGAN_EDU_DATA"):
        pytest.skip("MNIST is not downloaded for a test; VAEGAN_EDU_DATA would name its folder")
    _, (images, labels) = datasets.load(data)
    probabilities, _ = metrics.classify(metrics.load_classifier(data), images)
    accuracy = (probabilities.argmax(axis=1) == labels).mean()
    assert accuracy >= 0.98
    assert accuracy == pytest.approx(recorded, abs=1.5 / len(labels))  # one image may tip


@pytest.mark.slow
def test_judge_tells_digits_from_noise_and_from_one_digit_alone(classifier, digits):
    (x_train, _), (x_test, _) = digits
    real = metrics.measure_digits(classifier, x_test, x_train)
    assert real["precision"] > 0.85 and real["recall"] > 0.85 and real["coverage"] > 0.5
    assert real["low_confidence"] < 0.1
    assert real["pixel_precision"] > 0.8 and real["pixel_recall"] > 0.8

    noise = np.random.default_rng(0).uniform(-1, 1, x_test.shape).astype("float32")
    judged = metrics.measure_digits(classifier, noise, x_train)
    assert judged["precision"] < 0.05 and judged["coverage"] < 0.05
    assert judged["pixel_precision"] == judged["pixel_recall"] == 0.0
    assert judged["low_confidence"] > 0.3

    # A mode that collapsed onto a few real images is precise, and covers next to nothing.
    collapsed = metrics.measure_digits(classifier, np.repeat(x_train[:3], 20, axis=0), x_train)
    assert collapsed["precision"] == collapsed["pixel_precision"] == 1.0
    assert collapsed["coverage"] < 0.05 and collapsed["pixel_recall"] < 0.05

    # Grey noise is what features alone may take for a digit, and pixels never do.
    grey = np.clip(0.1 * noise, -1, 1)
    assert metrics.measure_digits(classifier, grey, x_train)["pixel_precision"] == 0.0


def test_the_floor_is_that_of_the_records(classifier, digits):
    """What was recorded of real images is what the same images are given now."""
    (x_train, _), (x_test, _) = digits
    floor = metrics.measure_digits(classifier, x_test, x_train)
    path = Path("book", "results", "vae-digits", "seed-0", "metrics.json")
    recorded = json.loads(path.read_text(encoding="utf-8"))
    assert recorded["classifier"] == metrics.classifier_digest("digits")
    known = {key: value for key, value in floor.items() if f"real_{key}" in recorded}
    assert len(known) >= 7
    # One image may tip on another machine; density counts balls, k of them to an image.
    for key, value in known.items():
        assert value == pytest.approx(recorded[f"real_{key}"], abs=1.5 / len(x_test)), key
    assert floor["classes_covered"] == 10 and floor["histogram_divergence"] < 0.01
    assert floor["within_class_distance"] == pytest.approx(1.0, abs=0.1)


@pytest.mark.slow
def test_judge_sees_memory_and_collapse_and_says_nothing_where_nothing_can_be_said(
    classifier, digits
):
    (x_train, y_train), (x_test, _) = digits
    floor = metrics.measure_digits(classifier, x_test[:200], x_train)
    learned_by_heart = metrics.measure_digits(classifier, x_train[:200], x_train)
    assert learned_by_heart["nearest_distance"] == 0.0 < floor["nearest_distance"]
    ones = x_train[y_train == 1][:100]
    lone = metrics.measure_digits(classifier, ones, x_train)
    assert lone["classes_covered"] <= 2 and lone["histogram_divergence"] > 2.0
    assert lone["frechet_distance"] > 20 * floor["frechet_distance"]
    one_a_class = np.concatenate([x_train[y_train == n][:1] for n in range(10)])
    shrunk = metrics.measure_digits(classifier, np.repeat(one_a_class, 5, axis=0), x_train)
    assert shrunk["within_class_distance"] == 0.0 and shrunk["classes_covered"] == 10
    assert metrics.measure_digits(classifier, one_a_class, x_train)["within_class_distance"] is None


@pytest.mark.slow
def test_judge_stays_within_the_memory_it_states(monkeypatch, classifier, digits):
    monkeypatch.setattr(metrics.distances, "CHUNK", 32)
    (x_train, _), (x_test, _) = digits
    # What is loaded once does not count.
    metrics.measure_digits(classifier, x_test[:20], x_train[:20])
    tracemalloc.start()
    try:
        metrics.measure_digits(classifier, x_test, x_train)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 7 * x_train.nbytes + 4 * 32 * len(x_train) * 8


def test_judge_hands_on_k_and_keeps_the_sides_apart(classifier, digits):
    (x_train, _), (x_test, _) = digits
    generated, real = x_test[:40], x_train[:90]
    features = [metrics.classify(classifier, images)[1] for images in (real, generated)]
    judged = metrics.measure_digits(classifier, generated, real, k=2)
    confidence = metrics.classify(classifier, generated)[0]
    assert judged.pop("low_confidence") == metrics.low_confidence_share(confidence)
    pixels = metrics.manifold_overlap(real.reshape(90, -1), generated.reshape(40, -1), k=2)
    assert judged.pop("pixel_precision") == pixels["precision"]
    assert judged.pop("pixel_recall") == pixels["recall"]
    classes = [metrics.classify(classifier, x)[0].argmax(axis=1) for x in (real, generated)]
    counts = np.bincount(classes[1], minlength=10)
    assert judged.pop("histogram_divergence") == metrics.histogram_divergence(counts)
    assert judged.pop("classes_covered") == np.unique(classes[1]).size
    assert judged.pop("frechet_distance") == metrics.frechet_distance(*features)
    assert judged.pop("expected_coverage") == metrics.expected_coverage(90, 40, k=2)
    flat = real.reshape(90, -1), generated.reshape(40, -1)
    within = metrics.within_class_distance(flat[0], classes[0], flat[1], classes[1])
    assert judged.pop("within_class_distance") == within
    nearest = metrics.nearest_distance(flat[1], flat[0])
    assert judged.pop("nearest_distance") == nearest.mean()
    assert judged == metrics.manifold_overlap(*features, k=2)
    assert judged != metrics.manifold_overlap(*features, k=5)
    assert pixels["precision"] != pixels["recall"]  # else a mix-up would not show


def test_digest_follows_the_weights(tmp_path, monkeypatch):
    before = metrics.classifier_digest("digits")
    assert re.fullmatch("[0-9a-f]{64}", before) and metrics.classifier_digest("digits") == before
    copy_of(metrics.JUDGES / "classifier-digits", tmp_path / "classifier-digits")
    monkeypatch.setattr(metrics.judges, "JUDGES", tmp_path)
    assert metrics.classifier_digest("digits") == before
    path = tmp_path / "classifier-digits" / "model.weights.h5"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert metrics.classifier_digest("digits") != before


TWO, SIX = np.zeros((2, 3)), np.zeros((6, 3))
NAN = np.full((6, 3), np.nan)


@pytest.mark.parametrize(
    "call, message",
    [
        (
            lambda: metrics.manifold_overlap(SIX, SIX, k=0),
            "`k` must be a whole number of at least 1",
        ),
        (lambda: metrics.manifold_overlap(SIX, SIX, k=2.0), "`k` must be a whole number"),
        (lambda: metrics.manifold_overlap(SIX[:5], SIX), "`real` must have .* count >= 6"),
        (lambda: metrics.manifold_overlap(SIX, SIX[:5]), "`generated` must have .* count >= 6"),
        (
            lambda: metrics.manifold_overlap(SIX, SIX[:, :2]),
            "`generated` must have shape .count, 3.",
        ),
        (lambda: metrics.manifold_overlap(SIX[:, 0], SIX), "`real` must have shape"),
        (lambda: metrics.manifold_overlap(SIX[:, :0], SIX[:, :0]), "`real` must have shape"),
        (lambda: metrics.manifold_overlap(NAN, SIX), "`real` must be finite"),
        (lambda: metrics.manifold_overlap(SIX, SIX + np.inf), "`generated` must be finite"),
        (lambda: metrics.manifold_overlap(SIX, SIX.astype(str)), "`generated` must be an array"),
        (lambda: metrics.low_confidence_share([0.5, 0.5]), "`probabilities` must have shape"),
        (lambda: metrics.low_confidence_share(np.zeros((0, 2))), "`probabilities` must have shape"),
        (lambda: metrics.low_confidence_share(np.zeros((2, 0))), "`probabilities` must have shape"),
        (lambda: metrics.low_confidence_share([[np.nan, 1.0]]), "`probabilities` must be finite"),
        (lambda: metrics.low_confidence_share([[2.0, -1.0]]), "`probabilities` must be at least 0"),
        (lambda: metrics.low_confidence_share([[3.0, 4.0]]), "`probabilities` must .* sum to 1"),
        (lambda: metrics.frechet_distance(TWO[:1], SIX), "`real` must have .* count >= 2"),
        (
            lambda: metrics.frechet_distance(SIX, SIX[:, :2]),
            "`generated` must have shape .count, 3.",
        ),
        (lambda: metrics.frechet_distance(SIX, NAN), "`generated` must be finite"),
        (lambda: metrics.expected_coverage(5, 9), "`real_count` must be .* at least 6"),
        (lambda: metrics.expected_coverage(9, 0), "`generated_count` must be .* at least 1"),
        (lambda: metrics.expected_coverage(9, 9, k=0), "`k` must be a whole number of at least 1"),
        (lambda: metrics.class_histogram([[3.0, 4.0]]), "`probabilities` must .* sum to 1"),
        (lambda: metrics.histogram_divergence([]), "`counts` must be whole numbers"),
        (lambda: metrics.histogram_divergence([0, 0]), "`counts` must be whole numbers"),
        (lambda: metrics.histogram_divergence([3, -1]), "`counts` must be whole numbers"),
        (lambda: metrics.histogram_divergence([0.5, 0.5]), "`counts` must be whole numbers"),
        (lambda: metrics.histogram_divergence([[1, 2]]), "`counts` must be whole numbers"),
        (lambda: metrics.histogram_divergence(["a"]), "`counts` must be whole numbers"),
        (lambda: metrics.classes_covered([3, 1], minimum=0), "`minimum` must be a whole number"),
        (
            lambda: metrics.nearest_distance(SIX, SIX[:, :2]),
            "`generated` must have shape .count, 2.",
        ),
        (lambda: metrics.nearest_distance(SIX, NAN), "`train` must be finite"),
        (
            lambda: metrics.within_class_distance(SIX, [0] * 6, SIX, [0] * 5),
            "`generated_classes` must",
        ),
        (
            lambda: metrics.within_class_distance(SIX, [0.5] * 6, SIX, [0] * 6),
            "`real_classes` must be",
        ),
        (
            lambda: metrics.within_class_distance(SIX, [0] * 6, TWO[:, :2], [0] * 2),
            "`generated` must",
        ),
        (lambda: metrics.active_units(TWO[:1]), "`z_mean` must come from at least 2 images"),
        (lambda: metrics.active_units(TWO[0]), "`z_mean` must have shape"),
        (lambda: metrics.active_units(NAN), "`z_mean` must be finite"),
        (lambda: metrics.active_units(np.zeros((0, 3))), "`z_mean` must have shape"),
        (lambda: metrics.mean_interval([1.0]), "`values` must have shape .* count >= 2"),
        (lambda: metrics.mean_interval([]), "`values` must have shape"),
        (lambda: metrics.difference_interval([1.0], [1.0, 2.0]), "`more` must have shape"),
        (lambda: metrics.difference_interval([1.0, 2.0], [1.0]), "`less` must have shape"),
        (
            lambda: metrics.difference_interval([1, 2], [1, 2, 3], paired=True),
            "come in equal numbers",
        ),
        (
            lambda: metrics.difference_interval([0, 2], [1, 2], relative=True),
            "needs numbers above 0",
        ),
        (lambda: metrics.mean_interval(3.0), "`values` must have shape"),
        (lambda: metrics.mean_interval([[1.0, 2.0], [3.0, 4.0]]), "`values` must have shape"),
        (lambda: metrics.mean_interval([1.0, np.nan]), "`values` must be finite"),
        (lambda: metrics.mean_interval([1.0, 2.0], confidence=0.0), "`confidence` .* above 0"),
        (lambda: metrics.mean_interval([1.0, 2.0], confidence=1.0), "`confidence` must be below 1"),
        (
            lambda: metrics.mean_interval([1.0, 2.0], confidence="95"),
            "`confidence` must be a number",
        ),
        (lambda: metrics.load_classifier("letters"), "There are classifiers for .*digits"),
        (lambda: metrics.load_classifier(None), "There are classifiers for .*digits"),
        (lambda: metrics.classifier_digest("letters"), "There are classifiers for .*digits"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=f"{message}.*Received"):
        call()


@pytest.mark.parametrize(
    "images, message",
    [
        (np.zeros((6, 28, 28)), "must have shape"),
        (np.zeros((6, 8, 8, 1)), "must have shape .batch, 28, 28, 1."),
        (np.zeros((0, 28, 28, 1)), "at least one image"),
        (np.full((6, 28, 28, 1), np.nan), "without NaN"),
        (np.full((6, 28, 28, 1), 255.0), "images / 127.5 - 1"),
        (np.zeros((5, 28, 28, 1)), "count >= 6"),
    ],
)
def test_images_that_cannot_be_judged_are_refused(classifier, images, message):
    good = np.zeros((6, 28, 28, 1))
    for generated, real in ((images, good), (good, images)):
        with pytest.raises(ValueError, match=f"{message}.*Received"):
            metrics.measure_digits(classifier, generated, real)


def test_sharpness_is_the_energy_above_a_quarter_of_a_cycle():
    """Known gratings count or do not; of noise it is what a low-pass filter takes away."""
    x = np.arange(32)
    for cycles, energy in ((0, 0.0), (4, 0.0), (8, 0.0), (9, 0.5), (16, 1.0)):
        wave = np.broadcast_to(np.cos(2 * np.pi * cycles * x / 32), (1, 20, 32))
        for grating in (wave, wave.swapaxes(1, 2)):
            found = metrics.sharpness(grating[..., None])
            assert found == pytest.approx(energy * 20 * 32, abs=1e-3)
    images = np.random.default_rng(0).uniform(-1, 1, (5, 12, 16, 3)).astype("float32")
    spectrum = np.fft.fft2(images, axes=(1, 2))
    slow = [abs(np.fft.fftfreq(size)) <= 0.25 for size in (12, 16)]
    blurred = np.fft.ifft2(spectrum * np.outer(*slow)[..., None], axes=(1, 2)).real
    lost = ((images - blurred) ** 2).sum(axis=(1, 2)).mean()
    assert metrics.sharpness(images) == pytest.approx(lost, rel=1e-5)
    assert metrics.sharpness(np.clip(blurred, -1, 1)) < 0.2 * lost


@pytest.mark.parametrize("constant", [0.1, 0.5, 1 / 3, 1e9 + 0.1])
@pytest.mark.parametrize("count", [3, 7, 1000])
def test_a_column_of_equal_numbers_is_seen_whatever_its_mean_rounds_to(constant, count):
    truth = np.full((count, 2), constant)
    truth[0, 1] = 0.0  # this one varies
    with pytest.raises(ValueError, match="1 columns everywhere the same"):
        metrics.r_squared(truth, truth)
    with pytest.raises(ValueError, match="each column of which varies"):
        latent.attribute_vectors(np.arange(2.0 * count).reshape(count, 2), truth)


@pytest.mark.parametrize("value", [None, 3.0, np.array(1), "text"])
def test_what_is_no_array_of_rows_gets_one_line(value):
    good = np.random.default_rng(0).normal(size=(8, 4))
    for function, arguments in (
        (metrics.asked_and_leaked, (value,)),
        (metrics.r_squared, (value, good)),
        (metrics.attribute_similarity, (good, value)),
        (metrics.frechet_distance, (value, good)),
        (metrics.manifold_overlap, (good, value)),
        (metrics.nearest_distance, (value, good)),
        (metrics.modes_covered, (good, value, 1.0)),
        (metrics.class_histogram, (value,)),
        (metrics.classes_covered, (value,)),
        (metrics.histogram_divergence, (value,)),
        (metrics.low_confidence_share, (value,)),
        (metrics.within_class_distance, (good, value, good, value)),
        (metrics.within_class_distance, (value, [0], good, [0])),
        (metrics.active_units, (value,)),
        (metrics.sharpness, (value,)),
        (latent.interpolate, (value, value, 3)),
        (latent.attribute_vector, (good, value)),
        (latent.attribute_vectors, (good, value)),
    ):
        with pytest.raises(ValueError, match="Received") as error:
            function(*arguments)
        assert "\n" not in str(error.value), function
