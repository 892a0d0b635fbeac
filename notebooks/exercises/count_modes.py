"""Count the modes that generated points cover."""

import numpy as np

from vaegan_edu import exercises


def count_modes(points, modes, std, minimum):
    """Return how many modes got at least `minimum` points; points (N, 2), modes (K, 2)."""
    # solution
    distance = np.linalg.norm(points[:, None] - modes, axis=-1)  # (N, K)
    nearest = distance.argmin(axis=1)
    close = distance.min(axis=1) <= 3 * std
    hits = np.bincount(nearest[close], minlength=len(modes))
    return np.sum(hits >= minimum)
    # stub
    # A point belongs to its nearest mode, and counts within three deviations of it.
    return None
    # end


exercises.check("count_modes", count_modes)
