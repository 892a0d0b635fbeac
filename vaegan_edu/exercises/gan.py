"""Checks of chapter 4, the generative adversarial network."""

from typing import Any

import numpy as np

from vaegan_edu.exercises import Hint, compare, exercise, numbers

LOG_2 = np.log(2.0)


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _softplus(x):
    return np.logaddexp(0, x)


@exercise("game_by_hand", takes="value")
def _(answer):
    value = numbers(answer, "the value")
    x = np.linspace(-30, 30, 3001)
    p, q = (np.exp(-((x - mean) ** 2) / 2) / np.sqrt(2 * np.pi) for mean in (0.0, 1.0))

    def game(slope, offset):
        logits = slope * x + offset
        return np.sum(-p * _softplus(-logits) - q * _softplus(logits)) * (x[1] - x[0])

    best = game(-1.0, 0.5)
    compare(
        value,
        best,
        {
            "that is the discriminator's loss. The value of the game is its negative.": -best,
            "that is the value of a discriminator that guesses. This one can do better.": -2
            * LOG_2,
            "the slope is right, but the offset is not: the logit must be zero where both "
            "densities are equal, halfway between the two means.": game(-1.0, 0.0),
            "log p - log q is exchanged: positive logits must mean real.": game(1.0, -0.5),
            "that is the Jensen-Shannon divergence of the two densities. The value is 2 JS - 2 log "
            "2.": LOG_2 + best / 2,
            "those are bits, logarithms of base 2. Take the natural logarithm.": best / LOG_2,
        },
        what="the value",
        rtol=0.006,
    )
    return "the best logit is 1/2 - x, zero halfway between the means, and no other reaches more."


@exercise("best_discriminator")
def _(answer):
    p = np.array([0.4, 0.3, 0.02, 0.1])
    q = np.array([0.1, 0.3, 0.5, 1e-3])
    compare(
        answer(p, q),
        np.log(p) - np.log(q),
        {
            "that is the probability p / (p + q). The logit is what the sigmoid turns into it.": p
            / (p + q),
            "p and q are exchanged: positive logits must mean real, so p stands above.": np.log(q)
            - np.log(p),
            "that is q / (p + q), the probability of generated. Asked is the logit of real.": q
            / (p + q),
            "that is log D*. The logit is log D* - log(1 - D*).": np.log(p / (p + q)),
            "that is the ratio p / q. Take its logarithm.": p / q,
            "that is the difference of the densities. Take the difference of their logarithms.": p
            - q,
            "the mixture stands below: that is log of p over (p + q) / 2. Put q in its place.": (
                np.log(2 * p / (p + q))
            ),
        },
        what="the logit",
        where="p = [0.4, 0.3, 0.02, 0.1], q = [0.1, 0.3, 0.5, 0.001]",
    )
    # Densities far out are tiny; their ratio is not.
    compare(
        answer(np.array([1e-200]), np.array([1e-300])),
        np.array([100 * np.log(10)]),
        what="the logit",
        where="p = [1e-200], q = [1e-300]",
        unfinite="a density far out is so small that D* becomes 0 or 1 in the computer. Subtract "
        "logarithms, and never form D*.",
    )
    return "its sigmoid is p / (p + q), it is zero where the densities meet, and never overflows."


@exercise("gan_losses")
def _(answer):
    rng = np.random.default_rng(4)
    real, fake = rng.normal(0.7, 1.5, size=5), rng.normal(-0.4, 1.0, size=3)
    on_real, on_fake = _softplus(-real).mean(), _softplus(fake).mean()
    generator = _softplus(-fake).mean()
    right = np.array([on_real + on_fake, generator])

    def twice(x):  # the sigmoid of a probability
        return _sigmoid(_sigmoid(x))

    compare(
        answer(real, fake),
        right,
        {
            "you applied the sigmoid twice: the logits pass through it once.": [
                -np.log(twice(real)).mean() - np.log(1 - twice(fake)).mean(),
                -np.log(twice(fake)).mean(),
            ],
            "the discriminator's loss lacks its term on fake examples.": [on_real, generator],
            "the discriminator's loss lacks its term on real examples.": [on_fake, generator],
            "the discriminator's labels are swapped: real examples have the target 1.": [
                _softplus(real).mean() + _softplus(-fake).mean(),
                generator,
            ],
            "both signs are reversed: these are what the players raise. A loss is lowered.": (
                -right
            ),
            "the discriminator's sign is reversed: its loss is minus the value.": [
                -right[0],
                generator,
            ],
            "your generator has the minimax loss log(1 - D), which saturates. Take -log D.": [
                right[0],
                -on_fake,
            ],
            "your generator has the minimax loss with its sign reversed: it would help the "
            "discriminator.": [right[0], on_fake],
            "the generator's loss belongs to fake examples. It sees no real ones.": [
                right[0],
                on_real,
            ],
            "you summed over the examples. Take the mean over each batch.": [
                _softplus(-real).sum() + _softplus(fake).sum(),
                _softplus(-fake).sum(),
            ],
            "you halved the discriminator's loss. Its two means are added.": [
                right[0] / 2,
                generator,
            ],
            "you took the logits for probabilities. Put them through the sigmoid.": [
                -np.log(np.abs(real)).mean() - np.log(np.abs(1 - fake)).mean(),
                -np.log(np.abs(fake)).mean(),
            ],
            "the two losses stand in the wrong order: the discriminator's comes first.": right[
                ::-1
            ],
        },
        what="the losses",
    )
    compare(
        answer(np.array([1000.0, -1000.0]), np.array([-1000.0, -1000.0])),
        np.array([500.0, 1000.0]),
        what="the losses",
        where="logits of 1000 and -1000",
        unfinite="for logits of 1000 the logarithm of a rounded sigmoid is infinite. Write "
        "-log sigmoid(l) as log(1 + exp(-l)), in NumPy np.logaddexp(0, -l).",
    )
    return (
        "both terms of the discriminator and the non-saturating generator, means over their own "
        "batches, finite for any logits."
    )


@exercise("generator_gradient")
def _(answer):
    rng = np.random.default_rng(5)
    x = rng.normal(1.5, 1.0, size=6)
    for slope, offset in ((-1.3, 0.4), (0.7, -1.0)):
        d = _sigmoid(slope * x + offset)
        right = -slope * (1 - d).mean()
        compare(
            answer(x, slope, offset),
            right,
            {
                "that is the derivative of the minimax loss log(1 - D). Here the loss is -log D.": (
                    -slope * d.mean()
                ),
                "the sign is reversed: the generator lowers -log D.": -right,
                "the chain rule has one more factor: the logit changes with `mean` by `slope`.": (
                    -(1 - d).mean()
                ),
                "that is -1/D times the slope. D itself changes by D (1 - D) a logit: multiply.": (
                    -slope * (1 / d).mean()
                ),
                "the derivative of the sigmoid alone: the logarithm's factor 1/D is missing.": (
                    -slope * (d * (1 - d)).mean()
                ),
                "you summed over the points. The loss is a mean.": -slope * (1 - d).sum(),
                "this is one value a point. Take their mean.": -slope * (1 - d),
                "that is the derivative with respect to `offset` of log D: slope and sign are "
                "missing.": (1 - d).mean(),
                "that is the loss itself, not its derivative.": -np.log(d).mean(),
            },
            what="the derivative",
            where=f"slope = {slope}, offset = {offset}",
        )
    return (
        "the derivative is -slope times the mean of 1 - D: it stays large while the discriminator "
        "is sure."
    )


@exercise("divergence_bound")
def _(answer):
    rng = np.random.default_rng(6)
    real, fake = rng.normal(0.9, 1.2, size=6), rng.normal(-1.1, 0.9, size=4)
    value = -_softplus(-real).mean() - _softplus(fake).mean()
    compare(
        answer(real, fake),
        LOG_2 + value / 2,
        {
            "that is the value V itself. Solve V = 2 JS - 2 log 2 for JS.": value,
            "the half is missing: V = 2 JS - 2 log 2.": 2 * LOG_2 + value,
            "you halved log 2 as well.": LOG_2 / 2 + value / 2,
            "log 2 is missing.": value / 2,
            "you put the loss where the value belongs. The value is minus the loss.": LOG_2
            - value / 2,
            "the term of the real examples is missing.": LOG_2 - _softplus(fake).mean() / 2,
            "the term of the generated examples is missing.": LOG_2 - _softplus(-real).mean() / 2,
            "real and generated are exchanged.": LOG_2
            - (_softplus(real).mean() + _softplus(-fake).mean()) / 2,
            "you took the mean over all examples at once. Each batch has a mean of its own.": LOG_2
            - np.concatenate([_softplus(-real), _softplus(fake)]).mean(),
        },
        what="the bound",
    )
    compare(
        answer(np.zeros(3), np.zeros(5)), 0.0, what="the bound", where="logits that are all zero"
    )
    compare(
        answer(np.full(3, -800.0), np.full(2, 800.0)),
        LOG_2 - 800,
        what="the bound",
        where="logits of -800 and 800",
        unfinite="for such logits a rounded sigmoid is exactly 0 or 1. Use np.logaddexp.",
    )
    return "zero when the discriminator can only guess, log 2 when it is sure and right."


@exercise("gan_step")
def _(answer):
    import keras

    for count in (6, 4):
        rng = np.random.default_rng(count)
        images = rng.normal(0.5, 1.0, (count, 4)).astype("float32")
        noise = rng.standard_normal((count, 3)).astype("float32")
        networks = _tiny_networks(keras, rng)
        before = [network.get_weights() for network in networks]
        losses, after = _step(before[0], before[1], images, noise)
        optimizers = {name: keras.optimizers.SGD(_RATE) for name in ("generator", "discriminator")}
        found = answer(*networks, optimizers, images, noise)
        compare(
            found,
            losses,
            {
                **{
                    hint: _step(before[0], before[1], images, noise, **change)[0]
                    for hint, change in _LOSS_MISTAKES.items()
                },
                "the two losses stand in the wrong order: the discriminator's comes first.": (
                    losses[::-1]
                ),
            },
            what="the losses",
            where=f"{count} images",
            rtol=1e-3,
        )
        moved = [network.get_weights() for network in networks]
        for name, new, old in zip(("generator", "discriminator"), moved, before, strict=True):
            if all(np.array_equal(a, b) for a, b in zip(new, old, strict=True)):
                raise Hint(
                    f"the losses are right, but the {name} did not move: apply its gradient, "
                    f'`optimizers["{name}"].apply(gradients, weights)`.'
                )
        if not _close(moved, after):
            for hint, change in _MOVE_MISTAKES.items():
                if _close(moved, _step(before[0], before[1], images, noise, **change)[1]):
                    raise Hint(hint)
            raise Hint(
                "the losses are right, but the weights did not move by their gradients. Is all "
                "computed inside the tape, and does each network get the gradient of its own loss?"
            )
    return (
        "each network moved by the gradient of its own loss, both from the same old weights, and "
        "the generator's came through the discriminator."
    )


@exercise("stable_rate")
def _(answer):
    for deviation in (0.1, 0.3, 1.0):
        s2 = deviation**2
        compare(
            answer(deviation),
            2 * s2,
            {
                "that is the deviation. The matrix has its square, the variance.": deviation,
                "that is half of it: set the determinant to one and solve 1 - h s^2/2 + h^2/4 = 1 "
                "for h.": s2,
                "that is twice as large: set the determinant to one and solve for h.": 4 * s2,
                "the matrix has the square of the deviation, the variance.": 2 * deviation,
                "that is the determinant's other factor: at h = 0 nothing moves. Take the other "
                "solution.": 0.0,
                "that is where the determinant is smallest, halved: set it to one.": s2 / 2,
            },
            what="the rate",
            where=f"a deviation of {deviation}",
        )
    return "below 2 s^2 each step shrinks the distance, above it each step stretches it."


_RATE = 0.05
_LOSS_MISTAKES: dict[str, dict[str, Any]] = {
    "the discriminator's loss lacks its term on generated examples.": {"fake_weight": 0.0},
    "the discriminator's loss lacks its term on real examples.": {"real_weight": 0.0},
    "the discriminator's labels are swapped: real examples have the target 1.": {"swapped": True},
    "you halved the discriminator's loss. Its two means are added.": {
        "real_weight": 0.5,
        "fake_weight": 0.5,
    },
    "your generator has the minimax loss log(1 - D), which saturates. Take -log D.": {
        "minimax": True
    },
    "you summed over the examples. Take the mean over each batch.": {"total": True},
}
_MOVE_MISTAKES: dict[str, dict[str, Any]] = {
    "the losses are right, but the generator answered the discriminator *after* its step, the "
    "order of Goodfellow's Algorithm 1. Here take both gradients before either network moves.": {
        "alternate": True
    },
    "the losses are right, but the discriminator also got the gradient of the generator's loss, "
    "which teaches it to be deceived. Give each network the gradient of its own loss alone.": {
        "shared": True
    },
    "the losses are right, but the generator got the gradient of the discriminator's loss: it "
    "helps the discriminator.": {"helps": True},
    "the losses are right, but the weights moved uphill. The optimiser subtracts the gradient by "
    "itself: hand it over as it is.": {"rate": -_RATE},
    "the losses are right, but the weights moved twice as far as one step. Apply each gradient "
    "once.": {"rate": 2 * _RATE},
}


def _tiny_networks(keras, rng):
    """A generator and a discriminator of points, small enough to differentiate by hand."""
    z = keras.Input((3,))
    generator = keras.Model(z, keras.layers.Dense(4, activation="tanh")(z))
    x = keras.Input((4,))
    h = keras.layers.Dense(5, activation="tanh")(x)
    discriminator = keras.Model(x, keras.layers.Dense(1)(h))
    for network in (generator, discriminator):
        network.set_weights([rng.normal(0, 0.7, w.shape) for w in network.get_weights()])
    return generator, discriminator


def _step(
    generator,
    discriminator,
    images,
    noise,
    real_weight=1.0,
    fake_weight=1.0,
    swapped=False,
    minimax=False,
    total=False,
    alternate=False,
    shared=False,
    helps=False,
    rate=_RATE,
):
    """Return both losses and both networks' weights after one step, by the chain rule by hand."""
    kernel, bias = (w.astype("float64") for w in generator)
    count = 1 if total else len(noise)
    made = np.tanh(noise @ kernel + bias)
    sign = -1.0 if swapped else 1.0

    def judge(x, weights):
        inner, shift, outer, end = weights
        h = np.tanh(x @ inner + shift)
        return h, (h @ outer + end)[:, 0]

    def back(x, h, slope, weights):
        """Gradients of the discriminator's weights and of x, from the slope at the logits."""
        at_h = slope[:, None] * weights[2].T * (1 - h**2)
        own = x.T @ at_h, at_h.sum(axis=0), h.T @ slope[:, None], slope.sum(keepdims=True)
        return own, at_h @ weights[0].T

    old = [w.astype("float64") for w in discriminator]
    (real_h, real), (fake_h, fake) = judge(images, old), judge(made, old)
    on_real, on_fake = _softplus(-sign * real), _softplus(sign * fake)
    fooling = -_softplus(fake) if minimax else _softplus(-fake)
    losses = np.array(
        [real_weight * on_real.sum() + fake_weight * on_fake.sum(), fooling.sum()]
    ) / (count if total else len(noise))

    real_slope = -sign * _sigmoid(-sign * real) * real_weight / count
    fake_slope = sign * _sigmoid(sign * fake) * fake_weight / count
    of_real, _ = back(images, real_h, real_slope, old)
    of_fake, to_made = back(made, fake_h, fake_slope, old)
    gradients = [a + b for a, b in zip(of_real, of_fake, strict=True)]

    def fooling_slope(logits):
        return (-_sigmoid(logits) if minimax else -_sigmoid(-logits)) / count

    of_fooling, at_made = back(made, fake_h, fooling_slope(fake), old)
    if shared:
        gradients = [a + b for a, b in zip(gradients, of_fooling, strict=True)]
    new = [w - rate * g for w, g in zip(old, gradients, strict=True)]
    if alternate:
        h, logits = judge(made, new)
        _, at_made = back(made, h, fooling_slope(logits), new)
    if helps:
        at_made = to_made
    at_sum = at_made * (1 - made**2)
    moved = [kernel - rate * noise.T @ at_sum, bias - rate * at_sum.sum(axis=0)]
    return losses, [moved, new]


def _close(found, expected):
    return all(
        np.allclose(a, b, atol=1e-5)
        for ours, theirs in zip(found, expected, strict=True)
        for a, b in zip(ours, theirs, strict=True)
    )
