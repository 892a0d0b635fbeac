# %% [markdown]
# # Chapter 7: Learning-rate schedules
#
# *Run time: 49 s on two CPU cores, measured at the last execution.*
#
# **Does it matter when, and by what rule, each network slows down?**
#
# After this chapter you can
#
# - say what a learning rate does, and compute the largest one that is stable;
# - explain why a rate is lowered at all;
# - follow a rule by hand, and replay it over any list of losses;
# - say why a GAN's validation loss is a poor guide, and what to watch instead.

# %% mystnb={"code_prompt_show": "Colab needs this cell", "code_prompt_hide": "Hide Colab's cell"} tags=["colab", "nbval-skip", "hide-cell"]
# Colab needs the course's package. Elsewhere this cell does nothing.
import os
import sys

if "google.colab" in sys.modules and not os.path.exists("07_schedules.py"):
    from IPython import get_ipython

    address = "https://github.com/vaegan-edu/vaegan-edu"
    get_ipython().system(f"git clone -q --depth 1 {address} course")
    os.chdir("course/notebooks")
    get_ipython().run_line_magic(
        "pip", "install -q 'keras>=3.15,<4' anywidget .."
    )

# %%
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # quiet start
os.environ.setdefault(
    "TF_ENABLE_ONEDNN_OPTS", "0"
)  # the same digits on every run

import keras
import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import spearmanr

from vaegan_edu import (
    callbacks,
    exercises,
    experiments,
    metrics,
    models,
    networks,
    plotting,
    schedules,
    toys,
)
from vaegan_edu.widgets import ScheduleExplorer

# %matplotlib inline
plotting.style()
profile = experiments.current_profile()

# %% [markdown]
# ## What a learning rate does
#
# Training walks downhill. At each step it looks at the slope of the loss $\mathcal L$ and moves the weight $w$ a little against it. How little is the *learning rate* $\eta$, in code `learning_rate`:
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
# Everything follows from that factor. If $\eta$ is tiny, the factor is just below one, and $w$ creeps. At $\eta = 1/c$ it is zero: one step lands at the bottom. Beyond that it is negative: each step overshoots and lands on the other side. And $w$ shrinks only as long as the factor is between $-1$ and $1$:
#
# $$
# |1 - \eta c| < 1 \quad\Longleftrightarrow\quad 0 < \eta < \frac 2c .
# $$ (eq-schedules-bound)
#
# Above $2/c$ each step is longer than the one before, and the loss explodes. We measure that border: halve an interval until it is narrow, and ask each time whether gradient descent came closer.


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
    for curvature in (0.5, 1.0, 4.0):
        print(f"curvature {curvature}: measured {largest_stable_rate(curvature):.4f}, "
              f"2 / curvature = {2 / curvature:.4f}")  # fmt: skip

# %% mystnb={"figure": {"caption": "Gradient descent on one parabola of curvature $c = 4$, from the same start, with four learning rates. Too small creeps, $1/c$ arrives in one step, just below $2/c$ leaps from side to side and still arrives, just above it runs away. The cell prints the loss after twelve steps beside that at the start.", "name": "fig-schedules-parabola"}, "image": {"alt": "Four small charts of the same upright parabola with the steps of gradient descent as dots joined by lines. First: dots crowd together high on one side. Second: one straight step to the lowest point. Third: a zigzag between both sides that narrows towards the bottom. Fourth: a zigzag that climbs out at the top."}}
c = 4.0
figure, panels = plt.subplots(2, 2, figsize=(plotting.WIDTH, 4.6), sharey=True)
side = np.linspace(-1.9, 1.9, 200)
for axes, (name, rate) in zip(panels.flat, (
    ("too small", 0.1 / c), ("$1/c$", 1 / c), ("below $2/c$", 1.85 / c), ("above $2/c$", 2.05 / c),
), strict=True):  # fmt: skip
    w = descend(rate, c, 12)
    axes.plot(side, c * side**2 / 2, color="0.7")
    axes.plot(w, c * w**2 / 2, "o-", color="C0", markersize=4, linewidth=1)
    axes.set(title=f"{name}: {rate:.3f}", xlabel="$w$")
    print(f"rate {rate:.3f}: factor {1 - rate * c:5.2f}, loss {c / 2:.2f} -> "
          f"{c * w[-1] ** 2 / 2:.2f}")  # fmt: skip
for axes in panels[:, 0]:
    axes.set_ylabel("loss")
plt.show()

# %% [markdown]
# A network has many weights, and its loss has many directions, each with a curvature of its own. The steepest direction sets the bound for all. The flattest then has to creep. You will derive that in an exercise.
#
# ## Why lower it?
#
# On the parabola nothing speaks for a lower rate: one good rate does it all. But training sees a *batch*, not all the data, and the slope of a batch is the true slope plus noise. Call the noise $\xi$ and its standard deviation $s$:
#
# $$
# w_{t+1} = (1 - \eta c)\, w_t - \eta\, \xi_t .
# $$ (eq-schedules-noise)
#
# Now $w$ never comes to rest. It jitters around the bottom. How widely? In the long run the variance $V$ of $w$ stays the same from step to step. The noise is independent of $w$, so variances add: $V = (1 - \eta c)^2\, V + \eta^2 s^2$. Solve for $V$:
#
# $$
# V = \frac{\eta\, s^2}{c\,(2 - \eta c)} .
# $$ (eq-schedules-floor)
#
# For a small rate that is about $\eta s^2 / 2c$: **half the rate, half the jitter**. A large rate travels fast and rests badly; a small one travels slowly and rests well. So begin large and end small. That is all a schedule is for {cite}`robbins1951stochastic`; {cite}`bottou2018optimization` give the general theorem.

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
for rate in (0.3, 0.1):
    measured = 2 * jitter([rate] * steps)[-100:].mean() / curvature
    formula = rate * s**2 / (curvature * (2 - rate * curvature))
    print(f"rate {rate}: variance measured {measured:.3f}, formula {formula:.3f}")

# %% mystnb={"figure": {"caption": "The mean loss of $4000$ noisy walks on one parabola. A large constant rate is fast and stays high, a small one is slow, and a rate that falls has both. The cell prints the three losses after $20$ steps and at the end.", "name": "fig-schedules-jitter"}, "image": {"alt": "Three curves on a logarithmic axis over 300 steps. One falls at once and then runs level, highest of the three at the end. One descends slowly and is still falling at the end. The third falls at once like the first and then sinks steadily below it to the lowest point."}}
figure, axes = plt.subplots()
for name, losses in jittering.items():
    axes.semilogy(np.arange(1, steps + 1), losses, label=name)
    print(
        f"{name:20} after 20 steps {losses[19]:7.3f}, at the end {losses[-1]:.3f}"
    )
axes.set(xlabel="step", ylabel="mean loss")
axes.legend(title="learning rate")
plt.show()

# %% [markdown]
# ## The rules
#
# A rule sees one number after each epoch, the loss, and answers with the learning rate from then on. In the package it is a small object that knows nothing of networks. There are two families.
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
# `schedules.WindowedDecay` compares the loss $\mathcal L_t$ with the lowest of the `window` losses *before* it:
#
# $$
# \begin{aligned}
# & m_t = \min(\mathcal L_{t-\texttt{window}}, \dots, \mathcal L_{t-1}), \\
# & \text{stagnation: decay if } \mathcal L_t \geq m_t, \\
# & \text{improvement: decay if } \mathcal L_t < m_t .
# \end{aligned}
# $$ (eq-schedules-window)
#
# Until `window` losses are there, nothing decays. A decay does not clear the window, so the next epoch may decay again.
#
# The project that this course grew out of trained its faces with four rules. Here they are, with its own settings. The fourth will need a second look, and the code holds both readings of it.

# %%
ORIGINAL = {
    "S1": schedules.Constant(5e-4),
    "S2": schedules.Plateau(5e-4, factor=0.85, minimum=1e-4, patience=10),
    "S3": schedules.Plateau(5e-4, factor=0.75, minimum=5e-6, patience=6),
    "S4, text": schedules.WindowedDecay(
        5e-4, factor=0.6, minimum=5e-6, window=6, decay_on="stagnation"
    ),
    "S4, log": schedules.WindowedDecay(
        5e-4, factor=0.6, minimum=5e-6, window=4, decay_on="improvement"
    ),
}

# %% [markdown]
# ### By hand
#
# Nine losses, three rules, and rates that are easy to halve: from eight, down to one. Cover the columns with the rates, work them out, then compare. Watch three places. The second loss of $4$ is a *tie*: no new best. In the first three epochs the window is not yet full. And no rate goes below one.

# %%
by_hand = [5.0, 4.0, 4.0, 4.5, 3.0, 3.5, 3.2, 3.4, 3.4]
halved = {"initial": 8.0, "factor": 0.5, "minimum": 1.0}
columns = {
    "plateau": schedules.replay(
        schedules.Plateau(**halved, patience=2), by_hand
    ),
    "stagnation": schedules.replay(
        schedules.WindowedDecay(**halved, window=3), by_hand
    ),
    "improvement": schedules.replay(
        schedules.WindowedDecay(**halved, window=3, decay_on="improvement"),
        by_hand,
    ),
}
print("epoch loss best  lowest of 3  " + "  ".join(columns))
for t, loss in enumerate(by_hand):
    lowest = f"{min(by_hand[t - 3 : t]):.1f}" if t >= 3 else "-"
    rates = "".join(
        f"{column[t]:{len(name) + 2}g}" for name, column in columns.items()
    )
    print(
        f"{t + 1:5d} {loss:4.1f} {min(by_hand[: t + 1]):4.1f} {lowest:>12}{rates}"
    )

# %% [markdown]
# Read the plateau's column. Epochs three and four bring no new best: the count reaches the patience of two, and the rate is halved. Epoch five is a new best. Epochs six and seven are not, and so on. Stagnation is quicker to act: from epoch six on each loss lies at or above the lowest of its window, and the rate falls every time until the floor stops it.
#
# ### `replay`: a laboratory
#
# A rule needs losses and nothing else. So we can ask what *any* rule would have done with the losses of a run that is long over, without training anything. `schedules.replay(rule, losses)` returns the rate after each loss.
#
# One caution. In a real run the rate changes the losses that follow. A replay shows how a rule reads a curve, not what would have come of it.
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
rules = ORIGINAL | {
    "cosine": schedules.Cosine(5e-4, epochs=100, minimum=5e-6),
    "linear": schedules.Linear(5e-4, epochs=100, minimum=5e-6, start=0.5),
}
print("rate after 100 epochs, and how often it fell")
print(" " * 10 + "".join(f"{name:>18}" for name in curves))
for name, rule in rules.items():
    row = f"{name:10}"
    for losses in curves.values():
        rates = np.array([rule.initial, *schedules.replay(rule, losses)])
        row += f"{rates[-1]:11.1e}{np.sum(np.diff(rates) < 0):7d}"
    print(row)

# %% mystnb={"figure": {"caption": "One list of losses, the noisy one of the table above, and the rate that each rule makes of it. The two clocks fall as planned; the others read the loss. The cell prints the epoch in which each rate first falls.", "name": "fig-schedules-rules"}, "image": {"alt": "Two charts over 100 epochs, one above the other. Above, a jagged loss that falls quickly and then levels out. Below, seven learning rates on a logarithmic axis: one level line, one with a few small steps, one with a few more, two staircases that drop to the lowest level early, and two smooth curves that fall there at the end."}}
figure, (above, below) = plt.subplots(
    2, 1, figsize=(plotting.WIDTH, 5.4), sharex=True, height_ratios=(1, 2)
)
above.plot(epochs, curves["noisy"], color="0.4")
above.set(ylabel="loss")
for (name, rule), line in zip(rules.items(), ("-", "-", "-", "-", "--", "-.", ":"), strict=True):  # fmt: skip
    rates = np.array([rule.initial, *schedules.replay(rule, curves["noisy"])])
    below.semilogy(epochs, rates[:-1], line, drawstyle="steps-post", label=name)
    fell = np.flatnonzero(np.diff(rates) < 0)
    print(f"{name:9}", f"first falls after epoch {fell[0] + 1}" if len(fell) else "never falls")  # fmt: skip
below.set(xlabel="epoch", ylabel="learning rate")
figure.legend(*below.get_legend_handles_labels(), loc="outside lower center", ncols=4)
plt.show()

# %% [markdown]
# ## Reading one's own code
#
# Now the second look at S4. The original project's page describes it in a sentence ([README of *Shuntw6096/VAE-GAN*](https://github.com/Shuntw6096/VAE-GAN), its last schedule). In English: wait six epochs at first; if the next validation loss has not fallen against the six before it, decay the learning rate; do not clear the buffer after a decay. That is *stagnation* with a window of six.
#
# The project also did what few do: it published its logs, with the losses and the learning rates of every epoch. Its recorded rates are not those of that sentence. For all three networks, in every one of the $300$ recorded epochs ($3$ networks, $100$ epochs each), they are those of another rule: decay when the new loss is *below* the lowest of the previous four. That is *improvement*, with a window of four.
#
# We do not have those logs here, so this page cannot show the comparison itself. What it can show is what such a difference does.

# %% mystnb={"figure": {"caption": "S4 as its text has it and S4 as its log shows it, on three losses. On the falling loss the text's rule never acts, and the log's rule acts at every epoch until it is at the floor. On the rising loss it is the other way round. The cell prints how often each rate fell, and when it reached the floor.", "name": "fig-schedules-s4"}, "image": {"alt": "Three charts side by side, for a falling, a noisy and a rising loss, each with two learning rates on a logarithmic axis. In the first, the solid line stays level at the top and the dashed one drops to the floor within the first epochs. In the second both drop to the floor, the dashed one first. In the third the dashed line stays level and the solid one drops."}}
figure, panels = plt.subplots(1, 3, figsize=(plotting.WIDTH, 3.0), sharey=True)
for axes, (curve, losses) in zip(panels, curves.items(), strict=True):
    for name, line in (("S4, text", "-"), ("S4, log", "--")):
        rule = ORIGINAL[name]
        rates = np.array([rule.initial, *schedules.replay(rule, losses)])
        axes.semilogy(epochs, rates[:-1], line, drawstyle="steps-post", label=name)
        at_floor = np.flatnonzero(rates == rule.minimum)
        end = f"at the floor after epoch {at_floor[0]}" if len(at_floor) else "never at the floor"
        print(f"{curve:8} {name:9} fell {np.sum(np.diff(rates) < 0):2d} times, {end}")
    axes.set(title=curve, xlabel="epoch")
panels[0].set_ylabel("learning rate")
panels[0].legend(loc="center right")
plt.show()

# %% [markdown]
# The two rules are opposites. The text's rule slows down when training is stuck. The log's rule slows down when training goes well, and a loss that falls steadily sends the rate to its floor within a few epochs after the window is full. There it stays, for no rule here raises a rate.
#
# It takes one comparison to get from one to the other, a $<$ in place of a $\geq$, and another number for the window. The program runs as before: no error, and images come out. Anyone who writes such rules by hand has done this, or will. What helps:
#
# - **Log the rate itself**, each epoch, beside the loss. The project did, and that is the only reason why the difference can be found at all.
# - **Replay the rule over the logged losses.** If the rates differ, code and words differ.
# - **Test the rule on losses whose answer you know**: a falling list, a flat one, a tie, a list shorter than the window.
#
# The conclusions drawn from that run remain what they are: results of the rule that ran. The course keeps both, under the names that say what they do.
#
# Try them. Choose a loss and a rule; move the factor, the patience or window, and the floor. On the falling loss, can any setting make *stagnation* act? On the noisy loss, what does a patience of six make of it, and what does one of twelve?

# %% tags=["nbval-ignore-output"]
ScheduleExplorer(
    curves,
    curve="noisy",
    rule="stagnation",
    title="Which loss makes which rule act?",
)

# %% [markdown]
# ## A rule for each network
#
# A GAN has two networks and two losses; a VAE-GAN has three. Each network has its own optimizer, so each can have its own rule. `callbacks.LearningRateSchedules` shows each rule that network's validation loss, and sets that network's rate:
#
# ```python
# rules = {
#     "generator": schedules.Cosine(1e-3, epochs=100),
#     "discriminator": schedules.Plateau(1e-3, factor=0.75, minimum=5e-6, patience=6),
# }
# history = callbacks.HistoryWriter("runs/gan/history.csv")
# gan.fit(
#     x_train,
#     validation_data=(x_test,),
#     epochs=100,
#     callbacks=[
#         callbacks.LearningRateSchedules(rules),
#         history,
#         callbacks.TensorBoardLog("runs/gan/log", history),
#     ],
# )
# ```
#
# It logs `learning_rate_generator` and `learning_rate_discriminator`. `HistoryWriter` keeps them in a table, and `tensorboard --logdir runs` draws them beside the losses. Keras' own `ReduceLROnPlateau` follows one loss and lowers all rates together.
#
# There is one more idea, and it is not about time. Let both rates be constant, but *different*: the two time-scale update rule, TTUR {cite}`heusel2017gans`. If the discriminator learns faster than the generator, it stays near its best answer to the images of the moment, and the generator learns from a judge that is up to date. `schedules.two_time_scales` makes such a pair from one rule.
#
# ## A loss that measures the opponent
#
# The rules that follow a loss assume that a lower loss is a better model. For a VAE that is so. For a GAN it is not, and one line shows why.
#
# Let $D(x)$ be the probability with which the discriminator calls $x$ real. It minimises `discriminator_loss`, and the generator minimises `generator_loss` {cite}`goodfellow2014generative`:
#
# $$
# \begin{aligned}
# \mathcal L_{\text{Dis}} &= -\mathbb E_{x}\left[\log D(x)\right] \\
# &\quad - \mathbb E_{z}\left[\log(1 - D(G(z)))\right], \\
# \mathcal L_{\text{Gen}} &= -\mathbb E_{z}\left[\log D(G(z))\right] .
# \end{aligned}
# $$ (eq-schedules-gan)
#
# Suppose the discriminator cannot tell at all: $D = \tfrac 12$ everywhere. Put that in:
#
# $$
# \begin{aligned}
# \mathcal L_{\text{Dis}} &= 2 \log 2 \approx 1.386, \\
# \mathcal L_{\text{Gen}} &= \log 2 \approx 0.693 .
# \end{aligned}
# $$ (eq-schedules-balance)
#
# No image appears in this. A perfect generator leads there: then one half is the discriminator's *best* answer. But so does a generator of poor images whose discriminator has not found out yet, or has been thrown off the track. The two losses say how the two networks stand *towards each other*, and both may be strong or both weak. So {cite}`salimans2016improved` write that a GAN lacks an objective function by which models could be compared.
#
# ### Measured
#
# Eight small Gaussians on a ring: the generator has to find all eight. Here quality can be counted. A point is of *high quality* within three standard deviations of a mode; a mode is *covered* when at least a tenth of its fair share of the points lands there.
#
# We train the same small GAN under four pairs of rules, from four seeds each. `slow` is a control: both networks at the lower of the two rates that the two time scales have. The validation loss is that on points kept out of training.

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


# Compiled once and reset for each run: compiling takes about as long as a run.
gan = models.GAN(*build(), seed=0)
gan.compile(
    keras.optimizers.Adam(FAST, beta_1=0.5),
    keras.optimizers.Adam(FAST, beta_1=0.5),
    steps_per_execution=STEPS,
)
fresh_state = [keras.ops.convert_to_numpy(v) for v in gan.optimizer.variables]


def measure(epoch, logs):
    """Add to the logs what the samples are worth."""
    points = gan.generate(1000, seed=1)
    fair_share = len(points) / len(ring.modes)
    logs["modes"] = metrics.modes_covered(
        points, ring.modes, ring.std, minimum=int(fair_share / 10)
    )
    logs["high_quality"] = metrics.high_quality_share(points, ring.modes, ring.std)


def play(rules, seed):
    """Train from a seed; return the history and 1000 points."""
    keras.utils.set_random_seed(seed)
    for network, new in zip((gan.generator, gan.discriminator), build(), strict=True):
        network.set_weights(new.get_weights())
    for variable, value in zip(gan.optimizer.variables, fresh_state, strict=True):
        variable.assign(value)
    gan.seed_generator.state.assign(keras.random.SeedGenerator(seed).state)
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
for name, rules in RULES.items():
    for network, rule in rules.items():
        logged = runs[name][0][0][f"learning_rate_{network}"]
        same = logged == schedules.replay(rule, runs[name][0][0][f"val_{network}_loss"])
        print(f"{name:16} {network:14} begins at {rule.initial:.1e}; logged rates are the replay's: {same}")  # fmt: skip

# %% [markdown]
# First the losses, in the runs with constant rates. Does a discriminator near $2 \log 2$ mean good points?

# %% tags=["nbval-ignore-output"]
print(f"constant rates, at the end        2 log 2 = {2 * np.log(2):.3f}")
print("seed  discriminator_loss  generator_loss  high quality  modes")
for seed, (history, _) in zip(SEEDS, runs["constant"], strict=True):
    print(f"{seed:4d} {history['val_discriminator_loss'][-1]:19.2f} {history['val_generator_loss'][-1]:15.2f}"
          f" {history['high_quality'][-1]:13.2f} {history['modes'][-1]:6d}")  # fmt: skip

# %% mystnb={"figure": {"caption": "Points of the best and of the worst of these four runs, by the share of high quality, with the held-out losses of both networks above. The rings are the eight modes at three standard deviations. The cell checks that in the better run the share is at least three times as large.", "name": "fig-schedules-points"}, "image": {"alt": "Two square charts of dots with eight small circles on a ring. Left, dots gather in most or all of the circles, with thin trails between them. Right, the dots form a cloud or a curve that misses most of the circles."}}
shares = [history["high_quality"][-1] for history, _ in runs["constant"]]
figure, panels = plt.subplots(1, 2, figsize=(plotting.WIDTH, 3.5), sharey=True)
for axes, index in zip(panels, (np.argmax(shares), np.argmin(shares)), strict=True):
    history, points = runs["constant"][index]
    axes.scatter(*points.T, s=3, alpha=0.4, linewidths=0)
    for mode in ring.modes:
        axes.add_patch(plt.Circle(mode, 3 * ring.std, fill=False, color="C3"))
    axes.set(aspect="equal", xlim=(-1.6, 1.6), ylim=(-1.6, 1.6))
    axes.set_title(f"discriminator {history['val_discriminator_loss'][-1]:.2f}, "
                   f"generator {history['val_generator_loss'][-1]:.2f}", fontsize=10)  # fmt: skip
print("share of the better run at least three times the other's:",
      max(shares) > 3 * min(shares))  # fmt: skip
plt.show()

# %% [markdown]
# The shares differ by far; the losses hardly tell. And over time? For each run we follow the generator's held-out loss and the share of high quality from epoch to epoch. If a lower loss meant better points, the two would be ordered in opposite ways: their *rank correlation* would be near $-1$. It is the correlation of the ranks: $1$ for the same order, $-1$ for the reverse, near $0$ for none.

# %% tags=["nbval-ignore-output"]


def rank_correlation(loss, name):
    """Rank correlation over epochs of a held-out loss with the share, one a seed."""
    return [
        float(spearmanr(history[f"val_{loss}_loss"], history["high_quality"]).statistic)
        for history, _ in runs[name]
    ]


print("rank correlation with the share of high quality over epochs, one a seed")
for loss in ("generator", "discriminator"):
    for name in RULES:
        values = " ".join(f"{value:5.2f}" for value in rank_correlation(loss, name))
        print(f"{loss:14} {name:16} {values}")

waiting = schedules.Plateau(SLOW, factor=0.75, minimum=5e-6, patience=6)
print("a plateau rule over generator_loss, two time scales: rate in the end, one a seed")
print([f"{schedules.replay(waiting, history['val_generator_loss'])[-1]:.1e}"
       for history, _ in runs["two time scales"]])  # fmt: skip

# %% mystnb={"figure": {"caption": "The runs with two time scales. Above, the generator's held-out loss; below, the share of high quality; one line a seed. The share climbs in every run, and the loss does not fall with it. The cell checks both, and that no rank correlation of the table comes near $-1$.", "name": "fig-schedules-signal"}, "image": {"alt": "Two charts over epochs, one above the other, each with four lines. Above, the generator's loss wanders up and down within a narrow band around a dotted line or above it. Below, the share of points of high quality rises in all four runs from almost zero to more than half."}}
figure, (above, below) = plt.subplots(2, 1, figsize=(plotting.WIDTH, 4.4), sharex=True)
shown = [history for history, _ in runs["two time scales"]]
for history in shown:
    ticks = range(1, EPOCHS + 1)
    above.plot(ticks, history["val_generator_loss"], linewidth=1.5)
    below.plot(ticks, history["high_quality"], linewidth=1.5)
above.axhline(np.log(2), color="black", linestyle=":", linewidth=1)
above.set(ylabel="generator_loss", ylim=(0, 1.5))
below.set(xlabel="epoch", ylabel="high quality", ylim=(0, 1))
print("share at least four times that of the first epoch, in every run:",
      all(history["high_quality"][-1] > 4 * history["high_quality"][0] for history in shown))  # fmt: skip
print("generator_loss at the end not below 0.8 of that of the first epoch, in every run:",
      all(history["val_generator_loss"][-1] > 0.8 * history["val_generator_loss"][0] for history in shown))  # fmt: skip
lowest = min(min(rank_correlation("generator", name)) for name in RULES)
print("no rank correlation with generator_loss near -1, in any run:", not lowest < -0.7)
plt.show()

# %% [markdown]
# The quality grew severalfold, and the loss that a plateau rule would watch stayed where it was. Such a rule waits out its patience and then lowers the rate in the midst of the best progress: the last line of the table replays S3's rule over these losses, from the rate that was used. The correlations have both signs. For the discriminator's loss it is no different.
#
# **What to watch instead: the samples.** On a toy, count modes and shares. On images, measure a distance between the features of generated and of real images, precision and recall, the histogram of classes, and look at one fixed sheet of samples. Each of them beside its floor. To let such a number lead the rate, put it into the logs and name it: `LearningRateSchedules(rules, monitor="...")`.
#
# ### Which rule won?

# %% tags=["nbval-ignore-output"]
print(f"after {EPOCHS * STEPS} steps, over {len(SEEDS)} seeds: mean [95 % interval]")
final = {}
for name, played in runs.items():
    final[name] = {
        key: [history[key][-1] for history, _ in played] for key in ("high_quality", "modes")
    }
    text = "  ".join(
        "{} {:.2f} [{:.2f}, {:.2f}]".format(key, *metrics.mean_interval(values))
        for key, values in final[name].items()
    )
    print(f"{name:16} {text}  {final[name]['modes']}")

# %% mystnb={"figure": {"caption": "The share of high quality by epoch under four pairs of rules: the mean of four seeds, and in pale the range between the lowest and the highest. The cell checks the order that the text states.", "name": "fig-schedules-rules-compared"}, "image": {"alt": "Four lines with pale bands over epochs. The line of two time scales rises steadily to the top and its band is narrow. The constant rate's line ends lower, with a band that reaches from almost nothing to the top. The cosine's and the slow pair's lines stay near the bottom."}}
figure, axes = plt.subplots()
for name, played in runs.items():
    curves_of_seeds = np.array([history["high_quality"] for history, _ in played])
    ticks = range(1, EPOCHS + 1)
    (line,) = axes.plot(ticks, curves_of_seeds.mean(axis=0), label=name)
    axes.fill_between(ticks, curves_of_seeds.min(axis=0), curves_of_seeds.max(axis=0),
                      color=line.get_color(), alpha=0.15, linewidth=0)  # fmt: skip
axes.set(xlabel="epoch", ylabel="high quality", ylim=(0, 1))
axes.legend(loc="upper left")
best = max(final, key=lambda name: np.mean(final[name]["high_quality"]))
print("highest mean share:", best)
slow, two = final["slow"]["high_quality"], final["two time scales"]["high_quality"]
print("two time scales above the slow pair in every seed:", min(two) > max(slow))
plt.show()

# %% [markdown]
# Read the two lower rows together. The slow pair and the two time scales have the *same* generator rate. They differ in the discriminator's alone, and it makes the difference between a share of almost nothing and one of more than half. The constant pair has the same discriminator rate, and a faster generator: it gets there in some seeds and not in others. So here it is the *ratio* that counts, not the speed.
#
# The cosine pair did worse than the constant one. It spent half of a short training at low rates, and had not found the modes by then. A decay helps to settle; it does not help to arrive.
#
# How far does this carry? One toy, one small network, one length of training, four seeds. Equation {eq}`eq-schedules-balance` holds for every GAN. The ranking of rules does not: on another task, or trained for longer, another may win.
#
# ## Exercises
#
# Replace the placeholder in each cell and run it. The check says what it proved, or gives a hint.
#
# ### Run and look
#
# Equation {eq}`eq-schedules-window`, *stagnation*, with a window of three. Begin at $8$, halve, never below $1$. The losses are $5, 3, 4, 3, 2, 4, 3, 5$. Write down the eight rates. Do it by hand first; then you may ask `schedules.replay`.

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
# Write S2 and S3: a new best must be strictly below all losses before it; each decay starts a new count; the floor holds.

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
# ### Implement S4, both of it
#
# Write equation {eq}`eq-schedules-window` with `decay_on` as an argument. Which loss belongs to the window, and which does not?

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
# <details><summary>b) It falls a little and levels out again.</summary>
#
# Right. By equation {eq}`eq-schedules-floor` the variance is about proportional to the rate. Such a step in a loss curve says that noise was the limit, not that the model learned something new.
#
# </details>
# <details><summary>c) It rises, because learning is slower.</summary>
#
# No. Slower is not worse once you have arrived.
#
# </details>
#
# **3. A loss falls at every single epoch. What does S4 do, as its text has it?**
#
# <details><summary>a) It never lowers the rate.</summary>
#
# Right. Each loss is below all before it, so it is never at or above the lowest of the window.
#
# </details>
# <details><summary>b) It lowers the rate at each epoch once the window is full.</summary>
#
# No. That is what its log shows, the rule named *improvement*.
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
# <details><summary>c) Nothing. This discriminator cannot tell them from real ones.</summary>
#
# Right. That may be because they are good, or because it is weak, slow, or off the track. Look at the samples, and measure them.
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
# - With noisy slopes a high rate travels fast and rests badly. That is why rates are lowered.
# - Some rules go by the clock, others by the loss. Write down what counts as a tie, when a count starts again, and where the floor is.
# - Log the rates, and replay the rule over the logged losses: words and code may differ.
# - A GAN's loss measures the opponent. Near $2 \log 2$ says "undecided", not "good". Watch the samples.
# - With two networks the ratio of the rates may matter more than any decay.
#
# ## Sources
#
# - Falling rates and noise: {cite}`robbins1951stochastic`; {cite}`bottou2018optimization`, theorems 4.6 (a fixed rate ends in a neighbourhood) and 4.7 (a falling one arrives); {cite}`goodfellow2016deep`, section 8.3.1.
# - The bound of curvature: {cite}`goodfellow2016deep`, section 4.3.1.
# - Cosine: {cite}`loshchilov2017sgdr`, equation 5.
# - Two time scales: {cite}`heusel2017gans`, section 2.
# - The game and its balance: {cite}`goodfellow2014generative`, equation 1 and theorem 1. GANs lack an objective to compare by: {cite}`salimans2016improved`, section 4. Losses and sample quality: {cite}`arjovsky2017wasserstein`, section 4.2.
# - The ring, and what counts as high quality: {cite}`srivastava2017veegan`, section 5.1.
# - S1 to S4: the [original project](https://github.com/Shuntw6096/VAE-GAN), its `README.md` for the words and `logs/lr4.zip` for the recorded rates of S4.
