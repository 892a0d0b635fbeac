"""Mode collapse on a ring of eight Gaussians: the arms that claim C3 compares."""

from pathlib import Path

from book.runs import RESULTS
from book.tables.quality import interval
from vaegan_edu import claims, verdicts


def arms(root: Path) -> list[dict[str, str]]:
    """Return the modes that each seed of each registered arm of the ring covers."""
    rows = []
    for folder, arm in claims.ARMS.items():
        if folder.startswith("gan-ring/"):
            runs = verdicts.read_arm(root / RESULTS, folder).finished.values()
            modes = [str(run.metrics["modes_covered_strictly"]) for run in runs]
            kernels = arm.settings.get("minibatch_kernels", 0)
            rows.append(
                {
                    "batch": str(arm.settings["batch_size"]),
                    "minibatch discrimination": f"{kernels} kernels" if kernels else "none",
                    "modes of 8, by seed": ", ".join(modes),
                    "points of high quality": interval(
                        [run.metrics["high_quality_share"] for run in runs]
                    ),
                }
            )
    return rows
