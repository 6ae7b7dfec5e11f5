"""The matrix as a person sees it in a terminal: totals first, then the rows that ask for attention."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blueprint.columns import columns
from compliance.matrix import Assessment
from compliance.reports.columns import totals

if TYPE_CHECKING:
    from compliance.matrix import Matrix

_ATTENTION = (Assessment.NOT_SATISFIED, Assessment.NOT_TESTED)


def as_table(matrix: Matrix) -> str:
    """Totals, the grid of layers and frameworks, and every row with a verdict that is not satisfied."""
    summary = matrix.summary
    pairs = summary.pairs
    parts = [
        f"{matrix.header.stack}: {summary.rows} requirements, evidence {matrix.header.depth}, as of {matrix.header.as_of}"
    ]
    for label, counts in totals(summary):
        parts.append(f"  {label:<11}" + ", ".join(f"{number} {word}" for word, number in counts.items()))
    share = "none" if pairs.share is None else f"{pairs.share:.1%}"
    parts.append(
        f"  {'decided':<11}{share} of {pairs.applicable} applicable rule × subject pairs, "
        f"{pairs.by_provider_default} on a provider's default"
    )
    parts += ["", _grid(matrix), ""]
    rows = [row for row in matrix.rows if row.assessment in _ATTENTION]
    parts.append(columns(
        ["framework", "requirement", "assessment", "verdicts", "title"],
        [[row.framework, row.requirement, str(row.assessment), ", ".join(f"{n} {word}" for word, n in row.verdicts.items()), row.title]
         for row in rows],
    ) if rows else "every row with a verdict is satisfied or has no resource")  # fmt: skip
    return "\n".join(parts) + "\n"


def _grid(matrix: Matrix) -> str:
    frameworks = sorted({row.framework for row in matrix.rows})
    grid = matrix.grid
    rows = [
        [
            layer,
            *(
                f"{cells.get(name, {}).get('satisfied', 0)} of {sum(cells.get(name, {}).values())}"
                for name in frameworks
            ),
        ]
        for layer, cells in grid.items()
    ]
    return columns(["satisfied rows by layer", *frameworks], rows) if rows else "no row is mapped"
