"""What is promised, how fast the allowance for failure is used up, and how much of it is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.observability.burn_rate import BURNS
from components.observability.dashboards.model import Dashboard, Panel, Query, Section
from components.observability.objectives import PRESENT

if TYPE_CHECKING:
    from collections.abc import Iterator

TITLES = {
    "availability": "Requests that succeed",
    "answer_latency": "Answers in time",
    "first_token_latency": "First tokens in time",
    "freshness": "Stores of documents that are fresh",
}


def objectives(present: frozenset[str]) -> Dashboard:
    """One section for each promise that is measured; the rules of the alerts record what it shows."""
    names = {name for slot, found in PRESENT.items() if slot in present for name in found}
    sections = (Section(title, tuple(_promise(name))) for name, title in TITLES.items() if name in names)
    return Dashboard("objectives", "Objectives", (*sections, _silent()), hours=24)


def _promise(name: str) -> Iterator[Panel]:
    ratio, allowed = f"slo:{name}:bad_ratio", f"slo:{name}:allowed_ratio"
    worst = f"max(avg_over_time({ratio}_1h[30d]))"
    yield Panel(
        "Allowance left of 30 days", (Query(f"1 - {worst} / max({allowed})", instant=True),), "percentunit", "stat", width=6,
        about="Each hour counts alike, whatever its traffic; negative when the promise is broken",
    )  # fmt: skip
    yield Panel(
        "Bad events in the last hour", (Query(f"max({ratio}_1h)", instant=True),), "percentunit", "stat", width=6
    )
    yield Panel(
        "Burn rate", tuple(Query(f"max({ratio}_{each}) / max({allowed})", each) for each in ("1h", "6h", "1d")), "none",
        about="1: used up exactly in 30 days", steps=tuple(sorted((burn.factor, _COLOURS[burn.severity]) for burn in BURNS)),
    )  # fmt: skip


_COLOURS = {"critical": "red", "warning": "orange"}


def _silent() -> Section:
    return Section("Who is heard from", (
        Panel("Pods that answer for metrics", (Query("sum by (namespace) (up)", "{{namespace}}"),), width=24),
    ))  # fmt: skip
