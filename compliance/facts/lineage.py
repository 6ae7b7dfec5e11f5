"""The record of which job read and wrote which data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from compliance.facts.base import Leaf, Subject


@dataclass(frozen=True)
class LineageStore(Subject):
    """A Marquez: its configuration folded with the Deployment and the doors beside it."""

    authenticated: Leaf[bool]
    """Whether every way to it asks for a key."""
    encrypted: Leaf[bool]
    """Whether every way to it is over TLS."""
    database_encrypted: Leaf[bool]
    narrow: Leaf[bool]
    """Whether the ways to the same data that nobody needs are off."""
    private: Leaf[bool]
    retention: Leaf[int | Literal["forever"]]
