"""The directives of what a trained decoder does in a page: `walk`, `fool` and `guess`.

`walk` is the first page's: a decoder draws while its code moves. `fool` lets a reader change
samples and measures them anew, `guess` asks which of forty images are real. What they load when
asked lies in `_static/`, written after the build; the data come from `tools/trial.py`.
"""

import base64
import functools
import json
from pathlib import Path

from docutils import nodes
from matplotlib.figure import Figure
from PIL import Image
from sphinx.util.docutils import SphinxDirective

from vaegan_edu import widgets
from vaegan_edu.widgets.figure import InteractiveFigure

SOURCE = Path(__file__).resolve().parents[1] / "trial"
WIDGETS = Path(widgets.__file__).parent
ENGINE = (WIDGETS / "decoder.js", SOURCE / "unpack.js", WIDGETS / "laboratory" / "simd.js")
ENGINE += (SOURCE / "engine.js",)
WALKER = (WIDGETS / "decoder.js", SOURCE / "unpack.js", SOURCE / "walker.js")
TRIAL, WALK = "_static/trial.js", "_static/walk.js"

WALKING = """<div class="walk" data-decoder="{decoder}">
<p class="images">
<img src="data:image/png;base64,{strip}" width="{width}" height="{height}" alt="{alt}">
</p>
<p class="legend"><button type="button" hidden></button> A point of {latent} numbers moves, and
a decoder that was trained with an adversary draws a digit for each place on its way.</p>
</div>
<script>
(() => {{
{source}
}})();
</script>"""


class Trial(InteractiveFigure):
    """One of the two games: a script of its own, and the data's address as the page sees it."""

    def __init__(self, address, title, alt, **state):
        super().__init__({"title": title, "address": address, **state}, alt)

    def _twin(self):
        figure = Figure(figsize=(7.4, 1.6), layout="constrained")
        figure.suptitle(self._state["title"], fontsize=11)
        axes = figure.add_subplot()
        with Image.open(SOURCE / "strip.png") as strip:
            axes.imshow(strip.convert("L"), cmap="gray")
        axes.set_axis_off()
        return figure


class Fool(Trial):
    """Samples that are changed by hand, and their measures."""

    _scripts = ("controls.js", *(str(SOURCE / name) for name in ("load.js", "fool.js")))


class Guess(Trial):
    """Forty images, and whether each is real."""

    _scripts = ("controls.js", *(str(SOURCE / name) for name in ("load.js", "guess.js")))


@functools.cache
def read_data():
    """Return what `tools/trial.py` wrote."""
    return json.loads((SOURCE / "data.json").read_text(encoding="utf-8"))


class _Directive(SphinxDirective):
    def run(self):
        """Return the figure's HTML."""
        for path in (*sorted(SOURCE.iterdir()), *WIDGETS.rglob("*.*s"), Path(__file__)):
            self.env.note_dependency(str(path))
        folder = Path(*[".."] * self.env.docname.count("/"))
        return [nodes.raw("", self.make(folder), format="html")]


class FoolDirective(_Directive):
    """Show the samples that a reader may change."""

    def make(self, folder):
        """Return the figure as HTML; `folder` leads from the page to the book's root."""
        models = sorted(read_data()["decoders"])
        plain = {"truncation": 1, "contrast": 1, "repetition": 0, "noise": 0}
        alt = (
            "Digits that a decoder drew. Where scripts are allowed, sliders change truncation, "
            "contrast, repetition and noise of such samples, and a table shows their Fréchet "
            "distance, precision, recall and coverage beside those of the samples as they were "
            "drawn, of the control and of real images."
        )
        return Fool(
            (folder / TRIAL).as_posix(),
            "Fool the metric",
            alt,
            models=models,
            model=models[0],
            beside=None,
            measured=None,
            **plain,
        ).to_html()


class GuessDirective(_Directive):
    """Show the reader's own test."""

    def make(self, folder):
        """Return the figure as HTML; `folder` leads from the page to the book's root."""
        alt = (
            "Digits that a decoder drew. Where scripts are allowed, forty images are shown one by "
            "one; the reader says of each whether it is real, and is compared with a network."
        )
        return Guess((folder / TRIAL).as_posix(), "You are the discriminator", alt).to_html()


class WalkDirective(_Directive):
    """Show the walk through latent space."""

    def make(self, folder):
        """Return the walk as HTML; `folder` leads from the page to the book's root."""
        with Image.open(SOURCE / "strip.png") as strip:
            width, height = strip.size
        scripts = [SOURCE / name for name in ("load.js", "walk.js")]
        return WALKING.format(
            decoder=(folder / WALK).as_posix(),
            strip=base64.b64encode((SOURCE / "strip.png").read_bytes()).decode("ascii"),
            width=width,
            height=height,
            latent=read_data()["decoders"]["VAE-GAN"]["input"][0],
            alt="Handwritten digits, drawn by a decoder",
            source=_read(scripts),
        )


def write(app, exception):
    """Write what the pages load when they are asked to, and the picture that links show."""
    if exception is not None or app.builder.format != "html":
        return
    data = read_data()
    static = Path(app.outdir, "_static")
    engine = _read(ENGINE) + "\nserve(self);\n"
    _write(static / "trial.js", "vaeganTrial", {**data, "engine": engine})
    walk = {**data["decoders"]["VAE-GAN"], "stops": data["stops"], "engine": _read(WALKER)}
    _write(static / "walk.js", "vaeganWalk", walk)
    (static / "preview.png").write_bytes((SOURCE / "preview.png").read_bytes())


def _read(paths):
    return "".join(path.read_text(encoding="utf-8") for path in paths)


def _write(path, name, value):
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    path.write_text(f"globalThis.{name} = {text};\n", encoding="utf-8")


def setup(app):
    """Register the directives."""
    app.add_directive("walk", WalkDirective)
    app.add_directive("fool", FoolDirective)
    app.add_directive("guess", GuessDirective)
    app.connect("build-finished", write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
