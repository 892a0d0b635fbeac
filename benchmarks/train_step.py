"""Speed of a VAE-GAN's training step: ours against a plain one and against PyTorch.

    python -m benchmarks.train_step --json benchmarks/results/train_step.json

Each row is a process of its own, all with the same networks, weights and optimizers:

- ours: the train function that `fit` makes of `VAEGAN`, called by `fit` with its input pipeline;
- three-tape: a plain TensorFlow step, three gradient tapes over one shared forward pass in a
  `tf.function`, without XLA;
- pytorch, pytorch-compiled: the same step in PyTorch, eager and with each network under
  `torch.compile`, with its fused Adam and channels last;
- pythae, pythae-routed: one step of the `VAEGAN` of that library, as released and with each network
  given its own gradient. It plays fewer games: no reconstruction is scored, and as released it may
  skip updates. So its losses are its own.

PyTorch's rows are left out where `--torch-python` has no PyTorch, pythae's where it has no pythae.

oneDNN is left as it comes. First the float32 losses of all rows but pythae's are compared, on the
same weights, images and noise: to 1e-4, or nothing is timed. Then the rows take turns, a few steps
each, so that whatever else the machine does meets them all; a row's number is the median over its
windows.

`share_of_matmul_peak` is the multiplications and additions that the step needs (`count_operations`)
over its time, as a share of the rate of square matrix products in the same precision, the fastest
of all libraries here. `peak_mb` is the most memory that the process held, libraries and all.

`first_window_seconds` is the time to compile, and two steps.

The parts: `original` and `light` are rows with those networks on all cores that there are, and
`original-one-core` and `light-one-core` on one of them, in seconds of its process; `kernels` is how
many times as fast our step is with each of its faster kernels (`vaegan_edu.models.steps.kernels`)
alone, and with all, as with Keras' own, in turns; `cost` is the exponents with which our step's
time grows with the batch and with the side of the image; `outside` is the share of an epoch of
`fit` that is not spent in the step; `models` is the time of an epoch of MNIST for each of the
models that `book.tables.quality` compares, with their experiments' own settings; `profile` is where
oneDNN's kernels spend a float32 step. A file keeps the parts that are not measured anew.
"""

import argparse
import functools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from multiprocessing import Pipe
from pathlib import Path

import numpy as np

from benchmarks import markdown
from vaegan_edu import records
from vaegan_edu.experiments.provenance import environment

ROOT = Path(__file__).resolve().parents[1]
# The original project's on MNIST; its rate is assumed.
SETTINGS = {
    "preset": "original",
    "image_size": 28,
    "batch_size": 100,
    "latent_dim": 64,
    "gamma": 1e-8,
    "kl_weight": 1 / 64,
    "feature_weight": 1 / 4096,
    "learning_rate": 5e-4,
}
PRECISIONS = ("float32", "mixed_bfloat16")
STEPS = (
    ("ours", "tensorflow"),
    ("three-tape", "tensorflow"),
    ("ours", "jax"),
    ("ours", "torch"),
    ("pytorch", "torch"),
    ("pytorch-compiled", "torch"),
    ("pythae", "torch"),
    ("pythae-routed", "torch"),
)
ROWS = ("original", "light", "original-one-core", "light-one-core")
BATCH_SIZES = (25, 50, 100, 200)
IMAGE_SIZES = (20, 28, 40, 56)
MODELS = ("vae-mnist", "vaegan-mnist", "vaegan-mnist-original")
EPOCH = 60_000  # images, MNIST's for training
MATMUL_SIZE = 2048
# What oneDNN calls the kernels of a kind; the others are neither products nor convolutions.
KERNELS = {"dense": ("inner_product", "matmul", "gemm_api"), "convolution": ("convolution",)}
TOLERANCE = 1e-4
COLUMNS = (
    "step",
    "precision",
    "images/s",
    "range",
    "times three-tape",
    "share of matmul peak",
    "peak MB",
    "first window (s)",
)


class Worker:
    """A step in a process of its own (`benchmarks.steps.worker`).

    Args:
        name: of the step.
        backend: "tensorflow", "jax" or "torch".
        settings: of the step.
        python: the interpreter, this one by default.
        cores: how many it may use, all of ours by default.
        verbose: a file for oneDNN's account of every kernel that runs.

    Raises:
        RuntimeError: whatever failed in that process, with what it said.
    """

    def __init__(self, name, backend, settings, python=sys.executable, cores=None, verbose=None):
        self.name = name
        self.backend = backend
        self.settings = settings
        self.built = False  # asked for below, so that several build at once
        self.connection, theirs = Pipe()
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
        environment.pop("TF_ENABLE_ONEDNN_OPTS", None)
        environment["KERAS_BACKEND"] = backend
        if verbose:
            environment["ONEDNN_VERBOSE"] = "1"
        with theirs:
            self.process = subprocess.Popen(
                [python, "-m", "benchmarks.steps.worker", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                cwd=ROOT,
                env=environment,
                stderr=verbose,
                preexec_fn=lambda: os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores]),
            )
        self.connection.send((name, settings))

    def ask(self, method, *arguments):
        """Return the result of a method in that process."""
        try:
            if not self.built:
                self.built, said = self.connection.recv()
                if not self.built:
                    raise RuntimeError(f"{self.name} on {self.backend}: {said}")
            self.connection.send((method, *arguments))
            done, result = self.connection.recv()
        except (EOFError, OSError):
            done, result = False, f"the process ended ({self.process.wait()})"
        if not done:
            raise RuntimeError(f"{self.name} on {self.backend}: {result}")
        return result

    def close(self):
        """End the process."""
        self.connection.close()
        self.process.wait()


class Workers(list):
    """Workers whose processes end with a `with` block."""

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for worker in self:
            worker.close()


def compare_losses(workers):
    """Give all the first one's weights and compare their float32 losses on one batch.

    Those of pythae are others by design.

    Returns:
        The largest relative difference from the first one's losses.

    Raises:
        RuntimeError: it is above `TOLERANCE`.
    """
    first, *others = [w for w in workers if w.settings["precision"] == "float32"]
    settings = first.settings
    rng = np.random.default_rng(1)
    count, side = settings["batch_size"], settings["image_size"]
    images = rng.uniform(-1, 1, (count, side, side, 1)).astype("float32")
    noise = {
        name: rng.standard_normal((count, settings["latent_dim"])).astype("float32")
        for name in ("posterior", "prior")
    }
    weights = first.ask("get_weights")
    for worker in workers:
        if worker is not first:
            worker.ask("set_weights", weights)
    expected = first.ask("losses", images, noise)
    largest = 0.0
    for worker in others:
        if worker.name.startswith("pythae"):
            continue
        found = worker.ask("losses", images, noise)
        # NumPy's maximum keeps a NaN, Python's may lose it.
        difference = float(np.max([abs(found[name] / expected[name] - 1) for name in expected]))
        if not difference <= TOLERANCE:
            raise RuntimeError(
                f"{worker.name} on {worker.backend} computes other losses: nothing is timed. "
                f"Expected {expected}. Received: {found}"
            )
        largest = max(largest, difference)
    return largest


def take_turns(workers, windows, steps):
    """Return the seconds per step of each worker's windows, (workers, windows), taken in turns."""
    seconds = np.empty((len(workers), windows))
    for window in range(windows):
        for row, worker in enumerate(workers):
            seconds[row, window] = worker.ask("window", steps) / steps
    return seconds


def measure_rows(preset, steps, precisions, options, cores=None):
    """Return the rows of one preset's networks, and how far their losses differ."""
    with Workers() as workers:
        for name, backend in steps:
            for precision in precisions:
                settings = {**SETTINGS, "preset": preset, "precision": precision}
                if name.startswith("py"):  # a process without Keras
                    settings["plan"] = workers[0].ask("plan")
                workers.append(Worker(name, backend, settings, _python(name, options), cores))
        difference = compare_losses(workers)
        first = []
        for worker in list(workers):
            try:
                first.append(_time_first_window(worker))
            except (
                RuntimeError
            ) as error:  # PyTorch lacks bfloat16's convolutions on some processors
                why = str(error).strip().splitlines()[-1]
                row = f"{worker.name} on {worker.backend}, {worker.settings['precision']}"
                print(f"{row}, is left out: {why}", file=sys.stderr)
                worker.close()
                workers.remove(worker)
        seconds = take_turns(workers, options.windows, options.steps)
        peaks = [worker.ask("peak_mb") for worker in workers]
        rates = [worker.ask("matmul_rate", MATMUL_SIZE) for worker in workers]
        operations = workers[0].ask("operations")
        rows = []
        peak_rates = {
            precision: max(
                rate
                for rate, w in zip(rates, workers, strict=True)
                if w.settings["precision"] == precision
            )
            for precision in precisions
        }
        for worker, started, times, peak in zip(workers, first, seconds, peaks, strict=True):
            precision = worker.settings["precision"]
            rate = peak_rates[precision]
            step = float(np.median(times))
            batch = worker.settings["batch_size"]
            rows.append(
                {
                    "name": worker.name,
                    "backend": worker.backend,
                    "library": worker.ask("library"),
                    "precision": precision,
                    "preset": preset,
                    "image_size": worker.settings["image_size"],
                    "batch": batch,
                    "images_per_second": batch / step,
                    "images_per_second_range": [batch / times.max(), batch / times.min()],
                    "first_window_seconds": started,
                    "peak_mb": peak,
                    "operations": operations,
                    "matmul_peak": rate,
                    "share_of_matmul_peak": operations / step / rate,
                }
            )
    return {"rows": rows, "losses_differ_by": difference}


def measure_kernels(options):
    """Return by networks and precision how many times as fast each kernel makes our step.

    The median of the ratios within each turn, and their quartiles.
    """
    choices = {"BatchNormalization": ["BatchNormalization"], "Adam": ["Adam"], "all": None}
    found = {}
    for preset in ("light", "original"):
        for precision in PRECISIONS:
            settings = {**SETTINGS, "preset": preset, "precision": precision}
            with Workers() as workers:
                for kernels in ([], *choices.values()):
                    workers.append(Worker("ours", "tensorflow", {**settings, "kernels": kernels}))
                take_turns(workers, 1, 1)
                stock, *others = take_turns(workers, options.windows, options.steps)
            found[f"{preset}, {precision}"] = {
                name: np.quantile(stock / seconds, [0.5, 0.25, 0.75]).tolist()
                for name, seconds in zip(choices, others, strict=True)
            }
    return found


def measure_cost(options):
    """Return step times of ours by batch size and by image size, and the exponents fitted."""
    found = {}
    for name, values in (("batch_size", BATCH_SIZES), ("image_size", IMAGE_SIZES)):
        with Workers() as workers:
            for value in values:
                settings = {**SETTINGS, "precision": "float32", name: value}
                workers.append(Worker("ours", "tensorflow", settings))
            take_turns(workers, 1, 1)
            seconds = np.median(take_turns(workers, options.windows, options.steps), axis=1)
        found[name] = {
            "values": list(values),
            "seconds_per_step": seconds.tolist(),
            "exponent": fit_exponent(values, seconds),
        }
    return found


def fit_exponent(values, seconds):
    """Return the slope of a straight line through the logarithms, by least squares."""
    return float(np.polyfit(np.log(values), np.log(seconds), 1)[0])


def measure_outside(options):
    """Return the share of an epoch of `fit` outside the step: median and range over windows."""
    found = {}
    for precision in PRECISIONS:
        with Workers() as workers:
            workers.append(Worker("ours", "tensorflow", {**SETTINGS, "precision": precision}))
            workers[0].ask("window", 1)
            steps = 10 * options.steps
            pairs = [workers[0].ask("epoch", steps) for _ in range(options.windows)]
        shares = [1 - inside / whole for whole, inside in pairs]
        found[precision] = {
            "steps": steps,
            "share": float(np.median(shares)),
            "range": [min(shares), max(shares)],
            "epoch_seconds": float(np.median([whole for whole, _ in pairs])),
        }
    return found


def measure_models(options):
    """Return the seconds of an epoch of MNIST for each of `MODELS`: median and range."""
    with Workers() as workers:
        for experiment in MODELS:
            settings = {"experiment": experiment, "precision": "float32"}
            workers.append(Worker("experiment", "tensorflow", settings))
        take_turns(workers, 1, 1)
        seconds = take_turns(workers, options.windows, 10 * options.steps)
        batches = [worker.ask("batch") for worker in workers]
    found = {}
    for experiment, batch, times in zip(MODELS, batches, seconds, strict=True):
        times = np.ceil(EPOCH / batch) * times
        found[experiment] = {
            "batch": batch,
            "epoch_seconds": float(np.median(times)),
            "range": [float(times.min()), float(times.max())],
        }
    return found


def measure_profile(options):
    """Return what share of its kernels' time a float32 step spends in each kind of them.

    Beside it stands the kind's share of the operations that the step needs. Kernels run beside one
    another, so their seconds add up to more than the step's, and shares alone are told.
    """
    found = {}
    for name in ("ours", "three-tape"):
        with tempfile.TemporaryFile("w+") as said, Workers() as workers:
            settings = {**SETTINGS, "precision": "float32"}
            workers.append(Worker(name, "tensorflow", settings, verbose=said))
            workers[0].ask("window", 1)
            traced = os.fstat(said.fileno()).st_size
            workers[0].ask("window", options.windows * options.steps)
            end = os.fstat(said.fileno()).st_size
            said.seek(traced)
            seconds = kernel_seconds(said.read(end - traced))
            operations = {kind: workers[0].ask("operations", kind) for kind in KERNELS}
        found[name] = {
            kind: {
                "share_of_time": seconds[kind] / sum(seconds.values()),
                "share_of_operations": operations.get(kind, 0) / sum(operations.values()),
            }
            for kind in seconds
        }
    return found


def kernel_seconds(account):
    """Return the seconds of each kind of kernel in oneDNN's account, a `Counter`."""
    kinds = {name: kind for kind, names in KERNELS.items() for name in names}
    seconds = Counter(dict.fromkeys([*KERNELS, "others"], 0.0))
    for line in account.splitlines():
        fields = line.split(",")
        if fields[0] == "onednn_verbose" and "exec" in fields[:5]:
            kernel = fields[fields.index("exec") + 2]
            seconds[kinds.get(kernel, "others")] += float(fields[-1]) / 1000
    return seconds


def heading(part, measured):
    """Return what all rows of a part have in common, in a line."""
    preset, _, one = part.partition("-")
    hardware = measured.get("environment", {}).get("hardware", {})
    first = measured["rows"][0]
    cores = "one core" if one else f"{hardware.get('cores', '?')} cores"
    where = f"{hardware.get('processor', '?')}; batches of {first['batch']}"
    return f"**{preset.capitalize()} networks, {cores}** ({where}, {first['image_size']} pixels):"


def table(parts):
    """Return what was measured as Markdown."""
    lines = []
    for part in ROWS:
        if part not in parts:
            continue
        rows = []
        plain = {
            row["precision"]: row["images_per_second"]
            for row in parts[part]["rows"]
            if row["name"] == "three-tape"
        }
        for row in parts[part]["rows"]:
            low, high = row["images_per_second_range"]
            times = " / ".join(
                f"{row['images_per_second'] / plain[precision]:.2f}"
                for precision in dict.fromkeys([row["precision"], "float32"])
                if precision in plain
            )
            # Only our step is the same on several backends.
            on = f", {row['backend']}" if row["name"] == "ours" else ""
            rows.append(
                [
                    row["name"] + on,
                    row["precision"],
                    f"{row['images_per_second']:.0f}",
                    f"{low:.0f} to {high:.0f}",
                    times,
                    f"{row['share_of_matmul_peak']:.2f}",
                    f"{row['peak_mb']:.0f}",
                    f"{row['first_window_seconds']:.1f}",
                ]
            )
        lines += [heading(part, parts[part]), "", markdown.table(COLUMNS, rows), ""]
    for name, kernels in parts.get("kernels", {}).items():
        if name != "environment":
            told = [f"{k} {m:.2f} times ({a:.2f} to {b:.2f})" for k, (m, a, b) in kernels.items()]
            lines += [f"- kernels, {name}, as fast as Keras' own: {'; '.join(told)}"]
    for name, cost in parts.get("cost", {}).items():
        if name != "environment":
            times = ", ".join(
                f"{value}: {1000 * seconds:.0f} ms"
                for value, seconds in zip(cost["values"], cost["seconds_per_step"], strict=True)
            )
            lines += [f"- time of a step by {name}, exponent {cost['exponent']:.2f} ({times})"]
    for name, outside in parts.get("outside", {}).items():
        if name != "environment":
            low, high = outside["range"]
            lines += [
                f"- outside the step, {name}: {outside['share']:.1%} of an epoch of "
                f"{outside['steps']} steps ({low:.1%} to {high:.1%})"
            ]
    for name, cost in parts.get("models", {}).items():
        if name != "environment":
            low, high = cost["range"]
            lines += [
                f"- an epoch of MNIST, {name}, batch {cost['batch']}: "
                f"{cost['epoch_seconds']:.0f} s ({low:.0f} to {high:.0f})"
            ]
    for name, kinds in parts.get("profile", {}).items():
        if name != "environment":
            told = [
                f"{kind} {shares['share_of_time']:.0%} of the kernels' time for "
                f"{shares['share_of_operations']:.0%} of the operations"
                for kind, shares in kinds.items()
            ]
            lines += [f"- {name}, float32: {'; '.join(told)}"]
    return "\n".join(lines).strip()


def main(argv=None):
    """Measure the parts that are asked for, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.train_step")
    add = parser.add_argument
    add("--json", type=Path, help="file of results, made, or brought up to date part by part")
    add("--part", nargs="+", choices=PARTS, default=list(PARTS), help="default: all")
    add("--windows", type=int, default=9, help="of each row (default: %(default)s)")
    add("--steps", type=int, default=3, help="in a window (default: %(default)s)")
    add(
        "--torch-python",
        default=sys.executable,
        metavar="PYTHON",
        help="interpreter that has PyTorch, and pythae (default: this one)",
    )
    options = parser.parse_args(argv)
    parts = {}
    if options.json and options.json.exists():
        parts = json.loads(options.json.read_text())["parts"]
    for part in options.part:
        parts[part] = {**PARTS[part](options), "environment": measured_on()}
        if options.json:
            records.write_json(options.json, {"settings": SETTINGS, "parts": parts})
    print(table(parts))


def measured_on():
    """Return where and with what a part was measured, a dict."""
    found = environment(Path(__file__).parent)
    found["variables"].pop("TF_ENABLE_ONEDNN_OPTS", None)  # not passed on to the workers
    return {**found, "threads": len(os.sched_getaffinity(0))}


def _rows(part):
    preset, _, one_core = part.partition("-")

    def measure(options):
        steps = [step for step in STEPS if _can_run(*step, options)]
        return measure_rows(preset, steps, PRECISIONS, options, 1 if one_core else None)

    return measure


PARTS = {
    **{part: _rows(part) for part in ROWS},
    "kernels": measure_kernels,
    "cost": measure_cost,
    "outside": measure_outside,
    "models": measure_models,
    "profile": measure_profile,
}


def _time_first_window(worker):
    """Return the seconds of a worker's first window, nearly all of tracing and compiling."""
    worker.ask("library")  # built by now
    started = time.perf_counter()
    worker.ask("window", 1)
    return time.perf_counter() - started


def _python(name, options):
    """The interpreter of a row."""
    return options.torch_python if name.startswith("py") else sys.executable


def _can_run(name, backend, options):
    library = "pythae" if name.startswith("pythae") else backend
    return backend != "torch" or _has(_python(name, options), library)


@functools.cache
def _has(python, library):
    if subprocess.run([python, "-c", f"import {library}"], capture_output=True).returncode == 0:
        return True
    print(f"{python} has no {library}: its rows are left out", file=sys.stderr)
    return False


if __name__ == "__main__":
    main()
