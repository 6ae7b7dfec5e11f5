"""Marquez under the strictest posture, as it is and with one value changed."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.graph import ResourceGraph
from compliance.findings import Outcome
from tests.components.governance.marquez_stack import plain
from tests.components.verdicts import changed, verdicts, without

SETTINGS, POD = "lineage-settings", "spec.template.spec"


@pytest.fixture(scope="module")
def marquez() -> ResourceGraph:
    return plain()


def failed(found: ResourceGraph) -> set[str]:
    return {rule for (rule, _), outcome in verdicts(found).items() if outcome is Outcome.FAIL}


def test_nothing_fails_as_it_is_and_only_digests_are_unknown(marquez: ResourceGraph) -> None:
    told = verdicts(marquez)
    assert failed(marquez) == set()
    assert {rule for (rule, _), outcome in told.items() if outcome is Outcome.UNKNOWN} == {
        "kubernetes_workload_images_pinned"
    }
    assert {rule for (rule, _), outcome in told.items() if outcome is Outcome.PASS} >= {
        "marquez_store_authenticated", "marquez_store_database_encrypted", "marquez_store_encrypted",
        "marquez_store_lineage_kept", "marquez_store_narrow", "marquez_store_private",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "rules"),
    [("bindHost: 127.0.0.1", "bindHost: 0.0.0.0", {"marquez_store_authenticated", "marquez_store_encrypted"}),
     ("127.0.0.1:5432", "database.example.org:5432", {"marquez_store_database_encrypted"}),
     ("search:\n  enabled: false", "search:\n  enabled: true", {"marquez_store_narrow"}),
     ("retentionDays: 2192", "retentionDays: 30", {"marquez_store_lineage_kept"})],
)  # fmt: skip
def test_each_weaker_word_of_the_configuration_fails_its_rules(
    marquez: ResourceGraph, before: str, after: str, rules: set[str]
) -> None:
    (held,) = (each for each in marquez.resources if each.name == SETTINGS)
    data: Any = held.inputs["data"]
    assert before in data["marquez.yml"]
    weaker = changed(marquez, SETTINGS, "data", {**data, "marquez.yml": data["marquez.yml"].replace(before, after)})
    assert failed(weaker) == rules


@pytest.mark.parametrize(
    ("name", "path", "weaker", "rule"),
    [("lineage-pods", f"{POD}.containers.1.command", ["sleep"], "marquez_store_authenticated"),
     ("lineage-pods", f"{POD}.containers.1.env", [], "marquez_store_encrypted"),
     ("lineage-pods", f"{POD}.initContainers.1.command", ["sleep"], "marquez_store_database_encrypted"),
     ("lineage-pods", "spec.replicas", 1, "kubernetes_workload_survives_node"),
     ("lineage-service", "spec.type", "NodePort", "marquez_store_private"),
     ("lineage-database-cluster", "deletionProtection", False, "rds_cluster_deletion_protected")],
)  # fmt: skip
def test_each_weaker_part_fails_a_rule(marquez: ResourceGraph, name: str, path: str, weaker: object, rule: str) -> None:
    assert rule in failed(changed(marquez, name, path, weaker))


def test_a_key_that_is_mounted_from_nowhere_does_not_pass(marquez: ResourceGraph) -> None:
    told = verdicts(without(marquez, "lineage-secrets"))
    assert told["marquez_store_authenticated", "LineageStore/lineage-pods"] in {Outcome.FAIL, Outcome.UNKNOWN}
