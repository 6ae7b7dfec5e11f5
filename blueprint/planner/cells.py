"""Values as cells of a CSV file or of a Markdown table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

Cell = str | int | float | bool | None
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_of(rows: Sequence[Mapping[str, Cell]], head: Iterable[str]) -> str:
    """Rows under their names, one figure a cell; what is not known is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = list(head)
    writer.writerow(names)
    writer.writerows([_plain(row.get(name)) for name in names] for row in rows)
    return text.getvalue()


def _plain(value: Cell) -> str:
    """As programs write it; a text that a spreadsheet would run as a formula starts with an apostrophe."""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return "" if value is None else shown(value)


def line(cells: Iterable[str]) -> str:
    """One line of a Markdown table."""
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def shown(value: Cell) -> str:
    """As flags are written down."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def both(name: str, pair: tuple[float, float] | None) -> dict[str, Cell]:
    """A range as two cells."""
    return dict(zip((f"{name}_low", f"{name}_high"), pair or (None, None), strict=True))
