"""Logs for TensorBoard: `tensorboard --logdir runs` draws every run's curves and samples."""

import time
from pathlib import Path

import keras

from vaegan_edu.callbacks.history import HistoryWriter


class TensorBoardLog(keras.callbacks.Callback):
    """Write the rows of a run's history and its sample sheets, an epoch a step.

    Keras' own callback needs TensorFlow whatever the backend, and after a resumed run draws the
    epochs twice that were trained twice. This one needs the package `tensorboard` alone, and begins
    its file anew from the history that was restored. List it after the callbacks it reads.

    Args:
        folder: for the event file, `run.tfevents.0`; one of that name is replaced.
        history: the run's `HistoryWriter`.
        sheets: folder of the run's `SampleSheets`, if it has any.
    """

    def __init__(
        self, folder: str | Path, history: HistoryWriter, sheets: str | Path | None = None
    ) -> None:
        super().__init__()
        self.folder = Path(folder)
        self._path = self.folder / "run.tfevents.0"  # TensorBoard looks for `tfevents` in names
        self.history = history
        self.sheets = sheets and Path(sheets)

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        self._write(file_version="brain.Event:2")
        for row in self.history.rows:
            self._write_row(row)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self._write_row(self.history.rows[-1])

    def _write_row(self, row):
        from tensorboard.compat.proto.summary_pb2 import Summary

        epoch = row["epoch"]
        values = [
            Summary.Value(tag=name, simple_value=value)
            for name, value in row.items()
            if name != "epoch"
        ]
        sheet = self.sheets and self.sheets / f"epoch-{epoch:03d}.png"
        if sheet and sheet.exists():
            image = Summary.Image(encoded_image_string=sheet.read_bytes())
            values.append(Summary.Value(tag="samples", image=image))
        self._write(step=epoch, summary=Summary(value=values))

    def _write(self, **event):
        """Append one event; the file is whole after each."""
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.summary.writer.record_writer import RecordWriter

        content = Event(wall_time=time.time(), **event).SerializeToString()
        with open(self._path, "ab") as file:
            RecordWriter(file).write(content)
