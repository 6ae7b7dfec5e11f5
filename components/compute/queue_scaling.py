"""The operator that changes replicas of model servers by the length of their queues."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pulumi_kubernetes as kubernetes

from blueprint.component import Component
from blueprint.types import Layer
from components.compute.cluster_spec import OPERATOR
from components.hardened import Peer, kubernetes_api, network_policy
from components.versions import CHARTS, image, registry

if TYPE_CHECKING:
    import pulumi

    from blueprint.context import PlatformContext
    from blueprint.ports import IdentityPort, NetworkPort
    from components.compute.eks_port import EksPort

_IMAGES = {"keda": "keda", "metricsApiServer": "keda-metrics-apiserver", "webhooks": "keda-admission-webhooks"}
"""Key of the chart's values -> pinned image."""

KEDA = {"app.kubernetes.io/part-of": "keda-operator"}
"""Label that the chart puts on all pods of the operator."""

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
        self._network(network, cluster)
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
            "serviceAccount": {
                "operator": {"create": False, "name": operator.service_account, "automountServiceAccountToken": True}
            },
            "operator": {"replicaCount": 2},
            "metricsServer": {"replicaCount": 2},
            "webhooks": {"replicaCount": 2},
            "podDisruptionBudget": {key: {"minAvailable": 1} for key in ("operator", "metricServer", "webhooks")},
            "prometheus": {"operator": {"enabled": True}},
        }

    def _network(self, network: NetworkPort, cluster: EksPort) -> None:
        itself, api = Peer(), Peer(cidr=network.vpc_cidr)
        for name, ingress, egress in (
            ("from-the-api", [(api, [_PORTS["https"], _PORTS["webhooks"]])], []),
            ("to-the-api", [], kubernetes_api(network, cluster)),
            ("among-itself", [(itself, [_PORTS["operator"]])], [(itself, [_PORTS["operator"]])]),
        ):
            network_policy(
                self, name, namespace=self._space, selects=KEDA, ingress=ingress, egress=egress, opts=self._objects
            )
