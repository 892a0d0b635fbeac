"""All numbers for generated images against real ones in one mapping."""

import numpy as np
from scipy.stats import wasserstein_distance

from vaegan_edu.metrics.classes import (
    class_histogram,
    classes_covered,
    histogram_divergence,
    low_confidence_share,
)
from vaegan_edu.metrics.classifier import classify
from vaegan_edu.metrics.diversity import nearest_distance, within_class_distance
from vaegan_edu.metrics.frechet import frechet_distance
from vaegan_edu.metrics.manifold import expected_coverage, manifold_overlap
from vaegan_edu.metrics.regressor import read_attributes


def judge(classifier, generated, real, k=5):
    """Measure generated images against real ones, by a classifier's features and by their pixels.

    The two have different blind spots. A classifier never saw what is no digit, and may find
    features of one in grey noise. Pixels call a blur close to everything.

    No number means much without its floor: what held-out real images get in the place of generated
    ones. Take as many of them, for Fréchet distance, coverage and divergence hang on the count.

    Memory stays below seven copies of the larger set of images as they come (float32), and four
    matrices of 512 x count float64 numbers; the time grows with the product of the counts.

    Args:
        classifier: as `load_classifier` returns it.
        generated, real: images (count, height, width, channels); each more than `k`. The real ones
            are those that were trained on.
        k: neighbours that span the manifold.

    Returns:
        A dict. Of the classifier's probabilities and likeliest classes:

        - `low_confidence`, the share of generated images whose likeliest class has a probability
          below 0.9;
        - `histogram_divergence` of the generated classes, and `classes_covered`.

        Of its features: `manifold_overlap`'s four numbers, `expected_coverage` for such counts, and
        `frechet_distance`. Of pixels, an image a row:

        - `pixel_precision` and `pixel_recall`, of `manifold_overlap`;
        - `within_class_distance`, by likeliest classes, which may be None;
        - `nearest_distance`, its mean over generated images.

    Raises:
        ValueError: images that `classify` refuses, or too few of them.
    """
    probabilities, generated_features = classify(classifier, generated)
    real_probabilities, real_features = classify(classifier, real)
    counts = class_histogram(probabilities)
    real_pixels, pixels = _pixels(real), _pixels(generated)
    return {
        "low_confidence": low_confidence_share(probabilities),
        "histogram_divergence": histogram_divergence(counts),
        "classes_covered": classes_covered(counts),
        **_overlap(real_features, generated_features, real_pixels, pixels, k),
        "within_class_distance": within_class_distance(
            real_pixels, real_probabilities.argmax(axis=1), pixels, probabilities.argmax(axis=1)
        ),
    }


def judge_faces(regressor, generated, real, k=5):
    """Measure generated faces against real ones, by what a regressor sees and by their pixels.

    Args:
        regressor: as `load_regressor` returns it.
        generated, real, k: as for `judge`; colour images of the regressor's size.

    Returns:
        A dict. `attribute_distance` is the distance between the distributions of an attribute as
        the regressor reads it off generated and off real faces, in the attribute's standard
        deviations, mean over attributes (Wasserstein's first, the area between the two cumulative
        distributions). The others are those of `judge` that need no classes.

    Raises:
        ValueError: images that `read_attributes` refuses, or too few of them.
    """
    attributes, features = read_attributes(regressor, generated)
    real_attributes, real_features = read_attributes(regressor, real)
    distances = map(wasserstein_distance, attributes.T, real_attributes.T)
    return {
        "attribute_distance": float(np.mean(list(distances))),
        **_overlap(real_features, features, _pixels(real), _pixels(generated), k),
    }


def _pixels(images):
    return np.reshape(images, (len(images), -1))


def _overlap(real_features, features, real_pixels, pixels, k):
    """Return the numbers that need nothing but features and pixels."""
    by_pixels = manifold_overlap(real_pixels, pixels, k)
    return {
        **manifold_overlap(real_features, features, k),
        "expected_coverage": expected_coverage(len(real_features), len(features), k),
        "frechet_distance": frechet_distance(real_features, features),
        "pixel_precision": by_pixels["precision"],
        "pixel_recall": by_pixels["recall"],
        "nearest_distance": float(nearest_distance(pixels, real_pixels).mean()),
    }
