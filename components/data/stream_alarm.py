"""An alarm on a metric of the brokers, over all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi_aws as aws

if TYPE_CHECKING:
    import pulumi

    from blueprint.component import Component

BY_CLUSTER = ("Cluster Name",)
BY_BROKER = ("Broker ID", "Cluster Name")
BY_TOPIC = ("Broker ID", "Cluster Name", "Topic")
"""Dimensions in which MSK reports its metrics."""
MINUTE = 60


def alarm(
    component: Component,
    part: str,
    *,
    measure: str,
    dimensions: tuple[str, ...],
    where: dict[str, str],
    above: int,
    meaning: str,
    topic_arn: pulumi.Input[str],
) -> aws.cloudwatch.MetricAlarm:
    """Goes off when a measure, such as "SUM(MessagesInPerSec)", is above a number in any minute, and tells a topic."""
    schema = ", ".join(f'"{name}"' if " " in name else name for name in dimensions)
    chosen = " AND ".join(
        f"\"{name}\" = '{value}'" if " " in name else f"{name} = '{value}'" for name, value in where.items()
    )
    query = f'SELECT {measure} FROM SCHEMA("AWS/Kafka", {schema}) WHERE {chosen}'  # noqa: S608  metrics, and names of our own
    return aws.cloudwatch.MetricAlarm(
        component.named(part), name=f"{component.platform.label}-{component.named(part)}", alarm_description=meaning,
        comparison_operator="GreaterThanThreshold", threshold=above, evaluation_periods=1, treat_missing_data="notBreaching",
        metric_queries=[
            aws.cloudwatch.MetricAlarmMetricQueryArgs(id="measured", expression=query, period=MINUTE, return_data=True, label=meaning)
        ],
        actions_enabled=True, alarm_actions=[topic_arn], tags=component.tags(classes=frozenset()), opts=component.inside,
    )  # fmt: skip
