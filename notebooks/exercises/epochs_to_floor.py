"""How long a loss may fall until the log's rule has stopped the network."""

import numpy as np

from vaegan_edu import exercises


def epochs_to_floor(initial, factor, minimum, window):
    """Return the epoch after which the rate is at its floor, if every loss is a new lowest."""
    # solution
    decays = np.ceil(np.log(minimum / initial) / np.log(factor))
    return window + decays
    # stub
    # How many decays does it take, and after which epoch comes the first?
    return None
    # end


exercises.check("epochs_to_floor", epochs_to_floor)
