"""Pictures of one fixed batch of codes, as a model learns."""

import io
from collections.abc import Iterable
from pathlib import Path

import keras
import numpy as np
from PIL import Image

from vaegan_edu import plotting, records


class SampleSheets(keras.callbacks.Callback):
    """Save images decoded from one fixed batch of standard normal codes as `epoch-NNN.png`.

    As the codes stay the same, a reader sees one set of pictures come into being.

    Args:
        folder: for the sheets.
        epochs: after which epochs, counted from 1.
        count: images on a sheet, in rows of 8.
        seed: of the codes.
    """

    def __init__(
        self, folder: str | Path, epochs: Iterable[int], count: int = 64, seed: int = 0
    ) -> None:
        super().__init__()
        self.folder = Path(folder)
        self.epochs = frozenset(epochs)
        self.count = count
        self.seed = seed

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        if epoch + 1 not in self.epochs:
            return
        images = self.model.generate(self.count, seed=self.seed)
        write_picture(self.folder / f"epoch-{epoch + 1:03d}.png", plotting.tile(images, columns=8))


def write_picture(path: str | Path, picture: np.ndarray) -> None:
    """Write a uint8 array (height, width, 1 or 3) atomically as PNG."""
    buffer = io.BytesIO()
    Image.fromarray(picture.squeeze(-1) if picture.shape[-1] == 1 else picture).save(buffer, "PNG")
    records.write_atomically(path, buffer.getvalue())


def animate(folder: str | Path, seconds: float = 0.5) -> None:
    """Write the sample sheets of a folder, in the order of their epochs, as `animation.gif`.

    Args:
        folder: of `SampleSheets`.
        seconds: how long each sheet stands; the last stands three times as long.
    """
    sheets = [Image.open(path) for path in sorted(Path(folder).glob("epoch-*.png"))]
    times = [round(1000 * seconds)] * (len(sheets) - 1) + [round(3000 * seconds)]
    buffer = io.BytesIO()
    sheets[0].save(buffer, "GIF", save_all=True, append_images=sheets[1:], duration=times, loop=0)
    records.write_atomically(Path(folder) / "animation.gif", buffer.getvalue())
    for sheet in sheets:
        sheet.close()
