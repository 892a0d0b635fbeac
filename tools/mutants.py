"""Break the package on purpose, one place at a time, and see whether a test fails.

Cosmic Ray says what can be broken: a sign, a comparison, a number, a condition, a loop. Of all such
places in the code below, without annotations, a sample is drawn by a fixed seed, and of each place
one of its mutants. A mutant lives in a process forked from one that has imported Keras, NumPy and
pytest already, and in its memory alone: no file is changed. The tests that concern its module run
one module after the other, until one fails.

The result is `benchmarks/results/mutants.json`. Who survives needs a better test, or a reason why
none can tell it from the original: those stand in `tests/mutants.toml`, by file, line's text and
what became of it, and are copied to the record. Works where processes can be forked (not on
Windows).
"""

import argparse
import ast
import difflib
import importlib.machinery
import json
import os
import random
import signal
import sys
import time
import tomllib
import traceback
from collections import defaultdict
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "vaegan_edu"
RECORD = ROOT / "benchmarks" / "results" / "mutants.json"
REASONS = ROOT / "tests" / "mutants.toml"
LOG = ROOT / "_build" / "mutants.log"  # of the test module that ran last
# What is broken, with the tests that concern it, the quick ones first.
TESTS = {
    "losses.py": ("test_losses", "test_models", "test_vaegan"),
    "layers.py": ("test_layers", "test_networks", "test_callbacks", "test_adversarial"),
    "schedules.py": ("test_schedules", "test_callbacks", "test_tasks"),
    "models/*.py": (
        *("test_models", "test_gan", "test_adversarial", "test_regularisers"),
        *("test_similarity_vae", "test_vaegan", "test_newcomer"),
    ),
    "metrics/*.py": ("test_metrics", "test_attributes", "test_latent", "test_faces"),
    "callbacks/*.py": ("test_callbacks", "test_resume"),
}
OPERATORS = (
    *("ReplaceBinaryOperator", "ReplaceComparisonOperator", "ReplaceUnaryOperator", "AddNot"),
    *("ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd"),
    *("ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "NumberReplacer"),
    *("ZeroIterationForLoop", "RemoveDecorator", "ExceptionReplacer"),
)
COUNT, SEED = 200, 0
_SOUND: set[str] = set()  # test modules that pass without a mutant
LIMIT = 300  # seconds for the tests of a mutant: one that goes on for ever counts as killed


def places(path):
    """Return what can be broken in a file: from a place to its (operator, occurrence) pairs."""
    from cosmic_ray import plugins
    from cosmic_ray.ast import ast_nodes, get_ast

    source = path.read_text("utf-8")
    typed = _annotations(source)
    nodes = list(ast_nodes(get_ast(source)))
    found = defaultdict(list)
    for name in sorted(plugins.operator_names()):
        if not name.partition("/")[2].startswith(OPERATORS):
            continue
        operator = plugins.get_operator(name)()
        positions = (p for node in nodes for p in operator.mutation_positions(node))
        for occurrence, (start, end, *_) in enumerate(positions):
            if not any(first <= start and end <= last for first, last in typed):
                found[start].append((name, occurrence))
    return dict(sorted(found.items()))


def _annotations(source):
    """Return the spans of annotations, which no test runs."""
    found = []
    for node in ast.walk(ast.parse(source)):
        for name in ("annotation", "returns"):
            part = getattr(node, name, None)
            if isinstance(part, ast.AST):
                start = part.lineno, part.col_offset
                found.append((start, (part.end_lineno, part.end_col_offset)))
    return found


def sample(files, count, seed):
    """Return `count` mutants spread over the files as their places are: (file, operator, nth)."""
    chance = random.Random(seed)
    everywhere = [(path, *place) for path in files for place in places(path).items()]
    chosen = chance.sample(everywhere, min(count, len(everywhere)))
    return [(path, *chance.choice(mutants)) for path, _, mutants in chosen], len(everywhere)


def broken(path, operator, occurrence):
    """Return the code of a mutant, with the lines that changed: before, after, and which."""
    from cosmic_ray import plugins
    from cosmic_ray.mutating import mutate_code

    source = path.read_text("utf-8")
    code = mutate_code(source, plugins.get_operator(operator)(), occurrence)
    before, after = source.splitlines(), code.splitlines()
    changes = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    _, first, last, start, end = next(c for c in changes if c[0] != "equal")
    old, new = (
        " ".join(line.strip() for line in part) for part in (before[first:last], after[start:end])
    )
    return code, old, new, first + 1


def survives(path, code, modules):
    """Whether all of these test modules pass with the code in place of the file's."""
    for module in modules:
        if not _passes(None, None, module):
            raise RuntimeError(f"{LOG.read_text()[-3000:]}\n{module} fails without a mutant")
        if not _passes(path, code, module, LIMIT):
            return False
    return True


def _passes(path, code, module, limit=3600):
    if path is None and module in _SOUND:
        return True
    child = os.fork()
    if not child:
        _run(path, code, module)
    passed = _outcome(child, limit) == 0
    if path is None and passed:
        _SOUND.add(module)
    return passed


def _run(path, code, module):
    """In a process of its own: run a test module on the code and leave with pytest's exit code."""
    try:
        os.setsid()  # what it starts is ended with it
        whole = importlib.machinery.SourceFileLoader.get_code

        def get_code(self, name):
            if self.get_filename(name) == str(path):
                return compile(code, str(path), "exec", dont_inherit=True)
            return whole(self, name)

        importlib.machinery.SourceFileLoader.get_code = get_code
        LOG.parent.mkdir(exist_ok=True)
        log = os.open(LOG, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for descriptor in (1, 2):
            os.dup2(log, descriptor)
        import pytest

        options = ["-x", "-q", "-p", "no:xdist"]
        options += ["-k", "not at_any_moment"]  # these kill processes, for minutes
        options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
        os._exit(int(pytest.main([*options, str(ROOT / "tests" / f"{module}.py")])))
    except BaseException:  # a mutant may break anything
        traceback.print_exc()
        os._exit(3)


def _outcome(child, limit):
    """Wait for a process; return its exit code, or -9 where it was ended for its time."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return -9


def prepare():
    """Import what every test needs, and nothing of the package: children are forked from here."""
    for name in ("TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS"):
        os.environ.setdefault(name, {"TF_CPP_MIN_LOG_LEVEL": "3"}.get(name, "0"))
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    sys.dont_write_bytecode = True
    import bs4  # noqa: F401
    import h5py  # noqa: F401
    import hypothesis.strategies  # noqa: F401
    import keras  # noqa: F401
    import matplotlib.pyplot  # noqa: F401
    import PIL.Image  # noqa: F401
    import pytest  # noqa: F401
    import scipy.stats  # noqa: F401
    import sklearn.decomposition  # noqa: F401
    import sklearn.linear_model  # noqa: F401


def main(words=None):
    """Break and test; return 1 where a survivor has no reason."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=COUNT, help="how many mutants to draw")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--module", help="files whose path has this; no record")
    options = parser.parse_args(words)
    prepare()
    concern = {path: tests for form, tests in TESTS.items() for path in sorted(PACKAGE.glob(form))}
    files = [path for path in concern if not options.module or options.module in str(path)]
    chosen, everywhere = sample(files, options.count, options.seed)
    print(f"{len(chosen)} of {everywhere} places in {len(files)} files, seed {options.seed}")
    reasons = tomllib.loads(REASONS.read_text("utf-8"))["survivor"] if REASONS.exists() else []
    reasons = {(r["file"], r["line"], r["became"]): r["why"] for r in reasons}
    groups, survivors = {form: {"killed": 0, "of": 0} for form in TESTS}, []
    started = time.perf_counter()
    for tried, (path, operator, occurrence) in enumerate(chosen, start=1):
        code, old, new, line = broken(path, operator, occurrence)
        alive = survives(path, code, concern[path])
        name = path.relative_to(PACKAGE).as_posix()
        group = groups[next(form for form in TESTS if Path(name).match(form))]
        group["of"] += 1
        group["killed"] += not alive
        print(f"{'SURVIVES' if alive else 'killed'} {name}:{line}: {old} -> {new}", flush=True)
        if alive:
            why = reasons.get((name, old, new), "")
            survivors.append({"file": name, "line": old, "became": new, "why": why})
        record = {
            "seed": options.seed,
            "places": everywhere,
            "mutants": tried,
            "killed": tried - len(survivors),
            "backend": os.environ.get("KERAS_BACKEND", "tensorflow"),
            "cosmic_ray": version("cosmic-ray"),
            "seconds": round(time.perf_counter() - started),
            "groups": {form: group for form, group in groups.items() if group["of"]},
            "survivors": survivors,
        }
        # After each: in an order by chance the first ones are a sample, too.
        if not options.module:
            RECORD.write_text(json.dumps(record, indent=2) + "\n", "utf-8")
    killed = len(chosen) - len(survivors)
    print(f"{killed} of {len(chosen)} killed ({killed / len(chosen):.1%})")
    return int(any(not survivor["why"] for survivor in survivors))


if __name__ == "__main__":
    sys.exit(main())
