"""A network that the platform makes itself: private, in several zones, with endpoints for what the wiring names."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypedDict

import pulumi
import pulumi_aws as aws

from blueprint.component import Component
from blueprint.ports import NetworkPort
from blueprint.types import KeyPurpose, Layer
from components.foundation.log_group import log_group
from components.foundation.network_egress import InspectedEgress
from components.foundation.network_endpoints import PrivateEndpoints
from components.foundation.network_layout import Tier, layout

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blueprint.context import PlatformContext
    from blueprint.ports import KeysPort, Port
    from blueprint.types import Noun
    from components.foundation.network_spec import NetworkSpec

CONNECTIONS = (1024, 65535)
"""Ports of databases and caches, and those from which clients call."""
HTTPS = (443, 443)
REMOTE_DESKTOP = (3389, 3389)
ANYWHERE = "0.0.0.0/0"
"""Only where traffic may leave at all; the firewall then decides where to."""
FLOW_SECONDS = 60
"""The shorter of the two aggregation intervals that flow logs know."""


class Network(Component):
    """Creates a VPC with private tiers, closed defaults, flow logs and endpoints; a way out only if the wiring names hosts.

    Without a host outside AWS there is no internet gateway, no NAT gateway and no public subnet.
    """

    LAYER: ClassVar[Layer] = Layer.FOUNDATION

    def __init__(
        self,
        noun: Noun,
        spec: NetworkSpec,
        *,
        platform: PlatformContext,
        keys: KeysPort,
        ports: Mapping[str, Port] | None = None,  # noqa: ARG002  every component is called alike
        uses: Mapping[Noun, Port] | None = None,  # noqa: ARG002
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._spec, self._keys = spec, keys
        self._zones = platform.zones[: spec.zones]
        ranges = layout(spec.cidr, len(self._zones))
        self._vpc = self._make_vpc()
        self._close_defaults()
        self._record_flows()
        aws.route53.ResolverDnsSecConfig(self.named("signed-names"), resource_id=self._vpc.id, opts=self.inside)
        workload, tables = self._tier(Tier.WORKLOAD, ranges.workload)
        data, _ = self._tier(Tier.DATA, ranges.data)
        endpoint, _ = self._tier(Tier.ENDPOINT, ranges.endpoint)
        self._admit(Tier.DATA, data, inward=CONNECTIONS, outward=CONNECTIONS)
        self._admit(Tier.ENDPOINT, endpoint, inward=HTTPS, outward=CONNECTIONS)
        endpoints = PrivateEndpoints(
            f"{noun}/endpoints", platform=platform, vpc_id=self._vpc.id, vpc_cidr=spec.cidr,
            subnet_ids=[subnet.id for subnet in endpoint], opts=self.inside,
        )  # fmt: skip
        if platform.wiring.egress:
            InspectedEgress(
                f"{noun}/egress", platform=platform, keys=keys, vpc_id=self._vpc.id, vpc_cidr=spec.cidr,
                zones=self._zones, ranges=ranges, from_tables=[table.id for table in tables],
                log_days=self._log_days, keep=spec.keep, opts=self.inside,
            )  # fmt: skip
        self.ports = {
            "network": NetworkPort(
                provider=noun, vpc_id=self._vpc.id, vpc_cidr=spec.cidr,
                workload_subnet_ids=tuple(subnet.id for subnet in workload),
                data_subnet_ids=tuple(subnet.id for subnet in data), endpoint_subnet_cidrs=ranges.endpoint,
                endpoint_security_group_id=endpoints.security_group_id, vpc_endpoint_ids=endpoints.ids,
            )
        }  # fmt: skip
        self.finish(vpc_id=self._vpc.id)

    @property
    def _log_days(self) -> int:
        asked = self._spec.flow_log_retention_days
        days = (
            self.platform.posture.audit_log_retention_days(self.platform.classes(self.noun)) if asked is None else asked
        )
        return 0 if days == "forever" else days

    def _make_vpc(self) -> aws.ec2.Vpc:
        return aws.ec2.Vpc(
            self.named("vpc"), cidr_block=self._spec.cidr, enable_dns_hostnames=True, enable_dns_support=True,
            tags=self._called("vpc"), opts=self.within(protect=self._spec.keep),
        )  # fmt: skip

    def _close_defaults(self) -> None:
        """What AWS makes with every VPC lets everybody talk; here the group lets nobody and the ACL only the VPC."""
        aws.ec2.DefaultSecurityGroup(
            self.named("default-security-group"), vpc_id=self._vpc.id, ingress=[], egress=[],
            tags=self._called("closed-default"), opts=self.inside,
        )  # fmt: skip
        aws.ec2.DefaultRouteTable(
            self.named("default-routes"), default_route_table_id=self._vpc.default_route_table_id, routes=[],
            tags=self._called("closed-default"), opts=self.inside,
        )  # fmt: skip
        within = _entry(100, "-1", self._spec.cidr, (0, 0))
        leaving = [_entry(110, "tcp", ANYWHERE, HTTPS)]
        returning = [_entry(110, "tcp", ANYWHERE, REMOTE_DESKTOP, "deny"), _entry(120, "tcp", ANYWHERE, CONNECTIONS)]
        leaves = bool(self.platform.wiring.egress)
        aws.ec2.DefaultNetworkAcl(
            self.named("default-acl"), default_network_acl_id=self._vpc.default_network_acl_id,
            ingress=[aws.ec2.DefaultNetworkAclIngressArgs(**each) for each in (within, *(returning if leaves else ()))],
            egress=[aws.ec2.DefaultNetworkAclEgressArgs(**each) for each in (within, *(leaving if leaves else ()))],
            tags=self._called("default"), opts=self.within(ignore_changes=["subnetIds"]),
        )  # fmt: skip

    def _tier(self, tier: Tier, ranges: Sequence[str]) -> tuple[list[aws.ec2.Subnet], list[aws.ec2.RouteTable]]:
        """A subnet and a route table in each zone; the table starts without any route but the local one."""
        subnets, tables = [], []
        for zone, cidr in zip(self._zones, ranges, strict=True):
            part = f"{tier}-{zone}"
            subnet = aws.ec2.Subnet(
                self.named(part), vpc_id=self._vpc.id, cidr_block=cidr, availability_zone=zone,
                map_public_ip_on_launch=False, tags=self._called(part), opts=self.inside,
            )  # fmt: skip
            table = aws.ec2.RouteTable(
                self.named(part, "routes"), vpc_id=self._vpc.id, tags=self._called(part), opts=self.inside
            )
            aws.ec2.RouteTableAssociation(
                self.named(part, "uses"), subnet_id=subnet.id, route_table_id=table.id, opts=self.inside
            )
            subnets.append(subnet)
            tables.append(table)
        return subnets, tables

    def _admit(
        self, tier: Tier, subnets: Sequence[aws.ec2.Subnet], *, inward: tuple[int, int], outward: tuple[int, int]
    ) -> None:
        """A second fence around a tier: TCP within the VPC and nothing else, whatever a security group says."""
        aws.ec2.NetworkAcl(
            self.named(tier, "acl"), vpc_id=self._vpc.id, subnet_ids=[subnet.id for subnet in subnets],
            ingress=[aws.ec2.NetworkAclIngressArgs(**_entry(100, "tcp", self._spec.cidr, inward))],
            egress=[aws.ec2.NetworkAclEgressArgs(**_entry(100, "tcp", self._spec.cidr, outward))],
            tags=self._called(f"{tier}-acl"), opts=self.inside,
        )  # fmt: skip

    def _record_flows(self) -> None:
        recorded = self.platform.posture.vpc_flow_logs(self.platform.classes(self.noun))
        if recorded == "none":
            return
        platform = self.platform
        group = log_group(
            self, "flows", name=f"/{platform.label}/network/flows", key_arn=self._keys.arns[KeyPurpose.LOGS],
            days=self._log_days or "forever", keep=self._spec.keep,
        )  # fmt: skip
        role = aws.iam.Role(
            self.named("flows-role"), name=f"{platform.label}-flow-logs", description="Writes the VPC's flow log",
            assume_role_policy=pulumi.Output.json_dumps({
                "Version": "2012-10-17",
                "Statement": [{
                    "Effect": "Allow", "Principal": {"Service": "vpc-flow-logs.amazonaws.com"}, "Action": "sts:AssumeRole",
                    "Condition": {"StringEquals": {"aws:SourceAccount": platform.account}},
                }],
            }),
            tags=self.tags(), opts=self.inside,
        )  # fmt: skip
        writes = aws.iam.RolePolicy(
            self.named("flows-writes"), role=role.name,
            policy=pulumi.Output.json_dumps({
                "Version": "2012-10-17",
                "Statement": [{
                    "Effect": "Allow",
                    "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                    "Resource": [group.arn, pulumi.Output.concat(group.arn, ":*")],
                }],
            }),
            opts=self.inside,
        )  # fmt: skip
        aws.ec2.FlowLog(
            self.named("flow-log"), vpc_id=self._vpc.id, traffic_type=recorded.upper(), log_destination=group.arn,
            log_destination_type="cloud-watch-logs", iam_role_arn=role.arn, max_aggregation_interval=FLOW_SECONDS,
            tags=self.tags(), opts=self.within(depends_on=[writes]),
        )  # fmt: skip

    def _called(self, part: str) -> dict[str, str]:
        return {**self.tags(), "Name": f"{self.platform.label}-{part}"}


class _Entry(TypedDict):
    """One line of an ACL; the SDK types it once for each direction and kind of ACL."""

    rule_no: int
    action: str
    protocol: str
    cidr_block: str
    from_port: int
    to_port: int


def _entry(number: int, protocol: str, cidr: str, ports: tuple[int, int], action: str = "allow") -> _Entry:
    first, last = ports
    return _Entry(rule_no=number, action=action, protocol=protocol, cidr_block=cidr, from_port=first, to_port=last)
