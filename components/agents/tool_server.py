"""A server of tools in its sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pulumi_kubernetes as kubernetes

from blueprint.component import Component
from blueprint.errors import DocumentError, Problem
from blueprint.ports import McpPort
from blueprint.types import KeyPurpose, Layer
from components.agents.door import door, door_program, door_volume
from components.agents.tool_server_spec import DOOR_PORT
from components.certified import AUTHORITIES, Certified
from components.foundation.admission import Admission, Statement, ToPods
from components.foundation.secret_access import decrypts_secrets, reads_secrets
from components.hardened import (
    container_security,
    env,
    mounted_secrets,
    object_name,
    pod_security,
    resources,
    scratch,
    secrets_volume,
    spread,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pulumi

    from blueprint.context import PlatformContext
    from blueprint.ports import ClusterPort, IdentityPort, KeysPort, NetworkPort, Port, SecretsPort
    from blueprint.types import Noun
    from components.agents.tool_server_spec import ToolServerSpec

core, meta = kubernetes.core.v1, kubernetes.meta.v1

SERVER = "server"
HTTPS = 443
KEY = "key"
WITHOUT_CREDENTIALS = "eks.amazonaws.com/skip-containers"
"""Annotation that names the containers into which EKS puts no credentials."""


class ToolServer(Component):
    """Creates the server's pods and service, and lets callers of the wiring in.

    The pod's role may read the server's own key and nothing else, and only the platform's container beside the server gets
    credentials for it. Of the network the pod has what its namespace gives everybody, names and the credentials agent, and
    the Kubernetes API's address in the cluster, for its certificate: the server itself has no token for it.
    """

    LAYER: ClassVar[Layer] = Layer.AGENTS

    def __init__(
        self,
        noun: Noun,
        spec: ToolServerSpec,
        *,
        platform: PlatformContext,
        network: NetworkPort,
        keys: KeysPort,
        identity: IdentityPort,
        cluster: ClusterPort,
        secrets: SecretsPort,
        ports: Mapping[str, Port] | None = None,  # noqa: ARG002  every component is called alike
        uses: Mapping[Noun, Port] | None = None,  # noqa: ARG002
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._spec, self._who, self._cluster = spec, identity.workloads[noun, SERVER], cluster
        self._space = cluster.namespaces[noun]
        self._objects = self.within(provider=cluster.provider_resource)
        self._key = secrets.arns[f"{noun}/{KEY}"]
        self._runtime = _runtime(noun, spec, cluster)
        self._certified = Certified(
            self, who=self._who, service=self.named(), cluster=cluster, network=network, apart=True
        )
        self._serve()
        for edge in platform.wiring.to(noun):
            Admission(
                edge, platform=platform, consumer=identity.workloads[edge.consumer, edge.workload], cluster=cluster,
                allow=self._key_for_callers(keys.arns[KeyPurpose.SECRETS]),
                way=ToPods(self._who.namespace, self._who.labels, DOOR_PORT), opts=self.inside,
            )  # fmt: skip
        url = f"https://{self.named()}.{self._who.namespace}.svc/mcp"
        self.ports = {
            "mcp": McpPort(
                provider=noun, url=url, secret_arn=self._key, tools=tuple(tool.name for tool in spec.tools),
                authorities=AUTHORITIES,
            )
        }  # fmt: skip
        self.finish(url=url)

    def _serve(self) -> None:
        name, labels = self.named(), dict(self._who.labels)
        selector = meta.LabelSelectorArgs(match_labels=labels)
        kubernetes.apps.v1.Deployment(
            name, metadata=self._meta(name),
            spec=kubernetes.apps.v1.DeploymentSpecArgs(
                selector=selector, replicas=self._spec.replicas,
                template=core.PodTemplateSpecArgs(
                    metadata=meta.ObjectMetaArgs(
                        labels={**self.labels(), **labels}, annotations={WITHOUT_CREDENTIALS: SERVER}
                    ),
                    spec=self._pod(),
                ),
            ),
            opts=self._objects,
        )  # fmt: skip
        kubernetes.policy.v1.PodDisruptionBudget(
            self.named("budget"), metadata=self._meta(name), opts=self._objects,
            spec=kubernetes.policy.v1.PodDisruptionBudgetSpecArgs(max_unavailable=1, selector=selector),
        )  # fmt: skip
        core.Service(
            self.named("service"), metadata=self._meta(name), opts=self._objects,
            spec=core.ServiceSpecArgs(
                type="ClusterIP", selector=labels,
                ports=[core.ServicePortArgs(name="https", port=HTTPS, target_port=DOOR_PORT, protocol="TCP")],
            ),
        )  # fmt: skip

    def _pod(self) -> core.PodSpecArgs:
        secrets = mounted_secrets(self, "secrets", namespace=self._space, files={KEY: self._key}, opts=self._objects)
        program = door_program(self, self._space, self._objects)
        return core.PodSpecArgs(
            init_containers=[self._certified.keeper()], containers=[self._door(), self._server()],
            runtime_class_name=self._runtime, service_account_name=self._who.service_account,
            automount_service_account_token=False, enable_service_links=False, security_context=pod_security(),
            topology_spread_constraints=spread(self._who.labels),
            termination_grace_period_seconds=self._spec.timeout_seconds + 10,
            volumes=[
                *self._certified.volumes(), door_volume(program), secrets_volume("secrets", object_name(secrets)),
                scratch("tmp", "256Mi"),
            ],
        )  # fmt: skip

    def _door(self) -> core.ContainerArgs:
        told = {
            "KEY_FILE": f"/etc/secrets/{KEY}", "SECONDS": str(self._spec.timeout_seconds),
            "TOOLS": ",".join(sorted(tool.name for tool in self._spec.tools)), "UPSTREAM_PORT": str(self._spec.port),
        }  # fmt: skip
        secrets = core.VolumeMountArgs(name="secrets", mount_path="/etc/secrets", read_only=True)
        return door(self, listen=DOOR_PORT, told=told, mounts=[self._certified.mount(), secrets])

    def _server(self) -> core.ContainerArgs:
        listens = core.ProbeArgs(
            tcp_socket=core.TCPSocketActionArgs(port=self._spec.port), period_seconds=10, timeout_seconds=5,
            failure_threshold=6,
        )  # fmt: skip
        return core.ContainerArgs(
            name=SERVER, image=self._spec.image, env=env({"HOME": "/tmp", "PORT": str(self._spec.port)}),  # noqa: S108
            liveness_probe=listens, readiness_probe=listens, security_context=container_security(),
            resources=resources(self._spec.cpu, self._spec.memory, cpu_limit="1"),
            volume_mounts=[core.VolumeMountArgs(name="tmp", mount_path="/tmp")],  # noqa: S108
        )  # fmt: skip

    def _key_for_callers(self, key: pulumi.Input[str]) -> list[Statement]:
        return [reads_secrets(self._key), decrypts_secrets(self.platform, key)]

    def _meta(self, name: str) -> meta.ObjectMetaArgs:
        return meta.ObjectMetaArgs(name=name, namespace=self._space, labels={**self.labels(), **self._who.labels})


def _runtime(noun: Noun, spec: ToolServerSpec, cluster: ClusterPort) -> str | None:
    """The RuntimeClass of its pods; None: the node's own. Raises DocumentError for a kernel that no node offers."""
    if spec.isolation == "container":
        return None
    if spec.isolation == "gvisor" and cluster.sandbox is None:
        raise DocumentError([
            Problem(
                what="asks for gvisor, and no node of the cluster has it", path=(*noun.split("/"), "isolation"), value="gvisor",
                allowed="container", why="its pods would never start",
                fix="give cluster.hardened_images.system an image with gvisor: true, or set isolation: container",
            )
        ])  # fmt: skip
    return cluster.sandbox
