"""The book's tables, and the list of its runs: numbers are those of the records."""

import json
from pathlib import Path

import nbformat
import numpy as np
import pytest
from scipy import stats

from benchmarks import markdown
from book import runs, tables
from book.tables import chapters, faces, original, quality
from tests.built import copy_of
from vaegan_edu import claims, datasets, records
from vaegan_edu.experiments import EXPERIMENTS
from vaegan_edu.experiments.settings import read_settings

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / runs.RESULTS


def write_run(root, run, epochs, metrics):
    """Write a record of a run below the project's folder `root`, its epochs 30 s times seed + 1."""
    folder = root / runs.RESULTS / run.folder
    records.write_json(
        folder / "config.json",
        {
            "experiment": run.experiment,
            "seed": run.seed,
            "arguments": run.settings,
            "data": {"name": "d", "digest": "d"},
            "versions": {"keras": "3"},
            "backend": "b",
            "hardware": {"cores": 2},
            "commit": "c",
        },
    )
    history = [{"epoch": n + 1, "seconds": 30.0 * (1 + run.seed)} for n in range(epochs)]
    records.write_history(folder / "history.csv", history)
    if metrics:
        records.write_json(folder / "metrics.json", metrics)
    return folder


# The list of runs


def test_the_list_holds_every_registered_arm_as_registered():
    for folder, arm in claims.ARMS.items():
        listed = runs.ARMS[f"{folder}/"]
        assert arm.settings.items() <= listed.settings.items() and listed.seeds == arm.seeds
        added = listed.settings.keys() - arm.settings.keys()
        assert not added or folder == "vaegan-mnist-original/digits"  # whose defaults have changed


LISTED = list(runs.runs(*runs.ARMS, *runs.FULL))


def test_every_run_of_the_list_has_a_folder_of_its_own_and_settings_of_its_experiment():
    assert len({run.folder for run in LISTED}) == len(LISTED)
    for run in LISTED:
        assert set(run.settings) <= set(EXPERIMENTS[run.experiment].settings), run.folder


def test_every_record_of_the_book_is_in_the_list():
    held = {p.parent.relative_to(RESULTS).as_posix() for p in RESULTS.rglob("config.json")}
    assert held and held <= {run.folder for run in LISTED}


@pytest.mark.parametrize("prefix", [*runs.ARMS, *runs.FULL])
def test_records_hold_what_the_list_and_the_experiments_say(prefix):
    """A default that changes makes the records stale that were made with the old one."""
    for run in runs.runs(prefix):
        if (RESULTS / run.folder / "config.json").exists():
            config = records.read_config(RESULTS / run.folder)
            defaults = EXPERIMENTS[run.experiment].settings
            asked = json.loads(json.dumps({**defaults, **run.settings, "seed": run.seed}))
            assert config["experiment"] == run.experiment
            held = read_settings(config["arguments"], defaults)
            assert held == read_settings(asked, defaults)


def test_an_arm_is_read_whole_or_not_at_all(tmp_path):
    prefix = "vae-faces/image-size-32-epochs-12-"
    first, second, third = runs.runs(prefix)
    for run in (first, second):
        write_run(tmp_path, run, 1, {"metric": float(run.seed)})
    with pytest.raises(FileNotFoundError, match="epochs-12-seed-2"):
        runs.read_arm(tmp_path, prefix)
    folder = write_run(tmp_path, third, 1, None)
    with pytest.raises(FileNotFoundError, match="epochs-12-seed-2 is not finished"):
        runs.read_arm(tmp_path, prefix)
    records.write_json(folder / "metrics.json", {"metric": 2.0, "other": 1})
    found = runs.read_arm(tmp_path, prefix)
    assert runs.measured(found, "metric") == [0.0, 1.0, 2.0]
    with pytest.raises(KeyError, match="epochs-12-seed-0 has no 'other'"):
        runs.measured(found, "other")
    write_run(tmp_path, third._replace(settings={"image_size": 32, "epochs": 13}), 1, {"m": 1})
    with pytest.raises(ValueError, match="epochs-12-seed-2 is stale: its `epochs` must be 12.*13"):
        runs.read_arm(tmp_path, prefix)


# The tables


def test_a_table_of_rows_with_gaps():
    rows = [{"a": "1", "b": "2"}, {"b": "3", "c": "4"}]
    assert markdown.table_of(rows).splitlines() == [
        "| a | b | c |",
        "| --- | --- | --- |",
        "| 1 | 2 |  |",
        "|  | 3 | 4 |",
    ]


@pytest.mark.parametrize("name", sorted(tables.TABLES.keys() - {"chapters_goals"}))  # no table
def test_every_table_of_the_book_has_as_many_cells_in_each_row(name):
    lines = [line for line in tables.render(name, ROOT).splitlines() if line.startswith("|")]
    assert len(lines) > 2
    blocks = tables.render(name, ROOT).split("\n\n")
    for block in blocks:
        counts = {line.count("|") for line in block.splitlines() if line.startswith("|")}
        assert len(counts) <= 1


def test_there_is_no_table_of_another_name():
    with pytest.raises(ValueError, match="must be one of quality_cost, .* Received: nothing"):
        tables.render("nothing", ROOT)


def shown(*values):
    """A mean with Student's interval, by SciPy."""
    low, high = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    return f"{np.mean(values):.3g} [{low:.3g}, {high:.3g}]"


def test_the_tables_of_quality_hold_the_recorded_means_and_intervals(tmp_path):
    columns = {**quality.DISTANCES, **quality.CLASSES}
    for place, arm in enumerate(quality.MNIST):
        for run in runs.runs(arm):
            measured = {
                f"{kind}_{name}": 10.0 * place + run.seed + 0.1 * n
                for n, kind in enumerate(("real", *quality.KINDS))
                for name in columns
            }
            write_run(tmp_path, run, 2, {**measured, "reconstruction_loss": 7.0})
    speed = {n: {"epoch_seconds": 90.0 * i} for i, n in enumerate(quality.MNIST.values())}
    records.write_json(tmp_path / quality.SPEED, {"parts": {"models": speed}})
    cost = quality.cost(tmp_path)
    assert [row["model"] for row in cost] == [*quality.MNIST.values()]
    assert [row["minutes, by step"] for row in cost] == ["0.0", "3.0", "6.0"]
    expected = {
        "seeds": "5",
        "epochs": "2",
        "minutes, as recorded": shown(1, 2, 3, 4, 5),
        "reconstruction": "7",
    }
    assert cost[1] | expected == cost[1]
    for rows, columns in (
        (quality.distances(tmp_path), quality.DISTANCES),
        (quality.classes(tmp_path), quality.CLASSES),
    ):
        floor, *rows = rows
        first = next(iter(columns.values()))
        assert floor["model"] == "real" and floor[first] == shown(0, 1, 2, 3, 4)
        assert [row["images"] for row in rows] == [*quality.KINDS.values()] * 3
        assert rows[3][first] == shown(10.1, 11.1, 12.1, 13.1, 14.1)
        assert rows[8][first] == shown(20.3, 21.3, 22.3)
    assert quality.interval([1.0, None, 2.0]) == "none"


def test_the_tables_of_faces_hold_the_recorded_means_and_intervals(tmp_path):
    for place, (arm, model) in enumerate(faces.MODELS.items()):
        for run in runs.runs(arm):
            measured = {
                f"{kind}_{name}": 10.0 * place + run.seed + n / 10
                for n, kind in enumerate(("real", *faces.KINDS))
                for name in faces.SAMPLES
            }
            columns = [*faces.SIMILARITY, *faces.MOVES, "real_r2", "real_cosine"]
            columns += [f"moved_together_{name}" for name in datasets.FACE_ATTRIBUTES]
            if model == "GAN":
                columns = [c for c in columns if not c.startswith(("encoded", "reconstr"))]
            measured |= {name: place + run.seed / 10 for name in columns}
            write_run(tmp_path, run, 2, measured)
    floor, *rows = faces.samples(tmp_path)
    assert floor["Fréchet"] == shown(0, 1, 2)
    assert [row["images"] for row in rows] == [*faces.KINDS.values()] * 4
    assert rows[3]["Fréchet"] == shown(10.1, 11.1, 12.1)
    assert rows[3]["model"] == "VAE, learned similarity"
    floor, vae, *_, vaegan = faces.similarity(tmp_path)
    assert (
        floor["reconstruction, R²"] == shown(0, 0.1, 0.2) and floor["reconstruction, pixels"] == ""
    )
    assert vae["asked by samples, cosine"] == shown(0, 0.1, 0.2)
    assert vaegan["reconstruction, pixels"] == shown(3, 3.1, 3.2)
    (gan,) = [row for row in faces.similarity(tmp_path) if row["model"] == "GAN"]
    assert gan["asked by samples, cosine"] == shown(2, 2.1, 2.2)
    for column in ("reconstruction, pixels", "asked by codes, error"):
        assert gan[column] == "n/a"
    assert [row["random direction"] for row in faces.moves(tmp_path)][1:3] == [
        shown(1, 1.1, 1.2),
        shown(2, 2.1, 2.2),
    ]
    assert faces.attributes(tmp_path)[3] == {
        "attribute": "yaw",
        **{name: shown(n, n + 0.1, n + 0.2) for n, name in enumerate(faces.MODELS.values())},
    }
    assert faces.costs(tmp_path)[0] == {
        "model": "VAE",
        "seeds": "3",
        "epochs": "2",
        "minutes": shown(1, 2, 3),
    }


def test_the_regressors_are_shown_as_they_were_measured():
    skin, *_, mean = faces.judges(ROOT)
    recorded = records.read_record(ROOT / "vaegan_edu/weights/regressor-faces-32").metrics
    assert skin["attribute"] == "skin_tone" and mean["attribute"] == "mean"
    assert skin["R² at 32 pixels"] == f"{recorded['r2_skin_tone']:.2f}"
    assert mean["R² at 32 pixels"] == f"{recorded['r2_mean']:.2f}"


def test_the_settings_of_the_original_say_what_was_assumed():
    rows = {row["argument"].strip("`"): row for row in original.settings(ROOT)}
    for name in original.EXPERIMENTS:
        experiment = EXPERIMENTS[name]
        marked = {key for key, row in rows.items() if "(assumed)" in row.get(f"`{name}`", "")}
        assert marked == set(experiment.assumptions) and marked < set(experiment.settings)
        assert rows["gamma"][f"`{name}`"] == "`1e-08`"


def test_the_full_runs_are_told_as_they_are(tmp_path):
    first, *others = original.full(tmp_path)
    assert {row["recorded"] for row in (first, *others)} == {"not run"}
    run, *_ = runs.runs(*runs.FULL)
    write_run(tmp_path, run, 3, {"metric": 1.0})
    assert original.full(tmp_path) == [{**first, "recorded": "3 epochs"}, *others]


def test_the_losses_of_the_original_show_the_blow_up():
    """Of its means over ten epochs, the last ones of S2 and S3 stand apart."""
    found = {
        (row["network"], row["loss"], row["epochs"]): [row[run] for run in ("S1", "S2", "S3", "S4")]
        for row in original.losses(ROOT)
    }
    validation = "discriminator", "validation"
    assert found[*validation, "81 to 90"] == ["2.49", "2.63", "2.48", "4.44"]
    assert found[*validation, "91 to 100"] == ["2.66", "7.04", "5.15", "4.70"]
    assert found["discriminator", "training", "91 to 100"] == ["1.82", "1.76", "1.74", "0.75"]


def test_the_table_of_the_ring_shows_every_seed(tmp_path):
    arm = "gan-ring/large-batch/"
    for run in runs.runs(arm):
        metrics = {"modes_covered_strictly": run.seed, "high_quality_share": 0.5}
        write_run(tmp_path, run, 1, metrics)
    for other in claims.ARMS:
        if other.startswith("gan-ring/") and f"{other}/" != arm:
            copy_of(RESULTS / other, tmp_path / runs.RESULTS / other)
    first, *others = tables.ring.arms(tmp_path)
    assert first == {
        "batch": "128",
        "minibatch discrimination": "none",
        "modes of 8, by seed": "0, 1, 2, 3, 4",
        "points of high quality": "0.5",
    }
    assert len(others) == 3 and others[2]["minibatch discrimination"] == "8 kernels"


# The chapters, for instructors


def test_a_chapters_effort_and_goals_are_those_of_its_notebook(tmp_path):
    def markdown_cell(text):
        return nbformat.v4.new_markdown_cell(text)

    def exercise():
        return nbformat.v4.new_code_cell("x\n" * 50, metadata={"tags": ["exercise"]})

    def shown(lines, *tags):
        picture = nbformat.v4.new_output("display_data", {"image/png": "", "text/plain": ""})
        return nbformat.v4.new_code_cell(lines, metadata={"tags": tags}, outputs=[picture])

    goals = (
        "After this chapter you can\n\n- do one thing,\n  on two lines;\n- read [this](a.ipynb)."
    )
    notebook = nbformat.v4.new_notebook(
        metadata={"vaegan_edu": {"seconds": 7, "cores": 2}},
        cells=[
            markdown_cell(f"# Chapter 1: A\n\n{goals}\n\nMore."),
            markdown_cell("word " * 1500),
            shown("x\n\n" * 30),  # three minutes, and one for its figure
            shown("x\n" * 50, "hide-input"),
            markdown_cell(
                "<details><summary>Why?</summary>\n\n" + "word " * 750 + "\n\n</details>"
            ),
            markdown_cell("## Aside\n\n*May be skipped at a first reading.*\n\n### Part of it"),
            shown("x\n" * 40),
            markdown_cell("## Exercises\n\n" + "word " * 1500),
            exercise(),
            exercise(),
            markdown_cell("## Quiz\n\n**1. What?**\n\n**2. Why?**"),
        ],
    )
    (tmp_path / "notebooks").mkdir()
    nbformat.write(notebook, tmp_path / "notebooks" / "01_a.ipynb")
    (row,) = chapters.effort(tmp_path)
    assert list(row.values()) == [
        "[Chapter 1: A](../notebooks/01_a.ipynb)",
        "15 to 25",
        "2",
        "2",
        "7 s on 2 cores",
    ]
    told = chapters.goals(tmp_path)
    assert told.count("\n- ") == 2 and "](../notebooks/a.ipynb)" in told and "More" not in told
