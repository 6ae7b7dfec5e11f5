"""A Qdrant cluster on the platform's own nodes."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from importlib.resources import files
from typing import TYPE_CHECKING, ClassVar

import pulumi_kubernetes as kubernetes
import yaml

from blueprint.component import Component
from blueprint.types import Layer
from components.certified import Certified
from components.compute.addons import STORAGE_CLASS
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
from components.retrieval.program_pods import PACKAGE, ProgramPods, secrets_mount
from components.versions import image

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pulumi
    from pydantic import JsonValue

    from blueprint.context import PlatformContext
    from blueprint.ports import ClusterPort, NetworkPort, WorkloadIdentity
    from blueprint.types import DataClass, Noun
    from components.retrieval.qdrant_spec import ClusterSize

core, apps, meta = kubernetes.core.v1, kubernetes.apps.v1, kubernetes.meta.v1

HTTP, PEER, DOOR = 6333, 6335, 8443
"""Qdrant's own ports, and the one where the door answers over TLS with the service's certificate."""
USER = 1000
STORAGE = "/qdrant/storage"
AUDIT = f"{STORAGE}/audit"
PROGRAM = "qdrant.sh"
CONFIG = "config.yaml"


def configuration() -> dict[str, JsonValue]:
    """Everything but the keys, which the start program adds to the last section."""
    return {
        "log_level": "INFO", "telemetry_disabled": True,
        "storage": {
            "storage_path": f"{STORAGE}/data", "snapshots_path": f"{STORAGE}/snapshots",
            "temp_path": f"{STORAGE}/temporary", "on_disk_payload": True,
        },
        "cluster": {"enabled": True, "p2p": {"port": PEER, "enable_tls": True}},
        "tls": {"cert": "/run/peers/tls.crt", "key": "/run/peers/tls.key", "ca_cert": "/run/peers/ca.crt"},
        "audit": {"enabled": True, "dir": AUDIT, "rotation": "daily", "max_log_files": 30},
        "service": {
            "host": "0.0.0.0", "http_port": HTTP, "grpc_port": None, "enable_cors": False,  # noqa: S104
            "enable_static_content": False,
        },
    }  # fmt: skip


class QdrantCluster(Component):
    """Creates the members with their disks, one address for them, and the ways between them.

    A member takes requests through a door in its own pod, which speaks TLS with the cluster's certificate; Qdrant has one
    certificate only, and needs that for its peers, who prove themselves as clients too. Peers share an authority of their
    own. Its own ports are open to nobody else.
    """

    LAYER: ClassVar[Layer] = Layer.RETRIEVAL

    def __init__(
        self,
        noun: Noun,
        *,
        platform: PlatformContext,
        network: NetworkPort,
        cluster: ClusterPort,
        who: WorkloadIdentity,
        space: pulumi.Input[str],
        classes: frozenset[DataClass],
        size: ClusterSize,
        secrets: pulumi.Input[str],
        callers: Sequence[Mapping[str, str]],
        keep: bool,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`secrets` is what mounts the keys; `callers` are labels of the store's own pods that call it."""
        super().__init__(noun, platform=platform, opts=opts)
        self._who, self._space, self._size, self._classes, self._keep = who, space, size, classes, keep
        self.objects = self.within(provider=cluster.provider_resource)
        self.host = f"{self.named()}.{who.namespace}.svc"
        self._peers = f"{self.named('peers')}.{who.namespace}.svc"
        self._pods = ProgramPods(
            self,
            space=space,
            image_name="mcp-qdrant",
            programs=("audit_log", "qdrant_peers"),
            told={},
            opts=self.objects,
        )
        here = replace(cluster, namespaces={**cluster.namespaces, noun: space})
        certified = Certified(self, who=who, service=self.named(), cluster=here, network=network)
        self._services()
        self._ways(callers)
        self.members = self._members(certified, self._config(), secrets, cluster)
        self.finish(host=self.host)

    def _config(self) -> pulumi.Output[str]:
        program = files(PACKAGE).joinpath(PROGRAM).read_text(encoding="utf-8")
        data = {CONFIG: yaml.safe_dump(configuration(), sort_keys=False), PROGRAM: program}
        digest = hashlib.sha256("".join(data.values()).encode()).hexdigest()[:10]
        return core.ConfigMap(
            self.named("config"), metadata=self._meta(f"{self.named('config')}-{digest}"), data=data, immutable=True,
            opts=self.objects,
        ).metadata.name.apply(str)  # fmt: skip

    def _services(self) -> None:
        port = core.ServicePortArgs
        core.Service(
            self.named("service"), metadata=self._meta(self.named()), opts=self.objects,
            spec=core.ServiceSpecArgs(
                type="ClusterIP", selector=dict(self._who.labels),
                ports=[port(name="https", port=HTTP, target_port=DOOR, protocol="TCP")],
            ),
        )  # fmt: skip
        core.Service(
            self.named("peers"), metadata=self._meta(self.named("peers")), opts=self.objects,
            spec=core.ServiceSpecArgs(
                type="ClusterIP", cluster_ip="None", selector=dict(self._who.labels), publish_not_ready_addresses=True,
                ports=[port(name="peer", port=PEER, target_port=PEER, protocol="TCP")],
            ),
        )  # fmt: skip

    def _ways(self, callers: Sequence[Mapping[str, str]]) -> None:
        peers = Peer(labels=self._who.labels)
        network_policy(
            self, "ways", namespace=self._space, selects=self._who.labels, opts=self.objects,
            ingress=[(peers, [PEER]), *((Peer(labels=labels), [DOOR]) for labels in callers)], egress=[(peers, [PEER])],
        )  # fmt: skip

    def _members(
        self, certified: Certified, config: pulumi.Output[str], secrets: pulumi.Input[str], cluster: ClusterPort
    ) -> apps.StatefulSet:
        who, size, name = self._who, self._size, self.named()
        labels = {**self.labels(classes=self._classes), **who.labels}
        selector = meta.LabelSelectorArgs(match_labels=dict(who.labels))
        memory = core.EmptyDirVolumeSourceArgs(medium="Memory", size_limit="1Mi")
        pod = core.PodSpecArgs(
            service_account_name=who.service_account, automount_service_account_token=False, enable_service_links=False,
            security_context=pod_security(USER), termination_grace_period_seconds=120,
            topology_spread_constraints=spread(who.labels),
            init_containers=[certified.keeper(), self._peer()],
            containers=[self._qdrant(), self._door(certified), self._audit_log()],
            volumes=[
                *self._pods.volumes(secrets), *certified.volumes(),
                core.VolumeArgs(name="config", config_map=core.ConfigMapVolumeSourceArgs(name=config)),
                core.VolumeArgs(name="peers", empty_dir=memory), core.VolumeArgs(name="run", empty_dir=memory),
                scratch("init", "1Mi"),
            ],
        )  # fmt: skip
        claim = core.PersistentVolumeClaimArgs(
            metadata=meta.ObjectMetaArgs(name="storage", labels=labels),
            spec=core.PersistentVolumeClaimSpecArgs(
                access_modes=["ReadWriteOnce"], storage_class_name=STORAGE_CLASS,
                resources=core.VolumeResourceRequirementsArgs(requests={"storage": f"{size.disk_gib}Gi"}),
            ),
        )  # fmt: skip
        when = "Retain" if self._keep else "Delete"
        members = apps.StatefulSet(
            self.named("members"), metadata=self._meta(name),
            spec=apps.StatefulSetSpecArgs(
                service_name=self.named("peers"), replicas=size.members, selector=selector,
                pod_management_policy="Parallel", volume_claim_templates=[claim],
                persistent_volume_claim_retention_policy=apps.StatefulSetPersistentVolumeClaimRetentionPolicyArgs(
                    when_deleted=when, when_scaled="Retain"
                ),
                template=core.PodTemplateSpecArgs(metadata=meta.ObjectMetaArgs(labels=labels), spec=pod),
            ),
            opts=self.within(provider=cluster.provider_resource, protect=self._keep, retain_on_delete=self._keep),
        )  # fmt: skip
        kubernetes.policy.v1.PodDisruptionBudget(
            self.named("budget"), metadata=self._meta(name), opts=self.objects,
            spec=kubernetes.policy.v1.PodDisruptionBudgetSpecArgs(max_unavailable=1, selector=selector),
        )  # fmt: skip
        return members

    def _peer(self) -> core.ContainerArgs:
        """Makes the certificate by which peers know each other."""
        container = self._pods.container(
            "qdrant_peers", told={"HOST": f"$(POD_NAME).{self._peers}"},
            mounts=[secrets_mount(), core.VolumeMountArgs(name="peers", mount_path="/run/peers")],
        )  # fmt: skip
        return _named_by_pod(container)

    def _qdrant(self) -> core.ContainerArgs:
        size = self._size
        container = core.ContainerArgs(
            name="qdrant", image=image("qdrant").at(self.platform), command=["sh", f"/etc/qdrant/{PROGRAM}"],
            working_dir="/qdrant", security_context=container_security(USER),
            env=env({"PEERS": self._peers, "QDRANT_INIT_FILE_PATH": "/qdrant/init/initialized"}),
            resources=resources(size.cpu, size.memory, cpu_limit=size.cpu),
            startup_probe=http_probe("/livez", HTTP, period=5, failures=120), liveness_probe=http_probe("/livez", HTTP),
            readiness_probe=http_probe("/readyz", HTTP),
            ports=[core.ContainerPortArgs(name="peer", container_port=PEER)],
            volume_mounts=[
                core.VolumeMountArgs(name="storage", mount_path=STORAGE),
                core.VolumeMountArgs(name="config", mount_path="/etc/qdrant", read_only=True),
                core.VolumeMountArgs(name="peers", mount_path="/run/peers", read_only=True),
                core.VolumeMountArgs(name="run", mount_path="/run/qdrant"),
                core.VolumeMountArgs(name="init", mount_path="/qdrant/init"), secrets_mount(),
            ],
        )  # fmt: skip
        return _named_by_pod(container)

    def _door(self, certified: Certified) -> core.ContainerArgs:
        return self._pods.container(
            "door", told={"LISTEN": str(DOOR), "PORT": str(HTTP)}, memory="128Mi", mounts=[certified.mount()],
            ready=http_probe("/readyz", DOOR, scheme="HTTPS"),
            alive=core.ProbeArgs(tcp_socket=core.TCPSocketActionArgs(port=DOOR), period_seconds=20),
            ports=[core.ContainerPortArgs(name="https", container_port=DOOR)],
        )  # fmt: skip

    def _audit_log(self) -> core.ContainerArgs:
        """Brings Qdrant's audit records to where the platform keeps what containers say."""
        check = core.ProbeArgs(
            exec_=core.ExecActionArgs(command=["python", "-m", f"{PACKAGE}.audit_log", "check"]),
            period_seconds=30, timeout_seconds=10, failure_threshold=3,
        )  # fmt: skip
        storage = core.VolumeMountArgs(name="storage", mount_path=STORAGE, read_only=True)
        return self._pods.container(
            "audit_log", told={"AUDIT_FOLDER": AUDIT}, memory="64Mi", mounts=[storage], ready=check, alive=check
        )

    def _meta(self, name: str) -> meta.ObjectMetaArgs:
        labels = {**self.labels(classes=self._classes), **self._who.labels}
        return meta.ObjectMetaArgs(name=name, namespace=self._space, labels=labels)


def _named_by_pod(container: core.ContainerArgs) -> core.ContainerArgs:
    """The same container, told the name of its pod before all else."""
    source = core.EnvVarSourceArgs(field_ref=core.ObjectFieldSelectorArgs(field_path="metadata.name"))
    known = container.env
    container.env = [core.EnvVarArgs(name="POD_NAME", value_from=source), *(known if isinstance(known, list) else [])]
    return container
