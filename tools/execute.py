"""Execute the notebooks whose code changed: each `.py` in notebooks/ gives the `.ipynb` beside it.

The `.py` is the source. What the `.ipynb` adds is the outputs, and in its metadata the hash of the
code they came from and the run time that the header shows. A change of text alone is carried over
without an execution. A notebook that fails leaves both files as they were, and one whose code was
changed in the `.ipynb` is left alone: it may hold somebody's answers.
"""

import argparse
import hashlib
import json
import math
import os
import re
import sys
import time
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from vaegan_edu.records import write_atomically

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
RUN_TIME = re.compile(r"\*Run time: .* measured at the last execution\.\*")
WIDGET = "application/vnd.jupyter.widget-view+json"
COUNTS = {1: "one CPU core", 2: "two CPU cores", 4: "four CPU cores"}

# Nothing here tells one Python from another.
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "pygments_lexer": "ipython3"},
}


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def code_hash(notebook):
    """Return the hash of the code whose outputs are stored; Colab's cell does nothing elsewhere."""
    sources = [
        cell.source for cell in code_cells(notebook) if "colab" not in cell.metadata.get("tags", [])
    ]
    return hashlib.sha256(json.dumps(sources).encode()).hexdigest()[:16]


def run_time(record):
    """Return the header's line for `record`, the metadata that an execution leaves."""
    cores = COUNTS.get(record["cores"], f"{record['cores']} CPU cores")
    return f"*Run time: {record['seconds']} s on {cores}, measured at the last execution.*"


def read_source(path):
    """Return the notebook that the `.py` at `path` describes, with cell ids that last."""
    notebook = jupytext.read(path, fmt="py:percent")
    seen = {}
    for cell in notebook.cells:
        # By content, not by position: a new cell must not change the ids of those after it. The
        # Colab cell holds the repository's address and the header its run time; both may change.
        text = "colab" if "colab" in cell.metadata.get("tags", []) else cell.source
        text = RUN_TIME.sub("", text)
        digest = hashlib.sha256(f"{cell.cell_type}:{text}".encode()).hexdigest()[:8]
        seen[digest] = seen.get(digest, 0) + 1
        cell.metadata.pop("lines_to_next_cell", None)
        cell.id = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def is_current(source, stored):
    """Return whether the outputs of `stored` are those of the code in `source`."""
    if stored is None or len(code_cells(source)) != len(code_cells(stored)):
        return False
    record = stored.metadata.get("vaegan_edu", {})
    executed = all(cell.execution_count is not None for cell in code_cells(stored))
    return executed and record.get("code_hash") == code_hash(source) == code_hash(stored)


def execute(notebook):
    """Run `notebook` from top to bottom; returns the metadata to store."""
    expected = code_hash(notebook)
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],
        record_timing=False,
        store_widget_state=False,
        resources={"metadata": {"path": str(NOTEBOOKS)}},
    )
    start = time.perf_counter()
    client.execute()
    seconds = math.ceil(time.perf_counter() - start)
    # The static page has no kernel: where a cell also gives HTML, that is what it shows.
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if "text/html" in output.get("data", {}):
                output.data.pop(WIDGET, None)
    return {"code_hash": expected, "seconds": seconds, "cores": os.cpu_count()}


def update(path, force=False):
    """Bring the `.ipynb` of `path` up to date; returns what was done, or raises."""
    source = read_source(path)
    target = path.with_suffix(".ipynb")
    before = target.read_text(encoding="utf-8") if target.exists() else None
    stored = nbformat.reads(before, as_version=4) if before else None
    if not source.cells or not RUN_TIME.search(source.cells[0].source):
        raise ValueError("the first cell lacks its line '*Run time: ... at the last execution.*'")

    if stored and code_hash(stored) != stored.metadata.get("vaegan_edu", {}).get("code_hash"):
        raise ValueError(
            f"the code in {target.name} was changed there, which this would undo: move the change "
            f"to {path.name}, then take {target.name} away"
        )

    run = force or not is_current(source, stored)
    if run:
        record = execute(source)
    else:
        record = dict(stored.metadata["vaegan_edu"])
        for cell, old in zip(code_cells(source), code_cells(stored), strict=True):
            cell.outputs, cell.execution_count = old.outputs, old.execution_count

    source.metadata = nbformat.from_dict(METADATA | {"vaegan_edu": record})
    source.cells[0].source = RUN_TIME.sub(run_time(record), source.cells[0].source)
    # From here on both files change, each in one step.
    script = path.read_text(encoding="utf-8")
    timed = RUN_TIME.sub(run_time(record), script, count=1)
    if timed != script:
        write_atomically(path, timed)
    after = nbformat.writes(source) + "\n"
    if after != before:
        write_atomically(target, after)
        path.touch()  # where an output is the newer file, editors of pairs ask which one is right
    return f"executed in {record['seconds']} s" if run else "current"


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="notebooks, all when none is named")
    parser.add_argument("--all", action="store_true", help="execute unchanged ones too")
    options = parser.parse_args(arguments)

    paths = {path.stem: path for path in sorted(NOTEBOOKS.glob("[0-9]*.py"))}
    names = [Path(name).stem for name in options.names] or list(paths)
    unknown = [name for name in names if name not in paths]
    if unknown:
        sys.exit(f"No such notebook; expected some of {', '.join(paths)}. Received: {unknown[0]}")
    failed = False
    for name in names:
        try:
            print(f"{name}: ", end="", flush=True)
            print(update(paths[name], force=options.all or name in options.names), flush=True)
        except (CellExecutionError, CellTimeoutError, DeadKernelError, ValueError) as error:
            failed = True
            print(f"failed, its files are unchanged\n{error}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
