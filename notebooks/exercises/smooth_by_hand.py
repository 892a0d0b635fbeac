"""The best answer under a soft label, by hand."""

from vaegan_edu import exercises

# solution
# p is three times q, so p / (p + q) = 3/4; the real label is 0.9
answer = 0.9 * 0.75
# stub
# at some x the data's density p is three times the generator's; the real label is 0.9
answer = None  # the best D there: replace None
# end

exercises.check("smooth_by_hand", answer)
