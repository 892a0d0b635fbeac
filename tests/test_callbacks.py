"""What happens between epochs: history, sample sheets, progress."""

import csv
import io
import re
import time
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from PIL import Image

from vaegan_edu import callbacks, plotting, records


def model_with_rate(learning_rate):
    return SimpleNamespace(optimizer=keras.optimizers.SGD(learning_rate))


def write(writer, epochs):
    """What `fit` does: begin and end epochs, counted from 0, with the given logs."""
    for epoch, logs in enumerate(epochs):
        writer.on_epoch_begin(epoch)
        writer.on_epoch_end(epoch, logs)


def test_history_holds_every_log_the_rate_and_the_seconds(tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    path = tmp_path / "run" / "history.csv"
    writer = callbacks.HistoryWriter(path)
    model = model_with_rate(0.5)
    writer.set_model(model)
    for epoch, loss in enumerate([np.float32(0.1), 4.0]):
        writer.on_epoch_begin(epoch)
        now[0] += 1.23456 + epoch
        model.optimizer.learning_rate = 0.5 / 2**epoch
        writer.on_epoch_end(epoch, {"loss": loss, "val_kl_loss": 2.5})
        # After each epoch the file is whole: a reader need not wait for the end.
        rows = list(csv.reader(io.StringIO(path.read_text())))
        assert len(rows) == epoch + 2
    assert rows == [
        ["epoch", "loss", "val_kl_loss", "learning_rate", "seconds"],
        ["1", "0.10000000149011612", "2.5", "0.5", "1.235"],
        ["2", "4.0", "2.5", "0.25", "2.235"],
    ]


def test_history_follows_the_rate_of_a_schedule(tmp_path):
    decay = keras.optimizers.schedules.ExponentialDecay(1.0, decay_steps=1, decay_rate=0.5)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(decay), loss="mse")
    writer = callbacks.HistoryWriter(tmp_path / "history.csv")
    x = np.zeros((6, 1))
    model.fit(x, x, batch_size=2, epochs=2, validation_data=(x, x), callbacks=[writer], verbose=0)
    rows = records._read_history(tmp_path / "history.csv")
    assert [row["learning_rate"] for row in rows] == [0.5**3, 0.5**6]  # three steps an epoch
    assert list(rows[0]) == ["epoch", "loss", "val_loss", "learning_rate", "seconds"]
    assert [row["epoch"] for row in rows] == [1, 2]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("name", ["loss", "val_kl_loss"])
def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_history(tmp_path, name, value):
    path = tmp_path / "history.csv"
    writer = callbacks.HistoryWriter(path)
    writer.set_model(model_with_rate(0.1))
    good = {"loss": 1.0, "val_kl_loss": 2.0}
    with pytest.raises(FloatingPointError, match=f"`{name}` became {value} in epoch 3") as failure:
        write(writer, [good, good, {**good, name: value}, good])
    assert "\n" not in str(failure.value) and "lower the learning rate" in str(failure.value)
    assert [row["epoch"] for row in records._read_history(path)] == [1, 2]


class Painter:
    """Stands for a model: its images depend on the seed and on the epoch."""

    def __init__(self, channels):
        self.channels = channels
        self.epoch = 0
        self.asked = []

    def generate(self, count, seed):
        self.asked.append((count, seed))
        rng = np.random.default_rng([seed, self.epoch])
        return rng.uniform(-1, 1, (count, 5, 4, self.channels)).astype("float32")


@pytest.mark.parametrize("channels", [1, 3])
def test_sheets_show_the_model_after_the_right_epochs(tmp_path, channels):
    painter = Painter(channels)
    sheets = callbacks.SampleSheets(tmp_path / "samples", epochs=[1, 3, 40], count=11, seed=7)
    sheets.set_model(painter)
    for epoch in range(4):
        painter.epoch = epoch
        sheets.on_epoch_end(epoch, {})
    found = sorted(path.name for path in (tmp_path / "samples").iterdir())
    assert found == ["epoch-001.png", "epoch-003.png"]
    assert painter.asked == [(11, 7)] * 2  # the same codes each time
    for name, epoch in zip(found, (0, 2), strict=True):
        painter.epoch = epoch
        expected = plotting.tile(painter.generate(11, seed=7), columns=8)
        with Image.open(tmp_path / "samples" / name) as picture:
            assert picture.mode == ("L" if channels == 1 else "RGB")
            pixels = np.array(picture).reshape(expected.shape)
        np.testing.assert_array_equal(pixels, expected)


def test_a_sheet_holds_64_images_unless_told_otherwise(tmp_path):
    painter = Painter(1)
    sheets = callbacks.SampleSheets(tmp_path, epochs=[1])
    sheets.set_model(painter)
    sheets.on_epoch_end(0)
    assert painter.asked == [(64, 0)]


def test_progress_tells_the_time_left_and_the_latest_losses(capsys, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    progress = callbacks.Progress()
    progress.set_params({"epochs": 4})
    progress.on_train_begin()
    lines = []
    for epoch in range(4):
        now[0] += 10.0
        progress.on_epoch_end(epoch, {"loss": 10.0 - epoch, "val_loss": np.float32(5.5)})
        lines.append(re.sub("\x1b\\[[0-9]*m|[\x08\r]", "", capsys.readouterr().out))
    for epoch, line in enumerate(lines):
        assert f"{epoch + 1}/4" in line and "10s/epoch" in line
        # Of this epoch, not an average over the epochs.
        assert f"loss: {10.0 - epoch:.4f}" in line and "val_loss: 5.5000" in line
    assert [re.search(r" (\d+)s 10s/epoch", line)[1] for line in lines[:3]] == ["30", "20", "10"]
    assert lines[3].endswith("\n")


def test_progress_leaves_out_what_is_no_number(capsys):
    progress = callbacks.Progress()
    progress.set_params({"epochs": 2})
    progress.on_train_begin()
    progress.on_epoch_end(0, {"loss": float("nan"), "val_loss": 1.0})
    out = capsys.readouterr().out
    assert "nan" not in out and "val_loss: 1.0000" in out
