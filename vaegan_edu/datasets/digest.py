"""What tells one data set from another."""

import hashlib

import numpy as np


def array_digest(*arrays: np.ndarray) -> str:
    """Return the sha256 of the raw bytes (C order) of one or more arrays, as hexadecimal text."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).data)  # its own bytes: a copy may be a gigabyte
    return digest.hexdigest()
