"""Secrets."""

from __future__ import annotations

from dataclasses import dataclass

from compliance.facts.base import Leaf, Ref, Subject


@dataclass(frozen=True)
class Secret(Subject):
    """A secret with its rotation and its policy; never its value."""

    key: Leaf[Ref | None]
    rotation_days: Leaf[int | None]
    """None: it is not renewed."""
    rotator: Leaf[Ref | None]
    """Who renews it; None: nobody."""
    open_policy: Leaf[bool]
