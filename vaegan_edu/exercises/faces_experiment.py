"""Checks of chapter 10, the faces experiment."""

import numpy as np

from vaegan_edu.exercises import compare, exercise, numbers


@exercise("floor_by_hand", takes="value")
def _(answer):
    compare(
        numbers(answer, "the epoch"),
        21,
        {
            "nothing decays until there are four losses before the present one: the first decay "
            "comes after epoch 5.": 17,
            "sixteen decays lead to 0.75 ** 16 = 0.01002 of the first rate. The floor is 0.01 of "
            "it.": 20,
            "the first decay comes after epoch 5, the second after epoch 6: count once more.": 22,
            "the window here is four. Six is that of S4's words.": 23,
            "the factor here is 0.75. That is the answer for 0.6.": 14,
            "a decay multiplies by 0.75 what is left. It does not take a quarter of the first "
            "rate.": 8,
        },
        what="the epoch",
        rtol=0.0,
        atol=0.01,
    )
    return "a loss that falls steadily stops its own network, also with a milder factor."


def _ranks(values):
    return np.argsort(np.argsort(values))


@exercise("pair_agreement")
def _(answer):
    rng = np.random.default_rng(10)
    for count in (4, 7, 9):
        losses = rng.permutation(count) ** 2 + 1.0
        distances = np.exp(_ranks(losses) / 3 + rng.normal(0.0, 1.0, count))
        first, second = np.triu_indices(count, 1)
        agree = (losses[first] < losses[second]) == (distances[first] < distances[second])
        share = agree.mean()
        next_to = (np.diff(losses) > 0) == (np.diff(distances) > 0)
        compare(
            answer(losses, distances),
            share,
            {
                "that is the share of pairs that *dis*agree.": 1 - share,
                "that is Kendall's rank correlation, from -1 to 1. Asked is the share of pairs "
                "that agree.": 2 * share - 1,
                "that is the number of pairs that agree. Divide by the number of all pairs.": (
                    agree.sum()
                ),
                "a run makes no pair with itself: there are N (N - 1) / 2 pairs.": (
                    2 * agree.sum() / count**2
                ),
                "you counted each run's pair with itself as one that agrees.": (
                    2 * agree.sum() + count
                )
                / count**2,
                "you compared neighbours in the list alone. Take every pair.": next_to.mean(),
                "that is the correlation of the numbers. Only their order is asked for.": (
                    np.corrcoef(losses, distances)[0, 1]
                ),
                "that is the correlation of the ranks. Count pairs.": np.corrcoef(
                    _ranks(losses), _ranks(distances)
                )[0, 1],
            },
            what="the share",
            where=f"{count} runs",
        )
    return "only the order matters, every pair counts once, and a coin would get one half."


@exercise("attribute_slope")
def _(answer):
    rng = np.random.default_rng(11)
    for count, width, kind in ((30, 3, "a number"), (40, 5, "0 or 1")):
        a = rng.normal(2.0, 1.5, count)
        if kind == "0 or 1":
            a = (a > 1.0).astype("float64")
        z = rng.normal(1.0, 0.5, (count, width)) + a[:, None] * rng.normal(0.0, 1.0, width)
        centred, codes = a - a.mean(), z - z.mean(axis=0)
        slope = centred @ codes / np.sum(centred**2)
        compare(
            answer(z, a),
            slope,
            {
                "the codes' deviations are divided by the attribute's variance, not by its "
                "deviation.": slope * a.std(),
                "divide by the sum of squared deviations of the attribute. Without it the vector "
                "grows with the number of faces.": centred @ codes,
                "that is the covariance. Divide by the attribute's variance.": (
                    centred @ codes / count
                ),
                "the attribute's mean is not taken off: this is a line through the origin.": (
                    a @ z / np.sum(a**2)
                ),
                "the direction is reversed: a step along it lowers the attribute.": -slope,
                "that is the slope of the attribute over each number of the code. Asked is that "
                "of the code over the attribute.": centred @ codes / np.sum(codes**2, axis=0),
                "a direction in code space has one entry for each dimension. You averaged over "
                "them.": slope.mean(),
            },
            what="the slope",
            where=f"{count} codes of dimension {width}, an attribute that is {kind}",
        )
    return "of an attribute that is 0 or 1 it is the difference of the two mean codes."
