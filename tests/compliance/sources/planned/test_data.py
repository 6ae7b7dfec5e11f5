"""What is told of databases and caches."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from blueprint.graph import Resource
from compliance.facts.data import Cache, DatabaseCluster
from tests.compliance.sources.planned.estate import only, ref, resource, urn, value

CLUSTER = "aws:rds/cluster:Cluster"
INSTANCE = "aws:rds/clusterInstance:ClusterInstance"
GROUP = "aws:rds/clusterParameterGroup:ClusterParameterGroup"
REPLICATION = "aws:elasticache/replicationGroup:ReplicationGroup"
NAMED: dict[str, JsonValue] = {"dbClusterParameterGroupName": "main"}


def cluster(**inputs: JsonValue) -> Resource:
    return resource(CLUSTER, "main", inputs)


def instance(number: int, **inputs: JsonValue) -> Resource:
    return resource(INSTANCE, f"i{number}", {"clusterIdentifier": ref(CLUSTER, "main"), **inputs})


def group(**parameters: str) -> Resource:
    listed: JsonValue = [{"name": name.replace("__", "."), "value": text} for name, text in parameters.items()]
    return resource(GROUP, "group", {"name": "main", "parameters": listed})


def test_a_database_that_says_nothing_has_the_defaults_of_rds() -> None:
    found = only(DatabaseCluster, cluster())
    told = {name: value(getattr(found, name)) for name in (
        "encrypted", "key", "deletion_protected", "backup_days", "multi_az", "iam_auth", "logs_exported", "public",
        "master_secret_managed", "minor_upgrades", "tags_on_snapshots", "final_snapshot", "monitored", "insights_key",
        "statements_logged", "connections_logged", "tls_forced", "tls_min_version",
    )}  # fmt: skip
    assert told == {
        "encrypted": False, "key": None, "deletion_protected": False, "backup_days": 1, "multi_az": False,
        "iam_auth": False, "logs_exported": frozenset(), "public": False, "master_secret_managed": False,
        "minor_upgrades": True, "tags_on_snapshots": False, "final_snapshot": True, "monitored": False,
        "insights_key": None, "statements_logged": False, "connections_logged": False, "tls_forced": "?no_default",
        "tls_min_version": "?no_default",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["main", ref(GROUP, "group", "name")])
def test_the_parameter_group_is_found_by_name_and_by_reference(name: JsonValue) -> None:
    parameters = group(rds__force_ssl="1", ssl_min_protocol_version="TLSv1.2", log_statement="ddl", log_connections="1")
    found = only(DatabaseCluster, cluster(dbClusterParameterGroupName=name), parameters)
    told = [
        value(leaf)
        for leaf in (found.tls_forced, found.tls_min_version, found.statements_logged, found.connections_logged)
    ]
    assert told == [True, "1.2", True, True]
    assert found.tls_forced.origin.urn == urn(GROUP, "group")


def test_a_parameter_group_that_is_not_in_the_graph_was_not_read() -> None:
    assert value(only(DatabaseCluster, cluster(**NAMED)).tls_forced) == "?not_read"


@pytest.mark.parametrize(
    ("text", "version"), [("TLSv1", "1.0"), ("TLSv1.1", "1.1"), ("TLSv1.3", "1.3"), ("something", "?not_read")]
)
def test_versions_of_tls_are_read_from_the_names_of_postgres(text: str, version: str) -> None:
    found = only(DatabaseCluster, cluster(**NAMED), group(ssl_min_protocol_version=text))
    assert value(found.tls_min_version) == version


def test_the_audit_extension_records_changes_too() -> None:
    assert value(only(DatabaseCluster, cluster(**NAMED), group(pgaudit__log="ddl,role")).statements_logged) is True
    assert value(only(DatabaseCluster, cluster(**NAMED), group(pgaudit__log="read")).statements_logged) is False


def test_one_instance_speaks_for_all_where_it_is_the_worse() -> None:
    good: dict[str, JsonValue] = {
        "autoMinorVersionUpgrade": True, "monitoringInterval": 60, "performanceInsightsEnabled": True,
        "performanceInsightsKmsKeyId": ref("aws:kms/key:Key", "own", "arn"),
    }  # fmt: skip
    both = only(DatabaseCluster, cluster(), instance(0, **good), instance(1, **good))
    assert [value(leaf) for leaf in (both.multi_az, both.minor_upgrades, both.monitored, both.public)] == [
        True,
        True,
        True,
        False,
    ]
    bad: dict[str, JsonValue] = {
        "publiclyAccessible": True,
        "autoMinorVersionUpgrade": False,
        "caCertIdentifier": "rds-ca-2019",
    }
    mixed = only(DatabaseCluster, cluster(), instance(0, **good), instance(1, **bad))
    told = [
        value(leaf)
        for leaf in (mixed.minor_upgrades, mixed.monitored, mixed.public, mixed.insights_key, mixed.authority)
    ]
    assert told == [False, False, True, None, "rds-ca-2019"]


def test_a_single_instance_may_have_siblings_that_were_not_listed() -> None:
    assert value(only(DatabaseCluster, cluster(), instance(0)).multi_az) is False
    assert value(only(DatabaseCluster, cluster(), instance(0), incomplete="only changes").multi_az) == "?not_read"


def test_a_cache_that_says_nothing_has_the_defaults_of_elasticache() -> None:
    found = only(Cache, resource(REPLICATION, "cache", {}))
    told = [
        value(leaf)
        for leaf in (found.at_rest, found.key, found.in_transit, found.authenticated, found.multi_az, found.failover)
    ]
    assert told == [False, None, False, False, False, False]
    assert [value(found.snapshot_days), value(found.logs), value(found.minor_upgrades)] == [0, False, True]


def test_valkey_encrypts_where_nothing_is_said_and_redis_does_not() -> None:
    engines = [only(Cache, resource(REPLICATION, "cache", {"engine": engine})) for engine in ("valkey", "redis")]
    assert [value(found.at_rest) for found in engines] == [True, False]


@pytest.mark.parametrize(
    ("inputs", "in_transit", "authenticated"),
    [
        ({"transitEncryptionEnabled": True}, True, False),
        ({"transitEncryptionEnabled": True, "transitEncryptionMode": "preferred"}, False, False),
        ({"authToken": {"$secret": True}}, False, True),
        ({"userGroupIds": [ref("aws:elasticache/userGroup:UserGroup", "users")]}, False, True),
    ],
)
def test_clients_of_a_cache_speak_tls_and_are_known(
    inputs: dict[str, JsonValue],
    in_transit: bool,
    authenticated: bool,
) -> None:
    found = only(Cache, resource(REPLICATION, "cache", inputs))
    assert [value(found.in_transit), value(found.authenticated)] == [in_transit, authenticated]


def test_a_serverless_cache_is_encrypted_and_spread_whatever_it_says() -> None:
    found = only(Cache, resource("aws:elasticache/serverlessCache:ServerlessCache", "cache", {"engine": "valkey"}))
    told = [
        value(leaf)
        for leaf in (found.at_rest, found.in_transit, found.multi_az, found.key, found.authenticated, found.logs)
    ]
    assert told == [True, True, True, None, False, False]
    assert found.at_rest.origin.how == "default"
