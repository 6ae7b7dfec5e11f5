"""Without one edge of the wiring its grant and its way are gone, and nothing outside its provider changes."""

from __future__ import annotations

from functools import cache

import pytest

from blueprint.assembly import assemble
from blueprint.graph import Resource, ResourceGraph, embedded_json
from blueprint.wiring import Edge
from tests.conftest import graph_of, plan_of

pytestmark = pytest.mark.xdist_group("edges")

EDGES = {edge.id: edge for edge in plan_of("regulated").wiring.edges}

GRANTS = {
    "gateway-gateway-otlp": {"RoleBinding observability-scrapes-gateway-gateway-otlp-pods": 1},
    "gateway-gateway-route-chat": {"RolePolicy serving-chat-admits-gateway-gateway-route-chat-grant": 2},
    "serving-chat-vllm-otlp": {"RoleBinding observability-scrapes-serving-chat-vllm-otlp-pods": 1},
    "serving-chat-vllm-weights": {"RolePolicy models-qwen3-32b-admits-serving-chat-vllm-weights-grant": 2},
}
"""Edge -> what it grants, with the number of IAM statements or of bound roles. OTLP needs no AWS permission: its grant
is the collector's right to find the consumer's pods."""

WAYS = {
    "gateway-gateway-otlp": {
        "observability-admits-gateway-gateway-otlp-egress", "observability-admits-gateway-gateway-otlp-ingress",
        "observability-scrapes-gateway-gateway-otlp-in", "observability-scrapes-gateway-gateway-otlp-out",
    },
    "gateway-gateway-route-chat": {
        "serving-chat-admits-gateway-gateway-route-chat-egress", "serving-chat-admits-gateway-gateway-route-chat-ingress",
        "serving-chat-key-of-gateway-gateway-route-chat-0", "serving-chat-key-of-gateway-gateway-route-chat-1",
        "serving-chat-key-of-gateway-gateway-route-chat-2",
    },
    "serving-chat-vllm-otlp": {
        "observability-admits-serving-chat-vllm-otlp-egress", "observability-admits-serving-chat-vllm-otlp-ingress",
        "observability-scrapes-serving-chat-vllm-otlp-in", "observability-scrapes-serving-chat-vllm-otlp-out",
    },
    "serving-chat-vllm-weights": {"models-qwen3-32b-admits-serving-chat-vllm-weights-egress"},
}  # fmt: skip
"""Edge -> the network policies that open its way."""


@cache
def without(edge: Edge) -> ResourceGraph:
    plan = plan_of("regulated")
    left = tuple(each for each in plan.wiring.edges if each != edge)
    return assemble(plan, project="ai-platform", wiring=plan.wiring.model_copy(update={"edges": left}))


def removed(edge: Edge) -> tuple[Resource, ...]:
    after = without(edge).by_urn
    return tuple(each for each in graph_of("regulated").resources if each.urn not in after)


def kind(resource: Resource) -> str:
    return resource.type.rpartition(":")[2]


def rights(resource: Resource) -> int:
    if kind(resource) == "RoleBinding":
        return 1
    policy = embedded_json(resource.inputs["policy"])
    assert isinstance(policy, dict)
    statements = policy["Statement"]
    assert isinstance(statements, list)
    return len(statements)


def test_every_edge_is_written_down_here() -> None:
    assert EDGES.keys() == GRANTS.keys() == WAYS.keys()


@pytest.mark.parametrize("name", sorted(EDGES))
def test_an_edge_carries_its_grant(name: str) -> None:
    grants = {
        f"{kind(each)} {each.name}": rights(each)
        for each in removed(EDGES[name]) if kind(each) in {"RolePolicy", "RolePolicyAttachment", "RoleBinding"}
    }  # fmt: skip
    assert grants == GRANTS[name]


@pytest.mark.parametrize("name", sorted(EDGES))
def test_an_edge_opens_its_way(name: str) -> None:
    ways = {each.name for each in removed(EDGES[name]) if kind(each) in {"NetworkPolicy", "SecurityGroupIngressRule"}}
    assert ways == WAYS[name]


@pytest.mark.parametrize("name", sorted(EDGES))
def test_without_an_edge_nothing_outside_its_provider_changes(name: str) -> None:
    edge, before = EDGES[name], graph_of("regulated")
    after, own = without(edge), before.component(edge.provider).keys()
    changed = {each.urn for each in before.resources if after.by_urn.get(each.urn) != each}
    added = after.by_urn.keys() - before.by_urn.keys()
    assert changed
    assert not changed - own
    assert not added
