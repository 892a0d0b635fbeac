"""The losses of a VAE-GAN's three networks, from what the networks return."""

from keras import ops

from vaegan_edu import exercises


def vaegan_losses(z_mean, z_log_var, logits, features, gamma):
    """Return (encoder, decoder, discriminator), means over the batch, to be lowered.

    `logits` and `features` are by kind: "real", "reconstruction" and "generated". Logits have the
    shape (N, 1), features (N, height, width, channels).
    """
    # solution
    kl = 0.5 * ops.sum(z_mean**2 + ops.exp(z_log_var) - z_log_var - 1, axis=1)
    apart = features["real"] - features["reconstruction"]
    feature = ops.mean(0.5 * ops.sum(apart**2, axis=(1, 2, 3)))
    decoder, discriminator = gamma * feature, ops.mean(ops.softplus(-logits["real"]))
    for fake in ("reconstruction", "generated"):
        decoder += ops.mean(ops.softplus(-logits[fake]))  # -log D: not saturating
        discriminator += ops.mean(ops.softplus(logits[fake]))  # -log(1 - D)
    return ops.mean(kl) + feature, decoder, discriminator
    # stub
    # The four terms first: KL divergence, feature loss, and the game for either side.
    # Then three losses. Where does gamma stand, and which terms does each network never see?
    return None
    # end


exercises.check("vaegan_losses", vaegan_losses)
