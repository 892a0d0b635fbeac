"""Tiny adversarial models for the tests, and one step of them taken by hand."""

import keras
import numpy as np
from keras import Input, Model, layers, ops

from vaegan_edu import models

SHAPE = (4, 4, 1)
LATENT_DIM = 3
BATCH = 6


def images(count=BATCH, seed=0, shape=SHAPE):
    return np.random.default_rng(seed).uniform(-1, 1, (count, *shape)).astype("float32")


def noise(count=BATCH, seed=1, names=("posterior", "prior")):
    rng = np.random.default_rng(seed)
    return {name: rng.standard_normal((count, LATENT_DIM)).astype("float32") for name in names}


def encoder():
    x = Input(SHAPE)
    h = layers.Dense(5, activation="tanh")(layers.Flatten()(x))
    return Model(x, (layers.Dense(LATENT_DIM)(h), layers.Dense(LATENT_DIM)(h)), name="encoder")


def decoder():
    z = Input((LATENT_DIM,))
    h = layers.Dense(7, activation="tanh")(z)
    return Model(z, layers.Reshape(SHAPE)(layers.Dense(16, activation="tanh")(h)), name="decoder")


def discriminator(with_features=True):
    x = Input(SHAPE)
    features = layers.Dense(6)(layers.Flatten()(x))
    logits = layers.Dense(1)(layers.Activation("tanh")(features))  # smooth: slopes are measured
    return Model(x, (logits, features) if with_features else logits, name="discriminator")


def vaegan(seed=0, **settings):
    keras.utils.set_random_seed(seed)
    return models.VAEGAN(encoder(), decoder(), discriminator(), **{"seed": 5, **settings})


def gan(seed=0, **settings):
    keras.utils.set_random_seed(seed)
    return models.GAN(decoder(), discriminator(), **{"seed": 5, **settings})


def compiled(model, optimizer=keras.optimizers.SGD, rates=None, **settings):
    """Compile with one optimizer of that class a network; `rates` changes some from 0.01."""
    rates = dict.fromkeys(model.network_names, 0.01) | (rates or {})
    model.compile(*[optimizer(rates[name]) for name in model.network_names], **settings)
    return model


def fix_noise(model, given=None):
    """Let the model's steps use this noise, row by row, instead of drawing."""
    given = noise(names=model.noise_names) if given is None else given
    play = model.play

    def play_with_it(images, training, noise=None):
        rows = {name: values[: images.shape[0]] for name, values in given.items()}
        return play(images, training, rows if noise is None else noise)

    model.play = play_with_it
    return model


def weights(model):
    """Trainable weights by network, as arrays."""
    return {
        name: [ops.convert_to_numpy(v) for v in network.trainable_variables]
        for name, network in model.networks.items()
    }


def step(model, x, **settings):
    """Take one step of `fit` and return the change of the weights by network."""
    before = weights(model)
    model.fit(x, batch_size=len(x), epochs=1, verbose=0, shuffle=False, **settings)
    after = weights(model)
    return {
        name: [new - old for new, old in zip(after[name], before[name], strict=True)]
        for name in before
    }


def watch_training(model):
    """Return a dict that gathers, by network, the `training` of each call from now on."""
    seen = {name: [] for name in model.network_names}

    def watch(name, network):
        call = network.call

        def watched(inputs, training=None, **kwargs):
            seen[name].append(training)
            return call(inputs, training=training, **kwargs)

        network.call = watched

    for name, network in model.networks.items():
        watch(name, network)
    return seen


def gradient(model, function, name):
    """Return the gradient of a scalar function of the model in one network's weights, arrays."""
    variables = model.networks[name].trainable_variables
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        def stateless(values):
            own = list(zip(variables, values, strict=True))
            mapping = [*((v, v.value) for v in model.variables), *own]
            with keras.StatelessScope(state_mapping=mapping, collect_losses=True):
                return function()

        found = jax.grad(stateless)([v.value for v in variables])
    elif backend == "torch":
        import torch

        values = [v.value for v in variables]
        found = torch.autograd.grad(function(), values, allow_unused=True)
    else:
        import tensorflow as tf

        with tf.GradientTape() as tape:
            value = function()
        found = tape.gradient(value, variables)
    return [
        np.zeros(v.shape, "float32") if g is None else ops.convert_to_numpy(g)
        for g, v in zip(found, variables, strict=True)
    ]
