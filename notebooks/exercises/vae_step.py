"""One training step of a VAE."""

import tensorflow as tf
from keras import ops

from vaegan_edu import exercises


def vae_step(encoder, decoder, optimizer, images, noise, beta):
    """Train both networks by one step; return the loss."""
    # solution
    with tf.GradientTape() as tape:
        z_mean, z_log_var = encoder(images, training=True)
        z = z_mean + ops.exp(0.5 * z_log_var) * noise
        x_hat = decoder(z, training=True)
        reconstruction_loss = 0.5 * ops.sum((images - x_hat) ** 2, axis=(1, 2, 3))
        kl_loss = 0.5 * ops.sum(z_mean**2 + ops.exp(z_log_var) - z_log_var - 1, axis=1)
        loss = ops.mean(reconstruction_loss + beta * kl_loss)
    weights = encoder.trainable_variables + decoder.trainable_variables
    optimizer.apply(tape.gradient(loss, weights), weights)
    return loss
    # stub
    # with tf.GradientTape() as tape: the forward pass, the two terms, the loss.
    # Then the gradient for the weights of both networks, and optimizer.apply.
    return None
    # end


exercises.check("vae_step", vae_step)
