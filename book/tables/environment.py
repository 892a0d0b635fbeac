"""Which versions of Python, Keras and the backends the package was tested with."""

import json
from pathlib import Path

from tools.matrix import told

MATRIX = Path("benchmarks", "results", "matrix.json")
BACKENDS = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}


def matrix(root: Path) -> list[dict[str, str]]:
    """Return a row for each cell that `make matrix` knows, also for those that it could not run."""
    rows = []
    for cell in json.loads((root / MATRIX).read_text(encoding="utf-8"))["cells"]:
        backend, found = cell["backend"], cell.get("versions", {})
        pinned = any(pin.startswith(f"{backend}==") for pin in cell.get("pinned", ()))
        rows.append(
            {
                "Python": found.get("python", cell["python"]),
                "versions": cell["bounds"],
                "backend": f"{BACKENDS[backend]} {found.get(backend, '')}".strip()
                + (" (the one at hand)" if pinned else ""),
                "Keras": found.get("keras", ""),
                "NumPy": found.get("numpy", ""),
                "scikit-learn": found.get("scikit-learn", ""),
                "tests": told(cell),
            }
        )
    return rows
