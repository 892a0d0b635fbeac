"""Train an experiment and leave a record; continue one that was stopped; make weights again."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import keras

from vaegan_edu import callbacks, records
from vaegan_edu.experiments.batches import Batches, EpochBatches
from vaegan_edu.experiments.experiment import Experiment
from vaegan_edu.experiments.own import (
    COPY,
    describe_file,
    find_experiment,
    keep_file,
    recorded_experiment,
)
from vaegan_edu.experiments.page import write_page
from vaegan_edu.experiments.provenance import data_provenance, environment
from vaegan_edu.experiments.registry import EXPERIMENTS
from vaegan_edu.experiments.settings import (
    ORIGINAL_RATE,
    ORIGINAL_RULES,
    read_settings,
)
from vaegan_edu.experiments.sources import PICTURES, find_source, recorded_name, remember_source
from vaegan_edu.validation import check_count, shown

# Settings that are whole numbers.
COUNTS = ("epochs", "batch_size", "latent_dim", "image_size", "train_count")
WEIGHTS = "model.weights.h5"
SHEET_EPOCHS = (1, 5, 20, 35, 50, 65, 80, 95)  # those of the original project, and the first


def train(
    name: str,
    *,
    data: str | Path | None = None,
    epochs: int | None = None,
    seed: int | None = None,
    batch_size: int | None = None,
    latent_dim: int | None = None,
    image_size: int | None = None,
    settings: Mapping | None = None,
    output: str | Path | None = None,
    resume: bool = False,
    progress: bool = True,
) -> Path:
    """Train an experiment from its seed and write its record.

    After each epoch the folder holds what the next one needs (`callbacks.RunState`). A run that was
    stopped, however it was, continues with `resume`, and then equals one that was never stopped,
    but for the column `seconds`.

    Args:
        name: of the experiment, one of `EXPERIMENTS`, or `my_file.py:name` of your own (`own`).
        data, epochs, batch_size, latent_dim, image_size: settings to change; `None` keeps the
            experiment's. Not every experiment has every setting. `data` is as for `datasets.load`.
        settings: a mapping of more settings to change, by the names of the experiment's settings.
            A `schedule` of the original project ("s1", ...) brings its own first learning rate.
        seed: of the weights, the order of the data, the noise and the samples; 0 by default.
        output: the run's folder, `runs/<name>/seed-<seed>` by default; it must be empty or new.
        resume: continue the run in the folder. Settings that are `None` are then the run's;
            others must be equal to them. Where the folder holds no run, begin; where it holds a
            finished one (`records.is_finished`), leave it as it is.
        progress: show a bar with the time left.

    Returns:
        The folder, a `Path`, with `config.json`, `history.csv`, `metrics.json`, `samples/`,
        `tensorboard/` (where the package `tensorboard` is installed), `model.weights.h5` and
        `index.html`, which shows all this to a reader; of pictures at a path, also with the path
        (`sources`); of an experiment of your own, also with a copy of its file.

    Raises:
        ValueError: no such experiment or setting, data that the experiment cannot learn from or
            nothing here can measure, or a run to resume that has another configuration or a
            damaged state.
        FileNotFoundError: the data, or the experiment's file, is not there.
        NotADirectoryError: the output is a file.
        FileExistsError: the folder holds a run already, or other things and no run.
        BlockingIOError: another training writes to the folder.
        FloatingPointError: a loss became NaN or infinite (`ValueError` where a learning-rate rule
            follows it). The state of the epoch before is kept.
    """
    found = find_experiment(str(name))
    if seed is not None:
        seed = check_count(seed, "seed", minimum=0)
    folder = Path(output or f"runs/{found[0]}/seed-{seed or 0}")
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"The output must be a folder. Received: {folder}")
    data = None if data is None else str(data)
    changes: dict[str, Any] = {
        "data": data,
        "epochs": epochs,
        "batch_size": batch_size,
        "latent_dim": latent_dim,
        "image_size": image_size,
        "seed": seed,
    }
    changes = {key: value for key, value in changes.items() if value is not None}
    with records.sole_writer(folder):
        _train(folder, *found, {**(settings or {}), **changes}, resume, progress)
    return folder


def _train(folder, name, experiment, file, changes, resume, progress):
    """Train, or continue, in a folder that nobody else writes to."""
    task = experiment.task
    begun = _begun(folder, name, resume)
    if begun:
        begun = complete_config(folder, begun, experiment)
        arguments = begun["arguments"]
    else:
        arguments = read_settings({**experiment.settings, "seed": 0}, ())
    arguments = arguments | _checked(name, arguments, changes)
    source = find_source(arguments["data"], folder, changes.get("data"))
    arguments["data"] = recorded_name(source)
    if arguments["data"] == PICTURES and Path(source).resolve() in folder.resolve().parents:
        raise ValueError(
            "The output must lie outside the folder of pictures, which the run reads as a whole. "
            f"Received: {folder}"
        )

    loaded = task.load({**arguments, "data": source})
    (x_train, y_train), (x_test, y_test) = loaded
    config = {
        "experiment": name,
        "seed": arguments["seed"],
        "arguments": arguments,
        "assumptions": sorted(experiment.assumptions),
        "data": data_provenance(arguments["data"], loaded),
        "backend": keras.backend.backend(),
        **environment(),
        # Asked for now: a missing judge must not waste the training.
        **task.identify_judge(arguments),
        **({"experiment_file": describe_file(file)} if file else {}),
    }
    if begun:
        _refuse_another(folder, begun, config)
        if records.is_finished(folder):
            return
        records.remove_partial(folder)
    keras.utils.set_random_seed(arguments["seed"])
    _leave_graphs_alone()
    model = experiment.build(arguments, x_train.shape[1:])
    batches = EpochBatches(x_train, y_train, arguments["batch_size"], arguments["seed"])
    rules = experiment.compile(model, arguments, len(batches))

    history = callbacks.HistoryWriter(folder / "history.csv", task.watch(loaded, arguments))
    schedules = callbacks.LearningRateSchedules(rules) if rules else None
    state = callbacks.RunState(folder / "state.npz", history, schedules)
    done = state.restore(model)
    if not begun:
        records.write_json(folder / "config.json", config)
    if file and not (folder / COPY).exists():
        keep_file(file, folder)
    remember_source(source, folder)

    watching = [batches.follow(), callbacks.NoiseDecay(), schedules, history]
    sheets = folder / "samples" if task.has_samples else None
    if sheets:
        epochs_shown = {epoch for epoch in SHEET_EPOCHS if epoch <= arguments["epochs"]}
        watching.append(callbacks.SampleSheets(sheets, epochs_shown | {arguments["epochs"]}))
    if find_spec("tensorboard"):
        watching.append(callbacks.TensorBoardLog(folder / "tensorboard", history, sheets))
    watching.append(state)
    if progress:
        watching.append(callbacks.Progress())
    if done < arguments["epochs"]:
        model.fit(
            batches,
            validation_data=Batches(x_test, y_test, arguments["batch_size"]),
            initial_epoch=done,
            epochs=arguments["epochs"],
            shuffle=False,
            verbose=0,
            callbacks=[callback for callback in watching if callback],
        )
    # A fresh model has no optimizer, whose slots would make the file three times as large.
    trained = experiment.build(arguments, x_train.shape[1:])
    trained.set_weights(model.get_weights())
    with records.replacing(folder / WEIGHTS) as partial:
        trained.save_weights(partial)
    records.write_json(folder / "metrics.json", task.evaluate(model, loaded, arguments))
    if sheets:
        callbacks.animate(sheets)
    write_page(folder, experiment)
    state.path.unlink()


def _leave_graphs_alone():
    """Turn off a rewriting of graphs by TensorFlow that stumbles over LeakyReLU under oneDNN.

    TensorFlow 2.20 then writes an error to the screen at every start, and goes on as without it.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.optimizer.set_experimental_options({"remapping": False})


def retrain(folder: str | Path, data: str | Path | None = None, progress: bool = True) -> list[str]:
    """Make the weights of a finished run again, and leave its record as it is.

    Published records are quoted, their weights are too large to keep. The run is trained anew from
    its own settings and seed, in the subfolder `retraining`, and its weights are then put beside
    the record. A second call continues what was stopped.

    Args:
        folder: of the run.
        data: the path of its pictures, where they are no longer in their old place.
        progress: as for `train`.

    Returns:
        The columns of the history in which the new run differs from the record, in the order of the
        first epoch where they do: none on the same machine with the same versions; last digits
        elsewhere.

    Raises:
        FileExistsError: the weights are there.
        FileNotFoundError, ValueError: as for `train`; a run that is not finished, or data, backend
            or judge that are not the record's.
    """
    folder = Path(folder)
    config = records.read_config(folder)
    if (folder / WEIGHTS).exists():
        raise FileExistsError(f"{folder} has its weights. Received: {folder / WEIGHTS}")
    if not records.is_finished(folder):
        raise ValueError(f"{folder} holds no finished run; finish it by `train` with --resume")
    name, work = config["experiment"], folder / "retraining"
    if "experiment_file" in config:
        recorded_experiment(folder, config)
        name = f"{folder / COPY}:{name}"
    if not (work / "config.json").exists():
        if work.is_dir():
            _refuse_others_files(work)
        records.write_json(work / "config.json", config)
    source = find_source(config["arguments"]["data"], folder, data)
    train(name, data=source, output=work, resume=True, progress=progress)
    os.replace(work / WEIGHTS, folder / WEIGHTS)
    made, recorded = (records.read_record(run).history for run in (work, folder))
    different = [
        column
        for row, other in zip(recorded, made, strict=True)
        for column in row
        if column != "seconds" and row[column] != other.get(column)
    ]
    shutil.rmtree(work)
    return list(dict.fromkeys(different))


def complete_config(folder: Path, config: Mapping, experiment: Experiment) -> dict:
    """Return a run's configuration with what older records do not say.

    Its `arguments` are in the words of today (`read_settings`), and the images' shape is the task's
    where the record has none; the data's digest vouches for it.

    Raises:
        ValueError: a setting is missing; the message names the file.
    """
    try:
        arguments = read_settings(config["arguments"], {**experiment.settings, "seed": 0})
    except ValueError as error:
        raise ValueError(f"{Path(folder) / 'config.json'} {error}") from None
    data = dict(config["data"])
    if "image_shape" not in data:
        data["image_shape"] = list(experiment.task.image_shape(arguments))
    return {**config, "arguments": arguments, "data": data}


def _begun(folder, name, resume):
    """Return the configuration of the run that `folder` holds, `None` where it is empty."""
    if not (folder / "config.json").exists():
        _refuse_others_files(folder)
        return None
    if not resume:
        raise FileExistsError(
            f"{folder} holds a run already; continue it with --resume, choose another --output or "
            "remove it"
        )
    config = records.read_config(folder)
    if config["experiment"] != name:
        raise ValueError(f"{folder} holds a run of {config['experiment']}. Received: {name!r}")
    return config


def _refuse_others_files(folder):
    """Raise `FileExistsError` if `folder` holds more than what systems hide in any folder."""
    names = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    if names:
        raise FileExistsError(
            f"{folder} holds other things than a run, which are not to be replaced; choose another "
            f"--output. Received: {', '.join(names[:3])}{', ...' if names[3:] else ''}"
        )


def _checked(name, arguments, changes):
    """Return the changes if the experiment has such settings, those that count things checked."""
    for key in changes:
        if key not in arguments:
            raise ValueError(f"{name} has no setting {key}. It has: {', '.join(arguments)}")
    for key, value in changes.items():
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError):
            raise ValueError(
                f"`{key}` must be a number, a text, true, false, None or a list of them, for the "
                f"record. Received: {value!r}"
            ) from None
        kind = _kind(arguments[key])
        if name in EXPERIMENTS and kind not in (None, _kind(value)):  # one's own may take several
            raise ValueError(
                f"`{key}` must be {kind}, such as {arguments[key]!r}. Received: {shown(value)}"
            )
    if changes.get("schedule") in ORIGINAL_RULES:
        changes = {"learning_rate": ORIGINAL_RATE, **changes}
    changes = read_settings(changes, ())
    return {
        key: check_count(value, key) if key in COUNTS else value for key, value in changes.items()
    }


def _kind(value):
    """What a setting is, in words; `None` of one that has no value yet."""
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "a text"
    return "a number" if isinstance(value, (int, float)) else None


def _refuse_another(folder, begun, config):
    """Raise `ValueError` with the difference if a run was begun with another configuration.

    Versions, hardware and the like may change: the numbers then continue, if not bit for bit.
    The record names those it began with.
    """
    fixed = ("experiment", "seed", "arguments", "data", "backend", "classifier", "judge")

    def comparable(config):
        code = config.get("experiment_file", {}).get("digest")  # its name may change
        return dict(_flat({**{k: config.get(k) for k in fixed}, "experiment_file.digest": code}))

    before, now = comparable(begun), comparable(config)
    differences = [
        f"{key} was {before.get(key)!r}, now {now.get(key)!r}"
        for key in sorted({*before, *now})
        if before.get(key) != now.get(key)
    ]
    if differences:
        raise ValueError(
            f"{folder} was begun with another configuration: {'; '.join(differences)}. Give the "
            "run's own settings, or another --output"
        )


def _flat(mapping: Mapping, prefix: str = "") -> Iterator[tuple]:
    for key, value in mapping.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
