"""The model gateway, as LiteLLM."""

from __future__ import annotations

import hashlib
import json
from importlib import resources as files
from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
import yaml

from blueprint.component import Component
from blueprint.ports import McpPort, ModelRoutePort, OpenAiPort, OtlpPort
from blueprint.types import KeyPurpose, Layer
from components.certified import AUTHORITIES, AUTHORITY, Certified
from components.data.aurora import PORT as POSTGRES
from components.data.aurora import Aurora
from components.data.valkey import PORT as REDIS
from components.data.valkey import Valkey
from components.foundation.admission import Admission, ToPods
from components.foundation.secret_access import decrypts_secrets, reads_secrets
from components.gateway import litellm_config, pods
from components.gateway.callers import callers
from components.gateway.entrance import HTTPS, Door, enter
from components.gateway.tool_servers import tool_servers
from components.hardened import Peer, mounted_secrets, network_policy, object_name, spread
from components.versions import image

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

    from blueprint.context import PlatformContext
    from blueprint.ports import (
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
    from components.gateway.litellm_spec import LiteLlmSpec

DATABASE = USER = "litellm"
EVERY_TEN_MINUTES = "*/10 * * * *"
DOOR = Door(
    part="gateway", port=pods.PORT, ready=pods.READY, paths=("/v1/*",), priority=100, drain_seconds=pods.DRAIN_SECONDS
)
"""All that callers outside the cluster reach: keys, teams, settings and tools are for the inside alone."""
PROGRAMS = ("start", "cache_door", "migrate", "teams")


class LiteLlm(Component):
    """Creates LiteLLM with its database and cache, its part of the load balancer, and the jobs that keep it in order.

    Not created: LITELLM_SALT_KEY and model credentials in the database. Models come from the document alone
    (`store_model_in_db: false`), so nothing is stored that a key which can never be renewed would have to encrypt.
    The load balancer reaches pods through a TargetGroupBinding, which the AWS Load Balancer Controller carries out.
    """

    LAYER: ClassVar[Layer] = Layer.GATEWAY

    def __init__(
        self,
        noun: Noun,
        spec: LiteLlmSpec,
        *,
        platform: PlatformContext,
        network: NetworkPort,
        keys: KeysPort,
        identity: IdentityPort,
        cluster: ClusterPort,
        secrets: SecretsPort,
        backup: BackupPort,
        ingress: IngressPort,
        ports: Mapping[str, Port],
        uses: Mapping[Noun, Port] | None = None,  # noqa: ARG002  every component is called alike
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._spec, self._identity, self._cluster, self._secrets = spec, identity, cluster, secrets
        self._space = cluster.namespaces[noun]
        self._objects = self.within(provider=cluster.provider_resource)
        self._handling = _handling(spec, platform, noun)
        self._who = {name: identity.workloads[noun, name] for name in ("gateway", "migrations", "teams")}
        self._images = pods.Images(
            *(image(name).at(platform) for name in ("litellm", "presidio-analyzer", "presidio-anonymizer"))
        )
        classes, admits = platform.classes(noun), cluster.security_group_id
        self._database = Aurora(
            f"{noun}/database", platform=platform, network=network, keys=keys, backup=backup, classes=classes,
            database=DATABASE, units=(spec.database.min_units, spec.database.max_units), instances=spec.database.instances,
            admits=admits, keep=spec.keep, opts=self.inside,
        )  # fmt: skip
        self._cache = Valkey(
            f"{noun}/cache", platform=platform, network=network, keys=keys, classes=classes, node=spec.cache.node,
            replicas=spec.cache.replicas, admits=admits, keep=spec.keep, opts=self.inside,
        )  # fmt: skip
        self._callers = callers(platform.wiring, noun)
        self._grants(keys.arns[KeyPurpose.SECRETS])
        self._programs = self._config_map("programs", _programs())
        self._settings = self._config_map("settings", self._documents())
        self._tools = tool_servers(self, spec, ports, space=self._space, opts=self._objects)
        service = self._service()
        self._certified = Certified(
            self, who=self._who["gateway"], service=self.named(), cluster=cluster, network=network
        )
        migrated = self._migrate()
        deployment = self._deploy(ports, migrated)
        self._reconcile(deployment)
        self._open(network)
        enter(self, DOOR, network, ingress, cluster, service)
        for edge in platform.wiring.to(noun):
            consumer = identity.workloads[edge.consumer, edge.workload]
            Admission(
                edge, platform=platform, consumer=consumer, cluster=cluster, allow=[],
                way=ToPods(self._who["gateway"].namespace, self._who["gateway"].labels, pods.PORT), opts=self.inside,
            )  # fmt: skip
        inside = f"https://{self.named()}.{self._who['gateway'].namespace}.svc"
        named = tuple(f"{entry.name}/{tool}" for entry in spec.tools for tool in entry.all)
        self.ports = {
            "openai": OpenAiPort(
                provider=noun, url=f"{inside}/v1", models=tuple(route.name for route in spec.routes), authorities=AUTHORITIES
            ),
            "mcp": McpPort(provider=noun, url=f"{inside}/mcp", secret_arn=None, tools=named, authorities=AUTHORITIES),
        }  # fmt: skip
        self.finish(url=pulumi.Output.concat("https://", ingress.host, "/v1"))

    def _documents(self) -> dict[str, str]:
        return {
            "config.yaml": _yaml(litellm_config.settings(self._spec, self._handling)),
            "routes.yaml": _yaml(litellm_config.routes(self._spec, self._off(), self._approved())),
            "teams.json": json.dumps(litellm_config.teams(self._spec, self.platform.owner, self._callers), indent=2),
        }

    def _approved(self) -> frozenset[str]:
        """Models of which the register says that somebody other than the owner approved them."""
        wiring = self.platform.wiring
        return frozenset(
            name for name in self._spec.served
            if wiring.models(f"serving/{name}") and not wiring.unapproved(f"serving/{name}")
        )  # fmt: skip

    def _off(self) -> frozenset[str]:
        """Models that get no request: those that the document switches off, and those that nobody has approved."""
        if not self.platform.posture.model_registry_approval(self.platform.classes(self.noun)):
            return self._spec.switched_off
        waiting = (name for name in self._spec.served if self.platform.wiring.unapproved(f"serving/{name}"))
        return self._spec.switched_off | frozenset(waiting)

    def _config_map(self, part: str, data: Mapping[str, str]) -> pulumi.Output[str]:
        """Named by its content, so that pods follow a change and a rollback finds what it had."""
        name = f"{self.named(part)}-{_digest(data)}"
        return kubernetes.core.v1.ConfigMap(
            self.named(part), metadata={"name": name, "namespace": self._space, "labels": self.labels()},
            data=data, immutable=True, opts=self._objects,
        ).metadata.name.apply(str)  # fmt: skip

    def _environment(self) -> dict[str, pulumi.Input[str]]:
        """Everything in clear; what is secret is mounted."""
        return {
            "AWS_REGION": self.platform.region, "CACHE_HOST": self._cache.group.primary_endpoint_address,
            "CACHE_NAME": self._cache.identifier, "CACHE_PORT": str(REDIS), "CACHE_USER": self._cache.user.user_name,
            "DATABASE_HOST": self._database.cluster.endpoint, "DATABASE_NAME": DATABASE, "DATABASE_PORT": str(POSTGRES),
            "DATABASE_USER": USER, "DISABLE_ADMIN_UI": "True", "HOME": "/tmp",  # noqa: S108  an empty volume of the pod
            "IAM_TOKEN_DB_AUTH": "True", "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "INFO",
            "LITELLM_MIGRATION_DIR": "/run/gateway/migrations", "LITELLM_MODE": "PRODUCTION", "NO_DOCS": "True",
            "NO_OPENAPI": "True", "NO_REDOC": "True", "PORT": str(pods.PORT),
        }  # fmt: skip

    def _traced(self, otlp: Port) -> dict[str, pulumi.Input[str]]:
        if not isinstance(otlp, OtlpPort):
            raise TypeError(f"the port otlp of {self.noun} speaks {otlp.DIALECT}")
        return {
            "OTEL_ENDPOINT": otlp.grpc, "OTEL_EXPORTER": "otlp_grpc", "OTEL_EXPORTER_OTLP_CERTIFICATE": AUTHORITY,
            "OTEL_SERVICE_NAME": self.named(),
            "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT":
                "SPAN_ONLY" if self._handling.content_recorded else "NO_CONTENT",
        }  # fmt: skip

    def _deploy(self, ports: Mapping[str, Port], migrated: pulumi.Resource) -> kubernetes.apps.v1.Deployment:
        models = {port.provider.partition("/")[2]: port for port in ports.values() if isinstance(port, ModelRoutePort)}
        who, name = self._who["gateway"], self.named()
        mounts = pods.Mounts(self._programs, self._settings, self._mounted("gateway", {}), models, self._tools)
        environment = {**self._environment(), **self._traced(ports["otlp"])}
        containers = pods.gateway(
            self._images, mounts, environment, redacts=self._handling.redacts, certificate=self._certified.mount()
        )
        selector = kubernetes.meta.v1.LabelSelectorArgs(match_labels=dict(who.labels))
        deployment = kubernetes.apps.v1.Deployment(
            name, metadata=self._meta(name, who.labels),
            spec=kubernetes.apps.v1.DeploymentSpecArgs(
                selector=selector, replicas=self._spec.replicas,
                strategy=kubernetes.apps.v1.DeploymentStrategyArgs(
                    type="RollingUpdate",
                    rolling_update=kubernetes.apps.v1.RollingUpdateDeploymentArgs(max_unavailable=0, max_surge=1),
                ),
                template=kubernetes.core.v1.PodTemplateSpecArgs(
                    metadata=kubernetes.meta.v1.ObjectMetaArgs(
                        labels={**self.labels(), **who.labels}, annotations=_SCRAPED
                    ),
                    spec=pods.pod(
                        containers, account=who.service_account, spreads=spread(who.labels),
                        volumes=[*mounts.volumes(), *self._certified.volumes()], first=[self._certified.keeper()],
                    ),
                ),
            ),
            opts=self.within(
                provider=self._cluster.provider_resource, depends_on=[migrated, *self._database.instances],
                ignore_changes=["spec.replicas"],
            ),
        )  # fmt: skip
        kubernetes.policy.v1.PodDisruptionBudget(
            self.named("budget"), metadata=self._meta(name),
            spec=kubernetes.policy.v1.PodDisruptionBudgetSpecArgs(max_unavailable=1, selector=selector), opts=self._objects,
        )  # fmt: skip
        self._autoscale(name)
        return deployment

    def _meta(self, name: str, more: Mapping[str, str] | None = None) -> kubernetes.meta.v1.ObjectMetaArgs:
        return kubernetes.meta.v1.ObjectMetaArgs(
            name=name, namespace=self._space, labels={**self.labels(), **(more or {})}
        )

    def _autoscale(self, name: str) -> None:
        scaling = kubernetes.autoscaling.v2
        kubernetes.autoscaling.v2.HorizontalPodAutoscaler(
            self.named("replicas"), metadata={"name": name, "namespace": self._space, "labels": self.labels()},
            spec=scaling.HorizontalPodAutoscalerSpecArgs(
                scale_target_ref=scaling.CrossVersionObjectReferenceArgs(api_version="apps/v1", kind="Deployment", name=name),
                min_replicas=self._spec.replicas, max_replicas=self._spec.max_replicas,
                metrics=[scaling.MetricSpecArgs(
                    type="ContainerResource",
                    container_resource=scaling.ContainerResourceMetricSourceArgs(
                        name="cpu", container="litellm",
                        target=scaling.MetricTargetArgs(type="Utilization", average_utilization=60),
                    ),
                )],
            ),
            opts=self._objects,
        )  # fmt: skip

    def _migrate(self) -> kubernetes.batch.v1.Job:
        """Runs to its end before LiteLLM starts, once for each version of image and program."""
        name = f"{self.named('migrations')}-{_digest({**_programs(), 'image': self._images.litellm})}"
        files_ = {"database-master": self._database.master_secret_arn}
        return kubernetes.batch.v1.Job(
            self.named("migrations"), metadata=self._meta(name),
            spec=self._job("migrate", "migrations", files_),
            opts=self.within(provider=self._cluster.provider_resource, depends_on=[*self._database.instances]),
        )  # fmt: skip

    def _reconcile(self, after: pulumi.Resource) -> None:
        """Every team gets its key from a file of its own: those of the document, and one for each caller."""
        at = self._secrets.arns
        keys = {f"team-{caller.team}": at[caller.key] for caller in self._callers}
        keys |= {f"team-{team.name}": at[f"{self.noun}/team-{team.name}"] for team in self._spec.teams}
        kubernetes.batch.v1.CronJob(
            self.named("teams"), metadata=self._meta(self.named("teams")),
            spec=kubernetes.batch.v1.CronJobSpecArgs(
                schedule=EVERY_TEN_MINUTES, concurrency_policy="Forbid", successful_jobs_history_limit=1,
                failed_jobs_history_limit=3,
                job_template=kubernetes.batch.v1.JobTemplateSpecArgs(spec=self._job("teams", "teams", keys)),
            ),
            opts=self.within(provider=self._cluster.provider_resource, depends_on=[after]),
        )  # fmt: skip

    def _job(
        self, program: str, workload: str, more: Mapping[str, pulumi.Input[str]]
    ) -> kubernetes.batch.v1.JobSpecArgs:
        who = self._who[workload]
        mounts = pods.Mounts(self._programs, self._settings, self._mounted(workload, more), {})
        url = f"https://{self.named()}.{self._who['gateway'].namespace}.svc:{HTTPS}"
        container = pods.job(self._images, program, {**self._environment(), "GATEWAY_URL": url})
        return kubernetes.batch.v1.JobSpecArgs(
            backoff_limit=4, active_deadline_seconds=1800,
            template=kubernetes.core.v1.PodTemplateSpecArgs(
                metadata=kubernetes.meta.v1.ObjectMetaArgs(labels={**self.labels(), **who.labels}),
                spec=pods.pod([container], account=who.service_account, volumes=mounts.volumes(), restart="Never"),
            ),
        )  # fmt: skip

    def _mounted(self, workload: str, more: Mapping[str, pulumi.Input[str]]) -> pulumi.Output[str]:
        """The pod's secrets: the master key for whoever manages or runs LiteLLM, and what is its own."""
        master = {} if workload == "migrations" else {"master-key": self._secrets.arns[f"{self.noun}/master-key"]}
        found = mounted_secrets(
            self, f"{workload}-secrets", namespace=self._space, files={**master, **more}, opts=self._objects
        )
        return object_name(found)

    def _grants(self, key: pulumi.Input[str]) -> None:
        """What each workload may do with what is the gateway's own; models and tools grant access to themselves.

        The teams job also reads the keys of callers, so as to make them known.
        """
        at = self._secrets.arns
        master = at[f"{self.noun}/master-key"]
        teams = sorted(f"{self.noun}/{name}" for name in self._spec.needs().secrets - {"master-key"})
        teams += [caller.key for caller in self._callers]
        signs_in = {"Effect": "Allow", "Action": "rds-db:connect", "Resource": self._database.sign_in_arn(USER)}
        connects = {"Effect": "Allow", "Action": "elasticache:Connect", "Resource": self._cache.connect_arns}
        wanted = {
            "gateway": [reads_secrets([master]), decrypts_secrets(self.platform, key), signs_in, connects],
            "migrations": [self._database.reads_master(), decrypts_secrets(self.platform, key), signs_in],
            "teams": [reads_secrets([master, *(at[name] for name in teams)]), decrypts_secrets(self.platform, key)],
        }
        for workload, statements in wanted.items():
            aws.iam.RolePolicy(
                self.named(workload, "own"), role=self._who[workload].role_name,
                policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": statements}), opts=self.inside,
            )  # fmt: skip

    def _service(self) -> kubernetes.core.v1.Service:
        who, name = self._who["gateway"], self.named()
        return kubernetes.core.v1.Service(
            self.named("service"), metadata={"name": name, "namespace": self._space, "labels": self.labels()},
            spec=kubernetes.core.v1.ServiceSpecArgs(
                type="ClusterIP", selector=dict(who.labels),
                ports=[kubernetes.core.v1.ServicePortArgs(name="https", port=HTTPS, target_port=pods.PORT, protocol="TCP")],
            ),
            opts=self._objects,
        )  # fmt: skip

    def _open(self, network: NetworkPort) -> None:
        """Ways that are no edge: the load balancer in, database and cache out, teams to the gateway."""
        who, vpc = self._who, Peer(cidr=network.vpc_cidr)
        endpoints = [(Peer(cidr=cidr), [HTTPS]) for cidr in network.endpoint_subnet_cidrs]
        teams, gateway = Peer(labels=who["teams"].labels), Peer(labels=who["gateway"].labels)
        for part, labels, ingress, egress in (
            ("gateway-ways", who["gateway"].labels, [(vpc, [pods.PORT]), (teams, [pods.PORT])],
             [(vpc, [POSTGRES, REDIS]), *endpoints]),
            ("migrations-ways", who["migrations"].labels, [], [(vpc, [POSTGRES])]),
            ("teams-ways", who["teams"].labels, [], [(gateway, [pods.PORT])]),
        ):  # fmt: skip
            network_policy(
                self, part, namespace=self._space, selects=labels, ingress=ingress, egress=egress, opts=self._objects
            )


_SCRAPED = {
    "prometheus.io/scrape": "true",
    "prometheus.io/port": str(pods.PORT),
    "prometheus.io/scheme": "https",
    "prometheus.io/path": "/metrics",
}


def _handling(spec: LiteLlmSpec, platform: PlatformContext, noun: Noun) -> litellm_config.Handling:
    """The document's own value where it has one (it may only be stricter), else the posture's."""
    posture, classes = platform.posture, platform.classes(noun)
    allowed, days = spec.card_data_allowed, posture.prompt_log_retention_days(classes)
    return litellm_config.Handling(
        logging=spec.prompt_logging or posture.prompt_logging(classes),
        redacts=posture.pii_phi_redaction(classes) if spec.redaction is None else spec.redaction,
        card_data_allowed=posture.card_data_in_prompts_allowed(classes) if allowed is None else allowed,
        record_days=days if isinstance(days, int) else FOREVER_DAYS,
    )


FOREVER_DAYS = 36500
"""LiteLLM wants a number; a hundred years stand for forever."""


def _programs() -> dict[str, str]:
    folder = files.files("components.gateway.programs")
    return {f"{name}.py": (folder / f"{name}.py").read_text() for name in PROGRAMS}


def _yaml(document: JsonValue) -> str:
    return yaml.safe_dump(document, sort_keys=False)


def _digest(data: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:10]
