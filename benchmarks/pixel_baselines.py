"""What a reconstruction costs that knows nothing of its image: levels for `reconstruction_loss`.

    python -m benchmarks.pixel_baselines

Half the squared error summed over pixels, of test images in [-1, 1], for two answers: another test
image, and the mean of the training images. Chapter 9 computes both for the data at hand and reads
those of MNIST from `benchmarks/results/pixel_baselines.json`, which this command writes.
"""

from pathlib import Path

import numpy as np

from vaegan_edu import datasets, records
from vaegan_edu.losses import gaussian_reconstruction

RESULT = Path(__file__).parent / "results" / "pixel_baselines.json"


def baselines(x_train, x_test):
    """Return the mean loss of either answer, a number by its name."""
    others = x_test[np.random.default_rng(0).permutation(len(x_test))]
    mean = np.broadcast_to(x_train.mean(axis=0), x_test.shape)
    return {
        "another image": float(np.mean(gaussian_reconstruction(x_test, others))),
        "mean image": float(np.mean(gaussian_reconstruction(x_test, mean))),
    }


def main():
    """Measure both data sets and write the file."""
    found = {}
    for name, load in {"digits": datasets.load_digits, "mnist": datasets.load_mnist}.items():
        (x_train, _), (x_test, _) = load()
        found[name] = baselines(x_train, x_test)
    records.write_json(RESULT, found)
    print(found)


if __name__ == "__main__":
    main()
