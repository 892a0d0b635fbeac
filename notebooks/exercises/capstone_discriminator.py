"""The capstone's fourth stage: a discriminator with features."""

import keras
from keras import layers

from vaegan_edu import exercises


def capstone_discriminator():
    """Return a Keras model from images (N, 28, 28, 1) to (logits (N, 1), features (N, ...))."""
    # solution
    images = h = keras.Input((28, 28, 1))
    for filters in (16, 32, 64):
        features = layers.Conv2D(filters, 4, strides=2, padding="same")(h)
        h = layers.LeakyReLU(0.2)(features)
    logits = layers.Dense(1)(layers.Flatten()(h))
    return keras.Model(images, (logits, features))
    # stub
    # Convolutions down and a dense layer of one unit. Keep a hidden layer's output as features.
    return None
    # end


exercises.check("capstone_discriminator", capstone_discriminator)
