"""The columns of a matrix in the order in which people read them; shared by every flat format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from compliance.matrix import Header, MatrixRow, Summary

Cell: TypeAlias = Callable[[MatrixRow], str]


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
    ("attestation", lambda row: str(row.attestation or "")),
    ("evidence hash", lambda row: row.evidence_hash),
)


def facts_of(header: Header) -> list[tuple[str, str]]:
    """The header of a matrix as label and text, for the head of every report."""
    return [(name.replace("_", " "), _shown(value)) for name, value in header]


def totals(summary: Summary) -> list[tuple[str, Mapping[str, int]]]:
    """The ways in which rows are counted, as label and counts."""
    return [
        ("framework", summary.by_framework),
        ("kind", summary.by_kind),
        ("mapping", summary.by_mapping),
        ("status", summary.by_status),
        ("assessment", summary.by_assessment),
        *([("signed for", summary.by_attestation)] if summary.by_attestation else []),
    ]


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
