"""What one point tells, and what its batch tells, when they lie widely at half of the modes."""

from vaegan_edu import exercises

# solution
pair = (0.84, 0.79)
# stub
pair = None  # (told apart by place, told apart by batch): replace None
# end

exercises.check("batch_view", pair)
