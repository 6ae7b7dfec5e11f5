"""Event streaming, as it is registered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from blueprint.errors import DocumentError
from blueprint.graph import embedded_json, parts
from blueprint.types import Dialect
from blueprint.wiring import Needs, Want
from compliance.findings import Outcome
from components.data.streaming import Streaming
from components.data.streaming_spec import StreamingSpec
from tests.components import builders, manifests
from tests.components.builders import names, only, types
from tests.components.data.test_streaming_spec import CORE, LAKE, spec
from tests.components.data.weakened import GONE, UNKNOWN, changed, judged, outcomes, rules, without

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph

AGENT = "agents/intake"
ALARM, CONNECTOR, TOPIC = (
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    "aws:mskconnect/connector:Connector",
    "aws:msk/topic:Topic",
)
GRANT = "aws:iam/rolePolicy:RolePolicy"
READS = Want(name="events", dialect=Dialect.KAFKA, allows=frozenset({"claims.received"}))
WRITES = Want(name="results", dialect=Dialect.KAFKA, access="write", allows=frozenset({"claims.received"}))
BARE = StreamingSpec.model_validate({})


def graph(document: StreamingSpec, *wants: Want, zones: tuple[str, ...] = builders.ZONES) -> ResourceGraph:
    consumer = Needs(workloads=frozenset({"agent"}), wants=wants)
    platform = builders.platform({"streaming": document.needs(), AGENT: consumer}, zones=zones)

    def program() -> None:
        Streaming(
            "streaming", document, platform=platform, network=builders.network(), keys=builders.keys(), audit=builders.audit(),
            identity=builders.identity(platform), cluster=builders.cluster(platform), ports={},
        )  # fmt: skip

    return builders.graph(program)


@pytest.fixture(scope="module")
def made() -> ResourceGraph:
    return graph(spec(), READS, WRITES)


def statements(found: ResourceGraph, name: str) -> Any:
    document: Any = embedded_json(only(found, GRANT, name).inputs["policy"])
    return document["Statement"]


def written(value: Any) -> str:
    """A text with the names of what it refers to."""
    return "".join(piece if isinstance(piece, str) else f"<{piece.property}>" for piece in parts(value) or ())


def settings(found: ResourceGraph, name: str) -> Any:
    return only(found, CONNECTOR, name).inputs["connectorConfiguration"]


def test_brokers_take_roles_over_tls_and_nothing_else(made: ResourceGraph) -> None:
    brokers = only(made, "aws:msk/cluster:Cluster")
    assert brokers.inputs["clientAuthentication"] == {"sasl": {"iam": True, "scram": False}, "unauthenticated": False}
    assert brokers.inputs["encryptionInfo"] == {
        "encryptionAtRestKmsKeyArn": "arn:aws:kms:us-east-1:111122223333:key/streams",
        "encryptionInTransit": {"clientBroker": "TLS", "inCluster": True},
    }
    assert brokers.inputs["brokerNodeGroupInfo"]["connectivityInfo"] == {"publicAccess": {"type": "DISABLED"}}
    assert "openMonitoring" not in brokers.inputs
    assert brokers.protect
    assert brokers.retain_on_delete


def test_a_write_counts_on_two_of_three_brokers_and_makes_no_topic(made: ResourceGraph) -> None:
    assert only(made, "aws:msk/configuration:Configuration").inputs["serverProperties"].splitlines() == [
        "allow.everyone.if.no.acl.found=false", "auto.create.topics.enable=false", "default.replication.factor=3",
        "min.insync.replicas=2", "unclean.leader.election.enable=false",
    ]  # fmt: skip


@pytest.mark.parametrize(("zones", "brokers"), [(2, 4), (3, 3)])
def test_there_are_as_many_brokers_in_each_zone_and_enough_for_three_copies(zones: int, brokers: int) -> None:
    found = graph(BARE, zones=builders.ZONES[:zones])
    assert only(found, "aws:msk/cluster:Cluster").inputs["numberOfBrokerNodes"] == brokers


def test_only_named_clients_reach_the_brokers(made: ResourceGraph) -> None:
    doors = [each.inputs for each in made.of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")]
    assert {(each["fromPort"], each["toPort"]) for each in doors} == {(9098, 9098)}
    assert all("cidrIpv4" not in each for each in doors)
    assert len(doors) == 3
    assert not made.of("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")[0].name.startswith("streaming-group")


def test_a_topic_has_three_copies_a_week_and_a_schema(made: ResourceGraph) -> None:
    topic = only(made, TOPIC, "streaming-topic-claims.received").inputs
    assert (topic["partitionCount"], topic["replicationFactor"]) == (6, 3)
    assert json.loads(topic["configs"]) == {
        "cleanup.policy": "delete", "min.insync.replicas": "2", "retention.ms": str(7 * 86_400_000),
        "unclean.leader.election.enable": "false",
    }  # fmt: skip
    schema = only(made, "aws:glue/schema:Schema").inputs
    assert (schema["schemaName"], schema["dataFormat"], schema["compatibility"]) == ("claims.received", "AVRO", "FULL")


def test_a_source_stops_at_what_it_cannot_convert_and_signs_in_with_a_secret(made: ResourceGraph) -> None:
    told = settings(made, "streaming-core-connector")
    assert told["errors.tolerance"] == "none"
    assert told["database.password"] == "${secrets:core/replicator:password}"
    assert told["database.sslmode"] == "require"
    assert told["table.include.list"] == "public.claims"
    assert only(made, CONNECTOR, "streaming-core-connector").inputs["capacity"] == {
        "provisionedCapacity": {"mcuCount": 1, "workerCount": 1}
    }
    policy = statements(made, "streaming-core-role-works")
    secret = [each for each in policy if "secretsmanager:GetSecretValue" in each["Action"]]
    assert [each["Resource"] for each in secret] == [[CORE["database"]["secret_arn"]]]
    assert "kafka-cluster:ReadData" not in json.dumps([each for each in policy if "public.claims" in json.dumps(each)])


def test_a_source_with_an_authority_verifies_the_server() -> None:
    database = {**CORE["database"], "authority": {"bucket": "authorities", "key": "rds.pem"}}
    told = settings(graph(spec(sources=[{**CORE, "database": database}])), "streaming-core-connector")
    assert told["database.sslmode"] == "verify-full"
    assert told["database.sslrootcert"] == "${objects:us-east-1:authorities/rds.pem}"


def test_a_sink_keeps_what_it_cannot_write_and_somebody_is_told(made: ResourceGraph) -> None:
    told = settings(made, "streaming-lake-connector")
    assert {name: value for name, value in told.items() if name.startswith("errors.")} == {
        "errors.deadletterqueue.context.headers.enable": "true", "errors.deadletterqueue.topic.name": "dead-letter.lake",
        "errors.deadletterqueue.topic.replication.factor": "3", "errors.log.enable": "true",
        "errors.log.include.messages": "false", "errors.tolerance": "all",
    }  # fmt: skip
    letters = only(made, TOPIC, "streaming-dead-letter.lake-topic-dead-letter.lake").inputs
    assert json.loads(letters["configs"])["retention.ms"] == "-1"
    alarm = only(made, ALARM, "streaming-dead-letter.lake-alarm").inputs
    assert (alarm["threshold"], alarm["comparisonOperator"]) == (0, "GreaterThanThreshold")
    assert alarm["metricQueries"][0]["expression"].endswith(
        "WHERE \"Cluster Name\" = 'claims-prod-streaming' AND Topic = 'dead-letter.lake'"
    )
    assert alarm["alarmActions"] == ["arn:aws:sns:us-east-1:111122223333:claims-alerts"]


def test_a_sink_reaches_no_more_than_its_policies_say(made: ResourceGraph) -> None:
    attached = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    assert attached not in types(made)
    writer = "arn:aws:iam::111122223333:policy/lake-writer"
    found = graph(spec(sinks=[{**LAKE, "policy_arns": [writer]}]))
    assert only(found, attached).inputs["policyArn"] == writer


def test_somebody_is_told_before_streams_stop(made: ResourceGraph) -> None:
    watched = {
        name: only(made, ALARM, f"streaming-{name}").inputs for name in ("offline", "under-copied", "storage-full")
    }
    assert {name: (each["threshold"], each["metricQueries"][0]["expression"].partition(" FROM ")[0]) for name, each in watched.items()} == {
        "offline": (0, "SELECT MAX(OfflinePartitionsCount)"),
        "under-copied": (0, "SELECT MAX(UnderMinIsrPartitionCount)"),
        "storage-full": (85, "SELECT MAX(KafkaDataLogsDiskUsed)"),
    }  # fmt: skip
    assert all(
        each["alarmActions"] == ["arn:aws:sns:us-east-1:111122223333:claims-alerts"] for each in watched.values()
    )


def test_workers_register_schemas_make_no_topic_and_know_how_far_they_read(made: ResourceGraph) -> None:
    workers = only(made, "aws:mskconnect/workerConfiguration:WorkerConfiguration", "streaming-core-workers").inputs
    lines = workers["propertiesFileContent"].splitlines()
    assert "topic.creation.enable=false" in lines
    assert "value.converter=com.amazonaws.services.schemaregistry.kafkaconnect.AWSKafkaAvroConverter" in lines
    assert "value.converter.registry.name=claims-prod-streaming" in lines
    assert "offset.storage.topic=__amazon_msk_connect_offsets_core" in lines
    state = statements(made, "streaming-core-role-works")[1]
    assert [written(place).rpartition("/")[2] for place in state["Resource"]] == ["__amazon_msk_connect_*"]


def test_a_plugin_is_one_version_of_one_object(made: ResourceGraph) -> None:
    plugin = only(made, "aws:mskconnect/customPlugin:CustomPlugin", "streaming-core-plugin").inputs
    assert plugin["location"]["s3"]["objectVersion"] == "3sL4kqtJlcpXroDTDm"
    assert plugin["name"] == "claims-prod-streaming-core-abababababab"


def test_a_reader_reads_its_topics_and_has_dead_letters_of_its_own(made: ResourceGraph) -> None:
    allowed = statements(made, "streaming-admits-agents-intake-agent-events-grant")
    assert [(each["Action"], [written(place).rpartition("/")[2] for place in each["Resource"]]) for each in allowed[2:]] == [
        (["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"], ["claims.received"]),
        (["kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"], ["agents-intake*"]),
        (["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"], ["dead-letter.agents-intake-agent-events"]),
    ]  # fmt: skip
    assert "streaming-dead-letter.agents-intake-agent-events-alarm" in names(made, ALARM)


def test_a_writer_writes_and_reads_nothing(made: ResourceGraph) -> None:
    allowed = json.dumps(statements(made, "streaming-admits-agents-intake-agent-results-grant"))
    assert "kafka-cluster:WriteDataIdempotently" in allowed
    assert "ReadData" not in allowed
    assert "glue:GetSchemaVersion" in allowed
    assert "glue:RegisterSchemaVersion" not in allowed
    assert "streaming-dead-letter.agents-intake-agent-results-alarm" not in names(made, ALARM)


def test_a_topic_that_there_is_not_is_refused_with_the_nearest() -> None:
    with pytest.raises(DocumentError) as refused:
        graph(spec(), READS.model_copy(update={"allows": frozenset({"claims.recieved"})}))
    assert [(each.value, each.fix) for each in refused.value.problems] == [
        ("claims.recieved", "did you mean claims.received?")
    ]


def test_without_an_edge_its_grant_its_ways_and_its_dead_letters_are_gone_and_nothing_else(made: ResourceGraph) -> None:
    left = graph(spec(), WRITES)
    gone = {each.name for each in made.resources} - {each.name for each in left.resources}
    letters = "streaming-dead-letter.agents-intake-agent-events"
    assert gone == {
        "streaming-opens-agents-intake-agent-events", "streaming-opens-agents-intake-agent-events-schemas",
        "streaming-admits-agents-intake-agent-events", "streaming-admits-agents-intake-agent-events-grant",
        "streaming-admits-agents-intake-agent-events-egress", letters, f"{letters}-alarm",
        f"{letters}-topic-dead-letter.agents-intake-agent-events",
    }  # fmt: skip


def test_without_connectors_there_is_nothing_of_them() -> None:
    found = types(graph(BARE))
    assert not found & {
        CONNECTOR, TOPIC, "aws:mskconnect/workerConfiguration:WorkerConfiguration", "aws:iam/role:Role", "aws:glue/schema:Schema",
    }  # fmt: skip
    assert "aws:glue/registry:Registry" in found


def test_with_required_fields_alone_nothing_fails_under_the_strictest_posture(made: ResourceGraph) -> None:
    for found in (made, graph(BARE), graph(spec(sources=[], sinks=[{**LAKE, "topics": ["claims.received"]}]))):
        own = judged(found)
        assert [(each.rule, each.subject) for each in own if each.verdict.outcome is Outcome.FAIL] == []
        assert {each.rule for each in own if each.verdict.outcome is Outcome.PASS} >= {
            "msk_cluster_clients_sign_in", "msk_cluster_tls_only", "msk_cluster_loses_no_write", "msk_cluster_version_supported",
        }  # fmt: skip


def test_every_rule_about_streams_is_decided_here(made: ResourceGraph) -> None:
    passed = {each.rule for each in judged(made) if each.verdict.outcome is Outcome.PASS}
    about = {rule.id for rule in rules() if rule.id.startswith(("msk_", "glue_schema_"))}
    assert about - passed == {"msk_topic_removed_in_time"}


def test_every_kubernetes_object_fits_the_api(made: ResourceGraph) -> None:
    assert len(manifests.check(made)) == 4


CLUSTER, CONFIGURATION = "aws:msk/cluster:Cluster", "aws:msk/configuration:Configuration"
SCHEMA, PLUGIN = "aws:glue/schema:Schema", "aws:mskconnect/customPlugin:CustomPlugin"
STREAM, LETTERS = "streaming-topic-claims.received", "streaming-dead-letter.lake-alarm"
SINK, SOURCE = "streaming-lake-connector", "streaming-core-connector"
LAX = "auto.create.topics.enable=true\nmin.insync.replicas=1\ndefault.replication.factor=1\n"
WEAKENINGS: list[tuple[str, str, str | None, str, Any]] = [
    ("msk_cluster_clients_sign_in", CLUSTER, None, "clientAuthentication/unauthenticated", True),
    ("msk_cluster_clients_sign_in", CLUSTER, None, "clientAuthentication/sasl/scram", True),
    ("msk_cluster_clients_sign_in", CLUSTER, None, "clientAuthentication/sasl/iam", False),
    ("msk_cluster_tls_only", CLUSTER, None, "encryptionInfo/encryptionInTransit/clientBroker", "TLS_PLAINTEXT"),
    ("msk_cluster_tls_only", CLUSTER, None, "encryptionInfo/encryptionInTransit/inCluster", False),
    ("msk_cluster_key_own", CLUSTER, None, "encryptionInfo/encryptionAtRestKmsKeyArn", GONE),
    ("msk_cluster_private", CLUSTER, None, "brokerNodeGroupInfo/connectivityInfo/publicAccess/type", "SERVICE_PROVIDED_EIPS"),
    ("msk_cluster_logs_kept", CLUSTER, None, "loggingInfo/brokerLogs/cloudwatchLogs/enabled", False),
    ("msk_cluster_logs_kept", CLUSTER, None, "loggingInfo", GONE),
    ("msk_cluster_survives_zone", CLUSTER, None, "brokerNodeGroupInfo/clientSubnets", ["subnet-a0000000000000000"]),
    ("msk_cluster_loses_no_write", CONFIGURATION, None, "serverProperties", LAX),
    ("msk_cluster_topics_declared", CONFIGURATION, None, "serverProperties", LAX),
    ("msk_cluster_measured_by_topic", CLUSTER, None, "enhancedMonitoring", "DEFAULT"),
    ("msk_cluster_version_supported", CLUSTER, None, "kafkaVersion", "2.8.1"),
    ("msk_cluster_policy_names_principals", "aws:msk/clusterPolicy:ClusterPolicy", None, "policy",
     json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "kafka-cluster:*", "Resource": "*"}]})),
    ("msk_topic_copied", TOPIC, STREAM, "replicationFactor", 1),
    ("msk_topic_copied", TOPIC, STREAM, "configs", json.dumps({"min.insync.replicas": "1"})),
    ("msk_topic_schema_registered", SCHEMA, None, "schemaName", "claims"),
    ("glue_schema_changes_compatible", SCHEMA, None, "compatibility", "NONE"),
    ("msk_topic_dead_letters_watched", ALARM, LETTERS, "threshold", 100),
    ("msk_topic_dead_letters_watched", ALARM, LETTERS, "alarmActions", []),
    ("msk_topic_dead_letters_watched", ALARM, LETTERS, "actionsEnabled", False),
    ("msk_topic_dead_letters_watched", ALARM, LETTERS, "comparisonOperator", "LessThanThreshold"),
    ("msk_connector_loses_nothing", ALARM, LETTERS, "threshold", 100),
    ("msk_connector_loses_nothing", CONNECTOR, SINK, "connectorConfiguration/errors.deadletterqueue.topic.name", GONE),
    ("msk_connector_loses_nothing", CONNECTOR, SINK,
     "connectorConfiguration/errors.deadletterqueue.context.headers.enable", "false"),
    ("msk_connector_loses_nothing", CONNECTOR, SINK, "connectorConfiguration/errors.log.enable", GONE),
    ("msk_connector_loses_nothing", CONNECTOR, SOURCE, "connectorConfiguration/errors.tolerance", "all"),
    ("msk_connector_signs_in_over_tls", CONNECTOR, SINK, "kafkaClusterClientAuthentication/authenticationType", "NONE"),
    ("msk_connector_signs_in_over_tls", CONNECTOR, SINK, "kafkaClusterEncryptionInTransit/encryptionType", "PLAINTEXT"),
    ("msk_connector_signs_in_over_tls", CONNECTOR, SOURCE, "connectorConfiguration/database.sslmode", "prefer"),
    ("msk_connector_signs_in_over_tls", CONNECTOR, SOURCE, "connectorConfiguration/database.sslmode", GONE),
    ("msk_connector_secrets_referred_to", CONNECTOR, SOURCE, "connectorConfiguration/database.password", "hunter2"),
    ("msk_connector_log_kept", CONNECTOR, SOURCE, "connectorConfiguration/errors.log.include.messages", "true"),
    ("msk_connector_log_kept", CONNECTOR, SOURCE, "logDelivery/workerLogDelivery/cloudwatchLogs/enabled", False),
    ("msk_connector_plugins_pinned", PLUGIN, "streaming-core-plugin", "location/s3/objectVersion", GONE),
]  # fmt: skip
RELATED = frozenset({"msk_cluster_survives_zone", "msk_cluster_logs_kept", "msk_topic_schema_registered"})
"""Rules whose leaves rest on more than the one value: another place may still tell."""


@pytest.mark.parametrize(("rule", "token", "name", "path", "value"), WEAKENINGS)
def test_each_weakening_of_what_passes_turns_a_rule(
    made: ResourceGraph, rule: str, token: str, name: str | None, path: str, value: Any
) -> None:
    assert Outcome.FAIL in outcomes(changed(made, token, path, value, name), rule)


@pytest.mark.parametrize(
    ("rule", "token", "name", "path"),
    sorted({(rule, token, name or "", path) for rule, token, name, path, _ in WEAKENINGS if rule not in RELATED
            and path not in {"alarmActions", "location/s3/objectVersion"} and token != "aws:msk/clusterPolicy:ClusterPolicy"}),
)  # fmt: skip
def test_what_is_not_known_is_not_passed(made: ResourceGraph, rule: str, token: str, name: str, path: str) -> None:
    assert Outcome.UNKNOWN in outcomes(changed(made, token, path, UNKNOWN, name or None), rule)


@pytest.mark.parametrize(
    ("rule", "token", "name"),
    [("msk_topic_dead_letters_watched", ALARM, LETTERS), ("msk_connector_loses_nothing", ALARM, LETTERS),
     ("msk_topic_schema_registered", SCHEMA, None), ("msk_topic_schema_registered", CONNECTOR, SOURCE)],
)  # fmt: skip
def test_what_is_missing_turns_a_rule(made: ResourceGraph, rule: str, token: str, name: str | None) -> None:
    assert Outcome.FAIL in outcomes(without(made, token, name), rule)
