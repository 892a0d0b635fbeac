"""Two judges of one changed image, live: the difference of pixels and that of features."""

import base64

import numpy as np
from matplotlib.figure import Figure
from scipy.ndimage import correlate1d

from vaegan_edu.validation import check_images
from vaegan_edu.widgets.export import export_decoder
from vaegan_edu.widgets.figure import Choice, InteractiveFigure, Slider

# All as in similarity_explorer.js.
_SHIFT = (-6, 6)
_REACH = 9
_BLACK = -1.0
MAX_IMAGES = 10


class SimilarityExplorer(InteractiveFigure):
    """An image and its copy, shifted and blurred: how far apart, by pixels and by features.

    Both errors are half the summed squares of a difference: `losses.gaussian_reconstruction` of the
    pixels, `losses.feature_loss` of what `network` makes of the two. To compare them, each is also
    given as a multiple of the mean error between two different images of those shown.

    Example:
        ```python
        eye = keras.Model(discriminator.input, discriminator.outputs[1])
        explorer = SimilarityExplorer(eye, x_test[:10], [f"digit {y}" for y in y_test[:10]])
        explorer             # shows the figure
        explorer.shift = 2   # moves the copy by two pixels
        ```

    Args:
        network: a Keras model from images (batch, height, width, 1) to feature maps (batch, height,
            width, channels), of layers that `export_decoder` knows.
        images: (count, height, width, 1) in [-1, 1], from 2 to 10 of them.
        names: a name for each image, no two alike.
        shift: where the copy starts, whole pixels to the right, in [-6, 6].
        blur: standard deviation of the copy's blur at the start, in pixels, in [0, 3].
        title: one line above the figure.
        alt: what the still picture shows, in words; by default a sentence with the numbers.

    Raises:
        ValueError: when an argument is not as above; the line says which.
    """

    _scripts = ("controls.js", "decoder.js", "similarity_explorer.js")

    # Ranges as in similarity_explorer.js.
    image = Choice(lambda figure: figure._names, "Name of the image; set it to choose another.")
    shift = Slider(
        *_SHIFT,
        "Pixels by which the copy is moved to the right; set it to move the slider.",
        whole=True,
    )
    blur = Slider(0.0, 3.0, "Deviation of the copy's blur in pixels; set it to move the slider.")

    def __init__(
        self,
        network,
        images,
        names,
        shift=2,
        blur=0.0,
        *,
        title="One image, two judges",
        alt=None,
    ):
        spec = export_decoder(network)
        self._images = check_images(images).astype("float32")
        if self._images.shape[1:] != tuple(spec["input"]) or self._images.shape[3] != 1:
            raise ValueError(
                "images must be grey and of the shape that the network takes, "
                f"{tuple(spec['input'])}. Received: {self._images.shape[1:]}"
            )
        self._names = [str(name) for name in names]
        distinct = len(set(self._names)) == len(self._names) == len(self._images)
        if not distinct or not 2 <= len(self._names) <= MAX_IMAGES:
            raise ValueError(
                f"images must be 2 to {MAX_IMAGES}, each with a name of its own. "
                f"Received: {len(self._images)} images, names {self._names}"
            )
        self._network = network
        self._features = self._see(self._images)
        data = {
            "title": str(title),
            "names": self._names,
            "images": base64.b64encode(self._images.astype("<f4").tobytes()).decode("ascii"),
            "network": spec,
            "another": {
                # To eight digits: the last ones of a trained network differ between machines.
                kind: float(f"{_mean_distance(values):.8g}")
                for kind, values in (("pixels", self._images), ("features", self._features))
            },
        }
        super().__init__({"data": data}, alt, image=self._names[0], shift=shift, blur=blur)
        if alt is None:
            pixels, features = self.relative_errors.values()
            self.alt = (
                f"{title}. Left, {self._names[0]} and its copy, shifted by {self.shift} pixels "
                f"and blurred by {self.blur:g}. Right, two curves of error over shift. As a "
                f"multiple of another image's error, the copy's is {pixels:.2f} by pixels and "
                f"{features:.2f} by features."
            )

    @property
    def errors(self) -> dict[str, float]:
        """The copy's two errors, a dict of `pixels` and `features`."""
        return self._errors(self.image, self.shift, self.blur)

    @property
    def relative_errors(self) -> dict[str, float]:
        """Both errors, each over the mean error between two different images; as `errors`."""
        another = self._state["data"]["another"]
        return {kind: error / another[kind] for kind, error in self.errors.items()}

    def __repr__(self):
        return (
            f"SimilarityExplorer(image={self.image!r}, shift={self.shift}, blur={self.blur:g}, "
            f"network of {self._state['data']['network']['count']} weights)"
        )

    def _see(self, images):
        return np.asarray(self._network(images, training=False))

    def _errors(self, name, shift, blur):
        index = self._names.index(name)
        copy = _changed(self._images[index], shift, blur)
        seen = self._see(copy[None].astype("float32"))[0]
        return {
            "pixels": _half_squares(self._images[index] - copy),
            "features": _half_squares(self._features[index] - seen),
        }

    def _twin(self):
        name, shift, blur = self._start.values()
        shifts = np.arange(_SHIFT[0], _SHIFT[1] + 1)
        figure = Figure(figsize=(7.4, 3.4), layout="constrained")
        figure.suptitle(self._state["data"]["title"], fontsize=11)
        axes = figure.subplot_mosaic("icccc;jcccc")
        original = self._images[0]
        pictures = {"i": original, "j": _changed(original, shift, blur)}
        for (place, picture), text in zip(pictures.items(), (name, "its copy"), strict=True):
            axes[place].imshow(picture[..., 0], cmap="gray", vmin=-1, vmax=1)
            axes[place].set(xticks=[], yticks=[])
            axes[place].set_title(text, fontsize=9)
        found = [self._errors(name, s, blur) for s in shifts]
        for kind, colour in (("pixels", "#5a6370"), ("features", "#2f78bd")):
            relative = np.array([e[kind] for e in found]) / self._state["data"]["another"][kind]
            axes["c"].plot(shifts, relative, color=colour, label=kind)
            axes["c"].plot(shift, relative[shifts == shift], "o", color=colour)
        axes["c"].axhline(1, color="#5a6370", linestyle="--", linewidth=1)
        axes["c"].annotate("another image", (shifts[0], 1.03), color="#5a6370", fontsize=9)
        axes["c"].set(xlabel=f"shift, at blur {blur:g}", ylabel="relative error", ylim=(0, 2))
        axes["c"].legend(frameon=False, loc="upper right")
        return figure


def _changed(image, shift, blur):
    """Return an image (height, width, 1) moved to the right by whole pixels, then blurred."""
    moved = np.roll(image.astype("float64"), shift, axis=1)
    if shift:
        moved[:, slice(0, shift) if shift > 0 else slice(shift, None)] = _BLACK
    if blur == 0:
        return moved
    weights = np.exp(-0.5 * (np.arange(-_REACH, _REACH + 1) / blur) ** 2)
    weights /= weights.sum()
    for axis in (1, 0):
        moved = correlate1d(moved, weights, axis, mode="constant", cval=_BLACK)
    return moved


def _half_squares(difference):
    return 0.5 * float(np.sum(np.square(difference, dtype="float64")))


def _mean_distance(values):
    """Return the mean of half the squared distance between two different rows."""
    pairs = [_half_squares(a - b) for i, a in enumerate(values) for b in values[:i]]
    return sum(pairs) / len(pairs)
