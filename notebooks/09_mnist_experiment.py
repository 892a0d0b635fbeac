# %% [markdown]
# # Chapter 9: The MNIST experiment
#
# *Run time: 45 s on two CPU cores, measured at the last execution.*
#
# **What did the original project's VAE-GAN learn, and what could its pictures and curves not show?**
#
# After this chapter you can
#
# - rebuild a published model from its diagrams, and say what they leave open;
# - check a rebuilt network by counting its parameters;
# - translate a weight in a loss into what it does: a share of the gradient;
# - say what a loss curve of a game looks like when nobody learns anything, and read curves against that;
# - tell a missing digit from bad luck.

# %% mystnb={"code_prompt_show": "Colab needs this cell", "code_prompt_hide": "Hide Colab's cell"} tags=["colab", "nbval-skip", "hide-cell"]
# Colab needs the course's package and its records. Elsewhere this cell does nothing.
import os
import sys

if "google.colab" in sys.modules and not os.path.exists(
    "09_mnist_experiment.py"
):
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

import shutil
import textwrap
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Image as Picture
from keras import layers, ops
from matplotlib import ticker
from PIL import Image
from scipy.stats import spearmanr

from vaegan_edu import (
    claims,
    exercises,
    experiments,
    losses,
    models,
    networks,
    plotting,
    records,
    verdicts,
)
from vaegan_edu.widgets import RunExplorer

# %matplotlib inline
plotting.style()
profile = experiments.current_profile()
(x_train, y_train), (x_test, y_test) = profile.load_data()

# %% [markdown]
# ## An experiment without its code
#
# The project that this course grew out of trained a VAE-GAN on MNIST. It showed random samples at seven epochs, an animation and the curves of three losses. It drew a conclusion: the longer the training, the rarer some digits become. Its diagrams and formulas are there, its code is not. [The original project](../book/original_project.md) goes through all of it.
#
# We do it again, with the same networks, losses and settings. Then we measure what it could only look at.
#
# First, what is known. `vaegan-mnist-original` is the experiment's name in the package. It holds every setting, and a list of those that the project does not state. There we had to choose; the cell marks them. (The weights of the losses have names that this chapter explains below.)

# %%
NAME = "vaegan-mnist-original"
experiment = experiments.EXPERIMENTS[NAME]
settings = experiment.arguments
for name, value in settings.items():
    shown = f"{value:.6g}" if isinstance(value, float) else str(value)
    print(
        f"{name:26}{shown:>10}  {'assumed' if name in experiment.assumptions else ''}"
    )

# %% [markdown]
# `preset` is assumed because it holds choices of its own: a $\tanh$ at the decoder's end, the features from the last convolution, Adam for all three. In what order the project updated its networks is not known either. Ours is that of [chapter 5](05_vaegan.ipynb): all gradients from the same weights, then all updates.
#
# Every assumption is a place where our result may differ from theirs, for a reason that nobody can look up. Keep that in mind: we test *these* settings.
#
# ## The networks
#
# The diagrams give every layer and every shape. Whether our code agrees with them can be checked by counting. A convolution with a $k \times k$ kernel from $c$ to $c'$ channels, a dense layer from $n$ to $n'$ units and a BatchNorm of $c$ channels have
#
# $$
# \begin{aligned}
# & (k^2 c + 1)\, c', \\
# & (n + 1)\, n', \\
# & 4 c
# \end{aligned}
# $$ (eq-mnist-count)
#
# parameters. The ones are biases. BatchNorm learns two numbers a channel and keeps two more, mean and variance; the project counts all four. And without padding a side of $n$ pixels becomes
#
# $$
# n' = \left\lfloor \frac{n - k}{2} \right\rfloor + 1
# $$ (eq-mnist-side)
#
# with stride two: $28 \to 13 \to 5$. The cell counts the encoder by these formulas, layer by layer, and then compares all three networks with the project's own numbers.

# %%
STATED = {
    "encoder": 3_545_920,
    "decoder": 4_887_361,
    "discriminator": 3_415_745,
}
keras.utils.set_random_seed(0)
trio = {
    "encoder": networks.build_encoder(
        "original", latent_dim=settings["latent_dim"]
    ),
    "decoder": networks.build_decoder(
        "original", latent_dim=settings["latent_dim"]
    ),
    "discriminator": networks.build_discriminator("original"),
}


def count(layer):
    """Count a layer's parameters by the formulas above."""
    if not layer.count_params():
        return 0
    into, out = layer.input.shape[-1], layer.output.shape[-1]
    if isinstance(layer, layers.Conv2D):
        return (layer.kernel_size[0] ** 2 * into + 1) * out
    if isinstance(layer, layers.Dense):
        return (into + 1) * out
    return 4 * out  # BatchNorm


for layer in trio["encoder"].layers:
    if layer.count_params():
        size = "x".join(map(str, layer.output.shape[1:]))
        print(f"  {type(layer).__name__:20}{size:>12}{count(layer):>12,}")
total = sum(map(count, trio["encoder"].layers))
print(
    f"encoder by formula {total:,}; by Keras {trio['encoder'].count_params():,}"
)
for name, network in trio.items():
    agrees = network.count_params() == STATED[name]
    print(
        f"{name:14}{network.count_params():>10,}  stated {STATED[name]:>10,}  equal: {agrees}"
    )

# %% [markdown]
# All three agree, to the last parameter. That is strong evidence for the shapes, and none for what has no parameters: activations, losses, the order of things.
#
# The code has $64$ numbers and the image $784$ pixels, so there is room to copy a digit well. And these are large networks: twelve million parameters in all, for digits of $28 \times 28$.
#
# ## The losses
#
# The terms are those of chapter 5. `prior` is the KL divergence, `feature` the feature loss, the two adversarial ones come from the game. In these names the project's losses read
#
# $$
# \begin{aligned}
# & \texttt{encoder} = \tfrac{1}{64}\, \texttt{prior} \\
# & \quad {} + \tfrac{1}{4 \cdot 4 \cdot 256}\, \texttt{feature}, \\
# & \texttt{decoder} = \gamma\, \texttt{feature} \\
# & \quad {} + \texttt{adversarial_decoder}, \\
# & \texttt{discriminator} = \\
# & \quad \texttt{adversarial_discriminator},
# \end{aligned}
# $$ (eq-mnist-losses)
#
# with $\gamma = 10^{-8}$. In `models.VAEGAN` the two fractions are `kl_weight` and `feature_weight`. The first is one over `latent_dim`: a mean over latent dimensions where the paper has a sum {cite}`larsen2016autoencoding`. The second looks like one over the number of features. But no layer of the diagrams has $4 \times 4 \times 256$ outputs. The next cell prints how many features ours has. We keep the formula as it is written.
#
# Two more things shape the game. Real images have the label `real_target`, and a few labels are turned round in training, by `flip_probability`. And there are *two* kinds of fakes, reconstructions and samples, each with full weight.
#
# ### What a blind expert says
#
# A loss curve needs a level to compare with. Take a discriminator that sees no difference at all. It gives one answer $D$ to every image. On average its loss is, with the label $t$ on real images,
#
# $$
# \begin{aligned}
# \mathcal L(D) = {} & -t \log D \\
# & - (1 - t) \log(1 - D) \\
# & - 2 \log(1 - D).
# \end{aligned}
# $$ (eq-mnist-blind)
#
# The derivative is zero where $t\,(1 - D) = (3 - t)\, D$, so at
#
# $$
# D = \frac t3 .
# $$ (eq-mnist-third)
#
# Not one half: two of three images that it meets are fake. Put that in, and both players' losses are known. These are the levels at which the game stands when *nobody knows anything*.

# %%
t = settings["real_target"]
blind = {
    "D": t / 3,
    "decoder_loss": -2 * np.log(t / 3),
    "discriminator_loss": -t * np.log(t / 3) - (3 - t) * np.log(1 - t / 3),
}
for name, value in blind.items():
    print(f"blind expert: {name:20}{value:.3f}")
feature_count = int(np.prod(trio["discriminator"].outputs[1].shape[1:]))
print(
    f"features {feature_count},",
    f"feature_weight is one over {1 / settings['feature_weight']:.0f}",
)

# %% [markdown]
# ### What a weight of $10^{-8}$ is
#
# The decoder's loss has two terms. What moves it is not their value but their gradient. Write $\lVert \nabla \cdot \rVert$ for the length of a term's gradient in the decoder's weights, its *pull*. The feature term's share is
#
# $$
# \begin{aligned}
# f &= \gamma \lVert \nabla\, \texttt{feature} \rVert, \\
# g &= \lVert \nabla\, \texttt{adversarial_decoder} \rVert, \\
# \text{share} &= \frac{f}{f + g} .
# \end{aligned}
# $$ (eq-mnist-share)
#
# We can measure it without touching any gradient. One step of plain gradient descent changes the weights by minus the gradient of the loss. With `gamma` zero that is the game's pull alone; with `gamma` one both are in it, and the difference is the feature term's.


# %%
def step(trio, gamma):
    """Return the decoder's gradient on one batch: a step of descent, undone."""
    vaegan = models.VAEGAN(
        *trio, gamma=gamma, seed=0,
        **{name: settings[name] for name in ("real_target", "flip_probability")},
    )  # fmt: skip
    vaegan.compile(*[keras.optimizers.SGD(1.0) for _ in trio], run_eagerly=True)
    kept = [network.get_weights() for network in trio]
    before = [
        ops.convert_to_numpy(v) for v in vaegan.decoder.trainable_variables
    ]
    vaegan.fit(x_train[:100], batch_size=100, verbose=0)
    after = [
        ops.convert_to_numpy(v) for v in vaegan.decoder.trainable_variables
    ]
    for network, weights in zip(trio, kept, strict=True):
        network.set_weights(weights)
    return np.concatenate(
        [(a - b).ravel() for a, b in zip(before, after, strict=True)]
    )


def pulls(trio):
    """Return the lengths of the feature term's and of the game's gradient in the decoder."""
    game = step(trio, 0.0)
    return np.linalg.norm(step(trio, 1.0) - game), np.linalg.norm(game)


def share(gamma, feature, game):
    """Return the feature term's share of the decoder's gradient."""
    return gamma * feature / (gamma * feature + game)


GAMMA = settings["gamma"]
fresh = pulls(tuple(trio.values()))
print(
    f"share of the feature term below a millionth: {share(GAMMA, *fresh) < 1e-6}"
)
print(
    f"both would pull alike at gamma above 0.01: {fresh[1] / fresh[0] > 0.01}"
)

# %% [markdown]
# Less than a millionth. Chapter 5 showed that `gamma` means nothing without its reduction; the paper's $10^{-6}$ belongs to other features, of another size. With *this* sum over *these* features the decoder has one master, at least at the beginning; the share is measured again after the short training below. It plays a GAN's game, from two kinds of codes. Whether a reconstruction resembles its original, it is never told.
#
# The encoder is told. Its feature loss goes back through the decoder into the encoder. But an encoder can only choose codes; what a decoder makes of a code is the decoder's business.
#
# ## A short training
#
# Now the experiment itself: one call, the same on every machine. On two cores it trains a few epochs on the built-in digits; with a GPU all $100$ epochs on MNIST. That long run goes on where it was stopped when the cell is run again, and is left as it is when it has finished.

# %%
epochs = profile.epochs(cpu=5, gpu=100)
folder = Path(f"../runs/chapter-9/{profile.data}-{epochs}-epochs")
if profile.name == "cpu":  # short enough to begin anew each time
    shutil.rmtree(folder, ignore_errors=True)
experiments.train(
    NAME,
    data=profile.data,
    epochs=epochs,
    output=folder,
    resume=True,
    progress=False,
)
run = experiments.load_run(folder)
ours = (run.model.encoder, run.model.decoder, run.model.discriminator)
steps = epochs * -(-run.config["data"]["train_count"] // settings["batch_size"])
print(f"{epochs} epochs of {run.config['data']['name']}, {steps} steps, every column finite:",
      all(np.isfinite(v) for row in run.history for v in row.values()))  # fmt: skip
trained = pulls(ours)
print(
    f"share of the feature term below a hundred-thousandth: {share(GAMMA, *trained) < 1e-5}"
)


# %% tags=["nbval-ignore-output"] mystnb={"figure": {"caption": "Samples from one fixed set of codes after the epochs of the short training, with test images above. The shares of the feature term, before and after it, are printed above the figure.", "name": "fig-mnist-short"}, "image": {"alt": "Rows of eight images. Above, real digits. Below, after the first epoch, an even grey. After the fifth, coarser grey noise; no digit can be made out."}}
def sheet(folder, epoch, count=8):
    """Return the first images of a run's sample sheet, (count, 28, 28, 1) in [-1, 1]."""
    with Image.open(
        Path(folder) / "samples" / f"epoch-{epoch:03d}.png"
    ) as picture:
        row = np.asarray(picture.convert("L"), "float32")[:28] / 127.5 - 1
    return np.stack([row[:, 30 * i : 30 * i + 28, None] for i in range(count)])


def sheets_of(folder):
    """Return the epochs of which a run has a sample sheet."""
    return [
        int(path.stem[6:])
        for path in sorted(Path(folder).glob("samples/epoch-*.png"))
    ]


for words, (feature, game) in {
    "fresh networks": fresh,
    "after training": trained,
}.items():
    print(f"{words:16} pulls {feature:.3g} and {game:.3g}, share {share(GAMMA, feature, game):.1g},",
          f"alike at gamma {game / feature:.2g}")  # fmt: skip
plotting.image_rows(
    {
        "test images": x_test[:8],
        **{f"epoch {e}": sheet(folder, e) for e in sheets_of(folder)},
    }
)

# %% [markdown]
# Five epochs were the project's first picture. Here they are next to nothing. Why?
#
# **An epoch is not a measure of work.** A step is: one batch, one update. MNIST has $60\,000$ images and the built-in digits have $1\,437$, so with batches of $100$ an epoch is $600$ steps there and $15$ here. Whoever reads "after $100$ epochs" has to ask: of what?
#
# ## What was recorded
#
# Longer runs than a notebook's are in the records. The cell says what they hold: on MNIST one run as long as two cores allowed, on the built-in digits the full $100$ epochs, with several seeds. All of them are the same networks, losses and settings. Two other models of [the page of measurements](../book/measurements.md) stand beside them where that helps: a VAE and a light VAE-GAN of small networks.

# %%
RESULTS = Path("../book/results")
MNIST = RESULTS / NAME / "mnist" / "seed-0"
arm = verdicts.read_arm(RESULTS, f"{NAME}/digits")
runs = {"MNIST": records.read_record(MNIST)}
runs |= {
    f"digits, seed {seed}": record for seed, record in arm.finished.items()
}
of_digits = [record for name, record in runs.items() if name != "MNIST"]


def steps_an_epoch(record):
    """Return how many updates an epoch of a run makes."""
    return -(
        -record.config["data"]["train_count"]
        // record.config["arguments"]["batch_size"]
    )


print(f"{len(arm.finished)} of {arm.registered} seeds on the built-in digits")
print(f"{'':15}{'epochs':>12}{'steps':>9}{'in epochs of MNIST':>20}")
for name, record in runs.items():
    done = len(record.history)
    steps = done * steps_an_epoch(record)
    alike = steps / steps_an_epoch(runs["MNIST"])
    print(f"{name:15}{done:5} of {settings['epochs']}{steps:9,}{alike:20.1f}")

# %% [markdown]
# So a full run on the built-in digits is *not* a small copy of the project's. In steps it ends in the middle of MNIST's third epoch. The recorded run on MNIST is the closer one, and it is one run from one seed.
#
# ## The samples
#
# The project showed its sheets after epochs $5$, $20$, $35$, $50$, $65$, $80$ and $95$. Here are the same, as far as each record goes: first MNIST, then the digits' first seed. Every row is made from the same eight codes.

# %% mystnb={"figure": {"caption": "MNIST with the original's networks: samples from eight fixed codes, at the project's epochs as far as the record goes. The cell prints how far that is.", "name": "fig-mnist-samples"}, "image": {"alt": "A row of eight images for each recorded epoch. In the first, grainy bright strokes on black, most of them to be read as digits; in the later ones the strokes are cleaner, and one or two images in a row remain no digit."}}
done, seed = len(runs["MNIST"].history), runs["MNIST"].config["seed"]
print(f"MNIST, {done} of {settings['epochs']} epochs, seed {seed}")
plotting.image_rows({f"epoch {e}": sheet(MNIST, e) for e in sheets_of(MNIST)})

# %% mystnb={"figure": {"caption": "The built-in digits with the same networks, at all of the project's epochs. The cell prints the seed.", "name": "fig-mnist-digits"}, "image": {"alt": "Nine rows of eight images. The first two are noise. From the third on there are soft white digits on black, which change little from row to row: each column keeps its shape, blurred at first, then clearer; some are digits, some lie between two."}}
DIGITS = RESULTS / NAME / "digits" / f"seed-{min(arm.finished)}"
done = len(of_digits[0].history)
print(f"built-in digits, {done} epochs, seed {min(arm.finished)}")
plotting.image_rows({f"epoch {e}": sheet(DIGITS, e) for e in sheets_of(DIGITS)})

# %% [markdown]
# The project also made an animation. This is ours, of the run on MNIST: $64$ codes, one sheet after another.

# %% mystnb={"figure": {"caption": "The sample sheets of the run on MNIST, one after another. The cell prints their epochs.", "name": "fig-mnist-animation"}, "image": {"alt": "A moving sheet of sixty-four digits. Grainy strokes become cleaner, and at many places one digit turns into another."}}
print("sheets after epochs", *sheets_of(MNIST))
Picture(data=(MNIST / "samples" / "animation.gif").read_bytes(), format="gif")

# %% [markdown]
# ## Does it reconstruct?
#
# The name says VAE, so it should. The `reconstruction_loss` of a record is half the squared error of test images, summed over pixels. What is much and what little? Two answers know nothing of the image: *another* test image, and the mean of all training images. A model that does no better than the mean copies, in pixels, no better than somebody who never saw the image. The two baselines are of the data set that is named; they are none for the other.

# %%
pixel_loss = losses.gaussian_reconstruction
rng = np.random.default_rng(0)
baseline = {
    "another image": np.mean(
        pixel_loss(x_test, x_test[rng.permutation(len(x_test))])
    ),
    "mean image": np.mean(
        pixel_loss(x_test, np.broadcast_to(x_train.mean(axis=0), x_test.shape))
    ),
}
others = {
    name: records.read_runs(RESULTS / name)
    for name in ("vae-mnist", "vaegan-mnist")
}
shown = {
    "original on digits": of_digits,
    "original on MNIST": [runs["MNIST"]],
    **others,
}
worst = {
    name: max(r.metrics["reconstruction_loss"] for r in found)
    for name, found in shown.items()
}
print(
    f"{'':20}{'seeds':>6}{'mean':>8}{'lowest':>9}{'highest':>9}{'active units':>16}"
)
for name, value in baseline.items():
    print(f"{name + ', ' + profile.data:20}{value:14.1f}")
for name, found in shown.items():
    values = [record.metrics["reconstruction_loss"] for record in found]
    units = [record.metrics["active_units"] for record in found]
    latent_dim = found[0].config["arguments"]["latent_dim"]
    print(f"{name:20}{len(values):6}{np.mean(values):8.1f}{min(values):9.1f}{max(values):9.1f}"
          f"{min(units):5} to {max(units)} of {latent_dim}")  # fmt: skip
alike = (
    "original on digits" if profile.data == "digits" else "original on MNIST"
)
print(
    f"every {alike} is worse than the mean image:",
    all(
        r.metrics["reconstruction_loss"] > baseline["mean image"]
        for r in shown[alike]
    ),
)
best = runs["MNIST"].metrics["reconstruction_loss"]
print(
    "original on MNIST more than twice the VAE:", best > 2 * worst["vae-mnist"]
)

# %% [markdown]
# On the built-in digits the recorded copies are worse than one grey average of all images, and the last column hints why. A latent dimension is *active* if its mean changes from image to image. Where none is, the code tells nothing about the image, and no decoder could copy from it. On MNIST the code is used, and still the copies are far from those of a much smaller VAE. What likeness there is comes from the encoder: it looks for a code whose image resembles the original.
#
# This is what one expects of a decoder that is not told to copy. Is `gamma` alone to blame? To know that, change it alone: `experiments.train(NAME, data="digits", epochs=100, settings={"gamma": 0.1})` is such a run. It is not recorded here.
#
# ## Three curves
#
# These are the curves that the project had. We draw the losses on held-out images, where no label is flipped, and mark the level of the blind expert.

# %% mystnb={"figure": {"caption": "The three losses on held-out images: the run on MNIST (left) and all seeds on the built-in digits (right). Dotted: where decoder and discriminator stand when the discriminator sees no difference. The cell prints the means of the last ten epochs.", "name": "fig-mnist-curves"}, "image": {"alt": "Six small charts. On the left the curve of the encoder's loss climbs, those of decoder and discriminator zigzag around dotted lines. On the right the encoder's loss rises a little, then falls by a factor of ten and stays there; the decoder's climbs above its dotted line with tall spikes, the discriminator's zigzags around its own."}}
LOSSES = ("encoder", "decoder", "discriminator")
figure, axes = plt.subplots(
    3, 2, figsize=(plotting.WIDTH, 5.2), sharex="col", sharey="row"
)
for name, record in runs.items():
    column = 0 if name == "MNIST" else 1
    for row, network in enumerate(LOSSES):
        axes[row, column].plot(
            record.column("epoch"), record.column(f"val_{network}_loss"),
            color=f"C{row}", alpha=1.0 if column == 0 else 0.5, linewidth=1.5,
        )  # fmt: skip
for row, network in enumerate(LOSSES):
    axes[row, 0].set(yscale="log", ylabel=network)
    axes[row, 0].yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
    axes[row, 0].yaxis.set_major_formatter("{x:g}")
    axes[row, 0].yaxis.set_minor_formatter(ticker.NullFormatter())
    for plane in axes[row]:
        if f"{network}_loss" in blind:
            plane.axhline(
                blind[f"{network}_loss"],
                color="black",
                linestyle=":",
                linewidth=1,
            )
for plane, title in zip(axes[0], ("MNIST", "built-in digits"), strict=True):
    plane.set_title(title)
for plane in axes[-1]:
    plane.set(xlabel="epoch")
    plane.xaxis.get_major_locator().set_params(integer=True)
plt.show()
print("last ten epochs, training / held out")
print(f"{'':15}" + "".join(f"{network:>19}" for network in LOSSES))
for name, record in runs.items():
    line = f"{name:15}"
    for network in LOSSES:
        last = [
            np.mean(record.column(f"{kind}{network}_loss")[-10:])
            for kind in ("", "val_")
        ]
        line += "{:>19}".format("{:.3g} / {:.3g}".format(*last))
    print(line)
print("mean of D on real images, the same epochs")
print(f"{'':15}{'in training':>14}{'training images':>18}{'test images':>14}")
for name, record in runs.items():
    if "d_train" in record.history[0]:  # early records have no such column
        means = [
            np.mean(record.column(key)[-10:])
            for key in ("d_real", "d_train", "d_test")
        ]
        print(f"{name:15}" + "{:14.2f}{:18.2f}{:14.2f}".format(*means))

# %% [markdown]
# Begin with the dotted lines. On MNIST decoder and discriminator stay close to the level of a blind expert. That does not mean that nothing is learned. Both learn, and what one gains the other takes back. A level curve is what a fair game looks like, and also what a dead one looks like.
#
# The encoder's loss on MNIST *rises*. Yet the samples do not get worse over the run, as the next section shows. Its feature term is measured with the discriminator's features, and nothing keeps those from growing (chapter 5). Where the ruler grows, so does the measurement.
#
# On the built-in digits the decoder's loss climbs above its line: the discriminator calls more and more fakes by their name. Has it become an expert? Compare its own two losses in the table. In training it is well below the blind level, although some labels there are turned round. On held-out images it lies about that level: above it with some seeds, below it with others.
#
# The second table asks why. It holds the mean of $D$ on real images: during the training, then on training images and on test images with the network *in evaluation mode*. Between the last two columns lies what was learned by heart. But the larger step, on the built-in digits, is the first one. One cause may be BatchNorm: in evaluation mode it uses averages that it gathered in training, and those can lag behind a network that still changes. So a good part of a held-out loss is not about new images at all. One cannot see that in the curve.
#
# ## What it could not see
#
# A sheet shows $64$ images and no numbers. After every epoch our runs generated as many images as there are test images, at most a thousand, from fixed codes. A classifier that knows real digits named them. That gives the *share of each digit*; the share that no digit can be read from (`low_confidence`); *coverage*, the share of test images with a generated one close by; and the *Fréchet distance* of the classifier's features. Chapter 4 explains them.
#
# Each number needs its floor: what *real* images would get. For the distance and coverage that is training images against test images. (On MNIST the floor was taken with five times as many images as the curve, so the curve's own floor lies a little higher.) For the balance of digits it is a calculation.
#
# Let $p_k$ be the share of digit $k$ among $N$ images, and $K$ the number of classes. How uneven they are is the divergence from even shares, as in chapter 6, in code `verdicts.class_divergence`:
#
# $$
# \texttt{class_divergence} = \sum_k p_k \log \left( K p_k \right) .
# $$ (eq-mnist-divergence)
#
# It is zero only if all shares are *exactly* equal. Fair dice do not do that. Near even shares the divergence is a parabola, $\tfrac K2 \sum_k (p_k - \tfrac 1K)^2$. One share has the variance $\tfrac 1K (1 - \tfrac 1K) / N$. So on average fair draws show
#
# $$
# \text{floor} \approx \frac{K - 1}{2 N} .
# $$ (eq-mnist-floor)
#
# And a digit that is gone while the rest stay even costs $\log \frac{10}{9}$, about a tenth of a nat.

# %%
print("after the last epoch of each run")
columns = {
    "Fréchet": 8,
    "floor": 6,
    "coverage": 10,
    "floor ": 6,
    "unclear": 9,
    "divergence": 12,
    " floor": 7,
}
print(
    f"{'':15}"
    + "".join(f"{title.strip():>{width}}" for title, width in columns.items())
)
for name, record in runs.items():
    last, real = record.history[-1], record.metrics
    number = min(1000, record.config["data"]["test_count"])
    print(f"{name:15}{last['sample_frechet_distance']:8.1f}{real['real_held_out_frechet_distance']:6.1f}"
          f"{last['sample_coverage']:10.2f}{real['real_held_out_coverage']:6.2f}"
          f"{last['sample_low_confidence']:9.2f}{verdicts.class_divergence(last):12.3f}"
          f"{9 / (2 * number):7.3f}")  # fmt: skip
fair = rng.multinomial(64, np.full(10, 0.1), size=10_000).min(axis=1).mean()
print(
    f"with fair dice a sheet of 64 shows the rarest digit {fair:.1f} times on average"
)

# %% mystnb={"figure": {"caption": "Coverage and Fréchet distance by epoch, on MNIST (left) and for all seeds on the built-in digits (right). Dotted: what real images get. The cell prints the coverage, the table above it both at the last epoch.", "name": "fig-mnist-quality"}, "image": {"alt": "Four small charts. Above, coverage climbs steeply, then stays at about two thirds, below a dotted line near one. Below, on a logarithmic axis, the distance falls steeply, then zigzags far above a dotted line."}}
figure, axes = plt.subplots(
    2, 2, figsize=(plotting.WIDTH, 4.2), sharex="col", sharey="row"
)
for name, record in runs.items():
    column = 0 if name == "MNIST" else 1
    for row, metric in enumerate(("coverage", "frechet_distance")):
        axes[row, column].plot(
            record.column("epoch"), record.column(f"sample_{metric}"),
            color=f"C{row}", alpha=1.0 if column == 0 else 0.5, linewidth=1.5,
        )  # fmt: skip
        floor = record.metrics[f"real_held_out_{metric}"]
        axes[row, column].axhline(
            floor, color="black", linestyle=":", linewidth=1
        )
axes[0, 0].set(ylabel="coverage", ylim=(0, 1.05), title="MNIST")
axes[1, 0].set(ylabel="Fréchet distance", yscale="log")
axes[0, 1].set(title="built-in digits")
for plane in axes[-1]:
    plane.set(xlabel="epoch")
    plane.xaxis.get_major_locator().set_params(integer=True)
plt.show()
for name, record in runs.items():
    coverage = record.column("sample_coverage")
    print(f"{name:15} coverage {coverage[0]:.2f} at first, {coverage[-1]:.2f} at last,",
          f"{max(coverage):.2f} at best")  # fmt: skip

# %% [markdown]
# Most of what is gained is gained early. In the first third of a run the distance falls by a large factor and coverage rises. After that the curves of the built-in digits go up and down and come no nearer to the floor. Whether MNIST came nearer with more steps, the table says. And the samples still are not what real digits are: see the share of images that cannot be read.

# %% mystnb={"figure": {"caption": "The share of each digit among generated images, by epoch: MNIST (above) and the digits' first seed (below). A tenth would be fair. The cell prints, for each run, the digit that was rarest on average over the last ten epochs, and the mean divergence in each third of the run.", "name": "fig-mnist-classes"}, "image": {"alt": "Two bands of ten rows each, one for each digit, coloured by share from white to dark blue. In the upper one all rows have about one shade after the first few epochs. In the lower one the first tenth of the epochs is a dark row and nine white ones; after that the other rows turn blue one by one; one stays darker than the others to the end."}}
figure, axes = plt.subplots(2, 1, figsize=(plotting.WIDTH, 5.0))
for plane, (name, record) in zip(axes, list(runs.items())[:2], strict=True):
    shares = np.array([record.column(f"sample_class_{k}") for k in range(10)])
    picture = plane.imshow(
        shares, aspect="auto", cmap="Blues", vmin=0, vmax=0.25, interpolation="nearest",
        extent=(0.5, len(record.history) + 0.5, 9.5, -0.5),
    )  # fmt: skip
    plane.set(title=name, ylabel="digit", yticks=range(10))
    plane.xaxis.get_major_locator().set_params(integer=True)
    plane.grid(False)
axes[-1].set(xlabel="epoch")
figure.colorbar(picture, ax=axes, label="share", extend="max")
plt.show()
for name, record in runs.items():
    shares = np.array(
        [record.column(f"sample_class_{k}")[-10:] for k in range(10)]
    ).mean(axis=1)
    rarest = int(shares.argmin())
    divergences = [verdicts.class_divergence(row) for row in record.history]
    thirds = np.array_split(divergences, min(3, len(divergences)))
    print(f"{name:15} rarest: {rarest}, share {shares[rarest]:.3f}; divergence by thirds",
          " ".join(f"{np.mean(third):.3f}" for third in thirds))  # fmt: skip

# %% [markdown]
# The digits are not even: the divergences lie above the floor of chance. In the second chart one digit is about twice as frequent as is fair, at the cost of others. But read along the rows. A digit that vanishes would be a row that fades to white. In the epochs drawn here, once the first third is over, no row does. The divergence by thirds says the same in numbers.
#
# Look also at the first epochs, where nearly all images are called one digit. That digit is only the classifier's word for noise. A histogram cannot tell a collapse from rubbish. Coverage can.
#
# ## Does a loss tell any of it?
#
# The project had three losses. If one of them rose and fell with the quality, the curve would have been enough. Rank the epochs of a run by a loss, and by the Fréchet distance; compare the ranks. *Spearman's rank correlation* is one if both orders agree, zero if they have nothing in common, minus one if they are opposed. The first third of each run is left out. There everything changes at once, and anything goes with anything.

# %%
print("rank correlation of the Fréchet distance with the loss of")
print(f"{'':15}" + "".join(f"{name:>15}" for name in LOSSES))
correlations = {}
for name, record in runs.items():
    late = len(record.history) // 3
    distance = record.column("sample_frechet_distance")[late:]
    correlations[name] = [
        spearmanr(
            record.column(f"val_{network}_loss")[late:], distance
        ).statistic
        for network in LOSSES
    ]
    print(
        f"{name:15}" + "".join(f"{value:15.2f}" for value in correlations[name])
    )
lowest = dict(
    zip(LOSSES, np.min(list(correlations.values()), axis=0), strict=True)
)
good = [network for network, value in lowest.items() if value > 0.5]
print("above one half in every run:", ", ".join(good) or "none")

# %% [markdown]
# A loss that told the quality would give a column of large positive numbers: the higher it is, the larger the distance. The last line says which loss does so in every run. And even a high number in one run would not help. One would have to know beforehand which loss to trust.
#
# So in these runs no loss tells the quality in every one, and the project's curves could not have shown what its sheets did not show. Chapter 7 says why: a loss of one player measures the other player too.
#
# ## The claim
#
# *The longer MNIST trains, the rarer some digits become, until they vanish*, the project concluded. It had looked at sheets of one run. Before our runs were made, [the page of claims](../book/claims.md) wrote down what would support it: on the built-in digits, over five seeds, the divergence from even shares must be larger in the last ten epochs than in epochs $31$ to $40$ of the same run, by the threshold that the cell prints.

# %%
claim = next(c for c in claims.CLAIMS if c.name == "C1")
verdict = verdicts.judge(claim, RESULTS)
print(textwrap.fill(f"{claim.name}: {claim.claim}", 72))
print(
    f"runs: {arm.registered} registered, {len(arm.finished)} finished, {arm.failed} broke off"
)
print(f"needed: a divergence larger by {claim.threshold} nats")
if verdict.effect:
    early, late = (side[claim.metric][0] for side in reversed(verdict.sides))
    print(
        f"divergence in epochs 31 to 40: {early:.3f}, in the last ten: {late:.3f}"
    )
    print("effect {:.3f} [{:.3f}, {:.3f}]".format(*verdict.effect))
    print(f"verdict: {verdict.word}")
else:
    print(f"verdict: {verdict.word}. {verdict.why}")
print(textwrap.fill(claim.caveat, 72))

# %% [markdown]
# Read the word with its limits. "Refuted" means that the effect is smaller than the claim needs; an effect below zero, that the digits became *more* even. "Open" means that nobody knows yet. Either is said of *these* runs: small digits, $1\,500$ steps. The claim was about $100$ epochs of MNIST, forty times as many. Of those there is only the one run above, as far as it goes. It is looked at and does not decide.
#
# Why did the project see digits become rare? We do not know. Its assumptions may have been others than ours. Or a sheet of $64$ deceived: the line on fair dice, in the table above, says how few images of the rarest digit one finds there by chance.
#
# ## See for yourself
#
# All of it in one figure, for the runs whose sheets were kept. Choose one, then walk through its epochs. Find an epoch in which the discriminator's loss jumps. Did the samples change?

# %% tags=["nbval-ignore-output"]
folders = {"MNIST": MNIST}
folders |= {
    f"digits, seed {s}": RESULTS / NAME / "digits" / f"seed-{s}"
    for s in arm.finished
}
explorer = RunExplorer(
    {name: path for name, path in folders.items() if sheets_of(path)},
    {
        "losses, held out": ["val_encoder_loss", "val_decoder_loss", "val_discriminator_loss"],
        "Fréchet distance": ["sample_frechet_distance"],
        "shares": ["sample_coverage", "sample_low_confidence", "val_d_real", "val_d_generated"],
    },
    log=["losses, held out", "Fréchet distance"],
    title="The original's VAE-GAN, epoch by epoch",
)  # fmt: skip
explorer

# %%
for name, record in runs.items():
    best = min(record.history, key=lambda row: row["sample_frechet_distance"])
    print(f"{name:15} lowest Fréchet distance {best['sample_frechet_distance']:6.1f}",
          f"in epoch {best['epoch']:3} of {len(record.history)}")  # fmt: skip

# %% [markdown]
# ## TensorBoard
#
# The experiment writes its curves and sample sheets for TensorBoard by itself. In Colab or Jupyter set the first line to `True` and run the cell: it opens below it. From a terminal: `tensorboard --logdir runs`.

# %%
show_tensorboard = False  # True in Colab or Jupyter

if show_tensorboard:
    from IPython import get_ipython

    get_ipython().run_line_magic("load_ext", "tensorboard")
    get_ipython().run_line_magic("tensorboard", "--logdir ../runs/chapter-9")
skipped = (
    "epoch",
    "val_",
    "learning_rate",
    "sample_class",
)  # there are many more
curves = [name for name in run.history[-1] if not name.startswith(skipped)]
print(textwrap.fill("curves: " + ", ".join(curves), 72))

# %% [markdown]
# ## Exercises
#
# Replace the placeholder in each cell and run it. The check says what it proved, or gives a hint.
#
# ### Run and look
#
# The built-in digits have $1\,437$ training images. Batches are of $100$, and an epoch of MNIST has $600$ steps. As many steps as how many epochs of MNIST is a run of $100$ epochs? The table of records above helps.

# %% tags=["exercise"]
# Exercise: steps_by_hand
# batches of 100; the last batch of an epoch may be smaller, and counts as a step
answer = None  # epochs of MNIST, a number with one decimal: replace None

exercises.check("steps_by_hand", answer)

# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: steps_by_hand
# batches of 100; the last batch of an epoch may be smaller, and counts as a step
steps = 100 * 15  # 1,437 images: fourteen full batches and one of 37
answer = steps / 600

exercises.check("steps_by_hand", answer)

# %% [markdown]
# ### Implement: count the encoder
#
# Write the number of the encoder's parameters for square images of any size, from equations {eq}`eq-mnist-count` and {eq}`eq-mnist-side`. The cell that printed its layers shows their order; only the second convolution and the dense layer have a BatchNorm. Your function should give the project's number for MNIST, and that for its faces.


# %% tags=["exercise"]
# Exercise: encoder_parameters
def encoder_parameters(side, channels, latent_dim):
    """Return the encoder's number of parameters, statistics counted."""
    # How large is the map after each convolution? Where does a BatchNorm stand?
    # How many heads are there?
    return None


exercises.check("encoder_parameters", encoder_parameters)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: encoder_parameters
def encoder_parameters(side, channels, latent_dim):
    """Return the encoder's number of parameters, statistics counted."""
    maps = side
    for _ in range(2):  # two convolutions of 4x4, stride 2, without padding
        maps = (maps - 4) // 2 + 1
    first = (4 * 4 * channels + 1) * 64
    second = (4 * 4 * 64 + 1) * 128 + 4 * 128  # with its BatchNorm
    dense = (maps * maps * 128 + 1) * 1024 + 4 * 1024
    return first + second + dense + 2 * (1024 + 1) * latent_dim


exercises.check("encoder_parameters", encoder_parameters)

# %% [markdown]
# ### Derive and implement: the blind game
#
# Write equation {eq}`eq-mnist-third` and both losses for any label `target`.


# %% tags=["exercise"]
# Exercise: blind_game
def blind_game(target):
    """Return (D, decoder_loss, discriminator_loss); the best D is blind.

    One answer for real images (label `target`), reconstructions and samples.
    """
    # Write its loss with one D for all three, and set the derivative to zero.
    return None


exercises.check("blind_game", blind_game)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: blind_game
def blind_game(target):
    """Return (D, decoder_loss, discriminator_loss); the best D is blind.

    One answer for real images (label `target`), reconstructions and samples.
    """
    d = target / 3
    decoder_loss = -2 * np.log(d)
    discriminator_loss = -target * np.log(d) - (3 - target) * np.log(1 - d)
    return d, decoder_loss, discriminator_loss


exercises.check("blind_game", blind_game)

# %% [markdown]
# ### Derive and implement: a share you choose
#
# Solve equation {eq}`eq-mnist-share` for `gamma`. Given both pulls, which `gamma` makes the feature term a tenth, a half, nine tenths of the whole?


# %% tags=["exercise"]
# Exercise: gamma_for_share
def gamma_for_share(share, feature_pull, game_pull):
    """Return gamma; the pulls are lengths of gradients, without gamma."""
    # Solve the equation of the share for gamma.
    return None


exercises.check("gamma_for_share", gamma_for_share)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: gamma_for_share
def gamma_for_share(share, feature_pull, game_pull):
    """Return gamma; the pulls are lengths of gradients, without gamma."""
    return share / (1 - share) * game_pull / feature_pull


exercises.check("gamma_for_share", gamma_for_share)

# %% [markdown]
# ### Derive and implement: how uneven fair dice look
#
# Equation {eq}`eq-mnist-floor`. Derive it first: the parabola, then the variance of one share.


# %% tags=["exercise"]
# Exercise: histogram_floor
def histogram_floor(classes, count):
    """Return the expected divergence of `count` fair draws, in nats."""
    # What is the variance of one class's share? Put it into the parabola.
    return None


exercises.check("histogram_floor", histogram_floor)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: histogram_floor
def histogram_floor(classes, count):
    """Return the expected divergence of `count` fair draws, in nats."""
    return (classes - 1) / (2 * count)


exercises.check("histogram_floor", histogram_floor)

# %% [markdown]
# ## Quiz
#
# Decide first, then open your answer.
#
# **1. A rebuilt network has exactly the stated number of parameters. What does that prove?**
#
# <details><summary>a) It is the original network.</summary>
#
# No. Activations, dropout, strides that give the same maps, and the losses have no parameters.
#
# </details>
# <details><summary>b) The sizes of its layers most likely agree; the rest stays open.</summary>
#
# Right. A wrong kernel or a missing BatchNorm would change the number. A missing activation would not.
#
# </details>
# <details><summary>c) Nothing: many networks have that many parameters.</summary>
#
# No. Among networks of this shape hardly another one does.
#
# </details>
#
# **2. Real images have the label $0.9$; there are two kinds of fakes of full weight. Late in training $D$ is about $0.3$ on everything. What does that say?**
#
# <details><summary>a) The discriminator is too weak and calls real images fake.</summary>
#
# No. Two of three images that it meets are fake. If it cannot tell them apart, $0.3$ is its best answer.
#
# </details>
# <details><summary>b) It cannot tell real from generated.</summary>
#
# Right. That is equation {eq}`eq-mnist-third`. Whether the images are good, it does not say.
#
# </details>
# <details><summary>c) The generator has collapsed.</summary>
#
# No. One cannot see that in this number.
#
# </details>
#
# **3. A term has the weight $10^{-8}$ in a loss. Is it negligible?**
#
# <details><summary>a) Yes. So small a weight never matters.</summary>
#
# No. If the term's gradient were $10^8$ times that of the others, it would be half of the whole.
#
# </details>
# <details><summary>b) That depends on the gradients. Measure its share.</summary>
#
# Right. Here the share was measured, before and after a short training, and there it *is* negligible.
#
# </details>
# <details><summary>c) No. The term is in the loss, so it is minimised.</summary>
#
# No. Only what moves the weights is minimised. Other terms may move them elsewhere.
#
# </details>
#
# **4. Run A trained $100$ epochs on $1\,500$ images, run B three epochs on $60\,000$, with equal batches. Which made more steps?**
#
# <details><summary>a) A, by far.</summary>
#
# No. Its epochs are forty times shorter.
#
# </details>
# <details><summary>b) B.</summary>
#
# Right. It saw $180\,000$ images, A saw $150\,000$.
#
# </details>
# <details><summary>c) That depends on the learning rate.</summary>
#
# No. A step is a step, however long it is.
#
# </details>
#
# **5. Of $360$ generated digits only $2\,\%$ are sevens. Is the seven vanishing?**
#
# <details><summary>a) Yes: a tenth would be fair.</summary>
#
# No. It is rare, clearly rarer than chance allows. But *vanishing* is a change: it needs a comparison with earlier epochs.
#
# </details>
# <details><summary>b) No: among a few hundred images such a share is chance.</summary>
#
# No. With a fair tenth one expects $36$ sevens, give or take six. Seven of them are no accident.
#
# </details>
# <details><summary>c) It is rare. Whether it becomes rarer, several runs over time must show.</summary>
#
# Right. And one must ask whether the classifier can read its sevens at all.
#
# </details>
#
# ## What to remember
#
# - A model without its code can be rebuilt as far as its diagrams go. Count its parameters, and list what had to be assumed.
# - A weight in a loss says nothing by its size. Measure the share of the gradient.
# - With this `gamma` the decoder is not told to reconstruct. What likeness there is, the encoder has to find among the codes.
# - Know the level at which nobody learns anything, and draw it into the plot.
# - Count steps, not epochs, when data sets differ.
# - Whether digits vanish is a question about shares over time, over several seeds, above the floor of chance. No loss of the game answers it.
#
# ## Sources
#
# - Networks, losses, epochs and the claim: the [original project](https://github.com/Shuntw6096/VAE-GAN), sections "VAE-GAN Structure", "Experiment" and "Conclusion"; here, [section by section](../book/original_project.md).
# - The VAE-GAN, its losses and its `gamma`: {cite}`larsen2016autoencoding`, section 3 and Algorithm 1, and section 4 for its value.
# - The best discriminator: {cite}`goodfellow2014generative`, proposition 1; here with a soft label {cite}`salimans2016improved`, section 3.4, and two kinds of fakes.
# - MNIST: {cite}`lecun1998gradient`; the built-in digits: {cite}`alpaydin1998optical`.
# - Fréchet distance of a network's features: {cite}`heusel2017gans`, equation 6; coverage: {cite}`naeem2020reliable`, section 3.
# - BatchNorm's statistics, which the count of parameters includes: {cite}`ioffe2015batch`, section 3.1.
