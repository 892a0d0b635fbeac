"""Handwritten digits: scikit-learn's, which need no download, and MNIST."""

import os
from pathlib import Path
from typing import TypeAlias

import numpy as np

from vaegan_edu.datasets.digest import array_digest
from vaegan_edu.datasets.pixels import scale_pixels
from vaegan_edu.validation import check_count

# sha256 of each array's raw bytes (C order): canonical MNIST, as `keras.datasets.mnist` gives it.
MNIST_DIGESTS = {
    "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
    "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
    "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
}
DIGITS_TEST_COUNT = 360  # of scikit-learn's 1,797 digits: one in five

LabelledImages: TypeAlias = tuple[np.ndarray, np.ndarray]  # images and their labels


def load_digits(image_size: int = 28) -> tuple[LabelledImages, LabelledImages]:
    """Load scikit-learn's handwritten digits, scaled up from 8x8; nothing is downloaded.

    The pictures are those of Alpaydin & Kaynak (1998): 1,797 digits of 8x8 pixels with 17 grey
    levels. They are enlarged by cubic interpolation. The split into 1,437 training and 360 test
    images is fixed and keeps the share of each class.

    Args:
        image_size: height and width of the images, at least 8.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images (count, image_size, image_size, 1), float32
        in [-1, 1], black background at -1; labels (count,), int64 from 0 to 9.

    Raises:
        ValueError: `image_size` is no whole number of at least 8.
    """
    from scipy import ndimage
    from sklearn.datasets import load_digits as sklearn_digits
    from sklearn.model_selection import train_test_split

    image_size = check_count(image_size, "image_size", minimum=8)
    small, labels = sklearn_digits(return_X_y=True)
    small = small.reshape(-1, 8, 8) / 8.0 - 1.0
    zoom = image_size / 8
    # grid_mode treats pixels as areas, so the picture keeps its place at every size.
    large = ndimage.zoom(small, (1, zoom, zoom), order=3, mode="nearest", grid_mode=True)
    images = np.clip(large, -1.0, 1.0).astype("float32")[..., None]
    x_train, x_test, y_train, y_test = train_test_split(
        images, labels, test_size=DIGITS_TEST_COUNT, stratify=labels, random_state=0
    )
    return (x_train, y_train), (x_test, y_test)


def load_mnist() -> tuple[LabelledImages, LabelledImages]:
    """Load MNIST (LeCun et al. 1998): 60,000 training and 10,000 test digits of 28x28 pixels.

    The file `mnist.npz` in the folder that the environment variable `VAEGAN_EDU_DATA` names is
    taken; without that variable, Keras downloads the same arrays once and keeps them.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images (count, 28, 28, 1), float32 in [-1, 1];
        labels (count,), int64 from 0 to 9.

    Raises:
        FileNotFoundError: no such file, or no connection to download it.
        ValueError: the file is damaged: unreadable, or its checksum is another.
    """
    folder = os.environ.get("VAEGAN_EDU_DATA")
    arrays = _read_mnist(Path(folder) / "mnist.npz") if folder else _download_mnist()
    for name, digest in MNIST_DIGESTS.items():
        found = array_digest(arrays[name])
        if found != digest:
            raise ValueError(
                f"MNIST is damaged: array {name} has another checksum; delete the file and get it "
                f"anew. Received: sha256 {found[:12]}..., expected {digest[:12]}..."
            )

    return (
        (scale_pixels(arrays["x_train"])[..., None], arrays["y_train"].astype("int64")),
        (scale_pixels(arrays["x_test"])[..., None], arrays["y_test"].astype("int64")),
    )


def _read_mnist(path):
    if not path.is_file():
        raise FileNotFoundError(
            "MNIST was not found: VAEGAN_EDU_DATA must name a folder that holds mnist.npz; unset "
            f"it to download the data instead. Received: {path}"
        )
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in MNIST_DIGESTS}
    except Exception as error:  # a damaged zip fails in many ways; the reader needs only one line
        raise ValueError(
            f"MNIST is damaged: {path} cannot be read; delete it and get it anew. "
            f"Received: {type(error).__name__}: {error}"
        ) from error


def _download_mnist():
    import keras

    try:
        (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    except Exception as error:
        raise FileNotFoundError(
            "MNIST could not be downloaded; connect to the internet, or set VAEGAN_EDU_DATA to a "
            f"folder that holds mnist.npz. Received: {type(error).__name__}: {error}"
        ) from error
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
