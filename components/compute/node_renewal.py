"""Nodes are replaced by those of the newest image before an image grows old; when that fails, somebody is told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blueprint.component import Component
    from components.compute.eks_port import EksPort

RENEWAL = "arn:aws:scheduler:::aws-sdk:eks:updateNodegroupVersion"
"""Calls EKS directly; without a version it takes the newest image of the cluster's own version."""
MARGIN_DAYS = 2
"""Left for the replacement itself, and for one more try."""


def renew(
    component: Component, groups: Mapping[str, str], *, cluster: EksPort, days: int, alert_topic_arn: pulumi.Input[str]
) -> None:
    """A schedule for each node group (part -> name of the group) that keeps images younger than so many days.

    Only for images of AWS: one of the organisation's own is renewed when the document names a newer one.
    """
    role = _role(component, groups, cluster)
    interval = max(1, days - MARGIN_DAYS)
    for part, name in sorted(groups.items()):
        schedule = f"{component.platform.label}-renew-{name}"[-64:].lstrip("-")
        aws.scheduler.Schedule(
            component.named(part, "renewal"), name=schedule, description=f"Newest image for the nodes of {name}",
            schedule_expression=f"rate({interval} days)" if interval > 1 else "rate(1 day)",
            flexible_time_window={"mode": "FLEXIBLE", "maximum_window_in_minutes": 60},
            target={
                "arn": RENEWAL.replace("arn:aws:", f"arn:{component.platform.partition}:"), "role_arn": role.arn,
                "input": pulumi.Output.json_dumps({"ClusterName": cluster.name, "NodegroupName": name}),
                "retry_policy": {"maximum_retry_attempts": 10, "maximum_event_age_in_seconds": 86400},
            },
            opts=component.inside,
        )  # fmt: skip
    aws.cloudwatch.MetricAlarm(
        component.named("renewal-failed"), name=f"{component.platform.label}-{component.named('renewal-failed')}",
        alarm_description="Nodes could not be replaced by those of the newest image", namespace="AWS/Scheduler",
        metric_name="TargetErrorCount", dimensions={"ScheduleGroup": "default"}, statistic="Sum", period=3600,
        evaluation_periods=1, threshold=1, comparison_operator="GreaterThanOrEqualToThreshold",
        treat_missing_data="notBreaching", alarm_actions=[alert_topic_arn], tags=component.tags(), opts=component.inside,
    )  # fmt: skip


def _role(component: Component, groups: Mapping[str, str], cluster: EksPort) -> aws.iam.Role:
    platform = component.platform
    role = aws.iam.Role(
        component.named("renewal-role"), name=f"{platform.label}-{component.named('renewal')}"[:64], path="/blueprint/",
        description="Has EKS replace nodes by those of the newest image",
        assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": platform.account}},
        }]}),
        tags=component.tags(), opts=component.inside,
    )  # fmt: skip
    place = f"arn:{platform.partition}:{{}}:{platform.region}:{{}}:{{}}"
    named = [
        pulumi.Output.concat(place.format("eks", platform.account, "nodegroup/"), cluster.name, f"/{name}/*")
        for name in sorted(groups.values())
    ]
    launches = [place.format("ec2", platform.account, "*/*"), place.format("ec2", "", "image/*")]
    aws.iam.RolePolicy(
        component.named("renewal-rights"), role=role.name,
        policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [
            {"Sid": "Renew", "Effect": "Allow", "Action": "eks:UpdateNodegroupVersion", "Resource": named},
            {"Sid": "UseTheLaunchTemplate", "Effect": "Allow", "Action": ["ec2:CreateTags", "ec2:RunInstances"],
             "Resource": launches},
            {"Sid": "LookAtIt", "Effect": "Allow", "Action": "ec2:DescribeLaunchTemplateVersions", "Resource": "*"},
        ]}),
        opts=component.inside,
    )  # fmt: skip
    return role
