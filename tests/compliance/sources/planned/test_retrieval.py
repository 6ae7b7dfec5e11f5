"""What is told of stores of documents."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from pydantic import JsonValue

from blueprint.graph import UNKNOWN, Resource
from compliance.facts.retrieval import OpenSearchDomain, QdrantCluster, RetrievalServer
from tests.compliance.sources.planned.estate import estate, only, ref, resource, value

DOMAIN = "aws:opensearch/domain:Domain"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
NAMESPACE = {"namespace": "store"}


def domain(**inputs: JsonValue) -> Resource:
    return resource(DOMAIN, "main", inputs)


def test_a_domain_that_says_nothing_has_the_defaults_of_the_service() -> None:
    found = only(OpenSearchDomain, domain())
    told = {name: value(getattr(found, name)) for name in (
        "encrypted", "key", "nodes_encrypted", "tls_only", "tls_min_version", "private", "roles_only", "open_policy", "logs",
        "multi_az", "managers", "supported", "updates",
    )}  # fmt: skip
    assert told == {
        "encrypted": False, "key": None, "nodes_encrypted": False, "tls_only": False, "tls_min_version": "1.0",
        "private": False, "roles_only": False, "open_policy": False, "logs": frozenset(), "multi_az": False, "managers": 0,
        "supported": "?no_default", "updates": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("policy", "version"),
    [
        ("Policy-Min-TLS-1-2-PFS-2023-10", "1.2"), ("Policy-Min-TLS-1-2-RFC9151-FIPS-2024-08", "1.2"),
        ("Policy-Min-TLS-1-0-2019-07", "1.0"), ("Policy-Of-Tomorrow", "?not_read"),
    ],
)  # fmt: skip
def test_a_policy_is_named_by_the_oldest_version_that_it_lets_in(policy: str, version: str) -> None:
    found = only(OpenSearchDomain, domain(domainEndpointOptions={"tlsSecurityPolicy": policy}))
    assert value(found.tls_min_version) == version


@pytest.mark.parametrize(
    ("more", "roles_only"),
    [
        ({}, True),
        ({"internalUserDatabaseEnabled": True}, False),
        ({"anonymousAuthEnabled": True}, False),
        ({"enabled": False}, False),
    ],
)
def test_rights_by_role_leave_no_room_for_passwords_or_the_nameless(
    more: dict[str, JsonValue], *, roles_only: bool
) -> None:
    options: dict[str, JsonValue] = {"enabled": True, **more}
    assert value(only(OpenSearchDomain, domain(advancedSecurityOptions=options)).roles_only) is roles_only


def test_a_policy_for_everybody_is_seen_in_the_domain_and_beside_it() -> None:
    document = '{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "es:*", "Resource": "*"}]}'
    assert value(only(OpenSearchDomain, domain(accessPolicies=document)).open_policy) is True
    beside = resource(
        "aws:opensearch/domainPolicy:DomainPolicy",
        "policy",
        {"domainName": ref(DOMAIN, "main", "domainName"), "accessPolicies": document},
    )
    assert value(only(OpenSearchDomain, domain(), beside).open_policy) is True


def test_a_log_counts_when_it_is_on() -> None:
    listed: list[JsonValue] = [{"logType": "AUDIT_LOGS"}, {"logType": "INDEX_SLOW_LOGS", "enabled": False}]
    assert value(only(OpenSearchDomain, domain(logPublishingOptions=listed)).logs) == {"AUDIT_LOGS"}


@pytest.mark.parametrize(
    ("version", "supported"),
    [
        ("OpenSearch_3.1", True),
        ("OpenSearch_2.19", True),
        ("OpenSearch_1.3", False),
        ("Elasticsearch_7.10", False),
        ("OpenSearch_", False),
    ],
)
def test_old_lines_of_the_engine_get_no_fixes(version: str, *, supported: bool) -> None:
    assert value(only(OpenSearchDomain, domain(engineVersion=version)).supported) is supported


@pytest.mark.parametrize(("count", "several"), [(None, False), (1, False), (2, True), (UNKNOWN, "?cloud_decides")])
def test_a_single_node_stands_in_one_zone_whatever_is_asked_for(count: JsonValue, several: object) -> None:
    nodes: dict[str, JsonValue] = {"zoneAwarenessEnabled": True, "zoneAwarenessConfig": {"availabilityZoneCount": 2}}
    counted = nodes if count is None else {**nodes, "instanceCount": count}
    assert value(only(OpenSearchDomain, domain(clusterConfig=counted)).multi_az) == several


def test_one_zone_and_two_managers_are_told_as_such() -> None:
    nodes: dict[str, JsonValue] = {
        "zoneAwarenessEnabled": True, "zoneAwarenessConfig": {"availabilityZoneCount": 1},
        "dedicatedMasterEnabled": True, "dedicatedMasterCount": 2,
    }  # fmt: skip
    found = only(OpenSearchDomain, domain(clusterConfig=nodes))
    assert (value(found.multi_az), value(found.managers)) == (False, 2)


def test_what_only_the_cloud_knows_of_a_domain_is_unknown() -> None:
    found = only(OpenSearchDomain, domain(logPublishingOptions={"$unknown": True}, encryptAtRest={"$unknown": True}))
    assert (value(found.logs), value(found.encrypted)) == ("?cloud_decides", "?cloud_decides")


# -- Qdrant ----------------------------------------------------------------------------------------------------------

CONFIG = """
telemetry_disabled: true
cluster: {enabled: true, p2p: {port: 6335, enable_tls: true}}
audit: {enabled: true}
service: {http_port: 6333}
"""
MEMBERS: dict[str, Any] = {
    "metadata": {"name": "members", **NAMESPACE},
    "spec": {
        "template": {
            "metadata": {"labels": {"app": "store"}},
            "spec": {
                "containers": [
                    {"name": "qdrant", "image": "registry/qdrant/qdrant:v1", "readinessProbe": {"httpGet": {"port": 6333}},
                     "ports": [{"containerPort": 6335}]},
                    {"name": "door", "image": "registry/door:v1", "ports": [{"containerPort": 8443}],
                     "readinessProbe": {"httpGet": {"port": 8443, "scheme": "HTTPS"}}},
                    {"name": "audit-log", "image": "registry/audit:v1", "env": [{"name": "AUDIT_FOLDER", "value": "/audit"}]},
                ],
                "volumes": [
                    {"name": "config", "configMap": {"name": "config"}},
                    {"name": "keys", "csi": {"volumeAttributes": {"secretProviderClass": "keys"}}},
                ],
            },
        },
        "volumeClaimTemplates": [{"spec": {"storageClassName": "encrypted"}}],
    },
}  # fmt: skip


def kubernetes(kind: str, name: str, inputs: dict[str, Any]) -> Resource:
    told = {**inputs, "metadata": {"name": name, **NAMESPACE, **inputs.get("metadata", {})}}
    return resource(f"kubernetes:{kind}", name, told)


def store(
    *,
    config: str = CONFIG,
    port: int = 8443,
    keys: str = "api-key",
    command: str = "snapshots",
    encrypted: str = "true",
) -> list[Resource]:
    provider = {"spec": {"parameters": {"objects": f'[{{"objectName": "arn", "objectAlias": "{keys}"}}]'}}}
    copying = {"containers": [{"name": "copy", "command": [command], "env": [{"name": "BUCKET", "value": "copies"}]}]}
    return [
        kubernetes("apps/v1:StatefulSet", "members", MEMBERS),
        kubernetes("core/v1:ConfigMap", "config", {"data": {"config.yaml": config}}),
        kubernetes("secrets-store.csi.x-k8s.io/v1:SecretProviderClass", "keys", provider),
        kubernetes("core/v1:Service", "store", {"spec": {"selector": {"app": "store"}, "ports": [{"targetPort": port}]}}),
        kubernetes("batch/v1:CronJob", "copy", {"spec": {"jobTemplate": {"spec": {"template": {"spec": copying}}}}}),
        resource(
            "kubernetes:storage.k8s.io/v1:StorageClass", "encrypted",
            {"metadata": {"name": "encrypted"}, "parameters": {"encrypted": encrypted}},
        ),
    ]  # fmt: skip


LEAVES = (
    "authenticated",
    "encrypted",
    "peers_encrypted",
    "audited",
    "reports_home",
    "private",
    "disks_encrypted",
    "disks_kept",
    "copied",
)


def leaves(*resources: Resource) -> dict[str, object]:
    found = only(QdrantCluster, *resources)
    return {name: value(getattr(found, name)) for name in LEAVES}


def test_a_cluster_is_told_by_its_pods_its_configuration_and_what_stands_around_it() -> None:
    assert leaves(*store()) == {**dict.fromkeys(LEAVES, True), "reports_home": False}


@pytest.mark.parametrize(
    ("weaker", "leaf", "told"),
    [
        ({"keys": "read-only-key"}, "authenticated", False),
        ({"port": 6333}, "encrypted", False),
        ({"config": CONFIG.replace("enable_tls: true", "enable_tls: false")}, "peers_encrypted", False),
        ({"config": CONFIG.replace("audit: {enabled: true}", "")}, "audited", False),
        ({"config": CONFIG.replace("telemetry_disabled: true", "")}, "reports_home", True),
        ({"command": "nothing"}, "copied", False),
        ({"encrypted": "false"}, "disks_encrypted", False),
    ],
)
def test_what_is_weaker_is_told_so(weaker: dict[str, Any], leaf: str, *, told: bool) -> None:
    assert leaves(*store(**weaker)) == {**dict.fromkeys(LEAVES, True), "reports_home": False, leaf: told}


def test_disks_that_go_with_the_object_are_not_kept() -> None:
    weaker = copy.deepcopy(MEMBERS)
    weaker["spec"]["persistentVolumeClaimRetentionPolicy"] = {"whenDeleted": "Delete"}
    others = [each for each in store() if each.name != "members"]
    assert leaves(kubernetes("apps/v1:StatefulSet", "members", weaker), *others)["disks_kept"] is False


def test_a_configuration_that_was_not_read_tells_nothing() -> None:
    told = leaves(*(each for each in store() if each.name not in {"config", "encrypted"}))
    assert {
        name: told[name] for name in ("peers_encrypted", "audited", "encrypted", "disks_encrypted")
    } == dict.fromkeys(("peers_encrypted", "audited", "encrypted", "disks_encrypted"), "?not_read")


def test_another_stateful_set_is_no_cluster() -> None:
    other = copy.deepcopy(MEMBERS)
    other["spec"]["template"]["spec"]["containers"] = [{"name": "other", "image": "registry/other:v1"}]
    assert estate([kubernetes("apps/v1:StatefulSet", "other", other)]).all(QdrantCluster) == ()


# -- what answers searches -------------------------------------------------------------------------------------------

SQL = (
    "CREATE TABLE IF NOT EXISTS documents (x text); ALTER TABLE documents ENABLE ROW LEVEL SECURITY; CREATE POLICY by_group ON "
    "documents FOR SELECT USING (\"readers\" && string_to_array(current_setting('blueprint.groups', true), ','));"
)
WATCHING: dict[str, JsonValue] = {
    "metricName": "IndexAge", "dimensions": {"Store": "vector_stores/knowledge"}, "treatMissingData": "breaching",
    "alarmActions": ["arn:aws:sns:us-east-1:111122223333:alerts"],
}  # fmt: skip


def server(kind: str = "pgvector", field: str = "readers", sql: str = SQL, **alarm: JsonValue) -> RetrievalServer:
    environment = {"STORE_KIND": kind, "PERMISSION_FIELD": field, "STORE": "vector_stores/knowledge"}
    container = {
        "name": "server", "image": "registry/server:v1", "readinessProbe": {"httpGet": {"scheme": "HTTPS"}},
        "env": [{"name": name, "value": told} for name, told in environment.items()],
    }  # fmt: skip
    pods = {"spec": {"template": {"metadata": {"labels": {"app": "server"}}, "spec": {"containers": [container]}}}}
    return only(
        RetrievalServer,
        kubernetes("apps/v1:Deployment", "server", pods),
        kubernetes("core/v1:ConfigMap", "script", {"data": {"0-documents.inside.sql": sql}}),
        resource(ALARM, "stale", {**WATCHING, **alarm}),
    )


def test_permissions_are_those_of_the_field_and_of_the_database() -> None:
    found = server()
    assert (value(found.permissions_enforced), value(found.encrypted), value(found.private)) == (True, True, True)
    assert value(found.authenticated) is False


@pytest.mark.parametrize(
    ("told", "enforced"),
    [
        ({"field": ""}, False),
        ({"sql": SQL.replace("ENABLE ROW LEVEL SECURITY", "DISABLE ROW LEVEL SECURITY")}, False),
        ({"sql": SQL.replace("CREATE POLICY", "-- POLICY")}, False),
        ({"field": "others"}, False),
        ({"sql": "SELECT 1;"}, False),
        ({"kind": "qdrant", "sql": ""}, True),
        ({"kind": "qdrant", "field": ""}, False),
    ],
)
def test_permissions_that_one_of_both_does_not_hold_to_are_not_enforced(
    told: dict[str, Any], *, enforced: bool
) -> None:
    assert value(server(**told).permissions_enforced) is enforced


@pytest.mark.parametrize(
    ("alarm", "alarmed"),
    [
        ({}, True),
        ({"treatMissingData": "missing"}, False),
        ({"actionsEnabled": False}, False),
        ({"alarmActions": []}, False),
        ({"dimensions": {"Store": "vector_stores/other"}}, False),
        ({"metricName": "Other"}, False),
    ],
)
def test_only_an_alarm_on_this_store_that_takes_silence_for_age_counts(alarm: dict[str, Any], *, alarmed: bool) -> None:
    assert value(server(**alarm).freshness_alarmed) is alarmed
