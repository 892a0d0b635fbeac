"""The directive `claim`: what was registered for a claim, what its runs measured, and the verdict.

    ```{claim} C1
    ```

Without a name it makes the table of all claims. Registration and rule stand in `vaegan_edu.claims`,
the records in book/results/.
"""

from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from benchmarks import markdown
from book.runs import RESULTS
from vaegan_edu import verdicts


class Claim(SphinxDirective):
    """Show one claim and its verdict, or the table of all."""

    optional_arguments = 1

    def run(self):
        """Return the nodes of the Markdown that `describe` or `summarise` wrote."""
        self.env.note_reread()  # a new or changed record builds the page anew
        found = verdicts.judge_all(Path(self.env.srcdir, RESULTS))
        if self.arguments and self.arguments[0] not in found:
            raise self.error(f"Claim must be one of {', '.join(found)}")
        text = describe(found[self.arguments[0]]) if self.arguments else summarise(found.values())
        node = nodes.container(classes=["claim"])
        self.state.nested_parse(StringList(text.splitlines(), "claims"), self.content_offset, node)
        return [node]


def summarise(found):
    """Return all verdicts as a Markdown table."""
    rows = []
    for verdict in found:
        claim = verdict.claim
        needed = _number(claim, claim.threshold) if claim.more else "–"
        rows.append([claim.name, f"**{verdict.word}**", claim.claim, _effect(verdict), needed])
    return markdown.table(["", "Verdict", "Claim", "Effect", "Needed"], rows)


def describe(verdict):
    """Return one verdict as Markdown: hypothesis, runs, effect and how the word follows."""
    claim = verdict.claim
    lines = [f"> {claim.claim}", "", f"*Hypothesis.* {claim.hypothesis}", ""]
    if claim.more:
        kind = ", as a share of the larger one," if claim.relative else ""
        lines += [
            f"*What decides.* The difference between the two sides{kind} in this number: "
            f"{verdicts.MEANINGS[claim.metric]}. "
            f"Needed: {_number(claim, claim.threshold)}. {claim.reason}",
            "",
            *(f"*Required.* {verdicts.condition(need)}" for need in claim.requires),
            "",
            _table(verdict),
            "",
        ]
    if claim.caveat:
        lines += [f"*To be known.* {claim.caveat}", ""]
    effect = f" Effect {_effect(verdict)}." if verdict.effect else ""
    return "\n".join([*lines, f"**Verdict: {verdict.word}.**{effect} {verdict.why}"])


def _table(verdict):
    """Return a table of both sides: runs, epochs, and each metric with its interval."""
    claim = verdict.claim
    sides = (claim.more, claim.less)
    rows = [
        ["runs", *(f"`{side.arm}`" for side in sides)],
        ["epochs", *("{} to {}".format(*s.epochs) if s.epochs else "the end" for s in sides)],
        ["seeds", *(_count(*runs) for runs in verdict.runs)],
    ]
    for metric in (claim.metric, *claim.beside) if verdict.sides else ():
        values = ("{:.3g} [{:.3g}, {:.3g}]".format(*side[metric]) for side in verdict.sides)
        rows.append([verdicts.MEANINGS[metric], *values])
    return markdown.table(["", "More expected", "Less expected"], rows)


def _count(finished, failed, registered):
    broken = f", {failed} broke off" if failed else ""
    return f"{finished} of {registered}{broken}"


def _number(claim, value):
    return f"{value:.0%}" if claim.relative else f"{value:.3g}"


def _effect(verdict):
    if verdict.effect is None:
        return "–"
    effect, low, high = (_number(verdict.claim, value) for value in verdict.effect)
    return f"{effect} [{low}, {high}]"


def setup(app):
    """Register the directive."""
    app.add_directive("claim", Claim)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
