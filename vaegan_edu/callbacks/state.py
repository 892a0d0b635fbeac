"""What a run needs to go on where it was stopped."""

import json
import time
from pathlib import Path

import keras
import numpy as np
from keras import ops

from vaegan_edu import records
from vaegan_edu.callbacks.history import HistoryWriter
from vaegan_edu.callbacks.rates import LearningRateSchedules

SAVING_SHARE = 0.1  # of a run's time, at most, goes into its state


class RunState(keras.callbacks.Callback):
    """Keep everything that the next epoch depends on in one file, replaced as a whole.

    That is: every variable of the model (weights, averages of BatchNorm, seed generators, the epoch
    of decaying noise), every variable of its optimizers, the history and the learning-rate rules.
    On PyTorch also its own generators, from which a Dropout without a seed draws.
    With data in an order that follows from seed and epoch, a run that goes on from it equals one
    that was never stopped. One file, as two might be of different epochs after a crash.

    It is saved after the first epoch and the last, and after each between, unless saving then took
    more than a tenth of the time. List it last: what other callbacks refuse is not saved.

    Args:
        path: of the `.npz` file.
        history: the run's `HistoryWriter`.
        schedules: the run's `LearningRateSchedules`, if it has any.
    """

    def __init__(
        self,
        path: str | Path,
        history: HistoryWriter,
        schedules: LearningRateSchedules | None = None,
    ) -> None:
        super().__init__()
        self.path = Path(path)
        self.history = history
        self.schedules = schedules
        self._next = 0.0

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        started = time.perf_counter()
        if started < self._next and epoch + 1 < self.params["epochs"]:
            return
        about = {
            "epoch": epoch + 1,
            "history": self.history.rows,
            "schedules": self.schedules and self.schedules.state(),
        }
        values = [ops.convert_to_numpy(v) for v in _variables(self.model)] + _generators()
        with records.replacing(self.path) as partial, open(partial, "wb") as file:
            np.savez(file, about=json.dumps(about), **{f"v{i}": v for i, v in enumerate(values)})
        ended = time.perf_counter()
        self._next = ended + (ended - started) / SAVING_SHARE

    def restore(self, model: keras.Model) -> int:
        """Put the saved state into a compiled model, the history and the rules.

        Returns:
            The number of epochs that are done; 0 where no state was saved yet.

        Raises:
            ValueError: the file is damaged, or of another model. The model is left as it was.
        """
        if not self.path.exists():
            return 0
        variables = _variables(model)
        try:
            with open(self.path, "rb") as file, np.load(file, allow_pickle=False) as archive:
                about = json.loads(str(archive["about"]))
                values = [archive[f"v{i}"] for i in range(len(archive.files) - 1)]
            shapes = [v.shape for v in values]
            if shapes != [tuple(v.shape) for v in [*variables, *_generators()]]:
                raise ValueError("it holds the variables of another model")
            if [row["epoch"] for row in about["history"]] != [*range(1, about["epoch"] + 1)]:
                raise ValueError("its history is not that of its epoch")
            if self.schedules:
                self.schedules.restore(about["schedules"])
        except Exception as error:  # a damaged archive fails in many ways; one line is enough
            raise ValueError(
                f"{self.path} is damaged; remove its folder and begin anew. "
                f"Received: {type(error).__name__}: {error}"
            ) from error
        for variable, value in zip(variables, values, strict=False):
            variable.assign(value)
        _restore_generators(values[len(variables) :])
        self.history.rows = about["history"]
        return about["epoch"]


def _variables(model):
    """Return the variables of a model and of its optimizers, always in the same order."""
    optimizer = model.optimizer
    if not optimizer.built:
        optimizer.build(model.trainable_variables)
    return [*model.variables, *optimizer.variables]


def _generators():
    """Return the states of the generators that the backend keeps for itself, arrays."""
    if keras.backend.backend() != "torch":
        return []
    import torch

    states = [torch.get_rng_state(), *torch.cuda.get_rng_state_all()]
    return [state.numpy() for state in states]


def _restore_generators(states):
    if states:
        import torch

        first, *others = (torch.from_numpy(state) for state in states)
        torch.set_rng_state(first)
        torch.cuda.set_rng_state_all(others)
