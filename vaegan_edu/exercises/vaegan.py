"""Checks of chapter 5, the VAE-GAN."""

import numpy as np

from vaegan_edu.exercises import compare, exercise, numbers


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
            "the discriminator's sign is turned round: L_GAN is what it raises, so its loss is "
            "minus L_GAN.": [-judging, right[1]],
            "both signs are turned round: these are to be raised. A loss is lowered.": -right,
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
    for prior, feature, decoder, discriminator, gamma in (
        (7.0, 30.0, 1.5, 2.2, 0.25),
        (3.0, 11.0, 0.7, 1.3, 0.01),
    ):
        right = np.array([prior + feature, gamma * feature + decoder, discriminator])
        compare(
            answer(prior, feature, decoder, discriminator, gamma),
            right,
            {
                "gamma acts on the decoder's feature term only, not on the encoder's.": [
                    prior + gamma * feature,
                    *right[1:],
                ],
                "gamma is missing from the decoder's loss.": [
                    right[0],
                    feature + decoder,
                    right[2],
                ],
                "gamma stands at the wrong term: it weighs the features, not the game.": [
                    right[0],
                    feature + gamma * decoder,
                    right[2],
                ],
                "the prior term is missing: nothing keeps the codes near the prior.": [
                    feature,
                    *right[1:],
                ],
                "the feature term is missing from the encoder's loss: it would learn nothing about "
                "the image.": [prior, *right[1:]],
                "the decoder has no part in the prior term: it makes no code.": [
                    right[0],
                    right[1] + prior,
                    right[2],
                ],
                "the encoder is not in the game: no adversarial term belongs to it.": [
                    right[0] + decoder,
                    *right[1:],
                ],
                "the discriminator must not lower the feature term: it would learn to see "
                "nothing.": [
                    *right[:2],
                    right[2] + feature,
                ],
                "the discriminator's sign is turned round: its term is a loss already.": [
                    *right[:2],
                    -discriminator,
                ],
                "you subtract the game: the paper's L_GAN is to be raised by the discriminator, "
                "our `adversarial_decoder` is a loss already.": [
                    right[0],
                    gamma * feature - decoder,
                    right[2],
                ],
                "you gave all three networks one loss. Each has its own.": np.full(
                    3, prior + feature + decoder + discriminator
                ),
                "the order is encoder, decoder, discriminator.": right[::-1],
            },
            what="the losses",
            where=f"gamma = {gamma}",
        )
    return "each network has its own loss; only the feature term stands in two, and gamma in one."


@exercise("equal_gamma")
def _(answer):
    for gamma, shape, scale in ((0.02, (7, 5, 32), 3.0), (1e-6, (4, 4, 256), 0.5)):
        count = int(np.prod(shape))
        compare(
            answer(gamma, shape, scale),
            gamma * count / scale**2,
            {
                "the number of features is turned round: a mean is smaller than the sum, so gamma "
                "must grow.": gamma / count / scale**2,
                "the scale is turned round: larger features make the loss larger, so gamma must "
                "shrink.": gamma * count * scale**2,
                "both factors are turned round.": gamma / count * scale**2,
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
