"""Densities over one line, as the explorers of the divergences and of the game draw them."""

import math
from collections.abc import Iterable

import numpy as np
from matplotlib.axes import Axes

GRID = np.linspace(-30, 30, 3001)  # as in the .js of both; beyond it every density there is zero
STEP = GRID[1] - GRID[0]
SEEN = (-7, 7)


def log_normal(mean: float, deviation: float) -> np.ndarray:
    """Return the log-density of N(mean, deviation^2) on the grid, in nats."""
    return -0.5 * ((GRID - mean) / deviation) ** 2 - math.log(deviation * math.sqrt(2 * math.pi))


def draw_densities(axes: Axes, densities: Iterable[tuple[np.ndarray, str, str]]) -> None:
    """Draw log-densities on the grid, each `(log_density, colour, label)`, as filled curves."""
    for log_density, colour, label in densities:
        axes.plot(GRID, np.exp(log_density), color=colour, label=label)
        axes.fill_between(GRID, np.exp(log_density), color=colour, alpha=0.15, linewidth=0)
    axes.set(ylabel="density", ylim=(0, None))
