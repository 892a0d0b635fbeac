"""Gradient descent, step by step."""

import numpy as np

from vaegan_edu import exercises


def gradient_descent(gradient, start, learning_rate, steps):
    """Return every w, the start first: (steps + 1, len(start))."""
    # solution
    path = [start]
    for _ in range(steps):
        w = path[-1]
        path.append(w - learning_rate * gradient(w))
    return np.stack(path)
    # stub
    # Begin with a list that holds the start; append a w for each step.
    return None  # np.stack makes an array of a list
    # end


exercises.check("gradient_descent", gradient_descent)
