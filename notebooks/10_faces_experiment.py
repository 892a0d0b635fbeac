# %% [markdown]
# # Chapter 10: The faces experiment
#
# *Run time: 158 s on two CPU cores, measured at the last execution.*
#
# **What makes better faces: the rule of the learning rate, or something else? And do the losses tell?**
#
# After this chapter you can
#
# - compare two rankings, and say what a few runs can tell about a rule;
# - explain why the lowest losses may come with the worst faces;
# - improve a model of faces by its networks and its loss, and say whether the adversary was worth its time;
# - train a VAE-GAN on pictures of your own, draw from it, and say what its numbers are worth;
# - write the direction of an attribute in code space (chapter 5 moves faces along it).
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

import json
from itertools import combinations, permutations
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib.ticker import LogLocator, NullFormatter

from vaegan_edu import (
    callbacks,
    datasets,
    exercises,
    experiments,
    metrics,
    plotting,
    records,
)
from vaegan_edu.experiments.settings import ORIGINAL_RATE, RULES
from vaegan_edu.widgets import RunExplorer

NETWORKS = ("encoder", "decoder", "discriminator")


# %% [markdown]
# ## The faces
#
# The experiment of 2020 trained on photographs that may not be passed on. So the course draws faces by itself ([their page](../book/faces.md) says how): skin, hair, glasses, the turn of the head and more are chosen at random. Here are some of those that the networks of this chapter learn from, at their size of $32$ pixels.

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Drawn faces, as the networks see them in training.", "name": "fig-faces-drawn"}, "image": {"alt": "Six rows of sixteen small drawn heads on white. Skin from pale to dark brown; bald heads, short and long hair in black, brown, blond, red and grey; some with glasses, some with a beard; shirts in several colours."}}
(drawn, _), _ = datasets.load("rendered-faces", 32, 96)
figure, axes = plt.subplots(figsize=(plotting.WIDTH, 2.5))
axes.imshow(plotting.tile(datasets.scale_pixels(drawn), columns=16))
axes.axis("off")
print(f"{len(drawn)} training faces of {drawn.shape[1]} pixels")
notebook.show_as_jpeg(figure)

# %% [markdown]
# ## Seven rules
#
# The project trained a VAE-GAN on its faces once under each of four rules of the learning rate, S1 to S4. Here small networks are trained by these rules, and by two more for comparison. Each network's rate begins at $5 \cdot 10^{-4}$. Under S1 it stays there, and under the cosine it depends on the epoch alone; under all others it follows that network's own validation loss. *Words* are those of the project's README, *log* is what its log shows. S2, S3 and S4 all ran otherwise than their words say ([chapter 11](11_original_project.ipynb) finds that out). S4 ran as their reverse and is here in both readings, S2 and S3 by their words alone; S3 by its log first acts in epoch $53$, so in forty epochs it would be S1.
#
# A *control* has no rule, but a tenth of S1's rate throughout: it learns less.

# %% tags=["hide-input"]
RESULTS = Path("../book/results/faces-light")
TITLES = {
    "s1": "constant (S1)",
    "s2": "patience 10 (S2)",
    "s3": "patience 6 (S3)",
    "s4-text": "no fall (S4, words)",
    "s4-log": "fall (S4, log)",
    "plateau": "plateau",
    "cosine": "cosine",
}
CONTROL = {"small-rate": "control, a tenth"}


def read(data, rules=TITLES):
    """Return the finished runs on some data by rule, each a mapping from seed to record."""
    found = {}
    for rule in rules:
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


SAYS = {
    "s1": "never",
    "s2": "after {patience} epochs without a new lowest loss",
    "s3": "after {patience} epochs without a new lowest loss",
    "s4-text": "when the loss is not below the lowest of the {window} before",
    "s4-log": "when the loss is below the lowest of the {window} before",
    "plateau": "after {patience} epochs without a new lowest loss",
    "cosine": "by the clock, along half a cosine wave",
}
rendered = read("rendered")
with_control = rendered | read("rendered", CONTROL)
NAMES = TITLES | CONTROL
rules = {rule: RULES[rule](ORIGINAL_RATE, 40).get_config() for rule in TITLES}
rules["small-rate"] = RULES["s1"](ORIGINAL_RATE / 10, 40).get_config()
display(
    notebook.Table(
        {
            NAMES[rule]: {
                "begins at": f"{config['initial']:g}",
                "the rate falls": SAYS.get(rule, "never").format(**config),
                "by the factor": config.get("factor", ""),
                "not below": f"{config['minimum']:g}" if "minimum" in config else "",
            }
            for rule, config in rules.items()
        },
        corner="rule",
    )
)
run = first_of(rendered["s1"])
minutes = [sum(r.column("seconds")) / 60 for found in with_control.values() for r in found.values()]
print(f"{run.config['data']['train_count']} faces, {len(run.history)} epochs, {len(minutes)} runs")
print(f"a run took {np.mean(minutes):.1f} minutes")

# %% [markdown]
# Each run has its record, made by a command like
#
# ```bash
# python -m vaegan_edu train faces-light --image-size 32 --train-count 1000 --epochs 40 --schedule s3-text
# ```
#
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
    print(f"  {'':20}{'lowest':>8}{'first':>8}{'last':>9}")
    print(f"  {'':20}{'loss':>8}{'decay':>8}{'rate':>9}")
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
        print(f"  {TITLES[rule]:20}{np.argmin(losses) + 1:8d}{when:>8}{led[-1]:9.1e}")
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
# Under both readings of S4 rates fall early and far: two networks or all three are at the floor before the end. Under S2 and S3 as written they fall in few and small steps, those of encoder and decoder hardly at all. And under every rule but S4 as logged, the discriminator's loss is lowest in the first epochs, when the decoder has hardly learned anything. A rule that waits for a new lowest loss sees none from then on.

# %% [markdown]
# ## What came out
#
# Here are sixty-four faces of each rule after the last epoch, and of the control. Before you read on, rank the sheets by eye.


# %% mystnb={"figure": {"caption": "Sixty-four faces of each rule and of the control after forty epochs, first seed, from the same codes.", "name": "fig-faces-sheets"}, "image": {"alt": "Eight sheets of eight by eight small drawn faces on white. S1, S2 and S3: soft faces whose skin, hair and clothes differ, with eyes in some. Cosine and plateau: softer, with hardly any eyes. Both S4, and the control still more: brown grainy heads that look alike, without eyes, with frayed outlines."}} tags=["hide-input"]
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
        axes.set_title(NAMES[rule], fontsize=10)
    notebook.show_as_jpeg(figure)


print(f"epoch {len(first_of(rendered['s1']).history)}, the same 64 codes for every rule")
show_sheets("rendered", with_control, 40)

# %% [markdown]
# Under S1, S2 and S3 as written, and the cosine there are faces, blurred but different from one another. Both readings of S4 leave grainy heads that look alike, and so does the control, which had no rule.

# %% [markdown]
# Now the numbers. The Fréchet distance (low is good) compares the features of generated and of held-out faces, seen by a regressor that was trained on drawn faces ([their page](../book/faces.md) introduces it); *coverage* (high is good) is the share of held-out faces that have a generated one near by.

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
    print(f"  {'':20}{'best':>7}{'epoch':>7}{'last':>7}")
    for rule in rendered:
        curve = curves[rule, column]
        best = curve.argmax() if column == "sample_coverage" else curve.argmin()
        print(f"  {TITLES[rule]:20}{curve[best]:7.2f}{best + 1:7d}{curve[-1]:7.2f}")
panels[0].set_yscale("log")
panels[1].set_xlabel("epoch")
figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
plt.show()


# %% [markdown]
# ## How large is a difference?
#
# Why does one need other seeds, when two runs begin with the same weights and differ in the rule alone?
#
# ### Two runs from one seed
#
# The cell below trains twice, for ten epochs of a few drawn faces, under S1 and under S4 as logged. The weights, the order of the data and all noise come from one seed, so both must be *the same run* until a rule first acts. (On a GPU the cell trains the original's networks for $100$ epochs.)

# %%
data = "rendered-faces"  # or "us-adult-faces", or a path of pictures
name = profile.choose(cpu="faces-light", gpu="faces-original")
image_size = profile.choose(cpu=32, gpu=64)
train_count, validation_count = profile.choose(cpu=(200, 128), gpu=(8500, 1500))
if profile.quick:
    train_count, validation_count = 64, 64
epochs = profile.epochs(cpu=10, gpu=100)

(x_train, _), (x_validation, _) = datasets.load(
    data, image_size, train_count if data == "rendered-faces" else None
)
x_train = datasets.scale_pixels(x_train[:train_count])
x_validation = datasets.scale_pixels(x_validation[:validation_count])

experiment = experiments.EXPERIMENTS[name]


def train(rule):
    """Train under a rule; return its history, 64 images and the model."""
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
    history = callbacks.HistoryWriter(f"../runs/chapter-10/{rule}/history.csv")
    model.fit(
        x_train,
        validation_data=(x_validation,),
        epochs=epochs,
        batch_size=arguments["batch_size"],
        verbose=0,
        callbacks=[callbacks.LearningRateSchedules(rules), history],
    )
    return history.rows, model.generate(64, seed=0), model


short, sheets, trained = {}, {}, {}
for rule in ("s1", "s4-log"):
    short[rule], sheets[rule], trained[rule] = train(rule)
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
# The losses are equal to the last bit until some rule first acts. After that the smallest change of one weight grows step by step until every batch looks different. So a difference between two such runs need not come from what the rule is good for; another seed brings a different run too.

# %% tags=["nbval-ignore-output", "hide-input"] mystnb={"figure": {"caption": "Sixty-four images of each of the two short runs, from the same codes, after the last epoch.", "name": "fig-faces-small"}, "image": {"alt": "Two sheets of eight by eight small pictures. Left, pale reddish ovals on white, the ghosts of heads, each a little different. Right, every square is filled by the same reddish grain, with a hint of an oval in the middle."}}
figure, panels = plt.subplots(1, 2, figsize=(plotting.WIDTH, 3.4))
for axes, rule in zip(panels, sheets, strict=True):
    axes.imshow(plotting.tile(sheets[rule], columns=8))
    axes.set_title(TITLES[rule])
    axes.axis("off")
    print(f"last rates, {TITLES[rule]}")
    for network in NETWORKS:
        print(f"  {network:14}{short[rule][-1][f'learning_rate_{network}']:.1e}")
notebook.show_as_jpeg(figure)

# %% [markdown]
# Ten epochs of a few faces make ghosts at best, and under S4 as logged, where each improvement lowers the rate as soon as the window is full, little more than grain.
#
# ### Three runs of each
#
# So a run is one draw, and each rule was run from the same three seeds. In the figure a dot is the Fréchet distance of the run's final samples against the training faces, as `evaluate` measures it. (The curves above compare with held-out faces, so their numbers differ a little.)

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
def told(values):
    """Return the mean over seeds, with its interval where there are three or more."""
    return metrics.mean_interval(values) if len(values) >= 3 else float(np.mean(values))


rows = {}
for rule, runs in with_control.items():
    differences = [
        run.metrics["random_frechet_distance"]
        - rendered["s1"][seed].metrics["random_frechet_distance"]
        for seed, run in runs.items()
        if seed in rendered["s1"]
    ]
    rows[NAMES[rule]] = {
        "seeds": len(runs),
        "Fréchet distance": told([run.metrics["random_frechet_distance"] for run in runs.values()]),
        "coverage": told([run.metrics["random_coverage"] for run in runs.values()]),
        "above S1 by": told(differences) if rule != "s1" and differences else "",
    }
notebook.Table(rows)

# %% [markdown]
# In brackets stands Student's interval over three seeds; *above S1 by* compares runs of the same seed. S1, S2 and S3 as written, and the cosine cannot be told apart. Of S2 and S3 that is no surprise, for they hardly slowed encoder and decoder down ({numref}`fig-faces-rates`); the surprise is the cosine, which ends at nothing. Both readings of S4 are worse: each of their six runs has a larger distance than each of the twelve runs of those four rules. *How much* worse, three seeds leave open, for the interval of the difference reaches below zero. `plateau` lies between. And the control, which follows no loss, has the largest mean distance of all.

# %% [markdown]
# ## Do the losses tell?
#
# The project looked at its sheets and losses. First a mark for that of the discriminator, the *blind* level of chapter 5 (equation {eq}`eq-vaegan-blind`): a discriminator that sees no difference answers $t / (1 + 2w)$ to every image, with the label $t$ of real images and the weight $w$ of each kind of fakes.

# %%
light = experiments.EXPERIMENTS["faces-light"].settings
weight = 1 + 2 * light["fake_weight"]
d = light["real_target"] / weight
level = -weight * (d * np.log(d) + (1 - d) * np.log(1 - d))
print(f"faces-light: a blind discriminator answers {d:.2f} and pays {level:.2f}")

# %% [markdown]
# Now the losses stand beside the two measures of the faces. Each number is a mean over the last ten epochs.

# %% tags=["hide-input"]
COLUMNS = {
    **{n: f"val_{n}_loss" for n in NETWORKS},
    **{title: name for name, title in QUALITY.items()},
}
table = {
    rule: {title: [last_ten(run, name) for run in runs.values()] for title, name in COLUMNS.items()}
    for rule, runs in with_control.items()
}
display(
    notebook.Table(
        {
            NAMES[rule]: {f"{n}'s loss": np.mean(row[n]) for n in NETWORKS}
            | {title: told(row[title]) for title in QUALITY.values()}
            for rule, row in table.items()
        },
        corner="last ten epochs",
    )
)
del table["small-rate"]  # the rankings below are of the seven rules

# %% [markdown]
# How well does the ranking by a loss agree with that by the Fréchet distance? Take every pair of rules, and ask whether the lower loss comes with the lower distance. The share of pairs that agree is one if the loss ranks the faces, and about one half if it says nothing. (Twice the share less one is known as *Kendall's tau*.) With so few rules a coin may be far from one half, so the cell also counts, over all orders of seven rules, between which shares a coin stays in nine cases of ten.


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
    print(f"  {network:14}{agreement(means(network), distance):4.0%}{place:>30}")
print(f"  {'coverage':14}{agreement(-means('coverage'), distance):4.0%}")
orders = np.array(list(permutations(range(len(table)))))
first, second = np.triu_indices(len(table), 1)
coin = np.sum(orders[:, first] < orders[:, second], axis=1)
within = {k: np.mean((coin >= k) & (coin <= len(first) - k)) for k in range(len(first) // 2)}
k = max(k for k, share in within.items() if share >= 0.9)
print(f"a coin: {k / len(first):.0%} to {1 - k / len(first):.0%} in {within[k]:.0%} of all orders")
print("the same for each seed alone")
for network in NETWORKS:
    shares = [
        agreement(
            *np.array(
                [
                    [row[title][seed] for title in (network, "Fréchet distance")]
                    for row in table.values()
                ]
            ).T
        )
        for seed in range(3)
    ]
    print(f"  {network:14}" + "".join(f"{share:6.0%}" for share in shares))

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
panels[2].axvline(level, color="0.4", linestyle="--", linewidth=1)
panels[0].set_ylabel("Fréchet distance")
figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
plt.show()

# %% [markdown]
# No loss picks out the best faces, and the lowest ones point to the worst: the lowest loss of encoder and decoder belongs to S4 as written, that of the discriminator to S4 as logged. Of the shares over the means only the encoder's lies outside of what a coin gives: its loss ranks the rules almost in reverse. From each seed alone the losses of encoder and decoder agree with fewer than half of the pairs.
#
# ## Why the worst faces have the lowest losses
#
# For the first seed of each rule, the first table says after which epoch a network's rate had fallen to a tenth of where the rules begin. Its last column is the sum of the discriminator's rates over all epochs, a mean over seeds, in units of S1's rate: how much it could learn at all. The second table has what $D$ answers at the end to held-out faces, to their reconstructions and to samples, beside a measure that is the same for all runs: the distance of a held-out face from its reconstruction in *pixels*. Below stands the discriminator's training loss under both readings of S4, beside the blind level.


# %% tags=["hide-input"]
def stopped(rates):
    """The epoch after which a rate had fallen to a tenth of the first, or None."""
    low = np.flatnonzero(np.array(rates) <= ORIGINAL_RATE / 10)
    return int(low[0]) + 1 if len(low) else None


def learned(run):
    """The discriminator's rates, summed over the epochs that they led, in units of S1's."""
    led = [rule_of(run).initial, *run.column("learning_rate_discriminator")[:-1]]
    return sum(led) / ORIGINAL_RATE


sums = {rule: np.mean([learned(r) for r in runs.values()]) for rule, runs in with_control.items()}
firsts = {NAMES[rule]: first_of(runs) for rule, runs in with_control.items()}
display(
    notebook.Table(
        {
            NAMES[rule]: {
                n: stopped(first_of(runs).column(f"learning_rate_{n}")) or "never" for n in NETWORKS
            }
            | {"sum of D's rates": sums[rule]}
            for rule, runs in with_control.items()
        },
        digits=1,
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
for rule in ("s4-text", "s4-log"):
    loss = last_ten(first_of(rendered[rule]), "discriminator_loss")
    print(f"{TITLES[rule]:20} discriminator's training loss {loss:.2f}, blind {level:.2f}")
share = agreement([-sums[rule] for rule in table], distance)
print(f"pairs of rules in which the larger sum of D's rates has the lower distance: {share:.0%}")

# %% [markdown]
# **S4 as written** stops the *discriminator* first. The discriminator's loss is lowest in the first epochs. From then on the decoder's progress raises this loss, the rule reads that as stagnation, and the rate is soon at the floor. By the end this discriminator answers nearly the same to real faces and to fakes, and its loss lies above the blind level in training as well, so it does worse than one fixed answer. Against such an opponent the losses of encoder and decoder are low.
#
# **S4 as logged** stops *encoder and decoder* first, since their losses improve steadily in the beginning and each improvement lowers their rate. The discriminator keeps its rate for longer and wins against an opponent that hardly moves: its answers to real faces and to fakes lie far apart, and its loss is the lowest of all.
#
# Both stories say that a network's loss depends on how fast its *opponent* learns. But there is a simpler one: whoever is stopped early has *learned less*. The control follows no loss, and yet its encoder and decoder have lower losses than those of S1, S2 and S3, and its mean distance is the largest of all. And the sum of the discriminator's rates ranks the seven rules just as their mean distances do, though two of the sums are nearly equal. So S4 may be no more than learning less. These runs cannot tell, since the rates were made from the losses; a test would replay the rates of one run in another seed.
#
# Either way no loss stands for the faces. The encoder's, which seems to measure copies, is a distance in the discriminator's features, and every run has features of its own. By the one measure that all runs share, the pixels, both readings of S4 make worse copies than S1, S2 and S3.

# %% [markdown]
# ## Move through the runs
#
# Choose a rule and move the epoch. Sheets were kept after epochs $1$, $5$, $20$ and $40$. At which do faces appear, and does the discriminator's loss show it?

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
# Drawn faces are simpler than photographs. So the same seven rules were run, with one seed each, on official portraits of members of the US Congress, in the public domain. There are $874$ of them, of which $743$ are for training; for a model of faces that is *very* few.
#
# A photograph shows somebody. So this page has sheets of many, and numbers over the whole set: no edit of one person's code, no path from one person to another, no enlarged copy.

# %% mystnb={"code_prompt_show": "Show the measures of the photographs", "code_prompt_hide": "Hide the measures"} tags=["hide-cell"]
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
worse = [
    run.metrics["sharpened_2_frechet_distance"] > run.metrics["random_frechet_distance"]
    for run in runs
]
print(f"contrast times two: a larger distance in {sum(worse)} of {len(worse)} runs")
notebook.Table(rows, corner="portraits")

# %% mystnb={"figure": {"caption": "Sixty-four generated portraits of each rule after forty epochs on the Congress portraits, from the same codes.", "name": "fig-faces-congress"}, "image": {"alt": "Seven sheets of eight by eight small generated portraits, one a rule. S1, S2, S3 and cosine: soft heads with dark or light hair before bluish backgrounds, some broken into patches. Plateau: softer, more alike and grainy. In all of these some squares are broken into a lattice. S4 (log): blurred heads with red blotches, more of them broken. S4 (words): a coarse coloured grain in which hardly a head is seen."}} tags=["hide-input"]
print("nearest training picture, over held-out")
for rule, runs in congress.items():
    run = first_of(runs)
    nearest = run.metrics["random_nearest_distance"] / run.metrics["real_nearest_distance"]
    print(f"{TITLES[rule]:20} {nearest:.2f}")
show_sheets("congress", congress, 40)

# %% [markdown]
# The groups are those of the drawn faces, further apart. In front there are blurred heads, hair and suits. S4 as written leaves grain, S4 as logged blurred heads with red blotches, and under the other rules, too, some samples are broken into a lattice. A sample of the group in front is on average about as far from its nearest training picture as a held-out portrait is, so as a whole they are no copies, though a mean does not exclude single ones.
#
# The measuring network has seen only drawn faces. So read its distances beside what real portraits get, and beside a control, samples with doubled contrast. That makes every run worse here, so no rule won its place by sharpness.
#
# ## What made better faces
#
# Under the best rules the faces are blurred, and these rules differ little. So a search looked for something else to change, from here on with pictures of the original's $64$ pixels and $8\,500$ drawn faces. It gave each try the same work, counted in multiplications, and compared its samples with faces that were held out for the search. It varied three things:
#
# - the *networks*: `"deep"` has one step down more than the light networks that were used so far (`"larsen"`), no large dense layer, and a step costs less than half, so in equal work it takes more of them;
# - the *loss*: `pixel_weight=1` adds a VAE's squared error of pixels to the feature loss, for encoder and decoder;
# - the *game*: a bundle that had helped on digits, *stronger game*, of a discriminator that learns faster, a smaller `gamma`, a start as a plain VAE, and fakes that are reconstructions alone.
#
# *As it was* are the light networks with features alone. A *mixture* gives codes from Gaussians that were fitted to the codes of real faces ([chapter 5](05_vaegan.ipynb)); *contrast* is the control, samples with their contrast raised, at its best. The column before *steps* counts those of the start as a VAE.

# %%
SEARCH = Path("../benchmarks/results/face_recipe")
TRIES = {
    "as-it-was": "as it was",
    "vae-beta-0.3": "VAE, deep, beta 0.3",
    "start-game": "deep, stronger game",
    "start-game-pixels": "deep, stronger game, pixels",
    "deep": "deep",
    "deep-pixels": "deep, pixels",
}
rows = {}
for file, title in TRIES.items():
    tried = json.loads((SEARCH / f"{file}-0.1-seed-0.json").read_text())
    ways = tried["ways"]
    rows[title] = {
        "as a VAE first": tried["logs"].get("steps_as_vae", [0])[0],
        "steps": tried["steps"],
        "Fréchet, as drawn": ways["plain"]["frechet_distance"],
        "contrast": min(way["frechet_distance"] for name, way in ways.items() if " x" in name),
        "mixture": ways["mixture"]["frechet_distance"],
        "coverage, as drawn": ways["plain"]["coverage"],
        "coverage, mixture": ways["mixture"]["coverage"],
    }
print(f"real faces: Fréchet {ways['real']['frechet_distance']:.2f}, coverage", end="")
print(f" {ways['real']['coverage']:.2f}")
notebook.Table(rows, digits={"Fréchet, as drawn": 1, "contrast": 1, "mixture": 1}, corner="try")

# %% [markdown]
# There is one run of each. `deep, pixels` is ahead in all columns but that of the control, and the stronger game did harm.
#
# That try was then trained for longer, once:
#
# ```bash
# python -m vaegan_edu train faces-light --set preset=deep --set pixel_weight=1 --epochs 30
# ```

# %% mystnb={"figure": {"caption": "Sixty-four samples of the prior at $64$ pixels, not selected: the light networks as they were, and the deep ones with features and pixels, trained for longer.", "name": "fig-faces-64"}, "image": {"alt": "Two sheets of eight by eight drawn heads. Left, soft heads with varied hair, skin and clothes, most without clear eyes, some with torn edges of the hair. Right, nearly all have eyes, brows, a nose and a mouth, many wear clear glasses; in many the hair has white holes and flecks around it."}} tags=["hide-input"]
SHEETS = {"light, features": "seed-0", "deep, features and pixels": "deep-64-seed-0"}
figure, panels = plt.subplots(1, 2, figsize=(plotting.WIDTH, 3.5))
for axes, (title, name) in zip(panels, SHEETS.items(), strict=True):
    run = records.read_record(RESULTS / name)
    axes.imshow(plt.imread(max((RESULTS / name).glob("samples/epoch-*.png"))))
    axes.set_title(title, fontsize=10)
    axes.axis("off")
    print(f"{title}: {len(run.history)} epochs of {run.config['data']['train_count']} faces")
    for kind, words in {"random": "prior", "mixture": "mixture", "real": "real faces"}.items():
        if f"{kind}_coverage" in run.metrics:
            print(f"  {words:10} Fréchet {run.metrics[f'{kind}_frechet_distance']:4.1f}", end="")
            print(f", coverage {run.metrics[f'{kind}_coverage']:.2f}")
notebook.show_as_jpeg(figure)

# %% [markdown]
# In the right sheet, which had five times the epochs of the left one, most faces have eyes and brows; mouths are often smudged. The holes and flecks around the hair come mostly from the *codes*: from a mixture's codes the same decoder draws whole heads, as [chapter 5](05_vaegan.ipynb) shows. This model comes with the package, as `vaegan_edu.pretrained("vaegan-faces-64")`.
#
# Is that the networks' doing, or the VAE-GAN's? A VAE of the same encoder and decoder was trained for as many epochs, at this size and at half of it, and at the smaller size once more for over twice as many. An epoch of a VAE takes less time, so the distance is drawn against minutes. These are not the minutes that passed, for other work slowed some epochs several times: at $32$ pixels *VAE, longer* is for nineteen epochs the same run as *VAE*, at half the pace. So each network and size gets one clock, the epoch times the median seconds of an epoch; two VAEs of one size share the lower of their medians.

# %% mystnb={"figure": {"caption": "Fréchet distance of samples of the prior after each epoch, for deep networks of two sizes of pictures. Minutes are the epoch times the median seconds of an epoch of that network; the two VAEs of one size share the lower of their medians. One run each.", "name": "fig-faces-time"}, "image": {"alt": "Two line charts with logarithmic axes, Fréchet distance against minutes. In both, the VAE-GAN's line begins later than the VAE's and above it, crosses it at its second point and ends far below. On the right a third line, a VAE trained for longer, lies on the first, goes on, and ends a little lower and far above the VAE-GAN."}} tags=["hide-input"]
figure, panels = plt.subplots(1, 2, figsize=(plotting.WIDTH, 3.0), sharey=True)
RUNS = {"VAE": "vae-faces/deep-{}", "VAE, longer": "vae-faces/deep-{}-long"}
RUNS["VAE-GAN"] = "faces-light/deep-{}"
for axes, size in zip(panels, (64, 32), strict=True):
    folders = {
        model: RESULTS.parent / f"{name.format(size)}-seed-0" for model, name in RUNS.items()
    }
    # the longer run was made at one size
    found = {model: records.read_record(f) for model, f in folders.items() if f.exists()}
    medians = {model: np.median(run.column("seconds")) / 60 for model, run in found.items()}
    vae = min(median for model, median in medians.items() if model != "VAE-GAN")
    pace = {model: medians[model] if model == "VAE-GAN" else vae for model in found}
    print(f"{size} pixels: an epoch of the VAE-GAN takes as long as", end="")
    print(f" {pace['VAE-GAN'] / vae:.1f} of the VAE")
    game = found["VAE-GAN"].column("sample_frechet_distance")
    for model, run in found.items():
        distances = run.column("sample_frechet_distance")
        minutes = pace[model] * np.arange(1, len(distances) + 1)
        axes.loglog(minutes, distances, color=f"C{list(RUNS).index(model)}", label=model)
        until = min(int(minutes[-1] / pace["VAE-GAN"] + 1e-9), len(game))  # its epochs by then
        print(f"  {model:12}{len(distances):3d} epochs {minutes[-1]:5.1f} min", end="")
        print(f"{distances[-1]:6.1f}, the VAE-GAN by then {game[until - 1]:4.1f}")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set(title=f"{size} pixels", xlabel="minutes")
panels[0].set_ylabel("Fréchet distance")
panels[1].legend()
plt.show()

# %% [markdown]
# From its second epoch on the VAE-GAN is ahead at equal time. The longer VAE had a little less time than the VAE-GAN and ended at about twice the distance that the VAE-GAN had by then. On the digits of chapter 5 more contrast let the VAE draw level; here it does not ([the faces' page](../book/faces.md) has both models' measures in full). So in these runs the adversary was worth its time. But there is one run of each, and the VAE had only one `beta`. The same page has four small models at $32$ pixels with three seeds each, where no order of the four is shown. How much of the lead is the game and how much the learned features, these runs do not separate.
#
# ## And the project's own runs?
#
# They do not answer the question. S4 differs from the others in more than its rule, and in S2 and S3 the losses blew up shortly before the end. By its sheets, to our eyes, S4's faces are the best, while ours are among the worst. [Chapter 11](11_original_project.ipynb) reads these logs, and says why neither order refutes the other; you may skip it.
#
# (own-data)=
# ## Train on faces of your own
#
# One command trains on any folder or zip of pictures, of faces or of anything else. They are cut to squares of $32$ or $64$ pixels, and fifteen percent of them are held out:
#
# ```bash
# python -m vaegan_edu train faces-light --data PATH --set preset=deep --set pixel_weight=1 --image-size 32 --epochs 40 --output runs/mine
# python -m vaegan_edu train faces-light --data PATH --image-size 32 --epochs 40 --output runs/mine-light
# ```
#
# The first has the deep networks with pixels that were ahead above, on $8\,500$ drawn faces; the second, with the light ones, is the comparison.
#
# On two cores forty epochs of a thousand pictures take some minutes. The same command with `--resume` continues a run that was stopped; a second run needs another `--output`. `python -m vaegan_edu show faces-light` prints all settings, and `--set NAME=VALUE` changes one, as in `--set gamma=0.1`. Without `--schedule` the learning rate is that of chapter 7's first try. (The original project's rules bring their own first rate, $5 \cdot 10^{-4}$.)
#
# Afterwards `runs/mine` holds the weights, the curves (`history.csv`), sheets of samples (`samples/`), the measures (`metrics.json`), and a page that shows all of it, `index.html`. Use the run by
#
# ```bash
# python -m vaegan_edu generate runs/mine --count 64 --output sheet.png   # new pictures
# python -m vaegan_edu reconstruct runs/mine FOLDER --output copies       # copies of pictures
# python -m vaegan_edu evaluate runs/mine                                 # the measures
# ```
#
# or load it in Python:
#
# ```python
# model = experiments.load_run("runs/mine").model  # has encode, decode, generate, reconstruct
# ```
#
# How does one read what came out?
#
# 1. *Look* at the sheets. They are made from the same codes after each epoch.
# 2. Compare the discriminator's loss with its blind level, which *Do the losses tell?* computes for these settings, and count steps: training pictures over batch size, times epochs.
# 3. Read each measure beside its floor, the row of real pictures, and beside the control, samples with more contrast. **The network that measures has seen drawn faces only.** Of other pictures it may see nothing that matters, and you need [a judge of your own](04_how_good_is_it.ipynb).
# 4. Look at the distance to the nearest training picture, beside that of held-out ones: is a sample a copy?
# 5. If the result is bad, find its row in *What a healthy VAE-GAN looks like* of [chapter 5](05_vaegan.ipynb). Change one setting by `--set`, and train again, from more than one seed (`--seed 1`). Before you change `gamma`, measure both pulls with the function `pulls` of [chapter 9](09_mnist_experiment.ipynb), on the loaded model and a batch of `datasets.load_image_folder("PATH", 32)[0]`.
#
# If you choose settings by the validation losses, keep further pictures aside for the last measurement. Where pictures show people, show sheets of many, not single persons.
#
# <details><summary>How does one train the original's much larger networks?</summary>
#
# With a GPU, and under one of the project's rules: `s1`, `s2-text`, `s2-log`, `s3-text`, `s3-log`, `s4-text` or `s4-log`.
#
# ```bash
# python -m vaegan_edu train faces-original --data PATH --schedule s1
# ```
#
# The project's photographs, the *10k US Adult Faces Database* {cite}`bainbridge2013intrinsic`, are given out by their authors on request. Put what you were sent into the folder that `VAEGAN_EDU_DATA` names and say `--data us-adult-faces`.
#
# </details>
#
# ## Exercises
#
# Replace the placeholder in each cell and run it. The check says what it proved, or gives a hint.
#
# ### Run and look
#
# Under S4 as logged in {numref}`fig-faces-rates` encoder and decoder are stopped early. How early can it be with S3's milder factor? Let every loss be lower than all before it. The rate begins at $5 \cdot 10^{-4}$, the factor is $0.75$, the floor $5 \cdot 10^{-6}$, the window four. After which epoch is the rate at its floor?

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
# ### Build: an attribute vector
#
# Chapter 5 moved codes along the difference of two means, the *attribute vector* {cite}`larsen2016autoencoding`. Where an attribute has a value $a_n$ for each face, and not only yes or no, take the slope of the codes $z_n$ over it:
#
# $$
# v = \frac{\sum_n (a_n - \bar a)\,(z_n - \bar z)}{\sum_n (a_n - \bar a)^2} .
# $$ (eq-faces-attribute)
#
# For an attribute that is $0$ or $1$ it is the attribute vector of Larsen et al.; show that first. Then write it. With a model of drawn faces `attribute_slope(model.encode(images), attribute)` is the direction to add to a code; {numref}`fig-vaegan-faces` of chapter 5 shows what comes of it. [The faces' page](../book/faces.md) measures what such vectors move: skin, hair and the turn of the head, but hardly what is small. So measure a vector beside a random direction of the same length.


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
# Right. Chapter 5's $t / (1 + 2w)$ with $t = 1$ and $w = \tfrac12$: by weight, half of what it sees is real.
#
# </details>
# <details><summary>b) One third.</summary>
#
# No. That is the best answer where each kind of fake has full weight, as in chapter 9.
#
# </details>
#
# **2. You train `faces-light` on photographs of birds, and `evaluate` gives a Fréchet distance. What does it say of the birds?**
#
# <details><summary>a) How good they are: the lower, the better.</summary>
#
# No. The network that measures has seen drawn faces only. What makes a bird may leave no trace in its features.
#
# </details>
# <details><summary>b) Little by itself.</summary>
#
# Right. Look at the sheets, and read the number beside what real birds and samples with more contrast get. To measure birds you need a network that knows them.
#
# </details>
# <details><summary>c) Nothing, for on pictures of one's own nothing can be measured.</summary>
#
# No. The distance to the nearest training picture needs no network that knows birds, and a judge can be trained.
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
#
# ## What to remember
#
# - Each run under either reading of S4 gave worse faces, by the Fréchet distance, than all runs of S1, the cosine, and S2 and S3 as written. These four could not be told apart.
# - The losses did not rank the faces, and the lowest came with the worst faces. A control without a rule but with a tenth of the rate did much the same, so S4 may be no more than learning less. To rank faces, measure faces.
# - In a short search deep networks with pixels beside features were ahead; trained for longer they drew faces with eyes and glasses. A VAE of the same encoder and decoder stayed behind, with more contrast and in equal time too, in one run of each.
# - With one seed, runs are the same until a rule first acts. From then on they are different runs, so compare over seeds.
# - The slope of the codes over an attribute is a direction to try; measure whether the attribute follows it.
# - On pictures of your own: look at the sheets, read every measure beside its floor and its control, and ask what the network that measures has seen.
#
# ## Sources
#
# - The experiment and its rules: the [original project](https://github.com/Shuntw6096/VAE-GAN), its `README.md`; gone through on [our page](../book/original_project.md).
# - The VAE-GAN and its attribute vectors: {cite}`larsen2016autoencoding`, section 3 and Algorithm 1, and its experiments on faces.
# - The Fréchet distance as a measure of samples: {cite}`heusel2017gans`, equation 6.
# - The photographs: {cite}`bainbridge2013intrinsic`.
