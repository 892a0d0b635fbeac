"""Layers that Keras does not bring."""

from typing import Any, TypeAlias

import keras
from keras import ops

from vaegan_edu.validation import check_count, check_number

# Each backend has a class of its own for tensors, and Keras takes arrays in their place.
Tensor: TypeAlias = Any
Shape: TypeAlias = tuple[Any, ...]  # of batches; a size that is not known is None


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

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs: tuple[Tensor, Tensor], noise: Tensor | None = None) -> Tensor:
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

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape[0]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "seed": self.seed}


@keras.saving.register_keras_serializable("vaegan_edu")
class MinibatchDiscrimination(keras.layers.Layer):
    """Append to each example how close it lies to the others of its batch.

    A generator that has collapsed makes batches of near copies. A discriminator that judges one
    image at a time cannot see that; with these features it can (Salimans et al. 2016, section 3.2):

    `o[i, b] = scale * sum over j != i of exp(-||M[i, b] - M[j, b]||_1)`, with `M = x @ kernel`.

    The paper prints the sum with j = i, which adds a constant 1; its code leaves it out, as we do.
    A batch of one thus gets zeros. The features depend on the batch: real and fake examples must
    come in batches of their own, and of about one size.

    The kernel starts so small that the distance between two examples of unit variance is about 1,
    whatever their number of features. With a standard normal kernel it would be in the hundreds,
    and exp(-distance) zero, without a gradient.

    Memory grows as batch^2 * num_kernels * kernel_dim, several times over in training: 33 MB a copy
    for a batch of 128 with the paper's 100 kernels of dimension 5.

    Example:
        >>> h = MinibatchDiscrimination(num_kernels=16, kernel_dim=5)(features)

    Args:
        num_kernels: how many features to append, B in the paper.
        kernel_dim: length of the vectors compared for each of them, C in the paper.
        scale: factor on the sum; 1 / (batch size - 1) would make it a mean.
        seed: whole number for a reproducible kernel; `None` takes a fresh one.

    Raises:
        ValueError: a count below 1, a negative scale, or an input that is not (batch, features).
    """

    def __init__(
        self,
        num_kernels: int,
        kernel_dim: int,
        scale: float = 1.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.num_kernels = check_count(num_kernels, "num_kernels")
        self.kernel_dim = check_count(kernel_dim, "kernel_dim")
        self.scale = check_number(scale, "scale")
        self.seed = seed

    def build(self, input_shape: Shape) -> None:
        if len(input_shape) != 2 or input_shape[-1] is None:
            raise ValueError(
                "`MinibatchDiscrimination` needs an input of shape (batch, features); put "
                f"`Flatten` before it. Received: shape {tuple(input_shape)}"
            )
        features = input_shape[-1]
        # Two unit-variance examples then differ by about sqrt(2) / kernel_dim in each component.
        stddev = 1.0 / (self.kernel_dim * features**0.5)
        self.kernel = self.add_weight(
            shape=(features, self.num_kernels, self.kernel_dim),
            initializer=keras.initializers.RandomNormal(stddev=stddev, seed=self.seed),
            name="kernel",
        )

    def call(self, inputs: Tensor) -> Tensor:
        """Return `inputs` (batch, features) with `num_kernels` closeness features appended."""
        m = ops.tensordot(inputs, self.kernel, axes=1)  # (batch, num_kernels, kernel_dim)
        m = ops.cast(m, "float32")  # half precision loses the small differences
        distance = ops.sum(ops.abs(m[:, None] - m[None]), axis=-1)  # (batch, batch, num_kernels)
        others = 1.0 - ops.eye(ops.shape(inputs)[0], dtype="float32")
        closeness = self.scale * ops.sum(others[:, :, None] * ops.exp(-distance), axis=1)
        return ops.concatenate([inputs, ops.cast(closeness, inputs.dtype)], axis=-1)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], input_shape[1] + self.num_kernels)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_kernels": self.num_kernels,
            "kernel_dim": self.kernel_dim,
            "scale": self.scale,
            "seed": self.seed,
        }


@keras.saving.register_keras_serializable("vaegan_edu")
class DecayingNoise(keras.layers.Layer):
    """Add Gaussian noise in training whose standard deviation falls to zero over the epochs.

    `y = x + stddev * max(0, 1 - epoch / epochs) * noise`, with standard normal `noise`.

    On a discriminator's input this is instance noise (Sønderby et al. 2017): it makes the real and
    the generated distribution overlap, so that no discriminator can part them perfectly while the
    generator is young. The original project suggested it for the input of the generator's layers.

    The epoch reached is the weight `epoch`, counted from 0 and saved with the model, so that a
    resumed run goes on with the noise it had. The layer cannot know the epoch: a callback assigns
    `layer.epoch.assign(epoch)` at each epoch's beginning.

    Args:
        stddev: standard deviation in the first epoch, in units of the input.
        epochs: number of epochs after which there is no noise left.
        seed: whole number for reproducible noise; `None` takes a fresh one.

    Raises:
        ValueError: a negative `stddev`, `epochs` below 1.
    """

    def __init__(self, stddev: float, epochs: int, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stddev = check_number(stddev, "stddev")
        self.epochs = check_count(epochs, "epochs")
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape: Shape) -> None:
        self.epoch = self.add_weight(
            shape=(), initializer="zeros", dtype="float32", trainable=False, name="epoch"
        )

    def current_stddev(self) -> Tensor:
        """Return the standard deviation of the epoch reached, a scalar tensor."""
        return self.stddev * ops.maximum(0.0, 1.0 - ops.cast(self.epoch, "float32") / self.epochs)

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """Return `inputs`, of any shape, with noise if `training`."""
        if not training:
            return inputs
        noise = keras.random.normal(ops.shape(inputs), dtype=inputs.dtype, seed=self.seed_generator)
        return inputs + ops.cast(self.current_stddev(), inputs.dtype) * noise

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "stddev": self.stddev,
            "epochs": self.epochs,
            "seed": self.seed,
        }
