"""Log groups."""

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
