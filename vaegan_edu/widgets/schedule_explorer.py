"""A learning-rate rule over a loss curve, live."""

import math

import numpy as np
from matplotlib.figure import Figure

from vaegan_edu.schedules import PeakDecay, Plateau, Schedule, WindowedDecay, replay
from vaegan_edu.widgets.figure import Choice, InteractiveFigure, Slider, check_range

_SPAN = 1000.0  # as in schedule_explorer.js
_DIGITS = 4  # of a loss in the page


class ScheduleExplorer(InteractiveFigure):
    """Choose a loss curve and a rule, move its settings, and see the learning rate it leads to.

    Above the loss, with a dot where the rate fell; below it the rate of each epoch and the floor.
    The rules are `schedules.Plateau`, the two kinds of `schedules.WindowedDecay`, and
    `schedules.PeakDecay`. Where a run's rates are given, they are drawn beside the rule's, and the
    epochs that agree are counted.

    Args:
        curves: a mapping from a name to losses, one an epoch, equally many in each; rounded to four
            decimals.
        curve: name of the curve to begin with, by default the first.
        rule: "plateau", "stagnation", "improvement" or "peak".
        factor: of a decay, in [0.1, 0.95].
        epochs: patience of "plateau" and "peak", window of the others, from 1 to 12.
        minimum: floor of the rate, from a thousandth of `initial` to `initial`.
        start: first epoch that "peak" tests, from 2 to 60.
        logged: a mapping from names of curves to the rates that a run logged after each of its
            epochs, or `None`.
        initial: learning rate of the first epoch.
        title: one line above the figure.
        alt: what the still picture shows, in words; by default a sentence with the numbers.

    Raises:
        ValueError: a setting out of its range, or curves that are not of finite numbers, of equal
            length and of two epochs at least.
    """

    _scripts = ("controls.js", "schedule_explorer.js")

    # Rules and ranges as in schedule_explorer.js.
    curve = Choice(
        lambda figure: figure._state["data"]["curves"],
        "Name of the loss curve; set it to show another.",
    )
    rule = Choice(
        ("plateau", "stagnation", "improvement", "peak"),
        "Name of the rule; set it to try another.",
    )
    factor = Slider(0.1, 0.95, "Factor of a decay; set it to move the slider.")
    epochs = Slider(
        1, 12, "Patience, or epochs of the window; set it to move the slider.", whole=True
    )
    minimum = Slider(
        lambda figure: figure._state["data"]["initial"] / _SPAN,
        lambda figure: figure._state["data"]["initial"],
        "Floor of the rate; set it to move the slider.",
    )
    start = Slider(2, 60, 'First epoch that "peak" tests; set it to move the slider.', whole=True)

    def __init__(
        self,
        curves,
        curve=None,
        rule="plateau",
        factor=0.6,
        epochs=6,
        minimum=5e-6,
        *,
        start=2,
        logged=None,
        initial=5e-4,
        title="What a rule makes of a loss",
        alt=None,
    ):
        curves = _check_curves(curves)
        data = {
            "curves": curves,
            "initial": check_range("initial", initial, 1e-12, math.inf),
            "logged": _check_logged(logged, curves),
        }
        super().__init__(
            {"title": str(title), "data": data},
            alt,
            curve=next(iter(curves)) if curve is None else curve,
            rule=rule,
            factor=factor,
            epochs=epochs,
            minimum=minimum,
            start=start,
        )
        if alt is None:
            rates = self.rates
            self.alt = (
                f"{title}. Above, the loss called {self.curve} over {len(rates)} epochs. Below, "
                f"the learning rate by the rule {rule} with factor {factor:g} over {epochs} epochs:"
                f" a staircase from {initial:g} to {rates[-1]:.1e}, with the floor {minimum:g} as "
                "a dashed line."
            )

    @property
    def schedule(self) -> Schedule:
        """The rule with the sliders' values, a fresh `schedules.Schedule`."""
        return self._schedule(self.rule, self.factor, self.epochs, self.minimum, self.start)

    @property
    def losses(self) -> list[float]:
        """The losses of the chosen curve."""
        return self._state["data"]["curves"][self.curve]

    @property
    def rates(self) -> list[float]:
        """`schedules.replay` of the rule over the losses."""
        return replay(self.schedule, self.losses)

    @property
    def agreeing(self) -> int | None:
        """In how many epochs the rates are those that the run logged; `None` without a log."""
        logged = self._state["data"]["logged"].get(self.curve)
        return None if logged is None else int(np.isclose(self.rates, logged, 1e-4, 0).sum())

    def __repr__(self):
        return f"ScheduleExplorer({self.curve!r}, {self.schedule!r})"

    def _schedule(self, rule, factor, epochs, minimum, start):
        settings = self._state["data"]["initial"], factor, minimum
        if rule == "plateau":
            return Plateau(*settings, patience=epochs)
        if rule == "peak":
            return PeakDecay(*settings, patience=epochs, start=start)
        return WindowedDecay(*settings, window=epochs, decay_on=rule)

    def _twin(self):
        curve, *settings = self._start.values()
        schedule = self._schedule(*settings)
        losses = self._state["data"]["curves"][curve]
        rates = np.array(replay(schedule, losses))
        led = np.array([schedule.initial, *rates[:-1]])  # the rate that led each epoch
        epochs = np.arange(1, len(losses) + 1)
        figure = Figure(figsize=(7.4, 4.0), layout="constrained")
        figure.suptitle(self._state["title"], fontsize=11)
        above, below = figure.subplots(2, 1, sharex=True)
        above.plot(epochs, losses, color="#5a6370")
        fell = rates < led
        above.plot(
            epochs[fell], np.array(losses)[fell], "o", color="#2f78bd", label="the rate fell"
        )
        above.set(ylabel="loss")
        above.set_title(f"{curve}: {schedule!r}", fontsize=8)
        if fell.any():
            above.legend(frameon=False)
        below.step(epochs, led, where="post", color="#2f78bd", label="this rule")
        logged = self._state["data"]["logged"].get(curve)
        if logged is not None:
            before = [schedule.initial, *logged[:-1]]
            below.step(epochs, before, where="post", color="black", linestyle=":", label="logged")
            below.legend(frameon=False)
        below.axhline(schedule.minimum, color="#5a6370", linestyle="--", linewidth=1)
        below.set(xlabel="epoch", ylabel="learning rate", yscale="log")
        return figure


def _check_curves(curves):
    try:
        named = {str(name): [float(loss) for loss in losses] for name, losses in curves.items()}
    except (AttributeError, TypeError, ValueError):
        named = {}
    lengths = {len(losses) for losses in named.values()}
    finite = all(math.isfinite(loss) for losses in named.values() for loss in losses)
    if len(lengths) != 1 or min(lengths) < 2 or not finite:
        raise ValueError(
            "curves must map names to lists of finite losses, of one length and at least 2 epochs. "
            f"Received: {' '.join(repr(curves).split())[:80]}"
        )
    return {name: [round(loss, _DIGITS) for loss in losses] for name, losses in named.items()}


def _check_logged(logged, curves):
    """Return the rates with six digits; `ValueError` unless each belongs to a curve, and fits."""
    try:
        named = {
            str(name): [float(f"{rate:.6g}") for rate in rates]
            for name, rates in ({} if logged is None else logged).items()
        }
    except (AttributeError, TypeError, ValueError):
        named = {"": []}
    for name, rates in named.items():
        fits = name in curves and len(rates) == len(curves[name])
        if not fits or not all(0.0 < rate < math.inf for rate in rates):
            raise ValueError(
                "logged must map names of curves to rates above 0, one an epoch. "
                f"Received: {' '.join(repr(logged).split())[:80]}"
            )
    return named
