"""The step that every variant makes, and the numbers that all of them start from. No framework."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Step:
    """One training step of the VAE-GAN of the original project on MNIST, or a variation of it.

    Attributes:
        preset: of `vaegan_edu.networks`.
        precision: "float32" or "mixed_bfloat16".
        image_size: height and width.
        batch: images a step.
    """

    preset: str = "original"
    precision: str = "float32"
    image_size: int = 28
    batch: int = 100

    latent_dim = 64
    gamma, kl_weight, feature_weight = 1e-8, 1 / 64, 1 / 4096
    learning_rate = 5e-4

    def images(self, batches=1):
        """Return images in [-1, 1], the same each time: (batches * batch, size, size, 1)."""
        shape = (batches * self.batch, self.image_size, self.image_size, 1)
        return np.random.default_rng(0).uniform(-1, 1, shape).astype("float32")

    def noise(self):
        """Return the noise of the losses that are compared before anything is timed."""
        rng = np.random.default_rng(1)
        shape = (self.batch, self.latent_dim)
        return {k: rng.standard_normal(shape).astype("float32") for k in ("posterior", "prior")}


def count_operations(encoder, decoder, discriminator):
    """Count the floating-point operations an image of one step: matrix products and convolutions.

    Forward: the encoder once, the decoder twice (reconstruction and prior sample), the
    discriminator three times. Backward, for a network's own loss: a product for the gradient of
    each weight and, but for its first layer, one for that of each input. For a loss that passes
    through a network: one for each input. The encoder's loss passes through the layers of the
    discriminator up to the features, and the decoder; the decoder's through the discriminator,
    twice.

    Args:
        encoder, decoder, discriminator: Keras networks; the second output of the discriminator are
            the features.
    """
    e, d, c = (_products(network) for network in (encoder, decoder, discriminator))
    features = discriminator.outputs[1]._keras_history.operation
    upstream = discriminator.layers[: discriminator.layers.index(features) + 1]
    to_features = sum(_products(discriminator, upstream))
    forward = sum(e) + 2 * sum(d) + 3 * sum(c)
    for_encoder = to_features + sum(d) + 2 * sum(e) - e[0]
    for_decoder = 2 * sum(c) + 2 * (2 * sum(d) - d[0])
    for_discriminator = 3 * (2 * sum(c) - c[0])
    return 2 * (forward + for_encoder + for_decoder + for_discriminator)


def _products(network, layers=None):
    """Return the multiply-adds an image of each layer that has a kernel."""
    found = []
    for layer in network.layers if layers is None else layers:
        if type(layer).__name__ in ("Dense", "Conv2D", "Conv2DTranspose"):
            transposed = type(layer).__name__ == "Conv2DTranspose"
            shape = layer.input.shape if transposed else layer.output.shape
            found.append(int(np.prod(layer.kernel.shape)) * int(np.prod(shape[1:-1])))
    return found
