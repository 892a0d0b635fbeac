"""Images to learn from: NHWC, float32 in [-1, 1]."""

from vaegan_edu.datasets.digest import array_digest
from vaegan_edu.datasets.digits import MNIST_DIGESTS, load_digits, load_mnist
from vaegan_edu.datasets.faces import (
    FACE_ATTRIBUTES,
    FACE_CORRELATIONS,
    FaceAttribute,
    draw_face_attributes,
    load_rendered_faces,
    render_faces,
)

__all__ = [
    "FACE_ATTRIBUTES",
    "FACE_CORRELATIONS",
    "LOADERS",
    "MNIST_DIGESTS",
    "FaceAttribute",
    "array_digest",
    "draw_face_attributes",
    "load",
    "load_digits",
    "load_mnist",
    "load_rendered_faces",
    "render_faces",
]

LOADERS = {"digits": load_digits, "mnist": load_mnist}


def load(name):
    """Load a data set by the name that the command line uses: "digits" or "mnist"."""
    if name not in LOADERS:
        raise ValueError(f"Data must be one of {', '.join(LOADERS)}. Received: {name!r}")
    return LOADERS[name]()
