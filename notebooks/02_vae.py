# %% [markdown]
# # Chapter 2: The variational autoencoder
#
# *Run time: 49 s on two CPU cores, measured at the last execution.*
#
# **What must be added to an autoencoder so that we know where its codes lie, and what does it
# cost?**
#
# After this chapter you can
#
# - say what the KL divergence charges for, and compute it for a Gaussian;
# - derive the evidence lower bound (ELBO) in a few lines;
# - explain why noise enters by reparameterisation;
# - choose beta, and recognise posterior collapse by counting active units.

# %% mystnb={"code_prompt_show": "Colab needs this cell", "code_prompt_hide": "Hide Colab's cell"} tags=["colab", "nbval-skip", "hide-cell"]
# Colab needs the course's package and its records. Elsewhere this cell does nothing.
import os
import sys

if "google.colab" in sys.modules and not os.path.exists("02_vae.py"):
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
from scipy.stats import norm

from vaegan_edu import (
    exercises,
    experiments,
    latent,
    losses,
    metrics,
    models,
    networks,
    plotting,
    records,
)
from vaegan_edu.widgets import KLExplorer, LatentExplorer

# %matplotlib inline
plotting.style()
profile = experiments.current_profile()
(x_train, y_train), (x_test, y_test) = profile.load_data()

# %% [markdown]
# ## From a point to a cloud
#
# Chapter 1 ended with a map without an address: codes had to be looked up, and between them were
# gaps. Two changes mend that.
#
# First, the encoder answers with a *cloud* instead of a point. For an image $x$ it returns the
# mean `z_mean` and the logarithm of the variance, `z_log_var`, of a Gaussian. Write $\mu$ for the
# mean and $\sigma^2$ for the variance:
#
# $$
# \begin{aligned}
# q(z|x) &= \mathcal N\left(z \mid \mu(x),\ \operatorname{diag} \sigma^2(x)\right), \\
# \mu &= \texttt{z_mean}, \quad \log \sigma^2 = \texttt{z_log_var}.
# \end{aligned}
# $$ (eq-vae-posterior)
#
# "diag" says that each latent dimension has a variance of its own, and no dimension hangs on another.
#
# The code is *drawn* from that cloud, afresh each time. The decoder must make do with any point of
# it. So nearby codes come to mean similar images, and the gaps fill.
#
# Second, each cloud should lie near one fixed cloud that does not depend on the image, the *prior*
# $p(z) = \mathcal N(z \mid 0, I)$, with mean zero and variance one in each dimension. Then we know where to draw codes for new images: from the prior.
#
# Left alone, an encoder would shrink each cloud to a point and push the points apart, and we would
# be back in chapter 1. Staying near the prior has to be worth something. We need a price for the
# distance between two distributions.
#
# :::{admonition} The KL divergence in one box
# Draw many $z$ from $q$. Ask of each: how much more likely is it under $q$ than under $p$? Take
# the logarithm of that ratio, and average:
#
# $$
# D_\text{KL}(q \,\|\, p) = \mathbb E_{z \sim q}\left[\log \frac{q(z)}{p(z)}\right].
# $$ (eq-vae-kl)
#
# It is an average log ratio. It is zero when $q$ and $p$ are the same, and never negative. Its
# unit is the *nat*, the unit of the natural logarithm.
#
# Why never negative? Since $\log t \leq t - 1$ for every $t$,
#
# $$
# \begin{aligned}
# -D_\text{KL} &= \mathbb E_q\left[\log \tfrac pq\right] \\
# &\leq \mathbb E_q\left[\tfrac pq\right] - 1 = 0 .
# \end{aligned}
# $$
#
# Chapter 3 says more.
# :::
#
# For our two Gaussians the average can be worked out. Per latent dimension $j$ it leaves four
# terms, and as the dimensions are independent, they add up ({cite}`kingma2014auto`, appendix B):
#
# $$
# \begin{aligned}
# & D_\text{KL}\left(q(z|x) \,\|\, p(z)\right) \\
# &= \frac 12 \sum_{j} \left(\mu_j^2 + \sigma_j^2 - \log \sigma_j^2 - 1\right).
# \end{aligned}
# $$ (eq-vae-kl-gauss)
#
# This is `losses.kl_divergence(z_mean, z_log_var)`: one value for each image, *summed* over latent
# dimensions. Does the formula agree with the average log ratio? We draw, and compare.

# %%
rng = np.random.default_rng(0)
z_mean, z_log_var = np.array([0.5, -1.0]), np.array([-1.0, 0.5])
sigma = np.exp(0.5 * z_log_var)
z = z_mean + sigma * rng.standard_normal((100_000, 2))
log_ratio = (norm.logpdf(z, z_mean, sigma) - norm.logpdf(z)).sum(axis=1)
formula = float(losses.kl_divergence(z_mean[None], z_log_var[None])[0])
error = log_ratio.std() / np.sqrt(len(z))
print(f"average log ratio {log_ratio.mean():.3f} +- {error:.3f} nats")
print(f"formula           {formula:.3f} nats")
print(
    "within four standard errors:", abs(log_ratio.mean() - formula) < 4 * error
)

# %% [markdown]
# Try it in one dimension. First move the mean. Then set `z_mean` to zero and compare `z_log_var` at
# $-2$ and at $2$: a variance that is too large by a factor costs more than one too small by the same
# factor. Yet as the variance goes to zero, the cost grows without limit.

# %% tags=["nbval-ignore-output"]
KLExplorer()

# %% [markdown]
# ## Where the loss comes from
#
# We would like the model to give real images a high $\log p(x)$. It makes an image in
# two steps: draw $z$ from the prior, then draw $x$ from $p(x|z)$, which the decoder describes. So
# $p(x)$ is an integral over all codes, and there is no practical way to compute it.
#
# But nearly all codes say nothing about a given image. The encoder points at the few that do.
# Start from Bayes' rule, $p(x) = p(x|z)\,p(z) / p(z|x)$, which holds for every $z$. Take the
# logarithm, multiply and divide by $q(z|x)$, and average over $z$ drawn from $q(z|x)$:
#
# $$
# \begin{aligned}
# &\log p(x) \\
# &= \mathbb E_{q}\left[\log p(x|z) - \log \tfrac{q(z|x)}{p(z)} + \log \tfrac{q(z|x)}{p(z|x)}\right] \\
# &= \underbrace{\mathbb E_{q}\left[\log p(x|z)\right] - D_\text{KL}\left(q(z|x) \,\|\, p(z)\right)}_{\text{ELBO}} \\
# &\quad + \underbrace{D_\text{KL}\left(q(z|x) \,\|\, p(z|x)\right)}_{\geq 0}.
# \end{aligned}
# $$ (eq-vae-elbo)
#
# The last term cannot be computed either, but it is never negative. So the rest is a lower bound
# on $\log p(x)$: the *evidence lower bound*. Raising it raises $\log p(x)$, or brings $q(z|x)$
# closer to the true posterior $p(z|x)$.
#
# Turn the sign, and it is a loss with two terms. Take for $p(x|z)$ a Gaussian of variance one
# around the decoder's output $\hat x$. Its negative log-likelihood is half the squared error, plus
# a constant: chapter 1's loss again. The expectation over $z$ is estimated by one draw for each
# image, and $\hat x$ is the decoder's output for that draw. So
#
# $$
# \begin{aligned}
# \text{loss} = {} &\underbrace{\tfrac 12 \lVert x - \hat x \rVert^2}_{\texttt{reconstruction_loss}} \\
# &+ \beta \; \underbrace{D_\text{KL}\left(q(z|x) \,\|\, p(z)\right)}_{\texttt{kl_loss}},
# \end{aligned}
# $$ (eq-vae-loss)
#
# summed over pixels and latent dimensions, averaged over the batch. With $\beta = 1$ it is the
# negative ELBO. Other values of `beta` trade one term against the other {cite}`higgins2017beta`.
# Mind the sums. If you averaged the KL term over latent dimensions instead, you would have
# divided `beta` by `latent_dim` and not noticed.
#
# ## A random step that lets gradients through
#
# To learn, the encoder needs to know how the loss changes with $\mu$ and
# $\sigma$. But the code is *drawn*: how do you take the derivative of a draw?
#
# Draw first; scale and shift afterwards. Let `noise` $\varepsilon$ be standard normal. It depends on no
# weight. Then
#
# $$
# z = \mu + \sigma\,\varepsilon, \qquad \varepsilon \sim \mathcal N(0, I)
# $$ (eq-vae-reparameterisation)
#
# has exactly the distribution of equation {eq}`eq-vae-posterior`, and for a fixed $\varepsilon$ it is a smooth
# function: $\partial z / \partial \mu = 1$ and $\partial z / \partial \sigma = \varepsilon$. This
# is the *reparameterisation trick* {cite}`kingma2014auto,rezende2014stochastic`. In the package it
# is the layer `layers.Sampling`.
#
# ## The model in code
#
# The heart of `models.VAE` is the following, almost word by word:
#
# ```python
# z_mean, z_log_var = encoder(images)
# z = sampling((z_mean, z_log_var))                      # draw, scale, shift
# reconstruction = decoder(z)
# reconstruction_loss = mean(gaussian_reconstruction(images, reconstruction))
# kl_loss = mean(kl_divergence(z_mean, z_log_var))       # summed over latent dimensions
# loss = reconstruction_loss + beta * kl_loss            # the negative ELBO, if beta is 1
# ```
#
# We train it with a code of two numbers first, so that we can look, and with the plain autoencoder
# beside it. Both have the same trunk and the same decoder.


# %%
def train_vae(latent_dim, beta, epochs):
    """Build a VAE and train it from a fixed seed."""
    keras.utils.set_random_seed(0)
    vae = models.VAE(
        networks.build_encoder(latent_dim=latent_dim),
        networks.build_decoder(latent_dim=latent_dim),
        beta=beta,
        seed=0,
    )
    vae.compile(keras.optimizers.Adam(2e-3))
    history = vae.fit(
        x_train,
        validation_data=(x_test,),
        epochs=epochs,
        batch_size=64,
        verbose=0,
    )
    return vae, history.history


vae, history = train_vae(
    latent_dim=2, beta=1.0, epochs=profile.epochs(cpu=20, gpu=20)
)

keras.utils.set_random_seed(0)
autoencoder = models.Autoencoder(
    networks.build_encoder(latent_dim=2, variational=False),
    networks.build_decoder(latent_dim=2),
)
autoencoder.compile(keras.optimizers.Adam(2e-3))
autoencoder.fit(
    x_train, epochs=profile.epochs(cpu=20, gpu=20), batch_size=64, verbose=0
)

terms = {
    name: history[name][-1]
    for name in ("loss", "reconstruction_loss", "kl_loss")
}
total = terms["reconstruction_loss"] + terms["kl_loss"]
print(
    "loss = reconstruction_loss + kl_loss:",
    np.isclose(terms["loss"], total, rtol=1e-3),
)

# %% mystnb={"figure": {"caption": "The two terms of equation {eq}`eq-vae-loss` by epoch. The reconstruction term falls; the KL term stays low and hardly moves; the cell checks how far each went. Training values are averages over an epoch in which the network still learns, so they start higher.", "name": "fig-vae-terms"}, "image": {"alt": "Two pairs of curves over epochs: the reconstruction loss falls steeply and flattens far above the KL loss, which stays low and nearly level."}}
first, last = (
    {name: history[name][epoch] for name in ("reconstruction_loss", "kl_loss")}
    for epoch in (0, -1)
)
fell = first["reconstruction_loss"] - last["reconstruction_loss"]
print("the KL term moved by less than a tenth of the reconstruction term's fall:",
      abs(last["kl_loss"] - first["kl_loss"]) < 0.1 * fell)  # fmt: skip
print("the KL term ends below a fifth of the reconstruction term:",
      last["kl_loss"] < 0.2 * last["reconstruction_loss"])  # fmt: skip
plotting.loss_curves(history, ["reconstruction_loss", "kl_loss"], ylabel="nats")

# %% [markdown]
# Here are both maps, drawn to their own scales. The dotted circles are one and two standard
# deviations of the prior.

# %% mystnb={"figure": {"caption": "The same test images in both planes. The VAE's codes gather around the prior; the plain autoencoder's spread over four times as wide in either direction, as printed above. One run, one seed.", "name": "fig-vae-planes"}, "image": {"alt": "Two scatter plots of coloured dots. Left, patches of colour spread over a wide plane, with the small dotted circles of the prior almost lost at their edge. Right, patches packed within and around the two dotted circles; one class lies mostly outside them."}}
codes, labels = vae.encode(x_test[:360]), y_test[:360]
plain_codes = autoencoder.encode(x_test[:360])
plain_spread, spread = plain_codes.std(axis=0), codes.std(axis=0)
print(
    "standard deviation of the VAE's codes: between 0.5 and 2",
    0.5 < spread.min() and spread.max() < 2,
)
print(
    "the autoencoder's codes spread over four times as wide:",
    plain_spread.min() > 4 * spread.max(),
)
plotting.latent_scatter(
    {"autoencoder": plain_codes, "VAE (z_mean)": codes}, labels, prior=True
)

# %% [markdown]
# Because the codes are near the prior, we can decode the whole plane and find digit-like images
# nearly everywhere. A class whose codes lie outside this square is missing from it.

# %% mystnb={"figure": {"caption": "The VAE's plane, decoded on a regular grid. Neighbours look alike, and one digit passes into the next: the cell compares the squared difference of neighbours with that of any two.", "name": "fig-vae-grid"}, "image": {"alt": "A square of fifteen by fifteen small digits that change smoothly from place to place; some lie between two classes and are blurred."}}
side = np.linspace(-2, 2, 15)
grid = np.array([(z0, z1) for z1 in side[::-1] for z0 in side])
decoded = vae.decode(grid)
by_place = decoded.reshape(15, 15, -1)
neighbours = np.mean((by_place[:, 1:] - by_place[:, :-1]) ** 2)
any_two = 2 * decoded.var(axis=0).mean()  # variance: half of their difference
print("neighbours differ by less than a tenth of what any two do:",
      neighbours < 0.1 * any_two)  # fmt: skip
plotting.latent_grid(decoded, limits=(-2, 2))

# %% [markdown]
# Walk through it yourself, and compare with the plane of chapter 1.

# %% tags=["nbval-ignore-output"]
LatentExplorer(
    vae.decoder, codes, labels, title="Walk through the VAE's plane", prior=True
)

# %% [markdown]
# ## What beta buys, and what it costs
#
# `beta` is the price of a nat. When it is low, the encoder spends freely and reconstructions are
# close. When it is high, every nat has to earn its keep in better pixels. A dimension that cannot
# is given up: its cloud *becomes* the prior, whatever the image is. This is *posterior collapse*
# {cite}`bowman2016generating`. Such a dimension costs nothing and says nothing.
#
# How do we see that? Look at how `z_mean` varies from image to image. A dimension is an *active
# unit* if the variance of its mean is above $0.01$ {cite}`burda2016importance`:
#
# $$
# A_j = \operatorname{Var}_x\left[\mu_j(x)\right] > 0.01 .
# $$ (eq-vae-active)
#
# We train four VAEs with sixteen latent dimensions each, from almost free to very dear nats.

# %%
betas = (0.25, 1.0, 8.0, 32.0)
by_beta = {}
for beta in betas:
    model, _ = train_vae(
        latent_dim=16, beta=beta, epochs=profile.epochs(cpu=12, gpu=10)
    )
    mean, log_var = networks.apply(model.encoder, x_test)
    images = model.reconstruct(x_test)
    by_beta[beta] = {
        "model": model,
        "reconstruction": float(
            np.mean(losses.gaussian_reconstruction(x_test, images))
        ),
        "kl": np.mean(losses.kl_divergence(mean, log_var)),
        "active": metrics.active_units(mean),
        "variance": mean.var(axis=0),
    }

by_reconstruction, by_kl, active = (
    [row[name] for row in by_beta.values()]
    for name in ("reconstruction", "kl", "active")
)
print(
    "as beta grows: worse reconstructions, fewer nats",
    by_reconstruction == sorted(by_reconstruction)
    and by_kl == sorted(by_kl, reverse=True),
)
print("largest beta: active units", active[-1])
print(
    "the beta before: over ten active units, under four nats",
    active[-2] > 10 and by_kl[-2] < 4,
)

# %% tags=["nbval-ignore-output"] mystnb={"figure": {"caption": "Variance of each dimension's mean over the test images, largest first, for four values of beta. Dimensions below the dotted line are collapsed; the table above counts those above it. Values below $10^{-5}$ are drawn at $10^{-5}$. One run of each, one seed.", "name": "fig-vae-active"}, "image": {"alt": "Four falling curves over sixteen sorted dimensions on a logarithmic axis. The two curves for small beta lie well above a dotted threshold; the third is lower and its last point falls below; the curve for the largest beta lies along the bottom."}}
print("  beta   reconstruction    kl   active units")
for beta, row in by_beta.items():
    print(
        f"{beta:6g} {row['reconstruction']:16.0f} {row['kl']:5.0f} {row['active']:14d}"
    )
figure, axes = plt.subplots(figsize=(plotting.WIDTH, 3.2))
for beta, row in by_beta.items():
    axes.semilogy(
        range(1, 17),
        np.sort(row["variance"])[::-1].clip(min=1e-5),
        "o-",
        label=f"beta = {beta:g}",
    )
axes.axhline(metrics.ACTIVE_VARIANCE, color="black", linestyle=":", linewidth=1)
axes.set(xlabel="latent dimension, sorted", ylabel="variance of z_mean")
axes.legend(loc="center right", bbox_to_anchor=(1.0, 0.35))
plt.show()

# %% mystnb={"figure": {"caption": "Eight test images and their reconstructions for growing beta. The dearer a nat, the less of the image comes through. The cell checks that the reconstructions differ less and less from each other, and prints by how much at the largest beta, as a share of what the images do.", "name": "fig-vae-beta"}, "image": {"alt": "Five rows of eight digits: test images, close reconstructions, slightly softer ones, strongly blurred ones, and in the last row the same grey blur for every image."}}
rows = {"test image": x_test[:8]}
for beta, row in by_beta.items():
    rows[f"beta {beta:g}"] = row["model"].reconstruct(x_test[:8])
differ = [images.var(axis=0).sum() for images in rows.values()]
print("reconstructions differ less and less:", differ == sorted(differ, reverse=True))
print(f"share at the largest beta: {differ[-1] / differ[0]:.2f}")
plotting.image_rows(rows)

# %% [markdown]
# Read the table from top to bottom. As `beta` grows, the KL term falls, and so do most variances.
# At the largest `beta` no unit is active. Then every code means the same, and the decoder can only
# answer with one grey blur, whatever the image. Mind also the row above it: there nearly all units
# count as active, and together they carry less than a few nats. Active is not the same as telling
# much. **A small KL term is no success in itself.** It may mean that the code is
# empty.
#
# ## Does it make new images?
#
# Now chapter 1's question, by chapter 1's measures. We take the model with `beta` one, decode codes
# that belong to no image, and let the same two judges look.

# %%
data = (x_train, y_train), (x_test, y_test)
images, numbers = experiments.judge_decoder(
    by_beta[1.0]["model"], data, profile.data, seed=0
)
MEASURES = ("low_confidence", "precision", "pixel_precision", "recall")
random, fitted, mean_image = (
    numbers[kind] for kind in ("random", "fitted", "mean_image")
)
print(
    "random: by no measure clearly above the control",
    all(random[name] < mean_image[name] + 0.1 for name in MEASURES[1:]),
)
print(
    "fitted: above random by every measure",
    all(fitted[name] > random[name] for name in MEASURES[1:]),
)

# %% tags=["nbval-ignore-output"]
print(" " * 12 + "".join(f"{measure:>17}" for measure in MEASURES))
for kind, row in numbers.items():
    print(
        f"{kind:12}" + "".join(f"{row[measure]:17.2f}" for measure in MEASURES)
    )

# %% mystnb={"figure": {"caption": "What the VAE's decoder makes of codes that belong to no image. Random codes no longer give noise: they give different, digit-like images. By pixel precision over half of them pass, and the cell checks it; random codes of chapter 1 hardly ever did.", "name": "fig-vae-generated"}, "image": {"alt": "Five rows of ten images. Real digits; then, for random and for fitted codes, varied soft digits, some of them malformed; for codes between two images, mixtures; and for the mean image two digits laid over each other."}}
print("random: pixel precision above one half",
      random["pixel_precision"] > 0.5)  # fmt: skip
plotting.image_rows(
    {kind.replace("_", " "): shown[:10] for kind, shown in images.items()}
)

# %% [markdown]
# Read *random* beside the control *mean image*. After these few epochs no measure puts random codes
# clearly above two images averaged pixel by pixel. *Fitted* codes do better: the codes of a VAE do
# not fill the prior exactly, and here it pays to draw where they are.
#
# And a walk between two images, in a straight line through latent space. Below it, the same walk
# in pixels: there is nothing but two images fading into each other.

# %% mystnb={"figure": {"caption": "From one test image to another of a different class: by the VAE's codes, and pixel by pixel. The cell asks which of the two middles lies nearer to a training image.", "name": "fig-vae-walk"}, "image": {"alt": "Two rows of nine images. In the upper row one digit bends step by step into another. In the lower row the first digit fades out while the second fades in, both visible in the middle."}}
model = by_beta[1.0]["model"]
first, second = np.flatnonzero(y_test == 0)[0], np.flatnonzero(y_test == 4)[0]
ends = model.encode(x_test[[first, second]])
weights = np.linspace(0, 1, 9, dtype="float32")[:, None, None, None]
walks = {
    "codes": model.decode(latent.interpolate(ends[0], ends[1], 9)),
    "pixels": (1 - weights) * x_test[first] + weights * x_test[second],
}
middles = np.stack([walk[4].ravel() for walk in walks.values()])
far = metrics.nearest_distance(middles, x_train.reshape(len(x_train), -1))
print("the middle by codes lies nearer:", far[0] < far[1])
plotting.image_rows(walks)

# %% [markdown]
# ## Over five seeds
#
# One run is an anecdote. The command `python -m vaegan_edu train vae-digits --seed N` was run for
# five seeds, and `ae-digits` beside it; both took the same data, trunk, decoder and number of
# epochs, and half the learning rate used above. Here is what the records say: the mean over the
# seeds and its bootstrap interval (nominally $95\,\%$), with the control of two averaged images.

# %%
RESULTS = "../book/results"
runs = {
    name: records.read_runs(f"{RESULTS}/{name}-digits")
    for name in ("ae", "vae")
}
config = runs["vae"][0].config
print("data:", config["data"]["name"], " epochs:", len(runs["vae"][0].history),
      " latent_dim:", config["arguments"]["latent_dim"])  # fmt: skip
print("seeds:", [run.config["seed"] for run in runs["vae"]])


def over_seeds(name, key):
    """Mean and 95 % interval of one recorded metric over seeds."""
    return metrics.mean_interval([run.metrics[key] for run in runs[name]])


def show(name, key):
    """Mean and interval as text."""
    return "{:5.2f} [{:.2f}, {:.2f}]".format(*over_seeds(name, key))


losses_shown = [show(name, "reconstruction_loss") for name in ("ae", "vae")]
print("reconstruction loss: autoencoder", losses_shown[0])
print("                     VAE        ", losses_shown[1])
for measure in MEASURES[1:]:
    print(f"\n{measure}: random, autoencoder", show("ae", f"random_{measure}"))
    print(
        f"{'':{len(measure)}}  random, VAE        ",
        show("vae", f"random_{measure}"),
    )
    print(
        f"{'':{len(measure)}}  control            ",
        show("vae", f"mean_image_{measure}"),
    )
print("\nVAE, one value a seed")
print(
    "active units       ", [run.metrics["active_units"] for run in runs["vae"]]
)
for key in ("reconstruction_loss", "random_pixel_precision", "random_recall"):
    print(f"{key:23}", [round(run.metrics[key], 2) for run in runs["vae"]])
kl = metrics.mean_interval(
    [run.column("val_kl_loss")[-1] for run in runs["vae"]]
)
print(
    f"kl_loss of the VAE on test images: {kl[0]:.1f} [{kl[1]:.1f}, {kl[2]:.1f}] nats"
)

# %% [markdown]
# The first lines are the price: the VAE reconstructs worse, because its codes are blurred by noise
# and each nat costs. The rest is what it buys. Codes from the prior, which we can always draw, now
# decode to images that the pixel judge accepts and that cover most of the real ones; in both they
# are above the control. By the classifier's precision they cannot be told from the control, and the
# autoencoder's noise seems to win. Chapter 1 showed what that number is worth there. A table that is
# read without looking at the images would have named the wrong winner.
#
# One seed differs: it has fewer active units, and reconstructs half as well as the others. Its
# random images pass more often and vary less. That is posterior collapse in part, at `beta` one. A
# single seed could have told either story.
#
# Much is left to wish for. By the classifier's precision the VAE's images stay far below the floor.
# One likely reason: many are blurred or belong to no class. Where the code leaves a doubt about a pixel, the squared
# error is smallest for the average of all that might be there. A better judge than the squared
# error of pixels is what the later chapters are about.
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
# ### Implement the KL divergence
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
# ### Implement the sampling
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
# ### Derive and implement: who is awake?
#
# Count the active units of equation {eq}`eq-vae-active`. Think first: over which axis does the
# variance run, and why is the size of the mean no sign of life?


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
# <details><summary>b) Of the logarithm of the probability of the image.</summary>
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
# <details><summary>b) `beta` divided by `latent_dim`.</summary>
#
# Right. The mean is the sum divided by the number of dimensions. If you then change `latent_dim`,
# you change the model's balance without noticing.
#
# </details>
# <details><summary>c) `beta` times `latent_dim`.</summary>
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
# - The reparameterisation draws noise first and shifts it afterwards, so gradients pass.
# - The prior tells where to draw codes for new images. That costs reconstruction.
# - A collapsed dimension costs nothing and says nothing. Count the active units.
#
# ## Sources
#
# - The VAE: {cite}`kingma2014auto`, equation 10 for the loss, section 2.4 for the
#   reparameterisation, appendix B for the KL term; at the same time {cite}`rezende2014stochastic`.
# - beta: {cite}`higgins2017beta`, equation 4.
# - Posterior collapse: {cite}`bowman2016generating`, section 3.
# - Active units: {cite}`burda2016importance`, section 5.2.
