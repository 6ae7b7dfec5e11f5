"""Text in columns, for the terminal."""

from __future__ import annotations

from collections.abc import Sequence


def columns(head: Sequence[str], rows: Sequence[Sequence[str]], *, widest: int = 58) -> str:
    """Columns that fit their content; a longer cell is cut and ends in an ellipsis."""
    cut = [[cell if len(cell) <= widest else f"{cell[: widest - 1]}…" for cell in row] for row in [head, *rows]]
    widths = [max(len(row[index]) for row in cut) for index in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cut]
    return "\n".join([lines[0], "  ".join("─" * width for width in widths), *lines[1:]])
