"""Records: what is written comes back, what is incomplete or damaged is refused."""

import errno
import json
import math
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaegan_edu import records

CONFIG = {
    "experiment": "toy",
    "seed": 0,
    "data": {"name": "digits", "digest": "abc"},
    "arguments": {"latent_dim": 2, "learning_rate": 0.001},
    "versions": {"keras": "3.15"},
    "backend": "tensorflow",
    "hardware": {"cores": 2},
    "commit": "1234567",
    "loss": "config",
}
HISTORY = [
    {"epoch": 1, "loss": 20.0, "val_loss": 25.5, "shared": 1.5},
    {"epoch": 2, "loss": 10.25, "val_loss": 12.3456, "shared": 2.5},
]
METRICS = {"precision": 0.98765, "active_units": 7, "shared": 3.5, "classifier": "f00d"}


@pytest.fixture
def folder(tmp_path):
    """The folder of a complete record `toy/seed-0` below the folder of results."""
    run = tmp_path / "toy" / "seed-0"
    records.write_json(run / "config.json", CONFIG)
    records.write_history(run / "history.csv", HISTORY)
    records.write_json(run / "metrics.json", METRICS)
    return run


def files(folder):
    return sorted(path.name for path in folder.rglob("*"))


def test_a_record_comes_back_as_it_was_written(folder):
    record = records.read_record(str(folder))
    assert (record.config, record.history, record.metrics) == (CONFIG, HISTORY, METRICS)
    assert record.column("val_loss") == [25.5, 12.3456]
    with pytest.raises(KeyError, match="epoch, loss, val_loss, shared, not 'kl_loss'"):
        record.column("kl_loss")


def test_an_unfinished_run_has_no_metrics(folder):
    (folder / "metrics.json").unlink()
    assert records.read_record(folder).metrics == {}


numbers = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False))
names = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), min_size=1)
tables = st.lists(names, min_size=1, max_size=5, unique=True).flatmap(
    lambda keys: st.lists(st.fixed_dictionaries(dict.fromkeys(keys, numbers)), min_size=1)
)


@pytest.mark.slow
@given(tables)
def test_history_comes_back_to_the_last_bit(tmp_path_factory, rows):
    path = tmp_path_factory.getbasetemp() / "history.csv"
    records.write_history(path, rows)
    found = records._read_history(path)
    # repr tells 1 from 1.0, and 0.0 from -0.0.
    assert [{k: repr(v) for k, v in row.items()} for row in found] == [
        {k: repr(v) for k, v in row.items()} for row in rows
    ]


def test_history_takes_numpy_numbers(tmp_path):
    row = {"loss": np.float64(0.1), "rate": np.float32(0.5), "epoch": np.int64(3)}
    records.write_history(tmp_path / "history.csv", [row])
    assert (tmp_path / "history.csv").read_text() == "loss,rate,epoch\n0.1,0.5,3\n"


def test_history_is_a_table_that_a_spreadsheet_reads(folder):
    lines = (folder / "history.csv").read_text().splitlines()
    assert lines == ["epoch,loss,val_loss,shared", "1,20.0,25.5,1.5", "2,10.25,12.3456,2.5"]


def test_rows_that_differ_in_their_names_have_empty_fields(tmp_path):
    path = tmp_path / "history.csv"
    records.write_history(path, [{"a": 1}, {"a": 2, "b": 0.5}])
    assert path.read_text() == "a,b\n1,\n2,0.5\n"
    first, second = records._read_history(path)
    assert first["a"] == 1 and math.isnan(first["b"]) and second == {"a": 2, "b": 0.5}


def test_a_log_may_have_any_name(tmp_path):
    names = ["a,b", 'say "c"', "line\nbreak", "line\rbreak", "\r", "both\r\n"]
    path = tmp_path / "history.csv"
    records.write_history(path, [{name: n for n, name in enumerate(names)}, {"\r": 0.5}])
    first, second = records._read_history(path)
    assert first == {name: n for n, name in enumerate(names)}
    assert second["\r"] == 0.5 and list(second) == names


def test_a_history_without_rows_is_refused(tmp_path):
    with pytest.raises(ValueError, match="at least one row. Received: none"):
        records.write_history(tmp_path / "history.csv", [])
    assert files(tmp_path) == []


json_values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@pytest.mark.slow
@given(st.dictionaries(st.text(), json_values, max_size=4))
def test_json_comes_back_as_it_was_written(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "some.json"
    records.write_json(path, content)
    assert records._read_json(path) == content


def test_equal_content_gives_equal_bytes_whatever_its_order(tmp_path):
    records.write_json(tmp_path / "a.json", {"b": 1, "a": 2})
    records.write_json(tmp_path / "b.json", {"a": 2, "b": 1})
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"deep": [float("nan")]}])
def test_no_nan_gets_into_json(folder, value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        records.write_json(folder / "metrics.json", {"precision": value})
    assert records.read_record(folder).metrics == METRICS  # the old file is whole
    assert files(folder) == ["config.json", "history.csv", "metrics.json"]


def full_disk(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(folder, monkeypatch, step):
    """Step 1 fails with the new content half on disk, step 2 with all of it under another name."""
    monkeypatch.setattr(records.os, step, full_disk)
    for write in (
        lambda: records.write_json(folder / "metrics.json", {"precision": 1.0}),
        lambda: records.write_history(folder / "history.csv", HISTORY * 2),
        lambda: records.write_atomically(folder / "config.json", b"new"),
        lambda: records.write_atomically(folder / "new.txt", "new"),
    ):
        with pytest.raises(OSError, match=f"No space left on device: '{folder}"):
            write()
    monkeypatch.undo()
    record = records.read_record(folder)
    assert (record.config, record.history, record.metrics) == (CONFIG, HISTORY, METRICS)
    assert files(folder) == ["config.json", "history.csv", "metrics.json"]


def test_a_write_cut_off_in_the_middle_leaves_the_old_file(folder, monkeypatch):
    """Half of the bytes reach the disk, then it is full: the reader still sees the old file."""

    class HalfFull:
        def __init__(self, path, mode):
            self.file = open(path, mode)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def write(self, content):
            self.file.write(content[: len(content) // 2])
            self.file.flush()
            full_disk()

    monkeypatch.setattr(records, "open", HalfFull, raising=False)
    with pytest.raises(OSError, match="No space left"):
        records.write_json(folder / "metrics.json", {"precision": 1.0})
    monkeypatch.undo()
    assert records.read_record(folder).metrics == METRICS
    assert files(folder) == ["config.json", "history.csv", "metrics.json"]


def test_the_file_under_its_name_is_whole_at_every_moment(folder, monkeypatch):
    """When the new file takes the old one's place, it is complete and on the disk already."""
    seen, real_replace, real_fsync = [], os.replace, os.fsync
    monkeypatch.setattr(records.os, "fsync", lambda fd: (seen.append("fsync"), real_fsync(fd)))

    def replace(source, target):
        assert json.loads(target.read_text()) == METRICS
        assert json.loads(source.read_text()) == {"precision": 1.0}
        assert source.parent == target.parent  # a rename is atomic within a file system only
        seen.append("replace")
        real_replace(source, target)

    monkeypatch.setattr(records.os, "replace", replace)
    records.write_json(folder / "metrics.json", {"precision": 1.0})
    assert seen == ["fsync", "replace"]
    assert records.read_record(folder).metrics == {"precision": 1.0}


def test_writing_makes_the_folder_and_takes_text_and_bytes(tmp_path):
    records.write_atomically(tmp_path / "a" / "b" / "text", "β\n")
    records.write_atomically(str(tmp_path / "a" / "bytes"), b"\x00\xff")
    assert (tmp_path / "a" / "b" / "text").read_bytes() == b"\xce\xb2\n"
    assert (tmp_path / "a" / "bytes").read_bytes() == b"\x00\xff"


@pytest.mark.parametrize("key", records.PROVENANCE)
@pytest.mark.parametrize("how", ["missing", "null"])
def test_a_record_that_lacks_its_origin_is_refused_by_name(folder, key, how):
    config = json.loads(json.dumps(CONFIG))
    *parents, last = key.split(".")
    place = config
    for parent in parents:
        place = place[parent]
    place[last] = None
    if how == "missing":
        del place[last]
    records.write_json(folder / "config.json", config)
    with pytest.raises(ValueError, match=f"record seed-0 does not say its {key}"):
        records.read_record(folder)
    with pytest.raises(ValueError, match=f"does not say its {key}"):
        records.quote(folder.parents[1], "toy/seed-0:precision")


def test_the_origin_is_all_that_the_design_asks_for():
    assert set(records.PROVENANCE) == {
        "experiment",
        "seed",
        "data.name",
        "data.digest",
        "arguments",
        "versions",
        "backend",
        "hardware",
        "commit",
    }


@pytest.mark.parametrize(
    "name, content",
    [
        ("config.json", b"{"),
        ("config.json", b""),
        ("config.json", b"[1, 2]"),
        ("config.json", b"[" * 100_000),  # deeper than any reader goes
        ("config.json", json.dumps(CONFIG | {"arguments": 3}).encode()),
        ("config.json", b"\xff\xfe{}"),
        ("metrics.json", b"null"),
        ("metrics.json", b'{"a": 1,}'),
        ("history.csv", b""),
        ("history.csv", b"epoch,loss\n"),
        ("history.csv", b"epoch,loss\n1,high\n"),
        ("history.csv", b"epoch,loss\n1,2.0\n2\n"),  # cut off
        ("history.csv", b"epoch,loss\n1,2.0,3.0\n"),
        ("history.csv", b"epoch,loss\n1,\xff\n"),
        ("history.csv", b'epoch,loss\n1,"' + b"2" * 200_000),
    ],
)
def test_a_damaged_file_is_refused_by_name(folder, name, content):
    (folder / name).write_bytes(content)
    with pytest.raises(ValueError, match=f"seed-0.{name} is damaged") as failure:
        records.read_record(folder)
    assert "\n" not in str(failure.value)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["config.json", "metrics.json", "history.csv"])
def test_whatever_happens_to_a_file_it_is_read_or_refused_in_one_line(folder, name):
    """Cut anywhere, any byte changed, or any bytes at all in its place."""
    whole = (folder / name).read_bytes()
    places = st.integers(0, len(whole) - 1)
    cut = places.map(lambda at: whole[:at])
    changed = st.tuples(places, st.binary(min_size=1, max_size=1)).map(
        lambda change: whole[: change[0]] + change[1] + whole[change[0] + 1 :]
    )

    @given(cut | changed | st.binary())
    def holds(content):
        (folder / name).write_bytes(content)
        try:
            record = records.read_record(folder)
        except ValueError as error:
            assert re.search(f"{name} is damaged|record seed-0 does not say its", str(error))
            assert "\n" not in str(error)
        else:
            assert isinstance(record.config["arguments"], dict)
            assert isinstance(record.metrics, dict)
            assert all(isinstance(v, int | float) for row in record.history for v in row.values())

    holds()


@pytest.mark.parametrize("name", ["config.json", "history.csv"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(FileNotFoundError, match=f"needs {name}. Received: .*seed-0"):
        records.read_record(folder)


def test_all_runs_of_an_experiment_are_read_in_the_order_of_their_names(folder, tmp_path):
    for seed in (2, 1):
        other = folder.with_name(f"seed-{seed}")
        records.write_json(other / "config.json", {**CONFIG, "seed": seed})
        records.write_history(other / "history.csv", HISTORY)
    assert [run.config["seed"] for run in records.read_runs(tmp_path / "toy")] == [0, 1, 2]
    with pytest.raises(FileNotFoundError, match="no record in .*toys"):
        records.read_runs(tmp_path / "toys")
    (other / "history.csv").write_text("")
    with pytest.raises(ValueError, match="seed-1.history.csv is damaged"):
        records.read_runs(str(tmp_path / "toy"))


@pytest.mark.parametrize(
    "reference, text",
    [
        ("precision", "0.988"),  # metrics, three significant digits
        ("shared", "3.5"),  # metrics before history
        ("val_loss", "12.3"),  # the last epoch
        ("loss", "10.2"),  # history before config
        ("epoch", "2"),
        ("active_units", "7"),
        ("classifier", "f00d"),
        ("seed", "0"),  # zero is a value, not a gap
        ("data.name", "digits"),
        ("arguments.learning_rate", "0.001"),
        ("arguments.latent_dim", "2"),
        ("val_loss:.1f", "12.3"),
        ("val_loss:.4f", "12.3456"),
        ("precision:.0%", "99%"),
        ("active_units:03d", "007"),
        ("val_loss:>8.2f", "   12.35"),
    ],
)
def test_quote(folder, reference, text):
    assert records.quote(folder.parents[1], f"toy/seed-0:{reference}") == text


def test_a_key_with_a_dot_is_found_as_it_stands(folder):
    records.write_json(folder / "metrics.json", {"data.name": "flat"})
    assert records.quote(str(folder.parents[1]), "toy/seed-0:data.name") == "flat"


def test_a_number_from_the_record_changes_the_quotation(folder):
    records.write_json(folder / "metrics.json", {**METRICS, "precision": 0.5})
    assert records.quote(folder.parents[1], "toy/seed-0:precision") == "0.5"


@pytest.mark.parametrize(
    "reference, error, message",
    [
        ("toy/seed-1:precision", KeyError, "no record 'toy/seed-1'"),
        ("toy:precision", KeyError, "no record 'toy'"),
        ("toy/seed-0:prescision", KeyError, "'toy/seed-0' has no 'prescision'"),
        ("toy/seed-0:data.nothing", KeyError, "has no 'data.nothing'"),
        ("toy/seed-0:seed.deeper", KeyError, "has no 'seed.deeper'"),
        ("toy/seed-0", ValueError, "`run:key` or `run:key:format`. Received"),
        ("toy/seed-0:", ValueError, "`run:key` or `run:key:format`. Received"),
        (":precision", ValueError, "`run:key` or `run:key:format`. Received"),
        ("", ValueError, "`run:key` or `run:key:format`. Received"),
        ("toy/seed-0:data", ValueError, "is no single value"),
        ("toy/seed-0:precision:.2q", ValueError, "format that does not fit 0.98765"),
        ("toy/seed-0:data.name:.2f", ValueError, "format that does not fit 'digits'"),
    ],
)
def test_what_cannot_be_quoted_is_refused(folder, reference, error, message):
    with pytest.raises(error, match=message) as failure:
        records.quote(folder.parents[1], reference)
    assert "\n" not in str(failure.value)


keys = st.sampled_from(["precision", "loss", "data", "data.name", "seed", "classifier"])
forms = st.sampled_from(["", ".2f", "03d", ".0%", ">8", "s"])


def test_any_reference_is_quoted_or_refused(folder):
    @given(keys | st.text(), forms | st.text("0123.,<>+-defgsx%_", max_size=3))
    def holds(key, form):
        try:
            text = records.quote(folder.parents[1], f"toy/seed-0:{key}:{form}")
        except (KeyError, ValueError) as error:
            assert "\n" not in str(error)
        else:
            assert isinstance(text, str)

    holds()


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
def test_no_nan_is_quoted(folder, text):
    (folder / "metrics.json").write_text(f'{{"precision": {text}}}')
    with pytest.raises(ValueError, match="'toy/seed-0:precision' is not finite"):
        records.quote(folder.parents[1], "toy/seed-0:precision")
    (folder / "history.csv").write_text(f"epoch,kl_loss\n1,{text}\n")
    with pytest.raises(ValueError, match="'toy/seed-0:kl_loss' is not finite"):
        records.quote(folder.parents[1], "toy/seed-0:kl_loss")


def test_reading_records_imports_no_keras():
    """Every page that quotes a number would otherwise wait for it."""
    code = "import sys, vaegan_edu.records; print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in eval(done.stdout)}
    assert not loaded & {"keras", "tensorflow", "jax", "numpy", "matplotlib", "sklearn"}


def test_the_original_logs_are_complete():
    """Five runs of 100 epochs: what each of them logged, and no more, all finite."""
    logs = records.original_logs()
    networks = ("encoder", "decoder", "discriminator")
    training, validation, rates = (
        {form.format(network) for network in networks}
        for form in ("{}_loss", "val_{}_loss", "learning_rate_{}")
    )
    assert {run: set(columns) - {"epoch"} for run, columns in logs.items()} == {
        "mnist": training,
        "faces-s1": training | validation,
        "faces-s2": training | validation | rates,
        "faces-s3": training | validation | rates,
        "faces-s4": training | validation | rates,
    }
    for columns in logs.values():
        assert columns["epoch"] == list(range(1, 101))
        assert all(len(c) == 100 and np.isfinite(c).all() for c in columns.values())


def test_the_original_logs_give_the_numbers_of_its_page():
    """The page of the original project states the means over the last ten epochs."""
    logs = records.original_logs()
    for run, means in {
        "faces-s1": (6.65, 2.33, 2.66),
        "faces-s2": (7.38, 2.54, 7.04),
        "faces-s3": (7.31, 1.87, 5.15),
        "faces-s4": (6.04, 5.20, 4.70),
    }.items():
        found = [
            np.mean(logs[run][f"val_{network}_loss"][-10:])
            for network in ("encoder", "decoder", "discriminator")
        ]
        assert found == pytest.approx(means, abs=0.0051)


def test_the_original_logs_say_what_the_chapters_read_in_them():
    """Chapters 9 and 11, `book/original_project.md`: each sentence that rests on the logs alone."""
    logs = {
        run: {name: np.array(values) for name, values in columns.items()}
        for run, columns in records.original_logs().items()
    }
    one_half, blind = (
        3 * np.log(2),
        np.log(3) + 2 * np.log(1.5),
    )  # of D = 1/2; the best, hard labels
    mnist, faces = logs["mnist"], [logs[f"faces-s{n}"] for n in (1, 2, 3, 4)]

    # MNIST: above the blind price for five epochs, falling, with answers to fakes above a third.
    loss, answer = mnist["discriminator_loss"], np.exp(-mnist["decoder_loss"] / 2)
    assert (loss[:5] > blind).all() and loss[5] < blind and abs(loss[0] - one_half) < 0.05
    assert (np.diff(loss[:6]) < 0).all() and (answer[:5] > 0.39).all() and (answer[:5] < 0.5).all()
    assert loss[-1] < 1.0 and mnist["decoder_loss"][-1] > 7.0
    # Its encoder, without the constant: halves in fifteen epochs, then rises by less than half.
    constant = 0.5 * np.log(2 * np.pi) / 4096
    above = mnist["encoder_loss"] - constant * 5 * 5 * 128
    assert above.argmin() == 14 and above[14] < above[0] / 2
    assert above[14] < above[-1] < 1.5 * above[14] and above.max() < 2.2 * above.min()
    assert 0 < min(run["encoder_loss"].min() for run in faces) - constant * 14 * 14 * 128 < 0.25

    # Faces: S1 to S3 stand at one half for more than thirty epochs, S4 does not.
    stands = [np.abs(run["discriminator_loss"][6:39] - one_half).max() < 0.05 for run in faces]
    assert stands == [True, True, True, False]
    assert [int((run["discriminator_loss"] > blind).sum()) for run in faces] == [67, 56, 54, 6]
    assert all((run["val_discriminator_loss"] > blind).sum() >= 97 for run in faces)
    # S4 ends below what any labels of mean one half allow, and below those that we assumed.
    m, flipped = 0.86, 0.05
    least = -sum(w * p * np.log(p) for w, p in ((1, m), (1, 1 - m), (2, flipped), (2, 1 - flipped)))
    assert faces[3]["discriminator_loss"].min() < least < 2 * 0.5624
    # Before the blow-up of S2 and S3 the validation losses of S1 to S3 are alike, S4's is not.
    means = [run["val_discriminator_loss"][80:90].mean() for run in faces]
    assert max(means[:3]) - min(means[:3]) < 0.2 and means[3] > 1.5 * max(means[:3])
    # There, if all fakes get one answer, new real faces cost S1 to S3 not quite twice as much as
    # those of training, and S4 seven times; the sums do not exclude fakes that deceive it.
    real = {}
    for kind in ("", "val_"):
        loss, decoder = (
            np.array([run[f"{kind}{network}_loss"][80:90].mean() for run in faces])
            for network in ("discriminator", "decoder")
        )
        real[kind] = loss + 2 * np.log(1 - np.exp(-decoder / 2))
    dearer = real["val_"] / real[""]
    assert 1.6 < dearer[:3].min() and dearer[:3].max() < 1.9 and 6.5 < dearer[3] < 7.5
    answers = np.array([0.08, 0.998])  # of one half of the fakes each: S2 in the last ten epochs
    assert abs(-2 * np.log(answers).mean() - faces[1]["val_decoder_loss"][-10:].mean()) < 0.05
    paid = real[""][1] - 2 * np.log(1 - answers).mean()
    assert abs(paid - faces[1]["val_discriminator_loss"][-10:].mean()) < 0.2
    grown = [
        run["val_discriminator_loss"][-10:].mean() / m for run, m in zip(faces, means, strict=True)
    ]
    assert min(grown[1:3]) > 2 and max(grown[0], grown[3]) < 1.1
