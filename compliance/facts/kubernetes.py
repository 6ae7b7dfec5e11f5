"""Objects of the Kubernetes API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from compliance.facts.base import Leaf, Ref, Subject


@dataclass(frozen=True)
class Namespace(Subject):
    """A namespace with its pod security level, default network policies and quota folded in."""

    namespace: Leaf[str]
    system: Leaf[bool]
    pod_security: Leaf[Literal["privileged", "baseline", "restricted"]]
    """The level that is enforced."""
    default_deny_ingress: Leaf[bool]
    default_deny_egress: Leaf[bool]
    quota: Leaf[bool]


@dataclass(frozen=True)
class Workload(Subject):
    """A Deployment, StatefulSet, DaemonSet, Job or CronJob; a bool leaf speaks for all of its containers."""

    controller: Leaf[str]
    namespace: Leaf[str]
    non_root: Leaf[bool]
    read_only_root: Leaf[bool]
    escalation_denied: Leaf[bool]
    capabilities_dropped: Leaf[bool]
    """ALL dropped and none added."""
    seccomp: Leaf[bool]
    privileged: Leaf[bool]
    host_namespaces: Leaf[bool]
    host_paths: Leaf[bool]
    host_ports: Leaf[bool]
    images_pinned: Leaf[bool]
    """Unknown not_pinned for a tag: which image it names is decided when the pod starts."""
    own_registry: Leaf[bool]
    """Whether every image is pulled from a registry in an AWS account, the pull-through cache included."""
    limits: Leaf[bool]
    requests: Leaf[bool]
    liveness: Leaf[bool]
    readiness: Leaf[bool]
    replicas: Leaf[int | None]
    """The fewest that run; None for a controller that runs one on each node, or runs to its end."""
    disruption_budget: Leaf[bool]
    spread: Leaf[bool]
    """Whether the scheduler is asked to keep replicas on different nodes or zones."""
    own_service_account: Leaf[bool]
    token_mounted: Leaf[bool]
    needs_token: Leaf[bool]
    """Whether a token in every container is of use: its account has several roles, or one and no volume brings the token."""
    secrets_in_env: Leaf[bool]
    secret_variables: Leaf[bool]
    """Whether a variable takes its value from a Kubernetes secret."""
    isolation: Leaf[Literal["shared", "namespace", "node", "cluster", "account"]]
    """What keeps its pods apart from pods that hold other classes of data."""


@dataclass(frozen=True)
class NetworkPolicy(Subject):
    """One network policy."""

    open_ingress: Leaf[bool]
    """Whether a rule admits every peer."""
    open_egress: Leaf[bool]
    """Whether a rule lets pods talk to everybody: also to everybody outside, unless a firewall drops what nobody named."""


@dataclass(frozen=True)
class KubernetesRole(Subject):
    """A Role or ClusterRole, with whoever is bound to it."""

    named_only: Leaf[bool]
    """Whether verbs, resources and API groups are named, without wildcards."""
    reads_secrets: Leaf[bool]
    """Whether it reads every secret in its reach."""
    escalates: Leaf[bool]
    """Whether it may bind, escalate or impersonate."""


@dataclass(frozen=True)
class Autoscaler(Subject):
    """What changes the number of replicas."""

    minimum: Leaf[int]
    maximum: Leaf[int]
    metrics: Leaf[frozenset[str]]


@dataclass(frozen=True)
class StorageClass(Subject):
    """How volumes are made that pods ask for."""

    encrypted: Leaf[bool]
    key: Leaf[Ref | None]
