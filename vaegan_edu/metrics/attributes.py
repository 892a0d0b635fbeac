"""What a regressor reads off faces: how well, and how far moves in latent space change it."""

import keras
import numpy as np

from vaegan_edu.metrics.judges import read_attributes
from vaegan_edu.validation import check_codes, check_features


def attribute_response(
    model: keras.Model, regressor: keras.Model, z: np.ndarray, vectors: np.ndarray
) -> np.ndarray:
    """Return how far each attribute moves when codes move along each vector.

    A code goes one vector back and one vector on; half of the difference between what the regressor
    reads off the two images is the response, the mean over codes. A regressor that reads every
    image too high by the same amount thus changes nothing.

    If codes were linear in attributes and the regressor perfect, `latent.attribute_vectors` would
    give the correlations of the attributes, and with `together=True` the unit matrix.

    Args:
        model: with `decode`.
        regressor: as `load_regressor` returns it.
        z: codes (count, latent_dim) to start from.
        vectors: (vectors, latent_dim), one attribute deviation long each.

    Returns:
        (vectors, attributes), float64: the mean move of each attribute, in its deviations.

    Raises:
        ValueError: codes and vectors do not fit, or the model's images not the regressor.
    """
    z = check_codes(z)
    vectors = check_codes(vectors, "vectors", latent_dim=z.shape[1])

    def read(codes):
        return read_attributes(regressor, model.decode(codes))[0].astype("float64")

    return np.stack([(read(z + v) - read(z - v)).mean(axis=0) / 2 for v in vectors])


def asked_and_leaked(response: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how far asked attributes move, and how far the others do.

    Args:
        response: square, of `attribute_response`; row i asked for attribute i.

    Returns:
        `(asked, leaked)`, (attributes,) each: the diagonal, and the root mean square of the
        other entries of each row.

    Raises:
        ValueError: a response that is not square or has fewer than two rows.
    """
    response = check_features(response, "response", minimum=2)
    check_features(response, "response", width=len(response))
    asked = np.diag(response)
    others = (response**2).sum(axis=1) - asked**2
    return asked, np.sqrt(others / (len(response) - 1))


def attribute_similarity(asked: np.ndarray, read: np.ndarray) -> tuple[float, float]:
    """Compare the attributes asked of images with those that are read off them.

    Args:
        asked, read: (count, attributes), each less its mean, in its deviations.

    Returns:
        `(cosine, error)`: the cosine between the two vectors of an image and their mean squared
        difference an attribute, both means over images (Larsen et al. 2016, table 1).

    Raises:
        ValueError: shapes that differ, NaN, or a vector of zeros, which has no direction.
    """
    asked = check_features(asked, "asked")
    read = check_features(read, "read", width=asked.shape[1])
    lengths = np.linalg.norm(asked, axis=1) * np.linalg.norm(read, axis=1)
    if len(read) != len(asked) or not lengths.all():
        raise ValueError(
            f"`read` must have the shape of `asked`, {asked.shape}, and no row of zeros. "
            f"Received: {read.shape}"
        )
    cosine = (asked * read).sum(axis=1) / lengths
    return float(cosine.mean()), float(((asked - read) ** 2).mean())


def r_squared(truth: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Return the share of each column's variance that is found: `1 - mean square error / variance`.

    It is 1 where nothing is missed, 0 where the mean of the truth would do as well, and negative
    where it would do better.

    Args:
        truth, found: (count, columns).

    Returns:
        (columns,), float64.

    Raises:
        ValueError: shapes that differ, NaN, or a column of the truth that is everywhere the same.
    """
    truth = check_features(truth, "truth", minimum=2)
    found = check_features(found, "found", minimum=2, width=truth.shape[1])
    # A variance would not tell: that of equal numbers may be 1e-34, by rounding of their mean.
    varies = (truth != truth[0]).any(axis=0)
    if len(found) != len(truth) or not varies.all():
        raise ValueError(
            f"`found` must have the shape of `truth`, {truth.shape}, whose columns must vary. "
            f"Received: shape {found.shape}, {(~varies).sum()} columns everywhere the same"
        )
    return 1.0 - ((truth - found) ** 2).mean(axis=0) / truth.var(axis=0)
