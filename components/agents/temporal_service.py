"""One program of Temporal's server: its pods, what stands beside them, and their ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import pulumi_kubernetes as kubernetes

from blueprint.component import Component
from blueprint.types import Layer
from components.agents.temporal_config import FOLDER, GRPC, KEYS_PORT, MEMBERSHIP
from components.agents.temporal_spec import METRICS_PORT
from components.certified import ACCOUNT, Certified, authority_mount, authority_volume
from components.data.database_door import DatabaseDoor
from components.hardened import (
    Peer,
    container_security,
    env,
    http_probe,
    network_policy,
    pod_security,
    resources,
    scratch,
    spread,
)
from components.versions import image

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pulumi

    from blueprint.context import PlatformContext
    from blueprint.ports import ClusterPort, NetworkPort, WorkloadIdentity
    from blueprint.types import Noun
    from components.data.aurora import Aurora

apps, core, meta = kubernetes.apps.v1, kubernetes.core.v1, kubernetes.meta.v1

FRONTEND = "frontend"
SERVER = {"app.kubernetes.io/component": "server"}
"""Label of all pods of the server, which reach each other."""
SIBLING_PORTS = sorted({*MEMBERSHIP.values(), *GRPC.values()} - {GRPC[FRONTEND]})
PROGRAMS = "/etc/temporal-programs"
SIZES: Mapping[str, tuple[str, str, str]] = {
    "frontend": ("250m", "512Mi", "1"), "history": ("500m", "2Gi", "2"), "internal-frontend": ("100m", "512Mi", "1"),
    "matching": ("250m", "512Mi", "1"), "worker": ("100m", "512Mi", "500m"),
}  # fmt: skip
"""Processor time, memory and most processor time of each program."""
DRAIN_SECONDS = 60
USER_ID = 1000
"""As whom Temporal's images run."""


@dataclass(frozen=True)
class Shared:
    """What all programs of one server have in common."""

    cluster: ClusterPort
    network: NetworkPort
    aurora: Aurora
    space: pulumi.Input[str]
    """The namespace as the cluster made it."""
    service: str
    """Name of the service whose name every certificate carries."""
    user: str
    settings: pulumi.Input[str]
    programs: pulumi.Input[str]
    """Names of the ConfigMaps."""
    after: pulumi.Resource
    """What has to be done before the server starts."""


class TemporalService(Component):
    """Creates a Deployment with its disruption budget, the certificate, the way to the database, and those to its siblings.

    Temporal's programs find each other in the database and talk over TLS without showing who they are: the cluster's
    authority signs for servers only. What keeps others away from them are network policies. The frontend asks for tokens.
    """

    LAYER: ClassVar[Layer] = Layer.AGENTS

    def __init__(
        self,
        noun: Noun,
        role: str,
        *,
        platform: PlatformContext,
        who: WorkloadIdentity,
        replicas: int,
        shared: Shared,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._role, self._who, self._shared = role, who, shared
        self._objects = self.within(provider=shared.cluster.provider_resource)
        cluster, network, space = shared.cluster, shared.network, shared.space
        self._door = DatabaseDoor(
            self, who=who, aurora=shared.aurora, user=shared.user, cluster=cluster, network=network, space=space
        )
        self._certified = Certified(
            self, who=who, service=shared.service, cluster=cluster, network=network, space=space
        )
        siblings = [(Peer(labels=SERVER), SIBLING_PORTS)]
        network_policy(
            self, "siblings", namespace=space, selects=who.labels, ingress=siblings, egress=siblings, opts=self._objects
        )  # fmt: skip
        self.deployment = self._deploy(replicas)
        self.finish()

    def _deploy(self, replicas: int) -> apps.Deployment:
        selector = meta.LabelSelectorArgs(match_labels=dict(self._who.labels))
        labels = {**self.labels(), **self._who.labels, **SERVER}
        annotations = {
            "prometheus.io/scrape": "true", "prometheus.io/port": str(METRICS_PORT), "prometheus.io/path": "/metrics"
        }  # fmt: skip
        made = apps.Deployment(
            self.named("pods"), metadata=self._meta(),
            spec=apps.DeploymentSpecArgs(
                selector=selector, replicas=replicas,
                strategy=apps.DeploymentStrategyArgs(
                    type="RollingUpdate", rolling_update=apps.RollingUpdateDeploymentArgs(max_unavailable=0, max_surge=1)
                ),
                template=core.PodTemplateSpecArgs(
                    metadata=meta.ObjectMetaArgs(labels=labels, annotations=annotations), spec=self._pod()
                ),
            ),
            opts=self.within(provider=self._shared.cluster.provider_resource, depends_on=[self._shared.after]),
        )  # fmt: skip
        kubernetes.policy.v1.PodDisruptionBudget(
            self.named("budget"), metadata=self._meta(), opts=self._objects,
            spec=kubernetes.policy.v1.PodDisruptionBudgetSpecArgs(max_unavailable=1, selector=selector),
        )  # fmt: skip
        return made

    def _pod(self) -> core.PodSpecArgs:
        first = [self._certified.keeper(), self._door.keeper()]
        return core.PodSpecArgs(
            init_containers=[*first, *([self._token_keys()] if self._role == FRONTEND else [])],
            containers=[self._server()], service_account_name=self._who.service_account,
            automount_service_account_token=False, enable_service_links=False, security_context=pod_security(USER_ID),
            topology_spread_constraints=spread(self._who.labels), termination_grace_period_seconds=DRAIN_SECONDS,
            volumes=[
                core.VolumeArgs(name="settings", config_map=core.ConfigMapVolumeSourceArgs(name=self._shared.settings)),
                core.VolumeArgs(name="programs", config_map=core.ConfigMapVolumeSourceArgs(name=self._shared.programs)),
                scratch("tmp", "64Mi"), authority_volume(), self._door.volume(), *self._certified.volumes(),
            ],
        )  # fmt: skip

    def _server(self) -> core.ContainerArgs:
        """A probe of gRPC would come without TLS; so the port itself is knocked at, and of the worker, which has none, the metrics."""
        port = GRPC[self._role]
        answers = core.ProbeArgs(
            tcp_socket=core.TCPSocketActionArgs(port=port), period_seconds=10, timeout_seconds=5, failure_threshold=3
        )  # fmt: skip
        alive = http_probe("/metrics", METRICS_PORT)
        listens = self._role != "worker"
        address = core.EnvVarArgs(
            name="POD_IP",
            value_from=core.EnvVarSourceArgs(field_ref=core.ObjectFieldSelectorArgs(field_path="status.podIP")),
        )
        cpu, memory, most = SIZES[self._role]
        return core.ContainerArgs(
            name="temporal", image=image("temporal-server").at(self.platform),
            command=[
                "temporal-server", "--root", "/", "--config", FOLDER.removeprefix("/"),
                "--env", FRONTEND if self._role == FRONTEND else "server", "start", f"--service={self._role}",
            ],
            env=[address],
            ports=[
                *([core.ContainerPortArgs(name="grpc", container_port=port)] if listens else []),
                core.ContainerPortArgs(name="membership", container_port=MEMBERSHIP[self._role]),
                core.ContainerPortArgs(name="metrics", container_port=METRICS_PORT),
            ],
            startup_probe=http_probe("/metrics", METRICS_PORT, period=5, failures=60),
            liveness_probe=alive, readiness_probe=answers if listens else alive,
            lifecycle=core.LifecycleArgs(pre_stop=core.LifecycleHandlerArgs(sleep=core.SleepActionArgs(seconds=10))),
            resources=resources(cpu, memory, cpu_limit=most), security_context=container_security(),
            volume_mounts=[
                core.VolumeMountArgs(name="settings", mount_path=FOLDER, read_only=True),
                core.VolumeMountArgs(name="tmp", mount_path="/tmp"),  # noqa: S108
                authority_mount(), self._certified.mount(),
            ],
        )  # fmt: skip

    def _token_keys(self) -> core.ContainerArgs:
        """Keys by which the frontend checks tokens: the cluster tells them to service accounts only."""
        program = ["python", f"{PROGRAMS}/token_keys.py"]
        check = core.ExecActionArgs(command=[*program, "--check"])
        told = {"KEYS_PORT": str(KEYS_PORT), "KUBERNETES_API": self._shared.cluster.endpoint}
        return core.ContainerArgs(
            name="token-keys", image=image("litellm").at(self.platform), restart_policy="Always", command=program,
            env=env(told), security_context=container_security(), resources=resources("20m", "96Mi", cpu_limit="200m"),
            startup_probe=core.ProbeArgs(exec_=check, period_seconds=5, timeout_seconds=10, failure_threshold=60),
            liveness_probe=core.ProbeArgs(exec_=check, period_seconds=60, timeout_seconds=10, failure_threshold=3),
            volume_mounts=[
                core.VolumeMountArgs(name="programs", mount_path=PROGRAMS, read_only=True),
                core.VolumeMountArgs(name="certificate-account", mount_path=ACCOUNT, read_only=True),
            ],
        )  # fmt: skip

    def _meta(self) -> meta.ObjectMetaArgs:
        return meta.ObjectMetaArgs(
            name=self._role, namespace=self._shared.space, labels={**self.labels(), **self._who.labels}
        )
