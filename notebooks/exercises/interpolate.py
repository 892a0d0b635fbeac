"""The straight line between two codes."""

import numpy as np

from vaegan_edu import exercises


def interpolate(a, b, steps):
    """Return `steps` codes from a to b, both included: (steps, latent_dim)."""
    # solution
    t = np.linspace(0.0, 1.0, steps)[:, None]  # (steps, 1)
    return (1.0 - t) * a + t * b  # each row: one code
    # stub
    # Weights t from 0 to 1 as a column, then mix a and b.
    return None
    # end


exercises.check("interpolate", interpolate)
