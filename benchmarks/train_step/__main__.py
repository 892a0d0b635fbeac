"""How fast one training step of the VAE-GAN is, beside the same step written plainly.

    python -m benchmarks.train_step --json train_step.json

- `ours`: `VAEGAN.fit` on the package's input pipeline;
- `three-tape`: a plain TensorFlow step with three gradient tapes over one shared forward pass,
  `tf.function`, without XLA;
- `pytorch`: the same step in PyTorch, eager. It needs an interpreter that has torch, by default
  this one; without it its rows are left out.

Each in float32 and `mixed_bfloat16`; `ours` on TensorFlow and on JAX. Every variant lives in a
process of its own, with oneDNN as it comes; they are measured in turns, a window of some seconds
each, so that a slow minute of the machine hits them all. A row holds the median over the windows,
their range, and the median ratio to `three-tape` in float32 within the same turn. Before anything
is timed, the losses of the float32 variants are asserted equal, from equal weights and noise.

Beside the rows: the cost of `ours` against batch size and image size, as exponents fitted to
logarithms, and the share of an epoch that `fit` spends outside the step.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from benchmarks.train_step.step import Step  # noqa: E402
from vaegan_edu import records  # noqa: E402
from vaegan_edu.experiments.provenance import environment  # noqa: E402

VARIANTS = [
    (name, backend, precision)
    for name, backend in (
        ("ours", "tensorflow"), ("three-tape", "tensorflow"), ("pytorch", "torch"), ("ours", "jax"),
    )
    for precision in ("float32", "mixed_bfloat16")
]  # fmt: skip
REFERENCE = ("three-tape", "tensorflow", "float32")
MODULES = {"ours": "ours", "three-tape": "three_tape", "pytorch": "pytorch"}
COLUMNS = ("name", "backend", "precision", "image_size", "batch", "images_per_second", "peak_mb",
           "share_of_matmul_peak", "range", "ratio", "compile_seconds")  # fmt: skip
SCALING = {"batch": (25, 50, 100, 200), "image_size": (28, 40, 56)}


class Worker:
    """A process that holds one variant."""

    def __init__(self, name, backend, step, python):
        environment = {k: v for k, v in os.environ.items() if k != "TF_ENABLE_ONEDNN_OPTS"}
        environment["KERAS_BACKEND"] = "tensorflow" if backend == "torch" else backend
        self.name = f"{name} on {backend} in {step.precision}"
        worker = Path(__file__).with_name("worker.py")
        self.process = subprocess.Popen(
            [python, str(worker), MODULES[name], json.dumps(asdict(step))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=environment,
        )  # fmt: skip
        self._read()

    def ask(self, *request):
        """Return the worker's answer."""
        print(json.dumps(request), file=self.process.stdin, flush=True)
        return self._read()

    def _read(self):
        line = self.process.stdout.readline()
        if not line:
            errors = self.process.communicate()[1].strip().splitlines() or ["no word"]
            raise SystemExit(f"The process of {self.name} ended: {errors[-1]}")
        return json.loads(line)

    def close(self):
        """End the process."""
        self.process.communicate()


def assert_equal_losses(workers):
    """Compare the float32 variants from the weights of `ours` on TensorFlow, to 1e-4."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "weights.npz")
        ours = workers["ours", "tensorflow", "float32"]
        ours.ask("weights", path)
        expected = ours.ask("losses")
        for key, worker in workers.items():
            if key[-1] != "float32" or worker is ours:
                continue
            found = worker.ask("losses", path)
            for network, loss in expected.items():
                if not np.isclose(found[network], loss, rtol=1e-4):
                    raise SystemExit(
                        f"{worker.name}: the {network}'s loss is {found[network]}, of ours {loss}"
                    )
    return expected


def measure(workers, windows, steps):
    """Return for each variant its compile time, and the seconds of each window, in turns."""
    compiled = {key: worker.ask("prepare", steps) for key, worker in workers.items()}
    peaks = {"float32": [], "bfloat16": []}
    ours = workers["ours", "tensorflow", "float32"]
    seconds, bare = {key: [] for key in workers}, []
    for worker in workers.values():
        worker.ask("run")
    ours.ask("run_bare")
    for _ in range(windows):
        for dtype, rates in peaks.items():
            rates.append(ours.ask("matmul", dtype))
        for key, worker in workers.items():
            seconds[key].append(worker.ask("run"))
        bare.append(ours.ask("run_bare"))
    outside = median(1 - b / s for b, s in zip(bare, seconds["ours", "tensorflow", "float32"]))  # noqa: B905
    return compiled, seconds, {dtype: median(rates) for dtype, rates in peaks.items()}, outside


def rows(step, workers, windows, steps):
    """Return the rows, and what else was measured of the step."""
    compiled, seconds, peaks, outside = measure(workers, windows, steps)
    operations = workers["ours", "tensorflow", "float32"].ask("about")["operations"]
    found = []
    for key, worker in workers.items():
        name, backend, precision = key
        rates = [steps * step.batch / s for s in seconds[key]]
        peak = peaks["float32" if precision == "float32" else "bfloat16"]
        ratios = [r / s for r, s in zip(seconds[REFERENCE], seconds[key], strict=True)]
        found.append(
            {
                "name": name, "backend": backend, "precision": precision,
                "image_size": step.image_size, "batch": step.batch,
                "images_per_second": round(median(rates), 1),
                "range": [round(min(rates), 1), round(max(rates), 1)],
                "ratio": round(median(ratios), 3),
                "peak_mb": round(worker.ask("peak_mb")),
                "share_of_matmul_peak": round(median(rates) * operations / peak, 3),
                "compile_seconds": round(compiled[key], 1),
            }
        )  # fmt: skip
    about = {
        "operations_an_image": operations,
        "matmul_gflops": {k: round(v / 1e9, 1) for k, v in peaks.items()},
        "share_of_an_epoch_outside_the_step": round(outside, 4),
    }
    return found, about


def scaling(step, windows, steps):
    """Return the cost of `ours` against batch size and image size: seconds and the exponent."""
    found = {}
    for setting, sizes in SCALING.items():
        workers = {
            size: Worker("ours", "tensorflow", replace(step, **{setting: size}), sys.executable)
            for size in sizes
        }
        for worker in workers.values():
            worker.ask("prepare", steps)
        seconds = {size: [] for size in sizes}
        for _ in range(windows):
            for size, worker in workers.items():
                seconds[size].append(worker.ask("run") / steps)
        for worker in workers.values():
            worker.close()
        times = [median(seconds[size]) for size in sizes]
        slope, _ = np.polyfit(np.log(sizes), np.log(times), 1)
        found[setting] = {
            "seconds_a_step": dict(zip(map(str, sizes), (round(t, 4) for t in times), strict=True)),
            "exponent": round(float(slope), 2),
        }
    return found


def table(rows):
    """Return rows as a Markdown table."""
    cells = [["–".join(map(str, v)) if isinstance(v, list) else str(v)
              for v in (row[column] for column in COLUMNS)] for row in rows]  # fmt: skip
    return "\n".join(
        f"| {' | '.join(line)} |" for line in [COLUMNS, ["---"] * len(COLUMNS), *cells]
    )


def has_torch(python):
    """Whether an interpreter can import PyTorch."""
    return subprocess.run([python, "-c", "import torch"], capture_output=True).returncode == 0


def main(argv=None):
    """Measure, print the table, and keep it if a file was named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.train_step")
    add = parser.add_argument
    add("--json", type=Path, help="file for the results")
    add("--windows", type=int, default=9, help="of each variant (default: %(default)s)")
    add("--steps", type=int, default=8, help="a window (default: %(default)s)")
    add("--preset", default=Step.preset, help="of the networks (default: %(default)s)")
    add("--batch", type=int, default=Step.batch, help="images a step (default: %(default)s)")
    add("--backends", default="tensorflow,torch,jax", help="default: %(default)s")
    add("--torch-python", default=sys.executable, help="an interpreter that has torch")
    add("--no-scaling", action="store_true", help="leave out batch sizes and image sizes")
    options = parser.parse_args(argv)
    step = Step(preset=options.preset, batch=options.batch)
    backends = options.backends.split(",")
    if "torch" in backends and not (
        options.preset == "original" and has_torch(options.torch_python)
    ):
        print("pytorch is left out: it is not installed, or the preset is not the original's.")
        backends.remove("torch")

    workers = {}
    for name, backend, precision in VARIANTS:
        if backend in backends:
            python = options.torch_python if backend == "torch" else sys.executable
            of_variant = replace(step, precision=precision)
            workers[name, backend, precision] = Worker(name, backend, of_variant, python)
    losses = assert_equal_losses(workers)
    found, about = rows(step, workers, options.windows, options.steps)
    for worker in workers.values():
        worker.close()
    if not options.no_scaling:
        about["scaling"] = scaling(step, options.windows, options.steps)
    print(table(found))
    print(json.dumps(about, indent=2))
    if options.json:
        settings = {**asdict(step), "windows": options.windows, "steps": options.steps}
        records.write_json(
            options.json,
            {"settings": settings, "losses": losses, "rows": found, **about, **environment()},
        )


if __name__ == "__main__":
    main()
