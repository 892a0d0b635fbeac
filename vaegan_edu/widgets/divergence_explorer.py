"""Both directions of the KL divergence between a Gaussian and a mixture, live."""

import math

import numpy as np
from matplotlib.figure import Figure

from vaegan_edu.widgets.densities import GRID, SEEN, STEP, draw_densities, log_normal
from vaegan_edu.widgets.figure import InteractiveFigure, Slider


class DivergenceExplorer(InteractiveFigure):
    """Two sliders shape a Gaussian q; the figure compares it with a fixed density p.

    Above, both densities. Below, the integrands of both KL divergences, `p log(p/q)` (forward) and
    `q log(q/p)` (reverse), whose areas are the divergences (Kullback & Leibler 1951, section 2).
    Beside them the Jensen-Shannon divergence (Lin 1991, section IV, with equal weights). All three
    are sums over a fine grid, in nats.

    Args:
        components: the Gaussians that p is a mixture of, each `(weight, mean, deviation)`, with
            means in [-4, 4] and deviations in [0.4, 3]; the weights add up to 1.
        mean: where q's mean starts, in [-4, 4].
        deviation: where q's standard deviation starts, in [0.4, 3].
        stops: a mapping from a button's name to the `(mean, deviation)` that it moves q to.
        title: one line above the figure.
        alt: what the still picture shows, in words; by default a sentence with the numbers.

    Raises:
        ValueError: a value is outside its range, or the weights do not add up to 1.
    """

    _scripts = ("controls.js", "densities.js", "divergence_explorer.js")

    # Ranges as in divergence_explorer.js.
    mean = Slider(-4.0, 4.0, "Mean of q; set it to move the slider.")
    deviation = Slider(0.4, 3.0, "Standard deviation of q; set it to move the slider.")

    def __init__(
        self,
        components=((0.5, -2.0, 0.6), (0.5, 2.0, 0.6)),
        mean=1.0,
        deviation=1.0,
        *,
        stops=None,
        title="Two directions, two prices",
        alt=None,
    ):
        state = {
            "title": str(title),
            "components": _check_components(components),
            "stops": [[str(name), *_check_place(*place)] for name, place in (stops or {}).items()],
        }
        super().__init__(state, alt, mean=mean, deviation=deviation)
        if alt is None:
            self.alt = (
                f"{title}. Above: the density p, a mixture of {len(state['components'])}, and a "
                f"Gaussian q with mean {mean:g} and deviation {deviation:g}. Below: the integrands "
                f"of both divergences; forward KL is {self.forward:.2f} and reverse KL "
                f"{self.reverse:.2f} nats. Each integrand is large where the density that draws is "
                "far above the other."
            )

    @property
    def forward(self) -> float:
        """KL(p || q) in nats, at the sliders' values."""
        return self._divergences()[0]

    @property
    def reverse(self) -> float:
        """KL(q || p) in nats, at the sliders' values."""
        return self._divergences()[1]

    @property
    def jensen_shannon(self) -> float:
        """Jensen-Shannon divergence of p and q in nats, at the sliders' values."""
        return self._divergences()[2]

    def __repr__(self):
        return f"DivergenceExplorer(mean={self.mean:g}, deviation={self.deviation:g})"

    def _divergences(self):
        return _divergences(self._state["components"], self.mean, self.deviation)

    def _twin(self):
        forward, reverse, _ = _divergences(self._state["components"], **self._start)
        log_p, log_q = _log_densities(self._state["components"], **self._start)
        figure = Figure(figsize=(7.4, 4.6), layout="constrained")
        figure.suptitle(self._state["title"], fontsize=11)
        upper, lower = figure.subplots(2, 1, sharex=True)
        draw_densities(upper, [(log_p, "#5a6370", "p"), (log_q, "#2f78bd", "q")])
        for first, second, colour, label in (
            (log_p, log_q, "#c65102", f"p log(p/q), area {forward:.2f} nats"),
            (log_q, log_p, "#00805c", f"q log(q/p), area {reverse:.2f} nats"),
        ):
            integrand = np.exp(first) * (first - second)
            lower.plot(GRID, integrand, color=colour, label=label)
            lower.fill_between(GRID, integrand, color=colour, alpha=0.15, linewidth=0)
        lower.axhline(0, color="#5a6370", linewidth=0.8)
        lower.set(xlabel="z", ylabel="integrand", xlim=SEEN)
        for axes in (upper, lower):
            axes.legend(frameon=False)
        return figure


def _log_densities(components, mean, deviation):
    """Return log p and log q on the grid."""
    log_p = np.logaddexp.reduce(
        [math.log(weight) + log_normal(*place) for weight, *place in components]
    )
    return log_p, log_normal(mean, deviation)


def _divergences(components, mean, deviation):
    """Return forward KL, reverse KL and Jensen-Shannon divergence in nats."""
    log_p, log_q = _log_densities(components, mean, deviation)
    log_m = np.logaddexp(log_p, log_q) - math.log(2)

    def kl(log_a, log_b):
        return float(np.sum(np.exp(log_a) * (log_a - log_b)) * STEP)

    return kl(log_p, log_q), kl(log_q, log_p), 0.5 * (kl(log_p, log_m) + kl(log_q, log_m))


def _check_components(components):
    try:
        checked = [[float(weight), float(m), float(s)] for weight, m, s in components]
    except (TypeError, ValueError):
        checked = []
    weights = [weight for weight, _, _ in checked]
    if not (weights and min(weights) > 0 and math.isclose(sum(weights), 1.0)):
        raise ValueError(
            "`components` must be triples (weight, mean, deviation) whose weights are positive and "
            f"add up to 1. Received: {components!r}"
        )
    return [[weight, *_check_place(*place)] for weight, *place in checked]


def _check_place(mean, deviation):
    sliders = DivergenceExplorer
    return [sliders.mean.check(mean), sliders.deviation.check(deviation)]
