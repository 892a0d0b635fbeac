"""Tables as text."""


def table(names, rows):
    """Return rows of texts below the names of their columns as a Markdown table."""
    return "\n".join(f"| {' | '.join(line)} |" for line in (names, ["---"] * len(names), *rows))


def table_of(rows):
    """Return rows, dicts from column to text, as a table; what a row lacks stays empty."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return table(names, ([row.get(name, "") for name in names] for row in rows))
