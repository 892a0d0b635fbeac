"""Where the weights of an encoder are."""

from vaegan_edu import exercises

side, units = 64, 64  # of the image, of the first dense layer

# solution
numbers = (side // 4) ** 2 * 32  # two strides of two, then 32 channels
weights = numbers * units + units
# stub
weights = None  # of the first dense layer, biases included: replace None
# end

exercises.check("dense_weights", weights)
