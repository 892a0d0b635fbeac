"""The capstone's third stage: a decoder."""

import keras
from keras import layers

from vaegan_edu import exercises


def capstone_decoder(latent_dim):
    """Return a Keras model from z (N, latent_dim) to images (N, 28, 28, 1) in [-1, 1]."""
    # solution
    z = keras.Input((latent_dim,))
    h = layers.Dense(7 * 7 * 32, activation="relu")(z)
    h = layers.Reshape((7, 7, 32))(h)
    h = layers.Conv2DTranspose(16, 4, strides=2, padding="same", activation="relu")(h)
    x = layers.Conv2DTranspose(1, 4, strides=2, padding="same", activation="tanh")(h)
    return keras.Model(z, x)
    # stub
    # A dense layer, a map, and transposed convolutions up to 28 x 28.
    return None
    # end


exercises.check("capstone_decoder", capstone_decoder)
