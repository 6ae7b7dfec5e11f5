"""Streams of records, and what delivers them."""

from __future__ import annotations

from typing import Any

import pytest

from compliance.facts.delivery import DataStream, DeliveryStream
from tests.compliance.sources.planned.drawn import UNKNOWN, drawn, link, only, value

STREAM, FIREHOSE = "aws:kinesis/stream:Stream", "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
KEY = "arn:aws:kms:us-east-1:111122223333:key/streams"
OWN = {"enabled": True, "keyType": "CUSTOMER_MANAGED_CMK", "keyArn": KEY}
delivery = drawn(FIREHOSE, "delivery", name="feedback")


def alarm(name: str = "late", **change: Any) -> Any:
    said = {
        "namespace": "AWS/Firehose", "metricName": "DeliveryToS3.DataFreshness", "alarmActions": ["arn:topic"],
        "dimensions": {"DeliveryStreamName": "feedback"}, "actionsEnabled": True,
    }  # fmt: skip
    return drawn(ALARM, name, **{**said, **change})


def key(*resources: Any, kind: Any = DeliveryStream) -> Any:
    held = only(kind, *resources).key
    found = value(held)
    return getattr(found, "urn", found)


@pytest.mark.parametrize(
    ("inputs", "held"),
    [
        ({}, None), ({"kmsKeyId": KEY}, None), ({"encryptionType": "KMS", "kmsKeyId": KEY}, KEY),
        ({"encryptionType": "KMS"}, None), ({"encryptionType": UNKNOWN, "kmsKeyId": KEY}, "<cloud_decides>"),
    ],
)  # fmt: skip
def test_a_data_stream_is_under_its_key_when_it_is_encrypted_at_all(inputs: dict[str, Any], held: object) -> None:
    assert key(drawn(STREAM, "changes", **inputs), kind=DataStream) == held


@pytest.mark.parametrize(
    ("encryption", "held"),
    [
        (OWN, KEY), ({**OWN, "enabled": False}, None), ({**OWN, "keyType": "AWS_OWNED_CMK"}, None), ({}, None),
        ({**OWN, "enabled": UNKNOWN}, "<cloud_decides>"),
    ],
)  # fmt: skip
def test_what_is_put_into_a_delivery_waits_under_its_own_key(encryption: dict[str, Any], held: object) -> None:
    assert key(drawn(FIREHOSE, "delivery", serverSideEncryption=encryption)) == held


def test_what_a_delivery_reads_waits_under_the_streams_key() -> None:
    source = drawn(STREAM, "changes", encryptionType="KMS", kmsKeyId=KEY)
    reads = {"kinesisStreamArn": link(source)}
    assert key(source, drawn(FIREHOSE, "delivery", kinesisSourceConfiguration=reads)) == KEY
    theirs = {"kinesisStreamArn": "arn:aws:kinesis:us-east-1:222233334444:stream/theirs"}
    assert key(drawn(FIREHOSE, "delivery", kinesisSourceConfiguration=theirs)) == "<existing>"


@pytest.mark.parametrize(
    ("change", "alarmed"),
    [
        ({}, True), ({"dimensions": {"DeliveryStreamName": link(delivery, "name")}}, True),
        ({"metricName": "DeliveryToS3.Success"}, True), ({"metricName": "IncomingBytes"}, False),
        ({"dimensions": {"DeliveryStreamName": "another"}}, False), ({"namespace": "AWS/Kinesis"}, False),
        ({"alarmActions": []}, False), ({"actionsEnabled": False}, False),
        ({"dimensions": {"DeliveryStreamName": UNKNOWN}}, "<cloud_decides>"), ({"dimensions": UNKNOWN}, "<cloud_decides>"),
        ({"metricName": UNKNOWN}, "<cloud_decides>"),
    ],
)  # fmt: skip
def test_loss_is_announced_by_an_alarm_on_this_delivery_that_somebody_hears(
    change: dict[str, Any], alarmed: object
) -> None:
    assert value(only(DeliveryStream, delivery, alarm(**change)).loss_alarmed) == alarmed


def test_without_an_alarm_loss_is_silent() -> None:
    found = only(DeliveryStream, delivery)
    assert (value(found.loss_alarmed), value(found.errors_logged)) == (False, False)
