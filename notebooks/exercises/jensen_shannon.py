"""The Jensen-Shannon divergence."""

import numpy as np
from scipy.special import rel_entr

from vaegan_edu import exercises


def jensen_shannon(p, q):
    """Return JS(p, q) in nats, one number; both are (K,) and add up to 1."""

    def kl(a, b):  # zeros are taken care of
        return np.sum(rel_entr(a, b))

    # solution
    m = 0.5 * (p + q)
    return 0.5 * (kl(p, m) + kl(q, m))
    # stub
    # First the mixture of p and q, then two divergences from it.
    return None
    # end


exercises.check("jensen_shannon", jensen_shannon)
