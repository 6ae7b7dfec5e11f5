"""Event streaming: brokers, topics, schemas, connectors."""

from __future__ import annotations

from dataclasses import dataclass

from compliance.facts.base import Leaf, Ref, Subject


@dataclass(frozen=True)
class StreamCluster(Subject):
    """Brokers, with their configuration and policy folded in."""

    roles_sign_in: Leaf[bool]
    anonymous: Leaf[bool]
    """Clients that do not say who they are are let in."""
    passwords: Leaf[bool]
    tls_clients: Leaf[bool]
    """Clients speak TLS and nothing else."""
    tls_between: Leaf[bool]
    """Brokers speak TLS with each other."""
    key: Leaf[Ref | None]
    public: Leaf[bool]
    logs: Leaf[bool]
    open_policy: Leaf[bool]
    several_zones: Leaf[bool]
    copies_waited_for: Leaf[int]
    """Brokers that must have a record before its write counts."""
    copies: Leaf[int]
    unclean_leaders: Leaf[bool]
    """A broker that lags behind may take over, and what it lacks is lost."""
    topics_by_accident: Leaf[bool]
    """Writing to a name makes a topic."""
    metrics_by_topic: Leaf[bool]
    version: Leaf[str]


@dataclass(frozen=True)
class StreamTopic(Subject):
    """A topic with its schema, and the alarm on what arrives in it."""

    kept_days: Leaf[int | None]
    """None: for ever."""
    copies: Leaf[int]
    copies_waited_for: Leaf[int]
    dead_letters: Leaf[bool]
    """It holds what somebody could not process."""
    alarmed: Leaf[bool]
    """Any record in it raises an alarm that reaches somebody."""
    schema: Leaf[bool]
    """Its records have a registered schema, or are written by a connector that registers one."""


@dataclass(frozen=True)
class StreamSchema(Subject):
    """A registered schema."""

    compatibility: Leaf[str]


@dataclass(frozen=True)
class StreamConnector(Subject):
    """A connector, with its plugins."""

    tolerant: Leaf[bool]
    """It goes on after a record that it cannot process."""
    keeps_failed: Leaf[bool]
    """Such a record goes to a topic of dead letters, which only sinks have."""
    tells_why: Leaf[bool]
    """With the reason, in the record's headers and in the log."""
    failed_watched: Leaf[bool]
    """Any record in that topic raises an alarm."""
    logs_records: Leaf[bool]
    """Content of records that fail is written to the log."""
    role_signs_in: Leaf[bool]
    tls_brokers: Leaf[bool]
    tls_database: Leaf[bool]
    """The database that it captures, if it does, is spoken to over TLS."""
    secrets_in_clear: Leaf[bool]
    logs: Leaf[bool]
    plugins_pinned: Leaf[bool]
    """The bytes of its programs cannot be exchanged behind their names."""
