"""How uneven a histogram looks although the classes are even."""

from vaegan_edu import exercises


def histogram_floor(classes, count):
    """Return the expected divergence of `count` fair draws, in nats."""
    # solution
    return (classes - 1) / (2 * count)
    # stub
    # What is the variance of one class's share? Put it into the parabola.
    return None
    # end


exercises.check("histogram_floor", histogram_floor)
