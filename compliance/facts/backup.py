"""Backups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from compliance.facts.base import Leaf, Ref, Subject


@dataclass(frozen=True)
class BackupVault(Subject):
    """A vault with its lock."""

    key: Leaf[Ref | None]
    lock: Leaf[Literal["none", "governance", "compliance"]]
    separate_account: Leaf[bool]
    alternate_region: Leaf[bool]


@dataclass(frozen=True)
class BackupPlan(Subject):
    """A plan with its rules and selections; where rules differ, the weakest one speaks."""

    interval_hours: Leaf[int]
    """Longest time between two backups."""
    retention_days: Leaf[int | Literal["forever"]]
    copies: Leaf[int]
    """The data itself, the recovery point, and each copy of it."""
    alternate_site: Leaf[bool]
    """A copy goes to another region or account."""
    selects: Leaf[frozenset[str]]
    """Tags "key=value" that bring a resource into the plan."""


@dataclass(frozen=True)
class RestoreTest(Subject):
    """A schedule on which recovery points are restored to see whether that works."""

    interval_days: Leaf[int]
