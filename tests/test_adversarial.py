"""The plumbing that GAN and VAE-GAN share: compiling, steps, logs, saving."""

import games
import keras
import numpy as np
import pytest
from keras import layers, ops

from vaegan_edu import models, networks
from vaegan_edu.layers import DecayingNoise, MinibatchDiscrimination


def noisy_vaegan():
    """One with everything random in it, and with BatchNorm.

    On PyTorch a Dropout without a seed draws from PyTorch's own generator, which no model saves.
    """
    keras.utils.set_random_seed(0)
    z = keras.Input((games.LATENT_DIM,))
    h = layers.ReLU()(layers.BatchNormalization()(layers.Dense(8)(DecayingNoise(0.1, 10)(z))))
    h = layers.Dense(16, activation="tanh")(DecayingNoise(0.1, 10)(h))
    decoder = keras.Model(z, layers.Reshape(games.SHAPE)(h))
    x = keras.Input(games.SHAPE)
    features = layers.Dense(6)(layers.Flatten()(DecayingNoise(0.1, 10)(x)))
    h = layers.LeakyReLU()(layers.BatchNormalization()(features))
    h = layers.Dropout(0.2, seed=4)(MinibatchDiscrimination(2, 3)(h))
    discriminator = keras.Model(x, (layers.Dense(1)(h), features))
    return models.VAEGAN(
        games.encoder(),
        decoder,
        discriminator,
        gamma=1e-2,
        real_target=0.9,
        flip_probability=0.1,
        equilibrium=0.68,
        margin=0.35,
        seed=3,
    )


def make_gan():
    return games.gan(seed=3, real_target=0.9, flip_probability=0.1)


def adam(model):
    return games.compiled(model, keras.optimizers.Adam, rates=dict.fromkeys(model.networks, 1e-3))


def go_on(model, x):
    model.fit(x, batch_size=4, epochs=1, verbose=0, shuffle=False)


def everything(model):
    """All state: weights, seed generators, three optimizers, as arrays."""
    counters = {id(v) for v in model.metrics_variables}
    state = [v for v in model.variables if id(v) not in counters]
    return [ops.convert_to_numpy(v) for v in [*state, *model.optimizer.variables]]


@pytest.mark.parametrize("make", [noisy_vaegan, make_gan])
@pytest.mark.parametrize("suffix", [".keras", ".weights.h5"])
def test_saved_loaded_and_continued_equals_uninterrupted(make, suffix, tmp_path):
    model = adam(make())
    x = games.images(8, shape=model.image_shape)
    go_on(model, x)
    model.optimizers["discriminator"].learning_rate = 3e-4
    path = tmp_path / f"model{suffix}"
    if suffix == ".keras":
        model.save(path)
        copy = keras.saving.load_model(path)
        settings = set(model.get_config()) - set(model.network_names)
        assert len(settings) >= 6
        assert all(copy.get_config()[name] == model.get_config()[name] for name in settings)
    else:
        model.save_weights(path)
        copy = adam(make())
        copy.load_weights(path)
    assert float(copy.optimizers["discriminator"].learning_rate) == pytest.approx(3e-4)
    assert [o.name for o in copy.optimizers.values()] == list(model.network_names)
    for one, other in zip(everything(model), everything(copy), strict=True):
        np.testing.assert_array_equal(one, other)
    before = everything(model)
    go_on(model, x)
    go_on(copy, x)
    assert any((one != other).any() for one, other in zip(before, everything(model), strict=True))
    for one, other in zip(everything(model), everything(copy), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(copy.generate(2, seed=1), model.generate(2, seed=1))


def test_a_step_moves_batch_norms_averages_and_every_generator_of_noise():
    model = adam(noisy_vaegan())
    unused = id(model.sampling.seed_generator.state)  # steps draw its noise beside the prior's
    state = [v for v in model.non_trainable_variables if id(v) != unused and v.name != "epoch"]
    counters = {id(v) for v in model.metrics_variables}
    state = [v for v in state if id(v) not in counters]
    before = [ops.convert_to_numpy(v) for v in state]
    assert {v.name for v in state} == {"moving_mean", "moving_variance", "seed_generator_state"}
    go_on(model, games.images(4, shape=model.image_shape))
    for variable, old in zip(state, before, strict=True):
        assert (ops.convert_to_numpy(variable) != old).any(), variable.path


def test_optimizers_survive_with_their_own_classes_and_slots(tmp_path):
    model = games.vaegan()
    model.compile(
        keras.optimizers.RMSprop(1e-3),
        keras.optimizers.Adam(2e-3, beta_1=0.5),
        "sgd",
        jit_compile=False,
    )
    go_on(model, games.images(8))
    model.save(tmp_path / "model.keras")
    copy = keras.saving.load_model(tmp_path / "model.keras")
    kinds = {name: type(o).__name__ for name, o in copy.optimizers.items()}
    assert kinds == {"encoder": "RMSprop", "decoder": "Adam", "discriminator": "SGD"}
    assert copy.optimizers["decoder"].beta_1 == 0.5 and copy.jit_compile is False
    for name, optimizer in model.optimizers.items():
        assert int(optimizer.iterations) == 2
        for one, other in zip(optimizer.variables, copy.optimizers[name].variables, strict=True):
            np.testing.assert_array_equal(*map(ops.convert_to_numpy, (one, other)))


def test_an_uncompiled_model_is_saved_uncompiled(tmp_path):
    games.vaegan().save(tmp_path / "model.keras")
    assert not keras.saving.load_model(tmp_path / "model.keras").compiled


def test_weights_of_a_model_with_other_random_layers_are_refused(tmp_path):
    model = games.vaegan()
    model.save_weights(tmp_path / "model.weights.h5")
    x = keras.Input(games.SHAPE)
    features = layers.Dense(6)(layers.Flatten()(x))
    logits = layers.Dense(1)(layers.Dropout(0.1)(layers.LeakyReLU()(features)))
    other = models.VAEGAN(games.encoder(), games.decoder(), keras.Model(x, (logits, features)))
    with pytest.raises(
        ValueError, match="state of 3 seed generators, one for each random layer.*Received: 2"
    ):
        other.load_weights(tmp_path / "model.weights.h5")


def test_every_variable_goes_to_its_own_networks_optimizer():
    model = adam(games.vaegan())
    for name, network in model.networks.items():
        found = model.optimizers[name]._trainable_variables
        assert [id(v) for v in found] == [id(v) for v in network.trainable_variables]
    assert {o.name for o in model.optimizer.optimizers} == set(model.network_names)


def test_frozen_weights_stay():
    model = games.vaegan()
    model.encoder.trainable = False
    change = games.step(adam(model), games.images())
    assert change["encoder"] == []
    model = games.vaegan()
    frozen = model.decoder.layers[1]
    frozen.trainable = False
    before = frozen.get_weights()
    games.step(adam(model), games.images())
    for one, other in zip(before, frozen.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_weights_regularizer_counts_in_its_own_networks_loss():
    keras.utils.set_random_seed(0)
    generator = games.decoder()
    plain = models.GAN(generator, games.discriminator(), seed=0)
    regularised = keras.Model(generator.inputs, generator.outputs)
    layer = regularised.layers[1]
    logs = []
    for regularizer in (None, keras.regularizers.L2(0.5)):
        layer.kernel.regularizer = regularizer
        games.compiled(games.fix_noise(plain), rates=dict.fromkeys(plain.networks, 0.0))
        logs.append(plain.evaluate(games.images(), verbose=0, return_dict=True))
    penalty = 0.5 * float(ops.convert_to_numpy(ops.sum(ops.square(layer.kernel))))
    assert logs[1]["generator_loss"] - logs[0]["generator_loss"] == pytest.approx(penalty, rel=1e-4)
    assert logs[1]["discriminator_loss"] == pytest.approx(logs[0]["discriminator_loss"])


def test_fit_validates_logs_and_calls_back(tmp_path):
    model = adam(games.vaegan())
    x, labels = games.images(10), np.arange(10)
    history = model.fit(
        x,
        labels,  # labels are there in many data sets, and not used
        batch_size=4,
        epochs=3,
        verbose=0,
        validation_data=(games.images(5, seed=9), labels[:5]),
        callbacks=[
            keras.callbacks.CSVLogger(tmp_path / "log.csv"),
            keras.callbacks.ModelCheckpoint(
                tmp_path / "best.keras", monitor="val_encoder_loss", mode="min"
            ),
            keras.callbacks.EarlyStopping("val_decoder_loss", patience=99, mode="min"),
            keras.callbacks.BackupAndRestore(tmp_path / "backup"),
        ],
    ).history
    names = [f"{name}_loss" for name in model.network_names]
    names += ["kl_loss", "feature_loss", "d_real", "d_reconstruction", "d_generated"]
    assert set(history) == {*names, *(f"val_{name}" for name in names)}
    assert all(len(values) == 3 and np.isfinite(values).all() for values in history.values())
    assert (tmp_path / "best.keras").exists()


def test_logs_are_means_over_all_images():
    model = games.compiled(games.vaegan(), rates=dict.fromkeys(games.vaegan().networks, 0.0))
    x = games.images(5)
    given = games.noise(5)
    play = model.play

    def with_noise(rows):
        part = {name: values[rows] for name, values in given.items()}
        return play(x[rows], False, part)

    model.run_eagerly = True
    batches = iter([slice(0, 4), slice(4, 5)])
    model.play = lambda images, training, noise=None: with_noise(next(batches))
    logs = model.evaluate(x, batch_size=4, verbose=0, return_dict=True)
    model.play = play
    whole = model.compute_terms(x, False, given)
    whole = {name: float(ops.convert_to_numpy(term)) for name, term in whole.items()}
    assert logs["kl_loss"] == pytest.approx(whole["prior"], rel=1e-5)
    assert logs["discriminator_loss"] == pytest.approx(whole["adversarial_discriminator"], rel=1e-5)


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="neither is there in PyTorch")
@pytest.mark.parametrize("settings", [{"jit_compile": True}, {"steps_per_execution": 2}])
def test_compiled_variants_take_the_same_step(settings):
    results = []
    for chosen in ({"jit_compile": False}, settings):
        model = games.fix_noise(
            games.vaegan(gamma=0.3, equilibrium=0.68, margin=0.1), games.noise(4)
        )
        games.compiled(model, rates=dict.fromkeys(model.networks, 0.1), **chosen)
        go_on(model, games.images(8))
        results.append(model.get_weights())
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="there is no XLA in PyTorch")
def test_everything_random_compiles_with_xla():
    model = noisy_vaegan()
    games.compiled(model, keras.optimizers.Adam, jit_compile=True)
    history = model.fit(games.images(8), batch_size=4, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())


# `low` and `high` are the limits of the discriminator's cost, which is about 0.7 for both kinds.
@pytest.mark.parametrize(
    "low, high, moves",
    [
        (0.0, 99.0, {"generator", "discriminator"}),
        (98.0, 99.0, {"generator"}),  # the discriminator is too sure
        (0.0, 0.01, {"discriminator"}),  # it is too unsure
        (0.6, 0.61, {"generator", "discriminator"}),  # both, see below: then neither is skipped
    ],
)
def test_a_network_out_of_balance_is_skipped_and_its_optimizer_stands_still(low, high, moves):
    model = games.gan(equilibrium=50.0, margin=50.0)
    model.compile(keras.optimizers.Adam(0.01), keras.optimizers.Adam(0.01))
    x = games.images()
    games.step(model, x)  # now Adam has momentum: a zero gradient would still move the weights
    if low == 0.6:  # sure of real ones (cost near 0), unsure of fakes (cost far above)
        bias = model.discriminator.layers[-1].bias
        bias.assign(bias + 4.0)
    model.equilibrium, model.margin = (low + high) / 2, (high - low) / 2
    model.make_train_function(force=True)
    before = {
        n: [ops.convert_to_numpy(v) for v in o.variables] for n, o in model.optimizers.items()
    }
    change = games.step(model, x)
    for name in model.network_names:
        moved = any((delta != 0).any() for delta in change[name])
        assert moved == (name in moves), name
        slots = [ops.convert_to_numpy(v) for v in model.optimizers[name].variables]
        same = all((a == b).all() for a, b in zip(before[name], slots, strict=True))
        assert same == (name not in moves), name
    logs = model.history.history
    assert {n for n in model.network_names if logs[f"{n}_updates"][0] == 1.0} == moves


def test_bfloat16_trains_with_losses_in_full_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = adam(noisy_vaegan())
    finally:
        keras.config.set_dtype_policy("float32")
    x = games.images(8)
    history = model.fit(x, batch_size=8, epochs=2, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    terms = model.compute_terms(x, training=False)
    assert {keras.backend.standardize_dtype(t.dtype) for t in terms.values()} == {"float32"}


def test_float16_is_refused():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = games.vaegan()
        with pytest.raises(ValueError, match="mixed_bfloat16.*Received: 'mixed_float16'"):
            adam(model)
    finally:
        keras.config.set_dtype_policy("float32")
    decoder = networks.build_decoder("toy")
    decoder.layers[1].dtype_policy = "mixed_float16"  # one layer is enough
    with pytest.raises(ValueError, match="float16 needs"):
        adam(models.GAN(decoder, networks.build_discriminator("toy")))


def test_weights_frozen_after_compile_are_told():
    model = games.compiled(games.gan())
    model.discriminator.trainable = False
    with pytest.raises(ValueError, match="changed since `compile`; compile again. Received: "):
        model.fit(games.images(8), batch_size=4, verbose=0)
    games.compiled(model).fit(games.images(8), batch_size=4, verbose=0)


def test_optimizers_missing_or_given_twice_are_refused():
    model = games.vaegan()
    one = keras.optimizers.Adam()
    with pytest.raises(ValueError, match="an optimizer of its own.*Received: encoder_optimizer"):
        model.compile(one, keras.optimizers.Adam(), one)
    with pytest.raises(ValueError, match="needs `discriminator_optimizer`.*Received: None"):
        model.compile(one, keras.optimizers.Adam())
    with pytest.raises(ValueError, match="needs `generator_optimizer`"):
        games.gan().compile(discriminator_optimizer=one)
    adam(model)
    with pytest.raises(ValueError, match="`generator_optimizer` has state from other weights"):
        games.gan().compile(model.optimizers["encoder"], "adam")
    model.compile(
        **{f"{name}_optimizer": o for name, o in model.optimizers.items()}
    )  # again is fine
    with pytest.raises(TypeError, match="loss"):
        model.compile("adam", "adam", "adam", loss="mse")


def test_shared_weights_are_refused():
    z = keras.Input((games.LATENT_DIM,))
    shared = layers.Dense(games.LATENT_DIM)
    decoder = keras.Model(z, shared(z))
    discriminator = keras.Model(z, layers.Dense(1)(shared(z)))
    with pytest.raises(ValueError, match="must not share weights"):
        models.GAN(decoder, discriminator)


def test_data_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="shape \\(batch, 4, 4, 1\\).*Received"):
        adam(games.vaegan()).fit(np.zeros((4, 5, 5, 1)), verbose=0)
    with pytest.raises(ValueError, match="no `sample_weight`"):
        adam(games.vaegan()).fit(games.images(4), np.ones(4), sample_weight=np.ones(4), verbose=0)


def test_a_batch_of_one_is_refused_where_batch_norm_makes_it_constant():
    model = adam(noisy_vaegan())
    x = games.images(5)
    kinds = ValueError if keras.backend.backend() == "jax" else (ValueError, errors_of_tensorflow())
    with pytest.raises(kinds, match="batch of one example"):
        model.fit(x, batch_size=4, verbose=0)
    assert np.isfinite(model.evaluate(x, batch_size=1, verbose=0)).all()  # evaluation may


def errors_of_tensorflow():
    import tensorflow as tf

    return tf.errors.InvalidArgumentError


def test_a_batch_of_one_trains_where_there_is_no_batch_norm():
    model = adam(
        models.GAN(
            networks.build_decoder("toy"), networks.build_discriminator("toy", minibatch_kernels=3)
        )
    )
    history = model.fit(np.zeros((1, 2)), verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())


def test_the_epoch_that_noise_has_reached_is_saved(tmp_path):
    model = noisy_vaegan()
    layers_ = [layer for layer in model._flatten_layers() if isinstance(layer, DecayingNoise)]
    assert len(layers_) == 3
    for layer in layers_:
        layer.epoch.assign(7)
    model.save_weights(tmp_path / "model.weights.h5")
    copy = noisy_vaegan()
    copy.load_weights(tmp_path / "model.weights.h5")
    epochs = [float(v.epoch) for v in copy._flatten_layers() if isinstance(v, DecayingNoise)]
    assert epochs == [7.0] * 3


def test_nan_is_not_hidden():
    model = adam(games.gan(equilibrium=0.68))
    model.generator.set_weights([np.full_like(w, np.nan) for w in model.generator.get_weights()])
    x = games.images(4)
    assert np.isnan(model.fit(x, verbose=0).history["discriminator_loss"][0])
