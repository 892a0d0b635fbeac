"""How far the manifolds of real and generated features overlap."""

import numpy as np

from vaegan_edu.metrics.distances import squared_distances
from vaegan_edu.validation import check_count, check_features


def manifold_overlap(real, generated, k=5):
    """Precision, recall, density and coverage of generated features.

    Around every point lies a ball that reaches to its k-th nearest neighbour of its own set. The
    balls of the real points stand for the real manifold.

    - `precision`: share of generated points inside a real ball (Kynkäänniemi et al. 2019, eq. 1-2).
    - `recall`: share of real points inside a generated ball (same).
    - `density`: real balls around a generated point, on average, over k (Naeem et al. 2020, eq. 4).
    - `coverage`: share of real balls that hold a generated point (Naeem et al. 2020, eq. 5).

    Args:
        real, generated: features (count, width), each of more than `k` rows.
        k: which neighbour sets the radius.

    Returns:
        A dict of four floats.

    Raises:
        ValueError: wrong shapes, NaN, or too few rows.
    """
    k = check_count(k, "k")
    real = check_features(real, "real", minimum=k + 1, dtype=None)
    generated = check_features(
        generated, "generated", minimum=k + 1, width=real.shape[1], dtype=None
    )
    real_radius = _neighbour_distance(real, k)
    generated_radius = _neighbour_distance(generated, k)
    balls_around = np.zeros(len(generated), dtype=int)  # real balls that hold a generated point
    recalled, covered = [], []
    for rows, distance in squared_distances(real, generated):
        inside = distance <= real_radius[rows, None]
        balls_around += inside.sum(axis=0)
        covered.append(inside.any(axis=1))
        recalled.append((distance <= generated_radius).any(axis=1))
    return {
        "precision": float((balls_around > 0).mean()),
        "recall": float(np.concatenate(recalled).mean()),
        "density": float(balls_around.mean() / k),
        "coverage": float(np.concatenate(covered).mean()),
    }


def expected_coverage(real_count, generated_count, k=5):
    """Return the coverage to expect of samples from the very distribution of the real points.

    `1 - prod over j = 1..k of (N - j) / (N + M - j)` with N real and M generated points. A ball is
    left empty if the k nearest of the N - 1 + M other points are all real, and when all points come
    from one distribution, each of them is as likely as any other to be among those k. This holds in
    every dimension (Naeem et al. 2020, appendix A). With equal large counts it comes to 1 - 2^-k.

    Args:
        real_count, generated_count: N, more than `k`, and M.
        k: as for `manifold_overlap`.

    Raises:
        ValueError: counts that are not whole numbers, or too small.
    """
    k = check_count(k, "k")
    real_count = check_count(real_count, "real_count", minimum=k + 1)
    generated_count = check_count(generated_count, "generated_count")
    j = np.arange(1, k + 1)
    return float(1.0 - np.prod((real_count - j) / (real_count + generated_count - j)))


def _neighbour_distance(points, k):
    """Squared distance of each point to its k-th nearest neighbour, itself not counted."""
    radius = np.empty(len(points))
    for rows, distance in squared_distances(points, points):
        distance.partition(k, axis=1)
        radius[rows] = distance[:, k]
    return radius
