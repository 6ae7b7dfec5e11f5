"""Who of the platform itself calls the gateway."""

from __future__ import annotations

import pytest

from blueprint.errors import DocumentError
from blueprint.types import DataClass, Dialect
from blueprint.wiring import Needs, Offer, Want, Wiring, fold
from components.gateway.callers import Caller, callers

GATEWAY = Needs(offers=(Offer(name="openai", dialect=Dialect.OPENAI_V1), Offer(name="mcp", dialect=Dialect.MCP)))


def wiring(*wants: Want, secrets: frozenset[str]) -> Wiring:
    workloads = frozenset(want.workload for want in wants)
    table, problems = fold(
        {"gateway": GATEWAY, "agents/intake": Needs(wants=wants, workloads=workloads, secrets=secrets)},
        frozenset({DataClass.PHI}),
    )
    assert problems == ()
    return table


def asks(workload: str, *models: str) -> Want:
    return Want(name=f"models-{workload}", dialect=Dialect.OPENAI_V1, workload=workload, allows=frozenset(models))


def test_workloads_that_share_a_key_share_their_rights() -> None:
    table = wiring(asks("runtime", "chat"), asks("worker", "economy"), secrets=frozenset({"gateway-key"}))
    assert callers(table, "gateway") == (
        Caller("agents/intake", "gateway-key", True, frozenset({"chat", "economy"}), frozenset()),
    )


def test_a_workload_with_a_key_of_its_own_has_rights_of_its_own() -> None:
    uses = Want(name="tools", dialect=Dialect.MCP, workload="approver", allows=frozenset({"tickets/close"}))
    table = wiring(asks("runtime"), uses, secrets=frozenset({"gateway-key", "gateway-key-approver"}))
    first, second = callers(table, "gateway")
    assert (first.team, first.key, first.asks, first.models) == (
        "platform-agents-intake", "agents/intake/gateway-key", True, frozenset()
    )  # fmt: skip
    assert (second.team, second.asks, second.tools) == (
        "platform-agents-intake-approver", False, frozenset({"tickets/close"})
    )  # fmt: skip


def test_who_may_call_everything_on_one_edge_may_call_everything() -> None:
    table = wiring(asks("runtime", "chat"), asks("worker"), secrets=frozenset({"gateway-key"}))
    assert callers(table, "gateway")[0].models == frozenset()


def test_a_caller_without_a_key_is_refused_with_the_way_out() -> None:
    with pytest.raises(DocumentError, match="add 'gateway-key' to the secrets"):
        callers(wiring(asks("runtime"), secrets=frozenset()), "gateway")
