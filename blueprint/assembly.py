"""A plan as the resources that it would register, by running the real program in process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blueprint.graph import ResourceGraph
from blueprint.platform import compose
from blueprint.synth import synthesize

if TYPE_CHECKING:
    from blueprint.plan import Plan
    from blueprint.wiring import Wiring


def assemble(plan: Plan, *, project: str, wiring: Wiring | None = None, symbolic: bool = True) -> ResourceGraph:
    """Synthesise a plan. No network, no command line tool, no credentials; the same document gives the same bytes."""

    def program() -> None:
        compose(plan, wiring=wiring)

    graph = synthesize(program, project=project, stack=plan.stack, place=plan.home, symbolic=symbolic)
    return graph.with_wiring(plan.wiring if wiring is None else wiring)
