"""What exercises use of SciPy, in NumPy: SciPy itself is larger than all else that a page loads."""

import numpy as np


def rel_entr(x: np.ndarray | float, y: np.ndarray | float) -> np.ndarray:
    """Return x log(x/y) element by element: 0 where x is 0, infinite where it has no limit."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = np.where(x > 0, x * np.log(x / y), 0.0)
    return np.where((x < 0) | (y < 0) | ((x > 0) & (y == 0)), np.inf, inside)[()]
