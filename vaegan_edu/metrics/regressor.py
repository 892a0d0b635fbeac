"""The regressors that judge faces: one an image size, trained on rendered faces, and shipped."""

import hashlib

from vaegan_edu import datasets, networks
from vaegan_edu.metrics.classifier import CLASSIFIERS
from vaegan_edu.validation import check_features, check_images


def load_regressor(image_size=64):
    """Return the regressor that judges faces of 32 or 64 pixels, with shipped weights.

    `make classifiers` trained it; the record of that run, with the R² of each attribute on faces
    held out, stands beside the weights. A picture of another size has to be scaled by the caller.

    Returns:
        A Keras model from images (batch, image_size, image_size, 3) to `(attributes, features)`:
        attributes (batch, 25) in the order of `datasets.FACE_ATTRIBUTES`, less their mean, in their
        standard deviations (`datasets.face_attribute_moments`), and features (batch, 64).

    Raises:
        ValueError: there is no regressor for such images.
    """
    from vaegan_edu.models import Regressor

    weights = _regressor_weights(image_size)
    regressor = Regressor(
        networks.build_regressor(image_size, len(datasets.FACE_ATTRIBUTES)),
        *datasets.face_attribute_moments(),
    )
    regressor.load_weights(weights)
    return regressor.network


def regressor_digest(image_size=64):
    """Return the sha256 of the shipped weights of the regressor that judges such faces."""
    return hashlib.sha256(_regressor_weights(image_size).read_bytes()).hexdigest()


def read_attributes(regressor, images):
    """Return attributes (count, 25), in standard deviations, and features (count, 64) of images."""
    images = check_images(images, image_shape=regressor.input_shape[1:])
    return networks.apply(regressor, images)


def r_squared(truth, found):
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
    variance = truth.var(axis=0)
    if len(found) != len(truth) or not variance.all():
        raise ValueError(
            f"`found` must have the shape of `truth`, {truth.shape}, whose columns must vary. "
            f"Received: shape {found.shape}, least variance {variance.min():g}"
        )
    return 1.0 - ((truth - found) ** 2).mean(axis=0) / variance


def _regressor_weights(image_size):
    path = CLASSIFIERS / f"regressor-faces-{image_size}" / "model.weights.h5"
    if not path.is_file():
        prefix = "regressor-faces-"
        known = sorted(p.name.removeprefix(prefix) for p in CLASSIFIERS.glob(f"{prefix}*"))
        raise ValueError(
            f"There are regressors for faces of {' and '.join(known)} pixels. "
            f"Received: {image_size!r}"
        )
    return path
