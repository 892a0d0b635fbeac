"""Quality of samples: on MNIST a VAE-GAN against a VAE of the same encoder and decoder.

The recorded runs, mean over seeds with its 95 % interval by Student's t. Above stands the floor,
real images judged against real images; below each model's samples stand the controls: the same
samples with their contrast raised (`sharpen`, chapter 5), and samples of a mixture's codes
(`latent.draw_codes`). What a control wins, no learning won.

Equal cost: the numbers of epochs of the three models on MNIST are chosen so that they take equal
time on a quiet machine by the part `models` of `benchmarks.train_step`, which times a step of each
in turns. The runs themselves may then be made at any load, for their epochs are fixed. The column
`minutes, by step` is that measured time, times the epochs; `minutes, as recorded` is what the runs
happened to take, each after the other or side by side, with the measuring on test images after each
epoch.
"""

import json
from pathlib import Path

from book.runs import measured, read_arm
from vaegan_edu.intervals import mean_interval
from vaegan_edu.records import Record

SPEED = Path("benchmarks", "results", "train_step.json")
# Arms of `book.runs`, with their experiments' names.
MNIST = {
    "vae-mnist/": "vae-mnist",
    "vaegan-mnist/": "vaegan-mnist",
    "vaegan-mnist-original/epochs-2-": "vaegan-mnist-original",
}
DIGITS = {"gan-digits/": "gan-digits", "vaegan-digits/": "vaegan-digits"}
KINDS = {"random": "samples", "sharpened_2": "contrast x2", "sharpened_4": "contrast x4"}
# Of models with an encoder, in records since `latent.draw_codes`.
OF_CODES = {
    "mixture": "mixture",
    "mixture_sharpened_2": "mixture, contrast x2",
    "mixture_sharpened_4": "mixture, contrast x4",
}
# Of what the records of runs on digits measure, with their headings. Against test images:
DISTANCES = {
    "held_out_frechet_distance": "Fréchet",
    "held_out_precision": "precision",
    "held_out_recall": "recall",
    "held_out_coverage": "coverage",
}
# Of the samples alone, and against training images:
CLASSES = {
    "classes_covered": "classes",
    "histogram_divergence": "histogram, KL",
    "low_confidence": "low confidence",
    "within_class_distance": "within class",
    "nearest_distance": "nearest image",
}


def cost(root: Path) -> list[dict[str, str]]:
    """Return a row for each model on MNIST: epochs, their time, and the reconstruction."""
    speed = read_speed(root)["models"]
    rows = []
    for arm, experiment in MNIST.items():
        runs = read_arm(root, arm)
        epochs, minutes = duration(runs)
        by_step = [n * speed[experiment]["epoch_seconds"] / 60 for n in epochs]
        rows.append(
            {
                "model": experiment,
                "seeds": str(len(runs)),
                "epochs": interval(epochs),
                "minutes, by step": f"{by_step[0]:.1f}",
                "minutes, as recorded": interval(minutes),
                "reconstruction": interval(measured(runs, "reconstruction_loss")),
            }
        )
    return rows


def distances(root: Path) -> list[dict[str, str]]:
    """Return how far the samples of each model on MNIST lie from test images."""
    return _samples(root, MNIST, DISTANCES)


def classes(root: Path) -> list[dict[str, str]]:
    """Return what the samples of each model on MNIST show, and how near a training image lies."""
    return _samples(root, MNIST, CLASSES)


def digits_distances(root: Path) -> list[dict[str, str]]:
    """Return `distances` for the models on the built-in digits."""
    return _samples(root, DIGITS, DISTANCES)


def digits_classes(root: Path) -> list[dict[str, str]]:
    """Return `classes` for the models on the built-in digits."""
    return _samples(root, DIGITS, CLASSES)


def search(root: Path) -> list[dict[str, str]]:
    """Return the tries of `benchmarks.quality_search`, the floor first."""
    from benchmarks import quality_search  # starts Keras

    return quality_search.rows(root / "benchmarks" / "results" / "quality_search")


def recipe(root: Path) -> list[dict[str, str]]:
    """Return the runs of `benchmarks.light_recipe`, by codes of the prior and of a mixture."""
    from benchmarks import light_recipe  # starts Keras

    results = root / "benchmarks" / "results" / "light_recipe"
    mixtures = ("mixture", "mixture, rejection", "mixture x2", "mixture x4")
    return light_recipe.rows(results, ways=("average", *mixtures))


def against_time(root: Path) -> list[dict[str, str]]:
    """Return the runs of `benchmarks.quality_against_time`, means over seeds."""
    from benchmarks import quality_against_time  # starts Keras

    return quality_against_time.rows(root / "benchmarks" / "results")


def against_time_pays(root: Path) -> list[dict[str, str]]:
    """Return from which length on the VAE-GAN is ahead of each other model."""
    from benchmarks import quality_against_time  # starts Keras

    return quality_against_time.pays(root / "benchmarks" / "results")


def read_speed(root: Path) -> dict:
    """Return the parts that `benchmarks.train_step` measured, by name."""
    return json.loads((root / SPEED).read_text(encoding="utf-8"))["parts"]


def interval(values: list) -> str:
    """Return the mean of runs with its 95 % interval by Student's t as text."""
    if None in values:  # `within_class_distance` where no class has two images
        return "none"
    if len(set(values)) == 1:
        return f"{values[0]:.3g}"
    return "{:.3g} [{:.3g}, {:.3g}]".format(*mean_interval(values))


def kinds_of(runs: dict[str, Record]) -> dict[str, str]:
    """Return the kinds of samples that all records of an arm hold, with their headings."""
    has_mixture = all("mixture_frechet_distance" in run.metrics for run in runs.values())
    return {**KINDS, **OF_CODES} if has_mixture else KINDS


def duration(runs: dict[str, Record]) -> tuple[list, list]:
    """Return the epochs of each run, and its minutes."""
    epochs = [len(run.history) for run in runs.values()]
    return epochs, [sum(run.column("seconds")) / 60 for run in runs.values()]


def _samples(root, arms, columns):
    rows: list[dict[str, str]] = []
    for arm, experiment in arms.items():
        runs = read_arm(root, arm)
        if not rows:
            rows.append({**_row("real", "", runs, "real", columns), "seeds": ""})
        of_arm = kinds_of(runs).items()
        rows += [_row(experiment, name, runs, kind, columns) for kind, name in of_arm]
    return rows


def _row(model, images, runs, kind, columns):
    values = {title: interval(measured(runs, f"{kind}_{name}")) for name, title in columns.items()}
    return {"model": model, "images": images, "seeds": str(len(runs)), **values}
