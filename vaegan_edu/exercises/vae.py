"""Checks of chapter 2, the variational autoencoder."""

import numpy as np

from vaegan_edu.exercises import Hint, compare, exercise, numbers


@exercise("kl_by_hand", takes="value")
def _(answer):
    value = numbers(answer, "the value")
    compare(
        value,
        4.5,
        {
            "that is z_mean**2, without the half.": 9.0,
            "that is z_mean itself: square it, and take the half.": 3.0,
            "that is half of z_mean: square it first.": 1.5,
            "at z_mean = 3 and z_log_var = 3 it would be this. Set z_log_var to 0.": 0.5
            * (9 + np.exp(3) - 3 - 1),
            "at z_mean = 0 the posterior is the prior. Set z_mean to 3.": 0.0,
            "z_log_var = 0 means a variance of exp(0) = 1, not 0. Its terms then cancel.": 4.0,
        },
        what="the value",
        rtol=0.02,
    )
    return "with variance 1 only the mean costs: half its square, 4.5 nats."


@exercise("kl")
def _(answer):
    rng = np.random.default_rng(2)
    for batch, latent_dim in ((3, 2), (2, 5)):
        m = rng.normal(size=(batch, latent_dim))
        v = rng.uniform(-1.5, 1.5, size=(batch, latent_dim))
        terms = 0.5 * (m**2 + np.exp(v) - v - 1)
        compare(
            answer(m, v),
            terms.sum(axis=1),
            {
                "you averaged over the latent dimensions. The divergences of independent "
                "dimensions add up: sum over axis 1.": terms.mean(axis=1),
                "the factor 1/2 is missing.": 2 * terms.sum(axis=1),
                "the sign is turned round: a divergence is never negative.": -terms.sum(axis=1),
                "you took the log-variance for the variance: use exp(z_log_var), then its "
                "logarithm is z_log_var.": 0.5 * (m**2 + v - np.log(np.abs(v)) - 1).sum(axis=1),
                "you took the log-variance for a standard deviation.": 0.5
                * (m**2 + v**2 - 2 * np.log(np.abs(v)) - 1).sum(axis=1),
                "exp(z_log_var) is the variance already. Do not square it.": 0.5
                * (m**2 + np.exp(2 * v) - v - 1).sum(axis=1),
                "you took exp(z_log_var / 2), the deviation. The formula has the variance.": 0.5
                * (m**2 + np.exp(v / 2) - v - 1).sum(axis=1),
                "the mean is not squared.": 0.5 * (m + np.exp(v) - v - 1).sum(axis=1),
                "the sign of z_log_var is turned round.": 0.5 * (m**2 + np.exp(v) + v - 1).sum(
                    axis=1
                ),
                "the constant 1 is missing, so the prior itself would not cost zero.": 0.5
                * (m**2 + np.exp(v) - v).sum(axis=1),
                "this is one value a dimension. Sum over axis 1.": terms,
                "you summed over the batch (axis 0). Each image keeps its own divergence.": (
                    terms.sum(axis=0)
                ),
                "you averaged over the batch. Each image keeps its own divergence.": terms.sum(
                    axis=1
                ).mean(),
                "you summed over everything. Each image keeps its own divergence.": terms.sum(),
            },
            what="the divergence",
        )
    compare(
        answer(np.zeros((2, 3)), np.zeros((2, 3))), np.zeros(2), what="the divergence at the prior"
    )
    return (
        "it is zero at the prior, never negative, and sums over latent dimensions, one value an "
        "image."
    )


@exercise("reparameterise")
def _(answer):
    rng = np.random.default_rng(3)
    m, noise = rng.normal(size=(2, 4, 3))
    v = rng.uniform(-2, 1, size=(4, 3))
    compare(
        answer(m, v, noise),
        m + np.exp(v / 2) * noise,
        {
            "you multiplied by the variance. Noise has deviation 1, so multiply by the deviation "
            "exp(z_log_var / 2).": m + np.exp(v) * noise,
            "you multiplied by the log-variance. Take exp(z_log_var / 2).": m + v * noise,
            "half the log-variance is the logarithm of the deviation: take its exp.": m
            + v / 2 * noise,
            "the mean is missing.": np.exp(v / 2) * noise,
            "the noise is not scaled.": m + noise,
            "you scaled the mean as well. Only the noise is multiplied.": np.exp(v / 2)
            * (m + noise),
            "you drew noise of your own, or none. Use the `noise` that is passed in, so that the "
            "result can be checked.": m,
            "that is sqrt(z_log_var). The deviation is exp(z_log_var / 2).": m
            + np.sqrt(np.abs(v)) * noise,
        },
        what="z",
    )
    if np.allclose(
        numbers(answer(m, v, 2 * noise)) - m, numbers(answer(m, v, noise)) - m, atol=1e-9
    ):
        raise Hint("z does not change with the noise. Use the `noise` that is passed in.")
    return "z has mean z_mean and deviation exp(z_log_var / 2), and moves smoothly with both."


@exercise("active_units")
def _(answer):
    rng = np.random.default_rng(5)
    scale = np.array([1.0, 0.02, 0.3, 0.09, 0.15])  # variances 1, 0.0004, 0.09, 0.0081, 0.0225
    z_mean = rng.normal(size=(400, 5)) * scale + np.array([0.0, 3.0, 0.0, -2.0, 1.0])
    variance = z_mean.var(axis=0)
    compare(
        answer(z_mean),
        (variance > 0.01).sum(),
        {
            "you compared the standard deviation with 0.01. Compare the variance.": (
                np.sqrt(variance) > 0.01
            ).sum(),
            "you counted the collapsed dimensions, the others.": (variance <= 0.01).sum(),
            "you took the variance over the latent dimensions (axis 1). Take it over the images "
            "(axis 0).": (z_mean.var(axis=1) > 0.01).sum(),
            "you looked at the size of the means. A dimension that is always 3 says nothing about "
            "the image: look at its variance.": (np.abs(z_mean.mean(axis=0)) > 0.01).sum(),
            "this is a share. Count the dimensions.": (variance > 0.01).mean(),
            "these are the variances. Compare them with 0.01, then count.": variance,
        },
        what="the count",
    )
    return "a dimension counts when its mean varies from image to image, wherever it lies."
