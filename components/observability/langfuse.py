"""The store of traces, as Langfuse."""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files
from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_kubernetes as kubernetes

from blueprint.component import Component
from blueprint.errors import DocumentError, Problem
from blueprint.ports import HttpProxyPort, TracesPort
from blueprint.tags import Tag
from blueprint.types import KeyPurpose, Layer
from components.certified import AUTHORITIES, AUTHORITY
from components.data.aurora import Aurora
from components.data.database_door import ADDRESS as DATABASE_ADDRESS
from components.data.databases import Database, Databases
from components.data.valkey import PORT as REDIS
from components.data.valkey import Valkey
from components.foundation.admission import Admission, ToPods
from components.foundation.private_bucket import Ageing, PrivateBucket
from components.foundation.secret_access import decrypts_secrets, reads_secrets
from components.gateway.entrance import HTTPS as ENTRANCE
from components.gateway.entrance import Door, enter
from components.hardened import Peer, network_policy
from components.observability import langfuse_pods as pods
from components.observability.clickhouse import ClickHouse, Keeping
from components.observability.clickhouse_config import HTTPS, NATIVE
from components.observability.langfuse_program import LangfuseProgram, Running
from components.observability.langfuse_spec import PROJECT_KEY, SIGN_ON_PROXY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blueprint.context import PlatformContext
    from blueprint.ports import (
        AuditPort,
        BackupPort,
        ClusterPort,
        IdentityPort,
        IngressPort,
        KeysPort,
        NetworkPort,
        Port,
        SecretsPort,
    )
    from blueprint.types import Noun
    from components.foundation.admission import Statement
    from components.observability.langfuse_spec import LangfuseSpec, Page

core = kubernetes.core.v1

DATABASE = USER = "langfuse"
PROJECT = "platform"
PUBLIC_KEY = "pk-lf-platform"
"""The half of the key pair that is no secret; the other half is renewed, and this one stays."""
PRIORITY = 40
"""Among the listener's rules: a name of its own, so it may stand before those that tell paths of the shared name apart."""
INGESTION = {"x-langfuse-ingestion-version": "4"}
"""Without it Langfuse takes a sender for one of its older libraries and delays what it sends."""


class Langfuse(Component):
    """Creates Langfuse's two programs with database, queue, bucket and ClickHouse, one project and its key pair.

    Not created: ENCRYPTION_KEY. It encrypts credentials that people enter for models and integrations; it may never
    change, while secrets here are renewed, so nothing is kept that it would have to encrypt: Langfuse refuses to store
    such credentials. SALT may change: a key that its digest no longer finds is found by its slow hash, and gets a new digest.
    When the key pair is renewed, callers and Langfuse take it up within minutes of each other; what is sent between is lost
    here, and nowhere else.
    """

    LAYER: ClassVar[Layer] = Layer.OBSERVABILITY

    def __init__(
        self,
        noun: Noun,
        spec: LangfuseSpec,
        *,
        platform: PlatformContext,
        network: NetworkPort,
        keys: KeysPort,
        audit: AuditPort,
        identity: IdentityPort,
        cluster: ClusterPort,
        secrets: SecretsPort,
        backup: BackupPort,
        ingress: IngressPort | None = None,
        ports: Mapping[str, Port] | None = None,
        uses: Mapping[Noun, Port] | None = None,  # noqa: ARG002  every component is called alike
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._spec, self._cluster, self._keys = spec, cluster, keys
        self._space = cluster.namespaces[noun]
        self._objects = self.within(provider=cluster.provider_resource)
        self._web = identity.workloads[noun, "web"]
        self._secrets = {name: secrets.arns[f"{noun}/{name}"] for name in sorted(spec.needs().secrets)}
        self._classes = platform.classes(noun)
        days = spec.retention_days or platform.posture.prompt_log_retention_days(self._classes)
        admits = cluster.security_group_id
        self._database = Aurora(
            f"{noun}/database", platform=platform, network=network, keys=keys, backup=backup, classes=self._classes,
            database=DATABASE, units=(spec.database.min_units, spec.database.max_units),
            instances=spec.database.instances, admits=admits, keep=spec.keep, opts=self.inside,
        )  # fmt: skip
        databases = Databases(
            f"{noun}/databases", platform=platform, network=network, cluster=cluster,
            who=identity.workloads[noun, "databases"], space=self._space, aurora=self._database,
            wanted=[Database(name=DATABASE, user=USER)],
            secrets_key_arn=keys.arns[KeyPurpose.SECRETS], opts=self.inside,
        )  # fmt: skip
        self._queue = Valkey(
            f"{noun}/queue", platform=platform, network=network, keys=keys, classes=self._classes, node=spec.queue.node,
            replicas=spec.queue.replicas, admits=admits, keep=spec.keep, opts=self.inside, when_full="noeviction",
        )  # fmt: skip
        self._bucket = PrivateBucket(
            f"{noun}/events", platform=platform, key_arn=keys.arns[KeyPurpose.OBJECTS],
            access_log_bucket=audit.access_log_bucket, classes=self._classes, keep=spec.keep,
            ageing=Ageing(expire_after_days=days, noncurrent_days=1) if isinstance(days, int) else Ageing(),
            more={Tag.AUDIT_RELEVANT: "false", Tag.BACKUP: backup.tag[1]}, opts=self.inside,
        )  # fmt: skip
        self._clickhouse = ClickHouse(
            f"{noun}/clickhouse", Keeping(days, spec.keep, spec.clickhouse), platform=platform, network=network, keys=keys,
            backup=backup, identity=identity, cluster=cluster, owner=noun, opts=self.inside,
            secrets={name: arn for name, arn in self._secrets.items() if name.startswith("clickhouse")},
        )  # fmt: skip
        after = [databases.job, *self._database.instances, self._clickhouse.servers]
        self._run(network, identity, self._proxy(ports or {}), after)
        service = self._service()
        if spec.page is not None:
            self._enter(spec.page, network, _required(ingress, noun), service)
        for edge in platform.wiring.to(noun):
            Admission(
                edge, platform=platform, consumer=identity.workloads[edge.consumer, edge.workload], cluster=cluster,
                allow=[reads_secrets([self._secrets[PROJECT_KEY]]), self._decrypts()],
                way=ToPods(self._web.namespace, self._web.labels, pods.TLS_PORT), opts=self.inside,
            )  # fmt: skip
        self.ports = {
            "traces": TracesPort(
                provider=noun, http=f"{self._address()}/api/public/otel", user=PUBLIC_KEY,
                secret_arn=self._secrets[PROJECT_KEY], authorities=AUTHORITIES, headers=INGESTION,
            )
        }  # fmt: skip
        self.finish(bucket=self._bucket.name)

    def _address(self) -> str:
        return f"https://{self.named()}.{self._web.namespace}.svc"

    def _environment(self) -> dict[str, pulumi.Input[str]]:
        """Everything in clear; what is secret is mounted."""
        region, queue, clickhouse = self.platform.region, self._queue, self._clickhouse.host
        address = f"postgresql://{USER}@{DATABASE_ADDRESS}/{DATABASE}?sslmode=disable"
        buckets: dict[str, pulumi.Input[str]] = {}
        for use, prefix in (("EVENT_UPLOAD", "events/"), ("MEDIA_UPLOAD", "media/")):
            variable = f"LANGFUSE_S3_{use}"
            buckets |= {
                f"{variable}_BUCKET": self._bucket.name,
                f"{variable}_PREFIX": prefix,
                f"{variable}_REGION": region,
            }
        return {
            "AWS_REGION": region, "CACHE_HOST": queue.group.primary_endpoint_address, "CACHE_NAME": queue.identifier,
            "CACHE_PORT": str(REDIS), "CACHE_USER": queue.user.user_name, "CLICKHOUSE_CLUSTER_ENABLED": "true",
            "CLICKHOUSE_DB": "default", "CLICKHOUSE_HOST": clickhouse, "CLICKHOUSE_NATIVE_PORT": str(NATIVE),
            "CLICKHOUSE_MIGRATION_URL": f"clickhouse://127.0.0.1:{pods.MIGRATION_PORT}",
            "CLICKHOUSE_URL": f"https://{clickhouse}:{HTTPS}", "CLICKHOUSE_USER": USER,
            "DATABASE_URL": address, "DIRECT_URL": address, "HOME": "/tmp",  # noqa: S108  an empty volume of the pod
            "LANGFUSE_LOG_FORMAT": "json", "LANGFUSE_MIGRATION_V4_WRITE_MODE": "events_only",
            "LANGFUSE_S3_BATCH_EXPORT_ENABLED": "false", "NEXT_TELEMETRY_DISABLED": "1", "NODE_EXTRA_CA_CERTS": AUTHORITY,
            "REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(pods.DOOR_PORT), "TELEMETRY_ENABLED": "false", **buckets,
        }  # fmt: skip

    def _people(self) -> dict[str, pulumi.Input[str]]:
        """Who may be let in: nobody, or whoever the identity provider knows, to look; never anybody with a password."""
        posture, page = self.platform.posture, self._spec.page
        own: dict[str, pulumi.Input[str]] = {
            "AUTH_DISABLE_SIGNUP": "false" if page else "true", "AUTH_DISABLE_USERNAME_PASSWORD": "true",
            "AUTH_SESSION_MAX_AGE": str(posture.session_idle_minutes(self._classes)),
            "LANGFUSE_ALLOWED_ORGANIZATION_CREATORS": self.platform.owner,
            "LANGFUSE_INIT_ORG_ID": PROJECT, "LANGFUSE_INIT_ORG_NAME": PROJECT, "LANGFUSE_INIT_PROJECT_ID": PROJECT,
            "LANGFUSE_INIT_PROJECT_NAME": PROJECT, "LANGFUSE_INIT_PROJECT_PUBLIC_KEY": PUBLIC_KEY,
            "MIGRATION_PORT": str(pods.MIGRATION_PORT), "TLS_PORT": str(pods.TLS_PORT),
            "NEXTAUTH_URL": f"https://{page.host}" if page else self._address(),
            "TLS_MIN_VERSION": f"TLSv{posture.tls_min_version(self._classes)}",
        }  # fmt: skip
        if page is None:
            return own
        return {
            **own, "AUTH_CUSTOM_CLIENT_ID": page.sign_on.client_id, "AUTH_CUSTOM_ISSUER": page.sign_on.issuer,
            "AUTH_CUSTOM_NAME": "Single sign-on", "LANGFUSE_DEFAULT_ORG_ID": PROJECT, "LANGFUSE_DEFAULT_ORG_ROLE": "VIEWER",
            "LANGFUSE_DEFAULT_PROJECT_ID": PROJECT, "LANGFUSE_DEFAULT_PROJECT_ROLE": "VIEWER",
        }  # fmt: skip

    def _proxy(self, ports: Mapping[str, Port]) -> HttpProxyPort | None:
        proxy = ports.get(SIGN_ON_PROXY)
        if proxy is not None and not isinstance(proxy, HttpProxyPort):
            raise TypeError(f"the port {SIGN_ON_PROXY} of {self.noun} speaks {proxy.DIALECT}")
        return proxy

    def _run(
        self,
        network: NetworkPort,
        identity: IdentityPort,
        proxy: HttpProxyPort | None,
        after: Sequence[pulumi.Resource],
    ) -> None:
        """Both programs: each gets the secrets that it reads, and no others."""
        told: dict[str, pulumi.Input[str]] = self._people()
        more: dict[str, pulumi.Input[str]] = {}
        page = self._spec.page
        if proxy is not None and page is not None:
            more = {"proxy": proxy.secret_arn, "sign-on": page.sign_on.client_secret_arn}
            told |= {"NODE_USE_ENV_PROXY": "1", "NO_PROXY": "127.0.0.1,.svc,.amazonaws.com", "PROXY_URL": proxy.url}
        shared, programs = self._environment(), self._programs()
        for running in (
            Running(
                "web", {**shared, **told}, {**self._read("clickhouse", "nextauth", PROJECT_KEY, "salt"), **more},
                (*self._shared(), *self._signs_on()), (HTTPS, NATIVE), self._spec.web_replicas,
            ),
            Running(
                "worker", shared, self._read("clickhouse", "salt"), self._shared(), (HTTPS,), self._spec.worker_replicas
            ),
        ):  # fmt: skip
            LangfuseProgram(
                f"{self.noun}/{running.part}", running, platform=self.platform, network=network, cluster=self._cluster,
                identity=identity, owner=self.noun, aurora=self._database, programs=programs, after=after, opts=self.inside,
            )  # fmt: skip

    def _service(self) -> core.Service:
        return core.Service(
            self.named("service"),
            metadata=kubernetes.meta.v1.ObjectMetaArgs(name=self.named(), namespace=self._space, labels=self.labels()),
            spec=core.ServiceSpecArgs(
                type="ClusterIP", selector=dict(self._web.labels),
                ports=[core.ServicePortArgs(name="https", port=ENTRANCE, target_port=pods.TLS_PORT, protocol="TCP")],
            ),
            opts=self._objects,
        )  # fmt: skip

    def _enter(self, page: Page, network: NetworkPort, ingress: IngressPort, service: core.Service) -> None:
        """Whoever comes under the page's name, from the load balancer's subnets."""
        door = Door("trace", pods.TLS_PORT, pods.READY, ("/*",), PRIORITY, pods.DRAIN_SECONDS, host=page.host)
        enter(self, door, network, ingress, self._cluster, service)
        network_policy(
            self, "page", namespace=self._space, selects=self._web.labels, opts=self._objects,
            ingress=[(Peer(cidr=network.vpc_cidr), [pods.TLS_PORT])],
        )  # fmt: skip

    def _read(self, *names: str) -> dict[str, pulumi.Input[str]]:
        return {name: self._secrets[name] for name in names}

    def _programs(self) -> pulumi.Output[str]:
        data = {
            name: files(f"components.{layer}.programs").joinpath(name).read_text(encoding="utf-8")
            for layer, name in (("observability", "langfuse.js"), ("gateway", "cache_door.py"))
        }
        digest = hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:10]
        name = f"{self.named('programs')}-{digest}"
        return core.ConfigMap(
            self.named("programs"), metadata={"name": name, "namespace": self._space, "labels": self.labels()},
            data=data, immutable=True, opts=self._objects,
        ).metadata.name.apply(str)  # fmt: skip

    def _shared(self) -> list[Statement]:
        """Both programs reach the bucket and the queue."""
        objects = self._keys.arns[KeyPurpose.OBJECTS]
        through = {"StringEquals": {"kms:ViaService": f"s3.{self.platform.region}.amazonaws.com"}}
        return [
            {"Effect": "Allow", "Action": ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
             "Resource": [pulumi.Output.concat(self._bucket.arn, "/", prefix, "/*") for prefix in ("events", "media")]},
            {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": self._bucket.arn},
            {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": objects, "Condition": through},
            {"Effect": "Allow", "Action": "elasticache:Connect", "Resource": self._queue.connect_arns},
        ]  # fmt: skip

    def _signs_on(self) -> list[Statement]:
        page = self._spec.page
        return [reads_secrets([page.sign_on.client_secret_arn]), self._decrypts()] if page else []

    def _decrypts(self) -> Statement:
        return decrypts_secrets(self.platform, self._keys.arns[KeyPurpose.SECRETS])


def _required(ingress: IngressPort | None, noun: Noun) -> IngressPort:
    if ingress is None:
        raise DocumentError([Problem(
            what="has a page for people, and there is no load balancer", path=(noun, "page"),
            why="nobody could reach the page", fix="add ingress to the document, or leave the page out",
        )])  # fmt: skip
    return ingress
