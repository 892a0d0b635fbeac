"""How many of its latent dimensions an encoder uses."""

from numpy.typing import ArrayLike

from vaegan_edu.validation import check_codes

ACTIVE_VARIANCE = 0.01  # Burda et al. 2016, section 5.2


def active_units(z_mean: ArrayLike) -> int:
    """Count the latent dimensions that carry something about the image.

    Dimension j is active if the variance of `z_mean[:, j]` over images is above 0.01 (Burda et al.
    2016, section 5.2). A collapsed dimension has the same mean whatever the image is.

    Args:
        z_mean: (count, latent_dim), of at least two images.

    Returns:
        A whole number from 0 to latent_dim.

    Raises:
        ValueError: wrong rank, NaN, or fewer than two rows.
    """
    z_mean = check_codes(z_mean, "z_mean")
    if len(z_mean) < 2:
        raise ValueError("`z_mean` must come from at least 2 images. Received: 1")
    return int((z_mean.var(axis=0) > ACTIVE_VARIANCE).sum())
