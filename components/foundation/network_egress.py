"""The way out of a managed network: every zone through a firewall that knows the allow-list, then NAT."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pulumi_aws as aws

from blueprint.component import Component
from blueprint.types import KeyPurpose, Layer
from components.foundation.allow_list import allow_list
from components.foundation.log_group import log_group

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pulumi

    from blueprint.context import PlatformContext
    from blueprint.ports import KeysPort
    from blueprint.types import Noun
    from components.foundation.network_layout import Layout

ANYWHERE = "0.0.0.0/0"
CAPACITY = 1000
"""Rules that the allow-list can grow to; AWS never changes it afterwards."""


class InspectedEgress(Component):
    """Creates gateway, NAT and strict firewalls that let through TLS to the names of the wiring and drop the rest.

    Traffic goes workload subnet -> firewall -> NAT -> internet gateway, and back the same way within its zone.
    """

    LAYER: ClassVar[Layer] = Layer.FOUNDATION

    def __init__(
        self,
        noun: Noun,
        *,
        platform: PlatformContext,
        keys: KeysPort,
        vpc_id: pulumi.Input[str],
        vpc_cidr: str,
        zones: Sequence[str],
        ranges: Layout,
        from_tables: Sequence[pulumi.Input[str]],
        log_days: int,
        keep: bool,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._vpc_id, self._keys, self._keep = vpc_id, keys, keep
        outside = self._subnets("public", zones, ranges.public)
        inspection = self._subnets("firewall", zones, ranges.firewall)
        policy = self._policy(vpc_cidr)
        log = log_group(
            self, "log", name=f"/{platform.label}/network/firewall", key_arn=keys.arns[KeyPurpose.LOGS],
            days=log_days or "forever", keep=keep,
        )  # fmt: skip
        gateway = aws.ec2.InternetGateway(
            self.named("internet"), vpc_id=vpc_id, tags=self._called("internet"), opts=self.inside
        )
        for index, zone in enumerate(zones):
            endpoint = self._firewall(zone, inspection[index], policy, log)
            nat = self._nat(zone, outside[index], gateway)
            self._route(f"workload-{zone}-out", from_tables[index], ANYWHERE, vpc_endpoint_id=endpoint)
            inspected = self._table("firewall", zone, inspection[index])
            self._route(f"firewall-{zone}-out", inspected.id, ANYWHERE, nat_gateway_id=nat.id)
            public = self._table("public", zone, outside[index])
            self._route(f"public-{zone}-out", public.id, ANYWHERE, gateway_id=gateway.id)
            self._route(f"public-{zone}-back", public.id, ranges.workload[index], vpc_endpoint_id=endpoint)
        self.finish(policy_arn=policy.arn)

    def _subnets(self, tier: str, zones: Sequence[str], ranges: Sequence[str]) -> list[aws.ec2.Subnet]:
        return [
            aws.ec2.Subnet(
                self.named(tier, zone), vpc_id=self._vpc_id, cidr_block=cidr, availability_zone=zone,
                map_public_ip_on_launch=False, tags=self._called(f"{tier}-{zone}"), opts=self.inside,
            )
            for zone, cidr in zip(zones, ranges, strict=True)
        ]  # fmt: skip

    def _table(self, tier: str, zone: str, subnet: aws.ec2.Subnet) -> aws.ec2.RouteTable:
        table = aws.ec2.RouteTable(
            self.named(tier, zone, "routes"), vpc_id=self._vpc_id, tags=self._called(f"{tier}-{zone}"), opts=self.inside
        )
        aws.ec2.RouteTableAssociation(
            self.named(tier, zone, "uses"), subnet_id=subnet.id, route_table_id=table.id, opts=self.inside
        )
        return table

    def _route(
        self,
        part: str,
        table: pulumi.Input[str],
        cidr: str,
        *,
        vpc_endpoint_id: pulumi.Input[str] | None = None,
        nat_gateway_id: pulumi.Input[str] | None = None,
        gateway_id: pulumi.Input[str] | None = None,
    ) -> None:
        aws.ec2.Route(
            self.named(part), route_table_id=table, destination_cidr_block=cidr, vpc_endpoint_id=vpc_endpoint_id,
            nat_gateway_id=nat_gateway_id, gateway_id=gateway_id, opts=self.inside,
        )  # fmt: skip

    def _nat(self, zone: str, subnet: aws.ec2.Subnet, gateway: aws.ec2.InternetGateway) -> aws.ec2.NatGateway:
        address = aws.ec2.Eip(
            self.named(zone, "address"),
            domain="vpc",
            tags=self._called(f"nat-{zone}"),
            opts=self.within(depends_on=[gateway]),
        )
        return aws.ec2.NatGateway(
            self.named(zone, "nat"), subnet_id=subnet.id, allocation_id=address.id, tags=self._called(f"nat-{zone}"),
            opts=self.inside,
        )  # fmt: skip

    def _policy(self, vpc_cidr: str) -> aws.networkfirewall.FirewallPolicy:
        label, key_arn = self.platform.label, self._keys.arns[KeyPurpose.OBJECTS]
        allowed = aws.networkfirewall.RuleGroup(
            self.named("allow-list"), name=f"{label}-allow-list", type="STATEFUL", capacity=CAPACITY,
            description="TLS to the host names that the wiring names",
            rule_group={
                "rule_variables": {"ip_sets": [{"key": "HOME_NET", "ip_set": {"definitions": [vpc_cidr]}}]},
                "rules_source": {
                    "rules_source_list": {
                        "generated_rules_type": "ALLOWLIST",
                        "target_types": ["TLS_SNI"],
                        "targets": list(allow_list(self.platform.wiring.egress)),
                    }
                },
                "stateful_rule_options": {"rule_order": "STRICT_ORDER"},
            },
            encryption_configuration={"type": "CUSTOMER_KMS", "key_id": key_arn}, tags=self.tags(), opts=self.inside,
        )  # fmt: skip
        return aws.networkfirewall.FirewallPolicy(
            self.named("policy"), name=f"{label}-egress", description="What is not allowed by name is dropped",
            firewall_policy={
                "stateless_default_actions": ["aws:forward_to_sfe"],
                "stateless_fragment_default_actions": ["aws:forward_to_sfe"],
                "stateful_default_actions": ["aws:drop_established", "aws:alert_established"],
                "stateful_engine_options": {"rule_order": "STRICT_ORDER", "stream_exception_policy": "DROP"},
                "stateful_rule_group_references": [{"resource_arn": allowed.arn, "priority": 1}],
            },
            encryption_configuration={"type": "CUSTOMER_KMS", "key_id": key_arn}, tags=self.tags(), opts=self.inside,
        )  # fmt: skip

    def _firewall(
        self,
        zone: str,
        subnet: aws.ec2.Subnet,
        policy: aws.networkfirewall.FirewallPolicy,
        log: aws.cloudwatch.LogGroup,
    ) -> pulumi.Output[str]:
        """A firewall of its own for each zone, so that its only endpoint is the one of the zone; AWS bills endpoints."""
        firewall = aws.networkfirewall.Firewall(
            self.named(zone, "firewall"), name=f"{self.platform.label}-egress-{zone}", vpc_id=self._vpc_id,
            firewall_policy_arn=policy.arn, subnet_mappings=[{"subnet_id": subnet.id}], delete_protection=self._keep,
            subnet_change_protection=self._keep, firewall_policy_change_protection=self._keep,
            encryption_configuration={"type": "CUSTOMER_KMS", "key_id": self._keys.arns[KeyPurpose.OBJECTS]},
            tags=self.tags(), opts=self.within(protect=self._keep),
        )  # fmt: skip
        aws.networkfirewall.LoggingConfiguration(
            self.named(zone, "logging"), firewall_arn=firewall.arn,
            logging_configuration={
                "log_destination_configs": [
                    {
                        "log_destination": {"logGroup": log.name},
                        "log_destination_type": "CloudWatchLogs",
                        "log_type": kind,
                    }
                    for kind in ("ALERT", "FLOW")
                ]
            },
            opts=self.inside,
        )  # fmt: skip
        endpoint: pulumi.Output[str] = firewall.firewall_statuses[0].sync_states[0].attachments[0].endpoint_id
        return endpoint

    def _called(self, part: str) -> dict[str, str]:
        return {**self.tags(), "Name": f"{self.platform.label}-{part}"}
