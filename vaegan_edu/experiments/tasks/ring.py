"""Points on a ring of Gaussians: how many of its modes a model covers."""

from collections.abc import Callable, Mapping

import keras

from vaegan_edu import metrics, toys
from vaegan_edu.experiments.tasks.task import Task

RING_POINTS = 2500  # as Srivastava et al. 2017 draw


class Ring(Task):
    """Generate points of a ring of eight Gaussians, `toys.wide_ring`; its modes are known."""

    has_samples = False

    def image_shape(self, settings: Mapping) -> tuple:
        return (2,)

    def watch(self, data: tuple, settings: Mapping) -> Callable:
        """Return a function that gives a model's `evaluate` after each epoch."""
        return lambda model: self.evaluate(model, data, settings)

    def evaluate(self, model: keras.Model, data: tuple, settings: Mapping) -> dict:
        """Return how many modes a model's points cover, and how well they hit them.

        `modes_covered` counts as Srivastava et al. 2017; `modes_covered_strictly` asks for a tenth
        of a mode's equal share of the points.
        """
        ring = toys.wide_ring()
        points = model.generate(RING_POINTS, seed=settings["seed"])
        known = points, ring.modes, ring.std
        return {
            "modes_covered": metrics.modes_covered(*known),
            "modes_covered_strictly": metrics.modes_covered(
                *known, minimum=RING_POINTS // (10 * len(ring.modes))
            ),
            "high_quality_share": metrics.high_quality_share(*known),
        }
