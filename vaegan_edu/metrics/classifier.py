"""The classifiers that measure: one a data set, trained on it, with weights that are shipped."""

import hashlib
from pathlib import Path

import numpy as np

from vaegan_edu import networks
from vaegan_edu.validation import check_images

CLASSIFIERS = Path(__file__).parents[1] / "weights"


def load_classifier(data):
    """Return the classifier that measures a data set, "digits" or "mnist", with shipped weights.

    `make classifiers` trained it; the record of that run stands beside the weights.

    Returns:
        A Keras model from images (batch, 28, 28, 1) to `(logits, features)`.

    Raises:
        ValueError: there is no classifier for such data.
    """
    from vaegan_edu.models import Classifier

    classifier = Classifier(networks.build_classifier())
    classifier.load_weights(_classifier_weights(data))
    return classifier.network


def classifier_digest(data):
    """Return the sha256 of the shipped weights of the classifier that measures `data`."""
    return hashlib.sha256(_classifier_weights(data).read_bytes()).hexdigest()


def classify(classifier, images):
    """Return class probabilities (count, classes) and features (count, width) of images."""
    images = check_images(images, image_shape=classifier.input_shape[1:])
    logits, features = networks.apply(classifier, images)
    exp = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exp / exp.sum(axis=1, keepdims=True), features


def _classifier_weights(data):
    path = CLASSIFIERS / f"classifier-{data}" / "model.weights.h5"
    if not path.is_file():
        known = sorted(p.name.removeprefix("classifier-") for p in CLASSIFIERS.glob("classifier-*"))
        raise ValueError(f"There are classifiers for {', '.join(known)}. Received: {data!r}")
    return path
