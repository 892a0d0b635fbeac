"""Photographs: any folder of them, and three sets of faces.

All loaders return `x_train, x_validation`: photographs have no labels to learn from. Their order is
that of the sorted names, in each part.
"""

import os
import re
import unicodedata
import warnings
from collections import Counter
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import numpy as np

from vaegan_edu.datasets.digest import array_digest
from vaegan_edu.datasets.pictures import ImageSet, decode, keep_rows, open_source, read_images
from vaegan_edu.datasets.pixels import scale_pixels
from vaegan_edu.validation import check_choice, check_count, check_number

DTYPES = ("float32", "uint8")
US_ADULT_FACES_COUNTS = (10_168, 10_000)  # as distributed, and as its name says
NAMED = 50  # files of one reason, in a warning
OUTSIDE = "outside the folder of faces, or a second file of one name"
# sha256 of the raw bytes of `images` (C order).
CONGRESS_DIGEST = "9f90b6a6ca366250a817e09018de6bb8c19511b6dc54cd5cf8d23014238ff24b"
CONGRESS_VALIDATION_COUNT = 131  # of 874 portraits: 15%
CONGRESS_SIZES = (64, 32, 16)
# Where the heads are in the portraits' mean image, as shares of height and width.
OVAL_CENTER, OVAL_RADII = (0.5, 0.5), (0.48, 0.36)
LFW_SLICE = slice(68, 196), slice(61, 189)  # of 250x250: the square around the aligned faces


class Split(NamedTuple):
    """Rows of a data set, ascending, each in one of three parts."""

    train: np.ndarray
    validation: np.ndarray
    unused: np.ndarray


def split_rows(
    count: int, validation_count: int, train_count: int | None = None, seed: int = 0
) -> Split:
    """Choose rows for training and validation at random, by `seed`.

    Args:
        count: number of rows, at least 2.
        validation_count, train_count: how many; by default all the others are to train.

    Returns:
        A `Split` of index arrays.

    Raises:
        ValueError: a bad count, or more rows asked for than there are.
    """
    count = check_count(count, minimum=2)
    validation_count = check_count(validation_count, "validation_count")
    if train_count is None:
        train_count = count - validation_count
    train_count = check_count(train_count, "train_count")
    if train_count + validation_count > count:
        raise ValueError(
            f"`train_count` and `validation_count` must be {count} at most, together. "
            f"Received: {train_count} and {validation_count}"
        )
    order = np.random.default_rng(check_count(seed, "seed", minimum=0)).permutation(count)
    bounds = [validation_count, validation_count + train_count]
    validation, train, unused = (np.sort(rows) for rows in np.split(order, bounds))
    return Split(train, validation, unused)


def load_image_folder(
    path: str | Path,
    image_size: int = 64,
    fit: str = "crop",
    validation_fraction: float = 0.15,
    seed: int = 0,
    dtype: str = "float32",
) -> tuple[np.ndarray, np.ndarray]:
    """Load the pictures of a folder, with the folders in it, or of a zip.

    Files that hold no picture are left out, with a warning. `read_images` says which, and why; it
    takes the same pictures in the same order, and `split_rows` the same rows of them.

    Args:
        path, image_size, fit: as for `read_images`.
        validation_fraction: share of the pictures to validate with; each part gets at least one.
        seed: of the split.
        dtype: "float32" in [-1, 1], or "uint8" from 0 to 255, a quarter of the memory;
            `experiments.batches.EpochBatches` scales each batch.

    Returns:
        `x_train, x_validation`: (count, image_size, image_size, 3).

    Raises:
        FileNotFoundError, ValueError: as for `read_images`; or fewer than two pictures.
    """
    _check_dtype(dtype)
    validation_fraction = check_number(validation_fraction, "validation_fraction", maximum=1.0)
    found = read_images(path, image_size, fit)
    _report(found, path, "read_images")
    count = len(found.names)
    split = split_rows(count, _share(count, validation_fraction), seed=seed)
    return _parts(found.images, split, dtype)


def load_us_adult_faces(
    path: str | Path | None = None,
    image_size: int = 64,
    fit: str = "stretch",
    train_count: int = 8500,
    validation_count: int = 1500,
    seed: int = 0,
    dtype: str = "float32",
) -> tuple[np.ndarray, np.ndarray]:
    """Load the 10k US Adult Faces Database of Bainbridge, Isola & Oliva (2013).

    Its authors give it on request and it must not be passed on: photographs of 10,168 faces, cut
    out as ovals on white. "The intrinsic memorability of face photographs", Journal of
    Experimental Psychology: General 142(4), 1323-1334.

    The 8,500 and 1,500 pictures of the original project are chosen by `seed`; the others are
    unused. Where there are fewer than that, all are used, in the same proportion (85/15). Files
    that hold no picture are left out, with a warning; `read_us_adult_faces` says which, and why.
    There is a warning, too, if there are neither 10,168 nor 10,000 pictures.

    Args:
        path: as for `read_us_adult_faces`.
        image_size, fit: as for `read_images`. The original stretched to 64x64.
        train_count, validation_count: how many pictures.
        seed: of the choice.
        dtype: as for `load_image_folder`.

    Returns:
        `x_train, x_validation`: (count, image_size, image_size, 3).

    Raises:
        FileNotFoundError: the database is not there; the message says how to ask for it.
        ValueError: as for `read_images`; or fewer than two pictures.
    """
    _check_dtype(dtype)
    train_count = check_count(train_count, "train_count")
    validation_count = check_count(validation_count, "validation_count")
    found = read_us_adult_faces(path, image_size, fit)
    _report(found, path, "read_us_adult_faces")
    count = len(found.names)
    if count not in US_ADULT_FACES_COUNTS:
        warnings.warn(
            "The 10k US Adult Faces Database should have 10,168 pictures, or 10,000. "
            f"Received: {count:,}",
            stacklevel=2,
        )
    if count < train_count + validation_count:
        validation_count = _share(count, validation_count / (train_count + validation_count))
        train_count = count - validation_count
    split = split_rows(count, validation_count, train_count, seed)
    return _parts(found.images, split, dtype)


def read_us_adult_faces(
    path: str | Path | None = None, image_size: int = 64, fit: str = "stretch"
) -> ImageSet:
    """Read all faces of the 10k US Adult Faces Database, sorted by file name.

    They are those in the folder `Face Images`, wherever it lies and however its name is written;
    without such a folder, all but those in folders of annotations, scores, thumbnails or the
    subset for publication. No file name counts twice.

    Args:
        path: the database's folder, a folder around it, or an unencrypted zip; by default what has
            `US Adult Faces` in its name in the folder that `VAEGAN_EDU_DATA` names.
        image_size, fit: as for `read_images`.

    Returns:
        An `ImageSet`.

    Raises:
        FileNotFoundError, ValueError: as for `read_images`.
    """
    with open_source(_find_us_adult_faces(path)) as source:
        names = _face_names(source.names)
        source.left_out |= dict.fromkeys(set(source.names) - set(names), OUTSIDE)
        return decode(source, names, image_size, fit)


def load_congress_faces(
    oval_mask: bool = False, dtype: str = "float32", image_size: int = 64
) -> tuple[np.ndarray, np.ndarray]:
    """Load 874 official portraits of members of the US Congress, in the public domain.

    The file `congress64.npz` in the folder that the environment variable `VAEGAN_EDU_DATA` names is
    taken. The portraits are of identifiable people: show many of them at once, and edit none.

    Args:
        oval_mask: make everything white but an oval around the head, as the 10k US Adult Faces are.
        dtype: as for `load_image_folder`.
        image_size: 64, as they come, or 32 or 16, each pixel the mean of those it takes the place
            of.

    Returns:
        `x_train, x_validation`: (743, image_size, image_size, 3) and (131, ...). The split is
        fixed. It knows no names, so one person's portraits of two terms may be in both parts.

    Raises:
        FileNotFoundError: no such file.
        ValueError: the file is damaged: unreadable, or its checksum is another; another size.
    """
    _check_dtype(dtype)
    if image_size not in CONGRESS_SIZES:
        raise ValueError(
            f"`image_size` must be one of {', '.join(map(str, CONGRESS_SIZES))}. "
            f"Received: {image_size!r}"
        )
    path = Path(os.environ.get("VAEGAN_EDU_DATA", "")) / "congress64.npz"
    if not path.is_file():
        raise FileNotFoundError(
            "The Congress portraits were not found: VAEGAN_EDU_DATA must name a folder that holds "
            f"congress64.npz. Received: {path}"
        )
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            images = archive["images"]
    except Exception as error:  # a damaged zip fails in many ways; the reader needs only one line
        raise ValueError(
            f"The Congress portraits are damaged: {path} cannot be read; get it anew. "
            f"Received: {type(error).__name__}: {error}"
        ) from error
    found = array_digest(images)
    if found != CONGRESS_DIGEST:
        raise ValueError(
            f"The Congress portraits are damaged: {path} has another checksum; get it anew. "
            f"Received: sha256 {found[:12]}..., expected {CONGRESS_DIGEST[:12]}..."
        )
    if oval_mask:
        images = _whiten_outside_oval(images)
    if image_size < images.shape[1]:
        factor = images.shape[1] // image_size
        cells = images.reshape(-1, image_size, factor, image_size, factor, 3)
        images = np.round(cells.mean(axis=(2, 4))).astype("uint8")
    return _parts(images, split_rows(len(images), CONGRESS_VALIDATION_COUNT), dtype)


def load_lfw_faces(
    image_size: int = 64, validation_fraction: float = 0.15, seed: int = 0, dtype: str = "float32"
) -> tuple[np.ndarray, np.ndarray]:
    """Load Labeled Faces in the Wild (Huang et al. 2007) by scikit-learn, which downloads it.

    About 13,000 photographs from the news, 250x250 and aligned ("funneled"); the square of 128
    pixels around the face is taken and resized. The first call downloads about 200 MB, and
    scikit-learn keeps them.

    Args:
        image_size: height and width of the images, 128 at most.
        validation_fraction: share of the people to validate with; nobody is in both parts.
        seed: of the split.
        dtype: as for `load_image_folder`.

    Returns:
        `x_train, x_validation`: (count, image_size, image_size, 3).

    Raises:
        FileNotFoundError: no connection to download it.
        ValueError: a bad argument.
    """
    from sklearn.datasets import fetch_lfw_people

    _check_dtype(dtype)
    side = LFW_SLICE[0].stop - LFW_SLICE[0].start
    image_size = check_count(image_size, "image_size")
    if image_size > side:
        raise ValueError(f"`image_size` must be at most {side}. Received: {image_size}")
    validation_fraction = check_number(validation_fraction, "validation_fraction", maximum=1.0)
    try:
        faces = fetch_lfw_people(color=True, slice_=LFW_SLICE, resize=image_size / side)
    except Exception as error:
        raise FileNotFoundError(
            "Labeled Faces in the Wild could not be downloaded; connect to the internet. "
            f"Received: {type(error).__name__}: {error}"
        ) from error
    images = np.empty(faces.images.shape, "uint8")
    for row, image in enumerate(faces.images):  # in [0, 1]; one by one, for the array is large
        images[row] = np.round(255 * image)
    people = len(faces.target_names)
    split = split_rows(people, _share(people, validation_fraction), seed=seed)
    validates = np.isin(faces.target, split.validation)
    rows = Split(np.flatnonzero(~validates), np.flatnonzero(validates), np.arange(0))
    return _parts(images, rows, dtype)


def _check_dtype(dtype):
    check_choice(dtype, "dtype", DTYPES)


def _share(count, fraction):
    """A fraction of `count`, rounded, that leaves both parts at least one."""
    return max(1, min(count - 1, round(fraction * count)))


def _parts(images, split, dtype):
    """Return the two parts of `images`, whose memory is used again for both."""
    validation = images[split.validation]
    train = keep_rows(images, split.train)
    behind = images[len(train) : len(train) + len(validation)]
    behind[:] = validation
    validation = behind
    if dtype == "uint8":
        return train, validation
    return scale_pixels(train), scale_pixels(validation)


def _report(found, path, reader):
    """Warn of files left out; raise `ValueError` if less than two pictures are left."""
    reasons: dict[str, list[str]] = {}
    for name, why in sorted(found.left_out.items()):
        if why != OUTSIDE:
            reasons.setdefault(why, []).append(name)
    count = sum(map(len, reasons.values()))
    said = "; ".join(f"{why}: {_listed(names)}" for why, names in reasons.items())
    if len(found.names) < 2:
        raise ValueError(
            f"`path` must hold at least two pictures. Received: {len(found.names)} in {path}, and "
            f"{count} files left out{' - ' if said else ''}{said}"
        )
    if count:
        warnings.warn(
            f"{count} of {count + len(found.names)} files were left out - {said} "
            f"(`datasets.{reader}(path).left_out`)",
            stacklevel=3,
        )


def _listed(names):
    """All names; of very many, as of notes beside each picture, those that a screen can hold."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _find_us_adult_faces(path):
    """Return the path of the database, or raise `FileNotFoundError` that says how to get it."""
    if path is None:
        data = os.environ.get("VAEGAN_EDU_DATA")
        entries = sorted(Path(data).iterdir()) if data and Path(data).is_dir() else []
        for entry in entries:
            if "usadultfaces" in _letters(entry.name) and (
                entry.is_dir() or entry.suffix.lower() == ".zip"
            ):
                return entry
        received = f"no path, and nothing of that name in VAEGAN_EDU_DATA ({data or 'not set'})"
    elif Path(path).exists():
        return path
    else:
        received = path
    raise FileNotFoundError(
        "The 10k US Adult Faces Database was not found: ask its authors for it (Bainbridge, Isola "
        "& Oliva 2013) at https://wilmabainbridge.com/facememorability2.html, unpack it with the "
        f"password they send, and give its folder as `path`. Received: {received}"
    )


def _letters(name):
    """The letters and digits of a name: `Face Images`, `face_images`, `Face%20Images` are one."""
    return re.sub("[^a-z0-9]", "", unquote(name).lower())


def _face_names(names):
    """Choose the files that should be faces, one of each name, sorted by it."""
    folders = {name: [_letters(part) for part in name.split("/")[:-1]] for name in names}
    # The largest of several: copies of the database's parts have been seen beside it.
    places = Counter(
        name.rpartition("/")[0] for name in names if folders[name][-1:] == ["faceimages"]
    )
    if places:
        place = min(places, key=lambda folder: (-places[folder], folder))
        chosen = [name for name in names if name.rpartition("/")[0] == place]
    else:
        other = re.compile("annotation|attribute|score|thumb|49face|54face|publicationfriendly")
        chosen = [name for name in names if not any(map(other.search, folders[name]))]
    # Systems differ in how they write an accent; sorted by one form, the split is the same.
    by_name: dict[str, str] = {}
    for name in sorted(chosen):
        by_name.setdefault(unicodedata.normalize("NFC", name.rpartition("/")[2]), name)
    return [by_name[key] for key in sorted(by_name)]


def _whiten_outside_oval(images):
    """Blend images, uint8 (count, height, width, 3), with white by how much the oval covers."""
    height, width = images.shape[1:3]
    fine = 8  # subpixels in each direction

    def squared(length, center, radius):
        return (((np.arange(length * fine) + 0.5) / (length * fine) - center) / radius) ** 2

    inside = (
        squared(height, OVAL_CENTER[0], OVAL_RADII[0])[:, None]
        + squared(width, OVAL_CENTER[1], OVAL_RADII[1])
        <= 1
    )
    cover = inside.reshape(height, fine, width, fine).mean(axis=(1, 3))[..., None]
    return np.round(255 + cover * (images - 255.0)).astype("uint8")
