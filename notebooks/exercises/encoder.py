"""An encoder in Keras, layer by layer."""

import keras
from keras import layers

from vaegan_edu import exercises


def encoder(image_shape, latent_dim):
    """Return a Keras model from images of this shape to codes (latent_dim,)."""
    images = keras.Input(image_shape)
    # solution
    h = images
    for filters in (16, 32, 64):
        h = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(h)
    h = layers.Dense(64, activation="relu")(layers.Flatten()(h))
    return keras.Model(images, layers.Dense(latent_dim)(h))
    # stub
    # Three convolutions, flatten, a dense layer, the code;
    # then keras.Model(images, code).
    return None
    # end


exercises.check("encoder", encoder)
