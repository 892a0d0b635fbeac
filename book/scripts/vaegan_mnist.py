"""A VAE-GAN that learns MNIST, in one file: Keras on TensorFlow, and NumPy (Larsen et al. 2016).

    python vaegan_mnist.py                   # MNIST, downloaded by Keras
    python vaegan_mnist.py images.npz        # an array `x_train`, (count, 28, 28), from 0 to 255
    python vaegan_mnist.py --sample          # new samples from the weights of an earlier training

A training prints a line for each epoch, and last the `gamma` at which the decoder's two terms pull
equally hard. In `--folder` it leaves a sheet of samples, `samples.png`, and the weights of the
three networks.
"""

import argparse
from functools import partial
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

LATENT_DIM = 10
BATCH = 64
KL_WEIGHT = 5.0  # larger: codes closer to the prior, and less of the image in them
GAMMA = 0.04  # larger: copies closer to the original; smaller: more of the game
REAL_TARGET = 0.9  # what the discriminator should answer on real images
FAKE_WEIGHT = 0.5  # copies and samples together weigh as much as real images
BLIND = REAL_TARGET / (1 + 2 * FAKE_WEIGHT)  # the answer of one that sees no difference


def load_images(path=None) -> np.ndarray:
    """Return images, (count, 28, 28, 1), scaled to [-1, 1] as the decoder's tanh gives them."""
    if path is None:
        (x, _), _ = keras.datasets.mnist.load_data()
    else:
        with np.load(path) as archive:
            x = archive["x_train"]
    return x.reshape(-1, 28, 28, 1).astype("float32") / 127.5 - 1


def build_networks() -> tuple:
    """Return encoder, decoder and discriminator."""
    down, up = layers.Conv2D, layers.Conv2DTranspose
    images = keras.Input((28, 28, 1))
    h = down(16, 4, strides=2, padding="same", activation="relu")(images)
    h = down(32, 4, strides=2, padding="same", activation="relu")(h)
    h = layers.Dense(64, activation="relu")(layers.Flatten()(h))
    codes = layers.Dense(LATENT_DIM)(h), layers.Dense(LATENT_DIM, kernel_initializer="zeros")(h)
    encoder = keras.Model(images, codes, name="encoder")  # z_mean and z_log_var

    z = keras.Input((LATENT_DIM,))
    h = layers.Reshape((7, 7, 32))(layers.Dense(7 * 7 * 32, activation="relu")(z))
    h = up(16, 4, strides=2, padding="same", activation="relu")(h)
    x = up(1, 4, strides=2, padding="same", activation="tanh")(h)
    decoder = keras.Model(z, x, name="decoder")

    images = h = keras.Input((28, 28, 1))
    for filters in (16, 32, 64):
        features = down(filters, 4, strides=2, padding="same")(h)  # the last one's are compared
        h = layers.LeakyReLU(0.2)(features)
    logits = layers.Dense(1)(layers.Flatten()(h))
    return encoder, decoder, keras.Model(images, (logits, features), name="discriminator")


def losses_of(encoder, decoder, discriminator, images, noise) -> tuple:
    """Return the three losses, each a mean over the batch, and what is printed beside them."""
    z_mean, z_log_var = encoder(images, training=True)
    copies = decoder(z_mean + ops.exp(0.5 * z_log_var) * noise[0], training=True)
    samples = decoder(noise[1], training=True)
    (real, seen), (copied, seen_copies), (sampled, _) = (
        discriminator(batch, training=True) for batch in (images, copies, samples)
    )
    kl = ops.mean(0.5 * ops.sum(z_mean**2 + ops.exp(z_log_var) - z_log_var - 1, axis=1))
    variance = ops.var(seen, axis=(0, 1, 2)) + 1e-6  # of each channel: features may grow
    feature = ops.mean(0.5 * ops.sum((seen - seen_copies) ** 2 / variance, axis=(1, 2, 3)))
    game = ops.mean(ops.softplus(-copied) + ops.softplus(-sampled))  # -log D on both fakes
    on_real = REAL_TARGET * ops.softplus(-real) + (1 - REAL_TARGET) * ops.softplus(real)
    on_fakes = ops.softplus(copied) + ops.softplus(sampled)  # -log(1 - D)
    found_out = ops.mean(on_real) + FAKE_WEIGHT * ops.mean(on_fakes)
    d = {"real": real, "copies": copied, "samples": sampled}
    shown = {"KL": kl, "feature": feature, "variance": ops.mean(variance)}
    shown |= {f"D {kind}": ops.mean(ops.sigmoid(logits)) for kind, logits in d.items()}
    return (KL_WEIGHT * kl + feature, GAMMA * feature + game, found_out), shown


def train_step(networks, optimizers, images, noise) -> tuple:
    """Move each network by the gradient of its own loss, all taken from the same weights."""
    with tf.GradientTape(persistent=True) as tape:
        losses, shown = losses_of(*networks, images, noise)
    weights = [network.trainable_variables for network in networks]
    gradients = [tape.gradient(*pair) for pair in zip(losses, weights, strict=True)]
    for optimizer, gradient, own in zip(optimizers, gradients, weights, strict=True):
        optimizer.apply(gradient, own)
    return losses, shown


def equal_gamma(networks, images, noise) -> float:
    """Return the `gamma` at which both terms of the decoder's loss pull equally hard at it."""
    with tf.GradientTape(persistent=True) as tape:
        (_, decoder_loss, _), shown = losses_of(*networks, images, noise)
        game = decoder_loss - GAMMA * shown["feature"]
    weights = networks[1].trainable_variables
    gradients = (tape.gradient(term, weights) for term in (game, shown["feature"]))
    of_game, of_feature = (float(tf.linalg.global_norm(gradient)) for gradient in gradients)
    return of_game / of_feature


def build_optimizers(networks) -> list:
    """Return an Adam for each network, with less momentum for the two players of the game."""
    rates = (2e-3, 0.9), (2e-3, 0.5), (1e-3, 0.5)
    optimizers = [keras.optimizers.Adam(rate, beta_1=beta) for rate, beta in rates]
    for optimizer, network in zip(optimizers, networks, strict=True):
        optimizer.build(network.trainable_variables)  # before the step is compiled
    return optimizers


def train(images, epochs, folder, seed=0) -> None:
    """Train three networks, print a line for each epoch, and save their weights in `folder`."""
    keras.utils.set_random_seed(seed)
    networks, rng = build_networks(), np.random.default_rng(seed)
    step = tf.function(partial(train_step, networks, build_optimizers(networks)))
    print(f"{len(images):,} images; a discriminator that sees no difference answers {BLIND:.2f}")
    for epoch in range(1, epochs + 1):
        order, rows = rng.permutation(len(images)), []
        for start in range(0, len(images) - BATCH + 1, BATCH):
            noise = rng.standard_normal((2, BATCH, LATENT_DIM), "float32")
            _, shown = step(images[order[start : start + BATCH]], noise)
            rows.append([float(value) for value in shown.values()])
        means = zip(shown, np.mean(rows, axis=0), strict=True)
        print(f"epoch {epoch:3}", *(f"{name} {mean:.2f}" for name, mean in means), sep="  ")
        for network in networks:
            network.save_weights(folder / f"{network.name}.weights.h5")
    equal = equal_gamma(networks, images[:BATCH], noise)
    print(f"gamma is {GAMMA}; both terms pull equally at the decoder with {equal:.3g}")


def sample(folder, seed=None) -> np.ndarray:
    """Load the decoder's weights, save a sheet of 64 samples, and return them."""
    _, decoder, _ = build_networks()
    decoder.load_weights(folder / "decoder.weights.h5")
    z = np.random.default_rng(seed).standard_normal((64, LATENT_DIM), "float32")
    samples = ops.convert_to_numpy(decoder(z))
    height, width, channels = samples.shape[1:]
    rows = samples.reshape(8, 8, height, width, channels).transpose(0, 2, 1, 3, 4)
    sheet = rows.reshape(8 * height, 8 * width, channels)
    keras.utils.save_img(folder / "samples.png", (sheet + 1) * 127.5, scale=False)
    return samples


def main(arguments=None) -> None:
    """Train and sample, or only sample, as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", nargs="?", help="an .npz in place of MNIST")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--folder", type=Path, default=Path("vaegan_mnist"))
    parser.add_argument("--sample", action="store_true", help="sample only")
    options = parser.parse_args(arguments)
    # This optimiser of graphs gains little here, and prints an error over the variance.
    tf.config.optimizer.set_experimental_options({"remapping": False})
    if not options.sample:
        options.folder.mkdir(parents=True, exist_ok=True)
        train(load_images(options.images), options.epochs, options.folder)
    sample(options.folder)
    print(f"samples: {options.folder / 'samples.png'}")


if __name__ == "__main__":
    main()
