"""The plain autoencoder (Hinton & Salakhutdinov 2006)."""

from typing import Any, NamedTuple

import keras
from keras import ops

from vaegan_edu import losses
from vaegan_edu.models.latent_model import LatentModel, Tensor, check_network, check_shape


class AutoencoderPass(NamedTuple):
    """What one forward pass makes of a batch: images (batch, height, width, channels), twice."""

    images: Tensor
    reconstruction: Tensor


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

    log_names = {"reconstruction_loss": None}  # it is the loss

    def __init__(self, encoder: keras.Model, decoder: keras.Model, **kwargs: Any):
        if len(check_network(encoder, "encoder").outputs) != 1:
            raise ValueError(
                "An Autoencoder's encoder returns z alone; build it with `variational=False`. "
                f"Received: {len(encoder.outputs)} outputs"
            )
        super().__init__(encoder=encoder, decoder=decoder, **kwargs)

    def call(self, images: Tensor, training: bool | None = None) -> Tensor:
        """Return the reconstruction of `images`, of the same shape."""
        check_shape(images, self.image_shape)
        return self.decoder(self.encoder(images, training=training), training=training)

    def play(self, images: Tensor, training: bool, noise: None = None) -> AutoencoderPass:
        """Return `images` and what `call` makes of them; there is no noise."""
        return self.as_played(images, self(images, training=training))

    def as_played(self, images: Tensor, outputs: Tensor) -> AutoencoderPass:
        return AutoencoderPass(images, outputs)

    def terms_of(self, played: AutoencoderPass, training: bool) -> dict[str, Tensor]:
        """Return the one term, a scalar."""
        return {
            "reconstruction_loss": ops.mean(
                losses.gaussian_reconstruction(played.images, played.reconstruction)
            )
        }

    def losses_of(self, terms: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the one `loss` that both networks follow, a scalar."""
        return {"loss": terms["reconstruction_loss"]}
