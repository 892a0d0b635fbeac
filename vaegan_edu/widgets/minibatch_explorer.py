"""What minibatch discrimination sees of a batch of points, live."""

import numpy as np
from matplotlib.figure import Figure

from vaegan_edu import toys
from vaegan_edu.widgets.figure import InteractiveFigure, Slider

_RING = toys.ring(std=0.05)
_BATCH = 64
_CLUSTERS = 8  # as in minibatch_explorer.js
_DIGITS = 4  # of the noise in the page


class MinibatchExplorer(InteractiveFigure):
    """Shape a batch of generated points, and see what can be told from one point and from a batch.

    Real points lie on a ring of eight Gaussians of deviation 0.05; of the generated ones one
    chooses how many of the eight they lie at, how widely, and how far they are moved to the right.
    Above are the generated points, each dot the larger the larger its feature; below, that feature
    for the points of a real and of the generated batch: minibatch discrimination (Salimans et al.
    2016, section 3.2) with one kernel, `kernel` times the identity, and the mean over the others
    for the sum,

    `o[i] = mean over j != i of exp(-kernel * ||x[i] - x[j]||_1)`.

    Args:
        clusters: how many Gaussians the generated points lie at, from 1 to 8.
        spread: their deviation there, in [0, 0.3].
        shift: by how much they are moved to the right, in [0, 1].
        kernel: factor on all differences, in [0.01, 100]; its slider goes by the logarithm.
        title: one line above the figure.
        alt: what the still picture shows, in words; by default a sentence with the numbers.

    Raises:
        ValueError: when a value is outside its range.
    """

    _scripts = ("controls.js", "minibatch_explorer.js")

    # Ranges as in minibatch_explorer.js.
    clusters = Slider(
        1,
        _CLUSTERS,
        "How many Gaussians the generated points lie at; set it to move the slider.",
        whole=True,
    )
    spread = Slider(0.0, 0.3, "Deviation of generated points there; set it to move the slider.")
    shift = Slider(0.0, 1.0, "How far they are moved to the right; set it to move the slider.")
    kernel = Slider(0.01, 100.0, "Factor on all differences; set it to move the slider.")

    def __init__(
        self,
        clusters=2,
        spread=0.05,
        shift=0.0,
        kernel=1.0,
        *,
        title="One point at a time, or a batch at once?",
        alt=None,
    ):
        noise = np.random.default_rng(0).standard_normal((2, _BATCH, 2))
        data = {
            "noise": np.round(noise, _DIGITS).tolist(),  # of the real points, of the generated ones
            "modes": np.round(_RING.modes.astype("float64"), 6).tolist(),
            "std": _RING.std,
        }
        state = {"title": str(title), "data": data}
        super().__init__(state, alt, clusters=clusters, spread=spread, shift=shift, kernel=kernel)
        if alt is None:
            view = self.view
            self.alt = (
                f"{title}. Above: {_BATCH} generated points at {clusters} of eight places on a "
                f"circle. Below: two rows of dots, each dot a point's closeness to its batch; real "
                f"points have {view['closeness_real']:.2f} on average, generated ones "
                f"{view['closeness_generated']:.2f}."
            )

    @property
    def points(self) -> np.ndarray:
        """The generated points, (64, 2)."""
        data = self._state["data"]
        places = np.arange(_BATCH) % self.clusters * _CLUSTERS // self.clusters
        noise = np.array(data["noise"][1])
        return np.array(data["modes"])[places] + self.spread * noise + [self.shift, 0.0]

    @property
    def real(self) -> np.ndarray:
        """The real points, (64, 2)."""
        data = self._state["data"]
        places = np.arange(_BATCH) % _CLUSTERS
        return np.array(data["modes"])[places] + data["std"] * np.array(data["noise"][0])

    @property
    def view(self) -> dict[str, float]:
        """What the figure shows: a dict.

        `modes` is how many of the eight Gaussians are covered (`metrics.modes_covered`);
        `closeness_real` and `closeness_generated` are the batches' means of o. `by_place` and
        `by_batch` say how well a threshold tells a generated point from a real one, by its distance
        to the nearest Gaussian and by its o: the chance to be right about a pair, 0.5 for a guess.
        """
        modes, real, points = np.array(self._state["data"]["modes"]), self.real, self.points
        close = [closeness(batch, self.kernel) for batch in (real, points)]
        place = [_distances(batch, modes).min(axis=1) for batch in (real, points)]
        hits = _distances(points, modes).argmin(axis=1)[place[1] <= 3 * _RING.std]
        return {
            "modes": len(np.unique(hits)),
            "by_place": _told_apart(*place),
            "by_batch": _told_apart(*close),
            "closeness_real": float(close[0].mean()),
            "closeness_generated": float(close[1].mean()),
        }

    def __repr__(self):
        values = ", ".join(f"{name}={self._get(name):g}" for name in self._start)
        return f"MinibatchExplorer({values})"

    def _twin(self):
        shown = MinibatchExplorer(**self._start)
        view, points = shown.view, shown.points
        figure = Figure(figsize=(7.4, 5.4), layout="constrained")
        figure.suptitle(self._state["title"], fontsize=11)
        above, below = figure.subplots(2, 1, height_ratios=(3, 1))
        features = closeness(points, shown.kernel)
        above.plot(*np.array(self._state["data"]["modes"]).T, "+", color="#5a6370", markersize=12)
        above.scatter(*points.T, s=(2 + 4 * features) ** 2, color="#2f78bd", alpha=0.5, linewidth=0)
        above.set(aspect="equal", xlim=(-1.5, 2.5), ylim=(-1.45, 1.45))
        above.set_title(f"{view['modes']} of 8 modes covered", fontsize=9)
        for height, (batch, colour) in enumerate(((points, "#2f78bd"), (shown.real, "#5a6370"))):
            o = closeness(batch, shown.kernel)
            lift = (np.arange(_BATCH) % 9 - 4) / 20
            below.plot(o, height + lift, "o", color=colour, alpha=0.5, markeredgewidth=0)
        below.set(xlim=(-0.02, 1.02), ylim=(-0.6, 1.6), xlabel="o, closeness to the others")
        below.set_yticks([0, 1], ["generated", "real"])
        return figure


def closeness(points: np.ndarray, kernel: float) -> np.ndarray:
    """Return o of each of the points (N, 2), a mean over the others: (N,)."""
    distance = np.abs(points[:, None] - points).sum(axis=-1)
    near = np.exp(-kernel * distance)
    return (near.sum(axis=1) - near.diagonal()) / (len(points) - 1)


def _distances(points, modes):
    return np.sqrt(((points[:, None] - modes) ** 2).sum(axis=-1))


def _told_apart(real, generated):
    """The chance that the better of two thresholds orders a real and a generated example."""
    larger = np.sign(generated[:, None] - real)
    # Equal but for rounding counts as a tie: Python and the page must agree.
    larger[np.isclose(generated[:, None], real, rtol=0.0, atol=1e-12)] = 0.0
    return float(0.5 + 0.5 * abs(larger.mean()))
