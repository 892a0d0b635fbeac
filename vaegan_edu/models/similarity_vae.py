"""A VAE whose similarity is learned by a GAN beside it (Larsen et al. 2016, section 4.1)."""

from typing import Any

import keras
from keras import ops

from vaegan_edu.losses import kl_divergence
from vaegan_edu.models.adversarial import GamePass
from vaegan_edu.models.gan import GAN
from vaegan_edu.models.latent_model import Tensor
from vaegan_edu.models.learned_similarity import LearnedSimilarity


@keras.saving.register_keras_serializable("vaegan_edu")
class SimilarityVAE(LearnedSimilarity):
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
        kl_weight, feature_scale, and the arguments of `AdversarialModel`: as for `VAEGAN`.

    Raises:
        ValueError: as for `VAEGAN`; a generator that does not take the decoder's codes.
    """

    network_names: tuple[str, ...] = ("encoder", "decoder", "generator", "discriminator")
    maker = "generator"

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        generator: keras.Model,
        discriminator: keras.Model,
        **kwargs: Any,
    ):
        super().__init__(
            encoder=encoder,
            decoder=decoder,
            generator=generator,
            discriminator=discriminator,
            **kwargs,
        )
        shapes = [(n.input_shape, n.output_shape) for n in (self.generator, self.decoder)]
        if shapes[0] != shapes[1]:
            raise ValueError(
                "The generator must take and return what the decoder does. "
                f"Received: {generator.input_shape} to {generator.output_shape}"
            )

    def play(
        self, images: Tensor, training: bool, noise: dict[str, Tensor] | None = None
    ) -> GamePass:
        """Reconstruct and generate, each by its own network; arguments as for `VAEGAN.play`."""
        noise = self.complete_noise(images, noise)
        z_mean, z_log_var = self.encoder(images, training=training)
        z = self.sampling((z_mean, z_log_var), noise=noise["posterior"])
        reconstruction = self.decoder(z, training=training)
        generated = self.generator(noise["prior"], training=training)
        examples = {"real": images, "reconstruction": reconstruction, "generated": generated}
        logits, features = self.discriminate_each(examples, training)
        del logits["reconstruction"]  # it takes no part in the game
        return GamePass(examples, logits, features, z_mean, z_log_var, z)

    def terms_of(self, played: GamePass, training: bool) -> dict[str, Tensor]:
        """Return `prior` and `feature` as a VAE-GAN's, and a GAN's two terms, scalars."""
        features = played.features
        return {
            "prior": ops.mean(kl_divergence(played.z_mean, played.z_log_var)),
            "feature": ops.mean(self.feature_loss(features["real"], features["reconstruction"])),
            **GAN.terms_of(self, played, training),
        }

    def losses_of(self, terms: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the losses of the four networks, scalars."""
        return {
            "encoder": self.kl_weight * terms["prior"] + terms["feature"],
            "decoder": terms["feature"],
            **GAN.losses_of(self, terms),
        }
