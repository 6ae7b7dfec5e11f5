"""The private API's part that leads to agents: through a link into the VPC, to the load balancer, over TLS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from blueprint.ports import AgentPort
from components.foundation.ingress import INNER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blueprint.component import Component
    from blueprint.ports import IngressPort, NetworkPort
    from components.application.guarded_method import Guard

ANSWER_MILLISECONDS = 300_000
"""An agent streams while it thinks; without streaming API Gateway would hang up after 29 seconds."""

WHO = {
    "integration.request.header.X-Caller": "context.authorizer.claims.sub",
    "integration.request.header.X-Blueprint-Groups": "context.authorizer.claims.groups",
}
"""Who asks, as the token says: both are in every token, and overwrite what a caller may have sent by these names."""


def route_agents(
    component: Component,
    api: aws.apigateway.RestApi,
    guard: Guard,
    agents: Mapping[str, AgentPort],
    *,
    network: NetworkPort,
    ingress: IngressPort,
) -> list[pulumi.Resource]:
    """A way to each agent that was named; what makes it, for the deployment to wait for."""
    if not agents:
        return []
    link = _link(component, network, ingress)
    above = aws.apigateway.Resource(
        component.named("agents"),
        rest_api=api.id,
        parent_id=api.root_resource_id,
        path_part="agents",
        opts=component.inside,
    )
    return [
        made
        for name, port in agents.items()
        for made in _route(component, api, guard, above, link, name, port, ingress)
    ]


def _route(
    component: Component,
    api: aws.apigateway.RestApi,
    guard: Guard,
    above: aws.apigateway.Resource,
    link: aws.apigatewayv2.VpcLink,
    name: str,
    port: AgentPort,
    ingress: IngressPort,
) -> list[pulumi.Resource]:
    part = component.named("agent", name)
    named = aws.apigateway.Resource(part, rest_api=api.id, parent_id=above.id, path_part=name, opts=component.inside)
    below = aws.apigateway.Resource(
        f"{part}-below", rest_api=api.id, parent_id=named.id, path_part="{proxy+}", opts=component.inside
    )
    method = guard.method(
        component, f"{part}-any", api, below, "ANY", "agents", parameters={"method.request.path.proxy": True}
    )
    integration = aws.apigateway.Integration(
        f"{part}-to", rest_api=api.id, resource_id=below.id, http_method=method.http_method, type="HTTP_PROXY",
        integration_http_method="ANY", connection_type="VPC_LINK", connection_id=link.id,
        integration_target=ingress.balancer_arn, uri=pulumi.Output.concat("https://", ingress.host, f":{INNER}", port.path, "/{proxy}"),
        request_parameters={
            "integration.request.path.proxy": "method.request.path.proxy",
            **WHO,
        },
        response_transfer_mode="STREAM", timeout_milliseconds=ANSWER_MILLISECONDS, opts=component.inside,
    )  # fmt: skip
    return [method, integration]


def _link(component: Component, network: NetworkPort, ingress: IngressPort) -> aws.apigatewayv2.VpcLink:
    label = component.platform.label
    group = aws.ec2.SecurityGroup(
        component.named("link-group"), vpc_id=network.vpc_id, description="Private API to the load balancer, and nobody else",
        tags={**component.tags(), "Name": f"{label}-api-link"}, opts=component.inside,
    )  # fmt: skip
    for part, cls, mine, other in (
        ("to-balancer", aws.vpc.SecurityGroupEgressRule, group.id, ingress.security_group_id),
        ("from-api", aws.vpc.SecurityGroupIngressRule, ingress.security_group_id, group.id),
    ):
        cls(
            component.named(part), security_group_id=mine, referenced_security_group_id=other, ip_protocol="tcp",
            from_port=INNER, to_port=INNER, description="Private API to load balancer", tags=component.tags(),
            opts=component.inside,
        )  # fmt: skip
    return aws.apigatewayv2.VpcLink(
        component.named("link"), name=f"{label}-entry", subnet_ids=list(network.workload_subnet_ids),
        security_group_ids=[group.id], tags=component.tags(), opts=component.inside,
    )  # fmt: skip
