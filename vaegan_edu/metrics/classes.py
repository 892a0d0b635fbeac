"""What classes a sample shows, and how clearly: by class probabilities or counts alone."""

import numpy as np
from numpy.typing import ArrayLike

from vaegan_edu.validation import check_count, check_features

CONFIDENT = 0.9  # below this probability of its likeliest class, an image counts as unclear


def low_confidence_share(probabilities: ArrayLike) -> float:
    """Return the share of rows (count, classes) whose largest probability is below 0.9.

    Raises:
        ValueError: wrong rank, NaN, no rows, or rows that are no probabilities (logits, say).
    """
    probabilities = _check_probabilities(probabilities)
    return float((probabilities.max(axis=1) < CONFIDENT).mean())


def class_histogram(probabilities: ArrayLike) -> np.ndarray:
    """Return how many rows of probabilities (count, classes) have each class as likeliest.

    Returns:
        Whole numbers (classes,) that sum to `count`. The first of equally likely classes counts.

    Raises:
        ValueError: as for `low_confidence_share`.
    """
    probabilities = _check_probabilities(probabilities)
    return np.bincount(probabilities.argmax(axis=1), minlength=probabilities.shape[1])


def histogram_divergence(counts: ArrayLike) -> float:
    """KL divergence of a class histogram from the uniform one, `sum_c p_c log(p_c K)`, in nats.

    p_c is the share of class c, K the number of classes, and `0 log 0 = 0`. All classes alike give
    0, one class alone gives `log K`; with m of K classes missing and the others alike it is
    `log(K / (K - m))`. Few samples raise it: K classes and n samples of equal chances give about
    `(K - 1) / (2 n)`.

    Args:
        counts: (classes,), whole numbers, as `class_histogram` returns them.

    Raises:
        ValueError: not one row of whole numbers of at least 0, or nothing counted.
    """
    counts = _check_counts(counts)
    shares = counts[counts > 0] / counts.sum()
    return max(0.0, float((shares * np.log(shares * len(counts))).sum()))  # rounding aside


def classes_covered(counts: ArrayLike, minimum: int = 1) -> int:
    """Return how many classes of a histogram (classes,) were counted at least `minimum` times.

    Raises:
        ValueError: as for `histogram_divergence`, or `minimum` below 1.
    """
    return int((_check_counts(counts) >= check_count(minimum, "minimum")).sum())


def _check_probabilities(probabilities: ArrayLike) -> np.ndarray:
    probabilities = check_features(probabilities, "probabilities")
    sums = probabilities.sum(axis=1)
    if probabilities.min() < 0.0 or abs(sums - 1.0).max() > 1e-3:
        raise ValueError(
            "`probabilities` must be at least 0 and sum to 1 in each row. Received: smallest "
            f"{probabilities.min():g}, sums from {sums.min():g} to {sums.max():g}"
        )
    return probabilities


def _check_counts(counts: ArrayLike) -> np.ndarray:
    counts = np.asarray(counts)
    if (
        counts.ndim != 1
        or not np.issubdtype(counts.dtype, np.integer)
        or counts.min(initial=0) < 0
        or counts.sum() == 0
    ):
        raise ValueError(
            "`counts` must be whole numbers (classes,) of at least 0, not all of them 0. "
            f"Received: {counts.dtype} of shape {counts.shape} that sum to {counts.sum()}"
            if np.issubdtype(counts.dtype, np.number)
            else f"`counts` must be whole numbers (classes,). Received: dtype {counts.dtype}"
        )
    return counts
