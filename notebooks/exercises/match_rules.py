"""Which rule made these rates?"""

import numpy as np

from vaegan_edu import exercises, schedules


def match_rules(losses, rates, rules):
    """Return, for each rule, the share of epochs in which it leads to the logged rate."""
    # solution
    return [np.mean(np.isclose(schedules.replay(rule, losses), rates)) for rule in rules]
    # stub
    # Replay each rule over the losses. The logged rates are rounded to seven digits.
    return None
    # end


exercises.check("match_rules", match_rules)
