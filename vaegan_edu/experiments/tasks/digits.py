"""Digits: what becomes of codes (chapters 1 and 2), and what a model generates."""

from collections.abc import Callable, Mapping

import keras
import numpy as np

from vaegan_edu import datasets, losses, metrics, networks
from vaegan_edu.experiments.evaluation import sample_kinds, thin_out, with_prefix
from vaegan_edu.experiments.tasks.task import Task

MEASURED = 5000  # at most so many images are measured, against as many: the cost is quadratic
WATCHED = 1000  # at most so many after each epoch


class Digits(Task):
    """Grey images of 28 x 28 pixels whose labels are classes; a classifier is their judge."""

    def load(self, settings: Mapping) -> tuple:
        """Load data whose labels are classes."""
        data = settings["data"]
        if data in datasets.FACES or data not in datasets.LOADERS:
            raise ValueError(
                "This experiment is measured by a classifier of digits; faces and folders of "
                "pictures are for the experiments on faces, such as faces-light. "
                f"Received: {data!r}"
            )
        return datasets.load(data)

    def image_shape(self, settings: Mapping) -> tuple:
        return 28, 28, 1

    def identify_judge(self, settings: Mapping) -> dict:
        """Return `classifier`, the digest of its weights."""
        return {"classifier": metrics.classifier_digest(settings["data"])}


class DigitCodes(Digits):
    """Encode digits and decode other codes: what a latent space is good for (claim C0)."""

    def evaluate(self, model: keras.Model, data: tuple, settings: Mapping) -> dict:
        """Measure an autoencoder or VAE: reconstruction, and what its decoder makes of other codes.

        Returns:
            A dict from `<kind>_<metric>` (see `measure_decoder`) to numbers, `reconstruction_loss`,
            `active_units` and `classifier`, the digest of the judge.
        """
        _, measured = measure_decoder(model, data, settings["data"], settings["seed"])
        return {
            **_reconstruction(model, data),
            **self.identify_judge(settings),
            **_flat(measured),
        }


class DigitSamples(Digits):
    """Generate digits, and reconstruct them where there is an encoder."""

    def watch(self, data: tuple, settings: Mapping) -> Callable:
        """Return a function that measures what a model generates, quickly enough for every epoch.

        It generates as many images as there are test images, `WATCHED` at most, from the same codes
        each time, and returns `sample_frechet_distance`, `sample_coverage` and
        `sample_low_confidence` against as many test images, and `sample_class_<n>`, the share of
        each class. Of a game about cross-entropy it also returns `d_train` and `d_test`, the means
        of D over training and over test images, as many of each and both in evaluation mode: what
        lies between them was learned by heart.
        """
        (x_train, _), (x_test, _) = data
        x_test = thin_out(x_test, WATCHED)
        shown = {"d_train": thin_out(x_train, len(x_test)), "d_test": x_test}
        classifier = metrics.load_classifier(settings["data"])
        real = metrics.read_digits(classifier, x_test)

        def watch(model):
            images = model.generate(len(x_test), seed=settings["seed"])
            generated = metrics.read_digits(classifier, images)
            counts = metrics.class_histogram(generated.readings)
            named = isinstance(getattr(model, "adversarial_loss", None), str)  # D is a probability
            compared = metrics.compare_features(generated, real)
            return {
                **(
                    {name: _mean_d(model.discriminator, x) for name, x in shown.items()}
                    if named
                    else {}
                ),
                "sample_frechet_distance": compared["frechet_distance"],
                "sample_coverage": compared["coverage"],
                "sample_low_confidence": metrics.low_confidence_share(generated.readings),
                **{f"sample_class_{n}": share for n, share in enumerate(counts / counts.sum())},
            }

        return watch

    def evaluate(self, model: keras.Model, data: tuple, settings: Mapping) -> dict:
        """Return `evaluate_samples`."""
        return evaluate_samples(model, data, settings)


def evaluate_samples(model: keras.Model, data: tuple, settings: Mapping) -> dict:
    """Measure what a model generates, and what it reconstructs if it can.

    Every set of images is read by the judge once, and once the radii of its manifolds are found.

    Args:
        model: with `decode` and `generate`, perhaps with `encode`.
        data: `(x_train, y_train), (x_test, y_test)`.
        settings: `data`, whose judge measures, and `seed`, of the samples.

    Returns:
        A dict from `<kind>_<metric>` (see `metrics.measure_digits`) to numbers,
        `reconstruction_loss` and `active_units` where the model has an encoder, and `classifier`,
        the digest of the judge. The kinds are `real`, the test images, which set the floor, and
        those of `evaluation.sample_kinds`.

        The comparison is with training images. `<kind>_held_out_<metric>` are Fréchet distance and
        manifolds against the test images, which no training saw; training images then are `real`.
    """
    (x_train, _), (x_test, _) = data
    classifier = metrics.load_classifier(settings["data"])
    x_test = thin_out(x_test, MEASURED)
    made = sample_kinds(model, x_train, len(x_test), settings["seed"])
    x_train = thin_out(x_train, MEASURED)
    train, test = (metrics.read_digits(classifier, x) for x in (x_train, x_test))
    samples = {kind: metrics.read_digits(classifier, make()) for kind, make in made.items()}
    as_many = train
    if len(x_train) != len(x_test):
        as_many = metrics.read_digits(classifier, thin_out(x_train, len(x_test)))
    measured = {
        kind: metrics.compare_digits(x, train) for kind, x in {"real": test, **samples}.items()
    }
    for kind, x in {"real": as_many, **samples}.items():
        measured[kind] |= with_prefix("held_out", metrics.compare_features(x, test))
    return {
        **(_reconstruction(model, data) if hasattr(model, "encode") else {}),
        "classifier": metrics.classifier_digest(settings["data"]),
        **_flat(measured),
    }


def measure_decoder(
    model: keras.Model, data: tuple, data_name: str, seed: int
) -> tuple[dict, dict]:
    """Decode codes that belong to no image, and measure what comes out (claim C0).

    Every kind of image is compared with the same training images, as many of them as there are test
    images, by the same classifier:

    - `real`: the test images, which set the floor;
    - `random`: decoded standard normal codes;
    - `fitted`: decoded draws from a Gaussian fitted to the codes of training images;
    - `between`: decoded midpoints of the codes of two test images of different classes;
    - `mean_image`: the midpoint of the same two images, pixel by pixel: the control.

    Args:
        model: with `encode`, `decode` and `generate`.
        data: `(x_train, y_train), (x_test, y_test)`.
        data_name: whose classifier is the judge, "digits" or "mnist".
        seed: of the draws.

    Returns:
        `(images, numbers)`: mappings from kind to images and to what `metrics.measure_digits`
        returns.
    """
    (x_train, _), (x_test, y_test) = data
    x_train, x_test, y_test = (thin_out(a, MEASURED) for a in (x_train, x_test, y_test))
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
    train = metrics.read_digits(classifier, x_train)
    return images, {
        kind: metrics.compare_digits(metrics.read_digits(classifier, x), train)
        for kind, x in images.items()
    }


def different_classes(
    labels: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return two index arrays (count,) that pair every image with one of another class."""
    first = np.arange(len(labels))
    second = np.array([rng.choice(np.flatnonzero(labels != label)) for label in labels])
    return first, second


def _reconstruction(model, data):
    """Return the mean `reconstruction_loss` of test images and the number of `active_units`."""
    _, (x_test, _) = data
    codes = model.encode(x_test)
    loss = losses.gaussian_reconstruction(x_test, model.decode(codes))
    return {
        "reconstruction_loss": float(np.mean(loss)),
        "active_units": metrics.active_units(codes),
    }


def _mean_d(discriminator, images):
    """Return the mean of D, in evaluation mode."""
    outputs = networks.apply(discriminator, images)
    logits = outputs[0] if isinstance(outputs, tuple) else outputs
    return float(np.mean(1 / (1 + np.exp(-logits))))


def _flat(measured):
    return {
        name: value
        for kind, numbers in measured.items()
        for name, value in with_prefix(kind, numbers).items()
    }
