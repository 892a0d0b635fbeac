# %% [markdown]
# # Chapter 4: The generative adversarial network
#
# *Run time: 107 s on two CPU cores, measured at the last execution.*
#
# **Can a second network judge the images better than a formula?**
#
# After this chapter you can
#
# - write down the game of a generator and a discriminator, and say what each of them wants;
# - derive the best discriminator, and what the generator then minimises;
# - explain why the generator is trained with $-\log D$, and measure the difference;
# - train a GAN, watch it find or lose the modes of a mixture, and say why its losses don't tell.

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
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # quiet start
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # the same digits on every run

import json

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers, ops
from scipy.special import expit
from scipy.stats import norm

from vaegan_edu import (
    callbacks,
    exercises,
    experiments,
    losses,
    metrics,
    models,
    networks,
    plotting,
    toys,
)
from vaegan_edu.widgets import GameExplorer

# %matplotlib inline
plotting.style()
profile = experiments.current_profile()
(x_train, y_train), (x_test, y_test) = profile.load_data()

# %% [markdown]
# ## A forger and an expert
#
# The images of chapter 2 were blurred. We had told the decoder, pixel by pixel, what it got wrong,
# and where a code left a doubt the safest answer was an average. But an average of two images is
# no image of the data, and everyone sees it at once. Could that eye be a network?
#
# Let two networks play against each other {cite}`goodfellow2014generative`.
#
# - The *generator* is a forger. It turns a random code $z$ into an example $G(z)$. It is a decoder
#   by another name, and it never sees the data.
# - The *discriminator* is an expert. It is shown examples, real and forged, and answers with $D(x)$,
#   its probability that $x$ is real.
#
# The expert learns to tell them apart. The forger learns to be taken for real. Each forces the other
# to improve. Nobody compares a forged image with one particular real image: the only question is
# whether it *could* have come from the data.
#
# Write $p$ for the density of the data and $q$ for the density of what the generator makes. The
# expert's success is the *value* of the game, that paper's first equation:
#
# $$
# \begin{aligned}
# V(D, G) = {} & \mathbb E_{x \sim p}\left[\log D(x)\right] \\
# &+ \mathbb E_{z \sim p(z)}\left[\log\left(1 - D(G(z))\right)\right].
# \end{aligned}
# $$ (eq-gan-value)
#
# The first term is near zero if the expert believes in what is real, the second if he rejects what
# is forged. Otherwise they are negative. So the discriminator makes $V$ large and the generator
# makes it small:
#
# $$
# \min_G \, \max_D \; V(D, G).
# $$ (eq-gan-game)
#
# In the code the discriminator answers with `logits`, any real number, and
# $D = \operatorname{sigmoid}(\texttt{logits})$. Positive means "real". What it lowers is
# `losses.discriminator_loss(logits, target)`, with `target` one on real examples and zero on
# generated ones. The sum of the two means is $-V$:

# %%
real_logits = np.array([2.0, 0.5, -1.0])  # the discriminator's, on real ...
fake_logits = np.array([-3.0, 0.2])  # ... and on generated examples

value = np.mean(np.log(expit(real_logits)))
value += np.mean(np.log(1 - expit(fake_logits)))
on_real = losses.discriminator_loss(real_logits, 1.0)
on_fake = losses.discriminator_loss(fake_logits, 0.0)
print(f"V by the formula        {value:.3f} nats")
print(f"sum of the two losses   {float(ops.mean(on_real) + ops.mean(on_fake)):.3f}")

guess = losses.discriminator_loss(np.zeros(1), 1.0)
guess += losses.discriminator_loss(np.zeros(1), 0.0)
print(f"an expert who guesses   {float(guess[0]):.3f}")
print(f"2 log 2                 {2 * np.log(2):.3f}")

# %% [markdown]
# Keep the last number in mind. A discriminator that answers one half to everything has a loss of
# $2 \log 2$. We shall meet it at the best moment of a game, and at the worst.
#
# ## The best expert
#
# Hold the generator still. Which discriminator makes $V$ largest? Write both averages as one
# integral:
#
# $$
# \begin{aligned}
# V = \int \bigl[\, & p(x) \log D(x) \\
# & + q(x) \log\left(1 - D(x)\right) \bigr] \, dx .
# \end{aligned}
# $$ (eq-gan-integral)
#
# $D$ may be chosen at every $x$ on its own. So look at one $x$. The derivative with respect to $D$ is
#
# $$
# \frac{p}{D} - \frac{q}{1 - D},
# $$ (eq-gan-derivative)
#
# which falls as $D$ grows, so where it is zero the bracket is largest. Solve for $D$:
#
# $$
# \begin{aligned}
# D^*(x) &= \frac{p(x)}{p(x) + q(x)}, \\
# \texttt{logits}^*(x) &= \log p(x) - \log q(x) .
# \end{aligned}
# $$ (eq-gan-optimal)
#
# This is Bayes' rule for "real or forged?", with as many real examples as forged ones. And it is the
# bridge to chapter 3: the expert's logit is a *log ratio of densities*, learned from examples
# alone. Is that so? We take two densities that we know, a mixture and a Gaussian, show a small
# network nothing but draws from them, and compare its logits with the formula.


# %%
def log_p(x):
    """Log-density of the data, a mixture of two Gaussians."""
    return np.logaddexp(
        norm.logpdf(x, -2.0, 0.7) + np.log(0.5),
        norm.logpdf(x, 1.5, 1.0) + np.log(0.5),
    )


def log_q(x):
    """Log-density of the generator, one Gaussian."""
    return norm.logpdf(x, 0.0, 1.8)


rng = np.random.default_rng(0)
count = 100_000
real = np.where(
    rng.random(count) < 0.5,
    rng.normal(-2.0, 0.7, count),
    rng.normal(1.5, 1.0, count),
)
fake = rng.normal(0.0, 1.8, count)
points = np.concatenate([real, fake])[:, None].astype("float32")
targets = np.repeat([1.0, 0.0], count)[:, None].astype("float32")
order = rng.permutation(2 * count)

keras.utils.set_random_seed(0)
expert = keras.Sequential(
    [
        keras.Input((1,)),
        layers.Dense(32, activation="tanh"),
        layers.Dense(32, activation="tanh"),
        layers.Dense(1),
    ]
)
x = np.linspace(-8, 8, 801)
density = (np.exp(log_p(x)) + np.exp(log_q(x))) / 2
best_logits = log_p(x) - log_q(x)


def logit_error():
    """Mean distance of the network's logits from the formula, where examples lie."""
    logits = networks.apply(expert, x[:, None])[:, 0]
    return np.average(np.abs(logits - best_logits), weights=density)


before = logit_error()
expert.compile(
    keras.optimizers.Adam(3e-3),
    # Half of a batch is real: twice the mean over all is the sum of both means.
    loss=lambda target, logits: 2 * losses.discriminator_loss(logits, target[:, 0]),
    steps_per_execution=50,
)
expert.fit(
    points[order],
    targets[order],
    batch_size=500,
    verbose=0,
    epochs=profile.epochs(cpu=4, gpu=8),
    shuffle=False,
)
expert.optimizer.learning_rate = 3e-4  # smaller steps, less noise
expert.fit(points[order], targets[order], batch_size=500, verbose=0, shuffle=False)
after = logit_error()
print(f"mean error of the logits, untrained   {before:.1f}")
print("trained: below 0.1", after < 0.1)

# %% tags=["nbval-ignore-output"] mystnb={"figure": {"caption": "Above, the densities of the data and of the generator. Below, the logits that a network learned from draws, and the formula of equation {eq}`eq-gan-optimal`. Their mean distance where examples lie is printed above the figure.", "name": "fig-gan-logits"}, "image": {"alt": "Two charts, one above the other. Above, a density with two humps and a wide single hump. Below, two curves almost on top of each other: they rise to a top above each of the two humps, dip below zero between them and fall steeply on both sides; far outside they part a little."}}
print(f"mean error of the logits, trained     {after:.3f}")
figure, (upper, lower) = plt.subplots(2, 1, figsize=(plotting.WIDTH, 4.2), sharex=True)
upper.plot(x, np.exp(log_p(x)), label="p, data")
upper.plot(x, np.exp(log_q(x)), label="q, generator")
upper.set(ylabel="density")
upper.legend()
lower.plot(x, best_logits, color="C2", linewidth=5, alpha=0.4, label="log p - log q")
lower.plot(
    x,
    networks.apply(expert, x[:, None])[:, 0],
    color="black",
    label="learned logits",
)
lower.axhline(0, color="black", linestyle=":", linewidth=1)
lower.set(xlabel="x", ylabel="logit", xlim=(-5.5, 5.5), ylim=(-6, 2.5))
lower.legend(loc="lower center")
plt.show()

# %% [markdown]
# ## What remains for the forger
#
# Put $D^*$ into equation {eq}`eq-gan-integral`. With the mixture $m = (p + q)/2$ we have
# $D^* = p / (2m)$ and $1 - D^* = q / (2m)$, and each of the two terms gives one $-\log 2$:
#
# $$
# \begin{aligned}
# V(D^*, G) &= D_\text{KL}(p \,\|\, m) + D_\text{KL}(q \,\|\, m) \\
# &\quad - 2 \log 2 \\
# &= 2 \, \text{JS}(p, q) - 2 \log 2 .
# \end{aligned}
# $$ (eq-gan-js)
#
# So against the best expert the forger lowers the Jensen-Shannon divergence. It is zero only when
# $q = p$. Then $D^*$ is one half everywhere and $V$ is $-2 \log 2$. That is the end of the game: the
# forger makes examples exactly as the data are made, and the expert can only guess.
#
# Any other discriminator reaches less. Turned round, every discriminator tells a *lower bound* of
# the divergence, and a poor one tells too little:
#
# $$
# \text{JS}(p, q) \;\geq\; \log 2 + \tfrac 12 V(D, G) .
# $$ (eq-gan-bound)
#
# We check both with the network just trained, by sums over a fine grid.


# %%
def game_value(logits):
    """The integral for V as a sum over the grid `x`, for D = sigmoid(logits)."""
    integrand = np.exp(log_p(x)) * -np.logaddexp(0, -logits)
    integrand += np.exp(log_q(x)) * -np.logaddexp(0, logits)
    return np.sum(integrand) * (x[1] - x[0])


log_m = np.log(density)
js = (
    0.5
    * np.sum(np.exp(log_p(x)) * (log_p(x) - log_m) + np.exp(log_q(x)) * (log_q(x) - log_m))
    * (x[1] - x[0])
)
learned_logits = networks.apply(expert, x[:, None])[:, 0]
print(f"2 JS - 2 log 2              {2 * js - 2 * np.log(2):.3f} nats")
print(f"V of the formula's D*       {game_value(best_logits):.3f}")
print(f"V of the learned D          {game_value(learned_logits):.2f}")
print(f"V of D = 1/2 everywhere     {game_value(0 * x):.3f}")
print("no D is above D*:", game_value(learned_logits) < game_value(best_logits))

# %% [markdown]
# Now play both sides. The data are a Gaussian around zero. Two sliders are the forger's: `mean` and
# `deviation` of what he makes. Two are the expert's: the `slope` and `offset` of his logits,
# $\texttt{slope} \cdot x + \texttt{offset}$.
#
# First be the expert: find the `slope` and the `offset` that bring $V$ closest to its best. Then be
# the forger and move `mean` until that expert is deceived. What does the best expert (dashed) do
# meanwhile? The last two lines are what the forger feels: the slopes of two losses, of which the
# next section speaks.

# %% tags=["nbval-ignore-output"]
explorer = GameExplorer()
explorer

# %%
rest = GameExplorer(mean=0.0, deviation=1.0, slope=0.0, offset=0.0).game
for name, number in rest.items():
    print(f"{name:15} {number + 0.0:.3f}")

# %% [markdown]
# That is the *fixed point*: `mean` and `deviation` are those of the data, the discriminator answers
# one half, $V$ is $-2 \log 2$ and no better one exists, and both generator losses are level. Nobody
# can win anything by a step of his own.
#
# A fixed point need not attract, though, or not soon. Let both take small steps at the same time, the forger in
# `mean` and the expert in `slope`, and follow the pair. We do it twice, for data and generator both
# of deviation one, and both of a tenth.


# %%
def walk(deviation, steps=1500, rate=0.1):
    """Let both players step at once; return `mean` and `slope` at every step."""
    z = np.linspace(-6, 6, 601)
    weight = norm.pdf(z) / norm.pdf(z).sum()  # averages over a standard normal
    mean, slope, path = 1.0, 0.0, []
    for _ in range(steps):
        path.append((mean, slope))
        real, fake = deviation * z, mean + deviation * z
        d_real, d_fake = expit(slope * real), expit(slope * fake)
        up = slope * np.sum(weight * (1 - d_fake))  # lowers -log D
        better = np.sum(weight * (real * (1 - d_real) - fake * d_fake))  # raises V
        mean, slope = mean + rate * up, slope + rate * better
    return np.array(path)


paths = {deviation: walk(deviation) for deviation in (1.0, 0.1)}

# %% mystnb={"figure": {"caption": "The two players' path, from the dot at `mean` one; the cross is the fixed point. Wide densities: they come to rest. Narrow ones: they come a little closer, then keep circling. The distances from the fixed point, at the start and at the end, are printed below.", "name": "fig-gan-walk"}, "image": {"alt": "Two charts of slope over mean. Left, a short spiral from the dot into the cross at the centre. Right, a spiral from the dot that shrinks onto a circle around the cross and stays on it."}}
figure, axes = plt.subplots(1, 2, figsize=(plotting.WIDTH, 3.2))
for (deviation, path), plane in zip(paths.items(), axes, strict=True):
    plane.plot(*path.T, linewidth=1)
    plane.plot(*path[0], "o", color="black")
    plane.plot(0, 0, "x", color="black", markersize=9)
    plane.set(xlabel="mean", title=f"deviation {deviation}")
axes[0].set(ylabel="slope")
plt.show()
for deviation, path in paths.items():
    start, end = np.hypot(*path[0]), np.hypot(*path[-1])
    print(f"deviation {deviation}: distance from rest {start:.2f}, at the end {end:.2f}")

# %% [markdown]
# On the right the forger runs where the expert sends him, overshoots, the expert turns round, and
# so on. Single points in place of densities would circle for ever {cite}`mescheder2018which`.
# Training a GAN is no walk downhill: each player's landscape moves with the other's step.
#
# ## Two losses for the forger
#
# Equation {eq}`eq-gan-game` tells the generator to lower $\log(1 - D(G(z)))$, the *minimax* loss. The
# paper itself advises against it. Early in a game forgeries are poor, the expert is sure, $D$ is
# near zero. What does the generator then feel? Let $l$ be the logit of one forged example,
# $D = \operatorname{sigmoid}(l)$, and remember $dD/dl = D\,(1 - D)$:
#
# $$
# \begin{aligned}
# \frac{d}{dl} \log\left(1 - D\right) &= -\frac{D\,(1 - D)}{1 - D} \\
# &= -D .
# \end{aligned}
# $$ (eq-gan-saturating)
#
# That is nothing, just when there is most to learn: the loss *saturates*. Instead, let the generator
# lower $-\log D(G(z))$. It wants the same thing, to be taken for real, but
#
# $$
# \begin{aligned}
# \frac{d}{dl} \left(-\log D\right) &= -\frac{D\,(1 - D)}{D} \\
# &= -(1 - D),
# \end{aligned}
# $$ (eq-gan-nonsaturating)
#
# which is close to $-1$ while the expert is sure, and vanishes only once he is deceived. This is the
# *non-saturating* loss. In words: train the generator as a discriminator's cross-entropy with
# flipped labels. In the package the two are `losses.minimax_loss` and `losses.non_saturating_loss`.
# We let automatic differentiation measure them.


# %%
def slope_of(loss, logits):
    """Derivative of each loss with respect to its own logit, by automatic differentiation."""
    if keras.backend.backend() == "jax":
        import jax

        return np.asarray(jax.grad(lambda logit: loss(logit).sum())(jax.numpy.asarray(logits)))
    import tensorflow as tf

    logits = tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        total = tf.reduce_sum(loss(logits))
    return tape.gradient(total, logits).numpy()


logits = np.array([-8.0, -4.0, 0.0, 4.0, 8.0], dtype="float32")
measured = {
    "minimax": slope_of(losses.minimax_loss, logits),
    "non-saturating": slope_of(losses.non_saturating_loss, logits),
}
formula = {"minimax": -expit(logits), "non-saturating": -(1 - expit(logits))}
print("logit              " + "".join(f"{logit:9.0f}" for logit in logits))
print("D                  " + "".join(f"{d:9.4f}" for d in expit(logits)))
for name, slopes in measured.items():
    print(f"{name:16}   " + "".join(f"{slope:9.4f}" for slope in slopes))
for name in measured:
    gap = np.abs(measured[name] - formula[name]).max()
    print(f"{name}: as the formula says, to 1e-6:", gap < 1e-6)

# %% mystnb={"figure": {"caption": "The slope of both generator losses over the logit of a forged example: lines by formula, dots by automatic differentiation. Left, where the expert is sure, the minimax loss is level. The slope at the leftmost dot is printed below.", "name": "fig-gan-slopes"}, "image": {"alt": "Two curves that mirror each other over the logit. The one for the minimax loss starts at zero on the left and falls to minus one on the right; the one for the non-saturating loss starts at minus one on the left and rises to zero on the right. They cross at logit zero and minus one half. Dots lie on both."}}
line = np.linspace(-9, 9, 200)
figure, axes = plt.subplots(figsize=(plotting.WIDTH, 2.9))
axes.plot(line, -expit(line), color="C0", label="minimax, log(1 - D)")
axes.plot(line, expit(line) - 1, color="C1", label="non-saturating, -log D")
axes.plot(logits, measured["minimax"], "o", color="C0")
axes.plot(logits, measured["non-saturating"], "o", color="C1")
axes.set(xlabel="logit of a forged example", ylabel="slope of the loss")
axes.legend(loc="center right")
plt.show()
print(f"minimax, slope at logit {logits[0]:.0f}: {abs(measured['minimax'][0]):.4f}")

# %% [markdown]
# Does it matter in training? We put the forger far off: his points start around zero, the data lie
# around three. The expert gets a head start, so that he is sure. Then both play, with each of the two
# losses, with plain gradient descent and with Adam as the generator's optimiser, from three seeds
# each. How far has the mean of the forged points moved after ten steps, and how far from the data is
# it after fifty?


# %%
FAR = np.array([3.0, 0.0], dtype="float32")
STOPS = (10, 50)  # steps after the head start


def toy_networks(seed):
    """Return a generator and a discriminator of points in the plane, from `seed`."""
    keras.utils.set_random_seed(seed)
    return networks.build_decoder("toy"), networks.build_discriminator("toy")


def chase(adversarial_loss, make_optimizer, seeds=(0, 1, 2), head_start=100):
    """Return where the mean of the forged points is, (seeds, 1 + stops, 2)."""
    gan = models.GAN(*toy_networks(0), adversarial_loss=adversarial_loss, seed=0)
    gan.compile(
        make_optimizer(),
        keras.optimizers.Adam(1e-3, beta_1=0.5),
        steps_per_execution=10,
    )
    fresh = [ops.convert_to_numpy(v) for v in gan.optimizer.variables]
    rate = float(gan.optimizers["generator"].learning_rate)
    places = []
    for seed in seeds:
        # New weights in the compiled model: compiling would take longer than training.
        for network, new in zip(gan.networks.values(), toy_networks(seed), strict=True):
            network.set_weights(new.get_weights())
        for variable, value in zip(gan.optimizer.variables, fresh, strict=True):
            variable.assign(value)
        data = FAR + toys.ring(std=0.05).sample(64 * (head_start + STOPS[-1]), seed=seed)
        ends = 64 * (head_start + np.array(STOPS[:-1]))
        places.append([])
        for part in np.split(data, [64 * head_start, *ends]):
            gan.optimizers["generator"].learning_rate = rate if places[-1] else 0.0
            gan.fit(part, batch_size=64, shuffle=False, verbose=0)
            places[-1].append(gan.generate(500, seed=0).mean(axis=0))
    return np.array(places)


optimizers = {
    "gradient descent": lambda: keras.optimizers.SGD(0.05),
    "Adam": lambda: keras.optimizers.Adam(1e-3, beta_1=0.5),
}
chases = {
    (optimizer, loss): chase(loss, make)
    for optimizer, make in optimizers.items()
    for loss in ("minimax", "non-saturating")
}

moved = {  # in the first ten steps
    key: np.linalg.norm(places[:, 1] - places[:, 0], axis=1) for key, places in chases.items()
}

# %% tags=["nbval-ignore-output"]
print("                                  moved in 10 steps   off after 50")
for (optimizer, loss), places in chases.items():
    off = np.linalg.norm(places[:, 2] - FAR, axis=1)
    numbers = "".join(f"{n:5.1f}" for n in (*moved[optimizer, loss], *off))
    print(f"{optimizer:17} {loss:15} {numbers}")

# %%
for optimizer in optimizers:
    slow, fast = moved[optimizer, "minimax"], moved[optimizer, "non-saturating"]
    print(f"{optimizer}: minimax moved less, seeds {np.sum(slow < fast)} of {len(slow)}")
ratios = {
    optimizer: np.mean(moved[optimizer, "non-saturating"] / moved[optimizer, "minimax"])
    for optimizer in optimizers
}
print("the gap is smaller with Adam:", ratios["Adam"] < ratios["gradient descent"])

# %% [markdown]
# The minimax loss starts slower, as the formula says. With Adam the gap shrinks, since Adam divides
# a gradient by its own recent size: a small slope is no excuse for it. And look at the last columns.
# After fifty steps most are far off again, whichever the loss: they were so eager that they ran past
# the data. A quick start is one thing, coming to rest another.
#
# ## Who may learn from what
#
# The generator's loss goes *through* the discriminator: to know how to deceive him, one must ask him.
# Its gradient could reach his weights as well, and would teach him to be deceived. That must not
# happen. With weights $\theta_G$ and $\theta_D$ and learning rate $\eta$, one step of plain gradient
# descent is
#
# $$
# \begin{aligned}
# \theta_D &\leftarrow \theta_D - \eta \, \nabla_{\theta_D} \, \texttt{discriminator_loss}, \\
# \theta_G &\leftarrow \theta_G - \eta \, \nabla_{\theta_G} \, \texttt{generator_loss},
# \end{aligned}
# $$ (eq-gan-updates)
#
# both from the same old weights. The heart of `models.GAN`, almost word by word:
#
# ```python
# generated = generator(z_prior)                         # z_prior is drawn from the prior
# real_logits, fake_logits = discriminator(images), discriminator(generated)
# generator_loss = mean(non_saturating_loss(fake_logits))
# discriminator_loss = mean(discriminator_loss(real_logits, 1) + discriminator_loss(fake_logits, 0))
# # then each network's gradient of its own loss, and both updates at once
# ```
#
# Is that what it does? We let one player step while the other's learning rate is zero. Then we let
# both step, exchange *one* player's loss for another one, and ask whose step that changes. It must
# be his alone.


# %%
def one_step(generator_rate=0.1, discriminator_rate=0.1, **settings):
    """Return the change of each network's weights in one step, as flat arrays."""
    gan = models.GAN(*toy_networks(0), seed=0, **settings)
    gan.compile(
        keras.optimizers.SGD(generator_rate),
        keras.optimizers.SGD(discriminator_rate),
        run_eagerly=True,
    )

    def weights():
        return {
            name: np.concatenate([w.ravel() for w in network.get_weights()])
            for name, network in gan.networks.items()
        }

    before = weights()
    gan.fit(toys.ring().sample(64, seed=0), batch_size=64, verbose=0)
    return {name: after - before[name] for name, after in weights().items()}


print("largest change of a weight     generator  discriminator")
for title, rates in (
    ("only the generator steps", {"discriminator_rate": 0.0}),
    ("only the discriminator steps", {"generator_rate": 0.0}),
):
    change = {name: np.abs(c).max() for name, c in one_step(**rates).items()}
    print(f"{title:30} {change['generator']:9.4f} {change['discriminator']:14.4f}")

usual = one_step()
print("\nits step changes, if exchanged  generator  discriminator")
for title, settings in (
    ("the generator's loss", {"adversarial_loss": "minimax"}),
    ("the discriminator's target", {"real_target": 0.9}),
):
    other = one_step(**settings)
    differs = [not np.allclose(usual[n], other[n], rtol=1e-4, atol=1e-8) for n in usual]
    print(f"{title:31} {differs[0]!s:>9} {differs[1]!s:>14}")

# %% [markdown]
# ## A game one can watch
#
# Images hide what a GAN does. Points in the plane show it. `toys.ring` is a mixture of eight
# Gaussians on a circle; each is one *mode*. Does the generator find all of them? We count as
# {cite}`srivastava2017veegan` do: a mode is *covered* if one of the generated points lies within three
# standard deviations of it, and the share of all points that lie so close to some mode is the share
# of *high quality*. Since one stray point can cover a mode, we count strictly as well: a mode needs
# at least a tenth of its fair share.
#
# We play two games. In the *balanced* one both networks have the same learning rate. In the
# *unbalanced* one the discriminator's is ten times smaller. Everything else is equal, and so is the
# seed.


# %%
def measure(points, mixture):
    """Modes covered, modes covered strictly, share of high quality."""
    known = points, mixture.modes, mixture.std
    fair = len(points) // (10 * len(mixture.modes))
    return (
        metrics.modes_covered(*known),
        metrics.modes_covered(*known, minimum=fair),
        metrics.high_quality_share(*known),
    )


def play(mixture, discriminator_rate, epochs):
    """Train a GAN on a mixture, 100 steps an epoch; return its points and logs by epoch."""
    gan = models.GAN(*toy_networks(0), seed=0)
    gan.compile(
        keras.optimizers.Adam(1e-3, beta_1=0.5),
        keras.optimizers.Adam(discriminator_rate, beta_1=0.5),
        steps_per_execution=50,
    )
    points, history = {}, []
    for epoch in range(1, epochs + 1):
        data = mixture.sample(100 * 64, seed=epoch)  # fresh points each time
        logs = gan.fit(data, batch_size=64, verbose=0).history
        points[epoch] = gan.generate(2500, seed=0)
        history.append({name: values[-1] for name, values in logs.items()})
    return points, history


epochs = profile.epochs(cpu=30, gpu=60)
ring, grid = toys.ring(std=0.05), toys.grid()
games = {
    "balanced": play(ring, 1e-3, epochs),
    "unbalanced": play(ring, 1e-4, epochs),
}
found = {name: measure(points[epochs], ring) for name, (points, _) in games.items()}


def show_frames(rows, mixture, limit, shown=(1, 3, 10, 30)):
    """Draw generated points at some epochs, a row for each game."""
    shown = [epoch for epoch in shown if epoch <= epochs]
    figure, axes = plt.subplots(
        len(rows),
        len(shown),
        squeeze=False,
        sharex=True,
        sharey=True,
        figsize=(plotting.WIDTH, 1.75 * len(rows) + 0.3),
    )
    for line, (name, points) in zip(axes, rows.items(), strict=True):
        for plane, epoch in zip(line, shown, strict=True):
            plane.plot(*mixture.modes.T, "+", color="black", markersize=9)
            plane.plot(
                *points[epoch][:1000].T,
                ".",
                color="C3",
                markersize=2,
                alpha=0.4,
            )
            plane.set(aspect="equal", xlim=(-limit, limit), ylim=(-limit, limit))
            plane.set(xticks=[], yticks=[])
        line[0].set_ylabel(name)
    for plane, epoch in zip(axes[0], shown, strict=True):
        plane.set_title(f"{100 * epoch} steps")
    return figure


# %% tags=["nbval-ignore-output"] mystnb={"figure": {"caption": "Points that the generator makes (orange) and the modes of the data (crosses), as training goes on. Above, the balanced game; below, the unbalanced one. The counts at the end are printed above. One run of each, one seed.", "name": "fig-gan-ring"}, "image": {"alt": "Two rows of four small charts with eight crosses on a circle. Above, the orange points first form a smear, then a ring, and at the end tight clouds on all crosses with a few threads between them. Below, the points stay together in one streak that wanders about, off the circle and across it, and touches one or two crosses at most."}}
print("              modes of 8   strictly   high quality")
for name, (modes, strict, quality) in found.items():
    print(f"{name:12} {modes:11} {strict:10} {quality:14.2f}")
show_frames({name: points for name, (points, _) in games.items()}, ring, 2.5)
plt.show()

# %%
print(
    "more modes in the balanced game:",
    found["balanced"][1] > found["unbalanced"][1],
)
print("unbalanced: fewer than half of the modes:", found["unbalanced"][1] < 4)

# %% [markdown]
# The lower row is *mode collapse*. The generator keeps all its points together. The slow expert
# learns in time that this place is suspicious; the generator moves on to another; and nobody ever
# tells it that most of the modes are missing. Nothing in the generator's loss asks for variety: it is a
# mean over examples, and each example is judged alone.
#
# Now the logs of the two games at their end. `d_real` and `d_generated` are the means of $D$ over
# real and over generated examples.

# %%
LOGS = ("discriminator_loss", "generator_loss", "d_real", "d_generated")
ideal = dict(zip(LOGS, (2 * np.log(2), np.log(2), 0.5, 0.5), strict=True))
print(" " * 12 + "".join(f"{name:>20}" for name in LOGS))
rows = {name: history[-1] for name, (_, history) in games.items()}
for name, row in {"fixed point": ideal, **rows}.items():
    print(f"{name:12}" + "".join(f"{row[log]:20.1f}" for log in LOGS))

# %% mystnb={"figure": {"caption": "Loss of the discriminator and modes covered (strictly) in both games. Both losses run to the dotted line, $2 \\log 2$; the modes do not run together. The cell prints the line and checks both.", "name": "fig-gan-losses"}, "image": {"alt": "Two charts over steps. Left, two loss curves that both settle close to a dotted line. Right, the number of modes: one curve climbs to eight within the first third, the other stays near the bottom."}}
figure, (left, right) = plt.subplots(1, 2, figsize=(plotting.WIDTH, 3.0))
for name, (points, history) in games.items():
    steps = 100 * np.arange(1, epochs + 1)
    left.plot(steps, [row["discriminator_loss"] for row in history], label=name)
    right.plot(steps, [measure(p, ring)[1] for p in points.values()], label=name)
left.axhline(2 * np.log(2), color="black", linestyle=":", linewidth=1)
left.set(xlabel="steps", title="discriminator_loss", ylim=(1.0, 1.6))
right.set(xlabel="steps", title="modes covered, strictly", ylim=(-0.3, 8.3))
right.legend(loc="center right")
plt.show()
print(f"loss at the fixed point {2 * np.log(2):.3f}")
ends = [history[-1]["discriminator_loss"] for _, history in games.values()]
print("both losses end within a tenth of it:", max(abs(end - 2 * np.log(2)) for end in ends) < 0.1)
print("modes differ by at least four:", found["balanced"][1] - found["unbalanced"][1] >= 4)

# %% [markdown]
# To one digit, **the losses of the collapsed game are those of a finished one.** An expert who cannot
# tell real from forged may have met a perfect forger, or he may be a poor expert: equation
# {eq}`eq-gan-bound` is only a bound. In chapter 2 a falling loss meant a better model. Here each loss is
# measured against an opponent who changes, and tells who is ahead, not how good the examples are.
#
# The other extreme can be read off, though. When `d_real` is near one and `d_generated` near zero, the
# expert is sure, and the generator learns from the non-saturating loss or not at all.
#
# A grid of twenty-five modes is harder. The floor for it are points spread evenly over the square:
# stray points cover many modes there.

# %% tags=["nbval-ignore-output"] mystnb={"figure": {"caption": "The balanced game on a grid of twenty-five modes. The points spread over the square, but few lie on its modes. The counts are printed above, beside points spread evenly. One run, one seed.", "name": "fig-gan-grid"}, "image": {"alt": "Four small charts with a square of five by five crosses. From the first chart on, orange points are scattered over the whole square. Later some streaks between crosses are denser, but hardly any cross is hit sharply."}}
grid_points, _ = play(grid, 1e-3, epochs)
edge = np.abs(grid.modes).max()
even = np.random.default_rng(0).uniform(-edge, edge, (2500, 2))
grid_found = {
    "GAN": measure(grid_points[epochs], grid),
    "evenly spread": measure(even, grid),
}
print("               modes of 25   strictly   high quality")
for name, (modes, strict, quality) in grid_found.items():
    print(f"{name:14} {modes:11} {strict:10} {quality:14.2f}")
show_frames({"grid": grid_points}, grid, 5.5)
plt.show()

# %%
print("grid: less than a fifth is of high quality:", grid_found["GAN"][2] < 0.2)

# %% [markdown]
# In none of these numbers is the GAN far from points spread evenly: it has learned the square, and not
# yet the modes.
#
# One seed each is an anecdote. The command `python -m benchmarks.collapse_and_cure` played such games
# over many seeds, somewhat longer, with both learning rates and on three mixtures, "ring" being
# narrower than ours ("wide ring"). A run *fails* there if it covers fewer than half of the modes; that
# was fixed before the first run. Here is what its record says of a plain discriminator.

# %%
with open("../benchmarks/results/collapse_and_cure.json", encoding="utf-8") as file:
    record = json.load(file)
print(
    "steps:",
    record["settings"]["steps"],
    " failure:",
    record["settings"]["failure"],
)
print(f"{'':21}  runs  failed  modes, mean  strictly  high quality")
for toy in ("ring", "wide ring", "grid"):
    for game in ("balanced", "unbalanced"):
        runs = [
            run
            for run in record["runs"]
            if (run["toy"], run["game"], run["discriminator"]) == (toy, game, "plain")
        ]
        mean = {
            key: np.mean([run[key] for run in runs])
            for key in ("modes", "modes_with_a_tenth", "high_quality")
        }
        failed = sum(run["failed"] for run in runs)
        print(
            f"{toy:9} {game:11} {len(runs):5} {failed:7} {mean['modes']:12.1f} "
            f"{mean['modes_with_a_tenth']:9.1f} {mean['high_quality']:13.2f}"
        )

# %% [markdown]
# So the unbalanced game collapses in most runs and not in all, and the balanced one is no insurance:
# it fails now and then. On the grid the balanced game "covers" most modes only because stray points
# do; counted strictly it has few. What can be done about collapse is the subject of chapter 6.
#
# ## Digits
#
# The same class, other networks: the generator is a decoder as in chapter 2, the discriminator two
# strided convolutions and one logit. Two common settings: Adam with `beta_1` one half, and a target
# of nine tenths for real images in place of one, so that the expert does not become too sure
# {cite}`salimans2016improved`. After each epoch we measure what the generator makes, by the
# classifier of chapter 1.

# %%
folder = "../runs/chapter-4"
keras.utils.set_random_seed(0)
preset = profile.choose(cpu="small", gpu="light")
gan = models.GAN(
    networks.build_decoder(preset, latent_dim=10),
    networks.build_discriminator(preset),
    real_target=0.9,
    seed=0,
)
gan.compile(
    keras.optimizers.Adam(2e-3, beta_1=0.5),
    keras.optimizers.Adam(1e-3, beta_1=0.5),
)
judge = metrics.load_classifier(profile.data)
real_images = x_test[:1000]
_, real_features = metrics.classify(judge, real_images)


def watch(images):
    """Classes found, shares of unclear images and of grey pixels, coverage."""
    probabilities, features = metrics.classify(judge, images)
    clear = probabilities.max(axis=1) >= metrics.CONFIDENT
    counts = np.bincount(probabilities[clear].argmax(axis=1), minlength=10)
    return {
        "classes": int((counts >= len(images) / 100).sum()),
        "low_confidence": metrics.low_confidence_share(probabilities),
        "coverage": metrics.manifold_overlap(real_features, features)["coverage"],
        "grey": float((np.abs(images) < 0.5).mean()),
    }


history = callbacks.HistoryWriter(
    f"{folder}/history.csv",
    measure=lambda model: watch(model.generate(len(real_images), seed=0)),
)
tensorboard = callbacks.TensorBoardLog(f"{folder}/tensorboard", history)
early = gan.generate(10, seed=0)
gan.fit(
    x_train,
    epochs=profile.epochs(cpu=14, gpu=10),
    verbose=0,
    batch_size=profile.choose(cpu=32, gpu=64),
    callbacks=[history, tensorboard],
)
late = gan.generate(10, seed=0)

first, last = history.rows[0], history.rows[-1]
floor = watch(x_train[: len(real_images)])
print("classes: more than in the first epoch", last["classes"] > first["classes"])
print(
    "coverage: more than in the first epoch",
    last["coverage"] > first["coverage"],
)
print("coverage: below that of real images", last["coverage"] < floor["coverage"])

# %% tags=["nbval-ignore-output"] mystnb={"figure": {"caption": "Ten codes, decoded before the training and after it, with real images above. The numbers above the figure: classes that have at least a tenth of their fair share of clear images, the share of images that are not clear, coverage, and the share of pixels that are grey; real training images set the floor.", "name": "fig-gan-digits"}, "image": {"alt": "Three rows of ten images. Above, real digits. In the middle, grey squares without content. Below, white strokes on black, about as soft as the real ones: some are digits, some are malformed."}}
print("                classes   low confidence   coverage   grey")
surest = min(history.rows, key=lambda row: row["low_confidence"])
for name, row in (
    ("first epoch", first),
    (f"epoch {surest['epoch']}, surest", surest),
    ("last epoch", last),
    ("real", floor),
):
    print(
        f"{name:15} {row['classes']:7} {row['low_confidence']:16.2f} "
        f"{row['coverage']:10.2f} {row['grey']:6.2f}"
    )
plotting.image_rows({"real": real_images[:10], "untrained": early, "trained": late})

# %% [markdown]
# These are a few epochs on a small data set, and it shows: many images are no digit, and all three
# numbers stay off the floor. But look at the *kind* of fault. A decoder that is paid for squared
# errors paints grey where it is in doubt. Here what is wrong is wrong in shape: too much grey would
# be the first thing that an expert learns to reject. Its share is the last column.
#
# Mind also the surest epoch, the one with the fewest unclear images. By that number alone it is the
# best. Yet its images were taken for a class or two, and they cover next to nothing.
#
# Do the losses know of that progress?

# %% tags=["nbval-ignore-output"] mystnb={"figure": {"caption": "Above, both losses by epoch, with dotted lines at their values at the fixed point (for a target of one). In the middle the means of D. Below, coverage, dotted that of real images. Printed above: where the discriminator's loss was lowest, and coverage there.", "name": "fig-gan-curves"}, "image": {"alt": "Three charts over epochs, one below the other. Above, the generator's loss jumps up and then falls, while the discriminator's dips and then rises. In the middle, the two means of D start far apart and come close to each other. Below, coverage climbs unevenly from zero but stays far below a dotted line."}}
lowest = min(history.rows, key=lambda row: row["discriminator_loss"])
print(f"lowest discriminator_loss: {lowest['discriminator_loss']:.2f}", end=" ")
print(f"in epoch {lowest['epoch']}, coverage there: {lowest['coverage']:.2f}")
figure, axes = plt.subplots(3, 1, figsize=(plotting.WIDTH, 5.6), sharex=True)
epoch = [row["epoch"] for row in history.rows]
for plane, names in zip(axes, (LOGS[:2], LOGS[2:], ("coverage",)), strict=True):
    for name in names:
        plane.plot(epoch, [row[name] for row in history.rows], label=name)
    plane.legend(loc="upper right")
axes[0].axhline(2 * np.log(2), color="C0", linestyle=":", linewidth=1)
axes[0].axhline(np.log(2), color="C1", linestyle=":", linewidth=1)
axes[1].set(ylim=(0, 1))
axes[2].axhline(floor["coverage"], color="black", linestyle=":", linewidth=1)
axes[2].set(xlabel="epoch", ylim=(0, 1))
plt.show()

# %%
for name in ("coverage", "discriminator_loss"):
    print(f"{name}: higher in the last epoch", last[name] > first[name])

# %% [markdown]
# The generator became better, and the discriminator's loss rose: as the forger improves, the
# expert's work becomes harder. It was lowest when the forgeries were worst. So read the curves of a GAN like this.
#
# - `d_real` and `d_generated` approach each other: nobody is far ahead. It says nothing of quality.
# - `d_generated` near zero for long: the expert is too strong, forgeries get little to learn from.
# - A loss that is steady: the players are in balance, perhaps a perfect one, perhaps a collapsed one.
# - How good, how diverse? Look at samples from fixed codes, and measure, as above.
#
# ## TensorBoard
#
# `callbacks.TensorBoardLog` has written all these curves for TensorBoard. In Colab or Jupyter set the
# first line to `True` and run the cell: it opens below it. From a terminal the command is
# `tensorboard --logdir runs`.

# %%
show_tensorboard = False  # True in Colab or Jupyter

if show_tensorboard:
    from IPython import get_ipython

    get_ipython().run_line_magic("load_ext", "tensorboard")
    get_ipython().run_line_magic("tensorboard", f"--logdir {folder}")
print("curves:", ", ".join(name for name in history.rows[-1] if name != "epoch"))

# %% [markdown]
# ## Exercises
#
# Replace the placeholder in each cell and run it. The check says what it proved, or gives a hint.
#
# ### Run and look
#
# Move the explorer above to `mean` zero, `deviation` one, `slope` zero and `offset` zero: forger and
# data are alike, and the expert can only guess. What is the value $V$, in nats, to two decimals?

# %% tags=["exercise"]
# Exercise: game_by_hand
value = None  # V, with both alike and an expert who guesses: replace None

exercises.check("game_by_hand", value)
# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: game_by_hand
value = -1.386

exercises.check("game_by_hand", value)
# %% [markdown]
# ### Implement the best expert
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
# ### Implement both losses
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
# ### Derive and implement: what the forger feels
#
# In the explorer a forged point is $x = \texttt{mean} + \texttt{deviation} \cdot z$, and its logit is
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
# ### Derive and implement: an expert as a measuring device
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
# <details><summary>a) It is shown each of them once an epoch.</summary>
#
# No. Its input is a random code, and its loss depends on its own examples only.
#
# </details>
# <details><summary>b) Nowhere. All it learns comes through the discriminator's answers.</summary>
#
# Right. The gradient of the discriminator's logit, with respect to the forged example, tells it
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
# **3. The discriminator is sure that all generated examples are forged. Which loss teaches the generator
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
# <details><summary>c) Both alike, since they have the same fixed point.</summary>
#
# No. They lead to the same place, but their slopes on the way differ.
#
# </details>
#
# **4. The discriminator's loss has settled at $2 \log 2$. What do you know?**
#
# <details><summary>a) The generator is perfect.</summary>
#
# No. The collapsed game of this chapter had the same loss.
#
# </details>
# <details><summary>b) This discriminator does not tell the two kinds apart, whatever the reason.</summary>
#
# Right. A better one might. The loss gives a lower bound of the divergence, here zero.
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
# Right. It is lowest when forged examples are called real, and the discriminator's weights can bring
# that about at once. So each network gets the gradient of its own loss alone.
#
# </details>
#
# ## What to remember
#
# - A generator and a discriminator play for one value $V$. No formula compares images with images.
# - The best discriminator's logit is the log ratio of the densities, $\log p - \log q$.
# - Against it the generator lowers the Jensen-Shannon divergence. Any other discriminator gives a
#   lower bound of it.
# - The minimax loss is level while the discriminator is sure; the non-saturating one is steep there.
# - Each network learns from its own loss only.
# - Losses tell who is ahead. A collapsed game can have the losses of a perfect one. Count.
#
# ## Sources
#
# - The game, the best discriminator, the Jensen-Shannon divergence: {cite}`goodfellow2014generative`,
#   equation 1, proposition 1 and theorem 1; the non-saturating loss: section 3.
# - Why the training circles: {cite}`mescheder2018which`, section 2, with single points for both
#   densities.
# - Ring, grid and how modes are counted: {cite}`srivastava2017veegan`, section 5.1.
# - A softened target for real examples: {cite}`salimans2016improved`, section 3.4.
# - What a sure discriminator does to the gradient: {cite}`arjovsky2017towards`, section 2.
