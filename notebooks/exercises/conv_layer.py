"""What a convolutional layer returns, and how many weights it has."""

from vaegan_edu import exercises


def conv_layer(height, width, channels, filters, kernel, stride, padding):
    """Return the output's height, width, channels, and the number of weights."""
    # solution
    if padding == "same":
        height, width = -(-height // stride), -(-width // stride)  # rounded up
    else:
        height, width = (height - kernel) // stride + 1, (width - kernel) // stride + 1
    return height, width, filters, kernel * kernel * channels * filters + filters
    # stub
    # `padding` is "same" or "valid"; the kernel is a square of this side.
    # Count the biases as weights too.
    return None  # height, width, channels, weights
    # end


exercises.check("conv_layer", conv_layer)
