# %% [markdown]
# # Chapter 10: The faces experiment
#
# *Run time: 0 s on two CPU cores, measured at the last execution.*
#
# **Does the rule of the learning rate decide what faces come out, and could the original's curves have told?**
#
# After this chapter you can
#
# - rebuild networks from a diagram, check them by counting weights, and name what the diagram leaves open;
# - say what an experiment will cost before you run it;
# - tell from a discriminator's validation loss that it would do better not to look;
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

import gc
import time
from itertools import combinations
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np

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

# %matplotlib inline
plotting.style()
profile = experiments.current_profile()

# %% [markdown]
# ## The experiment of 2020
#
# The project that this course grew out of had a second half. It trained a VAE-GAN on $10\,000$ photographs of faces, four times: once for each of four rules of the learning rate. [Chapter 7](07_schedules.ipynb) explains these rules, S1 to S4, and tells why there are two readings of S4. Each of the three networks followed its own validation loss, for $100$ epochs.
#
# It then showed sheets of faces and curves of losses, and gave one number for each network and rule: the validation loss, as a mean over the last ten epochs. Here they are, the only numbers on this page that were not computed by a cell. They come from one run each.

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
    print(f"{network:14}" + "".join(f"{v:8.2f}" for v in values.values()) + f"   {min(values, key=values.get)}")

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
stated = dict(zip(NETWORKS, (30_028_480, 31_814_595, 25_847_489 + 401_408 * settings["minibatch_dim"]), strict=True))
for name, network in vaegan.networks.items():
    count = network.count_params()
    print(f"{name:14} {count:11,} weights, as stated: {count == stated[name]}")
print("assumed:", ", ".join(f"{name} {settings[name]}" for name in sorted(original.assumptions)))

# %% [markdown]
# The counts agree, so layers, kernels, strides, padding and the $16$ features are right. What lies outside of the counts is open: the counts would be the same with other batches, another rate of dropout, or another optimizer.
#
# ### What a run would cost
#
# Nearly all of these weights stand in a few dense layers. Each step has to read all of them, compute as many slopes, and write all of them again. We time one step. To keep it small, the batch is small, and the optimizer is plain gradient descent, which stores nothing beside the weights. Adam would have to move three times as much memory.

# %%
batch = datasets.scale_pixels(datasets.render_faces(24, seed=0)[0]) if False else datasets.render_faces(24, seed=0)[0]
vaegan.compile(*[keras.optimizers.SGD(1e-4) for _ in NETWORKS])
vaegan.train_on_batch(batch)  # compiles
start = time.perf_counter()
vaegan.train_on_batch(batch)
seconds = time.perf_counter() - start
steps = 100 * 8500 / len(batch)  # a hundred epochs of the original's data at this batch size
print(f"one step on {len(batch)} faces: {seconds:.2f} s")
print(f"a hundred epochs at this pace: {steps * seconds / 60:.0f} minutes")
print("more than three hours for one rule:", steps * seconds > 3 * 3600)

del vaegan  # hundreds of megabytes
_ = gc.collect()

# %% [markdown]
# Seven rules, and each from several seeds: that is weeks on two cores. So light networks stand in for the original's. `faces-light` has the same three parts and the same losses with other weights, and about a hundredth of the parameters. What we find holds for them, and is a lead for the original's, no more.
#
# ## The losses, and a judge who does not look
#
# The three losses are those of [chapter 5](05_vaegan.ipynb), with weights. Write `kl_loss` for the KL divergence of the codes from the prior, `feature_loss` for the distance of image and reconstruction in the discriminator's features, $D$ for the discriminator's probability of "real", $\hat x$ for a reconstruction, and $x_p$ for an image decoded from the prior. All are means over the batch:
#
# $$
# \begin{aligned}
# \mathcal L_{\text{Enc}} &= \texttt{kl\_weight} \cdot \texttt{kl\_loss} + \texttt{feature\_weight} \cdot \texttt{feature\_loss}, \\
# \mathcal L_{\text{Dec}} &= -\log D(\hat x) - \log D(x_p) + \texttt{gamma} \cdot \texttt{feature\_loss}, \\
# \mathcal L_{\text{Dis}} &= \ell(x) - w \log(1 - D(\hat x)) - w \log(1 - D(x_p)) .
# \end{aligned}
# $$ (eq-faces-losses)
#
# The weight $w$ of each kind of fake is `fake_weight`. A real image has the label $t$, `real_target`, a little below one, so it pays
#
# $$
# \ell(x) = -t \log D(x) - (1 - t) \log(1 - D(x)) .
# $$ (eq-faces-soft)
#
# The cell prints both sets of weights.

# %%
light = experiments.EXPERIMENTS["faces-light"]
print(f"{'':18}{'original':>12}{'light':>10}")
for name in ("kl_weight", "feature_weight", "feature_scale", "gamma", "fake_weight", "real_target", "flip_probability", "latent_dim", "batch_size"):  # fmt: skip
    values = [experiment.arguments[name] for experiment in (original, light)]
    a, b = (v if isinstance(v, str) else f"{v:.3g}" for v in values)
    print(f"{name:18}{a:>12}{b:>10}")

# %% [markdown]
# Now to the question what a loss can tell. How large is $\mathcal L_{\text{Dis}}$ for a discriminator that learned nothing at all? Let it not even look: it answers the same number $d$ for every image. Then equation {eq}`eq-faces-losses` becomes
#
# $$
# \mathcal L_{\text{Dis}}(d) = -t \log d - (1 - t + 2 w) \log(1 - d) .
# $$ (eq-faces-guess)
#
# Its derivative is zero where $t / d = (1 - t + 2w) / (1 - d)$. So the best guess is
#
# $$
# d^* = \frac{t}{1 + 2 w} .
# $$ (eq-faces-best)
#
# That is not one half. In the original each batch holds two fakes for every real image, with full weight: who must guess says one third. Put $d^*$ into equation {eq}`eq-faces-guess`, and you have the price of not looking. A discriminator whose *validation* loss is higher than that does worse on new images than one that never looks.


# %%
def guess(real_target, fake_weight):
    """Best constant answer of the discriminator, and its loss."""
    d = real_target / (1 + 2 * fake_weight)
    return d, -real_target * np.log(d) - (1 - real_target + 2 * fake_weight) * np.log(1 - d)


for text, t, w in (("original, hard labels", 1.0, 1.0), ("original, soft labels", settings["real_target"], 1.0),
                   ("light networks", light.arguments["real_target"], light.arguments["fake_weight"])):  # fmt: skip
    d, price = guess(t, w)
    print(f"{text:22} best guess {d:.3f}, loss {price:.3f}")
price = guess(1.0, 1.0)[1]
print("\nthe original's discriminators, against a guess:")
for rule, (_, _, loss) in REPORTED.items():
    print(f"{rule:7} {loss:.2f}, worse than not looking: {loss > price}")

# %% [markdown]
# So the original's curves *could* have told something, and about all four rules alike. On images that it had not learned from, each discriminator did worse than a guess. Either it was sure that real validation faces are fake, because it had learned the training faces by heart, or it was sure that fakes are real. Its conclusion that the discriminator overfits (claim C5, [tested here](../book/claims.md)) stands in its own table. One needs to know the price of a guess to read it.
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
logs, sheets = {}, {}
for rule in ("s1", "s4-log"):
    arguments = {**experiment.arguments, "schedule": rule, "epochs": epochs, "learning_rate": 5e-4,
                 "batch_size": profile.choose(cpu=32, gpu=100), "seed": 0}  # fmt: skip
    keras.utils.set_random_seed(0)
    model = experiment.build(arguments, x_train.shape[1:])
    rules = experiment.compile(model, arguments, steps=None)
    history = callbacks.HistoryWriter(f"{folder}/{rule}/history.csv")
    model.fit(
        x_train, validation_data=(x_validation,), epochs=epochs, batch_size=arguments["batch_size"], verbose=0,
        callbacks=[callbacks.LearningRateSchedules(rules), history,
                   callbacks.TensorBoardLog(f"{folder}/{rule}/log", history)],
    )  # fmt: skip
    logs[rule], sheets[rule] = history.rows, model.generate(64, seed=0)

print(f"{sum(network.count_params() for network in model.networks.values()):,} weights, {len(x_train)} faces, {epochs} epochs")
for network in NETWORKS:
    rates = [row[f"learning_rate_{network}"] for row in logs["s4-log"]]
    losses = [[row[f"val_{network}_loss"] for row in logs[rule]] for rule in logs]
    fell = np.flatnonzero(np.diff([5e-4, *rates]) < 0)
    first = fell[0] + 1 if len(fell) else epochs
    print(f"{network:14} rates are those of a replay:", rates == schedules.replay(rules[network], losses[1]))
    print(f"{'':14} equal losses up to the first decay:", losses[0][:first] == losses[1][:first])
del model

# %% [markdown]
# The same losses to the last bit, up to the epoch in which some rule first acts. After that they are two different runs, and they differ in more than the rate: the smallest change of one weight grows step by step until every batch looks different. Keep this in mind. *Any* change of a rule, however small, brings a different run, as another seed would.

# %% tags=["nbval-ignore-output"] mystnb={"figure": {"caption": "Sixty-four images of each of the two runs, from the same codes, after ten epochs. The cell prints each run's last learning rates and its Fréchet distance.", "name": "fig-faces-small"}, "image": {"alt": "Two sheets of eight by eight small pictures on white. Both show rough, blurred heads with a patch of hair and a dark body; those of one sheet are a little more finished than those of the other."}}
figure, panels = plt.subplots(1, 2, figsize=(plotting.WIDTH, 3.4))
for axes, rule in zip(panels, sheets, strict=True):
    axes.imshow(plotting.tile(sheets[rule], columns=8))
    axes.set(xticks=[], yticks=[], title=rule)
    axes.grid(False)
    print(rule, ", ".join(f"{n} {logs[rule][-1][f'learning_rate_{n}']:.1e}" for n in NETWORKS))
plt.show()

# %% [markdown]
# ## In full
#
# The records below are longer: $1\,000$ drawn faces of $32$ pixels, $40$ epochs, and seven rules. S4 is there in both readings; `plateau` (halve the rate after five epochs without a new best) and `cosine` are there for comparison. All begin at the original's $5 \cdot 10^{-4}$. Each was made by a command like
#
# ```bash
# python -m vaegan_edu train faces-light --image-size 32 --train-count 1000 --epochs 40 --schedule s3
# ```
#
# `make results` makes all of them. The next cell reads what is there.

# %%
RESULTS = Path("../book/results/faces-light")
TITLES = {"s1": "S1", "s2": "S2", "s3": "S3", "s4-text": "S4, text", "s4-log": "S4, log",
          "plateau": "plateau", "cosine": "cosine"}  # fmt: skip


def read(data):
    """Return the finished runs on some data by rule, each a mapping from seed to record."""
    found = {}
    for rule in TITLES:
        folders = sorted(path.parent for path in RESULTS.glob(f"{data}-{rule}/seed-*/metrics.json"))
        if folders:
            found[rule] = {int(f.name.removeprefix("seed-")): records.read_record(f) for f in folders}
    return found


def last_ten(run, column):
    """Mean of a column over the last ten epochs."""
    return float(np.mean(run.column(column)[-10:]))


rendered = read("rendered")
for rule, runs in rendered.items():
    run = next(iter(runs.values()))
    print(f"{TITLES[rule]:9} seeds {list(runs)}, {len(run.history)} epochs,",
          f"{run.config['data']['train_count']} faces, first rate {run.config['arguments']['learning_rate']:g}")  # fmt: skip
