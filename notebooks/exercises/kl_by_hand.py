"""What a shifted mean costs."""

from vaegan_edu import exercises

# solution
cost = 2.0
# stub
cost = None  # kl_loss at z_mean = 2, z_log_var = 0: replace None
# end

exercises.check("kl_by_hand", cost)
