"""The way for people to look at traces: one name on the platform's load balancer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from blueprint.naming import labels
from components.hardened import Peer, network_policy
from components.observability.langfuse_pods import DRAIN_SECONDS, READY, TLS_PORT

if TYPE_CHECKING:
    from blueprint.component import Component
    from blueprint.ports import ClusterPort, IngressPort, NetworkPort
    from components.observability.langfuse_spec import Page

LISTENER_PRIORITY = 40
"""A name of its own, and so free to stand before rules that tell paths of the shared name apart."""


def enter(tracing: Component, page: Page, network: NetworkPort, ingress: IngressPort, cluster: ClusterPort) -> None:
    """Let the load balancer send what comes under that name to the pods that show traces."""
    objects = tracing.within(provider=cluster.provider_resource)
    group = aws.lb.TargetGroup(
        tracing.named("targets"), name=f"{tracing.platform.label}-{tracing.named()}", vpc_id=network.vpc_id, port=TLS_PORT,
        protocol="HTTPS", target_type="ip", deregistration_delay=DRAIN_SECONDS,
        health_check=aws.lb.TargetGroupHealthCheckArgs(
            path=READY, protocol="HTTPS", port="traffic-port", matcher="200", interval=10, timeout=5,
            healthy_threshold=2, unhealthy_threshold=3,
        ),
        tags=tracing.tags(), opts=tracing.inside,
    )  # fmt: skip
    aws.lb.ListenerRule(
        tracing.named("rule"), listener_arn=ingress.listener_arn, priority=LISTENER_PRIORITY,
        actions=[aws.lb.ListenerRuleActionArgs(type="forward", target_group_arn=group.arn)],
        conditions=[aws.lb.ListenerRuleConditionArgs(
            host_header=aws.lb.ListenerRuleConditionHostHeaderArgs(values=[page.host])
        )],
        tags=tracing.tags(), opts=tracing.inside,
    )  # fmt: skip
    told = "Load balancer to pods that show traces"
    aws.vpc.SecurityGroupIngressRule(
        tracing.named("from-balancer"), security_group_id=cluster.security_group_id, ip_protocol="tcp", from_port=TLS_PORT,
        to_port=TLS_PORT, referenced_security_group_id=ingress.security_group_id, description=told, tags=tracing.tags(),
        opts=tracing.inside,
    )  # fmt: skip
    aws.vpc.SecurityGroupEgressRule(
        tracing.named("to-pods"), security_group_id=ingress.security_group_id, ip_protocol="tcp", from_port=TLS_PORT,
        to_port=TLS_PORT, referenced_security_group_id=cluster.security_group_id, description=told, tags=tracing.tags(),
        opts=tracing.inside,
    )  # fmt: skip
    network_policy(
        tracing, "page", namespace=cluster.namespaces[tracing.noun], selects=labels(tracing.noun, "web"), opts=objects,
        ingress=[(Peer(cidr=network.vpc_cidr), [TLS_PORT])],
    )  # fmt: skip
    kubernetes.apiextensions.CustomResource(
        tracing.named("binding"), api_version="elbv2.k8s.aws/v1beta1", kind="TargetGroupBinding",
        metadata={"name": tracing.named(), "namespace": cluster.namespaces[tracing.noun], "labels": tracing.labels()},
        spec={"serviceRef": {"name": tracing.named(), "port": TLS_PORT}, "targetGroupARN": group.arn, "targetType": "ip"},
        opts=objects,
    )  # fmt: skip
