"""Run the notebooks as on Colab: a bare folder, Colab's versions, a fresh kernel for each.

Colab holds no copy of the repository: a notebook's first cell clones or installs it, and brings
Keras. That cell runs here as it stands. Only git is told to find this working tree, with what is
not committed yet, where the cell names the network's address. `tools/colab.txt` lists what Colab
has installed; it is installed once, in `_build/colab`, and each notebook gets a fresh copy.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

import nbformat
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / "tools" / "colab.txt"
CACHE = ROOT / "_build" / "colab"
PYTHONS = ("3.13", "3.12")
# What the first cell must not install again: on Colab they belong to the machine.
COLABS_OWN = ("tensorflow", "numpy", "ipywidgets")
# What would tell a kernel of this machine, or of the environment that runs this file.
OURS = ("PYTHON", "VIRTUAL_ENV", "KERAS_", "TF_", "XLA_", "VAEGAN_EDU_", "JUPYTER_", "MPL")

# What a kernel of Colab holds before the first cell; anywidget asks for `output`.
STARTUP = """\
import sys
import types

colab = types.ModuleType("google.colab")
output = types.ModuleType("google.colab.output")
output.enable_custom_widget_manager = lambda: None
output._widgets = types.SimpleNamespace(_installed_url=None)
colab.output = output
sys.modules["google.colab"] = colab
sys.modules["google.colab.output"] = output
del sys, types, colab, output
"""

VERSIONS = """\
import json, platform
from importlib.metadata import distributions
found = {d.name.lower(): d.version for d in distributions()}
print(json.dumps({"python": platform.python_version(), **found}))
"""


def find_python():
    """Return a Python of Colab's kind: the one that `PYTHON` names, or one on PATH or of pyenv."""
    named = os.environ.get("PYTHON")
    candidates = [named] if named else [f"python{version}" for version in PYTHONS]
    for version in () if named else PYTHONS:
        candidates += Path.home().glob(f".pyenv/versions/{version}.*/bin/python")
    for name in candidates:
        words = [name, "-c", "import ensurepip, sys; print('%d.%d' % sys.version_info[:2])"]
        try:
            found = subprocess.run(words, capture_output=True, text=True).stdout.strip()
        except OSError:  # no such command
            continue
        if found in PYTHONS:
            return name
    raise OSError(
        f"Python {' or '.join(PYTHONS)} with its venv module is needed, as on Colab; name one by "
        f"PYTHON=/path/to/python{PYTHONS[0]}. Received: {named or 'none'}"
    )


def installed(python):
    """Return the versions that the environment of `python` holds, its own among them."""
    done = subprocess.run([python, "-c", VERSIONS], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def make_environment(cache=CACHE):
    """Install what Colab has, unless that was done; returns the folder of the environment."""
    wanted, made = REQUIREMENTS.read_text(encoding="utf-8"), cache / "installed.txt"
    if not made.exists() or made.read_text(encoding="utf-8") != wanted:
        python = find_python()
        print(f"Installing what Colab has with {python}. This takes some minutes.", flush=True)
        shutil.rmtree(cache, ignore_errors=True)
        subprocess.run([python, "-m", "venv", cache / "python"], check=True)
        pip = [cache / "python" / "bin" / "python", "-m", "pip"]
        here = {**os.environ, "PIP_USER": "0"}  # whatever the user's pip.conf says
        subprocess.run([*pip, "install", "-qq", "-r", REQUIREMENTS], check=True, env=here)
        (cache / "python").rename(cache / "fresh")
        made.write_text(wanted, encoding="utf-8")
    return cache / "fresh"


def copy_environment(fresh):
    """Copy the environment to the place it was made for, by hard links; returns its Python."""
    copy = fresh.with_name("python")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(fresh, copy, symlinks=True, copy_function=os.link)
    return copy / "bin" / "python"


def publish(root, target):
    """Commit the working tree of `root`, as it is now, in a repository of its own: `target`."""
    listing = ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, capture_output=True, check=True).stdout.decode().split("\0")
    for name in filter(None, names):
        if (root / name).is_file():  # deleted and not committed: listed, and not there
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, target / name)
    git = ["git", "-C", target, "-c", "user.name=colab", "-c", "user.email=colab@localhost"]
    for words in (["init", "-q"], ["add", "-A", "-f"], ["commit", "-q", "-m", "The working tree"]):
        subprocess.run([*git, *words], check=True)
    return target


def kernel_environment(python, repository, folder):
    """Return the variables of a kernel: nothing of ours, `repository` for the network's address."""
    address = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    address = address["project"]["urls"]["Repository"]
    startup = folder / "profile_default" / "startup"
    startup.mkdir(parents=True, exist_ok=True)
    (startup / "colab.py").write_text(STARTUP, encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return kept | {
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        "IPYTHONDIR": str(folder),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{repository.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": address,
    }


def run(notebook, python, environment, folder):
    """Run every cell of `notebook` with a fresh kernel in the bare `folder`; raises what fails."""
    with tempfile.TemporaryDirectory() as kernels:
        spec = Path(kernels, "colab", "kernel.json")
        spec.parent.mkdir()
        words = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        spec.write_text(
            json.dumps({"argv": words, "display_name": "Colab", "language": "python"}), "utf-8"
        )
        manager = AsyncKernelManager(
            kernel_name="colab", kernel_spec_manager=KernelSpecManager(kernel_dirs=[kernels])
        )
        client = NotebookClient(
            notebook, km=manager, timeout=600, extra_arguments=["--log-level=ERROR"]
        )
        client.execute(cleanup_kc=True, env=environment, cwd=str(folder))


def check(path, fresh, repository):
    """Run one notebook as on Colab and return what the summary says of it.

    Raises:
        CellExecutionError, CellTimeoutError, DeadKernelError: a cell fails.
        ValueError: the notebook replaced what belongs to Colab's machine.
    """
    start = time.perf_counter()
    python = copy_environment(fresh)
    before = installed(python)
    with tempfile.TemporaryDirectory() as folder:
        bare, home = Path(folder, "content"), Path(folder, "ipython")
        bare.mkdir()
        notebook = nbformat.read(path, as_version=4)
        run(notebook, python, kernel_environment(python, repository, home), bare)
    after = installed(python)
    replaced = [name for name in COLABS_OWN if after.get(name) != before.get(name)]
    if replaced:
        raise ValueError(f"its first cell replaced what Colab brings: {', '.join(replaced)}")
    return f"runs, {time.perf_counter() - start:.0f} s, with Keras {after['keras']}"


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="notebooks, all when none is named")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        repository = publish(ROOT, Path(folder))
        paths = {path.stem: path for path in sorted(repository.glob("notebooks/[0-9]*.ipynb"))}
        names = [Path(name).stem for name in options.names] or list(paths)
        if unknown := [name for name in names if name not in paths]:
            return f"No such notebook; expected some of {', '.join(paths)}. Received: {unknown[0]}"
        try:
            fresh = make_environment()
        except (OSError, subprocess.CalledProcessError) as error:
            return str(error)
        versions = installed(copy_environment(fresh))
        shown = ("python", *COLABS_OWN, "keras")
        print("As on Colab:", ", ".join(f"{name} {versions[name]}" for name in shown), flush=True)
        failed = []
        for name in names:
            print(f"{name}: ", end="", flush=True)
            try:
                print(check(paths[name], fresh, repository), flush=True)
            except (CellExecutionError, CellTimeoutError, DeadKernelError, ValueError) as error:
                failed.append(name)
                print(f"FAILED\n{error}", flush=True)
    print(f"{len(names) - len(failed)} of {len(names)} notebooks run as on Colab.")
    return f"Failed: {', '.join(failed)}" if failed else 0


if __name__ == "__main__":
    sys.exit(main())
