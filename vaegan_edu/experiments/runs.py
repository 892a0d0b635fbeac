"""Use a finished run: load it, measure it again, make pictures with it."""

import warnings
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from vaegan_edu import callbacks, datasets, plotting, records
from vaegan_edu.experiments.own import recorded_experiment
from vaegan_edu.experiments.provenance import data_provenance
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
            model.load_weights(weights)
    except (OSError, KeyError, ValueError, UserWarning) as error:  # h5py and Keras, in their ways
        reason = str(error).partition("\n")[0]
        raise ValueError(f"{weights} is damaged or of another model: {reason}") from error
    return Run(model, config, record.history)


def evaluate_run(folder: str | Path, data: str | Path | None = None) -> dict:
    """Measure a finished run anew and write its `metrics.json`.

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
    task = recorded_experiment(Path(folder), run.config).task
    loaded = task.load({**arguments, "data": source})
    found = data_provenance(arguments["data"], loaded)
    if found != run.config["data"]:
        raise ValueError(
            f"{folder} was trained on other data: sha256 {run.config['data']['digest'][:12]}... "
            f"Received: {found['digest'][:12]}..."
        )
    measured = task.evaluate(run.model, loaded, arguments)
    records.write_json(Path(folder) / "metrics.json", measured)
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
        FileNotFoundError, ValueError: as for `load_run`; a run that generates nothing; a bad count.
    """
    model = load_run(folder).model
    if not hasattr(model, "generate"):
        raise ValueError(f"{folder} holds a model that generates no images")
    images = model.generate(count, seed=check_count(seed, "seed", minimum=0))
    output = Path(output)
    if output.suffix == ".png":
        callbacks.write_picture(output, plotting.tile(images, columns=8))
        return output
    for i, image in enumerate(images):
        callbacks.write_picture(output / f"{i:05d}.png", plotting.tile(image[None], columns=1))
    return output


def reconstruct_pictures(folder: str | Path, pictures: str | Path, output: str | Path) -> int:
    """Reconstruct pictures with a finished run and write them as PNG, each under its old name.

    Pictures are cut to the largest square and scaled to the size that the run was trained on; where
    it was trained on grey images, they become grey.

    Args:
        folder: of the run.
        pictures: path of a folder of pictures or a zip.
        output: folder for the reconstructions.

    Returns:
        How many there are.

    Raises:
        FileNotFoundError, ValueError: as for `load_run` and `datasets.read_images`; a run that
            reconstructs nothing, or no picture.
    """
    model = load_run(folder).model
    if not hasattr(model, "reconstruct"):
        raise ValueError(f"{folder} holds a model that reconstructs no images")
    height, width, channels = model.image_shape
    found = datasets.read_images(pictures, image_size=height)
    if not found.names:
        raise ValueError(f"There is no picture to reconstruct. Received: {pictures}")
    for start in range(0, len(found.names), RECONSTRUCTED):
        rows = slice(start, start + RECONSTRUCTED)
        images = datasets.scale_pixels(found.images[rows])
        if channels == 1:
            images = (images @ LUMA)[..., None].astype("float32")
        for name, image in zip(found.names[rows], model.reconstruct(images), strict=True):
            path = (Path(output) / name).with_suffix(".png")
            callbacks.write_picture(path, plotting.tile(image[None], columns=1))
    for name, reason in found.left_out.items():
        warnings.warn(f"{name} is left out: {reason}", stacklevel=2)
    return len(found.names)
