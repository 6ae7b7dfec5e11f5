"""The matrix as CSV: one line a requirement, ready for a spreadsheet."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from compliance.reports.columns import COLUMNS

if TYPE_CHECKING:
    from compliance.matrix import Matrix

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(matrix: Matrix) -> str:
    """Write every row. A cell that a spreadsheet would run as a formula starts with an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([name for name, _ in COLUMNS])
    writer.writerows([_safe(cell(row)) for _, cell in COLUMNS] for row in matrix.rows)
    return text.getvalue()


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
