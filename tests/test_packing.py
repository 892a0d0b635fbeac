"""Packed models: their weights are the run's to half precision, and a loaded one can be trusted."""

import shutil
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

import vaegan_edu
from vaegan_edu import experiments, records
from vaegan_edu.experiments import packing, rounding
from vaegan_edu.experiments.training import WEIGHTS

NAMES = packing.pretrained_names()


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "vae"
    return experiments.train("vae-digits", epochs=1, latent_dim=3, output=folder, progress=False)


@pytest.fixture(scope="module")
def packed(run):
    return experiments.pack(run, run.parent / "my-vae")


def test_weights_are_halved_and_nothing_else_changes(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("layer/vars/0", data=np.float32([1 / 3, -2.0, 0.0]))
        file.create_dataset("layer/vars/1", data=np.uint32([2**32 - 1, 7]))
        file["layer"].attrs["name"] = "dense"
        file.create_group("empty")
    rounding.write_rounded(tmp_path / "a.h5", tmp_path / "b.h5")
    with h5py.File(tmp_path / "b.h5") as file:
        halved, whole = file["layer/vars/0"][()], file["layer/vars/1"][()]
        assert halved.dtype == np.float16 and whole.dtype == np.uint32
        np.testing.assert_array_equal(halved, np.float16([1 / 3, -2.0, 0.0]))
        np.testing.assert_array_equal(whole, np.uint32([2**32 - 1, 7]))
        assert file["layer"].attrs["name"] == "dense" and "empty" in file


def test_a_weight_too_large_for_half_precision_is_refused(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("w", data=np.float32([1e6]))
    with pytest.raises(RuntimeWarning, match="overflow"):
        rounding.write_rounded(tmp_path / "a.h5", tmp_path / "b.h5")


def test_eight_bits_are_off_by_half_a_step_of_each_channel_at_most(tmp_path):
    rng = np.random.default_rng(0)
    inner = keras.Input((6, 6, 3))
    conv = keras.layers.Conv2D(4, 3, name="conv")
    norm = keras.layers.BatchNormalization()
    model = keras.Model(inner, norm(conv(inner)))
    kernel = rng.normal(size=(3, 3, 3, 4)) * [1e-3, 1.0, 50.0, 0.0]  # channels of all sizes
    conv.set_weights([kernel.astype("float32"), np.float32([1 / 3, -2.0, 0.0, 1e-3])])
    norm.set_weights([rng.uniform(0.5, 2.0, 4).astype("float32") for _ in range(4)])
    before = model.get_weights()
    model.save_weights(tmp_path / "a.weights.h5")
    rounding.write_rounded(tmp_path / "a.weights.h5", tmp_path / "b.weights.h5", bits=8)
    for weights in model.weights:
        weights.assign(np.zeros(weights.shape))
    rounding.load_weights(model, tmp_path / "b.weights.h5")
    after = model.get_weights()
    step = np.abs(before[0]).max(axis=(0, 1, 2)) / 127
    assert (np.abs(after[0] - before[0]) <= step / 2 + 1e-12).all()
    np.testing.assert_allclose(np.abs(after[0]).max(axis=(0, 1, 2)), 127 * step, rtol=1e-6)
    for one, other in zip(after[1:], before[1:], strict=True):
        np.testing.assert_array_equal(one, other.astype("float16").astype("float32"))
    # What Keras wrote is loaded as ever.
    rounding.load_weights(model, tmp_path / "a.weights.h5")
    for one, other in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_a_model_too_large_for_sixteen_bits_has_eight(run, monkeypatch):
    whole = packing.MOST_BYTES
    sizes = []
    for bits in (16, 8):
        rounding.write_rounded(run / WEIGHTS, run.parent / "some.h5", bits)
        sizes.append((run.parent / "some.h5").stat().st_size)
    (run.parent / "some.h5").unlink()
    monkeypatch.setattr(packing, "MOST_BYTES", sizes[0] - 1)
    assert sizes[1] < 0.75 * sizes[0] < whole
    small = experiments.pack(run, run.parent / "eight")
    config = records.read_record(small).config
    assert config[packing.BITS] == 8
    assert "Weights of 8 bits" in (small / packing.CARD).read_text(encoding="utf-8")
    images = experiments.load_run(small).model.generate(4, seed=0)
    np.testing.assert_allclose(
        images, experiments.load_run(run).model.generate(4, seed=0), atol=0.1
    )
    shutil.rmtree(small)


@pytest.mark.slow
def test_a_packed_model_is_the_run_with_rounded_weights(run, packed):
    model, small = experiments.load_run(run).model, experiments.load_run(packed).model
    for before, after in zip(model.weights, small.weights, strict=True):
        before, after = np.asarray(before), np.asarray(after)
        assert before.dtype == after.dtype
        rounded = before.astype("float16") if before.dtype == np.float32 else before
        np.testing.assert_array_equal(after, rounded.astype(before.dtype))
    assert (packed / WEIGHTS).stat().st_size < 0.6 * (run / WEIGHTS).stat().st_size


@pytest.mark.slow
def test_its_metrics_are_those_of_the_rounded_weights_and_its_card_shows_both(run, packed):
    written = records.read_record(packed).metrics
    assert experiments.evaluate_run(packed) == written
    before = records.read_record(run).metrics
    assert written.keys() == before.keys() and written != before
    card = (packed / packing.CARD).read_text(encoding="utf-8")
    name = "val_loss" if "val_loss" in written else sorted(written)[0]
    number = next(n for n, v in written.items() if isinstance(v, float) and v != before[n])
    assert f"| {number} | {written[number]:.4g} | {before[number]:.4g} |" in card
    assert "**Not to be used**" in card and "latent_dim 3" in card and name


@pytest.mark.slow
def test_nothing_is_written_over_and_nothing_half_written(run, packed, monkeypatch):
    with pytest.raises(FileExistsError, match="is there already"):
        experiments.pack(run, packed)
    monkeypatch.setattr(packing, "MOST_BYTES", 100)
    with pytest.raises(ValueError, match="at most 100 bytes of weights"):
        experiments.pack(run, run.parent / "other")
    assert sorted(path.name for path in run.parent.iterdir()) == ["my-vae", "vae"]


@pytest.mark.slow
def test_a_changed_file_is_refused(packed, tmp_path, monkeypatch):
    shutil.copytree(packed, tmp_path / "my-vae")
    monkeypatch.setattr(packing, "SHIPPED", tmp_path)
    assert vaegan_edu.pretrained("my-vae").generate(2, seed=0).shape == (2, 28, 28, 1)
    with open(tmp_path / "my-vae" / WEIGHTS, "ab") as file:
        file.write(b"more")
    with pytest.raises(ValueError, match="must have the sha256"):
        vaegan_edu.pretrained("my-vae")


def test_another_name_is_answered_with_those_that_there_are():
    with pytest.raises(ValueError, match=f"one of {', '.join(NAMES)}.*Received: 'nothing'"):
        vaegan_edu.pretrained("nothing")


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_model_encodes_decodes_and_generates(name):
    model = vaegan_edu.pretrained(name)
    if hasattr(model, "generate"):
        images = model.generate(3, seed=1)
        assert images.shape[0] == 3 and np.abs(images).max() <= 1
        np.testing.assert_array_equal(images, model.generate(3, seed=1))
    codes = np.random.default_rng(0).standard_normal((2, model.latent_dim)).astype("float32")
    decoded = model.decode(codes)
    if hasattr(model, "encode"):
        assert model.encode(decoded).shape == codes.shape
        assert model.reconstruct(decoded).shape == decoded.shape


def test_shipped_models_are_small_and_say_what_they_are():
    sizes = {name: (packing.SHIPPED / name / WEIGHTS).stat().st_size for name in NAMES}
    assert max(sizes.values()) <= packing.MOST_BYTES and sum(sizes.values()) <= 10_000_000
    for name in NAMES:
        card = (packing.SHIPPED / name / packing.CARD).read_text(encoding="utf-8")
        assert card == packing.make_card(packing.SHIPPED / name, _before(card))


def _before(card):
    """The run's measures as the card has them, in four digits."""
    rows = [line.strip("| ").split(" | ") for line in card.splitlines() if line.startswith("| ")]
    return {
        row[0]: float(row[2]) if "." in row[2] or "e" in row[2] else int(row[2])
        for row in rows[1:]
        if len(row) == 3
    }


def test_the_readme_names_the_models_that_come_with_the_package():
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in readme or f'"{name}"' in readme for name in NAMES)
