"""Stores of documents: what keeps them, and what answers searches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from compliance.facts.base import Leaf, Ref, Subject


@dataclass(frozen=True)
class OpenSearchDomain(Subject):
    """A domain of Amazon OpenSearch Service, with its resource policy folded in."""

    encrypted: Leaf[bool]
    key: Leaf[Ref | None]
    nodes_encrypted: Leaf[bool]
    """Whether nodes speak TLS with each other."""
    tls_only: Leaf[bool]
    tls_min_version: Leaf[Literal["1.0", "1.1", "1.2", "1.3"]]
    private: Leaf[bool]
    """Whether it stands in a VPC; outside of one it has a public address."""
    roles_only: Leaf[bool]
    """Whether it gives rights by role, keeps no passwords and answers nobody without a name."""
    open_policy: Leaf[bool]
    """Whether its resource policy admits everybody."""
    logs: Leaf[frozenset[str]]
    """Log types that are written."""
    multi_az: Leaf[bool]
    managers: Leaf[int]
    """Nodes that manage the others and hold no data."""
    supported: Leaf[bool]
    """Whether its engine is a line that still gets fixes."""
    updates: Leaf[bool]
    """Whether fixes of the service are installed without being asked."""


@dataclass(frozen=True)
class QdrantCluster(Subject):
    """A StatefulSet that runs Qdrant: its configuration folded with its pods, services and what copies its data."""

    authenticated: Leaf[bool]
    encrypted: Leaf[bool]
    """Whether every port that a service offers speaks TLS."""
    peers_encrypted: Leaf[bool]
    audited: Leaf[bool]
    """Whether requests leave an audit record, and a container passes the records on to the platform's logs."""
    reports_home: Leaf[bool]
    private: Leaf[bool]
    disks_encrypted: Leaf[bool]
    disks_kept: Leaf[bool]
    """Whether the disks outlive the object that made them."""
    copied: Leaf[bool]
    """Whether snapshots are copied out of the cluster on a schedule."""


@dataclass(frozen=True)
class RetrievalServer(Subject):
    """What answers searches over a store of documents."""

    authenticated: Leaf[bool]
    encrypted: Leaf[bool]
    private: Leaf[bool]
    permissions_enforced: Leaf[bool]
    """Whether it is told the field that says who may see a document, and a database in which it looks holds to it too."""
    freshness_alarmed: Leaf[bool]
    """Whether somebody is told when the newest document grows too old, or when nobody measures that any more."""
