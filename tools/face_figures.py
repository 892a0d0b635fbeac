"""Draw the figures of faces that the pages show.

    python tools/face_figures.py

Into `book/figures`: `rendered_faces.png` holds random rendered faces, `face_attributes.png` one of
them with one attribute changed at a time, `invented_faces.png` samples of the VAE-GAN of faces that
comes with the package.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is imported

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import vaegan_edu
from vaegan_edu import callbacks, datasets, latent, plotting
from vaegan_edu.datasets import FACE_ATTRIBUTES

FIGURES = Path(__file__).resolve().parents[1] / "book" / "figures"
STEPS = 3  # faces an attribute, from its least to its greatest value
COLUMNS = 5
# A face whose attributes all show; where it says nothing, an attribute lies halfway.
SHOWN = {
    "grey_hair": 0.0,
    "hair_colour": 0.5,
    "hair_length": 0.35,
    "hair_curl": 0.2,
    "hairline": 0.4,
    "beard": 0.0,
    "age_lines": 0.0,
    "glasses": 0.0,
    "light": 0.2,
}


def random_faces():
    """Return 48 random faces as one picture, 12 a row."""
    return plotting.tile(datasets.render_faces(48, seed=0)[0], columns=12)


def invented_faces(name="vaegan-faces-64"):
    """Return 48 samples of a packed model as one picture, 12 a row: codes of a mixture."""
    model = vaegan_edu.pretrained(name)
    faces, _ = datasets.render_faces(2000, seed=0, image_size=model.encoder.input_shape[1])
    codes = latent.draw_codes(model.encode(faces), 48, seed=0)
    return plotting.tile(model.decode(codes), columns=12)


def attribute_faces(name):
    """Return a face with an attribute at its least value, halfway and at its greatest, one picture.

    A binary attribute has no value halfway: two faces and an empty place.
    """
    low, high, _, _, binary = FACE_ATTRIBUTES[name]
    values = [low, high] if binary else [low, (low + high) / 2, high]
    halfway = {other: (a.minimum + a.maximum) / 2 for other, a in FACE_ATTRIBUTES.items()}
    images, _ = datasets.render_faces(
        len(values), attributes={**halfway, **SHOWN, name: values}, indices=[3] * len(values)
    )
    empty = np.ones((STEPS - len(images), *images.shape[1:]), images.dtype)  # white
    return plotting.tile(np.concatenate([images, empty]), columns=STEPS)


def all_attributes():
    """Return a figure with the faces of every attribute under its name."""
    rows = -(-len(FACE_ATTRIBUTES) // COLUMNS)
    figure, axes = plt.subplots(rows, COLUMNS, figsize=(2.0 * COLUMNS, 0.95 * rows))
    for ax, name in zip(axes.flat, FACE_ATTRIBUTES, strict=True):
        ax.imshow(attribute_faces(name))
        ax.set_title(name, fontsize=9)
        ax.axis("off")
    return figure


def main():
    """Write the figures."""
    plotting.style()
    callbacks.write_picture(FIGURES / "rendered_faces.png", random_faces())
    callbacks.write_picture(FIGURES / "invented_faces.png", invented_faces())
    all_attributes().savefig(FIGURES / "face_attributes.png")


if __name__ == "__main__":
    main()
