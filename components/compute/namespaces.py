"""A namespace for each component that has workloads: closed by default, limited, with an identity for each workload."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from blueprint.component import Component
from blueprint.naming import namespace
from blueprint.types import Layer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blueprint.context import PlatformContext
    from blueprint.ports import IdentityPort
    from blueprint.types import Noun
    from components.compute.cluster_spec import ClusterSpec
    from components.compute.eks_port import EksPort

POD_IDENTITY_AGENT = "169.254.170.23/32"
"""Where a pod fetches the credentials of its role, on its own node."""

QUOTA = {
    "pods": "200", "services": "20", "persistentvolumeclaims": "20", "services.loadbalancers": "0",
    "services.nodeports": "0", "requests.cpu": "2000", "requests.memory": "16Ti", "requests.ephemeral-storage": "64Ti",
}  # fmt: skip
"""So much may one component's namespace ask for: far above need, far below what starves the others."""

DEFAULTS = {"cpu": "500m", "memory": "512Mi", "ephemeral-storage": "1Gi"}
REQUESTS = {"cpu": "50m", "memory": "64Mi", "ephemeral-storage": "100Mi"}
"""For a container that states none itself."""


class Namespaces(Component):
    """Creates namespaces, default-deny network policies, service accounts bound to their roles, quotas and limits.

    What goes beyond name resolution and credentials is opened by the edges of the wiring, by the side that offers.
    """

    LAYER: ClassVar[Layer] = Layer.COMPUTE

    def __init__(
        self,
        spec: ClusterSpec,
        *,
        platform: PlatformContext,
        identity: IdentityPort,
        cluster: EksPort,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("cluster/namespaces", platform=platform, opts=opts)
        self._level = spec.pod_security or platform.posture.pod_security_level(platform.classes("cluster"))
        self._identity = identity
        self._cluster = cluster
        self._objects = self.within(provider=cluster.provider_resource)
        self.names: Mapping[Noun, pulumi.Output[str]] = {
            noun: self._namespace(noun, [workload for _, workload in group])
            for noun, group in groupby(platform.wiring.workloads, key=lambda pair: pair[0])
        }
        self.finish()

    def _namespace(self, noun: Noun, workloads: list[str]) -> pulumi.Output[str]:
        name = namespace(noun)
        levels = {f"pod-security.kubernetes.io/{mode}": self._level for mode in ("enforce", "audit", "warn")}
        made = kubernetes.core.v1.Namespace(
            self.named(name), metadata={"name": name, "labels": {**self._labels(noun), **levels}}, opts=self._objects
        )
        space = made.metadata.name
        self._network(noun, space)
        if self.platform.posture.resource_exhaustion_limits(self.platform.classes(noun)):
            self._limits(noun, space)
        for workload in workloads:
            self._account(noun, workload, space)
        return space

    def _labels(self, noun: Noun) -> dict[str, str]:
        return {**self.labels(classes=self.platform.classes(noun)), "blueprint/component": namespace(noun)}

    def _meta(self, noun: Noun, name: str, space: pulumi.Output[str]) -> kubernetes.meta.v1.ObjectMetaArgs:
        return kubernetes.meta.v1.ObjectMetaArgs(name=name, namespace=space, labels=self._labels(noun))

    def _network(self, noun: Noun, space: pulumi.Output[str]) -> None:
        name = namespace(noun)
        kubernetes.networking.v1.NetworkPolicy(
            self.named(name, "deny"), metadata=self._meta(noun, "default-deny", space),
            spec={"pod_selector": {}, "policy_types": ["Ingress", "Egress"]}, opts=self._objects,
        )  # fmt: skip
        net, selector = kubernetes.networking.v1, kubernetes.meta.v1.LabelSelectorArgs
        resolver = net.NetworkPolicyPeerArgs(
            namespace_selector=selector(match_labels={"kubernetes.io/metadata.name": "kube-system"}),
            pod_selector=selector(match_labels={"k8s-app": "kube-dns"}),
        )
        agent = net.NetworkPolicyPeerArgs(ip_block=net.IPBlockArgs(cidr=POD_IDENTITY_AGENT))
        net.NetworkPolicy(
            self.named(name, "basics"), metadata=self._meta(noun, "name-resolution-and-credentials", space),
            spec=net.NetworkPolicySpecArgs(
                pod_selector=selector(), policy_types=["Egress"],
                egress=[
                    net.NetworkPolicyEgressRuleArgs(to=[resolver], ports=[_port("UDP", 53), _port("TCP", 53)]),
                    net.NetworkPolicyEgressRuleArgs(to=[agent], ports=[_port("TCP", 80)]),
                ],
            ),
            opts=self._objects,
        )  # fmt: skip

    def _limits(self, noun: Noun, space: pulumi.Output[str]) -> None:
        name = namespace(noun)
        kubernetes.core.v1.ResourceQuota(
            self.named(name, "quota"),
            metadata=self._meta(noun, "quota", space),
            spec={"hard": QUOTA},
            opts=self._objects,
        )
        kubernetes.core.v1.LimitRange(
            self.named(name, "limits"), metadata=self._meta(noun, "limits", space),
            spec={"limits": [{"type": "Container", "default": DEFAULTS, "default_request": REQUESTS}]}, opts=self._objects,
        )  # fmt: skip

    def _account(self, noun: Noun, workload: str, space: pulumi.Output[str]) -> None:
        identity = self._identity.workloads[noun, workload]
        name = namespace(noun)
        account = kubernetes.core.v1.ServiceAccount(
            self.named(name, workload), metadata=self._meta(noun, identity.service_account, space),
            automount_service_account_token=False, opts=self._objects,
        )  # fmt: skip
        aws.eks.PodIdentityAssociation(
            self.named(name, workload, "identity"), cluster_name=self._cluster.name, namespace=space,
            service_account=account.metadata.name.apply(str), role_arn=identity.role_arn, tags=self.tags(),
            opts=self.inside,
        )  # fmt: skip


def _port(protocol: str, port: int) -> kubernetes.networking.v1.NetworkPolicyPortArgs:
    return kubernetes.networking.v1.NetworkPolicyPortArgs(protocol=protocol, port=port)
