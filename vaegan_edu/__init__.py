"""Train, measure and understand autoencoders, VAEs, GANs and VAE-GANs.

Import what you need by module, for example ``from vaegan_edu import datasets, models``. The package
itself imports nothing heavy, so that records can be read without starting Keras.

Two halves share this roof. The library trains, measures and draws; `exercises`, `widgets`, `claims`
and `verdicts` serve the course. The course imports the library, and the library never the course.
"""

import os

# Before TensorFlow is imported: its start-up messages say nothing that a user needs.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

__version__ = "0.1.0"
