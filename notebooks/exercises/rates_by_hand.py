"""A windowed rule by hand."""

from vaegan_edu import exercises

# losses 5, 3, 4, 3, 2, 4, 3, 5; window 3; from 8, halved, never below 1
# solution
rates = [8, 8, 8, 4, 4, 2, 1, 1]
# stub
rates = None  # the rate after each of the eight losses: replace None
# end

exercises.check("rates_by_hand", rates)
