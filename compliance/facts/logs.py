"""Log groups and alarms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from compliance.facts.base import Leaf, Ref, Subject


@dataclass(frozen=True)
class LogGroup(Subject):
    """A CloudWatch log group. audit_relevant: its events are evidence, as its tag says."""

    retention: Leaf[int | Literal["forever"]]
    key: Leaf[Ref | None]
    audit_relevant: Leaf[bool]


@dataclass(frozen=True)
class Alarm(Subject):
    """A metric alarm, a composite alarm, or an event rule that tells somebody."""

    watches: Leaf[str]
    """The metric, or the class of security event that its resource name ends with."""
    actions: Leaf[bool]
    """It is switched on, and something happens when it goes off."""
