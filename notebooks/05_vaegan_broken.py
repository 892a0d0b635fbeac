# %% [markdown]
# # Workshop: six broken trainings
#
# *Run time: 203 s on two CPU cores, measured at the last execution.*
#
# **A VAE-GAN trains, and something is wrong. How do you find out what?**
#
# After this chapter you can
#
# - read losses, means of D, copies and samples as symptoms, and say what they cannot tell;
# - take a measurement that separates one fault from five others;
# - write the test that would have caught it before any training.
#
# You need chapters 4 and 5, one layer of chapter 6, and for precision and coverage the interlude. The
# [laboratory](../book/laboratory.md) has the same networks, and the same six faults as switches. Words are explained
# in the [glossary](../book/glossary.md).

# %% mystnb={"code_prompt_show": "Colab needs this cell", "code_prompt_hide": "Hide Colab's cell"} tags=["colab", "nbval-skip", "hide-cell"]
# Colab needs the course's package and its records. Elsewhere this cell does nothing.
import os
import sys

if "google.colab" in sys.modules and not os.path.exists("05_vaegan_broken.py"):
    from IPython import get_ipython

    address = "https://github.com/vaegan-edu/vaegan-edu"
    if not os.path.exists("course"):  # after a restart it is there
        get_ipython().system(f"git clone -q --depth 1 {address} course")
    os.chdir("course/notebooks")
    get_ipython().run_line_magic("pip", "install -q 'keras>=3.15,<4' anywidget ..")

# %%
from vaegan_edu import notebook

profile = notebook.start()

import difflib
import inspect

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf  # for its GradientTape
from keras import layers, ops

from vaegan_edu import datasets, exercises, losses, metrics, networks, plotting
from vaegan_edu.layers import MinibatchDiscrimination

(x_train, y_train), (x_test, y_test) = datasets.load_digits(image_size=8)

# %% [markdown]
# ## Why this is hard
#
# Most faults in a training step raise no error. And no loss of a game says how good the images are, so a curve that
# looks odd may belong to a sound training. What helps is a measurement whose result one suspect predicts and the
# others rule out. For each case below, go this way:
#
# 1. *Symptom.* Which number or picture does not fit the others?
# 2. *Suspects.* Which faults would explain it? Name two.
# 3. *Measurement.* In which number do these two differ? Take it, on fresh networks if that is enough.
# 4. *Test.* Turn the measurement into a check that needs no training.
#
# The images are scikit-learn's digits in their own size, $8 \times 8$ pixels, so that dense networks are enough
# and a training takes seconds. The discriminator has minibatch discrimination between its features and its
# logits; [chapter 6](06_mode_collapse.ipynb) explains that layer. All you need of it here is that it looks at
# *all* images of a batch.


# %%
LATENT_DIM = 16


def build_trio(seed=0):
    keras.utils.set_random_seed(seed)
    images = keras.Input((8, 8, 1))
    h = layers.LeakyReLU(0.2)(layers.Dense(128)(layers.Flatten()(images)))
    codes = layers.Dense(LATENT_DIM)(h), layers.Dense(LATENT_DIM, kernel_initializer="zeros")(h)
    encoder = keras.Model(images, codes)

    z = keras.Input((LATENT_DIM,))
    h = layers.Dense(128, activation="relu")(layers.Dense(128, activation="relu")(z))
    x = layers.Reshape((8, 8, 1))(layers.Dense(64, activation="tanh")(h))
    decoder = keras.Model(z, x)

    images = keras.Input((8, 8, 1))
    h = layers.LeakyReLU(0.2)(layers.Dense(128)(layers.Flatten()(images)))
    features = layers.Dense(64)(h)
    # Appends eight numbers that say how close an example is to the others of its batch.
    h = MinibatchDiscrimination(8, 4, scale=0.1)(layers.LeakyReLU(0.2)(features))
    discriminator = keras.Model(images, (layers.Dense(1)(h), features))
    return encoder, decoder, discriminator


# %% [markdown]
# ## The sound step
#
# These are the three losses of [chapter 5](05_vaegan.ipynb):
#
# $$
# \begin{aligned}
# \texttt{encoder} &= \texttt{prior} + \texttt{feature}, \\
# \texttt{decoder} &= \gamma \, \texttt{feature} + \texttt{game}, \\
# \texttt{discriminator} &= \texttt{found_out},
# \end{aligned}
# $$ (eq-broken-losses)
#
# where each name on the left stands for the loss of that network. `game` is the mean of $-\log D$ over copies plus
# that over samples, and `found_out` is the discriminator's cross-entropy. As in chapter 4, `softplus(-logit)` is
# $-\log D$ and `softplus(logit)` is $-\log(1 - D)$. In the code `own` holds these three losses.


# %%
def losses_of(encoder, decoder, discriminator, images, noise, gamma=1.0):
    z_mean, z_log_var = encoder(images, training=True)
    z = z_mean + ops.exp(0.5 * z_log_var) * noise["posterior"]
    copies = decoder(z, training=True)
    samples = decoder(noise["prior"], training=True)
    judged = [discriminator(batch, training=True) for batch in (images, copies, samples)]
    (real, seen), (copied, seen_copies), (sampled, _) = judged
    prior = ops.mean(0.5 * ops.sum(z_mean**2 + ops.exp(z_log_var) - z_log_var - 1, axis=1))
    feature = ops.mean(0.5 * ops.sum((seen - seen_copies) ** 2, axis=1))
    game = ops.mean(ops.softplus(-copied)) + ops.mean(ops.softplus(-sampled))
    found_out = ops.mean(ops.softplus(-real))
    found_out += ops.mean(ops.softplus(copied)) + ops.mean(ops.softplus(sampled))
    own = {
        "encoder": prior + feature,
        "decoder": gamma * feature + game,
        "discriminator": found_out,
    }
    logits = {"real": real, "reconstruction": copied, "generated": sampled}
    return own, {"prior": prior, "feature": feature}, logits


def gradients_of(own, trio, tape):
    """Each network's gradient of its own loss."""
    return [
        tape.gradient(loss, network.trainable_variables)
        for loss, network in zip(own.values(), trio, strict=True)
    ]


def train(losses_of, epochs, images=x_train, seed=0):
    """Train three networks, each by the gradient of its own loss; return them and their history."""
    trio = build_trio(seed)
    optimizers = [keras.optimizers.Adam(1e-3, beta_1=0.5) for _ in trio]
    for optimizer, network in zip(optimizers, trio, strict=True):
        optimizer.build(network.trainable_variables)

    @tf.function
    def step(batch, noise):
        with tf.GradientTape(persistent=True) as tape:
            own, terms, logits = losses_of(*trio, batch, noise)
        gradients = gradients_of(own, trio, tape)
        for optimizer, gradient, network in zip(optimizers, gradients, trio, strict=True):
            optimizer.apply(gradient, network.trainable_variables)
        d = {f"D {kind}": ops.mean(ops.sigmoid(logit)) for kind, logit in logits.items()}
        return {**own, **terms, **d}

    rng, history = np.random.default_rng(seed), []
    for _ in range(epochs):
        order, rows = rng.permutation(len(images)), []
        for start in range(0, len(order) - 63, 64):
            rows.append(step(images[order[start : start + 64]], draw(rng)))
        history.append({k: float(np.mean([row[k] for row in rows])) for k in rows[0]})
    return trio, history


def draw(rng, count=64):
    """Standard normal noise for one step."""
    shape = count, LATENT_DIM
    return {k: rng.standard_normal(shape, "float32") for k in ("posterior", "prior")}


# %% [markdown]
# ## Six cases
#
# Each of the cases A to F differs from the sound step in *one place*. Seed, data, noise and networks are the same.
# The next cell has the answers: leave it folded until you have made up your mind. (*Case D* is always written so
# here. D alone is the discriminator's probability of "real", as before.) The six candidates are
#
# - `sign`: The sign of the decoder's adversarial loss is flipped;
# - `leak`: The gradient of the feature term leaks into the discriminator;
# - `mean`: The KL divergence is a mean over latent dimensions, not a sum;
# - `sigmoid`: The features are taken after the discriminator's sigmoid;
# - `batch`: Real and fake images go through the discriminator in one batch;
# - `saturating`: The decoder's adversarial loss is the saturating one.

# %% mystnb={"code_prompt_show": "Show the answers", "code_prompt_hide": "Hide the answers"} tags=["hide-cell"]
SOURCE = inspect.getsource(losses_of)
# What stands in the sound step, and what stands there instead.
FAULTS = {
    "sign": ("gamma * feature + game", "gamma * feature - game"),
    "leak": ('"discriminator": found_out', '"discriminator": found_out + feature'),
    "mean": ("prior = ops.mean(0.5 * ops.sum(", "prior = ops.mean(0.5 * ops.mean("),
    "sigmoid": (
        "    (real, seen), (copied, seen_copies), (sampled, _) = judged\n",
        "    (real, _), (copied, _), (sampled, _) = judged\n"
        "    seen, seen_copies = ops.sigmoid(real), ops.sigmoid(copied)\n",
    ),
    "batch": (
        "judged = [discriminator(batch, training=True) for batch in (images, copies, samples)]",
        "together = discriminator(ops.concatenate([images, copies, samples]), training=True)\n"
        "    judged = list(zip(*[ops.split(output, 3) for output in together], strict=True))",
    ),
    "saturating": (
        "game = ops.mean(ops.softplus(-copied)) + ops.mean(ops.softplus(-sampled))",
        "game = -ops.mean(ops.softplus(copied)) - ops.mean(ops.softplus(sampled))",
    ),
}
CASES = dict(zip("ABCDEF", ("sign", "leak", "sigmoid", "mean", "saturating", "batch"), strict=True))


def broken(fault):
    """Return the sound step with one place replaced."""
    right, wrong = FAULTS[fault]
    if SOURCE.count(right) != 1:
        raise ValueError(f"the place of {fault!r} must be in the step once")
    space = dict(globals())
    exec(SOURCE.replace(right, wrong), space)
    return space["losses_of"]


def show_line(case):
    """Print what was replaced and what replaced it."""
    right, wrong = FAULTS[CASES[case]]
    changed = difflib.ndiff(
        [line.strip() for line in SOURCE.splitlines()],
        [line.strip() for line in SOURCE.replace(right, wrong).splitlines()],
    )
    print("\n".join(line.rstrip() for line in changed if line[0] in "+-"))


steps = {"sound": losses_of, **{case: broken(fault) for case, fault in CASES.items()}}

# %%
epochs = profile.epochs(cpu=30, gpu=30)
trained = {name: train(step, epochs) for name, step in steps.items()}


# %% [markdown]
# ## A table of vital numbers
#
# First what one has in any training. *Pixel loss* is that of copies of test images. *Sharpness* is the energy of fine
# detail in the samples over that of training images. *Precision* and *coverage* are counted in pixels, against
# training images; the coverage printed below is what as many perfect samples would have (`metrics.expected_coverage`).

# %% tags=["nbval-ignore-output", "hide-input"]
codes_of_prior = np.random.default_rng(0).standard_normal((len(x_test), LATENT_DIM))


def vitals(trio, history):
    encoder, decoder, _ = trio
    z_mean, _ = networks.apply(encoder, x_test)
    copies, samples = networks.apply(decoder, z_mean), networks.apply(decoder, codes_of_prior)
    overlap = metrics.manifold_overlap(
        x_train.reshape(len(x_train), -1), samples.reshape(len(samples), -1)
    )
    return {
        "encoder, first epoch": history[0]["encoder"],
        "encoder, last": history[-1]["encoder"],
        "KL shown": history[-1]["prior"],
        "active units": metrics.active_units(z_mean),
        "D real": history[-1]["D real"],
        "D samples": history[-1]["D generated"],
        "pixel loss": float(np.mean(losses.gaussian_reconstruction(x_test, copies))),
        "sharpness": float(metrics.sharpness(samples) / metrics.sharpness(x_train)),
        "precision": overlap["precision"],
        "coverage": overlap["coverage"],
    }


ceiling = metrics.expected_coverage(len(x_train), len(x_test))
print(f"coverage to expect of perfect samples: {ceiling:.2f}")
notebook.Table({name: vitals(*found) for name, found in trained.items()}, corner="case")

# %% [markdown]
# Some rows look wrong at once, and some look better than the sound one. Which row has a loss that is too good for
# its copies? Which has copies that are too good for its KL? Which one would you have published?
#
# The networks are tiny, and even sound samples are only roughly digits, so judge a case against the sound training. Its
# encoder's loss rises too, which is no fault: the features that measure it move (chapter 5).
#
# Now one case after the other. Look at the curves, the copies and the samples, decide, and only then read on.

# %% tags=["hide-input"]
LINES = {
    "losses": ("encoder", "decoder", "discriminator"),
    "means of D": ("D real", "D generated"),
}


def show(case):
    """Curves of a case and of the sound training, their copies and their samples."""
    figure = plt.figure(figsize=(plotting.WIDTH, 5.0))
    above, below = figure.subfigures(2, 1, height_ratios=(1.3, 1))
    for number, (title, names) in enumerate(LINES.items()):
        axes = above.add_subplot(1, 2, number + 1)
        for colour, name in enumerate(names):
            for who, line in ((case, "-"), ("sound", ":")):
                values = [row[name] for row in trained[who][1]]
                label = name if who == case else None
                axes.plot(range(1, epochs + 1), values, line, color=f"C{colour}", label=label)
        axes.set(xlabel="epoch")
        axes.legend(
            title=title,
            fontsize=8,
            ncols=3,
            loc="lower center",
            bbox_to_anchor=(0.5, 1),
            handlelength=1.2,
            columnspacing=1.0,
        )
    rows = {"": (x_test[:5], np.ones_like(x_test[:5]))}
    for who in (case, "sound"):
        encoder, decoder, _ = trained[who][0]
        z_mean, _ = networks.apply(encoder, x_test[:5])
        rows[who] = networks.apply(decoder, z_mean), networks.apply(decoder, codes_of_prior[:5])
    for place, (who, both) in enumerate(rows.items()):
        axes = below.add_subplot(3, 1, place + 1)
        gap = np.ones((1, 8, 8, 1))
        tiles = plotting.tile(np.concatenate([both[0], gap, both[1]]), 11, gap=1)
        axes.imshow(tiles, cmap="gray", vmin=0, vmax=255)
        axes.set(xticks=[], yticks=[])
        axes.grid(False)
        axes.spines[:].set_visible(False)
        axes.set_ylabel(who or "digits", rotation=0, ha="right", va="center", fontsize=9)
    print(f"case {case}: {epochs} epochs")
    plt.show()


# %% [markdown]
# The measurements need two tools. `gradient(value_of, network, trio)` returns the gradient of one value in one
# network's weights, as one flat array. The value is any function of the losses, terms and logits that a step
# returns. For instance, `gradient(lambda own, terms, logits: own["decoder"], decoder, trio)` is the gradient of the
# decoder's loss in the decoder's weights. `compare` takes a measurement on the sound step and on the cases that are
# named.

# %% tags=["hide-input"]
batch, noise = x_train[:64], draw(np.random.default_rng(1))


def flat(gradients, network):
    """One array of a network's gradients, with zeros where a weight has none."""
    weights = network.trainable_variables
    return np.concatenate(
        [
            np.zeros(np.prod(w.shape)) if g is None else np.ravel(g)
            for g, w in zip(gradients, weights, strict=True)
        ]
    )


def gradient(value_of, network, trio, gamma=1.0, step=losses_of):
    """Gradient of `value_of(own, terms, logits)` in a network's weights, as one array."""
    with tf.GradientTape() as tape:
        value = value_of(*step(*trio, batch, noise, gamma))
    return flat(tape.gradient(value, network.trainable_variables), network)


def compare(measure, *cases):
    rows = {name: measure(name) for name in ("sound", *cases)}
    return notebook.Table(rows, digits=3, corner="case")


# %% [markdown]
# ### Case A

# %% mystnb={"figure": {"caption": "Case A (lines) beside the sound training (dotted). Below, test digits and their copies on the left, samples on the right.", "name": "fig-broken-a"}, "image": {"alt": "Case A. Left above, the encoder's loss climbs to twice the sound one and the discriminator's falls to zero. Right above, D on real images rises to one and D on samples falls to zero at once. Below, grainy copies, and samples of hard black and white stripes; those of the sound training are digits or nearly so."}} tags=["hide-input"]
show("A")

# %% [markdown]
# **Case A.** The discriminator's loss goes to zero, and the decoder's is *below* that of the sound training: both
# sides of the game seem to win. D tells real from fake within a few epochs. Copies are grainy and follow their
# originals only roughly; samples do not look like digits. Which one is it, and which number would you ask for next?
#
# ### Diagnosis of A
#
# The decoder's loss ends below zero. That of the sound step never can: it is a sum of half squares and of values of
# $-\log D$. So the term of the game is wrong, and in two of the six faults it can be negative: with the wrong
# sign it is $\log D$, in the saturating form $\log(1 - D)$. The first pulls the decoder the wrong way, the second the
# right way, but weakly. (Case E is the other training in which the discriminator is far ahead.) So ask for the
# *direction*. Take fresh networks, set `gamma` to zero so that only the game is left, and compare the decoder's update
# with the direction in the decoder's weights $\theta$ in which the logits of its fakes rise:
#
# $$
# \cos\left(-\nabla_\theta\, \texttt{decoder},\ \nabla_\theta\, \overline{\texttt{logits}}\right) .
# $$ (eq-broken-direction)


# %%
def direction(name):
    trio = build_trio(seed=2)
    update = -gradient(lambda own, *_: own["decoder"], trio[1], trio, gamma=0.0, step=steps[name])
    rises = gradient(
        lambda own, terms, logits: ops.mean(logits["reconstruction"] + logits["generated"]),
        trio[1],
        trio,
    )
    cosine = update @ rises / np.linalg.norm(update) / np.linalg.norm(rises)
    return {"direction of the decoder": float(cosine)}


compare(direction, "A", "E")

# %%
show_line("A")

# %% [markdown]
# The decoder moves so that the logits of its own fakes *fall*: it helps the discriminator, and only the feature term
# still holds the copies. The fix is one character. The fault is easily made, because a paper may write what a network
# raises (chapter 5, "Mind the sign"). **The test**: after one small step of the decoder alone, with `gamma` zero, the
# logits of its fakes must be higher.
#
# ### Case B

# %% mystnb={"figure": {"caption": "Case B (lines) beside the sound training (dotted). Below, test digits and their copies on the left, samples on the right.", "name": "fig-broken-b"}, "image": {"alt": "Case B. Left above, the encoder's loss falls from four to almost zero, and the discriminator's falls from five to the sound one. Right above, the means of D are near the sound ones for half of the training, then move far apart and come back in the last two epochs. Below, all copies are one and the same dim pattern, and samples are white fragments."}} tags=["hide-input"]
show("B")

# %% [markdown]
# **Case B.** The encoder's loss is excellent, far below that of the sound training. But all copies are the same,
# and no latent dimension is active. Which one is it?
#
# ### Diagnosis of B
#
# A small feature term and bad copies together mean that the *measure* is wrong: either its ruler has shrunk
# (`leak`), or it never measured much (`sigmoid`). The encoder's loss began at several nats, so something was measured
# at first, which speaks for the shrunken ruler. So does the discriminator's loss: it begins far above what a blind one
# pays (chapter 5), as if more than a cross-entropy were in it. To be sure, measure the ruler: how far apart, in the
# features of the trained discriminator, are two *different* test digits?


# %% tags=["nbval-ignore-output"]
def ruler(name):
    discriminator = trained[name][0][2]
    _, features = networks.apply(discriminator, x_test)
    apart = losses.feature_loss(features[:-1], features[1:])
    return {
        "encoder's loss, first epoch": trained[name][1][0]["encoder"],
        "feature loss of two different digits": float(np.mean(apart)),
    }


compare(ruler, "B", "C")

# %%
show_line("B")

# %% [markdown]
# The discriminator has made the features of all images alike, because it was allowed to lower the feature term. A
# leak is rarely written so openly. It comes from one optimiser for all networks, from gradients that are added up
# over several losses without being cleared (as in the release of pythae that chapter 5 describes), or from a tape
# that is asked for the wrong weights. In PyTorch three calls of `backward()` add up in every network, unless each is
# preceded by `zero_grad` on all three (chapter 5 shows a way that keeps them apart). **The test**: take one step with
# the feature term alone; the discriminator must not move. You write this test yourself below.
#
# ### Case C

# %% mystnb={"figure": {"caption": "Case C (lines) beside the sound training (dotted). Below, test digits and their copies on the left, samples on the right.", "name": "fig-broken-c"}, "image": {"alt": "Case C. Left above, the encoder's loss is close to zero from the first epoch on. Right above, the means of D move around those of the sound training. Below, all copies are one and the same grey blot, and samples are white fragments."}} tags=["hide-input"]
show("C")

# %% [markdown]
# **Case C.** It looks like B: a tiny encoder's loss, copies that are all the same. Compare the first epochs of
# the two. Which one is it?
#
# ### Diagnosis of C
#
# Here the loss was small in the first epoch already, when little could have shrunk. And the table above says that
# this discriminator's features are as far apart as in the sound training: the ruler is intact, but it is not used.
# So compare the term that the step reports with the formula, computed from the same networks, batch and noise.


# %%
def reported_over_formula(name):
    trio = build_trio(seed=2)
    encoder, decoder, discriminator = trio
    _, terms, _ = steps[name](*trio, batch, noise)
    z_mean, z_log_var = encoder(batch)
    copies = decoder(z_mean + ops.exp(0.5 * z_log_var) * noise["posterior"])
    seen, seen_copies = discriminator(batch)[1], discriminator(copies)[1]
    prior = ops.mean(losses.kl_divergence(z_mean, z_log_var))
    feature = ops.mean(losses.feature_loss(seen, seen_copies))
    return {
        "prior, reported over formula": float(terms["prior"] / prior),
        "feature, reported over formula": float(terms["feature"] / feature),
    }


compare(reported_over_formula, "B", "C")

# %%
show_line("C")

# %% [markdown]
# The step compares two probabilities, one number for each image. Half of a squared difference of two such
# numbers is never above one half, and a copy has to be as *real* as its original, not like it. So the codes need say
# nothing. The fix is to return a hidden layer's output before its activation. **The test**: on given networks each
# term equals its formula, and the features have the expected shape.
#
# ### Case D

# %% mystnb={"figure": {"caption": "Case D (lines) beside the sound training (dotted). Below, test digits and their copies on the left, samples on the right.", "name": "fig-broken-d"}, "image": {"alt": "Case D. Left above, the losses of encoder and decoder are well below the sound ones. Right above, D on real images falls from two thirds to less than one half, below the sound curve; D on samples soon stays near one quarter. Below, copies are close to digits, and samples are grainy and only roughly digits."}} tags=["hide-input"]
show("D")

# %% [markdown]
# **Case D.** Nothing looks alarming. The means of D end about as near to one third, the answer of a blind discriminator,
# as in the sound training, or nearer. Copies are the closest of all, and the KL term that is shown is small. What is odd
# about it?
#
# ### Diagnosis of D
#
# As a rule copies come closer when the codes say more, and saying more costs nats. Here copies are closer *and* the
# shown KL is smaller, so perhaps one of the two numbers is not what its name says. We computed the pixel loss
# ourselves. So compute the KL, too, by its formula and from the trained encoder.


# %% tags=["nbval-ignore-output"]
def nats(name):
    trio, history = trained[name]
    true = np.mean(losses.kl_divergence(*networks.apply(trio[0], x_test)))
    shown = history[-1]["prior"]
    return {"KL shown": shown, "KL by formula": float(true), "ratio": float(true / shown)}


compare(nats, "D")

# %%
show_line("D")

# %% [markdown]
# The ratio is `LATENT_DIM`, up to the difference between training and test images. The prior term is charged at a
# sixteenth of its price, so codes leave the prior. The copies gain, and the samples, whose codes *are* drawn from the
# prior, lose. A sound model with `kl_weight=1/16` is the same, and may even be what one wants. But here nobody chose
# the weight, and it changes with `latent_dim`. **The test**: the term equals the closed form, summed, for a code of
# two dimensions or more.
#
# ### Case E

# %% mystnb={"figure": {"caption": "Case E (lines) beside the sound training (dotted). Below, test digits and their copies on the left, samples on the right.", "name": "fig-broken-e"}, "image": {"alt": "Case E. Left above, the discriminator's loss lies well below the sound one. Right above, D on real images is high, D on samples low, and both stay there. Below, copies and samples are readable digits, softer than those of the sound training."}} tags=["hide-input"]
show("E")

# %% [markdown]
# **Case E.** The discriminator is far ahead, as in case A, but the samples are digits. By precision and coverage they
# are the best in the table. Which one is it, and is it a fault at all?
#
# ### Diagnosis of E
#
# The decoder's update points the right way, as the diagnosis of A showed. So ask for its *strength* where the
# discriminator is sure. We lower all logits of fresh networks by ten, through the bias of the last layer, and compare
# the length of the decoder's gradient, again with `gamma` zero, before and after. That is the fault at its purest.
# How much of it acts in the *trained* networks, the second column says: the length of the gradient of the game over
# that of the game and of the feature term together, a mean over four batches.


# %% tags=["nbval-ignore-output"]
def strength(name):
    trio = build_trio(seed=2)

    def length():
        of_decoder = gradient(
            lambda own, *_: own["decoder"], trio[1], trio, gamma=0.0, step=steps[name]
        )
        return np.linalg.norm(of_decoder)

    before = length()
    bias = trio[2].layers[-1].bias
    bias.assign(bias - 10.0)
    return {"pull when D is sure, over the pull at the start": float(length() / before)}


def share(name):
    """The share of the game in the pull at the decoder, after the training."""
    trio, decoder, rng = trained[name][0], trained[name][0][1], np.random.default_rng(1)
    shares = []
    for part in np.split(x_train[:256], 4):
        with tf.GradientTape(persistent=True) as tape:
            own, terms, _ = steps[name](*trio, part, draw(rng))
            game = own["decoder"] - terms["feature"]
        pulls = [
            np.linalg.norm(flat(tape.gradient(value, decoder.trainable_variables), decoder))
            for value in (game, terms["feature"])
        ]
        shares.append(pulls[0] / sum(pulls))
    return {"share of the game, trained": float(np.mean(shares))}


compare(lambda name: {**strength(name), **share(name)}, "A", "E")

# %%
show_line("E")

# %% [markdown]
# $\log(1 - D)$ has the slope $-D$ in the logit, and $-\log D$ the slope $-(1 - D)$. Where D on fakes is near zero,
# the first gives almost nothing. The second grows a little in the table, since fresh networks give fakes a D of about
# one fifth, so that it begins at four fifths of its full size. In the trained networks of case E the game is left with
# a small share of the decoder's gradient, where the sound training gives it about half: it is turned down, not off. The
# model comes closer to a VAE with a learned similarity. Its images are softer, and in this one run *better* by
# precision and coverage. So the fault hardly shows in the pictures, and the measures would prefer it.
#
# This is the minimax form, which Larsen et al. print (chapter 5). Here it is a fault because nobody chose it: whoever
# writes that "adversarial training helped" should know how far the adversary was turned down. **The test**: the slope
# of the loss at a logit of minus ten.
#
# ### Case F

# %% mystnb={"figure": {"caption": "Case F (lines) beside the sound training (dotted). Below, test digits and their copies on the left, samples on the right.", "name": "fig-broken-f"}, "image": {"alt": "Case F. Left above, three curves close to those of the sound training. Right above, D on real images falls from above two thirds to less than one half, a little below the sound curve; D on samples soon stays near one quarter. Below, copies and samples are digits or nearly so, hard to tell from those of the sound training."}} tags=["hide-input"]
show("F")

# %% [markdown]
# **Case F.** Curves and pictures could be those of a sound training, and no number in the table is far out of line. One
# candidate is left, so you know its name. But how would you have found it?
#
# ### Diagnosis of F
#
# Minibatch discrimination compares each image with all others of its batch. If real and fake images share a batch,
# the answer on a *real* image depends on the fakes beside it. So change only the fakes, by another draw from the
# prior, and look at the logits of the real images. The other columns have the practical harm: D on samples as the
# training showed it, and in a batch of their own, as one would use the trained discriminator.


# %% tags=["nbval-ignore-output"]
def mixed(name):
    other = {**noise, "prior": draw(np.random.default_rng(3))["prior"]}
    trio, history = trained[name]
    (*_, here), (*_, there) = (steps[name](*trio, batch, given) for given in (noise, other))
    samples = networks.apply(trio[1], codes_of_prior[:64])
    alone, _ = networks.apply(trio[2], samples)
    return {
        "change of the real logits": float(np.abs(here["real"] - there["real"]).max()),
        "D samples, in training": history[-1]["D generated"],
        "D samples, alone": float(np.mean(ops.sigmoid(alone))),
    }


compare(mixed, "E", "F")

# %%
show_line("F")

# %% [markdown]
# With one batch for all, D was trained on mixtures only, and on batches three times as large. So the last column has
# both changes in it, of kind and of size; the first, in which only the fakes changed, is the clean measurement.
# BatchNorm in the discriminator mixes in the same way, through the mean and variance of the batch. The fix is to call
# the discriminator three times, once for each kind. **The test**: change the fakes; the logits of the real images
# must stay the same.
#
# ## All tests in one table
#
# None of the six faults needs a training to be found: fresh networks, one batch and a few gradients are enough. Here
# are all tests on all cases. Two columns are new, and both ask whether the discriminator follows its cross-entropy
# and nothing else. We compute this cross-entropy from its logits. `found_out` is the loss that the step reports,
# minus ours. `leak` asks the same of the gradient: the length of the difference between the gradient that the weights
# get and that of our cross-entropy, divided by the length of the latter.
#
# The last row shows why one needs both. Its losses are those of the sound step. But its gradients are
# added up over all three losses before the networks move, as happens when nobody clears them.


# %%
def added_up(own, trio, tape):
    """A leak that no loss shows: each network's gradient of the sum of all losses."""
    return [tape.gradient(list(own.values()), network.trainable_variables) for network in trio]


def cross_entropy(logits):
    on_fakes = ops.mean(ops.softplus(logits["reconstruction"]) + ops.softplus(logits["generated"]))
    return ops.mean(ops.softplus(-logits["real"])) + on_fakes


def of_the_discriminator(step, gradients_of):
    trio = build_trio(seed=2)
    with tf.GradientTape(persistent=True) as tape:
        own, _, logits = step(*trio, batch, noise)
        entropy = cross_entropy(logits)
    applied = flat(gradients_of(own, trio, tape)[2], trio[2])
    wanted = flat(tape.gradient(entropy, trio[2].trainable_variables), trio[2])
    return {
        "found_out": float(own["discriminator"] - entropy),
        "leak": np.linalg.norm(applied - wanted) / np.linalg.norm(wanted),
    }


def untrained_tests(name):
    trio = build_trio(seed=2)
    *_, here = steps[name](*trio, batch, noise)
    other = {**noise, "prior": draw(np.random.default_rng(3))["prior"]}
    *_, there = steps[name](*trio, batch, other)
    return {
        "direction": direction(name)["direction of the decoder"],
        **of_the_discriminator(steps[name], gradients_of),
        "feature": reported_over_formula(name)["feature, reported over formula"],
        "prior": reported_over_formula(name)["prior, reported over formula"],
        "strength": strength(name)["pull when D is sure, over the pull at the start"],
        "mixed": float(np.abs(here["real"] - there["real"]).max()),
    }


names = {"sound": "sound", **{case: f"{case}: {fault}" for case, fault in CASES.items()}}
rows = {names[name]: untrained_tests(name) for name in steps}
rows["gradients added up"] = {
    **dict.fromkeys(rows["sound"], ""),
    **of_the_discriminator(losses_of, added_up),
}
notebook.Table(rows, digits=3, corner="case")

# %% [markdown]
# Read it by columns: in each, the case that it was made for stands out. (F moves two more columns a little, because
# its discriminator sees each image beside other kinds.) `found_out` finds B only because its leak is written into the
# loss. In the last row the reported losses are right, and what moves the weights is not. So test what moves: `leak`
# finds both, and taken for each network it finds pythae's fault, too. In an exercise below you do the same for a step
# that you cannot look into. These tests run in seconds, and they separate what the curves of thirty epochs did not.
# So write them first.
#
# <details><summary>These tests in the package, by case</summary>
#
# - A: `test_decoder_raises_and_discriminator_lowers_the_logits_of_fakes` in `tests/test_vaegan.py`;
# - B: `test_a_term_alone_moves_what_larsen_says`, there too;
# - C: `test_terms_are_the_formulas`, there too;
# - D: `test_kl_is_the_closed_form_summed_over_latent_dimensions` in `tests/test_losses.py`;
# - E: `test_generator_losses_are_the_papers`, there too, compares both forms with the formula;
# - F: `test_the_discriminator_sees_each_kind_of_image_in_a_batch_of_its_own` in `tests/test_vaegan.py`.
#
# </details>
#
# ## A fault of the settings
#
# All six are faults of the step. Others lie outside of it, for instance in the range of the images: the
# decoder ends in `tanh`, with values in $[-1, 1]$, and the data were scaled to $[0, 1]$. The sound step trains
# without complaint. We measure the scatter of the copies where the original is black, as a share of the range of the
# data.

# %% tags=["nbval-ignore-output"]
unit_trio, unit_history = train(losses_of, epochs, images=(x_train + 1) / 2)


def background(trio, images):
    """Scatter of the copies at black pixels, over the range of the images."""
    copies = networks.apply(trio[1], networks.apply(trio[0], images)[0])
    return float(copies[images == images.min()].std() / np.ptp(images))


fresh = networks.apply(build_trio(seed=2)[1], codes_of_prior)
rows = {}
for name, (trio, history), images in (
    ("sound, in [-1, 1]", trained["sound"], x_test),
    ("in [0, 1]", (unit_trio, unit_history), (x_test + 1) / 2),
):
    rows[name] = {
        "darkest real pixel": float(images.min()),
        "darkest fake pixel before training": float(fresh.min()),
        "D real": history[-1]["D real"],
        "D samples": history[-1]["D generated"],
        "scatter where the original is black": background(trio, images),
    }
notebook.Table(rows, corner="images")

# %% [markdown]
# The background of a copy has more grain, measured by the range of the data. A likely reason is that black is now in
# the middle of the `tanh`, where it is steepest, and no longer at its end, where every large negative number gives
# the same black. (One run. Images of half the contrast also weigh less in the feature term.) The means of D show
# nothing of the fault. **The test**: the smallest and the largest value of a batch of data are the ends of the range
# of the decoder's last activation. Other faults of settings, such as rates or weights, have no such test; the table
# of symptoms in chapter 5 says what to measure.
#
# [Chapter 6](06_mode_collapse.ipynb) takes up the layer that case F misused, and the failure that it was
# made to prevent.
#
# ## Exercises
#
# Replace the placeholder in each cell and run it. The check says what it proved, or gives a hint.
#
# ### Diagnose
#
# Three colleagues describe trainings with the networks of this page. (The reports are made up; the numbers are
# of the size that you would see.) Which fault does each have? No two of them have the same.

# %% tags=["exercise"]
# Exercise: diagnose
# First: "The feature term was small in the very first step, and has never been above one half. All
# my copies are the same."
# Second: "Copies are closer than in any earlier run. The KL is 1.5 nats for sixteen latent
# dimensions, also lower than ever."
# Third: "In training D is 0.3 on samples. When I judge a batch of samples alone, D is 0.7."
faults = None  # three of "sign", "leak", "mean", "sigmoid", "batch", "saturating"

exercises.check("diagnose", faults)

# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: diagnose
# First: "The feature term was small in the very first step, and has never been above one half. All
# my copies are the same."
# Second: "Copies are closer than in any earlier run. The KL is 1.5 nats for sixteen latent
# dimensions, also lower than ever."
# Third: "In training D is 0.3 on samples. When I judge a batch of samples alone, D is 0.7."
faults = ["sigmoid", "mean", "batch"]

exercises.check("diagnose", faults)

# %% [markdown]
# ### Write the test that catches the leak
#
# `step(weights, terms)` takes one training step. `weights` maps the names of the networks to arrays, `terms` maps
# the names of the four terms to a factor, so that a term with the factor zero is switched off. It returns the new
# weights. Beware: some implementations change the arrays that they are given.


# %% tags=["exercise"]
# Exercise: leaks
def leaks(step, weights):
    """Return whether the feature term alone moves the discriminator, True or False."""
    # The terms are "prior", "feature", "adversarial_decoder" and "adversarial_discriminator".
    # The networks are "encoder", "decoder" and "discriminator".
    return None


exercises.check("leaks", leaks)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: leaks
def leaks(step, weights):
    """Return whether the feature term alone moves the discriminator, True or False."""
    terms = dict.fromkeys(("prior", "adversarial_decoder", "adversarial_discriminator"), 0.0)
    before = {name: values.copy() for name, values in weights.items()}  # the step may change them
    after = step(weights, {**terms, "feature": 1.0})
    return not np.array_equal(after["discriminator"], before["discriminator"])


exercises.check("leaks", leaks)

# %% [markdown]
# ### Two slopes
#
# How hard does each form of the decoder's loss pull at the logit of a fake?


# %% tags=["exercise"]
# Exercise: pulls
def pulls(logits):
    """Return two arrays (N,): the sizes of the slopes of -log D and of log(1 - D) in the logit."""
    # D = sigmoid(logit), and its own slope in the logit is D (1 - D).
    return None


exercises.check("pulls", pulls)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: pulls
def pulls(logits):
    """Return two arrays (N,): the sizes of the slopes of -log D and of log(1 - D) in the logit."""
    D = 1 / (1 + np.exp(-logits))
    return 1 - D, D


exercises.check("pulls", pulls)

# %% [markdown]
# ## Quiz
#
# Decide first, then open your answer.
#
# **1. The encoder's loss is ten times smaller than in yesterday's run, and copies are worse. What do you measure first?**
#
# <details><summary>a) The learning rates.</summary>
#
# No. A rate changes how fast a loss falls, not what a given value of it means.
#
# </details>
# <details><summary>b) The feature loss of two different real images.</summary>
#
# Right. If that has become small too, the ruler has shrunk, and a small loss says nothing.
#
# </details>
# <details><summary>c) The KL term.</summary>
#
# No. It tells how much the codes say, but not why bad copies cost little.
#
# </details>
#
# **2. D is one on real images and zero on fakes. Which faults are possible?**
#
# <details><summary>a) A flipped sign only.</summary>
#
# No. With the saturating loss, case E, the discriminator is far ahead as well, and a sound training may pass
# through such a state.
#
# </details>
# <details><summary>b) A flipped sign, a saturating loss, or none: D alone cannot tell.</summary>
#
# Right. Ask for direction and strength of the decoder's gradient.
#
# </details>
# <details><summary>c) None, it is the aim of the discriminator.</summary>
#
# No. It is, but a decoder that learns from the game should soon take it back.
#
# </details>
#
# **3. You divide the KL divergence by `latent_dim` and tune `kl_weight` until samples are good. What is still wrong?**
#
# <details><summary>a) Nothing. The weight has been tuned.</summary>
#
# No. For this `latent_dim` that is so. Read on.
#
# </details>
# <details><summary>b) The balance changes when you change `latent_dim`, and the logged KL is not in nats per image.</summary>
#
# Right. The weight that you found belongs to one length of code, and the log cannot be compared with anyone's.
#
# </details>
# <details><summary>c) The encoder gets no gradient.</summary>
#
# No. It gets a smaller one.
#
# </details>
#
# **4. Your discriminator has BatchNorm, and you put real and fake images into one batch to save a call. What happens?**
#
# <details><summary>a) The mean and variance of the batch tell each image what the others are.</summary>
#
# Right. The answer on one image depends on the mixture, and a batch of one kind gets answers that training never saw.
#
# </details>
# <details><summary>b) Nothing, since BatchNorm is linear.</summary>
#
# No. It is linear for fixed statistics, and these come from the whole batch.
#
# </details>
# <details><summary>c) The step fails, because the labels differ.</summary>
#
# No. No layer looks at labels, and no error is raised.
#
# </details>
#
# **5. A fault does not show in pictures, and by precision the faulty model is better. What do you report?**
#
# <details><summary>a) The faulty model, as it is better.</summary>
#
# No. Then your text would describe another method than the one that was run.
#
# </details>
# <details><summary>b) Nothing, the fault is harmless.</summary>
#
# No. It may be harmless here and decisive at another size or on other data.
#
# </details>
# <details><summary>c) Both, each under its own name, and that the faulty one did better here.</summary>
#
# Right. The comparison is a finding, once it is known what was compared.
#
# </details>
#
# **6. When is the best time to find a wrong sign?**
#
# <details><summary>a) Before the first training, by one gradient on fresh networks.</summary>
#
# Right. It takes a second, and its answer does not depend on a seed.
#
# </details>
# <details><summary>b) After a few epochs, when the curves show it.</summary>
#
# No. Two cases of this page have such curves, for different reasons.
#
# </details>
# <details><summary>c) When samples are judged at the end.</summary>
#
# No. Then you know that something is wrong, and still not what.
#
# </details>
#
# ## What to remember
#
# - A broken step raises no error. Its curves may look better than those of a sound one.
# - If a loss is much better than its pictures, suspect what it measures.
# - Measure the direction of a gradient and its strength, compare a term with its formula, and change an input on
#   which an output must not depend.
# - Such tests need no training. Write them before the first epoch. Test what moves the weights, not what is
#   reported.
# - A fault that no picture shows still changes what you may claim.
#
# ## Sources
#
# - The losses and their routing: {cite}`larsen2016autoencoding`, Algorithm 1.
# - The saturating loss and its remedy: {cite}`goodfellow2014generative`, section 3.
# - Batches of one kind for minibatch discrimination: {cite}`salimans2016improved`, section 3.2.
# - A released implementation in which gradients add up: {cite}`chadebec2022pythae`, release 0.1.2, as chapter 5 tells.
