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
    assert all(PRIORITIES + place <= 50_000 and PORTS + place < 65_536 for place in range(2 * PLACES))
    assert set(found.values()) <= set(range(2 * PLACES))


@given(AGENTS)
def test_an_approver_stands_before_its_runtime(agents: set[str]) -> None:
    found = places(agents)
    assert all(found[agent, "approver"] + 1 == found[agent, "runtime"] for agent in agents)


def test_another_agent_moves_nobody() -> None:
    alone = places({"agents/intake"})
    assert places({"agents/intake", "agents/triage"}).items() >= alone.items()
