# %% [markdown]
# # Interlude: How good is it?
#
# *Run time: 96 s on two CPU cores, measured at the last execution.*
#
# **How does one measure whether invented images are good, and how is a measure fooled?**
#
# After this chapter you can
#
# - say why neither a loss nor a likelihood tells how good samples are;
# - compute the Fréchet distance, precision, recall, density and coverage in a few lines of NumPy;
# - give each number a floor, a control and a stated count;
# - fool each of these measures by hand, and say which other one is not fooled;
# - say in which order to read them, and make a judge for images of your own.
#
# You need chapters 2 and 4.

# %% mystnb={"code_prompt_show": "Colab needs this cell", "code_prompt_hide": "Hide Colab's cell"} tags=["colab", "nbval-skip", "hide-cell"]
# Colab needs the course's package and its records. Elsewhere this cell does nothing.
import os
import sys

if "google.colab" in sys.modules and not os.path.exists("04_how_good_is_it.py"):
    from IPython import get_ipython

    address = "https://github.com/vaegan-edu/vaegan-edu"
    if not os.path.exists("course"):  # after a restart it is there
        get_ipython().system(f"git clone -q --depth 1 {address} course")
    os.chdir("course/notebooks")
    get_ipython().run_line_magic("pip", "install -q 'keras>=3.15,<4' anywidget ..")

# %%
from vaegan_edu import notebook

profile = notebook.start()

import keras
import matplotlib.pyplot as plt
import numpy as np
from scipy import ndimage
from sklearn.model_selection import train_test_split

import vaegan_edu
from vaegan_edu import exercises, latent, metrics, models, networks, plotting

(x_train, y_train), (x_test, y_test) = profile.load_data()
real, held_out = x_train[:5000], x_test[:360]  # the data, and real images that no model saw

# %% [markdown]
# ## Why not compare the losses?
#
# Chapter 2 ended with the samples of a VAE, and chapter 4 with those of a GAN. Which are better? Their losses
# cannot be compared: the VAE's is in nats and compares an image with its copy, the GAN's is measured
# against an opponent.
#
# Could the likelihood decide, the density $p_\theta(x)$ that a model gives to real images? For a GAN it
# cannot be computed. And where it can, it says little about samples. Take any model and spoil it: in
# ninety-nine of a hundred cases let it draw pure noise instead, with density $n(x)$. The density that it
# gives to a real image is now a mixture, and without the part of the noise it would be smaller still:
#
# $$
# \begin{aligned}
# \log\left(\tfrac{1}{100}\, p_\theta(x) + \tfrac{99}{100}\, n(x)\right)
# &\geq \log\left(\tfrac{1}{100}\, p_\theta(x)\right) \\
# &= \log p_\theta(x) - \log 100 .
# \end{aligned}
# $$ (eq-good-noise)
#
# Ninety-nine of a hundred samples are worthless now, and the log-likelihood has fallen by less than five nats.
# One of the five VAEs of chapter 2 lies further than that from the others, by its seed alone. Nor do good samples need a high likelihood: a model that memorises its training images draws perfect samples, and
# gives any new image a density of zero {cite}`theis2016note`. So samples have to be judged as samples. Given a
# set of real images and a set of generated ones, how alike are the two sets?
#
# ## What should be compared?
#
# Measured by its pixels, a digit that is moved a little is far from where it was, and a blurred one is close.
# What an image *shows* is better described by the *features* of a network that has learned to name digits. The
# package brings a classifier of digits. Its last hidden layer gives $64$ features for each image.


# %%
classifier = metrics.load_classifier(profile.data)


def read(images):
    """Return class probabilities (count, 10) and features (count, 64) of images."""
    return metrics.classify(classifier, images)


_, real_features = read(real)
probabilities, held_out_features = read(held_out)
moved = np.roll(held_out, 2, axis=2)  # two pixels to the right
rng = np.random.default_rng(0)
blurred = ndimage.gaussian_filter(held_out, (0, 2, 2, 0), mode="nearest")
other = held_out[rng.permutation(len(held_out))]


def apart(a, b):
    return np.sqrt(((a - b).reshape(len(a), -1) ** 2).sum(axis=1)).mean()


rows = {}
for name, images in {"moved by two": moved, "blurred": blurred, "another image": other}.items():
    rows[name] = {
        "pixels": apart(held_out, images),
        "features": apart(held_out_features, read(images)[1]),
    }
notebook.Table(rows, digits=1, corner="mean distance from the test image")

# %% [markdown]
# Compare each column with its last row, the mean distance of an image from another one. By pixels the blurred
# image is the better copy; by features it is the moved one, in which the digit can still be read. That was built
# in: the classifier's training images were moved by as much, and a judge forgives what its training varied. We
# want this forgiven, so we shall compare features. The pixels stay as a second opinion, because the classifier has a blind spot: it was trained
# on digits alone, and finds a digit in everything.
#
# ## The distance between two clouds
#
# The features of an image are a point in a space of $64$ dimensions. To see what the measures do, we take
# points in the plane instead. The first idea is to describe each cloud by a Gaussian, its mean and its
# covariance, and to ask how far apart the two Gaussians are. In one dimension, with means $\mu, \nu$ and
# standard deviations $\sigma, \tau$, a natural answer is
#
# $$
# d^2 = (\mu - \nu)^2 + (\sigma - \tau)^2 ,
# $$ (eq-good-line)
#
# the mean squared distance that points of one Gaussian have to travel, at least, to become the other. In more
# dimensions, with covariance matrices $A$ and $B$ (*Covariance* in [Before you start](00_before_you_start.ipynb)),
# this becomes the *Fréchet distance* {cite}`dowson1982frechet,heusel2017gans`
#
# $$
# \begin{aligned}
# d^2 = {} & \lVert \mu - \nu \rVert^2 \\
# & + \operatorname{tr}\left(A + B - 2\, (A B)^{1/2}\right) .
# \end{aligned}
# $$ (eq-good-frechet)
#
# Here $\operatorname{tr}$, the trace, is the sum along the diagonal, and $(AB)^{1/2}$ is a matrix whose square
# is $AB$, the one without negative eigenvalues. For diagonal matrices, with variances $\sigma^2$ and $\tau^2$, the second is
# $\sigma^2 + \tau^2 - 2 \sigma \tau = (\sigma - \tau)^2$ in each dimension, so the whole is equation
# {eq}`eq-good-line` summed over the dimensions. (It is called a distance, although it is the square of one. With
# features of the network *Inception* it is known as FID.)
#
# The trace of a matrix is the sum of its eigenvalues, and the eigenvalues of $(AB)^{1/2}$ are the square roots of
# those of $AB$. So the code needs no root of a matrix:


# %%
def frechet(real, generated):
    shift = np.sum((real.mean(axis=0) - generated.mean(axis=0)) ** 2)
    a, b = np.cov(real.T), np.cov(generated.T)
    eigenvalues = np.linalg.eigvals(a @ b).real.clip(min=0)  # rounding may leave -1e-17
    return shift + np.trace(a + b) - 2 * np.sqrt(eigenvalues).sum()


rng = np.random.default_rng(1)
turned = np.array([[1.0, 0.6], [0.6, 1.0]])
cloud = rng.multivariate_normal([0, 0], turned, size=400)
angle = rng.uniform(0, 2 * np.pi, 400)
root = np.linalg.cholesky(turned)  # root @ root.T is `turned`
ring = np.sqrt(2) * np.stack([np.cos(angle), np.sin(angle)], axis=1) @ root.T
clouds = {
    "again": rng.multivariate_normal([0, 0], turned, size=400),
    "moved": rng.multivariate_normal([1.5, 0], turned, size=400),
    "narrower": 0.5 * rng.multivariate_normal([0, 0], turned, size=400),
    "ring": ring,
}
notebook.Table(
    {
        name: {
            "on this page": frechet(cloud, points),
            "metrics.frechet_distance": metrics.frechet_distance(cloud, points),
        }
        for name, points in clouds.items()
    },
    digits=3,
    corner="cloud",
)

# %% mystnb={"figure": {"caption": "A cloud (grey) and four others (orange), each with the ellipse of two standard deviations that its Gaussian has. The Fréchet distance compares ellipses. The ring has nearly the ellipse of the cloud, although its middle is empty.", "name": "fig-good-clouds"}, "image": {"alt": "Four charts with a grey slanted cloud and its ellipse. In the first an orange cloud lies on it, in the second one to its right, in the third a smaller one in its middle. In the fourth the orange points form an empty ring through the cloud, and both ellipses lie on top of each other."}} tags=["hide-input"]
figure, axes = plt.subplots(1, 4, figsize=(plotting.WIDTH, 2.0), sharex=True, sharey=True)
circle = np.stack([np.cos(np.linspace(0, 2 * np.pi, 100)), np.sin(np.linspace(0, 2 * np.pi, 100))])
for plane, (name, points) in zip(axes, clouds.items(), strict=True):
    for dots, colour in ((cloud, "0.6"), (points, "C3")):
        plane.plot(*dots.T, ".", markersize=2, color=colour, alpha=0.5)
        ellipse = 2 * np.linalg.cholesky(np.cov(dots.T)) @ circle
        plane.plot(*(ellipse + dots.mean(axis=0)[:, None]), color=colour, linewidth=1.5)
    plane.set(title=name, aspect="equal", xticks=[], yticks=[])
print(
    f"ring {frechet(cloud, ring):.3f}, the same cloud drawn again {frechet(cloud, clouds['again']):.3f}"
)
plt.show()

# %% [markdown]
# The ring shows the limit of the idea: its distance is as small as that of a second draw.
#
# ## Precision and recall, by neighbours
#
# The second idea asks of every point whether points of the other kind lie nearby. Let $x_i$ be the $N$ real points and
# $y_j$ the $M$ generated ones. Around each real point draw a *ball* $B_k(x_i)$ that reaches to its $k$-th nearest real
# neighbour. Where real points are dense the balls are small, where they are sparse the balls are large, and together
# they mark out the region of real images. In the same way $B_k(y_j)$ is the ball of a generated point, reaching to its
# $k$-th nearest generated neighbour. Then {cite}`kynkaanniemi2019improved`
#
# $$
# \begin{aligned}
# \text{precision} &= \text{share of the } y_j \text{ in some } B_k(x_i) , \\
# \text{recall} &= \text{share of the } x_i \text{ in some } B_k(y_j) .
# \end{aligned}
# $$ (eq-good-precision)
#
# Precision asks whether what is generated looks *real*, recall whether *everything* is generated. Both need the
# distances of all pairs, and a sort. In the table that `inside` returns, a row belongs to a ball and a column to a
# point, so `any(axis=0)` asks of each point whether it lies in some ball.


# %%
def distances(a, b):
    """Distances of all rows of `a` from all rows of `b`, (len(a), len(b))."""
    return np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=-1))


def radii(centres, k):
    """Distance of each centre to its k-th nearest other one."""
    return np.sort(distances(centres, centres), axis=1)[:, k]  # place 0 is the point itself


def inside(centres, points, k):
    """Whether the ball of each centre (rows) holds each point (columns)."""
    return distances(centres, points) <= radii(centres, k)[:, None]


def precision_and_recall(real, generated, k):
    precision = inside(real, generated, k).any(axis=0).mean()
    recall = inside(generated, real, k).any(axis=0).mean()
    return precision, recall


# %% mystnb={"figure": {"caption": "Thirty real points in two heaps (grey) and thirty generated ones (orange) that know one heap only, with some strays. Left, the balls of the real points, $k = 2$: precision is the share of orange points inside. Right, the balls of the generated points: recall is the share of grey points inside. Crosses lie outside.", "name": "fig-good-balls"}, "image": {"alt": "Two charts of the same points. Left, translucent grey discs cover two heaps; most orange points lie in the left one, and a few orange crosses lie between and beyond the heaps. Right, small orange discs cover most of the left heap, and two huge ones around strays reach over the whole right heap, so that its grey points count as found; the few crosses lie at the left."}} tags=["hide-input"]
rng = np.random.default_rng(4)
grey = np.concatenate([rng.normal((-1.5, 0), 0.45, (15, 2)), rng.normal((1.5, 0), 0.45, (15, 2))])
orange = np.concatenate(
    [rng.normal((-1.5, 0), 0.35, (26, 2)), rng.uniform((-1, -1.5), (3, 1.5), (4, 2))]
)
figure, axes = plt.subplots(1, 2, figsize=(plotting.WIDTH, 2.9), sharex=True, sharey=True)
found = precision_and_recall(grey, orange, 2)
for plane, (title, centres, points, colours) in zip(
    axes,
    (
        (f"precision {found[0]:.2f}", grey, orange, ("0.5", "C3")),
        (f"recall {found[1]:.2f}", orange, grey, ("C3", "0.35")),
    ),
    strict=True,
):
    for centre, radius in zip(centres, radii(centres, 2), strict=True):
        plane.add_patch(plt.Circle(centre, radius, color=colours[0], alpha=0.15, linewidth=0))
    plane.plot(*centres.T, ".", color=colours[0], markersize=3)
    within = inside(centres, points, 2).any(axis=0)
    plane.plot(*points[within].T, "o", color=colours[1], markersize=4)
    plane.plot(*points[~within].T, "x", color=colours[1], markersize=6)
    plane.set(title=title, aspect="equal", xlim=(-3.2, 3.4), ylim=(-2, 2), xticks=[], yticks=[])
print(f"precision {found[0]:.2f}, recall {found[1]:.2f}")
plt.show()

# %% [markdown]
# The right chart shows a weakness: a single stray has a huge ball, and whatever lies in it counts
# as found. Two related measures are moved
# less by strays {cite}`naeem2020reliable`. Both use the balls of real points only:
#
# $$
# \begin{aligned}
# \text{density} &= \frac{1}{k M} \sum_{j} \#\{i : y_j \in B_k(x_i)\} , \\
# \text{coverage} &= \text{share of the } B_k(x_i) \text{ with some } y_j .
# \end{aligned}
# $$ (eq-good-density)
#
# Density asks in how many balls a generated point lies, and divides by $k$. Why $k$? Every real ball holds $k$
# other real points, so on average a real point lies in $k$ balls of others, and a generated point from the same
# distribution in about as many. So good samples have a density of about one, and it may exceed one. Coverage
# asks of every real ball whether something was generated in it.


# %%
def density_and_coverage(real, generated, k):
    held = inside(real, generated, k)
    return held.sum(axis=0).mean() / k, held.any(axis=1).mean()


def overlap(real, generated, k=5):
    names = "precision", "recall", "density", "coverage"
    values = *precision_and_recall(real, generated, k), *density_and_coverage(real, generated, k)
    return dict(zip(names, values, strict=True))


rng = np.random.default_rng(2)
heaps = rng.normal(size=(300, 2)) * 0.5 + rng.choice([-2.0, 2.0], size=(300, 1)) * [1.0, 0.0]
same = rng.normal(size=(300, 2)) * 0.5 + rng.choice([-2.0, 2.0], size=(300, 1)) * [1.0, 0.0]
one_heap = rng.normal(size=(300, 2)) * 0.5 + [-2.0, 0.0]
far = rng.normal(size=(300, 2)) * 0.3 + [0.0, 6.0]
strays = np.array([[-6.0, 3.0], [6.0, 3.0], [0.0, 9.0], [-6.0, -3.0], [6.0, -3.0], [0.0, -9.0]])
cases = {
    "drawn like the real ones": (heaps, same),
    "one of two heaps": (heaps, one_heap),
    "the same, with six strays": (heaps, np.concatenate([one_heap, strays])),
    "elsewhere": (heaps, far),
    "elsewhere, six real strays": (np.concatenate([heaps, strays]), far),
}
notebook.Table({name: overlap(*case) for name, case in cases.items()}, corner="generated")

# %% [markdown]
# In the second row one heap is missing. Precision and density do not notice, recall and coverage do. In the
# third row six strays bring recall back to the top, while coverage stays. In the last row it is the real points
# that have six strays. Their balls are so large that points far from every real heap get a high precision.
# Density rises only to about $1/k$, since each point lies in one ball where $k$ would be expected.
#
# In the package all four are `metrics.manifold_overlap(real, generated, k=5)`.
#
# ## Floor, control and count
#
# Is a Fréchet distance of twenty good? A number needs three companions before one can tell.
#
# - The *floor*: what held-out real images get in the place of the samples, measured in the same way. Perfect samples
#   would score about this. (Where more is better, as in precision, it is a ceiling. The training images do not
#   serve, because the classifier is surer of images that it was trained on.)
# - A *control*: something that cannot have earned a good score, such as two images averaged pixel by pixel. A
#   model that does not beat it has shown nothing by that number.
# - The *count*: most of these numbers change with how many images are compared, even if nothing else does.
#
# The effect of the count is large {cite}`binkowski2018demystifying`. Here are real test images against real
# training images, for growing counts of the former.

# %%
counts = [count for count in (20, 40, 80, 160, 320) if count < len(held_out)]
manifold = metrics.Manifold(real_features)  # the real balls, computed once
by_count = {}
for count in counts:
    draws = [held_out_features[rng.permutation(len(held_out))[:count]] for _ in range(3)]
    found = [
        manifold.overlap(metrics.Manifold(draw))
        | {"Fréchet": metrics.frechet_distance(real_features, draw)}
        for draw in draws
    ]
    by_count[count] = {name: np.mean([row[name] for row in found]) for name in found[0]}
    by_count[count]["expected"] = metrics.expected_coverage(len(real_features), count)

# %% mystnb={"figure": {"caption": "Real images against real images: nothing changes but how many are compared. Left, the Fréchet distance, on logarithmic axes. Right, precision, recall and coverage; the dotted line is the coverage to be expected of samples from the distribution of the data itself.", "name": "fig-good-count"}, "image": {"alt": "Two charts over the number of images. Left, a line falls steeply from the upper left. Right, precision and recall are level near the top, and coverage climbs from near zero along a dotted line."}} tags=["hide-input"]
figure, (left, right) = plt.subplots(1, 2, figsize=(plotting.WIDTH, 2.9))
left.loglog(counts, [by_count[count]["Fréchet"] for count in counts], "o-")
left.set(xlabel="real images judged", title="Fréchet distance")
left.set_xticks(counts, counts)
left.minorticks_off()
for name in ("precision", "recall", "coverage"):
    right.plot(counts, [by_count[count][name] for count in counts], "o-", label=name)
right.plot(counts, [row["expected"] for row in by_count.values()], "k:", linewidth=1)
right.set(xlabel="real images judged", ylim=(0, 1.05))
right.legend()
print(
    f"Fréchet distance of {counts[0]} images {by_count[counts[0]]['Fréchet']:.0f}, "
    f"of {counts[-1]} images {by_count[counts[-1]]['Fréchet']:.1f}"
)
plt.show()

# %% [markdown]
# With few images the Fréchet distance even of perfect samples is large, because mean and covariance are badly
# estimated. Coverage is low, because few samples cannot reach many balls. Its expected value is known for $M$
# samples that come from the same distribution as the $N$ real points {cite}`naeem2020reliable`:
#
# $$
# \text{expected coverage} = 1 - \prod_{j=1}^{k} \frac{N - j}{N + M - j} .
# $$ (eq-good-expected)
#
# For around one real point lie $N - 1$ other real points and $M$ samples, all drawn alike. Its ball stays empty
# if its $k$ nearest neighbours are all real. The nearest is real with the chance $(N - 1) / (N - 1 + M)$; if it
# was, the next one is with $(N - 2) / (N - 2 + M)$, and so on. (In the package: `metrics.expected_coverage`.)
#
# Recall errs in the other direction: fewer samples have larger balls, so even the smallest set scores near the
# top. So compare numbers only at equal counts and with the same
# features.
#
# ### A distance that few images do not raise
#
# *May be skipped at a first reading. Its result: few images do not raise the kernel distance, they only make it
# scatter more.*
#
# The *kernel distance* (KID) {cite}`binkowski2018demystifying` asks how similar points are, within each cloud
# and between the two. Let $s(a, b) = (a \cdot b / F + 1)^3$ be the similarity of two points with $F$ features.
# The distance (a squared one, like the Fréchet distance) is the mean similarity of two different real points,
# plus that of two different generated ones, minus twice that of a real and a generated one. If all points are
# drawn independently from one distribution, all three have the same expectation, and the expected distance is
# zero, however few points there are:


# %%
def kernel_distance(real, generated):
    def similarity(a, b):
        return (a @ b.T / a.shape[1] + 1) ** 3

    def of_pairs(a):  # of two *different* points of one cloud: this makes it unbiased
        return (similarity(a, a).sum() - np.trace(similarity(a, a))) / (len(a) * (len(a) - 1))

    return of_pairs(real) + of_pairs(generated) - 2 * similarity(real, generated).mean()


blurred_features = read(blurred)[1]
by_kernel = {}
for count in counts:
    chosen = [rng.permutation(len(held_out))[:count] for _ in range(20)]
    found = [kernel_distance(real_features, held_out_features[rows]) for rows in chosen]
    spoilt = [kernel_distance(real_features, blurred_features[rows]) for rows in chosen]
    by_kernel[f"{count}"] = {
        "Fréchet": by_count[count]["Fréchet"],
        "kernel distance, mean": np.mean(found),
        "its scatter": np.std(found),
        "blurred, mean": np.mean(spoilt),
    }

# %% tags=["nbval-ignore-output"]
notebook.Table(by_kernel, digits=0, corner="real images judged")

# %% [markdown]
# Beside the distance of blurred images, the kernel distance of real ones is near zero for every count. What few
# images cost is scatter from one draw to the next, which can be stated beside the number. (In the lower rows it
# is too small: all draws come from the same held-out images, so large draws overlap.)
#
# <details><summary>How can a squared distance be below zero?</summary>
#
# The true one cannot. But the mean of an estimate without bias is the
# truth, so where that is zero some estimates must fall below. All five means do because every row estimates the
# same number, the one that the whole held-out set and training set give. And this is below zero because the small
# digits were divided class by class: equal shares of each digit make the two sets more alike than independent
# draws. The next table divides the same images again, at random and class by class.
#
# </details>

# %% tags=["nbval-ignore-output", "hide-input"]
features = np.concatenate([real_features, held_out_features])
labels = np.concatenate([y_train[: len(real)], y_test[: len(held_out)]])
again = {"at random": None, "class by class": labels}
for way, classes in again.items():
    parts = [
        train_test_split(features, test_size=len(held_out), stratify=classes, random_state=seed)
        for seed in range(10)
    ]
    found = np.array([kernel_distance(*part) for part in parts])
    again[way] = {"mean": found.mean(), "scatter": found.std(), "largest": found.max()}
notebook.Table(again, digits=0, corner="divided again")

# %% [markdown]
# ## Is every digit there?
#
# The classifier also names the digit that an image shows. If the data have all classes equally often, so
# should the samples. Let $p_c$ be the share of class $c$ among the samples, and $K$ the number of classes. The KL
# divergence of this histogram from the even one is
#
# $$
# \begin{aligned}
# & \texttt{histogram_divergence} \\
# & = \sum_c p_c \log \frac{p_c}{1/K} .
# \end{aligned}
# $$ (eq-good-histogram)
#
# It is zero for equal shares and $\log K$ if only one class is left. It sees nothing of what happens within a class.
#
# Two more columns are known from chapter 2: *low confidence*, the share of images for which the classifier gives no
# class a probability of at least nine tenths, and *pixel precision*, precision with the pixels in place of the features.
#
# ## Two models under all measures
#
# Back to the first question. We briefly train a VAE, and a GAN whose generator has the layers of the VAE's
# decoder, and judge as many samples of each as there are held-out images. A second draw from the same VAE shows
# what chance alone does. Last comes the package's VAE: it was trained for longer, and its codes are drawn from a
# mixture of Gaussians, fitted to those of training images by `latent.draw_codes`.

# %%
count = len(held_out)
keras.utils.set_random_seed(0)
vae = models.VAE(
    networks.build_encoder(latent_dim=10), networks.build_decoder(latent_dim=10), seed=0
)
vae.compile(keras.optimizers.Adam(2e-3))
vae.fit(x_train, epochs=profile.epochs(cpu=10, gpu=5), batch_size=64, verbose=0)

keras.utils.set_random_seed(0)
gan = models.GAN(
    networks.build_decoder(latent_dim=10), networks.build_discriminator(), real_target=0.9, seed=0
)
gan.compile(keras.optimizers.Adam(2e-3, beta_1=0.5), keras.optimizers.Adam(1e-3, beta_1=0.5))
gan.fit(x_train, epochs=profile.epochs(cpu=20, gpu=5), batch_size=32, verbose=0)

SHOWN = {  # the arrows point to where good samples lie
    "frechet_distance": "Fréchet ↓",
    "precision": "precision ↑",
    "recall": "recall ↑",
    "density": "density ↑",
    "coverage": "coverage ↑",
    "pixel_precision": "pixel precision ↑",
    "low_confidence": "low confidence ↓",
    "histogram_divergence": "histogram ↓",
}
reference = metrics.read_digits(classifier, real)


def judge(images):
    found = metrics.compare_digits(metrics.read_digits(classifier, images), reference)
    return {title: found[name] for name, title in SHOWN.items()}


partner = rng.permutation(count)
trained = vaegan_edu.pretrained(f"vae-{profile.data}")
fitted_codes = latent.draw_codes(trained.encode(real), count)
samples = {
    "floor: held-out images": held_out,
    "VAE": vae.generate(count, seed=0),
    "VAE, drawn again": vae.generate(count, seed=1),
    "GAN": gan.generate(count, seed=0),
    "control: two averaged": (held_out + held_out[partner]) / 2,
    "longer: VAE, fitted codes": trained.decode(fitted_codes),
}
judged = {name: judge(images) for name, images in samples.items()}

# %% mystnb={"figure": {"caption": "What is judged in the table below: ten of each.", "name": "fig-good-samples"}, "image": {"alt": "Five rows of ten images: real digits; soft, somewhat blurred digits; sharper white strokes, some of them malformed; pairs of digits laid over each other in grey; and soft digits that are easy to read."}} tags=["hide-input"]
print(f"{count} images of each, against {len(real):,} training images")
print(f"steps: VAE {int(vae.optimizer.iterations)}", end=", ")
print(f"GAN {int(gan.optimizers['generator'].iterations)}")
shown = {name: images for name, images in samples.items() if name != "VAE, drawn again"}
plotting.image_rows({name.split(":")[0]: images[:10] for name, images in shown.items()})

# %% tags=["nbval-ignore-output"]
notebook.Table(judged, corner="samples")

# %% mystnb={"figure": {"caption": "The share of each digit among the samples, as the classifier names them. The dotted line is an even tenth.", "name": "fig-good-digits"}, "image": {"alt": "Three bar charts over the ten digits. For held-out images all bars are close to a dotted line at a tenth. For the VAE and for the GAN some bars reach beyond twice the line, and some stay far below it."}} tags=["nbval-ignore-output", "hide-input"]
figure, axes = plt.subplots(1, 3, figsize=(plotting.WIDTH, 2.2), sharey=True)
for plane, name in zip(axes, ("floor: held-out images", "VAE", "GAN"), strict=True):
    shares = metrics.class_histogram(read(samples[name])[0]) / count
    plane.bar(range(10), shares)
    plane.axhline(0.1, color="black", linestyle=":", linewidth=1)
    plane.set(title=name.split(":")[0], xticks=range(0, 10, 3))
    print(f"{name.split(':')[0]}: rarest {shares.min():.2f}, most frequent {shares.max():.2f}")
plt.show()

# %% [markdown]
# The last row shows that the measures recognise a decent model: it is far ahead of the control in all but recall. The second and the third row are one model:
# *differences smaller than theirs are none*.
#
# Both short trainings are far from the floor by every measure. The control learned nothing. (Made of real images,
# it inherits their spread, so recall and coverage are generous to it.) By five measures both models lie at or
# *below* it, and by the Fréchet distance only the GAN is better. Only the histogram puts both ahead. So these numbers do not show that either model makes good digits.
#
# Nor do they name a winner. The GAN, which draws black and white, is clearly ahead by the Fréchet distance; its
# lead in recall is smaller than what another draw of the VAE changes. The VAE, whose samples are blurred, is ahead by precision, density, coverage and pixel precision.
# (These are single runs; chapter 5 compares models over seeds.)
#
# ## Fooled by hand
#
# Now the reverse: images that are *not* good samples, made by hand so that one measure or another calls them
# good.
#
# - **contrast**: the VAE's samples with their contrast raised.
# - **repeated**: every tenth of the held-out images, ten times each.
# - **a tenth**: the same images, once.
# - **one class**: the held-out ones, that is, images of the digit $1$; there are as many as in *a tenth*.
# - **memorised**: training images, every one a copy.
# - **blurred**: the held-out images, blurred beyond recognition.
# - **noise**: each pixel black or white by chance.
#
# The last column is the median distance to the nearest training image, by the pixels. It should be about the floor's:
# more means unlike the data, much less means copied.


# %%
few = held_out[::10]
contrast = np.tanh(
    3 * np.arctanh(0.999 * samples["VAE"])
)  # three times what stands before the tanh
fooling = {
    "contrast": contrast,
    "repeated": np.repeat(few, 10, axis=0),
    "a tenth": few,
    "one class": held_out[y_test[: len(held_out)] == 1],
    "memorised": real[rng.permutation(len(real))[:count]],
    "blurred": ndimage.gaussian_filter(held_out, (0, 4, 4, 0), mode="constant", cval=-1.0),
    "noise": rng.choice([-1.0, 1.0], size=held_out.shape).astype("float32"),
}
tricked = {name: judge(images) for name, images in fooling.items()}
pixels = real.reshape(len(real), -1)


def closest(images):
    """Median distance to the nearest training image."""
    return np.median(metrics.nearest_distance(images.reshape(len(images), -1), pixels))


rows = {name: judged[name] for name in ("floor: held-out images", "VAE")} | tricked
everything = samples | fooling
for name in rows:
    rows[name] = {**rows[name], "nearest": closest(everything[name])}

# %% mystnb={"figure": {"caption": "Seven sets of images that fool some measure, ten of each. Of the repeated images every fifth is shown.", "name": "fig-good-fooled"}, "image": {"alt": "Seven rows of ten images: hard black and white digits; five real digits, each twice; ten different real digits; ones; real digits again; grey blots; and squares of black and white noise."}} tags=["hide-input"]
print("images:", ", ".join(f"{name} {len(images)}" for name, images in fooling.items()))
shown = fooling | {"repeated": fooling["repeated"][::5]}
plotting.image_rows({name: images[:10] for name, images in shown.items()})

# %% tags=["nbval-ignore-output"]
notebook.Table(rows, corner="images")

# %% [markdown]
# Every column has a row by which it is fooled.
#
# - **contrast** against the VAE: the Fréchet distance is less than half, and recall has doubled. Precision,
#   density and the pixels say that the images have become worse. The Fréchet distance is also what put the GAN
#   ahead above, so contrast may have been a part of its lead.
# - **a tenth** and **repeated**: these are real images, and yet their Fréchet distance is many times the floor,
#   because they are few. Showing each of them ten times changes neither it nor precision, density or the
#   histogram. Recall goes from one extreme to the other: a few scattered points have large balls, but the five
#   nearest neighbours of a point that is there ten times are its own copies, so its ball has the radius zero.
#   Coverage is low in both rows, as it should be.
# - **one class**: precision, density and the pixels are about at the floor, for every image is a real one that
#   no model saw. Compare the rest with *a tenth*, which has as many images: the Fréchet distance, recall,
#   coverage and the histogram see what is missing.
# - **memorised** is at the floor or better in every column but the last. Only the distance to the nearest
#   training image gives it away.
# - **blurred**: in precision, density and low confidence the blots are better than the VAE and the GAN, although
#   no digit is left. The Fréchet distance, recall and coverage are not fooled.
# - **noise**: nearly every measure sees it. But the classifier is *surer* of it than of the VAE's images.
#
# **So report several numbers, each with its floor, a control and the count; and look at the images.**
#
# ## In which order?
#
# 1. *Look* at a sheet of samples from codes that were not chosen.
# 2. *Coverage*: is everything there? With labels, the histogram too.
# 3. *Precision* or *density*: does it look real? Put the blurred control beside it.
# 4. The *distance to the nearest training image*: is it copied?
# 5. Last the *Fréchet* or the *kernel distance*, one number for everything that moves the features, with a
#    contrast control beside it.
#
# Where two of them disagree, say so.
#
# ## A judge for images of your own
#
# **With labels**, train a classifier: a few convolutions, a hidden layer of some dozens of units, which give
# the features, and a softmax. Move and turn its training images a little, as `models.Classifier` does, so that
# the features say what is shown rather than where. It must never see the images of the floor.
#
# **Without labels**, take the features of a network that was trained for something else: one of
# `keras.applications` for photographs, or the encoder of an autoencoder of your own images, but of no model that takes part: it would be judge in its
# own case. For small images
# the pixels are a last resort.
#
# A network may ignore what its training did not ask for, such as colour. If colour matters, give it a measure of
# its own, for instance a histogram of hues, with its floor.
#
# **Test the judge before any model.** Held-out images must lie close to the training images, and
# blurred, mixed or noisy ones clearly apart. If they do not, no number from these features means anything.
#
# In chapter 5 features do more than judge: those of a discriminator train the decoder.
#
# ## Exercises
#
# Replace the placeholder in each cell and run it. The check says what it proved, or gives a hint.
#
# ### Write the Fréchet distance
#
# If the dimensions are independent, both covariance matrices are diagonal, and equation
# {eq}`eq-good-frechet` becomes a sum of terms like {eq}`eq-good-line`. Write it for two arrays of features.


# %% tags=["exercise"]
# Exercise: frechet_diagonal
def frechet_diagonal(real, generated):
    """Return the (squared) Fréchet distance, one number; arguments (N, width) and (M, width)."""
    # Means and standard deviations (np.std) of each dimension; then add up over dimensions.
    return None


exercises.check("frechet_diagonal", frechet_diagonal)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: frechet_diagonal
def frechet_diagonal(real, generated):
    """Return the (squared) Fréchet distance, one number; arguments (N, width) and (M, width)."""
    shift = real.mean(axis=0) - generated.mean(axis=0)
    spread = np.std(real, axis=0) - np.std(generated, axis=0)
    return np.sum(shift**2 + spread**2)


exercises.check("frechet_diagonal", frechet_diagonal)

# %% [markdown]
# ### Write coverage
#
# In chapter 2 you wrote precision. Write coverage, the second line of equation {eq}`eq-good-density`, without
# looking back. Which of the two axes does `any` run over now?


# %% tags=["exercise"]
# Exercise: coverage
def coverage(real, generated, k):
    """Return the share of real balls that hold a generated point."""

    def distances(a, b):  # (len(a), len(b))
        return np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=-1))

    # First the radius of each real ball, then which balls hold some generated point.
    return None


exercises.check("coverage", coverage)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: coverage
def coverage(real, generated, k):
    """Return the share of real balls that hold a generated point."""

    def distances(a, b):  # (len(a), len(b))
        return np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=-1))

    radius = np.sort(distances(real, real), axis=1)[:, k]  # place 0: the point itself
    held = distances(real, generated) <= radius[:, None]  # row: ball
    return held.any(axis=1).mean()


exercises.check("coverage", coverage)

# %% [markdown]
# ### Catch a model that memorises
#
# Above, only the last column noticed the memorised images. Turn it into a measure: the share of generated images
# that lie closer to their nearest training image than the closest held-out image lies to its own. What does it
# give for `memorised`, and what for `contrast`?


# %% tags=["exercise"]
# Exercise: memorised_share
def memorised_share(generated, train, held_out):
    """Return the share of generated rows closer to a training row than every held-out row is."""

    def nearest(a, b):  # (len(a),), distance of each row of a to the nearest of b
        return np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=-1)).min(axis=1)

    # How close do held-out images come to the training images at most?
    return None


exercises.check("memorised_share", memorised_share)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: memorised_share
def memorised_share(generated, train, held_out):
    """Return the share of generated rows closer to a training row than every held-out row is."""

    def nearest(a, b):  # (len(a),), distance of each row of a to the nearest of b
        return np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=-1)).min(axis=1)

    threshold = nearest(held_out, train).min()  # no honest image came closer
    return np.mean(nearest(generated, train) < threshold)


exercises.check("memorised_share", memorised_share)

# %%
every_fourth = {"training": pixels, "held out": held_out.reshape(count, -1)[::4]}
for name in ("memorised", "contrast"):
    generated = fooling[name].reshape(count, -1)[::4]  # a quarter, which saves memory
    print(name, memorised_share(generated, *every_fourth.values()))

# %% [markdown]
# ## Quiz
#
# Decide first, then open your answer.
#
# **1. A model's test likelihood is as good as that of the best model known. What do you know of its samples?**
#
# <details><summary>a) They are as good as those of the best model.</summary>
#
# No. Mix ninety-nine parts of noise into its samples, and the likelihood falls by less than five nats.
#
# </details>
# <details><summary>b) They are at least not memorised.</summary>
#
# No. One part in a hundred may be a good model, and the rest copies of training images.
#
# </details>
# <details><summary>c) Nearly nothing. They have to be looked at and measured.</summary>
#
# Right. Mixing in noise ruins the samples and hardly changes the likelihood; memorising does the reverse.
#
# </details>
#
# **2. A GAN's precision is at the floor, and its recall near zero. What has happened?**
#
# <details><summary>a) Its images are blurred.</summary>
#
# No. Blur costs some precision: it would not be at the floor.
#
# </details>
# <details><summary>b) It draws a few kinds of image, and those well.</summary>
#
# Right. What it draws looks real, and most of what is real it does not draw: mode collapse.
#
# </details>
# <details><summary>c) It was judged by too few real images.</summary>
#
# No. That changes the floor as well, and it would not bring recall near zero.
#
# </details>
#
# **3. You report a Fréchet distance from one thousand samples, a paper one from fifty thousand, with the same
# features. May they be compared?**
#
# <details><summary>a) Yes, since the features are the same.</summary>
#
# No. Even perfect samples have a larger distance if they are fewer.
#
# </details>
# <details><summary>b) No. Fewer samples raise it, whatever their quality.</summary>
#
# Right. The covariance of few samples is badly estimated, and that counts as distance.
#
# </details>
# <details><summary>c) Yes, if both are far from zero.</summary>
#
# No. You do not know the size of the error.
#
# </details>
#
# **4. You double the contrast of your samples, and the Fréchet distance falls by a third. What did the model
# learn?**
#
# <details><summary>a) To draw sharper images.</summary>
#
# No. The model is the same as before.
#
# </details>
# <details><summary>b) Nothing. The measure is moved by contrast, so contrast must be a control.</summary>
#
# Right. Put such a row beside every comparison with a model whose images are grey.
#
# </details>
# <details><summary>c) To match the mean of the features.</summary>
#
# No. That may be what the number rewards, but no weight has changed.
#
# </details>
#
# **5. Which number gives away a model that memorises its training images?**
#
# <details><summary>a) Precision.</summary>
#
# No. A copy of a real image is always inside its ball.
#
# </details>
# <details><summary>b) Coverage.</summary>
#
# No. A copy of each of them covers everything.
#
# </details>
# <details><summary>c) The distance to the nearest training image, beside that of held-out images.</summary>
#
# Right. An honest image comes no closer to the training images than other real images do.
#
# </details>
#
# **6. One stray generated point, far from all others, changes which measure most?**
#
# <details><summary>a) Recall.</summary>
#
# Right. Its ball reaches to its $k$-th neighbour, so it is huge, and every real point in it counts as found.
#
# </details>
# <details><summary>b) Coverage.</summary>
#
# No. One generated point more fills at most a few of the real balls.
#
# </details>
# <details><summary>c) Precision.</summary>
#
# No. It is one point more, inside or outside.
#
# </details>
#
# ## What to remember
#
# - Losses and likelihoods do not tell how good samples are. Compare sets of images, by features.
# - The Fréchet distance compares mean and covariance. Few samples raise it, and contrast moves it. The kernel
#   distance is not raised by few samples.
# - Precision asks whether samples look real, recall and coverage whether everything is there. Strays fool
#   precision and recall more than density and coverage.
# - A histogram of classes sees a class that is missing, and nothing within a class.
# - Only the distance to the nearest training image sees a model that memorises.
# - A number needs its floor, a control and the count. A classifier finds a digit even in noise.
#
# ## Sources
#
# - Likelihood and samples: {cite}`theis2016note`, section 3.
# - The Fréchet distance of two Gaussians: {cite}`dowson1982frechet`; of features:
#   {cite}`heusel2017gans`, equation 6. Its dependence on the count, and the kernel distance:
#   {cite}`binkowski2018demystifying`, section 4.
# - Precision and recall: {cite}`kynkaanniemi2019improved`, section 2, equations 1 and 2.
# - Density, coverage and the coverage to be expected: {cite}`naeem2020reliable`, equations 4 and 5 and
#   appendix A.
