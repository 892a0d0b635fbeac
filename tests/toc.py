"""The pages of the book in their order, as `_toc.yml` lists them."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def pages():
    """Return the names of all pages, without their suffix; a pattern stands for its notebooks."""
    text = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    found = []
    for kind, name in re.findall(r"(root|file|glob): (\S+)", text):
        paths = sorted(ROOT.glob(f"{name}.ipynb")) if kind == "glob" else [ROOT / name]
        found += [path.relative_to(ROOT).with_suffix("").as_posix() for path in paths]
    return found
