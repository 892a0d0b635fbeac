"""Trained models that come with the package: packed from a run, loaded by name.

A packed model is the record of its run, with rounded weights and a card: of 16 bits, or of 8 where
these would be too large. The numbers in its `metrics.json` are those of the weights that are
shipped, measured after rounding; what the run itself measured stands beside them on the card.
"""

import shutil
import tempfile
from pathlib import Path

import keras

from vaegan_edu import records
from vaegan_edu.experiments.rounding import write_rounded
from vaegan_edu.experiments.runs import evaluate_run, load_run
from vaegan_edu.experiments.training import WEIGHTS
from vaegan_edu.validation import check_choice

SHIPPED = Path(__file__).parents[1] / "weights"
CARD = "card.md"
MOST_BYTES = 2_000_000  # of a model's weights
DIGEST = "weights_sha256"  # its key in config.json
BITS = "weights_bits"

# What a card warns of, by the kind of images that the model was trained on.
LIMITS = {
    "digits": "to read handwriting, to measure other generators, or as more than a small example: "
    "its images are 8x8 pixels enlarged",
    "mnist": "to read handwriting, or to measure other generators",
    "rendered-faces": "for anything about people: its faces are drawn by a program, and so are "
    "their attributes",
}
FOR_PICTURES = (
    "to judge, identify or portray people, or where its training pictures may not be used"
)


def pretrained_names() -> tuple[str, ...]:
    """Return the names of the models that come with the package."""
    return tuple(sorted(card.parent.name for card in SHIPPED.glob(f"*/{CARD}")))


def load_pretrained(name: str) -> keras.Model:
    """Return a trained model that comes with the package, as `vaegan_edu.pretrained` says."""
    folder = SHIPPED / check_choice(name, "name", pretrained_names())
    weights = folder / WEIGHTS
    found = records.file_digest(weights)
    expected = records.read_record(folder).config[DIGEST]
    if found != expected:
        raise ValueError(
            f"{weights} must have the sha256 {expected[:12]}... of its record; install the package "
            f"again. Received: {found[:12]}..."
        )
    return load_run(folder).model


def pack(folder: str | Path, output: str | Path) -> Path:
    """Write a finished run as a packed model: record, rounded weights, card.

    Args:
        folder: of the run, with its weights.
        output: the folder to make. Its name is the model's.

    Returns:
        The folder `output`.

    Raises:
        FileNotFoundError, ValueError: as for `load_run`; more than 2 MB of weights.
        FileExistsError: `output` is there already.
    """
    folder, output = Path(folder), Path(output)
    if output.exists():
        raise FileExistsError(f"{output} is there already; name a folder that is not, or delete it")
    load_run(folder)  # refuses what is not whole, before anything is written
    record = records.read_record(folder)
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent) as made:
        packed = Path(made, output.name)
        packed.mkdir()
        for name in ("config.json", "history.csv", "metrics.json"):
            shutil.copyfile(folder / name, packed / name)  # a read-only record gives no such copy
        for bits in (16, 8):
            write_rounded(folder / WEIGHTS, packed / WEIGHTS, bits)
            size = (packed / WEIGHTS).stat().st_size
            if size <= MOST_BYTES:
                break
        else:
            raise ValueError(
                f"A packed model has at most {MOST_BYTES:,} bytes of weights. Received: {size:,}, "
                "with 8 bits each"
            )
        added = {DIGEST: records.file_digest(packed / WEIGHTS), BITS: bits}
        records.write_json(packed / "config.json", {**record.config, **added})
        evaluate_run(packed)
        (packed / CARD).write_text(make_card(packed, record.metrics), encoding="utf-8")
        packed.rename(output)
    return output


def make_card(folder: str | Path, before: dict) -> str:
    """Return the card of a packed model as Markdown.

    Args:
        folder: of the packed model.
        before: what its run measured, before the weights were rounded.
    """
    record = records.read_record(folder)
    config, data = record.config, record.config["data"]
    limits = LIMITS.get(config["arguments"]["data"], FOR_PICTURES)
    rows = [
        f"| {name} | {_shown(value)} | {_shown(before.get(name))} |"
        for name, value in record.metrics.items()
        if isinstance(value, (int, float))
    ]
    settings = ", ".join(f"{k} {_shown(v, 'none')}" for k, v in sorted(config["arguments"].items()))
    return "\n".join(
        [
            f"# {Path(folder).name}",
            "",
            f"The experiment `{config['experiment']}`, seed {config['seed']}, "
            f"{len(record.history)} epochs, from {data['train_count']:,} images of "
            f"{config['arguments']['data']} (sha256 of the data {data['digest'][:12]}). Weights of "
            f"{config[BITS]} bits, sha256 {config[DIGEST][:12]}.",
            "",
            f"Settings: {settings}.",
            "",
            f"**Not to be used** {limits}.",
            "",
            "| measure | these weights | the run |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def _shown(value, nothing=""):
    return f"{value:.4g}" if isinstance(value, float) else nothing if value is None else str(value)
