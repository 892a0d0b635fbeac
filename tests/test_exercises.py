"""The self-checks: solutions pass, stubs wait, mistakes get a hint of their own.

A new exercise joins by an entry in `MISTAKES`: at least three typical wrong answers, each under a
piece of the hint that it must get. No two mistakes may get one hint.
"""

import ast
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers, ops
from scipy.spatial.distance import cdist, jensenshannon, pdist
from scipy.special import expit, rel_entr
from scipy.stats import entropy, kendalltau, spearmanr

from tools.exercises import read_exercise
from vaegan_edu import exercises
from vaegan_edu.networks import build_encoder
from vaegan_edu.widgets import DivergenceExplorer, MinibatchExplorer

tf = pytest.importorskip("tensorflow")
ROOT = Path(__file__).resolve().parents[1]
LOG_2_PI = np.log(2 * np.pi)
SOURCES = {path.stem: path for path in sorted((ROOT / "notebooks/exercises").glob("*.py"))}


def _unit_normal(x):
    return (x - x.mean(axis=0)) / x.std(axis=0)


def _norm_order(h, place):
    if place == "before":
        return np.maximum(_unit_normal(h), 0)
    return _unit_normal(np.maximum(h, 0))


def _standard_error(values, ddof=1):
    return np.std(values, ddof=ddof) / np.sqrt(len(values))


def _log_density(z, z_mean, variance, log_var, constant=LOG_2_PI):
    return -0.5 * np.sum(constant + log_var + (z - z_mean) ** 2 / variance, axis=1)


def _pixels(images, reconstruction):
    return -(images * np.log(reconstruction) + (1 - images) * np.log(1 - reconstruction))


def _gaussian_kl(m, v, n, w):
    """Through deviations, unlike the check."""
    ratio = np.exp((v - w) / 2)
    return -np.log(ratio) + 0.5 * (ratio**2 + ((m - n) / np.exp(w / 2)) ** 2 - 1)


def _to_middle(p, q, m):
    return np.sum(rel_entr(p, m)) + np.sum(rel_entr(q, m))


def _modes(points, modes, std, minimum, metric="euclidean"):
    nearest = cdist(points, modes).argmin(axis=1)
    apart = cdist(points, modes, metric)[np.arange(len(points)), nearest]
    hits = [np.sum(nearest[apart <= 3 * std] == k) for k in range(len(modes))]
    return sum(n >= minimum for n in hits)


def _balance(counts):
    return np.log(len(counts)) - entropy(counts / counts.sum())


def _closeness(m, metric="cityblock", near=lambda distance: np.exp(-distance)):
    return np.sum(near(cdist(m, m, metric)), axis=1) - near(0.0)


def _push(m, scale, of=np.sign):
    return np.array(
        [
            -2 * scale * sum(of(a - b) * np.exp(-abs(a - b)) for j, b in enumerate(m) if j != i)
            for i, a in enumerate(m)
        ]
    )


def _encoder(side, channels, latent_dim, norm=4, bias=1, padded=False):
    """Parameters of the original's encoder, layer by layer."""
    shapes, total = [(4, channels, 64), (4, 64, 128)], 0
    for kernel, before, after in shapes:
        side = -(-side // 2) if padded else (side - kernel) // 2 + 1
        total += kernel**2 * before * after + bias * after
    total += norm * 128 + side**2 * 128 * 1024 + bias * 1024 + norm * 1024
    return total + 2 * (1024 * latent_dim + bias * latent_dim)


def _blind(target, d, factors=(1, 1, 1)):
    judge = entropy([target, 1 - target]) + rel_entr([target, 1 - target], [d, 1 - d]).sum()
    return np.array([d, -2 * np.log(d), judge - 2 * np.log(1 - d)]) * factors


def _path(gradient, w, learning_rate, steps):
    path = [w]
    for _ in range(steps):
        path.append(path[-1] - learning_rate * gradient(path[-1]))
    return np.stack(path)


def _path_of_one_array(gradient, start, learning_rate, steps):
    w = start.copy()
    path = [w]
    for _ in range(steps):
        w -= learning_rate * gradient(w)
        path.append(w)
    return np.stack(path)


def _path_in_place(gradient, start, learning_rate, steps):
    path = [start.copy()]
    for _ in range(steps):
        start -= learning_rate * gradient(start)
        path.append(start.copy())
    return np.stack(path)


def _path_by_first_gradient(gradient, start, learning_rate, steps):
    first = gradient(start)
    return np.stack([start - learning_rate * step * first for step in range(steps + 1)])


def _slide(image, kernel, stride, reduce=np.sum):
    (rows, columns), (height, width) = kernel.shape, image.shape
    return np.array(
        [
            [
                reduce(image[i : i + rows, j : j + columns] * kernel)
                for j in range(0, width - columns + 1, stride)
            ]
            for i in range(0, height - rows + 1, stride)
        ]
    )


def _slide_same(image, kernel, stride):
    rows, columns = kernel.shape
    before = (rows - 1) // 2, (columns - 1) // 2
    return _slide(
        np.pad(image, ((before[0], rows // 2), (before[1], columns // 2))), kernel, stride
    )


def _forward(x, w1, w2):
    a = w1 * x
    return a, np.maximum(a, 0), np.sum(w2 * np.maximum(a, 0))


def _backward(change=lambda dw1, dw2, **known: (dw1, dw2)):
    """The two gradients by small differences, and what a mistake makes of them."""

    def answer(x, target, w1, w2, step=1e-6):
        def loss(w):
            return 0.5 * (_forward(x, *np.split(w, 2))[2] - target) ** 2

        w = np.concatenate([w1, w2])
        steps = step * np.eye(len(w))
        slopes = [(loss(w + d) - loss(w - d)) / (2 * step) for d in steps]
        a, h, y = _forward(x, w1, w2)
        return change(*np.split(np.array(slopes), 2), x=x, w2=w2, a=a, h=h, dy=y - target, y=y)

    return answer


def _adam_path(gradient, w, rate, steps, betas=(0.9, 0.999), power=2, root=0.5, correct=True, at=1):
    """By weighted sums over all gradients so far, not by a running mean."""
    path, seen = [w], []
    for t in range(1, steps + 1):
        seen.append(gradient(path[-1]))
        ages = np.arange(t)[::-1, None]
        m, v = (
            np.sum((1 - beta) * beta**ages * values, axis=0)
            / (1 - beta ** (t + at - 1) if correct else 1)
            for beta, values in zip(betas, (seen, np.abs(seen) ** power), strict=True)
        )
        path.append(path[-1] - rate * m / (v**root + 1e-7))
    return np.stack(path)


def _conv_layer(
    side=lambda n, k, s, padding: int(np.ceil((n if padding == "same" else n - k + 1) / s)),
    channels_out=lambda c, f: f,
    weights=lambda c, f, k: (k * k * c + 1) * f,
):
    def answer(height, width, c, f, k, s, padding):
        sides = [side(n, k, s, padding) for n in (height, width)]
        return *sides, channels_out(c, f), weights(c, f, k)

    return answer


def _spread(x, kernel, stride, turn=False):
    """By a convolution of the stretched map."""
    (height, width), (rows, columns) = x.shape, kernel.shape
    stretched = np.zeros(((height - 1) * stride + 1, (width - 1) * stride + 1))
    stretched[::stride, ::stride] = x
    padded = np.pad(stretched, ((rows - 1,) * 2, (columns - 1,) * 2))
    return _slide(padded, kernel if turn else kernel[::-1, ::-1], 1)


def _overwrite(x, kernel, stride):
    output = np.zeros_like(_spread(x, kernel, stride))
    for (i, j), value in np.ndenumerate(x):
        top, left = i * stride, j * stride
        output[top : top + kernel.shape[0], left : left + kernel.shape[1]] = value * kernel
    return output


def _normalise(x, scale, offset, eps, axis=0, ddof=0):
    mean = x.mean(axis=axis, keepdims=True)
    variance = x.var(axis=axis, keepdims=True, ddof=ddof)
    return scale * (x - mean) / np.sqrt(variance + eps) + offset


def _line(a, b, t):
    return (1 - t[:, None]) * a + t[:, None] * b


def _balls(real, generated, k):
    """Whether each real ball (rows) holds each generated point (columns)."""

    def distances(a, b):
        return np.linalg.norm(a[:, None] - b[None], axis=-1)

    return distances(real, generated) <= np.sort(distances(real, real), axis=1)[:, [k]]


def _frechet(a, b, spread=np.std, weight=1.0):
    """Of independent dimensions, by another route than the check: moments, then one norm."""
    moments = [np.concatenate([x.mean(axis=0), weight * spread(x, axis=0)]) for x in (a, b)]
    return np.linalg.norm(moments[0] - moments[1]) ** 2


def _closer(generated, train, held_out, of=np.min):
    threshold = of(cdist(held_out, train).min(axis=1))
    return np.mean(cdist(generated, train).min(axis=1) < threshold)


def _kl_terms(m, v):
    return 0.5 * (m**2 + np.exp(v) - v - 1)


def _bce(logits):
    """-log D, the loss of a logit whose target is 1."""
    return np.logaddexp(0, -logits)


def _game(on_real, on_fake, generator, reduce=np.mean):
    """Two losses from what each player pays for one real and for one fake logit."""
    return lambda real, fake: (
        reduce(on_real(real)) + reduce(on_fake(fake)),
        reduce(generator(fake)),
    )


def _value(real, fake):
    return -_bce(real).mean() - _bce(-fake).mean()


def _plateau(losses, rate, factor, minimum, patience, new_best=np.less, restart=True, late=False):
    best, waited, rates = np.inf, 0, []
    for loss in losses:
        if late:
            rates.append(rate)
        best, waited = (loss, 0) if new_best(loss, best) else (best, waited + 1)
        if waited >= patience:
            rate, waited = max(rate * factor, minimum), 0 if restart else waited
        if not late:
            rates.append(rate)
    return rates


def _plateau_by_last(losses, rate, factor, minimum, patience):
    last, waited, rates = np.inf, 0, []
    for loss in losses:
        waited = 0 if loss < last else waited + 1
        last = loss
        if waited == patience:
            rate, waited = max(rate * factor, minimum), 0
        rates.append(rate)
    return rates


def _plateau_that_forgets(losses, rate, factor, minimum, patience):
    best, waited, rates = np.inf, 0, []
    for loss in losses:
        best, waited = (loss, 0) if loss < best else (best, waited + 1)
        if waited == patience:
            rate, best, waited = max(rate * factor, minimum), np.inf, 0
        rates.append(rate)
    return rates


def _windowed(losses, rate, factor, minimum, window, decay_on, reference=min, improves=np.less):
    rates = []
    for t, loss in enumerate(losses):
        improved = t >= window and improves(loss, reference(losses[t - window : t]))
        if t >= window and improved == (decay_on == "improvement"):
            rate = max(rate * factor, minimum)
        rates.append(rate)
    return rates


def _windowed_with_the_present(losses, rate, factor, minimum, window, decay_on):
    rates = []
    for t, loss in enumerate(losses):
        if t + 1 >= window:
            improved = loss < min(losses[t + 1 - window : t + 1])
            if improved == (decay_on == "improvement"):
                rate = max(rate * factor, minimum)
        rates.append(rate)
    return rates


def _windowed_at_once(losses, rate, factor, minimum, window, decay_on):
    rates = []
    for t, loss in enumerate(losses):
        if t and (loss < min(losses[max(t - window, 0) : t])) == (decay_on == "improvement"):
            rate = max(rate * factor, minimum)
        rates.append(rate)
    return rates


def _windowed_that_clears(losses, rate, factor, minimum, window, decay_on):
    rates, start = [], 0
    for t, loss in enumerate(losses):
        decays = False
        if t - start >= window:
            decays = (loss < min(losses[t - window : t])) == (decay_on == "improvement")
        if decays:
            rate, start = max(rate * factor, minimum), t + 1
        rates.append(rate)
    return rates


def _peak(losses, initial, factor, minimum, patience, start, highest=max, wait=0, keep="wait"):
    """Peak decay by slices; `keep` is where the window may reach back to."""
    rate, rates, first = initial, [], start
    for t in range(len(losses)):  # epochs counted from 0
        if t >= first - 1:
            oldest = {"wait": max(first - 2, t - patience), "all": t - patience, "last": t - 1}
            if losses[t] > highest(losses[max(oldest[keep], 0) : t]):
                rate, first = max(rate * factor, minimum), t + 1 + patience + wait
        rates.append(rate)
    return rates


def _trough(losses, initial, factor, minimum, patience, start):
    """The rates of `_peak` turned upside down."""
    return _peak(-losses, initial, factor, minimum, patience, start)


OTHER = {"stagnation": "improvement", "improvement": "stagnation"}


def _routing(*cells):
    """The original project's factors, some of them changed: (row, column, value)."""
    factors = np.array([[1 / 64, 0, 0], [1 / 4096, 1e-8, 0], [0, 1, 0], [0, 0, 1]])
    for row, column, value in cells:
        factors[row, column] = value
    return factors


def _fool(*batches):
    return sum(_bce(batch).mean() for batch in batches)


def _judge(real, *fakes):
    return _fool(real) + sum(_bce(-fake).mean() for fake in fakes)


def _decays(initial, factor, minimum, whole=np.ceil):
    return whole(np.log(minimum / initial) / np.log(factor))


def _agreeing(a, b):
    """Whether two runs are ordered alike by a and by b, (N, N), no run with itself."""
    return np.sign(a[:, None] - a) * np.sign(b[:, None] - b) > 0


def _slope(z, a):
    """By a fit of a line, unlike the check."""
    return np.linalg.lstsq(np.column_stack([a, np.ones(len(a))]), z)[0][0]


def _network(convolution=None, activation="relu", code=None, filters=(16, 32, 64), units=64):
    """An encoder of the exercise of chapter 1, some of it changed."""

    def build(image_shape, latent_dim):
        given = {"kernel_size": 3, "strides": 2, "padding": "same", **(convolution or {})}
        images = h = keras.Input(image_shape)
        for count in filters:
            h = keras.layers.Conv2D(count, activation=activation, **given)(h)
        h = keras.layers.Flatten()(h)
        if units:
            h = keras.layers.Dense(units, activation=activation)(h)
        return keras.Model(images, keras.layers.Dense(latent_dim, activation=code)(h))

    return build


def _vae_step(
    kl=ops.sum,
    pixels=ops.sum,
    batch=ops.mean,
    power=0.5,
    half=0.5,
    kl_half=0.5,
    sign=1,
    beta_of=lambda beta: beta,
    train=("encoder", "decoder"),
    apply=True,
    uphill=False,
    gradient_of="loss",
):
    """A step of a VAE on the tape, some of it changed."""

    def step(encoder, decoder, optimizer, images, noise, beta):
        with tf.GradientTape() as tape:
            m, v = encoder(images)
            z = m if power is None else m + ops.exp(power * v) * noise
            reconstruction = batch(half * pixels((images - decoder(z)) ** 2, axis=(1, 2, 3)))
            prior = batch(kl_half * kl(m**2 + ops.exp(v) - v - 1, axis=1))
            loss = reconstruction + sign * beta_of(beta) * prior
        networks = {"encoder": encoder, "decoder": decoder}
        weights = [w for name in train for w in networks[name].trainable_variables]
        wanted = {"loss": loss, "reconstruction": reconstruction}[gradient_of]
        gradients = tape.gradient(wanted, weights, unconnected_gradients="zero")
        if apply:
            optimizer.apply([-g if uphill else g for g in gradients], weights)
        return loss

    return step


def _gan_step(
    real_weight=1.0,
    fake_weight=1.0,
    sign=1.0,
    minimax=False,
    batch=ops.mean,
    alternate=False,
    train=("discriminator", "generator"),
    turn=1.0,
    learns_from=None,
    order=(0, 1),
):
    """A step of a GAN on the tape, some of it changed."""
    own = {"discriminator": ["discriminator"], "generator": ["generator"]}
    learns_from = own | (learns_from or {})

    def step(generator, discriminator, optimizers, images, noise):
        networks = {"discriminator": discriminator, "generator": generator}

        def play():
            with tf.GradientTape(persistent=True) as tape:
                real, fake = discriminator(images), discriminator(generator(noise))
                judging = real_weight * batch(ops.softplus(-sign * real))
                judging += fake_weight * batch(ops.softplus(sign * fake))
                fooling = -batch(ops.softplus(fake)) if minimax else batch(ops.softplus(-fake))
            loss = {"discriminator": judging, "generator": fooling}
            return loss, {
                name: [
                    sum(pair)
                    for pair in zip(
                        *(
                            tape.gradient(loss[source], network.trainable_variables)
                            for source in learns_from[name]
                        ),
                        strict=True,
                    )
                ]
                for name, network in networks.items()
            }

        loss, gradients = play()
        for name in train:
            if alternate and name == "generator":
                _, gradients = play()
            changes = [turn * g for g in gradients[name]]
            optimizers[name].apply(changes, networks[name].trainable_variables)
        found = loss["discriminator"], loss["generator"]
        return [found[place] for place in order]

    return step


def _terms(given, kl=ops.sum, squares=ops.sum, half=0.5, fool=None, fakes=None):
    """The four terms of a VAE-GAN, some of it changed."""
    m, v, logits, features = given
    fool = fool or (lambda x: ops.softplus(-x))
    fakes = fakes or ["reconstruction", "generated"]
    apart = (features["real"] - features["reconstruction"]) ** 2
    return (
        ops.mean(kl(0.5 * (m**2 + ops.exp(v) - v - 1), axis=1)),
        ops.mean(half * squares(apart, axis=(1, 2, 3))),
        sum(ops.mean(fool(logits[k])) for k in fakes),
        ops.mean(ops.softplus(-logits["real"]))
        + sum(ops.mean(ops.softplus(logits[k])) for k in fakes),
    )


def _three_losses(
    encoder=lambda t, g: t[0] + t[1],
    decoder=lambda t, g: g * t[1] + t[2],
    discriminator=lambda t, g: t[3],
    **changes,
):
    def answer(m, v, logits, features, gamma):
        terms = _terms((m, v, logits, features), **changes)
        return [loss(terms, gamma) for loss in (encoder, decoder, discriminator)]

    return answer


def _vaegan_step(
    moves=lambda name: True, gradient_of=lambda losses, place: losses[place], **changes
):
    """A step of a VAE-GAN on the tape, some of it changed."""
    three = _three_losses(**changes)

    def step(encoder, decoder, discriminator, optimizers, images, noise, gamma):
        trio = encoder, decoder, discriminator
        with tf.GradientTape(persistent=True) as tape:
            m, v = encoder(images)
            z = m + ops.exp(0.5 * v) * noise[0]
            batches = {"real": images, "reconstruction": decoder(z), "generated": decoder(noise[1])}
            seen = {kind: discriminator(batch) for kind, batch in batches.items()}
            logits, features = ({k: out[i] for k, out in seen.items()} for i in (0, 1))
            losses = three(m, v, logits, features, gamma)
            wanted = [gradient_of(losses, place) for place in range(3)]
        own = [network.trainable_variables for network in trio]
        gradients = [
            tape.gradient(loss, weights, unconnected_gradients="zero")
            for loss, weights in zip(wanted, own, strict=True)
        ]
        for network, optimizer, gradient, weights in zip(
            trio, optimizers, gradients, own, strict=True
        ):
            if moves(network.name):
                optimizer.apply(gradient, weights)
        return losses

    return step


def _built(shape, *heads, same=False):
    """A network of heads on the flattened input."""
    x = keras.Input(shape)
    h = layers.Flatten()(x)
    outputs = [heads[0](h)] * 2 if same else [head(h) for head in heads]
    return keras.Model(x, outputs if len(outputs) > 1 else outputs[0])


def _loud(units):
    return layers.Dense(units, kernel_initializer=keras.initializers.RandomNormal(0, 5))


def _drawing(latent_dim, activation, bias=False, **settings):
    z = keras.Input((latent_dim,))
    start = {"bias_initializer": "random_normal"} if bias else {}
    h = layers.Dense(784, activation=activation, **start, **settings)(z)
    return keras.Model(z, layers.Reshape((28, 28, 1))(h))


def _judging(
    shape=(28, 28, 1),
    outputs=lambda logits, features: (logits, features),
    units=1,
    norm=False,
    activation=None,
):
    x = keras.Input(shape)
    features = layers.Conv2D(4, 4, strides=2)(x)
    features = layers.BatchNormalization()(features) if norm else features
    logits = layers.Dense(units, activation=activation)(layers.Flatten()(features))
    return keras.Model(x, outputs(logits, features))


_FEATURE_ALONE = {
    "prior": 0.0,
    "feature": 1.0,
    "adversarial_decoder": 0.0,
    "adversarial_discriminator": 0.0,
}


def _moves(step, weights, terms, atol=0.0, copy=True):
    """Whether a step moves the discriminator by more than `atol`."""
    before = weights["discriminator"].copy() if copy else weights["discriminator"]
    return bool(np.abs(step(weights, terms)["discriminator"] - before).max() > atol)


def _drawn(noise, like, seed=None):
    return np.random.default_rng(seed).standard_normal(like.shape) if noise is None else noise


def _loop(
    order=lambda rng, n, epoch: rng.permutation(n),
    noise=lambda rng, n, d: rng.standard_normal((2, n, d)),
    reduce=lambda found: np.mean(found, axis=0),
    stop=lambda n, size: n,
    size_of=lambda size: size,
    epochs_of=lambda epochs: epochs,
):
    """A training loop, some of it changed."""

    def train(step, images, latent_dim, epochs, batch_size):
        rng, means = np.random.default_rng(0), []
        size, count = size_of(batch_size), len(images)
        for epoch in range(epochs_of(epochs)):
            index, found = order(rng, count, epoch), []
            for start in range(0, stop(count, size), size):
                batch = images[index[start : start + size]]
                found.append(step(batch, noise(rng, len(batch), latent_dim)))
            means.append(reduce(found))
        return np.array(means)

    return train


MISTAKES = {
    "expectation": {
        "apply f first": lambda f, z: (f(np.mean(z)), _standard_error(f(z))),
        "use the mean": lambda f, z: (np.sum(f(z)), _standard_error(f(z))),
        "averaged the samples themselves": lambda f, z: (np.mean(z), _standard_error(f(z))),
        "wrong order": lambda f, z: (_standard_error(f(z)), np.mean(f(z))),
        "median": lambda f, z: (np.median(f(z)), _standard_error(f(z))),
        "divide by sqrt(N)": lambda f, z: (np.mean(f(z)), np.std(f(z), ddof=1)),
        "shrinks more slowly": lambda f, z: (np.mean(f(z)), np.std(f(z), ddof=1) / len(z)),
        "ddof=1": lambda f, z: (np.mean(f(z)), _standard_error(f(z), ddof=0)),
        "square root": lambda f, z: (np.mean(f(z)), _standard_error(f(z)) ** 2),
        "spread of the samples": lambda f, z: (np.mean(f(z)), _standard_error(z)),
        "return two numbers": lambda f, z: np.mean(f(z)),
    },
    "gaussian_log_density": {
        "one value per dimension": lambda z, m, v: (
            -0.5 * (np.log(2 * np.pi) + v + (z - m) ** 2 / np.exp(v))
        ),
        "averaged over the dimensions": lambda z, m, v: (
            _log_density(z, m, np.exp(v), v) / z.shape[1]
        ),
        "over everything": lambda z, m, v: _log_density(z, m, np.exp(v), v).sum(),
        "over the batch": lambda z, m, v: _log_density(z.T, m.T, np.exp(v).T, v.T),
        "this is the density": lambda z, m, v: np.exp(_log_density(z, m, np.exp(v), v)),
        "log(2 pi) is missing": lambda z, m, v: _log_density(z, m, np.exp(v), v, 0.0),
        "once per dimension": lambda z, m, v: (
            _log_density(z, m, np.exp(v), v, 0.0) - 0.5 * np.log(2 * np.pi)
        ),
        "negative log density": lambda z, m, v: -_log_density(z, m, np.exp(v), v),
        "divided by z_log_var": lambda z, m, v: _log_density(z, m, v, v),
        "divided by the standard deviation": lambda z, m, v: _log_density(z, m, np.exp(v / 2), v),
        "the variance already": lambda z, m, v: _log_density(z, m, np.exp(2 * v), 2 * v),
        "z_log_var is missing": lambda z, m, v: _log_density(z, m, np.exp(v), 0.0 * v),
        "must be squared": lambda z, m, v: (
            -0.5 * np.sum(np.log(2 * np.pi) + v + (z - m) / np.exp(v), axis=1)
        ),
        "factor 1/2": lambda z, m, v: 2 * _log_density(z, m, np.exp(v), v),
        "not far out": lambda z, m, v: np.log(np.exp(_log_density(z, m, np.exp(v), v))),
    },
    "negative_log_likelihood": {
        "averaged over the pixels": lambda x, p: np.mean(_pixels(x, p)),
        "does not grow with the batch": lambda x, p: np.sum(_pixels(x, p)),
        "one loss per image": lambda x, p: np.sum(_pixels(x, p), axis=(1, 2)),
        "one value per pixel": _pixels,
        "the sign": lambda x, p: -np.sum(_pixels(x, p)) / len(x),
        "blank pixels are missing": lambda x, p: -np.sum(x * np.log(p)) / len(x),
        "inked pixels are missing": lambda x, p: -np.sum((1 - x) * np.log(1 - p)) / len(x),
        "base 2": lambda x, p: np.sum(_pixels(x, p)) / len(x) / np.log(2),
        "squared error": lambda x, p: 0.5 * np.sum((x - p) ** 2) / len(x),
        "swapped inside": lambda x, p: np.sum(_pixels(p, np.clip(x, 1e-7, 1 - 1e-7))) / len(x),
        "logarithm of the images": lambda x, p: np.sum(_pixels(p, x)) / len(x),
        "product": lambda x, p: -np.mean(np.log(np.exp(-_pixels(x, p)).prod(axis=(1, 2)))),
    },
    "base_rate": {
        "Bayes' rule inverts it": 0.8,
        "as if the flag said nothing": 0.05,
        "the numerator": 0.04,
        "the denominator": 0.135,
        "leaves out the base rate": 0.889,
        "flagged real ones": 0.42,
        "is real": 0.704,
        "as if every picture were real": 0.2857,
        "p(not flagged | real)": 0.9,
        "rate of false alarms": 0.1,
        "share of real pictures": 0.95,
        "between 0 and 1": 29.6,
        "Imagine 1000 pictures": 0.5,
        "one number is asked for": [0.296],
    },
    "gradient_descent": {
        "uphill": lambda g, w, rate, n: _path(g, w, -rate, n),
        "at the start for every step": _path_by_first_gradient,
        "the start is missing": lambda g, w, rate, n: _path(g, w, rate, n)[1:],
        "one step is missing": lambda g, w, rate, n: _path(g, w, rate, n)[:-1],
        "one step too many": lambda g, w, rate, n: _path(g, w, rate, n + 1),
        "only the last w": lambda g, w, rate, n: _path(g, w, rate, n)[-1],
        "the same array": _path_of_one_array,
        "Work on a copy": _path_in_place,
        "forgot the learning rate": lambda g, w, rate, n: _path(g, w, 1.0, n),
        "divide by the learning rate": lambda g, w, rate, n: _path(g, w, 1 / rate, n),
    },
    "convolution": {
        "flipped the kernel": lambda x, k, s: _slide(x, k[::-1, ::-1], s),
        "padded the border": _slide_same,
        "stride is ignored": lambda x, k, s: _slide(x, k, 1),
        "side by side at distance 1": lambda x, k, s: _slide(x, k, 1)[
            : (x.shape[0] - k.shape[0]) // s + 1, : (x.shape[1] - k.shape[1]) // s + 1
        ],
        "forget the + 1": lambda x, k, s: _slide(x, k, s)[:-1, :-1],
        "exchanged": lambda x, k, s: _slide(x, k, s).T,
        "averaged over the window": lambda x, k, s: _slide(x, k, s, np.mean),
    },
    "batch_norm": {
        "ddof=0": lambda x, scale, offset, eps: _normalise(x, scale, offset, eps, ddof=1),
        "eps is missing": lambda x, scale, offset, eps: _normalise(x, scale, offset, 0.0),
        "outside the square root": lambda x, scale, offset, eps: (
            scale * (x - x.mean(0)) / (x.std(0) + eps) + offset
        ),
        "divided by the variance": lambda x, scale, offset, eps: (
            scale * (x - x.mean(0)) / (x.var(0) + eps) + offset
        ),
        "over the features": lambda x, scale, offset, eps: _normalise(x, scale, offset, eps, 1),
        "of the whole array": lambda x, scale, offset, eps: _normalise(x, scale, offset, eps, None),
        "scale and offset are missing": lambda x, scale, offset, eps: _normalise(x, 1, 0, eps),
        "the offset is missing": lambda x, scale, offset, eps: _normalise(x, scale, 0, eps),
        "the scale is missing": lambda x, scale, offset, eps: _normalise(x, 1, offset, eps),
        "changed places": lambda x, scale, offset, eps: _normalise(x, offset, scale, eps),
        "before multiplying": lambda x, scale, offset, eps: (
            scale * (_normalise(x, 1, 0, eps) + offset)
        ),
        "the mean is not subtracted": lambda x, scale, offset, eps: (
            scale * x / np.sqrt(x.var(0) + eps) + offset
        ),
    },
    "dense": {
        "activation is missing": lambda x, w, b: x @ w + b,
        "the bias is missing": lambda x, w, b: np.maximum(x @ w, 0),
        "bias after the activation": lambda x, w, b: np.maximum(x @ w, 0) + b,
        "absolute value": lambda x, w, b: np.abs(x @ w + b),
        "smaller of each": lambda x, w, b: np.minimum(x @ w + b, 0),
        "of the whole array": lambda x, w, b: np.max(x @ w + b),
        "sigmoid": lambda x, w, b: expit(x @ w + b),
    },
    "backpropagation": {
        "wrong order": _backward(lambda dw1, dw2, **known: (dw2, dw1)),
        "passes no derivative": _backward(lambda dw1, dw2, x, w2, dy, **known: (dy * w2 * x, dw2)),
        "lacks the factor x": _backward(lambda dw1, dw2, x, **known: (dw1 / x, dw2)),
        "lacks the factor w2": _backward(lambda dw1, dw2, w2, **known: (dw1 / w2, dw2)),
        "sign is reversed": _backward(lambda dw1, dw2, **known: (-dw1, -dw2)),
        "cancels the 2": _backward(lambda dw1, dw2, **known: (2 * dw1, 2 * dw2)),
        "you took y": _backward(lambda dw1, dw2, y, dy, **known: (dw1 * y / dy, dw2 * y / dy)),
        "you used a": _backward(lambda dw1, dw2, a, dy, **known: (dw1, dy * a)),
    },
    "adam": {
        "too small at first": lambda *given: _adam_path(*given, correct=False),
        "t counts from 1": lambda *given: _adam_path(*given, at=2),
        "changed places": lambda *given: _adam_path(*given, betas=(0.999, 0.9)),
        "*squares*": lambda *given: _adam_path(*given, power=1),
        "square root of v_hat": lambda *given: _adam_path(*given, root=1),
        "uphill": lambda g, w, rate, n: _adam_path(g, w, -rate, n),
        "this is gradient descent": lambda g, w, rate, n: _path(g, w, rate, n),
        "the start is missing": lambda *given: _adam_path(*given)[1:],
        "along the gradient": lambda *given: _adam_path(*given, betas=(0.0, 0.999)),
    },
    "training_steps": {
        "smaller batch counts too": 440,
        "whole batches": 449.0625,
        "of one epoch": 23,
        "every image of every epoch": 28740,
        "number of epochs": 20,
        "not once at the end": 450,
    },
    "conv_layer": {
        "biases are missing": _conv_layer(weights=lambda c, f, k: k * k * c * f),
        "all input channels": _conv_layer(weights=lambda c, f, k: (k * k + 1) * f),
        "not for each weight": _conv_layer(weights=lambda c, f, k: (k * k + 1) * c * f),
        "one channel for each filter": _conv_layer(channels_out=lambda c, f: c),
        "other padding": _conv_layer(
            side=lambda n, k, s, p: int(np.ceil((n if p == "valid" else n - k + 1) / s))
        ),
        "rounded up": _conv_layer(
            side=lambda n, k, s, p: n // s if p == "same" else (n - k) // s + 1
        ),
        "one place along each side": _conv_layer(
            side=lambda n, k, s, p: -(-n // s) if p == "same" else (n - k) // s
        ),
        "its side counts twice": _conv_layer(weights=lambda c, f, k: (k * c + 1) * f),
    },
    "transposed_convolution": {
        "flipped the kernel": lambda x, k, s: _spread(x, k, s, turn=True),
        "they must add up": _overwrite,
        "stride is ignored": lambda x, k, s: _spread(x, k, 1),
        "cropped the border": lambda x, k, s: _spread(x, k, s)[: len(x) * s, : x.shape[1] * s],
        "exchanged": lambda x, k, s: _spread(x, k, s).T,
        "not used": lambda x, k, s: _spread(np.ones_like(x), k, s),
        "averaged over the kernel": lambda x, k, s: _spread(x, k, s) / k.size,
    },
    "dense_weights": {
        "biases are missing": 524_288,
        "28 x 28": 100_416,
        "channels, not one": 16_448,
        "two of them": 2_097_216,
        "does not see the pixels": 262_208,
        "that go in. Each": 8_192,
        "not for each number": 532_480,
    },
    "interpolate": {
        "from b to a": lambda a, b, n: _line(b, a, np.linspace(0, 1, n)),
        "stops before b": lambda a, b, n: _line(a, b, np.arange(n) / n),
        "leaves out both ends": lambda a, b, n: _line(a, b, np.linspace(0, 1, n + 2)[1:-1]),
        "one code too many": lambda a, b, n: _line(a, b, np.linspace(0, 1, n + 1)),
        "on its side": lambda a, b, n: _line(a, b, np.linspace(0, 1, n)).T,
        "the whole of a": lambda a, b, n: a + np.linspace(0, 1, n)[:, None] * b,
    },
    "reconstruction_loss": {
        "counts half": lambda x, y: ((x - y) ** 2).sum(axis=(1, 2, 3)).mean(),
        "They are summed": lambda x, y: 0.5 * ((x - y) ** 2).mean(),
        "and the half is missing": lambda x, y: ((x - y) ** 2).mean(),
        "over the images as well": lambda x, y: 0.5 * ((x - y) ** 2).sum(),
        "one loss per image": lambda x, y: 0.5 * ((x - y) ** 2).sum(axis=(1, 2, 3)),
        "absolute difference": lambda x, y: 0.5 * np.abs(x - y).sum(axis=(1, 2, 3)).mean(),
        "no square root": lambda x, y: (
            0.5 * np.linalg.norm((x - y).reshape(len(x), -1), axis=1).mean()
        ),
        "sign": lambda x, y: -0.5 * ((x - y) ** 2).sum(axis=(1, 2, 3)).mean(),
    },
    "encoder": {
        "no padding": _network({"padding": "valid"}),
        "do not halve": _network({"strides": 1}),
        "another size than 3 x 3": _network({"kernel_size": 4}),
        "third convolution": _network(filters=(16, 32)),
        "another order": _network(filters=(64, 32, 16)),
        "64 units before the code is missing": _network(units=None),
        "no activation": _network(activation=None),
        "code goes through an activation": _network(code="relu"),
        "four layers are followed by ReLU": _network(activation="tanh"),
        "a dense one of `latent_dim` units": lambda shape, d: _network()(shape, d + 1),
        "should have": _network({"use_bias": False}),
        "the input is not the one": lambda shape, d: _network()((shape[1], shape[0] + 4, 1), d),
        "return a Keras model": lambda shape, d: "encoder",
    },
    "precision": {
        "this is recall": lambda r, g, k: _balls(g, r, k).any(axis=0).mean(),
        "own nearest neighbour": lambda r, g, k: _balls(r, g, k - 1).any(axis=0).mean(),
        "one neighbour too far": lambda r, g, k: _balls(r, g, k + 1).any(axis=0).mean(),
        "coverage": lambda r, g, k: _balls(r, g, k).any(axis=1).mean(),
        "not their share": lambda r, g, k: _balls(r, g, k).any(axis=0).sum(),
        "not in all of them": lambda r, g, k: _balls(r, g, k).all(axis=0).mean(),
        "share of pairs": lambda r, g, k: _balls(r, g, k).mean(),
        "outside every ball": lambda r, g, k: 1 - _balls(r, g, k).any(axis=0).mean(),
    },
    "kl_by_hand": {
        "without the half": 9,
        "z_mean itself": 3,
        "square it first": 1.5,
        "Set z_log_var to 0": 0.5 * (9 + np.exp(3) - 4),
        "Set z_mean to 3": 0,
        "not 0": 4,
    },
    "kl": {
        "averaged over the latent dimensions": lambda m, v: _kl_terms(m, v).mean(axis=1),
        "factor 1/2": lambda m, v: 2 * _kl_terms(m, v).sum(axis=1),
        "never negative": lambda m, v: -_kl_terms(m, v).sum(axis=1),
        "for a standard deviation": lambda m, v: 0.5 * (m**2 + v**2 - np.log(v**2) - 1).sum(axis=1),
        "Do not square it": lambda m, v: 0.5 * (m**2 + np.exp(v) ** 2 - v - 1).sum(axis=1),
        "formula has the variance": lambda m, v: 0.5 * (m**2 + np.exp(v / 2) - v - 1).sum(axis=1),
        "mean is not squared": lambda m, v: (_kl_terms(m, v) - m**2 / 2 + m / 2).sum(axis=1),
        "sign of z_log_var": lambda m, v: (_kl_terms(m, v) + v).sum(axis=1),
        "constant 1": lambda m, v: (_kl_terms(m, v) + 0.5).sum(axis=1),
        "one value per dimension": _kl_terms,
        "(axis 0)": lambda m, v: _kl_terms(m, v).sum(axis=0),
        "averaged over the batch": lambda m, v: _kl_terms(m, v).sum(axis=1).mean(),
        "over everything": lambda m, v: _kl_terms(m, v).sum(),
    },
    "reparameterise": {
        "by the variance": lambda m, v, noise: m + np.exp(v) * noise,
        "by the log-variance": lambda m, v, noise: m + v * noise,
        "take its exp": lambda m, v, noise: m + 0.5 * v * noise,
        "mean is missing": lambda m, v, noise: np.exp(v / 2) * noise,
        "not scaled": lambda m, v, noise: m + noise,
        "scaled the mean": lambda m, v, noise: np.exp(v / 2) * (m + noise),
        "noise of your own, or none": lambda m, v, noise: m,
    },
    "vae_step": {
        "over the latent dimensions": _vae_step(kl=ops.mean),
        "beta is missing": _vae_step(beta_of=lambda beta: 1.0),
        "the KL term is missing": _vae_step(sign=0),
        "wrong sign": _vae_step(sign=-1),
        "1/2 of the KL term": _vae_step(kl_half=1.0),
        "noise is not used": _vae_step(power=None),
        "by the variance": _vae_step(power=1.0),
        "half of the squared error": _vae_step(half=1.0),
        "over the pixels": _vae_step(pixels=ops.mean),
        "summed over the batch": _vae_step(batch=ops.sum),
        "no weight moved": _vae_step(apply=False),
        "only the decoder moved": _vae_step(train=["decoder"]),
        "only the encoder moved": _vae_step(train=["encoder"]),
        "reconstruction term alone": _vae_step(gradient_of="reconstruction"),
        "uphill": _vae_step(uphill=True),
    },
    "active_units": {
        "Compare the variance": lambda z: (z.std(axis=0) > 0.01).sum(),
        "collapsed dimensions": lambda z: (z.var(axis=0) <= 0.01).sum(),
        "(axis 1)": lambda z: (z.var(axis=1) > 0.01).sum(),
        "share": lambda z: (z.var(axis=0) > 0.01).mean(),
        "then count": lambda z: z.var(axis=0),
    },
    "cost_of_one_mode": {
        "This heap has a fifth": 0.69,
        "Read the line": 10.23,
        "Jensen-Shannon": 0.22,
        "in bits": 2.32,
        "the ratio q/p": 5,
        "the ratio p/q": 0.2,
        "never negative": -1.61,
        "weigh by q": 0.32,
        "the heap's shape": 0,
    },
    "discrete_kl": {
        "p and q are exchanged": lambda p, q: np.sum(q * np.log(q / p)),
        "in bits": lambda p, q: np.sum(p * np.log2(p / q)),
        "the ratio is p/q": lambda p, q: np.sum(p * np.log(q / p)),
        "plain mean of the terms": lambda p, q: np.mean(p * np.log(p / q)),
        "counts alike": lambda p, q: np.mean(np.log(p / q)),
        "weights p are missing": lambda p, q: np.sum(np.log(p / q)),
        "weights of q": lambda p, q: np.sum(q * np.log(p / q)),
        "cross-entropy": lambda p, q: -np.sum(p * np.log(q)),
        "logarithm is missing": lambda p, q: np.sum(p * (p / q)),
        "one term for each outcome": lambda p, q: p * np.log(p / q),
        "an outcome with p = 0": lambda p, q: np.sum(p * np.log(p / q)),
    },
    "gaussian_kl": {
        "p and q are exchanged": lambda m, v, n, w: _gaussian_kl(n, w, m, v),
        "factor 1/2": lambda m, v, n, w: 2 * _gaussian_kl(m, v, n, w),
        "never negative": lambda m, v, n, w: -_gaussian_kl(m, v, n, w),
        "wrong sign": lambda m, v, n, w: _gaussian_kl(m, v, n, w) + v - w,
        "logarithms are missing": lambda m, v, n, w: _gaussian_kl(m, v, n, w) + (v - w) / 2,
        "constant 1": lambda m, v, n, w: _gaussian_kl(m, v, n, w) + 0.5,
        "for the standard deviation": lambda m, v, n, w: (
            np.log(np.abs(w / v)) + (v**2 + (m - n) ** 2) / (2 * w**2) - 0.5
        ),
        "for the variance": lambda m, v, n, w: (
            0.5 * np.log(np.abs(w / v)) + (v + (m - n) ** 2) / (2 * w) - 0.5
        ),
        "Do not square it": lambda m, v, n, w: (
            (w - v) / 2 + (np.exp(v) ** 2 + (m - n) ** 2) / (2 * np.exp(w) ** 2) - 0.5
        ),
        "formula has variances": lambda m, v, n, w: (
            (w - v) / 2 + (np.exp(v / 2) + (m - n) ** 2) / (2 * np.exp(w / 2)) - 0.5
        ),
        "is not squared": lambda m, v, n, w: (
            (w - v) / 2 + (np.exp(v) + m - n) / (2 * np.exp(w)) - 0.5
        ),
        "by p's variance as well": lambda m, v, n, w: (
            (w - v) / 2 + np.exp(v) / (2 * np.exp(w)) + (m - n) ** 2 / 2 - 0.5
        ),
        "divided by q's variance": lambda m, v, n, w: (
            (w - v) / 2 + np.exp(v) / (2 * np.exp(w)) + (m - n) ** 2 / (2 * np.exp(v)) - 0.5
        ),
        "means are left out": lambda m, v, n, w: _gaussian_kl(0, v, 0, w),
        "chapter 2's formula": lambda m, v, n, w: _gaussian_kl(m, v, 0, 0),
        "added up all pairs": lambda *args: _gaussian_kl(*args).sum(),
        "averaged over the pairs": lambda *args: _gaussian_kl(*args).mean(),
    },
    "jensen_shannon": {
        "before the two divergences": lambda p, q: _to_middle(p, q, 0.5 * (p + q)),
        "half of p + q": lambda p, q: 0.5 * _to_middle(p, q, p + q),
        "mean of KL(p || q) and KL(q || p)": lambda p, q: 0.5 * np.sum((p - q) * np.log(p / q)),
        "p and m are exchanged": lambda p, q: (
            0.5 * np.sum((p + q) / 2 * np.log((p + q) ** 2 / (4 * p * q)))
        ),
        "in bits": lambda p, q: 0.5 * _to_middle(p, q, 0.5 * (p + q)) / np.log(2),
        "square root": lambda p, q: jensenshannon(p, q),
        "never negative": lambda p, q: -(jensenshannon(p, q) ** 2),
        "only p is measured": lambda p, q: _to_middle(p, 0 * q, 0.5 * (p + q)),
        "only half of p": lambda p, q: 0.5 * _to_middle(p, 0 * q, 0.5 * (p + q)),
        "only q is measured": lambda p, q: _to_middle(0 * p, q, 0.5 * (p + q)),
        "leave out what has probability zero": lambda p, q: (
            0.5 * np.sum(p * np.log(2 * p / (p + q)) + q * np.log(2 * q / (p + q)))
        ),
    },
    "smooth_by_hand": {
        "hard label 1": 0.75,
        "label itself": 0.9,
        "label 0 of generated": 0.7,
        "a probability": 3,
        "exchanged": 0.225,
        "share of generated": 0.25,
    },
    "soft_discriminator": {
        "probability D*": lambda p, q, t: t * p / (p + q),
        "does not appear": lambda p, q, t: np.log(p) - np.log(q),
        "(1 - target) p": lambda p, q, t: np.log(t * p) - np.log(q),
        "softened both": lambda p, q, t: np.log((t * p + (1 - t) * q) / ((1 - t) * p + t * q)),
        "exchanged": lambda p, q, t: np.log(t * q) - np.log((1 - t) * q + p),
        "sign is reversed": lambda p, q, t: np.log((1 - t) * p + q) - np.log(t * p),
        "Subtract log(1 - D*)": lambda p, q, t: np.log(t * p / (p + q)),
        "scaled the logit": lambda p, q, t: t * (np.log(p) - np.log(q)),
    },
    "noisy_discriminator": {
        "probability D*": lambda p, q, f: ((1 - f) * p + f * q) / (p + q),
        "does not appear": lambda p, q, f: np.log(p) - np.log(q),
        "real examples only": lambda p, q, f: np.log((1 - f) * p) - np.log(f * p + q),
        "generated examples only": lambda p, q, f: np.log(p + f * q) - np.log((1 - f) * q),
        "most labels stay": lambda p, q, f: np.log((f * p + (1 - f) * q) / ((1 - f) * p + f * q)),
        "scaled the logit": lambda p, q, f: (1 - 2 * f) * np.log(p / q),
        "Subtract log(1 - D*)": lambda p, q, f: np.log(((1 - f) * p + f * q) / (p + q)),
    },
    "norm_order": {
        "orders are exchanged": lambda h, place: _norm_order(
            h, "after" if place == "before" else "before"
        ),
        "ReLU is missing": lambda h, place: _unit_normal(h),
        "BatchNorm is missing": lambda h, place: np.maximum(h, 0),
        "second ReLU": lambda h, place: np.maximum(_norm_order(h, place), 0),
        "second BatchNorm": lambda h, place: _unit_normal(_norm_order(h, place)),
        "over its units": lambda h, place: np.maximum(_unit_normal(h.T).T, 0),
        "all numbers at once": lambda h, place: np.maximum((h - h.mean()) / h.std(), 0),
    },
    "decaying_noise": {
        "comes back": lambda x, n, s, e, t: x + s * (1 - t / e) * n,
        "grows": lambda x, n, s, e, t: x + s * t / e * n,
        "does not decay": lambda x, n, s, e, t: x + s * n,
        "count from 0": lambda x, n, s, e, t: x + s * max(0, 1 - (t + 1) / e) * n,
        "not by its square": lambda x, n, s, e, t: x + s * s * max(0, 1 - t / e) * n,
        "`stddev` is missing": lambda x, n, s, e, t: x + max(0, 1 - t / e) * n,
        "noise alone": lambda x, n, s, e, t: s * max(0, 1 - t / e) * n,
        "straight line": lambda x, n, s, e, t: x + s * np.exp(-t / e) * n,
    },
    "gan_step": {
        "lacks its term on generated": _gan_step(fake_weight=0.0),
        "lacks its term on real": _gan_step(real_weight=0.0),
        "labels are swapped": _gan_step(sign=-1.0),
        "you halved": _gan_step(real_weight=0.5, fake_weight=0.5),
        "minimax": _gan_step(minimax=True),
        "you summed": _gan_step(batch=ops.sum),
        "wrong order": _gan_step(order=(1, 0)),
        "the generator did not move": _gan_step(train=["discriminator"]),
        "the discriminator did not move": _gan_step(train=["generator"]),
        "Algorithm 1": _gan_step(alternate=True),
        "to be deceived": _gan_step(learns_from={"discriminator": ["discriminator", "generator"]}),
        "helps the discriminator": _gan_step(learns_from={"generator": ["discriminator"]}),
        "uphill": _gan_step(turn=-1.0),
        "twice as far": _gan_step(turn=2.0),
    },
    "frechet_diagonal": {
        "that is its root": lambda a, b: np.sqrt(_frechet(a, b)),
        "you took variances": lambda a, b: _frechet(a, b, spread=np.var),
        "the spread is missing": lambda a, b: _frechet(a, b, spread=np.sum, weight=0.0),
        "the means are missing": lambda a, b: _frechet(a - a.mean(0), b - b.mean(0)),
        "one value for each": lambda a, b: (
            (a.mean(0) - b.mean(0)) ** 2 + (a.std(0) - b.std(0)) ** 2
        ),
        "averaged over the dimensions": lambda a, b: _frechet(a, b) / a.shape[1],
        "did not square": lambda a, b: np.sum(a.mean(0) - b.mean(0) + a.std(0) - b.std(0)),
        "you divided by N - 1": lambda a, b: _frechet(
            a, b, spread=lambda x, axis: x.std(axis, ddof=1)
        ),
        "one mean and one deviation": lambda a, b: _frechet(a.reshape(-1, 1), b.reshape(-1, 1)),
    },
    "coverage": {
        "this is precision": lambda r, g, k: _balls(r, g, k).any(axis=0).mean(),
        "this is recall": lambda r, g, k: _balls(g, r, k).any(axis=0).mean(),
        "its own nearest neighbour": lambda r, g, k: _balls(r, g, k - 1).any(axis=1).mean(),
        "one neighbour too far": lambda r, g, k: _balls(r, g, k + 1).any(axis=1).mean(),
        "not their share": lambda r, g, k: _balls(r, g, k).any(axis=1).sum(),
        "this is density": lambda r, g, k: _balls(r, g, k).sum() / len(g) / k,
        "empty balls": lambda r, g, k: 1 - _balls(r, g, k).any(axis=1).mean(),
        "not all of them": lambda r, g, k: _balls(r, g, k).all(axis=1).mean(),
    },
    "memorised_share": {
        "you took the mean": lambda g, t, h: _closer(g, t, h, np.mean),
        "you took the median": lambda g, t, h: _closer(g, t, h, np.median),
        "you took the largest": lambda g, t, h: _closer(g, t, h, np.max),
        "that is a count": lambda g, t, h: len(g) * _closer(g, t, h),
        "against the held-out ones": lambda g, t, h: np.mean(
            cdist(g, h).min(axis=1) < cdist(h, t).min()
        ),
        "*not* under suspicion": lambda g, t, h: 1 - _closer(g, t, h),
        "exact copies only": lambda g, t, h: np.mean(cdist(g, t).min(axis=1) == 0),
    },
    "stable_rate": {
        "that is the deviation": lambda s: s,
        "that is half of it": lambda s: s**2,
        "twice as large": lambda s: 4 * s**2,
        "has the square of the deviation": lambda s: 2 * s,
        "nothing moves": lambda s: 0.0,
        "smallest, halved": lambda s: s**2 / 2,
    },
    "game_by_hand": {
        "discriminator's loss": 1.163,
        "guesses": -1.386,
        "offset is not": -1.213,
        "exchanged": -2.163,
        "Jensen-Shannon": 0.111,
        "bits": -1.678,
    },
    "best_discriminator": {
        "probability p / (p + q)": lambda p, q: p / (p + q),
        "exchanged": lambda p, q: np.log(q / p),
        "probability of generated": lambda p, q: q / (p + q),
        "log D* - log(1 - D*)": lambda p, q: np.log(p) - np.log(p + q),
        "Take its logarithm": lambda p, q: p / q,
        "difference of the densities": lambda p, q: p - q,
        "mixture": lambda p, q: np.log(p) - np.log((p + q) / 2),
        "never form D*": lambda p, q: np.log(p / (p + q) / (1 - p / (p + q))),
    },
    "gan_losses": {
        "sigmoid twice": _game(
            lambda x: _bce(expit(x)), lambda x: _bce(-expit(x)), lambda x: _bce(expit(x))
        ),
        "lacks its term on fake": lambda r, f: (_bce(r).mean(), _bce(f).mean()),
        "lacks its term on real": lambda r, f: (_bce(-f).mean(), _bce(f).mean()),
        "labels are swapped": _game(lambda x: _bce(-x), _bce, _bce),
        "both signs": lambda r, f: (_value(r, f), -_bce(f).mean()),
        "minus the value": lambda r, f: (_value(r, f), _bce(f).mean()),
        "saturates": lambda r, f: (-_value(r, f), -_bce(-f).mean()),
        "help the discriminator": lambda r, f: (-_value(r, f), _bce(-f).mean()),
        "sees no real ones": lambda r, f: (-_value(r, f), _bce(r).mean()),
        "you summed": _game(_bce, lambda x: _bce(-x), _bce, np.sum),
        "halved": lambda r, f: (-_value(r, f) / 2, _bce(f).mean()),
        "logits for probabilities": lambda r, f: (
            -np.log(abs(r)).mean() - np.log(abs(1 - f)).mean(),
            -np.log(abs(f)).mean(),
        ),
        "wrong order": lambda r, f: (_bce(f).mean(), -_value(r, f)),
        "np.logaddexp": _game(
            lambda x: -np.log(expit(x)),
            lambda x: -np.log(1 - expit(x)),
            lambda x: -np.log(expit(x)),
        ),
    },
    "generator_gradient": {
        "minimax loss": lambda x, a, b: -a * expit(a * x + b).mean(),
        "sign is reversed": lambda x, a, b: a * expit(-a * x - b).mean(),
        "one more factor": lambda x, a, b: -expit(-a * x - b).mean(),
        "-1/D times": lambda x, a, b: -a * (1 / expit(a * x + b)).mean(),
        "factor 1/D is missing": lambda x, a, b: -a * (expit(a * x + b) * expit(-a * x - b)).mean(),
        "you summed": lambda x, a, b: -a * expit(-a * x - b).sum(),
        "one value a point": lambda x, a, b: -a * expit(-a * x - b),
        "respect to `offset`": lambda x, a, b: expit(-a * x - b).mean(),
        "loss itself": lambda x, a, b: _bce(a * x + b).mean(),
    },
    "divergence_bound": {
        "value V itself": _value,
        "half is missing": lambda r, f: 2 * np.log(2) + _value(r, f),
        "halved log 2": lambda r, f: (np.log(2) + _value(r, f)) / 2,
        "log 2 is missing": lambda r, f: _value(r, f) / 2,
        "minus the loss": lambda r, f: np.log(2) - _value(r, f) / 2,
        "term of the real": lambda r, f: np.log(2) - _bce(-f).mean() / 2,
        "term of the generated": lambda r, f: np.log(2) - _bce(r).mean() / 2,
        "exchanged": lambda r, f: np.log(2) + _value(f, r) / 2,
        "all examples at once": lambda r, f: np.log(2) - np.concatenate([_bce(r), _bce(-f)]).mean(),
        "rounded sigmoid": lambda r, f: (
            np.log(2) + (np.log(expit(r)).mean() + np.log(1 - expit(f)).mean()) / 2
        ),
    },
    "batch_view": {
        "exchanged": (0.79, 0.84),
        "eight clusters": (0.84, 0.76),
        "a `spread` of 0.05": (0.54, 1.0),
        "above zero": [1.0, 0.79],
        "means of o": (0.27, 0.29),
    },
    "count_modes": {
        "`minimum` is ignored": lambda *given: _modes(*given[:3], 1),
        "asked too much": lambda *given: _modes(*given[:3], given[3] + 1),
        "you count the points": lambda p, m, s, n: (cdist(p, m).min(1) <= 3 * s).sum(),
        "how many points each mode got": lambda p, m, s, n: np.sum(
            (cdist(p, m) <= 3 * s) & (cdist(p, m).T == cdist(p, m).min(1)).T, axis=0
        ),
        "squared distance": lambda *given: _modes(*given, metric="sqeuclidean"),
        "within one deviation": lambda p, m, s, n: _modes(p, m, s / 3, n),
        "a square of the circle": lambda p, m, s, n: _modes(p, m, s, n, metric="chebyshev"),
        "no distance is looked at": lambda p, m, s, n: _modes(p, m, np.inf, n),
        "share of the modes": lambda *given: _modes(*given) / len(given[1]),
        "the nearest alone": lambda p, m, s, n: np.sum(np.sum(cdist(p, m) <= 3 * s, axis=0) >= n),
    },
    "class_balance": {
        "in bits": lambda c: _balance(c) / np.log(2),
        "the other direction": lambda c: entropy(np.full(len(c), 1 / len(c)), c / c.sum()),
        "sign is reversed": lambda c: -_balance(c),
        "log K minus it": lambda c: entropy(c / c.sum()),
        "minus the entropy": lambda c: -entropy(c / c.sum()),
        "a sum": lambda c: _balance(c) / len(c),
        "no probabilities yet": lambda c: np.sum(c[c > 0] * np.log(c[c > 0] * len(c))),
        "only the classes that were drawn": lambda c: _balance(c[c > 0]),
        "one a class": lambda c: rel_entr(c / c.sum(), 1 / len(c)),
        "leave it out": lambda c: np.sum(c / c.sum() * np.log(c / c.sum() * len(c))),
    },
    "mean_distance": {
        "compared with itself": lambda x: cdist(x, x).mean(),
        "divided as if twice": lambda x: pdist(x).mean() / 2,
        "you added up": lambda x: cdist(x, x).sum(),
        "mean of the squared": lambda x: pdist(x, "sqeuclidean").mean(),
        "root of the mean square": lambda x: np.sqrt(pdist(x, "sqeuclidean").mean()),
        "L1 distance": lambda x: pdist(x, "cityblock").mean(),
        "from the mean image": lambda x: np.linalg.norm(x - x.mean(0), axis=1).mean(),
        "only neighbours": lambda x: np.linalg.norm(x[1:] - x[:-1], axis=1).mean(),
        "one number an image": lambda x: cdist(x, x).sum(0) / (len(x) - 1),
    },
    "closeness": {
        "compared with itself": lambda m, s: s * np.exp(-cdist(m, m, "cityblock")).sum(1),
        "`scale` is left out": lambda m, s: _closeness(m),
        "you took the mean": lambda m, s: s * _closeness(m) / (len(m) - 1),
        "Euclidean": lambda m, s: s * _closeness(m, metric="euclidean"),
        "squared distance": lambda m, s: s * _closeness(m, metric="sqeuclidean"),
        "lacks its minus sign": lambda m, s: s * _closeness(m, near=np.exp),
        "keep their sign": lambda m, s: s * (np.exp(-(m.sum(1)[:, None] - m.sum(1))).sum(1) - 1),
        "First the distance, then exp": lambda m, s: (
            s * sum(_closeness(column[:, None]) for column in m.T)
        ),
        "you add up the distances": lambda m, s: s * cdist(m, m, "cityblock").sum(1),
        "over the whole batch": lambda m, s: s * _closeness(m).sum(),
        "these are the pairs": lambda m, s: (
            s * np.exp(-cdist(m, m, "cityblock")) - s * np.eye(len(m))
        ),
        "its feature is zero": lambda m, s: s * _closeness(m) + (len(m) == 1),
        "nothing to divide by": lambda m, s: s * _closeness(m) * (len(m) - 1) / (len(m) - 1),
    },
    "closeness_gradient": {
        "a factor 2": lambda m, s: _push(m, s) / 2,
        "move apart lower": lambda m, s: -_push(m, s),
        "reversed, and each pair": lambda m, s: -_push(m, s) / 2,
        "`scale` is left out": lambda m, s: _push(m, 1.0),
        "go the same way": lambda m, s: -2 * s * _closeness(m[:, None]),
        "exp(-|t|) is missing": lambda m, s: -2 * s * np.sign(m[:, None] - m).sum(1),
        "you derived a square": lambda m, s: _push(m, s, of=lambda t: t),
        "Add them up over j": lambda m, s: (
            -2 * s * np.sign(m[:, None] - m) * np.exp(-abs(m[:, None] - m))
        ),
        "sum of the features itself": lambda m, s: s * _closeness(m[:, None]).sum(),
        "do not divide by it": lambda m, s: _push(m, s, of=lambda t: t / abs(t) if t else t / 0),
    },
    "routing": {
        "rows and columns": _routing().T,
        "but never trains it": _routing((1, 2, 1)),
        "encoder is not in the game": _routing((2, 0, 1)),
        "asks the discriminator": _routing((2, 2, 1)),
        "sees what the decoder made": _routing((3, 1, 1)),
        "belongs to the encoder alone": _routing((0, 1, 1 / 64)),
        "gamma acts on the decoder alone": _routing((1, 0, 1e-8)),
        "by nothing else": _routing((1, 1, 1 / 4096)),
        "does learn from the feature term": _routing((1, 1, 0)),
        "two weights are exchanged": _routing((0, 0, 1 / 4096), (1, 0, 1 / 64)),
        "paper's weights": _routing((0, 0, 1), (1, 0, 1)),
    },
    "feature_distance": {
        "factor 1/2 is missing.": lambda a, b: ((a - b) ** 2).sum(axis=(1, 2, 3)),
        "what gamma means": lambda a, b: 0.5 * ((a - b) ** 2).mean(axis=(1, 2, 3)),
        "and the factor 1/2": lambda a, b: ((a - b) ** 2).mean(axis=(1, 2, 3)),
        "mean over the batch": lambda a, b: 0.5 * ((a - b) ** 2).sum() / len(a),
        "summed over the batch as well": lambda a, b: 0.5 * ((a - b) ** 2).sum(),
        "root": lambda a, b: np.linalg.norm((a - b).reshape(len(a), -1), axis=1),
        "axis 0": lambda a, b: 0.5 * ((a - b) ** 2).sum(axis=0),
        "channels only": lambda a, b: 0.5 * ((a - b) ** 2).sum(axis=-1),
        "absolute differences": lambda a, b: 0.5 * abs(a - b).sum(axis=(1, 2, 3)),
        "subtracted the sums": lambda a, b: 0.5 * (a - b).sum(axis=(1, 2, 3)) ** 2,
    },
    "adversarial_terms": {
        "minus L_GAN": lambda r, a, s: (-_judge(r, a, s), _fool(a, s)),
        "both signs": lambda r, a, s: (-_judge(r, a, s), -_fool(a, s)),
        "left the reconstructions out": lambda r, a, s: (_judge(r, s), _fool(s)),
        "left the prior samples out": lambda r, a, s: (_judge(r, a), _fool(a)),
        "both kinds of fakes pass": lambda r, a, s: (_judge(r, a, s), _fool(s)),
        "saturates. Take": lambda r, a, s: (_judge(r, a, s), -_fool(-a, -s)),
        "L_GAN itself": lambda r, a, s: (_judge(r, a, s), -_judge(r, a, s)),
        "did not make them": lambda r, a, s: (_judge(r, a, s), _fool(r, a, s)),
        "called reconstructions real": lambda r, a, s: (_judge(r, s) + _fool(a), _fool(s)),
        "fake_weight": lambda r, a, s: ((_judge(r, a, s) + _fool(r)) / 2, _fool(a, s)),
        "you summed": lambda r, a, s: (len(r) * _judge(r, a, s), len(r) * _fool(a, s)),
        "wrong order": lambda r, a, s: (_fool(a, s), _judge(r, a, s)),
        "np.logaddexp": lambda r, a, s: (
            -np.log(expit(r)).mean() - np.log((1 - expit(a)) * (1 - expit(s))).mean(),
            -np.log(expit(a) * expit(s)).mean(),
        ),
    },
    "vaegan_losses": {
        "not on the encoder's": _three_losses(encoder=lambda t, g: t[0] + g * t[1]),
        "gamma is missing": _three_losses(decoder=lambda t, g: t[1] + t[2]),
        "decoder's feature term is missing": _three_losses(decoder=lambda t, g: t[2]),
        "prior term is missing": _three_losses(encoder=lambda t, g: t[1]),
        "learn nothing about": _three_losses(encoder=lambda t, g: t[0]),
        "it makes no code": _three_losses(decoder=lambda t, g: t[0] + g * t[1] + t[2]),
        "no adversarial term": _three_losses(encoder=lambda t, g: t[0] + t[1] + t[2]),
        "learn to see nothing": _three_losses(discriminator=lambda t, g: t[1] + t[3]),
        "lowers -log D on real": _three_losses(discriminator=lambda t, g: -t[3]),
        "would help the discriminator": _three_losses(decoder=lambda t, g: g * t[1] - t[2]),
        "which saturates": _three_losses(fool=lambda x: -ops.softplus(x)),
        "fakes too": _three_losses(fakes=["generated"]),
        "over the latent dimensions": _three_losses(kl=ops.mean),
        "over the features": _three_losses(squares=ops.mean),
        "half of the feature loss": _three_losses(half=1.0),
        "the order is": lambda *given: _three_losses()(*given)[::-1],
    },
    "capstone_encoder": {
        "return a Keras model": lambda d: "encoder",
        "must be an image": lambda d: _built((28, 28), layers.Dense(d)),
        "returns two things": lambda d: _built((28, 28, 1), layers.Dense(d)),
        "`latent_dim` units": lambda d: _built((28, 28, 1), layers.Dense(d), layers.Dense(d + 1)),
        "one and the same": lambda d: _built((28, 28, 1), *[layers.Dense(d)] * 2, same=True),
        "never negative": lambda d: _built(
            (28, 28, 1), layers.Dense(d, activation="relu"), layers.Dense(d)
        ),
        "never leaves": lambda d: _built(
            (28, 28, 1), layers.Dense(d, activation="tanh"), layers.Dense(d)
        ),
        "overflows": lambda d: _built((28, 28, 1), layers.Dense(d), _loud(d)),
        "same for every image": lambda d: _built(
            (28, 28, 1), layers.Dense(d, "linear", True, "zeros", "random_normal"), layers.Dense(d)
        ),
    },
    "capstone_sampling": {
        "by the variance": lambda m, v, noise=None: m + np.exp(v) * _drawn(noise, m),
        "by the log-variance": lambda m, v, noise=None: m + v * _drawn(noise, m),
        "not scaled": lambda m, v, noise=None: m + _drawn(noise, m),
        "mean is missing": lambda m, v, noise=None: np.exp(v / 2) * _drawn(noise, m),
        "given is not used": lambda m, v, noise=None: m,
        "same noise": lambda m, v, noise=None: m + np.exp(v / 2) * _drawn(noise, m[:1]),
        "two calls": lambda m, v, noise=None: m + np.exp(v / 2) * _drawn(noise, m, seed=1),
        "standard normal": lambda m, v, noise=None: (
            m
            + np.exp(v / 2) * (_drawn(noise, m) if noise is not None else np.random.rand(*m.shape))
        ),
    },
    "capstone_decoder": {
        "return a Keras model": lambda d: "decoder",
        "must be a code": lambda d: _built((d + 1,), layers.Dense(784)),
        "28 x 28": lambda d: _built((d,), layers.Dense(784)),
        "ever negative": lambda d: _drawing(d, "sigmoid"),
        "leave [-1, 1]": lambda d: _drawing(d, None),
        "the same image": lambda d: _drawing(d, "tanh", kernel_initializer="zeros", bias=True),
    },
    "capstone_discriminator": {
        "return a Keras model": lambda: "discriminator",
        "must be an image": lambda: _judging(shape=(32, 32, 1)),
        "returns two things": lambda: _judging(outputs=lambda logits, features: logits),
        "the order is": lambda: _judging(outputs=lambda logits, features: (features, logits)),
        "the logits have": lambda: _judging(units=2),
        "a sigmoid stands": lambda: _judging(activation="sigmoid"),
        "one feature is too little": lambda: _judging(outputs=lambda logits, _: (logits, logits)),
        "before `Flatten`": lambda: _judging(
            outputs=lambda logits, features: (logits, layers.Flatten()(features))
        ),
        "other images of its batch": lambda: _judging(norm=True),
    },
    "capstone_step": {
        "gamma is missing": _vaegan_step(decoder=lambda t, g: t[1] + t[2]),
        "not on the encoder's": _vaegan_step(encoder=lambda t, g: t[0] + g * t[1]),
        "learn to see nothing": _vaegan_step(discriminator=lambda t, g: t[1] + t[3]),
        "prior term is missing": _vaegan_step(encoder=lambda t, g: t[1]),
        "over the latent dimensions": _vaegan_step(kl=ops.mean),
        "would help the discriminator": _vaegan_step(decoder=lambda t, g: g * t[1] - t[2]),
        "not in the game": _vaegan_step(encoder=lambda t, g: t[0] + t[1] + t[2]),
        "sign is reversed": _vaegan_step(discriminator=lambda t, g: -t[3]),
        "did not move": _vaegan_step(moves=lambda name: name != "decoder"),
        "follows their sum": _vaegan_step(gradient_of=lambda losses, place: sum(losses)),
        "uphill": _vaegan_step(gradient_of=lambda losses, place: -losses[place]),
        "add up": _vaegan_step(gradient_of=lambda losses, place: sum(losses[: place + 1])),
        "before any update": _vaegan_step(gradient_of=lambda losses, place: 2 * losses[place]),
    },
    "capstone_loop": {
        "never called": lambda step, x, d, epochs, size: np.zeros((epochs, 3)),
        "must have the shape": _loop(noise=lambda rng, n, d: np.zeros((n, d))),
        "at most `batch_size`": _loop(size_of=lambda size: 8),
        "smaller batch": _loop(stop=lambda n, size: n - size + 1),
        "are 15 steps": _loop(epochs_of=lambda epochs: epochs + 1),
        "every image once": _loop(order=lambda rng, n, epoch: rng.integers(n, size=n)),
        "not shuffled": _loop(order=lambda rng, n, epoch: np.arange(n)),
        "same order": _loop(order=lambda rng, n, epoch: np.arange(n)[::-1]),
        "repeats from step to step": _loop(
            noise=lambda rng, n, d: np.random.default_rng(0).standard_normal((2, n, d))
        ),
        "get the same noise": _loop(
            noise=lambda rng, n, d: np.repeat(rng.standard_normal((1, n, d)), 2, axis=0)
        ),
        "not standard normal": _loop(noise=lambda rng, n, d: rng.random((2, n, d))),
        "of the last batch": _loop(reduce=lambda found: found[-1]),
        "the sums": _loop(reduce=lambda found: np.sum(found, axis=0)),
        "a row for each epoch": lambda *given: _loop()(*given).T,
    },
    "diagnose": {
        "a list of three": ["sigmoid", "mean"],
        "the names are": ["sigmoid", "mean", "BatchNorm"],
        "starts at several nats": ["leak", "mean", "batch"],
        "never above one half": ["sign", "mean", "batch"],
        "a leak makes copies worse": ["sigmoid", "leak", "batch"],
        "codes that say more": ["sigmoid", "sign", "batch"],
        "alone or not": ["sigmoid", "mean", "saturating"],
        "what else is in the batch": ["sigmoid", "mean", "sign"],
    },
    "leaks": {
        "True or False": lambda step, w: 0.5,
        "wrong way round": lambda step, w: not solution("leaks")(step, w),
        "calls a sound step a leak": lambda step, w: _moves(step, w, {}),
        "misses a leak.": lambda step, w: False,
        "misses a small leak": lambda step, w: _moves(step, w, _FEATURE_ALONE, atol=1e-5),
        "Copy the weights first": lambda step, w: _moves(step, w, _FEATURE_ALONE, copy=False),
    },
    "pulls": {
        "exchanged": lambda x: (expit(x), 1 - expit(x)),
        "with their sign": lambda x: (expit(x) - 1, -expit(x)),
        "chain rule": lambda x: (1 + np.exp(-x), 1 + np.exp(x)),
        "those are the losses": lambda x: (np.logaddexp(0, -x), -np.logaddexp(0, x)),
        "slope of D itself": lambda x: [expit(x) * expit(-x)] * 2,
        "only one of the two": lambda x: [expit(x)] * 2,
    },
    "equal_gamma": {
        "a mean is smaller": lambda g, shape, s: g / np.prod(shape) / s**2,
        "scale enters the wrong way round": lambda g, shape, s: g * np.prod(shape) * s**2,
        "both factors": lambda g, shape, s: g / np.prod(shape) * s**2,
        "enters squared": lambda g, shape, s: g * np.prod(shape) / s,
        "left the scale": lambda g, shape, s: g * np.prod(shape),
        "left the number": lambda g, shape, s: g / s**2,
        "channels only": lambda g, shape, s: g * shape[-1] / s**2,
        "places only": lambda g, shape, s: g * shape[0] * shape[1] / s**2,
        "added the sides": lambda g, shape, s: g * sum(shape) / s**2,
        "It cancels": lambda g, shape, s: g * np.prod(shape) / s**2 / 2,
        "no factor two": lambda g, shape, s: 2 * g * np.prod(shape) / s**2,
        "factor alone": lambda g, shape, s: np.prod(shape) / s**2,
    },
    "rates_by_hand": {
        "a tie is no improvement": [8, 8, 8, 8, 8, 4, 2, 1],
        "the floor is forgotten": [8, 8, 8, 4, 4, 2, 1, 0.5],
        "until there are three": [8, 8, 4, 2, 2, 1, 1, 1],
        "with the last loss alone": [8, 8, 8, 8, 8, 4, 4, 2],
        "the other rule": [8, 8, 8, 8, 4, 4, 4, 4],
        "rates that led each epoch": [8, 8, 8, 8, 4, 4, 2, 1],
        "window that holds it": [8, 8, 8, 4, 2, 1, 1, 1],
        "must have shape (8,)": [8, 8, 8, 4, 4],
    },
    "plateau": {
        "starts again after a decay": lambda *given: _plateau(*given, restart=False),
        "a tie is no new best": lambda *given: _plateau(*given, new_best=np.less_equal),
        "too long": lambda losses, r, f, m, p: _plateau(losses, r, f, m, p + 1),
        "too few": lambda losses, r, f, m, p: _plateau(losses, r, f, m, p - 1),
        "the floor is forgotten": lambda losses, r, f, m, p: _plateau(losses, r, f, 0.0, p),
        "compared with the last loss": _plateau_by_last,
        "does not forget the best": _plateau_that_forgets,
        "before each loss was seen": lambda *given: _plateau(*given, late=True),
        "only the last rate": lambda *given: _plateau(*given)[-1],
    },
    "windowed_decay": {
        "you decay on improvement": lambda *given: _windowed(*given[:-1], OTHER[given[-1]]),
        "Compare first, then append": _windowed_with_the_present,
        "strictly below the lowest": lambda *given: _windowed(*given, improves=np.less_equal),
        "until the window is full": _windowed_at_once,
        "with the highest": lambda *given: _windowed(*given, reference=max),
        "with the mean": lambda *given: _windowed(*given, reference=np.mean),
        "with the last loss alone": lambda *given: _windowed(*given, reference=lambda w: w[-1]),
        "with the oldest": lambda *given: _windowed(*given, reference=lambda w: w[0]),
        "does not clear the window": _windowed_that_clears,
        "one loss too long": lambda losses, r, f, m, w, on: _windowed(losses, r, f, m, w + 1, on),
        "the floor is forgotten": lambda losses, r, f, m, w, on: _windowed(
            losses, r, f, 0.0, w, on
        ),
        "before each loss was seen": lambda *given: [given[1], *_windowed(*given)[:-1]],
    },
    "find_rule": {
        "at any rise over the epoch before": lambda *given: _peak(*given, keep="last"),
        "from before the decay": lambda *given: _peak(*given, keep="all"),
        "on a new low": _trough,
        "Yours does not wait": lambda *given: _peak(*given, wait=1 - given[4]),
        "too long": lambda *given: _peak(*given, wait=1),
        "too few": lambda *given: _peak(*given, wait=-1),
        "not with their mean": lambda *given: _peak(*given, highest=np.mean),
        "epochs count from 1": lambda *given: _peak(*given[:-1], given[-1] + 1),
        "README's words": lambda *given: _plateau(*given[:-1]),
        "before each loss was seen": lambda *given: [given[1], *_peak(*given)[:-1]],
        "one rate for each": lambda *given: _peak(*given)[-1],
        "S2 (encoder 14, decoder 10, discriminator 24). The decoder's first differs in epoch 11, "
        "where the log has 0.000425. Received: 0.0005": lambda losses, *_: np.full(100, 5e-4),
        "300 logged rates of S3": lambda *given: (
            _peak(*given) if given[4] == 10 else np.full(100, 5e-4)
        ),
    },
    "largest_rate": {
        "lands at the bottom": lambda h: 1 / np.linalg.eigvalsh(h).max(),
        "the flattest direction": lambda h: 2 / np.linalg.eigvalsh(h).min(),
        "mean of the curvatures": lambda h: 2 * len(h) / np.trace(h),
        "the diagonal": lambda h: 2 / np.diag(h).max(),
        "you added the curvatures": lambda h: 2 / np.trace(h),
        "smallest of them": lambda h: 2 / np.linalg.eigvalsh(h),
        "wrong way round": lambda h: np.linalg.eigvalsh(h).max() / 2,
    },
    "floor_by_hand": {
        "four losses before": 17,
        "sixteen decays": 20,
        "count once more": 22,
        "that of S4's words": 23,
        "the answer for 0.6": 14,
        "what is left": 8,
    },
    "epochs_to_floor": {
        "until the window is full": lambda i, f, m, w: _decays(i, f, m),
        "not down": lambda i, f, m, w: w + _decays(i, f, m, np.floor),
        "epochs are whole": lambda i, f, m, w: w + _decays(i, f, m, float),
        "end after": lambda i, f, m, w: w + _decays(i, f, m) + 1,
        "the same amount": lambda i, f, m, w: w + np.ceil((i - m) / (i - f * i)),
        "the sign": lambda i, f, m, w: w + np.ceil(-np.log(m / i) / np.log(f)),
    },
    "pair_agreement": {
        "*dis*agree": lambda a, b: 0.5 - kendalltau(a, b).statistic / 2,
        "Kendall": lambda a, b: kendalltau(a, b).statistic,
        "Divide by the number of all": lambda a, b: _agreeing(a, b).sum() // 2,
        "no pair with itself": lambda a, b: _agreeing(a, b).sum() / len(a) ** 2,
        "with itself as one": lambda a, b: (_agreeing(a, b).sum() + len(a)) / len(a) ** 2,
        "neighbours": lambda a, b: _agreeing(a, b).diagonal(1).mean(),
        "correlation of the numbers": lambda a, b: np.corrcoef(a, b)[0, 1],
        "correlation of the ranks": lambda a, b: spearmanr(a, b).statistic,
    },
    "attribute_slope": {
        "not by its deviation": lambda z, a: _slope(z, a) * a.std(),
        "Without it the vector": lambda z, a: _slope(z, a) * len(a) * a.var(),
        "the covariance": lambda z, a: _slope(z, a) * a.var(),
        "through the origin": lambda z, a: np.linalg.lstsq(a[:, None], z)[0][0],
        "reversed": lambda z, a: -_slope(z, a),
        "over each number of the code": lambda z, a: [_slope(a[:, None], c)[0] for c in z.T],
        "averaged over them": lambda z, a: _slope(z, a).mean(),
    },
}

MISTAKES |= {
    "steps_by_hand": {
        "numbers of images": 74_300 / 60_000,
        "there are 12": 1100 / 600,
        "however few images": 100 * 743 / 64 / 600,
        "those are the steps": 1200,
        "how many times as many": 50,
        "one epoch of portraits": 0.02,
        "upside down": 0.5,
        "Compare steps": 100,
    },
    "encoder_parameters": {
        "statistics are counted": lambda s, c, k: _encoder(s, c, k, norm=2),
        "BatchNorm is left out": lambda s, c, k: _encoder(s, c, k, norm=0),
        "only two layers": lambda s, c, k: _encoder(s, c, k) + 4 * 64,
        "biases are left out": lambda s, c, k: _encoder(s, c, k, bias=0),
        "that is one head": lambda s, c, k: _encoder(s, c, k) - 1025 * k,
        "*with* padding": lambda s, c, k: _encoder(s, c, k, padded=True),
        "channels are left out": lambda s, c, k: _encoder(s, 1, k),
    },
    "blind_game": {
        "two of three images": lambda t: _blind(t, 0.5),
        "half of the label": lambda t: _blind(t, t / 2),
        "not 1/3": lambda t: _blind(t, 1 / 3),
        "decoder has two terms": lambda t: _blind(t, t / 3, [1, 0.5, 1]),
        "one kind of fakes": lambda t: _blind(t, t / 3) + [0, 0, np.log(1 - t / 3)],
        "two logarithms": lambda t: [
            *_blind(t, t / 3)[:2],
            -t * np.log(t / 3) - 2 * np.log(1 - t / 3),
        ],
        "minus the logarithms": lambda t: _blind(t, t / 3, [1, -1, -1]),
        "wants D to be high": lambda t: [t / 3, -2 * np.log(1 - t / 3), _blind(t, t / 3)[2]],
        "the order is": lambda t: _blind(t, t / 3)[[0, 2, 1]],
    },
    "gamma_for_share": {
        "pulls are the wrong way round": lambda s, f, g: s * f / (g - s * g),
        "part of both together": lambda s, f, g: s * g / f,
        "share is the wrong way round": lambda s, f, g: (1 - s) * g / (s * f),
        "`share` does not appear": lambda s, f, g: g / f,
        "game's pull is left out": lambda s, f, g: s / (f - s * f),
        "feature term's pull is left out": lambda s, f, g: s * g / (1 - s),
        "one minus it": lambda s, f, g: s / (1 - s),
    },
    "histogram_floor": {
        "factor 1 - 1/K": lambda k, n: k / (2 * n),
        "half of the parabola": lambda k, n: (k - 1) / n,
        "in bits": lambda k, n: (k - 1) / (2 * n) / np.log(2),
        "one class's part": lambda k, n: (k - 1) / (2 * n * k),
        "One draw never is": lambda k, n: 0,
        "variance of one share": lambda k, n: (k - 1) / k**2 / n,
        "standard deviation": lambda k, n: np.sqrt((k - 1) / k**2 / n),
        "fraction is the wrong way round": lambda k, n: 2 * n / (k - 1),
        "`count` does not appear": lambda k, n: (k - 1) / 2,
    },
}


def run(name, kind):
    """Run one body of an exercise as the notebook does; returns what its last line shows."""
    tree = ast.parse(SOURCES[name].read_text(encoding="utf-8"))
    tree.body = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    body = ast.parse(read_exercise(SOURCES[name])[kind])
    last = ast.Expression(body.body.pop().value)
    namespace = {}
    for part in (tree, body):
        exec(compile(part, name, "exec"), namespace)
    return eval(compile(last, name, "eval"), namespace)


@pytest.mark.parametrize("name", SOURCES)
def test_the_solution_passes(name):
    result = run(name, "@title Solution")
    assert result.passed, result
    assert repr(result).startswith("Passed: ")


def solution(name):
    """The function of a solution."""
    namespace = {"np": np, "keras": keras, "layers": keras.layers, "exercises": exercises}
    exec(read_exercise(SOURCES[name])["@title Solution"], namespace)
    return namespace[name]


def test_the_primer_computes_what_keras_computes():
    rng = np.random.default_rng(0)
    x, kernel, bias = rng.normal(size=(5, 3)), rng.normal(size=(3, 4)), rng.normal(size=4)
    layer = keras.layers.Dense(4, activation="relu")
    layer.build((None, 3))
    layer.set_weights([kernel, bias])
    np.testing.assert_allclose(solution("dense")(x, kernel, bias), layer(x), rtol=1e-5, atol=1e-6)

    small, kernel = rng.normal(size=(5, 7)), rng.normal(size=(4, 4))
    for padding in ("valid", "same"):
        up = keras.layers.Conv2DTranspose(1, 4, strides=2, padding=padding, use_bias=False)
        up.build((None, 5, 7, 1))
        up.set_weights([kernel[:, :, None, None]])
        found = solution("transposed_convolution")(small, kernel, 2)
        found = found[1:-1, 1:-1] if padding == "same" else found
        np.testing.assert_allclose(found, up(small[None, :, :, None])[0, :, :, 0], atol=1e-5)


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("given", [(28, 28, 1, 16, 4, 2), (15, 9, 3, 5, 3, 2), (9, 12, 2, 4, 5, 3)])
def test_sizes_and_weights_of_a_convolution_are_those_of_keras(given, padding):
    height, width, channels, filters, kernel, stride = given
    layer = keras.layers.Conv2D(filters, kernel, strides=stride, padding=padding)
    shape = layer(np.zeros((1, height, width, channels))).shape[1:]
    assert solution("conv_layer")(*given, padding) == (*shape, layer.count_params())


def test_adam_is_that_of_keras():
    scale, start = np.array([1.0, 30.0], "float32"), np.array([2.0, -1.0], "float32")
    w, optimizer = keras.Variable(start), keras.optimizers.Adam(0.1)
    for place in solution("adam")(lambda w: scale * w, start, 0.1, 20)[1:]:
        optimizer.apply([scale * w], [w])
        np.testing.assert_allclose(place, w, rtol=1e-4, atol=1e-5)


def test_backpropagation_is_that_of_the_tape():
    w1, w2 = (tf.Variable(v) for v in np.random.default_rng(0).normal(size=(2, 6)))
    with tf.GradientTape() as tape:
        loss = 0.5 * (tf.reduce_sum(w2 * tf.nn.relu(w1 * 1.3)) - 0.4) ** 2
    expected = tape.gradient(loss, [w1, w2])
    found = solution("backpropagation")(1.3, 0.4, w1.numpy(), w2.numpy())
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("name", SOURCES)
def test_the_stub_waits(name):
    result = run(name, "Exercise")
    assert not result.passed
    assert repr(result).startswith("Not answered yet: ")


@pytest.mark.parametrize("name", SOURCES)
def test_each_mistake_gets_its_own_hint(name):
    hints = {}
    for piece, wrong in MISTAKES[name].items():
        result = exercises.check(name, wrong)
        assert not result.passed, f"{piece}: a wrong answer passed"
        assert result.message.startswith("Hint: ") and piece in result.message, result
        hints[piece] = result.message
    assert len(hints) >= 3
    assert len(set(hints.values())) == len(hints)


def test_every_exercise_has_a_source_a_check_and_mistakes():
    assert sorted(SOURCES) == exercises.names() == sorted(MISTAKES)


def test_importing_the_checks_starts_no_backend():
    code = (
        "import sys; from vaegan_edu import exercises; exercises.names(); "
        "print([m for m in ('keras', 'tensorflow', 'jax') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


# What any answer may do. `batch_norm` stands for all exercises that take a function.


@pytest.mark.parametrize("name", ["nonsense", "", None, 3, ["batch_norm"]])
def test_an_unknown_name_lists_the_known_ones(name):
    with pytest.raises(ValueError, match="batch_norm, .*gradient_descent.* Received: "):
        exercises.check(name, None)


@pytest.mark.parametrize("answer", [None, ..., lambda *_: None, lambda *_: ...])
def test_a_placeholder_is_no_answer(answer):
    result = exercises.check("batch_norm", answer)
    assert not result and result.message.startswith("Not answered yet: ")


def _raise(error):
    raise error


@pytest.mark.parametrize(
    ("answer", "piece"),
    [
        (lambda *_: 1 / 0, "ZeroDivisionError: division by zero (at `"),
        (lambda *_: _raise(KeyError("w")), "KeyError: 'w'"),
        (lambda *_: _raise(SystemExit()), "SystemExit"),
        (lambda *_: _raise(AssertionError), "AssertionError"),
        (lambda x, *_: ... * x, "A `...` is still to be replaced"),
        (lambda x: x, "arguments of the given first line"),
        (np.mean, "TypeError"),
        (3.0, "hand over the function itself"),
        (lambda *_: "abc", "real numbers. Received: str, 'abc'"),
        (lambda *_: True, "real numbers. Received: bool"),
        (lambda x, *_: x > 0, "real numbers. Received: ndarray"),
        (lambda x, *_: x + 1j, "real numbers. Received: ndarray"),
        (lambda *_: [[1.0], [1.0, 2.0]], "cannot be read as an array"),
        (lambda *_: {"a": 1}, "cannot be read as an array of numbers"),
        (lambda *_: np.mean, "cannot be read as an array of numbers"),
        (lambda *_: (n for n in range(3)), "cannot be read as an array of numbers"),
        (lambda x, *_: np.ma.masked_less(x, 3.0), "masked"),
        (lambda *_: 1.0, "must have shape (4, 3). Received: shape ()"),
        (lambda x, *_: x[:2], "must have shape (4, 3). Received: shape (2, 3)"),
        (lambda *_: [], "Received: shape (0,)"),
        (lambda x, *_: x * np.nan, "holds NaN or infinity"),
        (lambda x, *_: x / 0, "holds NaN or infinity"),
        (lambda x, *_: 0 * x, "should be"),
        (lambda x, *_: x.fill(0.0) or x, "Work on a copy"),
    ],
)
def test_what_goes_wrong_becomes_a_hint(answer, piece):
    result = exercises.check("batch_norm", answer)
    assert not result.passed
    assert result.message.startswith("Hint: ") and piece in result.message, result
    assert "\n" not in result.message


@pytest.mark.parametrize("answer", ["0.3", True, [0.1, 0.2], {}, float("nan"), abs, 1j, -1, "30 %"])
def test_a_value_of_the_wrong_kind_gets_a_hint(answer):
    assert exercises.check("base_rate", answer).message.startswith("Hint: ")


def test_one_missing_return_is_named():
    def sometimes(x, scale, offset, eps):
        if len(x) == 4:
            return _normalise(x, scale, offset, eps)

    assert "Is a return missing?" in exercises.check("batch_norm", sometimes).message


def test_the_hint_quotes_the_line_that_failed():
    def broken(x, scale, offset, eps):
        return _helper(x)  # the learner's own helper

    def _helper(x):
        return x.reshape(7, 7)

    assert "(at `return x.reshape(7, 7)`)" in exercises.check("batch_norm", broken).message


@pytest.mark.parametrize(
    "convert", [np.float32, np.ndarray.tolist, lambda array: tuple(map(list, array))]
)
def test_lists_and_single_precision_are_welcome(convert):
    def answer(*arguments):
        return convert(_normalise(*arguments))

    assert exercises.check("batch_norm", answer).passed


def test_tensors_are_welcome():
    ops = pytest.importorskip("keras").ops

    def answer(x, scale, offset, eps):
        x, scale, offset = (ops.convert_to_tensor(v, "float32") for v in (x, scale, offset))
        mean, variance = ops.mean(x, axis=0), ops.var(x, axis=0)
        return scale * (x - mean) / ops.sqrt(variance + eps) + offset

    assert exercises.check("batch_norm", answer).passed


@pytest.mark.parametrize("off", [-1, 1])
def test_rules_that_the_logs_cannot_tell_apart_pass(off):
    def other_window(losses, initial, factor, minimum, patience, start):
        rates, first = [initial], start
        for t in range(1, len(losses) + 1):
            decays = t >= first and losses[t - 1] >= max(
                losses[max(first - 2, t - 1 - patience + off) : t - 1]
            )
            rates.append(rates[-1] * factor if decays else rates[-1])
            first = t + patience if decays else first
        return rates[1:]

    assert exercises.check("find_rule", other_window).passed


def test_the_cost_of_one_mode_is_that_of_the_explorer():
    """The check knows the right number for a heap of its own, and those of the page's figure."""
    fifth = DivergenceExplorer([(0.2, -3, 0.4), (0.8, 3, 0.4)], mean=-3, deviation=0.4)
    assert exercises.check("cost_of_one_mode", round(fifth.reverse, 2)).passed
    reverse = DivergenceExplorer(mean=-1.997, deviation=0.605)  # a fit of chapter 3
    for value, piece in [
        (reverse.reverse, "This heap has a fifth"),
        (reverse.forward, "Read the line"),
        (reverse.jensen_shannon, "Jensen-Shannon"),
    ]:
        assert piece in exercises.check("cost_of_one_mode", round(value, 2)).message


def test_the_encoders_parameters_are_those_of_the_network():
    for shape, latent_dim in (((28, 28, 1), 64), ((64, 64, 3), 2048)):
        network = build_encoder("original", shape, latent_dim)
        assert _encoder(shape[0], shape[2], latent_dim) == network.count_params()
    assert exercises.check("encoder_parameters", _encoder).passed


def test_the_floor_of_a_histogram_is_that_of_many_fair_draws():
    rng = np.random.default_rng(0)
    for classes, count in ((10, 360), (10, 1000), (4, 200)):
        draws = rng.multinomial(count, np.full(classes, 1 / classes), size=4000)
        divergences = np.log(classes) - entropy(draws, axis=1)
        error = divergences.std() / np.sqrt(len(draws))
        floor = (classes - 1) / (2 * count)
        assert divergences.mean() == pytest.approx(floor, abs=4 * error + 0.02 * floor)


def test_the_view_of_a_batch_is_what_the_explorer_shows():
    def pair(*names, **sliders):
        view = MinibatchExplorer(**{"clusters": 4, "spread": 0.1, **sliders}).view
        return [round(view[name], 2) for name in names]

    shown = "by_place", "by_batch"
    assert exercises.check("batch_view", pair(*shown)).passed
    for value, piece in [
        (pair(*shown)[::-1], "exchanged"),
        (pair(*shown, clusters=8), "eight clusters"),
        (pair(*shown, spread=0.05), "a `spread` of 0.05"),
        (pair(*shown, shift=0.5), "above zero"),
        (pair("closeness_real", "closeness_generated"), "means of o"),
    ]:
        assert piece in exercises.check("batch_view", value).message


@pytest.mark.parametrize("answer", [0.3, 0.30, 0.296, 8 / 27, np.float32(0.2963), np.array(0.3)])
def test_two_decimals_are_enough(answer):
    assert exercises.check("base_rate", answer).passed


def test_two_exercises_of_one_name_are_refused():
    def check(answer):
        return ""

    check.__module__ = "elsewhere"
    with pytest.raises(ValueError, match="one name. Received: 'batch_norm'"):
        exercises.exercise("batch_norm")(check)
    with pytest.raises(ValueError, match="Received: 'tensor'"):
        exercises.exercise("new", takes="tensor")


_leaf = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 9), st.floats(), st.text(max_size=3), st.binary()
)
_anything = st.recursive(_leaf, lambda inner: st.lists(inner, max_size=4), max_leaves=8)


@pytest.mark.slow
@settings(max_examples=20, deadline=None, derandomize=True, database=None)  # of each exercise
@given(value=_anything)
def test_nothing_raises_and_nothing_passes_by_chance(value):
    for name in exercises.names():
        for answer in (value, lambda *_: value):
            result = exercises.check(name, answer)
            by_luck = name == "base_rate" and isinstance(value, float) and 0.29 < value < 0.31
            assert by_luck or not result.passed
            assert result.message
