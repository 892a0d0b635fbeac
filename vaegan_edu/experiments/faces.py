"""What a run on faces is measured by: samples, reconstructions, and moves along attributes."""

import numpy as np

from vaegan_edu import datasets, latent, losses, metrics
from vaegan_edu.experiments.evaluation import sharpen

FEWEST = 6  # pictures in each part: five neighbours span a manifold
JUDGED = 1500  # at most so many faces are judged, against as many
WATCHED = 1000  # at most so many after each epoch
MOVED = 200  # at most so many codes are moved along each vector
NEIGHBOURS = {frozenset(pair) for pair in datasets.FACE_CORRELATIONS}


def load_faces(arguments):
    """Load colour pictures, of faces or at a path, with which a run can be measured.

    Raises:
        ValueError: as `datasets.load`; data that is not in colour, or too few pictures.
    """
    data = arguments["data"]
    if data in datasets.LOADERS and data not in datasets.FACES:
        raise ValueError(
            f"An experiment on faces learns colour pictures: {', '.join(datasets.FACES)}, or the "
            f"path of a folder or zip. Received: {data!r}"
        )
    loaded = datasets.load(data, arguments["image_size"], arguments["train_count"])
    counts = [len(images) for images, _ in loaded]
    if min(counts) < FEWEST:
        raise ValueError(
            f"To be measured, a run needs at least {FEWEST} pictures to train and {FEWEST} to test "
            f"with; of a folder a part of 15 % is for tests. Received: {counts[0]} and {counts[1]}"
        )
    return loaded


def judge_of_faces(arguments):
    """Return what the record says of the regressor whose features measure the pictures.

    It was trained on rendered faces, whatever the run learns from.
    """
    name = f"regressor-faces-{arguments['image_size']}"
    digest = metrics.regressor_digest(arguments["image_size"])
    return {"judge": {"name": name, "digest": digest, "trained_on": "rendered-faces"}}


def watch_faces(data, arguments):
    """Return a function that measures what a model generates, quickly enough for every epoch.

    It generates as many images as there are test images, `WATCHED` at most, from the same codes
    each time, and returns `sample_frechet_distance` and `sample_coverage` against as many test
    images, in the regressor's features.
    """
    _, (x_test, _) = data
    x_test = _scaled(x_test[:WATCHED])
    regressor = metrics.load_regressor(x_test.shape[1])
    _, real = metrics.read_attributes(regressor, x_test)

    def watch(model):
        images = model.generate(len(real), seed=arguments["seed"])
        _, features = metrics.read_attributes(regressor, images)
        return {
            "sample_frechet_distance": metrics.frechet_distance(real, features),
            "sample_coverage": metrics.manifold_overlap(real, features)["coverage"],
        }

    return watch


def evaluate_faces(model, data, arguments):
    """Measure what a model generates, reconstructs and moves, by the regressor of its image size.

    Kinds of images, each judged against training faces (`metrics.judge_faces`): `real`, test faces,
    which set the floor; `random`, decoded standard normal codes; `sharpened_2` and `sharpened_4`,
    the same with their contrast raised, the control; `reconstruction`, of test faces, where the
    model has an encoder.

    Where the attributes of the faces are known, as of rendered faces they are, `measure_attributes`
    adds its numbers.

    Args:
        model: with `decode` and `generate`, perhaps with `encode`.
        data: `(x_train, y_train), (x_test, y_test)`: images of 32 or 64 pixels, float32 or uint8,
            and their attributes, or `None`.
        arguments: of the run; `seed` is read.

    Returns:
        A dict from `<kind>_<metric>` and the names of `measure_attributes` to numbers,
        `<kind>_sharpness` of `metrics.sharpness`, `reconstruction_loss`, and `regressor`, the
        digest of the judge.
    """
    (x_train, y_train), (x_test, y_test) = data
    x_train, x_test = _scaled(x_train[:JUDGED]), _scaled(x_test[:JUDGED])
    image_size = x_test.shape[1]
    regressor = metrics.load_regressor(image_size)
    generated = model.generate(len(x_test), seed=arguments["seed"])
    kinds = {  # made one after the other: each may be a hundred megabytes
        "real": lambda: x_test,
        "random": lambda: generated,
        "sharpened_2": lambda: sharpen(generated, 2),
        "sharpened_4": lambda: sharpen(generated, 4),
    }
    measured = {"regressor": metrics.regressor_digest(image_size)}
    if hasattr(model, "encode"):
        codes = model.encode(x_test)
        kinds["reconstruction"] = lambda: model.decode(codes)
        pairs = zip(*(np.array_split(a, 16) for a in (x_test, model.decode(codes))), strict=True)
        loss = [np.asarray(losses.gaussian_reconstruction(*pair)) for pair in pairs if len(pair[0])]
        measured["reconstruction_loss"] = float(np.mean(np.concatenate(loss)))
        measured["active_units"] = metrics.active_units(codes)
    for kind, make in kinds.items():
        faces = make()
        judged = metrics.judge_faces(regressor, faces, x_train)
        measured |= {f"{kind}_{name}": value for name, value in judged.items()}
        measured[f"{kind}_sharpness"] = metrics.sharpness(faces)
    if y_test is not None:
        train = x_train, _standardised(y_train[:JUDGED])
        test = x_test, _standardised(y_test[:JUDGED])
        measured |= measure_attributes(model, (train, test), regressor, arguments["seed"])
    return measured


def measure_attributes(model, data, regressor, seed):
    """Ask a model for attributes, and let a regressor read what comes.

    Every model is asked in one way: by the slopes of codes over attributes. Of a model with an
    encoder they are those of the training faces' codes over the truth (`encoded`). A GAN has no
    encoder; for every model they are also those of standard normal codes over what the regressor
    reads off their images (`sampled`), the only way that is open to all.

    To ask for the attributes of a test face is to take the mean code, the slopes times these
    attributes, and what attributes do not explain of another face's code. Larsen et al. (2016,
    section 4.2) train models that are conditional on attributes instead.

    Args:
        model, regressor: as for `evaluate_faces`.
        data: `(x_train, a_train), (x_test, a_test)`: images in [-1, 1] and their attributes in
            deviations.
        seed: of what is drawn.

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
    measured = _similarity("real", a_test, metrics.read_attributes(regressor, x_test)[0], r2=True)
    prior = rng.standard_normal((len(x_train), model.latent_dim)).astype("float32")
    known = {"sampled": (prior, metrics.read_attributes(regressor, model.decode(prior))[0])}
    start = prior
    if hasattr(model, "encode"):
        start = model.encode(x_test)
        read = metrics.read_attributes(regressor, model.decode(start))[0]
        measured |= _similarity("reconstruction", a_test, read, r2=True)
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


def ask(z, attributes, asked, rng):
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


def _scaled(images):
    return datasets.scale_pixels(images) if images.dtype == np.uint8 else images
