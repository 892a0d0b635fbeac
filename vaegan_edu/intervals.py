"""How far a mean over few runs can be trusted, or a difference of two."""

import numpy as np
from numpy.typing import ArrayLike

from vaegan_edu.validation import check_count, check_features, check_number


def mean_interval(
    values: ArrayLike, confidence: float = 0.95, samples: int = 10_000
) -> tuple[float, float, float]:
    """Return the mean of runs and its bootstrap percentile interval: `(mean, low, high)`.

    Args:
        values: one number a run (seed), at least two.
        confidence: share of resampled means inside the interval.
        samples: how many resamples; the resampling is seeded.

    Raises:
        ValueError: fewer than two values, NaN, a confidence outside (0, 1), or no samples.
    """
    values = _values(values, "values")
    samples = check_count(samples, "samples")
    means = np.random.default_rng(0).choice(values, (samples, len(values))).mean(axis=1)
    return (float(values.mean()), *_percentiles(means, confidence))


def difference_interval(
    more: ArrayLike,
    less: ArrayLike,
    *,
    paired: bool = False,
    relative: bool = False,
    confidence: float = 0.95,
    samples: int = 10_000,
) -> tuple[float, float, float]:
    """Return how far two means of runs are apart and its interval: `(difference, low, high)`.

    The difference is `mean(more) - mean(less)`. The runs of the two sides are drawn with
    replacement, each side on its own.

    Args:
        more, less: one number a run, at least two.
        paired: whether the two sides are the same runs in the same order: they are then drawn
            together, and what a run does to both cancels.
        relative: return `1 - mean(less) / mean(more)`, a share; all of `more` must then be above 0.
        confidence, samples: as for `mean_interval`.

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

    def apart(more, less):
        more, less = more.mean(axis=-1), less.mean(axis=-1)
        return 1.0 - less / more if relative else more - less

    samples, rng = check_count(samples, "samples"), np.random.default_rng(0)
    drawn = [rng.integers(len(side), size=(samples, len(side))) for side in (more, less)]
    resampled = apart(more[drawn[0]], less[drawn[0] if paired else drawn[1]])
    return (float(apart(more, less)), *_percentiles(resampled, confidence))


def _values(values: ArrayLike, name: str) -> np.ndarray:
    return check_features(np.expand_dims(values, -1), name, minimum=2, width=1)[:, 0]


def _percentiles(resampled: np.ndarray, confidence: float) -> tuple[float, float]:
    confidence = check_number(confidence, "confidence", above=0.0, below=1.0)
    tail = 100 * (1 - confidence) / 2
    low, high = np.percentile(resampled, [tail, 100 - tail])
    return float(low), float(high)
