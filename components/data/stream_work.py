"""Settings of sources and sinks, as Kafka Connect takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blueprint.types import KeyPurpose
from components.data.stream_connector import STATE, Work
from components.data.streaming_spec import DEAD_LETTER

if TYPE_CHECKING:
    import pulumi

    from blueprint.context import PlatformContext
    from blueprint.ports import KeysPort, NetworkPort
    from components.data.stream_rights import Rights
    from components.data.streaming_spec import Sink, Source

CONVERTER = "com.amazonaws.services.schemaregistry.kafkaconnect.AWSKafkaAvroConverter"
SECRETS = "secrets"
OBJECTS = "objects"
"""Names by which settings refer to secrets, and to objects in buckets."""
_PROVIDERS = "com.amazonaws.kafka.config.providers"


def properties(platform: PlatformContext, registry: str, name: str) -> str:
    """Properties of a connector's workers: records are written with their registered schema, and topics made by nobody.

    Where a source has read to stands in a topic of a name that stays: one that is made anew goes on, and skips nothing.
    """
    converters = {
        f"{part}.converter{more}": value
        for part in ("key", "value")
        for more, value in {
            "": CONVERTER, ".avroRecordType": "GENERIC_RECORD", ".compatibility": "FULL", ".region": platform.region,
            ".registry.name": registry, ".schemaAutoRegistrationEnabled": "true",
        }.items()
    }  # fmt: skip
    found = {
        **converters,
        "config.providers": f"{SECRETS},{OBJECTS}",
        f"config.providers.{OBJECTS}.class": f"{_PROVIDERS}.S3ImportConfigProvider",
        f"config.providers.{OBJECTS}.param.region": platform.region,
        f"config.providers.{SECRETS}.class": f"{_PROVIDERS}.SecretsManagerConfigProvider",
        f"config.providers.{SECRETS}.param.region": platform.region,
        "offset.storage.topic": f"{STATE}offsets_{name}",
        "topic.creation.enable": "false",
    }
    return "".join(f"{line}={found[line]}\n" for line in sorted(found))


def captures(source: Source, rights: Rights, keys: KeysPort, network: NetworkPort) -> Work:
    """Debezium for PostgreSQL. It stops at a record that it cannot convert: skipping one would lose a change."""
    database, secret = source.database, secret_name(source.database.secret_arn)
    authority = database.authority
    verified = {} if authority is None else {
        "database.sslrootcert": f"${{{OBJECTS}:{rights.platform.region}:{authority.bucket}/{authority.key}}}"
    }  # fmt: skip
    slot = source.name.replace("-", "_")
    settings = {
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
        "tasks.max": "1",
        "plugin.name": "pgoutput",
        "database.hostname": database.host,
        "database.port": str(database.port),
        "database.dbname": database.name,
        "database.user": f"${{{SECRETS}:{secret}:username}}",
        "database.password": f"${{{SECRETS}:{secret}:password}}",
        "database.sslmode": "verify-full" if verified else "require",
        "errors.log.enable": "true",
        "errors.log.include.messages": "false",
        "errors.tolerance": "none",
        "publication.autocreate.mode": "filtered",
        "publication.name": f"blueprint_{slot}",
        "slot.name": f"blueprint_{slot}",
        "table.include.list": ",".join(source.tables),
        "topic.prefix": source.name,
        **verified,
    }
    topics = [f"{source.name}.{table}" for table in source.tables]
    return Work(
        settings=settings, allow=[rights.write(topics), rights.idempotent(), rights.schemas(write=True)],
        secrets=[database.secret_arn], policies=[], secret_keys=[_key(database.secret_key_arn, keys)], max_workers=None,
        objects=[f"arn:{rights.platform.partition}:s3:::{authority.bucket}/{authority.key}"] if authority else [],
        ways=[(database.cidr or network.vpc_cidr, database.port)],
    )  # fmt: skip


def writes(sink: Sink, rights: Rights, keys: KeysPort) -> Work:
    """A sink. What it cannot write goes to its dead letters with the reason, and it goes on with the next record."""
    dead = dead_letters_of(sink)
    settings = {
        **sink.settings,
        "connector.class": sink.connector,
        "topics": ",".join(sink.topics),
        "errors.deadletterqueue.context.headers.enable": "true",
        "errors.deadletterqueue.topic.name": dead,
        "errors.deadletterqueue.topic.replication.factor": str(rights.brokers.replicas),
        "errors.log.enable": "true",
        "errors.log.include.messages": "false",
        "errors.tolerance": "all",
    }
    allow = [rights.read(sink.topics), rights.join("connect-*"), rights.write([dead]), rights.idempotent(), rights.schemas(write=False)]  # fmt: skip
    return Work(
        settings=settings, allow=allow, secrets=list(sink.secret_arns), policies=sink.policy_arns, secret_keys=[_key(None, keys)] if sink.secret_arns else [],
        objects=[], ways=[], max_workers=sink.max_workers,
    )  # fmt: skip


def dead_letters_of(sink: Sink) -> str:
    """Topic in which a sink puts what it cannot write."""
    return f"{DEAD_LETTER}{sink.name}"


def secret_name(arn: str) -> str:
    """Name of a secret: its ARN ends in it and six characters of its own. Settings cannot hold an ARN, for its colons."""
    return arn.rpartition(":secret:")[2].rpartition("-")[0]


def _key(named: str | None, keys: KeysPort) -> pulumi.Input[str]:
    return named or keys.arns[KeyPurpose.SECRETS]
