"""The operator that changes replicas of model servers by the length of their queues."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pulumi_kubernetes as kubernetes

from blueprint.component import Component
from blueprint.types import Layer
from components.compute.cluster_spec import OPERATOR
from components.versions import CHARTS, image, registry

if TYPE_CHECKING:
    import pulumi

    from blueprint.context import PlatformContext
    from blueprint.ports import IdentityPort, NetworkPort
    from components.compute.eks_port import EksPort

_IMAGES = {"keda": "keda", "metricsApiServer": "keda-metrics-apiserver", "webhooks": "keda-admission-webhooks"}
"""Key of the chart's values -> pinned image."""

_PORTS = {"https": 6443, "webhooks": 9443, "operator": 9666}


class QueueScaling(Component):
    """Creates KEDA from its pinned chart, and the few network policies that it needs.

    It reads queue lengths from the servers themselves, so that scaling does not wait for, or depend on, a metrics
    store. Its Helm release is one resource: what the chart renders is not looked into.
    """

    LAYER: ClassVar[Layer] = Layer.COMPUTE

    def __init__(
        self,
        *,
        platform: PlatformContext,
        network: NetworkPort,
        identity: IdentityPort,
        cluster: EksPort,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("cluster/queue-scaling", platform=platform, opts=opts)
        self._space = cluster.namespaces["cluster"]
        self._objects = self.within(provider=cluster.provider_resource)
        chart = CHARTS["keda"]
        kubernetes.helm.v3.Release(
            self.named("keda"), name="keda", namespace=self._space, chart=chart.name, version=chart.version,
            repository_opts={"repo": chart.repository}, create_namespace=False, atomic=True, skip_crds=False,
            values=self._values(identity), opts=self._objects,
        )  # fmt: skip
        self._network(network)
        self.finish()

    def _values(self, identity: IdentityPort) -> dict[str, object]:
        operator = identity.workloads["cluster", OPERATOR]
        host, label = registry(self.platform), self.platform.label
        images = {
            key: {"registry": host, "repository": f"{label}/{image(name).repository}", "tag": image(name).tag}
            for key, name in _IMAGES.items()
        }
        return {
            "image": images,
            "serviceAccount": {"operator": {"create": False, "name": operator.service_account}},
            "operator": {"replicaCount": 2},
            "metricsServer": {"replicaCount": 2},
            "webhooks": {"replicaCount": 2},
            "podDisruptionBudget": {key: {"minAvailable": 1} for key in ("operator", "metricServer", "webhooks")},
            "prometheus": {"operator": {"enabled": True}},
        }

    def _network(self, network: NetworkPort) -> None:
        inside = {"pod_selector": {}}
        api = [{"ip_block": {"cidr": network.vpc_cidr}}]
        self._policy("from-the-api", "Ingress", "from", api, [_PORTS["https"], _PORTS["webhooks"]])
        self._policy("to-the-api", "Egress", "to", api, [443])
        self._policy("among-itself-in", "Ingress", "from", [inside], [_PORTS["operator"]])
        self._policy("among-itself-out", "Egress", "to", [inside], [_PORTS["operator"]])

    def _policy(self, name: str, kind: str, side: str, peers: list[dict[str, object]], ports: list[int]) -> None:
        rule = {
            "from_" if side == "from" else "to": peers,
            "ports": [{"protocol": "TCP", "port": port} for port in ports],
        }
        spec = {"pod_selector": {}, "policy_types": [kind], kind.lower(): [rule]}
        kubernetes.networking.v1.NetworkPolicy(
            self.named(name), metadata={"name": name, "namespace": self._space, "labels": self.labels()}, spec=spec,
            opts=self._objects,
        )  # type: ignore[arg-type]  # one shape for both directions  # fmt: skip
