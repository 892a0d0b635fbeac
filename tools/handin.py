"""Write the notebooks as learners hand them in: stubs alone, no solution and no output.

They go into the folder _build/handin/. `python -m vaegan_edu.exercises FOLDER` grades what comes
back.
"""

import shutil
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]


def main(notebooks=ROOT / "notebooks", target=ROOT / "_build" / "handin"):
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for path in sorted(Path(notebooks).glob("[0-9]*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        notebook.cells = [c for c in notebook.cells if "solution" not in c.metadata.get("tags", [])]
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        notebook.metadata.pop("vaegan_edu", None)  # it describes outputs
        nbformat.write(notebook, target / path.name)
    print(f"{len(list(target.iterdir()))} notebooks to hand out: {target}")


if __name__ == "__main__":
    main()
