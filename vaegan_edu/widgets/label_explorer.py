"""What soft labels, noisy labels and noise on the input make of the best discriminator, live."""

import numpy as np
from matplotlib.figure import Figure
from scipy.special import expit

from vaegan_edu.widgets.figure import InteractiveFigure, Slider

# All as in label_explorer.js.
_DEVIATION = 0.5  # of data and generator, before noise
_GRID = np.linspace(-20, 20, 4001)
_SEEN = (-6, 6)
_LIMIT = 12  # of the logits that are shown


class LabelExplorer(InteractiveFigure):
    """Four sliders show what three tricks make of the best discriminator in one dimension.

    The data are p = N(0, 0.5^2), the generator's q = N(mean, 0.5^2). Noise of standard deviation
    `noise` on the discriminator's input widens both to the variance 0.5^2 + noise^2. Real examples
    have the label `target`, generated ones 0, and a share `flip` of all labels is turned from t
    into 1 - t. The mean labels are then `a = (1 - flip) target + flip (1 - target)` and `b = flip`,
    and the discriminator with the lowest loss is

    `D* = (a p + b q) / (p + q)`

    Above, both densities; below, the logits of D*, and dashed those without any trick. Beside them
    D* where the data have their middle and where the generator has its, and the pull on the
    generator: minus the derivative of its non-saturating loss over `mean`. Positive pulls to the
    right. All are sums over a fine grid.

    Args:
        mean: where the generator's mean starts, in [-4, 4].
        target: where the real label starts, in [0.5, 1].
        flip: where the share of turned labels starts, in [0, 0.5].
        noise: where the noise starts, in [0, 2].
        title: one line above the figure.
        alt: what the still picture shows, in words; by default a sentence with the numbers.

    Raises:
        ValueError: when a value is outside its range.
    """

    _scripts = ("controls.js", "densities.js", "label_explorer.js")

    # Ranges as in label_explorer.js.
    mean = Slider(-4.0, 4.0, "Mean of the generator; set it to move the slider.")
    target = Slider(0.5, 1.0, "Label of real examples; set it to move the slider.")
    flip = Slider(0.0, 0.5, "Share of turned labels; set it to move the slider.")
    noise = Slider(
        0.0, 2.0, "Standard deviation of the noise on D's input; set it to move the slider."
    )

    def __init__(
        self,
        mean=3.0,
        target=0.9,
        flip=0.0,
        noise=0.0,
        *,
        title="How sure may the expert be?",
        alt=None,
    ):
        super().__init__(
            {"title": str(title)}, alt, mean=mean, target=target, flip=flip, noise=noise
        )
        if alt is None:
            best = self.best
            self.alt = (
                f"{title}. Above: the density of the data around 0 and that of the generator "
                f"around {mean:g}, each with noise of {noise:g}. Below: the logits of the best "
                f"discriminator for a real label of {target:g} and a share {flip:g} of turned "
                f"labels; dashed, those without any trick. The best discriminator is "
                f"{best['at_data']:.2f} at the data and {best['at_generator']:.2f} at the "
                f"generator; the pull is {best['pull']:.2f}."
            )

    @property
    def best(self) -> dict[str, float]:
        """What the figure shows: a dict.

        `at_data` and `at_generator` are D* at 0 and at `mean`, `pull` is the pull on the generator.
        """
        return _best(self.mean, self.target, self.flip, self.noise)

    def __repr__(self):
        values = ", ".join(f"{name}={self._get(name):g}" for name in self._start)
        return f"LabelExplorer({values})"

    def _twin(self):
        mean, target, flip, noise = self._start.values()
        best, deviation = _best(**self._start), _widened(noise)
        figure = Figure(figsize=(7.4, 4.6), layout="constrained")
        figure.suptitle(self._state["title"], fontsize=11)
        upper, lower = figure.subplots(2, 1, sharex=True)
        for centre, colour, label in (
            (0.0, "#5a6370", "p, data"),
            (mean, "#2f78bd", "q, generator"),
        ):
            density = np.exp(_log_normal(_GRID, centre, deviation))
            upper.plot(_GRID, density, color=colour, label=label)
            upper.fill_between(_GRID, density, color=colour, alpha=0.15, linewidth=0)
        upper.set(ylabel="density", xlim=_SEEN, ylim=(0, None))
        lower.plot(
            _GRID, _logits(_GRID, mean, target, flip, noise)[0], color="#1f2328", label="with"
        )
        lower.plot(
            _GRID, _logits(_GRID, mean, 1.0, 0.0, 0.0)[0], "--", color="#5a6370", label="without"
        )
        lower.set(xlabel="x", ylabel="best logit", ylim=(-_LIMIT, _LIMIT))
        lower.set_title(
            f"D* {best['at_data']:.2f} at the data, {best['at_generator']:.2f} at the generator; "
            f"pull {best['pull']:.2f}",
            fontsize=9,
        )
        for axes in (upper, lower):
            axes.legend(frameon=False)
        return figure


def _widened(noise):
    return np.hypot(_DEVIATION, noise)


def _log_normal(x, mean, deviation):
    return -0.5 * ((x - mean) / deviation) ** 2 - np.log(deviation * np.sqrt(2 * np.pi))


def _logits(x, mean, target, flip, noise):
    """Return the best discriminator's logits at x, and their derivative."""
    real = (1 - flip) * target + flip * (1 - target)  # the mean label of a real example
    deviation = _widened(noise)
    log_p, log_q = _log_normal(x, 0.0, deviation), _log_normal(x, mean, deviation)
    with np.errstate(divide="ignore"):  # log 0 is what it should be
        up = np.log(real) + log_p, np.log(flip) + log_q
        down = np.log(1 - real) + log_p, np.log(1 - flip) + log_q
    above, below = np.logaddexp(*up), np.logaddexp(*down)
    # The share that real examples have in each of the two sums.
    shares = np.exp(up[0] - above) - np.exp(down[0] - below)
    return above - below, -shares * mean / deviation**2


def _best(mean, target, flip, noise):
    def d(x):
        return float(expit(_logits(np.array([x]), mean, target, flip, noise)[0])[0])

    logits, slope = _logits(_GRID, mean, target, flip, noise)
    q = np.exp(_log_normal(_GRID, mean, _widened(noise)))
    pull = np.sum(q * expit(-logits) * slope) * (_GRID[1] - _GRID[0])
    return {"at_data": d(0.0), "at_generator": d(mean), "pull": float(pull)}
