"""The benchmark of the training step: that its variants are one step, and its figures right."""

import json
import sys

import keras
import numpy as np
import pytest

from benchmarks.train_step import __main__ as benchmark
from benchmarks.train_step import worker
from benchmarks.train_step.step import Step, count_operations
from vaegan_edu import networks

pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="plain TensorFlow")
LITTLE = Step(batch=4)


@pytest.fixture(scope="module")
def variants():
    from benchmarks.train_step import ours, three_tape

    return ours.Variant(LITTLE), three_tape.Variant(LITTLE)


def test_the_plain_step_has_the_losses_of_ours(variants, tmp_path):
    ours, plain = variants
    worker.answer(ours, ["weights", str(tmp_path / "weights.npz")])
    expected = worker.answer(ours, ["losses"])
    assert plain.losses() != pytest.approx(expected, rel=1e-4)  # other weights
    found = worker.answer(plain, ["losses", str(tmp_path / "weights.npz")])
    assert found == pytest.approx(expected, rel=1e-4)
    assert set(found) == {"encoder", "decoder", "discriminator"}


def test_every_variant_updates_all_of_its_weights(variants):
    ours, plain = variants
    for variant in variants:
        made = variant.model.networks if variant is ours else variant.networks
        before = {name: network.get_weights() for name, network in made.items()}
        assert worker.answer(variant, ["prepare", 2]) > 0
        assert worker.answer(variant, ["run"]) > 0
        for name, network in made.items():
            for old, new in zip(before[name], network.get_weights(), strict=True):
                assert (old != new).any(), (name, old.shape)
    assert worker.answer(ours, ["run_bare"]) > 0


def test_operations_are_counted_as_by_hand():
    """The original's MNIST networks, multiply-adds an image of each product."""
    shape = (28, 28, 1)
    encoder = networks.build_encoder("original", shape, 64)
    decoder = networks.build_decoder("original", shape, 64)
    discriminator = networks.build_discriminator("original", shape)
    first, second, dense = 13 * 13 * 16 * 64, 5 * 5 * 16 * 64 * 128, 3200 * 1024
    e = first + second + dense + 2 * 1024 * 64
    up, out = 6 * 6 * 9 * 128 * 64, 13 * 13 * 16 * 64
    d = 64 * 1024 + 1024 * 4608 + up + out
    c = first + second + dense + 1024
    forward = e + 2 * d + 3 * c
    backward = (
        (first + second) + d + (2 * e - first)  # the encoder's loss
        + 2 * c + 2 * (2 * d - 64 * 1024)  # the decoder's
        + 3 * (2 * c - first)  # the discriminator's
    )  # fmt: skip
    assert count_operations(encoder, decoder, discriminator) == 2 * (forward + backward)


class Fake:
    """A worker that answers from a table, without a process."""

    def __init__(self, name, seconds=1.0, losses=None):
        self.name, self.seconds = name, iter(seconds) if isinstance(seconds, list) else seconds
        self.answers = {
            "weights": None, "losses": losses, "prepare": 5.0, "run_bare": 1.9, "peak_mb": 1000.4,
            "matmul": 2e11, "about": {"operations": 10**9},
        }  # fmt: skip

    def ask(self, name, *arguments):
        if name == "run":
            return next(self.seconds) if not isinstance(self.seconds, float) else self.seconds
        return self.answers[name]


OURS, REFERENCE = ("ours", "tensorflow", "float32"), benchmark.REFERENCE


def test_other_losses_stop_the_benchmark_before_anything_is_timed():
    right = {"encoder": 1.0, "decoder": 2.0, "discriminator": 3.0}
    workers = {OURS: Fake("ours", losses=right), REFERENCE: Fake("plain", losses=right)}
    assert benchmark.assert_equal_losses(workers) == right
    workers[REFERENCE] = Fake("plain", losses={**right, "decoder": 2.001})
    with pytest.raises(SystemExit, match="plain: the decoder's loss is 2.001, of ours 2.0"):
        benchmark.assert_equal_losses(workers)


def test_rows_hold_medians_ranges_and_the_ratio_within_each_turn():
    workers = {
        OURS: Fake("ours", [9.0, 2.0, 4.0, 1.0]),  # the first is a warm-up, left out
        REFERENCE: Fake("plain", [9.0, 3.0, 4.0, 2.0]),
    }
    (ours, plain), about = benchmark.rows(LITTLE, workers, windows=3, steps=10)
    assert ours["images_per_second"] == 20 and ours["range"] == [10, 40]
    assert (ours["ratio"], plain["ratio"]) == (1.5, 1.0)
    assert ours["share_of_matmul_peak"] == pytest.approx(20 * 1e9 / 2e11)
    assert (ours["peak_mb"], ours["batch"], ours["compile_seconds"]) == (1000, 4, 5.0)
    assert about["share_of_an_epoch_outside_the_step"] == pytest.approx(1 - 1.9 / 2)
    header, _, *lines = benchmark.table([ours, plain]).splitlines()
    assert header.startswith("| name | backend | precision |") and len(lines) == 2
    assert json.loads(json.dumps(ours)) == ours


def test_a_worker_that_fails_ends_the_benchmark_with_its_last_line():
    with pytest.raises(SystemExit, match="three-tape on tensorflow in float64x ended: .*float64x"):
        step = Step(precision="float64x")
        benchmark.Worker("three-tape", "tensorflow", step, sys.executable)


def test_images_and_noise_are_the_same_each_time():
    np.testing.assert_array_equal(LITTLE.images(2), Step(batch=8).images())
    assert LITTLE.noise()["prior"].shape == (4, 64)
    assert (LITTLE.noise()["prior"] != LITTLE.noise()["posterior"]).all()
