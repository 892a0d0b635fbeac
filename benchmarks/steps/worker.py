"""The process of one step: it is built, asked and timed over a pipe. Imports no library of its own.

    python -m benchmarks.steps.worker FILE_DESCRIPTOR

The first message is `(name, settings)` with a name of `STEPS`, every later one of the form
`(method, *arguments)`, of that class. Each is answered by `(True, result)` or `(False, message)`;
the end of the pipe ends the process. A backend, oneDNN's settings and the peak of memory belong to
a process; therefore one for each row.
"""

import os
import resource
import sys
import time
import traceback
from importlib import import_module
from multiprocessing.connection import Connection

STEPS = {
    "ours": ("benchmarks.steps.keras_steps", "OurStep"),
    "three-tape": ("benchmarks.steps.keras_steps", "ThreeTapeStep"),
    "experiment": ("benchmarks.steps.keras_steps", "ExperimentStep"),
    "pytorch": ("benchmarks.steps.torch_step", "TorchStep"),
    "pytorch-compiled": ("benchmarks.steps.torch_step", "CompiledStep"),
    "pythae": ("benchmarks.steps.torch_step", "PythaeStep"),
    "pythae-routed": ("benchmarks.steps.torch_step", "RoutedPythaeStep"),
}


def clock():
    """Return seconds: on one core those of this process, which others there change little."""
    one_core = len(os.sched_getaffinity(0)) == 1
    return time.process_time() if one_core else time.perf_counter()


def peak_mb():
    """Return the most memory that this process has held, in MB, libraries and all."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # Linux counts in kB


def serve(connection):
    """Build the step that is asked for and do what it is told until the pipe ends."""
    step = None
    while True:
        try:
            method, *arguments = connection.recv()
        except EOFError:
            return
        try:
            if step is None:
                module, name = STEPS[method]
                step = getattr(import_module(module), name)(**arguments[0])
                result = None
            elif method == "peak_mb":
                result = peak_mb()
            else:
                result = getattr(step, method)(*arguments)
            connection.send((True, result))
        except Exception:  # the one who asked says what failed, and stops
            connection.send((False, traceback.format_exc()))


if __name__ == "__main__":
    os.dup2(2, 1)  # what a library prints must not stand in the table
    serve(Connection(int(sys.argv[1])))
