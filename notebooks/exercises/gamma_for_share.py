"""The gamma that gives the feature term a share of the decoder's gradient."""

from vaegan_edu import exercises


def gamma_for_share(share, feature_pull, game_pull):
    """Return gamma; the pulls are lengths of gradients, without gamma."""
    # solution
    return share / (1 - share) * game_pull / feature_pull
    # stub
    # Solve the equation of the share for gamma.
    return None
    # end


exercises.check("gamma_for_share", gamma_for_share)
