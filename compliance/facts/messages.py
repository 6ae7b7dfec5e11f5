"""Topics and queues."""

from __future__ import annotations

from dataclasses import dataclass

from compliance.facts.base import Leaf, Ref, Subject


@dataclass(frozen=True)
class Topic(Subject):
    """A topic with its policy and subscriptions."""

    key: Leaf[Ref | None]
    open_policy: Leaf[bool]
    tls_only: Leaf[bool]
    subscribed: Leaf[bool]


@dataclass(frozen=True)
class Queue(Subject):
    """A queue with its policy."""

    key: Leaf[Ref | None]
    open_policy: Leaf[bool]
    tls_only: Leaf[bool]
