"""Where audit records are kept from change: in an account of its own where there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

import pulumi
import pulumi_aws as aws

from blueprint.component import Component
from blueprint.tags import Tag
from blueprint.types import Layer
from blueprint.wiring import slug
from components.foundation.delivery import delivery_role
from components.foundation.key_policy import administrators, policy, users_through
from components.foundation.private_bucket import Ageing, Lock, PrivateBucket

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blueprint.context import PlatformContext
    from blueprint.types import DataClass, Noun
    from blueprint.wiring import Edge
    from components.foundation.audit_spec import AuditTrailSpec

FOREVER_DAYS = 36500
"""Longest retention that object lock accepts."""
RECORDER_USES = ("kms:Decrypt", "kms:GenerateDataKey*")


class _Writer(NamedTuple):
    """A component whose records go into the archive, and the role that brings them.

    The role is made after the archive, so it is named by a condition: a policy refuses a principal that is not there yet.
    """

    noun: Noun
    role_arn: str

    def statements(self, platform: PlatformContext) -> list[Mapping[str, object]]:
        """Of the bucket's policy: new objects below its own prefix, no reading and no deleting."""
        name, mine = _title(self.noun), self._mine(platform)
        return [
            {"Sid": f"{name}Looks", **mine, "Condition": self._condition(), "Resource": "bucket",
             "Action": ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]},
            {"Sid": f"{name}Writes", **mine, "Condition": self._condition(), "Resource": f"objects/{slug(self.noun)}",
             "Action": ["s3:AbortMultipartUpload", "s3:PutObject"]},
        ]  # fmt: skip

    def uses_key(self, platform: PlatformContext) -> Mapping[str, object]:
        """Of the key's policy: through S3 alone."""
        via = {"StringEquals": {"kms:ViaService": f"s3.{platform.region}.amazonaws.com"}}
        return {
            "Sid": f"{_title(self.noun)}Encrypts", **self._mine(platform), "Resource": "*",
            "Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Condition": {**via, **self._condition()},
        }  # fmt: skip

    def _mine(self, platform: PlatformContext) -> Mapping[str, object]:
        return {"Effect": "Allow", "Principal": {"AWS": f"arn:{platform.partition}:iam::{platform.account}:root"}}

    def _condition(self) -> Mapping[str, Mapping[str, str]]:
        return {"ArnEquals": {"aws:PrincipalArn": self.role_arn}}


def _title(noun: Noun) -> str:
    return "".join(part.capitalize() for part in slug(noun).split("-"))


class LogArchive(Component):
    """Creates the locked bucket of the trail, the bucket of configuration history, their key and their access log.

    Every edge of `writers` admits one component's delivery role, which writes below the prefix of its name. Everything is registered with the provider of the log archive account, when the document names one. `configuration`
    says whether this stack records configuration at all.
    """

    LAYER: ClassVar[Layer] = Layer.FOUNDATION

    def __init__(
        self,
        noun: Noun,
        spec: AuditTrailSpec,
        *,
        platform: PlatformContext,
        trail_arn: str,
        configuration: bool,
        writers: Sequence[Edge] = (),
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._writers = [_Writer(edge.consumer, delivery_role(platform, edge.consumer)) for edge in writers]
        self._provider = platform.providers.get("log_archive")
        self._there = self.within(provider=self._provider) if self._provider is not None else self.inside
        self._spec = spec
        self._days = self._retention()
        self.key_arn = self._key(trail_arn, configuration=configuration)
        access_log = PrivateBucket(
            f"{noun}/access-log", platform=platform, provider=self._provider, keep=spec.keep,
            ageing=Ageing(expire_after_days=self._days, noncurrent_days=30),
            allow=[access_log_delivery(platform, platform.accounts.get("log_archive", platform.account))],
            more={Tag.AUDIT_RELEVANT: "false", Tag.PURPOSE: "access-logs"}, opts=self._there,
        )  # fmt: skip
        trail = PrivateBucket(
            f"{noun}/trail", platform=platform, provider=self._provider, keep=spec.keep, key_arn=self.key_arn,
            access_log_bucket=access_log.name, lock=self._lock(),
            ageing=self._ageing(),
            allow=[*_trail_statements(trail_arn), *(each for one in self._writers for each in one.statements(platform))],
            more={Tag.AUDIT_RELEVANT: "true"}, opts=self._there,
        )  # fmt: skip
        self.bucket: pulumi.Output[str] = trail.name
        self.bucket_arn: pulumi.Output[str] = trail.arn
        self.configuration: PrivateBucket | None = None
        if configuration:
            self.configuration = self._configuration(access_log.name)
        self.finish(bucket=trail.name, key_arn=self.key_arn)

    def _retention(self) -> int:
        asked = self._spec.retention_days or self.platform.posture.audit_log_retention_days(self._classes())
        return FOREVER_DAYS if asked == "forever" else asked

    def _ageing(self) -> Ageing:
        """Cold after the time in which records are searched, gone after the time for which they are kept."""
        asked = self._spec.hot_days or self.platform.posture.audit_log_hot_days(self._classes())
        hot = FOREVER_DAYS if asked == "forever" else asked
        cold = hot if hot < self._days else None
        return Ageing(cold_after_days=cold, expire_after_days=self._days, noncurrent_days=30)

    def _lock(self) -> Lock:
        """Governance at least, also where the posture would be content with versions: a lock costs nothing."""
        strictest = self._spec.lock or self.platform.posture.log_immutability(self._classes())
        return Lock("compliance" if strictest == "compliance" else "governance", self._days)

    @property
    def _recorder(self) -> Mapping[str, object]:
        """AWS Config with its service-linked role, for this account and no other."""
        return {
            "Effect": "Allow", "Principal": {"Service": "config.amazonaws.com"},
            "Condition": {"StringEquals": {"aws:SourceAccount": self.platform.account}},
        }  # fmt: skip

    def _classes(self) -> frozenset[DataClass]:
        return self.platform.classes(self.noun)

    def _key(self, trail_arn: str, *, configuration: bool) -> pulumi.Output[str]:
        platform = self.platform
        account = platform.accounts.get("log_archive", platform.account)
        rotation = platform.posture.kms_rotation_days(self._classes())
        statements: list[Mapping[str, object]] = [
            administrators(platform.partition, account),
            *users_through(["s3"], platform.partition, account, platform.region),
            {
                "Sid": "Trail", "Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"},
                "Action": ["kms:DescribeKey", "kms:GenerateDataKey*"], "Resource": "*",
                "Condition": {
                    "StringEquals": {"aws:SourceArn": trail_arn},
                    "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": trail_arn},
                },
            },
        ]  # fmt: skip
        statements += [writer.uses_key(platform) for writer in self._writers]
        if configuration:
            statements.append({**self._recorder, "Sid": "Recorder", "Action": list(RECORDER_USES), "Resource": "*"})
        key = aws.kms.Key(
            self.named("key"), description=f"{platform.label}: log archive", enable_key_rotation=True,
            rotation_period_in_days=rotation, deletion_window_in_days=30, policy=policy(*statements),
            tags=self.tags(more={Tag.PURPOSE: "log-archive"}),
            opts=pulumi.ResourceOptions.merge(self._there, pulumi.ResourceOptions(protect=self._spec.keep)),
        )  # fmt: skip
        return key.arn

    def _configuration(self, access_log: pulumi.Input[str]) -> PrivateBucket:
        """Apart from the trail's, because AWS Config refuses a bucket that locks objects by default."""
        return PrivateBucket(
            f"{self.noun}/configuration", platform=self.platform, provider=self._provider, keep=self._spec.keep,
            key_arn=self.key_arn, access_log_bucket=access_log,
            ageing=self._ageing(),
            allow=[
                {**self._recorder, "Sid": "RecorderLooks", "Action": ["s3:GetBucketAcl", "s3:ListBucket"],
                 "Resource": "bucket"},
                {**self._recorder, "Sid": "RecorderWrites", "Action": "s3:PutObject", "Resource": "objects"},
            ],
            more={Tag.AUDIT_RELEVANT: "false"}, opts=self._there,
        )  # fmt: skip


def access_log_delivery(platform: PlatformContext, account: str) -> Mapping[str, object]:
    """S3 writes the access logs of the account's buckets."""
    return {
        "Sid": "AccessLogs", "Effect": "Allow", "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject", "Resource": "objects",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": account},
            "ArnLike": {"aws:SourceArn": f"arn:{platform.partition}:s3:::*"},
        },
    }  # fmt: skip


def _trail_statements(trail_arn: str) -> list[Mapping[str, object]]:
    trail = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    return [
        {"Sid": "TrailLooks", **trail, "Action": "s3:GetBucketAcl", "Resource": "bucket",
         "Condition": {"StringEquals": {"aws:SourceArn": trail_arn}}},
        {"Sid": "TrailWrites", **trail, "Action": "s3:PutObject", "Resource": "objects",
         "Condition": {"StringEquals": {"aws:SourceArn": trail_arn, "s3:x-amz-acl": "bucket-owner-full-control"}}},
    ]  # fmt: skip
