"""A model from the catalogue, served by vLLM on GPUs of the platform."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING, ClassVar, cast

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from blueprint.component import Component
from blueprint.naming import namespace
from blueprint.tags import Tag, kubernetes_labels
from blueprint.types import KeyPurpose, Layer
from components.certified import AUTHORITY, Certified
from components.compute.cluster_spec import OPERATOR
from components.foundation.admission import Admission, ToPods
from components.foundation.secret_access import decrypts_secrets, reads_secrets
from components.hardened import Peer, mounted_secrets, network_policy
from components.serving.route import SECRET, publish, route_port
from components.serving.vllm_plan import served
from components.serving.vllm_pod import Parts, pod
from components.serving.vllm_server import PORT, on_one_node
from components.serving.vllm_spec import API_KEY, WORKLOAD
from components.versions import image

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blueprint.context import PlatformContext
    from blueprint.ports import (
        CapacityPort,
        ClusterPort,
        IdentityPort,
        KeysPort,
        NetworkPort,
        OtlpPort,
        Port,
        SecretsPort,
        WeightsPort,
    )
    from blueprint.types import Noun
    from blueprint.wiring import Edge
    from components.foundation.admission import Statement
    from components.serving.vllm_spec import VllmSpec

SCRAPED = {"prometheus.io/scrape": "true", "prometheus.io/port": str(PORT), "prometheus.io/scheme": "https"}
QUEUE = "vllm:num_requests_waiting"


class Vllm(Component):
    """Creates a Deployment with its service, disruption budget and scaling, and a route for each consumer.

    Arguments that decide memory, shared memory, replicas and the start-up budget are the planner's. Whether the model fits its
    GPUs is decided when the document is validated.
    """

    LAYER: ClassVar[Layer] = Layer.SERVING

    def __init__(
        self,
        noun: Noun,
        spec: VllmSpec,
        *,
        platform: PlatformContext,
        network: NetworkPort,
        keys: KeysPort,
        identity: IdentityPort,
        cluster: ClusterPort,
        secrets: SecretsPort,
        ports: Mapping[str, Port],
        uses: Mapping[Noun, Port],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._spec, self._cluster, self._network = spec, cluster, network
        self._identity = identity.workloads[noun, WORKLOAD]
        self._space = cluster.namespaces[noun]
        self._objects = self.within(provider=cluster.provider_resource)
        self._key_arn = secrets.arns[f"{noun}/{API_KEY}"]
        pool = cast("CapacityPort", uses[f"gpu_pools/{spec.pool}"])
        weights = cast("WeightsPort", ports["weights"])
        self._told = on_one_node(spec, served(spec, weights.model, pool.instance), pool.accelerators)
        traces = cast("OtlpPort | None", ports.get("otlp"))
        mounted = mounted_secrets(
            self, "keys", namespace=self._space, files={API_KEY: self._key_arn}, opts=self._objects
        )
        self._reads_its_key(keys)
        programs = self._programs()
        self._deployment(
            Parts(
                image=image("vllm").at(platform), namespace=self._space, service_account=self._identity.service_account,
                labels=self._identity.labels, programs=self.named("programs"), keys=self.named("keys"),
                weights=weights, pool=pool, told=self._told, traces=traces,
                certified=Certified(self, who=self._identity, service=WORKLOAD, cluster=cluster, network=network),
            ),
            programs, mounted,
        )  # fmt: skip
        self._service()
        self._budget()
        if spec.max_replicas > self._told.replicas:
            self._scaling()
        for edge in platform.wiring.to(noun):
            self._admit(edge, identity, keys)
        self.ports = {"model-route": route_port(self, spec.name)}
        self.finish()

    def _reads_its_key(self, keys: KeysPort) -> None:
        aws.iam.RolePolicy(
            self.named("own-key"), role=self._identity.role_name,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": self._may_read_key(keys)}),
            opts=self.inside,
        )  # fmt: skip

    def _may_read_key(self, keys: KeysPort) -> list[Statement]:
        return [reads_secrets(self._key_arn), decrypts_secrets(self.platform, keys.arns[KeyPurpose.SECRETS])]

    def _labels(self) -> dict[str, str]:
        more = {Tag.MODEL: self._spec.model, Tag.ENDPOINT: self._spec.name}
        return {**kubernetes_labels(self.tags(more=more)), **self._identity.labels}

    def _meta(self, name: str, annotations: dict[str, str] | None = None) -> kubernetes.meta.v1.ObjectMetaArgs:
        return kubernetes.meta.v1.ObjectMetaArgs(
            name=name, namespace=self._space, labels=self._labels(), annotations=annotations
        )

    def _programs(self) -> dict[str, str]:
        folder = files("components.serving.programs")
        texts = {name: folder.joinpath(name).read_text(encoding="utf-8") for name in ("fetch.py", "start.py")}
        kubernetes.core.v1.ConfigMap(
            self.named("programs"), metadata=self._meta(self.named("programs")), data=texts, opts=self._objects
        )
        return texts

    def _deployment(self, parts: Parts, programs: dict[str, str], mounted: pulumi.Resource) -> None:
        spec, told, labels = self._spec, self._told, dict(self._identity.labels)
        digest = hashlib.sha256("".join(programs[name] for name in sorted(programs)).encode()).hexdigest()
        kubernetes.apps.v1.Deployment(
            self.named("server"), metadata=self._meta(WORKLOAD),
            spec=kubernetes.apps.v1.DeploymentSpecArgs(
                replicas=told.replicas, revision_history_limit=5, progress_deadline_seconds=told.startup_minutes * 60 + 600,
                selector=kubernetes.meta.v1.LabelSelectorArgs(match_labels=labels),
                strategy=kubernetes.apps.v1.DeploymentStrategyArgs(
                    type="RollingUpdate",
                    rolling_update=kubernetes.apps.v1.RollingUpdateDeploymentArgs(max_surge=0, max_unavailable=1),
                ),
                template=kubernetes.core.v1.PodTemplateSpecArgs(
                    metadata=kubernetes.meta.v1.ObjectMetaArgs(
                        labels=self._labels(), annotations={**SCRAPED, "blueprint/programs": digest[:16]}
                    ),
                    spec=pod(spec, parts),
                ),
            ),
            opts=pulumi.ResourceOptions.merge(
                self._objects,
                pulumi.ResourceOptions(
                    depends_on=[mounted], ignore_changes=["spec.replicas"] if spec.max_replicas > told.replicas else None
                ),
            ),
        )  # fmt: skip

    def _service(self) -> None:
        kubernetes.core.v1.Service(
            self.named("service"), metadata=self._meta(WORKLOAD),
            spec={
                "type": "ClusterIP", "selector": dict(self._identity.labels),
                "ports": [{"name": "https", "port": PORT, "target_port": "https", "protocol": "TCP"}],
            },
            opts=self._objects,
        )  # fmt: skip

    def _budget(self) -> None:
        kubernetes.policy.v1.PodDisruptionBudget(
            self.named("budget"), metadata=self._meta(WORKLOAD),
            spec={"max_unavailable": 1, "selector": {"match_labels": dict(self._identity.labels)}}, opts=self._objects,
        )  # fmt: skip

    def _scaling(self) -> None:
        """More replicas when requests wait, read from every replica; fewer slowly, since a start takes minutes."""
        spec = self._spec
        trigger = {
            "type": "metrics-api", "metricType": "AverageValue",
            "metadata": {
                "url": pulumi.Output.concat("https://", WORKLOAD, ".", self._space, ".svc.cluster.local:", str(PORT), "/metrics"),
                "format": "prometheus", "valueLocation": QUEUE, "targetValue": str(spec.queue_per_replica),
                "aggregateFromKubeServiceEndpoints": "true", "aggregationType": "sum", "unsafeSsl": "true",
            },
        }  # fmt: skip
        slowly = {"stabilizationWindowSeconds": 600, "policies": [{"type": "Pods", "value": 1, "periodSeconds": 300}]}
        kubernetes.apiextensions.CustomResource(
            self.named("scaling"), api_version="keda.sh/v1alpha1", kind="ScaledObject", metadata=self._meta(WORKLOAD),
            spec={
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": WORKLOAD},
                "minReplicaCount": self._told.replicas, "maxReplicaCount": spec.max_replicas,
                "pollingInterval": 15, "cooldownPeriod": 360,
                "fallback": {"failureThreshold": 3, "replicas": self._told.replicas},
                "advanced": {"horizontalPodAutoscalerConfig": {"behavior": {"scaleDown": slowly}}},
                "triggers": [trigger],
            },
            opts=self._objects,
        )  # fmt: skip
        operator = {"app.kubernetes.io/name": OPERATOR}
        network_policy(
            self, "scaling-in", namespace=self._space, selects=self._identity.labels, opts=self._objects,
            ingress=[(Peer(labels=operator, namespace=namespace("cluster")), [PORT])],
        )  # fmt: skip
        network_policy(
            self, "scaling-out", namespace=self._cluster.namespaces["cluster"], selects=operator, opts=self._objects,
            egress=[(Peer(labels=self._identity.labels, namespace=self._identity.namespace), [PORT])],
        )  # fmt: skip

    def _admit(self, edge: Edge, identity: IdentityPort, keys: KeysPort) -> None:
        consumer = identity.workloads[edge.consumer, edge.workload]
        Admission(
            edge, platform=self.platform, consumer=consumer, cluster=self._cluster, allow=self._may_read_key(keys),
            way=ToPods(self._identity.namespace, self._identity.labels, PORT), opts=self.inside,
        )  # fmt: skip
        for number, cidr in enumerate(self._network.endpoint_subnet_cidrs):
            network_policy(
                self, f"key-of-{edge.id}-{number}", namespace=self._cluster.namespaces[edge.consumer],
                selects=consumer.labels, egress=[(Peer(cidr=cidr), [443])], opts=self._objects,
            )  # fmt: skip
        publish(
            self, edge, self._cluster, self._spec.name,
            {
                "model": f"hosted_vllm/{self._spec.name}",
                "api_base": pulumi.Output.concat("https://", WORKLOAD, ".", self._space, ".svc.cluster.local:", str(PORT), "/v1"),
                "api_key": pulumi.Output.concat(SECRET, self._key_arn),
                "ssl_verify": AUTHORITY,
            },
        )  # fmt: skip
