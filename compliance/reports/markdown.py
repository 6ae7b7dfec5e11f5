"""The matrix as Markdown, for a pull request or a wiki."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compliance.reports.columns import COLUMNS, facts_of, totals

if TYPE_CHECKING:
    from compliance.matrix import Matrix

_SHOWN = (
    "requirement",
    "title",
    "kind",
    "responsibility",
    "status",
    "assessment",
    "verdicts",
    "controls",
    "remainder",
    "customer duty",
)


def as_markdown(matrix: Matrix) -> str:
    """Write the header, the totals, and one table a framework."""
    shown = [(name, cell) for name, cell in COLUMNS if name in _SHOWN]
    lines = [
        f"# Requirements of {matrix.header.stack}",
        "",
        *(f"- {label}: {text}" for label, text in facts_of(matrix.header)),
        "",
    ]
    for label, counts in totals(matrix.summary):
        lines.append(f"- rows by {label}: " + ", ".join(f"{number} {word}" for word, number in counts.items()))
    for framework in matrix.header.frameworks:
        lines += ["", f"## {framework}", "", _line([name for name, _ in shown]), _line(["---"] * len(shown))]
        lines += [
            _line([cell(row) for _, cell in shown])
            for row in matrix.rows
            if f"{row.framework}@{row.edition}" == framework
        ]
    return "\n".join(lines) + "\n"


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
