"""Without one edge of the wiring its grant and its way are gone, and nothing outside its provider changes.

Edges of different providers are taken away together, one round after the other: what is gone belongs to the edge of the
provider under which it stood. The slow tier takes each edge of each stack away alone, and finds the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache

import pytest

from blueprint.assembly import assemble
from blueprint.graph import Resource, ResourceGraph, embedded_json
from blueprint.types import Dialect
from blueprint.wiring import Edge
from tests.conftest import STACKS, graph_of, plan_of

pytestmark = pytest.mark.xdist_group("edges")

REGULATED = "regulated"
GRANTS = frozenset({"RolePolicy", "RolePolicyAttachment", "RoleBinding", "Permissions"})
OF_RESOURCES = frozenset({"BucketPolicy", "Key"})
WAYS = frozenset({"NetworkPolicy", "SecurityGroupIngressRule", "ListenerRule"})


def rounds(edges: Sequence[Edge]) -> tuple[tuple[Edge, ...], ...]:
    """The fewest rounds in which no provider loses two edges."""
    taken: list[list[Edge]] = []
    for edge in edges:
        free = (each for each in taken if edge.provider not in {other.provider for other in each})
        place = next(free, None)
        if place is None:
            taken.append([edge])
        else:
            place.append(edge)
    return tuple(map(tuple, taken))


@cache
def without(stack: str, gone: tuple[Edge, ...]) -> ResourceGraph:
    plan = plan_of(stack)
    left = tuple(each for each in plan.wiring.edges if each not in gone)
    return assemble(plan, project="ai-platform", wiring=plan.wiring.model_copy(update={"edges": left}))


def removed(stack: str, edge: Edge, gone: tuple[Edge, ...]) -> tuple[Resource, ...]:
    """What stood under the provider of an edge before its round and does not after it."""
    after = without(stack, gone).by_urn
    return tuple(each for urn, each in sorted(graph_of(stack).component(edge.provider).items()) if urn not in after)


def narrowed(stack: str, edge: Edge, gone: tuple[Edge, ...]) -> tuple[str, ...]:
    """Policies of resources of the provider that say less after the round; a bucket's and a key's cannot be split."""
    after = without(stack, gone).by_urn
    fewer = (
        (each, said_by(each) - said_by(after[urn]))
        for urn, each in sorted(graph_of(stack).component(edge.provider).items()) if kind(each) in OF_RESOURCES and urn in after
    )  # fmt: skip
    return tuple(f"{kind(each)} {each.name} ({number} statements fewer)" for each, number in fewer if number > 0)


def said_by(resource: Resource) -> int:
    """Statements of a resource's policy."""
    policy = embedded_json(resource.inputs.get("policy"))
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    return len(statements) if isinstance(statements, list) else 0


def kind(resource: Resource) -> str:
    return resource.type.rpartition(":")[2]


def said(resource: Resource) -> str:
    """A resource as the golden file names it, a policy with the number of its statements."""
    policy = embedded_json(resource.inputs["policy"]) if kind(resource) == "RolePolicy" else None
    statements = policy["Statement"] if isinstance(policy, dict) else None
    return f"{kind(resource)} {resource.name}" + (
        f" ({len(statements)} statements)" if isinstance(statements, list) else ""
    )


ROUNDS = rounds(plan_of(REGULATED).wiring.edges)
ROUND_OF: Mapping[str, tuple[Edge, ...]] = {edge.id: each for each in ROUNDS for edge in each}
EDGES = {edge.id: edge for each in ROUNDS for edge in each}


@pytest.mark.parametrize("number", range(len(ROUNDS)))
def test_without_edges_nothing_outside_their_providers_changes(number: int) -> None:
    gone, before = ROUNDS[number], graph_of(REGULATED)
    after = without(REGULATED, gone)
    own = {urn for edge in gone for urn in before.component(edge.provider)}
    changed = {each.urn for each in before.resources if after.by_urn.get(each.urn) != each}
    assert not changed - own
    assert not after.by_urn.keys() - before.by_urn.keys()


@pytest.mark.parametrize("name", sorted(EDGES))
def test_an_edge_carries_a_grant_or_a_way(name: str) -> None:
    """One that carries neither would be a line in a table and nothing in the world."""
    kinds = {kind(each) for each in removed(REGULATED, EDGES[name], ROUND_OF[name])}
    assert kinds & (GRANTS | WAYS) or narrowed(REGULATED, EDGES[name], ROUND_OF[name])


def test_what_each_edge_opens_is_written_down(golden: Callable[[str, str], None]) -> None:
    lines: list[str] = []
    for name, edge in sorted(EDGES.items()):
        lines.append(f"{name}: {edge.consumer} -> {edge.provider} ({edge.offer.dialect}, {edge.want.access})")
        opened = removed(REGULATED, edge, ROUND_OF[name])
        lines += [f"  {said(each)}" for each in opened if kind(each) != "Admission"]
        lines += [] if opened else [f"  {policy}" for policy in narrowed(REGULATED, edge, ROUND_OF[name])]
    golden("edges/regulated.txt", "\n".join(lines) + "\n")


def test_an_edge_of_weights_is_the_right_to_read_and_decrypt_objects() -> None:
    """One case read whole, so that the golden file is not the only one to know what a grant is."""
    edge = next(each for each in EDGES.values() if each.offer.dialect is Dialect.WEIGHTS)
    (grant,) = (each for each in removed(REGULATED, edge, ROUND_OF[edge.id]) if kind(each) == "RolePolicy")
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
def test_each_edge_alone_takes_away_what_it_did_in_its_round(stack: str) -> None:
    edges, before = plan_of(stack).wiring.edges, graph_of(stack)
    for gone in rounds(edges):
        for edge in gone:
            after = without(stack, (edge,))
            missing = {each.urn for each in before.resources if each.urn not in after.by_urn}
            changed = {each.urn for each in before.resources if after.by_urn.get(each.urn) != each}
            assert missing == {each.urn for each in removed(stack, edge, gone)}, edge.id
            assert not changed - before.component(edge.provider).keys(), edge.id
