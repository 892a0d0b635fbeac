"""Bayes' rule with a base rate."""

from vaegan_edu import exercises

base_rate = 0.05  # p(generated)
hit_rate = 0.80  # p(flagged | generated)
false_alarm_rate = 0.10  # p(flagged | real)

# solution
flagged = hit_rate * base_rate + false_alarm_rate * (1 - base_rate)
answer = hit_rate * base_rate / flagged
# stub
answer = None  # p(generated | flagged): replace None
# end

exercises.check("base_rate", answer)
