"""Between the two forms of an image's pixels: 0 to 255 in files, -1 to 1 in networks."""

import numpy as np


def scale_pixels(images: np.ndarray) -> np.ndarray:
    """Return `images`, uint8 from 0 to 255, as float32 in [-1, 1]: x / 127.5 - 1.

    Raises:
        ValueError: the pixels are not uint8.
    """
    images = np.asarray(images)
    if images.dtype != np.uint8:
        raise ValueError(f"`images` must be uint8, 0 to 255. Received: dtype {images.dtype}")
    scaled = images.astype("float32")
    scaled /= 127.5  # in place: of a large data set there is one copy, not three
    scaled -= 1.0
    return scaled
