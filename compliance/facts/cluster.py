"""The cluster and the machines under it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from compliance.facts.base import Leaf, Ref, Subject


@dataclass(frozen=True)
class Cluster(Subject):
    """A managed Kubernetes control plane."""

    endpoint_access: Leaf[Literal["public", "restricted", "private"]]
    """restricted: from named networks."""
    secrets_key: Leaf[Ref | None]
    """The key of ours under which Kubernetes secrets are enveloped before they are stored."""
    log_types: Leaf[frozenset[str]]
    access_mode: Leaf[str]
    """API, API_AND_CONFIG_MAP or CONFIG_MAP."""
    creator_is_administrator: Leaf[bool]
    version: Leaf[str | None]
    standard_support: Leaf[bool]
    """Whether the version is replaced when its standard support ends, instead of running on."""
    deletion_protected: Leaf[bool]
    images_verified: Leaf[bool]
    """Whether an admission policy checks image signatures before a pod starts."""


@dataclass(frozen=True)
class Addon(Subject):
    """A part of the cluster that AWS packages and installs."""

    addon: Leaf[str]
    version_pinned: Leaf[bool]
    network_policy: Leaf[bool | None]
    """Whether network policies are enforced; None for an add-on other than the VPC CNI."""


@dataclass(frozen=True)
class AccessEntry(Subject):
    """A principal of AWS that the cluster knows, with the policies bound to it."""

    policies: Leaf[frozenset[str]]
    """Access policies of EKS that are bound to it, by their last name."""
    groups: Leaf[frozenset[str]]


@dataclass(frozen=True)
class NodeGroup(Subject):
    """Nodes of one kind, with their launch template folded in."""

    imdsv2: Leaf[bool]
    hop_limit: Leaf[int]
    disks_encrypted: Leaf[bool]
    disk_key: Leaf[Ref | None]
    public_ip: Leaf[bool]
    multi_az: Leaf[bool]
    hardening: Leaf[Literal["none", "cis1", "cis2", "stig"]]
    """What the image was hardened to."""
    fips: Leaf[Literal["off", "prefer", "require"]]
    """Whether the image runs validated cryptographic modules."""
    admin_path: Leaf[Literal["direct", "bastion", "brokered"]]
    """direct: nodes hold an SSH key."""
    clock_sync_minutes: Leaf[int | None]
    """Longest time between two looks at the Amazon time service; None: it does not look."""
    node_life_days: Leaf[int | None]
    """After how many days a node is replaced by one of the newest image; None: never by itself."""


@dataclass(frozen=True)
class ImageRegistry(Subject):
    """A repository of container images."""

    scan: Leaf[Literal["none", "on_push", "continuous"]]
    immutable: Leaf[bool]
    key: Leaf[Ref | None]
    open_policy: Leaf[bool]
