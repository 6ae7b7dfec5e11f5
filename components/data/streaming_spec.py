"""What a stack document may say about event streaming."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from blueprint.errors import nearest
from blueprint.spec import Spec, Tightens
from blueprint.types import Arn, Cidr, DataClass, Dialect, Frozen, KeyPurpose, Name
from blueprint.wiring import Needs, Offer

if TYPE_CHECKING:
    from collections.abc import Iterable

TopicName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$")]
Definition = Annotated[str, StringConstraints(min_length=2, max_length=170_000)]
TableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_$]{0,62}\.[A-Za-z_][A-Za-z0-9_$]{0,62}$")]
BucketName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
ObjectKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_!.*'()/-]+$", max_length=1024)]
HostName = Annotated[str, StringConstraints(pattern=r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$")]
JavaClass = Annotated[str, StringConstraints(pattern=r"^([a-z][A-Za-z0-9_]*\.)+[A-Z][A-Za-z0-9_]*$")]
PolicyArn = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::(\d{12}|aws):policy/[A-Za-z0-9_+=,.@/-]+$")]
SettingName = Annotated[str, StringConstraints(pattern=r"^[a-z][A-Za-z0-9._-]{0,199}$")]
SettingValue = Annotated[str, StringConstraints(max_length=4096)]

OURS = (
    "connector.class",
    "topics",
    "errors.",
    "consumer.override.",
    "producer.override.",
    "admin.override.",
    "config.",
)
"""Settings of a sink that the platform decides: by which records it could lose, or let in without a sign-in."""
SECRET = re.compile(r"password|passwd|secret|token|credential|private.?key|api.?key|access.?key", re.IGNORECASE)
DEAD_LETTER = "dead-letter."
"""Beginning of the names of topics that keep what could not be processed."""


class Schema(Frozen):
    """The shape of a topic's records, and which changes of it are let through."""

    format: Literal["avro", "json", "protobuf"] = Field(
        "avro", description="Language of the definition; left out: avro"
    )
    definition: Definition = Field(description="The schema's first version, as text")
    compatibility: Literal["backward", "backward_all", "forward", "forward_all", "full", "full_all"] = Field(
        "full", description="Which changes are let through; left out: full, old and new readers understand both"
    )

    @model_validator(mode="after")
    def _can_be_read(self) -> Schema:
        if self.format != "protobuf":
            try:
                json.loads(self.definition)
            except ValueError as error:
                raise ValueError(f"the definition is no JSON, and {self.format} schemas are: {error}") from error
        return self


class Topic(Frozen):
    """One stream of records of one shape."""

    name: TopicName = Field(description="Name that producers and consumers use")
    shape: Schema = Field(description="Schema of its records")
    partitions: int = Field(6, ge=1, le=1000, description="How many consumers can share it; it only grows; left out: 6")
    retention_days: Annotated[int | None, Field(ge=1, le=36500), Tightens("data_retention_max_days")] = Field(
        None, description="Days that records are kept; left out: 7, or the posture's maximum if that is less"
    )
    data_classes: frozenset[DataClass] | None = Field(
        None, description="Data classes that its records may hold; left out: all of the platform's"
    )


class Plugin(Frozen):
    """Programs of a connector: an archive of yours with the connector, converters and config providers that it uses."""

    bucket: BucketName = Field(description="Bucket that holds the archive")
    key: ObjectKey = Field(description="Its key, ending in .zip or .jar", pattern=r"\.(zip|jar)$")
    version: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+$", max_length=1024)] = Field(
        description="Version of the object, so that nobody can put other bytes in its place"
    )
    digest: Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")] = Field(
        description="sha256 of the archive, as you checked it"
    )


class Authority(Frozen):
    """Certificate authority of a database, as a PEM file in a bucket."""

    bucket: BucketName = Field(description="Bucket that holds the file")
    key: ObjectKey = Field(description="Its key")


class Database(Frozen):
    """A PostgreSQL database whose changes are captured."""

    host: HostName = Field(description="Host name of its writer")
    port: int = Field(5432, ge=1, le=65535, description="Left out: 5432")
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_$]{0,62}$")] = Field(
        description="Name of the database"
    )
    secret_arn: Arn = Field(description="Secret that holds username and password of a user who may replicate")
    secret_key_arn: Arn | None = Field(
        None, description="Key that the secret is encrypted under; left out: the platform's key for secrets"
    )
    authority: Authority | None = Field(
        None,
        description="Who signed its certificate; left out: the connection is encrypted and the server not verified",
    )
    cidr: Cidr | None = Field(None, description="Network that it stands in; left out: the platform's own")


class Source(Frozen):
    """Changes of a database's tables as records: Debezium on MSK Connect."""

    name: Name = Field(description="Also the first part of the topics: <name>.<table>")
    database: Database = Field(description="The database")
    tables: tuple[TableName, ...] = Field(
        min_length=1, description="Tables that are captured, with their schema: public.claims"
    )
    plugin: Plugin = Field(description="Debezium, with the Glue schema converter and the AWS config providers")


class Sink(Frozen):
    """Records of topics, written somewhere by a connector of your choice."""

    name: Name = Field(description="Name of the connector; what it cannot write goes to dead-letter.<name>")
    connector: JavaClass = Field(description="Class of the connector")
    topics: tuple[TopicName, ...] = Field(min_length=1, description="Topics, or <source>.<table>, that it reads")
    plugin: Plugin = Field(description="The connector, with the Glue schema converter and the AWS config providers")
    settings: Mapping[SettingName, SettingValue] = Field(
        default_factory=dict, description="What the connector itself asks for; left out: nothing"
    )
    secret_arns: tuple[Arn, ...] = Field((), description="Secrets that its settings refer to; left out: none")
    policy_arns: tuple[PolicyArn, ...] = Field(
        (),
        description="Policies of yours for what it writes to; left out: it may use its topics, schemas and secrets only",
    )
    max_workers: int = Field(4, ge=1, le=10, description="Most workers under load; left out: 4")


class StreamingSpec(Spec):
    """Kafka that knows every client by its role, loses no record, and lets no unknown shape in."""

    kind: Literal["msk"] = "msk"
    topics: tuple[Topic, ...] = Field((), description="Streams; left out: none")
    sources: tuple[Source, ...] = Field((), description="Databases whose changes become streams; left out: none")
    sinks: tuple[Sink, ...] = Field((), description="Connectors that write records elsewhere; left out: none")
    instance: str = Field(
        "kafka.m7g.large",
        pattern=r"^kafka\.[a-z0-9]+\.[a-z0-9]+$",
        description="Instance of a broker; left out: kafka.m7g.large",
    )
    brokers_per_zone: int = Field(1, ge=1, le=10, description="Brokers in each zone; left out: 1")
    storage_gib: int = Field(100, ge=10, le=16384, description="Gibibytes of each broker at first; left out: 100")
    max_storage_gib: int = Field(1000, ge=10, le=16384, description="Gibibytes that it may grow to; left out: 1000")
    keep: bool = Field(
        default=True, description="Whether cluster and topics outlive the stack; left out: protected, kept on delete"
    )

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> StreamingSpec:
        problems = (*_names(self), *_readable(self), *_settings(self))
        if self.max_storage_gib < self.storage_gib:
            problems += (
                f"max_storage_gib is {self.max_storage_gib}, less than the {self.storage_gib} there are at first",
            )
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def streams(self) -> Mapping[str, Topic | Source]:
        """Names of all topics that carry records, with where they come from."""
        found: dict[str, Topic | Source] = {
            f"{source.name}.{table}": source for source in self.sources for table in source.tables
        }
        found |= {topic.name: topic for topic in self.topics}
        return dict(sorted(found.items()))

    def needs(self) -> Needs:
        """Endpoints of the schema register and of secrets; consumers bring the workloads."""
        connectors = {KeyPurpose.SECRETS} if self.sources or self.sinks else set()
        return Needs(
            offers=(Offer(name="kafka", dialect=Dialect.KAFKA),),
            services=frozenset({"glue", "secretsmanager", "sts", "s3"} if connectors else {"glue", "sts"}),
            keys=frozenset({KeyPurpose.LOGS, KeyPurpose.STREAMS, *connectors}),
        )


def _names(spec: StreamingSpec) -> Iterable[str]:
    streams = [
        *(topic.name for topic in spec.topics),
        *(f"{each.name}.{table}" for each in spec.sources for table in each.tables),
    ]
    yield from (f"topic {name!r} is named twice" for name in _twice(streams))
    connectors = [*(each.name for each in spec.sources), *(each.name for each in spec.sinks)]
    yield from (f"connector {name!r} is named twice" for name in _twice(connectors))
    for name in streams:
        if name.startswith((DEAD_LETTER, "__")):
            yield f"topic {name!r} begins like those that the platform or Kafka makes; choose another name"


def _readable(spec: StreamingSpec) -> Iterable[str]:
    for sink in spec.sinks:
        for name in sink.topics:
            if name not in spec.streams:
                yield f"sink {sink.name!r} reads {name!r}, which is no topic; {nearest(name, spec.streams)}"
        yield from (f"sink {sink.name!r} names topic {name!r} twice" for name in _twice(sink.topics))


def _settings(spec: StreamingSpec) -> Iterable[str]:
    for sink in spec.sinks:
        for name, value in sorted(sink.settings.items()):
            if name.startswith(OURS):
                yield f"sink {sink.name!r} sets {name!r}, which the platform decides; leave it out"
            elif SECRET.search(name) and not value.startswith("${"):
                yield (
                    f"sink {sink.name!r} holds {name!r} in clear; write ${{secrets:<name of the secret>:<key>}} "
                    f"and name the secret in secret_arns"
                )


def _twice(names: Iterable[str]) -> list[str]:
    return sorted(name for name, count in Counter(names).items() if count > 1)
