"""The history of a run, a row an epoch."""

import math
import time
from collections.abc import Callable
from pathlib import Path

import keras

from vaegan_edu import records
from vaegan_edu.callbacks.rates import learning_rates


class HistoryWriter(keras.callbacks.Callback):
    """Write every log of every epoch, the learning rates and the seconds to `history.csv`.

    The file is replaced atomically after each epoch. A loss that is NaN or infinite stops the run.
    What an epoch does not log, as with `validation_freq`, is an empty field. A second `fit` goes on
    with the next row.
    A model with an optimizer for each network has two columns of rates for each, any other has two
    in all. `epoch_learning_rate_<network>`, or `epoch_learning_rate`, is the rate that the epoch
    learned with, read when it begins. `learning_rate_<network>`, or `learning_rate`, is the rate
    from the epoch's end on, when a rule has seen its loss; the last row's leads no epoch, and by
    `schedules.Linear` it is 0. Older records have the second alone. List the writer after what
    sets rates.

    Args:
        path: of the CSV file.
        measure: what else to write: a function from the model to a dict of numbers, called after
            each epoch. Its time is not counted in `seconds`.

    Attributes:
        rows: a dict for each epoch, as `records.Record.history` has them.
    """

    def __init__(
        self,
        path: str | Path,
        measure: Callable[[keras.Model], dict[str, float]] | None = None,
    ) -> None:
        super().__init__()
        self.path = Path(path)
        self.measure = measure
        self.rows: list[dict] = []

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._rates = {f"epoch_{name}": rate for name, rate in learning_rates(self.model).items()}
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        seconds = time.perf_counter() - self._start
        logs = {name: float(value) for name, value in (logs or {}).items()}
        for name, value in logs.items():
            if not math.isfinite(value):
                raise FloatingPointError(
                    f"`{name}` became {value} in epoch {epoch + 1}; lower the learning rate. The "
                    "history keeps the epochs before it."
                )
        before = self.rows[-1]["epoch"] if self.rows else 0
        row = {"epoch": max(epoch, before) + 1, **logs}
        for name, rate in learning_rates(self.model).items():
            row.setdefault(name, rate)  # a rule's log has more digits than the optimizer's float32
        row |= self._rates
        if self.measure:
            row |= self.measure(self.model)
        row["seconds"] = round(seconds, 3)
        self.rows.append(row)
        records.write_history(self.path, self.rows)
