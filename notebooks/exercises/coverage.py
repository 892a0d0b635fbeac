"""Coverage, from distances."""

import numpy as np

from vaegan_edu import exercises


def coverage(real, generated, k):
    """Return the share of real balls that hold a generated point."""

    def distances(a, b):  # (len(a), len(b))
        return np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=-1))

    # solution
    radius = np.sort(distances(real, real), axis=1)[:, k]  # place 0: the point itself
    held = distances(real, generated) <= radius[:, None]  # row: ball
    return held.any(axis=1).mean()
    # stub
    # First the radius of each real ball, then which balls hold some generated point.
    return None
    # end


exercises.check("coverage", coverage)
