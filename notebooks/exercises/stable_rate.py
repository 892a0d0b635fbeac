"""The largest learning rate at which two simultaneous players come to rest."""

from vaegan_edu import exercises


def stable_rate(deviation):
    """Return the largest rate, one number, for densities of a deviation of at most one."""
    # solution
    return 2 * deviation**2
    # stub
    # The eigenvalues are complex: their squared length is the determinant of the matrix.
    return None
    # end


exercises.check("stable_rate", stable_rate)
