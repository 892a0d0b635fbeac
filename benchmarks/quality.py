"""Quality on MNIST: a VAE-GAN against a VAE of the same encoder and decoder, at equal cost.

    python -m benchmarks.quality

It prints the recorded runs of `vae-mnist`, `vaegan-mnist` and `vaegan-mnist-original` as tables:
mean over seeds with its 95 % bootstrap interval. Above stands the floor, real images judged against
real images; below each model's samples stands the control, the same samples with their contrast
raised (`experiments.evaluation.sharpen`). What the control wins, no learning won.

Equal cost: the numbers of epochs of the three are chosen so that they take equal time on a quiet
machine by the part `models` of `benchmarks.train_step`, which times a step of each in turns. The
runs themselves may then be made at any load, for their epochs are fixed. The column `minutes, by
step` is that measured time, times the epochs; `minutes, as recorded` is what the runs happened to
take, each after the other or side by side, with the measuring on test images after each epoch.
"""

import json
from pathlib import Path

from benchmarks import markdown
from vaegan_edu import metrics, records

RESULTS = Path(__file__).resolve().parents[1] / "book" / "results"
SPEED = Path(__file__).parent / "results" / "train_step.json"
EXPERIMENTS = ("vae-mnist", "vaegan-mnist", "vaegan-mnist-original")
KINDS = {"random": "samples", "sharpened_2": "contrast x2", "sharpened_4": "contrast x4"}
# Of `experiments.evaluation.evaluate_samples`, with their headings. Against test images:
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


def cost(results=RESULTS, speed=SPEED):
    """Return the rows of the table of cost, one a model: each a dict from column to text."""
    measured = json.loads(Path(speed).read_text())["parts"]["models"]
    found = []
    for experiment, runs in _read(EXPERIMENTS, results).items():
        epochs = len(runs[0].history)
        found.append(
            {
                "model": experiment,
                "seeds": str(len(runs)),
                "epochs": str(epochs),
                "minutes, by step": f"{epochs * measured[experiment]['epoch_seconds'] / 60:.1f}",
                "minutes, as recorded": interval([sum(r.column("seconds")) / 60 for r in runs]),
                "reconstruction": interval([r.metrics["reconstruction_loss"] for r in runs]),
            }
        )
    return found


def samples(columns, experiments=EXPERIMENTS, results=RESULTS):
    """Return the rows of a table of samples: the floor, then each model's, sharpened ones below."""
    found = []
    for experiment, runs in _read(experiments, results).items():
        if not found:
            found.append({**_row("real", "", runs, "real", columns), "seeds": ""})
        found += [_row(experiment, name, runs, kind, columns) for kind, name in KINDS.items()]
    return found


def table(rows):
    """Return rows as a Markdown table; what a row lacks stays empty."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return markdown.table(names, ([row.get(name, "") for name in names] for row in rows))


def _read(experiments, results):
    return {name: records.read_runs(Path(results) / name) for name in experiments}


def _row(model, images, runs, kind, columns):
    values = {
        title: interval([run.metrics[f"{kind}_{name}"] for run in runs])
        for name, title in columns.items()
    }
    return {"model": model, "images": images, "seeds": str(len(runs)), **values}


def interval(values):
    """Return the mean of runs with its 95 % bootstrap interval as text."""
    if None in values:  # `within_class_distance` where no class has two images
        return "none"
    if len(set(values)) == 1:
        return f"{values[0]:.3g}"
    return "{:.3g} [{:.3g}, {:.3g}]".format(*metrics.mean_interval(values))


if __name__ == "__main__":
    print(*map(table, (cost(), samples(DISTANCES), samples(CLASSES))), sep="\n\n")
