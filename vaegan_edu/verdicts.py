"""From the registered claims and the records to an effect, its interval and a verdict.

Imports no Keras, so that the book's pages build soon.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vaegan_edu.claims import ARMS, CLAIMS, Claim, Requirement
from vaegan_edu.intervals import difference_interval, mean_interval
from vaegan_edu.records import Record, is_finished, read_record

Row = Mapping[str, float]  # of a history
ENOUGH = 3  # seeds on a side; with fewer a claim stays open


def class_divergence(row: Row) -> float:
    """Return the KL divergence of a history row's class shares from even ones, in nats."""
    shares = _shares(row)
    return sum(share * math.log(share * len(shares)) for share in shares if share > 0.0)


def smallest_class(row: Row) -> float:
    """Return the share of the rarest class in a row of a history."""
    return min(_shares(row))


def overfitting(row: Row) -> float:
    """Return by how much D is larger on training images than on test images."""
    return row["d_train"] - row["d_test"]


# Numbers that a record does not hold as they are, from a row of its history.
DERIVED = {
    "class_divergence": class_divergence,
    "smallest_class": smallest_class,
    "overfitting": overfitting,
}

# What a metric is, in a few words.
MEANINGS = {
    "between_precision": "precision of decoded midpoints",
    "between_low_confidence": "share of midpoints without a clear class",
    "between_pixel_precision": "precision of midpoints in pixels",
    "class_divergence": "KL divergence of the generated classes from even shares, nats",
    "smallest_class": "share of the rarest class",
    "overfitting": "D on training images minus D on test images",
    "sample_frechet_distance": "Fréchet distance of generated images",
    "sample_coverage": "coverage of real images by generated ones",
    "random_frechet_distance": "Fréchet distance of generated images",
    "random_sharpness": "energy of generated images in high spatial frequencies",
    "modes_covered_strictly": "modes with at least a tenth of their equal share of points",
    "high_quality_share": "share of points within three standard deviations of a mode",
}


@dataclass(frozen=True)
class Verdict:
    """What the records say of a claim.

    Attributes:
        claim: the `claims.Claim`.
        word: "supported", "refuted" or "open".
        why: in a sentence, how the word follows.
        effect: `(effect, low, high)`, or `None` where too few runs are there.
        sides: for `more` and `less` a mapping from metric to `(mean, low, high)`; empty likewise.
        runs: how many runs each side has, of how many registered; those that broke off.
    """

    claim: Claim
    word: str
    why: str
    effect: tuple | None = None
    sides: tuple = ()
    runs: tuple = ()


@dataclass(frozen=True)
class Runs:
    """The records of an arm by seed, how many runs broke off, and how many are registered."""

    finished: dict
    failed: int
    registered: int


def read_arm(results: str | Path, arm: str) -> Runs:
    """Return the `Runs` of an arm below the folder of results; what was not run is not there.

    Raises:
        ValueError: a record is damaged.
    """
    finished, failed = {}, 0
    for seed in range(ARMS[arm].seeds):
        folder = Path(results, arm, f"seed-{seed}")
        if not (folder / "config.json").exists():
            continue
        record = read_record(folder)
        if is_finished(folder):
            finished[seed] = record
        else:
            failed += 1
    return Runs(finished, failed, ARMS[arm].seeds)


def measure(record: Record, metric: str, epochs: tuple[int, int] | None = None) -> float:
    """Return a metric of a record: its mean from the first to the last of `epochs`, or at the end.

    Raises:
        KeyError: the record has no such metric.
    """
    if epochs is None:
        return record.metrics[metric]
    rows = [row for row in record.history if epochs[0] <= row["epoch"] <= epochs[1]]
    value = DERIVED.get(metric, lambda row: row[metric])
    return sum(map(value, rows)) / len(rows)


def judge(claim: Claim, results: str | Path) -> Verdict:
    """Return the `Verdict` on a claim from the records in a folder, by the rule of `claims`."""
    if claim.more is None or claim.less is None:
        return Verdict(claim, "open", "No run is registered.")
    more, less = claim.more, claim.less
    arms = {side.arm: read_arm(results, side.arm) for side in (more, less)}
    counts = tuple(
        (len(runs.finished), runs.failed, runs.registered)
        for runs in (arms[more.arm], arms[less.arm])
    )

    def values(side, metric):
        return [measure(r, metric, side.epochs) for r in arms[side.arm].finished.values()]

    if min(finished for finished, *_ in counts) < ENOUGH:
        why = f"There are fewer than {ENOUGH} runs on a side."
        return Verdict(claim, "open", why, runs=counts)
    effect = difference_interval(
        values(more, claim.metric),
        values(less, claim.metric),
        paired=more.arm == less.arm,
        relative=claim.relative,
    )
    sides = tuple(
        {metric: mean_interval(values(side, metric)) for metric in (claim.metric, *claim.beside)}
        for side in (more, less)
    )
    word, why = decide(effect, claim.threshold)
    for requirement in claim.requires:
        found = values(requirement.side, requirement.metric)
        mean = sum(found) / len(found)
        if not _within(mean, requirement):
            word = "open"
            why = f"{condition(requirement)} It was {mean:.3g}, so the comparison says nothing."
    return Verdict(claim, word, why, effect, sides, counts)


def decide(effect: tuple[float, float, float], threshold: float) -> tuple[str, str]:
    """Return the verdict's word and its reason, for `(effect, low, high)` and a threshold."""
    _, low, high = effect
    if low > threshold:
        return "supported", "The whole interval lies above the threshold."
    if high < threshold:
        return "refuted", "The whole interval lies below the threshold."
    return "open", "The interval holds the threshold."


def condition(requirement: Requirement) -> str:
    """Return what a requirement asks for, in a sentence."""
    bound = (
        f"at least {requirement.at_least:g}"
        if requirement.at_least is not None
        else f"at most {requirement.at_most:g}"
    )
    epochs = requirement.side.epochs
    when = "in epochs {} to {}".format(*epochs) if epochs else "at the end"
    return (
        f"On `{requirement.side.arm}`, {when}, the mean of the {MEANINGS[requirement.metric]} "
        f"must be {bound}."
    )


def judge_all(results: str | Path) -> dict[str, Verdict]:
    """Return the verdicts on all claims, by name."""
    return {claim.name: judge(claim, results) for claim in CLAIMS}


def _shares(row: Row) -> list[float]:
    return [value for name, value in row.items() if name.startswith("sample_class_")]


def _within(mean: float, requirement: Requirement) -> bool:
    low, high = requirement.at_least, requirement.at_most
    return (low is None or mean >= low) and (high is None or mean <= high)
