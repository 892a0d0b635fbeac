"""The reparameterisation trick."""

import numpy as np

from vaegan_edu import exercises


def reparameterise(z_mean, z_log_var, noise):
    """Return z of shape (N, latent_dim); all three arguments have that shape."""
    # solution
    deviation = np.exp(0.5 * z_log_var)
    return z_mean + deviation * noise
    # stub
    # `noise` is standard normal. Scale it, then shift it.
    return None
    # end


exercises.check("reparameterise", reparameterise)
