"""Checks of chapter 3, the KL divergence."""

import numpy as np

from vaegan_edu.exercises import Hint, compare, exercise, numbers


@exercise("cost_of_one_mode", takes="value")
def _(answer):
    value = numbers(answer, "the value")
    compare(
        value,
        np.log(5),
        {
            "that is for half of the mass, as in the figure. This heap has a fifth.": np.log(2),
            "that is KL(p || q) of the figure's reverse fit. Read the line of KL(q || p).": 10.23,
            "that is the Jensen-Shannon divergence of the figure's reverse fit.": 0.22,
            "that is in bits. In nats it is the natural logarithm.": np.log2(5),
            "that is the ratio q/p on the heap. The divergence is its logarithm.": 5.0,
            "that is the ratio p/q on the heap. Take the logarithm of q/p.": 0.2,
            "that is the average of log(p/q). A divergence is never negative.": -np.log(5),
            "weigh by q, which draws: all of its draws lie on the heap.": np.log(5) / 5,
            "q has the heap's shape, but p has only a fifth of its mass there.": 0.0,
        },
        what="the value",
        rtol=0.01,
        atol=0.006,  # two decimals are enough
    )
    return "on the heap q is five times p, and the logarithm of five is 1.61 nats."


@exercise("discrete_kl")
def _(answer):
    rng = np.random.default_rng(11)
    for size in (3, 5):
        p, q = rng.dirichlet(np.ones(size), 2)
        compare(answer(p, q), _kl(p, q), _discrete_mistakes(p, q), what="the divergence")
    p, q = np.array([0.5, 0.0, 0.5]), np.array([0.25, 0.5, 0.25])
    zero = "an outcome with p = 0 must add nothing: 0 times log(0) is NaN in NumPy. Leave it out."
    compare(
        answer(p, q),
        np.log(2),
        what="the divergence",
        where="p = [0.5, 0, 0.5], q = [0.25, 0.5, 0.25]",
        unfinite=zero,
    )
    same = rng.dirichlet(np.ones(4))
    compare(answer(same, same), 0.0, what="the divergence of p from itself")
    return "it is zero for equal lists, positive for others, and finite where p is zero."


@exercise("gaussian_kl")
def _(answer):
    rng = np.random.default_rng(12)
    m, n = rng.normal(size=(2, 6))
    v, w = rng.uniform(-1.5, 1.5, size=(2, 6))
    divergence = _gaussian(m, v, n, w)
    square = (m - n) ** 2
    compare(
        answer(m, v, n, w),
        divergence,
        {
            "p and q are exchanged: q draws, so its variance stands above p's.": (
                _gaussian(n, w, m, v)
            ),
            "the factor 1/2 is missing.": 2 * divergence,
            "the sign is reversed: a divergence is never negative.": -divergence,
            "the logarithms have the wrong sign: it is p_log_var - q_log_var.": divergence
            - (w - v),
            "the logarithms are missing.": divergence - 0.5 * (w - v),
            "the constant 1 is missing, so equal Gaussians would not cost zero.": divergence + 0.5,
            "you took the log-variance for the standard deviation.": 0.5
            * ((v**2 + square) / w**2 - 1 + np.log(w**2) - np.log(v**2)),
            "you took the log-variance for the variance: use its exp.": 0.5
            * ((v + square) / w - 1 + np.log(np.abs(w)) - np.log(np.abs(v))),
            "exp(log_var) is the variance already. Do not square it.": 0.5
            * ((np.exp(2 * v) + square) / np.exp(2 * w) - 1 + w - v),
            "exp(log_var / 2) is the deviation. The formula has variances.": 0.5
            * ((np.exp(v / 2) + square) / np.exp(w / 2) - 1 + w - v),
            "the difference of the means is not squared.": 0.5
            * ((np.exp(v) + m - n) / np.exp(w) - 1 + w - v),
            "the squared difference of the means must be divided by p's variance as well.": 0.5
            * (np.exp(v - w) + square - 1 + w - v),
            "the difference of the means is divided by q's variance. p is asked, so it is p's.": 0.5
            * (np.exp(v - w) + square / np.exp(v) - 1 + w - v),
            "the means are left out.": 0.5 * (np.exp(v - w) - 1 + w - v),
            "this is chapter 2's formula, for p = N(0, 1). Use p_mean and p_log_var.": _gaussian(
                m, v, 0.0, 0.0
            ),
            "you added up all pairs. They are N divergences: keep one each.": divergence.sum(),
            "you averaged over the pairs. They are N divergences: keep one each.": (
                divergence.mean()
            ),
        },
        what="the divergence",
    )
    compare(answer(m, v, m, v), np.zeros(6), what="the divergence of equal Gaussians")
    return (
        "it is zero for equal Gaussians, never negative, and for p = N(0, 1) the VAE's term of one "
        "dimension."
    )


@exercise("jensen_shannon")
def _(answer):
    rng = np.random.default_rng(13)
    for size in (3, 5):
        p, q = rng.dirichlet(np.ones(size), 2)
        compare(answer(p, q), _js(p, q), _js_mistakes(p, q), what="the divergence")
    p, q = np.array([0.4, 0.6, 0.0, 0.0]), np.array([0.0, 0.0, 0.5, 0.5])
    apart = compare(
        answer(p, q),
        np.log(2),
        what="the divergence",
        where="two lists without a common outcome",
        unfinite="where only one of p and q is zero, m is not: measure both from m, and leave out "
        "what has probability zero.",
    )
    if abs(numbers(answer(q, p)) - apart) > 1e-9:
        raise Hint("it changes when p and q are exchanged. Treat both alike.")
    return "it is symmetric, and stays at log 2 for lists that have no outcome in common."


def _kl(p, q):
    return np.sum(p * np.log(p / q))


def _js(p, q):
    return 0.5 * (_kl(p, 0.5 * (p + q)) + _kl(q, 0.5 * (p + q)))


def _gaussian(m, v, n, w):
    """KL(N(m, exp(v)) || N(n, exp(w)))."""
    return 0.5 * (np.exp(v - w) + (m - n) ** 2 / np.exp(w) - 1 + w - v)


def _discrete_mistakes(p, q):
    log_ratio = np.log(p / q)
    return {
        "p and q are exchanged: the average is taken over draws from p.": _kl(q, p),
        "that is in bits. Nats need the natural logarithm, np.log.": _kl(p, q) / np.log(2),
        "the sign is reversed: the ratio is p/q.": -_kl(p, q),
        "you took the plain mean of the terms. The weights p make the average: add up.": np.mean(
            p * log_ratio
        ),
        "every log ratio counts alike. Weight each by its probability p.": np.mean(log_ratio),
        "the weights p are missing.": np.sum(log_ratio),
        "these are weights of q. The draws come from p.": np.sum(q * log_ratio),
        "this is the cross-entropy. Subtract what p itself costs: take log(p/q).": -np.sum(
            p * np.log(q)
        ),
        "the logarithm is missing.": np.sum(p * p / q),
        "this is one term for each outcome. Add them up.": p * log_ratio,
    }


def _js_mistakes(p, q):
    m = 0.5 * (p + q)
    return {
        "the factor 1/2 before the two divergences is missing.": 2 * _js(p, q),
        "m must add up to 1: it is half of p + q.": 0.5 * (_kl(p, p + q) + _kl(q, p + q)),
        "this is the mean of KL(p || q) and KL(q || p). Measure both from the mixture m.": 0.5
        * (_kl(p, q) + _kl(q, p)),
        "p and m are exchanged: it is KL(p || m), drawn from p.": 0.5 * (_kl(m, p) + _kl(m, q)),
        "that is in bits. Nats need the natural logarithm.": _js(p, q) / np.log(2),
        "this is its square root, the Jensen-Shannon distance.": np.sqrt(_js(p, q)),
        "the sign is reversed: a divergence is never negative.": -_js(p, q),
        "only p is measured. Add q's half.": _kl(p, m),
        "only half of p is measured. Add q's half.": 0.5 * _kl(p, m),
        "only q is measured. Add p's half.": _kl(q, m),
    }
