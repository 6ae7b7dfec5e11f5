"""The Lambda function that renews secrets which the platform itself checks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws

from blueprint.component import Component
from blueprint.types import Layer
from components.foundation.log_group import log_group

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blueprint.context import PlatformContext
    from blueprint.ports import NetworkPort
    from blueprint.types import Noun

SOURCE = Path(__file__).parent / "rotator" / "handler.py"
TIMEOUT = 60
"""Seconds for one of the four steps."""
TRACE = ("xray:PutTelemetryRecords", "xray:PutTraceSegments")
ATTACH = ("ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces")
"""Actions that IAM does not tie to a resource: for traces, and for Lambda to put the function into the VPC."""
DEAD_LETTER_SECONDS = 14 * 24 * 3600
"""How long a failed call stays to be looked at: the longest that SQS keeps."""


class RandomRotator(Component):
    """Creates the function inside the VPC, its role, log, dead-letter queue, and the right of Secrets Manager to call it."""

    LAYER: ClassVar[Layer] = Layer.FOUNDATION

    def __init__(
        self,
        noun: Noun,
        *,
        platform: PlatformContext,
        key_arn: pulumi.Input[str],
        log_key_arn: pulumi.Input[str],
        secret_arns: Sequence[pulumi.Input[str]],
        network: NetworkPort | None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._key_arn = key_arn
        self._name = f"{platform.label}-rotator"
        days = platform.posture.audit_log_retention_days(platform.classes(noun))
        group = log_group(self, "log", name=f"/aws/lambda/{self._name}", key_arn=log_key_arn, days=days)
        queue = self._dead_letters()
        role, granted = self._role(group, queue, secret_arns, in_vpc=network is not None)
        function = aws.lambda_.Function(
            self.named("function"), name=self._name, description="Renews secrets with random values",
            runtime="python3.13", handler="handler.handle", architectures=["arm64"], role=role.arn,
            code=pulumi.AssetArchive({"handler.py": pulumi.StringAsset(SOURCE.read_text(encoding="utf-8"))}),
            timeout=TIMEOUT, memory_size=256, reserved_concurrent_executions=5, kms_key_arn=key_arn,
            environment={"variables": {"AWS_RETRY_MODE": "standard", "AWS_MAX_ATTEMPTS": "5"}},
            dead_letter_config={"target_arn": queue.arn}, tracing_config={"mode": "Active"},
            logging_config={"log_format": "JSON", "log_group": group.name},
            vpc_config=None if network is None else self._place(network), tags=self.tags(),
            opts=self.within(depends_on=[granted]),
        )  # fmt: skip
        aws.lambda_.Permission(
            self.named("caller"), function=function.name, action="lambda:InvokeFunction",
            principal="secretsmanager.amazonaws.com", source_account=platform.account, opts=self.inside,
        )  # fmt: skip
        self.function_arn: pulumi.Output[str] = function.arn
        self.finish(function_arn=function.arn)

    def _place(self, network: NetworkPort) -> aws.lambda_.FunctionVpcConfigArgsDict:
        """In the workload subnets; it calls the endpoints and nobody calls it."""
        group = aws.ec2.SecurityGroup(
            self.named("security-group"), vpc_id=network.vpc_id, description="Secret rotator: HTTPS to AWS endpoints",
            tags={**self.tags(), "Name": self._name}, opts=self.inside,
        )  # fmt: skip
        aws.vpc.SecurityGroupEgressRule(
            self.named("https-to-endpoints"), security_group_id=group.id, description="HTTPS to AWS endpoints",
            ip_protocol="tcp", from_port=443, to_port=443,
            referenced_security_group_id=network.endpoint_security_group_id, tags=self.tags(), opts=self.inside,
        )  # fmt: skip
        return {"subnet_ids": list(network.workload_subnet_ids), "security_group_ids": [group.id]}

    def _dead_letters(self) -> aws.sqs.Queue:
        queue = aws.sqs.Queue(
            self.named("dead-letters"), name=f"{self._name}-dead-letters", kms_master_key_id=self._key_arn,
            message_retention_seconds=DEAD_LETTER_SECONDS, tags=self.tags(), opts=self.inside,
        )  # fmt: skip
        aws.sqs.QueuePolicy(
            self.named("dead-letters-policy"), queue_url=queue.url,
            policy=pulumi.Output.json_dumps({
                "Version": "2012-10-17",
                "Statement": [{
                    "Sid": "TlsOnly", "Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": queue.arn,
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }],
            }),
            opts=self.inside,
        )  # fmt: skip
        return queue

    def _role(
        self,
        group: aws.cloudwatch.LogGroup,
        queue: aws.sqs.Queue,
        secret_arns: Sequence[pulumi.Input[str]],
        *,
        in_vpc: bool,
    ) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
        platform = self.platform
        role = aws.iam.Role(
            self.named("role"), name=self._name, description="Renews the platform's secrets",
            assume_role_policy=pulumi.Output.json_dumps({
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
                ],
            }),
            tags=self.tags(), opts=self.inside,
        )  # fmt: skip
        via = {
            "kms:ViaService": [
                f"{name}.{platform.region}.amazonaws.com" for name in ("secretsmanager", "sqs", "lambda")
            ]
        }
        granted = aws.iam.RolePolicy(
            self.named("grants"), role=role.name,
            policy=pulumi.Output.json_dumps({
                "Version": "2012-10-17",
                "Statement": [
                    {"Sid": "Secrets", "Effect": "Allow", "Action": [
                        "secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue",
                        "secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage",
                    ], "Resource": list(secret_arns)},
                    {"Sid": "Key", "Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
                     "Resource": self._key_arn, "Condition": {"StringEquals": via}},
                    {"Sid": "Log", "Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                     "Resource": pulumi.Output.concat(group.arn, ":*")},
                    {"Sid": "DeadLetters", "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": queue.arn},
                    {"Sid": "WithoutResource", "Effect": "Allow", "Action": [*TRACE, *(ATTACH if in_vpc else ())],
                     "Resource": "*"},
                ],
            }),
            opts=self.inside,
        )  # fmt: skip
        return role, granted
