"""Tables of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]], numbers: int | None = None) -> str:
    """A table of cells of Markdown; the columns from `numbers` on are numbers."""
    rule = ["---" if numbers is None or column < numbers else "---:" for column in range(len(head))]
    escaped = ([cell.replace("|", "\\|") for cell in row] for row in rows)
    return "".join(f"| {' | '.join(row)} |\n" for row in [head, rule, *escaped])


def plain(text: str) -> str:
    """Text that is shown as it is, in a cell."""
    return text.replace("<", "&lt;").replace("*", "\\*")
