"""The log density of a Gaussian in several dimensions."""

import numpy as np

from vaegan_edu import exercises


def gaussian_log_density(z, z_mean, z_log_var):
    """Return one value per code, (batch,), from (batch, latent_dim)."""
    # solution
    square = (z - z_mean) ** 2 / np.exp(z_log_var)
    return -0.5 * np.sum(np.log(2 * np.pi) + z_log_var + square, axis=1)
    # stub
    # The dimensions are independent: their log densities add up.
    return None
    # end


exercises.check("gaussian_log_density", gaussian_log_density)
