"""The plain autoencoder (Hinton & Salakhutdinov 2006)."""

import keras
from keras import ops

from vaegan_edu import losses
from vaegan_edu.models.latent_model import LatentModel, check_network


@keras.saving.register_keras_serializable("vaegan_edu")
class Autoencoder(LatentModel):
    """Squeeze images through a code and ask for them back.

    `loss = mean over the batch of 1/2 ||x - decoder(encoder(x))||^2`, summed over pixels.

    Nothing asks where the codes lie. `generate` decodes standard normal codes, as it does for a
    VAE, but no term of this loss puts any image there.

    Example:
        >>> autoencoder = Autoencoder(
        ...     build_encoder(latent_dim=2, variational=False), build_decoder(latent_dim=2))
        >>> autoencoder.compile("adam")
        >>> autoencoder.fit(x_train, epochs=20, validation_data=(x_test,))

    Args:
        encoder: images (batch, height, width, channels) to `z` (batch, latent_dim).
        decoder: `z` to images in [-1, 1].

    Raises:
        ValueError: the networks do not meet, or the encoder has more than one output.
    """

    def __init__(self, encoder, decoder, **kwargs):
        if len(check_network(encoder, "encoder").outputs) != 1:
            raise ValueError(
                "An Autoencoder's encoder returns z alone; build it with `variational=False`. "
                f"Received: {len(encoder.outputs)} outputs"
            )
        super().__init__(encoder, decoder, **kwargs)

    def call(self, images, training=None):
        """Return the reconstruction of `images`, of the same shape."""
        return self.decoder(self.encoder(images, training=training), training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Return the loss, a scalar; the images `x` are their own target."""
        return ops.mean(losses.gaussian_reconstruction(x, y_pred))
