"""Every data set by one word, and in one form."""

import hashlib
import zipfile

import numpy as np
import pytest
from PIL import Image

from vaegan_edu import datasets
from vaegan_edu.datasets import loading


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Twenty pictures of several kinds and sizes, and a file that is none."""
    path = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for i in range(20):
        size = (24 + i, 40 - i, 3) if i % 2 else (30, 20 + i)
        picture = Image.fromarray(rng.integers(0, 256, size, "uint8"))
        picture.save(path / f"{i:02d}.{('png', 'jpg', 'webp')[i % 3]}")
    (path / "notes.txt").write_text("no picture")
    return path


def zipped(folder, path):
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.glob("[0-9]*"):
            archive.write(file, file.name)
    return path


@pytest.mark.filterwarnings("ignore:1 of 21 files were left out")
def test_a_folder_and_a_zip_of_it_are_one_data_set(folder, tmp_path):
    (x_train, y_train), (x_test, y_test) = datasets.load(str(folder), image_size=16)
    assert (x_train.shape, x_test.shape) == ((17, 16, 16, 3), (3, 16, 16, 3))
    assert x_train.dtype == x_test.dtype == np.uint8 and y_train is y_test is None
    (again, _), _ = datasets.load(zipped(folder, tmp_path / "all.zip"), image_size=16)
    np.testing.assert_array_equal(again, x_train)
    (large, _), _ = datasets.load(str(folder))
    assert large.shape[1:] == (64, 64, 3)


def test_files_left_out_are_told(folder):
    with pytest.warns(UserWarning, match="1 of 21 files were left out - .*notes.txt"):
        datasets.load(folder)


def test_rendered_faces_come_as_bytes_with_their_attributes(monkeypatch):
    whole = datasets.load_rendered_faces

    def few(train_count, image_size, dtype):
        return whole(train_count, 5, image_size, dtype=dtype)

    monkeypatch.setattr(loading, "load_rendered_faces", few)
    (x_train, y_train), (x_test, y_test) = datasets.load("rendered-faces", 16, train_count=7)
    expected, attributes = datasets.render_faces(12, image_size=16, dtype="uint8")
    np.testing.assert_array_equal(np.concatenate([x_train, x_test]), expected)
    np.testing.assert_array_equal(
        np.concatenate([y_train, y_test]), np.stack(list(attributes.values()), axis=1)
    )


@pytest.mark.parametrize(
    "name, photographs",
    [
        ("congress", "load_congress_faces"),
        ("us-adult-faces", "load_us_adult_faces"),
        ("lfw", "load_lfw_faces"),
    ],
)
def test_photographs_have_no_labels_and_stay_bytes(monkeypatch, name, photographs):
    asked = {}

    def loader(**settings):
        asked.update(settings)
        return np.zeros((4, 2, 2, 3), "uint8"), np.ones((1, 2, 2, 3), "uint8")

    monkeypatch.setitem(datasets.LOADERS, name, loading._unlabelled(loader))
    (x_train, y_train), (x_test, y_test) = datasets.load(name, image_size=32)
    assert (len(x_train), y_train, len(x_test), y_test) == (4, None, 1, None)
    assert asked == {"image_size": 32, "dtype": "uint8"} and hasattr(datasets, photographs)


@pytest.mark.parametrize(
    "settings, message",
    [
        (("mnist", 32), "The image_size of mnist cannot be chosen. Received: 32"),
        (("digits", None, 9), "The train_count of digits cannot be chosen. Received: 9"),
        (("nowhere",), "or the path of a folder or zip of pictures that exists. Received: 'now"),
    ],
)
def test_what_a_set_cannot_have_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        datasets.load(*settings)


def test_a_path_where_nothing_is_is_called_missing():
    with pytest.raises(FileNotFoundError, match="The folder or zip .* is missing: nowhere/at/all"):
        datasets.load("nowhere/at/all")


def test_the_digest_is_of_the_bytes_in_c_order_without_a_copy():
    array = np.arange(24, dtype="float32").reshape(2, 3, 4)
    expected = hashlib.sha256(array.tobytes() + array.T.tobytes()).hexdigest()
    assert datasets.array_digest(array, array.T) == expected
