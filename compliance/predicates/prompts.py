"""Where records of prompts and calls lie, and for how long."""

from __future__ import annotations

from blueprint.posture import Posture, demand, meets
from compliance.facts.base import Unknown
from compliance.facts.logs import LogGroup
from compliance.facts.serving import ModelInvocationLog
from compliance.findings import Estate, Outcome, Verdict
from compliance.parameters import parameters
from compliance.predicates.registry import relates
from compliance.reads import read, told

KEPT = "prompt_log_retention_days"


@relates(ModelInvocationLog, parameters=(KEPT,))
def invocation_log_kept(log: ModelInvocationLog, estate: Estate, posture: Posture) -> Verdict:
    """Whether the log group to which calls are written keeps them within the posture's interval of days."""
    if isinstance(log.destination, Unknown):
        return Verdict(
            outcome=Outcome.UNKNOWN, because=told("destination", log.destination), reads=(read(log.destination),)
        )
    group = estate.at(log.destination.value) if log.destination.value else None
    if log.destination.value is None:
        return Verdict(outcome=Outcome.FAIL, because="calls are written nowhere", reads=(read(log.destination),))
    if not isinstance(group, LogGroup):
        because = "the log group that calls are written to was not read"
        return Verdict(outcome=Outcome.UNKNOWN, because=because, reads=(read(log.destination),))
    return _held(group, log, posture)


def _held(group: LogGroup, log: ModelInvocationLog, posture: Posture) -> Verdict:
    classes = None if isinstance(log.data_classes, Unknown) else log.data_classes.value
    effective = posture.of(KEPT, classes)
    if effective is None:
        return Verdict(outcome=Outcome.NOT_APPLICABLE, because=f"no framework sets {KEPT}")
    reads = (read(log.destination), read(group.retention, parameter=KEPT))
    if isinstance(group.retention, Unknown):
        return Verdict(outcome=Outcome.UNKNOWN, because=told("retention", group.retention), reads=reads)
    parameter = parameters()[KEPT]
    kept = meets(parameter, group.retention.value, effective)
    because = f"{told('retention', group.retention)} (asked: {KEPT} {demand(parameter, effective)})"
    return Verdict(outcome=Outcome.PASS if kept else Outcome.FAIL, because=because, reads=reads)
