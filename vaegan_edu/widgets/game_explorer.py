"""The game of generator and discriminator in one dimension, live."""

import numpy as np
from matplotlib.figure import Figure
from scipy.special import expit

from vaegan_edu.widgets.densities import GRID, SEEN, STEP, draw_densities, log_normal
from vaegan_edu.widgets.figure import InteractiveFigure, Slider


class GameExplorer(InteractiveFigure):
    """Four sliders play a GAN's game in one dimension.

    The data are p = N(0, 1). The generator makes `x = mean + deviation * z` with a standard normal
    z, so q = N(mean, deviation^2). The discriminator is D(x) = sigmoid(slope * x + offset). Above,
    both densities; below, D and the best possible D* = p / (p + q). Beside them the value of the
    game V and its largest value for this generator, `2 JS - 2 log 2` (Goodfellow et al. 2014,
    equation 1, proposition 1 and theorem 1), and the slope of both generator losses over `mean`.
    All are sums over a fine grid, in nats.

    Args:
        mean: where the generator's mean starts, in [-4, 4].
        deviation: where its standard deviation starts, in [0.4, 3].
        slope: where the discriminator's slope starts, in [-4, 4].
        offset: where its offset starts, in [-6, 6].
        title: one line above the figure.
        alt: what the still picture shows, in words; by default a sentence with the numbers.

    Raises:
        ValueError: when a value is outside its range.
    """

    _scripts = ("controls.js", "densities.js", "game_explorer.js")

    # Ranges as in game_explorer.js.
    mean = Slider(-4.0, 4.0, "Mean of the generator; set it to move the slider.")
    deviation = Slider(0.4, 3.0, "Standard deviation of the generator; set it to move the slider.")
    slope = Slider(-4.0, 4.0, "Slope of the discriminator's logits; set it to move the slider.")
    offset = Slider(-6.0, 6.0, "Offset of the discriminator's logits; set it to move the slider.")

    def __init__(
        self,
        mean=2.0,
        deviation=1.0,
        slope=-1.0,
        offset=0.0,
        *,
        title="Two sliders for the generator, two for the discriminator",
        alt=None,
    ):
        super().__init__(
            {"title": str(title)}, alt, mean=mean, deviation=deviation, slope=slope, offset=offset
        )
        if alt is None:
            game = self.game
            self.alt = (
                f"{title}. Above: the density p of the data around 0 and that of the generator, q, "
                f"with mean {mean:g} and deviation {deviation:g}. Below: the discriminator, a "
                f"smooth step with slope {slope:g} and offset {offset:g}, and dashed the best one. "
                f"The value of the game is {game['value']:.2f}, the best one's "
                f"{game['best']:.2f} nats."
            )

    @property
    def game(self) -> dict[str, float]:
        """What the figure shows, in nats: a dict.

        `value` is V, `best` its largest value for this generator; `minimax` and `non_saturating`
        are the derivatives of the generator's two losses with respect to `mean`.
        """
        return _game(self.mean, self.deviation, self.slope, self.offset)

    def __repr__(self):
        return (
            f"GameExplorer(mean={self.mean:g}, deviation={self.deviation:g}, "
            f"slope={self.slope:g}, offset={self.offset:g})"
        )

    def _twin(self):
        mean, deviation, slope, offset = self._start.values()
        game = _game(**self._start)
        log_p, log_q = log_normal(0.0, 1.0), log_normal(mean, deviation)
        figure = Figure(figsize=(7.4, 4.6), layout="constrained")
        figure.suptitle(self._state["title"], fontsize=11)
        upper, lower = figure.subplots(2, 1, sharex=True)
        draw_densities(upper, [(log_p, "#5a6370", "p, data"), (log_q, "#2f78bd", "q, generator")])
        upper.set(xlim=SEEN)
        lower.plot(GRID, expit(slope * GRID + offset), color="#1f2328", label="D")
        lower.plot(GRID, expit(log_p - log_q), "--", color="#5a6370", label="best D*")
        lower.set(xlabel="x", ylabel="D(x)", ylim=(-0.03, 1.03))
        lower.set_title(f"value {game['value']:.2f}, at best {game['best']:.2f} nats", fontsize=9)
        for axes in (upper, lower):
            axes.legend(frameon=False)
        return figure


def _game(mean, deviation, slope, offset):
    log_p, log_q = log_normal(0.0, 1.0), log_normal(mean, deviation)
    p, q = np.exp(log_p), np.exp(log_q)

    def value(logits):  # log D = -softplus(-logits), log(1 - D) = -softplus(logits)
        return float(np.sum(-p * np.logaddexp(0, -logits) - q * np.logaddexp(0, logits)) * STEP)

    logits = slope * GRID + offset
    fooled = float(np.sum(q * expit(logits)) * STEP)  # the mean of D on generated points
    return {
        "value": value(logits),
        "best": value(log_p - log_q),
        "minimax": -slope * fooled,
        "non_saturating": -slope * (1 - fooled),
    }
