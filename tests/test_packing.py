"""Packed models: their weights are the run's to half precision, and a loaded one can be trusted."""

import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

import vaegan_edu
from vaegan_edu import experiments, records
from vaegan_edu.experiments import packing
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
    packing._write_halves(tmp_path / "a.h5", tmp_path / "b.h5")
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
        packing._write_halves(tmp_path / "a.h5", tmp_path / "b.h5")


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
