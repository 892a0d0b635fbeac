"""No number that was measured is typed into prose: it would stay when the measurement changes.

Numbers may stand in a role, in maths, in code and in links. Each other number needs a line in
prose_numbers.toml: a pattern, and the reason why it is not a measurement.
"""

import re
import tomllib
from pathlib import Path

import jupytext
import pytest
import toc

ROOT = Path(__file__).resolve().parents[1]
ALLOWED = tomllib.loads(Path(__file__).with_name("prose_numbers.toml").read_text("utf-8"))["allow"]

# What is no prose, in the order in which it is taken out.
NO_PROSE = [
    r"(?ms)\A---\n.*?^---$",  # front matter
    # A directive without a body, whose closing fence must open no block of code.
    r"(?m)^(?P<fence>`{3,})\{[\w:-]+\}[^\n]*\n(?: *:[\w-]+:.*\n)*(?P=fence)[ \t]*$",
    r"(?ms)^(?P<fence>`{3,})(?!\{(?!code|raw|math)).*?^(?P=fence)\s*$",  # a block of code
    r"(?m)^ *(?:`{3,}|:{3,})\{(?:grid|figure|image)\}.*$",  # a directive whose argument is no title
    r"(?m)^ *(?:`{3,}|:{3,})(?:\{[^}\n]*\})?",  # a directive's name; its title is prose
    r"(?s)\$\$.*?\$\$(?:\s*\([\w-]+\))?",  # a displayed equation and its label
    r"(?s)\\begin\{(?P<name>\w+\*?)\}.*?\\end\{(?P=name)\}",
    r"\{[\w:-]+\}`+[^`]*`+",  # a role
    r"(?s)(?P<ticks>`+).*?(?P=ticks)",  # code in a sentence
    r"\$[^$\n]+\$",  # maths in a sentence
    r"(?m)^ *:[\w-]+:.*$",  # a directive's option
    r"\]\([^)\s]*\)",  # the target of a link or an image
    r"<https?:[^>]*>|https?://\S+",
    r"<[a-zA-Z/!][^>]*>",  # a tag with its attributes
    r"&#?\w+;",
    r"(?m)^\([\w-]+\)=$",  # a label
    r"(?m)^ *(?:[-*] +)?(?:#+ +)?(?:\*\*)?\d+[.)](?:\*\*)? +",  # the number of an item or a heading
]
NUMBER = re.compile(r"(?<![\w\]])[-+−]?\d+(?:[.,]\d+)*(?:\s?%)?")


def pages():
    """Yield (name, text) for each Markdown page, Markdown cell and caption of a figure."""
    for name in [*toc.pages(), "README", "CONTRIBUTING"]:
        page, script = ROOT / f"{name}.md", ROOT / f"{name}.py"
        if page.exists():
            yield page.name, page.read_text(encoding="utf-8")
        else:
            for number, cell in enumerate(jupytext.read(script, fmt="py:percent").cells):
                figure = cell.metadata.get("mystnb", {}).get("figure", {})
                text = cell.source if cell.cell_type == "markdown" else figure.get("caption", "")
                yield f"{script.name}, cell {number}", text


def prose(text):
    """Return `text` without what is no prose; lines stay lines."""
    for pattern in NO_PROSE:
        text = re.sub(pattern, lambda match: " " + "\n" * match[0].count("\n"), text)
    return text


def typed_numbers(text, used=None):
    """Return the numbers in prose that no exception covers, each with its line."""
    text = prose(text)
    for allowed in ALLOWED:
        text, count = re.subn(allowed["pattern"], " ", text, flags=re.MULTILINE)
        if count and used is not None:
            used.add(allowed["pattern"])
    lines = text.splitlines()
    return [f"{match[0]}: {line.strip()}" for line in lines for match in NUMBER.finditer(line)]


def test_no_number_is_typed_into_prose():
    found = [f"{name}: {number}" for name, text in pages() for number in typed_numbers(text)]
    assert not found, "\n".join(found)


def test_exceptions_are_used_and_have_a_reason():
    used = set()
    for _, text in pages():
        typed_numbers(text, used)
    assert [entry["pattern"] for entry in ALLOWED if entry["pattern"] not in used] == []
    assert all(len(entry["reason"]) > 10 for entry in ALLOWED)


@pytest.mark.parametrize(
    "text",
    [
        "The loss falls to 31.4 in the end.",
        "- it keeps 7 of its units",
        "| VAE | 0.125 |",
        ":::{note} After 17 epochs\nit stops.\n:::",
        "```{note}\nIt stops after 17 epochs.\n```",
        "About 93 % are right, see [the table](measurements.md).",
        "<summary>b) about 4.5 nats</summary>",
        "A loss of **12.5**, or -3.",
        "```{table} runs\n```\n\nIt stops after 17 epochs.\n\n```{table} more\n```",
    ],
)
def test_a_typed_number_is_found(text):
    assert typed_numbers(text)


@pytest.mark.parametrize(
    "text",
    [
        "The loss is {record}`vae-digits/seed-0:val_loss:.1f` nats.",
        "With $\\beta = 0.5$ or `beta=4.0`.",
        "$$ p = 0.5 $$ (eq-half)",
        "```python\nx = 3\n```",
        "1. first\n2. second\n\n## 3. Third",
        "[a page](https://example.org/2024/05) and <https://example.org/7>",
        "(figure-2)=",
        ':::{figure} path.png\n:width: 80%\n:::\n<img width="300">',
        "`VAE2`, H100 and eq_3 are names.",
    ],
)
def test_what_is_no_prose_is_left_alone(text):
    assert typed_numbers(text) == []


# Phrases of CONTRIBUTING's list that a pattern can find.
STUMBLES = re.compile(
    r"\bhangs? on\b|\bto be had\b|\bone an? (?:seed|image|class|epoch|pixel|run|row|point|digit)\b"
    r"|\b(?:and|or) (?:its|their) like\b"
    r"|\b(?:network|discriminator|generator|critic|encoder|decoder)s? who\b"
    r"|\bit is important to note\b|\bneedless to say\b",
    re.IGNORECASE,
)


def test_prose_has_none_of_the_phrases_that_readers_stumbled_over():
    found = [
        f"{name}: {match[0]}" for name, text in pages() for match in STUMBLES.finditer(prose(text))
    ]
    assert not found, "\n".join(found)
    assert STUMBLES.search("All hangs on the seed.") and STUMBLES.search("losses, one a seed")
