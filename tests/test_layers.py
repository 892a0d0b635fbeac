"""Sampling and noise against their distributions, minibatch discrimination against its formula."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from keras import ops
from scipy.stats import kstest

from vaegan_edu.layers import DecayingNoise, MinibatchDiscrimination, Sampling


def test_samples_have_the_mean_and_variance_asked_for():
    z_mean, z_log_var = np.array([2.0, -1.0]), np.array([-1.0, 0.5])
    count = 50_000
    z = ops.convert_to_numpy(
        Sampling(seed=0)((np.tile(z_mean, (count, 1)), np.tile(z_log_var, (count, 1))))
    )
    deviation = np.exp(z_log_var / 2)
    for j in range(2):  # the whole distribution, not two of its moments
        assert kstest((z[:, j] - z_mean[j]) / deviation[j], "norm").pvalue > 1e-3
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
    one, two = (ops.convert_to_numpy(first(inputs)) for _ in range(2))
    np.testing.assert_array_equal(one, ops.convert_to_numpy(again(inputs)))
    assert (one != two).all()
    assert (one != ops.convert_to_numpy(Sampling(seed=2)(inputs))).all()


def test_config_round_trip():
    layer = Sampling(seed=3, name="draw")
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert (copy.seed, copy.name) == (3, "draw")


@pytest.mark.parametrize("shapes", [((2,), (2,)), ((2, 3), (2, 4)), ((2, 3, 1), (2, 3, 1))])
def test_shapes_that_do_not_fit_are_refused(shapes):
    with pytest.raises(ValueError, match="both of shape \\(batch, latent_dim\\).*Received"):
        Sampling()(tuple(np.zeros(shape) for shape in shapes))


FEATURES, KERNELS, KERNEL_DIM = 4, 3, 2
batches = st.integers(1, 6).flatmap(
    lambda count: arrays("float32", (count, FEATURES), elements=st.floats(-2, 2, width=32))
)
kernels = arrays("float32", (FEATURES, KERNELS, KERNEL_DIM), elements=st.floats(-1, 1, width=32))


def discrimination(kernel=None, **settings):
    layer = MinibatchDiscrimination(KERNELS, KERNEL_DIM, **settings)
    layer.build((None, FEATURES))
    if kernel is not None:
        layer.kernel.assign(kernel)
    return layer


def closeness_by_loops(x, kernel, scale=1.0):
    m = np.einsum("if,fbc->ibc", x.astype("float64"), kernel.astype("float64"))
    o = np.zeros((len(x), kernel.shape[1]))
    for i in range(len(x)):
        for b in range(kernel.shape[1]):
            for j in range(len(x)):
                if j != i:
                    o[i, b] += scale * np.exp(-np.abs(m[i, b] - m[j, b]).sum())
    return o


@given(batches, kernels, st.floats(0, 2))
def test_minibatch_discrimination_is_the_naive_loop(x, kernel, scale):
    found = ops.convert_to_numpy(discrimination(kernel, scale=scale)(x))
    np.testing.assert_array_equal(found[:, :FEATURES], x)
    expected = closeness_by_loops(x, kernel, scale)
    np.testing.assert_allclose(found[:, FEATURES:], expected, rtol=1e-4, atol=1e-6)


@given(batches, kernels, st.randoms(use_true_random=False))
def test_minibatch_discrimination_follows_a_permutation_of_the_batch(x, kernel, random):
    order = random.sample(range(len(x)), len(x))
    layer = discrimination(kernel)
    whole = ops.convert_to_numpy(layer(x))
    np.testing.assert_allclose(ops.convert_to_numpy(layer(x[order])), whole[order], rtol=1e-5)


@given(arrays("float32", (1, FEATURES), elements=st.floats(-1e3, 1e3, width=32)), kernels)
def test_minibatch_discrimination_of_one_is_zero(x, kernel):
    found = ops.convert_to_numpy(discrimination(kernel)(x))
    assert (found[:, FEATURES:] == 0).all()


def test_copies_count_as_close_and_strangers_do_not():
    kernel = np.ones((FEATURES, KERNELS, KERNEL_DIM), "float32")
    copies = ops.convert_to_numpy(discrimination(kernel)(np.ones((5, FEATURES), "float32")))
    assert (copies[:, FEATURES:] == 4).all()  # the other four, each at distance 0
    far = ops.convert_to_numpy(discrimination(kernel)(100.0 * np.eye(4, dtype="float32")[:, :4]))
    assert copies.shape == (5, FEATURES + KERNELS) and np.isfinite(far).all()


@pytest.mark.parametrize("features", [10, 25_088])
@pytest.mark.parametrize("kernel_dim", [1, 5, 50])
def test_closeness_does_not_vanish_at_the_start(features, kernel_dim):
    x = np.random.default_rng(0).standard_normal((8, features)).astype("float32")
    layer = MinibatchDiscrimination(3, kernel_dim, seed=0)
    closeness = ops.convert_to_numpy(layer(x))[:, features:] / 7
    assert (closeness > 0.02).all() and closeness.mean() > 0.15  # exp(-L1), a mean over the others
    assert (closeness < 0.9).all()  # nor is everything close to everything


def test_minibatch_discrimination_config_round_trip():
    layer = MinibatchDiscrimination(4, 2, scale=0.25, seed=7, name="close")
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert (copy.num_kernels, copy.kernel_dim, copy.scale, copy.seed) == (4, 2, 0.25, 7)
    x = np.ones((2, 3), "float32")
    assert copy(x).shape == (2, 7) == tuple(copy.compute_output_shape((2, 3)))
    assert copy.kernel.shape == (3, 4, 2)
    layer(x)
    np.testing.assert_array_equal(*(ops.convert_to_numpy(v.kernel) for v in (layer, copy)))


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"num_kernels": 0}, "`num_kernels` must be a whole number of at least 1"),
        ({"kernel_dim": 1.5}, "`kernel_dim` must be a whole number"),
        ({"scale": -1.0}, "`scale` must be finite and at least 0"),
    ],
)
def test_minibatch_discrimination_refuses_bad_settings(settings, message):
    with pytest.raises(ValueError, match=f"{message}.*Received"):
        MinibatchDiscrimination(**{"num_kernels": 2, "kernel_dim": 2, **settings})


def test_minibatch_discrimination_refuses_maps():
    with pytest.raises(ValueError, match="shape \\(batch, features\\); put `Flatten`.*Received"):
        MinibatchDiscrimination(2, 2)(np.zeros((2, 4, 4, 1)))


@pytest.mark.parametrize("epoch, share", [(0, 1.0), (5, 0.5), (9, 0.1), (10, 0.0), (99, 0.0)])
def test_noise_decays_to_zero_in_a_line(epoch, share):
    layer = DecayingNoise(0.4, epochs=10, seed=0)
    x = np.full((200, 50), 3.0, "float32")
    layer.build(x.shape)
    layer.epoch.assign(epoch)
    assert float(layer.current_stddev()) == pytest.approx(0.4 * share, abs=1e-6)
    added = ops.convert_to_numpy(layer(x, training=True)) - x
    assert added.std() == pytest.approx(0.4 * share, rel=0.03, abs=1e-6)
    if share:
        assert kstest(added.ravel() / (0.4 * share), "norm").pvalue > 1e-3


def test_there_is_no_noise_out_of_training_and_new_noise_in_every_call():
    layer, x = DecayingNoise(1.0, epochs=3, seed=0), np.zeros((4, 5), "float32")
    assert (ops.convert_to_numpy(layer(x, training=False)) == 0).all()
    assert (ops.convert_to_numpy(layer(x)) == 0).all()
    one, two = (ops.convert_to_numpy(layer(x, training=True)) for _ in range(2))
    assert (one != two).all()


def test_noise_config_round_trip_and_refusals():
    copy = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(DecayingNoise(0.2, 30, seed=4))
    )
    assert (copy.stddev, copy.epochs, copy.seed) == (0.2, 30, 4)
    with pytest.raises(ValueError, match="`stddev` must be.*Received"):
        DecayingNoise(-0.1, 3)
    with pytest.raises(ValueError, match="`epochs` must be.*Received"):
        DecayingNoise(0.1, 0)
