"""The search for a light VAE-GAN whose samples beat the *sharpened* VAE on MNIST.

    python -m benchmarks.quality_search [TRY ...]

Contrast alone brings a VAE's samples far in Fréchet distance (`book.tables.quality`). So the bar is
the VAE's samples with their contrast raised, by the better factor of 2 and 4; and nothing may be
lost in coverage or recall.

Settings are chosen here on 5,000 training images that no try is trained on, and which are what its
samples are compared with (`held_out` in `experiments.tasks.digits.evaluate_samples`). MNIST's test
images play no part. The classifier whose features are compared had seen all training images; it is
the same for all. One seed each, so small differences mean nothing.

All tries take about equal time: `EPOCHS` epochs, of the VAE more, for one of its epochs costs less
than half as much (part `models` of `benchmarks.train_step`).

Found: nothing. At the first setting of a VAE-GAN, "before", the Fréchet distance was that of the
sharpened VAE whose rate decays, recall was equal, and coverage was lower; no other try was better.

Each try leaves a file in `benchmarks/results/quality_search/`, the failed ones too. The command
makes those that are missing, and prints the table.
"""

import argparse
import json
import time
import traceback
from pathlib import Path

import keras

from benchmarks import markdown
from book.tables.quality import CLASSES, DISTANCES, KINDS
from vaegan_edu import callbacks, datasets, experiments, records
from vaegan_edu.experiments.batches import EpochBatches
from vaegan_edu.experiments.provenance import data_provenance, environment
from vaegan_edu.experiments.tasks.digits import evaluate_samples

RESULTS = Path(__file__).parent / "results" / "quality_search"
HELD_OUT = 5000
EPOCHS = {"vae-mnist": 5, "vaegan-mnist": 2}

# What each try changes in the arguments of an experiment, as they stood when the search began.
TRIES = {
    "vae": ("vae-mnist", {"schedule": "constant"}),
    "vae, cosine": ("vae-mnist", {"schedule": "cosine-steps"}),
    "before": ("vaegan-mnist", {}),
    "cosine": ("vaegan-mnist", {"schedule": "cosine-steps"}),
    "cosine, gamma 0.01": ("vaegan-mnist", {"schedule": "cosine-steps", "gamma": 0.01}),
    "cosine, gamma 0.0025": ("vaegan-mnist", {"schedule": "cosine-steps", "gamma": 0.0025}),
    # Planned when those above were known: a rate that falls had been worse than one that stays.
    "rate 0.002": ("vaegan-mnist", {"learning_rate": 2e-3}),
}
COLUMNS = {**DISTANCES, **{name: CLASSES[name] for name in list(CLASSES)[:3]}}


def hold_out(loaded):
    """Return MNIST's training images as `(most, ...), (the last HELD_OUT, ...)`."""
    (images, labels), _ = loaded
    return (images[:-HELD_OUT], labels[:-HELD_OUT]), (images[-HELD_OUT:], labels[-HELD_OUT:])


def run(name, data, seed=0):
    """Train and measure one try; write its record, with `error` in place of what failed."""
    base, changes = TRIES[name]
    experiment = experiments.EXPERIMENTS[base]
    arguments = {**experiment.settings, "epochs": EPOCHS[base], "seed": seed, **changes}
    record = {
        "try": name,
        "experiment": base,
        "changes": changes,
        "arguments": arguments,
        "data": data_provenance("mnist", data),
        **environment(Path(__file__).parent),
    }
    (x_train, y_train), _ = data
    keras.utils.set_random_seed(seed)
    started = time.perf_counter()
    try:
        model = experiment.build(arguments, x_train.shape[1:])
        batches = EpochBatches(x_train, y_train, arguments["batch_size"], seed)
        rules = experiment.compile(model, arguments, len(batches))
        follow = [callbacks.LearningRateSchedules(rules, "{network}_loss")] if rules else []
        history = model.fit(
            batches,
            epochs=arguments["epochs"],
            shuffle=False,
            verbose=0,
            callbacks=[batches.follow(), keras.callbacks.TerminateOnNaN(), *follow],
        )
        record["seconds"] = round(time.perf_counter() - started, 1)
        record["history"] = {k: [float(v) for v in vs] for k, vs in history.history.items()}
        record["metrics"] = evaluate_samples(model, data, arguments)
    except (ValueError, FloatingPointError) as error:  # what diverged cannot be measured
        traceback.print_exc()
        record.pop("history", None)  # JSON knows no NaN
        record["error"] = str(error)
    records.write_json(_path(name), record)


def rows(results=RESULTS):
    """Return the table's rows, each a dict from column to text; the floor first."""
    found = [json.loads(path.read_text()) for path in Path(results).glob("*.json")]
    found.sort(key=lambda record: list(TRIES).index(record["try"]))
    table = []
    for record in found:
        measured = record.get("metrics")
        if measured is None:
            table.append({"try": record["try"], "images": "failed"})
            continue
        if not table or table[0]["images"] != "real":
            table.insert(0, {"try": "", "images": "real", **_numbers(measured, "real")})
        for kind, title in KINDS.items():
            table.append({"try": record["try"], "images": title, **_numbers(measured, kind)})
    return table


def _numbers(measured, kind):
    return {title: f"{measured[f'{kind}_{name}']:.3g}" for name, title in COLUMNS.items()}


def _path(name):
    return RESULTS / f"{name.replace(', ', '-').replace(' ', '-')}.json"


def main(argv=None):
    """Make what is missing and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality_search")
    parser.add_argument("tries", nargs="*", metavar="TRY", help=f"{'; '.join(TRIES)} (all)")
    names = parser.parse_args(argv).tries or list(TRIES)
    missing = [name for name in names if not _path(name).exists()]
    if missing:
        data = hold_out(datasets.load_mnist())
        for name in missing:
            run(name, data)
    print(markdown.table_of(rows(RESULTS)))


if __name__ == "__main__":
    main()
