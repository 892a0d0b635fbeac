"""The experiments on faces: on rendered ones, on a folder of pictures, by the original's rules."""

import json
import shutil
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vaegan_edu import datasets, experiments, metrics, networks, records, schedules
from vaegan_edu.__main__ import main
from vaegan_edu.experiments import EXPERIMENTS, experiment, settings
from vaegan_edu.experiments.tasks import faces
from vaegan_edu.intervals import mean_interval

RESULTS = Path(__file__).resolve().parents[1] / "book" / "results"
RUNS = sorted(RESULTS.glob("faces-light/*/seed-*/history.csv"))
ON_FACES = ("faces-light", "vae-faces", "vae-faces-similarity", "gan-faces", "faces-original")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Fifty pictures of several kinds and sizes in two folders, one broken, and a note."""
    path = tmp_path_factory.mktemp("data") / "pictures"
    rng = np.random.default_rng(0)
    for i in range(50):
        small = rng.integers(0, 256, (4, 4, 3) if i % 3 else (4, 4), "uint8")
        picture = Image.fromarray(small).resize((30 + i, 70 - i), Image.Resampling.BICUBIC)
        place = path / ("one", "two")[i % 2]
        place.mkdir(parents=True, exist_ok=True)
        picture.save(place / f"{i:02d}.{('png', 'jpg', 'webp')[i % 3]}")
    (path / "one" / "broken.jpg").write_bytes((path / "two" / "01.jpg").read_bytes()[:200])
    (path / "notes.txt").write_text("no picture")
    return path


@pytest.mark.filterwarnings("always:.* files were left out")
def test_a_folder_of_mixed_pictures_is_trained_on_resumed_measured_and_shown(
    folder, tmp_path, capsys, monkeypatch
):
    """As a user would, who then moves the pictures; only the size is small, to be quick."""
    run = tmp_path / "run"
    words = ["train", "faces-light", "--image-size", "32", "--epochs", "1", "--output", str(run)]
    pictures = shutil.copytree(folder, tmp_path / "pictures")
    with monkeypatch.context() as patch:
        patch.setattr(metrics, "compare_faces", _interrupt)  # at the end, when all is learned
        assert main([*words, "--data", str(pictures)]) == 1
    assert "2 of 52 files were left out" in capsys.readouterr().err
    assert main([*words, "--resume"]) == 0  # without a word of where they are
    config = records.read_config(run)
    assert (
        config["data"] | {"name": "pictures", "train_count": 42, "test_count": 8}
        == (config["data"])
    )
    assert config["judge"] == {
        "name": "regressor-faces-32",
        "digest": metrics.regressor_digest(32),
        "trained_on": "rendered-faces",
    }
    assert str(tmp_path) not in json.dumps(config)
    measured = records.read_record(run).metrics
    assert {"real_frechet_distance", "random_coverage", "reconstruction_loss"} <= set(measured)
    assert measured["random_sharpness"] != measured["real_sharpness"] > 0.0
    assert not any(name.startswith("moved") for name in measured)  # nobody knows the attributes
    assert {"sample_frechet_distance", "sample_coverage"} <= set(
        records.read_record(run).history[0]
    )
    with Image.open(run / "samples" / "epoch-001.png") as sheet:
        assert sheet.size == (8 * 34 - 2,) * 2  # 64 of them, in colour
        assert sheet.mode == "RGB"

    moved = pictures.rename(tmp_path / "elsewhere")
    capsys.readouterr()
    assert main(["evaluate", str(run)]) == 1
    assert "not where they were; name their place by --data" in capsys.readouterr().err
    assert main(["evaluate", str(run), "--data", str(moved)]) == 0
    assert records.read_record(run).metrics == pytest.approx(measured)
    (moved / "two" / "01.jpg").unlink()
    assert main(["evaluate", str(run), "--data", str(moved)]) == 1
    assert "was trained on other data" in capsys.readouterr().err
    assert main(["reconstruct", str(run), str(moved), "--output", str(tmp_path / "out")]) == 0
    assert len(list((tmp_path / "out").rglob("*.png"))) == 49


def _interrupt(*_, **__):
    raise InterruptedError


@pytest.mark.filterwarnings("ignore:.* files were left out")
def test_what_cannot_be_measured_is_refused_before_training(folder, tmp_path):
    few = tmp_path / "few"
    few.mkdir()
    for path in sorted((folder / "two").iterdir())[:9]:
        shutil.copy(path, few)
    with pytest.raises(ValueError, match="at least 6 pictures to train .* Received: 8 and 1"):
        experiments.train("faces-light", data=few, output=tmp_path / "run")
    with pytest.raises(ValueError, match="regressors for faces of 32 and 64 .*Received: 48"):
        experiments.train("faces-light", data=folder, image_size=48, output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.fixture
def few_faces(monkeypatch):
    def load(image_size, train_count=64):
        return datasets.load_rendered_faces(train_count, 16, image_size, dtype="uint8")

    monkeypatch.setitem(datasets.LOADERS, "rendered-faces", load)


def test_rules_and_counts_chosen_by_words_reach_the_record(few_faces, tmp_path, monkeypatch):
    monkeypatch.setattr(faces, "measure_attributes", lambda *_: {})
    words = "train vae-faces --image-size 32 --epochs 2 --schedule s2-log --train-count 48 --output"
    assert main([*words.split(), str(tmp_path)]) == 0
    config = records.read_config(tmp_path)
    assert (
        config["arguments"] | {"schedule": "s2-log", "learning_rate": 5e-4, "train_count": 48}
        == (config["arguments"])
    )
    assert config["data"]["train_count"] == 48 and config["data"]["name"] == "rendered-faces"
    assert [row["learning_rate"] for row in records.read_record(tmp_path).history] == [5e-4] * 2


def test_the_originals_rules_are_its_own():
    expected = {
        "s1": schedules.Constant(5e-4),
        "s2-text": schedules.Plateau(5e-4, 0.85, 1e-4, 10),
        "s3-text": schedules.Plateau(5e-4, 0.75, 5e-6, 6),
        "s2-log": schedules.PeakDecay(5e-4, 0.85, 1e-4, 10, 11),
        "s3-log": schedules.PeakDecay(5e-4, 0.75, 5e-6, 6, 53),
        # What records from before the logs were read say; they mean the words.
        "s2": schedules.Plateau(5e-4, 0.85, 1e-4, 10),
        "s3": schedules.Plateau(5e-4, 0.75, 5e-6, 6),
        "s4-text": schedules.WindowedDecay(5e-4, 0.6, 5e-6, 6, "stagnation"),
        "s4-log": schedules.WindowedDecay(5e-4, 0.6, 5e-6, 4, "improvement"),
    }
    assert settings.ORIGINAL_RULES.keys() == expected.keys()
    for name, rule in expected.items():
        found = settings.RULES[name](settings.ORIGINAL_RATE, 100)
        assert (type(found), found.get_config()) == (type(rule), rule.get_config())


@pytest.mark.parametrize("run", ["rendered-s2", "rendered-s3"])
def test_records_that_say_s2_and_s3_were_led_by_the_words(run):
    record = records.read_record(RESULTS / "faces-light" / run / "seed-0")
    arguments = record.config["arguments"]
    assert arguments["schedule"] == run[-2:]
    rule = settings.RULES[arguments["schedule"]](arguments["learning_rate"], arguments["epochs"])
    for network in ("encoder", "decoder", "discriminator"):
        rates = schedules.replay(rule, record.column(f"val_{network}_loss"))
        logged = record.column(f"learning_rate_{network}")
        assert logged == pytest.approx(rates, rel=1e-6)
        assert len(set(logged)) > 1


@pytest.mark.parametrize("path", RUNS, ids=lambda path: path.parts[-3])
def test_recorded_rates_are_those_of_the_recorded_rule(path):
    """What chapter 10 says of a rule it says of the rule that ran."""
    record = records.read_record(path.parent)
    arguments = record.config["arguments"]
    rule = settings.RULES[arguments["schedule"]](arguments["learning_rate"], arguments["epochs"])
    for network in ("encoder", "decoder", "discriminator"):
        rates = schedules.replay(rule, record.column(f"val_{network}_loss"))
        assert record.column(f"learning_rate_{network}") == pytest.approx(rates, rel=1e-6)


def test_chapter_10_says_of_the_rules_what_all_their_seeds_show():
    runs = {
        rule: [
            records.read_record(path.parent)
            for path in sorted(RESULTS.glob(f"faces-light/rendered-{rule}/seed-*/metrics.json"))
        ]
        for rule in ("s1", "s2", "s3", "s4-text", "s4-log", "plateau", "cosine")
    }

    def late(column):
        return {
            rule: np.mean([run.column(column)[-10:] for run in found])
            for rule, found in runs.items()
        }

    distance, coverage = late("sample_frechet_distance"), late("sample_coverage")
    alike = {"s1", "s2", "s3", "cosine"}  # "cannot be told apart here"
    final = {
        rule: [run.metrics["random_frechet_distance"] for run in found]
        for rule, found in runs.items()
    }
    assert {len(found) for found in final.values()} == {3}
    for rule in alike - {"s1"}:
        _, low, high = mean_interval(np.subtract(final[rule], final["s1"]))
        assert low < 0 < high
    # Each of the runs of S4 is worse than each of those four rules; how much is left open.
    front = max(max(final[rule]) for rule in alike)
    for rule in ("s4-text", "s4-log"):
        _, low, _ = mean_interval(np.subtract(final[rule], final["s1"]))
        assert min(final[rule]) > front and low < 0
    assert front < min(final["plateau"]) and max(final["plateau"]) > min(final["s4-log"])
    assert max(distance[rule] for rule in alike) < distance["plateau"]
    assert set(sorted(coverage, key=coverage.get)[:2]) == {"s4-text", "s4-log"}
    # The lowest losses belong to the worst faces.
    lowest = {
        network: min(losses, key=losses.get)
        for network in ("encoder", "decoder", "discriminator")
        for losses in [late(f"val_{network}_loss")]
    }
    assert lowest == {"encoder": "s4-text", "decoder": "s4-text", "discriminator": "s4-log"}

    # Over the means the encoder's loss ranks the rules almost in reverse, by the seed less so.
    def agreeing(losses, distances):
        pairs = [
            (losses[one] < losses[other]) == (distances[one] < distances[other])
            for one, other in combinations(runs, 2)
        ]
        assert len(pairs) == 21
        return sum(pairs)

    def late_of(column, seed):
        return {rule: np.mean(found[seed].column(column)[-10:]) for rule, found in runs.items()}

    over_means = agreeing(late("val_encoder_loss"), distance)
    by_seed = [
        agreeing(late_of("val_encoder_loss", seed), late_of("sample_frechet_distance", seed))
        for seed in range(3)
    ]
    assert over_means == 1 < min(by_seed) and max(by_seed) < 21 / 2
    # A control without a rule, at a tenth of the rate, has low losses and the worst faces.
    control = [
        records.read_record(path.parent)
        for path in sorted(RESULTS.glob("faces-light/rendered-small-rate/seed-*/metrics.json"))
    ]
    assert len(control) == 3
    assert {run.config["arguments"]["learning_rate"] for run in control} == {5e-5}
    for network in ("encoder", "decoder"):
        column = f"val_{network}_loss"
        low = np.mean([run.column(column)[-10:] for run in control])
        assert low < min(late(column)[rule] for rule in ("s1", "s2", "s3"))
    far = np.mean([run.metrics["random_frechet_distance"] for run in control])
    assert far > max(np.mean(values) for values in final.values())
    # The sum of the discriminator's rates ranks the seven rules as their distances do.
    sums = {
        rule: np.mean(
            [sum([5e-4, *run.column("learning_rate_discriminator")[:-1]]) / 5e-4 for run in found]
        )
        for rule, found in runs.items()
    }
    assert agreeing(sums, distance) == 0
    assert sums["plateau"] - sums["s4-log"] < 0.1  # "two of the sums are nearly equal"
    # By pixels both readings of S4 make worse copies than S1 and the words of S2 and S3.
    copies = {
        rule: [run.metrics["reconstruction_loss"] for run in found] for rule, found in runs.items()
    }
    assert min(copies["s4-text"] + copies["s4-log"]) > max(
        copies["s1"] + copies["s2"] + copies["s3"]
    )


@pytest.mark.parametrize("size", [64, 32])
def test_the_pages_say_of_the_deep_models_what_their_records_hold(size):
    """What chapter 10 and the faces' page say: on faces the adversary pays."""
    vae, game = (
        records.read_record(RESULTS / name / f"deep-{size}-seed-0")
        for name in ("vae-faces", "faces-light")
    )
    sharpened = [f"{way}_{n}" for way in ("sharpened", "mixture_sharpened") for n in (2, 4)]
    kinds = ["random", "mixture", *sharpened]
    for kind in ("random", "mixture"):
        assert game.metrics[f"{kind}_frechet_distance"] < min(
            vae.metrics[f"{other}_frechet_distance"] for other in kinds
        )
        assert game.metrics[f"{kind}_coverage"] > max(
            vae.metrics[f"{other}_coverage"] for other in kinds
        )
    assert vae.metrics["reconstruction_loss"] < game.metrics["reconstruction_loss"]
    assert vae.metrics["reconstruction_r2"] < game.metrics["reconstruction_r2"]
    # "Between two and a half and a little more than three times as long"
    pace = np.median(game.column("seconds")) / vae_pace(size)
    assert 2.5 < pace < 3.3
    at_equal_times(vae, game, pace)


def vae_pace(size):
    """Seconds of an epoch: the lower median of the VAE's runs; other work slowed some epochs."""
    return min(
        np.median(records.read_record(path.parent).column("seconds"))
        for path in RESULTS.glob(f"vae-faces/deep-{size}*seed-0/metrics.json")
    )


def at_equal_times(vae, game, pace):
    """Hold that the game is ahead from its second epoch on, each as long as `pace` of the VAE's."""
    of_vae, of_game = (run.column("sample_frechet_distance") for run in (vae, game))
    for epoch in range(2, len(of_game) + 1):
        if pace * epoch <= len(of_vae):
            assert of_game[epoch - 1] < of_vae[int(pace * epoch) - 1]


def test_a_vae_trained_for_longer_does_not_catch_up():
    long, vae, game = (
        records.read_record(RESULTS / name)
        for name in (
            "vae-faces/deep-32-long-seed-0",
            "vae-faces/deep-32-seed-0",
            "faces-light/deep-32-seed-0",
        )
    )
    assert len(long.history) > 2 * len(vae.history)
    # In its first nineteen epochs it is the other run, at half the pace: hence one clock for both.
    same = np.equal(
        vae.column("sample_frechet_distance"), long.column("sample_frechet_distance")[:30]
    )
    assert same.tolist() == [True] * 19 + [False] * 11
    assert sum(long.column("seconds")[:19]) > 1.8 * sum(vae.column("seconds")[:19])
    pace = np.median(game.column("seconds")) / vae_pace(32)
    share = len(long.history) / pace / len(game.history)
    assert 0.8 < share < 0.95  # "a little less time"
    by_then = game.column("sample_frechet_distance")[int(len(long.history) / pace) - 1]
    assert 1.8 < long.column("sample_frechet_distance")[-1] / by_then < 2.2  # "about twice"
    kinds = [name for name in long.metrics if name.endswith("frechet_distance")]
    kinds = [name for name in kinds if not name.startswith(("real", "reconstruction"))]
    assert len(kinds) == 6
    assert min(long.metrics[name] for name in kinds) > game.metrics["random_frechet_distance"]
    at_equal_times(long, game, pace)


def test_the_models_compared_have_equal_networks():
    built = {
        name: EXPERIMENTS[name].build({**EXPERIMENTS[name].settings, "seed": 0}, (32, 32, 3))
        for name in ON_FACES[:4]
    }
    sizes = {
        name: {kind: network.count_params() for kind, network in model.networks.items()}
        for name, model in built.items()
    }
    whole = sizes["faces-light"]
    assert set(whole) == {"encoder", "decoder", "discriminator"}
    for found in sizes.values():
        renamed = {{"generator": "decoder"}.get(kind, kind): n for kind, n in found.items()}
        assert renamed.items() <= whole.items()


def test_the_originals_faces_have_its_numbers_and_name_what_it_does_not_say():
    original = EXPERIMENTS["faces-original"]
    arguments = original.settings
    discriminator = experiment._call(
        networks.build_discriminator, {**arguments, "image_shape": (64, 64, 3)}
    )
    assert arguments["latent_dim"] == 2048 and arguments["minibatch_kernels"] == 16
    assert discriminator.count_params() == 25_847_489 + 401_408 * arguments["minibatch_dim"]
    kinds = [type(layer).__name__ for layer in discriminator.layers]
    place = kinds.index("Dropout")
    assert kinds[place - 1] == "MinibatchDiscrimination" and kinds[place + 1] == "Dense"
    assert {"minibatch_dim", "dropout", "batch_size", "beta_1"} <= set(original.assumptions)
    assert not {"latent_dim", "minibatch_kernels", "learning_rate"} & set(original.assumptions)


def test_watching_measures_the_samples_against_test_faces(few_faces):
    arguments = {"data": "rendered-faces", "image_size": 32, "train_count": None, "seed": 3}
    task = faces.Faces()
    loaded = task.load(arguments)
    model = EXPERIMENTS["gan-faces"].build(
        {**EXPERIMENTS["gan-faces"].settings, "seed": 0}, (32, 32, 3)
    )
    found = task.watch(loaded, arguments)(model)
    judge = metrics.load_regressor(32)
    real = networks.apply(judge, datasets.scale_pixels(loaded[1][0]))[1]
    features = networks.apply(judge, model.generate(16, seed=3))[1]
    assert found["sample_frechet_distance"] == pytest.approx(
        metrics.frechet_distance(real, features)
    )
    assert found["sample_coverage"] == metrics.manifold_overlap(real, features)["coverage"]
