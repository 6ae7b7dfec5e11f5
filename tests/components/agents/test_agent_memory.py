"""The three tiers of an agent's memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.components.agents.conftest import LEAST, synthesised
from tests.components.builders import only

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph


def scripts(graph: ResourceGraph) -> Any:
    return only(graph, "kubernetes:core/v1:ConfigMap", "agents-intake-databases-script").inputs["data"]


def test_checkpoints_and_long_term_memory_are_two_databases_with_users_of_their_own(least: ResourceGraph) -> None:
    assert (
        scripts(least)["order"] == "0-checkpoints checkpoints checkpoints password\n1-memory memory memory password\n"
    )
    assert 'REVOKE CONNECT ON DATABASE "memory" FROM PUBLIC' in scripts(least)["1-memory.outside.sql"]
    assert 'CREATE EXTENSION IF NOT EXISTS "vector"' in scripts(least)["1-memory.inside.sql"]


def test_long_term_memory_ends_as_the_document_says_again_and_again(least: ResourceGraph) -> None:
    assert "interval '365 days'" in scripts(least)["1-memory.inside.sql"]
    shorter = synthesised({**LEAST, "memory_days": 30})
    assert "DELETE FROM memories WHERE written < now() - interval '30 days'" in scripts(shorter)["1-memory.inside.sql"]
    renewal = only(least, "kubernetes:batch/v1:CronJob", "agents-intake-databases-renewal")
    assert renewal.inputs["spec"]["schedule"] == "*/10 * * * *"


def test_working_memory_drops_what_expires_first(least: ResourceGraph) -> None:
    parameters = only(least, "aws:elasticache/parameterGroup:ParameterGroup").inputs["parameters"]
    assert {"name": "maxmemory-policy", "value": "volatile-ttl"} in parameters


def test_memory_is_protected_and_kept_unless_the_document_says_otherwise(least: ResourceGraph) -> None:
    assert only(least, "aws:rds/cluster:Cluster").protect is True
    assert only(synthesised({**LEAST, "keep": False}), "aws:rds/cluster:Cluster").protect is not True
