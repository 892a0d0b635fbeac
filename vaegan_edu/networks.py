"""Encoders, decoders and classifiers as functional Keras models.

Preset "small" is the course's network for notebooks: two strided convolutions down, two transposed
convolutions up, light enough that a page can run the decoder in a browser.
"""

import numpy as np
from keras import Input, Model, layers, ops

from vaegan_edu.validation import check_count

PRESETS = ("small",)


def build_encoder(preset="small", image_shape=(28, 28, 1), latent_dim=2, variational=True):
    """Build the network that turns images into codes.

    Args:
        preset: one of `PRESETS`.
        image_shape: (height, width, channels); height and width are multiples of 4.
        latent_dim: length of a code.
        variational: true for a VAE's encoder, false for a plain autoencoder's.

    Returns:
        A functional model from images (batch, height, width, channels) to `(z_mean, z_log_var)`,
        each (batch, latent_dim), if `variational`; otherwise to `z` (batch, latent_dim).

    Raises:
        ValueError: unknown preset, an image shape that does not fit, `latent_dim` below 1.
    """
    height, width, channels = _check(preset, image_shape)
    latent_dim = check_count(latent_dim, "latent_dim")
    images = Input((height, width, channels), name="images")
    h = layers.Conv2D(16, 4, strides=2, padding="same", activation="relu")(images)
    h = layers.Conv2D(32, 4, strides=2, padding="same", activation="relu")(h)
    h = layers.Flatten()(h)
    h = layers.Dense(64, activation="relu")(h)
    if not variational:
        return Model(images, layers.Dense(latent_dim, name="z")(h), name="encoder")
    z_mean = layers.Dense(latent_dim, name="z_mean")(h)
    # Zero weights start every posterior at variance 1, the prior's: exp() then cannot overflow.
    z_log_var = layers.Dense(latent_dim, kernel_initializer="zeros", name="z_log_var")(h)
    return Model(images, (z_mean, z_log_var), name="encoder")


def build_decoder(preset="small", image_shape=(28, 28, 1), latent_dim=2):
    """Build the network that turns codes into images; a GAN calls it the generator.

    Args:
        preset, image_shape, latent_dim: as for `build_encoder`.

    Returns:
        A functional model from z (batch, latent_dim) to images (batch, height, width, channels) in
        [-1, 1] (tanh).

    Raises:
        ValueError: as for `build_encoder`.
    """
    height, width, channels = _check(preset, image_shape)
    latent_dim = check_count(latent_dim, "latent_dim")
    z = Input((latent_dim,), name="z")
    h = layers.Dense(height // 4 * (width // 4) * 32, activation="relu")(z)
    h = layers.Reshape((height // 4, width // 4, 32))(h)
    h = layers.Conv2DTranspose(16, 4, strides=2, padding="same", activation="relu")(h)
    images = layers.Conv2DTranspose(
        channels, 4, strides=2, padding="same", activation="tanh", name="reconstruction"
    )(h)
    return Model(z, images, name="decoder")


def build_classifier(image_shape=(28, 28, 1), num_classes=10):
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
    height, width, channels = _check("small", image_shape)
    num_classes = check_count(num_classes, "num_classes", minimum=2)
    images = Input((height, width, channels), name="images")
    h = images
    for filters in (16, 32, 64):
        h = layers.Conv2D(filters, 3, padding="same", use_bias=False)(h)
        h = layers.BatchNormalization()(h)
        h = layers.ReLU()(h)
        h = layers.MaxPooling2D()(h)
    h = layers.Flatten()(h)
    h = layers.Dropout(0.3)(h)
    features = layers.Dense(64, activation="relu", name="features")(h)
    logits = layers.Dense(num_classes, name="logits")(features)
    return Model(images, (logits, features), name="classifier")


def apply(network, array, batch_size=256):
    """Return what a network makes of an array, in evaluation mode and in chunks: arrays again.

    `Model.predict` would compile each network anew, which for the course's small ones takes longer
    than the work itself.

    Args:
        network: a Keras model or layer with one input.
        array: (count, ...), the input.
        batch_size: rows at a time; memory stays bounded by it.

    Returns:
        An array (count, ...), or a tuple of arrays for a network with several outputs.
    """
    chunks = [
        network(array[start : start + batch_size], training=False)
        for start in range(0, len(array), batch_size)
    ]
    if isinstance(chunks[0], (tuple, list)):
        return tuple(_joined(outputs) for outputs in zip(*chunks, strict=True))
    return _joined(chunks)


def _joined(chunks):
    return np.concatenate([ops.convert_to_numpy(chunk) for chunk in chunks])


def _check(preset, image_shape):
    if preset not in PRESETS:
        raise ValueError(f"`preset` must be one of {', '.join(PRESETS)}. Received: {preset!r}")
    if len(image_shape) != 3:
        raise ValueError(
            f"`image_shape` must be (height, width, channels). Received: {image_shape!r}"
        )
    height, width, channels = (check_count(side, "image_shape") for side in image_shape)
    if height % 4 or width % 4 or min(height, width) < 8:
        raise ValueError(
            "`image_shape` must have height and width that are multiples of 4, at least 8. "
            f"Received: {image_shape!r}"
        )
    return height, width, channels
