"""Databases and caches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from compliance.facts.base import Leaf, Ref, Subject


@dataclass(frozen=True)
class DatabaseCluster(Subject):
    """An Aurora cluster with its instances and parameter group folded in."""

    encrypted: Leaf[bool]
    key: Leaf[Ref | None]
    tls_forced: Leaf[bool]
    tls_min_version: Leaf[Literal["1.0", "1.1", "1.2", "1.3"]]
    deletion_protected: Leaf[bool]
    backup_days: Leaf[int]
    multi_az: Leaf[bool]
    iam_auth: Leaf[bool]
    logs_exported: Leaf[frozenset[str]]
    statements_logged: Leaf[bool]
    """Whether data definition and role changes are written to the log."""
    connections_logged: Leaf[bool]
    public: Leaf[bool]
    master_secret_managed: Leaf[bool]
    minor_upgrades: Leaf[bool]
    tags_on_snapshots: Leaf[bool]
    final_snapshot: Leaf[bool]
    monitored: Leaf[bool]
    """Whether metrics of the machine and of the queries are kept."""
    insights_key: Leaf[Ref | None]
    """What the kept metrics of the queries, which hold their text, are encrypted under."""
    authority: Leaf[str]
    """Who signed the server's certificate."""


@dataclass(frozen=True)
class Cache(Subject):
    """A Valkey or Redis replication group, or a serverless cache."""

    at_rest: Leaf[bool]
    key: Leaf[Ref | None]
    in_transit: Leaf[bool]
    authenticated: Leaf[bool]
    multi_az: Leaf[bool]
    failover: Leaf[bool]
    snapshot_days: Leaf[int]
    logs: Leaf[bool]
    minor_upgrades: Leaf[bool]
