# %% [markdown]
# # Chapter 10: The faces experiment
#
# *Run time: 75 s on two CPU cores, measured at the last execution.*
#
# **Does the rule of the learning rate decide what faces come out, and do the losses tell?**
#
# After this chapter you can
#
# - train a VAE-GAN on pictures of your own, and move an attribute in its code space;
# - compute the loss of a discriminator that sees no difference, and of one that recognises everything, whatever the labels;
# - compare two rankings, and say what single runs can tell of a rule;
# - explain why the lowest losses may come with the worst faces.
#
# You need chapter 5, chapter 7 and chapter 9. Words are explained in the [glossary](../book/glossary.md), symbols in the [notation](../book/notation.md).

# %% mystnb={"code_prompt_show": "Colab needs this cell", "code_prompt_hide": "Hide Colab's cell"} tags=["colab", "nbval-skip", "hide-cell"]
# Colab needs the course's package and its records. Elsewhere this cell does nothing.
import os
import sys

if "google.colab" in sys.modules and not os.path.exists("10_faces_experiment.py"):
    from IPython import get_ipython

    address = "https://github.com/vaegan-edu/vaegan-edu"
    if not os.path.exists("course"):  # after a restart it is there
        get_ipython().system(f"git clone -q --depth 1 {address} course")
    os.chdir("course/notebooks")
    get_ipython().run_line_magic("pip", "install -q 'keras>=3.15,<4' anywidget ..")

# %%
from vaegan_edu import notebook

profile = notebook.start()

import gc
import io
import textwrap
import timeit
from datetime import datetime
from functools import partial
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
    latent,
    metrics,
    plotting,
    records,
)
from vaegan_edu.experiments.settings import ORIGINAL_RATE, RULES
from vaegan_edu.widgets import RunExplorer

NETWORKS = ("encoder", "decoder", "discriminator")


# %% tags=["hide-input"]
def show_faces(figure):
    """Show a figure as JPEG: as PNG the sheets of this page would weigh megabytes."""
    stream = io.BytesIO()
    figure.savefig(stream, format="jpeg", pil_kwargs={"quality": 80})
    plt.close(figure)
    display(Image(stream.getvalue(), format="jpeg"))


# %% [markdown]
# ## In short
#
# - The experiment of 2020 trained faces once under each of four rules of the learning rate, S1 to S4. Under S1 the rate is constant; under the others each network's rate follows its own validation loss ([chapter 7](07_schedules.ipynb)). We ran rules on light networks and measured the faces.
# - S4 comes in two readings: the rule that the project's README describes, and the one that its log shows, which is the reverse ([chapter 7](07_schedules.ipynb)). In our single runs both stopped a network before its work was done, and both gave the worst faces. The other rules cannot be told apart.
# - The validation losses rank the faces wrongly: the lowest losses came with the worst faces, most likely because a network's loss depends on how far its opponent's training has got.
# - The original's own four runs differ in more than the rule, so their curves and sheets do not answer the question. The case study at the end shows how the logs tell that. You may skip it.

# %% [markdown]
# (own-data)=
# ## Train on faces of your own
#
# One command trains on any folder or zip of pictures. They are cut to squares, and a part of them is kept for validation:
#
# ```bash
# python -m vaegan_edu train faces-light --data PATH --image-size 32 --epochs 40
# ```
#
# On two cores the forty epochs take some minutes for a thousand pictures; the records below give the time. `--data rendered-faces`, the default, draws faces, and `--schedule` chooses a rule; by default the rate is that of chapter 7's first try. With a GPU you can take the original's much larger networks:
#
# ```bash
# python -m vaegan_edu train faces-original --data PATH --schedule s1
# ```
#
# The project's machines of 2020 took between forty minutes and a little more than two hours for its hundred epochs; two CPU cores would need many hours (the case study times one step). The rules of this chapter are `s1`, `s2-text`, `s2-log`, `s3-text`, `s3-log`, `s4-text`, `s4-log`, `plateau` and `cosine`. What was stopped goes on with the same command and `--resume`. Then `python -m vaegan_edu evaluate RUN` measures what came out. Show sheets of many, not single people.
#
# The original's photographs, the *10k US Adult Faces Database* {cite}`bainbridge2013intrinsic`, may not be passed on. Its authors give them out on request. Put what you were sent into the folder that `VAEGAN_EDU_DATA` names and say `--data us-adult-faces`: then the pictures are stretched to $64 \times 64$, and $8\,500$ are for training and $1\,500$ for validation, as in the original. Until you have them, the loader says how to ask:

# %%
try:
    datasets.load_us_adult_faces("../runs/nothing-here")
except FileNotFoundError as error:
    print(textwrap.fill(str(error), 72))

# %% [markdown]
# ### The same in a cell
#
# Here is that training at a size that a notebook can do: a few drawn faces of $32$ pixels ([their page](../book/faces.md)), ten epochs, and two rules. S1 never changes a rate, and `s4-log` is S4 as its log has it: each *fall* of a loss lowers the network's rate. The weights, the order of the data and all noise come from one seed, so both runs must be *the same run* until a rule first acts.
#
# On a GPU the same cell trains the original's networks for $100$ epochs. You can name your own pictures in its first line.

# %%
data = "rendered-faces"  # or "us-adult-faces", or a path of pictures
name = profile.choose(cpu="faces-light", gpu="faces-original")
image_size = profile.choose(cpu=32, gpu=64)
train_count, validation_count = profile.choose(cpu=(200, 128), gpu=(8500, 1500))
if profile.quick:
    train_count, validation_count = 64, 64
epochs = profile.epochs(cpu=10, gpu=100)

(x_train, attributes), (x_validation, _) = datasets.load(
    data, image_size, train_count if data == "rendered-faces" else None
)
x_train = datasets.scale_pixels(x_train[:train_count])
if attributes is not None:  # photographs have none
    attributes = attributes[:train_count]
x_validation = datasets.scale_pixels(x_validation[:validation_count])

experiment = experiments.EXPERIMENTS[name]
folder = "../runs/chapter-10"


def train(rule):
    """Train under a rule; return history, 64 images, the rules, the model."""
    arguments = {
        **experiment.settings,
        "schedule": rule,
        "epochs": epochs,
        "learning_rate": ORIGINAL_RATE,
        "batch_size": profile.choose(cpu=20, gpu=100),
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
    return history.rows, model.generate(64, seed=0), rules, model


short, sheets, trained = {}, {}, {}
for rule in ("s1", "s4-log"):
    short[rule], sheets[rule], rules, trained[rule] = train(rule)
count = sum(network.count_params() for network in trained["s1"].networks.values())
print(f"{count:,} weights, {len(x_train)} faces, {epochs} epochs")


# %% tags=["hide-input"]
def column(rule, name):
    """One column of a short run's history, by network."""
    return {n: [row[name.format(n)] for row in short[rule]] for n in NETWORKS}


rates = column("s4-log", "learning_rate_{}")
constant, decaying = (column(rule, "val_{}_loss") for rule in short)
lowered = [t for t in range(epochs) if min(rates[n][t] for n in NETWORKS) < ORIGINAL_RATE]
equal = [all(constant[n][t] == decaying[n][t] for n in NETWORKS) for t in range(epochs)]
print("first decay after epoch:", lowered[0] + 1 if lowered else "none")
print("first epoch of unequal losses:", equal.index(False) + 1 if False in equal else "none")

# %% [markdown]
# The losses are equal to the last bit until some rule first acts. After that they are two different runs, and they differ in more than the rate: the smallest change of one weight grows step by step until every batch looks different. So a difference between two such runs need not come from what the rule is good for. Another seed brings a different run too.

# %% tags=["nbval-ignore-output", "hide-input"] mystnb={"figure": {"caption": "Sixty-four images of each of the two short runs, from the same codes, after the last epoch.", "name": "fig-faces-small"}, "image": {"alt": "Two sheets of eight by eight small pictures. Left, pale reddish ovals on white, the ghosts of heads, each a little different. Right, every square is filled by the same reddish grain, with a hint of an oval in the middle."}}
figure, panels = plt.subplots(1, 2, figsize=(plotting.WIDTH, 3.4))
for axes, rule in zip(panels, sheets, strict=True):
    axes.imshow(plotting.tile(sheets[rule], columns=8))
    axes.set(xticks=[], yticks=[], title=rule)
    axes.grid(False)
    print(f"last rates, {rule}")
    for network in NETWORKS:
        print(f"  {network:14}{short[rule][-1][f'learning_rate_{network}']:.1e}")
show_faces(figure)

# %% [markdown]
# On two cores, ten epochs of a few faces make ghosts at best, but even they show what a rule can do. Under S1 there are ovals with light and dark places. Under S4's log, as soon as the window is full, each improvement lowers the rate. After ten epochs there is little more than grain.

# %% [markdown]
# ### Move an attribute
#
# The codes of such a model can be steered. Take the codes $z_n$ of the training faces and the value $a_n$ of an attribute of each, known because the faces are drawn. The slope of the codes over the attribute,
#
# $$
# v = \frac{\sum_n (a_n - \bar a)\,(z_n - \bar z)}{\sum_n (a_n - \bar a)^2} ,
# $$ (eq-faces-attribute)
#
# is a direction in code space, the *attribute vector* {cite}`larsen2016autoencoding`. Add it to the code of another face, decode, and the attribute should have changed. [The faces' page](../book/faces.md) measures that on longer runs; one exercise of this chapter is to write $v$. Here we take it from `latent.attribute_vectors`, move validation faces by one standard deviation of an attribute either way, and let the regressor of that page read all attributes of the decoded faces.


# %% tags=["nbval-ignore-output"]
def moves(model, names):
    """How far attributes move along their own vectors, and the others on average, in deviations."""
    regressor = metrics.load_regressor(x_train.shape[1])
    deviation = datasets.face_attribute_moments()[1]
    vectors = latent.attribute_vectors(model.encode(x_train), attributes) * deviation[:, None]
    codes, rows = model.encode(x_validation[:64]), {}
    for name in names:
        number = list(datasets.FACE_ATTRIBUTES).index(name)
        less, more = (
            metrics.read_attributes(regressor, model.decode(codes + side * vectors[number]))[0]
            for side in (-1, 1)
        )
        moved = (more - less).mean(axis=0) / 2
        rows[name] = {
            "itself": moved[number],
            "others, size": np.abs(np.delete(moved, number)).mean(),
        }
    return rows


if data == "rendered-faces":
    shown = notebook.Table(
        moves(trained["s1"], ("skin_tone", "hair_colour", "hair_length", "yaw", "smile")),
        corner="S1; attribute moved by one deviation",
    )
else:
    shown = "only drawn faces have known attributes"
shown

# %% [markdown]
# Nothing moves by as much as a tenth of a deviation, neither the attribute that is asked for nor the others: the ghosts of ten epochs hold too little of a face. Models that were trained for longer do better. On the faces' page skin, hair and the turn of the head move, and what is small in the picture hardly does. So measure a vector before you use it, beside a random direction of the same length.

# %% [markdown]
# ## Forty epochs, seven rules
#
# The records below are longer: $1\,000$ drawn faces of $32$ pixels, $40$ epochs, seven rules, one seed for each rule. S2, S3 and S4 follow the *words* of the project's README there, and S4 also its *log*. `plateau`, which halves the rate after five epochs without a new best, and `cosine` are there for comparison. All begin at the original's $5 \cdot 10^{-4}$. Each was made by a command like
#
# ```bash
# python -m vaegan_edu train faces-light --image-size 32 --train-count 1000 --epochs 40 --schedule s3-text
# ```
#
# The folders of two records, `rendered-s2` and `rendered-s3`, were named before the logs had been read, and mean the words. S2 and S3 as their logs have them (`s2-log`, `s3-log`) have no record here; under the second, which begins at epoch $53$, nothing would have happened in $40$ epochs. More seeds are registered and not yet made (`make results`). What the records show of a rule holds for these networks at this length.

# %% tags=["hide-input"]
RESULTS = Path("../book/results/faces-light")
TITLES = {
    "s1": "S1",
    "s2": "S2 (words)",
    "s3": "S3 (words)",
    "s4-text": "S4 (words)",
    "s4-log": "S4 (log)",
    "plateau": "plateau",
    "cosine": "cosine",
}


def read(data):
    """Return the finished runs on some data by rule, each a mapping from seed to record."""
    found = {}
    for rule in TITLES:
        folders = sorted(path.parent for path in RESULTS.glob(f"{data}-{rule}/seed-*/metrics.json"))
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
run = first_of(rendered["s1"])
minutes = [sum(r.column("seconds")) / 60 for runs in rendered.values() for r in runs.values()]
print(f"{run.config['data']['train_count']} faces, {len(run.history)} epochs, {len(minutes)} runs")
print(f"a run took {np.mean(minutes):.1f} minutes")

# %% [markdown]
# ### What the rules did
#
# From the losses of three networks each rule has made three rates.

# %% mystnb={"figure": {"caption": "Validation losses that the rules read (left) and learning rates that they made of them (right), by network and epoch, for the first seed. A network's rate follows its own loss, except for S1, which never moves, and the cosine, which goes by the clock.", "name": "fig-faces-rates"}, "image": {"alt": "Six charts in three rows, for encoder, decoder and discriminator; losses left, learning rates right on a logarithmic axis, seven lines each. The rates fan out from one common start: one stays level, one is a smooth arc down to zero, the others are staircases that fall at different times."}} tags=["hide-input"]
LINES = {
    rule: {
        "color": plotting.COLOURS[i],
        "linestyle": ("-", "-", "-", "-", "--", "-.", ":")[i],
        "linewidth": 1.5,
    }
    for i, rule in enumerate(TITLES)
}


def rule_of(run):
    """The rule that the record's own settings name."""
    arguments = run.config["arguments"]
    return RULES[arguments["schedule"]](arguments["learning_rate"], arguments["epochs"])


figure, panels = plt.subplots(3, 2, figsize=(plotting.WIDTH, 7.2), sharex=True)
for row, network in zip(panels, NETWORKS, strict=True):
    print(network)
    print(f"  {'':10}{'lowest':>8}{'first':>8}{'last':>9}")
    print(f"  {'':10}{'loss':>8}{'decay':>8}{'rate':>9}")
    for rule, runs in rendered.items():
        run = first_of(runs)
        losses, rates = (
            run.column(f"val_{network}_loss"),
            run.column(f"learning_rate_{network}"),
        )
        passed = np.arange(1, len(losses) + 1)
        led = [rule_of(run).initial, *rates[:-1]]  # the rate that led each epoch
        row[0].plot(passed, losses, **LINES[rule], label=TITLES[rule])
        row[1].semilogy(passed, np.maximum(led, 1e-6), drawstyle="steps-post", **LINES[rule])
        fell = np.flatnonzero(np.diff([led[0], *rates]) < 0)
        when = fell[0] + 1 if len(fell) else "never"
        print(f"  {TITLES[rule]:10}{np.argmin(losses) + 1:8d}{when:>8}{led[-1]:9.1e}")
    row[0].set_title(f"{network}: loss", fontsize=10)
    row[1].set_title(f"{network}: rate", fontsize=10)
    row[0].set_yscale("log")
    row[0].yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    row[0].yaxis.set_major_formatter("{x:g}")
    row[0].yaxis.set_minor_formatter(NullFormatter())
for axes in panels[-1]:
    axes.set_xlabel("epoch")
figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
plt.show()

# %% [markdown]
# Under both readings of S4 rates fall early and far: two networks or all three are at the floor before the end. By the words of S2 and S3 they fall in few and small steps. And under every rule but the log of S4 the discriminator's loss is lowest in the first epochs, when every fake is obvious; a rule that reads this loss sees no new best from then on.

# %% [markdown]
# ### What came out
#
# The Fréchet distance (low is good) compares the features of generated and of held-out faces, seen by a regressor that was trained on drawn faces; *coverage* (high is good) is the share of held-out faces that have a generated one near by. [The faces' page](../book/faces.md) introduces this measuring network. The dotted lines are what held-out faces themselves get.

# %% mystnb={"figure": {"caption": "Fréchet distance and coverage of generated faces by epoch, means over the seeds that are there. The dotted line is what real held-out faces reach against training faces.", "name": "fig-faces-quality"}, "image": {"alt": "Two charts over forty epochs with seven lines each. Above, on a logarithmic axis, the Fréchet distance falls steeply in the first epochs and then levels out far above a dotted line, with jumps from epoch to epoch. Below, the coverage rises from near zero and stays below a dotted line near one."}} tags=["hide-input"]
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
    print(f"{title}: real faces {floor:.2f}")
    print(f"  {'':10}{'best':>7}{'epoch':>7}{'last':>7}")
    for rule in rendered:
        curve = curves[rule, column]
        best = curve.argmax() if column == "sample_coverage" else curve.argmin()
        print(f"  {TITLES[rule]:10}{curve[best]:7.2f}{best + 1:7d}{curve[-1]:7.2f}")
panels[0].set_yscale("log")
panels[1].set_xlabel("epoch")
figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
plt.show()


# %% mystnb={"figure": {"caption": "Sixty-four faces of each rule after forty epochs, first seed, from the same codes.", "name": "fig-faces-sheets"}, "image": {"alt": "Seven sheets of eight by eight small drawn faces on white, one a rule. S1, S2 and S3: soft faces whose skin, hair and clothes differ, with eyes in some. Cosine and plateau: softer, with hardly any eyes. Both S4: brown grainy heads that look alike, without eyes, with frayed outlines."}} tags=["hide-input"]
def show_sheets(data, found, epoch):
    """Draw the recorded sheet of 64 images of each rule's first seed, three in a row."""
    rows = -(-len(found) // 3)
    figure, panels = plt.subplots(rows, 3, figsize=(plotting.WIDTH, 2.35 * rows), squeeze=False)
    for axes in panels.flat:
        axes.axis("off")
    for axes, (rule, runs) in zip(panels.flat, found.items(), strict=False):
        axes.imshow(
            plt.imread(RESULTS / f"{data}-{rule}/seed-{min(runs)}/samples/epoch-{epoch:03d}.png")
        )
        axes.set_title(TITLES[rule], fontsize=10)
    show_faces(figure)


print("Fréchet distance after the last epoch:")
for rule, runs in rendered.items():
    print(f"{TITLES[rule]:10}{first_of(runs).column('sample_frechet_distance')[-1]:6.1f}")
show_sheets("rendered", rendered, 40)

# %% [markdown]
# Under S1, the words of S2 and S3, and the cosine there are faces, blurred but different from one another. Both readings of S4 leave grainy heads that look alike. Distance and coverage agree with the eye here.

# %% [markdown]
# ### The price of being blind, whatever the labels
#
# Before we rank the runs, a mark for the discriminator's loss. Chapter 9 has that of the *blind* discriminator, which sees no difference and gives every image the same answer $d$, for two kinds of fakes of full weight. `faces-light` gives each kind the weight $w$, `fake_weight`, and labels may be soft or noisy. With $\ell_t$ for the cross-entropy with the label $t$,
#
# $$
# \begin{aligned}
# \ell_t(x) = & -t \log D(x) \\
# & - (1 - t) \log(1 - D(x)), \\
# \mathcal L_{\text{Dis}} = & \ \ell_t(x) + w\, \ell_s(\hat x) + w\, \ell_s(x_p),
# \end{aligned}
# $$ (eq-faces-soft)
#
# where $x$ is a real image, $\hat x$ its reconstruction, $x_p$ an image decoded from the prior, and $t$ and $s$ are the *mean* labels of real images and of fakes: the cross-entropy is linear in the label, so of labels that are drawn at random only the mean counts. If every image gets the answer $d$, then
#
# $$
# \begin{aligned}
# \mathcal L_{\text{Dis}}(d) = & -(t + 2 w s) \log d \\
# & - \big(1 - t + 2 w (1 - s)\big) \log(1 - d) .
# \end{aligned}
# $$ (eq-faces-blind)
#
# With $s = 0$ and $w = 1$ this is equation {eq}`eq-mnist-blind`. Its derivative is zero where the answer is the mean of all labels,
#
# $$
# d^* = m = \frac{t + 2 w s}{1 + 2 w} ,
# $$ (eq-faces-best)
#
# and with this answer the loss is
#
# $$
# \begin{aligned}
# & \mathcal L_{\text{Dis}}(d^*) = (1 + 2 w)\, H(m), \\
# & H(m) = -m \log m - (1 - m) \log(1 - m) .
# \end{aligned}
# $$ (eq-faces-price)
#
# That is the price of being blind. $H$ is the entropy of [chapter 3](03_kl_divergence.ipynb), here of a coin. There is a second level below: a discriminator that recognises every image answers $t$ to the real ones and $s$ to the fakes, and pays $H(t) + 2 w H(s)$. It cannot foresee how a label is drawn, so this is the least that any discriminator pays.


# %%
def entropy(m):
    """Entropy of a coin in nats; zero for 0 and 1."""
    return sum(-p * np.log(p) for p in (m, 1 - m) if p > 0)


def levels(t, s, w=1.0):
    """What D pays if it sees nothing, and if it recognises every image.

    The mean labels are t of real images and s of fakes.
    """
    weight = 1 + 2 * w
    blind = weight * entropy((t + 2 * w * s) / weight)
    seeing = entropy(t) + 2 * w * entropy(s)
    return blind, seeing


light = experiments.EXPERIMENTS["faces-light"].settings
price, least = levels(light["real_target"], 0.0, light["fake_weight"])
print(f"faces-light: blind {price:.2f}, recognises everything {least:.2f}")

# %% [markdown]
# ### Two rankings
#
# Two measures of the faces stand beside the losses. Each number is a mean over the last ten epochs, in which none of these curves blows up ({numref}`fig-faces-rates`). Where there are three seeds or more, a bootstrap interval of the mean over seeds is in brackets.


# %% tags=["hide-input"]
def told(values):
    """The mean over seeds, with its interval where there are three or more."""
    return metrics.mean_interval(values) if len(values) >= 3 else float(np.mean(values))


COLUMNS = {
    **{n: f"val_{n}_loss" for n in NETWORKS},
    **{title: name for name, title in QUALITY.items()},
}
table = {
    rule: {title: [last_ten(run, name) for run in runs.values()] for title, name in COLUMNS.items()}
    for rule, runs in rendered.items()
}
notebook.Table(
    {
        TITLES[rule]: {
            title if title in QUALITY.values() else f"{title}'s loss": told(values)
            for title, values in row.items()
        }
        for rule, row in table.items()
    },
    corner="last ten epochs",
)

# %% [markdown]
# How well does the ranking by a loss agree with that by the Fréchet distance? Take every pair of rules, and ask whether the one with the lower loss also has the lower distance. The share of pairs that agree is one if the loss ranks the faces, and about one half if it says nothing. You will write that function again, without a loop, in an exercise.


# %%
def agreement(losses, distances):
    """Share of pairs in which the lower loss has the lower distance."""
    pairs = list(combinations(range(len(losses)), 2))
    return np.mean([(losses[i] < losses[j]) == (distances[i] < distances[j]) for i, j in pairs])


# %% mystnb={"figure": {"caption": "Validation loss of each network against the Fréchet distance, both as means over the last ten epochs, a dot for each run in its rule's colour. If a loss ranked the faces, the dots would rise from the lower left to the upper right. The dashed line is the loss of a blind discriminator under the labels and weights of these runs.", "name": "fig-faces-ranking"}, "image": {"alt": "Three charts side by side with the Fréchet distance on the vertical axis and the validation loss of encoder, decoder and discriminator on the horizontal one, and a few coloured dots in each. In the chart of the discriminator a dashed vertical line marks the loss of a blind one."}} tags=["hide-input"]
def means(title):
    """A column of the table, mean over the seeds of each rule."""
    return np.array([np.mean(row[title]) for row in table.values()])


distance = means("Fréchet distance")
ranked = [TITLES[rule] for rule in np.array(list(table))[np.argsort(distance)]]
print("by Fréchet distance, best first")
for title in ranked:
    print(f"  {title}")
print(f"{'pairs that agree':26}lowest loss")
for network in NETWORKS:
    lowest = TITLES[list(table)[means(network).argmin()]]
    place = f"{lowest}: place {ranked.index(lowest) + 1}"
    print(f"  {network:14}{agreement(means(network), distance):4.0%}{place:>24}")
print(f"  {'coverage':14}{agreement(-means('coverage'), distance):4.0%}")

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
panels[2].axvline(price, color="0.4", linestyle="--", linewidth=1)
panels[0].set_ylabel("Fréchet distance")
figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
plt.show()

# %% [markdown]
# In these runs the lowest losses point to the wrong faces. Those of encoder and decoder belong to S4 by its words, that of the discriminator to S4 by its log, and these two rules made the worst faces by distance and by coverage. Do not read more into the shares of pairs: there are only twenty-one, and of rankings without any relation about every fifth agrees in two thirds of them or more.

# %% [markdown]
# ### Why the worst faces have the lowest losses
#
# For the first seed of each rule, the first table says after which epoch a network's rate had fallen to a tenth of the first. The second has what $D$ answers at the end to held-out faces, to their reconstructions and to samples, beside a measure that is the same for all runs: the distance of a held-out face from its reconstruction in *pixels*. The third compares the discriminator's loss, a mean over the last ten epochs, with the price of being blind.


# %% tags=["hide-input"]
def stopped(rates):
    """The epoch after which a rate had fallen to a tenth of the first, or None."""
    low = np.flatnonzero(np.array(rates) <= ORIGINAL_RATE / 10)
    return int(low[0]) + 1 if len(low) else None


firsts = {TITLES[rule]: first_of(runs) for rule, runs in rendered.items()}
display(
    notebook.Table(
        {
            title: {n: stopped(run.column(f"learning_rate_{n}")) or "never" for n in NETWORKS}
            for title, run in firsts.items()
        },
        corner="epochs to a tenth of the rate",
    )
)
KINDS = {"real": "real", "copies": "reconstruction", "samples": "generated"}
display(
    notebook.Table(
        {
            title: {kind: run.history[-1][f"val_d_{name}"] for kind, name in KINDS.items()}
            | {"pixel distance": run.metrics["reconstruction_loss"]}
            for title, run in firsts.items()
        },
        digits={"pixel distance": 1},
        corner="mean of D at the end",
    )
)
notebook.Table(
    {
        title: {
            name: last_ten(run, column)
            for name, column in {
                "training": "discriminator_loss",
                "held out": "val_discriminator_loss",
            }.items()
        }
        | {"blind": price}
        for title, run in firsts.items()
    },
    corner="discriminator's loss",
)

# %% [markdown]
# **S4 by its words** stops the *discriminator* first. The discriminator's loss is lowest in the first epochs, before the decoder has learned anything. From then on the decoder's progress raises this loss, the rule reads that as stagnation, and the rate is soon at the floor. By the end this discriminator answers nearly the same to real faces and to fakes, and its loss lies above the price of being blind in training as well: it was outrun. Against such an opponent the losses of encoder and decoder are low.
#
# **S4 by its log** stops *encoder and decoder* first, since their losses improve steadily in the beginning and each improvement lowers their rate. The discriminator's loss falls and then rises, so it keeps its rate for longer, and it wins: its answers to real faces and to fakes lie far apart, and its loss is the lowest of all. Its opponent hardly moves any more.
#
# So the loss of a network seems to depend on how fast its *opponent* learns. These runs cannot separate cause and effect, since here the rates were made from the losses; a test would give the rates of one run to another seed, by the clock. The encoder's loss, which seems to measure copies, is no exception: it is a distance in the discriminator's features, and every run has features of its own. By the one measure that all runs share, the pixels, both readings of S4 make worse copies than S1 and the words of S2 and S3.

# %% [markdown]
# ### How large is a difference?
#
# A rule is better than another only if the difference is larger than what a seed makes. The figure takes the Fréchet distance of the final samples against the training faces, as `evaluate` measures it, and beside it how far it moved *within* a run: the range over the last ten epochs. Where several seeds are there, the table gives the difference to S1 with an interval; the seeds come in pairs, for both runs of a pair began with the same weights.

# %% mystnb={"figure": {"caption": "Fréchet distance of the samples at the end, a dot a seed, and as a thin line its range over the last ten epochs. The dotted line is what real faces reach. A dot is measured against training faces, a line against held-out ones, so a dot may lie beside its line.", "name": "fig-faces-spread"}, "image": {"alt": "A chart with one row for each rule. In each row a thin horizontal line with one or more dots on it. The lines of most rules overlap. A dotted vertical line far to the left marks real faces."}} tags=["hide-input"]
figure, axes = plt.subplots(figsize=(plotting.WIDTH, 3.0))
spans = {
    rule: [run.column("sample_frechet_distance")[-10:] for run in runs.values()]
    for rule, runs in rendered.items()
}
for place, (rule, runs) in enumerate(rendered.items()):
    for number, (run, last) in enumerate(zip(runs.values(), spans[rule], strict=True)):
        height = place + 0.18 * (number - (len(runs) - 1) / 2)
        axes.plot([min(last), max(last)], [height, height], color="0.6", linewidth=1)
        axes.plot(run.metrics["random_frechet_distance"], height, "o", color=LINES[rule]["color"])
floor = np.mean(
    [run.metrics["real_frechet_distance"] for runs in rendered.values() for run in runs.values()]
)
axes.axvline(floor, color="black", linestyle=":", linewidth=1)
axes.set_yticks(range(len(rendered)), [TITLES[rule] for rule in rendered])
axes.invert_yaxis()
axes.set(xlabel="Fréchet distance", xlim=(0, None))
print(f"real faces {floor:.2f}; seeds: {min(len(runs) for runs in rendered.values())} at least")
plt.show()

# %% tags=["hide-input"]
rows = {}
low, high = np.min(spans["s1"]), np.max(spans["s1"])
for rule, runs in rendered.items():
    ends = {
        seed: [record.metrics["random_frechet_distance"] for record in (run, rendered["s1"][seed])]
        for seed, run in runs.items()
        if seed in rendered["s1"]
    }
    least, most = np.min(spans[rule]), np.max(spans[rule])
    rows[TITLES[rule]] = {
        "Fréchet distance": told([run.metrics["random_frechet_distance"] for run in runs.values()]),
        "coverage": told([run.metrics["random_coverage"] for run in runs.values()]),
        "range, last ten": f"{least:.1f} to {most:.1f}",
        "range of S1": ("overlaps" if least <= high and most >= low else "apart")
        if rule != "s1"
        else "",
    }
    if rule != "s1" and len(ends) >= 3:
        mine, of_s1 = zip(*ends.values(), strict=True)
        rows[TITLES[rule]]["range of S1"] += ", above it by {:.2f} [{:.2f}, {:.2f}]".format(
            *metrics.difference_interval(mine, of_s1, paired=True)
        )
notebook.Table(rows)

# %% [markdown]
# A range over epochs says how far a run wobbles, and not how far seeds differ; it can only warn. Rules whose ranges overlap have shown no difference. S1, the cosine and the words of S2 and S3 cannot be told apart here, though their rates end far from each other and each has another loss. `plateau` is at the edge. The two readings of S4 stand apart by more than any run moves in its last ten epochs. So in these single runs the two rules that stopped a network early gave the worst faces; the others are not told apart. From one seed one cannot tell how much another seed would change.

# %% [markdown]
# ### Move through the runs
#
# Choose a rule and move the epoch. Sheets were kept after epochs $1$, $5$, $20$ and $40$. At which epoch do faces appear? Does the discriminator's loss show it? Compare S1 and S4 (log) at the same epoch.

# %% tags=["nbval-ignore-output", "hide-input"]
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
# Drawn faces are simpler than photographs. So the same seven rules were run on official portraits of members of the US Congress, in the public domain. There are $874$ of them, of which $743$ are for training; for a model of faces that is *very* few. Networks, epochs and the single seed are as above.
#
# A photograph shows somebody. So this page has sheets of many, and numbers over the whole set: no edit of one person's code, no path from one person to another, no enlarged copy.

# %% tags=["hide-input"]
congress = read("congress")
rows = {
    TITLES[rule]: {
        name: told([run.metrics[f"random_{key}"] for run in runs.values()])
        for key, name in {"frechet_distance": "Fréchet distance", "coverage": "coverage"}.items()
    }
    for rule, runs in congress.items()
}
runs = [run for runs in congress.values() for run in runs.values()]
rows["real faces"] = {
    "Fréchet distance": np.mean([run.metrics["real_frechet_distance"] for run in runs]),
    "coverage": np.mean([run.metrics["real_coverage"] for run in runs]),
}
rows["contrast times two, the best"] = {
    "Fréchet distance": min(run.metrics["sharpened_2_frechet_distance"] for run in runs),
    "coverage": "",
}
notebook.Table(rows, corner="portraits")

# %% mystnb={"figure": {"caption": "Sixty-four generated portraits of each rule after forty epochs on the Congress portraits, from the same codes.", "name": "fig-faces-congress"}, "image": {"alt": "Seven sheets of eight by eight small generated portraits, one a rule. S1, S2, S3 and cosine: soft heads with dark or light hair before bluish backgrounds, some broken into patches. Plateau: softer, more alike and grainy. S4 (log): blotchy reddish ovals. S4 (words): a coarse coloured grain in which hardly a head is seen."}} tags=["hide-input"]
print("nearest training picture, over held-out")
for rule, runs in congress.items():
    run = first_of(runs)
    nearest = run.metrics["random_nearest_distance"] / run.metrics["real_nearest_distance"]
    print(f"{TITLES[rule]:10} {nearest:.2f}")
show_sheets("congress", congress, 40)

# %% [markdown]
# The photographs are ordered like the drawn faces, and further apart. Under S1, the cosine and the words of S2 and S3 there are heads, hair and suits, blurred as one expects of so few pictures; by the last table a sample is about as far from its nearest training picture as a held-out portrait is, so they are no copies. `plateau` is behind, and both readings of S4 leave grain, and the reading by the words leaves most.
#
# The numbers go no further than that. The measuring network has seen only drawn faces. What it makes of photographs is a distance of *some* kind, good for comparing these rows with each other, with what real portraits get, and with a control, samples whose contrast was merely doubled. An epoch has twelve updates here.
#
# Both kinds of faces were also learned at the original's $64$ pixels, with the light networks and a rate that falls linearly towards the end. These records come nearest to the original: they have its size of pictures, and for the drawn faces its number of them, but only a few epochs.

# %% mystnb={"figure": {"caption": "Sixty-four samples of the light networks at $64$ pixels, the size of the original project, on each kind of faces for which there is a record.", "name": "fig-faces-64"}, "image": {"alt": "Eight by eight generated faces, larger than in the sheets before. Drawn heads on white with varied hair, skin and clothes; they are soft, and some have torn edges of the hair. Beside them eight by eight portraits: heads and shoulders on blue under a coarse grain, whose eyes and mouths are shadows."}} tags=["hide-input"]
LARGE = {"rendered": "seed-0", "Congress": "data-congress-epochs-30-seed-0"}
large = {
    title: RESULTS / f for title, f in LARGE.items() if (RESULTS / f / "metrics.json").exists()
}
figure, panels = plt.subplots(
    1, len(large), figsize=(plotting.WIDTH, 6.6 / len(large)), squeeze=False
)
for axes, (title, path) in zip(panels[0], large.items(), strict=True):
    run = records.read_record(path)
    axes.imshow(plt.imread(max(path.glob("samples/epoch-*.png"))))
    axes.set_title(title, fontsize=10)
    axes.axis("off")
    size = run.config["data"]["image_shape"][0]
    print(
        f"{title}, {size} pixels: {run.config['data']['train_count']} faces, {len(run.history)} epochs"
    )
    print(f"  Fréchet {run.metrics['random_frechet_distance']:.1f}", end="")
    print(f", real faces {run.metrics['real_frechet_distance']:.2f}")
show_faces(figure)

# %% [markdown]
# ## TensorBoard
#
# `callbacks.TensorBoardLog` has written the losses and the rates of the two short runs, and runs from the command line write theirs. In Colab or Jupyter set the first line to `True` and run the cell, and TensorBoard opens below it. From a terminal the command is `tensorboard --logdir runs`.

# %%
show_tensorboard = False  # True in Colab or Jupyter

if show_tensorboard:
    from IPython import get_ipython

    get_ipython().run_line_magic("load_ext", "tensorboard")
    get_ipython().run_line_magic("tensorboard", f"--logdir {folder}")
print("\n".join(name for name in short["s1"][-1] if name.startswith("learning_rate")))

# %% [markdown]
# ## Case study: four questions to a log
#
# *You may skip this section. After it only the second question of the quiz needs it. Read it if you have a log of somebody else's training to judge: each question takes one reading that any log allows (times, levels, parts of a loss, a mean over the end).*
#
# The project trained on photographs for $100$ epochs under each of S1 to S4. Chapter 7 finds in the logs what ran: as S4 the reverse of what the README says, as S2 and S3 another rule than its word "patience" suggests. It published sheets of faces, curves and logs. The README shows for each run and each network the curves of the *training* loss and of the *validation* loss, smoothed, and cut off where a loss grows large. The logs hold the numbers of all $100$ epochs, and `records.original_logs` reads them.

# %%
original_logs = records.original_logs()
RUNS = ("s1", "s2", "s3", "s4")
logged = {}
for run in RUNS:
    columns = original_logs[f"faces-{run}"]
    logged[run] = {name: np.array(values) for name, values in columns.items()}
print("\n".join(logged["s1"]))

# %% [markdown]
# A first way to compare the four runs is one number for each: the mean validation loss of the last ten epochs.


# %% tags=["hide-input"]
def losses_of(run, column, first, last):
    """Return a logged column of the original's run in the epochs `first` to `last`, inclusive."""
    return logged[run][column][first - 1 : last]


def print_row(name, values, form="5.2f"):
    """Print a row of a table with a column for each of the four runs."""
    print(f"{name:18}" + "".join(f"{value:{form}}" for value in values))


def print_means(form, first, last):
    """Print means over a span of epochs, a row for each network, a column for each run."""
    print_row(f"epochs {first} to {last}", (run.upper() for run in RUNS), ">5")
    for network in NETWORKS:
        row = [losses_of(run, form.format(network), first, last).mean() for run in RUNS]
        print_row(network, row)


notebook.Table(
    {
        network: {
            run.upper(): losses_of(run, f"val_{network}_loss", 91, 100).mean() for run in RUNS
        }
        for network in NETWORKS
    },
    corner="epochs 91 to 100",
)

# %% [markdown]
# Each network ranks the rules in another way: the encoder's loss is lowest under S4, the decoder's under S3, the discriminator's under S1. (Of the encoder's loss $\tfrac F2 \log 2 \pi / 4096 \approx 5.63$ is the constant of chapter 9, equation {eq}`eq-mnist-constant`, with the $F = 25\,088$ features of these networks. Only what lies above it could be learned.) Before we draw a conclusion from these numbers, we should know what they are. That takes four questions.

# %% [markdown]
# ### Do the four runs differ in their rule alone?
#
# A comparison of rules needs runs that differ in nothing else. The logs do not hold the settings of a run. But each entry of a TensorBoard log carries the time at which it was written.

# %% tags=["hide-input"]
# Times (UTC) of the first and the last epoch's validation losses, in the event files of the
# original's logs/lr1.zip to lr4.zip.
WRITTEN = {
    "s1": ("2020-06-29 05:54:02", "2020-06-29 07:59:07"),
    "s2": ("2020-06-29 07:55:45", "2020-06-29 10:02:35"),
    "s3": ("2020-06-29 09:24:57", "2020-06-29 11:35:40"),
    "s4": ("2020-06-02 06:08:34", "2020-06-02 06:47:01"),
}
rows = {}
for run, times in WRITTEN.items():
    begin, end = (datetime.fromisoformat(text) for text in times)
    rows[run.upper()] = {
        "UTC": f"{begin:%d %B %H:%M} to {end:%H:%M}",
        "seconds an epoch": (end - begin).total_seconds() / 99,
    }
notebook.Table(rows, digits=1)

# %% [markdown]
# S1, S2 and S3 were made on one day and at one pace. S4 is four weeks older, and its epochs took less than a third of the time. A rule of the learning rate costs no time, so something else differed too: the batch size, the machine, the networks, the code. The repository's history fits: it has one notebook for faces on the day of S4, and a second one, `VAEGAN-face2.ipynb`, on the day after S1 to S3. The section of its README on training tricks, soft and noisy labels among them, also came with S1 to S3. So S4 against the others is no clean comparison, whatever the numbers say. S1, S2 and S3 can be compared with each other, with one run of each.

# %% [markdown]
# ### What does a discriminator that sees nothing pay?
#
# For faces the project used *soft and noisy* labels, says its README, but not how soft. The levels of equation {eq}`eq-faces-price` and below tell something about that. In the original $w$ is one.

# %% [markdown]
# Here are both levels for some possible labels. *As assumed* are the labels of our `faces-original`: real images at $0.9$, and one label in twenty flipped. *As advised* are the means of the ranges in the list of tricks that the README points to: real labels drawn between $0.7$ and $1.2$, those of fakes between $0$ and $0.3$ {cite}`chintala2016train`.

# %% tags=["hide-input"]
faces_original = experiments.EXPERIMENTS["faces-original"].settings
target, flip = faces_original["real_target"], faces_original["flip_probability"]
LABELS = {
    "hard": (1.0, 0.0),
    "as assumed": (target + flip * (1 - 2 * target), flip),
    "as advised": (0.95, 0.15),
    "mean of one half": (0.9, 0.3),
}
notebook.Table(
    {
        name: {"t": t, "s": s} | dict(zip(("blind", "sees all"), levels(t, s), strict=True))
        for name, (t, s) in LABELS.items()
    },
    digits={"blind": 3, "sees all": 3},
    corner="labels",
)

# %% [markdown]
# The more the labels of fakes are softened, the more it costs to be blind, up to $3 \log 2 \approx 2.08$ where the mean of all labels is one half. Now put the logged *training* losses beside these levels. We take it that a training loss was measured with the labels that were trained on.

# %% mystnb={"figure": {"caption": "The training loss of the four discriminators, beside three levels: the price of being blind with a mean label of one half (dotted) and with hard labels (dashed), and the least that anyone can pay with the labels that we assumed (dash-dotted).", "name": "fig-faces-labels"}, "image": {"alt": "Four curves over a hundred epochs. Those of S1, S2 and S3 lie on each other: for about forty epochs they run along the dotted line just above two, then sink slowly through the dashed line and end a little below it. The curve of S4 falls from the start, crosses the dash-dotted line near the middle and levels off just below it."}} tags=["hide-input"]
STYLE = {
    "s1": (plotting.COLOURS[0], "-"),
    "s2": (plotting.COLOURS[1], "--"),
    "s3": (plotting.COLOURS[2], "-."),
    "s4": (plotting.COLOURS[3], "-"),
}
hard, assumed, half = (LABELS[name] for name in ("hard", "as assumed", "mean of one half"))
figure, axes = plt.subplots(figsize=(plotting.WIDTH, 3.6))
for run, (colour, line) in STYLE.items():
    axes.plot(
        logged[run]["epoch"],
        logged[run]["discriminator_loss"],
        line,
        color=colour,
        label=run.upper(),
    )
for level, line, text in (
    (levels(*half)[0], ":", "blind, mean label one half"),
    (levels(*hard)[0], "--", "blind, hard labels"),
    (levels(*assumed)[1], "-.", "sees all, labels as assumed"),
):
    axes.axhline(level, color="black", linestyle=line, linewidth=1.2)
    axes.text(100, level + 0.02, text, ha="right", va="bottom", fontsize=9)
axes.set(xlabel="epoch", ylabel="discriminator's training loss", ylim=(0, None))
axes.legend(ncols=4, loc="lower left")
runs = list(logged.values())
print_row("", (run.upper() for run in RUNS), ">5")
above = [(run["discriminator_loss"] > levels(*hard)[0]).sum() for run in runs]
print_row(f"epochs above {levels(*hard)[0]:.2f}", above, ">5")
print_row("mean, 6 to 30", [run["discriminator_loss"][5:30].mean() for run in runs])
print_row("answer to fakes", [np.exp(-run["decoder_loss"][5:30].mean() / 2) for run in runs])
print_row("lowest", [run["discriminator_loss"].min() for run in runs])
mnist = {name: np.array(values) for name, values in original_logs["mnist"].items()}
print("\nits MNIST run" + "".join(f"{epoch:6}" for epoch in range(1, 7)))
print("loss         " + "".join(f"{loss:6.2f}" for loss in mnist["discriminator_loss"][:6]))
print("to fakes     " + "".join(f"{np.exp(-loss / 2):6.2f}" for loss in mnist["decoder_loss"][:6]))
plt.show()

# %% [markdown]
# Take S1 to S3 first. In more than half of all epochs their training loss lies above the price of blindness under hard labels, and for some thirty of them it stands at $3 \log 2$. That is what the answer one half costs *with any labels*: put $d = \tfrac 12$ into equation {eq}`eq-faces-blind`. The decoder's loss confirms the answer. Its labels are not softened in chapter 9's equation {eq}`eq-mnist-losses`, and its feature term is next to nothing, so $e^{-\mathcal L_{\text{Dec}} / 2}$ is a mean of what $D$ answers to fakes: a little below one half.
#
# But with hard labels, or with ours, one third would be cheaper, and a single number, the bias of the last layer, is all it takes to answer one third. Why did the discriminator not find that in thirty epochs? One explanation is that one half *was* the best blind answer, since the mean of all labels was close to one half. Then they were softened, or flipped, much more than we assumed. The README, which names soft and noisy labels from then on, speaks for it.
#
# The project's own run on MNIST warns against being sure. There too the loss begins near $3 \log 2$ and lies above the price of blindness for five epochs, with answers to fakes well above one third, although its labels cannot have been so soft ([chapter 9](09_mnist_experiment.ipynb)). So something else can hold a discriminator up: a slow rate, or fakes that weigh less in the step than in the logged sum. But on MNIST the loss sinks from the first epoch on. In S1 to S3 it stands still.
#
# Now S4. Its loss ends *below* the least that anyone can pay with the labels that we assumed. It is also below what any labels allow whose mean is one half: of these, $t = 1$ and $s = \tfrac 14$ let a discriminator pay the least, $2 H(\tfrac 14) \approx 1.12$. So its labels were harder than ours. If the labels of S1 to S3 were as soft as they look, then they and S4 differ in this too, beside the time of an epoch, and neither is the learning rate.
#
# The logs do not show what the labels were; [the page on the project](../book/original_project.md) says which of its files would. For S4 the log rules out the labels that we assumed, since nobody pays less than the least. For S1 to S3 it makes softer ones likely, no more.

# %% [markdown]
# ### Overfitted, or outrun?
#
# The validation loss of all four discriminators is above $1.91$ in almost every epoch, and in S2 to S4 far above it at the end. That has four possible causes, and each leaves a trace of its own:
#
# - *overfitted*: it has learned the training faces by heart and takes new real faces for fakes. Then it does well in training, and what it gets wrong are *real* faces;
# - *outrun*: the decoder has learned to deceive it. Then it does badly in training too, and takes fakes for real;
# - its *evaluation mode* differs from training, as in chapter 9. Then even training faces cost much in that mode;
# - its *labels* were soft. Trained on labels whose mean is one half, as those of S1 to S3 seem to have been, even a blind discriminator pays $3 \log 2 \approx 2.08$, with hard labels on validation too. That explains a loss near two and not the larger ones.
#
# So we need the two kinds of images apart, and the logs hold only sums. But the decoder's loss gives a mean answer to fakes, as above, and with it the part of the discriminator's loss that fakes make. What is left is the part of the real faces. With hard labels, and as if all fakes of an epoch got one answer, it is
#
# $$
# \begin{aligned}
# & \mathcal L_{\text{Dis}} + 2 \log \left(1 - \hat d\right), \\
# & \hat d = e^{-\mathcal L_{\text{Dec}} / 2} .
# \end{aligned}
# $$ (eq-faces-real)

# %% mystnb={"figure": {"caption": "The discriminator's loss in the original's four runs, in training and on validation faces. The dotted line is the price of being blind with hard labels.", "name": "fig-faces-gap"}, "image": {"alt": "Four charts, one a run, on a logarithmic axis, each with a smooth curve of the training loss and a ragged one of the validation loss above it. In S1, S2 and S3 the two run close together near two for half of the run and then part slowly; in S2 and S3 the upper one shoots up in the last ten epochs. In S4 the two part almost from the start, and the gap only widens."}} tags=["hide-input"]
figure, panels = plt.subplots(2, 2, figsize=(plotting.WIDTH, 4.6), sharex=True, sharey=True)
for axes, run in zip(panels.flat, RUNS, strict=True):
    for kind, line in (("", "-"), ("val_", "-")):
        axes.plot(
            logged[run]["epoch"],
            logged[run][f"{kind}discriminator_loss"],
            line,
            color=plotting.COLOURS[0 if not kind else 3],
            linewidth=1.4,
            label="validation" if kind else "training",
        )
    axes.axhline(levels(*hard)[0], color="black", linestyle=":", linewidth=1)
    axes.set(title=run.upper(), yscale="log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())
for axes in panels[-1]:
    axes.set_xlabel("epoch")
figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
print("means of epochs 91 to 100")
for kind, title in (("", "training"), ("val_", "validation")):
    decoder, loss = (
        np.array([losses_of(run, f"{kind}{n}_loss", 91, 100).mean() for run in RUNS])
        for n in NETWORKS[1:]
    )
    answer = np.exp(-decoder / 2)
    print_row(title, (run.upper() for run in RUNS), ">5")
    print_row("  loss", loss)
    print_row("  answer to fakes", answer)
    print_row("  part of real", loss + 2 * np.log(1 - answer))
plt.show()

# %% [markdown]
# In training all four discriminators end below the price of being blind, and fakes of validation faces get about the answers that fakes get in training. So in training none of them was outrun. On validation, by this estimate, it is the real faces that cost so much: in each run their part is at least twice that of training. That is the trace of a discriminator that has overfitted, which the project says must be avoided (claim C5). It is also what a bad evaluation mode would leave, if its BatchNorm treats real faces differently from training. From these logs the two cannot be told apart. One more number would do it: the loss on *training* faces in evaluation mode.
#
# How far does the estimate carry? It is an upper bound on the part of the real faces. If some fakes were taken for real with near certainty and the others were not, the fakes would cost more than we put down for them, and the real faces less. And labels that were soft on validation too would change its numbers, though not which part is the larger. So the estimate makes the first cause likely, but it is no proof.

# %% [markdown]
# ### What does the mean of the last ten hide?
#
# In {numref}`fig-faces-gap` the validation losses of S2 and S3 shoot up at the end. (In the README's curves they leave the chart there.) The table at the top of this chapter took its means just in these epochs. Here they are again, beside the means of the ten epochs before.

# %% mystnb={"figure": {"caption": "The discriminator's validation loss in the last thirty epochs. A horizontal bar is a mean over ten epochs; the shaded bars made the table at the top of this chapter.", "name": "fig-faces-last-ten"}, "image": {"alt": "Four curves from epoch 71 to 100 on a logarithmic axis. Until epoch 90 those of S1, S2 and S3 lie together at about two and a half and S4 at about four. In the shaded last ten epochs S2 climbs steeply to almost fifteen and S3 to about seven, while S1 and S4 go on as before."}} tags=["hide-input"]
figure, axes = plt.subplots(figsize=(plotting.WIDTH, 3.6))
for run, (colour, line) in STYLE.items():
    values = losses_of(run, "val_discriminator_loss", 71, 100)
    axes.plot(np.arange(71, 101), values, line, color=colour, linewidth=1.4, label=run.upper())
    for first in (71, 81, 91):
        mean = losses_of(run, "val_discriminator_loss", first, first + 9).mean()
        axes.plot([first, first + 9], [mean, mean], color=colour, linewidth=4, alpha=0.35)
axes.axvspan(90.5, 100.5, color="0.9", zorder=0)
axes.set(xlabel="epoch", ylabel="discriminator's validation loss", yscale="log", xlim=(70.5, 100.5))
axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5)))
axes.yaxis.set_major_formatter("{x:g}")
axes.yaxis.set_minor_formatter(NullFormatter())
axes.legend(ncols=4, loc="upper left")
for kind, title in (("val_", "validation"), ("", "training")):
    print(f"means of the {title} losses")
    for first in (81, 91):
        print_means(kind + "{}_loss", first, first + 9)
plt.show()

# %% [markdown]
# Ten epochs earlier the discriminators of S1, S2 and S3 cannot be told apart by their validation loss. The large numbers of S2 and S3 are no property of ninety epochs under their rules. They are a blow-up that began shortly after epoch $90$ in both, and had not passed when the runs ended. It was not in the measurement alone, for the encoder's *training* loss rises at the same time. What set it off is not in the logs. S1, whose rate was not lowered, has no such blow-up, but neither has S4, whose rates were lowered most; and with one run of each it may be chance. A stop ten epochs earlier would have given another table.
#
# A mean over the last epochs is meant to even out noise around a level, so first look whether there is a level.

# %% [markdown]
# ### What do its sheets show?
#
# The project's README shows sixteen random faces of each run after epochs $5$, $20$, $35$ and so on to $95$ ([S1](https://github.com/Shuntw6096/VAE-GAN/tree/master/img/lr1), [S2](https://github.com/Shuntw6096/VAE-GAN/tree/master/img/lr2), [S3](https://github.com/Shuntw6096/VAE-GAN/tree/master/img/lr3), [S4](https://github.com/Shuntw6096/VAE-GAN/tree/master/img/lr4)). The repository carries no licence, so we describe the sheets and show none of them.
#
# - After epoch $50$ there are faces with eyes, mouths and hair under all four rules. Those of S4 are the smoothest; those of S1, S2 and S3 have more contrast and are patchy. After epoch $80$ that is still so.
# - After epoch $95$ the sheets of S2 and S3 are broken: coloured grain covers every face, in S3 more than in S2. Those of S1 are patchy, but still faces. Those of S4 are the smoothest, and to our eyes the most like faces.
#
# So the sheets of S2 and S3 broke when their losses blew up, between epochs $80$ and $95$. Here the curves did tell something about the images, but they do not rank them. S4, whose discriminator had by far the highest validation loss before that blow-up, has the faces that are most convincing to our eyes.
#
# Sixteen images are few: one sees whether there are faces, but not how many kinds of them ([chapter 9](09_mnist_experiment.ipynb) has how much such a sheet misses by chance).

# %% [markdown]
# ### Its networks
#
# We rebuilt the networks from the diagrams of the repository. A diagram gives the shape of what each layer puts out. That fixes the dense layers, and it nearly fixes the convolutions: with stride two and no padding, a kernel of size $k$ takes a side of $n$ pixels to $\lfloor (n - k) / 2 \rfloor + 1$ of them, and a transposed one to $2 (n - 1) + k$. Which kernels fit the maps of the networks for faces?

# %%
SIDES = [(64, 31), (31, 14)]  # encoder and discriminator
TRANSPOSED_SIDES = [(15, 31), (31, 64)]  # decoder
fits = {
    f"convolution, {n} to {after}": [k for k in range(1, 8) if (n - k) // 2 + 1 == after]
    for n, after in SIDES
} | {
    f"transposed, {n} to {after}": [k for k in range(1, 8) if 2 * (n - 1) + k == after]
    for n, after in TRANSPOSED_SIDES
}
notebook.Table({name: {"kernels that fit": " or ".join(map(str, k))} for name, k in fits.items()})

# %% [markdown]
# The decoder's kernels follow. In encoder and discriminator $4 \times 4$ is the only size that fits both convolutions, and we took it for both. With these kernels one can count the weights by hand from the shapes, the statistics of BatchNorm included, with $C$ for the dimension of a kernel in minibatch discrimination (chapter 6), which the diagram does *not* give:
#
# | Encoder | Decoder | Discriminator |
# |---|---|---|
# | $30\,028\,480$ | $31\,814\,595$ | $25\,847\,489 + 401\,408\,C$ |
#
# `faces-original` is our reconstruction. We build it and count, and list the settings that no diagram or text states, with what we chose. They are assumptions, not looked up.

# %%
original = experiments.EXPERIMENTS["faces-original"]
settings = {**original.settings, "seed": 0}
vaegan = original.build(settings, (64, 64, 3))
C = settings["minibatch_dim"]
by_hand = (30_028_480, 31_814_595, 25_847_489 + 401_408 * C)
original_count = sum(by_hand)

# %% tags=["hide-input"]
display(
    notebook.Table(
        {
            name: {"built": vaegan.networks[name].count_params(), "by hand": number}
            for name, number in zip(NETWORKS, by_hand, strict=True)
        },
        corner="weights",
    )
)
notebook.Table(
    {name: {"value": str(settings[name])} for name in sorted(original.assumptions)},
    corner="assumed",
)

# %% [markdown]
# The counts agree, so the code builds what the diagrams show. What has no weights is open: the counts would be the same with other batches, another rate of dropout, or another optimizer.

# %% [markdown]
# Nearly all of these weights belong to a few dense layers. Each step has to read all of them, compute as many slopes, and write all of them again. We time one step on a batch as large as we assumed. The optimizer is plain gradient descent, which stores nothing beside the weights; Adam keeps two more numbers for each weight.

# %%
batch, _ = datasets.render_faces(settings["batch_size"], seed=0)
vaegan.compile(*[keras.optimizers.SGD(1e-4) for _ in NETWORKS])
vaegan.train_on_batch(batch)  # compiles
seconds = min(timeit.repeat(partial(vaegan.train_on_batch, batch), number=1, repeat=3))
steps = 100 * 8500 / len(batch)  # a hundred epochs of its faces
print(f"one step on {len(batch)} faces: {seconds:.1f} s")
print(f"a hundred epochs: {steps * seconds / 60:.0f} minutes")

del vaegan  # hundreds of megabytes
_ = gc.collect()

# %% [markdown]
# ### Beside our runs
#
# By our measures S1 and the words of S2 and S3 are alike, and S4 by its log is far behind. By the original's sheets of epoch $95$, to our eyes, S4 comes first and S1 second, and S2 and S3 are broken. The two orders contradict each other, but neither refutes the other:
#
# - The project's S2 and S3 followed the rules of the logs, ours the words. And what broke them came after epoch $90$; ours stop at $40$.
# - The project's S4 had many more updates before its networks were stopped, and ran in another setting than its S1, perhaps with other labels. Ours differs from our S1 in the rule alone, and is stopped before there is a face.
# - Each order rests on one run of each rule. Theirs was judged by eye, on sixteen images each; ours by a network that has seen drawn faces, on as many images as there are held-out faces.
#
# In both, a loss may betray a breakdown, but no ranking by a loss is the ranking of the faces. To find out which rule makes better faces with the original's networks, one would have to run these, several times, and measure ([commands](own-data)). In these points, too, our runs differ from the project's:

# %% tags=["hide-input"]
run = first_of(rendered["s1"])
pictures, batch_size = run.config["data"]["train_count"], run.config["arguments"]["batch_size"]
built = experiments.EXPERIMENTS["faces-light"].build(
    {**run.config["arguments"]}, run.config["data"]["image_shape"]
)
light_count = sum(network.count_params() for network in built.networks.values())
updates = len(run.history) * -(-pictures // batch_size)
TABLE = {
    "pictures": ("photographs", "drawn"),
    "training faces": ("8500", f"{pictures}"),
    "pixels a side": ("64", f"{run.config['data']['image_shape'][0]}"),
    "epochs": ("100", f"{len(run.history)}"),
    "updates": (f"{100 * 8500 // faces_original['batch_size']}*", f"{updates}"),
    "weights": (f"{original_count / 1e6:.0f} mill.*", f"{light_count / 1e6:.0f} mill."),
    "runs of a rule": ("1", f"{min(len(runs) for runs in rendered.values())}"),
}
for row in (
    "batch_size",
    "latent_dim",
    "minibatch_kernels",
    "dropout",
    "flip_probability",
    "real_target",
    "fake_weight",
    "kl_weight",
    "feature_weight",
    "feature_scale",
    "gamma",
):
    star = "*" if row in experiments.EXPERIMENTS["faces-original"].assumptions else ""
    theirs, ours = (
        value if isinstance(value, str) else f"{value:.4g}"
        for value in (faces_original[row], run.config["arguments"][row])
    )
    TABLE[row] = (theirs + star, ours)
notebook.Table(
    {row: dict(zip(("original", "here"), pair, strict=True)) for row, pair in TABLE.items()},
    corner="* assumed, or follows from it",
)

# %% [markdown]
# In the original's S4 too the rule stopped the encoder first, and in training the discriminator won by far ({numref}`fig-faces-gap`). And yet its faces are the smoothest of the four. Why does the same rule spoil ours? A rule that counts epochs does not know how many updates there are in one.

# %% tags=["hide-input"]
ours = first_of(rendered["s4-log"])
steps_here = -(-ours.config["data"]["train_count"] // ours.config["arguments"]["batch_size"])
steps_there = 8500 // faces_original["batch_size"]
rows = {}
for network in NETWORKS:
    name = f"learning_rate_{network}"
    rows[network] = {
        f"original, batches of {faces_original['batch_size']} (assumed)": stopped(
            logged["s4"][name]
        )
        * steps_there,
        "here": stopped(ours.column(name)) * steps_here,
    }
notebook.Table(rows, corner="updates to a tenth of the rate")

# %% [markdown]
# In ours encoder and decoder are stopped after fewer than two hundred updates, before there is a face to be seen. In the original the decoder had more than ten times as many, if its batches were as large as we assumed. An epoch is not a measure of work ([chapter 9](09_mnist_experiment.ipynb) has the same with digits). So the damage that S4 by its log does here is that of this rule *with so few updates*, and our ranking of S4 says nothing against the original's sheets.

# %% [markdown]
# ## Exercises
#
# Replace the placeholder in each cell and run it. The check says what it proved, or gives a hint.
#
# ### Run and look
#
# Under S4 (log) in {numref}`fig-faces-rates` encoder and decoder are stopped early. How early can it be with S3's milder factor? Let every loss be lower than all before it. The rate begins at $5 \cdot 10^{-4}$, the factor is $0.75$, the floor $5 \cdot 10^{-6}$, the window four. After which epoch is the rate at its floor?

# %% tags=["exercise"]
# Exercise: floor_by_hand
# from 5e-4, factor 0.75, floor 5e-6, window 4, improvement; every loss is a new lowest
answer = None  # the epoch after which the rate is at the floor: replace None

exercises.check("floor_by_hand", answer)

# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: floor_by_hand
# from 5e-4, factor 0.75, floor 5e-6, window 4, improvement; every loss is a new lowest
# the first decay comes after epoch 5; 0.75 ** 16 is still above 1 / 100, 0.75 ** 17 is below
answer = 4 + 17

exercises.check("floor_by_hand", answer)

# %% [markdown]
# ### Derive: how long until it stops
#
# Now for any first rate, factor, floor and window. How many decays does it take, and when does the first one come? Derive the formula, then write it without a loop.


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
# ### Build: an attribute vector
#
# Write equation {eq}`eq-faces-attribute`. Then give your function to a model of drawn faces: `attribute_slope(model.encode(images), attribute)` is the direction to add to a code. What does it give for an attribute that is $0$ or $1$?


# %% tags=["exercise"]
# Exercise: attribute_slope
def attribute_slope(z, a):
    """Return the slope of codes z (N, latent_dim) over an attribute a (N,): (latent_dim,)."""
    # Means are over the faces; a[:, None] * z multiplies each code by its face's value.
    return None


exercises.check("attribute_slope", attribute_slope)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: attribute_slope
def attribute_slope(z, a):
    """Return the slope of codes z (N, latent_dim) over an attribute a (N,): (latent_dim,)."""
    centred = a - a.mean()
    return centred @ (z - z.mean(axis=0)) / np.sum(centred**2)


exercises.check("attribute_slope", attribute_slope)

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
# **1. A VAE-GAN's discriminator sees two fakes for every real image, each with half the weight of a real one, and hard labels. It has learned nothing. What does it answer at best?**
#
# <details><summary>a) One half.</summary>
#
# Right. Equation {eq}`eq-faces-best` with $t = 1$, $s = 0$ and $w = \tfrac12$: by weight, half of what it sees is real.
#
# </details>
# <details><summary>b) One third.</summary>
#
# No. That is the best answer where each kind of fake has full weight, as in chapter 9.
#
# </details>
# <details><summary>c) Zero, for most images are fake.</summary>
#
# No. Then every real image would cost $-\log 0$, which is infinite.
#
# </details>
#
# **2. A discriminator's loss on validation data is far above the price of being blind. In training it is below, and in both the fakes get low answers. What has happened?**
#
# <details><summary>a) The decoder has outrun it.</summary>
#
# No. Then it would take fakes for real, and do badly in training too.
#
# </details>
# <details><summary>b) It does badly on real images that it has not seen: it has overfitted, or its evaluation mode differs.</summary>
#
# Right. The loss on *training* images in evaluation mode decides between the two.
#
# </details>
# <details><summary>c) Its labels are soft, so its loss cannot be low.</summary>
#
# No. Soft labels can explain a loss on validation somewhat above the price with hard labels, but they raise the training loss too. Here that is low.
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
# <details><summary>b) That the two runs parted. Whether the rule made the difference, more seeds must show.</summary>
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
# - In our single runs the rules that stopped a network before there was a face gave the worst faces. The other rules could not be told apart.
# - The lowest losses came with the worst faces, most likely because a network's loss depends on how far its opponent's training has got. To rank faces, measure faces, beside what real ones get and over seeds.
# - With one seed, runs are the same until a rule first acts. From then on every difference, large or small, makes another run.
# - The slope of the codes over an attribute is a direction along which a decoder changes it.
# - A discriminator's loss has two levels. Blind, it pays $(1 + 2w)\, H(m)$, with $m$ the mean of all labels; if it recognises everything, $H(t) + 2w H(s)$.
# - Above the blind level on new images a discriminator has overfitted, was outrun, differs in evaluation mode, or was trained on soft labels. Look at its training loss, and at which images cost so much.
# - Before you take a mean over the last epochs, look at them. In the original's S2 and S3 that mean ranks a blow-up.
# - Two runs are compared by what differs between them. Dates, times of an epoch and levels of a loss may show that more than the rule differed.
#
# ## Sources
#
# - The experiment, the diagrams, the sheets and the logged losses: the [original project](https://github.com/Shuntw6096/VAE-GAN), its `README.md`, `img/` and `logs/lr1.zip` to `lr4.zip`; gone through on [our page](../book/original_project.md). The dates of its notebooks: the history of the repository.
# - The VAE-GAN and its losses: {cite}`larsen2016autoencoding`, equations 5 to 8 and Algorithm 1; its networks for faces, table 1 of the appendix.
# - The best discriminator for given densities, of which the blind answer is the case without any image: {cite}`goodfellow2014generative`, proposition 1.
# - Soft labels: {cite}`salimans2016improved`, section 3.4; minibatch discrimination, section 3.2. Soft and noisy labels as a trick: {cite}`chintala2016train`, item 6, under the number and the title by which the original's README links to a list of tricks.
# - The Fréchet distance as a measure of samples: {cite}`heusel2017gans`, equation 6.
# - The photographs: {cite}`bainbridge2013intrinsic`.
