# %% [markdown]
# # Chapter 8: Training tricks
#
# *Run time: 93 s on two CPU cores, measured at the last execution.*
#
# **Which of the tricks that everybody uses does something, taken alone?**
#
# After this chapter you can
#
# - derive what soft and noisy labels make of the best discriminator, and what the generator feels of it;
# - let noise decay by epoch, and say what noise is good for;
# - say what a layer sees when BatchNorm stands before its activation, and what when it stands after, and renew its averages before you judge a generator;
# - compute how much dropout shakes a discriminator's answer, and why its place matters;
# - tell a trick that helps from one that was only lucky, and say with which settings to start.
#
# You need chapter 4 and, for the measures at the end, [How good is it?](04_how_good_is_it.ipynb) Words are explained in the [glossary](../book/glossary.md), symbols in the [notation](../book/notation.md).

# %% mystnb={"code_prompt_show": "Colab needs this cell", "code_prompt_hide": "Hide Colab's cell"} tags=["colab", "nbval-skip", "hide-cell"]
# Colab needs the course's package and its records. Elsewhere this cell does nothing.
import os
import sys

if "google.colab" in sys.modules and not os.path.exists("08_tricks.py"):
    from IPython import get_ipython

    address = "https://github.com/vaegan-edu/vaegan-edu"
    if not os.path.exists("course"):  # after a restart it is there
        get_ipython().system(f"git clone -q --depth 1 {address} course")
    os.chdir("course/notebooks")
    get_ipython().run_line_magic("pip", "install -q 'keras>=3.15,<4' anywidget ..")

# %%
from vaegan_edu import notebook

profile = notebook.start()

import json
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import ops
from scipy.special import expit
from scipy.stats import norm

from vaegan_edu import (
    callbacks,
    claims,
    datasets,
    exercises,
    intervals,
    layers,
    losses,
    metrics,
    models,
    networks,
    plotting,
    records,
    toys,
    verdicts,
)
from vaegan_edu.widgets import LabelExplorer

# %% [markdown]
# ## What a trick is
#
# A GAN is two networks that learn from each other, and neither loss says how good the images are. So people who train GANs pass on advice: soften the labels, put BatchNorm everywhere, add noise, add dropout {cite}`salimans2016improved,chintala2016train`. Used in bundles, the pieces do not show which of them did what, or whether any did. The project that this course grew out of used several, and suggested one more. (Three of its statements are tested here, under the names that they have on the [page of claims](../book/claims.md): C2, C5 and C6.)
#
# This chapter takes the tricks one at a time. What each does is derived or measured first. Then it is tried *alone*, from several seeds, against the same small GAN without any trick.
#
# One question runs through the chapter: *what does the generator feel once the trick is in place?* A trick with the **labels**, or noise on the images, changes the discriminator's best answer, and with it the slope that the generator follows: that can be derived. A trick with the **layers** changes the values and gradients that pass through a network: only an experiment tells whether that helps.
#
# ## Three tricks with labels
#
# The discriminator learns from labelled examples: label $1$ on real ones, $0$ on generated ones. Its loss is a cross-entropy, in code `losses.discriminator_loss(logits, target)`.
#
# ### Flipped labels
#
# When the *generator* learns, flip the labels: call generated examples real. The generator then lowers the cross-entropy with the label $1$, which is $-\log D$.
#
# This is [chapter 4](04_gan.ipynb)'s non-saturating loss by another name. Where the discriminator is sure that an example is generated, it pushes hardest, and the minimax loss $\log(1 - D)$ least.
#
# ### Soft labels
#
# Where a discriminator recognises real examples with certainty, the label $1$ pushes its logit up without end. *One-sided label smoothing* tells it $t = 0.9$ in place of $1$, on real examples only {cite}`salimans2016improved`. In code $t$ is `real_target`.
#
# What is its best answer now? As in chapter 4, write the loss as one integral and look at one place $x$. There the data have the density $p$ and the generator has $q$. Real examples ask for the label $t$, generated ones for $0$:
#
# $$
# \begin{aligned}
# \mathcal L(x) = {} & -p \left[ t \log D + (1 - t) \log(1 - D) \right] \\
# & - q \log(1 - D) .
# \end{aligned}
# $$ (eq-tricks-loss)
#
# The derivative with respect to $D$ is zero where $t\,p / D$ equals $\left[(1 - t)\,p + q\right] / (1 - D)$. Solve for $D$:
#
# $$
# \begin{aligned}
# D^*_{\text{soft}}(x) &= \frac{t\, p(x)}{p(x) + q(x)}, \\
# \texttt{logits}^*_{\text{soft}}(x) &= \log \frac{t\, p(x)}{(1 - t)\, p(x) + q(x)} .
# \end{aligned}
# $$ (eq-tricks-soft)
#
# Where only data lie, $q = 0$, the logit is $\log \frac{t}{1 - t}$, about $2.2$ for $t = 0.9$, and no higher. Where only generated points lie, $p$ in the numerator goes to zero, and the logit falls without bound, as before. And at the end of the game, $p = q$, the answer is $t / 2$ and not one half.
#
# Why one-sided? If generated examples have a soft label $s > 0$ as well, the same steps lead to
#
# $$
# D^*(x) = \frac{t\, p(x) + s\, q(x)}{p(x) + q(x)} .
# $$ (eq-tricks-two-sided)
#
# What the generator follows is the *slope* of the logit. Go far away from the data, where $p$ is tiny beside $q$. For $s = 0$ the logit is $\log \frac{t\,p}{(1 - t)\,p + q}$: as the data get rarer beside the generator's points it falls without bound, so its slope points to where they are less rare. For $s > 0$ the fraction in equation {eq}`eq-tricks-two-sided` is close to $s$ at all these places. So the logit levels off at $\log \frac{s}{1 - s}$ and has no slope, and a point that the generator makes there is not sent anywhere.
#
# ### Noisy labels
#
# In the *discriminator's* loss, and not in the generator's as above, one may also flip some labels at random: each label, real or generated, with a small probability $f$, in code `flip_probability` {cite}`chintala2016train`. Then the discriminator cannot become sure.
#
# The cross-entropy is linear in the label, so only the mean label counts. For a real example that is now $1 - f$, for a generated one $f$. That is equation {eq}`eq-tricks-two-sided` with $t = 1 - f$ and $s = f$:
#
# $$
# \begin{aligned}
# D^*_{\text{noisy}}(x) &= \frac{(1 - f)\, p(x) + f\, q(x)}{p(x) + q(x)}, \\
# \left| \texttt{logits}^*_{\text{noisy}}(x) \right| &\leq \log \frac{1 - f}{f} .
# \end{aligned}
# $$ (eq-tricks-noisy)
#
# So the logit is bounded at *both* ends. At the end of the game the answer is one half again.
#
# To check this we take, as in chapter 4, densities that we know: two Gaussians that hardly meet. A small network learns from draws with hard, soft or noisy labels.

# %%
TARGET, FLIP = 0.9, 0.1
rng = np.random.default_rng(0)
count = 50_000
points = np.concatenate([rng.normal(-1.0, 0.6, count), rng.normal(1.0, 0.6, count)])
is_real = np.repeat([1.0, 0.0], count)
turned = rng.random(2 * count) < FLIP
labels = {
    "hard": is_real,
    "soft": TARGET * is_real,
    "noisy": np.where(turned, 1 - is_real, is_real),
}
x = np.linspace(-2, 2, 161)
p, q = norm.pdf(x, -1.0, 0.6), norm.pdf(x, 1.0, 0.6)
formula = {
    "hard": np.log(p / q),
    "soft": np.log(TARGET * p / ((1 - TARGET) * p + q)),
    "noisy": np.log(((1 - FLIP) * p + FLIP * q) / (FLIP * p + (1 - FLIP) * q)),
}

# %% tags=["nbval-ignore-output", "hide-input"]
EPOCHS = profile.epochs(cpu=4, gpu=8)
order = rng.permutation(2 * count)


def learn(targets):
    """Train a small discriminator on the points and return its logits at `x`."""
    keras.utils.set_random_seed(0)
    discriminator = keras.Sequential(
        [
            keras.Input((1,)),
            keras.layers.Dense(32, activation="tanh"),
            keras.layers.Dense(32, activation="tanh"),
            keras.layers.Dense(1),
        ]
    )
    rate = keras.optimizers.schedules.CosineDecay(5e-3, decay_steps=200 * EPOCHS)
    discriminator.compile(
        keras.optimizers.Adam(rate),
        loss=lambda target, logits: losses.discriminator_loss(logits, target[:, 0]),
        steps_per_execution=50,
    )
    discriminator.fit(
        points[order, None],
        targets[order, None],
        batch_size=500,
        epochs=EPOCHS,
        shuffle=False,
        verbose=0,
    )
    return networks.apply(discriminator, x[:, None].astype("float32"))[:, 0]


learned = {name: learn(targets.astype("float32")) for name, targets in labels.items()}
weight = p + q  # examples lie where this is large
notebook.Table(
    {
        name: {
            "left edge, by formula": formula[name][0],
            "left edge, learned": learned[name][0],
            "right edge, by formula": formula[name][-1],
            "right edge, learned": learned[name][-1],
            "error of D": float(
                np.average(np.abs(expit(learned[name]) - expit(formula[name])), weights=weight)
            ),
        }
        for name in labels
    },
    digits=3,
    corner="logits",
)

# %% mystnb={"figure": {"caption": "The best logits by formula (lines) and what a network learned from draws (dots), for hard, soft and noisy labels. Real points lie on the left, generated ones on the right.", "name": "fig-tricks-labels"}, "image": {"alt": "Three falling curves with dots on them over x. One falls in a straight line from far above to far below zero. The second is level a little above two on the left, bends in the middle and joins the first on its way down. The third is level on the left at the same height and level on the right at its mirror image below zero."}} tags=["hide-input"]
figure, axes = plt.subplots(figsize=(plotting.WIDTH, 3.4))
for number, name in enumerate(labels):
    axes.plot(x, formula[name], color=f"C{number}", label=name)
    axes.plot(x[::8], learned[name][::8], ".", color=f"C{number}")
print(f"labels: {', '.join(labels)}; {2 * count:,} points")
axes.set(xlabel="x", ylabel="logit")
axes.legend(title="labels")
plt.show()

# %% [markdown]
# The network follows the formula where there are examples of both kinds. Towards the edges there is hardly an example of one kind, so draws do not tell how rare it is. With hard labels the best logit is large there, and the network falls short of it at both edges. With soft labels it falls short on the right alone: hardly a real point was drawn there, so the learned logit goes level far above the formula. With noisy labels both labels occur everywhere, and the network reaches the formula.
#
# On the left, where the data lie, soft and noisy labels both put a lid on the logit. On the right, where the *generated* points lie, the formula for soft labels is nearly that for hard ones, and only noisy ones put a lid there too. And that is where the generator learns.
#
# ### What the generator feels
#
# The generator steps *down* the slope of its loss $-\log D$ at its own points. By the chain rule the slope is $-(1 - D)$ times the slope of the logit, so the step goes along $+(1 - D)$ times it. Far from the data $D$ is near zero, and the slope of the logit decides. The mean over the generator's points says where they move as a whole. We call it the *pull*:
#
# $$
# \text{pull} = \mathbb E_{x \sim q}\left[ \left(1 - D(x)\right) \frac{d\, \texttt{logits}}{dx} \right] .
# $$ (eq-tricks-pull)
#
# (In the figure below the data lie to the *left* of the generator, so there a negative pull is right. In chapters 5 and 9 a pull is the length of a gradient in a network's *weights*.)
#
# Where the data are rare beside the generated points, soft labels leave the slope as it was. Noisy labels make the best logit *level* there, at its lower bound, so the pull all but vanishes just when the generator is far off.
#
# In the figure the data are a Gaussian around zero, the generator's one around `mean`, both narrow. `target` is the soft label, `flip` the share of flipped labels, and `noise` widens both densities (see *Noise that decays*). First move `target` alone, then `flip` alone: what becomes of the pull? Then bring `mean` closer. From where on do noisy labels let the generator feel something?

# %% tags=["nbval-ignore-output"]
explorer = LabelExplorer()
explorer

# %% tags=["hide-input"]
rows = {}
for words, settings in {
    "hard labels": {"target": 1.0},
    "soft, target 0.9": {"target": 0.9},
    "noisy, flip 0.1": {"target": 1.0, "flip": 0.1},
    "noise 1.0": {"target": 1.0, "noise": 1.0},
}.items():
    best = LabelExplorer(mean=3.0, **settings).best
    rows[words] = {
        "D* at the data": best["at_data"],
        "D* at the generator": best["at_generator"],
        "pull": best["pull"],
    }
notebook.Table(rows)

# %% [markdown]
# All this is about the *best* discriminator. A real one lags behind, and how close it comes to its bound in a game was not measured, so the formula is a warning. The runs at the end show whether noisy labels do harm in one game.
#
# ## Noise that decays
#
# Real images fill only a thin part of the space of all images, generated ones another, and even near each other two thin parts hardly meet. Then there is a discriminator that is right every time, and chapter 4's Jensen-Shannon divergence is stuck at $\log 2$, whether the generator comes closer or not {cite}`arjovsky2017towards`. *Instance noise* adds Gaussian noise to everything that the discriminator sees, real and generated {cite}`sonderby2017amortised`. Both densities become wider and overlap, and the divergence begins to depend on the distance.
#
# The noise does not move the goal: two different densities still differ when both are blurred by the same Gaussian (its Fourier transform has no zero, so the blur could be undone). So $q = p$ stays the only optimum. But fine detail is then judged through the noise. So one usually lets it decay:
#
# $$
# \begin{aligned}
# y &= x + \texttt{stddev} \cdot \max\left(0,\ 1 - \frac{\texttt{epoch}}{\texttt{epochs}}\right) \cdot \xi, \\
# \xi &\sim \mathcal N(0, 1) .
# \end{aligned}
# $$ (eq-tricks-noise)
#
# This is `layers.DecayingNoise(stddev, epochs)`. Epochs count from zero here, and a callback, `callbacks.NoiseDecay()`, tells the layer which one has begun.
#
# The figure shows what noise does to the divergence, for two Gaussians so narrow that they are almost points.

# %% mystnb={"figure": {"caption": "Jensen-Shannon divergence of two very narrow Gaussians over their distance, without noise and with noise of two strengths added to both. Without enough noise it is level at $\\log 2$ (dotted) from the shortest distance on, so it has no slope.", "name": "fig-tricks-noise"}, "image": {"alt": "Three curves over distance that all start at zero. The first jumps to the dotted line at once and runs along it. The second rises within the first third of the axis and then runs along the line. The third rises slowly and is still rising at the right edge."}} tags=["hide-input"]
grid = np.linspace(-12, 16, 5601)


def divergence(distance, deviation):
    """Jensen-Shannon divergence of N(0, deviation^2) and N(distance, deviation^2), by a sum."""
    log_p, log_q = norm.logpdf(grid, 0, deviation), norm.logpdf(grid, distance, deviation)
    log_m = np.logaddexp(log_p, log_q) - np.log(2)
    parts = np.exp(log_p) * (log_p - log_m) + np.exp(log_q) * (log_q - log_m)
    return 0.5 * np.sum(parts) * (grid[1] - grid[0])


distances = np.linspace(0, 4, 81)
figure, axes = plt.subplots(figsize=(plotting.WIDTH, 3.0))
for noise in (0.0, 0.5, 1.5):
    deviation = np.hypot(0.05, noise)
    axes.plot(distances, [divergence(d, deviation) for d in distances], label=f"{noise}")
    slope = (divergence(2.05, deviation) - divergence(1.95, deviation)) / 0.1
    print(f"noise {noise}: slope at distance 2 is {abs(slope):.3f}")
axes.axhline(np.log(2), color="black", linestyle=":", linewidth=1)
axes.set(xlabel="distance", ylabel="JS, nats")
axes.legend(title="noise", loc="lower right")
plt.show()

# %% [markdown]
# Two losses, two answers. *Minimax loss:* with the best discriminator it follows the divergence, which is level when the two hardly overlap; noise gives it a slope, as in this figure. *The loss $-\log D$:* it follows the slope of the logit. For two Gaussians that slope is steepest without noise, so in the table above noise made the pull *weaker*. But images may not overlap at all. Then the best $D$ is undefined between them, and no formula says which way it pulls; noise gives both losses a direction.
#
# The original project suggested something else, with a link to the same list {cite}`chintala2016train`. It is claim C6: the same decaying noise on the input of each layer *of the generator*. That does not blur the real images. In training the same code $z$ gives a different image each time, so what the generator makes is spread wider. In the package `networks.build_decoder(noise=(stddev, epochs))` builds it, `build_discriminator(instance_noise=...)` the other.
#
# ## BatchNorm: before or after the activation?
#
# BatchNorm takes each unit's values over the batch, subtracts their mean $\mu_B$, divides by their standard deviation $\sigma_B$, then scales by $\gamma$ and shifts by $\beta$, both learned {cite}`ioffe2015batch`:
#
# $$
# \operatorname{BN}(h) = \gamma\, \frac{h - \mu_B}{\sqrt{\sigma_B^2 + \epsilon}} + \beta .
# $$ (eq-tricks-norm)
#
# (This $\gamma$ has nothing to do with the VAE-GAN's; $\epsilon$ is a small number against division by zero.) A layer computes $h$, a *pre-activation*; then comes the activation, say $\operatorname{ReLU}(h) = \max(0, h)$. BatchNorm may stand between the two, as its authors put it, or behind both. The original project says: before, or no image appears (claim C2).
#
# **Before.** At the start, with $\gamma = 1$ and $\beta = 0$, what enters the ReLU has mean zero and variance one, whatever the layers below do. So about half of the values pass. If $h$ is Gaussian, what comes out has
#
# $$
# \begin{aligned}
# \mathbb E\left[\max(0, h)\right] &= \frac{1}{\sqrt{2\pi}} \approx 0.40, \\
# \operatorname{Var}\left[\max(0, h)\right] &= \frac 12 - \frac{1}{2\pi} \approx 0.34 .
# \end{aligned}
# $$ (eq-tricks-half)
#
# **After.** What comes out has mean zero and variance one, which is what the *next* layer would like. But nothing holds $h$ in place. Suppose it drifts below zero. Then few values pass the ReLU, and BatchNorm magnifies those few until their variance is one. A unit with no value above zero is *dead*: BatchNorm turns a constant into the shift $\beta$, zero at the start, and there is no gradient.
#
# We feed both orders with pre-activations that have drifted.


# %%
def orders(h):
    """Return what comes out of both orders for pre-activations h, (batch, units)."""
    before = keras.layers.BatchNormalization(epsilon=1e-6)(h, training=True)
    after = keras.layers.BatchNormalization(epsilon=1e-6)(ops.relu(h), training=True)
    return {
        "before": ops.convert_to_numpy(ops.relu(before)),
        "after": ops.convert_to_numpy(after),
    }


drawn = np.random.default_rng(1).standard_normal((20_000, 1)).astype("float32")
rows = {}
for drift in (0.0, -1.0, -3.0):
    h = drawn + drift
    for place, out in orders(h).items():
        passes = np.mean(out > 0) if place == "before" else np.mean(h > 0)
        rows[f"drift {drift:.0f}, {place}"] = {
            "passes the ReLU": f"{passes:.1%}",
            "mean": float(out.mean()),
            "variance": float(out.var()),
            "largest": f"{out.max():.1f}",
        }
notebook.Table(rows)

# %% mystnb={"figure": {"caption": "What comes out of both orders when the pre-activations have drifted by $-2$. Before: half of the values are zero, the rest thins out smoothly. After: nearly all are the same small negative number, and a few are far out.", "name": "fig-tricks-norm"}, "image": {"alt": "Two histograms with logarithmic counts. Left, one tall bar at zero and then bars that fall smoothly up to about four. Right, one very tall bar just below zero and low bars that reach out to beyond ten."}} tags=["hide-input"]
figure, panels = plt.subplots(1, 2, figsize=(plotting.WIDTH, 2.9), sharey=True)
for axes, (place, out) in zip(panels, orders(drawn - 2.0).items(), strict=True):
    axes.hist(out.ravel(), bins=60, color="C0", log=True)
    axes.set(title=f"BatchNorm {place}", xlabel="output")
    print(f"{place:7} share of equal values {np.mean(np.abs(out - out.min()) < 0.1):.2f}")
panels[0].set_ylabel("count")
plt.show()

# %% [markdown]
# Before the ReLU, BatchNorm undoes a drift of the layer below. After it, a drifting unit turns into one that says nearly the same for all images and something extreme for a few. In a decoder that may mean few places with much contrast and many with none. Here the drift was made by hand. Whether units drift in a game, and whether that does harm, only training can tell.
#
# ## Dropout, and its place
#
# Dropout sets each value to zero with the probability $r$, in training only, and divides the others by $1 - r$ so that the mean stays {cite}`srivastava2014dropout`. It is meant against overfitting: a discriminator that has learned the training images by heart tells the generator only to copy them.
#
# What does it do to the answer? Put it before the last layer, `dropout_place="dense"`. The logit is $\sum_i w_i h_i$ plus a bias, and every $h_i$ becomes $h_i m_i / (1 - r)$ with $m_i$ one or zero. The factors are independent, so variances add:
#
# $$
# \operatorname{Var}\left[\texttt{logit}\right] = \frac{r}{1 - r} \sum_i w_i^2\, h_i^2 .
# $$ (eq-tricks-dropout)
#
# So the logit of one image jitters, and the generator gets a noisy gradient.
#
# The other place is behind each convolution, `"convolutions"`. There a dropped number is one pixel of one feature map. Its neighbours say much the same, but the noise passes through all layers that follow. Which place shakes the answer more? We take the light discriminator of the later runs, untrained, and ask it $200$ times about the same digits.

# %% tags=["hide-input"]
RATE, TIMES = 0.3, 200
(digits, _), _ = datasets.load_digits()


def build(place):
    """The light discriminator with dropout at one place, always from the same weights."""
    keras.utils.set_random_seed(0)
    return networks.build_discriminator("light", dropout=RATE, dropout_place=place)


def jitter(discriminator, images):
    """Standard deviation of each image's logit under dropout, (images,)."""
    asked = [discriminator(images, training=True)[0] for _ in range(TIMES)]
    return np.std([ops.convert_to_numpy(logits)[:, 0] for logits in asked], axis=0)


discriminators = {place: build(place) for place in ("dense", "convolutions")}
measured = {place: jitter(d, digits[:32]) for place, d in discriminators.items()}

dense = discriminators["dense"]
flat = keras.Model(dense.input, dense.layers[-2].input)(digits[:32], training=False)
w = ops.convert_to_numpy(dense.layers[-1].kernel)[:, 0]
h = ops.convert_to_numpy(flat)
expected = np.sqrt(RATE / (1 - RATE) * np.sum(w**2 * h**2, axis=1))
spread = np.std(networks.apply(dense, digits[:512])[0])
notebook.Table(
    {
        place: {
            "measured": float(np.mean(measured[place])),
            "by formula": float(np.mean(expected)) if place == "dense" else "",
            "over the spread between images": float(np.mean(measured[place]) / spread),
        }
        for place in discriminators
    },
    digits=3,
    corner="jitter of a logit",
)

# %% [markdown]
# A jitter as large as the differences between images can drown what the discriminator knows, and behind the convolutions it is that large here. (This network is untrained, so it knows nothing yet; in a trained one images may lie further apart.) The original project wrote that the place of the dropout layer is inconvenient to adjust (claim C5), and gave no reason; this is one way in which the place can matter.

# %% [markdown]
# ## Each alone: the arms
#
# An *arm* is one setting with all of its seeds. The settings are those of the light GAN on digits; the ring has the same, but for the noise's number of epochs.
#
# | arm | what it changes | setting |
# | --- | --- | --- |
# | `plain` | nothing: hard labels, BatchNorm before each activation of the generator, no dropout, no noise | |
# | `soft` | the label of real images | `real_target=0.9` |
# | `noisy` | some labels are flipped | `flip_probability=0.05` |
# | `noise` | decaying noise on the inputs of the generator's layers, gone after half of the epochs (C6) | `noise=(0.2, 10)` |
# | `norm-after` | BatchNorm stands after each of these activations (C2) | `batch_norm="after"` |
# | `norm-none` | no BatchNorm (on digits only) | `batch_norm=None` |
# | `dropout-dense` | dropout before the discriminator's last layer (C5) | `dropout=0.3` |
# | `dropout-convolutions` | dropout after each of its convolutions (on digits only) | `dropout=0.3`, `dropout_place="convolutions"` |
#
# Instance noise is derived above and not among the arms. Nor are three remedies that are used more today and that chapter 4 tries on points: *spectral normalisation*, *gradient penalties* and an *average over the generator's weights*.
#
# ## Each alone, on the ring
#
# *May be skipped. Its result: three seeds of one and the same game differ as much as the tricks do, so nothing is ranked.*
#
# How far apart are two runs of the *same* game? Without that, no trick can be judged. We measure it on the *wide ring* of [chapter 6](06_mode_collapse.ipynb), eight Gaussians on a circle, with three seeds and equally many steps for each game. Counted are the share of points within three standard deviations of a mode, and the modes that get at least a tenth of their fair share.

# %% tags=["hide-input"]
ring = toys.wide_ring()
SEEDS, STEPS, BATCH = range(3), 100, 64
GAME_EPOCHS = profile.epochs(cpu=10, gpu=40)


def generator(batch_norm="before", noise=None):
    """Two hidden layers; BatchNorm "before" or "after" the ReLU; noise on each layer's input."""
    z = h = keras.Input((2,))
    for _ in range(2):
        h = layers.DecayingNoise(*noise)(h) if noise else h
        h = keras.layers.Dense(64)(h)
        h = keras.layers.BatchNormalization()(h) if batch_norm == "before" else h
        h = keras.layers.ReLU()(h)
        h = keras.layers.BatchNormalization()(h) if batch_norm == "after" else h
    return keras.Model(z, keras.layers.Dense(2)(layers.DecayingNoise(*noise)(h) if noise else h))


# Of the generator, of the discriminator, of the game.
GAMES = {
    "plain": ({}, {}, {}),
    "soft": ({}, {}, {"real_target": 0.9}),
    "noisy": ({}, {}, {"flip_probability": 0.05}),
    "noise": ({"noise": (0.2, GAME_EPOCHS // 2 or 1)}, {}, {}),
    "norm-after": ({"batch_norm": "after"}, {}, {}),
    "dropout-dense": ({}, {"dropout": 0.3}, {}),
}

# %% tags=["hide-input"]
# Each game from each seed: the model is compiled once, and gets new weights for each seed.


def play(make, game):
    """Play from each seed; return (share of high quality, modes, points), one a seed."""
    gan = models.GAN(*make(), seed=0, **game)
    gan.compile(
        keras.optimizers.Adam(1e-3, beta_1=0.5),
        keras.optimizers.Adam(1e-3, beta_1=0.5),
        steps_per_execution=STEPS,
    )
    unused = [ops.convert_to_numpy(v) for v in gan.optimizer.variables]
    noisy = any(isinstance(layer, layers.DecayingNoise) for layer in gan.generator.layers)
    played = []
    for seed in SEEDS:
        # New weights in the compiled model: compiling would take longer than training.
        keras.utils.set_random_seed(seed)
        for network, new in zip(gan.networks.values(), make(), strict=True):
            network.set_weights(new.get_weights())
        for variable, value in zip(gan.optimizer.variables, unused, strict=True):
            variable.assign(value)
        gan.fit(
            ring.sample(STEPS * BATCH, seed=seed),
            batch_size=BATCH,
            epochs=GAME_EPOCHS,
            verbose=0,
            callbacks=[callbacks.NoiseDecay()] if noisy else [],
        )
        made = gan.generate(1000, seed=1)
        known = made, ring.modes, ring.std
        played.append(
            (metrics.high_quality_share(*known), metrics.modes_covered(*known, minimum=12), made)
        )
    return played


games = {
    name: play(
        lambda g=g, d=d: (generator(**g), networks.build_discriminator("toy", **d)), settings
    )
    for name, (g, d, settings) in GAMES.items()
}

# %% tags=["nbval-ignore-output", "hide-input"]
shares = {name: [share for share, _, _ in played] for name, played in games.items()}
notebook.Table(
    {
        name: {
            "high quality, each seed": " ".join(f"{value:.2f}" for value in values),
            "modes of 8": " ".join(str(modes) for _, modes, _ in games[name]),
        }
        for name, values in shares.items()
    },
    corner=f"{GAME_EPOCHS * STEPS} steps",
)

# %% tags=["hide-input"] mystnb={"figure": {"caption": "The share of high quality, one dot for each seed, for the plain game (top) and for each trick alone. The dotted line is the mean of the plain game.", "name": "fig-tricks-ring"}, "image": {"alt": "A chart with one row for each game and three dots in each row. The dots of most rows lie a fifth to a half of the axis apart, and all rows overlap with several others."}}
figure, axes = plt.subplots(figsize=(plotting.WIDTH, 3.0))
for place, values in enumerate(shares.values()):
    axes.plot(values, [place] * len(values), "o", color="C0")
print(f"{len(games)} games from {len(SEEDS)} seeds each")
axes.axvline(np.mean(shares["plain"]), color="black", linestyle=":", linewidth=1)
axes.set_yticks(range(len(shares)), shares)
axes.invert_yaxis()
axes.set(xlabel="share of high quality", xlim=(0, 1))
plt.show()

# %% [markdown]
# The dots of one row lie far apart, and only the *seed* differs between them. A trick whose dots overlap with the plain game's has shown nothing. Even three dots that all lie to the right of the plain game's three are weak evidence: chance does that in one of $\binom 63 = 20$ cases, and there are five tricks. So these seeds rank nothing.
#
# ## Each alone, on digits
#
# A ring is no image. So the same was done with the light GAN on the built-in digits, $20$ epochs. These runs take longer than a notebook may, so here are their records, first as pictures.

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Samples after the last epoch of each recorded arm, of the first seed: the same codes in every row.", "name": "fig-tricks-digits"}, "image": {"alt": "Eight rows of sixteen small generated digits, one row for each trick. With BatchNorm after the activation the strokes are thin and broken, though several digits can be read. Without BatchNorm they are ragged. The other rows have soft white strokes of usual width, many of them readable."}}
RESULTS = Path("../book/results")
ARMS = [folder for folder in claims.ARMS if folder.startswith("gan-digits/")]
figure, axes = plt.subplots(len(ARMS), 1, figsize=(plotting.WIDTH, 0.44 * len(ARMS)))
for row, folder in zip(axes, ARMS, strict=True):
    (sheet,) = (RESULTS / folder / "seed-0" / "samples").glob("*.png")
    picture = plt.imread(sheet)  # rows of eight images of 28 pixels, two pixels apart
    row.imshow(np.concatenate([picture[:28], picture[30:58]], axis=1), cmap="gray", vmin=0, vmax=1)
    row.set(xticks=[], yticks=[])
    row.grid(False)
    row.spines[:].set_visible(False)
    row.set_ylabel(folder.partition("/")[2], rotation=0, ha="right", va="center", fontsize=9)
print(f"{len(ARMS)} arms, {sheet.stem}")
plt.show()

# %% [markdown]
# Which rows would you call better than `plain`, and would you bet on it from one seed?
#
# The numbers: *Fréchet* is the Fréchet distance of generated digits under a classifier's features (low is good), *coverage* the share of real test digits that have a generated one near by (high is good), *overfitting* how far $D$ is higher on training images than on test images. Each is a mean over epochs $11$ to $20$. The first row is the floor: real training digits in the place of generated ones.

# %% tags=["hide-input"]
LAST = (11, 20)  # epochs over which each run is averaged, as registered
MEASURES = {
    "sample_frechet_distance": "Fréchet, each seed",
    "sample_coverage": "coverage, each seed",
    "overfitting": "overfitting, each seed",
}
FORMATS = {"sample_frechet_distance": ".0f", "sample_coverage": ".2f", "overfitting": ".3f"}
plain = records.read_runs(RESULTS / "gan-digits" / "plain")[0].metrics
rows = {
    "real digits": {
        "seeds": "",
        "Fréchet, each seed": f"{plain['real_held_out_frechet_distance']:.0f}",
        "coverage, each seed": f"{plain['real_held_out_coverage']:.2f}",
        "overfitting, each seed": "",
    }
}
for folder in ARMS:
    runs = verdicts.read_arm(RESULTS, folder)
    enough = len(runs.finished) >= verdicts.ENOUGH
    rows[folder.partition("/")[2]] = {
        "seeds": f"{len(runs.finished)} of {runs.registered}",
        **{
            title: " ".join(
                f"{verdicts.measure(run, metric, LAST):{FORMATS[metric]}}"
                for run in runs.finished.values()
            )
            if enough
            else "too few"
            for metric, title in MEASURES.items()
        },
    }
notebook.Table(rows)

# %% [markdown]
# ### The claims
#
# Two of the original project's conclusions, C2 and C5, and one suggestion, C6, are about these tricks. Runs, measure and needed effect were written down and committed before any run. ([Seven claims](../book/claims.md) has the rule.) The column *falls by* has the share by which the measure falls from the first arm to the second, in brackets with its $95\,\%$ interval. C2 predicts a harm: coverage must fall. C5 and C6 predict a gain: the Fréchet distance must fall. A negative number says that it rose.

# %% tags=["hide-input"]
rows = {}
for name in ("C2", "C5", "C6"):
    verdict = verdicts.judge(next(c for c in claims.CLAIMS if c.name == name), RESULTS)
    effect = "{:.0%} [{:.0%}, {:.0%}]".format(*verdict.effect) if verdict.effect else "none"
    claim = verdict.claim
    rows[name] = {
        "measure": verdicts.MEANINGS[claim.metric],
        "from": claim.more.arm.partition("/")[2],
        "to": claim.less.arm.partition("/")[2],
        "falls by": effect,
        "needed": f"{claim.threshold:.0%}",
        "verdict": verdict.word,
    }
    print(f"{name}: {verdict.claim.claim}")
notebook.Table(rows, corner="claim")

# %% [markdown]
# A claim is "open" where the interval contains the needed effect, where runs are missing, or where the situation that the claim speaks of did not arise.
#
# - **BatchNorm after the activation: a large harm by this measure.** Coverage falls to a small part of the plain game's from every seed; whether it is the nine tenths that were needed, the interval leaves open. In the row of samples the strokes are thin and broken, yet several digits can be read, so "no image appears" is not what happened. What the harm is one of, the next section asks.
# - **BatchNorm, or none: it helps.** Without any, all three distances lie above all five of the plain game, and all three coverages below. (For the distances alone, and a single arm, chance would do that once in $\binom 83 = 56$ cases; seven arms were tried.)
# - **Soft and noisy labels: no effect is shown.** Their values overlap with those of the plain game. The warning about noisy labels did not come true here. Flips of one label in twenty keep $D$ between $0.05$ and $0.95$; in these games its means stay near one half, so that lid is hardly touched.
# - **Noise in the generator: open.** At this one strength and length the mean distance is higher than that of the plain game, but two seeds of five make most of that. The interval contains zero, and the gain that was asked for too.
# - **Dropout: no gain shown, and the claim not tested.** At both places the distances overlap with the plain game's. The claim supposes a discriminator that has learned its images by heart. None of these has: in the last column of the table of numbers $D$ is higher on training images by less than one hundredth.
#
# ### A harm of training, or of the averages?
#
# While a network is trained, BatchNorm normalises by the mean and variance of the *batch*. When it is used, there may be no batch, so it takes *moving averages* of those numbers. Keras keeps $0.99$ of an average at each step, and an epoch of these runs has $23$ steps: an average remembers about four epochs. Meanwhile the weights have changed. If the generator depends on these numbers much, its samples are then drawn with the wrong ones, although in training it works well.
#
# So the two arms of C2 were trained again from the same seeds (`benchmarks/batch_norm_averages.py`), and after each epoch the generator was judged twice: with the averages as they were, as registered, and with averages that had been *renewed*, that is, taken anew over batches of fresh codes. That changes no weight. The table has means over seeds, and in brackets the $95\,\%$ interval of the share that is lost:

# %% tags=["hide-input"]
RENEWED = Path("../benchmarks/results/batch_norm_averages")
found = {
    name: [json.loads(path.read_text()) for path in sorted(RENEWED.glob(f"{name}-seed-*.json"))]
    for name in ("before", "after")
}
rows = {}
for judged, kind in (("averages as they were", ""), ("averages renewed", "renewed_")):
    for span, epochs in (("epochs 11 to 20", slice(10, 20)), ("the last epoch", slice(19, 20))):
        sides = {
            (name, measure): [np.mean(run[f"{kind}sample_{measure}"][epochs]) for run in runs]
            for name, runs in found.items()
            for measure in ("frechet_distance", "coverage")
        }
        lost = intervals.difference_interval(
            sides["before", "coverage"], sides["after", "coverage"], relative=True
        )
        rows[f"{judged}, {span}"] = {
            "Fréchet, before": f"{np.mean(sides['before', 'frechet_distance']):.0f}",
            "Fréchet, after": f"{np.mean(sides['after', 'frechet_distance']):.0f}",
            "coverage, before": f"{np.mean(sides['before', 'coverage']):.2f}",
            "coverage, after": f"{np.mean(sides['after', 'coverage']):.2f}",
            "coverage lost": "{:.0%} [{:.0%}, {:.0%}]".format(*lost),
        }
notebook.Table(rows, corner=f"{len(found['after'])} seeds of each")

# %% mystnb={"figure": {"caption": "Samples after the last epoch, first seed, the same codes in all rows: BatchNorm before the activation (above) and after it (below), each with its averages as they were and with renewed ones.", "name": "fig-tricks-averages"}, "image": {"alt": "Four pairs of lines of small digits. With BatchNorm before the activation most are readable, and with renewed averages a little clearer. After it they are thin, broken strokes at first; with renewed averages the same codes give whole digits, as good as those above."}} tags=["hide-input"]
figure, axes = plt.subplots(4, 1, figsize=(plotting.WIDTH, 3.4))
sheets = {
    f"{name}{word}": plt.imread(RENEWED / f"{name}{file}.png")[:58]
    for name in found
    for word, file in (("", ""), (",\nrenewed", "-renewed"))
}
for row, (name, sheet) in zip(axes, sheets.items(), strict=True):
    row.imshow(sheet, cmap="gray", vmin=0, vmax=1)
    row.set(xticks=[], yticks=[])
    row.grid(False)
    row.spines[:].set_visible(False)
    row.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=9)
print(f"{len(sheets)} rows, two lines of samples each")
plt.show()

# %% [markdown]
# So what C2 measured is how far the averages lag. With averages as they were, nearly all coverage is lost in the registered epochs; in the last one, where the rate has fallen to zero and the averages catch up, less is. With renewed averages the same generators, trained with BatchNorm after the activation, are ahead in the mean, in distance and in coverage; from three seeds the interval of the coverage contains zero, so no loss and no gain is shown. The order of the layers did not keep them from learning.
#
# The registered word stays "open", since its measure was written down before. What it means has changed. And a sentence like "no image appears" may have this reason too: through most of these epochs a sheet of the second arm shows next to nothing, while in training its generator works. Whether that is what the project saw, its records cannot tell.
#
# All arms with BatchNorm were judged with lagging averages, so their distances above are too large; the plain game's own falls by a quarter when its averages are renewed. The arm without BatchNorm has no averages, and nothing is renewed there: it stays behind.
#
# For your own games: **before you judge a network with BatchNorm after a short training, renew its averages**, by some batches in training mode, or give BatchNorm a lower momentum from the start. The sign to look for is a generator whose images look right in training mode, `training=True`, and wrong without.
#
# ## What to start with
#
# For each arm, what was derived and what to start with:

# %% tags=["hide-input"]
ADVICE = {
    "plain": ("", "compare with this"),
    "soft": (
        "bounds the logit at the data, leaves the generator's slope",
        "0.9 is habit: no better than hard labels here",
    ),
    "noisy": (
        "bounds the logit at both ends, can level the slope",
        "leave it out: no gain here, and a possible harm",
    ),
    "noise": ("spreads what the generator makes", "leave it out"),
    "norm-after": (
        "units that drift say one thing to all, or die",
        "either order; renew the averages before judging",
    ),
    "norm-none": ("nothing undoes a drift", "use BatchNorm in the generator"),
    "dropout-dense": (
        "shakes the logit",
        "leave it out until D differs between training and test images",
    ),
    "dropout-convolutions": ("shakes it more, in an untrained network", "the same"),
}
notebook.Table(
    {name: {"derived": derived, "start with": start} for name, (derived, start) in ADVICE.items()},
    corner="arm",
)

# %% [markdown]
# The advice on BatchNorm comes from this GAN. The small networks that chapter 5 builds by hand have none and were not compared. To try a trick on a VAE-GAN, change one setting and train from several seeds: `experiments.train("vaegan-digits", settings={"flip_probability": 0.05}, seed=1, output="runs/noisy-1")`.
#
# Not in the table: flipped labels for the generator are the non-saturating loss, and that is the one to use. For the learning rates, [chapter 7](07_schedules.ipynb) has a first try; for the weight `gamma` of a VAE-GAN, [chapter 9](09_mnist_experiment.ipynb) shows how to set it by its share of the gradient.
#
# ## Exercises
#
# Replace the placeholder in each cell and run it. The check says what it proved, or gives a hint.
#
# ### Run and look
#
# At some place $x$ the data are three times as dense as the generator's points. Real examples have the label $0.9$, generated ones $0$. What is the best discriminator's answer there?

# %% tags=["exercise"]
# Exercise: smooth_by_hand
# at some x the data's density p is three times the generator's; the real label is 0.9
answer = None  # the best D there: replace None

exercises.check("smooth_by_hand", answer)

# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: smooth_by_hand
# p is three times q, so p / (p + q) = 3/4; the real label is 0.9
answer = 0.9 * 0.75

exercises.check("smooth_by_hand", answer)

# %% [markdown]
# ### Derive and implement: soft labels
#
# Write the logits of equation {eq}`eq-tricks-soft`. What is $1 - D^*$? It is not the share of generated points alone.


# %% tags=["exercise"]
# Exercise: soft_discriminator
def soft_discriminator(p, q, target):
    """Return the logits of D*, (N,); p and q are densities at N points, target the real label."""
    # What is 1 - D*? The logit is log D* - log(1 - D*).
    return None


exercises.check("soft_discriminator", soft_discriminator)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: soft_discriminator
def soft_discriminator(p, q, target):
    """Return the logits of D*, (N,); p and q are densities at N points, target the real label."""
    return np.log(target * p) - np.log((1 - target) * p + q)


exercises.check("soft_discriminator", soft_discriminator)

# %% [markdown]
# ### Derive and implement: noisy labels
#
# The same for equation {eq}`eq-tricks-noisy`.


# %% tags=["exercise"]
# Exercise: noisy_discriminator
def noisy_discriminator(p, q, flip):
    """Return the logits of D*, (N,); every label, 1 or 0, is turned with the probability `flip`."""
    # Which share of the examples at x carries the label 1 in the end?
    return None


exercises.check("noisy_discriminator", noisy_discriminator)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: noisy_discriminator
def noisy_discriminator(p, q, flip):
    """Return the logits of D*, (N,); every label, 1 or 0, is turned with the probability `flip`."""
    return np.log((1 - flip) * p + flip * q) - np.log(flip * p + (1 - flip) * q)


exercises.check("noisy_discriminator", noisy_discriminator)

# %% [markdown]
# ### Implement both orders
#
# Write ReLU and BatchNorm in either order, without $\gamma$, $\beta$ and $\epsilon$.


# %% tags=["exercise"]
# Exercise: norm_order
def norm_order(h, place):
    """Return ReLU and BatchNorm (scale 1, shift 0) of h, (batch, units); place: "before", "after"."""

    def normalise(x):
        return (x - x.mean(axis=0)) / x.std(axis=0)

    # `place` says where BatchNorm stands; np.maximum(x, 0) is the ReLU.
    return None


exercises.check("norm_order", norm_order)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: norm_order
def norm_order(h, place):
    """Return ReLU and BatchNorm (scale 1, shift 0) of h, (batch, units); place: "before", "after"."""

    def normalise(x):
        return (x - x.mean(axis=0)) / x.std(axis=0)

    if place == "before":
        return np.maximum(normalise(h), 0)
    return normalise(np.maximum(h, 0))


exercises.check("norm_order", norm_order)

# %% [markdown]
# ### Implement the decay
#
# Write equation {eq}`eq-tricks-noise`. What happens after the last epoch with noise?


# %% tags=["exercise"]
# Exercise: decaying_noise
def decaying_noise(x, noise, stddev, epochs, epoch):
    """Return x with noise, both (N,); the noise is standard normal, epochs count from 0."""
    # In epoch 0 all of it, after `epochs` epochs none, and never less than none.
    return None


exercises.check("decaying_noise", decaying_noise)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: decaying_noise
def decaying_noise(x, noise, stddev, epochs, epoch):
    """Return x with noise, both (N,); the noise is standard normal, epochs count from 0."""
    return x + stddev * max(0, 1 - epoch / epochs) * noise


exercises.check("decaying_noise", decaying_noise)

# %% [markdown]
# ## Quiz
#
# Decide first, then open your answer.
#
# **1. You train with the real label $0.9$. Late in training the discriminator answers $0.45$ to everything. What does that say?**
#
# <details><summary>a) It is a little too pessimistic.</summary>
#
# No. With this label $0.45$ is the best answer where data and generator are equally dense.
#
# </details>
# <details><summary>b) It cannot tell real from generated.</summary>
#
# Right. By equation {eq}`eq-tricks-soft` that is half of the label. Whether the images are good, it does not say.
#
# </details>
# <details><summary>c) The generator has collapsed.</summary>
#
# No. One cannot see that in this number.
#
# </details>
#
# **2. Why is only the real label softened?**
#
# <details><summary>a) A soft label on generated examples would make the loss negative.</summary>
#
# No. A cross-entropy of labels between zero and one is never negative.
#
# </details>
# <details><summary>b) Because generated examples already look soft.</summary>
#
# No. The label has nothing to do with how an image looks.
#
# </details>
# <details><summary>c) Far from the data the best logit would level off, and the generator would not be sent away from there.</summary>
#
# Right. By equation {eq}`eq-tricks-two-sided` it goes to $\log \frac{s}{1 - s}$ as $p$ falls, and what is level has no slope. With $s = 0$ it falls without bound.
#
# </details>
#
# **3. With $f = 0.05$, how large can the best discriminator's logit be?**
#
# <details><summary>a) As large as it likes.</summary>
#
# No. That holds for hard labels.
#
# </details>
# <details><summary>b) At most $\log 19$, about $2.9$.</summary>
#
# Right. $\log \frac{1 - f}{f} = \log \frac{0.95}{0.05}$, and at least minus that.
#
# </details>
# <details><summary>c) At most $0.95$.</summary>
#
# No. That is the bound of the probability $D$. Its logit is larger.
#
# </details>
#
# **4. BatchNorm stands *after* the ReLU, and all pre-activations of a unit fall below zero. What comes out of the unit?**
#
# <details><summary>a) Values of mean zero and variance one.</summary>
#
# No. That needs at least two different values to begin with.
#
# </details>
# <details><summary>b) The shift $\beta$ for every example, zero at the start, and no gradient through this unit.</summary>
#
# Right. The ReLU makes all of them zero, and a constant minus its mean is zero. Only a change of the layers below can bring the unit back. Before the ReLU, BatchNorm would have let about half of the values pass, while its own shift is zero.
#
# </details>
# <details><summary>c) Half of the values pass, as always.</summary>
#
# No. That is so when BatchNorm stands before.
#
# </details>
#
# **5. You add a trick, train once, and the Fréchet distance falls by a tenth. What do you know?**
#
# <details><summary>a) The trick helps a little.</summary>
#
# No. Another seed of the *same* setting may differ by more.
#
# </details>
# <details><summary>b) Nothing yet: train both from several seeds and compare the difference with the spread.</summary>
#
# Right. And write down before what difference would convince you.
#
# </details>
# <details><summary>c) The trick works on this data set, but perhaps not on others.</summary>
#
# No. The second half is true, the first is not known.
#
# </details>
#
# ## What to remember
#
# - A trick with labels changes the best discriminator, and one can derive how: soft labels put a lid on its logit where the data lie, noisy labels at both ends.
# - What the generator feels is the slope of the logit at *its* points. By the formula soft labels leave it and noisy labels can level it; a learned discriminator may be flatter than its formula, with hard and soft labels too.
# - Noise on what the discriminator sees makes distributions overlap that would not. It may decay: with constant noise the optimum is the same, but fine detail is judged through the noise.
# - BatchNorm before the activation undoes a shift or a scaling of the layer below. After it, a unit that drifts says the same for nearly all images, or dies; that units do drift, no run here shows.
# - Dropout makes the logit of one image jitter. How much depends on the place.
# - BatchNorm's moving averages lag behind the weights. A generator may work in training and fail in use; renew the averages before you judge it.
# - To start with: BatchNorm in the generator, the non-saturating loss, and no other trick until a measurement asks for it. A real target of $0.9$ is habit, in this course too.
# - One run proves nothing. Change one thing, take several seeds, and say before what would count.
#
# ## Sources
#
# - Soft labels: {cite}`salimans2016improved`, section 3.4, also for the reason to leave generated labels alone; as a regulariser of classifiers, {cite}`szegedy2016rethinking`, section 7.
# - Flipped labels: {cite}`goodfellow2014generative`, section 3, as the non-saturating loss; flipped, soft and noisy labels as advice, without measurements: {cite}`chintala2016train`, points 2 and 6, and noise that decays, point 13.
# - BatchNorm, and that it stands before the activation: {cite}`ioffe2015batch`, section 3.2.
# - Dropout: {cite}`srivastava2014dropout`, section 4 for the model; here with the scaling at training time.
# - Why distributions that do not overlap give no gradient, and noise as a remedy: {cite}`arjovsky2017towards`, sections 2 and 3; instance noise: {cite}`sonderby2017amortised`, there in an appendix.
# - Noise on the generator's layers, and the claims: the [original project](https://github.com/Shuntw6096/VAE-GAN).
