"""The experiments by name: which model, on which data, for how long."""

from dataclasses import dataclass, field

from vaegan_edu import models, networks
from vaegan_edu.experiments.evaluation import evaluate_classifier, evaluate_latent_model


@dataclass(frozen=True)
class Experiment:
    """A run that can be started by its name.

    Attributes:
        summary: one line for `python -m vaegan_edu list`.
        build: from the arguments and the images' shape to a model that is not compiled yet.
        evaluate: from (model, data, arguments) to the numbers of `metrics.json`.
        arguments: all settings and their defaults; the command line may change some.
        has_samples: whether the model generates images, so that sample sheets make sense.
    """

    summary: str
    build: callable
    evaluate: callable
    arguments: dict = field(default_factory=dict)
    has_samples: bool = True


def _build_autoencoder(arguments, image_shape):
    return models.Autoencoder(
        networks.build_encoder(
            arguments["preset"], image_shape, arguments["latent_dim"], variational=False
        ),
        networks.build_decoder(arguments["preset"], image_shape, arguments["latent_dim"]),
    )


def _build_vae(arguments, image_shape):
    return models.VAE(
        networks.build_encoder(arguments["preset"], image_shape, arguments["latent_dim"]),
        networks.build_decoder(arguments["preset"], image_shape, arguments["latent_dim"]),
        beta=arguments["beta"],
        reconstruction_loss=arguments["reconstruction_loss"],
        seed=arguments["seed"],
    )


def _build_classifier(arguments, image_shape):
    return models.Classifier(networks.build_classifier(image_shape))


LATENT = {
    "data": "digits", "epochs": 60, "batch_size": 64, "learning_rate": 1e-3, "latent_dim": 16,
    "preset": "small",
}  # fmt: skip

CLASSIFIER = {"learning_rate": 2e-3, "cosine_decay": True}

EXPERIMENTS = {
    "ae-digits": Experiment(
        "plain autoencoder on the built-in digits (chapter 1)",
        _build_autoencoder,
        evaluate_latent_model,
        LATENT,
    ),
    "vae-digits": Experiment(
        "variational autoencoder on the built-in digits (chapter 2)",
        _build_vae,
        evaluate_latent_model,
        {**LATENT, "beta": 1.0, "reconstruction_loss": "gaussian"},
    ),
    "classifier-digits": Experiment(
        "classifier that measures generated digits",
        _build_classifier,
        evaluate_classifier,
        {"data": "digits", **CLASSIFIER, "epochs": 40, "batch_size": 64},
        has_samples=False,
    ),
    "classifier-mnist": Experiment(
        "classifier that measures generated MNIST digits",
        _build_classifier,
        evaluate_classifier,
        {"data": "mnist", **CLASSIFIER, "epochs": 8, "batch_size": 128},
        has_samples=False,
    ),
}
