"""The slope of either form of the decoder's loss at the logits of fakes."""

import numpy as np

from vaegan_edu import exercises


def pulls(logits):
    """Return two arrays (N,): the sizes of the slopes of -log D and of log(1 - D) in the logit."""
    # solution
    D = 1 / (1 + np.exp(-logits))
    return 1 - D, D
    # stub
    # D = sigmoid(logit), and its own slope in the logit is D (1 - D).
    return None
    # end


exercises.check("pulls", pulls)
