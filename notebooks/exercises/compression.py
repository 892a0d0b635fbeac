"""How strongly the autoencoder squeezes."""

from vaegan_edu import exercises

pixels = 28 * 28  # of one image: x_test[0].size
code = 16  # numbers of its code: autoencoder.latent_dim

# solution
ratio = pixels / code
# stub
ratio = None  # replace None
# end

exercises.check("compression", ratio)
