"""Records that flow into a bucket: the one form in which the platform delivers them, with an alarm for every way to lose one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws

from blueprint.component import Component
from blueprint.tags import Tag
from blueprint.types import Layer
from blueprint.wiring import slug
from components.foundation.log_group import log_group

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blueprint.context import PlatformContext
    from blueprint.types import Noun

BUFFER_SECONDS = 60
BUFFER_MB = 5
LATE_SECONDS = 900
"""Firehose gives up on a record after a day; whoever hears of it after a quarter of an hour has the time to act."""
PERIOD_SECONDS = 300
Firehose = aws.kinesis.FirehoseDeliveryStream


@dataclass(frozen=True)
class Destination:
    """A bucket, possibly of another account, and the key that it encrypts with."""

    bucket_arn: pulumi.Input[str]
    key_arn: pulumi.Input[str]
    """May be a pattern, where the key belongs to an account that does not tell which."""


def delivery_role(platform: PlatformContext, noun: Noun) -> str:
    """ARN of the role with which a component's records are written; known before the role is made."""
    return f"arn:{platform.partition}:iam::{platform.account}:role/blueprint/{_role_name(platform, noun)}"


def _role_name(platform: PlatformContext, noun: Noun) -> str:
    return f"{platform.label}-{slug(noun)}-delivery"[-64:].lstrip("-")


class Delivery(Component):
    """Creates a delivery stream, the role that it writes with, a log of its errors and alarms on late and failed records.

    `to` is the noun whose records these are, and the prefix of their objects; what cannot be written as it should be lands
    below `<prefix>/errors`. Without a source, callers put records straight into the stream, which is then encrypted
    under `key_arn`; with one, Firehose stores nothing of its own and the source's encryption counts.
    """

    LAYER: ClassVar[Layer] = Layer.FOUNDATION

    def __init__(
        self,
        noun: Noun,
        *,
        of: Noun,
        platform: PlatformContext,
        destination: Destination,
        key_arn: pulumi.Input[str],
        log_key_arn: pulumi.Input[str],
        alert_topic_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
        source: aws.kinesis.Stream | None = None,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._of, self._destination, self._key_arn, self._source = of, destination, key_arn, source
        self._log = log_group(
            self, "log", name=f"/aws/kinesisfirehose/{platform.label}-{slug(noun)}", key_arn=log_key_arn,
            days=platform.posture.audit_log_retention_days(platform.classes(noun)),
        )  # fmt: skip
        self._role = self._writer()
        self.stream = self._stream()
        self.name: pulumi.Output[str] = self.stream.name
        self.arn: pulumi.Output[str] = self.stream.arn
        self._alarm(
            alert_topic_arn, "late", "DeliveryToS3.DataFreshness", "Maximum", "GreaterThanThreshold", LATE_SECONDS
        )
        self._alarm(alert_topic_arn, "failed", "DeliveryToS3.Success", "Minimum", "LessThanThreshold", 1)
        self.finish(stream=self.stream.arn)

    def _writer(self) -> aws.iam.Role:
        platform = self.platform
        return aws.iam.Role(
            self.named("role"), name=_role_name(platform, self._of), path="/blueprint/",
            description=f"Delivers the records of {self._of}",
            assume_role_policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Principal": {"Service": "firehose.amazonaws.com"}, "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:SourceAccount": platform.account}},
            }]}),
            tags=self.tags(), opts=self.inside,
        )  # fmt: skip

    def _rights(self) -> list[Mapping[str, object]]:
        region, to = self.platform.region, self._destination
        inside = pulumi.Output.concat(to.bucket_arn, "/*")
        rights: list[Mapping[str, object]] = [
            {"Sid": "Write", "Effect": "Allow", "Action": ["s3:AbortMultipartUpload", "s3:PutObject"],
             "Resource": pulumi.Output.concat(to.bucket_arn, f"/{slug(self._of)}/*")},
            {"Sid": "Look", "Effect": "Allow", "Resource": to.bucket_arn,
             "Action": ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]},
            {"Sid": "Encrypt", "Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": to.key_arn,
             "Condition": {
                 "StringEquals": {"kms:ViaService": f"s3.{region}.amazonaws.com"},
                 "StringLike": {"kms:EncryptionContext:aws:s3:arn": [to.bucket_arn, inside]},
             }},
            {"Sid": "TellErrors", "Effect": "Allow", "Action": "logs:PutLogEvents",
             "Resource": pulumi.Output.concat(self._log.arn, ":log-stream:*")},
        ]  # fmt: skip
        if self._source is not None:
            rights += [
                {"Sid": "Read", "Effect": "Allow", "Resource": self._source.arn,
                 "Action": ["kinesis:DescribeStream", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards"]},
                {"Sid": "Decrypt", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": self._key_arn,
                 "Condition": {"StringEquals": {"kms:ViaService": f"kinesis.{region}.amazonaws.com"}}},
            ]  # fmt: skip
        return rights

    def _stream(self) -> Firehose:
        rights = aws.iam.RolePolicy(
            self.named("rights"), role=self._role.name,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": self._rights()}), opts=self.inside,
        )  # fmt: skip
        errors = aws.cloudwatch.LogStream(
            self.named("errors"), name="errors", log_group_name=self._log.name, opts=self.inside
        )
        prefix, source = slug(self._of), self._source
        return Firehose(
            self.named("stream"), name=f"{self.platform.label}-{slug(self.noun)}"[:64], destination="extended_s3",
            kinesis_source_configuration=None if source is None else aws.kinesis.FirehoseDeliveryStreamKinesisSourceConfigurationArgs(
                kinesis_stream_arn=source.arn, role_arn=self._role.arn
            ),
            server_side_encryption=None if source is not None else aws.kinesis.FirehoseDeliveryStreamServerSideEncryptionArgs(
                enabled=True, key_type="CUSTOMER_MANAGED_CMK", key_arn=self._key_arn
            ),
            extended_s3_configuration=aws.kinesis.FirehoseDeliveryStreamExtendedS3ConfigurationArgs(
                role_arn=self._role.arn, bucket_arn=self._destination.bucket_arn, prefix=f"{prefix}/",
                error_output_prefix=f"{prefix}/errors/!{{firehose:error-output-type}}/", compression_format="GZIP",
                buffering_interval=BUFFER_SECONDS, buffering_size=BUFFER_MB,
                cloudwatch_logging_options=aws.kinesis.FirehoseDeliveryStreamExtendedS3ConfigurationCloudwatchLoggingOptionsArgs(
                    enabled=True, log_group_name=self._log.name, log_stream_name=errors.name
                ),
            ),
            tags=self.tags(more={Tag.AUDIT_RELEVANT: "true"}), opts=self.within(depends_on=[rights]),
        )  # fmt: skip

    def _alarm(
        self, topic: pulumi.Input[str], part: str, metric: str, statistic: str, beyond: str, threshold: int
    ) -> None:
        aws.cloudwatch.MetricAlarm(
            self.named(part), name=f"{self.platform.label}-{self.named(part)}",
            alarm_description=f"Records of {self._of} are not delivered: {part}; they are lost after a day",
            namespace="AWS/Firehose", metric_name=metric, dimensions={"DeliveryStreamName": self.stream.name},
            statistic=statistic, period=PERIOD_SECONDS, evaluation_periods=1, threshold=threshold,
            comparison_operator=beyond, treat_missing_data="notBreaching", alarm_actions=[topic],
            tags=self.tags(), opts=self.inside,
        )  # fmt: skip
