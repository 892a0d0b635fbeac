"""What the evaluations of several tasks share."""

from collections.abc import Callable
from functools import partial

import keras
import numpy as np

from vaegan_edu import datasets, latent

FITTED = 15_000  # training images, at most, to whose codes a mixture is fitted
ENCODED = 1000  # bytes of so many images at a time become numbers of single precision


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


def scaled(images: np.ndarray) -> np.ndarray:
    """Return images as numbers in [-1, 1], whether they are bytes or not."""
    return datasets.scale_pixels(images) if images.dtype == np.uint8 else images


def with_prefix(prefix: str, numbers: dict) -> dict:
    """Return the numbers with `<prefix>_` before each name."""
    return {f"{prefix}_{name}": value for name, value in numbers.items()}


def sample_kinds(
    model: keras.Model, x_train: np.ndarray, count: int, seed: int
) -> dict[str, Callable[[], np.ndarray]]:
    """Return what makes each kind of samples that is measured, by its name.

    `random` are decoded codes of the prior; `mixture`, of a model with an encoder, decoded codes of
    a mixture that is fitted to the codes of training images (`latent.draw_codes`). Of each there is
    a control, `sharpened_2` and `sharpened_4`, `mixture_sharpened_2` and `mixture_sharpened_4`: the
    same images with their contrast raised by `sharpen`. What it wins, no learning won.

    Args:
        model: with `decode` and `generate`, perhaps with `encode`.
        x_train: training images, float32 or uint8.
        count: of each kind.
        seed: of the codes.
    """
    drawn = {"": model.generate(count, seed=seed)}
    if hasattr(model, "encode"):
        images = thin_out(x_train, FITTED)
        parts = np.array_split(images, -(-len(images) // ENCODED))
        codes = np.concatenate([model.encode(scaled(part)) for part in parts])
        drawn["mixture_"] = model.decode(latent.draw_codes(codes, count, seed=seed))
    kinds: dict[str, Callable[[], np.ndarray]] = {}
    for name, samples in drawn.items():
        kinds[name.rstrip("_") or "random"] = partial(np.asarray, samples)
        for factor in (2, 4):
            kinds[f"{name}sharpened_{factor}"] = partial(sharpen, samples, factor)
    return kinds
