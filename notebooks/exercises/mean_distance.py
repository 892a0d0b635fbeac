"""How much the images of one class differ from each other."""

import numpy as np

from vaegan_edu import exercises


def mean_distance(images):
    """Return the mean Euclidean distance between two different images; images (N, pixels)."""
    # solution
    distance = np.linalg.norm(images[:, None] - images, axis=-1)
    count = len(images)
    return distance.sum() / (count * (count - 1))
    # stub
    # Among N images there are N (N - 1) ordered pairs of different ones.
    return None
    # end


exercises.check("mean_distance", mean_distance)
