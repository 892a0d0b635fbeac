"""Shapes and refusals of the networks."""

import numpy as np
import pytest

from vaegan_edu import networks

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
@pytest.mark.parametrize("settings, message", [
    ({"latent_dim": 0}, "`latent_dim` must be a whole number of at least 1"),
    ({"latent_dim": 2.5}, "`latent_dim` must be a whole number"),
    ({"preset": "huge"}, "`preset` must be one of"),
    ({"image_shape": (28, 28)}, "height, width, channels"),
    ({"image_shape": (30, 28, 1)}, "multiples of 4"),
    ({"image_shape": (4, 4, 1)}, "at least 8"),
    ({"image_shape": (28, 28, 0)}, "at least 1"),
])  # fmt: skip
def test_bad_settings_are_refused(build, settings, message):
    with pytest.raises(ValueError, match=f"{message}.*Received"):
        build(**settings)


def test_apply_equals_predict_whatever_the_chunks():
    classifier = networks.build_classifier()  # dropout and BatchNorm: evaluation mode must show
    images = np.random.default_rng(0).uniform(-1, 1, (7, 28, 28, 1)).astype("float32")
    expected = classifier.predict(images, verbose=0)
    for batch_size in (1, 3, 7, 256):
        found = networks.apply(classifier, images, batch_size=batch_size)
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
