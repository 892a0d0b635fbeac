# %% [markdown]
# # Chapter 2: The variational autoencoder
#
# *Run time: 293 s on two CPU cores, measured at the last execution.*
#
# **What must be added to an autoencoder so that we know where its codes lie, and what does it
# cost?**
#
# After this chapter you can
#
# - say what the KL divergence charges for, and compute it for a Gaussian;
# - derive the evidence lower bound (ELBO) in a few lines, and check it on a trained model;
# - write a VAE's training step by hand, with its noise, its two terms and its one gradient;
# - say what `beta` assumes about the pixels and what it costs, and recognise posterior collapse;
# - judge invented images by more than one measure.
#
# You need expectation, the Gaussian density, log-likelihood and Bayes' rule from
# [Before you start](00_before_you_start.ipynb), and chapter 1. Words are explained in the
# [glossary](../book/glossary.md), symbols in the [notation](../book/notation.md). Sections that begin
# with *May be skipped at a first reading* look more closely at one point; the others do not need them.

# %% mystnb={"code_prompt_show": "Colab needs this cell", "code_prompt_hide": "Hide Colab's cell"} tags=["colab", "nbval-skip", "hide-cell"]
# Colab needs the course's package and its records. Elsewhere this cell does nothing.
import os
import sys

if "google.colab" in sys.modules and not os.path.exists("02_vae.py"):
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
import tensorflow as tf  # for its GradientTape, as in chapter 1
from keras import layers, ops
from scipy.special import logsumexp
from scipy.stats import norm

from vaegan_edu import (
    exercises,
    latent,
    losses,
    metrics,
    models,
    networks,
    plotting,
    records,
)
from vaegan_edu.widgets import KLExplorer, LatentExplorer

(x_train, y_train), (x_test, y_test) = profile.load_data()

# %% [markdown]
# ## From a point to a cloud
#
# Chapter 1 ended with codes that nobody could find without looking them up, and with gaps between
# them.

# %% mystnb={"figure": {"caption": "The plane of a plain autoencoder, trained as in chapter 1. The crosses are draws from a standard normal distribution, whose circles of one and two standard deviations are dotted: where one would look for new codes if one knew nothing. Most of the map lies elsewhere.", "name": "fig-vae-address"}, "image": {"alt": "Patches of coloured dots, one colour a digit class, spread over a wide plane. Forty black crosses lie in one small heap, most of it away from the patches."}} tags=["hide-input"]
keras.utils.set_random_seed(0)
plain = models.Autoencoder(
    networks.build_encoder(latent_dim=2, variational=False), networks.build_decoder(latent_dim=2)
)
plain.compile(keras.optimizers.Adam(2e-3))
plain.fit(x_train, epochs=profile.epochs(cpu=8, gpu=20), batch_size=64, verbose=0)
labels = y_test[:360]
plain_codes = plain.encode(x_test[:360])
spread = np.floor(plain_codes.std(axis=0))
print("standard deviation of the codes: above {:.0f} and above {:.0f}".format(*spread))
figure = plotting.latent_scatter({"autoencoder": plain_codes}, labels, prior=True)
crosses = np.random.default_rng(0).standard_normal((40, 2))
figure.axes[0].plot(*crosses.T, "kx", markersize=5, markeredgewidth=1)
figure

# %% [markdown]
# Two changes mend this. First, the encoder answers with a *cloud* instead of a point: for an image $x$ it gives a
# Gaussian over codes, $q(z|x)$. It returns the mean, `z_mean`, and the logarithm of the variance, `z_log_var`.
# Write $\mu$ and $\sigma^2$ for mean and variance:
#
# $$
# \begin{aligned}
# q(z|x) &= \mathcal N\left(z \mid \mu(x),\ \operatorname{diag} \sigma^2(x)\right), \\
# \mu &= \texttt{z_mean}, \quad \log \sigma^2 = \texttt{z_log_var}.
# \end{aligned}
# $$ (eq-vae-posterior)
#
# "diag" says that the latent dimensions are independent, each with a variance of its own. The code is
# *drawn* from that cloud, afresh each time, so the decoder must make do with any point of it. Nearby
# codes therefore come to mean similar images, and the gaps narrow.
#
# Second, each cloud should lie near one fixed cloud that does not depend on the image, the *prior*
# $p(z) = \mathcal N(z \mid 0, I)$, with mean zero and variance one in each dimension. Then we know
# where to draw codes for new images.
#
# Left alone, an encoder would shrink each cloud to a point and push the points apart, and we would
# be back in chapter 1. So the loss must charge for how much a cloud differs from the prior. We measure
# this by the KL divergence.
#
# :::{admonition} The KL divergence in one box
# Draw many $z$ from $q$. Ask of each: how much more likely is it under $q$ than under $p$? Take
# the logarithm of that ratio, and average:
#
# $$
# D_\text{KL}(q \,\|\, p) = \mathbb E_{z \sim q}\left[\log \frac{q(z)}{p(z)}\right].
# $$ (eq-vae-kl)
#
# Its unit is the *nat*, the unit of the natural logarithm. It is zero when $q$ and $p$ are the same.
# It is no distance, because the order of the two counts (chapter 3), but it is never negative: since
# $\log t \leq t - 1$ for every $t > 0$,
#
# $$
# \begin{aligned}
# -D_\text{KL} &= \mathbb E_q\left[\log \tfrac pq\right] \\
# &\leq \mathbb E_q\left[\tfrac pq\right] - 1 \leq 0 ,
# \end{aligned}
# $$
#
# because $\mathbb E_q[p / q] = \int q\, \tfrac pq\, \mathrm dz$ is the mass of $p$ where $q$ has any.
# :::
#
# For our two Gaussians the average can be worked out. Take one latent dimension first. Both log densities
# contain $-\tfrac12 \log 2\pi$, which cancels, so
#
# $$
# \log q - \log p = -\tfrac12 \log \sigma^2 - \frac{(z - \mu)^2}{2 \sigma^2} + \frac{z^2}{2} .
# $$
#
# Average over draws from $q$: $(z - \mu)^2$ gives the variance, $\sigma^2$, and $z^2$ gives
# $\mu^2 + \sigma^2$. So the second term becomes $-\tfrac12$, and the third
# $\tfrac12 (\mu^2 + \sigma^2)$. The dimensions $j$ are independent, so their log ratios add up
# ({cite}`kingma2014auto`, appendix B):
#
# $$
# \begin{aligned}
# & D_\text{KL}\left(q(z|x) \,\|\, p(z)\right) \\
# &= \frac 12 \sum_{j} \left(\mu_j^2 + \sigma_j^2 - \log \sigma_j^2 - 1\right).
# \end{aligned}
# $$ (eq-vae-kl-gauss)
#
# The package has this formula as `losses.kl_divergence(z_mean, z_log_var)`: one value for each
# image, *summed* over latent dimensions. Does it agree with the average log ratio of equation
# {eq}`eq-vae-kl`? We draw, and compare.

# %%
rng = np.random.default_rng(0)
z_mean, z_log_var = np.array([0.5, -1.0]), np.array([-1.0, 0.5])
sigma = np.exp(0.5 * z_log_var)
z = z_mean + sigma * rng.standard_normal((100_000, 2))
log_ratio = (norm.logpdf(z, z_mean, sigma) - norm.logpdf(z)).sum(axis=1)
formula = float(losses.kl_divergence(z_mean[None], z_log_var[None])[0])
error = log_ratio.std() / np.sqrt(len(z))
print(f"average log ratio {log_ratio.mean():.3f} ± {error:.3f} nats")
print(f"formula           {formula:.3f} nats")

# %% [markdown]
# The two agree within the standard error. Now try it in one dimension. First move the mean. Then
# set `z_mean` to zero and compare `z_log_var` at $-2$ and at $2$: a variance that is too large by a
# factor costs more than one too small by the same factor. Yet as the variance goes to zero, the
# cost grows without limit.

# %% tags=["nbval-ignore-output"]
KLExplorer()

# %% [markdown]
# ## Where the loss comes from
#
# Why should the loss charge the KL divergence, and how much should that count? Both answers follow from one aim.
# A model explains its data if it gives real images a high probability density, so we would like to raise $\log
# p(x)$. (Whether its samples then look good is for the interlude after chapter 4.)
#
# The result first: half the squared error, averaged over draws of the code, plus the KL divergence is never
# less than $-\log p(x)$, up to a constant. So lowering this sum raises a lower bound on $\log p(x)$.
#
# Our model makes an image in two steps: it draws a code $z$ from the prior, then an image $x$ from $p(x|z)$, a
# Gaussian around what the decoder makes of $z$. Any code may have led to $x$, so
#
# $$
# p(x) = \int p(x|z)\, p(z)\, \mathrm dz .
# $$ (eq-vae-evidence)
#
# Bayes' rule calls $p(x)$ the *evidence*. One could estimate this integral by drawing codes from the prior and
# averaging $p(x|z)$. But most of these codes lead to other images, and contribute next to nothing. The few that
# matter have a distribution of their own, the *posterior* $p(z|x)$ of Bayes' rule. We cannot compute it, since $p(x)$
# is in its denominator. So we let the encoder guess it: $q(z|x)$, the *approximate posterior*, is to lie where the
# posterior lies. (In *posterior collapse* below, and in the code of chapter 5, $q(z|x)$ is called the posterior for
# short. The *true* posterior is always $p(z|x)$.)
#
# Here is a toy in which all of these can be drawn. An image is one pixel, a code is one number, and the decoder
# squares it: the pixel is Gaussian around $z^2$, with standard deviation $0.15$. A pixel of $0.6$ may then come from a
# code near $0.77$ or near $-0.77$, so the posterior has two heaps. The right chart shows the bound that comes next.

# %% mystnb={"figure": {"caption": "One latent dimension and an image of one pixel, small enough to compute everything. Left: the prior is wide, and the codes that explain the seen pixel are few. This decoder squares its code, so they lie in two places, and the Gaussian $q$ can follow only one of the two. Right: the ELBO for Gaussians with other means. It never exceeds $\\log p(x)$. What is missing, the grey gap, is the KL divergence of $q$ from the posterior.", "name": "fig-vae-elbo"}, "image": {"alt": "Left, three curves over z: a wide low bell, the prior; a curve with two narrow peaks, the posterior; and a dashed bell over the right peak. Right, a curve with two maxima over the places of the peaks and a deep valley between them; it stays below a horizontal line, and the space between is shaded."}} tags=["hide-input"]
z = np.linspace(-4, 4, 1601)
cell = z[1] - z[0]
seen, decoded = 0.6, z**2  # the pixel, and what the decoder makes of each code
log_likelihood = norm.logpdf(seen, decoded, 0.15)
log_joint = log_likelihood + norm.logpdf(z)
log_evidence = logsumexp(log_joint) + np.log(cell)


def elbo(mean, sigma):
    return np.sum(norm.pdf(z, mean, sigma) * (log_joint - norm.logpdf(z, mean, sigma))) * cell


means, sigmas = np.linspace(-1.4, 1.4, 141), np.linspace(0.05, 0.3, 26)
bounds = np.array([[elbo(mean, sigma) for mean in means] for sigma in sigmas])
row, column = np.unravel_index(bounds[:, 71:].argmax(), bounds[:, 71:].shape)
figure, (left, right) = plt.subplots(1, 2, figsize=(plotting.WIDTH, 3.5))
left.plot(z, norm.pdf(z), label="prior $p(z)$")
left.plot(z, np.exp(log_joint - log_evidence), label="posterior $p(z|x)$")
left.plot(z, norm.pdf(z, means[71 + column], sigmas[row]), "--", label="best $q(z|x)$")
left.set(xlabel="$z$", title="densities", xlim=(-2.5, 2.5), ylim=(0, 6.2))
left.legend(loc="upper center", fontsize=9)
right.plot(means, bounds[row], color="C2", label="ELBO")
right.axhline(log_evidence, color="black", linewidth=1.2, label=r"$\log p(x)$")
right.fill_between(means, bounds[row], log_evidence, color="0.88")
right.set(xlabel="mean of $q$", title="nats", ylim=(log_evidence - 6, log_evidence + 2.6))
right.legend(loc="upper center", ncols=2, fontsize=9)
helpful = log_likelihood > log_likelihood.max() - np.log(10)
share = np.sum(norm.pdf(z)[helpful]) * cell
print(f"prior draws that give the pixel at least a tenth of its largest density: {share:.0%}")
print(f"log p(x) {log_evidence:.2f}, best ELBO {bounds.max():.2f} nats; log 2 is {np.log(2):.2f}")
plt.show()

# %% [markdown]
# The Gaussian $q$ covers only one of two equal heaps, which costs about $\log 2$; chapter 3 says why.
#
# The plan is to write $\log p(x)$ as something that we can estimate plus something that is never negative. Bayes'
# rule, $p(x) = p(x|z)\,p(z) / p(z|x)$, holds for every $z$. Its logarithm is $\log p(x) = \log p(x|z) + \log p(z)
# - \log p(z|x)$. Subtract $\log q(z|x)$ beside $\log p(z)$, and add it again beside $\log p(z|x)$:
#
# $$
# \log p(x) = \log p(x|z) - \log \tfrac{q(z|x)}{p(z)} + \log \tfrac{q(z|x)}{p(z|x)} .
# $$
#
# The left-hand side does not depend on $z$, so it stays as it is when we average over $z$ drawn from
# $q(z|x)$. On the right-hand side, each average of a log ratio is a KL divergence:
#
# $$
# \begin{aligned}
# &\log p(x) \\
# &= \underbrace{\mathbb E_{q}\left[\log p(x|z)\right] - D_\text{KL}\left(q(z|x) \,\|\, p(z)\right)}_{\text{ELBO}} \\
# &\quad + \underbrace{D_\text{KL}\left(q(z|x) \,\|\, p(z|x)\right)}_{\text{gap} \;\geq\; 0}.
# \end{aligned}
# $$ (eq-vae-elbo)
#
# In the right chart of {numref}`fig-vae-elbo` the gap is grey. It contains the true posterior, so in general we
# cannot compute it, but it is never negative. So the rest is a lower bound on $\log p(x)$: the *evidence lower
# bound*, ELBO. Raising it raises $\log p(x)$, or brings $q(z|x)$ closer to the true posterior, or both. (Physicists
# know the negative ELBO as a variational free energy: the average of the energy $-\log p(x, z)$ under $q$ less
# the entropy of $q$.)
#
# Now change the sign, and the bound becomes a loss with two terms. We estimate the expectation over $z$ by one
# draw for each image; $\hat x$ is the decoder's output for that draw. Give the Gaussian around it variance one
# in every pixel. Then its negative log-likelihood is half the squared error, plus a constant: chapter 1's loss
# again. So
#
# $$
# \begin{aligned}
# \text{loss} = {} &\underbrace{\tfrac 12 \lVert x - \hat x \rVert^2}_{\texttt{reconstruction_loss}} \\
# &+ \beta \; \underbrace{D_\text{KL}\left(q(z|x) \,\|\, p(z)\right)}_{\texttt{kl_loss}},
# \end{aligned}
# $$ (eq-vae-loss)
#
# summed over pixels and latent dimensions, averaged over the batch. With $\beta = 1$ it estimates the
# negative ELBO, up to that constant. Other values of `beta` trade one term against the other
# {cite}`higgins2017beta`. Mind the sums: a mean over latent dimensions would divide `beta` by `latent_dim`
# unnoticed.
#
# ## A random step that lets gradients through
#
# To learn, the encoder needs to know how the loss changes with $\mu$ and $\sigma$. But the code is
# *drawn*: how do you take the derivative of a draw?
#
# Draw first, and scale and shift afterwards. Let `noise` $\varepsilon$ be standard normal, which
# depends on no weight. Then
#
# $$
# z = \mu + \sigma\,\varepsilon, \qquad \varepsilon \sim \mathcal N(0, I)
# $$ (eq-vae-reparameterisation)
#
# has exactly the distribution of equation {eq}`eq-vae-posterior`, and for a fixed $\varepsilon$ it is
# a smooth function: $\partial z / \partial \mu = 1$ and $\partial z / \partial \sigma = \varepsilon$.
# The distribution of $\varepsilon$ contains no weight, so the derivative may go inside the average. For any smooth
# $f$, such as a loss,
#
# $$
# \frac{\partial}{\partial \sigma}\, \mathbb E_\varepsilon\left[f(\mu + \sigma \varepsilon)\right]
# = \mathbb E_\varepsilon\left[f'(\mu + \sigma \varepsilon)\, \varepsilon\right] .
# $$ (eq-vae-inside)
#
# So one draw gives a gradient for the encoder too, noisy but right on average. This is the *reparameterisation
# trick* {cite}`kingma2014auto,rezende2014stochastic`. To check it, take $f(z) = z^2$: its average is
# $\mu^2 + \sigma^2$, whose derivative is $2 \sigma$.

# %%
mu, sigma, epsilon = 0.5, 0.8, np.random.default_rng(0).standard_normal(100_000)
slopes = 2 * (mu + sigma * epsilon) * epsilon  # f'(z) times epsilon, one for each draw
error = slopes.std() / np.sqrt(len(slopes))
print(f"average slope {slopes.mean():.3f} ± {error:.3f}, 2 sigma = {2 * sigma:.3f}")

# %% [markdown]
# ## The model and its step, written out
#
# The encoder is that of chapter 1, with two dense layers at its end where there was one: one gives
# the means, the other the log-variances. The weights of the second start at zero, so that every
# cloud begins with variance one, like the prior. The decoder stays as it was.


# %%
def build_encoder(latent_dim):
    images = keras.Input((28, 28, 1))
    h = layers.Conv2D(16, 4, strides=2, padding="same", activation="relu")(images)
    h = layers.Conv2D(32, 4, strides=2, padding="same", activation="relu")(h)
    h = layers.Flatten()(h)
    h = layers.Dense(64, activation="relu")(h)
    z_mean = layers.Dense(latent_dim)(h)
    z_log_var = layers.Dense(latent_dim, kernel_initializer="zeros")(h)
    return keras.Model(images, (z_mean, z_log_var))


def train_step(encoder, decoder, optimizer, images, noise, beta=1.0):
    with tf.GradientTape() as tape:
        z_mean, z_log_var = encoder(images, training=True)
        z = z_mean + ops.exp(0.5 * z_log_var) * noise
        x_hat = decoder(z, training=True)
        squares = 0.5 * ops.sum((images - x_hat) ** 2, axis=(1, 2, 3))
        kl = 0.5 * ops.sum(z_mean**2 + ops.exp(z_log_var) - z_log_var - 1, axis=1)
        reconstruction_loss, kl_loss = ops.mean(squares), ops.mean(kl)
        loss = reconstruction_loss + beta * kl_loss  # two terms, one gradient
    weights = encoder.trainable_variables + decoder.trainable_variables
    optimizer.apply(tape.gradient(loss, weights), weights)
    return loss, reconstruction_loss, kl_loss


# %% [markdown]
# New are the encoder's two outputs, the line with `noise`, the one with `kl`, and the second term of the
# loss. (In PyTorch, `loss.backward()` *adds* a gradient to the `.grad` of every weight that the loss depends on;
# a tape returns the gradients that you name.) `networks.build_encoder` builds the same network:

# %%
keras.utils.set_random_seed(0)
encoder = build_encoder(latent_dim=2)
decoder = networks.build_decoder(latent_dim=2)
theirs = networks.build_encoder("small", latent_dim=2)
notebook.layers(ours=encoder, package=theirs)

# %% [markdown]
# One epoch by hand, and beside it the same by `fit` of `models.VAE`, from the same weights, with the same
# batches and the same noise:

# %% tags=["hide-input"]
their_decoder = networks.build_decoder(latent_dim=2)
theirs.set_weights(encoder.get_weights())
their_decoder.set_weights(decoder.get_weights())

optimizer, generator = keras.optimizers.Adam(2e-3), keras.random.SeedGenerator(0)
batches = [x_train[start : start + 64] for start in range(0, len(x_train), 64)]
by_hand = []
for images in batches:
    noise = keras.random.normal((len(images), 2), seed=generator)
    by_hand.append(train_step(encoder, decoder, optimizer, images, noise))
sizes = [len(images) for images in batches]
by_hand = np.average(np.array(by_hand), axis=0, weights=sizes)

packed = models.VAE(theirs, their_decoder, seed=0)
packed.compile(keras.optimizers.Adam(2e-3))
history = packed.fit(x_train, batch_size=64, shuffle=False, verbose=0).history

# %%
names = "loss", "reconstruction_loss", "kl_loss"
notebook.Table(
    {
        "by hand": dict(zip(names, by_hand, strict=True)),
        "models.VAE": {name: history[name][0] for name in names},
    },
    corner="mean over one epoch",
)

# %% [markdown]
# ## What the clouds do to the map
#
# We train a VAE with a code of two numbers first, so that we can look.

# %%
keras.utils.set_random_seed(0)
encoder = networks.build_encoder(latent_dim=2)
vae = models.VAE(encoder, networks.build_decoder(latent_dim=2), seed=0)
vae.compile(keras.optimizers.Adam(2e-3))
fitted = vae.fit(
    x_train,
    validation_data=(x_test,),
    epochs=profile.epochs(cpu=18, gpu=20),
    batch_size=64,
    verbose=0,
)

# %% mystnb={"figure": {"caption": "The two terms of equation {eq}`eq-vae-loss` by epoch. The reconstruction term falls; the KL term stays far below it and settles at the few nats for which the pixels pay. The training values begin higher, because each is an average over an epoch in which the network still learned.", "name": "fig-vae-terms"}, "image": {"alt": "Two pairs of curves over epochs: the reconstruction loss falls steeply and flattens far above the KL loss, which stays low and nearly level."}} tags=["hide-input"]
history = fitted.history
for name, epoch in (("first", 0), ("last", -1)):
    reconstruction, kl = history["reconstruction_loss"][epoch], history["kl_loss"][epoch]
    print(f"{name:5} epoch: {reconstruction + kl:.0f} nats, {kl:.0f} of them kl_loss")
plotting.loss_curves(history, ["reconstruction_loss", "kl_loss"], ylabel="nats")

# %% mystnb={"figure": {"caption": "The plane of the VAE, with the same test images, the same prior and the same crosses as in {numref}`fig-vae-address`. The codes now gather where the prior is, so a draw from it mostly falls among them. One run, one seed.", "name": "fig-vae-plane"}, "image": {"alt": "Patches of coloured dots packed within and around two dotted circles, with black crosses among them; one or two classes lie mostly outside the circles."}} tags=["hide-input"]
codes = vae.encode(x_test[:360])
print("standard deviation of z_mean: {:.1f} and {:.1f}".format(*codes.std(axis=0)))
figure = plotting.latent_scatter({"VAE (z_mean)": codes}, labels, prior=True)
figure.axes[0].plot(*crosses.T, "kx", markersize=5, markeredgewidth=1)
figure

# %% [markdown]
# Because the codes lie about where the prior does, a square around zero shows most of the map. Nowhere is there
# noise, but around the centre, where several classes meet, the images are blurred. A class whose codes lie outside
# this square is missing from it.

# %% mystnb={"figure": {"caption": "The VAE's plane, decoded on a regular grid: neighbours look alike, and one digit passes into the next.", "name": "fig-vae-grid"}, "image": {"alt": "A square of fifteen by fifteen small digits that change smoothly from place to place; some lie between two classes and are blurred."}} tags=["hide-input"]
side = np.linspace(-2, 2, 15)
decoded = vae.decode(np.array([(z0, z1) for z1 in side[::-1] for z0 in side]))
by_place = decoded.reshape(15, 15, -1)
step_apart = np.mean((by_place[:, 1:] - by_place[:, :-1]) ** 2)
any_two = 2 * decoded.var(axis=0).mean()  # the variance is half of their squared difference
print(f"squared difference of neighbours, as a share of any two's: {step_apart / any_two:.2f}")
plotting.latent_grid(decoded, limits=(-2, 2))

# %% [markdown]
# Walk through it yourself, and compare with the plane of chapter 1.

# %% tags=["nbval-ignore-output"]
LatentExplorer(vae.decoder, codes, labels, title="Walk through the VAE's plane", prior=True)

# %% [markdown]
# ## The bound, checked
#
# *May be skipped at a first reading. Its result: $\log p(x)$ less the gap is what the negative loss
# estimates, and the gap differs from image to image.*
#
# With two latent dimensions the integral of equation {eq}`eq-vae-evidence` is within reach after all: decode a
# fine grid of codes around an image's cloud, and sum. This gives $\log p(x)$, the true posterior and the gap, as
# far as the grid reaches, and equation {eq}`eq-vae-elbo` then says what the ELBO must be. Beside it we estimate
# the ELBO by the two terms of the loss: many draws from the cloud for the first, the formula for the second.
# (`networks.apply` runs a network as after training and returns NumPy arrays.)


# %%
def on_the_grid(image, mean, log_var):
    """Return log p(x), the gap, and the codes of the grid with their posterior."""
    sigma = np.exp(0.5 * log_var)
    steps = np.linspace(-8, 8, 49)  # eight standard deviations to each side
    z = mean + sigma * np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    cell = np.prod(sigma) * (steps[1] - steps[0]) ** 2  # area of one grid cell
    squares = np.sum((image - vae.decode(z)) ** 2, axis=(1, 2, 3))
    log_joint = -squares / 2 + norm.logpdf(z).sum(axis=1)  # log p(x|z) + log p(z)
    log_evidence = logsumexp(log_joint) + np.log(cell)  # the integral over z
    log_posterior = log_joint - log_evidence
    log_q = norm.logpdf(z, mean, sigma).sum(axis=1)
    gap = np.sum(np.exp(log_q) * cell * (log_q - log_posterior))
    return log_evidence, gap, z, np.exp(log_posterior)


def elbo_by_draws(image, mean, log_var, draws=4000):
    """Return minus the two terms of the loss, averaged over draws, and its standard error."""
    noise = np.random.default_rng(0).standard_normal((draws, 2))
    x_hat = vae.decode(mean + np.exp(0.5 * log_var) * noise)
    squares = losses.gaussian_reconstruction(np.broadcast_to(image, x_hat.shape), x_hat)
    elbo = -np.array(squares) - float(losses.kl_divergence(mean[None], log_var[None])[0])
    return elbo.mean(), elbo.std(ddof=1) / np.sqrt(draws)


z_mean, z_log_var = networks.apply(vae.encoder, x_test[:6])
clouds = list(zip(x_test[:6], z_mean, z_log_var, strict=True))
known = [on_the_grid(*cloud) for cloud in clouds]
estimated = [elbo_by_draws(*cloud) for cloud in clouds]

# %% tags=["nbval-ignore-output", "hide-input"]
notebook.Table(
    {
        f"{number}: a {digit}": {
            "log p(x)": log_evidence,
            "gap": gap,
            "log p(x) - gap": log_evidence - gap,
            "ELBO, by draws": elbo,
            "its error": error,
        }
        for number, digit, (log_evidence, gap, *_), (elbo, error) in zip(
            range(1, 7), y_test[:6], known, estimated, strict=True
        )
    },
    corner="test image",
)

# %% [markdown]
# The two agree within the error of the draws. (The Gaussian's constant is left out on both sides.) This checks
# the ELBO alone: if a posterior had another heap far outside the grid, $\log p(x)$ and the gap would both be too low.
# The gap has two parts {cite}`cremer2018inference`: even the best Gaussian with independent dimensions may not fit
# the posterior, the *approximation gap*; and one network that guesses the clouds of all images may miss the best, the
# *amortisation gap*. The right panel below suggests the second, as the whole cloud lies beside the posterior.

# %% mystnb={"figure": {"caption": "The posterior $p(z|x)$ of two of these images, as computed on the grid, and the encoder's cloud $q(z|x)$ as circles of one and two standard deviations. Codes are counted from the cloud's mean, in its standard deviations. Left: the image with the smallest gap. Right: the one with the largest.", "name": "fig-vae-posteriors"}, "image": {"alt": "Two panels of filled contours in the latent plane. Left, a compact blob, somewhat larger than the two concentric circles drawn over it. Right, a slanted blob to one side of the circles."}} tags=["nbval-ignore-output", "hide-input"]
gaps = [gap for _, gap, *_ in known]
figure, axes = plt.subplots(1, 2, figsize=(plotting.WIDTH, 3.4))
angle = np.linspace(0, 2 * np.pi, 200)
for panel, place in zip(axes, (np.argmin(gaps), np.argmax(gaps)), strict=True):
    z, density = known[place][2:]
    away = (z - z_mean[place]) / np.exp(0.5 * z_log_var[place])
    x, y, density = (values.reshape(49, 49) for values in (*away.T, density))
    panel.contourf(x, y, density, levels=np.linspace(0.02, 1, 9) * density.max(), cmap="Blues")
    for radius in (1, 2):
        panel.plot(radius * np.cos(angle), radius * np.sin(angle), color="C3", linewidth=1.5)
    panel.set(
        title=f"a {y_test[place]}, gap {gaps[place]:.1f} nats",
        aspect="equal",
        xlabel="z[0] from the mean of $q$",
        xticks=range(-8, 9, 4),
        yticks=range(-8, 9, 4),
    )
axes[0].set_ylabel("z[1] from the mean of $q$")
print(f"smallest gap {min(gaps):.2f}, largest {max(gaps):.2f} nats")
plt.show()

# %% [markdown]
# ## What beta assumes
#
# So far `beta` was one, because the decoder's Gaussian had variance one in every pixel. That was a
# bold choice, since the range of a pixel is from $-1$ to $1$. Let the variance be $s^2$
# instead. Then the negative log-likelihood of an image of $P$ pixels is
# $\lVert x - \hat x \rVert^2 / (2 s^2) + \tfrac P2 \log 2 \pi s^2$, and multiplying the whole
# negative ELBO by $s^2$ gives
#
# $$
# \tfrac 12 \lVert x - \hat x \rVert^2 + s^2\, D_\text{KL}\left(q(z|x) \,\|\, p(z)\right) + \text{a constant}.
# $$ (eq-vae-beta)
#
# This is equation {eq}`eq-vae-loss` with $\beta = s^2$. A large `beta` tells the model that much of
# what it sees is noise, and it then pays to describe little. The constant contains $s^2$, so values of the loss at
# different `beta` cannot be compared.
#
# Which `beta` fits the errors that a decoder makes? Their mean square is the fitting $s^2$, which can also be
# learned in training {cite}`rybkin2021simple`. But the sum treats pixels as independent, and those of the built-in
# digits are interpolated: $784$ were made of $64$, so each deviation is counted roughly $784 / 64 \approx 12$ times.
# Counting it once multiplies the fitting `beta` by as much. A table below has both numbers for several `beta`.
#
# ### Means and draws
#
# *May be skipped at a first reading. Its result: what we show are the means of the pixels, not draws from
# the model.*
#
# A draw from the model would be $\hat x$ *plus* noise of variance $s^2$. We showed its mean, as is usual.

# %% mystnb={"figure": {"caption": "Reconstructions as the model's mean, and as draws from $p(x|z)$: with the assumed variance of one, and with the variance that fits the errors actually made. Values beyond black and white are cut off in the picture.", "name": "fig-vae-draws"}, "image": {"alt": "Four rows of eight digits: test images; smooth, somewhat blurred means; the same buried in strong grain; and the same under moderate grain."}} tags=["hide-input"]
noise_rng = np.random.default_rng(0)
mean, log_var = networks.apply(vae.encoder, x_test)
drawn = mean + np.exp(0.5 * log_var) * noise_rng.standard_normal(mean.shape)
means = vae.decode(drawn)
fit_s = np.sqrt(np.mean((x_test - means) ** 2))
grain = noise_rng.standard_normal(means.shape).astype("float32")
rows = {
    "test image": x_test,
    "mean": means,
    "draw, s = 1": means + grain,
    f"draw, s = {fit_s:.2f}": means + fit_s * grain,
}
variances = {name: images.var(axis=0).mean() for name, images in rows.items()}
print(f"fitted s = {fit_s:.2f}")
plotting.image_rows({name: np.clip(images[:8], -1, 1) for name, images in rows.items()})

# %% tags=["nbval-ignore-output"]
notebook.Table({name: {"variance of a pixel": value} for name, value in variances.items()})

# %% [markdown]
# The means vary less from image to image than real images do: what the code does not carry is
# averaged away. Draws with the fitted variance bring the *amount* of variation back to about its true value, but
# as grain, because $p(x|z)$ treats each pixel on its own.
#
# ## What beta buys, and what it costs
#
# `beta` weighs a nat of code against the pixels. When it is low, reconstructions are close. When it
# is high, a latent dimension that does not improve the pixels enough is given up: its cloud
# *becomes* the prior, whatever the image is. This is *posterior collapse*
# {cite}`bowman2016generating`. To see it, look at how `z_mean` varies from image to image. A dimension is an
# *active unit* if the variance of its mean is above $0.01$ {cite}`burda2016importance`:
#
# $$
# A_j = \operatorname{Var}_x\left[\mu_j(x)\right] > 0.01 .
# $$ (eq-vae-active)
#
# We train five VAEs with sixteen latent dimensions each, by our own step. `tf.function` compiles it:
# it records the computation at the first call and replays it from then on, which is faster.


# %%
def train(beta, epochs, latent_dim=16):
    """Return a VAE that was trained by `train_step` with the weight `beta`."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    decoder = networks.build_decoder(latent_dim=latent_dim)
    vae = models.VAE(build_encoder(latent_dim), decoder)
    optimizer = keras.optimizers.Adam(2e-3)
    optimizer.build(vae.trainable_variables)  # for `tf.function`
    step = tf.function(partial(train_step, vae.encoder, vae.decoder, optimizer, beta=beta))
    for _ in range(epochs):
        order = rng.permutation(len(x_train))
        for start in range(0, len(x_train) - 63, 64):  # full batches only
            noise = rng.standard_normal((64, latent_dim)).astype("float32")
            step(x_train[order[start : start + 64]], noise)
    return vae


epochs = profile.epochs(cpu=8, gpu=10)
trained = {beta: train(beta, epochs) for beta in (0.25, 1.0, 4.0, 12.0, 32.0)}

# %% [markdown]
# A VAE has two reconstruction errors: of the decoder's answer to the *mean* code, and of its answer to
# a code *drawn* from the cloud, which is the one in the loss. We measure both, on test images. The last two columns
# are the fitted $s^2$ and the `beta` that fits if each deviation counts once.


# %% tags=["nbval-ignore-output"]
def measure(vae):
    z_mean, z_log_var = networks.apply(vae.encoder, x_test)
    noise = np.random.default_rng(1).standard_normal(z_mean.shape)
    drawn = z_mean + np.exp(0.5 * z_log_var) * noise
    error = losses.gaussian_reconstruction
    of_drawn = np.mean(error(x_test, vae.decode(drawn)))
    fitted = 2 * of_drawn / 784  # mean square of a pixel's error
    return {
        "error, mean code": np.mean(error(x_test, vae.decode(z_mean))),
        "error, drawn code": of_drawn,
        "kl_loss": np.mean(losses.kl_divergence(z_mean, z_log_var)),
        "active units": metrics.active_units(z_mean),
        "fitted s²": fitted,
        "s² · 784/64": fitted * 784 / 64,
    }


notebook.Table(
    {f"{beta:g}": measure(vae) for beta, vae in trained.items()},
    digits={"error, mean code": 1, "error, drawn code": 1},
    corner="beta",
)

# %% mystnb={"figure": {"caption": "Variance of each dimension's mean over the test images, largest first, for five values of beta. Dimensions below the dotted line are collapsed. Values below $10^{-5}$ are drawn at $10^{-5}$. One run of each, one seed.", "name": "fig-vae-active"}, "image": {"alt": "Five falling curves over sixteen sorted dimensions on a logarithmic axis. The larger beta, the lower the curve; that of the second largest crosses a dotted threshold, and that of the largest lies below it."}} tags=["nbval-ignore-output", "hide-input"]
figure, axes = plt.subplots(figsize=(plotting.WIDTH, 3.2))
for beta, vae_of_beta in trained.items():
    variance = np.sort(vae_of_beta.encode(x_test).var(axis=0))[::-1]
    axes.semilogy(range(1, 17), variance.clip(min=1e-5), "o-", label=f"beta = {beta:g}")
    print(f"beta {beta:5g}: largest variance {variance[0]:.3f}")
axes.axhline(metrics.ACTIVE_VARIANCE, color="black", linestyle=":", linewidth=1)
axes.set(xlabel="latent dimension, sorted", xticks=range(2, 17, 2), ylabel="variance of z_mean")
axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
plt.show()

# %% mystnb={"figure": {"caption": "Eight test images and their reconstructions for growing beta: the more a nat costs, the less of the image comes through.", "name": "fig-vae-beta"}, "image": {"alt": "Six rows of eight digits: test images, close reconstructions, slightly softer ones, strongly blurred ones, and in the last two rows nearly the same grey blur for every image."}} tags=["hide-input"]
rows = {"test image": x_test[:8]}
rows |= {f"beta {beta:g}": vae.reconstruct(x_test[:8]) for beta, vae in trained.items()}
differ = [images.var(axis=0).sum() for images in rows.values()]
print(
    "how much the eight differ, as a share of the test images: "
    + ", ".join(f"{value / differ[0]:.2f}" for value in differ[1:])
)
plotting.image_rows(rows)

# %% [markdown]
# As `beta` grows, the KL term falls, and so do the variances. In the third row all units still count as active,
# although together they carry only a few nats. In the fourth the collapse is partial: after this short training
# some units are above the threshold and some below, and together they carry a fraction of a nat. So an active
# unit need not say much.
#
# At the largest `beta` no unit is active: every image has nearly the same cloud, the prior. The best that a decoder
# can do with such codes is to answer all of them with the average image.
#
# In the last two rows the error of the *mean* code is the larger one. The likely reason is that the mean codes all lie
# close to zero, whereas the decoder was trained on draws, which in sixteen dimensions have a length of about
# $\sqrt{16} = 4$ and hardly ever lie there. So these rows of {numref}`fig-vae-beta` say little of what the model
# would draw.
#
# The fitted $s^2$ is below `beta` in every row, so with independent pixels the errors ask for a smaller `beta`
# than each of these. Count each deviation once, and `beta` and errors agree somewhere between one and four.
#
# <details><summary>What is done against collapse?</summary>
#
# A common remedy is *KL warm-up* {cite}`bowman2016generating`: `beta` begins at zero and rises over the first
# epochs, so that the decoder learns to use the code before the code has a price. To try it, give `train_step`
# another `beta` in each epoch.
#
# </details>
#
# ## Are all the clouds together the prior?
#
# *May be skipped at a first reading. Its result: not quite. In the plane the mismatch is the smaller part of
# the KL term, with sixteen dimensions about half of it, and draws from the prior meet gaps.*
#
# The loss asks each cloud to lie near the prior. But what matters for new codes is whether the clouds of
# *all* images, laid on top of each other, cover it. Call this mixture the
# *aggregate posterior*, $q(z) = \frac 1N \sum_n q(z|x_n)$. Split the log ratio,
# $\log \frac{q(z|x_n)}{p(z)} = \log \frac{q(z|x_n)}{q(z)} + \log \frac{q(z)}{p(z)}$, and average. The mean KL term
# then has two parts {cite}`hoffman2016elbo`:
#
# $$
# \begin{aligned}
# & \frac 1N \sum_n D_\text{KL}\left(q(z|x_n) \,\|\, p(z)\right) \\
# & = \underbrace{\frac 1N \sum_n D_\text{KL}\left(q(z|x_n) \,\|\, q(z)\right)}_{\text{what a code tells about its image}} \\
# & \quad + \underbrace{D_\text{KL}\left(q(z) \,\|\, p(z)\right)}_{\text{how far all codes are from the prior}}.
# \end{aligned}
# $$ (eq-vae-aggregate)
#
# The first part is the *mutual information* of code and image, of these $N$ images. It cannot exceed $\log N$,
# since $q(z) \geq \frac 1N q(z|x_n)$. We estimate all three by one draw from each training image's cloud, for the
# VAE with the plane and for the one with sixteen dimensions and `beta` one.


# %%
def parts_of_kl(vae):
    """Return draws from the clouds, one an image, and the three averages."""
    z_mean, z_log_var = networks.apply(vae.encoder, x_train[:2000])
    sigma = np.exp(0.5 * z_log_var)
    z = z_mean + sigma * np.random.default_rng(0).standard_normal(z_mean.shape)
    log_own = norm.logpdf(z, z_mean, sigma).sum(axis=1)  # log q(z|x) of the own cloud
    log_all = np.array([norm.logpdf(one, z_mean, sigma).sum(axis=1) for one in z])  # (N, N)
    log_aggregate = logsumexp(log_all, axis=1) - np.log(len(z))  # log q(z)
    log_prior = norm.logpdf(z).sum(axis=1)
    return z, {
        "mean KL": np.mean(log_own - log_prior),
        "information": np.mean(log_own - log_aggregate),
        "aggregate to prior": np.mean(log_aggregate - log_prior),
    }


z, in_plane = parts_of_kl(vae)
_, in_sixteen = parts_of_kl(trained[1.0])

# %% tags=["nbval-ignore-output", "hide-input"]
print(f"log N = {np.log(len(z)):.2f} nats")
notebook.Table({"the plane": in_plane, "sixteen dimensions": in_sixteen}, corner="nats")

# %% mystnb={"figure": {"caption": "The plane: draws from the clouds of all training images, beside as many draws from the prior. The two have about the same place and size, but the clouds leave thin places between the classes and reach out where the prior hardly goes.", "name": "fig-vae-aggregate"}, "image": {"alt": "Two scatter plots of small dots. Left, the aggregate posterior: uneven, with denser patches, lanes between them and arms beyond the outer dotted circle. Right, the prior: an even round cloud, most of it inside the two dotted circles."}} tags=["nbval-ignore-output", "hide-input"]
figure, axes = plt.subplots(1, 2, figsize=(plotting.WIDTH, 3.4), sharex=True, sharey=True)
prior_draws = np.random.default_rng(1).standard_normal(z.shape)
for panel, title, dots in zip(
    axes, ("all clouds, $q(z)$", "prior, $p(z)$"), (z, prior_draws), strict=True
):
    share = np.mean(np.linalg.norm(dots, axis=1) > 3)
    print(f"{title}: {share:.1%} of the draws are more than 3 from the centre")
    panel.plot(*dots.T, ".", markersize=2, color="C0" if dots is z else "C1")
    for radius in (1, 2):
        panel.plot(radius * np.cos(angle), radius * np.sin(angle), "k:", linewidth=1)
    panel.set(title=title, aspect="equal", xlabel="z[0]")
axes[0].set_ylabel("z[1]")
plt.show()

# %% [markdown]
# In the plane most of the KL term is information. With sixteen dimensions the term exceeds $\log N$, and about half
# of it is mismatch. A draw from the prior meets it: it may fall where no image has its code, and there the decoder
# was never trained. So it can pay to draw from a Gaussian *fitted* to the codes, as chapter 1 did, even for a VAE.
#
# ## Does it make new images?
#
# Chapter 1's question and rows again, with the VAE of sixteen latent dimensions and `beta` one.

# %%
vae = trained[1.0]
rng = np.random.default_rng(0)
codes = vae.encode(x_train)
partner = rng.permutation(len(x_test))
pairs = np.flatnonzero(y_test != y_test[partner])  # of different classes
first, second = x_test[pairs], x_test[partner[pairs]]

count, mean, covariance = len(pairs), codes.mean(axis=0), np.cov(codes.T)
random = rng.standard_normal((count, 16))
fitted = rng.multivariate_normal(mean, covariance, size=count)
between = (vae.encode(first) + vae.encode(second)) / 2
made = {
    "test image": first,
    "random": vae.decode(random),
    "fitted": vae.decode(fitted),
    "between": vae.decode(between),
    "mean image": (first + second) / 2,
}

# %% mystnb={"figure": {"caption": "What the VAE's decoder makes of codes that belong to no image. Random codes no longer give noise: some give soft shapes like digits, others grey patches.", "name": "fig-vae-generated"}, "image": {"alt": "Five rows of ten images. Real digits; then, for random codes, soft digits and grey patches; for fitted codes, soft digits, some of them malformed; for codes between two images, mixtures; and for the mean image two digits laid over each other."}} tags=["hide-input"]
pixels = x_train.reshape(len(x_train), -1)
for name, images in made.items():
    apart = np.median(metrics.nearest_distance(images.reshape(len(images), -1), pixels))
    print(f"{name:11} median distance to the nearest training image {apart:3.0f}")
plotting.image_rows({name: images[:10] for name, images in made.items()})

# %% [markdown]
# The grey patches among the random ones are a likely sign of that mismatch, of codes where no image has its own.
# Codes of the fitted Gaussian keep closer to those of images.
#
# And a walk between two images, straight through latent space, with the same walk in pixels
# below it. Here the lower row looks nearly as good; *Between two images* measures it.

# %% mystnb={"figure": {"caption": "From one test image to another of a different class: through the VAE's codes, and pixel by pixel. Above, one shape bends into the other; below, two images fade into each other.", "name": "fig-vae-walk"}, "image": {"alt": "Two rows of nine images. In the upper row one digit bends step by step into another. In the lower row the first digit fades out while the second fades in, both visible in the middle."}} tags=["nbval-ignore-output", "hide-input"]
start, end = (x_test[y_test == digit][0] for digit in (0, 4))
ends = vae.encode(np.stack([start, end]))
weights = np.linspace(0, 1, 9, dtype="float32")[:, None, None, None]
walks = {
    "codes": vae.decode(latent.interpolate(ends[0], ends[1], 9)),
    "pixels": (1 - weights) * start + weights * end,
}
middles = np.stack([walk[4].ravel() for walk in walks.values()])
far = metrics.nearest_distance(middles, pixels)
print(f"from the middle to the nearest training image: codes {far[0]:.1f}, pixels {far[1]:.1f}")
plotting.image_rows(walks)

# %% [markdown]
# ## Four measures, five seeds
#
# *May be skipped at a first reading. Its result: by two measures the VAE's random images are far ahead of the
# autoencoder's, and by the other two the autoencoder's grey noise wins, so no measure may be believed alone.*
#
# Chapter 1 asked for measures that look at more than the distance in pixels. Here are four. The
# first three use a *classifier* that was trained beforehand to name digits (*Classifiers* in
# [Before you start](00_before_you_start.ipynb)). It names nearly all test images rightly, as the cell below prints.
# Its last hidden layer gives *features*: numbers that say what an image shows rather than what each pixel is.
#
# - **low confidence**: the share of images for which the classifier gives no class a probability of
#   at least $0.9$. Lower is better.
# - **precision** {cite}`kynkaanniemi2019improved`: draw a ball around the features of every real
#   training image, reaching to its fifth nearest neighbour. Precision is the share of decoded
#   images that fall into some ball. Do they look *real*? Higher is better.
# - **recall**: the same with the roles exchanged. Which share of the *real* images lies within
#   balls around the decoded ones? Is *everything* there? Higher is better.
# - **pixel precision**: precision with the pixels in place of the features.
#
# ([How good is it?](04_how_good_is_it.ipynb), after chapter 4, has pictures of the balls, further measures,
# and a way to fool each of them.)
#
# Each needs two companions. The *floor* is what real test images get, measured in the same way:
# perfect images would score about this. (Where more is better, as in precision, it is a ceiling.) The
# *control* is the mean image of two digits: a model should beat it.
#
# And one run is little evidence, since a network's numbers change with its seed. The command
# `python -m vaegan_edu train vae-digits --seed N` trained a VAE for each of five seeds, and `ae-digits` a
# plain autoencoder beside it, with half of the learning rate above and for more epochs.

# %% mystnb={"figure": {"caption": "Random codes, decoded after the last epoch of the first seed, from the records. The two *random* rows of the table below are about images like these.", "name": "fig-vae-sheets"}, "image": {"alt": "Two sheets of eight by eight images. Left, the autoencoder: dark grey noise in every one. Right, the VAE: blurred white shapes on black, many of which can be read as digits, some of which are malformed."}} tags=["hide-input"]
judge = records.read_record("../vaegan_edu/weights/classifier-digits")
print(f"the classifier names {judge.metrics['accuracy']:.1%} of the test images rightly")
figure, axes = plt.subplots(1, 2, figsize=(plotting.WIDTH, 3.6))
for panel, folder, title in zip(axes, ("ae", "vae"), ("autoencoder", "VAE"), strict=True):
    panel.imshow(plt.imread(f"../book/results/{folder}-digits/seed-0/samples/epoch-060.png"))
    panel.set_title(title)
    panel.axis("off")
plt.show()

# %% mystnb={"figure": {"caption": "Five autoencoders and five VAEs: what their decoders make of three kinds of codes, and the control. Every dot is one run. The dotted line is the floor, what real test images get. For low confidence, small is good; for the others, large.", "name": "fig-vae-judged"}, "image": {"alt": "Four panels of dots, each with rows for random, fitted, between and mean image. For random codes the two models lie far apart in pixel precision and recall, the autoencoder at zero; in precision the autoencoder lies at the floor. For between, the dots of both lie close together except in pixel precision, where the VAE is a little higher."}} tags=["hide-input"]
runs = {
    name: records.read_runs(f"../book/results/{folder}-digits")
    for name, folder in (("autoencoder", "ae"), ("VAE", "vae"))
}
MEASURES = "low_confidence", "precision", "pixel_precision", "recall"
scores = {
    measure: {
        kind: {
            name: [run.metrics[f"{kind}_{measure}"] for run in own] for name, own in runs.items()
        }
        for kind in ("random", "fitted", "between", "mean_image")
    }
    for measure in MEASURES
}
floors = {measure: runs["VAE"][0].metrics[f"real_{measure}"] for measure in MEASURES}
print("floor: " + ", ".join(f"{name.replace('_', ' ')} {floors[name]:.2f}" for name in MEASURES))
plotting.run_dots(
    {
        measure.replace("_", " "): {kind.replace("_", " "): of for kind, of in kinds.items()}
        for measure, kinds in scores.items()
    },
    lines={measure.replace("_", " "): floor for measure, floor in floors.items()},
)

# %% tags=["hide-input"]
means = {
    f"{kind}, {name}": {measure: np.mean(scores[measure][kind][name]) for measure in MEASURES}
    for kind in ("random", "fitted", "between")
    for name in runs
}
control = {measure: np.mean(scores[measure]["mean_image"]["VAE"]) for measure in MEASURES}
notebook.Table(
    {
        name: {measure.replace("_", " "): row[measure] for measure in MEASURES}
        for name, row in {"floor": floors, **means, "mean image, the control": control}.items()
    },
    corner="mean of five runs",
)

# %% [markdown]
# Begin with *random*, the question of both chapters. By pixel precision and by recall the VAE is far ahead, while the
# autoencoder gets nothing. But the classifier is hardly ever unsure about the autoencoder's grey noise, and its
# precision puts that noise level with real images. It learned to tell digits apart and never saw anything else, so
# nothing taught it to doubt.
#
# The pixels have a blind spot too. They pass the *mean image*, two digits laid over each other, more
# often than the classifier's features do, because a blur is not far from many images.
#
# **A single measure can be fooled. Believe what several say, each beside its floor and a control,
# and look at the images.**
#
# ## What the VAE pays
#
# Five plain autoencoders and five VAEs were trained alike, for longer than the models above: the same data, and the
# same layers but the last of the encoder. The table has both errors of each VAE.

# %% tags=["hide-input"]
last = {name: [run.history[-1] for run in own] for name, own in runs.items()}
rows = {}
for name, own in runs.items():
    for run, row in zip(own, last[name], strict=True):
        drawn = row.get("val_reconstruction_loss")
        rows[f"{name}, seed {run.config['seed']}"] = {
            "error, mean code": run.metrics["reconstruction_loss"],
            "error, drawn code": float(drawn) if drawn else "",
            "kl_loss": float(row["val_kl_loss"]) if drawn else "",
            "training loss": float(row["loss"]),
            "active units": run.metrics["active_units"],
        }
notebook.Table(rows, digits=1, corner="run")

# %% [markdown]
# Even from the mean code, to which no noise was added, the VAE reconstructs worse. In *training* the decoder had
# to serve every point of each cloud, and the encoder had to pay for each nat. With a drawn code the error is
# larger still, and together with `kl_loss` it estimates the negative ELBO of the test images, up to the constant.
#
# One VAE differs. Its training loss is clearly higher than that of the others, so it did not merely trade one term
# for the other: it ended in a worse place, with fewer active units and about twice the error.
#
# The VAE's images also fall short of real ones: in {numref}`fig-vae-sheets` many are blurred, or like no digit.
# Where the code leaves a doubt about a pixel, the squared error is smallest for the average of all that might be
# there. So the later chapters look for a better judge than the squared error of pixels.
#
# ## Between two images
#
# *May be skipped at a first reading. Its result: halfway between two codes both models do
# about equally well by the classifier's features.*
#
# The original project wrote that a plain autoencoder has no meaningful image between two of its codes, and that
# the VAE has ([claim C0](../book/claims.md)); and that a code drawn at random is likely to give a meaningless
# image. Call a difference *clear* if every run of one model is better than every run of the other. For two equal
# models this happens by chance in $2 / \binom{10}{5} \approx 0.8\,\%$ of cases; that it happens somewhere among
# the twelve cells of the table below, in up to $12 \cdot 0.8 \approx 10\,\%$.


# %%
def order(kind, measure):
    """Which model is clearly better: for low confidence, lower; for the others, higher."""
    sign = -1 if measure == "low_confidence" else 1
    plain, vae = (sign * np.array(scores[measure][kind][name]) for name in ("autoencoder", "VAE"))
    if min(vae) > max(plain):
        return "VAE"
    return "autoencoder" if min(plain) > max(vae) else "neither"


notebook.Table(
    {
        kind: {measure.replace("_", " "): order(kind, measure) for measure in MEASURES}
        for kind in ("random", "fitted", "between")
    },
    corner="clearly better",
)

# %% [markdown]
# - **Random codes**: what was said of them holds, by pixel precision and recall. The two measures that
#   disagree were fooled by noise.
# - **Fitted codes**: once we look where the codes are, the autoencoder makes varied shapes too, and
#   its recall is high. But by the other three measures the VAE's are better.
# - **Between two images**: the contrast of meaningful against meaningless is not there. By the classifier's
#   precision the midpoints of both do about equally well, not far above the control, and about half of them
#   fail. By pixels both pass far more often than the control, the VAE a little more often.
#
# So what sets the plain autoencoder apart is not what lies *between* its codes, but that nothing says
# *where* its codes are.
#
# ## Exercises
#
# Replace the placeholder in each cell and run it. The check says what it proved, or gives a hint.
#
# ### Run and look
#
# Set the KL figure above to `z_mean` three and `z_log_var` zero. How many nats does it cost?

# %% tags=["exercise"]
# Exercise: kl_by_hand
cost = None  # kl_loss at z_mean = 3, z_log_var = 0: replace None

exercises.check("kl_by_hand", cost)

# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: kl_by_hand
cost = 4.5

exercises.check("kl_by_hand", cost)

# %% [markdown]
# **On paper.** Start from $p(x) = p(x|z)\, p(z) / p(z|x)$. Take the logarithm, subtract and add $\log q(z|x)$,
# average over $q(z|x)$, and name the three terms. Which of them cannot be computed, and why may it be left out?
# Compare with equation {eq}`eq-vae-elbo`.
#
# ### Write the KL divergence
#
# Write equation {eq}`eq-vae-kl-gauss` in NumPy: one value for each image.


# %% tags=["exercise"]
# Exercise: kl
def kl(z_mean, z_log_var):
    """Return the KL divergence of each image, (N,); both are (N, latent_dim)."""
    # One term for each latent dimension, then sum over them.
    return None


exercises.check("kl", kl)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: kl
def kl(z_mean, z_log_var):
    """Return the KL divergence of each image, (N,); both are (N, latent_dim)."""
    terms = z_mean**2 + np.exp(z_log_var) - z_log_var - 1.0  # (N, latent_dim)
    return 0.5 * np.sum(terms, axis=1)


exercises.check("kl", kl)

# %% [markdown]
# ### Write the sampling
#
# Write equation {eq}`eq-vae-reparameterisation`. The encoder gives you the *log*-variance: what is
# $\sigma$ then?


# %% tags=["exercise"]
# Exercise: reparameterise
def reparameterise(z_mean, z_log_var, noise):
    """Return z of shape (N, latent_dim); all three arguments have that shape."""
    # `noise` is standard normal. Scale it, then shift it.
    return None


exercises.check("reparameterise", reparameterise)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: reparameterise
def reparameterise(z_mean, z_log_var, noise):
    """Return z of shape (N, latent_dim); all three arguments have that shape."""
    deviation = np.exp(0.5 * z_log_var)
    return z_mean + deviation * noise


exercises.check("reparameterise", reparameterise)

# %% [markdown]
# ### Write the training step
#
# Without looking back: write one step of a VAE. Draw `z` with the given noise, compute both terms
# and the loss, take one gradient for the weights of both networks, and let the optimiser apply it.


# %% tags=["exercise"]
# Exercise: vae_step
def vae_step(encoder, decoder, optimizer, images, noise, beta):
    """Train both networks by one step; return the loss."""
    # with tf.GradientTape() as tape: the forward pass, the two terms, the loss.
    # Then the gradient for the weights of both networks, and optimizer.apply.
    return None


exercises.check("vae_step", vae_step)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: vae_step
def vae_step(encoder, decoder, optimizer, images, noise, beta):
    """Train both networks by one step; return the loss."""
    with tf.GradientTape() as tape:
        z_mean, z_log_var = encoder(images, training=True)
        z = z_mean + ops.exp(0.5 * z_log_var) * noise
        x_hat = decoder(z, training=True)
        reconstruction_loss = 0.5 * ops.sum((images - x_hat) ** 2, axis=(1, 2, 3))
        kl_loss = 0.5 * ops.sum(z_mean**2 + ops.exp(z_log_var) - z_log_var - 1, axis=1)
        loss = ops.mean(reconstruction_loss + beta * kl_loss)
    weights = encoder.trainable_variables + decoder.trainable_variables
    optimizer.apply(tape.gradient(loss, weights), weights)
    return loss


exercises.check("vae_step", vae_step)

# %% [markdown]
# Now train with what you wrote, and decode random codes. (If you open the solution's cell, leave it
# unrun: it would replace your step by its own.)

# %% mystnb={"figure": {"caption": "Random codes after a few epochs with the step of the exercise above.", "name": "fig-vae-yours"}, "image": {"alt": "Two rows of eight blurred shapes that begin to look like digits."}} tags=["nbval-ignore-output"]
keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
encoder, decoder = build_encoder(8), networks.build_decoder(latent_dim=8)
optimizer = keras.optimizers.Adam(2e-3)
optimizer.build(encoder.trainable_variables + decoder.trainable_variables)
step = tf.function(partial(vae_step, encoder, decoder, optimizer))
for _ in range(profile.epochs(cpu=10, gpu=1)):
    for images in batches:
        noise = rng.standard_normal((len(images), 8)).astype("float32")
        loss = step(images, noise, 1.0)
print(f"loss of the last batch: {float(loss):.1f}")
random = rng.standard_normal((16, 8))
plotting.image_sheet(networks.apply(decoder, random), columns=8)

# %% [markdown]
# ### Count the active units
#
# Count the active units of equation {eq}`eq-vae-active`. Think first: over which axis does the
# variance run, and why does it not matter how large the mean is?


# %% tags=["exercise"]
# Exercise: active_units
def active_units(z_mean):
    """Return how many columns of z_mean (N, latent_dim) vary."""
    # A variance for each dimension, over the images.
    return None


exercises.check("active_units", active_units)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: active_units
def active_units(z_mean):
    """Return how many columns of z_mean (N, latent_dim) vary."""
    variance = np.var(z_mean, axis=0)  # of each dimension, over the images
    return np.sum(variance > 0.01)


exercises.check("active_units", active_units)

# %% [markdown]
# ### Write the measure
#
# From the words above, write precision: the share of `generated` points inside the ball of at
# least one `real` point. A ball reaches to the `k`-th nearest *other* real point.


# %% tags=["exercise"]
# Exercise: precision
def precision(real, generated, k):
    """Return the share of generated points that lie in a real ball."""

    def distances(a, b):  # (len(a), len(b))
        return np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=-1))

    # First the radius of each real ball, then who lies inside one.
    return None


exercises.check("precision", precision)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: precision
def precision(real, generated, k):
    """Return the share of generated points that lie in a real ball."""

    def distances(a, b):  # (len(a), len(b))
        return np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=-1))

    radius = np.sort(distances(real, real), axis=1)[:, k]  # 0: the point itself
    inside = distances(real, generated) <= radius[:, None]  # row: ball
    return inside.any(axis=0).mean()


exercises.check("precision", precision)

# %% [markdown]
# ## Quiz
#
# Decide first, then open your answer.
#
# **1. Why does the encoder return the logarithm of the variance, and not the variance?**
#
# <details><summary>a) Because any number is allowed as a logarithm of a variance.</summary>
#
# Right. A dense layer may answer with any number, and a variance must be positive. The exponential
# turns the one into the other.
#
# </details>
# <details><summary>b) Because the KL divergence contains no variance.</summary>
#
# No. Equation {eq}`eq-vae-kl-gauss` has both the variance and its logarithm.
#
# </details>
# <details><summary>c) Because it makes the clouds smaller.</summary>
#
# No. It is another way to write the same number.
#
# </details>
#
# **2. The KL term of a trained VAE is almost zero. What do you conclude?**
#
# <details><summary>a) It was trained well: the KL term is a loss, and a small loss is good.</summary>
#
# No. Look at the other term as well. With an empty code, all reconstructions are one and the same
# image.
#
# </details>
# <details><summary>b) The codes say almost nothing about the image.</summary>
#
# Right. Every cloud is then almost the prior, whichever image it belongs to.
#
# </details>
# <details><summary>c) The codes are very precise.</summary>
#
# No. Precise codes are narrow clouds in different places, and both cost nats.
#
# </details>
#
# **3. What is the ELBO a lower bound of?**
#
# <details><summary>a) Of the reconstruction loss.</summary>
#
# No. The reconstruction loss is one of its two terms.
#
# </details>
# <details><summary>b) Of the logarithm of the probability density of the image.</summary>
#
# Right. What is missing is the divergence of $q(z|x)$ from the true posterior, and that is never
# negative.
#
# </details>
# <details><summary>c) Of the KL divergence from the prior.</summary>
#
# No. That divergence is subtracted within the ELBO.
#
# </details>
#
# **4. You replace the sum over latent dimensions in the KL term by a mean. Which `beta` did you
# choose, in effect?**
#
# <details><summary>a) The same.</summary>
#
# No. The term is now smaller, and the reconstruction term is not.
#
# </details>
# <details><summary>b) <code>beta</code> divided by <code>latent_dim</code>.</summary>
#
# Right. The mean is the sum divided by the number of dimensions. If you then change `latent_dim`,
# you change the model's balance without noticing.
#
# </details>
# <details><summary>c) <code>beta</code> times <code>latent_dim</code>.</summary>
#
# No. A mean is smaller than the sum, not larger.
#
# </details>
#
# **5. Why does the sampling need the reparameterisation trick?**
#
# <details><summary>a) Because Gaussian noise cannot be drawn otherwise.</summary>
#
# No. Drawing is easy. Differentiating through the draw is the difficulty.
#
# </details>
# <details><summary>b) So that the loss has a gradient with respect to the encoder's outputs.</summary>
#
# Right. With the noise drawn apart, z is a smooth function of mean and deviation, and
# backpropagation carries the gradient through the draw.
#
# </details>
# <details><summary>c) So that the noise becomes smaller during training.</summary>
#
# No. The noise keeps its size. What the encoder learns is the deviation that multiplies it.
#
# </details>
#
# ## What to remember
#
# - A VAE's encoder returns a Gaussian for each image: `z_mean` and `z_log_var`.
# - Its loss is the negative ELBO: reconstruction, summed over pixels, plus `beta` times the KL
#   divergence from the prior, summed over latent dimensions.
# - The ELBO is $\log p(x)$ less the KL divergence of the encoder's cloud from the true posterior.
# - The reparameterisation draws noise first, then scales and shifts it, so gradients pass.
# - `beta` is the variance that the decoder grants each pixel. What we show are means, not draws.
# - The prior tells where to draw codes for new images. That costs reconstruction.
# - A collapsed dimension costs nothing and says nothing. Count the active units.
# - Judge images by several measures, each beside its floor and a control, over several seeds.
#
# ## Sources
#
# - The VAE: {cite}`kingma2014auto`, equation 10 for the loss, section 2.4 for the
#   reparameterisation, appendix B for the KL term; at the same time {cite}`rezende2014stochastic`.
# - beta: {cite}`higgins2017beta`, equation 4.
# - Posterior collapse and KL warm-up: {cite}`bowman2016generating`, section 3.
# - Active units: {cite}`burda2016importance`, section 5.2.
# - The two parts of the gap: {cite}`cremer2018inference`. A variance that is fitted to the errors in
#   training: {cite}`rybkin2021simple`.
# - The split of the KL term: {cite}`hoffman2016elbo`.
# - Precision and recall: {cite}`kynkaanniemi2019improved`, section 2, equations 1 and 2.
