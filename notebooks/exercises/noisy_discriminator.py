"""The logits of the best discriminator under noisy labels."""

import numpy as np

from vaegan_edu import exercises


def noisy_discriminator(p, q, flip):
    """Return the logits of D*, (N,); every label, 1 or 0, is turned with the probability `flip`."""
    # solution
    return np.log((1 - flip) * p + flip * q) - np.log(flip * p + (1 - flip) * q)
    # stub
    # Which share of the examples at x carries the label 1 in the end?
    return None
    # end


exercises.check("noisy_discriminator", noisy_discriminator)
