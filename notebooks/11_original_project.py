# %% [markdown]
# # Chapter 11: Reading the original project
#
# *Run time: 17 s on two CPU cores, measured at the last execution.*
#
# **How does one find out from a log what ran, and what the runs show?**
#
# After this chapter you can
#
# - find a rule from what went into it and what came out, and say what a log leaves open;
# - rebuild networks from diagrams, count them, and let a log rule assumptions out;
# - compute what a discriminator pays that sees nothing, and one that recognises everything, whatever the labels;
# - tell whether runs differ in more than the one thing that they were meant to compare.
#
# You may skip this chapter: nothing else needs it. What it concludes can be looked up: the project's notebooks stand in its public repository, though we could not read them here ([its page](../book/original_project.md) says why). Read it when you have a training to judge that you did not make, or to check that a program does what its description says.
#
# You need chapter 7 for the first part, chapter 9 for the second and chapter 10 for the third. Words are explained in the [glossary](../book/glossary.md), symbols in the [notation](../book/notation.md).

# %% mystnb={"code_prompt_show": "Colab needs this cell", "code_prompt_hide": "Hide Colab's cell"} tags=["colab", "nbval-skip", "hide-cell"]
# Colab needs the course's package and its records. Elsewhere this cell does nothing.
import os
import sys

if "google.colab" in sys.modules and not os.path.exists("11_original_project.py"):
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
from datetime import datetime
from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import LogLocator, NullFormatter

from vaegan_edu import exercises, experiments, networks, plotting, records, schedules
from vaegan_edu.widgets import ScheduleExplorer

NETWORKS = ("encoder", "decoder", "discriminator")
RESULTS = Path("../book/results")

# %% [markdown]
# ## Words and logs
#
# The [project](https://github.com/Shuntw6096/VAE-GAN) that this course grew out of left a README in Chinese, diagrams of its networks, curves, sheets of samples, and the logs of five runs: one on MNIST, and one on faces under each of the rules S1 to S4. Without its code there are two sources, what was *written* and what was *logged*. The work is always the same: turn words into a prediction, hold it against the log, and say what the log excludes.
#
# | Part | Written | Logged | Question |
# | --- | --- | --- | --- |
# | the rules | a sentence or a few numbers for each rule | losses, and the rate after each epoch | Which rule ran? |
# | the settings | diagrams of layers and losses | three losses on MNIST | With which settings? |
# | the comparison | curves and sheets of four runs | their losses, and the times of their entries | Which rule is the best? |
#
# The first part stands alone, and is enough for one sitting. The second, on MNIST, is optional even within this chapter: of it the third needs only *What a discriminator pays, whatever the labels*.

# %% tags=["hide-input"]
logs = {
    run: {name: np.array(values) for name, values in columns.items()}
    for run, columns in records.original_logs().items()
}
KINDS = {"training losses": "", "validation losses": "val_", "learning rates": "learning_rate_"}
notebook.Table(
    {
        run: {"epochs": len(columns["epoch"])}
        | {
            kind: sum(
                f"{begin}{network}{'' if 'rate' in begin else '_loss'}" in columns
                for network in NETWORKS
            )
            for kind, begin in KINDS.items()
        }
        for run, columns in logs.items()
    },
    corner="logged run",
)

# %% [markdown]
# ## The rules: what did the program do?
#
# Which rules did the project follow? Of S2 and S3 its README gives the first rate, the factor, the lowest rate, and "patience", $10$ and $6$. It does not explain that word. We read it as Keras' `ReduceLROnPlateau` means it: lower the rate after that many epochs without a new lowest loss. S4 is described by a sentence in Chinese, which says: wait six epochs at first; if the next validation loss has not fallen against the six before it, decay the learning rate; do not clear the buffer after a decay. Chapter 7 has these words in code:

# %%
WORDS = {
    "S1": schedules.Constant(5e-4),
    "S2": schedules.Plateau(5e-4, factor=0.85, minimum=1e-4, patience=10),
    "S3": schedules.Plateau(5e-4, factor=0.75, minimum=5e-6, patience=6),
    "S4": schedules.WindowedDecay(5e-4, factor=0.6, minimum=5e-6, window=6),
}

# %% [markdown]
# The project logged, after each of $100$ epochs, the validation loss of each network and the rate that the rule then set: what went into the rule and what came out. *Forward*, from a rule and losses to rates, is one call of `replay`. *Backward*, from losses and rates to the rule, there is no formula; that is an **inverse problem**. One way to solve it is to guess a rule, let it predict the rates, look where it fails, and guess again.
#
# First we try the words. If they are what ran, the replayed rate is the logged one in all $100$ epochs of the encoder, the decoder and the discriminator.


# %%
def logged(run):
    """Yield for each network what a run logged: its name, validation losses, and rates."""
    for network in NETWORKS:
        yield (
            network,
            logs[run][f"val_{network}_loss"],
            logs[run][f"learning_rate_{network}"],
        )


def agreeing(run, rule):
    """Count for each network the epochs in which a rule, or a function of losses, is right."""
    predict = rule if callable(rule) else partial(schedules.replay, rule)
    return [
        int(np.isclose(predict(losses), rates, rtol=1e-4).sum()) for _, losses, rates in logged(run)
    ]


def count_table(counts, corner):
    """Return a table of the epochs that agree, by network and in all."""
    return notebook.Table(
        {
            name: dict(zip(NETWORKS, row, strict=True)) | {"all, of 300": sum(row)}
            for name, row in counts.items()
        },
        corner=corner,
    )


words = {name: agreeing(f"faces-{name.lower()}", WORDS[name]) for name in ("S2", "S3", "S4")}
count_table(words, "words; epochs that agree")

# %% [markdown]
# None of the three descriptions, as we read them, is what ran. A single decay too many makes all later epochs wrong, so we look at the decays themselves.
#
# ### Look at the decays
#
# Each rate fell a number of times. What had the loss just done? We line all of these moments up, so that the decay is at the right edge, and measure each loss from the one at the decay.

# %% mystnb={"figure": {"caption": "The losses before each decay, all networks, lined up at the decay and measured from the loss there, which is zero. Under S4 every decay comes after a *fall*: all lines come down to it, and all four losses before lie above. Under S2 and S3 the last step into every decay goes *up*; further back there is no common side. The two charts differ in scale.", "name": "fig-schedules-decays"}, "image": {"alt": "Two charts with many thin lines that meet at zero at the right edge, where the decay is. Left, S4: all lines lie above zero before the decay and come down to it. Right, S2 and S3: all lines lie below zero one epoch before the decay and rise to it; earlier they lie on both sides, most of them below."}} tags=["hide-input"]
fell, before_decay = {}, {"S4": [], "S2 and S3": []}
print("    decays  shortest  after a  after a  below all")
print("            gap       rise     fall     four before")
for name in ("S2", "S3", "S4"):
    gaps, above, below, lowest = [], 0, 0, 0
    for network, losses, rates in logged(f"faces-{name.lower()}"):
        at = np.flatnonzero(np.diff([5e-4, *rates]) < 0)  # counted from 0
        fell[name, network] = at
        gaps.extend(np.diff(at))
        above += np.sum(losses[at] > losses[at - 1])
        below += np.sum(losses[at] < losses[at - 1])
        lowest += sum(losses[t] < losses[t - 4 : t].min() for t in at)
        group = name if name == "S4" else "S2 and S3"
        before_decay[group] += [losses[t - 4 : t + 1] - losses[t] for t in at]
    decays = sum(len(fell[name, network]) for network in NETWORKS)
    print(f"{name} {decays:7d} {min(gaps):9d} {above:8d} {below:8d} {lowest:10d}")
figure, panels = plt.subplots(1, 2, figsize=(plotting.WIDTH, 3.4))
for axes, (name, lines), reach in zip(panels, before_decay.items(), (1.6, 0.4), strict=True):
    axes.plot(
        range(-4, 1), np.transpose(lines), "o-", color="C0", alpha=0.4, markersize=3, linewidth=1
    )
    axes.axhline(0, color="black", linewidth=1)
    axes.set(title=name, xlabel="epochs from the decay", xticks=range(-4, 1), ylim=(-reach, reach))
panels[0].set_ylabel("loss, from that at the decay")
plt.show()

# %% [markdown]
# ### S4: the reversal
#
# S4's words lower the rate when the loss has *not* fallen, but in its log the rate goes down when the loss *has* fallen: each of its decays comes at a loss below all four before it. So our first hypothesis is the words with the comparison reversed. With $\mathcal L_t$ for the loss of epoch $t$ and $m_t$ for the lowest loss in the window of epochs before it,
#
# $$
# \text{improvement: decay if } \mathcal L_t < m_t .
# $$ (eq-schedules-improvement)
#
# `WindowedDecay` has it as `decay_on="improvement"`. The words say a window of six; we try that, and the lengths around it.

# %%
improvement = partial(schedules.WindowedDecay, 5e-4, 0.6, 5e-6, decay_on="improvement")
S4_LOG = improvement(window=4)  # the one that will fit
counts = {f"{n}": agreeing("faces-s4", improvement(window=n)) for n in range(1, 9)}
count_table(counts, "improvement, window")

# %% [markdown]
# With a window of four, the rule gives the logged rate in every epoch of every network. It differs from the words by a $<$ in place of a $\geq$, and a four in place of a six.
#
# So the rate goes down when training goes well. A loss that falls steadily then lowers the rate in every epoch once the window is full, until the rate is at its floor.
#
# ### S2 and S3: your turn
#
# Now the two rules that say "patience". The table above {numref}`fig-schedules-decays` holds two clues. Their decays come after a *rise* of the loss. And the shortest gap between two decays of one network is ten epochs under S2 and six under S3, the numbers that the words call patience. A third clue is harder to see: losses from before a decay do not count any more. So keep a list of the losses that do. What is on it at the first test after a wait, how does it grow from epoch to epoch, and when is it emptied?
#
# Look at the encoder around its decay in epoch $39$.

# %% mystnb={"figure": {"caption": "S2's encoder around three of its decays. Grey: the epochs after a decay, in which nothing is tested. Dots: tested losses, filled where the log decays. The dotted line is the highest of the last ten losses.", "name": "fig-schedules-window"}, "image": {"alt": "A jagged loss over epochs 23 to 58 with two grey bands. Before, between and after the bands, dots mark tested losses: a filled one alone, then four open ones and a filled one, then seven open ones and a filled one. In the middle group a dotted line runs far above all dots, at the first filled dot it lies above it, at the last below it."}} tags=["hide-input"]
_, losses, rates = next(logged("faces-s2"))
decays = [int(t) + 1 for t in fell["S2", "encoder"]][1:4]  # epochs, counted from 1
figure, axes = plt.subplots(figsize=(plotting.WIDTH, 3.6))
axes.plot(range(23, 59), losses[22:58], color="0.6", linewidth=1)
print("epoch   loss  last ten  log")
for start, decay in zip([decays[0], *[d + 10 for d in decays]], decays, strict=False):
    tests = np.arange(start, decay + 1)
    far = [max(losses[t - 11 : t - 1]) for t in tests]
    axes.stairs(
        far,
        np.arange(start, decay + 2) - 0.5,
        baseline=None,
        color="C2",
        linewidth=2,
        linestyle=":",
        label="highest of the last ten" if decay == decays[0] else None,
    )
    axes.plot(
        tests[:-1], losses[tests[:-1] - 1], "o", color="C0", markerfacecolor="white", zorder=3
    )
    axes.plot(decay, losses[decay - 1], "o", color="C0", zorder=3)
    axes.axvspan(decay + 0.5, min(decay + 9.5, 58), color="0.5", alpha=0.2)
    if decay == decays[1]:
        for t in range(start - 1, decay + 1):
            upper = max(losses[t - 11 : t - 1])
            word = "waits" if t < start else "decays" if t == decay else "holds"
            print(f"{t:5d} {losses[t - 1]:6.3f} {upper:9.3f}  {word}")
axes.set(xlabel="epoch", ylabel="val_encoder_loss", xlim=(22.5, 58.5))
axes.legend()
plt.show()

# %% [markdown]
# Every filled dot is too high against something, and no open one is. The highest of the last ten losses is not it. Begin with the encoder alone, and print the first epoch in which your rate and the logged one differ.
#
# `name, losses, rates = next(logged("faces-s2"))` gives the encoder's losses and rates. The check replays your rule over the logged losses of S2, and says in how many of the $300$ epochs the rates agree and where they first differ. S2's rates never fall before epoch $11$, so your function gets $11$ as `start`.


# %% tags=["exercise"]
# Exercise: find_rule
def find_rule(losses, initial, factor, minimum, patience, start):
    """Return the learning rate after each of the losses, a list."""
    # From epoch `start` on, counted from 1, a loss that is too high lowers the rate.
    # Too high against what? And when may the rate fall again?
    return None


exercises.check("find_rule", find_rule)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: find_rule
def find_rule(losses, initial, factor, minimum, patience, start):
    """Return the learning rate after each of the losses, a list."""
    rate, next_test, rates = initial, start, []
    kept = []  # the losses that the next one is compared with
    for epoch, loss in enumerate(losses, start=1):
        if epoch < next_test:
            kept = [loss]  # while it waits it forgets all but the last loss
        elif loss > max(kept):
            rate = max(rate * factor, minimum)
            next_test = epoch + patience
            kept = [loss]
        else:
            kept = [*kept, loss][-patience:]
        rates.append(rate)
    return rates


exercises.check("find_rule", find_rule)

# %% [markdown]
# ### Guess, fail, look, guess again
#
# Here is one way to the answer. All three guesses wait ten epochs after a decay, then decay at the first loss that is too high. They differ in what the loss is compared with.


# %%
def replay_guess(losses, factor, patience, start, window, forgets, kept=1):
    """Decay at a loss above the last `window` losses, then wait `patience` epochs.

    If it `forgets`, a test sees only losses since the end of the wait. At the first test after a
    wait that is one loss; at the first of all `kept`.
    """
    rate, next_test, rates = 5e-4, start, []
    for epoch, loss in enumerate(losses, start=1):
        if epoch >= next_test:
            seen = min(window, kept + epoch - next_test) if forgets else window
            if loss > max(losses[max(epoch - 1 - seen, 0) : epoch - 1]):
                rate, next_test, kept = rate * factor, epoch + patience, 1
        rates.append(rate)
    return rates


s2_guess = partial(replay_guess, factor=0.85, patience=10, start=11)
guesses = {
    "the epoch before": {"window": 1, "forgets": False},
    "the last ten epochs": {"window": 10, "forgets": False},
    "those of them since the wait": {"window": 10, "forgets": True},
}
counts = {n: agreeing("faces-s2", partial(s2_guess, **guess)) for n, guess in guesses.items()}
count_table(counts, "S2, above")

# %% [markdown]
# The *first* guess decays too often: the log lets some rises pass, so the loss must exceed more than its predecessor.
#
# The *second* guess compares with the last ten losses, and it is too strict: a high loss from before the last decay stays in its window and forbids decays that the log has ({numref}`fig-schedules-window`).
#
# So a decay seems to forget what came before it. The *third* guess compares with the losses since the end of the wait alone, at most ten. The first test after a wait has one loss to compare with, the last one of the wait, and the window grows from there. This guess agrees in all $300$ epochs.
#
# Now S3. Its words have patience $6$; by analogy its first test would be in epoch $7$.

# %%
s3_guess = partial(replay_guess, factor=0.75, patience=6, window=6, forgets=True)
starts = (7, 51, 52, 53, 54, 55)
counts = {f"{start}": agreeing("faces-s3", partial(s3_guess, start=start)) for start in starts}
count_table(counts, "S3, first test in epoch")

# %% [markdown]
# With a start in epoch $7$ it fails: the rates of S3 do not move for $52$ epochs, which the README does not mention. With the first test in epoch $53$ the same rule gives all of S3's rates.
#
# This is `schedules.PeakDecay`. Write $P$ for `patience`, and let $f$ be the first epoch in which the rule may act again: `start` at first, afterwards the epoch of the last decay plus $P$. From $f$ on the rule compares the loss with the highest since then, of the last $P$ at most:
#
# $$
# \begin{aligned}
# & M_t = \max\{\mathcal L_i : i \geq f - 1,\ t - P \leq i < t\}, \\
# & \text{peak: decay if } \mathcal L_t > M_t .
# \end{aligned}
# $$ (eq-schedules-peak)
#
# Now all three rules stand beside the logs, the words and what was found.

# %%
LOGS = {
    "S2": schedules.PeakDecay(5e-4, factor=0.85, minimum=1e-4, patience=10, start=11),
    "S3": schedules.PeakDecay(5e-4, factor=0.75, minimum=5e-6, patience=6, start=53),
    "S4": S4_LOG,
}
notebook.Table(
    {
        name: {
            source: sum(agreeing(f"faces-{name.lower()}", rules[name]))
            for source, rules in {"words": WORDS, "log": LOGS}.items()
        }
        for name in LOGS
    },
    corner="epochs that agree, of 300",
)

# %% [markdown]
# ### What the logs leave open
#
# All $900$ logged rates agree. Would other rules do as well? To find out, change the rule where it can be changed, and ask the logs again: here by the length of the window, and by what is in it at the first test.

# %% tags=["hide-input"]
rows = {}
found = {"S2": (partial(s2_guess, forgets=True), 10), "S3": (partial(s3_guess, start=53), 6)}
changes = {f"window {more:+d}": {"more": more} for more in range(-3, 4)}
for change, extra in {**changes, "window full at the first test": {"more": 0}}.items():
    rows[change] = {}
    for name, (guess, patience) in found.items():
        kept = patience if "full" in change else 1
        rule = partial(guess, window=patience + extra["more"], kept=kept)
        rows[change][name] = sum(agreeing(f"faces-{name.lower()}", rule))
for name in found:
    lowest_rate = min(min(rates) for *_, rates in logged(f"faces-{name.lower()}"))
    print(f"{name}: lowest rate {lowest_rate:.1e}, minimum {LOGS[name].minimum:.1e}")
answers = []
for name in found:
    for _, losses, _ in logged(f"faces-{name.lower()}"):
        rule = LOGS[name].fresh()
        for loss in losses:
            if rule.epoch + 1 >= rule.next_test:
                answers.append(loss > max(rule.previous))
            rule.update(loss)
decays, holds = sum(answers), len(answers) - sum(answers)
share = decays / len(answers)
bits = -decays * np.log2(share) - holds * np.log2(1 - share)
print(f"S2 and S3: {len(answers)} questions, {decays} decays, {holds} holds; {bits:.0f} bits")
notebook.Table(rows, corner="epochs that agree, of 300")

# %% [markdown]
# - **The length of the window.** One less or one more than `patience` fits both runs as well. We keep the simplest, one number for both uses.
# - **Ties.** $>$ or $\geq$? No tested loss equals the one that it is compared with, so the log cannot say.
# - **The lowest rate.** No rate of S2 or S3 came down to the minimum that the words give. S4 did reach its own.
# - **How S3 opens.** Why its first test is in epoch $53$; and whether the window was empty or full by then, since both fit.
# - **The code.** A log shows what a program did on the losses that it met.
#
# <details><summary>Could a rule fit by luck, when so many were tried?</summary>
#
# Before this rule was found many others had been tried, of which we kept no list, and with enough tries one of them fits by luck. So count how much had to fit. From `start` on, each epoch outside of a wait puts a question to the rule: decay, or not? A line printed above counts them for S2 and S3, and the rule answers all of them as the log does.
#
# Now imagine a wrong rule that knows only *how often* the program decays, in a share $r$ of the questions, and otherwise guesses. With $k$ decays and $h$ holds it gives all the answers with probability $r^k (1 - r)^h = 2^{-n}$, and $n$ is the number of *bits* above. If as many as $100\,000 \approx 2^{17}$ such rules are tried, the chance that one fits is at most $2^{17}$ times as large, which leaves about a hundred bits between the rule and luck. That is rough, because the answers are not independent and our guesses learned from failures. But the rule took shape on S2 and could have failed on S3; there only the start is new. Neither argument excludes a *close relative* of the rule.
#
# </details>
#
# ### For trainings of your own
#
# So S2 and S3 lower the rate when the validation loss climbs above its recent values, at most once in `patience` epochs: another rule than Keras'. S4 does the opposite of its words. Such a gap between words and code is easily made:
#
# - **Log the rate itself**, each epoch, beside the loss. Without the project's logged rates none of this could have been found out.
# - **Replay the rule over the logged losses.** If the rates differ, code and words differ.
# - **Test the rule on losses whose answer you know**: a falling list, a flat one, a tie, a list shorter than the window.
#
# Now by hand: choose a logged loss of a decoder and a rule. The dashed line is the rate that was logged, the count says in how many epochs yours agrees. Which settings of S2 can you move without losing one?

# %% tags=["nbval-ignore-output", "hide-input"]
decoders = {f"decoder, {name}": logs[f"faces-{name.lower()}"] for name in LOGS}
ScheduleExplorer(
    {name: run["val_decoder_loss"] for name, run in decoders.items()},
    logged={name: run["learning_rate_decoder"] for name, run in decoders.items()},
    curve="decoder, S2",
    rule="plateau",
    factor=0.85,
    epochs=10,
    minimum=1e-4,
    start=11,
    title="Which rule makes the logged rates?",
)

# %% [markdown]
# ## The settings: what was trained on MNIST?
#
# You rebuilt a paper's network, and your loss is three times theirs. What can their log tell you?
#
# **Count the parameters; look for constants in a logged loss, which tell sizes; compute both levels of a discriminator; then vary the assumed settings one at a time, and list those that the log excludes.**
#
# Here is how that goes for the experiment of chapter 9, `vaegan-mnist-original`. Neither words nor diagrams fix all of its settings, so some are *assumed*.

# %%
experiment = experiments.EXPERIMENTS["vaegan-mnist-original"]
settings = experiment.settings
mnist = logs["mnist"]
print("assumed:", ", ".join(sorted(experiment.assumptions)))

# %% [markdown]
# ### A level for the encoder
#
# The logged encoder loss does not go below a certain value, although the KL term and the feature loss both can come close to zero. In the project's diagram the feature term passes through a box *nature log pdf*, the natural logarithm of a probability density. For a Gaussian of variance one and $F$ features its negative is
#
# $$
# \begin{aligned}
# & -\log \mathcal N(\texttt{Dis}_l(x)) = {} \\
# & \quad \tfrac12 \lVert \texttt{Dis}_l(x) - \texttt{Dis}_l(\hat x) \rVert^2 \\
# & \quad {} + \tfrac F2 \log 2 \pi ,
# \end{aligned}
# $$ (eq-mnist-constant)
#
# and the last term is a constant. It moves no weight, so our `feature_loss` leaves it out. But if the diagram was followed, it is in what was logged, times the encoder's weight $1 / 4096$, and it gives away $F$, and with it the layer whose features are compared. Three layers are candidates. The constant of the right one must lie below all that was logged.

# %% tags=["hide-input"]
FEATURES = {  # outputs of the discriminator's layers, by the diagrams
    "first convolution": (13 * 13 * 64, 31 * 31 * 64),
    "second convolution": (5 * 5 * 128, 14 * 14 * 128),
    "dense layer": (1024, 1024),
}


def constant(features):
    """Return what the Gaussian's constant adds to the encoder's loss."""
    return 0.5 * np.log(2 * np.pi) * features / 4096


def lowest(runs):
    """Return the lowest encoder loss that the original logged in any of these runs."""
    return min(min(logs[run]["encoder_loss"]) for run in runs)


notebook.Table(
    {
        f"constant, {layer}": dict(zip(("MNIST", "faces"), map(constant, counts), strict=True))
        for layer, counts in FEATURES.items()
    }
    | {
        "lowest loss logged": {"MNIST": lowest(["mnist"]), "faces": lowest(logs.keys() - {"mnist"})}
    },
    digits=3,
)

# %% [markdown]
# The first convolution is ruled out, on both data sets. The constant of the second lies just below the lowest loss on both; the dense layer's would leave most of both losses to be explained. So the features are very likely those of the second convolution. Whether they are taken before its BatchNorm, after it, or after the activation, the constant does not tell, because all three have the same $F$.

# %% [markdown]
# ### What a discriminator pays, whatever the labels
#
# The next two sections need a level to hold a discriminator's loss against. Chapter 5 has that of the *blind* discriminator, which sees no difference and gives every image the same answer $d$ (equation {eq}`eq-vaegan-blind`), for fakes with the label zero. Labels of fakes may be soft or noisy as well. Let $t$ be the *mean* label of real images $x$, and $s$ that of fakes, of reconstructions $\hat x$ and of images $x_p$ decoded from the prior, each kind with the weight $w$. With $\ell_t$ for the cross-entropy with the label $t$ the loss is
#
# $$
# \begin{aligned}
# \ell_t(x) = & -t \log D(x) \\
# & - (1 - t) \log(1 - D(x)), \\
# \mathcal L_{\text{Dis}} = & \ \ell_t(x) + w\, \ell_s(\hat x) + w\, \ell_s(x_p) .
# \end{aligned}
# $$ (eq-faces-soft)
#
# The cross-entropy is linear in the label, so of labels that are drawn at random only the mean counts. A blind discriminator does best if it answers the mean of all labels, each with its weight, and pays the *price of being blind*:
#
# $$
# \begin{aligned}
# & d^* = m = \frac{t + 2 w s}{1 + 2 w} , \\
# & \mathcal L_{\text{Dis}}(d^*) = (1 + 2 w)\, H(m), \\
# & H(m) = -m \log m - (1 - m) \log(1 - m) .
# \end{aligned}
# $$ (eq-faces-price)
#
# $H$ is the entropy of [chapter 3](03_kl_divergence.ipynb), here of a coin. There is a second level below: a discriminator that recognises every image answers $t$ to the real ones and $s$ to the fakes, and pays $H(t) + 2 w H(s)$. If labels are drawn anew at each step, it cannot foresee them, so this is the least that any discriminator pays. (Flips that are fixed once for each training image could be learned by heart.)
#
# <details><summary>Why is the mean of all labels the best blind answer?</summary>
#
# If every image gets the answer $d$, then
#
# $$
# \begin{aligned}
# \mathcal L_{\text{Dis}}(d) = & -(t + 2 w s) \log d \\
# & - \big(1 - t + 2 w (1 - s)\big) \log(1 - d) .
# \end{aligned}
# $$ (eq-faces-blind)
#
# The two factors add up to $1 + 2 w$. Divided by it they are $m$ and $1 - m$, and $-m \log d - (1 - m) \log(1 - d)$ has the derivative zero at $d = m$. With $s = 0$ equation {eq}`eq-faces-blind` is chapter 5's.
#
# </details>


# %%
def entropy(m):
    """Return the entropy of a coin in nats; zero for 0 and 1."""
    return sum(-p * np.log(p) for p in (m, 1 - m) if p > 0)


def levels(t, s, w=1.0):
    """Return what D pays if it sees nothing, and if it recognises every image.

    The mean labels are t of real images and s of fakes.
    """
    weight = 1 + 2 * w
    blind = weight * entropy((t + 2 * w * s) / weight)
    seeing = entropy(t) + 2 * w * entropy(s)
    return blind, seeing


flipped = settings["flip_probability"]
print(f"hard labels: blind {levels(1, 0)[0]:.2f}, recognises everything {levels(1, 0)[1]:.2f}")
print(f"a share of {flipped} flipped: blind {levels(1 - flipped, flipped)[0]:.2f}")
print("\nMNIST, real images at  fakes at most  in epoch  blind")
for target in (1.0, 0.9):
    ratios = (mnist["discriminator_loss"] - entropy(target)) / mnist["decoder_loss"]
    at_most, epoch = ratios.min(), int(mnist["epoch"][ratios.argmin()])
    print(f"{target:<22} {at_most:<14.3f} {epoch:<9} {levels(target, at_most)[0]:.3f}")

# %% [markdown]
# <details><summary>How soft can the labels on MNIST have been?</summary>
#
# The README lists *soft and noisy labels* among the tricks for its faces, but not for MNIST. The log bounds how far it can have gone there: the last lines printed above have the largest mean label of fakes, $s$, that is possible if the labels were the same in all epochs. At most about an eighth of the fakes' labels were flipped, or they were softened to $0.13$ at most. Labels drawn evenly between $0$ and $0.3$ for fakes, a common recommendation, have a mean of $0.15$ and are ruled out. Hard labels, real images at $0.9$ and one flipped label in twenty all fit under the bound.
#
# The bound comes from the decoder's loss. Whatever $D$ says of a fake with the label $s$, the discriminator pays at least $-s \log D$ for it, since the other part, $-(1 - s) \log(1 - D)$, is not negative. The decoder's loss is the sum of $-\log D$ over both kinds of fakes (the feature term, with its weight of $10^{-8}$, is too small to matter). If both losses are logged for the same answers, then in every epoch
#
# $$
# \texttt{discriminator} \ge s \cdot \texttt{decoder} + H(t) ,
# $$ (eq-mnist-labels)
#
# where $H(t)$ is the least that real images with the label $t$ can cost; it is $0$ for hard labels. The bound is tightest in a late epoch, where the decoder's loss is large and the discriminator's small.
#
# </details>
#
# For its first five epochs the discriminator paid more than a blind one with hard labels ({numref}`fig-mnist-logged`). Labels alone do not explain that: even the softest that the bound allows make a blind answer cheaper than what it paid in its first epoch. Another candidate is the pace of its learning.

# %% [markdown]
# ### Which settings come closest?
#
# Three things are open: where the features are taken, which labels the discriminator learns from, and how fast it learns. We trained `vaegan-mnist-original` for one epoch of MNIST with eleven settings, from one seed each, and compared its losses with the logged ones. (The order of the search was written down before it ran, in `benchmarks/original_settings.py`.) *Nearest* is the setting with the smallest mean of $|\log(\text{ours} / \text{theirs})|$ over the three losses. Where all three networks learn at $10^{-4}$ or more, the discriminator wins at once. The nearest has a discriminator that learns at $10^{-5}$, a tenth of the others' rate, one label in twenty flipped, and features after the activation; those before BatchNorm come nearly as near. `vaegan-mnist-original` now has this setting, and was trained with it for five epochs:

# %% mystnb={"code_prompt_show": "Show the eleven settings", "code_prompt_hide": "Hide the eleven settings"} tags=["hide-cell"]
folder = Path("../benchmarks/results/original_settings")
arms = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")]
OFFSET = {"encoder": constant(5 * 5 * 128), "decoder": 0.0, "discriminator": 0.0}
first = {network: mnist[f"{network}_loss"][0] - OFFSET[network] for network in NETWORKS}
STAGES = {"linear": "before BatchNorm", "norm": "after it", "activation": "after activation"}
rows = []
for arm in arms:
    asked, ours = arm["settings"], {n: arm["losses"][f"{n}_loss"][0] for n in NETWORKS}
    if asked["epochs"] == 1:
        rows.append(
            {
                "learning rate": f"{asked['learning_rate']:g}",
                "discriminator": f"times {asked['discriminator_rate']:g}"
                if "discriminator_rate" in asked
                else "balanced"
                if "equilibrium" in asked
                else "equal",
                "real at": asked["real_target"],
                "flipped": asked["flip_probability"],
                "features": STAGES[asked["feature_stage"]],
                **{f"{n}'s loss": ours[n] for n in NETWORKS},
                "distance": np.mean([abs(np.log(ours[n] / first[n])) for n in NETWORKS]),
            }
        )
rows.sort(key=lambda row: row["distance"])
print("original, first epoch" + "".join(f"  {n} {first[n]:.3f}" for n in NETWORKS))
notebook.Table(
    {f"{place}": row for place, row in enumerate(rows, start=1)},
    digits={f"{n}'s loss": 3 for n in NETWORKS} | {"distance": 3},
    corner="place",
)

# %% tags=["hide-input"] mystnb={"figure": {"caption": "MNIST's losses by epoch, on logarithmic axes: the original project's log, five epochs of the closest setting of the search, and the longest run that is recorded, which was made with the settings assumed before the search. The constant is taken off the original's encoder loss.", "name": "fig-mnist-both"}, "image": {"alt": "Three charts with logarithmic axes. Encoder: the original's curve stays between 0.04 and 0.1, that of the closest setting lies above it at 0.2 to 0.3, the third climbs from 0.03 past both. Decoder: the original's rises from 1.7 to 7.4 and meets the short curve of the closest setting from the third epoch on; the third falls a little, from 2.8 to 2.3. Discriminator: the original's falls from 2.1 to 1, that of the closest setting jumps from 1.9 to 2.2 and back to 2, the third stays at about 1.8."}}
closest = max(arms, key=lambda arm: arm["settings"]["epochs"])
before = records.read_record(RESULTS / "vaegan-mnist-original/mnist/seed-0")
figure, axes = plt.subplots(1, 3, figsize=(plotting.WIDTH, 3.0), layout="constrained")
for axis, network in zip(axes, NETWORKS, strict=True):
    theirs = mnist[f"{network}_loss"] - OFFSET[network]
    ours = closest["losses"][f"{network}_loss"]
    axis.plot(mnist["epoch"], theirs, color="black", label="original")
    axis.plot(range(1, len(ours) + 1), ours, "o-", color="C0", label="closest")
    axis.plot(
        before.column("epoch"), before.column(f"{network}_loss"), color="C1", label="assumed before"
    )
    axis.set(title=network, xlabel="epoch", xscale="log", yscale="log")
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    for side in (axis.xaxis, axis.yaxis):
        side.set_major_formatter("{x:g}")
        side.set_minor_formatter(NullFormatter())
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
plt.show()
print(f"{'ours / original':10}" + "".join(f"{network:>17}" for network in NETWORKS))
for epoch in range(closest["settings"]["epochs"]):
    pairs = [
        (
            closest["losses"][f"{network}_loss"][epoch],
            mnist[f"{network}_loss"][epoch] - OFFSET[network],
        )
        for network in NETWORKS
    ]
    print(
        f"epoch {epoch + 1:9}" + "".join(f"{ours:9.2f} / {theirs:.2f} " for ours, theirs in pairs)
    )

# %% [markdown]
# From the third epoch on, the losses of decoder and discriminator are within about a tenth of the original's, although the search looked at the first epoch alone. But the original's discriminator gains from epoch to epoch, ours loses ground first. And the encoder's loss is about three times the original's. The place of the features moves it most: before BatchNorm it is about a third of the original's in the first epoch, after the activation three times. So none of the three places fits with all else as it is, and the log does not decide which is right. Open besides the place are the optimizer, the starting values, how BatchNorm is used, and the range of the images, which were not varied. The settings that were assumed before the search are further off.

# %% [markdown]
# ## The comparison: do four runs compare four rules?
#
# Two trainings of yours differ in one setting, or so you think, and one of them looks better. What must you ask before you believe it?
#
# **What else differs: settings, date, time of an epoch? What would a player pay that sees nothing? Is the loss as high in training, and which images make it high? Is there a level in the epochs over which the mean is taken?**
#
# The project trained on photographs for $100$ epochs under each of S1 to S4. A first comparison is the mean validation loss of the last ten epochs.

# %% tags=["hide-input"]
RUNS = ("s1", "s2", "s3", "s4")
faces = {run: logs[f"faces-{run}"] for run in RUNS}


def losses_of(run, column, first, last):
    """Return a logged column of the original's run in the epochs `first` to `last`, inclusive."""
    return faces[run][column][first - 1 : last]


def print_row(name, values, form="5.2f"):
    """Print a row of a table with a column for each of the four runs."""
    print(f"{name:20}" + "".join(f"{value:{form}}" for value in values))


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
# Each network's loss ranks the rules in another way. (Of the encoder's loss $\tfrac F2 \log 2 \pi / 4096 \approx 5.63$ is the constant of equation {eq}`eq-mnist-constant`, with the $F = 25\,088$ features of these networks.) Before such a table says anything about the rules, ask the four questions.

# %% [markdown]
# ### Do the four runs differ in their rule alone?
#
# The logs do not hold the settings of a run. But each entry of a TensorBoard log carries the time at which it was written.

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
# S1, S2 and S3 were made on one day and at one pace. S4 is four weeks older, and its epochs took less than a third of the time. A rule of the learning rate costs no time, so something else differed too: the batch size, the machine, the networks or the code. The repository's history fits: a second notebook for faces, and the README's section on soft and noisy labels, came with S1 to S3. So S4 against the others is no clean comparison. S1, S2 and S3 can be compared, with one run of each.

# %% [markdown]
# ### What does a discriminator that sees nothing pay?
#
# For faces the project used *soft and noisy* labels, says its README, but not how soft. Both levels of equation {eq}`eq-faces-price` depend on the labels, so they tell something about that. In the original $w$ is one. *As assumed* are the labels of our `faces-original`: real images at $0.9$, and one label in twenty flipped. *As advised* are the means of the ranges in the list of tricks that the README points to: real labels drawn between $0.7$ and $1.2$, those of fakes between $0$ and $0.3$ {cite}`chintala2016train`. The last row is one example of labels whose mean over all images, $m$, is one half. In the columns, $t$ and $s$ are the mean labels of real images and of fakes, *blind* is the price of seeing nothing, and *sees all* that of recognising every image.

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
# The nearer the mean of all labels is to one half, the more it costs to be blind, up to $3 \log 2 \approx 2.08$ at one half itself. Now put the logged *training* losses beside these levels. (We take it that they were measured with the labels that were trained on.)

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
        faces[run]["epoch"],
        faces[run]["discriminator_loss"],
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
runs = list(faces.values())
print_row("", (run.upper() for run in RUNS), ">5")
above = [(run["discriminator_loss"] > levels(*hard)[0]).sum() for run in runs]
print_row(f"epochs above {levels(*hard)[0]:.2f}", above, ">5")
print_row("mean, 6 to 30", [run["discriminator_loss"][5:30].mean() for run in runs])
print_row("answer to fakes", [np.exp(-run["decoder_loss"][5:30].mean() / 2) for run in runs])
print_row("lowest", [run["discriminator_loss"].min() for run in runs])
print("\nits MNIST run" + "".join(f"{epoch:6}" for epoch in range(1, 7)))
print("loss         " + "".join(f"{loss:6.2f}" for loss in mnist["discriminator_loss"][:6]))
print("to fakes     " + "".join(f"{np.exp(-loss / 2):6.2f}" for loss in mnist["decoder_loss"][:6]))
plt.show()

# %% [markdown]
# *S1 to S3.* For some thirty epochs their training loss stands at $3 \log 2$. That is what the answer one half costs *with any labels*, since each image then costs $\log 2$ whatever its label is. The decoder's loss confirms the answer: its own labels are hard (equation {eq}`eq-mnist-losses`) and its feature term is next to nothing, so $e^{-\mathcal L_{\text{Dec}} / 2}$ is a (geometric) mean of what $D$ answers to fakes, and it is a little below one half.
#
# With hard labels, or with ours, one third would be cheaper. The labels as advised will not do either: their best blind answer, $(0.95 + 2 \cdot 0.15) / 3 \approx 0.42$, costs $2.04$, and the loss stands above that. To give a cheaper answer the discriminator need only change one number, the bias of its last layer. That it stays at one half for thirty epochs suggests that this *was* the best blind answer, so that the mean of all labels was close to one half. The README, which names soft and noisy labels from then on, speaks for it.
#
# The run on MNIST warns against being sure: there too the loss begins near $3 \log 2$, although its labels cannot have been so soft. But it sinks from the first epoch on.
#
# *S4.* Its loss ends *below* the least that anyone can pay with the labels that we assumed, if they are drawn anew at each step. It is also below what any labels allow whose mean is one half: of these, $t = 1$ and $s = \tfrac 14$ let a discriminator pay the least, $2 H(\tfrac 14) \approx 1.12$. So its labels were harder than ours, and if those of S1 to S3 were as soft as they look, they and S4 differ in this too.

# %% [markdown]
# ### Overfitted, or outrun?
#
# The validation loss of all four discriminators is above $1.91$ in almost every epoch, and in S2 to S4 far above it at the end. Two questions narrow the cause down: is the loss as high in training, and is it the real images that cost so much, or the fakes? Here is what four possible causes would answer:
#
# - *overfitted*: it has learned the training faces by heart and takes new real faces for fakes. Then it does well in training, and what it gets wrong are *real* faces;
# - *outrun*: the decoder has learned to deceive it. Then it does badly in training too, and takes fakes for real;
# - its *evaluation mode* differs from training, as in chapter 9. Then even training faces cost much in that mode;
# - its *labels* were soft. Trained on labels whose mean is one half, even a blind discriminator pays $3 \log 2 \approx 2.08$, with hard labels on validation too. That explains a loss near two and not the larger ones.
#
# So we need the two kinds of images apart, and the logs hold only sums. But the decoder's loss gives a mean answer to fakes, $\hat d$, as above. With it we can compute the part of the discriminator's loss that fakes make, $-2 \log(1 - \hat d)$ with hard labels, and take it off. What is left is *what the real faces cost*:
#
# $$
# \begin{aligned}
# & \mathcal L_{\text{Dis}} + 2 \log \left(1 - \hat d\right), \\
# & \hat d = e^{-\mathcal L_{\text{Dec}} / 2} .
# \end{aligned}
# $$ (eq-faces-real)
#
# It is exact if all fakes of an epoch get one answer; any spread among them makes it too high. Below the loss, the row *real faces at most* prints it, for epochs $81$ to $90$; the next section says why not for the last ten.

# %% mystnb={"figure": {"caption": "The discriminator's loss in the original's four runs, in training and on validation faces. The dotted line is the price of being blind with hard labels.", "name": "fig-faces-gap"}, "image": {"alt": "Four charts, one a run, on a logarithmic axis, each with a smooth curve of the training loss and a ragged one of the validation loss above it. In S1, S2 and S3 the two run close together near two for half of the run and then part slowly; in S2 and S3 the upper one shoots up in the last ten epochs. In S4 the two part almost from the start, and the gap only widens."}} tags=["hide-input"]
figure, panels = plt.subplots(2, 2, figsize=(plotting.WIDTH, 4.6), sharex=True, sharey=True)
for axes, run in zip(panels.flat, RUNS, strict=True):
    for kind, line in (("", "-"), ("val_", "-")):
        axes.plot(
            faces[run]["epoch"],
            faces[run][f"{kind}discriminator_loss"],
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
print("means of epochs 81 to 90")
for kind, title in (("", "training"), ("val_", "validation")):
    decoder, loss = (
        np.array([losses_of(run, f"{kind}{n}_loss", 81, 90).mean() for run in RUNS])
        for n in NETWORKS[1:]
    )
    answer = np.exp(-decoder / 2)
    print_row(title, (run.upper() for run in RUNS), ">5")
    print_row("  loss", loss)
    print_row("  answer to fakes", answer)
    print_row("  real faces at most", loss + 2 * np.log(1 - answer))
plt.show()

# %% [markdown]
# In training all four discriminators are below the price of being blind, so there none was outrun. On validation the mean answer to fakes is about that in training. *If* all fakes get about the same answer, then it is the real faces that cost more on validation: in S1 to S3 not quite twice as much as in training, in S4 about seven times. That is the trace of a discriminator that has overfitted, which the project says must be avoided (claim C5). It is also what a bad evaluation mode would leave.
#
# But the sums cannot exclude another case. Suppose that half of the validation fakes get $D = 0.08$ and the other half $D = 0.998$. Those that deceive it cost the decoder next to nothing, so its loss is $2.5$, about that of S2 in the last ten epochs, while they cost the discriminator more than $6$: with real faces as cheap as in training that makes about the $7.0$ that S2 logged there. So on validation *outrun by some fakes* stays possible. Two more numbers in the log would decide: the loss on *training* faces in evaluation mode, and what real images and fakes cost, each alone.

# %% [markdown]
# ### What does the mean of the last ten hide?
#
# In {numref}`fig-faces-gap` the validation losses of S2 and S3 shoot up at the end, and the first table of this part took its means just there. Here are the means of the ten epochs before.

# %% mystnb={"figure": {"caption": "The discriminator's validation loss in the last thirty epochs. A horizontal bar is a mean over ten epochs; the shaded bars made the first table of this part.", "name": "fig-faces-last-ten"}, "image": {"alt": "Four curves from epoch 71 to 100 on a logarithmic axis. Until epoch 90 those of S1, S2 and S3 lie together at about two and a half and S4 at about four. In the shaded last ten epochs S2 climbs steeply to almost fifteen and S3 to about seven, while S1 and S4 go on as before."}} tags=["hide-input"]
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
print_row("means, 81 to 90", (run.upper() for run in RUNS), ">5")
for network in NETWORKS:
    column = f"val_{network}_loss"
    print_row(network, [losses_of(run, column, 81, 90).mean() for run in RUNS])
print("encoder's training loss")
for first in (81, 91):
    means = [losses_of(run, "encoder_loss", first, first + 9).mean() for run in RUNS]
    print_row(f"  {first} to {first + 9}", means)
plt.show()

# %% [markdown]
# Ten epochs earlier the discriminators of S1, S2 and S3 cannot be told apart by their validation loss. The large numbers of S2 and S3 are a blow-up that began shortly after epoch $90$. The encoder's *training* loss rises at the same time, so it was not in the measurement alone. What set it off is not in the logs, and with one run of each rule it may be chance. A mean over the last epochs evens out noise around a level, so first look whether there is one.

# %% [markdown]
# ### What do its sheets show?
#
# The project's README shows sixteen random faces of each run after epochs $5$, $20$, $35$ and so on to $95$ ([S1](https://github.com/Shuntw6096/VAE-GAN/tree/master/img/lr1), [S2](https://github.com/Shuntw6096/VAE-GAN/tree/master/img/lr2), [S3](https://github.com/Shuntw6096/VAE-GAN/tree/master/img/lr3), [S4](https://github.com/Shuntw6096/VAE-GAN/tree/master/img/lr4)). The repository carries no licence, so we describe the sheets and show none of them.
#
# After epoch $80$ there are faces with eyes, mouths and hair under all four rules; those of S4 are the smoothest, and the others are patchy. After epoch $95$ coloured grain covers every face of S2 and S3, those of S1 are still faces, and those of S4 are to our eyes the best.
#
# So the sheets of S2 and S3 broke when their losses blew up, between epochs $80$ and $95$. But the curves do not rank the images: S4, whose discriminator had by far the highest validation loss before that blow-up, has the most convincing faces.
#
# <details><summary>Why does chapter 10 rank the rules in another order?</summary>
#
# In [chapter 10](10_faces_experiment.ipynb), on light networks, S1 and the words of S2 and S3 are alike, and S4 by its log is far behind. By the original's sheets of epoch $95$, to our eyes, S4 comes first and S1 second. Neither order refutes the other:
#
# - The project's S2 and S3 followed the rules of the logs, ours the words, and what broke them came after epoch $90$; ours stop at $40$.
# - The project's S4 ran in another setting than its S1, perhaps with other labels. Ours did not.
# - Theirs is one run of each rule, judged by eye on sixteen images. Ours are judged by a network that has seen drawn faces alone.
# - A rule that counts epochs does not know how many updates there are in one. Theirs had $8\,500$ training faces, ours a thousand, so S4 stops our networks after far fewer updates, unless the original's batches were much larger than ours. And chapter 10 has a control by which its S4 may be no more than learning less.
#
# </details>
#

# %% [markdown]
# ## What can be concluded, and what cannot
#
# - **The rules.** What ran as S4 is the reverse of its words, with a window of four. What ran as S2 and S3 lowers the rate when the loss climbs above its recent values. Open are the exact window, ties, the lowest rate, why S3 begins in epoch $53$, and the code.
# - **The settings on MNIST.** The compared features are very likely those of the second convolution, and at most about an eighth of the fakes' labels were flipped, if the labels were the same in all epochs. A slow discriminator comes closest to the logged game. Open is where in that convolution's block the features are taken, and why the original's encoder has a third of our loss.
# - **The comparison.** S4 differs from S1 to S3 in more than its rule. The last ten epochs of S2 and S3 are a blow-up. S4's discriminator does far worse on validation than in training. Open is which rule is the best, and whether the discriminators had overfitted, were deceived by some of the fakes, or their evaluation mode differs.
#
# Which rule makes better faces one can find out without the project's notebooks: run its networks, several times for each rule, and measure the faces ([chapter 10](10_faces_experiment.ipynb) has the commands). And what its code says stands in its notebooks. [The end of the page on the project](../book/original_project.md) lists them, with what each would settle. Now open these files, and see which of our conclusions stand.

# %% [markdown]
# ## Exercises
#
# Replace the placeholder in each cell and run it. The check says what it proved, or gives a hint. The exercise `find_rule` is further up, in *S2 and S3: your turn*.
#
# ### The networks, counted
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
# parameters. The ones are biases. BatchNorm learns two numbers for each channel and keeps two more, the mean and the variance; all four are counted. Without padding, a stride of two turns a side of $n$ pixels into
#
# $$
# n' = \left\lfloor \frac{n - k}{2} \right\rfloor + 1
# $$ (eq-mnist-side)
#
# pixels, so $28 \to 13 \to 5$. Here are the counts of our networks in Keras beside ours by hand, from the shapes in the diagrams with kernels of $4 \times 4$.

# %% tags=["hide-input"]
trio = {
    "encoder": networks.build_encoder("original", latent_dim=settings["latent_dim"]),
    "decoder": networks.build_decoder("original", latent_dim=settings["latent_dim"]),
    "discriminator": networks.build_discriminator(
        "original", feature_stage=settings["feature_stage"]
    ),
}
BY_HAND = {
    "encoder": 3_545_920,
    "decoder": 4_887_361,
    "discriminator": 3_415_745,
}
notebook.Table(
    {
        name: {"in Keras": network.count_params(), "by hand": BY_HAND[name]}
        for name, network in trio.items()
    },
    corner="network",
)

# %% [markdown]
# All three agree to the last parameter, so our code has the layers that we read in the diagrams. But both columns are ours: the diagrams leave the size of a kernel open, and $3 \times 3$ in the first convolution and $5 \times 5$ in the second give the same shapes with another count. Nor does it say anything about what has no parameters: activations, losses, the order of the updates.
#
# ### Implement: count the encoder
#
# Write the number of the encoder's parameters for square images of any size, from equations {eq}`eq-mnist-count` and {eq}`eq-mnist-side`. It has two convolutions of stride two, to $64$ and to $128$ channels, without padding, a dense layer of $1024$ units, and two dense heads, one for the mean and one for the log-variance of the code. A BatchNorm follows the second convolution and another the dense layer of $1024$. Your function should give the number that the project's diagrams lead to, for MNIST and for its faces.


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
# ### Derive: how long until it stops
#
# Under *improvement*, equation {eq}`eq-schedules-improvement`, let every loss be lower than all before it. An exercise of chapter 10 asks for one case by hand. Now take any first rate, factor, floor and window. How many decays does it take, and when does the first one come? Derive the formula, then write it without a loop.


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
# ## Quiz
#
# Decide first, then open your answer.
#
# **1. A rule that you found gives all rates of somebody's log. What do you know?**
#
# <details><summary>a) The code that ran.</summary>
#
# No. Many programs behave in this way on these losses.
#
# </details>
# <details><summary>b) What the program did on the losses that it met.</summary>
#
# Right. Close relatives of your rule may give the same rates. Change the rule where you can, and ask the log again.
#
# </details>
# <details><summary>c) Nothing, because you tried many rules.</summary>
#
# No. A search makes a lucky fit more likely, but with enough independent answers luck is ruled out. Count them.
#
# </details>
#
# **2. A discriminator's loss on validation data is far above the price of being blind. In training it is below, and in both *every* fake gets a low answer. What has happened?**
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
# **3. A discriminator's training loss ends below $H(t) + 2 w H(s)$. What follows?**
#
# <details><summary>a) It recognises every image.</summary>
#
# No. One that recognises every image pays just that, and no discriminator pays less.
#
# </details>
# <details><summary>b) Its labels were not those with the means $t$ and $s$.</summary>
#
# Right. They were harder. This is how S4's log rules out the labels that we assumed.
#
# </details>
# <details><summary>c) It has overfitted.</summary>
#
# No. It cannot foresee how a label is drawn, however well it knows the images.
#
# </details>
#
# **4. Two runs were made to compare two rules. The epochs of one took a third of the time. What do you conclude?**
#
# <details><summary>a) Its rule is faster.</summary>
#
# No. A rule of the learning rate is a few operations in an epoch.
#
# </details>
# <details><summary>b) More than the rule may differ, so the runs do not compare the rules.</summary>
#
# Right. The batch size, the networks, the code or the machine may differ. Of these the machine alone would be harmless.
#
# </details>
#
# **5. A decoder's loss says that the geometric mean of $D$ over all fakes is $0.3$. Can a tenth of them be taken for real?**
#
# <details><summary>a) No, their answers are all near $0.3$.</summary>
#
# No. A mean does not hold the spread.
#
# </details>
# <details><summary>b) Yes, if the others get lower answers.</summary>
#
# Right. With $D$ near one a fake costs the decoder nothing and the discriminator much. The sum of both losses does not tell it from a real face that costs much.
#
# </details>
#
# ## What to remember
#
# - Log the rates, and replay the rule over the logged losses: words and code may differ.
# - To find a rule from a log: guess, predict, look at the failures, guess again. Then say what the log leaves open.
# - A network can be rebuilt from its diagrams as far as they go. Count its parameters, list what had to be assumed, and hold the list against whatever was logged.
# - A discriminator's loss has two levels. Blind, it pays $(1 + 2w)\, H(m)$, with $m$ the mean of all labels; if it recognises everything, $H(t) + 2w H(s)$.
# - Above the blind level on new images a discriminator has overfitted, was outrun, differs in evaluation mode, or was trained on soft labels. Look at its training loss, and at which images cost so much.
# - Two runs are compared by what differs between them. Dates, times of an epoch and levels of a loss may show that more than the rule differed.
#
# ## Sources
#
# - The words, the diagrams, the sheets and the logs: the [original project](https://github.com/Shuntw6096/VAE-GAN), its `README.md`, `img/` and `logs/*.zip`; gone through on [our page](../book/original_project.md). The dates of its notebooks: the history of the repository.
# - The VAE-GAN and its losses: {cite}`larsen2016autoencoding`, equations 5 to 8 and Algorithm 1; its networks for faces, table 1 of the appendix.
# - BatchNorm's statistics, which the count of parameters includes: {cite}`ioffe2015batch`, section 3.1.
# - The best discriminator for given densities, of which the blind answer is the case without any image: {cite}`goodfellow2014generative`, proposition 1.
# - Soft labels: {cite}`salimans2016improved`, section 3.4. Soft and noisy labels as a trick: {cite}`chintala2016train`, item 6, under the number and the title by which the original's README links to a list of tricks.
