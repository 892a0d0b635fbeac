"""Models: each states its paper's losses; training is Keras' own `fit`."""

from vaegan_edu.models.adversarial import AdversarialModel
from vaegan_edu.models.autoencoder import Autoencoder
from vaegan_edu.models.gan import GAN
from vaegan_edu.models.judging import Classifier, Regressor
from vaegan_edu.models.similarity_vae import SimilarityVAE
from vaegan_edu.models.steps import input_gradient
from vaegan_edu.models.vae import VAE
from vaegan_edu.models.vaegan import VAEGAN

__all__ = [
    "GAN",
    "VAE",
    "VAEGAN",
    "AdversarialModel",
    "Autoencoder",
    "Classifier",
    "Regressor",
    "SimilarityVAE",
    "input_gradient",
]
