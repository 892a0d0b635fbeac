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
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=f"{message}.*Received"):
        call()
