"""How far the manifolds of real and generated features overlap."""

from functools import cached_property

import numpy as np

from vaegan_edu.metrics.distances import row_distances, squared_distances
from vaegan_edu.validation import check_count, check_features


class Manifold:
    """Points, and around each a ball that reaches to its k-th nearest neighbour.

    The balls stand for the manifold that the points were drawn from (Kynkäänniemi et al. 2019,
    section 2). Their radii are computed when they are first needed, and kept.

    Args:
        points: (count, width), more than `k` rows.
        k: which neighbour sets the radius; a point is no neighbour of itself.
        name, width: what an error calls the points, and how wide they must be.

    Raises:
        ValueError: a wrong shape, NaN, or too few rows.
    """

    def __init__(
        self, points: np.ndarray, k: int = 5, name: str = "points", width: int | None = None
    ) -> None:
        self.k = check_count(k, "k")
        self.points = check_features(points, name, minimum=self.k + 1, width=width, dtype=None)

    @cached_property
    def radii(self) -> np.ndarray:
        """Squared distance of each point to its k-th nearest neighbour, (count,) float64."""
        radii = np.empty(len(self.points))
        for rows, squares in squared_distances(self.points, self.points):
            squares.partition(self.k, axis=1)
            radii[rows] = squares[:, self.k]
        return radii

    def overlap(self, generated: "Manifold") -> dict:
        """Return the four numbers of `manifold_overlap`; these points are the real ones."""
        return self._overlap(generated, lambda rows, squares: None)

    def overlap_and_nearest(self, generated: "Manifold") -> tuple[dict, np.ndarray]:
        """Return `overlap`, and `nearest_distance` of the generated points to these.

        Both come from one matrix of distances, which for images is what takes long.
        """
        least = np.full(len(generated.points), np.inf)
        nearest = np.zeros(len(generated.points), dtype=int)

        def remember(rows, squares):
            at = squares.argmin(axis=0)
            found = squares[at, np.arange(len(at))]
            closer = found < least
            least[closer], nearest[closer] = found[closer], rows.start + at[closer]

        found = self._overlap(generated, remember)
        return found, row_distances(generated.points, self.points, nearest)

    def _overlap(self, generated, look):
        """Return the four numbers; `look(rows, squares)` is shown each chunk of the distances."""
        radii, generated_radii = self.radii, generated.radii  # while no other matrix is held
        balls_around = np.zeros(len(generated.points), dtype=int)  # real ones, of a generated point
        recalled, covered = [], []
        for rows, squares in squared_distances(self.points, generated.points):
            inside = squares <= radii[rows, None]
            balls_around += inside.sum(axis=0)
            covered.append(inside.any(axis=1))
            recalled.append((squares <= generated_radii).any(axis=1))
            look(rows, squares)
        return {
            "precision": float((balls_around > 0).mean()),
            "recall": float(np.concatenate(recalled).mean()),
            "density": float(balls_around.mean() / self.k),
            "coverage": float(np.concatenate(covered).mean()),
        }


def manifold_overlap(real: np.ndarray, generated: np.ndarray, k: int = 5) -> dict:
    """Precision, recall, density and coverage of generated features.

    Around every point lies a ball that reaches to its k-th nearest neighbour of its own set. The
    balls of the real points stand for the real manifold. A point at the edge lies inside, as in
    Kynkäänniemi et al. 2019, eq. 1; in the code of Naeem et al. it lies outside, which makes all
    four 0 where points are copies of each other.

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
    manifold = Manifold(real, k, "real")
    return manifold.overlap(Manifold(generated, k, "generated", width=manifold.points.shape[1]))


def expected_coverage(real_count: int, generated_count: int, k: int = 5) -> float:
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
