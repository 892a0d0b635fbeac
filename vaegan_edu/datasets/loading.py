"""Any data set by one word, and all in one form."""

import inspect
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from vaegan_edu.datasets.digits import load_digits, load_mnist
from vaegan_edu.datasets.faces import load_rendered_faces
from vaegan_edu.datasets.photographs import (
    load_congress_faces,
    load_image_folder,
    load_lfw_faces,
    load_us_adult_faces,
)
from vaegan_edu.toys import load_ring


def _rendered_faces(image_size=64, train_count=8500):
    return load_rendered_faces(train_count, image_size=image_size, dtype="uint8")


def _unlabelled(loader):
    """A loader of photographs in the form of the others."""

    def load_pictures(image_size=64):
        x_train, x_test = loader(image_size=image_size, dtype="uint8")
        return (x_train, None), (x_test, None)

    return load_pictures


# From `image_size`, and of rendered faces `train_count`, where they can be chosen.
LOADERS = {
    "digits": load_digits,
    "mnist": load_mnist,
    "rendered-faces": _rendered_faces,
    "congress": _unlabelled(load_congress_faces),
    "us-adult-faces": _unlabelled(load_us_adult_faces),
    "lfw": _unlabelled(load_lfw_faces),
    "ring": load_ring,
}

FACES = ("rendered-faces", "congress", "us-adult-faces", "lfw")


def find_loader(name: str | Path) -> Callable[..., Any]:
    """Return the loader of a data set's name, or of the pictures at a path.

    Raises:
        ValueError: neither a name nor a path.
        FileNotFoundError: a path where nothing is.
    """
    if name in LOADERS:
        return LOADERS[name]
    if not Path(name).exists():
        if len(Path(name).parts) > 1 or Path(name).suffix:
            raise FileNotFoundError(f"The folder or zip of pictures is missing: {name}")
        raise ValueError(
            f"Data must be one of {', '.join(LOADERS)}, or the path of a folder or zip of pictures "
            f"that exists. Received: {str(name)!r}"
        )
    return _unlabelled(partial(load_image_folder, name))


def load(
    name: str | Path, image_size: int | None = None, train_count: int | None = None
) -> tuple[tuple[np.ndarray, Any], tuple[np.ndarray, Any]]:
    """Load a data set by the word that the command line uses.

    Args:
        name: "digits", "mnist", "rendered-faces", "congress", "us-adult-faces" (what
            `load_us_adult_faces` finds), "lfw", "ring" (`toys.load_ring`), or the path of a folder
            or zip of pictures.
        image_size: height and width; each set has its own by default, pictures have 64.
        train_count: how many faces to render for training, 8,500 by default.

    Returns:
        `(x_train, y_train), (x_test, y_test)`. Images are (count, height, width, channels): digits
        grey, float32 in [-1, 1]; all else RGB, uint8 from 0 to 255, which
        `experiments.batches.Batches` scales batch by batch. Labels are classes (count,) of digits,
        attributes (count, 25) of rendered faces, and `None` of photographs.

    Raises:
        ValueError: neither a name nor a path, a size or count that the set cannot have, or what
            its loader refuses.
        FileNotFoundError: the data is not there.
    """
    loader = find_loader(name)
    settings = {"image_size": image_size, "train_count": train_count}
    settings = {key: value for key, value in settings.items() if value is not None}
    possible = inspect.signature(loader).parameters
    for key, value in settings.items():
        if key not in possible:
            raise ValueError(f"The {key} of {name} cannot be chosen. Received: {value!r}")
    return loader(**settings)
