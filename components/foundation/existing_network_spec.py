"""What a stack document may say about a network that somebody else made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from itertools import combinations
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from blueprint.spec import Spec
from blueprint.types import Cidr, Dialect, Frozen, SubnetId, VpcId
from blueprint.wiring import Needs, Offer
from components.foundation.network_layout import MAX_ZONES, MIN_ZONES

ZoneName = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-gov|-iso[a-z]?)?-[a-z]+-\d[a-z]$")]
SecurityGroupId = Annotated[str, StringConstraints(pattern=r"^sg-([0-9a-f]{8}|[0-9a-f]{17})$")]
EndpointId = Annotated[str, StringConstraints(pattern=r"^vpce-([0-9a-f]{8}|[0-9a-f]{17})$")]
UsedTier = Literal["workload", "data", "endpoint"]
TIERS: tuple[UsedTier, ...] = ("workload", "data", "endpoint")


class ExistingSubnet(Frozen):
    """One subnet with what the platform must know of it before it can ask AWS."""

    id: SubnetId = Field(description="Subnet id")
    zone: ZoneName = Field(description="Availability zone it is in")
    tier: UsedTier = Field(description="What the platform puts there")
    cidr: Cidr = Field(description="Its address range")


class ExistingNetworkSpec(Spec):
    """A VPC with private subnets and endpoints; nothing of it is made or changed."""

    kind: Literal["existing"] = "existing"
    vpc_id: VpcId = Field(description="VPC id")
    cidr: Cidr = Field(description="Address range of the VPC")
    subnets: tuple[ExistingSubnet, ...] = Field(min_length=1, description="Private subnets, by zone and tier")
    zones: int = Field(
        3, ge=MIN_ZONES, le=MAX_ZONES, description="Availability zones that every tier must span; left out: 3"
    )
    endpoint_security_group_id: SecurityGroupId = Field(description="Security group of the interface endpoints")
    endpoints: Mapping[str, EndpointId] = Field(
        default_factory=dict,
        description="Interface endpoint id by AWS service name, s3 among them; left out: which there are is UNKNOWN",
    )

    @model_validator(mode="after")
    def _subnets_serve(self) -> Self:
        problems = [*self._thin_tiers(), *self._outside(), *self._overlaps(), *self._twice()]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def of(self, tier: UsedTier) -> tuple[ExistingSubnet, ...]:
        """Subnets of one tier, by zone."""
        return tuple(sorted((each for each in self.subnets if each.tier == tier), key=lambda each: each.zone))

    @property
    def zone_names(self) -> tuple[str, ...]:
        """Zones that the subnets are in."""
        return tuple(sorted({subnet.zone for subnet in self.subnets}))

    def _thin_tiers(self) -> Iterator[str]:
        for tier in TIERS:
            zones = sorted({subnet.zone for subnet in self.of(tier)})
            if len(zones) < self.zones:
                yield (
                    f"{tier} subnets span {len(zones)} zones ({', '.join(zones) or 'none'}) and {self.zones} are asked for: "
                    f"add {tier} subnets in other zones, or lower zones (not below {MIN_ZONES})"
                )

    def _outside(self) -> Iterator[str]:
        vpc = IPv4Network(self.cidr)
        for subnet in self.subnets:
            if not IPv4Network(subnet.cidr).subnet_of(vpc):
                yield f"subnet {subnet.id} with {subnet.cidr} is not inside the VPC's {self.cidr}"

    def _overlaps(self) -> Iterator[str]:
        for one, other in combinations(self.subnets, 2):
            if one.id != other.id and IPv4Network(one.cidr).overlaps(IPv4Network(other.cidr)):
                yield f"subnets {one.id} with {one.cidr} and {other.id} with {other.cidr} overlap"

    def _twice(self) -> Iterator[str]:
        for subnet_id, times in Counter(subnet.id for subnet in self.subnets).items():
            if times > 1:
                yield f"subnet {subnet_id} is listed {times} times"

    def needs(self) -> Needs:
        """Nothing: it is all there."""
        return Needs(offers=(Offer(name="network", dialect=Dialect.NETWORK),))
