"""The VAE-GAN (Larsen et al. 2016, "Autoencoding beyond pixels")."""

from typing import Any

import keras
from keras import ops

from vaegan_edu.losses import gaussian_reconstruction, kl_divergence
from vaegan_edu.models.adversarial import GamePass
from vaegan_edu.models.latent_model import Tensor
from vaegan_edu.models.learned_similarity import LearnedSimilarity
from vaegan_edu.validation import check_number


@keras.saving.register_keras_serializable("vaegan_edu")
class VAEGAN(LearnedSimilarity):
    """A VAE whose reconstruction loss is measured in the features of a GAN's discriminator.

    The terms, each a mean over the batch (Larsen et al. 2016, equations 5 to 8):

    `prior   = KL(q(z|x) || N(0, I))`, summed over latent dimensions
    `feature = 1/2 ||Dis_l(x) - Dis_l(x_tilde)||^2`, summed over features
    `adversarial_discriminator = -log D(x) - log(1 - D(x_tilde)) - log(1 - D(x_p))`
    `adversarial_decoder       = -log D(x_tilde) - log D(x_p)` (non-saturating)

    with the reconstruction `x_tilde = decoder(z)` and the prior sample `x_p = decoder(z_prior)`.
    The losses are those of Algorithm 1, but for the sign of L_GAN: as printed there, the decoder's
    and the discriminator's are turned against what the paper defines L_GAN to be.

    `encoder       = kl_weight * prior + feature_weight * feature`
    `decoder       = gamma * feature + adversarial_decoder`
    `discriminator = adversarial_discriminator`

    Each network follows its own loss alone: the discriminator never learns from the feature term
    that is measured in it, the encoder never from the game.

    Besides the three losses it logs `kl_loss`, `feature_loss` and the means of D: `d_real`,
    `d_reconstruction`, `d_generated`.

    Example:
        >>> vaegan = VAEGAN(build_encoder("light", latent_dim=10),
        ...                 build_decoder("light", latent_dim=10),
        ...                 build_discriminator("light"), gamma=1e-3)
        >>> vaegan.compile(*[keras.optimizers.Adam(1e-3) for _ in range(3)])
        >>> vaegan.fit(x_train, epochs=20, validation_data=(x_test,))

    Args:
        encoder: images (batch, height, width, channels) to `(z_mean, z_log_var)`.
        decoder: `z` (batch, latent_dim) to images in [-1, 1].
        discriminator: images to `(logits, features)`. Which layer gives the features is chosen
            where it is built; they must not depend on the other images of the batch.
        gamma: weight of the feature term in the decoder's loss. It depends on the reduction and on
            the number of features: the paper sums over features, and used 1e-6.
        kl_weight, feature_weight: weights in the encoder's loss; 1 and 1 in the paper.
        feature_scale: "sum" as above (Larsen et al. 2016, equation 7), or "variance", in which each
            channel's squares are divided by its variance over the real batch, so that gamma means
            the same while the features grow. (Plus 1e-6, against a division by zero: take features
            before an activation, where no channel dies.)
        reconstructions_are_fakes: whether the discriminator learns to call reconstructions fake,
            and the decoder to make them pass, as in Algorithm 1; otherwise the game is about prior
            samples alone, as in a GAN.
        pixel_weight: the feature term becomes `feature + pixel_weight * pixel` in both losses, with
            `pixel = 1/2 ||x - x_tilde||^2` summed over pixels, a VAE's error; 0 in the paper.
            Dosovitskiy & Brox (2016) add the two in the same way: features forgive a
            shift or a wrong shade, and pixels do not.
        fake_weight: of each kind of fake in the discriminator's loss, one of your own included; 1
            in the paper. With two kinds, 0.5 gives real and fake equal weight.
        adversarial_loss, real_target, flip_probability, equilibrium, margin, seed: as for
            `AdversarialModel`.

    Raises:
        ValueError: as for `AdversarialModel`; an encoder without log-variance or a discriminator
            without features; a negative weight.
    """

    network_names: tuple[str, ...] = ("encoder", "decoder", "discriminator")

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        discriminator: keras.Model,
        gamma: float = 1e-6,
        kl_weight: float = 1.0,
        feature_weight: float = 1.0,
        feature_scale: str = "sum",
        reconstructions_are_fakes: bool = True,
        fake_weight: float = 1.0,
        pixel_weight: float = 0.0,
        **kwargs: Any,
    ):
        super().__init__(
            encoder=encoder,
            decoder=decoder,
            discriminator=discriminator,
            kl_weight=kl_weight,
            feature_scale=feature_scale,
            **kwargs,
        )
        self.gamma = check_number(gamma, "gamma")
        self.feature_weight = check_number(feature_weight, "feature_weight")
        self.reconstructions_are_fakes = bool(reconstructions_are_fakes)
        self.fake_weight = check_number(fake_weight, "fake_weight")
        self.pixel_weight = check_number(pixel_weight, "pixel_weight")

    @property
    def fakes(self) -> tuple[str, ...]:  # type: ignore[override]
        """The kinds of images that the discriminator learns to call fake."""
        return ("reconstruction", "generated") if self.reconstructions_are_fakes else ("generated",)

    # Algorithm 1 of Larsen et al. 2016, and the equations that it refers to.

    def play(
        self, images: Tensor, training: bool, noise: dict[str, Tensor] | None = None
    ) -> GamePass:
        """Encode, decode the codes and codes of the prior, and discriminate all three kinds.

        Args:
            images: X, a batch of real images.
            training: passed on to the networks.
            noise: `{"posterior": (batch, latent_dim), "prior": (batch, latent_dim)}`, standard
                normal, drawn when `None`.
        """
        noise = self.complete_noise(images, noise)
        z_mean, z_log_var = self.encoder(images, training=training)
        z = self.sampling((z_mean, z_log_var), noise=noise["posterior"])
        reconstruction = self.decoder(z, training=training)
        generated = self.decoder(noise["prior"], training=training)
        examples = {"real": images, "reconstruction": reconstruction, "generated": generated}
        logits, features = self.discriminate_each(examples, training)
        return GamePass(examples, logits, features, z_mean, z_log_var, z)

    def terms_of(self, played: GamePass, training: bool) -> dict[str, Tensor]:
        """Return L_prior (equation 5), L_llike of Dis_l (7 and 8) and L_GAN (6) for either side."""
        logits, features = played.logits, played.features
        prior = ops.mean(kl_divergence(played.z_mean, played.z_log_var))
        feature = ops.mean(self.feature_loss(features["real"], features["reconstruction"]))
        fooled = sum(ops.mean(self.fool(logits[fake])) for fake in self.fakes)
        real = ops.mean(self.judge(logits["real"], True, training))
        fake = sum(ops.mean(self.judge(logits[fake], False, training)) for fake in self.fakes)
        terms = {
            "prior": prior,
            "feature": feature,
            "adversarial_decoder": fooled,
            "adversarial_discriminator": real + self.fake_weight * fake,
        }
        if self.pixel_weight:
            images, reconstruction = (played.examples[k] for k in ("real", "reconstruction"))
            terms["pixel"] = ops.mean(gaussian_reconstruction(images, reconstruction))
        return terms

    def losses_of(self, terms: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return each network's loss, as Algorithm 1 updates its parameters (section 3.1)."""
        similarity = terms["feature"]
        if self.pixel_weight:
            similarity += self.pixel_weight * terms["pixel"]
        return {
            "encoder": self.kl_weight * terms["prior"] + self.feature_weight * similarity,
            "decoder": self.gamma * similarity + terms["adversarial_decoder"],
            "discriminator": terms["adversarial_discriminator"],
        }

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "gamma": self.gamma,
            "feature_weight": self.feature_weight,
            "reconstructions_are_fakes": self.reconstructions_are_fakes,
            "fake_weight": self.fake_weight,
            "pixel_weight": self.pixel_weight,
        }
