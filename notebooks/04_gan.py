# %% [markdown]
# # Chapter 4: The generative adversarial network
#
# *Run time: 120 s on two CPU cores, measured at the last execution.*
#
# **Can a second network judge the images better than a formula?**
#
# After this chapter you can
#
# - write down the game of a generator and a discriminator, and say what each of them lowers;
# - derive the best discriminator, and what the generator then minimises, for both of its losses;
# - build both networks layer by layer and write the step that trains them;
# - say why such a game may circle, chase or collapse, and try a remedy on a toy;
# - read the curves of a GAN, and say what its losses don't tell.
#
# You need log-likelihood from [Before you start](00_before_you_start.ipynb), and chapters 2 and 3. At a first
# reading you may skip *What the non-saturating loss minimises*, *Both at once, or one after the other?* and
# *Steadier games*.

# %% mystnb={"code_prompt_show": "Colab needs this cell", "code_prompt_hide": "Hide Colab's cell"} tags=["colab", "nbval-skip", "hide-cell"]
# Colab needs the course's package and its records. Elsewhere this cell does nothing.
import os
import sys

if "google.colab" in sys.modules and not os.path.exists("04_gan.py"):
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
from functools import partial

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf  # for its GradientTape
from keras import layers, ops
from scipy.optimize import brentq, minimize
from scipy.special import expit
from scipy.stats import norm

import vaegan_edu
from vaegan_edu import (
    callbacks,
    exercises,
    losses,
    metrics,
    models,
    networks,
    plotting,
    records,
    toys,
)
from vaegan_edu.widgets import GameExplorer

(x_train, y_train), (x_test, y_test) = profile.load_data()

# %% [markdown]
# ## Two networks, one game
#
# The images of chapter 2 were blurred. We had told the decoder, pixel by pixel, what it got wrong,
# and where a code left a doubt, the safest answer was an average. But an average of two images is
# no image of the data, and everyone sees it at once. Could a network learn to see it?
#
# Let two networks play against each other {cite}`goodfellow2014generative`.
#
# - The *generator* turns a random code $z$ into an example $G(z)$. It is a decoder by another name,
#   and it never sees the data.
# - The *discriminator* is shown examples, real and generated, and answers with $D(x)$, its
#   probability that $x$ is real.
#
# The generator learns to have its examples taken for real. Nobody compares a generated image with one particular real image: the only question
# is whether it *could* have come from the data.
#
# Write $p$ for the density of the data, $q$ for the density of what the generator makes, and
# $\pi = \mathcal N(0, I)$ for the distribution of the codes, which chapter 2 called the prior.
# (Mind the letters: in chapter 2 $p$ was the model, and $q$ the encoder's cloud.) The
# discriminator's success is the *value* of the game, the paper's first equation:
#
# $$
# \begin{aligned}
# V(D, G) = {} & \mathbb E_{x \sim p}\left[\log D(x)\right] \\
# &+ \mathbb E_{z \sim \pi}\left[\log\left(1 - D(G(z))\right)\right].
# \end{aligned}
# $$ (eq-gan-value)
#
# The first term is near zero if the discriminator accepts what is real, the second if it rejects what
# is generated. Otherwise they are far below zero: $\log 0.9 \approx -0.1$, but $\log 0.1 \approx -2.3$. So the
# discriminator makes $V$ large, and the generator makes it small:
#
# $$
# \min_G \, \max_D \; V(D, G).
# $$ (eq-gan-game)
#
# In the code the discriminator answers with `logits`, any real number, and
# $D = \operatorname{sigmoid}(\texttt{logits})$, so that a positive logit means "real". What it lowers
# is `losses.discriminator_loss(logits, target)`, with a `target` of one on real examples and of zero
# on generated ones. The sum of the two means is $-V$:

# %%
real_logits = np.array([2.0, 0.5, -1.0])  # the discriminator's, on real ...
fake_logits = np.array([-3.0, 0.2])  # ... and on generated examples

# expit is the sigmoid.
value = np.mean(np.log(expit(real_logits))) + np.mean(np.log(1 - expit(fake_logits)))
on_real = losses.discriminator_loss(real_logits, 1.0)
on_fake = losses.discriminator_loss(fake_logits, 0.0)
guess = losses.discriminator_loss(np.zeros(1), 1.0) + losses.discriminator_loss(np.zeros(1), 0.0)
print(f"V by the formula        {value:.3f} nats")
print(f"sum of the two losses   {float(ops.mean(on_real) + ops.mean(on_fake)):.3f}")
print(f"loss of D = 1/2         {float(guess[0]):.3f}")
print(f"2 log 2                 {2 * np.log(2):.3f}")

# %% [markdown]
# A discriminator that answers one half to everything, a guesser, has a loss of $2 \log 2$. Remember this
# number: it returns at the end of a perfect game, and in games that have failed.
#
# ## The best discriminator
#
# Hold the generator still. Which discriminator makes $V$ largest? Suppose that near some $x$ two real
# examples fall for each generated one. A discriminator that is shown such an $x$ cannot know which kind it
# is, and its best answer is two thirds. So we expect the share of the data in all that falls there. To derive
# it, write both averages as one integral. (Averaging over the codes $z$ means averaging over the examples
# $x = G(z)$, whose density is $q$.)
#
# $$
# \begin{aligned}
# V = \int \bigl[\, & p(x) \log D(x) \\
# & + q(x) \log\left(1 - D(x)\right) \bigr] \, dx .
# \end{aligned}
# $$ (eq-gan-integral)
#
# Since $D$ may be chosen at every $x$ on its own, look at one $x$. The derivative with respect to $D$
# is
#
# $$
# \frac{p}{D} - \frac{q}{1 - D},
# $$ (eq-gan-derivative)
#
# which falls as $D$ grows. So the bracket is largest where this derivative is zero. Solve for $D$:
#
# $$
# \begin{aligned}
# D^*(x) &= \frac{p(x)}{p(x) + q(x)}, \\
# \texttt{logits}^*(x) &= \log p(x) - \log q(x) .
# \end{aligned}
# $$ (eq-gan-optimal)
#
# This is Bayes' rule for "real or generated?", with as many examples of the one kind as of the other. And it
# leads back to chapter 3: the best logit is the *log ratio of the densities*, whose average over $p$ is a KL
# divergence. There we had to know both densities. Here examples are enough, if a network learns this ratio
# from them. To see whether it does, we take two densities that we know, a mixture and a Gaussian, show a
# small network nothing but draws from them, and compare its logits with the formula.


# %%
def log_p(x):
    """Log-density of the data, half of each of two Gaussians; logaddexp(a, b) is log(e^a + e^b)."""
    return np.logaddexp(norm.logpdf(x, -2.0, 0.7), norm.logpdf(x, 1.5, 1.0)) - np.log(2)


def log_q(x, mean=0.0, deviation=1.8):
    """Log-density of the generator, one Gaussian."""
    return norm.logpdf(x, mean, deviation)


rng = np.random.default_rng(0)
count = 100_000
first, second = rng.normal(-2.0, 0.7, count), rng.normal(1.5, 1.0, count)
real = np.where(rng.random(count) < 0.5, first, second)
fake = rng.normal(0.0, 1.8, count)
points = np.concatenate([real, fake])[:, None].astype("float32")
targets = np.repeat([1.0, 0.0], count).astype("float32")
order = rng.permutation(2 * count)

keras.utils.set_random_seed(0)
discriminator = keras.Sequential(
    [
        keras.Input((1,)),
        layers.Dense(32, activation="tanh"),
        layers.Dense(32, activation="tanh"),
        layers.Dense(1),  # the logit
    ]
)
# -log D on real points, -log(1 - D) on generated ones, of which a batch has about as many.
cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
epochs = profile.epochs(cpu=5, gpu=10)
# Smaller and smaller steps, since what a step learns from 500 points is noisy.
rate = keras.optimizers.schedules.CosineDecay(5e-3, epochs * len(points) // 500)
discriminator.compile(keras.optimizers.Adam(rate), loss=cross_entropy)
history = discriminator.fit(
    points[order], targets[order, None], epochs=epochs, batch_size=500, verbose=0
)

# %% mystnb={"figure": {"caption": "Above, the densities of the data and of the generator. Below, the logits that a network learned from draws, and the formula of equation {eq}`eq-gan-optimal`. They agree where examples lie, and part far outside, where the network has seen hardly any.", "name": "fig-gan-logits"}, "image": {"alt": "Two charts, one above the other. Above, a density with two humps and a wide single hump. Below, two curves almost on top of each other: they rise to a top above each of the two humps, dip below zero between them and fall steeply on both sides; far outside they part."}} tags=["hide-input"]
x = np.linspace(-8, 8, 801)
density = (np.exp(log_p(x)) + np.exp(log_q(x))) / 2
best_logits = log_p(x) - log_q(x)
learned_logits = networks.apply(discriminator, x[:, None])[:, 0]
error = np.average(np.abs(learned_logits - best_logits), weights=density)
print(f"mean distance of the two curves, where examples lie: {error:.2f}")
figure, (upper, lower) = plt.subplots(2, 1, figsize=(plotting.WIDTH, 4.2), sharex=True)
upper.plot(x, np.exp(log_p(x)), label="p, data")
upper.plot(x, np.exp(log_q(x)), label="q, generator")
upper.set(ylabel="density")
upper.legend()
lower.plot(x, best_logits, color="C2", linewidth=5, alpha=0.4, label="log p - log q")
lower.plot(x, learned_logits, color="black", label="learned logits")
lower.axhline(0, color="black", linestyle=":", linewidth=1)
lower.set(xlabel="x", ylabel="logit", xlim=(-5.5, 5.5), ylim=(-6, 2.5))
lower.legend(loc="lower center")
plt.show()

# %% [markdown]
# ## What remains for the generator
#
# Put $D^*$ into equation {eq}`eq-gan-integral`. With the mixture $m = (p + q)/2$ we have
# $D^* = p / (2m)$, so $\log D^* = \log (p / m) - \log 2$. In the same way
# $\log (1 - D^*) = \log (q / m) - \log 2$. The average of $\log (p / m)$ over draws from $p$ is a KL
# divergence, and so is that of $\log (q / m)$ over draws from $q$. Half their sum is the Jensen-Shannon divergence
# of chapter 3, $\text{JS}(p, q)$. Hence
#
# $$
# \begin{aligned}
# V(D^*, G) &= D_\text{KL}(p \,\|\, m) + D_\text{KL}(q \,\|\, m) \\
# &\quad - 2 \log 2 \\
# &= 2 \, \text{JS}(p, q) - 2 \log 2 .
# \end{aligned}
# $$ (eq-gan-js)
#
# So a generator that lowers $V$ against the best discriminator lowers the Jensen-Shannon divergence, which is
# zero only when $q = p$. Then $D^*$ is one half everywhere and $V$ is $-2 \log 2$. That is the end of the
# game: the generator makes examples exactly as the data are made, and no discriminator can do better than
# guess.
#
# Any other discriminator reaches a smaller $V$. So every discriminator gives a *lower bound* of the divergence, and
# a poor one a low bound:
#
# $$
# \text{JS}(p, q) \;\geq\; \log 2 + \tfrac 12 V(D, G) .
# $$ (eq-gan-bound)
#
# (Average $V$ over fresh draws: on those that a network was fitted to, the bound comes out too high.)
#
# We compare four discriminators of the two densities above: the formula, the network, one that always answers
# one half, and one that multiplies the right logits by a factor and so is too sure of itself. The factor is
# chosen such that its loss, too, is that of a guesser.


# %% tags=["hide-input"]
def game_value(logits):
    """The integral for V as a sum over the grid `x`, for D = sigmoid(logits)."""
    integrand = np.exp(log_p(x)) * -np.logaddexp(0, -logits)  # p log D
    integrand += np.exp(log_q(x)) * -np.logaddexp(0, logits)  # q log(1 - D)
    return np.sum(integrand) * (x[1] - x[0])


def accuracy(logits):
    """Share of right answers among as many real examples as generated ones."""
    right = np.where(logits > 0, np.exp(log_p(x)), np.exp(log_q(x)))
    right = np.where(logits == 0, density, right)  # a guess
    return np.sum(right) / 2 * (x[1] - x[0])


log_m = np.log(density)
terms = np.exp(log_p(x)) * (log_p(x) - log_m) + np.exp(log_q(x)) * (log_q(x) - log_m)
js = 0.5 * np.sum(terms) * (x[1] - x[0])
factor = brentq(lambda k: game_value(k * best_logits) + 2 * np.log(2), 1.1, 20)
answers = {
    "D* by the formula": best_logits,
    "learned from draws": learned_logits,
    "one half everywhere": 0 * x,
    f"D*, logits times {factor:.1f}": factor * best_logits,
}
rows = {
    name: {
        "V": game_value(logits),
        "bound on JS": np.log(2) + game_value(logits) / 2,
        "right answers": accuracy(logits),
    }
    for name, logits in answers.items()
}
print(f"JS {js:.3f} nats, 2 JS - 2 log 2 = {2 * js - 2 * np.log(2):.3f}")
notebook.Table(rows, digits=3, corner="discriminator")

# %% [markdown]
# The first row is equation {eq}`eq-gan-js`, and the network's bound comes close to it. Compare the last two
# rows. Both have the loss of a guesser, but one of them *is* right more often than not: what it wins by
# telling the two kinds apart, it loses by being too sure where it is wrong. So a discriminator with the loss
# $2 \log 2$ may be able to tell them apart; but as a bound this loss proves nothing.
#
# Now play both sides. The data are a Gaussian around zero. Two sliders belong to the generator, `mean`
# and `deviation` of what it makes. Two belong to the discriminator, the `slope` and `offset` of its
# logits, $\texttt{slope} \cdot x + \texttt{offset}$.
#
# First find the `slope` and the `offset` that bring $V$ closest to its best. Then move `mean` until that
# discriminator is deceived. What does the best discriminator (dashed) do meanwhile? The last two lines are
# the slopes of two losses of the generator, which the next section explains.

# %% tags=["nbval-ignore-output"]
explorer = GameExplorer()
explorer

# %% [markdown]
# Last, set `mean` to zero, `deviation` to one, and both `slope` and `offset` to zero. This is the *fixed
# point*: `mean` and `deviation` are those of the data, the discriminator answers one half, $V$ is
# $-2 \log 2$, and both losses of the generator are level in `mean`. Neither player gains by a step of its
# own.
#
# ## Two losses for the generator
#
# Equation {eq}`eq-gan-game` tells the generator to lower $\log(1 - D(G(z)))$, the *minimax* loss. The
# paper itself advises against it. Early in a game generated examples are poor, the discriminator is
# sure, and $D$ is near zero. What gradient does the generator get? Let $l$ be the logit of one
# generated example, $D = \operatorname{sigmoid}(l)$, so that $dD/dl = D\,(1 - D)$, as derived in
# [Before you start](00_before_you_start.ipynb) where the sigmoid is defined:
#
# $$
# \begin{aligned}
# \frac{d}{dl} \log\left(1 - D\right) &= -\frac{D\,(1 - D)}{1 - D} \\
# &= -D .
# \end{aligned}
# $$ (eq-gan-saturating)
#
# Where $D$ is near zero the slope is near zero, just when there is most to learn: the loss *saturates*.
# Instead, let the generator lower $-\log D(G(z))$. It, too, falls as the logit rises, and it has the same
# fixed point: where $D$ is one half everywhere, neither loss changes when an example moves. But
#
# $$
# \begin{aligned}
# \frac{d}{dl} \left(-\log D\right) &= -\frac{D\,(1 - D)}{D} \\
# &= -(1 - D),
# \end{aligned}
# $$ (eq-gan-nonsaturating)
#
# which is close to $-1$ while the discriminator is sure. This is the *non-saturating* loss. In words: train the generator by the discriminator's cross-entropy with flipped
# labels. In the package the two are `losses.minimax_loss` and `losses.non_saturating_loss`. Automatic
# differentiation finds the same slopes:

# %%
logits = tf.constant([-8.0, -4.0, 0.0, 4.0, 8.0])
slopes = {}
for name, loss in losses.ADVERSARIAL_LOSSES.items():
    with tf.GradientTape() as tape:
        tape.watch(logits)
        total = tf.reduce_sum(loss(logits))
    slopes[name] = tape.gradient(total, logits).numpy()

# %% mystnb={"figure": {"caption": "The slope of both generator losses over the logit of a generated example: lines by formula, dots by automatic differentiation. On the left, where the discriminator is sure, the minimax loss is level.", "name": "fig-gan-slopes"}, "image": {"alt": "Two curves that mirror each other over the logit. The one for the minimax loss starts at zero on the left and falls to minus one on the right; the one for the non-saturating loss starts at minus one on the left and rises to zero on the right. They cross at logit zero and minus one half. Dots lie on both."}} tags=["hide-input"]
line = np.linspace(-9, 9, 200)
figure, axes = plt.subplots(figsize=(plotting.WIDTH, 2.9))
axes.plot(line, -expit(line), color="C0", label="minimax, log(1 - D)")
axes.plot(line, expit(line) - 1, color="C1", label="non-saturating, -log D")
axes.plot(logits, slopes["minimax"], "o", color="C0")
axes.plot(logits, slopes["non-saturating"], "o", color="C1")
axes.set(xlabel="logit of a generated example", ylabel="slope of the loss")
axes.legend(loc="center right")
print(f"minimax, slope at the leftmost dot: {abs(slopes['minimax'][0]):.4f}")
plt.show()

# %% [markdown]
# ### What the non-saturating loss minimises
#
# *You may skip this section at a first reading. Its result: against the best discriminator the minimax loss
# follows the Jensen-Shannon divergence, and the non-saturating one a softened reverse KL divergence, which
# would rather leave out a part of the data than make what is no data.*
#
# The two losses differ not only in their slopes but in what they minimise. Let $\theta$ be the generator's
# weights, and let the discriminator be the best one for the present $q_\theta$. Its answer is held fixed
# while the generator takes its step. Since $-\log D^* = \log (2m/p)$, the gradient of the non-saturating loss
# is
#
# $$
# \begin{aligned}
# \nabla_\theta\, \mathbb E_{x \sim q_\theta}\left[-\log D^*(x)\right]
# &= \int \nabla_\theta\, q_\theta(x) \, \log \frac{m(x)}{p(x)} \, dx \\
# &= \nabla_\theta \; 2 \, D_\text{KL}(m \,\|\, p) .
# \end{aligned}
# $$ (eq-gan-mixture)
#
# (The constant $\log 2$ drops out, because $q_\theta$ always integrates to one. For the second line
# differentiate $2 \int m \log (m/p)$: as $2m = p + q_\theta$, the first factor gives
# $\nabla_\theta\, q_\theta$, and the logarithm's own derivative adds $2 \int \nabla_\theta\, m = 0$.)
# Written out, with what $m$ contains,
#
# $$
# 2 \, D_\text{KL}(m \,\|\, p) = D_\text{KL}(q \,\|\, p) - 2 \, \text{JS}(p, q) ,
# $$ (eq-gan-reverse)
#
# which is how it was first found {cite}`arjovsky2017towards`. In the same way the minimax loss gives
# $\nabla_\theta\, 2\, \text{JS}$. So in place of Jensen-Shannon the generator follows a *reverse* KL
# divergence, softened by the mixture: its own draws are asked how likely they are under the data.
# Both equations, checked on the densities above, for a generator of mean $0.7$:


# %%
wide = np.linspace(-30, 30, 3001)


def on_grid(integrand):
    return np.sum(integrand) * (wide[1] - wide[0])


def kl(log_a, log_b):
    return on_grid(np.exp(log_a) * (log_a - log_b))


def mixed(log_a, log_b):
    return np.logaddexp(log_a, log_b) - np.log(2)


def js_and_mixture(mean):
    """Return 2 JS(p, q) and 2 KL(m || p) for the generator's mean."""
    p, q = log_p(wide), log_q(wide, mean)
    m = mixed(p, q)
    return np.array([kl(p, m) + kl(q, m), 2 * kl(m, p)])


def two_losses(mean, logits):
    """Return the minimax and the non-saturating loss of that generator against `logits`."""
    q = np.exp(log_q(wide, mean))
    minimax, non_saturating = -np.logaddexp(0, logits), np.logaddexp(0, -logits)
    return np.array([on_grid(q * minimax), on_grid(q * non_saturating)])


mean, small = 0.7, 1e-4
fixed = log_p(wide) - log_q(wide, mean)  # the best discriminator, which the step does not change
by_loss = (two_losses(mean + small, fixed) - two_losses(mean - small, fixed)) / (2 * small)
by_divergence = (js_and_mixture(mean + small) - js_and_mixture(mean - small)) / (2 * small)
kl_reverse = kl(log_q(wide, mean), log_p(wide))
twice_js, twice_kl = js_and_mixture(mean)
print(f"KL(q||p) - 2 JS = {kl_reverse - twice_js:.5f}, 2 KL(m||p) = {twice_kl:.5f}")
notebook.Table(
    {
        "minimax": {"loss": by_loss[0], "2 JS": by_divergence[0], "2 KL(m||p)": ""},
        "non-saturating": {"loss": by_loss[1], "2 JS": "", "2 KL(m||p)": by_divergence[1]},
    },
    digits=5,
    corner="derivative by the mean, of",
)

# %% [markdown]
# What does that mean for a generator that cannot make everything? Chapter 3 fitted one Gaussian to two
# heaps of data, by either direction of the KL divergence. Here are those fits again, with the two that
# a GAN would follow between them: each row starts once over the left heap and once in the middle, and
# keeps the better end.

# %%
heaps = np.logaddexp(norm.logpdf(wide, -2, 0.6), norm.logpdf(wide, 2, 0.6)) - np.log(2)


def at(weights, divergence):
    """The divergence for the mean and the log-deviation of a Gaussian."""
    mean, log_deviation = weights
    return divergence(norm.logpdf(wide, mean, np.exp(log_deviation)))


followed = {
    "forward KL(p||q)": lambda q: kl(heaps, q),
    "JS, minimax": lambda q: (kl(heaps, mixed(heaps, q)) + kl(q, mixed(heaps, q))) / 2,
    "2 KL(m||p), non-saturating": lambda q: 2 * kl(mixed(heaps, q), heaps),
    "reverse KL(q||p)": lambda q: kl(q, heaps),
}
rows = {}
for name, divergence in followed.items():
    ends = [minimize(at, start, (divergence,)) for start in ((-2.0, -0.5), (0.0, 0.5))]
    over_one, over_both = (end.fun for end in ends)
    best = min(ends, key=lambda end: end.fun)
    rows[name] = {
        "over one heap": over_one if abs(ends[0].x[0]) > 1 else "",
        "over both": over_both,
        "best mean": abs(best.x[0]),
        "best deviation": np.exp(best.x[1]),
    }
notebook.Table(rows, corner="what is minimised")

# %% [markdown]
# The first two columns are the divergence of a Gaussian over one heap and of one over both. (By the forward
# divergence a fit over one heap does not stay there.) The Jensen-Shannon divergence still prefers to cover
# both. The non-saturating loss is on the side of the reverse divergence: it prefers to sit on one heap and
# leave the other out. A loss that does so is called *mode-seeking* {cite}`shannon2020non`. So when a GAN
# leaves out part of the data, this need not be an accident of training. (A generator that can make everything
# has one best answer by each of the four rows, $q = p$.) But all this assumed the best discriminator at every
# step, and a real one has taken only a few steps since the generator moved.

# %% [markdown]
# ## The two networks, layer by layer
#
# The generator is chapter 1's decoder: a dense layer makes the code into $32$ small maps, and two
# transposed convolutions double their sides. Its `tanh` keeps pixels between $-1$ and $1$, as the data
# are. The discriminator goes the opposite way and ends in a single number, the logit.


# %%
def build_generator(latent_dim):
    z = keras.Input((latent_dim,))
    h = layers.Dense(7 * 7 * 32, activation="relu")(z)
    h = layers.Reshape((7, 7, 32))(h)
    h = layers.Conv2DTranspose(16, 4, strides=2, padding="same", activation="relu")(h)
    images = layers.Conv2DTranspose(1, 4, strides=2, padding="same", activation="tanh")(h)
    return keras.Model(z, images)


def build_discriminator():
    images = keras.Input((28, 28, 1))
    h = layers.Conv2D(16, 4, strides=2, padding="same")(images)
    h = layers.LeakyReLU(0.2)(h)  # passes a fifth of what is negative
    h = layers.Conv2D(32, 4, strides=2, padding="same")(h)
    h = layers.LeakyReLU(0.2)(h)
    h = layers.Flatten()(h)
    return keras.Model(images, layers.Dense(1)(h))  # the logit: no activation


# %% mystnb={"figure": {"caption": "Both networks. The generator begins with a code and ends with an image; the discriminator begins with an image and ends with one number.", "name": "fig-gan-networks"}, "image": {"alt": "Two rows of blocks joined by arrows. Above, the generator: a short bar, the code of ten numbers, a long bar of 1568, then squares that grow from seven to fourteen to twenty-eight pixels. Below, the discriminator: squares that shrink from twenty-eight to fourteen to seven pixels, a long bar, and the single logit."}} tags=["hide-input"]
generator, discriminator = build_generator(10), build_discriminator()
print(f"weights: {generator.count_params():,} and {discriminator.count_params():,}")
plotting.network_chart(
    {
        "generator": [
            ("code", (10,)),
            ("dense", (1568,)),
            ("reshape", (7, 7, 32)),
            ("transposed\nconvolution", (14, 14, 16)),
            ("transposed\nconvolution", (28, 28, 1)),
        ],
        "discriminator": [
            ("image", (28, 28, 1)),
            ("convolution", (14, 14, 16)),
            ("convolution", (7, 7, 32)),
            ("flatten", (1568,)),
            ("dense", (1,)),
        ],
    }
)

# %% [markdown]
# Most of this follows *DCGAN* {cite}`radford2016unsupervised`, an early recipe for GANs of convolutions:
# strides that change the size of the maps, ReLU in the generator and leaky ReLU in the discriminator (so that
# every unit always has a gradient to pass on), a `tanh` at the end, and Adam with `beta_1` at one half. With
# that it forgets old gradients sooner, and those were measured against an opponent that has since changed.
# DCGAN also has batch normalisation in both networks, and small initial weights. Chapter 8 takes such choices
# one by one.
#
# ## One training step, written out
#
# The generator's loss goes *through* the discriminator: to know how to raise a logit, one must
# differentiate the network that computes it. On that way its gradient would also reach the
# discriminator's weights, and teach them to be deceived. So each loss is differentiated with respect to its own
# network's weights and no others. With weights $\theta_G$ and $\theta_D$ and learning rate $\eta$, one step of plain
# gradient descent is
#
# $$
# \begin{aligned}
# \theta_D &\leftarrow \theta_D - \eta \, \nabla_{\theta_D} \, \texttt{discriminator_loss}, \\
# \theta_G &\leftarrow \theta_G - \eta \, \nabla_{\theta_G} \, \texttt{generator_loss},
# \end{aligned}
# $$ (eq-gan-updates)
#
# both from the same old weights. In Keras and TensorFlow:


# %%
def train_step(
    generator, discriminator, optimizers, images, noise, fool=losses.non_saturating_loss
):
    with tf.GradientTape(persistent=True) as tape:
        generated = generator(noise, training=True)
        real_logits = discriminator(images, training=True)
        fake_logits = discriminator(generated, training=True)
        discriminator_loss = ops.mean(ops.softplus(-real_logits))  # -log D(x)
        discriminator_loss += ops.mean(ops.softplus(fake_logits))  # -log(1 - D(G(z)))
        generator_loss = ops.mean(fool(fake_logits))  # -log D(G(z))
    to_discriminator = tape.gradient(discriminator_loss, discriminator.trainable_variables)
    to_generator = tape.gradient(generator_loss, generator.trainable_variables)
    optimizers["discriminator"].apply(to_discriminator, discriminator.trainable_variables)
    optimizers["generator"].apply(to_generator, generator.trainable_variables)
    return discriminator_loss, generator_loss


# %% [markdown]
# `ops.softplus(a)` is $\log(1 + e^a)$. For a logit $l$, $D = 1 / (1 + e^{-l})$, so
# $-\log D = \log(1 + e^{-l})$ is the softplus of $-l$. In the same way $-\log(1 - D)$ is the softplus of $l$.
# Both are finite for any logit.
#
# The tape is `persistent` because it is asked for two gradients. Real and generated images go through the
# discriminator in batches of their own: in one batch, a layer such as batch normalisation would mix them.
#
# One epoch by hand, and one by `fit` of `models.GAN`, from the same weights, with the same batches and the
# same noise:


# %%
def adam(rate):
    return keras.optimizers.Adam(rate, beta_1=0.5)


# %% tags=["hide-input"]
keras.utils.set_random_seed(0)
generator, discriminator = build_generator(10), build_discriminator()
clones = [keras.models.clone_model(network) for network in (generator, discriminator)]
for clone, network in zip(clones, (generator, discriminator), strict=True):
    clone.set_weights(network.get_weights())

optimizers = {"generator": adam(2e-3), "discriminator": adam(1e-3)}
for name, network in (("generator", generator), ("discriminator", discriminator)):
    optimizers[name].build(network.trainable_variables)
step = tf.function(partial(train_step, generator, discriminator, optimizers))
draw = keras.random.SeedGenerator(0)
by_hand, sizes = [], []
for start in range(0, len(x_train), 64):
    images = x_train[start : start + 64]
    noise = keras.random.normal((len(images), 10), seed=draw)
    by_hand.append([float(loss) for loss in step(images, noise)])
    sizes.append(len(images))

packed = models.GAN(*clones, seed=0)
packed.compile(generator_optimizer=adam(2e-3), discriminator_optimizer=adam(1e-3))
history = packed.fit(x_train, batch_size=64, shuffle=False, verbose=0).history

# %%
names = "discriminator_loss", "generator_loss"
by_hand = np.average(by_hand, axis=0, weights=sizes)
notebook.Table(
    {
        "by hand": dict(zip(names, by_hand, strict=True)),
        "models.GAN": {name: history[name][0] for name in names},
    },
    digits=3,
    corner="mean over one epoch",
)

# %% [markdown]
# The two agree but for rounding, which an epoch of Adam makes larger.
#
# ### A sure discriminator, and two losses
#
# Do the slopes of equations {eq}`eq-gan-saturating` and {eq}`eq-gan-nonsaturating` show in training? We take
# points in the plane in place of images, and networks of dense layers. The generator begins around zero, the
# data lie around three on the first axis, and the discriminator trains alone for a hundred steps, so that it
# is sure. Then both learn, with either loss. The generator takes steps of plain gradient descent, so that
# their length shows the slope of its loss; the discriminator keeps to Adam. (In the folded cell
# `toy_networks` builds both networks, `ready` compiles a step for them, and `chase` plays this game.)


# %% tags=["hide-input"]
def toy_networks(seed, layer=layers.Dense):
    """Return a generator and a discriminator of points in the plane."""
    keras.utils.set_random_seed(seed)
    generator = keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(64, activation="relu"),
            layers.Dense(64, activation="relu"),
            layers.Dense(2),
        ]
    )
    discriminator = keras.Sequential(
        [
            keras.Input((2,)),
            layer(64, activation="leaky_relu"),
            layer(64, activation="leaky_relu"),
            layer(1),
        ]
    )
    return generator, discriminator


def ready(step, pair, generator_optimizer, discriminator_optimizer, **settings):
    """Return `step` for these networks and optimisers, compiled."""
    optimizers = {"generator": generator_optimizer, "discriminator": discriminator_optimizer}
    for network, optimizer in zip(pair, optimizers.values(), strict=True):
        optimizer.build(network.trainable_variables)
    return tf.function(partial(step, *pair, optimizers, **settings))


def chase(step, seed, layer=layers.Dense, steps=200, head_start=100, **settings):
    """Return the mean of the generated points on the first axis, after each step."""
    pair, slow = toy_networks(seed, layer), keras.optimizers.SGD(0.0)
    step = ready(step, pair, slow, adam(1e-3), **settings)
    data = np.float32([3.0, 0.0]) + toys.ring(std=0.05).sample(64 * (head_start + steps), seed)
    rng = np.random.default_rng(seed)
    places = []
    for number, points in enumerate(data.reshape(-1, 64, 2)):
        slow.learning_rate = 0.05 if number >= head_start else 0.0
        noise = rng.standard_normal((64, 2)).astype("float32")
        step(points, noise)
        places.append(float(ops.mean(pair[0](noise)[:, 0])))
    return np.array(places[head_start - 1 :])


seeds = range(3)
chases = {
    name: np.array([chase(train_step, seed, fool=loss) for seed in seeds])
    for name, loss in losses.ADVERSARIAL_LOSSES.items()
}

# %% mystnb={"figure": {"caption": "Where the mean of the generated points lies on the first axis after the discriminator's head start, three seeds of each loss. The data's mean is dotted.", "name": "fig-gan-chase"}, "image": {"alt": "Six curves over two hundred steps that start near zero. Three leave it at once; the other three stay low for about ten steps and then rise as steeply. All of them shoot far beyond a dotted line at three, turn, and settle around it in the second half."}} tags=["nbval-ignore-output", "hide-input"]
figure, axes = plt.subplots(figsize=(plotting.WIDTH, 2.9))
for colour, (name, places) in zip(("C1", "C0"), chases.items(), strict=True):
    for number, place in enumerate(places):
        axes.plot(place, color=colour, linewidth=1.5, label=None if number else name)
    for after in (10, 50):
        shown = " ".join(f"{x:.2f}" for x in places[:, after])
        print(f"{name:15} after {after} steps at {shown}")
axes.axhline(3, color="black", linestyle=":", linewidth=1)
axes.set(xlabel="steps", ylabel="mean, first axis")
axes.legend(loc="upper right")
plt.show()

# %% [markdown]
# The minimax loss begins slowly, as its slope says. Here that costs about ten steps, and after fifty the two
# losses are level; in the [workshop](05_vaegan_broken.ipynb) a discriminator stays ahead for longer.
#
# With either loss the points run far past the data. When they arrive, the discriminator is no longer sure
# ($D$ is mostly near one half), and its logit is much less steep than it was. But the slope still points outward,
# and it takes tens of steps to turn round. *Steadier games* comes back to this.
#
# ## Both at once, or one after the other?
#
# *You may skip this section at a first reading. Its result: two players who step at the same time can circle
# where players who take turns, or small steps, arrive.*
#
# The paper's Algorithm 1 does not step as we do. It *alternates*: $k$ steps of the discriminator, each
# on new examples, then one step of the generator, with new noise, against the discriminator as it now
# is. (The authors used $k = 1$.) Our `train_step`, and `models.GAN`, take both gradients from the same
# old weights and move both networks *simultaneously*. That saves a forward pass. To alternate one needs a
# second tape, because the generator asks a discriminator that has moved:


# %%
def alternating_step(generator, discriminator, optimizers, images, noise, new_noise):
    with tf.GradientTape() as tape:
        real_logits = discriminator(images, training=True)
        fake_logits = discriminator(generator(noise, training=True), training=True)
        discriminator_loss = ops.mean(ops.softplus(-real_logits) + ops.softplus(fake_logits))
    weights = discriminator.trainable_variables
    optimizers["discriminator"].apply(tape.gradient(discriminator_loss, weights), weights)

    with tf.GradientTape() as tape:
        fake_logits = discriminator(generator(new_noise, training=True), training=True)
        generator_loss = ops.mean(ops.softplus(-fake_logits))
    weights = generator.trainable_variables
    optimizers["generator"].apply(tape.gradient(generator_loss, weights), weights)
    return discriminator_loss, generator_loss


# %% [markdown]
# Do both ways of stepping lead to the same place? Take a game with one number for each player. The data are a
# Gaussian around zero. The generator moves its `mean`, the discriminator the `slope` of its logit, both with
# the learning rate `rate`. We follow the pair for the same time, which is `rate` times the number of steps.


# %%
def walk(deviation, rate, alternate=False, minimax=False, penalty=0.0, time=300, start=(1.0, 0.0)):
    """Let both players step; return `mean` and `slope` at every step."""
    z = np.linspace(-6, 6, 601) if deviation else np.zeros(1)  # deviation 0: single points
    weight = norm.pdf(z) / norm.pdf(z).sum()  # averages over a standard normal
    (mean, slope), path = start, []
    for _ in range(round(time / rate)):
        path.append((mean, slope))
        real, fake = deviation * z, mean + deviation * z
        better = np.sum(weight * real * expit(-slope * real))  # derivative of V by `slope`
        better -= np.sum(weight * fake * expit(slope * fake))
        new_slope = slope + rate * (better - penalty * slope)  # no penalty until later
        met = new_slope if alternate else slope  # the discriminator that the generator meets
        d = expit(met * fake)
        up = met * np.sum(weight * (d if minimax else 1 - d))  # lowers the generator's loss
        mean, slope = mean + rate * up, new_slope
    return np.array(path)


walks = {
    "wide, simultaneous": walk(1.0, 0.1),
    "narrow, simultaneous": walk(0.1, 0.1),
    "narrow, steps a tenth": walk(0.1, 0.01),
    "narrow, alternating": walk(0.1, 0.1, alternate=True),
}

# %% mystnb={"figure": {"caption": "The two players' path from the dot at `mean` one. The cross is the fixed point. Wide densities have deviation one, narrow ones a tenth. The table below has the distances at the end.", "name": "fig-gan-walk"}, "image": {"alt": "Four charts of slope over mean. In the first a short spiral runs into the cross. In the second the spiral shrinks onto a circle around the cross and stays on it. In the third and the fourth it keeps shrinking towards the cross."}} tags=["hide-input"]
figure, axes = plt.subplots(1, 4, figsize=(plotting.WIDTH, 2.1), sharex=True, sharey=True)
for plane, (name, path) in zip(axes, walks.items(), strict=True):
    plane.plot(*path.T, linewidth=0.8)
    plane.plot(*path[0], "o", color="black", markersize=4)
    plane.plot(0, 0, "x", color="black", markersize=8)
    plane.set(xlabel="mean", aspect="equal")
    plane.set_title(name.replace(", ", ",\n"), fontsize=9)
axes[0].set(ylabel="slope")
print(f"time {300}: {len(walks['narrow, simultaneous']):,} steps at the larger rate")
plt.show()

# %%
ends = {
    **walks,
    "points, minimax, simultaneous": walk(0.0, 0.1, minimax=True),
    "points, minimax, alternating": walk(0.0, 0.1, minimax=True, alternate=True),
}
notebook.Table(
    {
        name: {"at the start": np.hypot(*path[0]), "at the end": np.hypot(*path[-1])}
        for name, path in ends.items()
    },
    corner="distance from the fixed point",
)

# %% [markdown]
# Wide densities come to rest. For narrow ones the discriminator's slope returns to zero only slowly: the
# generator overshoots the data, the discriminator turns round, the generator comes back and overshoots again.
# With infinitely small steps the pair would still spiral in. But two finite steps taken at once push it
# outwards, and in the second chart both effects balance on a circle. With steps a tenth as large, or
# alternating ones, the pair keeps spiralling in, slowly.
#
# In the last two rows the densities are single points, and the generator has the minimax loss. There is
# no pull at all then: in continuous time the pair would circle without end {cite}`mescheder2018which`.
# Alternating steps keep to the circle, and simultaneous ones spiral outwards.
#
# How small must the rate be? Write $s$ for the deviation and $h$ for the rate. Close to the fixed point every
# logit is small, and there $\operatorname{sigmoid}(l) \approx \tfrac12 + \tfrac l4$. Put this into the two
# updates of `walk`, with $l = \texttt{slope} \cdot x$, and leave out all products of the two small numbers
# `mean` and `slope`. The generator's update becomes
#
# $$
# h \, \texttt{slope} \; \mathbb E_q\left[1 - D\right] \approx \tfrac h2 \, \texttt{slope} .
# $$ (eq-gan-linear-mean)
#
# The discriminator's has one average over the data, with $\mathbb E_p[x] = 0$ and $\mathbb E_p[x^2] = s^2$,
# and one over generated points, with $\mathbb E_q[x] = \texttt{mean}$ and
# $\mathbb E_q[x^2] = s^2 + \texttt{mean}^2$:
#
# $$
# \begin{aligned}
# & h \left(\mathbb E_p\left[x\,(1 - D)\right] - \mathbb E_q\left[x\, D\right]\right) \\
# & \approx h \left(-\tfrac{s^2}4 \, \texttt{slope} - \tfrac12 \, \texttt{mean}
# - \tfrac{s^2}4 \, \texttt{slope}\right) .
# \end{aligned}
# $$ (eq-gan-linear-slope)
#
# Together one simultaneous step is
#
# $$
# \begin{pmatrix} \texttt{mean} \\ \texttt{slope} \end{pmatrix} \leftarrow
# \begin{pmatrix} 1 & h/2 \\ -h/2 & 1 - h s^2/2 \end{pmatrix}
# \begin{pmatrix} \texttt{mean} \\ \texttt{slope} \end{pmatrix} .
# $$ (eq-gan-linear)
#
# This is a damped oscillator, of place `mean`, speed `slope` and damping $s^2$; but each finite step adds to its
# energy $\texttt{mean}^2 + \texttt{slope}^2$ besides. An exercise asks for the largest rate at which the pair still comes to rest. A GAN, then, does not go down one fixed loss:
# each step of one player changes the loss of the other, and how the steps are taken decides whether the two
# arrive.
#
# ## A game one can watch
#
# What a GAN does is easier to see with points in the plane than with images. `toys.ring` is a mixture of
# eight Gaussians on a circle; each is one *mode*. Does the generator find all of them? We count as
# {cite}`srivastava2017veegan` do: a generated point is of *high quality* if it lies within three standard
# deviations of a mode, and a mode is *covered* if some such point lies there. Since one stray point can cover
# a mode, we count strictly: a mode needs at least a tenth of its fair share.
#
# We play two kinds of game with our own step. In the *balanced* one both networks have the same
# learning rate. In the *unbalanced* one the discriminator's is ten times smaller.


# %%
ring = toys.ring(std=0.05)
codes = np.random.default_rng(0).standard_normal((2500, 2)).astype("float32")


def play(step, generator, seed, every=100):
    """Let `step` train on fresh points; return generated points and both losses by step."""
    steps, rng = profile.epochs(cpu=3000, gpu=6000), np.random.default_rng(seed)
    frames, logs = {}, {}
    for number, points in enumerate(ring.sample(64 * steps, seed).reshape(-1, 64, 2), start=1):
        found = step(points, rng.standard_normal((64, 2)).astype("float32"))
        if number % every == 0 or number == steps:
            frames[number] = generator(codes).numpy()
            logs[number] = [float(loss) for loss in found]
    return frames, logs


def measure(points):
    """Return modes covered strictly, and the share of high quality."""
    fair = len(points) // (10 * len(ring.modes))
    return (
        metrics.modes_covered(points, ring.modes, ring.std, minimum=fair),
        metrics.high_quality_share(points, ring.modes, ring.std),
    )


def game(seed, discriminator_rate, generator_rate=1e-3):
    pair = toy_networks(seed)
    step = ready(train_step, pair, adam(generator_rate), adam(discriminator_rate))
    return play(step, pair[0], seed)


games = {("balanced", 0): game(0, 1e-3)}
games |= {("unbalanced", seed): game(seed, 1e-4) for seed in seeds}

# %% tags=["nbval-ignore-output", "hide-input"] mystnb={"figure": {"caption": "Points that the generator makes (orange) and the modes of the data (crosses), as training goes on: one balanced game, and three unbalanced ones that differ in their seed alone.", "name": "fig-gan-ring"}, "image": {"alt": "Four rows of small charts with eight crosses on a circle. In the first row the orange points form a smear, then a ring, and at the end clouds on all crosses with a few threads between them. In the other rows they stay together in one streak or clump that moves from chart to chart and touches one or two crosses at most."}}
shown = [number for number in (100, 1000, 2000, 2500, 3000) if number in games["balanced", 0][0]]
shown = shown or list(games["balanced", 0][0])
rows = {}
for (name, seed), (frames, _) in games.items():
    rows[f"{name}, {seed}"] = {f"{number} steps": frames[number] for number in shown}
    modes, quality = measure(list(frames.values())[-1])
    print(f"{name}, seed {seed}: modes of 8, strictly {modes}, high quality {quality:.2f}")
plotting.point_frames(rows, ring.modes, 2.5)

# %% [markdown]
# In the balanced game, of one seed, the generator finds all modes. In the unbalanced ones its points form one heap or one
# streak, often away from all modes. The slow discriminator learns in time that points in this place are
# generated, and the generator moves on to another. Two kinds of failure are worth telling apart. The three
# games above are of the first.
#
# - *Non-convergence*: the two networks chase each other. Whether the points lie on a mode or between modes
#   when you stop is chance. (*Both at once, or one after the other?* has the smallest such game.)
# - *Mode collapse*: the points lie on one mode or a few, look perfect one by one, and stay.
#
# So few seeds prove little. The command `python -m benchmarks.collapse_and_cure` played such games over more
# seeds and somewhat longer. Here is where each of its runs with a plain discriminator ended, on our ring.

# %% mystnb={"figure": {"caption": "Ten balanced and ten unbalanced games from the record, a dot for each. A run at the upper left ended with nearly perfect points on one mode, a run at the lower left with no point on any: the one looks like a collapse, the other like a chase.", "name": "fig-gan-record"}, "image": {"alt": "A chart of high quality over modes covered. Most dots of the balanced games lie at the upper right, at eight modes. The dots of the unbalanced games lie mostly at the left: some at the lower left corner, some at one mode and a quality near one."}} tags=["hide-input"]
with open("../benchmarks/results/collapse_and_cure.json", encoding="utf-8") as file:
    record = json.load(file)
figure, axes = plt.subplots(figsize=(plotting.WIDTH, 2.9))
print(f"steps of each game: {record['settings']['steps']:,}")
endings = {}
for kind, offset in (("balanced", 0.08), ("unbalanced", -0.08)):
    runs = [
        run
        for run in record["runs"]
        if (run["toy"], run["game"], run["discriminator"]) == ("wide ring", kind, "plain")
    ]
    modes = np.array([run["modes_with_a_tenth"] for run in runs])
    quality = np.array([run["high_quality"] for run in runs])
    axes.plot(modes + offset, quality, "o", alpha=0.6, label=kind)
    endings[kind] = {
        "games": len(runs),
        "fewer than half of the modes": int(np.sum(modes < 4)),
        "of these: high quality above 0.9": int(np.sum((modes < 4) & (quality > 0.9))),
        "of these: no mode": int(np.sum(modes == 0)),
    }
    kept = quality[modes >= 4]
    print(f"{kind}, at least half of the modes: high quality {kept.min():.2f} to {kept.max():.2f}")
axes.set(xlabel="modes covered, strictly", ylabel="high quality", ylim=(-0.05, 1.05))
axes.legend(loc="center")
plt.show()

# %%
notebook.Table(endings, corner="how they ended")

# %% [markdown]
# But whether the points *stayed*, an end state cannot say; chapter 6 follows such games in time. Some games lie
# in between, and a balanced game can fail too. Do the losses tell? Here are those of the games that we played above, at their end, beside the fixed point's.

# %% tags=["nbval-ignore-output", "hide-input"]
rows = {"fixed point": {"modes": 8, **dict(zip(names, (2 * np.log(2), np.log(2)), strict=True))}}
for (name, seed), (frames, logs) in games.items():
    late = np.mean([row for number, row in logs.items() if number > 0.8 * max(logs)], axis=0)
    modes = measure(frames[max(frames)])[0]
    rows[f"{name}, seed {seed}"] = {"modes": modes, **dict(zip(names, late, strict=True))}
notebook.Table(rows, corner="last fifth of the steps")

# %% [markdown]
# **The losses of the games that failed are close to those of a finished one.** A discriminator with the loss
# of a guesser may have met a perfect generator, or it may be a poor discriminator: equation
# {eq}`eq-gan-bound` is only a bound. Each loss is measured against an opponent that changes, so it tells who
# is ahead, and not how good the examples are.
#
# ### Who asks for variety?
#
# The *best* discriminator does. Let all points of the generator lie on one of the eight modes, spread there
# as the data are. On that mode $q$ is eight times $p$, so by equation {eq}`eq-gan-optimal`
#
# $$
# D^* = \frac{p}{p + 8p} = \frac19 ,
# $$ (eq-gan-crowded)
#
# although each point by itself looks perfect, and on the seven other modes $D^*$ is one. So the best
# discriminator does see that something is missing. But little of this reaches the generator, for four
# reasons:
#
# - Its loss is a mean over its own points, each judged alone. Against a *fixed* discriminator the lowest loss
#   has all points in one place, where $D$ is largest. So for a discriminator that stands still nothing asks
#   for variety; only its next steps do.
# - The gradient is made of slopes of $D$ at the generator's own points. That $D$ is near one on a mode where
#   the generator makes nothing does not enter it.
# - A real discriminator lags behind the best one. With a small rate it still says where the points *were*,
#   and drives the whole heap on.
# - A real discriminator has limited capacity. There are distributions on a limited number of points which no
#   network of a given size can tell from the data {cite}`arora2017generalization`.
#
# The balanced game shows that a discriminator that keeps pace can be enough. Chapter 6 gives it a direct view
# of variety.
#
# ## Steadier games
#
# *You may skip this section at a first reading. Its result: a penalty on the discriminator's slope, a bound on
# it, or an average of the generator's weights can each calm a game.*
#
# **A penalty on the slope.** Add $\tfrac \lambda 2 \lVert \nabla_x l(x) \rVert^2$ to the discriminator's loss, a
# mean over real examples, where $l(x)$ is the logit. At the data it is then drawn to a slope of zero, which the
# best discriminator has at the fixed point. This is called $R_1$ {cite}`mescheder2018which`.
#
# Another penalty belongs to another loss. The *Wasserstein distance*, the smallest average distance over which
# mass must be moved to turn $q$ into $p$, is not level where the two have nothing in common, and it equals the
# largest $\mathbb E_p[f(x)] - \mathbb E_q[f(x)]$ over all functions $f$ whose slope is nowhere above one
# {cite}`arjovsky2017wasserstein`. So the discriminator raises this difference, with its logit for $f$, and a
# penalty $\lambda \, \mathbb E[(\lVert \nabla_u f(u) \rVert - 1)^2]$, at points $u$ between real and generated
# examples, keeps its slope near one {cite}`gulrajani2017improved`.
#
# **A discriminator that cannot be steep.** *Spectral normalisation* {cite}`miyato2018spectral` bounds the
# slope by construction. It divides each layer's weight matrix by its largest singular value, the factor by
# which it can stretch a vector at most. With dense layers, and activations whose slope is at most one, the
# logit's slope then is at most one, whatever the loss. In Keras one wraps each layer in
# `layers.SpectralNormalization`, and nothing else changes. (The singular value is only estimated, and for
# convolutions the bound holds up to a factor that depends on the kernel's size.)
#
# **An average of the generators.** If the weights circle around a good place, their average lies closer
# to it than they do. So keep a second set of weights, the *exponential moving average* (EMA)
# $\bar\theta \leftarrow \rho\, \bar\theta + (1 - \rho)\, \theta$ with $\rho$ close to one, and generate
# with $\bar\theta$ {cite}`yazici2019unusual`. The training itself does not notice. (In Keras:
# `Adam(..., use_ema=True, ema_momentum=0.999)`.)
#
# Here are three small trials. First the narrow game of {numref}`fig-gan-walk`, which circles when both step
# at once: there the logit's slope is one number, so a penalty on it is one more term.

# %%
average = averaged = walks["narrow, simultaneous"][0]
for weights in walks["narrow, simultaneous"]:
    averaged = 0.995 * averaged + 0.005 * weights
ends = {
    "as it was": walks["narrow, simultaneous"][-1],
    "moving average of its weights": averaged,
    "penalty with target zero": walk(0.1, 0.1, penalty=0.5)[-1],
}
notebook.Table(
    {
        name: {"mean": end[0], "slope": end[1], "distance": np.hypot(*end)}
        for name, end in ends.items()
    },
    corner="narrow game, at the end",
)

# %% [markdown]
# Then the points that ran past the data, with the discriminator's layers normalised and all else equal.


# %%
def normalised(*arguments, **settings):
    return layers.SpectralNormalization(layers.Dense(*arguments, **settings))


normal = np.array([chase(train_step, seed, normalised) for seed in seeds])
notebook.Table(
    {
        name: {f"seed {seed}": place.max() for seed, place in zip(seeds, places, strict=True)}
        for name, places in (("plain", chases["non-saturating"]), ("normalised", normal))
    },
    digits=1,
    corner="farthest on the first axis",
)

# %% [markdown]
# The average lies close to the fixed point that the weights only circle. The penalty with target zero brings
# the players themselves to rest. (With the target one they need not
# come to rest in a game of single points: at the fixed point the slope should vanish, and the penalty wants it
# to be one {cite}`mescheder2018which`.) A discriminator that cannot be steep sends the points less far past the
# data.
#
# None of this need cure a collapse. An average is no help to a generator that wanders, and a price for a mode
# that is left out reaches the generator only through a discriminator that follows closely.
#
# ## Digits
#
# Now `models.GAN` on digits, with the two networks of this chapter. One more common setting: the target for
# real images is nine tenths in place of one, so that the discriminator does not become too sure
# {cite}`salimans2016improved`. With a target $t$ the best answer to a perfect generator is $D = t/2$, and the
# losses at the fixed point move accordingly.

# %%
folder, target = "../runs/chapter-4", 0.9
preset = profile.choose(cpu="small", gpu="light")  # names of network shapes, see `networks`
keras.utils.set_random_seed(0)
gan = models.GAN(
    networks.build_decoder(preset, latent_dim=10),
    networks.build_discriminator(preset),
    real_target=target,
    seed=0,
)
gan.compile(adam(2e-3), adam(1e-3))
sheets = {}
history = callbacks.HistoryWriter(f"{folder}/history.csv")
tensorboard = callbacks.TensorBoardLog(f"{folder}/tensorboard", history)
look = keras.callbacks.LambdaCallback(
    on_epoch_end=lambda epoch, logs: sheets.update({epoch + 1: gan.generate(10, seed=0)})
)
fitted = gan.fit(
    x_train,
    epochs=profile.epochs(cpu=14, gpu=10),
    batch_size=profile.choose(cpu=32, gpu=64),
    verbose=0,
    callbacks=[history, tensorboard, look],
)

# %% tags=["nbval-ignore-output", "hide-input"] mystnb={"figure": {"caption": "The same ten codes after some of the epochs, with real images above. One run, one seed.", "name": "fig-gan-digits"}, "image": {"alt": "Rows of ten images. Above, real digits. After the first epoch, grey or white blots without content. In the later rows white strokes on black, about as sharp as the real ones: some are digits, some are malformed."}}
shown = sorted({1, 3, 7, max(sheets)} & set(sheets))
vae = vaegan_edu.pretrained(f"vae-{profile.data}")  # comes with the package
compared = {
    "GAN": gan.generate(360, seed=0),
    "VAE": vae.generate(360, seed=0),
    "real images": x_test[:360],
}
grey = {name: np.mean(np.abs(images) < 0.5) for name, images in compared.items()}
print("share of grey pixels: " + ", ".join(f"{name} {share:.2f}" for name, share in grey.items()))
classifier = metrics.load_classifier(profile.data)
ours, data = (
    metrics.read_digits(classifier, images) for images in (compared["GAN"], x_train[:5000])
)
distance = metrics.compare_digits(ours, data)["frechet_distance"]
print(f"Fréchet distance of this run on {profile.data}: {distance:.0f}")
rows = {"real": x_test[:10], **{f"epoch {epoch}": sheets[epoch] for epoch in shown}}
plotting.image_rows(rows)

# %% [markdown]
# After a few epochs of small networks many images are no digit. But the *kind* of fault has changed. A decoder
# trained by squared errors paints grey where it is in doubt: samples of the package's VAE, though trained for
# longer, have more grey pixels than real images, those of our GAN fewer. A discriminator can learn to reject too
# much grey; here the shape is wrong.
#
# The regular dots of the early epochs come from the transposed convolutions. Their kernels are laid down in
# steps of two pixels, so neighbouring pixels are made by different weights. The dots fade as the kernels learn.
#
# With the larger networks of the preset `"light"`, batch normalisation in the generator, other learning rates
# and more epochs, the same class makes better ones, also by the Fréchet distance of the next chapter: the smaller,
# the better. (Which of the changes helped was not separated.)

# %% mystnb={"figure": {"caption": "Samples from the record of `python -m vaegan_edu train gan-digits`, last epoch, first of three seeds.", "name": "fig-gan-best"}, "image": {"alt": "Eight rows of eight white digits on black, many of them easy to name and in different hands; others are malformed."}} tags=["hide-input"]
runs = records.read_runs("../book/results/gan-digits")
arguments = runs[0].config["arguments"]
print(", ".join(f"{key} {arguments[key]}" for key in ("preset", "epochs", "batch_size")))
distances = ", ".join(f"{run.metrics['random_frechet_distance']:.0f}" for run in runs)
print(f"Fréchet distance, each of its seeds: {distances}")
figure, axes = plt.subplots(figsize=(3.6, 3.6))
axes.imshow(
    plt.imread(f"../book/results/gan-digits/seed-0/samples/epoch-{arguments['epochs']:03}.png")
)
axes.axis("off")
plt.show()

# %% [markdown]
# Do the losses of our run know of its progress?

# %% tags=["nbval-ignore-output", "hide-input"] mystnb={"figure": {"caption": "Above, both losses of the run by epoch; below, the means of D. The dotted lines are the values at the fixed point for a target of nine tenths.", "name": "fig-gan-curves"}, "image": {"alt": "Two charts over epochs, one below the other. Above, the generator's loss jumps up and then falls towards its dotted line, while the discriminator's dips and then rises towards its own. Below, the two means of D start far apart and come close to each other."}}
lowest = min(history.rows, key=lambda row: row["discriminator_loss"])
print(f"lowest discriminator_loss: {lowest['discriminator_loss']:.2f}", end=" ")
print(f"in epoch {lowest['epoch']}, in the last epoch {history.rows[-1]['discriminator_loss']:.2f}")
half = target / 2
judged = -target * np.log(half) - (1 - target) * np.log(1 - half) - np.log(1 - half)
lines = {"discriminator_loss": judged, "generator_loss": -np.log(half), "d_real": half}
figure, axes = plt.subplots(2, 1, figsize=(plotting.WIDTH, 4.2), sharex=True)
epoch = [row["epoch"] for row in history.rows]
for plane, logs in zip(axes, (names, ("d_real", "d_generated")), strict=True):
    for number, name in enumerate(logs):
        plane.plot(epoch, [row[name] for row in history.rows], label=name)
        if name in lines:
            colour = f"C{number}" if plane is axes[0] else "black"
            plane.axhline(lines[name], color=colour, linestyle=":", linewidth=1)
    plane.legend(loc="upper right")
axes[1].set(ylim=(0, 1), xlabel="epoch")
plt.show()

# %% [markdown]
# The discriminator's loss was lowest early, when the images were still poor, and rose as they became
# better. So read the curves of a GAN like this. (`d_real` and `d_generated`
# are the means of $D$ over real and over generated images.)
#
# - `d_real` and `d_generated` approach each other: neither is far ahead. It says nothing of quality.
# - `d_generated` near zero for long: the discriminator is far ahead. The minimax loss then teaches the
#   generator almost nothing. The non-saturating one still pulls hard, but follows a discriminator whose slope
#   need not point to the data.
# - A loss that is steady: the players are in balance, whether the game is perfect or collapsed.
#
# Which of the epochs is the best, and is it better than chapter 2's VAE? No loss of this chapter can say.
# [How good is it?](04_how_good_is_it.ipynb), next, asks how one measures it.
#
# (`callbacks.TensorBoardLog` has written these curves too. In Colab or Jupyter, `%load_ext tensorboard`
# and `%tensorboard --logdir ../runs` open them; from a terminal, `tensorboard --logdir runs`.)
#
# ## Exercises
#
# Replace the placeholder in each cell and run it. The check says what it proved, or gives a hint.
#
# ### Run and look
#
# Let the generator have `mean` one and `deviation` one. Derive which `slope` and which `offset` the best
# discriminator has, set them in the explorer above, and see that nothing you change raises $V$. What is $V$
# there, in nats, to two decimals?

# %% tags=["exercise"]
# Exercise: game_by_hand
value = None  # V at the best slope and offset for mean 1 and deviation 1: replace None

exercises.check("game_by_hand", value)
# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: game_by_hand
# log p - log q = -x^2 / 2 + (x - 1)^2 / 2 = -x + 1 / 2: slope -1, offset 0.5.
value = -1.163

exercises.check("game_by_hand", value)
# %% [markdown]
# ### Write the best discriminator
#
# Equation {eq}`eq-gan-optimal`, as logits. Why should you not compute $D^*$ on the way?


# %% tags=["exercise"]
# Exercise: best_discriminator
def best_discriminator(p, q):
    """Return the logits of D*, (N,); p and q are both densities at N points."""
    # The logit of D is log D - log(1 - D). Simplify before you compute.
    return None


exercises.check("best_discriminator", best_discriminator)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: best_discriminator
def best_discriminator(p, q):
    """Return the logits of D*, (N,); p and q are both densities at N points."""
    return np.log(p) - np.log(q)


exercises.check("best_discriminator", best_discriminator)
# %% [markdown]
# ### Write both losses
#
# The discriminator's loss is minus equation {eq}`eq-gan-value`; the generator's is the non-saturating
# one. You are given logits. Let your functions stay finite when a logit is a thousand.


# %% tags=["exercise"]
# Exercise: gan_losses
def gan_losses(real_logits, fake_logits):
    """Return (discriminator_loss, generator_loss), two numbers; arguments (N,) and (M,)."""
    # log(1 + exp(a)) is np.logaddexp(0, a). It never overflows.
    return None


exercises.check("gan_losses", gan_losses)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: gan_losses
def gan_losses(real_logits, fake_logits):
    """Return (discriminator_loss, generator_loss), two numbers; arguments (N,) and (M,)."""
    on_real = np.logaddexp(0, -real_logits)  # -log D
    on_fake = np.logaddexp(0, fake_logits)  # -log(1 - D)
    fooling = np.logaddexp(0, -fake_logits)  # -log D, on fake examples
    return on_real.mean() + on_fake.mean(), fooling.mean()


exercises.check("gan_losses", gan_losses)
# %% [markdown]
# ### Write the training step
#
# Write one step of a GAN without looking back. `optimizers` is a dict with the keys `"generator"` and
# `"discriminator"`.


# %% tags=["exercise"]
# Exercise: gan_step
def gan_step(generator, discriminator, optimizers, images, noise):
    """Train both networks by one step; return discriminator_loss and generator_loss."""
    # with tf.GradientTape(persistent=True) as tape: generate, judge both batches, both losses.
    # Then each network's gradient of its own loss, and two calls of optimizers[...].apply.
    return None


exercises.check("gan_step", gan_step)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: gan_step
def gan_step(generator, discriminator, optimizers, images, noise):
    """Train both networks by one step; return discriminator_loss and generator_loss."""
    with tf.GradientTape(persistent=True) as tape:
        generated = generator(noise, training=True)
        real_logits = discriminator(images, training=True)
        fake_logits = discriminator(generated, training=True)
        discriminator_loss = ops.mean(ops.softplus(-real_logits))  # -log D(x)
        discriminator_loss += ops.mean(ops.softplus(fake_logits))  # -log(1 - D(G(z)))
        generator_loss = ops.mean(ops.softplus(-fake_logits))  # -log D(G(z))
    to_generator = tape.gradient(generator_loss, generator.trainable_variables)
    to_discriminator = tape.gradient(discriminator_loss, discriminator.trainable_variables)
    optimizers["generator"].apply(to_generator, generator.trainable_variables)
    optimizers["discriminator"].apply(to_discriminator, discriminator.trainable_variables)
    return discriminator_loss, generator_loss


exercises.check("gan_step", gan_step)

# %% [markdown]
# Now train with what you wrote, on the ring. (If you open the solution's cell, leave it unrun: it would
# replace your step by its own.)

# %% mystnb={"figure": {"caption": "The balanced game on the ring with the step of the exercise above.", "name": "fig-gan-yours"}, "image": {"alt": "Four charts with eight crosses on a circle. The orange points first form a smear and then gather on most of the crosses."}} tags=["nbval-ignore-output"]
pair = toy_networks(seed=0)
frames, logs = play(ready(gan_step, pair, adam(1e-3), adam(1e-3)), pair[0], seed=0)
modes, quality = measure(frames[max(frames)])
print(f"modes of 8, strictly: {modes}, high quality: {quality:.2f}")
shown = {
    f"{number} steps": frames[number] for number in (100, 1000, 2000, 3000) if number in frames
}
plotting.point_frames({"yours": shown or frames}, ring.modes, 2.5)

# %% [markdown]
# And on digits, with the two networks of this chapter:

# %% mystnb={"figure": {"caption": "Sixteen samples of this chapter's generator, trained by the step of the exercise above.", "name": "fig-gan-your-digits"}, "image": {"alt": "Two rows of eight images, white strokes on black: some are digits, others are blots and fragments of digits."}} tags=["nbval-ignore-output"]
keras.utils.set_random_seed(0)
pair = build_generator(10), build_discriminator()
step, rng = ready(gan_step, pair, adam(2e-3), adam(1e-3)), np.random.default_rng(0)
for _ in range(profile.epochs(cpu=20, gpu=3)):
    order = rng.permutation(len(x_train))
    for batch in order[: len(order) // 64 * 64].reshape(-1, 64):
        step(x_train[batch], rng.standard_normal((64, 10)).astype("float32"))
yours = pair[0](rng.standard_normal((16, 10)).astype("float32")).numpy()
print(f"grey pixels, share: yours {np.mean(np.abs(yours) < 0.5):.2f}")
plotting.image_rows({"yours": yours[:8], "more": yours[8:]})

# %% [markdown]
# ### Derive and write: the largest rate
#
# (This one needs *Both at once, or one after the other?*) By equation {eq}`eq-gan-linear` every simultaneous
# step multiplies the pair by one matrix. How large may the rate $h$ be at most, so that the pair comes closer
# to the fixed point? For a deviation $s$ of at most one the two eigenvalues are complex, $a \pm b\,\mathrm i$.
# Averaged over a turn, a step stretches the pair by their length $\sqrt{a^2 + b^2}$, and $a^2 + b^2$ is their
# product, the determinant. Then put your number into `walk` above, with a rate a little below and a little above.


# %% tags=["exercise"]
# Exercise: stable_rate
def stable_rate(deviation):
    """Return the largest rate, one number, for densities of a deviation of at most one."""
    # The eigenvalues are complex: their squared length is the determinant of the matrix.
    return None


exercises.check("stable_rate", stable_rate)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: stable_rate
def stable_rate(deviation):
    """Return the largest rate, one number, for densities of a deviation of at most one."""
    return 2 * deviation**2


exercises.check("stable_rate", stable_rate)

# %% [markdown]
# ### Derive and write: what the generator receives
#
# In the explorer a generated point is $x = \texttt{mean} + \texttt{deviation} \cdot z$, and its logit is
# $\texttt{slope} \cdot x + \texttt{offset}$. Derive how the mean of $-\log D(x)$ over the points changes
# with `mean`. Equation {eq}`eq-gan-nonsaturating` is one factor of it.


# %% tags=["exercise"]
# Exercise: generator_gradient
def generator_gradient(x, slope, offset):
    """Return the derivative of mean(-log D(x)) with respect to `mean`, one number; x is (N,)."""
    # x = mean + deviation * z, logit = slope * x + offset, D = sigmoid(logit): three factors.
    return None


exercises.check("generator_gradient", generator_gradient)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: generator_gradient
def generator_gradient(x, slope, offset):
    """Return the derivative of mean(-log D(x)) with respect to `mean`, one number; x is (N,)."""
    d = 1 / (1 + np.exp(-(slope * x + offset)))
    return -slope * np.mean(1 - d)


exercises.check("generator_gradient", generator_gradient)
# %% [markdown]
# ### Derive and write: a discriminator as a measuring device
#
# Solve equation {eq}`eq-gan-bound`: from a discriminator's logits on real and on generated examples,
# how large is the Jensen-Shannon divergence at least?


# %% tags=["exercise"]
# Exercise: divergence_bound
def divergence_bound(real_logits, fake_logits):
    """Return a lower bound on the divergence, in nats; arguments (N,) and (M,)."""
    # First the value V of this discriminator, then solve for the divergence.
    return None


exercises.check("divergence_bound", divergence_bound)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: divergence_bound
def divergence_bound(real_logits, fake_logits):
    """Return a lower bound on the divergence, in nats; arguments (N,) and (M,)."""
    value = -np.mean(np.logaddexp(0, -real_logits))
    value -= np.mean(np.logaddexp(0, fake_logits))
    return np.log(2) + value / 2


exercises.check("divergence_bound", divergence_bound)
# %% [markdown]
# ## Quiz
#
# Decide first, then open your answer.
#
# **1. Where does the generator see the training images?**
#
# <details><summary>a) It is shown each of them once in every epoch.</summary>
#
# No. Its input is a random code, and its loss depends on its own examples only.
#
# </details>
# <details><summary>b) Nowhere. All it learns comes through the discriminator's answers.</summary>
#
# Right. The gradient of the discriminator's logit, with respect to the generated example, tells it
# which change would look more real.
#
# </details>
# <details><summary>c) In the reconstruction loss.</summary>
#
# No. A GAN has none. There is no pair of an image and its copy.
#
# </details>
#
# **2. At some point the data are three times as dense as the generator's examples. What does the best
# discriminator answer there?**
#
# <details><summary>a) One half, as both are possible.</summary>
#
# No. One half is the answer where both densities are equal.
#
# </details>
# <details><summary>b) One third.</summary>
#
# No. That is the generator's density over the data's. Put the densities into the formula.
#
# </details>
# <details><summary>c) Three quarters.</summary>
#
# Right. $D^* = p/(p + q)$, with three parts of $p$ to one of $q$. The logit is $\log 3$.
#
# </details>
#
# **3. The discriminator is sure about all generated examples. Which loss teaches the generator
# something?**
#
# <details><summary>a) The non-saturating one.</summary>
#
# Right. Its slope over the logit is $-(1 - D)$, close to $-1$ when $D$ is near zero.
#
# </details>
# <details><summary>b) The minimax one, since it is the true game.</summary>
#
# No. Its slope is $-D$, which is almost zero just then.
#
# </details>
# <details><summary>c) Both equally, since they have the same fixed point.</summary>
#
# No. Their slopes on the way differ.
#
# </details>
#
# **4. The discriminator's loss has settled at $2 \log 2$. What do you know?**
#
# <details><summary>a) The generator is perfect.</summary>
#
# No. The games that failed in this chapter had about the same loss.
#
# </details>
# <details><summary>b) Its loss is that of a guesser: as a bound on the divergence it proves nothing.</summary>
#
# Right. A better discriminator might tell the two kinds apart. So might this very one, if it is too sure of
# itself.
#
# </details>
# <details><summary>c) Training has failed.</summary>
#
# No. It is also the loss at the end of a perfect game. Look at the samples, and count.
#
# </details>
#
# **5. You minimise both losses over the weights of both networks. What goes wrong?**
#
# <details><summary>a) Nothing. Two updates become one.</summary>
#
# No. The two losses want opposite things of the same weights.
#
# </details>
# <details><summary>b) It only becomes slower.</summary>
#
# No. Slower would still arrive. This pulls the discriminator in two directions.
#
# </details>
# <details><summary>c) The generator's loss teaches the discriminator to be deceived.</summary>
#
# Right. It is lowest when generated examples are called real, and the discriminator's weights can bring
# that about at once. So each network gets the gradient of its own loss alone.
#
# </details>
#
# **6. (Needs *What the non-saturating loss minimises*.) A trained GAN draws nine of the ten digits, all of
# them well. Which sentence fits its loss?**
#
# <details><summary>a) The non-saturating loss follows a divergence that hardly minds what is left out.</summary>
#
# Right. It is $2 D_\text{KL}(m \,\|\, p)$. What the generator leaves out still has half of its mass in the
# mixture $m$, so the price is small; and only a discriminator that is close to the best one charges even
# that.
#
# </details>
# <details><summary>b) It minimises the forward KL divergence, as training by likelihood does.</summary>
#
# No. By the forward divergence a missing digit would cost without limit.
#
# </details>
# <details><summary>c) The discriminator must have failed to see the missing digit.</summary>
#
# No. It calls the real ones real, but the generator's gradient comes from its own examples.
#
# </details>
#
# ## What to remember
#
# - Can a second network judge better than a formula? It can forbid a fault that the squared error rewards, the
#   grey average. But it judges relative to its opponent, and its loss is no measure. Whether its images are
#   better altogether, the interlude measures.
# - A generator and a discriminator play for one value $V$.
# - The best discriminator's logit is the log ratio of the densities, $\log p - \log q$.
# - Against it the minimax loss follows the Jensen-Shannon divergence. Any other discriminator gives a
#   lower bound of it.
# - The minimax loss is level while the discriminator is sure; the non-saturating one is steep there. It
#   follows $D_\text{KL}(q \,\|\, p) - 2\,\text{JS}$, and so is mode-seeking.
# - In a step each network gets the gradient of its own loss only. Ours are simultaneous; Algorithm 1
#   alternates.
# - A game may circle or chase without arriving, or collapse onto a few modes. Only a discriminator that keeps
#   pace asks for variety.
# - A game that failed can have the losses of a perfect one. Count.
#
# ## Sources
#
# - The game, the best discriminator, the Jensen-Shannon divergence: {cite}`goodfellow2014generative`,
#   equation 1, proposition 1 and theorem 1; alternating steps: Algorithm 1; the non-saturating loss:
#   section 3.
# - What a sure discriminator does to the gradient, and what the non-saturating loss minimises:
#   {cite}`arjovsky2017towards`, section 2 and theorem 2.5; as a divergence of its own:
#   {cite}`shannon2020non`.
# - Why the training circles: {cite}`mescheder2018which`, section 2, with single points for both
#   densities.
# - Networks of convolutions: {cite}`radford2016unsupervised`, section 3.
# - Ring and how modes are counted: {cite}`srivastava2017veegan`, section 5.1. What a discriminator of limited
#   size cannot see: {cite}`arora2017generalization`, section 3.
# - Wasserstein loss: {cite}`arjovsky2017wasserstein`; its gradient penalty:
#   {cite}`gulrajani2017improved`, equation 3. Spectral normalisation: {cite}`miyato2018spectral`,
#   section 2. Averages of the weights: {cite}`yazici2019unusual`.
# - A softened target for real examples: {cite}`salimans2016improved`, section 3.4.
