"""Every run that the book quotes: the one list of what `book/results/` holds.

`make results` makes what is missing of it; the tables read it. The arms that decide a claim are
registered in `vaegan_edu.claims`, the others stand here. Imports no Keras.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from vaegan_edu import claims
from vaegan_edu.claims import Arm
from vaegan_edu.records import Record, read_record

RESULTS = Path("book", "results")  # in the project's folder


class Run(NamedTuple):
    """A run of the book.

    Attributes:
        experiment: its name.
        settings: what differs from the experiment's own.
        seed: of all that is random.
        folder: the record, below `book/results/`.
    """

    experiment: str
    settings: dict
    seed: int
    folder: str


def _arm(experiment, seeds, **settings):
    """Return what stands before "seed-N" in the folders of runs, and the `Arm`."""
    words = "".join(f"{key.replace('_', '-')}-{value}-" for key, value in settings.items())
    return f"{experiment}/{words}", Arm(settings, seeds)


# The schedules of chapter 10 all begin at the original's first rate, as the registered one does:
# small faces, and few, so that there are epochs enough for every rule to act.
RULES = ("s1", "s2", "s3", "s4-text", "s4-log", "plateau", "cosine")
RENDERED = claims.USUAL_RATE
CONGRESS = {"data": "congress", **RENDERED}
del CONGRESS["train_count"]  # all of its photographs

# What `vaegan-mnist-original` assumed before its log was read (`benchmarks.original_settings`). The
# runs that were made then, registered ones among them, keep it.
ASSUMED_BEFORE = {
    "learning_rate": 5e-4,
    "discriminator_rate": 1.0,
    "feature_stage": "linear",
    "real_target": 0.9,
    "flip_probability": 0.05,
}


def _as_run(folder, arm):
    """Return a registered arm with the settings that it was run with."""
    if folder.startswith("vaegan-mnist-original/"):
        return Arm({**ASSUMED_BEFORE, **arm.settings}, arm.seeds)
    return arm


DEEP = {
    "faces-light": {"preset": "deep", "pixel_weight": 1.0},
    "vae-faces": {"preset": "deep", "beta": 0.3},
}

# What stands before "seed-N" in the folder of a run: its settings, and how many seeds.
ARMS = {
    **{f"{folder}/": _as_run(folder, arm) for folder, arm in claims.ARMS.items()},
    **dict(
        [
            _arm("gan-digits", 3),
            _arm("vaegan-digits", 3),
            _arm("vae-mnist", 5),
            _arm("vaegan-mnist", 5),
            # The four models on faces cost the same: 9, 20, 10 and 22 processor seconds an epoch.
            _arm("vae-faces", 3, image_size=32, epochs=12),
            _arm("vae-faces-similarity", 3, image_size=32, epochs=6),
            _arm("gan-faces", 3, image_size=32, epochs=11),
            _arm("faces-light", 3, image_size=32, epochs=5),
            _arm("faces-light", 1),
            _arm("faces-light", 1, data="congress", epochs=30),
        ]
    ),
    # What `benchmarks.face_recipe` came to, in full, and the VAE beside it.
    **{
        f"{name}/deep-{size}-": Arm({**DEEP[name], "image_size": size, "epochs": 30}, 1)
        for name in ("faces-light", "vae-faces")
        for size in (64, 32)
    },
    # The small VAE once more, for as long as the VAE-GAN took.
    "vae-faces/deep-32-long-": Arm({**DEEP["vae-faces"], "image_size": 32, "epochs": 66}, 1),
    "vaegan-mnist-original/epochs-2-": Arm({**ASSUMED_BEFORE, "epochs": 2}, 3),
    "vaegan-mnist-original/mnist/": Arm({**ASSUMED_BEFORE, "epochs": 20}, 1),
    **{f"faces-light/rendered-{rule}/": Arm({**RENDERED, "schedule": rule}, 3) for rule in RULES},
    **{f"faces-light/congress-{rule}/": Arm({**CONGRESS, "schedule": rule}, 1) for rule in RULES},
}

# The original project's experiments at its length, and its four schedules on the light networks:
# hours of a GPU, days of a processor. So layers compute in bfloat16.
ORIGINAL_SCHEDULES = ("s1", "s2-log", "s3-log", "s4-log", "s4-text")
HALF = {"precision": "mixed_bfloat16"}
AT_RATE = {"learning_rate": claims.USUAL_RATE["learning_rate"], **HALF}
FULL = {
    "vaegan-mnist-original/full/": Arm(HALF, 1),
    **{
        f"{name}/full-{rule}/": Arm({**AT_RATE, "epochs": 100, "schedule": rule}, 1)
        for name in ("faces-light", "faces-original")
        for rule in ORIGINAL_SCHEDULES
    },
}


def runs(*prefixes: str) -> Iterator[Run]:
    """Yield the runs of these arms, keys of `ARMS` or `FULL`; without any, of all of `ARMS`."""
    for prefix in prefixes or ARMS:
        arm = {**ARMS, **FULL}[prefix]
        for seed in range(arm.seeds):
            yield Run(prefix.partition("/")[0], arm.settings, seed, f"{prefix}seed-{seed}")


def read_arm(root: Path, prefix: str) -> dict[str, Record]:
    """Return the records of an arm by their folders, in the order of their seeds.

    Args:
        root: the project's folder.
        prefix: a key of `ARMS`.

    Raises:
        FileNotFoundError: a run was not made, or was not measured yet.
        ValueError: a record is damaged, or was made with other settings.
    """
    found = {}
    for run in runs(prefix):
        record = read_record(root / RESULTS / run.folder)
        if not record.metrics:
            raise FileNotFoundError(f"The run {run.folder} is not finished: `make results`")
        for key, value in json.loads(json.dumps(run.settings)).items():
            # A setting that came later is not named; a test knows what it was.
            if record.config["arguments"].get(key, value) != value:
                raise ValueError(
                    f"The record {run.folder} is stale: its `{key}` must be {value!r}. "
                    f"Received: {record.config['arguments'].get(key)!r}. "
                    "Remove it; `make results` makes it again"
                )
        found[run.folder] = record
    return found


def measured(records: dict[str, Record], key: str) -> list:
    """Return a metric of the records of an arm, one a run.

    Raises:
        KeyError: a record has no such metric.
    """
    for folder, record in records.items():
        if key not in record.metrics:
            raise KeyError(f"The record {folder} has no {key!r}")
    return [record.metrics[key] for record in records.values()]
