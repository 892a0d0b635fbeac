"""How far a run is."""

import sys
from typing import Any

import keras
import numpy as np

from vaegan_edu.callbacks.rates import learning_rates


class _Bar(keras.utils.Progbar):
    """Keras' bar, but for the time left, whose estimate leaves out what was done `before`."""

    before = 0

    def _estimate_step_duration(self, current, now):
        return super()._estimate_step_duration(current - self.before, now)


class Progress(keras.callbacks.Callback):
    """One bar for the whole run, with the time left and the losses of the latest epoch.

    In a terminal it moves with every batch. In a file or a notebook, where each move would be
    another line, it tells of whole epochs. A resumed run's bar counts on from the epochs that are
    done. A learning rate is the one that the epoch began with, not the one that follows it.
    """

    def on_train_begin(self, logs: dict | None = None) -> None:
        self._bar: Any = None

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        if self._bar is None:
            self._every_batch = sys.stdout.isatty()
            self._steps = (self.params["steps"] or 1) if self._every_batch else 1
            self._bar = _Bar(
                self.params["epochs"] * self._steps,
                unit_name="step" if self._every_batch else "epoch",
            )
            self._bar.before = epoch * self._steps
        self._done = epoch * self._steps
        self._rates = learning_rates(self.model) if self.model else {}

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        if self._every_batch and batch + 1 < self._steps:
            self._bar.update(self._done + batch + 1)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        logs = {name: self._rates.get(name, value) for name, value in (logs or {}).items()}
        latest = [(name, value) for name, value in logs.items() if np.isfinite(value)]
        self._bar.stateful_metrics = {name for name, _ in latest}
        self._bar.update(self._done + self._steps, latest)
