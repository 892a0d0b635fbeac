"""A transposed convolution, which spreads what a convolution would gather."""

import numpy as np

from vaegan_edu import exercises


def transposed_convolution(x, kernel, stride):
    """Return the transposed convolution of a 2-D map, without cropping."""
    # solution
    rows, columns = kernel.shape
    height = (x.shape[0] - 1) * stride + rows
    width = (x.shape[1] - 1) * stride + columns
    output = np.zeros((height, width))
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            top, left = stride * i, stride * j
            output[top : top + rows, left : left + columns] += x[i, j] * kernel
    return output
    # stub
    # Zeros of the right size; then each x[i, j] adds a copy of the kernel.
    return None
    # end


exercises.check("transposed_convolution", transposed_convolution)
