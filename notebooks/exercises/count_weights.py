"""The weights of one layer by hand."""

from vaegan_edu import exercises

# the dense layer of 1024 units in the discriminator for faces, biases included
# solution
# 64 -> 31 -> 14 by two kernels of 4 with stride 2 and no padding; 128 channels; 16 features beside
answer = (14 * 14 * 128 + 16) * 1024 + 1024
# stub
answer = None  # how many weights: replace None
# end

exercises.check("count_weights", answer)
