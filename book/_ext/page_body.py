"""What is mended in the text of a page, once Sphinx has written it.

Names and roles that a screen reader is given, a quiz's options and intervals in tables, and
pictures: each gets its size, waits until it is scrolled to, and has a twin for the dark.
"""

import html
import re
from pathlib import Path, PurePosixPath

import numpy as np
from docutils import nodes
from PIL import Image
from scipy import ndimage

SCRIPTS = re.compile(r"(<script\b.*?</script>|<style\b.*?</style>)", re.DOTALL)
SUMMARY = re.compile(r"<summary([^>]*)>(.*?)</summary>", re.DOTALL)
IMAGE = re.compile(r"<img\b[^>]*?/?>")
ATTRIBUTE = re.compile(r'([a-z-]+)="([^"]*)"')
EMPTY_HEAD = re.compile(
    r'<th\b((?: (?!scope=)[a-z-]+="[^"]*")*)(?: scope="[a-z]+")?>(?:\s*|<p></p>)</th>'
)
REFERENCE = re.compile(r'(<div class="citation"[^>]*) role="doc-biblioentry"')
BACKTICKS = re.compile(r"`([^`<]+)`")
DOLLARS = re.compile(r"\$([^$<]+)\$")
OPTION = r"<details>(<summary>(?:(?!</summary>).)*</summary>\s*<p>(Right|No)\.)"
OPTION = re.compile(OPTION, re.DOTALL)
CELL = re.compile(r"<td\b[^>]*>[^<]*(?:<p>[^<]*)?</")  # of words and numbers, no formula
INTERVAL = re.compile(r"(\[[-\u2212+.\de]+,) (?=[-\u2212+.\de]+\])")

GROUND = np.array([0x12, 0x12, 0x12], "float32") / 255  # the ground of the dark theme
INK = 0.92  # what black becomes, as a share of white
LIFT = 0.7  # below 1 a colour of middle lightness becomes a lighter one
LINE = 15  # pixels: what is thinner is a line or a letter, and no part of a picture
SMALL = 30  # pixels: what is narrower is a dot
DARK = "-dark.png"
TRUE = "dark-light"  # the theme's class of what it need not put on a card in the dark


def fold_imports(app, doctree):
    """Fold the cell that imports, as cells that plot are: it is long and precedes the text."""
    for cell in doctree.findall(nodes.container):
        if cell.get("nb_element") != "cell_code" or cell.get("hide_mode"):
            continue
        if "notebook.start()" in next(cell.findall(nodes.literal_block)).astext():
            cell["hide_mode"] = "input"
            cell["prompt_show"], cell["prompt_hide"] = "Show the imports", "Hide the imports"


def mend_body(app, pagename, templatename, context, doctree):
    """Rewrite a page's text, but no script and no style in it."""
    if doctree is None or app.builder.format != "html":
        return
    pictures = Pictures(app)
    parts = SCRIPTS.split(context["body"])
    parts[::2] = [mend(part, pictures) for part in parts[::2]]
    context["body"] = "".join(parts)


def mend(text, picture=lambda tag: tag):
    """Return a piece of HTML with its names, roles and pictures mended."""
    text = SUMMARY.sub(_summary, text)
    text = EMPTY_HEAD.sub(r"<td\1></td>", text)  # a head without a name heads nothing
    text = REFERENCE.sub(r'\1 role="listitem"', text)
    text = OPTION.sub(_option, text)
    text = CELL.sub(lambda match: INTERVAL.sub("\\1\N{NO-BREAK SPACE}", match[0]), text)
    return IMAGE.sub(lambda match: picture(match[0]), text)


def _summary(match):
    """Name it by what it says, and set code in an option as code, a formula as a formula."""
    attributes = match[1].replace(' aria-label="Toggle hidden content"', "")
    words = BACKTICKS.sub(r"<code>\1</code>", match[2])
    words = DOLLARS.sub(r'<span class="math notranslate nohighlight">\\(\1\\)</span>', words)
    return f"<summary{attributes}>{words}</summary>"


def _option(match):
    """Let a style sheet tell a quiz's right option from the others, once it is open."""
    return f'<details class="{"right" if match[2] == "Right" else "wrong"}">{match[1]}'


class Pictures:
    """Completes the tags of pictures that Sphinx copies."""

    def __init__(self, app):
        self.folder = Path(app.outdir, app.builder.imagedir)
        self.sources = {
            name: Path(app.srcdir, source) for source, name in app.builder.images.items()
        }

    def __call__(self, tag):
        attributes = dict(ATTRIBUTE.findall(tag))
        place = PurePosixPath(html.unescape(attributes.get("src", "")))
        source = self.sources.get(place.name)
        if source is None or source.suffix == ".svg":
            return tag
        with Image.open(source) as picture:
            width, height = picture.size
        sized = {"width": str(width), "height": str(height), "loading": "lazy", "decoding": "async"}
        light = sized | attributes
        if source.suffix != ".png":  # a photograph or a film: nothing in it is ink on white
            return _tag(light | {"class": _classes(light, TRUE)})
        twin = self.folder / (place.stem + DARK)
        if not twin.is_file() or twin.stat().st_mtime < source.stat().st_mtime:
            twin.parent.mkdir(parents=True, exist_ok=True)
            darken(Image.open(source)).save(twin)
        dark = light | {
            "src": str(place.with_name(twin.name)),
            "class": _classes(light, f"in-dark {TRUE}"),
        }
        return _tag(light | {"class": _classes(light, "in-light")}) + _tag(dark)


def _classes(attributes, more):
    return f"{attributes.get('class', '')} {more}".strip()


def _tag(attributes):
    return "<img " + " ".join(f'{name}="{value}"' for name, value in attributes.items()) + " />"


def darken(picture):
    """Return a figure that was drawn on white as it is drawn on the dark: RGBA, of the same size.

    Lightness is turned round and hue is kept, so that a curve that the text calls blue is blue.
    Pictures within the figure, which are solid rectangles, stay as they are: a face or a digit in
    negative would be another one.
    """
    flat = Image.new("RGBA", picture.size, "white")
    flat.alpha_composite(picture.convert("RGBA"))
    colours = np.asarray(flat.convert("RGB"), "float32").transpose(2, 0, 1) / 255
    darkest, lightest = (function.reduce(list(colours)) for function in (np.minimum, np.maximum))
    lightness = (darkest + lightest) / 2
    turned = (colours + (1 - lightness) ** LIFT - lightness).clip(0, 1)
    result = np.ones((4, *darkest.shape), "float32")
    result[:3] = GROUND[:, None, None] + (INK - GROUND)[:, None, None] * turned
    result[3] = darkest < 1  # where it is white the page's own ground shows
    for rows, columns in rectangles(colours, darkest):
        result[:3, rows, columns] = colours[:, rows, columns]
        result[3, rows, columns] = 1
    return Image.fromarray((result * 255 + 0.5).astype("uint8").transpose(1, 2, 0), "RGBA")


def rectangles(colours, darkest):
    """Return the slices (rows, columns) of the pictures in a figure.

    What is left of all that is not white when lines and letters are taken away, and fills its own
    frame. A pale area of one colour is a part of a plot, whatever is drawn on it.

    Args:
        colours: (3, height, width) in [0, 1]; `darkest` is their least channel, (height, width).
    """
    solid = ndimage.grey_opening((darkest < 0.98).astype("uint8"), (LINE, LINE))
    labels, _ = ndimage.label(solid)
    found = []
    for number, place in enumerate(ndimage.find_objects(labels), 1):
        inside = ndimage.binary_fill_holes(labels[place] == number)
        if min(inside.shape) < SMALL or inside.mean() < 0.85:
            continue
        shown = colours[:, *place].reshape(3, -1)
        usual = np.median(shown, axis=1)
        plain = (np.abs(shown - usual[:, None]).max(axis=0) < 0.02).mean() > 0.5
        if not (plain and usual.mean() > 0.7):
            found.append(place)
    return found


def setup(app):
    """Register what runs for each page."""
    app.connect("doctree-read", fold_imports)
    app.connect("html-page-context", mend_body, priority=800)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
