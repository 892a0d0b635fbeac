"""The VAE-GAN (Larsen et al. 2016, "Autoencoding beyond pixels")."""

import keras
from keras import ops

from vaegan_edu.layers import Sampling
from vaegan_edu.losses import feature_loss, kl_divergence
from vaegan_edu.models.adversarial import AdversarialModel
from vaegan_edu.models.latent_model import LatentModel, check_network
from vaegan_edu.validation import check_number

FEATURE_SCALES = ("sum", "variance")


@keras.saving.register_keras_serializable("vaegan_edu")
class VAEGAN(AdversarialModel, LatentModel):
    """A VAE whose reconstruction loss is measured in the features of a GAN's discriminator.

    The terms, each a mean over the batch (Larsen et al. 2016, equations 5 to 8):

    `prior   = KL(q(z|x) || N(0, I))`, summed over latent dimensions
    `feature = 1/2 ||Dis_l(x) - Dis_l(x_tilde)||^2`, summed over features
    `adversarial_discriminator = -log D(x) - log(1 - D(x_tilde)) - log(1 - D(x_p))`
    `adversarial_decoder       = -log D(x_tilde) - log D(x_p)` (non-saturating)

    with the reconstruction `x_tilde = decoder(z)` and the prior sample `x_p = decoder(z_prior)`.
    The losses, as in Algorithm 1 (there L_GAN is maximised by the discriminator):

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
        fake_weight: of each kind of fake in the discriminator's loss; 1 in the paper. With two
            kinds, 0.5 gives real and fake equal weight.
        adversarial_loss, real_target, flip_probability, equilibrium, margin, seed: as for
            `AdversarialModel`.

    Raises:
        ValueError: as for `AdversarialModel`; an encoder without log-variance or a discriminator
            without features; a negative weight.
    """

    network_names = ("encoder", "decoder", "discriminator")
    noise_names = ("posterior", "prior")
    observed = ("kl_loss", "feature_loss", "d_real", "d_reconstruction", "d_generated")

    def __init__(
        self,
        encoder,
        decoder,
        discriminator,
        gamma=1e-6,
        kl_weight=1.0,
        feature_weight=1.0,
        feature_scale="sum",
        reconstructions_are_fakes=True,
        fake_weight=1.0,
        **kwargs,
    ):
        if len(check_network(encoder, "encoder").outputs) != 2:
            raise ValueError(
                "A VAE-GAN's encoder returns (z_mean, z_log_var); build it with "
                f"`variational=True`. Received: {len(encoder.outputs)} output(s)"
            )
        if len(check_network(discriminator, "discriminator").outputs) != 2:
            raise ValueError(
                "A VAE-GAN's discriminator returns (logits, features): its reconstruction loss is "
                f"measured in the features. Received: {len(discriminator.outputs)} output(s)"
            )
        if feature_scale not in FEATURE_SCALES:
            raise ValueError(
                f"`feature_scale` must be one of {', '.join(FEATURE_SCALES)}. "
                f"Received: {feature_scale!r}"
            )
        super().__init__(encoder=encoder, decoder=decoder, discriminator=discriminator, **kwargs)
        self.gamma = check_number(gamma, "gamma")
        self.kl_weight = check_number(kl_weight, "kl_weight")
        self.feature_weight = check_number(feature_weight, "feature_weight")
        self.feature_scale = feature_scale
        self.reconstructions_are_fakes = bool(reconstructions_are_fakes)
        self.fake_weight = check_number(fake_weight, "fake_weight")
        self.sampling = Sampling(self.seed)
        self.sampling.built = True  # it has no weights

    def compile(
        self,
        encoder_optimizer=None,
        decoder_optimizer=None,
        discriminator_optimizer=None,
        **kwargs,
    ):
        """Compile with one optimizer for each network; `kwargs` as for `compile_networks`."""
        optimizers = {
            "encoder": encoder_optimizer,
            "decoder": decoder_optimizer,
            "discriminator": discriminator_optimizer,
        }
        self.compile_networks(optimizers, **kwargs)

    def call(self, images, training=None):
        """Return reconstructions of images, of their shape, from sampled z."""
        z = self.sampling(self.encoder(images, training=training))
        return self.decoder(z, training=training)

    def compute_terms(self, images, training, noise=None):
        """Return the four terms, scalars: `prior` in nats, `feature`, the game's two in nats.

        Args:
            images: a batch of real images.
            training: passed on to the networks.
            noise: `{"posterior": (batch, latent_dim), "prior": (batch, latent_dim)}`, standard
                normal, drawn when `None`.

        Returns:
            A dict of `prior`, `feature`, `adversarial_decoder` and `adversarial_discriminator`.
        """
        noise = self.complete_noise(images, noise)
        z_mean, z_log_var = self.encoder(images, training=training)
        z = self.sampling((z_mean, z_log_var), noise=noise["posterior"])
        reconstruction = self.decoder(z, training=training)
        generated = self.decoder(noise["prior"], training=training)

        # Three calls: in one batch, BatchNorm and minibatch discrimination would mix real and fake.
        logits, features = {}, {}
        logits["real"], features["real"] = self.discriminate(images, training)
        logits["reconstruction"], features["reconstruction"] = self.discriminate(
            reconstruction, training
        )
        logits["generated"], _ = self.discriminate(generated, training)
        fakes = ["reconstruction", "generated"] if self.reconstructions_are_fakes else ["generated"]

        prior = ops.mean(kl_divergence(z_mean, z_log_var))
        feature = ops.mean(self.feature_loss(features["real"], features["reconstruction"]))
        adversarial_decoder = sum(ops.mean(self.fool(logits[fake])) for fake in fakes)
        adversarial_discriminator = ops.mean(
            self.judge(logits["real"], True, training)
        ) + self.fake_weight * sum(
            ops.mean(self.judge(logits[fake], False, training)) for fake in fakes
        )

        self.observe(kl_loss=prior, feature_loss=feature)
        self.observe_game(logits, fakes)
        return {
            "prior": prior,
            "feature": feature,
            "adversarial_decoder": adversarial_decoder,
            "adversarial_discriminator": adversarial_discriminator,
        }

    def compute_losses(self, images, training, noise=None):
        """Return the losses of the three networks, scalars; `noise` as for `compute_terms`."""
        terms = self.compute_terms(images, training, noise)
        return {
            "encoder": self.kl_weight * terms["prior"] + self.feature_weight * terms["feature"],
            "decoder": self.gamma * terms["feature"] + terms["adversarial_decoder"],
            "discriminator": terms["adversarial_discriminator"],
        }

    def feature_loss(self, real, reconstructed):
        """Return the feature loss (batch,) in the scale chosen."""
        if self.feature_scale == "variance":
            real, reconstructed = (ops.cast(f, "float32") for f in (real, reconstructed))
            axes = tuple(range(len(real.shape) - 1))
            deviation = ops.sqrt(ops.var(real, axis=axes, keepdims=True) + 1e-6)
            real, reconstructed = real / deviation, reconstructed / deviation
        return feature_loss(real, reconstructed)

    def get_config(self):
        return {
            **super().get_config(),
            "gamma": self.gamma,
            "kl_weight": self.kl_weight,
            "feature_weight": self.feature_weight,
            "feature_scale": self.feature_scale,
            "reconstructions_are_fakes": self.reconstructions_are_fakes,
            "fake_weight": self.fake_weight,
        }
