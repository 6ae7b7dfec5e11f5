"""Text in columns, for the terminal."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Sequence
from itertools import zip_longest

GAP = 2
NARROWEST = 24
"""Characters to which the widest column may be wrapped before columns are left out."""


def terminal_width() -> int | None:
    """Characters of the terminal, or what COLUMNS says; None where nobody looks at one."""
    return shutil.get_terminal_size((0, 0)).columns or None


def columns(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, widest: int = 58, width: int | None = None
) -> str:  # fmt: skip
    """Columns that fit their content; a longer cell is cut and ends in an ellipsis.

    In a terminal of some width the widest column is wrapped, and what still has no room is left out and named.
    """
    cut = [[cell if len(cell) <= widest else f"{cell[: widest - 1]}…" for cell in row] for row in [head, *rows]]
    widths = [max(len(row[index]) for row in cut) for index in range(len(head))]
    kept = len(widths)
    while width is not None and kept > 1 and _narrowest(widths[:kept]) > width:
        kept -= 1
    widths = _fitted(widths[:kept], width)
    lines = [line for row in cut for line in _wrapped(row[:kept], widths)]
    left_out = [] if kept == len(head) else [f"no room for: {', '.join(head[kept:])}"]
    rule = GAP * " "
    return "\n".join([lines[0], rule.join("─" * each for each in widths), *lines[1:], *left_out])


def _narrowest(widths: Sequence[int]) -> int:
    return sum(widths) - max(widths) + min(max(widths), NARROWEST) + GAP * (len(widths) - 1)


def _fitted(widths: Sequence[int], width: int | None) -> list[int]:
    over = 0 if width is None else max(0, sum(widths) + GAP * (len(widths) - 1) - width)
    most = max(widths)
    index = list(widths).index(most)
    return [*widths[:index], max(1, most - over), *widths[index + 1 :]]


def _wrapped(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    parts = [textwrap.wrap(cell, wide) if len(cell) > wide else [cell] for cell, wide in zip(row, widths, strict=True)]
    return [
        (GAP * " ").join(cell.ljust(wide) for cell, wide in zip(line, widths, strict=True)).rstrip()
        for line in zip_longest(*parts, fillvalue="")
    ]
