"""Temporal under the strictest posture, as it is and with one value changed."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.graph import ResourceGraph
from compliance.findings import Outcome
from tests.components.agents.temporal_stack import plain
from tests.components.verdicts import GONE, changed, verdicts, without

POD = "spec.template.spec"
FRONTEND, SETTINGS = "durable-execution-frontend-pods", "durable-execution-settings"


@pytest.fixture(scope="module")
def temporal() -> ResourceGraph:
    return plain()


def failed(found: ResourceGraph) -> set[str]:
    return {rule for (rule, _), outcome in verdicts(found).items() if outcome is Outcome.FAIL}


def rewritten(found: ResourceGraph, file: str, before: str, after: str) -> ResourceGraph:
    (held,) = (each for each in found.resources if each.name == SETTINGS)
    data: Any = held.inputs["data"]
    assert before in data[file]
    return changed(found, SETTINGS, "data", {**data, file: data[file].replace(before, after)})


def test_nothing_fails_as_it_is_and_only_digests_are_unknown(temporal: ResourceGraph) -> None:
    told = verdicts(temporal)
    assert failed(temporal) == set()
    assert {rule for (rule, _), outcome in told.items() if outcome is Outcome.UNKNOWN} == {
        "kubernetes_workload_images_pinned"
    }
    assert {rule for (rule, _), outcome in told.items() if outcome is Outcome.PASS} >= {
        "temporal_server_callers_authenticated", "temporal_server_callers_encrypted", "temporal_server_database_encrypted",
        "temporal_server_limited", "temporal_server_no_password", "temporal_server_private", "temporal_server_siblings_encrypted",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("file", "before", "after", "rule"),
    [("frontend.yaml", "authorizer: default", "authorizer: ''", "temporal_server_callers_authenticated"),
     ("frontend.yaml", "permissionsRegex: ^", "permissionsPattern: ^", "temporal_server_callers_authenticated"),
     ("frontend.yaml", "http://127.0.0.1:7299", "http://keys.example.org", "temporal_server_callers_authenticated"),
     ("frontend.yaml", "certFile: /run/certificate/server.pem", "certFile: ''", "temporal_server_callers_encrypted"),
     ("server.yaml", "certFile: /run/certificate/server.pem", "certFile: ''", "temporal_server_siblings_encrypted"),
     ("server.yaml", "disableHostVerification: false", "disableHostVerification: true", "temporal_server_siblings_encrypted"),
     ("server.yaml", "127.0.0.1:5432", "database.example.org:5432", "temporal_server_database_encrypted"),
     ("server.yaml", "user: temporal", "password: x", "temporal_server_no_password"),
     ("dynamic.yaml", "limit.blobSize.error", "limit.blobSize.warn", "temporal_server_limited")],
)  # fmt: skip
def test_each_weaker_word_of_the_configuration_fails_a_rule(
    temporal: ResourceGraph, file: str, before: str, after: str, rule: str
) -> None:
    assert rule in failed(rewritten(temporal, file, before, after))


@pytest.mark.parametrize(
    ("name", "path", "weaker", "rule"),
    [(FRONTEND, f"{POD}.containers.0.command.6", "server", "temporal_server_callers_authenticated"),
     (FRONTEND, f"{POD}.initContainers.1.command", ["sleep"], "temporal_server_database_encrypted"),
     (FRONTEND, "spec.replicas", 1, "kubernetes_workload_survives_node"),
     (FRONTEND, f"{POD}.containers.0.readinessProbe", GONE, "kubernetes_workload_probed"),
     ("durable-execution-service", "spec.type", "LoadBalancer", "temporal_server_private"),
     ("durable-execution-database-cluster", "storageEncrypted", False, "rds_cluster_encrypted"),
     ("durable-execution-database-cluster", "iamDatabaseAuthenticationEnabled", False, "rds_cluster_iam_authentication")],
)  # fmt: skip
def test_each_weaker_part_fails_a_rule(
    temporal: ResourceGraph, name: str, path: str, weaker: object, rule: str
) -> None:
    assert rule in failed(changed(temporal, name, path, weaker))


def test_a_program_without_its_disruption_budget_fails(temporal: ResourceGraph) -> None:
    assert "kubernetes_workload_survives_node" in failed(without(temporal, "durable-execution-history-budget"))


def test_what_the_cloud_decides_never_passes(temporal: ResourceGraph) -> None:
    told = verdicts(changed(temporal, SETTINGS, "data", {"$unknown": True}))
    own = {
        outcome for (rule, _), outcome in told.items() if rule.startswith("temporal_server") and "private" not in rule
    }
    assert own == {Outcome.UNKNOWN, Outcome.NOT_APPLICABLE}
