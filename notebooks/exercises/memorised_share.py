"""How many generated images are suspiciously close to a training image."""

import numpy as np

from vaegan_edu import exercises


def memorised_share(generated, train, held_out):
    """Return the share of generated rows closer to a training row than every held-out row is."""

    def nearest(a, b):  # (len(a),), distance of each row of a to the nearest of b
        return np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=-1)).min(axis=1)

    # solution
    threshold = nearest(held_out, train).min()  # no honest image came closer
    return np.mean(nearest(generated, train) < threshold)
    # stub
    # How close do held-out images come to the training images at most?
    return None
    # end


exercises.check("memorised_share", memorised_share)
