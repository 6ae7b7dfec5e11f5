"""An audit trail that a landing zone owns."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pulumi_aws as aws

from blueprint.component import Component
from blueprint.ports import AuditPort
from blueprint.types import Layer

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pulumi

    from blueprint.context import PlatformContext
    from blueprint.ports import Port
    from blueprint.types import Noun
    from components.foundation.existing_audit_spec import ExistingAuditTrailSpec


class ExistingAuditTrail(Component):
    """Registers trail, archive and topic as they are; creates and changes nothing."""

    LAYER: ClassVar[Layer] = Layer.FOUNDATION

    def __init__(
        self,
        noun: Noun,
        spec: ExistingAuditTrailSpec,
        *,
        platform: PlatformContext,
        ports: Mapping[str, Port] | None = None,  # noqa: ARG002  every component is called alike
        uses: Mapping[Noun, Port] | None = None,  # noqa: ARG002
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        trail = aws.cloudtrail.Trail.get(self.named("trail"), spec.trail_arn, opts=self.inside)
        topic = aws.sns.Topic.get(self.named("alerts"), spec.alert_topic_arn, opts=self.inside)
        archive = aws.s3.Bucket.get(self.named("archive"), spec.log_archive_bucket, opts=self._archive_options())
        access_log = aws.s3.Bucket.get(self.named("access-log"), spec.access_log_bucket, opts=self.inside)
        self.ports = {
            "audit": AuditPort(
                provider=noun, trail_arn=trail.arn, log_archive_bucket=archive.bucket,
                access_log_bucket=access_log.bucket, alert_topic_arn=topic.arn,
            )
        }  # fmt: skip
        self.finish(trail_arn=trail.arn, alert_topic_arn=topic.arn)

    def _archive_options(self) -> pulumi.ResourceOptions:
        provider = self.platform.providers.get("log_archive")
        return self.inside if provider is None else self.within(provider=provider)
