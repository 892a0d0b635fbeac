"""The Fréchet distance between real and generated features."""

import numpy as np
from numpy.typing import ArrayLike

from vaegan_edu.validation import check_features


def frechet_distance(real: ArrayLike, generated: ArrayLike) -> float:
    r"""Squared Fréchet distance between Gaussians fitted to real and to generated features.

    `||m - n||^2 + tr(A) + tr(B) - 2 tr((A^1/2 B A^1/2)^1/2)` for means m, n and covariances A, B
    (Dowson & Landau 1982; Heusel et al. 2017, eq. 6, who call it FID for features of Inception).
    Under other features it compares with no published FID. Few samples raise it: compare only
    numbers from equal counts.

    No covariance is formed and no matrix root is taken. With X, Y such that `X^T X = A` and
    `Y^T Y = B`, the terms with A and B are the smallest `||X - Q Y||^2` over all rotations Q
    (Bhatia, Jain & Lim 2019, theorem 1), and the best Q comes from the singular vectors of X Y^T.
    A sum of squares is never negative, small distances keep their digits, and covariances may be
    singular.

    Args:
        real, generated: features (count, width), each of at least two rows.

    Returns:
        A float, 0 for equal means and covariances.

    Raises:
        ValueError: wrong shapes, NaN, or too few rows.
    """
    real = check_features(real, "real", minimum=2)
    generated = check_features(generated, "generated", minimum=2, width=real.shape[1])
    x, y = _covariance_factor(real), _covariance_factor(generated)
    rows = max(len(x), len(y))  # few samples give fewer than `width`: rows of zeros change nothing
    x, y = (np.pad(factor, ((0, rows - len(factor)), (0, 0))) for factor in (x, y))
    left, _, right = np.linalg.svd(x @ y.T)
    means = real.mean(axis=0) - generated.mean(axis=0)
    return float((means**2).sum() + ((x - left @ right @ y) ** 2).sum())


def _covariance_factor(features):
    """Return X, at most (width, width), with `X^T X` the covariance of features (count, width)."""
    centred = features - features.mean(axis=0)
    return np.linalg.qr(centred, mode="r") / np.sqrt(len(features) - 1)
