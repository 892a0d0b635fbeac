"""The role {record}`run:key`, which quotes a number from a run's record.

Records lie in book/results/; those of the shipped classifiers lie beside their weights.
"""

from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxRole

from vaegan_edu.records import quote

RESULTS = (Path("book", "results"), Path("vaegan_edu", "weights"))
FILES = ["config.json", "metrics.json", "history.csv"]


class Record(SphinxRole):
    """Quote `run:key` or `run:key:format`; an unknown run or key is an error on the page."""

    def run(self):
        """Return the quoted number as text."""
        run = self.text.partition(":")[0]
        folders = [Path(self.env.srcdir, results) for results in RESULTS]
        results = next((folder for folder in folders if (folder / run).is_dir()), folders[0])
        for name in FILES:  # a changed record builds the page anew
            self.env.note_dependency((results / run / name).as_posix())
        try:
            return [nodes.inline(self.rawtext, quote(results, self.text), classes=["record"])], []
        except (KeyError, OSError, ValueError) as error:
            message = self.inliner.reporter.error(f"{self.text}: {error}", line=self.lineno)
            return [self.inliner.problematic(self.rawtext, self.rawtext, message)], [message]


def reread_first_page(app, *_):
    """Sphinx copies style sheets only when some page changed; so one always did."""
    return [app.config.root_doc]


def setup(app):
    """Register the role."""
    app.add_role("record", Record())
    app.connect("env-get-outdated", reread_first_page)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
