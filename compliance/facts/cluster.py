"""The cluster and the machines under it."""

from __future__ import annotations

from dataclasses import dataclass

from compliance.facts.base import Leaf, Ref, Subject


@dataclass(frozen=True)
class Cluster(Subject):
    """A managed Kubernetes control plane."""

    endpoint_access: Leaf[str]
    """public, restricted (to named networks) or private."""
    secrets_encrypted: Leaf[bool]
    """Whether Kubernetes secrets are enveloped under a key of ours before they are stored."""
    secrets_key: Leaf[Ref | None]
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

    name: Leaf[str]
    version_pinned: Leaf[bool]
    network_policy: Leaf[bool | None]
    """Whether network policies are enforced; None for an add-on other than the VPC CNI."""


@dataclass(frozen=True)
class AccessEntry(Subject):
    """A principal of AWS that the cluster knows, with the policies bound to it."""

    principal: Leaf[Ref | str | None]
    administrator: Leaf[bool]
    cluster_wide: Leaf[bool]
    """Whether a policy that can change anything reaches beyond named namespaces."""
    policies: Leaf[frozenset[str]]


@dataclass(frozen=True)
class NodeGroup(Subject):
    """Nodes of one kind, with their launch template folded in."""

    imdsv2: Leaf[bool]
    hop_limit: Leaf[int]
    disks_encrypted: Leaf[bool]
    disk_key: Leaf[Ref | None]
    public_ip: Leaf[bool]
    subnets: Leaf[int]
    multi_az: Leaf[bool]
    hardening: Leaf[str]
    """none, cis1, cis2 or stig: what the image was hardened to."""
    fips: Leaf[str]
    """off, prefer or require: whether the image runs validated cryptographic modules."""
    admin_path: Leaf[str]
    """direct (an SSH key and open ports), bastion or brokered."""
    time_synchronised: Leaf[bool]
    node_life_days: Leaf[int | None]
    """After how many days a node is replaced by one of the newest image; None: never by itself."""


@dataclass(frozen=True)
class ImageRegistry(Subject):
    """A repository of container images."""

    scan: Leaf[str]
    """none, on_push or continuous."""
    immutable: Leaf[bool]
    key: Leaf[Ref | None]
    open_policy: Leaf[bool]
