"""One of Langfuse's two programs with its rights and its ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from blueprint.component import Component
from blueprint.types import Layer
from blueprint.wiring import slug
from components.certified import Certified
from components.data.database_door import DatabaseDoor
from components.data.valkey import PORT as REDIS
from components.hardened import Peer, mounted_secrets, network_policy
from components.observability import langfuse_pods as pods
from components.observability.langfuse_pods import Mounts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blueprint.context import PlatformContext
    from blueprint.ports import ClusterPort, IdentityPort, NetworkPort
    from blueprint.types import Noun
    from components.data.aurora import Aurora
    from components.foundation.admission import Statement

ENDPOINTS = 443
DATABASE_USER = "langfuse"


@dataclass(frozen=True)
class Running:
    """What is particular to one of the two."""

    part: Literal["web", "worker"]
    environment: Mapping[str, pulumi.Input[str]]
    secrets: Mapping[str, pulumi.Input[str]]
    allow: Sequence[Statement]
    clickhouse: Sequence[int]
    """Ports that it uses there."""
    replicas: int


class LangfuseProgram(Component):
    """Creates the pods that take traces, or those that write them down, and what lets them reach their stores."""

    LAYER: ClassVar[Layer] = Layer.OBSERVABILITY

    def __init__(
        self,
        noun: Noun,
        running: Running,
        *,
        platform: PlatformContext,
        network: NetworkPort,
        cluster: ClusterPort,
        identity: IdentityPort,
        owner: Noun,
        aurora: Aurora,
        programs: pulumi.Input[str],
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`owner` is the component whose workload this is; `programs` the ConfigMap that both mount."""
        super().__init__(noun, platform=platform, opts=opts)
        self._who, self._space = identity.workloads[owner, running.part], cluster.namespaces[owner]
        self._objects = self.within(provider=cluster.provider_resource)
        door = DatabaseDoor(
            self, who=self._who, aurora=aurora, user=DATABASE_USER, cluster=cluster, network=network, space=self._space
        )
        aws.iam.RolePolicy(
            self.named("own"), role=self._who.role_name,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(running.allow)}), opts=self.inside,
        )  # fmt: skip
        mounted_secrets(self, "secrets", namespace=self._space, files=running.secrets, opts=self._objects)
        self._open(network, identity.workloads[owner, "clickhouse"].labels, running.clickhouse)
        mounts = Mounts(programs, self.named("secrets"))
        if running.part == "web":
            certified = Certified(
                self, who=self._who, service=slug(owner), cluster=cluster, network=network, space=self._space
            )
            pod = pods.web(platform, mounts, self._who, running.environment, door, certified)
        else:
            pod = pods.worker(platform, mounts, self._who, running.environment, door)
        metadata = kubernetes.meta.v1.ObjectMetaArgs(
            name=self.named(), namespace=self._space, labels={**self.labels(), **self._who.labels}
        )
        kubernetes.apps.v1.Deployment(
            self.named("pods"), metadata=metadata, spec=pods.deployment(pod, self.labels(), self._who, running.replicas),
            opts=self.within(provider=cluster.provider_resource, depends_on=list(after)),
        )  # fmt: skip
        kubernetes.policy.v1.PodDisruptionBudget(
            self.named("budget"), metadata=metadata,
            spec=kubernetes.policy.v1.PodDisruptionBudgetSpecArgs(
                max_unavailable=1, selector=kubernetes.meta.v1.LabelSelectorArgs(match_labels=dict(self._who.labels))
            ),
            opts=self._objects,
        )  # fmt: skip
        self.finish()

    def _open(self, network: NetworkPort, servers: Mapping[str, str], ports: Sequence[int]) -> None:
        """To the queue, the bucket's endpoint and ClickHouse; the way to the database comes with its door."""
        endpoints = [(Peer(cidr=cidr), [ENDPOINTS]) for cidr in network.endpoint_subnet_cidrs]
        network_policy(
            self, "ways", namespace=self._space, selects=self._who.labels, opts=self._objects,
            egress=[(Peer(cidr=network.vpc_cidr), [REDIS]), *endpoints, (Peer(labels=servers), ports)],
        )  # fmt: skip
        network_policy(
            self, "asks", namespace=self._space, selects=servers, opts=self._objects,
            ingress=[(Peer(labels=self._who.labels), ports)],
        )  # fmt: skip
