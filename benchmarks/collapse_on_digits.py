"""Mode collapse on images: whether minibatch discrimination brings back digits that a GAN lost.

    python -m benchmarks.collapse_on_digits --search
    python -m benchmarks.collapse_on_digits

`benchmarks.collapse_and_cure` plays with points. Here the same three discriminators, plain,
minibatch and control, judge pictures: the built-in digits. Their layers are those of the preset
"small"; what is added stands behind the flattened convolutions, as in `collapse_and_cure`.

Registered before the runs:

- **A game that collapses.** `--search` plays `GAMES` in their order with the plain discriminator,
  on the seeds 10 and 11. The first in which both runs leave at most `LOST` digits with at least a
  tenth of their equal share, as the classifier of digits names them, is the game of the experiment.
  All that were played stand in the record.
- **The experiment.** That game with each discriminator, seeds 0 to 4, the same for all three. A run
  FAILS when it leaves at most `LOST` digits.
- **The verdict.** The layer cures if it fails in none of five runs and the control in three at
  least; it helps if its mean of digits is higher than the control's by an interval that leaves out
  zero, run by run (`metrics.difference_interval`, paired). Otherwise the view of the batch did
  nothing here that can be told.

A classifier names whatever it is shown. So beside the digits stand the share of samples that it
finds unclear, and the coverage of test images in its features.

The file is written after every run; the same command goes on where it was stopped.
"""

import argparse
import itertools
import json
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is imported

import keras
import numpy as np
from keras import layers

from benchmarks import markdown
from benchmarks.collapse_and_cure import DISCRIMINATORS, alone
from vaegan_edu import datasets, metrics, networks, records
from vaegan_edu.callbacks.samples import write_picture
from vaegan_edu.experiments.provenance import environment
from vaegan_edu.layers import MinibatchDiscrimination
from vaegan_edu.models import GAN
from vaegan_edu.plotting import tile

RECORD = Path(__file__).parent / "results" / "collapse_on_digits.json"
SHEETS = RECORD.with_suffix("")  # of the experiment's first seed, which chapter 6 shows
SETTINGS = {
    "steps": 2000,
    "batch_size": 64,
    "latent_dim": 10,
    "preset": "small",
    "num_kernels": 8,
    "kernel_dim": 4,
    "scale": 1 / 16,
    "images": 1000,  # that are generated and judged
}
LOST = 5  # digits that are left in a run that fails, at most
SEARCHED = (10, 11)
SEEDS = 5

# Learning rates of generator and discriminator, and beta_1 of both.
GAMES = {
    "unbalanced": (1e-3, 1e-4, 0.5),  # that of the points
    "fast generator": (5e-3, 1e-3, 0.5),
    "momentum": (1e-3, 1e-4, 0.9),
    "slow discriminator": (1e-3, 3e-5, 0.5),
    "momentum, fast generator": (5e-3, 1e-3, 0.9),
}


def build(kind, settings=SETTINGS, image_shape=(28, 28, 1)):
    """Return generator and discriminator of a kind, one of `DISCRIMINATORS`."""
    generator = networks.build_decoder(settings["preset"], image_shape, settings["latent_dim"])
    judge = networks.build_discriminator(settings["preset"], image_shape)
    h = judge.get_layer("logits").input
    kernels = settings["num_kernels"], settings["kernel_dim"]
    if kind == "minibatch":
        h = MinibatchDiscrimination(*kernels, scale=settings["scale"])(h)
    elif kind == "control":
        h = layers.Concatenate()([h, alone(h, *kernels, settings)])
    return generator, keras.Model(judge.input, layers.Dense(1)(h), name="discriminator")


def play(kind, game, seed, images, settings=SETTINGS):
    """Train a GAN of a kind in a game from its seed; return what it generates."""
    keras.utils.set_random_seed(seed)
    gan = GAN(*build(kind, settings, images.shape[1:]), seed=seed)
    generator_rate, discriminator_rate, beta_1 = GAMES[game]
    gan.compile(
        keras.optimizers.Adam(generator_rate, beta_1=beta_1),
        keras.optimizers.Adam(discriminator_rate, beta_1=beta_1),
    )
    rng = np.random.default_rng(seed)
    needed = settings["steps"] * settings["batch_size"]
    rows = [rng.permutation(len(images)) for _ in range(-(-needed // len(images)))]
    rows = np.concatenate(rows)[:needed]
    for part in np.array_split(rows, -(-needed // 20_000)):  # copies of few images at a time
        part = part[: len(part) // settings["batch_size"] * settings["batch_size"]]
        gan.fit(images[part], batch_size=settings["batch_size"], shuffle=False, verbose=0)
    return gan.generate(settings["images"], seed=seed)


def measure(generated, real, classifier):
    """Return what a run's images are worth; what diverged leaves no digit."""
    if not np.isfinite(generated).all():
        return {"digits": 0, "divergence": None, "unclear": 1.0, "coverage": 0.0}
    read = metrics.read_digits(classifier, generated)
    counts = metrics.class_histogram(read.readings)
    return {
        "digits": metrics.classes_covered(counts, max(len(generated) // 100, 1)),
        "divergence": round(metrics.histogram_divergence(counts), 3),
        "unclear": round(metrics.low_confidence_share(read.readings), 3),
        "coverage": round(metrics.compare_features(read, real)["coverage"], 3),
    }


def found_game(runs):
    """Return the first game in which both runs of the search failed, `None` without one."""
    for game in GAMES:
        left = [run["digits"] for run in runs if run["game"] == game and run["seed"] in SEARCHED]
        if len(left) == len(SEARCHED) and max(left) <= LOST:
            return game
    return None


def rows(record):
    """Return the table's rows: a game and a kind of discriminator, a number for each seed."""
    parts = (("search", SEARCHED), ("experiment", range(SEEDS)))
    table = []
    for game, kind, (part, seeds) in itertools.product(GAMES, DISCRIMINATORS, parts):
        runs = [
            run
            for run in record["runs"]
            if (run["game"], run["kind"]) == (game, kind) and run["seed"] in seeds
        ]
        if runs:
            failed = sum(run["digits"] <= LOST for run in runs)
            means = {name: np.mean([run[name] for run in runs]) for name in ("unclear", "coverage")}
            table.append(
                {
                    "part": part,
                    "game": game,
                    "discriminator": kind,
                    "digits, one a seed": " ".join(str(run["digits"]) for run in runs),
                    "failed": f"{failed} of {len(runs)}",
                    **{name: f"{mean:.2f}" for name, mean in means.items()},
                }
            )
    return table


def main(argv=None, path=RECORD, settings=SETTINGS):
    """Play what the record does not hold yet, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.collapse_on_digits")
    parser.add_argument("--search", action="store_true", help="look for a game that collapses")
    searching = parser.parse_args(argv).search
    record = {"settings": settings, "runs": []}
    if path.exists():
        record = json.loads(path.read_text(encoding="utf-8"))
    if record["settings"] != settings:
        raise SystemExit(f"{path} holds runs of other settings; remove it")
    (images, _), (held_out, _) = datasets.load_digits()
    classifier = metrics.load_classifier("digits")
    real = metrics.read_digits(classifier, held_out)

    def once(kind, game, seed):
        for run in record["runs"]:
            if (run["kind"], run["game"], run["seed"]) == (kind, game, seed):
                return
        generated = play(kind, game, seed, images, settings)
        if seed == 0:
            SHEETS.mkdir(parents=True, exist_ok=True)
            write_picture(SHEETS / f"{kind}.png", tile(generated[:40], columns=20))
        run = {"kind": kind, "game": game, "seed": seed, **measure(generated, real, classifier)}
        record["runs"].append(run)
        records.write_json(path, {**record, **environment(Path(__file__).parent)})

    if searching:
        for game in GAMES:
            for seed in SEARCHED:
                once("plain", game, seed)
            if found_game(record["runs"]):
                break
    else:
        game = found_game(record["runs"])
        if game is None:
            raise SystemExit("No game is known that collapses; look for one with --search")
        for seed in range(SEEDS):
            for kind in DISCRIMINATORS:
                once(kind, game, seed)
    print(markdown.table_of(rows(record)))


if __name__ == "__main__":
    main()
