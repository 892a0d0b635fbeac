"""What a run was and what came of it, for its reader: tables of its measures, and a page.

The page is one file that needs no other and no network: `index.html` in the run's folder.
"""

import base64
import html
import io
import json
import math
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path

import matplotlib
from PIL import Image

from vaegan_edu import plotting, records
from vaegan_edu.experiments.experiment import Experiment
from vaegan_edu.experiments.settings import ORIGINAL_RATE, ORIGINAL_RULES
from vaegan_edu.experiments.sources import PICTURES
from vaegan_edu.notebook import Table

PAGE = "index.html"
FLOOR = "real"
# What is measured for each attribute of faces (`tasks.faces.measure_attributes`).
MOVES = ("moved_alone", "leaked_alone", "moved_together", "leaked_together")
# Settings that the command line has words for.
WORDS = (
    *("data", "epochs", "batch_size", "latent_dim", "image_size", "train_count", "schedule"),
    "precision",
)

STYLE = """\
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
section { overflow-x: auto; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .15rem .6rem; text-align: right; border-bottom: 1px solid #8886; }
th:first-child { text-align: left; font-weight: normal; }
.row { display: flex; flex-wrap: wrap; gap: 1rem; }
figure { margin: 0; }
.curves figure { flex: 1 1 24rem; background: white; color: black; }
.curves svg { width: 100%; height: auto; }
.sheets img { image-rendering: pixelated; min-width: 16rem; max-width: 100%; }
"""


def tables(measured: Mapping) -> dict[str, Table]:
    """Sort the numbers of a `metrics.json` into tables, by their titles.

    What is measured of several kinds of images has a row, and a column for each kind: `real` ones,
    held out and compared with the training images as all others are, set the floor. What is
    measured of each attribute of faces has a row an attribute. The rest stands in one column. The
    digests of judges are left to the file.
    """
    numbers = {name: value for name, value in measured.items() if not isinstance(value, str)}
    floors = [name.removeprefix(f"{FLOOR}_") for name in numbers if name.startswith(f"{FLOOR}_")]
    floors.sort(key=len, reverse=True)  # `pixel_precision` goes before `precision`
    kinds: dict[str, dict] = {}
    attributes: dict[str, dict] = {}
    rest: dict[str, dict] = {}
    for name, value in numbers.items():
        measure = next((measure for measure in floors if name.endswith(f"_{measure}")), None)
        move = next((move for move in MOVES if name.startswith(move)), None)
        if measure:
            kinds.setdefault(measure, {})[name.removesuffix(f"_{measure}")] = value
        elif move:
            attribute = name.removeprefix(move).removeprefix("_") or "mean"
            attributes.setdefault(attribute, {})[move] = value
        else:
            rest[name] = {"value": value}
    found = {name for row in kinds.values() for name in row}
    titled = {
        f"By kind of images; {FLOOR} ones, held out, set the floor": (
            kinds,
            [FLOOR, *sorted(found - {FLOOR})],
        ),
        "Moves along attributes, in their deviations": (attributes, MOVES),
        "Beside these": (rest, ["value"]),
    }
    return {title: _table(rows, columns) for title, (rows, columns) in titled.items() if rows}


def _table(rows: Mapping, columns: Iterable[str]) -> Table:
    return Table(
        {name: {column: _text(row.get(column)) for column in columns} for name, row in rows.items()}
    )


def _text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def command(config: Mapping, experiment: Experiment) -> str:
    """Return the command that trains such a run."""
    name, arguments = config["experiment"], dict(config["arguments"])
    if "experiment_file" in config:
        name = f"{config['experiment_file']['name']}:{name}"
    seed = arguments.pop("seed", 0)
    before = {**experiment.settings}
    if arguments.get("schedule") in ORIGINAL_RULES and arguments["schedule"] != before["schedule"]:
        before["learning_rate"] = ORIGINAL_RATE  # it comes with the schedule
    # As JSON has them, for a tuple comes back as a list.
    changed = {k: v for k, v in arguments.items() if json.dumps(v) != json.dumps(before.get(k))}
    if changed.get("data") == PICTURES:
        changed["data"] = "FOLDER"
    words = [
        f"--{key.replace('_', '-')} {shlex.quote(str(value))}"
        if key in WORDS
        else f"--set {shlex.quote(f'{key}={_as_word(value)}')}"
        for key, value in changed.items()
    ]
    words += [f"--seed {seed}"] if seed else []
    return " ".join(["python -m vaegan_edu train", name, *words])


def _as_word(value):
    """Return a setting as `--set` reads it: JSON, or a text that is none."""
    return value if isinstance(value, str) and not _is_json(value) else json.dumps(value)


def _is_json(text):
    try:
        json.loads(text)
    except json.JSONDecodeError:
        return False
    return True


def write_page(folder: Path, experiment: Experiment) -> None:
    """Write `index.html` of a run that is measured: command, sheets, measures and curves."""
    record = records.read_record(folder)
    config, history = record.config, record.history
    title = f"{config['experiment']}, seed {config['seed']}"
    seconds = sum(row["seconds"] for row in history)
    about = (
        f"{experiment.summary}. Data: {config['data']['name']}. Epochs: {len(history)}, trained in "
        f"{_duration(seconds)} on {config['hardware'].get('processor')} with {config['backend']}."
    )
    measures = "\n".join(
        f'<section tabindex="0"><h3>{html.escape(name)}</h3>{table._repr_html_()}</section>'
        for name, table in tables(record.metrics).items()
    )
    sheets = "\n".join(map(_sheet, sorted((folder / "samples").glob("epoch-*.png"))))
    settings = Table({key: {"value": str(value)} for key, value in config["arguments"].items()})
    parts = {
        "": f"<p>{html.escape(about)}</p>",
        "Train it again": f"<pre>{html.escape(command(config, experiment))}</pre>",
        "Samples of one fixed batch of codes": sheets and f'<div class="row sheets">{sheets}</div>',
        "Measures": measures,
        "Curves": f'<div class="row curves">{_curves(history)}</div>' if len(history) > 1 else "",
        "Settings": f'<section tabindex="0">{settings._repr_html_()}</section>',
    }
    body = "\n".join(
        (f"<h2>{name}</h2>\n" if name else "") + part for name, part in parts.items() if part
    )
    records.write_atomically(
        folder / PAGE,
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>\n{STYLE}</style>\n</head>\n"
        f"<body>\n<h1>{html.escape(title)}</h1>\n{body}\n</body>\n</html>\n",
    )


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _sheet(path: Path) -> str:
    """A sheet within the page, as JPEG: of faces a PNG would take ten times as much."""
    epoch, buffer = int(path.stem.removeprefix("epoch-")), io.BytesIO()
    with Image.open(path) as image:
        image.save(buffer, "JPEG", quality=90, subsampling=0)
    data = base64.b64encode(buffer.getvalue()).decode()
    return (
        f'<figure><img src="data:image/jpeg;base64,{data}" alt="Samples after epoch {epoch}">'
        f"<figcaption>epoch {epoch}</figcaption></figure>"
    )


def _curves(history: list[dict]) -> str:
    """A drawing for each log, held-out and training values together, and one of the rates."""
    logs = {name: [row.get(name, math.nan) for row in history] for name in history[-1]}
    after = [name for name in logs if name.startswith("learning_rate")]
    rates = [name for name in logs if name.startswith("epoch_learning_rate")]
    besides = {"epoch", "seconds", *rates, *after, *(f"val_{name}" for name in logs)}
    others = [name for name in logs if name not in besides]
    drawn = {name: plotting.loss_curves(logs, [name], ylabel=name) for name in others}
    for label, names in (  # older records have the second alone
        ("learning rate of the epoch", rates),
        ("learning rate after the epoch", [] if rates else after),
    ):
        if names:
            drawn[label] = plotting.loss_curves(logs, names, ylabel=label)
    found = []
    for name, figure in drawn.items():
        buffer = io.StringIO()
        with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
            figure.savefig(buffer, format="svg", metadata=dict.fromkeys(("Date", "Creator")))
        svg = buffer.getvalue()
        svg = svg[svg.index("<svg") :].replace("<svg", f'<svg role="img" aria-label="{name}"', 1)
        found.append(f"<figure>{svg}</figure>")
    return "\n".join(found)
