"""Which subnet gets which part of the VPC: pure arithmetic on address ranges."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network

MIN_ZONES = 2
"""EKS wants subnets in two zones at least, and so does a load balancer."""
MAX_ZONES = 6
"""No region has more; a tier is cut into eight parts."""
LARGEST, SMALLEST = 16, 20
"""AWS takes a VPC of up to /16. In a /20 a workload subnet holds 256 addresses, and every pod takes one."""


class Tier(StrEnum):
    """What a subnet is for; decides its routes."""

    WORKLOAD = "workload"
    DATA = "data"
    ENDPOINT = "endpoint"
    PUBLIC = "public"
    FIREWALL = "firewall"


@dataclass(frozen=True)
class Layout:
    """Address range of each tier, one entry a zone; unused parts stay free for later tiers."""

    workload: tuple[str, ...]
    data: tuple[str, ...]
    endpoint: tuple[str, ...]
    public: tuple[str, ...]
    firewall: tuple[str, ...]

    def of(self, tier: Tier) -> tuple[str, ...]:
        """Ranges of one tier."""
        ranges: tuple[str, ...] = getattr(self, tier.value)
        return ranges


def layout(cidr: str, zones: int) -> Layout:
    """Cut a VPC into subnets; raises ValueError for a range or a number of zones that cannot be served.

    The lower half is for workloads, because with the VPC CNI every pod takes an address. The third quarter is for
    data. The last quarter is halved again: endpoints, and below them the two tiers that exist only with egress.
    """
    vpc = IPv4Network(cidr)
    if not LARGEST <= vpc.prefixlen <= SMALLEST:
        raise ValueError(
            f"a VPC of /{vpc.prefixlen} cannot hold the platform's subnets; use /{LARGEST} to /{SMALLEST}, "
            f"for example {IPv4Network((vpc.network_address, LARGEST), strict=False)}: AWS allows no larger one, and in a "
            "smaller one pods run out of addresses"
        )
    if not MIN_ZONES <= zones <= MAX_ZONES:
        raise ValueError(f"{zones} zones: between {MIN_ZONES} and {MAX_ZONES} can be served")
    lower, upper = vpc.subnets(1)
    data, rest = upper.subnets(1)
    endpoint, outside = rest.subnets(1)
    public, firewall = outside.subnets(1)
    return Layout(*(_cut(part, zones) for part in (lower, data, endpoint, public, firewall)))


def _cut(part: IPv4Network, zones: int) -> tuple[str, ...]:
    """Equal parts, the same for every number of zones up to four, so that a zone can be added without renumbering."""
    bits = 2 if zones <= 4 else 3
    return tuple(str(subnet) for subnet in list(part.subnets(bits))[:zones])
