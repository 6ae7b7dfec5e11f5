"""Streams of records, and what delivers them."""

from __future__ import annotations

from dataclasses import dataclass

from compliance.facts.base import Leaf, Ref, Subject


@dataclass(frozen=True)
class DataStream(Subject):
    """A Kinesis data stream."""

    key: Leaf[Ref | None]
    """None: not encrypted, or under the service's own key."""


@dataclass(frozen=True)
class DeliveryStream(Subject):
    """A Firehose stream into a bucket."""

    key: Leaf[Ref | None]
    """Under which records are kept while they wait: its own, or that of the stream that it reads."""
    errors_logged: Leaf[bool]
    loss_alarmed: Leaf[bool]
    """Somebody is told when records are late or cannot be written."""
