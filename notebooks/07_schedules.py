# %% [markdown]
# # Chapter 7: Learning-rate schedules
#
# *Run time: 39 s on two CPU cores, measured at the last execution.*
#
# **Does it matter when, and by what rule, each network slows down?**
#
# After this chapter you can
#
# - say what a learning rate does, and compute the largest one that is stable;
# - explain why a rate is lowered at all, and what changes with Adam;
# - follow a rule by hand, and replay it over any list of losses;
# - give each network of a VAE-GAN a rule of its own, and choose one for a first try;
# - say why a GAN's validation loss is a poor guide, and what to watch instead.
#
# A case study at the end finds out from a log which rule a program followed. You may skip it.
#
# You need chapter 4, and Adam from [Before you start](00_before_you_start.ipynb). Words are explained in the
# [glossary](../book/glossary.md), symbols in the [notation](../book/notation.md).

# %% mystnb={"code_prompt_show": "Colab needs this cell", "code_prompt_hide": "Hide Colab's cell"} tags=["colab", "nbval-skip", "hide-cell"]
# Colab needs the course's package. Elsewhere this cell does nothing.
import os
import sys

if "google.colab" in sys.modules and not os.path.exists("07_schedules.py"):
    from IPython import get_ipython

    address = "https://github.com/vaegan-edu/vaegan-edu"
    if not os.path.exists("course"):  # after a restart it is there
        get_ipython().system(f"git clone -q --depth 1 {address} course")
    os.chdir("course/notebooks")
    get_ipython().run_line_magic("pip", "install -q 'keras>=3.15,<4' anywidget ..")

# %%
from vaegan_edu import notebook

profile = notebook.start()

from functools import partial

import keras
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from scipy.stats import spearmanr

from vaegan_edu import (
    callbacks,
    exercises,
    metrics,
    models,
    networks,
    plotting,
    records,
    schedules,
    toys,
)
from vaegan_edu.widgets import ScheduleExplorer

# %% [markdown]
# ## What a learning rate does
#
# At each step of a training one looks at the slope of the loss $\mathcal L$ and moves the weight $w$ a little against it. How little is the *learning rate* $\eta$, in code `learning_rate`:
#
# $$
# w_{t+1} = w_t - \eta\, \mathcal L'(w_t) .
# $$ (eq-schedules-step)
#
# Near its lowest point a smooth loss looks like a parabola, $\mathcal L(w) = \tfrac 12 c\, w^2$. The number $c$ is its *curvature*: how steep the sides are. The slope is $c\,w$, so a step multiplies $w$ by a fixed number:
#
# $$
# w_{t+1} = (1 - \eta c)\, w_t .
# $$ (eq-schedules-parabola)
#
# Everything follows from that factor. If $\eta$ is tiny, the factor is just below one, and $w$ creeps. At $\eta = 1/c$ it is zero, so that one step lands at the bottom. Beyond that it is negative: each step overshoots and lands on the other side. So $w$ shrinks only as long as the factor lies between $-1$ and $1$:
#
# $$
# |1 - \eta c| < 1 \quad\Longleftrightarrow\quad 0 < \eta < \frac 2c .
# $$ (eq-schedules-bound)
#
# Above $2/c$ each step is longer than the one before, and the loss explodes. We can measure that border: halve an interval until it is narrow, and ask each time whether gradient descent came closer.


# %%
def descend(learning_rate, curvature, steps, start=1.0):
    """Return w before each step and after the last, (steps + 1,)."""
    w = [start]
    for _ in range(steps):
        w.append(w[-1] - learning_rate * curvature * w[-1])
    return np.array(w)


def largest_stable_rate(curvature, steps=2000):
    """Return the rate at which gradient descent begins to run away."""
    low, high = 0.0, 10.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        closer = abs(descend(middle, curvature, steps)[-1]) < 1.0
        low, high = (middle, high) if closer else (low, middle)
    return low


with np.errstate(over="ignore", invalid="ignore"):  # it is meant to explode
    measured = {curvature: largest_stable_rate(curvature) for curvature in (0.5, 1.0, 4.0)}

# %% tags=["hide-input"]
notebook.Table(
    {f"{c}": {"measured": rate, "2 / curvature": 2 / c} for c, rate in measured.items()},
    digits=4,
    corner="curvature",
)

# %% mystnb={"figure": {"caption": "Gradient descent on one parabola of curvature $c = 4$, from the same start, with four learning rates. Too small creeps, $1/c$ arrives in one step, just below $2/c$ leaps from side to side and still arrives, just above it runs away.", "name": "fig-schedules-parabola"}, "image": {"alt": "Four small charts of the same upright parabola with the steps of gradient descent as dots joined by lines. First: dots crowd together high on one side. Second: one straight step to the lowest point. Third: a zigzag between both sides that narrows towards the bottom. Fourth: a zigzag that climbs out at the top."}} tags=["hide-input"]
c = 4.0
figure, panels = plt.subplots(2, 2, figsize=(plotting.WIDTH, 4.6), sharey=True)
side = np.linspace(-1.9, 1.9, 200)
for axes, (name, rate) in zip(
    panels.flat,
    (
        ("too small", 0.1 / c),
        ("$1/c$", 1 / c),
        ("below $2/c$", 1.85 / c),
        ("above $2/c$", 2.05 / c),
    ),
    strict=True,
):
    w = descend(rate, c, 12)
    axes.plot(side, c * side**2 / 2, color="0.7")
    axes.plot(w, c * w**2 / 2, "o-", color="C0", markersize=4, linewidth=1)
    axes.set(title=f"{name}: {rate:.3f}", xlabel="$w$")
    print(
        f"rate {rate:.3f}: factor {1 - rate * c:5.2f}, loss {c / 2:.2f} -> {c * w[-1] ** 2 / 2:.2f}"
    )
for axes in panels[:, 0]:
    axes.set_ylabel("loss")
plt.show()

# %% [markdown]
# A network has many weights, and its loss has many directions, each with a curvature of its own. The steepest direction sets the bound for all, so the flattest has to creep. You will derive that in an exercise.
#
# ## Why a rate is lowered
#
# On the parabola one good rate is enough from the first step to the last. But training sees a *batch*, not all the data, and the slope of a batch is the true slope plus noise. Call the noise $\xi$ and its standard deviation $s$:
#
# $$
# w_{t+1} = (1 - \eta c)\, w_t - \eta\, \xi_t .
# $$ (eq-schedules-noise)
#
# Now $w$ never comes to rest but jitters around the bottom. How widely? In the long run the variance $V$ of $w$ stays the same from step to step. The noise is independent of $w$, so variances add: $V = (1 - \eta c)^2\, V + \eta^2 s^2$. Solve for $V$:
#
# $$
# V = \frac{\eta\, s^2}{c\,(2 - \eta c)} .
# $$ (eq-schedules-floor)
#
# For a small rate that is about $\eta s^2 / 2c$. **Half the rate, half the variance.** The mean loss is $\tfrac 12 c V$, so its height above the bottom halves too. The *width* of the jitter, a standard deviation, shrinks by the root of two only.
#
# A large rate comes near the bottom in few steps and then jitters widely; a small one is slow and comes closer. So begin large and end small. That is why rates are lowered {cite}`robbins1951stochastic`; {cite}`bottou2018optimization` give the general theorem. We let $4000$ walks start from $w = 10$ and compare.

# %%
rng = np.random.default_rng(0)
curvature, s, walkers = 1.0, 1.0, 4000


def jitter(rates):
    """Walk with one rate a step from w = 10; return the mean loss after each step."""
    w, losses = np.full(walkers, 10.0), []
    for rate in rates:
        slope = curvature * w + s * rng.standard_normal(walkers)
        w = w - rate * slope
        losses.append(np.mean(curvature * w**2 / 2))
    return np.array(losses)


steps = 300
falling = [0.3, *schedules.replay(schedules.Linear(0.3, epochs=steps, minimum=0.01), [0] * steps)]
jittering = {
    "constant 0.3": jitter([0.3] * steps),
    "constant 0.01": jitter([0.01] * steps),
    "linear, 0.3 to 0.01": jitter(falling[:-1]),
}

# %% tags=["hide-input"]
notebook.Table(
    {
        f"{rate}": {
            "measured": 2 * jitter([rate] * steps)[-100:].mean() / curvature,
            "formula": rate * s**2 / (curvature * (2 - rate * curvature)),
        }
        for rate in (0.3, 0.1)
    },
    digits=3,
    corner="variance at the rate",
)

# %% mystnb={"figure": {"caption": "The mean loss of $4000$ noisy walks on one parabola. A large constant rate is fast and stays high, a small one is slow, and a rate that falls has both.", "name": "fig-schedules-jitter"}, "image": {"alt": "Three curves on a logarithmic axis over 300 steps. One falls at once and then runs level, highest of the three at the end. One descends slowly and is still falling at the end. The third falls at once like the first and then sinks steadily below it to the lowest point."}} tags=["hide-input"]
figure, axes = plt.subplots()
for name, losses in jittering.items():
    axes.semilogy(np.arange(1, steps + 1), losses, label=name)
    print(f"{name:20} after 20 steps {losses[19]:7.3f}, at the end {losses[-1]:.3f}")
axes.set(xlabel="step", ylabel="mean loss")
axes.legend(title="learning rate")
plt.show()

# %% [markdown]
# ### What changes with Adam
#
# So far a step was $\eta$ times the slope. The networks of this course are trained by Adam {cite}`kingma2015adam` (equation {eq}`eq-start-adam`). It divides a running average of the slope, $\hat m$, by the root of one of the squared slope, $\sqrt{\hat v}$. That fraction is about one in size as long as the slopes agree in sign, whatever their size. So $\eta$ is now a *length*: about how far each weight moves in one step. Multiply the loss by a thousand, and nothing changes. The bound $2/c$ compares $\eta$ with the curvature and no longer applies as it stands: below, a rate above it does not explode, because $v$ grows with the slope.
#
# Near the bottom the noise outweighs the slope. Then $\sqrt v$ is about $s$, and Adam walks like gradient descent with the rate $\eta / s$. Put that into equation {eq}`eq-schedules-floor`:
#
# $$
# V \approx \frac{\eta\, s}{2c} .
# $$ (eq-schedules-adam-floor)
#
# The variance is again proportional to the rate. So lowering the rate helps Adam to rest as it helps gradient descent, and the schedules below do for it what they do there.
#
# The *first* steps are another matter. After one slope the two corrected averages are that slope and its square, so the fraction is exactly $1$ or $-1$: every weight moves by the full $\eta$, however small or noisy its slope was. In a young network that is a long step in a direction that one batch has chosen. A *warm-up* makes these steps short: the rate *rises* over the first steps or epochs before it falls. {cite}`liu2020variance` give a related reason for it with Adam: after few slopes $\hat v$ is a poor estimate, so that the length of a step varies widely; {cite}`goyal2017accurate` use it for gradient descent with momentum and very large batches. The rules of this chapter have none; their rates only fall.


# %%
def adam(learning_rate, curvature, s, steps, start, walkers=2000):
    """Walk by Adam on a parabola with noisy slopes; return w after each step, (steps, walkers)."""
    noise = np.random.default_rng(0).standard_normal((steps, walkers))
    w, m, v, path = np.full(walkers, start), 0.0, 0.0, []
    for t in range(1, steps + 1):
        slope = curvature * w + s * noise[t - 1]
        m = 0.9 * m + 0.1 * slope
        v = 0.999 * v + 0.001 * slope**2
        step = (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-7)
        w = w - learning_rate * step
        path.append(w)
    return np.array(path)


without_noise = {
    curvature: adam(0.05, curvature, s=0.0, steps=400, start=3.0, walkers=1)[:, 0]
    for curvature in (1.0, 100.0)
}
resting = {rate: adam(rate, 1.0, s=1.0, steps=2000, start=0.0) for rate in (0.04, 0.02, 0.01)}

# %% tags=["hide-input"]
display(
    notebook.Table(
        {
            f"{curvature:g}": {
                "2 / curvature": 2 / curvature,
                "first step": 3.0 - w[0],
                "|w| in the end": f"{abs(w[-1]):.0e}",
            }
            for curvature, w in without_noise.items()
        },
        corner="no noise, rate 0.05; curvature",
    )
)
notebook.Table(
    {f"{r}": {"measured": w[-500:].var(), "formula": r / 2} for r, w in resting.items()},
    digits=4,
    corner="variance at the rate",
)

# %% [markdown]
# ## The rules
#
# A rule sees one number after each epoch, the loss, and answers with the learning rate from then on. In the package it is a small object that knows nothing of networks. Rules come in two families.
#
# **By the clock.** The rate goes by the epoch $t$ of $T$ alone, from `initial` to `minimum`, for example along half a cosine wave ({cite}`loshchilov2017sgdr`, here without restarts):
#
# $$
# \eta_t = \eta_{\min} + \tfrac 12 (\eta_0 - \eta_{\min}) \left(1 + \cos \tfrac{\pi t}{T}\right) .
# $$ (eq-schedules-cosine)
#
# This is `schedules.Cosine`. `schedules.Linear` is a straight line, after a first part that stays constant.
#
# **By the loss.** The rate stays until the loss gives a reason; then it is multiplied by `factor`, but never falls below `minimum`, its *floor*:
#
# $$
# \eta \leftarrow \max(\texttt{factor} \cdot \eta,\ \texttt{minimum}) .
# $$ (eq-schedules-decay)
#
# The rules differ in the reason. `schedules.Plateau` waits: it counts the epochs since the last new best, and decays when the count reaches `patience`. Then the count starts again. A best is new only if it is *strictly* below all before.
#
# `schedules.WindowedDecay` compares the loss $\mathcal L_t$ with the lowest of the `window` losses *before* it, and decays when it has not fallen below:
#
# $$
# \begin{aligned}
# & m_t = \min(\mathcal L_{t-\texttt{window}}, \dots, \mathcal L_{t-1}), \\
# & \text{stagnation: decay if } \mathcal L_t \geq m_t .
# \end{aligned}
# $$ (eq-schedules-window)
#
# Until `window` losses are there, nothing decays. A decay does not clear the window, so the next epoch may decay again.
#
# As examples take the four rules under which the project that this course grew out of trained its faces, as its [README](https://github.com/Shuntw6096/VAE-GAN) words them: S1 is constant; S2 and S3 name a factor, a lowest rate and a "patience"; S4 compares with the last six losses. In code:

# %%
WORDS = {
    "S1": schedules.Constant(5e-4),
    "S2": schedules.Plateau(5e-4, factor=0.85, minimum=1e-4, patience=10),
    "S3": schedules.Plateau(5e-4, factor=0.75, minimum=5e-6, patience=6),
    "S4": schedules.WindowedDecay(5e-4, factor=0.6, minimum=5e-6, window=6),
}

# %% [markdown]
# ### By hand
#
# Take nine losses, two rules, and rates that are easy to halve, from eight down to one. Cover the last two columns, work them out, then compare. Three places need care: the second loss of $4$ is a *tie*, so no new best; in the first three epochs the window is not yet full; and no rate goes below one.

# %%
by_hand = [5.0, 4.0, 4.0, 4.5, 3.0, 3.5, 3.2, 3.4, 3.4]
halved = {"initial": 8.0, "factor": 0.5, "minimum": 1.0}
columns = {
    "plateau": schedules.replay(schedules.Plateau(**halved, patience=2), by_hand),
    "stagnation": schedules.replay(schedules.WindowedDecay(**halved, window=3), by_hand),
}

# %% tags=["hide-input"]
notebook.Table(
    {
        f"{t + 1}": {
            "loss": loss,
            "best": min(by_hand[: t + 1]),
            "lowest of 3 before": min(by_hand[t - 3 : t]) if t >= 3 else "",
        }
        | {name: int(column[t]) for name, column in columns.items()}
        for t, loss in enumerate(by_hand)
    },
    digits=1,
    corner="epoch",
)

# %% [markdown]
# In the plateau's column epochs three and four bring no new best, so the count reaches the patience of two, and the rate is halved. Epoch five is a new best, epochs six and seven are not, and so on. Stagnation is quicker to act: from epoch six on each loss lies at or above the lowest of its window, and the rate falls every time until the floor stops it.
#
# ### `replay`: a laboratory
#
# A rule needs losses and nothing else. So we can ask what *any* rule would have done with the losses of a run that is long over, without training anything. `schedules.replay(rule, losses)` returns the rate after each loss. But in a real run the rate changes the losses that follow. A replay shows how a rule reads a curve, not what would have come of it.
#
# The losses below are invented: one falls smoothly, one falls and is noisy, one rises smoothly.

# %%
epochs = np.arange(1, 101)
noise = np.random.default_rng(1).normal(0.0, 0.15, len(epochs))
smooth = 2.0 + 3.0 * np.exp(-epochs / 30)
curves = {
    "falling": smooth,
    "noisy": smooth + noise,
    "rising": 7.0 - smooth,
}
rules = WORDS | {
    "cosine": schedules.Cosine(5e-4, epochs=100, minimum=5e-6),
    "linear": schedules.Linear(5e-4, epochs=100, minimum=5e-6, start=0.5),
}

# %% tags=["hide-input"]
rows = {}
for name, rule in rules.items():
    rows[name] = {}
    for curve, losses in curves.items():
        rates = np.array([rule.initial, *schedules.replay(rule, losses)])
        rows[name][curve] = f"{rates[-1]:.1e}, {np.sum(np.diff(rates) < 0)}"
notebook.Table(rows, corner="last rate, how often it fell")

# %% mystnb={"figure": {"caption": "One list of losses, the noisy one of the table above, and the rate that each rule makes of it. The two clocks fall as planned; the others read the loss.", "name": "fig-schedules-rules"}, "image": {"alt": "Two charts over 100 epochs, one above the other. Above, a jagged loss that falls quickly and then levels out. Below, six learning rates on a logarithmic axis: one level line, one with a few small steps, one with a few more, a staircase that drops to the lowest level early, and two smooth curves that fall there at the end."}} tags=["hide-input"]
figure, (above, below) = plt.subplots(
    2, 1, figsize=(plotting.WIDTH, 5.4), sharex=True, height_ratios=(1, 2)
)
above.plot(epochs, curves["noisy"], color="0.4")
above.set(ylabel="loss")
for (name, rule), line in zip(rules.items(), ("-", "-", "-", "-", "-.", ":"), strict=True):
    rates = np.array([rule.initial, *schedules.replay(rule, curves["noisy"])])
    below.semilogy(epochs, rates[:-1], line, drawstyle="steps-post", label=name)
    fell = np.flatnonzero(np.diff(rates) < 0)
    print(f"{name:9}", f"first falls after epoch {fell[0] + 1}" if len(fell) else "never falls")
below.set(xlabel="epoch", ylabel="learning rate")
figure.legend(*below.get_legend_handles_labels(), loc="outside lower center", ncols=3)
plt.show()

# %% [markdown]
# ## A rule for each network
#
# A GAN has two networks and two losses; a VAE-GAN has three. Each network has its own optimizer, so each can have its own rule. `callbacks.LearningRateSchedules` shows each rule that network's validation loss, and sets that network's rate:
#
# ```python
# rules = {
#     "encoder": schedules.Linear(1e-3, epochs=100, start=0.6),
#     "decoder": schedules.Linear(1e-3, epochs=100, start=0.6),
#     "discriminator": schedules.Linear(1e-3, epochs=100, start=0.6),
# }
# history = callbacks.HistoryWriter("runs/vaegan/history.csv")
# vaegan.fit(
#     x_train,
#     validation_data=(x_test,),
#     epochs=100,
#     callbacks=[
#         callbacks.LearningRateSchedules(rules),
#         history,
#         callbacks.TensorBoardLog("runs/vaegan/log", history),
#     ],
# )
# ```
#
# (A GAN has the keys `"generator"` and `"discriminator"`.) It logs the rates, `learning_rate_encoder` and so on. `HistoryWriter` keeps them in a table, and `tensorboard --logdir runs` draws them beside the losses. Keras' own `ReduceLROnPlateau` follows one loss and lowers all rates together.
#
# **For a first try** take the rule above, which the course's own light VAE-GAN has: Adam with `beta_1` $0.5$ and one rate of $10^{-3}$ for all three networks, constant for six tenths of the epochs, then falling to zero in a straight line. That is habit and not the winner of a comparison. (Chapter 5's table has another habit, for briefer trainings of small networks: twice this rate for encoder and decoder. The two were not compared. Begin with either, and change the *ratio* of the rates only when the level below asks for it.) What speaks for it is in this chapter: a rate that falls at the end lets the weights rest, and a clock cannot be misled by a loss. Then look at the game's level, equation {eq}`eq-vaegan-blind` of [chapter 5](05_vaegan.ipynb). If the discriminator's loss stays at that of one that sees nothing while the samples are poor, raise its rate or lower the other two; if its loss falls towards zero, do the reverse. (On the toy below a discriminator four times as fast as the generator did better, from every seed, than two networks at the generator's rate.) Do not let a rule follow a loss of the game; the next section says why.
#
# Another idea has nothing to do with time. Let both rates be constant, but *different*: this is the two time-scale update rule, TTUR {cite}`heusel2017gans`. (Its theorem needs rates that fall, the generator's faster than the discriminator's; constant ones are what its experiments use.) If the discriminator learns faster than the generator, it stays near its best answer to the images of the moment, and the generator learns from an opponent that is up to date. `schedules.two_time_scales` makes such a pair from one rule.
#
# ## A loss that measures the opponent
#
# The rules that follow a loss assume that a lower loss means a better model. For a VAE it means at least a better bound on the likelihood. For a GAN it does not, and the losses themselves show why. Let $D(x)$ be the probability with which the discriminator calls $x$ real. It minimises `discriminator_loss`, and the generator minimises `generator_loss` {cite}`goodfellow2014generative`:
#
# $$
# \begin{aligned}
# \mathcal L_{\text{Dis}} &= -\mathbb E_{x}\left[\log D(x)\right] \\
# &\quad - \mathbb E_{z}\left[\log(1 - D(G(z)))\right], \\
# \mathcal L_{\text{Gen}} &= -\mathbb E_{z}\left[\log D(G(z))\right] .
# \end{aligned}
# $$ (eq-schedules-gan)
#
# Suppose that the discriminator cannot tell real from generated at all, so that $D = \tfrac 12$ everywhere. Then
#
# $$
# \begin{aligned}
# \mathcal L_{\text{Dis}} &= 2 \log 2 \approx 1.386, \\
# \mathcal L_{\text{Gen}} &= \log 2 \approx 0.693 .
# \end{aligned}
# $$ (eq-schedules-balance)
#
# Nothing in these numbers depends on the images. A perfect generator leads there, since one half is then the discriminator's *best* answer. But so does a generator of poor images whose discriminator has not found out yet, or has been thrown off the track. The two losses say how the two networks stand *towards each other*, and both may be strong or both weak. That is why {cite}`salimans2016improved` write that a GAN lacks an objective function by which models could be compared.
#
# ### Measured
#
# On eight small Gaussians in a ring, quality can be counted: the generator has to find all eight. A point is of *high quality* within three standard deviations of a mode; a mode is *covered* when at least a tenth of its fair share of the points lands there.
#
# We train the same small GAN under four pairs of rules, from four seeds each. `slow` is a control: both networks at the lower of the two rates that the two time scales have. The validation loss is that on points kept out of training. (A folded cell compiles one GAN; its `restart` gives it the weights of a new seed.)

# %%
ring = toys.ring(std=0.05)
held_out = ring.sample(1024, seed=100)
SEEDS = range(4)
EPOCHS, STEPS, BATCH = profile.epochs(cpu=15, gpu=60), 80, 64
FAST, SLOW = 1e-3, 2.5e-4


def both(rule):
    """The same rule for each network."""
    return schedules.two_time_scales(rule, generator=1.0, discriminator=1.0)


RULES = {
    "constant": both(schedules.Constant(FAST)),
    "cosine": both(schedules.Cosine(FAST, epochs=EPOCHS)),
    "slow": both(schedules.Constant(SLOW)),
    "two time scales": schedules.two_time_scales(
        schedules.Constant(SLOW), generator=1.0, discriminator=FAST / SLOW
    ),
}


def build():
    """A generator and a discriminator of two hidden layers with 64 units."""
    return networks.build_decoder("toy", latent_dim=2), networks.build_discriminator("toy")


def measure(epoch, logs):
    """Add to the logs what the samples are worth."""
    points = gan.generate(1000, seed=1)
    fair_share = len(points) / len(ring.modes)
    logs["modes"] = metrics.modes_covered(
        points, ring.modes, ring.std, minimum=int(fair_share / 10)
    )
    logs["high_quality"] = metrics.high_quality_share(points, ring.modes, ring.std)


# %% tags=["hide-input"]
# Compiled once and reset for each run: compiling takes about as long as a run.
gan = models.GAN(*build(), seed=0)
gan.compile(
    keras.optimizers.Adam(FAST, beta_1=0.5),
    keras.optimizers.Adam(FAST, beta_1=0.5),
    steps_per_execution=STEPS,
)
fresh_state = [keras.ops.convert_to_numpy(v) for v in gan.optimizer.variables]


def restart(seed):
    """Give the GAN the weights, the optimizers and the noise of a new run."""
    keras.utils.set_random_seed(seed)
    for network, new in zip((gan.generator, gan.discriminator), build(), strict=True):
        network.set_weights(new.get_weights())
    for variable, value in zip(gan.optimizer.variables, fresh_state, strict=True):
        variable.assign(value)
    gan.seed_generator.state.assign(keras.random.SeedGenerator(seed).state)


# %%
def play(rules, seed):
    """Train from a seed; return the history and 1000 points."""
    restart(seed)
    rates = callbacks.LearningRateSchedules({k: r.fresh() for k, r in rules.items()})
    history = gan.fit(
        ring.sample(STEPS * BATCH, seed=seed),
        validation_data=(held_out,),
        validation_batch_size=len(held_out),
        batch_size=BATCH,
        epochs=EPOCHS,
        callbacks=[rates, keras.callbacks.LambdaCallback(on_epoch_end=measure)],
        verbose=0,
    )
    return history.history, gan.generate(1000, seed=1)


runs = {name: [play(rules, seed) for seed in SEEDS] for name, rules in RULES.items()}

# %% [markdown]
# Here are the losses of the runs with constant rates, beside the quality of their points. Does a discriminator near $2 \log 2$ mean good points?

# %% tags=["nbval-ignore-output", "hide-input"]
notebook.Table(
    {
        f"{seed}": {
            "discriminator_loss": history["val_discriminator_loss"][-1],
            "generator_loss": history["val_generator_loss"][-1],
            "high quality": history["high_quality"][-1],
            "modes": history["modes"][-1],
        }
        for seed, (history, _) in zip(SEEDS, runs["constant"], strict=True)
    },
    corner="constant rates, seed",
)

# %% mystnb={"figure": {"caption": "Points of the best and of the worst of these four runs, by the share of high quality, with the held-out losses of both networks above. The rings are the eight modes at three standard deviations.", "name": "fig-schedules-points"}, "image": {"alt": "Two square charts of dots with eight small circles on a ring. Left, dots gather in most or all of the circles, with thin trails between them. Right, the dots form a cloud or a curve that misses most of the circles."}} tags=["hide-input", "nbval-ignore-output"]
shares = [history["high_quality"][-1] for history, _ in runs["constant"]]
figure, panels = plt.subplots(1, 2, figsize=(plotting.WIDTH, 3.5), sharey=True)
for axes, index in zip(panels, (np.argmax(shares), np.argmin(shares)), strict=True):
    history, points = runs["constant"][index]
    axes.scatter(*points.T, s=3, alpha=0.4, linewidths=0)
    for mode in ring.modes:
        axes.add_patch(plt.Circle(mode, 3 * ring.std, fill=False, color="C3"))
    axes.set(aspect="equal", xlim=(-1.6, 1.6), ylim=(-1.6, 1.6))
    axes.set_title(
        f"discriminator {history['val_discriminator_loss'][-1]:.2f}, "
        f"generator {history['val_generator_loss'][-1]:.2f}",
        fontsize=10,
    )
print(f"share of high quality: better run {max(shares):.2f}, other run {min(shares):.2f}")
plt.show()

# %% [markdown]
# The shares differ widely, and the losses hardly show it. Perhaps a loss tells more within one run. For each run we compare a held-out loss and the share of high quality over the epochs. If a lower loss meant better points, the two would be ordered in opposite ways, and their *rank correlation* would be near $-1$. It is the correlation of the ranks: $1$ for the same order, $-1$ for the reverse, near $0$ for none.


# %%
def rank_correlation(loss, name):
    """Rank correlation over epochs of a held-out loss with the share, one a seed."""
    return [
        float(spearmanr(history[f"val_{loss}_loss"], history["high_quality"]).statistic)
        for history, _ in runs[name]
    ]


waiting = schedules.Plateau(SLOW, factor=0.75, minimum=5e-6, patience=6)
last_rates = [
    schedules.replay(waiting, history["val_generator_loss"])[-1]
    for history, _ in runs["two time scales"]
]

# %% tags=["nbval-ignore-output", "hide-input"]
display(
    notebook.Table(
        {
            f"{loss}, {name}": {
                f"seed {seed}": value
                for seed, value in zip(SEEDS, rank_correlation(loss, name), strict=True)
            }
            for loss in ("generator", "discriminator")
            for name in RULES
        },
        corner="rank correlation with high quality",
    )
)
notebook.Table(
    {
        "two time scales": {
            f"seed {seed}": f"{rate:.1e}" for seed, rate in zip(SEEDS, last_rates, strict=True)
        }
    },
    corner="last rate of a plateau rule",
)

# %% mystnb={"figure": {"caption": "The runs with two time scales. Above, the generator's held-out loss; below, the share of high quality; one line a seed. The share climbs in every run, and the loss does not fall with it.", "name": "fig-schedules-signal"}, "image": {"alt": "Two charts over epochs, one above the other, each with four lines. Above, the generator's loss wanders up and down within a narrow band around a dotted line or above it. Below, the share of points of high quality rises in all four runs from almost zero to more than half."}} tags=["hide-input", "nbval-ignore-output"]
figure, (above, below) = plt.subplots(2, 1, figsize=(plotting.WIDTH, 4.4), sharex=True)
shown = [history for history, _ in runs["two time scales"]]
for history in shown:
    ticks = range(1, EPOCHS + 1)
    above.plot(ticks, history["val_generator_loss"], linewidth=1.5)
    below.plot(ticks, history["high_quality"], linewidth=1.5)
above.axhline(np.log(2), color="black", linestyle=":", linewidth=1)
above.set(ylabel="generator_loss", ylim=(0, 1.5))
below.set(xlabel="epoch", ylabel="high quality", ylim=(0, 1))
print("seed  generator_loss, first and last epoch  high quality, first and last epoch")
for seed, history in zip(SEEDS, shown, strict=True):
    loss, share = history["val_generator_loss"], history["high_quality"]
    print(f"{seed:4d} {loss[0]:16.2f} {loss[-1]:8.2f} {share[0]:26.2f} {share[-1]:8.2f}")
plt.show()

# %% [markdown]
# The quality grew severalfold, and the loss that a plateau rule would watch stayed where it was. Such a rule waits out its patience and then lowers the rate in the midst of the best progress: that is what a plateau rule with S3's numbers does on these losses, replayed from the rate that was used. The correlations have both signs, and none comes near $-1$, for the generator's loss as for the discriminator's.
#
# **What to watch instead: the samples.** On a toy, count modes and shares. On images, measure a distance between the features of generated and of real images, precision and recall, and the histogram of classes, and look at one fixed sheet of samples. Put beside each number what real images get against other real images. To let such a number lead the rate, put it into the logs and name it: `LearningRateSchedules(rules, monitor="...")`.
#
# ### Which rule won?
#
# Four seeds are too few for an interval that one could trust, so we look at all of them.

# %% mystnb={"figure": {"caption": "The share of high quality by epoch under four pairs of rules, one line a seed.", "name": "fig-schedules-rules-compared"}, "image": {"alt": "Four charts with four lines each, over epochs. Constant: lines end anywhere between almost nothing and the top. Cosine: lines stay in the lower part. Slow: lines stay near the bottom. Two time scales: all four lines climb above one half."}} tags=["hide-input", "nbval-ignore-output"]
figure, panels = plt.subplots(2, 2, figsize=(plotting.WIDTH, 4.6), sharex=True, sharey=True)
print(f"after {EPOCHS * STEPS} steps   high quality, sorted     modes covered")
for axes, (name, played) in zip(panels.flat, runs.items(), strict=True):
    for history, _ in played:
        axes.plot(range(1, EPOCHS + 1), history["high_quality"], color="C0", linewidth=1.5)
    axes.set(title=name, ylim=(0, 1))
    shares = sorted(history["high_quality"][-1] for history, _ in played)
    modes = sorted(history["modes"][-1] for history, _ in played)
    print(f"{name:18} {'  '.join(f'{share:.2f}' for share in shares):24} {modes}")
for axes in panels[1]:
    axes.set_xlabel("epoch")
for axes in panels[:, 0]:
    axes.set_ylabel("high quality")
plt.show()

# %% [markdown]
# Three comparisons, and what each can say:
#
# - *Slow against two time scales.* The generator's rate is the same; the discriminator's is four times as high. All four seeds of the second end above all four of the first, so here the faster discriminator helped.
# - *Constant against two time scales.* The discriminator's rate is the same; the generator's is lower. The constant pair gets as far with some seeds and not with others, and the two groups of four overlap.
# - *Cosine against constant.* The cosine pair spent half of a short training at low rates. The shares of high quality lie within the range of the constant pair's, so four seeds do not separate the two.
#
# Whether it is the *ratio* of the two rates that counts or the discriminator's rate, these runs cannot say: ratio four was tried at one speed only, and the reverse ratio not at all. And they tell of one toy, one small network and one length of training. Equation {eq}`eq-schedules-balance` holds for every GAN, but the ranking of rules does not: on another task, or trained for longer, another may win.

# %% [markdown]
# ## Case study: what did the program do?
#
# *You may skip this section. It trains nothing, and of the exercises only `find_rule` needs it.*
#
# Which rules did the project really follow? Of S2 and S3 its README gives the first rate, the factor, the lowest rate, and "patience", $10$ and $6$; it does not explain that word, and we read it as Keras' `ReduceLROnPlateau` means it. S4 is described by a sentence in Chinese, which says: wait six epochs at first; if the next validation loss has not fallen against the six before it, decay the learning rate; do not clear the buffer after a decay. These words are in `WORDS` above.
#
# The project logged, after each of $100$ epochs, the validation loss of each network, and the rate that the rule then set. The course has these logs at hand; [the page on the project](../book/original_project.md) says how they were read, and which file of its code would settle what they leave open.
#
# So we have what went into the rule and what came out. *Forward*, from a rule and losses to rates, is one call of `replay`. *Backward*, from losses and rates to the rule, there is no formula. That is an **inverse problem**. One way to solve it is to guess a rule, let it predict the rates, count where it is right, and guess again.
#
# First we try the words. If they are what ran, the replayed rate is the logged one in all $100$ epochs of the encoder, the decoder and the discriminator.


# %%
logs = records.original_logs()
NETWORKS = ("encoder", "decoder", "discriminator")


def logged(run):
    """Yield for each network what a run logged: its name, validation losses, and rates."""
    for network in NETWORKS:
        yield (
            network,
            np.array(logs[run][f"val_{network}_loss"]),
            np.array(logs[run][f"learning_rate_{network}"]),
        )


def agreeing(run, rule):
    """Count for each network the epochs in which a rule, or a function of losses, is right."""
    predict = rule if callable(rule) else partial(schedules.replay, rule)
    return [
        int(np.isclose(predict(losses), rates, rtol=1e-4).sum()) for _, losses, rates in logged(run)
    ]


def count_table(counts, corner):
    """Return a table of the epochs that agree, by network and in all."""
    return notebook.Table(
        {
            name: dict(zip(NETWORKS, row, strict=True)) | {"all, of 300": sum(row)}
            for name, row in counts.items()
        },
        corner=corner,
    )


words = {name: agreeing(f"faces-{name.lower()}", WORDS[name]) for name in ("S2", "S3", "S4")}
count_table(words, "words; epochs that agree")

# %% [markdown]
# None of the three descriptions is what ran. The counts do not say how far off they are, since a single decay too many makes all later epochs wrong. For that we have to look at the decays themselves.
#
# ### Look at the decays
#
# Each rate fell a number of times. What had the loss just done? We line all of these moments up, so that the decay is at the right edge, and measure each loss from the one at the decay.

# %% mystnb={"figure": {"caption": "The losses before each decay, all networks, lined up at the decay and measured from the loss there, which is zero. Under S4 every decay comes after a *fall*: all lines come down to it, and all four losses before lie above. Under S2 and S3 the last step into every decay goes *up*; further back there is no common side. The two charts differ in scale.", "name": "fig-schedules-decays"}, "image": {"alt": "Two charts with many thin lines that meet at zero at the right edge, where the decay is. Left, S4: all lines lie above zero before the decay and come down to it. Right, S2 and S3: all lines lie below zero one epoch before the decay and rise to it; earlier they lie on both sides, most of them below."}} tags=["hide-input"]
fell, before_decay = {}, {"S4": [], "S2 and S3": []}
print("    decays  shortest  after a  after a  below all")
print("            gap       rise     fall     four before")
for name in ("S2", "S3", "S4"):
    gaps, above, below, lowest = [], 0, 0, 0
    for network, losses, rates in logged(f"faces-{name.lower()}"):
        at = np.flatnonzero(np.diff([5e-4, *rates]) < 0)  # counted from 0
        fell[name, network] = at
        gaps.extend(np.diff(at))
        above += np.sum(losses[at] > losses[at - 1])
        below += np.sum(losses[at] < losses[at - 1])
        lowest += sum(losses[t] < losses[t - 4 : t].min() for t in at)
        group = name if name == "S4" else "S2 and S3"
        before_decay[group] += [losses[t - 4 : t + 1] - losses[t] for t in at]
    decays = sum(len(fell[name, network]) for network in NETWORKS)
    print(f"{name} {decays:7d} {min(gaps):9d} {above:8d} {below:8d} {lowest:10d}")
figure, panels = plt.subplots(1, 2, figsize=(plotting.WIDTH, 3.4))
for axes, (name, lines), reach in zip(panels, before_decay.items(), (1.6, 0.4), strict=True):
    axes.plot(
        range(-4, 1), np.transpose(lines), "o-", color="C0", alpha=0.4, markersize=3, linewidth=1
    )
    axes.axhline(0, color="black", linewidth=1)
    axes.set(title=name, xlabel="epochs from the decay", xticks=range(-4, 1), ylim=(-reach, reach))
panels[0].set_ylabel("loss, from that at the decay")
plt.show()

# %% [markdown]
# ### S4: the reversal
#
# S4's words lower the rate when the loss has *not* fallen, but in its log the rate goes down when the loss *has* fallen: each of its decays comes at a loss below all four before it. So our first hypothesis is the words with the comparison reversed:
#
# $$
# \text{improvement: decay if } \mathcal L_t < m_t .
# $$ (eq-schedules-improvement)
#
# `WindowedDecay` has it as `decay_on="improvement"`. The words say a window of six; we try that, and the lengths around it.

# %%
improvement = partial(schedules.WindowedDecay, 5e-4, 0.6, 5e-6, decay_on="improvement")
S4_LOG = improvement(window=4)  # the one that will fit
counts = {f"{n}": agreeing("faces-s4", improvement(window=n)) for n in range(1, 9)}
count_table(counts, "improvement, window")

# %% [markdown]
# With a window of four, the rule gives the logged rate in every epoch of every network. So what ran as S4 behaves as improvement with a window of four. It differs from the words by a comparison and a number: a $<$ in place of a $\geq$, and a four in place of a six.
#
# To see what the reversal does to a training, we put both readings to the invented losses.

# %% mystnb={"figure": {"caption": "S4 by its words and S4 by its log, on three losses. On the falling loss the rule of the words never acts, and that of the log acts at every epoch until it is at its floor. On the rising loss it is the other way round.", "name": "fig-schedules-s4"}, "image": {"alt": "Three charts side by side, for a falling, a noisy and a rising loss, each with two learning rates on a logarithmic axis. In the first, the solid line stays level at the top and the dashed one drops to the floor within the first epochs. In the second both drop to the floor, the dashed one first. In the third the dashed line stays level and the solid one drops."}} tags=["hide-input"]
figure, panels = plt.subplots(1, 3, figsize=(plotting.WIDTH, 3.0), sharey=True)
for axes, (curve, losses) in zip(panels, curves.items(), strict=True):
    for name, rule, line in (("words", WORDS["S4"], "-"), ("log", S4_LOG, "--")):
        rates = np.array([rule.initial, *schedules.replay(rule, losses)])
        axes.semilogy(epochs, rates[:-1], line, drawstyle="steps-post", label=name)
        at_floor = np.flatnonzero(rates == rule.minimum)
        reached = f"after epoch {at_floor[0]}" if len(at_floor) else "never"
        print(f"{curve:8} {name:5} fell {np.sum(np.diff(rates) < 0):2d} times, floor {reached}")
    axes.set(title=curve, xlabel="epoch")
panels[0].set_ylabel("learning rate")
panels[0].legend(loc="center right")
plt.show()

# %% [markdown]
# The two readings are opposites. By the words, the rate goes down when training is stuck. By the log it goes down when training goes well, and a loss that falls steadily sends it to its floor a few epochs after the window is full. There it stays, since no rule here raises a rate.
#
# ### S2 and S3: your turn
#
# Now the two rules that say "patience". The table above {numref}`fig-schedules-decays` holds two clues. Their decays come after a *rise* of the loss. And the shortest gap between two decays of one network is ten epochs under S2 and six under S3: the numbers that the words call patience. A third clue is harder to see: a high loss from before the last decay does not count any more. But what exactly must the loss rise above?
#
# Try to find it yourself before you read on. `name, losses, rates = next(logged("faces-s2"))` gives the encoder's losses and rates; plot both first. Then write a rule, and the check replays it over the logged losses of S2. It says in how many of the $300$ epochs the rates agree, and where they first differ. S2's rates never fall before epoch $11$, so your function gets $11$ as `start`.


# %% tags=["exercise"]
# Exercise: find_rule
def find_rule(losses, initial, factor, minimum, patience, start):
    """Return the learning rate after each of the losses, a list."""
    # From epoch `start` on, counted from 1, a loss that is too high lowers the rate.
    # Too high against what? And when may the rate fall again?
    return None


exercises.check("find_rule", find_rule)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: find_rule
def find_rule(losses, initial, factor, minimum, patience, start):
    """Return the learning rate after each of the losses, a list."""
    rate, next_test, rates = initial, start, []
    kept = []  # the losses that the next one is compared with
    for epoch, loss in enumerate(losses, start=1):
        if epoch < next_test:
            kept = [loss]  # while it waits it forgets all but the last loss
        elif loss > max(kept):
            rate = max(rate * factor, minimum)
            next_test = epoch + patience
            kept = [loss]
        else:
            kept = [*kept, loss][-patience:]
        rates.append(rate)
    return rates


exercises.check("find_rule", find_rule)

# %% [markdown]
# ### Guess, fail, look, guess again
#
# Here is one way to the answer. All three guesses wait ten epochs after a decay, then decay at the first loss that is too high. They differ in what the loss is compared with.


# %%
def replay_guess(losses, factor, patience, start, window, forgets, kept=1):
    """Decay at a loss above the last `window` losses, then wait `patience` epochs.

    If it `forgets`, a test sees only losses since the end of the wait. At the first test after a
    wait that is one loss; at the first of all `kept`.
    """
    rate, next_test, rates = 5e-4, start, []
    for epoch, loss in enumerate(losses, start=1):
        if epoch >= next_test:
            seen = min(window, kept + epoch - next_test) if forgets else window
            if loss > max(losses[max(epoch - 1 - seen, 0) : epoch - 1]):
                rate, next_test, kept = rate * factor, epoch + patience, 1
        rates.append(rate)
    return rates


s2_guess = partial(replay_guess, factor=0.85, patience=10, start=11)
guesses = {
    "the epoch before": {"window": 1, "forgets": False},
    "the last ten epochs": {"window": 10, "forgets": False},
    "those of them since the wait": {"window": 10, "forgets": True},
}
counts = {n: agreeing("faces-s2", partial(s2_guess, **guess)) for n, guess in guesses.items()}
count_table(counts, "S2, above")

# %% [markdown]
# The *first* guess decays far too often: any small rise after the wait is enough for it. The log lets some rises pass, so the loss must exceed more than its predecessor.
#
# The *second* guess compares with the last ten losses. It gets further, but it is too strict: a high loss from before the last decay stays in its window and forbids decays that the log has. Look at the encoder around its decay in epoch $39$.

# %% mystnb={"figure": {"caption": "S2's encoder around three of its decays. Grey: the epochs after a decay, in which nothing is tested. Dots: tested losses, filled where the log decays. The solid line is the highest loss since the end of the wait, the dotted one the highest of the last ten. Each filled dot lies above the solid line, and no open one does. The dotted line lies above the first two filled dots: it would forbid these decays.", "name": "fig-schedules-window"}, "image": {"alt": "A jagged loss over epochs 23 to 58 with two grey bands. Before, between and after the bands, dots mark tested losses: a filled one alone, then four open ones and a filled one, then seven open ones and a filled one. A short solid line runs at the level that each filled dot just exceeds. In the middle group a dotted line runs far above all dots."}} tags=["hide-input"]
_, losses, rates = next(logged("faces-s2"))
decays = [int(t) + 1 for t in fell["S2", "encoder"]][1:4]  # epochs, counted from 1
figure, axes = plt.subplots(figsize=(plotting.WIDTH, 3.6))
axes.plot(range(23, 59), losses[22:58], color="0.6", linewidth=1)
print("epoch   loss  since wait  last ten  log")
for start, decay in zip([decays[0], *[d + 10 for d in decays]], decays, strict=False):
    tests = np.arange(start, decay + 1)
    near = [max(losses[start - 2 : t - 1]) for t in tests]
    far = [max(losses[t - 11 : t - 1]) for t in tests]
    first = decay == decays[0]
    edges = np.arange(start, decay + 2) - 0.5
    axes.stairs(
        near,
        edges,
        baseline=None,
        color="C1",
        linewidth=2,
        label="highest since the wait" if first else None,
    )
    axes.stairs(
        far,
        edges,
        baseline=None,
        color="C2",
        linewidth=2,
        linestyle=":",
        label="highest of the last ten" if first else None,
    )
    axes.plot(
        tests[:-1], losses[tests[:-1] - 1], "o", color="C0", markerfacecolor="white", zorder=3
    )
    axes.plot(decay, losses[decay - 1], "o", color="C0", zorder=3)
    axes.axvspan(decay + 0.5, min(decay + 9.5, 58), color="0.5", alpha=0.2)
    if decay == decays[1]:
        for t, lower, upper in zip(tests, near, far, strict=True):
            print(
                f"{t:5d} {losses[t - 1]:6.3f} {lower:11.3f} {upper:9.3f}  "
                f"{'decays' if t == decay else 'holds'}"
            )
axes.set(xlabel="epoch", ylabel="val_encoder_loss", xlim=(22.5, 58.5))
axes.legend()
plt.show()

# %% [markdown]
# So perhaps a decay forgets what came before it. The *third* guess compares with the losses since the end of the wait alone, at most ten. The first test after a wait then has one loss to compare with, the last one of the wait, and the window grows from there. This guess agrees in all $300$ epochs.
#
# Now S3. Its words have patience $6$; by analogy its first test would be in epoch $7$.

# %%
s3_guess = partial(replay_guess, factor=0.75, patience=6, window=6, forgets=True)
starts = (7, 51, 52, 53, 54, 55)
counts = {f"{start}": agreeing("faces-s3", partial(s3_guess, start=start)) for start in starts}
count_table(counts, "S3, first test in epoch")

# %% [markdown]
# With a start in epoch $7$ it fails. The rates of S3 do not move for $52$ epochs, whatever the losses do, and the README does not mention that. With the first test in epoch $53$, and in no other, the same rule gives all of S3's rates. Why it is $53$ the log does not say.
#
# This is `schedules.PeakDecay`. Write $P$ for `patience`, and let $f$ be the first epoch in which the rule may act again: `start` at first, afterwards the epoch of the last decay plus $P$. From $f$ on the rule compares the loss with the highest since then, of the last $P$ at most:
#
# $$
# \begin{aligned}
# & M_t = \max\{\mathcal L_i : i \geq f - 1,\ t - P \leq i < t\}, \\
# & \text{peak: decay if } \mathcal L_t > M_t .
# \end{aligned}
# $$ (eq-schedules-peak)
#
# Now all three rules stand beside the logs, the words and what was found.

# %%
LOGS = {
    "S2": schedules.PeakDecay(5e-4, factor=0.85, minimum=1e-4, patience=10, start=11),
    "S3": schedules.PeakDecay(5e-4, factor=0.75, minimum=5e-6, patience=6, start=53),
    "S4": S4_LOG,
}
notebook.Table(
    {
        name: {
            source: sum(agreeing(f"faces-{name.lower()}", rules[name]))
            for source, rules in {"words": WORDS, "log": LOGS}.items()
        }
        for name in LOGS
    },
    corner="epochs that agree, of 300",
)

# %% [markdown]
# ### What the logs leave open
#
# All $900$ logged rates agree. But another rule might give the same rates on these losses. So we change the rule where we can, and ask the logs again.


# %%
s3_guess = partial(s3_guess, start=53)
lengths = {
    "S2": {n: partial(s2_guess, window=n, forgets=True) for n in range(7, 13)},
    "S3": {n: partial(s3_guess, window=n) for n in range(4, 10)},
}
full_at_start = {
    "S2": partial(s2_guess, window=10, forgets=True, kept=10),
    "S3": partial(s3_guess, kept=6),
}

# %% tags=["hide-input"]
for name, rules in lengths.items():
    run = f"faces-{name.lower()}"
    display(
        notebook.Table(
            {name: {f"{n}": sum(agreeing(run, rule)) for n, rule in rules.items()}},
            corner="epochs of 300, by length of the window",
        )
    )
notebook.Table(
    {
        name: {
            "with a window full by its first test": sum(agreeing(f"faces-{name.lower()}", rule)),
            "lowest rate": f"{min(min(rates) for *_, rates in logged(f'faces-{name.lower()}')):.1e}",
            "minimum": f"{LOGS[name].minimum:.1e}",
        }
        for name, rule in full_at_start.items()
    },
    corner="epochs of 300",
)

# %% [markdown]
# - **The length of the window.** One less or one more than `patience` fits both runs as well. We keep the simplest, one number for both uses.
# - **Ties.** $>$ or $\geq$? No tested loss equals the one that it is compared with, so the log cannot say.
# - **The lowest rate.** No rate of S2 or S3 came down to the minimum that the words give, so the minimum was never put to the test. S4 did reach its own minimum.
# - **How S3 opens.** Nothing kept before epoch $52$, or a window that was full by then: both fit. (Under S2 only the first does.)
# - **The code.** Many programs behave in this way. A log shows what a program did on the losses that it met, and no more.
#
# The project's notebooks would settle all five, if they hold the code as it ran.
#
# ### Why believe a rule that was searched for?
#
# Before this rule was found, tens of thousands of others had been tried. If one tries enough rules, one of them fits by luck. Two counts speak against that here.
#
# *First, how much had to fit.* From `start` on, each epoch outside of a wait is a question to the rule: decay, or not? We count the questions of S2 and S3. The *margin* of a question is how far the loss lies from the highest that it is compared with.

# %%
answers, margins = [], []
for name in ("S2", "S3"):
    for _, losses, _ in logged(f"faces-{name.lower()}"):
        rule = LOGS[name].fresh()
        for loss in losses:
            if rule.epoch + 1 >= rule.next_test:
                margins.append(abs(loss - max(rule.previous)))
                answers.append(loss > max(rule.previous))
            rule.update(loss)
decays, holds = sum(answers), len(answers) - sum(answers)
share = decays / len(answers)
bits = -decays * np.log2(share) - holds * np.log2(1 - share)
notebook.Table(
    {
        "S2 and S3": {
            "questions": len(answers),
            "decays": decays,
            "holds": holds,
            "bits in the answers": bits,
            "smallest margin": f"{min(margins):.1g}",
        }
    },
    digits=0,
)

# %% [markdown]
# The rule answers all of these questions as the log does, even that with the smallest margin. Now imagine a wrong rule that knows only *how often* the program decays, and otherwise guesses. The chance that it gives all the answers is $2^{-n}$, where $n$ is the information in the answers, in bits: the number of questions times the entropy of one. Choosing the best of $100\,000$ such rules raises the chance at most $100\,000$ times, which is $\log_2 100\,000 \approx 17$ bits. The estimate is rough, since the answers are not independent. But it leaves about a hundred bits between the rule and luck.
#
# It says nothing of a *close relative* of the right rule. Those are the cases that we listed as open.
#
# *Second, a test that the rule could have failed.* Above, the rule took shape on S2. On S3, another run with other losses, its form stayed; factor and patience are those of the words, and the start alone is new. Moreover, each network must follow its *own* loss. Replay the rate of one network on the loss of another, and the agreement has to go.

# %%
for name in ("S2", "S3"):
    rates = {network: r for network, _, r in logged(f"faces-{name.lower()}")}
    rows = {}
    for network, losses, _ in logged(f"faces-{name.lower()}"):
        predicted = schedules.replay(LOGS[name], losses)
        rows[f"loss of the {network}"] = {
            f"rate of the {other}": np.isclose(predicted, r, rtol=1e-4).sum()
            for other, r in rates.items()
        }
    display(notebook.Table(rows, corner=f"{name}, epochs of 100"))

# %% [markdown]
# Only the diagonal is full. (S3's other entries are high because all three rates stay where they are for half of the run.)
#
# So S2 and S3 lower the rate when the validation loss climbs above its recent values, at most once in `patience` epochs. That is not the rule that Keras knows by the word *patience*, but it, too, slows down when training gets no further. S4 does the opposite of its words: it slows down when training goes well. What was concluded from these runs holds for the rules that ran. The course keeps both readings, and the command line knows them as `s2-text`, `s2-log`, `s3-text`, `s3-log`, `s4-text` and `s4-log`.
#
# Such a gap between words and code is easily made. What helps:
#
# - **Log the rate itself**, each epoch, beside the loss. The project did, and without that none of this could have been found out.
# - **Replay the rule over the logged losses.** If the rates differ, code and words differ.
# - **Test the rule on losses whose answer you know**: a falling list, a flat one, a tie, a list shorter than the window.
#
# Now try it yourself. Choose a logged loss of a decoder and a rule; the dashed line is the rate that was logged, and the count says in how many epochs yours agrees. Set the rules of the words, then those of the logs. Which settings of S2 can you move without losing a single epoch?

# %% tags=["nbval-ignore-output", "hide-input"]
runs = {f"decoder, {name}": logs[f"faces-{name.lower()}"] for name in LOGS}
ScheduleExplorer(
    {name: run["val_decoder_loss"] for name, run in runs.items()},
    logged={name: run["learning_rate_decoder"] for name, run in runs.items()},
    curve="decoder, S2",
    rule="plateau",
    factor=0.85,
    epochs=10,
    minimum=1e-4,
    start=11,
    title="Which rule makes the logged rates?",
)

# %% [markdown]
# ## Exercises
#
# Replace the placeholder in each cell and run it. The check says what it proved, or gives a hint. One exercise, `find_rule`, is further up, in the case study.
#
# ### Run and look
#
# Equation {eq}`eq-schedules-window`, *stagnation*, with a window of three. Begin at $8$, halve, never below $1$. The losses are $5, 3, 4, 3, 2, 4, 3, 5$. Write down the eight rates. Do it by hand first, then check with `schedules.replay`.

# %% tags=["exercise"]
# Exercise: rates_by_hand
# losses 5, 3, 4, 3, 2, 4, 3, 5; window 3; from 8, halved, never below 1
rates = None  # the rate after each of the eight losses: replace None

exercises.check("rates_by_hand", rates)
# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: rates_by_hand
# losses 5, 3, 4, 3, 2, 4, 3, 5; window 3; from 8, halved, never below 1
rates = [8, 8, 8, 4, 4, 2, 1, 1]

exercises.check("rates_by_hand", rates)
# %% [markdown]
# ### Implement the plateau rule
#
# Write the words of S2 and S3: a new best must be strictly below all losses before it; each decay starts a new count; the floor holds.


# %% tags=["exercise"]
# Exercise: plateau
def plateau(losses, initial, factor, minimum, patience):
    """Return the learning rate after each of the losses, a list."""
    # Remember the rate, the best loss, and how long you have waited.
    return None


exercises.check("plateau", plateau)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: plateau
def plateau(losses, initial, factor, minimum, patience):
    """Return the learning rate after each of the losses, a list."""
    rate, best, waited = initial, float("inf"), 0
    rates = []
    for loss in losses:
        if loss < best:
            best, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            rate, waited = max(rate * factor, minimum), 0
        rates.append(rate)
    return rates


exercises.check("plateau", plateau)
# %% [markdown]
# ### Implement a window, both ways
#
# Write equation {eq}`eq-schedules-window`, *stagnation*, and its reverse, *improvement*, which decays if $\mathcal L_t < m_t$, in one function with `decay_on` as an argument. Which loss belongs to the window, and which does not?


# %% tags=["exercise"]
# Exercise: windowed_decay
def windowed_decay(losses, initial, factor, minimum, window, decay_on):
    """Return the rate after each loss; decay_on: "stagnation" or "improvement"."""
    # losses[t - window : t] are the losses before epoch t, without its own.
    return None


exercises.check("windowed_decay", windowed_decay)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: windowed_decay
def windowed_decay(losses, initial, factor, minimum, window, decay_on):
    """Return the rate after each loss; decay_on: "stagnation" or "improvement"."""
    rate, rates = initial, []
    for t, loss in enumerate(losses):
        if t >= window:  # so many losses lie before this one
            improved = loss < min(losses[t - window : t])
            if improved == (decay_on == "improvement"):
                rate = max(rate * factor, minimum)
        rates.append(rate)
    return rates


exercises.check("windowed_decay", windowed_decay)
# %% [markdown]
# ### Derive and implement: the steepest direction decides
#
# A loss of several weights is near its lowest point $\tfrac 12\, w^\top H\, w$, with a symmetric matrix $H$, the *Hessian*. Turn the axes so that they lie along those of the ellipse; then each coordinate follows equation {eq}`eq-schedules-parabola` with a curvature of its own. Above which rate does gradient descent diverge?


# %% tags=["exercise"]
# Exercise: largest_rate
def largest_rate(hessian):
    """Return the rate above which gradient descent on w @ hessian @ w / 2 diverges."""
    # np.linalg.eigvalsh gives the curvatures along the axes of the ellipse.
    return None


exercises.check("largest_rate", largest_rate)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: largest_rate
def largest_rate(hessian):
    """Return the rate above which gradient descent on w @ hessian @ w / 2 diverges."""
    curvatures = np.linalg.eigvalsh(hessian)  # along the ellipse's axes
    return 2 / curvatures.max()


exercises.check("largest_rate", largest_rate)
# %% [markdown]
# ## Quiz
#
# Decide first, then open your answer.
#
# **1. On a parabola of curvature $c$ you train with $\eta = 1.9/c$. What do you see?**
#
# <details><summary>a) The loss grows without limit.</summary>
#
# No. The factor is $-0.9$, and its size is below one. Growth begins above $2/c$.
#
# </details>
# <details><summary>b) The weight leaps from side to side and comes to rest.</summary>
#
# Right. The factor $1 - \eta c$ is negative, so the side changes at each step, and each leap is a tenth shorter.
#
# </details>
# <details><summary>c) One step lands at the bottom.</summary>
#
# No. That is $\eta = 1/c$, where the factor is zero.
#
# </details>
#
# **2. Training is noisy and has come to rest at some loss. You halve the rate. What happens to the loss?**
#
# <details><summary>a) Nothing: it is at the bottom.</summary>
#
# No. It jitters around the bottom, and the jitter has a height.
#
# </details>
# <details><summary>b) Its height above the lowest loss about halves, and it levels out there.</summary>
#
# Right. By equation {eq}`eq-schedules-floor` the variance is about proportional to the rate, and near the bottom the loss is proportional to the variance. Such a step in a loss curve says that noise was the limit, not that the model learned something new.
#
# </details>
# <details><summary>c) Its height above the lowest loss shrinks by the root of two.</summary>
#
# No. That is the width of the jitter, a standard deviation of $w$. The loss goes by the square.
#
# </details>
# <details><summary>d) It rises, because learning is slower.</summary>
#
# No. Slower is not worse once you have arrived.
#
# </details>
#
# **3. A loss falls at every single epoch. What does *stagnation* do, with a window of six?**
#
# <details><summary>a) It never lowers the rate.</summary>
#
# Right. Each loss is below all before it, so it is never at or above the lowest of the window.
#
# </details>
# <details><summary>b) It lowers the rate at each epoch once the window is full.</summary>
#
# No. That is *improvement*, the reverse.
#
# </details>
# <details><summary>c) It lowers the rate once every six epochs.</summary>
#
# No. Six is the length of the window. A patience of six counts epochs, but only those without a new best.
#
# </details>
#
# **4. The held-out `discriminator_loss` of your GAN is $1.386$. What do you know about the images?**
#
# <details><summary>a) They are perfect.</summary>
#
# No. Perfect images lead there, but they are not the only way.
#
# </details>
# <details><summary>b) They are poor: the loss should be zero.</summary>
#
# No. A loss near zero means that the discriminator tells the two apart with ease, which is no good sign for the images.
#
# </details>
# <details><summary>c) Nothing. This discriminator has the loss of a guesser.</summary>
#
# Right. It may be a guesser, because the images are good or because it is weak or slow. It may also tell many of them from real ones and be over-confident in the rest: chapter 4 has one that is often right and pays as much. Look at the samples, and measure them.
#
# </details>
#
# **5. You replay a plateau rule over the losses of a run that was trained at a constant rate. What does the replay tell you?**
#
# <details><summary>a) Which loss the run would have reached with that rule.</summary>
#
# No. With other rates the losses would have been others from the first decay on.
#
# </details>
# <details><summary>b) When the rule would have acted on these losses.</summary>
#
# Right. It shows how the rule reads a curve. What would have come of it takes a training.
#
# </details>
# <details><summary>c) Whether the rule is better than the constant rate.</summary>
#
# No. For that both must be trained, over several seeds, and their samples measured.
#
# </details>
#
# ## What to remember
#
# - On a parabola a step multiplies $w$ by $1 - \eta c$. Stable means $\eta < 2/c$, and the steepest direction decides.
# - With noisy slopes half the rate leaves half the variance at the bottom. That is why rates are lowered, also for Adam, whose rate is a length: about how far a weight moves in a step.
# - Some rules go by the clock, others by the loss. Write down what counts as a tie, when a count starts again, and where the floor is.
# - A GAN's loss measures the opponent. Near $2 \log 2$ it says nothing of the images, so watch the samples, and let the rates of a game go by the clock.
# - Each network can have a rate of its own. For a first try: one rate for all, Adam with `beta_1` $0.5$, a straight line down at the end.
# - Log the rates, and replay the rule over the logged losses: words and code may differ. The original's S4 ran as the reverse of its words, and S2 and S3 are not the plateau rule that "patience" suggests.
# - To find a rule from a log: guess, predict, count, look at the failures, guess again. Then say what the log leaves open.
#
# ## Sources
#
# - Falling rates and noise: {cite}`robbins1951stochastic`; {cite}`bottou2018optimization`, theorems 4.6 (a fixed rate ends in a neighbourhood) and 4.7 (a falling one arrives); {cite}`goodfellow2016deep`, section 8.3.1.
# - The bound of curvature: {cite}`goodfellow2016deep`, section 4.3.1.
# - Adam: {cite}`kingma2015adam`, algorithm 1. Warm-up: {cite}`goyal2017accurate`, section 2.2; with Adam, {cite}`liu2020variance`.
# - Cosine: {cite}`loshchilov2017sgdr`, equation 5.
# - Two time scales: {cite}`heusel2017gans`, section 2.
# - The game and its balance: {cite}`goodfellow2014generative`, equation 1 and theorem 1. GANs lack an objective to compare by: {cite}`salimans2016improved`, section 4. Losses and sample quality: {cite}`arjovsky2017wasserstein`, section 4.2.
# - The ring, and what counts as high quality: {cite}`srivastava2017veegan`, section 5.1.
# - S1 to S4: the [original project](https://github.com/Shuntw6096/VAE-GAN), its `README.md` for the words, `logs/*.zip` for losses and rates.
