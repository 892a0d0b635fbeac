"""The KL divergence of two Gaussians."""

import numpy as np

from vaegan_edu import exercises


def gaussian_kl(q_mean, q_log_var, p_mean, p_log_var):
    """Return KL(q || p) in nats, (N,); all four arguments are (N,)."""
    # solution
    square = np.exp(q_log_var) + (q_mean - p_mean) ** 2  # E_q[(z - p_mean)^2]
    return 0.5 * (square / np.exp(p_log_var) - 1 + p_log_var - q_log_var)
    # stub
    # What is the expectation of (z - p_mean)^2 under q?
    return None
    # end


exercises.check("gaussian_kl", gaussian_kl)
