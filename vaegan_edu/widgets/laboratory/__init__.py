"""A laboratory in the page: small networks that train before one's eyes, on 8x8 digits."""

import functools
import json
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from vaegan_edu import datasets
from vaegan_edu.plotting import COLOURS
from vaegan_edu.widgets.figure import InteractiveFigure

_HERE = Path(__file__).parent
# What trains, in a worker; the page itself has `settings.js` and `page.js`.
_ENGINE = ("names.js", "simd.js", "networks.js", "step.js", "training.js", "worker.js")
_PAGE = ("names.js", "settings.js", "page.js")
QUESTIONS = (
    "autoencoder",
    "vae",
    "gan",
    "vae-gan",
    "posterior-collapse",
    "mode-collapse-and-its-cure",
    "break-it",
)
FAULTS = ("sign", "leak", "mean", "sigmoid", "batch", "saturating")


class Laboratory(InteractiveFigure):
    """Autoencoder, VAE, GAN and VAE-GAN to be trained, changed and broken in the page.

    Encoder, decoder and discriminator are dense networks on scikit-learn's 8x8 digits. They train
    in a Web Worker by the losses of `vaegan_edu.models`: one step from the same weights, batch and
    noise moves every weight as Keras does. Nothing of it is loaded before the reader asks.

    Args:
        preset: the question it starts with, one of `QUESTIONS`.
        engine: address of the script that `write_engine` wrote, as the page sees it; `None` puts
            the engine, some 160 kB, into the figure itself, as a notebook needs it.
        seed: whole number, of the first training; each restart takes the next.
        fault: one of `FAULTS`, for "break-it"; `None` lets the page draw one.
        title: one line above the figure.
        alt: what the still picture shows, in words.

    Raises:
        ValueError: a preset or a fault of another name.
    """

    _scripts = ("controls.js", *(f"laboratory/{name}" for name in _PAGE))

    def __init__(
        self,
        preset="vae-gan",
        engine=None,
        *,
        seed=0,
        fault=None,
        title="A VAE-GAN that trains in this page",
        alt=None,
    ):
        if preset not in QUESTIONS:
            raise ValueError(f"preset must be one of {', '.join(QUESTIONS)}. Received: {preset!r}")
        if fault is not None and fault not in FAULTS:
            raise ValueError(f"fault must be one of {', '.join(FAULTS)}. Received: {fault!r}")
        state = {
            "title": str(title),
            "preset": preset,
            "seed": int(seed),
            "fault": fault,
            "colours": list(COLOURS),
            "engine": make_engine() if engine is None else str(engine),
        }
        if alt is None:
            alt = (
                f"{title}. The first two rows are handwritten digits of 8 by 8 pixels, on which "
                "the networks of the laboratory train; below, a scheme: the encoder turns an image "
                "x into z_mean and z_log_var, the decoder turns z into the copy x_tilde and prior "
                "noise into the sample x_p, and the discriminator judges x, x_tilde and x_p, each "
                "in a call of its own. The training itself runs where scripts are allowed."
            )
        super().__init__(state, alt)

    def __repr__(self):
        return f"Laboratory(preset={self._state['preset']!r}, seed={self._state['seed']})"

    def _source(self):
        style = (_HERE / "page.css").read_text(encoding="utf-8")
        return f"const LABORATORY_CSS = {json.dumps(style)};\n{super()._source()}"

    def _twin(self):
        figure = Figure(figsize=(7.4, 4.2), layout="constrained")
        figure.suptitle(self._state["title"], fontsize=11)
        upper, lower = figure.subplots(2, 1, height_ratios=[2, 3])
        (images, _), _ = datasets.load_digits(8)
        rows = images[:32, ..., 0].reshape(2, 16, 8, 8)
        sheet = np.full((2, 16, 10, 10), 1.0)
        sheet[..., 1:9, 1:9] = rows
        upper.imshow(sheet.transpose(0, 2, 1, 3).reshape(20, 160), cmap="gray", vmin=-1, vmax=1)
        upper.set_axis_off()
        _draw_scheme(lower)
        return figure


def write_engine(path: str | Path) -> None:
    """Write engine and digits as one classic script, whose address is `Laboratory`'s `engine`.

    A classic script can be loaded by a page that was opened from a folder; a module cannot. Equal
    versions write equal bytes.
    """
    text = json.dumps(make_engine(), sort_keys=True, separators=(",", ":"))
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"window.vaeganLaboratory = {text};\n", encoding="utf-8")


def engine_source() -> str:
    """Return the script of the worker, kernels and training, as text."""
    return "".join((_HERE / name).read_text(encoding="utf-8") for name in _ENGINE)


@functools.cache
def make_engine() -> dict[str, Any]:
    """Return the worker's script and the digits: a letter a pixel, "a" for 0 to "q" for 16."""
    (x_train, y_train), (x_test, y_test) = datasets.load_digits(8)
    grey = np.rint((np.concatenate([x_train, x_test]) + 1) * 8).astype("uint8")
    return {
        "source": engine_source() + "\nsimdProduct = makeSimdProduct();\nserve(self);\n",
        "pixels": (grey + ord("a")).tobytes().decode("ascii"),
        "labels": "".join(map(str, np.concatenate([y_train, y_test]))),
        "held": len(y_test),
    }


def _draw_scheme(axes):
    """Draw who gives what to whom."""
    boxes = {
        "encoder": (2.1, 1.0),
        "decoder": (4.6, 1.0),
        "discriminator": (7.6, 0.5),
    }
    for name, (x, y) in boxes.items():
        axes.text(x, y, name, ha="center", va="center", bbox={"boxstyle": "round", "fc": "#e8eef5"})
    arrows = [
        ((0.6, 1.0), (1.5, 1.0), "x"),
        ((2.7, 1.0), (4.0, 1.0), "z"),
        ((4.0, 0.0), (4.5, 0.8), "z_prior"),
        ((5.2, 1.0), (6.7, 0.6), "x_tilde"),
        ((5.2, 0.9), (6.7, 0.4), "x_p"),
        ((8.5, 0.5), (9.3, 0.5), "D"),
    ]
    for start, end, name in arrows:
        axes.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": "#5a6370"})
        side = -0.2 if name == "x_p" else 0.16
        axes.text((start[0] + end[0]) / 2, (start[1] + end[1]) / 2 + side, name, ha="center")
    axes.annotate("", (6.7, 0.2), (0.6, 0.9), arrowprops={"arrowstyle": "->", "color": "#5a6370"})
    axes.set(xlim=(0, 9.8), ylim=(-0.3, 1.5))
    axes.set_axis_off()
