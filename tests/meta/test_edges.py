"""Without one edge of the wiring its grant and its way are gone, and nothing outside its provider changes.

Here one edge of every provider is taken away, all at once: what is gone belongs to the edge of the provider under which it
stood. The slow tier takes each edge of each stack away alone (`make test-deep`), and keeps what it opened as a golden file.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import pytest

from blueprint.assembly import assemble
from blueprint.graph import Resource, ResourceGraph, embedded_json
from blueprint.types import Dialect
from blueprint.wiring import Edge
from tests.conftest import STACKS, graph_of, plan_of

pytestmark = pytest.mark.xdist_group("experiments")

REGULATED = "regulated"
GRANTS = frozenset({"RolePolicy", "RolePolicyAttachment", "RoleBinding", "Permissions", "BucketPolicy", "Key"})
"""Policies of buckets and keys stay without the edge, and say less."""
WAYS = frozenset({"NetworkPolicy", "SecurityGroupIngressRule", "ListenerRule"})


@lru_cache(maxsize=2)
def without(stack: str, gone: tuple[Edge, ...]) -> ResourceGraph:
    plan = plan_of(stack)
    left = tuple(each for each in plan.wiring.edges if each not in gone)
    return assemble(plan, project="ai-platform", wiring=plan.wiring.model_copy(update={"edges": left}))


def removed(stack: str, edge: Edge, gone: tuple[Edge, ...]) -> tuple[Resource, ...]:
    """What stood under the provider of an edge before they are gone and does not after it."""
    after = without(stack, gone).by_urn
    return tuple(each for urn, each in sorted(graph_of(stack).component(edge.provider).items()) if urn not in after)


def kind(resource: Resource) -> str:
    return resource.type.rpartition(":")[2]


def said(resource: Resource) -> str:
    """A resource as the golden file names it, a policy with the number of its statements."""
    policy = embedded_json(resource.inputs["policy"]) if kind(resource) == "RolePolicy" else None
    statements = policy["Statement"] if isinstance(policy, dict) else None
    return f"{kind(resource)} {resource.name}" + (
        f" ({len(statements)} statements)" if isinstance(statements, list) else ""
    )


FIRST = tuple({edge.provider: edge for edge in reversed(plan_of(REGULATED).wiring.edges)}.values())
"""One edge of every provider; the slow tier has the others."""


def test_without_edges_nothing_outside_their_providers_changes() -> None:
    before, after = graph_of(REGULATED), without(REGULATED, FIRST)
    own = {urn for edge in FIRST for urn in before.component(edge.provider)}
    changed = {each.urn for each in before.resources if after.by_urn.get(each.urn) != each}
    assert {edge.provider for edge in FIRST} == {edge.provider for edge in plan_of(REGULATED).wiring.edges}
    assert not changed - own
    assert not after.by_urn.keys() - before.by_urn.keys()


@pytest.mark.parametrize("edge", FIRST, ids=lambda edge: edge.id)
def test_an_edge_carries_a_grant_or_a_way(edge: Edge) -> None:
    """One that carries neither would be a line in a table and nothing in the world."""
    before, after = graph_of(REGULATED), without(REGULATED, FIRST)
    touched = [each for urn, each in before.component(edge.provider).items() if after.by_urn.get(urn) != each]
    assert {kind(each) for each in touched} & (GRANTS | WAYS)


def test_an_edge_of_weights_is_the_right_to_read_and_decrypt_objects() -> None:
    """One case read whole, so that the golden file is not the only one to know what a grant is."""
    edge = next(each for each in FIRST if each.offer.dialect is Dialect.WEIGHTS)
    (grant,) = (each for each in removed(REGULATED, edge, FIRST) if kind(each) == "RolePolicy")
    policy = embedded_json(grant.inputs["policy"])
    assert isinstance(policy, dict)
    statements = policy["Statement"]
    assert isinstance(statements, list)
    actions = {str(action) for each in statements if isinstance(each, dict) for action in _listed(each["Action"])}
    assert actions == {"s3:GetObject", "kms:Decrypt"}


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


@pytest.mark.slow
@pytest.mark.parametrize("stack", STACKS)
def test_what_each_edge_opens_is_written_down_and_is_all_that_it_opens(
    stack: str, golden: Callable[[str, str], None]
) -> None:
    edges, before = plan_of(stack).wiring.edges, graph_of(stack)
    lines: list[str] = []
    for edge in sorted(edges, key=lambda each: each.id):
        after = without(stack, (edge,))
        touched = {each.urn: each for each in before.resources if after.by_urn.get(each.urn) != each}
        assert not touched.keys() - before.component(edge.provider).keys(), edge.id
        assert not after.by_urn.keys() - before.by_urn.keys(), edge.id
        assert {kind(each) for each in touched.values()} & (GRANTS | WAYS), edge.id
        lines.append(f"{edge.id}: {edge.consumer} -> {edge.provider} ({edge.offer.dialect}, {edge.want.access})")
        lines += [
            f"  {said(each)}{'' if urn not in after.by_urn else ', less'}"
            for urn, each in sorted(touched.items()) if kind(each) not in {"Admission", "Scrape"} and each.custom
        ]  # fmt: skip
    golden(f"edges/{stack}.txt", "\n".join(lines) + "\n")
