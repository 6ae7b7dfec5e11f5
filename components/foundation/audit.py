"""The audit trail that the platform makes itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws

from blueprint.component import Component
from blueprint.ports import AuditPort
from blueprint.tags import Tag
from blueprint.types import KeyPurpose, Layer
from components.foundation.detection import Detection
from components.foundation.log_archive import LogArchive, access_log_delivery
from components.foundation.log_group import log_group
from components.foundation.private_bucket import Ageing, PrivateBucket
from components.foundation.security_alarms import SecurityAlarms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blueprint.context import PlatformContext
    from blueprint.ports import KeysPort, Port
    from blueprint.types import Noun
    from components.foundation.audit_spec import AuditTrailSpec

ACCESS_LOG_DAYS = 365
"""The same accesses stand in the trail, which is kept as long as the posture asks."""


class AuditTrail(Component):
    """Creates trail, archive, access log, alert topic and alarms, and the detectors of an account that it owns."""

    LAYER: ClassVar[Layer] = Layer.FOUNDATION

    def __init__(
        self,
        noun: Noun,
        spec: AuditTrailSpec,
        *,
        platform: PlatformContext,
        keys: KeysPort,
        ports: Mapping[str, Port] | None = None,  # noqa: ARG002  every component is called alike
        uses: Mapping[Noun, Port] | None = None,  # noqa: ARG002
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._spec, self._keys = spec, keys
        archive = LogArchive(
            f"{noun}/archive", spec, platform=platform, trail_arn=self._trail_arn,
            configuration=platform.account_owner, writers=platform.wiring.to(noun), opts=self.inside,
        )  # fmt: skip
        access_log = self._access_log()
        topic = self._topic()
        group = self._log_group()
        trail = self._trail(archive, group)
        SecurityAlarms(f"{noun}/alarms", platform=platform, log_group=group.name, topic_arn=topic.arn, opts=self.inside)
        if archive.configuration is not None:
            Detection(
                f"{noun}/detection", platform=platform, config_bucket=archive.configuration, config_key_arn=archive.key_arn,
                opts=self.inside,
            )  # fmt: skip
        self.ports = {
            "audit": AuditPort(
                provider=noun, trail_arn=trail.arn, log_archive_bucket=archive.bucket,
                access_log_bucket=access_log.name, alert_topic_arn=topic.arn,
            )
        }  # fmt: skip
        self.finish(trail_arn=trail.arn, log_archive_bucket=archive.bucket, alert_topic_arn=topic.arn)

    @property
    def _trail_arn(self) -> str:
        """Known before the trail is made, so that its bucket and key can name it."""
        platform = self.platform
        return f"arn:{platform.partition}:cloudtrail:{platform.region}:{platform.account}:trail/{platform.label}"

    def _log_group(self) -> aws.cloudwatch.LogGroup:
        asked = self._spec.retention_days
        days = (
            self.platform.posture.audit_log_retention_days(self.platform.classes(self.noun)) if asked is None else asked
        )
        return log_group(
            self, "trail-log", name=f"/aws/cloudtrail/{self.platform.label}", key_arn=self._keys.arns[KeyPurpose.LOGS],
            days=days, keep=self._spec.keep,
        )  # fmt: skip

    def _trail(self, archive: LogArchive, group: aws.cloudwatch.LogGroup) -> aws.cloudtrail.Trail:
        streams = pulumi.Output.concat(group.arn, ":*")
        role = aws.iam.Role(
            self.named("trail-log-role"), name=f"{self.platform.label}-trail-log", description="Writes the trail's log group",
            assume_role_policy=pulumi.Output.json_dumps({
                "Version": "2012-10-17",
                "Statement": [{
                    "Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "sts:AssumeRole",
                    "Condition": {
                        "StringEquals": {"aws:SourceAccount": self.platform.account, "aws:SourceArn": self._trail_arn}
                    },
                }],
            }),
            tags=self.tags(), opts=self.inside,
        )  # fmt: skip
        writes = aws.iam.RolePolicy(
            self.named("trail-log-writes"), role=role.name,
            policy=pulumi.Output.json_dumps({
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": streams}
                ],
            }),
            opts=self.inside,
        )  # fmt: skip
        recorded = self.platform.posture.data_event_logging(self.platform.classes(self.noun))
        return aws.cloudtrail.Trail(
            self.named("trail"), name=self.platform.label, s3_bucket_name=archive.bucket, kms_key_id=archive.key_arn,
            is_multi_region_trail=True, include_global_service_events=True, enable_log_file_validation=True,
            enable_logging=True, cloud_watch_logs_group_arn=streams, cloud_watch_logs_role_arn=role.arn,
            advanced_event_selectors=[MANAGEMENT, *(_data_events(archive.bucket_arn) if recorded else ())],
            insight_selectors=[{"insight_type": "ApiCallRateInsight"}, {"insight_type": "ApiErrorRateInsight"}],
            tags=self.tags(), opts=self.within(depends_on=[archive, writes], protect=self._spec.keep),
        )  # fmt: skip

    def _access_log(self) -> PrivateBucket:
        """In this account and region, because S3 and load balancers deliver nowhere else."""
        platform = self.platform
        balancers = {
            "Sid": "LoadBalancerLogs", "Effect": "Allow",
            "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
            "Action": "s3:PutObject", "Resource": "objects",
            "Condition": {"StringEquals": {"aws:SourceAccount": platform.account}},
        }  # fmt: skip
        return PrivateBucket(
            f"{self.noun}/access-log", platform=platform, keep=self._spec.keep,
            ageing=Ageing(expire_after_days=ACCESS_LOG_DAYS, noncurrent_days=30),
            allow=[access_log_delivery(platform, platform.account), balancers],
            more={Tag.AUDIT_RELEVANT: "false", Tag.PURPOSE: "access-logs"}, opts=self.inside,
        )  # fmt: skip

    def _topic(self) -> aws.sns.Topic:
        platform = self.platform
        topic = aws.sns.Topic(
            self.named("alerts"), name=f"{platform.label}-alerts", display_name=f"{platform.label} security events",
            kms_master_key_id=self._keys.arns[KeyPurpose.ALERTS], signature_version=2, tags=self.tags(), opts=self.inside,
        )  # fmt: skip
        mine = {"StringEquals": {"aws:SourceAccount": platform.account}}
        publish = {"Effect": "Allow", "Action": "sns:Publish", "Resource": topic.arn}
        told = ["backup.amazonaws.com", "budgets.amazonaws.com", "cloudwatch.amazonaws.com"]
        aws.sns.TopicPolicy(
            self.named("alerts-policy"), arn=topic.arn,
            policy=pulumi.Output.json_dumps({
                "Version": "2012-10-17",
                "Statement": [
                    {"Sid": "Services", "Principal": {"Service": told}, **publish, "Condition": mine},
                    {"Sid": "Alerts", **publish, "Principal": {"Service": "aps.amazonaws.com"}, "Condition": mine,
                     "Action": ["sns:GetTopicAttributes", "sns:Publish"]},
                    {"Sid": "Events", "Principal": {"Service": "events.amazonaws.com"}, **publish},
                    {"Sid": "TlsOnly", "Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": topic.arn,
                     "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
                ],
            }),
            opts=self.inside,
        )  # fmt: skip
        for number, email in enumerate(self._spec.alert_emails or (platform.owner,)):
            aws.sns.TopicSubscription(
                self.named("alerts-to", str(number)),
                topic=topic.arn,
                protocol="email",
                endpoint=email,
                opts=self.inside,
            )
        return topic


MANAGEMENT: aws.cloudtrail.TrailAdvancedEventSelectorArgsDict = {
    "name": "management events",
    "field_selectors": [{"field": "eventCategory", "equals": ["Management"]}],
}


def _data_events(archive_arn: pulumi.Input[str]) -> list[aws.cloudtrail.TrailAdvancedEventSelectorArgsDict]:
    """Every read and write of objects and every call of functions; of the archive only what is not the trail writing."""
    archived = pulumi.Output.concat(archive_arn, "/")
    data: aws.cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgsDict = {
        "field": "eventCategory",
        "equals": ["Data"],
    }
    objects: aws.cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgsDict = {
        "field": "resources.type",
        "equals": ["AWS::S3::Object"],
    }
    return [
        {
            "name": "objects",
            "field_selectors": [data, objects, {"field": "resources.ARN", "not_starts_withs": [archived]}],
        },
        {
            "name": "reads of the archive",
            "field_selectors": [
                data,
                objects,
                {"field": "resources.ARN", "starts_withs": [archived]},
                {"field": "readOnly", "equals": ["true"]},
            ],
        },
        {
            "name": "functions",
            "field_selectors": [data, {"field": "resources.type", "equals": ["AWS::Lambda::Function"]}],
        },
    ]
