"""The notebooks' long profile, briefly (`make gpu-profile`).

This file is outside `make test`: it executes every notebook once more, where `pytest --nbval` has
executed the same code with the short profile's numbers of epochs.
"""

import os
import subprocess
import sys

import pytest

from tools import execute

SOURCES = sorted(execute.NOTEBOOKS.glob("[0-9]*.py"))

WITH_SMALL_NETWORKS = """
import runpy, sys
from vaegan_edu.experiments import EXPERIMENTS
EXPERIMENTS["faces-original"].settings["preset"] = "small"
runpy.run_path(sys.argv[1], run_name="__main__")
"""


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_gpu_profile_runs(path):
    """The long profile's code, at one epoch on little data, as the script that the pair is.

    The original project's networks for faces have 90 million weights, which only a GPU trains soon;
    here an experiment that asks for them gets the smallest. That the large ones are those of the
    original is a test of `networks`.
    """
    environment = os.environ | {
        "VAEGAN_EDU_PROFILE": "gpu",
        "VAEGAN_EDU_QUICK": "1",
        "PYTHONPATH": str(execute.NOTEBOOKS.parent),
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore:FigureCanvasAgg", "-c", WITH_SMALL_NETWORKS, path],
        cwd=path.parent,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
