"""Batches whose order follows from seed and epoch alone."""

import math

import keras
import numpy as np

from vaegan_edu.datasets import scale_pixels


class Batches(keras.utils.PyDataset):
    """Examples in their own order, scaled a batch at a time: what validation reads.

    Args:
        images: (count, height, width, channels), float32 in [-1, 1]; or uint8 from 0 to 255, of
            which each batch is scaled to that when it is asked for.
        labels: (count, ...), or `None`; models that learn from images alone leave them unread.
        batch_size: the last batch may be smaller.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray | None, batch_size: int):
        super().__init__()
        self.arrays = (images,) if labels is None else (images, labels)
        self.batch_size = batch_size
        self.order = np.arange(len(images))

    def __len__(self):
        return math.ceil(len(self.order) / self.batch_size)

    def __getitem__(self, index):
        chosen = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        images, *labels = (array[chosen] for array in self.arrays)
        return (scale_pixels(images) if images.dtype == np.uint8 else images), *labels


class EpochBatches(Batches):
    """Shuffle examples anew for each epoch by `default_rng([seed, epoch])`.

    A run that starts again at epoch n sees the order that it would have seen, which `shuffle=True`
    of `fit` does not give: on TensorFlow it repeats one permutation.

    Example:
        >>> batches = EpochBatches(x_train, y_train, batch_size=64, seed=0)
        >>> model.fit(batches, epochs=9, shuffle=False, callbacks=[batches.follow()])

    Args:
        images, labels, batch_size: as for `Batches`.
        seed, epoch: of the order; epochs count from 1, as in `history.csv`.

    Where a single example would be left over for the last batch, it waits for another epoch:
    BatchNorm cannot learn from one.
    """

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray | None,
        batch_size: int,
        seed: int,
        epoch: int = 1,
    ):
        super().__init__(images, labels, batch_size)
        self.seed = seed
        self.start(epoch)

    def start(self, epoch: int) -> None:
        """Take the order of `epoch`."""
        self.epoch = epoch
        count = len(self.arrays[0])
        self.order = np.random.default_rng([self.seed, epoch]).permutation(count)

    def __len__(self):
        batches, left = divmod(len(self.order), self.batch_size)
        return max(batches + (left > 1), 1)

    def follow(self) -> keras.callbacks.Callback:
        """Return the callback that starts each epoch of `fit` in its order.

        `on_epoch_end` would miscount: Keras calls it once before the first epoch, too.
        """
        return keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, _: self.start(epoch + 1))
