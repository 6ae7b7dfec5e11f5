"""What every store of documents has, whatever keeps them: its tools server, a measure of freshness, and its two ports."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from blueprint.component import Component
from blueprint.ports import McpPort, OtlpPort
from blueprint.types import Dialect, KeyPurpose, Layer
from components.certified import AUTHORITIES, AUTHORITY, Certified
from components.foundation.admission import Admission, Statement, ToNetwork, ToPods
from components.foundation.secret_access import decrypts_secrets, reads_secrets
from components.hardened import Peer, http_probe, mounted_secrets, network_policy, object_name, pod_security, spread
from components.retrieval.program_pods import ProgramPods, secrets_mount
from components.retrieval.store_spec import FRESHNESS, MCP_KEY, SERVER, TOOLS, StoreSpec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blueprint.context import PlatformContext
    from blueprint.ports import (
        AuditPort,
        BackupPort,
        ClusterPort,
        IdentityPort,
        KeysPort,
        NetworkPort,
        Port,
        SecretsPort,
        WorkloadIdentity,
    )
    from blueprint.types import Noun

S = TypeVar("S", bound=StoreSpec)
core, apps, meta = kubernetes.core.v1, kubernetes.apps.v1, kubernetes.meta.v1

HTTPS, PORT = 443, 8443
EVERY_FIVE_MINUTES = "*/5 * * * *"
METRIC, PERIOD, PERIODS = "IndexAge", 900, 2
"""The alarm waits for two quarters of an hour without news, or with old news, before it goes off."""


@dataclass(frozen=True)
class Native:
    """What one kind of store tells the parts that all kinds have."""

    port: Port
    told: Mapping[str, pulumi.Input[str]]
    """How its programs find it."""
    way: ToPods | ToNetwork
    """How pods get there."""
    reads: Sequence[Statement] = ()
    """What a role needs to search."""
    writes: Sequence[Statement] = ()
    """What a role needs to change documents: those who come by the native port."""
    reader_secrets: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    after: Sequence[pulumi.Resource] = ()
    """What must be there before anybody searches."""


class DocumentStore(Component, Generic[S]):
    """Creates the store, its tools server, and the job and alarm that watch its age. A subclass makes what keeps documents.

    Consumers find documents by the tools alone; the native port is for whoever brings documents in.
    """

    LAYER: ClassVar[Layer] = Layer.RETRIEVAL
    PROGRAMS: ClassVar[tuple[str, ...]]
    """Programs besides those that every store has."""

    def __init__(
        self,
        noun: Noun,
        spec: S,
        *,
        platform: PlatformContext,
        network: NetworkPort,
        keys: KeysPort,
        audit: AuditPort,
        identity: IdentityPort,
        cluster: ClusterPort,
        secrets: SecretsPort,
        backup: BackupPort,
        ports: Mapping[str, Port],
        uses: Mapping[Noun, Port] | None = None,  # noqa: ARG002  every component is called alike
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self.spec, self.network, self.keys, self.audit = spec, network, keys, audit
        self.identity, self.cluster, self.secrets, self.backup = identity, cluster, secrets, backup
        self.classes = platform.classes(noun)
        self.space = cluster.namespaces[noun]
        self.objects = self.within(provider=cluster.provider_resource)
        native = self.made()
        self.pods = ProgramPods(
            self, space=self.space, image_name=f"mcp-{spec.kind}", programs=self.PROGRAMS,
            told={**self._told(), **native.told}, opts=self.objects,
        )  # fmt: skip
        self.brought_in_order()
        self._serve(native, ports)
        self._watch(native, ports)
        self._admit(native)
        url = pulumi.Output.concat("https://", self.host(self.named()), "/mcp")
        mcp = McpPort(
            provider=noun, url=url, secret_arn=secrets.arns[f"{noun}/{MCP_KEY}"], tools=TOOLS, authorities=AUTHORITIES
        )
        self.ports = {"mcp": mcp, "native": native.port}
        self.finish(url=url)

    @abstractmethod
    def made(self) -> Native:
        """Make what keeps the documents."""

    def brought_in_order(self) -> None:
        """Run what makes the index, where that is a program's work."""

    def who(self, workload: str) -> WorkloadIdentity:
        """Identity of one of the store's own workloads."""
        return self.identity.workloads[self.noun, workload]

    def host(self, service: str) -> str:
        """Name of a service of the store inside the cluster."""
        return f"{service}.{self.who(SERVER).namespace}.svc"

    def meta(self, name: str, workload: str) -> meta.ObjectMetaArgs:
        """Name and labels of an object of one workload."""
        labels = {**self.labels(), **self.who(workload).labels}
        return meta.ObjectMetaArgs(name=name, namespace=self.space, labels=labels)

    def mounted(self, workload: str, files: Mapping[str, pulumi.Input[str]]) -> pulumi.Output[str]:
        """Secrets of one workload as files: the right to read them, and what its pods mount."""
        self.grant(workload, "secrets", [reads_secrets(list(files.values())), self.decrypts_secrets()])
        found = mounted_secrets(self, f"{workload}-secrets", namespace=self.space, files=files, opts=self.objects)
        return object_name(found)

    def grant(self, workload: str, part: str, statements: Sequence[Statement]) -> None:
        """Give one of the store's own workloads a right."""
        aws.iam.RolePolicy(
            self.named(workload, part), role=self.who(workload).role_name, opts=self.inside,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)}),
        )  # fmt: skip

    def decrypts_secrets(self) -> Statement:
        """The right to have secrets decrypted on the way."""
        return decrypts_secrets(self.platform, self.keys.arns[KeyPurpose.SECRETS])

    def opened(self, workload: str, native: Native, *, ingress: Sequence[tuple[Peer, Sequence[int]]] = ()) -> None:
        """Ways of one of the store's own workloads to what keeps the documents, and to AWS by its endpoints."""
        way = native.way
        there = [Peer(labels=way.labels)] if isinstance(way, ToPods) else [Peer(cidr=cidr) for cidr in way.cidrs]
        endpoints = [(Peer(cidr=cidr), [HTTPS]) for cidr in self.network.endpoint_subnet_cidrs]
        network_policy(
            self, f"{workload}-ways", namespace=self.space, selects=self.who(workload).labels, opts=self.objects,
            ingress=ingress, egress=[*((peer, [way.port]) for peer in there), *endpoints],
        )  # fmt: skip

    def _told(self) -> dict[str, pulumi.Input[str]]:
        spec = self.spec
        return {
            "CANDIDATES": str(spec.hybrid.candidates), "DIMENSIONS": str(spec.dimensions), "DISTANCE": spec.distance,
            "EMBEDDING_MODEL": spec.embedding_model, "PERMISSION_FIELD": spec.permission_field, "STORE": self.noun,
            "STORE_KIND": spec.kind, "TEXT_WEIGHT": str(spec.hybrid.text_weight),
            "VECTOR_WEIGHT": str(spec.hybrid.vector_weight),
        }  # fmt: skip

    def _serve(self, native: Native, ports: Mapping[str, Port]) -> None:
        """The tools server: replicas behind one address, with a certificate for it."""
        who, name = self.who(SERVER), self.named()
        files = {MCP_KEY: self.secrets.arns[f"{self.noun}/{MCP_KEY}"], **native.reader_secrets}
        if native.reads:
            self.grant(SERVER, "searches", native.reads)
        self.opened(SERVER, native)
        certified = Certified(self, who=who, service=name, cluster=self.cluster, network=self.network)
        probe = http_probe("/healthz", PORT, scheme="HTTPS")
        container = self.pods.container(
            "server", memory="512Mi", told={"HOSTS": self.host(name), "PORT": str(PORT), **self._traced(ports)},
            mounts=[secrets_mount(), certified.mount()], ready=probe, alive=probe,
            ports=[core.ContainerPortArgs(name="https", container_port=PORT)],
        )  # fmt: skip
        pod = core.PodSpecArgs(
            init_containers=[certified.keeper()], containers=[container], service_account_name=who.service_account,
            volumes=[*self.pods.volumes(self.mounted(SERVER, files)), *certified.volumes()],
            automount_service_account_token=False, enable_service_links=False, security_context=pod_security(),
            termination_grace_period_seconds=45, topology_spread_constraints=spread(who.labels),
        )  # fmt: skip
        selector = meta.LabelSelectorArgs(match_labels=dict(who.labels))
        template = core.PodTemplateSpecArgs(
            metadata=meta.ObjectMetaArgs(labels={**self.labels(), **who.labels}), spec=pod
        )
        apps.Deployment(
            self.named(SERVER), metadata=self.meta(name, SERVER),
            spec=apps.DeploymentSpecArgs(
                replicas=self.spec.replicas, selector=selector, template=template,
                strategy=apps.DeploymentStrategyArgs(
                    type="RollingUpdate",
                    rolling_update=apps.RollingUpdateDeploymentArgs(max_unavailable=0, max_surge=1),
                ),
            ),
            opts=self.within(provider=self.cluster.provider_resource, depends_on=list(native.after)),
        )  # fmt: skip
        kubernetes.policy.v1.PodDisruptionBudget(
            self.named("budget"), metadata=self.meta(name, SERVER), opts=self.objects,
            spec=kubernetes.policy.v1.PodDisruptionBudgetSpecArgs(max_unavailable=1, selector=selector),
        )  # fmt: skip
        core.Service(
            self.named("service"), metadata=self.meta(name, SERVER), opts=self.objects,
            spec=core.ServiceSpecArgs(
                type="ClusterIP", selector=dict(who.labels),
                ports=[core.ServicePortArgs(name="https", port=HTTPS, target_port=PORT, protocol="TCP")],
            ),
        )  # fmt: skip

    def _traced(self, ports: Mapping[str, Port]) -> dict[str, pulumi.Input[str]]:
        """Where spans go, if anybody takes them."""
        otlp = ports.get("otlp")
        if otlp is None:
            return {}
        if not isinstance(otlp, OtlpPort):
            raise TypeError(f"the port otlp of {self.noun} speaks {otlp.DIALECT}")
        return {
            "OTEL_EXPORTER_OTLP_CERTIFICATE": AUTHORITY, "OTEL_EXPORTER_OTLP_ENDPOINT": otlp.http,
            "OTEL_SERVICE_NAME": self.named(),
        }  # fmt: skip

    def _watch(self, native: Native, ports: Mapping[str, Port]) -> None:
        """Measure the newest document's age, and say so when it grows too old, or when nobody measures it."""
        platform, collector = self.platform, ports.get("ages")
        ages: dict[str, pulumi.Input[str]] = {"AGES_URL": collector.http} if isinstance(collector, OtlpPort) else {}
        namespace = f"{platform.label}/Retrieval"
        publishes: Statement = {
            "Effect": "Allow", "Action": "cloudwatch:PutMetricData", "Resource": "*",
            "Condition": {"StringEquals": {"cloudwatch:namespace": namespace}},
        }  # fmt: skip
        self.grant(FRESHNESS, "measures", [publishes, *native.reads])
        self.opened(FRESHNESS, native)
        secrets = self.mounted(FRESHNESS, native.reader_secrets) if native.reader_secrets else None
        self.pods.often(
            self.who(FRESHNESS), "freshness", EVERY_FIVE_MINUTES, told={"METRICS": namespace, **ages}, secrets=secrets,
            opts=self.within(provider=self.cluster.provider_resource, depends_on=list(native.after)),
        )  # fmt: skip
        aws.cloudwatch.MetricAlarm(
            self.named("stale"), name=f"{platform.label}-{self.named('stale')}", namespace=namespace, metric_name=METRIC,
            alarm_description=f"The newest document of {self.noun} is older than {self.spec.freshness_minutes} minutes",
            dimensions={"Store": self.noun}, statistic="Maximum", period=PERIOD, evaluation_periods=PERIODS,
            comparison_operator="GreaterThanThreshold", threshold=self.spec.freshness_minutes,
            treat_missing_data="breaching", alarm_actions=[self.audit.alert_topic_arn], tags=self.tags(), opts=self.inside,
        )  # fmt: skip

    def _admit(self, native: Native) -> None:
        """Consumers of the tools may read their key; those who bring documents in get what the kind asks for that."""
        key = reads_secrets([self.secrets.arns[f"{self.noun}/{MCP_KEY}"]])
        server = self.who(SERVER)
        for edge in self.platform.wiring.to(self.noun):
            by_tools = edge.offer.dialect is Dialect.MCP
            Admission(
                edge, platform=self.platform, consumer=self.identity.workloads[edge.consumer, edge.workload],
                cluster=self.cluster, opts=self.inside,
                allow=[key, self.decrypts_secrets()] if by_tools else list(native.writes),
                way=ToPods(server.namespace, server.labels, PORT) if by_tools else native.way,
            )  # fmt: skip
