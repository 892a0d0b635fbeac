"""Faces: VAE, VAE with learned similarity, GAN and VAE-GAN of the same encoder and decoder.

The recorded runs at 32 pixels, mean over seeds with its 95 % interval by Student's t, all measured
by the regressor of `make classifiers`. A GAN reconstructs nothing and encodes nothing: its places
read "n/a".
"""

from pathlib import Path

from book.runs import measured, read_arm
from book.tables.quality import KINDS, OF_CODES, duration, interval
from vaegan_edu.datasets import FACE_ATTRIBUTES
from vaegan_edu.records import read_record

# Arms of `book.runs`, with the names of their models.
MODELS = {
    "vae-faces/image-size-32-epochs-12-": "VAE",
    "vae-faces-similarity/image-size-32-epochs-6-": "VAE, learned similarity",
    "gan-faces/image-size-32-epochs-11-": "GAN",
    "faces-light/image-size-32-epochs-5-": "VAE-GAN",
}
# The longer runs on deeper networks, one of each.
DEEP = {
    "vae-faces/deep-64-": "VAE, 64 pixels",
    "faces-light/deep-64-": "VAE-GAN, 64 pixels",
    "vae-faces/deep-32-": "VAE, 32 pixels",
    "faces-light/deep-32-": "VAE-GAN, 32 pixels",
}
WITHOUT_ENCODER = "GAN"
REGRESSORS = {size: f"regressor-faces-{size}" for size in (32, 64)}  # by image size
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
SAMPLED = {key: title for key, title in SIMILARITY.items() if key.startswith("sampled")}
MOVES = {
    "moved_alone": "alone: asked",
    "leaked_alone_correlated": "alone: correlated",
    "leaked_alone_others": "alone: others",
    "moved_together": "together: asked",
    "leaked_together_correlated": "together: correlated",
    "leaked_together_others": "together: others",
    "leaked_random": "random direction",
}


def judges(root: Path) -> list[dict[str, str]]:
    """Return a row for each attribute: what it means, and its R² by each shipped regressor."""
    found = {
        f"R² at {size} pixels": {name: read_record(root / "vaegan_edu" / "weights" / name)}
        for size, name in REGRESSORS.items()
    }

    def numbers(key):
        return {title: f"{measured(record, key)[0]:.2f}" for title, record in found.items()}

    rows = [
        {"attribute": name, "least to greatest": attribute.meaning, **numbers(f"r2_{name}")}
        for name, attribute in FACE_ATTRIBUTES.items()
    ]
    return [*rows, {"attribute": "mean", "least to greatest": "", **numbers("r2_mean")}]


def samples(root: Path) -> list[dict[str, str]]:
    """Return what standard normal codes become.

    Above stands the floor, test faces against training faces; below each model's samples the
    control, the same with their contrast raised.
    """
    rows: list[dict[str, str]] = []
    for runs, name in _read(root):
        if not rows:
            rows.append({"model": "real test faces", "images": "", **_row(runs, SAMPLES, "real_")})
        for kind, images in KINDS.items():
            rows.append({"model": name, "images": images, **_row(runs, SAMPLES, f"{kind}_")})
    return rows


def deep(root: Path) -> list[dict[str, str]]:
    """Return `samples` for the longer runs on deeper networks, with codes of a mixture too.

    The floor stands once for each size of pictures; the strongest contrast, which does harm to
    each, is left out.
    """
    kinds = {kind: name for kind, name in {**KINDS, **OF_CODES}.items() if not kind.endswith("_4")}
    rows: list[dict[str, str]] = []
    for arm, name in DEEP.items():
        runs, (_, size) = read_arm(root, arm), name.split(", ")
        floor = {"model": f"real, {size}", "images": "", **_row(runs, SAMPLES, "real_")}
        if floor not in rows:
            rows.append(floor)
        for kind, images in kinds.items():
            rows.append({"model": name, "images": images, **_row(runs, SAMPLES, f"{kind}_")})
    return rows


def similarity(root: Path) -> list[dict[str, str]]:
    """Return the attributes asked of a model against those read off its images, and reconstruction.

    In the manner of Larsen et al. (2016), table 1. The floor is what is read off the real faces.
    """
    rows: list[dict[str, str]] = []
    for runs, name in _read(root):
        if not rows:
            real = {"reconstruction_r2": "real_r2", "reconstruction_cosine": "real_cosine"}
            found = {SIMILARITY[key]: interval(measured(runs, of)) for key, of in real.items()}
            rows.append(
                {"model": "real test faces", **dict.fromkeys(SIMILARITY.values(), ""), **found}
            )
        has = SAMPLED if name == WITHOUT_ENCODER else SIMILARITY
        lacking = {title: "n/a" for key, title in SIMILARITY.items() if key not in has}
        rows.append({"model": name, **lacking, **_row(runs, has)})
    return rows


def moves(root: Path) -> list[dict[str, str]]:
    """Return how far attribute vectors move the attribute asked for, and the others."""
    return [{"model": name, **_row(runs, MOVES)} for runs, name in _read(root)]


def attributes(root: Path) -> list[dict[str, str]]:
    """Return for each attribute how far each model moves it when it is asked, together."""
    return _attributes({name: runs for runs, name in _read(root)})


def deep_attributes(root: Path) -> list[dict[str, str]]:
    """Return `attributes` for the longer runs on deeper networks."""
    return _attributes({name: read_arm(root, arm) for arm, name in DEEP.items()})


def _attributes(found):
    return [
        {
            "attribute": attribute,
            **{
                name: interval(measured(runs, f"moved_together_{attribute}"))
                for name, runs in found.items()
            },
        }
        for attribute in FACE_ATTRIBUTES
    ]


def costs(root: Path) -> list[dict[str, str]]:
    """Return for each model its seeds, epochs and minutes of training."""
    rows = []
    for runs, name in _read(root):
        epochs, minutes = map(interval, duration(runs))
        rows.append({"model": name, "seeds": str(len(runs)), "epochs": epochs, "minutes": minutes})
    return rows


def _row(runs, columns, prefix=""):
    return {title: interval(measured(runs, prefix + key)) for key, title in columns.items()}


def _read(root):
    return [(read_arm(root, arm), name) for arm, name in MODELS.items()]
