"""The largest stable learning rate of a quadratic loss."""

import numpy as np

from vaegan_edu import exercises


def largest_rate(hessian):
    """Return the rate above which gradient descent on w @ hessian @ w / 2 diverges."""
    # solution
    curvatures = np.linalg.eigvalsh(hessian)  # along the ellipse's axes
    return 2 / curvatures.max()
    # stub
    # np.linalg.eigvalsh gives the curvatures along the axes of the ellipse.
    return None
    # end


exercises.check("largest_rate", largest_rate)
