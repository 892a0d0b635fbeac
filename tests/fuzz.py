"""What nobody would write by hand: anything a stranger may give, many times (`make fuzz`).

One rule for all: the answer is right, or one line says what is wrong (a `ValueError`, or an error
of files). There is no other exception. This file is outside `make test`, for what it finds depends
on chance and on the time it is given: `make fuzz EXAMPLES=5000`.
"""

import json
import os
import string
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from vaegan_edu import (
    callbacks,
    datasets,
    experiments,
    latent,
    metrics,
    plotting,
    records,
    schedules,
    toys,
)
from vaegan_edu.__main__ import main
from vaegan_edu.experiments import EXPERIMENTS
from vaegan_edu.experiments.training import WEIGHTS, complete_config

settings.register_profile(
    "fuzz",
    max_examples=int(os.environ.get("EXAMPLES", "300")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
settings.load_profile("fuzz")
pytestmark = pytest.mark.filterwarnings("ignore")

DTYPES = ("float32", "float64", "float16", "int64", "uint8", "bool", "complex64", "U3", "object")
anything = st.one_of(
    st.none(),
    st.integers(-3, 9),
    st.floats(),
    st.text(max_size=3),
    st.lists(st.lists(st.floats(-2, 2), max_size=3), max_size=3),  # ragged, too
    st.sampled_from(DTYPES).flatmap(
        lambda dtype: arrays(dtype, array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5))
    ),
    arrays("float64", st.tuples(st.integers(1, 7), st.integers(1, 3)), elements=st.floats(-3, 3)),
    arrays("float32", (3, 4, 4, 1), elements=st.floats(-1, 1, width=32)),
)
FUNCTIONS = {
    "interpolate": (latent.interpolate, 3),
    "traverse": (latent.traverse, 3),
    "attribute_vector": (latent.attribute_vector, 2),
    "attribute_vectors": (latent.attribute_vectors, 2),
    "active_units": (metrics.active_units, 1),
    "asked_and_leaked": (metrics.asked_and_leaked, 1),
    "attribute_similarity": (metrics.attribute_similarity, 2),
    "class_histogram": (metrics.class_histogram, 1),
    "classes_covered": (metrics.classes_covered, 2),
    "expected_coverage": (metrics.expected_coverage, 3),
    "frechet_distance": (metrics.frechet_distance, 2),
    "high_quality_share": (metrics.high_quality_share, 3),
    "histogram_divergence": (metrics.histogram_divergence, 1),
    "low_confidence_share": (metrics.low_confidence_share, 1),
    "manifold_overlap": (metrics.manifold_overlap, 3),
    "modes_covered": (metrics.modes_covered, 4),
    "nearest_distance": (metrics.nearest_distance, 2),
    "r_squared": (metrics.r_squared, 2),
    "sharpness": (metrics.sharpness, 1),
    "within_class_distance": (metrics.within_class_distance, 4),
    "tile": (plotting.tile, 2),
    "scale_pixels": (datasets.scale_pixels, 1),
    "split_rows": (datasets.photographs.split_rows, 3),
    "ring": (toys.ring, 2),
    "Plateau": (schedules.Plateau, 4),
    "WindowedDecay": (schedules.WindowedDecay, 4),
    "PeakDecay": (schedules.PeakDecay, 5),
    "replay": (lambda losses: schedules.replay(schedules.Plateau(1.0, 0.5, 0.1, 2), losses), 1),
}


def refused(error):
    """Whether an error is one line for a reader."""
    return len(str(error).strip().splitlines()) == 1


@pytest.mark.parametrize("name", FUNCTIONS)
@given(data=st.data())
def test_arrays(name, data):
    function, count = FUNCTIONS[name]
    arguments = [data.draw(anything) for _ in range(count)]
    try:
        function(*arguments)
    except ValueError as error:
        assert refused(error), error


words = st.lists(
    st.one_of(
        st.sampled_from(
            "list show train evaluate retrain generate reconstruct --data --epochs --seed --help "
            "--batch-size --latent-dim --image-size --train-count --schedule --output --resume "
            "--count vae-digits gan-ring faces-light digits mnist 1 0 -1 1e3 s2-log . .. here "
            "pictures run nowhere/at/all x.png file.py:a file.py".split()
        ),
        st.text(string.printable, max_size=5),
        st.text(max_size=3),
    ),
    max_size=8,
)


@given(words=words)
def test_command_line(words, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cwd")
    (folder / "pictures").mkdir()
    (folder / "run").mkdir()
    (folder / "run" / "config.json").write_text("{}")
    (folder / "file.py").write_text("a = 1\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("VAEGAN_EDU_DATA", str(folder))
        patch.setattr(keras.Model, "fit", _stop)
        try:
            code = main(words)
        except SystemExit as stop:
            code = stop.code
        except Trained:
            code = 0
    assert code in (0, 1, 2)


class Trained(Exception):
    pass


def _stop(*_, **__):
    raise Trained


values = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 3), st.floats(), st.text(max_size=4),
    st.lists(st.integers(-1, 3) | st.floats(), max_size=3),
    st.dictionaries(st.text(max_size=2), st.none()),
    st.sampled_from([10**30, "linear", "before", "dense", (0.1, 3), "cosine-steps", "s1"]),
)  # fmt: skip


@given(key=st.sampled_from(sorted(EXPERIMENTS["gan-ring"].settings)), value=values)
def test_settings(key, value, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras.Model, "fit", _stop)
        try:
            experiments.train("gan-ring", settings={key: value}, output=folder, progress=False)
        except Trained:
            pass
        except (ValueError, FileNotFoundError) as error:
            assert refused(error), error


def changed(data, content):
    """Bytes with some of them cut out, doubled or replaced."""
    content = bytearray(content)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, max(len(content) - 1, 0)))
        end = min(len(content), at + data.draw(st.integers(0, 30)))
        new = data.draw(st.binary(max_size=30))
        content[at:end] = content[at:end] * 2 if data.draw(st.booleans()) else new
    return bytes(content)


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    folder = tmp_path_factory.mktemp("record")
    source = Path(__file__).parents[1] / "book" / "results" / "vae-digits" / "seed-0"
    for name in ("config.json", "history.csv", "metrics.json"):
        (folder / name).write_bytes((source / name).read_bytes())
    return folder


@pytest.mark.parametrize("name", ["config.json", "history.csv", "metrics.json"])
@given(data=st.data())
def test_records(name, data, record):
    whole = (record / name).read_bytes()
    try:
        (record / name).write_bytes(changed(data, whole))
        experiments.load_run(record)
    except (ValueError, FileNotFoundError) as error:
        assert refused(error), error
    finally:
        (record / name).write_bytes(whole)


@pytest.fixture(scope="module")
def weights(record):
    """The weights of that record's model, untrained."""
    experiment = EXPERIMENTS["vae-digits"]
    about = complete_config(record, records.read_config(record), experiment)
    model = experiment.build(about["arguments"], tuple(about["data"]["image_shape"]))
    model.save_weights(record / WEIGHTS)
    return record / WEIGHTS


@given(data=st.data())
def test_weights(data, weights):
    whole = weights.read_bytes()
    try:
        weights.write_bytes(changed(data, whole))
        experiments.load_run(weights.parent)
    except (ValueError, FileNotFoundError) as error:
        assert refused(error), error
    finally:
        weights.write_bytes(whole)


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    """A state of a small model, and what restores it."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", loss="mse")
    folder = tmp_path_factory.mktemp("state")
    history = callbacks.HistoryWriter(folder / "history.csv")
    keeper = callbacks.RunState(folder / "state.npz", history)
    x = np.zeros((4, 2))
    model.fit(x, x[:, :1], verbose=0, callbacks=[history, keeper])
    return folder / "state.npz", model


@given(data=st.data())
def test_states(data, state):
    path, model = state
    whole = path.read_bytes()
    before = [w.copy() for w in model.get_weights()]
    try:
        path.write_bytes(changed(data, whole))
        history = callbacks.HistoryWriter(path.with_name("history.csv"))
        callbacks.RunState(path, history).restore(model)
    except ValueError as error:
        assert refused(error), error
        for old, new in zip(before, model.get_weights(), strict=True):
            np.testing.assert_array_equal(old, new)
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
@given(data=st.data())
def test_pictures(form, data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    image = Image.fromarray(np.random.default_rng(0).integers(0, 255, (9, 7, 3), "uint8"))
    image.save(folder / "a", form)
    (folder / "a").write_bytes(changed(data, (folder / "a").read_bytes()))
    found = datasets.read_images(folder, 8)
    assert len(found.names) + len(found.left_out) == 1
    assert all(refused(why) for why in found.left_out.values())


names = st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=4)  # it ends a name


@given(data=st.data())
def test_zips(data, tmp_path_factory):
    path = tmp_path_factory.mktemp("zips") / "a.zip"
    with zipfile.ZipFile(path, "w", data.draw(st.sampled_from([0, 8, 12, 14]))) as archive:
        for name in data.draw(st.lists(names, max_size=4)):
            archive.writestr(name, b"content")
    path.write_bytes(changed(data, path.read_bytes()))
    try:
        datasets.read_images(path, 8)
    except ValueError as error:
        assert refused(error), error


numbers = st.integers() | st.floats(allow_nan=False)
rows = st.lists(st.dictionaries(names, numbers), min_size=1, max_size=4)


@given(rows=rows.filter(lambda rows: any(rows)))
def test_histories(rows, tmp_path_factory):
    path = tmp_path_factory.mktemp("history") / "history.csv"
    records.write_history(path, rows)
    found = records._read_history(path)
    names = dict.fromkeys(name for row in rows for name in row)
    for row, back in zip(rows, found, strict=True):
        assert list(back) == list(names)
        assert {k: v for k, v in back.items() if k in row} == row
        assert all(np.isnan(v) for k, v in back.items() if k not in row)
    json.dumps(found)
