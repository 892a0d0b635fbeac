"""Test the package with each Python, with the oldest and the newest versions, on each backend.

A cell of the matrix is a virtual environment of its own in `_build/matrix`: the package with the
oldest versions that its bounds allow for that Python, or the newest, and one backend alone. What
only the tests need is the newest that fits. Of the tests those of the package run: the fast ones
and, of the slow ones, those that train two of the models. The deprecations that other versions tell
are no failures; all other warnings are.

The result is `benchmarks/results/matrix.json`, one entry a cell, also for a Python that is not on
this machine; the page on the environment shows it. `ONLY=3.12` or `ONLY="3.11 oldest jax"` runs a
part and leaves the other entries. `PIN="torch==2.13.0+cpu"` takes that version in place of both
ends, as a machine may not have the others; the entry says so. `AGAIN=1` runs again what failed,
with the same versions, after a test or the package was mended.
"""

import argparse
import itertools
import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
RECORD = ROOT / "benchmarks" / "results" / "matrix.json"
FOLDER = ROOT / "_build" / "matrix"
PYTHONS = ("3.11", "3.12", "3.13")
BOUNDS = {"oldest": "lowest-direct", "newest": "highest"}  # in uv's words
BACKENDS = ("tensorflow", "jax", "torch")
SHOWN = ("keras", "numpy", "scikit-learn", *BACKENDS)
# What tests pages, exercises and the project's own tools: these run with one set of versions.
COURSE = (
    *("address", "benchmarks", "book", "browser", "colab", "exercises", "grading", "kernels"),
    *("lab", "matrix", "nbval", "notebook", "notebooks", "packaging", "pages", "prose", "results"),
    *("slides", "sources", "tables", "trainer", "trial", "verdicts", "walls", "written_out"),
)
TESTS = (
    ("-m", "not slow", "tests", *(f"--ignore=tests/test_{name}.py" for name in COURSE)),
    # Of the slow ones those that train a model of each kind, whatever the backend.
    ("tests/test_models.py", "tests/test_gan.py"),
)
QUIET = [
    word
    for kind in ("DeprecationWarning", "PendingDeprecationWarning", "FutureWarning")
    for word in ("-W", f"default::{kind}")
]
LIMIT = 3600  # seconds for the tests of a cell
UNTRIED = "not tried yet"


class Failed(Exception):
    """A cell could not be made; the text says why, for the record."""


def find_python(version):
    """Return the interpreter of a version, "3.12": the one on PATH, or one of pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    try:
        found = sorted(pyenv.glob(f"versions/{version}.*/bin/python"), reverse=True)
    except PermissionError:  # that of another user
        found = []
    for candidate in (f"python{version}", "python", *map(str, found)):
        words = [candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        try:
            done = subprocess.run(words, capture_output=True, text=True)
        except OSError:  # no such command
            continue
        if done.stdout.strip() == version:
            return candidate
    raise Failed(f"no Python {version} on that machine")


def requirements(backend, pins=()):
    """Return what the package needs on a backend, its widgets included, lines with their bounds."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    pinned = {pin.partition("==")[0]: pin for pin in pins}
    lines = [*project["dependencies"], *extras[backend], *extras["widgets"]]
    return [pinned.get(_name(line), line) for line in lines]


def tools():
    """Return what the tests need besides, without the backends."""
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    return [line for line in wanted if _name(line) not in BACKENDS]


def _name(line):
    for place, letter in enumerate(line):
        if not (letter.isalnum() or letter in "-_."):
            return line[:place]
    return line


def run_uv(*words, given=None):
    """Run uv, found beside this Python; what it says goes to the screen, for it names addresses."""
    done = subprocess.run(
        [sys.executable, "-m", "uv", *map(str, words)],
        input=given,
        capture_output=True,
        text=True,
        env={**os.environ, "UV_PYTHON_DOWNLOADS": "never"},
    )
    if done.returncode:
        print(done.stderr.strip(), file=sys.stderr)
        raise Failed("no such versions could be installed")
    return done.stdout


def make(folder, python, bounds, backend, pins):
    """Make the environment of a cell; return its Python."""
    folder.mkdir(parents=True, exist_ok=True)
    pinned = any(_name(pin) == "torch" for pin in pins)
    # PyTorch's builds for CUDA take gigabytes that no test here needs.
    cpu = ["--torch-backend", "cpu"] if backend == "torch" and not pinned else []
    # Without pyproject.toml's own settings for uv: they are those of `make lock`. Without builds:
    # of the versions that the bounds allow, those count that this Python can install.
    common = ["--no-config", "--no-build", "--quiet"]
    chosen = run_uv(
        *("pip", "compile", "--python", python, "--resolution", BOUNDS[bounds], *common, *cpu),
        *("--no-annotate", "--no-header", "-"),
        given="\n".join(requirements(backend, pins)),
    )
    # What the package itself names stays as chosen; what that needs may be older for the tests.
    named = {_name(line) for line in requirements(backend)}
    kept = [line for line in chosen.splitlines() if _name(line) in named]
    lock = folder / "wanted.txt"
    lock.write_text("\n".join([*kept, *tools()]), "utf-8")
    shutil.rmtree(folder / "venv", ignore_errors=True)
    run_uv("venv", "--no-config", "--quiet", "--python", python, folder / "venv")
    place = ["--python", folder / "venv", *common, *cpu]
    run_uv("pip", "install", *place, "-r", lock)
    common.remove("--no-build")
    run_uv("pip", "install", "--python", folder / "venv", *common, "--no-deps", "-e", ROOT)
    bin_folder = "Scripts" if os.name == "nt" else "bin"
    return folder / "venv" / bin_folder / "python"


def versions(python):
    """Return the versions that count, of an environment."""
    code = (
        "import json, platform, sys\nfrom importlib.metadata import distributions\n"
        "found = {d.name.lower(): d.version for d in distributions()}\n"
        "print(json.dumps({'python': platform.python_version(), **found}))"
    )
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    return {name: found[name] for name in ("python", *SHOWN) if name in found}


def test(folder, python, backend, chosen_tests=TESTS):
    """Run the tests of a cell; return how many passed, were skipped and failed by name."""
    environment = {
        **os.environ,
        "KERAS_BACKEND": backend,
        "PYTHONPATH": str(ROOT),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "VAEGAN_EDU_PROFILE": "cpu",
    }
    counts = {"passed": 0, "skipped": 0, "failed": []}
    for part, chosen in enumerate(chosen_tests):
        report = folder / f"report-{part}.xml"
        report.unlink(missing_ok=True)
        words = [python, "-m", "pytest", "-q", *QUIET, *chosen]
        words.append("--continue-on-collection-errors")
        with open(folder / f"log-{part}", "w") as log:
            try:
                subprocess.run(
                    [*words, f"--junitxml={report}"],
                    cwd=ROOT,
                    env=environment,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    timeout=LIMIT,
                )
            except subprocess.TimeoutExpired:
                raise Failed(f"the tests took more than {LIMIT} seconds") from None
        if not report.exists():
            print((folder / f"log-{part}").read_text()[-3000:], file=sys.stderr)
            raise Failed("pytest did not come to its end")
        for name, found in count(report).items():
            counts[name] += found
    return counts


def count(report):
    """Return the numbers of a JUnit report, and the names of what failed."""
    passed, skipped, failed = 0, 0, []
    for case in ElementTree.parse(report).iter("testcase"):
        kinds = {child.tag for child in case}
        if kinds & {"failure", "error"}:
            failed.append(f"{case.get('classname')}::{case.get('name')}")
        elif "skipped" in kinds:
            skipped += 1
        else:
            passed += 1
    return {"passed": passed, "skipped": skipped, "failed": list(dict.fromkeys(failed))}


def run_cell(version, bounds, backend, pins, before=None):
    """Make and test a cell; return its entry in the record.

    Of a cell that was tested before, only what failed is run again, with the same versions.
    """
    pins = [pin for pin in pins if _name(pin) in map(_name, requirements(backend))]
    entry = {"python": version, "bounds": bounds, "backend": backend, "commit": commit()}
    if pins:
        entry["pinned"] = pins
    folder = FOLDER / f"{version}-{bounds}-{backend}"
    started = time.perf_counter()
    try:
        python = make(folder, find_python(version), bounds, backend, pins)
        entry["versions"] = versions(python)
        if before:
            if entry["versions"] != before["versions"]:
                raise Failed("other versions than before; run the cell as a whole")
            failed = [name.partition("::") for name in before["failed"]]
            nodes = [f"{module.replace('.', '/')}.py::{name}" for module, _, name in failed]
            found = test(folder, python, backend, [nodes])
            entry = before | {"failed": found["failed"], "again": commit()}
            return entry | {"passed": before["passed"] + found["passed"]}
        entry |= test(folder, python, backend)
    except Failed as why:
        entry["missing"] = str(why)
    finally:
        shutil.rmtree(folder / "venv", ignore_errors=True)
    return entry | {"seconds": round(time.perf_counter() - started)}


def commit():
    """Return the commit that is tested, with a plus where files differ from it."""
    words = ["git", "-C", str(ROOT), "describe", "--always", "--abbrev=12", "--dirty=+"]
    done = subprocess.run(words, capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def told(entry):
    """Return the outcome of a cell in a few words, as the table shows it."""
    if "missing" in entry:
        return f"not run: {entry['missing']}"
    counts = entry | {"failed": len(entry["failed"])}
    return ", ".join(f"{counts[k]} {k}" for k in ("passed", "failed", "skipped") if counts[k])


def main(words=None):
    """Run the matrix; return 1 if a test failed, or nothing could be run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="words that the name of a cell must have")
    parser.add_argument("--pin", action="append", default=[], help="package==version")
    parser.add_argument("--again", action="store_true", help="of tested cells, what failed")
    parser.add_argument("--record", type=Path, default=RECORD)
    options = parser.parse_args(words)
    cells = list(itertools.product(PYTHONS, BOUNDS, BACKENDS))
    chosen = [cell for cell in cells if {*options.only.split()} <= {*cell}]
    if not chosen:
        parser.error(f"no cell has all of these words. Received: {options.only!r}")
    known = {
        cell: dict(zip(("python", "bounds", "backend"), cell, strict=True)) | {"missing": UNTRIED}
        for cell in cells
    }
    if options.record.exists():
        entries = json.loads(options.record.read_text("utf-8"))["cells"]
        known |= {(e["python"], e["bounds"], e["backend"]): e for e in entries}
    for cell in chosen:
        print(f"{' '.join(cell)}: ", end="", flush=True)
        before = known[cell] if options.again and known[cell].get("failed") else None
        known[cell] = run_cell(*cell, options.pin, before)
        print(f"{told(known[cell])} ({known[cell]['seconds']} s)", flush=True)
        for name in known[cell].get("failed", ()):
            print(f"  {name}")
        record = {"cells": [known[cell] for cell in cells]}
        options.record.parent.mkdir(parents=True, exist_ok=True)
        options.record.write_text(json.dumps(record, indent=2) + "\n", "utf-8")
    ran = [known[cell] for cell in chosen if "missing" not in known[cell]]
    return 1 if not ran or any(entry["failed"] for entry in ran) else 0


if __name__ == "__main__":
    sys.exit(main())
