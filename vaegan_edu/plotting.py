"""Arrays in, `Figure` out. Nothing here trains, and nothing is shown or saved."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import rcParams
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from vaegan_edu.validation import check_codes, check_count, check_images, check_labels

# Okabe & Ito's colours, told apart by colour-blind readers; their yellow, too faint on white, left
# out; brown, violet and grey to make ten.
COLOURS = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#CC79A7",
    "#56B4E9",
    "#8C6D1F",
    "#7CB518",
    "#6A3D9A",
    "#8A8A8A",
)
WIDTH = 6.4  # inches: text stays readable when a phone shows the figure at its width


def style() -> None:
    """Set Matplotlib's defaults for every figure of the course; call once."""
    from cycler import cycler

    rcParams.update(
        {
            "axes.prop_cycle": cycler(color=COLOURS),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.titlesize": "medium",
            "figure.dpi": 150,
            "figure.facecolor": "white",
            "figure.figsize": (WIDTH, 3.4),
            "figure.constrained_layout.use": True,
            "font.size": 11,
            "grid.alpha": 0.25,
            "image.cmap": "gray",
            "legend.frameon": False,
            "lines.linewidth": 2,
        }
    )


def tile(images: np.ndarray, columns: int, gap: int = 2) -> np.ndarray:
    """Lay images out in rows of `columns`: one uint8 picture, (height, width, channels).

    Args:
        images: (count, height, width, 1 or 3) in [-1, 1].
        columns: images a row; the last row may stay short.
        gap: white pixels between images.

    Raises:
        ValueError: images that `check_images` refuses or with another number of channels,
            `columns` below 1, or a negative `gap`.
    """
    images = check_images(images)
    columns = min(check_count(columns, "columns"), len(images))
    gap = check_count(gap, "gap", minimum=0)
    count, height, width, channels = images.shape
    if channels not in (1, 3):
        raise ValueError(f"`images` must have 1 or 3 channels. Received: {channels}")
    rows = math.ceil(count / columns)
    sheet = np.full(
        (rows * (height + gap) - gap, columns * (width + gap) - gap, channels), 255, dtype="uint8"
    )
    pixels = np.round((images + 1.0) * 127.5).astype("uint8")
    for index, image in enumerate(pixels):
        top = index // columns * (height + gap)
        left = index % columns * (width + gap)
        sheet[top : top + height, left : left + width] = image
    return sheet


def image_rows(rows: Mapping[str, np.ndarray], title: str | None = None) -> Figure:
    """Draw labelled rows of images, for comparison column by column.

    Args:
        rows: a mapping from a row's label to its images (count, height, width, channels), equally
            many in each row.
        title: of the figure.

    Raises:
        ValueError: no rows, or rows of different length.
    """
    counts = {label: len(images) for label, images in rows.items()}
    if len(set(counts.values())) != 1:
        raise ValueError(f"`rows` must hold equally many images in each row. Received: {counts}")
    columns = next(iter(counts.values()))
    # Each row is as high as its images are wide, at most an inch and a half; a quarter of the width
    # is for the labels.
    height = len(rows) * min(WIDTH * 0.78 / columns, 1.5) + (0.5 if title else 0.25)
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    for index, (label, images) in enumerate(rows.items(), start=1):
        axes = figure.add_subplot(len(rows), 1, index)
        _show(axes, tile(images, columns))
        axes.set_ylabel(label, rotation=0, ha="right", va="center")
        axes.set_anchor("W")  # beside its label: the layout keeps room for the label there only
    if title:
        figure.suptitle(title, fontsize="medium")
    return figure


def image_sheet(images: np.ndarray, columns: int = 8, title: str | None = None) -> Figure:
    """Draw images (count, height, width, channels) in rows of `columns`."""
    sheet = tile(images, columns)
    height = min(WIDTH, WIDTH * sheet.shape[0] / sheet.shape[1]) + (0.35 if title else 0.0)
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    axes = figure.add_subplot()
    _show(axes, sheet)
    if title:
        axes.set_title(title)
    return figure


def loss_curves(
    history: Mapping[str, Sequence[float]], names: Sequence[str], ylabel: str = "loss"
) -> Figure:
    """Draw training and validation curves over epochs, validation dashed.

    Args:
        history: a mapping from a log's name to its values, one an epoch, as `fit` returns it.
        names: the logs to draw; `val_<name>` is drawn beside each where it is there.
        ylabel: what the values are.

    Raises:
        ValueError: no names, or a log that is not in the history.
    """
    missing = [name for name in names if name not in history]
    if missing or not names:
        received = missing[0] if missing else names
        raise ValueError(f"`names` must be among {', '.join(history)}. Received: {received!r}")
    figure = Figure(figsize=(WIDTH, 3.2), layout="constrained")
    axes = figure.add_subplot()
    for index, name in enumerate(names):
        for key, line, label in ((name, "-", name), (f"val_{name}", "--", f"{name}, held out")):
            if key in history:
                values = history[key]
                epochs = np.arange(1, len(values) + 1)
                axes.plot(epochs, values, line, color=COLOURS[index % len(COLOURS)], label=label)
    axes.set(xlabel="epoch", ylabel=ylabel)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend()
    return figure


def latent_scatter(
    panels: Mapping[str, np.ndarray], labels: np.ndarray, prior: bool = False
) -> Figure:
    """Draw two-dimensional codes as dots, coloured by class and named where each class lies.

    Args:
        panels: a mapping from a title to codes (count, 2); one panel each, side by side.
        labels: (count,), class of each code.
        prior: draw circles at 1 and 2 standard deviations of the prior.

    Raises:
        ValueError: no panels, codes of another width, or labels of another length.
    """
    if not panels:
        raise ValueError(f"`panels` must hold at least one set of codes. Received: {panels}")
    figure = Figure(figsize=(WIDTH, WIDTH / max(len(panels), 1.6)), layout="constrained")
    for index, (title, codes) in enumerate(panels.items(), start=1):
        codes = check_codes(codes, title, latent_dim=2)
        labels = check_labels(labels, len(codes))
        axes = figure.add_subplot(1, len(panels), index)
        for label in np.unique(labels):
            own = codes[labels == label]
            colour = COLOURS[label % len(COLOURS)]
            axes.scatter(own[:, 0], own[:, 1], s=7, color=colour, alpha=0.7, linewidths=0)
            axes.annotate(
                str(label),
                np.median(own, axis=0),
                ha="center",
                va="center",
                weight="bold",
                bbox={"boxstyle": "circle,pad=0.2", "fc": "white", "ec": colour, "alpha": 0.85},
            )
        for radius in (1, 2) if prior else ():
            angle = np.linspace(0, 2 * np.pi, 200)
            axes.plot(radius * np.cos(angle), radius * np.sin(angle), "k:", linewidth=1)
        axes.set(title=title, xlabel="z[0]", ylabel="z[1]", aspect="equal")
    return figure


def latent_grid(images: np.ndarray, limits: tuple[float, float]) -> Figure:
    """Draw the decoded latent plane: each image is centred at the code that it was decoded from.

    The codes form a square grid whose coordinates are `numpy.linspace(*limits, side)`.

    Args:
        images: (side * side, height, width, channels), row by row, the largest z[1] first and
            within a row the smallest z[0] first; `side` is at least 2.
        limits: (low, high), the smallest and the largest coordinate of the codes, on both axes.

    Raises:
        ValueError: the number of images is no square or below 4, or the limits don't ascend.
    """
    side = math.isqrt(len(images))
    if side * side != len(images) or side < 2:
        raise ValueError(f"`images` must be a square number of at least 4. Received: {len(images)}")
    if np.shape(limits) != (2,) or not limits[0] < limits[1]:
        raise ValueError(f"`limits` must be (low, high) with low < high. Received: {limits!r}")
    figure = Figure(figsize=(WIDTH * 0.8, WIDTH * 0.8), layout="constrained")
    axes = figure.add_subplot()
    sheet = tile(images, side, gap=0)
    half = (limits[1] - limits[0]) / (side - 1) / 2  # of a cell: the outer codes are cell centres
    extent = (limits[0] - half, limits[1] + half) * 2
    if sheet.shape[-1] == 1:
        axes.imshow(sheet[..., 0], cmap="gray", vmin=0, vmax=255, extent=extent)
    else:
        axes.imshow(sheet, extent=extent)
    for edge in np.linspace(extent[0], extent[1], side + 1)[1:-1]:  # digits would run together
        axes.axhline(edge, color="0.45", linewidth=0.6)
        axes.axvline(edge, color="0.45", linewidth=0.6)
    axes.set(xlabel="z[0]", ylabel="z[1]")
    axes.grid(False)
    return figure


def network_chart(networks: Mapping[str, Sequence[tuple[str, tuple[int, ...]]]]) -> Figure:
    """Draw networks as rows of blocks, one for what each layer returns.

    A map (height, width, channels) is a square whose side grows with the map's, with up to six
    sheets behind it that stand for its channels; a vector is a bar that grows with the logarithm of
    its length.

    Args:
        networks: a mapping from a title to `(layer, shape)` pairs: what made the block, and the
            shape of one example, without the batch. The first pair is the input.

    Raises:
        ValueError: no networks, or a shape that is neither (height, width, channels) nor (length,).
    """
    if not networks or any(len(blocks) < 2 for blocks in networks.values()):
        raise ValueError("`networks` must hold networks of an input and at least one layer each.")
    shapes = [tuple(shape) for blocks in networks.values() for _, shape in blocks]
    wrong = [shape for shape in shapes if len(shape) not in (1, 3)]
    if wrong:
        raise ValueError(
            f"a shape must be (height, width, channels) or (length,). Received: {wrong[0]}"
        )
    largest = max((shape[0] for shape in shapes if len(shape) == 3), default=1)
    longest = max((shape[0] for shape in shapes if len(shape) == 1), default=1)
    most = max(map(len, networks.values()))
    figure = Figure(figsize=(WIDTH, 2.1 * len(networks)), layout="constrained")
    for row, (title, blocks) in enumerate(networks.items(), start=1):
        axes = figure.add_subplot(len(networks), 1, row)
        colour = COLOURS[(row - 1) % len(COLOURS)]
        for place, (layer, shape) in enumerate(blocks):
            x = 1.25 * place
            if len(shape) == 3:
                width = height = 0.2 + 0.55 * shape[0] / largest
                sheets = min(6, 1 + int(np.log2(shape[2])))
            else:
                width, height = 0.12, 0.15 + 0.75 * np.log1p(shape[0]) / np.log1p(longest)
                sheets = 1
            for sheet in reversed(range(sheets)):
                corner = (x - width / 2 + 0.035 * sheet, -height / 2 + 0.035 * sheet)
                axes.add_patch(
                    Rectangle(corner, width, height, fc="white", ec=colour, linewidth=1.3)
                )
            axes.text(x, -0.58, "×".join(map(str, shape)), ha="center", va="top")
            axes.text(x, 0.66, layer, ha="center", va="bottom", linespacing=1.0)
            if place:
                axes.annotate(
                    "", (x - 0.48, 0), (x - 0.74, 0), arrowprops={"arrowstyle": "->", "lw": 1.2}
                )
        axes.set(xlim=(-0.65, 1.25 * (most - 1) + 0.65), ylim=(-0.85, 1.05), aspect="equal")
        axes.set_title(title, loc="left")
        axes.axis("off")
    return figure


def point_frames(
    rows: Mapping[str, Mapping[str, np.ndarray]], modes: np.ndarray, limit: float
) -> Figure:
    """Draw points in the plane as training goes on, a row of frames for each game.

    Args:
        rows: a mapping from a game to its frames; a frame's title to its points (count, 2). Every
            game has equally many frames; the titles above are those of the first.
        modes: (count, 2), marked by crosses in every frame.
        limit: the axes reach from `-limit` to `limit`.

    Raises:
        ValueError: no games, or games with different numbers of frames.
    """
    counts = {name: len(frames) for name, frames in rows.items()}
    if len(set(counts.values())) != 1 or 0 in counts.values():
        raise ValueError(f"`rows` must hold equally many frames for each game. Received: {counts}")
    columns = next(iter(counts.values()))
    side = min((WIDTH - 0.5) / columns, 2.0)
    figure = Figure(figsize=(WIDTH, side * len(rows) + 0.3), layout="constrained")
    planes = figure.subplots(len(rows), columns, squeeze=False)
    for line, (name, frames) in zip(planes, rows.items(), strict=True):
        for axes, points in zip(line, frames.values(), strict=True):
            axes.plot(*np.transpose(modes), "+", color="black", markersize=9)
            axes.plot(*np.transpose(points), ".", color=COLOURS[3], markersize=2, alpha=0.4)
            axes.set(aspect="equal", xlim=(-limit, limit), ylim=(-limit, limit))
            axes.set(xticks=[], yticks=[])
        line[0].set_ylabel(name)
    for axes, title in zip(planes[0], next(iter(rows.values())), strict=True):
        axes.set_title(title)
    return figure


def run_dots(
    panels: Mapping[str, Mapping[str, Mapping[str, Sequence[float]]]],
    lines: Mapping[str, float] | None = None,
) -> Figure:
    """Draw what every run scored, a dot for each: one panel per measure, one row per kind.

    Args:
        panels: a mapping from a measure to its rows, top first; a row's name to its series; a
            series' name to its values, one per run. Every panel has the same rows and series.
        lines: a mapping from a measure to where a dotted line stands, such as its floor.

    Raises:
        ValueError: no panels, or panels whose rows differ.
    """
    rows = [list(panel) for panel in panels.values()]
    if not rows or any(names != rows[0] for names in rows):
        raise ValueError(f"`panels` must all have the same rows. Received: {rows}")
    count = -(-len(panels) // 2)
    figure = Figure(
        figsize=(WIDTH, count * (0.9 + 0.42 * len(rows[0])) + 0.4), layout="constrained"
    )
    for place, (measure, panel) in enumerate(panels.items()):
        axes = figure.add_subplot(count, min(2, len(panels)), place + 1)
        for row, series in enumerate(panel.values()):
            for number, (name, values) in enumerate(series.items()):
                height = row + 0.22 * (number - (len(series) - 1) / 2)
                axes.plot(
                    values,
                    np.full(len(values), height),
                    "os^D"[number % 4],
                    markersize=5,
                    color=COLOURS[number % len(COLOURS)],
                    alpha=0.75,
                    markeredgewidth=0,
                    label=name if not place and not row else None,
                )
        if lines and measure in lines:
            axes.axvline(lines[measure], color="black", linestyle=":", linewidth=1.2)
        axes.set(title=measure, xlim=(-0.04, 1.04), ylim=(len(rows[0]) - 0.5, -0.5))
        axes.set_yticks(range(len(rows[0])), rows[0] if place % 2 == 0 else [""] * len(rows[0]))
    figure.legend(loc="outside lower center", ncols=4)
    return figure


def _show(axes, sheet):
    """Show a tiled picture without axes; `vmin` and `vmax` keep faint pictures faint."""
    axes.imshow(sheet.squeeze(-1) if sheet.shape[-1] == 1 else sheet, cmap="gray", vmin=0, vmax=255)
    axes.set(xticks=[], yticks=[])
    axes.grid(False)
    axes.spines[:].set_visible(False)
