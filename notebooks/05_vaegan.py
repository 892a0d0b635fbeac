# %% [markdown]
# # Chapter 5: The VAE-GAN
#
# *Run time: 1083 s on two CPU cores, measured at the last execution.*
#
# **What happens when a discriminator's features replace the comparison of pixels?**
#
# After this chapter you can
#
# - show by measurement why the squared error of pixels is a poor judge of images;
# - write a VAE-GAN's training step by hand, and say which of three networks learns from which of four terms;
# - choose `gamma`, and say why a number for it means nothing without its reduction;
# - read the curves beside the level of a discriminator that sees no difference;
# - compare two generative models beside a control and a floor;
# - build the whole model from an empty cell.
#
# The chapter goes one way. A VAE's loss asks for blur, so let a discriminator's features compare instead. Algorithm 1
# makes a training step of that; we build it, train with it, and judge what comes out. Then you build the whole in the
# capstone. What is not needed for this is folded, or says that it may be skipped.
#
# On the built-in digits and on MNIST a VAE's images with more contrast come about as close as the VAE-GAN's; on faces, as
# far as chapter 10 tried, they do not. You learn to build the model, and to find out which is the case.
#
# Taught in two sessions, the first ends with *Who learns from what*. If you want to build first, go from there to the
# exercises, up to *Write the three losses*, and to the capstone. Let the cells between run all the same, since the
# capstone's last cells use them.
#
# You need chapters 2 and 4, and for the tables of samples the interlude
# [How good is it?](04_how_good_is_it.ipynb), where the measures, their floor and their control are
# explained. Words are explained in the [glossary](../book/glossary.md), symbols in the
# [notation](../book/notation.md). The text describes the stored run on the built-in digits; on a
# GPU the images are those of MNIST, and what you see differs.

# %% mystnb={"code_prompt_show": "Colab needs this cell", "code_prompt_hide": "Hide Colab's cell"} tags=["colab", "nbval-skip", "hide-cell"]
# Colab needs the course's package and its records. Elsewhere this cell does nothing.
import os
import sys

if "google.colab" in sys.modules and not os.path.exists("05_vaegan.py"):
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
import runpy
from functools import partial
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf  # for its GradientTape, as in chapter 1
from IPython.display import Markdown
from keras import layers, ops
from scipy import ndimage
from sklearn.mixture import GaussianMixture

import vaegan_edu
from vaegan_edu import (
    callbacks,
    datasets,
    exercises,
    latent,
    losses,
    metrics,
    models,
    networks,
    plotting,
    records,
)
from vaegan_edu.experiments.evaluation import sharpen
from vaegan_edu.widgets import SimilarityExplorer

(x_train, y_train), (x_test, y_test) = profile.load_data()

# %% [markdown]
# ## A poor judge
#
# Someone is asked to copy a drawing. One copy is perfect, but lies a little to the right on the
# paper. Another lies where it should, but is smeared. Most people would call the first the better
# copy. Now ask `losses.gaussian_reconstruction`, by which chapter 2 trained its decoder.

# %%
judged, judged_labels = x_test[:360], y_test[:360]


def shifted(images, pixels):
    """Move images to the right; black comes in from the left."""
    return ndimage.shift(images, (0, 0, pixels, 0), order=0, cval=-1.0)


def blurred(images, deviation):
    """Blur images by a Gaussian."""
    return ndimage.gaussian_filter(images, (0, deviation, deviation, 0), mode="constant", cval=-1.0)


rng = np.random.default_rng(0)
others = [rng.choice(np.flatnonzero(judged_labels != y)) for y in judged_labels]
copies = {
    "shifted by 1": shifted(judged, 1),
    "shifted by 2": shifted(judged, 2),
    "blurred by 1": blurred(judged, 1),
    "blurred by 2": blurred(judged, 2),
    "mean image": np.broadcast_to(x_train.mean(axis=0), judged.shape),
    "another digit": judged[others],
}
errors = {
    name: np.asarray(losses.gaussian_reconstruction(judged, copy)) for name, copy in copies.items()
}
notebook.Table({name: {"pixel loss": error.mean()} for name, error in errors.items()}, digits=1)

# %% mystnb={"figure": {"caption": "Six test images and copies of them. By the pixel loss the smeared copies are the better ones.", "name": "fig-vaegan-copies"}, "image": {"alt": "Four rows of six digits. The first row shows test images. The second shows the same digits, as clear, a little to the right. In the third they are so smeared that strokes run into each other. In the fourth all six images are one and the same grey blot."}} tags=["hide-input"]
shown = ("shifted by 2", "blurred by 2", "mean image")
costlier = errors["shifted by 2"] > errors["blurred by 2"]
print(f"the shift costs more than the blur in {costlier.sum()} of {len(judged)} images")
plotting.image_rows({"test image": judged[:6], **{name: copies[name][:6] for name in shown}})

# %% [markdown]
# A blot that is the same for *every* image is not much worse than a digit moved by two pixels. The squared error compares
# what stands at the *same place*; it knows nothing of strokes.
#
# It even asks for the blot. Suppose that a code $z$ leaves open which image it stands for. Average over the images
# $x$ that it may be, and let $m = \mathbb E[x|z]$ be their mean. For any answer $a$
#
# $$
# \mathbb E\left[\lVert x - a \rVert^2\right] = \mathbb E\left[\lVert x - m \rVert^2\right]
# + \lVert m - a \rVert^2,
# $$ (eq-vaegan-mean)
#
# since the mixed term $2\,\mathbb E[x - m] \cdot (m - a)$ is zero. So the best answer is $m$, whether
# or not $m$ looks like anything. Let each digit stand with equal chance two pixels to the left or two
# to the right, and let the decoder either commit itself to one of them or give their average.

# %%
left, right = shifted(judged, -2), shifted(judged, 2)
answers = {"one of the two": left, "their average": (left + right) / 2}
doubt = {
    name: np.mean([losses.gaussian_reconstruction(x, answer) for x in (left, right)])
    for name, answer in answers.items()
}
notebook.Table({name: {"mean pixel loss": error} for name, error in doubt.items()}, digits=1)

# %% [markdown]
# A ghost of two digits costs half as much as a clear digit that is right every other time. This is
# one source of the blur in chapter 2. A longer code or a better encoder leaves less in doubt, but
# whatever doubt remains, this loss answers it by an average.
#
# ## Compare what a discriminator sees
#
# In chapter 4 another network judged images. A discriminator has learned to tell real images from
# generated ones. To do so, its inner layers must describe something of what makes an image real. So let *them*
# make the comparison {cite}`larsen2016autoencoding`.
#
# Write $\mathrm{Dis}_l(x)$ for the `features` of an image, the output of the discriminator's layer
# $l$, and $\tilde x$ for its reconstruction. (Other chapters write $\hat x$; here we keep the paper's
# letter.) In chapter 2 the *pixels* were Gaussian around the decoder's output. Now the *features* are
# Gaussian, with variance one, around the features of the reconstruction:
#
# $$
# \begin{aligned}
# p\left(\mathrm{Dis}_l(x) \,|\, z\right) &= \mathcal N\left(\mathrm{Dis}_l(x) \mid
# \mathrm{Dis}_l(\tilde x),\ I\right), \\
# \texttt{feature} &= \tfrac 12 \left\lVert \mathrm{Dis}_l(x) - \mathrm{Dis}_l(\tilde x)
# \right\rVert^2 .
# \end{aligned}
# $$ (eq-vaegan-feature)
#
# The second line is the negative logarithm of the first, without its constant. It is
# `losses.feature_loss`: one number for each image, *summed* over features. The paper calls this
# *learned similarity*, because nobody wrote down what makes two images alike.
#
# ## Three networks
#
# A VAE has an encoder and a decoder. A GAN has a generator and a discriminator. Decoder and generator
# both turn a code into an image, so let them be one network. A batch goes through it twice: once from
# the codes of real images, which gives reconstructions $\tilde x$, and once from codes drawn from the
# prior, which gives samples $x_p$. The discriminator sees three kinds of images, each in a batch of its own.

# %% mystnb={"figure": {"caption": "One step of a VAE-GAN. Boxes are networks, arrows are batches, and the four terms stand where they are measured. The dots beside a term have the colours of the networks that it trains. The decoder stands there once, although both codes go through it.", "name": "fig-vaegan-flow"}, "image": {"alt": "A diagram from left to right. Real images x go to the encoder, which gives z; z and a code drawn from the prior go to the decoder, which gives reconstructions and generated images. These two and the real images go to the discriminator, which gives features and logits. The prior term stands at z with a dot in the encoder's colour. The feature term stands at the features with two dots, the encoder's and the decoder's. The two adversarial terms stand at the logits, one with the decoder's dot and one with the discriminator's."}} tags=["hide-input"]
figure, axes = plt.subplots(figsize=(plotting.WIDTH, 2.9))
places = {
    "x": (0, 2),
    "encoder": (1.5, 2),
    "z": (3, 2),
    "noise": (3, 0.4),
    "decoder": (4.4, 1.2),
    "$\\tilde x$": (6, 2),
    "$x_p$": (6, 0.4),
    "discriminator": (7.9, 1.2),
    "features": (10, 2),
    "logits": (10, 0.4),
}
COLOURS = {"encoder": "C0", "decoder": "C1", "discriminator": "C2"}
for name, (across, up) in places.items():
    box = {"boxstyle": "round,pad=0.45", "fc": "white", "ec": COLOURS.get(name), "lw": 2}
    box = box if name in COLOURS else None
    axes.text(across, up, name, ha="center", va="center", bbox=box)
for start, end in (
    [(0.2, 2), (0.75, 2)],
    [(2.2, 2), (2.8, 2)],
    [(3.2, 2), (4.1, 1.6)],
    [(3.5, 0.4), (4.1, 0.8)],
    [(4.9, 1.6), (5.75, 2)],
    [(4.9, 0.8), (5.7, 0.4)],
    [(6.25, 2), (7.1, 1.6)],
    [(6.3, 0.4), (7.1, 0.8)],
    [(8.5, 1.6), (9.4, 2)],
    [(8.5, 0.8), (9.5, 0.4)],
):
    axes.annotate("", end, start, arrowprops={"arrowstyle": "->", "lw": 1.2})
axes.plot([0, 0, 7.9], [2.3, 3.1, 3.1], "k", lw=1.2)
axes.annotate("", (7.9, 1.65), (7.9, 3.1), arrowprops={"arrowstyle": "->", "lw": 1.2})
TRAINS = {
    "prior": ["encoder"],
    "feature": ["encoder", "decoder"],
    "adversarial_decoder": ["decoder"],
    "adversarial_discriminator": ["discriminator"],
}
spots = [(3, 2.55), (10, 2.55), (9.6, -0.25), (9.6, -0.75)]
for (across, up), (term, trained) in zip(spots, TRAINS.items(), strict=True):
    axes.text(across, up, term, ha="center", va="center", fontsize=9)
    for number, name in enumerate(trained):
        left = across - 0.065 * len(term) - 0.2 - 0.25 * number
        axes.plot(left, up, "o", color=COLOURS[name], markersize=6)
axes.set(xlim=(-0.4, 11.6), ylim=(-1, 3.3))
axes.axis("off")
for term, trained in TRAINS.items():
    print(f"{term:26}trains", " and ".join(trained))
plt.show()

# %% [markdown]
# Encoder and decoder are those of chapter 2. The discriminator has three convolutions of stride two.
# It returns two things: `logits`, one number that says how real the image looks, and `features`, the
# output of the third convolution *before* its activation.


# %%
def build_encoder(latent_dim, image_shape=(28, 28, 1)):
    images = keras.Input(image_shape)
    h = layers.Conv2D(16, 4, strides=2, padding="same", activation="relu")(images)
    h = layers.Conv2D(32, 4, strides=2, padding="same", activation="relu")(h)
    h = layers.Dense(64, activation="relu")(layers.Flatten()(h))
    z_mean = layers.Dense(latent_dim)(h)
    z_log_var = layers.Dense(latent_dim, kernel_initializer="zeros")(h)
    return keras.Model(images, (z_mean, z_log_var), name="encoder")


def build_decoder(latent_dim, image_shape=(28, 28, 1)):
    height, width, channels = image_shape
    z = keras.Input((latent_dim,))
    h = layers.Dense(height // 4 * width // 4 * 32, activation="relu")(z)
    h = layers.Reshape((height // 4, width // 4, 32))(h)
    up = layers.Conv2DTranspose
    h = up(16, 4, strides=2, padding="same", activation="relu")(h)
    x = up(channels, 4, strides=2, padding="same", activation="tanh")(h)
    return keras.Model(z, x, name="decoder")


def build_discriminator(image_shape=(28, 28, 1)):
    images = h = keras.Input(image_shape)
    for filters in (16, 32, 64):  # the last of the three gives the features
        features = layers.Conv2D(filters, 4, strides=2, padding="same")(h)
        h = layers.LeakyReLU(0.2)(features)
    logits = layers.Dense(1)(layers.Flatten()(h))
    return keras.Model(images, (logits, features), name="discriminator")


def build_trio(latent_dim=10, image_shape=(28, 28, 1)):
    """Return encoder, decoder and discriminator, always from the same seed."""
    keras.utils.set_random_seed(0)
    return (
        build_encoder(latent_dim, image_shape),
        build_decoder(latent_dim, image_shape),
        build_discriminator(image_shape),
    )


# %% mystnb={"figure": {"caption": "The three networks and the shapes between their layers. The discriminator's $4 \\times 4 \\times 64$ map is what `features` returns.", "name": "fig-vaegan-networks"}, "image": {"alt": "Three rows of blocks. Encoder: a square image, two smaller stacks of maps, a long bar, a shorter bar, a short bar. Decoder: the same backwards. Discriminator: an image, three stacks of maps, each smaller and thicker, and a single number."}} tags=["hide-input"]
trio = build_trio()


def blocks(network):
    """Each layer with weights and the shape of what it returns."""
    found = [("input", network.input.shape[1:])]
    for layer in network.layers:
        if isinstance(layer, layers.Reshape):
            found[-1] = ("dense,\nreshape", layer.output.shape[1:])
        elif layer.weights:
            kind = {"Conv2D": "conv", "Conv2DTranspose": "conv, up"}.get(type(layer).__name__)
            found.append((kind or "dense", layer.output.shape[1:]))
    return found


for network in trio:
    print(f"{network.name:14}{network.count_params():8,} weights")
chart = {network.name: blocks(network) for network in trio}
chart["encoder"] = chart["encoder"][:-2] + [("mean and\nlog-var", (20,))]
plotting.network_chart(chart)

# %% [markdown]
# ## Four terms
#
# Each step measures four *terms*. Two are known: the KL divergence, here called `prior`, and the feature loss. The
# other two come from chapter 4's game, now with two kinds of fakes. The paper writes its value as
#
# $$
# \begin{aligned}
# \mathcal L_\text{GAN} = {} & \log \mathrm{Dis}(x) + \log\left(1 - \mathrm{Dis}(\tilde x)\right) \\
# & + \log\left(1 - \mathrm{Dis}(x_p)\right),
# \end{aligned}
# $$ (eq-vaegan-gan)
#
# where $\mathrm{Dis}$ is the probability of "real", the sigmoid of the code's `logits`. The discriminator *raises*
# this value. Our terms are *losses*, to be lowered, without exception. So
#
# $$
# \begin{aligned}
# & \texttt{adversarial_discriminator} \\
# & \quad = -\mathcal L_\text{GAN}, \\
# & \texttt{adversarial_decoder} \\
# & \quad = -\log \mathrm{Dis}(\tilde x) - \log \mathrm{Dis}(x_p).
# \end{aligned}
# $$ (eq-vaegan-adversarial)
#
# The second is the non-saturating loss of chapter 4: it asks for $\mathrm{Dis}$ to rise on both kinds of fakes. The
# paper's decoder lowers $\mathcal L_\text{GAN}$ itself, the minimax form. That asks for the same, but pushes little
# where the discriminator is sure.
#
# Now each network gets its loss. The encoder is to give codes near the prior, from which copies with the originals'
# features can be made. The decoder is to make such copies, and to have all its images taken for real. The
# discriminator is to tell real images from the decoder's:
#
# $$
# \begin{aligned}
# & \texttt{encoder_loss} = \texttt{prior} + \texttt{feature}, \\
# & \texttt{decoder_loss} \\
# & \quad = \gamma \; \texttt{feature} + \texttt{adversarial_decoder}, \\
# & \texttt{discriminator_loss} \\
# & \quad = \texttt{adversarial_discriminator} .
# \end{aligned}
# $$ (eq-vaegan-losses)
#
# One word has three meanings: *the prior* is the distribution $\mathcal N(0, I)$ of codes, `prior` is the term that
# measures how far the codes of images are from it, and `noise["prior"]` in the code below is a draw from it.
#
# The positive number $\gamma$, `gamma`, weighs fidelity against realism; a section of its own is about it. The
# package can also weigh the encoder's two terms, by `kl_weight` and `feature_weight`. Both are one in the paper, and
# neither enters the decoder's loss.
#
# **Mind the sign.** The discriminator raises $\mathcal L_\text{GAN}$, and the decoder lowers it. The paper's
# algorithm, as printed, has it the other way round.
#
# ## Algorithm 1, line by line
#
# Here is the paper's Algorithm 1. Its letters and the names of the code are
#
# | paper | code | what it is |
# | --- | --- | --- |
# | $X$ | `images` | a random batch of real images |
# | $Z$ | `z` | their codes, drawn from their clouds |
# | $\tilde X$ | `"reconstruction"` | the decoder's images of these codes, called copies for short |
# | $Z_p$ | `noise["prior"]` | codes drawn from the prior |
# | $X_p$ | `"generated"` | the decoder's images of those, called samples for short |
# | $\mathcal L_\text{prior}$ | `"prior"` | the KL divergence |
# | $\mathcal L_\text{llike}^{\mathrm{Dis}_l}$ | `"feature"` | the feature loss, but for a constant |
# | $-\mathcal L_\text{GAN}$ | `"adversarial_discriminator"` | the discriminator's loss |
#
# It repeats ten lines, for one batch after another. The numbers come back as comments in the code below.
#
# 1. $Z \leftarrow \mathrm{Enc}(X)$, as in chapter 2: mean and log-variance, then a draw
# 2. $\mathcal L_\text{prior} \leftarrow D_\text{KL}(q(Z \mid X) \,\Vert\, p(Z))$
# 3. $\tilde X \leftarrow \mathrm{Dec}(Z)$
# 4. $\mathcal L_\text{llike}^{\mathrm{Dis}_l} \leftarrow -\mathbb E\,[\log p(\mathrm{Dis}_l(X) \mid Z)]$
# 5. $Z_p \leftarrow$ samples from $\mathcal N(0, I)$, $X_p \leftarrow \mathrm{Dec}(Z_p)$
# 6. $\mathcal L_\text{GAN} \leftarrow \log \mathrm{Dis}(X)$ ...
# 7. ... $+ \log(1 - \mathrm{Dis}(\tilde X)) + \log(1 - \mathrm{Dis}(X_p))$
# 8. $\theta_\text{Enc}$ lowers $\mathcal L_\text{prior} + \mathcal L_\text{llike}^{\mathrm{Dis}_l}$
# 9. $\theta_\text{Dec}$ lowers $\gamma\, \mathcal L_\text{llike}^{\mathrm{Dis}_l} + \mathcal L_\text{GAN}$ (below, in its non-saturating form)
# 10. $\theta_\text{Dis}$ lowers $-\mathcal L_\text{GAN}$
#
# In the last two lines the signs are set right.
#
# <details><summary>What if one follows the two lines as they are printed?</summary>
#
# There the decoder descends on $\gamma\, \mathcal L_\text{llike} - \mathcal L_\text{GAN}$ and the discriminator on
# $\mathcal L_\text{GAN}$. With equation {eq}`eq-vaegan-gan` the discriminator would then learn to call real images fake
# and fakes real, and the decoder to have its images called fake: opponents still, with exchanged labels. But nothing
# would hold the discriminator back. $\log \mathrm{Dis}(x)$ has no lower bound, so lowering it drives the logits away
# without end. The printed lines are right only if $\mathcal L_\text{GAN}$ stands there for the *negative* of the
# equation.
#
# </details>
#
# First the forward pass and the four terms. The probability $\mathrm{Dis}$ is the sigmoid of the logit, so
# $-\log \mathrm{Dis}$ is `softplus(-logit)` and $-\log(1 - \mathrm{Dis})$ is `softplus(logit)`. Both stay finite for
# every logit.


# %%
def play(encoder, decoder, discriminator, images, noise):
    z_mean, z_log_var = encoder(images, training=True)  # line 1
    z = z_mean + ops.exp(0.5 * z_log_var) * noise["posterior"]
    batches = {
        "real": images,
        "reconstruction": decoder(z, training=True),  # line 3
        "generated": decoder(noise["prior"], training=True),  # line 5
    }
    logits, features = {}, {}
    for kind, batch in batches.items():
        logits[kind], features[kind] = discriminator(batch, training=True)
    return z_mean, z_log_var, logits, features


def four_terms(z_mean, z_log_var, logits, features):
    kl = 0.5 * ops.sum(z_mean**2 + ops.exp(z_log_var) - z_log_var - 1, axis=1)
    squares = 0.5 * ops.sum((features["real"] - features["reconstruction"]) ** 2, axis=(1, 2, 3))
    real, copied, sampled = logits["real"], logits["reconstruction"], logits["generated"]
    return {
        "prior": ops.mean(kl),  # line 2
        "feature": ops.mean(squares),  # line 4
        "adversarial_decoder": ops.mean(ops.softplus(-copied)) + ops.mean(ops.softplus(-sampled)),
        "adversarial_discriminator": ops.mean(ops.softplus(-real))  # line 6
        + ops.mean(ops.softplus(copied))  # line 7
        + ops.mean(ops.softplus(sampled)),
    }


def three_losses(terms, gamma):
    encoder_loss = terms["prior"] + terms["feature"]  # line 8
    decoder_loss = gamma * terms["feature"] + terms["adversarial_decoder"]  # line 9
    return encoder_loss, decoder_loss, terms["adversarial_discriminator"]  # line 10


# %% [markdown]
# The step takes *three* gradients: of each loss, with respect to the weights of its own network and no other. All
# three are taken from the same old weights, and only then does any network move.
#
# Three details of the code. A `GradientTape` gives one gradient and forgets, so we ask for one that is `persistent`.
# Every value must be built inside the `with`: of one that is built later, be it only `-loss`, the gradient is `None`.
# And a star hands a tuple's members on one by one: `play(*trio, images, noise)` is
# `play(encoder, decoder, discriminator, images, noise)`.


# %%
def train_step(trio, optimizers, images, noise, gamma):
    with tf.GradientTape(persistent=True) as tape:
        played = play(*trio, images, noise)
        terms = four_terms(*played)
        found = three_losses(terms, gamma)
    gradients = [
        tape.gradient(loss, network.trainable_variables)
        for loss, network in zip(found, trio, strict=True)
    ]
    for optimizer, gradient, network in zip(optimizers, gradients, trio, strict=True):
        optimizer.apply(gradient, network.trainable_variables)
    return found


# %% [markdown]
# <details><summary>How does the step look in PyTorch?</summary>
#
# There `backward()` would add the gradients of all three losses up in all three networks. `torch.autograd.grad` asks
# for those of one network's own parameters. (Written down, not run.)
#
# ```python
# found = three_losses(four_terms(*play(*trio, images, noise)), gamma)
# gradients = [
#     torch.autograd.grad(loss, list(network.parameters()), retain_graph=True)
#     for loss, network in zip(found, trio)
# ]
# for optimizer, gradient, network in zip(optimizers, gradients, trio):
#     for weight, slope in zip(network.parameters(), gradient):
#         weight.grad = slope
#     optimizer.step()
# ```
#
# </details>
#
# That is a whole VAE-GAN. To write it on an empty page, count:
#
# - *one* pass through the encoder;
# - *two* draws of noise, one for the codes of the images and one from the prior, and *two* passes through the decoder;
# - *three* passes through the discriminator: real images, copies, samples;
# - *four* terms: `prior`, `feature`, and one of the game for either side;
# - *three* losses, *three* gradients, each for the loss's own network, and last *three* updates.
#
# Cover the page and try it now, in words first: which term stands in which loss, and with which sign?
#
# We train it for one epoch by hand. Beside it, the package's `models.VAEGAN` goes through the same epoch by `fit`,
# with the same weights, batches and noise. (`tf.function` compiles our step, as in chapter 2.)


# %%
def build_optimizers(*trio):
    """Adam for each network; less momentum for the two players of the game."""
    rates = (2e-3, 0.9), (2e-3, 0.5), (1e-3, 0.5)
    optimizers = [keras.optimizers.Adam(rate, beta_1=beta) for rate, beta in rates]
    for optimizer, network in zip(optimizers, trio, strict=False):  # `fit` builds its own
        optimizer.build(network.trainable_variables)
    return optimizers


trio, theirs = build_trio(), build_trio()
step = tf.function(partial(train_step, trio, build_optimizers(*trio), gamma=1.0))
generator, by_hand = keras.random.SeedGenerator(0), []
batches = [x_train[start : start + 64] for start in range(0, len(x_train), 64)]
for images in batches:
    shape = len(images), 10
    noise = {k: keras.random.normal(shape, seed=generator) for k in ("posterior", "prior")}
    by_hand.append(step(images=images, noise=noise))
by_hand = np.average(np.array(by_hand), axis=0, weights=[len(images) for images in batches])

packed = models.VAEGAN(*theirs, gamma=1.0, seed=0)
packed.compile(*build_optimizers())
history = packed.fit(x_train, batch_size=64, shuffle=False, verbose=0).history

# %% tags=["nbval-ignore-output"]
names = [f"{network.name}_loss" for network in trio]
notebook.Table(
    {
        "by hand": dict(zip(names, by_hand, strict=True)),
        "models.VAEGAN": {name: history[name][0] for name in names},
    },
    corner="mean over one epoch",
)

# %% [markdown]
# ## Who learns from what
#
# Each loss is differentiated with respect to one network's weights; its gradients in the other two are
# never asked for. How much does that leave out? We take one batch and measure the length of each
# term's gradient in each network, whether it is used or not.

# %% tags=["nbval-ignore-output"]
rng = np.random.default_rng(0)
noise = {k: rng.standard_normal((64, 10)).astype("float32") for k in ("posterior", "prior")}
with tf.GradientTape(persistent=True) as tape:
    terms = four_terms(*play(*trio, x_train[:64], noise))


def length(term, network):
    """Length of the gradient of a term in the weights of a network."""
    weights = network.trainable_variables
    return float(tf.linalg.global_norm(tape.gradient(terms[term], weights)))


lengths = {term: {network.name: length(term, network) for network in trio} for term in terms}
notebook.Table(lengths, digits=3, corner="length of the gradient")

# %% [markdown]
# Compare the table with equation {eq}`eq-vaegan-losses`, which uses five of its twelve entries: the encoder's
# gradients of `prior` and of `feature`, the decoder's of `feature` (times `gamma`) and of
# `adversarial_decoder`, and the discriminator's of `adversarial_discriminator`. Two entries are zero,
# for neither decoder nor discriminator has a part in the code's divergence. The other five are there, and our step
# applies none of them. (The paper's minimax decoder applies one in place of `adversarial_decoder`: that of
# `adversarial_discriminator`, with its sign reversed.)
#
# - **The feature term in the discriminator.** The term is a difference of the discriminator's own features. If
#   the discriminator were trained to lower it, the easiest way would be to see nothing: then all images have the
#   same features.
# - **The game in the encoder**, two entries. Reconstructions are made from its codes, so it could help to fool. Larsen
#   et al. report better results without. A reason may be that a code should say what is in the image, and not what
#   passes.
# - **Either side's term in the other side's network**, two entries. It would help the opponent.
#
# [The workshop](05_vaegan_broken.ipynb) shows what a training looks like in which one of these leaks.
#
# ### What is minimised?
#
# In chapter 2 `prior + reconstruction` was, up to a constant, an upper bound of $-\log p(x)$. The encoder's
# `prior + feature` is no such bound. Equation {eq}`eq-vaegan-feature` gives a density of *features*, not of images,
# and the discriminator that makes the features is trained by another loss and changes at every step. So the values of
# this loss cannot be compared between two trainings, nor between early and late in one.
#
# ## gamma
#
# The decoder follows two terms. One asks it to keep to the image, the other to be taken for real.
# `gamma` weighs the first against the second: a large one is to favour fidelity, a small one realism.
#
# How small is small? The paper reports $\gamma = 10^{-6}$. The number alone says nothing. There are $F$
# features, height times width times channels, and the feature loss is a *sum* over them. Had it been a
# mean, the same decoder would need
#
# $$
# \gamma_\text{mean} = F \cdot \gamma_\text{sum} .
# $$ (eq-vaegan-gamma)
#
# The scale of the features is not fixed either, since nothing keeps the discriminator from making them larger. With
# all features $c$ times as large the loss is $c^2$ times as large, and the same `gamma` weighs more.
# `feature_scale="variance"` divides each channel's squares by that channel's variance over the batch of real images.
# This departs from the paper, but then `gamma` keeps its meaning while the features grow.
#
# We now train by `fit` with three values of `gamma`, `0.004`, `0.04` and `4`, and change nothing else. These
# trainings have four settings that the step by hand did not have:
#
# - `feature_scale="variance"`, as above;
# - `real_target=0.9`: the target of real images is nine tenths, as in chapter 4 (chapter 8 says why);
# - `fake_weight=0.5`: each of the two kinds of fakes counts half in the discriminator's loss, so that real and fake
#   weigh the same there; the decoder's terms keep their full weight;
# - `kl_weight=5`: the feature loss is so much larger than a pixel loss that the KL term would hardly count.
#
# They were chosen on these very test images, which favours the VAE-GAN in what follows.

# %%
epochs = profile.epochs(cpu=20, gpu=10)


def train_vaegan(gamma, trio, images=x_train, epochs=epochs, callbacks=(), **settings):
    vaegan = models.VAEGAN(
        *trio,
        gamma=gamma,
        feature_scale="variance",
        fake_weight=0.5,
        real_target=0.9,
        seed=0,
        **settings,
    )
    vaegan.compile(*build_optimizers())
    vaegan.fit(images, epochs=epochs, batch_size=64, verbose=0, callbacks=list(callbacks))
    return vaegan


history = callbacks.HistoryWriter("../runs/chapter-5/history.csv")
tensorboard = callbacks.TensorBoardLog("../runs/chapter-5/tensorboard", history)
vaegan = train_vaegan(0.04, build_trio(), kl_weight=5.0, callbacks=[history, tensorboard])
by_gamma = {
    gamma: vaegan if gamma == 0.04 else train_vaegan(gamma, build_trio(), kl_weight=5.0)
    for gamma in (0.004, 0.04, 4.0)
}

# %% mystnb={"figure": {"caption": "Copies of the same test images and samples from the same codes after trainings that differ in `gamma` alone. One run each, one seed.", "name": "fig-vaegan-gamma"}, "image": {"alt": "Seven rows of eight digits: test images; then for three values of gamma, from small to large, a row of copies and a row of samples. With the smallest gamma copies are bright strokes whose shapes stray from the originals; with the two larger ones they are close to them. Samples of all three are bright, and some are no digits."}} tags=["hide-input"]
rows = {"test image": x_test[:8]}
for gamma, model in by_gamma.items():
    rows[f"{gamma:g}: copies"] = model.reconstruct(x_test[:8])
    rows[f"{gamma:g}: samples"] = model.generate(8, seed=0)
print("gamma:", *by_gamma)
plotting.image_rows(rows)

# %% tags=["nbval-ignore-output", "hide-input"]
MEASURES = {
    "frechet_distance": "Fréchet ↓",
    "precision": "precision ↑",
    "recall": "recall ↑",
    "coverage": "coverage ↑",
}
classifier = metrics.load_classifier(profile.data)
trained_on = metrics.read_digits(classifier, x_train[:5000])


def judge_samples(images):
    """The measures of samples against training images."""
    found = metrics.compare_digits(metrics.read_digits(classifier, images), trained_on)
    return {head: found[key] for key, head in MEASURES.items()}


def weigh(model):
    """What gamma trades: how close copies are, and how real samples look."""
    copies, generated = model.reconstruct(judged), model.generate(len(judged), seed=0)
    logits, _ = networks.apply(model.discriminator, generated)
    return {
        "pixel loss of copies": float(np.mean(losses.gaussian_reconstruction(judged, copies))),
        **judge_samples(generated),
        "mean D of samples": float(np.mean(ops.sigmoid(logits))),
    }


traded = {f"{gamma:g}": weigh(model) for gamma, model in by_gamma.items()}
notebook.Table(traded, digits={"pixel loss of copies": 1, "Fréchet ↓": 1}, corner="gamma")

# %% [markdown]
# In this run the dial works only around the middle. With the smallest `gamma` copies are clear strokes that stray from
# their originals, and yet the samples fool their discriminator less often than in the middle. With the largest, pixels
# come no closer than in the middle, and the discriminator finds out almost all samples. A likely reason is that at
# either end one of the two terms stops teaching. Precision and coverage, though, are highest at the largest, so which
# `gamma` is best depends on the measure. (One seed each.)
#
# A `gamma` can be measured on the spot. Take the lengths of the decoder's two gradients, as in
# the table above. Their ratio is the `gamma` at which both terms pull equally hard. Here it is for the
# model trained with `0.04`, for three reductions of the feature loss.

# %% tags=["nbval-ignore-output"]
weights = vaegan.decoder.trainable_variables
feature_count = int(np.prod(vaegan.discriminator.outputs[1].shape[1:]))
with tf.GradientTape(persistent=True) as tape:
    played = vaegan.play(x_train[:64], training=True, noise=noise)
    game = vaegan.terms_of(played, training=True)["adversarial_decoder"]
    compared = [played.features[kind] for kind in ("real", "reconstruction")]
    distance = {
        "sum": ops.mean(losses.feature_loss(*compared)),
        "sum, divided by the variance": ops.mean(vaegan.feature_loss(*compared)),
    }
    distance["mean"] = distance["sum"] / feature_count
pull = float(tf.linalg.global_norm(tape.gradient(game, weights)))
balance = {
    name: pull / float(tf.linalg.global_norm(tape.gradient(term, weights)))
    for name, term in distance.items()
}
notebook.Table({name: {"gamma": gamma} for name, gamma in balance.items()}, digits=4)

# %% [markdown]
# One decoder, and three values of `gamma` that mean the same: an equal pull. The training had `0.04`, so here the feature
# term pulled almost five times as hard as the game. Whenever you read a `gamma`, ask: sum or mean, over how many
# features, and of which scale?
#
# ## Training
#
# Now a closer look at the training with `0.04`, and beside it a VAE with an encoder and a decoder of the
# same size, trained on the same images for as many epochs. (A comparison at equal time comes below, from records.)

# %%
encoder, decoder, _ = build_trio()
vae = models.VAE(encoder, decoder, seed=0)
vae.compile(keras.optimizers.Adam(2e-3))
fitted = vae.fit(x_train, epochs=epochs, batch_size=64, verbose=0)

# %% [markdown]
# To read its curves we need a level: what would a discriminator answer that sees *no difference*? It gives every
# image the same $D$. Let real images have the target $t$, and let each of the two kinds of fakes count $w$. Its
# loss, a mean over the batch, is then
#
# $$
# \begin{aligned}
# \mathcal L(D) = {} & -t \log D - (1 - t) \log(1 - D) \\
# & - 2 w \log(1 - D) ,
# \end{aligned}
# $$ (eq-vaegan-blind)
#
# and the derivative is zero at $D = t / (1 + 2w)$. We call it the level of the *blind* discriminator. A
# discriminator that has learned something pays less. The decoder's two terms of the game are then $-2 \log D$.
# The settings of this training and those of the step by hand, $t = w = 1$, have different levels:


# %%
def blind(target, fake_weight):
    """The answer of a discriminator that sees no difference, and both sides' losses."""
    d = target / (1 + 2 * fake_weight)
    loss = -target * np.log(d) - (1 - target + 2 * fake_weight) * np.log(1 - d)
    return {"D": d, "discriminator's loss": loss, "decoder's two terms of the game": -2 * np.log(d)}


levels = {"fit, target 0.9, fakes half": blind(0.9, 0.5), "by hand": blind(1.0, 1.0)}
notebook.Table(levels, corner="a blind discriminator")

# %% mystnb={"figure": {"caption": "What the VAE-GAN logs, by epoch. Above, feature loss and KL term on a logarithmic axis; in the middle, the discriminator's loss; below, the means of D over real images, reconstructions and samples. Dotted: the level of a blind discriminator. One run, one seed.", "name": "fig-vaegan-curves"}, "image": {"alt": "Three charts over epochs. Above, the curve of the feature loss falls and levels off; the much lower curve of the KL term dips, then rises a little. In the middle, the discriminator's loss lies below a dotted line and comes close to it. Below, three curves start far apart and come close to each other around a dotted line a little below one half, the one for real images above the two others."}} tags=["hide-input", "nbval-ignore-output"]
first, last = history.rows[0], history.rows[-1]
CURVES = ["feature_loss", "kl_loss"], ["discriminator_loss"]
CURVES = *CURVES, ["d_real", "d_reconstruction", "d_generated"]
for name in itertools.chain(*CURVES):
    print(f"{name:19} first epoch {first[name]:7.2f}, last {last[name]:7.2f}")
figure, axes = plt.subplots(3, 1, figsize=(plotting.WIDTH, 5.6), sharex=True)
for plane, names in zip(axes, CURVES, strict=True):
    for name in names:
        values = [row[name] for row in history.rows]
        plane.plot([row["epoch"] for row in history.rows], values, label=name)
    plane.legend(loc="upper right", ncols=len(names))
    plane.xaxis.get_major_locator().set_params(integer=True)
level = levels["fit, target 0.9, fakes half"]
for plane, height in zip(axes[1:], (level["discriminator's loss"], level["D"]), strict=True):
    plane.axhline(height, color="black", linestyle=":", linewidth=1)
axes[0].set(yscale="log", ylabel="nats")
axes[1].set(ylabel="nats")
axes[2].set(ylim=(0, 1), xlabel="epoch", ylabel="mean of D")
plt.show()

# %% [markdown]
# At first the discriminator is far below its level: it tells the kinds apart. Later its loss comes closer and stays
# below, and all three means of D lie near the dotted line. Neither side is far ahead. That says nothing of the quality
# of the images: a blind discriminator and a perfect decoder have the same level.
#
# Reconstructions and samples are both called fake, as in Algorithm 1. So once a copy is close to its original, the
# discriminator is asked for two answers to nearly the same image, and can only give one in between. This speaks for
# leaving reconstructions out of the game, as the authors' script for faces does; their paper reports better results
# with them.
#
# ## What the discriminator has learned to see
#
# Is the discriminator a better judge than pixels? We give it the copies from the beginning. Each error
# is divided by that of another digit, so that judges with different units can be compared. We ask the
# pixels, all three layers of the trained discriminator, the third layer of a discriminator that was
# never trained, and a classifier, a deeper network that was trained with labels.


# %%
def relative_errors(see):
    """Feature error of each copy over that of another digit, means over images."""
    real = networks.apply(see, judged)
    axes = tuple(range(real.ndim - 1))
    deviation = real.std(axis=axes, keepdims=True) + 1e-6
    found = {
        name: np.mean(losses.feature_loss(real / deviation, networks.apply(see, copy) / deviation))
        for name, copy in copies.items()
    }
    return {name: found[name] / found["another digit"] for name in found}


def layer_of(network, number):
    """Return the part of a network up to its convolution of that number."""
    found = [v for v in network.layers if isinstance(v, layers.Conv2D)]
    return keras.Model(network.input, found[number - 1].output)


judges = {
    "pixels": keras.Sequential([keras.Input((28, 28, 1)), layers.Identity()]),
    **{f"layer {n}": layer_of(vaegan.discriminator, n) for n in (1, 2, 3)},
    "untrained": layer_of(build_trio()[2], 3),
    "classifier": keras.Model(classifier.input, classifier.outputs[1]),
}
relative = {name: relative_errors(see) for name, see in judges.items()}

# %% tags=["hide-input", "nbval-ignore-output"]
pair = ("shifted by 2", "blurred by 2")
notebook.Table(
    {
        name: {**{copy: row[copy] for copy in pair}, "shift over blur": row[pair[0]] / row[pair[1]]}
        for name, row in relative.items()
    },
    corner="error over another digit's",
)

# %% [markdown]
# Go from top to bottom. The first two layers judge nearly as the pixels do. At the third, the one whose
# features are compared, a blur weighs about as much as the shift. *Depth* is not the reason: a network
# of the same depth with random weights judges like pixels. *Training* made the difference (one seed each). A likely
# cause is that the discriminator met blurred fakes, and had to tell them from digits.
#
# The shift, though, costs almost what it did. Features of a convolution move with the image, and nothing
# in the game says that a digit is the same digit two pixels on. The classifier was taught exactly that: its training
# images were shifted at random by about as much, and kept their label. Besides, it pools over places. So a
# discriminator's features forgive only what its task made it ignore, and it matters which layer is asked.
#
# Try it with the trained discriminator: shift without blur, then blur without shift.

# %% tags=["nbval-ignore-output", "hide-input"]
eye = keras.models.clone_model(layer_of(vaegan.discriminator, 3))
eye.set_weights(layer_of(vaegan.discriminator, 3).get_weights())
# Features divided by their deviation are those of a convolution whose weights are divided by it.
deviation = networks.apply(eye, judged).std(axis=(0, 1, 2))
eye.layers[-1].set_weights([weight / deviation for weight in eye.layers[-1].get_weights()])
digits = [int(np.flatnonzero(y_test == y)[0]) for y in range(10)]
SimilarityExplorer(eye, x_test[digits], [f"digit {y}" for y in range(10)])

# %% [markdown]
# ## A fair comparison
#
# First the reconstructions, by three measures: the pixel loss, the feature loss of the *classifier*, a
# network that took part in neither training, and the share of test digits whose reconstruction the
# classifier puts into the right class. The KL term bounds how much the codes can tell, and a model whose codes
# tell more can copy better. Beside the two models stands a *control*: the VAE's reconstructions with more contrast.
# `sharpen` multiplies what stands before the decoder's `tanh` by a factor, and has learned nothing. Which factor is the
# best nobody knows beforehand, so we try a few. (One bias is known: the classifier was taught to forgive shifts.)

# %% tags=["nbval-ignore-output", "hide-input"]
_, real_features = metrics.classify(classifier, judged)


def judge_copies(images):
    probabilities, seen = metrics.classify(classifier, images)
    return {
        "pixel loss": float(np.mean(losses.gaussian_reconstruction(judged, images))),
        "classifier's features": float(np.mean(losses.feature_loss(real_features, seen))),
        "right class": float((probabilities.argmax(axis=1) == judged_labels).mean()),
    }


def told(model):
    """Mean KL term of a model's codes, nats."""
    codes = networks.apply(model.encoder, judged)
    return float(np.mean(losses.kl_divergence(*codes)))


def with_contrast(name, images, factors=(1.2, 1.4, 1.6, 2, 4)):
    """Images, and the same with more and more contrast, by name."""
    return {name: images} | {f"{name}, contrast x{f:g}": sharpen(images, f) for f in factors}


def best(rows, measure):
    """The name of the control for which the measure is smallest."""
    return min((name for name in rows if "contrast" in name), key=lambda name: rows[name][measure])


reconstructions = {
    **with_contrast("VAE", vae.reconstruct(judged)),
    "VAE-GAN": vaegan.reconstruct(judged),
}
nats = {"VAE": told(vae), "VAE-GAN": told(vaegan)}
copied = {k: {**judge_copies(x), "KL": nats[k.split(",")[0]]} for k, x in reconstructions.items()}
notebook.Table(copied)

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Test images and their reconstructions by both models, and the control. One run each, one seed.", "name": "fig-vaegan-reconstructions"}, "image": {"alt": "Four rows of eight digits: test images; softer copies by the VAE; the same copies, brighter and with a little more contrast; and copies by the VAE-GAN, grainier at the edges, with more of the grey shades within a stroke."}}
print(f"judged: {len(judged)} test images; shown: the first eight")
shown = ("VAE", best(copied, "classifier's features"), "VAE-GAN")
plotting.image_rows({"test image": judged[:8], **{k: reconstructions[k][:8] for k in shown}})

# %% [markdown]
# On pixels, where the VAE was trained to win, it wins. By the classifier's features the VAE-GAN's copies are closer to
# the originals, although its KL term is no larger. But a little contrast brings the VAE's copies as close, at less cost
# in pixels; much contrast takes them far away. So by this measure contrast does what the adversary does, and a control
# with one large factor would have hidden it. To the eye the VAE-GAN's copies are grainier, not better, and the shares of
# right classes are about the same. (One run, with settings and factor chosen on these images.)
#
# Now samples, codes from the prior, judged against training images as in the interlude, with real test images
# as the floor and the same control.

# %% tags=["nbval-ignore-output"]
samples = {
    "test images": judged,
    **with_contrast("VAE", vae.generate(len(judged), seed=0)),
    "VAE-GAN": vaegan.generate(len(judged), seed=0),
}
sampled = {name: judge_samples(images) for name, images in samples.items()}
notebook.Table(sampled)

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Samples of both models from the same codes, and the control. One run each, one seed.", "name": "fig-vaegan-samples"}, "image": {"alt": "Three rows of ten images. Above, soft grey digits, some of them not to be named. In the middle, the same shapes in hard black and white. Below, other shapes with brighter, thicker strokes, some of them digits, some malformed."}}
shown = ("VAE", best(sampled, "Fréchet ↓"), "VAE-GAN")
print(f"judged: {len(judged)} samples of each; shown: the first ten")
plotting.image_rows({name: samples[name][:10] for name in shown})

# %% [markdown]
# With two rows only, VAE and VAE-GAN, and one column, the Fréchet distance, the VAE-GAN would look like a clear winner,
# for its distance is less than half. The control tells the rest: a VAE that is merely given more contrast comes as close
# or closer, and keeps more precision and coverage. What the distance rewarded was black and white in place of grey. In
# coverage all of them are poor.
#
# ### Codes where images have theirs
#
# Is that the decoder's fault? It has learned from codes of images, and [chapter 2](02_vae.ipynb) showed that these do
# not lie quite as the prior does. So a poor sample may be a good decoder's answer to a strange code.
#
# This can be tried without any training: fit a density to the codes of the training images, and draw from that in place
# of the prior {cite}`ghosh2020variational`. Chapter 2 fitted one Gaussian; here it is a *mixture* of several, since codes
# of images come in clusters. Each draw first chooses one of the Gaussians, by the share of codes that it stands for, and
# then draws from it. (`latent.draw_codes` fits and draws.) Any model with an encoder can have this, so the VAE and the
# control get it as well.
#
# How many Gaussians? The more there are, the better they describe the codes to which they were fitted, and in the end
# they describe nothing else. So we hold out a fifth of the training codes, and take the number under which *these* have
# the highest density.

# %% tags=["nbval-ignore-output", "hide-input"]
coded = {"VAE": vae.encode(x_train[:15_000]), "VAE-GAN": vaegan.encode(x_train[:15_000])}
scores = {}
for count in (1, 5, 10, 20, 30, 50):
    scores[count] = {}
    for name, codes in coded.items():
        held_out = np.arange(len(codes)) % 5 == 0
        # A covariance of ten dimensions needs eleven codes.
        count_here = min(count, max(1, (~held_out).sum() // 11))
        mixture = GaussianMixture(count_here, random_state=0).fit(codes[~held_out])
        scores[count][f"{name}, fitted"] = mixture.score(codes[~held_out])
        scores[count][f"{name}, held out"] = mixture.score(codes[held_out])
gaussians = max(scores, key=lambda n: sum(scores[n][f"{name}, held out"] for name in coded))
print(f"chosen: {gaussians} Gaussians")
notebook.Table({f"{n}": row for n, row in scores.items()}, corner="Gaussians, mean log-density")

# %% [markdown]
# Now the samples. As a reference for each decoder the table also has its copies of test images, for they are decoded from
# codes that real images have. *Nearest* is the mean distance, in pixels, to the nearest training image: a density that
# only repeats the codes that it was fitted to would make it smaller than that of these copies.


# %% tags=["nbval-ignore-output"]
def draw_samples(model, codes, count):
    """Samples whose codes are distributed as those of the training images."""
    return model.decode(latent.draw_codes(codes, count, gaussians=gaussians, seed=0))


def judge_closely(images):
    found = metrics.compare_digits(metrics.read_digits(classifier, images), trained_on)
    return {head: found[key] for key, head in {**MEASURES, "nearest_distance": "nearest"}.items()}


from_mixture = {
    **with_contrast("VAE", draw_samples(vae, coded["VAE"], len(judged))),
    "VAE-GAN": draw_samples(vaegan, coded["VAE-GAN"], len(judged)),
}
mixed = {f"{name}, mixture": judge_closely(images) for name, images in from_mixture.items()}
copies_of = {f"{name}, copies of test images": reconstructions[name] for name in coded}
references = {name: judge_closely(x) for name, x in {"test images": judged, **copies_of}.items()}
notebook.Table({**references, **mixed})

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Samples with codes of a mixture that was fitted to the codes of training images, by the decoders of the figure above; nothing is selected.", "name": "fig-vaegan-mixture"}, "image": {"alt": "Three rows of ten digits, most of which can be named: above soft and grey, in the middle the same, brighter and with a little more contrast, below other digits, bright and grainy at the edges."}}
control = best(mixed, "Fréchet ↓").removesuffix(", mixture")
print(f"judged: {len(judged)} samples of each; shown: the first ten")
plotting.image_rows({k: from_mixture[k][:10] for k in ("VAE", control, "VAE-GAN")})

# %% [markdown]
# Both models come much closer to real images, in precision and coverage too, so much of the distance was owed to the
# codes: each is now about as far away as its own copies of test images, and about as far from the training images as
# these. (Recall falls, which need not be a loss: samples of the prior are scattered, scattered samples have large balls,
# and these inflate recall, as the interlude shows. Coverage, which they do not fool, rises.)
#
# And contrast? With the best of the factors, a smaller one than before, the VAE is again as close as the VAE-GAN, or
# closer, by all four measures; with a factor of two its distance is far larger. Here, too, a single factor would have
# misled us in favour of the VAE-GAN.
#
# That was one run of each model, with settings chosen on these images. Does it hold on MNIST, for five seeds and at
# equal *time*? The records `vae-mnist` and `vaegan-mnist` have the same encoder and decoder, those of the preset
# `light`; the KL term has the weight one in the VAE and, beside the larger feature loss, `kl_weight=15` in the VAE-GAN.
# Samples are judged against *test* images there, so the floor is as many training images. The distances are
# those of each seed, the coverage is a mean. ([The page of measurements](../book/measurements.md) has the other
# measures, and says how the times were taken.)

# %% tags=["hide-input"]
KINDS = {
    "": ("random", "mixture"),
    ", contrast x2": ("sharpened_2", "mixture_sharpened_2"),
    ", contrast x4": ("sharpened_4", "mixture_sharpened_4"),
}
with open("../benchmarks/results/train_step.json", encoding="utf-8") as file:
    cost = json.load(file)["parts"]["models"]


def recorded(runs, kinds):
    """Fréchet distance of each seed and mean coverage, with codes of the prior and of a mixture."""
    row = {}
    for codes, kind in zip(("prior", "mixture"), kinds, strict=True):
        distances = [run.metrics[f"{kind}_held_out_frechet_distance"] for run in runs]
        row[f"{codes}: Fréchet"] = ", ".join(f"{distance:.1f}" for distance in distances)
        row[f"{codes}: coverage"] = np.mean(
            [run.metrics[f"{kind}_held_out_coverage"] for run in runs]
        )
    return row


rows = {}
for name, title in {"vae-mnist": "VAE", "vaegan-mnist": "VAE-GAN"}.items():
    runs = records.read_runs(f"../book/results/{name}")
    passes = len(runs[0].history)
    minutes = passes * cost[name]["epoch_seconds"] / 60
    copied = np.mean([run.metrics["reconstruction_loss"] for run in runs])
    print(f"{title:8} epochs {passes}, minutes {minutes:.1f}, pixel loss of copies {copied:.1f}")
    rows |= {title + suffix: recorded(runs, kinds) for suffix, kinds in KINDS.items()}
rows = {"training images": recorded(runs[:1], ("real", "real")), **rows}
notebook.Table(rows, corner="samples on MNIST")

# %% [markdown]
# From the prior, every VAE-GAN has a much smaller Fréchet distance than every VAE, but the VAE with more contrast comes
# about as far without learning anything, and covers a little more. From the mixture all distances fall to a fraction, and
# coverage comes nearer to that of real images. The VAE-GAN's images are then close as they are; the VAE's need contrast,
# and come about as close with it. So on MNIST, after two epochs of small networks, learned similarity can claim little
# more than contrast for its samples, and pixel by pixel its copies are worse.
#
# Here is what was found, by the Fréchet distance of samples:
#
# | data | codes | VAE-GAN ahead of the VAE? | still ahead of the VAE with the best contrast? |
# | --- | --- | --- | --- |
# | built-in digits, one run, five factors | prior | yes | no |
# | | mixture | yes | no |
# | MNIST, five seeds, factors two and four | prior | yes | not shown |
# | | mixture | yes | not shown |
# | drawn faces, one run ([chapter 10](10_faces_experiment.ipynb)), factor two | prior | yes | yes |
# | | mixture | yes | yes |
#
# On faces the factor that was best here was not tried, so the last two answers are the least certain.
#
# Where you need good samples of a trained model, fit its codes, for the KL term draws them towards the prior and does not
# bring them there.
#
# ## What a healthy VAE-GAN looks like
#
# Settings to begin with. They are this page's unless it says otherwise, and tried on small images only:
#
# | setting | first value | why |
# | --- | --- | --- |
# | images | in $[-1, 1]$ | the decoder ends in `tanh`, and real images must not be told by their range |
# | features | last convolution, before its activation | an early layer compares pixels; one that pools no longer says *where* things are |
# | `feature_scale` | `"variance"` | `gamma` keeps its meaning while the features grow |
# | `gamma` | $0.04$ for a thousand features; measure both gradients of the decoder after some epochs | they should not lie far apart; here the feature term pulled almost five times as hard |
# | `real_target`, `fake_weight` | $0.9$ and $0.5$ | a softened target {cite}`salimans2016improved`, and real and fake of equal weight, as in the released code |
# | `kl_weight` | $5$; more while samples are much worse than copies | the feature loss is much larger than a pixel loss, so the KL term would hardly count |
# | optimisers | Adam; $2 \cdot 10^{-3}$ for encoder and decoder, half of it for the discriminator; `beta_1` one half in the game | habit {cite}`radford2016unsupervised`, not a comparison |
#
# The feature loss is a sum over $F$ features, here $4 \cdot 4 \cdot 64 = 1024$. With another $F$ begin with
# `gamma` times $1024 / F$ and `kl_weight` times $F / 1024$, so that the terms keep their proportions. (This follows from
# the sums; it was not tried.)
#
# In a healthy training real images lie a little above the blind level of D and both kinds of fakes a little below,
# the discriminator's loss is a little below its own level, the KL term is a nat or two for each active
# dimension, and copies show the original's digit. Losses of encoder and decoder need not fall. Otherwise:
#
# | I see | I measure | I change |
# | --- | --- | --- |
# | the encoder's and the decoder's losses rise again, late in training | the variance of the real features by epoch, and the feature term divided by it | nothing, if the quotient falls; or `feature_scale="variance"` |
# | D near one on real images and near zero on fakes, and it stays there | direction and strength of the decoder's gradient ([workshop](05_vaegan_broken.ipynb)) | the sign, if it is wrong; else a lower rate of the discriminator, a softer target, `equilibrium` (*What the released code does*) |
# | all D at the blind level from the first epoch | whether the discriminator alone, with the decoder held still, gets below it | a higher rate or a larger discriminator |
# | all copies the same, KL near zero | active units; the feature loss of two *different* images | `kl_weight` down; if the second number is tiny, look for a leak ([workshop](05_vaegan_broken.ipynb)) |
# | good copies, bad samples | the KL term beside a VAE's, and whether all codes together fill the prior (chapter 2) | `kl_weight` up |
# | sharp copies of *other* digits | the ratio of the decoder's two gradients | `gamma` up |
# | grey, blurred samples | the same ratio | `gamma` down |
# | a balanced start, then D rises on real images and falls on samples | D on held-out real images beside D on training images | if the two part: fewer epochs, or a smaller discriminator |
# | samples much alike | recall, coverage, the histogram | minibatch discrimination ([chapter 6](06_mode_collapse.ipynb)) |
#
# ## What follows
#
# On digits the adversary wins little that contrast does not win. On faces it is different:
# [chapter 10](10_faces_experiment.ipynb) compares a VAE-GAN with a VAE of the same encoder and decoder, and there twice
# the contrast does not let the VAE draw level.
#
# A wrong line in the step seldom raises an error. [The workshop](05_vaegan_broken.ipynb) shows six trainings in which
# one place is wrong, and how to find it. [Chapter 6](06_mode_collapse.ipynb) then asks what can be done when
# the samples are all alike.
#
# ## Exercises
#
# Replace the placeholder in each cell and run it. The check says what it proved, or gives a hint.
#
# ### Run and look
#
# The original project of 2020 had other weights on MNIST: `kl_weight=1/64`, `feature_weight=1/4096` and
# `gamma=1e-8`. Write down the factor with which each term counts in each network's loss: four rows, one for
# each term in the order of the table of gradient lengths, and three columns for encoder, decoder and
# discriminator.

# %% tags=["exercise"]
# Exercise: routing
# Four rows: prior, feature, adversarial_decoder, adversarial_discriminator.
# Three columns: encoder, decoder, discriminator.
factors = None  # replace None by a list of four lists

exercises.check("routing", factors)

# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: routing
factors = [
    [1 / 64, 0, 0],
    [1 / 4096, 1e-8, 0],
    [0, 1, 0],
    [0, 0, 1],
]

exercises.check("routing", factors)

# %% [markdown]
# ### Implement the feature loss
#
# Equation {eq}`eq-vaegan-feature`, for feature maps. Which axes belong to one image?


# %% tags=["exercise"]
# Exercise: feature_distance
def feature_distance(real, reconstructed):
    """Return the feature loss of each image, (N,); both are (N, height, width, channels)."""
    # One square for each feature, then sum over what belongs to one image.
    return None


exercises.check("feature_distance", feature_distance)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: feature_distance
def feature_distance(real, reconstructed):
    """Return the feature loss of each image, (N,); both are (N, height, width, channels)."""
    squares = (real - reconstructed) ** 2
    return 0.5 * np.sum(squares, axis=(1, 2, 3))


exercises.check("feature_distance", feature_distance)

# %% [markdown]
# ### Mind the sign
#
# Write both adversarial terms as losses, equation {eq}`eq-vaegan-adversarial`, means over the batch.
# You are given logits; let your function stay finite when one is a thousand.


# %% tags=["exercise"]
# Exercise: adversarial_terms
def adversarial_terms(real, reconstruction, generated):
    """Return (discriminator's term, decoder's term), to be lowered; arguments: logits, (N,)."""
    # log(1 + exp(a)) is np.logaddexp(0, a). Which of the three batches does each term see?
    return None


exercises.check("adversarial_terms", adversarial_terms)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: adversarial_terms
def adversarial_terms(real, reconstruction, generated):
    """Return (discriminator's term, decoder's term), to be lowered; arguments: logits, (N,)."""
    discriminator = np.mean(np.logaddexp(0, -real))  # -log D
    decoder = 0.0
    for fake in (reconstruction, generated):
        discriminator += np.mean(np.logaddexp(0, fake))  # -log(1 - D)
        decoder += np.mean(np.logaddexp(0, -fake))  # -log D: not saturating
    return discriminator, decoder


exercises.check("adversarial_terms", adversarial_terms)

# %% [markdown]
# ### Write the three losses
#
# Without looking back: from what the networks return to the three losses of equation
# {eq}`eq-vaegan-losses`. Use `ops`, so that a gradient can be taken.


# %% tags=["exercise"]
# Exercise: vaegan_losses
def vaegan_losses(z_mean, z_log_var, logits, features, gamma):
    """Return (encoder, decoder, discriminator), means over the batch, to be lowered.

    `logits` and `features` are by kind: "real", "reconstruction" and "generated". Logits have the
    shape (N, 1), features (N, height, width, channels).
    """
    # The four terms first: KL divergence, feature loss, and the game for either side.
    # Then three losses. Where does gamma stand, and which terms does each network never see?
    return None


exercises.check("vaegan_losses", vaegan_losses)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: vaegan_losses
def vaegan_losses(z_mean, z_log_var, logits, features, gamma):
    """Return (encoder, decoder, discriminator), means over the batch, to be lowered.

    `logits` and `features` are by kind: "real", "reconstruction" and "generated". Logits have the
    shape (N, 1), features (N, height, width, channels).
    """
    kl = 0.5 * ops.sum(z_mean**2 + ops.exp(z_log_var) - z_log_var - 1, axis=1)
    apart = features["real"] - features["reconstruction"]
    feature = ops.mean(0.5 * ops.sum(apart**2, axis=(1, 2, 3)))
    decoder, discriminator = gamma * feature, ops.mean(ops.softplus(-logits["real"]))
    for fake in ("reconstruction", "generated"):
        decoder += ops.mean(ops.softplus(-logits[fake]))  # -log D: not saturating
        discriminator += ops.mean(ops.softplus(logits[fake]))  # -log(1 - D)
    return ops.mean(kl) + feature, decoder, discriminator


exercises.check("vaegan_losses", vaegan_losses)

# %% [markdown]
# ### Derive and implement: the same decoder, another gamma
#
# A colleague takes the *mean* over features in place of the sum, and the features of that discriminator are
# `scale` times as large as yours. You use `gamma`. Derive, from equations {eq}`eq-vaegan-feature` and
# {eq}`eq-vaegan-gamma`, which gamma the colleague needs for the same decoder.


# %% tags=["exercise"]
# Exercise: equal_gamma
def equal_gamma(gamma, shape, scale):
    """Return the new gamma, one number; `shape` is (height, width, channels) of the features."""
    # The new loss takes a mean over features, and all features are `scale` times as large.
    return None


exercises.check("equal_gamma", equal_gamma)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: equal_gamma
def equal_gamma(gamma, shape, scale):
    """Return the new gamma, one number; `shape` is (height, width, channels) of the features."""
    return gamma * np.prod(shape) / scale**2


exercises.check("equal_gamma", equal_gamma)

# %% [markdown]
# ## Capstone: a VAE-GAN from an empty cell
#
# Build the whole model yourself: six small pieces, under eighty lines. Every piece has a check of its own, and
# each solution is folded. Your pieces need Keras and TensorFlow alone. Write them with the names given, since the cell
# that trains them, with the data and the measures of this page, calls them so. The count under *Algorithm 1, line by
# line* is the plan of the fifth, the step.
#
# **First stage: the encoder.** From images to `z_mean` and `z_log_var`. Choose the layers inside as you like.


# %% tags=["exercise"]
# Exercise: capstone_encoder
def capstone_encoder(latent_dim):
    """Return a Keras model from images (N, 28, 28, 1) to (z_mean, z_log_var), each (N, latent_dim)."""
    # Convolutions down, a dense layer, and two heads without activation.
    return None


exercises.check("capstone_encoder", capstone_encoder)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: capstone_encoder
def capstone_encoder(latent_dim):
    """Return a Keras model from images (N, 28, 28, 1) to (z_mean, z_log_var), each (N, latent_dim)."""
    images = keras.Input((28, 28, 1))
    h = layers.Conv2D(16, 4, strides=2, padding="same", activation="relu")(images)
    h = layers.Conv2D(32, 4, strides=2, padding="same", activation="relu")(h)
    h = layers.Dense(64, activation="relu")(layers.Flatten()(h))
    z_mean = layers.Dense(latent_dim)(h)
    z_log_var = layers.Dense(latent_dim, kernel_initializer="zeros")(h)
    return keras.Model(images, (z_mean, z_log_var))


exercises.check("capstone_encoder", capstone_encoder)

# %% [markdown]
# **Second stage: the sampling.** With the noise that is given, or with fresh noise where none is.


# %% tags=["exercise"]
# Exercise: capstone_sampling
def capstone_sampling(z_mean, z_log_var, noise=None):
    """Return z of shape (N, latent_dim), as all three arguments; draw the noise where it is None."""
    # keras.random.normal(shape) draws. The encoder gives the logarithm of the variance.
    return None


exercises.check("capstone_sampling", capstone_sampling)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: capstone_sampling
def capstone_sampling(z_mean, z_log_var, noise=None):
    """Return z of shape (N, latent_dim), as all three arguments; draw the noise where it is None."""
    if noise is None:
        noise = keras.random.normal(ops.shape(z_mean))
    return z_mean + ops.exp(0.5 * z_log_var) * noise


exercises.check("capstone_sampling", capstone_sampling)

# %% [markdown]
# **Third stage: the decoder**, which is the generator too. Which activation fits images in $[-1, 1]$?


# %% tags=["exercise"]
# Exercise: capstone_decoder
def capstone_decoder(latent_dim):
    """Return a Keras model from z (N, latent_dim) to images (N, 28, 28, 1) in [-1, 1]."""
    # A dense layer, a map, and transposed convolutions up to 28 x 28.
    return None


exercises.check("capstone_decoder", capstone_decoder)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: capstone_decoder
def capstone_decoder(latent_dim):
    """Return a Keras model from z (N, latent_dim) to images (N, 28, 28, 1) in [-1, 1]."""
    z = keras.Input((latent_dim,))
    h = layers.Dense(7 * 7 * 32, activation="relu")(z)
    h = layers.Reshape((7, 7, 32))(h)
    h = layers.Conv2DTranspose(16, 4, strides=2, padding="same", activation="relu")(h)
    x = layers.Conv2DTranspose(1, 4, strides=2, padding="same", activation="tanh")(h)
    return keras.Model(z, x)


exercises.check("capstone_decoder", capstone_decoder)

# %% [markdown]
# **Fourth stage: the discriminator.** It returns `(logits, features)`. Where do the features come from? The features
# of one image must not depend on the other images of the batch; which layer of
# *Before you start* would break that?


# %% tags=["exercise"]
# Exercise: capstone_discriminator
def capstone_discriminator():
    """Return a Keras model from images (N, 28, 28, 1) to (logits (N, 1), features (N, ...))."""
    # Convolutions down and a dense layer of one unit. Keep a hidden layer's output as features.
    return None


exercises.check("capstone_discriminator", capstone_discriminator)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: capstone_discriminator
def capstone_discriminator():
    """Return a Keras model from images (N, 28, 28, 1) to (logits (N, 1), features (N, ...))."""
    images = h = keras.Input((28, 28, 1))
    for filters in (16, 32, 64):
        features = layers.Conv2D(filters, 4, strides=2, padding="same")(h)
        h = layers.LeakyReLU(0.2)(features)
    logits = layers.Dense(1)(layers.Flatten()(h))
    return keras.Model(images, (logits, features))


exercises.check("capstone_discriminator", capstone_discriminator)

# %% [markdown]
# **Fifth stage: the step.** Three losses, three gradients from the same weights, then all updates.


# %% tags=["exercise"]
# Exercise: capstone_step
def capstone_step(encoder, decoder, discriminator, optimizers, images, noise, gamma):
    """Train all three by one step; return (encoder's, decoder's, discriminator's) loss.

    `optimizers` are in the same order; `noise` is (posterior, prior), each (N, latent_dim). Feature
    maps have the shape (N, height, width, channels). Real images have the target one.
    """
    # with tf.GradientTape(persistent=True) as tape: the forward pass, the terms, the losses.
    # Then a gradient of each loss for its own network's weights, and last all updates.
    return None


exercises.check("capstone_step", capstone_step)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: capstone_step
def capstone_step(encoder, decoder, discriminator, optimizers, images, noise, gamma):
    """Train all three by one step; return (encoder's, decoder's, discriminator's) loss.

    `optimizers` are in the same order; `noise` is (posterior, prior), each (N, latent_dim). Feature
    maps have the shape (N, height, width, channels). Real images have the target one.
    """
    with tf.GradientTape(persistent=True) as tape:
        z_mean, z_log_var = encoder(images, training=True)
        z = z_mean + ops.exp(0.5 * z_log_var) * noise[0]
        copies, samples = decoder(z, training=True), decoder(noise[1], training=True)
        (real, seen), (copied, seen_copies), (sampled, _) = (
            discriminator(batch, training=True) for batch in (images, copies, samples)
        )
        kl = 0.5 * ops.sum(z_mean**2 + ops.exp(z_log_var) - z_log_var - 1, axis=1)
        feature = ops.mean(0.5 * ops.sum((seen - seen_copies) ** 2, axis=(1, 2, 3)))
        game = ops.mean(ops.softplus(-copied) + ops.softplus(-sampled))
        found_out = ops.softplus(-real) + ops.softplus(copied) + ops.softplus(sampled)
        losses = ops.mean(kl) + feature, gamma * feature + game, ops.mean(found_out)
    weights = [network.trainable_variables for network in (encoder, decoder, discriminator)]
    gradients = [tape.gradient(*pair) for pair in zip(losses, weights, strict=True)]
    for optimizer, gradient, own in zip(optimizers, gradients, weights, strict=True):
        optimizer.apply(gradient, own)
    return losses


exercises.check("capstone_step", capstone_step)

# %% [markdown]
# **Sixth stage: the loop.** Each epoch walks through all images once, in a new order, with new noise at each
# step.


# %% tags=["exercise"]
# Exercise: capstone_loop
def capstone_loop(step, images, latent_dim, epochs, batch_size):
    """Train by `step(batch, noise)`, which returns three losses; return their means, (epochs, 3).

    `noise` has the shape (2, batch, latent_dim), standard normal, float32.
    """
    # For each epoch a new order of all images; for each batch new noise, and one step.
    return None


exercises.check("capstone_loop", capstone_loop)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: capstone_loop
def capstone_loop(step, images, latent_dim, epochs, batch_size):
    """Train by `step(batch, noise)`, which returns three losses; return their means, (epochs, 3).

    `noise` has the shape (2, batch, latent_dim), standard normal, float32.
    """
    rng, means = np.random.default_rng(0), []
    for _ in range(epochs):
        order, found = rng.permutation(len(images)), []
        for start in range(0, len(images), batch_size):
            batch = images[order[start : start + batch_size]]
            noise = rng.standard_normal((2, len(batch), latent_dim), "float32")
            found.append([float(loss) for loss in step(batch, noise)])
        means.append(np.mean(found, axis=0))
    return np.array(means)


exercises.check("capstone_loop", capstone_loop)

# %% [markdown]
# Put the pieces together and train for about a minute. The samples are judged by the measures of this chapter,
# beside those of the trainings above, the floor, and two controls: the VAE with its best contrast, and, without any
# network, real images blurred beyond recognition. (`gamma` is one here, since the step sums plain squares, not divided
# by a variance.) The second cell prints and saves what you can hand in. On a GPU the images are those of MNIST; with the
# environment variable `VAEGAN_EDU_PROFILE=cpu`, set before the first cell, they are those of this page, and sheets can be
# compared.

# %% tags=["nbval-ignore-output"]
seed = 0
keras.utils.set_random_seed(seed)
yours = capstone_encoder(10), capstone_decoder(10), capstone_discriminator()
your_optimizers = build_optimizers(*yours)
your_epochs = profile.epochs(cpu=20, gpu=5)
calls, variances = itertools.count(1), []


@tf.function
def your_step(images, noise):
    return capstone_step(*yours, your_optimizers, images, noise, gamma=1.0)


def watched_step(images, noise):
    """Your step; after each epoch it also measures the variance of your features."""
    found = your_step(images, noise)
    if next(calls) % -(-len(x_train) // 64) == 0:
        _, features = networks.apply(yours[2], judged)
        variances.append(float(features.var(axis=(0, 1, 2)).mean()))
    return found


curves = capstone_loop(watched_step, x_train, 10, epochs=your_epochs, batch_size=64)
z = np.random.default_rng(0).standard_normal((len(judged), 10))
compared = {
    "test images": judged,
    "blurred beyond recognition": blurred(judged, 4),
    **{name: samples[name] for name in ("VAE", best(sampled, "Fréchet ↓"))},
    "VAE-GAN, by fit": samples["VAE-GAN"],
    "yours": networks.apply(yours[1], z),
}
notebook.Table({name: judge_samples(images) for name, images in compared.items()})

# %% mystnb={"figure": {"caption": "Samples of the capstone's decoder, and the three losses by epoch.", "name": "fig-vaegan-capstone"}, "image": {"alt": "Above, two rows of twelve bright shapes, many of them digits. Below, three curves over epochs on a logarithmic axis: those of encoder and decoder almost coincide, fall and rise again a little; that of the discriminator stays level far below them."}} tags=["hide-input", "nbval-ignore-output"]
sheet = Path("../runs/capstone.png")
sheet.parent.mkdir(exist_ok=True)
plt.imsave(sheet, plotting.tile(compared["yours"][:64], 8)[..., 0], cmap="gray")
print(
    f"seed {seed}, {len(x_train)} training images, {your_epochs} epochs; judged: {len(z)} samples"
)
print("sheet of samples: runs/capstone.png")
print("losses, last epoch:", *(f"{loss:.2f}" for loss in curves[-1]))
figure, (above, below) = plt.subplots(2, 1, figsize=(plotting.WIDTH, 4.2))
above.imshow(plotting.tile(compared["yours"][:24], 12), cmap="gray")
above.axis("off")
for name, curve in zip(("encoder", "decoder", "discriminator"), np.transpose(curves), strict=True):
    below.plot(np.arange(1, len(curve) + 1), curve, label=name)
below.set(yscale="log", xlabel="epoch", ylabel="loss")
below.legend(ncols=3)
plt.show()

# %% [markdown]
# Look at the control first: by precision alone the blots would beat every model; recall and coverage find them out.
#
# Then at the curves. The discriminator's lies well below the level of a blind one with hard labels (the row *by
# hand* of the table in *Training*): it tells the kinds apart to the end. Those of the encoder and the decoder may rise
# again after some epochs, which looks like a mistake. But they are measured in the discriminator's features, and
# nothing keeps the scale of these. So divide by their variance.

# %% tags=["nbval-ignore-output"]
chosen = sorted({1, 2, 5, 10, len(variances)} & set(range(1, len(variances) + 1)))
notebook.Table(
    {
        f"{epoch}": {
            "encoder's loss": curves[epoch - 1, 0],
            "variance of the features": variances[epoch - 1],
            "loss over variance": curves[epoch - 1, 0] / variances[epoch - 1],
        }
        for epoch in chosen
    },
    corner="epoch",
)

# %% [markdown]
# Late in training, from the tenth epoch to the last, the loss rises and the quotient falls, so the ruler can account for
# this rise. Early it cannot: from the first epoch to the second the quotient rises with the loss, and by more. (The loss
# is a mean over an epoch, the variance is measured at its end, and early both change fast. For a clean quotient log the
# feature term by itself, without the KL term, and both at the same steps.) How good the copies are, only a measure
# outside of the game can say, such as the pixel loss.
#
# **Seventh stage, optional: the settings.** Your samples are further from the data than those of `fit`, and the reason
# need not be a mistake, for the two differ in four settings. Copy your fifth stage under another name, since its
# check wants the plain losses, and change one line for each:
#
# - divide the squares of the features by each channel's variance over the batch of real images, for features
#   `f` of these `ops.var(f, axis=(0, 1, 2)) + 1e-6`, and call the step with `gamma=0.04`;
# - give real images the target $t = 0.9$: in the discriminator's loss, `softplus(-logit)` of a real
#   image becomes `t * softplus(-logit) + (1 - t) * softplus(logit)`;
# - let each kind of fake count half, in the discriminator's loss only;
# - give the KL term the weight $5$ in the encoder's loss.
#
# Change them one at a time, and see which of them matters. All four at once are in the script at the end of this
# page. Here is its step, with three networks like yours and your loop.

# %% tags=["nbval-ignore-output"]
script = runpy.run_path("../book/scripts/vaegan_mnist.py")
keras.utils.set_random_seed(0)
settled = capstone_encoder(10), capstone_decoder(10), capstone_discriminator()
script_step = tf.function(partial(script["train_step"], settled, build_optimizers(*settled)))
capstone_loop(
    lambda images, noise: script_step(images, noise)[0],
    x_train,
    10,
    epochs=your_epochs,
    batch_size=64,
)
compared["yours, four settings"] = networks.apply(settled[1], z)
rows = ("VAE-GAN, by fit", "yours", "yours, four settings")
notebook.Table({name: judge_samples(compared[name]) for name in rows}, corner="samples")

# %% [markdown]
# By the Fréchet distance most of the difference is gone. Recall has risen, too, but precision and coverage have fallen: the
# samples are more scattered, and scattered samples have large balls, which inflate recall. (One seed each.) Now change
# something else, such as the layer of the features. Change one thing at a time, run it from a second seed, and read every
# number beside the control and the floor.
#
# ### One file of your own
#
# Last, leave this page. Write one file that needs neither it nor its package: it loads MNIST and scales it,
# builds the three networks, trains them, prints a line for each epoch, saves a sheet of samples and the
# weights, and loads them again. Then compare it with ours, `book/scripts/vaegan_mnist.py`.
#
# For images of your own change four things: what `load_images` returns, an array (count, height, width,
# channels) in $[-1, 1]$ of at least one batch; `keras.Input` of encoder and discriminator; the first dense layer
# of the decoder and its `Reshape`, which make a quarter of the height and of the width, so that both must be
# divisible by four; and the channels of the decoder's last layer, three for colour. With the size the number of
# features changes, so scale `GAMMA` and `KL_WEIGHT` as *What a healthy VAE-GAN looks like* says. The last line
# of a training says at which `gamma` both terms pull equally at the decoder.

# %% mystnb={"code_prompt_show": "Show the script", "code_prompt_hide": "Hide the script"} tags=["hide-cell"]
Markdown(f"```python\n{Path('../book/scripts/vaegan_mnist.py').read_text(encoding='utf-8')}```")

# %% [markdown]
# ## Quiz
#
# Decide first, then open your answer.
#
# **1. Why does a decoder that is trained by squared errors of pixels blur?**
#
# <details><summary>a) Because it has too few weights.</summary>
#
# No. A larger one may leave less in doubt, but where a doubt remains the average is still the best answer.
#
# </details>
# <details><summary>b) Because where the code leaves a doubt, the average of all that may be has the smallest error.</summary>
#
# Right. This is equation {eq}`eq-vaegan-mean`. It does not ask whether the average looks like an image.
#
# </details>
# <details><summary>c) Because `tanh` cannot reach black and white.</summary>
#
# No. It comes as close as you like, and the same decoder draws hard edges when another loss trains it.
#
# </details>
#
# **2. What would the discriminator do if it could lower the feature term?**
#
# <details><summary>a) Look more closely.</summary>
#
# No. Looking more closely finds more differences, and the term would rise.
#
# </details>
# <details><summary>b) Nothing, since the term belongs to the decoder.</summary>
#
# No. The term depends on the discriminator's weights too. Only the routing keeps its gradient away.
#
# </details>
# <details><summary>c) Give all images the same features.</summary>
#
# Right. Then every difference is zero, whatever the decoder draws, and no network learns from it.
#
# </details>
#
# **3. You read $\gamma = 10^{-6}$ in a paper and use it in your own code. What must agree first?**
#
# <details><summary>a) The reduction of the feature loss, the number of features and their scale.</summary>
#
# Right. A mean over features asks for a gamma as many times larger as there are features.
#
# </details>
# <details><summary>b) Nothing. It is a number without a unit.</summary>
#
# No. It weighs a sum over features against logarithms of probabilities.
#
# </details>
# <details><summary>c) The learning rate.</summary>
#
# No. The learning rate scales both of the decoder's terms equally.
#
# </details>
#
# **4. Your model's Fréchet distance is half of the VAE's. What do you do before you write it down as better?**
#
# <details><summary>a) Nothing, a half is a clear difference.</summary>
#
# No. In this chapter, more contrast alone did the same.
#
# </details>
# <details><summary>b) Train it longer, to be sure.</summary>
#
# No. That may change the number, but not what it measures.
#
# </details>
# <details><summary>c) Measure a control that has learned nothing, such as the VAE's samples sharpened, and the floor.</summary>
#
# Right. The control shows how much of the gain needs no learning, and the floor how far there is still to go.
#
# </details>
#
# **5. You implement the paper's Algorithm 1 as it is printed, with $\mathcal L_\text{GAN}$ of equation {eq}`eq-vaegan-gan`. What happens?**
#
# <details><summary>a) It trains as before, since only the relative sign of two networks counts.</summary>
#
# No. The two do oppose each other, with exchanged labels. But the discriminator then lowers the negative of a
# cross-entropy, which can fall without end.
#
# </details>
# <details><summary>b) The discriminator learns to call real images fake, and its logits grow without end.</summary>
#
# Right. It lowers $\log \mathrm{Dis}(x)$, which has no lower bound. Both lines assume that $\mathcal L_\text{GAN}$
# is a loss, the negative of the equation.
#
# </details>
# <details><summary>c) Nothing: the optimiser finds the sign.</summary>
#
# No. It subtracts the gradient that it is given.
#
# </details>
#
# ## What to remember
#
# - The squared error of pixels prefers a smeared copy to a clear one in another place, and the average to
#   every decision.
# - A VAE-GAN compares the features of a discriminator instead. How good that comparison is depends on its
#   layer and its training: measure it.
# - Three networks, four terms: the encoder follows `prior + feature`, the decoder `gamma * feature` and
#   the game, the discriminator the game alone. Three gradients from the same weights, then three updates.
# - The paper's $\mathcal L_\text{GAN}$ is a value that the discriminator raises; its Algorithm 1 uses the
#   letter for the negative.
# - `prior + feature` is no bound of a likelihood: its ruler, the features, moves.
# - A blind discriminator answers $t / (1 + 2w)$. Read D and its loss beside that level.
# - `gamma` means nothing without reduction, number and scale of the features.
# - Show control and floor, try more than one factor of the control, and compare decoders on codes that they have
#   learned. On the built-in digits, and on MNIST after two epochs of small networks, samples were no closer than a VAE's
#   with more contrast; on faces they were, beside twice the contrast (chapter 10).
#
# ## Appendix
#
# Nothing else needs this part: what an encoder is good for, what the released code does otherwise, and which models are
# relatives of this one.
#
# ### Arithmetic with codes
#
# A VAE-GAN has what a plain GAN lacks, an encoder: we can ask for the code of a given image, change the code, and
# decode it. Digits offer little to change, but faces do. The model here comes with the package (`vaegan_edu.pretrained`
# loads it), with deeper networks and a decoder that also compares pixels (`pixel_weight`). Here are its samples, from
# codes of the prior and from codes of a mixture fitted to the codes of drawn faces.

# %%
face_model = vaegan_edu.pretrained("vaegan-faces-64")
size = face_model.encoder.input_shape[1]
faces, known = datasets.render_faces(256 if profile.quick else 2000, seed=0, image_size=size)
codes = face_model.encode(faces)
drawn = {
    "codes of the prior": face_model.generate(48, seed=0),
    "codes of a mixture": face_model.decode(latent.draw_codes(codes, 48, seed=0)),
}

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Samples of the VAE-GAN of faces that comes with the package, not selected.", "name": "fig-vaegan-face-samples"}, "image": {"alt": "Two sheets of six by eight drawn faces. Left, from the prior, faces with eyes, brows, glasses and mouths, many with white holes and loose flecks in their hair. Right, from the mixture, whole faces with clean outlines: bald heads, short and long hair, beards, glasses; some mouths are smudged."}}
figure, panels = plt.subplots(1, 2, figsize=(plotting.WIDTH, 5.2))
for axes, (title, images) in zip(panels, drawn.items(), strict=True):
    axes.imshow(plotting.tile(images, columns=6))
    axes.set_title(title, fontsize=10)
    axes.axis("off")
trained = records.read_record(Path(vaegan_edu.__file__).parent / "weights" / "vaegan-faces-64")
for kind, title in {"random": "the prior", "mixture": "a mixture", "real": "real faces"}.items():
    measure = trained.metrics[f"{kind}_frechet_distance"]
    print(f"{title:10}  Fréchet {measure:.1f}, coverage {trained.metrics[f'{kind}_coverage']:.2f}")
notebook.show_as_jpeg(figure)

# %% [markdown]
# Now, which change of the code gives a face glasses? Take the mean code of all faces with an attribute, less the mean
# code of all without:
#
# $$
# v = \frac{1}{N_1} \sum_{i:\, a_i = 1} z_i - \frac{1}{N_0} \sum_{i:\, a_i = 0} z_i ,
# $$ (eq-vaegan-attribute)
#
# where $a_i$ is one if face $i$ has the attribute, and $N_1$ and $N_0$ count the faces with and without it. This is the
# *attribute vector*, `latent.attribute_vector(z, attribute)`. Add it to the code of a face without
# the attribute, decode, and look. The paper did so with photographs, where nobody knows what that person would
# look like. With the faces of `datasets.render_faces` we do know: the same face can be drawn twice, with one
# attribute changed and all else equal.
#
# But attributes go together: beards go with short hair, and a difference of means cannot know which of the two it shows.
# A *regression* of the codes on all attributes at once can: its slopes are the change of the code with one attribute
# while all the others are held.

# %%
SHOWN = ("glasses", "beard", "hair_length", "skin_tone")
slopes = latent.attribute_vectors(codes, np.stack(list(known.values()), axis=1), together=True)
vectors = {
    "means": {
        name: latent.attribute_vector(codes, known[name] > np.mean(known[name])) for name in SHOWN
    },
    "others held": {name: slopes[list(known).index(name)] for name in SHOWN},
}
pairs = {
    name: [
        datasets.render_faces(60, seed=1, image_size=size, attributes={name: value})[0]
        for value in (0.0, 1.0)
    ]
    for name in SHOWN
}
z_without = {name: face_model.encode(without) for name, (without, _) in pairs.items()}
changed = {
    name: face_model.decode(z_without[name] + vectors["others held"][name]) for name in SHOWN
}

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Faces that no training saw, drawn without an attribute; their reconstructions; these with the attribute's vector added to the code; and the same faces drawn with the attribute. The first eight of sixty, one model.", "name": "fig-vaegan-faces"}, "image": {"alt": "Eight columns of faces. First block: faces without glasses, soft but faithful reconstructions, the same with thin round glasses, and the faces truly drawn with glasses. Second block: without a beard, then with a dark shade around the mouth where the true faces have a full beard. Third block: cropped heads, then with smooth brownish hair down to the neck, where the true hair is longer and has its own curls and colour."}}
shown = {}
for name, title in {"glasses": "glasses", "beard": "beard", "hair_length": "long hair"}.items():
    without, with_it = pairs[name]
    shown[f"no {title}"] = without[:8]
    shown[f"copy, no {title}"] = face_model.decode(z_without[name][:8])
    shown[f"copy + {title}"] = changed[name][:8]
    shown[f"true {title}"] = with_it[:8]
print(f"{len(faces)} faces give the vectors, latent_dim {face_model.latent_dim}")
notebook.show_as_jpeg(plotting.image_rows(shown))

# %% [markdown]
# The glasses are there, and so is the hair; the beards are only a shadow. To say it in numbers, sixty unseen faces are
# drawn without and with each attribute. The *agreement* is a cosine between the change that a vector makes in the image
# and the true change: one if they agree, zero if they have nothing in common. The last column compares the
# reconstructions of the two true faces, so it says how much of the attribute the model can draw at all.


# %% tags=["nbval-ignore-output", "hide-input"]
def cosine(a, b):
    """Mean cosine between two changes of the same images."""
    a, b = (np.reshape(v, (len(v), -1)) for v in (a, b))
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return float(np.mean((a * b).sum(axis=1) / lengths))


rows = {}
for name, (without, with_it) in pairs.items():
    copy = face_model.decode(z_without[name])
    made = {
        "difference of means": face_model.decode(z_without[name] + vectors["means"][name]),
        "others held": changed[name],
        "reconstructed": face_model.reconstruct(with_it),
    }
    rows[name] = {way: cosine(images - copy, with_it - without) for way, images in made.items()}
notebook.Table(rows, corner="agreement")

# %% [markdown]
# Glasses are added as well as the model can draw them. For the beard and the hair the difference of means has much less
# of the true change than the model could draw; with the other attributes held, both come closer. Yet one vector serves
# all faces, so it adds an average: the long hair is smooth and brownish for everybody, where the true hair has its own
# curls and colour. [The page on faces](../book/faces.md) repeats the measurement for all attributes, with a regressor
# that reads them off the images.
#
# ### What the released code does
#
# The paper's authors published their code. It does four things that the paper does not mention, and a second
# implementation adds up gradients that should be kept apart. So look at the step itself before you compare numbers.
#
# <details><summary>What do the authors' code and pythae do otherwise?</summary>
#
# The authors' code is `andersbll/autoencoding_beyond_pixels`.
#
# - **A gate.** The discriminator is not updated while its mean cross-entropy on real images or on fakes
#   is below `0.68 - 0.35` nats, nor the decoder while one of them is above `0.68 + 0.35`. Where both rules hold,
#   both networks are updated after all. Here: `equilibrium=0.68, margin=0.35`.
# - **Fakes count half**, so that two kinds of fakes together weigh as much as the real images. Here: `fake_weight=0.5`;
#   Algorithm 1, and the package's default, has `1`.
# - **Reconstructions are no fakes on faces.** The script for CelebA sets `discriminate_ae_recon=False`.
#   Here: `reconstructions_are_fakes=False`.
# - **The decoder's two terms are weighted `gamma` and minus `1 - gamma`**, in the minimax form. With
#   `gamma` at `1e-6` the second weight is nearly one. (The optimiser, RMSProp, is named in the paper.)
#
# *pythae* {cite}`chadebec2022pythae`, release `0.1.2`, takes three backward passes, and
# clears each network's gradients only before that network's own pass. What later passes add stays: the decoder also
# follows the discriminator's loss, with the sign of an ally, and the encoder follows both. A table of gradient lengths
# does not find this, for it measures terms and not what a step applies. One step with all terms but one switched off
# does.
#
# </details>
#
# ### Where it went
#
# Relatives of the VAE-GAN differ in what compares an image with its copy, and in what the game is about:
#
# | model | image and copy are compared by | the game is about |
# | --- | --- | --- |
# | VAE-GAN {cite}`larsen2016autoencoding` | features of its own discriminator | images: real ones, copies, samples |
# | DeePSiM {cite}`dosovitskiy2016generating` | pixels *and* features of a fixed network, added with weights | images: real ones, copies |
# | VAE with a perceptual loss, for instance LPIPS {cite}`zhang2018unreasonable` | features of a *fixed* network, trained before on other images | there is none |
# | adversarial autoencoder {cite}`makhzani2016adversarial` | pixels | codes: an image's, or drawn from the prior; it takes the place of the KL term |
# | ALI, BiGAN {cite}`dumoulin2017adversarially,donahue2017adversarial` | nothing; the encoder learns from the game alone | pairs: an image and its code, or a code and its image |
#
# The idea is in wide use today, in another role. *VQ-GAN* {cite}`esser2021taming` is an autoencoder whose codes come
# from a learned table, trained by a perceptual loss together with an adversary. It recomputes the adversary's weight at
# every step from the ratio of two gradients in the decoder's last layer: the balance that we measured for `gamma`.
# *Latent diffusion* {cite}`rombach2022high` does its work in the codes of such an autoencoder, one form of which is close
# to this chapter: a KL term with a very small weight, a perceptual loss and an adversary. Two things have changed. The
# features that compare are those of a fixed network. And a second model learns the distribution of the codes, so that the
# autoencoder need only make good copies; the mixture of Gaussians above is the smallest model of this kind.
#
# ## Sources
#
# - The VAE-GAN, learned similarity, and the algorithm: {cite}`larsen2016autoencoding`, where it
#   combines VAE and GAN, and Algorithm 1; attribute vectors and the settings of the training: in its experiments.
# - The non-saturating loss: {cite}`goodfellow2014generative`, section 3. A softened target:
#   {cite}`salimans2016improved`, section 3.4.
# - Autoencoders with another game or another comparison: {cite}`makhzani2016adversarial`,
#   {cite}`dumoulin2017adversarially`, {cite}`donahue2017adversarial`, {cite}`zhang2018unreasonable`. What became of
#   the idea: {cite}`esser2021taming`, equations 6 and 7; {cite}`rombach2022high`, section 3.1.
# - Why the average is the best answer to a squared error: {cite}`bishop2006pattern`, section 1.5.5.
# - Precision and recall: {cite}`kynkaanniemi2019improved`; coverage: {cite}`naeem2020reliable`; the
#   Fréchet distance, there between features of another network: {cite}`heusel2017gans`.
# - The released code: [andersbll/autoencoding_beyond_pixels](https://github.com/andersbll/autoencoding_beyond_pixels);
#   pythae: {cite}`chadebec2022pythae`, release 0.1.2, read and run.
