"""What one edge of the wiring opens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from blueprint.component import Component
from blueprint.types import Layer

if TYPE_CHECKING:
    from blueprint.context import PlatformContext
    from blueprint.ports import ClusterPort, WorkloadIdentity
    from blueprint.wiring import Edge

net = kubernetes.networking.v1
LabelSelector = kubernetes.meta.v1.LabelSelectorArgs

Statement = Mapping[str, pulumi.Input[str] | Sequence[pulumi.Input[str]] | Mapping[str, object]]
"""One statement of an IAM policy."""


@dataclass(frozen=True)
class ToPods:
    """The port is served by pods of the cluster."""

    namespace: str
    labels: Mapping[str, str]
    port: int


@dataclass(frozen=True)
class ToNetwork:
    """The port is reached inside the VPC: an interface endpoint, a database."""

    cidrs: tuple[pulumi.Input[str], ...]
    port: int = 443


class Admission(Component):
    """The consumer's permission and the way to the provider's port; made by the side that offers.

    Creates a role policy for the consumer's workload, unless the port needs no AWS permission, and the network policies
    on both ends. Without the edge there is neither, since both namespaces deny by default.
    """

    LAYER: ClassVar[Layer] = Layer.FOUNDATION

    def __init__(
        self,
        edge: Edge,
        *,
        platform: PlatformContext,
        consumer: WorkloadIdentity,
        cluster: ClusterPort,
        allow: Sequence[Statement],
        way: ToPods | ToNetwork,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(f"{edge.provider}/admits-{edge.id}", platform=platform, opts=opts)
        if allow:
            aws.iam.RolePolicy(
                self.named("grant"), role=consumer.role_name,
                policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(allow)}), opts=self.inside,
            )  # fmt: skip
        self._objects = self.within(provider=cluster.provider_resource)
        self._policy(
            "egress", cluster.namespaces[edge.consumer], consumer.labels,
            egress=[net.NetworkPolicyEgressRuleArgs(to=_peers(way), ports=[_tcp(way.port)])],
        )  # fmt: skip
        if isinstance(way, ToPods):
            caller = _pods(consumer.namespace, consumer.labels)
            self._policy(
                "ingress", cluster.namespaces[edge.provider], way.labels,
                ingress=[net.NetworkPolicyIngressRuleArgs(from_=[caller], ports=[_tcp(way.port)])],
            )  # fmt: skip
        self.finish()

    def _policy(
        self,
        direction: Literal["egress", "ingress"],
        namespace: pulumi.Input[str],
        selects: Mapping[str, str],
        *,
        egress: Sequence[net.NetworkPolicyEgressRuleArgs] | None = None,
        ingress: Sequence[net.NetworkPolicyIngressRuleArgs] | None = None,
    ) -> None:
        name = self.named(direction)
        net.NetworkPolicy(
            name, metadata={"name": name, "namespace": namespace, "labels": self.labels()},
            spec=net.NetworkPolicySpecArgs(
                pod_selector=LabelSelector(match_labels=dict(selects)), policy_types=[direction.capitalize()],
                egress=egress, ingress=ingress,
            ),
            opts=self._objects,
        )  # fmt: skip


def _peers(way: ToPods | ToNetwork) -> list[net.NetworkPolicyPeerArgs]:
    if isinstance(way, ToPods):
        return [_pods(way.namespace, way.labels)]
    return [net.NetworkPolicyPeerArgs(ip_block=net.IPBlockArgs(cidr=cidr)) for cidr in way.cidrs]


def _pods(namespace: str, labels: Mapping[str, str]) -> net.NetworkPolicyPeerArgs:
    return net.NetworkPolicyPeerArgs(
        namespace_selector=LabelSelector(match_labels={"kubernetes.io/metadata.name": namespace}),
        pod_selector=LabelSelector(match_labels=dict(labels)),
    )


def _tcp(port: int) -> net.NetworkPolicyPortArgs:
    return net.NetworkPolicyPortArgs(protocol="TCP", port=port)
