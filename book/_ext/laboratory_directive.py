"""The directive `laboratory`: a figure in which small networks train.

    ```{laboratory}
    ```

With the name of a question, say `vae-gan`, it makes the button that sets the figure up for it. The
engine and the digits are a script of their own, `_static/laboratory.js`, which the figure loads
when it is asked to train; it is written after the build of any book that has the figure.
"""

from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from vaegan_edu import widgets
from vaegan_edu.widgets.laboratory import QUESTIONS, write_engine

ENGINE = "_static/laboratory.js"
BUTTON = (
    '<p><button type="button" class="laboratory-button" data-laboratory="{}" hidden>'
    "Set this up in the laboratory</button></p>"
)


class LaboratoryDirective(SphinxDirective):
    """Show the laboratory, or a button for one of its questions."""

    optional_arguments = 1

    def run(self):
        """Return the figure's or the button's HTML."""
        if self.arguments:
            (name,) = self.arguments
            if name not in QUESTIONS:
                raise self.error(f"Laboratory must be one of {', '.join(QUESTIONS)}")
            return [nodes.raw("", BUTTON.format(name), format="html")]
        folder = Path(*[".."] * self.env.docname.count("/"))
        figure = widgets.Laboratory(engine=(folder / ENGINE).as_posix())
        scripts = Path(widgets.__file__).parent.rglob("*.*s")  # and styles
        for path in [*scripts, __file__]:
            self.env.note_dependency(str(path))
        return [nodes.raw("", figure.to_html(), format="html")]


def write(app, exception):
    """Write the engine beside the pages."""
    if exception is None and app.builder.format == "html":
        write_engine(Path(app.outdir, ENGINE))


def setup(app):
    """Register the directive."""
    app.add_directive("laboratory", LaboratoryDirective)
    app.connect("build-finished", write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
