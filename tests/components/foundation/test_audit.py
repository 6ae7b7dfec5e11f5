from __future__ import annotations

import json
from typing import Any

import pulumi_aws as aws
import pytest

from blueprint.types import DataClass, Dialect, KeyPurpose
from blueprint.wiring import Needs, Want
from components.foundation.audit import AuditTrail
from components.foundation.audit_spec import AuditTrailSpec
from components.foundation.key_policy import publishers
from components.foundation.security_events import EVENTS
from tests.components.builders import ACCOUNT, REGION, graph, keys, names, only, platform, types

ARCHIVE = "222233334444"
PATTERN_LIMIT = 1024
"""Characters of a filter pattern: CloudWatch Logs quota."""
SPEC = AuditTrailSpec()
SINGLETONS = {
    "aws:cfg/recorder:Recorder",
    "aws:guardduty/detector:Detector",
    "aws:inspector2/enabler:Enabler",
    "aws:macie2/account:Account",
    "aws:securityhub/account:Account",
}


def made(spec: AuditTrailSpec = SPEC, *, separate: bool = True, **context: Any) -> Any:
    def program() -> None:
        if separate:
            provider = aws.Provider("archive", region=REGION, allowed_account_ids=[ARCHIVE])
            context.update(accounts={"log_archive": ARCHIVE}, providers={"log_archive": provider})
        AuditTrail("audit", spec, platform=platform({"audit": spec.needs()}, **context), keys=keys())

    return graph(program)


@pytest.fixture(scope="module")
def trail() -> Any:
    return made()


def policy(found: Any, token: str, name: str) -> dict[str, Any]:
    document = only(found, token, name).inputs["policy"]
    text = document if isinstance(document, str) else "".join(
        part if isinstance(part, str) else part["$ref"]["urn"].rpartition("::")[2] for part in document["$text"]
    )  # fmt: skip
    return {each["Sid"]: each for each in json.loads(text)["Statement"]}


def test_the_trail_records_all_regions_and_can_prove_it(trail: Any) -> None:
    said = only(trail, "aws:cloudtrail/trail:Trail").inputs
    assert said["isMultiRegionTrail"] is said["enableLogFileValidation"] is said["enableLogging"] is True
    assert said["includeGlobalServiceEvents"] is True
    assert said["kmsKeyId"]["$ref"]["urn"].endswith("::audit-archive-key")
    assert [each["insightType"] for each in said["insightSelectors"]] == ["ApiCallRateInsight", "ApiErrorRateInsight"]


def test_reads_and_writes_of_objects_and_calls_of_functions_are_recorded(trail: Any) -> None:
    selectors = only(trail, "aws:cloudtrail/trail:Trail").inputs["advancedEventSelectors"]
    assert [each["name"] for each in selectors] == ["management events", "objects", "reads of the archive", "functions"]


def test_without_the_duty_no_data_events_are_paid_for() -> None:
    selectors = only(made(frameworks=()), "aws:cloudtrail/trail:Trail").inputs["advancedEventSelectors"]
    assert [each["name"] for each in selectors] == ["management events"]


def test_the_archive_is_locked_for_as_long_as_the_posture_asks(trail: Any) -> None:
    lock = only(trail, "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration")
    assert lock.name == "audit-archive-trail-lock"
    assert lock.inputs["rule"] == {"defaultRetention": {"mode": "GOVERNANCE", "days": 2192}}
    assert only(trail, "aws:s3/bucket:Bucket", "audit-archive-trail-bucket").inputs["objectLockEnabled"] is True


def test_the_archive_lives_in_its_own_account(trail: Any) -> None:
    within = [each for each in trail.resources if each.custom and each.name.startswith("audit-archive-")]
    assert {each.account for each in within} == {ARCHIVE}
    assert only(trail, "aws:cloudtrail/trail:Trail").account == ACCOUNT
    assert only(trail, "aws:s3/bucket:Bucket", "audit-access-log-bucket").account == ACCOUNT


def test_without_an_archive_account_it_stays_here() -> None:
    assert {each.account for each in made(separate=False).of("aws:s3/bucket:Bucket")} == {ACCOUNT}


def test_only_the_trail_writes_to_the_archive_and_only_over_tls(trail: Any) -> None:
    found = policy(trail, "aws:s3/bucketPolicy:BucketPolicy", "audit-archive-trail-policy")
    assert set(found) == {"TlsOnly", "ModernTlsOnly", "TrailLooks", "TrailWrites"}
    source = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/claims-prod"
    assert found["TrailWrites"]["Condition"]["StringEquals"]["aws:SourceArn"] == source
    assert found["TrailWrites"]["Principal"] == {"Service": "cloudtrail.amazonaws.com"}


@pytest.mark.parametrize(
    "bucket", ["audit-access-log", "audit-archive-access-log", "audit-archive-configuration", "audit-archive-trail"]
)
def test_every_bucket_is_closed_versioned_and_kept(trail: Any, bucket: str) -> None:
    block = only(trail, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", f"{bucket}-public-access").inputs
    assert all(
        block[key] for key in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    )
    versions = only(trail, "aws:s3/bucketVersioning:BucketVersioning", f"{bucket}-versions").inputs
    assert versions["versioningConfiguration"] == {"status": "Enabled"}
    made_bucket = only(trail, "aws:s3/bucket:Bucket", f"{bucket}-bucket")
    assert (made_bucket.protect, made_bucket.retain_on_delete) == (True, True)


def test_records_turn_cold_after_the_time_of_search_and_go_after_the_time_of_keeping(trail: Any) -> None:
    ageing = only(
        trail, "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "audit-archive-trail-ageing"
    )
    (rule,) = ageing.inputs["rules"]
    context = platform()
    assert rule["transitions"] == [
        {"days": context.posture.audit_log_hot_days(context.classes("audit")), "storageClass": "GLACIER"}
    ]
    assert rule["expiration"] == {"days": 2192}


def test_every_security_event_has_an_alarm_that_reaches_the_owner(trail: Any) -> None:
    alarms = trail.of("aws:cloudwatch/metricAlarm:MetricAlarm")
    topic = only(trail, "aws:sns/topic:Topic")
    assert {each.inputs["metricName"] for each in alarms} == {*EVENTS, "break_glass_use"}
    assert all(each.inputs["alarmActions"] == [{"$ref": {"urn": topic.urn, "property": "arn"}}] for each in alarms)
    assert only(trail, "aws:sns/topicSubscription:TopicSubscription").inputs["endpoint"] == "ml-platform@example.org"


@pytest.mark.parametrize("event", EVENTS)
def test_patterns_are_short_enough_and_closed(event: str) -> None:
    pattern = EVENTS[event]
    assert len(pattern) <= PATTERN_LIMIT
    assert pattern.startswith("{ ")
    assert pattern.endswith(" }")
    assert pattern.count("(") == pattern.count(")")


def test_the_topic_is_encrypted_and_takes_messages_of_named_services_over_tls(trail: Any) -> None:
    assert only(trail, "aws:sns/topic:Topic").inputs["kmsMasterKeyId"] == keys().arns[KeyPurpose.ALERTS]
    found = policy(trail, "aws:sns/topicPolicy:TopicPolicy", "audit-alerts-policy")
    assert found["Services"]["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    assert found["TlsOnly"]["Effect"] == "Deny"


def test_alerts_on_metrics_of_this_account_reach_the_topic_through_its_key(trail: Any) -> None:
    found = policy(trail, "aws:sns/topicPolicy:TopicPolicy", "audit-alerts-policy")
    alerts = found["Alerts"]
    assert alerts["Principal"] == {"Service": "aps.amazonaws.com"}
    assert alerts["Action"] == ["sns:GetTopicAttributes", "sns:Publish"]
    assert alerts["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    (told, _events) = publishers(ACCOUNT)
    assert "aps.amazonaws.com" in told["Principal"]["Service"]  # type: ignore[index]
    assert told["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


def test_the_owner_of_the_account_watches_it(trail: Any) -> None:
    assert types(trail) >= SINGLETONS
    features = {
        each.inputs["name"]: each.inputs["status"] for each in trail.of("aws:guardduty/detectorFeature:DetectorFeature")
    }
    assert features == dict.fromkeys(
        ("S3_DATA_EVENTS", "EKS_AUDIT_LOGS", "RDS_LOGIN_EVENTS", "LAMBDA_NETWORK_LOGS", "EBS_MALWARE_PROTECTION", "RUNTIME_MONITORING"),
        "ENABLED",
    )  # fmt: skip
    recorder = only(trail, "aws:cfg/recorder:Recorder").inputs
    assert recorder["recordingGroup"] == {"allSupported": True, "includeGlobalResourceTypes": True}
    assert only(trail, "aws:cfg/recorderStatus:RecorderStatus").inputs["isEnabled"] is True
    assert only(trail, "aws:inspector2/enabler:Enabler").inputs["resourceTypes"] == ["EC2", "ECR", "LAMBDA"]


def test_a_stack_that_does_not_own_the_account_makes_no_singleton() -> None:
    found = made(account_owner=False)
    assert not types(found) & SINGLETONS
    assert "audit-archive-configuration-bucket" not in names(found, "aws:s3/bucket:Bucket")
    assert names(found, "aws:cloudtrail/trail:Trail") == ["audit-trail"]


def test_card_data_brings_its_standard() -> None:
    token = "aws:securityhub/standardsSubscription:StandardsSubscription"
    standards = [
        "audit-detection-posture-aws-foundational-security-best-practices",
        "audit-detection-posture-nist-800-53",
    ]
    assert names(made(classes=frozenset({DataClass.PHI})), token) == standards
    assert names(made(), token) == [*standards, "audit-detection-posture-pci-dss"]


def test_sensitive_data_is_looked_for_where_the_posture_asks() -> None:
    assert "aws:macie2/account:Account" not in types(made(frameworks=()))


def test_a_compliance_lock_and_a_longer_time_are_kept() -> None:
    found = made(AuditTrailSpec(lock="compliance", retention_days=3653))
    lock = only(found, "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration").inputs
    assert lock["rule"] == {"defaultRetention": {"mode": "COMPLIANCE", "days": 3653}}
    assert only(found, "aws:cloudwatch/logGroup:LogGroup").inputs["retentionInDays"] == 3653


def test_the_archive_is_locked_even_where_no_framework_asks() -> None:
    lock = only(made(frameworks=()), "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration").inputs
    assert lock["rule"] == {"defaultRetention": {"mode": "GOVERNANCE", "days": 90}}


def admitted(*, separate: bool, edge: bool = True) -> Any:
    """A trail whose archive one other component may write into."""
    writer = Needs(wants=(Want(name="archive", dialect=Dialect.AUDIT, access="write"),) if edge else ())

    def program() -> None:
        context: dict[str, Any] = {}
        if separate:
            provider = aws.Provider("archive", region=REGION, allowed_account_ids=[ARCHIVE])
            context.update(accounts={"log_archive": ARCHIVE}, providers={"log_archive": provider})
        around = platform({"audit": SPEC.needs(), "governance": writer}, **context)
        AuditTrail("audit", SPEC, platform=around, keys=keys())

    return graph(program)


@pytest.mark.parametrize("separate", [True, False])
def test_a_component_that_records_into_the_archive_adds_objects_below_its_name_and_does_nothing_else(
    separate: bool,
) -> None:
    found = admitted(separate=separate)
    bucket = policy(found, "aws:s3/bucketPolicy:BucketPolicy", "audit-archive-trail-policy")
    role = {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/blueprint/claims-prod-governance-delivery"}}
    writes, looks = bucket["GovernanceWrites"], bucket["GovernanceLooks"]
    assert writes["Action"] == ["s3:AbortMultipartUpload", "s3:PutObject"]
    assert writes["Resource"] == "audit-archive-trail-bucket/governance/*"
    assert looks["Action"] == ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
    assert writes["Condition"] == looks["Condition"] == role
    assert writes["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    encrypts = policy(found, "aws:kms/key:Key", "audit-archive-key")["GovernanceEncrypts"]
    assert encrypts["Condition"] == {"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}, **role}


def test_without_the_edge_the_archive_admits_the_trail_alone() -> None:
    found = admitted(separate=True, edge=False)
    sids = set(policy(found, "aws:s3/bucketPolicy:BucketPolicy", "audit-archive-trail-policy"))
    assert sids == {"TlsOnly", "ModernTlsOnly", "TrailLooks", "TrailWrites"}
    assert "GovernanceEncrypts" not in policy(found, "aws:kms/key:Key", "audit-archive-key")
