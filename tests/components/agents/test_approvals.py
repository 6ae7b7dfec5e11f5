"""The queue in which calls wait for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.components.builders import only

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph

QUEUE, ALARM = "aws:sqs/queue:Queue", "aws:cloudwatch/metricAlarm:MetricAlarm"


def test_requests_wait_in_order_under_a_key_of_ours_and_are_kept(least: ResourceGraph) -> None:
    queue = only(least, QUEUE, "agents-intake-approvals-queue")
    assert queue.inputs.items() >= {
        "name": "claims-prod-agents-intake-approvals-queue.fifo", "fifoQueue": True, "visibilityTimeoutSeconds": 3600,
        "kmsMasterKeyId": "arn:aws:kms:us-east-1:111122223333:key/streams", "messageRetentionSeconds": 1_209_600,
    }.items()  # fmt: skip
    assert queue.protect is True


def test_what_nobody_decides_within_the_hours_is_put_aside(least: ResourceGraph) -> None:
    text = str(only(least, QUEUE, "agents-intake-approvals-queue").inputs["redrivePolicy"])
    assert "maxReceiveCount" in text
    assert "24" in text


def test_a_long_wait_and_any_undecided_request_raise_an_alarm(least: ResourceGraph) -> None:
    for part, metric, threshold in (
        ("waiting", "ApproximateAgeOfOldestMessage", 43_200), ("undecided", "ApproximateNumberOfMessagesVisible", 1)
    ):  # fmt: skip
        alarm = only(least, ALARM, f"agents-intake-approvals-{part}").inputs
        assert (alarm["metricName"], alarm["threshold"]) == (metric, threshold)
        assert alarm["alarmActions"] == ["arn:aws:sns:us-east-1:111122223333:claims-alerts"]
