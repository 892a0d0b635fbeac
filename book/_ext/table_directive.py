"""The directive `table`: a wide table of the book, made from the records when the page is built.

    ```{table} quality_cost
    ```

`book.tables` holds them all. A record that is missing, or was made with other settings, is an error
on the page.
"""

from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from book import tables


class Table(SphinxDirective):
    """Show one table of `book.tables`."""

    required_arguments = 1

    def run(self):
        """Return the nodes of the table's Markdown."""
        self.env.note_reread()  # which records a table is made of, the table alone knows
        (name,) = self.arguments
        try:
            text = tables.render(name, Path(self.env.srcdir))
        except (KeyError, OSError, ValueError) as error:
            raise self.error(f"table {name}: {error}") from error
        node = nodes.container()
        lines = StringList(text.splitlines(), f"table {name}")
        self.state.nested_parse(lines, self.content_offset, node)
        return [node]


def setup(app):
    """Register the directive in place of docutils' own, which gives a table a title."""
    app.add_directive("table", Table, override=True)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
