"""Another implementation of the same noun: whoever uses its port does not notice."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import combinations

import pytest
from _pytest.mark import ParameterSet

from blueprint.assembly import assemble
from blueprint.graph import ResourceGraph
from blueprint.plan import Plan
from blueprint.slots import slots
from blueprint.types import Noun
from tests.conftest import graph_of, plan_of
from tests.meta.subtrees import differences
from tools.swaps import GROUP, endpoints, planned, swaps

pytestmark = pytest.mark.xdist_group("experiments")

CHAT = "serving/chat"
REGULATED = "regulated"


@cache
def stack(slot: str, kind: str) -> tuple[Plan, ResourceGraph]:
    """Regulated with this kind in this slot."""
    if kind not in swaps().get(slot, {}):
        return plan_of(REGULATED), graph_of(REGULATED)
    plan = planned(swaps()[slot][kind])
    return plan, assemble(plan, project="ai-platform")


def pairs() -> Iterator[ParameterSet]:
    """Every two kinds of every slot that has more than one; foundations, which everybody is compared for, in the deep tier."""
    for name, slot in slots().items():
        marks = () if slot.many else (pytest.mark.slow,)
        for one, other in combinations(slot.kinds, 2):
            yield pytest.param(name, one, other, marks=marks, id=f"{name}-{one}-{other}")


def changed_noun(slot: str) -> Noun:
    """What regulated has in the slot."""
    return next(noun for noun, (place, _) in plan_of(REGULATED).specs.items() if place == slot)


def consumers(slot: str, plan: Plan) -> list[Noun]:
    """Who uses the port: those with an edge to it, and for a slot whose port everybody may ask for, everybody."""
    if slots()[slot].many:
        return sorted({edge.consumer for edge in plan.wiring.to(changed_noun(slot))})
    return [noun for noun in plan.specs if noun != slot]


def told(slot: str) -> frozenset[str]:
    """What a port says at plan time and only there: the ids of what exists already."""
    if slot == "network":
        return frozenset({*endpoints().values(), GROUP})
    given = swaps().get(slot, {}).get("existing", {}).get(slot, {})
    return (
        frozenset(str(each) for name, each in given.items() if name != "kind")
        if isinstance(given, dict)
        else frozenset()
    )


@pytest.mark.parametrize("slot", sorted(slots()))
def test_every_kind_stands_in_some_document(slot: str) -> None:
    used = {str(getattr(spec, "kind", "")) for place, spec in plan_of(REGULATED).specs.values() if place == slot}
    assert used | swaps().get(slot, {}).keys() >= slots()[slot].kinds.keys()


@pytest.mark.parametrize(("slot", "one", "other"), list(pairs()))
def test_no_consumer_notices_another_kind(slot: str, one: str, other: str) -> None:
    (plan, before), (_, after) = stack(slot, one), stack(slot, other)
    asked = consumers(slot, plan)
    found = {noun: differences(before, after, noun, changed_noun(slot), told(slot)) for noun in asked}
    assert asked
    assert not {noun: lines for noun, lines in found.items() if lines}


@pytest.mark.parametrize(("slot", "one", "other"), list(pairs()))
def test_the_swap_is_real(slot: str, one: str, other: str) -> None:
    (_, before), (_, after) = stack(slot, one), stack(slot, other)
    one_, other_ = ({each.type for each in graph.component(changed_noun(slot)).values()} for graph in (before, after))
    assert one_ != other_


def test_only_who_reads_the_served_models_own_wants_changes_when_vllm_becomes_bedrock() -> None:
    """Its identity, secret and namespace go, an endpoint comes; the weights and the collector admit one consumer less, and the register names another model."""
    before, (_, bedrock) = graph_of(REGULATED), stack("serving", "bedrock")
    nouns = set(plan_of(REGULATED).specs) - {CHAT}
    assert {noun for noun in nouns if differences(before, bedrock, noun, CHAT)} == {
        "identity", "secrets", "cluster", "network", "models/qwen3-32b", "observability", "governance",
    }  # fmt: skip


@pytest.mark.slow
def test_what_exists_is_referred_to_and_not_made() -> None:
    _, after = stack("network", "existing")
    assert all(each.external for each in after.of("aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet"))


@pytest.mark.slow
def test_without_the_mask_the_network_swap_shows() -> None:
    """The comparison can fail: the same subtrees differ as soon as the ports are read."""
    before, (_, after) = graph_of(REGULATED), stack("network", "existing")
    unmasked = {
        noun for noun in plan_of(REGULATED).specs if differences(before, after, noun, noun) and noun != "network"
    }
    assert {"cluster", "ingress", "gateway"} <= unmasked
