"""The losses of a VAE-GAN's three networks, from its four terms."""

from vaegan_edu import exercises


def vaegan_losses(prior, feature, adversarial_decoder, adversarial_discriminator, gamma):
    """Return (encoder, decoder, discriminator), the losses of the paper; all are numbers."""
    # solution
    encoder = prior + feature
    decoder = gamma * feature + adversarial_decoder
    return encoder, decoder, adversarial_discriminator
    # stub
    # Three losses. Where does gamma stand, and which terms does each network never see?
    return None
    # end


exercises.check("vaegan_losses", vaegan_losses)
