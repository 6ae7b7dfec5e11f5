"""One part of an agent: its pods, and how they are reached."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_kubernetes as kubernetes

from blueprint.component import Component
from blueprint.types import Layer
from components.agents.door import door, door_program, door_volume
from components.certified import AUTHORITY, Certified, authority_mount, authority_volume
from components.hardened import (
    container_security,
    env,
    http_probe,
    mounted_secrets,
    object_name,
    pod_security,
    resources,
    scratch,
    secrets_volume,
    spread,
)
from components.versions import image

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blueprint.context import PlatformContext
    from blueprint.ports import ClusterPort, NetworkPort, WorkloadIdentity
    from blueprint.types import Noun
    from components.agents.langgraph_spec import LangGraphSpec

core, meta = kubernetes.core.v1, kubernetes.meta.v1

HTTPS = 443
PORT = 8000
"""Where the image answers."""
READY = "/ok"
AGENT = "agent"
CACHE_DOOR = "cache_door.py"
CACHE_DOOR_FOLDER = "/etc/cache-door"
TOKEN = "/run/temporal/token"  # noqa: S105  a file, not a secret
TOKEN_SECONDS = 3600
SECRETS = "/etc/secrets"


@dataclass(frozen=True)
class Pods:
    """What the pods of a part are told and given."""

    told: Mapping[str, pulumi.Input[str]]
    told_to_cache_door: Mapping[str, pulumi.Input[str]]
    secrets: Mapping[str, pulumi.Input[str]]
    """File below /etc/secrets -> ARN of what is in it."""
    listen: int | None
    """Port of the door; None for a part that nobody calls."""
    prefix: str
    after: pulumi.Resource
    """What has to be there before they start."""
    audience: str | None = None
    """What the token of its service account is made for that Temporal asks for; None: it has no token."""


class AgentPart(Component):
    """Creates the pods of one part: the organisation's image, what signs in to the cache for it, and its door."""

    LAYER: ClassVar[Layer] = Layer.AGENTS

    def __init__(
        self,
        noun: Noun,
        spec: LangGraphSpec,
        pods: Pods,
        *,
        platform: PlatformContext,
        network: NetworkPort,
        cluster: ClusterPort,
        who: WorkloadIdentity,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`cluster` knows this part's noun by the namespace of its agent."""
        super().__init__(noun, platform=platform, opts=opts)
        self._spec, self._pods, self._who, self._cluster = spec, pods, who, cluster
        self._space = cluster.namespaces[noun]
        self._objects = self.within(provider=cluster.provider_resource)
        self._certified = (
            Certified(self, who=who, service=self.named(), cluster=cluster, network=network, apart=True)
            if pods.listen is not None
            else None
        )
        self._serve()
        self.service = self._service(pods.listen) if pods.listen is not None else None
        self.finish()

    def _serve(self) -> None:
        name, labels = self.named(), dict(self._who.labels)
        selector = meta.LabelSelectorArgs(match_labels=labels)
        template = core.PodTemplateSpecArgs(
            metadata=meta.ObjectMetaArgs(labels={**self.labels(), **labels}), spec=self._pod()
        )
        kubernetes.apps.v1.Deployment(
            name, metadata=self._meta(name),
            spec=kubernetes.apps.v1.DeploymentSpecArgs(
                selector=selector, replicas=self._spec.replicas, template=template
            ),
            opts=self.within(provider=self._cluster.provider_resource, depends_on=[self._pods.after]),
        )  # fmt: skip
        kubernetes.policy.v1.PodDisruptionBudget(
            self.named("budget"), metadata=self._meta(name), opts=self._objects,
            spec=kubernetes.policy.v1.PodDisruptionBudgetSpecArgs(max_unavailable=1, selector=selector),
        )  # fmt: skip

    def _service(self, listen: int) -> kubernetes.core.v1.Service:
        return core.Service(
            self.named("service"), metadata=self._meta(self.named()), opts=self._objects,
            spec=core.ServiceSpecArgs(
                type="ClusterIP", selector=dict(self._who.labels),
                ports=[core.ServicePortArgs(name="https", port=HTTPS, target_port=listen, protocol="TCP")],
            ),
        )  # fmt: skip

    def _pod(self) -> core.PodSpecArgs:
        found = mounted_secrets(self, "secrets", namespace=self._space, files=self._pods.secrets, opts=self._objects)
        certified, listen = self._certified, self._pods.listen
        doors = [] if certified is None or listen is None else [self._door(certified, listen)]
        kept = [] if certified is None else certified.volumes()
        return core.PodSpecArgs(
            init_containers=None if certified is None else [certified.keeper()],
            containers=[self._agent(), self._cache_door(), *doors], service_account_name=self._who.service_account,
            automount_service_account_token=False, enable_service_links=False, security_context=pod_security(),
            topology_spread_constraints=spread(self._who.labels),
            termination_grace_period_seconds=self._spec.run_seconds + 10,
            volumes=[
                *kept, *([door_volume(door_program(self, self._space, self._objects))] if doors else []),
                core.VolumeArgs(
                    name="cache-door", config_map=core.ConfigMapVolumeSourceArgs(name=self._cache_door_program())
                ),
                secrets_volume("secrets", object_name(found)), authority_volume(), scratch("tmp", "1Gi"),
                *self._tokens(),
            ],
        )  # fmt: skip

    def _agent(self) -> core.ContainerArgs:
        told = {**self._pods.told, "HOME": "/tmp", "PORT": str(PORT), "SSL_CERT_FILE": AUTHORITY}  # noqa: S108
        return core.ContainerArgs(
            name=AGENT, image=self._spec.image, env=env(told), ports=[core.ContainerPortArgs(name="http", container_port=PORT)],
            startup_probe=http_probe(READY, PORT, period=5, failures=60), liveness_probe=http_probe(READY, PORT),
            readiness_probe=http_probe(READY, PORT), security_context=container_security(),
            resources=resources(self._spec.cpu, self._spec.memory, cpu_limit="2"),
            volume_mounts=[
                *self._files("secrets", SECRETS), authority_mount(), *self._tmp(),
                *(self._files("temporal", TOKEN.rpartition("/")[0]) if self._pods.audience else []),
            ],
        )  # fmt: skip

    def _cache_door(self) -> core.ContainerArgs:
        """Signs in to the cache by IAM and speaks TLS with it; the agent finds it on the loopback."""
        program = ["python", f"{CACHE_DOOR_FOLDER}/{CACHE_DOOR}"]
        check = core.ProbeArgs(
            exec_=core.ExecActionArgs(command=[*program, "--check"]), period_seconds=20, timeout_seconds=10,
            failure_threshold=3,
        )  # fmt: skip
        return core.ContainerArgs(
            name="cache-door", image=image("litellm").at(self.platform), command=program,
            env=env(self._pods.told_to_cache_door), liveness_probe=check, readiness_probe=check,
            resources=resources("50m", "128Mi", cpu_limit="500m"), security_context=container_security(),
            volume_mounts=[*self._files("cache-door", CACHE_DOOR_FOLDER), *self._tmp()],
        )  # fmt: skip

    def _cache_door_program(self) -> pulumi.Output[str]:
        text = files("components.gateway.programs").joinpath(CACHE_DOOR).read_text(encoding="utf-8")
        name = f"{self.named('cache-door')}-{hashlib.sha256(text.encode()).hexdigest()[:10]}"
        return core.ConfigMap(
            self.named("cache-door"),
            metadata=self._meta(name),
            data={CACHE_DOOR: text},
            immutable=True,
            opts=self._objects,
        ).metadata.name.apply(str)

    def _door(self, certified: Certified, listen: int) -> core.ContainerArgs:
        told = {
            "PREFIX": self._pods.prefix, "READY": READY, "SECONDS": str(self._spec.run_seconds), "UPSTREAM_PORT": str(PORT),
        }  # fmt: skip
        return door(self, listen=listen, told=told, mounts=[certified.mount()])

    def _tokens(self) -> list[core.VolumeArgs]:
        """A token that the Kubernetes API itself does not take: it is made for Temporal alone."""
        if self._pods.audience is None:
            return []
        token = core.ServiceAccountTokenProjectionArgs(
            audience=self._pods.audience, path="token", expiration_seconds=TOKEN_SECONDS
        )
        source = core.VolumeProjectionArgs(service_account_token=token)
        return [core.VolumeArgs(name="temporal", projected=core.ProjectedVolumeSourceArgs(sources=[source]))]

    def _files(self, volume: str, path: str) -> list[core.VolumeMountArgs]:
        return [core.VolumeMountArgs(name=volume, mount_path=path, read_only=True)]

    def _tmp(self) -> list[core.VolumeMountArgs]:
        return [core.VolumeMountArgs(name="tmp", mount_path="/tmp")]  # noqa: S108

    def _meta(self, name: str) -> meta.ObjectMetaArgs:
        return meta.ObjectMetaArgs(name=name, namespace=self._space, labels={**self.labels(), **self._who.labels})
