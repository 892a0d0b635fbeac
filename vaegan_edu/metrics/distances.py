"""Euclidean distances between rows, a chunk at a time: memory grows with one count, not with both.

At its peak a chunk holds two matrices of CHUNK x (rows of the other set) float64 numbers, and one
copy of the other set.
"""

import numpy as np

CHUNK = 512  # rows of a distance matrix held in memory at once: 250 MB beside 60,000 columns


def squared_distances(a, b):
    """Yield `(rows, squares)`: a slice of `a`, and `||a_i - b_j||^2` of its rows to all of `b`.

    The product formula is quick and loses the digits of distances far smaller than the rows are
    long. It is clipped at 0, below which rounding may take it.
    """
    for start in range(0, len(a), CHUNK):
        rows = slice(start, start + CHUNK)
        squares = (a[rows] ** 2).sum(axis=1)[:, None] + (b**2).sum(axis=1)
        squares -= 2.0 * a[rows] @ b.T
        yield rows, np.maximum(squares, 0.0, out=squares)
