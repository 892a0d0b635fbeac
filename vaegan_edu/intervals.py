"""How far a mean over few runs can be trusted, or a difference of two."""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from vaegan_edu.validation import check_features, check_number


def mean_interval(values: ArrayLike, confidence: float = 0.95) -> tuple[float, float, float]:
    """Return the mean of runs and its interval by Student's t: `(mean, low, high)`.

    It takes the runs for draws from a normal distribution. A percentile bootstrap would take
    nothing for granted, but of three runs it is at most their range and much too narrow: the true
    mean lies outside of it about one time in four.

    Args:
        values: one number a run (seed), at least two.
        confidence: how often such intervals hold the true mean.

    Raises:
        ValueError: fewer than two values, NaN, or a confidence outside (0, 1).
    """
    values = _values(values, "values")
    error = float(values.std(ddof=1)) / math.sqrt(len(values))
    half = _quantile(confidence, len(values) - 1) * error
    mean = float(values.mean())
    return mean, mean - half, mean + half


def difference_interval(
    more: ArrayLike,
    less: ArrayLike,
    *,
    paired: bool = False,
    relative: bool = False,
    confidence: float = 0.95,
) -> tuple[float, float, float]:
    """Return how far two means of runs are apart and its interval: `(difference, low, high)`.

    The difference is `mean(more) - mean(less)`, its interval that of Welch's t, in which the two
    sides may spread differently; of pairs that of Student's t on their differences. Of a share it
    is Fieller's (1954), which asks for which ratios a t-test would not tell `less` from so much of
    `more`. Where it cannot tell `more` from 0, any ratio will do, and the ends are infinite.

    Args:
        more, less: one number a run, at least two.
        paired: whether the two sides are the same runs in the same order: what a run does to both
            then cancels.
        relative: return `1 - mean(less) / mean(more)`, a share; all of `more` must then be above 0.
        confidence: as for `mean_interval`.

    Raises:
        ValueError: as for `mean_interval`; pairs of unequal number; a share of what is not above 0.
    """
    more, less = _values(more, "more"), _values(less, "less")
    if paired and len(more) != len(less):
        raise ValueError(
            f"Paired runs come in equal numbers. Received: {len(more)} and {len(less)}"
        )
    if relative and more.min() <= 0.0:
        raise ValueError(f"A share needs numbers above 0. Received: {more.min():g} in `more`")
    if not relative and paired:
        return mean_interval(more - less, confidence)
    variances = [float(side.var(ddof=1)) / len(side) for side in (more, less)]
    covariance = float(np.cov(more, less)[0, 1]) / len(more) if paired else 0.0
    mean, ratio = float(more.mean()), float(less.mean() / more.mean())
    # How much each side weighs in the error of what is estimated, for Welch's degrees of freedom.
    weights = (ratio**2, 1.0) if relative else (1.0, 1.0)
    parts = [w * v for w, v in zip(weights, variances, strict=True)]
    freedom = len(more) - 1.0
    if not paired and sum(parts) > 0.0:
        freedom = sum(parts) ** 2 / sum(
            part**2 / (len(side) - 1) for part, side in zip(parts, (more, less), strict=True)
        )
    t = _quantile(confidence, freedom)
    if not relative:
        difference = mean - float(less.mean())
        half = t * math.sqrt(sum(variances))
        return difference, difference - half, difference + half
    doubt = t**2 * variances[0] / mean**2  # Fieller's g
    if doubt >= 1.0:
        return 1.0 - ratio, -math.inf, math.inf
    a, b = 1.0 - doubt, ratio - t**2 * covariance / mean**2
    c = ratio**2 - t**2 * variances[1] / mean**2
    half = math.sqrt(max(b**2 - a * c, 0.0)) / a
    return 1.0 - ratio, 1.0 - b / a - half, 1.0 - b / a + half


def _quantile(confidence: float, freedom: float) -> float:
    """Return how many standard errors an interval reaches to either side."""
    confidence = check_number(confidence, "confidence", above=0.0, below=1.0)
    return float(stdtrit(freedom, (1.0 + confidence) / 2.0))


def _values(values: ArrayLike, name: str) -> np.ndarray:
    return check_features(np.expand_dims(values, -1), name, minimum=2, width=1)[:, 0]
