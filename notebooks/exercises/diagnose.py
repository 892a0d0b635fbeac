"""Three faults from what colleagues report of their trainings."""

from vaegan_edu import exercises

# First: "The feature term was small in the very first step, and has never been above one half. All
# my copies are the same."
# Second: "Copies are closer than in any earlier run. The KL is 1.5 nats for sixteen latent
# dimensions, also lower than ever."
# Third: "In training D is 0.3 on samples. When I judge a batch of samples alone, D is 0.7."
# solution
faults = ["sigmoid", "mean", "batch"]
# stub
faults = None  # three of "sign", "leak", "mean", "sigmoid", "batch", "saturating"
# end

exercises.check("diagnose", faults)
