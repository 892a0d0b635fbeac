"""How much fine detail images have, whatever it shows."""

import numpy as np

from vaegan_edu.validation import check_images

FINE = 0.25  # cycles a pixel; the finest stripes that pixels can show have 0.5
CHUNK = 128  # images transformed at once: their complex numbers take four times the memory


def sharpness(images: np.ndarray) -> float:
    r"""Energy of images in high spatial frequencies, those above a quarter of a cycle a pixel.

    `sum of |F|^2` over the frequencies whose horizontal or vertical part is higher than `FINE`,
    where F is the unitary discrete Fourier transform of a channel; mean over images and channels.
    By Parseval's theorem it is what an image loses, in summed squares, when these frequencies are
    taken from it. Blur lowers it. Noise and torn edges raise it as details do, so it says how much
    there is, not how good.

    Args:
        images: (count, height, width, channels), in [-1, 1].

    Returns:
        A float; divide it by that of real images.

    Raises:
        ValueError: no such images.
    """
    images = check_images(images)
    down, across = (abs(np.fft.fftfreq(size)) for size in images.shape[1:3])
    fine = np.maximum(down[:, None], across) > FINE
    energy = 0.0
    for start in range(0, len(images), CHUNK):
        chunk = images[start : start + CHUNK]
        energy += (abs(np.fft.fft2(chunk, axes=(1, 2), norm="ortho")[:, fine]) ** 2).sum()
    return float(energy / (len(images) * images.shape[-1]))
