"""The matrix as one HTML page that fetches nothing: search, filters, grid, picture of the layers, evidence on demand.

Three clicks from a requirement to what is left to do: find it, open it, open what a table shows in part.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from pydantic import JsonValue

from compliance.matrix import NO_RULE, Applied, Matrix, MatrixRow, Open
from compliance.reports.columns import facts_of

HERE = Path(__file__).parent / "page"
OUTCOMES = ("pass", "fail", "unknown", "excepted", "not_applicable")
ASSESSMENTS = ("satisfied", "not-satisfied", "not-tested", "no-resource")
NOT_SIGNED = "nobody signed"
BAR = 640
"""Width in pixels of the longest bar in the picture of the layers."""


def as_html(matrix: Matrix) -> str:
    """Render the page. Every value is escaped; a missing one is an error and never a blank."""
    environment = Environment(
        loader=FileSystemLoader(HERE), undefined=StrictUndefined, autoescape=select_autoescape(["html", "j2"]),
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("page.html.j2").render(
        header=matrix.header,
        facts=facts_of(matrix.header),
        summary=matrix.summary,
        frameworks=sorted({row.framework for row in matrix.rows}),
        grid=dict(reversed(list(matrix.grid.items()))),
        no_rule=NO_RULE,
        bars=_bars(matrix),
        outcomes=OUTCOMES,
        assessments=ASSESSMENTS,
        rows=matrix.rows,
        controls=matrix.controls,
        rules=matrix.rules,
        left=_left(matrix),
        posture=matrix.posture,
        evidence=_evidence(matrix),
        signed=signed,
        filters=_filters(matrix),
        style=(HERE / "page.css").read_text(encoding="utf-8"),
        script=(HERE / "page.js").read_text(encoding="utf-8"),
    )


def _bars(matrix: Matrix) -> list[dict[str, JsonValue]]:
    """Layers top first, each with its outcomes as lengths and counts."""
    longest = max((sum(cell.values()) for cell in matrix.layers.values()), default=1)
    bars: list[dict[str, JsonValue]] = []
    for layer, cell in reversed(list(matrix.layers.items())):
        at, parts = 0, []
        for outcome in OUTCOMES:
            width = round(BAR * cell.get(outcome, 0) / longest)
            parts.append({"outcome": outcome, "count": cell.get(outcome, 0), "x": at, "width": width})
            at += width
        bars.append({"layer": layer, "total": sum(cell.values()), "parts": parts})  # type: ignore[dict-item]
    return bars


class Left(NamedTuple):
    """A rule with findings that are still open, and what mends them."""

    outcome: str
    rule: str
    subjects: tuple[str, ...]
    remedy: str
    rows: int
    """Requirements that wait for it."""


def _left(matrix: Matrix) -> list[Left]:
    """What is still to be mended, rule by rule, a FAIL before an UNKNOWN."""
    found: dict[tuple[str, str, str], set[str]] = {}
    waiting: Counter[tuple[str, str, str]] = Counter()
    for row in matrix.rows:
        for key in {_key(each) for each in row.open}:
            waiting[key] += 1
        for each in row.open:
            found.setdefault(_key(each), set()).add(each.subject)
    return sorted(
        (Left(word, rule, tuple(sorted(subjects)), remedy, waiting[word, rule, remedy])
         for (word, rule, remedy), subjects in found.items()),
        key=lambda each: (OUTCOMES[1:].index(each.outcome), -each.rows, each.rule),
    )  # fmt: skip


def _key(finding: Open) -> tuple[str, str, str]:
    return "excepted" if finding.exception else finding.outcome.value, finding.rule, finding.remedy


class _Once:
    """Values that many rows repeat: each stands once, and rows point at it."""

    def __init__(self) -> None:
        self._places: dict[Hashable, int] = {}
        self.values: list[JsonValue] = []

    def place(self, key: Hashable, value: Callable[[], JsonValue]) -> int:
        """Where a value stands; it is made when nobody asked before."""
        if key not in self._places:
            self._places[key] = len(self.values)
            self.values.append(value())
        return self._places[key]


def _evidence(matrix: Matrix) -> dict[str, JsonValue]:
    """What a row shows when it is opened; whatever repeats stands once, which makes the page a tenth."""
    urns, rules, reads, findings = _Once(), _Once(), _Once(), _Once()

    def written(each: Applied) -> JsonValue:
        urn, rule = urns.place(each.urn, lambda: each.urn), rules.place(each.rule, lambda: each.rule)
        return [urn, each.path, each.value, each.parameter, each.bound, each.how, rule]

    rows: list[JsonValue] = []
    for row in matrix.rows:
        applied: list[JsonValue] = [reads.place(each.key, partial(written, each)) for each in row.applied_by]
        left: list[JsonValue] = [findings.place(each.id, partial(each.model_dump, mode="json")) for each in row.open]
        rows.append([applied, left])
    return {
        "urns": urns.values,
        "rules": rules.values,
        "reads": reads.values,
        "findings": findings.values,
        "rows": rows,
    }


def signed(row: MatrixRow) -> str:
    """Whether somebody has signed for a row."""
    return NOT_SIGNED if row.attestation is None else "expired" if row.attestation.expired else "attested"


def _filters(matrix: Matrix) -> dict[str, list[str]]:
    """Choices of each drop-down list, as they occur."""
    columns = {
        "framework": [row.framework for row in matrix.rows],
        "layer": [layer for row in matrix.rows for layer in row.layers],
        "kind": [row.kind.value for row in matrix.rows],
        "mapping": [row.mapping.value for row in matrix.rows],
        "status": [row.status.value if row.status else NO_RULE for row in matrix.rows],
        "assessment": [row.assessment.value if row.assessment else NO_RULE for row in matrix.rows],
        "responsibility": [row.responsibility for row in matrix.rows],
        "signed": [signed(row) for row in matrix.rows],
    }
    return {
        name: list(dict.fromkeys(values)) if name == "framework" else sorted(set(values))
        for name, values in columns.items()
    }
