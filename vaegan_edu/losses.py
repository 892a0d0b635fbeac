"""Losses as pure functions, one value for each example; the caller averages over the batch.

Every sum over pixels or latent dimensions is a *sum*. A mean in its place would divide the term by
the number of pixels or dimensions, and so change the weight between the terms without saying so.
A NaN that comes in comes out: the training loop must be able to see it.
"""

import math

from keras import ops


def kl_divergence(z_mean, z_log_var):
    r"""KL divergence of the posterior N(z_mean, exp(z_log_var)) from the prior N(0, I).

    `kl = 1/2 sum_j (z_mean_j^2 + exp(z_log_var_j) - z_log_var_j - 1)`, summed over the latent
    dimensions j, in nats (Kingma & Welling 2014, appendix B, with the sign of a loss).

    Args:
        z_mean, z_log_var: (batch, latent_dim), mean and log-variance.

    Returns:
        (batch,), never negative, zero only where the posterior is the prior.

    Raises:
        ValueError: the two are not of one shape (batch, latent_dim).
    """
    z_mean, z_log_var = _pair(z_mean, z_log_var, "z_mean", "z_log_var", rank=2)
    return 0.5 * ops.sum(ops.square(z_mean) + ops.exp(z_log_var) - z_log_var - 1.0, axis=-1)


def gaussian_reconstruction(images, reconstruction):
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


def bernoulli_reconstruction(images, reconstruction):
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


def _pair(first, second, first_name, second_name, rank):
    """Return both as tensors; `ValueError` unless they have one shape of that rank, not empty."""
    first, second = ops.convert_to_tensor(first), ops.convert_to_tensor(second)
    shapes = tuple(first.shape), tuple(second.shape)
    # Inside a compiled step the batch size may be unknown (None); it then fits every size.
    meet = len(shapes[0]) == len(shapes[1]) == rank and all(
        a == b or None in (a, b) for a, b in zip(*shapes, strict=True)
    )
    if not meet or any(math.prod(d for d in shape if d is not None) == 0 for shape in shapes):
        raise ValueError(
            f"`{first_name}` and `{second_name}` must have one shape of rank {rank} and not be "
            f"empty. Received: {shapes[0]} and {shapes[1]}"
        )
    return first, second
