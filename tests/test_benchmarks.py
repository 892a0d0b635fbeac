"""The benchmarks on a few steps: what they compare, what they write, how they go on."""

import json
import math

import numpy as np
import pytest

from benchmarks import collapse_and_cure as benchmark
from benchmarks import quality
from vaegan_edu import records, toys

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
        "modes": 5, "modes_with_a_tenth": 3, "high_quality": round(1202 / 2500, 4), "failed": False
    }  # fmt: skip
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


def test_the_table_of_quality_holds_the_recorded_means_and_intervals(tmp_path):
    for place, experiment in enumerate(quality.EXPERIMENTS):
        for seed in range(3):
            run = tmp_path / experiment / f"seed-{seed}"
            kinds = ("real", *quality.KINDS)
            measured = {
                f"{kind}_{name}": 10.0 * place + seed + 0.1 * n
                for n, kind in enumerate(kinds)
                for name in quality.COLUMNS
            }
            config = {
                "experiment": experiment, "seed": seed, "data": {"name": "mnist", "digest": "d"},
                "arguments": {"epochs": 1}, "versions": {"keras": "3"}, "backend": "b",
                "hardware": {"cores": 2}, "commit": "c",
            }  # fmt: skip
            records.write_json(run / "config.json", config)
            records.write_history(run / "history.csv", [{"epoch": 1, "seconds": 60.0 * (1 + seed)}])
            records.write_json(run / "metrics.json", {**measured, "reconstruction_loss": 7.0})
    floor, *rows = quality.rows(tmp_path)
    assert floor["model"] == "real test images" and floor["Fréchet"] == "1 [0, 2]"
    assert [row["images"] for row in rows] == [*quality.KINDS.values()] * 3
    assert rows[3]["Fréchet"] == "11.1 [10.1, 12.1]" and rows[3]["minutes"] == "2 [1, 3]"
    assert (rows[3]["reconstruction"], rows[4]["reconstruction"]) == ("7", "")
    lines = quality.table([floor, *rows]).splitlines()
    assert len(lines) == 2 + 10 and len({line.count("|") for line in lines}) == 1
