"""The package's own step, as `fit` runs it on the real input pipeline."""

import time

import keras
import numpy as np
from keras import ops

from vaegan_edu import models, networks
from vaegan_edu.experiments.batches import EpochBatches


class Variant:
    """A compiled `VAEGAN` and batches for it."""

    def __init__(self, step):
        keras.config.set_dtype_policy(step.precision)
        self.step = step
        shape = (step.image_size, step.image_size, 1)
        keras.utils.set_random_seed(0)
        self.model = models.VAEGAN(
            networks.build_encoder(step.preset, shape, step.latent_dim),
            networks.build_decoder(step.preset, shape, step.latent_dim),
            networks.build_discriminator(step.preset, shape),
            gamma=step.gamma, kl_weight=step.kl_weight, feature_weight=step.feature_weight, seed=0,
        )  # fmt: skip
        self.model.compile(*[keras.optimizers.Adam(step.learning_rate) for _ in range(3)])

    def weights(self):
        """Return the weights by network, as Keras orders them."""
        return {name: network.get_weights() for name, network in self.model.networks.items()}

    def losses(self):
        """Return the three losses of the first step."""
        found = self.model.compute_losses(self.step.images(), True, self.step.noise())
        return {name: float(ops.convert_to_numpy(loss)) for name, loss in found.items()}

    def prepare(self, steps):
        """Compile, and return the seconds that took."""
        images = self.step.images(steps)
        labels = np.zeros(len(images), "int64")
        self.batches = EpochBatches(images, labels, self.step.batch, seed=0)
        self.bare = self._bare_step() if keras.backend.backend() == "tensorflow" else None
        started = time.perf_counter()
        self.run()
        return time.perf_counter() - started

    def run(self):
        """Train for one epoch of the batches."""
        self.model.fit(self.batches, epochs=1, shuffle=False, verbose=0)

    def run_bare(self):
        """Make as many steps on data that is there already, with nothing around them."""
        for _ in range(len(self.batches)):
            logs = self.bare()
        return {name: float(value) for name, value in logs.items()}  # waits for the last

    def _bare_step(self):
        import tensorflow as tf

        images = tf.constant(self.step.images())
        return tf.function(lambda: self.model.train_step((images,)))
