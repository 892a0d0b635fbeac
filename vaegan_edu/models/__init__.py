"""Models: each states its paper's losses; training is Keras' own `fit`."""

from vaegan_edu.models.autoencoder import Autoencoder
from vaegan_edu.models.classifier import Classifier
from vaegan_edu.models.vae import VAE

__all__ = ["VAE", "Autoencoder", "Classifier"]
