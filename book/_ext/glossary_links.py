"""Words of the glossary, linked where a chapter uses them first, and what lies behind such a link.

The link is written when a page is resolved, so no author has to remember it. What glossary and
bibliography say goes into `_static/previews.js`, by address. `page.js` shows it beside the link,
and loads it when the first link is touched.
"""

import json
import re
from pathlib import Path

from bs4 import BeautifulSoup
from docutils import nodes

CHAPTERS = "notebooks/"
# Words that chapters also use in their everyday sense, or in Python's: a link would often mislead.
EVERYDAY = frozenset(
    "activation arm bias channel claim code control density digest evidence features filter floor "
    "kernel layer loss mode plateau record registration replay routing schedule seed step "
    "surprise trunk weight".split()
)
ENTRIES = {"book/glossary": "dl.glossary > dt", "book/bibliography": "div.citation"}


def link_terms(app, doctree, docname):
    """Link the first occurrence of each term of the glossary in a chapter."""
    if app.builder.format != "html" or not docname.startswith(CHAPTERS):
        return
    terms = glossary(app.env)
    linked = {
        address
        for reference in doctree.findall(nodes.reference)
        if (address := reference.get("refuri", "").partition("#")[2])
    }
    pattern = words(terms)
    for text in list(doctree.findall(nodes.Text)):
        if not isinstance(text.parent, nodes.paragraph):
            continue  # in a heading, a link, code, a formula or a table's head
        pieces, end = [], 0
        for match in pattern.finditer(text):
            page, anchor = terms[match[1] if match[1] in terms else match[1].lower()]
            if anchor in linked:
                continue
            linked.add(anchor)
            address = f"{app.builder.get_relative_uri(docname, page)}#{anchor}"
            link = nodes.reference("", match[0], refuri=address, internal=True)
            link["classes"] += ["glossary-link"]
            pieces += [nodes.Text(text[end : match.start()]), link]
            end = match.end()
        if pieces:
            text.parent.replace(text, [*pieces, nodes.Text(text[end:])])


def glossary(env):
    """Return (page, anchor) of each term that is linked by itself."""
    found = env.get_domain("std").objects.items()
    return {
        name: place
        for (kind, name), place in found
        if kind == "term" and name.lower() not in EVERYDAY
    }


def words(terms):
    """Return a pattern of all terms and their plurals, the longest first.

    An abbreviation is meant only as it is written; any other term may begin a sentence.
    """
    known = []
    for term in sorted(terms, key=len, reverse=True):
        first = term[0]
        free = first.islower()
        known.append(f"[{first}{first.upper()}]{re.escape(term[1:])}" if free else re.escape(term))
    return re.compile(rf"(?<![\w-])({'|'.join(known) or '(?!)'})s?(?![\w-])")


def write_previews(app, exception):
    """Write what stands behind the links to glossary and bibliography."""
    if exception is not None or app.builder.format != "html":
        return
    previews = {}
    for page, selector in ENTRIES.items():
        path = Path(app.outdir, f"{page}.html")
        if path.is_file():
            soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
            for entry in soup.select(selector):
                previews[f"{page}.html#{entry['id']}"] = preview(entry)
    text = json.dumps(previews, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    path = Path(app.outdir, "_static", "previews.js")
    path.write_text(f"globalThis.vaeganPreviews = {text};\n", encoding="utf-8")


def preview(entry):
    """Return the HTML of a definition or a reference, without links, numbers and anchors."""
    shown = entry.find_next_sibling("dd") if entry.name == "dt" else entry
    for link in shown.select("a"):
        link.unwrap()
    for label in shown.select("span.label"):
        label.extract()
    return " ".join(shown.decode_contents().split())


def setup(app):
    """Register what runs at which time of a build."""
    app.connect("doctree-resolved", link_terms)
    app.connect("build-finished", write_previews)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
