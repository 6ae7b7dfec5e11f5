"""What a stack document may say about an audit trail that a landing zone owns."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from blueprint.spec import Spec
from blueprint.types import Dialect
from blueprint.wiring import Needs, Offer

TrailArn = Annotated[
    str, StringConstraints(pattern=r"^arn:aws[a-z-]*:cloudtrail:[a-z0-9-]+:\d{12}:trail/[A-Za-z0-9._-]{3,128}$")
]
TopicArn = Annotated[
    str, StringConstraints(pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$")
]
BucketName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]


class ExistingAuditTrailSpec(Spec):
    """Where audit records of this account already go; nothing of it is made or changed."""

    kind: Literal["existing"] = "existing"
    trail_arn: TrailArn = Field(description="The trail that records this account")
    log_archive_bucket: BucketName = Field(
        description="Bucket that the trail writes to; its policy and its key's must admit <name>-<environment>-governance-delivery "
        "of this account below governance/ where the document has a register"
    )
    access_log_bucket: BucketName = Field(
        description="Bucket of this account and region that takes access logs of buckets and load balancers"
    )
    alert_topic_arn: TopicArn = Field(description="Topic that announces security events")

    def needs(self) -> Needs:
        """Nothing: it is all there."""
        return Needs(offers=(Offer(name="audit", dialect=Dialect.AUDIT),))
