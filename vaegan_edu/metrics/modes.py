"""How much of a mixture of Gaussians, whose modes are known, a sample covers."""

import numpy as np
from numpy.typing import ArrayLike

from vaegan_edu.validation import check_count, check_features, check_number

HIGH_QUALITY = 3.0  # standard deviations from a mode's mean: Srivastava et al. 2017, section 5.1


def modes_covered(points: ArrayLike, modes: ArrayLike, std: float, minimum: int = 1) -> int:
    """Count the modes of a mixture that got at least `minimum` high-quality points.

    A point belongs to the nearest mode; it is of high quality within three standard deviations of
    it (Srivastava et al. 2017, section 5.1, with `minimum=1` and 2,500 points).

    Args:
        points: generated (count, width).
        modes: the means of the mixture's Gaussians (modes, width).
        std: their standard deviation, the same in every direction.
        minimum: 1 as published. One stray point then covers a mode; ask for more to exclude that.

    Returns:
        A whole number from 0 to the number of modes.

    Raises:
        ValueError: wrong shapes, NaN, no points, `std` not above 0, or `minimum` below 1.
    """
    nearest, good = _nearest_modes(points, modes, std)
    hits = np.bincount(nearest[good], minlength=len(np.asarray(modes)))
    return int((hits >= check_count(minimum, "minimum")).sum())


def high_quality_share(points: ArrayLike, modes: ArrayLike, std: float) -> float:
    """Return the share of points within three standard deviations of a mode of a mixture.

    Its floor: of a Gaussian in the plane 0.989 lie there.

    Args, raises:
        as for `modes_covered`.
    """
    return float(_nearest_modes(points, modes, std)[1].mean())


def _nearest_modes(points, modes, std):
    """Return for each point its nearest mode, and whether it is within three deviations of it."""
    modes = check_features(modes, "modes")
    points = check_features(points, "points", width=modes.shape[1])
    check_number(std, "std", above=0.0)
    # Differences first: the product formula below loses the digits of small distances.
    squares = ((points[:, None, :] - modes) ** 2).sum(axis=-1)
    return squares.argmin(axis=1), squares.min(axis=1) <= (HIGH_QUALITY * std) ** 2
