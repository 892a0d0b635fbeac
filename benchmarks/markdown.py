"""Tables as text."""


def table(names, rows):
    """Return rows of texts below the names of their columns as a Markdown table."""
    return "\n".join(f"| {' | '.join(line)} |" for line in (names, ["---"] * len(names), *rows))
