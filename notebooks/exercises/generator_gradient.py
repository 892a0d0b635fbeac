"""How the generator's loss changes with its mean."""

import numpy as np

from vaegan_edu import exercises


def generator_gradient(x, slope, offset):
    """Return the derivative of mean(-log D(x)) with respect to `mean`, one number; x is (N,)."""
    # solution
    d = 1 / (1 + np.exp(-(slope * x + offset)))
    return -slope * np.mean(1 - d)
    # stub
    # x = mean + deviation * z, logit = slope * x + offset, D = sigmoid(logit): three factors.
    return None
    # end


exercises.check("generator_gradient", generator_gradient)
