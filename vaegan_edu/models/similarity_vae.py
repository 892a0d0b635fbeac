"""A VAE whose similarity is learned by a GAN beside it (Larsen et al. 2016, section 4.1)."""

import keras
from keras import ops

from vaegan_edu.losses import kl_divergence
from vaegan_edu.models.latent_model import LatentModel
from vaegan_edu.models.vaegan import VAEGAN


class _WithGenerator(LatentModel):
    """A latent model and the generator of a game that it has no part in."""

    def __init__(self, generator, **kwargs):
        super().__init__(**kwargs)
        self.generator = generator


@keras.saving.register_keras_serializable("vaegan_edu")
class SimilarityVAE(VAEGAN, _WithGenerator):
    """A VAE that compares images by the features of a discriminator, and plays no game itself.

    Larsen et al. (2016) call it VAE_Dis: what a VAE-GAN has without its adversarial term. There a
    GAN is trained first and the VAE on its discriminator afterwards. Here both learn side by side,
    of the same batches: the GAN (`generator`, `discriminator`) as if it were alone, the VAE
    (`encoder`, `decoder`) by the features as they are at that step.

    `encoder loss       = kl_weight * KL(q(z|x) || N(0, I)) + feature`
    `decoder loss       = feature`
    `generator loss     = -log D(generator(z_prior))`
    `discriminator loss = -log D(x) - log(1 - D(generator(z_prior)))`

    with `feature` as in `VAEGAN`. It logs these losses, `kl_loss`, `feature_loss`, and the means
    `d_real` and `d_generated`, the generator's. `decode` and `generate` are the VAE's.

    Args:
        encoder, decoder: of the VAE, as for `VAEGAN`.
        generator: of the GAN: `z` (batch, latent_dim) to images.
        discriminator: images to `(logits, features)`.
        kl_weight, feature_scale, and the others of `AdversarialModel`: as for `VAEGAN`.

    Raises:
        ValueError: as for `VAEGAN`; a generator that does not take the decoder's codes.
    """

    network_names = ("encoder", "decoder", "generator", "discriminator")
    maker = "generator"
    observed = ("kl_loss", "feature_loss", "d_real", "d_generated")

    def __init__(
        self, encoder, decoder, generator, discriminator, kl_weight=1.0, feature_scale="sum",
        **kwargs,
    ):  # fmt: skip
        if (generator.input_shape, generator.output_shape) != (
            decoder.input_shape, decoder.output_shape
        ):  # fmt: skip
            raise ValueError(
                "The generator must take and return what the decoder does. "
                f"Received: {generator.input_shape} to {generator.output_shape}"
            )
        super().__init__(
            encoder, decoder, discriminator, kl_weight=kl_weight, feature_scale=feature_scale,
            generator=generator, **kwargs,
        )  # fmt: skip

    def compile(
        self,
        encoder_optimizer=None,
        decoder_optimizer=None,
        generator_optimizer=None,
        discriminator_optimizer=None,
        **kwargs,
    ):
        """Compile with one optimizer for each network; `kwargs` as for `compile_networks`."""
        optimizers = {
            "encoder": encoder_optimizer,
            "decoder": decoder_optimizer,
            "generator": generator_optimizer,
            "discriminator": discriminator_optimizer,
        }
        self.compile_networks(optimizers, **kwargs)

    def compute_terms(self, images, training, noise=None):
        """Return `prior`, `feature`, `adversarial_generator` and `adversarial_discriminator`.

        Arguments as for `VAEGAN.compute_terms`; all are scalars, means over the batch.
        """
        noise = self.complete_noise(images, noise)
        z_mean, z_log_var = self.encoder(images, training=training)
        z = self.sampling((z_mean, z_log_var), noise=noise["posterior"])
        reconstruction = self.decoder(z, training=training)
        generated = self.generator(noise["prior"], training=training)
        real_logits, real_features = self.discriminate(images, training)
        _, features = self.discriminate(reconstruction, training)
        fake_logits, _ = self.discriminate(generated, training)

        prior = ops.mean(kl_divergence(z_mean, z_log_var))
        feature = ops.mean(self.feature_loss(real_features, features))
        self.observe(kl_loss=prior, feature_loss=feature)
        self.observe_game({"real": real_logits, "generated": fake_logits}, fakes=["generated"])
        return {
            "prior": prior,
            "feature": feature,
            "adversarial_generator": ops.mean(self.fool(fake_logits)),
            "adversarial_discriminator": ops.mean(
                self.judge(real_logits, True, training) + self.judge(fake_logits, False, training)
            ),
        }

    def compute_losses(self, images, training, noise=None):
        """Return the losses of the four networks, scalars; `noise` as for `compute_terms`."""
        terms = self.compute_terms(images, training, noise)
        return {
            "encoder": self.kl_weight * terms["prior"] + terms["feature"],
            "decoder": terms["feature"],
            "generator": terms["adversarial_generator"],
            "discriminator": terms["adversarial_discriminator"],
        }

    def get_config(self):
        config = super().get_config()
        unused = ("gamma", "feature_weight", "reconstructions_are_fakes", "fake_weight")
        return {name: value for name, value in config.items() if name not in unused}
