"""A learning-rate rule over a loss curve, live."""

import math

import numpy as np
from matplotlib.figure import Figure

from vaegan_edu.schedules import Plateau, WindowedDecay, replay
from vaegan_edu.validation import check_count
from vaegan_edu.widgets.figure import InteractiveFigure, check_range

_RULES = ("plateau", "stagnation", "improvement")  # this and the rest as in schedule_explorer.js
_FACTORS = (0.1, 0.95)
_EPOCHS = (1, 12)
_SPAN = 1000.0
_DIGITS = 4  # of a loss in the page


class ScheduleExplorer(InteractiveFigure):
    """Choose a loss curve and a rule, move its settings, and see the learning rate it leads to.

    Above the loss, with a dot where the rate fell; below it the rate of each epoch and the floor.
    The rules are `schedules.Plateau` and the two kinds of `schedules.WindowedDecay`.

    Args:
        curves: a mapping from a name to losses, one an epoch, equally many in each; rounded to four
            decimals.
        curve: name of the curve to begin with, by default the first.
        rule: "plateau", "stagnation" or "improvement".
        factor: of a decay, in [0.1, 0.95].
        epochs: patience of "plateau", window of the others, from 1 to 12.
        minimum: floor of the rate, from a thousandth of `initial` to `initial`.
        initial: learning rate of the first epoch.
        title: one line above the figure.
        alt: what the still picture shows, in words; by default a sentence with the numbers.

    Raises:
        ValueError: a setting out of its range, or curves that are not of finite numbers, of equal
            length and of two epochs at least.
    """

    _scripts = ("controls.js", "schedule_explorer.js")

    def __init__(
        self,
        curves,
        curve=None,
        rule="plateau",
        factor=0.6,
        epochs=6,
        minimum=5e-6,
        *,
        initial=5e-4,
        title="What a rule makes of a loss",
        alt=None,
    ):
        curves = _check_curves(curves)
        data = {"curves": curves, "initial": check_range("initial", initial, 1e-12, math.inf)}
        state = {"title": str(title), "data": data}
        settings = {
            "curve": next(iter(curves)) if curve is None else curve,
            "rule": rule,
            "factor": factor,
            "epochs": epochs,
            "minimum": minimum,
        }
        super().__init__(state, alt)
        for name, value in settings.items():
            state[name] = self._check(name, value)
        self._start = self.curve, self.schedule
        if alt is None:
            rates = self.rates
            self.alt = (
                f"{title}. Above, the loss called {self.curve} over {len(rates)} epochs. Below, "
                f"the learning rate by the rule {rule} with factor {factor:g} over {epochs} epochs:"
                f" a staircase from {initial:g} to {rates[-1]:.1e}, with the floor {minimum:g} as "
                "a dashed line."
            )

    @property
    def curve(self):
        """Name of the loss curve; set it to show another."""
        return self._get("curve")

    @curve.setter
    def curve(self, value):
        self._set("curve", self._check("curve", value))

    @property
    def rule(self):
        """Name of the rule; set it to try another."""
        return self._get("rule")

    @rule.setter
    def rule(self, value):
        self._set("rule", self._check("rule", value))

    @property
    def schedule(self):
        """The rule with the sliders' values, a fresh `schedules.Schedule`."""
        settings = self._state["data"]["initial"], self._get("factor"), self._get("minimum")
        if self.rule == "plateau":
            return Plateau(*settings, patience=self._get("epochs"))
        return WindowedDecay(*settings, window=self._get("epochs"), decay_on=self.rule)

    @property
    def losses(self):
        """The losses of the chosen curve."""
        return self._state["data"]["curves"][self.curve]

    @property
    def rates(self):
        """`schedules.replay` of the rule over the losses."""
        return replay(self.schedule, self.losses)

    def __repr__(self):
        return f"ScheduleExplorer({self.curve!r}, {self.schedule!r})"

    def _check(self, name, value):
        known = {"curve": tuple(self._state["data"]["curves"]), "rule": _RULES}
        if name in known:
            if value not in known[name]:
                raise ValueError(
                    f"{name} must be one of {', '.join(known[name])}. Received: {value!r}"
                )
            return value
        if name == "epochs":
            if check_count(value, name) > _EPOCHS[1]:
                raise ValueError(f"epochs must be at most {_EPOCHS[1]}. Received: {value!r}")
            return int(value)
        initial = self._state["data"]["initial"]
        ranges = {"factor": _FACTORS, "minimum": (initial / _SPAN, initial)}
        return check_range(name, value, *ranges[name])

    def _twin(self):
        curve, schedule = self._start
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
        below.step(epochs, led, where="post", color="#2f78bd")
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
