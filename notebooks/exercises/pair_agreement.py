"""Two rankings compared, pair by pair."""

import numpy as np

from vaegan_edu import exercises


def pair_agreement(losses, distances):
    """Return the share of pairs of runs in which the lower loss has the lower distance; (N,) each."""
    # solution
    first, second = np.triu_indices(len(losses), 1)
    return np.mean((losses[first] < losses[second]) == (distances[first] < distances[second]))
    # stub
    # Each pair counts once. np.triu_indices(N, 1) names both runs of every pair.
    return None
    # end


exercises.check("pair_agreement", pair_agreement)
