"""The capstone's fifth stage: one training step."""

import tensorflow as tf
from keras import ops

from vaegan_edu import exercises


def capstone_step(encoder, decoder, discriminator, optimizers, images, noise, gamma):
    """Train all three by one step; return (encoder's, decoder's, discriminator's) loss.

    `optimizers` are in the same order; `noise` is (posterior, prior), each (N, latent_dim). Feature
    maps have the shape (N, height, width, channels). Real images have the target one.
    """
    # solution
    with tf.GradientTape(persistent=True) as tape:
        z_mean, z_log_var = encoder(images, training=True)
        z = z_mean + ops.exp(0.5 * z_log_var) * noise[0]
        copies, samples = decoder(z, training=True), decoder(noise[1], training=True)
        (real, seen), (copied, seen_copies), (sampled, _) = (
            discriminator(batch, training=True) for batch in (images, copies, samples)
        )
        kl = 0.5 * ops.sum(z_mean**2 + ops.exp(z_log_var) - z_log_var - 1, axis=1)
        feature = ops.mean(0.5 * ops.sum((seen - seen_copies) ** 2, axis=(1, 2, 3)))
        game = ops.mean(ops.softplus(-copied) + ops.softplus(-sampled))
        found_out = ops.softplus(-real) + ops.softplus(copied) + ops.softplus(sampled)
        losses = ops.mean(kl) + feature, gamma * feature + game, ops.mean(found_out)
    weights = [network.trainable_variables for network in (encoder, decoder, discriminator)]
    gradients = [tape.gradient(*pair) for pair in zip(losses, weights, strict=True)]
    for optimizer, gradient, own in zip(optimizers, gradients, weights, strict=True):
        optimizer.apply(gradient, own)
    return losses
    # stub
    # with tf.GradientTape(persistent=True) as tape: the forward pass, the terms, the losses.
    # Then a gradient of each loss for its own network's weights, and last all updates.
    return None
    # end


exercises.check("capstone_step", capstone_step)
