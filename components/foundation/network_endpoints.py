"""Private ways to AWS services: an endpoint for each service that the wiring names."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws

from blueprint.component import Component
from blueprint.types import Layer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blueprint.context import PlatformContext
    from blueprint.types import Noun


class PrivateEndpoints(Component):
    """Creates interface endpoints whose policies admit the platform's accounts, and their security group.

    S3 gets one too, not a gateway: through a gateway it keeps public addresses, which no network policy of a pod can name.
    """

    LAYER: ClassVar[Layer] = Layer.FOUNDATION

    def __init__(
        self,
        noun: Noun,
        *,
        platform: PlatformContext,
        vpc_id: pulumi.Input[str],
        vpc_cidr: str,
        subnet_ids: Sequence[pulumi.Input[str]],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._vpc_id, self._subnet_ids = vpc_id, subnet_ids
        self._group = self._security_group(vpc_cidr)
        self.security_group_id: pulumi.Output[str] = self._group.id
        self.ids: Mapping[str, pulumi.Output[str]] = {
            service: self._endpoint(service).id for service in sorted(platform.wiring.services)
        }
        self.finish(security_group_id=self._group.id)

    def _security_group(self, vpc_cidr: str) -> aws.ec2.SecurityGroup:
        """HTTPS from inside the VPC; an endpoint itself never calls anyone."""
        group = aws.ec2.SecurityGroup(
            self.named("security-group"), vpc_id=self._vpc_id, description="AWS service endpoints: HTTPS from the VPC",
            tags={**self.tags(), "Name": f"{self.platform.label}-endpoints"}, opts=self.inside,
        )  # fmt: skip
        aws.vpc.SecurityGroupIngressRule(
            self.named("https"), security_group_id=group.id, description="HTTPS from the VPC", ip_protocol="tcp",
            from_port=443, to_port=443, cidr_ipv4=vpc_cidr, tags=self.tags(), opts=self.inside,
        )  # fmt: skip
        return group

    def _endpoint(self, service: str) -> aws.ec2.VpcEndpoint:
        name = f"com.amazonaws.{self.platform.region}.{service}"
        tags = {**self.tags(), "Name": f"{self.platform.label}-{service}"}
        part = self.named(service.replace(".", "-"))
        return aws.ec2.VpcEndpoint(
            part, vpc_id=self._vpc_id, service_name=name, vpc_endpoint_type="Interface", private_dns_enabled=True,
            dns_options={"private_dns_only_for_inbound_resolver_endpoint": False} if service == "s3" else None,
            subnet_ids=list(self._subnet_ids), security_group_ids=[self._group.id], policy=self._policy(service),
            tags=tags, opts=self.inside,
        )  # fmt: skip

    def _policy(self, service: str) -> pulumi.Output[str]:
        """Only the platform's own accounts may use an endpoint; through S3's also only their buckets are reached.

        Callers of a private API show a token and sign nothing, so they belong to no account: they reach APIs of ours alone.
        """
        platform = self.platform
        if service == ENTRY:
            apis = f"arn:{platform.partition}:{ENTRY}:{platform.region}:{platform.account}:*"
            return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [
                {"Sid": "OwnApis", "Effect": "Allow", "Principal": "*", "Action": f"{ENTRY}:Invoke", "Resource": apis}
            ]})  # fmt: skip
        own = sorted({platform.account, *platform.accounts.values()})
        equals = {"aws:PrincipalAccount": own, **({"aws:ResourceAccount": own} if service == "s3" else {})}
        statements: list[Mapping[str, object]] = [
            {"Sid": "OwnAccounts", "Effect": "Allow", "Principal": "*", "Action": f"{_prefix(service)}:*", "Resource": "*",
             "Condition": {"StringEquals": equals}},
        ]  # fmt: skip
        if service == "s3":
            layers = f"arn:{platform.partition}:s3:::prod-{platform.region}-starport-layer-bucket/*"
            packages = f"arn:{platform.partition}:s3:::al2023-repos-{platform.region}-de612dc2/*"
            statements.append(
                {"Sid": "ImageLayersAndPackages", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
                 "Resource": [layers, packages]}
            )  # fmt: skip
        return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": statements})


ENTRY = "execute-api"
ACTION_PREFIXES = {
    "aps-workspaces": "aps",
    "bedrock-agent-runtime": "bedrock",
    "bedrock-runtime": "bedrock",
    "ecr.api": "ecr",
    "ecr.dkr": "ecr",
    "elasticfilesystem-fips": "elasticfilesystem",
    "guardduty-data": "guardduty",
    "logs": "logs",
    "monitoring": "cloudwatch",
}
"""Endpoint name -> prefix of the service's IAM actions, where they differ."""


def _prefix(service: str) -> str:
    return ACTION_PREFIXES.get(service, service)
