# %% [markdown]
# # Chapter 7: Learning-rate schedules
#
# *Run time: 132 s on two CPU cores, measured at the last execution.*
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
# You need chapter 4, and Adam from [Before you start](00_before_you_start.ipynb). Words are explained in the
# [glossary](../book/glossary.md), symbols in the [notation](../book/notation.md).

# %% mystnb={"code_prompt_show": "Colab needs this cell", "code_prompt_hide": "Hide Colab's cell"} tags=["colab", "nbval-skip", "hide-cell"]
# Colab needs the course's package and its records. Elsewhere this cell does nothing.
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

import itertools
import json

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
    schedules,
    toys,
)
from vaegan_edu.widgets import ScheduleExplorer

# %% [markdown]
# ## What a learning rate does
#
# At each step of a training one looks at the slope of the loss $\mathcal L$ and moves the weight $w$ a little against it. How little is set by the *learning rate* $\eta$, in code `learning_rate`:
#
# $$
# w_{t+1} = w_t - \eta\, \mathcal L'(w_t) .
# $$ (eq-schedules-step)
#
# Near its lowest point a smooth loss looks like a parabola, $\mathcal L(w) = \tfrac 12 c\, w^2$, where $w$ is counted from the lowest point. The number $c$ is its *curvature*: how fast the slope grows on the way up. The slope is $c\,w$, so a step multiplies $w$ by a fixed number:
#
# $$
# w_{t+1} = (1 - \eta c)\, w_t .
# $$ (eq-schedules-parabola)
#
# If $\eta$ is tiny, that factor is just below one, and $w$ creeps. At $\eta = 1/c$ it is zero: one step lands at the bottom. Beyond that it is negative: each step lands on the other side. So $w$ shrinks only as long as the factor lies between $-1$ and $1$:
#
# $$
# |1 - \eta c| < 1 \quad\Longleftrightarrow\quad 0 < \eta < \frac 2c .
# $$ (eq-schedules-bound)
#
# Above $2/c$ each step is longer than the one before, and the loss explodes. We measure that border by halving an interval of rates, asking each time whether gradient descent came closer.


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
apart = max(abs(rate - 2 / c) for c, rate in measured.items())
print(f"measured and formula differ by at most {apart:.0e}")
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
# A network has many weights, and its loss has many directions, each with a curvature of its own. The steepest direction sets the bound for all, so the weight creeps along the flattest.
#
# ## Why a rate is lowered
#
# On the parabola one good rate is enough from the first step to the last. But training sees a *batch*, not all the data, and the slope of a batch is the true slope plus noise. Call the noise $\xi$ and its standard deviation $s$:
#
# $$
# w_{t+1} = (1 - \eta c)\, w_t - \eta\, \xi_t .
# $$ (eq-schedules-noise)
#
# Now $w$ never comes to rest but jitters around the bottom. How widely? In the long run the variance $V$ of $w$ is the same before a step and after it. The step multiplies $w$ by $1 - \eta c$, and its variance by the square of that; the noise is independent of $w$, so its variance is added: $V = (1 - \eta c)^2\, V + \eta^2 s^2$. Solve for $V$:
#
# $$
# V = \frac{\eta\, s^2}{c\,(2 - \eta c)} .
# $$ (eq-schedules-floor)
#
# For a small rate that is about $\eta s^2 / 2c$. **Half the rate, half the variance.** The mean loss is $\tfrac 12 c V$, so its height above the bottom halves too. The *width* of the jitter, a standard deviation, shrinks by the root of two only.
#
# A large rate comes near the bottom in few steps and then jitters widely; a small one is slow and comes closer. So begin large and end small: that is why rates are lowered. Such steps arrive if the rates add up to infinity and their squares to something finite, $\sum_t \eta_t = \infty$ and $\sum_t \eta_t^2 < \infty$ ({cite}`robbins1951stochastic`; {cite}`bottou2018optimization` give the general theorem). A line or a cosine that reaches zero after a given time is practice, not that theorem. We let $4000$ walks start from $w = 10$ and compare.

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
falling = np.linspace(0.3, 0.01, steps + 1)
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
# So far a step was $\eta$ times the slope. The networks of this course are trained by Adam {cite}`kingma2015adam` (equation {eq}`eq-start-adam`). It divides a running average of the slope, $\hat m$, by the root of one of the squared slope, $\sqrt{\hat v}$. As long as the slopes are much alike, that fraction is about one in size, however large or small they are. So $\eta$ is now a *length*: about how far each weight moves in one step. Multiply the loss by a thousand, and next to nothing changes. The bound $2/c$ therefore does not hold as it stands; in its place comes a bound on the curvature divided by $\sqrt{\hat v}$. A parabola of curvature $100$ is one of curvature $1$ times a hundred, and Adam does the same on both. The first table below shows it.
#
# Near the bottom the noise outweighs the slope. Then $\sqrt{\hat v}$ is about $s$, the same number at every step. And the running average $\hat m$ hands each slope on in portions over the next steps, which add up to the whole slope. So in the long run each slope moves $w$ by $\eta / s$ times itself: Adam walks like gradient descent with the rate $\eta / s$. Put that into equation {eq}`eq-schedules-floor`:
#
# $$
# V \approx \frac{\eta\, s}{2c} .
# $$ (eq-schedules-adam-floor)
#
# The variance is again proportional to the rate. So lowering the rate helps Adam to rest as it helps gradient descent.
#
# The *first* steps are another matter. After one slope the two corrected averages are that slope and its square, so the fraction is exactly $1$ or $-1$: every weight moves by the full $\eta$, however small or noisy its slope was. A *warm-up* shortens these steps: the rate rises over the first steps before it falls {cite}`goyal2017accurate,liu2020variance`.


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
# A rule sees one number after each epoch, the loss, and answers with the learning rate from then on. Rules come in two families.
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
# As examples take four rules that return in [chapter 10](10_faces_experiment.ipynb). The project that this course grew out of trained its faces under them. In the words of its [README](https://github.com/Shuntw6096/VAE-GAN) S1 is constant; S2 and S3 name a factor, a lowest rate and a "patience"; S4 compares with the last six losses. In code:

# %%
WORDS = {
    "constant (S1)": schedules.Constant(5e-4),
    "patient plateau (S2)": schedules.Plateau(5e-4, factor=0.85, minimum=1e-4, patience=10),
    "plateau (S3)": schedules.Plateau(5e-4, factor=0.75, minimum=5e-6, patience=6),
    "stagnation (S4)": schedules.WindowedDecay(5e-4, factor=0.6, minimum=5e-6, window=6),
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
# In the plateau's column epochs three and four bring no new best, so the count reaches the patience of two, and the rate is halved. Under stagnation each loss from epoch six on lies at or above the lowest of its window, so the rate falls every time until it is at the floor.
#
# ### `replay`: a laboratory
#
# A rule needs losses and nothing else. So without training anything `schedules.replay(rule, losses)` returns the rates that *any* rule would have set on the losses of an old run. In a real run the rate changes the losses that follow, so a replay shows how a rule reads a curve, and not what would have come of it.
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
print(f"{len(rules)} rules on {len(curves)} curves of {len(losses)} epochs")
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
    print(f"{name:20}", f"first falls after epoch {fell[0] + 1}" if len(fell) else "never falls")
below.set(xlabel="epoch", ylabel="learning rate")
figure.legend(*below.get_legend_handles_labels(), loc="outside lower center", ncols=3)
plt.show()

# %% [markdown]
# The two clocks treat all three curves alike. Of the rules that follow the loss none acts while it falls smoothly, and all act while it rises. They differ in how they read noise: *stagnation* is at its floor while the loss still falls, and the *patient plateau* lowers its rate once.
#
# Move the settings of a rule over the same losses. With which `patience` does the plateau rule sit out the noise? What does *improvement* do, which is *stagnation* with the comparison reversed? (*Peak* is a rule of chapter 11.)

# %% tags=["nbval-ignore-output", "hide-input"]
ScheduleExplorer(curves, curve="noisy", minimum=5e-6, title="How a rule reads a curve")

# %% [markdown]
# ## A rule for each network
#
# A GAN has two networks and two losses; a VAE-GAN has three. Each network has its own optimizer, so each can have its own rule. `callbacks.LearningRateSchedules` shows each rule that network's validation loss, and sets that network's rate. In a program of your own, with a `models.VAEGAN` called `vaegan` and images kept out of training, it looks like this:
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
#     validation_data=(x_validation,),  # the test images wait for the end
#     epochs=100,
#     callbacks=[
#         callbacks.LearningRateSchedules(rules),
#         history,
#         callbacks.TensorBoardLog("runs/vaegan/log", history),
#     ],
# )
# ```
#
# (A GAN has the keys `"generator"` and `"discriminator"`.) The rates are logged as `learning_rate_encoder` and so on; `tensorboard --logdir runs` draws them. In a loop of your own it is one line after each epoch and network: `optimizer.learning_rate = rule.update(loss)`.
#
# **For a first try** take the rule above: Adam with `beta_1` $0.5$ and one rate of $10^{-3}$ for all three networks, constant for six tenths of the epochs, then falling to zero in a straight line. It is the course's setting and won no comparison. Equal rates of this size found the modes of the ring from two of the four seeds below, and from nine of ten in the longer games of chapter 6. {cite}`radford2016unsupervised` found $10^{-3}$ too high for their images and took $2 \cdot 10^{-4}$. So if your game breaks, lower all rates first. Chapters 4 and 5 gave the discriminator half of the generator's rate; no run compares that with equal rates. Let the next table move the ratio.
#
# Then compare the discriminator's loss with its *blind level*, that of a discriminator which sees no difference (equation {eq}`eq-vaegan-blind` of [chapter 5](05_vaegan.ipynb)). The table is a rule of thumb; no run here tests it.
#
# | The discriminator's loss | The samples | Change |
# | --- | --- | --- |
# | is a little below the level | get better | nothing |
# | stays at the level | stay poor | raise its rate, or lower the other two |
# | falls far below the level | stay poor | lower its rate, or raise the other two |
#
# Do not let a rule follow a loss of the game; the next section says why.
#
# Another idea is to keep both rates constant, but *different*: this is the two time-scale update rule, TTUR {cite}`heusel2017gans`. If the discriminator learns faster than the generator, it stays near its best answer to the images of the moment. (Chapter 6's unbalanced game is the reverse.) `schedules.two_time_scales` makes such a pair from one rule: `two_time_scales(rule, generator=1.0, discriminator=4.0)`. For a VAE-GAN name all three networks, `encoder`, `decoder` and `discriminator`.
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
# A perfect generator leads there, since one half is then the discriminator's *best* answer. But so does a generator of poor images whose discriminator has not yet learned to tell them apart. The two losses say how the two networks stand *towards each other*, and both may be strong or both weak.
#
# One direction does hold. As $V = -\mathcal L_{\text{Dis}}$, equation {eq}`eq-gan-bound` of chapter 4 reads $\text{JS}(p, q) \geq \log 2 - \tfrac 12 \mathcal L_{\text{Dis}}$. So a held-out loss clearly *below* $2 \log 2$ proves that generated and real examples differ. Near $2 \log 2$ the bound is near zero and proves nothing. Nor does the bound rank generators, for it depends on the discriminators too. A GAN lacks an objective function by which models could be compared, as {cite}`salimans2016improved` put it.
#
# ### Measured
#
# On the *wide ring* of chapter 6, eight small Gaussians on a circle, quality can be counted: the generator has to find all eight. A point is of *high quality* within three standard deviations of a mode; a mode is *covered* when at least a tenth of its fair share of the points lands there.
#
# We train the same small GAN under four pairs of rules, from four seeds each. `slow` is a control: both networks at the lower of the two rates that the two time scales have. The validation loss is that on points kept out of training. (`gan` and `restart` stand in a folded cell.)

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
# Here are the losses of the runs with constant rates, beside the quality of their points. Does a discriminator near $2 \log 2$ mean good points? Of pairs in which one run has more than three times the other's share of high quality, the figure shows the one with the most similar losses of the discriminator.

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

# %% mystnb={"figure": {"caption": "Points of two of these runs: nearly the same loss of the discriminator, and very different points. The rings are the eight modes at three standard deviations.", "name": "fig-schedules-points"}, "image": {"alt": "Two square charts of dots with eight small circles on a ring. Left, dots gather in most or all of the circles, with thin trails between them. Right, the dots form a cloud or a curve that misses most of the circles."}} tags=["hide-input", "nbval-ignore-output"]
share = [history["high_quality"][-1] for history, _ in runs["constant"]]
loss = [history["val_discriminator_loss"][-1] for history, _ in runs["constant"]]
pairs = list(itertools.permutations(SEEDS, 2))  # (better, other)
far = [pair for pair in pairs if share[pair[0]] > 3 * share[pair[1]]] or pairs
alike = min(far, key=lambda pair: abs(loss[pair[0]] - loss[pair[1]]))
figure, panels = plt.subplots(1, 2, figsize=(plotting.WIDTH, 3.5), sharey=True)
for axes, seed in zip(panels, alike, strict=True):
    axes.scatter(*runs["constant"][seed][1].T, s=3, alpha=0.4, linewidths=0)
    for mode in ring.modes:
        axes.add_patch(plt.Circle(mode, 3 * ring.std, fill=False, color="C3"))
    axes.set(aspect="equal", xlim=(-1.6, 1.6), ylim=(-1.6, 1.6))
    axes.set_title(f"seed {seed}: share {share[seed]:.2f}, loss {loss[seed]:.2f}", fontsize=10)
print("seeds", *alike, "of the runs with constant rates")
plt.show()

# %% [markdown]
# So a discriminator's loss near $2 \log 2$ does not mean good points. The four do stand in order, the nearer both losses to equation {eq}`eq-schedules-balance` the better the points; but by chance four do so once in $24$ times.
#
# <details><summary>Could one run's epochs tell?</summary>
#
# For each run we compare a held-out loss and the share of high quality over the epochs. If a lower loss meant better points, their *rank correlation* would be near $-1$. It is the correlation of the ranks: $1$ for the same order, $-1$ for the reverse, near $0$ for none. The folded table has both signs, and none comes near $-1$, for the generator's loss as for the discriminator's. (A few tenths mean nothing: two lists of fifteen numbers in random order correlate by more than a half, in size, about once in twenty times, and lists that drift, as these do, more often.)
#
# </details>


# %% mystnb={"code_prompt_show": "Show the rank correlations", "code_prompt_hide": "Hide the rank correlations"} tags=["nbval-ignore-output", "hide-cell"]
def rank_correlation(loss, name):
    """Rank correlation over epochs of a held-out loss with the share, one a seed."""
    return [
        float(spearmanr(history[f"val_{loss}_loss"], history["high_quality"]).statistic)
        for history, _ in runs[name]
    ]


notebook.Table(
    {
        f"{loss}, {name}": {
            f"seed {seed}": value
            for seed, value in zip(SEEDS, rank_correlation(loss, name), strict=True)
        }
        for loss in ("generator", "discriminator")
        for name in ("constant", "two time scales")
    },
    corner="rank correlation with high quality",
)

# %% [markdown]
# What would a rule make of such losses? We replay a plateau rule with S3's numbers over the generator's, in the runs with two time scales.

# %%
waiting = schedules.Plateau(SLOW, factor=0.75, minimum=5e-6, patience=6)
last_rates = [
    schedules.replay(waiting, history["val_generator_loss"])[-1]
    for history, _ in runs["two time scales"]
]

# %% tags=["nbval-ignore-output", "hide-input"]
notebook.Table(
    {
        "two time scales": {
            f"seed {seed}": f"{rate:.1e}" for seed, rate in zip(SEEDS, last_rates, strict=True)
        }
    },
    corner="last rate of a plateau rule",
)

# %% mystnb={"figure": {"caption": "The runs with two time scales. Above, the generator's held-out loss; below, the share of high quality; one line for each seed. The share climbs in every run, and the loss does not fall with it.", "name": "fig-schedules-signal"}, "image": {"alt": "Two charts over epochs, one above the other, each with four lines. Above, the generator's loss wanders up and down within a narrow band around a dotted line or above it. Below, the share of points of high quality rises in all four runs from almost zero to more than half."}} tags=["hide-input", "nbval-ignore-output"]
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
# The quality grew severalfold, and the loss that a plateau rule would watch did not fall. So the replayed rule waits out its patience and lowers the rate in the midst of the best progress.
#
# **What to watch instead: the samples.** On a toy, count modes and shares. On images, measure the Fréchet distance, precision and recall, and the histogram of classes, each beside what real images get, and look at one fixed sheet of samples. To let such a number lead the rate, put it into the logs and name it: `LearningRateSchedules(rules, monitor="...")`.
#
# ### Which rule won?
#
# Four seeds are too few for an interval, so we look at all of them. Some lines still rise: the picture shows which rule is ahead, not where each one ends.

# %% mystnb={"figure": {"caption": "The share of high quality by epoch under four pairs of rules, one line for each seed.", "name": "fig-schedules-rules-compared"}, "image": {"alt": "Four charts with four lines each, over epochs. Constant: lines end anywhere between almost nothing and the top. Cosine: lines stay in the lower part. Slow: lines stay near the bottom. Two time scales: all four lines climb above one half."}} tags=["hide-input", "nbval-ignore-output"]
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
# - *Slow against two time scales.* Only the discriminator's rate is four times as high. All four seeds of the second end far above all four of the first, so here that helped. (By chance that happens once in $\binom 84 = 70$ cases; three pairs of groups are compared here.)
# - *Constant against two time scales.* Only the generator's rate is lower. The constant pair gets as far with some seeds and not with others, and the two groups overlap.
# - *Cosine against constant.* The cosine pair spent half of a short training at low rates. Its shares lie within the range of the constant pair's, so four seeds do not separate the two.
#
# The cosine pair and the slow one did not get clearly above what points thrown at random get (chapter 6, *Counting*), so where they would end with more steps cannot be told. Nor do these runs say whether the *ratio* of the two rates counts or the discriminator's rate: ratio four was tried at one speed only. Trained for longer, another rule may win.
#
# Does a falling rate help on images? `benchmarks/quality_search.py` has one run of each kind on MNIST: the rate stays, or it falls to zero along half a cosine. A smaller Fréchet distance to held-out images is better; the second column raises the samples' contrast, from which blurred ones gain ([How good is it?](04_how_good_is_it.ipynb)).

# %% tags=["hide-input"]
TRIES = {
    "VAE, constant": "vae",
    "VAE, cosine": "vae-cosine",
    "VAE-GAN, constant": "before",
    "VAE-GAN, cosine": "cosine",
}
rows = {}
for title, name in TRIES.items():
    with open(f"../benchmarks/results/quality_search/{name}.json", encoding="utf-8") as file:
        found = json.load(file)["metrics"]
    rows[title] = {
        "samples": found["random_held_out_frechet_distance"],
        "contrast x4": found["sharpened_4_held_out_frechet_distance"],
    }
notebook.Table(rows, digits=1, corner="Fréchet distance, one seed")

# %% [markdown]
# The falling rate helped the VAE, which has a fixed loss to rest on, and not the VAE-GAN, one seed of each. (The VAE trained for more epochs, so compare within a pair only.)

# %% [markdown]
# ## Words and code may differ
#
# The project logged its losses and its rates, so one can replay the words of its README over its losses. They do not give the logged rates. What ran as S4 is the reverse of its words: it lowers the rate when the loss *has* fallen, in the package `WindowedDecay(..., window=4, decay_on="improvement")`. [Chapter 11](11_original_project.ipynb) finds the rules from the logs; you may skip it.
#
# So log the rate beside the loss, and replay your rule over the logged losses: if the rates differ, words and code differ.

# %% [markdown]
# ## Exercises
#
# Replace the placeholder in each cell and run it. The check says what it proved, or gives a hint.
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
# Write the plateau rule: a new best must be strictly below all losses before it; each decay starts a new count; the floor holds.


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
# Right. By equation {eq}`eq-schedules-floor` the variance is about proportional to the rate, and near the bottom the loss is proportional to the variance. Such a step in a loss curve says that noise was the limit.
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
# Right. Only a loss clearly below would prove something, namely that the images differ from real ones. This one may come from a guesser, because the images are good or because it is weak or slow. Or it is often right, and over-confident in the rest: chapter 4 has one. Look at the samples, and measure them.
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
# - With noisy slopes half the rate leaves half the variance at the bottom. That is why rates are lowered, also for Adam, whose rate is about how far a weight moves in a step.
# - Some rules go by the clock, others by the loss. Write down what counts as a tie, when a count starts again, and where the floor is.
# - A GAN's loss measures the opponent. On held-out examples a discriminator's loss clearly below $2 \log 2$ proves that generated and real ones differ; near $2 \log 2$ it says nothing. So watch the samples, and let the rates of a game go by the clock.
# - Each network can have a rate of its own. On the ring a discriminator faster than the generator did better than one as slow, after a training so short that the slow pair had not left chance level; ratio and speed were not told apart. A falling rate lets weights rest on a fixed loss; that it helps a game, no run here shows. For a first try: one rate for all, constant, then a straight line down; if the game breaks, lower it, then change the ratio by the discriminator's blind level.
# - Words and code may differ. Log the rates, and replay the rule over the logged losses.
#
# ## Sources
#
# - Falling rates and noise: {cite}`robbins1951stochastic`; {cite}`bottou2018optimization`, theorems 4.6 (a fixed rate ends in a neighbourhood) and 4.7 (a falling one arrives); {cite}`goodfellow2016deep`, section 8.3.1.
# - The bound of curvature: {cite}`goodfellow2016deep`, section 4.3.1.
# - Adam: {cite}`kingma2015adam`, algorithm 1. Warm-up: {cite}`goyal2017accurate`, section 2.2; with Adam, {cite}`liu2020variance`.
# - Cosine: {cite}`loshchilov2017sgdr`, equation 5.
# - Two time scales: {cite}`heusel2017gans`, section 2.
# - A lower rate for a GAN on images: {cite}`radford2016unsupervised`, section 4.
# - The game and its balance: {cite}`goodfellow2014generative`, equation 1 and theorem 1. GANs lack an objective to compare by: {cite}`salimans2016improved`, section 4. Losses and sample quality: {cite}`arjovsky2017wasserstein`, section 4.2.
# - The ring, and what counts as high quality: {cite}`srivastava2017veegan`, section 5.1.
# - S1 to S4: the [original project](https://github.com/Shuntw6096/VAE-GAN), its `README.md`.
