"""The records of trainings, live: the sample sheet and the curves, epoch by epoch."""

import base64
import io
import itertools
import math
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter
from PIL import Image

from vaegan_edu import records
from vaegan_edu.plotting import COLOURS
from vaegan_edu.validation import check_count
from vaegan_edu.widgets.figure import Choice, InteractiveFigure, Slider

MAX_PANELS = 3
MAX_CURVES = 4  # a panel: so many strokes are told apart without their colours
MAX_BYTES = 600_000  # of all sheets, as text in the page
_ROW = 8  # images in a row of `callbacks.SampleSheets`
_GAP = 2  # white pixels between them
_WIDEST = 280  # pixels of a sheet in the page
_QUALITY = 70  # of WebP
_DIGITS = 4  # of a value in the page
_STROKES = ("-", "--", ":", "-.")  # as in run_explorer.js


class _Run(Choice):
    """The run; another one keeps the epoch if it came so far."""

    def __set__(self, figure, value):
        super().__set__(figure, value)
        if "epoch" in figure._state:
            figure._set("epoch", min(figure.epoch, figure.epochs))


class RunExplorer(InteractiveFigure):
    """Choose a recorded run, move through its epochs, and see what it made and what was measured.

    Beside the curves stands the latest recorded sample sheet that is no later than the epoch. The
    curves of all runs share their axes, so that runs can be compared.

    Example:
        ```python
        explorer = RunExplorer(
            {"seed 0": results / "gan-digits" / "seed-0"},
            {"losses": ["generator_loss", "discriminator_loss"],
             "quality": ["sample_frechet_distance"]},
            log=["quality"],
        )
        explorer             # shows the figure
        explorer.epoch = 20  # moves the marker
        explorer.values      # what the history says there
        ```

    Args:
        runs: a mapping from a name to a run's folder (`config.json`, `history.csv` and `samples/`).
        panels: a mapping from a panel's name to the names of history columns that it shows; at most
            three panels with at most four curves each.
        run: name of the run to begin with, by default the first.
        epoch: to begin with, by default the last of that run.
        log: names of panels whose axis is logarithmic.
        columns: how many columns and rows of a sheet the page keeps, from 1 to 8, which is all.
        title: one line above the figure.
        alt: what the still picture shows, in words; by default a sentence with the numbers.

    Raises:
        FileNotFoundError: a run has no record or no sample sheet.
        ValueError: an argument is not as above, a record lacks a column, a value is not finite or,
            on a logarithmic axis, not positive, or the sheets are too large for a page.
    """

    _scripts = ("controls.js", "run_explorer.js")

    run = _Run(
        lambda figure: figure._state["data"]["runs"],
        "Name of the run; set it to choose another, which keeps the epoch if it came so far.",
    )
    epoch = Slider(
        1,
        lambda figure: figure.epochs,
        "The epoch, counted from 1; set it to move the marker.",
        whole=True,
    )

    def __init__(
        self,
        runs,
        panels,
        run=None,
        epoch=None,
        *,
        log=(),
        columns=6,
        title="A run, epoch by epoch",
        alt=None,
    ):
        panels = _check_panels(panels, log)
        if check_count(columns, "columns") > _ROW:
            raise ValueError(f"columns must be at most {_ROW}. Received: {columns!r}")
        try:
            folders = {str(name): Path(folder) for name, folder in runs.items()}
        except (AttributeError, TypeError):
            folders = {}
        if not folders:
            raise ValueError(
                "runs must map names to folders of records, one at least. "
                f"Received: {' '.join(repr(runs).split())[:80]}"
            )
        data = {
            "runs": {name: _read(folder, panels, columns) for name, folder in folders.items()},
            "panels": panels,
            "colours": list(COLOURS),
        }
        size = sum(len(sheet) for run in data["runs"].values() for sheet in run["sheets"].values())
        if size > MAX_BYTES:
            raise ValueError(
                f"The page carries the sheets, in at most {MAX_BYTES} bytes: choose fewer runs or "
                f"columns. Received: {size}"
            )
        run = next(iter(folders)) if run is None else run
        if epoch is None:
            epoch = data["runs"].get(run, {}).get("epochs")
        super().__init__({"title": str(title), "data": data}, alt, run=run, epoch=epoch)
        if alt is None:
            told = ", ".join(f"{name} {value:.3g}" for name, value in self.values.items())
            self.alt = (
                f"{title}. Left, {columns * columns} samples of the run {self.run} after epoch "
                f"{self.sheet}. Right, its curves over {self.epochs} epochs; in epoch {self.epoch} "
                f"they are at: {told}."
            )

    @property
    def epochs(self) -> int:
        """How many epochs the chosen run has."""
        return self._state["data"]["runs"][self.run]["epochs"]

    @property
    def values(self) -> dict[str, float]:
        """What the run's history says of the chosen epoch, by column, to four digits."""
        curves = self._state["data"]["runs"][self.run]["curves"]
        return {name: curve[self.epoch - 1] for name, curve in curves.items()}

    @property
    def sheet(self) -> int | None:
        """Epoch of the sample sheet that is shown, `None` before the first."""
        return _latest(self._state["data"]["runs"][self.run]["sheets"], self.epoch)

    def __repr__(self):
        return (
            f"RunExplorer(run={self.run!r}, epoch={self.epoch} of {self.epochs}, "
            f"{len(self._state['data']['runs'])} runs)"
        )

    def _twin(self):
        name, epoch = self._start.values()
        data = self._state["data"]
        run = data["runs"][name]
        figure = Figure(figsize=(7.4, 1.2 + 1.5 * len(data["panels"])), layout="constrained")
        figure.suptitle(f"{self._state['title']}: {name}", fontsize=11)
        places = [["sheet", f"panel {number}"] for number in range(len(data["panels"]))]
        axes = figure.subplot_mosaic(places)  # type: ignore[arg-type] # lists of lists will do
        axes["sheet"].axis("off")
        shown = _latest(run["sheets"], epoch)
        if shown is not None:
            _, _, text = run["sheets"][shown].partition(",")
            with Image.open(io.BytesIO(base64.b64decode(text))) as picture:
                axes["sheet"].imshow(picture)
            axes["sheet"].set_title(f"samples after epoch {shown}", fontsize=9)
        colours = itertools.cycle(COLOURS)
        for number, panel in enumerate(data["panels"]):
            chart = axes[f"panel {number}"]
            for column, stroke in zip(panel["columns"], _STROKES, strict=False):
                curve = run["curves"][column]
                epochs = range(1, run["epochs"] + 1)
                chart.plot(epochs, curve, stroke, color=next(colours), label=column)
            chart.xaxis.get_major_locator().set_params(integer=True)  # type: ignore[call-arg]
            chart.axvline(epoch, color="#5a6370", linewidth=1)
            chart.set_title(panel["name"], fontsize=9)
            chart.legend(frameon=False, fontsize=7)
            if panel["log"]:
                chart.set_yscale("log")
                chart.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
                chart.yaxis.set_major_formatter("{x:g}")
                chart.yaxis.set_minor_formatter(NullFormatter())
        chart.set(xlabel="epoch")
        return figure


def _check_panels(panels, log):
    """Return the panels as JSON values, in the given order."""
    try:
        named = {str(name): [str(column) for column in chosen] for name, chosen in panels.items()}
    except (AttributeError, TypeError):
        named = {}
    counts = [len(chosen) for chosen in named.values()]
    if not 1 <= len(counts) <= MAX_PANELS or not all(1 <= n <= MAX_CURVES for n in counts):
        raise ValueError(
            f"panels must map 1 to {MAX_PANELS} names to lists of 1 to {MAX_CURVES} history "
            f"columns. Received: {' '.join(repr(panels).split())[:80]}"
        )
    unknown = [name for name in log if name not in named]
    if unknown:
        raise ValueError(f"log must name panels of {', '.join(named)}. Received: {unknown[0]!r}")
    return [{"name": name, "columns": chosen, "log": name in log} for name, chosen in named.items()]


def _read(folder, panels, columns):
    """Return a run as JSON values: how many epochs, its curves, its sheets by epoch."""
    record = records.read_record(folder)
    curves = {}
    for panel in panels:
        for name in panel["columns"]:
            try:
                curve = [float(f"{value:.{_DIGITS}g}") for value in record.column(name)]
            except KeyError as error:
                raise ValueError(f"In the record {folder} {error.args[0]}") from None
            low = 0.0 if panel["log"] else -math.inf
            if not all(low < value < math.inf for value in curve):
                kind = "finite and positive" if panel["log"] else "finite"
                raise ValueError(f"{name} of the record {folder} must be {kind} in every epoch")
            curves[name] = curve
    paths = sorted(Path(folder, "samples").glob("epoch-*.png"))
    if not paths:
        raise FileNotFoundError(f"The record {folder} has no sheets, samples/epoch-*.png")
    sheets = {int(path.stem.removeprefix("epoch-")): _sheet(path, columns) for path in paths}
    return {"epochs": len(record.history), "curves": curves, "sheets": sheets}


def _sheet(path, columns):
    """Return the upper left `columns` by `columns` images of a sheet as a small data address."""
    with Image.open(path) as opened:
        picture = opened.convert("RGB")
    side = (picture.width + _GAP) // _ROW * columns - _GAP
    picture = picture.crop((0, 0, side, side))
    picture = picture.reduce(math.ceil(side / _WIDEST))
    stream = io.BytesIO()
    picture.save(stream, "WEBP", quality=_QUALITY, method=6)
    return f"data:image/webp;base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"


def _latest(sheets, epoch):
    return max((recorded for recorded in sheets if recorded <= epoch), default=None)
