"""Checks of chapter 5, the VAE-GAN."""

from typing import Any

import numpy as np

from vaegan_edu.exercises import Hint, compare, exercise, numbers


def _softplus(x):
    return np.logaddexp(0, x)


@exercise("routing", takes="value")
def _(answer):
    prior, feature, gamma = 1 / 64, 1 / 4096, 1e-8
    right = np.array([[prior, 0, 0], [feature, gamma, 0], [0, 1, 0], [0, 0, 1]])

    def changed(*cells):
        wrong = right.copy()
        for row, column, value in cells:
            wrong[row, column] = value
        return wrong

    compare(
        numbers(answer, "the matrix"),
        right,
        {
            "rows and columns are exchanged: a row for each term, a column for each network.": (
                right.T
            ),
            "the feature term is measured in the discriminator, but never trains it.": changed(
                (1, 2, 1)
            ),
            "the encoder is not in the game: the decoder's adversarial term does not reach it.": (
                changed((2, 0, 1))
            ),
            "the decoder's adversarial term asks the discriminator, but must not train it.": (
                changed((2, 2, 1))
            ),
            "the discriminator's term sees what the decoder made, but must not train it.": changed(
                (3, 1, 1)
            ),
            "the prior term belongs to the encoder alone: the decoder has no part in it.": changed(
                (0, 1, prior)
            ),
            "gamma acts on the decoder alone. The encoder's feature term has 1/4096.": changed(
                (1, 0, gamma)
            ),
            "the decoder's feature term is weighted by gamma, and by nothing else.": changed(
                (1, 1, feature)
            ),
            "the decoder does learn from the feature term, weighted by gamma.": changed((1, 1, 0)),
            "the encoder's two weights are exchanged.": changed((0, 0, feature), (1, 0, prior)),
            "those are the paper's weights. Here the encoder's are 1/64 and 1/4096.": changed(
                (0, 0, 1), (1, 0, 1)
            ),
        },
        what="the matrix",
        rtol=0.02,
        atol=1e-12,
    )
    return "each network has its own loss, the feature term serves two of them, the game the rest."


@exercise("feature_distance")
def _(answer):
    rng = np.random.default_rng(7)
    real, fake = rng.normal(size=(2, 3, 4, 2, 5))
    squares = (real - fake) ** 2
    axes = (1, 2, 3)
    right = 0.5 * squares.sum(axis=axes)
    compare(
        answer(real, fake),
        right,
        {
            "the factor 1/2 is missing.": 2 * right,
            "you averaged over the features. That divides the loss by their number, and so "
            "changes what gamma means.": 0.5 * squares.mean(axis=axes),
            "you averaged over the features, and the factor 1/2 is missing.": squares.mean(
                axis=axes
            ),
            "you took the mean over the batch as well. One value for each image.": right.mean(),
            "you summed over the batch as well. One value for each image.": right.sum(),
            "that is the length of the difference. Leave the root out.": np.sqrt(2 * right),
            "you summed over the batch (axis 0). Sum over height, width and channels.": 0.5
            * squares.sum(axis=0),
            "you summed over channels only. Height and width belong to the image too.": 0.5
            * squares.sum(axis=3),
            "those are absolute differences. Square them.": 0.5
            * np.abs(real - fake).sum(axis=axes),
            "you subtracted the sums. Square each difference first, then sum.": 0.5
            * (real - fake).sum(axis=axes) ** 2,
        },
        what="the feature loss",
    )
    compare(answer(real, real), np.zeros(3), what="the feature loss of equal features")
    return (
        "half the squared difference, summed over height, width and channels, one for each image."
    )


@exercise("adversarial_terms")
def _(answer):
    rng = np.random.default_rng(8)
    real, again, sampled = rng.normal(0.8, 1, 5), rng.normal(-0.3, 1, 5), rng.normal(-1, 1, 5)

    def of(function, *batches):
        return sum(function(batch).mean() for batch in batches)

    def fooling(x):  # -log D
        return _softplus(-x)

    found_out = _softplus  # -log(1 - D)
    judging = of(fooling, real) + of(found_out, again, sampled)
    right = np.array([judging, of(fooling, again, sampled)])
    compare(
        answer(real, again, sampled),
        right,
        {
            "the discriminator's sign is reversed: L_GAN is what it raises, so its loss is "
            "minus L_GAN.": [-judging, right[1]],
            "both signs are reversed: these are to be raised. A loss is lowered.": -right,
            "you left the reconstructions out. In Algorithm 1 they are fakes too.": [
                of(fooling, real) + of(found_out, sampled),
                of(fooling, sampled),
            ],
            "you left the prior samples out. They are the GAN's own fakes.": [
                of(fooling, real) + of(found_out, again),
                of(fooling, again),
            ],
            "the decoder must make both kinds of fakes pass, not the prior samples alone.": [
                judging,
                of(fooling, sampled),
            ],
            "your decoder has the minimax loss log(1 - D), which saturates. Take -log D.": [
                judging,
                -of(found_out, again, sampled),
            ],
            "you gave the decoder L_GAN itself. It saturates, and its term on real images has no "
            "gradient in the decoder.": [judging, -judging],
            "the decoder has no term on real images: it did not make them.": [
                judging,
                of(fooling, real, again, sampled),
            ],
            "you called reconstructions real. In Algorithm 1 they are fakes.": [
                of(fooling, real, again) + of(found_out, sampled),
                of(fooling, sampled),
            ],
            "you halved the fakes. That is the option `fake_weight`, not the paper.": [
                of(fooling, real) + of(found_out, again, sampled) / 2,
                right[1],
            ],
            "you summed over the batch. Take the mean of each kind.": 5 * right,
            "the two terms stand in the wrong order: the discriminator's comes first.": right[::-1],
        },
        what="the terms",
    )
    far = np.array([1000.0])
    compare(
        answer(far, far, -far),
        np.array([1000.0, 1000.0]),
        what="the terms",
        where="logits of 1000 and -1000",
        unfinite="for logits of 1000 the logarithm of a rounded sigmoid is infinite. Write "
        "-log sigmoid(l) as np.logaddexp(0, -l).",
    )
    return (
        "three kinds of image for the discriminator, two for the decoder, each sign that of a loss."
    )


@exercise("vaegan_losses")
def _(answer):
    for gamma, shape in ((0.25, (2, 3, 4)), (0.01, (3, 1, 2))):
        rng = np.random.default_rng(11)
        z_mean, z_log_var = rng.normal(size=(2, 5, 3)).astype("float32")
        kinds = "real", "reconstruction", "generated"
        logits = {k: rng.normal(size=(5, 1)).astype("float32") for k in kinds}
        features = {k: rng.normal(size=(5, *shape)).astype("float32") for k in kinds}
        found = answer(z_mean, z_log_var, logits, features, gamma)
        compare(
            found if isinstance(found, np.ndarray) else _in_order(found),
            _losses(z_mean, z_log_var, logits, features, gamma),
            {
                hint: _losses(z_mean, z_log_var, logits, features, gamma, **change)
                for hint, change in _LOSS_MISTAKES.items()
            },
            what="the losses",
            where=f"gamma = {gamma}",
        )
    return "each network has its own loss; only the feature term stands in two, and gamma in one."


def _in_order(found):
    """Three losses as one list; what is none of that is left to `compare`."""
    return list(found) if isinstance(found, tuple | list) else found


def _losses(
    z_mean,
    z_log_var,
    logits,
    features,
    gamma,
    prior=(1, 0, 0),
    feature=None,
    fool=(0, 1, 0),
    found_out=(0, 0, 1),
    kl=np.sum,
    squares=np.sum,
    half=0.5,
    copies=1,
    saturating=False,
    order=(0, 1, 2),
):
    """The three losses from weights of each term, in the order of the networks."""
    terms = 0.5 * (z_mean**2 + np.exp(z_log_var) - z_log_var - 1)
    apart = (features["real"] - features["reconstruction"]) ** 2
    real, copied, sampled = (logit.astype("float64") for logit in logits.values())
    fooled = (
        [-_softplus(copied), -_softplus(sampled)]
        if saturating
        else [_softplus(-copied), _softplus(-sampled)]
    )
    sums = np.array(
        [
            kl(terms, axis=1).mean(),
            half * squares(apart, axis=(1, 2, 3)).mean(),
            copies * fooled[0].mean() + fooled[1].mean(),
            _softplus(-real).mean() + copies * _softplus(copied).mean() + _softplus(sampled).mean(),
        ]
    )
    weights = np.array(
        [prior, (1, gamma, 0) if feature is None else feature(gamma), fool, found_out]
    )
    return (sums @ weights)[list(order)]


_LOSS_MISTAKES: dict[str, dict[str, Any]] = {
    "gamma acts on the decoder's feature term only, not on the encoder's.": {
        "feature": lambda gamma: (gamma, gamma, 0)
    },
    "gamma is missing from the decoder's loss.": {"feature": lambda gamma: (1, 1, 0)},
    "the decoder's feature term is missing: nothing would keep it to the image.": {
        "feature": lambda gamma: (1, 0, 0)
    },
    "the prior term is missing: nothing keeps the codes near the prior.": {"prior": (0, 0, 0)},
    "the feature term is missing from the encoder's loss: it would learn nothing about the "
    "image.": {"feature": lambda gamma: (0, gamma, 0)},
    "the decoder has no part in the prior term: it makes no code.": {"prior": (1, 1, 0)},
    "the encoder is not in the game: no adversarial term belongs to it.": {"fool": (1, 1, 0)},
    "the discriminator must not lower the feature term: it would learn to see nothing.": {
        "feature": lambda gamma: (1, gamma, 1)
    },
    "the discriminator's sign is reversed: it lowers -log D on real images.": {
        "found_out": (0, 0, -1)
    },
    "the decoder's sign is reversed: it would help the discriminator.": {"fool": (0, -1, 0)},
    "your decoder lowers log(1 - D), which saturates. Take -log D.": {"saturating": True},
    "you left the reconstructions out of the game. In Algorithm 1 they are fakes too.": {
        "copies": 0
    },
    "you averaged the KL divergence over the latent dimensions. Sum over them.": {"kl": np.mean},
    "you averaged over the features. Sum over height, width and channels: gamma counts on it.": {
        "squares": np.mean
    },
    "the half of the feature loss is missing.": {"half": 1.0},
    "the order is encoder, decoder, discriminator.": {"order": (2, 1, 0)},
}


@exercise("equal_gamma")
def _(answer):
    for gamma, shape, scale in ((0.02, (7, 5, 32), 3.0), (1e-6, (4, 4, 256), 0.5)):
        count = int(np.prod(shape))
        compare(
            answer(gamma, shape, scale),
            gamma * count / scale**2,
            {
                "the number of features enters the wrong way round: a mean is smaller than the "
                "sum, so gamma must grow.": gamma / count / scale**2,
                "the scale enters the wrong way round: larger features make the loss larger, so "
                "gamma must shrink.": gamma * count * scale**2,
                "both factors enter the wrong way round.": gamma / count * scale**2,
                "the scale enters squared, as the differences are squared.": gamma * count / scale,
                "you left the scale of the features out.": gamma * count,
                "you left the number of features out: the mean divides the loss by it.": gamma
                / scale**2,
                "you counted the channels only. Height and width are features too.": gamma
                * shape[2]
                / scale**2,
                "you counted places only. Each place has channels.": gamma
                * shape[0]
                * shape[1]
                / scale**2,
                "you added the sides up. Their product is the number of features.": gamma
                * sum(shape)
                / scale**2,
                "the half stands in both losses. It cancels.": gamma * count / scale**2 / 2,
                "the half stands in both losses, so no factor two is left.": 2
                * gamma
                * count
                / scale**2,
                "that is the factor alone. Multiply gamma by it.": count / scale**2,
            },
            what="gamma",
            where=f"gamma = {gamma}, shape = {shape}, scale = {scale}",
            atol=1e-9,
        )
    return (
        "the number of features over the squared scale: gamma means nothing without its reduction."
    )


# The capstone: a whole VAE-GAN in six pieces, whichever layers it is made of.


def _network(answer, given, keras):
    """Return what the learner builds, a Keras model, or a hint."""
    found = answer(*given)
    if not isinstance(found, keras.Model):
        raise Hint(
            f"return a Keras model: `keras.Model(input, output)`. Received: {type(found).__name__}"
        )
    return found


def _takes(network, shape, words):
    if network.input_shape != (None, *shape):
        raise Hint(
            f"the input must be {words}, `keras.Input({shape})`. "
            f"Received: {network.input_shape if network.inputs else 'none'}"
        )


def _two_outputs(network, words):
    if len(network.outputs) != 2:
        raise Hint(
            f"the model returns two things, `keras.Model(images, ({words}))`. "
            f"Received: {len(network.outputs)} output(s)"
        )
    return [tuple(output.shape[1:]) for output in network.outputs]


@exercise("capstone_encoder")
def _(answer):
    import keras

    rng = np.random.default_rng(0)
    for latent_dim in (10, 3):
        network = _network(answer, (latent_dim,), keras)
        _takes(network, (28, 28, 1), "an image")
        shapes = _two_outputs(network, "z_mean, z_log_var")
        if shapes != [(latent_dim,)] * 2:
            raise Hint(f"both heads have `latent_dim` units, here {latent_dim}. Received: {shapes}")
        images = 3 * rng.standard_normal((64, 28, 28, 1)).astype("float32")
        mean, log_var = (np.asarray(found) for found in network(images))
        if network.outputs[0] is network.outputs[1]:
            raise Hint("mean and log-variance are one and the same layer. Each needs its own.")
        if mean.min() >= 0 and np.ptp(mean) > 0:
            raise Hint(
                "z_mean is never negative: an activation such as ReLU stands behind it. A code may "
                "be any number."
            )
        if np.ptp(mean, axis=0).max() == 0:
            raise Hint("z_mean is the same for every image.")
        if abs(np.asarray(network(1e3 * images)[0])).max() <= 1:
            raise Hint("z_mean never leaves [-1, 1]. Leave the last layer without an activation.")
        if log_var.max() > 20:
            raise Hint(
                "z_log_var starts so large that its exponential overflows. Start the kernel of its "
                'layer at zero: `kernel_initializer="zeros"`.'
            )
    return "an image in, a mean and a log-variance for each latent dimension out."


@exercise("capstone_sampling")
def _(answer):
    rng = np.random.default_rng(1)
    m, noise = rng.normal(size=(2, 4, 3)).astype("float32")
    v = rng.uniform(-2, 1, size=(4, 3)).astype("float32")
    compare(
        answer(m, v, noise),
        m + np.exp(v / 2) * noise,
        {
            "you multiplied by the variance. The deviation is exp(z_log_var / 2).": m
            + np.exp(v) * noise,
            "you multiplied by the log-variance. Take exp(z_log_var / 2).": m + v * noise,
            "the noise is not scaled.": m + noise,
            "the mean is missing.": np.exp(v / 2) * noise,
            "the noise that is given is not used.": m,
        },
        what="z",
    )
    mean, log_var = np.full((4000, 2), 3.0, "float32"), np.full((4000, 2), -2.0, "float32")
    first, second = (numbers(answer(mean, log_var), "z") for _ in range(2))
    if first.shape != mean.shape:
        raise Hint(f"z must have the shape of z_mean, {mean.shape}. Received: {first.shape}")
    if np.ptp(first, axis=0).min() == 0:
        raise Hint("all images get the same noise. Draw an array of the shape of z_mean.")
    if np.array_equal(first, second):
        raise Hint("two calls draw the same noise. Leave the seed out, or use a `SeedGenerator`.")
    if abs(first.mean() - 3) > 0.05 or abs(first.std() / np.exp(-1) - 1) > 0.1:
        raise Hint(
            f"without noise given, z has mean {first.mean():.2f} and deviation {first.std():.2f}, "
            "but should have 3 and exp(-1) = 0.37 here: draw from a standard normal distribution."
        )
    return "z has the right mean and deviation, and every call draws anew."


@exercise("capstone_decoder")
def _(answer):
    import keras

    rng = np.random.default_rng(2)
    for latent_dim in (10, 3):
        network = _network(answer, (latent_dim,), keras)
        _takes(network, (latent_dim,), "a code")
        if network.output_shape != (None, 28, 28, 1):
            raise Hint(
                "the output must be images of 28 x 28 and one channel. "
                f"Received: {network.output_shape}"
            )
        near = np.asarray(network(rng.standard_normal((64, latent_dim)).astype("float32")))
        far = np.asarray(network(1e3 * rng.standard_normal((64, latent_dim)).astype("float32")))
        if min(near.min(), far.min()) >= 0:
            raise Hint(
                "no pixel is ever negative (a sigmoid or a ReLU at the end?). Black is -1: end in "
                "`tanh`."
            )
        if abs(far).max() > 1 + 1e-6:
            raise Hint('pixels leave [-1, 1]: the last layer needs `activation="tanh"`.')
        if np.ptp(near, axis=0).max() == 0:
            raise Hint("all codes give the same image.")
    return "a code in, an image between -1 and 1 out."


@exercise("capstone_discriminator")
def _(answer):
    import keras

    rng = np.random.default_rng(3)
    network = _network(answer, (), keras)
    _takes(network, (28, 28, 1), "an image")
    shapes = _two_outputs(network, "logits, features")
    if shapes[0] != (1,):
        if shapes[1] == (1,):
            raise Hint("the order is (logits, features).")
        raise Hint(f"the logits have the shape (N, 1). Received: (N, {shapes[0]})")
    images = rng.uniform(-1, 1, (8, 28, 28, 1)).astype("float32")
    logits, features = (np.asarray(found) for found in network(images, training=True))
    far = np.asarray(network(1e4 * rng.standard_normal(images.shape).astype("float32"))[0])
    if far.min() >= 0 and far.max() <= 1:
        raise Hint(
            "the first output lies between 0 and 1 for any image: a sigmoid stands there. Logits "
            "have no activation, for softplus takes it in."
        )
    if features.size == features.shape[0]:
        raise Hint(
            "one feature is too little to compare images by: any image that is as real would be a "
            "perfect copy. Take the output of a hidden layer."
        )
    if features.ndim != 4:
        raise Hint(
            "take the features of a convolution, before `Flatten`: the step sums over height, "
            f"width and channels. Received: {shapes[1]} for each image"
        )
    other = np.concatenate([images[:1], 0.1 * images[1:]])
    if not np.allclose(np.asarray(network(other, training=True)[1])[0], features[0], atol=1e-4):
        raise Hint(
            "the features of an image change with the other images of its batch (BatchNorm, or "
            "minibatch discrimination, upstream). Then a copy could match them without being alike."
        )
    return "one logit, and a map of features that describe this image alone."


@exercise("capstone_step")
def _(answer):
    import keras

    from vaegan_edu import models

    for gamma, count in ((0.3, 4), (0.05, 5)):
        rng = np.random.default_rng(count)
        images = rng.uniform(-1, 1, (count, 4, 4, 1)).astype("float32")
        noise = rng.standard_normal((2, count, 3)).astype("float32")
        trio = _tiny_trio(keras, rng)
        before = [network.get_weights() for network in trio]
        encoder, decoder, discriminator = trio
        model = models.VAEGAN(encoder, decoder, discriminator, gamma=gamma)
        given = {"posterior": noise[0], "prior": noise[1]}
        terms, slopes = _slopes(keras, model, images, given)
        optimizers = [keras.optimizers.SGD(_STEP_RATE) for _ in trio]
        found = answer(*trio, optimizers, images, noise, gamma)
        right = _applied(gamma)
        changes = {hint: _applied(gamma, **change) for hint, change in _STEP_MISTAKES.items()}
        compare(
            _in_order(found),
            terms @ right,
            {hint: terms @ weights for hint, weights in changes.items()},
            what="the losses",
            where=f"gamma = {gamma}",
            rtol=1e-3,
        )
        moved = [
            [new - old for new, old in zip(network.get_weights(), start, strict=True)]
            for network, start in zip(trio, before, strict=True)
        ]
        still = [
            network.name
            for network, change in zip(trio, moved, strict=True)
            if not any(c.any() for c in change)
        ]
        if still:
            raise Hint(
                f"the losses are right, but these networks did not move: {', '.join(still)}. Apply "
                "each network's gradient by its own optimiser."
            )
        if not _as_expected(moved, slopes, right):
            total = np.repeat(right.sum(axis=1)[:, None], 3, axis=1)
            if _as_expected(moved, slopes, total):
                raise Hint(
                    "the losses are right, but every network follows their sum. Take the gradient "
                    "of each loss for its own network alone."
                )
            if _as_expected(moved, slopes, -right):
                raise Hint(
                    "the losses are right, but the weights moved uphill. The optimiser subtracts "
                    "the gradient by itself."
                )
            if _as_expected(moved, slopes, np.cumsum(right, axis=1)):
                raise Hint(
                    "the losses are right, but the gradients add up from one network to the next. "
                    "Take each loss's gradient for its own network alone."
                )
            raise Hint(
                "the losses are right, but the weights did not move by their gradients. Is "
                "everything computed inside the tape, are all gradients taken before any update, "
                "and each applied once?"
            )
    return "three losses, and each network moved by the gradient of its own, all from old weights."


_STEP_RATE = 0.01
_STEP_MISTAKES: dict[str, dict[str, Any]] = {
    "gamma is missing from the decoder's loss.": {"feature": lambda gamma: (1, 1, 0)},
    "gamma acts on the decoder's feature term only, not on the encoder's.": {
        "feature": lambda gamma: (gamma, gamma, 0)
    },
    "the feature term leaks into the discriminator's loss: it would learn to see nothing.": {
        "feature": lambda gamma: (1, gamma, 1)
    },
    "the prior term is missing from the encoder's loss.": {"prior": (0, 0, 0)},
    "you averaged the KL divergence over the latent dimensions. Sum over them.": {
        "prior": (1 / 3, 0, 0)
    },
    "the decoder's sign is reversed: it would help the discriminator.": {"fool": (0, -1, 0)},
    "the encoder is not in the game.": {"fool": (1, 1, 0)},
    "the discriminator's sign is reversed.": {"found_out": (0, 0, -1)},
}


def _applied(gamma, prior=(1, 0, 0), feature=None, fool=(0, 1, 0), found_out=(0, 0, 1)):
    """The factor of each term (rows) in the loss of each network (columns)."""
    return np.array(
        [prior, (1, gamma, 0) if feature is None else feature(gamma), fool, found_out], "float64"
    )


def _tiny_trio(keras, rng):
    """Three networks for images of 4 x 4, small and smooth."""
    layers = keras.layers
    images = keras.Input((4, 4, 1))
    h = layers.Flatten()(images)
    encoder = keras.Model(images, (layers.Dense(3)(h), layers.Dense(3)(h)), name="encoder")
    z = keras.Input((3,))
    h = layers.Reshape((4, 4, 1))(layers.Dense(16, activation="tanh")(z))
    decoder = keras.Model(z, h, name="decoder")
    features = layers.Conv2D(3, 2, strides=2)(images)
    logits = layers.Dense(1)(layers.Flatten()(layers.Activation("tanh")(features)))
    discriminator = keras.Model(images, (logits, features), name="discriminator")
    for network in (encoder, decoder, discriminator):
        network.set_weights([rng.normal(0, 0.5, w.shape) for w in network.get_weights()])
    return encoder, decoder, discriminator


def _slopes(keras, model, images, noise):
    """The four terms, (4,), and the gradient of each in each network's weights."""
    if keras.backend.backend() != "tensorflow":
        raise Hint("this exercise takes its gradients by TensorFlow; Keras runs on another backend")
    import tensorflow as tf

    with tf.GradientTape(persistent=True) as tape:
        terms = model.compute_terms(images, training=True, noise=noise)

    def slope(term, weights):
        found = tape.gradient(term, weights)
        return [
            np.zeros(w.shape) if g is None else g.numpy()
            for g, w in zip(found, weights, strict=True)
        ]

    slopes = [
        [slope(term, network.trainable_variables) for network in model.networks.values()]
        for term in terms.values()
    ]
    return np.array([float(term) for term in terms.values()]), slopes


def _as_expected(moved, slopes, weights):
    """Whether each network moved by its column of `weights` on the terms' slopes."""
    for column, change in enumerate(moved):
        for number, found in enumerate(change):
            wanted = sum(
                -_STEP_RATE * weights[row, column] * slopes[row][column][number]
                for row in range(len(slopes))
            )
            if not np.allclose(found, wanted, atol=2e-6, rtol=1e-2):
                return False
    return True


@exercise("capstone_loop")
def _(answer):
    images = np.arange(23 * 4, dtype="float32").reshape(23, 2, 2, 1)
    calls = []

    def step(batch, noise):
        calls.append((np.asarray(batch), np.asarray(noise)))
        return tuple(float(len(calls)) * factor for factor in (1, 2, 3))

    found = answer(step, images, 4, 3, 5)
    if not calls:
        raise Hint("`step` was never called: one call for each batch, `step(batch, noise)`.")
    for batch, noise in calls:
        if noise.shape != (2, len(batch), 4):
            raise Hint(
                f"the noise must have the shape (2, batch, latent_dim), here (2, {len(batch)}, 4). "
                f"Received: {noise.shape}"
            )
    seen = [[int(image[0, 0, 0]) // 4 for image in batch] for batch, _ in calls]
    if max(map(len, seen)) > 5:
        raise Hint(
            f"a batch has at most `batch_size` images, here 5. Received: {max(map(len, seen))}"
        )
    steps = len(calls) // 3
    epochs = [sum(seen[n * steps : (n + 1) * steps], []) for n in range(3)]
    if len(calls) == 12 and all(len(set(epoch)) == 20 for epoch in epochs):
        raise Hint("the last, smaller batch of an epoch is missing: range(0, len(images), ...).")
    if len(calls) != 15:
        raise Hint(f"3 epochs of 23 images in batches of 5 are 15 steps. Received: {len(calls)}")
    if any(sorted(epoch) != list(range(23)) for epoch in epochs):
        raise Hint("each epoch must show every image once. Draw an order with `rng.permutation`.")
    if epochs[0] == list(range(23)):
        raise Hint("the images are not shuffled: draw a new order for each epoch.")
    if epochs[0] == epochs[1]:
        raise Hint("every epoch has the same order. Draw it inside the loop over epochs.")
    drawn = np.concatenate([noise.ravel() for _, noise in calls])
    firsts = [noise[0, 0, 0] for _, noise in calls]
    if len(set(firsts)) < len(firsts):
        raise Hint("the noise repeats from step to step. Draw it anew inside the inner loop.")
    if any(np.array_equal(*noise) for _, noise in calls):
        raise Hint(
            "posterior and prior get the same noise. Draw an array with a first axis of two."
        )
    if drawn.min() >= 0 or abs(drawn.std() - 1) > 0.2:
        raise Hint("the noise is not standard normal: take `rng.standard_normal`.")
    means = np.arange(1, 16).reshape(3, 5).mean(axis=1)[:, None] * [1, 2, 3]
    compare(
        found,
        means,
        {
            "these are the losses of the last batch of each epoch. Take the mean.": np.array(
                [5.0, 10.0, 15.0]
            )[:, None]
            * [1, 2, 3],
            "these are the sums over an epoch. Take the mean.": 5 * means,
            "a row for each epoch, a column for each loss.": means.T,
            "return one row for each epoch, not for each step.": np.arange(1, 16)[:, None]
            * [1, 2, 3],
        },
        what="the means",
    )
    return "every image once an epoch, in a new order, with new noise at each step."
