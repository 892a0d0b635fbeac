"""Runs: complete records, equal bits from equal seeds, and nothing half written."""

import dataclasses
import hashlib
import shutil
import subprocess
import sys
import tracemalloc
import warnings
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from PIL import Image

from tests.built import copy_of
from vaegan_edu import datasets, experiments, metrics, models, plotting, records, toys
from vaegan_edu.experiments import (
    EXPERIMENTS,
    Experiment,
    evaluation,
    provenance,
    settings,
    tasks,
    training,
)
from vaegan_edu.experiments.batches import Batches, EpochBatches
from vaegan_edu.experiments.tasks import digits

LOSSES = {
    "ae-digits": {"loss", "val_loss"},
    "vae-digits": {
        "loss",
        "reconstruction_loss",
        "kl_loss",
        "val_loss",
        "val_reconstruction_loss",
        "val_kl_loss",
    },
}
TRICKS = (
    "batch_norm",
    "noise",
    "dropout",
    "dropout_place",
    "minibatch_kernels",
    "minibatch_dim",
    "minibatch_scale",
)
KINDS = ("real", "random", "fitted", "between", "mean_image")


def few_digits():
    (x_train, y_train), (x_test, y_test) = datasets.load_digits()
    return (x_train[:128], y_train[:128]), (x_test[:64], y_test[:64])


@pytest.fixture(scope="module", autouse=True)
def little_data():
    """Runs of this module see 128 of the built-in digits."""
    loaded = few_digits()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(datasets.LOADERS, "digits", lambda: loaded)
        yield loaded


@pytest.fixture(scope="module")
def runs(little_data, tmp_path_factory):
    """Folders of finished runs; each is trained once, when first asked for."""
    trained = {}

    def run(name, seed=0, again=0):
        key = name, seed, again
        if key not in trained:
            folder = tmp_path_factory.mktemp("runs") / f"{name}-{seed}-{again}"
            trained[key] = experiments.train(
                name, epochs=2, seed=seed, output=folder, progress=False
            )
        return trained[key]

    return run


@pytest.fixture
def toy(monkeypatch):
    """An experiment as light as can be, for what does not depend on the model."""

    def build(image_shape):
        images = keras.Input(image_shape)
        z = keras.layers.Dense(2)(keras.layers.Flatten()(images))
        codes = keras.Input((2,))
        decoded = keras.layers.Dense(image_shape[0] * image_shape[1], activation="tanh")(codes)
        decoded = keras.layers.Reshape(image_shape)(decoded)
        return models.Autoencoder(keras.Model(images, z), keras.Model(codes, decoded))

    class Unmeasured(tasks.DigitSamples):
        def watch(self, data, settings):
            return None

        def evaluate(self, model, data, settings):
            return {"quality": 1.0}

    own = {"data": "digits", "epochs": 3, "batch_size": 64, "learning_rate": 1e-3}
    experiment = Experiment("toy", build, Unmeasured(), own)
    monkeypatch.setitem(EXPERIMENTS, "toy", experiment)
    return experiment


def entries(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.mark.parametrize("name", ["ae-digits", "vae-digits"])
def test_a_run_leaves_a_complete_record(runs, little_data, name):
    folder = runs(name)
    assert entries(folder) == [
        "config.json",
        "history.csv",
        "index.html",
        "metrics.json",
        "model.weights.h5",
        "samples",
        "samples/animation.gif",
        "samples/epoch-001.png",
        "samples/epoch-002.png",
        "tensorboard",
        "tensorboard/run.tfevents.0",
    ]
    config, history, measured = dataclasses.astuple(records.read_record(folder))
    assert (config["experiment"], config["seed"], config["backend"]) == (
        name,
        0,
        keras.backend.backend(),
    )
    assert config["arguments"] == {**EXPERIMENTS[name].settings, "epochs": 2, "seed": 0}
    arrays = [array for part in little_data for array in part]
    assert config["data"] == {
        "name": "digits",
        "digest": datasets.array_digest(*arrays),
        "train_count": 128,
        "test_count": 64,
        "image_shape": [28, 28, 1],
    }
    assert config["classifier"] == metrics.classifier_digest("digits")
    assert config["versions"]["keras"] == keras.version()
    assert config["hardware"]["cores"] >= 1 and config["hardware"]["processor"]
    assert config["hardware"]["gpus"] == experiments.profile.count_gpus()

    assert [row["epoch"] for row in history] == [1, 2]
    rates = {"learning_rate", "epoch_learning_rate"}
    assert set(history[0]) == {"epoch", "seconds"} | rates | LOSSES[name]
    assert all(row["seconds"] > 0 for row in history)
    assert [row["learning_rate"] for row in history] == pytest.approx([0.001, 0.001])

    overlap = {"precision", "recall", "density", "coverage", "pixel_precision", "pixel_recall"}
    judged = {"low_confidence", *overlap}
    expected = {f"{kind}_{metric}" for kind in KINDS for metric in judged}
    assert expected | {"reconstruction_loss", "active_units"} <= set(measured)
    assert 0 <= measured["active_units"] <= 16


def test_the_vaes_loss_is_the_sum_of_its_logged_terms(runs):
    for row in records.read_record(runs("vae-digits")).history:
        for prefix in ("", "val_"):
            terms = row[f"{prefix}reconstruction_loss"] + row[f"{prefix}kl_loss"]
            assert row[f"{prefix}loss"] == pytest.approx(terms, rel=1e-5)
    assert row["loss"] < records.read_record(runs("vae-digits")).history[0]["loss"]


@pytest.mark.parametrize("name", ["ae-digits", "vae-digits"])
def test_the_recorded_metrics_are_those_of_the_test_images(runs, little_data, name):
    folder = runs(name)
    model, (_, (x_test, _)) = experiments.load_run(folder).model, little_data
    history, measured = dataclasses.astuple(records.read_record(folder))[1:]
    codes = model.encode(x_test)
    error = 0.5 * ((x_test - model.decode(codes)) ** 2).sum(axis=(1, 2, 3))
    assert measured["reconstruction_loss"] == pytest.approx(error.mean(), rel=1e-5)
    if name == "ae-digits":  # whose only loss it is
        assert measured["reconstruction_loss"] == pytest.approx(history[-1]["val_loss"], rel=1e-5)
    assert measured["active_units"] == (codes.var(axis=0) > 0.01).sum()


def weights_of(folder):
    return experiments.load_run(folder).model.get_weights()


def without_seconds(folder):
    history = records.read_record(folder).history
    return [{k: v for k, v in row.items() if k != "seconds"} for row in history]


def test_equal_seeds_give_equal_bits(runs):
    first, again = runs("vae-digits"), runs("vae-digits", again=1)
    for a, b in zip(weights_of(first), weights_of(again), strict=True):
        np.testing.assert_array_equal(a, b)
    assert without_seconds(first) == without_seconds(again)
    one, two = (records.read_record(folder).config for folder in (first, again))
    assert {**one, "commit": ""} == {**two, "commit": ""}  # which a commit meanwhile would change
    for name in ("metrics.json", "samples/epoch-001.png", "samples/epoch-002.png"):
        assert (first / name).read_bytes() == (again / name).read_bytes()


def test_another_seed_gives_another_run(runs):
    first, other = runs("vae-digits"), runs("vae-digits", seed=1)
    kernels = [(a, b) for a, b in zip(weights_of(first), weights_of(other), strict=True) if a.any()]
    assert all((a != b).any() for a, b in kernels)
    assert without_seconds(first)[0]["loss"] != without_seconds(other)[0]["loss"]
    assert records.read_record(other).config["seed"] == 1
    assert experiments.load_run(other).model.seed == 1  # of the noise, too


def test_a_loaded_run_generates_what_it_generated(runs, little_data):
    folder = runs("vae-digits")
    run = experiments.load_run(str(folder))
    assert (run.config, run.history) == dataclasses.astuple(records.read_record(folder))[:2]
    # The last sheet was drawn by the model that trained, from the codes of seed 0.
    sheet = plotting.tile(run.model.generate(64, seed=0), columns=8)[..., 0]
    with Image.open(folder / "samples" / "epoch-002.png") as picture:
        np.testing.assert_array_equal(np.array(picture), sheet)
    with Image.open(folder / "samples" / "epoch-001.png") as picture:
        assert (np.array(picture) != sheet).any()
    # And it gives the recorded numbers again.
    found = EXPERIMENTS["vae-digits"].task.evaluate(run.model, little_data, run.config["arguments"])
    assert found == pytest.approx(records.read_record(folder).metrics)


def test_a_loaded_classifier_has_its_recorded_accuracy(little_data, tmp_path):
    folder = experiments.train(
        "classifier-digits", epochs=1, output=tmp_path / "run", progress=False
    )
    assert "samples" not in entries(folder)
    _, (x_test, y_test) = little_data
    logits = experiments.load_run(folder).model.predict(x_test, verbose=0)
    accuracy = (logits.argmax(axis=1) == y_test).mean()
    assert records.read_record(folder).metrics == {"accuracy": accuracy}


def test_a_regressor_learns_from_rendered_faces_of_its_own(monkeypatch, tmp_path):
    asked = []

    def few_faces(train_count, test_count, image_size, seed, dtype):
        asked.append((train_count, image_size, seed))
        rendered = datasets.render_faces(160, seed, image_size, dtype)
        truth = np.stack(list(rendered[1].values()), axis=1)
        return (rendered[0][:96], truth[:96]), (rendered[0][96:], truth[96:])

    monkeypatch.setattr(datasets, "load_rendered_faces", few_faces)
    folder = experiments.train(
        "regressor-faces", epochs=2, image_size=32, output=tmp_path / "run", progress=False
    )
    assert "samples" not in entries(folder)
    assert asked == [(EXPERIMENTS["regressor-faces"].settings["train_count"], 32, 1)]
    record, run = records.read_record(folder), experiments.load_run(folder)
    assert set(record.metrics) == {
        "r2_mean",
        "train_r2_mean",
        *(f"r2_{name}" for name in datasets.FACE_ATTRIBUTES),
    }
    # The loss of an epoch is 1 - R² where mean and deviation are those of the faces themselves.
    _, (images, truth) = few_faces(0, 0, 32, 1, "uint8")
    mean, deviation = datasets.face_attribute_moments()
    read = metrics.read_attributes(run.model.network, datasets.scale_pixels(images))[0]
    loss = ((read - (truth - mean) / deviation) ** 2).mean()
    assert record.history[-1]["val_loss"] == pytest.approx(loss, rel=1e-4)
    r2 = metrics.r_squared((truth - mean) / deviation, read)
    assert record.metrics["r2_yaw"] == pytest.approx(r2[3], rel=1e-4)
    assert record.metrics["r2_mean"] == pytest.approx(r2.mean(), rel=1e-4)
    assert experiments.evaluate_run(folder) == pytest.approx(record.metrics)
    with pytest.raises(ValueError, match="only rendered-faces have. Received: 'digits'"):
        experiments.train("regressor-faces", data="digits", output=tmp_path / "other")


def test_shipped_classifiers_are_runs(monkeypatch):
    monkeypatch.setitem(datasets.LOADERS, "mnist", few_digits)  # for the images' shape alone
    for folder in sorted(metrics.JUDGES.glob("classifier-*")):
        run = experiments.load_run(folder)
        assert f"classifier-{run.config['data']['name']}" == folder.name
        measuring = metrics.load_classifier(run.config["data"]["name"])
        for a, b in zip(run.model.network.get_weights(), measuring.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


def test_settings_reach_the_model_and_the_record(tmp_path):
    """A latent space of one dimension included, whose covariance is a plain number."""
    folder = experiments.train(
        "ae-digits", epochs=1, batch_size=100, latent_dim=1, seed=5, output=tmp_path, progress=False
    )
    run = experiments.load_run(folder)
    assert run.model.latent_dim == 1 and len(run.history) == 1
    assert {**run.config["arguments"], "batch_size": 100, "latent_dim": 1, "seed": 5} == (
        run.config["arguments"]
    )
    assert EXPERIMENTS["ae-digits"].settings["latent_dim"] == 16  # the table is as it was


def test_the_folder_is_named_after_experiment_and_seed(tmp_path, monkeypatch, capsys, toy):
    monkeypatch.chdir(tmp_path)
    folder = experiments.train("toy", seed=3)
    assert folder.as_posix() == "runs/toy/seed-3"
    assert len(records.read_record(folder).history) == 3
    assert "3/3" in capsys.readouterr().out  # the bar, where it is not turned off


@pytest.mark.parametrize(
    "epochs, shown",
    [
        (2, {1, 2}),
        (60, {1, 5, 20, 35, 50, 60}),
        (100, {1, 5, 20, 35, 50, 65, 80, 95, 100}),
    ],
)
def test_sheets_are_drawn_at_the_original_projects_epochs_and_the_last(
    tmp_path, monkeypatch, toy, epochs, shown
):
    def stop(folder, epochs):
        raise InterruptedError(f"{folder.name}: {sorted(epochs)}")

    monkeypatch.setattr(training.callbacks, "SampleSheets", stop)
    with pytest.raises(InterruptedError) as stopped:
        experiments.train("toy", epochs=epochs, output=tmp_path)
    assert str(stopped.value) == f"samples: {sorted(shown)}"


def test_a_loss_that_is_no_number_stops_the_run(tmp_path, monkeypatch, toy):
    class Poisoned(EpochBatches):
        def __getitem__(self, index):
            images, labels = super().__getitem__(index)
            return (images * np.nan if self.epoch >= 2 else images), labels

    monkeypatch.setattr(training, "EpochBatches", Poisoned)
    with pytest.raises(FloatingPointError, match="`loss` became nan in epoch 2") as failure:
        experiments.train("toy", epochs=4, output=tmp_path, progress=False)
    assert "\n" not in str(failure.value)
    # The state of the last good epoch is kept, so that one can look at it.
    assert entries(tmp_path) == [
        "config.json",
        "history.csv",
        "samples",
        "samples/epoch-001.png",
        "state.npz",
        "tensorboard",
        "tensorboard/run.tfevents.0",
    ]
    assert [row["epoch"] for row in records.read_record(tmp_path).history] == [1]
    with pytest.raises(FileNotFoundError, match="no finished run: model.weights.h5 is missing"):
        experiments.load_run(tmp_path)


@pytest.mark.parametrize("broken", ["save_weights", "evaluate"])
def test_a_run_that_fails_at_its_end_leaves_nothing_half_written(
    tmp_path, monkeypatch, toy, broken
):
    def fail(*_, **__):
        raise OSError("the disk is full")

    def save_half(self, path):
        path.write_bytes(b"half")
        fail()

    if broken == "evaluate":
        monkeypatch.setattr(type(toy.task), "evaluate", fail)
    else:
        monkeypatch.setattr(keras.Model, "save_weights", save_half)
    with pytest.raises(OSError, match="disk is full"):
        experiments.train("toy", epochs=1, output=tmp_path, progress=False)
    expected = [
        "config.json",
        "history.csv",
        "samples",
        "samples/epoch-001.png",
        "state.npz",
        "tensorboard",
        "tensorboard/run.tfevents.0",
    ]
    if broken == "evaluate":  # the weights were saved, whole
        expected.insert(2, "model.weights.h5")
    assert entries(tmp_path) == expected


@pytest.fixture
def trains_nothing(monkeypatch):
    """What is refused is refused before any training."""

    def fit(*_, **__):
        raise AssertionError("it began to train")

    monkeypatch.setattr(keras.Model, "fit", fit)


def test_a_folder_that_holds_a_run_is_left_alone(tmp_path, trains_nothing):
    records.write_json(tmp_path / "config.json", {"precious": 1})
    (tmp_path / "history.csv").write_text("precious\n")
    with pytest.raises(FileExistsError, match="holds a run already; continue it with --resume"):
        experiments.train("ae-digits", output=tmp_path)
    assert entries(tmp_path) == ["config.json", "history.csv"]
    assert (tmp_path / "history.csv").read_text() == "precious\n"


@pytest.mark.parametrize("theirs", ["tensorboard/events", "samples/epoch-001.png", "config"])
def test_a_folder_of_other_things_is_left_alone(tmp_path, trains_nothing, theirs):
    (tmp_path / theirs).parent.mkdir(exist_ok=True)
    (tmp_path / theirs).write_text("precious")
    (tmp_path / ".DS_Store").write_text("")  # alone it would not count
    before = entries(tmp_path)
    for resume in (False, True):
        with pytest.raises(FileExistsError, match="other things than a run, .* another --output"):
            experiments.train("ae-digits", output=tmp_path, resume=resume)
    assert entries(tmp_path) == before and (tmp_path / theirs).read_text() == "precious"


def test_a_run_does_not_read_its_own_sheets(tmp_path, trains_nothing):
    for i in range(40):
        Image.fromarray(np.full((8, 8), i, "uint8")).save(tmp_path / f"{i}.png")
    with pytest.raises(ValueError, match="must lie outside the folder of pictures"):
        experiments.train("faces-light", data=tmp_path, output=tmp_path / "new" / "run")
    assert len(entries(tmp_path)) == 40


@pytest.mark.skipif(sys.platform == "win32", reason="there it knows no lock")
def test_a_folder_in_use_is_refused_and_is_free_when_its_user_is_killed(runs, tmp_path):
    folder = shutil.copytree(runs("ae-digits"), tmp_path / "run")
    hold = (
        "import sys, time\nfrom vaegan_edu import records\n"
        "with records.sole_writer(sys.argv[1]): print('held', flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", hold, folder], stdout=subprocess.PIPE) as user:
        assert user.stdout.readline() == b"held\n"
        before = entries(folder)
        for resume in (False, True):
            with pytest.raises(BlockingIOError, match="is in use by a training that runs") as error:
                experiments.train("ae-digits", output=folder, resume=resume)
            assert "\n" not in str(error.value)
        assert entries(folder) == before
        user.kill()
    assert experiments.train("ae-digits", output=folder, resume=True) == folder


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"name": "vae"}, "Experiment must be one of ae-digits, .*Received: 'vae'"),
        ({"data": "congress"}, "faces and folders .* are for the experiments on faces.*'congress'"),
        ({"name": "classifier-digits", "data": "tests"}, "measured by a classifier of digits"),
        ({"name": "faces-light", "data": "mnist"}, "learns colour pictures: .*Received: 'mnist'"),
        (
            {"name": "faces-light", "data": "congress", "settings": {"train_count": 9}},
            "The train_count of congress cannot be chosen. Received: 9",
        ),
        (
            {"name": "faces-light", "settings": {"schedule": "s9"}},
            "`schedule` must be one of s1, .*s9",
        ),
        ({"data": "faces"}, "Data must be one of digits, mnist, .*Received: 'faces'"),
        ({"epochs": 0}, "`epochs` must be a whole number of at least 1. Received: 0"),
        ({"epochs": 1.5}, "`epochs` must be a whole number"),
        ({"batch_size": -1}, "`batch_size` must be a whole number of at least 1"),
        ({"latent_dim": 0}, "`latent_dim` must be a whole number of at least 1"),
        ({"seed": -1}, "`seed` must be a whole number of at least 0"),
        ({"seed": 0.5}, "`seed` must be a whole number"),
        ({"seed": 2**32}, "[Ss]eed must be"),
        (
            {"name": "classifier-digits", "latent_dim": 2},
            "classifier-digits has no setting latent_dim",
        ),
        ({"settings": {"dropout": 0.3}}, "ae-digits has no setting dropout. It has: data, epochs"),
        ({"settings": {"epochs": 1.5}}, "`epochs` must be a whole number"),
        ({"settings": {"learning_rate": None}}, "`learning_rate` must be a number, such as 0.001"),
        ({"settings": {"preset": [1]}}, r"`preset` must be a text, such as 'small'.*: \[1\]"),
        ({"settings": {"data": None}}, "`data` must be a text, such as 'digits'. Received: None"),
        ({"name": "gan-digits", "settings": {"schedule": []}}, "`schedule` must be a text"),
        (
            {"name": "gan-digits", "settings": {"noise": True}},
            r"`noise` must be \(stddev, epochs\) or None. Received: True",
        ),
        ({"name": "gan-digits", "settings": {"dropout": 1.5}}, "`dropout` must be below 1"),
        (
            {"settings": {"precision": "float16"}},
            "`precision` must be one of float32, mixed_bfloat16. Received: 'float16'",
        ),
        ({"data": "ring"}, "There are classifiers for digits and mnist. Received: 'ring'"),
    ],
)
def test_bad_settings_are_refused_before_anything_is_written(
    tmp_path, trains_nothing, settings, message
):
    settings = {"name": "ae-digits", **settings}
    with pytest.raises(ValueError, match=message) as failure:
        experiments.train(settings.pop("name"), output=tmp_path / "run", **settings)
    assert "\n" not in str(failure.value)
    assert entries(tmp_path) == []


def test_data_that_no_classifier_measures_is_refused_before_training(
    tmp_path, trains_nothing, monkeypatch
):
    monkeypatch.setitem(datasets.LOADERS, "letters", few_digits)
    with pytest.raises(ValueError, match="There are classifiers for .*Received: 'letters'"):
        experiments.train("vae-digits", data="letters", output=tmp_path / "run")
    assert entries(tmp_path) == []


def test_an_output_that_is_a_file_is_refused(tmp_path, trains_nothing):
    (tmp_path / "run").write_text("precious")
    with pytest.raises(NotADirectoryError, match="must be a folder. Received: .*run"):
        experiments.train("vae-digits", output=tmp_path / "run")
    assert (tmp_path / "run").read_text() == "precious"


def _fail_as_hdf5(*_):
    raise RuntimeError("bad heap\nand more")


def test_a_damaged_run_is_not_loaded(runs, tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match="A record needs config.json"):
        experiments.load_run(tmp_path)
    folder = shutil.copytree(runs("ae-digits"), tmp_path / "run")
    weights = folder / "model.weights.h5"
    whole = weights.read_bytes()
    for content in (b"", b"no HDF5", whole[: len(whole) // 2]):
        weights.write_bytes(content)
        with pytest.raises(ValueError, match="model.weights.h5 is damaged or of another model"):
            experiments.load_run(folder)
    weights.write_bytes(whole)
    with monkeypatch.context() as patch:  # as HDF5 says of a damaged heap
        patch.setattr(keras.Model, "load_weights", _fail_as_hdf5)
        with pytest.raises(ValueError, match="h5 is damaged or of another model: bad heap$"):
            experiments.load_run(folder)
    copy_of(metrics.JUDGES / "classifier-digits" / "model.weights.h5", weights)
    with (
        warnings.catch_warnings(record=True, action="always") as said,  # as a user, who goes on
        pytest.raises(ValueError, match="h5 is damaged or of another model") as failure,
    ):
        experiments.load_run(folder)
    assert said == [] and "\n" not in str(failure.value)
    config = records.read_record(folder).config
    known = {k: v for k, v in config["arguments"].items() if k != "preset"}
    records.write_json(folder / "config.json", {**config, "arguments": known})
    with pytest.raises(ValueError, match="config.json does not say 'preset'"):
        experiments.load_run(folder)
    records.write_json(folder / "config.json", {**config, "experiment": "dreams"})
    with pytest.raises(ValueError, match="unknown experiment. Received: 'dreams'"):
        experiments.load_run(folder)


def test_every_experiment_says_what_it_needs():
    for name, experiment in EXPERIMENTS.items():
        assert {"data", "epochs", "batch_size", "learning_rate"} <= set(experiment.settings)
        data = experiment.settings["data"]
        assert data in datasets.LOADERS
        assert data.rpartition("-")[2] in name or name.rpartition("-")[2] in datasets.LOADERS
        sampled = not name.startswith(("classifier", "regressor")) and name != "gan-ring"
        assert experiment.task.has_samples == sampled


def test_the_commit_is_that_of_the_packages_own_repository(tmp_path, monkeypatch):
    """Installed below another project, the package must not record that project's commit."""

    def git(*words):
        who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        command = ["git", "-C", str(tmp_path), *who, *words]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    package = tmp_path / "site-packages" / "vaegan_edu" / "experiments"
    package.mkdir(parents=True)
    source = package / "provenance.py"
    source.write_text("one = 1\n")
    monkeypatch.setattr(provenance, "__file__", str(source))
    assert provenance._commit() == "unknown"
    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "theirs")
    assert provenance._commit() == "unknown"
    git("add", ".")
    git("commit", "-q", "-m", "ours")
    assert provenance._commit() == git("rev-parse", "HEAD")
    (tmp_path / "notes.txt").write_text("no code")
    assert provenance._commit() == git("rev-parse", "HEAD")
    (tmp_path / "measure.py").write_text("code beside the package")
    assert provenance._commit() == git("rev-parse", "HEAD")
    assert provenance._commit(tmp_path) == git("rev-parse", "HEAD") + "-dirty"
    source.write_text("one = 2\n")
    assert provenance._commit() == git("rev-parse", "HEAD") + "-dirty"


def epoch_of(batches):
    return np.concatenate([batches[i][0] for i in range(len(batches))])


@pytest.mark.parametrize("count, batch_size", [(11, 3), (10, 3), (9, 3), (4, 100), (1, 1)])
def test_batches_hold_every_example_once_an_epoch(count, batch_size):
    images = np.arange(count)
    batches = EpochBatches(images, -images, batch_size, seed=0)
    left_over = count % batch_size == 1 and count > 1  # a single one, which waits for its epoch
    assert len(batches) == -(-count // batch_size) - left_over
    for epoch in (1, 2, 3):
        batches.start(epoch)
        parts = [batches[i] for i in range(len(batches))]
        assert [len(part[0]) for part in parts[:-1]] == [batch_size] * (len(batches) - 1)
        assert len(set(epoch_of(batches))) == len(epoch_of(batches)) == count - left_over
        assert all((x == -y).all() for x, y in parts)  # labels stay with their images


def test_bytes_are_scaled_batch_by_batch():
    """Labels stay as they are, bytes among them; so does what is in [-1, 1] already."""
    images = np.random.default_rng(0).integers(0, 256, (10, 2, 2, 3), "uint8")
    labels = np.arange(10, dtype="uint8")
    scaled = EpochBatches(datasets.scale_pixels(images), labels, 4, seed=0)
    batches = EpochBatches(images, labels, 4, seed=0)
    for i in range(3):
        for part, expected in zip(batches[i], scaled[i], strict=True):
            assert part.dtype == expected.dtype
            np.testing.assert_array_equal(part, expected)
    assert batches.arrays[0] is images  # no scaled copy of all


def test_batches_for_validation_keep_their_order_and_may_have_no_labels():
    images = np.arange(10 * 2 * 2, dtype="uint8").reshape(10, 2, 2, 1)
    batches = Batches(images, None, 4)
    assert [len(batches[i]) for i in range(3)] == [1, 1, 1] and len(batches) == 3
    np.testing.assert_array_equal(epoch_of(batches), datasets.scale_pixels(images))
    (x, y), _ = Batches(images, np.arange(10), 9)
    np.testing.assert_array_equal(y, np.arange(9))


def test_bytes_stay_bytes_while_a_run_trains_and_validates(tmp_path, monkeypatch, toy):
    """A scaled copy of either part would be seen in the memory that Python allocates."""
    images = np.random.default_rng(0).integers(0, 256, (3000, 28, 28, 1), "uint8")
    loaded = (images[:1500], None), (images[1500:], None)
    monkeypatch.setitem(datasets.LOADERS, "noise", lambda: loaded)
    monkeypatch.setattr(metrics, "classifier_digest", lambda data: "none")
    tracemalloc.start()
    try:
        experiments.train("toy", data="noise", epochs=1, output=tmp_path, progress=False)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3 * images.nbytes  # one part as float32: 4 / 2 of it, beside all else
    assert records.read_config(tmp_path)["data"]["digest"] == hashlib.sha256(images).hexdigest()
    assert "val_loss" in records.read_record(tmp_path).history[0]


def test_the_order_follows_from_seed_and_epoch_alone():
    images = np.arange(50)
    batches = EpochBatches(images, images, 8, seed=4)
    orders = []
    for epoch in (1, 2, 3, 4):
        batches.start(epoch)
        batches[0], batches[3]  # how often batches are asked for does not count
        fresh = EpochBatches(images, images, 50, seed=4, epoch=epoch)
        np.testing.assert_array_equal(epoch_of(batches), epoch_of(fresh))
        orders.append(tuple(epoch_of(batches)))
    np.testing.assert_array_equal(orders[0], epoch_of(EpochBatches(images, images, 8, seed=4)))
    orders.append(tuple(epoch_of(EpochBatches(images, images, 8, seed=5))))
    orders.append(tuple(images))
    assert len(set(orders)) == 6


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="its train_step has other arguments")
@pytest.mark.parametrize("done", [0, 2])
def test_fit_sees_each_epoch_in_its_order(done):
    """From the model's side: Keras neither repeats an order nor skips one, also after a resume."""
    seen = []

    class Witness(keras.Model):
        def train_step(self, data):
            seen.extend(np.array(data[0]).tolist())
            return {"loss": 0.0}

    model = Witness()
    model.compile(run_eagerly=True)
    batches = EpochBatches(np.arange(11.0), np.zeros(11), 4, seed=2)
    model.fit(
        batches,
        initial_epoch=done,
        epochs=4,
        shuffle=False,
        verbose=0,
        callbacks=[batches.follow()],
    )
    expected = [np.random.default_rng([2, epoch]).permutation(11) for epoch in (1, 2, 3, 4)][done:]
    np.testing.assert_array_equal(np.reshape(seen, (-1, 11)), expected)


def test_codes_between_images_join_different_classes():
    labels = np.array([0, 0, 0, 1, 2, 2])
    first, second = digits.different_classes(labels, np.random.default_rng(0))
    np.testing.assert_array_equal(first, np.arange(6))
    assert (labels[first] != labels[second]).all()
    many = [digits.different_classes(labels, np.random.default_rng(i))[1][0] for i in range(50)]
    assert set(many) == {3, 4, 5}


class Plain:
    """An autoencoder whose code is the mean grey, twice, and whose images are of one grey."""

    latent_dim = 2

    def encode(self, images):
        return images.mean(axis=(1, 2))[:, [0, 0]] * [1.0, 2.0]

    def decode(self, z):
        return np.broadcast_to(np.clip(z[:, :1, None, None], -1, 1), (len(z), 28, 28, 1)).copy()

    def generate(self, count, seed):
        return np.full((count, 28, 28, 1), seed / 10)


def test_measure_decoder_decodes_what_it_says(little_data):
    (x_train, _), (x_test, y_test) = little_data
    images, numbers = experiments.measure_decoder(Plain(), little_data, "digits", seed=3)
    assert tuple(images) == tuple(numbers) == KINDS
    assert all(len(batch) == len(x_test) for batch in images.values())
    np.testing.assert_array_equal(images["real"], x_test)
    assert (images["random"] == 0.3).all()

    _, second = digits.different_classes(y_test, np.random.default_rng(3))
    middle = (x_test + x_test[second]) / 2
    np.testing.assert_allclose(images["mean_image"], middle, atol=1e-6)
    # This decoder paints an image's mean grey, so a midpoint's is the middle of the two.
    between = images["between"][:, 0, 0, 0]
    np.testing.assert_allclose(between, middle.mean(axis=(1, 2, 3)), atol=1e-6)

    greys = x_train.mean(axis=(1, 2, 3))
    fitted = images["fitted"][:, 0, 0, 0]
    assert abs(fitted.mean() - greys.mean()) < 4 * greys.std() / len(fitted) ** 0.5
    assert abs(fitted.std() / greys.std() - 1) < 0.35  # four standard errors at 64 images

    classifier = metrics.load_classifier("digits")
    for kind in ("real", "mean_image"):
        assert numbers[kind] == metrics.measure_digits(classifier, images[kind], x_train)


def test_sharpening_raises_contrast_as_larger_weights_would():
    before_tanh = np.random.default_rng(0).normal(0, 1, (4, 8, 8, 1))
    images = np.tanh(before_tanh)
    np.testing.assert_allclose(evaluation.sharpen(images, 3), np.tanh(3 * before_tanh), atol=1e-6)
    np.testing.assert_array_equal(evaluation.sharpen(np.zeros((1, 8, 8, 1)), 4), 0)
    assert np.isfinite(evaluation.sharpen(np.array([-1.0, 1.0]), 4)).all()


@pytest.mark.parametrize("name", ["gan-digits", "vaegan-digits"])
def test_a_game_is_recorded_network_by_network(runs, little_data, name):
    folder = runs(name)
    record = records.read_record(folder)
    model = experiments.load_run(folder).model
    row = record.history[-1]
    for network in model.network_names:
        assert {f"{network}_loss", f"val_{network}_loss", f"learning_rate_{network}"} <= set(row)
    kinds = ("real", "random", "sharpened_2", "sharpened_4")
    judged = metrics.measure_digits(metrics.load_classifier("digits"), *(little_data[1][0],) * 2)
    assert {f"{kind}_{metric}" for kind in kinds for metric in judged} <= set(record.metrics)
    assert ("reconstruction_loss" in record.metrics) == (name == "vaegan-digits")
    shares = [row[f"sample_class_{digit}"] for digit in range(10)]
    assert sum(shares) == pytest.approx(1)
    # The last row tells of the model as it was saved.
    _, (x_test, _) = little_data
    probabilities, _ = metrics.classify(
        metrics.load_classifier("digits"), model.generate(len(x_test), seed=0)
    )
    assert shares == pytest.approx(np.bincount(probabilities.argmax(1), minlength=10) / len(x_test))
    assert record.metrics["random_low_confidence"] == row["sample_low_confidence"]


def kinds_of(network):
    return [type(layer).__name__ for layer in network.layers]


def build(name, image_shape=(28, 28, 1), leave_out=(), **changes):
    experiment = EXPERIMENTS[name]
    chosen = {**experiment.settings, "seed": 0, **changes}
    recorded = {key: value for key, value in chosen.items() if key not in leave_out}
    return experiment.build(settings.read_settings(recorded, experiment.settings), image_shape)


def test_each_trick_reaches_the_network_that_it_is_for():
    def changed(**changes):
        model = build("gan-digits", **changes)
        return kinds_of(model.generator), kinds_of(model.discriminator)

    generator, discriminator = changed()
    after, same = changed(batch_norm="after")
    assert sorted(after) == sorted(generator) and after != generator and same == discriminator
    without, _ = changed(batch_norm=None)
    assert "BatchNormalization" in generator and "BatchNormalization" not in without
    noisy, same = changed(noise=[0.2, 10])
    assert noisy.count("DecayingNoise") == 4 and same == discriminator  # one a layer with weights
    for place, count in (("dense", 1), ("convolutions", 2)):
        same, dropped = changed(dropout=0.3, dropout_place=place)
        assert dropped.count("Dropout") == count and same == generator
    _, compared = changed(minibatch_kernels=8, minibatch_dim=4, minibatch_scale=0.5)
    (layer,) = set(compared) - set(discriminator)
    assert layer == "MinibatchDiscrimination"
    model = build("gan-digits", real_target=1.0, flip_probability=0.1)
    assert (model.real_target, model.flip_probability) == (1.0, 0.1)


def test_precision_is_of_the_experiments_layers_alone():
    model = build("vaegan-digits", precision="mixed_bfloat16")
    layers = [layer for network in model.networks.values() for layer in network.layers]
    assert {layer.compute_dtype for layer in layers} == {"bfloat16"}
    assert {layer.variable_dtype for layer in layers} == {"float32"}
    assert keras.config.dtype_policy().name == "float32"
    assert keras.layers.Dense(1).compute_dtype == "float32"
    with pytest.raises(ValueError, match="`gamma`"):
        build("vaegan-digits", precision="mixed_bfloat16", gamma=-1.0)
    assert keras.config.dtype_policy().name == "float32"  # after a failure too


@pytest.mark.parametrize("name", ["gan-digits", "vaegan-digits"])
def test_a_record_from_before_the_tricks_is_built_as_it_was(name):
    new, old = (build(name, leave_out=left) for left in ((), TRICKS))
    for one, other in zip(new.networks.values(), old.networks.values(), strict=True):
        assert kinds_of(one) == kinds_of(other)
        assert [w.shape for w in one.weights] == [w.shape for w in other.weights]


def test_a_finished_run_from_before_a_setting_is_left_as_it_is(runs, tmp_path, monkeypatch):
    folder = shutil.copytree(runs("gan-digits"), tmp_path / "run")
    monkeypatch.setattr(keras.Model, "fit", lambda *_, **__: pytest.fail("it began to train"))
    config = records.read_config(folder)
    for key in TRICKS:
        del config["arguments"][key]
    records.write_json(folder / "config.json", config)
    assert experiments.train("gan-digits", output=folder, resume=True) == folder
    with pytest.raises(ValueError, match="arguments.dropout was 0.0, now 0.3"):
        experiments.train("gan-digits", settings={"dropout": 0.3}, output=folder, resume=True)


def test_d_is_shown_training_and_test_images_alike(runs, little_data):
    folder = runs("gan-digits")
    discriminator = experiments.load_run(folder).model.discriminator
    row = records.read_record(folder).history[-1]
    (x_train, _), (x_test, _) = little_data
    for name, images in (("d_train", x_train[::2]), ("d_test", x_test)):
        logits = keras.ops.convert_to_numpy(discriminator(images, training=False)[0])
        assert row[name] == pytest.approx(np.mean(1 / (1 + np.exp(-logits))), rel=1e-4)


def test_a_game_on_the_ring_is_measured_by_its_modes(tmp_path, monkeypatch):
    monkeypatch.setitem(datasets.LOADERS, "ring", lambda: toys.load_ring(256, 128))
    folder = experiments.train(
        "gan-ring", settings={"epochs": 1, "batch_size": 64}, output=tmp_path, progress=False
    )
    record, model = records.read_record(folder), experiments.load_run(folder).model
    row = record.history[-1]
    assert row["learning_rate_discriminator"] == pytest.approx(row["learning_rate_generator"] / 10)
    points, ring = model.generate(2500, seed=0), toys.wide_ring()
    assert record.metrics["modes_covered"] == metrics.modes_covered(points, ring.modes, ring.std)
    assert record.metrics.items() <= row.items()
    strictly = metrics.modes_covered(points, ring.modes, ring.std, minimum=31)
    assert record.metrics["modes_covered_strictly"] == strictly


def test_what_was_assumed_is_named_in_the_record(tmp_path, monkeypatch, toy):
    monkeypatch.setitem(EXPERIMENTS, "toy", dataclasses.replace(toy, assumptions=("epochs",)))
    experiments.train("toy", epochs=1, output=tmp_path, progress=False)
    assert records.read_config(tmp_path)["assumptions"] == ["epochs"]
    for experiment in EXPERIMENTS.values():
        assert set(experiment.assumptions) <= set(experiment.settings)


def test_at_most_so_many_images_are_judged(little_data, monkeypatch):
    monkeypatch.setattr(digits, "MEASURED", 20)
    images, _ = experiments.measure_decoder(Plain(), little_data, "digits", seed=0)
    assert {len(batch) for batch in images.values()} == {20}


def test_samples_are_judged_against_training_and_against_test_images(little_data, monkeypatch):
    """Both by hand; images come from evenly spaced places."""
    monkeypatch.setattr(digits, "MEASURED", 30)
    (x_train, _), (x_test, _) = little_data
    assert len(evaluation.thin_out(x_train, 1000)) == len(x_train)
    np.testing.assert_array_equal(evaluation.thin_out(np.arange(10), 4), [0, 2, 5, 7])
    generator = SimpleNamespace(generate=Plain().generate)
    judged = digits.evaluate_samples(generator, little_data, {"data": "digits", "seed": 0})
    x_train, x_test = (evaluation.thin_out(x, 30) for x in (x_train, x_test))
    classifier = metrics.load_classifier("digits")
    for kind, images in (("real", x_train), ("random", Plain().generate(30, 0))):
        numbers = metrics.measure_digits(classifier, images, x_test)
        for name in ("frechet_distance", "precision", "recall", "density", "coverage"):
            assert judged[f"{kind}_held_out_{name}"] == numbers[name], (kind, name)
    floor = metrics.measure_digits(classifier, x_test, x_train)
    assert {name: judged[f"real_{name}"] for name in floor} == floor


def profile(monkeypatch, name=None, quick=None, gpus=0):
    for variable, value in (("PROFILE", name), ("QUICK", quick)):
        if value is None:
            monkeypatch.delenv(f"VAEGAN_EDU_{variable}", raising=False)
        else:
            monkeypatch.setenv(f"VAEGAN_EDU_{variable}", value)
    devices = ["cpu:0", *(f"gpu:{i}" for i in range(gpus))]
    monkeypatch.setattr(keras.distribution, "list_devices", lambda: devices)
    return experiments.current_profile()


def test_the_profile_is_the_one_named_or_that_of_the_hardware(monkeypatch):
    assert profile(monkeypatch, "cpu", gpus=1).name == "cpu"
    assert profile(monkeypatch, "gpu", gpus=0).name == "gpu"
    assert profile(monkeypatch, gpus=0).name == "cpu"
    assert profile(monkeypatch, gpus=2).name == "gpu"
    assert profile(monkeypatch, "", gpus=2).name == "gpu"
    assert not profile(monkeypatch, "gpu", quick="0").quick
    for name in ("GPU", "tpu", " cpu"):
        with pytest.raises(ValueError, match=f"must be cpu or gpu. Received: '{name}'"):
            profile(monkeypatch, name)


def test_a_profile_chooses_data_and_epochs(monkeypatch, little_data):
    large = (np.zeros((600, 28, 28, 1)), np.zeros(600)), (np.zeros((9, 28, 28, 1)), np.zeros(9))
    monkeypatch.setitem(datasets.LOADERS, "mnist", lambda: large)
    cpu, gpu = profile(monkeypatch, "cpu"), profile(monkeypatch, "gpu")
    assert (cpu.data, gpu.data) == ("digits", "mnist")
    assert (cpu.epochs(cpu=3, gpu=30), gpu.epochs(cpu=3, gpu=30)) == (3, 30)
    assert (cpu.choose(cpu="a", gpu="b"), gpu.choose(cpu="a", gpu="b")) == ("a", "b")
    assert len(gpu.load_data()[0][0]) == 600
    np.testing.assert_array_equal(cpu.load_data()[0][0], little_data[0][0])


@pytest.mark.parametrize("name", ["cpu", "gpu"])
def test_a_quick_profile_walks_either_way_on_little_built_in_data(monkeypatch, name):
    monkeypatch.setitem(datasets.LOADERS, "digits", datasets.load_digits)
    quick = profile(monkeypatch, name, quick="1")
    assert (quick.data, quick.epochs(cpu=3, gpu=30)) == ("digits", 1)
    assert quick.choose(cpu="a", gpu="b") == {"cpu": "a", "gpu": "b"}[name]
    (x_train, y_train), (x_test, _) = quick.load_data()
    assert len(x_train) == len(y_train) == 256 and len(x_test) == 360
