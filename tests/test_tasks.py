"""Tasks and settings: what is measured, of which images, and how records are read."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from vaegan_edu import datasets, latent, metrics, networks, records
from vaegan_edu.experiments import EXPERIMENTS, RULES, experiment, settings, show, training
from vaegan_edu.experiments.evaluation import sharpen, thin_out
from vaegan_edu.experiments.tasks import digits, faces
from vaegan_edu.models import GAN, VAEGAN, Autoencoder, SimilarityVAE

RESULTS = Path(__file__).resolve().parents[1] / "book" / "results"
RECORDS = sorted(path.parent for path in RESULTS.rglob("config.json"))
JUDGES = sorted(path.parent for path in metrics.JUDGES.rglob("config.json"))


@pytest.fixture
def counted(monkeypatch):
    """How many sets of images a network reads, and how many sets of radii are computed."""
    counts = {"passes": 0, "radii": 0}
    apply, distances = networks.apply, metrics.manifold.squared_distances

    def counted_apply(*arguments):
        counts["passes"] += 1
        return apply(*arguments)

    def counted_distances(a, b):
        counts["radii"] += a is b
        return distances(a, b)

    monkeypatch.setattr(networks, "apply", counted_apply)
    monkeypatch.setattr(metrics.manifold, "squared_distances", counted_distances)
    return counts


def alone(read, x, other, k=5):
    """Compare two sets of images as if neither had been read: the computation written out."""
    (readings, features), (others, real) = read(x), read(other)
    pixels, real_pixels = x.reshape(len(x), -1), other.reshape(len(other), -1)
    by_pixels = metrics.manifold_overlap(real_pixels, pixels, k)
    held_out = {
        "frechet_distance": metrics.frechet_distance(real, features),
        **metrics.manifold_overlap(real, features, k),
    }
    return (
        held_out,
        {
            **held_out,
            "expected_coverage": metrics.expected_coverage(len(real), len(features), k),
            "pixel_precision": by_pixels["precision"],
            "pixel_recall": by_pixels["recall"],
            "nearest_distance": float(metrics.nearest_distance(pixels, real_pixels).mean()),
        },
        (readings, pixels, others, real_pixels),
    )


def test_samples_are_measured_as_if_each_set_were_read_for_itself(counted):
    """The same bits, with one pass of the judge for each set of images, and one set of radii."""
    (x_train, _), (x_test, _) = data = tuple(
        (x[:count], y[:count])
        for (x, y), count in zip(datasets.load_digits(), (150, 60), strict=True)
    )
    generated = sharpen(x_train[::-1][:60] * 0.7, 0.5)
    model = SimpleNamespace(generate=lambda count, seed: generated[:count])
    found = digits.evaluate_samples(model, data, {"data": "digits", "seed": 0})
    assert counted == {"passes": 6, "radii": 11}

    classifier = metrics.load_classifier("digits")
    kinds = {"real": x_test, "random": generated}
    kinds |= {f"sharpened_{factor}": sharpen(generated, factor) for factor in (2, 4)}
    expected = {"classifier": metrics.classifier_digest("digits")}
    for kind, x in kinds.items():
        _, numbers, known = alone(lambda x: metrics.classify(classifier, x), x, x_train)
        readings, pixels, others, real_pixels = known
        counts = metrics.class_histogram(readings)
        numbers |= {
            "low_confidence": metrics.low_confidence_share(readings),
            "histogram_divergence": metrics.histogram_divergence(counts),
            "classes_covered": metrics.classes_covered(counts),
            "within_class_distance": metrics.within_class_distance(
                real_pixels, others.argmax(axis=1), pixels, readings.argmax(axis=1)
            ),
        }
        expected |= {f"{kind}_{name}": value for name, value in numbers.items()}
        x = thin_out(x_train, len(x_test)) if kind == "real" else x
        held_out, *_ = alone(lambda x: metrics.classify(classifier, x), x, x_test)
        expected |= {f"{kind}_held_out_{name}": value for name, value in held_out.items()}
    assert found == expected


def test_where_training_images_are_as_many_they_are_read_once(counted):
    (x, y), _ = datasets.load_digits()
    data = (x[:40], y[:40]), (x[40:80], y[40:80])
    model = SimpleNamespace(generate=lambda count, seed: x[100 : 100 + count])
    digits.evaluate_samples(model, data, {"data": "digits", "seed": 0})
    assert counted == {"passes": 5, "radii": 10}


class Thin:
    """A model of faces whose code is the mean colour."""

    latent_dim = 3

    def encode(self, images):
        return images.mean(axis=(1, 2))

    def decode(self, z):
        z = np.clip(z, -1, 1)[:, None, None, :]
        return np.broadcast_to(z, (len(z), 32, 32, 3)).astype("float32")

    def generate(self, count, seed):
        return self.decode(np.random.default_rng(seed).uniform(-1, 1, (count, 3)))


def test_faces_are_measured_as_if_each_set_were_read_for_itself(counted):
    images, attributes = datasets.render_faces(60, 5, 32)
    data = (images[:40], None), (images[40:], None)
    found = faces.Faces().evaluate(Thin(), data, {"data": "congress", "seed": 2})
    assert counted == {"passes": 9, "radii": 18}  # two manifolds of training faces and of 8 kinds
    regressor = metrics.load_regressor(32)
    generated = Thin().generate(20, 2)
    mixture = Thin().decode(latent.draw_codes(Thin().encode(images[:40]), 20, seed=2))
    kinds = {
        "real": images[40:],
        "random": generated,
        "sharpened_2": sharpen(generated, 2),
        "sharpened_4": sharpen(generated, 4),
        "mixture": mixture,
        "mixture_sharpened_2": sharpen(mixture, 2),
        "mixture_sharpened_4": sharpen(mixture, 4),
        "reconstruction": Thin().decode(Thin().encode(images[40:])),
    }
    for kind, x in kinds.items():
        _, numbers, _ = alone(lambda x: metrics.read_attributes(regressor, x), x, images[:40])
        numbers["sharpness"] = metrics.sharpness(x)
        assert {name: found[f"{kind}_{name}"] for name in numbers} == numbers, kind
    # With attributes, only what is decoded for them is read beside.
    counted.update(passes=0)
    truth = np.stack(list(attributes.values()), axis=1)
    data = (images[:40], truth[:40]), (images[40:], truth[40:])
    faces.Faces().evaluate(Thin(), data, {"data": "congress", "seed": 2})
    moves = 3 * len(datasets.FACE_ATTRIBUTES) * 2  # alone, together and random; forth and back
    assert counted["passes"] == 9 + 1 + 2 + moves  # samples that are asked of, and what was asked


def test_photographs_are_chosen_evenly_for_they_come_by_name(monkeypatch):
    images = np.zeros((10, 2, 2, 3))
    chosen = faces.choose(images, 4, {"data": "us-adult-faces"})
    np.testing.assert_array_equal(chosen, [0, 2, 5, 7])
    np.testing.assert_array_equal(faces.choose(images, 4, {"data": "pictures"}), chosen)
    # Rendered ones have no order, and their records measured the first.
    np.testing.assert_array_equal(faces.choose(images, 4, {"data": "rendered-faces"}), range(4))
    for data in ("us-adult-faces", "rendered-faces"):
        np.testing.assert_array_equal(faces.choose(images, 99, {"data": data}), range(10))

    seen = []
    monkeypatch.setattr(faces, "MEASURED", 8)
    monkeypatch.setattr(metrics, "read_faces", lambda regressor, x: seen.append(x) or _stop())
    rendered, _ = datasets.render_faces(20, 5, 32)
    with pytest.raises(InterruptedError):
        faces.Faces().evaluate(Thin(), ((rendered, None),) * 2, {"data": "lfw", "seed": 0})
    np.testing.assert_array_equal(seen[0], rendered[[0, 2, 5, 7, 10, 12, 15, 17]])


def _stop():
    raise InterruptedError


# Settings.


def test_an_old_record_is_read_in_the_words_of_today():
    known = {"schedule": "linear", "noise": [1, 2], "latent_dim": 3}
    read = settings.read_settings
    assert read({"latent_dim": 4, "cosine_decay": True, "schedule": "linear"}, known) == {
        "latent_dim": 4,
        "schedule": "cosine-steps",
        "noise": None,
    }
    assert read({"latent_dim": 4, "cosine_decay": False}, known)["schedule"] == "constant"
    for old, new in {"s2": "s2-text", "s3": "s3-text", "s4-log": "s4-log"}.items():
        assert read({"latent_dim": 4, "schedule": old}, known)["schedule"] == new
    assert read({"latent_dim": 4, "noise": (0.2, 10)}, known)["noise"] == [0.2, 10]
    with pytest.raises(ValueError, match="does not say 'latent_dim'"):
        read({"noise": None}, known)


@pytest.mark.parametrize("folder", RECORDS + JUDGES, ids=lambda path: "-".join(path.parts[-3:]))
def test_every_record_has_settings_that_its_experiment_knows(folder):
    config = records.read_config(folder)
    own = EXPERIMENTS[config["experiment"]].settings
    complete = training.complete_config(folder, config, EXPERIMENTS[config["experiment"]])
    found = complete["arguments"]
    assert found.keys() == {*own, "seed"}
    assert found.get("schedule", "constant") in {*RULES, settings.COSINE_STEPS}
    # Its data is as it was, of the shape that its task has where it does not say.
    shape = EXPERIMENTS[config["experiment"]].task.image_shape(found)
    assert complete["data"] == {**config["data"], "image_shape": list(shape)}
    # Nothing that a record says is lost, but for the words that were renamed.
    renamed = ("cosine_decay", "schedule")
    assert all(found[k] == v for k, v in config["arguments"].items() if k not in renamed)
    if "cosine_decay" in config["arguments"]:
        assert config["arguments"]["cosine_decay"] and found["schedule"] == "cosine-steps"


@pytest.mark.parametrize("name", ["vae-mnist", "classifier-digits"])
def test_the_cosine_by_steps_is_what_cosine_decay_was(name):
    """Half of the rate after half of the steps, and the very rates of an old record."""
    one = EXPERIMENTS[name]
    chosen = {**one.settings, "seed": 0, "epochs": 3}
    model = one.build(chosen, (28, 28, 1))
    assert one.compile(model, chosen, steps=10) is None
    rate = model.optimizer._learning_rate
    half = chosen["learning_rate"] / 2
    assert float(rate(15)) == pytest.approx(half) and float(rate(30)) == pytest.approx(0, abs=1e-9)
    if name == "vae-mnist":
        record = records.read_record(RESULTS / "vae-mnist" / "seed-0")
        chosen["epochs"] = len(record.history)
        steps = -(-record.config["data"]["train_count"] // chosen["batch_size"])
        one.compile(model, chosen, steps)
        rates = [
            float(model.optimizer._learning_rate(steps * row["epoch"])) for row in record.history
        ]
        assert rates == pytest.approx(record.column("learning_rate"), rel=1e-5, abs=1e-9)


def test_models_that_are_compared_differ_in_what_they_are_alone():
    def agree(names, but=()):
        one, *others = (EXPERIMENTS[name].settings for name in names)
        for other in others:
            shared = (one.keys() & other.keys()) - set(but)
            assert {k: one[k] for k in shared} == {k: other[k] for k in shared}

    agree(("faces-light", "gan-faces", "vae-faces", "vae-faces-similarity"))
    agree(("vaegan-mnist", "vae-mnist"), but=("epochs", "schedule"))
    agree(("vaegan-mnist", "vaegan-digits"), but=("data", "epochs"))
    agree(("vaegan-digits", "gan-digits"), but=("epochs",))
    agree(("ae-digits", "vae-digits"))


def test_a_model_gets_what_its_signature_names():
    assert experiment.network_names(GAN) == ("generator", "discriminator")
    assert experiment.network_names(VAEGAN) == ("encoder", "decoder", "discriminator")
    names = ("encoder", "decoder", "generator", "discriminator")
    assert experiment.network_names(SimilarityVAE) == names
    assert experiment.network_names(metrics.build_classifier) == ()
    assert experiment.network_names(lambda encoder, beta: None) == ("encoder",)
    assert {"gamma", "real_target", "equilibrium", "seed"} <= set(experiment._parameters(VAEGAN))
    assert "dtype" not in set(experiment._parameters(Autoencoder))  # Keras' own are no settings

    model = EXPERIMENTS["vaegan-digits"].build(
        {
            **EXPERIMENTS["vaegan-digits"].settings,
            "seed": 7,
            "gamma": 0.5,
            "equilibrium": 0.68,
            "adversarial_loss": "minimax",
            "minibatch_kernels": 3,
        },
        (28, 28, 1),
    )
    assert (model.gamma, model.equilibrium, model.seed) == (0.5, 0.68, 7)
    assert model.adversarial_loss == "minimax" and model.kl_weight == 15.0
    assert any(layer.name.startswith("minibatch") for layer in model.discriminator.layers)


def test_show_prints_settings_assumptions_and_counts():
    shown = show.describe("vaegan-mnist-original").splitlines()
    original = EXPERIMENTS["vaegan-mnist-original"]
    start = shown.index("parameters") + 1
    assert [line.split() for line in shown[start : start + 3]] == [
        ["encoder", "3,545,920"],
        ["decoder", "4,887,361"],
        ["discriminator", "3,415,745"],
    ]
    lines = shown[shown.index("settings") + 1 :]
    assert [line.split()[0] for line in lines] == list(original.settings)
    assert {line.split()[0] for line in lines if line.endswith("assumed")} == (
        set(original.assumptions)
    )
    assert "task" in shown[3] and "DigitSamples: Generate digits" in shown[3]
    json.dumps(dict(original.settings))  # nothing that a record cannot hold
