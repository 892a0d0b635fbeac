"""Images to learn from: NHWC, float32 in [-1, 1]; photographs on request uint8, 0 to 255."""

from vaegan_edu.datasets.digest import array_digest
from vaegan_edu.datasets.digits import MNIST_DIGESTS, load_digits, load_mnist
from vaegan_edu.datasets.faces import (
    FACE_ATTRIBUTES,
    FACE_CORRELATIONS,
    FaceAttribute,
    draw_face_attributes,
    face_attribute_moments,
    load_rendered_faces,
    render_faces,
)
from vaegan_edu.datasets.loading import FACES, LOADERS, find_loader, load
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

__all__ = [
    "FACES",
    "FACE_ATTRIBUTES",
    "FACE_CORRELATIONS",
    "LOADERS",
    "MNIST_DIGESTS",
    "FaceAttribute",
    "ImageSet",
    "Split",
    "array_digest",
    "draw_face_attributes",
    "face_attribute_moments",
    "find_loader",
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
