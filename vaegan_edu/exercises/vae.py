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
                "the sign is reversed: a divergence is never negative.": -terms.sum(axis=1),
                "you took the log-variance for the variance: use exp(z_log_var), then its "
                "logarithm is z_log_var.": 0.5 * (m**2 + v - np.log(np.abs(v)) - 1).sum(axis=1),
                "you took the log-variance for a standard deviation.": 0.5
                * (m**2 + v**2 - 2 * np.log(np.abs(v)) - 1).sum(axis=1),
                "exp(z_log_var) is the variance already. Do not square it.": 0.5
                * (m**2 + np.exp(2 * v) - v - 1).sum(axis=1),
                "you took exp(z_log_var / 2), the deviation. The formula has the variance.": 0.5
                * (m**2 + np.exp(v / 2) - v - 1).sum(axis=1),
                "the mean is not squared.": 0.5 * (m + np.exp(v) - v - 1).sum(axis=1),
                "the sign of z_log_var is reversed.": 0.5 * (m**2 + np.exp(v) + v - 1).sum(axis=1),
                "the constant 1 is missing, so the prior itself would not cost zero.": 0.5
                * (m**2 + np.exp(v) - v).sum(axis=1),
                "this is one value per dimension. Sum over axis 1.": terms,
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
        "it is zero at the prior, never negative, and sums over latent dimensions: one value for "
        "each image."
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


@exercise("vae_step")
def _(answer):
    import keras

    for batch, beta in ((6, 1.0), (4, 0.3)):
        rng = np.random.default_rng(batch)
        images = rng.uniform(-1, 1, (batch, 4, 4, 1)).astype("float32")
        noise = rng.standard_normal((batch, 3)).astype("float32")
        encoder, decoder = _tiny_networks(keras, rng)
        before = encoder.get_weights() + decoder.get_weights()
        loss, after = _step(before, images, noise, beta)
        mistakes = {
            hint: _step(before, images, noise, **{"beta": beta, **change})[0]
            for hint, change in _STEP_MISTAKES.items()
        }
        optimizer = keras.optimizers.SGD(_RATE)
        found = numbers(answer(encoder, decoder, optimizer, images, noise, beta), "the loss")
        compare(found, loss, mistakes, what="the loss", where=f"beta = {beta}", rtol=1e-3)
        moved = encoder.get_weights() + decoder.get_weights()
        still = [np.array_equal(new, old) for new, old in zip(moved, before, strict=True)]
        half = len(encoder.get_weights())
        if all(still):
            raise Hint(
                "the loss is right, but no weight moved: apply the gradients, "
                "`optimizer.apply(gradients, weights)`."
            )
        if all(still[:half]):
            raise Hint(
                "only the decoder moved. The encoder learns from the same loss: take the gradient "
                "for the weights of both networks."
            )
        if all(still[half:]):
            raise Hint(
                "only the encoder moved. The decoder learns from the same loss: take the gradient "
                "for the weights of both networks."
            )
        if not _close(moved, after):
            changes = {
                "the loss is right, but the gradient is that of the reconstruction term alone. "
                "Differentiate the whole loss.": {"kl_weight": 0.0},
                "the loss is right, but the weights moved uphill. The optimiser subtracts the "
                "gradient by itself: hand it over as it is.": {"rate": -_RATE},
                "the loss is right, but the weights moved twice as far as one step. Apply the "
                "gradients once.": {"rate": 2 * _RATE},
            }
            for hint, change in changes.items():
                if _close(moved, _step(before, images, noise, beta, **change)[1]):
                    raise Hint(hint)
            raise Hint(
                "the loss is right, but the weights did not move by its gradient. Is everything "
                "computed inside the tape, and is the gradient that of the loss?"
            )
    return (
        "both networks moved by the gradient of the whole loss, through the draw and into the "
        "encoder."
    )


_RATE = 0.01
_STEP_MISTAKES: dict[str, dict] = {
    "you averaged the KL term over the latent dimensions. Sum over them, then average over the "
    "batch.": {"kl_weight": 1 / 3},
    "beta is missing before the KL term.": {"beta": 1.0},
    "the KL term is missing.": {"beta": 0.0},
    "the KL term has the wrong sign: the loss adds it.": {"kl_weight": -1.0},
    "the factor 1/2 of the KL term is missing.": {"kl_weight": 2.0},
    "the noise is not used: z is drawn, it is not the mean.": {"power": None},
    "you multiplied the noise by the variance. The deviation is exp(z_log_var / 2).": {
        "power": 1.0
    },
    "the half of the squared error is missing.": {"pixel_weight": 2.0},
    "you averaged the squared error over the pixels. Sum over them, then average over the batch.": {
        "pixel_weight": 1 / 16
    },
    "you summed over the batch. Take the mean over the images.": {"total": True},
}


def _tiny_networks(keras, rng):
    """An encoder without hidden layer and a decoder with a tanh, small enough to differentiate."""
    images = keras.Input((4, 4, 1))
    h = keras.layers.Flatten()(images)
    encoder = keras.Model(images, [keras.layers.Dense(3)(h), keras.layers.Dense(3)(h)])
    z = keras.Input((3,))
    h = keras.layers.Dense(16, activation="tanh")(z)
    decoder = keras.Model(z, keras.layers.Reshape((4, 4, 1))(h))
    for network in (encoder, decoder):
        network.set_weights([rng.normal(0, 0.4, w.shape) for w in network.get_weights()])
    return encoder, decoder


def _step(
    weights,
    images,
    noise,
    beta,
    kl_weight=1.0,
    pixel_weight=1.0,
    power=0.5,
    total=False,
    rate=_RATE,
):
    """Return the loss and the weights after one step of gradient descent, both by hand."""
    mean_kernel, mean_bias, var_kernel, var_bias, kernel, bias = (
        w.astype("float64") for w in weights
    )
    x, count = images.reshape(len(images), -1).astype("float64"), 1 if total else len(images)
    m, v = x @ mean_kernel + mean_bias, x @ var_kernel + var_bias
    spread = 0.0 if power is None else np.exp(power * v)
    z = m + spread * noise
    y = np.tanh(z @ kernel + bias)
    beta = beta * kl_weight
    loss = pixel_weight * 0.5 * np.sum((x - y) ** 2)
    loss += beta * 0.5 * np.sum(m**2 + np.exp(v) - v - 1)
    # Backwards, the chain rule from the loss to each kernel and bias.
    to_output = pixel_weight * (y - x) * (1 - y**2) / count
    to_z = to_output @ kernel.T
    to_mean = to_z + beta * m / count
    to_var = to_z * noise * spread * (power or 0.0) + beta * 0.5 * (np.exp(v) - 1) / count
    gradients = (
        x.T @ to_mean,
        to_mean.sum(axis=0),
        x.T @ to_var,
        to_var.sum(axis=0),
        z.T @ to_output,
        to_output.sum(axis=0),
    )
    return loss / count, [w - rate * g for w, g in zip(weights, gradients, strict=True)]


def _close(found, expected):
    return all(np.allclose(a, b, atol=1e-5) for a, b in zip(found, expected, strict=True))


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


@exercise("precision")
def _(answer):
    rng = np.random.default_rng(4)
    real = rng.normal(size=(40, 3))
    generated = rng.normal(scale=1.6, size=(33, 3))
    for k in (2, 3):
        compare(
            answer(real, generated, k),
            _precision(real, generated, k),
            {
                "this is recall: the roles of real and generated are exchanged.": _precision(
                    generated, real, k
                ),
                "each real point counts as its own nearest neighbour. Skip it: take the k-th "
                "nearest *other* point.": _precision(real, generated, k, skip=0),
                "the ball reaches one neighbour too far. Sorted distances begin with the point "
                "itself at index 0, so the k-th other one is at index k.": _precision(
                    real, generated, k, skip=2
                ),
                "this is the share of real balls that hold a generated point (coverage). Count "
                "generated points.": _inside(real, generated, k).any(axis=1).mean(),
                "you counted points, not their share. Divide by their number.": _inside(
                    real, generated, k
                )
                .any(axis=0)
                .sum(),
                "a point must lie in *some* real ball, not in all of them.": _inside(
                    real, generated, k
                )
                .all(axis=0)
                .mean(),
                "this is the share of pairs. A point counts once, in however many balls it "
                "lies.": _inside(real, generated, k).mean(),
                "this is the share of points outside every ball.": 1
                - _precision(real, generated, k),
            },
            what="precision",
            where=f"k = {k}",
        )
    if numbers(answer(real, real + 1000.0, 3)).item() != 0:
        raise Hint("points far from every real one must give precision 0.")
    return "only points near a real one count, each ball reaches to the k-th other real point."


def _distances(a, b):
    return np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=-1))


def _inside(real, generated, k, skip=1):
    """Whether each real ball (rows) holds each generated point (columns)."""
    radius = np.sort(_distances(real, real), axis=1)[:, k - 1 + skip]
    return _distances(real, generated) <= radius[:, None]


def _precision(real, generated, k, skip=1):
    return _inside(real, generated, k, skip).any(axis=0).mean()
