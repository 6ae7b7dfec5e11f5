"""What one edge of the wiring opens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from blueprint.component import Component
from blueprint.types import Layer

if TYPE_CHECKING:
    from blueprint.context import PlatformContext
    from blueprint.ports import ClusterPort, WorkloadIdentity
    from blueprint.wiring import Edge

Statement = Mapping[str, pulumi.Input[str] | Sequence[pulumi.Input[str]] | Mapping[str, object]]


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

    Creates a role policy for the consumer's workload and the network policies on both ends. Without the edge there is
    neither, since both namespaces deny by default.
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
        aws.iam.RolePolicy(
            self.named("grant"), role=consumer.role_name,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(allow)}), opts=self.inside,
        )  # fmt: skip
        kubernetes_inside = self.within(provider=cluster.provider_resource)
        self._policy(
            "egress", cluster.namespaces[edge.consumer], consumer.labels, kubernetes_inside,
            policy_types=["Egress"], egress=[{"to": self._peers(way), "ports": [_tcp(way.port)]}],
        )  # fmt: skip
        if isinstance(way, ToPods):
            peer = {
                "namespace_selector": _namespace(consumer.namespace),
                "pod_selector": {"match_labels": consumer.labels},
            }
            self._policy(
                "ingress", cluster.namespaces[edge.provider], way.labels, kubernetes_inside,
                policy_types=["Ingress"], ingress=[{"from_": [peer], "ports": [_tcp(way.port)]}],
            )  # fmt: skip
        self.finish()

    def _policy(
        self,
        direction: str,
        namespace: pulumi.Input[str],
        selects: Mapping[str, str],
        opts: pulumi.ResourceOptions,
        **rules: Sequence[object],
    ) -> None:
        spec = {"pod_selector": {"match_labels": dict(selects)}, **rules}
        kubernetes.networking.v1.NetworkPolicy(
            self.named(direction), metadata={"name": self.named(direction), "namespace": namespace, "labels": self.labels()},
            spec=spec, opts=opts,
        )  # type: ignore[call-overload]  # the rules' inputs are typed per direction  # fmt: skip

    @staticmethod
    def _peers(way: ToPods | ToNetwork) -> list[dict[str, object]]:
        if isinstance(way, ToPods):
            return [
                {"namespace_selector": _namespace(way.namespace), "pod_selector": {"match_labels": dict(way.labels)}}
            ]
        return [{"ip_block": {"cidr": cidr}} for cidr in way.cidrs]


def _namespace(name: str) -> dict[str, dict[str, str]]:
    return {"match_labels": {"kubernetes.io/metadata.name": name}}


def _tcp(port: int) -> dict[str, object]:
    return {"protocol": "TCP", "port": port}
