"""Alerts on how fast the allowance for failure is used up, by several rates and two windows each.

Rates, windows and severities: Google, The Site Reliability Workbook (2018), chapter 5 "Alerting on SLOs", table 5-8 for 99.9 %
over 30 days, with the step of 10 % in one day that its text gives beside 10 % in three days; read from memory, 2026-11-20.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import JsonValue

HOUR, DAY = 60, 24 * 60
PERIOD = 30 * DAY
"""Minutes over which an objective holds."""


@dataclass(frozen=True)
class Burn:
    """One rate at which an alert is raised. Windows are in minutes."""

    name: str
    factor: float
    """How many times faster than allowed; at 1 the allowance lasts exactly for the period."""
    long: int
    short: int
    """A twelfth of the long one: it ends the alert soon after the trouble ends."""
    severity: Literal["critical", "warning"]

    @property
    def consumed(self) -> float:
        """Part of the period's allowance that is gone when the alert is raised."""
        return self.factor * self.long / PERIOD


BURNS = (
    Burn("Fastest", 14.4, HOUR, 5, "critical"),
    Burn("Fast", 6, 6 * HOUR, 30, "critical"),
    Burn("Slow", 3, DAY, 2 * HOUR, "warning"),
    Burn("Slowest", 1, 3 * DAY, 6 * HOUR, "warning"),
)
"""They use up 2, 5, 10 and 10 percent of the allowance before they speak."""

WINDOWS = tuple(sorted({window for burn in BURNS for window in (burn.long, burn.short)}))


@dataclass(frozen=True)
class ServiceLevel:
    """One promise: what share of events may be bad, and how that share is measured over a window."""

    name: str
    allowed: float
    bad: Callable[[str], str]
    """Window as PromQL writes it -> expression whose value is the share of bad events, one series for each label set."""
    summary: str


def window(minutes: int) -> str:
    """A length of time in PromQL, in its largest whole unit."""
    for unit, size in (("d", DAY), ("h", HOUR)):
        if minutes % size == 0:
            return f"{minutes // size}{unit}"
    return f"{minutes}m"


def series(level: ServiceLevel, minutes: int) -> str:
    """Name under which the share of bad events over a window is recorded."""
    return f"slo:{level.name}:bad_ratio_{window(minutes)}"


def group(level: ServiceLevel) -> dict[str, JsonValue]:
    """Recording rules for every window and for what is allowed, then the alerts that read them.

    A window without events has no share; `>= 0` drops the NaN that would otherwise spoil every average over it.
    """
    records: list[JsonValue] = [
        {"record": series(level, minutes), "expr": f"({level.bad(window(minutes))}) >= 0"} for minutes in WINDOWS
    ]
    allowed: JsonValue = {"record": f"slo:{level.name}:allowed_ratio", "expr": f"vector({level.allowed:.6g})"}
    return {"name": f"slo-{level.name}", "rules": [*records, allowed, *(_alert(level, burn) for burn in raised(level))]}


def raised(level: ServiceLevel) -> tuple[Burn, ...]:
    """Rates that this promise can reach: when more than 1 in 14.4 may fail, nothing ever fails 14.4 times too often."""
    return tuple(burn for burn in BURNS if burn.factor * level.allowed < 1)


def _alert(level: ServiceLevel, burn: Burn) -> JsonValue:
    bound = f"{burn.factor * level.allowed:.6g}"
    exceeded = " and ".join(f"{series(level, minutes)} > {bound}" for minutes in (burn.long, burn.short))
    return {
        "alert": f"{level.name.title().replace('_', '')}Burns{burn.name}",
        "expr": exceeded,
        "for": "2m",
        "labels": {"severity": burn.severity, "slo": level.name},
        "annotations": {
            "summary": f"{level.summary}: the allowance of 30 days is used up {burn.factor:g} times too fast, "
            f"{burn.consumed:.0%} of it within {window(burn.long)}"
        },
    }
