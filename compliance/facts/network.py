"""The network: what reaches what, and what leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from compliance.facts.base import Leaf, Ref, Subject


@dataclass(frozen=True)
class Vpc(Subject):
    """A VPC with its flow logs, default security group, subnets, routes and endpoints folded in."""

    flow_logs: Leaf[Literal["none", "reject", "all"]]
    flow_log_group: Leaf[Ref | None]
    default_security_group_closed: Leaf[bool]
    internet_route: Leaf[bool]
    """Some route of the VPC leads to an internet gateway."""
    unfiltered_way_out: Leaf[bool]
    """There is such a route, and no network firewall in the VPC."""
    zones: Leaf[int]
    segmentation: Leaf[Literal["shared", "namespace", "subnet", "vpc", "account"]]
    """A VPC of the platform's own is `vpc`."""
    endpoints: Leaf[frozenset[str]]
    """AWS services with a private endpoint, by short name: "s3", "ecr.api"."""
    validates_names: Leaf[bool]
    """Its resolver holds signed answers against their signatures."""


@dataclass(frozen=True)
class Subnet(Subject):
    """A subnet with its route table folded in."""

    public_ip_on_launch: Leaf[bool]
    internet_route: Leaf[bool]
    """Its own routes lead to an internet gateway; a NAT gateway is no such route."""


@dataclass(frozen=True)
class SecurityGroup(Subject):
    """A security group with its rules folded in, written inside or beside it. Open means the whole internet."""

    open_ingress: Leaf[bool]
    open_admin_ingress: Leaf[bool]
    """SSH or RDP from the whole internet."""
    open_egress: Leaf[bool]
    described: Leaf[bool]
    """It says what it is for, and so does each of its rules."""


@dataclass(frozen=True)
class NetworkAcl(Subject):
    """The access list of subnets, with its rules folded in, written inside or beside it."""

    open_ingress: Leaf[bool]
    """A rule lets the whole internet in, on whatever port."""


@dataclass(frozen=True)
class VpcEndpoint(Subject):
    """A private way to an AWS service, with its policy."""

    service: Leaf[str]
    policy_restricted: Leaf[bool]
    """The policy names who may use it, or on what; the provider's default lets everybody do everything."""
    private_dns: Leaf[bool]
    interface: Leaf[bool]


@dataclass(frozen=True)
class EgressFilter(Subject):
    """A network firewall with its policy, rule groups and logging folded in."""

    default_deny: Leaf[bool]
    allowed: Leaf[frozenset[str]]
    """Host names that are let through."""
    logged: Leaf[bool]
    deletion_protected: Leaf[bool]
    key: Leaf[Ref | None]


@dataclass(frozen=True)
class EgressProxy(Subject):
    """The one way to names outside AWS, with its configuration."""

    authenticated: Leaf[bool]
    allowed: Leaf[frozenset[str]]
    mode: Leaf[Literal["open", "ports", "allowlist", "authenticated_proxy"]]
