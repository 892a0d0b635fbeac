"""The Fréchet distance where dimensions are independent."""

import numpy as np

from vaegan_edu import exercises


def frechet_diagonal(real, generated):
    """Return the (squared) Fréchet distance, one number; arguments (N, width) and (M, width)."""
    # solution
    shift = real.mean(axis=0) - generated.mean(axis=0)
    spread = np.std(real, axis=0) - np.std(generated, axis=0)
    return np.sum(shift**2 + spread**2)
    # stub
    # Means and standard deviations (np.std) of each dimension; then add up over dimensions.
    return None
    # end


exercises.check("frechet_diagonal", frechet_diagonal)
