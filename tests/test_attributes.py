"""What a regressor reads off faces, and moves in latent space against a truth known exactly."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaegan_edu import datasets, latent, metrics, networks, records
from vaegan_edu.datasets import FACE_ATTRIBUTES, FACE_CORRELATIONS
from vaegan_edu.experiments.tasks import faces

SIZES = (32, 64)


class LinearWorld:
    """A model and a regressor, for images that are weighted sums of attributes.

    Codes are the pixels, turned and stretched. Here everything that is to be found can be written
    down. The regressor reads every attribute too high by `bias`.
    """

    def __init__(self, attributes=4, shape=(4, 4, 1), bias=0.7):
        rng = np.random.default_rng(0)
        size = np.prod(shape)
        self.shape, self.bias, self.latent_dim = shape, bias, size
        self.patterns = 0.05 * np.linalg.qr(rng.normal(size=(size, attributes)))[0].T
        self.turn = np.linalg.qr(rng.normal(size=(size, size)))[0]
        self.input_shape = (None, *shape)

    def images(self, attributes):
        return (attributes @ self.patterns).reshape(-1, *self.shape)

    def encode(self, images):
        return 20 * np.reshape(images, (len(images), -1)) @ self.turn

    def decode(self, z):
        return (z @ self.turn.T / 20).reshape(-1, *self.shape)

    def generate(self, count, seed):
        return self.decode(np.random.default_rng(seed).standard_normal((count, self.latent_dim)))

    def __call__(self, images, training):
        """As a regressor."""
        pixels = np.reshape(images, (len(images), -1))
        return pixels @ np.linalg.pinv(self.patterns) + self.bias, pixels


@pytest.fixture(scope="module")
def correlated():
    """Attributes of 500 images, in deviations, two pairs of which go together."""
    matrix = np.eye(4)
    matrix[0, 1] = matrix[1, 0] = 0.7
    matrix[2, 3] = matrix[3, 2] = -0.4
    drawn = np.random.default_rng(1).multivariate_normal(np.zeros(4), matrix, size=500)
    return (drawn - drawn.mean(axis=0)) / drawn.std(axis=0)


# Attribute vectors.


@pytest.mark.parametrize("together", [False, True])
def test_the_slope_over_one_yes_or_no_is_larsens_difference_of_means(together):
    rng = np.random.default_rng(0)
    z, has_it = rng.normal(size=(30, 5)), rng.random(30) < 0.3
    found = latent.attribute_vectors(z, has_it[:, None].astype(float), together)
    assert found.shape == (1, 5) and found.dtype == np.float32
    np.testing.assert_allclose(found[0], latent.attribute_vector(z, has_it), atol=1e-5)


def test_a_slope_is_that_of_the_line_through_the_codes():
    rng = np.random.default_rng(0)
    attributes = rng.normal(size=(40, 3)) + 5.0
    z = rng.normal(size=(40, 2))
    alone = latent.attribute_vectors(z, attributes)
    for row, column in zip(alone, attributes.T, strict=True):
        np.testing.assert_allclose(row, np.polyfit(column, z, 1)[0], atol=1e-4)


def test_slopes_of_all_attributes_undo_their_correlations(correlated):
    truth = np.random.default_rng(2).normal(size=(4, 6))
    z = correlated @ truth + 3.0
    np.testing.assert_allclose(
        latent.attribute_vectors(z, correlated, together=True), truth, atol=1e-4
    )
    mixed = np.corrcoef(correlated, rowvar=False) @ truth
    np.testing.assert_allclose(latent.attribute_vectors(z, correlated), mixed, atol=1e-4)


# The response, where it is known.


def test_in_a_linear_world_alone_gives_correlations_and_together_the_unit_matrix(correlated):
    world = LinearWorld()
    z = world.encode(world.images(correlated))
    expected = {False: np.corrcoef(correlated, rowvar=False), True: np.eye(4)}
    assert expected[False][0, 1] > 0.6
    for together, response in expected.items():
        vectors = latent.attribute_vectors(z, correlated, together)
        found = metrics.attribute_response(world, world, z[:20], vectors)
        np.testing.assert_allclose(found, response, atol=1e-3)


def test_the_response_is_odd_and_grows_with_the_vector(correlated):
    world = LinearWorld()
    z = world.encode(world.images(correlated))[:20]
    vectors = np.random.default_rng(3).normal(size=(5, 16)) * 0.1
    found = metrics.attribute_response(world, world, z, vectors)
    assert found.shape == (5, 4)
    for factor in (-1.0, 0.5):
        scaled = metrics.attribute_response(world, world, z, factor * vectors)
        np.testing.assert_allclose(scaled, factor * found, atol=1e-4)


def test_what_is_even_in_the_move_does_not_count():
    """A reading that rises by the square of the move rises on both sides."""
    model = SimpleNamespace(decode=lambda z: np.clip(z**2, -1, 1).reshape(-1, 1, 1, 1))

    class Reader:
        input_shape = (None, 1, 1, 1)

        def __call__(self, images, training):
            return images.reshape(-1, 1), images.reshape(-1, 1)

    found = metrics.attribute_response(model, Reader(), [[0.0]], [[0.5]])
    assert found == pytest.approx(0.0)
    assert metrics.attribute_response(model, Reader(), [[0.2]], [[0.5]]) == pytest.approx(0.2)


def test_asked_and_leaked_by_hand():
    asked, leaked = metrics.asked_and_leaked([[0.5, 3.0, 4.0], [0.0, 1.0, 0.0], [1.0, 1.0, -2.0]])
    np.testing.assert_allclose(asked, [0.5, 1.0, -2.0])
    np.testing.assert_allclose(leaked, [np.sqrt(12.5), 0.0, 1.0])


@given(st.integers(1, 6), st.integers(1, 9), st.floats(0.1, 4), st.integers(0, 999))
def test_similarity_is_the_cosine_and_the_squared_difference(count, width, factor, seed):
    asked = np.random.default_rng(seed).normal(size=(count, width))
    cosine, error = metrics.attribute_similarity(asked, asked * factor)
    assert cosine == pytest.approx(1.0)
    assert error == pytest.approx((factor - 1) ** 2 * (asked**2).mean())
    assert metrics.attribute_similarity(asked, -asked)[0] == pytest.approx(-1.0)


def test_similarity_by_hand():
    cosine, error = metrics.attribute_similarity([[1.0, 0.0], [0.0, 2.0]], [[0.0, 1.0], [2.0, 2.0]])
    assert cosine == pytest.approx(np.sqrt(0.5) / 2)
    assert error == pytest.approx((1 + 1 + 4 + 0) / 4)


def test_r_squared_by_hand():
    truth = np.array([[0.0, 1.0], [2.0, 2.0], [4.0, 3.0]])
    mean = np.tile(truth.mean(axis=0), (3, 1))
    np.testing.assert_allclose(metrics.r_squared(truth, truth), [1.0, 1.0])
    np.testing.assert_allclose(metrics.r_squared(truth, mean), [0.0, 0.0])
    np.testing.assert_allclose(metrics.r_squared(truth, truth + [1, 0]), [1 - 3 / 8, 1.0])


# What is measured of a run on faces, in a linear world.


@pytest.fixture(scope="module")
def linear_faces():
    """World, `(x_train, a_train), (x_test, a_test)`, and what is measured of the world's model."""
    world = LinearWorld(len(FACE_ATTRIBUTES), (8, 8, 1), bias=0.0)
    mean, deviation = datasets.face_attribute_moments()
    drawn = datasets.draw_face_attributes(900, 4)
    truth = (np.stack(list(drawn.values()), axis=1) - mean) / deviation
    images = world.images(truth)
    data = (images[:700], truth[:700]), (images[700:], truth[700:])
    return world, data, faces.measure_attributes(world, data, world, seed=0)


def test_a_perfect_model_gives_what_is_asked_in_every_way(linear_faces):
    _, _, measured = linear_faces
    for kind in ("real", "reconstruction", "encoded", "sampled"):
        assert measured[f"{kind}_cosine"] == pytest.approx(1.0, abs=1e-3), kind
        assert measured[f"{kind}_error"] == pytest.approx(0.0, abs=1e-3), kind
    for kind in ("real", "reconstruction"):
        assert measured[f"{kind}_r2"] == pytest.approx(1.0, abs=1e-3)
    for way in ("together", "alone"):
        assert measured[f"moved_{way}"] == pytest.approx(1.0, abs=1e-3)


def test_vectors_alone_leak_what_the_data_correlates_and_together_nothing(linear_faces):
    _, ((_, truth), _), measured = linear_faces
    names = list(FACE_ATTRIBUTES)
    matrix = np.corrcoef(truth, rowvar=False)
    slopes = matrix * truth.std(axis=0) / truth.std(axis=0)[:, None]
    pairs = [[names.index(name) for name in pair] for pair in FACE_CORRELATIONS]
    expected = np.mean([(abs(slopes[a, b]) + abs(slopes[b, a])) / 2 for a, b in pairs])
    assert expected > 0.2
    assert measured["leaked_alone_correlated"] == pytest.approx(expected, abs=1e-3)
    assert measured["leaked_alone_others"] < 0.05
    for kind in ("", "_correlated", "_others", "_smile"):
        assert measured[f"leaked_together{kind}"] == pytest.approx(0.0, abs=1e-3)
    row = np.delete(slopes[names.index("smile")], names.index("smile"))
    assert measured["leaked_alone_smile"] == pytest.approx(np.sqrt((row**2).mean()), abs=1e-3)


def test_without_an_encoder_codes_are_drawn_and_read(linear_faces):
    world, data, measured = linear_faces
    gan = SimpleNamespace(decode=world.decode, latent_dim=world.latent_dim)
    found = faces.measure_attributes(gan, data, world, seed=0)
    assert {key for key in measured if key.startswith(("encoded", "reconstruction"))} == (
        set(measured) - set(found)
    )
    assert found["sampled_cosine"] == pytest.approx(1.0, abs=1e-3)
    # Its own samples are uncorrelated, so vectors alone leak only by chance.
    assert found["leaked_alone_correlated"] < 0.1 < measured["leaked_alone_correlated"]


def test_what_is_asked_keeps_what_attributes_do_not_explain():
    rng = np.random.default_rng(0)
    attributes, unexplained = rng.normal(size=(400, 2)), rng.normal(size=(400, 3)) * [0, 0, 1]
    slopes = np.array([[1.0, 2.0, 0.0], [0.0, -1.0, 0.0]])
    z = 5.0 + attributes @ slopes + unexplained
    codes = faces.ask(z, attributes, np.array([[1.0, 1.0]] * 300), np.random.default_rng(1))
    np.testing.assert_allclose(codes[:, :2], [[6.0, 6.0]] * 300, atol=0.02)
    assert codes[:, 2].std() == pytest.approx(1.0, abs=0.15)


def test_a_run_on_faces_is_measured_beside_floor_and_control(monkeypatch, linear_faces):
    world, data, measured = linear_faces
    monkeypatch.setattr(metrics, "load_regressor", lambda image_size: world)
    monkeypatch.setattr(metrics, "regressor_digest", lambda image_size: f"of {image_size}")
    mean, deviation = datasets.face_attribute_moments()
    raw = [(images, truth * deviation + mean) for images, truth in data]
    found = faces.Faces().evaluate(world, raw, {"seed": 3})
    assert found["regressor"] == "of 8" and found["reconstruction_loss"] < 1e-6
    for kind in ("real", "random", "sharpened_2", "sharpened_4", "reconstruction"):
        assert {f"{kind}_frechet_distance", f"{kind}_coverage", f"{kind}_attribute_distance"} <= (
            set(found)
        )
    (x_train, _), (x_test, _) = data
    floor = metrics.measure_faces(world, x_test, x_train)
    assert found["real_frechet_distance"] == floor["frechet_distance"]
    samples = metrics.measure_faces(world, world.generate(len(x_test), 3), x_train)
    assert found["random_frechet_distance"] == samples["frechet_distance"]
    assert found["encoded_cosine"] == pytest.approx(measured["encoded_cosine"], abs=1e-3)
    # Photographs have no attributes: the rest is measured all the same.
    photographs = [(images, None) for images, _ in data]
    found = faces.Faces().evaluate(world, photographs, {"seed": 3})
    assert "encoded_cosine" not in found and "random_frechet_distance" in found


# The regressors that are shipped.


@pytest.fixture(scope="module", params=SIZES)
def judge(request):
    """Size, regressor, its record, and 300 faces of a seed that nothing was trained on."""
    size = request.param
    images, attributes = datasets.render_faces(300, 77, size)
    mean, deviation = datasets.face_attribute_moments()
    truth = (np.stack(list(attributes.values()), axis=1) - mean) / deviation
    record = records.read_record(metrics.JUDGES / f"regressor-faces-{size}")
    return SimpleNamespace(
        size=size, network=metrics.load_regressor(size), record=record, images=images, truth=truth
    )


def test_attributes_are_read_as_well_as_the_record_says(judge):
    """R² on 300 faces differs from that on 2,000, but not by much."""
    read, features = metrics.read_attributes(judge.network, judge.images)
    assert read.shape == judge.truth.shape == (300, 25) and features.shape == (300, 64)
    r2 = metrics.r_squared(judge.truth, read)
    recorded = np.array([judge.record.metrics[f"r2_{name}"] for name in FACE_ATTRIBUTES])
    assert (abs(r2 - recorded) < 0.05 + 0.5 * (1 - recorded)).all(), dict(
        zip(FACE_ATTRIBUTES, r2, strict=True)
    )
    assert r2.mean() == pytest.approx(recorded.mean(), abs=0.03)
    assert recorded.min() > 0.5 and recorded.mean() > 0.85  # every attribute can be recovered
    assert recorded.mean() == pytest.approx(judge.record.metrics["r2_mean"])


def test_the_shipped_regressor_is_small_and_its_digest_is_that_of_its_weights(judge):
    folder = metrics.JUDGES / f"regressor-faces-{judge.size}"
    assert (folder / "model.weights.h5").stat().st_size < 500_000
    assert judge.record.config["arguments"]["image_size"] == judge.size
    assert re.fullmatch("[0-9a-f]{64}", metrics.regressor_digest(judge.size))
    assert metrics.regressor_digest(32) != metrics.regressor_digest(64)


@pytest.mark.slow
def test_faces_are_told_from_blurred_ones_and_from_few_ones(judge):
    real, others = judge.images[:150], judge.images[150:]
    floor = metrics.measure_faces(judge.network, others, real)
    blurred = others.reshape(150, judge.size // 4, 4, judge.size // 4, 4, 3).mean(axis=(2, 4))
    blurred = blurred.repeat(4, axis=1).repeat(4, axis=2)
    judged = metrics.measure_faces(judge.network, blurred, real)
    assert judged["frechet_distance"] > 2 * floor["frechet_distance"]
    assert judged["attribute_distance"] > 2 * floor["attribute_distance"]
    assert judged["coverage"] < floor["coverage"]
    collapsed = metrics.measure_faces(judge.network, real[:2].repeat(75, axis=0), real)
    assert collapsed["precision"] == 1.0 and collapsed["coverage"] < 0.2
    assert collapsed["nearest_distance"] == 0.0 < floor["nearest_distance"]
    assert collapsed["attribute_distance"] > 3 * floor["attribute_distance"]


def test_the_attribute_distance_is_the_mean_shift_of_what_is_read():
    """Readings that are all shifted have a distance of just the shift, whatever their spread."""

    class Reader:
        input_shape = (None, 1, 8, 1)

        def __call__(self, images, training):
            return 10 * images[:, 0, :2, 0] * [1.0, 3.0], images.reshape(len(images), -1)

    rng = np.random.default_rng(0)
    real = rng.uniform(-0.5, 0.5, (40, 1, 8, 1))
    judged = metrics.measure_faces(Reader(), rng.permutation(real) + 0.1, real)
    assert judged["attribute_distance"] == pytest.approx(2.0, rel=1e-5)


@pytest.mark.parametrize("size", SIZES)
def test_a_regressor_is_built_as_it_says(size):
    network = networks.build_regressor(size, 7)
    attributes, features = networks.apply(network, np.zeros((2, size, size, 3), "float32"))
    assert attributes.shape == (2, 7) and features.shape == (2, 64)
    assert network.count_params() < 120_000


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: networks.build_regressor(48), "must be 32 or 64. Received: 48"),
        (lambda: networks.build_regressor(32, 0), "`num_attributes` must be a whole number"),
        (lambda: metrics.load_regressor(48), "There are regressors for faces of 32 and 64 pixels"),
        (
            lambda: latent.attribute_vectors(np.zeros((3, 2)), np.ones((3, 1))),
            "column of which varies",
        ),
        (lambda: latent.attribute_vectors(np.zeros((3, 2)), np.eye(2)), "must be 3 rows"),
        (
            lambda: latent.attribute_vectors(
                np.zeros((3, 2)), [[0, 0], [1, 2], [2, 4]], together=True
            ),
            "must not determine each other",
        ),
        (
            lambda: metrics.attribute_response(
                LinearWorld(), LinearWorld(), np.zeros((1, 16)), np.zeros((2, 3))
            ),
            "`vectors` must have shape",
        ),
        (lambda: metrics.asked_and_leaked(np.zeros((2, 3))), "`response` must have shape"),
        (lambda: metrics.asked_and_leaked([[1.0]]), "count >= 2"),
        (lambda: metrics.attribute_similarity([[1.0]], [[1.0], [2.0]]), "must have the shape"),
        (lambda: metrics.attribute_similarity([[0.0]], [[1.0]]), "no row of zeros"),
        (lambda: metrics.r_squared([[1.0], [1.0]], [[1.0], [1.0]]), "whose columns must vary"),
        (lambda: metrics.r_squared([[1.0], [2.0]], [[1.0], [2.0], [3.0]]), "the shape of `truth`"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=f"{message}.*") as failure:
        call()
    assert "Received: " in str(failure.value) and "\n" not in str(failure.value)
