"""How far a mean over few runs can be trusted."""

import numpy as np

from vaegan_edu.validation import check_count, check_features, check_number


def mean_interval(values, confidence=0.95, samples=10_000):
    """Return the mean of runs and its bootstrap percentile interval: `(mean, low, high)`.

    Args:
        values: one number a run (seed), at least two.
        confidence: share of resampled means inside the interval.
        samples: how many resamples; the resampling is seeded.

    Raises:
        ValueError: fewer than two values, NaN, a confidence outside (0, 1), or no samples.
    """
    values = check_features(np.expand_dims(values, -1), "values", minimum=2, width=1)[:, 0]
    samples = check_count(samples, "samples")
    if not 0.0 < check_number(confidence, "confidence") < 1.0:
        raise ValueError(f"`confidence` must lie between 0 and 1. Received: {confidence!r}")
    resampled = np.random.default_rng(0).choice(values, (samples, len(values))).mean(axis=1)
    tail = 100 * (1 - confidence) / 2
    low, high = np.percentile(resampled, [tail, 100 - tail])
    return float(values.mean()), float(low), float(high)
