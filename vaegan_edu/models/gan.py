"""The generative adversarial network (Goodfellow et al. 2014)."""

import keras
from keras import ops

from vaegan_edu.models.adversarial import AdversarialModel
from vaegan_edu.models.latent_model import check_network


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

    network_names = ("generator", "discriminator")
    maker = "generator"
    observed = ("d_real", "d_generated")

    def __init__(self, generator, discriminator, **kwargs):
        check_network(generator, "generator")
        super().__init__(decoder=generator, discriminator=discriminator, **kwargs)

    @property
    def generator(self):
        """The network that makes examples; `decode` and `generate` use it."""
        return self.decoder

    def compile(self, generator_optimizer=None, discriminator_optimizer=None, **kwargs):
        """Compile with one optimizer for each network; `kwargs` as for `compile_networks`."""
        optimizers = {"generator": generator_optimizer, "discriminator": discriminator_optimizer}
        self.compile_networks(optimizers, **kwargs)

    def call(self, z, training=None):
        """Return the examples that the generator makes of z (batch, latent_dim)."""
        return self.generator(z, training=training)

    def compute_terms(self, images, training, noise=None):
        """Return the game's two terms, scalars in nats.

        Args:
            images: a batch of real examples.
            training: passed on to both networks.
            noise: `{"prior": (batch, latent_dim)}`, standard normal, drawn when `None`.

        Returns:
            A dict of `adversarial_generator` and `adversarial_discriminator`.
        """
        noise = self.complete_noise(images, noise)
        generated = self.generator(noise["prior"], training=training)
        real_logits, _ = self.discriminate(images, training)
        fake_logits, _ = self.discriminate(generated, training)
        self.observe_game({"real": real_logits, "generated": fake_logits}, fakes=["generated"])
        return {
            "adversarial_generator": ops.mean(self.fool(fake_logits)),
            "adversarial_discriminator": ops.mean(
                self.judge(real_logits, True, training) + self.judge(fake_logits, False, training)
            ),
        }

    def compute_losses(self, images, training, noise=None):
        """Return the losses of generator and discriminator, scalars; `noise` as above."""
        terms = self.compute_terms(images, training, noise)
        return {
            "generator": terms["adversarial_generator"],
            "discriminator": terms["adversarial_discriminator"],
        }
