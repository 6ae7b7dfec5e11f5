"""Durable execution, as Temporal."""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files
from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_kubernetes as kubernetes

from blueprint.component import Component
from blueprint.ports import TemporalPort
from blueprint.types import KeyPurpose, Layer
from blueprint.wiring import slug
from components.agents.temporal_config import DATABASE, GRPC, USER, VISIBILITY, audience, documents, retention
from components.agents.temporal_jobs import job
from components.agents.temporal_service import FRONTEND, Shared, TemporalService
from components.certified import AUTHORITIES
from components.data.aurora import Aurora
from components.data.database_door import DatabaseDoor
from components.data.databases import WORKLOAD as DATABASES
from components.data.databases import Database, Databases
from components.foundation.admission import Admission, ToPods
from components.hardened import Peer, network_policy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blueprint.context import PlatformContext
    from blueprint.ports import BackupPort, ClusterPort, IdentityPort, KeysPort, NetworkPort, Port
    from blueprint.types import Noun
    from components.agents.temporal_spec import TemporalSpec

core, meta = kubernetes.core.v1, kubernetes.meta.v1

INTERNAL = "internal-frontend"
PROGRAMS = ("temporal_schema.sh", "temporal_namespace.sh", "token_keys.py")
READS_KEYS = "system:service-account-issuer-discovery"
"""Kubernetes' own role for reading the keys that sign service account tokens."""


class Temporal(Component):
    """Creates Temporal's server with its database, the jobs that bring schema and namespace, and what its callers need.

    A caller is let in by its edge: the way, and a service account token made for the port's audience, which gives the right
    to use the one namespace. Not created: Temporal's pages, which would show what workflows hold, and its HTTP API.
    """

    LAYER: ClassVar[Layer] = Layer.AGENTS

    def __init__(
        self,
        noun: Noun,
        spec: TemporalSpec,
        *,
        platform: PlatformContext,
        network: NetworkPort,
        keys: KeysPort,
        identity: IdentityPort,
        cluster: ClusterPort,
        backup: BackupPort,
        ports: Mapping[str, Port] | None = None,  # noqa: ARG002  metrics are asked for by the side that offers
        uses: Mapping[Noun, Port] | None = None,  # noqa: ARG002  every component is called alike
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._spec, self._cluster, self._network, self._identity = spec, cluster, network, identity
        self._space = cluster.namespaces[noun]
        self._objects = self.within(provider=cluster.provider_resource)
        classes = platform.classes(noun)
        aurora = Aurora(
            f"{noun}/database", platform=platform, network=network, keys=keys, backup=backup, classes=classes,
            database=DATABASE, units=spec.database.units, instances=spec.database.instances,
            admits=cluster.security_group_id, keep=spec.keep, opts=self.inside,
        )  # fmt: skip
        databases = Databases(
            f"{noun}/databases", platform=platform, network=network, cluster=cluster, space=self._space, aurora=aurora,
            who=identity.workloads[noun, DATABASES], secrets_key_arn=keys.arns[KeyPurpose.SECRETS], opts=self.inside,
            wanted=[Database(DATABASE, USER), Database(VISIBILITY, USER, extensions=("btree_gin",))],
        )  # fmt: skip
        host = f"{self.named()}.{slug(noun)}.svc"
        token = audience(slug(noun), spec.namespace)
        settings = documents(spec, service=host, audience=token)
        programs = _programs()
        self._programs, self._content = self._config_map("programs", programs), json.dumps(programs, sort_keys=True)
        self._shared = Shared(
            cluster=cluster, network=network, aurora=aurora, space=self._space, service=self.named(), user=USER,
            settings=self._config_map("settings", settings), programs=self._programs,
            after=self._schema(aurora, databases.job),
        )  # fmt: skip
        services = {role: self._service(role, replicas) for role, replicas in spec.counted.items()}
        self._addressed(self.named(), FRONTEND)
        self._addressed(self.named(INTERNAL), INTERNAL)
        self._may_read_keys()
        self._namespace(host, list(services.values()))
        self._admit()
        self.ports = {
            "temporal": TemporalPort(
                provider=noun, address=f"{host}:{GRPC[FRONTEND]}", namespace=spec.namespace, authorities=AUTHORITIES,
                audience=token,
            )
        }  # fmt: skip
        self.finish(address=f"{host}:{GRPC[FRONTEND]}")

    def _config_map(self, part: str, data: Mapping[str, str]) -> pulumi.Output[str]:
        """Named by its content, so that pods follow a change and a rollback finds what it had."""
        digest = hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:10]
        return core.ConfigMap(
            self.named(part), metadata=self._meta(f"{self.named(part)}-{digest}"), data=data, immutable=True,
            opts=self._objects,
        ).metadata.name.apply(str)  # fmt: skip

    def _service(self, role: str, replicas: int) -> TemporalService:
        return TemporalService(
            f"{self.noun}/{role}", role, platform=self.platform, who=self._identity.workloads[self.noun, role],
            replicas=replicas, shared=self._shared, opts=self.inside,
        )  # fmt: skip

    def _schema(self, aurora: Aurora, after: pulumi.Resource) -> pulumi.Resource:
        who = self._identity.workloads[self.noun, "schema"]
        door = DatabaseDoor(
            self, who=who, aurora=aurora, user=USER, cluster=self._cluster, network=self._network, space=self._space
        )
        return job(
            self, "schema", program="temporal_schema.sh", told={}, programs=self._programs, who=who, space=self._space, door=door,
            content=self._content, opts=self.within(provider=self._cluster.provider_resource, depends_on=[after]),
        )  # fmt: skip

    def _namespace(self, host: str, after: list[pulumi.Resource]) -> None:
        """Over the server's own way in: the frontend would ask for a token that allows no namespace to be made."""
        port = GRPC[INTERNAL]
        who, inner = (self._identity.workloads[self.noun, name] for name in ("namespaces", INTERNAL))
        for part, selects, ingress, egress in (
            ("namespaces-out", who.labels, [], [(Peer(labels=inner.labels), [port])]),
            ("namespaces-in", inner.labels, [(Peer(labels=who.labels), [port])], []),
        ):
            network_policy(
                self, part, namespace=self._space, selects=selects, ingress=ingress, egress=egress, opts=self._objects
            )
        most = self.platform.posture.data_retention_max_days(self.platform.classes(self.noun))
        told = {
            "ADDRESS": f"{self.named(INTERNAL)}.{slug(self.noun)}.svc:{port}", "NAMESPACE": self._spec.namespace,
            "RETENTION_DAYS": str(retention(self._spec.retention_days, most)), "SERVER": host,
        }  # fmt: skip
        job(
            self, "namespaces", program="temporal_namespace.sh", told=told, programs=self._programs, who=who, space=self._space,
            door=None, content=self._content,
            opts=self.within(provider=self._cluster.provider_resource, depends_on=after),
        )  # fmt: skip

    def _may_read_keys(self) -> None:
        rbac, who = kubernetes.rbac.v1, self._identity.workloads[self.noun, FRONTEND]
        rbac.ClusterRoleBinding(
            self.named("reads-token-keys"), opts=self._objects,
            metadata=meta.ObjectMetaArgs(name=self.named("reads-token-keys"), labels=self.labels()),
            role_ref=rbac.RoleRefArgs(api_group="rbac.authorization.k8s.io", kind="ClusterRole", name=READS_KEYS),
            subjects=[rbac.SubjectArgs(kind="ServiceAccount", name=who.service_account, namespace=who.namespace)],
        )  # fmt: skip

    def _addressed(self, name: str, role: str) -> None:
        port = core.ServicePortArgs(name="grpc", port=GRPC[role], target_port=GRPC[role], protocol="TCP")
        core.Service(
            f"{name}-service", metadata=self._meta(name), opts=self._objects,
            spec=core.ServiceSpecArgs(
                type="ClusterIP", selector=dict(self._identity.workloads[self.noun, role].labels), ports=[port]
            ),
        )  # fmt: skip

    def _admit(self) -> None:
        frontend = self._identity.workloads[self.noun, FRONTEND]
        for edge in self.platform.wiring.to(self.noun):
            Admission(
                edge, platform=self.platform, consumer=self._identity.workloads[edge.consumer, edge.workload],
                cluster=self._cluster, allow=[], opts=self.inside,
                way=ToPods(frontend.namespace, frontend.labels, GRPC[FRONTEND]),
            )  # fmt: skip

    def _meta(self, name: str) -> meta.ObjectMetaArgs:
        return meta.ObjectMetaArgs(name=name, namespace=self._space, labels=self.labels())


def _programs() -> dict[str, str]:
    folder = files("components.agents.programs")
    return {name: folder.joinpath(name).read_text(encoding="utf-8") for name in PROGRAMS}
