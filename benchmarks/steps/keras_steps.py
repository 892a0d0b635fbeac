"""Our step as `fit` calls it, and the plain one: three gradient tapes over one forward pass."""

from importlib.metadata import version

import keras
import numpy as np

from benchmarks.steps.worker import clock
from vaegan_edu import models, networks
from vaegan_edu.experiments import EXPERIMENTS
from vaegan_edu.experiments.batches import EpochBatches
from vaegan_edu.models.steps import kernels as faster


class KerasStep:
    """The three networks and their optimizers, on the backend of this process.

    Args:
        precision: "float32" or "mixed_bfloat16".
        preset, image_size, batch_size, latent_dim: of the networks and the batch.
        gamma, kl_weight, feature_weight: as for `VAEGAN`.
        learning_rate: of Adam, for all three.
    """

    def __init__(
        self,
        *,
        precision,
        preset,
        image_size,
        batch_size,
        latent_dim,
        gamma,
        kl_weight,
        feature_weight,
        learning_rate,
    ):
        keras.config.set_dtype_policy(precision)
        keras.utils.set_random_seed(0)
        self.shape = (image_size, image_size, 1)
        self.batch_size = batch_size
        self.latent_dim = latent_dim
        self.weights = {"gamma": gamma, "kl_weight": kl_weight, "feature_weight": feature_weight}
        self.networks = {
            "encoder": networks.build_encoder(preset, self.shape, latent_dim),
            "decoder": networks.build_decoder(preset, self.shape, latent_dim),
            "discriminator": networks.build_discriminator(preset, self.shape),
        }
        self.optimizers = {name: keras.optimizers.Adam(learning_rate) for name in self.networks}

    def get_weights(self):
        """Return the weights of each network, a dict of lists of arrays."""
        return {name: network.get_weights() for name, network in self.networks.items()}

    def set_weights(self, weights):
        """Take the weights of another step."""
        for name, network in self.networks.items():
            network.set_weights(weights[name])

    def plan(self):
        """Return what `torch_step` builds the same networks from.

        The layers of each network in order, as `told`, and how many of the discriminator's come
        before its features.
        """
        layers = {name: network.layers[1:] for name, network in self.networks.items()}
        features = self.networks["discriminator"].outputs[1]
        ahead = [layer.output is features for layer in layers["discriminator"]].index(True) + 1
        return {name: [told(layer) for layer in row] for name, row in layers.items()}, ahead

    def operations(self, kind=None):
        """Return how many multiplications and additions one step needs (`count_operations`)."""
        return self.batch_size * count_operations(self.networks, kind)

    def matmul_rate(self, size, repeats=20):
        """Return the rate of the fastest of some square matrix products, operations per second."""
        dtype = self.networks["decoder"].compute_dtype
        matrix = keras.ops.cast(keras.random.normal((size, size)), dtype)
        multiply = _compiled(lambda matrix: keras.ops.matmul(matrix, matrix))
        seconds = []
        for _ in range(repeats):
            started = clock()
            _wait(multiply(matrix))
            seconds.append(clock() - started)
        return 2 * size**3 / min(seconds)

    def library(self):
        """Return name and version of what computes."""
        backend = keras.backend.backend()
        return f"{backend} {version(backend)}, keras {keras.__version__}"

    def images(self, count):
        """Return `count` images of noise; what they show changes no time."""
        images = np.random.default_rng(0).uniform(-1, 1, (count, *self.shape))
        return images.astype("float32")


class OurStep(KerasStep):
    """The train function that `fit` makes of our `VAEGAN`, called by `fit`.

    Args:
        kernels: names of the classes whose faster kernels it uses; `None` takes all that there are.
        **settings: as for `KerasStep`.
    """

    def __init__(self, kernels=None, **settings):
        super().__init__(**settings)
        if kernels is not None:  # of this process
            faster.KERNELS = {
                kind: made for kind, made in faster.KERNELS.items() if kind.__name__ in kernels
            }
        self.model = models.VAEGAN(**self.networks, **self.weights, seed=0)
        self.model.compile(*self.optimizers.values())
        self.epochs = 0

    def losses(self, images, noise):
        """Return the three losses of a batch in training, a dict of numbers."""
        found = self.model.compute_losses(images, training=True, noise=noise)
        return {name: float(keras.ops.convert_to_numpy(loss)) for name, loss in found.items()}

    def window(self, steps):
        """Return the seconds of `steps` steps of `fit`, after one more that starts the pipeline."""
        return self._fit(steps + 1).steps

    def epoch(self, steps):
        """Return the seconds of an epoch of `fit`, and of as many calls of its train function.

        The calls get one batch that lies ready as tensors: what the epoch takes longer is spent
        outside the step, on its input pipeline and its bookkeeping. TensorFlow only.
        """
        import tensorflow as tf

        batch = tuple(map(tf.constant, (self.images(self.batch_size), np.zeros(self.batch_size))))
        iterator = iter(tf.data.Dataset.from_tensors(batch).repeat())
        whole = self._fit(steps).epoch
        started = clock()
        for _ in range(steps):
            logs = self.model.train_function(iterator)
        _wait(logs)
        return whole, clock() - started

    def _fit(self, steps):
        images = self.images(steps * self.batch_size)
        batches = EpochBatches(images, np.zeros(len(images)), self.batch_size, seed=0)
        watch = Stopwatch()
        self.model.fit(
            batches,
            initial_epoch=self.epochs,
            epochs=self.epochs + 1,
            shuffle=False,
            verbose=0,
            callbacks=[batches.follow(), watch],
        )
        self.epochs += 1
        return watch


class ExperimentStep(OurStep):
    """The train function that `fit` makes of an experiment's model, of any kind, for 28x28 images.

    Args:
        precision: as for `KerasStep`.
        experiment: its name; all settings are its own.
    """

    def __init__(self, *, precision, experiment):
        keras.config.set_dtype_policy(precision)
        keras.utils.set_random_seed(0)
        self.shape = (28, 28, 1)
        arguments = {**EXPERIMENTS[experiment].settings, "seed": 0}
        self.batch_size = arguments["batch_size"]
        self.model = EXPERIMENTS[experiment].build(arguments, self.shape)
        EXPERIMENTS[experiment].compile(self.model, arguments, steps=1)
        self.networks = self.model.networks
        self.epochs = 0

    def batch(self):
        """Return the number of images in a step."""
        return self.batch_size


class ThreeTapeStep(KerasStep):
    """What a careful user of TensorFlow writes: no XLA, one tape for each network's loss."""

    def __init__(self, **settings):
        import tensorflow as tf

        super().__init__(**settings)
        for name, network in self.networks.items():
            self.optimizers[name].build(network.trainable_variables)
        self.batch = tf.constant(self.images(self.batch_size))
        self.step = tf.function(self._step)

    def losses(self, images, noise):
        """Return the three losses of a batch in training, a dict of numbers."""
        found = self._losses(images, noise["posterior"], noise["prior"])
        return {name: float(loss) for name, loss in found.items()}

    def window(self, steps):
        """Return the seconds of `steps` steps."""
        started = clock()
        for _ in range(steps):
            losses = self.step(self.batch)
        _wait(losses)
        return clock() - started

    def _step(self, images):
        import tensorflow as tf

        shape = (self.batch_size, self.latent_dim)
        posterior, prior = tf.random.normal(shape), tf.random.normal(shape)
        with tf.GradientTape() as tape_e, tf.GradientTape() as tape_d, tf.GradientTape() as tape_c:
            losses = self._losses(images, posterior, prior)
        tapes = {"encoder": tape_e, "decoder": tape_d, "discriminator": tape_c}
        gradients = {
            name: tape.gradient(losses[name], self.networks[name].trainable_variables)
            for name, tape in tapes.items()
        }
        for name, found in gradients.items():
            self.optimizers[name].apply(found, self.networks[name].trainable_variables)
        return losses

    def _losses(self, images, posterior, prior):
        import tensorflow as tf

        encoder, decoder, discriminator = self.networks.values()
        z_mean, z_log_var = (tf.cast(z, tf.float32) for z in encoder(images, training=True))
        z = z_mean + tf.exp(0.5 * z_log_var) * posterior
        reconstruction = decoder(z, training=True)
        generated = decoder(prior, training=True)
        outputs = [discriminator(x, training=True) for x in (images, reconstruction, generated)]
        real, fake, sample = (tf.cast(logits, tf.float32) for logits, _ in outputs)
        real_features, fake_features = (tf.cast(f, tf.float32) for _, f in outputs[:2])
        kl = 0.5 * tf.reduce_sum(tf.square(z_mean) + tf.exp(z_log_var) - 1 - z_log_var, axis=1)
        feature = 0.5 * tf.reduce_sum(tf.square(real_features - fake_features), axis=(1, 2, 3))
        kl, feature = tf.reduce_mean(kl), tf.reduce_mean(feature)
        softplus = tf.nn.softplus
        return {
            "encoder": self.weights["kl_weight"] * kl + self.weights["feature_weight"] * feature,
            "decoder": self.weights["gamma"] * feature
            + tf.reduce_mean(softplus(-fake) + softplus(-sample)),
            "discriminator": tf.reduce_mean(softplus(-real) + softplus(fake) + softplus(sample)),
        }


class Stopwatch(keras.callbacks.Callback):
    """The seconds of an epoch (`epoch`), and from its first step's end to its last's (`steps`)."""

    def on_epoch_begin(self, epoch, logs=None):
        self.began = clock()

    def on_train_batch_end(self, batch, logs=None):
        if batch in (0, self.params["steps"] - 1):
            _wait(logs)
            now = clock()
            if batch == 0:
                self.first = now
            self.steps = now - self.first

    def on_epoch_end(self, epoch, logs=None):
        self.epoch = clock() - self.began


def count_operations(networks, kind=None):
    """Return the multiplications and additions that one image costs in one step.

    Those of matrix products and convolutions alone, or of one `kind`, "dense" or "convolution";
    with a layer's forward pass as the unit, its
    weights' gradient costs one more, and its inputs' one more.

    - encoder: one pass, its weights' gradients, inputs' gradients of all layers but the first;
    - decoder: the same twice, and for the encoder the inputs' gradients of all layers once;
    - discriminator: the same three times; for the decoder the inputs' gradients of all layers
      twice, and for the encoder those of the layers up to the features.
    """
    encoder, decoder, discriminator = (_layers(network) for network in networks.values())
    features = networks["discriminator"].outputs[1]
    head = [layer.output is features for layer in discriminator].index(True) + 1

    def learn(layers):
        counts = [_operations(layer, kind) for layer in layers]
        return 3 * sum(counts) - counts[0]

    def pass_on(layers):
        return sum(_operations(layer, kind) for layer in layers)

    return (
        learn(encoder)
        + 2 * learn(decoder)
        + pass_on(decoder)
        + 3 * learn(discriminator)
        + 2 * pass_on(discriminator)
        + pass_on(discriminator[:head])
    )


def operations_of(network):
    """Return the multiplications and additions of one image's pass through a network."""
    return sum(_operations(layer) for layer in _layers(network))


def told(layer):
    """Return a layer in plain words: its kind and what PyTorch needs to build it.

    Raises:
        ValueError: a kind of layer that the benchmark's networks do not have.
    """
    kind = type(layer).__name__
    activation = layer.get_config().get("activation", "linear")
    told = {"kind": kind, "activation": activation, "inputs": layer.input.shape[1:]}
    if kind == "Dense":
        return {**told, "size": layer.units}
    if kind in ("Conv2D", "Conv2DTranspose"):
        sides = {"kernel": layer.kernel_size[0], "stride": layer.strides[0]}
        return {**told, "size": layer.filters, **sides, "padding": layer.padding}
    if kind == "BatchNormalization":
        return {**told, "epsilon": layer.epsilon, "momentum": layer.momentum}
    if kind in ("Activation", "Flatten", "Reshape"):
        return {**told, "outputs": layer.output.shape[1:]}
    raise ValueError(f"expected a layer that PyTorch's networks have too. Received: {kind}")


def _layers(network):
    kinds = keras.layers.Dense, keras.layers.Conv2D, keras.layers.Conv2DTranspose
    return [layer for layer in network.layers if isinstance(layer, kinds)]


def _operations(layer, kind=None):
    if kind and (kind == "dense") != isinstance(layer, keras.layers.Dense):
        return 0
    places = 1
    if isinstance(layer, keras.layers.Conv2DTranspose):
        places = np.prod(layer.input.shape[1:-1])  # each is multiplied by the whole kernel
    elif isinstance(layer, keras.layers.Conv2D):
        places = np.prod(layer.output.shape[1:-1])
    return 2 * int(places) * int(np.prod(layer.kernel.shape))


def _compiled(function):
    if keras.backend.backend() == "torch":  # Keras runs it eagerly, and one product gains nothing
        return function
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(function)
    import tensorflow as tf

    return tf.function(function)


def _wait(values):
    """Wait until values are computed."""
    for value in values.values() if isinstance(values, dict) else [values]:
        keras.ops.convert_to_numpy(value)
