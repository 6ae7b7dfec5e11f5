"""A component's part of the load balancer: which requests come in, and where they go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from blueprint.naming import fitted

if TYPE_CHECKING:
    from blueprint.component import Component
    from blueprint.ports import ClusterPort, IngressPort, NetworkPort

HTTPS = 443
LONGEST = 32
"""Characters that the name of a target group may have."""


@dataclass(frozen=True)
class Door:
    """What comes in by it, and where the pods behind it listen."""

    part: str
    """Who is behind it, for descriptions."""
    port: int
    ready: str
    """Path that says whether a pod takes requests."""
    paths: tuple[str, ...]
    priority: int
    """Place among the rules of the listener; no two are alike."""
    drain_seconds: int
    stays_seconds: int | None = None
    """How long a browser keeps coming to the same pod; None: every request goes to whichever pod is least busy."""
    host: str | None = None
    """Name of its own under which requests come; None: that of the load balancer."""


def enter(
    component: Component,
    door: Door,
    network: NetworkPort,
    ingress: IngressPort,
    cluster: ClusterPort,
    service: kubernetes.core.v1.Service,
) -> None:
    """Let the load balancer send requests for some paths to the component's pods."""
    group = aws.lb.TargetGroup(
        component.named("targets"), name=fitted(f"{component.platform.label}-{component.named()}", LONGEST),
        vpc_id=network.vpc_id, port=door.port, protocol="HTTPS", target_type="ip", deregistration_delay=door.drain_seconds,
        load_balancing_algorithm_type="least_outstanding_requests",
        health_check=aws.lb.TargetGroupHealthCheckArgs(
            path=door.ready, protocol="HTTPS", port="traffic-port", matcher="200", interval=10, timeout=5,
            healthy_threshold=2, unhealthy_threshold=3,
        ),
        stickiness=None if door.stays_seconds is None else aws.lb.TargetGroupStickinessArgs(
            type="lb_cookie", enabled=True, cookie_duration=door.stays_seconds
        ),
        tags=component.tags(), opts=component.inside,
    )  # fmt: skip
    aws.lb.ListenerRule(
        component.named("rule"), listener_arn=ingress.listener_arn, priority=door.priority,
        actions=[aws.lb.ListenerRuleActionArgs(type="forward", target_group_arn=group.arn)],
        conditions=[
            aws.lb.ListenerRuleConditionArgs(
                host_header=aws.lb.ListenerRuleConditionHostHeaderArgs(values=[door.host or ingress.host])
            ),
            aws.lb.ListenerRuleConditionArgs(
                path_pattern=aws.lb.ListenerRuleConditionPathPatternArgs(values=list(door.paths))
            ),
        ],
        tags=component.tags(), opts=component.inside,
    )  # fmt: skip
    for part, cls, mine, other in (
        (
            "from-balancer",
            aws.vpc.SecurityGroupIngressRule,
            cluster.security_group_id,
            ingress.security_group_id,
        ),
        ("to-pods", aws.vpc.SecurityGroupEgressRule, ingress.security_group_id, cluster.security_group_id),
    ):
        cls(
            component.named(part), security_group_id=mine, referenced_security_group_id=other, ip_protocol="tcp",
            from_port=door.port, to_port=door.port, description=f"Load balancer to {door.part} pods", tags=component.tags(),
            opts=component.inside,
        )  # fmt: skip
    kubernetes.apiextensions.CustomResource(
        component.named("binding"), api_version="elbv2.k8s.aws/v1beta1", kind="TargetGroupBinding",
        metadata={
            "name": component.named(), "namespace": cluster.namespaces[component.noun], "labels": component.labels(),
        },
        spec={
            "serviceRef": {"name": service.metadata.name, "port": HTTPS},
            "targetGroupARN": group.arn, "targetType": "ip",
        },
        opts=component.within(provider=cluster.provider_resource),
    )  # fmt: skip
