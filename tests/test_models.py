"""The autoencoder and the VAE against their formulas, and what a reader may do with them."""

import keras
import numpy as np
import pytest
from keras import ops

from vaegan_edu import models, networks

SHAPE = (8, 8, 1)


@pytest.fixture
def images():
    return np.random.default_rng(0).uniform(-1, 1, (6, *SHAPE)).astype("float32")


def make_vae(**settings):
    keras.utils.set_random_seed(0)
    vae = models.VAE(
        networks.build_encoder(image_shape=SHAPE, latent_dim=3),
        networks.build_decoder(image_shape=SHAPE, latent_dim=3),
        **settings,
    )
    # Posteriors away from the prior: at the initial z_log_var of zero, errors in it would hide.
    layer = vae.encoder.get_layer("z_log_var")
    kernel, bias = layer.get_weights()
    rng = np.random.default_rng(1)
    layer.set_weights([rng.normal(0, 0.3, kernel.shape), rng.normal(0, 0.5, bias.shape)])
    return vae


def make_autoencoder():
    keras.utils.set_random_seed(0)
    return models.Autoencoder(
        networks.build_encoder(image_shape=SHAPE, latent_dim=3, variational=False),
        networks.build_decoder(image_shape=SHAPE, latent_dim=3),
    )


def array(tensor):
    return ops.convert_to_numpy(tensor).astype("float64")


def written_out(vae, images, noise):
    """The VAE's two terms in NumPy, from the two networks' outputs alone."""
    z_mean, z_log_var = (array(t) for t in vae.encoder(images))
    z = z_mean + np.exp(z_log_var / 2) * noise
    x_hat = array(vae.decoder(z.astype("float32")))
    x = images.astype("float64")
    if vae.reconstruction_loss == "gaussian":
        reconstruction = 0.5 * ((x - x_hat) ** 2).sum(axis=(1, 2, 3))
    else:
        t, p = (x + 1) / 2, (x_hat + 1) / 2
        reconstruction = -(t * np.log(p) + (1 - t) * np.log(1 - p)).sum(axis=(1, 2, 3))
    kl = 0.5 * (z_mean**2 + np.exp(z_log_var) - z_log_var - 1).sum(axis=1)
    return reconstruction.mean(), kl.mean()


@pytest.mark.parametrize("reconstruction_loss", ["gaussian", "bernoulli"])
@pytest.mark.parametrize("beta", [0.0, 1.0, 4.0])
def test_vae_loss_is_the_formula_on_the_same_weights(images, reconstruction_loss, beta):
    vae = make_vae(reconstruction_loss=reconstruction_loss, beta=beta)
    noise = np.random.default_rng(2).standard_normal((6, 3)).astype("float32")
    outputs = vae(images, training=False, noise=noise)
    reconstruction, kl = written_out(vae, images, noise)
    terms = vae.compute_terms(images, training=False, noise=noise)
    terms = {name: float(array(value)) for name, value in terms.items()}
    assert terms["reconstruction_loss"] == pytest.approx(reconstruction, rel=1e-5)
    assert terms["kl_loss"] == pytest.approx(kl, rel=1e-5)
    loss = float(array(vae.compute_loss(x=images, y_pred=outputs)))
    assert loss == pytest.approx(reconstruction + beta * kl, rel=1e-5)


def test_fit_follows_the_gradient_of_that_loss(images):
    """A step of SGD by `fit` is the slope of the NumPy formula, measured by finite differences."""
    vae = make_vae(beta=2.0)
    vae.sampling.call = lambda inputs, noise=None: inputs[0]  # no noise: z is z_mean
    bias = vae.encoder.get_layer("z_mean").bias
    start = np.array([1.0, -0.5, 0.8])  # away from zero, where the KL term has no slope
    bias.assign(start)
    before = vae.get_weights()
    vae.compile(keras.optimizers.SGD(1e-3))
    vae.fit(images, batch_size=6, epochs=1, verbose=0)
    gradient = (start - ops.convert_to_numpy(bias)) / 1e-3
    vae.set_weights(before)

    def loss(shift):
        bias.assign(start + shift)
        reconstruction, kl = written_out(vae, images, np.zeros((6, 3)))
        return reconstruction + 2.0 * kl

    length = np.linalg.norm(gradient)
    step = 0.02 * gradient / length
    assert (loss(step) - loss(-step)) / 0.04 == pytest.approx(length, rel=2e-2)


def test_logged_terms_are_averages_over_all_images_and_add_up(images):
    vae = make_vae(beta=3.0)
    vae.sampling.call = lambda inputs, noise=None: inputs[0]
    vae.compile("sgd")
    logs = vae.evaluate(images, batch_size=4, verbose=0, return_dict=True)  # batches of 4 and 2
    reconstruction, kl = written_out(vae, images, np.zeros((6, 3)))
    assert logs["reconstruction_loss"] == pytest.approx(reconstruction, rel=1e-5)
    assert logs["kl_loss"] == pytest.approx(kl, rel=1e-5)
    assert logs["loss"] == pytest.approx(reconstruction + 3 * kl, rel=1e-5)


def test_autoencoder_loss_is_half_the_summed_square(images):
    autoencoder = make_autoencoder()
    autoencoder.compile("sgd")
    expected = 0.5 * ((images - autoencoder.reconstruct(images)) ** 2).sum(axis=(1, 2, 3)).mean()
    assert autoencoder.evaluate(images, verbose=0) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("make", [make_vae, make_autoencoder])
def test_same_seed_same_bits(make, images):
    weights = []
    for _ in range(2):
        keras.utils.set_random_seed(7)
        model = make(seed=5) if make is make_vae else make()
        model.compile(keras.optimizers.Adam(1e-3))
        model.fit(images, batch_size=4, epochs=3, verbose=0, validation_data=(images,))
        weights.append(model.get_weights())
    for first, second in zip(*weights, strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("make", [make_vae, make_autoencoder])
@pytest.mark.parametrize("suffix", [".keras", ".weights.h5"])
def test_save_and_load(make, suffix, images, tmp_path):
    model = make(beta=2.5) if make is make_vae else make()
    path = tmp_path / f"model{suffix}"
    if suffix == ".keras":
        model.save(path)
        copy = keras.saving.load_model(path)
        settings = ("beta", "reconstruction_loss", "seed")
        assert [getattr(copy, s, None) for s in settings] == [
            getattr(model, s, None) for s in settings
        ]
    else:
        model.save_weights(path)
        copy = make()
        copy.decoder.set_weights([w * 0 for w in copy.decoder.get_weights()])
        copy.load_weights(path)
    np.testing.assert_array_equal(copy.reconstruct(images), model.reconstruct(images))
    np.testing.assert_array_equal(copy.generate(2, seed=1), model.generate(2, seed=1))


@pytest.mark.parametrize("make", [make_vae, make_autoencoder])
def test_arrays_in_arrays_out(make, images):
    model = make()
    z = model.encode(images)
    assert isinstance(z, np.ndarray) and z.shape == (6, 3)
    np.testing.assert_array_equal(model.reconstruct(images), model.decode(z))
    generated = model.generate(5, seed=0)
    assert generated.shape == (5, *SHAPE) and np.abs(generated).max() <= 1
    np.testing.assert_array_equal(generated, model.generate(5, seed=0))
    assert (generated != model.generate(5, seed=1)).any()


def test_vae_encodes_to_the_posterior_mean(images):
    vae = make_vae()
    z_mean = array(vae.encoder(images)[0])
    np.testing.assert_allclose(vae.encode(images), z_mean, rtol=1e-5, atol=1e-6)


BAD_IMAGES = {
    "rank": (np.zeros((8, 8, 1)), "must have shape"),
    "size": (np.zeros((2, 9, 8, 1)), "must have shape"),
    "range": (np.full((2, 8, 8, 1), 255.0), "must lie in \\[-1, 1\\]"),
    "nan": (np.full((2, 8, 8, 1), np.nan), "without NaN"),
    "empty": (np.zeros((0, 8, 8, 1)), "at least one image"),
    "text": (np.full((2, 8, 8, 1), "a"), "array of numbers"),
}


@pytest.mark.parametrize("make", [make_vae, make_autoencoder])
@pytest.mark.parametrize("bad", BAD_IMAGES)
def test_bad_images_are_refused(make, bad):
    value, message = BAD_IMAGES[bad]
    for method in ("encode", "reconstruct"):
        with pytest.raises(ValueError, match=f"{message}.*Received"):
            getattr(make(), method)(value)


class Pixels(keras.utils.PyDataset):
    def __len__(self):
        return 1

    def __getitem__(self, index):
        return np.full((2, *SHAPE), 255.0), np.zeros(2)


@pytest.mark.parametrize("make", [make_vae, make_autoencoder])
def test_nothing_is_learned_from_images_of_another_range_or_shape(make, images):
    """From arrays, with and without labels, from a dataset, and where they are to validate."""
    for x, settings, message in (
        (np.uint8(images + 100), {}, "images / 127.5 - 1"),
        (images * 127.5, {"y": np.zeros(6)}, "images / 127.5 - 1"),
        (Pixels(), {}, "images / 127.5 - 1"),
        (images, {"validation_data": (images * 2,)}, "must lie in"),
        (images[..., 0], {}, "must have shape"),
    ):
        model = make()
        model.compile("sgd")
        before = model.get_weights()
        with pytest.raises(ValueError, match=f"{message}.*Received"):
            model.fit(x, verbose=0, **settings)
        for one, other in zip(before, model.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("shape, value", [((3,), 0), ((2, 4), 0), ((0, 3), 0), ((1, 3), np.nan)])
def test_bad_codes_are_refused(shape, value):
    with pytest.raises(ValueError, match="`z` must.*Received"):
        make_vae().decode(np.full(shape, value))


@pytest.mark.parametrize("count", [0, -1, 1.5, True, "4"])
def test_bad_counts_are_refused(count):
    with pytest.raises(ValueError, match="`count` must be a whole number of at least 1"):
        make_vae().generate(count)


def test_networks_that_do_not_meet_are_refused():
    encoder = networks.build_encoder(image_shape=SHAPE, latent_dim=3)
    plain = networks.build_encoder(image_shape=SHAPE, latent_dim=3, variational=False)
    decoder = networks.build_decoder(image_shape=SHAPE, latent_dim=3)
    with pytest.raises(ValueError, match="codes of the encoder's shape"):
        models.VAE(encoder, networks.build_decoder(image_shape=SHAPE, latent_dim=2))
    with pytest.raises(ValueError, match="encoder's input shape"):
        models.VAE(encoder, networks.build_decoder(image_shape=(12, 8, 1), latent_dim=3))
    with pytest.raises(ValueError, match="variational=True"):
        models.VAE(plain, decoder)
    with pytest.raises(ValueError, match="variational=False"):
        models.Autoencoder(encoder, decoder)
    for make, networks_, name in (
        (models.VAE, (None, decoder), "encoder"),
        (models.VAE, (encoder, "decoder"), "decoder"),
        (models.Autoencoder, (keras.layers.Dense(3), decoder), "encoder"),
        (models.Autoencoder, (plain, keras.Sequential()), "decoder"),  # nobody knows its shapes
    ):
        with pytest.raises(ValueError, match=f"`{name}` must be a Keras model.*Received"):
            make(*networks_)


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"beta": -1.0}, "`beta` must be finite and at least 0"),
        ({"beta": float("nan")}, "`beta` must be finite"),
        ({"beta": "1"}, "`beta` must be a number"),
        ({"reconstruction_loss": "mse"}, "must be one of gaussian, bernoulli"),
    ],
)
def test_bad_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=f"{message}.*Received"):
        make_vae(**settings)
