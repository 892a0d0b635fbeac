"""The two adversarial terms of a VAE-GAN, from the discriminator's logits."""

import numpy as np

from vaegan_edu import exercises


def adversarial_terms(real, reconstruction, generated):
    """Return (discriminator's term, decoder's term), to be lowered; arguments: logits, (N,)."""
    # solution
    discriminator = np.mean(np.logaddexp(0, -real))  # -log D
    decoder = 0.0
    for fake in (reconstruction, generated):
        discriminator += np.mean(np.logaddexp(0, fake))  # -log(1 - D)
        decoder += np.mean(np.logaddexp(0, -fake))  # -log D: not saturating
    return discriminator, decoder
    # stub
    # log(1 + exp(a)) is np.logaddexp(0, a). Which of the three batches does each term see?
    return None
    # end


exercises.check("adversarial_terms", adversarial_terms)
