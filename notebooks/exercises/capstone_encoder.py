"""The capstone's first stage: an encoder."""

import keras
from keras import layers

from vaegan_edu import exercises


def capstone_encoder(latent_dim):
    """Return a Keras model from images (N, 28, 28, 1) to (z_mean, z_log_var), each (N, latent_dim)."""
    # solution
    images = keras.Input((28, 28, 1))
    h = layers.Conv2D(16, 4, strides=2, padding="same", activation="relu")(images)
    h = layers.Conv2D(32, 4, strides=2, padding="same", activation="relu")(h)
    h = layers.Dense(64, activation="relu")(layers.Flatten()(h))
    z_mean = layers.Dense(latent_dim)(h)
    z_log_var = layers.Dense(latent_dim, kernel_initializer="zeros")(h)
    return keras.Model(images, (z_mean, z_log_var))
    # stub
    # Convolutions down, a dense layer, and two heads without activation.
    return None
    # end


exercises.check("capstone_encoder", capstone_encoder)
