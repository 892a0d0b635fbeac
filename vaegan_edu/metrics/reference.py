"""Generated images against real ones: each set is read by its judge once, then compared at will."""

from functools import cached_property

import keras
import numpy as np
from scipy.stats import wasserstein_distance

from vaegan_edu.metrics.classes import (
    class_histogram,
    classes_covered,
    histogram_divergence,
    low_confidence_share,
)
from vaegan_edu.metrics.diversity import class_distances, distance_ratio
from vaegan_edu.metrics.frechet import frechet_distance
from vaegan_edu.metrics.judges import classify, read_attributes
from vaegan_edu.metrics.manifold import Manifold, expected_coverage


class Reference:
    """A set of images as its judge and as plain pixels see it.

    What takes long, the judge's passes and the radii of both manifolds, is done once, however many
    other sets it is compared with.

    Args:
        readings: what the judge says of each image: class probabilities (count, classes), or
            attributes (count, attributes).
        features: of the judge (count, width).
        images: (count, height, width, channels), more than `k`. They are kept as they come.
        k: neighbours that span a manifold.

    Raises:
        ValueError: too few images, or NaN.
    """

    def __init__(
        self, readings: np.ndarray, features: np.ndarray, images: np.ndarray, k: int = 5
    ) -> None:
        self.readings = readings
        self.features = Manifold(features, k)
        self.pixels = Manifold(np.reshape(images, (len(images), -1)), k)

    @cached_property
    def class_distances(self) -> dict:
        """`metrics.class_distances` of the pixels, by the likeliest class of each image."""
        return class_distances(self.pixels.points, self.readings.argmax(axis=1))


def read_digits(classifier: keras.Model, images: np.ndarray, k: int = 5) -> Reference:
    """Return images as a classifier (of `load_classifier`) sees them."""
    return Reference(*classify(classifier, images), images, k)


def read_faces(regressor: keras.Model, images: np.ndarray, k: int = 5) -> Reference:
    """Return images as a regressor (of `load_regressor`) sees them."""
    return Reference(*read_attributes(regressor, images), images, k)


def measure_digits(
    classifier: keras.Model, generated: np.ndarray, real: np.ndarray, k: int = 5
) -> dict:
    """Measure generated images against real ones, by a classifier's features and by their pixels.

    The two have different blind spots. A classifier never saw what is no digit, and may find
    features of one in grey noise. Pixels call a blur close to everything.

    No number means much without its floor: what held-out real images get in the place of generated
    ones. Take as many of them, for Fréchet distance, coverage and divergence depend on the count.

    Memory stays below seven copies of the larger set of images as they come (float32), and four
    matrices of 512 x count float64 numbers; the time grows with the product of the counts.

    To compare one set with several others, read each by `read_digits` and use `compare_digits`.

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
    return compare_digits(read_digits(classifier, generated, k), read_digits(classifier, real, k))


def compare_digits(generated: Reference, real: Reference) -> dict:
    """Return what `measure_digits` does, for images that were read before."""
    counts = class_histogram(generated.readings)
    return {
        "low_confidence": low_confidence_share(generated.readings),
        "histogram_divergence": histogram_divergence(counts),
        "classes_covered": classes_covered(counts),
        **_compare(generated, real),
        "within_class_distance": distance_ratio(real.class_distances, generated.class_distances),
    }


def measure_faces(
    regressor: keras.Model, generated: np.ndarray, real: np.ndarray, k: int = 5
) -> dict:
    """Measure generated faces against real ones, by what a regressor sees and by their pixels.

    Args:
        regressor: as `load_regressor` returns it.
        generated, real, k: as for `measure_digits`; colour images of the regressor's size.

    Returns:
        A dict. `attribute_distance` is the distance between the distributions of an attribute as
        the regressor reads it off generated and off real faces, in the attribute's standard
        deviations, mean over attributes (Wasserstein's first, the area between the two cumulative
        distributions). The others are those of `measure_digits` that need no classes.

    Raises:
        ValueError: images that `read_attributes` refuses, or too few of them.
    """
    return compare_faces(read_faces(regressor, generated, k), read_faces(regressor, real, k))


def compare_faces(generated: Reference, real: Reference) -> dict:
    """Return what `measure_faces` does, for images that were read before."""
    distances = map(wasserstein_distance, generated.readings.T, real.readings.T)
    return {
        "attribute_distance": float(np.mean(list(distances))),
        **_compare(generated, real),
    }


def compare_features(generated: Reference, real: Reference) -> dict:
    """Return `frechet_distance` and the four numbers of `manifold_overlap`, of features alone."""
    return {
        "frechet_distance": frechet_distance(real.features.points, generated.features.points),
        **real.features.overlap(generated.features),
    }


def _compare(generated, real):
    """Return the numbers that need nothing but features and pixels."""
    by_features = compare_features(generated, real)
    by_pixels, nearest = real.pixels.overlap_and_nearest(generated.pixels)
    counts = len(real.features.points), len(generated.features.points)
    return {
        **by_features,
        "expected_coverage": expected_coverage(*counts, real.features.k),
        "pixel_precision": by_pixels["precision"],
        "pixel_recall": by_pixels["recall"],
        "nearest_distance": float(nearest.mean()),
    }
