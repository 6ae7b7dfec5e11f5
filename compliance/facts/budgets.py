"""Budgets."""

from __future__ import annotations

from dataclasses import dataclass

from compliance.facts.base import Leaf, Subject


@dataclass(frozen=True)
class Budget(Subject):
    """A spending budget."""

    limit: Leaf[bool]
    notifies: Leaf[bool]
    """Some threshold tells an address or a topic."""
