"""What a discriminator's logits say about the Jensen-Shannon divergence."""

import numpy as np

from vaegan_edu import exercises


def divergence_bound(real_logits, fake_logits):
    """Return a lower bound on the divergence, in nats; arguments (N,) and (M,)."""
    # solution
    value = -np.mean(np.logaddexp(0, -real_logits))
    value -= np.mean(np.logaddexp(0, fake_logits))
    return np.log(2) + value / 2
    # stub
    # First the value V of this discriminator, then solve for the divergence.
    return None
    # end


exercises.check("divergence_bound", divergence_bound)
