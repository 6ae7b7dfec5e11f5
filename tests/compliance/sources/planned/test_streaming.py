"""Streams drawn by hand: what brokers, topics and connectors say, and what follows where they say nothing."""

import json
from typing import Any

import pytest

from compliance.facts.streaming import StreamCluster, StreamConnector, StreamTopic
from tests.compliance.sources.planned.drawn import UNKNOWN, drawn, link, only, value

BROKERS = drawn("aws:msk/cluster:Cluster", "brokers")
DAY = 24 * 60 * 60 * 1000


def topic(name: str, **configs: Any) -> Any:
    return drawn(
        "aws:msk/topic:Topic", "topic", name=name, clusterArn=link(BROKERS), replicationFactor=3, configs=json.dumps(configs)
    )  # fmt: skip


def connector(**settings: Any) -> Any:
    told = {"connector.class": "org.example.Sink", "topics": "claims", **settings}
    return drawn("aws:mskconnect/connector:Connector", "worker", connectorConfiguration=told)


def alarm(**inputs: Any) -> Any:
    heard: Any = {
        "threshold": 0,
        "comparisonOperator": "GreaterThanThreshold",
        "alarmActions": ["arn"],
        "actionsEnabled": True,
    }
    return drawn("aws:cloudwatch/metricAlarm:MetricAlarm", "alarm", **{**heard, **inputs})


def test_brokers_without_a_configuration_do_what_msk_does() -> None:
    bare = only(StreamCluster, BROKERS)
    assert (value(bare.unclean_leaders), value(bare.topics_by_accident)) == (True, False)
    assert (value(bare.copies_waited_for), value(bare.anonymous)) == ("<no_default>", "<no_default>")
    assert (value(bare.tls_clients), value(bare.key), value(bare.logs), value(bare.open_policy)) == (
        True,
        None,
        False,
        False,
    )


def test_a_configuration_is_read_line_by_line_without_its_comments() -> None:
    lines = "# min.insync.replicas=1\nmin.insync.replicas = 2\n\nunclean.leader.election.enable=false"
    configuration = drawn("aws:msk/configuration:Configuration", "lines", serverProperties=lines)
    brokers = drawn("aws:msk/cluster:Cluster", "brokers", configurationInfo={"arn": link(configuration), "revision": 1})
    found = only(StreamCluster, brokers, configuration)
    assert (value(found.copies_waited_for), value(found.unclean_leaders)) == (2, False)
    assert value(only(StreamCluster, brokers).copies_waited_for) == "<not_read>"


@pytest.mark.parametrize(
    ("configs", "days"),
    [({"retention.ms": 7 * DAY}, 7), ({"retention.ms": str(DAY + 1)}, 2), ({"retention.ms": "-1"}, None),
     ({"retention.ms": str(DAY), "cleanup.policy": "compact"}, None), ({}, "<no_default>")],
)  # fmt: skip
def test_a_topic_keeps_records_for_whole_days_or_for_ever(configs: dict[str, Any], days: object) -> None:
    assert value(only(StreamTopic, topic("claims", **configs)).kept_days) == days


@pytest.mark.parametrize(
    "name", ["dead-letter.lake", "claims.dlq", "claims-dlq-1", "orders_dead-letters", "claims.DLQ"]
)
def test_a_topic_of_dead_letters_is_known_by_its_name(name: str) -> None:
    assert value(only(StreamTopic, topic(name)).dead_letters) is True


def test_or_by_the_connector_that_writes_to_it() -> None:
    assert value(only(StreamTopic, topic("rejects")).dead_letters) is False
    sink = connector(**{"errors.deadletterqueue.topic.name": "rejects"})
    assert value(only(StreamTopic, topic("rejects"), sink).dead_letters) is True


def test_an_alarm_watches_a_topic_by_dimension_or_by_query() -> None:
    query = [{"id": "q", "expression": "SELECT SUM(MessagesInPerSec) FROM \"AWS/Kafka\" WHERE Topic = 'claims.dlq'"}]
    measured = [{"id": "m", "metric": {"metricName": "MessagesInPerSec", "dimensions": {"Topic": "claims.dlq"}}}]
    for told in ({"dimensions": {"Topic": "claims.dlq"}}, {"metricQueries": query}, {"metricQueries": measured}):
        assert value(only(StreamTopic, topic("claims.dlq"), alarm(**told)).alarmed) is True
    assert value(only(StreamTopic, topic("claims.dlq"), alarm(dimensions={"Topic": "claims"})).alarmed) is False
    assert (
        value(only(StreamTopic, topic("claims.dlq"), alarm(dimensions={"Topic": "claims.dlq"}, threshold=5)).alarmed)
        is False
    )


def test_a_source_cannot_keep_what_fails() -> None:
    letters = {"errors.deadletterqueue.topic.name": "claims.dlq", "errors.tolerance": "all"}
    assert value(only(StreamConnector, connector(**letters)).keeps_failed) is True
    source = drawn(
        "aws:mskconnect/connector:Connector", "worker", connectorConfiguration={"connector.class": "S", "topic.prefix": "core", **letters}
    )  # fmt: skip
    assert value(only(StreamConnector, source).keeps_failed) is False


@pytest.mark.parametrize(
    ("setting", "held"),
    [
        ("${secrets:lake:password}", False),
        ("hunter2", True),
        (UNKNOWN, "<cloud_decides>"),
        ({"$secret": True}, "<secret>"),
    ],
)
def test_a_secret_is_referred_to_or_held(setting: Any, held: object) -> None:
    assert value(only(StreamConnector, connector(**{"connection.password": setting})).secrets_in_clear) == held


def test_settings_that_only_the_cloud_knows_tell_nothing() -> None:
    hidden = only(
        StreamConnector, drawn("aws:mskconnect/connector:Connector", "worker", connectorConfiguration=UNKNOWN)
    )
    leaves = (hidden.tolerant, hidden.keeps_failed, hidden.secrets_in_clear, hidden.logs_records, hidden.tls_database)
    assert {value(leaf) for leaf in leaves} == {"<cloud_decides>"}
