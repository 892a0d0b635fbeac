"""A VAE that compares images by the features of a discriminator: `VAEGAN` and its control."""

from typing import Any

from keras import ops

from vaegan_edu.layers import Sampling
from vaegan_edu.losses import feature_loss
from vaegan_edu.models.adversarial import AdversarialModel
from vaegan_edu.models.latent_model import LatentModel, Tensor, check_network
from vaegan_edu.validation import check_number

FEATURE_SCALES = ("sum", "variance")


class LearnedSimilarity(AdversarialModel, LatentModel):
    """What models have in common whose reconstruction loss is measured in a discriminator.

    Args:
        kl_weight, feature_scale: as for `VAEGAN`.
        **kwargs: the networks by name, and the arguments of `AdversarialModel`. The encoder returns
            `(z_mean, z_log_var)`, the discriminator `(logits, features)`.

    Raises:
        ValueError: as for `AdversarialModel`; an encoder without log-variance, a discriminator
            without features, a negative weight, another scale.
    """

    noise_names = ("posterior", "prior")
    # In the logs these have the names that they have in a VAE's; the game's are in the losses.
    log_names = {
        "prior": "kl_loss",
        "feature": "feature_loss",
        "pixel": "pixel_loss",
        "adversarial_decoder": None,
        "adversarial_generator": None,
        "adversarial_discriminator": None,
    }

    def __init__(self, kl_weight: float = 1.0, feature_scale: str = "sum", **kwargs: Any):
        encoder = check_network(kwargs["encoder"], "encoder")
        if len(encoder.outputs) != 2:
            raise ValueError(
                "A VAE-GAN's encoder returns (z_mean, z_log_var); build it with "
                f"`variational=True`. Received: {len(encoder.outputs)} output(s)"
            )
        discriminator = check_network(kwargs["discriminator"], "discriminator")
        if len(discriminator.outputs) != 2:
            raise ValueError(
                "A VAE-GAN's discriminator returns (logits, features): its reconstruction loss is "
                f"measured in the features. Received: {len(discriminator.outputs)} output(s)"
            )
        if feature_scale not in FEATURE_SCALES:
            raise ValueError(
                f"`feature_scale` must be one of {', '.join(FEATURE_SCALES)}. "
                f"Received: {feature_scale!r}"
            )
        super().__init__(**kwargs)
        self.kl_weight = check_number(kl_weight, "kl_weight")
        self.feature_scale = feature_scale
        self.sampling = Sampling(self.seed)
        self.sampling.built = True  # it has no weights

    def call(self, images: Tensor, training: bool | None = None) -> Tensor:
        """Return reconstructions of images, of their shape, from sampled z."""
        z = self.sampling(self.encoder(images, training=training))
        return self.decoder(z, training=training)

    def feature_loss(self, real: Tensor, reconstructed: Tensor) -> Tensor:
        """Return the feature loss (batch,) in the scale chosen."""
        if self.feature_scale == "variance":
            real, reconstructed = (ops.cast(f, "float32") for f in (real, reconstructed))
            axes = tuple(range(len(real.shape) - 1))
            deviation = ops.sqrt(ops.var(real, axis=axes, keepdims=True) + 1e-6)
            real, reconstructed = real / deviation, reconstructed / deviation
        return feature_loss(real, reconstructed)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "kl_weight": self.kl_weight,
            "feature_scale": self.feature_scale,
        }
