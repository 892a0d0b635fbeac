"""The book's wide tables, from the records: a page shows one by the directive `table`.

Each is a function from the project's folder to rows, dicts from column to text; what is not in a
row stays an empty cell. A benchmark that also tells what is no table gives Markdown itself. A
record that is missing, or lacks a number, raises an error that names it.
"""

from pathlib import Path

from benchmarks import markdown
from book.tables import chapters, environment, faces, original, quality, ring, step

TABLES = {
    "quality_cost": quality.cost,
    "quality_distances": quality.distances,
    "quality_classes": quality.classes,
    "quality_search": quality.search,
    "light_recipe": quality.recipe,
    "quality_against_time": quality.against_time,
    "quality_against_time_pays": quality.against_time_pays,
    "digits_distances": quality.digits_distances,
    "digits_classes": quality.digits_classes,
    "faces_judges": faces.judges,
    "faces_samples": faces.samples,
    "faces_deep": faces.deep,
    "faces_deep_attributes": faces.deep_attributes,
    "faces_similarity": faces.similarity,
    "faces_moves": faces.moves,
    "faces_attributes": faces.attributes,
    "faces_costs": faces.costs,
    "original_settings": original.settings,
    "original_losses": original.losses,
    "original_full": original.full,
    "ring_arms": ring.arms,
    "train_step": step.speed,
    "versions_matrix": environment.matrix,
    "chapters_effort": chapters.effort,
    "chapters_goals": chapters.goals,
}


def render(name: str, root: Path) -> str:
    """Return a table as Markdown.

    Args:
        name: a key of `TABLES`.
        root: the folder of the project whose records are shown.

    Raises:
        ValueError: there is no such table.
        KeyError, OSError: a record lacks a number, or is missing.
    """
    if name not in TABLES:
        raise ValueError(f"`name` must be one of {', '.join(TABLES)}. Received: {name}")
    rows = TABLES[name](Path(root))
    return rows if isinstance(rows, str) else markdown.table_of(rows)
