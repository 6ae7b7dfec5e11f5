"""Where signals are gathered, kept and judged."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from blueprint.component import Component
from blueprint.ports import OtlpPort, PrometheusPort, TracesPort
from blueprint.types import Dialect, KeyPurpose, Layer
from components.certified import AUTHORITIES, AUTHORITY, CERTIFICATE, Certified, authority_mount, authority_volume
from components.foundation.admission import Admission, Statement, ToNetwork, ToPods
from components.foundation.log_group import log_group
from components.hardened import (
    Peer,
    container_security,
    env,
    http_probe,
    kubernetes_api,
    mounted_secrets,
    network_policy,
    pod_security,
    resources,
    secrets_volume,
    spread,
)
from components.observability.collector_config import (
    GRPC,
    HEALTH,
    HTTP,
    Scraping,
    Sinks,
    Store,
    collector_config,
    written,
)
from components.observability.container_logs import ContainerLogs
from components.observability.gpu_metrics import PORT as DCGM
from components.observability.gpu_metrics import GpuMetrics
from components.observability.metrics import Metrics
from components.observability.scrape import Scrape, scraped_ports, sends
from components.versions import image

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blueprint.context import PlatformContext
    from blueprint.ports import AuditPort, ClusterPort, IdentityPort, KeysPort, NetworkPort, Port, WorkloadIdentity
    from blueprint.types import Noun
    from blueprint.wiring import Edge
    from components.observability.observability_spec import ObservabilitySpec

core = kubernetes.core.v1

STORE, STORE_FOLDER, PASSWORD = "trace-store", "/etc/otel-store", "password"

QUERIES = ("aps:GetLabels", "aps:GetMetricMetadata", "aps:GetSeries", "aps:QueryMetrics")


class Observability(Component):
    """Creates the collector, the metrics workspace with its alerts, container logs, and GPU metrics where there are GPUs.

    Pods are asked for metrics in the namespaces of those whose want allows it, and nowhere else. Not created: dashboards.
    """

    LAYER: ClassVar[Layer] = Layer.OBSERVABILITY

    def __init__(
        self,
        noun: Noun,
        spec: ObservabilitySpec,
        *,
        platform: PlatformContext,
        network: NetworkPort,
        keys: KeysPort,
        audit: AuditPort,
        identity: IdentityPort,
        cluster: ClusterPort,
        ports: Mapping[str, Port] | None = None,
        uses: Mapping[Noun, Port] | None = None,  # noqa: ARG002  every component is called alike
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._spec, self._cluster = spec, cluster
        self._space = cluster.namespaces[noun]
        self._objects = self.within(provider=cluster.provider_resource)
        self._who = identity.workloads[noun, "collector"]
        self._certified = Certified(self, who=self._who, service=self.named(), cluster=cluster, network=network)
        gpus = any(other.startswith("gpu_pools/") for other in platform.wiring.needs)
        senders = [edge for edge in platform.wiring.to(noun) if edge.offer.dialect is Dialect.OTLP]
        scraped = [edge for edge in senders if edge.workload and scraped_ports(edge.want)]
        days = spec.log_retention_days or platform.posture.audit_log_retention_days(platform.classes(noun))
        self._metrics = Metrics(
            f"{noun}/metrics", spec.objectives, platform=platform, keys=keys, audit=audit,
            watched=sorted({edge.consumer for edge in scraped}), days=days, keep=spec.keep, opts=self.inside,
        )  # fmt: skip
        ContainerLogs(
            f"{noun}/container-logs", platform=platform, cluster=cluster, keys=keys, days=days, keep=spec.keep,
            opts=self.inside,
        )  # fmt: skip
        log = log_group(
            self,
            "signals",
            name=f"/{platform.label}/signals",
            key_arn=keys.arns[KeyPurpose.LOGS],
            days=days,
            keep=spec.keep,
        )
        if platform.account_owner:
            aws.xray.EncryptionConfig(
                self.named("traces"), type="KMS", key_id=keys.arns[KeyPurpose.LOGS], opts=self.inside
            )
        self._grant(log, keys)
        self._level = spec.prompt_logging or platform.posture.prompt_logging(platform.classes(noun))
        self._store = _store(noun, ports or {}) if self._level != "off" else None
        namespaces = [identity.workloads[edge.consumer, edge.workload].namespace for edge in scraped]
        self._collect(log, sorted({*namespaces, *([self._who.namespace] if gpus else [])}))
        self._open(network, identity.workloads[noun, "dcgm-exporter"] if gpus else None)
        if gpus:
            GpuMetrics(
                f"{noun}/gpu-metrics", platform=platform, cluster=cluster, namespace=self._space,
                who=identity.workloads[noun, "dcgm-exporter"], collector=self._who, opts=self.inside,
            )  # fmt: skip
        if spec.on_call_url is not None:
            aws.sns.TopicSubscription(
                self.named("on-call"), topic=audit.alert_topic_arn, protocol="https", endpoint=spec.on_call_url,
                opts=self.inside,
            )  # fmt: skip
        for edge in platform.wiring.to(noun):
            if edge.offer.dialect is Dialect.PROMETHEUS or sends(edge.want):
                self._admit(edge, identity, network)
        for edge in scraped:
            Scrape(
                edge, platform=platform, cluster=cluster, consumer=identity.workloads[edge.consumer, edge.workload],
                collector=self._who, metric_ports=scraped_ports(edge.want), opts=self.inside,
            )  # fmt: skip
        host = f"{self.named()}.{self._who.namespace}.svc"
        self.ports = {
            "otlp": OtlpPort(
                provider=noun, grpc=f"https://{host}:{GRPC}", http=f"https://{host}:{HTTP}", authorities=AUTHORITIES
            ),
            "prometheus": PrometheusPort(provider=noun, url=self._metrics.workspace.prometheus_endpoint),
        }  # fmt: skip
        self.finish(metrics_endpoint=self._metrics.workspace.prometheus_endpoint)

    def _admit(self, edge: Edge, identity: IdentityPort, network: NetworkPort) -> None:
        """Senders reach the collector, by gRPC unless their want allows http; who asks for metrics reaches the workspace."""
        asks = edge.offer.dialect is Dialect.PROMETHEUS
        query: Statement = {"Effect": "Allow", "Action": list(QUERIES), "Resource": self._metrics.workspace.arn}
        port = HTTP if "http" in edge.want.allows else GRPC
        Admission(
            edge, platform=self.platform, consumer=identity.workloads[edge.consumer, edge.workload], cluster=self._cluster,
            allow=[query] if asks else [],
            way=ToNetwork(network.endpoint_subnet_cidrs) if asks else ToPods(self._who.namespace, self._who.labels, port),
            opts=self.inside,
        )  # fmt: skip

    def _grant(self, log: aws.cloudwatch.LogGroup, keys: KeysPort) -> None:
        """The collector writes: metrics to the workspace, traces to X-Ray, which takes no resource, logs to one group."""
        through = {"kms:ViaService": f"aps-workspaces.{self.platform.region}.amazonaws.com"}
        aws.iam.RolePolicy(
            self.named("writes"), role=self._who.role_name,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "aps:RemoteWrite", "Resource": self._metrics.workspace.arn},
                {"Effect": "Allow", "Action": ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "Resource": "*"},
                {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                 "Resource": pulumi.Output.concat(log.arn, ":*")},
                {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
                 "Resource": keys.arns[KeyPurpose.LOGS], "Condition": {"StringEquals": through}},
            ]}),
            opts=self.inside,
        )  # fmt: skip

    def _collect(self, log: aws.cloudwatch.LogGroup, namespaces: Sequence[str]) -> None:
        platform, spec, who, name = self.platform, self._spec, self._who, self.named()
        sinks = Sinks(region=platform.region, cluster=platform.label, log_group=f"/{platform.label}/signals")
        rendered = written(
            collector_config(
                sinks,
                Scraping(namespaces, spec.scrape_seconds),
                level=self._level,
                trace_percent=spec.trace_percent,
                certificate=CERTIFICATE,
                store=_sink(self._store),
            )
        )
        digest = hashlib.sha256(rendered.encode()).hexdigest()[:10]
        config = kubernetes.core.v1.ConfigMap(
            self.named("config"), metadata=self._meta(f"{name}-config-{digest}"), data={"config.yaml": rendered},
            immutable=True, opts=self._objects,
        )  # fmt: skip
        labels = {**self.labels(), **who.labels}
        kubernetes.apps.v1.Deployment(
            self.named("collector"), metadata=self._meta(name),
            spec=kubernetes.apps.v1.DeploymentSpecArgs(
                replicas=spec.replicas, selector=kubernetes.meta.v1.LabelSelectorArgs(match_labels=dict(who.labels)),
                strategy=kubernetes.apps.v1.DeploymentStrategyArgs(
                    type="RollingUpdate",
                    rolling_update=kubernetes.apps.v1.RollingUpdateDeploymentArgs(max_unavailable=0, max_surge=1),
                ),
                template=core.PodTemplateSpecArgs(
                    metadata=kubernetes.meta.v1.ObjectMetaArgs(labels=labels),
                    spec=self._pod(config.metadata.name.apply(str)),
                ),
            ),
            opts=self.within(provider=self._cluster.provider_resource, depends_on=[log]),
        )  # fmt: skip
        kubernetes.policy.v1.PodDisruptionBudget(
            self.named("budget"), metadata=self._meta(name),
            spec={"max_unavailable": 1, "selector": {"match_labels": dict(who.labels)}}, opts=self._objects,
        )  # fmt: skip
        kubernetes.core.v1.Service(
            self.named("service"), metadata=self._meta(name),
            spec=core.ServiceSpecArgs(
                type="ClusterIP", selector=dict(who.labels),
                ports=[
                    core.ServicePortArgs(name=part, port=port, target_port=port, protocol="TCP")
                    for part, port in (("grpc", GRPC), ("http", HTTP))
                ],
            ),
            opts=self._objects,
        )  # fmt: skip

    def _pod(self, config: pulumi.Input[str]) -> core.PodSpecArgs:
        """It asks the Kubernetes API which pods there are, and so has a token, unlike other workloads."""
        who = self._who
        pod_name = core.EnvVarArgs(
            name="POD_NAME",
            value_from=core.EnvVarSourceArgs(field_ref=core.ObjectFieldSelectorArgs(field_path="metadata.name")),
        )
        endpoint = pulumi.Output.concat(self._metrics.workspace.prometheus_endpoint, "api/v1/remote_write")
        container = core.ContainerArgs(
            name="collector", image=image("otel-collector").at(self.platform), args=["--config=/etc/otel/config.yaml"],
            env=[*env({"AWS_REGION": self.platform.region, "METRICS_ENDPOINT": endpoint, **self._traces_endpoint()}), pod_name],
            ports=[
                core.ContainerPortArgs(name="grpc", container_port=GRPC),
                core.ContainerPortArgs(name="http", container_port=HTTP),
            ],
            liveness_probe=http_probe("/", HEALTH), readiness_probe=http_probe("/", HEALTH),
            resources=resources("500m", "2Gi", cpu_limit="2"), security_context=container_security(),
            volume_mounts=[
                core.VolumeMountArgs(name="config", mount_path="/etc/otel", read_only=True), self._certified.mount(),
                *([core.VolumeMountArgs(name=STORE, mount_path=STORE_FOLDER, read_only=True), authority_mount()]
                  if self._store else []),
            ],
        )  # fmt: skip
        return core.PodSpecArgs(
            init_containers=[self._certified.keeper()], containers=[container], service_account_name=who.service_account, automount_service_account_token=True,
            enable_service_links=False, security_context=pod_security(10001), topology_spread_constraints=spread(who.labels),
            volumes=[
                core.VolumeArgs(name="config", config_map=core.ConfigMapVolumeSourceArgs(name=config)),
                *self._certified.volumes(), *self._store_volumes(),
            ],
        )  # fmt: skip

    def _traces_endpoint(self) -> dict[str, pulumi.Input[str]]:
        return {"TRACES_ENDPOINT": self._store.http} if self._store else {}

    def _store_volumes(self) -> list[core.VolumeArgs]:
        """The password as a file, which the collector watches, and the authority that signed the store's certificate."""
        if self._store is None:
            return []
        files = {PASSWORD: self._store.secret_arn}
        mounted_secrets(self, STORE, namespace=self._space, files=files, opts=self._objects)
        return [secrets_volume(STORE, self.named(STORE)), authority_volume(self._store.authorities)]

    def _open(self, network: NetworkPort, dcgm: WorkloadIdentity | None) -> None:
        """To the services that take signals and the Kubernetes API, all of them inside the VPC; to GPU metrics next door."""
        gpus = [(Peer(labels=dcgm.labels), [DCGM])] if dcgm else []
        network_policy(
            self, "ways", namespace=self._space, selects=self._who.labels, opts=self._objects,
            egress=[*kubernetes_api(network, self._cluster), *gpus],
        )  # fmt: skip

    def _meta(self, name: str) -> kubernetes.meta.v1.ObjectMetaArgs:
        labels = {**self.labels(), **self._who.labels}
        return kubernetes.meta.v1.ObjectMetaArgs(name=name, namespace=self._space, labels=labels)


def _store(noun: Noun, ports: Mapping[str, Port]) -> TracesPort | None:
    port = ports.get("traces")
    if port is not None and not isinstance(port, TracesPort):
        raise TypeError(f"the port traces of {noun} speaks {port.DIALECT}")
    return port


def _sink(port: TracesPort | None) -> Store | None:
    return Store(port.user, f"{STORE_FOLDER}/{PASSWORD}", AUTHORITY, port.headers) if port else None
