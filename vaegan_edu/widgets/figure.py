"""What every interactive figure shares: one script, shown by a kernel or by the page itself."""

import base64
import functools
import hashlib
import html
import io
import json
import math
import numbers
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.style
from PIL import Image

_HERE = Path(__file__).parent

_PAGE = """<style>
{css}</style>
<div class="vaegan-figure" data-figure="{key}">
<div class="vaegan-live"></div>
<div class="vaegan-twin">
<img alt="{alt}" src="data:image/png;base64,{png}">
<noscript>This figure moves where JavaScript is allowed; above it stands still.</noscript>
</div>
</div>
<script>
(() => {{
const root = document.querySelector('[data-figure="{key}"]:not(.is-live)');
if (!root) return;
{source}
const state = {state};
const model = {{
  get: (name) => state[name],
  set: (name, value) => {{ state[name] = value; }},
  on() {{}}, off() {{}}, save_changes() {{}}, // no kernel to tell
}};
render({{ model, el: root.querySelector(".vaegan-live") }});
root.classList.add("is-live"); // only now does the still picture give way
}})();
</script>
"""


class InteractiveFigure:
    """Base of the interactive figures.

    A figure is a state (names and JSON values) and scripts that define `render({model, el})`. In a
    live kernel anywidget runs them and keeps the state in step with Python; in a page an inline
    script runs the same source. Subclasses name their `_scripts`, declare what a hand can move as
    `Slider`, `Choice` or another `Setting`, give `alt`, and draw `_twin()`.

    Args:
        state: what the page gets beside the settings.
        alt: what the still picture shows, in words.
        settings: the value that each setting starts with, set in this order.

    Raises:
        ValueError: a setting refuses its value.
    """

    _scripts: tuple[str, ...] = ()

    def __init__(self, state, alt, **settings):
        self._state = dict(state)
        self._widget = None
        self.alt = alt
        for name, value in settings.items():
            setattr(self, name, value)
        self._start = {name: self._state[name] for name in settings}

    @property
    def widget(self) -> Any:
        """The figure as an ipywidgets widget, to be observed or laid out among other widgets.

        Raises:
            ImportError: when anywidget is not installed.
        """
        if self._widget is None:
            self._widget = _widget_class(type(self).__name__, self._source(), tuple(self._state))(
                **self._state
            )
        return self._widget

    def to_html(self) -> str:
        """Return the figure as an HTML fragment that needs no kernel, no file and no network.

        The fragment carries its data, its script and a still picture with alt text, which is seen
        in print and where scripts do not run. Equal figures give equal text.
        """
        state = json.dumps(self._current(), sort_keys=True, separators=(",", ":"), allow_nan=False)
        parts = {
            "alt": html.escape(self.alt),
            "css": (_HERE / "figure.css").read_text(encoding="utf-8"),
            "png": self._png,
            "source": self._source(),
            # "</script>" inside a title would end the script.
            "state": state.replace("</", "<\\/"),
        }
        # The key ties the script to its element, so that figures in one page do not mix.
        key = hashlib.sha256("\0".join(parts.values()).encode()).hexdigest()[:12]
        return _PAGE.format(key=key, **parts)

    def _repr_mimebundle_(self, include=None, exclude=None):
        data, metadata = {}, {}
        try:
            data, metadata = self.widget._repr_mimebundle_()
        except ImportError:  # without anywidget the page's own script does the work
            pass
        return {**data, "text/plain": repr(self), "text/html": self.to_html()}, metadata

    def _get(self, name):
        return self._state[name] if self._widget is None else getattr(self._widget, name)

    def _set(self, name, value):
        if self._widget is None:
            self._state[name] = value
        else:
            setattr(self._widget, name, value)

    def _current(self):
        return {name: self._get(name) for name in self._state}

    def _source(self):
        return "".join((_HERE / name).read_text(encoding="utf-8") for name in self._scripts)

    def _twin(self):
        """Return the still picture as a Matplotlib `Figure`."""
        raise NotImplementedError

    @functools.cached_property
    def _png(self):
        # Matplotlib's defaults, whatever the notebook has set: equal figures give equal bytes.
        with matplotlib.style.context("default"):
            stream = io.BytesIO()
            self._twin().savefig(stream, format="png", dpi=110)
        # A palette of 256 colours takes a third of the space; this method keeps the rare colours,
        # those of the dots, where Pillow's own choice spends all 256 on greys.
        picture = Image.open(stream).convert("RGB")
        picture = picture.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        stream = io.BytesIO()
        picture.save(stream, format="png", optimize=True)
        return base64.b64encode(stream.getvalue()).decode("ascii")


class Setting:
    """A value of a figure's state that a hand moves in the page.

    As an attribute of a figure's class it reads and sets the state of that name. Setting it, and
    `check`, raise `ValueError` for what does not fit.
    """

    def __init__(self, doc):
        self.__doc__ = doc

    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, figure, owner=None):
        return self if figure is None else figure._get(self.name)

    def __set__(self, figure, value):
        figure._set(self.name, self.check(value, figure))

    def check(self, value: Any, figure: "InteractiveFigure | None" = None) -> Any:
        """Return a value as the page needs it."""
        raise NotImplementedError


class Slider(Setting):
    """A number that a slider moves, from `low` to `high`: a float, or with `whole` an int.

    A bound that depends on what the figure shows is a function of the figure.
    """

    def __init__(self, low, high, doc, *, whole=False):
        super().__init__(doc)
        self.low, self.high, self.whole = low, high, whole

    def check(self, value: Any, figure: "InteractiveFigure | None" = None) -> Any:
        """Return a value for this slider."""
        low, high = (_of(figure, bound) for bound in (self.low, self.high))
        if not self.whole:
            return check_range(self.name, value, low, high)
        whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
        if not whole or not low <= value <= high:
            raise ValueError(
                f"{self.name} must be a whole number from {low} to {high}. Received: {value!r}"
            )
        return int(value)


class Choice(Setting):
    """One of some names, which a list shows; names that depend on the figure are a function of it.

    Args:
        names: the names, in their order.
        doc: what is chosen.
    """

    def __init__(self, names, doc):
        super().__init__(doc)
        self.names = names

    def check(self, value: Any, figure: "InteractiveFigure | None" = None) -> Any:
        """Return a name that can be chosen."""
        names = tuple(_of(figure, self.names))
        if value not in names:
            raise ValueError(f"{self.name} must be one of {', '.join(names)}. Received: {value!r}")
        return value


def _of(figure, value):
    return value(figure) if callable(value) else value


def check_range(name: str, value: Any, low: float, high: float) -> float:
    """Return a slider's value as a float; `ValueError` unless it is from `low` to `high`."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not low <= number <= high:
        raise ValueError(f"{name} must be a number from {low:g} to {high:g}. Received: {value!r}")
    return number


@functools.cache
def _widget_class(name, source, traits):
    """Make the anywidget class of a figure; here, so that nothing imports anywidget earlier."""
    try:
        import anywidget
        import traitlets
    except ImportError as error:
        raise ImportError(
            "A live widget needs anywidget: install it with `pip install anywidget`. "
            f"Received: {error}"
        ) from error
    members: dict = {trait: traitlets.Any().tag(sync=True) for trait in traits}
    members["_esm"] = source + "\nexport default { render };\n"
    members["_css"] = (_HERE / "figure.css").read_text(encoding="utf-8")
    return type(name, (anywidget.AnyWidget,), members)
