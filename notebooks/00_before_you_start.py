# %% [markdown]
# # Before you start
#
# *Run time: 39 s on two CPU cores, measured at the last execution.*
#
# What does this course take for granted? Two things: how a neural network is built and trained, and
# a little probability. This page has both, in short sections, nearly all with a formula, a picture and
# an exercise.
#
# After the first half, *networks*, you can
#
# - say what a dense layer, an activation, a convolution and a transposed convolution compute, and
#   count their weights;
# - follow a gradient backwards through a network, and take steps along it by gradient descent and
#   by Adam;
# - build and train a network in Keras in a few lines, also one with two outputs.
#
# After the second half, *probability*, you can
#
# - estimate an expectation from random draws, and say how far off the estimate may be;
# - write a Gaussian log density and a negative log-likelihood, and know where to sum and where to
#   average;
# - say what a covariance matrix holds, and what its eigenvalues tell;
# - invert a conditional probability by Bayes' rule.
#
# Chapter 1 needs the first half (and, in one section, *The Gaussian density*), chapter 2 the
# second, so you may take them one at a time. If you can do a section's exercise at once, skip the
# section. If you have trained a convolutional network before, *Transposed convolution*, *Batch
# normalisation* and the second half will do. A check never fails with an error: it tells you what
# it proved, or gives you a hint. The solution is hidden below each exercise. If a cell has Python that
# you cannot read, look under *Reading the code of this course*, near the end.
#
# Most sections end with a note on where the course uses it. These notes name networks that later
# chapters explain, so here is what each does. An *encoder* turns an image into a few numbers, its
# *code*, and a *decoder* turns a code into an image; together they are an *autoencoder*. A
# *generator* is a decoder whose codes are drawn at random. A *discriminator* says whether an image is
# real or generated (a *fake*). Generator and discriminator together are a *GAN*. A *VAE* is an
# autoencoder from which one can draw new images, and a *VAE-GAN* joins a VAE and a GAN.

# %% mystnb={"code_prompt_show": "Colab needs this cell", "code_prompt_hide": "Hide Colab's cell"} tags=["colab", "nbval-skip", "hide-cell"]
# Colab needs the course's package. Elsewhere this cell does nothing.
import sys

if "google.colab" in sys.modules:
    from IPython import get_ipython

    get_ipython().run_line_magic(
        "pip",
        "install -q 'keras>=3.15,<4' git+https://github.com/vaegan-edu/vaegan-edu",
    )

# %%
from vaegan_edu import notebook

notebook.start()

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers
from scipy.signal import convolve2d, correlate2d
from scipy.stats import norm

from vaegan_edu import exercises

# %% [markdown]
# ## Networks
#
# ### Layers
#
# A neural network is a function with many adjustable numbers, its *weights*. It is built of
# *layers*, each of which takes an array and returns another. The simplest one is a *dense* layer.
# It has a number of *units*. Each unit multiplies every input by a weight, adds up the products, and
# adds one more number, its *bias*. With the inputs $2$ and $1$, the weights $0.5$ and $-1$ and the
# bias $0.3$ that gives $0.5 \cdot 2 - 1 \cdot 1 + 0.3 = 0.3$. Then it applies a function $f$, the
# *activation*, to the sum.
#
# Write the inputs of one example as a row $x$. Put the weights into a matrix, the `kernel`, with a row
# for each input and a column for each unit, and the biases into a vector. Then the whole layer is
#
# $$
# \mathtt{dense}(x) = f\bigl( x \cdot \mathtt{kernel} + \mathtt{bias} \bigr) .
# $$ (eq-start-dense)
#
# A layer of $u$ units on $n$ inputs has $n\,u$ weights and $u$ biases. (Where we count weights, the biases
# count too.)
#
# The activation acts on each number by itself. Without it, a stack of layers would be no more than one
# matrix and one bias, since linear maps one after the other are a linear map. The usual activation is
# ReLU, $f(a) = \max(a, 0)$: what is negative becomes zero. Others squash all numbers into a range, such
# as `tanh` into $(-1, 1)$ and the *sigmoid* $f(a) = 1 / (1 + e^{-a})$ into $(0, 1)$. The sigmoid's slope is
# needed later. By the chain rule it is $f' = e^{-a} / (1 + e^{-a})^2$, and since
# $1 - f = e^{-a} / (1 + e^{-a})$, that is $f\, (1 - f)$.

# %% mystnb={"figure": {"caption": "Left: two dense layers. Each line is a weight; a number flows along it, is multiplied, and what arrives at a unit is added up. Right: what such a network of one input, five units and one output computes. With ReLU in the middle it is a line with corners, one for each unit that switches on or off. Without it, the same weights give a straight line.", "name": "fig-start-layer"}, "image": {"alt": "Left, three circles in a column joined by lines to five circles, and these to two circles. Right, a dashed straight line and a solid line that bends at several points."}} tags=["hide-input"]
figure, (left, right) = plt.subplots(1, 2, figsize=(6.4, 3.2))
columns = [np.linspace(-1, 1, count) * count / 5 for count in (3, 5, 2)]
for place, (here, there) in enumerate(zip(columns, columns[1:], strict=False)):
    for a in here:
        for b in there:
            left.plot([place, place + 1], [a, b], color="0.7", linewidth=1, zorder=1)
for place, (heights, name) in enumerate(zip(columns, ("inputs", "units", "outputs"), strict=True)):
    left.scatter([place] * len(heights), heights, s=150, color=f"C{place}", zorder=2)
    left.text(place, -1.35, name, ha="center", va="top")
left.set(xlim=(-0.4, 2.4), ylim=(-1.7, 1.2))
left.axis("off")

x = np.linspace(-3, 3, 400)[:, None]
kernel_1, bias_1 = np.ones((1, 5)), np.array([2.2, 1.1, 0.0, -1.1, -2.2])
kernel_2 = np.array([[1.5], [-2.8], [2.6], [-2.4], [2.8]])
linear = x @ kernel_1 + bias_1
right.plot(x, np.maximum(linear, 0) @ kernel_2, label="with ReLU")
right.plot(x, linear @ kernel_2, "--", label="without")
right.set(xlabel="input", title="output")
right.legend()
corners = np.sort(-bias_1 / kernel_1[0])
print("corners at " + ", ".join(f"{c:.1f}" for c in corners + 0.0))
plt.show()

# %% [markdown]
# **Exercise.** Write a dense layer with ReLU. Each row of `x` is one example.


# %% tags=["exercise"]
# Exercise: dense
def dense(x, kernel, bias):
    """Return ReLU of x @ kernel + bias: x (N, inputs), bias (units,)."""
    # `@` multiplies matrices; np.maximum compares element by element.
    return None


exercises.check("dense", dense)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: dense
def dense(x, kernel, bias):
    """Return ReLU of x @ kernel + bias: x (N, inputs), bias (units,)."""
    return np.maximum(x @ kernel + bias, 0)


exercises.check("dense", dense)

# %% [markdown]
# **Where the course uses it.** In every network. An encoder ends in a dense layer that gives the
# numbers of the code.

# %% [markdown]
# ### Loss and gradient descent
#
# What should the weights be? A *loss* $L(w)$ says in one number how far the network's answers, with the
# weights $w$, are from what they should be. Training makes it small.
#
# Imagine that you want to go down a hillside in fog. You feel which way is steepest, take a step, and feel again.
# The gradient $\nabla L(w)$ holds one slope for each weight: how fast $L$ changes if only
# this weight is changed. (This slope is written $\partial L / \partial w_1$ for the first weight, and called
# a partial derivative.) As a vector the gradient points in the direction of steepest ascent. So subtract it,
# times a factor, the *learning rate*:
#
# $$
# w_{t+1} = w_t - \mathtt{learning\_rate} \cdot \nabla L(w_t)
# $$ (eq-start-descent)
#
# If the learning rate is too small, there is hardly any progress. If it is too large, each step jumps
# over the valley to a place higher up on the other side. How large is too large? Take a single weight
# and the bowl $L(w) = \tfrac12\, c\, w^2$, with its lowest point at zero. The slope is $c\,w$, so a step
# turns $w$ into $(1 - \mathtt{learning\_rate} \cdot c)\, w$. This is closer to zero only if the learning
# rate is below $2 / c$. The number $c$, by which the slope grows, is the *curvature*.
#
# A valley that is steep one way and flat the other is hard: the steep direction, where $c$ is large,
# limits the rate, and along the flat one progress is then slow. In the picture the two curvatures are $1$
# and $10$, so the limit is $2 / 10$.
#
# The walk begins at small *random* weights. If all weights began equal, all units of a layer would
# compute the same and get the same gradient, and they would stay copies of each other.

# %% mystnb={"figure": {"caption": "Fifteen steps of gradient descent in a long valley, from one start, with three learning rates. The small rate falls into the valley and creeps along it. The middle one all but arrives. The large one leaps across the valley, further with every step.", "name": "fig-start-descent"}, "image": {"alt": "Contour lines of a long, flat valley with its lowest point at the right, and three paths from a start at the left. One path drops to the valley floor and stops early, one ends near the lowest point, one zigzags across the valley with growing swings."}} tags=["hide-input"]
curvature = np.array([1.0, 10.0])


def valley(w):
    return 0.5 * np.sum(curvature * w**2, axis=-1)


grid = np.stack(
    np.meshgrid(np.linspace(-4.6, 1.2, 200), np.linspace(-2.6, 2.6, 200)),
    axis=-1,
)
figure, axes = plt.subplots(figsize=(6.4, 3.9))
levels = valley(np.stack([np.zeros(9), np.linspace(0.15, 2.6, 9)], axis=-1))
axes.contour(
    grid[..., 0],
    grid[..., 1],
    valley(grid),
    levels=levels,
    colors="0.75",
    linewidths=1,
)
start = np.array([-4.0, 1.2])
for learning_rate, marker, colour in (
    (0.02, "o", "C0"),
    (0.17, "s", "C2"),
    (0.205, "^", "C3"),
):
    path = [start]
    for _ in range(15):
        path.append(path[-1] - learning_rate * curvature * path[-1])
    path = np.stack(path)
    axes.plot(
        *path.T,
        marker=marker,
        markersize=5,
        linewidth=1.3,
        color=colour,
        label=f"{learning_rate:g}",
    )
    print(
        f"learning rate {learning_rate:5.3f}: loss {valley(start):.1f} at the start, "
        f"{valley(path[-1]):.2g} after 15 steps"
    )
axes.plot(0, 0, "k+", markersize=11, markeredgewidth=2)
axes.plot(*start, "ko", markersize=7)
axes.set(xlabel="$w_1$", ylabel="$w_2$")
axes.grid(False)
axes.legend(
    title="learning rate",
    loc="lower left",
    frameon=True,
    edgecolor="none",
    framealpha=0.9,
)
plt.show()

# %% [markdown]
# **Exercise.** Write gradient descent. Keep every $w$ on the way, the start included, so that the
# path can be drawn.


# %% tags=["exercise"]
# Exercise: gradient_descent
def gradient_descent(gradient, start, learning_rate, steps):
    """Return every w, the start first: (steps + 1, len(start))."""
    # Begin with a list that holds the start; append a w for each step.
    return None  # np.stack makes an array of a list


exercises.check("gradient_descent", gradient_descent)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: gradient_descent
def gradient_descent(gradient, start, learning_rate, steps):
    """Return every w, the start first: (steps + 1, len(start))."""
    path = [start]
    for _ in range(steps):
        w = path[-1]
        path.append(w - learning_rate * gradient(w))
    return np.stack(path)


exercises.check("gradient_descent", gradient_descent)

# %% [markdown]
# **Where the course uses it.** All networks here are trained by descendants of this rule. A GAN trains
# two networks at once, each on its own loss, and what lowers one loss tends to raise the other. There is
# no common valley, which is one reason why GANs are hard to train.

# %% [markdown]
# ### Backpropagation
#
# A network may have a million weights. How does one find the slope of the loss for each of them?
# By the chain rule, from the end to the beginning. Take a small network of one input $x$, a few
# hidden units numbered by $k$, and one output $y$, and half the squared distance from a target $t$ as
# the loss:
#
# $$
# a_k = w_{1,k}\, x, \quad h_k = \max(a_k, 0), \quad y = \sum_k w_{2,k}\, h_k, \quad L = \tfrac12 (y - t)^2 .
# $$ (eq-start-forward)
#
# The *forward pass* computes these from left to right and keeps them. The *backward pass* goes from
# right to left, and finds for each number the slope of the loss: raise the number by a small amount, and the
# loss rises by about the slope times that amount. For the weight $w_{2,k}$ the chain rule says
#
# $$
# \frac{\partial L}{\partial w_{2,k}} = \frac{\partial L}{\partial y} \cdot \frac{\partial y}{\partial w_{2,k}}
# = \frac{\partial L}{\partial y} \cdot h_k ,
# $$
#
# since $y$ contains the product $w_{2,k}\, h_k$. So the slope for a weight is the slope that arrives, times
# the number that the weight has multiplied. Every other stage likewise multiplies the slope that arrives by its
# own derivative. Write $\mathrm dy$ for $\partial L / \partial y$, the slope for $y$, and so on:
#
# $$
# \begin{aligned}
# \mathrm dy &= y - t, & \mathrm dw_{2,k} &= \mathrm dy\; h_k, & \mathrm dh_k &= \mathrm dy\; w_{2,k}, \\
# \mathrm da_k &= \begin{cases} \mathrm dh_k & a_k > 0 \\ 0 & \text{else,} \end{cases} & \mathrm dw_{1,k} &= \mathrm da_k\; x . &&
# \end{aligned}
# $$ (eq-start-backward)
#
# Here each number whose slope we asked for feeds only one other. Where a number feeds several, the slopes
# that they send back add up. So do those for a weight that is used several times, for all examples of a batch
# or at all places of an image. A bias gets the slope that arrives at its sum: for one inside $a_k$ it would
# be $\mathrm da_k$.
#
# This is *backpropagation*. A weight takes part in one product on the way forward and in two on the way
# back: one for its own slope, one for the slope of the number it multiplied. So one pass back costs about
# as much as two passes forward, however many weights there are. TensorFlow, JAX and
# PyTorch record the forward pass and run it backwards.

# %% mystnb={"figure": {"caption": "The network with one hidden unit, in numbers. In the boxes, what flows forward; below them, in orange, the slope of the loss for that value, which flows back. It starts as $\\partial L / \\partial L = 1$.", "name": "fig-start-backprop"}, "image": {"alt": "Five boxes in a row, joined by arrows: input, weighted input, ReLU, output and loss. A number stands in each box, and under each but the first an orange number, the derivative of the loss for it."}} tags=["hide-input"]
x_in, target, w_1, w_2 = 2.0, 1.0, 0.8, 1.5
a = w_1 * x_in
h = max(a, 0)
y = w_2 * h
slopes = {"y": y - target, "h": (y - target) * w_2, "a": (y - target) * w_2 * (a > 0)}
stages = [
    ("$x$", x_in, None),
    ("$a = w_1 x$", a, slopes["a"]),
    ("$h$", h, slopes["h"]),
    ("$y = w_2 h$", y, slopes["y"]),
    ("loss $L$", (y - target) ** 2 / 2, 1.0),
]
figure, axes = plt.subplots(figsize=(6.4, 2.2))
for place, (name, value, slope) in enumerate(stages):
    axes.text(place, 0.75, name, ha="center", va="bottom")
    axes.text(
        place,
        0.2,
        f"{value:.2f}",
        ha="center",
        va="center",
        color="C0",
        bbox={"boxstyle": "round,pad=0.5", "fc": "white", "ec": "C0"},
    )
    if slope is not None:
        axes.text(place, -0.55, f"{slope:.2f}", ha="center", va="center", color="C3")
    if place:
        arrow = {"arrowstyle": "->", "lw": 1.3}
        axes.annotate(
            "", (place - 0.32, 0.2), (place - 0.68, 0.2), arrowprops={**arrow, "color": "C0"}
        )
    if place > 1:
        axes.annotate(
            "", (place - 0.68, -0.55), (place - 0.32, -0.55), arrowprops={**arrow, "color": "C3"}
        )
axes.set(xlim=(-0.5, 4.5), ylim=(-0.9, 1.2))
axes.axis("off")
print(f"w_1 = {w_1}, w_2 = {w_2}, target {target}")
print(f"slope for w_2: {slopes['y'] * h:.2f}, for w_1: {slopes['a'] * x_in:.2f}")
plt.show()

# %% [markdown]
# **Exercise.** Write the backward pass of equation {eq}`eq-start-backward`. The forward pass is there.


# %% tags=["exercise"]
# Exercise: backpropagation
def backpropagation(x, target, w1, w2):
    """Return the gradients for w1 and w2, both (units,); x is a number."""
    a = w1 * x  # (units,)
    h = np.maximum(a, 0)  # ReLU
    y = np.sum(w2 * h)  # the output, a number
    # The loss is 1/2 (y - target)^2.
    # Go back: dy, then dw2 and dh, then da, then dw1.
    return None  # dw1, dw2


exercises.check("backpropagation", backpropagation)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: backpropagation
def backpropagation(x, target, w1, w2):
    """Return the gradients for w1 and w2, both (units,); x is a number."""
    a = w1 * x  # (units,)
    h = np.maximum(a, 0)  # ReLU
    y = np.sum(w2 * h)  # the output, a number
    dy = y - target  # of the loss 1/2 (y - target)^2
    dw2 = dy * h
    dh = dy * w2
    da = dh * (a > 0)  # ReLU passes on what it let through
    dw1 = da * x
    return dw1, dw2


exercises.check("backpropagation", backpropagation)

# %% [markdown]
# **On paper.** Give the network two outputs, $y_j = \sum_k w_{2,kj}\, h_k$, and the loss
# $L = \tfrac12 \sum_j (y_j - t_j)^2$. What are $\mathrm dh_k$ and $\mathrm dw_{2,kj}$?
#
# <details><summary>The answer</summary>
#
# $\mathrm dh_k = \sum_j \mathrm dy_j\, w_{2,kj}$, since $h_k$ feeds both outputs, and
# $\mathrm dw_{2,kj} = \mathrm dy_j\, h_k$. In code: `dh = w2 @ dy` and `dw2 = np.outer(h, dy)`.
#
# </details>
#
# **Where the course uses it.** In every training step. In a VAE-GAN each network learns from some
# parts of the loss only; to see which, you follow the gradient back.

# %% [markdown]
# ### Adam
#
# In a long valley one learning rate cannot suit both directions. *Adam* {cite}`kingma2015adam` gives
# each weight a step of its own. It keeps two running averages for each weight, of the gradient $g_t$
# and of its square, and divides the first by the root of the second:
#
# $$
# \begin{aligned}
# m_t &= \beta_1 m_{t-1} + (1 - \beta_1)\, g_t, & \hat m_t &= m_t / (1 - \beta_1^t), \\
# v_t &= \beta_2 v_{t-1} + (1 - \beta_2)\, g_t^2, & \hat v_t &= v_t / (1 - \beta_2^t), \\
# w_t &= w_{t-1} - \mathtt{learning\_rate} \cdot \frac{\hat m_t}{\sqrt{\hat v_t} + \mathtt{eps}} .
# \end{aligned}
# $$ (eq-start-adam)
#
# Usually $\beta_1 = 0.9$ and $\beta_2 = 0.999$, and `eps` is a tiny number that keeps the denominator away
# from zero. Both averages start at zero, and the divisions on the right make up for that: after one
# step $m_1$ is only $0.1\, g_1$, and divided by $1 - 0.9$ it is $g_1$.
#
# If the gradient stays about the same from step to step, $\hat m_t / \sqrt{\hat v_t}$ is about $1$ or
# $-1$, whatever the gradient's size: the learning rate is then the length of the step. If the gradient
# keeps changing its sign, $\hat m_t$ shrinks and the steps become short.

# %% mystnb={"figure": {"caption": "A valley that is a hundred times as steep one way as the other. Left: gradient descent, with nearly the largest rate that the steep direction allows, falls into the valley and creeps. Adam makes headway in both directions, overshoots, since its average remembers, and turns back. Right: the loss.", "name": "fig-start-adam"}, "image": {"alt": "Left, contour lines of a long, narrow valley and two paths: one that drops to the floor at once and advances by small steps, one that sets off diagonally, swings across the floor and reaches the lowest point. Right, two falling curves of the loss over sixty steps on a logarithmic axis; the wavy one ends far lower."}} tags=["hide-input"]
steep = np.array([1.0, 100.0])


def adam_path(w, learning_rate, steps, beta_1=0.9, beta_2=0.999):
    m = v = np.zeros_like(w)
    path = [w]
    for t in range(1, steps + 1):
        g = steep * w
        m, v = beta_1 * m + (1 - beta_1) * g, beta_2 * v + (1 - beta_2) * g**2
        w = w - learning_rate * m / (1 - beta_1**t) / (np.sqrt(v / (1 - beta_2**t)) + 1e-7)
        path.append(w)
    return np.stack(path)


descent = [start]
for _ in range(60):
    descent.append(descent[-1] - 0.017 * steep * descent[-1])
paths = {"descent, rate 0.017": np.stack(descent), "Adam, rate 0.2": adam_path(start, 0.2, 60)}
figure, (left, right) = plt.subplots(1, 2, figsize=(6.4, 3.2))
left.contour(
    grid[..., 0],
    grid[..., 1],
    0.5 * np.sum(steep * grid**2, axis=-1),
    levels=np.geomspace(0.5, 300, 8),
    colors="0.75",
    linewidths=1,
)
for (name, path), (colour, marker) in zip(paths.items(), (("C0", "o"), ("C3", "^")), strict=True):
    loss = 0.5 * np.sum(steep * path**2, axis=-1)
    left.plot(*path.T, marker=marker, markersize=3.5, linewidth=1.2, color=colour)
    right.semilogy(loss, color=colour, label=name)
    print(f"{name:20} loss after 20 steps {loss[20]:.2g}, after 60 {loss[60]:.2g}")
left.set(xlabel="$w_1$", ylabel="$w_2$", xlim=(-4.6, 1.2), ylim=(-2, 2))
left.grid(False)
right.set(xlabel="step", title="loss", ylim=(1e-3, 2000))
right.legend(loc="upper right", fontsize=9)
plt.show()

# %% [markdown]
# **Exercise.** Write Adam, and keep every $w$ on the way. (Keras' own adds `eps` at another place of
# the same formula, which makes no visible difference.)


# %% tags=["exercise"]
# Exercise: adam
def adam(gradient, start, learning_rate, steps):
    """Return every w, the start first: (steps + 1, len(start))."""
    beta_1, beta_2, eps = 0.9, 0.999, 1e-7
    m, v = np.zeros_like(start), np.zeros_like(start)
    path = [start]
    # For t = 1, 2, ...: the gradient g, then m, v, m_hat, v_hat and the next w.
    return None


exercises.check("adam", adam)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: adam
def adam(gradient, start, learning_rate, steps):
    """Return every w, the start first: (steps + 1, len(start))."""
    beta_1, beta_2, eps = 0.9, 0.999, 1e-7
    m, v = np.zeros_like(start), np.zeros_like(start)
    path = [start]
    for t in range(1, steps + 1):
        g = gradient(path[-1])
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        m_hat, v_hat = m / (1 - beta_1**t), v / (1 - beta_2**t)
        path.append(path[-1] - learning_rate * m_hat / (np.sqrt(v_hat) + eps))
    return np.stack(path)


exercises.check("adam", adam)

# %% [markdown]
# **Where the course uses it.** In nearly all trainings.

# %% [markdown]
# ### Training in Keras
#
# To train is to repeat four things: send some examples forward, compute the loss, send its slope
# back, and let the optimiser move the weights. The examples of one such *step* are a *batch*. A batch
# gives a noisy estimate of the gradient of the whole set, for a fraction of the work. When every
# example has been used once, an *epoch* is over. So one epoch of $N$ examples takes
#
# $$
# \text{steps per epoch} = \lceil N / \mathtt{batch\_size} \rceil
# $$ (eq-start-steps)
#
# steps, where the brackets round up: the last batch may be smaller. In Keras one stacks the layers, names
# the optimiser and the loss in `compile`, trains by `fit`, and asks the trained network by `predict`. The
# next cell fits a curve. (`"mse"` is the mean of the squared errors; `Adam(0.01)` has the learning rate
# $0.01$.)

# %%
keras.utils.set_random_seed(2)  # random weights, but the same in every run
x = np.linspace(-3, 3, 256)[:, None]  # 256 examples of one number each
y = np.sin(2 * x) + 0.3 * x
network = keras.Sequential(
    [
        keras.Input((1,)),
        layers.Dense(32, activation="relu"),
        layers.Dense(32, activation="relu"),
        layers.Dense(1),
    ]
)
network.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
history = network.fit(x, y, batch_size=32, epochs=2, verbose=0).history
after_two = network.predict(x, verbose=0)

# %% [markdown]
# `fit` goes on where it stopped, so we may look after two epochs and again after sixty. The table counts
# the weights of the three layers: $1 \cdot 32 + 32$, then $32 \cdot 32 + 32$, then $32 \cdot 1 + 1$.

# %%
history = network.fit(x, y, batch_size=32, epochs=58, verbose=0).history
after_sixty = network.predict(x, verbose=0)
notebook.layers(network=network)

# %% mystnb={"figure": {"caption": "What the network answers after two epochs and after sixty. It bends only at corners, but with $64$ hidden units it has enough of them.", "name": "fig-start-fit"}, "image": {"alt": "A thick grey wave that rises to the right, a dashed line that follows it hardly at all, and a solid line that follows it closely."}} tags=["hide-input"]
figure, axes = plt.subplots(figsize=(6.4, 3.0))
axes.plot(x, y, color="0.8", linewidth=7, label="target")
axes.plot(x, after_two, "--", label="after 2 epochs")
axes.plot(x, after_sixty, label="after 60 epochs")
axes.set(xlabel="input", title="output")
axes.legend()
for name, answer in (("2", after_two), ("60", after_sixty)):
    print(f"mean squared error after {name:>2} epochs: {np.mean((answer - y) ** 2):.3f}")
plt.show()

# %% [markdown]
# **Exercise.** How many steps does a training of $20$ epochs take, with the $1437$ digits of chapter 1
# and batches of $64$?

# %% tags=["exercise"]
# Exercise: training_steps
images = 1437
batch_size = 64  # the last batch of an epoch may be smaller
epochs = 20

steps = None  # how often the weights are changed in all: replace None

exercises.check("training_steps", steps)

# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: training_steps
images = 1437
batch_size = 64  # the last batch of an epoch may be smaller
epochs = 20

steps = epochs * -(-images // batch_size)  # -(-a // b) rounds a / b up

exercises.check("training_steps", steps)

# %% [markdown]
# **Where the course uses it.** Chapters 1 and 2 write a step out by hand before they call `fit`.
#
# #### Networks that branch
#
# `keras.Sequential` is a single chain of layers. An encoder in chapter 2 has two outputs, a mean and the
# logarithm of a variance. So from chapter 1 on we name what flows from layer to layer. `keras.Input` is a
# placeholder for one example. A layer is made in the first pair of brackets and *applied* in the second,
# and `keras.Model` packs everything between its inputs and its outputs into one network:

# %%
inputs = keras.Input((1,))
h = layers.Dense(32, activation="relu")(inputs)
mean = layers.Dense(1)(h)
log_var = layers.Dense(1)(h)  # a second layer on the same `h`
branched = keras.Model(inputs, (mean, log_var))

first, second = branched(x[:4])  # four examples, two answers
print("shapes of the two answers:", first.shape, second.shape)
print("weights:", branched.count_params())

# %% [markdown]
# A network is called like a function, and takes a whole batch. Two layers without weights will often
# stand in between: `Flatten` turns an image into one row of numbers, and `Reshape` turns a row into an
# image.
#
# #### Does it hold for new examples?
#
# A network with many weights may learn its examples by heart. Its loss then goes on falling for these
# and rises for others: it *overfits*. So some examples take no part in training. Those that one looks at
# while choosing settings are the *validation set*. Those that are kept for the end are the *test set*. No
# choice may depend on them, or the reported result is too good. In this course `val_loss` is the loss of
# images that the network was not trained on.
#
# To see it, train the network above afresh, on only twelve points of the same curve, with noise added.

# %%
rng = np.random.default_rng(4)


def noisy_points(count):
    x = rng.uniform(-3, 3, size=(count, 1))
    return x, np.sin(2 * x) + 0.3 * x + rng.normal(0, 0.7, size=x.shape)


few, others = noisy_points(12), noisy_points(200)
keras.utils.set_random_seed(0)
learner = keras.models.clone_model(network)  # the same layers, with new random weights
learner.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
x, y = (np.tile(values, (10, 1)) for values in few)  # an epoch takes each point ten times
history = learner.fit(
    x, y, batch_size=12, epochs=60, validation_data=others, validation_batch_size=200, verbose=0
).history

# %% mystnb={"figure": {"caption": "The mean squared error by epoch, for the twelve points and for two hundred others. The first goes on falling. The second falls while the network learns the curve, and rises again as it learns the noise. How much it rises depends on the points; these were chosen to show it.", "name": "fig-start-overfit"}, "image": {"alt": "Two curves over epochs. The one for the training points falls towards zero. The one for other points lies far above it, falls at first and then rises above its start."}} tags=["nbval-ignore-output", "hide-input"]
figure, axes = plt.subplots(figsize=(6.4, 2.8))
for name, label in (("loss", "training, 12 points"), ("val_loss", "validation, 200 points")):
    error = np.array(history[name])
    axes.plot(np.arange(1, len(error) + 1), error, label=label)
    print(
        f"{label:22} first {error[0]:.2f}, lowest {error.min():.2f} in epoch "
        f"{error.argmin() + 1}, last {error[-1]:.2f}"
    )
axes.set(xlabel="epoch", ylabel="mean squared error", ylim=(0, None))
axes.legend()
plt.show()

# %% [markdown]
# **On paper.** You keep the weights of the epoch with the lowest validation error, and report that error.
# Is it a fair estimate for new points?
#
# <details><summary>The answer</summary>
#
# No, it is a little too good: of many noisy numbers you chose the smallest. A fair one needs a test set, which
# took no part in the choice.
#
# </details>

# %% [markdown]
# ### Convolution
#
# A dense layer on an image would join every pixel to every unit. But an edge looks the same wherever it
# lies, and a few neighbouring pixels are enough to see it. So take a small array of weights, again called
# the *kernel*, and lay it on the image. Multiply each weight by the pixel under it, and sum. If the
# weights add up to zero, as in the picture, an even surface gives zero, however bright, and a large sum means:
# the pattern is here. Then slide the kernel on. The sums form a new, smaller image, the *feature
# map*:
#
# $$
# y_{ij} = \sum_{a} \sum_{b} x_{s i + a,\; s j + b}\; k_{ab}
# $$ (eq-start-convolution)
#
# with image $x$, kernel $k$ and stride $s$, all indices counted from $0$. The *stride* is how far
# the kernel moves between two sums. If the kernel stays inside the image, which is called
# *valid*, then a side of $n$ pixels and a kernel of side $m$ leave
#
# $$
# \left\lfloor \frac{n - m}{s} \right\rfloor + 1
# $$ (eq-start-size)
#
# places along that side; the brackets round down. In a network the weights of the kernel are learned, and
# there are many kernels. Since the same kernel serves at every place, an edge needs to be learned only once.
# (Mathematicians call this cross-correlation, and flip the kernel first.)

# %% mystnb={"figure": {"caption": "A kernel that looks for vertical edges slides over a ring. Orange: brighter on the right. Purple: brighter on the left. White: no vertical edge. The framed window gives the framed value. With stride $2$ every other row and column is left out.", "name": "fig-start-convolution"}, "image": {"alt": "Four pictures. A white ring on black, with a small square window framed on its left side. A kernel of three by three numbers, negative at the left, positive at the right. The feature map at stride 1: the ring's left outer edge and right inner edge are orange, the opposite edges purple. The same map at stride 2, coarser."}} tags=["hide-input"]
place = np.arange(16) - 7.5
radius = np.hypot(place[:, None] * 0.85, place[None, :] * 1.15)
image = np.clip(2.2 - np.abs(radius - 4.4), 0, 1)
kernel = np.array([[-1.0, 0.0, 1.0]] * 3)
feature_map = correlate2d(image, kernel, mode="valid")

figure, axes = plt.subplots(2, 2, figsize=(6.4, 6.2))
panels = [
    (image, "image", dict(vmin=0, vmax=1)),
    (kernel, "kernel", dict(vmin=-3, vmax=3, cmap="PuOr_r")),
    (
        feature_map,
        "feature map, stride 1",
        dict(vmin=-3, vmax=3, cmap="PuOr_r"),
    ),
    (
        feature_map[::2, ::2],
        "feature map, stride 2",
        dict(vmin=-3, vmax=3, cmap="PuOr_r"),
    ),
]
for panel, (values, name, look) in zip(axes.flat, panels, strict=True):
    panel.imshow(values, **look)
    panel.set(
        xticks=[],
        yticks=[],
        title=f"{name}: {values.shape[0]} × {values.shape[1]}",
    )
    panel.grid(False)
    panel.spines[:].set(visible=True, color="0.6")
for (i, j), weight in np.ndenumerate(kernel):
    axes[0, 1].text(
        j,
        i,
        f"{weight:.0f}".replace("-", "−"),
        ha="center",
        va="center",
        fontsize=16,
    )
row, column = 6, 2  # the window's upper left corner
for panel, corner, side in (
    (axes[0, 0], (column, row), 3),
    (axes[1, 0], (column, row), 1),
    (axes[1, 1], (column // 2, row // 2), 1),
):
    frame = plt.Rectangle(
        np.subtract(corner, 0.5),
        side,
        side,
        fill=False,
        color="C2",
        linewidth=3,
    )
    panel.add_patch(frame)
print(f"value of the framed window: {feature_map[row, column]:.2f}")
print(f"{image.shape} to {feature_map.shape}, with stride 2 to {feature_map[::2, ::2].shape}")
plt.show()

# %% [markdown]
# **Exercise.** Write the convolution out, with a stride. Image and kernel need not be square.


# %% tags=["exercise"]
# Exercise: convolution
def convolution(image, kernel, stride):
    """Return the valid convolution of a 2-D image, kernel as it is."""
    rows, columns = kernel.shape
    # First the output's height and width, then an array of zeros,
    # then two loops that fill it.
    return None


exercises.check("convolution", convolution)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: convolution
def convolution(image, kernel, stride):
    """Return the valid convolution of a 2-D image, kernel as it is."""
    rows, columns = kernel.shape
    height = (image.shape[0] - rows) // stride + 1
    width = (image.shape[1] - columns) // stride + 1
    output = np.zeros((height, width))
    for i in range(height):
        for j in range(width):
            top, left = stride * i, stride * j
            output[i, j] = np.sum(image[top : top + rows, left : left + columns] * kernel)
    return output


exercises.check("convolution", convolution)

# %% [markdown]
# #### Padding and channels
#
# A valid convolution shrinks the image, and the pixels at its border count less, since fewer windows
# hold them. So one often puts zeros around the image first. With Keras' padding `"same"` there are
# just as many zeros as it takes to make the output's side
#
# $$
# \left\lceil n / s \right\rceil
# $$ (eq-start-same)
#
# whatever the kernel; these brackets round up. With stride $2$ the side is halved. This is what most of the
# course's networks use, so an image goes from $28$ to $14$ to $7$.
#
# A colour image has three values at each place, its *channels*. The kernel then reaches through all of
# them: it is an array of shape (height, width, input channels), and the sum runs over all three axes. A
# layer has many such kernels, called *filters*, and each gives one channel of the output. A layer of $F$
# filters of side $m$ on $C$ channels therefore has $m^2\, C\, F$ weights, and $F$ biases.

# %% mystnb={"figure": {"caption": "One row of eight pixels, a kernel of four, stride two. Valid: the kernel stays inside and finds three places. Same: one zero at either end makes room for four, half of eight.", "name": "fig-start-padding"}, "image": {"alt": "Two rows of eight squares. Above, three brackets of four squares each, shifted by two. Below, the row has one dotted square, a zero, at either end, and four brackets."}} tags=["hide-input"]
figure, axes = plt.subplots(figsize=(6.4, 3.0))
for base, pad, name in ((2.6, 0, "valid"), (0.0, 1, "same")):
    for place in range(-pad, 8 + pad):
        zero = not 0 <= place < 8
        box = plt.Rectangle(
            (place, base),
            1,
            0.6,
            facecolor="white" if zero else "0.88",
            edgecolor="0.4",
            linestyle=":" if zero else "-",
        )
        axes.add_patch(box)
        axes.text(place + 0.5, base + 0.28, "0" if zero else "", ha="center", va="center")
    starts = range(-pad, 8 + pad - 3, 2)
    for number, place in enumerate(starts):
        height = base - 0.22 - 0.22 * (number % 2)
        axes.plot([place + 0.1, place + 3.9], [height, height], color=f"C{number}", linewidth=4)
    axes.text(-1.3, base + 0.3, name, ha="right", va="center")
    print(f'padding "{name}": {len(starts)} places')
axes.set(xlim=(-3, 9.2), ylim=(-0.7, 3.4), aspect="equal")
axes.axis("off")
plt.show()

# %% [markdown]
# In Keras such a layer is `layers.Conv2D(16, 4, strides=2, padding="same", activation="relu")`.
#
# **Exercise.** Write what a convolutional layer returns, and how many weights it has.


# %% tags=["exercise"]
# Exercise: conv_layer
def conv_layer(height, width, channels, filters, kernel, stride, padding):
    """Return the output's height, width, channels, and the number of weights."""
    # `padding` is "same" or "valid"; the kernel is a square of this side.
    # Count the biases as weights too.
    return None  # height, width, channels, weights


exercises.check("conv_layer", conv_layer)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: conv_layer
def conv_layer(height, width, channels, filters, kernel, stride, padding):
    """Return the output's height, width, channels, and the number of weights."""
    if padding == "same":
        height, width = -(-height // stride), -(-width // stride)  # rounded up
    else:
        height, width = (height - kernel) // stride + 1, (width - kernel) // stride + 1
    return height, width, filters, kernel * kernel * channels * filters + filters


exercises.check("conv_layer", conv_layer)

# %% [markdown]
# **Where the course uses it.** In encoders and discriminators, stacks of convolutions with stride $2$.

# %% [markdown]
# ### Transposed convolution
#
# A decoder must go the other way, from a small map to a large image. A *transposed* convolution lets
# each value of the small map spread: it adds a copy of the kernel, multiplied by that value, to the
# output, and the copies of neighbours lie $s$ places apart, where $s$ is the stride. With map $x$ and
# kernel $k$,
#
# $$
# y_{ij} = \sum_{a} \sum_{b} x_{ab}\; k_{i - s a,\; j - s b} ,
# $$ (eq-start-transposed)
#
# where $k$ counts as zero outside its array. A side of $n$ becomes $s (n - 1) + m$, in the picture
# $2 \cdot 4 + 4 = 12$. With padding `"same"` the border is cut off so that it becomes exactly $s\, n$.
# Again the weights of the kernel are learned, and there are channels on both sides.

# %% mystnb={"figure": {"caption": "A small map, what one of its values contributes, and the sum of all contributions. With stride $2$ each side is about doubled. Copies of the kernel overlap, and there they add up.", "name": "fig-start-transposed"}, "image": {"alt": "Three pictures. A map of five by five squares with a bright diagonal bar. A large black picture with one small bright blob. A large picture with a smooth bright diagonal bar."}} tags=["hide-input"]
small = np.eye(5) + np.eye(5, k=1) * 0.5
spread = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 16  # a kernel that interpolates
stretched, single = np.zeros((2, 9, 9))
stretched[::2, ::2] = small
single[4, 4] = small[2, 2]
pictures = {
    "map": small,
    "one value": convolve2d(single, spread),
    "all values": convolve2d(stretched, spread),
}
figure, axes = plt.subplots(1, 3, figsize=(6.4, 2.5))
for panel, (name, picture) in zip(axes, pictures.items(), strict=True):
    panel.imshow(picture, vmin=0, vmax=1.2)
    panel.set(title=f"{name}: {picture.shape[0]} × {picture.shape[1]}", xticks=[], yticks=[])
    panel.grid(False)
up = layers.Conv2DTranspose(1, 4, strides=2, padding="same")
print('Keras, 5 × 5 with padding "same":', up(np.zeros((1, 5, 5, 1))).shape[1:3])
plt.show()

# %% [markdown]
# **Exercise.** Write the transposed convolution of one map, without cutting off the border.


# %% tags=["exercise"]
# Exercise: transposed_convolution
def transposed_convolution(x, kernel, stride):
    """Return the transposed convolution of a 2-D map, without cropping."""
    # Zeros of the right size; then each x[i, j] adds a copy of the kernel.
    return None


exercises.check("transposed_convolution", transposed_convolution)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: transposed_convolution
def transposed_convolution(x, kernel, stride):
    """Return the transposed convolution of a 2-D map, without cropping."""
    rows, columns = kernel.shape
    height = (x.shape[0] - 1) * stride + rows
    width = (x.shape[1] - 1) * stride + columns
    output = np.zeros((height, width))
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            top, left = stride * i, stride * j
            output[top : top + rows, left : left + columns] += x[i, j] * kernel
    return output


exercises.check("transposed_convolution", transposed_convolution)

# %% [markdown]
# **Where the course uses it.** In decoders and generators, which go from $7$ to $14$ to $28$.

# %% [markdown]
# ### Batch normalisation
#
# A number that a layer inside a network returns is a *feature*. One feature may run from $-1000$ to
# $1000$ and its neighbour from $0.01$ to $0.02$, and both drift while the layers before them learn. Batch
# normalisation, BatchNorm for short, brings all features to a common scale before the next layer sees
# them. It subtracts the mean that a feature has in the current batch, and divides by its standard
# deviation there:
#
# $$
# \begin{aligned}
# y_i &= \mathtt{scale} \cdot \frac{x_i - m}{\sqrt{v + \mathtt{eps}}} + \mathtt{offset} \\
# m &= \frac1N \sum_{i=1}^N x_i \\
# v &= \frac1N \sum_{i=1}^N (x_i - m)^2
# \end{aligned}
# $$ (eq-start-batchnorm)
#
# Here $x_i$ is the feature's value in example $i$ of $N$. The *variance* $v$ is the mean squared
# distance from the mean $m$, and its root is the *standard deviation*, a typical distance from the
# mean. The small number `eps` keeps the denominator away from zero. `scale` and `offset` are
# learned, one pair for each feature, so that the network can undo the normalisation where it is in
# the way. (Papers and Keras call them $\gamma$ and $\beta$. This $m$ and $v$ are not those of
# Adam.) In a convolution, mean and variance are taken over the batch *and* over all places.
#
# After training there may be no batch, only one image. The layer then uses averages of $m$ and
# $v$ that it gathered during training. Hence the argument `training=True` or `False` that you
# will see in the code.

# %% mystnb={"figure": {"caption": "Left: three features of a batch, before and after. Right: what BatchNorm makes of one and the same real image. In a batch of real images alone, its value stands still. In a batch shared with fakes, it moves when the fakes move.", "name": "fig-start-batchnorm"}, "image": {"alt": "Two charts. Left, three clouds of dots at different heights and of different widths, each beside a cloud of the same shape centred at zero with equal width. Right, a horizontal dashed line for the batch of real images alone, and a curve for the batch shared with fakes: it starts above the line, crosses it where the fakes have the mean of the real images, and ends far below."}} tags=["hide-input"]
rng = np.random.default_rng(3)


def normalise(x):
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-3)


x = rng.normal([6.0, -3.0, 1.0], [0.6, 2.0, 0.2], size=(64, 3))
figure, (left, right) = plt.subplots(1, 2, figsize=(6.4, 3.6))
shift = rng.uniform(-0.11, 0.11, size=x.shape)
for values, side, colour, marker, name in (
    (x, -0.17, "0.6", "o", "before"),
    (normalise(x), 0.17, "C0", "^", "after"),
):
    left.plot(
        (np.arange(1, 4) + side + shift).ravel(),
        values.ravel(),
        marker,
        color=colour,
        markersize=3.5,
        label=name,
    )
left.set(xlabel="feature", ylabel="value", xticks=[1, 2, 3], ylim=(-9, 11))
left.legend(loc="upper right", markerscale=2, handletextpad=0.1, borderaxespad=0)

real = rng.normal(2.0, 0.7, size=64)
real[0] = 2.5  # the image that we follow
noise = rng.normal(0.0, 0.7, size=64)
means = np.linspace(-2, 4, 61)
alone = np.full_like(means, normalise(real)[0])
shared = np.array([normalise(np.concatenate([real, noise + mean]))[0] for mean in means])
right.plot(means, alone, "--", label="real images alone")
right.plot(means, shared, label="with fakes")
right.set(
    xlabel="mean of the fakes",
    ylabel="one real image, normalised",
    ylim=(-1.1, 2.4),
)
right.legend(loc="upper right", borderaxespad=0)
print(f"the real image alone {alone[0]:.2f}; with fakes {shared.max():.2f} to {shared.min():.2f}")
print(
    f"after: means {np.abs(normalise(x).mean(axis=0)).max():.2f}, "
    f"standard deviations {normalise(x).std(axis=0).round(2)}"
)
plt.show()

# %% [markdown]
# **Exercise.** Write BatchNorm as it works in training.


# %% tags=["exercise"]
# Exercise: batch_norm
def batch_norm(x, scale, offset, eps):
    """Return the batch x, (batch, features), normalised and rescaled."""
    # Mean and variance of each feature over the batch, (features,).
    return None


exercises.check("batch_norm", batch_norm)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: batch_norm
def batch_norm(x, scale, offset, eps):
    """Return the batch x, (batch, features), normalised and rescaled."""
    mean = np.mean(x, axis=0)
    variance = np.var(x, axis=0)
    return scale * (x - mean) / np.sqrt(variance + eps) + offset


exercises.check("batch_norm", batch_norm)

# %% [markdown]
# **Where the course uses it.** In many decoders and discriminators, because it can speed up training
# {cite}`ioffe2015batch`. But it ties the examples of a batch together, as the right-hand picture shows.
# If real and generated images shared a batch, a real image's number would depend on the fakes beside it,
# and move whenever the generator changes. So the discriminator is called on each kind separately.

# %% [markdown]
# ## Probability
#
# ### Expectation
#
# Throw a die, write down the number, and repeat. The average of your numbers wanders at first,
# then settles. The value it settles at is the *expectation*: each number times its probability, added
# up. For a fair die it is $\tfrac16 (1 + 2 + 3 + 4 + 5 + 6) = 3.5$, which
# no die can show.
#
# The same works for any random quantity $z$ and any function $f$ of it: add up the values $f(z)$, each
# times the probability of its $z$. If $z$ takes a continuum of values, a *density* $p(z)$ says where
# draws fall: the area under $p$ over an interval is the probability of landing there. The sum then
# becomes an integral:
#
# $$
# \mathbb E_{z \sim p}[f(z)] = \int f(z)\, p(z)\, \mathrm dz \;\approx\; \frac 1N \sum_{i=1}^N f(z_i)
# $$ (eq-start-expectation)
#
# Read $z \sim p$ as "$z$ is drawn from $p$". Where this is clear, we write $\mathbb E$ alone.
#
# The integral is often out of reach. The right-hand side is not: draw $N$ values $z_i$, independently of
# one another, and average. This is called a Monte Carlo estimate. Its typical error, the *standard
# error*, is
#
# $$
# \begin{aligned}
# \mathtt{standard\_error} &= \frac{s}{\sqrt N} \\
# s^2 &= \frac{1}{N-1} \sum_{i=1}^N \bigl(f(z_i) - \bar f\bigr)^2
# \end{aligned}
# $$ (eq-start-standard-error)
#
# where $\bar f$ is the estimate and $s$ the standard deviation of the values $f(z_i)$. (The values lie a
# little closer to their own average $\bar f$ than to the true expectation. Dividing by $N - 1$ in place of
# $N$ makes up for that.) To halve the error you need four times as many draws.
#
# In the picture $z$ is *standard normal*: it is drawn from the bell-shaped density of mean $0$ and variance
# $1$, which the next section describes. We average $z^2$, the squared distance from the mean, so the
# expectation is the variance.

# %% mystnb={"figure": {"caption": "Five running averages of $z^2$ for $z$ drawn from a standard normal. All settle at the expectation, $1$. The shaded band is one standard error to either side; it narrows with the square root of the number of draws.", "name": "fig-start-expectation"}, "image": {"alt": "Line chart with a logarithmic horizontal axis, the number of draws. Five coloured lines start far apart, between about 0 and 2.5, and run together towards a dashed line at 1, mostly inside a grey band that narrows to the right."}} tags=["hide-input"]
rng = np.random.default_rng(38)
z = rng.standard_normal((5, 3000))
draws = np.arange(1, z.shape[1] + 1)
running = np.cumsum(z**2, axis=1) / draws
band = np.sqrt(2 / draws)  # z**2 has the variance 2

figure, axes = plt.subplots()
axes.fill_between(draws, 1 - band, 1 + band, color="0.85", label="1 ± standard error")
axes.plot(draws, running.T, linewidth=1.4)
axes.axhline(1, color="black", linestyle="--", linewidth=1.2, label="expectation")
axes.set(xscale="log", xlim=(2, draws[-1]), ylim=(0, 2.6))
axes.xaxis.set_major_formatter("{x:g}")
axes.set(xlabel="number of draws $N$", ylabel="average of $z^2$ so far")
axes.legend()
for count in (30, 3000):
    print(
        f"N = {count:4d}: averages {np.sort(running[:, count - 1]).round(2)}, "
        f"standard error {band[count - 1]:.2f}"
    )
plt.show()

# %% [markdown]
# **Exercise.** Write the estimate and its standard error. The function `f` takes an array and
# returns an array.


# %% tags=["exercise"]
# Exercise: expectation
def expectation(f, samples):
    """Return estimate and standard error of E[f(z)]; samples: (N,)."""
    # f(samples) holds one value for each sample.
    return None  # estimate, standard_error


exercises.check("expectation", expectation)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: expectation
def expectation(f, samples):
    """Return estimate and standard error of E[f(z)]; samples: (N,)."""
    values = f(samples)
    estimate = np.mean(values)
    standard_error = np.std(values, ddof=1) / np.sqrt(len(values))
    return estimate, standard_error


exercises.check("expectation", expectation)

# %% [markdown]
# **Where the course uses it.** The loss of a variational autoencoder is an expectation over
# random codes `z`, which training estimates with a single draw for each image. The losses of a GAN are
# expectations over real and over generated images.

# %% [markdown]
# ### The Gaussian density
#
# The Gaussian density, also called normal, is a bell. (*Expectation*, the section before, says what a
# density is.) Its mean $\mu$ says where the bell stands, its variance $\sigma^2$ how wide it is:
#
# $$
# \mathcal N(z \mid \mu, \sigma^2) = \frac{1}{\sqrt{2 \pi \sigma^2}} \, e^{-(z - \mu)^2 / 2 \sigma^2} .
# $$
#
# The fraction in front gives all bells the area one, so a narrow one must be high. A density may therefore
# be larger than one; only areas are probabilities. The bell with mean $0$ and variance $1$ is the standard
# normal, $\mathcal N(0, 1)$ for short.
#
# The logarithm of the density is simpler than the density itself. It is a parabola:
#
# $$
# \begin{aligned}
# & \log \mathcal N(z \mid \mu, \sigma^2) \\
# &\quad = -\frac12 \left( \log 2\pi + \log\sigma^2 + \frac{(z - \mu)^2}{\sigma^2} \right)
# \end{aligned}
# $$ (eq-start-gaussian)
#
# In code the mean $\mu$ is `z_mean`. For the variance $\sigma^2$ the code has its logarithm,
# `z_log_var`. A network's output can be any number, but a variance must be positive. So
# the network gives the logarithm, and `exp(z_log_var)` is positive whatever comes out.
#
# A code `z`, the numbers that stand for an image, has several dimensions, `latent_dim` of them. If
# they are independent, their densities multiply, and so their log densities add up.

# %% mystnb={"figure": {"caption": "Three Gaussians with the same mean. Left: the narrow one is the highest, since each area is $1$. Right: their logarithms are parabolas, and far from the mean the narrow one lies lowest by far.", "name": "fig-start-gaussian"}, "image": {"alt": "Two charts side by side. Left, three bell curves centred at zero: narrow and high, medium, wide and low. Right, their logarithms: three upside-down parabolas, the narrow bell's the steepest."}} tags=["hide-input"]
z = np.linspace(-4, 4, 401)
figure, (left, right) = plt.subplots(1, 2, figsize=(6.4, 3.2))
for z_log_var, line in ((-1.5, "-"), (0.0, "--"), (1.5, "-.")):
    bell = norm(0, np.exp(z_log_var / 2))
    left.plot(z, bell.pdf(z), line, label=f"{z_log_var:g}".replace("-", "−"))
    right.plot(z, bell.logpdf(z), line)
    area = bell.cdf(9) - bell.cdf(-9)
    print(
        f"z_log_var {z_log_var:4.1f}: height {bell.pdf(0):.2f}, area {area:.2f}, "
        f"log density at 3: {bell.logpdf(3):.1f}"
    )
left.set(xlabel="$z$", title="density")
left.legend(title="z_log_var", loc="upper left", handlelength=2.6)
right.set(xlabel="$z$", title="log density", ylim=(-13, 1))
plt.show()

# %% [markdown]
# **Exercise.** Write the log density of a batch of codes. Each dimension of each code has its own
# mean and log-variance. Sum over the dimensions, so that each code gets one number.


# %% tags=["exercise"]
# Exercise: gaussian_log_density
def gaussian_log_density(z, z_mean, z_log_var):
    """Return one value per code, (batch,), from (batch, latent_dim)."""
    # The dimensions are independent: their log densities add up.
    return None


exercises.check("gaussian_log_density", gaussian_log_density)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: gaussian_log_density
def gaussian_log_density(z, z_mean, z_log_var):
    """Return one value per code, (batch,), from (batch, latent_dim)."""
    square = (z - z_mean) ** 2 / np.exp(z_log_var)
    return -0.5 * np.sum(np.log(2 * np.pi) + z_log_var + square, axis=1)


exercises.check("gaussian_log_density", gaussian_log_density)

# %% [markdown]
# **Where the course uses it.** The encoder of a variational autoencoder answers an image with
# `z_mean` and `z_log_var`. Its codes are drawn from that Gaussian and compared with a standard
# one, the prior.
#
# #### Covariance
#
# Of several numbers one may also ask whether they rise and fall together. Let $x_{ij}$ be number
# $j$ of point $i$, and $m_j$ its mean over the $N$ points. The *covariance* of the numbers $j$ and
# $k$ is the mean product of their differences from their means:
#
# $$
# C_{jk} = \frac 1N \sum_{i=1}^N (x_{ij} - m_j)(x_{ik} - m_k) .
# $$ (eq-start-covariance)
#
# It is positive if both tend to be on the same side of their means, negative if they tend to be on
# opposite sides, and close to zero if they are independent. (The reverse does not hold: for a standard normal
# $z$ the covariance of $z$ and $z^2$ is $\mathbb E[z^3] = 0$, though the one determines the other. For numbers that
# are jointly Gaussian it does hold.) For $j = k$ it is the variance. All of them together are the *covariance
# matrix* $C$, with the variances on its diagonal. (`np.cov(x.T)`
# divides by $N - 1$, as the standard error above does.)
#
# Without covariance the axes of a cloud of points lie along those of the plot. A covariance tilts it, to rise if
# it is positive and to fall if it is negative.

# %% mystnb={"figure": {"caption": "Points of two numbers, drawn with variance $1$ each and with the covariance $-0.6$, $0$ and $0.6$. Above each cloud stands the covariance of its points, which is close to that.", "name": "fig-start-covariance"}, "image": {"alt": "Three clouds of dots side by side: an oval that falls from the upper left to the lower right, a round one, and an oval that rises from the lower left to the upper right."}} tags=["hide-input"]
rng = np.random.default_rng(0)
one, other = rng.standard_normal((2, 300))
figure, axes = plt.subplots(1, 3, figsize=(6.4, 2.6), sharex=True, sharey=True)
for panel, wanted in zip(axes, (-0.6, 0.0, 0.6), strict=True):
    two = wanted * one + np.sqrt(1 - wanted**2) * other  # variance 1, covariance `wanted`
    covariance = np.mean((one - one.mean()) * (two - two.mean()))
    panel.plot(one, two, ".", markersize=3)
    panel.set(title=f"{covariance:.2f}".replace("-", "−"), xlabel="number 1", aspect="equal")
    print(f"drawn with the covariance {wanted:4.1f}, the points have {covariance:5.2f}")
axes[0].set(ylabel="number 2")
plt.show()

# %% [markdown]
# **Where the course uses it.** A Gaussian in several dimensions is given by its mean and its covariance
# matrix. Chapters 1 and 2 fit one to codes, and the Fréchet distance of the interlude compares two.
#
# #### Eigenvalues
#
# *May wait: chapter 4 is the first to need it, where two networks are trained at once.*
#
# An *eigenvector* of a matrix is a direction $v$ that the matrix only stretches: $C v = \lambda v$. The
# factor $\lambda$ is its *eigenvalue*. Take two numbers of variance $1$ and covariance $0.6$. Their
# covariance matrix stretches the two diagonals of the plane:
#
# $$
# \begin{aligned}
# \begin{pmatrix} 1 & 0.6 \\ 0.6 & 1 \end{pmatrix} \begin{pmatrix} 1 \\ 1 \end{pmatrix}
# &= 1.6 \begin{pmatrix} 1 \\ 1 \end{pmatrix} \\
# \begin{pmatrix} 1 & 0.6 \\ 0.6 & 1 \end{pmatrix} \begin{pmatrix} 1 \\ -1 \end{pmatrix}
# &= 0.4 \begin{pmatrix} 1 \\ -1 \end{pmatrix}
# \end{aligned}
# $$
#
# These are the axes of the right-hand cloud, and the eigenvalues are the variances of the points along them.
# (Along a direction $v$ of length one the variance is $v^\top C v$, and $C v = \lambda v$ makes that $\lambda$.)
# The sum of the eigenvalues, here $2$, is the sum along the diagonal, the
# *trace*. Their product, here $0.64$, is the *determinant*, for two numbers $C_{11} C_{22} - C_{12} C_{21}$.
# (Every covariance matrix is symmetric, and a symmetric matrix has real eigenvalues and eigenvectors at right
# angles to each other.)
#
# Eigenvalues also say what becomes of a vector that is multiplied by the same matrix again and again. Each
# time its part along an eigenvector is multiplied by $\lambda$. So this part dies out if $|\lambda| < 1$, and
# grows if $|\lambda| > 1$. A matrix that turns the plane by an angle other than $0°$ and $180°$ keeps no
# direction. Its two eigenvalues are complex, $a \pm b\,\mathrm i$. The rule stays the same, with the length
# $\sqrt{a^2 + b^2}$ in place of $|\lambda|$: in the long run, below one a vector spirals in, above one out. The
# determinant, the product of the two, is the square of that length.
#
# **On paper.** Two numbers have the variance $2$ each and the covariance $-1$. Along which axes does their
# cloud lie, and what are the variances along them?
#
# <details><summary>The answer</summary>
#
# Along the diagonals again. For $v = (1, 1)$ each row of $C$ gives $2 - 1$, so $\lambda = 1$. For
# $v = (1, -1)$ the first row gives $2 + 1$, so $\lambda = 3$. The cloud is long from the upper left to the
# lower right.
#
# </details>
#
# **Where the course uses it.** PCA, in chapter 1, takes the directions of the largest variance. In chapter 4
# a step of training multiplies the deviation from the goal by a matrix, whose eigenvalues say whether
# training settles. The curvatures of a loss of many weights, in chapter 7, are eigenvalues too, of the matrix
# of its second derivatives.

# %% [markdown]
# ### Log-likelihood
#
# A model gives a probability to everything it might see. What it gives to the data that did come (where values
# are continuous, a density) is the *likelihood* of the model: high if the model expects such data.
#
# The likelihood of many independent observations is a product of many small numbers, which a
# computer rounds to zero. The logarithm turns it into a sum. With a minus
# sign in front it becomes a cost that training makes small, the *negative log-likelihood*. With the
# natural logarithm its unit is the *nat*: what had probability $1/e$ costs one nat.
#
# Take a black and white image $x$ with pixels $x_j$, where $1$ is ink and $0$ is blank. Let the
# model say for each pixel the probability of ink, $\hat x_j$. An inked pixel then has the probability
# $\hat x_j$, a blank one $1 - \hat x_j$, and the image costs
#
# $$
# \begin{aligned}
# -\log p(x) = -\sum_{j=1}^{P} \bigl( & x_j \log \hat x_j \\
# & + (1 - x_j) \log(1 - \hat x_j) \bigr)
# \end{aligned}
# $$ (eq-start-likelihood)
#
# For an inked pixel only the first term counts, for a blank one only the second. The sum over the $P$
# pixels assumes that they are independent *given the model's answer*: once $\hat x$ is known, one pixel's
# ink says nothing more about its neighbour's. For a batch, take the mean of its images' costs. In code $x$
# is `images` and $\hat x$ is `reconstruction`.

# %% mystnb={"figure": {"caption": "What one pixel costs, by the probability of ink that the model gave it. A sure and right answer costs nothing. A sure and wrong one costs without limit. A grey pixel, half ink, costs least at one half, and never nothing.", "name": "fig-start-likelihood"}, "image": {"alt": "Three curves over the probability of ink from 0 to 1. The curve for an inked pixel falls from very high at the left to zero at the right, the one for a blank pixel is its mirror image, and the one for a grey pixel is a shallow valley with its lowest point, marked, in the middle."}} tags=["hide-input"]
ink = np.linspace(0.003, 0.997, 500)  # the probability of ink that the model gives
figure, axes = plt.subplots()
for x, name, line in (
    (1.0, "inked, $x = 1$", "-"),
    (0.0, "blank, $x = 0$", "--"),
    (0.5, "grey, $x = 0.5$", "-."),
):
    cost = -(x * np.log(ink) + (1 - x) * np.log(1 - ink))
    axes.plot(ink, cost, line, label=name)
axes.plot(0.5, np.log(2), "o", color="C2", markersize=8)
axes.set(
    xlabel=r"probability of ink, $\hat x$",
    ylabel="cost of the pixel [nats]",
    ylim=(0, 4.2),
)
axes.legend(title="the pixel", loc="upper center")
for probability in (0.99, 0.5, 0.01):
    print(f"an inked pixel given {probability:4.2f} costs {-np.log(probability):.2f} nats")
plt.show()

# %% [markdown]
# **Exercise.** Write the negative log-likelihood of a batch: sum over the pixels, mean over the
# images.


# %% tags=["exercise"]
# Exercise: negative_log_likelihood
def negative_log_likelihood(images, reconstruction):
    """Return one number; both are (batch, height, width), in [0, 1]."""
    # Sum over the pixels of each image, then take the mean over the batch.
    return None


exercises.check("negative_log_likelihood", negative_log_likelihood)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: negative_log_likelihood
def negative_log_likelihood(images, reconstruction):
    """Return one number; both are (batch, height, width), in [0, 1]."""
    log_likelihood = images * np.log(reconstruction) + (1 - images) * np.log(1 - reconstruction)
    per_image = -np.sum(log_likelihood, axis=(1, 2))
    return np.mean(per_image)


exercises.check("negative_log_likelihood", negative_log_likelihood)

# %% [markdown]
# #### Half the squared error
#
# For grey pixels one may take a Gaussian instead. Let each pixel follow a Gaussian of variance $1$ around the
# model's answer $\hat x_j$. Equation {eq}`eq-start-gaussian` with $\mu = \hat x_j$ and
# $\sigma^2 = 1$, summed over the pixels, gives
#
# $$
# -\log p(x) = \tfrac12 \sum_j (x_j - \hat x_j)^2 + \tfrac P2 \log 2\pi .
# $$
#
# The last term depends on no weight. So to raise the likelihood is to lower *half the squared error*,
# the loss of chapter 1. The course names it `"gaussian"`.
#
# #### Classifiers
#
# A network that names what it sees answers with a probability for each of $K$ classes. It ends in
# $K$ numbers $l_c$ without an activation, the *logits*, and *softmax* makes probabilities of them:
#
# $$
# p_c = \frac{e^{l_c}}{\sum_{k=1}^{K} e^{l_k}} .
# $$ (eq-start-softmax)
#
# They are positive and add up to one. Such a network, a *classifier*, is trained by the negative
# log-likelihood again: an image costs $-\log$ of the probability that the network gave to the right class,
# which is called *cross-entropy*. With two classes only the difference $l = l_1 - l_2$ counts. Divide
# above and below by $e^{l_1}$, and $p_1$ becomes $1 / (1 + e^{-l})$, the sigmoid. So one logit is
# enough.
#
# **On paper.** (a) What does an image of class $1$ cost with two classes, written with $l$? (b) With $K$
# classes and the right one $r$, what is the slope of the cost for each logit $l_c$?
#
# <details><summary>The answer</summary>
#
# (a) $-\log p_1 = \log(1 + e^{-l})$. The function $\log(1 + e^a)$ is called *softplus*, so this is the
# softplus of $-l$. (b) The cost is $-l_r + \log \sum_k e^{l_k}$, and its slope for $l_c$ is $p_c$, less $1$
# if $c = r$: descent raises the right logit, the more its probability lacks to one, and lowers the others.
#
# </details>
#
# **Where the course uses it.** As the reconstruction loss. The form of equation
# {eq}`eq-start-likelihood` is the one named `"bernoulli"`; the images of this course run
# from $-1$ to $1$ and are mapped to $[0, 1]$ for it. For a grey pixel it is still a useful loss, but no
# likelihood, since the model only knows ink and blank. A classifier trained on real digits judges
# generated ones from chapter 2 on, and the discriminator of a GAN is a classifier with two classes.

# %% [markdown]
# ### Bayes' rule
#
# You know how an effect follows from its cause, and you see the effect. How likely is the cause?
#
# Let $z$ be the cause and $x$ what is seen, and read $p(x \mid z)$ as "the probability of $x$, given $z$".
# Three quantities meet. The *prior* $p(z)$: how common is the cause? The *likelihood* $p(x \mid z)$: how
# often does this cause show like this? And the *evidence* $p(x)$: how often is this seen at all, from
# whatever cause? How often do $z$ and $x$ come together? As often as the cause comes and then shows like
# this, $p(x \mid z)\, p(z)$. Counted from the other end it is $p(z \mid x)\, p(x)$. Set the two equal and
# divide by $p(x)$. That gives the *posterior*, the probability of the cause once $x$ is seen:
#
# $$
# \begin{aligned}
# p(z \mid x) &= \frac{p(x \mid z)\, p(z)}{p(x)} \\
# p(x) &= \sum_{z} p(x \mid z)\, p(z)
# \end{aligned}
# $$ (eq-start-bayes)
#
# If $z$ takes a continuum of values, the sum becomes an integral. The rule is easiest to see in
# whole numbers. In the figure, a detector looks at $1000$ pictures, of which a few are generated
# by a network and the others are real photographs. It flags nearly all of the generated ones, and
# one real picture in ten. Most flags are nevertheless false, because there are so many more real
# pictures.

# %% mystnb={"figure": {"caption": "One thousand pictures. The generated ones stand at the left. Filled marks are flagged by the detector; few of them are generated.", "name": "fig-start-bayes"}, "image": {"alt": "A grid of 1000 marks, 50 columns by 20 rows. The first column holds the generated pictures, almost all of them filled orange squares. The next columns hold the real pictures that are flagged, about five columns of filled blue discs. The other real pictures are small pale rings."}} tags=["hide-input"]
hits, misses, false_alarms, rest = 19, 1, 98, 882
kinds = np.repeat([0, 1, 2, 3], [hits, misses, false_alarms, rest])
column, row = np.divmod(np.arange(1000), 20)

figure, axes = plt.subplots(figsize=(6.4, 3.6))
looks = [
    ("generated, flagged", dict(marker="s", s=26, color="C3")),
    (
        "generated, missed",
        dict(marker="s", s=24, facecolor="none", edgecolor="C3", linewidth=1.4),
    ),
    ("real, flagged", dict(marker="o", s=26, color="C0")),
    (
        "real, not flagged",
        dict(marker="o", s=14, facecolor="none", edgecolor="0.7"),
    ),
]
for kind, (name, look) in enumerate(looks):
    axes.scatter(column[kinds == kind], -row[kinds == kind], label=name, **look)
axes.axis("off")
figure.legend(loc="outside lower center", ncols=2, handletextpad=0.2, markerscale=1.3)
flagged = hits + false_alarms
print(f"{hits + misses} of {len(kinds)} are generated; {flagged} flagged, {hits} of them generated")
print(f"p(generated | flagged) = {hits} / {flagged} = {hits / flagged:.2f}")
plt.show()

# %% [markdown]
# **Exercise.** Now take another detector and other pictures. Given a flagged picture, how likely is
# it generated? Two decimals are enough. You may let Python compute it.

# %% tags=["exercise"]
# Exercise: base_rate
base_rate = 0.05  # p(generated)
hit_rate = 0.80  # p(flagged | generated)
false_alarm_rate = 0.10  # p(flagged | real)

answer = None  # p(generated | flagged): replace None

exercises.check("base_rate", answer)

# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: base_rate
base_rate = 0.05  # p(generated)
hit_rate = 0.80  # p(flagged | generated)
false_alarm_rate = 0.10  # p(flagged | real)

flagged = hit_rate * base_rate + false_alarm_rate * (1 - base_rate)
answer = hit_rate * base_rate / flagged

exercises.check("base_rate", answer)

# %% [markdown]
# **Where the course uses it.** A decoder says which image $x$ follows from a code $z$. The way
# back, $p(z \mid x)$, has $p(x)$ in its denominator: an integral over all codes, out of reach. So
# an encoder learns to approximate the answer, and this is what makes an autoencoder
# *variational*. In a GAN the discriminator is the detector. In chapter 4 half of what it sees is
# generated, so if it sees no difference, its best answer is $1/2$ for everything.

# %% [markdown]
# ## What to remember
#
# - **Layer:** weights, a bias, an activation. Without the activation all is linear.
# - **Gradient descent:** step against the gradient; the largest curvature limits the learning
#   rate. **Adam** gives each weight a step of its own.
# - **Backpropagation:** the chain rule from the loss backwards, one pass for all weights.
# - **Training:** a step takes a batch, an epoch takes all examples once; `fit` repeats epochs. Images
#   kept out of training show whether the network overfits.
# - **Convolution:** one kernel slides over the whole image; stride $2$ with padding `"same"` halves the
#   sides, and a transposed convolution doubles them.
# - **BatchNorm:** mean $0$ and variance $1$ over the batch, then a learned scale and offset; so what is in
# the batch matters.
# - **Expectation:** average over draws; the error shrinks with $\sqrt N$.
# - **Gaussian density:** its logarithm is a parabola, and over dimensions the logarithms add up.
# - **Covariance:** the mean product of two numbers' differences from their means; it tilts the
#   cloud, and the eigenvalues are the variances along the cloud's axes.
# - **Log-likelihood:** minus the log of the probability given to the data is a cost; sum over
#   pixels, mean over the batch. For a classifier it is the cross-entropy.
# - **Bayes' rule:** likelihood times prior, divided by the evidence.
#
# ## Reading the code of this course
#
# The cells that stand open use some Python and NumPy that a first course may have left out. Come
# back to this list when a cell has something that you cannot read:
#
# - **stars** hand over the members of a list or a dict one by one. With `pair = (1, 2)` and
#   `named = {"rate": 0.1}`, `f(*pair, **named)` is `f(1, 2, rate=0.1)`. On the left of `=` a star
#   collects: after `first, *rest = [1, 2, 3]` the list `rest` is `[2, 3]`. So it does in the head of a
#   function: `lambda own, *_: own` takes any number of arguments and returns the first;
# - **comprehensions** build a list or a dict from a loop: `{n: n**2 for n in (1, 2)}` is `{1: 1, 2: 4}`;
# - **`zip`** walks through several lists at once: `list(zip("ab", (1, 2), strict=True))` is
#   `[("a", 1), ("b", 2)]`. With `strict=True` lists of different lengths are an error;
# - **`|`** joins two dicts, and the second wins: `{"a": 1, "b": 2} | {"b": 3}` is `{"a": 1, "b": 3}`;
# - **`lambda`** writes a function without a name: `(lambda x: 2 * x)(3)` is `6`. Made in a loop over `k`,
#   each `lambda x, k=k: k * x` keeps the `k` of its own turn; `lambda x: k * x` would have the last one;
# - **`partial`** fixes arguments of a function, the first ones or named ones: `partial(pow, 2)(5)`
#   is `pow(2, 5)`, so `32`;
# - a **decorator** replaces a function by what another makes of it: `@tf.function` above `def step(...)`
#   stands for `step = tf.function(step)`, the compiled step;
# - **`None` as an index** adds an axis of length one, and NumPy repeats an array along such an axis where
#   shapes have to match. If `x` is `np.array([1, 2, 4])`, `x[:, None] - x[None]` has the shape `(3, 3)`,
#   and its row `0` is `[0, -1, -3]`: all differences at once, without a loop;
# - **`np.resize`** repeats what is there until a shape is full: `np.resize([1, 2], 5)` is `[1, 2, 1, 2, 1]`;
# - **`np.logaddexp(a, b)`** is $\log(e^a + e^b)$, and SciPy's `logsumexp(a)` is the logarithm of the sum
#   of all $e^{a_i}$. They add up densities that are known by their logarithms, without overflow. So
#   `np.logaddexp(0, a)` is $\log(1 + e^a)$;
# - **`expit`** is SciPy's name for the sigmoid.
#
# ## Sources
#
# - Goodfellow, Bengio and Courville, [*Deep Learning*](https://www.deeplearningbook.org), chapter
# 2 (eigenvalues), 3 (probability), 4 (gradient descent), 5 (overfitting, maximum likelihood), 6 (layers,
# softmax and backpropagation), 9 (convolution) {cite}`goodfellow2016deep`.
# - Kingma and Ba, [*Adam*](https://arxiv.org/abs/1412.6980), algorithm 1 {cite}`kingma2015adam`.
# - Bishop, *Pattern Recognition and Machine Learning*, chapter 1 (expectation, Bayes) and 2 (the
#   Gaussian) {cite}`bishop2006pattern`.
# - Dumoulin and Visin,
#   [*A guide to convolution arithmetic for deep learning*](https://arxiv.org/abs/1603.07285):
#   sizes, strides and transposed convolutions in pictures {cite}`dumoulin2016guide`.
# - Ioffe and Szegedy, [*Batch normalization*](https://arxiv.org/abs/1502.03167)
#   {cite}`ioffe2015batch`.
# - Salimans et al., [*Improved techniques for training GANs*](https://arxiv.org/abs/1606.03498),
#   section 3.5: on the examples of a batch that depend on one another
#   {cite}`salimans2016improved`.
