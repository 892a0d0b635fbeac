"""The exercises in the pages: bundled from what is pinned, run in a browser, checked as at home.

One page holds every exercise several times over: its solution, its stub and wrong answers. So one
start of Python serves them all.
"""

import ast
import builtins
import fcntl
import functools
import http.server
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup
from scipy import special

from tests.browser import CHROMIUM, Browser
from tests.built import copy_of
from tools import address, lab, page_course
from tools.exercises import SOLUTION, STUB, read_exercise

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "notebooks" / "exercises").glob("*.py"))
LISTED = page_course.exercises(ROOT)
LONG = 500  # seconds that a busy machine may take; never a measure of speed

in_browser = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium to run JavaScript")


# What goes into the page


def test_most_exercises_run_in_the_page():
    assert list(LISTED) == [path.stem for path in SOURCES]
    lacking = {name: entry["needs"] for name, entry in LISTED.items() if entry["needs"]}
    assert len(lacking) < len(LISTED) / 4
    assert LISTED["kl"] == {
        "imports": "import numpy as np\nfrom vaegan_edu import exercises",
        "needs": [],
    }


def write_course(folder, **modules):
    """Write a small course: `exercises` named by key, modules of the package by path."""
    package = folder / "vaegan_edu"
    (package / "exercises").mkdir(parents=True)
    (folder / "notebooks" / "exercises").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "exercises" / "__init__.py").write_text("import numpy as np\n")
    for name, text in modules.items():
        place = folder / "notebooks" / "exercises" if name.startswith("answer") else package
        place.joinpath(*f"{name}.py".split("__")).write_text(text)


def test_what_an_exercise_lacks_is_found_wherever_it_is_imported(tmp_path):
    check = 'from vaegan_edu.exercises import exercise\n\n@exercise("{}")\ndef _(answer):\n    {}\n'
    write_course(
        tmp_path,
        answer_plain="import math\nimport numpy as np\nfrom vaegan_edu import exercises\n",
        answer_itself="from keras import ops\nimport scipy.special\n",
        answer_module="from vaegan_edu import heavy\n",
        answer_checked="from vaegan_edu import exercises\n",
        answer_data="from vaegan_edu import light\n",
        heavy="from vaegan_edu.heavier import run\n",
        heavier="import tensorflow as tf\n",
        light='"""Reads."""\nDATA = "curves.csv"\n',
        unused="import numpy\n",
        exercises__one=check.format("answer_checked", "import keras"),
        exercises__two=check.format("answer_plain", "import json"),
    )
    (tmp_path / "vaegan_edu" / "curves.csv").write_text("epoch\n1\n")
    needs = {name: entry["needs"] for name, entry in page_course.exercises(tmp_path).items()}
    assert needs == {
        "answer_checked": ["Keras"],
        "answer_data": [],
        "answer_itself": ["Keras", "SciPy"],
        "answer_module": ["TensorFlow"],
        "answer_plain": [],
    }
    stand_in = tmp_path.joinpath(*page_course.STAND_INS, "scipy", "special.py")
    stand_in.parent.mkdir(parents=True)
    stand_in.write_text("")
    assert page_course.exercises(tmp_path)["answer_itself"]["needs"] == ["Keras"]
    assert "scipy/special.py" in page_course.sources(tmp_path)
    stand_in.unlink()
    files = ["__init__.py", "curves.csv", "exercises/__init__.py", "exercises/one.py"]
    files += ["exercises/two.py", "light.py"]
    assert sorted(page_course.sources(tmp_path)) == [f"vaegan_edu/{name}" for name in files]


def test_pages_bring_what_the_checks_import_and_no_more():
    brought = page_course.sources(ROOT)
    chapters = sorted((ROOT / "vaegan_edu" / "exercises").glob("*.py"))
    chapters = [path for path in chapters if path.stem != "__main__"]  # the grader's
    assert {path.relative_to(ROOT).as_posix() for path in chapters} <= set(brought)
    assert not {"vaegan_edu/losses.py", "vaegan_edu/networks.py"} & set(brought)
    folders = ROOT, ROOT.joinpath(*page_course.STAND_INS)
    for path, text in brought.items():
        (found,) = [folder / path for folder in folders if (folder / path).is_file()]
        assert found.read_text(encoding="utf-8") == text


def test_a_stand_in_computes_what_scipy_does():
    path = ROOT.joinpath(*page_course.STAND_INS, "scipy", "special.py")
    spec = importlib.util.spec_from_file_location("stand_in", path)
    stand_in = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(stand_in)
    x, y = np.meshgrid([0.0, 0.2, 1.0, 3.0, -1.0], [0.0, 0.3, 1.0, -1.0])
    np.testing.assert_allclose(stand_in.rel_entr(x, y), special.rel_entr(x, y), rtol=1e-14)
    assert stand_in.rel_entr(0, 1) == 0


# What is pinned


def test_each_npm_package_is_pinned_by_its_checksum():
    text = (lab.SOURCE / "package-lock.json").read_text(encoding="utf-8")
    packages = {path: package for path, package in json.loads(text)["packages"].items() if path}
    assert {"node_modules/pyodide", "node_modules/@codemirror/view"} <= set(packages)
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert "resolved" not in text  # any registry may serve them
    wanted = json.loads((lab.SOURCE / "package.json").read_text(encoding="utf-8"))
    assert packages["node_modules/pyodide"]["version"] == wanted["dependencies"]["pyodide"]


def test_numpys_licence_is_that_of_its_wheel():
    with zipfile.ZipFile(lab.numpy_wheel()) as wheel:
        (name,) = [n for n in wheel.namelist() if n.endswith(".dist-info/LICENSE.txt")]
        inside = wheel.read(name).decode("utf-8")
    assert (lab.SOURCE / "numpy" / "LICENSE.txt").read_text(encoding="utf-8") == inside


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """What `make book` makes of book/lab/, in a folder of the test's own."""
    kept, folder = ROOT / "_build" / "lab", tmp_path_factory.mktemp("made")
    kept.mkdir(parents=True, exist_ok=True)
    with open(kept / "lock", "w") as file:  # test processes fetch it one after the other
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            lab.build(kept)
        except lab.NotFetched as reason:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"npm packages could not be fetched: {reason}")
        shutil.copytree(kept / "site", folder / "site")
        shutil.copy(kept / "exercises.json", folder)
        shutil.copytree(kept / "npm" / "node_modules" / "pyodide", folder / "pyodide")
    return folder


def test_another_wheel_is_refused(made, tmp_path):
    """And so the wheel that was packed is the one whose sum Pyodide's list holds."""
    (tmp_path / "numpy").mkdir()
    wheel = tmp_path / "numpy" / lab.numpy_wheel().name
    wheel.write_bytes(lab.numpy_wheel().read_bytes()[:-1] + b"\1")
    with pytest.raises(ValueError, match="must be the one of Pyodide's lock file.*Received: numpy"):
        lab.pack(made, tmp_path, tmp_path / "python")


def test_the_page_itself_loads_a_small_script_alone(made):
    scripts = {path.name: path.stat().st_size for path in (made / "site" / "lab").glob("*.js")}
    assert set(scripts) == {"course.js", "editor.js", "exercises.js"}
    assert scripts["exercises.js"] < 12_000
    licences = (made / "site" / "lab" / "licences.txt").read_text(encoding="utf-8")
    assert all(name in licences for name in ("@codemirror/view", "Pyodide", "numpy-", "MIT"))


# The page


def write_book(folder, cells, made=None):
    """Build a book of one notebook in `folder`; returns its page."""
    (folder / "notebooks").mkdir(parents=True)
    copy_of(ROOT / "book", folder / "book", ignore=("lab", "results"))
    copy_of(ROOT / "_config.yml", folder / "_config.yml")
    (folder / "_toc.yml").write_text("format: jb-book\nroot: notebooks/page\n", encoding="utf-8")
    if made:
        shutil.copytree(made / "site", folder / "_build" / "lab" / "site")
        shutil.copy(made / "exercises.json", folder / "_build" / "lab")
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_markdown_cell("# Exercises")]
    for name, code in cells:
        cell = nbformat.v4.new_code_cell(f"# Exercise: {name}\n{code}")
        cell.metadata["tags"] = ["exercise"]
        notebook.cells.append(cell)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    notebook.metadata["language_info"] = {"name": "python"}
    nbformat.write(notebook, folder / "notebooks" / "page.ipynb")
    command = Path(sys.executable).with_name("jupyter-book")
    done = subprocess.run(
        [command, "build", folder, "-W", "-n", "--keep-going", "-q"],
        capture_output=True,
        text=True,
        timeout=LONG,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return folder / "_build" / "html" / "notebooks" / "page.html"


def test_without_the_packages_the_book_is_built_and_points_to_colab(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")  # nobody answers there
    monkeypatch.setattr(lab, "ROOT", tmp_path)
    site = tmp_path / "_build" / "lab" / "site" / "lab" / "exercises.js"
    site.parent.mkdir(parents=True)
    site.write_text("// of an earlier build")
    lab.main([])
    said = capsys.readouterr()
    assert said.out == "" and len(said.err.splitlines()) == 1
    assert said.err.startswith("Exercises will run on Colab alone, not in the pages: ")
    assert not site.exists()
    page = write_book(tmp_path / "book", [("kl", "kl = None"), ("base_rate", "rate = None")])
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    shown = [cell.select("a")[-1] for cell in soup.select(".cell.tag_exercise")]
    owner, name = address.current(ROOT)
    link = f"https://colab.research.google.com/github/{owner}/{name}/blob/main/notebooks/page.ipynb"
    assert [(a.text, a["href"]) for a in shown] == [("Colab", link)] * 2
    assert link in [a.get("href") for a in soup.select("header a, .dropdown-launch-buttons a")]
    assert "exercises.js" not in str(soup)


def wrong_answers(most=3):
    """Return (exercise, piece of its hint, source) from `MISTAKES` of test_exercises.

    Those whose code needs NumPy and the course alone, as a page has them; `most` an exercise.
    """
    tree = ast.parse((ROOT / "tests" / "test_exercises.py").read_text(encoding="utf-8"))
    helpers, tables = {}, []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            helpers[node.name] = node
        elif isinstance(node, ast.Assign | ast.AugAssign):
            name = (node.targets[0] if isinstance(node, ast.Assign) else node.target).id
            tables += [node.value] if name == "MISTAKES" else []
            helpers[name] = node
    offered = {"np", "replay", *dir(builtins)}
    first = ["import numpy as np", "from vaegan_edu.schedules import replay"]

    def lines(wrong):
        """Return the lines that define all that an expression uses, or None."""
        used, rest = set(), [wrong]
        while rest:
            node = rest.pop()
            bound = {n.arg for n in ast.walk(node) if isinstance(n, ast.arg)}
            named = [n for n in ast.walk(node) if isinstance(n, ast.Name)]
            bound |= {n.id for n in named if isinstance(n.ctx, ast.Store)}
            asked = {n.id for n in named} - bound - offered - used
            if not asked <= set(helpers):
                return None
            used |= asked
            rest += [helpers[name] for name in asked]
        return [ast.unparse(helpers[name]) for name in helpers if name in used]

    found = []
    for table in tables:
        for name, wrong in zip(table.keys, table.values, strict=True):
            here = []
            for hint, value in zip(wrong.keys, wrong.values, strict=True):
                known = lines(value)
                if known is not None and not LISTED[name.value]["needs"]:
                    check = f'exercises.check("{name.value}", answer)'
                    code = [*first, *known, f"answer = {ast.unparse(value)}", check]
                    here.append((name.value, hint.value, "\n".join(code)))
            found += here[:most]
    return found


class Reader(Browser):
    """A browser whose reader answers exercises; a place is named by its number in the page."""

    def place(self, number, then):
        return self.run(f"((p) => {then})(document.querySelectorAll('.lab')[{number}])")

    def button(self, number, text):
        """Press a button by its text."""
        buttons = "[...p.querySelectorAll('.lab-bar button')]"
        self.place(number, f"{buttons}.find((b) => b.textContent === '{text}').click()")

    def write(self, number, text):
        """Write over the whole answer, by keyboard."""
        self.place(number, "p.querySelector('.cm-content').focus()")
        key = {"key": "a", "code": "KeyA", "windowsVirtualKeyCode": 65, "modifiers": 2}
        self.send("Input.dispatchKeyEvent", type="keyDown", commands=["selectAll"], **key)
        self.send("Input.dispatchKeyEvent", type="keyUp", **key)
        self.send("Input.insertText", text=text)

    def said(self, number):
        """Return (kind, text) of what an exercise says."""
        result = "p.querySelector('.lab-result')"
        return tuple(self.place(number, f"[{result}.dataset.kind, {result}.textContent]"))

    def answer(self, number, *kinds):
        """Wait until an exercise says something of one of these kinds; return its text."""
        shown = f"document.querySelectorAll('.lab')[{number}].lastChild.dataset.kind"
        self.until(f"{json.dumps(kinds)}.includes({shown})", LONG)
        return self.said(number)[1]


@pytest.fixture
def reader(tmp_path):
    browser = Reader(tmp_path / "profile")
    yield browser
    browser.close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.path != "/favicon.ico":  # asked for by the browser itself, when it likes
            return super().do_GET()
        self.send_response(204)
        self.end_headers()


@pytest.fixture
def serve():
    """A function from a folder to its address on this machine."""
    servers = []

    def serve(folder):
        handler = functools.partial(Quiet, directory=str(folder))
        servers.append(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}/"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


LOOP = "while True:\n    pass"
BROKEN = 'def kl(m, v):\n    return m + w\n\nkl(1, 2)\nexercises.check("kl", kl)'
SPIES = "import js\n[e.name for e in js.performance.getEntriesByType('resource').to_py()]"
HERE = "performance.getEntriesByType('resource').filter((e) => e.name.includes('/lab/')).length"


@in_browser
def test_every_exercise_runs_in_the_page(made, reader, serve, tmp_path):
    """Over http: solutions pass, stubs wait, mistakes get their own hints, a loop is stopped."""
    parts = {path.stem: read_exercise(path) for path in SOURCES}
    runnable = [name for name, entry in LISTED.items() if not entry["needs"]]
    cells = [(name, parts[name][STUB]) for name in LISTED]
    expected = [(name, "waiting", "Not answered yet: ") for name in runnable]
    wrong = wrong_answers()
    assert len({name for name, *_ in wrong}) > 0.8 * len(runnable) and len(wrong) > len(runnable)
    cells += [(name, parts[name][SOLUTION]) for name in runnable] + [(n, c) for n, _, c in wrong]
    expected += [(name, "passed", "Passed: ") for name in runnable]
    expected += [(name, "hint", hint) for name, hint, _ in wrong]
    page = write_book(tmp_path / "book", cells, made)

    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    for name, cell in zip(LISTED, soup.select(".cell.tag_exercise"), strict=False):
        place, needs = cell.select_one(".lab"), LISTED[name]["needs"]
        assert cell.select("a")[-1].text == "Colab" and bool(place) != bool(needs)
        assert all(need in cell.get_text() for need in needs)

    html = page.parents[1]
    origin = serve(html)
    reader.open(origin + page.relative_to(html).as_posix())
    before = len(reader.complaints())
    assert reader.run(HERE) == 1  # nothing is loaded before it is asked for

    # All editors, then all answers, before any is checked: the answers of one exercise are one.
    press = "document.querySelectorAll('.lab-bar button:nth-child({})').forEach((b) => b.click())"
    reader.run(press.format(1))
    reader.until(f"document.querySelectorAll('.lab .cm-content').length === {len(expected)}", LONG)
    assert reader.run(HERE) == 2
    reader.run(press.format(2))
    reader.until(
        "[...document.querySelectorAll('.lab-result')].every((r) =>"
        " ['passed', 'hint', 'waiting', 'unchecked', 'error'].includes(r.dataset.kind))",
        LONG,
    )
    got = reader.run(
        "[...document.querySelectorAll('.lab')].map((p) => [p.dataset.exercise,"
        " p.querySelector('.lab-result').dataset.kind, p.querySelector('.lab-result').textContent])"
    )
    assert [entry[:2] for entry in got] == [[name, kind] for name, kind, _ in expected]
    for (name, _, piece), (*_, text) in zip(expected, got, strict=True):
        assert piece.replace("`", "") in text, name

    # A loop is stopped; until then the page answers. The next run starts Python anew.
    number = runnable.index("kl")
    reader.write(number, LOOP)
    reader.button(number, "Run")
    reader.answer(number, "run")
    assert reader.run("1 + 1") == 2
    reader.button(number, "Stop")
    assert reader.answer(number, "stopped").startswith("Stopped. ")
    assert reader.run("document.activeElement.textContent") == "Run"
    reader.write(number, BROKEN)
    reader.button(number, "Run")
    text = reader.answer(number, "error")
    assert "NameError: name 'w' is not defined" in text and "line 2, in kl" in text
    assert re.findall(r'File "([^"]+)"', text) == ["your answer"] * 2  # no line but the learner's
    reader.write(number, "kl = (1,\nexercises.check('kl', kl")
    reader.button(number, "Run")
    text = reader.answer(number, "error")
    assert "SyntaxError: '(' was never closed" in text
    reader.write(number, SPIES)
    reader.button(number, "Run")
    assert 'must be exercises.check("kl", ...)' in reader.answer(number, "unchecked")
    reader.write(number, f"import js\nprint({SPIES.splitlines()[1]})\nimport keras")
    reader.button(number, "Run")
    text = reader.answer(number, "error")
    assert "keras is not here" in text and "Printed:[]" in text  # the worker fetched nothing

    assert all(re.match(f"{origin}|data:|blob:", url) for url in reader.requests())
    assert reader.complaints()[before:] == []


@in_browser
def test_an_answer_is_written_by_keyboard_and_kept(made, reader, tmp_path):
    """From a file: the keyboard alone, a solution, then the page once more."""
    (path,) = [path for path in SOURCES if path.stem == "kl"]
    answers = read_exercise(path)
    page = write_book(tmp_path / "book", [("kl", answers[STUB])], made)
    reader.open(page.as_uri())
    before = len(reader.complaints())
    reader.place(0, "p.querySelector('.lab-bar button').focus()")
    reader.press("Enter")
    reader.until("document.activeElement.classList.contains('cm-content')", LONG)
    label = reader.run("document.activeElement.getAttribute('aria-label')")
    assert label == "Your answer to the exercise kl"
    reader.write(0, answers[SOLUTION])
    reader.press("Tab")  # leaves the editor
    assert reader.run("document.activeElement.textContent") == "Run"
    reader.press("Enter")
    assert reader.answer(0, "passed", "hint", "error").startswith("Passed: it is zero at the prior")
    assert reader.place(0, "p.querySelector('.lab-result').role") == "status"
    assert all(re.match("file:|data:|blob:", url) for url in reader.requests())
    assert reader.complaints()[before:] == []

    reader.open(page.as_uri() + "?again=")
    assert reader.said(0) == ("passed", "Passed on an earlier visit.")
    reader.button(0, "Open your last answer")
    written = "[...p.querySelectorAll('.cm-line')].map((line) => line.textContent).join('\\n')"
    reader.until("document.querySelector('.cm-content')", LONG)
    assert answers[SOLUTION] in reader.place(0, written).replace("\u200b", "")
    reader.button(0, "Reset")
    assert answers[STUB] in reader.place(0, written)
    assert reader.run("localStorage.length") == 0 or "kl" not in reader.run(
        "Object.keys(localStorage).join()"
    )
