"""Adam, the optimiser of this course."""

import numpy as np

from vaegan_edu import exercises


def adam(gradient, start, learning_rate, steps):
    """Return every w, the start first: (steps + 1, len(start))."""
    beta_1, beta_2, eps = 0.9, 0.999, 1e-7
    m, v = np.zeros_like(start), np.zeros_like(start)
    path = [start]
    # solution
    for t in range(1, steps + 1):
        g = gradient(path[-1])
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        m_hat, v_hat = m / (1 - beta_1**t), v / (1 - beta_2**t)
        path.append(path[-1] - learning_rate * m_hat / (np.sqrt(v_hat) + eps))
    return np.stack(path)
    # stub
    # For t = 1, 2, ...: the gradient g, then m, v, m_hat, v_hat and the next w.
    return None
    # end


exercises.check("adam", adam)
