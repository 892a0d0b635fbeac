"""Euclidean distances between rows, a chunk at a time: memory grows with one count, not with both.

At its peak a chunk holds one matrix of CHUNK x (rows of the other set) float64 numbers, and some
blocks of CHUNK rows: images may stay float32, which is half the memory.
"""

from collections.abc import Iterator

import numpy as np

CHUNK = 128  # rows of a distance matrix held in memory at once: 60 MB beside 60,000 columns


def squared_distances(a: np.ndarray, b: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield `(rows, squares)`: a slice of `a`, and `||a_i - b_j||^2` of its rows to all of `b`.

    The product formula is quick and loses the digits of distances far smaller than the rows are
    long. It is clipped at 0, below which rounding may take it. All of it is float64, whatever `a`
    and `b` are.
    """
    lengths = np.concatenate([_lengths(block) for _, block in _blocks(b)])
    for rows, block in _blocks(a):
        squares = _lengths(block)[:, None] + lengths
        for columns, other in _blocks(b):
            squares[:, columns] -= 2.0 * block @ other.T
        yield rows, np.maximum(squares, 0.0, out=squares)


def row_distances(a: np.ndarray, b: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Return `||a_i - b_index[i]||` (rows of a,): differences first, which keep their digits."""
    distances = np.empty(len(a))
    for start in range(0, len(a), CHUNK):
        rows = slice(start, start + CHUNK)
        difference = a[rows].astype("float64") - b[index[rows]]
        distances[rows] = np.sqrt((difference**2).sum(axis=1))
    return distances


def _blocks(array):
    for start in range(0, len(array), CHUNK):
        rows = slice(start, start + CHUNK)
        yield rows, array[rows].astype("float64", copy=False)


def _lengths(block):
    return (block**2).sum(axis=1)
