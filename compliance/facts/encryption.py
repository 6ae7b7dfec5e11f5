"""Customer managed keys and certificates."""

from __future__ import annotations

from dataclasses import dataclass

from compliance.facts.base import Leaf, Subject


@dataclass(frozen=True)
class KmsKey(Subject):
    """A key with its policy."""

    rotation: Leaf[bool]
    rotation_days: Leaf[int | None]
    """None: it is never rotated."""
    administrators_separate: Leaf[bool]
    """No principal both administers the key and uses it directly."""
    open_principal: Leaf[bool]
    """Everybody may do something with it."""
    deletion_window_days: Leaf[int]
    enabled: Leaf[bool]
    purpose: Leaf[str]


@dataclass(frozen=True)
class Certificate(Subject):
    """A certificate in the managed certificate service."""

    issued_by_service: Leaf[bool]
    """The service issues and renews it; an imported one it does not."""
    transparent: Leaf[bool]
    """Its issue stands in a public transparency log."""
