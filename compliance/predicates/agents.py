"""Relations of agents and their tools."""

from __future__ import annotations

from blueprint.posture import Posture
from compliance.facts.agents import KernelClass, ToolServer
from compliance.facts.base import Known
from compliance.findings import Estate, Outcome, Verdict
from compliance.predicates.registry import relates
from compliance.predicates.verdicts import all_hold, because


@relates(ToolServer)
def kernel_apart_where_nodes_allow(subject: ToolServer, estate: Estate, posture: Posture) -> Verdict:  # noqa: ARG001  every predicate is called alike
    """A server of tools has a kernel of its own, if nodes of the cluster offer one."""
    apart = subject.own_kernel
    if isinstance(apart, Known) and not apart.value and not estate.all(KernelClass):
        if not estate.whole:
            return because(Outcome.UNKNOWN, "what the nodes of the cluster offer was not read as a whole", apart)
        return because(Outcome.NOT_APPLICABLE, "no node of the cluster offers a kernel of its own to pods", apart)
    return all_hold({"own_kernel": (apart, isinstance(apart, Known) and apart.value)})
