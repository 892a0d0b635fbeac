"""The classifier under whose features generated images are measured."""

from typing import Any

import keras
from keras import ops

from vaegan_edu.models.latent_model import Tensor, complete_loss


class Classifier(keras.Model):
    """Learn the class of an image by cross-entropy, from slightly moved and turned copies.

    The copies keep the features from hanging on exact pixels, of which 1,437 digits have few.

    Args:
        network: as `networks.build_classifier` returns it.
    """

    def __init__(self, network: keras.Model, **kwargs: Any):
        super().__init__(**kwargs)
        self.network = network
        self.augment = keras.Sequential(
            [
                keras.layers.RandomTranslation(0.08, 0.08, fill_mode="nearest"),
                keras.layers.RandomRotation(0.03, fill_mode="nearest"),
            ]
        )
        self.built = True  # the network has its weights: saving needs no first call

    def call(self, images: Tensor, training: bool | None = None) -> Tensor:
        """Return the logits (batch, classes) of images (batch, height, width, channels)."""
        if training:
            images = self.augment(images, training=True)
        logits, _ = self.network(images, training=training)
        return logits

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Return the mean cross-entropy, a scalar."""
        loss = ops.mean(ops.sparse_categorical_crossentropy(y, y_pred, from_logits=True))
        return complete_loss(self, loss, sample_weight)
