"""A VAE that learns by a GAN's features: its losses, and that neither disturbs the other."""

import games
import keras
import numpy as np
import pytest
from keras import ops

from vaegan_edu import losses, models, networks


def similarity_vae(**settings):
    keras.utils.set_random_seed(0)
    return models.SimilarityVAE(
        games.encoder(),
        games.decoder(),
        games.decoder(),
        games.discriminator(),
        **{"seed": 5, "kl_weight": 0.3, **settings},
    )


def test_losses_are_the_formulas():
    model, x, noise = similarity_vae(), games.images(), games.noise()
    z_mean, z_log_var = model.encoder(x)
    z = z_mean + ops.exp(z_log_var / 2) * ops.convert_to_tensor(noise["posterior"])
    real, features = model.discriminator(x)
    _, reconstructed = model.discriminator(model.decoder(z))
    fake, _ = model.discriminator(model.generator(noise["prior"]))
    feature = float(ops.mean(losses.feature_loss(features, reconstructed)))
    prior = float(ops.mean(losses.kl_divergence(z_mean, z_log_var)))
    d_real, d_fake = (1 / (1 + np.exp(-ops.convert_to_numpy(v))) for v in (real, fake))
    found = model.compute_losses(x, training=False, noise=noise)
    assert float(found["encoder"]) == pytest.approx(0.3 * prior + feature, rel=1e-5)
    assert float(found["decoder"]) == pytest.approx(feature, rel=1e-5)
    assert float(found["generator"]) == pytest.approx(-np.log(d_fake).mean(), rel=1e-5)
    assert float(found["discriminator"]) == pytest.approx(
        -(np.log(d_real) + np.log(1 - d_fake)).mean(), rel=1e-5
    )


def test_each_network_follows_its_own_loss():
    """So the decoder takes no part in the game, and the discriminator none in the comparison."""
    model, x, noise = similarity_vae(), games.images(), games.noise()
    expected = {
        name: games.gradient(
            model, lambda name=name: model.compute_losses(x, True, noise)[name], name
        )
        for name in model.network_names
    }
    change = games.step(games.compiled(games.fix_noise(model)), x)
    assert set(change) == {"encoder", "decoder", "generator", "discriminator"}
    for name, changes in change.items():
        for found, slope in zip(changes, expected[name], strict=True):
            np.testing.assert_allclose(found, -0.01 * slope, rtol=1e-3, atol=2e-7)


def test_the_gan_plays_as_if_it_were_alone():
    model, x, noise = similarity_vae(), games.images(), games.noise()
    alone = models.GAN(games.decoder(), games.discriminator(), seed=5)
    alone.generator.set_weights(model.generator.get_weights())
    alone.discriminator.set_weights(model.discriminator.get_weights())
    found = model.compute_losses(x, True, noise)
    expected = alone.compute_losses(x, True, {"prior": noise["prior"]})
    for name, value in expected.items():
        assert float(found[name]) == pytest.approx(float(value), rel=1e-6)


def test_it_is_saved_and_loaded_and_makes_the_vaes_images(tmp_path):
    model = similarity_vae(feature_scale="variance")
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.get_config().keys() == model.get_config().keys()
    assert (loaded.kl_weight, loaded.feature_scale) == (0.3, "variance")
    images = model.generate(3, seed=1)
    np.testing.assert_array_equal(loaded.generate(3, seed=1), images)
    codes = np.random.default_rng(1).standard_normal((3, games.LATENT_DIM))
    np.testing.assert_array_equal(images, networks.apply(model.decoder, codes.astype("float32")))


def test_a_generator_of_another_shape_is_refused():
    other = networks.build_decoder("toy", (2,), latent_dim=games.LATENT_DIM)
    with pytest.raises(ValueError, match="must take and return what the decoder does. Received"):
        models.SimilarityVAE(games.encoder(), games.decoder(), other, games.discriminator())
