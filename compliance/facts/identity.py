"""Who may act."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from compliance.facts.base import Leaf, Ref, Subject


@dataclass(frozen=True)
class Role(Subject):
    """A role with its trust, its inline and attached policies, and its boundary."""

    wildcard_actions: Leaf[bool]
    """Some permission has a wildcard in its action."""
    wildcard_resources: Leaf[bool]
    """Some permission is on everything although its actions could name resources."""
    admin_policy: Leaf[bool]
    open_trust: Leaf[bool]
    boundary: Leaf[Ref | None]
    session_hours: Leaf[int]
    workload: Leaf[bool]
    """Pods of a workload assume it. Add-ons, in the cluster's own namespaces, configure AWS and are none."""
    emergency: Leaf[bool]
    """It is called break-glass, and only named principals with several factors assume it."""


@dataclass(frozen=True)
class ManagedPolicy(Subject):
    """A policy of our own that roles attach or that bounds them."""

    admin_policy: Leaf[bool]
    """It allows everything on everything."""
    wildcard_actions: Leaf[bool]


@dataclass(frozen=True)
class PasswordPolicy(Subject):
    """The account's password policy."""

    min_length: Leaf[int]
    history: Leaf[int]
    character_kinds: Leaf[frozenset[str]]
    """What a password must contain, of letters, digits and symbols."""
    max_age_days: Leaf[int | Literal["forever"]]


@dataclass(frozen=True)
class AccessAnalyzer(Subject):
    """An analyser of who has access."""

    scope: Leaf[Literal["external", "unused", "internal"]]
    unused_days: Leaf[int | None]
    """Days without use after which access is reported; None: this analyser looks for something else."""
