"""The gateway's part of the load balancer: which requests come in, and where they go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from components.gateway import pods

if TYPE_CHECKING:
    from blueprint.component import Component
    from blueprint.ports import ClusterPort, IngressPort, NetworkPort

HTTPS = 443
LISTENER_PRIORITY = 100
PATHS = "/v1/*"
"""All that callers outside the cluster reach: keys, teams and settings are managed from inside alone."""


def enter(
    gateway: Component,
    network: NetworkPort,
    ingress: IngressPort,
    cluster: ClusterPort,
    service: kubernetes.core.v1.Service,
) -> None:
    """Let the load balancer send what callers ask of the models to the gateway's pods."""
    group = aws.lb.TargetGroup(
        gateway.named("targets"), name=f"{gateway.platform.label}-{gateway.named()}", vpc_id=network.vpc_id, port=pods.PORT,
        protocol="HTTPS", target_type="ip", deregistration_delay=pods.DRAIN_SECONDS,
        load_balancing_algorithm_type="least_outstanding_requests",
        health_check=aws.lb.TargetGroupHealthCheckArgs(
            path=pods.READY, protocol="HTTPS", port="traffic-port", matcher="200", interval=10, timeout=5,
            healthy_threshold=2, unhealthy_threshold=3,
        ),
        tags=gateway.tags(), opts=gateway.inside,
    )  # fmt: skip
    aws.lb.ListenerRule(
        gateway.named("rule"), listener_arn=ingress.listener_arn, priority=LISTENER_PRIORITY,
        actions=[aws.lb.ListenerRuleActionArgs(type="forward", target_group_arn=group.arn)],
        conditions=[
            aws.lb.ListenerRuleConditionArgs(
                host_header=aws.lb.ListenerRuleConditionHostHeaderArgs(values=[ingress.host])
            ),
            aws.lb.ListenerRuleConditionArgs(path_pattern=aws.lb.ListenerRuleConditionPathPatternArgs(values=[PATHS])),
        ],
        tags=gateway.tags(), opts=gateway.inside,
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
            gateway.named(part), security_group_id=mine, referenced_security_group_id=other, ip_protocol="tcp",
            from_port=pods.PORT, to_port=pods.PORT, description="Load balancer to gateway pods", tags=gateway.tags(),
            opts=gateway.inside,
        )  # fmt: skip
    kubernetes.apiextensions.CustomResource(
        gateway.named("binding"), api_version="elbv2.k8s.aws/v1beta1", kind="TargetGroupBinding",
        metadata={"name": gateway.named(), "namespace": cluster.namespaces[gateway.noun], "labels": gateway.labels()},
        spec={
            "serviceRef": {"name": service.metadata.name, "port": HTTPS},
            "targetGroupARN": group.arn, "targetType": "ip",
        },
        opts=gateway.within(provider=cluster.provider_resource),
    )  # fmt: skip
