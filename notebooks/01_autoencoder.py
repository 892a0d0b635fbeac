# %% [markdown]
# # Chapter 1: The autoencoder
#
# *Run time: 105 s on two CPU cores, measured at the last execution.*
#
# **Can a network that only learned to copy images through a narrow code also make new ones?**
#
# After this chapter you can
#
# - build an autoencoder in Keras, layer by layer, and say where its weights are;
# - write its training step by hand: forward pass, loss, gradient, update;
# - compare it with principal component analysis at the same length of code;
# - walk through a latent space, and say what the loss asks for there and what it does not.
#
# If the words *layer*, *convolution*, *epoch* or *Adam* are new to you,
# [Before you start](00_before_you_start.ipynb) explains them. Any other word is in the
# [glossary](../book/glossary.md), and every symbol in the [notation](../book/notation.md).

# %% mystnb={"code_prompt_show": "Colab needs this cell", "code_prompt_hide": "Hide Colab's cell"} tags=["colab", "nbval-skip", "hide-cell"]
# Colab needs the course's package and its records. Elsewhere this cell does nothing.
import os
import sys

if "google.colab" in sys.modules and not os.path.exists("01_autoencoder.py"):
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
import numpy as np
import tensorflow as tf  # for GradientTape: Keras leaves gradients to its backend
from keras import layers, ops
from sklearn.decomposition import PCA

from vaegan_edu import exercises, losses, metrics, models, networks, plotting
from vaegan_edu.widgets import LatentExplorer

# %% [markdown]
# ## The images
#
# The images are handwritten digits: on a CPU the ones that come with scikit-learn
# {cite}`alpaydin1998optical`, $8 \times 8$ pixels enlarged to $28 \times 28$; on a GPU those of
# MNIST {cite}`lecun1998gradient`. (`profile` knows which machine this is, and chooses the data and
# the number of epochs.) Each image is an array of shape `(28, 28, 1)` whose values run from $-1$
# (black) to $1$ (white). We keep a test set apart, from which the network never learns.

# %%
(x_train, y_train), (x_test, y_test) = profile.load_data()

# %% [markdown]
# <details><summary>The same without the course's package</summary>
#
# `load_data` returns NumPy arrays: images of shape $(N, 28, 28, 1)$, and the digit that each shows. For
# MNIST it amounts to
#
# ```python
# (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()  # bytes, 0 to 255
# x_train = x_train[..., None].astype("float32") / 127.5 - 1  # a channel, and -1 to 1
# x_test = x_test[..., None].astype("float32") / 127.5 - 1
# ```
#
# The built-in digits come from `sklearn.datasets.load_digits`, whose values run from $0$ to $16$. They
# are enlarged by `scipy.ndimage.zoom` and split by `train_test_split`. With any other array of grey
# images of this size you can go through the chapter in the same way.
#
# </details>

# %% mystnb={"figure": {"caption": "The first test images. They were enlarged from few pixels, so their edges are soft and about half of their pixels are grey.", "name": "fig-ae-digits"}, "image": {"alt": "Two rows of twelve handwritten digits, white strokes with soft edges on black."}} tags=["hide-input"]
print(f"{len(x_train)} training images, {len(x_test)} test images")
print(f"neither black nor white: {np.mean(np.abs(x_test) < 0.9):.0%} of the pixels")
plotting.image_sheet(x_test[:24], columns=12)

# %% [markdown]
# ## Squeeze and restore
#
# Imagine that you describe a digit to a friend by telephone, in only a few numbers, and your friend has
# to draw it. You practise until you agree on numbers that say what matters: how round, how slanted, how thick.
#
# An autoencoder is such a pair {cite}`hinton2006reducing`. The *encoder* turns an image $x$ into a
# *code* $z$, a vector of `latent_dim` numbers. (*Latent* means hidden: nobody tells the network what
# these numbers should stand for. All possible codes make up the *latent space*, and each of the numbers
# is one *latent dimension*.) The *decoder* turns the code into a *reconstruction* $\hat x$, an image
# again:
#
# $$
# z = \text{encoder}(x), \qquad \hat x = \text{decoder}(z).
# $$ (eq-ae-map)
#
# Both are networks, and they learn together, because both are judged by the same result:
# $\hat x$ should be close to $x$. We measure the distance by half the squared difference of each
# pixel. (The half does not move the minimum, and makes the derivative simple. Chapter 2 gives it a meaning.)
# We *sum* it over the pixels $i$ of an image, and *average* it over the $N$ images of a batch:
#
# $$
# \text{loss} = \frac 1N \sum_{n=1}^{N} \; \frac 12 \sum_i \left(x_{n,i} - \hat x_{n,i}\right)^2 .
# $$ (eq-ae-loss)
#
# No label appears in equation {eq}`eq-ae-loss`, since the image is its own target. What keeps the
# pair from mere copying is the *bottleneck*: the code has far fewer numbers than
# the image has pixels. Networks of this size cannot pass every image through so few numbers, so
# they must find what the images have in common. (On a CPU the bottleneck is wider than it looks. An
# image enlarged from $8 \times 8$ pixels holds $64$ numbers, not $784$, and our code will have $16$.)
#
# ## The two networks, layer by layer
#
# The encoder looks at the image through two convolutions. Each has a stride of two, so that it halves
# height and width, and each has more channels than the layer before: fewer places, but more said
# about each. Then the map is flattened to one long vector, and two dense layers condense it to the
# code. The decoder does the same backwards. Its *transposed* convolutions double height and width,
# and its last layer ends in a `tanh`, because pixels lie between $-1$ and $1$.
#
# In the code `Conv2D(16, 4)` is a convolution with $16$ filters of side $4$. The first pair of brackets makes
# a layer and the second applies it (*Networks that branch* in [Before you start](00_before_you_start.ipynb)).


# %%
def build_encoder(latent_dim):
    images = keras.Input((28, 28, 1))
    h = layers.Conv2D(16, 4, strides=2, padding="same", activation="relu")(images)
    h = layers.Conv2D(32, 4, strides=2, padding="same", activation="relu")(h)
    h = layers.Flatten()(h)
    h = layers.Dense(64, activation="relu")(h)
    z = layers.Dense(latent_dim)(h)  # no activation: a code may be any number
    return keras.Model(images, z)


def build_decoder(latent_dim):
    z = keras.Input((latent_dim,))
    h = layers.Dense(7 * 7 * 32, activation="relu")(z)
    h = layers.Reshape((7, 7, 32))(h)
    up = layers.Conv2DTranspose
    h = up(16, 4, strides=2, padding="same", activation="relu")(h)
    x_hat = up(1, 4, strides=2, padding="same", activation="tanh")(h)
    return keras.Model(z, x_hat)


keras.utils.set_random_seed(0)  # random weights, but the same in every run
encoder, decoder = build_encoder(latent_dim=16), build_decoder(latent_dim=16)


# %% mystnb={"figure": {"caption": "The two networks, drawn from their own shapes: each block is what a layer returns for one image, written as height × width × channels or as a length. Height and width halve on the way to the code and double on the way back.", "name": "fig-ae-networks"}, "image": {"alt": "Two rows of blocks joined by arrows. Upper row: a large square, 28 by 28 by 1; smaller stacked squares, 14 by 14 by 16; still smaller ones, 7 by 7 by 32; then bars of 1568, 64 and 16 numbers. Lower row: a bar of 16, one of 1568, stacked squares of 7 by 7 by 32, of 14 by 14 by 16, and a large square of 28 by 28 by 1."}} tags=["hide-input"]
def blocks(network, first):
    """Each layer's name and the shape of what it returns, for `network_chart`."""
    names = [first, *(type(layer).__name__ for layer in network.layers[1:])]
    shapes = [layer.output.shape[1:] for layer in network.layers]
    return [
        (name.replace("2DT", "2D\nT"), shape) for name, shape in zip(names, shapes, strict=True)
    ]


weights = encoder.layers[4].count_params(), encoder.count_params()
print("weights of the encoder's first dense layer: {:,} of {:,}".format(*weights))
plotting.network_chart({"encoder": blocks(encoder, "image"), "decoder": blocks(decoder, "code")})

# %% [markdown]
# Nine tenths of the encoder's weights sit in its first dense layer: it joins each of $1568$ numbers
# to each of $64$ units, whereas a convolution uses its few weights again at every place.
#
# The package builds these networks with `networks.build_encoder` and `networks.build_decoder`, in a
# size that it calls `"small"`. (`variational=False` asks for an encoder with one output, the code. The
# encoders of chapter 2 have two.) Their layers are the ones above:

# %%
theirs = networks.build_encoder("small", latent_dim=16, variational=False)
their_decoder = networks.build_decoder("small", latent_dim=16)
notebook.layers(ours=encoder, package=theirs)

# %%
notebook.layers(ours=decoder, package=their_decoder)

# %% [markdown]
# ## One training step, written out
#
# Training repeats one step. Take a batch of images and send it forward through both networks.
# Compute the loss of equation {eq}`eq-ae-loss`. Ask how the loss would change with each weight:
# that is the gradient, which backpropagation computes. Then let the optimiser move every weight a
# little downhill.
#
# Keras leaves the gradient to the library underneath, here TensorFlow. Its `GradientTape` records
# what is computed inside its `with` block, and differentiates it afterwards. It does not see what NumPy
# computes. So inside the block we write `ops.sum` and not `np.sum`: `ops` is Keras' own NumPy, with the
# same names.
#
# `trainable_variables` is the list of a network's arrays of weights. `tape.gradient(loss, weights)`
# returns an array of slopes for each of them, in the same order, and `optimizer.apply` moves the
# weights. (`training=True` matters only for layers such as BatchNorm, of which these networks have none.)


# %%
def train_step(encoder, decoder, optimizer, images):
    with tf.GradientTape() as tape:
        z = encoder(images, training=True)
        x_hat = decoder(z, training=True)
        per_image = 0.5 * ops.sum((images - x_hat) ** 2, axis=(1, 2, 3))
        loss = ops.mean(per_image)
    weights = encoder.trainable_variables + decoder.trainable_variables
    gradients = tape.gradient(loss, weights)
    optimizer.apply(gradients, weights)
    return loss


theirs.set_weights(encoder.get_weights())  # the same start, for later
their_decoder.set_weights(decoder.get_weights())

optimizer = keras.optimizers.Adam(2e-3)
batches = [x_train[start : start + 64] for start in range(0, len(x_train), 64)]
by_hand = [float(train_step(encoder, decoder, optimizer, batch)) for batch in batches]
print(f"loss of the first batch {by_hand[0]:.1f}, of the last {by_hand[-1]:.1f}")

# %% [markdown]
# That was an *epoch*: every training image was used once, in batches of $64$.
#
# `models.Autoencoder` packs the same step into Keras' `fit`, which also shuffles, validates and
# keeps a history. Started from the same weights, with the batches in the same order, it must
# arrive at the same loss:

# %%
packed = models.Autoencoder(theirs, their_decoder)
packed.compile(keras.optimizers.Adam(2e-3))
history = packed.fit(x_train, batch_size=64, shuffle=False, verbose=0).history
sizes = [len(batch) for batch in batches]  # the last one is smaller
notebook.Table(
    {
        "by hand": {"mean loss of the epoch": np.average(by_hand, weights=sizes)},
        "models.Autoencoder": {"mean loss of the epoch": history["loss"][0]},
    }
)

# %% [markdown]
# From here on we use `fit`, for more epochs, and watch the loss of the test images beside it. (No
# choice in this chapter depends on this loss, so they may still be called a test set.)


# %%
def train_autoencoder(latent_dim, epochs):
    keras.utils.set_random_seed(0)
    autoencoder = models.Autoencoder(
        networks.build_encoder(latent_dim=latent_dim, variational=False),
        networks.build_decoder(latent_dim=latent_dim),
    )
    autoencoder.compile(keras.optimizers.Adam(2e-3))
    fitted = autoencoder.fit(
        x_train,
        validation_data=(x_test,),
        epochs=epochs,
        batch_size=64,
        verbose=0,
    )
    return autoencoder, fitted.history


epochs = profile.epochs(cpu=20, gpu=20)
autoencoder, history = train_autoencoder(16, epochs)

# %% mystnb={"figure": {"caption": "The loss of equation {eq}`eq-ae-loss` by epoch. Most is learned in the first quarter. The dashed curve is for test images, which take no part in training. It starts *lower* than the other because it is measured at the end of an epoch, while the training value is an average over the epoch, in which the network still learned.", "name": "fig-ae-loss"}, "image": {"alt": "Two curves that fall steeply in the first epochs and then flatten; the dashed one for held-out images starts lower, runs close to the solid one and ends a little above it."}} tags=["hide-input"]
for name in ("loss", "val_loss"):
    values, quarter = history[name], max(len(history[name]) // 4, 1) - 1
    fall = (values[0] - values[quarter]) / (values[0] - values[-1])
    print(
        f"{name:8}  first epoch {values[0]:4.0f}  a quarter of them later {values[quarter]:3.0f}: "
        f"{fall:.1f} of the whole fall"
    )
plotting.loss_curves(history, ["loss"], ylabel="loss, summed over pixels")

# %% [markdown]
# ## What comes back, and what a linear map would do
#
# The loss of the test images ends only a little above that of the training images. So the network has not
# merely learned its images by heart.
#
# Is the last loss a small one? We compare it with two simpler ways to reconstruct. The first answers every
# image with the average image $m$. The second is principal component analysis (PCA). An image is a point in a
# space with one axis for each pixel. PCA finds the directions in that space along which the images spread most
# around their average, at right angles to one another, and keeps as many as our code has numbers. Write image
# and code as rows, and let the columns of a matrix $W$ be these directions, of length one. Then
#
# $$
# z = (x - m)\, W, \qquad \hat x = m + z\, W^\top .
# $$ (eq-ae-pca)
#
# So PCA is an autoencoder, too, one whose encoder and decoder are dense layers without activations. Of all such
# pairs it has the smallest squared error on the images that it was fitted to
# {cite}`bourlard1988auto,baldi1989neural`. An autoencoder that does better *there* does so because it is not
# linear. On test images this is no theorem, but the comparison is fair. We do both. (`reconstruct` is the
# encoder and then the decoder; `encode` and `decode` below are one half each.)

# %%
pixels = x_train.reshape(len(x_train), -1)  # an image a row: (N, 784)
pca = PCA(n_components=16, random_state=0).fit(pixels)


def through_pca(x):
    codes = pca.transform(x.reshape(len(x), -1))  # (N, 16)
    return pca.inverse_transform(codes).reshape(x.shape).astype("float32")


def ways_back(x):
    return {
        "autoencoder": autoencoder.reconstruct(x),
        "PCA": np.clip(through_pca(x), -1, 1),  # no pixel is blacker than black
        "average": np.broadcast_to(x_train.mean(axis=0), x.shape),
    }


def mean_loss(x, x_hat):
    return float(np.mean(losses.gaussian_reconstruction(x, x_hat)))


in_training = {name: mean_loss(x_train, x_hat) for name, x_hat in ways_back(x_train).items()}
reconstructions = ways_back(x_test)
lost = {name: mean_loss(x_test, x_hat) for name, x_hat in reconstructions.items()}

# %% mystnb={"figure": {"caption": "Test images and three ways back from sixteen numbers, or from none. PCA keeps what the digits have in common along straight lines; the autoencoder may bend, and lost less in this run.", "name": "fig-ae-reconstructions"}, "image": {"alt": "Four rows of ten digits. The autoencoder's row looks almost like the test images, PCA's is fainter with ghostly smears, and the last row repeats one grey blur."}} tags=["hide-input", "nbval-ignore-output"]
for which, loss in (("training images", in_training), ("test images", lost)):
    print(f"loss, {which}: " + ", ".join(f"{name} {loss[name]:.0f}" for name in loss))
shown = {"test image": x_test} | reconstructions
plotting.image_rows({name: images[:10] for name, images in shown.items()})

# %% [markdown]
# Both losses are small beside that of the average image: sixteen numbers hold most of the pixels' variation
# from image to image, and straight directions already hold nearly as much of it. The autoencoder's lead on
# test images is that of a single short run. In chapter 2 five runs with more epochs all lose less than this one.
#
# ## A map of the digits
#
# What has the encoder put into its numbers? With sixteen of them we cannot look. So we train a
# second autoencoder whose code has only two, and draw each test image as a dot at its code.

# %%
plane, _ = train_autoencoder(2, epochs)
codes, labels = plane.encode(x_test[:360]), y_test[:360]

# %% mystnb={"figure": {"caption": "Codes of test images in a plane of two numbers. The digits of one class mostly lie together, although no label was used. The plane has neither a centre nor a scale that anyone agreed on, and there are gaps. One run, one seed.", "name": "fig-ae-plane"}, "image": {"alt": "Coloured dots, one colour a digit class. Most classes form clusters on a wide plane with empty space around them; several overlap in the middle."}} tags=["nbval-ignore-output", "hide-input"]
apart = np.linalg.norm(codes[:, None] - codes, axis=-1)
np.fill_diagonal(apart, np.inf)  # no dot is its own neighbour
same_class = np.mean(labels == labels[apart.argmin(axis=1)])
print(
    f"nearest dot is of the same class: {same_class:.0%} "
    f"(by chance {np.mean(labels[:, None] == labels):.0%})"
)
print(f"largest coordinate of a code: {np.abs(codes).max():.0f}")
plotting.latent_scatter({"codes of test images": codes}, labels)

# %% [markdown]
# Now walk. Drag the point in the figure below, or use the arrow keys or the sliders. Inside a cluster
# of one colour you see a digit. Between clusters you see one digit dissolve into another, and some
# shapes that are no digit. Far outside, where no training image has its code, the decoder still answers,
# although its loss never said what it should answer there.

# %% tags=["nbval-ignore-output"]
LatentExplorer(plane.decoder, codes, labels, title="Walk through the autoencoder's plane")

# %% [markdown]
# ## Does it make new images?
#
# To make a new image, we choose a code and decode it. Which
# code? The loss of equation {eq}`eq-ae-loss` never says where codes lie, so we have to guess. We try
# three guesses, and one control that uses no network at all:
#
# - **random**: draw each number of the code from the standard normal distribution, the bell of mean
#   zero and standard deviation one (*The Gaussian density* in
#   [Before you start](00_before_you_start.ipynb));
# - **fitted**: look first. Take the mean of the training codes and their covariance matrix, which says
#   how widely each number is spread and which of them rise and fall together (*Covariance*, on the same
#   page). Then draw from the Gaussian that has both;
# - **between**: take two test images of different classes, and decode the midpoint of their codes;
# - **mean image** (the *control*): average the same two images pixel by pixel.

# %%
rng = np.random.default_rng(0)
codes = autoencoder.encode(x_train)  # (N, 16)
partner = rng.permutation(len(x_test))
pairs = np.flatnonzero(y_test != y_test[partner])  # of different classes
first, second = x_test[pairs], x_test[partner[pairs]]

count, mean, covariance = len(pairs), codes.mean(axis=0), np.cov(codes.T)
random = rng.standard_normal((count, 16))
fitted = rng.multivariate_normal(mean, covariance, size=count)
between = (autoencoder.encode(first) + autoencoder.encode(second)) / 2
made = {
    "test image": first,
    "random": autoencoder.decode(random),
    "fitted": autoencoder.decode(fitted),
    "between": autoencoder.decode(between),
    "mean image": (first + second) / 2,
}

# %% mystnb={"figure": {"caption": "What the decoder makes of codes that belong to no image, below real images. Which of these would you accept as a handwritten digit? Decide row by row before you read on.", "name": "fig-ae-generated"}, "image": {"alt": "Five rows of ten images. Real digits; then grey noise without any shape for random codes; rough digit-like shapes for fitted codes; doubtful mixtures for codes between two images; and two digits laid over each other for the mean image."}} tags=["nbval-ignore-output", "hide-input"]
spread = codes.std(axis=0)
print(f"standard deviation of the training codes: {spread.min():.1f} to {spread.max():.1f}")
length, random_length = np.linalg.norm(codes, axis=1), np.linalg.norm(random, axis=1)
print(f"median length of a code: training {np.median(length):.0f}", end=", ")
print(f"random {np.median(random_length):.0f}")
inside = np.mean(length < random_length.max())
print(f"training codes no longer than the longest random one: {inside:.0%}")
plotting.image_rows({name: images[:10] for name, images in made.items()})

# %% [markdown]
# Random codes give grey noise. We looked in the wrong place: the codes of images are spread several
# times as wide as a standard normal, so that nearly all of them lie further from zero than any of the
# random codes. Codes drawn from where the training codes lie give varied shapes. Some could be digits and
# others could not, perhaps because a Gaussian also covers gaps such as those of {numref}`fig-ae-plane`.
# Halfway between two codes some images look like one digit, others like a mixture.
#
# "Could be digits" is a judgement by eye. How would you measure it? A first idea: whatever looks like a
# digit must lie close to *some* training image. Take the Euclidean distance between the pixel values of a
# decoded image and of each training image (the root of the summed squared differences), and keep the
# smallest.

# %% tags=["nbval-ignore-output"]
nearest = {
    name: metrics.nearest_distance(images.reshape(len(images), -1), pixels)
    for name, images in made.items()
}
notebook.Table(
    {name: {"median distance": np.median(nearest[name])} for name in made},
    digits=1,
    corner="to the nearest training image",
)

# %% [markdown]
# The measure rightly rejects the noise. But look at the *control*, two digits laid on top of each other.
# Many are no digit, and yet the measure puts them about level with the fitted codes. One reason is
# that the mean of two images is only half as far from each of them as they are from each other. And a model
# that drew one training image again and again would get a perfect zero. So a useful measure must look at more
# than pixels, and ask for variety too. Chapter 2 has such measures.
#
# So the answer to the chapter's question is: by eye, sometimes, if one first looks up where the codes of its
# images lie. How many of the images are digits our measure cannot say, since it rates the control as highly.
# The loss has no rule for *where* codes lie. Chapter 2 adds one.
#
# ## Exercises
#
# Replace the placeholder in each cell and run it. The check says what it proved, or gives a hint.
#
# ### Run and look
#
# Most of the encoder's weights are in its first dense layer. How many would that layer have, with the
# same convolutions and the same $64$ units, for images of $64 \times 64$ pixels? Count the biases too.

# %% tags=["exercise"]
# Exercise: dense_weights
side, units = 64, 64  # of the image, of the first dense layer

weights = None  # of the first dense layer, biases included: replace None

exercises.check("dense_weights", weights)

# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: dense_weights
side, units = 64, 64  # of the image, of the first dense layer

numbers = (side // 4) ** 2 * 32  # two strides of two, then 32 channels
weights = numbers * units + units

exercises.check("dense_weights", weights)

# %% [markdown]
# ### Write the loss
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
    per_image = 0.5 * np.sum((x - x_hat) ** 2, axis=(1, 2, 3))  # (N,)
    return np.mean(per_image)


exercises.check("reconstruction_loss", reconstruction_loss)

# %% [markdown]
# ### Write the walk
#
# Write the straight line between two codes, $z(t) = (1 - t)\,a + t\,b$, for `steps` equally spaced
# values of $t$ from zero to one.


# %% tags=["exercise"]
# Exercise: interpolate
def interpolate(a, b, steps):
    """Return `steps` codes from a to b, both included: (steps, latent_dim)."""
    # Weights t from 0 to 1 as a column, then mix a and b.
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
# ### Build an encoder
#
# Build an encoder with *three* convolutions, for images of any shape: kernels of $3 \times 3$,
# stride two, padding `"same"`, with $16$, $32$ and $64$ filters, each followed by ReLU. Then a
# dense layer of $64$ units with ReLU, and the code.


# %% tags=["exercise"]
# Exercise: encoder
def encoder(image_shape, latent_dim):
    """Return a Keras model from images of this shape to codes (latent_dim,)."""
    images = keras.Input(image_shape)
    # Three convolutions, flatten, a dense layer, the code;
    # then keras.Model(images, code).
    return None


exercises.check("encoder", encoder)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: encoder
def encoder(image_shape, latent_dim):
    """Return a Keras model from images of this shape to codes (latent_dim,)."""
    images = keras.Input(image_shape)
    h = images
    for filters in (16, 32, 64):
        h = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(h)
    h = layers.Dense(64, activation="relu")(layers.Flatten()(h))
    return keras.Model(images, layers.Dense(latent_dim)(h))


exercises.check("encoder", encoder)

# %% [markdown]
# Now train what you built, with the decoder of this chapter at its other end. (From here on the name `encoder`
# is your function's. If you open the solution's cell, leave it unrun: it would replace yours.) Then write
# `train_step` from memory in a new cell (a tape, two networks, the loss of equation {eq}`eq-ae-loss`, one gradient,
# one update). Run it over `batches` with fresh networks, `build_encoder(16)` and `build_decoder(16)`, and a
# fresh optimizer. The loss should fall about as `by_hand` did.

# %% mystnb={"figure": {"caption": "What an autoencoder makes of test images whose encoder is the one of the exercise above.", "name": "fig-ae-yours"}, "image": {"alt": "Two rows of ten digits: test images, and somewhat blurred reconstructions of them."}}
if exercises.check("encoder", encoder).passed:
    keras.utils.set_random_seed(0)
    yours = models.Autoencoder(encoder((28, 28, 1), 16), build_decoder(16))
    yours.compile(keras.optimizers.Adam(2e-3))
    epochs = profile.epochs(cpu=8, gpu=8)
    by_epoch = yours.fit(x_train, epochs=epochs, verbose=0).history["loss"]
    print(f"loss of the first epoch {by_epoch[0]:.0f}, of the last {by_epoch[-1]:.0f}")
    shown = x_test[:10]
    plotting.image_rows({"test image": shown, "yours": yours.reconstruct(shown)})
else:
    print("First solve the exercise above.")

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
# No. A convolution of stride one whose kernel is one in the middle and zero elsewhere copies
# exactly.
#
# </details>
#
# **2. You leave out every activation function, in the encoder and in the decoder. How good can the
# reconstructions become at best?**
#
# <details><summary>a) As good as before, after longer training.</summary>
#
# No. Layers without activations compose to one linear map, however many there are and however long
# they train.
#
# </details>
# <details><summary>b) No better than PCA with a code of the same length.</summary>
#
# Right. Both halves are then linear, apart from a constant, and on the images that it was fitted to PCA is
# the best that linear maps can do by squared error.
#
# </details>
# <details><summary>c) No better than the average image.</summary>
#
# No. A linear map can pass on as many numbers as the code holds, and PCA loses far less than the
# average image.
#
# </details>
#
# **3. What does equation {eq}`eq-ae-loss` say about codes that belong to no training image?**
#
# <details><summary>a) Nothing.</summary>
#
# Right. Only codes that the encoder makes of training images enter the loss. It does not ask what the
# decoder makes of others.
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
# **4. In the training step, why is the gradient taken with respect to the weights of both networks
# at once?**
#
# <details><summary>a) Because Keras cannot train one network alone.</summary>
#
# No. One could leave the encoder's weights out of the list; it would then stay as it began.
#
# </details>
# <details><summary>b) Because the loss depends on the weights of both.</summary>
#
# Right. The encoder's weights act on it through the code and the decoder. Backpropagation follows
# that path from the loss back to the encoder, so one loss trains both.
#
# </details>
# <details><summary>c) Because the decoder has the larger share of the weights.</summary>
#
# No. Here the encoder has more, and the share would be no reason either.
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
# - A training step is a forward pass, a loss, one gradient for all weights, and an update.
# - Here it lost less than PCA with a code of the same length. On the images that PCA was fitted to, only a
#   map that is not linear can.
# - Its loss says nothing about codes that belong to no image. Draws from a standard normal decoded to
#   noise; draws from where the training codes lie, to shapes, some of them digits.
# - Closeness in pixels is a poor judge of images: two digits laid over each other pass.
#
# ## Sources
#
# - The deep autoencoder and its comparison with PCA: {cite}`hinton2006reducing`.
# - Linear autoencoders and PCA: {cite}`bourlard1988auto`, {cite}`baldi1989neural`; in a textbook
#   {cite}`goodfellow2016deep`, section 14.1 and section 2.12.
# - The data: {cite}`alpaydin1998optical`, {cite}`lecun1998gradient`.
