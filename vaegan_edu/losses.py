"""Losses as pure functions, one value for each example; the caller averages over the batch.

Every sum over pixels or latent dimensions is a *sum*. A mean in its place would divide the term by
the number of pixels or dimensions, and so change the weight between the terms without saying so.
A NaN that comes in comes out: the training loop must be able to see it.
"""

import math
from typing import Any, TypeAlias

import keras
from keras import ops

# Each backend has a class of its own for tensors, and Keras takes arrays in their place.
Tensor: TypeAlias = Any


def kl_divergence(z_mean: Tensor, z_log_var: Tensor) -> Tensor:
    r"""KL divergence of the posterior N(z_mean, exp(z_log_var)) from the prior N(0, I).

    `kl = 1/2 sum_j (z_mean_j^2 + exp(z_log_var_j) - z_log_var_j - 1)`, summed over the latent
    dimensions j, in nats (Kingma & Welling 2014, appendix B, with the sign of a loss).

    Args:
        z_mean, z_log_var: (batch, latent_dim), mean and log-variance.

    Returns:
        (batch,), zero only where the posterior is the prior and otherwise positive. Rounding in
        float32 may leave some -1e-7 a dimension next to the prior.

    Raises:
        ValueError: the two are not of one shape (batch, latent_dim).
    """
    z_mean, z_log_var = _pair(z_mean, z_log_var, "z_mean", "z_log_var", rank=2)
    return 0.5 * ops.sum(ops.square(z_mean) + ops.exp(z_log_var) - z_log_var - 1.0, axis=-1)


def gaussian_reconstruction(images: Tensor, reconstruction: Tensor) -> Tensor:
    """Gaussian reconstruction loss, `1/2 ||x - x_hat||^2`, summed over pixels and channels.

    This is `-log p(x|z)` for a Gaussian of variance 1 around the reconstruction, up to a constant
    that no weight changes (Kingma & Welling 2014, appendix C.2, with the variance held fixed).

    Args:
        images, reconstruction: (batch, height, width, channels), in [-1, 1].

    Returns:
        (batch,), in nats up to that constant.

    Raises:
        ValueError: the two are not of one shape (batch, height, width, channels).
    """
    images, reconstruction = _pair(images, reconstruction, "images", "reconstruction", rank=4)
    return 0.5 * ops.sum(ops.square(images - reconstruction), axis=(1, 2, 3))


def bernoulli_reconstruction(images: Tensor, reconstruction: Tensor) -> Tensor:
    """Bernoulli reconstruction loss: cross-entropy after mapping [-1, 1] to [0, 1], over pixels.

    `-sum t log p + (1 - t) log(1 - p)` with `t = (x + 1) / 2` and `p = (x_hat + 1) / 2` (Kingma &
    Welling 2014, appendix C.1). For grey pixels it is no likelihood and its minimum is not zero.
    As p is the output of a tanh, it is kept `1e-6` away from 0 and 1, so the loss stays finite.

    Args:
        images, reconstruction: (batch, height, width, channels), in [-1, 1].

    Returns:
        (batch,), in nats.

    Raises:
        ValueError: the two are not of one shape (batch, height, width, channels).
    """
    images, reconstruction = _pair(images, reconstruction, "images", "reconstruction", rank=4)
    target = 0.5 * (images + 1.0)
    probability = ops.clip(0.5 * (reconstruction + 1.0), 1e-6, 1.0 - 1e-6)
    log_likelihood = target * ops.log(probability) + (1.0 - target) * ops.log1p(-probability)
    return -ops.sum(log_likelihood, axis=(1, 2, 3))


RECONSTRUCTION_LOSSES = {
    "gaussian": gaussian_reconstruction,
    "bernoulli": bernoulli_reconstruction,
}


def feature_loss(real_features: Tensor, reconstructed_features: Tensor) -> Tensor:
    """Feature loss, `1/2 ||Dis_l(x) - Dis_l(x_tilde)||^2`, summed over features.

    The VAE-GAN's reconstruction loss: `-log p(Dis_l(x)|z)` for a Gaussian of variance 1 around the
    features of the reconstruction, constants dropped (Larsen et al. 2016, equations 7 and 8).

    Args:
        real_features, reconstructed_features: (batch, ...), the discriminator's features.

    Returns:
        (batch,), never negative.

    Raises:
        ValueError: the two are not of one shape (batch, ...).
    """
    real, reconstructed = _pair(
        real_features, reconstructed_features, "real_features", "reconstructed_features"
    )
    return 0.5 * ops.sum(ops.square(real - reconstructed), axis=tuple(range(1, len(real.shape))))


def discriminator_loss(logits: Tensor, target: Tensor | float) -> Tensor:
    """Cross-entropy of the discriminator's answer, `-(t log D + (1 - t) log(1 - D))`.

    `D = sigmoid(logits)` is the probability of "real". With target t = 1 on real examples and t = 0
    on generated ones the sum of the two is minus the value that the discriminator maximises
    (Goodfellow et al. 2014, equation 1). A real target of 0.9 is one-sided label smoothing
    (Salimans et al. 2016, section 3.4). Written with softplus, it stays finite for any logits.

    Args:
        logits: (batch,) or (batch, 1).
        target: number in [0, 1] for all examples, or (batch,), one for each.

    Returns:
        (batch,), never negative, in nats.

    Raises:
        ValueError: logits of another shape.
    """
    logits = flat_logits(logits)
    if not isinstance(target, (int, float)):
        target = ops.convert_to_tensor(target)
    return target * ops.softplus(-logits) + (1.0 - target) * ops.softplus(logits)


def non_saturating_loss(logits: Tensor) -> Tensor:
    """Non-saturating loss of a generator, `-log D(fake)`; in other words, with flipped labels.

    It has the same fixed point as the minimax form and a strong gradient just where that one's
    vanishes, when the discriminator is sure (Goodfellow et al. 2014, section 3).

    Args:
        logits: (batch,) or (batch, 1), the discriminator's on generated examples.

    Returns:
        (batch,), never negative, in nats.

    Raises:
        ValueError: logits of another shape.
    """
    return ops.softplus(-flat_logits(logits))


def minimax_loss(logits: Tensor) -> Tensor:
    """Minimax loss of a generator, `log(1 - D(fake))` (Goodfellow et al. 2014, equation 1).

    Args:
        logits: (batch,) or (batch, 1), the discriminator's on generated examples.

    Returns:
        (batch,), never positive, in nats.

    Raises:
        ValueError: logits of another shape.
    """
    return -ops.softplus(flat_logits(logits))


ADVERSARIAL_LOSSES = {"non-saturating": non_saturating_loss, "minimax": minimax_loss}


def flip_labels(target: float, count: Any, probability: float, seed: Any = None) -> Tensor:
    """Noisy labels: turn a target t into 1 - t for some of the examples, chosen at random.

    A discriminator that is sometimes told the wrong thing cannot become sure (Chintala et al. 2016,
    "How to train a GAN", 6: make the labels noisy for the discriminator).

    Args:
        target: number in [0, 1].
        count: number of examples; may be a tensor.
        probability: of a flip, in [0, 1].
        seed: whole number or `keras.random.SeedGenerator`.

    Returns:
        (count,), targets for `discriminator_loss`.
    """
    flipped = ops.cast(keras.random.uniform((count,), seed=seed) < probability, "float32")
    return target + flipped * (1.0 - 2.0 * target)


def flat_logits(logits: Tensor) -> Tensor:
    """Return logits (batch,) of (batch,) or (batch, 1), in float32 or better.

    Raises:
        ValueError: logits of another shape.
    """
    logits = _full_precision(logits)
    shape = tuple(logits.shape)
    if len(shape) == 2 and shape[1] == 1:
        return logits[:, 0]
    if len(shape) != 1:
        raise ValueError(
            f"`logits` must have shape (batch,) or (batch, 1), one an example. Received: {shape}"
        )
    return logits


def _full_precision(values):
    """Return a tensor in which sums over thousands of features keep their digits."""
    values = ops.convert_to_tensor(values)
    half = keras.backend.standardize_dtype(values.dtype) in ("float16", "bfloat16")
    return ops.cast(values, "float32") if half else values


def _pair(first, second, first_name, second_name, rank=None):
    """Return both as tensors; `ValueError` unless they have one shape of that rank, not empty."""
    first, second = _full_precision(first), _full_precision(second)
    dtype = keras.backend.result_type(first.dtype, second.dtype)
    first, second = ops.cast(first, dtype), ops.cast(second, dtype)
    shapes = tuple(first.shape), tuple(second.shape)
    # Inside a compiled step the batch size may be unknown (None); it then fits every size.
    meet = len(shapes[0]) == len(shapes[1]) == (rank or max(len(shapes[0]), 2)) and all(
        a == b or None in (a, b) for a, b in zip(*shapes, strict=True)
    )
    if not meet or any(math.prod(d for d in shape if d is not None) == 0 for shape in shapes):
        raise ValueError(
            f"`{first_name}` and `{second_name}` must have one shape of rank {rank or '2 or more'} "
            f"and not be empty. Received: {shapes[0]} and {shapes[1]}"
        )
    return first, second
