"""Faces whose every attribute is known, drawn by the computer: no photograph, no person."""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from vaegan_edu.datasets.portrait import TEXTURE_SIZE, Portrait
from vaegan_edu.validation import check_count


class FaceAttribute(NamedTuple):
    """What a number about a face means, and where it lies.

    Attributes:
        minimum: its least value.
        maximum: its greatest value.
        meaning: what is seen at the least and at the greatest value.
        absent: share of faces that have the least value exactly, since they have none of it.
        binary: whether only the least and the greatest value occur.
    """

    minimum: float
    maximum: float
    meaning: str
    absent: float = 0.0
    binary: bool = False


FACE_ATTRIBUTES = {
    "skin_tone": FaceAttribute(0, 1, "light to deep"),
    "head_width": FaceAttribute(0, 1, "narrow to wide"),
    "jaw_width": FaceAttribute(0, 1, "pointed to broad"),
    "yaw": FaceAttribute(-1, 1, "turned to the picture's left (21 degrees) to its right"),
    "light": FaceAttribute(-1, 1, "lit from the picture's left to its right"),
    "hair_colour": FaceAttribute(0, 1, "black, brown, auburn, copper to blond"),
    "grey_hair": FaceAttribute(0, 1, "none to all of the hair grey", absent=0.6),
    "hair_length": FaceAttribute(0, 1, "cropped to below the shoulders"),
    "hair_curl": FaceAttribute(0, 1, "straight to tightly curled"),
    "hairline": FaceAttribute(0, 1, "a fringe above the brows to a bald crown"),
    "eye_size": FaceAttribute(0, 1, "small to large"),
    "eye_spacing": FaceAttribute(0, 1, "close to wide"),
    "eye_colour": FaceAttribute(0, 1, "dark brown, hazel, green to blue"),
    "brow_height": FaceAttribute(0, 1, "low to high"),
    "brow_angle": FaceAttribute(-1, 1, "inner ends raised to inner ends lowered"),
    "brow_thickness": FaceAttribute(0, 1, "thin to thick"),
    "nose_width": FaceAttribute(0, 1, "narrow to wide"),
    "nose_length": FaceAttribute(0, 1, "short to long"),
    "smile": FaceAttribute(0, 1, "none to broad"),
    "mouth_open": FaceAttribute(0, 1, "closed to open"),
    "lip_fullness": FaceAttribute(0, 1, "thin to full"),
    "beard": FaceAttribute(0, 1, "none, stubble to full", absent=0.6),
    "age_lines": FaceAttribute(0, 1, "smooth to lined", absent=0.3),
    "glasses": FaceAttribute(0, 1, "without to with", absent=0.7, binary=True),
    "shirt_colour": FaceAttribute(0, 1, "navy, teal, green, yellow, red to purple"),
}

# Correlations of the normal variables behind the attributes (a Gaussian copula); all other pairs
# are independent: any skin goes with any eyes, nose, lips and hair.
FACE_CORRELATIONS = {
    ("age_lines", "grey_hair"): 0.75,
    ("age_lines", "hairline"): 0.35,
    ("age_lines", "glasses"): 0.35,
    ("grey_hair", "hairline"): 0.25,
    ("beard", "hair_length"): -0.5,
    ("hair_length", "hairline"): -0.35,
    ("smile", "mouth_open"): 0.5,
    ("smile", "eye_size"): -0.3,
}
MAX_THREADS = 8
CHUNK_PIXELS = 16 * 64 * 64  # drawn at once by a thread: its arrays fit the cache


def draw_face_attributes(
    count: int, seed: int = 0, indices: ArrayLike | None = None
) -> dict[str, np.ndarray]:
    """Draw the attributes of random faces.

    Each is uniform over its range, but for those in `FACE_ATTRIBUTES` that a share of faces has
    none of. A Gaussian copula joins the pairs in `FACE_CORRELATIONS`: normal variables with these
    correlations, each then mapped to its own attribute.

    Args:
        count: how many faces.
        seed: whole number from 0; each has faces of its own.
        indices: (count,) whole numbers from 0, which faces of this seed; the first `count` of them
            by default. A face is the same whatever faces stand beside it.

    Returns:
        A dict from each name in `FACE_ATTRIBUTES` to its values, (count,), float32.

    Raises:
        ValueError: bad `count`, `seed` or `indices`.
    """
    count, seed, indices = _check_faces(count, seed, indices)
    numbers = _random_numbers(seed, indices, len(FACE_ATTRIBUTES))
    normal = ndtri(np.clip(numbers, 1e-9, 1.0 - 1e-9))
    # Not `@`: its order of summation, and so the last digit, may depend on `count`.
    uniform = ndtr((normal[:, None, :] * _correlating_matrix()).sum(axis=-1))
    return {
        name: _from_uniform(uniform[:, place], attribute)
        for place, (name, attribute) in enumerate(FACE_ATTRIBUTES.items())
    }


def face_attribute_moments() -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of each attribute as it is drawn, exactly.

    A share `absent` has the minimum; the rest is uniform over the range or, if binary, at the
    maximum. On the scale from minimum to maximum the mean is `(1 - absent) / 2` or `1 - absent`,
    the mean square `(1 - absent) / 3` or `1 - absent`.

    Returns:
        `(mean, deviation)`: (number of attributes,) each, float32, in the order of
        `FACE_ATTRIBUTES`.
    """
    minimum, maximum, absent, binary = (
        np.array([getattr(attribute, field) for attribute in FACE_ATTRIBUTES.values()], "float64")
        for field in ("minimum", "maximum", "absent", "binary")
    )
    mean = np.where(binary, 1 - absent, (1 - absent) / 2)
    mean_square = np.where(binary, 1 - absent, (1 - absent) / 3)
    span = maximum - minimum
    deviation = span * np.sqrt(mean_square - mean**2)
    return (minimum + span * mean).astype("float32"), deviation.astype("float32")


def render_faces(
    count: int,
    seed: int = 0,
    image_size: int = 64,
    dtype: str = "float32",
    attributes: Mapping[str, ArrayLike] | None = None,
    indices: ArrayLike | None = None,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Draw faces on a white background, together with the truth about them.

    Strands of hair, grain of the skin and the colour of the frames are random too, but depend on
    seed and index alone: with one attribute changed, all else of a face stays as it is. Machines
    agree to one grey level.

    Example:
    >>> images, attributes = render_faces(8, seed=1)
    >>> with_glasses, _ = render_faces(8, seed=1, attributes={"glasses": 1})
    >>> one_face_smiles, _ = render_faces(
    ...     5, seed=1, attributes={"smile": [0, 0.25, 0.5, 0.75, 1]}, indices=[3] * 5
    ... )

    Args:
        count: how many faces.
        seed: whole number from 0; each has faces of its own.
        image_size: height and width in pixels, a multiple of 4 from 16.
        dtype: "float32" for values in [-1, 1], "uint8" for the same 256 levels from 0 to 255.
        attributes: mapping from names in `FACE_ATTRIBUTES` to a number or to (count,) numbers;
            those not in it are drawn by `draw_face_attributes`.
        indices: (count,) whole numbers from 0, which faces of this seed; the first `count` of them
            by default. A face is the same whatever faces stand beside it.

    Returns:
        Images (count, image_size, image_size, 3) and the dict of all attributes, (count,) each.

    Raises:
        ValueError: a bad argument, an unknown attribute or a value outside its range.
    """
    count, seed, rows = _check_faces(count, seed, indices)
    image_size = check_count(image_size, "image_size", minimum=16)
    if image_size % 4:
        raise ValueError(f"`image_size` must be a multiple of 4. Received: {image_size}")
    if dtype not in ("float32", "uint8"):
        raise ValueError(f"`dtype` must be 'float32' or 'uint8'. Received: {dtype!r}")
    given = _check_attributes(attributes, count)
    truth = {**draw_face_attributes(count, seed, rows), **given}
    images = np.empty((count, image_size, image_size, 3), dtype)
    # Small pictures are means of larger ones, which keeps what is thinner than their pixels.
    oversampling = -(-64 // image_size)
    chunk = max(1, CHUNK_PIXELS // (image_size * oversampling) ** 2)

    def draw(start):
        part = slice(start, start + chunk)
        texture = _random_numbers(seed, rows[part], TEXTURE_SIZE, len(FACE_ATTRIBUTES))
        drawn = Portrait(
            {name: values[part] for name, values in truth.items()},
            texture.astype("float32"),
            image_size * oversampling,
        ).draw()
        cells = drawn.reshape(-1, 3, image_size, oversampling, image_size, oversampling)
        levels = np.rint(255.0 * cells.mean(axis=(3, 5))).transpose(0, 2, 3, 1)
        images[part] = levels if dtype == "uint8" else levels / 127.5 - 1.0

    # NumPy lets go of the interpreter's lock, so threads share the work; each holds one chunk.
    with ThreadPoolExecutor(min(MAX_THREADS, os.cpu_count() or 1)) as pool:
        for _ in pool.map(draw, range(0, count, chunk)):
            pass
    return images, truth


def load_rendered_faces(
    train_count: int = 8500,
    test_count: int = 1500,
    image_size: int = 64,
    seed: int = 0,
    dtype: str = "float32",
) -> tuple[tuple[np.ndarray, Any], tuple[np.ndarray, Any]]:
    """Draw a training and a test set of faces, by default as many as the original project used.

    Args:
        train_count: training faces, the first ones of `seed`.
        test_count: test faces, those that follow.
        image_size: height and width in pixels, a multiple of 4 from 16.
        seed: whole number from 0; each has faces of its own.
        dtype: "float32" for values in [-1, 1], "uint8" for the same 256 levels from 0 to 255.

    Returns:
        `(x_train, attributes_train), (x_test, attributes_test)`: images (count, image_size,
        image_size, 3); attributes (count, number of attributes), float32, columns in the order of
        `FACE_ATTRIBUTES`.

    Raises:
        ValueError: a bad argument.
    """
    train_count = check_count(train_count, "train_count")
    test_count = check_count(test_count, "test_count")

    def part(first, count):
        indices = np.arange(first, first + count)
        images, attributes = render_faces(count, seed, image_size, dtype, indices=indices)
        return images, np.stack(list(attributes.values()), axis=1)

    return part(0, train_count), part(train_count, test_count)


def _random_numbers(seed, indices, count, skip=0):
    """Random numbers (faces, count) in [0, 1), each face's from a generator of its own.

    Only `Generator.random` is called, plain bits of PCG64, the same in every version of NumPy.
    """
    numbers = np.empty((len(indices), skip + count))
    for row, index in zip(numbers, indices, strict=True):
        np.random.default_rng([seed, index]).random(out=row)
    return numbers[:, skip:]


def _correlating_matrix():
    """Lower triangle (attributes, attributes) that gives independent normals their correlations."""
    names = list(FACE_ATTRIBUTES)
    matrix = np.eye(len(names))
    for (first, second), correlation in FACE_CORRELATIONS.items():
        row, column = names.index(first), names.index(second)
        matrix[row, column] = matrix[column, row] = correlation
    return np.linalg.cholesky(matrix)


def _from_uniform(uniform, attribute):
    """Stretch numbers in [0, 1] over an attribute's range, after those that have none of it."""
    share = np.clip((uniform - attribute.absent) / (1.0 - attribute.absent), 0.0, 1.0)
    if attribute.binary:
        share = np.ceil(share)
    values = attribute.minimum + (attribute.maximum - attribute.minimum) * share
    return values.astype("float32")


def _check_faces(count, seed, indices):
    count = check_count(count)
    seed = check_count(seed, "seed", minimum=0)
    if indices is None:
        return count, seed, np.arange(count)
    indices = np.asarray(indices)
    if indices.shape != (count,) or indices.dtype.kind not in "iu" or indices.min() < 0:
        raise ValueError(
            f"`indices` must be {count} whole numbers from 0, one a face. "
            f"Received: shape {indices.shape}, dtype {indices.dtype}"
        )
    return count, seed, indices


def _check_attributes(attributes, count):
    """Return the given attributes as (count,) float32 arrays."""
    if not isinstance(attributes, Mapping | None):
        raise ValueError(
            f"`attributes` must be a mapping from names to numbers. Received: {attributes!r:.60}"
        )
    checked = {}
    for name, values in (attributes or {}).items():
        if name not in FACE_ATTRIBUTES:
            raise ValueError(
                f"Face attributes are {', '.join(FACE_ATTRIBUTES)}. Received: {name!r}"
            )
        minimum, maximum, _, _, binary = FACE_ATTRIBUTES[name]
        values = np.asarray(values)
        if values.dtype.kind not in "biuf" or values.shape not in ((), (count,)):
            raise ValueError(
                f"`{name}` must be a number or {count} numbers, one a face. "
                f"Received: shape {values.shape}, dtype {values.dtype}"
            )
        if not ((values >= minimum) & (values <= maximum)).all():
            raise ValueError(
                f"`{name}` must lie in [{minimum}, {maximum}]. "
                f"Received: values from {values.min():g} to {values.max():g}"
            )
        if binary and not np.isin(values, (minimum, maximum)).all():
            raise ValueError(f"`{name}` must be {minimum} or {maximum}. Received: {values!r:.60}")
        checked[name] = np.broadcast_to(values, count).astype("float32")
    return checked
