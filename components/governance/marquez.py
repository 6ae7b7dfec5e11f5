"""The record of lineage, as Marquez."""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files
from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_kubernetes as kubernetes

from blueprint.component import Component
from blueprint.ports import OpenLineagePort
from blueprint.types import KeyPurpose, Layer
from blueprint.wiring import slug
from components.certified import AUTHORITIES, Certified
from components.data.aurora import Aurora
from components.data.database_door import DatabaseDoor
from components.data.databases import WORKLOAD as DATABASES
from components.data.databases import Database, Databases
from components.foundation.admission import Admission, Statement, ToPods
from components.foundation.secret_access import decrypts_secrets, reads_secrets
from components.governance import marquez_pods
from components.governance.marquez_config import DATABASE, USER, configuration
from components.governance.marquez_spec import HTTPS, KEY
from components.hardened import mounted_secrets, object_name, pod_security, scratch, secrets_volume, spread

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blueprint.context import PlatformContext
    from blueprint.ports import BackupPort, ClusterPort, IdentityPort, KeysPort, NetworkPort, Port, SecretsPort
    from blueprint.types import Noun
    from components.governance.marquez_spec import MarquezSpec

apps, core, meta = kubernetes.apps.v1, kubernetes.core.v1, kubernetes.meta.v1

WORKLOAD = "marquez"
EVENTS = "/api/v1/lineage"
METRICS = {
    "prometheus.io/scrape": "true", "prometheus.io/port": str(HTTPS), "prometheus.io/scheme": "https",
    "prometheus.io/path": "/metrics",
}  # fmt: skip


class Marquez(Component):
    """Creates Marquez with its database and the doors beside it, and what its callers need.

    A caller is let in by its edge: the way, and the right to read the key. Every caller has the same key, so lineage says
    who a job is by what the job tells; the way is open to wired workloads alone. Not created: Marquez's pages.
    """

    LAYER: ClassVar[Layer] = Layer.GOVERNANCE

    def __init__(
        self,
        noun: Noun,
        spec: MarquezSpec,
        *,
        platform: PlatformContext,
        network: NetworkPort,
        keys: KeysPort,
        identity: IdentityPort,
        cluster: ClusterPort,
        secrets: SecretsPort,
        backup: BackupPort,
        ports: Mapping[str, Port] | None = None,  # noqa: ARG002  metrics are asked for by the side that offers
        uses: Mapping[Noun, Port] | None = None,  # noqa: ARG002  every component is called alike
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._cluster, self._space, self._who = cluster, cluster.namespaces[noun], identity.workloads[noun, WORKLOAD]
        self._objects = self.within(provider=cluster.provider_resource)
        classes, key = platform.classes(noun), secrets.arns[f"{noun}/{KEY}"]
        aurora = Aurora(
            f"{noun}/database", platform=platform, network=network, keys=keys, backup=backup, classes=classes,
            database=DATABASE, units=spec.database.units, instances=spec.database.instances,
            admits=cluster.security_group_id, keep=spec.keep, opts=self.inside,
        )  # fmt: skip
        databases = Databases(
            f"{noun}/databases", platform=platform, network=network, cluster=cluster, space=self._space, aurora=aurora,
            who=identity.workloads[noun, DATABASES], secrets_key_arn=keys.arns[KeyPurpose.SECRETS], opts=self.inside,
            wanted=[Database(DATABASE, USER)],
        )  # fmt: skip
        days = spec.retention_days or platform.posture.training_lineage_retention_days(classes)
        door = DatabaseDoor(
            self, who=self._who, aurora=aurora, user=USER, cluster=cluster, network=network, space=self._space
        )
        certified = Certified(self, who=self._who, service=self.named(), cluster=cluster, network=network)
        self._deploy(spec, self._pod(certified, door, self._settings(configuration(days)), key), databases.job)
        self._service()
        for edge in platform.wiring.to(noun):
            Admission(
                edge, platform=platform, consumer=identity.workloads[edge.consumer, edge.workload], cluster=cluster,
                allow=self._reads(key, keys.arns[KeyPurpose.SECRETS]), opts=self.inside,
                way=ToPods(self._who.namespace, self._who.labels, HTTPS),
            )  # fmt: skip
        url = f"https://{self.named()}.{slug(noun)}.svc:{HTTPS}{EVENTS}"
        self.ports = {"lineage": OpenLineagePort(provider=noun, url=url, secret_arn=key, authorities=AUTHORITIES)}
        self.finish(url=url)

    def _settings(self, configuration: str) -> pulumi.Output[str]:
        """Configuration and program, named by their content, so that pods follow a change."""
        program = files("components.governance.programs").joinpath(marquez_pods.DOOR).read_text(encoding="utf-8")
        data = {marquez_pods.SETTINGS: configuration, marquez_pods.DOOR: program}
        digest = hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:10]
        return core.ConfigMap(
            self.named("settings"), metadata=self._meta(f"{self.named('settings')}-{digest}"), data=data, immutable=True,
            opts=self._objects,
        ).metadata.name.apply(str)  # fmt: skip

    def _pod(
        self, certified: Certified, door: DatabaseDoor, settings: pulumi.Input[str], key: pulumi.Input[str]
    ) -> core.PodSpecArgs:
        found = mounted_secrets(self, "secrets", namespace=self._space, files={KEY: key}, opts=self._objects)
        return core.PodSpecArgs(
            init_containers=[certified.keeper(), door.keeper()],
            containers=[marquez_pods.marquez(self.platform), marquez_pods.door(self.platform, certified.mount())],
            service_account_name=self._who.service_account, automount_service_account_token=False,
            enable_service_links=False, security_context=pod_security(),
            topology_spread_constraints=spread(self._who.labels),
            volumes=[
                core.VolumeArgs(name="settings", config_map=core.ConfigMapVolumeSourceArgs(name=settings)),
                secrets_volume("secrets", object_name(found)), scratch("tmp", "256Mi"), door.volume(), *certified.volumes(),
            ],
        )  # fmt: skip

    def _deploy(self, spec: MarquezSpec, pod: core.PodSpecArgs, after: pulumi.Resource) -> None:
        selector, labels = meta.LabelSelectorArgs(match_labels=dict(self._who.labels)), self._who.labels
        apps.Deployment(
            self.named("pods"), metadata=self._meta(WORKLOAD),
            spec=apps.DeploymentSpecArgs(
                selector=selector, replicas=spec.replicas,
                strategy=apps.DeploymentStrategyArgs(
                    type="RollingUpdate", rolling_update=apps.RollingUpdateDeploymentArgs(max_unavailable=0, max_surge=1)
                ),
                template=core.PodTemplateSpecArgs(
                    metadata=meta.ObjectMetaArgs(labels={**self.labels(), **labels}, annotations=METRICS), spec=pod
                ),
            ),
            opts=self.within(provider=self._cluster.provider_resource, depends_on=[after]),
        )  # fmt: skip
        kubernetes.policy.v1.PodDisruptionBudget(
            self.named("budget"), metadata=self._meta(WORKLOAD), opts=self._objects,
            spec=kubernetes.policy.v1.PodDisruptionBudgetSpecArgs(max_unavailable=1, selector=selector),
        )  # fmt: skip

    def _service(self) -> None:
        port = core.ServicePortArgs(name="https", port=HTTPS, target_port=HTTPS, protocol="TCP")
        core.Service(
            self.named("service"), metadata=self._meta(self.named()), opts=self._objects,
            spec=core.ServiceSpecArgs(type="ClusterIP", selector=dict(self._who.labels), ports=[port]),
        )  # fmt: skip

    def _reads(self, secret: pulumi.Input[str], key: pulumi.Input[str]) -> list[Statement]:
        return [reads_secrets([secret]), decrypts_secrets(self.platform, key)]

    def _meta(self, name: str) -> meta.ObjectMetaArgs:
        return meta.ObjectMetaArgs(name=name, namespace=self._space, labels={**self.labels(), **self._who.labels})
