"""The experiments by name: a table of models, tasks and settings."""

from vaegan_edu import metrics
from vaegan_edu.experiments import settings
from vaegan_edu.experiments.experiment import Experiment
from vaegan_edu.experiments.tasks import (
    ClassifierTraining,
    DigitCodes,
    DigitSamples,
    Faces,
    RegressorTraining,
    Ring,
)
from vaegan_edu.models import GAN, VAE, VAEGAN, Autoencoder, SimilarityVAE

EXPERIMENTS = {
    "ae-digits": Experiment(
        "plain autoencoder on the built-in digits (chapter 1)",
        Autoencoder,
        DigitCodes(),
        settings.AE_DIGITS,
    ),
    "vae-digits": Experiment(
        "VAE on the built-in digits (chapter 2)",
        VAE,
        DigitCodes(),
        settings.VAE_DIGITS,
    ),
    "gan-digits": Experiment(
        "GAN on the built-in digits",
        GAN,
        DigitSamples(),
        settings.GAN_DIGITS,
    ),
    "gan-ring": Experiment(
        "GAN that collapses on a ring of eight Gaussians",
        GAN,
        Ring(),
        settings.GAN_RING,
    ),
    "vaegan-digits": Experiment(
        "VAE-GAN on the built-in digits",
        VAEGAN,
        DigitSamples(),
        settings.VAEGAN_DIGITS,
    ),
    "vae-mnist": Experiment(
        "VAE of the same encoder and decoder as vaegan-mnist",
        VAE,
        DigitSamples(),
        settings.VAE_MNIST,
    ),
    "vaegan-mnist": Experiment(
        "VAE-GAN on MNIST, light networks",
        VAEGAN,
        DigitSamples(),
        settings.VAEGAN_MNIST,
    ),
    "vaegan-mnist-original": Experiment(
        "VAE-GAN on MNIST as in the original project",
        VAEGAN,
        DigitSamples(),
        settings.VAEGAN_MNIST_ORIGINAL,
        settings.ASSUMED_FOR_MNIST,
    ),
    "faces-light": Experiment(
        "VAE-GAN on faces, light networks",
        VAEGAN,
        Faces(),
        settings.FACES_LIGHT,
    ),
    "vae-faces": Experiment(
        "VAE of faces-light's encoder and decoder",
        VAE,
        Faces(),
        settings.VAE_FACES,
    ),
    "vae-faces-similarity": Experiment(
        "VAE that compares faces by a GAN's features",
        SimilarityVAE,
        Faces(),
        settings.VAE_FACES_SIMILARITY,
    ),
    "gan-faces": Experiment(
        "GAN of faces-light's decoder and discriminator",
        GAN,
        Faces(),
        settings.GAN_FACES,
    ),
    "faces-original": Experiment(
        "VAE-GAN on faces as in the original project",
        VAEGAN,
        Faces(),
        settings.FACES_ORIGINAL,
        settings.ASSUMED_FOR_FACES,
    ),
    "classifier-digits": Experiment(
        "classifier that measures generated digits",
        metrics.build_classifier,
        ClassifierTraining(),
        settings.CLASSIFIER_DIGITS,
    ),
    "classifier-mnist": Experiment(
        "classifier that measures generated MNIST digits",
        metrics.build_classifier,
        ClassifierTraining(),
        settings.CLASSIFIER_MNIST,
    ),
    "regressor-faces": Experiment(
        "regressor that reads the attributes of faces",
        metrics.build_regressor,
        RegressorTraining(),
        settings.REGRESSOR_FACES,
    ),
}
