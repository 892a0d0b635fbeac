"""The benchmarks on a few steps: what they compare, what they write, how they go on."""

import argparse
import dataclasses
import json
import math
import shutil
import sys

import keras
import numpy as np
import pytest
from PIL import Image

from benchmarks import (
    batch_norm_averages,
    collapse_on_digits,
    light_recipe,
    peak_memory,
    pixel_baselines,
    quality_against_time,
    quality_search,
    train_step,
)
from benchmarks import collapse_and_cure as benchmark
from benchmarks.steps import keras_steps
from book.tables.quality import KINDS
from vaegan_edu import datasets, intervals, metrics, networks, toys
from vaegan_edu.experiments import EXPERIMENTS
from vaegan_edu.experiments.tasks.digits import evaluate_samples
from vaegan_edu.models.steps import kernels

tf = pytest.importorskip("tensorflow")
FEW = {**benchmark.SETTINGS, "steps": 3}


@pytest.fixture
def one_toy(monkeypatch):
    monkeypatch.setattr(benchmark, "TOYS", {"ring": toys.ring()})
    monkeypatch.setattr(benchmark, "DISCRIMINATORS", ("plain", "minibatch"))
    monkeypatch.setattr(benchmark, "GAMES", {"unbalanced": 1e-4})


def test_the_control_has_equal_capacity_and_no_view_of_the_batch():
    built = {name: benchmark.build(name, FEW)[1] for name in benchmark.DISCRIMINATORS}
    plain, minibatch, control = (built[name].count_params() for name in built)
    assert plain == 2 * 64 + 64 + 64 * 64 + 64 + 64 + 1
    assert minibatch == control == plain + 64 * 32 + 8
    points = np.random.default_rng(0).normal(size=(64, 2)).astype("float32")
    for name, network in built.items():
        together = np.array(network(points))[:8]
        apart = np.array(network(points[:8]))
        assert (abs(together - apart).max() > 1e-4) == (name == "minibatch")


def test_the_controls_features_are_those_of_a_batch_at_the_origin():
    """Its 8 features equal what minibatch discrimination gives for 63 others at zero."""
    network = benchmark.build("control", FEW)[1]
    h = np.random.default_rng(0).normal(size=(1, 64)).astype("float32")
    (dense,) = [w for w in network.get_weights() if w.shape == (64, 32)]
    layer = benchmark.MinibatchDiscrimination(8, 4, scale=1 / 16)
    layer.build((None, 64))
    layer.kernel.assign(dense.reshape(64, 8, 4))
    batch = np.concatenate([h, np.zeros((63, 64), "float32")])
    expected = np.array(layer(batch))[0, 64:]
    m = (h @ dense).reshape(8, 4)
    np.testing.assert_allclose(expected, 63 / 16 * np.exp(-abs(m).sum(-1)), rtol=1e-5)
    (concatenate,) = [la for la in network.layers if type(la).__name__ == "Concatenate"]
    inner = benchmark.keras.Model(network.input, [*concatenate.input])
    points = np.random.default_rng(1).normal(size=(5, 2)).astype("float32")
    hidden, features = (np.array(a) for a in inner(points))
    m = (hidden @ dense).reshape(5, 8, 4)
    np.testing.assert_allclose(features, 63 / 16 * np.exp(-abs(m).sum(-1)), rtol=1e-4)


def test_a_model_used_before_plays_like_a_new_one(one_toy):
    ring = toys.ring()
    used = benchmark.Player("minibatch", "unbalanced", FEW)
    used.play(ring, seed=7)
    found = used.play(ring, seed=3)
    fresh = benchmark.Player("minibatch", "unbalanced", FEW).play(ring, seed=3)
    np.testing.assert_array_equal(found, fresh)
    assert (found != used.play(ring, seed=4)).any()


def test_measure_by_hand():
    ring = toys.ring()
    points = np.repeat(ring.modes[:5], [400, 400, 400, 1, 1], axis=0)
    found = benchmark.measure(np.concatenate([points, np.full((1298, 2), 5.0)]), ring)
    assert found == {
        "modes": 5,
        "modes_with_a_tenth": 3,
        "high_quality": round(1202 / 2500, 4),
        "failed": False,
    }
    points[:400] = np.nan
    assert benchmark.measure(points, ring)["modes"] == 4
    nothing = benchmark.measure(np.full((10, 2), np.nan), ring)
    assert nothing["modes"] == 0 and nothing["failed"] and nothing["high_quality"] == 0.0


def test_chance_covers_what_the_areas_say():
    """A mode's disc takes its share of the square; a point finds it with that probability."""
    share = math.pi * (3 * 0.01) ** 2 / (2 + 6 * 0.01) ** 2
    expected = 8 * (1 - (1 - share) ** 2500)
    found = [r["modes"] for r in benchmark.chance("ring", FEW, draws=200)]
    assert np.mean(found) == pytest.approx(expected, abs=0.35)


def test_a_stopped_benchmark_goes_on(one_toy, tmp_path, capsys):
    path = tmp_path / "out.json"
    command = ["--json", str(path), "--steps", "3", "--points", str(tmp_path / "points")]
    benchmark.main([*command, "--seeds", "1"])
    first = json.loads(path.read_text())
    assert len(first["runs"]) == 2 and capsys.readouterr().out.count("| ring |") == 3
    benchmark.main([*command, "--seeds", "2"])
    record = json.loads(path.read_text())
    assert record["runs"][:2] == first["runs"] and len(record["runs"]) == 4
    assert [r["seed"] for r in record["runs"]] == [0, 0, 1, 1]
    table = capsys.readouterr().out.splitlines()
    assert len(table) == 5 and len({line.count("|") for line in table}) == 1
    assert len(list((tmp_path / "points").glob("ring-unbalanced-*-*.npy"))) == 4
    assert record["settings"]["steps"] == 3 and record["versions"]["keras"]
    with pytest.raises(SystemExit, match="other settings"):
        benchmark.main(["--json", str(path), "--steps", "4"])


def test_another_batch_size_keeps_the_size_of_the_features(one_toy, tmp_path):
    path = tmp_path / "small.json"
    command = ["--json", str(path), "--steps", "3", "--seeds", "1", "--game", "unbalanced"]
    benchmark.main([*command, "--toy", "ring", "--batch-size", "16"])
    record = json.loads(path.read_text())
    settings = record["settings"]
    assert settings["batch_size"] == 16 and settings["scale"] * 16 == 64 / 16
    assert [(r["toy"], r["discriminator"]) for r in record["runs"]] == [
        ("ring", "plain"),
        ("ring", "minibatch"),
    ]
    (layer,) = [
        layer
        for layer in benchmark.build("minibatch", settings)[1].layers
        if isinstance(layer, benchmark.MinibatchDiscrimination)
    ]
    assert layer.scale == settings["scale"]
    with pytest.raises(SystemExit, match="other settings"):
        benchmark.main([*command, "--toy", "ring"])


LITTLE = {**collapse_on_digits.SETTINGS, "steps": 2, "images": 20}


def test_on_digits_the_three_discriminators_differ_in_the_view_of_the_batch_alone():
    built = {kind: collapse_on_digits.build(kind)[1] for kind in benchmark.DISCRIMINATORS}
    plain, minibatch, control = (network.count_params() for network in built.values())
    assert minibatch == control > plain
    x = np.random.default_rng(0).uniform(-1, 1, (64, 28, 28, 1)).astype("float32")
    for kind, network in built.items():
        together, apart = np.array(network(x))[:8], np.array(network(x[:8]))
        assert (abs(together - apart).max() > 1e-4) == (kind == "minibatch"), kind


def test_a_game_is_found_where_both_runs_of_the_search_lost_digits():
    def runs(**left):
        return [
            {"game": game.replace("_", " "), "seed": seed, "digits": n}
            for game, digits in left.items()
            for seed, n in zip(collapse_on_digits.SEARCHED, digits, strict=False)
        ]

    found = collapse_on_digits.found_game
    assert found(runs(unbalanced=[5, 6], fast_generator=[2, 5])) == "fast generator"
    assert found(runs(unbalanced=[1])) is None and found([]) is None


def test_digits_that_are_left_are_counted_by_the_classifier():
    (x, y), (held_out, _) = datasets.load_digits()
    classifier = metrics.load_classifier("digits")
    real = metrics.read_digits(classifier, held_out)
    shown = np.concatenate([x[y == 3][:100], x[y == 8][:100]])
    found = collapse_on_digits.measure(shown, real, classifier)
    assert found["digits"] == 2 and found["unclear"] < 0.1
    assert found["divergence"] == pytest.approx(np.log(5), abs=0.1)
    nothing = collapse_on_digits.measure(np.full((4, 28, 28, 1), np.nan), real, classifier)
    assert (nothing["digits"], nothing["coverage"]) == (0, 0.0)


@pytest.mark.slow
def test_a_collapse_on_digits_is_searched_played_and_continued(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(collapse_on_digits, "SHEETS", tmp_path / "sheets")
    monkeypatch.setattr(collapse_on_digits, "SEEDS", 2)
    path = tmp_path / "found.json"
    with pytest.raises(SystemExit, match="--search"):
        collapse_on_digits.main([], path, LITTLE)
    monkeypatch.setattr(collapse_on_digits, "LOST", 10)  # any game collapses
    collapse_on_digits.main(["--search"], path, LITTLE)
    first = json.loads(path.read_text())
    assert [(run["game"], run["seed"]) for run in first["runs"]] == [
        ("unbalanced", 10),
        ("unbalanced", 11),
    ]
    collapse_on_digits.main([], path, LITTLE)
    record = json.loads(path.read_text())
    assert record["runs"][:2] == first["runs"] and record["commit"] and len(record["runs"]) == 8
    again = path.read_bytes()
    collapse_on_digits.main([], path, LITTLE)
    assert path.read_bytes() == again
    assert capsys.readouterr().out.count("| experiment | unbalanced |") == 6
    with pytest.raises(SystemExit, match="other settings"):
        collapse_on_digits.main([], path, {**LITTLE, "steps": 3})


def test_the_search_holds_out_images_and_leaves_a_file_of_each_try(tmp_path, monkeypatch, capsys):
    (x, y), test = datasets.load_digits()
    monkeypatch.setattr(datasets, "load_mnist", lambda: ((x[:160], y[:160]), test))
    monkeypatch.setattr(quality_search, "HELD_OUT", 64)
    monkeypatch.setattr(quality_search, "RESULTS", tmp_path)
    monkeypatch.setattr(
        quality_search,
        "TRIES",
        {
            "a vae": ("vae-mnist", {"epochs": 1}),
            "diverged": ("vaegan-mnist", {"epochs": 2, "learning_rate": 1e30}),
        },
    )
    (x_train, _), (x_held_out, _) = quality_search.hold_out(datasets.load_mnist())
    np.testing.assert_array_equal(np.concatenate([x_train, x_held_out]), x[:160])
    assert len(x_held_out) == 64
    judged = []
    monkeypatch.setattr(
        quality_search,
        "evaluate_samples",
        lambda model, data, arguments: (
            judged.append(data) or evaluate_samples(model, data, arguments)
        ),
    )
    quality_search.main(["a vae"])
    np.testing.assert_array_equal(judged[0][1][0], x_held_out)
    first = (tmp_path / "a-vae.json").read_text()
    quality_search.main([])
    assert (tmp_path / "a-vae.json").read_text() == first
    record = json.loads((tmp_path / "diverged.json").read_text())
    assert record["error"] and "metrics" not in record and record["commit"]
    real, *rows = quality_search.rows(tmp_path)
    assert real["images"] == "real" and real["Fréchet"] != rows[0]["Fréchet"]
    assert [row["images"] for row in rows] == [*KINDS.values(), "failed"]
    assert capsys.readouterr().out.count("| diverged | failed |") == 1


def recipe_model(**changes):
    arguments = {**light_recipe.GAME_BASE, "preset": "small", "seed": 0, **changes}
    return light_recipe.build(arguments, (8, 8, 1))


def test_the_levers_of_the_recipe_by_hand():
    x = np.random.default_rng(0).uniform(-1, 1, (6, 8, 8, 1)).astype("float32")
    noise = {k: np.random.default_rng(1).normal(size=(6, 10)) for k in ("posterior", "prior")}
    model = recipe_model(relativistic=True, r1=3.0, r2=0.5, reconstructions_are_fakes=False)
    played = model.play(keras.ops.convert_to_tensor(x), False, noise)
    losses = model.losses_of(model.terms_of(played, False))
    real, fake = (np.array(played.logits[kind])[:, 0] for kind in ("real", "generated"))
    penalty = 0.0
    for kind, gamma in (("real", 3.0), ("generated", 0.5)):
        images = played.examples[kind]
        with tf.GradientTape() as tape:
            tape.watch(images)
            logits, _ = model.discriminator(images)
        slopes = np.array(tape.gradient(logits, images)).reshape(6, -1)
        penalty += gamma / 2 * (slopes**2).sum(axis=1).mean()
    game = np.log1p(np.exp(-(real - fake))).mean()
    np.testing.assert_allclose(losses["discriminator"], game + penalty, rtol=1e-4)
    feature = float(model.terms_of(played, False)["feature"])
    fooling = np.log1p(np.exp(real - fake)).mean()
    np.testing.assert_allclose(losses["decoder"], 0.04 * feature + fooling, rtol=1e-4)


def test_operations_of_a_step_are_those_that_are_counted():
    model = recipe_model(preset="light")
    counted = keras_steps.count_operations(model.networks)
    assert abs(light_recipe.operations(model) / counted - 1) < 0.02


def test_statistics_are_those_of_the_codes():
    decoder = networks.build_decoder("light", (8, 8, 1), 3)
    dense, norm = decoder.layers[1:3]
    codes = np.random.default_rng(0).normal(1.0, 2.0, (1000, 3)).astype("float32")
    momentum = norm.momentum
    light_recipe.recompute_statistics(decoder, codes)
    assert norm.momentum == momentum
    np.testing.assert_allclose(norm.moving_mean, np.array(dense(codes)).mean(axis=0), atol=1e-4)
    within = np.array(dense(codes)).reshape(2, 500, -1).var(axis=1).mean(axis=0)
    np.testing.assert_allclose(norm.moving_variance, within, rtol=1e-3)


def test_rejection_keeps_what_the_discriminator_finds_real():
    logits = np.random.default_rng(0).normal(0.0, 2.0, 20_000)
    passed = light_recipe.let_pass(logits, np.random.default_rng(1))
    # Chances rise with exp(logit), the ratio of densities, while it is small beside the largest.
    low = (logits > -1.0) & (logits < -0.9)
    high = (logits > 0.1) & (logits < 0.2)
    assert passed[high].mean() > passed[low].mean() > 0.0
    assert 0.3 < passed.mean() < 0.6


@pytest.mark.slow
def test_the_recipe_leaves_a_file_of_each_arm(tmp_path, monkeypatch, capsys):
    (x, y), test = datasets.load_digits()
    monkeypatch.setattr(datasets, "load_mnist", lambda: ((x[:600], y[:600]), test))
    monkeypatch.setattr(quality_search, "HELD_OUT", 200)
    monkeypatch.setattr(light_recipe, "GAUSSIANS", 2)
    game = {**light_recipe.SAMPLES, "start": 0.3, "share": 0.5}
    study = dataclasses.replace(
        light_recipe.STUDY,
        name="little",
        arms={
            "a game": (light_recipe.GAME_BASE, game),
            "a vae": (light_recipe.VAE_BASE, {"preset": "half"}),
            "a gan": (quality_against_time.GAN_BASE, {"preset": "tiny"}),
            "diverged": (light_recipe.GAME_BASE, {"learning_rate": 1e30}),
        },
        work=1e11,
        drawn=200,
        results=tmp_path,
        runs=tmp_path / "sheets",
    )
    light_recipe.main(["--share", "0.5"], study)
    game, vae, gan, diverged = (
        json.loads((tmp_path / "little" / f"{name}-0.5-seed-0.json").read_text())
        for name in ("a-game", "a-vae", "a-gan", "diverged")
    )
    ways = [
        way + more for way in ("average", "mixture") for more in ("", " x2", " x4", ", rejection")
    ]
    assert set(game["ways"]) == {"real", "plain", "statistics", *ways}
    assert game["logs"]["gamma"] and game["arguments"]["seed"] == 0 and game["commit"]
    assert "mixture x4" in vae["ways"] and "mixture, rejection" not in vae["ways"]
    assert "average, rejection" in gan["ways"] and "mixture" not in gan["ways"]
    assert vae["steps"] > game["steps"] > 1 and gan["steps"] > 1
    assert diverged["error"] and "ways" not in diverged
    assert capsys.readouterr().out.count("| failed |") == 1
    floor, *others = light_recipe.rows(tmp_path / "little", ways=("mixture", "mixture x2"))
    assert (
        floor["way"] == "real images"
        and floor["precision"] == f"{vae['ways']['real']['precision']:.3g}"
    )
    assert sum(row["arm"] == "a vae" for row in others) == 2


TINY = {**train_step.SETTINGS, "preset": "small", "batch_size": 4, "latent_dim": 3, "image_size": 8}


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setattr(train_step, "SETTINGS", TINY)


def keras_step(kind=keras_steps.OurStep, **settings):
    return kind(**{**TINY, "precision": "float32", **settings})


def test_operations_counted_by_hand():
    """Small networks at 8x8: convolutions of 4x4 to 4x4 and 2x2 places, then dense layers."""
    counted = keras_steps.count_operations(keras_step().networks)
    c1, c2 = 2 * 16 * 16 * 1 * 16, 2 * 4 * 16 * 16 * 32
    dense, codes, logits = 2 * 128 * 64, 2 * 2 * 64 * 3, 2 * 128
    map_, up, last = 2 * 3 * 128, 2 * 4 * 16 * 32 * 16, 2 * 16 * 16 * 16 * 1
    forward = (c1 + c2 + dense + codes) + 2 * (map_ + up + last) + 3 * (c1 + c2 + logits)
    weights = forward  # each pass is learned from once
    inputs = (c2 + dense + codes) + 2 * (up + last) + 3 * (c2 + logits)
    onwards = (map_ + up + last) + 2 * (c1 + c2 + logits) + (c1 + c2)
    assert counted == forward + weights + inputs + onwards


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="a step of TensorFlow")
def test_the_plain_step_is_our_step():
    """Equal losses from the same weights and noise; both move every network."""
    ours, plain = keras_step(), keras_step(keras_steps.ThreeTapeStep)
    plain.set_weights(ours.get_weights())
    images = ours.images(4)
    noise = {k: np.full((4, 3), v, "float32") for k, v in (("posterior", 0.5), ("prior", -1.0))}
    expected, found = ours.losses(images, noise), plain.losses(images, noise)
    assert found == pytest.approx(expected, rel=1e-5)
    before = plain.get_weights()
    assert plain.window(2) > 0 and ours.window(2) > 0
    for name, weights in plain.get_weights().items():
        assert any((a != b).any() for a, b in zip(before[name], weights, strict=True)), name
    whole, inside = ours.epoch(3)
    assert 0 < inside and 0 < whole


def test_no_row_with_other_losses_is_timed(tiny):
    class Fake:
        def __init__(self, losses):
            self.name, self.backend = "fake", "none"
            self.settings = {**TINY, "precision": "float32"}
            self.losses = losses

        def ask(self, method, *arguments):
            return {"get_weights": {}, "set_weights": None, "losses": self.losses}[method]

    expected = Fake({"encoder": 1.0, "decoder": 2.0})
    near, far, broken = (Fake({"encoder": 1.0, "decoder": d}) for d in (2.0001, 2.001, math.nan))
    assert train_step.compare_losses([expected, near]) == pytest.approx(5e-5, rel=1e-3)
    for other in (far, broken):
        with pytest.raises(RuntimeError, match="computes other losses.*Received"):
            train_step.compare_losses([expected, near, other])


def test_an_exponent_by_hand():
    sides = np.array([8, 16, 32, 64])
    assert train_step.fit_exponent(sides, 3e-3 * sides**1.7) == pytest.approx(1.7)


def test_the_profile_tells_kinds_of_kernels_apart():
    account = """
onednn_verbose,v1,info,cpu,runtime:threadpool,nthr:2
onednn_verbose,v1,primitive,exec,cpu,convolution,brg,forward_training,,,,mb100,4.5
onednn_verbose,v1,primitive,create:cache_hit,cpu,convolution,brg,forward_training,,,,mb100,900
onednn_verbose,v1,primitive,exec,cpu,convolution,brg,backward_data,,,,mb100,1.5
onednn_verbose,v1,primitive,exec,cpu,inner_product,gemm,forward_training,,,,mb100,2
onednn_verbose,v1,primitive,exec,cpu,gemm_api,,undef,,,,100x1024:1024x3200,3
onednn_verbose,v1,primitive,exec,cpu,reorder,jit:uni,undef,,,,128x64,0.25
something else, said between
"""
    seconds = train_step.kernel_seconds(account)
    assert seconds == pytest.approx({"dense": 0.005, "convolution": 0.006, "others": 0.00025})


def test_an_epoch_of_each_model_is_the_time_of_its_steps(monkeypatch):
    """Windows of 4 s for 2 x 10 steps: 0.2 s a step, over all batches of an epoch."""

    class Fake:
        def __init__(self, name, backend, settings):
            self.batch = {"vae-mnist": 64}.get(settings["experiment"], 100)

        def ask(self, method, *arguments):
            return {"window": 4.0, "batch": self.batch}[method]

        def close(self):
            pass

    monkeypatch.setattr(train_step, "Worker", Fake)
    found = train_step.measure_models(argparse.Namespace(windows=3, steps=2))
    assert found["vae-mnist"]["epoch_seconds"] == pytest.approx(938 * 0.2)
    assert found["vaegan-mnist-original"] == {
        "batch": 100,
        "epoch_seconds": pytest.approx(120),
        "range": pytest.approx([120, 120]),
    }
    printed = train_step.table({"models": {**found, "environment": {}}})
    assert "- an epoch of MNIST, vae-mnist, batch 64: 188 s (188 to 188)" in printed


def test_kernels_are_compared_with_keras_own_in_each_turn(monkeypatch):
    class Fake:
        def __init__(self, name, backend, settings):
            chosen = settings["kernels"]
            self.seconds = {"[]": 6.0, "['Adam']": 5.0}.get(str(chosen), 3.0)

        def ask(self, method, *arguments):
            return self.seconds

        def close(self):
            pass

    monkeypatch.setattr(train_step, "Worker", Fake)
    found = train_step.measure_kernels(argparse.Namespace(windows=3, steps=2))
    assert len(found) == 4
    for ratios in found.values():
        assert ratios == {
            "BatchNormalization": [2.0] * 3,
            "Adam": pytest.approx([1.2] * 3),
            "all": [2.0] * 3,
        }
    printed = train_step.table({"kernels": {**found, "environment": {}}})
    assert "- kernels, light, float32, as fast as Keras' own: BatchNormalization 2.00" in printed


def test_a_step_uses_the_kernels_that_are_named(monkeypatch):
    monkeypatch.setattr(kernels, "KERNELS", dict(kernels.KERNELS))
    keras_step(kernels=["Adam"])
    assert list(kernels.KERNELS) == [keras.optimizers.Adam]


@pytest.mark.parametrize("experiment", train_step.MODELS)
def test_the_step_of_an_experiment_is_that_of_its_model(experiment, monkeypatch):
    small = {**EXPERIMENTS[experiment].settings, "preset": "small", "batch_size": 3}
    monkeypatch.setitem(
        EXPERIMENTS, experiment, dataclasses.replace(EXPERIMENTS[experiment], settings=small)
    )
    step = keras_steps.ExperimentStep(precision="float32", experiment=experiment)
    before = step.get_weights()
    assert step.batch() == 3 and step.window(1) > 0
    for name, weights in step.get_weights().items():
        assert any((a != b).any() for a, b in zip(before[name], weights, strict=True)), name


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="one backend is enough")
def test_rows_are_measured_in_processes_of_their_own(tiny, monkeypatch, tmp_path, capsys):
    pytest.importorskip("tensorflow")
    monkeypatch.setitem(
        train_step.PARTS,
        "light",
        lambda options: train_step.measure_rows(
            "small", [("ours", "tensorflow"), ("three-tape", "tensorflow")], ["float32"], options
        ),
    )
    path = tmp_path / "out.json"
    train_step.main(["--json", str(path), "--part", "light", "--windows", "3", "--steps", "1"])
    found = json.loads(path.read_text())["parts"]["light"]
    assert found["losses_differ_by"] < train_step.TOLERANCE
    assert [row["name"] for row in found["rows"]] == ["ours", "three-tape"]
    for row in found["rows"]:
        low, high = row["images_per_second_range"]
        assert 0 < low <= row["images_per_second"] <= high
        assert 0 < row["share_of_matmul_peak"] < 1 and row["peak_mb"] > 100
    assert found["environment"]["commit"] and found["environment"]["threads"] >= 1
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 6 and len({line.count("|") for line in printed[2:]}) == 1


def test_what_fails_in_a_process_is_said():
    with train_step.Workers() as workers:
        workers.append(train_step.Worker("ours", "tensorflow", {"preset": "none"}))
        with pytest.raises(RuntimeError, match="(?s)ours on tensorflow.*missing"):
            workers[0].ask("window", 1)


def test_rows_of_libraries_are_left_out_where_they_are_missing(monkeypatch, capsys):
    seen = {}
    monkeypatch.setattr(
        train_step,
        "measure_rows",
        lambda preset, steps, *rest: seen.update({preset: (steps, rest)}),
    )
    monkeypatch.setattr(train_step, "_has", lambda python, library: python == "P" != library)
    options = argparse.Namespace(torch_python="P")
    train_step.PARTS["original"](options)
    ours = [("ours", "tensorflow"), ("three-tape", "tensorflow"), ("ours", "jax")]
    theirs = [name for name, _ in seen["original"][0][3:]]
    assert seen["original"][0][:3] == ours
    assert theirs == ["pytorch", "pytorch-compiled", "pythae", "pythae-routed"]
    monkeypatch.setattr(train_step, "_has", lambda python, library: library == "torch")
    train_step.PARTS["light-one-core"](options)
    steps, (precisions, _, cores) = seen["light"]
    assert [name for name, backend in steps if backend == "torch"] == [
        "ours",
        "pytorch",
        "pytorch-compiled",
    ]
    assert cores == 1 and precisions == train_step.PRECISIONS
    monkeypatch.undo()
    assert not train_step._has(shutil.which("false"), "torch")
    assert "has no torch: its rows are left out" in capsys.readouterr().err


def test_the_peak_is_what_a_process_held():
    held = peak_memory.peak_mb([sys.executable, "-c", "bytearray(200 * 1024 * 1024)"])
    assert 200 < held < 250
    assert peak_memory.peak_mb([sys.executable, "-c", "pass"]) < 50
    with pytest.raises(RuntimeError, match="nothing works"):
        peak_memory.peak_mb([sys.executable, "-c", "import sys; sys.exit('nothing works')"])


def test_peaks_are_kept_row_by_row(tmp_path, monkeypatch):
    for experiment, peak in (("one", 700), ("two", 800), ("one", 900)):
        row = {"experiment": experiment, "images": 9, "peak_mb": peak, "seconds": 1.0}
        monkeypatch.setattr(peak_memory, "measure", lambda name, row=row: row)
        path = tmp_path / "peaks.json"
        peak_memory.main(["--json", str(path), "--experiment", experiment])
    found = json.loads(path.read_text())
    assert {name: row["peak_mb"] for name, row in found.items()} == {"one": 900, "two": 800}
    assert all(row["commit"] and row["hardware"]["cores"] for row in found.values())


def test_the_pixel_baselines_are_half_squared_errors():
    """The mean image costs half the variance of the pixels, another image about twice as much."""
    x = np.random.default_rng(1).normal(size=(400, 4, 4, 1)).astype("float32")
    found = pixel_baselines.baselines(x, x)
    variance = x.var(axis=0).sum()
    assert found["mean image"] == pytest.approx(variance / 2, rel=1e-5)
    assert found["another image"] == pytest.approx(variance, rel=0.1)


def of_lengths(folder, distances, seconds=60.0):
    """Leave records as `quality_against_time` does, of {(share, arm): a distance a seed}."""
    for (share, arm), values in distances.items():
        for seed, distance in enumerate(values):
            numbers = dict.fromkeys(light_recipe.MEASURES, 0.5) | {"frechet_distance": distance}
            record = {
                "arm": arm,
                "share": share,
                "processor_seconds": seconds * share,
                "ways": dict.fromkeys(("real", *quality_against_time.WAYS[arm]), numbers),
            }
            path = folder / "quality_against_time" / f"{arm}-{share:g}-seed-{seed}.json"
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps(record), encoding="utf-8")


def test_the_adversary_pays_from_where_on_it_is_ahead_at_every_length(tmp_path):
    game = {(share, "VAE-GAN"): (5.0, 5.1, 4.9) for share in (0.25, 0.5, 1.0)}
    gan = {(share, "GAN"): (5.2, 4.8, 5.0) for share in (0.25, 0.5, 1.0)}
    # Ahead by a wide gap, then by less than the seeds differ, then by a wide gap again.
    vae = {
        (0.25, "VAE"): (9.0, 9.1, 9.2),
        (0.5, "VAE"): (3.0, 5.2, 9.0),
        (1.0, "VAE"): (8.0, 8.1, 8.2),
    }
    of_lengths(tmp_path, {**game, **gan, **vae})
    against_vae, against_gan = quality_against_time.pays(tmp_path)
    assert against_vae["pays from"] == "1" and against_gan["pays from"] == "never"
    effect, low, high = intervals.difference_interval((8.0, 8.1, 8.2), (5.0, 5.1, 4.9))
    assert against_vae["at 1"] == f"{effect:.2f} [{low:.2f}, {high:.2f}]"
    floor, first, *others = quality_against_time.rows(tmp_path)
    assert floor["samples"] == "real images" and len(others) + 1 == 3 * 5
    assert (first["model"], first["share"], first["seeds"]) == ("VAE", "0.25", "3")
    assert first["minutes"] == "0.2" and first["Fréchet"] == "9.1"
    quality_against_time.draw(tmp_path, tmp_path / "figure.png")
    with Image.open(tmp_path / "figure.png") as drawn:
        assert drawn.text["Description"] == quality_against_time.drawn_from(tmp_path)


def test_the_figure_of_quality_against_time_is_that_of_the_records():
    with Image.open(quality_against_time.FIGURE) as drawn:
        found = quality_against_time.drawn_from(quality_against_time.STUDY.results)
        assert drawn.text["Description"] == found


def test_averages_are_renewed_for_the_measure_and_put_back():
    decoder = networks.build_decoder("light", (28, 28, 1), 4)
    codes = np.random.default_rng(1).standard_normal((500, 4)).astype("float32")
    trained = np.asarray(decoder(codes, training=True))  # by the batch, whose averages lag behind
    before = decoder.get_weights()
    lagging = np.abs(networks.apply(decoder, codes) - trained).mean()
    caught_up = batch_norm_averages.renewed(
        decoder, 4, lambda: np.abs(networks.apply(decoder, codes) - trained).mean()
    )
    assert caught_up < lagging / 4
    for kept, now in zip(before, decoder.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, now)


def test_the_share_of_coverage_that_is_lost_is_told_both_ways(tmp_path):
    for name, coverage in (("before", 0.4), ("after", 0.1)):
        for seed in range(3):
            lines = {
                kind + measure: [value + 0.01 * seed] * 20
                for kind, value in (("", coverage), ("renewed_", 0.4))
                for measure in batch_norm_averages.MEASURES
            }
            (tmp_path / f"{name}-seed-{seed}.json").write_text(json.dumps({"arm": name, **lines}))
    registered, last, renewed, _ = batch_norm_averages.rows(tmp_path)
    assert (registered["judged"], registered["epochs"]) == ("as registered", "11 to 20")
    lost = intervals.difference_interval((0.4, 0.41, 0.42), (0.1, 0.11, 0.12), relative=True)
    assert registered["coverage lost"] == last["coverage lost"]
    assert registered["coverage lost"] == "{:.0%} [{:.0%}, {:.0%}]".format(*lost)
    assert renewed["coverage lost"].startswith("0%")


@pytest.mark.slow
def test_a_run_is_judged_twice_after_each_epoch(tmp_path, monkeypatch):
    monkeypatch.setattr(batch_norm_averages, "RENEWALS", 2)
    batch_norm_averages.run("after", 0, tmp_path, epochs=1)
    record = json.loads((tmp_path / "after-seed-0.json").read_text())
    assert record["arguments"]["batch_norm"] == "after" and record["commit"]
    assert len(record["renewed_sample_coverage"]) == len(record["sample_coverage"]) == 1
    assert record["renewed_sample_frechet_distance"] != record["sample_frechet_distance"]
    assert (tmp_path / "after.png").read_bytes() != (tmp_path / "after-renewed.png").read_bytes()
