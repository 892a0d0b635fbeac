"""Quality on MNIST: a VAE-GAN against a VAE of the same encoder and decoder.

    python -m benchmarks.quality

It prints the recorded runs of `vae-mnist`, `vaegan-mnist` and `vaegan-mnist-original` as a table:
mean over seeds with its 95 % bootstrap interval. Above stands the floor, real test images judged
against real training images; below each model's samples stands the control, the same samples with
their contrast raised (`experiments.evaluation.sharpen`). What the control wins, no learning won.

The numbers of epochs in `tools/results.py` and in the registry are meant to make the wall times
equal on two cores; the column `minutes` shows how far they are.
"""

from pathlib import Path

from vaegan_edu import metrics, records

RESULTS = Path(__file__).resolve().parents[1] / "book" / "results"
EXPERIMENTS = ("vae-mnist", "vaegan-mnist", "vaegan-mnist-original")
KINDS = {"random": "samples", "sharpened_2": "contrast x2", "sharpened_4": "contrast x4"}
# Of `metrics.judge`, with their headings.
COLUMNS = {
    "frechet_distance": "Fréchet",
    "precision": "precision",
    "recall": "recall",
    "coverage": "coverage",
    "histogram_divergence": "class histogram, KL",
    "classes_covered": "classes",
    "low_confidence": "low confidence",
    "within_class_distance": "within-class distance",
    "nearest_distance": "nearest training image",
}


def rows(results=RESULTS):
    """Return the table's rows, each a dict from column to text."""
    found = []
    for experiment in EXPERIMENTS:
        runs = records.read_runs(Path(results) / experiment)
        if not found:
            found.append(_row("real test images", "", runs, "real"))
        for kind, name in KINDS.items():
            found.append(_row(experiment, name, runs, kind))
            found[-1]["minutes"] = _interval([sum(r.column("seconds")) / 60 for r in runs])
            found[-1]["reconstruction"] = (
                _interval([r.metrics["reconstruction_loss"] for r in runs])
                if kind == "random"
                else ""
            )
    return found


def table(rows):
    """Return rows as a Markdown table."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [names, ["---"] * len(names), *([row.get(name, "") for name in names] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _row(experiment, name, runs, kind):
    values = {
        title: _interval([run.metrics[f"{kind}_{column}"] for run in runs])
        for column, title in COLUMNS.items()
    }
    return {"model": experiment, "images": name, "seeds": str(len(runs)), **values}


def _interval(values):
    if None in values:  # `within_class_distance` where no class has two images
        return "none"
    if len(set(values)) == 1:
        return f"{values[0]:.3g}"
    return "{:.3g} [{:.3g}, {:.3g}]".format(*metrics.mean_interval(values))


if __name__ == "__main__":
    print(table(rows()))
