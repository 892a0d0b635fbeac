"""Where does the adversary pay? Quality of MNIST samples against the time of training.

    python -m benchmarks.quality_against_time [--shares 0.0625 0.125 ...] [--seeds 0 1 2]

The best VAE, the best VAE-GAN and a GAN of `benchmarks.light_recipe`, with the same decoder, each
trained anew for every length, so that its rates have fallen to zero at the end of each.

Registered before the runs:

- **Length.** Operations, as there, in shares of the same work; each doubles the one before. The
  figure shows them as minutes of one core, the processor time of the training itself, mean over
  seeds.
- **Data.** As there: trained on 55,000 of MNIST's training images, compared with the other 5,000.
- **Ways of sampling.** One for each model, the one that was best by Fréchet distance in the last
  round there: of the VAE "mixture x4", of the VAE-GAN "mixture x2"; of the GAN, which encodes
  nothing and so has no mixture, "average". Beside them the samples as they come from the decoder,
  without contrast.
- **Seeds.** 0, 1 and 2, shown as dots, with their mean as a line.
- **Verdict.** The VAE-GAN pays from the shortest length on from which its mean Fréchet distance is
  below that of the other model at every length, by more than the 95 % interval of the difference
  (Welch) at that length. Against the VAE and against the GAN by itself.

Made so far, for want of time: the share 1/16. At a share of 1 stand the runs of the last round of
`light_recipe`, which have the same settings: two seeds, no GAN. They ran on another processor, so
their minutes are not those of the others; operations are.

Each run leaves a file in `benchmarks/results/quality_against_time/`. The command makes those that
are missing, prints the table and draws the figure of the page *measurements*.
"""

import argparse
import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is imported

import matplotlib.pyplot as plt
import numpy as np

from benchmarks import light_recipe, markdown
from benchmarks.light_recipe import GAME_BASE, PLAYED, VAE_BASE
from vaegan_edu.intervals import difference_interval

# What the game of a VAE-GAN has and a GAN has not.
_NOT_OF_A_GAN = (
    "gamma kl_weight feature_weight feature_scale reconstructions_are_fakes fake_weight "
    "prior_is_played r1 r2 relativistic pixels"
).split()
GAN_BASE = {name: value for name, value in GAME_BASE.items() if name not in _NOT_OF_A_GAN}

# The registered way of sampling of each model, and the one without contrast.
WAYS = {"VAE": ("mixture x4", "mixture"), "GAN": ("average",), "VAE-GAN": ("mixture x2", "mixture")}

STUDY = replace(
    light_recipe.STUDY,
    name="quality_against_time",
    arms={
        "VAE": (VAE_BASE, {"preset": "quick", "beta": 0.3}),
        "GAN": (GAN_BASE, {"preset": "tiny"}),
        "VAE-GAN": (GAME_BASE, PLAYED),
    },
    ways=("plain", "average", "mixture", "mixture x2", "mixture x4"),
)
SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)
# The arms of `light_recipe` that were trained there in full, with the same settings.
IN_FULL = {"vae, beta 0.3": "VAE", "tiny, start, game": "VAE-GAN"}
STYLES = {"VAE": ("C0", "o"), "GAN": ("C2", "s"), "VAE-GAN": ("C1", "^")}
FIGURE = Path(__file__).parents[1] / "book" / "figures" / "quality_against_time.png"


def read(results):
    """Return the records of the study by (share, arm), each a list in the order of the seeds.

    Args:
        results: the folder of all studies.
    """
    found = {}
    for path in sorted(Path(results, STUDY.name).glob("*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        found.setdefault((record["share"], record["arm"]), []).append(record)
    for path in sorted(Path(results, light_recipe.STUDY.name).glob("*-1-seed-*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["arm"] in IN_FULL:
            found.setdefault((1.0, IN_FULL[record["arm"]]), []).append(record)
    return found


def values(records, way, measure="frechet_distance"):
    """Return a measure of some records, by one way of sampling: one number a seed."""
    return np.array([record["ways"][way][measure] for record in records])


def minutes(records):
    """Return the mean processor time of some trainings, in minutes."""
    return float(np.mean([record["processor_seconds"] for record in records])) / 60


def rows(results):
    """Return the table's rows, means over seeds: a length after the other, the floor first."""
    found = read(results)
    floor = next(iter(found.values()))[0]["ways"]["real"]
    table = [
        dict.fromkeys(("model", "share", "seeds", "minutes"), "")
        | {"samples": "real images"}
        | {title: f"{floor[name]:.3g}" for name, title in light_recipe.MEASURES.items()}
    ]
    for share in sorted({share for share, _ in found}):
        for arm, ways in WAYS.items():
            for way in ways if (share, arm) in found else ():
                records = found[share, arm]
                table.append(
                    {
                        "model": arm,
                        "share": f"{share:g}",
                        "seeds": str(len(records)),
                        "minutes": f"{minutes(records):.1f}",
                        "samples": way,
                    }
                    | {
                        title: f"{values(records, way, name).mean():.3g}"
                        for name, title in light_recipe.MEASURES.items()
                    }
                )
    return table


def pays(results):
    """Return the registered verdict, a row for each other model.

    `pays from` is the share from which the VAE-GAN's mean distance is below the other's at every
    length, by more than the interval of the difference; "never" where there is none.
    """
    found = read(results)
    table = []
    for other in ("VAE", "GAN"):
        since = "never"
        row = {"VAE-GAN against": other}
        for share in sorted({share for share, _ in found}):
            if (share, other) not in found:
                continue
            pair = [values(found[share, arm], WAYS[arm][0]) for arm in (other, "VAE-GAN")]
            effect, low, high = difference_interval(*pair)
            row[f"at {share:g}"] = f"{effect:.2f} [{low:.2f}, {high:.2f}]"
            if low <= 0.0:
                since = "never"
            elif since == "never":
                since = f"{share:g}"
        table.append({**row, "pays from": since})
    return table


def drawn_from(results):
    """Return a digest of what the figure shows."""
    shown = [[share, arm, minutes(runs)] for (share, arm), runs in sorted(read(results).items())]
    return hashlib.sha256(json.dumps([shown, rows(results)]).encode()).hexdigest()


def draw(results, path):
    """Draw Fréchet distance against minutes: dots are seeds, lines their means.

    The file's description is `drawn_from` these results, so that a stale figure is noticed.
    """
    found = read(results)
    figure, axes = plt.subplots(figsize=(7.0, 4.2), layout="constrained")
    for arm, ways in WAYS.items():
        colour, marker = STYLES[arm]
        for way, line in zip(ways, ("-", ":"), strict=False):
            lengths = [found[share, arm] for share in sorted({s for s, a in found if a == arm})]
            at = [minutes(records) for records in lengths]
            label = arm if way == "average" else f"{arm}, {way}"
            means = [values(records, way).mean() for records in lengths]
            axes.plot(at, means, line, color=colour, label=label)
            for x, records in zip(at, lengths, strict=True):
                dots = values(records, way)
                axes.plot([x] * len(dots), dots, marker, color=colour, markersize=4, alpha=0.7)
    floor = next(iter(found.values()))[0]["ways"]["real"]["frechet_distance"]
    axes.axhline(floor, color="0.4", linestyle="--", label="real images")
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="minutes of one core, training alone",
        ylabel="Fréchet distance",
    )
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:g}")
    axes.legend(fontsize="small")
    figure.savefig(path, dpi=150, metadata={"Description": drawn_from(results)})
    plt.close(figure)


def main(argv=None, study=STUDY, figure=FIGURE):
    """Make what is missing, the short runs first; print the tables and draw the figure."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{STUDY.name}")
    parser.add_argument("--shares", type=float, nargs="*", default=SHARES)
    parser.add_argument("--seeds", type=int, nargs="*", default=(0, 1, 2))
    given = parser.parse_args(argv)
    data = None
    for share in given.shares:
        for seed in given.seeds:
            for name in study.arms:
                if not study.path_of(name, share, seed).exists():
                    data = data or study.load()
                    light_recipe.run(study, name, data, share, seed)
    for table in (rows(study.results), pays(study.results)):
        print(markdown.table_of(table))
    draw(study.results, figure)


if __name__ == "__main__":
    main()
