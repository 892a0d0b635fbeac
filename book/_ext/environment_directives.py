"""The directives `run-times` and `versions`, tables of the page on the environment.

`run-times` reads what `make execute` measured from the notebooks' metadata. `versions` reads
pyproject.toml, constraints.txt and tools/colab.txt, the only places that state a version.
"""

import json
import tomllib
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from packaging.requirements import Requirement
from sphinx.util.docutils import SphinxDirective

from benchmarks import markdown


class _Table(SphinxDirective):
    """Parse the Markdown that `render` makes of the project's files; a change builds anew."""

    def run(self):
        """Return the table's nodes."""
        root = Path(self.env.srcdir)
        for pattern in self.sources:
            for path in root.glob(pattern):
                self.env.note_dependency(path.relative_to(root).as_posix())
        node = nodes.container()
        lines = StringList(self.render(root).splitlines(), self.name)
        self.state.nested_parse(lines, self.content_offset, node)
        return [node]


class RunTimes(_Table):
    """Each notebook with the run time of its last execution."""

    sources = ("notebooks/[0-9]*.ipynb",)

    def render(self, root):
        """Return the table as Markdown, for a page in book/."""
        rows, total = [], 0
        for path in sorted(root.glob(*self.sources)):
            notebook = json.loads(path.read_text(encoding="utf-8"))
            measured = notebook["metadata"]["vaegan_edu"]
            title = "".join(notebook["cells"][0]["source"]).splitlines()[0].removeprefix("# ")
            link = f"[{title}](../notebooks/{path.name})"
            rows.append([link, str(measured["seconds"]), str(measured["cores"])])
            total += measured["seconds"]
        rows.append(["together", str(total), ""])
        return markdown.table(["Notebook", "Seconds", "CPU cores"], rows)


class Versions(_Table):
    """Each package that the course needs: the bound, what `make` installs, what Colab has."""

    sources = ("pyproject.toml", "constraints.txt", "tools/colab.txt")

    def render(self, root):
        """Return the table as Markdown."""
        project, constraints, colab = (root / name for name in self.sources)
        needs = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
        optional = needs["optional-dependencies"].values()
        installed, of_colab = _requirements(constraints), _requirements(colab)
        rows = []
        for line in (*needs["dependencies"], *(line for extra in optional for line in extra)):
            wanted = Requirement(line)
            if wanted.name not in of_colab:
                has = "not there"
            else:
                has = _versions(of_colab[wanted.name]) or "a release of its own"
            here = _versions(installed[wanted.name])
            rows.append([wanted.name, _versions(wanted), here, has])
        return markdown.table(["Package", "Needed", "`make` installs", "Colab has"], rows)


def _requirements(path):
    """Return the requirements that a file lists, by name."""
    lines = (line.partition("#")[0].strip() for line in path.read_text("utf-8").splitlines())
    found = [Requirement(line) for line in lines if line]
    return {requirement.name: requirement for requirement in found}


def _versions(requirement):
    """Return the bounds as code, the lower one first, "==" left out."""
    bounds = sorted(str(bound) for bound in requirement.specifier)
    return ", ".join(f"`{bound.removeprefix('==')}`" for bound in reversed(bounds))


def setup(app):
    """Register the directives."""
    app.add_directive("run-times", RunTimes)
    app.add_directive("versions", Versions)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
