"""The same step as one would write it in TensorFlow: three tapes over one shared forward pass."""

import time

import keras
import tensorflow as tf

from vaegan_edu import networks


class Variant:
    """Keras networks and optimizers, and a `tf.function` without XLA."""

    def __init__(self, step):
        keras.config.set_dtype_policy(step.precision)
        self.step = step
        shape = (step.image_size, step.image_size, 1)
        self.networks = {
            "encoder": networks.build_encoder(step.preset, shape, step.latent_dim),
            "decoder": networks.build_decoder(step.preset, shape, step.latent_dim),
            "discriminator": networks.build_discriminator(step.preset, shape),
        }
        self.optimizers = {
            name: keras.optimizers.Adam(step.learning_rate) for name in self.networks
        }
        for name, network in self.networks.items():
            self.optimizers[name].build(network.trainable_variables)
        self.train_step = tf.function(self._train_step, jit_compile=False)

    def take_weights(self, weights):
        """Take weights by network."""
        for name, network in self.networks.items():
            network.set_weights(weights[name])

    def _losses(self, images, noise):
        z_mean, z_log_var = self.networks["encoder"](images, training=True)
        z = z_mean + tf.exp(0.5 * z_log_var) * tf.cast(noise["posterior"], z_mean.dtype)
        reconstruction = self.networks["decoder"](z, training=True)
        generated = self.networks["decoder"](noise["prior"], training=True)
        real_logits, real_features = self.networks["discriminator"](images, training=True)
        logits, features = self.networks["discriminator"](reconstruction, training=True)
        prior_logits, _ = self.networks["discriminator"](generated, training=True)
        z_mean, z_log_var, real_logits, real_features, logits, features, prior_logits = (
            tf.cast(tensor, tf.float32)
            for tensor in (
                z_mean, z_log_var, real_logits, real_features, logits, features, prior_logits
            )
        )  # fmt: skip
        kl = tf.reduce_mean(
            0.5 * tf.reduce_sum(z_mean**2 + tf.exp(z_log_var) - z_log_var - 1.0, axis=1)
        )
        feature = tf.reduce_mean(
            0.5 * tf.reduce_sum((real_features - features) ** 2, axis=(1, 2, 3))
        )
        ones, zeros = tf.ones_like(logits), tf.zeros_like(logits)

        def entropy(labels, logits):
            return tf.reduce_mean(
                tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)
            )

        step = self.step
        return {
            "encoder": step.kl_weight * kl + step.feature_weight * feature,
            "decoder": step.gamma * feature + entropy(ones, logits) + entropy(ones, prior_logits),
            "discriminator": entropy(ones, real_logits)
            + entropy(zeros, logits)
            + entropy(zeros, prior_logits),
        }

    def _train_step(self, images):
        shape = (self.step.batch, self.step.latent_dim)
        noise = {name: tf.random.normal(shape) for name in ("posterior", "prior")}
        with tf.GradientTape() as one, tf.GradientTape() as two, tf.GradientTape() as three:
            losses = self._losses(images, noise)
        for name, tape in zip(self.networks, (one, two, three), strict=True):
            variables = self.networks[name].trainable_variables
            self.optimizers[name].apply(tape.gradient(losses[name], variables), variables)
        return losses

    def losses(self):
        """Return the three losses of the first step."""
        found = self._losses(tf.constant(self.step.images()), self.step.noise())
        return {name: float(loss) for name, loss in found.items()}

    def prepare(self, steps):
        """Compile, and return the seconds that took."""
        self.batches = tf.split(tf.constant(self.step.images(steps)), steps)
        started = time.perf_counter()
        self.run()
        return time.perf_counter() - started

    def run(self):
        """Make a step with each batch."""
        for images in self.batches:
            losses = self.train_step(images)
        return {name: float(loss) for name, loss in losses.items()}  # waits for the last
