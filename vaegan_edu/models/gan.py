"""The generative adversarial network (Goodfellow et al. 2014)."""

from typing import Any

import keras
from keras import ops

from vaegan_edu.models.adversarial import AdversarialModel, GamePass
from vaegan_edu.models.latent_model import Tensor


@keras.saving.register_keras_serializable("vaegan_edu")
class GAN(AdversarialModel):
    """A generator learns to make what a discriminator cannot tell from the data.

    With `D = sigmoid(logits)`, means over the batch and z drawn from a standard normal:

    `discriminator loss = -log D(x) - log(1 - D(generator(z)))`
    `generator loss     = -log D(generator(z))` (non-saturating) or `log(1 - D(generator(z)))`

    (Goodfellow et al. 2014, equation 1 and section 3). The discriminator sees real and generated
    examples in batches of their own. Both networks step at once, from the same weights.

    Besides `generator_loss` and `discriminator_loss` it logs `d_real` and `d_generated`, the means
    of D on both. Examples may be images (batch, height, width, channels) or points (batch, width).

    Example:
        >>> gan = GAN(build_decoder("toy", (2,)), build_discriminator("toy", (2,)))
        >>> gan.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3))
        >>> gan.fit(points, epochs=20)
        >>> samples = gan.generate(1000, seed=0)

    Args:
        generator: `z` (batch, latent_dim) to examples; a decoder by another name.
        discriminator: examples to `logits` (batch, 1) or `(logits, features)`.
        adversarial_loss, real_target, flip_probability, equilibrium, margin, seed: as for
            `AdversarialModel`.

    Raises:
        ValueError: as for `AdversarialModel`.
    """

    network_names: tuple[str, ...] = ("generator", "discriminator")
    maker = "generator"
    # The two losses are the two terms.
    log_names = {"adversarial_generator": None, "adversarial_discriminator": None}

    def __init__(self, generator: keras.Model, discriminator: keras.Model, **kwargs: Any):
        super().__init__(generator=generator, discriminator=discriminator, **kwargs)

    @property
    def decoder(self) -> keras.Model:
        """The generator; `decode` and `generate` use it."""
        return self.generator

    def call(self, z: Tensor, training: bool | None = None) -> Tensor:
        """Return the examples that the generator makes of z (batch, latent_dim)."""
        return self.generator(z, training=training)

    def play(
        self, images: Tensor, training: bool, noise: dict[str, Tensor] | None = None
    ) -> GamePass:
        """Let the discriminator see real and generated examples.

        Args:
            images: a batch of real examples.
            training: passed on to both networks.
            noise: `{"prior": (batch, latent_dim)}`, standard normal, drawn when `None`.
        """
        noise = self.complete_noise(images, noise)
        generated = self.generator(noise["prior"], training=training)
        examples = {"real": images, "generated": generated}
        return GamePass(examples, *self.discriminate_each(examples, training))

    def terms_of(self, played: GamePass, training: bool) -> dict[str, Tensor]:
        """Return the game's two terms, scalars in nats."""
        real, fake = played.logits["real"], played.logits["generated"]
        return {
            "adversarial_generator": ops.mean(self.fool(fake)),
            "adversarial_discriminator": ops.mean(
                self.judge(real, True, training) + self.judge(fake, False, training)
            ),
        }

    def losses_of(self, terms: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the losses of generator and discriminator, scalars."""
        return {
            "generator": terms["adversarial_generator"],
            "discriminator": terms["adversarial_discriminator"],
        }
