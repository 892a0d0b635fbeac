"""The judges: networks that were trained once, and now measure what other networks make.

There is a classifier for each set of digits, and a regressor for each size of faces. `make
classifiers` trains them; their weights are shipped, each beside the record of its run.
"""

from pathlib import Path

import keras
import numpy as np

from vaegan_edu import datasets, networks, records
from vaegan_edu.models.judging import Classifier, Regressor
from vaegan_edu.validation import check_images

JUDGES = Path(__file__).parents[1] / "weights"


def build_classifier(image_shape: tuple = (28, 28, 1)) -> Classifier:
    """Return an untrained classifier of ten digits in images of shape (height, width, channels)."""
    return Classifier(networks.build_classifier(image_shape))


def build_regressor(image_size: int = 64) -> Regressor:
    """Return an untrained regressor of the 25 attributes of faces, 32 or 64 pixels wide."""
    network = networks.build_regressor(image_size, len(datasets.FACE_ATTRIBUTES))
    return Regressor(network, *datasets.face_attribute_moments())


def load_classifier(data: str) -> keras.Model:
    """Return the classifier that measures the digits of a data set, "digits" or "mnist".

    Returns:
        A Keras model from images (batch, 28, 28, 1) to `(logits, features)`, (batch, 10) and
        (batch, 64).

    Raises:
        ValueError: there is no classifier for such data.
    """
    weights = _weights_of_classifier(data)  # a wrong name is refused before anything is built
    return _load(build_classifier(), weights)


def load_regressor(image_size: int = 64) -> keras.Model:
    """Return the regressor that measures faces of 32 or 64 pixels.

    The record beside its weights has the R² of each attribute on faces held out. A picture of
    another size has to be scaled by the caller.

    Returns:
        A Keras model from images (batch, image_size, image_size, 3) to `(attributes, features)`:
        attributes (batch, 25) in the order of `datasets.FACE_ATTRIBUTES`, less their mean, in their
        standard deviations (`datasets.face_attribute_moments`), and features (batch, 64).

    Raises:
        ValueError: there is no regressor for such images.
    """
    weights = _weights_of_regressor(image_size)
    return _load(build_regressor(image_size), weights)


def classifier_digest(data: str) -> str:
    """Return the sha256 of the shipped weights of the classifier for `data`."""
    return records.file_digest(_weights_of_classifier(data))


def regressor_digest(image_size: int = 64) -> str:
    """Return the sha256 of the shipped weights of the regressor for faces of that size."""
    return records.file_digest(_weights_of_regressor(image_size))


def classify(classifier: keras.Model, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return class probabilities (count, classes) and features (count, width) of images."""
    images = check_images(images, image_shape=classifier.input_shape[1:])
    logits, features = networks.apply(classifier, images)
    exp = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exp / exp.sum(axis=1, keepdims=True), features


def read_attributes(regressor: keras.Model, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return attributes (count, 25), in standard deviations, and features (count, 64) of images."""
    images = check_images(images, image_shape=regressor.input_shape[1:])
    attributes, features = networks.apply(regressor, images)
    return attributes, features


def _weights_of_classifier(data):
    return _weights("classifier", data, "There are classifiers for {}")


def _weights_of_regressor(image_size):
    return _weights("regressor-faces", image_size, "There are regressors for faces of {} pixels")


def _weights(kind, name, known):
    """Return the path of a judge's weights; `ValueError` with the known names if there is none."""
    path = JUDGES / f"{kind}-{name}" / "model.weights.h5"
    if not path.is_file():
        names = sorted(p.name.removeprefix(f"{kind}-") for p in JUDGES.glob(f"{kind}-*"))
        raise ValueError(f"{known.format(' and '.join(names))}. Received: {name!r}")
    return path


def _load(judge, weights):
    judge.load_weights(weights)
    return judge.network
