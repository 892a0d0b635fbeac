"""Read picture files of many kinds from a folder or a zip, into one array.

A file that cannot be read never ends the reading: it is left out, and the reason is kept. Nothing
is written to disk, and of a zip no more than one member a thread is unpacked at a time.
"""

import io
import os
import re
import stat
import threading
import warnings
import zipfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from vaegan_edu.validation import check_choice, check_count

# Tried by content, whatever the file is called. Pillow knows more, some of which start programs.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
FITS = ("crop", "stretch")
# What puts a picture upright, by EXIF's number of how the camera was held.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SYSTEM_NAMES = {"__macosx", "@eadir", "$recycle.bin", "thumbs.db", "ehthumbs.db", "desktop.ini"}
MAX_FILE_BYTES = 2**28  # a larger file is hardly a photograph, and each thread holds one
MAX_ZIP_MEMBERS = 10**6
# Pictures are compressed already: a zip that unpacks to more than this times its size is a bomb,
# but for small ones, which can be full of spreadsheets.
MAX_ZIP_RATIO, SMALL_ZIP = 100, 2**26
CHUNK = 64  # images handled at a time, by a thread or a copy
LARGE_PIXELS, ONE_LARGE = 2**25, threading.Lock()


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Pictures of one size, and what became of the files that hold no such picture.

    Attributes:
        images: (count, image_size, image_size, 3), uint8 from 0 to 255, in the order of `names`.
        names: the files' paths within the folder or zip, with `/` between their parts.
        left_out: path -> reason, of every other file. What systems hide (names with a leading dot,
            `__MACOSX`, `Thumbs.db`, ...) is in neither.
    """

    images: np.ndarray
    names: tuple[str, ...]
    left_out: dict[str, str]


def read_images(path: str | Path, image_size: int = 64, fit: str = "crop") -> ImageSet:
    """Read all pictures of a folder, with the folders in it, or of a zip, sorted by path.

    PNG, JPEG, WebP, GIF, BMP and TIFF are read, of several frames the first. They become RGB with 8
    bits: grey is repeated, 16 bits are scaled, transparency shows white, CMYK is converted without
    its colour profile, and a camera's note of how it was held (EXIF) is obeyed where it can be
    read. The size changes by Pillow's bicubic filter, which averages where it shrinks.

    Args:
        path: of the folder or zip. Links to folders are not followed.
        image_size: height and width of the images.
        fit: "crop" cuts the largest square from the middle; "stretch" keeps all of the picture and
            gives up its proportions.

    Returns:
        An `ImageSet`. It may hold no image at all.

    Raises:
        FileNotFoundError: there is nothing at `path`.
        ValueError: a bad argument, or a zip that cannot be read, is encrypted, or is made to do
            harm: with members whose names lead out of it, that unpack to very much more than
            its size, or that are too many.
    """
    with open_source(path) as source:
        return decode(source, source.names, image_size, fit)


def open_source(path: str | Path) -> "_Folder | _Zip":
    """Return the folder or zip at `path`, to be used in a `with` statement.

    It has `names`, a sorted list, `left_out`, a dict as in `ImageSet`, and `read(name)`, which
    returns bytes. Raises as `read_images`.
    """
    path = Path(path)
    if path.is_dir():
        return _Folder(path)
    if not path.exists():
        raise FileNotFoundError(
            f"`path` must be a folder of pictures or a zip. There is nothing at {path}"
        )
    return _Zip(path)


def decode(source: "_Folder | _Zip", names: Sequence[str], image_size: int, fit: str) -> ImageSet:
    """Return the `ImageSet` of the files `names` of an open source; raise as `read_images`."""
    image_size = check_count(image_size, "image_size")
    check_choice(fit, "fit", FITS)
    images = np.empty((len(names), image_size, image_size, 3), "uint8")
    reasons: list[str | None] = [None] * len(names)

    def decode_chunk(start):
        for row in range(start, min(start + CHUNK, len(names))):
            try:
                images[row] = _picture(source.read(names[row]), image_size, fit)
            except Exception as error:  # broken files fail in many ways; none may end the reading
                reasons[row] = _reason(error)

    # Pillow gives up the interpreter's lock while it decodes, so threads share the work.
    with warnings.catch_warnings(), ThreadPoolExecutor(min(os.cpu_count() or 1, 8)) as pool:
        warnings.simplefilter("ignore")  # what Pillow finds odd in a picture that it can read
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        for _ in pool.map(decode_chunk, range(0, len(names), CHUNK)):
            pass
    good = [row for row, reason in enumerate(reasons) if reason is None]
    bad = {name: reason for name, reason in zip(names, reasons, strict=True) if reason}
    return ImageSet(
        keep_rows(images, good), tuple(names[row] for row in good), {**source.left_out, **bad}
    )


def keep_rows(array: np.ndarray, rows: Sequence[int] | np.ndarray) -> np.ndarray:
    """Move the given rows, in ascending order, to the front of `array`; return that part of it.

    No second array is needed: a row only ever moves forward, to a place already read.
    """
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        array[start : start + len(chunk)] = array[chunk]
    return array[: len(rows)]


def _picture(content, image_size, fit):
    if not content:
        raise _Unfit("empty")
    try:
        return _pixels(content, image_size, fit)
    except ValueError as error:
        if "MAX_TEXT" not in str(error):
            raise
        return _pixels(_without_notes(content), image_size, fit)


def _pixels(content, image_size, fit):
    image: Image.Image
    with Image.open(io.BytesIO(content), formats=FORMATS) as image, _turn(image):
        # A JPEG can be decoded at 1/2, 1/4 or 1/8 of its size; no finer detail is lost while it
        # stays three times as large as asked for.
        image.draft(None, (3 * image_size, 3 * image_size))
        image.load()
        if (held := _held(image)) in TURNS:
            image = image.transpose(TURNS[held])
        image = _to_rgb(image)
        size = (image_size, image_size)
        if fit == "crop":
            return np.asarray(ImageOps.fit(image, size, Image.Resampling.BICUBIC))
        return np.asarray(image.resize(size, Image.Resampling.BICUBIC))


def _held(image):
    """EXIF's number of how the camera was held; 1, upright, where the note cannot be read."""
    try:
        return image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # notes are broken in many ways, and the pixels were read
        return 1


def _without_notes(png):
    """A PNG without texts and colour profile, for which Pillow may refuse it if they are long."""
    kept, at = [png[:8]], 8
    while at < len(png):
        end = at + 12 + int.from_bytes(png[at : at + 4], "big")
        if png[at + 4 : at + 8] not in (b"tEXt", b"zTXt", b"iTXt", b"iCCP"):
            kept.append(png[at:end])
        at = end
    return b"".join(kept)


def _turn(image):
    """What to hold while `image` is decoded: large ones take a gigabyte, so one at a time."""
    return ONE_LARGE if image.width * image.height > LARGE_PIXELS else nullcontext()


def _to_rgb(image):
    transparent = image.info.get("transparency")  # a colour, or the alpha of each of a palette
    if image.mode.startswith("I"):
        values = np.asarray(image)
        if values.min() < 0 or values.max() > 65535:
            raise _Unfit("grey with 32 bits, whose white is not known")
        grey = np.round(values / np.float32(257)).astype("uint8")  # 65535 / 257 = 255
        if isinstance(transparent, int):
            grey[values == transparent] = 255
        return Image.fromarray(grey).convert("RGB")
    if image.mode == "F":
        raise _Unfit("floating-point pixels, whose white is not known")
    if transparent is None and image.mode not in ("LA", "PA", "RGBA", "RGBa"):
        return image.convert("RGB")
    image = image.convert("RGBA")
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image).convert("RGB")


class _Unfit(Exception):
    """The file holds no picture to use; the message is the reason."""


def _reason(error):
    """What is wrong with a file, in one line."""
    if isinstance(error, _Unfit):
        return str(error)
    if isinstance(error, UnidentifiedImageError):
        return f"no picture that can be read ({', '.join(FORMATS)})"
    if isinstance(error, (Image.DecompressionBombWarning, Image.DecompressionBombError)):
        return f"too large: {error}"
    return " ".join(f"damaged: {type(error).__name__}: {error}".split())


def is_system_name(name: str) -> bool:
    """Whether a file or folder is a system's own: hidden, or of a name that systems use."""
    return name.startswith(".") or name.lower() in SYSTEM_NAMES


class _Folder:
    def __init__(self, path):
        self.path = path
        self.left_out = {}
        names = []
        for folder, folders, files in os.walk(path, onerror=self._unreadable):
            here = Path(folder)
            files = [here / name for name in files if not is_system_name(name)]
            folders[:] = [name for name in folders if not is_system_name(name)]
            for name in [name for name in folders if (here / name).is_symlink()]:
                self.left_out[self._name(here / name)] = "a link to a folder"
            for file in files:
                if file.is_file():
                    names.append(self._name(file))
                else:  # to open a pipe would wait for ever
                    self.left_out[self._name(file)] = "no ordinary file"
        self.names = sorted(names)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def _name(self, path):
        return path.relative_to(self.path).as_posix()

    def _unreadable(self, error):
        self.left_out[self._name(Path(error.filename))] = _reason(error)

    def read(self, name):
        file = self.path / name
        _check_size(file.stat().st_size)
        return file.read_bytes()


class _Zip:
    def __init__(self, path):
        self.path = path
        try:
            self.archive = zipfile.ZipFile(path)
        except Exception as error:  # damaged zips, too, fail in many ways
            raise ValueError(
                f"`path` must be a folder of pictures or a zip; {path} cannot be read. "
                f"Received: {type(error).__name__}: {error}"
            ) from error
        try:
            self._refuse_harm()
        except ValueError:
            self.archive.close()
            raise
        self.left_out = {}
        self.members: dict[str, zipfile.ZipInfo] = {}
        for member in self.archive.infolist():
            name = _plain(member.filename)
            if member.is_dir() or any(is_system_name(part) for part in name.split("/")):
                continue
            if stat.S_ISLNK(member.external_attr >> 16):
                self.left_out[name] = "a link"
            elif name in self.members:
                self.left_out[name + " (again)"] = "a second member of that name"
            else:
                self.members[name] = member
        self.names = sorted(self.members)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.archive.close()

    def _refuse_harm(self):
        members = self.archive.infolist()
        if len(members) > MAX_ZIP_MEMBERS:
            raise ValueError(
                f"The zip must have at most {MAX_ZIP_MEMBERS:,} members. "
                f"Received: {len(members):,} in {self.path}"
            )
        for member in members:
            name = _plain(member.filename)
            if name.startswith("/") or re.match("[A-Za-z]:", name) or ".." in name.split("/"):
                raise ValueError(
                    f"The zip's members must have names that stay within it. "
                    f"Received: {member.filename!r} in {self.path}"
                )
            if member.flag_bits & 1:
                raise ValueError(
                    "The zip must not be encrypted; unpack it with its password and give the "
                    f"folder. Received: {self.path}"
                )
        unpacked = sum(member.file_size for member in members)
        if unpacked > max(SMALL_ZIP, MAX_ZIP_RATIO * self.path.stat().st_size):
            raise ValueError(
                f"The zip must not unpack to more than {MAX_ZIP_RATIO} times its size. "
                f"Received: {unpacked:,} bytes in {self.path}"
            )

    def read(self, name):
        member = self.members[name]
        _check_size(member.file_size)
        return self.archive.read(member)  # reads no more than that size, and checks the CRC


def _plain(name):
    """A member's name with the separators that the format asks for, and no empty steps."""
    name = name.replace("\\", "/")
    root = "/" if name.startswith("/") else ""
    return root + "/".join(part for part in name.split("/") if part not in ("", "."))


def _check_size(count):
    if count > MAX_FILE_BYTES:
        raise _Unfit(f"too large: {count:,} bytes")
