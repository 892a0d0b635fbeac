"""How much a notebook trains: about a minute on two CPU cores, or in full on a GPU."""

import os
from dataclasses import dataclass
from typing import TypeVar

from vaegan_edu import datasets

T = TypeVar("T")


@dataclass(frozen=True)
class Profile:
    """What a notebook asks before it trains.

    Attributes:
        name: "cpu" (built-in digits, few epochs) or "gpu" (MNIST, more of them).
        quick: one epoch on little built-in data, so that a test can walk either path.
    """

    name: str
    quick: bool = False

    def choose(self, *, cpu: T, gpu: T) -> T:
        """Return the value that belongs to this profile."""
        return gpu if self.name == "gpu" else cpu

    def epochs(self, *, cpu: int, gpu: int) -> int:
        """Return how many epochs to train."""
        return 1 if self.quick else self.choose(cpu=cpu, gpu=gpu)

    @property
    def data(self) -> str:
        """Name of the data set."""
        return "digits" if self.quick else self.choose(cpu="digits", gpu="mnist")

    def load_data(self) -> tuple[tuple, tuple]:
        """Return `(x_train, y_train), (x_test, y_test)` of the profile's data set."""
        (x_train, y_train), test = datasets.load(self.data)
        return ((x_train[:256], y_train[:256]) if self.quick else (x_train, y_train)), test


def current_profile() -> Profile:
    """Return the profile that `VAEGAN_EDU_PROFILE` names, or that the hardware suggests.

    `VAEGAN_EDU_QUICK=1` shortens it to one epoch on little data.

    Raises:
        ValueError: the variable names no profile.
    """
    name = os.environ.get("VAEGAN_EDU_PROFILE") or ("gpu" if count_gpus() else "cpu")
    if name not in ("cpu", "gpu"):
        raise ValueError(f"VAEGAN_EDU_PROFILE must be cpu or gpu. Received: {name!r}")
    return Profile(name, quick=os.environ.get("VAEGAN_EDU_QUICK") == "1")


def count_gpus() -> int:
    """Return how many GPUs the backend sees."""
    import keras

    if keras.backend.backend() == "torch":  # which Keras does not list
        import torch

        return torch.cuda.device_count()
    # All devices are asked for: where there is no GPU, JAX refuses to list the GPUs alone.
    return sum(device.startswith("gpu") for device in keras.distribution.list_devices())
