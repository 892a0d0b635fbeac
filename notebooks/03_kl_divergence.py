# %% [markdown]
# # Chapter 3: The KL divergence
#
# *Run time: 52 s on two CPU cores, measured at the last execution.*
#
# **How far apart are two distributions, and why does the direction matter?**
#
# After this chapter you can
#
# - read the KL divergence as surprise that a wrong belief adds, and prove that it is never negative;
# - say what becomes of a Gaussian that is fitted to two heaps of data in either direction;
# - derive the KL divergence of two Gaussians, estimate it from draws, and say how far off you are;
# - explain why the VAE sums it over latent dimensions, and measure what a mean does instead;
# - say what the Jensen-Shannon divergence mends, and what it does not mend.
#
# You need expectation and the Gaussian density from [Before you start](00_before_you_start.ipynb), and
# chapter 2 wherever this chapter speaks of a VAE.

# %% mystnb={"code_prompt_show": "Colab needs this cell", "code_prompt_hide": "Hide Colab's cell"} tags=["colab", "nbval-skip", "hide-cell"]
# Colab needs the course's package and its records. Elsewhere this cell does nothing.
import os
import sys

if "google.colab" in sys.modules and not os.path.exists("03_kl_divergence.py"):
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
import matplotlib.pyplot as plt
import numpy as np
from scipy.integrate import trapezoid
from scipy.optimize import minimize
from scipy.special import rel_entr
from scipy.stats import norm

from vaegan_edu import exercises, losses, metrics, models, networks, plotting
from vaegan_edu.widgets import DivergenceExplorer

(x_train, y_train), (x_test, y_test) = profile.load_data()

# %% [markdown]
# ## Surprise, and what a wrong belief adds
#
# Rare things surprise us, common things do not. Give an outcome $x$ that has probability $p(x)$ the
# *surprise* $-\log p(x)$. What is certain has surprise zero, and what has probability one half has
# surprise $\log 2$. The surprises of two independent outcomes add up, because their
# probabilities multiply. The unit is the *nat*, as the logarithm is the natural one.
#
# Now suppose that the weather follows $p$, and a forecaster believes $q$. Each day she is surprised
# by $-\log q(x)$. Someone who knew $p$ would be surprised by $-\log p(x)$. By how much does her surprise
# exceed that, on average over the days that really come? ($\mathbb E_{x \sim p}$ is the average over
# $x$ drawn from $p$.)
#
# $$
# \begin{aligned}
# & D_\text{KL}(p \,\|\, q) \\
# &= \mathbb E_{x \sim p}\left[-\log q(x)\right] \\
# &\quad - \mathbb E_{x \sim p}\left[-\log p(x)\right] \\
# &= \mathbb E_{x \sim p}\left[\log \frac{p(x)}{q(x)}\right].
# \end{aligned}
# $$ (eq-kl-definition)
#
# This is the *KL divergence* {cite}`kullback1951information`. The order in the brackets
# counts: **the first one draws, the second one is asked**, that is, its logarithm is evaluated at what the
# first one drew. In this chapter $p$ is always what is given, such as the weather, the data
# or a prior, and $q$ is ours to choose: a forecast, a fit, an encoder's answer. Only the order changes.
# With the forecaster the given $p$ draws and stands first. In the box of chapter 2 our own $q$ drew and
# stood first, and the prior $p$ was asked.
#
# The two averages of surprise have names as well: the *cross-entropy* of $p$ and $q$, and the
# *entropy* of $p$.
#
# For a list of outcomes the average is a sum of terms $p(x) \log (p(x)/q(x))$. SciPy's `rel_entr`
# gives these terms. In the table, *own surprise* is that of someone who knows $p$, *hers* that of the
# forecaster.

# %%
weather = ["sunny", "cloudy", "rainy"]
p = np.array([0.7, 0.2, 0.1])  # what comes
q = np.array([0.4, 0.3, 0.3])  # what the forecaster believes

terms = rel_entr(p, q)
rows = {
    name: {
        "p": p[i],
        "q": q[i],
        "own surprise": -np.log(p[i]),
        "hers": -np.log(q[i]),
        "term": terms[i],
    }
    for i, name in enumerate(weather)
}
entropy, cross_entropy = np.sum(p * -np.log(p)), np.sum(p * -np.log(q))
rows["average, sum"] = {
    "p": "",
    "q": "",
    "own surprise": entropy,
    "hers": cross_entropy,
    "term": terms.sum(),
}
print(f"difference of the average surprises: {cross_entropy - entropy:.3f} nats")
notebook.Table(rows, digits=3, corner="outcome")

# %% [markdown]
# The sum of the terms is the difference of the two averages. Two terms are negative: on cloudy and
# rainy days she is *less* surprised than someone who knows $p$, and she pays for it on the many sunny
# days. Can the sum be negative?
#
# ## Never negative
#
# It cannot, as one picture shows. The line $t - 1$ touches the curve $\log t$ at $t = 1$ and
# lies above it everywhere else. So, with equality at $t = 1$ only,
#
# $$
# \log t \leq t - 1 .
# $$ (eq-kl-tangent)

# %% mystnb={"figure": {"caption": "The logarithm and its tangent at $t = 1$. The difference of the two is largest, and zero, where they touch.", "name": "fig-kl-tangent"}, "image": {"alt": "A curve, the logarithm, and a straight line that touches it at t = 1. To the left and to the right of that point the curve bends away below the line."}} tags=["hide-input"]
t = np.linspace(0.02, 3, 1491)
gap = np.log(t) - (t - 1)
print(f"largest log t - (t - 1): {gap.max():.3f} at t = {t[gap.argmax()]:.3f}")
figure, axes = plt.subplots(figsize=(plotting.WIDTH, 2.9))
axes.plot(t, t - 1, "--", label="t - 1")
axes.plot(t, np.log(t), label="log t")
axes.plot(1, 0, "o", color="black")
axes.set(xlabel="t", ylim=(-3, 2.2))
axes.legend()
plt.show()

# %% [markdown]
# Take for $t$ the ratio $q(x)/p(x)$ and average over draws from $p$. Then write the average as a sum over
# the outcomes that $p$ allows, so that $p$ cancels:
#
# $$
# \begin{aligned}
# -D_\text{KL}(p \,\|\, q) &= \mathbb E_{x \sim p}\left[\log \frac{q(x)}{p(x)}\right] \\
# &\leq \mathbb E_{x \sim p}\left[\frac{q(x)}{p(x)} - 1\right] \\
# &= \sum_{x:\, p(x) > 0} p(x)\, \frac{q(x)}{p(x)} - 1 \\
# &= \sum_{x:\, p(x) > 0} q(x) - 1 \;\leq\; 0 .
# \end{aligned}
# $$ (eq-kl-nonnegative)
#
# The last sum is at most one, since all of $q$ adds up to one. For densities read integral for sum. The
# divergence is zero only if $q(x) = p(x)$ wherever $p(x) > 0$, since elsewhere the line lies above the
# curve; and then $q$ has nothing left for other outcomes, as it already adds up to one. (Jensen's inequality
# leads to the same: the logarithm is concave, so the average of a logarithm is at most the logarithm of the
# average.)
#
# We try many pairs of lists, drawn at random. (`dirichlet` draws lists of positive numbers that add up to
# one, here five numbers each.)

# %%
rng = np.random.default_rng(0)
many_p, many_q = rng.dirichlet(np.ones(5), size=(2, 10_000))
terms = rel_entr(many_p, many_q)
forward, reverse = terms.sum(axis=1), rel_entr(many_q, many_p).sum(axis=1)
print(f"pairs {len(terms)}, of their terms negative: {np.mean(terms < 0):.0%}")
print(f"smallest divergence: {forward.min():.4f} nats")
print(f"of a list from itself: {rel_entr(many_p, many_p).sum():.4f} nats")
factor = np.maximum(forward / reverse, reverse / forward)
print(f"directions differ by more than a tenth: {np.mean(factor > 1.1):.0%}")

# %% [markdown]
# By the last line the KL divergence is *not symmetric*, so it is no distance. How much can the two
# directions differ? Let the forecaster call rain impossible. One rainy day then surprises her without
# limit. In the other direction not much happens: draws from her belief never bring rain, so nobody
# asks how likely it is.

# %%
never_rain = np.array([0.7, 0.3, 0.0])
print(f"weather draws, forecaster is asked: {rel_entr(p, never_rain).sum():.3f}")
print(f"forecaster draws, weather is asked: {rel_entr(never_rain, p).sum():.3f}")

# %% [markdown]
# ## Two directions, two fits
#
# From here on the outcome is a number and is called $z$, as a code is. It has a density. (Where that is above
# one, $-\log p(z)$ is negative, but the *difference* of two surprises keeps its meaning.) Each order has a name:
#
# $$
# \begin{aligned}
# & \textit{forward:} \\
# & D_\text{KL}(p \,\|\, q) = \int p(z) \log \frac{p(z)}{q(z)} \, dz , \\
# & \textit{reverse:} \\
# & D_\text{KL}(q \,\|\, p) = \int q(z) \log \frac{q(z)}{p(z)} \, dz .
# \end{aligned}
# $$ (eq-kl-directions)
#
# Read them by who draws. In the *forward* one the data draw: wherever $p$ has mass, $q$ must have some,
# or the divergence becomes large. In the *reverse* one our own $q$ draws: wherever $q$ has mass, $p$
# must have some. What $q$ leaves out is never drawn, so nobody asks for it.
#
# To see what that does, take a $p$ with two heaps, and a $q$ that cannot have two: one Gaussian. SciPy's
# `minimize` looks for its best mean and standard deviation (`deviation` for short), in each direction from two
# starts. The integrals are sums over a fine grid. The columns *forward* and *reverse* hold both divergences of
# each fit, the last one the mass within $1$ of zero, between the heaps.

# %%
z = np.linspace(-30, 30, 3001)
left, right = norm.logpdf(z, -2, 0.6), norm.logpdf(z, 2, 0.6)
log_p = np.logaddexp(left, right) - np.log(2)  # half of each


def kl_on_grid(log_a, log_b):
    """Return the KL divergence of two densities on the grid, in nats."""
    return trapezoid(np.exp(log_a) * (log_a - log_b), z)


def log_gaussian(parameters):
    """Return log q on the grid; the logarithm keeps the deviation positive."""
    mean, log_deviation = parameters
    return norm.logpdf(z, mean, np.exp(log_deviation))


def forward_kl(parameters):
    return kl_on_grid(log_p, log_gaussian(parameters))


def reverse_kl(parameters):
    return kl_on_grid(log_gaussian(parameters), log_p)


fits = {}
for name, objective, start in (
    ("forward", forward_kl, -1.0),
    ("forward, other start", forward_kl, 1.0),
    ("reverse", reverse_kl, -1.0),
    ("reverse, other start", reverse_kl, 1.0),
):
    fits[name] = minimize(objective, [start, 0.0]).x


def mass_between(mean, deviation):
    return norm.cdf(1, mean, deviation) - norm.cdf(-1, mean, deviation)


rows = {
    name: {
        "mean": found[0],
        "deviation": np.exp(found[1]),
        "forward": forward_kl(found),
        "reverse": reverse_kl(found),
        "mass between": mass_between(found[0], np.exp(found[1])),
    }
    for name, found in fits.items()
}
density_p = np.exp(log_p)
p_mean = trapezoid(density_p * z, z)
p_deviation = np.sqrt(trapezoid(density_p * (z - p_mean) ** 2, z))
rows["p itself"] = {
    "mean": p_mean,
    "deviation": p_deviation,
    "forward": 0.0,
    "reverse": 0.0,
    "mass between": (mass_between(-2, 0.6) + mass_between(2, 0.6)) / 2,
}
notebook.Table(rows, corner="fit")

# %% mystnb={"figure": {"caption": "One Gaussian fitted to two heaps. The forward fit covers both and the gap between them: its highest point lies where $p$ is almost zero. The reverse fit takes one heap, which one depends on where it started.", "name": "fig-kl-fits"}, "image": {"alt": "A grey density with two equal heaps. A wide, flat curve lies over both and is highest in the gap between them. Two narrow curves, one solid and one dashed, each stand over one heap and are twice as high as it."}} tags=["hide-input"]
zero = len(z) // 2
print(
    f"at z = 0: p {density_p[zero]:.3f}, "
    f"forward fit {np.exp(log_gaussian(fits['forward']))[zero]:.3f}"
)
figure, axes = plt.subplots()
axes.fill_between(z, density_p, color="0.8", label="p")
for name, line, colour in (
    ("forward", "-", "C3"),
    ("reverse", "-", "C2"),
    ("reverse, other start", "--", "C2"),
):
    density = np.exp(log_gaussian(fits[name]))
    axes.plot(z, density, line, color=colour, label=name)
axes.set(xlim=(-7, 7), ylim=(0, 0.85), xlabel="z", ylabel="density")
axes.legend(loc="upper center", ncols=2)
plt.show()

# %% [markdown]
# The *forward* fit is **mass-covering**. It takes exactly the mean and the standard deviation of $p$
# (compare the last row), and so puts far more mass between the heaps than $p$ has there. Why these two? In
# the forward divergence only the average of $-\log q$ depends on the fit, and for a Gaussian that is
#
# $$
# \mathbb E_{z \sim p}\left[-\log q(z)\right]
# = \tfrac12 \log 2 \pi \sigma^2 + \frac{\mathbb E_{z \sim p}\left[(z - \mu)^2\right]}{2 \sigma^2} .
# $$ (eq-kl-moments)
#
# The mean square on the right is smallest if $\mu$ is the mean of $p$, and is then the variance of $p$. Set the
# derivative with respect to $\sigma^2$ to zero, and $\sigma^2$ is that variance.
#
# The *reverse* fit is **mode-seeking**. As these heaps lie far apart, with almost no mass between them, it takes
# one *mode*, one heap, and leaves out the other. For that it pays about $\log 2$: around its own heap $q$ is twice
# $p$, which has only half of its mass there. (If the heaps overlapped enough, the best reverse fit would cover
# both.) By the forward divergence the same fit is much worse than the one that covers both.
#
# Drag `mean` and `deviation`, and watch where each integrand is large. The buttons lead to the fits
# above. (The third number belongs to the section on the Jensen-Shannon divergence.)

# %% tags=["nbval-ignore-output"]
DivergenceExplorer(
    [(0.5, -2.0, 0.6), (0.5, 2.0, 0.6)],
    stops={
        f"{name} fit": (fits[name][0], np.exp(fits[name][1])) for name in ("forward", "reverse")
    },
)

# %% [markdown]
# **Where the course meets them.** Forward, whenever a model is trained by likelihood. Split the
# logarithm, and let $\theta$ be the model's weights:
#
# $$
# \begin{aligned}
# & D_\text{KL}(p \,\|\, q_\theta) \\
# &= \mathbb E_{x \sim p}\left[\log p(x)\right] \\
# &\quad + \mathbb E_{x \sim p}\left[-\log q_\theta(x)\right] .
# \end{aligned}
# $$ (eq-kl-likelihood)
#
# The second term is the expected negative log-likelihood, and no weight changes the first. So the weights with
# the smallest second term are those with the smallest forward divergence. (From a finite set of examples one has
# only an estimate of it, their average.) If the model is too simple for its data, as here, it may then cover gaps,
# and what it draws from there looks like nothing real. In chapter 1 the Gaussian with the mean and the covariance
# of the codes was such a fit; some images of its row *fitted* were no digits, perhaps for this reason.
#
# A VAE has both directions, because two things are drawn. Its *images* are drawn by the data, and its ELBO is
# a bound on their log-likelihood: forward. Its *codes* are drawn by the encoder: reverse. `kl_loss` draws from
# $q(z|x)$ and asks the prior, and the gap under the ELBO, in equation {eq}`eq-vae-elbo`, draws
# from $q(z|x)$ and asks the true posterior. That is why, in {numref}`fig-vae-elbo`, the best Gaussian
# followed one of two equal heaps and lost about $\log 2$.
#
# ## Two Gaussians, in the reverse direction
#
# From here to the section on the Jensen-Shannon divergence $q$ draws and $p$ is asked, as in the VAE's
# loss. For one latent dimension, with $q = \mathcal N(\mu, \sigma^2)$ and the prior $p = \mathcal N(0, 1)$, the
# log ratio is
#
# $$
# \begin{aligned}
# & \log q(z) - \log p(z) \\
# &= -\tfrac12 \log \sigma^2 - \frac{(z - \mu)^2}{2 \sigma^2} + \frac{z^2}{2} .
# \end{aligned}
# $$ (eq-kl-log-ratio)
#
# Chapter 2 averaged it over draws from $q$. Work that out once more without looking, then compare:
#
# $$
# \begin{aligned}
# & D_\text{KL}(q \,\|\, p) \\
# &= \tfrac12 \left(\mu^2 + \sigma^2 - \log \sigma^2 - 1\right) .
# \end{aligned}
# $$ (eq-kl-gaussian)
#
# With $\mu =$ `z_mean` and $\log \sigma^2 =$ `z_log_var` this is one term of
# `losses.kl_divergence`. The last exercise asks for the same with any Gaussian in the place of the
# prior.
#
# ## By drawing, and how far off that is
#
# For most pairs of distributions there is no such formula. Then one draws $z_1, \dots, z_n$ from $q$
# and averages the log ratio, a Monte Carlo estimate as in *Before you start*, with its standard error:
#
# $$
# \begin{aligned}
# \hat D_n &= \frac1n \sum_{i=1}^{n} r_i , \quad
# r_i = \log \frac{q(z_i)}{p(z_i)} , \\
# \text{error} &= \frac{s}{\sqrt n} ,
# \end{aligned}
# $$ (eq-kl-estimate)
#
# where $s$ is the standard deviation of the $r_i$. About $95\,\%$ of the intervals
# $\hat D_n \pm 1.96\, s / \sqrt n$ hold the truth. (The mean of many independent draws is nearly Gaussian if
# their variance is finite, and a Gaussian has $95\,\%$ of its mass within $1.96$ standard deviations of its
# mean.) Here the truth is known, so all of this can be checked.


# %%
def draw_log_ratios(z_mean, z_log_var, shape):
    """Draw z from N(z_mean, exp(z_log_var)); return log q(z) - log p(z)."""
    sigma = np.exp(0.5 * z_log_var)
    z = z_mean + sigma * rng.standard_normal(shape)
    return norm.logpdf(z, z_mean, sigma) - norm.logpdf(z)


def formula(z_mean, z_log_var):
    """Return the closed form for one latent dimension."""
    return float(losses.kl_divergence([[z_mean]], [[z_log_var]])[0])


rng = np.random.default_rng(1)
truth = formula(0.5, -0.4)
rows = {}
for n in (100, 1_000, 10_000, 100_000, 1_000_000):
    r = draw_log_ratios(0.5, -0.4, n)
    estimate, error = r.mean(), r.std(ddof=1) / np.sqrt(n)
    interval = f"[{estimate - 1.96 * error:.4f}, {estimate + 1.96 * error:.4f}]"
    rows[f"{n:,}"] = {
        "estimate": estimate,
        "error": error,
        "interval": interval,
        "error * sqrt(n)": error * np.sqrt(n),
    }
print(f"closed form {truth:.4f} nats")
notebook.Table(rows, digits={"estimate": 4, "error": 4}, corner="n")

# %% [markdown]
# The last column hardly moves: one more digit costs a hundred times the draws. Is the error that the formula
# announces also the error that is made? We estimate many times for each $n$, and compare the scatter of the
# estimates with the average of the errors that they announce.

# %% mystnb={"figure": {"caption": "How far estimates of the same divergence scatter, by the number of draws. The dots are measured over many repetitions; the line is the average of the errors $s/\\sqrt n$ that these announce. On logarithmic axes the dots have a slope close to $-\\tfrac12$.", "name": "fig-kl-error"}, "image": {"alt": "Six dots on two logarithmic axes, falling from the upper left to the lower right close to a straight line."}} tags=["hide-input"]
counts, repeats = np.array([10, 32, 100, 316, 1000, 3162]), 1000
scatter, announced, held = [], [], []
for n in counts:
    r = draw_log_ratios(0.5, -0.4, (repeats, n))
    error = r.std(axis=1, ddof=1) / np.sqrt(n)
    scatter.append(r.mean(axis=1).std())
    announced.append(error.mean())
    held.append(np.mean(np.abs(r.mean(axis=1) - truth) < 1.96 * error))
slope = np.polyfit(np.log(counts), np.log(scatter), 1)[0]
print(f"slope {slope:.2f}; of the intervals hold the truth:")
print("  ".join(f"n = {n}: {share:.0%}" for n, share in zip(counts, held, strict=True)))
ratio = np.array(announced) / scatter
print(f"announced error, average, by the scatter: {ratio.min():.2f} to {ratio.max():.2f}")
figure, axes = plt.subplots(figsize=(plotting.WIDTH, 3))
axes.loglog(counts, announced, "-", label=r"announced, $s/\sqrt{n}$")
axes.loglog(counts, scatter, "o", label="scatter of the estimates")
axes.set(xlabel="draws n", ylabel="nats")
axes.legend()
plt.show()

# %% [markdown]
# On average the announced error is nearly the error made. With few draws, though, fewer intervals hold
# the truth than promised; one reason is that $s$ itself is then a poor estimate.
#
# ### When the error bar is wrong
#
# *May be skipped at a first reading: nothing later needs it.*
#
# A single estimate may come out negative, although the divergence cannot. To avoid that, let
# $t_i = p(z_i)/q(z_i)$, so that $r_i = -\log t_i$. Averaged over draws from $q$, the ratio $t_i$ gives one:
# $q$ cancels, and $p$ integrates to one. So $t_i - 1$ adds nothing on average, and
#
# $$
# \hat D_n^+ = \frac1n \sum_{i=1}^{n} \left(t_i - 1 - \log t_i\right)
# $$ (eq-kl-positive)
#
# has the same expectation {cite}`schulman2020approximating`. By {eq}`eq-kl-tangent` no term of it is
# negative. We compare both for a $q$ close to the prior, and for a narrow one. The last three columns are
# shares of a thousand estimates: how many are below zero, how many below the truth, and how many intervals
# hold the truth.

# %%
n, repeats = 1_000, 1_000
rows = {}
for kind, (z_mean, z_log_var) in {"wide": (0.05, -0.05), "narrow": (0.5, -2.0)}.items():
    truth = formula(z_mean, z_log_var)
    r = draw_log_ratios(z_mean, z_log_var, (repeats, n))
    for name, terms in (("plain", r), ("positive", np.expm1(-r) + r)):
        estimate = terms.mean(axis=1)
        error = terms.std(axis=1, ddof=1) / np.sqrt(n)
        rows[f"{kind}, {name}"] = {
            "truth": truth,
            "mean": estimate.mean(),
            "scatter": estimate.std(),
            "below zero": np.mean(estimate < 0),
            "too low": np.mean(estimate < truth),
            "held": np.mean(np.abs(estimate - truth) < 1.96 * error),
        }
notebook.Table(rows, digits={"truth": 4, "mean": 4, "scatter": 4}, corner="q, estimate")

# %% [markdown]
# Near the prior the positive estimate is far better, and for the narrow $q$ it fails. There $t$ is
# below one for most draws and enormous for a few that hardly ever come. How bad can that be? The
# variance of $t$ is $\mathbb E_q[t^2] - 1$, with
#
# $$
# \begin{aligned}
# \mathbb E_q[t^2] &= \int q(z) \left( \frac{p(z)}{q(z)} \right)^{2} dz \\
# &= \int \frac{p(z)^2}{q(z)} \, dz \;\propto\;
# \int e^{-z^2 + (z - \mu)^2 / 2\sigma^2} \, dz ,
# \end{aligned}
# $$ (eq-kl-variance)
#
# where $\mu$ and $\sigma$ are those of $q$, since $p(z)^2 \propto e^{-z^2}$ for the prior and
# $1 / q(z) \propto e^{(z - \mu)^2 / 2\sigma^2}$. If $\sigma^2 \leq \tfrac12$, the second part of the
# exponent grows at least as fast as the first falls, on one side at least, so that the integral is
# infinite. (The narrow $q$ of the table has $\sigma^2 = e^{-2} \approx 0.14$, the wide one
# $e^{-0.05} \approx 0.95$.) Most positive estimates of the narrow $q$ are too low, and most of their intervals
# miss the truth. **An error bar that is computed from the draws knows only what was drawn.** So where ratios of
# densities are averaged, ask whether the draws reach the places where the ratio is large.
#
# ## Why a sum over latent dimensions
#
# An encoder's $q$ of $d$ independent dimensions is a product, and so is the prior. The logarithm makes
# sums of both:
#
# $$
# \begin{aligned}
# D_\text{KL}(q \,\|\, p)
# &= \mathbb E_{z \sim q}\Bigl[\log \prod_{j=1}^{d} \frac{q_j(z_j)}{p_j(z_j)}\Bigr] \\
# &= \sum_{j=1}^{d} D_\text{KL}(q_j \,\|\, p_j) .
# \end{aligned}
# $$ (eq-kl-sum)
#
# So the sum *is* the divergence of the code as a whole, as draws of whole codes confirm:

# %%
latent_dim = 16
z_mean = rng.normal(0, 0.7, latent_dim)
z_log_var = rng.uniform(-2, 0, latent_dim)
r = draw_log_ratios(z_mean, z_log_var, (100_000, latent_dim)).sum(axis=1)
error = r.std(ddof=1) / np.sqrt(len(r))
summed = float(losses.kl_divergence(z_mean[None], z_log_var[None])[0])
print(f"whole codes, drawn    {r.mean():.2f} ± {error:.2f} nats")
print(f"sum over dimensions   {summed:.2f} nats")
print(f"mean over dimensions  {summed / latent_dim:.2f} nats")

# %% [markdown]
# Losses are often averaged by habit. Such code runs without an error, and it learns. But with the mean in the
# place of the sum it trains a VAE with $\beta / d$ for $\beta$, where $d$ is `latent_dim`. We train VAEs that
# sum and VAEs that average (the folded cell says how), with all else the same, the seed too. The third row is
# one that sums, with `beta` divided by `latent_dim`: it should agree with the second. The error is that of the
# mean code, on test images. The last row answers every image with the average image.


# %% tags=["nbval-ignore-output", "hide-input"]
class MeanVAE(models.VAE):
    """A VAE whose KL term is a mean over latent dimensions."""

    def losses_of(self, terms):  # `fit` calls it with the two terms of each batch
        kl_mean = terms["kl_loss"] / self.latent_dim
        return {"loss": terms["reconstruction_loss"] + self.beta * kl_mean}


def train(kind, beta):
    """Train from a fixed seed; return the model and its test numbers."""
    keras.utils.set_random_seed(0)
    vae = kind(
        networks.build_encoder(latent_dim=latent_dim),
        networks.build_decoder(latent_dim=latent_dim),
        beta=beta,
        seed=0,
    )
    vae.compile(keras.optimizers.Adam(2e-3))
    vae.fit(
        x_train,
        epochs=profile.epochs(cpu=6, gpu=8),
        batch_size=64,
        verbose=0,
    )
    mean, log_var = networks.apply(vae.encoder, x_test)
    return vae, {
        "error, mean code": np.mean(losses.gaussian_reconstruction(x_test, vae.decode(mean))),
        "kl_loss, summed": np.mean(losses.kl_divergence(mean, log_var)),
        "active units": metrics.active_units(mean),
    }


trained = {
    (reduction, beta): train(kind, beta)
    for reduction, kind, beta in (
        ("sum", models.VAE, 1.0),
        ("mean", MeanVAE, 1.0),
        ("sum", models.VAE, 1.0 / latent_dim),
        ("sum", models.VAE, 32.0),
        ("mean", MeanVAE, 32.0),
    )
}
rows = {f"{reduction}, beta {beta:g}": row for (reduction, beta), (_, row) in trained.items()}
average = np.broadcast_to(x_train.mean(axis=0), x_test.shape)
rows["average image"] = {
    "error, mean code": np.mean(losses.gaussian_reconstruction(x_test, average)),
    "kl_loss, summed": "",
    "active units": "",
}
notebook.Table(
    rows,
    digits=1,
    corner="KL term",
)

# %% mystnb={"figure": {"caption": "Eight test images and what two VAEs make of them. Both were told `beta` is $32$. The one that sums has collapsed, as its active units say; the one that averages has trained with $32/16$ in effect.", "name": "fig-kl-mean"}, "image": {"alt": "Three rows of eight digits. Test images; below them the same grey blur eight times; below that rough copies, each of another shape, many of which one can name."}} tags=["hide-input"]
active = {label: trained[label, 32.0][1]["active units"] for label in ("sum", "mean")}
print(f"active units: sum {active['sum']}, mean {active['mean']}")
rows = {"test image": x_test[:8]}
for label in ("sum", "mean"):
    rows[f"{label}, beta 32"] = trained[label, 32.0][0].reconstruct(x_test[:8])
plotting.image_rows(rows)

# %% [markdown]
# The mean with `beta` one and the sum with `beta` divided by `latent_dim` are the same loss, and
# their rows agree up to rounding errors, which grow in training. Compare the first two rows: with the mean
# the code spends several times as many nats, and the copies are closer. That may be what you want, but then it
# should be your choice, and it should not change with `latent_dim`. At a `beta` of $32$ the
# same slip decides between an empty code and a working one. (The empty one has an error above that of the
# average image, so its few epochs were too few to learn even that. Each row is a single run, all with the same
# seed.)
#
# ## Jensen-Shannon: an answer that stays finite
#
# The KL divergence of two distributions without a common outcome is infinite, in both directions, and stays
# infinite after a small step closer. To mend that, compare each with the *mixture* of
# both, $m = \tfrac12 (p + q)$, and not with the other:
#
# $$
# \begin{aligned}
# \text{JS}(p, q) = {} & \tfrac12 D_\text{KL}(p \,\|\, m) \\
# & + \tfrac12 D_\text{KL}(q \,\|\, m) .
# \end{aligned}
# $$ (eq-kl-js)
#
# This is the *Jensen-Shannon divergence* {cite}`lin1991divergence`. Exchanging $p$ and $q$ changes
# nothing. (Its square root is a distance {cite}`endres2003new`.) Where $p$ has mass, $m$ has at least
# half of it, so the ratio $p/m$ is never above two, and neither is $q/m$. Hence
#
# $$
# 0 \leq \text{JS}(p, q) \leq \log 2 ,
# $$ (eq-kl-js-bound)
#
# with $\log 2$ for two distributions that have nothing in common: there every ratio *is* two. And zero is
# reached only for $p = q$, as both halves are KL divergences. We try two lists without a common outcome,
# then two Gaussians that move apart. (Gaussians overlap everywhere, if only a little, so their KL
# divergence stays finite. It grows as the square of the distance.)
#
# The last column of the table is the slope of JS: how strongly a step closer is rewarded. Differentiate
# equation {eq}`eq-kl-js` while only $q$ moves, and write $q'$ and $m' = \tfrac12 q'$ for the derivatives of the
# densities with respect to the distance. The derivatives of the logarithms add nothing:
#
# $$
# \begin{aligned}
# & -\tfrac12 \int p\, \frac{m'}{m} \, dz + \tfrac12 \int q \left(\frac{q'}{q} - \frac{m'}{m}\right) dz \\
# &= \tfrac12 \int q' \, dz - \int m' \, dz = 0 ,
# \end{aligned}
# $$
#
# since $p + q = 2m$, and the integral of a density stays one. What remains is
# $\tfrac12 \int q' \log (q / m) \, dz$.

# %%
p, q = np.array([0.5, 0.5, 0.0, 0.0]), np.array([0.0, 0.0, 0.5, 0.5])
m = 0.5 * (p + q)
print(f"KL, p draws {rel_entr(p, q).sum()}, KL, q draws {rel_entr(q, p).sum()}")
js = 0.5 * (rel_entr(p, m).sum() + rel_entr(q, m).sum())
print(f"JS {js:.4f}, log 2 {np.log(2):.4f}")


# %%
def js_on_grid(log_a, log_b):
    """Return the Jensen-Shannon divergence on the grid, in nats."""
    log_m = np.logaddexp(log_a, log_b) - np.log(2)
    return 0.5 * (kl_on_grid(log_a, log_m) + kl_on_grid(log_b, log_m))


def js_slope(log_a, shifted, distance):
    """Return the derivative of JS by the distance: half the integral of q' log(q / m)."""
    log_m = np.logaddexp(log_a, shifted) - np.log(2)
    change = np.exp(shifted) * (z - distance) / 0.5**2  # derivative of its density
    return 0.5 * trapezoid(change * (shifted - log_m), z)


apart = np.linspace(0, 6, 61)
still = norm.logpdf(z, 0, 0.5)
moved = [norm.logpdf(z, distance, 0.5) for distance in apart]
kls = np.array([kl_on_grid(still, b) for b in moved])
jss = np.array([js_on_grid(still, b) for b in moved])
slopes = [js_slope(still, b, distance) for b, distance in zip(moved, apart, strict=True)]
notebook.Table(
    {
        f"{apart[i]:.1f}": {"KL": kls[i], "JS": jss[i], "slope of JS": slopes[i]}
        for i in (0, 5, 10, 20, 30, 40, 60)
    },
    digits={"KL": 1, "JS": 4, "slope of JS": 5},
    corner="distance",
)

# %% mystnb={"figure": {"caption": "Two Gaussians of deviation one half, moved apart. Left: the KL divergence grows without limit. Right: the Jensen-Shannon divergence runs into its bound, the dotted line at $\\log 2$, and its slope goes to zero.", "name": "fig-kl-js"}, "image": {"alt": "Two charts over the distance of two Gaussians. Left, KL rises ever more steeply. Right, Jensen-Shannon rises in an S from zero and flattens against a dotted line, all but level over the right half."}} tags=["hide-input"]
print(f"JS is steepest, {max(slopes):.2f}, at a distance of {apart[np.argmax(slopes)]:.1f}")
figure, (left, right) = plt.subplots(1, 2, figsize=(plotting.WIDTH, 3))
left.plot(apart, kls)
left.set(xlabel="distance", ylabel="KL [nats]")
right.plot(apart, jss, color="C2")
right.axhline(np.log(2), color="black", linestyle=":", linewidth=1)
right.set(xlabel="distance", ylabel="Jensen-Shannon [nats]")
plt.show()

# %% [markdown]
# In the interactive figure below {numref}`fig-kl-fits` the third number never exceeds $\log 2$, wherever you
# drag $q$. But where the right curve is level, it says "far apart" and not "this way is nearer".
#
# ## Where chapter 4 begins
#
# For KL and JS alike we had to know both densities. Of images we know neither: we have a pile of real
# ones, and a network that draws others. But all that equation {eq}`eq-kl-definition` needs is
# the *log ratio* $\log p(x) - \log q(x)$ at the drawn places, and a log ratio can be learned from draws
# alone, by a network that is shown examples of both kinds and asked which is which. Chapter 4 derives it.
# Two things from this chapter return there. A generator that follows the Jensen-Shannon divergence gets
# no gradient where that is level {cite}`arjovsky2017towards`. And the loss that is used in practice turns out,
# against the best discriminator, to follow a softened reverse divergence {cite}`shannon2020non`, in equation
# {eq}`eq-gan-mixture`. It may seek one mode and leave out others.
#
# ## Exercises
#
# Replace the placeholder in each cell and run it. The check says what it proved, or gives a hint.
#
# ### Run and look
#
# Press *reverse fit* in the interactive figure below {numref}`fig-kl-fits` and compare the heights of $p$
# and $q$. Now suppose that the data have a third heap, far from the others, which holds a fifth of their
# mass, and that $q$ lies exactly on this one. How many nats is $D_\text{KL}(q \,\|\, p)$?

# %% tags=["exercise"]
# Exercise: cost_of_one_mode
cost = None  # KL(q || p) for q on a heap of a fifth of p's mass: replace None

exercises.check("cost_of_one_mode", cost)
# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: cost_of_one_mode
cost = np.log(5)  # on that heap q is five times p

exercises.check("cost_of_one_mode", cost)
# %% [markdown]
# ### Write the KL divergence of two lists
#
# Write equation {eq}`eq-kl-definition` as a sum, without `rel_entr`. Some outcomes may never
# happen, $p(x) = 0$.


# %% tags=["exercise"]
# Exercise: discrete_kl
def discrete_kl(p, q):
    """Return KL(p || q) in nats, one number; both are (K,), sums 1, q > 0."""
    # Outcomes with p = 0 add nothing, although log(0) is minus infinity.
    return None


exercises.check("discrete_kl", discrete_kl)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: discrete_kl
def discrete_kl(p, q):
    """Return KL(p || q) in nats, one number; both are (K,), sums 1, q > 0."""
    seen = p > 0  # what never happens is never drawn
    return np.sum(p[seen] * np.log(p[seen] / q[seen]))


exercises.check("discrete_kl", discrete_kl)

# %% [markdown]
# ### Write the Jensen-Shannon divergence
#
# Equation {eq}`eq-kl-js`. The function `kl` inside is given.


# %% tags=["exercise"]
# Exercise: jensen_shannon
def jensen_shannon(p, q):
    """Return JS(p, q) in nats, one number; both are (K,) and add up to 1."""

    def kl(a, b):  # zeros are taken care of
        return np.sum(rel_entr(a, b))

    # First the mixture of p and q, then two divergences from it.
    return None


exercises.check("jensen_shannon", jensen_shannon)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: jensen_shannon
def jensen_shannon(p, q):
    """Return JS(p, q) in nats, one number; both are (K,) and add up to 1."""

    def kl(a, b):  # zeros are taken care of
        return np.sum(rel_entr(a, b))

    m = 0.5 * (p + q)
    return 0.5 * (kl(p, m) + kl(q, m))


exercises.check("jensen_shannon", jensen_shannon)

# %% [markdown]
# ### Derive and write: any two Gaussians
#
# Follow the steps from {eq}`eq-kl-log-ratio` to {eq}`eq-kl-gaussian` once more, on paper, with
# $p = \mathcal N(\nu, \tau^2)$ in the place of the prior. One new thing is needed: the expectation
# of $(z - \nu)^2$ when $z$ is drawn from $q$. Write $z - \nu = (z - \mu) + (\mu - \nu)$ and
# multiply out. In the code $\mu$ and $\log \sigma^2$ are `q_mean` and `q_log_var`, $\nu$ and
# $\log \tau^2$ are `p_mean` and `p_log_var`.


# %% tags=["exercise"]
# Exercise: gaussian_kl
def gaussian_kl(q_mean, q_log_var, p_mean, p_log_var):
    """Return KL(q || p) in nats, (N,); all four arguments are (N,)."""
    # What is the expectation of (z - p_mean)^2 under q?
    return None


exercises.check("gaussian_kl", gaussian_kl)


# %% cellView="form" jupyter={"source_hidden": true} mystnb={"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"} tags=["hide-cell", "solution"]
# @title Solution: gaussian_kl
def gaussian_kl(q_mean, q_log_var, p_mean, p_log_var):
    """Return KL(q || p) in nats, (N,); all four arguments are (N,)."""
    square = np.exp(q_log_var) + (q_mean - p_mean) ** 2  # E_q[(z - p_mean)^2]
    return 0.5 * (square / np.exp(p_log_var) - 1 + p_log_var - q_log_var)


exercises.check("gaussian_kl", gaussian_kl)

# %% [markdown]
# ## Quiz
#
# Decide first, then open your answer.
#
# **1. Rain comes one day in ten. A forecaster gives it probability zero. What is
# $D_\text{KL}(p \,\|\, q)$, with $p$ the weather and $q$ her forecast?**
#
# <details><summary>a) Small, as rain is rare.</summary>
#
# No. The term of rain is its probability times the logarithm of a ratio, and that ratio is infinite.
#
# </details>
# <details><summary>b) Infinite.</summary>
#
# Right. The weather draws, and sooner or later it draws what she called impossible.
#
# </details>
# <details><summary>c) Not defined, as one must not divide by zero.</summary>
#
# No. The limit is clear: the smaller her probability of rain, the larger the divergence, without
# bound.
#
# </details>
#
# **2. Your Monte Carlo estimate of a KL divergence is slightly negative. What do you do?**
#
# <details><summary>a) I look for a mistake in the code, since a divergence is never negative.</summary>
#
# No. The divergence isn't, but an estimate from a few draws may be. First ask how large its standard
# error is.
#
# </details>
# <details><summary>b) I compare it with its standard error, and draw more.</summary>
#
# Right. Single terms are often negative, and so is, by chance, their average when the truth is small.
# Four times as many draws halve the error.
#
# </details>
# <details><summary>c) I conclude that the two distributions are the same.</summary>
#
# No. Then every log ratio would be exactly zero, and so would the estimate.
#
# </details>
#
# **3. A model draws one kind of digit, very well, and never another. Which divergence between data
# and model hardly minds?**
#
# <details><summary>a) The forward one, in which the data draw.</summary>
#
# No. The data draw the missing digits as well, and the model is asked how likely they are.
#
# </details>
# <details><summary>b) The reverse one, in which the model draws.</summary>
#
# Right. Everything that it draws is likely under the data. What it leaves out is never asked for. With
# ten equally frequent digits the price is the logarithm of ten.
#
# </details>
# <details><summary>c) Both equally, as both measure how far apart the two are.</summary>
#
# No. The KL divergence is not symmetric, and this is where it shows most.
#
# </details>
#
# **4. Real and generated data have no image in common. The generator improves a little, and they
# still have none. What does their Jensen-Shannon divergence do?**
#
# <details><summary>a) It falls a little.</summary>
#
# No. As long as nothing is in common, both ratios to the mixture are two everywhere.
#
# </details>
# <details><summary>b) It stays at its largest value.</summary>
#
# Right. It is bounded, which is good, and level there, which is not: it does not tell better from
# worse.
#
# </details>
# <details><summary>c) It is infinite before and after.</summary>
#
# No. That is the KL divergence. Jensen-Shannon never exceeds the logarithm of two.
#
# </details>
#
# **5. You fit one Gaussian, by maximum likelihood, to the heights of children and adults together. What
# does it look like?**
#
# <details><summary>a) It sits on the larger of the two groups.</summary>
#
# No. That would be the fit by the reverse divergence. Likelihood means that the data draw, and the smaller
# group is drawn too.
#
# </details>
# <details><summary>b) It covers both groups, and the gap between them.</summary>
#
# Right. The smallest negative log-likelihood is the smallest forward divergence, and that takes the mean
# and the standard deviation of all the data.
#
# </details>
# <details><summary>c) It has two humps.</summary>
#
# No. One Gaussian has one hump.
#
# </details>
#
# **6. A colleague averages the KL term over $64$ latent dimensions and reports `beta` one. Which VAE did
# he train?**
#
# <details><summary>a) One with `beta` one.</summary>
#
# No. The mean is the sum divided by the number of dimensions.
#
# </details>
# <details><summary>b) One with a `beta` of $1/64$.</summary>
#
# Right. Its codes may spend far more nats than he thinks, and with another `latent_dim` he would train yet
# another model.
#
# </details>
# <details><summary>c) A plain autoencoder, since the KL term is gone.</summary>
#
# No. It is weak, but there: without any price on nats the clouds would shrink to points.
#
# </details>
#
# ## What to remember
#
# - The KL divergence is the average log ratio: the surprise that a wrong belief adds. The first
#   distribution draws, the second is asked. It is never negative, and zero only if both are the same.
# - Forward covers all mass, gaps included. Reverse avoids places where $p$ has no
#   mass; if its heaps lie far apart, a single Gaussian keeps to one.
# - An estimate from draws has an error of $s/\sqrt n$. Report it. It knows only what was drawn.
# - The VAE's term is a sum over latent dimensions. A mean divides `beta` by `latent_dim`.
# - Jensen-Shannon is symmetric and at most $\log 2$. Where nothing is in common, it is level.
#
# ## Sources
#
# - The KL divergence: {cite}`kullback1951information`, section 2. Never negative:
#   {cite}`cover2006elements`, theorem 2.6.3, there by Jensen's inequality, theorem 2.6.2.
# - Forward and reverse fits: {cite}`bishop2006pattern`, section 10.1.2; {cite}`goodfellow2016deep`,
#   section 3.13.
# - The Gaussian closed form: {cite}`kingma2014auto`, appendix B.
# - The estimator that is never negative: {cite}`schulman2020approximating`.
# - Jensen-Shannon: {cite}`lin1991divergence`, section IV; its root is a distance:
#   {cite}`endres2003new`.
# - What happens where nothing is in common: {cite}`arjovsky2017towards`, section 2. The softened reverse
#   divergence: {cite}`shannon2020non`.
