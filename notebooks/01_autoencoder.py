# %% [markdown]
# # Chapter 1: The autoencoder
#
# *Run time: 31 s on two CPU cores, measured at the last execution.*
#
# **Can a network that only learned to copy images through a narrow code also make new ones?**
#
# After this chapter you can
#
# - build an autoencoder and say what its loss asks for, and what it does not;
# - compare it with principal component analysis with a code of the same length;
# - walk through a latent space and say what lies between two codes;
# - measure whether decoded codes look like real images, and name a measure that can be fooled.

# %% mystnb={"code_prompt_show": "Colab needs this cell", "code_prompt_hide": "Hide Colab's cell"} tags=["colab", "nbval-skip", "hide-cell"]
# Colab needs the course's package and its records. Elsewhere this cell does nothing.
import os
import sys

if "google.colab" in sys.modules and not os.path.exists("01_autoencoder.py"):
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
import numpy as np
from sklearn.decomposition import PCA

from vaegan_edu import (
    exercises,
    experiments,
    losses,
    metrics,
    models,
    networks,
    plotting,
    records,
)
from vaegan_edu.widgets import LatentExplorer

# %matplotlib inline
plotting.style()
profile = experiments.current_profile()

# %% [markdown]
# ## The images
#
# We start small. The images are handwritten digits: on a CPU the ones that come with scikit-learn
# {cite}`alpaydin1998optical`, $8 \times 8$ pixels enlarged to $28 \times 28$; on a GPU those of MNIST
# {cite}`lecun1998gradient`. Each image is an array of shape `(28, 28, 1)`. Its values run from
# $-1$ (black) to $1$ (white). We keep a test set apart, and the network never learns from it.

# %%
(x_train, y_train), (x_test, y_test) = profile.load_data()
print("training images", x_train.shape, "test images", x_test.shape)
print("values from", x_train.min(), "to", x_train.max())

# %% mystnb={"figure": {"caption": "The first test images. They have few pixels, enlarged, so their edges are soft: the cell prints the share of grey pixels, neither black nor white.", "name": "fig-ae-digits"}, "image": {"alt": "Two rows of twelve handwritten digits, white strokes with soft edges on black."}}
grey = np.abs(x_test[:24]) < 0.9
print(f"grey pixels: {grey.mean():.0%}")
plotting.image_sheet(x_test[:24], columns=12)

# %% [markdown]
# ## Squeeze and restore
#
# Imagine that you describe a digit to a friend by telephone, and may say only a few numbers. Your
# friend has to draw it. You both practise with thousands of digits, until you agree on numbers
# that say what matters: how round, how slanted, how thick.
#
# An autoencoder is such a pair {cite}`hinton2006reducing`. The *encoder* turns an image $x$ into a
# *code* $z$, a vector of `latent_dim` numbers. The *decoder* turns the code into a
# *reconstruction* $\hat x$, an image again:
#
# $$
# z = \text{encoder}(x), \qquad \hat x = \text{decoder}(z).
# $$ (eq-ae-map)
#
# Both are networks, and both learn at once, from one wish: $\hat x$ should be close to $x$. We
# measure the distance by half the squared difference of each pixel. We *sum* it over the pixels
# $i$ of an image, and *average* it over the $N$ images of a batch:
#
# $$
# \text{loss} = \frac 1N \sum_{n=1}^{N} \; \frac 12 \sum_i \left(x_{n,i} - \hat x_{n,i}\right)^2 .
# $$ (eq-ae-loss)
#
# No label appears in equation {eq}`eq-ae-loss`. The image is its own target. What keeps the pair from
# cheating is the *bottleneck*: the code has far fewer numbers than the image has pixels, and
# networks of this size cannot pass every image through so few. They must find what the images have
# in common.
#
# In code, the two networks come from `networks`: two convolutions with stride two on the way down,
# two transposed convolutions on the way up. `models.Autoencoder` states the loss, and Keras' own
# `fit` does the rest.


# %%
def train_autoencoder(latent_dim, epochs):
    """Build an autoencoder and train it from a fixed seed."""
    keras.utils.set_random_seed(0)
    autoencoder = models.Autoencoder(
        networks.build_encoder(latent_dim=latent_dim, variational=False),
        networks.build_decoder(latent_dim=latent_dim),
    )
    autoencoder.compile(keras.optimizers.Adam(2e-3))
    history = autoencoder.fit(
        x_train,
        validation_data=(x_test,),
        epochs=epochs,
        batch_size=64,
        verbose=0,
    )
    return autoencoder, history.history


autoencoder, history = train_autoencoder(
    latent_dim=16, epochs=profile.epochs(cpu=20, gpu=20)
)
print("weights of the encoder", autoencoder.encoder.count_params())
print("weights of the decoder", autoencoder.decoder.count_params())
print(
    "the last loss is below the first:",
    history["loss"][-1] <= history["loss"][0],
)

# %% mystnb={"figure": {"caption": "The loss of equation {eq}`eq-ae-loss` by epoch. Most is learned early; the curve for held-out images follows that for training images and ends within a third of it. It starts lower, because the training value is an average over the epoch, while the network still learns. The cell checks all three.", "name": "fig-ae-loss"}, "image": {"alt": "Two curves that fall steeply in the first epochs and then flatten; the dashed one for held-out images runs close to the solid one for training images."}}
train, held_out = np.array(history["loss"]), np.array(history["val_loss"])
fall = (train[0] - train) / (train[0] - train[-1])
print("over 0.8 of the fall in the first quarter of the epochs:",
      fall[len(train) // 4 - 1] > 0.8)  # fmt: skip
print("held-out loss at the end within a third of the training loss:",
      abs(held_out[-1] / train[-1] - 1) < 1 / 3)  # fmt: skip
print("held-out loss lower in the first epoch:", held_out[0] < train[0])
plotting.loss_curves(history, ["loss"], ylabel="loss, summed over pixels")

# %% [markdown]
# ## What comes back, and what a line would do
#
# A loss alone says little. We need something to hold it against, and there are two natural
# choices. The first is to answer every image with the average image. The second is principal
# component analysis (PCA) with as many components as the code has numbers. PCA is the best that
# *linear* maps can do in both places of equation {eq}`eq-ae-map` {cite}`goodfellow2016deep`. What the
# autoencoder gains over it, it gains by not being linear.

# %%
pixels = x_train.reshape(len(x_train), -1)
pca = PCA(n_components=autoencoder.latent_dim, random_state=0).fit(pixels)
through_pca = pca.inverse_transform(
    pca.transform(x_test.reshape(len(x_test), -1))
)

reconstructions = {
    "test image": x_test,
    "autoencoder": autoencoder.reconstruct(x_test),
    "PCA": np.clip(through_pca.reshape(x_test.shape), -1, 1).astype("float32"),
    "average": np.broadcast_to(x_train.mean(axis=0), x_test.shape),
}


def reconstruction_loss(images, reconstruction):
    """The loss above, by the package's function for each image."""
    each = losses.gaussian_reconstruction(images, reconstruction)
    return float(np.mean(each))


lost = {
    name: reconstruction_loss(x_test, reconstruction)
    for name, reconstruction in reconstructions.items()
}
print(f"PCA loses {lost['PCA']:.1f}, the average image {lost['average']:.1f}")
print("the autoencoder loses less:", lost["autoencoder"] < lost["PCA"])

# %% tags=["nbval-ignore-output"] mystnb={"figure": {"caption": "Test images and three ways back from sixteen numbers, or from none. The losses are printed above.", "name": "fig-ae-reconstructions"}, "image": {"alt": "Four rows of ten digits. The autoencoder's row looks almost like the test images, PCA's is fainter with ghostly smears, and the last row repeats one grey blur."}}
for name, loss in lost.items():
    print(f"{name:12} {loss:6.1f}")
plotting.image_rows(
    {name: images[:10] for name, images in reconstructions.items()}
)

# %% [markdown]
# ## A map of the digits
#
# What has the encoder put into its numbers? With sixteen of them we cannot look. So we train a
# second autoencoder whose code has two, and draw each test image as a dot at its code.

# %%
plane, _ = train_autoencoder(
    latent_dim=2, epochs=profile.epochs(cpu=25, gpu=20)
)
codes, labels = plane.encode(x_test[:360]), y_test[:360]
print("the largest code lies beyond 10:", np.abs(codes).max() > 10)
loss_plane = reconstruction_loss(x_test, plane.reconstruct(x_test))
loss_sixteen = reconstruction_loss(x_test, reconstructions["autoencoder"])
print(
    "two numbers lose over three times as much as sixteen:",
    loss_plane > 3 * loss_sixteen,
)

# %% mystnb={"figure": {"caption": "Codes of test images in a plane of two numbers. Digits of one class mostly lie together, though no label was used: the cell asks how often a dot and its nearest neighbour are of one class. The plane has no agreed centre or scale, and there are gaps. One run, one seed.", "name": "fig-ae-plane"}, "image": {"alt": "Coloured dots, one colour a digit class. Most classes form patches on a wide plane with empty space around them; several overlap in the middle, and one class is split in two."}}
distances = np.linalg.norm(codes[:, None] - codes, axis=-1)
np.fill_diagonal(distances, np.inf)  # no dot is its own neighbour
same_class = labels == labels[distances.argmin(axis=1)]
print("nearest neighbour of the same class, above 0.6:", same_class.mean() > 0.6)
print("by chance, about a tenth:", f"{np.mean(labels[:, None] == labels):.1f}")
plotting.latent_scatter({"codes of test images": codes}, labels)

# %% [markdown]
# Now walk. Drag the point in the figure below, or use the arrow keys or the sliders. On a patch
# you see a digit. Between patches you see one digit dissolve into another, and some shapes that
# are no digit. Far outside, where no training image has its code, the decoder still answers. It
# was never told what to say there.

# %% tags=["nbval-ignore-output"]
LatentExplorer(
    plane.decoder, codes, labels, title="Walk through the autoencoder's plane"
)

# %% [markdown]
# ## Does it make new images?
#
# Here is the chapter's question again. To make a new image, we choose a code and decode it. Which
# code? The loss of equation {eq}`eq-ae-loss` never says where codes lie, so we have to guess. We try
# three guesses, and one control that uses no network at all:
#
# - **random**: draw each number of the code from the standard normal distribution. That is what
#   chapter 2's model will be trained for; this one was not.
# - **fitted**: look first. Fit a Gaussian to the codes of the training images, then draw from it.
# - **between**: take two test images of different classes, and decode the midpoint of their codes.
# - **mean image** (control): average the same two images pixel by pixel.

# %%
data = (x_train, y_train), (x_test, y_test)
images, numbers = experiments.judge_decoder(
    autoencoder, data, profile.data, seed=0
)
spread = autoencoder.encode(x_train).std(axis=0)
print("every code has a standard deviation above 3:", spread.min() > 3)

# %% mystnb={"figure": {"caption": "What the decoder makes of codes that belong to no image, below real images. Random codes give nothing that looks like a digit: the cell checks that they lie over twice as far from the nearest training image as real images do, and fitted codes do not.", "name": "fig-ae-generated"}, "image": {"alt": "Five rows of ten images. Real digits; then grey noise without any shape for random codes; rough digit-like shapes for fitted codes; doubtful mixtures for codes between two images; and two digits laid over each other for the mean image."}}
far = {
    kind: np.median(
        metrics.nearest_distance(shown.reshape(len(shown), -1), pixels)
    )
    for kind, shown in images.items()
}
print("random: over twice as far as real:", far["random"] > 2 * far["real"])
print("fitted: over twice as far as real:", far["fitted"] > 2 * far["real"])
plotting.image_rows(
    {kind.replace("_", " "): shown[:10] for kind, shown in images.items()}
)

# %% [markdown]
# ## Put a number on it
#
# "Looks like a digit" is a judgement. To measure it, we need a judge, and we take two, because each
# has a blind spot.
#
# The first judge is a classifier. It was trained beforehand to name digits, and its last hidden
# layer gives `features`: numbers that say what an image shows rather than what each pixel is. From
# it we take three measures.
#
# - **low confidence**: the share of images for which the classifier gives no class a probability
#   of at least $0.9$. Lower is better.
# - **precision** {cite}`kynkaanniemi2019improved`: draw a ball around the features of every real
#   training image, reaching to its fifth nearest neighbour. Precision is the share of decoded
#   images that fall into some ball. Do they look *real*? Higher is better.
# - **recall**: the same with the roles exchanged. Which share of the *real* images lies within
#   balls around the decoded ones? Is *everything* there? Higher is better.
#
# The second judge compares plain pixels: **pixel precision** is precision with the pixels in place
# of the features.
#
# No measure means much alone. So the first row is the *floor*: real test images, measured in the
# same way. Perfect images would score about this. A score above it does not mean "better than
# real": a blur can get there.

# %% tags=["nbval-ignore-output"]
MEASURES = ("low_confidence", "precision", "pixel_precision", "recall")
print(" " * 12 + "".join(f"{measure:>17}" for measure in MEASURES))
for kind, row in numbers.items():
    print(
        f"{kind:12}" + "".join(f"{row[measure]:17.2f}" for measure in MEASURES)
    )

# %%
real, random, fitted, mean_image = (
    numbers[kind] for kind in ("real", "random", "fitted", "mean_image")
)
print(
    "random: hardly ever unsure, precision near the floor",
    random["low_confidence"] < 0.1
    and random["precision"] > real["precision"] - 0.2,
)
print(
    "random: neither pixel precision nor recall",
    max(random["pixel_precision"], random["recall"]) < 0.05,
)
print(
    "mean image: passes more often by pixels than by features",
    mean_image["pixel_precision"] > mean_image["precision"],
)
print(
    "fitted: below the floor by every measure",
    fitted["low_confidence"] > real["low_confidence"]
    and all(fitted[measure] < real[measure] for measure in MEASURES[1:]),
)

# %% [markdown]
# Read the row *random*, and look at its images again. The classifier is hardly ever unsure about
# them, and its precision is close to the floor. By these two measures they would be excellent
# digits. They are grey noise. The classifier learned to tell digits apart; it never saw anything
# that is no digit, so it finds one in everything. Pixel precision and recall are not fooled.
#
# The pixel judge has a blind spot too. Look at its number for *mean image*: two digits on top of
# each other pass quite often. A blurred image is near many images, pixel by pixel, and looks like
# none of them. There the classifier's precision is stricter. **A single measure can be fooled.
# Believe what several say, each beside its floor and a control, and look at the images.**
#
# Now the row *fitted*. Part of the failure was that we looked in the wrong place: the codes are
# spread far wider than a standard normal, as the first cell printed. Codes drawn from where the
# training codes lie give varied shapes that look like digits from afar. They stay well below the
# floor. One likely reason: a Gaussian also covers gaps such as those of {numref}`fig-ae-plane`.
#
# ## Is that one lucky run?
#
# A network's numbers change with its seed. So the comparison was run from five seeds, and longer,
# by the command `python -m vaegan_edu train ae-digits --seed N`, and by `vae-digits` for the
# variational autoencoder of chapter 2. Both have the same encoder trunk, decoder, data, learning
# rate and number of epochs; the learning rate is half of the one above. The next cell reads those
# records: the mean over seeds and, in brackets, a bootstrap interval. It is nominally one of
# $95\,\%$; with so few seeds it is somewhat too narrow.

# %%
RESULTS = "../book/results"
runs = {
    name: records.read_runs(f"{RESULTS}/{name}-digits")
    for name in ("ae", "vae")
}


def over_seeds(name, key):
    """Mean and 95 % interval of one recorded metric over seeds."""
    return metrics.mean_interval([run.metrics[key] for run in runs[name]])


print(
    "seeds:",
    len(runs["ae"]),
    "and",
    len(runs["vae"]),
    " epochs:",
    len(runs["ae"][0].history),
)
for measure in MEASURES:
    floor = runs["ae"][0].metrics[f"real_{measure}"]
    print(
        f"\n{measure + ', floor ' + format(floor, '.2f'):28}{'autoencoder':22}VAE"
    )
    for kind in ("random", "fitted", "between", "mean_image"):
        row = [over_seeds(name, f"{kind}_{measure}") for name in ("ae", "vae")]
        text = "".join(
            f"{f'{mean:.2f} [{low:.2f}, {high:.2f}]':22}"
            for mean, low, high in row
        )
        print(f"    {kind:24}{text}".rstrip())

# %% [markdown]
# The original project wrote that a plain autoencoder has no meaningful image between two of its
# codes, and that the VAE has; and that a code drawn at random is likely to give a meaningless image.
# We call this claim C0. The next cell asks the records. A difference counts when the two intervals
# do not overlap.


# %%
def verdict(kind, measure):
    """Say which model the intervals favour, if they are apart."""
    (ae, ae_low, ae_high), (vae, vae_low, vae_high) = (
        over_seeds(name, f"{kind}_{measure}") for name in ("ae", "vae")
    )
    if ae_low <= vae_high and vae_low <= ae_high:
        return "no difference"
    return "VAE" if vae > ae else "autoencoder"


print(
    "higher:".ljust(10) + "".join(f"{measure:>18}" for measure in MEASURES[1:])
)
for kind in ("random", "fitted", "between"):
    print(
        f"{kind:10}"
        + "".join(f"{verdict(kind, measure):>18}" for measure in MEASURES[1:])
    )

# %% [markdown]
# So C0 holds in one part, and the contrast that it draws is not seen in the other.
#
# - **Random codes**: it holds. The autoencoder makes noise of them, the VAE digit-like images, and
#   pixel precision and recall say so. The one entry for the autoencoder is the classifier's
#   precision, and we have just seen how that judge was fooled.
# - **Fitted codes**: with a Gaussian fitted to its codes, the autoencoder makes varied shapes: their
#   recall is high. But by neither precision do they pass more often than the control. The VAE's do.
# - **Between two images**: the contrast is not seen here. The midpoints of both models pass a little
#   more often than averaged pixels, and by the classifier's precision about half of them fail. What
#   the VAE gains in pixel precision is a soft gain: pixels like a blur.
#
# What sets the plain autoencoder apart is not what lies *between* its codes. It lacks any word on
# *where* its codes are. Chapter 2 adds that word.
#
# ## Exercises
#
# Replace the placeholder in each cell and run it. The check says what it proved, or gives a hint.
#
# ### Run and look
#
# How strongly does the autoencoder squeeze? Divide the number of pixels of an image by the number
# of values in its code. (Bear in mind that of the built-in digits only $8 \times 8$ pixels were
# measured; the rest is interpolated.)

# %% tags=["exercise"]
# Exercise: compression
pixels = 28 * 28  # of one image: x_test[0].size
code = 16  # numbers of its code: autoencoder.latent_dim

ratio = None  # replace None

exercises.check("compression", ratio)
# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: compression
pixels = 28 * 28  # of one image: x_test[0].size
code = 16  # numbers of its code: autoencoder.latent_dim

ratio = pixels / code

exercises.check("compression", ratio)
# %% [markdown]
# ### Implement the walk
#
# Write the straight line between two codes, $z(t) = (1 - t)\,a + t\,b$, for `steps` equally spaced
# values of $t$ from zero to one.


# %% tags=["exercise"]
# Exercise: interpolate
def interpolate(a, b, steps):
    """Return `steps` codes from a to b, both included: (steps, latent_dim)."""
    # Weights t from 0 to 1, one a row, then mix a and b.
    return None


exercises.check("interpolate", interpolate)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: interpolate
def interpolate(a, b, steps):
    """Return `steps` codes from a to b, both included: (steps, latent_dim)."""
    t = np.linspace(0.0, 1.0, steps)[:, None]  # (steps, 1)
    return (1.0 - t) * a + t * b  # each row: one code


exercises.check("interpolate", interpolate)
# %% [markdown]
# ### Implement the loss
#
# Write equation {eq}`eq-ae-loss` in NumPy. Mind what is summed, what is averaged, and the half.


# %% tags=["exercise"]
# Exercise: reconstruction_loss
def reconstruction_loss(x, x_hat):
    """Return the loss of a batch (N, height, width, channels): one number."""
    # Sum over pixels, then average over images.
    return None


exercises.check("reconstruction_loss", reconstruction_loss)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: reconstruction_loss
def reconstruction_loss(x, x_hat):
    """Return the loss of a batch (N, height, width, channels): one number."""
    each = 0.5 * np.sum((x - x_hat) ** 2, axis=(1, 2, 3))  # one an image
    return np.mean(each)


exercises.check("reconstruction_loss", reconstruction_loss)
# %% [markdown]
# ### Implement the measure
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
# **1. Why can the autoencoder not simply copy every pixel through?**
#
# <details><summary>a) Because its loss forbids it.</summary>
#
# No. A perfect copy would have loss zero, the best there is. The loss asks for a copy.
#
# </details>
# <details><summary>b) Because the code has fewer numbers than the image has pixels.</summary>
#
# Right. Networks of this size cannot pass every image through so few numbers, so they must choose.
#
# </details>
# <details><summary>c) Because convolutions cannot copy.</summary>
#
# No. A convolution whose kernel is one in the middle and zero elsewhere copies exactly.
#
# </details>
#
# **2. What does equation {eq}`eq-ae-loss` say about codes that belong to no training image?**
#
# <details><summary>a) Nothing.</summary>
#
# Right. Only codes that the encoder makes of training images enter the loss. What the decoder
# makes of others is left to chance.
#
# </details>
# <details><summary>b) That they should decode to blurred images.</summary>
#
# No. They never appear in the loss, so it prefers nothing about them.
#
# </details>
# <details><summary>c) That they should lie near the origin.</summary>
#
# No. That is what chapter 2's additional term will ask for.
#
# </details>
#
# **3. The images of random codes were grey noise, yet the classifier was sure of them. How?**
#
# <details><summary>a) The classifier was trained badly.</summary>
#
# No. It names nearly all real test images correctly. It was never shown shapes that are no digit.
#
# </details>
# <details><summary>b) A classifier can be sure about an image unlike all it has learned from.</summary>
#
# Right. It learned to tell digits apart, and it never saw what is no digit.
#
# </details>
# <details><summary>c) The noise was made of digits.</summary>
#
# No. The pixel judge finds none of these images near a real one.
#
# </details>
#
# **4. Why does the table begin with real test images?**
#
# <details><summary>a) To train the classifier.</summary>
#
# No. The classifier was finished before, and learned from training images only.
#
# </details>
# <details><summary>b) To show what perfect images would score.</summary>
#
# Right. Even real images do not reach a precision of one. Without that floor one would hold an
# unreachable value against the model.
#
# </details>
# <details><summary>c) To make the comparison with PCA fair.</summary>
#
# No. PCA appears in the comparison of reconstructions, not in this table.
#
# </details>
#
# **5. You take the mean over pixels in place of the sum in equation {eq}`eq-ae-loss`. What changes?**
#
# <details><summary>a) The best reconstruction becomes another one.</summary>
#
# No. The loss is divided by a constant, and its minimum stays where it was.
#
# </details>
# <details><summary>b) Only the scale, as long as the loss has this one term.</summary>
#
# Right. With a second term beside it, as in chapter 2, the scale decides which term wins.
#
# </details>
# <details><summary>c) The bottleneck becomes narrower.</summary>
#
# No. The bottleneck is the length of the code, and the loss does not change it.
#
# </details>
#
# ## What to remember
#
# - An autoencoder learns to copy images through a narrow code. Its images are their own targets.
# - It beats PCA with a code of the same length, because it may bend.
# - Copying does not make it a maker of images: at random codes it gives noise.
# - Its loss says nothing about codes that belong to no image. Where codes lie must be looked up.
# - Judge generated images by several measures, each beside the floor of real images and a control.
#   A classifier can be sure of grey noise, and pixels are content with a blur.
#
# ## Sources
#
# - The deep autoencoder and its comparison with PCA: {cite}`hinton2006reducing`.
# - Linear autoencoders and PCA: {cite}`goodfellow2016deep`, section 14.1 and section 2.12.
# - Precision and recall: {cite}`kynkaanniemi2019improved`, section 2, equations 1 and 2.
# - The data: {cite}`alpaydin1998optical`, {cite}`lecun1998gradient`.
