"""A convolution with a stride, written out."""

import numpy as np

from vaegan_edu import exercises


def convolution(image, kernel, stride):
    """Return the valid convolution of a 2-D image, kernel as it is."""
    # solution
    rows, columns = kernel.shape
    height = (image.shape[0] - rows) // stride + 1
    width = (image.shape[1] - columns) // stride + 1
    output = np.zeros((height, width))
    for i in range(height):
        for j in range(width):
            top, left = stride * i, stride * j
            output[i, j] = np.sum(image[top : top + rows, left : left + columns] * kernel)
    return output
    # stub
    rows, columns = kernel.shape
    # First the output's height and width, then an array of zeros,
    # then two loops that fill it.
    return None
    # end


exercises.check("convolution", convolution)
