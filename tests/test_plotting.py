"""Figures: the exact pixels, and the artists that a reader is promised."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import pyplot, rc_context, rcParams
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from vaegan_edu import plotting


def flat_images(*values, size=4, channels=1):
    """Images of one value each, so that every image can be told by its pixels."""
    return np.broadcast_to(
        np.array(values, "float32")[:, None, None, None], (len(values), size, size, channels)
    )


def drawn(figure):
    assert isinstance(figure, Figure)
    FigureCanvasAgg(figure).draw()
    return figure


@pytest.fixture(autouse=True)
def leaves_matplotlib_as_it_was():
    """No figure stays open, and nobody's defaults are changed behind their back."""
    before = rcParams.copy()
    yield
    assert pyplot.get_fignums() == []
    assert rcParams.copy() == before


def test_tile_by_hand():
    """Three images in rows of two, a gap of one; what is left of the last row stays white."""
    images = np.array([[[-1, 1]], [[0, 0.2]], [[-0.5, -1]]], "float32").reshape(3, 1, 2, 1)
    expected = [
        [0, 255, 255, 128, 153],
        [255, 255, 255, 255, 255],
        [64, 0, 255, 255, 255],
    ]
    sheet = plotting.tile(images, columns=2, gap=1)
    assert sheet.dtype == np.uint8
    np.testing.assert_array_equal(sheet, np.array(expected)[..., None])


@given(st.integers(1, 9), st.integers(1, 12), st.integers(0, 3), st.sampled_from([1, 3]))
def test_tile_holds_every_image_in_its_place(count, columns, gap, channels):
    rng = np.random.default_rng([count, columns, gap])
    images = rng.uniform(-1, 1, (count, 3, 5, channels))
    sheet = plotting.tile(images, columns, gap)
    columns = min(columns, count)
    rows = -(-count // columns)
    assert sheet.shape == (rows * 3 + (rows - 1) * gap, columns * 5 + (columns - 1) * gap, channels)
    white = np.ones(sheet.shape, bool)
    for index, image in enumerate(images):
        row, column = divmod(index, columns)
        top, left = row * (3 + gap), column * (5 + gap)
        place = np.s_[top : top + 3, left : left + 5]
        assert abs(sheet[place] - (image + 1) / 2 * 255).max() <= 0.501  # to the nearest level
        white[place] = False
    assert (sheet[white] == 255).all()


def test_tile_leaves_two_pixels_between_images_and_the_images_alone():
    images = flat_images(-1, -1)
    assert plotting.tile(images, 2).shape == (4, 10, 1)
    assert (images == -1).all()


def test_image_rows_are_labelled_and_keep_their_greys():
    rows = {"image": flat_images(-1, 1), "reconstruction": flat_images(0.0, 0.2)}
    figure = drawn(plotting.image_rows(rows, title="What comes back"))
    assert [axes.get_ylabel() for axes in figure.axes] == ["image", "reconstruction"]
    assert figure.get_suptitle() == "What comes back"
    for axes, (left, right) in zip(figure.axes, [(0, 255), (128, 153)], strict=True):
        (picture,) = axes.images
        assert picture.get_array().shape == (4, 10)  # two images and a gap of two
        assert (picture.get_array()[0, 0], picture.get_array()[0, -1]) == (left, right)
        # Black and white are those of [-1, 1], not the darkest and lightest pixel that is there.
        assert picture.get_clim() == (0, 255) and picture.get_cmap().name == "gray"
        assert axes.get_xticks().size == axes.get_yticks().size == 0
    first, second = (axes.get_position() for axes in figure.axes)
    assert first.y0 > second.y1 and first.x0 == pytest.approx(second.x0)
    assert plotting.image_rows(rows).get_suptitle() == ""


@pytest.mark.parametrize("count", [1, 3, 8, 20])
@pytest.mark.parametrize("rows", [1, 4])
@pytest.mark.parametrize("title", [None, "A title"])
def test_no_label_of_a_row_is_cut_off(count, rows, title):
    images = flat_images(*np.zeros(count), size=28)
    figure = drawn(plotting.image_rows({f"reconstruction {i}": images for i in range(rows)}, title))
    for axes in figure.axes:
        box = axes.yaxis.label.get_window_extent()
        assert box.x0 >= 0 and box.x1 <= axes.get_window_extent().x0
        assert axes.get_window_extent().x1 <= figure.bbox.x1 + 1
    assert figure.get_figheight() < 1.6 * rows + 0.6


def test_image_sheet_is_the_tiled_picture():
    images = np.random.default_rng(0).uniform(-1, 1, (11, 6, 6, 1))
    figure = drawn(plotting.image_sheet(images, columns=4, title="Epoch 5"))
    (axes,) = figure.axes
    assert axes.get_title() == "Epoch 5"
    expected = plotting.tile(images, 4)[..., 0]
    np.testing.assert_array_equal(axes.images[0].get_array(), expected)
    assert axes.images[0].get_clim() == (0, 255)
    eight = plotting.image_sheet(images).axes[0].images[0].get_array()
    np.testing.assert_array_equal(eight, plotting.tile(images, 8)[..., 0])


def test_colour_images_keep_their_colours():
    images = np.random.default_rng(0).uniform(-1, 1, (4, 6, 6, 3))
    for figure in (plotting.image_sheet(images, 2), plotting.image_rows({"x": images})):
        assert drawn(figure).axes[0].images[0].get_array().shape[-1] == 3
    found = plotting.latent_grid(images, (-1, 1)).axes[0].images[0].get_array()
    np.testing.assert_array_equal(found, plotting.tile(images, 2, gap=0))


HISTORY = {"loss": [4, 3, 2], "val_loss": [5, 4, 4], "kl_loss": [1, 2, 3], "seconds": [9, 9, 9]}


def test_loss_curves_draw_held_out_values_dashed_in_the_same_colour():
    (axes,) = drawn(plotting.loss_curves(HISTORY, ["loss", "kl_loss"], ylabel="nats")).axes
    lines = axes.get_lines()
    assert [line.get_linestyle() for line in lines] == ["-", "--", "-"]
    values = ["loss", "val_loss", "kl_loss"]
    for line, name in zip(lines, values, strict=True):
        np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3])
        np.testing.assert_array_equal(line.get_ydata(), HISTORY[name])
    colours = [line.get_color() for line in lines]
    assert colours[0] == colours[1] != colours[2]
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts == ["loss", "loss, held out", "kl_loss"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "nats")
    assert all(tick == int(tick) for tick in axes.get_xticks())  # there is no epoch 1.25


def test_loss_curves_take_more_logs_than_there_are_colours():
    history = {f"loss_{i}": [1.0, 2.0] for i in range(12)}
    assert len(plotting.loss_curves(history, list(history)).axes[0].get_lines()) == 12


def test_latent_scatter_has_one_dot_a_code_and_names_the_classes():
    rng = np.random.default_rng(0)
    labels = np.array([0, 1, 1, 7, 7, 7])
    panels = {"autoencoder": rng.normal(0, 9, (6, 2)), "VAE": rng.normal(0, 1, (6, 2))}
    figure = drawn(plotting.latent_scatter(panels, labels))
    assert [axes.get_title() for axes in figure.axes] == ["autoencoder", "VAE"]
    for axes, codes in zip(figure.axes, panels.values(), strict=True):
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("z[0]", "z[1]")
        assert axes.get_aspect() == 1.0 and axes.get_lines() == []
        assert [text.get_text() for text in axes.texts] == ["0", "1", "7"]
        for label, dots, text in zip((0, 1, 7), axes.collections, axes.texts, strict=True):
            own = codes[labels == label].astype("float32")
            np.testing.assert_array_equal(dots.get_offsets(), own)
            np.testing.assert_allclose(text.xy, np.median(own, axis=0))
            colour = plotting.COLOURS[label]
            assert to_hex(dots.get_facecolor()[0]) == colour.lower()
            assert to_hex(text.get_bbox_patch().get_edgecolor()) == colour.lower()


def test_the_prior_is_drawn_at_one_and_two_deviations():
    codes, labels = np.random.default_rng(0).normal(size=(5, 2)), np.arange(5)
    figure = plotting.latent_scatter({"a": codes, "b": codes}, labels, prior=True)
    for axes in figure.axes:
        radii = [np.hypot(*line.get_data()) for line in axes.get_lines()]
        assert len(radii) == 2
        np.testing.assert_allclose(radii[0], 1.0)
        np.testing.assert_allclose(radii[1], 2.0)
        for line in axes.get_lines():  # closed, and all the way round
            x, y = line.get_data()
            assert (x[0], y[0]) == pytest.approx((x[-1], y[-1]), abs=1e-9)
            assert min(x.min(), y.min()) == pytest.approx(-max(x.max(), y.max()), rel=1e-3)


def test_each_image_of_the_plane_is_centred_at_its_code():
    """Image k is decoded from row k of the grid: the largest z[1] first, z[0] from the left."""
    values = np.linspace(-1, 1, 9, dtype="float32")
    (axes,) = drawn(plotting.latent_grid(flat_images(*values), (-2.0, 4.0))).axes
    (picture,) = axes.images
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("z[0]", "z[1]")
    assert picture.get_clim() == (0, 255)
    centres = np.linspace(-2.0, 4.0, 3)
    for index, value in enumerate(values):
        z = centres[index % 3], centres[2 - index // 3]
        for nudge in (-1.4, 0.0, 1.4):  # of 1.5, half a cell
            assert at(picture, z[0] + nudge, z[1] + nudge) == round((value + 1) * 127.5)
    assert axes.get_xlim() == axes.get_ylim() == (-3.5, 5.5)


def at(picture, x, y):
    """The picture's value at a place of the axes, through what Matplotlib does with the mouse."""
    from matplotlib.backend_bases import MouseEvent

    axes = picture.axes
    place = axes.transData.transform((x, y))
    event = MouseEvent("motion_notify_event", axes.figure.canvas, *place)
    return int(picture.get_cursor_data(event))


def test_style_is_set_on_request_only():
    with rc_context():
        plotting.style()
        assert rcParams["figure.dpi"] == 150 and rcParams["axes.grid"]
        assert rcParams["axes.prop_cycle"].by_key()["color"] == list(plotting.COLOURS)
        (axes,) = plotting.image_sheet(flat_images(0, 1)).axes
        drawn(axes.figure)
        assert not any(line.get_visible() for line in axes.get_xgridlines())


@pytest.mark.slow
def test_importing_changes_no_defaults_and_chooses_no_backend():
    code = """if True:
        import sys, matplotlib
        before = matplotlib.rcParams.copy()
        import vaegan_edu.plotting
        assert matplotlib.rcParams.copy() == before
        assert "matplotlib.pyplot" not in sys.modules and "keras" not in sys.modules
    """
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_ten_colours_that_can_be_told_from_white_and_from_each_other():
    assert len(set(plotting.COLOURS)) == 10

    def luminance(colour):
        srgb = np.array(to_rgb(colour))
        linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    assert all(1.05 / (luminance(colour) + 0.05) > 2.0 for colour in plotting.COLOURS)
    rgb = np.array([to_rgb(colour) for colour in plotting.COLOURS])
    apart = np.linalg.norm(rgb[:, None] - rgb, axis=-1)[~np.eye(10, dtype=bool)]
    assert apart.min() > 0.25


X = flat_images(0, 0, 0, 0)
Z = np.zeros((3, 2))


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: plotting.tile(X[0], 2), "`images` must have shape"),
        (lambda: plotting.tile(X[:0], 2), "at least one image"),
        (lambda: plotting.tile(X * np.nan, 2), "without NaN"),
        (lambda: plotting.tile(X + 255, 2), "`images` must lie in .-1, 1"),
        (lambda: plotting.tile(X, 0), "`columns` must be a whole number of at least 1"),
        (lambda: plotting.tile(X, 2.0), "`columns` must be a whole number"),
        (lambda: plotting.tile(X, 2, gap=-1), "`gap` must be a whole number of at least 0"),
        (
            lambda: plotting.tile(flat_images(0, channels=2), 1),
            "`images` must have 1 or 3 channels",
        ),
        (lambda: plotting.image_rows({}), "equally many images in each row"),
        (lambda: plotting.image_rows({"a": X, "b": X[:2]}), "equally many images in each row"),
        (lambda: plotting.image_rows({"a": X[0]}), "`images` must have shape"),
        (lambda: plotting.image_sheet(X, columns=0), "`columns` must be"),
        (lambda: plotting.image_sheet(X[..., 0]), "`images` must have shape"),
        (lambda: plotting.loss_curves(HISTORY, ["lost"]), "`names` must be among loss, val_loss"),
        (lambda: plotting.loss_curves(HISTORY, []), "`names` must be among loss"),
        (lambda: plotting.latent_scatter({}, []), "`panels` must hold at least one"),
        (lambda: plotting.latent_scatter({"VAE": np.eye(3)}, [0, 1, 2]), "`VAE` must have shape"),
        (lambda: plotting.latent_scatter({"VAE": Z * np.nan}, [0, 1, 2]), "`VAE` must be finite"),
        (lambda: plotting.latent_scatter({"VAE": Z}, [0, 1]), "`labels` must be 3 whole numbers"),
        (
            lambda: plotting.latent_scatter({"VAE": Z}, [0.5, 1, 2]),
            "`labels` must be 3 whole numbers",
        ),
        (lambda: plotting.latent_grid(X[:3], (-1, 1)), "`images` must be a square number"),
        (lambda: plotting.latent_grid(X[:1], (-1, 1)), "`images` must be .* at least 4"),
        (lambda: plotting.latent_grid(X[:0], (-1, 1)), "`images` must be .* at least 4"),
        (lambda: plotting.latent_grid(X * np.nan, (-1, 1)), "without NaN"),
        (lambda: plotting.latent_grid(X, (1, -1)), "`limits` must be .low, high."),
        (lambda: plotting.latent_grid(X, (np.nan, 1)), "`limits` must be .low, high."),
        (lambda: plotting.latent_grid(X, 2.0), "`limits` must be .low, high."),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=f"{message}.*Received"):
        call()


NETWORK = {"encoder": [("image", (8, 8, 3)), ("Conv2D", (4, 4, 16)), ("Dense", (5,))]}


def test_a_network_chart_names_every_layer_and_its_shape():
    two = {**NETWORK, "decoder": [("code", (5,)), ("Dense", (192,))]}
    figure = drawn(plotting.network_chart(two))
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["encoder", "decoder"]
    encoder = figure.axes[0]
    texts = [text.get_text() for text in encoder.texts if text.get_text()]
    assert texts == ["8×8×3", "image", "4×4×16", "Conv2D", "5", "Dense"]
    sides = sorted(
        {
            round(patch.get_width(), 3)
            for patch in encoder.patches
            if hasattr(patch, "xy") and hasattr(patch, "get_width")
        }
    )
    assert len(sides) == 3 and sides[1] < sides[2]  # a vector's bar, the smaller map, the image
    for text in encoder.texts:
        box = text.get_window_extent()
        assert box.x0 >= 0 and box.x1 <= figure.bbox.x1


@pytest.mark.parametrize("networks", [{}, {"a": [("image", (2,))]}, {"a": [("x", (2, 2))] * 2}])
def test_a_network_chart_refuses_what_it_cannot_draw(networks):
    with pytest.raises(ValueError, match="Received|must hold networks"):
        plotting.network_chart(networks)


def test_run_dots_draw_each_run():
    panel = {
        "random": {"AE": [0.1, 0.2], "VAE": [0.8, 0.9, 0.7]},
        "control": {"AE": [0.5], "VAE": [0.5]},
    }
    figure = drawn(plotting.run_dots({"precision": panel, "recall": panel}, {"recall": 0.95}))
    first, second = figure.axes
    dots = [line.get_xdata().tolist() for line in first.lines]
    assert dots == [[0.1, 0.2], [0.8, 0.9, 0.7], [0.5], [0.5]]
    heights = [line.get_ydata()[0] for line in first.lines]
    assert heights[0] < heights[1] < 0.5 < heights[2] < heights[3]  # row by row, series apart
    assert [tick.get_text() for tick in first.get_yticklabels()] == ["random", "control"]
    assert second.lines[-1].get_xdata()[0] == 0.95 and len(second.lines) == len(first.lines) + 1
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["AE", "VAE"]


@pytest.mark.parametrize("panels", [{}, {"a": {"x": {}}, "b": {"y": {}}}])
def test_run_dots_want_the_same_rows(panels):
    with pytest.raises(ValueError, match="the same rows"):
        plotting.run_dots(panels)


def test_point_frames_show_each_games_points_among_the_modes():
    modes = np.array([[1.0, 0.0], [-1.0, 0.0]])
    games = {
        name: {"100 steps": np.full((3, 2), place), "200 steps": np.full((3, 2), -place)}
        for name, place in (("first", 0.2), ("second", 0.4))
    }
    figure = drawn(plotting.point_frames(games, modes, limit=2.5))
    assert [axes.get_title() for axes in figure.axes] == ["100 steps", "200 steps", "", ""]
    assert [axes.get_ylabel() for axes in figure.axes] == ["first", "", "second", ""]
    for axes, place in zip(figure.axes, (0.2, -0.2, 0.4, -0.4), strict=True):
        crosses, points = axes.lines
        np.testing.assert_array_equal(crosses.get_xydata(), modes)
        np.testing.assert_array_equal(points.get_xydata(), np.full((3, 2), place))
        assert axes.get_xlim() == axes.get_ylim() == (-2.5, 2.5)


@pytest.mark.parametrize("rows", [{}, {"a": {}}, {"a": {"1": []}, "b": {"1": [], "2": []}}])
def test_point_frames_want_equally_many_frames(rows):
    with pytest.raises(ValueError, match="equally many frames"):
        plotting.point_frames(rows, np.zeros((1, 2)), 1.0)
