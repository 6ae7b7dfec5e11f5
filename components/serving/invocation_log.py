"""The account's record of calls to managed models."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws

from blueprint.component import Component
from blueprint.types import KeyPurpose, Layer
from components.foundation.log_group import log_group

if TYPE_CHECKING:
    from blueprint.context import PlatformContext
    from blueprint.ports import KeysPort

FULL = "full"
"""The only level at which Bedrock may write prompts: it knows no redaction of its own records."""


class InvocationLog(Component):
    """Creates a log group, the role that Bedrock writes with, and the account's one setting.

    Bedrock writes whole prompts or none. At every level below full it records who called which model, when and with how
    many tokens, and the gateway writes the redacted text.
    """

    LAYER: ClassVar[Layer] = Layer.SERVING

    def __init__(self, *, platform: PlatformContext, keys: KeysPort, level: str, opts: pulumi.ResourceOptions) -> None:
        super().__init__("serving/invocation-log", platform=platform, opts=opts)
        group = log_group(
            self, "logs", name=f"/aws/bedrock/{platform.label}/invocations", key_arn=keys.arns[KeyPurpose.LOGS],
            days=platform.posture.audit_log_retention_days(), keep=True,
        )  # fmt: skip
        role = self._role(group)
        text = level == FULL
        aws.bedrockmodel.InvocationLoggingConfiguration(
            self.named("setting"),
            logging_config={
                "cloudwatch_config": {"log_group_name": group.name, "role_arn": role.arn},
                "text_data_delivery_enabled": text, "image_data_delivery_enabled": text,
                "embedding_data_delivery_enabled": text, "video_data_delivery_enabled": text,
            },
            opts=self.inside,
        )  # fmt: skip
        self.finish(log_group=group.name)

    def _role(self, group: aws.cloudwatch.LogGroup) -> aws.iam.Role:
        platform = self.platform
        source = f"arn:{platform.partition}:bedrock:{platform.region}:{platform.account}:*"
        role = aws.iam.Role(
            self.named("role"), name=f"{platform.label}-model-invocations", path="/blueprint/",
            description="Bedrock writes the record of calls",
            assume_role_policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Principal": {"Service": "bedrock.amazonaws.com"}, "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:SourceAccount": platform.account}, "ArnLike": {"aws:SourceArn": source}},
            }]}),
            tags=self.tags(), opts=self.inside,
        )  # fmt: skip
        stream = pulumi.Output.concat(group.arn, ":log-stream:aws/bedrock/modelinvocations")
        aws.iam.RolePolicy(
            self.named("writes"), role=role.name,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": stream},
            ]}),
            opts=self.inside,
        )  # fmt: skip
        return role
