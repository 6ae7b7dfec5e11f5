"""A network that somebody else made."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pulumi_aws as aws

from blueprint.component import Component
from blueprint.ports import NetworkPort
from blueprint.types import Layer

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pulumi

    from blueprint.context import PlatformContext
    from blueprint.ports import Port
    from blueprint.types import Noun
    from components.foundation.existing_network_spec import ExistingNetworkSpec, UsedTier


class ExistingNetwork(Component):
    """Registers VPC, subnets and endpoints as they are; creates and changes nothing."""

    LAYER: ClassVar[Layer] = Layer.FOUNDATION

    def __init__(
        self,
        noun: Noun,
        spec: ExistingNetworkSpec,
        *,
        platform: PlatformContext,
        ports: Mapping[str, Port] | None = None,  # noqa: ARG002  every component is called alike
        uses: Mapping[Noun, Port] | None = None,  # noqa: ARG002
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        vpc = aws.ec2.Vpc.get(self.named("vpc"), spec.vpc_id, opts=self.inside)
        group = aws.ec2.SecurityGroup.get(self.named("endpoints"), spec.endpoint_security_group_id, opts=self.inside)
        endpoints = {
            service: aws.ec2.VpcEndpoint.get(
                self.named(service.replace(".", "-")), spec.endpoints[service], opts=self.inside
            )
            for service in sorted(spec.endpoints)
        }
        self._spec = spec
        workload, data, _ = (self._subnets(tier) for tier in ("workload", "data", "endpoint"))
        self.ports = {
            "network": NetworkPort(
                provider=noun, vpc_id=vpc.id, vpc_cidr=spec.cidr, workload_subnet_ids=workload, data_subnet_ids=data,
                endpoint_subnet_cidrs=tuple(subnet.cidr for subnet in spec.of("endpoint")),
                endpoint_security_group_id=group.id,
                vpc_endpoint_ids={service: endpoint.id for service, endpoint in endpoints.items()},
            )
        }  # fmt: skip
        self.finish(vpc_id=vpc.id)

    def _subnets(self, tier: UsedTier) -> tuple[pulumi.Output[str], ...]:
        return tuple(
            aws.ec2.Subnet.get(self.named(tier, subnet.id), subnet.id, opts=self.inside).id
            for subnet in self._spec.of(tier)
        )
