"""The plateau rule."""

from vaegan_edu import exercises


def plateau(losses, initial, factor, minimum, patience):
    """Return the learning rate after each of the losses, a list."""
    # solution
    rate, best, waited = initial, float("inf"), 0
    rates = []
    for loss in losses:
        if loss < best:
            best, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            rate, waited = max(rate * factor, minimum), 0
        rates.append(rate)
    return rates
    # stub
    # Remember the rate, the best loss, and how long you have waited.
    return None
    # end


exercises.check("plateau", plateau)
