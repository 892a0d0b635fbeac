"""The gamma that keeps a decoder's loss when the feature loss is counted otherwise."""

import numpy as np

from vaegan_edu import exercises


def equal_gamma(gamma, shape, scale):
    """Return the new gamma, one number; `shape` is (height, width, channels) of the features."""
    # solution
    return gamma * np.prod(shape) / scale**2
    # stub
    # The new loss takes a mean over features, and all features are `scale` times as large.
    return None
    # end


exercises.check("equal_gamma", equal_gamma)
