"""How the collector asks one workload for its metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pulumi_kubernetes as kubernetes

from blueprint.component import Component
from blueprint.types import Layer
from components.hardened import Peer, network_policy

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pulumi

    from blueprint.context import PlatformContext
    from blueprint.ports import ClusterPort, WorkloadIdentity
    from blueprint.wiring import Edge, Want

SCRAPE = "scrape"
"""What a want of OTLP may allow besides "grpc" and "http": that the collector asks for metrics, at "scrape-<port>" where given.

A want that allows nothing by name sends by gRPC and is asked at DEFAULT_PORTS, as servers of models and the gateway are."""
DEFAULT_PORTS = (4000, 8000)
"""Where LiteLLM and vLLM answer."""


def scraped_ports(want: Want) -> tuple[int, ...]:
    """Ports at which a consumer's workload answers for metrics; none for one that only sends."""
    if not want.allows or SCRAPE in want.allows:
        return DEFAULT_PORTS
    return tuple(sorted(int(name.removeprefix(f"{SCRAPE}-")) for name in want.allows if name.startswith(f"{SCRAPE}-")))


class Scrape(Component):
    """Creates the collector's right to list pods in the workload's namespace, and the way to its metrics, on both ends."""

    LAYER: ClassVar[Layer] = Layer.OBSERVABILITY

    def __init__(
        self,
        edge: Edge,
        *,
        platform: PlatformContext,
        cluster: ClusterPort,
        consumer: WorkloadIdentity,
        collector: WorkloadIdentity,
        metric_ports: Sequence[int],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(f"{edge.provider}/scrapes-{edge.id}", platform=platform, opts=opts)
        objects = self.within(provider=cluster.provider_resource)
        theirs, ours = cluster.namespaces[edge.consumer], cluster.namespaces[edge.provider]
        may_list_pods(self, theirs, collector, objects)
        network_policy(
            self, "in", namespace=theirs, selects=consumer.labels, opts=objects,
            ingress=[(Peer(labels=collector.labels, namespace=collector.namespace), metric_ports)],
        )  # fmt: skip
        network_policy(
            self, "out", namespace=ours, selects=collector.labels, opts=objects,
            egress=[(Peer(labels=consumer.labels, namespace=consumer.namespace), metric_ports)],
        )  # fmt: skip
        self.finish()


def sends(want: Want) -> bool:
    """Whether a consumer sends signals, and is not only asked for metrics."""
    return not want.allows or bool(want.allows & {"grpc", "http"})


def may_list_pods(
    component: Component, namespace: pulumi.Input[str], collector: WorkloadIdentity, opts: pulumi.ResourceOptions
) -> None:
    """Let the collector see which pods there are in one namespace, and nothing else of it."""
    rbac = kubernetes.rbac.v1
    name = component.named("pods")
    meta = kubernetes.meta.v1.ObjectMetaArgs(name=name, namespace=namespace, labels=component.labels())
    rbac.Role(
        name, metadata=meta, opts=opts,
        rules=[rbac.PolicyRuleArgs(api_groups=[""], resources=["pods"], verbs=["get", "list", "watch"])],
    )  # fmt: skip
    rbac.RoleBinding(
        name, metadata=meta, opts=opts,
        role_ref=rbac.RoleRefArgs(api_group="rbac.authorization.k8s.io", kind="Role", name=name),
        subjects=[
            rbac.SubjectArgs(kind="ServiceAccount", name=collector.service_account, namespace=collector.namespace)
        ],
    )  # fmt: skip
