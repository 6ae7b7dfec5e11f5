"""What one consumer may do with the streams."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from blueprint.component import Component
from blueprint.types import Layer
from blueprint.wiring import slug
from components.data.named import refuse_unknown
from components.data.stream_rights import PORT
from components.data.stream_topic import DeadLetters
from components.data.streaming_spec import DEAD_LETTER
from components.foundation.admission import Admission, ToNetwork
from components.hardened import Peer, network_policy

if TYPE_CHECKING:
    from collections.abc import Collection

    import pulumi

    from blueprint.context import PlatformContext
    from blueprint.ports import AuditPort, ClusterPort, NetworkPort, WorkloadIdentity
    from blueprint.wiring import Edge
    from components.data.stream_rights import Rights
    from components.foundation.admission import Statement

HTTPS = 443


def dead_letters_of(edge: Edge) -> str:
    """Topic in which the reader of an edge puts what it could not process."""
    return f"{DEAD_LETTER}{edge.id}"


class StreamAccess(Component):
    """Creates the permissions of one edge and the ways to brokers and schemas; for readers also their dead letters."""

    LAYER: ClassVar[Layer] = Layer.DATA

    def __init__(
        self,
        edge: Edge,
        *,
        platform: PlatformContext,
        rights: Rights,
        topics: Collection[str],
        consumer: WorkloadIdentity,
        cluster: ClusterPort,
        network: NetworkPort,
        audit: AuditPort,
        keep: bool,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`topics` are all that there are. Raises DocumentError for a name that the consumer wants and is none."""
        super().__init__(f"{edge.provider}/opens-{edge.id}", platform=platform, opts=opts)
        refuse_unknown(edge, edge.want.allows, topics, "topic")
        wanted = sorted(edge.want.allows or topics)
        if edge.want.access != "write":
            DeadLetters(
                f"{edge.provider}/{dead_letters_of(edge)}", dead_letters_of(edge), platform=platform, brokers=rights.brokers,
                topic_arn=audit.alert_topic_arn, classes=platform.classes(edge.provider), keep=keep, opts=self.inside,
            )  # fmt: skip
        Admission(
            edge, platform=platform, consumer=consumer, cluster=cluster, allow=_statements(edge, wanted, rights),
            way=ToNetwork((network.vpc_cidr,), PORT), opts=self.inside,
        )  # fmt: skip
        network_policy(
            self, "schemas", namespace=cluster.namespaces[edge.consumer], selects=consumer.labels,
            egress=[(Peer(cidr=cidr), [HTTPS]) for cidr in network.endpoint_subnet_cidrs],
            opts=self.within(provider=cluster.provider_resource),
        )  # fmt: skip
        self.finish()


def _statements(edge: Edge, topics: list[str], rights: Rights) -> list[Statement]:
    access = edge.want.access
    found = [rights.connect(), rights.schemas(write=False)]
    if access != "write":
        group = f"{slug(edge.consumer)}*"
        found += [*([rights.read(topics)] if topics else []), rights.join(group), rights.write([dead_letters_of(edge)])]
    if access != "read":
        found += [*([rights.write(topics)] if topics else []), rights.idempotent()]
    return found
