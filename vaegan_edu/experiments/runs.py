"""Use a finished run: load it, measure it again, make pictures with it."""

import errno
import os
import warnings
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from vaegan_edu import callbacks, datasets, plotting, records
from vaegan_edu.experiments.own import recorded_experiment
from vaegan_edu.experiments.page import PAGE, write_page
from vaegan_edu.experiments.provenance import data_provenance
from vaegan_edu.experiments.rounding import load_weights
from vaegan_edu.experiments.sources import find_source
from vaegan_edu.experiments.training import WEIGHTS, complete_config
from vaegan_edu.validation import check_count

RECONSTRUCTED = 256  # pictures at a time
LUMA = np.array([0.299, 0.587, 0.114])  # weights of red, green and blue in grey (ITU-R BT.601)


@dataclass(frozen=True)
class Run:
    """A finished run: the model with its trained weights, its configuration and its history.

    Of an older record, `config` is completed (`training.complete_config`).
    """

    model: keras.Model
    config: dict
    history: list


def load_run(folder: str | Path) -> Run:
    """Return the `Run` in `folder`, its model ready to generate.

    A run of an experiment of one's own holds that experiment's code, and loading it runs the code
    (`own`): load no such run of people whom you don't trust.

    Raises:
        FileNotFoundError: there is no complete record, or no weights; the message says how to make
            them.
        ValueError: a file is damaged.
    """
    folder = Path(folder)
    record = records.read_record(folder)
    weights = folder / WEIGHTS
    experiment = recorded_experiment(folder, record.config)
    config = complete_config(folder, record.config, experiment)
    if not weights.is_file():
        if records.is_finished(folder):
            raise FileNotFoundError(
                f"{folder} has no {WEIGHTS}, as published records have not; make it again by "
                f"`python -m vaegan_edu retrain {folder}`"
            )
        raise FileNotFoundError(
            f"{folder} holds no finished run: {WEIGHTS} is missing; finish it with --resume"
        )
    model = experiment.build(config["arguments"], tuple(config["data"]["image_shape"]))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Keras only warns of layers that it leaves untrained
            load_weights(model, weights)
    except Exception as error:  # a damaged file fails in many ways; one line is enough
        reason = str(error).partition("\n")[0]
        raise ValueError(f"{weights} is damaged or of another model: {reason}") from error
    return Run(model, config, record.history)


def evaluate_run(folder: str | Path, data: str | Path | None = None) -> dict:
    """Measure a finished run anew and write its `metrics.json`, and its page where it has one.

    Args:
        folder: of the run.
        data: the path of its pictures, where they are no longer in their old place.

    Returns:
        What was written, a dict.

    Raises:
        FileNotFoundError, ValueError: as for `load_run`; or the data is no longer what the run was
            trained on.
    """
    run = load_run(folder)
    arguments = run.config["arguments"]
    source = find_source(arguments["data"], folder, data)
    experiment = recorded_experiment(Path(folder), run.config)
    task = experiment.task
    loaded = task.load({**arguments, "data": source})
    found = data_provenance(arguments["data"], loaded)
    if found != run.config["data"]:
        raise ValueError(
            f"{folder} was trained on other data: sha256 {run.config['data']['digest'][:12]}... "
            f"Received: {found['digest'][:12]}..."
        )
    measured = task.evaluate(run.model, loaded, arguments)
    records.write_json(Path(folder) / "metrics.json", measured)
    if (Path(folder) / PAGE).exists():  # published records have none
        write_page(Path(folder), experiment)
    return measured


def generate_pictures(folder: str | Path, count: int, seed: int, output: str | Path) -> Path:
    """Generate images with a finished run and write them.

    Args:
        folder: of the run.
        count, seed: as for `generate`.
        output: a path that ends in `.png` gets one sheet with 8 images a row; any other is a folder
            for `00000.png`, `00001.png`, ...

    Returns:
        The path written, or the folder.

    Raises:
        FileExistsError: a file to write is there; nothing is replaced.
        FileNotFoundError, ValueError: as for `load_run`; a run that generates nothing; a bad count.
    """
    model = load_run(folder).model
    if not hasattr(model, "generate"):
        raise ValueError(f"{folder} holds a model that generates no images")
    images = model.generate(count, seed=check_count(seed, "seed", minimum=0))
    output = Path(output)
    if output.suffix == ".png":
        _refuse_taken([output])
        callbacks.write_picture(output, plotting.tile(images, columns=8))
        return output
    paths = [output / f"{i:05d}.png" for i in range(len(images))]
    _refuse_taken(paths)
    for path, image in zip(paths, images, strict=True):
        callbacks.write_picture(path, plotting.tile(image[None], columns=1))
    return output


def reconstruct_pictures(folder: str | Path, pictures: str | Path, output: str | Path) -> int:
    """Reconstruct pictures with a finished run and write them as PNG, each under its old name.

    `a.jpg` gives `a.png`. Where two pictures would give one name, all keep their own before the
    ending: `a.jpg.png`, `a.webp.png`.

    Pictures are cut to the largest square and scaled to the size that the run was trained on; where
    it was trained on grey images, they become grey.

    Args:
        folder: of the run.
        pictures: path of a folder of pictures or a zip.
        output: folder for the reconstructions, outside the folder of pictures.

    Returns:
        How many there are.

    Raises:
        FileExistsError: a file to write is there; nothing is replaced.
        FileNotFoundError, ValueError: as for `load_run` and `datasets.read_images`; a run that
            reconstructs nothing, no picture, or an output among the pictures.
    """
    model = load_run(folder).model
    if not hasattr(model, "reconstruct"):
        raise ValueError(f"{folder} holds a model that reconstructs no images")
    height, width, channels = model.image_shape
    found = datasets.read_images(pictures, image_size=height)
    if not found.names:
        raise ValueError(f"There is no picture to reconstruct. Received: {pictures}")
    paths = [Path(output, name).with_suffix(".png") for name in found.names]
    if len({str(path).casefold() for path in paths}) < len(paths):  # some systems ignore case
        paths = [Path(output, f"{name}.png") for name in found.names]
    if any(Path(pictures).resolve() in path.resolve().parents for path in paths):
        raise ValueError(
            f"The output must lie outside the folder of pictures. Received: {output} for {pictures}"
        )
    _refuse_taken(paths)
    left_out = dict(found.left_out)
    for start in range(0, len(paths), RECONSTRUCTED):
        rows = slice(start, start + RECONSTRUCTED)
        images = datasets.scale_pixels(found.images[rows])
        if channels == 1:
            images = (images @ LUMA)[..., None].astype("float32")
        made = zip(found.names[rows], paths[rows], model.reconstruct(images), strict=True)
        for name, path, image in made:
            try:
                callbacks.write_picture(path, plotting.tile(image[None], columns=1))
            except OSError as error:
                if error.errno != errno.ENAMETOOLONG:
                    raise
                left_out[name] = "its name is too long for the output"
    for name, reason in left_out.items():
        warnings.warn(f"{name} is left out: {reason}", stacklevel=2)
    return len(found.names) + len(found.left_out) - len(left_out)


def _refuse_taken(paths):
    """Raise `FileExistsError` if one of the files to write is there."""
    for path in paths:
        if os.path.lexists(path):
            raise FileExistsError(f"No file is replaced: choose another --output, or remove {path}")
