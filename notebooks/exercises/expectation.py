"""Estimate an expectation and the error of the estimate."""

import numpy as np

from vaegan_edu import exercises


def expectation(f, samples):
    """Return estimate and standard error of E[f(z)]; samples: (N,)."""
    # solution
    values = f(samples)
    estimate = np.mean(values)
    standard_error = np.std(values, ddof=1) / np.sqrt(len(values))
    return estimate, standard_error
    # stub
    # f(samples) holds one value for each sample.
    return None  # estimate, standard_error
    # end


exercises.check("expectation", expectation)
