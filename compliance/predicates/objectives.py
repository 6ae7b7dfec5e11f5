"""Relations between what is promised and who serves it."""

from __future__ import annotations

from blueprint.posture import Posture
from compliance.facts.base import Known, Subject
from compliance.facts.gateway import Gateway
from compliance.facts.observability import MetricsWorkspace
from compliance.facts.serving import ModelServer
from compliance.findings import Estate, Outcome, Verdict
from compliance.predicates.registry import relates
from compliance.predicates.verdicts import all_hold, because

PROMISES: tuple[tuple[type[Subject], frozenset[str]], ...] = (
    (Gateway, frozenset({"availability", "answer_latency"})),
    (ModelServer, frozenset({"first_token_latency"})),
)
"""Who serves -> what is promised of it."""


@relates(MetricsWorkspace)
def promises_watched(subject: MetricsWorkspace, estate: Estate, posture: Posture) -> Verdict:  # noqa: ARG001  every predicate is called alike
    """What the platform serves is promised to be there and quick, and alerts follow how fast that promise is used up."""
    asked = frozenset[str]().union(*(names for kind, names in PROMISES if estate.all(kind)))
    watched = subject.objectives
    held = isinstance(watched, Known) and asked <= watched.value
    if held and not estate.whole:
        return because(Outcome.UNKNOWN, "more may be served than was read", watched)
    if not asked and estate.whole:
        return because(Outcome.NOT_APPLICABLE, "nothing is served here", watched)
    return all_hold({"objectives": (watched, held)})
