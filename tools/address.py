"""Point every copy of the repository's address at a fork, or `--check` that all copies agree.

The one place of the address is `[project.urls]` in pyproject.toml. The copies are links that the
book, the README, the notebooks' Colab cells and the citation need to spell out.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILES = [
    "pyproject.toml",
    "_config.yml",
    "*.md",
    "CITATION.cff",
    "book/**/*.md",
    "notebooks/*.py",
    "notebooks/*.ipynb",
    "vaegan_edu/**/*.py",
    ".github/workflows/*.yml",
]
NEEDED = ["_config.yml", "README.md", "CITATION.cff"]
ADDRESS = re.compile(r"https://github\.com/(?P<owner>[\w-]+)/(?P<name>[\w.-]+?)(?:\.git)?/?")
# Where a link can only mean this repository: each must name ours.
LINKS = re.compile(
    r"(?:colab\.research\.google\.com/github/|git\+https://github\.com/)(?P<slug>[\w-]+/[\w.-]+)"
    r"|https://(?P<owner>[\w-]+)\.github\.io/(?P<name>[\w.-]+)"
)


def split(url):
    """Return (owner, name) of a repository's address; raises ValueError when it is none."""
    match = ADDRESS.fullmatch(url.strip())
    if not match:
        raise ValueError(
            "Expected the address of a repository, https://github.com/OWNER/NAME. "
            f"Received: {url!r}"
        )
    return match["owner"], match["name"]


def current(root):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return split(project["urls"]["Repository"])


def paths(root):
    return sorted({path for pattern in FILES for path in root.glob(pattern) if path.is_file()})


def move(url, root=ROOT):
    """Write the address `url` in place of the present one; returns the files changed."""
    new_owner, new_name = split(url)
    owner, name = current(root)
    changed = []
    for path in paths(root):
        before = path.read_text(encoding="utf-8")
        after = re.sub(
            rf"(?<![\w.-]){owner}(\.github\.io)?/{re.escape(name)}(?![\w-])",
            lambda match: f"{new_owner}{match[1] or ''}/{new_name}",
            before,
        )
        after = re.sub(rf"^cd {re.escape(name)}$", f"cd {new_name}", after, flags=re.MULTILINE)
        if after != before:
            path.write_text(after, encoding="utf-8")
            changed.append(path.relative_to(root).as_posix())
    return changed


def problems(root=ROOT):
    """Return a line for each copy that does not agree with pyproject.toml."""
    owner, name = current(root)
    found = []
    for needed in NEEDED:
        if f"{owner}/{name}" not in (root / needed).read_text(encoding="utf-8"):
            found.append(f"{needed}: expected the address of {owner}/{name}.")
    for path in paths(root):
        for link in LINKS.finditer(path.read_text(encoding="utf-8")):
            slug = link["slug"] or f"{link['owner']}/{link['name']}"
            if slug.removesuffix(".git").rstrip(".") != f"{owner}/{name}":
                where = path.relative_to(root).as_posix()
                found.append(f"{where}: expected a link to {owner}/{name}. Received: {link[0]}")
    return found


def main(arguments=None):
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments == ["--check"]:
        sys.exit("\n".join(problems()) or 0)
    try:
        changed = move(arguments[0] if arguments else "")
    except ValueError as error:
        sys.exit(str(error))
    print("\n".join(changed) if changed else "Nothing to change.")


if __name__ == "__main__":
    main()
