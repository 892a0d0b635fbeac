"""Photographs in every form and place that they come in, made here, and files that are none."""

import io
import os
import tracemalloc
import unicodedata
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image, PngImagePlugin

from vaegan_edu import datasets
from vaegan_edu.datasets import photographs, pictures


def picture(seed, size=(20, 16)):
    """A smooth picture of its own colours, (width, height) = `size`."""
    small = np.random.default_rng(seed).integers(0, 256, (3, 3, 3), "uint8")
    return Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)


def content(image, form="PNG", **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def write(folder, files):
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def write_zip(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def only(folder, data, **options):
    """The one picture of a folder that holds `data`, as int."""
    found = datasets.read_images(write(folder, {"a": data}), **options)
    assert found.left_out == {}
    return found.images[0].astype(int)


# --- one file


def test_each_format_gives_the_same_picture(tmp_path):
    image = picture(0, (64, 64))
    exact = np.asarray(image)
    for form, options in [("PNG", {}), ("BMP", {}), ("TIFF", {}), ("WEBP", {"lossless": True})]:
        np.testing.assert_array_equal(only(tmp_path, content(image, form, **options)), exact)
    for form, options in [("JPEG", {"quality": 95}), ("WEBP", {"quality": 95}), ("GIF", {})]:
        assert abs(only(tmp_path, content(image, form, **options)) - exact).mean() < 8


def test_grey_palette_and_bilevel_become_rgb(tmp_path):
    grey = picture(1, (64, 64)).convert("L")
    expected = np.repeat(np.asarray(grey)[..., None], 3, axis=-1)
    np.testing.assert_array_equal(only(tmp_path, content(grey)), expected)
    np.testing.assert_array_equal(only(tmp_path, content(grey.convert("P"))), expected)
    bilevel = grey.point(lambda value: 255 * (value > 128)).convert("1")
    np.testing.assert_array_equal(
        only(tmp_path, content(bilevel)), np.where(expected > 128, 255, 0)
    )


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_not_clipped(tmp_path, form):
    """0 is black, 65535 white, and between them v / 257."""
    values = np.linspace(0, 65535, 64 * 64).reshape(64, 64).round().astype("uint16")
    for image in [Image.fromarray(values)] + [big_endian(values)] * (form == "TIFF"):
        found = only(tmp_path, content(image, form))
        np.testing.assert_array_equal(found[..., 1], np.round(values / 257))
        assert (found == found[..., :1]).all()


def big_endian(values):
    size = values.shape[::-1]
    return Image.frombytes("I;16B", size, values.astype(">u2").tobytes())


def test_transparency_shows_white(tmp_path):
    """Alpha a of colour c is c * a + white * (1 - a)."""
    rgb = np.asarray(picture(2, (64, 64))).astype(int)
    alpha = np.linspace(0, 255, 64).round().astype("uint8")[None, :].repeat(64, 0)
    expected = (rgb * alpha[..., None] + 255 * (255 - alpha[..., None].astype(int))) / 255
    image = Image.fromarray(np.dstack([rgb.astype("uint8"), alpha]))
    for form, options in [("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True, "exact": True})]:
        assert abs(only(tmp_path, content(image, form, **options)) - expected).max() <= 1
    grey = Image.fromarray(np.dstack([rgb[..., 0].astype("uint8"), alpha]), "LA")
    assert abs(only(tmp_path, content(grey)) - expected[..., :1]).max() <= 1


def test_a_transparent_colour_shows_white(tmp_path):
    """PNG and GIF can name one colour, or give each of a palette its alpha."""
    values = np.repeat(np.array([[10, 200]], "uint8"), 32, axis=1).repeat(64, axis=0)
    white = np.where(values == 10, 255, 200)[..., None].repeat(3, -1)
    grey = Image.fromarray(values)
    palette = grey.convert("P")
    colour = Image.merge("RGB", [grey] * 3)
    deep = Image.fromarray(values.astype("uint16") * 257)
    for data in (
        content(grey, transparency=10),
        content(palette, transparency=10),
        content(palette, transparency=bytes([0 if i == 10 else 255 for i in range(256)])),
        content(palette, "GIF", transparency=10),
        content(colour, transparency=(10, 10, 10)),
        content(deep, transparency=10 * 257),
    ):
        np.testing.assert_array_equal(only(tmp_path, data), white)


def test_cmyk_is_converted(tmp_path):
    """Ink c, m, y, k leaves (1 - c)(1 - k) of red, and so on; the corners are exact."""
    inks = np.zeros((64, 64, 4), "uint8")
    inks[:32, :32, 0] = inks[:32, 32:, 1] = inks[32:, :32, 2] = inks[32:, 32:, 3] = 255
    expected = np.zeros((64, 64, 3), int)
    expected[:32, :32] = 0, 255, 255
    expected[:32, 32:] = 255, 0, 255
    expected[32:, :32] = 255, 255, 0
    image = Image.fromarray(inks, "CMYK")
    np.testing.assert_array_equal(only(tmp_path, content(image, "TIFF")), expected)
    jpeg = only(tmp_path, content(image, "JPEG", quality=95, subsampling=0))
    assert abs(jpeg - expected).max() <= 6


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_rotation_is_obeyed(tmp_path, form):
    """Orientation n says how the stored picture was turned; each must come out upright."""
    upright = picture(3, (64, 64))
    stored = {
        1: upright,
        2: upright.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        3: upright.transpose(Image.Transpose.ROTATE_180),
        4: upright.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
        5: upright.transpose(Image.Transpose.TRANSPOSE),
        6: upright.transpose(Image.Transpose.ROTATE_90),
        7: upright.transpose(Image.Transpose.TRANSVERSE),
        8: upright.transpose(Image.Transpose.ROTATE_270),
    }
    for orientation, image in stored.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        quality = {} if form in ("PNG", "TIFF") else {"quality": 95}
        found = only(tmp_path, content(image, form, exif=exif, **quality))
        assert abs(found - np.asarray(upright)).mean() < 3, orientation


def test_a_broken_note_of_rotation_does_not_cost_the_picture(tmp_path):
    image = picture(4, (64, 64))
    for note in (b"Exif\0\0", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff", b"Exif\0\0" + b"\xff" * 40):
        found = only(tmp_path, content(image, "JPEG", quality=95, exif=note))
        assert abs(found - np.asarray(image)).mean() < 3


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("size", [(256, 151), (151, 256), (64, 64), (3, 9), (1, 1)])
def test_crop_keeps_proportions_and_stretch_keeps_all(tmp_path, size, mode):
    """A ramp from 0 to 240 over the longer side: stretched, its ends are seen, else cut off."""
    wide = size[0] >= size[1]
    ramp = np.linspace(0, 240, max(size)).round().astype("uint8")
    values = np.broadcast_to(ramp if wide else ramp[:, None], size[::-1])
    data = content(Image.fromarray(np.ascontiguousarray(values)).convert(mode))
    for fit in ("crop", "stretch"):
        found = only(tmp_path, data, image_size=32, fit=fit)
        assert found.shape == (32, 32, 3)
        line = found[16, :, 0] if wide else found[:, 16, 0]
        if max(size) > 9:
            shown = min(size) if fit == "crop" else max(size)
            rise = 240 / (max(size) - 1) * shown * 31 / 32  # between the middles of its pixels
            np.testing.assert_allclose(line[-1] - line[0], rise, atol=3)
            np.testing.assert_allclose(line.mean(), 120, atol=1)


@pytest.mark.parametrize("fit", ["crop", "stretch"])
def test_large_jpegs_decoded_small_look_the_same(tmp_path, fit):
    image = picture(5, (1200, 900))
    quick = only(tmp_path, content(image, "JPEG", quality=95), image_size=32, fit=fit)
    assert abs(quick - only(tmp_path, content(image), image_size=32, fit=fit)).max() <= 4


def test_fine_detail_is_averaged_where_it_is_too_fine(tmp_path):
    """A chessboard of single pixels is grey from afar: no stripes by undersampling."""
    board = (np.indices((512, 512)).sum(axis=0) % 2 * 255).astype("uint8")
    for form in ("PNG", "JPEG"):
        found = only(tmp_path, content(Image.fromarray(board), form), image_size=48)
        assert abs(found - 127.5).max() <= 2


# --- a folder or zip, and what is wrong in it

GOOD = {
    "b.png": content(picture(10)),
    "a.jpg": content(picture(11), "JPEG"),
    "deep/er/c.webp": content(picture(12), "WEBP"),
    "no-suffix": content(picture(13)),
    "wrong-suffix.txt": content(picture(14)),
    "Ünïcode ☺.gif": content(picture(15), "GIF"),
}
JPEG = content(picture(16, (64, 64)), "JPEG")
HUGE = bytearray(content(Image.new("1", (64, 64))))
HUGE[16:24] = (60_000).to_bytes(4, "big") * 2  # 3,600 megapixels, says the header
HUGE[29:33] = zlib.crc32(bytes(HUGE[12:29])).to_bytes(4, "big")
BAD = {
    "empty.jpg": (b"", "empty"),
    "text.jpg": (b"not a picture", "no picture"),
    "notes.txt": (b"Hello", "no picture"),
    "half.jpg": (JPEG[: len(JPEG) // 2], "damaged"),
    "head.jpg": (JPEG[:30], "damaged"),
    "cut.png": (GOOD["b.png"][:-30], "damaged"),
    "huge.png": (bytes(HUGE), "too large"),
    "page.eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no picture"),
    "nested.zip": (b"PK\5\6" + bytes(18), "no picture"),
    "float.tif": (content(Image.new("F", (8, 8)), "TIFF"), "floating-point"),
    "deep/int.tif": (content(Image.new("I", (8, 8), 2**20), "TIFF"), "32 bits"),
}
HIDDEN = dict.fromkeys(
    [
        "._a.jpg",
        ".DS_Store",
        "__MACOSX/a.jpg",
        "__MACOSX/deep/._c.webp",
        "Thumbs.db",
        ".thumbnails/a.png",
        "deep/@eaDir/c.webp",
        "desktop.ini",
    ],
    GOOD["b.png"],
)


@pytest.fixture(params=["folder", "zip"])
def place(request, tmp_path):
    """Write files into a folder or a zip; return its path."""

    def make(files):
        if request.param == "zip":
            return write_zip(tmp_path / "pictures.zip", files)
        return write(tmp_path / "pictures", files)

    return make


def test_good_files_are_read_in_order_and_bad_ones_listed(place):
    bad = {name: data for name, (data, _) in BAD.items()}
    found = datasets.read_images(place({**GOOD, **bad, **HIDDEN}), image_size=16)
    assert found.names == tuple(sorted(GOOD))
    assert found.images.shape == (6, 16, 16, 3) and found.images.dtype == np.uint8
    assert set(found.left_out) == set(BAD)
    for name, (_, reason) in BAD.items():
        assert reason in found.left_out[name] and "\n" not in found.left_out[name]
    alone = datasets.read_images(place(GOOD), image_size=16)
    np.testing.assert_array_equal(found.images, alone.images)


def test_what_is_left_out_is_named_by_its_reason(tmp_path):
    good = content(picture(0, (8, 8)))
    files = {f"{i}.png": good for i in range(3)} | {"a.png": b"", "sub/b.png": b"", "c": b"text"}
    notes = {f"{i:02d}.txt": b"note" for i in range(60)}
    with pytest.warns(UserWarning) as warned:
        datasets.load_image_folder(write(tmp_path / "few", files), 8)
        datasets.load_image_folder(write(tmp_path / "many", files | notes), 8)
    few, many = (str(warning.message) for warning in warned)
    assert few.startswith("3 of 6 files were left out - ")
    assert "empty: a.png, sub/b.png" in few and "(PNG, JPEG, WEBP, GIF, BMP, TIFF): c" in few
    assert "49.txt and 11 more" in many and "empty: a.png, sub/b.png" in many


HELD = b"\x00\x08\x00\x02\x01\x12\x00\x03"  # an EXIF block without its head


@pytest.mark.parametrize("form", ["PNG", "WEBP", "JPEG", "TIFF"])
def test_a_note_that_cannot_be_read_costs_no_picture(tmp_path, form):
    """Of how it was held, broken; the pixels are good."""
    image = picture(3, (8, 8))
    words = {"lossless": True} if form == "WEBP" else {}
    noted = content(image, form, exif=HELD, **words) if form != "TIFF" else content(image, form)
    found = datasets.read_images(write(tmp_path, {"a": noted}), 8)
    assert found.names == ("a",) and found.left_out == {}
    plain = datasets.read_images(write(tmp_path / "b", {"a": content(image, form, **words)}), 8)
    np.testing.assert_array_equal(found.images, plain.images)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("kind", ["zTXt", "iTXt", "iCCP"])
def test_long_notes_in_a_png_cost_no_picture(tmp_path, kind, after):
    """Those of more than a megabyte, for which Pillow refuses the file."""
    image, text = picture(3, (8, 8)), PngImagePlugin.PngInfo()
    if kind == "iCCP":
        noted = content(image, icc_profile=bytes(2_000_000))
    else:
        (text.add_itxt if kind == "iTXt" else text.add_text)("workflow", "x" * 3_000_000, zip=True)
        noted = content(image, pnginfo=text)
    if after and kind != "iCCP":  # behind the pixels, as some programs put it
        start = noted.index(kind.encode()) - 4
        end = start + 12 + int.from_bytes(noted[start : start + 4], "big")
        tail = noted.index(b"IEND") - 4
        noted = noted[:start] + noted[end:tail] + noted[start:end] + noted[tail:]
    found = datasets.read_images(write(tmp_path, {"a.png": noted}), 8)
    plain = datasets.read_images(write(tmp_path / "b", {"a.png": content(image)}), 8)
    assert found.left_out == {}
    np.testing.assert_array_equal(found.images, plain.images)
    torn = datasets.read_images(write(tmp_path / "c", {"a.png": noted[: len(noted) // 2]}), 8)
    assert len(torn.names) + len(torn.left_out) == 1


def test_each_row_is_the_picture_of_its_name(place, monkeypatch):
    """More files than threads and chunks, some of them bad: nothing is exchanged."""
    monkeypatch.setattr(pictures, "CHUNK", 3)
    files = {
        f"{i:03d}.png": b"" if i % 7 == 3 else content(Image.new("RGB", (4, 4), (i, 0, 255 - i)))
        for i in range(200)
    }
    found = datasets.read_images(place(files), image_size=4)
    good = [i for i in range(200) if i % 7 != 3]
    assert found.names == tuple(f"{i:03d}.png" for i in good)
    assert len(found.left_out) == 200 - len(good)
    for row, i in enumerate(good):
        assert (found.images[row] == (i, 0, 255 - i)).all()


def test_every_way_to_cut_a_file_is_survived(tmp_path):
    """Whatever is left of a file: a picture, or a reason."""
    small = picture(17, (8, 8))
    forms = ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"]
    whole = {form: content(small, form) for form in forms}
    cuts = {
        f"{form}-{end}": data[:end]
        for form, data in whole.items()
        for end in range(0, len(data), 7)
    }
    found = datasets.read_images(write_zip(tmp_path / "cut.zip", cuts), image_size=8)
    assert len(found.names) + len(found.left_out) == len(cuts)
    assert len(found.left_out) > 0.8 * len(cuts)
    assert all(
        "damaged" in why or "empty" in why or "no pic" in why or "too large" in why
        for why in found.left_out.values()
    )


@pytest.mark.slow
@given(st.data())
def test_files_with_false_bytes_are_survived(data):
    form = data.draw(st.sampled_from(["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"]))
    damaged = bytearray(content(picture(18, (8, 8)), form))
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))

    class Source:
        left_out = {}

        def read(self, name):
            return bytes(damaged)

    found = pictures.decode(Source(), ["a"], 8, "crop")
    assert len(found.names) + len(found.left_out) == 1


def test_what_is_no_file_is_left_out(tmp_path):
    """A pipe would block for ever, a link to the folder above would never end."""
    write(tmp_path, {"a.png": GOOD["b.png"], "locked/b.png": GOOD["b.png"]})
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "broken.jpg").symlink_to(tmp_path / "nothing")
    (tmp_path / "again.png").symlink_to(tmp_path / "a.png")
    found = datasets.read_images(tmp_path)
    assert found.names == ("a.png", "again.png", "locked/b.png")
    assert found.left_out == {
        "pipe.jpg": "no ordinary file",
        "broken.jpg": "no ordinary file",
        "loop": "a link to a folder",
    }


def test_folders_and_files_that_may_not_be_read_are_left_out(tmp_path, monkeypatch):
    """As root everything may be read, so the refusals are made."""
    write(tmp_path, {"a.png": GOOD["b.png"], "b.png": GOOD["b.png"], "locked/c.png": b""})
    scandir, read_bytes = os.scandir, Path.read_bytes

    def refuse_folder(path):
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    def refuse_file(path):
        if path.name == "b.png":
            raise PermissionError(13, "Permission denied", str(path))
        return read_bytes(path)

    monkeypatch.setattr(os, "scandir", refuse_folder)
    monkeypatch.setattr(Path, "read_bytes", refuse_file)
    found = datasets.read_images(tmp_path)
    assert found.names == ("a.png",)
    assert set(found.left_out) == {"b.png", "locked"}
    assert all("Permission denied" in why for why in found.left_out.values())


def test_too_large_files_are_not_opened(place, monkeypatch):
    monkeypatch.setattr(pictures, "MAX_FILE_BYTES", 1000)
    found = datasets.read_images(place({"a.png": GOOD["b.png"], "film.mp4": bytes(1001)}))
    assert found.names == ("a.png",) and found.left_out == {"film.mp4": "too large: 1,001 bytes"}


def test_pictures_with_more_pixels_than_pillow_allows_are_not_decoded(tmp_path, monkeypatch):
    """Up to twice its limit Pillow would only warn."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 64 * 64 - 1)
    write(tmp_path, {"a.png": GOOD["b.png"], "b.jpg": JPEG})
    found = datasets.read_images(tmp_path)
    assert found.names == ("a.png",) and "too large: Image size (4096" in found.left_out["b.jpg"]


def test_nothing_there_gets_one_clear_line(tmp_path):
    with pytest.raises(FileNotFoundError, match="folder of pictures or a zip. .* at .*none"):
        datasets.read_images(tmp_path / "none")
    (tmp_path / "a.txt").write_text("no zip")
    with pytest.raises(ValueError, match="cannot be read. Received: BadZipFile"):
        datasets.load_image_folder(tmp_path / "a.txt")
    for folder in (write(tmp_path / "one", {"a.png": GOOD["b.png"]}), tmp_path):
        with pytest.raises(ValueError, match="at least two pictures. Received: [01] in"):
            datasets.load_image_folder(folder)


@pytest.mark.parametrize(
    "argument, message",
    [
        ({"image_size": 0}, "`image_size` must be a whole number"),
        ({"fit": "fill"}, "`fit` must be one of crop, stretch. Received: 'fill'"),
        ({"dtype": "int"}, "`dtype` must be one of float32, uint8. Received: 'int'"),
        ({"seed": -1}, "`seed` must be a whole number"),
        ({"validation_fraction": 1.5}, "`validation_fraction` must be at most 1"),
    ],
)
def test_bad_arguments_are_refused(tmp_path, argument, message):
    write(tmp_path, GOOD)
    with pytest.raises(ValueError, match=message):
        datasets.load_image_folder(tmp_path, **argument)


# --- zips made to do harm


@pytest.mark.parametrize(
    "name", ["../a.png", "deep/../../a.png", "/etc/a.png", "C:\\a.png", "c:/a.png", "..\\a.png"]
)
def test_names_that_lead_out_of_a_zip_are_refused(tmp_path, name):
    path = write_zip(tmp_path / "a.zip", {"good.png": GOOD["b.png"], name: GOOD["b.png"]})
    with pytest.raises(ValueError, match="must have names that stay within it. Received: .*a.png"):
        datasets.read_images(path)


def test_encrypted_zips_are_refused(tmp_path):
    path = write_zip(tmp_path / "a.zip", GOOD)
    data = bytearray(path.read_bytes())
    for header, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(header) + flags] |= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match="must not be encrypted; unpack it .* Received: .*a.zip"):
        datasets.read_images(path)


def test_bombs_are_refused(tmp_path, monkeypatch):
    bomb = write_zip(tmp_path / "a.zip", {**GOOD, "zeros.bmp": bytes(pictures.SMALL_ZIP + 1)})
    with pytest.raises(ValueError, match="more than 100 times its size. Received: 67,1"):
        datasets.read_images(bomb)
    monkeypatch.setattr(pictures, "MAX_ZIP_MEMBERS", 5)
    with pytest.raises(ValueError, match="at most 5 members. Received: 6 in"):
        datasets.read_images(write_zip(tmp_path / "b.zip", GOOD))


def test_a_member_that_is_larger_than_it_says_is_left_out(tmp_path):
    """What unpacks to more is cut at the size that the zip declares, and fails its checksum."""
    zeros = content(Image.new("RGB", (1000, 1000)), "BMP")
    path = write_zip(tmp_path / "a.zip", {"a.png": GOOD["b.png"], "b.bmp": zeros})
    data = bytearray(path.read_bytes())
    size = len(zeros).to_bytes(4, "little")
    assert data.count(size) == 2
    path.write_bytes(data.replace(size, (5000).to_bytes(4, "little")))
    found = datasets.read_images(path)
    assert found.names == ("a.png",) and "damaged: BadZipFile" in found.left_out["b.bmp"]


def test_damaged_members_links_and_doubles_are_left_out(tmp_path):
    path = tmp_path / "a.zip"
    link = zipfile.ZipInfo("link.png")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "w") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("./a.png", GOOD["b.png"])
        archive.writestr("b.png", GOOD["no-suffix"])
        archive.writestr(link, "/etc/passwd")
        archive.writestr("b.png", GOOD["a.jpg"])
    data = bytearray(path.read_bytes())
    data[data.index(GOOD["no-suffix"]) + 60] ^= 1
    path.write_bytes(data)
    found = datasets.read_images(path)
    assert found.names == ("a.png",)
    assert found.left_out["link.png"] == "a link"
    assert found.left_out["b.png (again)"] == "a second member of that name"
    assert "Bad CRC-32" in found.left_out["b.png"]


def test_reading_writes_nothing(tmp_path, monkeypatch):
    """Not beside the zip, not in the working folder, not among temporary files."""
    home = tmp_path / "home"
    home.mkdir()
    path = write_zip(tmp_path / "a.zip", {**GOOD, "empty.jpg": b""})
    monkeypatch.chdir(home)
    monkeypatch.setenv("TMPDIR", str(home))
    before = path.read_bytes()
    with pytest.warns(UserWarning, match="1 of 7 files"):
        datasets.load_image_folder("../a.zip")
    assert list(home.iterdir()) == [] and sorted(tmp_path.iterdir()) == [path, home]
    assert path.read_bytes() == before


# --- the split


def numbered(count):
    """Pictures whose colour tells their number."""
    return {
        f"face_{i:05d}_oval.jpg": content(Image.new("RGB", (4, 6), (i % 256, i // 256, 128)))
        for i in range(count)
    }


def numbers(images):
    return images[:, 0, 0].astype(int) @ (1, 256, 0)


def test_the_split_is_seeded_and_that_of_split_rows(place):
    path = place(numbered(40))
    train, validation = datasets.load_image_folder(path, 4, dtype="uint8")
    assert len(train) == 34 and len(validation) == 6
    split = datasets.split_rows(40, 6)
    images = datasets.read_images(path, 4).images
    np.testing.assert_array_equal(train, images[split.train])
    np.testing.assert_array_equal(validation, images[split.validation])
    again = datasets.load_image_folder(path, 4, dtype="uint8")
    other = datasets.load_image_folder(path, 4, dtype="uint8", seed=1)
    np.testing.assert_array_equal(again[1], validation)
    assert numbers(other[1]).tolist() != numbers(validation).tolist()
    half = datasets.load_image_folder(path, 4, validation_fraction=0.5)
    assert [len(part) for part in half] == [20, 20]


@given(st.integers(2, 300), st.integers(0, 2**32), st.data())
def test_each_row_is_in_one_part(count, seed, data):
    validation_count = data.draw(st.integers(1, count - 1))
    train_count = data.draw(st.none() | st.integers(1, count - validation_count))
    split = datasets.split_rows(count, validation_count, train_count, seed)
    assert len(split.validation) == validation_count
    assert len(split.train) == (train_count or count - validation_count)
    assert sorted(np.concatenate(split)) == list(range(count))
    assert all((np.diff(rows) > 0).all() for rows in split)


def test_more_rows_than_there_are_get_refused():
    with pytest.raises(ValueError, match="must be 10 at most, together. Received: 8 and 3"):
        datasets.split_rows(10, 3, 8)


@given(st.integers(1, 3000), st.integers(0, 100))
def test_rows_are_kept_in_place(count, seed):
    rng = np.random.default_rng(seed)
    array = rng.integers(0, 256, (count, 2), "uint8")
    rows = np.flatnonzero(rng.random(count) < rng.random())
    expected = array[rows]
    kept = pictures.keep_rows(array, rows)
    np.testing.assert_array_equal(kept, expected)
    assert np.shares_memory(kept, array) or not len(rows)


def test_float_images_are_the_bytes_scaled(tmp_path):
    write(tmp_path, GOOD)
    for x, raw in zip(
        datasets.load_image_folder(tmp_path),
        datasets.load_image_folder(tmp_path, dtype="uint8"),
        strict=True,
    ):
        assert x.dtype == np.float32 and raw.dtype == np.uint8
        np.testing.assert_array_equal(x, raw / np.float32(127.5) - np.float32(1))


@given(arrays.arrays("uint8", (2, 3, 3, 1)))
def test_scaling_is_exact_at_both_ends_and_can_be_undone(images):
    scaled = datasets.scale_pixels(images)
    assert scaled.dtype == np.float32 and scaled.min() >= -1 and scaled.max() <= 1
    np.testing.assert_array_equal(np.round((scaled + 1) * 127.5), images)
    np.testing.assert_array_equal(
        datasets.scale_pixels(np.array([0, 255], "uint8")), np.array([-1, 1], "float32")
    )


def test_only_bytes_are_scaled():
    """Twice scaled is grey everywhere."""
    with pytest.raises(ValueError, match="must be uint8, 0 to 255. Received: dtype float32"):
        datasets.scale_pixels(np.zeros(3, "float32"))


@pytest.mark.slow
def test_loading_takes_little_more_memory_than_the_images(tmp_path):
    data = content(picture(0, (8, 8)))
    path = write(tmp_path, {f"{i}.png": data for i in range(600)} | {"bad.png": b""})
    for dtype, size in (("uint8", 1), ("float32", 4)):
        datasets.read_images(path, 8)  # imports and caches are not counted
        tracemalloc.start()
        with pytest.warns(UserWarning, match="1 of 601 files were left out"):
            train, validation = datasets.load_image_folder(path, 128, dtype=dtype)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert len(train) + len(validation) == 600
        whole = 600 * 128 * 128 * 3 * size
        assert whole < peak < 1.35 * whole


# --- 10k US Adult Faces

SUBSET = {f"publication_{i}.jpg": content(picture(100 + i)) for i in range(9)}
PREFIXES = [
    "10k US Adult Faces Database/Face Images/",
    "10k_US_Adult_Faces_Database/Face_Images/",
    "Face Images/",
    "face_images/",
    "downloads/Face Annotations/10k US Adult Faces Database/FaceImages/",
    "Wilma Bainbridge_10k US Adult Faces Database/10k%20US%20Adult%20Faces/Face%20Images/",
    "some/where/",
    "",
]


def database(prefix, faces):
    """The database as it is found, with what lies beside the faces."""
    above = prefix.rpartition("Face")[0] if prefix.startswith("10k US") else ""
    first = list(faces)[:20]
    return {
        **{prefix + name: data for name, data in faces.items()},
        **{f"__MACOSX/{prefix}._{name}": b"\0\5\x16\7" for name in first},
        prefix + ".DS_Store": b"\0",
        prefix + "Thumbs.db": b"\0",
        **{f"{prefix}thumbnails/{name}": faces[name] for name in first},
        **{
            f"{above}Publication Friendly 49-Face Database/49 Face Images/{name}": data
            for name, data in SUBSET.items()
        },
        **{
            f"Publication_Friendly_49-Face_Database/49_Face_Images/{name}": data
            for name, data in SUBSET.items()
        },
        **{
            f"Face Annotations/Images and Annotations/{i}.jpg": data
            for i, data in enumerate(SUBSET.values())
        },
        **{f"Face_Annotations/Images and Annotations/{name}": faces[name] for name in first},
        "Full Attribute Scores/demographic & others labels/final.xlsx": b"PK",
        "Memorability Scores/memorability-scores.xlsx": b"PK",
    }


@pytest.mark.parametrize("prefix", PREFIXES)
def test_faces_are_found_in_every_layout(place, prefix):
    faces = numbered(60)
    files = database(prefix, faces)
    path = place(files)
    found = datasets.read_us_adult_faces(path, 4)
    assert found.names == tuple(prefix + name for name in faces)
    assert numbers(found.images).tolist() == list(range(60))
    hidden = ("._", ".DS_Store", "Thumbs.db")
    shown = {name for name in files if not name.rpartition("/")[2].startswith(hidden)}
    assert found.left_out == dict.fromkeys(shown - set(found.names), photographs.OUTSIDE)
    with pytest.warns(UserWarning) as warned:
        train, validation = datasets.load_us_adult_faces(path, 4, dtype="uint8")
    assert [str(warning.message) for warning in warned] == [
        "The 10k US Adult Faces Database should have 10,168 pictures, or 10,000. Received: 60"
    ]
    assert warned[0].filename == __file__
    split = datasets.split_rows(60, 9)  # 85/15
    np.testing.assert_array_equal(numbers(train), split.train)
    np.testing.assert_array_equal(numbers(validation), split.validation)


@pytest.mark.parametrize(
    "names, chosen",
    [
        (
            ["a/Face Images/1", "b/Face Images/2", "b/Face Images/3"],
            ["b/Face Images/2", "b/Face Images/3"],
        ),  # the larger of two
        (["10k%20US/Face%20Images/1", "other/2", "other/3"], ["10k%20US/Face%20Images/1"]),
        (["1", "thumbs/small_1", "Thumbnails/2"], ["1"]),
        (["x/1", "y/1", "y/2"], ["x/1", "y/2"]),  # each name once
        (["b/2", "z/1"], ["z/1", "b/2"]),  # sorted by name, wherever the files lie
    ],
)
def test_the_choice_of_faces(names, chosen):
    assert photographs._face_names(names) == chosen


def test_accents_sort_alike_however_they_are_written():
    for form in ("NFC", "NFD"):
        names = [unicodedata.normalize(form, name) for name in ("Zoe", "Éva", "Eve")]
        order = [unicodedata.normalize("NFC", name) for name in photographs._face_names(names)]
        assert order == ["Eve", "Zoe", "Éva"]


def test_bad_faces_are_left_out_with_a_warning(place):
    faces = numbered(30) | {"face_00007_oval.jpg": b"", "face_00011_oval.jpg": JPEG[:99]}
    path = place(database(PREFIXES[0], faces))
    with pytest.warns(UserWarning) as warned:
        train, validation = datasets.load_us_adult_faces(path, 4)
    assert len(train) == 24 and len(validation) == 4
    lines = [str(warning.message) for warning in warned]
    assert "2 of 30 files were left out - " in lines[0]
    assert "face_00007_oval.jpg" in lines[0] and "face_00011_oval.jpg" in lines[0]
    assert lines[0].endswith(" (`datasets.read_us_adult_faces(path).left_out`)")
    assert "Received: 28" in lines[1] and len(lines) == 2
    found = datasets.read_us_adult_faces(path, 4)
    bad = {name: why for name, why in found.left_out.items() if why != photographs.OUTSIDE}
    assert sorted(why.partition(":")[0] for why in bad.values()) == ["damaged", "empty"]


def test_of_the_whole_database_the_chosen_are_used(tmp_path, monkeypatch):
    """10,168 names; the pictures themselves need not be decoded to see what is chosen."""
    names = [f"Face Images/Ann_{i:05d}_oval.jpg" for i in range(10_168)]
    path = write(tmp_path, {"Face Images/a": b""})

    def fake(source, names, image_size, fit):
        assert fit == "stretch" and image_size == 64
        images = np.zeros((len(names), 1, 1, 3), "uint8")
        images[:, 0, 0, 1], images[:, 0, 0, 0] = np.divmod(np.arange(len(names)), 256)
        return datasets.ImageSet(images, tuple(names), {})

    monkeypatch.setattr(photographs, "decode", fake)
    monkeypatch.setattr(photographs, "_face_names", lambda _: names[:count])
    for count in (10_168, 10_000):
        train, validation = datasets.load_us_adult_faces(path, dtype="uint8")
        assert len(train) == 8500 and len(validation) == 1500
        split = datasets.split_rows(count, 1500, 8500)
        np.testing.assert_array_equal(numbers(train), split.train)
        np.testing.assert_array_equal(numbers(validation), split.validation)
        assert len(split.unused) == count - 10_000
    count = 10_167
    with pytest.warns(UserWarning, match="should have 10,168 .*Received: 10,167"):
        train, _ = datasets.load_us_adult_faces(path, dtype="uint8")
    assert len(train) == 8500


def test_the_original_stretched(tmp_path):
    """The halves of a wide picture, red and blue, are both seen whole."""
    wide = np.zeros((256, 394, 3), "uint8")
    wide[:, :40, 0] = wide[:, -40:, 2] = 255
    faces = {f"{i}_oval.jpg": content(Image.fromarray(wide), "JPEG") for i in range(3)}
    with pytest.warns(UserWarning, match="Received: 3"):
        train, _ = datasets.load_us_adult_faces(write(tmp_path, faces))
    assert train.shape[1:] == (64, 64, 3)
    assert (train[:, :, 0, 0] > 0.9).all() and (train[:, :, -1, 2] > 0.9).all()
    assert (train[:, :, 32] < -0.9).all()


def test_the_database_is_found_by_its_name(tmp_path, monkeypatch):
    monkeypatch.setenv("VAEGAN_EDU_DATA", str(tmp_path))
    write(tmp_path, {"mnist.npz": b"", "US Adult Faces.txt": b"", "other/a.png": GOOD["b.png"]})
    with pytest.raises(FileNotFoundError, match="nothing of that name in VAEGAN_EDU_DATA"):
        datasets.read_us_adult_faces()
    write_zip(tmp_path / "US_adult_faces.zip", database(PREFIXES[0], numbered(5)))
    assert len(datasets.read_us_adult_faces().names) == 5
    write(tmp_path / "10k US Adult Faces", database(PREFIXES[1], numbered(6)))
    assert len(datasets.read_us_adult_faces().names) == 6


def test_who_has_no_database_is_told_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.delenv("VAEGAN_EDU_DATA", raising=False)
    for path, received in ((None, "not set"), (tmp_path / "none", "none")):
        with pytest.raises(FileNotFoundError) as caught:
            datasets.load_us_adult_faces(path)
        line = str(caught.value)
        assert "Bainbridge, Isola & Oliva 2013" in line and "password" in line
        assert received in line.partition("Received: ")[2] and "\n" not in line


# --- Congress portraits


def write_portraits(folder, monkeypatch):
    portraits = np.random.default_rng(0).integers(0, 256, (874, 64, 64, 3), "uint8")
    np.savez(folder / "congress64.npz", images=portraits)
    monkeypatch.setenv("VAEGAN_EDU_DATA", str(folder))
    return portraits


def test_portraits_are_split_once_their_checksum_is_right(tmp_path, monkeypatch):
    portraits = write_portraits(tmp_path, monkeypatch)
    with pytest.raises(ValueError, match="has another checksum; get it anew. Received: sha256"):
        datasets.load_congress_faces()
    monkeypatch.setattr(photographs, "CONGRESS_DIGEST", datasets.array_digest(portraits))
    train, validation = datasets.load_congress_faces(dtype="uint8")
    assert len(train) == 743 and len(validation) == 131
    split = datasets.split_rows(874, 131)
    np.testing.assert_array_equal(train, portraits[split.train])
    np.testing.assert_array_equal(validation, portraits[split.validation])
    for x, raw in zip(datasets.load_congress_faces(), (train, validation), strict=True):
        np.testing.assert_array_equal(x, datasets.scale_pixels(raw))


def test_outside_the_oval_portraits_are_white(tmp_path, monkeypatch):
    portraits = write_portraits(tmp_path, monkeypatch)
    monkeypatch.setattr(photographs, "CONGRESS_DIGEST", datasets.array_digest(portraits))
    plain, _ = datasets.load_congress_faces(dtype="uint8")
    masked, _ = datasets.load_congress_faces(oval_mask=True, dtype="uint8")
    # Distance from the middle in units of the oval's radii, at the pixels' middles.
    rows, columns = (np.indices((64, 64)) + 0.5) / 64
    distance = np.hypot((rows - 0.5) / 0.48, (columns - 0.5) / 0.36)
    assert (masked[:, distance > 1.05] == 255).all()
    np.testing.assert_array_equal(masked[:, distance < 0.95], plain[:, distance < 0.95])
    assert (masked >= plain).all()
    share = 1 - (255.0 - masked).sum() / (255.0 - plain).sum()
    np.testing.assert_allclose(share, 1 - np.pi * 0.48 * 0.36, atol=1e-3)  # the ellipse's area


def test_missing_and_damaged_portraits_get_one_clear_line(tmp_path, monkeypatch):
    monkeypatch.delenv("VAEGAN_EDU_DATA", raising=False)
    with pytest.raises(FileNotFoundError, match="must name a folder that holds congress64.npz"):
        datasets.load_congress_faces()
    write_portraits(tmp_path, monkeypatch)
    whole = (tmp_path / "congress64.npz").read_bytes()
    for damage in (whole[: len(whole) // 2], b"", b"no archive"):
        (tmp_path / "congress64.npz").write_bytes(damage)
        with pytest.raises(ValueError, match="cannot be read; get it anew. Received"):
            datasets.load_congress_faces()


@pytest.mark.skipif(
    not (Path(os.environ.get("VAEGAN_EDU_DATA", "")) / "congress64.npz").is_file(),
    reason="needs congress64.npz in the folder that VAEGAN_EDU_DATA names",
)
def test_the_real_portraits_have_their_heads_in_the_oval():
    """The oval is to hold what differs between portraits: heads, and little of the backdrop."""
    train, validation = datasets.load_congress_faces(dtype="uint8")
    assert train.shape == (743, 64, 64, 3) and validation.shape == (131, 64, 64, 3)
    rows, columns = (np.indices((64, 64)) + 0.5) / 64
    distance = np.hypot((rows - 0.5) / 0.48, (columns - 0.5) / 0.36)
    mean = train.mean(axis=0)
    redness = mean[..., 0] - mean[..., 2]  # skin and hair against a blue backdrop
    assert redness[distance < 0.8].min() > 0 > redness[distance > 1.3].max()


# --- Labeled Faces in the Wild


def fake_lfw(home, people):
    """What scikit-learn keeps once it has downloaded the faces."""
    folder = home / "lfw_home" / "lfw_funneled"
    for person, count in enumerate(people):
        for i in range(count):
            image = np.full((250, 250, 3), 255, "uint8")
            image[68:196, 61:189] = 10 * person, 100, i  # the square that is asked for
            name = f"Person_{person:02d}"
            write(folder, {f"{name}/{name}_{i:04d}.png": content(Image.fromarray(image))})
    for name in ("pairsDevTrain.txt", "pairsDevTest.txt", "pairs.txt"):
        (home / "lfw_home" / name).write_text("")


def test_lfw_comes_through_scikit_learn(tmp_path, monkeypatch):
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    counts = [1, 2, 3, 1, 4, 1, 2, 1, 1, 2]
    fake_lfw(tmp_path, counts)
    train, validation = datasets.load_lfw_faces(dtype="uint8")
    assert train.shape[1:] == validation.shape[1:] == (64, 64, 3)
    people = [set((part[:, 9, 9, 0] // 10).tolist()) for part in (train, validation)]
    assert people[0] | people[1] == set(range(10)) and not people[0] & people[1]
    assert len(people[1]) == 2  # of ten, 15%, rounded
    assert len(train) + len(validation) == sum(counts)
    for part in (train, validation):  # one colour to the edge: the square, and no more
        assert (part == part[:, :1, :1]).all() and (part[..., 1] == 100).all()
    floats, _ = datasets.load_lfw_faces(image_size=32)
    assert floats.shape[1:] == (32, 32, 3) and floats.dtype == np.float32
    np.testing.assert_array_equal(floats[:, 0, 0], datasets.scale_pixels(train[:, 0, 0]))


def test_lfw_without_connection_gets_one_clear_line(monkeypatch):
    import urllib.error

    import sklearn.datasets

    def fail(**arguments):
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr(sklearn.datasets, "fetch_lfw_people", fail)
    with pytest.raises(FileNotFoundError, match="connect to the internet. Received: URLError"):
        datasets.load_lfw_faces()
    with pytest.raises(ValueError, match="`image_size` must be at most 128. Received: 129"):
        datasets.load_lfw_faces(image_size=129)
