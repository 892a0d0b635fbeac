"""Collapse and cure: whether minibatch discrimination brings back the modes that a GAN lost.

    python -m benchmarks.collapse_and_cure --json collapse.json

A GAN learns a ring of 8 or a grid of 25 Gaussians (`vaegan_edu.toys`) from fresh points. The wide
ring has Gaussians of standard deviation 0.05 in place of the published 0.01, so that whether a mode
was found can be told from how sharply it was hit. Three discriminators of two layers of 64 units:

- plain: no more than that;
- minibatch: minibatch discrimination (Salimans et al. 2016) before the last layer, 8 kernels of
  dimension 4, its sum over the other 63 of the batch scaled by 1/16;
- control: equal capacity without the batch. The same number of weights, the same 8 additional
  features of the same form and size, but each example is compared with the origin, not with others.

Two games: in the balanced one both learning rates are 1e-3, in the unbalanced one the
discriminator's is 1e-4. Every cell has the same seeds; a seed sets weights, data and noise.

Stated before any run: a run FAILS when it covers fewer than half of the modes. A mode is covered
when one of 2,500 generated points lies within three standard deviations of it and no other mode is
nearer (Srivastava et al. 2017, section 5.1).

One stray point is little evidence: 2,500 points spread evenly over the square around the modes
cover most of them. Such points are the floor in the table, "chance". Beside the published count
stands a strict one, of the modes that got at least a tenth of their equal share. (The floor and the
failures by the strict count were added after the first pictures had been looked at.)

`--batch-size` plays with batches of another size, as many steps; the scale of the sum then changes
with it, so that the features keep their size. `--toy` and `--game` leave out the others.

The file is written after every run; the same command goes on where it was stopped.
"""

import argparse
import json
import os
import sys
import time
from importlib.util import find_spec
from pathlib import Path

if __name__ == "__main__" and find_spec("jax"):  # on networks this small the faster of the two
    os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
from keras import layers, ops

from benchmarks import markdown
from vaegan_edu import metrics, records, toys
from vaegan_edu.experiments.provenance import environment
from vaegan_edu.layers import MinibatchDiscrimination
from vaegan_edu.models import GAN

TOYS = {"ring": toys.ring(), "wide ring": toys.ring(std=0.05), "grid": toys.grid()}
GAMES = {"balanced": 1e-3, "unbalanced": 1e-4}  # the discriminator's learning rate
DISCRIMINATORS = ("plain", "minibatch", "control")
SETTINGS = {
    "steps": 5000,
    "batch_size": 64,
    "latent_dim": 2,
    "units": 64,
    "generator_learning_rate": 1e-3,
    "beta_1": 0.5,
    "num_kernels": 8,
    "kernel_dim": 4,
    "scale": 1 / 16,
    "points": 2500,
    "failure": "fewer than half of the modes covered",
}
COLUMNS = (
    "Toy",
    "Game",
    "Discriminator",
    "Modes covered, one a seed",
    "Mean",
    "Failed",
    "Modes, strictly",
    "Mean",
    "Failed",
    "High quality",
)


def build(discriminator, settings):
    """Return the two networks of a cell."""
    z = keras.Input((settings["latent_dim"],))
    generator = keras.Model(z, layers.Dense(2)(_two_layers(z, settings)), name="generator")
    points = keras.Input((2,))
    h = _two_layers(points, settings)
    kernels = settings["num_kernels"], settings["kernel_dim"]
    if discriminator == "minibatch":
        h = MinibatchDiscrimination(*kernels, scale=settings["scale"])(h)
    elif discriminator == "control":
        h = layers.Concatenate()([h, alone(h, *kernels, settings)])
    return generator, keras.Model(points, layers.Dense(1)(h), name="discriminator")


class Player:
    """Plays the game of one discriminator in one of the games; compiled once for all seeds."""

    def __init__(self, discriminator, game, settings):
        self.discriminator = discriminator
        self.settings = settings
        self.gan = GAN(*build(discriminator, settings), seed=0)
        self.gan.compile(
            keras.optimizers.Adam(settings["generator_learning_rate"], beta_1=settings["beta_1"]),
            keras.optimizers.Adam(GAMES[game], beta_1=settings["beta_1"]),
        )
        self._unused = [ops.convert_to_numpy(v) for v in self.gan.optimizer.variables]

    def play(self, mixture, seed):
        """Train from `seed` on points of a mixture, as a new model would; return new points."""
        keras.utils.set_random_seed(seed)
        generator, discriminator = build(self.discriminator, self.settings)
        self.gan.generator.set_weights(generator.get_weights())
        self.gan.discriminator.set_weights(discriminator.get_weights())
        for variable, value in zip(self.gan.optimizer.variables, self._unused, strict=True):
            variable.assign(value)
        self.gan.seed_generator.state.assign(keras.random.SeedGenerator(seed).state)
        batch_size = self.settings["batch_size"]
        data = mixture.sample(self.settings["steps"] * batch_size, seed=seed)
        self.gan.fit(data, batch_size=batch_size, shuffle=False, verbose=0)
        return self.gan.generate(self.settings["points"], seed=seed)


def measure(points, mixture):
    """Return what a run's points are worth; one that diverged covers nothing with its NaN."""
    finite = points[np.isfinite(points).all(axis=1)]
    modes, fair, quality = 0, 0, 0.0
    if len(finite):
        known = finite, mixture.modes, mixture.std
        modes = metrics.modes_covered(*known)
        fair = metrics.modes_covered(*known, minimum=len(points) // (10 * len(mixture.modes)))
        quality = metrics.high_quality_share(*known) * len(finite) / len(points)
    return {
        "modes": modes,
        "modes_with_a_tenth": fair,
        "high_quality": round(quality, 4),
        "failed": modes < len(mixture.modes) / 2,
    }


def chance(toy, settings, draws=10):
    """Return what points spread evenly over the square around a mixture's modes are worth."""
    mixture = TOYS[toy]
    low, high = mixture.modes.min() - 3 * mixture.std, mixture.modes.max() + 3 * mixture.std
    rng = np.random.default_rng(0)
    spread = rng.uniform(low, high, (draws, settings["points"], 2))
    return [measure(points, mixture) for points in spread]


def table(runs, settings):
    """Return the runs as a Markdown table, a row a cell, with each toy's floor above its cells."""
    lines = []
    for toy, mixture in TOYS.items():
        rows = {(toy, "chance", ""): chance(toy, settings)}
        for cell in cells():
            found = [r for r in runs if (r["toy"], r["game"], r["discriminator"]) == cell]
            if cell[0] == toy and found:
                rows[cell] = found
        if len(rows) == 1:
            continue
        for cell, found in rows.items():
            line = [*cell]
            for count in ("modes", "modes_with_a_tenth"):
                modes = [r[count] for r in found]
                failed = sum(n < len(mixture.modes) / 2 for n in modes)
                line += [" ".join(map(str, modes)), f"{np.mean(modes):.1f}"]
                line += [f"{failed} of {len(modes)}"]
            lines.append([*line, f"{np.mean([r['high_quality'] for r in found]):.2f}"])
    return markdown.table(COLUMNS, lines)


def cells(only_toy=None, only_game=None):
    """Yield toy, game and discriminator of every cell; the games that collapse come first."""
    for toy in TOYS if only_toy is None else (only_toy,):
        for game in reversed(GAMES) if only_game is None else (only_game,):
            for discriminator in DISCRIMINATORS:
                yield toy, game, discriminator


def main(argv=None):
    """Run what the file does not hold yet, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.collapse_and_cure")
    add = parser.add_argument
    add("--json", type=Path, required=True, help="file of results, made or resumed")
    add("--seeds", type=int, default=10, help="runs of each cell (default: %(default)s)")
    add("--steps", type=int, default=SETTINGS["steps"], help="of each run (default: %(default)s)")
    batch_size = SETTINGS["batch_size"]
    add("--batch-size", type=int, default=batch_size, help="of each step (default: %(default)s)")
    add("--toy", choices=TOYS, help="the only one to play (default: all)")
    add("--game", choices=GAMES, help="the only one to play (default: both)")
    add("--points", type=Path, help="folder for what the models generated, one .npy a run")
    arguments = parser.parse_args(argv)
    changed = {
        "steps": arguments.steps,
        "batch_size": arguments.batch_size,
        "scale": SETTINGS["scale"] * batch_size / arguments.batch_size,
    }
    record = _open(arguments.json, {**SETTINGS, **changed})
    done = {(r["toy"], r["game"], r["discriminator"], r["seed"]) for r in record["runs"]}
    players = {}
    # Seed by seed, so that a run that was stopped has something to say of every cell.
    for seed in range(arguments.seeds):
        for cell in cells(arguments.toy, arguments.game):
            if (*cell, seed) in done:
                continue
            toy, game, discriminator = cell
            if (discriminator, game) not in players:
                players[discriminator, game] = Player(discriminator, game, record["settings"])
            started = time.perf_counter()
            points = players[discriminator, game].play(TOYS[toy], seed)
            result = measure(points, TOYS[toy])
            record["runs"].append(
                {
                    "toy": toy,
                    "game": game,
                    "discriminator": discriminator,
                    "seed": seed,
                    **result,
                    "seconds": round(time.perf_counter() - started, 2),
                }
            )
            records.write_json(arguments.json, record)
            if arguments.points:
                arguments.points.mkdir(parents=True, exist_ok=True)
                np.save(arguments.points / f"{'-'.join(cell)}-{seed}.npy", points)
            print(*cell, f"seed {seed}: {result['modes']} modes", file=sys.stderr, flush=True)
    print(table(record["runs"], record["settings"]))


def _two_layers(h, settings):
    for _ in range(2):
        h = layers.Dense(settings["units"], activation="relu")(h)
    return h


def alone(h, num_kernels, kernel_dim, settings):
    """What minibatch discrimination would see if all others of the batch lay at the origin."""
    start = keras.initializers.RandomNormal(stddev=1 / (kernel_dim * h.shape[-1] ** 0.5))
    m = layers.Dense(num_kernels * kernel_dim, use_bias=False, kernel_initializer=start)(h)
    distance = ops.sum(ops.abs(layers.Reshape((num_kernels, kernel_dim))(m)), axis=-1)
    return settings["scale"] * (settings["batch_size"] - 1) * ops.exp(-distance)


def _open(path, settings):
    """Return the record in `path`, or a new one; `SystemExit` if it is of other settings."""
    if not path.exists():
        return {
            "settings": {**settings, "games": GAMES},
            **environment(Path(__file__).parent),
            "backend": keras.backend.backend(),
            "runs": [],
        }
    record = json.loads(path.read_text())
    if record["settings"] != {**settings, "games": GAMES}:
        raise SystemExit(f"{path} holds runs of other settings; choose another file")
    if record["backend"] != keras.backend.backend():
        raise SystemExit(f"{path} holds runs of another backend: {record['backend']}")
    return record


if __name__ == "__main__":
    main()
