"""The latent plane, live: choose a point, see the decoded image."""

import base64

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from vaegan_edu.plotting import COLOURS
from vaegan_edu.widgets.export import export_decoder
from vaegan_edu.widgets.figure import InteractiveFigure, Setting

MAX_CODES = 5000
_GRID = 9  # decoded images a side in the still picture


class _Point(Setting):
    """Two finite numbers; read as a tuple."""

    def __get__(self, figure, owner=None):
        return self if figure is None else tuple(figure._get(self.name))

    def check(self, value, figure=None):
        array = _as_floats(value)
        if array is None or array.shape != (2,) or not np.isfinite(array).all():
            raise ValueError(f"{self.name} must be two finite numbers. Received: {value!r}")
        return array.tolist()


class LatentExplorer(InteractiveFigure):
    """A two-dimensional latent plane beside the image decoded from the chosen point.

    Left, the codes of real images, coloured by class; right, the decoder's image of a point that
    one drags, clicks, or moves by arrow keys or sliders. Shown as the last expression of a cell,
    it runs in Jupyter and, without a kernel, in the built page.

    Example:
        ```python
        explorer = LatentExplorer(vae.decoder, codes, labels, title="The VAE's plane", prior=True)
        explorer                     # shows the figure
        explorer.point = (0.5, -1)   # moves the point, and reads it back
        ```

    Args:
        decoder: a Keras model from codes `(batch, 2)` to images `(batch, height, width, 1 or 3)`
            in [-1, 1]; see `export_decoder` for the layers it may hold.
        codes: codes of real images, `(count, 2)`, at most 5000.
        labels: a class for each code, `(count,)`, numbers or strings, at most 10 different ones.
        title: one line above the figure.
        limits: `(low, high)` of both axes; by default a square that holds all codes and, with
            `prior`, its circles.
        prior: whether to draw the circles of one and two standard deviations of N(0, I).
        alt: what the still picture shows, in words; by default a sentence made of the title, the
            number of codes and the classes.

    Raises:
        ValueError: when an argument is not as above; the line says which.
    """

    _scripts = ("controls.js", "decoder.js", "latent_explorer.js")

    point = _Point("The chosen code `(z[0], z[1])`; set it to move the point in the figure.")

    def __init__(self, decoder, codes, labels, *, title, limits=None, prior=False, alt=None):
        spec = export_decoder(decoder)
        if spec["input"] != [2] or spec["image"][2] not in (1, 3):
            raise ValueError(
                "The explorer shows a plane: the decoder must map codes (batch, 2) to images with "
                f"1 or 3 channels. Received: {tuple(spec['input'])} to {tuple(spec['image'])}"
            )
        codes, labels = _check_codes(codes, labels)
        found, labels = np.unique(labels, return_inverse=True)
        classes = [str(name) for name in found]
        if len(classes) > len(COLOURS):
            raise ValueError(
                f"The explorer has colours for at most {len(COLOURS)} classes: choose some. "
                f"Received: {len(classes)} classes"
            )
        limits = _check_limits(limits, codes, prior)
        if alt is None:
            alt = (
                f"{title}. Left: {len(codes)} codes of real images in the plane of z[0] and z[1], "
                f"coloured by class ({', '.join(classes)}). Right: the images decoded from "
                f"{_GRID} by {_GRID} points spread over the same plane."
            )
        data = {
            "title": str(title),
            "decoder": spec,
            "image": spec["image"],
            "codes": base64.b64encode(codes.astype("<f4").tobytes()).decode("ascii"),
            "labels": labels.tolist(),
            "classes": classes,
            "colours": list(COLOURS[: len(classes)]),
            "limits": limits,
            "prior": bool(prior),
        }
        start = np.clip(codes[0], *np.transpose(limits)).tolist()
        super().__init__({"data": data}, alt, point=start)
        self._decoder, self._codes = decoder, codes

    def __repr__(self):
        data = self._state["data"]
        return (
            f"LatentExplorer({data['title']!r}: {len(self._codes)} codes, "
            f"{len(data['classes'])} classes, decoder of {data['decoder']['count']} weights)"
        )

    def _twin(self):
        data = self._state["data"]
        (left, right), (bottom, top) = data["limits"]
        figure = Figure(figsize=(7.4, 4.3), layout="compressed")
        figure.suptitle(data["title"], fontsize=11)
        plane, grid = figure.subplots(1, 2)
        labels = np.asarray(data["labels"])
        for index, name in enumerate(data["classes"]):
            chosen = self._codes[labels == index]
            plane.scatter(*chosen.T, s=7, c=COLOURS[index], alpha=0.75, linewidths=0)
            x, y = chosen.mean(axis=0)
            halo = [withStroke(linewidth=3, foreground="white")]
            place = {"ha": "center", "va": "center", "clip_on": True}
            plane.text(x, y, name, weight="bold", path_effects=halo, **place)
        if data["prior"]:
            angle = np.linspace(0, 2 * np.pi, 200)
            for radius in (1, 2):
                plane.plot(radius * np.cos(angle), radius * np.sin(angle), "k--", lw=0.8)
        plane.set_title("codes of real images", fontsize=9)

        height, width, channels = data["image"]
        centres = (np.arange(_GRID) + 0.5) / _GRID
        x, y = left + centres * (right - left), top - centres * (top - bottom)
        z = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        images = np.asarray(self._decoder(z.astype("float32"), training=False))
        # Each image gets a white line below and to the right, the sheet loses its last ones.
        images = np.pad(images, [(0, 0), (0, 1), (0, 1), (0, 0)], constant_values=1.0)
        height, width = height + 1, width + 1
        sheet = images.reshape(_GRID, _GRID, height, width, channels).transpose(0, 2, 1, 3, 4)
        sheet = sheet.reshape(_GRID * height, _GRID * width, channels)[:-1, :-1]
        sheet = np.clip((sheet + 1) / 2, 0, 1).repeat(3 // channels, axis=2)  # grey as RGB
        grid.imshow(sheet, extent=(left, right, bottom, top), interpolation="nearest")
        grid.set_title("images decoded from the same plane", fontsize=9)
        for axes in (plane, grid):
            axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
            axes.set_xlabel("z[0]")
        plane.set_ylabel("z[1]")
        return figure


def _as_floats(value):
    try:
        return np.asarray(value, "float64")
    except (TypeError, ValueError):
        return None


def _check_codes(codes, labels):
    array = _as_floats(codes)
    if array is None or array.ndim != 2 or array.shape[1] != 2 or not len(array):
        found = type(codes).__name__ if array is None else f"shape {array.shape}"
        raise ValueError(f"codes must be numbers of shape (count, 2), count > 0. Received: {found}")
    bad = np.count_nonzero(~np.isfinite(array).all(axis=1))
    if bad:
        raise ValueError(f"codes must be finite. Received: {bad} rows with NaN or infinity")
    if len(array) > MAX_CODES:
        raise ValueError(
            f"codes may be at most {MAX_CODES}: pass some of them, say codes[:1000]. "
            f"Received: {len(array)}"
        )
    labels = np.asarray(labels)
    if labels.shape != (len(array),):
        raise ValueError(
            f"labels must name one class for each of the {len(array)} codes, shape "
            f"({len(array)},). Received: shape {labels.shape}"
        )
    return array, labels


def _check_limits(limits, codes, prior):
    """Return `[[left, right], [bottom, top]]`, a square, so that circles are round."""
    if limits is not None:
        array = _as_floats(limits)
        if array is None or array.shape != (2,) or not array[0] < array[1] < np.inf:
            raise ValueError(f"limits must be (low, high) with low < high. Received: {limits!r}")
        return [array.tolist(), array.tolist()]
    points = np.concatenate([codes, [[-2, -2], [2, 2]]]) if prior else codes
    low, high = points.min(axis=0), points.max(axis=0)
    half = 0.54 * (max(high - low) or 1.0)  # a margin of 4 % on each side
    # Rounded, as the last digits of a trained network differ between machines.
    return [[round(float(c - half), 3), round(float(c + half), 3)] for c in (low + high) / 2]
