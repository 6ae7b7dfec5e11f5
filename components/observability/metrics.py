"""The store of metrics and the judge of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

import pulumi
import pulumi_aws as aws
import yaml

from blueprint.component import Component
from blueprint.naming import namespace
from blueprint.types import KeyPurpose, Layer
from components.foundation.log_group import log_group
from components.observability.alerts import rules

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from blueprint.context import PlatformContext
    from blueprint.ports import AuditPort, KeysPort
    from blueprint.types import Noun
    from components.observability.observability_spec import Objectives

RETENTION_DAYS = 400
"""A year of comparison and a month of grace; metrics hold no content of prompts."""


class Check(NamedTuple):
    """An alarm outside Prometheus on Prometheus itself."""

    name: str
    metric: str
    comparison: str
    threshold: int
    missing: str
    sentence: str


CHECKS = (
    Check("rules-fail", "RuleEvaluationFailures", "GreaterThanThreshold", 0, "notBreaching", "Alert rules fail"),
    Check("rules-stand-still", "RuleEvaluations", "LessThanThreshold", 1, "breaching", "No alert rule is evaluated"),
    Check(
        "alerts-lost", "AlertManagerNotificationsFailed", "GreaterThanThreshold", 0, "notBreaching", "Alerts are lost"
    ),
)


class Metrics(Component):
    """Creates a Prometheus workspace under our key, alert rules, the way of alerts to the topic, and alarms on all that."""

    LAYER: ClassVar[Layer] = Layer.OBSERVABILITY

    def __init__(
        self,
        noun: Noun,
        objectives: Objectives,
        *,
        platform: PlatformContext,
        keys: KeysPort,
        audit: AuditPort,
        watched: Sequence[Noun],
        days: int | Literal["forever"],
        keep: bool,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        group = log_group(
            self, "log", name=f"/aws/vendedlogs/prometheus/{platform.label}", key_arn=keys.arns[KeyPurpose.LOGS], days=days,
            keep=keep,
        )  # fmt: skip
        self.workspace = aws.amp.Workspace(
            self.named("workspace"), alias=platform.label, kms_key_arn=keys.arns[KeyPurpose.LOGS],
            logging_configuration=aws.amp.WorkspaceLoggingConfigurationArgs(
                log_group_arn=pulumi.Output.concat(group.arn, ":*")
            ),
            tags=self.tags(), opts=self.within(protect=keep, retain_on_delete=keep),
        )  # fmt: skip
        aws.amp.WorkspaceConfiguration(
            self.named("retention"),
            workspace_id=self.workspace.id,
            retention_period_in_days=RETENTION_DAYS,
            opts=self.inside,
        )
        filled = frozenset(each.partition("/")[0] for each in platform.wiring.needs)
        wanted = rules(objectives, present=filled, expected=[namespace(each) for each in watched])
        aws.amp.RuleGroupNamespace(
            self.named("rules"), name="platform", workspace_id=self.workspace.id,
            data=yaml.safe_dump(wanted, sort_keys=False, width=1000), tags=self.tags(), opts=self.inside,
        )  # fmt: skip
        aws.amp.AlertManagerDefinition(
            self.named("alerts"),
            workspace_id=self.workspace.id,
            definition=self._alert_manager(audit),
            opts=self.inside,
        )
        for check in CHECKS:
            self._alarm(check, audit)
        self.finish(endpoint=self.workspace.prometheus_endpoint)

    def _alert_manager(self, audit: AuditPort) -> pulumi.Output[str]:
        """Everything goes to one topic; who is woken by what is decided by those who read it. JSON is YAML."""
        receiver = {
            "name": "topic",
            "sns_configs": [{
                "topic_arn": audit.alert_topic_arn, "sigv4": {"region": self.platform.region}, "send_resolved": True,
                "attributes": {"severity": "{{ .CommonLabels.severity }}"},
            }],
        }  # fmt: skip
        route = {
            "receiver": "topic", "group_by": ["alertname", "namespace", "model_name"], "group_wait": "30s",
            "group_interval": "5m", "repeat_interval": "4h",
        }  # fmt: skip
        return pulumi.Output.json_dumps(
            {"alertmanager_config": pulumi.Output.json_dumps({"route": route, "receivers": [receiver]})}
        )

    def _alarm(self, check: Check, audit: AuditPort) -> None:
        aws.cloudwatch.MetricAlarm(
            self.named(check.name), name=f"{self.platform.label}-{self.named(check.name)}", alarm_description=check.sentence,
            namespace="AWS/Prometheus", metric_name=check.metric, dimensions={"Workspace": self.workspace.id},
            statistic="Sum", period=300, evaluation_periods=3, datapoints_to_alarm=3, comparison_operator=check.comparison,
            threshold=check.threshold, treat_missing_data=check.missing, alarm_actions=[audit.alert_topic_arn],
            ok_actions=[audit.alert_topic_arn], tags=self.tags(), opts=self.inside,
        )  # fmt: skip
