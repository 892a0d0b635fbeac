"""What it costs to sit on one of two modes."""

from vaegan_edu import exercises

# solution
cost = 0.69
# stub
cost = None  # KL(q || p) after "reverse fit": replace None
# end

exercises.check("cost_of_one_mode", cost)
