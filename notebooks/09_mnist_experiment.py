# %% [markdown]
# # Chapter 9: The MNIST experiment
#
# *Run time: 159 s on two CPU cores, measured at the last execution.*
#
# **How does one plan, run and judge a whole training, so that one can say what came out?**
#
# After this chapter you can
#
# - plan an experiment before you start it: one change, the number that decides, its floor, steps and seeds;
# - choose `gamma` by the share of the gradient that the feature term should have;
# - train by one command for each seed, and read the curves against the level of a discriminator that sees no difference;
# - judge samples, copies and the balance of digits, each beside what knows nothing or is real;
# - compare two arms over seeds, and tell a missing digit from bad luck.
#
# You need chapters 5 and 6, and the [measures](04_how_good_is_it.ipynb). Words are explained in the [glossary](../book/glossary.md), symbols in the [notation](../book/notation.md).

# %% mystnb={"code_prompt_show": "Colab needs this cell", "code_prompt_hide": "Hide Colab's cell"} tags=["colab", "nbval-skip", "hide-cell"]
# Colab needs the course's package and its records. Elsewhere this cell does nothing.
import os
import sys

if "google.colab" in sys.modules and not os.path.exists("09_mnist_experiment.py"):
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
import shutil
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf  # for its GradientTape, as in chapter 1
from matplotlib import ticker
from PIL import Image

from vaegan_edu import (
    claims,
    exercises,
    experiments,
    losses,
    metrics,
    models,
    networks,
    plotting,
    records,
    verdicts,
)
from vaegan_edu.widgets import RunExplorer

(x_train, y_train), (x_test, y_test) = profile.load_data()

# %% [markdown]
# ## A claim to test
#
# The project that this course grew out of trained a VAE-GAN on MNIST for $100$ epochs. Its [repository](https://github.com/Shuntw6096/VAE-GAN) shows random samples after seven of them, an animation and the curves of three losses. Its README concludes that some digits become much rarer the longer one trains, and may vanish. Here are the three losses as its log has them.

# %% tags=["hide-input"] mystnb={"figure": {"caption": "The original project's losses on MNIST, means over the steps of each epoch. Dotted: what a discriminator pays, and makes the decoder pay, that gives the best single answer to every image; *The curves, against a level* explains it.", "name": "fig-mnist-logged"}, "image": {"alt": "Three line charts over 100 epochs. The encoder's loss falls within 15 epochs from 0.81 to 0.76, then creeps up to 0.78. The decoder's rises all the way, steeply at first, from 1.7 to 7.4. The discriminator's falls from 2.1, above a dotted line, to about 1."}}
LOSSES = ("encoder", "decoder", "discriminator")
logged = records.original_logs()["mnist"]
figure, axes = plt.subplots(1, 3, figsize=(plotting.WIDTH, 2.4), layout="constrained")
for axis, network in zip(axes, LOSSES, strict=True):
    axis.plot(logged["epoch"], logged[f"{network}_loss"], color="C0")
    axis.set(title=network, xlabel="epoch")
axes[1].axhline(-2 * np.log(1 / 3), color="black", linestyle=":", linewidth=1)
axes[2].axhline(np.log(3) + 2 * np.log(3 / 2), color="black", linestyle=":", linewidth=1)
plt.show()
for epoch in (1, 2, 5, 10, 20, 50, 100):
    row = [logged[f"{network}_loss"][epoch - 1] for network in LOSSES]
    print(
        f"epoch {epoch:3}  encoder {row[0]:.3f}  decoder {row[1]:.2f}  discriminator {row[2]:.2f}"
    )

# %% [markdown]
# Are there good digits in the end, and all ten? These curves do not say. This chapter makes an experiment of it, in three stages. Its registered runs are on the *built-in* digits and a fortieth as long, so what they decide holds for such runs alone. On MNIST there is one run, which does not count.
#
# 1. **Plan**: write down what would decide, choose the settings, count the steps.
# 2. **Run**: a short pilot first, then the long runs.
# 3. **Judge**: look, read the curves, measure copies and samples, and apply the rule that was written down.
#
# Then it is your turn: *An experiment of your own* has the same stages, with runs of a few minutes each.
#
# ## Plan
#
# ### Six lines, written before the first run
#
# Whoever first looks at results and then chooses what to count will find something. So write these six lines *before* you train. On the right are those of claim C1 on [the page of claims](../book/claims.md). They were written before its runs, but for the kind of interval.
#
# | line | for this chapter's claim |
# | --- | --- |
# | the question | Do some digits become rarer the longer one trains? |
# | what differs between the two sides, and nothing else | the epochs: the last ten against epochs $31$ to $40$ of the same run |
# | the number that decides | how far the shares of the digits are from even, in nats: chapter 6's histogram divergence |
# | what it is compared with | its floor: what as many fair draws show |
# | the runs | the project's networks, $100$ epochs on the built-in digits, five seeds |
# | the verdict | *supported* if the $95\,\%$ interval of the difference over the seeds lies wholly above $0.05$ nats, *refuted* if wholly below, else *open* |
#
# The interval is that of chapter 6: a mean over seeds, with the range in which the true one is expected. Why $0.05$? A digit that is gone while the rest stay even costs $\log \frac{10}{9}$, about a tenth of a nat, and $0.05$ is half of that. The verdict also has a condition, since there must be digits to count: if the coverage in the earlier epochs is below $0.1$, the runs say nothing.
#
# ### Losses and settings
#
# The terms are those of chapter 5: `prior` is the KL divergence, `feature` the feature loss, and the two adversarial terms come from the game. In these names the losses of the project's diagrams read
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
# with $\gamma = 10^{-8}$. In `models.VAEGAN` the two fractions are `kl_weight` and `feature_weight`. (The $64$ is the number of latent dimensions. $4 \cdot 4 \cdot 256$ is what the project's diagram has; the layer compared here has another shape.) There are *two* kinds of fakes, reconstructions and samples, and each counts as much as the real images.
#
# In the package the experiment is called `vaegan-mnist-original`. Neither diagrams nor log give its learning rates and labels, so these are *assumed*. The runs of this chapter use the four settings below. (`discriminator_rate` multiplies the discriminator's learning rate; with `feature_stage="linear"` features are taken before BatchNorm and activation.)
#
# <details><summary>Why are these four not the package's own?</summary>
#
# The long runs were made before the project's log had been studied. The package's settings, which `python -m vaegan_edu show vaegan-mnist-original` prints, were assumed after it; [the page on the project](../book/original_project.md) has all of them.
#
# </details>

# %%
NAME = "vaegan-mnist-original"
CHANGED = {
    "learning_rate": 5e-4,
    "discriminator_rate": 1.0,
    "feature_stage": "linear",
    "real_target": 0.9,
}
settings = experiments.EXPERIMENTS[NAME].settings | CHANGED
keras.utils.set_random_seed(0)
trio = (
    networks.build_encoder("original", latent_dim=settings["latent_dim"]),
    networks.build_decoder("original", latent_dim=settings["latent_dim"]),
    networks.build_discriminator("original", feature_stage=settings["feature_stage"]),
)
notebook.Table(
    {name: {"here": str(value)} for name, value in CHANGED.items()},
    corner="assumed setting",
)

# %% [markdown]
# ### What a weight does: the share of the gradient
#
# What does a weight of $10^{-8}$ do? A network is moved by the gradient of its loss. Write $\lVert \nabla \cdot \rVert$ for the length of a term's gradient in the decoder's weights, its *pull*. With $f$ for the feature term's pull times its weight, and $g$ for the pull of the game, the feature term's share is
#
# $$
# \begin{aligned}
# f &= \gamma \lVert \nabla\, \texttt{feature} \rVert, \\
# g &= \lVert \nabla\, \texttt{adversarial_decoder} \rVert, \\
# \text{share} &= \frac{f}{f + g} .
# \end{aligned}
# $$ (eq-mnist-share)
#
# It compares strengths; whether both gradients point the same way it does not say. Chapter 5 found the `gamma` of equal pulls in this way. Here the two pulls become a function that takes any VAE-GAN and a batch:


# %%
def pulls(vaegan, images):
    """Return the lengths of the feature term's and of the game's gradient in the decoder."""
    weights = vaegan.decoder.trainable_variables
    with tf.GradientTape(persistent=True) as tape:
        terms = vaegan.compute_terms(images, training=True)
    gradients = [tape.gradient(terms[name], weights) for name in ("feature", "adversarial_decoder")]
    return [float(tf.linalg.global_norm(gradient)) for gradient in gradients]


def share(gamma, feature, game):
    """Return the feature term's share of the decoder's gradient."""
    return gamma * feature / (gamma * feature + game)


GAMMA, batch = settings["gamma"], x_train[:100]
fresh = pulls(models.VAEGAN(*trio, gamma=GAMMA, seed=0), batch)
scaled = pulls(models.VAEGAN(*trio, gamma=GAMMA, feature_scale="variance", seed=0), batch)

# %% tags=["hide-input"]
notebook.Table(
    {
        f'feature_scale="{scale}"': {
            "pull, feature": f"{feature:.3g}",
            "pull, game": f"{game:.3g}",
            "share at the project's gamma": f"{share(GAMMA, feature, game):.0e}",
            "gamma for one half": f"{game / feature:.2g}",
        }
        for scale, (feature, game) in {"sum": fresh, "variance": scaled}.items()
    }
)

# %% [markdown]
# With the project's $\gamma$ the game alone moves the decoder, at least at the beginning. So nothing tells it whether a reconstruction resembles its original. The encoder is told, because its feature loss goes back through the decoder into the encoder, but an encoder can only choose codes. We expect poor copies, and will look.
#
# For a model of your own, turn the equation round: decide on a share, say one half, and solve for $\gamma$ (an exercise does it). Give `pulls` the model that you will train, with all its settings: with `feature_scale="variance"` the second row has another $\gamma$. Measure again after some epochs, since both pulls change.
#
# ### How long: steps, not epochs
#
# A step is one batch and one update. With $N$ training images in batches of $B$, a training of $E$ epochs makes
#
# $$
# \text{steps} = E \left\lceil \frac NB \right\rceil .
# $$ (eq-mnist-steps)
#
# MNIST has $N = 60\,000$ and the built-in digits have $1\,437$, so with $B = 100$ an epoch is $600$ steps there and $15$ here. When data sets differ, plan and compare steps.
#
# ## Run
#
# ### First a pilot
#
# A *pilot* is a short training with all the settings of the long one. It shows whether the run starts and writes its files, how long an epoch takes, and what the pulls are after some steps. The command line trains by
#
# ```bash
# python -m vaegan_edu train vaegan-mnist-original --data digits --epochs 5 --seed 0 \
#   --set learning_rate=5e-4 --set discriminator_rate=1 --set feature_stage=linear \
#   --set real_target=0.9 --output runs/pilot
# ```
#
# and the next cell does the same in Python. (With a GPU it trains all $100$ epochs on MNIST. Run again, it goes on where it was stopped; on the command line `--resume` does that.)

# %%
epochs = profile.epochs(cpu=5, gpu=100)
folder = Path(f"../runs/chapter-9/pilot-{profile.data}-{epochs}-epochs")
if profile.name == "cpu":  # short enough to begin anew each time
    shutil.rmtree(folder, ignore_errors=True)
experiments.train(
    NAME,
    data=profile.data,
    epochs=epochs,
    settings=CHANGED,
    output=folder,
    resume=True,
    progress=False,
)
run = experiments.load_run(folder)
steps = epochs * -(-run.config["data"]["train_count"] // settings["batch_size"])
print(f"{epochs} epochs of {run.config['data']['name']}, {steps} steps")
trained = pulls(run.model, batch)


# %% tags=["hide-input", "nbval-ignore-output"] mystnb={"figure": {"caption": "Samples from one fixed set of codes after the epochs of the pilot, with test images above.", "name": "fig-mnist-short"}, "image": {"alt": "Rows of eight images. Above, real digits. Below, after the first epoch, an even grey. After the fifth, coarser grey noise; no digit can be made out."}}
def sheet(folder, epoch, count=8):
    """Return the first images of a run's sample sheet, (count, 28, 28, 1) in [-1, 1]."""
    with Image.open(Path(folder) / "samples" / f"epoch-{epoch:03d}.png") as picture:
        row = np.asarray(picture.convert("L"), "float32")[:28] / 127.5 - 1
    return np.stack([row[:, 30 * i : 30 * i + 28, None] for i in range(count)])


def sheets_of(folder):
    """Return the epochs of which a run has a sample sheet."""
    return [int(path.stem[6:]) for path in sorted(Path(folder).glob("samples/epoch-*.png"))]


for words, (feature, game) in {
    "fresh networks": fresh,
    "after training": trained,
}.items():
    print(
        f"{words:16} share of the feature term {share(GAMMA, feature, game):.1g},",
        f"one half at gamma {game / feature:.2g}",
    )
seconds = records.read_record(folder).column("seconds")[-1]
print(f"an epoch took {seconds:.0f} s, so {settings['epochs']} take", end=" ")
print(f"{seconds * settings['epochs'] / 60:.0f} min")
plotting.image_rows(
    {
        "test images": x_test[:8],
        **{f"epoch {e}": sheet(folder, e) for e in sheets_of(folder)},
    }
)

# %% [markdown]
# So few steps make no digit yet, and the pale grey is partly BatchNorm's averages, which lag behind after so few. But the pilot has done its work: the run goes through, we know what it costs, and the share, though it has grown, is still next to nothing.
#
# A run leaves a folder: `config.json` (all settings, the seed, the versions), `history.csv` (a row for each epoch: losses, answers of $D$, measures, seconds), `samples/` (sheets from the same codes), `metrics.json` (what was measured at the end), the weights, and `index.html`, which shows all of it.
#
# ### The long runs
#
# The long runs were made in advance with the same settings, and from here on the chapter reads their records: on the built-in digits the five planned seeds; on MNIST, beside the plan, one seed with a fifth of the project's epochs.

# %%
RESULTS = Path("../book/results")
arm = verdicts.read_arm(RESULTS, f"{NAME}/digits")
MNIST = RESULTS / NAME / "mnist" / "seed-0"
runs = {"MNIST": records.read_record(MNIST)}
runs |= {f"digits, seed {seed}": record for seed, record in arm.finished.items()}


def steps_an_epoch(record):
    """Return how many updates an epoch of a run makes."""
    return -(-record.config["data"]["train_count"] // record.config["arguments"]["batch_size"])


# %% tags=["hide-input"]
recorded = runs["MNIST"].config["arguments"]
rows = {}
for name, record in runs.items():
    done = len(record.history)
    steps = done * steps_an_epoch(record)
    rows[name] = {
        "epochs": f"{done} of {settings['epochs']}",
        "steps": steps,
        "in epochs of MNIST": steps / steps_an_epoch(runs["MNIST"]),
    }
notebook.Table(rows, digits=1, corner="run")

# %% [markdown]
# In steps a full run on the built-in digits ends in the middle of MNIST's third epoch.
#
# ## Judge
#
# ### Look at the samples
#
# First MNIST, then the digits' first seed. Every row is made from the same eight codes.

# %% tags=["hide-input"] mystnb={"figure": {"caption": "MNIST with the original's networks: samples from eight fixed codes.", "name": "fig-mnist-samples"}, "image": {"alt": "A row of eight images for each recorded epoch. In the first, grainy bright strokes on black, most of them to be read as digits; in the later ones the strokes are cleaner, and one or two images in a row remain no digit."}}
done, seed = len(runs["MNIST"].history), runs["MNIST"].config["seed"]
print(f"MNIST, {done} of {settings['epochs']} epochs, seed {seed}")
plotting.image_rows({f"epoch {e}": sheet(MNIST, e) for e in sheets_of(MNIST)})

# %% tags=["hide-input"] mystnb={"figure": {"caption": "The built-in digits with the same networks: the first epoch, those of which the project shows sheets, and the last.", "name": "fig-mnist-digits"}, "image": {"alt": "Nine rows of eight images. The first two are noise. From the third on there are soft white digits on black, which change little from row to row: each column keeps its shape, blurred at first, then clearer; some are digits, some lie between two."}}
DIGITS = RESULTS / NAME / "digits" / f"seed-{min(arm.finished)}"
done = len(arm.finished[min(arm.finished)].history)
print(f"built-in digits, {done} epochs, seed {min(arm.finished)}")
plotting.image_rows({f"epoch {e}": sheet(DIGITS, e) for e in sheets_of(DIGITS)})

# %% [markdown]
# On MNIST most samples are digits after the first epoch already; the later rows have cleaner strokes. On the built-in digits there are shapes from epoch $20$ on and digits from epoch $35$ on. After that little changes, and some images stay between two digits.
#
# ### The curves, against a level
#
# A curve needs a level to be compared with. Chapter 5 has one: the *blind* discriminator, which sees no difference and gives every image the same answer $D$ (equation {eq}`eq-vaegan-blind`). With the label $t$ on real images and fakes of full weight, $w = 1$, its best answer is
#
# $$
# D = \frac t3 .
# $$ (eq-mnist-third)
#
# That is below one half, because two of three images that it meets are fake. Put into the losses it says what both players then pay.


# %%
def blind(target, fake_weight=1.0):
    """Return the best single answer D to all images, and what both players pay with it."""
    d = target / (1 + 2 * fake_weight)
    return {
        "D": d,
        "decoder_loss": -2 * np.log(d),
        "discriminator_loss": -target * np.log(d) - (1 - target + 2 * fake_weight) * np.log(1 - d),
    }


notebook.Table({f"blind, t = {target:g}": blind(target) for target in (1.0, 0.9)})

# %% [markdown]
# Read the two lower curves of a VAE-GAN by these levels:
#
# - *both at the level*: it cannot tell real from fake, either because the samples are good or because it has not learned to look. The samples decide.
# - *discriminator below, decoder above*: it recognises fakes. In the project's log ({numref}`fig-mnist-logged`) it goes on winning to the end.
# - *discriminator above*: it does worse than one fixed answer. The project's does in its first epochs ([chapter 11](11_original_project.ipynb) looks for the reason).
#
# The levels hold for labels that are not flipped, so draw them beside the losses on *held-out* images, where our runs flip none.

# %% tags=["hide-input"] mystnb={"figure": {"caption": "The three losses on held-out images: the run on MNIST (left) and all seeds on the built-in digits (right). Dotted: where decoder and discriminator stand when the discriminator sees no difference.", "name": "fig-mnist-curves"}, "image": {"alt": "Six small charts. On the left the curve of the encoder's loss climbs, those of decoder and discriminator zigzag around dotted lines. On the right the encoder's loss rises a little, then falls by a factor of ten and stays there; the decoder's climbs above its dotted line with tall spikes, the discriminator's zigzags around its own."}}
figure, axes = plt.subplots(3, 2, figsize=(plotting.WIDTH, 5.2), sharex="col", sharey="row")
for name, record in runs.items():
    column = 0 if name == "MNIST" else 1
    for row, network in enumerate(LOSSES):
        axes[row, column].plot(
            record.column("epoch"),
            record.column(f"val_{network}_loss"),
            color=f"C{row}",
            alpha=1.0 if column == 0 else 0.5,
            linewidth=1.5,
        )
levels = blind(recorded["real_target"])
for row, network in enumerate(LOSSES):
    axes[row, 0].set(yscale="log", ylabel=network)
    axes[row, 0].yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
    axes[row, 0].yaxis.set_major_formatter("{x:g}")
    axes[row, 0].yaxis.set_minor_formatter(ticker.NullFormatter())
    for plane in axes[row]:
        if f"{network}_loss" in levels:
            plane.axhline(
                levels[f"{network}_loss"],
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
        last = [np.mean(record.column(f"{kind}{network}_loss")[-10:]) for kind in ("", "val_")]
        line += "{:>19}".format("{:.3g} / {:.3g}".format(*last))
    print(line)
print("mean of D on real images, the same epochs")
print(f"{'':15}{'in training':>14}{'training images':>18}{'test images':>14}")
for name, record in runs.items():
    if "d_train" in record.history[0]:  # early records have no such column
        means = [np.mean(record.column(key)[-10:]) for key in ("d_real", "d_train", "d_test")]
        print(f"{name:15}" + "{:14.2f}{:18.2f}{:14.2f}".format(*means))

# %% tags=["hide-input"]
rows = {}
for name, record in runs.items():
    weights = record.config["arguments"]
    feature = weights["feature_weight"] * np.array(record.column("feature_loss"))
    prior = weights["kl_weight"] * np.array(record.column("kl_loss"))
    rows[name] = {
        "feature, first epoch": feature[0],
        "highest": feature.max(),
        "last": feature[-1],
        "prior, first epoch": prior[0],
        "last ": prior[-1],
    }
print(f"one nat of the prior costs 1/64 = {1 / 64:.4f}")
notebook.Table(rows, digits=4, corner="the encoder's loss in parts, training")

# %% [markdown]
# **MNIST.** Held out, the discriminator's loss is a little above the level: it does no better than one fixed answer, and the samples are digits. The encoder's loss *rises* by a large factor although the samples get no worse. Most of the rise is the feature term's. A possible cause: its features are taken before BatchNorm, where nothing keeps their scale from growing (chapter 5), and with the features grows every distance between them. This is a guess: the built-in digits have the same setting and no such rise, though far fewer steps.
#
# **Built-in digits.** The decoder's loss climbs above its line: the discriminator recognises more and more of the fakes. Its own loss is well below the level in training, and about at the level on held-out images. The values of $D$ on real images say where the difference comes from. From *in training* to *training images* mainly the mode changes: in *evaluation mode* BatchNorm uses averages from training, which can lag behind a network that still changes. From *training images* to *test images* only the images are new, and this drop is what was learned by heart. Here the first drop is the larger.
#
# ### Do the copies resemble their originals?
#
# The `reconstruction_loss` of a record is half the squared error of test images, summed over pixels. Two answers that know nothing of the image stand beside it: *another* test image, and the mean of all training images.

# %%
pixel_loss = losses.gaussian_reconstruction
rng = np.random.default_rng(0)
baseline = {
    "another image": np.mean(pixel_loss(x_test, x_test[rng.permutation(len(x_test))])),
    "mean image": np.mean(pixel_loss(x_test, np.broadcast_to(x_train.mean(axis=0), x_test.shape))),
}

# %% tags=["hide-input"]
# The same two on MNIST, where it was at hand: `python -m benchmarks.pixel_baselines`.
of_mnist = json.loads(Path("../benchmarks/results/pixel_baselines.json").read_text())["mnist"]
baselines = {"MNIST": of_mnist, "MNIST" if profile.data == "mnist" else profile.data: baseline}
models_shown = {
    "digits": {"original's networks": list(arm.finished.values())},
    "MNIST": {
        "original's networks": [runs["MNIST"]],
        "light VAE-GAN": records.read_runs(RESULTS / "vaegan-mnist"),
        "VAE": records.read_runs(RESULTS / "vae-mnist"),
    },
}
rows = {}
for data, models_of in models_shown.items():
    for name, value in baselines.get(data, {}).items():
        rows[f"{data}, {name}"] = {
            "seeds": "",
            "mean": value,
            "lowest": "",
            "highest": "",
            "active units": "",
        }
    for name, found in models_of.items():
        values = [record.metrics["reconstruction_loss"] for record in found]
        units = [record.metrics["active_units"] for record in found]
        rows[f"{data}, {name}"] = {
            "seeds": len(found),
            "mean": np.mean(values),
            "lowest": min(values),
            "highest": max(values),
            "active units": f"{min(units)} to {max(units)}"
            f" of {found[0].config['arguments']['latent_dim']}",
        }
notebook.Table(rows, digits=1)

# %% [markdown]
# On the built-in digits the recorded copies are worse than one grey average of all images. A latent dimension is *active* if its mean changes from image to image. Here none is: the encoder tells nothing about the image, which [chapter 2](02_vae.ipynb) calls *posterior collapse*, and no decoder can copy from such a code.
#
# The weights explain it. By equation {eq}`eq-mnist-losses` a nat of the prior costs $\tfrac1{64}$, and a perfect copy would save the feature part. By the table of parts, all of that was at its highest worth little more than one nat, and at the end a fifth of one. To say which of ten digits an image shows takes $\log 10 \approx 2.3$ nats, so a code that says even this costs more than it can save. (Against the plain sum of both terms, these weights make the prior $4096 / 64 = 64$ times as heavy.)
#
# On MNIST the feature part came to be worth about thirty nats, and the code is used. But the copies are only somewhat better than the grey average, and far from those of a much smaller VAE. So we expected of a decoder that is not told to copy. Whether `gamma` is to blame, two arms that differ in nothing else would show, as you will run them at the end.
#
# ### Are the samples good, and is everything there?
#
# After every epoch our runs generated as many images as there are test images, at most a thousand. A classifier that knows real digits named them. That gives the *share of each digit*; the share of *unclear* images, from which no digit can be read; *coverage*; and the *Fréchet distance* ([How good is it?](04_how_good_is_it.ipynb) explains them).
#
# Each number needs its floor. For the distance and coverage that is training images against test images. (In the table MNIST's distances and coverages are of five thousand images, its curves of a thousand; for these distances the floor is a little too low.) For the balance of digits it can be calculated. The distance also needs a *control*, the same samples with their contrast doubled.
#
# How uneven the digits are is told by the histogram divergence of chapter 6 (equation {eq}`eq-collapse-histogram`), in code `verdicts.class_divergence`. It is zero only if the shares $p_k$ of all $K$ digits are *exactly* equal, which those of $N$ fair draws are not. Near even shares the divergence is a parabola, $\tfrac K2 \sum_k (p_k - \tfrac 1K)^2$. One share has the variance $\tfrac 1K (1 - \tfrac 1K) / N$. So on average fair draws show
#
# $$
# \text{floor} \approx \frac{K - 1}{2 N} .
# $$ (eq-mnist-floor)
#
# (MNIST's own digits are not quite even: its floor is about a third higher.)

# %% tags=["hide-input"]
rows = {}
for name, record in runs.items():
    last, measured = record.history[-1], record.metrics
    number = min(1000, record.config["data"]["test_count"])
    rows[name] = {
        "Fréchet": measured["random_held_out_frechet_distance"],
        "contrast doubled": measured["sharpened_2_held_out_frechet_distance"],
        "its floor": measured["real_held_out_frechet_distance"],
        "coverage": measured["random_held_out_coverage"],
        "its floor ": measured["real_held_out_coverage"],
        "unclear": last["sample_low_confidence"],
        "histogram divergence": verdicts.class_divergence(last),
        "even classes, fair draws": 9 / (2 * number),
    }
notebook.Table(
    rows,
    {
        "Fréchet": 1,
        "contrast doubled": 1,
        "its floor": 1,
        "histogram divergence": 3,
        "even classes, fair draws": 3,
    },
    corner="after the last epoch",
)

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Coverage and Fréchet distance by epoch, on MNIST (left) and for all seeds on the built-in digits (right). Dotted: what real images get.", "name": "fig-mnist-quality"}, "image": {"alt": "Four small charts. Above, coverage climbs steeply, then stays at about two thirds, below a dotted line near one. Below, on a logarithmic axis, the distance falls steeply, then zigzags far above a dotted line."}}
figure, axes = plt.subplots(2, 2, figsize=(plotting.WIDTH, 4.2), sharex="col", sharey="row")
for name, record in runs.items():
    column = 0 if name == "MNIST" else 1
    for row, metric in enumerate(("coverage", "frechet_distance")):
        axes[row, column].plot(
            record.column("epoch"),
            record.column(f"sample_{metric}"),
            color=f"C{row}",
            alpha=1.0 if column == 0 else 0.5,
            linewidth=1.5,
        )
        floor = record.metrics[f"real_held_out_{metric}"]
        axes[row, column].axhline(floor, color="black", linestyle=":", linewidth=1)
axes[0, 0].set(ylabel="coverage", ylim=(0, 1.05), title="MNIST")
axes[1, 0].set(ylabel="Fréchet distance", yscale="log")
axes[0, 1].set(title="built-in digits")
for plane in axes[-1]:
    plane.set(xlabel="epoch")
    plane.xaxis.get_major_locator().set_params(integer=True)
plt.show()
for name, record in runs.items():
    coverage = record.column("sample_coverage")
    print(
        f"{name:15} coverage {coverage[0]:.2f} at first, {coverage[-1]:.2f} at last,",
        f"{max(coverage):.2f} at best",
    )

# %% [markdown]
# Most is gained in the first third. After that the curves of the built-in digits go up and down and come no nearer to the floor. At the end the distance is many times its floor in every run, and about one image in six, or more, is unclear. Doubling the contrast, which makes no digit better, takes away about half of the distance or more on the built-in digits, and about two fifths on MNIST. So much of it comes from pale images. (Distances of the two data sets cannot be compared: images and classifier differ.)
#
# ### Is every digit there?

# %% tags=["hide-input"] mystnb={"figure": {"caption": "The share of each digit among generated images, by epoch: MNIST (above) and the digits' first seed (below). A tenth would be fair. Below, for each run, the digit that was rarest on average over the last ten epochs, and the mean divergence in each third of the run.", "name": "fig-mnist-classes"}, "image": {"alt": "Two bands of ten rows each, one for each digit, coloured by share from white to dark blue. In the upper one all rows have about one shade after the first few epochs. In the lower one the first tenth of the epochs is a dark row and nine white ones; after that the other rows turn blue one by one; one stays darker than the others to the end."}}
figure, axes = plt.subplots(2, 1, figsize=(plotting.WIDTH, 5.0))
for plane, (name, record) in zip(axes, list(runs.items())[:2], strict=True):
    shares = np.array([record.column(f"sample_class_{k}") for k in range(10)])
    picture = plane.imshow(
        shares,
        aspect="auto",
        cmap="Blues",
        vmin=0,
        vmax=0.25,
        interpolation="nearest",
        extent=(0.5, len(record.history) + 0.5, 9.5, -0.5),
    )
    plane.set(title=name, ylabel="digit", yticks=range(10))
    plane.xaxis.get_major_locator().set_params(integer=True)
    plane.grid(False)
axes[-1].set(xlabel="epoch")
figure.colorbar(picture, ax=axes, label="share", extend="max")
plt.show()
for name, record in runs.items():
    shares = np.array([record.column(f"sample_class_{k}")[-10:] for k in range(10)]).mean(axis=1)
    rarest = int(shares.argmin())
    divergences = [verdicts.class_divergence(row) for row in record.history]
    thirds = np.array_split(divergences, min(3, len(divergences)))
    print(
        f"{name:15} rarest: {rarest}, share {shares[rarest]:.3f}; divergence by thirds",
        " ".join(f"{np.mean(third):.3f}" for third in thirds),
    )

# %% [markdown]
# The digits are not even: in the second chart one is about twice as frequent as is fair. But the claim is about a change, so read along the rows. A digit that vanishes would be a row that fades to white. Once the first third is over, no row drawn here does. On the built-in digits the divergence falls from third to third, and on MNIST it stays where it is.
#
# The dark row at the beginning is not a collapse: the classifier has to name even noise, and names it all alike. So look at the sheet of an epoch before you believe its histogram.
#
# ## The verdict
#
# Now the rule of the plan: is the divergence in the last ten epochs larger than in epochs $31$ to $40$, by $0.05$ nats?

# %%
claim = next(c for c in claims.CLAIMS if c.name == "C1")
verdict = verdicts.judge(claim, RESULTS)
moved = replace(claim, less=replace(claim.less, epochs=(41, 50)))  # not registered

# %% tags=["hide-input"]
steps = settings["epochs"] * steps_an_epoch(arm.finished[min(arm.finished)])
print(f"runs: {arm.registered} registered, {len(arm.finished)} finished, {arm.failed} broke off")
print(f"verdict for runs of {steps:,} steps on built-in digits: {verdict.word}.")
print(verdict.why)
rows = {}
for name, judged in {
    "31 to 40, as registered": verdict,
    "41 to 50": verdicts.judge(moved, RESULTS),
}.items():
    early, late = (
        (side[claim.metric][0] for side in reversed(judged.sides)) if judged.sides else ("", "")
    )
    rows[name] = {
        "divergence then": early,
        "in the last ten": late,
        "effect": judged.effect or "",
        "needed": claim.threshold,
    }
notebook.Table(rows, digits=3, corner="against epochs")

# %% [markdown]
# *Refuted* is the word of the rule: the whole interval lies below the needed effect. It even lies below zero, so in these runs the digits became *more* even. Say such a result together with what it is about: *not reproduced, in a fortieth of the steps*, on other digits and with some settings assumed.
#
# The earlier epochs were not well chosen: samples are digits only from epoch $35$ on, and the classifier may name alike what is no digit yet. With epochs $41$ to $50$ in their place, the second row, the word is the same, and two fifths of the fall are gone.
#
# ### What the project's own sheets say
#
# *May be skipped at a first reading. Its result: one sheet says nothing of a missing digit, but thirteen of the project's together suggest that its fives became rarer.*
#
# One sheet of the project shows sixteen images. From sixteen *fair* draws each digit is missing with probability $0.9^{16}$, so on average
#
# $$
# 10 \cdot 0.9^{16}
# $$ (eq-mnist-missing)
#
# digits are missing. How often at least one or three are, simulated sheets tell.

# %%
fair = rng.multinomial(16, np.full(10, 0.1), size=100_000)
missing = (fair == 0).sum(axis=1)
print(f"missing on average {missing.mean():.2f}, by the formula {10 * 0.9**16:.2f}")
print(
    f"at least one: {(missing > 0).mean():.0%} of sheets; at least three: {(missing > 2).mean():.0%}"
)

# %% [markdown]
# So one sheet says nothing of a missing digit. But the project published more than one. Its README has seven, and six frames of its animation are other sheets: $208$ images. The next cell has the answers of the course's classifier, which names each, although some are no digit. (The repository carries no licence, so the pictures are not shown here.)
#
# The images of one sheet come from one epoch, and a GAN's shares swing from epoch to epoch. So the unit is the sheet. If epochs made no difference, every division of the thirteen sheets into six and seven would be as good as that by epochs. So try them all, and count in how many *any* digit falls as far as one did by epochs. This is a *permutation test* {cite}`efron1993introduction`.

# %%
# Sheets after epochs 5, 20 and 35, then frames 2, 3 and 4 of the animation, which lie between.
EARLY = """8122589055859654 3359995589579656 2735992630609679
           3994358189252905 0788133565955668 7858994333294945"""
# Sheets after epochs 50, 65, 80 and 95, then frames 6, 7 and 9, all after epoch 35.
LATE = """4847265298349844 9960529833335859 9493639009794140 9393383459399797
          9478409238399146 2694993772303947 9394976397333169"""


sheets = np.array(
    [
        np.bincount([int(digit) for digit in sheet], minlength=10) / len(sheet)
        for sheet in [*EARLY.split(), *LATE.split()]
    ]
)  # the share of each digit, (13, 10)
N_EARLY = len(EARLY.split())


def largest_fall(early):
    """By how much the share of that digit falls that falls most, from some sheets to the others."""
    late = [sheet for sheet in range(len(sheets)) if sheet not in early]
    return np.max(sheets[list(early)].mean(axis=0) - sheets[late].mean(axis=0))


divisions = list(combinations(range(len(sheets)), N_EARLY))
falls = np.array([largest_fall(early) for early in divisions])
as_far = falls > falls[0] - 1e-9  # the first division is that of the epochs
print(f"largest fall {falls[0]:.3f}; as large in {as_far.sum()} of {len(divisions)} divisions,")
print(f"{as_far.mean():.1%}")

# %% tags=["hide-input"]
notebook.Table(
    {
        "up to epoch 35": {str(k): share for k, share in enumerate(sheets[:N_EARLY].mean(axis=0))},
        "after it": {str(k): share for k, share in enumerate(sheets[N_EARLY:].mean(axis=0))},
    },
    corner="share of",
)

# %% [markdown]
# The digit $5$ falls from a fifth of the images to a twentieth, and in fewer than one division of a hundred does any digit fall as far. Three things weaken this. Sheets of neighbouring epochs may resemble each other, so that a slow swing would pass the test too. Some early fives may be the classifier's word for shapes that are no digit yet. And where we divided was chosen with the sheets before us, in *one* run. So the sheets suggest, as the author wrote, that one digit became rarer in the project's run; it did not vanish.
#
# ### See for yourself
#
# Choose a run and walk through its epochs. Find an epoch in which the discriminator's loss jumps. Does the next sheet look different?

# %% tags=["nbval-ignore-output", "hide-input"]
folders = {"MNIST": MNIST}
folders |= {f"digits, seed {s}": RESULTS / NAME / "digits" / f"seed-{s}" for s in arm.finished}
explorer = RunExplorer(
    {name: path for name, path in folders.items() if sheets_of(path)},
    {
        "losses, held out": ["val_encoder_loss", "val_decoder_loss", "val_discriminator_loss"],
        "Fréchet distance": ["sample_frechet_distance"],
        "shares": ["sample_coverage", "sample_low_confidence", "val_d_real", "val_d_generated"],
    },
    log=["losses, held out", "Fréchet distance"],
    title="The original's VAE-GAN, epoch by epoch",
)
explorer

# %% tags=["hide-input"]
best = {
    name: min(record.history, key=lambda row: row["sample_frechet_distance"])
    for name, record in runs.items()
}
notebook.Table(
    {
        name: {
            "lowest Fréchet distance": row["sample_frechet_distance"],
            "in epoch": f"{row['epoch']} of {len(runs[name].history)}",
        }
        for name, row in best.items()
    },
    digits=1,
    corner="run",
)

# %% [markdown]
# The lowest distance of each run lies before its last epoch. Do not report it: the lowest of many noisy numbers is low by luck. Fix in the plan which epochs count, as the claim's last ten.
#
# ## An experiment of your own
#
# *Does `gamma` make the decoder copy?* The light networks of `vaegan-digits` train in a few minutes on two cores, so two arms of three seeds are possible at home. (An *arm* is one setting with all of its seeds.) Cover the right column and fill it in yourself first.
#
# | line | ours |
# | --- | --- |
# | the question | Are copies worse if the feature term does not reach the decoder? |
# | what differs | `gamma`: $0$ against $0.04$ |
# | the number that decides | `reconstruction_loss` of test images at the end |
# | what it is compared with | the grey average of the table above: a model that does no better does not copy |
# | the runs | `vaegan-digits` as it is, seeds $0$, $1$ and $2$ of each arm |
# | the verdict | *supported* if the $95\,\%$ interval of the difference lies above $1$, *refuted* if below, else *open* |
#
# Why $1$? By the records in `book/results/vaegan-digits` the seeds of the usual arm differ by less; a smaller effect could hardly be told from a seed.
#
# **Run.** One command for each seed of each arm, in a terminal, in the folder of the course:
#
# ```bash
# python -m vaegan_edu show vaegan-digits                 # all settings
# for seed in 0 1 2; do
#   python -m vaegan_edu train vaegan-digits --seed $seed --output runs/gamma/usual/seed-$seed
#   python -m vaegan_edu train vaegan-digits --seed $seed --set gamma=0 --output runs/gamma/zero/seed-$seed
# done
# ```
#
# Data, epochs, batch size and a few others have options of their own (`--help` lists them); any other name that `show` prints is changed by `--set`. With `vaegan-mnist` in place of `vaegan-digits` it is the same experiment on MNIST, and each run takes several times as long. The command overwrites no run; what was stopped goes on with `--resume`.
#
# **Judge.** First open `index.html` of every run: look at the sheets, and draw the level into the curves, here `blind(0.9, fake_weight=0.5)`. Then compare the arms. The function `compare` shows every seed, and the difference of the means with its interval by Welch's $t$, which lets the two arms spread differently. (If runs spread like a normal distribution, about $95\,\%$ of such intervals hold the true difference.) Here it is with records of MNIST, of a VAE and a light VAE-GAN that cost about the same.


# %%
def compare(more, less, metric, of_less=None):
    """Return a metric of two arms, seed by seed, and the difference of their means, low and high.

    `of_less` names the metric of the second arm, if it is another one: a control.
    """
    values = [
        [record.metrics[name] for record in arm]
        for arm, name in ((more, metric), (less, of_less or metric))
    ]
    shown = [" ".join(f"{value:.3g}" for value in side) for side in values]
    return {
        "seeds": f"{len(more)} and {len(less)}",
        "first arm": shown[0],
        "second arm": shown[1],
        "difference": metrics.difference_interval(*values),
    }


vaegans = records.read_runs(RESULTS / "vaegan-mnist")
vaes = records.read_runs(RESULTS / "vae-mnist")
distance, coverage = "random_held_out_frechet_distance", "random_held_out_coverage"
notebook.Table(
    {
        "error of copies": compare(vaegans, vaes, "reconstruction_loss"),
        "Fréchet": compare(vaegans, vaes, distance),
        "Fréchet, VAE sharpened": compare(
            vaegans, vaes, distance, distance.replace("random", "sharpened_2")
        ),
        "coverage": compare(vaegans, vaes, coverage),
        "coverage, VAE sharpened": compare(
            vaegans, vaes, coverage, coverage.replace("random", "sharpened_2")
        ),
    },
    digits=3,
    corner="VAE-GAN, then VAE",
)

# %% [markdown]
# The VAE-GAN's copies are further from their originals, and the interval is far from zero. Its samples have the smaller Fréchet distance and the larger coverage, and neither interval contains zero. A report could end here and be wrong. Against the control, the VAE's samples with twice the contrast, the distance's interval contains zero, and by coverage the VAE is ahead, if only just: the interval ends close to zero. So one may report that the samples are better than the VAE's as they are, and not that they are better than the VAE's with more contrast.
#
# For your own two arms it is
#
# ```python
# zero, usual = (records.read_runs(f"../runs/gamma/{arm}") for arm in ("zero", "usual"))
# compare(zero, usual, "reconstruction_loss")
# ```
#
# **Write it up** in five sentences: the question and the one change; the runs, in steps and seeds; the number of each seed, its difference with the interval, and the floor; the word of the rule; what the runs do not show. Add a sheet of samples that was not chosen.
#
# Other questions that take two arms and a number from the record: Does a heavier `kl_weight` cost active units? Does minibatch discrimination (`--set minibatch_kernels=16`) make the digits more even? Do twice as many epochs bring more than another seed does?

# %% [markdown]
# ## Exercises
#
# Replace the placeholder in each cell and run it. The check says what it proved, or gives a hint.
#
# ### Run and look
#
# Chapter 10 trains on $743$ portraits in batches of $64$. An epoch of the project's MNIST has $600$ steps. How many epochs of that make as many steps as a run of $100$ epochs on the portraits?

# %% tags=["exercise"]
# Exercise: steps_by_hand
# the last batch of an epoch may be smaller, and counts as a step
answer = None  # epochs of MNIST, a number with one decimal: replace None

exercises.check("steps_by_hand", answer)

# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: steps_by_hand
# the last batch of an epoch may be smaller, and counts as a step
steps = 100 * 12  # 743 images: eleven full batches and one of 39
answer = steps / 600

exercises.check("steps_by_hand", answer)

# %% [markdown]
# ### Derive and implement: the blind game
#
# Write equation {eq}`eq-mnist-third` and both losses for any label `target`, without a look at chapter 5: write the loss of a discriminator with one answer for real images, reconstructions and samples, and set its derivative to zero.


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
# **1. With the plain sum of features you found the `gamma` at which the feature term pulls at the decoder as hard as the game. Then you train with `feature_scale="variance"`. Which share has the term?**
#
# <details><summary>a) One half: `gamma` is the same.</summary>
#
# No. The other scale makes the feature term and its pull larger or smaller, and `gamma` weighs that pull.
#
# </details>
# <details><summary>b) Another one.</summary>
#
# Right. Measure both pulls in the model that you train, with all its settings.
#
# </details>
# <details><summary>c) None: divided by the variance, the term has no scale and no pull.</summary>
#
# No. It no longer grows with the features, but it still has a gradient.
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
# Right. Here the share was measured in fresh networks and after the first steps, and there it *is* negligible.
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
# **6. Before two arms of three seeds were run, an effect of at least $0.1$ was asked for. The difference comes out at $0.14$, with the interval from $-0.02$ to $0.30$. What do you report?**
#
# <details><summary>a) An effect: the difference is larger than what was asked for.</summary>
#
# No. The mean of three seeds is uncertain, and the interval says by how much.
#
# </details>
# <details><summary>b) No effect: the interval contains zero.</summary>
#
# No. It contains $0.3$ as well. These runs exclude neither.
#
# </details>
# <details><summary>c) Open: the interval contains the needed effect. More seeds would narrow it.</summary>
#
# Right. And the number of further seeds should be fixed before they run.
#
# </details>
#
# ## What to remember
#
# - Plan in six lines before the first run: question, one change, the number that decides, its floor, steps and seeds, verdict.
# - Choose `gamma` by the share of the decoder's gradient, measured in the model that you train. The size of a weight says nothing.
# - Count steps, not epochs, when data sets differ. Begin with a pilot.
# - Judge in an order: sheets, curves against the blind level, copies beside the grey average, measures beside their floors, digits over time.
# - Show every seed, and compare two arms by the interval of their difference. Ask whether a control does as well.
# - Fair chance makes digits uneven, and a sheet of sixteen nearly always lacks some. Whether digits vanish is a question about shares over time, in several runs, above the floor of chance.
# - The claim that digits vanish was not reproduced here, in runs of a fortieth of the steps. The project's own sheets suggest that one digit became rarer.
#
# ## Sources
#
# - Networks, losses, epochs and the claim: the [original project](https://github.com/Shuntw6096/VAE-GAN), sections "VAE-GAN Structure", "Experiment" and "Conclusion", and its logs; here, [section by section](../book/original_project.md).
# - The VAE-GAN, its losses and its `gamma`: {cite}`larsen2016autoencoding`, section 3 and Algorithm 1, and section 4 for its value.
# - The best discriminator: {cite}`goodfellow2014generative`, proposition 1; here with a soft label {cite}`salimans2016improved`, section 3.4, and two kinds of fakes.
# - MNIST: {cite}`lecun1998gradient`; the built-in digits: {cite}`alpaydin1998optical`.
# - Fréchet distance of a network's features: {cite}`heusel2017gans`, equation 6; coverage: {cite}`naeem2020reliable`, section 3.
# - Permutation tests: {cite}`efron1993introduction`, chapter 15.
# - BatchNorm's averages, used in evaluation mode: {cite}`ioffe2015batch`, section 3.1.
