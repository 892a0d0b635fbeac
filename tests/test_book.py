"""The book as a reader gets it: built with warnings as errors, and its pages read."""

import json
import re
import shutil
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from toc import pages

from book import tables
from tests.built import build, copy_book
from tools import address

ROOT = Path(__file__).resolve().parents[1]
PAGES = pages()
NOTEBOOKS = [page for page in PAGES if page.startswith("notebooks/")]
CHAPTERS = [page for page in NOTEBOOKS if not page.startswith("notebooks/00")]
every_page = pytest.mark.parametrize("page", PAGES)
every_notebook = pytest.mark.parametrize("page", NOTEBOOKS)
every_chapter = pytest.mark.parametrize("page", CHAPTERS)


def source(page):
    """The Markdown of a page, all cells of it for a notebook."""
    path = ROOT / f"{page}.md"
    if path.exists():
        return path.read_text(encoding="utf-8")
    notebook = nbformat.read(ROOT / f"{page}.ipynb", as_version=4)
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def test_pages_are_those_that_were_written():
    """A page that is in the book's folders is in the book, and the other way round."""
    written = [
        path.relative_to(ROOT).with_suffix("").as_posix()
        for pattern in ("book/*.md", "notebooks/*.ipynb")
        for path in ROOT.glob(pattern)
    ]
    assert sorted(written) == sorted(PAGES)
    assert len(PAGES) >= 8 and len(CHAPTERS) >= 2


@every_page
def test_page_has_its_title_and_its_text(read, page):
    article = read(page).find("article")
    title = re.search(r"^# (.+)$", source(page), re.MULTILINE)[1]
    assert article.h1.get_text().removesuffix("#").strip() == title
    assert len(article.get_text()) > 500 or page == "book/bibliography"
    # What shows when Markdown was not understood.
    hidden = {"pre", "code", "script", "style"}
    strings = [s for s in article.find_all(string=True) if not hidden & {p.name for p in s.parents}]
    text = "".join(s for s in strings if "math" not in " ".join(s.parent.get("class", [])))
    for raw in (":::", "```", "{record}", "{eq}", "{cite}", "$$", "](", "<details"):
        assert raw not in text, f"{raw} in the text of the page"


@every_notebook
def test_notebook_page_holds_all_figures_with_their_texts(read, page):
    shown = [
        image["alt"]
        for image in read(page).select("article .cell_output img:not(.in-dark)")
        if not image.find_parent(attrs={"data-figure": True})  # a still picture
    ]
    expected = []
    for cell in nbformat.read(ROOT / f"{page}.ipynb", as_version=4).cells:
        for output in cell.get("outputs", []):
            if any(kind.startswith("image/") for kind in output.get("data", {})):
                expected.append(cell.metadata.mystnb.image.alt)
    assert expected and shown == expected


@every_page
def test_every_picture_has_a_text(read, page):
    for image in read(page).select("article img, article svg[role=img]"):
        assert image.get("alt") or image.get("aria-label") or image.find("title"), image


@every_notebook
def test_notebook_page_opens_on_colab(read, page):
    owner, name = address.current(ROOT)
    link = f"https://colab.research.google.com/github/{owner}/{name}/blob/main/{page}.ipynb"
    assert link in [a.get("href") for a in read(page).find_all("a")]


@every_chapter
def test_chapter_has_exercises_and_a_quiz(read, page):
    article = read(page).find("article")
    exercises = article.select(".cell.tag_exercise")
    solutions = article.select(".cell.tag_solution")
    assert len(exercises) >= 3 and len(solutions) == len(exercises)
    # Five questions at least; what is right and what is not is explained, and stays folded.
    options = [d for d in article.find_all("details") if re.match(r"\s*[a-z]\)", d.summary.text)]
    right = [d for d in options if re.search(r"^\s*[a-z]\).*\n+\s*Right\.", d.text)]
    wrong = [d for d in options if re.search(r"^\s*[a-z]\).*\n+\s*No\.", d.text)]
    assert len(right) >= 5 and len(right) + len(wrong) == len(options) >= 10
    assert not any(d.has_attr("open") for d in options)


@every_chapter
def test_chapter_numbers_its_equations(read, page):
    labels = re.findall(r"\$\$ \(([\w-]+)\)", source(page))
    assert labels
    shown = read(page).select("article div.math.notranslate[id]")
    assert [block["id"] for block in shown] == [f"equation-{label}" for label in labels]
    assert all(block.select_one(".eqno") for block in shown)


def rows(read, page, title):
    """The rows of the table whose first head is `title`, each a list of texts."""
    for table in read(page).select("article table"):
        found = [[cell.get_text() for cell in row(["th", "td"])] for row in table("tr")]
        if found[0][0] == title:
            return found[1:]


def test_run_times_are_those_of_the_last_execution(read):
    *shown, (_, total, _) = rows(read, "book/environment", "Notebook")
    measured = {}
    for page in NOTEBOOKS:
        notebook = nbformat.read(ROOT / f"{page}.ipynb", as_version=4)
        record = notebook.metadata["vaegan_edu"]
        title = re.search(r"^# (.+)$", notebook.cells[0].source, re.MULTILINE)[1]
        measured[title] = [str(record["seconds"]), str(record["cores"])]
    assert {title: numbers for title, *numbers in shown} == measured
    assert int(total) == sum(int(seconds) for seconds, _ in measured.values())


def test_versions_are_those_of_the_projects_files(read):
    files = ("pyproject.toml", "constraints.txt", "tools/colab.txt")
    project, constraints, colab = ((ROOT / name).read_text(encoding="utf-8") for name in files)
    shown = {name: versions for name, *versions in rows(read, "book/environment", "Package")}
    assert {"keras", "tensorflow", "jax", "numpy", "ipywidgets", "anywidget"} <= set(shown)
    for name, (needed, made, has) in shown.items():
        assert f'"{name}{needed.replace(" ", "")}"' in project
        assert f"\n{name}=={made}\n" in constraints
        line = {"a release of its own": name, "not there": None}.get(has, f"{name}=={has}")
        assert f"\n{line}\n" in colab if line else f"\n{name}" not in colab
    assert {"a release of its own", "not there"} < {has for _, _, has in shown.values()}


@pytest.mark.parametrize("name", tables.TABLES)
def test_a_page_shows_each_table_as_the_records_say_it(read, name):
    asked = re.compile(rf"^```{{table}} {name}$", re.MULTILINE)
    (page,) = [page for page in PAGES if asked.search(source(page))]
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", tables.render(name, ROOT))  # links by their words
    titles = re.findall(r"^\*\*(.+)\*\*$", text, re.MULTILINE)
    if titles:  # lists in place of a table
        assert all(title in read(page).article.get_text() for title in titles)
        return
    wanted = [
        [re.sub(r"[`\s]", "", cell).replace("'", "\u2019") for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("|") and "---" not in line
    ]
    shown = [
        [re.sub(r"\s", "", cell.get_text()) for cell in row(["th", "td"])]
        for row in read(page).select("article table tr")
    ]
    assert len(wanted) > 1 and all(row in shown for row in wanted)


# Offline

ELSEWHERE = re.compile(r"^\s*(?:https?:)?//")
LOADS = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "embed": "src",
    "source": "src",
    "audio": "src",
    "video": "src",
    "object": "data",
    "use": "href",
}
LINKS = {"stylesheet", "preload", "modulepreload", "prefetch", "preconnect", "dns-prefetch", "icon"}
IN_SCRIPT = re.compile(
    r"""(?:from\s*|import\s*\(?\s*|fetch\(\s*|\.src\s*=\s*|importScripts\(\s*)["'`](?:https?:)?//"""
)
IN_STYLE = re.compile(r"""(?:url\(|@import)\s*["']?(?:https?:)?//""")


def loads_from_elsewhere(soup):
    """Return what a page makes a browser load from another origin by itself."""
    found = []
    for tag, attribute in LOADS.items():
        found += [str(t) for t in soup.find_all(tag) if ELSEWHERE.match(t.get(attribute, ""))]
    for tag in soup.find_all("link"):
        if LINKS & set(tag.get("rel", [])) and ELSEWHERE.match(tag.get("href", "")):
            found.append(str(tag))
    found += [str(t) for t in soup.find_all(srcset=re.compile(r"//"))]
    found += [str(t) for t in soup.find_all("script") if IN_SCRIPT.search(t.text)]
    found += [str(t) for t in soup.find_all("style") if IN_STYLE.search(t.text)]
    found += [str(t) for t in soup.find_all(style=IN_STYLE)]
    return found


def test_no_page_loads_anything_from_elsewhere(html):
    pages = sorted(html.rglob("*.html"))
    assert len(pages) >= len(PAGES)
    for page in pages:
        soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
        assert loads_from_elsewhere(soup) == [], page
    for style in html.rglob("*.css"):
        assert not IN_STYLE.search(style.read_text(encoding="utf-8")), style


@pytest.mark.parametrize(
    "tag",
    [
        '<script src="https://cdn.example.org/a.js"></script>',
        '<script src="//cdn.example.org/a.js"></script>',
        '<script type="module">import a from "https://cdn.example.org/a.js";</script>',
        '<link rel="stylesheet" href="https://fonts.example.org/a.css">',
        '<img src="https://example.org/a.png">',
        "<style>@import 'https://example.org/a.css';</style>",
        '<p style="background: url(https://example.org/a.png)">',
    ],
)
def test_what_loads_from_elsewhere_is_found(tag):
    assert loads_from_elsewhere(BeautifulSoup(tag, "html.parser"))


@every_page
def test_formulas_are_typeset_and_bring_their_fonts(html, read, page):
    soup = read(page)
    formulas = soup.select("article .math")
    assert all(len(formula.select("mjx-container")) == 1 for formula in formulas)
    assert not soup.select("mjx-merror, [data-mjx-error]")
    assert not re.search(r"\\[(\[]|\\[)\]]", soup.article.get_text())
    numbered = soup.select("article div.math[id^=equation-]")
    assert all(formula.select_one(".eqno").text.startswith("(") for formula in numbered)
    assert not [tag for tag in soup.select("script[src]") if "mathjax" in tag["src"]]
    for style in soup.select("style#math"):
        for font in re.findall(r'url\("([^"]+)"\)', style.text):
            assert (html / page).parent.joinpath(font).resolve().is_file()


@every_page
def test_links_lead_somewhere(html, read, page):
    for tag in read(page).find_all(["a", "link", "img", "script"]):
        link = tag.get("href") or tag.get("src") or ""
        target = link.partition("#")[0].partition("?")[0]
        if target and not re.match(r"[a-z]+:|//", target):
            assert (html / page).parent.joinpath(target).resolve().exists(), link


# Records. These tests change the copy, so they come last; they put back what they changed.


def quoted_metrics():
    """Yield (page, file, key) for each fraction of a metrics.json that a Markdown page quotes."""
    for page in PAGES:
        for reference in re.findall(r"\{record\}`([^`]+)`", source(page)):
            run, key = reference.split(":")[:2]
            path = Path("book", "results", run, "metrics.json")
            if (ROOT / path).exists():
                value = json.loads((ROOT / path).read_text(encoding="utf-8")).get(key)
                if isinstance(value, float):
                    yield page, path, key


def test_a_changed_record_changes_the_page(tmp_path):
    _, path, key = next(quoted_metrics())
    run = path.parent.relative_to(Path("book", "results")).as_posix()
    record = copy_book(tmp_path) / path
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: book/page\n", encoding="utf-8")
    quoting = f"# Page\n\n{{record}}`{run}:{key}`\n"
    (tmp_path / "book" / "page.md").write_text(quoting, encoding="utf-8")

    def shown():
        done = build(tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        built = (tmp_path / "_build" / "html" / "book" / "page.html").read_text(encoding="utf-8")
        return BeautifulSoup(built, "html.parser").select_one(".record").text

    assert "4321" not in shown()
    metrics = json.loads(record.read_text(encoding="utf-8"))
    record.write_text(json.dumps(metrics | {key: 4321.0}), encoding="utf-8")
    assert re.match(r"4[.,]?32", shown())


def test_an_unknown_or_missing_record_fails_the_build(tmp_path):
    copy_book(tmp_path)
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: book/page\n", encoding="utf-8")
    page = tmp_path / "book" / "page.md"
    shutil.rmtree(tmp_path / "book" / "results" / "vae-mnist" / "seed-1")
    text = "# Page\n\n{record}`no-such-run:val_loss`\n\n```{table} quality_cost\n```\n"
    page.write_text(text, encoding="utf-8")
    done = build(tmp_path)
    assert done.returncode != 0
    assert "no-such-run" in done.stdout + done.stderr
    assert re.search(r"table quality_cost: .*vae-mnist/seed-1", done.stdout + done.stderr)
