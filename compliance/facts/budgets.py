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
    warns_ahead: Leaf[bool]
    """It tells what the forecast says, before the money is spent."""


@dataclass(frozen=True)
class SpendingStop(Subject):
    """What is done when a budget is spent."""

    automatic: Leaf[bool]
    """It waits for nobody."""
    denies: Leaf[bool]
    """What it attaches takes rights away, and gives none."""
