"""Records that flow into a bucket, as it is registered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pulumi
import pytest

from components.foundation.delivery import Delivery, Destination, delivery_role
from tests.components.builders import arn, audit, graph, only, platform

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph

STREAM = "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"


@pytest.fixture(scope="module")
def direct() -> ResourceGraph:
    def program() -> None:
        Delivery(
            "application/feedback", of="application", platform=platform(), key_arn=arn("kms", "key/streams"),
            destination=Destination("arn:aws:s3:::claims-feedback", arn("kms", "key/objects")),
            log_key_arn=arn("kms", "key/logs"), alert_topic_arn=audit().alert_topic_arn, opts=pulumi.ResourceOptions(),
        )  # fmt: skip

    return graph(program)


def test_its_role_is_known_before_it_is_made(direct: ResourceGraph) -> None:
    role = only(direct, "aws:iam/role:Role").inputs
    assert f"arn:aws:iam::111122223333:role{role['path']}{role['name']}" == delivery_role(platform(), "application")


def test_records_are_gathered_for_a_minute_and_packed(direct: ResourceGraph) -> None:
    to = only(direct, STREAM).inputs["extendedS3Configuration"]
    assert (to["bufferingInterval"], to["bufferingSize"], to["compressionFormat"]) == (60, 5, "GZIP")
    assert (to["prefix"], to["errorOutputPrefix"]) == (
        "application/",
        "application/errors/!{firehose:error-output-type}/",
    )


def test_it_may_write_below_its_prefix_and_reads_no_stream_that_it_was_not_given(direct: ResourceGraph) -> None:
    policy: Any = only(direct, "aws:iam/rolePolicy:RolePolicy").inputs["policy"]
    text = (
        policy
        if isinstance(policy, str)
        else "".join(part if isinstance(part, str) else "ref" for part in policy["$text"])
    )
    said = {each["Sid"]: each for each in json.loads(text)["Statement"]}
    assert said.keys() == {"Write", "Look", "Encrypt", "TellErrors"}
    assert said["Write"]["Resource"] == "arn:aws:s3:::claims-feedback/application/*"


@pytest.mark.parametrize(
    ("part", "metric", "beyond", "threshold"),
    [
        ("late", "DeliveryToS3.DataFreshness", "GreaterThanThreshold", 900),
        ("failed", "DeliveryToS3.Success", "LessThanThreshold", 1),
    ],
)
def test_late_and_failed_records_are_announced(
    direct: ResourceGraph, part: str, metric: str, beyond: str, threshold: int
) -> None:
    said = only(direct, "aws:cloudwatch/metricAlarm:MetricAlarm", f"application-feedback-{part}").inputs
    assert (said["metricName"], said["comparisonOperator"], said["threshold"]) == (metric, beyond, threshold)
    assert said["dimensions"] == {"DeliveryStreamName": only(direct, STREAM).inputs["name"]}
    assert said["alarmActions"] == [audit().alert_topic_arn]
