"""Train an experiment and leave a record; load it again."""

import os
import platform
import subprocess
import warnings
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import keras

from vaegan_edu import callbacks, datasets, metrics, records
from vaegan_edu.experiments.batches import EpochBatches
from vaegan_edu.experiments.profile import count_gpus
from vaegan_edu.experiments.registry import EXPERIMENTS
from vaegan_edu.validation import check_count

SHEET_EPOCHS = (1, 5, 20, 35, 50, 65, 80, 95)  # those of the original project, and the first
PACKAGES = ("vaegan-edu", "keras", "tensorflow", "jax", "numpy", "scipy", "scikit-learn")


@dataclass(frozen=True)
class Run:
    """A finished run: the model with its trained weights, its configuration and its history."""

    model: keras.Model
    config: dict
    history: list


def train(name, *, data=None, epochs=None, seed=0, batch_size=None, latent_dim=None, output=None,
          progress=True):  # fmt: skip
    """Train an experiment from its seed and write its record.

    Args:
        name: of the experiment, one of `EXPERIMENTS`.
        data, epochs, batch_size, latent_dim: settings to change; `None` keeps the experiment's.
        seed: of the weights, the order of the data, the noise and the samples.
        output: the run's folder, `runs/<name>/seed-<seed>` by default; it must not hold a run.
        progress: show a bar with the time left.

    Returns:
        The folder, a `Path`, with `config.json`, `history.csv`, `metrics.json`, `samples/` and
        `model.weights.h5`.

    Raises:
        ValueError: no such experiment or setting, or no classifier that measures such data.
        NotADirectoryError: the output is a file.
        FileExistsError: the folder holds a run already.
        FloatingPointError: a loss became NaN or infinite.
    """
    if name not in EXPERIMENTS:
        raise ValueError(f"Experiment must be one of {', '.join(EXPERIMENTS)}. Received: {name!r}")
    experiment = EXPERIMENTS[name]
    arguments = _settle(
        experiment, name, data=data, epochs=epochs, batch_size=batch_size, latent_dim=latent_dim
    )
    arguments["seed"] = check_count(seed, "seed", minimum=0)
    folder = Path(output or f"runs/{name}/seed-{seed}")
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"The output must be a folder. Received: {folder}")
    if (folder / "config.json").exists():
        raise FileExistsError(f"{folder} holds a run already; choose another --output or remove it")

    loaded = datasets.load(arguments["data"])
    (x_train, y_train), (x_test, y_test) = loaded
    config = _config(name, arguments, loaded)
    if experiment.has_samples:  # asked for now: a missing classifier must not waste the training
        config["classifier"] = metrics.classifier_digest(arguments["data"])
    keras.utils.set_random_seed(arguments["seed"])
    model = experiment.build(arguments, x_train.shape[1:])
    batches = EpochBatches(x_train, y_train, arguments["batch_size"], arguments["seed"])
    learning_rate = arguments["learning_rate"]
    if arguments.get("cosine_decay"):
        steps = len(batches) * arguments["epochs"]
        learning_rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(keras.optimizers.Adam(learning_rate))

    folder.mkdir(parents=True, exist_ok=True)
    records.write_json(folder / "config.json", config)
    watching = [batches.follow(), callbacks.HistoryWriter(folder / "history.csv")]
    if experiment.has_samples:
        epochs_shown = {epoch for epoch in SHEET_EPOCHS if epoch <= arguments["epochs"]}
        sheets = folder / "samples"
        watching.append(callbacks.SampleSheets(sheets, epochs_shown | {arguments["epochs"]}))
    if progress:
        watching.append(callbacks.Progress())
    model.fit(
        batches,
        validation_data=(x_test, y_test),
        epochs=arguments["epochs"],
        shuffle=False,
        verbose=0,
        callbacks=watching,
    )
    # A fresh model has no optimizer, whose slots would make the file three times as large.
    trained = experiment.build(arguments, x_train.shape[1:])
    trained.set_weights(model.get_weights())
    _save_weights(trained, folder / "model.weights.h5")
    records.write_json(folder / "metrics.json", experiment.evaluate(model, loaded, arguments))
    return folder


def load_run(folder):
    """Return the `Run` in `folder`, its model ready to generate.

    Raises:
        FileNotFoundError, ValueError: there is no complete record, or it is damaged.
    """
    folder = Path(folder)
    record = records.read_record(folder)
    weights = folder / "model.weights.h5"
    if not weights.is_file():
        raise FileNotFoundError(f"{folder} holds no finished run: model.weights.h5 is missing")
    name = record.config["experiment"]
    if name not in EXPERIMENTS:
        raise ValueError(f"{folder} is a run of an unknown experiment. Received: {name!r}")
    model = EXPERIMENTS[name].build(
        record.config["arguments"], tuple(record.config["data"]["image_shape"])
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Keras only warns of layers that it leaves untrained
            model.load_weights(weights)
    except (OSError, KeyError, ValueError, UserWarning) as error:  # h5py and Keras, in their ways
        reason = str(error).partition("\n")[0]
        raise ValueError(f"{weights} is damaged or of another model: {reason}") from error
    return Run(model, record.config, record.history)


def _settle(experiment, name, **changes):
    arguments = dict(experiment.arguments)
    for key, value in changes.items():
        if value is None:
            continue
        if key not in arguments:
            raise ValueError(f"{name} has no setting {key}. It has: {', '.join(arguments)}")
        arguments[key] = value if key == "data" else check_count(value, key)
    return arguments


def _config(name, arguments, loaded):
    return {
        "experiment": name,
        "seed": arguments["seed"],
        "arguments": arguments,
        "data": {
            "name": arguments["data"],
            "digest": datasets.array_digest(*(array for part in loaded for array in part)),
            "train_count": len(loaded[0][0]),
            "test_count": len(loaded[1][0]),
            "image_shape": list(loaded[0][0].shape[1:]),
        },
        "versions": {"python": platform.python_version(), **_versions()},
        "backend": keras.backend.backend(),
        "hardware": _hardware(),
        "commit": _commit(),
    }


def _versions():
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _hardware():
    processor = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        processor = names[0].partition(": ")[2] if names else processor
    return {"processor": processor, "cores": os.cpu_count(), "gpus": count_gpus()}


def _commit():
    """The commit of the package's own repository, marked when its code differs."""

    def git(*words):
        command = ["git", "-C", str(Path(__file__).parent), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        git("ls-files", "--error-unmatch", Path(__file__).name)  # else it is installed in another's
        commit = git("rev-parse", "HEAD")
        return commit + ("-dirty" if git("status", "--porcelain", "--", "../*.py") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _save_weights(model, path):
    """Save beside `path` first, so that an interrupted save leaves no half file."""
    partial = path.with_name(f"partial-{path.name}")
    try:
        model.save_weights(partial)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
