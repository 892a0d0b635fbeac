"""That nbval proves something: most cells that print are compared, and an altered number fails."""

import ast
import copy
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbval.plugin import IPyNbFile, get_sanitize_patterns

from tools import execute

NOTEBOOKS = sorted(execute.NOTEBOOKS.glob("[0-9]*.ipynb"))
SANITIZE = Path(__file__).with_name("nbval_sanitize.cfg")
QUANTITY = re.compile(r"\b(?:\d+(?:\.\d+)?(?:e[-+]?\d+)?|True|False)\b")


def printed(output):
    """The text that an output prints: none for a figure or an explorer, which show something."""
    shown = output.get("data", {})
    if any(kind.startswith(("image/", "text/html")) for kind in shown):
        return ""
    return output.get("text", shown.get("text/plain", ""))


def quantities(cell):
    """Yield (output's number, match) for what a cell computed: it stands in no string literal."""
    strings = [
        node.value
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    literal = set(QUANTITY.findall(" ".join(strings)))
    for number, output in enumerate(cell.outputs):
        for match in QUANTITY.finditer(printed(output)):
            if match.group() not in literal:
                yield number, match


def alter(output, match):
    """A copy of an output whose quantity is another: the next last digit, or the other claim."""
    word = match.group()
    if word in ("True", "False"):
        other = str(word == "False")
    else:
        other = word[:-1] + str((int(word[-1]) + 1) % 10)
    altered = copy.deepcopy(output)
    text = printed(output)
    text = text[: match.start()] + other + text[match.end() :]
    if "text" in output:
        altered["text"] = text
    else:
        altered["data"]["text/plain"] = text
    return altered


def notices(item, number, match):
    """Whether nbval's comparison fails when one stored quantity is altered."""
    outputs = item.cell.outputs
    assert item.compare_outputs(outputs, outputs)
    stored = [*outputs[:number], alter(outputs[number], match), *outputs[number + 1 :]]
    return not item.compare_outputs(outputs, stored)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_most_cells_that_print_are_compared_by_a_computed_quantity(path, request):
    """Not those whose digits come from a long training: another processor gives others.

    Exercise cells stand apart: `test_exercises` proves their answers.
    """
    file = IPyNbFile.from_parent(request.session, path=path)
    file.sanitize_patterns.update(get_sanitize_patterns(SANITIZE.read_text(encoding="utf-8")))
    compared = {
        item.cell_num: item.options["check"]
        and not item.options["skip"]
        and any(notices(item, *quantity) for quantity in quantities(item.cell))
        for item in file.collect()
        if any(printed(output) for output in item.cell.outputs)
        and not {"exercise", "solution"} & set(item.cell.metadata.get("tags", []))
    }
    share = sum(compared.values()) / len(compared)
    print(f"{path.stem}: {sum(compared.values())} of {len(compared)} cells, {share:.0%}")
    assert share >= 0.6, [number for number, counts in compared.items() if not counts]


def test_nbval_fails_on_an_altered_number_and_on_nothing_else(tmp_path):
    """The real run, with the options of `make test`: the second notebook tells 43 for 42."""
    for name, answer in [("right", "42"), ("altered", "43")]:
        cell = nbformat.v4.new_code_cell("import time\nprint(6 * 7, f'{time.time():.1f} s')")
        cell.execution_count = 1
        cell.outputs = [nbformat.v4.new_output("stream", text=f"{answer} 1.0 s\n")]
        notebook = nbformat.v4.new_notebook(cells=[cell])
        nbformat.write(notebook, tmp_path / f"{name}.ipynb")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--nbval",
            "--nbval-current-env",
            f"--nbval-sanitize-with={SANITIZE}",
            ".",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1, done.stdout
    assert "1 failed, 1 passed" in done.stdout
    assert "altered.ipynb::Cell 0" in done.stdout.replace(str(tmp_path), "")
