"""The networks that measure, as models that learn it: they are trained once, then shipped."""

from typing import Any

import keras
import numpy as np
from keras import ops

from vaegan_edu.models.latent_model import Tensor, complete_loss


class _Judge(keras.Model):
    """A network from images to `(readings, features)` that is trained on its readings.

    Args:
        network: as `networks` builds it.
    """

    def __init__(self, network: keras.Model, **kwargs: Any):
        super().__init__(**kwargs)
        self.network = network
        self.built = True  # the network has its weights: saving needs no first call

    @property
    def networks(self) -> dict[str, keras.Model]:
        """The one network, by its name."""
        return {self.network.name: self.network}

    def call(self, images: Tensor, training: bool | None = None) -> Tensor:
        """Return the readings (batch, ...) of images (batch, height, width, channels)."""
        readings, _ = self.network(images, training=training)
        return readings


class Classifier(_Judge):
    """Learn the class of an image by cross-entropy, from slightly moved and turned copies.

    The copies keep the features from depending on exact pixels, of which 1,437 digits have few.

    Args:
        network: as `networks.build_classifier` returns it.
    """

    def __init__(self, network: keras.Model, **kwargs: Any):
        super().__init__(network, **kwargs)
        self.augment = keras.Sequential(
            [
                keras.layers.RandomTranslation(0.08, 0.08, fill_mode="nearest"),
                keras.layers.RandomRotation(0.03, fill_mode="nearest"),
            ]
        )

    def call(self, images: Tensor, training: bool | None = None) -> Tensor:
        """Return the logits (batch, classes) of images (batch, height, width, channels)."""
        if training:
            images = self.augment(images, training=True)
        return super().call(images, training=training)

    def compute_loss(
        self,
        x: Tensor = None,
        y: Tensor = None,
        y_pred: Tensor = None,
        sample_weight: Tensor = None,
        training: bool = True,
    ) -> Tensor:
        """Return the mean cross-entropy, a scalar."""
        loss = ops.mean(ops.sparse_categorical_crossentropy(y, y_pred, from_logits=True))
        return complete_loss(self, loss, sample_weight)


class Regressor(_Judge):
    """Learn an image's attributes, each in its own standard deviations, by squared error.

    Args:
        network: as `networks.build_regressor` returns it.
        mean, deviation: of the attributes, (attributes,) each, as
            `datasets.face_attribute_moments` returns them.
    """

    def __init__(
        self, network: keras.Model, mean: np.ndarray, deviation: np.ndarray, **kwargs: Any
    ):
        super().__init__(network, **kwargs)
        self.mean = mean
        self.deviation = deviation

    def compute_loss(
        self,
        x: Tensor = None,
        y: Tensor = None,
        y_pred: Tensor = None,
        sample_weight: Tensor = None,
        training: bool = True,
    ) -> Tensor:
        """Return the mean squared error over batch and attributes, a scalar."""
        loss = ops.mean(ops.square(y_pred - (y - self.mean) / self.deviation))
        return complete_loss(self, loss, sample_weight)
