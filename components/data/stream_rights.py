"""Rights on brokers and on the register of schemas, as statements of IAM policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pulumi

if TYPE_CHECKING:
    from collections.abc import Iterable

    from blueprint.context import PlatformContext
    from components.data.stream_topic import Brokers
    from components.foundation.admission import Statement

PORT = 9098
"""Where brokers take roles as identities, over TLS; no other port is open."""
READS_SCHEMAS = ("GetSchema", "GetSchemaByDefinition", "GetSchemaVersion")
WRITES_SCHEMAS = (*READS_SCHEMAS, "CreateSchema", "PutSchemaVersionMetadata", "QuerySchemaVersionMetadata", "RegisterSchemaVersion")  # fmt: skip


class Rights(NamedTuple):
    """What roles may be allowed on one cluster and its register."""

    platform: PlatformContext
    brokers: Brokers
    registry: str
    """Name of the register of schemas."""

    def connect(self) -> Statement:
        """Sign in, and see that the cluster is there."""
        return _allow(["kafka-cluster:Connect", "kafka-cluster:DescribeCluster"], self.brokers.arn)

    def idempotent(self) -> Statement:
        """Write each record once, even when it is sent twice; of the whole cluster, so Kafka has it."""
        return _allow(["kafka-cluster:WriteDataIdempotently"], self.brokers.arn)

    def read(self, topics: Iterable[str]) -> Statement:
        """Read topics."""
        return _allow(["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"], self._of("topic", topics))

    def write(self, topics: Iterable[str]) -> Statement:
        """Write to topics."""
        return _allow(["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"], self._of("topic", topics))

    def keep_topics(self, prefix: str) -> Statement:
        """Make topics whose names begin alike, read them and write to them: state of a connector's workers."""
        actions = ("CreateTopic", "DescribeTopic", "ReadData", "WriteData")
        return _allow([f"kafka-cluster:{name}" for name in actions], self._of("topic", [f"{prefix}*"]))

    def join(self, group: str) -> Statement:
        """Join consumer groups of a name, or of names that begin alike."""
        return _allow(["kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"], self._of("group", [group]))

    def schemas(self, *, write: bool) -> Statement:
        """Read, or read and register, schemas of the register."""
        platform = self.platform
        place = f"arn:{platform.partition}:glue:{platform.region}:{platform.account}"
        actions = [f"glue:{name}" for name in (WRITES_SCHEMAS if write else READS_SCHEMAS)]
        return _allow(actions, [f"{place}:registry/{self.registry}", f"{place}:schema/{self.registry}/*"])

    def _of(self, kind: str, names: Iterable[str]) -> list[pulumi.Input[str]]:
        platform, brokers = self.platform, self.brokers
        place = f"arn:{platform.partition}:kafka:{platform.region}:{platform.account}:{kind}/{brokers.name}/"
        return [pulumi.Output.concat(place, brokers.uuid, "/", name) for name in sorted(names)]


def _allow(actions: list[str], resources: pulumi.Input[str] | list[str] | list[pulumi.Input[str]]) -> Statement:
    return {"Effect": "Allow", "Action": actions, "Resource": resources}
