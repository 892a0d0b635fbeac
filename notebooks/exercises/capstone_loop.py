"""The capstone's sixth stage: the training loop."""

import numpy as np

from vaegan_edu import exercises


def capstone_loop(step, images, latent_dim, epochs, batch_size):
    """Train by `step(batch, noise)`, which returns three losses; return their means, (epochs, 3).

    `noise` has the shape (2, batch, latent_dim), standard normal, float32.
    """
    # solution
    rng, means = np.random.default_rng(0), []
    for _ in range(epochs):
        order, found = rng.permutation(len(images)), []
        for start in range(0, len(images), batch_size):
            batch = images[order[start : start + batch_size]]
            noise = rng.standard_normal((2, len(batch), latent_dim), "float32")
            found.append([float(loss) for loss in step(batch, noise)])
        means.append(np.mean(found, axis=0))
    return np.array(means)
    # stub
    # For each epoch a new order of all images; for each batch new noise, and one step.
    return None
    # end


exercises.check("capstone_loop", capstone_loop)
