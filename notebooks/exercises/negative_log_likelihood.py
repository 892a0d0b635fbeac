"""The negative log-likelihood of a batch of black and white images."""

import numpy as np

from vaegan_edu import exercises


def negative_log_likelihood(images, reconstruction):
    """Return one number; both are (batch, height, width), in [0, 1]."""
    # solution
    log_likelihood = images * np.log(reconstruction) + (1 - images) * np.log(1 - reconstruction)
    per_image = -np.sum(log_likelihood, axis=(1, 2))
    return np.mean(per_image)
    # stub
    # Sum over the pixels of each image, then take the mean over the batch.
    return None
    # end


exercises.check("negative_log_likelihood", negative_log_likelihood)
