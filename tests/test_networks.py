"""Shapes and refusals of the networks."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from vaegan_edu import networks
from vaegan_edu.layers import DecayingNoise, MinibatchDiscrimination

BUILDERS = [networks.build_encoder, networks.build_decoder]


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 24, 3)])
def test_encoder_and_decoder_meet(shape):
    encoder = networks.build_encoder(image_shape=shape, latent_dim=5)
    assert [tuple(o.shape) for o in encoder.outputs] == [(None, 5)] * 2
    plain = networks.build_encoder(image_shape=shape, latent_dim=5, variational=False)
    assert tuple(plain.output.shape) == (None, 5)
    decoder = networks.build_decoder(image_shape=shape, latent_dim=5)
    assert tuple(decoder.output.shape) == (None, *shape)
    extreme = decoder.predict(np.full((2, 5), 1e3), verbose=0)
    assert np.abs(extreme).max() <= 1


def test_posteriors_start_at_the_priors_variance():
    encoder = networks.build_encoder(latent_dim=2)
    _, z_log_var = encoder.predict(np.ones((1, 28, 28, 1)), verbose=0)
    assert (z_log_var == 0).all()


def test_classifier_returns_logits_and_features():
    logits, features = networks.build_classifier(num_classes=7).output
    assert tuple(logits.shape) == (None, 7) and tuple(features.shape) == (None, 64)


@pytest.mark.parametrize("build", BUILDERS)
@pytest.mark.parametrize(
    "settings, message",
    [
        ({"latent_dim": 0}, "`latent_dim` must be a whole number of at least 1"),
        ({"latent_dim": 2.5}, "`latent_dim` must be a whole number"),
        ({"preset": "huge"}, "`preset` must be one of"),
        ({"batch_norm": "within"}, "`batch_norm` must be one of before, after, None"),
        ({"preset": "toy", "image_shape": (28, 28, 1)}, "must be \\(width,\\)"),
        ({"image_shape": (28, 28)}, "height, width, channels"),
        ({"image_shape": (30, 28, 1)}, "multiples of 4"),
        ({"preset": "larsen", "image_shape": (28, 28, 1)}, "multiples of 8"),
        ({"image_shape": (4, 4, 1)}, "at least 8"),
        ({"image_shape": (28, 28, 0)}, "at least 1"),
    ],
)
def test_bad_settings_are_refused(build, settings, message):
    with pytest.raises(ValueError, match=f"{message}.*Received"):
        build(**settings)


@pytest.mark.slow
def test_apply_equals_predict_whatever_the_chunks(monkeypatch):
    classifier = networks.build_classifier()  # dropout and BatchNorm: evaluation mode must show
    images = np.random.default_rng(0).uniform(-1, 1, (7, 28, 28, 1)).astype("float32")
    expected = classifier.predict(images, verbose=0)
    for rows in (0, 1, 3, 7, 256):  # the pixels of 0 images are fewer than one has: one at a time
        monkeypatch.setattr(networks, "PIXELS_AT_ONCE", rows * 28 * 28)
        found = networks.apply(classifier, images)
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def count(network):
    return network.count_params()


@pytest.mark.slow
@pytest.mark.parametrize(
    "image_shape, latent_dim, encoder, decoder, discriminator, kernels",
    [
        ((28, 28, 1), 64, 3_545_920, 4_887_361, 3_415_745, 0),
        ((64, 64, 3), 2048, 30_028_480, 31_814_595, 25_847_489 + 401_408 * 2, 16),
    ],
)
def test_original_networks_have_the_original_numbers_of_parameters(
    image_shape, latent_dim, encoder, decoder, discriminator, kernels
):
    found = [
        networks.build_encoder("original", image_shape, latent_dim),
        networks.build_decoder("original", image_shape, latent_dim),
        networks.build_discriminator(
            "original", image_shape, minibatch_kernels=kernels, minibatch_dim=2, dropout=0.3
        ),
    ]
    assert [count(network) for network in found] == [encoder, decoder, discriminator]
    assert found[1].output_shape == (None, *image_shape)


@pytest.mark.parametrize("preset", networks.PRESETS)
def test_the_three_networks_of_a_preset_meet(preset):
    shape = (2,) if preset == "toy" else (16, 32, 3)
    encoder = networks.build_encoder(preset, shape, latent_dim=5)
    decoder = networks.build_decoder(preset, shape, latent_dim=5)
    discriminator = networks.build_discriminator(preset, shape)
    x = np.random.default_rng(0).uniform(-1, 1, (3, *shape)).astype("float32")
    z_mean, z_log_var = encoder(x)
    assert tuple(z_mean.shape) == tuple(z_log_var.shape) == (3, 5)
    made = ops.convert_to_numpy(decoder(100.0 * ops.ones((3, 5))))
    assert made.shape == x.shape and (preset == "toy" or np.abs(made).max() <= 1)
    logits, features = discriminator(x)
    assert tuple(logits.shape) == (3, 1) and len(features) == 3


def kinds(network, *wanted):
    return [type(layer).__name__ for layer in network.layers if isinstance(layer, wanted)]


def test_batch_norm_stands_before_or_after_the_activation():
    steps = layers.BatchNormalization, layers.Activation
    for place, expected in {
        "before": ["BatchNormalization", "Activation"] * 3,
        "after": ["Activation", "BatchNormalization"] * 3,
        None: [],
    }.items():
        assert kinds(networks.build_decoder("original", batch_norm=place), *steps) == expected
    before, after, without = (
        count(networks.build_decoder("light", batch_norm=v)) for v in ("before", "after", None)
    )
    assert before == after > without
    # In the original's trunk the first convolution has neither.
    found = kinds(networks.build_encoder("original"), layers.Conv2D, *steps)
    assert found == ["Conv2D", "Conv2D", "BatchNormalization", "Activation"] + [
        "BatchNormalization",
        "Activation",
    ]


def feature_of(network, x):
    return ops.convert_to_numpy(network(x, training=False)[1])


@pytest.mark.parametrize(
    "preset, layer, kind",
    [
        ("small", None, "conv2d"),
        ("light", None, "conv2d"),
        ("original", None, "conv2d"),
        ("original", 1, "conv2d"),
        ("original", 3, "dense"),
        ("toy", None, "dense"),
        ("toy", 1, "dense"),
    ],
)
def test_features_are_a_layers_output_before_batch_norm_and_activation(preset, layer, kind):
    shape = (2,) if preset == "toy" else (8, 8, 1)
    if preset == "original":
        shape = (28, 28, 1)
    network = networks.build_discriminator(preset, shape, feature_layer=layer)
    x = np.random.default_rng(0).uniform(-1, 1, (4, *shape)).astype("float32")
    weighted = [v for v in network.layers if isinstance(v, (layers.Conv2D, layers.Dense))][:-1]
    convolutions = [v for v in weighted if isinstance(v, layers.Conv2D)]
    chosen = weighted[layer - 1] if layer else (convolutions or weighted)[-1]
    assert kind in type(chosen).__name__.lower()
    expected = keras.Model(network.inputs[0], chosen.output)(x, training=False)
    np.testing.assert_array_equal(feature_of(network, x), ops.convert_to_numpy(expected))
    assert (feature_of(network, x) < 0).any()  # linear: an activation would have cut them


@pytest.mark.parametrize("batch_norm", ["before", "after"])
def test_features_of_a_later_stage_are_norm_and_activation_of_the_linear_ones(batch_norm):
    x = np.random.default_rng(0).uniform(-1, 1, (4, 28, 28, 1)).astype("float32")
    found = {}
    for stage in ("linear", "norm", "activation"):
        keras.utils.set_random_seed(0)
        network = networks.build_discriminator(
            "original", feature_stage=stage, batch_norm=batch_norm
        )
        found[stage] = ops.convert_to_numpy(network(x, training=True)[1])
        assert found[stage].size == 4 * 3200

    def norm(h):  # epsilon as Keras' layer has it; gamma and beta are 1 and 0 at the start
        return (h - h.mean((0, 1, 2))) / np.sqrt(h.var((0, 1, 2)) + 1e-3)

    def leaky(h):
        return np.where(h > 0, h, 0.2 * h)  # Keras' default slope

    normed = found["linear"] if batch_norm == "before" else leaky(found["linear"])
    np.testing.assert_allclose(found["norm"], norm(normed), rtol=1e-3, atol=1e-4)
    bent = found["norm"] if batch_norm == "before" else found["linear"]
    np.testing.assert_allclose(found["activation"], leaky(bent), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("preset", ["light", "original", "toy"])
def test_features_stand_upstream_of_minibatch_discrimination(preset):
    shape = (2,) if preset == "toy" else (28, 28, 1)
    network = networks.build_discriminator(preset, shape, minibatch_kernels=4)
    x = np.random.default_rng(0).uniform(-1, 1, (3, *shape)).astype("float32")
    alone = np.concatenate([feature_of(network, x[[i]]) for i in range(3)])
    np.testing.assert_allclose(feature_of(network, x), alone, rtol=1e-4, atol=1e-5)
    logits = ops.convert_to_numpy(network(x, training=False)[0])
    single = np.concatenate([ops.convert_to_numpy(network(x[[i]])[0]) for i in range(3)])
    assert np.abs(logits - single).max() > 1e-3  # the logits do depend on the batch


def test_dropout_stands_where_it_was_put():
    wanted = layers.Conv2D, layers.Dense, layers.Dropout, MinibatchDiscrimination
    dense = networks.build_discriminator("original", dropout=0.5, minibatch_kernels=2)
    assert kinds(dense, *wanted) == [
        "Conv2D",
        "Conv2D",
        "MinibatchDiscrimination",
        "Dropout",
        "Dense",
        "Dense",
    ]
    spread = networks.build_discriminator("light", dropout=0.5, dropout_place="convolutions")
    assert kinds(spread, *wanted) == ["Conv2D", "Dropout", "Conv2D", "Dropout", "Dense"]


def test_noise_stands_on_the_input_of_every_layer_with_weights():
    wanted = layers.Conv2D, layers.Conv2DTranspose, layers.Dense, DecayingNoise
    decoder = networks.build_decoder("light", noise=(0.2, 30))
    assert kinds(decoder, *wanted) == [
        "DecayingNoise",
        "Dense",
        "DecayingNoise",
        "Conv2DTranspose",
        "DecayingNoise",
        "Conv2DTranspose",
        "DecayingNoise",
        "Conv2D",
    ]
    noise = [layer for layer in decoder.layers if isinstance(layer, DecayingNoise)]
    assert {(layer.stddev, layer.epochs) for layer in noise} == {(0.2, 30)}
    discriminator = networks.build_discriminator("light", instance_noise=(0.1, 5))
    assert isinstance(discriminator.layers[1], DecayingNoise)


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"preset": "original", "feature_layer": 3, "minibatch_kernels": 2}, "at most 2 here"),
        ({"feature_layer": 3}, "at most 2 here"),
        ({"feature_layer": 0}, "`feature_layer` must be a whole number of at least 1"),
        ({"feature_stage": "norm"}, "layer 2.` must be one of linear, activation. "),
        ({"minibatch_kernels": -1}, "`minibatch_kernels` must be"),
        ({"dropout": 1.0}, "`dropout` must be below 1"),
        ({"dropout": -0.1}, "`dropout` must be"),
        ({"dropout_place": "logits"}, "`dropout_place` must be one of dense, convolutions"),
        ({"batch_norm": "within"}, "`batch_norm` must be"),
        ({"image_shape": (30, 28, 1)}, "multiples of 4"),
        ({"preset": "huge"}, "`preset` must be one of"),
    ],
)
def test_bad_discriminators_are_refused(settings, message):
    with pytest.raises(ValueError, match=f"{message}.*Received"):
        networks.build_discriminator(**settings)
