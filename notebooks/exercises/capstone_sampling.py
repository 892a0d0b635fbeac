"""The capstone's second stage: the draw of a code."""

import keras
from keras import ops

from vaegan_edu import exercises


def capstone_sampling(z_mean, z_log_var, noise=None):
    """Return z of shape (N, latent_dim), as all three arguments; draw the noise where it is None."""
    # solution
    if noise is None:
        noise = keras.random.normal(ops.shape(z_mean))
    return z_mean + ops.exp(0.5 * z_log_var) * noise
    # stub
    # keras.random.normal(shape) draws. The encoder gives the logarithm of the variance.
    return None
    # end


exercises.check("capstone_sampling", capstone_sampling)
