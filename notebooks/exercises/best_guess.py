"""The best discriminator that never looks."""

import numpy as np

from vaegan_edu import exercises


def best_guess(real_target, fake_weight):
    """Return (d, loss): the best constant answer D = d, and the discriminator's loss with it."""
    # solution
    d = real_target / (1 + 2 * fake_weight)
    loss = -real_target * np.log(d) - (1 - real_target + 2 * fake_weight) * np.log(1 - d)
    return d, loss
    # stub
    # Write the loss as a function of d, set its derivative to zero, and put d in.
    return None
    # end


exercises.check("best_guess", best_guess)
