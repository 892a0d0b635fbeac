"""The autoencoder's loss."""

import numpy as np

from vaegan_edu import exercises


def reconstruction_loss(x, x_hat):
    """Return the loss of a batch (N, height, width, channels): one number."""
    # solution
    each = 0.5 * np.sum((x - x_hat) ** 2, axis=(1, 2, 3))  # one an image
    return np.mean(each)
    # stub
    # Sum over pixels, then average over images.
    return None
    # end


exercises.check("reconstruction_loss", reconstruction_loss)
