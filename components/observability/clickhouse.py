"""Where traces are kept: ClickHouse on volumes of ours."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, ClassVar, Literal

import pulumi
import pulumi_kubernetes as kubernetes
import yaml

from blueprint.component import Component
from blueprint.types import KeyPurpose, Layer
from components.certified import AUTHORITY, Certified, authority_mount, authority_volume
from components.hardened import (
    Peer,
    container_security,
    env,
    http_probe,
    mounted_secrets,
    network_policy,
    pod_security,
    resources,
    scratch,
    secrets_volume,
    spread,
)
from components.observability.clickhouse_config import (
    DATA,
    HTTPS,
    INTERSERVER,
    KEEPER,
    NATIVE,
    RAFT,
    RUN,
    SYSTEM_LOG_DAYS,
    Replicas,
    server,
    users,
)
from components.versions import image

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blueprint.context import PlatformContext
    from blueprint.ports import BackupPort, ClusterPort, IdentityPort, KeysPort, NetworkPort, WorkloadIdentity
    from blueprint.types import Noun
    from components.observability.langfuse_spec import ClickHouseSize

core, apps, batch, meta = kubernetes.core.v1, kubernetes.apps.v1, kubernetes.batch.v1, kubernetes.meta.v1

REPLICAS = 3
"""Keepers decide by majority: three lose one and go on."""
USER = 101
FOLDER, SECRETS = "/etc/clickhouse", "/run/secrets/clickhouse"
RETENTION = "retention"
EVERY_NIGHT = "15 2 * * *"


@dataclass(frozen=True)
class Keeping:
    """How long, how safely and how much."""

    days: int | Literal["forever"]
    keep: bool
    size: ClickHouseSize


class ClickHouse(Component):
    """Creates three replicas with their own keepers, their storage class and services, and the job that ends old traces.

    Everything is spoken over TLS: queries, replication, keepers among themselves. Every replica holds every table, and
    the backup plan finds each one's volume by its tag. Certificates are checked against the cluster's authority; the names
    in them are checked by Langfuse, while replicas, which only network policies let reach each other, check the authority.
    """

    LAYER: ClassVar[Layer] = Layer.OBSERVABILITY

    def __init__(
        self,
        noun: Noun,
        keeping: Keeping,
        *,
        platform: PlatformContext,
        network: NetworkPort,
        keys: KeysPort,
        backup: BackupPort,
        identity: IdentityPort,
        cluster: ClusterPort,
        owner: Noun,
        secrets: Mapping[str, pulumi.Input[str]],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`owner` is the component whose workloads `clickhouse` and `retention` these are."""
        super().__init__(noun, platform=platform, opts=opts)
        self._keeping, self._secrets, self._owner = keeping, secrets, owner
        self._classes = platform.classes(owner)
        self._space, self._who = cluster.namespaces[owner], identity.workloads[owner, "clickhouse"]
        self._objects = self.within(provider=cluster.provider_resource)
        self._kept = self.within(
            provider=cluster.provider_resource, protect=keeping.keep, retain_on_delete=keeping.keep
        )
        self._certified = Certified(
            self, who=self._who, service=self.named(), cluster=cluster, network=network, space=self._space
        )
        self.host = f"{self.named()}.{self._who.namespace}.svc"
        self._storage(keys.arns[KeyPurpose.DISKS], backup)
        self._services()
        self.servers = self._serve()
        for who in (self._who, identity.workloads[owner, RETENTION]):
            self._between(who)
        if isinstance(keeping.days, int):
            self._forget(identity.workloads[owner, RETENTION], keeping.days)
        self.finish()

    def _storage(self, key: pulumi.Input[str], backup: BackupPort) -> None:
        """A class of its own, so that its volumes carry the tags by which backups and costs find them."""
        told = {**self.tags(classes=self._classes), backup.tag[0]: backup.tag[1]}
        tags = {f"tagSpecification_{number}": f"{name}={told[name]}" for number, name in enumerate(sorted(told), 1)}
        kubernetes.storage.v1.StorageClass(
            self.named("storage"), metadata={"name": self.named(), "labels": self._labels()},
            provisioner="ebs.csi.aws.com", volume_binding_mode="WaitForFirstConsumer", allow_volume_expansion=True,
            reclaim_policy="Retain" if self._keeping.keep else "Delete",
            parameters={"type": "gp3", "encrypted": "true", "kmsKeyId": key, **tags}, opts=self._objects,
        )  # fmt: skip

    def _services(self) -> None:
        """One name for those who ask, and one for the replicas, which have to find each other before they are ready."""
        asked = {"https": HTTPS, "native": NATIVE}
        between = {**asked, "interserver": INTERSERVER, "keeper": KEEPER, "raft": RAFT}
        for part, name, ports, peers in (
            ("service", self.named(), asked, False), ("peers", self.named("peers"), between, True)
        ):  # fmt: skip
            core.Service(
                self.named(part), metadata=self._meta(name),
                spec=core.ServiceSpecArgs(
                    type="ClusterIP", cluster_ip="None" if peers else None, publish_not_ready_addresses=peers,
                    selector=dict(self._who.labels),
                    ports=[core.ServicePortArgs(name=each, port=port, target_port=port, protocol="TCP")
                           for each, port in ports.items()],
                ),
                opts=self._objects,
            )  # fmt: skip

    def _serve(self) -> apps.StatefulSet:
        who, name = self._who, self.named()
        hosts = [f"{name}-{number}.{self._peers()}" for number in range(REPLICAS)]
        config = server(
            Replicas(hosts), tls_min_version=self.platform.posture.tls_min_version(self._classes),
            log_days=min(SYSTEM_LOG_DAYS, self._days(SYSTEM_LOG_DAYS)),
        )  # fmt: skip
        script = self._config_map(
            "config",
            {"config.yaml": _yaml(config), "users.yaml": _yaml(users()), "start.sh": _program("clickhouse.sh")},
        )
        mounted_secrets(self, "secrets", namespace=self._space, files=self._secrets, opts=self._objects)
        selector = meta.LabelSelectorArgs(match_labels=dict(who.labels))
        made = apps.StatefulSet(
            self.named("servers"), metadata=self._meta(name),
            spec=apps.StatefulSetSpecArgs(
                replicas=REPLICAS, service_name=self.named("peers"), selector=selector, pod_management_policy="Parallel",
                template=core.PodTemplateSpecArgs(metadata=meta.ObjectMetaArgs(labels=self._labels()), spec=self._pod(script)),
                volume_claim_templates=[core.PersistentVolumeClaimArgs(
                    metadata=meta.ObjectMetaArgs(name="data", labels=dict(who.labels)),
                    spec=core.PersistentVolumeClaimSpecArgs(
                        access_modes=["ReadWriteOnce"], storage_class_name=name,
                        resources=core.VolumeResourceRequirementsArgs(requests={"storage": f"{self._keeping.size.disk_gib}Gi"}),
                    ),
                )],
                persistent_volume_claim_retention_policy=apps.StatefulSetPersistentVolumeClaimRetentionPolicyArgs(
                    when_deleted="Retain" if self._keeping.keep else "Delete", when_scaled="Retain"
                ),
            ),
            opts=self._kept,
        )  # fmt: skip
        kubernetes.policy.v1.PodDisruptionBudget(
            self.named("budget"), metadata=self._meta(name),
            spec=kubernetes.policy.v1.PodDisruptionBudgetSpecArgs(max_unavailable=1, selector=selector), opts=self._objects,
        )  # fmt: skip
        return made

    def _pod(self, script: pulumi.Input[str]) -> core.PodSpecArgs:
        size = self._keeping.size
        pod_name = core.EnvVarArgs(
            name="POD_NAME",
            value_from=core.EnvVarSourceArgs(field_ref=core.ObjectFieldSelectorArgs(field_path="metadata.name")),
        )
        memory = core.EmptyDirVolumeSourceArgs(medium="Memory", size_limit="1Mi")
        container = core.ContainerArgs(
            name="clickhouse", image=image("clickhouse").at(self.platform), command=["sh", f"{FOLDER}/start.sh"],
            env=[*env({"PEERS": self._peers()}), pod_name], security_context=container_security(USER),
            ports=[core.ContainerPortArgs(name="https", container_port=HTTPS),
                   core.ContainerPortArgs(name="native", container_port=NATIVE)],
            startup_probe=http_probe("/ping", HTTPS, scheme="HTTPS", failures=60),
            liveness_probe=http_probe("/ping", HTTPS, scheme="HTTPS", period=30, failures=5),
            readiness_probe=http_probe("/ping", HTTPS, scheme="HTTPS"),
            resources=resources(str(size.cpu), f"{size.memory_gib}Gi", cpu_limit=str(size.cpu * 2)),
            volume_mounts=[
                core.VolumeMountArgs(name="config", mount_path=FOLDER, read_only=True),
                core.VolumeMountArgs(name="secrets", mount_path=SECRETS, read_only=True),
                core.VolumeMountArgs(name="run", mount_path=RUN), core.VolumeMountArgs(name="data", mount_path=DATA),
                core.VolumeMountArgs(name="tmp", mount_path="/tmp"),  # noqa: S108
                self._certified.mount(), authority_mount(),
            ],
        )  # fmt: skip
        return core.PodSpecArgs(
            init_containers=[self._certified.keeper()], containers=[container], service_account_name=self._who.service_account,
            automount_service_account_token=False, enable_service_links=False, security_context=pod_security(USER),
            topology_spread_constraints=spread(self._who.labels), termination_grace_period_seconds=120,
            volumes=[
                core.VolumeArgs(name="config", config_map=core.ConfigMapVolumeSourceArgs(name=script)),
                secrets_volume("secrets", self.named("secrets")), core.VolumeArgs(name="run", empty_dir=memory),
                scratch("tmp", "256Mi"), *self._certified.volumes(), authority_volume(),
            ],
        )  # fmt: skip

    def _between(self, who: WorkloadIdentity) -> None:
        """Replicas reach each other on every port; the job that ends old traces reaches them as any client does."""
        own = who is self._who
        ports = [HTTPS, NATIVE, INTERSERVER, KEEPER, RAFT] if own else [NATIVE]
        part = "replicas" if own else RETENTION
        network_policy(
            self, f"{part}-out", namespace=self._space, selects=who.labels, opts=self._objects,
            egress=[(Peer(labels=self._who.labels), ports)],
        )  # fmt: skip
        network_policy(
            self, f"{part}-in", namespace=self._space, selects=self._who.labels, opts=self._objects,
            ingress=[(Peer(labels=who.labels), ports)],
        )  # fmt: skip

    def _forget(self, who: WorkloadIdentity, days: int) -> None:
        """Langfuse's own retention needs a licence; ClickHouse's needs none, and holds for tables of later versions too."""
        script = self._config_map("retention", {"retention.sh": _program("retention.sh")})
        needed = {"clickhouse-maintenance": self._secrets["clickhouse-maintenance"]}
        mounted_secrets(self, "retention-secrets", namespace=self._space, files=needed, opts=self._objects)
        told = {
            "AUTHORITY": AUTHORITY,
            "CLICKHOUSE_HOST": self.host,
            "CLICKHOUSE_PORT": str(NATIVE),
            "RETENTION_DAYS": str(days),
        }
        container = core.ContainerArgs(
            name=RETENTION, image=image("clickhouse").at(self.platform), command=["sh", f"{FOLDER}/retention.sh"],
            env=env({**told, "HOME": "/tmp"}), security_context=container_security(USER),  # noqa: S108
            resources=resources("100m", "512Mi", cpu_limit="1"),
            volume_mounts=[
                core.VolumeMountArgs(name="script", mount_path=FOLDER, read_only=True),
                core.VolumeMountArgs(name="secrets", mount_path=SECRETS, read_only=True),
                core.VolumeMountArgs(name="tmp", mount_path="/tmp"), authority_mount(),  # noqa: S108
            ],
        )  # fmt: skip
        pod = core.PodSpecArgs(
            containers=[container], restart_policy="Never", service_account_name=who.service_account,
            automount_service_account_token=False, enable_service_links=False, security_context=pod_security(USER),
            volumes=[
                core.VolumeArgs(name="script", config_map=core.ConfigMapVolumeSourceArgs(name=script)),
                secrets_volume("secrets", self.named("retention-secrets")), scratch("tmp", "16Mi"), authority_volume(),
            ],
        )  # fmt: skip
        labels = {**self.labels(), **who.labels}
        batch.CronJob(
            self.named("forgets"), metadata=meta.ObjectMetaArgs(name=self.named(RETENTION), namespace=self._space, labels=labels),
            spec=batch.CronJobSpecArgs(
                schedule=EVERY_NIGHT, concurrency_policy="Forbid", successful_jobs_history_limit=1,
                failed_jobs_history_limit=3,
                job_template=batch.JobTemplateSpecArgs(spec=batch.JobSpecArgs(
                    backoff_limit=2, active_deadline_seconds=3600,
                    template=core.PodTemplateSpecArgs(metadata=meta.ObjectMetaArgs(labels=labels), spec=pod),
                )),
            ),
            opts=pulumi.ResourceOptions.merge(self._objects, pulumi.ResourceOptions(depends_on=[self.servers])),
        )  # fmt: skip

    def _days(self, forever: int) -> int:
        return self._keeping.days if isinstance(self._keeping.days, int) else forever

    def _peers(self) -> str:
        return f"{self.named('peers')}.{self._who.namespace}.svc"

    def _config_map(self, part: str, data: Mapping[str, str]) -> pulumi.Output[str]:
        digest = hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:10]
        return core.ConfigMap(
            self.named(part), metadata=self._meta(f"{self.named(part)}-{digest}"), data=data, immutable=True,
            opts=self._objects,
        ).metadata.name.apply(str)  # fmt: skip

    def _labels(self) -> dict[str, str]:
        return {**self.labels(), **self._who.labels}

    def _meta(self, name: str) -> meta.ObjectMetaArgs:
        return meta.ObjectMetaArgs(name=name, namespace=self._space, labels=self._labels())


def _program(name: str) -> str:
    return files("components.observability.programs").joinpath(name).read_text(encoding="utf-8")


def _yaml(document: Mapping[str, object]) -> str:
    return yaml.safe_dump(json.loads(json.dumps(document)), sort_keys=False, width=1000)
