"""The logits of the best discriminator under a soft label."""

import numpy as np

from vaegan_edu import exercises


def soft_discriminator(p, q, target):
    """Return the logits of D*, (N,); p and q are densities at N points, target the real label."""
    # solution
    return np.log(target * p) - np.log((1 - target) * p + q)
    # stub
    # What is 1 - D*? The logit is log D* - log(1 - D*).
    return None
    # end


exercises.check("soft_discriminator", soft_discriminator)
