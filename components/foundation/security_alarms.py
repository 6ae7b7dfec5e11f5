"""An alarm for every event class that must not pass unseen."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pulumi_aws as aws

from blueprint.component import Component
from blueprint.types import Layer
from components.foundation.identity_spec import break_glass_role_name
from components.foundation.security_events import EVENTS, role_assumed

if TYPE_CHECKING:
    import pulumi

    from blueprint.context import PlatformContext
    from blueprint.types import Noun

PERIOD = 300
"""Seconds; CloudTrail hands a record over within about five minutes."""


class SecurityAlarms(Component):
    """Creates a metric and an alarm for each event class, and announces findings of the detectors."""

    LAYER: ClassVar[Layer] = Layer.FOUNDATION

    def __init__(
        self,
        noun: Noun,
        *,
        platform: PlatformContext,
        log_group: pulumi.Input[str],
        topic_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._log_group = log_group
        self._topic_arn = topic_arn
        emergency = f"arn:{platform.partition}:iam::{platform.account}:role/{break_glass_role_name(platform.label)}"
        for event, pattern in {**EVENTS, "break_glass_use": role_assumed(emergency)}.items():
            self._alarm(event, pattern)
        self._findings()
        self.finish()

    def _alarm(self, event: str, pattern: str) -> None:
        namespace = f"{self.platform.label}/SecurityEvents"
        name = event.replace("_", "-")
        metric = aws.cloudwatch.LogMetricFilter(
            self.named(name, "metric"), log_group_name=self._log_group, pattern=pattern,
            name=f"{self.platform.label}-{name}",
            metric_transformation={"name": event, "namespace": namespace, "value": "1", "default_value": "0"},
            opts=self.inside,
        )  # fmt: skip
        aws.cloudwatch.MetricAlarm(
            self.named(name), name=f"{self.platform.label}-{name}", alarm_description=f"{event} seen in the audit trail",
            namespace=namespace, metric_name=event, statistic="Sum", period=PERIOD, evaluation_periods=1,
            comparison_operator="GreaterThanOrEqualToThreshold", threshold=1, treat_missing_data="notBreaching",
            alarm_actions=[self._topic_arn], tags=self.tags(), opts=self.within(depends_on=[metric]),
        )  # fmt: skip

    def _findings(self) -> None:
        self._announce(
            "guardduty-findings", "Threats that GuardDuty rates medium or worse",
            '{"source": ["aws.guardduty"], "detail-type": ["GuardDuty Finding"], '
            '"detail": {"severity": [{"numeric": [">=", 4]}]}}',
        )  # fmt: skip
        self._announce(
            "securityhub-findings", "New findings that Security Hub rates high or critical",
            '{"source": ["aws.securityhub"], "detail-type": ["Security Hub Findings - Imported"], '
            '"detail": {"findings": {"Severity": {"Label": ["HIGH", "CRITICAL"]}, "Workflow": {"Status": ["NEW"]}, '
            '"RecordState": ["ACTIVE"]}}}',
        )  # fmt: skip

    def _announce(self, part: str, description: str, pattern: str) -> None:
        rule = aws.cloudwatch.EventRule(
            self.named(part), name=f"{self.platform.label}-{part}", description=description, event_pattern=pattern,
            state="ENABLED", tags=self.tags(), opts=self.inside,
        )  # fmt: skip
        aws.cloudwatch.EventTarget(self.named(part, "topic"), rule=rule.name, arn=self._topic_arn, opts=self.inside)
