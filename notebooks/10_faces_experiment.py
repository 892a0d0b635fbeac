# %% [markdown]
# # Chapter 10: The faces experiment
#
# *Run time: 61 s on two CPU cores, measured at the last execution.*
#
# **Does the rule of the learning rate decide what faces come out, and could the original's curves have told?**
#
# After this chapter you can
#
# - rebuild networks from a diagram, check them by counting weights, and name what the diagram leaves open;
# - say what an experiment will cost before you run it;
# - tell from a discriminator's validation loss that it does worse than a blind one;
# - find out by replay which rule a log was made by;
# - compare two rankings, and tell a difference of rules from one of seeds;
# - run the experiment on pictures of your own.

# %% mystnb={"code_prompt_show": "Colab needs this cell", "code_prompt_hide": "Hide Colab's cell"} tags=["colab", "nbval-skip", "hide-cell"]
# Colab needs the course's package and its records. Elsewhere this cell does nothing.
import os
import sys

if "google.colab" in sys.modules and not os.path.exists("10_faces_experiment.py"):
    from IPython import get_ipython

    address = "https://github.com/vaegan-edu/vaegan-edu"
    get_ipython().system(f"git clone -q --depth 1 {address} course")
    os.chdir("course/notebooks")
    get_ipython().run_line_magic("pip", "install -q 'keras>=3.15,<4' anywidget ..")

# %%
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # quiet start
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # the same digits on every run

import gc
import io
import textwrap
import time
from itertools import combinations
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Image, display
from matplotlib.ticker import LogLocator, NullFormatter

from vaegan_edu import (
    callbacks,
    datasets,
    exercises,
    experiments,
    metrics,
    plotting,
    records,
    schedules,
)
from vaegan_edu.experiments.registry import RULES
from vaegan_edu.widgets import RunExplorer

# %matplotlib inline
plotting.style()
profile = experiments.current_profile()


def show_faces(figure):
    """Show a figure as JPEG: as PNG the sheets of this page would weigh megabytes."""
    stream = io.BytesIO()
    figure.savefig(stream, format="jpeg", pil_kwargs={"quality": 80})
    plt.close(figure)
    display(Image(stream.getvalue(), format="jpeg"))


# %% [markdown]
# ## The experiment of 2020
#
# The project that this course grew out of had a second half. It trained a VAE-GAN on $10\,000$ photographs of faces, four times: once for each of four rules of the learning rate. [Chapter 7](07_schedules.ipynb) explains these rules, S1 to S4, and tells why there are two readings of S4. Each of the three networks followed its own validation loss, for $100$ epochs.
#
# It then showed sheets of faces, curves of the losses and curves of the rates. Its logs give one number for each network and rule: the validation loss, as a mean over the last ten epochs. Here they are. They come from one run each, and they are facts of that project, not ours.

# %%
# Encoder, decoder, discriminator: mean validation loss of the last ten of 100 epochs, as the logs of
# the original project give it (github.com/Shuntw6096/VAE-GAN; see "The original project").
REPORTED = {
    "s1": (6.65, 2.33, 2.66),
    "s2": (7.38, 2.54, 7.04),
    "s3": (7.31, 1.87, 5.15),
    "s4-log": (6.04, 5.20, 4.70),  # the rule that its log shows
}
NETWORKS = ("encoder", "decoder", "discriminator")

print(" " * 14 + "".join(f"{rule:>8}" for rule in REPORTED) + "   lowest")
for column, network in enumerate(NETWORKS):
    values = {rule: row[column] for rule, row in REPORTED.items()}
    print(
        f"{network:14}"
        + "".join(f"{v:8.2f}" for v in values.values())
        + f"   {min(values, key=values.get)}"
    )

# %% [markdown]
# Which rule was best? Each network has another answer. And is the lowest loss the best face? The project had nothing to measure faces by, so it looked at them. We have a Fréchet distance and a coverage, and can ask.
#
# ## Its networks
#
# The project's repository holds diagrams of the three networks, but no code. From a diagram one can build a network; whether it is the right one shows when its weights are counted. The diagrams give these counts, with $k$ the dimension of a kernel in minibatch discrimination, which they do *not* give:
#
# | Encoder | Decoder | Discriminator |
# |---|---|---|
# | $30\,028\,480$ | $31\,814\,595$ | $25\,847\,489 + 401\,408\,k$ |
#
# `faces-original` is our reconstruction. The cell builds it and counts. It also lists the settings that no diagram or text states, with what we chose: they are assumptions.

# %%
original = experiments.EXPERIMENTS["faces-original"]
settings = {**original.arguments, "seed": 0}
vaegan = original.build(settings, (64, 64, 3))
stated = dict(
    zip(
        NETWORKS,
        (30_028_480, 31_814_595, 25_847_489 + 401_408 * settings["minibatch_dim"]),
        strict=True,
    )
)
for name, network in vaegan.networks.items():
    count = network.count_params()
    print(f"{name:14} {count:11,} weights, as stated: {count == stated[name]}")
assumed = ", ".join(f"{name} {settings[name]}" for name in sorted(original.assumptions))
print(textwrap.fill(f"assumed: {assumed}", 72))

# %% [markdown]
# The counts agree, so the sizes of kernels and layers and the $16$ kernels of minibatch discrimination (`minibatch_kernels`) fit. For the discriminator this holds for any $k$. What lies outside of the counts is open: they would be the same with other batches, another rate of dropout, or another optimizer.
#
# ### What a run would cost
#
# Nearly all of these weights stand in a few dense layers. Each step has to read all of them, compute as many slopes, and write all of them again. We time one step. To keep it small, the batch is small, and the optimizer is plain gradient descent, which stores nothing beside the weights. Adam keeps two more numbers for each weight.

# %%
batch, _ = datasets.render_faces(24, seed=0)
vaegan.compile(*[keras.optimizers.SGD(1e-4) for _ in NETWORKS])
vaegan.train_on_batch(batch)  # compiles
start = time.perf_counter()
vaegan.train_on_batch(batch)
seconds = time.perf_counter() - start
steps = (
    100 * 8500 / len(batch)
)  # a hundred epochs of the original's data at this batch size
print(f"one step on {len(batch)} faces: {seconds:.2f} s")
print(f"a hundred epochs at this pace: {steps * seconds / 60:.0f} minutes")
print("more than an hour for one rule:", steps * seconds > 3600)

del vaegan  # hundreds of megabytes
_ = gc.collect()

# %% [markdown]
# There are seven rules to compare, and each asks for several seeds. On two cores that is not to be had. So light networks stand in for the original's. `faces-light` has the same three parts and the same losses, but far fewer weights, and other factors between the terms. What we find holds for them, and is a lead for the original's, no more.
#
# ## The losses, and the price of being blind
#
# The three losses are those of [chapter 5](05_vaegan.ipynb), with weights. Write `kl_loss` for the KL divergence of the codes from the prior, `feature_loss` for the distance of image and reconstruction in the discriminator's features, $D$ for the discriminator's probability of "real", $\hat x$ for a reconstruction, and $x_p$ for an image decoded from the prior. All are means over the batch:
#
# $$
# \begin{aligned}
# & \mathcal L_{\text{Enc}} = \texttt{kl_weight} \cdot \texttt{kl_loss} \\
# & \quad + \texttt{feature_weight} \cdot \texttt{feature_loss}, \\
# & \mathcal L_{\text{Dec}} = -\log D(\hat x) - \log D(x_p) \\
# & \quad + \texttt{gamma} \cdot \texttt{feature_loss}, \\
# & \mathcal L_{\text{Dis}} = \ell(x) - w \log(1 - D(\hat x)) \\
# & \quad - w \log(1 - D(x_p)) .
# \end{aligned}
# $$ (eq-faces-losses)
#
# The weight $w$ of each kind of fake is `fake_weight`. A real image has the label $t$, `real_target`, a little below one, so it pays
#
# $$
# \begin{aligned}
# \ell(x) = & -t \log D(x) \\
# & - (1 - t) \log(1 - D(x)) .
# \end{aligned}
# $$ (eq-faces-soft)
#
# The cell prints both sets of weights.

# %%
light = experiments.EXPERIMENTS["faces-light"]
print(f"{'':18}{'original':>12}{'light':>10}")
for name in (
    "kl_weight",
    "feature_weight",
    "feature_scale",
    "gamma",
    "fake_weight",
    "real_target",
    "flip_probability",
    "latent_dim",
    "batch_size",
):
    values = [experiment.arguments[name] for experiment in (original, light)]
    a, b = (v if isinstance(v, str) else f"{v:.4g}" for v in values)
    print(f"{name:18}{a:>12}{b:>10}")

# %% [markdown]
# Now to the question what a loss can tell. A loss needs a level to compare with, and [chapter 9](09_mnist_experiment.ipynb) has one: the *blind* discriminator, which sees no difference and gives every image the same answer $d$. There each kind of fake had full weight. With the weight $w$, equation {eq}`eq-faces-losses` becomes
#
# $$
# \begin{aligned}
# \mathcal L_{\text{Dis}}(d) = & -t \log d \\
# & - (1 - t + 2 w) \log(1 - d) .
# \end{aligned}
# $$ (eq-faces-blind)
#
# Its derivative is zero where $t / d = (1 - t + 2w) / (1 - d)$. So the best blind answer is
#
# $$
# d^* = \frac{t}{1 + 2 w} .
# $$ (eq-faces-best)
#
# Put it into equation {eq}`eq-faces-blind`, and you have the price of being blind. A discriminator whose *validation* loss is higher than that does worse on new images than one that sees nothing.


# %%
def blind(real_target, fake_weight):
    """Best answer of a blind discriminator, and its loss."""
    d = real_target / (1 + 2 * fake_weight)
    return d, -real_target * np.log(d) - (1 - real_target + 2 * fake_weight) * np.log(1 - d)


for text, t, w in (
    ("original, hard labels", 1.0, 1.0),
    ("original, soft labels", settings["real_target"], 1.0),
    ("light networks", light.arguments["real_target"], light.arguments["fake_weight"]),
):
    d, price = blind(t, w)
    print(f"{text:22} blind answer {d:.3f}, loss {price:.3f}")
price = blind(1.0, 1.0)[1]
print("\nthe original's discriminators, against a blind one:")
for rule, (_, _, loss) in REPORTED.items():
    print(f"{rule:7} {loss:.2f}, worse than blind: {loss > price}")

# %% [markdown]
# So the original's curves *could* have told something, and about all four rules alike. On images that it had not learned from, each discriminator did worse than a blind one. That has three possible causes. It may have learned the training faces by heart, and now take new real faces for fakes. The decoder may have outrun it. Or the network in evaluation mode differs from the one in training, as in chapter 9. If its loss is high in training too, it was outrun. If it is low there, training images in evaluation mode must decide between the other two. The project concluded that the discriminator overfits (claim C5, [tested here](../book/claims.md) on digits). Its table alone says that something was wrong with every discriminator, and one needs the price of being blind to see it.
#
# What the table cannot tell is which faces are better.
#
# ## In small
#
# First the machinery, at a size that a notebook can train. Drawn faces of $32$ pixels ([their page](../book/faces.md)), few of them, ten epochs, two rules: S1, which never changes a rate, and S4 as its log has it. The weights, the order of the data and all noise come from one seed. So both runs must be *the same run* until a rule first acts.
#
# On a GPU the same cell trains the original's networks for the original's $100$ epochs. Name your own pictures in its first line.

# %%
data = "rendered-faces"  # or "us-adult-faces" once you have them, or a path of pictures
name = profile.choose(cpu="faces-light", gpu="faces-original")
image_size = profile.choose(cpu=32, gpu=64)
train_count = 64 if profile.quick else profile.choose(cpu=320, gpu=8500)
validation_count = 64 if profile.quick else profile.choose(cpu=200, gpu=1500)
epochs = profile.epochs(cpu=10, gpu=100)

(x_train, _), (x_validation, _) = datasets.load(
    data, image_size, train_count if data == "rendered-faces" else None
)
x_train = datasets.scale_pixels(x_train[:train_count])
x_validation = datasets.scale_pixels(x_validation[:validation_count])

experiment = experiments.EXPERIMENTS[name]
folder = "../runs/chapter-10"


def train(rule):
    """Train from seed 0 under a rule; return the history, 64 images, the rules and the weights."""
    arguments = {
        **experiment.arguments,
        "schedule": rule,
        "epochs": epochs,
        "learning_rate": 5e-4,
        "batch_size": profile.choose(cpu=32, gpu=100),
        "seed": 0,
    }
    keras.utils.set_random_seed(0)
    model = experiment.build(arguments, x_train.shape[1:])
    rules = experiment.compile(model, arguments, steps=None)
    history = callbacks.HistoryWriter(f"{folder}/{rule}/history.csv")
    model.fit(
        x_train,
        validation_data=(x_validation,),
        epochs=epochs,
        batch_size=arguments["batch_size"],
        verbose=0,
        callbacks=[
            callbacks.LearningRateSchedules(rules),
            history,
            callbacks.TensorBoardLog(f"{folder}/{rule}/log", history),
        ],
    )
    count = sum(network.count_params() for network in model.networks.values())
    return history.rows, model.generate(64, seed=0), rules, count


logs, sheets = {}, {}
for rule in ("s1", "s4-log"):
    logs[rule], sheets[rule], rules, count = train(rule)
print(f"{count:,} weights, {len(x_train)} faces, {epochs} epochs")


def column(rule, name):
    """One column of a run's log, by network."""
    return {n: [row[name.format(n)] for row in logs[rule]] for n in NETWORKS}


rates = column("s4-log", "learning_rate_{}")
constant, decaying = (column(rule, "val_{}_loss") for rule in logs)
for network in NETWORKS:
    replayed = schedules.replay(rules[network], decaying[network])
    print(f"{network:14} rates are those of a replay:", rates[network] == replayed)
first = (
    min(
        [t for t in range(epochs) if min(rates[n][t] for n in NETWORKS) < 5e-4],
        default=epochs - 1,
    )
    + 1
)
print("epoch after which a rate first falls:", first)
print(
    "equal losses up to there:",
    all(constant[n][:first] == decaying[n][:first] for n in NETWORKS),
)
print(
    "equal losses after it:",
    first < epochs and constant["decoder"][first:] == decaying["decoder"][first:],
)

# %% [markdown]
# The same losses to the last bit, up to the epoch in which some rule first acts. After that they are two different runs, and they differ in more than the rate: the smallest change of one weight grows step by step until every batch looks different. Keep this in mind. So a difference between two such runs need not come from what the rule is good for: another seed brings a different run too.

# %% tags=["nbval-ignore-output"] mystnb={"figure": {"caption": "Sixty-four images of each of the two runs, from the same codes, after ten epochs. The cell prints the rates that each run ended with.", "name": "fig-faces-small"}, "image": {"alt": "Two sheets of eight by eight small pictures. Left, pale reddish ovals on white, the ghosts of heads, each a little different. Right, every square is filled by the same reddish grain, with a hint of an oval in the middle."}}
figure, panels = plt.subplots(1, 2, figsize=(plotting.WIDTH, 3.4))
for axes, rule in zip(panels, sheets, strict=True):
    axes.imshow(plotting.tile(sheets[rule], columns=8))
    axes.set(xticks=[], yticks=[], title=rule)
    axes.grid(False)
    print(
        rule, ", ".join(f"{n} {logs[rule][-1][f'learning_rate_{n}']:.1e}" for n in NETWORKS)
    )
show_faces(figure)

# %% [markdown]
# Ten epochs of a few faces make ghosts at best. But even here one sees what happens. Under S1 there are ovals with light and dark places. Under the log's S4 each improvement lowered a rate, from the first epoch on in which the window was full, and after ten epochs there is little more than grain.
#
# ## In full
#
# The records below are longer: $1\,000$ drawn faces of $32$ pixels, $40$ epochs, and seven rules. S4 is there in both readings; `plateau` (halve the rate after five epochs without a new best) and `cosine` are there for comparison. All begin at the original's $5 \cdot 10^{-4}$. Each was made by a command like
#
# ```bash
# python -m vaegan_edu train faces-light --image-size 32 --train-count 1000 --epochs 40 --schedule s3
# ```
#
# That is so for S1 to S4, whose names bring their first rate along; `make results` makes all of them. The next cell reads what is there.

# %%
RESULTS = Path("../book/results/faces-light")
TITLES = {
    "s1": "S1",
    "s2": "S2",
    "s3": "S3",
    "s4-text": "S4, text",
    "s4-log": "S4, log",
    "plateau": "plateau",
    "cosine": "cosine",
}


def read(data):
    """Return the finished runs on some data by rule, each a mapping from seed to record."""
    found = {}
    for rule in TITLES:
        folders = sorted(
            path.parent for path in RESULTS.glob(f"{data}-{rule}/seed-*/metrics.json")
        )
        if folders:
            found[rule] = {
                int(f.name.removeprefix("seed-")): records.read_record(f) for f in folders
            }
    return found


def last_ten(run, column):
    """Mean of a column over the last ten epochs."""
    return float(np.mean(run.column(column)[-10:]))


def first_of(runs):
    """The record of the first seed."""
    return runs[min(runs)]


rendered = read("rendered")
for rule, runs in rendered.items():
    run = first_of(runs)
    print(
        f"{TITLES[rule]:9} seeds {list(runs)}, {len(run.history)} epochs,",
        f"{run.config['data']['train_count']} faces, first rate {run.config['arguments']['learning_rate']:g}",
    )

# %% [markdown]
# ### What the rules did
#
# From three losses each rule has made three rates. Before we believe the rates, we replay: the logged rates must be what the rule makes of the logged losses.


# %%
def rule_of(run):
    """The rule that the record's own settings name."""
    arguments = run.config["arguments"]
    return RULES[arguments["schedule"]](arguments["learning_rate"], arguments["epochs"])


for rule, runs in rendered.items():
    agree = [
        np.isclose(
            schedules.replay(rule_of(run), run.column(f"val_{n}_loss")),
            run.column(f"learning_rate_{n}"),
        ).mean()
        for run in runs.values()
        for n in NETWORKS
    ]
    print(
        f"{TITLES[rule]:9} logged rates are the replay's in all epochs: {min(agree) == 1.0}"
    )

# %% mystnb={"figure": {"caption": "Validation losses that the rules read (left) and learning rates that they made of them (right), by network and epoch, for the first seed. A network's rate follows its own loss, except for S1, which never moves, and the cosine, which goes by the clock. The cell prints the epoch of the lowest loss, the epoch after which the rate first fell, and the rate of the last epoch.", "name": "fig-faces-rates"}, "image": {"alt": "Six charts in three rows, for encoder, decoder and discriminator; losses left, learning rates right on a logarithmic axis, seven lines each. The rates fan out from one common start: one stays level, one is a smooth arc down to zero, the others are staircases that fall at different times."}}
LINES = {
    rule: {
        "color": plotting.COLOURS[i],
        "linestyle": ("-", "-", "-", "-", "--", "-.", ":")[i],
        "linewidth": 1.5,
    }
    for i, rule in enumerate(TITLES)
}
print(f"{'network':14} {'rule':9} lowest loss  first decay   last rate")
figure, panels = plt.subplots(3, 2, figsize=(plotting.WIDTH, 7.2), sharex=True)
for row, network in zip(panels, NETWORKS, strict=True):
    for rule, runs in rendered.items():
        run = first_of(runs)
        losses, rates = (
            run.column(f"val_{network}_loss"),
            run.column(f"learning_rate_{network}"),
        )
        passed = np.arange(1, len(losses) + 1)
        led = [rule_of(run).initial, *rates[:-1]]  # the rate that led each epoch
        row[0].plot(passed, losses, **LINES[rule], label=TITLES[rule])
        row[1].semilogy(
            passed, np.maximum(led, 1e-6), drawstyle="steps-post", **LINES[rule]
        )
        fell = np.flatnonzero(np.diff([led[0], *rates]) < 0)
        when = fell[0] + 1 if len(fell) else "never"
        print(
            f"{network:14} {TITLES[rule]:9} {np.argmin(losses) + 1:11d} {when:>12} {led[-1]:11.1e}"
        )
    row[0].set_title(f"{network}: loss", fontsize=10)
    row[1].set_title(f"{network}: rate", fontsize=10)
    row[0].set_yscale("log")
    row[0].yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    row[0].yaxis.set_major_formatter("{x:g}")
    row[0].yaxis.set_minor_formatter(NullFormatter())
for axes in panels[-1]:
    axes.set_xlabel("epoch")
figure.legend(
    *panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4
)
plt.show()

# %% [markdown]
# ### Which S4?
#
# Suppose we had only the log of the run `S4, log`, and two descriptions of the rule. The replay decides between them, as it did for the project's own log: it makes each description act on the logged losses, and compares the rates.

# %% mystnb={"figure": {"caption": "One run's losses, and what the two readings of S4 make of them. The solid line is the rate that the log holds; the dashed line is what the other reading would have made of the same losses. The cell prints the share of epochs in which each reading gives the logged rate.", "name": "fig-faces-which"}, "image": {"alt": "Three charts side by side, one a network, each with two learning rates on a logarithmic axis over the epochs. The solid staircase of the log and the dashed one of the other reading part early. For encoder and decoder the solid one is soon at the floor and the dashed one stays above it; for the discriminator it is the other way round."}}
READINGS = {rule: RULES[rule](5e-4, 40) for rule in ("s4-log", "s4-text")}
run = first_of(rendered["s4-log"])
figure, panels = plt.subplots(1, 3, figsize=(plotting.WIDTH, 2.9), sharey=True)
for axes, network in zip(panels, NETWORKS, strict=True):
    logged, losses = (
        np.array(run.column(f"learning_rate_{network}")),
        run.column(f"val_{network}_loss"),
    )
    for (rule, reading), line in zip(READINGS.items(), ("-", "--"), strict=True):
        rates = np.array(schedules.replay(reading, losses))
        axes.semilogy(
            np.arange(1, len(rates) + 1),
            rates,
            line,
            drawstyle="steps-pre",
            label=TITLES[rule],
        )
        print(
            f"{network:14} {TITLES[rule]:9} gives the logged rate in {np.isclose(rates, logged).mean():4.0%} of the epochs"
        )
    axes.set(title=network, xlabel="epoch")
panels[0].set_ylabel("learning rate")
panels[0].legend(fontsize=9)
plt.show()

# %% [markdown]
# One reading agrees in every epoch. The other does not. No training was needed to find out, and no look at the code.
#
# ### What came out
#
# The Fréchet distance (low is good) compares the features of generated and of held-out faces, seen by a regressor that was trained on drawn faces; *coverage* (high is good) is the share of held-out faces that have a generated one near by. [The faces' page](../book/faces.md) introduces this judge. The dotted lines are the floor: what held-out faces themselves get.

# %% mystnb={"figure": {"caption": "Fréchet distance and coverage of generated faces by epoch, means over the seeds that are there. The dotted line is what real held-out faces reach against training faces. The cell prints the best epoch of each rule, and its last.", "name": "fig-faces-quality"}, "image": {"alt": "Two charts over forty epochs with seven lines each. Above, on a logarithmic axis, the Fréchet distance falls steeply in the first epochs and then levels out far above a dotted line, with jumps from epoch to epoch. Below, the coverage rises from near zero and stays below a dotted line near one."}}
QUALITY = {"sample_frechet_distance": "Fréchet distance", "sample_coverage": "coverage"}
curves = {
    (rule, column): np.mean([run.column(column) for run in runs.values()], axis=0)
    for rule, runs in rendered.items()
    for column in QUALITY
}
figure, panels = plt.subplots(2, 1, figsize=(plotting.WIDTH, 5.6), sharex=True)
for axes, (column, title) in zip(panels, QUALITY.items(), strict=True):
    for rule in rendered:
        curve = curves[rule, column]
        axes.plot(np.arange(1, len(curve) + 1), curve, **LINES[rule], label=TITLES[rule])
    floor = np.mean(
        [
            run.metrics[column.replace("sample", "real")]
            for runs in rendered.values()
            for run in runs.values()
        ]
    )
    axes.axhline(floor, color="black", linestyle=":", linewidth=1)
    axes.set_ylabel(title)
    print(f"{title}: floor {floor:.2f}")
    for rule in rendered:
        curve = curves[rule, column]
        best = curve.argmax() if column == "sample_coverage" else curve.argmin()
        print(
            f"   {TITLES[rule]:9} best {curve[best]:6.2f} after epoch {best + 1:2d}, last {curve[-1]:6.2f}"
        )
panels[0].set_yscale("log")
panels[1].set_xlabel("epoch")
figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
plt.show()

# %% [markdown]
# And the faces. All sheets are from the same codes.


# %%
def show_sheets(data, found, epoch):
    """Draw the recorded sheet of 64 images of each rule's first seed, three in a row."""
    rows = -(-len(found) // 3)
    figure, panels = plt.subplots(
        rows, 3, figsize=(plotting.WIDTH, 2.35 * rows), squeeze=False
    )
    for axes in panels.flat:
        axes.axis("off")
    for axes, (rule, runs) in zip(panels.flat, found.items(), strict=False):
        axes.imshow(
            plt.imread(
                RESULTS / f"{data}-{rule}/seed-{min(runs)}/samples/epoch-{epoch:03d}.png"
            )
        )
        axes.set_title(TITLES[rule], fontsize=10)
    show_faces(figure)


# %% mystnb={"figure": {"caption": "Sixty-four faces of each rule after forty epochs, first seed, from the same codes. The cell prints each sheet's Fréchet distance beside it, as the record has it.", "name": "fig-faces-sheets"}, "image": {"alt": "Seven sheets of eight by eight small drawn faces on white, one a rule. S1, S2 and S3: soft faces whose skin, hair and clothes differ, with eyes in some. Cosine and plateau: softer, with hardly any eyes. Both S4: brown grainy heads that look alike, without eyes, with frayed outlines."}}
ends = [
    f"{TITLES[r]} {first_of(runs).column('sample_frechet_distance')[-1]:.1f}"
    for r, runs in rendered.items()
]
print("Fréchet distance:", textwrap.fill("; ".join(ends), 72))
show_sheets("rendered", rendered, 40)

# %% [markdown]
# ### Two rankings
#
# Now the table that the project had, with ours beside it, and with the two columns that it lacked. As there, each number is a mean over the last ten epochs. Where there are three seeds or more, a bootstrap interval of the mean over seeds stands in brackets. Compare ours with theirs by rank alone: the weights of the losses, the networks and the faces all differ.


# %%
def told(values, digits=2):
    """The mean over seeds as text, with its interval where there are three or more."""
    if len(values) < 3:
        return f"{np.mean(values):.{digits}f}"
    return "{:.{d}f} [{:.{d}f}, {:.{d}f}]".format(*metrics.mean_interval(values), d=digits)


COLUMNS = {
    **{n: f"val_{n}_loss" for n in NETWORKS},
    **{title: name for name, title in QUALITY.items()},
}
table = {
    rule: {
        title: [last_ten(run, name) for run in runs.values()]
        for title, name in COLUMNS.items()
    }
    for rule, runs in rendered.items()
}
for title in COLUMNS:
    print(title)
    for rule in table:
        theirs = (
            REPORTED[rule][NETWORKS.index(title)]
            if title in NETWORKS and rule in REPORTED
            else None
        )
        end = f"   original {theirs:.2f}" if theirs else ""
        print(
            f"   {TITLES[rule]:9} seeds {len(rendered[rule])}: {told(table[rule][title])}{end}"
        )

# %% [markdown]
# How well does the ranking by a loss agree with that by the Fréchet distance? Take every pair of rules, and ask whether the one with the lower loss also has the lower distance. The share of pairs that agree is one if the loss ranks the faces, and about one half if it says nothing. You will write that function in an exercise.


# %%
def agreement(losses, distances):
    """Share of pairs in which the lower loss has the lower distance."""
    pairs = list(combinations(range(len(losses)), 2))
    return np.mean(
        [(losses[i] < losses[j]) == (distances[i] < distances[j]) for i, j in pairs]
    )


def means(title):
    """A column of the table, mean over the seeds of each rule."""
    return np.array([np.mean(row[title]) for row in table.values()])


distance = means("Fréchet distance")
ranked = [TITLES[rule] for rule in np.array(list(table))[np.argsort(distance)]]
print(textwrap.fill("by Fréchet distance, best first: " + "; ".join(ranked), 72))
for network in NETWORKS:
    lowest = TITLES[list(table)[means(network).argmin()]]
    share = agreement(means(network), distance)
    place = f"place {ranked.index(lowest) + 1} of {len(ranked)}"
    print(f"{network:14} {share:4.0%} of pairs agree; lowest loss: {lowest}, {place}")
print(f"{'coverage':14} {agreement(-means('coverage'), distance):4.0%} of pairs agree")

# %% mystnb={"figure": {"caption": "Validation loss of each network against the Fréchet distance, both as means over the last ten epochs, a dot for each run in its rule's colour. If a loss ranked the faces, the dots would rise from the lower left to the upper right. The dashed line is the loss of a blind discriminator. The cell prints which discriminators lie above it, and their loss on training faces.", "name": "fig-faces-ranking"}, "image": {"alt": "Three charts side by side with the Fréchet distance on the vertical axis and the validation loss of encoder, decoder and discriminator on the horizontal one, and a few coloured dots in each. In the chart of the discriminator a dashed vertical line marks the loss of a blind one."}}
figure, panels = plt.subplots(1, 3, figsize=(plotting.WIDTH, 3.4), sharey=True)
for axes, network in zip(panels, NETWORKS, strict=True):
    for rule, row in table.items():
        axes.plot(
            row[network],
            row["Fréchet distance"],
            "o",
            color=LINES[rule]["color"],
            label=TITLES[rule],
        )
    axes.set(xlabel=f"{network} loss")
_, price = blind(light.arguments["real_target"], light.arguments["fake_weight"])
panels[2].axvline(price, color="0.4", linestyle="--", linewidth=1)
panels[0].set_ylabel("Fréchet distance")
figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
print(f"a blind discriminator {price:.2f}; of the rules:")
for rule, row in table.items():
    loss = np.mean(row["discriminator"])
    seen = np.mean([last_ten(run, "discriminator_loss") for run in rendered[rule].values()])
    print(
        f"{TITLES[rule]:9} {loss:5.2f}, on training faces {seen:5.2f}, worse than blind: {loss > price}"
    )
plt.show()

# %% [markdown]
# The table that the project had would have pointed to the wrong faces. The lowest losses of all three networks belong to the two S4: those of encoder and decoder to its text, that of the discriminator to its log. And these two make the worst faces of all rules. Seven rules make few pairs, and rankings without any relation often agree in two thirds of them. So none of these shares shows much. What stands out are the two S4: last by distance, and by coverage too.
#
# How can the worst faces have the lowest loss? For each run we ask when each network's rate had fallen to a tenth of the first, and what $D$ answers to held-out faces, reconstructions and samples at the end. And we take a ruler that is the same for all runs: the distance of a held-out face from its reconstruction in *pixels*.

# %%
print("first seeds    rate at a tenth after     mean of D at the end    pixel")
print(
    f"{'':11}{'enc.':>6}{'dec.':>7}{'dis.':>7}{'real':>9}{'copies':>8}{'samples':>9}{'loss':>9}"
)
for rule, runs in rendered.items():
    run = first_of(runs)
    row = f"{TITLES[rule]:10}"
    for network in NETWORKS:
        low = np.flatnonzero(np.array(run.column(f"learning_rate_{network}")) <= 5e-5)
        row += f"{low[0] + 1 if len(low) else 'never':>7}"
    last = run.history[-1]
    row += f"{last['val_d_real']:9.2f}{last['val_d_reconstruction']:8.2f}{last['val_d_generated']:9.2f}"
    print(row + f"{run.metrics['reconstruction_loss']:9.1f}")
pixels = np.array(
    [
        np.mean([run.metrics["reconstruction_loss"] for run in runs.values()])
        for runs in rendered.values()
    ]
)
print(
    f"pixel loss and Fréchet distance: {agreement(pixels, distance):.0%} of the pairs agree"
)

# %% [markdown]
# Now the two S4 tell their stories.
#
# **S4, text.** The discriminator's loss is lowest in the first epochs, when every fake is obvious. From then on the decoder improves, the discriminator's loss rises, and the rule reads that as stagnation: it takes the decoder's progress for the discriminator's failure. Soon the discriminator's rate is at the floor. A judge that no longer learns is easily satisfied, and by the end it answers nearly the same to real faces and to fakes. Its loss is above that of a blind one on training faces too: it did not overfit, it was outrun. Against *such* a judge both others have low losses.
#
# **S4, log.** Here the rates fall when a loss *improves*. Encoder and decoder improve steadily in the beginning, and so they are stopped first, long before any face is finished. The discriminator's loss falls before the window is full, and then rises. So it is no new lowest for some epochs, and the discriminator keeps its rate for longer. It wins: on average its answers to real faces and to fakes lie far apart, and its loss is the lowest of all discriminators. Its opponent hardly moves.
#
# So the loss of a network depends on the rate of its *opponent*. And the encoder's loss, which seems to measure copies? It is a distance in the discriminator's features. Every run measures with a ruler of its own, and a discriminator that stopped early is a coarse one. By the one ruler that all runs share, the pixels, both S4 make worse copies than S1 to S3.
#
# The other plateau rules read the discriminator's loss in the same way. But they wait for several epochs between two cuts, where S4's text can cut after every one. So they do it more slowly. In `plateau`, which halves the rate every few epochs, the discriminator has nearly stopped at the end, and its faces are behind those of S1. The cosine looks at no loss and cannot misread one.
#
# ### How large is a difference?
#
# A rule is better than another only if the difference is larger than what a seed makes. The cell takes the Fréchet distance of the final samples against the training faces, as `evaluate` measures it, and beside it how far it moved *within* a run: the range over the last ten epochs. Where several seeds are there, it gives the difference to S1 with an interval; the seeds come in pairs, for both runs of a pair began with the same weights.

# %% mystnb={"figure": {"caption": "Fréchet distance of the samples at the end, a dot a seed, and as a thin line its range over the last ten epochs. The dotted line is the floor. A dot is measured against training faces, a line against held-out ones, so a dot may lie beside its line. The cell prints the numbers and the differences from S1.", "name": "fig-faces-spread"}, "image": {"alt": "A chart with one row for each rule. In each row a thin horizontal line with one or more dots on it. The lines of most rules overlap. A dotted vertical line far to the left marks the floor."}}
figure, axes = plt.subplots(figsize=(plotting.WIDTH, 3.0))
ends = {
    rule: [run.metrics["random_frechet_distance"] for run in runs.values()]
    for rule, runs in rendered.items()
}
spans = {
    rule: [run.column("sample_frechet_distance")[-10:] for run in runs.values()]
    for rule, runs in rendered.items()
}
low, high = np.min(spans["s1"]), np.max(spans["s1"])
for place, (rule, runs) in enumerate(rendered.items()):
    for number, (run, last) in enumerate(zip(runs.values(), spans[rule], strict=True)):
        height = place + 0.18 * (number - (len(runs) - 1) / 2)
        axes.plot([min(last), max(last)], [height, height], color="0.6", linewidth=1)
        axes.plot(
            run.metrics["random_frechet_distance"], height, "o", color=LINES[rule]["color"]
        )
    shared = [seed for seed in runs if seed in rendered["s1"]]
    text = f"{TITLES[rule]:9} {told(ends[rule])}, coverage {told([run.metrics['random_coverage'] for run in runs.values()])}"
    print(text)
    text = f"          range {np.min(spans[rule]):.1f} to {np.max(spans[rule]):.1f}"
    if rule != "s1":
        text += (
            ", meets that of S1"
            if np.min(spans[rule]) <= high and np.max(spans[rule]) >= low
            else ", apart from S1"
        )
    if rule != "s1" and len(shared) >= 3:
        apart = metrics.difference_interval(
            [runs[seed].metrics["random_frechet_distance"] for seed in shared],
            [rendered["s1"][seed].metrics["random_frechet_distance"] for seed in shared],
            paired=True,
        )
        text += ", above S1 by {:.2f} [{:.2f}, {:.2f}]".format(*apart)
    print(text)
floor = np.mean(
    [
        run.metrics["real_frechet_distance"]
        for runs in rendered.values()
        for run in runs.values()
    ]
)
axes.axvline(floor, color="black", linestyle=":", linewidth=1)
axes.set_yticks(range(len(rendered)), [TITLES[rule] for rule in rendered])
axes.invert_yaxis()
axes.set(xlabel="Fréchet distance", xlim=(0, None))
print(
    f"floor {floor:.2f}; seeds of each rule: {min(len(runs) for runs in rendered.values())} at least"
)
plt.show()

# %% [markdown]
# Rules whose ranges meet have shown no difference: S1, S2, S3 and the cosine cannot be told apart here, though their rates end far from each other, and though each has another loss. `plateau` is at the edge. The two S4 stand apart by more than any run moves in its last ten epochs. Where there is one seed, it does not say how far seeds move. So the rule *can* decide what faces come out, when it stops a network before its work is done. Where it does not, which rule it is hardly matters in these runs.
#
# Two cautions. These are light networks, small drawn faces and few epochs, and where the cell says one seed, it is one. And the floor is far to the left: none of these rules makes faces that the judge would take for real ones.
#
# ### Move through the runs
#
# Choose a rule and move the epoch. Sheets were kept after epochs $1$, $5$, $20$ and $40$. At which epoch do faces appear? Does the discriminator's loss show it? Compare `S1` and `S4, log` at the same epoch.

# %% tags=["nbval-ignore-output"]
RunExplorer(
    {
        TITLES[rule]: RESULTS / f"rendered-{rule}/seed-{min(runs)}"
        for rule, runs in rendered.items()
    },
    {
        "Fréchet distance": ["sample_frechet_distance"],
        "validation losses": [f"val_{network}_loss" for network in NETWORKS],
        "learning rates": [f"learning_rate_{network}" for network in NETWORKS],
    },
    log=["Fréchet distance", "validation losses"],
    title="A rule, epoch by epoch",
)

# %% [markdown]
# ## Photographs
#
# Drawn faces are simpler than photographs. So the same seven rules were run on real ones: $874$ official portraits of members of the US Congress, in the public domain, of which $743$ are for training. For a model of faces that is *very* few.
#
# A photograph shows somebody. So here are sheets of many, and numbers over the whole set, and nothing else: no edit of one person's code, no path from one person to another, no enlarged copy.

# %%
congress = read("congress")
for rule, runs in congress.items():
    run = first_of(runs)
    print(
        f"{TITLES[rule]:9} seeds {list(runs)}, {run.config['data']['train_count']} portraits:",
        f"Fréchet {told([r.metrics['random_frechet_distance'] for r in runs.values()])},",
        f"coverage {told([r.metrics['random_coverage'] for r in runs.values()])}",
    )
runs = [run for runs in congress.values() for run in runs.values()]
for key in ("frechet_distance", "coverage"):
    print(f"floor, {key}: {np.mean([run.metrics[f'real_{key}'] for run in runs]):.2f}")
print(
    "contrast times two, lowest Fréchet:",
    f"{min(run.metrics['sharpened_2_frechet_distance'] for run in runs):.2f}",
)

# %% mystnb={"figure": {"caption": "Sixty-four generated portraits of each rule after forty epochs on the Congress portraits, from the same codes. The cell prints how far a sample is from the nearest training picture on average, over the same for held-out portraits: a copy would be near zero.", "name": "fig-faces-congress"}, "image": {"alt": "Seven sheets of eight by eight small generated portraits, one a rule. S1, S2, S3 and cosine: soft heads with dark or light hair before bluish backgrounds, some broken into patches. Plateau: softer, more alike and grainy. S4, log: blotchy reddish ovals. S4, text: a coarse coloured grain in which hardly a head is seen."}}
for rule, runs in congress.items():
    run = first_of(runs)
    print(
        f"{TITLES[rule]:9} nearest training picture, over held-out ones: "
        f"{run.metrics['random_nearest_distance'] / run.metrics['real_nearest_distance']:.2f}"
    )
show_sheets("congress", congress, 40)

# %% [markdown]
# The photographs tell the same story, only louder. Under S1, S2, S3 and the cosine there are heads, hair and suits, blurred as one expects of so few pictures. `plateau` is behind, and both S4 leave grain: S4's text, with the lazy judge, the most. The numbers follow the eye.
#
# They should not be trusted further than that. The judge has seen drawn faces alone. What it makes of photographs is a distance of *some* kind, good for comparing these rows with each other, with their floor, and with the control of the last line: the best distance of samples whose contrast was merely doubled. And there is one seed.
#
# Both kinds of faces were also learned at the original's $64$ pixels, with the light networks and their own rule. The numbers of faces and epochs are printed.

# %% mystnb={"figure": {"caption": "Sixty-four samples of the light networks at $64$ pixels, the size of the original project, on each kind of faces for which there is a record. The cell prints how many faces each learned from, for how many epochs, and its Fréchet distance beside the floor.", "name": "fig-faces-64"}, "image": {"alt": "Eight by eight generated faces, larger than in the sheets before. Drawn heads on white with varied hair, skin and clothes; they are soft, and some have torn edges of the hair. Beside them eight by eight portraits: heads and shoulders on blue under a coarse grain, whose eyes and mouths are shadows."}}
LARGE = {"rendered": "seed-0", "Congress": "data-congress-epochs-30-seed-0"}
large = {
    title: RESULTS / f
    for title, f in LARGE.items()
    if (RESULTS / f / "metrics.json").exists()
}
figure, panels = plt.subplots(
    1, len(large), figsize=(plotting.WIDTH, 6.6 / len(large)), squeeze=False
)
for axes, (title, path) in zip(panels[0], large.items(), strict=True):
    run = records.read_record(path)
    axes.imshow(plt.imread(max(path.glob("samples/epoch-*.png"))))
    axes.set_title(title, fontsize=10)
    axes.axis("off")
    print(
        f"{title}: {run.config['data']['train_count']} faces of {run.config['data']['image_shape'][0]} pixels, {len(run.history)} epochs,\n   "
        f"Fréchet {run.metrics['random_frechet_distance']:.1f}, floor {run.metrics['real_frechet_distance']:.2f}"
    )
show_faces(figure)

# %% [markdown]
# ## On the original's own data
#
# The original's photographs, the *10k US Adult Faces Database* {cite}`bainbridge2013intrinsic`, may not be passed on, so they cannot come with this course. Its authors give them out on request. Until you have them, the loader says how to ask:

# %%
try:
    datasets.load_us_adult_faces("../runs/nothing-here")
except FileNotFoundError as error:
    print(textwrap.fill(str(error), 90))

# %% [markdown]
# With the folder or the zip at hand, one command runs the experiment with the original's networks:
#
# ```bash
# python -m vaegan_edu train faces-original --data PATH --schedule s4-log
# ```
#
# `PATH` may be any folder or zip of pictures; they are cut to squares, and a part of them is kept for validation. For the original's own preparation, put what you were sent into the folder that `VAEGAN_EDU_DATA` names and say `--data us-adult-faces`: then the pictures are stretched to $64 \times 64$, and $8\,500$ are for training and $1\,500$ for validation, as in the original. The other rules are `s1`, `s2`, `s3`, `s4-text`, `plateau` and `cosine`. Plan for a GPU: you have seen the cost of a step. What was stopped goes on with the same command and `--resume`.
#
# Then `python -m vaegan_edu evaluate RUN` measures what came out, and `schedules.replay` works on your `history.csv` as on ours. Show sheets of many, not single people; the database's own terms hold too.
#
# ## TensorBoard
#
# `callbacks.TensorBoardLog` has written the losses and the rates of the two short runs, and runs from the command line write theirs. In Colab or Jupyter set the first line to `True` and run the cell: it opens below it. From a terminal the command is `tensorboard --logdir runs`.

# %%
show_tensorboard = False  # True in Colab or Jupyter

if show_tensorboard:
    from IPython import get_ipython

    get_ipython().run_line_magic("load_ext", "tensorboard")
    get_ipython().run_line_magic("tensorboard", f"--logdir {folder}")
print(
    "rates:", ", ".join(name for name in logs["s1"][-1] if name.startswith("learning_rate"))
)

# %% [markdown]
# ## Exercises
#
# Replace the placeholder in each cell and run it. The check says what it proved, or gives a hint.
#
# ### Run and look
#
# Look at `S4, log` in {numref}`fig-faces-rates`: encoder and decoder are stopped early. How early can it be? Let every loss be lower than all before it. The rule is $5 \cdot 10^{-4}$, factor $0.6$, floor $5 \cdot 10^{-6}$, window four. After which epoch is the rate at its floor?

# %% tags=["exercise"]
# Exercise: floor_by_hand
# S4 as its log has it: from 5e-4, factor 0.6, floor 5e-6, window 4; every loss is a new lowest
answer = None  # the epoch after which the rate is at the floor: replace None

exercises.check("floor_by_hand", answer)

# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: floor_by_hand
# S4 as its log has it: from 5e-4, factor 0.6, floor 5e-6, window 4; every loss is a new lowest
# the first decay comes after epoch 5; 0.6 ** 9 is still above 1 / 100, 0.6 ** 10 is below
answer = 4 + 10

exercises.check("floor_by_hand", answer)

# %% [markdown]
# ### Derive: how long until it stops
#
# Now for any first rate, factor, floor and window. How many decays does it take, and when does the first one come? Derive the formula, then write it. No loop is needed.


# %% tags=["exercise"]
# Exercise: epochs_to_floor
def epochs_to_floor(initial, factor, minimum, window):
    """Return the epoch after which the rate is at its floor, if every loss is a new lowest."""
    # How many decays does it take, and after which epoch comes the first?
    return None


exercises.check("epochs_to_floor", epochs_to_floor)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: epochs_to_floor
def epochs_to_floor(initial, factor, minimum, window):
    """Return the epoch after which the rate is at its floor, if every loss is a new lowest."""
    decays = np.ceil(np.log(minimum / initial) / np.log(factor))
    return window + decays


exercises.check("epochs_to_floor", epochs_to_floor)

# %% [markdown]
# ### Implement: which rule ran?
#
# You have a log, with losses and rates, and some rules that may have made it. Return for each rule the share of epochs in which its replay gives the logged rate. The rule that ran has share one. Another has it too if it would have done the same on these losses.


# %% tags=["exercise"]
# Exercise: match_rules
def match_rules(losses, rates, rules):
    """Return, for each rule, the share of epochs in which it leads to the logged rate."""
    # Replay each rule over the losses. The logged rates are rounded to seven digits.
    return None


exercises.check("match_rules", match_rules)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: match_rules
def match_rules(losses, rates, rules):
    """Return, for each rule, the share of epochs in which it leads to the logged rate."""
    return [np.mean(np.isclose(schedules.replay(rule, losses), rates)) for rule in rules]


exercises.check("match_rules", match_rules)

# %% [markdown]
# ### Implement: two rankings
#
# Write the share of pairs in agreement for two lists of numbers. Nothing but their order may matter.


# %% tags=["exercise"]
# Exercise: pair_agreement
def pair_agreement(losses, distances):
    """Return the share of pairs of runs in which the lower loss has the lower distance; (N,) each."""
    # Each pair counts once. np.triu_indices(N, 1) names both runs of every pair.
    return None


exercises.check("pair_agreement", pair_agreement)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: pair_agreement
def pair_agreement(losses, distances):
    """Return the share of pairs of runs in which the lower loss has the lower distance; (N,) each."""
    first, second = np.triu_indices(len(losses), 1)
    return np.mean((losses[first] < losses[second]) == (distances[first] < distances[second]))


exercises.check("pair_agreement", pair_agreement)

# %% [markdown]
# ## Quiz
#
# Decide first, then open your answer.
#
# **1. You rebuild a network from a diagram, and its number of weights is the one that the diagram gives. What do you know?**
#
# <details><summary>a) It is the same network.</summary>
#
# No. Activations, dropout, strides that lead to the same map, and the optimizer have no weights.
#
# </details>
# <details><summary>b) Kernels, channels and the sizes of the dense layers fit.</summary>
#
# Right. They decide the count. What has no weights must be asked for, or written down as an assumption.
#
# </details>
# <details><summary>c) Nothing, many networks have equally many weights.</summary>
#
# No. Three networks that agree to the last of tens of millions do not agree by chance.
#
# </details>
#
# **2. A VAE-GAN's discriminator sees two fakes for every real image, with equal weight and hard labels. It has learned nothing. What does it answer at best?**
#
# <details><summary>a) One half.</summary>
#
# No. That is the best answer where real and fake images are equally frequent.
#
# </details>
# <details><summary>b) One third.</summary>
#
# Right. One image of three is real. Equation {eq}`eq-faces-best` with $t = 1$ and $w = 1$.
#
# </details>
# <details><summary>c) Zero, for most images are fake.</summary>
#
# No. Then every real image would cost $-\log 0$, which is infinite.
#
# </details>
#
# **3. Two runs begin with one seed and differ in the rule of the learning rate alone. Until the first decay their losses are equal to the last bit. Ten epochs later, their Fréchet distances differ. What does that show?**
#
# <details><summary>a) That the rule changed the quality.</summary>
#
# No. Any small change would have led to another run with another distance.
#
# </details>
# <details><summary>b) That the two runs parted. Whether the rule is to thank for the difference, more seeds must show.</summary>
#
# Right. Compare the difference with what seeds alone do.
#
# </details>
# <details><summary>c) That something in the code is not seeded.</summary>
#
# No. The equal losses before the decay show that it is.
#
# </details>
#
# **4. A rule follows the discriminator's validation loss and lowers the rate when there is no new best. The decoder gets better and better. What will the rule do?**
#
# <details><summary>a) Leave the rate alone, for training goes well.</summary>
#
# No. It does not see the faces. It sees a loss that rises when the opponent improves.
#
# </details>
# <details><summary>b) Lower the rate, for better fakes raise the discriminator's loss.</summary>
#
# Right. It takes the decoder's progress for its own failure.
#
# </details>
# <details><summary>c) Raise the rate, to catch up.</summary>
#
# No. No rule here raises a rate.
#
# </details>
#
# **5. Over seven rules, a network's validation loss agrees with the Fréchet distance in half of all pairs. What follows?**
#
# <details><summary>a) The loss ranks the rules correctly half of the time, which is better than nothing.</summary>
#
# No. A coin does as well.
#
# </details>
# <details><summary>b) By this loss one cannot choose among these rules.</summary>
#
# Right. Half is what a ranking without any knowledge would get.
#
# </details>
# <details><summary>c) The Fréchet distance is wrong in half of the pairs.</summary>
#
# No. Both may be right about what they measure: one the game, the other the faces.
#
# </details>
#
# ## What to remember
#
# - A reconstruction from a diagram is checked by counting weights; what has no weights stays an assumption, and is listed.
# - Time one step before you plan a hundred epochs.
# - A blind discriminator answers $t / (1 + 2w)$ and pays a known price. Above that price on new images it has overfitted, was outrun, or differs in evaluation mode. If its loss is high in training too, it was outrun.
# - Log losses *and* rates: a replay then tells which rule ran.
# - With one seed, runs are the same until a rule first acts. Then every difference, large or small, makes another run.
# - A network's loss depends on its opponent's rate: the lowest losses came with the worst faces. To rank faces, measure faces, beside a floor and over seeds.
#
# ## Sources
#
# - The experiment, the diagrams and the reported losses: the [original project](https://github.com/Shuntw6096/VAE-GAN), its `README.md` and logs; gone through on [our page](../book/original_project.md).
# - The VAE-GAN and its losses: {cite}`larsen2016autoencoding`, equations 5 to 8 and Algorithm 1; its networks for faces, table 1 of the appendix.
# - The best discriminator for given densities, of which the blind answer is the case without any image: {cite}`goodfellow2014generative`, proposition 1.
# - Soft labels: {cite}`salimans2016improved`, section 3.4; minibatch discrimination, section 3.2.
# - The Fréchet distance as a measure of samples: {cite}`heusel2017gans`, equation 6.
# - The photographs: {cite}`bainbridge2013intrinsic`.
