"""What stands in the head of every page: scripts that wait, a description, icons of a few kB.

The theme loads a library of thousands of icons to show two dozen, and runs most of its scripts
before it lets a browser draw. Here the scripts are deferred, Thebe is left out, as no page starts a
kernel, and the fonts are cut down to the icons that pages and style sheets ask for.
"""

import html
import logging
import re
from pathlib import Path

from docutils import nodes
from fontTools import subset, ttLib

# Read by scripts that stand in the head themselves, so it cannot wait; it is a few hundred bytes.
AT_ONCE = "documentation_options.js"
UNWANTED = ("sphinx-thebe", "THEBE_JS_URL")
ICON_FONTS = {"solid": "fa-solid-900.ttf", "brands": "fa-brands-400.ttf"}
ICON_RULE = re.compile(r'((?:\.fa-[a-z0-9-]+:before,?)+)\{content:"\\(f[0-9a-f]{3})"\}')
PREVIEW = "_static/preview.png"  # written by trial_directives
PRIVATE_USE = re.compile("[\ue000-\uf8ff]")


def tidy_head(app, pagename, templatename, context, doctree):
    """Defer the page's scripts, drop what it never uses, and describe it."""
    kept, seen = [], set()
    for script in context["script_files"]:
        said = f"{script.filename or ''}{script.attributes.get('body', '')}"
        if any(word in said for word in UNWANTED) or said in seen:
            continue
        seen.add(said)
        waits = script.filename and AT_ONCE not in str(script.filename)
        if waits and pagename != "search":  # there the search's own scripts follow at once
            attributes = {**script.attributes, "defer": "defer"}
            script = type(script)(script.filename, priority=script.priority, **attributes)
        kept.append(script)
    context["script_files"] = kept
    styles = [css for css in context["css_files"] if "sphinx-thebe" not in str(css.filename)]
    context["css_files"] = styles
    if doctree is not None:
        context["metatags"] += describe(app, pagename, context, doctree)


def describe(app, pagename, context, doctree):
    """Return the tags that say what a page is about, to search engines and where it is linked."""
    text = description(doctree)
    address = app.config.html_baseurl.rstrip("/")
    title = nodes_title(doctree) or app.config.project
    tags = [
        ("name", "description", text),
        ("property", "og:type", "article"),
        ("property", "og:site_name", app.config.html_title),
        ("property", "og:title", title),
        ("property", "og:description", text),
        ("name", "twitter:card", "summary_large_image"),
    ]
    if address:
        tags += [  # whole addresses: who reads them stands elsewhere
            ("property", "og:url", f"{address}/{pagename}.html"),
            ("property", "og:image", f"{address}/{PREVIEW}"),
        ]
    lines = [f'<meta {kind}="{name}" content="{html.escape(said)}" />' for kind, name, said in tags]
    return "\n" + "\n".join(lines) + "\n"


def nodes_title(doctree):
    """Return the title of a page as text."""
    title = next(doctree.findall(nodes.title), None)
    return title.astext() if title is not None else ""


def description(doctree, most=200):
    """Return the first words of a page: its first paragraph of prose, cut at a sentence or a word.

    A chapter's first line in bold is the question it answers; its run time, in italics, is skipped.
    """
    for paragraph in doctree.findall(nodes.paragraph):
        first = paragraph.children[0] if paragraph.children else None
        text = " ".join(paragraph.astext().split())
        if isinstance(first, nodes.emphasis) or len(text) < 40 or inside_table(paragraph):
            continue
        if len(text) <= most:
            return text
        cut = text[:most]
        end = cut.rfind(". ")
        return cut[: end + 1] if end > 60 else f"{cut.rsplit(' ', 1)[0]} …"
    return ""


def inside_table(node):
    """Whether a node stands in a table's cell."""
    while node is not None:
        if isinstance(node, nodes.entry):
            return True
        node = node.parent
    return False


def cut_icons(app, exception):
    """Write fonts of the icons that the book shows; `book.css` puts them before the theme's."""
    if exception is not None or app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    wanted = asked_icons(app.outdir)
    for name, file in ICON_FONTS.items():
        source = static / "vendor" / "fontawesome" / "webfonts" / file
        font = ttLib.TTFont(source)
        options = subset.Options(flavor="woff", notdef_outline=False, recalc_timestamp=False)
        logging.getLogger("fontTools").setLevel(logging.WARNING)
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=wanted & set(font.getBestCmap()))
        cutter.subset(font)
        font.flavor = "woff"
        font.save(static / f"icons-{name}.woff")


def asked_icons(outdir):
    """Return the code points of all icons that pages, scripts and style sheets ask for."""
    static = Path(outdir, "_static")
    styles = "".join(path.read_text("utf-8") for path in sorted(static.rglob("*.css")))
    icons = {
        name: int(code, 16)
        for rule, code in ICON_RULE.findall(styles)
        for name in re.findall(r"\.fa-([a-z0-9-]+):", rule)
    }
    pages = "".join(path.read_text("utf-8") for path in sorted(Path(outdir).rglob("*.html")))
    classes = " ".join(re.findall(r'class="([^"]*\bfa-[^"]*)"', pages))
    scripts = (static / "scripts" / "sphinx-book-theme.js").read_text("utf-8")
    names = set(re.findall(r"\bfa-([a-z0-9-]+)", classes + scripts))
    found = {icons[name] for name in names if name in icons}
    rest = ICON_RULE.sub("", styles)
    found |= {ord(letter) for letter in PRIVATE_USE.findall(rest)}
    return found | {int(code, 16) for code in re.findall(r'"\\(f[0-9a-f]{3})"', rest)}


def setup(app):
    """Register what runs at which time of a build."""
    app.connect("html-page-context", tidy_head, priority=990)  # after all that add to the head
    app.connect("build-finished", cut_icons, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
