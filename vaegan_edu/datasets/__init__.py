"""Images to learn from: NHWC, float32 in [-1, 1]; photographs on request uint8, 0 to 255."""

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
from vaegan_edu.datasets.photographs import (
    Split,
    load_congress_faces,
    load_image_folder,
    load_lfw_faces,
    load_us_adult_faces,
    read_us_adult_faces,
    split_rows,
)
from vaegan_edu.datasets.pictures import ImageSet, read_images
from vaegan_edu.datasets.pixels import scale_pixels
from vaegan_edu.toys import load_ring

__all__ = [
    "FACE_ATTRIBUTES",
    "FACE_CORRELATIONS",
    "LOADERS",
    "MNIST_DIGESTS",
    "FaceAttribute",
    "ImageSet",
    "Split",
    "array_digest",
    "draw_face_attributes",
    "load",
    "load_congress_faces",
    "load_digits",
    "load_image_folder",
    "load_lfw_faces",
    "load_mnist",
    "load_rendered_faces",
    "load_us_adult_faces",
    "read_images",
    "read_us_adult_faces",
    "render_faces",
    "scale_pixels",
    "split_rows",
]

LOADERS = {"digits": load_digits, "mnist": load_mnist, "ring": load_ring}


def load(name):
    """Load a data set by the name that the command line uses: "digits", "mnist" or "ring"."""
    if name not in LOADERS:
        raise ValueError(f"Data must be one of {', '.join(LOADERS)}. Received: {name!r}")
    return LOADERS[name]()
