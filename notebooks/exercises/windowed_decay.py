"""Decay by a window of losses, in both readings."""

from vaegan_edu import exercises


def windowed_decay(losses, initial, factor, minimum, window, decay_on):
    """Return the rate after each loss; decay_on: "stagnation" or "improvement"."""
    # solution
    rate, rates = initial, []
    for t, loss in enumerate(losses):
        if t >= window:  # so many losses lie before this one
            improved = loss < min(losses[t - window : t])
            if improved == (decay_on == "improvement"):
                rate = max(rate * factor, minimum)
        rates.append(rate)
    return rates
    # stub
    # losses[t - window : t] are the losses before epoch t, without its own.
    return None
    # end


exercises.check("windowed_decay", windowed_decay)
