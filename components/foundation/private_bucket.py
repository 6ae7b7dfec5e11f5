"""A bucket that nobody outside can reach: the form in which the platform makes every bucket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import pulumi
import pulumi_aws as aws

from blueprint.component import Component
from blueprint.types import Layer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blueprint.context import PlatformContext
    from blueprint.tags import Tag
    from blueprint.types import DataClass, Noun


@dataclass(frozen=True)
class Lock:
    """Object lock by default: nobody changes or deletes an object before its time."""

    mode: Literal["governance", "compliance"]
    days: int


@dataclass(frozen=True)
class Ageing:
    """What happens to objects as they grow old; None: it does not."""

    cold_after_days: int | None = None
    expire_after_days: int | None = None
    noncurrent_days: int | None = None


class PrivateBucket(Component):
    """Creates a bucket with versions, encryption, TLS-only policy, blocked public access, access log and ageing.

    Without a key the bucket is encrypted under the service's own: only for buckets that take access logs, which AWS
    delivers to no other.
    """

    LAYER: ClassVar[Layer] = Layer.FOUNDATION

    def __init__(
        self,
        noun: Noun,
        *,
        platform: PlatformContext,
        opts: pulumi.ResourceOptions,
        key_arn: pulumi.Input[str] | None = None,
        access_log_bucket: pulumi.Input[str] | None = None,
        lock: Lock | None = None,
        ageing: Ageing | None = None,
        allow: Sequence[Mapping[str, object]] = (),
        classes: frozenset[DataClass] | None = None,
        more: dict[Tag, str] | None = None,
        keep: bool = True,
        provider: pulumi.ProviderResource | None = None,
    ) -> None:
        """`allow` are statements of the bucket policy; a Resource of "bucket", "objects" or "objects/<prefix>" is filled in."""
        super().__init__(noun, platform=platform, opts=opts)
        self._there = self.within(provider=provider) if provider is not None else self.inside
        kept = pulumi.ResourceOptions.merge(self._there, pulumi.ResourceOptions(protect=keep, retain_on_delete=keep))
        bucket = aws.s3.Bucket(
            self.named("bucket"),
            object_lock_enabled=lock is not None,
            tags=self.tags(classes=classes, more=more),
            opts=kept,
        )
        self.name: pulumi.Output[str] = bucket.bucket
        self.arn: pulumi.Output[str] = bucket.arn
        versions = self._shape()
        self._encrypt(key_arn)
        self._policy(allow)
        if access_log_bucket is not None:
            aws.s3.BucketLogging(
                self.named("access-log"), bucket=self.name, target_bucket=access_log_bucket,
                target_prefix=pulumi.Output.concat("s3/", self.name, "/"), opts=self._there,
            )  # fmt: skip
        if lock is not None:
            self._lock(lock, versions)
        self._age(ageing or Ageing(), versions)
        self.finish(name=self.name, arn=self.arn)

    def _shape(self) -> aws.s3.BucketVersioning:
        aws.s3.BucketOwnershipControls(
            self.named("ownership"),
            bucket=self.name,
            rule={"object_ownership": "BucketOwnerEnforced"},
            opts=self._there,
        )
        aws.s3.BucketPublicAccessBlock(
            self.named("public-access"), bucket=self.name, block_public_acls=True, block_public_policy=True,
            ignore_public_acls=True, restrict_public_buckets=True, opts=self._there,
        )  # fmt: skip
        return aws.s3.BucketVersioning(
            self.named("versions"), bucket=self.name, versioning_configuration={"status": "Enabled"}, opts=self._there
        )

    def _encrypt(self, key_arn: pulumi.Input[str] | None) -> None:
        by_default: aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgsDict = (
            {"sse_algorithm": "AES256"}
            if key_arn is None
            else {"sse_algorithm": "aws:kms", "kms_master_key_id": key_arn}
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            self.named("encryption"), bucket=self.name,
            rules=[{"apply_server_side_encryption_by_default": by_default, "bucket_key_enabled": key_arn is not None}],
            opts=self._there,
        )  # fmt: skip

    def _policy(self, allow: Sequence[Mapping[str, object]]) -> None:
        objects = pulumi.Output.concat(self.arn, "/*")
        statements: list[Mapping[str, object]] = [
            {"Sid": "TlsOnly", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [self.arn, objects],
             "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
            {"Sid": "ModernTlsOnly", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [self.arn, objects],
             "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}},
            *({**statement, "Resource": self._inside(str(statement["Resource"]))} for statement in allow),
        ]  # fmt: skip
        aws.s3.BucketPolicy(
            self.named("policy"), bucket=self.name,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": statements}), opts=self._there,
        )  # fmt: skip

    def _inside(self, resource: str) -> pulumi.Output[str]:
        """The whole bucket, all its objects, or those below a prefix."""
        if resource == "bucket":
            return self.arn
        _, _, prefix = resource.partition("/")
        return pulumi.Output.concat(self.arn, f"/{prefix}/*" if prefix else "/*")

    def _lock(self, lock: Lock, versions: aws.s3.BucketVersioning) -> None:
        aws.s3.BucketObjectLockConfiguration(
            self.named("lock"), bucket=self.name,
            rule={"default_retention": {"mode": lock.mode.upper(), "days": lock.days}},
            opts=pulumi.ResourceOptions.merge(self._there, pulumi.ResourceOptions(depends_on=[versions])),
        )  # fmt: skip

    def _age(self, ageing: Ageing, versions: aws.s3.BucketVersioning) -> None:
        rule: aws.s3.BucketLifecycleConfigurationRuleArgsDict = {
            "id": "ageing",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
        }
        if ageing.cold_after_days is not None:
            rule["transitions"] = [{"days": ageing.cold_after_days, "storage_class": "GLACIER"}]
        if ageing.expire_after_days is not None:
            rule["expiration"] = {"days": ageing.expire_after_days}
        if ageing.noncurrent_days is not None:
            rule["noncurrent_version_expiration"] = {"noncurrent_days": ageing.noncurrent_days}
        aws.s3.BucketLifecycleConfiguration(
            self.named("ageing"), bucket=self.name, rules=[rule],
            opts=pulumi.ResourceOptions.merge(self._there, pulumi.ResourceOptions(depends_on=[versions])),
        )  # fmt: skip
