"""Encoders, decoders, discriminators and the judges' networks, as functional Keras models.

A preset is one shape for the three networks that meet in an autoencoder or a game:

- "small", the course's network for notebooks: two strided convolutions down, two transposed
  convolutions up, light enough that a page can run the decoder in a browser;
- "light", which reaches better samples sooner: three convolutions down, BatchNorm in the decoder,
  and a *small* discriminator;
- "larsen", in the manner of the networks that Larsen et al. 2016 trained on CelebA, but lighter:
  for colour images of 32x32 or 64x64, convolutions of 5x5 with fewer channels, BatchNorm in encoder
  and decoder, 512 units in the encoder where they had 2,048, and none in the discriminator;
- "deep", also for colour images, at less than half of the cost of "larsen" and with a quarter of
  its weights: one step more, convolutions of 4x4, no dense layer but that of the codes, and a last
  step up that leads to the image itself;
- "original", the networks of the 2020 student project: at (28, 28, 1) those for MNIST, at
  (64, 64, 3) those for faces. Layers and shapes are those of its diagrams. These give no kernels:
  in encoder and discriminator 4x4 is the only size that fits both convolutions. They show no
  activation between the two, so there is none;
- "toy", two dense layers for points in the plane.
"""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import Input, Model, layers, ops

from vaegan_edu.layers import DecayingNoise, MinibatchDiscrimination
from vaegan_edu.validation import check_choice, check_count, check_number, shown


@dataclass(frozen=True)
class Block:
    """A layer with weights, and what follows it.

    Attributes:
        kind: "down" (a convolution of stride 2), "up" (a transposed one of stride 2), "same" (a
            convolution of stride 1), "dense", or "map": dense, and reshaped to the map of `size`
            channels from which the first "up" starts.
        size: units, filters or channels.
        kernel: side of a convolution's kernel.
        norm: whether BatchNorm follows.
        active: whether an activation follows.
    """

    kind: str
    size: int
    kernel: int = 4
    norm: bool = False
    active: bool = True


@dataclass(frozen=True)
class Preset:
    """One shape for the three networks that meet in an autoencoder or a game.

    Attributes:
        encoder, discriminator: their blocks, before the layers of codes or logits.
        decoder: its blocks, before the output.
        output: kind and kernel of the decoder's last block, which has the image's channels and a
            tanh.
        shrinkage: how much smaller the decoder's first map is than the image, whose sides are
            multiples of it; `None` for points.
        padding: of all convolutions but those of stride 1.
        activation: of the encoder. A decoder has ReLU, a discriminator leaky ReLU.
    """

    encoder: tuple[Block, ...]
    decoder: tuple[Block, ...]
    output: tuple[str, int]
    discriminator: tuple[Block, ...]
    shrinkage: int | None = 4
    padding: str = "same"
    activation: str = "relu"

    def map_shape(self, image_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return (height, width) of the map from which the steps up lead to the image."""
        shrinkage = self.shrinkage or 1
        if self.padding == "valid":  # unpadded kernels of 3 and 4: 28 <- 13 <- 6
            return tuple(side // shrinkage - 1 for side in image_shape[:2])
        return tuple(side // shrinkage for side in image_shape[:2])


_ORIGINAL_TRUNK = (
    Block("down", 64, active=False),
    Block("down", 128, norm=True),
    Block("dense", 1024, norm=True),
)

PRESETS = {
    "small": Preset(
        encoder=(Block("down", 16), Block("down", 32), Block("dense", 64)),
        decoder=(Block("map", 32), Block("up", 16)),
        output=("up", 4),
        discriminator=(Block("down", 16), Block("down", 32)),
    ),
    "light": Preset(
        encoder=(Block("down", 32), Block("down", 64), Block("down", 128)),
        decoder=(
            Block("map", 128, norm=True),
            Block("up", 64, norm=True),
            Block("up", 32, norm=True),
        ),
        output=("same", 3),
        discriminator=(Block("down", 32), Block("down", 64)),
        activation="leaky_relu",
    ),
    "larsen": Preset(
        encoder=(
            Block("down", 32, kernel=5, norm=True),
            Block("down", 64, kernel=5, norm=True),
            Block("down", 128, kernel=5, norm=True),
            Block("dense", 512, norm=True),
        ),
        decoder=(
            Block("map", 128, norm=True),
            Block("up", 64, kernel=5, norm=True),
            Block("up", 32, kernel=5, norm=True),
            Block("up", 16, kernel=5, norm=True),
        ),
        output=("same", 5),
        discriminator=(
            Block("down", 32, kernel=5),
            Block("down", 64, kernel=5),
            Block("down", 128, kernel=5),
        ),
        shrinkage=8,
    ),
    "deep": Preset(
        encoder=(
            Block("down", 24),
            Block("down", 48, norm=True),
            Block("down", 96, norm=True),
            Block("down", 192, norm=True),
        ),
        decoder=(
            Block("map", 192, norm=True),
            Block("up", 96, norm=True),
            Block("up", 48, norm=True),
            Block("up", 24, norm=True),
        ),
        output=("up", 4),
        discriminator=(Block("down", 24), Block("down", 48), Block("down", 96)),
        shrinkage=16,
    ),
    "original": Preset(
        encoder=_ORIGINAL_TRUNK,
        decoder=(
            Block("dense", 1024, norm=True),
            Block("map", 128, norm=True),
            Block("up", 64, kernel=3, norm=True),
        ),
        output=("up", 4),
        discriminator=_ORIGINAL_TRUNK,
        padding="valid",
        activation="leaky_relu",
    ),
    "toy": Preset(
        encoder=(Block("dense", 64), Block("dense", 64)),
        decoder=(Block("dense", 64), Block("dense", 64)),
        output=("dense", 0),
        discriminator=(Block("dense", 64), Block("dense", 64)),
        shrinkage=None,
    ),
}


def build_encoder(
    preset: str = "small",
    image_shape: tuple | None = None,
    latent_dim: int = 2,
    variational: bool = True,
    batch_norm: str | None = "before",
) -> Model:
    """Build the network that turns images into codes.

    Args:
        preset: one of `PRESETS`.
        image_shape: (height, width, channels), (28, 28, 1) by default; height and width are
            multiples of 4, for "larsen" of 8, for "deep" of 16. For "toy" it is (width,), (2,) by
            default.
        latent_dim: length of a code.
        variational: true for a VAE's encoder, false for a plain autoencoder's.
        batch_norm: where a preset has BatchNorm, it stands "before" or "after" the activation, or
            is left out (`None`).

    Returns:
        A functional model from images (batch, height, width, channels) to `(z_mean, z_log_var)`,
        each (batch, latent_dim), if `variational`; otherwise to `z` (batch, latent_dim).

    Raises:
        ValueError: unknown preset, an image shape that does not fit, `latent_dim` below 1.
    """
    image_shape = _check(preset, image_shape, batch_norm)
    latent_dim = check_count(latent_dim, "latent_dim")
    images = Input(image_shape, name="images")
    h = images
    shape = PRESETS[preset]
    for block in shape.encoder:
        h = _apply_block(h, block, shape, shape.activation, batch_norm)
    h = _flatten(h)
    if not variational:
        return Model(images, layers.Dense(latent_dim, name="z")(h), name="encoder")
    z_mean = layers.Dense(latent_dim, name="z_mean")(h)
    # Zero weights start every posterior at variance 1, the prior's: exp() then cannot overflow.
    z_log_var = layers.Dense(latent_dim, kernel_initializer="zeros", name="z_log_var")(h)
    return Model(images, (z_mean, z_log_var), name="encoder")


def build_decoder(
    preset: str = "small",
    image_shape: tuple | None = None,
    latent_dim: int = 2,
    batch_norm: str | None = "before",
    noise: tuple | None = None,
) -> Model:
    """Build the network that turns codes into images; a GAN calls it the generator.

    Args:
        preset, image_shape, latent_dim, batch_norm: as for `build_encoder`.
        noise: `(stddev, epochs)` puts `DecayingNoise` on the input of every layer with weights, as
            the original project suggested; `None` puts none.

    Returns:
        A functional model from z (batch, latent_dim) to images (batch, height, width, channels) in
        [-1, 1] (tanh). For "toy", to points (batch, width), unbounded.

    Raises:
        ValueError: as for `build_encoder`.
    """
    image_shape = _check(preset, image_shape, batch_norm)
    latent_dim = check_count(latent_dim, "latent_dim")
    shape = PRESETS[preset]
    kind, kernel = shape.output
    output = Block(kind, image_shape[-1], kernel=kernel)
    z = Input((latent_dim,), name="z")
    h = z
    for block in shape.decoder:
        h = _apply_noise(h, noise)
        h = _apply_block(h, block, shape, "relu", batch_norm, shape.map_shape(image_shape))
    h = _apply_noise(h, noise)
    activation = None if preset == "toy" else "tanh"
    images = _layer(output, shape, activation, name="reconstruction")(h)
    return Model(z, images, name="decoder")


def build_discriminator(
    preset: str = "small",
    image_shape: tuple | None = None,
    feature_layer: int | None = None,
    feature_stage: str = "linear",
    minibatch_kernels: int = 0,
    minibatch_dim: int = 5,
    minibatch_scale: float = 1.0,
    dropout: float = 0.0,
    dropout_place: str = "dense",
    instance_noise: tuple | None = None,
    batch_norm: str | None = "before",
) -> Model:
    """Build the network that tells real images from generated ones.

    Args:
        preset, image_shape, batch_norm: as for `build_encoder`.
        feature_layer: which layer with weights gives the features, counted from 1; `None` takes the
            last convolution ("toy": the last hidden layer).
        feature_stage: where in that layer's block: "linear" (before BatchNorm and activation),
            "norm" (after BatchNorm) or "activation" (after the activation).
        minibatch_kernels, minibatch_dim, minibatch_scale: of `MinibatchDiscrimination` on the
            flattened convolutions ("toy": on the last hidden layer); no kernels, no such layer. The
            original project's faces had 16.
        dropout: rate in [0, 1), none at 0.
        dropout_place: "dense", before the first dense layer after the convolutions, as in the
            original project's faces, or "convolutions", after each of them. ("toy": before the
            last layer, or after each hidden one.)
        instance_noise: `(stddev, epochs)` puts `DecayingNoise` on the input.

    Returns:
        A functional model from images (batch, height, width, channels) to `(logits, features)`: the
        logits (batch, 1) of "real", and features (batch, ...) of the chosen layer.

    Raises:
        ValueError: as for `build_encoder`; no such layer or stage; features downstream of minibatch
            discrimination, which would make them depend on the rest of the batch; a rate or place
            of dropout that does not exist.
    """
    image_shape = _check(preset, image_shape, batch_norm)
    shape = PRESETS[preset]
    blocks = shape.discriminator
    convolutions = sum(block.kind == "down" for block in blocks)
    head = convolutions or len(blocks)  # the first layer after them reads flat features
    feature_layer = head if feature_layer is None else check_count(feature_layer, "feature_layer")
    minibatch_kernels = check_count(minibatch_kernels, "minibatch_kernels", minimum=0)
    if feature_layer > (head if minibatch_kernels else len(blocks)):
        raise ValueError(
            f"`feature_layer` must be at most {head if minibatch_kernels else len(blocks)} here: "
            "features come from a layer with weights, upstream of minibatch discrimination. "
            f"Received: {feature_layer}"
        )
    check_choice(dropout_place, "dropout_place", ("dense", "convolutions"))
    check_number(dropout, "dropout", below=1.0)

    images = Input(image_shape, name="images")
    h = _apply_noise(images, instance_noise)
    for number, block in enumerate(blocks, start=1):
        linear = _layer(block, shape)(_flatten(h) if block.kind == "dense" else h)
        stages = _finish_block(linear, block, "leaky_relu", batch_norm)
        if number == feature_layer:
            check_choice(feature_stage, f"feature_stage (layer {number})", stages)
            features = stages[feature_stage]
        h = list(stages.values())[-1]
        if dropout and dropout_place == "convolutions" and number <= head:
            h = layers.Dropout(dropout)(h)
        if number == head:
            h = _flatten(h)
            if minibatch_kernels:
                h = MinibatchDiscrimination(minibatch_kernels, minibatch_dim, minibatch_scale)(h)
            if dropout and dropout_place == "dense":
                h = layers.Dropout(dropout)(h)
    logits = layers.Dense(1, name="logits")(h)
    return Model(images, (logits, features), name="discriminator")


def build_classifier(image_shape: tuple = (28, 28, 1), num_classes: int = 10) -> Model:
    """Build the classifier under whose features generated images are measured.

    Args:
        image_shape: (height, width, channels); height and width are multiples of 4.
        num_classes: how many classes.

    Returns:
        A functional model from images to `(logits, features)`, (batch, num_classes) and
        (batch, 64).

    Raises:
        ValueError: an image shape that does not fit, `num_classes` below 2.
    """
    height, width, channels = _check_images_shape(image_shape)
    num_classes = check_count(num_classes, "num_classes", minimum=2)
    images = Input((height, width, channels), name="images")
    h = layers.Dropout(0.3)(_judging_trunk(images, (16, 32, 64)))
    features = layers.Dense(64, activation="relu", name="features")(h)
    logits = layers.Dense(num_classes, name="logits")(features)
    return Model(images, (logits, features), name="classifier")


def build_regressor(image_size: int = 64, num_attributes: int = 25) -> Model:
    """Build the regressor that reads attributes off faces, and whose features measure them.

    Args:
        image_size: height and width of the colour images, 32 or 64.
        num_attributes: how many numbers to read.

    Returns:
        A functional model from images (batch, image_size, image_size, 3) to
        `(attributes, features)`, (batch, num_attributes), unbounded, and (batch, 64).

    Raises:
        ValueError: another image size, `num_attributes` below 1.
    """
    if image_size not in (32, 64):
        raise ValueError(f"`image_size` of a regressor must be 32 or 64. Received: {image_size!r}")
    images = Input((image_size, image_size, 3), name="images")
    h = images
    if image_size == 64:  # from here on it is the network for 32
        h = layers.Conv2D(16, 5, strides=2, padding="same", use_bias=False)(h)
        h = layers.ReLU()(layers.BatchNormalization()(h))
    h = _judging_trunk(h, (16, 32, 64))
    # BatchNorm, for without it every one of these ReLUs may die in the first steps.
    h = layers.Dense(64, use_bias=False)(h)
    features = layers.ReLU(name="features")(layers.BatchNormalization()(h))
    attributes = layers.Dense(check_count(num_attributes, "num_attributes"), name="attributes")
    return Model(images, (attributes(features), features), name="regressor")


PIXELS_AT_ONCE = 256 * 32 * 32  # what `apply` reads or draws in one chunk


def apply(network: Model, array: np.ndarray) -> Any:
    """Return what a network makes of an array, in evaluation mode and in chunks: arrays again.

    `Model.predict` would compile each network anew, which for the course's small ones takes longer
    than the work itself.

    Args:
        network: a Keras model or layer with one input.
        array: (count, ...), the input. At most 256 rows are taken at a time, and fewer where
            images are larger than 32x32, so that memory stays bounded.

    Returns:
        An array (count, ...), or a tuple of arrays for a network with several outputs.
    """
    shapes = (np.shape(array), getattr(network, "output_shape", ()))  # a layer says no shape
    sides = [shape[1:3] for shape in shapes if len(shape) == 4]  # of images, coming in or out
    rows = min([256, *(PIXELS_AT_ONCE // (height * width) or 1 for height, width in sides)])
    chunks = [
        network(array[start : start + rows], training=False) for start in range(0, len(array), rows)
    ]
    if isinstance(chunks[0], (tuple, list)):
        return tuple(_joined(outputs) for outputs in zip(*chunks, strict=True))
    return _joined(chunks)


def _judging_trunk(h, block_filters):
    """Halve images by a convolution of 3x3, BatchNorm, ReLU and pooling a block; then flatten."""
    for filters in block_filters:
        h = layers.Conv2D(filters, 3, padding="same", use_bias=False)(h)
        h = layers.BatchNormalization()(h)
        h = layers.ReLU()(h)
        h = layers.MaxPooling2D()(h)
    return layers.Flatten()(h)


def _joined(chunks):
    # NumPy itself has no bfloat16, in which a network may compute.
    joined = np.concatenate([ops.convert_to_numpy(chunk) for chunk in chunks])
    return joined.astype("float32") if joined.dtype.name == "bfloat16" else joined


def _layer(block, shape, activation=None, **kwargs):
    """Return the block's layer with weights; a "map" is dense here."""
    kwargs["activation"] = activation
    if block.kind == "dense":
        return layers.Dense(block.size, **kwargs)
    convolution = layers.Conv2DTranspose if block.kind == "up" else layers.Conv2D
    stride = 1 if block.kind == "same" else 2
    padding = "same" if block.kind == "same" else shape.padding
    return convolution(block.size, block.kernel, strides=stride, padding=padding, **kwargs)


def _apply_block(h, block, shape, activation, batch_norm, map_shape=None):
    if block.kind == "map":
        reshaped = (*map_shape, block.size)
        dense = Block("dense", int(np.prod(reshaped)), norm=block.norm)
        return layers.Reshape(reshaped)(_apply_block(h, dense, shape, activation, batch_norm))
    if block.kind == "dense":
        h = _flatten(h)
    if block.active and not (block.norm and batch_norm):
        return _layer(block, shape, activation)(h)  # the activation within the layer
    stages = _finish_block(_layer(block, shape)(h), block, activation, batch_norm)
    return list(stages.values())[-1]


def _finish_block(linear, block, activation, batch_norm):
    """Put BatchNorm and activation, in the order asked for, on a linear layer's output.

    Returns:
        The outputs by the name of their stage, in order: "linear", and of "norm" and "activation"
        those that the block has.
    """
    steps = {"activation": layers.Activation(activation)} if block.active else {}
    if block.norm and batch_norm:
        norm = {"norm": layers.BatchNormalization()}
        steps = {**norm, **steps} if batch_norm == "before" else {**steps, **norm}
    stages = {"linear": linear}
    for name, step in steps.items():
        stages[name] = step(list(stages.values())[-1])
    return stages


def _apply_noise(h, noise):
    if noise is None:
        return h
    if not isinstance(noise, (tuple, list)) or len(noise) != 2:
        raise ValueError(f"`noise` must be (stddev, epochs) or None. Received: {shown(noise)}")
    return DecayingNoise(*noise)(h)


def _flatten(h):
    return h if len(h.shape) == 2 else layers.Flatten()(h)


def _check(preset, image_shape, batch_norm):
    shrinkage = PRESETS[check_choice(preset, "preset", PRESETS)].shrinkage
    check_choice(batch_norm, "batch_norm", ("before", "after", None))
    if shrinkage:
        image_shape = (28, 28, 1) if image_shape is None else image_shape
        return _check_images_shape(image_shape, shrinkage)
    image_shape = (2,) if image_shape is None else tuple(image_shape)
    if len(image_shape) != 1:
        raise ValueError(f"`image_shape` of 'toy' must be (width,). Received: {image_shape!r}")
    return (check_count(image_shape[0], "image_shape"),)


def _check_images_shape(image_shape, multiple=4):
    if len(image_shape) != 3:
        raise ValueError(
            f"`image_shape` must be (height, width, channels). Received: {image_shape!r}"
        )
    if keras.config.image_data_format() != "channels_last":
        raise ValueError(
            'Images have their channels last here; set `image_data_format` to "channels_last" in '
            f"keras.json. Received: {keras.config.image_data_format()!r}"
        )
    height, width, channels = (check_count(side, "image_shape") for side in image_shape)
    if height % multiple or width % multiple or min(height, width) < 8:
        raise ValueError(
            f"`image_shape` must have height and width that are multiples of {multiple}, at least "
            "8. "
            f"Received: {image_shape!r}"
        )
    return height, width, channels
