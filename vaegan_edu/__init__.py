"""Train, measure and understand autoencoders, VAEs, GANs and VAE-GANs.

Import what you need by module, for example ``from vaegan_edu import datasets, models``. The package
itself imports nothing heavy, so that records can be read without starting Keras.
"""

__version__ = "0.1.0"
