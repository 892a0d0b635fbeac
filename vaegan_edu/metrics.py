"""How good and how diverse: numbers for generated images, each to be read beside its floor.

The floor of a metric is its value for real images that were held out: what perfect samples would
reach. A number without its floor says little.
"""

import hashlib
from pathlib import Path

import numpy as np

from vaegan_edu import networks
from vaegan_edu.validation import (
    check_codes,
    check_count,
    check_features,
    check_images,
    check_number,
)

CONFIDENT = 0.9  # below this probability of its likeliest class, an image counts as unclear
ACTIVE_VARIANCE = 0.01  # Burda et al. 2016, section 5.2
HIGH_QUALITY = 3.0  # standard deviations from a mode's mean: Srivastava et al. 2017, section 5.1
CHUNK = 512  # rows of a distance matrix held in memory at once: 250 MB beside 60,000 columns
CLASSIFIERS = Path(__file__).parent / "weights"


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


def judge(classifier, generated, real, k=5):
    """Measure generated images against real ones, by a classifier's features and by their pixels.

    The two have different blind spots. A classifier never saw what is no digit, and may find
    features of one in grey noise. Pixels call a blur close to everything.

    Args:
        classifier: as `load_classifier` returns it.
        generated, real: images (count, height, width, channels); each more than `k`.
        k: neighbours that span the manifold.

    Returns:
        A dict of `low_confidence`, the share of generated images whose likeliest class has a
        probability below 0.9; of `manifold_overlap`'s four numbers in features; and of its
        `pixel_precision` and `pixel_recall`, with pixels in place of features.

    Raises:
        ValueError: images that `classify` refuses, or too few of them.
    """
    probabilities, generated_features = classify(classifier, generated)
    _, real_features = classify(classifier, real)
    pixels = (np.reshape(images, (len(images), -1)) for images in (real, generated))
    by_pixels = manifold_overlap(*pixels, k)
    return {
        "low_confidence": low_confidence_share(probabilities),
        **manifold_overlap(real_features, generated_features, k),
        "pixel_precision": by_pixels["precision"],
        "pixel_recall": by_pixels["recall"],
    }


def low_confidence_share(probabilities):
    """Return the share of rows (count, classes) whose largest probability is below 0.9.

    Raises:
        ValueError: wrong rank, NaN, no rows, or rows that are no probabilities (logits, say).
    """
    probabilities = check_features(probabilities, "probabilities")
    sums = probabilities.sum(axis=1)
    if probabilities.min() < 0.0 or abs(sums - 1.0).max() > 1e-3:
        raise ValueError(
            "`probabilities` must be at least 0 and sum to 1 in each row. Received: smallest "
            f"{probabilities.min():g}, sums from {sums.min():g} to {sums.max():g}"
        )
    return float((probabilities.max(axis=1) < CONFIDENT).mean())


def manifold_overlap(real, generated, k=5):
    """Precision, recall, density and coverage of generated features.

    Around every point lies a ball that reaches to its k-th nearest neighbour of its own set. The
    balls of the real points stand for the real manifold.

    - `precision`: share of generated points inside a real ball (Kynkäänniemi et al. 2019, eq. 1-2).
    - `recall`: share of real points inside a generated ball (same).
    - `density`: real balls around a generated point, on average, over k (Naeem et al. 2020, eq. 4).
    - `coverage`: share of real balls that hold a generated point (Naeem et al. 2020, eq. 5).

    Args:
        real, generated: features (count, width), each of more than `k` rows.
        k: which neighbour sets the radius.

    Returns:
        A dict of four floats.

    Raises:
        ValueError: wrong shapes, NaN, or too few rows.
    """
    k = check_count(k, "k")
    real = check_features(real, "real", minimum=k + 1)
    generated = check_features(generated, "generated", minimum=k + 1, width=real.shape[1])
    real_radius = _neighbour_distance(real, k)
    generated_radius = _neighbour_distance(generated, k)
    balls_around = np.zeros(len(generated), dtype=int)  # real balls that hold a generated point
    recalled, covered = [], []
    for start in range(0, len(real), CHUNK):
        distance = _squared_distances(real[start : start + CHUNK], generated)
        inside = distance <= real_radius[start : start + CHUNK, None]
        balls_around += inside.sum(axis=0)
        covered.append(inside.any(axis=1))
        recalled.append((distance <= generated_radius).any(axis=1))
    return {
        "precision": float((balls_around > 0).mean()),
        "recall": float(np.concatenate(recalled).mean()),
        "density": float(balls_around.mean() / k),
        "coverage": float(np.concatenate(covered).mean()),
    }


def modes_covered(points, modes, std, minimum=1):
    """Count the modes of a mixture that got at least `minimum` high-quality points.

    A point belongs to the nearest mode; it is of high quality within three standard deviations of
    it (Srivastava et al. 2017, section 5.1, with `minimum=1` and 2,500 points).

    Args:
        points: generated (count, width).
        modes: the means of the mixture's Gaussians (modes, width).
        std: their standard deviation, the same in every direction.
        minimum: 1 as published. One stray point then covers a mode; ask for more to exclude that.

    Returns:
        A whole number from 0 to the number of modes.

    Raises:
        ValueError: wrong shapes, NaN, no points, `std` not above 0, or `minimum` below 1.
    """
    nearest, good = _nearest_modes(points, modes, std)
    hits = np.bincount(nearest[good], minlength=len(modes))
    return int((hits >= check_count(minimum, "minimum")).sum())


def high_quality_share(points, modes, std):
    """Return the share of points within three standard deviations of a mode of a mixture.

    Its floor: of a Gaussian in the plane 0.989 lie there.

    Args, raises:
        as for `modes_covered`.
    """
    return float(_nearest_modes(points, modes, std)[1].mean())


def active_units(z_mean):
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


def mean_interval(values, confidence=0.95, samples=10_000):
    """Return the mean of runs and its bootstrap percentile interval: `(mean, low, high)`.

    Args:
        values: one number a run (seed), at least two.
        confidence: share of resampled means inside the interval.
        samples: how many resamples; the resampling is seeded.

    Raises:
        ValueError: fewer than two values, NaN, a confidence outside (0, 1), or no samples.
    """
    values = check_features(np.expand_dims(values, -1), "values", minimum=2, width=1)[:, 0]
    samples = check_count(samples, "samples")
    if not 0.0 < check_number(confidence, "confidence") < 1.0:
        raise ValueError(f"`confidence` must lie between 0 and 1. Received: {confidence!r}")
    resampled = np.random.default_rng(0).choice(values, (samples, len(values))).mean(axis=1)
    tail = 100 * (1 - confidence) / 2
    low, high = np.percentile(resampled, [tail, 100 - tail])
    return float(values.mean()), float(low), float(high)


def _classifier_weights(data):
    path = CLASSIFIERS / f"classifier-{data}" / "model.weights.h5"
    if not path.is_file():
        known = sorted(p.name.removeprefix("classifier-") for p in CLASSIFIERS.glob("classifier-*"))
        raise ValueError(f"There are classifiers for {', '.join(known)}. Received: {data!r}")
    return path


def _nearest_modes(points, modes, std):
    """Return for each point its nearest mode, and whether it is within three deviations of it."""
    modes = check_features(modes, "modes")
    points = check_features(points, "points", width=modes.shape[1])
    if check_number(std, "std") == 0.0:
        raise ValueError("`std` must be above 0. Received: 0")
    # Differences first: the product formula below loses the digits of small distances.
    squares = ((points[:, None, :] - modes) ** 2).sum(axis=-1)
    return squares.argmin(axis=1), squares.min(axis=1) <= (HIGH_QUALITY * std) ** 2


def _neighbour_distance(points, k):
    """Squared distance of each point to its k-th nearest neighbour, itself not counted."""
    return np.concatenate(
        [
            np.partition(_squared_distances(points[start : start + CHUNK], points), k, axis=1)[:, k]
            for start in range(0, len(points), CHUNK)
        ]
    )


def _squared_distances(a, b):
    """||a_i - b_j||^2, (len(a), len(b)); clipped at 0, below which rounding may take it."""
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2.0 * a @ b.T
    return np.maximum(squares, 0.0)
