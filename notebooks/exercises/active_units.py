"""How many latent dimensions are in use."""

import numpy as np

from vaegan_edu import exercises


def active_units(z_mean):
    """Return how many columns of z_mean (N, latent_dim) vary."""
    # solution
    variance = np.var(z_mean, axis=0)  # of each dimension, over the images
    return np.sum(variance > 0.01)
    # stub
    # A variance for each dimension, over the images.
    return None
    # end


exercises.check("active_units", active_units)
