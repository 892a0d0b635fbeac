"""The KL divergence from the prior."""

import numpy as np

from vaegan_edu import exercises


def kl(z_mean, z_log_var):
    """Return KL(q(z|x) || p(z)) for each image; both (N, latent_dim), result (N,)."""
    # solution
    terms = z_mean**2 + np.exp(z_log_var) - z_log_var - 1.0  # (N, latent_dim)
    return 0.5 * np.sum(terms, axis=1)
    # stub
    # One term for each latent dimension, then sum over them.
    return None
    # end


exercises.check("kl", kl)
