"""What a finished run is measured by, on held-out images."""

import numpy as np

from vaegan_edu import losses, metrics


def evaluate_latent_model(model, data, arguments):
    """Measure an autoencoder or VAE: reconstruction, and what its decoder makes of other codes.

    Every kind of image is judged by the same classifier against the same training images, as many
    of them as there are test images: `real` (test images: the floor), `random` (decoded standard
    normal codes), `fitted` (decoded codes of a Gaussian fitted to the training codes), `between`
    (decoded midpoints of two test images' codes, of different classes) and `mean_image` (the
    midpoint of the same two images in pixels: what interpolation without a model gives).

    Returns:
        A dict from `<kind>_<metric>` to numbers, with `reconstruction_loss` and `active_units`.
    """
    (x_train, _), (x_test, y_test) = data
    codes = model.encode(x_test)
    judged = {
        "real": x_test,
        **decoded_elsewhere(model, x_train, x_test, y_test, arguments["seed"]),
    }
    classifier = metrics.load_classifier(arguments["data"])
    loss = losses.gaussian_reconstruction(x_test, model.decode(codes))
    result = {
        "reconstruction_loss": float(np.mean(loss)),
        "active_units": metrics.active_units(codes),
        "classifier": metrics.classifier_digest(arguments["data"]),
    }
    for kind, images in judged.items():
        for name, value in metrics.judge(classifier, images, x_train).items():
            result[f"{kind}_{name}"] = value
    return result


def decoded_elsewhere(model, x_train, x_test, y_test, seed):
    """Return images decoded from codes that belong to no image, by kind (claim C0).

    The kinds are those of `evaluate_latent_model`; each holds as many images as `x_test`.
    """
    rng = np.random.default_rng(seed)
    train_codes, codes = model.encode(x_train), model.encode(x_test)
    first, second = different_classes(y_test, rng)
    fitted = rng.multivariate_normal(
        train_codes.mean(axis=0), np.cov(train_codes, rowvar=False), size=len(x_test)
    )
    return {
        "random": model.generate(len(x_test), seed=seed),
        "fitted": model.decode(fitted),
        "between": model.decode((codes[first] + codes[second]) / 2),
        "mean_image": (x_test[first] + x_test[second]) / 2,
    }


def different_classes(labels, rng):
    """Return two index arrays (count,) that pair every image with one of another class."""
    first = np.arange(len(labels))
    second = np.array([rng.choice(np.flatnonzero(labels != label)) for label in labels])
    return first, second


def evaluate_classifier(model, data, arguments):
    """Return the share of test images that the classifier names right."""
    _, (x_test, y_test) = data
    return {"accuracy": float((model.predict(x_test, verbose=0).argmax(axis=1) == y_test).mean())}
