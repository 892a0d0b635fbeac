"""Claims and verdicts: what decides was registered before the runs, and decides as it says."""

import dataclasses
import os
import subprocess
import types
from pathlib import Path

import numpy as np
import pytest

from vaegan_edu import claims, metrics, records, verdicts
from vaegan_edu.experiments import EXPERIMENTS

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "book" / "results"
KNOWN = {"ae-digits", "vae-digits"}  # recorded before there was a registration; C0 says so
DECISIVE = ("metric", "more", "less", "threshold", "relative", "requires")

ARM = "gan-digits/plain"
OTHER = "gan-digits/noise"
CLAIM = claims.Claim(
    "C9",
    "More.",
    "There is more.",
    "sample_coverage",
    more=claims.Side(ARM, (2, 3)),
    less=claims.Side(OTHER, (2, 3)),
    threshold=0.1,
)


def write(results, arm, values, seed, epochs=4, finished=True):
    """Write a run whose `sample_coverage` is `values`, an epoch each."""
    folder = results / arm / f"seed-{seed}"
    records.write_json(
        folder / "config.json",
        {
            "experiment": arm.partition("/")[0],
            "seed": seed,
            "data": {"name": "d", "digest": "d"},
            "arguments": {},
            "versions": {},
            "backend": "b",
            "hardware": {},
            "commit": "c",
        },
    )
    records.write_history(
        folder / "history.csv",
        [
            {
                "epoch": epoch + 1,
                "sample_coverage": float(value),
                "d_train": 0.75,
                "d_test": 0.5,
                **{f"sample_class_{n}": share for n, share in enumerate((0.5, 0.25, 0.25, 0.0))},
            }
            for epoch, value in enumerate(values)
        ],
    )
    if finished:
        records.write_json(folder / "metrics.json", {"modes_covered_strictly": seed})


def fill(results, more, less):
    """Write runs of both arms, whose coverage in epochs 2 and 3 averages to the numbers given."""
    for arm, means in ((ARM, more), (OTHER, less)):
        for seed, mean in enumerate(means):
            write(results, arm, [9.0, mean - 0.05, mean + 0.05, 9.0], seed)


@pytest.mark.parametrize(
    "effect, word",
    [
        ((0.5, 0.11, 0.9), "supported"),
        ((0.5, 0.1, 0.9), "open"),  # not the whole interval is above
        ((0.0, -0.5, 0.09), "refuted"),
        ((0.0, -0.5, 0.1), "open"),
        ((0.2, 0.05, 0.3), "open"),
    ],
)
def test_the_word_follows_from_interval_and_threshold(effect, word):
    assert verdicts.decide(effect, 0.1)[0] == word


@pytest.mark.parametrize(
    "more, less, word",
    [
        ([0.8, 0.9, 1.0], [0.1, 0.2, 0.3], "supported"),
        ([0.1, 0.2, 0.3], [0.8, 0.9, 1.0], "refuted"),  # the direction counts
        ([0.25, 0.26, 0.27], [0.2, 0.21, 0.22], "refuted"),  # more, and less than the claim needs
        ([0.1, 0.9, 0.5], [0.2, 0.4, 0.1], "open"),
    ],
)
def test_a_claim_is_judged_by_its_runs(tmp_path, more, less, word):
    fill(tmp_path, more, less)
    verdict = verdicts.judge(CLAIM, tmp_path)
    assert verdict.word == word
    assert verdict.effect[0] == pytest.approx(np.mean(more) - np.mean(less))
    assert verdict.sides[0]["sample_coverage"][0] == pytest.approx(np.mean(more))
    assert verdict.runs == ((3, 0, 5), (3, 0, 5))


def test_a_share_is_of_the_larger_side(tmp_path):
    fill(tmp_path, [0.8, 0.8, 0.8], [0.2, 0.2, 0.2])
    verdict = verdicts.judge(dataclasses.replace(CLAIM, relative=True, threshold=0.7), tmp_path)
    assert verdict.effect == pytest.approx((0.75, 0.75, 0.75))
    assert verdict.word == "supported"


def test_what_was_not_run_is_open(tmp_path):
    verdict = verdicts.judge(CLAIM, tmp_path)
    assert (verdict.word, verdict.effect, verdict.runs) == ("open", None, ((0, 0, 5), (0, 0, 5)))
    fill(tmp_path, [0.9, 0.9, 0.9], [0.1, 0.1])
    assert verdicts.judge(CLAIM, tmp_path).word == "open"
    assert verdicts.judge(dataclasses.replace(CLAIM, more=None, less=None), tmp_path).word == "open"


def test_a_run_that_broke_off_is_counted_and_not_measured(tmp_path):
    fill(tmp_path, [0.8, 0.9, 1.0], [0.1, 0.2, 0.3])
    write(tmp_path, ARM, [0.0], seed=3, finished=False)
    verdict = verdicts.judge(CLAIM, tmp_path)
    assert verdict.runs == ((3, 1, 5), (3, 0, 5))
    assert verdict.effect[0] == pytest.approx(0.7)


def test_without_what_it_requires_a_claim_is_open(tmp_path):
    fill(tmp_path, [0.8, 0.9, 1.0], [0.1, 0.2, 0.3])
    for bound, word in (
        ({"at_least": 0.95}, "open"),
        ({"at_most": 0.85}, "open"),
        ({"at_least": 0.85}, "supported"),
        ({"at_most": 0.95}, "supported"),
    ):
        need = claims.Requirement(CLAIM.more, "sample_coverage", **bound)
        assert verdicts.judge(dataclasses.replace(CLAIM, requires=(need,)), tmp_path).word == word


def test_two_moments_of_the_same_runs_are_compared_run_by_run(tmp_path):
    for seed, level in enumerate((0.0, 10.0, 20.0)):  # far apart, and each rises by 0.5
        write(tmp_path, ARM, [level, level, level + 0.5, level + 0.5], seed)
    claim = dataclasses.replace(CLAIM, more=claims.Side(ARM, (3, 4)), less=claims.Side(ARM, (1, 2)))
    assert verdicts.judge(claim, tmp_path).effect == pytest.approx((0.5, 0.5, 0.5))


def test_derived_numbers(tmp_path):
    write(tmp_path, ARM, [0.5], 0)
    record = records.read_record(tmp_path / ARM / "seed-0")
    counts = np.array([2, 1, 1, 0])
    expected = metrics.histogram_divergence(counts)
    assert verdicts.measure(record, "class_divergence", (1, 1)) == pytest.approx(expected)
    assert verdicts.measure(record, "smallest_class", (1, 1)) == 0.0
    assert verdicts.measure(record, "overfitting", (1, 1)) == 0.25
    assert verdicts.measure(record, "modes_covered_strictly") == 0


def test_every_claim_says_what_decides_it():
    assert [claim.name for claim in claims.CLAIMS] == [f"C{n}" for n in range(7)]
    for claim in claims.CLAIMS:
        needed = [claim.metric, *claim.beside, *(need.metric for need in claim.requires)]
        assert set(needed) <= set(verdicts.MEANINGS)
        if claim.more:
            assert {claim.more.arm, claim.less.arm} <= set(claims.ARMS)
            assert claim.threshold > 0 and claim.reason
    for folder, arm in claims.ARMS.items():
        experiment = EXPERIMENTS[folder.partition("/")[0]]
        assert set(arm.settings) <= set(experiment.settings) and arm.seeds >= verdicts.ENOUGH


def registered_at(commit):
    """Return `vaegan_edu.claims` as it was in a commit, `None` where the file was not there yet."""
    git = ["git", "-C", str(ROOT)]
    if subprocess.run([*git, "cat-file", "-e", commit], capture_output=True).returncode:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(
            "this clone does not hold the commits of the records"
        )
    shown = subprocess.run([*git, "show", f"{commit}:vaegan_edu/claims.py"], capture_output=True)
    if shown.returncode:
        return None
    module = types.ModuleType("claims")
    exec(compile(shown.stdout, "claims", "exec"), vars(module))  # noqa: S102
    return module


@pytest.mark.parametrize("arm", claims.ARMS)
def test_claims_were_registered_before_their_runs(arm):
    runs = sorted((RESULTS / arm).glob("seed-*/config.json"))
    commits = {records.read_config(path.parent)["commit"] for path in runs}
    assert not any(commit.endswith("-dirty") for commit in commits)
    concerned = [c for c in claims.CLAIMS if c.more and arm in (c.more.arm, c.less.arm)]
    for commit in commits:
        then = registered_at(commit)
        if arm in KNOWN:
            assert then is None and all("were known" in claim.caveat for claim in concerned)
            continue
        before = {claim.name: claim for claim in then.CLAIMS}
        assert repr(then.ARMS[arm].settings) == repr(claims.ARMS[arm].settings)
        for claim in concerned:
            for field in DECISIVE:
                assert repr(getattr(before[claim.name], field)) == repr(getattr(claim, field))
