"""Checks of chapter 9, the MNIST experiment."""

import numpy as np

from vaegan_edu.exercises import compare, exercise, numbers


@exercise("steps_by_hand", takes="value")
def _(answer):
    images, steps, of_mnist = 743, 12, 600
    compare(
        numbers(answer, "the answer"),
        100 * steps / of_mnist,
        {
            "you compared numbers of images. A step on the last, smaller batch is a step too, and "
            "the batches differ in size.": 100 * images / 60_000,
            "the last batch of an epoch is smaller, but it is a step: there are 12.": (
                100 * (steps - 1) / of_mnist
            ),
            "the last batch is a whole step, however few images are in it.": (
                100 * images / 64 / of_mnist
            ),
            "those are the steps. How many epochs of MNIST, of 600 steps each, are they?": 100
            * steps,
            "that is how many times as many steps an epoch of MNIST has.": of_mnist / steps,
            "that is one epoch of portraits. The run has 100 of them.": steps / of_mnist,
            "the ratio is upside down.": of_mnist / (100 * steps),
            "an epoch is a walk through the data, whatever their number. Compare steps.": 100,
        },
        what="the answer",
        rtol=0.005,
    )
    return "1,200 steps, two epochs of MNIST: a hundred epochs are not a hundred epochs."


@exercise("blind_game")
def _(answer):
    for target in (0.9, 0.7):

        def losses(d, t=target, fakes=2, fooled=2):
            cost = -t * np.log(d) - (1 - t) * np.log(1 - d) - fakes * np.log(1 - d)
            return [d, -fooled * np.log(d), cost]

        right = losses(target / 3)
        compare(
            answer(target),
            right,
            {
                "D = 1/2 is best where real and fake weigh the same. Here two of three images are "
                "fake.": losses(0.5),
                "half of the label is best in a GAN. Here there are two kinds of fakes.": losses(
                    target / 2
                ),
                "D takes the label into account: it is `target`/3, not 1/3.": losses(1 / 3),
                "the decoder has two terms, one for reconstructions and one for samples.": losses(
                    target / 3, fooled=1
                ),
                "the discriminator has three terms; one kind of fakes is missing.": losses(
                    target / 3, fakes=1
                ),
                "real images add (1 - `target`) to the label 0: their term has two logarithms.": [
                    *right[:2],
                    right[2] + (1 - target) * np.log(1 - target / 3),
                ],
                "the losses are minus the logarithms.": [right[0], -right[1], -right[2]],
                "the decoder wants D to be high: its terms are -log D.": [
                    right[0],
                    -2 * np.log(1 - target / 3),
                    right[2],
                ],
                "the order is D, the decoder's loss, the discriminator's.": [
                    right[0],
                    right[2],
                    right[1],
                ],
            },
            what="the answer",
            where=f"target = {target}",
        )
    return "a discriminator that sees nothing says a third of the label, which fixes both losses."


@exercise("gamma_for_share")
def _(answer):
    for share, feature, game in ((0.2, 250.0, 2.0), (0.01, 80.0, 4.0), (0.9, 3.0, 12.0)):
        odds = share / (1 - share)
        compare(
            answer(share, feature, game),
            odds * game / feature,
            {
                "the pulls are the wrong way round: the stronger the feature term pulls, the "
                "smaller is gamma.": odds * feature / game,
                "that gives the ratio of the two pulls. The share is the feature term's part of "
                "both together.": share * game / feature,
                "the share is the wrong way round: a larger share needs a larger gamma.": game
                / feature
                / odds,
                "`share` does not appear.": game / feature,
                "the game's pull is left out.": odds / feature,
                "the feature term's pull is left out.": odds * game,
                "that is the share over one minus it. The pulls are left out.": odds,
            },
            what="gamma",
            where=f"share = {share}, pulls {feature:g} and {game:g}",
            atol=1e-9,
        )
    return "the odds of the share times the ratio of the pulls: gamma has a scale of its own."


@exercise("histogram_floor")
def _(answer):
    for classes, count in ((10, 360), (4, 1000)):
        right = (classes - 1) / (2 * count)
        compare(
            answer(classes, count),
            right,
            {
                "the shares add up to one: the variance of each has the factor 1 - 1/K.": classes
                / (2 * count),
                "the half of the parabola is missing.": 2 * right,
                "that is in bits.": right / np.log(2),
                "that is one class's part. Add up all of them.": right / classes,
                "only on average over many draws is the histogram even. One draw never is.": 0.0,
                "that is the variance of one share.": (1 - 1 / classes) / classes / count,
                "that is the standard deviation of one share. The divergence needs variances.": (
                    np.sqrt((1 - 1 / classes) / classes / count)
                ),
                "the fraction is the wrong way round: more draws lower the floor.": 1 / right,
                "`count` does not appear: fewer draws look more uneven.": (classes - 1) / 2,
            },
            what="the floor",
            where=f"{count} draws of {classes} classes",
            rtol=0.02,
            atol=1e-9,
        )
    return "half the number of free classes over the number of draws: even dice look uneven."
