"""Mixtures of Gaussians in the plane, on which one sees a GAN lose its modes.

The two of VEEGAN (Srivastava et al. 2017, section 5.1), with the radius, the spacing and the
standard deviations that PacGAN (Lin et al. 2018, section 4.1) writes out for them. What a model
makes of them is measured by `metrics.modes_covered` and `metrics.high_quality_share`.
"""

from dataclasses import dataclass

import numpy as np

from vaegan_edu.validation import check_count, check_number


@dataclass(frozen=True, eq=False)
class Mixture:
    """Gaussians of equal weight and of one standard deviation in every direction.

    Attributes:
        modes: their means, (count, 2), float32.
        std: their standard deviation.
    """

    modes: np.ndarray
    std: float

    def sample(self, count: int, seed: int | None = None) -> np.ndarray:
        """Return points (count, 2), float32, each of a mode chosen at random; seeded by `seed`."""
        rng = np.random.default_rng(seed)
        chosen = rng.integers(len(self.modes), size=check_count(count))
        noise = rng.standard_normal((len(chosen), 2))
        return (self.modes[chosen] + self.std * noise).astype("float32")


def ring(count: int = 8, radius: float = 1.0, std: float = 0.01) -> Mixture:
    """Return a `Mixture` of Gaussians evenly spaced on a circle, the first at (radius, 0).

    Args:
        count: how many.
        radius: of the circle around the origin.
        std: standard deviation of each.
    """
    angles = 2 * np.pi * np.arange(check_count(count)) / count
    modes = check_number(radius, "radius") * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return Mixture(modes.astype("float32"), check_number(std, "std", above=0.0))


def wide_ring() -> Mixture:
    """Return the `ring` with wider Gaussians: how sharply they are hit then tells modes apart."""
    return ring(std=0.05)


def load_ring(
    train_count: int = 12_800, test_count: int = 2_560
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return points of the `wide_ring` in the form of a data set.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: points (count, 2), float32, and the number of the
        mode that each lies nearest to, (count,), int64. They are the same at every call.
    """

    def part(count, seed):
        points = wide_ring().sample(count, seed=seed)
        squares = ((points[:, None] - wide_ring().modes) ** 2).sum(axis=-1)
        return points, squares.argmin(axis=1)

    return part(train_count, 0), part(test_count, 1)


def grid(side: int = 5, spacing: float = 2.0, std: float = 0.05) -> Mixture:
    """Return a `Mixture` of side x side Gaussians on a square grid around the origin.

    Args:
        side: how many a side; 5 makes 25.
        spacing: between neighbours; 5 a side then reach from -4 to 4.
        std: standard deviation of each.
    """
    steps = np.arange(check_count(side, "side")) - (side - 1) / 2
    line = check_number(spacing, "spacing") * steps
    modes = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)
    return Mixture(modes.astype("float32"), check_number(std, "std", above=0.0))
