"""The variational autoencoder (Kingma & Welling 2014; beta: Higgins et al. 2017)."""

from typing import Any, NamedTuple

import keras
from keras import ops

from vaegan_edu.layers import Sampling
from vaegan_edu.losses import RECONSTRUCTION_LOSSES, kl_divergence
from vaegan_edu.models.latent_model import LatentModel, Tensor, check_network, check_shape
from vaegan_edu.validation import check_number


class VAEPass(NamedTuple):
    """What one forward pass makes of a batch.

    Attributes:
        images: (batch, height, width, channels), what came in.
        z_mean, z_log_var: (batch, latent_dim), the posterior.
        z: (batch, latent_dim), drawn from it.
        reconstruction: of z, of the images' shape.
    """

    images: Tensor
    z_mean: Tensor
    z_log_var: Tensor
    z: Tensor
    reconstruction: Tensor


@keras.saving.register_keras_serializable("vaegan_edu")
class VAE(LatentModel):
    """Autoencoder whose codes are Gaussians, kept near a standard normal prior.

    The loss is the negative evidence lower bound (Kingma & Welling 2014, equation 10) with one
    sample of z for each image, and beta before the KL term (Higgins et al. 2017, equation 4):

    `loss = mean over the batch of reconstruction_loss + beta * kl_loss`

    with `reconstruction_loss` summed over pixels and `kl_loss` over latent dimensions.

    Example:
        >>> vae = VAE(build_encoder(latent_dim=2), build_decoder(latent_dim=2))
        >>> vae.compile("adam")
        >>> vae.fit(x_train, epochs=20, validation_data=(x_test,))
        >>> images = vae.generate(16, seed=0)

    Args:
        encoder: images (batch, height, width, channels) to `(z_mean, z_log_var)`.
        decoder: `z` (batch, latent_dim) to images in [-1, 1].
        beta: weight of the KL term; 1 is the VAE, 0 leaves the codes unbound.
        reconstruction_loss: "gaussian" (1/2 squared error) or "bernoulli" (cross-entropy).
        seed: of the sampling noise; `None` takes a fresh one.

    Raises:
        ValueError: the networks do not meet, beta is negative, or the loss has another name.
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        beta: float = 1.0,
        reconstruction_loss: str = "gaussian",
        seed: int | None = None,
        **kwargs: Any,
    ):
        if len(check_network(encoder, "encoder").outputs) != 2:
            raise ValueError(
                "A VAE's encoder returns (z_mean, z_log_var); build it with `variational=True`. "
                f"Received: {len(encoder.outputs)} output(s)"
            )
        if reconstruction_loss not in RECONSTRUCTION_LOSSES:
            raise ValueError(
                f"`reconstruction_loss` must be one of {', '.join(RECONSTRUCTION_LOSSES)}. "
                f"Received: {reconstruction_loss!r}"
            )
        super().__init__(encoder=encoder, decoder=decoder, **kwargs)
        self.beta = check_number(beta, "beta")
        self.reconstruction_loss = reconstruction_loss
        self.seed = seed
        self.sampling = Sampling(seed)

    def call(
        self, images: Tensor, training: bool | None = None, noise: Tensor = None
    ) -> dict[str, Tensor]:
        """Encode, sample and decode.

        Args:
            images: (batch, height, width, channels) in [-1, 1].
            training: passed on to both networks.
            noise: standard normal (batch, latent_dim), drawn when `None`.

        Returns:
            A dict of `z_mean`, `z_log_var` and `z` (batch, latent_dim), and `reconstruction` (shape
            of `images`).
        """
        check_shape(images, self.image_shape)
        z_mean, z_log_var = self.encoder(images, training=training)
        z = self.sampling((z_mean, z_log_var), noise=noise)
        reconstruction = self.decoder(z, training=training)
        return {"z_mean": z_mean, "z_log_var": z_log_var, "z": z, "reconstruction": reconstruction}

    def play(self, images: Tensor, training: bool, noise: Tensor = None) -> VAEPass:
        """Return `images` and what `call` makes of them; arguments as there."""
        return self.as_played(images, self(images, training=training, noise=noise))

    def as_played(self, images: Tensor, outputs: dict[str, Tensor]) -> VAEPass:
        return VAEPass(images, **outputs)

    def terms_of(self, played: VAEPass, training: bool) -> dict[str, Tensor]:
        """Return the loss's two terms, scalars in nats, without beta."""
        reconstruction_loss = RECONSTRUCTION_LOSSES[self.reconstruction_loss]
        return {
            "reconstruction_loss": ops.mean(
                reconstruction_loss(played.images, played.reconstruction)
            ),
            "kl_loss": ops.mean(kl_divergence(played.z_mean, played.z_log_var)),
        }

    def losses_of(self, terms: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the one `loss` that both networks follow, a scalar."""
        return {"loss": terms["reconstruction_loss"] + self.beta * terms["kl_loss"]}

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "beta": self.beta,
            "reconstruction_loss": self.reconstruction_loss,
            "seed": self.seed,
        }
