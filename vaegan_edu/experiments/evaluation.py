"""What the evaluations of several tasks share."""

import numpy as np


def thin_out(images: np.ndarray, count: int) -> np.ndarray:
    """Return `count` images from evenly spaced places, or all where there are no more.

    The order of a data set may mean something: MNIST's first 5,000 test images are the cleaner ones
    (LeCun's page says so), and photographs come sorted by name.
    """
    return images[np.arange(min(count, len(images))) * len(images) // min(count, len(images))]


def sharpen(images: np.ndarray, factor: float) -> np.ndarray:
    """Raise the contrast of images in [-1, 1]: `tanh(factor * artanh(x))`.

    A decoder's tanh would give the same images, had the layer before it weights `factor` times as
    large.
    """
    inside = np.clip(images, -1 + 1e-6, 1 - 1e-6)
    return np.tanh(factor * np.arctanh(inside)).astype("float32")


def with_prefix(prefix: str, numbers: dict) -> dict:
    """Return the numbers with `<prefix>_` before each name."""
    return {f"{prefix}_{name}": value for name, value in numbers.items()}
