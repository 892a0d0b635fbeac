"""A run that was stopped goes on as if nothing had happened, or says why it cannot."""

import csv
import errno
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from vaegan_edu import (
    callbacks,
    datasets,
    experiments,
    models,
    networks,
    records,
    schedules,
)
from vaegan_edu.experiments import EXPERIMENTS, RULES, Experiment, tasks
from vaegan_edu.experiments.batches import EpochBatches

# More moments to kill, interrupt and stop at, and every write on a full disk (CONTRIBUTING.md):
# KILLS=100 python -m pytest tests/test_resume.py -k moment
KILLS = int(os.environ.get("KILLS", "1"))
LONG = 10 * (KILLS + 1)  # epochs


def few_images():
    rng = np.random.default_rng(0)
    images = rng.uniform(-1, 1, (40, 8, 8, 1)).astype("float32")
    labels = np.arange(40) % 10
    return (images[:32], labels[:32]), (images[32:], labels[32:])


def build_everything(image_shape, seed):
    """A VAE-GAN with all that has a state: BatchNorm, Dropout, decaying noise, random labels."""
    noise = (0.1, 4)
    return models.VAEGAN(
        networks.build_encoder("light", image_shape, 2),
        networks.build_decoder("light", image_shape, 2, noise=noise),
        networks.build_discriminator("light", image_shape, dropout=0.3, instance_noise=noise),
        gamma=0.1,
        feature_scale="variance",
        flip_probability=0.2,
        seed=seed,
    )


class Everything(tasks.Task):
    """Random pictures of 8x8 pixels, judged by nobody and measured by their mean."""

    reads = ("levels",)

    def identify_judge(self, settings):
        return {"classifier": "none"}

    def watch(self, data, settings):
        return lambda model: {"sample_mean": _mean(model)}

    def evaluate(self, model, data, settings):
        return {"mean": _mean(model)}


@pytest.fixture(autouse=True)
def everything(monkeypatch):
    register(monkeypatch)


def register(patch):
    """Make known the experiment "everything", on random pictures of 8x8 pixels."""
    chosen = {
        "data": "noise",
        "epochs": 4,
        "batch_size": 8,
        "learning_rate": 1e-3,
        "beta_1": 0.5,
        "schedule": "windowed",
        "precision": "float32",
        "levels": None,
    }
    experiment = Experiment("all that has a state", build_everything, Everything(), chosen)
    patch.setitem(EXPERIMENTS, "everything", experiment)
    patch.setitem(
        RULES, "windowed", lambda rate, epochs: schedules.WindowedDecay(rate, 0.5, 1e-6, window=2)
    )
    patch.setitem(datasets.LOADERS, "noise", few_images)


def _mean(model):
    return float(model.generate(4, seed=0).mean())


def train(folder, **settings):
    return experiments.train("everything", output=folder, progress=False, **settings)


def stop_in_epoch(monkeypatch, epoch):
    """Interrupt training in the middle of an epoch, counted from 1; what it returns ends that."""

    def interrupt(self, batch, logs=None):
        if len(self.history.rows) + 1 == epoch and batch == 1:
            raise KeyboardInterrupt

    patch = monkeypatch.context()
    patch.__enter__().setattr(callbacks.RunState, "on_train_batch_end", interrupt)
    return lambda: patch.__exit__(None, None, None)


def entries(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def contents(folder):
    return {name: (folder / name).read_bytes() for name in entries(folder)}


def weights(folder):
    found = {}

    def keep(name, item):
        if isinstance(item, h5py.Dataset):
            found[name] = item[()]

    with h5py.File(folder / "model.weights.h5") as file:
        file.visititems(keep)
    return found


def history(folder):
    with open(folder / "history.csv", newline="") as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


def events(folder):
    """Return (epoch, name, value) of everything in a run's TensorBoard file."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import PyRecordReader_New

    reader = PyRecordReader_New(str(folder / "tensorboard" / "run.tfevents.0"))
    found = []
    while True:
        try:
            reader.GetNext()
        except Exception:  # its way to say: no more
            return found
        event = Event.FromString(reader.record())
        found += [
            (event.step, v.tag, v.simple_value or v.image.encoded_image_string)
            for v in event.summary.value
            if v.tag != "seconds"
        ]


def assert_equal_runs(one, two):
    assert entries(one) == entries(two)
    assert "state.npz" not in entries(one)
    assert history(one) == history(two) and events(one) == events(two)
    first, second = weights(one), weights(two)
    assert first.keys() == second.keys() and len(first) > 10
    for name, values in first.items():
        np.testing.assert_array_equal(values, second[name], err_msg=name)
    for name in entries(one):
        if name.startswith("samples") or name in ("config.json", "metrics.json"):
            assert (one / name).read_bytes() == (two / name).read_bytes(), name


@pytest.fixture(scope="module")
def never_stopped(tmp_path_factory):
    return tmp_path_factory.mktemp("runs") / "whole"


def whole_run(folder):
    """Train it once, when it is first asked for."""
    return folder if folder.exists() else train(folder)


@pytest.mark.parametrize("epochs", [(1,), (3, 4)])
def test_a_run_stopped_and_resumed_equals_one_never_stopped(
    tmp_path, monkeypatch, never_stopped, epochs
):
    whole_run(never_stopped)
    folder = tmp_path / "run"
    for epoch in epochs:
        go_on = stop_in_epoch(monkeypatch, epoch)
        with pytest.raises(KeyboardInterrupt):
            train(folder, resume=True)
        assert ("state.npz" in entries(folder)) == (epoch > 1)
        go_on()
        for name in (".partial-1-state.npz", ".partial-1-model.weights.h5"):  # as after a SIGKILL
            (folder / name).write_bytes(b"half")
    train(folder, resume=True)
    assert_equal_runs(folder, never_stopped)


def test_a_run_in_bfloat16_is_resumed_to_the_bit_and_differs_from_one_in_float32(
    tmp_path, monkeypatch, never_stopped
):
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    half = {"settings": {"precision": "mixed_bfloat16"}}
    train(whole, **half)
    go_on = stop_in_epoch(monkeypatch, 3)
    with pytest.raises(KeyboardInterrupt):
        train(stopped, **half)
    go_on()
    train(stopped, resume=True)
    assert_equal_runs(stopped, whole)
    one, other = weights(whole), weights(whole_run(never_stopped))
    assert one.keys() == other.keys()
    kinds = {v.dtype.name for v in one.values() if v.dtype.kind not in "iu"}  # counters, seeds
    assert kinds == {"float32"}
    assert any((one[name] != other[name]).any() for name in one)


def test_rows_after_the_restored_epoch_are_cut(tmp_path, monkeypatch, never_stopped):
    """As when the state could not be saved after every epoch."""
    whole_run(never_stopped)
    folder = tmp_path / "run"
    monkeypatch.setattr(callbacks.state, "SAVING_SHARE", 1e-9)  # after the first epoch, only
    go_on = stop_in_epoch(monkeypatch, 3)
    with pytest.raises(KeyboardInterrupt):
        train(folder)
    assert len(history(folder)) == 2
    go_on()
    train(folder, resume=True)
    assert_equal_runs(folder, never_stopped)


@pytest.mark.parametrize("broken", ["evaluate", "animate", "save_weights"])
def test_a_run_that_failed_at_its_end_needs_no_training_again(
    tmp_path, monkeypatch, never_stopped, broken
):
    whole_run(never_stopped)
    folder = tmp_path / "run"

    def fail(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        if broken == "evaluate":
            patch.setattr(models.VAEGAN, "get_weights", fail)
        elif broken == "animate":
            patch.setattr(callbacks, "animate", fail)
        else:
            patch.setattr(models.VAEGAN, "save_weights", fail)
        with pytest.raises(OSError, match="No space left"):
            train(folder)
    with monkeypatch.context() as patch:
        patch.setattr(models.VAEGAN, "fit", fail)  # not called
        train(folder, resume=True)
    # What TensorBoard reads was complete before.
    assert_equal_runs(folder, never_stopped)


def test_a_finished_run_is_left_as_it_is(tmp_path, monkeypatch, never_stopped):
    before = contents(whole_run(never_stopped))
    monkeypatch.setattr(models.VAEGAN, "fit", None)
    assert train(never_stopped, resume=True) == never_stopped
    assert before == contents(never_stopped)


def test_resuming_takes_the_runs_own_settings_and_refuses_others(tmp_path, monkeypatch):
    folder = tmp_path / "run"
    go_on = stop_in_epoch(monkeypatch, 2)
    with pytest.raises(KeyboardInterrupt):
        train(folder, epochs=3, batch_size=16, seed=7)
    before = contents(folder)
    for settings, message in [
        ({"batch_size": 4}, "arguments.batch_size was 16, now 4"),
        ({"epochs": 9}, "arguments.epochs was 3, now 9"),
        ({"seed": 0}, "arguments.seed was 7, now 0; seed was 7, now 0"),
    ]:
        with pytest.raises(ValueError, match=f"another configuration: {message}. Give") as refused:
            train(folder, resume=True, **settings)
        assert "\n" not in str(refused.value)
    with monkeypatch.context() as patch:
        (x_train, y_train), test = few_images()
        patch.setitem(datasets.LOADERS, "noise", lambda: ((-x_train, y_train), test))
        with pytest.raises(ValueError, match="data.digest was '[0-9a-f]{64}', now"):
            train(folder, resume=True)
    with pytest.raises(ValueError, match="holds a run of everything. Received: 'ae-digits'"):
        experiments.train("ae-digits", output=folder, resume=True)
    with pytest.raises(FileExistsError, match="continue it with --resume"):
        train(folder, epochs=3, batch_size=16, seed=7)
    assert contents(folder) == before
    go_on()
    train(folder, resume=True)
    config = records.read_config(folder)
    assert (config["arguments"]["batch_size"], config["seed"], len(history(folder))) == (16, 7, 3)


def test_a_loss_that_is_no_number_keeps_the_last_good_state(tmp_path, monkeypatch):
    whole = EpochBatches.__getitem__

    def poisoned(self, index):
        images, labels = whole(self, index)
        return (images * np.nan if self.epoch == 3 else images), labels

    monkeypatch.setattr(EpochBatches, "__getitem__", poisoned)
    monkeypatch.setattr(callbacks.state, "SAVING_SHARE", 1e9)  # after every epoch
    # The learning-rate rules see it first.
    with pytest.raises(ValueError, match="`val_encoder_loss`: The loss of epoch 3 .*Received: nan"):
        train(tmp_path)
    with np.load(tmp_path / "state.npz") as state:
        assert json.loads(str(state["about"]))["epoch"] == 2
        assert all(np.isfinite(state[name]).all() for name in state.files if name != "about")


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    return tmp_path_factory.mktemp("runs") / "begun"


def stopped_run(folder, monkeypatch):
    if not folder.exists():
        go_on = stop_in_epoch(monkeypatch, 2)
        with pytest.raises(KeyboardInterrupt):
            train(folder)
        go_on()
    return folder


def damage(content, how, position):
    if how == "cut":
        return content[: int(position * len(content))]
    if how == "flip":
        at = int(position * (len(content) - 1))
        return content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]
    return how


def test_a_damaged_state_is_told_in_one_line(begun, monkeypatch):
    """Wherever it is cut, or whatever stands in it: refused, or read as it was."""
    state = stopped_run(begun, monkeypatch) / "state.npz"
    whole = state.read_bytes()
    everything = EXPERIMENTS["everything"]
    model = build_everything((8, 8, 1), seed=0)
    everything.compile(model, everything.settings, 4)
    history = callbacks.HistoryWriter(begun / "history.csv")
    restored = callbacks.RunState(state, history).restore

    def tries(how, position):
        state.write_bytes(damage(whole, how, position))
        try:
            assert restored(model) == 1  # bytes that carry nothing: zip's dates, say
        except ValueError as error:
            line = str(error)
            assert "state.npz is damaged; remove its folder and begin anew" in line
            assert "\n" not in line
            return False
        return True

    @given(st.sampled_from(["cut", "flip"]), st.floats(0, 1, exclude_max=True))
    def anywhere(how, position):
        accepted = tries(how, position)
        assert not (accepted and how == "cut")

    before = [v.numpy() for v in model.variables]
    try:
        anywhere()
        for content in (b"", b"no archive", io.BytesIO().getvalue()):
            assert not tries(content, 0)
        for change in (
            lambda found: found.pop("v3"),
            lambda found: found.update(v3=np.zeros((1, 2, 3))),
            lambda found: found.update(about="{}"),
            lambda found: found.update(about="[1, 2"),
            lambda found: found.update(about=json.dumps({"epoch": 2, "history": []})),
        ):
            with np.load(io.BytesIO(whole)) as archive:
                found = dict(archive)
            change(found)
            buffer = io.BytesIO()
            np.savez(buffer, **found)
            assert not tries(buffer.getvalue(), 0)
    finally:
        state.write_bytes(whole)
    assert restored(model) == 1
    assert any((a != v.numpy()).any() for a, v in zip(before, model.variables, strict=True))


def test_a_full_disk_leaves_the_state_before(tmp_path, monkeypatch):
    whole = np.savez
    calls = []

    def fill(file, **arrays):
        calls.append(file)
        if len(calls) < 3:
            return whole(file, **arrays)
        file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", fill)
    monkeypatch.setattr(callbacks.state, "SAVING_SHARE", 1e9)  # after every epoch
    with pytest.raises(OSError, match="No space left"):
        train(tmp_path)
    with np.load(tmp_path / "state.npz") as state:
        assert json.loads(str(state["about"]))["epoch"] == 2
    assert not [name for name in entries(tmp_path) if "partial" in name]


def test_tensorboard_gets_every_row_and_every_sheet_once(never_stopped):
    folder = whole_run(never_stopped)
    found = events(folder)
    images = [(epoch, value) for epoch, name, value in found if name == "samples"]
    assert images == [
        (epoch, (folder / "samples" / f"epoch-{epoch:03d}.png").read_bytes()) for epoch in (1, 4)
    ]
    scalars = {(epoch, name): value for epoch, name, value in found if name != "samples"}
    rows = records.read_record(folder).history
    assert len(scalars) == sum(len(row) - 2 for row in rows)  # all but epoch and seconds
    for row in rows:
        for name, value in row.items():
            if name not in ("epoch", "seconds"):
                assert scalars[row["epoch"], name] == pytest.approx(value, rel=1e-6)


def test_the_animation_shows_the_sheets_in_order(tmp_path):
    for epoch, grey in ((100, 250), (5, 100), (20, 180)):
        picture = np.full((4, 6, 1), grey, "uint8")
        callbacks.write_picture(tmp_path / f"epoch-{epoch:03d}.png", picture)
    callbacks.animate(tmp_path, seconds=0.2)
    with Image.open(tmp_path / "animation.gif") as movie:
        assert (movie.n_frames, movie.info["loop"], movie.size) == (3, 0, (6, 4))
        shown = []
        for frame in range(3):
            movie.seek(frame)
            grey = movie.convert("L").getpixel((0, 0))
            shown.append((grey, movie.info["duration"]))
    assert shown == [(100, 200), (180, 200), (250, 600)]


# The command line on a run of these tests. A process that was started in the background may have
# been told to ignore Ctrl-C.
STARTED = """
import runpy, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path.insert(0, sys.argv.pop(1))
import pytest, test_resume
test_resume.register(pytest.MonkeyPatch())
runpy.run_module("vaegan_edu", run_name="__main__")
"""


@contextmanager
def started(folder, goal):
    """Start or resume a long run in a process of its own; yield it when `goal` epochs are done."""
    words = ["train", "everything", "--epochs", str(LONG), "--resume", "--output", str(folder)]
    with subprocess.Popen(
        [sys.executable, "-c", STARTED, str(Path(__file__).parent), *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        while process.poll() is None and epochs_done(folder) < goal:
            time.sleep(0.002)
        yield process


def ended(process):
    """Wait for the end; return the exit code and the lines that it wrote to stderr."""
    return process.wait(), process.stderr.read().decode().splitlines()


def epochs_done(folder):
    path = folder / "history.csv"
    return len(history(folder)) if path.exists() else 0


@pytest.fixture(scope="module")
def long_run(tmp_path_factory):
    """A function that trains the long run, never stopped, when it is first asked for."""
    folder = tmp_path_factory.mktemp("runs") / "long"
    return lambda: folder if folder.exists() else train(folder, epochs=LONG)


def moments(folder, rng):
    """Start or resume the long run, and yield its process at a random moment of it, each time."""
    goal = 0
    for _ in range(KILLS):
        goal += rng.randint(1, 10)
        with started(folder, goal) as process:
            time.sleep(rng.uniform(0, 0.1))
            yield process


def test_a_process_killed_at_any_moment_loses_nothing(tmp_path, long_run):
    """SIGKILL, wherever it strikes: what was resumed in the end equals a run never killed."""
    rng = random.Random(0)
    for process in moments(tmp_path, rng):
        process.send_signal(signal.SIGKILL)
        code, errors = ended(process)
        assert code == -signal.SIGKILL, errors
        assert not (tmp_path / "metrics.json").exists()
    train(tmp_path, epochs=LONG, resume=True)
    assert_equal_runs(tmp_path, long_run())


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
def test_ctrl_c_twice_at_any_moment_is_one_line(tmp_path, long_run):
    """The second comes while the first is still being told, or a little later."""
    rng = random.Random(1)
    for process in moments(tmp_path, rng):
        process.send_signal(signal.SIGINT)
        time.sleep(rng.uniform(0, 0.1))
        process.send_signal(signal.SIGINT)
        code, errors = ended(process)
        assert errors == ["vaegan_edu: interrupted; continue with the same words and --resume"]
        assert code == 130
    train(tmp_path, epochs=LONG, resume=True)
    assert_equal_runs(tmp_path, long_run())


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
def test_a_process_put_to_sleep_at_any_moment_goes_on(tmp_path, long_run):
    rng = random.Random(2)
    with started(tmp_path, 1) as process:
        for _ in range(KILLS):
            process.send_signal(signal.SIGSTOP)
            time.sleep(0.05)
            asleep = epochs_done(tmp_path)
            time.sleep(0.2)
            assert epochs_done(tmp_path) == asleep
            process.send_signal(signal.SIGCONT)
            time.sleep(rng.uniform(0, 0.1))
        code, errors = ended(process)
    assert (code, errors) == (0, [])
    assert_equal_runs(tmp_path, long_run())


class Disk:
    """Counts what is written to a disk, which is full from one write on."""

    def __init__(self, patch, full_at):
        self.full_at, self.writes = full_at, 0
        self._fsync = os.fsync
        patch.setattr(os, "fsync", self.fsync)  # of each file that replaces another
        patch.setattr(callbacks.tensorboard, "open", self.open, raising=False)

    def fsync(self, descriptor):
        self.write()
        self._fsync(descriptor)

    def open(self, path, mode):
        file = open(path, mode)
        try:
            self.write()
        except OSError:
            file.write(b"half")
            file.close()
            raise
        return file

    def write(self):
        self.writes += 1
        if self.writes >= self.full_at:
            raise OSError(errno.ENOSPC, "No space left on device")


def test_a_disk_full_at_any_moment_loses_nothing(tmp_path, monkeypatch, never_stopped):
    """Nothing half written that counts is left, and the run goes on when there is space."""
    whole_run(never_stopped)
    for full_at in count(1) if KILLS > 1 else (11,):
        folder = tmp_path / str(full_at)
        with monkeypatch.context() as patch:
            disk = Disk(patch, full_at)
            with suppress(OSError):
                train(folder)
        if disk.writes < full_at:
            break
        assert not records.is_finished(folder)
        assert not folder.exists() or not [n for n in entries(folder) if records.PARTIAL in n]
        train(folder, resume=True)
        assert_equal_runs(folder, never_stopped)
        shutil.rmtree(folder)
    assert full_at > 10


def test_a_clock_that_jumps_at_any_moment_changes_nothing(tmp_path, monkeypatch, never_stopped):
    """Years back and ahead at every look: seconds are counted by another clock."""
    whole_run(never_stopped)
    rng, whole = random.Random(4), time.time
    monkeypatch.setattr(time, "time", lambda: whole() + rng.choice([-1e9, -3600, 0, 3600, 1e9]))
    experiments.train("everything", output=tmp_path, progress=True)
    assert_equal_runs(tmp_path, never_stopped)
    assert all(0 <= row["seconds"] < 1e5 for row in records.read_record(tmp_path).history)


def test_a_setting_that_json_turns_into_a_list_can_be_resumed(tmp_path, monkeypatch):
    settings = {"levels": (0.2, (10, "a"))}
    go_on = stop_in_epoch(monkeypatch, 2)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, epochs=2, settings=settings)
    go_on()
    with pytest.raises(ValueError, match="arguments.levels was .*, now .*0.3"):
        train(tmp_path, settings={"levels": (0.3, (10, "a"))}, resume=True)
    train(tmp_path, settings=settings, resume=True)
    assert records.read_config(tmp_path)["arguments"]["levels"] == [0.2, [10, "a"]]
    assert records.is_finished(tmp_path)
    with pytest.raises(ValueError, match="`levels` must be a number, a text, .*Received: {1}"):
        train(tmp_path / "other", settings={"levels": {1}})


def test_the_weights_of_a_record_are_made_again(tmp_path, monkeypatch, never_stopped):
    """Beside the record, of which nothing else changes; also when that was stopped once."""
    whole_run(never_stopped)
    folder = shutil.copytree(never_stopped, tmp_path / "record")
    with pytest.raises(FileExistsError, match="has its weights"):
        experiments.retrain(folder)
    (folder / "model.weights.h5").unlink()
    before = contents(folder)
    for use in (experiments.load_run, experiments.evaluate_run):
        with pytest.raises(FileNotFoundError, match="`python -m vaegan_edu retrain .*record`"):
            use(folder)
    go_on = stop_in_epoch(monkeypatch, 3)
    with pytest.raises(KeyboardInterrupt):
        experiments.retrain(folder, progress=False)
    assert before.items() <= contents(folder).items()
    go_on()
    assert experiments.retrain(folder, progress=False) == []
    assert contents(folder).keys() == contents(never_stopped).keys()
    assert before.items() <= contents(folder).items()
    for name, values in weights(folder).items():
        np.testing.assert_array_equal(values, weights(never_stopped)[name], err_msg=name)


def test_weights_that_cannot_be_the_records_are_not_made(tmp_path, monkeypatch, never_stopped):
    folder = shutil.copytree(whole_run(never_stopped), tmp_path / "record")
    (folder / "model.weights.h5").unlink()
    (x_train, y_train), test = few_images()
    with monkeypatch.context() as patch:
        patch.setitem(datasets.LOADERS, "noise", lambda: ((-x_train, y_train), test))
        with pytest.raises(ValueError, match="data.digest was '[0-9a-f]{64}', now"):
            experiments.retrain(folder, progress=False)
    (folder / "state.npz").write_bytes(b"")
    with pytest.raises(ValueError, match="no finished run; finish it by `train` with --resume"):
        experiments.retrain(folder)


def test_a_run_is_finished_when_it_is_measured_and_has_no_state(tmp_path):
    assert not records.is_finished(tmp_path / "nowhere")
    (tmp_path / "state.npz").write_bytes(b"")
    assert not records.is_finished(tmp_path)
    (tmp_path / "metrics.json").write_text("{}")  # killed before the animation
    assert not records.is_finished(tmp_path)
    (tmp_path / "state.npz").unlink()
    assert records.is_finished(tmp_path)


def test_a_record_from_before_it_said_the_shape_of_its_images_is_used_all_the_same(
    tmp_path, monkeypatch, never_stopped
):
    folder = shutil.copytree(whole_run(never_stopped), tmp_path / "record")
    config = records.read_config(folder)
    shape = config["data"].pop("image_shape")
    records.write_json(folder / "config.json", config)
    monkeypatch.setattr(Everything, "image_shape", lambda self, settings: tuple(shape))
    before = (folder / "metrics.json").read_bytes()
    assert experiments.load_run(folder).config["data"]["image_shape"] == shape
    experiments.evaluate_run(folder)
    assert (folder / "metrics.json").read_bytes() == before
    assert train(folder, resume=True) == folder
    (folder / "model.weights.h5").unlink()
    assert experiments.retrain(folder, progress=False) == []
    assert records.read_config(folder) == config
