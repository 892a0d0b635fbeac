"""The regressor that reads the attributes of faces."""

from typing import Any

import keras
import numpy as np
from keras import ops

from vaegan_edu.models.latent_model import Tensor, complete_loss


class Regressor(keras.Model):
    """Learn an image's attributes, each in its own standard deviations, by squared error.

    Args:
        network: as `networks.build_regressor` returns it.
        mean, deviation: of the attributes, (attributes,) each, as
            `datasets.face_attribute_moments` returns them.
    """

    def __init__(
        self, network: keras.Model, mean: np.ndarray, deviation: np.ndarray, **kwargs: Any
    ):
        super().__init__(**kwargs)
        self.network = network
        self.mean = mean
        self.deviation = deviation
        self.built = True  # the network has its weights: saving needs no first call

    def call(self, images: Tensor, training: bool | None = None) -> Tensor:
        """Return the attributes (batch, attributes) of images, less the mean, in deviations."""
        attributes, _ = self.network(images, training=training)
        return attributes

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Return the mean squared error over batch and attributes, a scalar."""
        loss = ops.mean(ops.square(y_pred - (y - self.mean) / self.deviation))
        return complete_loss(self, loss, sample_weight)
