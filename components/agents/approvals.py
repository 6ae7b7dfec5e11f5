"""Where calls wait that a person has to approve."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws

from blueprint.component import Component
from blueprint.naming import fitted
from blueprint.types import KeyPurpose, Layer

if TYPE_CHECKING:
    from blueprint.context import PlatformContext
    from blueprint.ports import AuditPort, KeysPort
    from blueprint.types import Noun
    from components.agents.langgraph_spec import LangGraphSpec
    from components.foundation.admission import Statement

LONGEST = 75
"""Characters of a queue's name before its ending."""
HOUR = 3600
FOURTEEN_DAYS = 1_209_600
PERIOD = 300


class Approvals(Component):
    """Creates a queue in order, its dead-letter queue, and the alarms on both.

    A message is taken for an hour at a time and deleted when it was decided; so its age is the time that somebody waits, and
    after `approval_hours` it is put aside, where any message raises an alarm.
    """

    LAYER: ClassVar[Layer] = Layer.AGENTS

    def __init__(
        self,
        noun: Noun,
        spec: LangGraphSpec,
        *,
        platform: PlatformContext,
        keys: KeysPort,
        audit: AuditPort,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._key, self._keep, self._topic = keys.arns[KeyPurpose.STREAMS], spec.keep, audit.alert_topic_arn
        lost = self._queue("dead-letters")
        redrive = pulumi.Output.json_dumps({"deadLetterTargetArn": lost.arn, "maxReceiveCount": spec.approval_hours})
        self.queue = self._queue("queue", redrive)
        self._alarm("waiting", "Somebody waits for an approval", self.queue, "ApproximateAgeOfOldestMessage",
                    spec.approval_hours * HOUR // 2)  # fmt: skip
        self._alarm(
            "undecided", "A request for approval was never decided", lost, "ApproximateNumberOfMessagesVisible", 1
        )
        self.finish(url=self.queue.url)

    def _queue(self, part: str, redrive: pulumi.Input[str] | None = None) -> aws.sqs.Queue:
        queue = aws.sqs.Queue(
            self.named(part), name=f"{fitted(f'{self.platform.label}-{self.named(part)}', LONGEST)}.fifo", fifo_queue=True,
            content_based_deduplication=False, kms_master_key_id=self._key, kms_data_key_reuse_period_seconds=300,
            message_retention_seconds=FOURTEEN_DAYS, visibility_timeout_seconds=HOUR, receive_wait_time_seconds=20,
            redrive_policy=redrive, tags=self.tags(), opts=self.within(protect=self._keep, retain_on_delete=self._keep),
        )  # fmt: skip
        aws.sqs.QueuePolicy(
            self.named(part, "policy"), queue_url=queue.url, opts=self.inside,
            policy=pulumi.Output.json_dumps({
                "Version": "2012-10-17",
                "Statement": [{
                    "Sid": "TlsOnly", "Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": queue.arn,
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }],
            }),
        )  # fmt: skip
        return queue

    def _alarm(self, part: str, why: str, queue: aws.sqs.Queue, metric: str, threshold: int) -> None:
        aws.cloudwatch.MetricAlarm(
            self.named(part), name=f"{self.platform.label}-{self.named(part)}", alarm_description=why,
            namespace="AWS/SQS", metric_name=metric, dimensions={"QueueName": queue.name}, statistic="Maximum", period=PERIOD,
            evaluation_periods=1, comparison_operator="GreaterThanOrEqualToThreshold", threshold=threshold,
            treat_missing_data="notBreaching", alarm_actions=[self._topic], tags=self.tags(), opts=self.inside,
        )  # fmt: skip

    def sends(self) -> list[Statement]:
        """What a part may do that asks."""
        return [self._may("sqs:SendMessage", "sqs:GetQueueUrl"), self._crypts("kms:GenerateDataKey", "kms:Decrypt")]

    def decides(self) -> list[Statement]:
        """What the part may do that answers."""
        takes = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes")
        return [self._may(*takes), self._crypts("kms:Decrypt")]

    def _may(self, *actions: str) -> Statement:
        return {"Effect": "Allow", "Action": list(actions), "Resource": self.queue.arn}

    def _crypts(self, *actions: str) -> Statement:
        through = {"StringEquals": {"kms:ViaService": f"sqs.{self.platform.region}.amazonaws.com"}}
        return {"Effect": "Allow", "Action": list(actions), "Resource": self._key, "Condition": through}
