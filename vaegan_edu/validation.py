"""Checks of what comes in, shared by the public functions: one clear line, or the array itself."""

from collections.abc import Collection
from typing import Any

import numpy as np


def shown(value: Any) -> str:
    """Return a value as one line of an error shows it: the `repr` of an array has many lines."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else f"{text[:77]}..."


def check_count(count: Any, name: str = "count", minimum: int = 1) -> int:
    """Return `count` as an int; `ValueError` unless it is a whole number >= `minimum`."""
    if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < minimum:
        raise ValueError(
            f"`{name}` must be a whole number of at least {minimum}. Received: {shown(count)}"
        )
    return int(count)


def check_number(
    value: Any,
    name: str,
    minimum: float = 0.0,
    maximum: float | None = None,
    *,
    above: float | None = None,
    below: float | None = None,
) -> float:
    """Return `value` as a float; `ValueError` unless it is finite and within the bounds.

    `minimum` and `maximum` belong to the range, `above` and `below` do not. `above` takes the place
    of `minimum`.
    """
    real = isinstance(value, (int, float, np.integer, np.floating))
    if isinstance(value, bool) or not real:
        raise ValueError(f"`{name}` must be a number. Received: {shown(value)}")
    try:
        value = float(value)
    except OverflowError:  # a whole number beyond all floats
        value = np.inf
    bound = f"at least {minimum:g}" if above is None else f"above {above:g}"
    if not np.isfinite(value) or (value < minimum if above is None else value <= above):
        raise ValueError(f"`{name}` must be finite and {bound}. Received: {value!r}")
    if maximum is not None and value > maximum:
        raise ValueError(f"`{name}` must be at most {maximum:g}. Received: {value!r}")
    if below is not None and value >= below:
        raise ValueError(f"`{name}` must be below {below:g}. Received: {value!r}")
    return value


def check_choice(value: Any, name: str, choices: Collection) -> Any:
    """Return `value`; `ValueError` unless it is one of `choices`, which are strings or `None`."""
    if not (value is None or isinstance(value, str)) or value not in choices:
        raise ValueError(
            f"`{name}` must be one of {', '.join(map(str, choices))}. Received: {shown(value)}"
        )
    return value


def check_images(
    images: Any, name: str = "images", image_shape: tuple[int, ...] | None = None
) -> np.ndarray:
    """Return `images` as a float32 array of shape (batch, height, width, channels) in [-1, 1].

    `image_shape`, when given, is the (height, width, channels) that the caller expects.
    Raises `ValueError` for a wrong rank or shape, no images, NaN, or values outside [-1, 1].
    """
    images = _numeric(images, name)
    if images.ndim != 4:
        raise ValueError(
            f"`{name}` must have shape (batch, height, width, channels). Received: {images.shape}"
        )
    if image_shape is not None and images.shape[1:] != tuple(image_shape):
        raise ValueError(
            f"`{name}` must have shape (batch, {', '.join(map(str, image_shape))}). "
            f"Received: {images.shape}"
        )
    if images.size == 0:
        raise ValueError(f"`{name}` must hold at least one image. Received: shape {images.shape}")
    images = images.astype("float32", copy=False)
    low, high = images.min(), images.max()  # NaN if any value is NaN
    if not (low >= -1.0 and high <= 1.0):
        raise ValueError(
            f"`{name}` must lie in [-1, 1] without NaN; scale 0-255 by `images / 127.5 - 1`. "
            f"Received: values from {low:g} to {high:g}"
        )
    return images


def check_codes(codes: Any, name: str = "z", latent_dim: int | None = None) -> np.ndarray:
    """Return `codes` as a float32 array of shape (batch, latent_dim).

    Raises `ValueError` for a wrong rank or width, no rows, NaN or infinity.
    """
    return _check_rows(codes, name, latent_dim, "latent_dim")


def check_points(points: Any, name: str = "points", width: int | None = None) -> np.ndarray:
    """Return `points` as a float32 array of shape (batch, width); `ValueError` as `check_codes`."""
    return _check_rows(points, name, width, "width")


def _check_rows(rows, name, width, width_name):
    rows = _numeric(rows, name)
    if rows.ndim != 2 or rows.size == 0 or (width and rows.shape[1] != width):
        raise ValueError(
            f"`{name}` must have shape (batch, {width or width_name}) with at least one row. "
            f"Received: {rows.shape}"
        )
    rows = rows.astype("float32", copy=False)
    if not np.isfinite(rows).all():
        raise ValueError(f"`{name}` must be finite. Received: NaN or infinity")
    return rows


def check_labels(labels: Any, count: int, name: str = "labels") -> np.ndarray:
    """Return `labels` as an integer array of shape (count,); `ValueError` otherwise."""
    labels = np.asarray(labels)
    if labels.shape != (count,) or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(
            f"`{name}` must be {count} whole numbers, one an image. "
            f"Received: shape {labels.shape}, dtype {labels.dtype}"
        )
    return labels


def check_features(
    features: Any,
    name: str,
    minimum: int = 1,
    width: int | None = None,
    dtype: str | None = "float64",
) -> np.ndarray:
    """Return `features` (count, features) with at least `minimum` finite rows.

    They become `dtype`; `None` leaves them as they are.
    """
    features = _numeric(features, name)
    if (
        features.ndim != 2
        or features.size == 0
        or len(features) < minimum
        or (width and features.shape[1] != width)
    ):
        raise ValueError(
            f"`{name}` must have shape (count, {width or 'features'}) with count >= {minimum}. "
            f"Received: {features.shape}"
        )
    if not np.isfinite(features).all():
        raise ValueError(f"`{name}` must be finite. Received: NaN or infinity")
    return features if dtype is None else features.astype(dtype, copy=False)


def _numeric(values, name):
    values = np.asarray(values)
    if not (np.issubdtype(values.dtype, np.floating) or np.issubdtype(values.dtype, np.integer)):
        raise ValueError(f"`{name}` must be an array of numbers. Received: dtype {values.dtype}")
    return values
