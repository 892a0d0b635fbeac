"""An experiment in a file of one's own: trained, resumed, measured and used as any other."""

import re
import shutil

import numpy as np
import pytest
from PIL import Image

from vaegan_edu import datasets, experiments, models, records
from vaegan_edu.__main__ import main
from vaegan_edu.experiments import tasks

MINE = '''
"""A VAE that also keeps its codes small, on pictures of stripes."""
import numpy as np
from keras import ops
from vaegan_edu import datasets, models
from vaegan_edu.experiments import Experiment, tasks


def load_stripes():
    """Return 40 pictures, 8x8, of stripes that lie the one way or the other."""
    rng = np.random.default_rng(0)
    stripes = np.where(np.arange(8) % 4 < 2, 0.8, -0.8) + rng.normal(0, 0.05, (40, 8))
    images = np.repeat(stripes[:, :, None, None], 8, axis=2).astype("float32")
    images[1::2] = images[1::2].transpose(0, 2, 1, 3)
    labels = np.arange(40) % 2
    return (images[:32], labels[:32]), (images[32:], labels[32:])


datasets.LOADERS["stripes"] = load_stripes


class SmallCodes(models.VAE):
    def __init__(self, encoder, decoder, weight=0.1, **kwargs):
        super().__init__(encoder, decoder, **kwargs)
        self.weight = weight

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        size = ops.mean(ops.square(y_pred["z_mean"]))
        return super().compute_loss(x, y, y_pred) + self.weight * size


class Stripes(tasks.Task):
    """Generate stripes; their contrast is measured."""

    def image_shape(self, settings):
        return 8, 8, 1

    def evaluate(self, model, data, settings):
        return {"contrast": float(model.generate(16, seed=settings["seed"]).std())}


small_codes = Experiment(
    "VAE of small codes", SmallCodes, Stripes(),
    {"data": "stripes", "epochs": 2, "batch_size": 8, "learning_rate": 1e-2, "preset": "small",
     "latent_dim": 2, "beta": 0.5, "weight": 0.25},
    assumptions=("beta",),
)
'''


@pytest.fixture
def mine(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.loading, "LOADERS", datasets.LOADERS)
    monkeypatch.setitem(datasets.LOADERS, "stripes", None)  # taken away again afterwards
    (tmp_path / "mine.py").write_text(MINE)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "mine.py"


def fails(words, capsys):
    capsys.readouterr()
    assert main(words) == 1
    out, err = capsys.readouterr()
    assert err.startswith("vaegan_edu: ") and err.count("\n") == 1 and "Traceback" not in err
    return err


def test_it_is_shown_trained_resumed_measured_and_used(mine, capsys, monkeypatch):
    assert main(["show", "mine.py"]) == 0
    shown = capsys.readouterr().out
    assert "small_codes: VAE of small codes (mine.py)" in shown and "SmallCodes" in shown
    assert re.search("weight +0.25\n", shown) and re.search("beta +0.5  assumed\n", shown)
    run = experiments.load_run

    # Stopped at its end, resumed by the same words, and equal to one that was never stopped.
    words = ["train", "mine.py:small_codes", "--seed", "3", "--epochs", "3", "--output"]
    with monkeypatch.context() as patch:
        patch.setattr("vaegan_edu.experiments.training.SHEET_EPOCHS", ())
        patch.setattr("vaegan_edu.callbacks.animate", _stop)
        assert main([*words, "stopped"]) == 130
    assert not records.is_finished("stopped")
    assert main([*words, "stopped", "--resume"]) == 0
    assert main([*words, "whole"]) == 0
    assert records.is_finished("stopped")
    for a, b in zip(*(run(f).model.get_weights() for f in ("stopped", "whole")), strict=True):
        np.testing.assert_array_equal(a, b)
    assert run("whole").model.weight == 0.25 and run("whole").model.beta == 0.5

    config = records.read_config("whole")
    assert config["experiment"] == "small_codes" and config["seed"] == 3
    assert config["experiment_file"] == {
        "name": "mine.py",
        "digest": experiments.own.describe_file(mine)["digest"],
    }
    assert config["assumptions"] == ["beta"] and str(mine.parent) not in str(config)

    # The run holds the code that made it: nothing is asked of the file any more.
    mine.write_text(MINE.replace("0.25", "0.5"))
    assert "experiment_file.digest was" in fails([*words, "whole", "--resume"], capsys)
    mine.unlink()
    shutil.move("whole", "elsewhere")
    before = (mine.parent / "elsewhere" / "metrics.json").read_bytes()
    assert main(["evaluate", "elsewhere"]) == 0
    assert (mine.parent / "elsewhere" / "metrics.json").read_bytes() == before
    assert main(["generate", "elsewhere", "--count", "3", "--output", "sheet.png"]) == 0
    with Image.open("sheet.png") as sheet:
        assert sheet.size == (3 * 10 - 2, 8)

    # Its weights can be made again, and are the same.
    weights = run("elsewhere").model.get_weights()
    (mine.parent / "elsewhere" / "model.weights.h5").unlink()
    words = ["generate", "elsewhere", "--output", "x.png"]
    assert "python -m vaegan_edu retrain elsewhere" in fails(words, capsys)
    assert main(["retrain", "elsewhere"]) == 0
    assert "the record's, to the last digit" in capsys.readouterr().out
    for a, b in zip(weights, run("elsewhere").model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)

    # Another file in its place is not run.
    copy = mine.parent / "elsewhere" / "experiment.py"
    copy.write_text("raise SystemExit('this must not run')")
    assert "is not the file that made this run" in fails(words, capsys)
    copy.unlink()
    assert "copy mine.py there" in fails(words, capsys)


def _stop(*_, **__):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    "name, text, message",
    [
        ("none.py", None, "The experiment's file is not there. Received: none.py"),
        ("mine.py:x", "x = 1", "must be followed by `:` and the name .* It defines nothing"),
        ("mine.py:other", MINE, "It defines small_codes. Received: 'other'"),
        ("mine.py", MINE + "\nmore = small_codes", "It defines small_codes, more. Received: ''"),
        ("mine.py", "x = 1\ny = z", "mine.py, line 2: NameError: name 'z' is not defined"),
        ("mine.py", "x = (", "mine.py, line 1: SyntaxError"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_one_line(mine, capsys, name, text, message):
    if text:
        mine.write_text(text)
    assert re.search(message, fails(["train", name, "--output", "run"], capsys))
    assert not (mine.parent / "run").exists()


SETTINGS = {"data": "digits", "epochs": 1, "batch_size": 8, "learning_rate": 0.1, "latent_dim": 2}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"latentdim": 3}, "`latentdim` is no setting of VAE.*did you mean `latent_dim`"),
        ({"gamma": 1.0}, "`gamma` is no setting of VAE"),
        ({"epochs": None, "batch_size": ...}, "needs the setting `batch_size`. It has none"),
        ({"beta": np.float32(1.0)}, "`beta` cannot be written into a record"),
        ({"reconstruction_loss": abs}, "`reconstruction_loss` cannot be written into a record"),
    ],
)
def test_a_setting_that_nobody_reads_or_no_record_holds_is_refused(changed, message):
    settings = {k: v for k, v in {**SETTINGS, **changed}.items() if v is not ...}
    experiment = experiments.Experiment("a VAE", models.VAE, tasks.DigitSamples(), settings)
    with pytest.raises(ValueError, match=message):
        experiment.build({**settings, "seed": 0}, (28, 28, 1))


def test_every_experiment_of_the_package_reads_all_its_settings():
    for experiment in experiments.EXPERIMENTS.values():
        experiment._check_settings()
