"""What happens between epochs: rates and noise, history, sample sheets, progress."""

import csv
import io
import json
import re
import time
from importlib.util import find_spec
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from PIL import Image

from vaegan_edu import callbacks, layers, models, plotting, records, toys
from vaegan_edu.callbacks import HistoryWriter, LearningRateSchedules, NoiseDecay
from vaegan_edu.schedules import Constant, Linear, Plateau, WindowedDecay, replay

POINTS = toys.ring().sample(32, seed=0)
NETWORKS = ("generator", "discriminator")


def tiny_gan(noise=None, rate=0.5, **settings):
    """A compiled GAN of points, its weights from seed 0."""
    keras.utils.set_random_seed(0)
    z = keras.Input((2,))
    points = keras.Input((2,))
    h = points if noise is None else noise(points)
    gan = models.GAN(
        keras.Model(z, keras.layers.Dense(2)(z)),
        keras.Model(points, keras.layers.Dense(1)(h)),
        seed=0,
    )
    gan.compile(keras.optimizers.SGD(rate), keras.optimizers.SGD(rate), **settings)
    return gan


def fit(model, watching, epochs=5, **settings):
    given = {"batch_size": 16, "shuffle": False, "verbose": 0, "validation_data": (POINTS[:16],)}
    return model.fit(POINTS, epochs=epochs, callbacks=watching, **{**given, **settings}).history


class Falsify(keras.callbacks.Callback):
    """Replace the logs of each epoch by given ones."""

    def __init__(self, **logs):
        super().__init__()
        self.falsified = logs

    def on_epoch_end(self, epoch, logs=None):
        logs.update({name: values[epoch] for name, values in self.falsified.items()})


class Rates(keras.callbacks.Callback):
    """Note the rates that each epoch was trained with."""

    def on_train_begin(self, logs=None):
        self.seen = []

    def on_train_batch_end(self, batch, logs=None):
        if batch == 0:
            self.seen.append(callbacks.learning_rates(self.model))


def rules():
    return {
        "generator": Plateau(0.1, 0.5, 1e-3, 1),
        "discriminator": WindowedDecay(0.2, 0.5, 1e-3, 2, "improvement"),
    }


def model_with_rate(learning_rate):
    return SimpleNamespace(optimizer=keras.optimizers.SGD(learning_rate))


def write(writer, epochs):
    """What `fit` does: begin and end epochs, counted from 0, with the given logs."""
    for epoch, logs in enumerate(epochs):
        writer.on_epoch_begin(epoch)
        writer.on_epoch_end(epoch, logs)


def test_history_holds_every_log_the_rate_and_the_seconds(tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    path = tmp_path / "run" / "history.csv"
    writer = callbacks.HistoryWriter(path)
    model = model_with_rate(0.5)
    writer.set_model(model)
    for epoch, loss in enumerate([np.float32(0.1), 4.0]):
        writer.on_epoch_begin(epoch)
        now[0] += 1.23456 + epoch
        model.optimizer.learning_rate = 0.5 / 2**epoch
        writer.on_epoch_end(epoch, {"loss": loss, "val_kl_loss": 2.5})
        # After each epoch the file is whole: a reader need not wait for the end.
        rows = list(csv.reader(io.StringIO(path.read_text())))
        assert len(rows) == epoch + 2
    assert rows == [
        ["epoch", "loss", "val_kl_loss", "learning_rate", "epoch_learning_rate", "seconds"],
        ["1", "0.10000000149011612", "2.5", "0.5", "0.5", "1.235"],
        ["2", "4.0", "2.5", "0.25", "0.5", "2.235"],
    ]


def test_history_follows_the_rate_of_a_schedule(tmp_path):
    decay = keras.optimizers.schedules.ExponentialDecay(1.0, decay_steps=1, decay_rate=0.5)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(decay), loss="mse")
    writer = callbacks.HistoryWriter(tmp_path / "history.csv")
    x = np.zeros((6, 1))
    model.fit(x, x, batch_size=2, epochs=2, validation_data=(x, x), callbacks=[writer], verbose=0)
    rows = records._read_history(tmp_path / "history.csv")
    assert [row["learning_rate"] for row in rows] == [0.5**3, 0.5**6]  # three steps an epoch
    assert [row["epoch_learning_rate"] for row in rows] == [1.0, 0.5**3]
    names = ["epoch", "loss", "val_loss", "learning_rate", "epoch_learning_rate", "seconds"]
    assert list(rows[0]) == names
    assert [row["epoch"] for row in rows] == [1, 2]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("name", ["loss", "val_kl_loss"])
def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_history(tmp_path, name, value):
    path = tmp_path / "history.csv"
    writer = callbacks.HistoryWriter(path)
    writer.set_model(model_with_rate(0.1))
    good = {"loss": 1.0, "val_kl_loss": 2.0}
    with pytest.raises(FloatingPointError, match=f"`{name}` became {value} in epoch 3") as failure:
        write(writer, [good, good, {**good, name: value}, good])
    assert "\n" not in str(failure.value) and "lower the learning rate" in str(failure.value)
    assert [row["epoch"] for row in records._read_history(path)] == [1, 2]


class Painter:
    """Stands for a model: its images depend on the seed and on the epoch."""

    def __init__(self, channels):
        self.channels = channels
        self.epoch = 0
        self.asked = []

    def generate(self, count, seed):
        self.asked.append((count, seed))
        rng = np.random.default_rng([seed, self.epoch])
        return rng.uniform(-1, 1, (count, 5, 4, self.channels)).astype("float32")


@pytest.mark.parametrize("channels", [1, 3])
def test_sheets_show_the_model_after_the_right_epochs(tmp_path, channels):
    painter = Painter(channels)
    sheets = callbacks.SampleSheets(tmp_path / "samples", epochs=[1, 3, 40], count=11, seed=7)
    sheets.set_model(painter)
    for epoch in range(4):
        painter.epoch = epoch
        sheets.on_epoch_end(epoch, {})
    found = sorted(path.name for path in (tmp_path / "samples").iterdir())
    assert found == ["epoch-001.png", "epoch-003.png"]
    assert painter.asked == [(11, 7)] * 2  # the same codes each time
    for name, epoch in zip(found, (0, 2), strict=True):
        painter.epoch = epoch
        expected = plotting.tile(painter.generate(11, seed=7), columns=8)
        with Image.open(tmp_path / "samples" / name) as picture:
            assert picture.mode == ("L" if channels == 1 else "RGB")
            pixels = np.array(picture).reshape(expected.shape)
        np.testing.assert_array_equal(pixels, expected)


def test_a_sheet_holds_64_images_unless_told_otherwise(tmp_path):
    painter = Painter(1)
    sheets = callbacks.SampleSheets(tmp_path, epochs=[1])
    sheets.set_model(painter)
    sheets.on_epoch_end(0)
    assert painter.asked == [(64, 0)]


def progress_lines(capsys, progress, epochs, losses=({},)):
    """Let a bar see epochs (a range) and return what it wrote after each."""
    progress.set_params({"epochs": epochs.stop, "steps": 3})
    progress.on_train_begin()
    lines = []
    for epoch in epochs:
        progress.on_epoch_begin(epoch)
        for batch in range(3):
            progress.on_train_batch_end(batch)
        progress.on_epoch_end(epoch, losses[(epoch - epochs.start) % len(losses)])
        lines.append(re.sub("\x1b\\[[0-9]*m|[\x08\r]", "", capsys.readouterr().out))
    return lines


def test_progress_tells_the_time_left_and_the_latest_losses(capsys, monkeypatch):
    now = iter(1000.0 + 10.0 * n for n in range(100))
    monkeypatch.setattr(time, "time", lambda: next(now))
    losses = [{"loss": 10.0 - epoch, "val_loss": np.float32(5.5)} for epoch in range(4)]
    lines = progress_lines(capsys, callbacks.Progress(), range(4), losses)
    for epoch, line in enumerate(lines):
        assert f"{epoch + 1}/4" in line and "10s/epoch" in line
        # Of this epoch, not an average over the epochs.
        assert f"loss: {10.0 - epoch:.4f}" in line and "val_loss: 5.5000" in line
    assert [re.search(r" (\d+)s 10s/epoch", line)[1] for line in lines[:3]] == ["30", "20", "10"]
    assert lines[3].endswith("\n")


def test_progress_of_a_resumed_run_counts_on(capsys, monkeypatch):
    now = iter(1000.0 + 10.0 * n for n in range(100))
    monkeypatch.setattr(time, "time", lambda: next(now))
    lines = progress_lines(capsys, callbacks.Progress(), range(7, 10))
    assert [re.search(r"\d+/10", line)[0].strip() for line in lines] == ["8/10", "9/10", "10/10"]
    # The seven epochs before took none of this bar's time.
    assert [re.search(r" (\d+)s 10s/epoch", line)[1] for line in lines[:2]] == ["20", "10"]
    assert lines[2].endswith("\n")


def test_progress_tells_the_rate_that_the_epoch_learned_with(capsys):
    schedules = LearningRateSchedules({"generator": Plateau(0.3, 0.1, 1e-9, 1)})
    watching = [Falsify(val_generator_loss=[1.0] * 3), schedules, callbacks.Progress()]
    history = fit(tiny_gan(), watching, epochs=3)
    assert history["learning_rate_generator"] == pytest.approx([0.3, 0.03, 0.003])
    told = re.findall(r"learning_rate_generator: ([0-9.e-]+)", capsys.readouterr().out)
    assert [float(rate) for rate in told] == [0.3, 0.3, 0.03]


def test_history_has_empty_fields_for_what_an_epoch_does_not_log(tmp_path):
    """As with `validation_freq`, and of a second fit that is the first to validate."""
    x = np.zeros((6, 1))
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", loss="mse")
    writer = HistoryWriter(tmp_path / "history.csv")
    fits = ({"epochs": 3, "validation_data": (x, x), "validation_freq": 2}, {"epochs": 1})
    for words in fits:
        model.fit(x, x, callbacks=[writer], verbose=0, **words)
    rows = records._read_history(tmp_path / "history.csv")
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4]
    assert [np.isnan(row["val_loss"]) for row in rows] == [True, False, True, True]
    assert all(np.isfinite(row["loss"]) for row in rows)


def test_progress_moves_with_every_batch_in_a_terminal_alone(capsys, monkeypatch):
    now = iter(1000.0 + 10.0 * n for n in range(100))
    monkeypatch.setattr(time, "time", lambda: next(now))
    assert progress_lines(capsys, callbacks.Progress(), range(2))[0].count("/2") == 1
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    first, second = progress_lines(capsys, callbacks.Progress(), range(2))
    assert re.findall(r"\d/6", first) == ["1/6", "2/6", "3/6"]
    assert re.findall(r"\d/6", second) == ["4/6", "5/6", "6/6"]


def test_progress_leaves_out_what_is_no_number(capsys):
    losses = [{"loss": float("nan"), "val_loss": 1.0}]
    (line,) = progress_lines(capsys, callbacks.Progress(), range(1), losses)
    assert "nan" not in line and "val_loss: 1.0000" in line


def test_each_rate_follows_its_own_networks_validation_loss():
    """The generator's losses tie, the discriminator's fall; the training losses do the opposite."""
    ties, falling = [1.0] * 5, [5.0, 4.0, 3.0, 2.0, 1.0]
    falsify = Falsify(
        val_generator_loss=ties,
        val_discriminator_loss=falling,
        generator_loss=falling,
        discriminator_loss=ties,
    )
    rates = Rates()
    gan = tiny_gan()
    history = fit(gan, [falsify, LearningRateSchedules(rules()), rates])
    assert history["learning_rate_generator"] == [0.1, 0.05, 0.025, 0.0125, 0.00625]
    assert history["learning_rate_discriminator"] == [0.2, 0.2, 0.1, 0.05, 0.025]
    assert "learning_rate" not in history
    # An epoch is trained with the rate that the one before it left.
    for name, first in (("generator", 0.1), ("discriminator", 0.2)):
        trained = [seen[f"learning_rate_{name}"] for seen in rates.seen]
        assert trained == pytest.approx([first, *history[f"learning_rate_{name}"][:-1]])
    found = [float(gan.optimizers[name].learning_rate) for name in NETWORKS]
    assert found == pytest.approx([0.00625, 0.025])


def test_logged_rates_are_the_replay_of_the_logged_losses():
    watched = rules()
    history = fit(tiny_gan(), [LearningRateSchedules(watched)], epochs=8)
    for name, rule in watched.items():
        rates = history[f"learning_rate_{name}"]
        assert rates == replay(rule, history[f"val_{name}_loss"]) and len(rates) == 8
    assert rates[-1] < 0.2  # something happened


def test_the_rate_is_the_one_that_trains():
    """SGD at a hundredth of the rate moves a hundredth as far; the other network stays alike."""

    def moved(rate):
        gan = tiny_gan()
        before = [network.get_weights() for network in gan.networks.values()]
        rules = {"generator": Constant(rate), "discriminator": Constant(0.5)}
        fit(gan, [LearningRateSchedules(rules)], epochs=1, steps_per_epoch=1)
        after = [network.get_weights() for network in gan.networks.values()]
        return [
            np.concatenate([(b - a).ravel() for a, b in zip(*pair, strict=True)])
            for pair in zip(before, after, strict=True)
        ]

    fast, slow = moved(0.5), moved(0.005)
    np.testing.assert_allclose(fast[0] / 100, slow[0], rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(fast[1], slow[1], rtol=1e-6)
    assert abs(fast[0]).max() > 1e-3 and abs(fast[1]).max() > 1e-3


def test_a_network_without_a_rule_is_left_alone():
    gan = tiny_gan()
    history = fit(gan, [LearningRateSchedules({"generator": Linear(0.1, epochs=4)})], epochs=2)
    assert float(gan.optimizers["discriminator"].learning_rate) == 0.5
    assert history["learning_rate_generator"] == pytest.approx([0.075, 0.05])
    assert "learning_rate_discriminator" not in history


@pytest.mark.parametrize("rules_first", [True, False])
def test_the_rules_have_the_last_word_over_keras_plateau(rules_first):
    """Keras' lowers all rates at once, every epoch here; the rules put theirs back in any order."""
    plateau = keras.callbacks.ReduceLROnPlateau(
        "val_generator_loss", factor=0.1, patience=1, min_delta=1e9, mode="min", min_lr=0
    )
    schedules = LearningRateSchedules({"generator": Constant(0.1)})
    rates = Rates()
    watching = [schedules, plateau] if rules_first else [plateau, schedules]
    history = fit(tiny_gan(), [*watching, rates], epochs=4)
    assert [seen["learning_rate_generator"] for seen in rates.seen] == pytest.approx([0.1] * 4)
    others = [seen["learning_rate_discriminator"] for seen in rates.seen]
    assert others == pytest.approx([0.5, 0.5, 0.05, 0.005])
    assert history["learning_rate_generator"] == pytest.approx([0.1] * 4)


def test_rules_compose_with_keras_own_callbacks(tmp_path):
    """A CSV log after the rules holds the rates; early stopping stops, TensorBoard writes."""
    watching = [
        LearningRateSchedules(rules()),
        keras.callbacks.CSVLogger(tmp_path / "log.csv"),
        keras.callbacks.EarlyStopping(
            "val_generator_loss", min_delta=1e9, patience=2, mode="min", restore_best_weights=True
        ),
    ]
    board = keras.backend.backend() == "tensorflow" and find_spec("tensorboard") is not None
    if board:
        watching.append(keras.callbacks.TensorBoard(tmp_path / "board"))
    history = fit(tiny_gan(), watching, epochs=6)
    assert len(history["generator_loss"]) == 3
    rows = list(csv.DictReader(io.StringIO((tmp_path / "log.csv").read_text())))
    for name in NETWORKS:
        logged = [float(row[f"learning_rate_{name}"]) for row in rows]
        assert logged == history[f"learning_rate_{name}"]
    assert (tmp_path / "board").exists() == board


def test_a_rule_alone_leads_a_model_of_one_optimizer():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    model.compile(keras.optimizers.SGD(1.0), loss="mse")
    schedule = LearningRateSchedules(Plateau(0.5, 0.5, 0.0, 1))
    falsify = Falsify(val_loss=[3.0, 3.0, 2.0])
    history = model.fit(
        POINTS,
        POINTS,
        epochs=3,
        validation_data=(POINTS, POINTS),
        verbose=0,
        callbacks=[falsify, schedule],
    ).history
    assert history["learning_rate"] == [0.5, 0.25, 0.25]
    assert float(model.optimizer.learning_rate) == 0.25
    assert list(schedule.state()) == [""]


def test_another_log_can_be_followed():
    ties = [1.0, 1.0, 1.0]
    schedule = {"generator": Plateau(0.1, 0.5, 0.0, 1)}
    watching = [Falsify(generator_loss=ties), LearningRateSchedules(schedule, "{network}_loss")]
    history = fit(tiny_gan(), watching, epochs=3, validation_data=None)
    assert history["learning_rate_generator"] == [0.1, 0.05, 0.025]


def test_rules_carry_on_in_a_second_fit_and_in_another_process():
    """Three epochs, a state through JSON, and two more equal five."""
    ties = Falsify(val_generator_loss=[1.0] * 5, val_discriminator_loss=[5.0, 4.0, 3.0, 2.0, 1.0])
    whole = fit(tiny_gan(), [ties, LearningRateSchedules(rules())])
    first = LearningRateSchedules(rules())
    gan = tiny_gan()
    begun = fit(gan, [ties, first], epochs=3)
    state = json.loads(json.dumps(first.state()))
    second = LearningRateSchedules(rules())
    second.restore(state)
    for schedules in (second, first):
        rest = fit(tiny_gan(), [ties, schedules], epochs=5, initial_epoch=3)
        for name in NETWORKS:
            log = f"learning_rate_{name}"
            assert begun[log] + rest[log] == whole[log]
    with pytest.raises(ValueError, match="The state must hold 'generator', 'discriminator'. Rec"):
        second.restore({"generator": state["generator"]})


@pytest.mark.parametrize(
    ("schedules", "settings", "message"),
    [
        ({"encoder": Constant(1.0)}, {}, "it has generator, discriminator. Received: 'encoder'"),
        (Constant(1.0), {}, "it has generator, discriminator. Received: ''"),
        (
            {"generator": Constant(1.0)},
            {"validation_data": None},
            "follows `val_generator_loss`, but epoch 1 logged ",
        ),
    ],
)
def test_rules_that_cannot_work_are_refused(schedules, settings, message):
    with pytest.raises(ValueError) as failure:
        fit(tiny_gan(), [LearningRateSchedules(schedules)], epochs=1, **settings)
    assert message in str(failure.value) and "\n" not in str(failure.value)


def test_a_network_name_for_a_model_of_one_optimizer_is_refused():
    schedule = LearningRateSchedules({"generator": Constant(1.0)})
    schedule.set_model(model_with_rate(0.5))
    with pytest.raises(ValueError, match="one optimizer, which takes a rule alone. Received: 'gen"):
        schedule.on_train_begin()


@pytest.mark.parametrize(
    ("schedules", "message"),
    [
        ({"generator": 1e-3}, "`generator` must be a rule such as"),
        (dict.fromkeys(NETWORKS, Constant(1e-3)), "Each network needs a rule of its own"),
    ],
)
def test_what_is_no_rule_is_refused(schedules, message):
    with pytest.raises(ValueError, match=message):
        LearningRateSchedules(schedules)


def test_two_rules_for_one_rate_are_refused():
    gan = tiny_gan(rate=keras.optimizers.schedules.CosineDecay(0.1, 10))
    with pytest.raises(ValueError, match="`learning_rate_generator` can follow one rule only"):
        fit(gan, [LearningRateSchedules({"generator": Constant(1.0)})])


def test_a_nan_loss_is_named_with_its_log_and_epoch():
    falsify = Falsify(val_generator_loss=[1.0, float("nan")])
    with pytest.raises(ValueError, match="^`val_generator_loss`: The loss of epoch 2 .*: nan$"):
        fit(tiny_gan(), [falsify, LearningRateSchedules({"generator": Constant(1.0)})])


class Noises(keras.callbacks.Callback):
    """Note the noise that each epoch was trained with."""

    def on_train_begin(self, logs=None):
        self.seen = []

    def on_train_batch_begin(self, batch, logs=None):
        layer = self.model.discriminator.layers[1]
        self.seen.append(round(float(layer.current_stddev()), 4))


@pytest.mark.parametrize("jit_compile", ["auto", True])
def test_noise_decays_by_epoch(jit_compile):
    noises = Noises()
    gan = tiny_gan(layers.DecayingNoise(0.8, epochs=4, seed=0), jit_compile=jit_compile)
    fit(gan, [NoiseDecay(), noises], epochs=6)
    assert noises.seen == [0.8, 0.8, 0.6, 0.6, 0.4, 0.4, 0.2, 0.2, 0.0, 0.0, 0.0, 0.0]
    fit(gan, [NoiseDecay(), noises], epochs=3, initial_epoch=2)
    assert noises.seen == [0.4, 0.4]


def test_the_noise_that_decayed_is_gone():
    """From the epoch in which it ends, the step is that of a model without noise."""

    def trained(gan, epoch):
        gan.discriminator.layers[-1].set_weights(initial)
        fit(gan, [NoiseDecay()], epochs=epoch + 1, initial_epoch=epoch)
        return np.concatenate([np.ravel(w) for w in gan.discriminator.trainable_variables])

    noisy = tiny_gan(layers.DecayingNoise(2.0, epochs=3, seed=0), rate=1e-9)
    quiet = tiny_gan(rate=1e-9)
    for gan in (noisy, quiet):  # the generator stands still: what it makes differs by the codes
        gan.optimizers["discriminator"].learning_rate = 0.5
        gan.generator.set_weights([np.zeros((2, 2)), np.ones(2)])
    initial = quiet.discriminator.layers[-1].get_weights()
    expected = trained(quiet, 0)
    for epoch in (0, 2):
        assert abs(trained(noisy, epoch) - expected).max() > 1e-3
    for epoch in (3, 9):
        np.testing.assert_allclose(trained(noisy, epoch), expected, atol=1e-6)


def test_noise_inside_a_nested_network_decays_too():
    inner_input = keras.Input((2,))
    layer = layers.DecayingNoise(1.0, epochs=4)
    inner = keras.Model(inner_input, layer(inner_input))
    fit(tiny_gan(inner), [NoiseDecay()], epochs=3)
    assert float(layer.epoch) == 2.0


def test_history_and_progress_of_several_networks(tmp_path, capsys):
    schedules = LearningRateSchedules({"generator": Plateau(0.3, 0.1, 1e-9, 1)})
    watching = [
        Falsify(val_generator_loss=[1.0] * 2),
        schedules,
        HistoryWriter(tmp_path / "history.csv"),
        callbacks.Progress(),
    ]
    history = fit(tiny_gan(), watching, epochs=2)
    rows = records._read_history(tmp_path / "history.csv")
    logs = {"generator_loss", "discriminator_loss", "d_real", "d_generated"}
    rates = {f"{when}learning_rate_{name}" for name in NETWORKS for when in ("", "epoch_")}
    assert set(rows[0]) == {"epoch", "seconds"} | rates | logs | {f"val_{name}" for name in logs}
    # As many digits as the rule has, though the optimizer keeps float32.
    assert [row["learning_rate_generator"] for row in rows] == [0.3, 0.3 * 0.1]
    assert [row["learning_rate_discriminator"] for row in rows] == [0.5, 0.5]
    # The rate that an epoch learned with is the one that the epoch before it left.
    assert [row["epoch_learning_rate_generator"] for row in rows] == pytest.approx([0.3, 0.3])
    for name in logs:
        assert [row[name] for row in rows] == pytest.approx(history[name])
    out = capsys.readouterr().out
    assert "2/2" in out and "learning_rate_generator: 0.3000" in out
