"""Write the book's wide tables: book/tables/<name>.md, from the records and the experiments alone.

    python tools/tables.py [--check]

A page includes them. `--check` writes nothing and fails on a difference.
"""

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is imported

from benchmarks import faces, quality, quality_search, train_step  # noqa: E402
from vaegan_edu import claims, models, records, verdicts  # noqa: E402
from vaegan_edu.experiments import EXPERIMENTS  # noqa: E402

TABLES = Path(__file__).resolve().parents[1] / "book" / "tables"
DIGITS = ("gan-digits", "vaegan-digits")
ORIGINALS = ("vaegan-mnist-original", "faces-original")


def original_settings():
    """Return each argument of the original project's experiments, and whether we assumed it."""
    experiments = {name: EXPERIMENTS[name] for name in ORIGINALS}
    arguments = dict.fromkeys(key for one in experiments.values() for key in one.arguments)
    rows = []
    for key in arguments:
        row = {"argument": f"`{key}`"}
        for name, experiment in experiments.items():
            if key in experiment.arguments:
                value = experiment.arguments[key]
                text = f"{value:.6g}" if isinstance(value, float) else str(value)
                assumed = " (assumed)" if key in experiment.assumptions else ""
                row[f"`{name}`"] = f"`{text}`{assumed}"
        rows.append(row)
    return quality.table(rows)


def original_losses():
    """Return means of the losses that the original project logged in its face runs."""
    logs, rows = records.original_logs(), []
    for network in models.VAEGAN.network_names:
        for kind, column, span in (
            ("validation", f"val_{network}_loss", (81, 90)),
            ("validation", f"val_{network}_loss", (91, 100)),
            ("training", f"{network}_loss", (91, 100)),
        ):
            row = {"network": network, "loss": kind, "epochs": "{} to {}".format(*span)}
            for run in ("s1", "s2", "s3", "s4"):
                values = logs[f"faces-{run}"][column][span[0] - 1 : span[1]]
                row[run.upper()] = f"{sum(values) / len(values):.2f}"
            rows.append(row)
    return quality.table(rows)


def ring_arms():
    """Return the modes that each seed of each registered arm of the ring covers."""
    rows = []
    for folder, arm in claims.ARMS.items():
        if folder.startswith("gan-ring/"):
            runs = verdicts.read_arm(quality.RESULTS, folder).finished.values()
            shares = [run.metrics["high_quality_share"] for run in runs]
            kernels = arm.settings.get("minibatch_kernels", 0)
            rows.append({
                "batch": str(arm.settings["batch_size"]),
                "minibatch discrimination": f"{kernels} kernels" if kernels else "none",
                "modes of 8, by seed": ", ".join(
                    str(run.metrics["modes_covered_strictly"]) for run in runs
                ),
                "points of high quality": quality.interval(shares),
            })  # fmt: skip
    return quality.table(rows)


def render():
    """Return the tables, a dict from name to Markdown."""
    compared = faces.read_runs()
    speed = json.loads(quality.SPEED.read_text(encoding="utf-8"))["parts"]
    return {
        "quality_cost": quality.table(quality.cost()),
        "quality_distances": quality.table(quality.samples(quality.DISTANCES)),
        "quality_classes": quality.table(quality.samples(quality.CLASSES)),
        "digits_distances": quality.table(quality.samples(quality.DISTANCES, DIGITS)),
        "digits_classes": quality.table(quality.samples(quality.CLASSES, DIGITS)),
        "quality_search": quality.table(quality_search.rows()),
        **{f"faces_{rows.__name__}": quality.table(rows(compared)) for rows in faces.TABLES},
        "train_step": train_step.table(speed),
        "original_settings": original_settings(),
        "original_losses": original_losses(),
        "ring_arms": ring_arms(),
    }


def main():
    """Write what differs, or with `--check` only say so."""
    different = []
    for name, text in render().items():
        path = TABLES / f"{name}.md"
        if not path.exists() or path.read_text(encoding="utf-8") != text + "\n":
            different.append(path.name)
            if "--check" not in sys.argv:
                path.parent.mkdir(exist_ok=True)
                path.write_text(text + "\n", encoding="utf-8")
    if different and "--check" in sys.argv:
        return f"{', '.join(different)} in {TABLES} is not what the records say: `make results`"


if __name__ == "__main__":
    sys.exit(main())
