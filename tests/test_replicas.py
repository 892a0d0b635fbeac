"""Several devices that share a batch take the step of one, in every model (TensorFlow)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("tensorflow")

# In a process of its own: the devices must be made before TensorFlow has looked for any.
SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
import games, keras, numpy as np, tensorflow as tf
from keras import layers
from vaegan_edu import models

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
x, labels = games.images(8), np.arange(8) % 3


def network(outputs):
    i = keras.Input(games.SHAPE)
    h = layers.Dense(4, activation="tanh", kernel_regularizer="l2")(layers.Flatten()(i))
    return keras.Model(i, (layers.Dense(outputs)(h), h))


class Still(models.Classifier):
    def call(self, images, training=None):
        return self.network(images, training=training)[0]


def vae():
    model = models.VAE(games.encoder(), games.decoder(), seed=0)
    model.sampling.call = lambda inputs, noise=None: inputs[0]
    return model


def autoencoder():
    i = keras.Input(games.SHAPE)
    h = layers.Dense(3, activity_regularizer=keras.regularizers.L1(0.1))(layers.Flatten()(i))
    return models.Autoencoder(keras.Model(i, h), games.decoder())


def game(kind):
    model = kind(seed=0)
    given = games.noise(4, names=model.noise_names)
    whole = {k: np.concatenate([v, v]) for k, v in given.items()}
    play = model.play
    model.play = lambda images, training: play(
        images, training, {k: v[: images.shape[0]] for k, v in whole.items()})
    return model


KINDS = {
    "autoencoder": (autoencoder, x),
    "vae": (vae, x),
    "classifier": (lambda: Still(network(3)), labels),
    "regressor": (lambda: models.Regressor(network(2), np.zeros(2), np.ones(2)),
                  np.stack([labels, labels], 1).astype("float32")),
    "gan": (lambda: game(games.gan), x),
    "vaegan": (lambda: game(games.vaegan), x),
}


def step(name):
    make, y = KINDS[name]
    keras.utils.set_random_seed(0)
    model = make()
    names = getattr(model, "network_names", ())
    several = isinstance(model, models.AdversarialModel)
    model.compile(*[keras.optimizers.SGD(0.05) for _ in (names if several else [0])])
    before = [w.copy() for w in model.get_weights()]
    data = tf.data.Dataset.from_tensors((x, y)).unbatch().batch(8, drop_remainder=True)
    history = model.fit(data, verbose=0).history
    return history, [a - b for a, b in zip(model.get_weights(), before)]


strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
for name in KINDS:
    one, moved = step(name)
    with strategy.scope():
        two, moved_two = step(name)
    assert set(one) == set(two) and max(abs(m).max() for m in moved) > 1e-3, name
    for key in one:
        np.testing.assert_allclose(one[key], two[key], rtol=1e-4, err_msg=name + " " + key)
    for a, b in zip(moved, moved_two):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-6, err_msg=name)
    print(name, "equal")
"""


def test_two_replicas_take_the_step_of_one():
    environment = {
        **os.environ,
        "KERAS_BACKEND": "tensorflow",
        "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(Path(__file__).parent)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=1800,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-5000:]
    assert done.stdout.count("equal") == 6
