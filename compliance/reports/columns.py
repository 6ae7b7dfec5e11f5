"""The columns of a matrix in the order in which people read them; shared by every flat format."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from compliance.matrix import MatrixRow

Cell: TypeAlias = "Callable[[MatrixRow], str]"


def _applied(row: MatrixRow) -> str:
    return "; ".join(f"{each.urn.rpartition('::')[2]}.{each.path}" for each in row.applied_by)


COLUMNS: tuple[tuple[str, Cell], ...] = (
    ("framework", lambda row: f"{row.framework}@{row.edition}"),
    ("requirement", lambda row: row.requirement),
    ("title", lambda row: row.title),
    ("kind", lambda row: row.kind.value),
    ("obligation", lambda row: row.obligation),
    ("layers", lambda row: ", ".join(row.layers)),
    ("responsibility", lambda row: row.responsibility),
    ("mapping", lambda row: row.mapping.value),
    ("status", lambda row: row.status.value if row.status else ""),
    ("assessment", lambda row: row.assessment.value if row.assessment else ""),
    ("depth", lambda row: row.depth.value if row.depth else ""),
    ("controls", lambda row: ", ".join(row.controls)),
    ("rules", lambda row: ", ".join(row.rules)),
    ("verdicts", lambda row: ", ".join(f"{number} {word}" for word, number in row.verdicts.items())),
    ("parameters", lambda row: ", ".join(row.parameters)),
    ("applied by", _applied),
    ("remainder", lambda row: row.remainder),
    ("reason", lambda row: row.reason),
    ("customer duty", lambda row: row.duty),
    ("exception", lambda row: row.exception or ""),
    ("attestation", lambda row: row.attestation or ""),
    ("evidence hash", lambda row: row.evidence_hash),
)


def facts_of(header: object) -> list[tuple[str, str]]:
    """The header of a matrix as label and text, for the head of every report."""
    fields = type(header).model_fields  # type: ignore[attr-defined]
    return [(name.replace("_", " "), _shown(getattr(header, name))) for name in fields]


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
