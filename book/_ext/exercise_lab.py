"""Exercises that run in the page: a place below each for its editor, and the script of the pages.

`tools/lab.py` has made both the script and the list of exercises, in _build/lab/. An exercise that
cannot run in a page, or any if nothing was made, gets a line that points to Colab.
"""

import html
import json
import math
import re
from pathlib import Path

from docutils import nodes

LAB = Path("_build", "lab")
TITLE = re.compile(r"# Exercise: (\w+)")
PLACE = '<div class="lab" data-exercise="{name}" data-imports="{imports}"><p>{text}</p></div>'


def read_list(app, config):
    """Note what was made: another list, or none, builds the pages anew."""
    path = Path(app.srcdir, LAB, "exercises.json")
    config.exercise_lab = path.read_text(encoding="utf-8") if path.is_file() else ""
    packed = Path(app.srcdir, LAB, "python.json")
    made = path.is_file() and packed.is_file()
    config.exercise_bytes = json.loads(packed.read_text(encoding="utf-8"))["bytes"] if made else 0


def copy_scripts(app):
    """Have the scripts copied to _static/lab/, where they were made."""
    if app.config.exercise_lab:
        app.config.html_static_path.append(str(Path(app.srcdir, LAB, "site")))


def tell_size(name, rawtext, text, lineno, inliner, options=None, content=None):
    """Return how much a page loads to run an exercise: the role `exercise-size`, without text."""
    config = inliner.document.settings.env.config
    said = f"{math.ceil(config.exercise_bytes / 1e6)} MB" if config.exercise_bytes else "several MB"
    return [nodes.Text(said)], []


def place_exercises(app, doctree, docname):
    """Add to each exercise of a page the place where it is answered."""
    if app.builder.format != "html":
        return
    made = json.loads(app.config.exercise_lab or "{}")
    for cell in doctree.findall(nodes.container):
        if "tag_exercise" not in cell["classes"]:
            continue
        code = next(cell.findall(nodes.literal_block)).astext()
        name = TITLE.match(code)[1]
        colab = f'<a href="{html.escape(_colab(app.config, docname))}">Colab</a>'
        runs = name in made and not made[name]["needs"]
        if runs:
            text = PLACE.format(
                name=name,
                imports=html.escape(made[name]["imports"]).replace("\n", "&#10;"),
                text=f"Do this exercise on {colab}; in the page it needs JavaScript.",
            )
        elif name in made:
            needs = " and ".join(made[name]["needs"])
            text = f"<p>This exercise needs {needs}: do it on {colab}.</p>"
        else:
            text = f"<p>Do this exercise on {colab}.</p>"
        cell += nodes.raw("", text, format="html")


def add_script(app, pagename, templatename, context, doctree):
    """Load the script on pages that have a place for it, and on no others."""
    if 'class="lab"' in context.get("body", ""):
        app.add_js_file("lab/exercises.js", loading_method="defer")


def _colab(config, docname):
    """Return the address at which the theme's own button opens a notebook on Colab."""
    theme = config.html_theme_options
    repository = theme["repository_url"].removeprefix("https://github.com/")
    colab = theme["launch_buttons"]["colab_url"].rstrip("/")
    return f"{colab}/github/{repository}/blob/{theme['repository_branch']}/{docname}.ipynb"


def setup(app):
    """Register what runs at which time of a build."""
    app.add_config_value("exercise_lab", "", "html")
    app.add_config_value("exercise_bytes", 0, "env")
    app.add_role("exercise-size", tell_size)
    app.connect("config-inited", read_list)
    app.connect("builder-inited", copy_scripts)
    app.connect("doctree-resolved", place_exercises)
    app.connect("html-page-context", add_script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
