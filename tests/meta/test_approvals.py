"""What nobody but the owner approved: a named rule says so, and the gateway does not serve it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from blueprint.assembly import assemble
from blueprint.graph import ResourceGraph
from blueprint.judgement import judge_plan
from compliance.findings import Outcome
from tests.conftest import ROOT, graph_of
from tests.meta.variants import variant

pytestmark = pytest.mark.xdist_group("stacks")


def unapproved(entry: dict[str, Any]) -> None:
    del entry["approved_by"], entry["approved_on"]


def failing(folder: Path, stack: str, change: Callable[[dict[str, Any]], None]) -> tuple[set[str], ResourceGraph]:
    """Rules that FAIL on a stack after a change, and its resources."""
    plan = variant(folder, stack, change)
    graph = assemble(plan, project="ai-platform")
    found = judge_plan(plan, graph, ROOT).findings
    return {each.rule for each in found if each.verdict.outcome is Outcome.FAIL}, graph


def served(graph: ResourceGraph) -> set[str]:
    """Models behind the gateway's routes."""
    (settings,) = (each for each in graph.of("kubernetes:core/v1:ConfigMap") if each.name == "gateway-settings")
    data = settings.inputs["data"]
    assert isinstance(data, dict)
    routes = yaml.safe_load(str(data["routes.yaml"]))
    return {model["serving"] for route in routes for model in route["models"]}


def test_without_the_approval_of_a_managed_model_its_rule_fails_and_it_is_not_served(tmp_path: Path) -> None:
    assert served(graph_of("staging")) == {"frontier"}
    rules, graph = failing(tmp_path, "staging", lambda document: unapproved(document["serving"][0]))
    assert {"bedrock_model_approved", "registry_entry_approved"} <= rules
    assert served(graph) == set()


def test_without_the_approval_of_its_weights_a_model_is_not_served(tmp_path: Path) -> None:
    assert served(graph_of("prod")) == {"chat", "spare"}
    rules, graph = failing(tmp_path, "prod", lambda document: unapproved(document["models"][0]))
    assert {"model_catalogue_entry_approved", "registry_entry_approved"} <= rules
    assert served(graph) == {"spare"}


def test_without_the_approval_of_a_use_case_its_rule_fails(tmp_path: Path) -> None:
    rules, _ = failing(tmp_path, "staging", lambda document: unapproved(document["use_cases"][0]))
    assert rules == {"registry_entry_approved"}


def test_an_agent_that_no_use_case_names_is_shown(tmp_path: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        del document["use_cases"][0]["agents"]

    rules, _ = failing(tmp_path, "staging", change)
    assert rules == {"registry_use_registered"}
