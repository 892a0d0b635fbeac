# %% [markdown]
# # Chapter 6: Mode collapse and minibatch discrimination
#
# *Run time: 86 s on two CPU cores, measured at the last execution.*
#
# **How does one keep a generator from drawing the same image again and again?**
#
# After this chapter you can
#
# - count a collapse, on mixtures and on digits, and say what points thrown at random would score;
# - explain why a discriminator of single examples can chase a clump for long, and why it does not ask near
#   copies to part;
# - write minibatch discrimination from its formula, and say where in a VAE-GAN's discriminator it belongs;
# - judge a cure by seeds, by a failure rate and by a control, and say where it does not help.
#
# You need chapter 4 and, of [How good is it?](04_how_good_is_it.ipynb), the section *Is every digit there?*;
# for the layer's place in a VAE-GAN also chapter 5. Words are explained in the [glossary](../book/glossary.md),
# symbols in the [notation](../book/notation.md).

# %% mystnb={"code_prompt_show": "Colab needs this cell", "code_prompt_hide": "Hide Colab's cell"} tags=["colab", "nbval-skip", "hide-cell"]
# Colab needs the course's package and its records. Elsewhere this cell does nothing.
import os
import sys

if "google.colab" in sys.modules and not os.path.exists("06_mode_collapse.py"):
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

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers, ops
from scipy.stats import binom

from vaegan_edu import callbacks, exercises, metrics, models, networks, plotting, toys
from vaegan_edu.layers import MinibatchDiscrimination
from vaegan_edu.widgets import MinibatchExplorer

(x_train, y_train), (x_test, y_test) = profile.load_data()

# %% [markdown]
# ## A clump on the run
#
# [Chapter 4](04_gan.ipynb) told two failures apart. In a *mode collapse* the generator's examples lie on one
# mode or a few, and stay there. In a *chase* they run from place to place. The two have a cause in common, and
# this chapter is about it: the discriminator judges each example by itself, so nothing in its answer of the
# moment asks the examples to differ from each other. Generated points that keep together, at rest or on the
# run, we call a *clump*.
#
# The data are eight Gaussians on a circle, each of them a *mode*, with a standard deviation of $0.05$: the
# *wide ring*. The tables below add the *ring*, with a standard deviation of $0.01$, and the *grid* of $25$
# modes, five rows of five. The discriminator's learning rate is a tenth of the generator's, as in chapter 4's
# unbalanced game.

# %% tags=["hide-input"]
wide_ring, grid = toys.wide_ring(), toys.grid()
BATCH, STEPS = 64, 100  # steps an epoch
EPOCHS = profile.epochs(cpu=30, gpu=60)


def measure(points, mixture):
    """Modes covered, modes covered strictly, share of high quality."""
    known = points, mixture.modes, mixture.std
    tenth = len(points) // (10 * len(mixture.modes))
    return {
        "modes": metrics.modes_covered(*known),
        "strictly": metrics.modes_covered(*known, minimum=tenth),
        "high_quality": metrics.high_quality_share(*known),
    }


def play(name, seed=0, **layer):
    """Train a GAN on the wide ring; return its points after each epoch and its history."""
    keras.utils.set_random_seed(seed)
    gan = models.GAN(
        networks.build_decoder("toy"),
        networks.build_discriminator("toy", **layer),
        seed=seed,
    )
    gan.compile(
        keras.optimizers.Adam(1e-3, beta_1=0.5),
        keras.optimizers.Adam(1e-4, beta_1=0.5),
        steps_per_execution=50,
    )
    points = []

    def count(model):
        points.append(model.generate(2500, seed=0))
        return measure(points[-1], wide_ring)

    history = callbacks.HistoryWriter(f"../runs/chapter-6/{name}/history.csv", measure=count)
    log = callbacks.TensorBoardLog(f"../runs/chapter-6/{name}/log", history)
    gan.fit(
        wide_ring.sample(STEPS * BATCH, seed=seed),
        epochs=EPOCHS,
        batch_size=BATCH,
        verbose=0,
        callbacks=[history, log],
    )
    return points, history


plain_points, plain_history = play("plain")

# %% tags=["nbval-ignore-output", "hide-input"] mystnb={"figure": {"caption": "The unbalanced game at five moments: the generator's points (orange) and the modes (crosses). One run, one seed.", "name": "fig-collapse-run"}, "image": {"alt": "Five small square charts in a row, each with eight crosses on a circle and orange points. In each chart the points form one short streak or clump, in a different place each time, beside the circle or across a small part of it."}}
SHOWN = [epoch for epoch in (1, 3, 10, 20, 30) if epoch <= EPOCHS]


def show_frames(points, axes):
    """Draw the points after the epochs of `SHOWN`, one chart each."""
    for plane, epoch in zip(axes, SHOWN, strict=True):
        plane.plot(*wide_ring.modes.T, "+", color="black", markersize=6)
        plane.plot(*points[epoch - 1][:1000].T, ".", color="C3", markersize=2, alpha=0.5)
        plane.set(aspect="equal", xlim=(-3, 3), ylim=(-3, 3), xticks=[], yticks=[])
        plane.set_title(f"{STEPS * epoch} steps", fontsize=10)


counts = (measure(plain_points[epoch - 1], wide_ring)["modes"] for epoch in SHOWN)
print("modes covered:", *counts)
figure, axes = plt.subplots(1, len(SHOWN), figsize=(plotting.WIDTH, 1.65), squeeze=False)
show_frames(plain_points, axes[0])
plt.show()

# %% [markdown]
# From chart to chart the clump (orange) lies somewhere else, on a mode (a cross) or beside them all: a chase,
# although a single chart could be taken for a collapse. While the clump is in one place, the
# discriminator learns to reject that place; then the clump moves to where the answer is still high. The
# discriminator of the moment tells the generator where to go, and nothing about points that should differ from
# *each other*.
#
# ## Counting
#
# To compare games we count, since on a mixture we know the modes. A point belongs to its nearest mode and is of
# *high quality* within three standard deviations of it. A mode is *covered* if at least one such point is found
# among a fixed number of generated ones {cite}`srivastava2017veegan`.
#
# How many would be covered by chance? Throw $n$ points evenly on the square around the modes, and let $a$ be
# the share of the square that a disc of three deviations takes. All $n$ points miss the disc with probability
# $(1 - a)^n$, so among $K$ modes we expect
#
# $$
# \mathbb E[\texttt{modes}] = K \left(1 - (1 - a)^n\right) .
# $$ (eq-collapse-chance)
#
# With thousands of points that is nearly all modes, so one stray point is little evidence. Therefore we also
# count *strictly*: a mode needs a tenth of its fair share, $m = n / 10 K$ points, rounded down. How likely is
# that by chance? Each of the $n$ points falls into the disc of a given mode with probability $a$, independently
# of the others, so their number in it is binomial. In the code `binom.sf(m - 1, n, a)` is the chance of at
# least $m$.

# %% tags=["hide-input"]
n, draws = 2500, 200
rng = np.random.default_rng(0)
mixtures = {"ring": toys.ring(), "wide ring": wide_ring, "grid": grid}
rows = {}
for name, mixture in mixtures.items():
    K = len(mixture.modes)
    edge = np.abs(mixture.modes).max() + 3 * mixture.std
    a, m = np.pi * (3 * mixture.std) ** 2 / (2 * edge) ** 2, n // (10 * K)
    spread = rng.uniform(-edge, edge, (draws, n, 2))
    found = [measure(points, mixture) for points in spread]
    rows[f"{name}, by chance"] = {
        "of": K,
        **{key: float(np.mean([row[key] for row in found])) for key in found[0]},
        "modes by formula": K * (1 - (1 - a) ** n),
        "strictly by formula": K * binom.sf(m - 1, n, a),
    }
    shapes = {"real data": mixture.sample(n, seed=0)}
    if name == "wide ring":
        angle = 2 * np.pi * np.arange(n) / n
        shapes = {"an even circle": np.stack([np.cos(angle), np.sin(angle)], axis=1)} | shapes
    for title, points in shapes.items():
        numbers = {key: float(value) for key, value in measure(points, mixture).items()}
        no_formula = {"modes by formula": "", "strictly by formula": ""}
        rows[f"{name}, {title}"] = {"of": K, **numbers, **no_formula}
notebook.Table(rows)

# %% [markdown]
# (The rows "by chance" are means of many draws.) On the grid, points thrown at random cover nearly all modes by
# the plain count and none by the strict one. On the wide ring the discs are so large that the strict count is
# fooled as well: by random points often, and by points spread evenly on the circle, *between* the modes as
# well as on them, at every mode. There only the share of high quality tells. So give all three numbers,
# beside those of chance and of real data.
#
# ## One at a time
#
# What does a discriminator of single examples ask of a clump? The *best* one would reject the clump's place
# until the clump is gone (equation {eq}`eq-gan-crowded`). A real one has a *finite capacity*
# {cite}`arora2017generalization`, and it *lags*: when it has learned to reject the place, the clump has moved
# on. So we ask what it tells the generator in the meantime, between two of its own updates.
#
# In that time its answer is a fixed function of *one* example $x$: the logit $l(x)$, whose sigmoid is $D(x)$.
# (BatchNorm would add a narrow view of the batch; the
# discriminators of this chapter have none.) The generator's loss is a mean over its examples, and a mean is
# never below the smallest value:
#
# $$
# \mathbb E_z\left[-\log D(G(z))\right] \;\geq\; \min_x \left(-\log D(x)\right),
# $$ (eq-collapse-fixed)
#
# with equality if *every* code goes to the one point $x$ where $D$ is largest. So against a discriminator that
# stands still, collapse is *a* best answer, and no varied one is better. Variety can only come from the
# discriminator's next updates.
#
# And which way are the points of a clump pushed? In the generator's loss, the term of example $i$ contains
# $x_i$ alone, so the slope at $x_i$ depends on $x_i$ alone. Therefore near copies have nearly equal slopes: all
# are asked to go the same way, and nothing asks them to part {cite}`salimans2016improved`. (A clump of some
# width *can* be pushed apart, if $D$ has learned a dip in the middle of it.)
#
# We measure this on a "generator" that does not learn: its points lie around one mode, in a clump of a given
# width. A fresh discriminator is trained against it for a while, from each of four seeds. Then we take the slope
# of the generator's loss at each point of one generated batch. The table gives the lowest and the highest of
# the four for three numbers:
#
# - how well two slopes agree in direction: their mean cosine, which is one if all point the same way;
# - for which share of the points a step down the slope leads *outward*, away from the middle of the clump; a
#   coin would say one half;
# - how much the logit of one point changes if all others of its batch are exchanged.

# %% tags=["nbval-ignore-output", "hide-input"]
WIDTHS = (0.001, 0.05, 0.3)  # standard deviations of the clump; the modes' own is 0.05


class GeneratorsLoss(layers.Layer):
    """-log D of each logit, (batch, 1)."""

    def call(self, logits):
        return ops.softplus(-logits)


def pushes(gan):
    """A generated batch, and the direction of the loss's slope at each of its points."""
    points = gan.generate(BATCH, seed=1)
    network = keras.Model(gan.discriminator.input, GeneratorsLoss()(gan.discriminator.outputs[0]))
    slope = models.input_gradient(network, ops.convert_to_tensor(points), training=False)
    slope = ops.convert_to_numpy(slope)
    return points, slope / np.linalg.norm(slope, axis=1, keepdims=True)


def agreement(gan):
    """How the slopes of a clump agree, and whether they push it apart."""
    points, slope = pushes(gan)
    cosine = (np.sum(slope @ slope.T) - BATCH) / (BATCH * (BATCH - 1))
    outward = np.sum(-slope * (points - points.mean(axis=0)), axis=1) > 0
    # Its other points exchanged for real ones: does the answer on the first one change?
    mixed = np.concatenate([points[:1], wide_ring.sample(BATCH - 1, seed=1)])
    first, second = (networks.apply(gan.discriminator, batch)[0][0, 0] for batch in (points, mixed))
    return {
        "mean cosine": float(cosine),
        "share outward": float(outward.mean()),
        "change by the others": float(abs(first - second)),
    }


def against_clumps(**layer):
    """Train discriminators against clumps that stand still; return `agreement` of each.

    And, to draw them, the pushes in the narrowest clump, first seed. Compiled once and reset.
    """
    clump = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    gan = models.GAN(clump, networks.build_discriminator("toy", **layer), seed=0)
    gan.compile(
        keras.optimizers.SGD(0.0),  # the clump does not learn
        keras.optimizers.Adam(1e-3, beta_1=0.5),
        steps_per_execution=50,
    )
    fresh = [ops.convert_to_numpy(v) for v in gan.optimizer.variables]
    found, drawn = {width: [] for width in WIDTHS}, None
    for width in WIDTHS:
        for seed in range(4):
            keras.utils.set_random_seed(seed)
            clump.set_weights([width * np.eye(2), wide_ring.modes[0]])
            new = networks.build_discriminator("toy", **layer)
            gan.discriminator.set_weights(new.get_weights())
            for variable, value in zip(gan.optimizer.variables, fresh, strict=True):
                variable.assign(value)
            gan.fit(wide_ring.sample(300 * BATCH, seed=0), batch_size=BATCH, verbose=0)
            found[width].append(agreement(gan))
            drawn = drawn or pushes(gan)
    return found, drawn


def ranges(found):
    """The lowest and the highest of each number."""
    return {
        key: f"{min(row[key] for row in found):.2f} to {max(row[key] for row in found):.2f}"
        for key in found[0]
    }


without_layer, plain_pushes = against_clumps()
notebook.Table(
    {f"plain, {width}": ranges(found) for width, found in without_layer.items()},
    corner="width of the clump",
)

# %% [markdown]
# At all three widths, and from each seed, the slopes nearly agree. The clump is pushed one way, and about as many
# of its points inward as outward: that is the chase. The last column is zero, as it must be.
#
# ## Let it see the batch
#
# The remedy is to give the discriminator a feature of the whole batch: *how close is this example to the
# others?* {cite}`salimans2016improved` call it minibatch discrimination. Real batches are varied; if a
# generated one is not, this feature gives it away.
#
# We build it in five steps. Let $f$ be the inner features of $N$ examples, $A$ numbers each.
#
# **Step one: where to compare.** Not in $f$ itself but in a few projections of it, which are learned. A
# weight `kernel` of shape $(A, B, C)$ gives each example $B$ short vectors of $C$ numbers:
#
# $$
# M_{i,b,c} = \sum_{a=1}^{A} f_{i,a} \, \texttt{kernel}_{a,b,c} .
# $$ (eq-collapse-project)

# %%
rng = np.random.default_rng(0)
N, A, B, C = 6, 10, 3, 4  # examples, features, kernels, dimension of a kernel
f = rng.normal(size=(N, A)).astype("float32")
kernel = rng.normal(0.0, 1 / (C * A**0.5), (A, B, C)).astype("float32")

M = np.tensordot(f, kernel, axes=1)
print("M", M.shape)

# %% [markdown]
# **Step two: how far apart.** For each kernel $b$, the L1 distance of every pair,
# $d_{i,j,b} = \sum_c |M_{i,b,c} - M_{j,b,c}|$. In the code `M[:, None] - M[None]` holds the differences of all
# pairs, $N \times N$ of them.
#
# **Step three: from far to close.** $\exp(-d)$ is one for copies and falls towards zero with the distance.

# %%
d = np.abs(M[:, None] - M[None]).sum(axis=-1)
near = np.exp(-d)
print("d", d.shape, " from", d.min(), "to", d.max().round(2))
print("exp(-d) of the first example and kernel:", near[0, :, 0].round(2))

# %% [markdown]
# **Step four: add up over the others.** That is the feature, one number for each example and kernel:
#
# $$
# o_{i,b} = \texttt{scale} \sum_{j \neq i} \exp\left(-\lVert M_{i,b} - M_{j,b} \rVert_1\right) .
# $$ (eq-collapse-closeness)
#
# Why $j \neq i$? An example is always at distance zero from itself, so $j = i$ would add the constant `scale`
# to every feature, which carries no information. The paper prints the sum over all $j$; its released code
# leaves $j = i$ out, and so do we. The factor `scale` is ours: with a batch of $64$ the sum has $63$ terms, and
# without the factor such a feature could drown the others at first.
#
# **Step five: append.** The next layer gets $f$ and $o$ side by side, $A + B$ numbers for each example.
#
# The five steps as a Keras layer:


# %%
class Closeness(layers.Layer):
    """Append to each example's features how close it lies to the others of its batch."""

    def __init__(self, num_kernels, kernel_dim, scale):
        super().__init__()
        self.num_kernels, self.kernel_dim, self.scale = num_kernels, kernel_dim, scale

    def build(self, shape):
        s = 1 / (self.kernel_dim * shape[-1] ** 0.5)  # why so small: "A kernel that is blind"
        self.kernel = self.add_weight(
            shape=(shape[-1], self.num_kernels, self.kernel_dim),
            initializer=keras.initializers.RandomNormal(stddev=s),
        )

    def call(self, f):
        M = ops.tensordot(f, self.kernel, axes=1)
        d = ops.sum(ops.abs(M[:, None] - M[None]), axis=-1)
        o = self.scale * (ops.sum(ops.exp(-d), axis=1) - 1)  # less the pair with itself
        return ops.concatenate([f, o], axis=-1)


# %% [markdown]
# We compare it with the NumPy of the steps and with the package's `MinibatchDiscrimination`.

# %% tags=["hide-input"]
scale = 0.5
o = scale * (near.sum(axis=1) - 1.0)  # without the pair of an example with itself
with_self = scale * near.sum(axis=1)

written, layer = Closeness(B, C, scale), MinibatchDiscrimination(B, C, scale)
for one in (written, layer):
    one.build((None, A))
    one.kernel.assign(kernel)
in_keras = ops.convert_to_numpy(written(f))
package = ops.convert_to_numpy(layer(f))
alone = ops.convert_to_numpy(layer(f[:1]))[0, A:]
copies_of_one = ops.convert_to_numpy(layer(np.repeat(f[:1], N, axis=0)))[0, A:]
notebook.Table(
    {
        f"kernel {b + 1}": {
            "in NumPy": o[0, b],
            "in Keras": in_keras[0, A + b],
            "package": package[0, A + b],
            "with j = i": with_self[0, b],
            "a batch of one": alone[b],
            "six copies": copies_of_one[b],
        }
        for b in range(B)
    },
    digits=3,
    corner="o of the first example",
)

# %% [markdown]
# Copies reach the largest value there is, `scale` times $N - 1$. So the size of $o$ goes with the size
# of the batch: real and generated batches must be equally large, or the layer tells them apart by that
# alone. They must also be *separate* batches. In a mixed one the closeness of a generated example to
# real ones would enter, and the answer would depend on the mixture.
#
# In the discriminator of a VAE-GAN the layer stands behind the features that are compared and before the
# logit. This is chapter 5's function with one new line. We exchange all images of a batch but the first, and
# ask what changes for that one:


# %%
def build_discriminator(batch_size, image_shape=(28, 28, 1)):
    images = h = keras.Input(image_shape)
    for filters in (16, 32, 64):  # the last of the three gives the features
        features = layers.Conv2D(filters, 4, strides=2, padding="same")(h)
        h = layers.LeakyReLU(0.2)(features)
    h = layers.Flatten()(h)
    h = Closeness(num_kernels=8, kernel_dim=4, scale=4 / (batch_size - 1))(h)  # new
    return keras.Model(images, (layers.Dense(1)(h), features), name="discriminator")


keras.utils.set_random_seed(0)
discriminator = build_discriminator(BATCH)
one, other = x_train[:BATCH], np.concatenate([x_train[:1], x_train[BATCH : 2 * BATCH - 1]])
for name, a, b in zip(("logit", "features"), discriminator(one), discriminator(other), strict=True):
    same = np.allclose(a[0], b[0], atol=1e-6)
    print(f"{name:9}{tuple(a.shape)}, of the first image the same: {same}")

# %% [markdown]
# The logit now depends on the batch; the features do not. Features taken behind the layer would make the
# feature loss of an image depend on the other images of its batch. Real images, reconstructions and samples go
# through the discriminator in three calls, so that each is a batch of its own and all three are equally large.
# (Whether a VAE-GAN collapses at all, this chapter does not measure.)
#
# ### A kernel that is blind
#
# One thing can go wrong without an error: the size of `kernel` at the start. If its entries are too large, all
# distances are large, and $\exp(-d)$ is practically zero for every pair. Then its slope is zero, too, so the
# layer says nothing and learns nothing. (If they are far too small, all pairs look equally close.)
#
# How large are the distances? Let the features have variance one and the kernel's entries standard deviation
# $s$. Each of the $A$ features adds $2 s^2$ to the variance of a difference $t$ of two entries of $M$, which is
# therefore $v = 2 A s^2$. For a Gaussian $t$ we have
# $\mathbb E|t| = \frac{2}{\sqrt{2 \pi v}} \int_0^\infty t\, e^{-t^2 / 2v}\, \mathrm dt = \sqrt{2 v / \pi}$,
# and $C$ such terms make the distance:
#
# $$
# \mathbb E[d] = 2 \, C \, s \sqrt{\frac A \pi} .
# $$ (eq-collapse-distance)
#
# With $s = 1$ it grows with the root of $A$. The package takes $s = 1 / (C \sqrt A)$, so that the distance is
# $2 / \sqrt\pi$ whatever $A$ and $C$ are. We try three sizes; the last is that of the original project's faces.

# %% tags=["hide-input"]
rng, rows = np.random.default_rng(0), {}
for A in (64, 3200, 25088):
    x = rng.normal(size=(BATCH, A)).astype("float32")
    for title, s in (("s = 1", 1.0), ("package", 1 / (5 * A**0.5))):
        m = x @ rng.normal(0.0, s, (A, 5)).astype("float32")
        distance = np.abs(m[:, None] - m).sum(axis=-1, dtype="float64")
        pairs = ~np.eye(BATCH, dtype=bool)
        near = np.where(pairs, np.exp(-distance), 0.0)
        rows[f"A = {A:,}, {title}"] = {
            "distance": float(distance[pairs].mean()),
            "by formula": float(2 * 5 * s * np.sqrt(A / np.pi)),
            "largest o": f"{near.sum(axis=1).max():.1e}",
            # as a network computes, in single precision
            "pairs with exp(-d) = 0": f"{np.mean(near[pairs].astype('float32') == 0.0):.0%}",
        }
notebook.Table(rows, digits=1)

# %% [markdown]
# With $s = 1$ and $64$ features no pair is exactly zero yet, but the largest $o$ is already below a thousandth.
# With thousands of features nearly all pairs are zero, and no slope is left by which the kernel could shrink.
#
# ### What the clump feels now
#
# We repeat the measurement of *One at a time* with a discriminator that has the layer. An L1 distance has a
# kink at zero: however near two points are, the slope of $|t|$ is plus one for the one and minus one for the
# other. So near copies no longer have equal slopes.

# %% tags=["nbval-ignore-output"]
KERNELS = {"minibatch_kernels": 8, "minibatch_dim": 4, "minibatch_scale": 1 / 16}
with_layer, layer_pushes = against_clumps(**KERNELS)
notebook.Table(
    {
        f"{name}, {width}": ranges(found[width])
        for width in WIDTHS
        for name, found in (("plain", without_layer), ("minibatch", with_layer))
    },
    corner="width of the clump",
)

# %% tags=["hide-input"] mystnb={"figure": {"caption": "A batch in a clump a thousandth wide, and the direction in which each of its points is pushed. Left by a discriminator of single points, right by one with minibatch discrimination.", "name": "fig-collapse-push"}, "image": {"alt": "Two charts of the same cloud of dots with an arrow at each. Left, nearly all arrows are parallel. Right, the arrows point away from the middle of the cloud in all directions."}}
figure, axes = plt.subplots(1, 2, figsize=(plotting.WIDTH, 3.3))
drawn = {"plain": plain_pushes, "minibatch": layer_pushes}
for plane, (name, (points, slope)) in zip(axes, drawn.items(), strict=True):
    at = 1000 * (points - points.mean(axis=0))
    plane.quiver(*at.T, *-slope.T, color="C3", width=0.005, scale=14)
    plane.plot(*at.T, ".", color="black", markersize=3)
    plane.set(title=name, aspect="equal", xlim=(-3.4, 3.4), ylim=(-3.4, 3.4), xlabel="thousandths")
print(f"{BATCH} points each")
plt.show()

# %% [markdown]
# At the smallest width the layer pushes nearly all points outward, from each seed; that is the kink. At $0.05$,
# the width of a real mode, it depends on the seed: from one the layer changes little about the directions, from
# another it pushes most points outward. And most points of a clump far wider than a mode are drawn back
# in, from each. So the layer parts near copies, and does not spread every clump.
#
# That is not yet a reason why a chase should end, since a clump that runs is much wider than near copies. There
# is another candidate: a clump is given away by its closeness *wherever* it goes, so that running no longer
# pays. No run here tells the two apart. Whether the chase ends, *Does it cure?* measures.
#
# Now shape a batch yourself. Real points lie on the ring. Of the generated ones you choose how many of
# the eight places they take (`clusters`), how widely (`spread`), and whether all are moved aside
# (`shift`). There is one kernel, a factor on the differences. Below stands $o$ of each example.
#
# Two lines say how well the two batches can be told apart: by the place of one point, that is its distance to
# the nearest mode, and by its batch, that is its $o$. Each is the chance to be right about a pair of one real
# and one generated point; one half is a guess. First make a collapse that is perfect point by point, then a
# batch that is as varied as the real one and wrong everywhere. Then try the ends of the kernel's slider.

# %% tags=["nbval-ignore-output"]
explorer = MinibatchExplorer()
explorer

# %% tags=["hide-input"]
cases = {
    "collapsed, each point right": {"clusters": 1},
    "varied, each point wrong": {"clusters": 8, "shift": 1.0},
    "right": {"clusters": 8},
}
views = {title: MinibatchExplorer(**sliders).view for title, sliders in cases.items()}
notebook.Table(
    {
        title: {
            "by place": view["by_place"],
            "by batch": view["by_batch"],
            "modes": view["modes"],
        }
        for title, view in views.items()
    },
    corner="told apart",
)

# %% [markdown]
# The layer sees variety and not quality; the features of the single example see quality and not variety. So it
# cannot replace them, and step five *appends*.
#
# ## Does it cure?
#
# Now the game of the first section again, on the wide ring and from the same seed, with eight kernels of
# dimension four and the sum scaled by a sixteenth. Everything else is equal.

# %% tags=["nbval-ignore-output"]
layer_points, layer_history = play("minibatch", **KERNELS)
ends = {"plain": plain_points[-1], "minibatch": layer_points[-1]}
notebook.Table(
    {name: measure(points, wide_ring) for name, points in ends.items()}, corner="of 8 modes"
)

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Above, the same game with minibatch discrimination, same seed; crosses are the modes. Below, the modes covered strictly after each hundred steps, with and without the layer. One run of each.", "name": "fig-collapse-cure"}, "image": {"alt": "Above, five small charts with eight crosses on a circle: the orange points start as a short streak, open into a ring and lie on the circle from then on. Below, two curves over steps: that with the layer climbs to seven or eight and stays high, that without stays near zero."}}
figure = plt.figure(figsize=(plotting.WIDTH, 3.9))
cells = figure.add_gridspec(2, len(SHOWN), height_ratios=(1, 1.3))
show_frames(layer_points, [figure.add_subplot(cells[0, i]) for i in range(len(SHOWN))])
curves = figure.add_subplot(cells[1, :])
steps = STEPS * np.arange(1, EPOCHS + 1)
for name, history in (("plain", plain_history), ("minibatch", layer_history)):
    curves.plot(steps, [row["strictly"] for row in history.rows], label=name)
curves.set(xlabel="steps", ylabel="modes, strictly", ylim=(-0.3, 8.3))
curves.legend(loc="center right")
print(f"{STEPS * EPOCHS} steps each")
plt.show()

# %% [markdown]
# With the layer the points soon lie on the whole circle, also between the modes.
#
# (In Colab or Jupyter, `%load_ext tensorboard` and `%tensorboard --logdir ../runs/chapter-6` open the curves.)
#
# ### Ten seeds, and a control
#
# One seed shows little, and a chase looks worse or better by when it is stopped. So
# `python -m benchmarks.collapse_and_cure` played each game from ten seeds. A run *fails* if it covers fewer
# than half of the modes. That was fixed before the first run; the strict count was added after the first
# pictures had been looked at.
#
# The layer also brings more weights and more features. Perhaps any additional layer of that size would help? So
# a third discriminator is the *control*: as many weights, as many features, of the same form and size, but
# computed as if all others of the batch lay at the origin:
#
# $$
# o_{i,b} = \texttt{scale}\, (N - 1) \exp\left(-\lVert M_{i,b} \rVert_1\right) .
# $$ (eq-collapse-control)
#
# This number depends on one example alone. So what the control also wins, the view of the batch did not win.
# The table has the unbalanced games; in the figure open circles stand for those with equal rates. The brackets are
# $95\,\%$ intervals of the mean over the ten seeds, by Student's t ([glossary](../book/glossary.md)), which does
# not know that there are eight modes at most.

# %% tags=["hide-input"]
with open("../benchmarks/results/collapse_and_cure.json", encoding="utf-8") as file:
    record = json.load(file)
ARMS = ("plain", "minibatch", "control")


def recorded(toy, game, arm, key="modes_with_a_tenth", runs=record["runs"]):
    """One number of each run of a cell of the record, by seed."""
    chosen = [r for r in runs if (r["toy"], r["game"], r["discriminator"]) == (toy, game, arm)]
    return np.array([run[key] for run in sorted(chosen, key=lambda run: run["seed"])])


settings = record["settings"]
rows = {}
for toy, mixture in mixtures.items():
    for arm in ARMS:
        cell = toy, "unbalanced", arm
        failed, strict = recorded(*cell, "failed"), recorded(*cell)
        rows[f"{toy}, {arm}"] = {
            "failed": f"{failed.sum()} of {len(failed)}",
            "failed strictly": f"{(strict < len(mixture.modes) / 2).sum()} of {len(strict)}",
            "modes, strictly": metrics.mean_interval(strict),
            "high quality": float(recorded(*cell, "high_quality").mean()),
        }
quality = recorded("wide ring", "unbalanced", "minibatch", "high_quality")
print(f"wide ring, minibatch: high quality from {quality.min():.2f} to {quality.max():.2f}")
notebook.Table(
    rows, digits={"modes, strictly": 1}, corner=f"unbalanced games, {settings['steps']} steps"
)

# %% mystnb={"figure": {"caption": "Modes covered strictly, one dot for each run, ten seeds each: full dots for the unbalanced game, open circles for the balanced one. Below the dotted line a run counts as failed strictly.", "name": "fig-collapse-seeds"}, "image": {"alt": "Three charts, for ring, wide ring and grid, each with three columns of dots. On the ring, full dots of all three columns are scattered from zero to eight. On the wide ring those of the plain column lie mostly at the bottom, those of minibatch all near the top, those of the control at both ends. On the grid nearly all dots lie below the dotted line."}} tags=["hide-input"]
figure, panels = plt.subplots(1, 3, figsize=(plotting.WIDTH, 3.1))
for axes, (toy, mixture) in zip(panels, mixtures.items(), strict=True):
    below = []
    for column, arm in enumerate(ARMS):
        for game, shift, style in (("unbalanced", -0.2, "o"), ("balanced", 0.2, "o")):
            values = recorded(toy, game, arm)
            jitter = shift + (np.arange(len(values)) - 4.5) / 40
            face = f"C{column}" if game == "unbalanced" else "none"
            axes.plot(
                column + jitter,
                values,
                style,
                color=f"C{column}",
                markersize=5,
                markerfacecolor=face,
                alpha=0.7,
            )
        below.append(int((recorded(toy, "unbalanced", arm) < len(mixture.modes) / 2).sum()))
    print(f"{toy:9} unbalanced, below the line:", dict(zip(ARMS, below, strict=True)))
    axes.axhline(len(mixture.modes) / 2, color="black", linestyle=":", linewidth=1)
    axes.set(title=toy, ylim=(-0.04 * len(mixture.modes), 1.04 * len(mixture.modes)))
    axes.set_xticks(range(3), ARMS, fontsize=9, rotation=30)
panels[0].set_ylabel("modes, strictly")
plt.show()

# %% [markdown]
# <details><summary>Could luck explain the differences?</summary>
#
# Compare run by run. All three discriminators played from the same seeds, and a seed sets weights and data,
# so we may subtract. If the interval of the mean difference contains zero, ten seeds do not separate the two.
# And do not build on a bound that lies close to zero: of twelve independent intervals, each right in $95\,\%$
# of cases, at least one misses with a chance of $1 - 0.95^{12}$, nearly one half.
#
# </details>

# %% mystnb={"code_prompt_show": "Show the paired differences", "code_prompt_hide": "Hide the paired differences"} tags=["hide-cell"]
rows = {}
for toy in mixtures:
    for game in ("unbalanced", "balanced"):
        rows[f"{toy}, {game}"] = {}
        for other in ("plain", "control"):
            difference = recorded(toy, game, "minibatch") - recorded(toy, game, other)
            mean, low, high = metrics.mean_interval(difference)
            rows[f"{toy}, {game}"][f"minus {other}"] = (mean, low, high)
notebook.Table(rows, digits=1, corner="modes, strictly, minibatch")

# %% [markdown]
# What the record says:
#
# - **Wide ring, unbalanced: the chase is cured.** By the count of modes the plain game fails in most runs, the
#   control in half, and the one with the layer in none. Here the view of the batch did it. (None of ten is not
#   never: a game that fails once in four shows no failure in ten seeds once in about eighteen times,
#   $0.75^{10}$.) But an even circle passes that count, too. By the share of high quality the runs with the
#   layer lie, on average, between such a circle and real data, the lowest not far above the circle. So the gaps
#   between the modes are cleared in part only.
# - **Ring, unbalanced: perhaps a help, and not clearly of the batch.** By the plain count it fails far less
#   often than the plain game. Counted strictly it still fails in more than half of the runs, and ten seeds
#   separate it neither from the plain game nor from the control.
# - **Balanced games on both rings: little to cure.** Hardly any of their dots lie below the line. On the ring
#   the layer's strict counts are higher than the others', but by little and perhaps by luck (see the fold); on
#   the wide ring ten seeds show no difference.
# - **Grid: none of the three discriminators solves it,** with equal rates or without: by the strict count nearly
#   all runs fail. In the unbalanced game the layer looks like a remedy by the plain count: it spreads the
#   points, and does not make them hit.
#
# So minibatch discrimination is a remedy against the clump, not against every kind of missing mode.
#
# ### A smaller batch?
#
# The project that this course grew out of wrote that *a smaller batch with minibatch discrimination* cures mode
# collapse ([README of *Shuntw6096/VAE-GAN*](https://github.com/Shuntw6096/VAE-GAN)). Those are two changes at
# once. So we played the unbalanced game on the wide ring with other batch sizes, as many steps, ten seeds each.
# The sum's scale goes with the batch, so that the features keep their size.

# %% tags=["hide-input"]
by_size = {settings["batch_size"]: record["runs"]}
for size in (16, 128):
    path = f"../benchmarks/results/collapse_and_cure_batch_{size}.json"
    with open(path, encoding="utf-8") as file:
        by_size[size] = json.load(file)["runs"]
rows = {}
for size, runs in sorted(by_size.items()):
    for arm in ARMS:
        cell = "wide ring", "unbalanced", arm
        failed = recorded(*cell, "failed", runs)
        rows[f"batch {size}, {arm}"] = {
            "failed": f"{failed.sum()} of {len(failed)}",
            "modes, strictly": metrics.mean_interval(recorded(*cell, runs=runs)),
            "high quality": float(recorded(*cell, "high_quality", runs).mean()),
        }
cell = "wide ring", "unbalanced"
together = {
    arm: sum(recorded(*cell, arm, "failed", runs).sum() for runs in by_size.values())
    for arm in ARMS
}
print("failed, of all thirty:", ", ".join(f"{arm} {count}" for arm, count in together.items()))
notebook.Table(rows, digits={"modes, strictly": 1}, corner="wide ring, unbalanced")

# %% [markdown]
# Counted by modes, the plain game and the control failed in more than half of thirty runs, the game with the
# layer in none. A smaller batch alone cured nothing here, and with the layer it was not needed. This is one toy
# and one game; the [page of claims](../book/claims.md) puts the project's sentence to a test whose threshold
# was fixed before the first run.
#
# ### On images
#
# Does the layer help on images, too? There the classes can serve as modes: a classifier trained on real images
# says which digit it takes each generated image for. With $p_c$ for the share of class $c$ among $K$ classes, the *histogram divergence* of
# [How good is it?](04_how_good_is_it.ipynb) is
#
# $$
# D_\text{KL}(p \,\|\, \text{uniform}) = \sum_{c=1}^{K} p_c \log (K p_c),
# $$ (eq-collapse-histogram)
#
# zero if all classes are equally frequent, $\log K$ if one is left. A fair sample of $n$ images is not
# perfectly even: it scores about $(K - 1) / 2n$.
#
# All ten classes may be there with one image each, so we also measure variety *within* a class:
# $\bar d$, the mean distance between two different images that the classifier takes for the same digit,
# over that of real ones,
#
# $$
# \begin{aligned}
# \bar d &= \frac{1}{N (N - 1)} \sum_{i \neq j} \lVert x_i - x_j \rVert, \\
# v &= \bar d_\text{generated} \,/\, \bar d_\text{real},
# \end{aligned}
# $$ (eq-collapse-within)
#
# where $x_1, \dots, x_N$ are the images of one class. The ratio $v$ is averaged over the classes; in the code
# it is `within_class_distance`. Copies give zero, real images about one. Beside both stands the share of
# *unclear* images, to which the classifier gives no class with at least nine tenths. We try these numbers on
# collapses that we make by hand, from real images.

# %% tags=["hide-input"]
judge = metrics.load_classifier(profile.data)
flat_train = x_train.reshape(len(x_train), -1)


def watch(images):
    """What the classifier makes of images, and how varied they are within a class."""
    probabilities, _ = metrics.classify(judge, images)
    counts = metrics.class_histogram(probabilities)
    flat = images.reshape(len(images), -1)
    return {
        "classes": metrics.classes_covered(counts, minimum=len(images) // 100),
        "histogram divergence": metrics.histogram_divergence(counts),
        "within class": metrics.within_class_distance(
            flat_train, y_train, flat, probabilities.argmax(axis=1)
        )
        or 0.0,
        "unclear": metrics.low_confidence_share(probabilities),
    }


# %%
real = x_test[:360]
firsts = np.array([np.flatnonzero(y_test == digit)[0] for digit in range(10)])
copies = np.repeat(x_test[firsts], 36, axis=0)
noise = np.random.default_rng(0).normal(0.0, 0.35, copies.shape)
cases = {
    "real, held out": real,
    "five of the ten classes": real[y_test[:360] < 5],
    "one image of each class": copies,
    "the same, with noise": np.clip(copies + noise, -1, 1).astype("float32"),
    "a single image": np.repeat(x_test[firsts[:1]], 360, axis=0),
}
seen = {name: watch(images) for name, images in cases.items()}
notebook.Table(seen, digits={"histogram divergence": 3})

# %% [markdown]
# Marks for the histogram divergence: a fair sample of this size has about $9 / 720 = 0.0125$ (the held-out
# digits, balanced on purpose, have less), five of ten classes $\log 2 \approx 0.69$, one class
# $\log 10 \approx 2.30$.
#
# Each number is blind to something. The histogram does not see that "one image of each class" is ten
# images. The distance within a class sees it, until noise is added: noise is variety too, of the wrong
# kind. The share of unclear images finds nothing wrong with a single image. So we read all of them together,
# and look at the images.
#
# ### Digits, and a control
#
# Now a game on digits. It must collapse without the layer, or there is nothing to cure. What to look for was
# written down before the runs, in `benchmarks/collapse_on_digits.py`. A digit is *left* if it gets at least a tenth of its equal share of the
# samples, and a run fails if it leaves at most five.
#
# - **The game** is the first, of five planned in a fixed order, in which the plain discriminator fails from both
#   of two seeds. (The search stopped at the fourth.) It is then played from five other seeds, with each
#   discriminator.
# - **The verdict.** The layer *cures* if none of its five runs fails and at least three of the control's do. It
#   *helps* if it leaves more digits than the control, run by run, by an interval without zero.
#
# The first games kept more digits, even the one with the rates of our unbalanced rings. In the game that was
# found, the discriminator is the slowest of all: its rate is three hundredths of the generator's. The layer is
# that of the rings.

# %% tags=["hide-input"]
with open("../benchmarks/results/collapse_on_digits.json", encoding="utf-8") as file:
    on_digits = json.load(file)["runs"]


GAMES = {  # learning rates of G and D, and beta_1
    "unbalanced": "1e-3, 1e-4, 0.5",
    "fast generator": "5e-3, 1e-3, 0.5",
    "momentum": "1e-3, 1e-4, 0.9",
    "slow discriminator": "1e-3, 3e-5, 0.5",
}


def told(game, arm, part):
    """What is left in the runs of a game, one a seed; the search has the seeds from ten on."""
    runs = [run for run in on_digits if (run["game"], run["kind"]) == (game, arm)]
    runs = [run for run in runs if (run["seed"] >= 10) == (part == "search")]
    return {
        "rates of G, D; beta_1": GAMES[game],
        "digits left, one a seed": " ".join(str(run["digits"]) for run in runs),
        "histogram divergence": float(np.mean([run["divergence"] for run in runs])),
        "unclear": float(np.mean([run["unclear"] for run in runs])),
        "coverage": float(np.mean([run["coverage"] for run in runs])),
    }


searched = dict.fromkeys(run["game"] for run in on_digits)
collapsing = list(searched)[-1]
rows = {f"search: {game}, plain": told(game, "plain", "search") for game in searched}
rows |= {f"{collapsing}, {arm}": told(collapsing, arm, "experiment") for arm in ARMS}
notebook.Table(rows, corner="games on digits, 2000 steps")

# %% tags=["hide-input"] mystnb={"figure": {"caption": "The first forty samples of the first seed, by each discriminator in the game that collapses.", "name": "fig-collapse-on-digits"}, "image": {"alt": "Three panels of forty small images. In the first all forty are the same grainy digit, a two. The second and the third show soft, blotchy digits of all kinds."}}
figure, panels = plt.subplots(len(ARMS), 1, figsize=(plotting.WIDTH, 2.6))
for panel, arm in zip(panels, ARMS, strict=True):
    panel.imshow(plt.imread(f"../benchmarks/results/collapse_on_digits/{arm}.png"), cmap="gray")
    panel.set(xticks=[], yticks=[])
    panel.set_ylabel(arm, rotation=0, ha="right", va="center")
print("seeds:", sorted({run["seed"] for run in on_digits if run["seed"] < 10}))
plt.show()

# %% [markdown]
# The plain game collapses from every seed. On its sheet forty codes give one picture, to which the classifier
# gives two names; these are the two digits that the table counts for this seed. With the layer nearly all
# digits are back, from every seed, although more than a third of the images stay unclear, as in the first two
# games of the search.
#
# That would be a cure, if the control did not do the same, and the control judges each image alone. So in this
# game the view of the batch was not needed, and by the rule it neither cured nor helped. What was enough is
# something that layer and control share: additional features, made by an exponential of learned distances. Why
# these help a slow discriminator, no run here tests. Without the control we would have called it a success of
# minibatch discrimination.
#
# ### In a game of your own
#
# First measure whether anything is missing: recall, coverage, the histogram, the distance within a class. If
# something is, look at the two rates: balanced games hardly ever failed on the rings, with the layer or
# without, though on the grid nearly all did by the strict count. Then add the layer, with the settings of the games above:
# `networks.build_discriminator(..., minibatch_kernels=8, minibatch_dim=4, minibatch_scale=4 / (batch_size - 1))`.
# From the command line, for batches of $64$, it is
# `--set minibatch_kernels=8 --set minibatch_dim=4 --set minibatch_scale=0.0625`. (Others were not
# compared.) Change nothing else, and compare over several seeds. From then on $D$ depends on the batch, so
# give it only batches of one kind, real or generated, and of the size that it was trained with.
#
# Other layers of the same idea are simpler: {cite}`karras2018progressive` append one number, the standard
# deviation over the batch, and {cite}`lin2018pacgan` show the discriminator several examples as one input.
#
# What made the games on the rings fail was how fast the discriminator learns beside its opponent.
# [Chapter 7](07_schedules.ipynb) is about that rate, and about rules that change it.
#
# ## Exercises
#
# Replace the placeholder in each cell and run it. The check says what it proved, or gives a hint.
#
# ### Run and look
#
# In the explorer move `clusters` to four, `spread` to $0.1$, `shift` and `log10(kernel)` to zero: half of the
# modes, each twice as wide as it should be. Which tells more, one point's place or its batch? Decide before
# you look. Then read the two numbers, told apart by place and by batch.

# %% tags=["exercise"]
# Exercise: batch_view
pair = None  # (told apart by place, told apart by batch): replace None

exercises.check("batch_view", pair)

# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: batch_view
pair = (0.84, 0.79)

exercises.check("batch_view", pair)

# %% [markdown]
# ### Count modes
#
# Write the strict count: a point belongs to its nearest mode and counts within three standard deviations
# of it; a mode is covered by at least `minimum` such points.


# %% tags=["exercise"]
# Exercise: count_modes
def count_modes(points, modes, std, minimum):
    """Return how many modes got at least `minimum` points; points (N, 2), modes (K, 2)."""
    # A point belongs to its nearest mode, and counts within three deviations of it.
    return None


exercises.check("count_modes", count_modes)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: count_modes
def count_modes(points, modes, std, minimum):
    """Return how many modes got at least `minimum` points; points (N, 2), modes (K, 2)."""
    distance = np.linalg.norm(points[:, None] - modes, axis=-1)  # (N, K)
    nearest = distance.argmin(axis=1)
    close = distance.min(axis=1) <= 3 * std
    hits = np.bincount(nearest[close], minlength=len(modes))
    return np.sum(hits >= minimum)


exercises.check("count_modes", count_modes)

# %% [markdown]
# ### Implement the histogram divergence
#
# Equation {eq}`eq-collapse-histogram`, from counts. A collapsed generator leaves some of them at zero:
# what is the term of such a class?


# %% tags=["exercise"]
# Exercise: class_balance
def class_balance(counts):
    """Return the divergence of a histogram from the uniform one, in nats; counts (K,)."""
    # A class may have the count zero.
    return None


exercises.check("class_balance", class_balance)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: class_balance
def class_balance(counts):
    """Return the divergence of a histogram from the uniform one, in nats; counts (K,)."""
    p = counts / counts.sum()
    seen = p[p > 0]  # a class that was never drawn adds nothing
    return np.sum(seen * np.log(seen * len(counts)))


exercises.check("class_balance", class_balance)

# %% [markdown]
# ### Implement the distance within a class
#
# The first line of equation {eq}`eq-collapse-within`, $\bar d$ for the images of one class. Copies must give
# zero, however many there are.


# %% tags=["exercise"]
# Exercise: mean_distance
def mean_distance(images):
    """Return the mean Euclidean distance between two different images; images (N, pixels)."""
    # Among N images there are N (N - 1) ordered pairs of different ones.
    return None


exercises.check("mean_distance", mean_distance)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: mean_distance
def mean_distance(images):
    """Return the mean Euclidean distance between two different images; images (N, pixels)."""
    distance = np.linalg.norm(images[:, None] - images, axis=-1)
    count = len(images)
    return distance.sum() / (count * (count - 1))


exercises.check("mean_distance", mean_distance)

# %% [markdown]
# ### Implement one kernel
#
# Equation {eq}`eq-collapse-closeness` for one kernel $b$: from the vectors $M_{i,b}$ to the feature of each
# example.


# %% tags=["exercise"]
# Exercise: closeness
def closeness(m, scale):
    """Return the feature o of each example, (N,); m is (N, C), the vectors of one kernel."""
    # m[:, None] - m holds all differences, (N, N, C).
    return None


exercises.check("closeness", closeness)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: closeness
def closeness(m, scale):
    """Return the feature o of each example, (N,); m is (N, C), the vectors of one kernel."""
    distance = np.abs(m[:, None] - m).sum(axis=-1)  # (N, N)
    near = np.exp(-distance)
    return scale * (near.sum(axis=1) - near.diagonal())


exercises.check("closeness", closeness)

# %% [markdown]
# ### Derive and implement: who pushes whom
#
# Take a kernel of dimension one, so that $M_{i,b}$ is a number $m_i$. A generator that wants to look
# varied lowers $\sum_i o_i$. Derive how this sum changes with each $m_i$. In how many of its terms does
# $m_i$ stand? And what do exact copies feel?


# %% tags=["exercise"]
# Exercise: closeness_gradient
def closeness_gradient(m, scale):
    """Return the derivative of o.sum() with respect to each m[i], (N,); m is (N,)."""
    # m[i] stands in its own feature and in those of all others.
    return None


exercises.check("closeness_gradient", closeness_gradient)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: closeness_gradient
def closeness_gradient(m, scale):
    """Return the derivative of o.sum() with respect to each m[i], (N,); m is (N,)."""
    difference = m[:, None] - m  # (N, N)
    push = np.sign(difference) * np.exp(-np.abs(difference))
    return -2 * scale * push.sum(axis=1)


exercises.check("closeness_gradient", closeness_gradient)

# %% [markdown]
# ## Quiz
#
# Decide first, then open your answer.
#
# **1. A generator makes the same perfect image for every code. Its discriminator has no view of the batch.
# What does it say to a batch of sixty-four of them?**
#
# <details><summary>a) It says the same to each of them, what it would say to a single one.</summary>
#
# Right. Its logit is a function of one example. Later it may learn that this very image is often a fake; the
# best discriminator would. Then the same slope reaches all sixty-four.
#
# </details>
# <details><summary>b) It rejects them because they are equal.</summary>
#
# No. To know that they are equal it would have to see two of them at once.
#
# </details>
# <details><summary>c) It rejects all but the first.</summary>
#
# No. The batch has no order for it, and no memory.
#
# </details>
#
# **2. The histogram of a generator's digits is as even as that of real images. What do you know?**
#
# <details><summary>a) There is no collapse.</summary>
#
# No. There may be one single image of each class.
#
# </details>
# <details><summary>b) The images are good.</summary>
#
# No. The classifier names a class for anything. Look at the share of unclear images, and at the images.
#
# </details>
# <details><summary>c) No class is missing, if the classifier can be trusted on these images.</summary>
#
# Right. For the variety within a class one needs another number, such as the distance within it.
#
# </details>
#
# **3. You put minibatch discrimination on a layer with many thousand features and start its kernel with
# standard normal numbers. What happens?**
#
# <details><summary>a) The features become very large.</summary>
#
# No. The *distances* do. The features are exponentials of minus the distances.
#
# </details>
# <details><summary>b) All closeness features are zero and have no slope: the layer is silent.</summary>
#
# Right. $\exp(-d)$ underflows. Nothing warns; the game just plays on without the layer.
#
# </details>
# <details><summary>c) Training is slower at first, until the kernel has shrunk.</summary>
#
# No. The kernel would need a slope to shrink, and there is none.
#
# </details>
#
# **4. To save a call, you put real and generated examples into one batch. What does the layer then see?**
#
# <details><summary>a) The same as before, since it compares pairs.</summary>
#
# No. The pairs now include one real and one generated example each.
#
# </details>
# <details><summary>b) Twice as much, so it works better.</summary>
#
# No. The sum of one kind is blurred by the other kind.
#
# </details>
# <details><summary>c) A mixture: how close a fake is to real examples enters its features.</summary>
#
# Right. A clump in the midst of a varied batch is harder to see, and the verdict on an example depends on
# what else happens to be in the batch.
#
# </details>
#
# **5. With the layer a game fails in one run of ten, without it in eight. What else must you know before you
# praise the view of the batch?**
#
# <details><summary>a) What an equally large discriminator without that view does, in the same seeds.</summary>
#
# Right. On the ring ten seeds did not separate the layer from such a control.
#
# </details>
# <details><summary>b) Nothing. Eight against one is clear.</summary>
#
# No. It is clear that the larger discriminator failed less often, not why.
#
# </details>
# <details><summary>c) The losses at the end.</summary>
#
# No. They tell who is ahead, and look alike in a collapsed and in a finished game.
#
# </details>
#
# ## What to remember
#
# - Count a collapse: modes on a mixture, the histogram and the distance within classes on images. Read several
#   numbers together, each beside what chance and real data get.
# - Stray points cover modes, so count strictly as well.
# - A discriminator of single examples that stands still does not ask for variety: near copies get nearly equal
#   slopes. The best one objects to a crowded mode, but a real one lags and has a finite capacity, so it can
#   chase a clump for long.
# - Minibatch discrimination appends how close an example is to the others of its batch. The example itself
#   is left out, and the kernel must start small.
# - On the wide ring, counted by modes, it ended the chase from every seed of ten, and cleared the gaps between
#   the modes in part; why, was not measured. On the ring ten seeds did not separate it from a control, and on the grid it did not make the points hit. In a game on digits that collapsed from every
#   seed, layer and control both brought the digits back.
# - A cure is judged by many seeds, by how often it fails, and against a control of equal size.
#
# ## Sources
#
# - Why single examples are not enough, and the layer: {cite}`salimans2016improved`, section 3.2. The paper's
#   sum includes $j = i$; its published code does not. That code also divides the distances by their size in the
#   first batch, and in place of our `scale` adds a learned bias, which starts at minus the feature's mean over
#   that batch.
# - Ring and grid, and the count of modes: {cite}`srivastava2017veegan`, section 5.1. Their sizes:
#   {cite}`lin2018pacgan`, section 4.1.
# - Several examples as one input: {cite}`lin2018pacgan`, section 3. The deviation over the batch as a feature:
#   {cite}`karras2018progressive`, section 3.
# - Collapse as the generator's best answer to a discriminator that stands still: {cite}`metz2017unrolled`,
#   section 2. What a discriminator of limited size cannot enforce: {cite}`arora2017generalization`, section 3.
