"""The GAN's losses against the formulas of its paper, and who learns from which."""

import games
import keras
import numpy as np
import pytest
from keras import ops

from vaegan_edu import models, networks


def probabilities(model, x, z):
    """D on real and generated examples, float64."""
    logits = [model.discriminate(v, False)[0] for v in (x, model.generator(z))]
    return (1 / (1 + np.exp(-ops.convert_to_numpy(v).astype("float64"))) for v in logits)


@pytest.mark.parametrize("real_target", [1.0, 0.9])
@pytest.mark.parametrize("adversarial_loss", ["non-saturating", "minimax"])
def test_losses_are_the_papers(adversarial_loss, real_target):
    model = games.gan(adversarial_loss=adversarial_loss, real_target=real_target)
    x, noise = games.images(), games.noise(names=["prior"])
    real, fake = probabilities(model, x, noise["prior"])
    t = real_target
    found = model.compute_losses(x, training=False, noise=noise)
    assert float(found["discriminator"]) == pytest.approx(
        -(t * np.log(real) + (1 - t) * np.log(1 - real) + np.log(1 - fake)).mean(), rel=1e-5
    )
    generator = np.log(1 - fake) if adversarial_loss == "minimax" else -np.log(fake)
    assert float(found["generator"]) == pytest.approx(generator.mean(), rel=1e-5)


def test_minimax_is_the_discriminators_value_but_for_the_real_part():
    """Goodfellow's equation 1: what the generator minimises is what the discriminator maximises."""
    model = games.gan(adversarial_loss="minimax")
    x, noise = games.images(), games.noise(names=["prior"])
    real, _ = probabilities(model, x, noise["prior"])
    found = model.compute_losses(x, training=False, noise=noise)
    value = np.log(real).mean() + float(found["generator"])
    assert -float(found["discriminator"]) == pytest.approx(value, rel=1e-5)


@pytest.mark.parametrize("with_features", [True, False])
def test_each_network_follows_its_own_loss(with_features):
    keras.utils.set_random_seed(0)
    model = models.GAN(games.decoder(), games.discriminator(with_features))
    x, noise = games.images(), games.noise(names=["prior"])
    expected = {
        name: games.gradient(
            model, lambda name=name: model.compute_losses(x, True, noise)[name], name
        )
        for name in model.network_names
    }
    change = games.step(games.compiled(games.fix_noise(model), rates={"generator": 0.1}), x)
    for name, rate in {"generator": 0.1, "discriminator": 0.01}.items():
        for found, slope in zip(change[name], expected[name], strict=True):
            np.testing.assert_allclose(found, -rate * slope, rtol=1e-3, atol=2e-7)


@pytest.mark.parametrize("adversarial_loss", ["non-saturating", "minimax"])
@pytest.mark.parametrize("name, sign", [("generator", 1), ("discriminator", -1)])
def test_generator_raises_and_discriminator_lowers_the_logits_of_fakes(
    adversarial_loss, name, sign
):
    model = games.fix_noise(games.gan(adversarial_loss=adversarial_loss))
    z = games.noise()["prior"]

    def logit():
        return np.mean(ops.convert_to_numpy(model.discriminate(model.generator(z), False)[0]))

    before = logit()
    rates = {other: 0.0 for other in model.network_names if other != name}
    games.step(games.compiled(model, rates=rates), games.images())
    assert sign * (logit() - before) > 1e-5


def test_flipped_labels_are_the_non_saturating_loss():
    """The discriminator's loss on fakes with the label "real" is what the generator minimises."""
    model = games.gan()
    logits = np.linspace(-5, 5, 11, dtype="float32")
    np.testing.assert_allclose(
        model.fool(logits), model.judge(logits, real=True, training=False), rtol=1e-6
    )


def test_noisy_labels_flip_in_training_only():
    x, noise = games.images(600), games.noise(600, names=["prior"])
    always, never = games.gan(flip_probability=1.0), games.gan()
    real, fake = probabilities(never, x, noise["prior"])
    flipped = -(np.log(1 - real) + np.log(fake)).mean()

    def loss(model, training):
        return float(model.compute_losses(x, training, noise)["discriminator"])

    assert loss(always, True) == pytest.approx(flipped, rel=1e-5)
    assert loss(always, False) == loss(never, False) == pytest.approx(loss(never, True), rel=1e-6)
    some = games.gan(flip_probability=0.2)
    first, second = loss(some, True), loss(some, True)
    assert first != second
    expected = 0.8 * loss(never, True) + 0.2 * flipped
    assert np.mean([first, second]) == pytest.approx(expected, abs=0.05 * abs(flipped))


@pytest.mark.parametrize("training", [True, False])
def test_training_reaches_every_call_of_every_network(training):
    model = games.gan()
    seen = games.watch_training(model)
    model.compute_terms(games.images(), training=training)
    assert seen == {"generator": [training], "discriminator": [training] * 2}


def test_points_play_as_images_do():
    keras.utils.set_random_seed(0)
    points = np.random.default_rng(0).normal(2.0, 0.1, (256, 2)).astype("float32")
    model = models.GAN(networks.build_decoder("toy"), networks.build_discriminator("toy"), seed=0)
    model.compile(keras.optimizers.Adam(2e-3, beta_1=0.5), keras.optimizers.Adam(2e-3, beta_1=0.5))
    model.fit(points, batch_size=64, epochs=40, verbose=0)
    samples = model.generate(500, seed=0)
    assert samples.shape == (500, 2)
    assert np.linalg.norm(samples.mean(axis=0) - 2.0) < 1.0  # it starts 2.8 away


def test_calling_it_generates():
    model = games.gan()
    z = games.noise()["prior"]
    called = ops.convert_to_numpy(model(z))
    np.testing.assert_allclose(called, model.decode(z), rtol=1e-5, atol=1e-6)
    assert not hasattr(model, "encode") and model.latent_dim == games.LATENT_DIM


def test_networks_that_do_not_meet_are_refused():
    with pytest.raises(ValueError, match="generator's output shape \\(2,\\).*Received"):
        models.GAN(networks.build_decoder("toy"), games.discriminator())
    with pytest.raises(ValueError, match="codes of shape \\(batch, latent_dim\\).*Received"):
        models.GAN(games.discriminator(), games.discriminator())
    with pytest.raises(ValueError, match="`generator` must be a Keras model.*Received: None"):
        models.GAN(None, games.discriminator())
    with pytest.raises(ValueError, match="`discriminator` must be a Keras model.*Received"):
        models.GAN(games.decoder(), games.decoder)
