"""Rounded weights: files in Keras' layout whose numbers have 16 or 8 bits in place of 32."""

import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import h5py
import keras
import numpy as np

SCALE = "scale"  # attribute of an array of 8 bits: what its whole numbers are multiplied by
MOST = 127  # the largest of them


def write_rounded(source: str | Path, target: str | Path, bits: int = 16) -> None:
    """Copy a file of weights, its numbers of single precision rounded.

    With 8 bits a kernel is `scale` times whole numbers from -127 to 127, with a scale for each of
    its output channels, the last axis. What has one axis, biases and statistics, has 16 bits.

    Args:
        source: a file as `save_weights` of Keras writes it.
        target: the file to write.
        bits: 16 or 8.

    Raises:
        RuntimeWarning: a number too large for half precision.
    """

    def rounded(values, _):
        if values.dtype != np.float32:
            return values, None
        if bits == 8 and values.ndim > 1:
            largest = np.abs(values).max(axis=tuple(range(values.ndim - 1)))
            scale = np.where(largest > 0.0, largest / MOST, 1.0).astype("float32")
            return np.rint(values / scale).astype("int8"), scale
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            return values.astype("float16"), None

    _rewrite(source, target, rounded)


def load_weights(model: keras.Model, path: str | Path) -> None:
    """Load a file of weights, rounded or not; raises what Keras' `load_weights` raises."""
    scales = []
    with h5py.File(path) as file:
        file.visititems(lambda name, item: scales.append(SCALE in item.attrs))
    if not any(scales):
        return model.load_weights(path)
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder, Path(path).name)
        _rewrite(path, whole, lambda values, s: (values if s is None else values * s, None))
        return model.load_weights(whole)


def _rewrite(source: str | Path, target: str | Path, change: Callable) -> None:
    """Copy a file, each array and its scale (or `None`) as `change` returns them."""
    with h5py.File(source) as old, h5py.File(target, "w") as new:

        def copy(name, item):
            attributes = dict(item.attrs)
            if isinstance(item, h5py.Group):
                new.require_group(name).attrs.update(attributes)
                return
            values, scale = change(item[()], attributes.pop(SCALE, None))
            zipped = {"compression": "gzip"} if values.ndim else {}
            made = new.create_dataset(name, data=values, **zipped)
            made.attrs.update(attributes if scale is None else {**attributes, SCALE: scale})

        new.attrs.update(old.attrs)
        old.visititems(copy)
