"""Train, measure and understand autoencoders, VAEs, GANs and VAE-GANs.

Import what you need by module, for example ``from vaegan_edu import datasets, models``. The package
itself imports nothing heavy, so that records can be read without starting Keras.

Two halves share this roof. The library trains, measures and draws; `exercises`, `widgets`, `claims`
and `verdicts` serve the course. The course imports the library, and the library never the course.
"""

import os
from typing import TYPE_CHECKING

# Before TensorFlow is imported: its start-up messages say nothing that a user needs.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

__version__ = "0.1.0"

if TYPE_CHECKING:
    import keras


def pretrained(name: str) -> "keras.Model":
    """Return a trained model that comes with the package, ready to encode, decode and generate.

    Each has a card in `vaegan_edu/weights/<name>/card.md`: data, seed, settings, measures, and what
    it must not be used for.

    Example:
        >>> vae = vaegan_edu.pretrained("vae-digits")
        >>> images = vae.generate(16, seed=0)  # (16, 28, 28, 1), in [-1, 1]

    Args:
        name: of the model; a wrong one is answered with those that there are.

    Raises:
        ValueError: there is no model of that name, or its file is damaged.
    """
    from vaegan_edu.experiments.packing import load_pretrained

    return load_pretrained(name)
