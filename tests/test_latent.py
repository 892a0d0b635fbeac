"""Moves in latent space against their definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vaegan_edu import latent

code = arrays("float32", 4, elements=st.floats(-5, 5, width=32))


@given(code, code, st.integers(2, 9))
def test_interpolation_is_evenly_spaced_between_its_ends(a, b, steps):
    path = latent.interpolate(a, b, steps)
    assert path.shape == (steps, 4) and path.dtype == np.float32
    np.testing.assert_array_equal(path[[0, -1]], [a, b])
    step = (b - a) / (steps - 1)
    np.testing.assert_allclose(np.diff(path, axis=0), np.tile(step, (steps - 1, 1)), atol=1e-5)


@given(code, code)
def test_traverse_passes_through_z(z, direction):
    path = latent.traverse(z, direction, 5)
    np.testing.assert_allclose(path, z + np.linspace(-1, 1, 5)[:, None] * direction, atol=1e-5)


def test_drawn_codes_are_distributed_as_the_codes_were():
    """Two clusters of different shapes, far from the prior: shares, means and covariances come."""
    rng = np.random.default_rng(0)
    narrow = rng.normal((5.0, 5.0), (0.1, 0.1), (1000, 2))
    wide = rng.multivariate_normal((-5.0, 0.0), [[2.0, 1.5], [1.5, 2.0]], 3000)
    drawn = latent.draw_codes(np.concatenate([narrow, wide]), 4000, gaussians=2, seed=1)
    assert drawn.shape == (4000, 2) and drawn.dtype == np.float32
    is_narrow = drawn[:, 0] > 2.5
    assert is_narrow.mean() == pytest.approx(0.25, abs=0.02)
    assert is_narrow[:1000].mean() == pytest.approx(0.25, abs=0.06)  # in random order
    np.testing.assert_allclose(drawn[is_narrow].mean(axis=0), (5, 5), atol=0.02)
    np.testing.assert_allclose(np.cov(drawn[~is_narrow].T), np.cov(wide.T), atol=0.2)


def test_equal_seeds_draw_equal_codes_and_others_others():
    z = np.random.default_rng(0).normal(size=(300, 3))
    one, same, other = (latent.draw_codes(z, 20, 5, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert (one != other).all()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "z", [np.zeros((4, 3)), np.eye(3), np.ones((500, 1)), np.eye(2).repeat(9, 0)]
)
def test_few_codes_or_equal_ones_are_drawn_from_one_gaussian(z):
    drawn = latent.draw_codes(z, 400)
    np.testing.assert_allclose(drawn.mean(axis=0), z.mean(axis=0), atol=0.15)
    np.testing.assert_allclose(drawn.std(axis=0), z.std(axis=0), atol=0.15)


def test_attribute_vector_is_the_difference_of_the_two_means():
    z = np.array([[0, 1], [2, 3], [10, 20], [20, 40.0]])
    np.testing.assert_allclose(latent.attribute_vector(z, [0, 0, 1, 1]), [14, 28])
    np.testing.assert_allclose(latent.attribute_vector(z, np.array([1, 1, 0, 0]) > 0), [-14, -28])


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: latent.interpolate(np.zeros(2), np.zeros(3), 4), "`b` must have shape"),
        (lambda: latent.interpolate(np.zeros((1, 2)), np.zeros(2), 4), "`a` must be one code"),
        (lambda: latent.interpolate([np.nan], [0.0], 4), "`a` must be finite"),
        (
            lambda: latent.interpolate([0.0], [1.0], 1),
            "`steps` must be a whole number of at least 2",
        ),
        (lambda: latent.traverse([0.0, 1.0], [0.0], 3), "`direction` must have shape"),
        (lambda: latent.attribute_vector(np.zeros((3, 2)), [1, 1, 1]), "both present"),
        (lambda: latent.attribute_vector(np.zeros((3, 2)), [1, 0]), "both present"),
        (lambda: latent.attribute_vector(np.zeros((0, 2)), []), "at least one row"),
        (lambda: latent.draw_codes(np.zeros((1, 2)), 3), r"`z` must have .* count >= 2"),
        (lambda: latent.draw_codes([[np.inf], [0.0]], 3), "`z` must be finite"),
        (lambda: latent.draw_codes(np.zeros((3, 2)), 0), "`count` must be a whole number"),
        (lambda: latent.draw_codes(np.zeros((3, 2)), 1, 0), "`gaussians` must be a whole number"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=f"{message}.*Received"):
        call()
