from __future__ import annotations

import pytest
from pydantic import ValidationError

from components.foundation.existing_audit import ExistingAuditTrail
from components.foundation.existing_audit_spec import ExistingAuditTrailSpec
from tests.components.builders import arn, graph, platform

EXISTING = {
    "trail_arn": arn("cloudtrail", "trail/landing-zone"), "log_archive_bucket": "landing-zone-logs",
    "access_log_bucket": "landing-zone-access", "alert_topic_arn": arn("sns", "security"),
}  # fmt: skip


def test_an_existing_trail_is_registered_and_nothing_is_made() -> None:
    spec = ExistingAuditTrailSpec.model_validate(EXISTING)
    found = graph(lambda: ExistingAuditTrail("audit", spec, platform=platform()))
    registered = [each for each in found.resources if each.custom]
    assert {each.name for each in registered} == {"audit-trail", "audit-alerts", "audit-archive", "audit-access-log"}
    assert all(each.external for each in registered)


@pytest.mark.parametrize(
    ("key", "value"),
    [("trail_arn", "landing-zone"), ("log_archive_bucket", "No_Bucket"), ("alert_topic_arn", arn("sqs", "security"))],
)
def test_an_id_of_the_wrong_shape_is_refused(key: str, value: str) -> None:
    with pytest.raises(ValidationError, match=key):
        ExistingAuditTrailSpec.model_validate({**EXISTING, key: value})
