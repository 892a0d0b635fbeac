"""Faces: VAE, VAE with learned similarity, GAN and VAE-GAN of the same encoder and decoder.

    python -m benchmarks.faces

It prints the recorded runs at 32 pixels as tables, mean over seeds with its 95 % bootstrap
interval, all judged by the regressor of `make classifiers`:

- `judges`: how well the regressors read each attribute off faces that were held out;
- `samples`: what standard normal codes become, beside the floor, test faces judged against training
  faces, and beside the control, the same samples with their contrast raised;
- `similarity`: the attributes asked of a model against those read off its images, in the manner of
  Larsen et al. (2016, table 1), and reconstructions. The floor is what is read off the real faces;
- `moves`: how far attribute vectors move the attribute asked for, and the others;
- `attributes`: the same for each attribute, by vectors of all attributes together;
- `costs`: how long was trained.

`experiments.faces` says what is measured and how. A GAN reconstructs nothing and encodes nothing:
its places read "n/a".
"""

from benchmarks.quality import RESULTS, interval, table
from vaegan_edu import metrics, records
from vaegan_edu.datasets import FACE_ATTRIBUTES

EXPERIMENTS = {
    "vae-faces": "VAE",
    "vae-faces-similarity": "VAE, learned similarity",
    "gan-faces": "GAN",
    "faces-light": "VAE-GAN",
}
RUNS = "image-size-32-epochs-*-seed-*"  # other runs of these experiments have other settings
JUDGES = (32, 64)  # image sizes of the regressors
KINDS = {"random": "samples", "sharpened_2": "contrast x2", "sharpened_4": "contrast x4"}
SAMPLES = {
    "frechet_distance": "Fréchet",
    "precision": "precision",
    "recall": "recall",
    "coverage": "coverage",
    "attribute_distance": "attribute distance",
}
SIMILARITY = {
    "reconstruction_loss": "reconstruction, pixels",
    "reconstruction_r2": "reconstruction, R²",
    "reconstruction_cosine": "reconstruction, cosine",
    "encoded_cosine": "asked by codes, cosine",
    "encoded_error": "asked by codes, error",
    "sampled_cosine": "asked by samples, cosine",
    "sampled_error": "asked by samples, error",
}
MOVES = {
    "moved_alone": "alone: asked",
    "leaked_alone_correlated": "alone: correlated",
    "leaked_alone_others": "alone: others",
    "moved_together": "together: asked",
    "leaked_together_correlated": "together: correlated",
    "leaked_together_others": "together: others",
    "leaked_random": "random direction",
}


def read_runs(results=RESULTS):
    """Return the records at 32 pixels of each experiment, by its name.

    Raises:
        FileNotFoundError: there is none of an experiment.
    """
    found = {
        name: [records.read_record(path) for path in sorted((results / name).glob(RUNS))]
        for name in EXPERIMENTS
    }
    missing = [name for name, runs in found.items() if not runs]
    if missing:
        raise FileNotFoundError(
            f"There is no record at 32 pixels of {', '.join(missing)}; `make results` makes them"
        )
    return found


def judges(runs=None):
    """Return a row for each attribute: what it means, and its R² by each shipped regressor."""
    found = {
        f"R² at {size} pixels": records.read_record(
            metrics.JUDGES / f"regressor-faces-{size}"
        ).metrics
        for size in JUDGES
    }
    rows = [
        {
            "attribute": name,
            "least to greatest": attribute.meaning,
            **{title: f"{numbers[f'r2_{name}']:.2f}" for title, numbers in found.items()},
        }
        for name, attribute in FACE_ATTRIBUTES.items()
    ]
    means = {title: f"{numbers['r2_mean']:.2f}" for title, numbers in found.items()}
    return [*rows, {"attribute": "mean", "least to greatest": "", **means}]


def samples(runs):
    """Return the rows of the table of samples, each a dict from column to text."""
    first = next(iter(runs.values()))
    rows = [{"model": "real test faces", "images": "", **_row(first, SAMPLES, "real_")}]
    for experiment, name in EXPERIMENTS.items():
        for kind, images in KINDS.items():
            found = _row(runs[experiment], SAMPLES, f"{kind}_")
            rows.append({"model": name, "images": images, **found})
    return rows


def similarity(runs):
    """Return the rows of the table of attribute similarity, each a dict from column to text."""
    first = next(iter(runs.values()))
    real = {"reconstruction_r2": "real_r2", "reconstruction_cosine": "real_cosine"}
    found = {SIMILARITY[column]: _number(first, key) for column, key in real.items()}
    rows = [{"model": "real test faces", **dict.fromkeys(SIMILARITY.values(), ""), **found}]
    return rows + [{"model": n, **_row(runs[e], SIMILARITY)} for e, n in EXPERIMENTS.items()]


def moves(runs):
    """Return the rows of the table of attribute vectors, each a dict from column to text."""
    return [{"model": n, **_row(runs[e], MOVES)} for e, n in EXPERIMENTS.items()]


def attributes(runs):
    """Return a row for each attribute: how far each model moves it when it is asked, together."""
    return [
        {"attribute": attribute, **{name: _number(runs[experiment], f"moved_together_{attribute}")
                                    for experiment, name in EXPERIMENTS.items()}}
        for attribute in FACE_ATTRIBUTES
    ]  # fmt: skip


def costs(runs):
    """Return a row for each model: its seeds, epochs and minutes of training."""
    return [
        {
            "model": name,
            "seeds": str(len(runs[experiment])),
            "epochs": interval([len(r.history) for r in runs[experiment]]),
            "minutes": interval([sum(r.column("seconds")) / 60 for r in runs[experiment]]),
        }
        for experiment, name in EXPERIMENTS.items()
    ]


def _row(runs, columns, prefix=""):
    return {title: _number(runs, prefix + column) for column, title in columns.items()}


def _number(runs, key):
    if any(key not in run.metrics for run in runs):
        return "n/a"
    return interval([run.metrics[key] for run in runs])


TABLES = (judges, samples, similarity, moves, attributes, costs)

if __name__ == "__main__":
    recorded = read_runs()
    print("\n\n".join(table(rows(recorded)) for rows in TABLES))
