"""What our extensions and the pages' script add to the theme: each piece, then in a browser."""

import functools
import http.server
import json
import re
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from docutils import nodes
from fontTools import ttLib
from PIL import Image, ImageDraw
from toc import pages

from tools import address

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import glossary_links  # noqa: E402
import page_body  # noqa: E402
import page_head  # noqa: E402
import static_math  # noqa: E402

from tests.browser import CHROMIUM, Browser  # noqa: E402

PAGES = pages()
every_page = pytest.mark.parametrize("page", PAGES)
every_chapter = pytest.mark.parametrize(
    "page", [page for page in PAGES if re.match(r"notebooks/(?!00)", page)]
)
in_browser = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium to run JavaScript")


# The text of a page


def test_a_solution_is_named_by_its_words_and_an_option_shows_code():
    text = '<summary aria-label="Toggle hidden content"><span>Show the solution</span></summary>'
    assert page_body.mend(text) == "<summary><span>Show the solution</span></summary>"
    assert page_body.mend("<summary>c) `tanh` and `x`</summary>") == (
        "<summary>c) <code>tanh</code> and <code>x</code></summary>"
    )
    (formula,) = static_math.FORMULA.finditer(page_body.mend("<summary>d) $a &lt; b$</summary>"))
    assert formula["tex"] == "a &lt; b" and formula["open"] == r"\("


def test_tables_and_references_have_roles_that_fit():
    assert page_body.mend("<tr><th></th><th>a</th></tr>") == "<tr><td></td><th>a</th></tr>"
    empty = '<th class="head stub" scope="col"><p></p></th>'
    assert page_body.mend(empty) == '<td class="head stub"></td>'
    text = '<div class="citation" id="id2" role="doc-biblioentry">'
    assert page_body.mend(text) == '<div class="citation" id="id2" role="listitem">'


def test_an_option_is_known_as_right_or_wrong():
    option = "<details><summary>{}</summary>\n<p>{}</p>\n</details>"
    text = page_body.mend(option.format("a) One.", "No. 1.") + option.format("b) 2", "Right. 2."))
    assert re.findall("<details([^>]*)>", text) == [' class="wrong"', ' class="right"']
    assert page_body.mend("<details><summary>More</summary><p>No one.</p>").startswith("<details>")


def test_an_interval_in_a_table_stays_on_one_line():
    cell = "<td>0.8 [0.76, {}0.86]</td><td><p>1 [−1, 2e+03]</p></td><td>[1, 2, 3] [a, b]</td>"
    assert page_body.mend(cell.format("")) == cell.replace("76, {}", "76,\u00a0").replace(
        "−1, ", "−1,\u00a0"
    )
    for other in ("<pre>[0, 1]</pre>", '<td><span class="math">\\([0, 1]\\)</span></td>'):
        assert page_body.mend(other) == other


# A figure in the dark


def figure():
    """White, with a black line, a blue one, a digit's tile and a pale span under a curve."""
    picture = Image.new("RGB", (300, 200), "white")
    draw = ImageDraw.Draw(picture)
    draw.line((10, 10, 290, 10), "black", 2)
    draw.line((10, 20, 290, 20), "#0072B2", 2)
    draw.rectangle((20, 40, 99, 119), "black")
    draw.ellipse((40, 60, 80, 100), outline="white", width=6)
    draw.rectangle((150, 40, 249, 139), "#E5E5E5")
    draw.line((150, 90, 249, 60), "#D55E00", 3)
    return picture


def test_ink_turns_light_and_keeps_its_hue():
    dark = page_body.darken(figure())
    assert dark.mode == "RGBA" and dark.size == (300, 200)
    assert dark.getpixel((5, 5))[3] == 0  # the page's ground
    assert min(dark.getpixel((50, 10))[:3]) > 220  # black ink
    red, green, blue, _ = dark.getpixel((50, 20))
    assert blue > green > red and blue > 200


def test_a_picture_in_a_figure_stays_as_it_is():
    drawn, dark = figure(), page_body.darken(figure())
    box = (20, 40, 100, 120)
    kept = np.asarray(dark.crop(box))
    assert (
        np.array_equal(kept[..., :3], np.asarray(drawn.crop(box))) and (kept[..., 3] == 255).all()
    )


def test_a_pale_span_of_a_plot_is_no_picture():
    dark = page_body.darken(figure())
    assert max(dark.getpixel((160, 130))[:3]) < 80
    assert dark.getpixel((200, 75))[0] > 150  # the curve on it


def contrast(first, second):
    """The contrast of two colours in [0, 1], by WCAG 2."""

    def luminance(colour):
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
        return float(np.dot([0.2126, 0.7152, 0.0722], linear))

    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_text_and_curves_are_read_in_the_dark():
    from vaegan_edu.plotting import COLOURS

    picture = Image.new("RGB", (10 * len(COLOURS) + 10, 10), "black")
    for index, colour in enumerate(COLOURS):
        picture.paste(colour, (10 * index, 0, 10 * index + 10, 10))
    dark = np.asarray(page_body.darken(picture))[0, ::10, :3] / 255
    *curves, text = (contrast(colour, page_body.GROUND) for colour in dark)
    assert text > 7 and min(curves) > 3  # WCAG 1.4.3 and 1.4.11


# Words that are linked


def test_words_are_found_as_they_are_written():
    pattern = glossary_links.words({"latent dimension", "code", "GAN", "VAE-GAN", "prior"})
    text = "Priors: a VAE-GAN has latent dimensions; gan, GANs, prior-free, encoders."
    assert pattern.findall(text) == ["Prior", "VAE-GAN", "latent dimension", "GAN"]


def test_a_link_may_mislead_where_a_word_has_an_everyday_sense():
    text = (ROOT / "book" / "glossary.md").read_text(encoding="utf-8")
    terms = {line.lower() for line in text.splitlines() if line and line[0].isalpha()}
    assert set(glossary_links.EVERYDAY) <= terms  # none is left of a term that went


def test_a_description_is_a_sentence_of_the_page():
    page = nodes.section()
    page += nodes.paragraph("", "", nodes.emphasis("", "Run time: " + "69 s " * 20))
    page += nodes.paragraph("", "Short.")
    first = "It begins here, and says what is to come. "
    page += nodes.paragraph("", first * 9)
    assert page_head.description(page).endswith("what is to come.")
    assert 60 < len(page_head.description(page)) <= 200
    assert page_head.description(nodes.section()) == ""


# The built book


@every_page
def test_scripts_wait_and_none_stands_twice(read, page):
    scripts = read(page).select("head script")
    loaded = [script["src"] for script in scripts if script.get("src")]
    at_once = [s["src"] for s in scripts if s.get("src") and not s.has_attr("defer")]
    assert len(loaded) == len(set(loaded)) and len(at_once) == 1
    assert "documentation_options.js" in at_once[0]
    text = str(read(page).head)
    for unwanted in ("fontawesome.js", "searchindex.js", "searchtools.js", "thebe"):
        assert unwanted not in text
    bodies = [script.text for script in scripts if script.text.strip()]
    assert len(bodies) == len(set(bodies))


@every_page
def test_a_page_says_what_it_is_about(html, read, page):
    head = read(page).head
    said = {tag["name"]: tag["content"] for tag in head.select("meta[name]")}
    said |= {tag["property"]: tag["content"] for tag in head.select("meta[property]")}
    assert 40 <= len(said["description"]) <= 201 and said["og:description"] == said["description"]
    assert "…" not in head.title.text and head.title.text.count("From the autoencoder") == 1
    link = head.select_one("link[rel=canonical]")["href"]
    owner, name = address.current(ROOT)
    assert link == said["og:url"] == f"https://{owner}.github.io/{name}/{page}.html"
    icon = head.select_one("link[rel=icon]")["href"]
    assert (html / page).parent.joinpath(icon).resolve().is_file()


@every_page
def test_every_picture_has_its_size_and_waits(html, read, page):
    for image in read(page).select("article img[src]"):
        if image["src"].startswith("data:"):
            continue  # a still figure, for print
        path = (html / page).parent.joinpath(image["src"]).resolve()
        with Image.open(path) as picture:
            given = int(image["width"]) / int(image["height"])  # a directive may set its own size
            assert given == pytest.approx(picture.width / picture.height, rel=0.01)
        assert image["loading"] == "lazy"
    light, dark = (read(page).select(f"article img.in-{time}") for time in ("light", "dark"))
    assert [image["alt"] for image in light] == [image["alt"] for image in dark]


@every_chapter
def test_imports_are_folded(read, page):
    folded = [text for text in read(page).select("details") if "notebook.start()" in text.text]
    assert [text.summary.text.strip()[:16] for text in folded] == ["Show the imports"]


@every_chapter
def test_a_chapter_explains_its_words_once(html, read, page):
    links = read(page).select("article a.glossary-link")
    targets = [link["href"] for link in links]
    assert len(targets) > 5 and len(targets) == len(set(targets))
    previews = (html / "_static" / "previews.js").read_text(encoding="utf-8")
    known = json.loads(previews.partition(" = ")[2].rstrip(";\n"))
    for link in read(page).select("article a.internal[href*='#']"):
        key = link["href"].removeprefix("../")
        if key.startswith(("book/glossary.html#term", "book/bibliography.html#id")):
            assert len(known[key]) > 20 and "<a" not in known[key]


def test_icons_are_few_and_all_there(html):
    wanted = page_head.asked_icons(html)
    found = set()
    for name in page_head.ICON_FONTS:
        path = html / "_static" / f"icons-{name}.woff"
        assert path.stat().st_size < 8_000
        found |= set(ttLib.TTFont(path).getBestCmap())
    classes = {"fa-rocket": 0xF135, "fa-github": 0xF09B, "fa-moon": 0xF186, "fa-download": 0xF019}
    assert set(classes.values()) <= found
    whole = html / "_static" / "vendor" / "fontawesome" / "webfonts"
    drawn = [
        set(ttLib.TTFont(whole / file).getBestCmap()) for file in page_head.ICON_FONTS.values()
    ]
    assert wanted & set.union(*drawn) <= found


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def origin(html):
    """The address at which the book is served."""
    handler = functools.partial(Quiet, directory=str(html))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    opened = Browser(tmp_path_factory.mktemp("browser") / "profile")
    yield opened
    opened.close()


@pytest.fixture
def desk(browser):
    """The browser as on a desk, by day."""
    browser.size(1280, 900)
    browser.media("", prefers_color_scheme="light")
    yield browser
    browser.media()


CHAPTER = "notebooks/03_kl_divergence.html"
SHOWN = "!document.querySelector('#preview').hidden"


@in_browser
def test_a_page_asks_for_little_and_complains_of_nothing(desk, origin):
    desk.open(origin + CHAPTER)
    desk.until("document.querySelector('mjx-container')")
    assert desk.complaints() == []
    asked = [url.rpartition("/")[2].partition("?")[0] for url in desk.requests()]
    assert not {name for name in asked if name.startswith(("fa-", "searchindex", "previews"))}
    assert desk.run("document.querySelectorAll('mjx-container[tabindex]').length") == 0
    assert desk.run("document.querySelectorAll('mjx-assistive-mml').length") > 50


@in_browser
def test_a_page_prints_in_daylight_and_unfolded(desk, origin):
    desk.open(origin + CHAPTER)
    desk.run("document.documentElement.dataset.theme = 'dark'; 1")
    state = (
        "[document.documentElement.dataset.theme,"
        " document.querySelectorAll('article details:not([open])').length]"
    )
    theme, folded = desk.run(state)
    assert theme == "dark" and folded > 10
    desk.run("dispatchEvent(new Event('beforeprint')); 1")
    assert desk.run(state) == ["light", 0]
    desk.run("dispatchEvent(new Event('afterprint')); 1")
    assert desk.run(state) == ["dark", folded]


@in_browser
def test_in_the_dark_a_figure_has_its_dark_twin_and_the_other_is_not_loaded(desk, origin):
    desk.open(origin + CHAPTER)
    shown = (
        "[...document.querySelectorAll('article img[class*=in-]')]"
        ".filter((i) => i.offsetParent).map((i) => i.className.includes('in-dark'))"
    )
    assert set(desk.run(shown)) == {False}
    desk.run("document.documentElement.dataset.theme = 'dark'; 1")
    assert set(desk.run(shown)) == {True}
    dark = "document.querySelector('article img.in-dark')"
    desk.run(f"{dark}.scrollIntoView(); 1")
    desk.until(f"{dark}.complete && {dark}.naturalWidth > 0")
    ground = desk.run("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb({}, {}, {})".format(*(np.round(page_body.GROUND * 255).astype(int)))
    assert desk.run(f"getComputedStyle({dark}).filter") == "none"
    for style, value in (("backgroundColor", "rgba(0, 0, 0, 0)"), ("padding", "0px")):
        assert desk.run(f"getComputedStyle({dark}).{style}") == value  # no card below it


@in_browser
def test_a_search_leads_to_its_first_mark(desk, origin):
    desk.open(origin + "search.html?q=trapezoid")
    desk.until("document.querySelector('#search-results a[href*=notebooks]')")
    desk.run("document.querySelector('#search-results a[href*=notebooks]').click(); 1")
    desk.until("document.querySelector('article .highlighted')")
    desk.until("scrollY > 100")
    desk.until(
        "(({top, bottom}) => top >= 0 && bottom <= innerHeight)"
        "(document.querySelector('article .highlighted').getBoundingClientRect())"
    )


@in_browser
def test_a_word_is_explained_beside_its_link(desk, origin):
    desk.open(origin + CHAPTER)
    link = "document.querySelector('a.glossary-link')"
    assert desk.run("document.querySelector('#preview').hidden")
    desk.press("Tab")  # the keyboard is in use: what gets the focus shows it
    desk.run(f"{link}.focus(); 1")
    desk.until(SHOWN)
    assert desk.run(f"{link}.getAttribute('aria-describedby')") == "preview"
    assert len(desk.run("document.querySelector('#preview').textContent")) > 30
    desk.send("Input.dispatchKeyEvent", type="keyDown", key="Escape", code="Escape")
    assert not desk.run(SHOWN)
    reference = "article a.internal[href*='bibliography.html#id']"
    x, y = desk.middle(reference)
    desk.send("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
    desk.until(SHOWN)
    assert re.search(r"(19|20)\d\d", desk.run("document.querySelector('#preview').textContent"))
    desk.send("Input.dispatchMouseEvent", type="mouseMoved", x=2, y=2)
    desk.until(f"!({SHOWN})")


@in_browser
def test_on_a_phone_a_first_tap_tells_and_long_listings_are_folded(browser, origin):
    browser.size(390, 844, phone=True)
    browser.open(origin + CHAPTER + "?phone=")
    browser.touch("a.glossary-link")
    browser.until(SHOWN)
    left, right = browser.run(
        "(({left, right}) => [left, right])"
        "(document.querySelector('#preview').getBoundingClientRect())"
    )
    assert 0 <= left < right <= 390
    assert browser.run("location.pathname").endswith(CHAPTER)
    browser.touch("h1")
    browser.until(f"!({SHOWN})")
    browser.touch("article a[href^='#equation-']:not(.headerlink)")
    browser.until(f"{SHOWN} && document.querySelector('#preview mjx-container[display=true]')")
    assert browser.run("location.hash") == ""
    browser.touch("h1")
    high = "document.querySelector('.cell_input:has(+ .unfold)').offsetHeight"
    folded = browser.run(high)
    browser.touch(".unfold")
    browser.until(f"{high} > {folded} + 100")
    assert browser.run("document.querySelector('.unfold').textContent") == "Show less"
    picture = "document.querySelector('dialog.enlarged[open] img')"
    browser.touch(".enlarge")
    browser.until(f"{picture}?.naturalWidth")
    assert browser.run(f"{picture}.width > 390 && {picture}.alt.length > 60")
    browser.touch("dialog.enlarged button")
    browser.until(f"!{picture} && document.activeElement.matches('.enlarge')")
    assert browser.run("document.documentElement.scrollWidth") <= 390
    # What is wider than the phone can be moved by keys; on a desk no formula is a stop.
    wide = "[...document.querySelectorAll('mjx-container[display=true]')]"
    wide += ".filter((f) => f.scrollWidth > f.clientWidth)"
    browser.open(origin + "notebooks/00_before_you_start.html?phone=")
    browser.until(f"{wide}.length && {wide}.every((f) => f.tabIndex === 0)")
