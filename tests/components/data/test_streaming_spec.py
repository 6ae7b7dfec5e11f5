"""What a document may say about event streaming."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from blueprint.types import Dialect, KeyPurpose
from components.data.streaming_spec import StreamingSpec

PLUGIN = {
    "bucket": "artefacts",
    "key": "connect/debezium.zip",
    "version": "3sL4kqtJlcpXroDTDm",
    "digest": f"sha256:{'ab' * 32}",
}
RECEIVED: dict[str, Any] = {
    "name": "claims.received",
    "shape": {"definition": '{"type": "record", "name": "c", "fields": []}'},
}
CORE: dict[str, Any] = {
    "name": "core", "tables": ["public.claims"], "plugin": PLUGIN,
    "database": {
        "host": "core.example.org", "name": "claims",
        "secret_arn": "arn:aws:secretsmanager:us-east-1:111122223333:secret:core/replicator-AbCdEf",
    },
}  # fmt: skip
LAKE: dict[str, Any] = {
    "name": "lake", "connector": "org.apache.iceberg.connect.IcebergSinkConnector", "plugin": PLUGIN,
    "topics": ["claims.received", "core.public.claims"],
}  # fmt: skip
WHOLE: dict[str, Any] = {"topics": [RECEIVED], "sources": [CORE], "sinks": [LAKE]}


def spec(**more: Any) -> StreamingSpec:
    return StreamingSpec.model_validate({**WHOLE, **more})


def refusals(**more: Any) -> list[str]:
    with pytest.raises(ValidationError) as refused:
        spec(**more)
    return [error["msg"].removeprefix("Value error, ") for error in refused.value.errors()]


def test_nothing_is_required() -> None:
    bare = StreamingSpec.model_validate({})
    assert (bare.topics, bare.sources, bare.sinks, bare.brokers_per_zone) == ((), (), (), 1)


def test_it_offers_kafka_and_asks_for_secrets_only_with_connectors() -> None:
    needs, bare = spec().needs(), StreamingSpec.model_validate({}).needs()
    assert [offer.dialect for offer in needs.offers] == [Dialect.KAFKA]
    assert bare.services == {"glue", "sts"}
    assert needs.services == {"glue", "s3", "secretsmanager", "sts"}
    assert needs.keys - bare.keys == {KeyPurpose.SECRETS}
    assert (needs.workloads, needs.egress, needs.wants) == (frozenset(), frozenset(), ())


def test_tables_of_a_source_are_streams_beside_the_topics() -> None:
    assert list(spec().streams) == ["claims.received", "core.public.claims"]


def test_all_mistakes_are_told_at_once() -> None:
    (message,) = refusals(
        topics=[RECEIVED, RECEIVED, {**RECEIVED, "name": "dead-letter.mine"}],
        sinks=[{**LAKE, "name": "core", "topics": ["claims.recieved"], "settings": {
            "errors.tolerance": "all", "iceberg.catalog.password": "hunter2", "iceberg.catalog.token": "${secrets:lake:token}",
        }}],
        max_storage_gib=50,
    )  # fmt: skip
    assert message.split("; ") == [
        "topic 'claims.received' is named twice",
        "connector 'core' is named twice",
        "topic 'dead-letter.mine' begins like those that the platform or Kafka makes",
        "choose another name",
        "sink 'core' reads 'claims.recieved', which is no topic",
        "did you mean claims.received?",
        "sink 'core' sets 'errors.tolerance', which the platform decides",
        "leave it out",
        "sink 'core' holds 'iceberg.catalog.password' in clear",
        "write ${secrets:<name of the secret>:<key>} and name the secret in secret_arns",
        "max_storage_gib is 50, less than the 100 there are at first",
    ]


def test_a_schema_of_avro_is_json_and_one_of_protobuf_is_not() -> None:
    told = refusals(topics=[{**RECEIVED, "shape": {"definition": "record claim"}}])
    assert told[0].startswith("the definition is no JSON, and avro schemas are: ")
    proto = {"format": "protobuf", "definition": 'syntax = "proto3"; message Claim {}'}
    assert spec(topics=[{**RECEIVED, "shape": proto}]).topics[0].shape.compatibility == "full"


@pytest.mark.parametrize("missing", ["version", "digest", "bucket", "key"])
def test_a_plugin_is_named_down_to_its_bytes(missing: str) -> None:
    with pytest.raises(ValidationError):
        spec(sources=[{**CORE, "plugin": {name: value for name, value in PLUGIN.items() if name != missing}}])
