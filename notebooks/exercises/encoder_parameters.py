"""The number of parameters of the original's encoder, for images of any size."""

from vaegan_edu import exercises


def encoder_parameters(side, channels, latent_dim):
    """Return the encoder's number of parameters, statistics counted."""
    # solution
    maps = side
    for _ in range(2):  # two convolutions of 4x4, stride 2, without padding
        maps = (maps - 4) // 2 + 1
    first = (4 * 4 * channels + 1) * 64
    second = (4 * 4 * 64 + 1) * 128 + 4 * 128  # with its BatchNorm
    dense = (maps * maps * 128 + 1) * 1024 + 4 * 1024
    return first + second + dense + 2 * (1024 + 1) * latent_dim
    # stub
    # How large is the map after each convolution? Where does a BatchNorm stand?
    # How many heads are there?
    return None
    # end


exercises.check("encoder_parameters", encoder_parameters)
