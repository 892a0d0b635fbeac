"""The autoencoder's loss of a batch."""

import numpy as np

from vaegan_edu import exercises


def reconstruction_loss(x, x_hat):
    """Return the loss of a batch (N, height, width, channels): one number."""
    # solution
    per_image = 0.5 * np.sum((x - x_hat) ** 2, axis=(1, 2, 3))  # (N,)
    return np.mean(per_image)
    # stub
    # Sum over pixels, then average over images.
    return None
    # end


exercises.check("reconstruction_loss", reconstruction_loss)
