"""Which place among the listener's rules, and which port, each part of each agent has; pure.

No two may be alike: a listener refuses two rules of one priority, and a security group two rules for one port. A place
follows from the name, so that another agent does not move it; where two names meet, the later in the alphabet moves on.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from components.agents.langgraph_spec import APPROVER, RUNTIME

if TYPE_CHECKING:
    from collections.abc import Iterable

    from blueprint.types import Noun

PLACES = 10_000
PRIORITIES, PORTS = 1000, 20_000
"""Where priorities and ports of agents begin; what is below belongs to others."""
CALLED = (APPROVER, RUNTIME)
"""Parts that have a door, the one with the longer path first."""


def places(agents: Iterable[Noun]) -> dict[tuple[Noun, str], int]:
    """(Agent, part) -> its place. The approver's is below the runtime's: its paths are the narrower ones."""
    taken: dict[int, Noun] = {}
    for agent in sorted(agents):
        place = int(hashlib.sha256(agent.encode()).hexdigest(), 16) % PLACES
        while place in taken:
            place = (place + 1) % PLACES
        taken[place] = agent
    return {
        (agent, part): place * len(CALLED) + number
        for place, agent in taken.items()
        for number, part in enumerate(CALLED)
    }
