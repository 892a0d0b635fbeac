"""The VAE-GAN's terms against formulas written out, and Larsen's routing, term by term."""

import games
import keras
import numpy as np
import pytest
from keras import ops

from vaegan_edu import models, networks

TERMS = ("prior", "feature", "adversarial_decoder", "adversarial_discriminator")
GAMMA = 0.3

# What a term alone moves: its factor in the loss of encoder, decoder and discriminator.
ROUTING = {
    "prior": (1.0, 0.0, 0.0),
    "feature": (1.0, GAMMA, 0.0),
    "adversarial_decoder": (0.0, 1.0, 0.0),
    "adversarial_discriminator": (0.0, 0.0, 1.0),
}


def softplus(x):
    return np.logaddexp(0.0, x)


def written_out(model, x, noise, minimax=False):
    """The four terms in NumPy, from the networks' outputs alone."""

    def of(network, value):
        outputs = network(np.asarray(value, "float32"), training=False)
        outputs = outputs if isinstance(outputs, (tuple, list)) else [outputs]
        arrays = [ops.convert_to_numpy(output).astype("float64") for output in outputs]
        return arrays if len(arrays) > 1 else arrays[0]

    z_mean, z_log_var = of(model.encoder, x)
    reconstruction = of(model.decoder, z_mean + np.exp(z_log_var / 2) * noise["posterior"])
    generated = of(model.decoder, noise["prior"])
    real, real_features = of(model.discriminator, x)
    fake, fake_features = of(model.discriminator, reconstruction)
    sampled, _ = of(model.discriminator, generated)
    d_real, d_fake, d_sampled = (1 / (1 + np.exp(-logit)) for logit in (real, fake, sampled))
    axes = tuple(range(1, real_features.ndim))
    fooled = np.log(1 - d_fake) + np.log(1 - d_sampled)
    if not minimax:
        fooled = -np.log(d_fake) - np.log(d_sampled)
    return {
        "prior": 0.5 * (z_mean**2 + np.exp(z_log_var) - z_log_var - 1).sum(axis=1).mean(),
        "feature": 0.5 * ((real_features - fake_features) ** 2).sum(axis=axes).mean(),
        "adversarial_decoder": fooled.mean(),
        "adversarial_discriminator": -(
            np.log(d_real) + np.log(1 - d_fake) + np.log(1 - d_sampled)
        ).mean(),
    }


def values(tensors):
    return {name: float(tensor) for name, tensor in tensors.items()}


@pytest.mark.parametrize("adversarial_loss", ["non-saturating", "minimax"])
def test_terms_are_the_formulas(adversarial_loss):
    model = games.vaegan(adversarial_loss=adversarial_loss)
    x, noise = games.images(), games.noise()
    expected = written_out(model, x, noise, minimax=adversarial_loss == "minimax")
    found = values(model.compute_terms(x, training=False, noise=noise))
    assert set(found) == set(TERMS)
    assert found == pytest.approx(expected, rel=1e-4)


def test_terms_are_the_formulas_on_convolutions():
    """Features as a map: the sum runs over its height, width and channels."""
    shape = (8, 8, 1)
    model = models.VAEGAN(
        networks.build_encoder("light", shape, games.LATENT_DIM),
        networks.build_decoder("light", shape, games.LATENT_DIM),
        networks.build_discriminator("light", shape),
    )
    x, noise = games.images(shape=shape), games.noise()
    found = values(model.compute_terms(x, training=False, noise=noise))
    assert found == pytest.approx(written_out(model, x, noise), rel=1e-4)


def test_losses_are_made_of_the_terms():
    model = games.vaegan(gamma=GAMMA, kl_weight=0.7, feature_weight=0.2)
    x, noise = games.images(), games.noise()
    t = written_out(model, x, noise)
    assert values(model.compute_losses(x, training=False, noise=noise)) == pytest.approx(
        {
            "encoder": 0.7 * t["prior"] + 0.2 * t["feature"],
            "decoder": GAMMA * t["feature"] + t["adversarial_decoder"],
            "discriminator": t["adversarial_discriminator"],
        },
        rel=1e-4,
    )


@pytest.mark.parametrize("term", TERMS)
def test_a_term_alone_moves_what_larsen_says(term):
    model = games.vaegan(gamma=GAMMA)
    x, noise = games.images(), games.noise()
    all_terms = model.compute_terms
    expected = {
        name: games.gradient(model, lambda: all_terms(x, True, noise)[term], name)
        for name in model.network_names
    }
    games.fix_noise(model, noise)
    terms_of = model.terms_of
    model.terms_of = lambda played, training: {
        name: value if name == term else 0.0 * value
        for name, value in terms_of(played, training).items()
    }
    change = games.step(games.compiled(model, rates={"encoder": 0.1}), x)
    for name, factor, rate in zip(
        model.network_names, ROUTING[term], (0.1, 0.01, 0.01), strict=True
    ):
        for found, slope in zip(change[name], expected[name], strict=True):
            if factor == 0.0:
                assert (found == 0).all(), (name, "moved")
            else:
                assert np.abs(slope).max() > 0
                np.testing.assert_allclose(found, -rate * factor * slope, rtol=1e-3, atol=2e-7)
    if term == "feature":  # it has a gradient in the discriminator, which is never applied
        assert max(np.abs(slope).max() for slope in expected["discriminator"]) > 1e-3


@pytest.mark.parametrize(
    "term, name",
    [
        (term, name)
        for term, factors in ROUTING.items()
        for name, factor in zip(models.VAEGAN.network_names, factors, strict=True)
        if factor
    ],
)
def test_gradients_are_the_slopes_of_the_formulas(term, name):
    """In a random direction, by finite differences of NumPy: no path of a gradient is cut."""
    model, x, noise = games.vaegan(), games.images(), games.noise()
    slope = games.gradient(model, lambda: model.compute_terms(x, True, noise)[term], name)
    rng, variables = np.random.default_rng(0), model.networks[name].trainable_variables
    direction = [rng.standard_normal(g.shape) for g in slope]
    before = [ops.convert_to_numpy(v) for v in variables]

    def moved(step):
        for variable, start, way in zip(variables, before, direction, strict=True):
            variable.assign(start + step * way)
        return written_out(model, x, noise)[term]

    expected = (moved(1e-3) - moved(-1e-3)) / 2e-3
    found = sum((g * way).sum() for g, way in zip(slope, direction, strict=True))
    assert found == pytest.approx(expected, rel=1e-2, abs=1e-3)


def test_a_step_takes_all_gradients_from_the_same_weights():
    """In the step of all networks each does what it would do alone: none sees another's update."""
    x = games.images()
    together = games.step(games.compiled(games.fix_noise(games.vaegan(gamma=GAMMA))), x)
    for name in together:
        rates = {other: 0.0 for other in together if other != name}
        alone = games.step(
            games.compiled(games.fix_noise(games.vaegan(gamma=GAMMA)), rates=rates), x
        )
        for one, other in zip(alone[name], together[name], strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-8)
            assert (one != 0).any()


@pytest.mark.parametrize("adversarial_loss", ["non-saturating", "minimax"])
@pytest.mark.parametrize("name, sign", [("decoder", 1), ("discriminator", -1)])
def test_decoder_raises_and_discriminator_lowers_the_logits_of_fakes(adversarial_loss, name, sign):
    model = games.fix_noise(games.vaegan(gamma=0.0, adversarial_loss=adversarial_loss))
    x, noise = games.images(), games.noise()
    fakes = {"prior": noise["prior"], "posterior": model.encode(x)}

    def logits():
        return np.array(
            [
                np.mean(ops.convert_to_numpy(model.discriminator(model.decoder(z))[0]))
                for z in fakes.values()
            ]
        )

    before = logits()
    rates = {other: 0.0 for other in model.network_names if other != name}
    games.step(games.compiled(model, rates=rates), x)
    assert (sign * (logits() - before) > 1e-5).all()


def test_reconstructions_may_be_left_out_of_the_game():
    x, noise = games.images(), games.noise()
    model = games.vaegan(reconstructions_are_fakes=False)
    found = values(model.compute_terms(x, training=False, noise=noise))
    real, _ = model.discriminator(x)
    sampled, _ = model.discriminator(model.decoder(noise["prior"]))
    real, sampled = (ops.convert_to_numpy(logit).astype("float64") for logit in (real, sampled))
    assert found["adversarial_decoder"] == pytest.approx(softplus(-sampled).mean(), rel=1e-5)
    assert found["adversarial_discriminator"] == pytest.approx(
        (softplus(-real) + softplus(sampled)).mean(), rel=1e-5
    )
    assert found["feature"] == pytest.approx(written_out(model, x, noise)["feature"], rel=1e-4)


def test_fake_weight_acts_on_the_discriminators_fakes_only():
    x, noise = games.images(), games.noise()
    one, half, none = (
        values(games.vaegan(fake_weight=w).compute_terms(x, training=False, noise=noise))
        for w in (1.0, 0.5, 0.0)
    )
    fakes = one["adversarial_discriminator"] - none["adversarial_discriminator"]
    assert fakes > 0.1
    assert half["adversarial_discriminator"] == pytest.approx(
        none["adversarial_discriminator"] + 0.5 * fakes, rel=1e-5
    )
    assert half["adversarial_decoder"] == one["adversarial_decoder"]


def test_pixel_weight_adds_a_vaes_error_to_the_feature_term_of_both_losses():
    x, noise = games.images(), games.noise()
    plain, mixed = games.vaegan(gamma=0.3), games.vaegan(gamma=0.3, pixel_weight=0.7)
    played = mixed.play(ops.convert_to_tensor(x), False, noise)
    terms = mixed.terms_of(played, False)
    reconstruction = ops.convert_to_numpy(played.examples["reconstruction"]).astype("float64")
    pixel = 0.5 * ((x - reconstruction) ** 2).sum(axis=(1, 2, 3)).mean()
    assert float(terms["pixel"]) == pytest.approx(pixel, rel=1e-5) and pixel > 0.1
    before = values(plain.losses_of(plain.terms_of(played, False)))
    after = values(mixed.losses_of(terms))
    assert after["encoder"] - before["encoder"] == pytest.approx(0.7 * pixel, rel=1e-4)
    assert after["decoder"] - before["decoder"] == pytest.approx(0.3 * 0.7 * pixel, rel=1e-4)
    assert after["discriminator"] == before["discriminator"]
    logs = games.compiled(mixed, keras.optimizers.Adam).fit(x, verbose=0).history
    assert logs["pixel_loss"][0] > 0.0
    assert mixed.get_config()["pixel_weight"] == 0.7


def test_feature_loss_by_variance_does_not_change_with_the_features_scale():
    x, noise = games.images(), games.noise()
    model = games.vaegan(feature_scale="variance")
    before = values(model.compute_terms(x, training=False, noise=noise))["feature"]
    layer = next(v for v in model.discriminator.layers if isinstance(v, keras.layers.Dense))
    layer.set_weights([10 * w for w in layer.get_weights()])
    assert values(model.compute_terms(x, training=False, noise=noise))["feature"] == pytest.approx(
        before, rel=1e-3
    )
    real, fake = (
        ops.convert_to_numpy(model.discriminator(v)[1]).astype("float64")
        for v in (
            x,
            model.decoder(
                ops.convert_to_numpy(model.sampling(model.encoder(x), noise=noise["posterior"]))
            ),
        )
    )
    expected = (0.5 * (real - fake) ** 2 / real.var(axis=0)).sum(axis=1).mean()
    assert before == pytest.approx(expected, rel=1e-3)


def test_the_discriminator_sees_each_kind_of_image_in_a_batch_of_its_own():
    model = games.vaegan()
    seen = []
    discriminator = model.discriminator.call
    model.discriminator.call = lambda x, **kwargs: seen.append(len(x)) or discriminator(x, **kwargs)
    model.compute_terms(games.images(), training=True, noise=games.noise())
    assert seen == [games.BATCH] * 3


@pytest.mark.parametrize("training", [True, False])
def test_training_reaches_every_call_of_every_network(training):
    model = games.vaegan()
    seen = games.watch_training(model)
    model.compute_terms(games.images(), training=training, noise=games.noise())
    calls = {"encoder": 1, "decoder": 2, "discriminator": 3}
    assert seen == {name: [training] * count for name, count in calls.items()}


def test_noise_is_drawn_anew_for_every_step_and_repeats_with_the_seed():
    x = games.images()
    first, again = games.vaegan(seed=3), games.vaegan(seed=3)
    one, two = (values(first.compute_terms(x, training=False)) for _ in range(2))
    assert one == values(again.compute_terms(x, training=False))
    assert one["feature"] != two["feature"]
    assert one["adversarial_decoder"] != two["adversarial_decoder"]


@pytest.mark.parametrize("bad", [{}, {"prior": 0}, {"posterior": 0, "prior": 0, "z": 0}])
def test_other_noise_is_refused(bad):
    with pytest.raises(ValueError, match="exactly the keys posterior, prior.*Received"):
        games.vaegan().compute_terms(games.images(), training=False, noise=bad)


def test_arrays_in_arrays_out():
    model, x = games.vaegan(), games.images()
    z = model.encode(x)
    assert isinstance(z, np.ndarray) and z.shape == (games.BATCH, games.LATENT_DIM)
    np.testing.assert_allclose(z, ops.convert_to_numpy(model.encoder(x)[0]), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(model.reconstruct(x), model.decode(z))
    np.testing.assert_array_equal(model.generate(2, seed=1), model.generate(2, seed=1))


def test_logs_are_the_losses_the_two_terms_and_what_the_discriminator_thinks():
    model = games.compiled(games.fix_noise(games.vaegan(gamma=GAMMA)))
    x, noise = games.images(), games.noise()
    logs = model.evaluate(x, batch_size=len(x), verbose=0, return_dict=True)
    losses = values(model.compute_losses(x, training=False, noise=noise))
    terms = written_out(model, x, noise)
    d_real = float(ops.mean(ops.sigmoid(model.discriminator(x)[0])))
    d_generated = float(
        ops.mean(ops.sigmoid(model.discriminator(model.decoder(noise["prior"]))[0]))
    )
    assert set(logs) == {
        "encoder_loss",
        "decoder_loss",
        "discriminator_loss",
        "kl_loss",
        "feature_loss",
        "d_real",
        "d_reconstruction",
        "d_generated",
    }
    assert {k: logs[f"{k}_loss"] for k in losses} == pytest.approx(losses, rel=1e-5)
    assert logs["kl_loss"] == pytest.approx(terms["prior"], rel=1e-4)
    assert logs["feature_loss"] == pytest.approx(terms["feature"], rel=1e-4)
    assert (logs["d_real"], logs["d_generated"]) == pytest.approx((d_real, d_generated), rel=1e-4)


def test_it_plays_with_points_too():
    model = models.VAEGAN(
        *(b("toy") for b in (networks.build_encoder, networks.build_decoder)),
        networks.build_discriminator("toy"),
    )
    points = 3.0 * np.random.default_rng(0).standard_normal((8, 2))
    games.compiled(model, keras.optimizers.Adam).fit(points, verbose=0)
    assert model.reconstruct(points).shape == (8, 2)
    with pytest.raises(ValueError, match="`points` must have shape \\(batch, 2\\).*Received"):
        model.encode(np.zeros((8, 3)))


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"gamma": -1e-3}, "`gamma` must be finite and at least 0"),
        ({"gamma": float("nan")}, "`gamma` must be finite"),
        ({"kl_weight": -1}, "`kl_weight` must be"),
        ({"feature_weight": "1"}, "`feature_weight` must be a number"),
        ({"fake_weight": -0.5}, "`fake_weight` must be"),
        ({"pixel_weight": -0.5}, "`pixel_weight` must be"),
        ({"feature_scale": "mean"}, "`feature_scale` must be one of sum, variance"),
        ({"adversarial_loss": "wasserstein"}, "must be one of non-saturating, minimax"),
        ({"real_target": 1.1}, "`real_target` must be at most 1"),
        ({"flip_probability": 2.0}, "`flip_probability` must be at most 1"),
        ({"equilibrium": -1.0}, "`equilibrium` must be"),
        ({"margin": -1.0}, "`margin` must be"),
    ],
)
def test_bad_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=f"{message}.*Received"):
        games.vaegan(**settings)


def test_networks_that_do_not_meet_are_refused():
    encoder, decoder, discriminator = games.encoder(), games.decoder(), games.discriminator()
    other = networks.build_discriminator("light", (8, 8, 1))
    with pytest.raises(ValueError, match="decoder's output shape \\(4, 4, 1\\).*Received"):
        models.VAEGAN(encoder, decoder, other)
    with pytest.raises(ValueError, match="encoder's input shape.*Received"):
        models.VAEGAN(encoder, networks.build_decoder("light", (8, 8, 1), games.LATENT_DIM), other)
    with pytest.raises(ValueError, match="codes of the encoder's shape.*Received"):
        shape = (8, 8, 1)
        models.VAEGAN(
            networks.build_encoder("light", shape, 3),
            networks.build_decoder("light", shape, 4),
            other,
        )
    with pytest.raises(ValueError, match="returns \\(logits, features\\).*Received: 1"):
        models.VAEGAN(encoder, decoder, games.discriminator(with_features=False))
    with pytest.raises(ValueError, match="variational=True.*Received: 1"):
        models.VAEGAN(decoder, decoder, discriminator)
    with pytest.raises(ValueError, match="`logits` \\(batch, 1\\).*Received"):
        models.VAEGAN(encoder, decoder, encoder)
    for position, name in enumerate(("encoder", "decoder", "discriminator")):
        given = [encoder, decoder, discriminator]
        given[position] = None
        with pytest.raises(ValueError, match=f"`{name}` must be a Keras model.*Received: None"):
            models.VAEGAN(*given)
