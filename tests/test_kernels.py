"""The faster kernels compute what Keras does, on TensorFlow; elsewhere they are not used."""

import games
import keras
import numpy as np
import pytest
from keras import layers

from vaegan_edu import models
from vaegan_edu.models.steps import kernels

tf = pytest.importorskip("tensorflow")
pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="TensorFlow's kernels"
)


def slopes(layer, x, upstream, **settings):
    """Outputs of a layer, and their gradients in its inputs and weights, in a graph."""

    @tf.function
    def compute(x):
        with tf.GradientTape() as tape, kernels.faster_kernels([layer] if settings else []):
            tape.watch(x)
            outputs = layer(x, training=True)
        return outputs, tape.gradient(outputs, [x, *layer.trainable_variables], upstream)

    outputs, gradients = compute(tf.constant(x))
    return [np.asarray(v, "float32") for v in (outputs, *gradients)]


@pytest.mark.parametrize(
    "make, shape",
    [
        (lambda: layers.BatchNormalization(momentum=0.7, epsilon=1e-2), (7, 4)),
        (lambda: layers.BatchNormalization(momentum=0.7), (7, 3, 2, 4)),
        (lambda: layers.BatchNormalization(momentum=0.7, axis=1), (7, 3, 2, 4)),  # left to Keras
        (lambda: layers.BatchNormalization(scale=False), (7, 4)),  # left to Keras
    ],
)
@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16", "float64", "bfloat16"])
def test_a_layer_computes_and_learns_the_same(make, shape, policy):
    rng = np.random.default_rng(0)
    x = rng.standard_normal(shape).astype("float32")
    keras.config.set_dtype_policy(policy)
    try:
        pair = [make(), make()]
    finally:
        keras.config.set_dtype_policy("float32")
    for layer in pair:
        layer.build(shape)
    weights = [rng.uniform(0.5, 1.5, w.shape).astype("float32") for w in pair[0].weights]
    for layer in pair:
        layer.set_weights(weights)
    weights = pair[0].get_weights()  # bfloat16 has rounded them
    x = tf.cast(x, pair[0].compute_dtype)
    upstream = tf.cast(rng.standard_normal(pair[0].compute_output_shape(shape)), x.dtype)
    stock = slopes(pair[0], x, upstream)
    faster = slopes(pair[1], x, upstream, faster=True)
    tolerance = 2e-2 if "bfloat16" in policy else 1e-5
    for one, other in zip(stock, faster, strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance * np.abs(one).max())
    assert any((a != b).any() for a, b in zip(weights, pair[1].get_weights(), strict=True)) == (
        isinstance(pair[0], layers.BatchNormalization)
    )
    for one, other in zip(pair[0].get_weights(), pair[1].get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)
    assert "call" not in vars(pair[1])  # all is as before


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"beta_1": 0.5, "epsilon": 1e-3},
        {"weight_decay": 0.1, "clipnorm": 0.5},
        {"amsgrad": True},  # left to Keras
    ],
)
def test_adam_takes_the_same_steps(settings):
    rng = np.random.default_rng(0)
    start = rng.standard_normal((3, 4)).astype("float32")
    gradients = rng.standard_normal((3, 3, 4)).astype("float32")
    found = []
    for faster in (False, True):
        weights = keras.Variable(start)
        optimizer = keras.optimizers.Adam(0.1, **settings)
        optimizer.build([weights])
        with kernels.faster_kernels([optimizer] if faster else []):
            assert ("update_step" in vars(optimizer)) == (faster and "amsgrad" not in settings)
            for gradient in gradients:
                optimizer.apply([tf.constant(gradient)])
        found.append([np.asarray(weights), *(np.asarray(v) for v in optimizer.variables)])
    assert np.abs(found[0][0] - start).max() > 0.1
    for one, other in zip(*found, strict=True):  # 1 - 0.999 has four digits in float32
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_without_the_names_it_needs_adam_is_left_to_keras():
    """They are not Keras' public ones and may change: then the stock step is taken."""
    for name in ("_get_variable_index", "_momentums", "_velocities"):

        class Renamed(keras.optimizers.Adam):
            """Keras' Adam, in which one of the names is not to be found."""

            hidden = None

            def __getattribute__(self, attribute):
                if attribute == type(self).hidden:
                    raise AttributeError(attribute)
                return super().__getattribute__(attribute)

        optimizer = Renamed()
        optimizer.build([keras.Variable(np.zeros(2))])
        assert kernels._adam(optimizer) is not None
        Renamed.hidden = name
        assert kernels._adam(optimizer) is None


@pytest.mark.parametrize("shape", [(7, 4), (7, 3, 2, 4)])
def test_the_second_derivative_of_batch_norm_is_that_of_the_formula(shape):
    """Of which a penalty on gradients is made. (Keras' own on TensorFlow is another.)"""
    rng = np.random.default_rng(0)
    x, upstream, way = (tf.constant(rng.standard_normal(shape), tf.float32) for _ in range(3))
    layer = layers.BatchNormalization(epsilon=1e-2)
    layer.build(shape)
    layer.set_weights([np.linspace(0.5, 1.5, 4) for _ in layer.weights])
    axes = list(range(len(shape) - 1))

    def formula(x):
        mean = tf.reduce_mean(x, axes, keepdims=True)
        variance = tf.reduce_mean((x - mean) ** 2, axes, keepdims=True)
        return layer.gamma * (x - mean) / tf.sqrt(variance + 1e-2) + layer.beta

    def second(function, swapped):
        @tf.function
        def compute(x):
            with tf.GradientTape() as outer, kernels.faster_kernels(swapped):
                outer.watch(x)
                with tf.GradientTape() as inner:
                    inner.watch(x)
                    outputs = function(x)
                along = tf.reduce_sum(inner.gradient(outputs, x, upstream) * way)
            return outer.gradient(along, [x, layer.gamma.value])

        return [np.asarray(g) for g in compute(x)]

    found = second(lambda x: layer(x, training=True), [layer])
    for one, other in zip(found, second(formula, []), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5 * np.abs(other).max())


def test_other_peoples_layers_are_left_alone():
    class Halved(layers.BatchNormalization):
        def call(self, inputs, training=None, mask=None):
            return 0.5 * super().call(inputs, training, mask)

    layer = Halved()
    layer.build((None, 2))
    watched = layers.BatchNormalization()
    watched.build((None, 2))
    watched.call = call = lambda inputs: inputs
    with kernels.faster_kernels([layer, watched]):
        assert "call" not in vars(layer) and watched.call is call
    assert watched.call is call


def test_a_step_of_the_whole_game_is_the_same(monkeypatch):
    """Three networks with BatchNorm and Adam: the kernels are in use, and change only rounding."""
    used, found = [], []
    for kind in ({}, kernels.KERNELS):
        monkeypatch.setattr(kernels, "KERNELS", kind)
        model = games.fix_noise(_normalised_vaegan(), games.noise(8))
        games.compiled(model, keras.optimizers.SGD, jit_compile=False)
        with monkeypatch.context() as patch:
            patch.setattr(tf.compat.v1.nn, "fused_batch_norm", _counted(used))
            model.fit(games.images(16), batch_size=8, epochs=1, verbose=0, shuffle=False)
        found.append(model.get_weights())
        assert bool(used) == bool(kind)
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def _normalised_vaegan():
    keras.utils.set_random_seed(0)
    z = keras.Input((games.LATENT_DIM,))
    h = layers.ReLU()(layers.BatchNormalization()(layers.Dense(8)(z)))
    decoder = keras.Model(z, layers.Reshape(games.SHAPE)(layers.Dense(16, activation="tanh")(h)))
    return models.VAEGAN(games.encoder(), decoder, games.discriminator(), gamma=0.3, seed=0)


def _counted(calls, function=tf.compat.v1.nn.fused_batch_norm):
    def count(*arguments, **settings):
        calls.append(1)
        return function(*arguments, **settings)

    return count
