"""Checks of the interlude on measures of samples."""

import numpy as np

from vaegan_edu.exercises import compare, exercise


@exercise("frechet_diagonal")
def _(answer):
    rng = np.random.default_rng(7)
    for width in (1, 3):
        real = rng.normal(size=(40, width)) * np.linspace(0.5, 2, width)
        generated = rng.normal(0.7, 1.4, size=(30, width))
        shift = real.mean(axis=0) - generated.mean(axis=0)
        spread = real.std(axis=0) - generated.std(axis=0)
        variances = real.var(axis=0) - generated.var(axis=0)
        exact = np.std(real, axis=0, ddof=1) - np.std(generated, axis=0, ddof=1)
        right = np.sum(shift**2 + spread**2)
        compare(
            answer(real, generated),
            right,
            {
                "that is its root. By convention the square is reported.": np.sqrt(right),
                "you took variances. The formula has the difference of the standard deviations.": (
                    np.sum(shift**2 + variances**2)
                ),
                "the spread is missing: two clouds with one mean need not be alike.": np.sum(
                    shift**2
                ),
                "the means are missing: two clouds of one shape may lie apart.": np.sum(spread**2),
                "that is one value for each dimension. Add them up.": shift**2 + spread**2,
                "you averaged over the dimensions. Add them up.": right / width
                if width > 1
                else None,
                "you did not square the differences.": np.sum(shift + spread),
                "np.std divides by N, and so do we here; you divided by N - 1.": np.sum(
                    shift**2 + exact**2
                ),
                "you took one mean and one deviation over all numbers. Take them for each "
                "dimension, over the rows (axis 0).": (
                    (real.mean() - generated.mean()) ** 2 + (real.std() - generated.std()) ** 2
                    if width > 1
                    else None
                ),
            },
            what="the distance",
            where=f"{width} dimension{'s' if width > 1 else ''}",
        )
    return "zero for clouds of one mean and one spread, and it adds up over dimensions."


@exercise("coverage")
def _(answer):
    rng = np.random.default_rng(9)
    real = rng.normal(size=(40, 3))
    generated = rng.normal(scale=0.8, size=(17, 3))
    for k in (2, 3):
        held = _held(real, generated, k)
        compare(
            answer(real, generated, k),
            held.any(axis=1).mean(),
            {
                "this is precision: the share of generated points in some ball. Count the balls "
                "that are not empty.": held.any(axis=0).mean(),
                "this is recall: its balls belong to the generated points. Take those of the real "
                "ones.": _held(generated, real, k).any(axis=0).mean(),
                "each real point counts as its own nearest neighbour. Sorted distances begin with "
                "the point itself, so the k-th other one is at place k.": _held(
                    real, generated, k, skip=0
                )
                .any(axis=1)
                .mean(),
                "the ball reaches one neighbour too far: the k-th other one is at place k.": _held(
                    real, generated, k, skip=2
                )
                .any(axis=1)
                .mean(),
                "you counted the balls, not their share.": held.any(axis=1).sum(),
                "this is density: it counts how many balls a generated point lies in.": held.sum(
                    axis=0
                ).mean()
                / k,
                "this is the share of empty balls.": 1 - held.any(axis=1).mean(),
                "a ball counts if it holds *some* generated point, not all of them.": held.all(
                    axis=1
                ).mean(),
            },
            what="coverage",
            where=f"k = {k}",
        )
    return "every real ball counts once, however many generated points it holds."


@exercise("memorised_share")
def _(answer):
    rng = np.random.default_rng(8)
    train, held_out = rng.normal(size=(30, 4)), rng.normal(size=(12, 4))
    copies = train[:9] + 1e-3 * rng.normal(size=(9, 4))
    generated = np.concatenate([copies, rng.normal(size=(16, 4)), 3 * rng.normal(size=(11, 4))])
    own, floor = _nearest(generated, train), _nearest(held_out, train)
    compare(
        answer(generated, train, held_out),
        np.mean(own < floor.min()),
        {
            "you took the mean of the held-out distances for the threshold. Half of all honest "
            "images would be under suspicion: take the smallest.": np.mean(own < floor.mean()),
            "you took the median of the held-out distances for the threshold. Half of all honest "
            "images would be under suspicion: take the smallest.": np.mean(own < np.median(floor)),
            "you took the largest of the held-out distances. Take the smallest.": np.mean(
                own < floor.max()
            ),
            "that is a count. Divide by the number of generated images.": np.sum(own < floor.min()),
            "you measured the generated images against the held-out ones. What may have been "
            "memorised are the training images.": np.mean(
                _nearest(generated, held_out) < floor.min()
            ),
            "that is the share of images that are *not* under suspicion.": np.mean(
                own >= floor.min()
            ),
            "you counted exact copies only. A memorised image may differ by a little.": np.mean(
                own == 0
            ),
        },
        what="the share",
    )
    compare(
        answer(train + 0.0, train, held_out),
        1.0,
        what="the share",
        where="images that are all copies",
    )
    return "copies and near copies are found, and held-out images are never under suspicion."


def _nearest(a, b):
    return np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=-1)).min(axis=1)


def _held(centres, points, k, skip=1):
    """Whether each ball (rows) holds each point (columns)."""

    def distances(a, b):
        return np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=-1))

    radius = np.sort(distances(centres, centres), axis=1)[:, k - 1 + skip]
    return distances(centres, points) <= radius[:, None]
