"""What Keras passes to a model counts, in every model alike: against stock Keras."""

import games
import keras
import numpy as np
import pytest
from keras import layers, ops

from vaegan_edu import models

ACTIVITY = {"activity_regularizer": keras.regularizers.L1(0.3)}
KERNEL = {"kernel_regularizer": keras.regularizers.L2(0.7)}


class AddedLoss(layers.Layer):
    """Passes on its input, and a loss."""

    def call(self, inputs):
        self.add_loss(0.2 * ops.mean(inputs**2))
        return inputs


def dense(units, kind, **settings):
    if kind == "add_loss":
        return lambda h: AddedLoss()(layers.Dense(units, **settings)(h))
    kinds = {"activity": ACTIVITY, "kernel": KERNEL, None: {}}
    return layers.Dense(units, **kinds[kind], **settings)


def encoder(kind, variational):
    keras.utils.set_random_seed(0)
    x = keras.Input(games.SHAPE)
    h = dense(5, kind, activation="tanh")(layers.Flatten()(x))
    mean = layers.Dense(games.LATENT_DIM)(h)
    return keras.Model(x, (mean, layers.Dense(games.LATENT_DIM)(h)) if variational else mean)


def decoder(kind):
    z = keras.Input((games.LATENT_DIM,))
    h = dense(16, kind, activation="tanh")(z)
    return keras.Model(z, layers.Reshape(games.SHAPE)(h))


def discriminator(kind):
    x = keras.Input(games.SHAPE)
    features = dense(6, kind)(layers.Flatten()(x))
    return keras.Model(x, (layers.Dense(1)(layers.Activation("tanh")(features)), features))


def penalty(network, *batches):
    """What stock Keras adds to a loss: for activities at each call of a network, weights once."""
    weights = [v.regularizer(v) for v in network.trainable_variables if v.regularizer]
    total = sum(weights, start=ops.zeros(()))
    for x in batches:
        network(x, training=True)
        total = total + sum(network.losses) - sum(weights)
    return total


KINDS = ("activity", "kernel", "add_loss")


def follows(model, extra, x, rate=0.05):
    """One step of SGD against the gradients of the formula and, network by network, the extra."""
    losses = model.compute_losses
    given = games.noise(names=model.noise_names)
    games.fix_noise(model, given)
    expected = {
        name: games.gradient(
            model, lambda name=name: losses(x, True, given)[name] + extra(name), name
        )
        for name in model.network_names
    }
    change = games.step(games.compiled(model, rates=dict.fromkeys(model.networks, rate)), x)
    for name in model.network_names:
        for found, slope in zip(change[name], expected[name], strict=True):
            np.testing.assert_allclose(found / -rate, slope, rtol=1e-4, atol=1e-5)
    return change


@pytest.mark.parametrize("kind", KINDS)
def test_a_regulariser_of_a_network_counts_in_its_own_loss(kind):
    """Twice for the decoder and three times for the discriminator, which are called as often."""
    x, noise = games.images(), games.noise()
    model = models.VAEGAN(encoder(kind, True), decoder(kind), discriminator(kind), gamma=0.3)

    def seen():
        mean, log_var = model.encoder(x, training=True)
        z = mean + ops.exp(0.5 * log_var) * ops.convert_to_tensor(noise["posterior"])
        made = [model.decoder(code, training=True) for code in (z, noise["prior"])]
        return {"encoder": [x], "decoder": [z, noise["prior"]], "discriminator": [x, *made]}

    follows(model, lambda name: penalty(model.networks[name], *seen()[name]), x)
    plain = model.compute_losses(x, True, noise)
    logs = model.evaluate(x, batch_size=len(x), verbose=0, return_dict=True)
    after = model.compute_losses(x, False, noise)
    for name, network in model.networks.items():
        extra = float(ops.convert_to_numpy(penalty(network, *seen()[name])))
        assert extra > 1e-3
        value = float(ops.convert_to_numpy(after[name]))
        assert logs[f"{name}_loss"] == pytest.approx(value + extra, rel=1e-4)
    assert set(plain) == set(model.network_names)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("make", [models.VAE, models.Autoencoder])
def test_a_regulariser_counts_in_the_one_loss(make, kind):
    x = games.images()
    model = make(encoder(kind, make is models.VAE), decoder(kind))
    if make is models.VAE:
        model.sampling.call = lambda inputs, noise=None: inputs[0]

    def added():
        codes = model.encoder(x, training=True)
        codes = codes[0] if make is models.VAE else codes
        return penalty(model.encoder, x) + penalty(model.decoder, codes)

    def loss():
        return model.compute_losses(x, training=True)["loss"] + added()

    expected = {name: games.gradient(model, loss, name) for name in model.networks}
    values = [float(ops.convert_to_numpy(f())) for f in (loss, added)]
    model.compile(keras.optimizers.SGD(0.05))
    change = games.step(model, x)
    assert values[1] > 1e-2
    assert model.history.history["loss"][0] == pytest.approx(values[0], rel=1e-5)
    for name in model.networks:
        for found, slope in zip(change[name], expected[name], strict=True):
            np.testing.assert_allclose(found / -0.05, slope, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", ["float64", "int64", "uint8"])
def test_batches_of_other_types_train_alike(dtype):
    x = (games.images() > 0).astype(dtype)

    class Data(keras.utils.PyDataset):
        def __len__(self):
            return 1

        def __getitem__(self, index):
            return (x,)

    for make in (lambda: games.vaegan(), lambda: games.gan(), vae):
        histories = []
        for data in (Data(), x.astype("float32")):
            model = make()
            if isinstance(model, models.VAE):
                model.compile(keras.optimizers.SGD(0.01))
            else:
                games.compiled(model)
            settings = {} if isinstance(data, Data) else {"batch_size": 6, "shuffle": False}
            histories.append(model.fit(data, verbose=0, **settings).history)
        first, second = histories
        assert set(first) == set(second)
        for name, values in first.items():
            assert values == pytest.approx(second[name], rel=1e-4), name


def vae(**settings):
    keras.utils.set_random_seed(0)
    return models.VAE(games.encoder(), games.decoder(), **{"seed": 5, **settings})


def test_weights_of_examples_losses_and_metrics_are_refused():
    x = games.images()
    for make in (vae, games.vaegan):
        for settings in (
            {"y": np.ones(6), "sample_weight": np.ones(6)},
            {"y": np.ones(6, int), "class_weight": {1: 2.0}},
        ):
            model = make()
            model.compile("sgd") if make is vae else games.compiled(model)
            with pytest.raises(ValueError, match="no `sample_weight`"):
                model.fit(x, verbose=0, **settings)
    for settings in ({"loss": "mse"}, {"metrics": ["mse"]}):
        with pytest.raises(TypeError, match=next(iter(settings))):
            vae().compile("sgd", **settings)


def test_callbacks_of_keras_watch_the_losses():
    x = games.images(12)
    bad = np.concatenate([games.images(108), np.full_like(x, np.nan)])  # 100 are looked at
    for model in (vae(), games.vaegan()):
        one = isinstance(model, models.VAE)
        model.compile("sgd") if one else games.compiled(model)
        watched = "val_kl_loss" if one else "val_decoder_loss"
        stopping = keras.callbacks.EarlyStopping(watched, patience=9)
        plateau = keras.callbacks.ReduceLROnPlateau(watched, factor=0.5, patience=1, min_delta=1e9)
        model.fit(
            x,
            batch_size=6,
            validation_data=(x,),
            epochs=3,
            verbose=0,
            callbacks=[stopping, plateau],
        )
        optimizers = [model.optimizer] if one else model.optimizers.values()
        assert all(float(ops.convert_to_numpy(o.learning_rate)) < 0.0099 for o in optimizers)
        assert stopping.best == min(model.history.history[watched])
        found = model.fit(
            bad,
            batch_size=60,
            epochs=3,
            verbose=0,
            shuffle=False,
            callbacks=[keras.callbacks.TerminateOnNaN()],
        ).history
        assert all(len(values) == 1 for values in found.values())


def test_arrays_of_a_bfloat16_model_are_numpys():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = games.vaegan()
    finally:
        keras.config.set_dtype_policy("float32")
    z = model.encode(games.images())
    for array in (z, model.decode(z), model.generate(2), model.reconstruct(games.images())):
        assert array.dtype == np.float32


def test_channels_first_is_told_in_one_line():
    from vaegan_edu import networks

    keras.config.set_image_data_format("channels_first")
    try:
        with pytest.raises(ValueError, match="channels last.*keras.json. Received: "):
            networks.build_encoder()
    finally:
        keras.config.set_image_data_format("channels_last")


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow's saved models")
@pytest.mark.parametrize("make", [vae, games.vaegan, games.gan])
def test_a_model_is_exported_untrained(make, tmp_path):
    import tensorflow as tf

    model = make()
    model.export(tmp_path, verbose=False)
    shape = (3, games.LATENT_DIM) if isinstance(model, models.GAN) else (3, *games.SHAPE)
    loaded = tf.saved_model.load(tmp_path)
    found = loaded.serve(tf.zeros(shape))
    found = found["reconstruction"] if isinstance(found, dict) else found
    assert found.shape == (3, *games.SHAPE)
