"""What people say about answers: how it is taken, kept, and missed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from blueprint.types import KeyPurpose
from compliance.findings import Outcome
from components.application.feedback import RECORD, SCHEMA
from tests.components.application.conftest import entered
from tests.components.builders import audit, keys, only
from tests.components.strictest import strictest
from tests.components.verdicts import changed, verdicts, without

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph

DELIVERY = "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"


def test_a_record_goes_straight_into_the_stream_with_the_caller_of_the_token(entry: ResourceGraph) -> None:
    said = only(entry, "aws:apigateway/integration:Integration", "application-feedback-to-delivery").inputs
    assert said["uri"] == "arn:aws:apigateway:us-east-1:firehose:action/PutRecord"
    assert said["passthroughBehavior"] == "NEVER"
    template = said["requestTemplates"]["application/json"]
    assert '{"DeliveryStreamName": "claims-prod-application-feedback-delivery"' in template
    assert "caller${q}:${q}$context.authorizer.claims.sub${q}" in template


def test_a_record_is_one_line_of_json() -> None:
    """The template, filled in as the Velocity engine of API Gateway would."""
    line = RECORD.split('#set($line = "', 1)[1].rsplit('")\n{', 1)[0]
    filled = (
        line.replace("${q}", '"').replace("$context.requestId", "r-1").replace("$context.requestTimeEpoch", "1795000000000")
        .replace("$context.authorizer.claims.sub", "u-1").replace("$said", '{"answer": "t-1", "rating": 1}')
    )  # fmt: skip
    assert filled.endswith("\n")
    assert json.loads(filled) == {
        "id": "r-1", "at": 1795000000000, "caller": "u-1", "feedback": {"answer": "t-1", "rating": 1},
    }  # fmt: skip


def test_only_what_belongs_into_feedback_is_taken(entry: ResourceGraph) -> None:
    schema = json.loads(only(entry, "aws:apigateway/model:Model").inputs["schema"])
    assert schema == json.loads(SCHEMA)
    assert (schema["required"], schema["additionalProperties"]) == (["answer", "rating"], False)


def test_a_caller_hears_when_a_record_was_not_taken(entry: ResourceGraph) -> None:
    answers = {
        each.inputs["statusCode"]: each.inputs.get("selectionPattern", "")
        for each in entry.of("aws:apigateway/integrationResponse:IntegrationResponse")
    }
    assert answers == {"202": "", "502": r"[45]\d{2}"}


def test_the_api_may_put_records_into_this_stream_and_nothing_else(entry: ResourceGraph) -> None:
    policy = only(entry, "aws:iam/rolePolicy:RolePolicy", "application-feedback-rights").inputs["policy"]
    text = "".join(
        part if isinstance(part, str) else part["$ref"]["urn"].rpartition("::")[2] for part in policy["$text"]
    )
    (said,) = json.loads(text)["Statement"]
    assert (said["Action"], said["Resource"]) == ("firehose:PutRecord", "application-feedback-delivery-stream")


def test_records_wait_and_rest_under_keys_of_ours(entry: ResourceGraph) -> None:
    stream = only(entry, DELIVERY).inputs
    assert stream["serverSideEncryption"] == {
        "enabled": True, "keyType": "CUSTOMER_MANAGED_CMK", "keyArn": keys().arns[KeyPurpose.STREAMS],
    }  # fmt: skip
    assert stream["extendedS3Configuration"]["errorOutputPrefix"].startswith("application/errors/")


def test_it_is_kept_as_long_as_prompts_are(entry: ResourceGraph) -> None:
    ageing = only(
        entry, "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "application-feedback-store-ageing"
    )
    (rule,) = ageing.inputs["rules"]
    assert rule["expiration"] == {"days": strictest(frozenset()).prompt_log_retention_days()}


def test_silence_about_lost_feedback_turns_a_rule(entry: ResourceGraph) -> None:
    subject = ("firehose_delivery_stream_loss_alarmed", "DeliveryStream/application-feedback-delivery-stream")
    assert verdicts(entry)[subject] is Outcome.PASS
    alarms = ("application-feedback-delivery-late", "application-feedback-delivery-failed")
    assert verdicts(without(entry, *alarms))[subject] is Outcome.FAIL
    for alarm in alarms:
        assert only(entry, "aws:cloudwatch/metricAlarm:MetricAlarm", alarm).inputs["alarmActions"] == [
            audit().alert_topic_arn
        ]


@pytest.mark.parametrize(
    ("path", "value"),
    [("serverSideEncryption.enabled", False), ("serverSideEncryption.keyType", "AWS_OWNED_CMK")],
)
def test_a_stream_without_a_key_of_ours_turns_a_rule(entry: ResourceGraph, path: str, value: Any) -> None:
    judged = verdicts(changed(entry, "application-feedback-delivery-stream", path, value))
    subject = ("firehose_delivery_stream_key_own", "DeliveryStream/application-feedback-delivery-stream")
    assert judged[subject] is Outcome.FAIL


def test_feedback_outlives_the_stack_unless_the_document_says_otherwise(entry: ResourceGraph) -> None:
    bucket = "application-feedback-store-bucket"
    kept, left = (only(each, "aws:s3/bucket:Bucket", bucket) for each in (entry, entered(keep=False)))
    assert (kept.protect, kept.retain_on_delete, left.protect) == (True, True, False)
