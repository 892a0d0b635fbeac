"""The mixtures in the plane, and the numbers that say what a model makes of them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaegan_edu import metrics, toys


def naive_hits(points, modes, std):
    """High-quality points of each mode, one point and one mode at a time."""
    hits = [0] * len(modes)
    for point in points:
        distances = [math.dist(point, mode) for mode in modes]
        if min(distances) <= 3 * std:
            hits[distances.index(min(distances))] += 1
    return hits


def test_ring_by_hand():
    ring = toys.ring(4, radius=2.0, std=0.1)
    np.testing.assert_allclose(ring.modes, [[2, 0], [0, 2], [-2, 0], [0, -2]], atol=1e-6)
    assert ring.std == 0.1


def test_grid_by_hand():
    grid = toys.grid(2, spacing=3.0, std=0.2)
    assert grid.modes.tolist() == [[-1.5, -1.5], [-1.5, 1.5], [1.5, -1.5], [1.5, 1.5]]
    assert toys.grid(1).modes.tolist() == [[0.0, 0.0]]


def test_defaults_are_those_of_the_papers():
    ring, grid = toys.ring(), toys.grid()
    np.testing.assert_allclose(np.linalg.norm(ring.modes, axis=1), 1.0, rtol=1e-6)
    neighbours = np.linalg.norm(ring.modes - np.roll(ring.modes, 1, axis=0), axis=1)
    np.testing.assert_allclose(neighbours, 2 * math.sin(math.pi / 8), rtol=1e-6)
    assert ring.modes.shape == (8, 2) and ring.std**2 == pytest.approx(1e-4)
    assert {tuple(mode) for mode in grid.modes.tolist()} == {
        (x, y) for x in (-4.0, -2.0, 0.0, 2.0, 4.0) for y in (-4.0, -2.0, 0.0, 2.0, 4.0)
    }
    assert grid.modes.shape == (25, 2) and grid.std**2 == pytest.approx(0.0025)


@pytest.mark.parametrize("mixture", [toys.ring(), toys.grid()], ids=["ring", "grid"])
def test_samples_have_the_weights_and_the_spread_of_the_mixture(mixture):
    points = mixture.sample(50_000, seed=1)
    assert points.shape == (50_000, 2) and points.dtype == "float32"
    nearest = ((points[:, None] - mixture.modes) ** 2).sum(-1).argmin(1)
    share = np.bincount(nearest, minlength=len(mixture.modes)) / len(points)
    expected = 1 / len(mixture.modes)
    assert abs(share - expected).max() < 5 * math.sqrt(expected / len(points))
    away = (points - mixture.modes[nearest]) / mixture.std
    np.testing.assert_allclose(np.cov(away.T), np.eye(2), atol=0.02)
    assert metrics.modes_covered(points, mixture.modes, mixture.std) == len(mixture.modes)
    # A Gaussian in the plane: 1 - exp(-9/2) lie within three standard deviations.
    found = metrics.high_quality_share(points, mixture.modes, mixture.std)
    assert found == pytest.approx(1 - math.exp(-4.5), abs=2.5e-3)


def test_samples_follow_their_seed():
    ring = toys.ring()
    np.testing.assert_array_equal(ring.sample(10, seed=3), ring.sample(10, seed=3))
    assert (ring.sample(10, seed=3) != ring.sample(10, seed=4)).all()
    assert (ring.sample(10) != ring.sample(10)).all()


@given(st.integers(0, 10_000), st.integers(1, 3), st.floats(0.05, 1.0), st.integers(1, 4))
def test_coverage_is_the_definition(seed, width, std, minimum):
    rng = np.random.default_rng(seed)
    modes, points = rng.normal(size=(5, width)), rng.normal(size=(30, width))
    hits = naive_hits(points, modes, std)
    assert metrics.modes_covered(points, modes, std, minimum) == sum(n >= minimum for n in hits)
    assert metrics.high_quality_share(points, modes, std) == pytest.approx(sum(hits) / 30)


def test_coverage_by_hand():
    modes = [[0.0, 0.0], [10.0, 0.0], [20.0, 0.0]]
    points = [[0.0, 3.0], [0.0, -3.0], [10.0, 3.01], [19.0, 0.0], [13.5, 0.0]]
    assert metrics.modes_covered(points, modes, 1.0) == 2  # three deviations away still counts
    assert metrics.modes_covered(points, modes, 1.0, minimum=2) == 1
    assert metrics.modes_covered(points, modes, 1.0, minimum=3) == 0
    assert metrics.high_quality_share(points, modes, 1.0) == pytest.approx(3 / 5)


def test_a_point_counts_for_its_nearest_mode_alone():
    """Wide modes overlap: a point within three deviations of both covers one."""
    assert metrics.modes_covered([[0.1, 0.0]], [[0.0, 0.0], [1.0, 0.0]], 1.0) == 1


def test_small_distances_far_from_the_origin_keep_their_digits():
    modes = np.array([[1e6, 1e6]])
    points = modes + [[2.9e-3, 0.0], [3.1e-3, 0.0]]
    assert metrics.high_quality_share(points, modes, 1e-3) == 0.5


def test_the_ring_as_a_data_set():
    (x_train, y_train), (x_test, y_test) = toys.load_ring(400, 200)
    assert x_train.shape == (400, 2) and x_test.shape == (200, 2) and x_train.dtype == "float32"
    assert set(y_train) == set(y_test) == set(range(8))
    distance = np.linalg.norm(x_train - toys.wide_ring().modes[y_train], axis=1)
    assert distance.max() < 5 * toys.wide_ring().std
    assert not np.isin(x_test[:, 0], x_train[:, 0]).any()
    np.testing.assert_array_equal(toys.load_ring(400, 200)[0][0], x_train)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: toys.ring(0), "`count` must be a whole number"),
        (lambda: toys.ring(std=0.0), "`std` must be finite and above 0"),
        (lambda: toys.ring(radius=-1.0), "`radius` must be finite and at least 0"),
        (lambda: toys.grid(2.5), "`side` must be a whole number"),
        (lambda: toys.grid(spacing=float("nan")), "`spacing` must be finite"),
        (lambda: toys.grid(std=-1.0), "`std` must be finite and above 0"),
        (lambda: toys.ring().sample(0), "`count` must be a whole number"),
        (lambda: metrics.modes_covered(np.zeros((2, 3)), [[0.0, 0.0]], 1.0), "shape (count, 2)"),
        (lambda: metrics.modes_covered([[np.nan]], [[0.0]], 1.0), "`points` must be finite"),
        (lambda: metrics.modes_covered([[0.0]], [[0.0]], 0.0), "`std` must be finite and above 0"),
        (lambda: metrics.modes_covered([[0.0]], [[0.0]], 1.0, 0), "`minimum` must be a whole"),
        (lambda: metrics.high_quality_share(np.zeros((0, 2)), [[0.0, 0.0]], 1.0), "`points` must"),
    ],
)
def test_bad_arguments_get_one_clear_line(make, message):
    with pytest.raises(ValueError) as failure:
        make()
    assert message in str(failure.value) and "Received: " in str(failure.value)
    assert "\n" not in str(failure.value)
