"""Checks of chapter 8, training tricks."""

import numpy as np

from vaegan_edu.exercises import compare, exercise, numbers


@exercise("smooth_by_hand", takes="value")
def _(answer):
    compare(
        numbers(answer, "the answer"),
        0.675,
        {
            "that is the best answer to the hard label 1. With the label 0.9 it is lower.": 0.75,
            "that is the label itself. It would be the answer where no generated point lies.": 0.9,
            "you softened or turned the label 0 of generated examples as well. It stays 0.": 0.7,
            "that is a logit or a ratio. Asked is the answer D, a probability.": 3.0,
            "p and q are exchanged: the label 0.9 belongs to p.": 0.225,
            'that is the share of generated points. Asked is the answer for "real".': 0.25,
        },
        what="the answer",
        rtol=0.005,
    )
    return "every probability shrinks by the factor 0.9: D* = target * p / (p + q)."


@exercise("soft_discriminator")
def _(answer):
    p = np.array([0.4, 0.3, 0.02, 0.1, 0.5])
    q = np.array([0.1, 0.3, 0.5, 1e-6, 0.2])
    for t in (0.9, 0.7):
        d = t * p / (p + q)
        compare(
            answer(p, q, t),
            np.log(t * p) - np.log((1 - t) * p + q),
            {
                "that is the probability D*. The logit is log D* - log(1 - D*).": d,
                "that is the logit for hard labels: `target` does not appear.": np.log(p / q),
                "1 - D* is not q / (p + q): real examples add (1 - target) p to it.": np.log(
                    t * p / q
                ),
                "you softened both labels. Generated examples keep the label 0.": np.log(
                    t * p + (1 - t) * q
                )
                - np.log((1 - t) * p + t * q),
                "p and q are exchanged: positive logits must mean real.": np.log(
                    t * q / ((1 - t) * q + p)
                ),
                "the sign is reversed: log(1 - D*) is subtracted.": np.log((1 - t) * p + q)
                - np.log(t * p),
                "that is log D*. Subtract log(1 - D*).": np.log(d),
                "you scaled the logit. The label scales the probability D*.": t * np.log(p / q),
            },
            what="the logit",
            where=f"target = {t}",
        )
    return (
        "the logit can't exceed log(target / (1 - target)) where the data lie, and has no bound "
        "where the generator's points lie."
    )


@exercise("noisy_discriminator")
def _(answer):
    p = np.array([0.4, 0.3, 0.02, 0.1, 0.5])
    q = np.array([0.1, 0.3, 0.5, 1e-6, 0.2])
    for f in (0.05, 0.2):
        real, fake = (1 - f) * p + f * q, f * p + (1 - f) * q
        compare(
            answer(p, q, f),
            np.log(real) - np.log(fake),
            {
                "that is the probability D*. The logit is log D* - log(1 - D*).": real / (p + q),
                "that is the logit for labels that are never turned: `flip` does not appear.": (
                    np.log(p / q)
                ),
                "you turned the labels of real examples only. Those of generated ones turn "
                "too.": np.log((1 - f) * p) - np.log(f * p + q),
                "you turned the labels of generated examples only.": np.log(p + f * q)
                - np.log((1 - f) * q),
                "`flip` and 1 - `flip` are exchanged: most labels stay as they are.": np.log(fake)
                - np.log(real),
                "you scaled the logit by 1 - 2 flip. The labels act on the probability.": (
                    (1 - 2 * f) * np.log(p / q)
                ),
                "that is log D*. Subtract log(1 - D*).": np.log(real / (p + q)),
            },
            what="the logit",
            where=f"flip = {f}",
        )
    return "the logit stays between -log((1 - flip) / flip) and log((1 - flip) / flip)."


@exercise("norm_order")
def _(answer):
    h = np.random.default_rng(8).normal([0.0, -0.5, 2.0], [1.0, 1.0, 2.0], size=(12, 3))

    def normalise(x, **axes):
        return (x - x.mean(**axes)) / x.std(**axes)

    def relu(x):
        return np.maximum(x, 0)

    expected = {
        "before": relu(normalise(h, axis=0)),
        "after": normalise(relu(h), axis=0),
    }
    for place, other in (("before", "after"), ("after", "before")):
        compare(
            answer(h, place),
            expected[place],
            {
                "the orders are exchanged: `place` says where BatchNorm stands, seen from the "
                "ReLU.": expected[other],
                "the ReLU is missing.": normalise(h, axis=0),
                "BatchNorm is missing.": relu(h),
                "there is a second ReLU: after BatchNorm the values may be negative.": relu(
                    normalise(relu(h), axis=0)
                ),
                "there is a second BatchNorm, after the ReLU.": normalise(
                    relu(normalise(h, axis=0)), axis=0
                ),
                "you normalised each example over its units. BatchNorm takes each unit over the "
                "batch.": relu((h.T - h.mean(axis=1)).T / h.std(axis=1)[:, None])
                if place == "before"
                else None,
                "you normalised over all numbers at once. Each unit has a mean of its own.": relu(
                    normalise(h)
                )
                if place == "before"
                else normalise(relu(h)),
            },
            where=f'place = "{place}"',
        )
    return (
        "before: about half of a unit's values pass the ReLU, whatever the layer below does; "
        "after: each unit's values have mean 0 and variance 1, and some are negative."
    )


@exercise("decaying_noise")
def _(answer):
    rng = np.random.default_rng(9)
    x, noise = rng.normal(size=4), rng.normal(size=4)
    for stddev, epochs, epoch in ((0.5, 10, 0), (0.5, 10, 4), (0.3, 8, 8), (0.3, 8, 11)):
        share = 1 - epoch / epochs
        compare(
            answer(x, noise, stddev, epochs, epoch),
            x + stddev * max(0, share) * noise,
            {
                "the noise comes back: after `epochs` epochs the share is negative. Keep it at 0 "
                "or above.": x + stddev * share * noise,
                "the noise grows from epoch to epoch. It must decay.": x
                + stddev * (epoch / epochs) * noise,
                "the noise does not decay.": x + stddev * noise,
                "epochs count from 0: in the first one all of the noise is there.": x
                + stddev * max(0, 1 - (epoch + 1) / epochs) * noise,
                "`stddev` is a standard deviation: multiply by it, not by its square.": x
                + stddev**2 * max(0, share) * noise,
                "`stddev` is missing: it is the noise of the first epoch.": x
                + max(0, share) * noise,
                "you returned the noise alone. Add it to x.": stddev * max(0, share) * noise,
                "the noise decays by a factor each epoch. Here it falls on a straight line.": x
                + stddev * np.exp(-epoch / epochs) * noise,
            },
            where=f"stddev = {stddev}, epochs = {epochs}, epoch = {epoch}",
        )
    return "full noise in the first epoch, half of it half-way, none from `epochs` on."
