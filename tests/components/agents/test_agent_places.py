"""Places of agents among the listener's rules."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from components.agents.agent_places import PLACES, PORTS, PRIORITIES, places

AGENTS = st.sets(st.from_regex(r"agents/[a-z][a-z0-9-]{0,10}[a-z0-9]", fullmatch=True), max_size=40)


@given(AGENTS)
def test_no_two_parts_share_a_place_and_all_fit(agents: set[str]) -> None:
    found = places(agents)
    assert len(set(found.values())) == len(found) == 2 * len(agents)
    assert all(0 <= place < 2 * PLACES for place in found.values())


def test_every_place_is_one_that_a_listener_and_a_pod_may_have() -> None:
    assert PRIORITIES + 2 * PLACES <= 50_000
    assert PORTS + 2 * PLACES <= 65_536


@given(AGENTS)
def test_an_approver_stands_before_its_runtime(agents: set[str]) -> None:
    found = places(agents)
    assert all(found[agent, "approver"] + 1 == found[agent, "runtime"] for agent in agents)


def test_another_agent_moves_nobody() -> None:
    alone = places({"agents/intake"})
    assert places({"agents/intake", "agents/triage"}).items() >= alone.items()
