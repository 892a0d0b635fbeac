"""The two losses of a GAN."""

import numpy as np

from vaegan_edu import exercises


def gan_losses(real_logits, fake_logits):
    """Return (discriminator_loss, generator_loss), two numbers; arguments (N,) and (M,)."""
    # solution
    on_real = np.logaddexp(0, -real_logits)  # -log D
    on_fake = np.logaddexp(0, fake_logits)  # -log(1 - D)
    fooling = np.logaddexp(0, -fake_logits)  # -log D, on fake examples
    return on_real.mean() + on_fake.mean(), fooling.mean()
    # stub
    # log(1 + exp(a)) is np.logaddexp(0, a). It never overflows.
    return None
    # end


exercises.check("gan_losses", gan_losses)
