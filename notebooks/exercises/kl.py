"""The KL divergence from the prior."""

import numpy as np

from vaegan_edu import exercises


def kl(z_mean, z_log_var):
    """Return the KL divergence of each image, (N,); both are (N, latent_dim)."""
    # solution
    terms = z_mean**2 + np.exp(z_log_var) - z_log_var - 1.0  # (N, latent_dim)
    return 0.5 * np.sum(terms, axis=1)
    # stub
    # One term for each latent dimension, then sum over them.
    return None
    # end


exercises.check("kl", kl)
