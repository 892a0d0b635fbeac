"""How varied a sample is within its classes, and how far it keeps from what was learned."""

import numpy as np

from vaegan_edu.metrics.distances import row_distances, squared_distances
from vaegan_edu.validation import check_features, check_labels


def within_class_distance(
    real: np.ndarray,
    real_classes: np.ndarray,
    generated: np.ndarray,
    generated_classes: np.ndarray,
) -> float | None:
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
    return distance_ratio(
        class_distances(real, check_labels(real_classes, len(real), "real_classes")),
        class_distances(
            generated, check_labels(generated_classes, len(generated), "generated_classes")
        ),
    )


def class_distances(points: np.ndarray, classes: np.ndarray) -> dict:
    """Return by class `(count, mean distance between two different points of the class)`.

    Args:
        points: (count, width).
        classes: (count,), whole numbers. A class of one point has no distance and is left out.
    """
    found = {}
    for label, count in zip(*np.unique(classes, return_counts=True), strict=True):
        if count > 1:
            of_class = points[classes == label].astype("float64", copy=False)
            found[int(label)] = int(count), _mean_distance(of_class)
    return found


def distance_ratio(real: dict, generated: dict) -> float | None:
    """Return `within_class_distance` of what `class_distances` returned of either side."""
    shared = [label for label in generated if real.get(label, (0, 0.0))[1] > 0.0]
    if not shared:
        return None
    ratios = [generated[label][1] / real[label][1] for label in shared]
    return float(np.average(ratios, weights=[generated[label][0] for label in shared]))


def nearest_distance(generated: np.ndarray, train: np.ndarray) -> np.ndarray:
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
    nearest = [squares.argmin(axis=1) for _, squares in squared_distances(generated, train)]
    return row_distances(generated, train, np.concatenate(nearest))


def _mean_distance(points):
    """Mean distance between two different rows of (count, width), count at least 2."""
    points = points - points[0]  # equal rows become zeros, whose distances are exact
    total = 0.0
    for rows, squares in squared_distances(points, points):
        i = np.arange(len(squares))
        squares[i, rows.start + i] = 0.0  # to itself: rounding aside
        total += np.sqrt(squares, out=squares).sum()
    return total / (len(points) * (len(points) - 1))
