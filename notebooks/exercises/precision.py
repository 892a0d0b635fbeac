"""Precision of generated points."""

import numpy as np

from vaegan_edu import exercises


def precision(real, generated, k):
    """Return the share of generated points in a real ball; both (count, features)."""

    def distances(a, b):  # (len(a), len(b))
        return np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=-1))

    # solution
    radius = np.sort(distances(real, real), axis=1)[:, k]  # index 0 is the point itself
    inside = distances(real, generated) <= radius[:, None]  # a row for each real ball
    return inside.any(axis=0).mean()
    # stub
    # First the radius of each real ball, then which generated points lie inside one.
    return None
    # end


exercises.check("precision", precision)
