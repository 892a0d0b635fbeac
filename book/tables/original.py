"""What the original project did, as our experiments of its name have it."""

from pathlib import Path

from book.runs import FULL, RESULTS, runs
from vaegan_edu import records

EXPERIMENTS = ("vaegan-mnist-original", "faces-original")


def settings(root: Path) -> list[dict[str, str]]:
    """Return each argument of the original project's experiments, and whether we assumed it."""
    from vaegan_edu import experiments  # starts Keras

    originals = {name: experiments.EXPERIMENTS[name] for name in EXPERIMENTS}
    rows = []
    for key in dict.fromkeys(key for one in originals.values() for key in one.settings):
        row = {"argument": f"`{key}`"}
        for name, experiment in originals.items():
            if key in experiment.settings:
                value = experiment.settings[key]
                text = f"{value:.6g}" if isinstance(value, float) else str(value)
                assumed = " (assumed)" if key in experiment.assumptions else ""
                row[f"`{name}`"] = f"`{text}`{assumed}"
        rows.append(row)
    return rows


def losses(root: Path) -> list[dict[str, str]]:
    """Return means of the losses that the original project logged in its face runs."""
    logs, rows = records.original_logs(), []
    for network in ("encoder", "decoder", "discriminator"):
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
    return rows


def full(root: Path) -> list[dict[str, str]]:
    """Return the runs at the original project's length, and how many epochs of each are there."""
    rows = []
    for run in runs(*FULL):
        folder = root / RESULTS / run.folder
        epochs = len(records.read_record(folder).history) if records.is_finished(folder) else 0
        rows.append(
            {
                "experiment": run.experiment,
                "learning rates": run.settings.get("schedule", ""),
                "recorded": f"{epochs} epochs" if epochs else "not run",
            }
        )
    return rows
