"""Each property that keeps documents safe, set weaker: the rule that says so."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.graph import ResourceGraph
from compliance.findings import Outcome
from tests.components.data.weakened import GONE, changed, outcomes
from tests.components.retrieval.conftest import KINDS, made, spec

DOMAIN = "aws:opensearch/domain:Domain"
MEMBERS, SERVER = "kubernetes:apps/v1:StatefulSet", "kubernetes:apps/v1:Deployment"
CONFIG_MAP, SERVICE = "kubernetes:core/v1:ConfigMap", "kubernetes:core/v1:Service"
SECRETS = "kubernetes:secrets-store.csi.x-k8s.io/v1:SecretProviderClass"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"

WEAKER: tuple[tuple[str, str, str, str, object, str], ...] = (
    ("opensearch", DOMAIN, "domain", "encryptAtRest/enabled", False, "opensearch_domain_encrypted"),
    ("opensearch", DOMAIN, "domain", "encryptAtRest/kmsKeyId", GONE, "opensearch_domain_key_own"),
    ("opensearch", DOMAIN, "domain", "nodeToNodeEncryption/enabled", False, "opensearch_domain_nodes_encrypted"),
    ("opensearch", DOMAIN, "domain", "domainEndpointOptions/enforceHttps", False, "opensearch_domain_tls_only"),
    ("opensearch", DOMAIN, "domain", "domainEndpointOptions/tlsSecurityPolicy", "Policy-Min-TLS-1-0-2019-07", "opensearch_domain_tls_version"),
    ("opensearch", DOMAIN, "domain", "vpcOptions", GONE, "opensearch_domain_private"),
    ("opensearch", DOMAIN, "domain", "advancedSecurityOptions/enabled", False, "opensearch_domain_roles_only"),
    ("opensearch", DOMAIN, "domain", "advancedSecurityOptions/internalUserDatabaseEnabled", True, "opensearch_domain_roles_only"),
    ("opensearch", DOMAIN, "domain", "advancedSecurityOptions/anonymousAuthEnabled", True, "opensearch_domain_roles_only"),
    ("opensearch", DOMAIN, "domain", "accessPolicies", '{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "es:*", "Resource": "*"}]}', "opensearch_domain_policy_names_principals"),
    ("opensearch", DOMAIN, "domain", "logPublishingOptions/0/enabled", False, "opensearch_domain_logs_written"),
    ("opensearch", DOMAIN, "domain", "clusterConfig/zoneAwarenessEnabled", False, "opensearch_domain_several_zones"),
    ("opensearch", DOMAIN, "domain", "clusterConfig/dedicatedMasterEnabled", False, "opensearch_domain_managers_apart"),
    ("opensearch", DOMAIN, "domain", "engineVersion", "Elasticsearch_7.10", "opensearch_domain_engine_supported"),
    ("opensearch", DOMAIN, "domain", "softwareUpdateOptions/autoSoftwareUpdateEnabled", False, "opensearch_domain_updates_installed"),
    ("qdrant", SECRETS, "store-secrets", "spec/parameters/objects", "[]", "qdrant_cluster_authenticated"),
    ("qdrant", SERVICE, "store-service", "spec/ports/0/targetPort", 6333, "qdrant_cluster_encrypted"),
    ("qdrant", CONFIG_MAP, "store-config", "data/config.yaml", "telemetry_disabled: true", "qdrant_cluster_peers_encrypted"),
    ("qdrant", CONFIG_MAP, "store-config", "data/config.yaml", "telemetry_disabled: true", "qdrant_cluster_audited"),
    ("qdrant", MEMBERS, "members", "spec/template/spec/containers/2/env", [], "qdrant_cluster_audited"),
    ("qdrant", CONFIG_MAP, "store-config", "data/config.yaml", "log_level: INFO", "qdrant_cluster_calls_nobody"),
    ("qdrant", SERVICE, "store-service", "spec/type", "LoadBalancer", "qdrant_cluster_private"),
    ("qdrant", MEMBERS, "members", "spec/persistentVolumeClaimRetentionPolicy/whenDeleted", "Delete", "qdrant_cluster_disks_kept"),
    ("qdrant", "kubernetes:batch/v1:CronJob", "qdrant-snapshots", "spec/suspend", True, "qdrant_cluster_copied"),
    ("pgvector", CONFIG_MAP, "databases-script", "data/0-documents.inside.sql", "CREATE TABLE IF NOT EXISTS documents (id text);", "retrieval_server_permissions_enforced"),
    ("pgvector", "aws:rds/cluster:Cluster", "database-cluster", "iamDatabaseAuthenticationEnabled", False, "rds_cluster_iam_authentication"),
)  # fmt: skip
"""Kind, type, end of the name, path, weaker value, rule."""

OF_ALL: tuple[tuple[str, str, str, object, str], ...] = (
    (SECRETS, "server-secrets", "spec/parameters/objects", "[]", "retrieval_server_authenticated"),
    (SERVER, "server", "spec/template/spec/containers/0/readinessProbe/httpGet/scheme", "HTTP", "retrieval_server_encrypted"),
    (SERVICE, "knowledge-service", "spec/type", "LoadBalancer", "retrieval_server_private"),
    (ALARM, "stale", "treatMissingData", "missing", "retrieval_server_freshness_alarmed"),
    (ALARM, "stale", "alarmActions", [], "retrieval_server_freshness_alarmed"),
)  # fmt: skip
"""The same, for whatever keeps the documents."""


def weaker(graph: ResourceGraph, token: str, end: str, path: str, value: object) -> ResourceGraph:
    """The graph with one property changed."""
    (name,) = (each.name for each in graph.of(token) if each.name.endswith(end))
    return changed(graph, token, path, value, name)


@pytest.mark.parametrize(("kind", "token", "end", "path", "value", "rule"), WEAKER)
def test_a_weaker_property_fails_its_rule(kind: str, token: str, end: str, path: str, value: object, rule: str) -> None:
    graph = made(spec(kind))[0]
    assert outcomes(graph, rule) == {Outcome.PASS}
    assert Outcome.FAIL in outcomes(weaker(graph, token, end, path, value), rule)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("token", "end", "path", "value", "rule"), OF_ALL)
def test_a_weaker_server_fails_whatever_keeps_the_documents(
    kind: str, token: str, end: str, path: str, value: object, rule: str
) -> None:
    graph = made(spec(kind))[0]
    assert outcomes(graph, rule) == {Outcome.PASS}
    assert Outcome.FAIL in outcomes(weaker(graph, token, end, path, value), rule)


@pytest.mark.parametrize("kind", KINDS)
def test_a_search_that_is_told_no_field_of_permissions_fails(kind: str) -> None:
    graph = made(spec(kind))[0]
    (server,) = graph.of(SERVER)
    told: Any = server.inputs
    (container,) = told["spec"]["template"]["spec"]["containers"]
    number = next(index for index, each in enumerate(container["env"]) if each["name"] == "PERMISSION_FIELD")
    path = f"spec/template/spec/containers/0/env/{number}/value"
    assert outcomes(weaker(graph, SERVER, "server", path, ""), "retrieval_server_permissions_enforced") == {
        Outcome.FAIL
    }
