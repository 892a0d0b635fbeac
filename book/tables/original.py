"""What the original project did, as our experiments of its name have it."""

from pathlib import Path

EXPERIMENTS = ("vaegan-mnist-original", "faces-original")


def settings(root: Path) -> list[dict[str, str]]:
    """Return each argument of the original project's experiments, and whether we assumed it."""
    from vaegan_edu import experiments  # starts Keras

    originals = {name: experiments.EXPERIMENTS[name] for name in EXPERIMENTS}
    rows = []
    for key in dict.fromkeys(key for one in originals.values() for key in one.arguments):
        row = {"argument": f"`{key}`"}
        for name, experiment in originals.items():
            if key in experiment.arguments:
                value = experiment.arguments[key]
                text = f"{value:.6g}" if isinstance(value, float) else str(value)
                assumed = " (assumed)" if key in experiment.assumptions else ""
                row[f"`{name}`"] = f"`{text}`{assumed}"
        rows.append(row)
    return rows
