"""Whether BatchNorm after the activation harms the training, or the averages that samples use.

    python -m benchmarks.batch_norm_averages

BatchNorm normalises by the batch while a network is trained, and by moving averages when it is
used. The averages follow slowly: Keras keeps 0.99 of them at each step, and an epoch of
`gan-digits` has 23 steps. So what claim C2 registered, coverage in epochs 11 to 20 of samples that
use the averages, may speak of the averages as much as of the order of layers.

Here the two registered arms, `gan-digits/plain` with BatchNorm before the activation and
`gan-digits/norm-after`, are trained again from the registered seeds. After each epoch the generator
is judged twice from the same codes: as registered, and with its averages renewed, which are then
the mean over `RENEWALS` batches of fresh codes. Renewing changes nothing of the training: the
averages are put back.

Decided before all but a try from two seeds was known: the registered effect, the share of coverage
that is lost, in the registered epochs and in the last one, both ways, each with its interval.

Made so far: three of the five seeds.

Each run leaves a file in `benchmarks/results/batch_norm_averages/`; the first seed also leaves its
sheets. The command makes those that are missing and prints the table.
"""

import dataclasses
import json
import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is imported

import numpy as np

from benchmarks import markdown
from benchmarks.light_recipe import recompute_statistics
from vaegan_edu import claims, experiments, plotting, records
from vaegan_edu.callbacks.samples import write_picture
from vaegan_edu.experiments.provenance import environment
from vaegan_edu.experiments.tasks import DigitSamples
from vaegan_edu.intervals import difference_interval, mean_interval

RESULTS = Path(__file__).parent / "results" / "batch_norm_averages"
ARMS = {"before": "gan-digits/plain", "after": "gan-digits/norm-after"}
EPOCHS = (11, 20)  # the registered ones
RENEWALS, BATCH = 12, 500
MEASURES = ("sample_frechet_distance", "sample_coverage")
SHOWN = 40  # samples on a sheet


def renewed(decoder, latent_dim, measure):
    """Return what `measure()` returns while the decoder's averages are those of fresh codes."""
    kept = decoder.get_weights()
    codes = np.random.default_rng(0).standard_normal((RENEWALS * BATCH, latent_dim))
    recompute_statistics(decoder, codes.astype("float32"), BATCH)
    try:
        return measure()
    finally:
        decoder.set_weights(kept)


class JudgedTwice(DigitSamples):
    """The registered task, which also measures with renewed averages after each epoch."""

    def watch(self, data, settings):
        """Return a function as `DigitSamples.watch`, with columns `renewed_...` beside."""
        usual = super().watch(data, settings)

        def watch(model):
            row = usual(model)
            fresh = renewed(model.decoder, settings["latent_dim"], lambda: usual(model))
            return row | {f"renewed_{name}": fresh[name] for name in MEASURES}

        return watch


twice = dataclasses.replace(experiments.EXPERIMENTS["gan-digits"], task=JudgedTwice())


def run(name, seed, results=RESULTS, **changes):
    """Train an arm from a seed, and write what both ways of judging say of it."""
    arm = claims.ARMS[ARMS[name]]
    with tempfile.TemporaryDirectory() as folder:
        path = experiments.train(
            f"{__file__}:twice",
            settings={**arm.settings, **changes},
            seed=seed,
            output=Path(folder, "run"),
            progress=False,
        )
        record = records.read_record(path)
        if seed == 0:
            model = experiments.load_run(path).model
            draw = lambda: model.generate(SHOWN, seed=seed)  # noqa: E731
            latent_dim = record.config["arguments"]["latent_dim"]
            results.mkdir(parents=True, exist_ok=True)
            for word, images in (
                ("", draw()),
                ("-renewed", renewed(model.decoder, latent_dim, draw)),
            ):
                write_picture(results / f"{name}{word}.png", plotting.tile(images, columns=10))
    columns = [kind + measure for kind in ("", "renewed_") for measure in MEASURES]
    records.write_json(
        results / f"{name}-seed-{seed}.json",
        {
            "arm": name,
            "arguments": record.config["arguments"],
            **environment(Path(__file__).parent),
            **{column: [row[column] for row in record.history] for column in columns},
        },
    )


def read(results=RESULTS):
    """Return the records by arm, each a list in the order of the seeds."""
    return {
        name: [
            json.loads(path.read_text(encoding="utf-8"))
            for path in sorted(Path(results).glob(f"{name}-seed-*.json"))
        ]
        for name in ARMS
    }


def rows(results=RESULTS):
    """Return the table: distance and coverage of both arms, and the share of coverage lost."""
    found = read(results)
    first, last = EPOCHS
    table = []
    for judged, kind in (("as registered", ""), ("averages renewed", "renewed_")):
        for span, epochs in (
            (f"{first} to {last}", slice(first - 1, last)),
            ("the last", slice(-1, None)),
        ):
            row = {"judged": judged, "epochs": span}
            means = {
                (name, measure): [np.mean(record[kind + measure][epochs]) for record in found[name]]
                for name in ARMS
                for measure in MEASURES
            }
            for measure, word in zip(MEASURES, ("Fréchet", "coverage"), strict=True):
                for name in ARMS:
                    mean, low, high = mean_interval(means[name, measure])
                    row[f"{word}, {name}"] = f"{mean:.3g} [{low:.3g}, {high:.3g}]"
            sides = [means[name, "sample_coverage"] for name in ARMS]
            lost, low, high = difference_interval(*sides, relative=True)
            row["coverage lost"] = f"{lost:.0%} [{low:.0%}, {high:.0%}]"
            table.append(row)
    return table


def main(results=RESULTS, seeds=5, **changes):
    """Make what is missing, and print the table."""
    for seed in range(seeds):
        for name in ARMS:
            if not (results / f"{name}-seed-{seed}.json").exists():
                run(name, seed, results, **changes)
    print(markdown.table_of(rows(results)))


if __name__ == "__main__":
    main()
