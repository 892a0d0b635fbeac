"""A test that finds a feature term that leaks into the discriminator."""

import numpy as np

from vaegan_edu import exercises


def leaks(step, weights):
    """Return whether the feature term alone moves the discriminator, True or False."""
    # solution
    terms = dict.fromkeys(("prior", "adversarial_decoder", "adversarial_discriminator"), 0.0)
    before = {name: values.copy() for name, values in weights.items()}  # the step may change them
    after = step(weights, {**terms, "feature": 1.0})
    return not np.array_equal(after["discriminator"], before["discriminator"])
    # stub
    # The terms are "prior", "feature", "adversarial_decoder" and "adversarial_discriminator".
    # The networks are "encoder", "decoder" and "discriminator".
    return None
    # end


exercises.check("leaks", leaks)
