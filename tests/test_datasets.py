"""The built-in digits, and MNIST as far as it goes without its file."""

import numpy as np
import pytest
from sklearn.datasets import load_digits as sklearn_digits

from vaegan_edu import datasets


def test_digits_have_the_form_that_models_expect():
    (x_train, y_train), (x_test, y_test) = datasets.load_digits()
    assert x_train.shape == (1437, 28, 28, 1) and x_test.shape == (360, 28, 28, 1)
    assert x_train.dtype == np.float32 and y_train.dtype == np.int64
    assert x_train.min() == -1 and x_train.max() == 1
    assert y_train.shape == (1437,) and y_test.shape == (360,)
    shares = [np.bincount(y) / len(y) for y in (y_train, y_test)]
    np.testing.assert_allclose(*shares, atol=0.005)


def test_digits_are_the_originals_and_none_is_in_both_parts():
    """At 8x8 nothing is interpolated: the pixels, rescaled, are scikit-learn's."""
    (x_train, y_train), (x_test, y_test) = datasets.load_digits(image_size=8)
    found = (np.concatenate([x_train, x_test]).reshape(-1, 64) + 1) * 8
    expected, labels = sklearn_digits(return_X_y=True)
    # In the order of whole numbers: older versions of SciPy leave last digits.
    order, expected_order = np.lexsort(found.round().T), np.lexsort(expected.T)
    np.testing.assert_allclose(found[order], expected[expected_order], atol=1e-5)
    np.testing.assert_array_equal(np.concatenate([y_train, y_test])[order], labels[expected_order])


def test_digits_keep_their_place_when_enlarged():
    (small, _), _ = datasets.load_digits(8)
    (large, _), _ = datasets.load_digits(32)
    shrunk = large.reshape(-1, 8, 4, 8, 4).mean(axis=(2, 4))
    assert np.corrcoef(shrunk.ravel(), small.ravel())[0, 1] > 0.98
    assert abs(shrunk - small[..., 0]).mean() < 0.1


def test_digits_are_the_same_every_time():
    assert datasets.array_digest(*datasets.load_digits()[0]) == datasets.array_digest(
        *datasets.load_digits()[0]
    )


@pytest.mark.parametrize("size", [0, 7, 28.0, "28"])
def test_bad_image_size_is_refused(size):
    with pytest.raises(ValueError, match="`image_size` must be a whole number of at least 8"):
        datasets.load_digits(size)


def write_mnist(folder, **changes):
    arrays = {
        name: np.zeros((3, 28, 28) if name[0] == "x" else 3, "uint8")
        for name in datasets.MNIST_DIGESTS
    }
    np.savez(folder / "mnist.npz", **{**arrays, **changes})
    return arrays


def test_mnist_is_scaled_once_its_checksum_is_right(tmp_path, monkeypatch):
    monkeypatch.setenv("VAEGAN_EDU_DATA", str(tmp_path))
    ramp = np.resize(np.arange(256, dtype="uint8"), (3, 28, 28))
    arrays = {**write_mnist(tmp_path, x_train=ramp), "x_train": ramp}
    digests = {name: datasets.array_digest(array) for name, array in arrays.items()}
    monkeypatch.setattr(datasets.digits, "MNIST_DIGESTS", digests)
    (x_train, y_train), (x_test, _) = datasets.load_mnist()
    assert x_train.shape == (3, 28, 28, 1) and x_train.dtype == np.float32
    np.testing.assert_allclose(x_train[..., 0], ramp / 255 * 2 - 1, atol=1e-6)
    assert (x_test == -1).all() and y_train.dtype == np.int64


def test_missing_and_damaged_mnist_get_one_clear_line(tmp_path, monkeypatch):
    monkeypatch.setenv("VAEGAN_EDU_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="must name a folder that holds mnist.npz"):
        datasets.load_mnist()
    write_mnist(tmp_path)
    with pytest.raises(ValueError, match="array x_train has another checksum"):
        datasets.load_mnist()
    whole = (tmp_path / "mnist.npz").read_bytes()
    for damage in (whole[: len(whole) // 2], b"", b"no archive"):
        (tmp_path / "mnist.npz").write_bytes(damage)
        with pytest.raises(ValueError, match="cannot be read"):
            datasets.load_mnist()
    np.savez(tmp_path / "mnist.npz", x_train=np.zeros(3))
    with pytest.raises(ValueError, match="cannot be read"):
        datasets.load_mnist()


def test_unknown_data_is_refused():
    with pytest.raises(ValueError, match="one of digits, mnist, .*path .*Received: 'cifar'"):
        datasets.load("cifar")
