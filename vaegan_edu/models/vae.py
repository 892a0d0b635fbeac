"""The variational autoencoder (Kingma & Welling 2014; beta: Higgins et al. 2017)."""

import keras
from keras import ops

from vaegan_edu.layers import Sampling
from vaegan_edu.losses import RECONSTRUCTION_LOSSES, kl_divergence
from vaegan_edu.models.latent_model import LatentModel, check_network
from vaegan_edu.validation import check_number


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
        self, encoder, decoder, beta=1.0, reconstruction_loss="gaussian", seed=None, **kwargs
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
        super().__init__(encoder, decoder, **kwargs)
        self.beta = check_number(beta, "beta")
        self.reconstruction_loss = reconstruction_loss
        self.seed = seed
        self.sampling = Sampling(seed)
        self._trackers = {
            name: keras.metrics.Mean(name) for name in ("reconstruction_loss", "kl_loss")
        }

    def call(self, images, training=None, noise=None):
        """Encode, sample and decode.

        Args:
            images: (batch, height, width, channels) in [-1, 1].
            training: passed on to both networks.
            noise: standard normal (batch, latent_dim), drawn when `None`.

        Returns:
            A dict of `reconstruction` (shape of `images`), `z_mean` and `z_log_var`
            (batch, latent_dim).
        """
        z_mean, z_log_var = self.encoder(images, training=training)
        z = self.sampling((z_mean, z_log_var), noise=noise)
        reconstruction = self.decoder(z, training=training)
        return {"reconstruction": reconstruction, "z_mean": z_mean, "z_log_var": z_log_var}

    def compute_terms(self, images, outputs):
        """Return the loss's two terms for what `call` returned, scalars in nats, without beta."""
        reconstruction_loss = RECONSTRUCTION_LOSSES[self.reconstruction_loss]
        return {
            "reconstruction_loss": ops.mean(reconstruction_loss(images, outputs["reconstruction"])),
            "kl_loss": ops.mean(kl_divergence(outputs["z_mean"], outputs["z_log_var"])),
        }

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Return the loss, a scalar; the images `x` are their own target."""
        terms = self.compute_terms(x, y_pred)
        return terms["reconstruction_loss"] + self.beta * terms["kl_loss"]

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """Log both terms beside the loss."""
        batch_size = ops.shape(x)[0]
        for name, value in self.compute_terms(x, y_pred).items():
            self._trackers[name].update_state(value, sample_weight=batch_size)
        return self.get_metrics_result()

    def get_config(self):
        return {
            **super().get_config(),
            "beta": self.beta,
            "reconstruction_loss": self.reconstruction_loss,
            "seed": self.seed,
        }
