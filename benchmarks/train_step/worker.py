"""One variant in a process of its own: reads requests as lines of JSON, answers each by a line.

    python worker.py VARIANT {"preset": ..., ...}

It imports the frameworks of its variant alone, so that any Python with PyTorch can run that one.
"""

import importlib
import json
import os
import resource
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def answer(variant, request):
    """Do what a request names and return what it measured."""
    name, *arguments = request
    if name == "weights":
        import numpy as np

        np.savez(
            arguments[0],
            **{
                f"{net}/{i:03d}": w
                for net, ws in variant.weights().items()
                for i, w in enumerate(ws)
            },
        )
    elif name == "losses":
        import numpy as np

        if arguments:
            with np.load(arguments[0]) as archive:
                weights = {}
                for key in sorted(archive.files):
                    weights.setdefault(key.partition("/")[0], []).append(archive[key])
            variant.take_weights(weights)
        return variant.losses()
    elif name == "prepare":
        return variant.prepare(*arguments)
    elif name in ("run", "run_bare"):
        started = time.perf_counter()
        getattr(variant, name)()
        return time.perf_counter() - started
    elif name == "matmul":
        return matmul_rate(*arguments)
    elif name == "about":
        from benchmarks.train_step.step import count_operations

        return {"operations": count_operations(*variant.model.networks.values())}
    elif name == "peak_mb":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    else:
        raise ValueError(f"no such request: {name!r}")
    return None


def matmul_rate(dtype, side=2048, times=5):
    """Return the machine's rate of one large matrix product, operations a second, by TensorFlow."""
    import tensorflow as tf

    a, b = (tf.cast(tf.random.normal((side, side)), dtype) for _ in range(2))
    product = tf.function(lambda: tf.linalg.matmul(a, b))
    product().numpy()
    started = time.perf_counter()
    for _ in range(times):
        result = product()
    result.numpy()
    return times * 2 * side**3 / (time.perf_counter() - started)


def main(variant, step):
    """Answer requests until the input ends."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a framework prints is no answer
    sys.path.insert(0, str(ROOT))
    from benchmarks.train_step.step import Step

    module = importlib.import_module(f"benchmarks.train_step.{variant}")
    variant = module.Variant(Step(**json.loads(step)))
    print(json.dumps("ready"), file=out, flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(variant, json.loads(line))), file=out, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
