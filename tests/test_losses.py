"""The losses against formulas written out, references and invariants."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from keras import ops
from scipy.stats import norm

from vaegan_edu import losses

moderate = st.floats(-3, 3, width=32)
codes = arrays("float32", (3, 5), elements=moderate)
images = arrays("float32", (2, 4, 4, 1), elements=st.floats(-1, 1, width=32))


def kl(z_mean, z_log_var):
    return ops.convert_to_numpy(losses.kl_divergence(z_mean, z_log_var))


@given(codes, codes)
def test_kl_is_the_closed_form_summed_over_latent_dimensions(z_mean, z_log_var):
    expected = 0.5 * (
        z_mean.astype("float64") ** 2 + np.exp(z_log_var.astype("float64")) - z_log_var - 1
    ).sum(axis=1)
    np.testing.assert_allclose(kl(z_mean, z_log_var), expected, rtol=1e-5, atol=1e-5)


def test_kl_agrees_with_monte_carlo():
    """KL is E_q[log q(z) - log p(z)], here within four standard errors of 200,000 samples."""
    rng = np.random.default_rng(0)
    mean, log_var = np.array([0.5, -1.0, 0.0]), np.array([0.3, -0.7, -2.0])
    z = mean + np.exp(log_var / 2) * rng.standard_normal((200_000, 3))
    log_ratio = (norm.logpdf(z, mean, np.exp(log_var / 2)) - norm.logpdf(z)).sum(axis=1)
    error = log_ratio.std() / np.sqrt(len(z))
    assert abs(log_ratio.mean() - kl(mean[None], log_var[None])[0]) < 4 * error


@given(codes, codes)
def test_kl_is_never_negative_and_adds_up_over_dimensions(z_mean, z_log_var):
    whole = kl(z_mean, z_log_var)
    assert (whole >= -1e-5).all()
    parts = sum(kl(z_mean[:, [j]], z_log_var[:, [j]]) for j in range(z_mean.shape[1]))
    np.testing.assert_allclose(whole, parts, rtol=1e-5, atol=1e-5)


def test_kl_is_zero_exactly_at_the_prior():
    assert (kl(np.zeros((2, 3)), np.zeros((2, 3))) == 0).all()
    assert (kl(np.full((1, 3), 0.1), np.zeros((1, 3))) > 0).all()


@given(images, images)
def test_gaussian_reconstruction_is_half_the_summed_square(x, x_hat):
    expected = 0.5 * ((x.astype("float64") - x_hat) ** 2).sum(axis=(1, 2, 3))
    found = ops.convert_to_numpy(losses.gaussian_reconstruction(x, x_hat))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@settings(deadline=None)
@given(images, images)
def test_bernoulli_reconstruction_is_the_summed_cross_entropy(x, x_hat):
    t = (x.astype("float64") + 1) / 2
    p = np.clip((x_hat.astype("float64") + 1) / 2, 1e-6, 1 - 1e-6)
    expected = -(t * np.log(p) + (1 - t) * np.log(1 - p)).sum(axis=(1, 2, 3))
    found = ops.convert_to_numpy(losses.bernoulli_reconstruction(x, x_hat))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


def test_bernoulli_reconstruction_is_least_at_the_image_and_stays_finite():
    x = np.linspace(-1, 1, 16, dtype="float32").reshape(1, 4, 4, 1)
    least = float(losses.bernoulli_reconstruction(x, x)[0])
    for other in (x * 0.9, -x, np.ones_like(x), -np.ones_like(x)):
        loss = float(losses.bernoulli_reconstruction(x, other)[0])
        assert np.isfinite(loss) and loss > least


def test_nan_comes_out_where_it_went_in():
    z_mean = np.zeros((2, 3), "float32")
    z_mean[1, 0] = np.nan
    found = kl(z_mean, np.zeros((2, 3), "float32"))
    assert found[0] == 0 and np.isnan(found[1])


@pytest.mark.parametrize("first, second", [
    (np.zeros((2, 3)), np.zeros((2, 4))),
    (np.zeros(3), np.zeros(3)),
    (np.zeros((0, 3)), np.zeros((0, 3))),
    (np.zeros((2, 0)), np.zeros((2, 0))),
])  # fmt: skip
def test_kl_refuses_shapes_that_do_not_fit(first, second):
    with pytest.raises(ValueError, match="one shape of rank 2.*Received"):
        losses.kl_divergence(first, second)


@pytest.mark.parametrize("loss", losses.RECONSTRUCTION_LOSSES.values())
@pytest.mark.parametrize("shape", [(4, 4, 1), (2, 4, 5, 1), (0, 4, 4, 1)])
def test_reconstruction_refuses_shapes_that_do_not_fit(loss, shape):
    with pytest.raises(ValueError, match="one shape of rank 4.*Received"):
        loss(np.zeros((2, 4, 4, 1)), np.zeros(shape))
