"""The typed interfaces between layers. A consumer sees a port, never the implementation behind it.

Fields are values that only the cloud knows (pulumi.Input[str]) or plan-time facts. A secret is passed by its ARN.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from blueprint.types import Dialect, KeyPurpose, Noun

if TYPE_CHECKING:
    import pulumi


@dataclass(frozen=True)
class Port:
    """What every port tells: its dialect and who provides it."""

    DIALECT: ClassVar[Dialect]
    provider: Noun


@dataclass(frozen=True)
class WorkloadIdentity:
    """One workload as the rest of the platform knows it."""

    role_name: pulumi.Input[str]
    role_arn: pulumi.Input[str]
    namespace: str
    service_account: str
    labels: Mapping[str, str]


@dataclass(frozen=True)
class IdentityPort(Port):
    """Identities of all workloads, made before anything that grants to them."""

    DIALECT = Dialect.IDENTITY
    workloads: Mapping[tuple[Noun, str], WorkloadIdentity]
    permissions_boundary_arn: pulumi.Input[str]


@dataclass(frozen=True)
class NetworkPort(Port):
    """Where things run. Tuples hold one entry a zone."""

    DIALECT = Dialect.NETWORK
    vpc_id: pulumi.Input[str]
    vpc_cidr: pulumi.Input[str]
    workload_subnet_ids: tuple[pulumi.Input[str], ...]
    data_subnet_ids: tuple[pulumi.Input[str], ...]
    endpoint_subnet_cidrs: tuple[pulumi.Input[str], ...]
    endpoint_security_group_id: pulumi.Input[str]
    vpc_endpoint_ids: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """AWS service name ("s3", "bedrock-runtime") -> endpoint id."""


@dataclass(frozen=True)
class KeysPort(Port):
    """One customer managed key for each purpose that anybody asked for."""

    DIALECT = Dialect.KEYS
    arns: Mapping[KeyPurpose, pulumi.Input[str]]


@dataclass(frozen=True)
class AuditPort(Port):
    """Where audit records go and where security events are announced."""

    DIALECT = Dialect.AUDIT
    trail_arn: pulumi.Input[str]
    log_archive_bucket: pulumi.Input[str]
    access_log_bucket: pulumi.Input[str]
    alert_topic_arn: pulumi.Input[str]


@dataclass(frozen=True)
class SecretsPort(Port):
    """Secrets that components asked for, as "noun/secret" -> ARN; the values never pass through the program."""

    DIALECT = Dialect.SECRETS
    arns: Mapping[str, pulumi.Input[str]]


@dataclass(frozen=True)
class BackupPort(Port):
    """Resources are chosen by tag: whatever carries it is in the plan."""

    DIALECT = Dialect.BACKUP
    vault_arn: pulumi.Input[str]
    tag: tuple[str, str]


@dataclass(frozen=True)
class IngressPort(Port):
    """The private way in: a load balancer that forwards to registered targets."""

    DIALECT = Dialect.INGRESS
    balancer_arn: pulumi.Input[str]
    listener_arn: pulumi.Input[str]
    security_group_id: pulumi.Input[str]
    host: pulumi.Input[str]
    inner_listener_arn: pulumi.Input[str] | None = None
    """For agents, who take what they are told about a caller on trust: no network reaches its port, only security groups that
    whoever signed the caller in admits. None: there are no agents."""


@dataclass(frozen=True)
class ClusterPort(Port):
    """A Kubernetes API and the means to register objects with it."""

    DIALECT = Dialect.KUBERNETES
    name: pulumi.Input[str]
    endpoint: pulumi.Input[str]
    service_address: str
    """Where pods find the API inside the cluster; network policies of the VPC's own plugin see it, not what is behind it."""
    security_group_id: pulumi.Input[str]
    provider_resource: pulumi.ProviderResource
    namespaces: Mapping[Noun, pulumi.Input[str]]
    """Namespace of each component, as made by the cluster: reading it orders a workload behind its namespace."""
    sandbox: str | None = None
    """RuntimeClass whose pods have a kernel of their own; None: no node offers one."""


@dataclass(frozen=True)
class CapacityPort(Port):
    """A pool of accelerated nodes, with the facts of its instance type."""

    DIALECT = Dialect.CAPACITY
    instance: str
    accelerators: int
    accelerator_resource: str
    """Kubernetes resource name: "nvidia.com/gpu"."""
    node_labels: Mapping[str, str]
    tolerations: tuple[Mapping[str, str], ...]
    efa_interfaces: int = 0


@dataclass(frozen=True)
class WeightsPort(Port):
    """Model weights in a bucket of the platform."""

    DIALECT = Dialect.WEIGHTS
    bucket: pulumi.Input[str]
    uri: pulumi.Input[str]
    digest: str | None
    model: str


@dataclass(frozen=True)
class ModelRoutePort(Port):
    """One served model, as a gateway sees it: a ConfigMap that holds its route entry, in the gateway's namespace."""

    DIALECT = Dialect.MODEL_ROUTE
    model: str
    config_map: pulumi.Input[str]
    key: str


@dataclass(frozen=True)
class OpenAiPort(Port):
    """An endpoint that speaks the OpenAI API, version 1, over TLS inside the cluster.

    Each caller has a key of its own: it declares the secret `gateway-key` (prefix "sk-") in its needs, or
    `gateway-key-<workload>` for a workload with rights of its own, mounts that secret as any other of its secrets, and
    sends it as bearer token. The provider reads it by the edge and makes it known with the rights of the edge.
    """

    DIALECT = Dialect.OPENAI_V1
    url: pulumi.Input[str]
    models: tuple[str, ...]
    authorities: str = "kube-root-ca.crt"
    """ConfigMap in the caller's own namespace whose `ca.crt` signed the endpoint's certificate."""


@dataclass(frozen=True)
class OtlpPort(Port):
    """A sink for traces, metrics and logs in OTLP, over TLS."""

    DIALECT = Dialect.OTLP
    grpc: pulumi.Input[str]
    http: pulumi.Input[str]
    authorities: str
    """ConfigMap in the caller's own namespace whose `ca.crt` signed the sink's certificate."""


@dataclass(frozen=True)
class PrometheusPort(Port):
    """Metrics that can be asked for in PromQL, over TLS; requests are signed with the caller's role."""

    DIALECT = Dialect.PROMETHEUS
    url: pulumi.Input[str]
    """What stands before /api/v1/query."""


@dataclass(frozen=True)
class HttpProxyPort(Port):
    """The one way to names outside AWS; callers authenticate with the secret."""

    DIALECT = Dialect.HTTP_PROXY
    url: pulumi.Input[str]
    secret_arn: pulumi.Input[str]


@dataclass(frozen=True)
class TracesPort(Port):
    """A store of traces that takes OTLP over HTTP and TLS from callers that hold its key pair."""

    DIALECT = Dialect.TRACES
    http: pulumi.Input[str]
    """What stands before /v1/traces."""
    user: str
    """The public half of the key pair: the user of basic authentication."""
    secret_arn: pulumi.Input[str]
    """Secret with the other half: the password, and nothing else, so that a file of it can be read as it is."""
    authorities: str
    headers: Mapping[str, str] = field(default_factory=dict)
    """What callers send with every request, in clear."""


@dataclass(frozen=True)
class IcebergPort(Port):
    """Zones of a lakehouse: tables in a catalogue, files in buckets, queries in a workgroup."""

    DIALECT = Dialect.ICEBERG
    buckets: Mapping[str, pulumi.Input[str]]
    """Zone ("raw", "validated", "curated") -> bucket."""
    databases: Mapping[str, pulumi.Input[str]]
    """Zone -> database of the catalogue."""
    workgroup: pulumi.Input[str]


@dataclass(frozen=True)
class KafkaPort(Port):
    """Brokers that speak Kafka over TLS and take roles as identities, and the register of schemas beside them."""

    DIALECT = Dialect.KAFKA
    bootstrap: pulumi.Input[str]
    cluster_arn: pulumi.Input[str]
    registry: pulumi.Input[str]


@dataclass(frozen=True)
class PostgresPort(Port):
    """A PostgreSQL database over TLS; its user signs in by IAM."""

    DIALECT = Dialect.POSTGRES
    host: pulumi.Input[str]
    port: int
    database: str
    user: str


@dataclass(frozen=True)
class OpenSearchPort(Port):
    """An OpenSearch endpoint over TLS; requests are signed with the caller's role."""

    DIALECT = Dialect.OPENSEARCH
    url: pulumi.Input[str]
    index: str


@dataclass(frozen=True)
class QdrantPort(Port):
    """A Qdrant endpoint over TLS; callers send the key."""

    DIALECT = Dialect.QDRANT
    url: pulumi.Input[str]
    collection: str
    secret_arn: pulumi.Input[str]
    authorities: str


@dataclass(frozen=True)
class McpPort(Port):
    """Tools behind the Model Context Protocol, as streamable HTTP over TLS."""

    DIALECT = Dialect.MCP
    url: pulumi.Input[str]
    secret_arn: pulumi.Input[str] | None
    """Secret with the key that callers send as bearer token; None: each caller has its own, as OpenAiPort says."""
    tools: tuple[str, ...]
    """Names of the tools that it offers."""
    authorities: str


@dataclass(frozen=True)
class TemporalPort(Port):
    """A Temporal frontend over TLS, and the namespace of the platform's workflows."""

    DIALECT = Dialect.TEMPORAL
    address: pulumi.Input[str]
    """Host and port, as Temporal's clients take them."""
    namespace: str
    authorities: str
    audience: str = ""
    """What the service account token is made for that callers send as bearer token; empty: callers send none."""


@dataclass(frozen=True)
class AgentPort(Port):
    """An agent behind the load balancer's inner listener, to which a consumer admits its own security group."""

    DIALECT = Dialect.AGENT
    path: str
    """Prefix of its paths: "/agents/intake"."""


@dataclass(frozen=True)
class OpenLineagePort(Port):
    """A sink for OpenLineage events, over TLS."""

    DIALECT = Dialect.OPENLINEAGE
    url: pulumi.Input[str]
    """Where events are posted, with its path."""
    secret_arn: pulumi.Input[str]
    """Secret with the key that callers send as bearer token."""
    authorities: str
