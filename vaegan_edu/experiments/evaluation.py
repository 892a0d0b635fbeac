"""What a finished run is measured by, on held-out images."""

import numpy as np

from vaegan_edu import datasets, losses, metrics, networks, toys

JUDGED = 5000  # at most so many images are judged, against at most so many: the cost is quadratic
WATCHED = 1000  # at most so many after each epoch
RING_POINTS = 2500  # as Srivastava et al. 2017 draw


def evaluate_latent_model(model, data, arguments):
    """Measure an autoencoder or VAE: reconstruction, and what its decoder makes of other codes.

    Returns:
        A dict from `<kind>_<metric>` (see `judge_decoder`) to numbers, and `_reconstruction`.
    """
    _, judged = judge_decoder(model, data, arguments["data"], arguments["seed"])
    return {
        **_reconstruction(model, data),
        "classifier": metrics.classifier_digest(arguments["data"]),
        **_flat(judged),
    }


def evaluate_samples(model, data, arguments):
    """Measure what a model generates, and what it reconstructs if it can.

    Returns:
        A dict from `<kind>_<metric>` (see `metrics.judge`) to numbers, and `_reconstruction`. The
        kinds are `real`, the test images, which set the floor; `random`, decoded standard normal
        codes; and `sharpened_2` and `sharpened_4`, the same images with their contrast raised by
        `sharpen`: the control. What it wins, no learning won.

        `judge` compares with training images. `<kind>_held_out_<metric>` are its Fréchet distance
        and manifolds against the test images, which no training saw; training images then are
        `real`.
    """
    (x_train, _), (x_test, _) = data
    x_train, x_test = thin_out(x_train, JUDGED), thin_out(x_test, JUDGED)
    generated = model.generate(len(x_test), seed=arguments["seed"])
    images = {
        "real": x_test,
        "random": generated,
        **{f"sharpened_{factor}": sharpen(generated, factor) for factor in (2, 4)},
    }
    classifier = metrics.load_classifier(arguments["data"])
    judged = {kind: metrics.judge(classifier, x, x_train) for kind, x in images.items()}
    for kind, x in {**images, "real": thin_out(x_train, len(x_test))}.items():
        judged[kind] |= _judge_by_features(classifier, x, x_test, "held_out_")
    return {
        **(_reconstruction(model, data) if hasattr(model, "encode") else {}),
        "classifier": metrics.classifier_digest(arguments["data"]),
        **_flat(judged),
    }


def thin_out(images, count):
    """Return `count` images from evenly spaced places, or all where there are no more.

    The order of a data set may mean something: MNIST's first 5,000 test images are the cleaner ones
    (LeCun's page says so).
    """
    return images[np.arange(min(count, len(images))) * len(images) // min(count, len(images))]


def _judge_by_features(classifier, images, real, prefix):
    """Return Fréchet distance and manifolds of images against real ones, each name prefixed."""
    (_, features), (_, real_features) = (metrics.classify(classifier, x) for x in (images, real))
    found = {
        "frechet_distance": metrics.frechet_distance(real_features, features),
        **metrics.manifold_overlap(real_features, features),
    }
    return {f"{prefix}{name}": value for name, value in found.items()}


def _reconstruction(model, data):
    """Return the mean `reconstruction_loss` of test images and the number of `active_units`."""
    _, (x_test, _) = data
    codes = model.encode(x_test)
    loss = losses.gaussian_reconstruction(x_test, model.decode(codes))
    return {
        "reconstruction_loss": float(np.mean(loss)),
        "active_units": metrics.active_units(codes),
    }


def sharpen(images, factor):
    """Raise the contrast of images in [-1, 1]: `tanh(factor * artanh(x))`.

    A decoder's tanh would give the same images, had the layer before it weights `factor` times as
    large.
    """
    inside = np.clip(images, -1 + 1e-6, 1 - 1e-6)
    return np.tanh(factor * np.arctanh(inside)).astype("float32")


def watch_samples(data, arguments):
    """Return a function that measures what a model generates, quickly enough for every epoch.

    It generates as many images as there are test images, `WATCHED` at most, from the same codes
    each time, and returns `sample_frechet_distance`, `sample_coverage` and `sample_low_confidence`
    against as many test images, and `sample_class_<n>`, the share of each class. Of a game it also
    returns `d_train` and `d_test`, the means of D over training and over test images, as many of
    each and both in evaluation mode: what lies between them was learned by heart.
    """
    (x_train, _), (x_test, _) = data
    x_test = thin_out(x_test, WATCHED)
    shown = {"d_train": thin_out(x_train, len(x_test)), "d_test": x_test}
    classifier = metrics.load_classifier(arguments["data"])
    _, real = metrics.classify(classifier, x_test)

    def watch(model):
        images = model.generate(len(x_test), seed=arguments["seed"])
        probabilities, features = metrics.classify(classifier, images)
        counts = metrics.class_histogram(probabilities)
        discriminator = getattr(model, "discriminator", None)
        return {
            **({name: _mean_d(discriminator, x) for name, x in shown.items()}
               if discriminator else {}),
            "sample_frechet_distance": metrics.frechet_distance(real, features),
            "sample_coverage": metrics.manifold_overlap(real, features)["coverage"],
            "sample_low_confidence": metrics.low_confidence_share(probabilities),
            **{f"sample_class_{n}": share for n, share in enumerate(counts / counts.sum())},
        }

    return watch


def _mean_d(discriminator, images):
    logits, _ = networks.apply(discriminator, images)
    return float(np.mean(1 / (1 + np.exp(-logits))))


def measure_modes(model, data, arguments):
    """Return how many modes of the ring a model's points cover, and how well they hit them.

    `modes_covered` counts as Srivastava et al. 2017; `modes_covered_strictly` asks for a tenth of a
    mode's equal share of the points.
    """
    ring = toys.wide_ring()
    points = model.generate(RING_POINTS, seed=arguments["seed"])
    known = points, ring.modes, ring.std
    return {
        "modes_covered": metrics.modes_covered(*known),
        "modes_covered_strictly": metrics.modes_covered(
            *known, minimum=RING_POINTS // (10 * len(ring.modes))
        ),
        "high_quality_share": metrics.high_quality_share(*known),
    }


def watch_modes(data, arguments):
    """Return a function that gives a model's `measure_modes` after each epoch."""
    return lambda model: measure_modes(model, data, arguments)


def _flat(judged):
    return {
        f"{kind}_{name}": value
        for kind, numbers in judged.items()
        for name, value in numbers.items()
    }


def judge_decoder(model, data, data_name, seed):
    """Decode codes that belong to no image, and judge what comes out (claim C0).

    Every kind of image is judged by the same classifier against the same training images, as many
    of them as there are test images:

    - `real`: the test images, which set the floor;
    - `random`: decoded standard normal codes;
    - `fitted`: decoded draws from a Gaussian fitted to the codes of training images;
    - `between`: decoded midpoints of the codes of two test images of different classes;
    - `mean_image`: the midpoint of the same two images, pixel by pixel: the control.

    Args:
        model: with `encode`, `decode` and `generate`.
        data: `(x_train, y_train), (x_test, y_test)`.
        data_name: which classifier judges, "digits" or "mnist".
        seed: of the draws.

    Returns:
        `(images, numbers)`: mappings from kind to images and to what `metrics.judge` returns.
    """
    (x_train, _), (x_test, y_test) = data
    x_train, x_test, y_test = (thin_out(a, JUDGED) for a in (x_train, x_test, y_test))
    rng = np.random.default_rng(seed)
    train_codes, codes = model.encode(x_train), model.encode(x_test)
    first, second = different_classes(y_test, rng)
    covariance = np.atleast_2d(np.cov(train_codes, rowvar=False))  # latent_dim 1 gives a scalar
    fitted = rng.multivariate_normal(train_codes.mean(axis=0), covariance, size=len(x_test))
    images = {
        "real": x_test,
        "random": model.generate(len(x_test), seed=seed),
        "fitted": model.decode(fitted),
        "between": model.decode((codes[first] + codes[second]) / 2),
        "mean_image": (x_test[first] + x_test[second]) / 2,
    }
    classifier = metrics.load_classifier(data_name)
    return images, {kind: metrics.judge(classifier, x, x_train) for kind, x in images.items()}


def different_classes(labels, rng):
    """Return two index arrays (count,) that pair every image with one of another class."""
    first = np.arange(len(labels))
    second = np.array([rng.choice(np.flatnonzero(labels != label)) for label in labels])
    return first, second


def evaluate_classifier(model, data, arguments):
    """Return the share of test images that the classifier names right."""
    _, (x_test, y_test) = data
    return {"accuracy": float((networks.apply(model, x_test).argmax(axis=1) == y_test).mean())}


def evaluate_regressor(model, data, arguments):
    """Return `r2_<attribute>` on test faces, its mean over attributes, and that on training faces.

    Were training faces read much better than test faces, more of them would help.
    """
    (x_train, y_train), (x_test, y_test) = data
    r2 = _r_squared(model, x_test, y_test)
    return {
        **{f"r2_{name}": float(v) for name, v in zip(datasets.FACE_ATTRIBUTES, r2, strict=True)},
        "r2_mean": float(r2.mean()),
        "train_r2_mean": float(
            _r_squared(model, x_train[: len(x_test)], y_train[: len(x_test)]).mean()
        ),
    }


def _r_squared(model, images, truth):
    found = networks.apply(model, datasets.scale_pixels(images))
    return metrics.r_squared((truth - model.mean) / model.deviation, found)
