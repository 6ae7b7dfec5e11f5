"""The Lambda function that writes a person's groups into tokens."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws

from blueprint.component import Component
from blueprint.types import Layer
from components.foundation.log_group import log_group

if TYPE_CHECKING:
    from blueprint.context import PlatformContext
    from blueprint.ports import NetworkPort
    from blueprint.types import Noun

TIMEOUT = 5
"""Seconds: Cognito waits no longer."""
WITHOUT_RESOURCE = [
    "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces",
    "xray:PutTelemetryRecords", "xray:PutTraceSegments",
]  # fmt: skip
"""Actions that IAM does not tie to a resource: for Lambda to put the function into the VPC, and for traces."""


class GroupClaim(Component):
    """Creates the function inside the VPC, where it reaches nobody, with its role and its log."""

    LAYER: ClassVar[Layer] = Layer.APPLICATION

    def __init__(
        self,
        noun: Noun,
        *,
        platform: PlatformContext,
        network: NetworkPort,
        log_key_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        name = f"{platform.label}-group-claim"
        group = log_group(
            self, "log", name=f"/aws/lambda/{name}", key_arn=log_key_arn,
            days=platform.posture.audit_log_retention_days(platform.classes(noun)),
        )  # fmt: skip
        around = aws.ec2.SecurityGroup(
            self.named("security-group"), vpc_id=network.vpc_id, description="Group claim: calls nobody, is called by nobody",
            tags={**self.tags(), "Name": name}, opts=self.inside,
        )  # fmt: skip
        role, granted = self._role(group, name)
        code = files("components.application.programs").joinpath("group_claim.py").read_text(encoding="utf-8")
        self.function = aws.lambda_.Function(
            self.named("function"), name=name, description="Writes a person's groups into access tokens",
            runtime="python3.13", handler="group_claim.handle", architectures=["arm64"], role=role.arn,
            code=pulumi.AssetArchive({"group_claim.py": pulumi.StringAsset(code)}), timeout=TIMEOUT, memory_size=256,
            tracing_config=aws.lambda_.FunctionTracingConfigArgs(mode="Active"),
            logging_config=aws.lambda_.FunctionLoggingConfigArgs(log_format="JSON", log_group=group.name),
            vpc_config=aws.lambda_.FunctionVpcConfigArgs(
                subnet_ids=list(network.workload_subnet_ids), security_group_ids=[around.id]
            ),
            tags=self.tags(), opts=self.within(depends_on=[granted]),
        )  # fmt: skip
        self.finish(function=self.function.arn)

    def admit(self, pool: aws.cognito.UserPool) -> None:
        """Let this pool call the function, and nobody else."""
        aws.lambda_.Permission(
            self.named("caller"), function=self.function.name, action="lambda:InvokeFunction",
            principal="cognito-idp.amazonaws.com", source_arn=pool.arn, source_account=self.platform.account,
            opts=self.inside,
        )  # fmt: skip

    def _role(self, group: aws.cloudwatch.LogGroup, name: str) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
        role = aws.iam.Role(
            self.named("role"), name=name[-64:].lstrip("-"), path="/blueprint/", description="Writes groups into tokens",
            assume_role_policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
            ]}),
            tags=self.tags(), opts=self.inside,
        )  # fmt: skip
        granted = aws.iam.RolePolicy(
            self.named("grants"), role=role.name,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                 "Resource": pulumi.Output.concat(group.arn, ":*")},
                {"Effect": "Allow", "Action": WITHOUT_RESOURCE, "Resource": "*"},
            ]}),
            opts=self.inside,
        )  # fmt: skip
        return role, granted
