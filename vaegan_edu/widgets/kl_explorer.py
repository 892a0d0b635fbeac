"""KL divergence in one latent dimension, live."""

import math

import numpy as np
from matplotlib.figure import Figure

from vaegan_edu.widgets.figure import InteractiveFigure, Slider


class KLExplorer(InteractiveFigure):
    """Two sliders shape q(z|x) = N(z_mean, exp(z_log_var)); the figure shows its `kl_loss`.

    One latent dimension: both densities, the posterior's and the prior's N(0, 1), the divergence of
    the first from the second in nats, and the two parts it is the sum of
    (Kingma and Welling 2014, appendix B).

    Args:
        z_mean: where the mean starts, in [-3, 3].
        z_log_var: where the log-variance starts, in [-3, 2].
        title: one line above the figure.
        alt: what the still picture shows, in words; by default a sentence with the numbers.

    Raises:
        ValueError: when a value is outside its range.
    """

    _scripts = ("controls.js", "kl_explorer.js")

    # Ranges as in kl_explorer.js.
    z_mean = Slider(-3.0, 3.0, "Mean of q(z|x); set it to move the slider.")
    z_log_var = Slider(-3.0, 2.0, "Logarithm of the variance of q(z|x); set it to move the slider.")

    def __init__(
        self,
        z_mean=1.0,
        z_log_var=-1.0,
        *,
        title="The price of a posterior that is not the prior",
        alt=None,
    ):
        super().__init__({"title": str(title)}, alt, z_mean=z_mean, z_log_var=z_log_var)
        if alt is None:
            self.alt = (
                f"{title}. Left: the prior N(0, 1) and the posterior with z_mean = {z_mean:g} and "
                f"z_log_var = {z_log_var:g}; kl_loss is {self.kl_loss:.2f} nats. Right: "
                "kl_loss over z_mean for three values of z_log_var, parabolas of which that for "
                "z_log_var = 0 touches zero at z_mean = 0 and the others stay above it."
            )

    @property
    def kl_loss(self) -> float:
        """KL(q(z|x) || N(0, 1)) in nats, at the sliders' values."""
        return _kl_loss(self.z_mean, self.z_log_var)

    def __repr__(self):
        return f"KLExplorer(z_mean={self.z_mean:g}, z_log_var={self.z_log_var:g})"

    def _twin(self):
        mean, log_var = self._start.values()
        figure = Figure(figsize=(7.4, 3.2), layout="constrained")
        figure.suptitle(self._state["title"], fontsize=11)
        left, right = figure.subplots(1, 2)
        z = np.linspace(-5, 5, 400)
        for m, v, colour, label in (
            (0.0, 0.0, "#5a6370", "prior p(z)"),
            (mean, log_var, "#2f78bd", "q(z|x)"),
        ):
            density = np.exp(-((z - m) ** 2) / (2 * np.exp(v))) / np.sqrt(2 * np.pi * np.exp(v))
            left.plot(z, density, color=colour, label=label)
            left.fill_between(z, density, color=colour, alpha=0.15, linewidth=0)
        left.set(xlabel="z", ylabel="density", ylim=(0, None))
        left.set_title(f"kl_loss = {_kl_loss(mean, log_var):.2f} nats", fontsize=9)
        left.legend(frameon=False)
        means = np.linspace(-3, 3, 200)
        for v, style in ((-2.0, "--"), (0.0, "-"), (1.5, ":")):
            label = f"z_log_var = {v:g}"
            right.plot(means, _kl_loss(means, v), style, color="#2f78bd", label=label)
        right.set(xlabel="z_mean", ylabel="kl_loss in nats", ylim=(0, None))
        right.legend(frameon=False)
        return figure


def _kl_loss(z_mean, z_log_var):
    return 0.5 * (z_mean**2 + math.exp(z_log_var) - 1.0 - z_log_var)
