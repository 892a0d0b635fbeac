"""Checks of chapter 6, mode collapse and minibatch discrimination."""

import numpy as np

from vaegan_edu.exercises import compare, exercise

_NO_COUNT = (
    "a class with count 0 gives 0 log 0, which is NaN in the computer. Its term is zero: leave it "
    "out."
)


@exercise("batch_view", takes="value")
def _(answer):
    compare(
        answer,
        (0.84, 0.79),
        {
            "the two are exchanged: first what one point's place tells, then what its batch "
            "tells.": (0.79, 0.84),
            "that is the figure with eight clusters. Move `clusters` to four.": (0.84, 0.76),
            "that is the figure with a `spread` of 0.05. Move it to 0.1.": (0.54, 1.0),
            "that is the figure with `shift` above zero. Move it back to zero.": (1.0, 0.79),
            "those are the means of o. The two lines above them are asked.": (0.27, 0.29),
        },
        what="the pair",
        rtol=0.0,
        atol=0.006,
    )
    return (
        "points that lie too widely are told by their place, and the batch, which misses half of "
        "the modes, tells nearly as much: what one sees the other does not."
    )


@exercise("count_modes")
def _(answer):
    # Points at five places around a mode: near its mean, within three deviations (twice), in the
    # corner of the square around that circle, and far off. A row a mode: how many points at each.
    places = np.array([[0.2, 0.1], [0.8, 0.5], [1.3, -0.5], [1.3, 1.3], [-2.5, 2.0]])
    table = np.repeat(
        [
            [4, 0, 0, 0, 0],
            [3, 0, 0, 0, 0],
            [0, 4, 0, 0, 0],
            [0, 0, 4, 0, 0],
            [0, 0, 0, 3, 0],
            [0, 0, 0, 0, 3],
            [1, 0, 0, 0, 0],
        ],
        [1, 2, 2, 1, 1, 1, 3],
        axis=0,
    )
    modes = np.stack([10.0 * np.arange(len(table)), np.zeros(len(table))], axis=1)
    points = np.repeat((modes[:, None] + places).reshape(-1, 2), table.ravel(), axis=0)
    std, minimum = 0.5, 3

    def covered(*columns, minimum=minimum):
        return int((table[:, columns].sum(axis=1) >= minimum).sum())

    right = covered(0, 1, 2)
    compare(
        answer(points, modes, std, minimum),
        right,
        {
            "`minimum` is ignored: one stray point still covers a mode.": covered(
                0, 1, 2, minimum=1
            ),
            "more than `minimum` is asked too much: a mode with exactly so many is covered.": (
                covered(0, 1, 2, minimum=minimum + 1)
            ),
            "you count the points that lie close. How many *modes* have enough of them?": table[
                :, :3
            ].sum(),
            "that is how many points each mode got. How many modes got at least `minimum`?": table[
                :, :3
            ].sum(axis=1),
            "a squared distance is compared with three deviations. Take the root, or square "
            "both.": covered(0, 1),
            "you let a point count within one deviation. It is three.": covered(0),
            "each coordinate is compared alone, which makes a square of the circle.": covered(
                0, 1, 2, 3
            ),
            "no distance is looked at: every point counts for its nearest mode, however far.": (
                covered(0, 1, 2, 3, 4)
            ),
            "that is a share of the modes. Asked is their number.": right / len(modes),
        },
        what="the count",
        where=f"{len(points)} points around {len(modes)} modes, std = {std}, minimum = {minimum}",
    )
    # Within three deviations of two modes, a point counts for the nearer one.
    compare(
        answer(np.array([[0.4, 0.0]]), np.array([[0.0, 0.0], [1.0, 0.0]]), std, 1),
        1,
        {"a point between two modes counts for the nearest alone, not for both.": 2},
        what="the count",
        where="one point between two modes",
    )
    return "points within three deviations of a mode count for it, and `minimum` of them cover it."


@exercise("class_balance")
def _(answer):
    for counts in (np.array([12, 30, 18, 20]), np.array([9, 0, 27, 0, 4])):
        classes = len(counts)
        p = counts / counts.sum()
        seen = p[p > 0]
        right = (seen * np.log(seen * classes)).sum()
        compare(
            answer(counts),
            right,
            {
                "that is in bits. Take the natural logarithm.": right / np.log(2),
                "the other direction: the uniform distribution draws there. Here the histogram "
                "draws.": -np.log(p * classes).mean() if (p > 0).all() else None,
                "the sign is reversed.": -right,
                "that is the entropy of the histogram. The divergence is log K minus it.": np.log(
                    classes
                )
                - right,
                "that is minus the entropy: the uniform share 1/K is left out of the ratio.": right
                - np.log(classes),
                "you took the mean over the classes. The divergence is a sum.": right / classes,
                "the counts are no probabilities yet: divide them by their sum first.": (
                    counts[counts > 0] * np.log(counts[counts > 0] * classes)
                ).sum(),
                "you counted only the classes that were drawn. K is the number of all of them.": (
                    seen * np.log(seen * len(seen))
                ).sum()
                if len(seen) < classes
                else None,
                "these are the terms, one a class. Add them up.": p
                * np.log(np.where(p > 0, p, 1) * classes),
            },
            what="the divergence",
            where=f"counts = {counts.tolist()}",
            unfinite=_NO_COUNT,
        )
    compare(
        answer(np.array([0, 50, 0, 0])),
        np.log(4),
        what="the divergence",
        where="counts = [0, 50, 0, 0]",
        unfinite=_NO_COUNT,
    )
    return "zero for a balanced histogram, log K where one class is left, and no NaN in between."


@exercise("mean_distance")
def _(answer):
    x = np.random.default_rng(6).normal(size=(5, 3))
    difference = x[:, None] - x
    squares = (difference**2).sum(axis=-1)
    distance = np.sqrt(squares)
    right = distance.sum() / 20
    compare(
        answer(x),
        right,
        {
            "an image is compared with itself as well. Those zeros make the mean too small: "
            "divide by N (N - 1).": distance.mean(),
            "each pair is counted once, but divided as if twice.": right / 2,
            "you added up the distances. Take their mean.": distance.sum(),
            "that is the mean of the squared distances. Take the root of each.": squares.sum() / 20,
            "that is the root of the mean square. Take the root of each distance first.": np.sqrt(
                squares.sum() / 20
            ),
            "that is the L1 distance. Here it is the Euclidean one.": np.abs(difference).sum() / 20,
            "that is the distance from the mean image. Compare images with each other.": np.sqrt(
                ((x - x.mean(axis=0)) ** 2).sum(axis=-1)
            ).mean(),
            "only neighbours in the list are compared. Every pair counts.": np.sqrt(
                (np.diff(x, axis=0) ** 2).sum(axis=-1)
            ).mean(),
            "this is one number an image. Take the mean over all.": distance.sum(axis=1) / 4,
        },
        what="the mean distance",
        where="five images of three pixels",
    )
    compare(
        answer(np.ones((4, 2))), 0.0, what="the mean distance", where="four copies of one image"
    )
    return "the mean over all pairs of different images: zero for copies, however many there are."


@exercise("closeness")
def _(answer):
    m = np.random.default_rng(7).normal(size=(4, 3))
    scale = 0.5
    difference = m[:, None] - m
    distance = np.abs(difference).sum(axis=-1)

    def total(near):
        return scale * (near.sum(axis=1) - 1)

    right = total(np.exp(-distance))
    compare(
        answer(m, scale),
        right,
        {
            "an example is compared with itself too: that adds exp(0) = 1 to every sum. Take it "
            "out.": right + scale,
            "`scale` is left out.": right / scale,
            "you took the mean over the others. The formula has their sum.": right / 3,
            "that is the Euclidean distance. The formula has the L1 distance.": total(
                np.exp(-np.sqrt((difference**2).sum(axis=-1)))
            ),
            "that is the squared distance. The formula has the L1 distance.": total(
                np.exp(-(difference**2).sum(axis=-1))
            ),
            "the exponent lacks its minus sign: far examples would count most.": total(
                np.exp(distance)
            ),
            "the differences keep their sign: take absolute values before you add them up.": total(
                np.exp(-difference.sum(axis=-1))
            ),
            "you take exp of each component and add up. First the distance, then exp.": scale
            * (np.exp(-np.abs(difference)).sum(axis=(1, 2)) - 3),
            "you add up the distances. Put each through exp(-distance) first.": scale
            * distance.sum(axis=1),
            "you add up over the whole batch. Each example keeps its own sum.": right.sum(),
            "these are the pairs. Add them up over the others.": scale
            * (np.exp(-distance) - np.eye(4)),
        },
        what="the feature",
        where="M of shape (4, 3), scale = 0.5",
    )
    compare(
        answer(np.zeros((1, 2)), 1.0),
        [0.0],
        {"a batch of one has no others: its feature is zero.": [1.0]},
        what="the feature",
        where="a batch of one",
        unfinite="a batch of one has no others, and there is nothing to divide by.",
    )
    return "large among copies, near zero for one that stands alone, and blind to itself."


@exercise("closeness_gradient")
def _(answer):
    m = np.array([0.3, -0.4, 1.1, 0.9])
    scale = 0.5
    difference = m[:, None] - m
    near = np.exp(-np.abs(difference))
    pull = (np.sign(difference) * near).sum(axis=1)
    right = -2 * scale * pull
    compare(
        answer(m, scale),
        right,
        {
            "every pair stands in the sum twice, in o[i] and in o[j]: a factor 2 is missing.": right
            / 2,
            "the sign is reversed: examples that move apart lower the sum.": -right,
            "the sign is reversed, and each pair stands in the sum twice.": -right / 2,
            "`scale` is left out.": right / scale,
            "the derivative of |t| is its sign: without it all examples go the same way.": -2
            * scale
            * (near.sum(axis=1) - 1),
            "the factor exp(-|t|) is missing: far examples must not count as much as near ones.": (
                -2 * scale * np.sign(difference).sum(axis=1)
            ),
            "you derived a square: the factor m[i] - m[j] should be its sign.": -2
            * scale
            * (difference * near).sum(axis=1),
            "these are the pairs. Add them up over j.": -2 * scale * np.sign(difference) * near,
            "that is the sum of the features itself, not its derivative.": scale * (near.sum() - 4),
        },
        what="the derivative",
        where=f"m = {m.tolist()}, scale = {scale}",
    )
    compare(
        answer(np.full(3, 0.7), 1.0),
        np.zeros(3),
        what="the derivative",
        where="three copies",
        unfinite="copies have a difference of zero: do not divide by it.",
    )
    return (
        "near neighbours push each other apart, far ones hardly, and exact copies not at all: no "
        "direction is better than another."
    )
