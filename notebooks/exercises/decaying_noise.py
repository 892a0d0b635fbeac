"""Noise that decays by epoch."""

from vaegan_edu import exercises


def decaying_noise(x, noise, stddev, epochs, epoch):
    """Return x with noise, both (N,); the noise is standard normal, epochs count from 0."""
    # solution
    return x + stddev * max(0, 1 - epoch / epochs) * noise
    # stub
    # In epoch 0 all of it, after `epochs` epochs none, and never less than none.
    return None
    # end


exercises.check("decaying_noise", decaying_noise)
