"""A newcomer's models, written outside of the package: what `models/README.md` promises.

Each is one class; its step is compared with the same mathematics in stock Keras and plain gradients
of the backend, without anything of `vaegan_edu.models`.
"""

import math
import re
from pathlib import Path

import games
import keras
import numpy as np
import pytest
from keras import layers, ops

from vaegan_edu import models
from vaegan_edu.models import input_gradient

RATE = 0.1


# The README's own code: a further term, the beta-TCVAE (Chen et al. 2018, equation 4), its total
# correlation estimated within the batch; hinge losses (Miyato et al. 2018, equations 16 and 17)
# with R1 (Mescheder et al. 2018, equation 9).
README = Path(models.__file__).with_name("README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
SHOWN = {"__name__": __name__, "math": math, "models": models, "ops": ops}
exec(BLOCKS[0] + BLOCKS[1], SHOWN)
BetaTCVAE, HingeR1, hinge = SHOWN["BetaTCVAE"], SHOWN["HingeR1"], SHOWN["judge"]


# Losses of one's own, a penalty on gradients, five steps of the critic for one of the generator:
# WGAN-GP (Gulrajani et al. 2017, algorithm 1).
def generator_loss(logits):
    return -logits


def critic_loss(logits, target):
    return (1.0 - 2.0 * target) * logits


class WGANGP(models.GAN):
    def __init__(self, *networks, **settings):
        super().__init__(*networks, adversarial_loss=(generator_loss, critic_loss), **settings)

    def terms_of(self, played, training):
        real, fake = played.examples["real"], played.examples["generated"]
        share = self.share_of_real(ops.shape(real)[0])
        slope = input_gradient(self.discriminator, share * real + (1 - share) * fake, training)
        length = ops.sqrt(ops.sum(slope**2, axis=tuple(range(1, len(slope.shape)))) + 1e-12)
        penalty = ops.mean((length - 1.0) ** 2)
        return {**super().terms_of(played, training), "gradient_penalty": penalty}

    def share_of_real(self, count):
        ones = (1,) * len(self.image_shape)
        return keras.random.uniform((count, *ones), seed=self.seed_generator)

    def losses_of(self, terms):
        losses = super().losses_of(terms)
        return {**losses, "discriminator": losses["discriminator"] + 10 * terms["gradient_penalty"]}

    def updates_of(self, played):
        return {"generator": self.optimizer.iterations % 5 == 4}


def test_a_beta_tcvae_takes_the_step_of_the_formula():
    x, z = (ops.convert_to_tensor(v) for v in (games.images(), games.noise()["posterior"]))
    vae = BetaTCVAE(games.encoder(), games.decoder(), beta=2.0, seed=0)

    def sampling(inputs, noise=None):
        return inputs[0] + ops.exp(0.5 * inputs[1]) * z[: inputs[0].shape[0]]

    vae.sampling.call = sampling

    def loss():
        mean, log_var = vae.encoder(x, training=True)
        code = mean + ops.exp(0.5 * log_var) * z
        difference = x - vae.decoder(code, training=True)
        reconstruction = 0.5 * ops.sum(difference**2, axis=(1, 2, 3))
        kl = 0.5 * ops.sum(mean**2 + ops.exp(log_var) - log_var - 1.0, axis=1)
        densities = ops.stack(
            [  # log q(code i | image j), a loop where the class has broadcasting
                ops.stack(
                    [
                        -0.5
                        * (
                            (code[i] - mean[j]) ** 2 / ops.exp(log_var[j])
                            + log_var[j]
                            + math.log(2 * math.pi)
                        )
                        for j in range(len(x))
                    ]
                )
                for i in range(len(x))
            ]
        )
        joint = ops.log(ops.sum(ops.exp(ops.sum(densities, axis=2)), axis=1))
        product = ops.sum(ops.log(ops.sum(ops.exp(densities), axis=1)), axis=1)
        return ops.mean(reconstruction + 2.0 * kl + 5.0 * (joint - product))

    expected = {name: games.gradient(vae, loss, name) for name in vae.networks}
    value = float(ops.convert_to_numpy(loss()))
    vae.compile(keras.optimizers.SGD(RATE))
    change = games.step(vae, games.images())
    logs = vae.history.history
    assert set(logs) == {"loss", "reconstruction_loss", "kl_loss", "total_correlation"}
    assert logs["loss"][0] == pytest.approx(value, rel=1e-5)
    for name in vae.networks:
        for found, slope in zip(change[name], expected[name], strict=True):
            assert np.abs(slope).max() > 1e-3
            np.testing.assert_allclose(found / -RATE, slope, rtol=1e-4, atol=1e-5)


def plain_input_gradient(network, x):
    """What the penalty is made of, in the backend's own words."""
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        return jax.grad(lambda x: network(x, training=True).sum())(ops.convert_to_tensor(x))
    if backend == "torch":
        import torch

        x = torch.as_tensor(x).detach().requires_grad_()
        return torch.autograd.grad(network(x, training=True).sum(), x, create_graph=True)[0]
    import tensorflow as tf

    x = tf.convert_to_tensor(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        logits = network(x, training=True)
    return tape.gradient(logits, x)


def norms(slope):
    return ops.sqrt(ops.sum(ops.reshape(slope, (len(slope), -1)) ** 2, axis=1) + 1e-12)


def points():
    """Of 2-D examples, which the networks below take."""
    return np.random.default_rng(0).normal(size=(8, 2)).astype("float32")


def two_layers(inputs, outputs, batch_norm=False):
    x = keras.Input((inputs,))
    h = layers.Dense(16)(x)
    h = layers.Activation("tanh")(layers.BatchNormalization()(h) if batch_norm else h)
    return keras.Model(x, layers.Dense(outputs)(layers.Dense(12, activation="tanh")(h)))


def written_out(network):
    """The network of three dense layers, in formulas: Keras' BatchNorm, on TensorFlow, has second
    derivatives of its own, since `tf.nn.moments` stops the gradient of the mean."""
    norm = next(v for v in network.layers if isinstance(v, layers.BatchNormalization))
    dense = [v for v in network.layers if isinstance(v, layers.Dense)]

    def compute(x, training):
        h = ops.matmul(x, dense[0].kernel) + dense[0].bias
        mean = ops.mean(h, axis=0)
        variance = ops.mean((h - mean) ** 2, axis=0)
        h = norm.gamma * (h - mean) / ops.sqrt(variance + norm.epsilon) + norm.beta
        h = ops.tanh(ops.matmul(ops.tanh(h), dense[1].kernel) + dense[1].bias)
        return ops.matmul(h, dense[2].kernel) + dense[2].bias

    return compute


@pytest.mark.parametrize("batch_norm", [False, True])
def test_a_wgan_gp_takes_the_step_of_stock_keras(batch_norm):
    keras.utils.set_random_seed(0)
    gan = WGANGP(two_layers(3, 2), two_layers(2, 1, batch_norm), seed=0)
    x, z = points(), np.random.default_rng(1).normal(size=(8, 3)).astype("float32")
    share = np.random.default_rng(2).uniform(size=(8, 1)).astype("float32")
    games.fix_noise(gan, {"prior": z})
    gan.share_of_real = lambda count: ops.convert_to_tensor(share)[:count]
    critic, generator = gan.discriminator, gan.generator
    stock = written_out(critic) if batch_norm else critic

    real, mix = ops.convert_to_tensor(x), ops.convert_to_tensor(share)

    def critics():
        fake = ops.convert_to_tensor(ops.convert_to_numpy(generator(z, training=True)))
        slope = plain_input_gradient(stock, mix * real + (1 - mix) * fake)
        scores = critic(fake, training=True) - critic(real, training=True)
        return ops.mean(scores) + 10.0 * ops.mean((norms(slope) - 1.0) ** 2)

    def makers():
        return -ops.mean(critic(generator(z, training=True), training=True))

    expected = {
        "discriminator": games.gradient(gan, critics, "discriminator"),
        "generator": games.gradient(gan, makers, "generator"),
    }
    games.compiled(gan, rates={"generator": RATE, "discriminator": RATE})
    gan.optimizer.iterations.assign(4)  # the fifth step, in which both move
    change = games.step(gan, x)
    assert set(gan.history.history) == {
        "generator_loss",
        "discriminator_loss",
        "gradient_penalty",
        "logits_real",
        "logits_generated",
        "generator_updates",
    }
    for name in gan.network_names:
        largest = max(np.abs(slope).max() for slope in expected[name])
        for found, slope in zip(change[name], expected[name], strict=True):
            np.testing.assert_allclose(found / -RATE, slope, rtol=1e-4, atol=1e-5 * largest)
    assert max(np.abs(slope).max() for slope in expected["discriminator"]) > 0.1


def test_its_critic_steps_five_times_for_one_step_of_the_generator():
    keras.utils.set_random_seed(0)
    gan = games.compiled(WGANGP(two_layers(3, 2), two_layers(2, 1), seed=0), keras.optimizers.Adam)
    moved = []
    for _ in range(10):
        before = games.weights(gan)
        slots = [ops.convert_to_numpy(v) for v in gan.optimizers["generator"].variables]
        change = games.step(gan, points())
        assert any((c != 0).any() for c in change["discriminator"])
        moved.append(any((c != 0).any() for c in change["generator"]))
        after = [ops.convert_to_numpy(v) for v in gan.optimizers["generator"].variables]
        assert moved[-1] == any((a != b).any() for a, b in zip(slots, after, strict=True))
        assert len(before) == 2
    assert moved == 2 * [False, False, False, False, True]


def test_a_hinge_and_a_penalty_on_real_examples_take_the_step_of_stock_keras():
    keras.utils.set_random_seed(0)
    gan = HingeR1(two_layers(3, 2), two_layers(2, 1), seed=0, real_target=0.9, r1_weight=4.0)
    x, z = points(), np.random.default_rng(1).normal(size=(8, 3)).astype("float32")
    games.fix_noise(gan, {"prior": z})

    def loss():
        real = gan.discriminator(x, training=True)
        fake = gan.discriminator(gan.generator(z, training=True), training=True)
        slope = plain_input_gradient(gan.discriminator, x)
        hinge = ops.relu(1.0 - real) + ops.relu(1.0 + fake)
        return ops.mean(hinge) + 2.0 * ops.mean(ops.sum(slope**2, axis=1))

    expected = games.gradient(gan, loss, "discriminator")
    change = games.step(games.compiled(gan, rates={"discriminator": RATE}), x)
    for found, slope in zip(change["discriminator"], expected, strict=True):
        np.testing.assert_allclose(found / -RATE, slope, rtol=1e-4, atol=1e-5)
    logs = gan.evaluate(x, verbose=0, return_dict=True)  # where PyTorch keeps no graph
    assert logs["r1"] > 0


def test_a_loss_that_takes_the_mean_itself_is_refused():
    gan = games.gan(adversarial_loss=(lambda logits: ops.mean(-logits), hinge))
    with pytest.raises(ValueError, match=r"one number for each example.*Received: shape \(\)"):
        gan.compute_terms(games.images(), training=True)


def test_a_penalty_moves_batch_norms_averages_as_any_call_does():
    """So it is known, on each backend alike, that the penalty's pass counts as one."""
    keras.utils.set_random_seed(0)
    network = two_layers(2, 1, batch_norm=True)
    stock = keras.models.clone_model(network)
    stock.set_weights(network.get_weights())
    input_gradient(network, points(), training=True)
    stock(points(), training=True)
    for one, other in zip(network.get_weights(), stock.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)


def test_losses_of_ones_own_are_saved_by_name(tmp_path):
    keras.saving.register_keras_serializable("newcomer")(generator_loss)
    keras.saving.register_keras_serializable("newcomer")(hinge)
    gan = models.GAN(
        games.decoder(),
        games.discriminator(),
        seed=1,
        adversarial_loss=(generator_loss, hinge),
    )
    games.compiled(gan).save(tmp_path / "gan.keras")
    copy = keras.saving.load_model(tmp_path / "gan.keras")
    assert copy.adversarial_loss == (generator_loss, hinge)
    x, noise = games.images(), games.noise(names=["prior"])
    for name, value in gan.compute_losses(x, False, noise).items():
        assert float(copy.compute_losses(x, False, noise)[name]) == pytest.approx(float(value))


def test_what_fits_no_loss_of_ones_own_is_refused():
    networks = games.decoder(), games.discriminator()
    for bad in ((generator_loss,), generator_loss, ("non-saturating", critic_loss), None):
        with pytest.raises(ValueError, match="one of non-saturating, minimax, or two.*Received"):
            models.GAN(*networks, adversarial_loss=bad)
    with pytest.raises(ValueError, match="`equilibrium` is a rule about cross-entropy.*Received"):
        models.GAN(*networks, adversarial_loss=(generator_loss, critic_loss), equilibrium=0.5)
