"""Layers that Keras does not bring."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("vaegan_edu")
class Sampling(keras.layers.Layer):
    """Draw z from the Gaussian posterior q(z|x), so that gradients reach its parameters.

    The reparameterisation trick (Kingma & Welling 2014, section 2.4):
    `z = z_mean + exp(z_log_var / 2) * noise` with standard normal `noise`. The noise does not
    depend on the weights, so z can be differentiated with respect to `z_mean` and `z_log_var`.

    Example:
        >>> z = Sampling(seed=0)((z_mean, z_log_var))

    Args:
        seed: whole number for reproducible noise; `None` takes a fresh one.
    """

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs, noise=None):
        """Return z (batch, latent_dim) for `inputs = (z_mean, z_log_var)`, each of that shape.

        `noise` (batch, latent_dim), standard normal, is drawn when it is `None`; tests and
        comparisons between backends pass their own.
        """
        z_mean, z_log_var = inputs
        if len(z_mean.shape) != 2 or tuple(z_mean.shape) != tuple(z_log_var.shape):
            raise ValueError(
                "`Sampling` needs (z_mean, z_log_var), both of shape (batch, latent_dim). "
                f"Received: shapes {tuple(z_mean.shape)} and {tuple(z_log_var.shape)}"
            )
        if noise is None:
            noise = keras.random.normal(
                ops.shape(z_mean), dtype=z_mean.dtype, seed=self.seed_generator
            )
        return z_mean + ops.exp(0.5 * z_log_var) * noise

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}
