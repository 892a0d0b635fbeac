"""What happens between epochs: the history and samples of a run, and its progress."""

import io
import math
import time
from pathlib import Path

import keras
import numpy as np
from PIL import Image

from vaegan_edu import plotting, records


class HistoryWriter(keras.callbacks.Callback):
    """Write every log of every epoch, the learning rate and the seconds to `history.csv`.

    The file is replaced atomically after each epoch. A loss that is NaN or infinite stops the run.

    Args:
        path: of the CSV file.
    """

    def __init__(self, path):
        super().__init__()
        self.path = Path(path)
        self.rows = []

    def on_epoch_begin(self, epoch, logs=None):
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        seconds = time.perf_counter() - self._start
        logs = {name: float(value) for name, value in (logs or {}).items()}
        for name, value in logs.items():
            if not math.isfinite(value):
                raise FloatingPointError(
                    f"`{name}` became {value} in epoch {epoch + 1}; lower the learning rate. The "
                    "history keeps the epochs before it."
                )
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        row = {"epoch": epoch + 1, **logs, "learning_rate": rate, "seconds": round(seconds, 3)}
        self.rows.append(row)
        records.write_history(self.path, self.rows)


class SampleSheets(keras.callbacks.Callback):
    """Save images decoded from one fixed batch of standard normal codes as `epoch-NNN.png`.

    As the codes stay the same, a reader sees one set of pictures come into being.

    Args:
        folder: for the sheets.
        epochs: after which epochs, counted from 1.
        count: images on a sheet, in rows of 8.
        seed: of the codes.
    """

    def __init__(self, folder, epochs, count=64, seed=0):
        super().__init__()
        self.folder = Path(folder)
        self.epochs = frozenset(epochs)
        self.count = count
        self.seed = seed

    def on_epoch_end(self, epoch, logs=None):
        if epoch + 1 not in self.epochs:
            return
        sheet = plotting.tile(self.model.generate(self.count, seed=self.seed), columns=8)
        buffer = io.BytesIO()
        Image.fromarray(sheet.squeeze(-1) if sheet.shape[-1] == 1 else sheet).save(buffer, "PNG")
        records.write_atomically(self.folder / f"epoch-{epoch + 1:03d}.png", buffer.getvalue())


class Progress(keras.callbacks.Callback):
    """One bar for the whole run, an epoch a step, with the time left and the latest losses."""

    def on_train_begin(self, logs=None):
        self._bar = keras.utils.Progbar(self.params["epochs"], unit_name="epoch")

    def on_epoch_end(self, epoch, logs=None):
        latest = [(name, value) for name, value in (logs or {}).items() if np.isfinite(value)]
        self._bar.stateful_metrics = {name for name, _ in latest}
        self._bar.update(epoch + 1, latest)
