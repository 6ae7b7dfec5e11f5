"""A registered use of AI: its entry is in the register, its review is announced on the day."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws

from blueprint.component import Component
from blueprint.types import KeyPurpose, Layer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blueprint.context import PlatformContext
    from blueprint.ports import AuditPort, KeysPort, Port
    from blueprint.types import Noun
    from components.governance.use_case_spec import UseCaseSpec

HOUR = "09:00:00"


class UseCase(Component):
    """Creates the announcement of the next review. The entry itself is a row of the register, which holds all of them."""

    LAYER: ClassVar[Layer] = Layer.GOVERNANCE

    def __init__(
        self,
        noun: Noun,
        spec: UseCaseSpec,
        *,
        platform: PlatformContext,
        keys: KeysPort,
        audit: AuditPort,
        ports: Mapping[str, Port] | None = None,  # noqa: ARG002  every component is called alike
        uses: Mapping[Noun, Port] | None = None,  # noqa: ARG002
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        role = self._role(audit.alert_topic_arn, keys.arns[KeyPurpose.ALERTS])
        aws.scheduler.Schedule(
            self.named("review"), name=f"{platform.label}-review-{spec.name}"[:64],
            description=f"The use case {spec.name} is to be looked at again", schedule_expression=f"at({spec.review_by}T{HOUR})",
            schedule_expression_timezone="UTC",
            flexible_time_window=aws.scheduler.ScheduleFlexibleTimeWindowArgs(mode="OFF"),
            target=aws.scheduler.ScheduleTargetArgs(
                arn=audit.alert_topic_arn, role_arn=role.arn,
                input=f"Review of use case {spec.name} is due: ask {spec.owner}. Purpose on record: {spec.purpose}",
                retry_policy=aws.scheduler.ScheduleTargetRetryPolicyArgs(
                    maximum_retry_attempts=20, maximum_event_age_in_seconds=86400
                ),
            ),
            opts=self.inside,
        )  # fmt: skip
        self.finish()

    def _role(self, topic: pulumi.Input[str], key: pulumi.Input[str]) -> aws.iam.Role:
        platform = self.platform
        role = aws.iam.Role(
            self.named("review-role"), name=f"{platform.label}-{self.named('review')}"[-64:].lstrip("-"), path="/blueprint/",
            description="Announces a review on the alert topic",
            assume_role_policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:SourceAccount": platform.account}},
            }]}),
            tags=self.tags(), opts=self.inside,
        )  # fmt: skip
        through = {"StringEquals": {"kms:ViaService": f"sns.{platform.region}.amazonaws.com"}}
        aws.iam.RolePolicy(
            self.named("review-rights"), role=role.name,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "sns:Publish", "Resource": topic},
                {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": key, "Condition": through},
            ]}),
            opts=self.inside,
        )  # fmt: skip
        return role
