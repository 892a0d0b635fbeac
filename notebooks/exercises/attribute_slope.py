"""The direction in code space along which an attribute changes."""

import numpy as np

from vaegan_edu import exercises


def attribute_slope(z, a):
    """Return the slope of codes z (N, latent_dim) over an attribute a (N,): (latent_dim,)."""
    # solution
    centred = a - a.mean()
    return centred @ (z - z.mean(axis=0)) / np.sum(centred**2)
    # stub
    # Means are over the faces; a[:, None] * z multiplies each code by its face's value.
    return None
    # end


exercises.check("attribute_slope", attribute_slope)
