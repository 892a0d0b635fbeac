"""Sampling against the distribution that it should draw from."""

import keras
import numpy as np
import pytest
from keras import ops
from scipy.stats import kstest

from vaegan_edu.layers import Sampling


def test_samples_have_the_mean_and_variance_asked_for():
    z_mean, z_log_var = np.array([2.0, -1.0]), np.array([-1.0, 0.5])
    count = 50_000
    z = ops.convert_to_numpy(
        Sampling(seed=0)((np.tile(z_mean, (count, 1)), np.tile(z_log_var, (count, 1))))
    )
    deviation = np.exp(z_log_var / 2)
    for j in range(2):  # the whole distribution, not two of its moments
        assert kstest(z[:, j], "norm", args=(z_mean[j], deviation[j])).pvalue > 1e-3
    assert abs(np.corrcoef(z.T)[0, 1]) < 0.02
    np.testing.assert_allclose(z.mean(axis=0), z_mean, atol=4 * deviation.max() / count**0.5)
    np.testing.assert_allclose(z.var(axis=0), deviation**2, rtol=0.03)


def test_given_noise_makes_z_the_written_formula():
    rng = np.random.default_rng(0)
    z_mean, z_log_var, noise = rng.standard_normal((3, 4, 2)).astype("float32")
    z = Sampling()((z_mean, z_log_var), noise=noise)
    np.testing.assert_allclose(z, z_mean + np.exp(z_log_var / 2) * noise, rtol=1e-5, atol=1e-6)


def test_seed_decides_the_noise_and_calls_differ():
    inputs = np.zeros((3, 2)), np.zeros((3, 2))
    first, again = Sampling(seed=1), Sampling(seed=1)
    one, two = np.array(first(inputs)), np.array(first(inputs))
    np.testing.assert_array_equal(one, np.array(again(inputs)))
    assert (one != two).all()
    assert (one != np.array(Sampling(seed=2)(inputs))).all()


def test_config_round_trip():
    layer = Sampling(seed=3, name="draw")
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert (copy.seed, copy.name) == (3, "draw")


@pytest.mark.parametrize("shapes", [((2,), (2,)), ((2, 3), (2, 4)), ((2, 3, 1), (2, 3, 1))])
def test_shapes_that_do_not_fit_are_refused(shapes):
    with pytest.raises(ValueError, match="both of shape \\(batch, latent_dim\\).*Received"):
        Sampling()(tuple(np.zeros(shape) for shape in shapes))
