"""Everything that is pinned: container images, charts, Kubernetes and its add-ons, each with its source and date.

A digest is what a registry answered, never a guess: None means nobody has looked yet, and rules say "not pinned".
`make pin-images` fills digests where a registry can be reached.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from blueprint.errors import NotFound
from blueprint.types import Frozen, Partition

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blueprint.context import PlatformContext

READ = "2026-11-20"
"""Day on which the table was last compared with its sources."""


class Image(Frozen):
    """One container image. Pods pull it from the platform's own registry, into which it is mirrored."""

    upstream: str
    """Registry and repository of its maker."""
    tag: str
    digest: str | None = None
    """sha256:… as the registry answers for the tag; None: not pinned yet."""
    source: str

    @property
    def repository(self) -> str:
        """Path within the platform's registry: the upstream path without its host."""
        return self.upstream.partition("/")[2]

    def at(self, platform: PlatformContext) -> str:
        """Reference that a pod of the platform uses."""
        pin = f"@{self.digest}" if self.digest else ""
        return f"{registry(platform)}/{platform.label}/{self.repository}:{self.tag}{pin}"


class Chart(Frozen):
    """One Helm chart; charts are used only for operators that bring custom resources."""

    repository: str
    name: str
    version: str
    source: str


KubernetesVersion: TypeAlias = Literal["1.35"]
"""Versions whose add-ons are pinned below; another one is added together with its add-ons."""

ADDONS: Mapping[KubernetesVersion, Mapping[str, str]] = {
    "1.35": {
        "aws-ebs-csi-driver": "v1.63.1-eksbuild.1",
        "aws-secrets-store-csi-driver-provider": "v3.1.3-eksbuild.1",
        "coredns": "v1.13.2-eksbuild.31",
        "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
        "kube-proxy": "v1.35.3-eksbuild.29",
        "metrics-server": "v0.9.0-eksbuild.5",
        "vpc-cni": "v1.22.4-eksbuild.3",
    },
}
"""Add-on -> version. Source: public clusters pinned at 1.35, read on READ; `aws eks describe-addon-versions` has the last word."""

CLOUDWATCH_ADDON = "v6.6.0-eksbuild.1"
"""Add-on amazon-cloudwatch-observability. Source: a public cluster pinned at it, 2026-11-20."""

AURORA_POSTGRESQL = "17.5"
"""Aurora moves to newer minor versions by itself. Source: AWS release notes from memory, 2026-11-20."""

VALKEY = "8.1"
"""ElastiCache engine version. Source: AWS release notes from memory, 2026-11-20."""

KAFKA = "3.9.x.kraft"
"""Brokers of MSK, without ZooKeeper; MSK moves to newer patches by itself. Source: list of supported versions, 2026-11-20."""

KAFKA_CONNECT = "3.7.x"
"""Workers of MSK Connect. Source: AWS release notes from memory, 2026-11-20."""

OPENSEARCH = "OpenSearch_3.1"
"""Engine of a domain. Source: AWS release notes from memory, 2026-11-20."""

IMAGES: Mapping[str, Image] = {
    "aws-load-balancer-controller": Image(
        upstream="public.ecr.aws/eks/aws-load-balancer-controller", tag="v3.5.0",
        source="kubernetes-sigs/aws-load-balancer-controller 3.5.0, whose chart has the same number, 2026-11-20",
    ),
    "clickhouse": Image(
        upstream="docker.io/clickhouse/clickhouse-server", tag="26.4",
        source="the version that Langfuse 4 advises, also in its own compose file, 2026-11-20",
    ),
    "cluster-autoscaler": Image(
        upstream="registry.k8s.io/autoscaling/cluster-autoscaler", tag="v1.35.0",
        source="kubernetes/autoscaler, minor version of the cluster, read in public manifests, 2026-11-20",
    ),
    "efa-device-plugin": Image(
        upstream="602401143452.dkr.ecr.us-west-2.amazonaws.com/eks/aws-efa-k8s-device-plugin", tag="v0.5.13",
        source="aws/eks-charts aws-efa-k8s-device-plugin, 2026-11-20",
    ),
    "keda": Image(upstream="ghcr.io/kedacore/keda", tag="2.20.2", source="kedacore/keda 2.20.2, 2026-11-20"),
    "keda-metrics-apiserver": Image(
        upstream="ghcr.io/kedacore/keda-metrics-apiserver", tag="2.20.2", source="kedacore/keda 2.20.2, 2026-11-20"
    ),
    "keda-admission-webhooks": Image(
        upstream="ghcr.io/kedacore/keda-admission-webhooks", tag="2.20.2", source="kedacore/keda 2.20.2, 2026-11-20"
    ),
    "postgres": Image(
        upstream="public.ecr.aws/docker/library/postgres", tag="17.5-bookworm",
        source="Docker Official Images from memory: the client has to be as new as the server, 2026-11-20",
    ),
    "nvidia-device-plugin": Image(
        upstream="nvcr.io/nvidia/k8s-device-plugin", tag="v0.20.0", source="NVIDIA/k8s-device-plugin 0.20.0, 2026-11-20"
    ),
    "dcgm-exporter": Image(
        upstream="nvcr.io/nvidia/k8s/dcgm-exporter", tag="4.6.0-4.8.3-distroless",
        source="NVIDIA/dcgm-exporter 4.8.3, 2026-11-20",
    ),
    "grafana": Image(
        upstream="docker.io/grafana/grafana", tag="12.4.10",
        source="grafana/grafana 12.4.10, read in a public Renovate log of September 2026, 2026-11-20; 13 takes signed requests "
        "out of the core Prometheus data source, and its plugin for them would have to be in the image",
    ),
    "kyverno": Image(
        upstream="ghcr.io/kyverno/kyverno", tag="v1.19.1",
        source="chart 3.9.1, whose numbers follow the application's (3.7.0 is 1.17.0): inferred, 2026-11-20",
    ),
    "kyvernopre": Image(
        upstream="ghcr.io/kyverno/kyvernopre", tag="v1.19.1", source="chart 3.9.1, inferred as for kyverno, 2026-11-20"
    ),
    "langfuse": Image(
        upstream="docker.io/langfuse/langfuse", tag="4.38.0", source="langfuse/langfuse 4.38.0, read in a public stack, 2026-11-20"
    ),
    "langfuse-worker": Image(
        upstream="docker.io/langfuse/langfuse-worker", tag="4.38.0", source="langfuse/langfuse 4.38.0, likewise, 2026-11-20"
    ),
    "litellm": Image(
        upstream="ghcr.io/berriai/litellm-non_root", tag="v1.89.3",
        source="BerriAI/litellm 1.89.3, 2026-11-20; 1.82.7 and 1.82.8 were malicious (MAL-2026-2144)",
    ),
    "mcp-opensearch": Image(
        upstream="ghcr.io/berriai/litellm-non_root", tag="v1.89.3",
        source="our own program, components/retrieval/programs: LiteLLM's image has all it imports (mcp 1.30), 2026-11-20",
    ),
    "mcp-pgvector": Image(
        upstream="ghcr.io/berriai/litellm-non_root", tag="v1.89.3",
        source="our own program, components/retrieval/programs: LiteLLM's image has all it imports (mcp 1.30), 2026-11-20",
    ),
    "mcp-qdrant": Image(
        upstream="ghcr.io/berriai/litellm-non_root", tag="v1.89.3",
        source="our own program, components/retrieval/programs: LiteLLM's image has all it imports (mcp 1.30), 2026-11-20",
    ),
    "otel-collector": Image(
        upstream="docker.io/otel/opentelemetry-collector-contrib", tag="0.151.0",
        source="open-telemetry/opentelemetry-collector-releases 0.151.0, 2026-11-20",
    ),
    "presidio-analyzer": Image(
        upstream="mcr.microsoft.com/presidio-analyzer", tag="2.2.362", source="microsoft/presidio 2.2.362, 2026-11-20"
    ),
    "presidio-anonymizer": Image(
        upstream="mcr.microsoft.com/presidio-anonymizer", tag="2.2.362", source="microsoft/presidio 2.2.362, 2026-11-20"
    ),
    "qdrant": Image(
        upstream="docker.io/qdrant/qdrant", tag="v1.18.3-unprivileged",
        source="qdrant/qdrant 1.18.3; the unprivileged form runs as user 1000, as its chart says, 2026-11-20",
    ),
    "squid": Image(
        upstream="docker.io/ubuntu/squid", tag="6.6-24.04_beta",
        source="Canonical's image, tag read in public Dockerfiles, 2026-11-20; runs as proxy, user 13",
    ),
    "temporal-admin-tools": Image(
        upstream="docker.io/temporalio/admin-tools", tag="1.29.1-tctl-1.18.4-cli-1.5.0",
        source="temporalio/docker-builds, tag read in public manifests, 2026-11-20",
    ),
    "temporal-server": Image(
        upstream="docker.io/temporalio/server", tag="1.29.1",
        source="temporalio/temporal 1.29.1; built from its module and run with our configuration, 2026-11-20",
    ),
    "marquez": Image(
        upstream="docker.io/marquezproject/marquez", tag="0.51.1",
        source="MarquezProject/marquez 0.51.1, tag read in public manifests, 2026-11-20",
    ),
    "vllm": Image(
        upstream="docker.io/vllm/vllm-openai", tag="v0.33.0", source="vLLM 0.33.0, published 2026-11-01, 2026-11-20"
    ),
}  # fmt: skip

CHARTS: Mapping[str, Chart] = {
    "aws-load-balancer-controller": Chart(
        repository="https://aws.github.io/eks-charts", name="aws-load-balancer-controller", version="3.5.0",
        source="aws/eks-charts aws-load-balancer-controller 3.5.0, 2026-11-20",
    ),
    "keda": Chart(
        repository="https://kedacore.github.io/charts", name="keda", version="2.20.2",
        source="kedacore/charts 2.20.2, 2026-11-20",
    ),
    "kyverno": Chart(
        repository="https://kyverno.github.io/kyverno", name="kyverno", version="3.9.1",
        source="kyverno/kyverno chart 3.9.1 of August 2026, 2026-11-20",
    ),
}  # fmt: skip

_SUFFIX = {Partition.AWS: "amazonaws.com", Partition.GOVCLOUD: "amazonaws.com", Partition.CHINA: "amazonaws.com.cn"}


def image(name: str) -> Image:
    """The pinned image of that name. Raises NotFound."""
    if name not in IMAGES:
        raise NotFound("image", name, IMAGES)
    return IMAGES[name]


def registry(platform: PlatformContext) -> str:
    """Host of the account's own container registry."""
    return f"{platform.account}.dkr.ecr.{platform.region}.{_SUFFIX[platform.partition]}"
