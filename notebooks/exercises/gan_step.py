"""One training step of a GAN."""

import tensorflow as tf
from keras import ops

from vaegan_edu import exercises


def gan_step(generator, discriminator, optimizers, images, noise):
    """Train both networks by one step; return discriminator_loss and generator_loss."""
    # solution
    with tf.GradientTape(persistent=True) as tape:
        generated = generator(noise, training=True)
        real_logits = discriminator(images, training=True)
        fake_logits = discriminator(generated, training=True)
        discriminator_loss = ops.mean(ops.softplus(-real_logits))  # -log D(x)
        discriminator_loss += ops.mean(ops.softplus(fake_logits))  # -log(1 - D(G(z)))
        generator_loss = ops.mean(ops.softplus(-fake_logits))  # -log D(G(z))
    to_generator = tape.gradient(generator_loss, generator.trainable_variables)
    to_discriminator = tape.gradient(discriminator_loss, discriminator.trainable_variables)
    optimizers["generator"].apply(to_generator, generator.trainable_variables)
    optimizers["discriminator"].apply(to_discriminator, discriminator.trainable_variables)
    return discriminator_loss, generator_loss
    # stub
    # with tf.GradientTape(persistent=True) as tape: generate, judge both batches, both losses.
    # Then each network's gradient of its own loss, and two calls of optimizers[...].apply.
    return None
    # end


exercises.check("gan_step", gan_step)
