"""Checks of chapter 1, the autoencoder."""

import numpy as np

from vaegan_edu.exercises import Hint, compare, exercise, numbers


@exercise("compression", takes="value")
def _(answer):
    value = numbers(answer, "the ratio")
    compare(
        value,
        784 / 16,
        {
            "upside down: divide the pixels by the numbers of the code.": 16 / 784,
            "you divided by the width of the image, not by the length of the code.": 784 / 28,
            "you took one side of the image. It has 28 * 28 pixels.": 28 / 16,
            "that is the code of the second autoencoder, with two numbers.": 784 / 2,
            "you counted the values of the whole test set or batch. Take one image and one "
            "code.": 784 / 16 * 360,
        },
        what="the ratio",
    )
    return "each number of the code stands for 49 pixels."


@exercise("interpolate")
def _(answer):
    for a, b, steps in (
        (np.array([0.0, 2.0]), np.array([3.0, -1.0]), 4),
        (np.array([1.0, -1.0, 5.0]), np.array([2.0, 3.0, 5.0]), 3),
    ):
        t = np.linspace(0, 1, steps)[:, None]
        line = (1 - t) * a + t * b
        open_t = (np.arange(steps) / steps)[:, None]
        inner_t = (np.arange(1, steps + 1) / (steps + 1))[:, None]
        compare(
            answer(a, b, steps),
            line,
            {
                "you walk from b to a. Start at a.": line[::-1],
                "the walk stops before b: the last weight must be 1.": (1 - open_t) * a
                + open_t * b,
                "the walk leaves out both ends: the weights run from 0 to 1, both included.": (
                    1 - inner_t
                )
                * a
                + inner_t * b,
                "one code too many: `steps` counts the codes, both ends included.": np.linspace(
                    a, b, steps + 1
                ),
                "the result lies on its side: it needs one row a code.": line.T,
                "you add t * b to the whole of a. The weight of a must fall to 0.": a + t * b,
            },
            where=f"a = {a.tolist()}, b = {b.tolist()}, steps = {steps}",
        )
    return "every code lies on the straight line from a to b, in equal steps, both ends included."


@exercise("reconstruction_loss")
def _(answer):
    rng = np.random.default_rng(0)
    for count, side in ((3, 4), (2, 6)):
        x, x_hat = rng.uniform(-1, 1, (2, count, side, side, 1))
        square = (x - x_hat) ** 2
        each = 0.5 * square.sum(axis=(1, 2, 3))
        compare(
            answer(x, x_hat),
            each.mean(),
            {
                "the half is missing: each squared difference counts half.": 2 * each.mean(),
                "you averaged over the pixels. They are summed; only images are "
                "averaged.": 0.5 * square.mean(),
                "you averaged over the pixels, and the half is missing.": square.mean(),
                "you summed over the images as well. Take their mean.": each.sum(),
                "this is one loss an image. Average over the batch.": each,
                "this is the absolute difference. Square it.": 0.5
                * np.abs(x - x_hat).sum(axis=(1, 2, 3)).mean(),
                "this is the length of the difference. The loss has no square root.": 0.5
                * np.sqrt(square.sum(axis=(1, 2, 3))).mean(),
                "the sign is turned round: a loss is never negative here.": -each.mean(),
            },
            what="the loss",
        )
    return "it sums over pixels, averages over images, and has its half."


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
