"""Says which certificates pods of the platform get from the cluster's authority."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pulumi_kubernetes as kubernetes

from blueprint.component import Component
from blueprint.naming import namespace
from blueprint.types import Layer
from components.certified import APPROVES, ASKS, bind, check, command, program, program_mounts, program_volumes
from components.compute.programs.certificates import SIGNER
from components.hardened import (
    Peer,
    container_security,
    env,
    network_policy,
    pod_security,
    resources,
    scratch,
    spread,
)
from components.versions import image

if TYPE_CHECKING:
    import pulumi

    from blueprint.context import PlatformContext
    from blueprint.ports import NetworkPort
    from components.compute.eks_port import EksPort

NAME = "certificates"
GROUP = "certificates.k8s.io"
REQUESTS = "certificatesigningrequests"


class Certificates(Component):
    """Creates the approver of certificate requests, and the role with which pods ask.

    A pod that approved its own request could be called anything; the approver lets it be called by names of its own
    namespace only. EKS signs with the authority that every namespace is told, and gives 45 days; pods renew after 30.
    """

    LAYER: ClassVar[Layer] = Layer.COMPUTE

    def __init__(
        self, *, platform: PlatformContext, network: NetworkPort, cluster: EksPort, opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("cluster/certificates", platform=platform, opts=opts)
        self._cluster = cluster
        self._space = cluster.namespaces["cluster"]
        self._objects = self.within(provider=cluster.provider_resource)
        self._selects = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/part-of": "cluster"}
        account = kubernetes.core.v1.ServiceAccount(
            self.named("account"), metadata=self._meta(), automount_service_account_token=False, opts=self._objects
        )
        self._roles()
        bind(self, APPROVES, NAME, namespace("cluster"), self._objects)
        self._deploy(account)
        network_policy(
            self, "to-the-api", namespace=self._space, selects=self._selects, opts=self._objects,
            egress=[(Peer(cidr=network.vpc_cidr), [443])],
        )  # fmt: skip
        self.finish()

    def _meta(self) -> kubernetes.meta.v1.ObjectMetaArgs:
        return kubernetes.meta.v1.ObjectMetaArgs(
            name=NAME, namespace=self._space, labels={**self.labels(), **self._selects}
        )

    def _roles(self) -> None:
        rule = kubernetes.rbac.v1.PolicyRuleArgs
        rights = {
            ASKS: [rule(api_groups=[GROUP], resources=[REQUESTS], verbs=["create", "get"])],
            APPROVES: [
                rule(api_groups=[GROUP], resources=[REQUESTS], verbs=["list"]),
                rule(api_groups=[GROUP], resources=[f"{REQUESTS}/approval"], verbs=["update"]),
                rule(api_groups=[GROUP], resources=["signers"], resource_names=[SIGNER], verbs=["approve"]),
            ],
        }
        for role, rules in rights.items():
            kubernetes.rbac.v1.ClusterRole(
                self.named(role, "rights"),
                metadata={"name": role, "labels": self.labels()},
                rules=rules,
                opts=self._objects,
            )

    def _deploy(self, account: kubernetes.core.v1.ServiceAccount) -> None:
        core = kubernetes.core.v1
        container = core.ContainerArgs(
            name=NAME, image=image("litellm").at(self.platform), command=command("approve"),
            env=env({"KUBERNETES_API": self._cluster.endpoint}), security_context=container_security(),
            liveness_probe=check("approve", period=60, failures=3), readiness_probe=check("approve", period=30, failures=2),
            resources=resources("20m", "128Mi", cpu_limit="200m"),
            volume_mounts=[core.VolumeMountArgs(name="tmp", mount_path="/tmp"), *program_mounts()],  # noqa: S108
        )  # fmt: skip
        pod = core.PodSpecArgs(
            service_account_name=account.metadata.name.apply(str), automount_service_account_token=False,
            enable_service_links=False, priority_class_name="system-cluster-critical", security_context=pod_security(),
            containers=[container], topology_spread_constraints=spread(self._selects),
            volumes=[scratch("tmp", "16Mi"), *program_volumes(program(self, self._space, self._objects))],
        )  # fmt: skip
        kubernetes.apps.v1.Deployment(
            self.named("server"), metadata=self._meta(),
            spec=kubernetes.apps.v1.DeploymentSpecArgs(
                replicas=2, selector=kubernetes.meta.v1.LabelSelectorArgs(match_labels=self._selects),
                template=core.PodTemplateSpecArgs(
                    metadata=kubernetes.meta.v1.ObjectMetaArgs(labels={**self.labels(), **self._selects}), spec=pod
                ),
            ),
            opts=self._objects,
        )  # fmt: skip
        kubernetes.policy.v1.PodDisruptionBudget(
            self.named("budget"), metadata=self._meta(),
            spec={"max_unavailable": 1, "selector": {"match_labels": self._selects}}, opts=self._objects,
        )  # fmt: skip
