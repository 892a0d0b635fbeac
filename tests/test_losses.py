"""The losses against formulas written out, references and invariants."""

import keras
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


@pytest.mark.parametrize(
    "first, second",
    [
        (np.zeros((2, 3)), np.zeros((2, 4))),
        (np.zeros(3), np.zeros(3)),
        (np.zeros((0, 3)), np.zeros((0, 3))),
        (np.zeros((2, 0)), np.zeros((2, 0))),
    ],
)
def test_kl_refuses_shapes_that_do_not_fit(first, second):
    with pytest.raises(ValueError, match="one shape of rank 2.*Received"):
        losses.kl_divergence(first, second)


@pytest.mark.parametrize("loss", losses.RECONSTRUCTION_LOSSES.values())
@pytest.mark.parametrize("shape", [(4, 4, 1), (2, 4, 5, 1), (0, 4, 4, 1)])
def test_reconstruction_refuses_shapes_that_do_not_fit(loss, shape):
    with pytest.raises(ValueError, match="one shape of rank 4.*Received"):
        loss(np.zeros((2, 4, 4, 1)), np.zeros(shape))


logits_ = arrays("float32", (6,), elements=st.floats(-30, 30, width=32))


def sigmoid(logits):
    """In float64; `sigmoid(-logits)` is 1 minus it and keeps its digits."""
    return 1 / (1 + np.exp(-logits.astype("float64")))


def array(tensor):
    return ops.convert_to_numpy(tensor)


@given(logits_, st.floats(0, 1))
def test_discriminator_loss_is_the_cross_entropy_of_the_target(logits, target):
    d, not_d = sigmoid(logits), sigmoid(-logits)
    expected = -(target * np.log(d) + (1 - target) * np.log(not_d))
    found = array(losses.discriminator_loss(logits, target))
    assert found.shape == (6,) and (found >= 0).all()
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@given(logits_)
def test_generator_losses_are_the_papers(logits):
    d, not_d = sigmoid(logits), sigmoid(-logits)
    found = array(losses.non_saturating_loss(logits)), array(losses.minimax_loss(logits))
    np.testing.assert_allclose(found[0], -np.log(d), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found[1], np.log(not_d), rtol=1e-5, atol=1e-6)


def test_targets_may_differ_by_example():
    logits = np.array([1.0, -2.0, 0.5], "float32")
    targets = np.array([1.0, 0.0, 0.9], "float32")
    found = array(losses.discriminator_loss(logits[:, None], targets))
    pairs = zip(logits, targets, strict=True)
    single = [float(losses.discriminator_loss(v[None], t)[0]) for v, t in pairs]
    np.testing.assert_allclose(found, single, rtol=1e-6)


@pytest.mark.parametrize("logit", [-1e4, 1e4])
def test_adversarial_losses_and_slopes_stay_finite_far_out(logit):
    """At +-1e4 the loss is the logit itself or zero, and its slope 1 or 0."""
    logits = np.array([logit], "float32")
    right, wrong = max(-logit, 0.0), max(logit, 0.0)
    assert float(losses.discriminator_loss(logits, 1.0)[0]) == right
    assert float(losses.discriminator_loss(logits, 0.0)[0]) == wrong
    assert float(losses.discriminator_loss(logits, 0.9)[0]) == pytest.approx(
        0.9 * right + 0.1 * wrong, rel=1e-6
    )
    assert float(losses.non_saturating_loss(logits)[0]) == right
    assert float(losses.minimax_loss(logits)[0]) == -wrong
    slope = float(losses.non_saturating_loss(logits + 8)[0] - losses.non_saturating_loss(logits)[0])
    assert slope == pytest.approx(-8.0 if logit < 0 else 0.0)


@pytest.mark.parametrize("shape", [(3, 2), (3, 1, 1), ()])
@pytest.mark.parametrize(
    "loss",
    [losses.non_saturating_loss, losses.minimax_loss, lambda v: losses.discriminator_loss(v, 1.0)],
)
def test_logits_of_another_shape_are_refused(loss, shape):
    with pytest.raises(ValueError, match="\\(batch,\\) or \\(batch, 1\\).*Received"):
        loss(np.zeros(shape, "float32"))


@given(st.sampled_from([(2, 5), (3, 2, 2, 2)]), st.integers(0, 2**16))
def test_feature_loss_is_half_the_summed_square(shape, seed):
    one, other = np.random.default_rng(seed).normal(0, 2, (2, *shape)).astype("float32")
    expected = 0.5 * ((one.astype("float64") - other) ** 2).reshape(len(one), -1).sum(axis=1)
    np.testing.assert_allclose(array(losses.feature_loss(one, other)), expected, rtol=1e-5)
    np.testing.assert_allclose(array(losses.feature_loss(other, one)), expected, rtol=1e-5)


def test_sums_over_bfloat16_features_keep_their_digits():
    one, other = np.zeros((1, 20_000)), np.ones((1, 20_000))
    found = losses.feature_loss(*(ops.cast(v, "bfloat16") for v in (one, other)))
    assert float(found[0]) == 10_000.0 and keras.backend.standardize_dtype(found.dtype) == "float32"


@pytest.mark.parametrize("shapes", [((2, 3), (2, 4)), ((3,), (3,)), ((2, 0), (2, 0))])
def test_feature_loss_refuses_shapes_that_do_not_fit(shapes):
    with pytest.raises(ValueError, match="one shape of rank 2 or more.*Received"):
        losses.feature_loss(*(np.zeros(shape, "float32") for shape in shapes))


@pytest.mark.parametrize("target", [0.0, 0.9, 1.0])
def test_noisy_labels_flip_the_share_asked_for(target):
    found = array(losses.flip_labels(target, 20_000, 0.3, seed=1))
    np.testing.assert_array_equal(found, array(losses.flip_labels(target, 20_000, 0.3, seed=1)))
    assert found.shape == (20_000,)
    kept = np.isclose(found, target)
    np.testing.assert_allclose(found[~kept], 1 - target, atol=1e-6)
    assert (~kept).mean() == pytest.approx(0.3, abs=4 * (0.3 * 0.7 / 20_000) ** 0.5)


def test_labels_flip_always_or_never_at_the_ends():
    assert (array(losses.flip_labels(1.0, 1000, 0.0, seed=0)) == 1).all()
    assert (array(losses.flip_labels(1.0, 1000, 1.0, seed=0)) == 0).all()
