"""The feature loss of each image."""

import numpy as np

from vaegan_edu import exercises


def feature_distance(real, reconstructed):
    """Return the feature loss of each image, (N,); both are (N, height, width, channels)."""
    # solution
    squares = (real - reconstructed) ** 2
    return 0.5 * np.sum(squares, axis=(1, 2, 3))
    # stub
    # One square for each feature, then sum over what belongs to one image.
    return None
    # end


exercises.check("feature_distance", feature_distance)
