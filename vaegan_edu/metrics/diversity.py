"""How varied a sample is within its classes, and how far it keeps from what was learned."""

import numpy as np

from vaegan_edu.metrics.distances import squared_distances
from vaegan_edu.validation import check_features, check_labels


def within_class_distance(real, real_classes, generated, generated_classes):
    """How varied generated images of one class are: 1 as much as real ones, 0 not at all.

    For each class the mean distance between two different generated images over the same for real
    ones; over classes, the mean of these ratios, each class as often as it was generated. A
    histogram sees classes that vanish; this number sees each class shrink to one image.

    Measure it in pixels: a classifier's features were trained to forget what differs within a
    class. Pixels have a blind spot of their own: blur and faint contrast lower the number, noise
    raises it.

    Args:
        real, generated: (count, width), an image or its features a row.
        real_classes, generated_classes: (count,), whole numbers.

    Returns:
        A float, or None if no class has two generated images and two real ones that differ.

    Raises:
        ValueError: wrong shapes, NaN, or classes that are no whole numbers.
    """
    real = check_features(real, "real")
    generated = check_features(generated, "generated", width=real.shape[1])
    real_classes = check_labels(real_classes, len(real), "real_classes")
    generated_classes = check_labels(generated_classes, len(generated), "generated_classes")
    ratios, counts = [], []
    for label in np.unique(generated_classes):
        of_class = generated[generated_classes == label]
        of_real = real[real_classes == label]
        if len(of_class) < 2 or len(of_real) < 2:
            continue
        if (real_distance := _mean_distance(of_real)) > 0.0:
            ratios.append(_mean_distance(of_class) / real_distance)
            counts.append(len(of_class))
    return float(np.average(ratios, weights=counts)) if counts else None


def nearest_distance(generated, train):
    """Return the distance of each generated image to the nearest training image.

    A model that learned its training images by heart comes closer to them than held-out real images
    do: their distances are the floor. Blur comes close too, without a copy: look at the smallest
    distances, and at the images, before calling it memory.

    Args:
        generated, train: (count, width), an image or its features a row.

    Returns:
        (count of generated,), Euclidean; exactly 0 for a copy.

    Raises:
        ValueError: wrong shapes or NaN.
    """
    train = check_features(train, "train", dtype=None)
    generated = check_features(generated, "generated", width=train.shape[1], dtype=None)
    nearest = np.empty(len(generated))
    for rows, squares in squared_distances(generated, train):
        # The chunk finds the neighbour; a difference keeps the digits of how near it is.
        difference = generated[rows].astype("float64") - train[squares.argmin(axis=1)]
        nearest[rows] = np.sqrt((difference**2).sum(axis=1))
    return nearest


def _mean_distance(points):
    """Mean distance between two different rows of (count, width), count at least 2."""
    points = points - points[0]  # equal rows become zeros, whose distances are exact
    total = 0.0
    for rows, squares in squared_distances(points, points):
        i = np.arange(len(squares))
        squares[i, rows.start + i] = 0.0  # to itself: rounding aside
        total += np.sqrt(squares, out=squares).sum()
    return total / (len(points) * (len(points) - 1))
