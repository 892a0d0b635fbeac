"""Faces drawn by the computer: same seed, same faces; every attribute is to be seen."""

import itertools
import math
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage, stats
from sklearn.linear_model import Ridge

from vaegan_edu import datasets
from vaegan_edu.datasets import FACE_ATTRIBUTES, FACE_CORRELATIONS, faces
from vaegan_edu.datasets.portrait import TEXTURE_SIZE, Portrait

REFERENCE = Path(__file__).parent / "data" / "rendered_faces.png"

# A face that hides nothing, on which an attribute is tried.
PLAIN = {
    "skin_tone": 0.4,
    "head_width": 0.5,
    "jaw_width": 0.5,
    "yaw": 0.0,
    "light": 0.3,
    "hair_colour": 0.3,
    "grey_hair": 0.0,
    "hair_length": 0.3,
    "hair_curl": 0.2,
    "hairline": 0.5,
    "eye_size": 0.5,
    "eye_spacing": 0.5,
    "eye_colour": 0.2,
    "brow_height": 0.5,
    "brow_angle": 0.0,
    "brow_thickness": 0.5,
    "nose_width": 0.5,
    "nose_length": 0.5,
    "smile": 0.5,
    "mouth_open": 0.4,
    "lip_fullness": 0.5,
    "beard": 0.0,
    "age_lines": 0.2,
    "glasses": 0.0,
    "shirt_colour": 0.3,
}

ALL = slice(0, 64)
EYES, NOSE, MOUTH = slice(24, 38), slice(24, 44), slice(38, 53)
# Rows of a 64x64 picture beyond which an attribute must change nothing.
PLACE = {
    "skin_tone": ALL,
    "head_width": ALL,
    "jaw_width": ALL,
    "yaw": ALL,
    "light": ALL,
    "hair_colour": slice(0, 46),
    "grey_hair": slice(0, 46),
    "hair_length": ALL,
    "hair_curl": slice(0, 46),
    "hairline": slice(0, 46),
    "eye_size": slice(18, 38),
    "eye_spacing": slice(18, 38),
    "eye_colour": EYES,
    "brow_height": slice(15, 34),
    "brow_angle": slice(15, 34),
    "brow_thickness": slice(15, 34),
    "nose_width": NOSE,
    "nose_length": NOSE,
    "smile": slice(24, 53),
    "mouth_open": MOUTH,
    "lip_fullness": MOUTH,
    "beard": slice(28, 58),
    "age_lines": slice(10, 50),
    "glasses": slice(22, 40),
    "shirt_colour": slice(50, 64),
}


def sweep(name, values, face=3, image_size=64, **changes):
    """One face with one attribute changed, as float64 grey levels."""
    attributes = {**PLAIN, **changes, name: values}
    images, _ = datasets.render_faces(
        len(values),
        image_size=image_size,
        dtype="uint8",
        attributes=attributes,
        indices=[face] * len(values),
    )
    return images.astype("float64")


# What is promised of every picture.


def test_faces_have_the_form_that_models_expect():
    images, attributes = datasets.render_faces(5, 1)
    assert images.shape == (5, 64, 64, 3) and images.dtype == np.float32
    assert images.min() >= -1 and images.max() == 1
    assert list(attributes) == list(FACE_ATTRIBUTES) and len(attributes) >= 12
    for values in attributes.values():
        assert values.shape == (5,) and values.dtype == np.float32
    levels, same = datasets.render_faces(5, 1, dtype="uint8")
    assert levels.dtype == np.uint8
    np.testing.assert_allclose(images, levels / 127.5 - 1, atol=1e-6)
    np.testing.assert_equal(same, attributes)


def test_faces_are_those_kept_as_reference():
    """Pixels, not digests: a machine that rounds differently may be one grey level off."""
    images, _ = datasets.render_faces(16, dtype="uint8")
    kept = np.asarray(Image.open(REFERENCE)).reshape(4, 64, 4, 64, 3).swapaxes(1, 2)
    difference = abs(images.astype(int) - kept.reshape(images.shape))
    assert difference.max() <= 1


@settings(max_examples=8)
@given(st.integers(0, 2**40), st.lists(st.integers(0, 10_000), min_size=1, max_size=4))
def test_a_face_is_the_same_whatever_stands_beside_it(seed, indices):
    together, attributes = datasets.render_faces(
        len(indices), seed, 16, dtype="uint8", indices=indices
    )
    for place, index in enumerate(indices):
        alone, own = datasets.render_faces(1, seed, 16, dtype="uint8", indices=[index])
        np.testing.assert_array_equal(alone[0], together[place])
        assert all(own[name][0] == attributes[name][place] for name in FACE_ATTRIBUTES)


def test_faces_depend_on_the_seed_and_neither_on_count_nor_on_chunks(monkeypatch):
    many, attributes = datasets.render_faces(40, 7, dtype="uint8")
    few, first = datasets.render_faces(3, 7, dtype="uint8")
    np.testing.assert_array_equal(few, many[:3])
    np.testing.assert_equal(first, {name: values[:3] for name, values in attributes.items()})
    monkeypatch.setattr(faces, "CHUNK_PIXELS", 3 * 64 * 64)
    np.testing.assert_array_equal(datasets.render_faces(40, 7, dtype="uint8")[0], many)
    others = datasets.render_faces(40, 8, dtype="uint8")[0]
    assert len(np.unique(np.concatenate([many, others]), axis=0)) == 80


def test_background_is_white_and_all_that_is_painted_hangs_together():
    turned = {"yaw": np.resize([-1, 1, 0], 90), "glasses": 1, "beard": np.resize([0, 1], 90)}
    images, _ = datasets.render_faces(90, 3, dtype="uint8", attributes=turned)
    painted = (images < 255).any(axis=-1)
    assert ((painted.mean(axis=(1, 2)) > 0.35) & (painted.mean(axis=(1, 2)) < 0.8)).all()
    assert not painted[:, :44, :2].any() and not painted[:, :44, -2:].any()
    for shape, image in zip(painted, images, strict=True):
        parts, count = ndimage.label(shape, structure=np.ones((3, 3)))
        sizes = np.bincount(parts.ravel())[1:]
        assert sizes.max() > 0.995 * sizes.sum()
        # Within it nothing but eyes, teeth and glints comes near to white.
        assert (image[shape].min(axis=-1) > 235).mean() < 0.03


def test_sizes_show_the_same_faces():
    sizes = {size: datasets.render_faces(6, 2, size)[0] for size in (16, 32, 48, 64, 128)}
    for size in (16, 32):  # means of the larger picture, but for rounding
        cells = sizes[64].reshape(6, size, 64 // size, size, 64 // size, 3).mean(axis=(2, 4))
        np.testing.assert_allclose(sizes[size], cells, atol=1.01 / 127.5)
    halved = sizes[128].reshape(6, 64, 2, 64, 2, 3).mean(axis=(2, 4))
    assert abs(halved - sizes[64]).mean() < 0.03
    assert sizes[48].shape == (6, 48, 48, 3)


@pytest.mark.slow
def test_memory_is_that_of_the_pictures_and_one_chunk_a_thread(monkeypatch):
    monkeypatch.setattr(faces.os, "cpu_count", lambda: 2)
    datasets.render_faces(1)
    tracemalloc.start()
    images, _ = datasets.render_faces(600, dtype="uint8")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < images.nbytes + 40e6


# What is promised of every attribute.


@pytest.mark.parametrize("name", FACE_ATTRIBUTES)
def test_attribute_changes_its_part_of_the_picture_and_no_other(name):
    attribute = FACE_ATTRIBUTES[name]
    steps = [attribute.minimum, attribute.maximum]
    if not attribute.binary:
        steps.insert(1, sum(steps) / 2)
    pictures = sweep(name, steps)
    low, high = pictures[0], pictures[-1]
    for one, other in itertools.combinations(pictures, 2):
        change = abs(one - other).max(axis=-1)
        assert change.max() > 15 and (change > 8).sum() >= 8
    change = abs(low - high).max(axis=-1)
    beyond = np.delete(change, np.arange(64)[PLACE[name]], axis=0)
    assert beyond.max(initial=0) <= 0
    assert (low[:2, :6] == 255).all() and (high[:2, :6] == 255).all()


def test_all_attributes_are_tried():
    assert set(PLAIN) == set(PLACE) == set(DIRECTIONS) == set(FACE_ATTRIBUTES)


def luminance(images, rows=ALL, columns=ALL):
    return (images @ [0.299, 0.587, 0.114])[:, rows, columns]


def brightness(rows, columns):
    return lambda images: luminance(images, rows, columns).mean(axis=(1, 2))


def figure(rows, columns=ALL):
    """Mean width, in pixels, of what is not background."""
    return lambda images: (luminance(images, rows, columns) < 250).sum(axis=2).mean(axis=1)


def warmth(rows, columns, minus=2):
    """Red above blue (2) or above green (1)."""

    def measure(images):
        region = images[:, rows, columns]
        return (region[..., 0] - region[..., minus]).mean(axis=(1, 2))

    return measure


def ink(rows, columns, along):
    """Where the darkest pixels of a region lie on average: "down" or "across"."""

    def measure(images):
        region = luminance(images, rows, columns)
        dark = np.clip(np.quantile(region, 0.15, axis=(1, 2), keepdims=True) - region, 0, None)
        profile = dark.sum(axis=2 if along == "down" else 1)
        return (profile * np.arange(profile.shape[1])).sum(axis=1) / profile.sum(axis=1)

    return measure


def difference(one, other):
    return lambda images: one(images) - other(images)


def negative(measure):
    return lambda images: -measure(images)


BALD = {"hair_length": 0.0, "hairline": 1.0, "light": 0.0, "hair_colour": 1.0}
HAIR = slice(6, 10), slice(26, 38)
FRONT = {"light": 0.0}
# What must rise with the attribute, by how much from its least to its greatest value at least, and
# what else is set so that it shows.
DIRECTIONS = {
    "skin_tone": (negative(brightness(slice(34, 38), slice(26, 38))), 80, {}),
    "head_width": (figure(slice(20, 24)), 3, BALD),
    "jaw_width": (figure(slice(46, 48)), 3, BALD),
    "yaw": (ink(slice(28, 35), slice(16, 48), "across"), 5, BALD),
    "light": (
        difference(
            brightness(slice(32, 46), slice(40, 44)), brightness(slice(32, 46), slice(20, 24))
        ),
        40,
        {},
    ),
    "hair_colour": (brightness(*HAIR), 60, {}),
    "grey_hair": (negative(warmth(*HAIR)), 30, {"hair_colour": 0.6}),
    "hair_length": (figure(slice(40, 62), [10, 11, 12, 51, 52, 53]), 3, {}),
    "hair_curl": (figure(slice(8, 30)), 4, {"hair_length": 0.5}),
    "hairline": (brightness(slice(10, 20), slice(26, 38)), 40, {"hair_colour": 0.0}),
    "eye_size": (negative(warmth(slice(28, 34), slice(20, 44))), 10, FRONT),
    "eye_spacing": (negative(ink(slice(29, 34), slice(16, 32), "across")), 2, FRONT),
    "eye_colour": (negative(warmth(slice(29, 34), slice(22, 42))), 5, {"eye_size": 1.0}),
    "brow_height": (negative(ink(slice(20, 30), slice(20, 44), "down")), 2, FRONT),
    "brow_angle": (
        difference(
            ink(slice(21, 29), slice(27, 30), "down"), ink(slice(21, 29), slice(21, 24), "down")
        ),
        2,
        FRONT,
    ),
    "brow_thickness": (negative(brightness(slice(22, 30), slice(20, 44))), 10, {}),
    "nose_width": (negative(brightness(slice(36, 41), [26, 27, 36, 37])), 5, FRONT),
    "nose_length": (ink(slice(35, 43), slice(28, 36), "down"), 2, FRONT),
    "smile": (
        difference(
            ink(slice(43, 52), slice(30, 34), "down"), ink(slice(43, 52), slice(26, 28), "down")
        ),
        2,
        {"mouth_open": 0.0, "light": 0.0},
    ),
    "mouth_open": (ink(slice(43, 53), slice(29, 35), "down"), 0.5, {"smile": 0.0}),
    "lip_fullness": (warmth(slice(43, 51), slice(28, 36), minus=1), 5, {"mouth_open": 0.0}),
    "beard": (negative(brightness(slice(51, 54), slice(27, 37))), 40, {"hair_colour": 0.0}),
    "age_lines": (negative(brightness(slice(14, 22), slice(26, 38))), 2, BALD),
    "glasses": (negative(brightness(slice(30, 31), slice(16, 48))), 5, {}),
    "shirt_colour": (warmth(slice(61, 64), slice(24, 40)), 30, {}),
}


@pytest.mark.parametrize("name", FACE_ATTRIBUTES)
def test_attribute_points_the_way_its_meaning_says(name):
    measure, least, changes = DIRECTIONS[name]
    attribute = FACE_ATTRIBUTES[name]
    values = np.array([attribute.minimum, attribute.maximum], float)
    if not attribute.binary and name not in ("eye_colour", "shirt_colour"):  # these turn back
        values = np.insert(values, 1, values.mean())
    found = measure(sweep(name, values, **changes))
    assert (np.diff(found) > 0).all() and found[-1] - found[0] > least, found


def test_other_attributes_and_texture_stay_when_one_is_given():
    drawn = datasets.draw_face_attributes(4, 5)
    images, with_glasses = datasets.render_faces(4, 5, attributes={"glasses": 1})
    assert (with_glasses.pop("glasses") == 1).all()
    np.testing.assert_equal(with_glasses, {n: v for n, v in drawn.items() if n != "glasses"})
    without, _ = datasets.render_faces(4, 5, attributes={"glasses": 0})
    np.testing.assert_array_equal(images[:, :18], without[:, :18])
    np.testing.assert_array_equal(images[:, 44:], without[:, 44:])
    assert (abs(images - without).max(axis=(1, 2, 3)) > 0.3).all()
    again, _ = datasets.render_faces(4, 5, attributes=drawn)
    np.testing.assert_array_equal(again, datasets.render_faces(4, 5)[0])
    # Of two faces of equal attributes, each has its own texture.
    twins, _ = datasets.render_faces(2, 5, attributes=PLAIN)
    assert (twins[0] != twins[1]).mean() > 0.2


def test_mirrored_pose_and_light_give_the_mirrored_picture():
    """With a texture that is the same everywhere nothing else tells left from right."""
    attributes = {**PLAIN, "hair_curl": 0.0, "beard": 0.7, "glasses": 1.0, "age_lines": 1.0}
    attributes = {name: np.full(2, value) for name, value in attributes.items()}
    attributes.update(yaw=np.array([0.8, -0.8]), light=np.array([0.5, -0.5]))
    texture = np.full((2, TEXTURE_SIZE), 0.5, "float32")
    right, left = Portrait(attributes, texture, 64).draw()
    np.testing.assert_allclose(right, left[:, :, ::-1], atol=1e-3)
    assert abs(right - right[:, :, ::-1]).max() > 0.3


def test_pictures_are_sharp_and_blur_shows():
    """A blur of one pixel takes most of what neighbouring pixels differ by."""
    images, _ = datasets.render_faces(32, 4)

    def roughness(pictures):
        return np.mean([ndimage.laplace(picture) ** 2 for picture in pictures[..., 1]])

    blurred = ndimage.gaussian_filter(images, 1.0, axes=(1, 2))
    assert roughness(blurred) < 0.1 * roughness(images)
    hair = images[:, 3:10, 20:44, 1]  # strands, not only outlines
    assert hair.std(axis=2).mean() > 0.06


# What is promised of the random truth.


@pytest.fixture(scope="module")
def many():
    return datasets.draw_face_attributes(20_000, 0)


def test_attributes_keep_to_their_ranges_and_fill_them(many):
    for name, (minimum, maximum, meaning, absent, binary) in FACE_ATTRIBUTES.items():
        values = many[name]
        assert values.min() == pytest.approx(minimum, abs=1e-3) and values.min() >= minimum
        assert values.max() == pytest.approx(maximum, abs=1e-3) and values.max() <= maximum
        assert (values == minimum).mean() == pytest.approx(absent, abs=0.012), name
        present = (values[values > minimum] - minimum) / (maximum - minimum)
        if binary:
            assert (present == 1).all()
        else:  # 99.99 % quantile of Kolmogorov's distance
            distance = stats.kstest(present, "uniform").statistic
            assert distance < 2.23 / math.sqrt(len(present)), name
        assert meaning


def test_moments_are_those_of_what_is_drawn(many):
    drawn = np.stack(list(many.values()), axis=1)
    mean, deviation = datasets.face_attribute_moments()
    assert mean.shape == deviation.shape == (len(FACE_ATTRIBUTES),)
    error = 4 / math.sqrt(len(drawn))  # of a mean, in deviations, and then some
    np.testing.assert_allclose((drawn.mean(axis=0) - mean) / deviation, 0, atol=error)
    np.testing.assert_allclose(drawn.std(axis=0) / deviation, 1, atol=error)


@pytest.mark.slow
def test_correlations_are_those_declared_and_no_others(many):
    declared = {frozenset(pair): value for pair, value in FACE_CORRELATIONS.items()}
    full = [name for name, attribute in FACE_ATTRIBUTES.items() if not attribute.absent]
    for pair in itertools.combinations(FACE_ATTRIBUTES, 2):
        value = declared.get(frozenset(pair), 0.0)
        found = stats.spearmanr(many[pair[0]], many[pair[1]]).statistic
        if value == 0.0 or set(pair) <= set(full):
            # Spearman's rank correlation of two normals of correlation r.
            assert found == pytest.approx(6 / math.pi * math.asin(value / 2), abs=0.03), pair
        else:  # ties among those that have none of it weaken it
            assert 0.4 * abs(value) < found * np.sign(value) < abs(value), pair


@pytest.mark.slow
def test_attributes_are_recovered_from_pictures():
    """In frontal faces weighted sums of the pixels already find every one; turned faces ask more.

    A regressor that learned nothing has an R² of 0.
    """
    images, attributes = datasets.render_faces(2500, 9, 32, attributes={"yaw": 0})
    turned, poses = datasets.render_faces(500, 10, 32)
    attributes.pop("yaw")
    r2 = dict(
        zip(attributes, fitted_r2(images, np.stack(list(attributes.values()), 1)), strict=True)
    )
    assert min(r2.values()) > 0.3 and np.median(list(r2.values())) > 0.7, r2
    assert fitted_r2(turned, poses["yaw"]) > 0.9


def fitted_r2(images, truth):
    """Share of the truth's variance that a ridge regression explains on the last fifth."""
    pixels, split = images.reshape(len(images), -1), len(images) * 4 // 5
    found = Ridge(100.0).fit(pixels[:split], truth[:split]).predict(pixels[split:])
    return 1 - ((found - truth[split:]) ** 2).mean(axis=0) / truth[split:].var(axis=0)


def test_loader_gives_the_first_faces_and_those_that_follow():
    train, test = datasets.load_rendered_faces(12, 5, 16, seed=3, dtype="uint8")
    images, attributes = datasets.render_faces(17, 3, 16, dtype="uint8")
    truth = np.stack([attributes[name] for name in FACE_ATTRIBUTES], axis=1)
    np.testing.assert_array_equal(np.concatenate([train[0], test[0]]), images)
    np.testing.assert_array_equal(np.concatenate([train[1], test[1]]), truth)
    assert len(train[0]) == 12 and test[1].shape == (5, len(FACE_ATTRIBUTES))
    assert train[1].dtype == np.float32


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: datasets.render_faces(0), "`count` must be a whole number of at least 1"),
        (lambda: datasets.render_faces(2.0), "`count` must be a whole number"),
        (lambda: datasets.render_faces(1, -1), "`seed` must be a whole number of at least 0"),
        (lambda: datasets.render_faces(1, None), "`seed` must be a whole number"),
        (lambda: datasets.render_faces(1, 0, 12), "`image_size` must be a whole number of"),
        (lambda: datasets.render_faces(1, 0, 30), "`image_size` must be a multiple of 4"),
        (lambda: datasets.render_faces(1, dtype="float64"), "`dtype` must be 'float32' or 'uint8'"),
        (lambda: datasets.render_faces(2, indices=[1]), "`indices` must be 2 whole numbers from 0"),
        (lambda: datasets.render_faces(1, indices=[-1]), "`indices` must be 1 whole numbers"),
        (lambda: datasets.render_faces(1, indices=[0.5]), "`indices` must be 1 whole numbers"),
        (lambda: datasets.render_faces(1, attributes={"hat": 1}), "Face attributes are skin_tone,"),
        (lambda: datasets.render_faces(1, attributes={"smile": 2}), "`smile` must lie in [0, 1]"),
        (lambda: datasets.render_faces(1, attributes={"yaw": np.nan}), "`yaw` must lie in [-1, 1]"),
        (lambda: datasets.render_faces(3, attributes={"yaw": [0, 0]}), "must be a number or 3"),
        (lambda: datasets.render_faces(1, attributes={"yaw": "left"}), "`yaw` must be a number or"),
        (lambda: datasets.render_faces(1, attributes={"glasses": 0.5}), "`glasses` must be 0 or 1"),
        (lambda: datasets.render_faces(1, attributes=[1.0]), "`attributes` must be a mapping"),
        (lambda: datasets.draw_face_attributes(0), "`count` must be a whole number"),
        (lambda: datasets.load_rendered_faces(train_count=0), "`train_count` must be a whole"),
        (lambda: datasets.load_rendered_faces(test_count=-5), "`test_count` must be a whole"),
    ],
)
def test_bad_arguments_get_one_clear_line(make, message):
    with pytest.raises(ValueError) as failure:
        make()
    assert message in str(failure.value) and "Received: " in str(failure.value)
    assert "\n" not in str(failure.value)
