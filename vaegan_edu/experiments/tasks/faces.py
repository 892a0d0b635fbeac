"""Faces: samples, reconstructions, and moves along attributes."""

from collections.abc import Callable, Mapping

import keras
import numpy as np

from vaegan_edu import datasets, latent, losses, metrics
from vaegan_edu.experiments.evaluation import sample_kinds, scaled, thin_out, with_prefix
from vaegan_edu.experiments.tasks.task import Task

FEWEST = 6  # pictures in each part: five neighbours span a manifold
MEASURED = 1500  # at most so many faces are measured, against as many
WATCHED = 1000  # at most so many after each epoch
MOVED = 200  # at most so many codes are moved along each vector
NEIGHBOURS = {frozenset(pair) for pair in datasets.FACE_CORRELATIONS}


class Faces(Task):
    """Generate, reconstruct and change colour pictures; a regressor of attributes is their judge.

    The regressor was trained on rendered faces, whatever a run learns from.
    """

    reads = ("image_size", "train_count")

    def load(self, settings: Mapping) -> tuple:
        """Load colour pictures, of faces or at a path, with which a run can be measured.

        Raises:
            ValueError: as `datasets.load`; data that is not in colour, or too few pictures.
        """
        data = settings["data"]
        if data in datasets.LOADERS and data not in datasets.FACES:
            raise ValueError(
                "An experiment on faces learns colour pictures: "
                f"{', '.join(datasets.FACES)}, or the path of a folder or zip. Received: {data!r}"
            )
        loaded = datasets.load(data, settings["image_size"], settings["train_count"])
        (x_train, a_train), (x_test, _) = loaded
        # A slope over each attribute, and the mean.
        fewest = FEWEST if a_train is None else max(FEWEST, a_train.shape[1] + 1)
        if len(x_train) < fewest or len(x_test) < FEWEST:
            raise ValueError(
                f"To be measured, a run needs at least {fewest} pictures to train and {FEWEST} to "
                "test with; of a folder a part of 15 % is for tests. "
                f"Received: {len(x_train)} and {len(x_test)}"
            )
        return loaded

    def image_shape(self, settings: Mapping) -> tuple:
        return settings["image_size"], settings["image_size"], 3

    def identify_judge(self, settings: Mapping) -> dict:
        """Return `judge`: name and digest of the regressor, and what it was trained on."""
        image_size = settings["image_size"]
        name, digest = f"regressor-faces-{image_size}", metrics.regressor_digest(image_size)
        return {"judge": {"name": name, "digest": digest, "trained_on": "rendered-faces"}}

    def watch(self, data: tuple, settings: Mapping) -> Callable:
        """Return a function that measures what a model generates, quickly enough for every epoch.

        It generates as many images as there are test images, `WATCHED` at most, from the same codes
        each time, and returns `sample_frechet_distance` and `sample_coverage` against as many test
        images, in the regressor's features.
        """
        _, (x_test, _) = data
        x_test = scaled(x_test[choose(x_test, WATCHED, settings)])
        regressor = metrics.load_regressor(x_test.shape[1])
        real = metrics.read_faces(regressor, x_test)

        def watch(model):
            images = model.generate(len(x_test), seed=settings["seed"])
            compared = metrics.compare_features(metrics.read_faces(regressor, images), real)
            return {
                "sample_frechet_distance": compared["frechet_distance"],
                "sample_coverage": compared["coverage"],
            }

        return watch

    def evaluate(self, model: keras.Model, data: tuple, settings: Mapping) -> dict:
        """Measure what a model generates, reconstructs and moves, by the regressor of its size.

        Kinds of images, each compared with training faces (`metrics.measure_faces`): `real`, test
        faces, which set the floor; `random`, decoded standard normal codes; `sharpened_2` and
        `sharpened_4`, the same with their contrast raised, the control; `reconstruction`, of test
        faces, where the model has an encoder.

        Where the attributes of the faces are known, as of rendered faces they are,
        `measure_attributes` adds its numbers.

        Args:
            model: with `decode` and `generate`, perhaps with `encode`.
            data: `(x_train, y_train), (x_test, y_test)`: images of 32 or 64 pixels, float32 or
                uint8, and their attributes, or `None`.
            settings: of the run; `seed` and `data` are read.

        Returns:
            A dict from `<kind>_<metric>` and the names of `measure_attributes` to numbers,
            `<kind>_sharpness` of `metrics.sharpness`, `reconstruction_loss`, and `regressor`, the
            digest of the judge.
        """
        (x_train, y_train), (x_test, y_test) = data
        of_train, of_test = (choose(x, MEASURED, settings) for x in (x_train, x_test))
        samples = sample_kinds(model, x_train, len(of_test), settings["seed"])
        x_train, x_test = scaled(x_train[of_train]), scaled(x_test[of_test])
        image_size = x_test.shape[1]
        regressor = metrics.load_regressor(image_size)
        # Made one after the other: each may be a hundred megabytes.
        kinds = {"real": lambda: x_test, **samples}
        measured: dict[str, str | float] = {"regressor": metrics.regressor_digest(image_size)}
        if hasattr(model, "encode"):
            codes = model.encode(x_test)
            kinds["reconstruction"] = lambda: model.decode(codes)
            parts = (np.array_split(a, 16) for a in (x_test, model.decode(codes)))
            pairs = zip(*parts, strict=True)
            loss = [
                np.asarray(losses.gaussian_reconstruction(*pair)) for pair in pairs if len(pair[0])
            ]
            measured["reconstruction_loss"] = float(np.mean(np.concatenate(loss)))
            measured["active_units"] = metrics.active_units(codes)
        train = metrics.read_faces(regressor, x_train)
        readings = {}
        for kind, make in kinds.items():
            images = make()
            seen = metrics.read_faces(regressor, images)
            readings[kind] = seen.readings
            measured |= with_prefix(kind, metrics.compare_faces(seen, train))
            measured[f"{kind}_sharpness"] = metrics.sharpness(images)
        if y_test is not None:
            known = (
                (x_train, _standardised(y_train[of_train])),
                (x_test, _standardised(y_test[of_test])),
            )
            measured |= measure_attributes(model, known, regressor, settings["seed"], readings)
        return measured


def choose(images: np.ndarray, count: int, settings: Mapping) -> np.ndarray:
    """Return the indices of the `count` faces that are measured, of all where there are no more.

    Photographs come sorted by name, so they are taken at even distances. Rendered faces come in no
    order, each drawn by itself: the first are a fair choice, and the one that records quote.
    """
    if settings.get("data") == "rendered-faces":
        return np.arange(min(count, len(images)))
    return thin_out(np.arange(len(images)), count)


def measure_attributes(
    model: keras.Model,
    data: tuple,
    regressor: keras.Model,
    seed: int,
    readings: Mapping | None = None,
) -> dict:
    """Ask a model for attributes, and let a regressor read what comes.

    Every model is asked in one way: by the slopes of codes over attributes. Of a model with an
    encoder they are those of the training faces' codes over the truth (`encoded`). A GAN has no
    encoder; for every model they are also those of standard normal codes over what the regressor
    reads off their images (`sampled`), the only way that is open to all.

    To ask for the attributes of a test face is to take the mean code, the slopes times these
    attributes, and what attributes do not explain of another face's code. Larsen et al. (2016,
    section 4.2) train models that are conditional on attributes instead.

    Args:
        model, regressor: as for `Faces.evaluate`.
        data: `(x_train, a_train), (x_test, a_test)`: images in [-1, 1] and their attributes in
            deviations.
        seed: of what is drawn.
        readings: what the regressor reads off the test faces, `real`, and off their
            `reconstruction`, where that is known already.

    Returns:
        A dict. `real`, `reconstruction`, `encoded` and `sampled` have `<kind>_cosine` and
        `<kind>_error` of `metrics.attribute_similarity`; `real` and `reconstruction` also
        `<kind>_r2`, mean over attributes. Of moves along the vectors, `encoded` or else `sampled`,
        alone and together: `moved_<way>_<attribute>` and `leaked_<way>_<attribute>` of
        `metrics.asked_and_leaked`, their means, `leaked_<way>_correlated`, the mean size of the
        response of attributes that the data correlates with the asked one, and
        `leaked_<way>_others`, that of all others. `leaked_random` is the mean size of the response
        along random directions as long as the vectors.
    """
    (x_train, a_train), (x_test, a_test) = data
    rng = np.random.default_rng(seed)
    readings = dict(readings or {})
    if "real" not in readings:
        readings["real"] = metrics.read_attributes(regressor, x_test)[0]
    measured = _similarity("real", a_test, readings["real"], r2=True)
    prior = rng.standard_normal((len(x_train), model.latent_dim)).astype("float32")
    known = {"sampled": (prior, metrics.read_attributes(regressor, model.decode(prior))[0])}
    start = prior
    if hasattr(model, "encode"):
        start = model.encode(x_test)
        if "reconstruction" not in readings:
            readings["reconstruction"] = metrics.read_attributes(regressor, model.decode(start))[0]
        measured |= _similarity("reconstruction", a_test, readings["reconstruction"], r2=True)
        known["encoded"] = model.encode(x_train), a_train
    for way, (z, attributes) in known.items():
        codes = ask(z, attributes, a_test, rng)
        read = metrics.read_attributes(regressor, model.decode(codes))[0]
        measured |= _similarity(way, a_test, read)
    z, attributes = known.get("encoded", known["sampled"])
    start = start[:MOVED]
    for way, together in (("alone", False), ("together", True)):
        vectors = latent.attribute_vectors(z, attributes, together)
        response = metrics.attribute_response(model, regressor, start, vectors)
        measured |= _moves(way, response)
    directions = rng.standard_normal(vectors.shape)
    directions *= np.linalg.norm(vectors, axis=1, keepdims=True) / np.linalg.norm(
        directions, axis=1, keepdims=True
    )
    response = metrics.attribute_response(model, regressor, start, directions)
    return {**measured, "leaked_random": float(abs(response).mean())}


def ask(
    z: np.ndarray, attributes: np.ndarray, asked: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return codes (asked, latent_dim) that should have the attributes asked of them.

    Args:
        z, attributes: codes (count, latent_dim) and their attributes (count, attributes).
        asked: attributes (asked, attributes).
        rng: draws the rows of `z` that give what attributes do not explain.
    """
    slopes = latent.attribute_vectors(z, attributes, together=True)
    centre, mean = z.mean(axis=0), attributes.mean(axis=0)
    unexplained = z - centre - (attributes - mean) @ slopes
    others = rng.integers(len(z), size=len(asked))
    return (centre + (asked - mean) @ slopes + unexplained[others]).astype("float32")


def _similarity(kind, asked, read, r2=False):
    cosine, error = metrics.attribute_similarity(asked, read)
    found = {f"{kind}_cosine": cosine, f"{kind}_error": error}
    if r2:
        found[f"{kind}_r2"] = float(metrics.r_squared(asked, read).mean())
    return found


def _moves(way, response):
    names = list(datasets.FACE_ATTRIBUTES)
    moved, leaked = metrics.asked_and_leaked(response)
    correlated = np.array([[frozenset((a, b)) in NEIGHBOURS for a in names] for b in names])
    others = ~correlated & ~np.eye(len(names), dtype=bool)
    return {
        **{f"moved_{way}_{name}": float(v) for name, v in zip(names, moved, strict=True)},
        **{f"leaked_{way}_{name}": float(v) for name, v in zip(names, leaked, strict=True)},
        f"moved_{way}": float(moved.mean()),
        f"leaked_{way}": float(leaked.mean()),
        f"leaked_{way}_correlated": float(abs(response[correlated]).mean()),
        f"leaked_{way}_others": float(abs(response[others]).mean()),
    }


def _standardised(attributes):
    mean, deviation = datasets.face_attribute_moments()
    return (attributes - mean) / deviation
