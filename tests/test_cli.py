"""The command line: what it prints, what it leaves, and one line for what goes wrong."""

import errno
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import warnings

import h5py
import keras
import numpy as np
import pytest
from PIL import Image

from vaegan_edu import callbacks, datasets, experiments, metrics, plotting, records
from vaegan_edu.__main__ import main
from vaegan_edu.experiments import EXPERIMENTS


def test_list_names_every_experiment_with_what_it_does(capsys):
    assert main(["list"]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert err == "" and [line.split()[0] for line in lines] == list(EXPERIMENTS)
    for line, experiment in zip(lines, EXPERIMENTS.values(), strict=True):
        chosen = experiment.settings
        assert experiment.summary in line and len(line) <= 100
        assert line.endswith(f"; {chosen['epochs']} epochs of {chosen['data']}")


def test_train_hands_on_every_setting(capsys, monkeypatch, tmp_path):
    seen = []

    def train(name, **settings):
        seen.append((name, settings))
        return tmp_path / "run"

    monkeypatch.setattr("vaegan_edu.experiments.train", train)
    words = "train vae-digits --data mnist --epochs 3 --seed 4 --batch-size 5 --latent-dim 6"
    words += " --image-size 8 --schedule s2-text --train-count 9 --precision float32"
    words += " --set beta=4 --set preset=light --set noise=[0.2,10]"
    assert main([*words.split(), "--output", str(tmp_path), "--resume"]) == 0
    assert main(["train", "ae-digits"]) == 0
    given = {"data": "mnist", "epochs": 3, "seed": 4, "batch_size": 5, "latent_dim": 6}
    given["image_size"] = 8
    kept = dict.fromkeys(given)
    chosen = {"schedule": "s2-text", "train_count": 9, "precision": "float32"}
    chosen |= {"beta": 4, "preset": "light", "noise": [0.2, 10]}
    assert seen == [
        ("vae-digits", {**given, "output": str(tmp_path), "resume": True, "settings": chosen}),
        ("ae-digits", {**kept, "output": None, "resume": False, "settings": {}}),
    ]
    place = tmp_path / "run"
    said = f"The record is in {place}; open {place / 'index.html'}"
    assert capsys.readouterr().out.splitlines()[1] == said


def run_module(*words, **environment):
    done = subprocess.run(
        [sys.executable, "-m", "vaegan_edu", *words],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
    )
    # Not by text=True, which would make a line of every step of the bar.
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def weights(folder):
    found = {}

    def keep(name, item):
        if isinstance(item, h5py.Dataset):
            found[name] = item[()]

    with h5py.File(folder / "model.weights.h5") as file:
        file.visititems(keep)
    return found


TRAIN = ("train", "vae-digits", "--epochs", "1", "--batch-size", "256", "--output")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished run, trained as by the words of a user."""
    folder = tmp_path_factory.mktemp("runs") / "vae"
    assert main([*TRAIN, str(folder)]) == 0
    return folder


def test_two_processes_train_to_the_same_bits(run, tmp_path):
    """As a user starts it, and inside this process after all that other tests did."""
    code, out, err = run_module(*TRAIN, str(tmp_path / "one"))
    # TensorFlow and Keras are silent: an epoch's bar, the record's place, and nothing else.
    assert (code, err) == (0, "")
    bar, blank, place = re.sub("\x1b\\[[0-9]*m|[\x08\r]", "", out).splitlines()
    assert bar.startswith("1/1") and "val_kl_loss" in bar
    assert blank == "" and place.startswith(f"The record is in {tmp_path / 'one'}; ")

    one, two = records.read_record(tmp_path / "one"), records.read_record(run)
    assert {**one.config, "commit": ""} == {**two.config, "commit": ""}
    assert one.metrics == two.metrics
    assert [{**row, "seconds": 0} for row in one.history] == [
        {**row, "seconds": 0} for row in two.history
    ]
    first, second = weights(tmp_path / "one"), weights(run)
    assert first.keys() == second.keys() and len(first) > 10
    for name, values in first.items():
        np.testing.assert_array_equal(values, second[name])


def test_evaluate_prints_and_writes_the_metrics_anew(run, capsys):
    before = (run / "metrics.json").read_bytes()
    (run / "metrics.json").unlink()
    capsys.readouterr()
    assert main(["evaluate", str(run)]) == 0
    out, err = capsys.readouterr()
    assert err == "" and (run / "metrics.json").read_bytes() == before
    recorded = records.read_record(run).metrics
    lines = [line.split() for line in out.splitlines()]
    kinds, *_ = (words for words in lines if words[:2] == ["real", "between"])
    (row,) = (words for words in lines if words[:1] == ["precision"])
    for kind, value in zip(kinds, row[1:], strict=True):  # each beside its floor
        assert float(value) == pytest.approx(recorded[f"{kind}_precision"], rel=1e-3)
    assert ["reconstruction_loss", f"{recorded['reconstruction_loss']:.4g}"] in lines
    assert len(lines) < len(recorded) / 2


def test_evaluate_refuses_other_data_than_the_runs(run, capsys, monkeypatch):
    (x_train, y_train), test = datasets.load("digits")
    monkeypatch.setitem(datasets.LOADERS, "digits", lambda: ((-x_train, y_train), test))
    before = (run / "metrics.json").read_bytes()
    assert "was trained on other data" in fails(["evaluate", str(run)], capsys)
    assert (run / "metrics.json").read_bytes() == before


def test_generate_writes_one_sheet_or_a_folder(run, capsys, tmp_path):
    words = ["generate", str(run), "--count", "3", "--seed", "5", "--output"]
    assert main([*words, str(tmp_path / "sheet.png")]) == 0
    assert main([*words, str(tmp_path / "images")]) == 0
    out, err = capsys.readouterr()
    assert err == "" and out.splitlines() == [
        f"3 images are in {tmp_path / 'sheet.png'}",
        f"3 images are in {tmp_path / 'images'}",
    ]
    images = experiments.load_run(run).model.generate(3, seed=5)
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert (np.array(sheet) == plotting.tile(images, columns=8)[..., 0]).all()
    names = sorted(path.name for path in (tmp_path / "images").iterdir())
    assert names == ["00000.png", "00001.png", "00002.png"]
    for name, image in zip(names, images, strict=True):
        with Image.open(tmp_path / "images" / name) as picture:
            assert abs(np.array(picture) - (image[..., 0] + 1) * 127.5).max() <= 1


def test_reconstruct_writes_each_picture_of_a_folder_under_its_name(run, capsys, tmp_path):
    _, (x_test, _) = datasets.load("digits")
    tiles = [plotting.tile(image[None], columns=1) for image in x_test[:2]]
    callbacks.write_picture(tmp_path / "in" / "b.png", tiles[0])
    callbacks.write_picture(tmp_path / "in" / "more" / "a.png", np.repeat(tiles[1], 3, axis=-1))
    (tmp_path / "in" / "torn.png").write_bytes(b"half")
    words = ["reconstruct", str(run), str(tmp_path / "in"), "--output", str(tmp_path / "out")]
    capsys.readouterr()
    assert main(words) == 0
    out, err = capsys.readouterr()
    assert out == f"2 reconstructions are in {tmp_path / 'out'}\n"
    assert err.startswith("vaegan_edu: torn.png is left out: ") and err.count("\n") == 1
    expected = experiments.load_run(run).model.reconstruct(x_test[:2])
    for name, image in zip(("b.png", "more/a.png"), expected, strict=True):
        with Image.open(tmp_path / "out" / name) as picture:
            grey = (image[..., 0] + 1) * 127.5
            assert abs(np.array(picture) - grey).max() <= 3  # the picture in had 8 bits


@pytest.fixture
def pictures(tmp_path):
    """A folder of two pictures of 40x30 pixels in colour."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("a.jpg", "b.png"):
        Image.fromarray(np.full((30, 40, 3), 99, "uint8")).save(folder / name)
    return folder


@pytest.mark.parametrize("place", ["{0}", "{0}/made", "{0}/../pictures", "link"])
def test_reconstruct_writes_nothing_among_the_pictures(run, pictures, place, capsys, tmp_path):
    (tmp_path / "link").symlink_to(pictures)
    output = str(tmp_path / place.format(pictures))
    before = {path: path.read_bytes() for path in pictures.iterdir()}
    capsys.readouterr()
    line = fails(["reconstruct", str(run), str(pictures), "--output", output], capsys)
    assert "must lie outside the folder of pictures" in line
    assert before == {path: path.read_bytes() for path in pictures.iterdir()}


def test_no_picture_is_replaced(run, pictures, capsys, tmp_path):
    (tmp_path / "b.png").write_text("precious")
    (tmp_path / "00001.png").write_text("precious")
    before = sorted(tmp_path.rglob("*"))
    capsys.readouterr()
    for words in (
        ["reconstruct", str(run), str(pictures), "--output", str(tmp_path)],
        ["generate", str(run), "--count", "3", "--output", str(tmp_path)],
        ["generate", str(run), "--count", "3", "--output", str(tmp_path / "b.png")],
    ):
        assert "No file is replaced: choose another --output, or remove" in fails(words, capsys)
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "b.png").read_text() == (tmp_path / "00001.png").read_text() == "precious"


def test_pictures_of_one_name_give_two_reconstructions(run, pictures, tmp_path):
    (pictures / "a.jpg").rename(pictures / "B.jpg")  # of one name where case does not count
    count = experiments.reconstruct_pictures(run, pictures, tmp_path / "out")
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert count == 2 and names == ["B.jpg.png", "b.png.png"]


@pytest.mark.parametrize("name, written", [("脸" * 80 + ".jpg", True), ("n" * 255, False)])
def test_a_long_name_does_not_end_the_reconstructions(run, pictures, name, written, tmp_path):
    (pictures / "a.jpg").rename(pictures / name)
    with warnings.catch_warnings(record=True, action="always") as told:
        count = experiments.reconstruct_pictures(run, pictures, tmp_path / "out")
    stems = {path.stem for path in (tmp_path / "out").iterdir()}
    assert stems == ({"b", "脸" * 80} if written else {"b"}) and count == len(stems)
    assert [str(one.message) for one in told] == (
        [] if written else [f"{name} is left out: its name is too long for the output"]
    )


@pytest.mark.parametrize(
    "words, message",
    [
        ("reconstruct {run} nowhere --output x", "must be a folder of pictures or a zip"),
        ("reconstruct {run} . --output x", "no picture to reconstruct. Received: ."),
        ("generate {run} --count 0 --output x", "`count` must be a whole number of at least 1"),
        ("generate {run} --seed -1 --output x", "`seed` must be a whole number of at least 0"),
        ("generate {run}", "the following arguments are required: --output"),
        ("generate nowhere --output x", "There is no folder nowhere"),
        ("evaluate nowhere", "There is no folder nowhere"),
        ("evaluate .", "A record needs config.json. Received: ."),
    ],
)
def test_bad_words_of_a_finished_run_get_one_line(
    run, words, message, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    assert re.search(message, fails(words.format(run=run).split(), capsys))
    assert list(tmp_path.iterdir()) == []


def test_a_classifier_generates_nothing(capsys, tmp_path):
    words = ["generate", str(metrics.JUDGES / "classifier-digits"), "--output"]
    assert "generates no images" in fails([*words, str(tmp_path / "x.png")], capsys)
    assert list(tmp_path.iterdir()) == []


# A process that was started in the background may have been told to ignore Ctrl-C.
HEEDING = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from vaegan_edu.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def test_interrupted_by_a_user_it_says_how_to_go_on(tmp_path):
    """Ctrl-C after the first epoch: one line, the code of an interrupt, and nothing is lost."""
    words = ["train", "vae-digits", "--epochs", "500", "--output", str(tmp_path / "run")]
    with subprocess.Popen(
        [sys.executable, "-c", HEEDING, *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        try:
            for _ in range(1200):
                if (tmp_path / "run" / "state.npz").exists():
                    break
                time.sleep(0.1)
            process.send_signal(signal.SIGINT)
            error = process.communicate(timeout=60)[1].decode()
        finally:
            process.kill()
    assert process.returncode == 130
    assert error == "vaegan_edu: interrupted; continue with the same words and --resume\n"


def test_a_backend_that_is_not_installed_gets_one_line(tmp_path):
    missing = 'raise ModuleNotFoundError("No module named \'torch\'", name="torch")'
    (tmp_path / "torch.py").write_text(missing)  # found before one that is installed
    code, out, err = run_module("list", KERAS_BACKEND="torch", PYTHONPATH=str(tmp_path))
    assert code == 1 and out == "" and err.count("\n") == 1
    assert err.startswith("vaegan_edu: KERAS_BACKEND names the backend torch, or keras.json does, ")


@pytest.fixture
def trains_nothing(monkeypatch):
    def fit(*_, **__):
        raise AssertionError("it began to train")

    monkeypatch.setattr(keras.Model, "fit", fit)


def fails(words, capsys):
    """Return the one line that a failing command writes."""
    try:
        code = main(words)
    except SystemExit as stop:  # argparse
        code = stop.code
    out, err = capsys.readouterr()
    assert isinstance(code, int) and code != 0
    assert out == "" and err.endswith("\n") and err.count("\n") == 1, err
    assert err.startswith("vaegan_edu: ") and "Traceback" not in err
    return err


@pytest.mark.parametrize(
    "words, message",
    [
        ("train vae", "Experiment must be one of ae-digits, vae-digits, .*Received: 'vae'"),
        (
            "train vae-digits --epochs 0",
            "`epochs` must be a whole number of at least 1. Received: 0",
        ),
        ("train vae-digits --epochs -3", "`epochs` must be a whole number of at least 1"),
        ("train vae-digits --latent-dim 0", "`latent_dim` must be a whole number of at least 1"),
        ("train vae-digits --batch-size 0", "`batch_size` must be a whole number of at least 1"),
        ("train vae-digits --seed -1", "`seed` must be a whole number of at least 0"),
        ("train vae-digits --data faces", "Data must be one of digits, mnist, .*Received: 'faces'"),
        ("train faces-light --data no/faces", "folder or zip of pictures is missing: no/faces"),
        ("train faces-light --data faces.zip", "folder or zip of pictures is missing: faces.zip"),
        ("train gan-faces --train-count 25", "at least 26 pictures to train .*Received: 25"),
        (
            "train vae-digits --data mnist",
            "MNIST was not found: VAEGAN_EDU_DATA must name a folder",
        ),
        ("train classifier-mnist", "MNIST was not found"),
        ("train classifier-digits --latent-dim 2", "classifier-digits has no setting latent_dim"),
        ("train vae-digits --epochs many", "argument --epochs: invalid int value: 'many'"),
        ("train vae-digits --set speed=9", "vae-digits has no setting speed. It has: data, "),
        ("train vae-digits --set beta", "argument --set: expected NAME=VALUE. Received: 'beta'"),
        ("train vae-digits --set beta=much", "`beta` must be a number, such as 1.0.*'much'"),
        ("train vae-digits --set beta=NaN", "`beta` must be a number"),
        ("train vae-digits --speed 9", "unrecognized arguments: --speed 9"),
        ("train", "the following arguments are required: experiment"),
        ("dance", "invalid choice: 'dance'"),
        ("", "the following arguments are required: COMMAND"),
    ],
)
def test_bad_words_get_one_line(words, message, capsys, tmp_path, monkeypatch, trains_nothing):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VAEGAN_EDU_DATA", str(tmp_path))
    assert re.search(message, fails(words.split(), capsys))
    assert list(tmp_path.iterdir()) == []  # nothing was written


def test_an_output_that_is_taken_gets_one_line(capsys, tmp_path, trains_nothing):
    file = tmp_path / "file"
    file.write_text("precious")
    words = ["train", "vae-digits", "--output"]
    assert "must be a folder. Received" in fails([*words, str(file)], capsys)
    assert str(file) in fails([*words, str(file / "below")], capsys)
    records.write_json(tmp_path / "run" / "config.json", {})
    assert "holds a run already" in fails([*words, str(tmp_path / "run")], capsys)
    assert file.read_text() == "precious"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["config.json", "file", "run"]


def test_an_output_that_cannot_be_written_gets_one_line(
    capsys, tmp_path, trains_nothing, monkeypatch
):
    """As of a read-only folder; simulated, for the superuser may write everywhere."""

    def refuse(path, *_, **__):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(pathlib.Path, "mkdir", refuse)
    line = fails(["train", "vae-digits", "--output", str(tmp_path / "run")], capsys)
    assert "Permission denied" in line and str(tmp_path / "run") in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "failure, code, message",
    [
        (OSError(errno.ENOSPC, "No space left on device"), 1, "No space left on device"),
        (FloatingPointError("`loss` became nan in epoch 2"), 1, "`loss` became nan in epoch 2"),
        (ValueError("two\nlines"), 1, "two lines"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_what_goes_wrong_while_training_gets_one_line(
    capsys, tmp_path, monkeypatch, failure, code, message
):
    def fit(*_, **__):
        raise failure

    monkeypatch.setattr(keras.Model, "fit", fit)
    words = ["train", "ae-digits", "--output", str(tmp_path)]
    assert message in fails(words, capsys)
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]
    (tmp_path / "config.json").unlink()
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(words) == code
    assert capsys.readouterr().out == "\n"  # the line of a bar, if there is one, ends there


def test_a_fault_of_the_program_is_not_hidden(monkeypatch, tmp_path):
    def fit(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(keras.Model, "fit", fit)
    with pytest.raises(ZeroDivisionError):
        main(["train", "ae-digits", "--output", str(tmp_path)])


def test_as_a_process_it_fails_with_one_line_and_a_code(tmp_path):
    words = ["train", "vae-digits", "--data", "mnist", "--output", str(tmp_path / "run")]
    code, out, err = run_module(*words, VAEGAN_EDU_DATA=str(tmp_path))
    assert (code, out) == (1, "")
    assert re.fullmatch("vaegan_edu: MNIST was not found: .*mnist.npz\n", err)
    assert list(tmp_path.iterdir()) == []


def test_help_and_list_do_not_wait_for_training_to_be_imported():
    code, out, err = run_module("--help")
    assert (code, err) == (0, "") and "train an experiment" in out
    code = "import sys, vaegan_edu.__main__; assert 'keras' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
