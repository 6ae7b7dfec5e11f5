"""Where records of prompts and calls lie, and for how long."""

from __future__ import annotations

from typing import Literal

from blueprint.posture import Posture, demand, meets
from compliance.facts.base import Leaf, Ref, Subject, Unknown
from compliance.facts.leaf import mapped
from compliance.facts.logs import LogGroup
from compliance.facts.serving import ModelInvocationLog
from compliance.facts.storage import Bucket
from compliance.facts.tracing import TraceStore
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


@relates(TraceStore, parameters=(KEPT,))
def trace_events_removed(store: TraceStore, estate: Estate, posture: Posture) -> Verdict:
    """Whether the bucket into which traces come first is emptied within the posture's interval of days."""
    bucket = None if isinstance(store.bucket, Unknown) or store.bucket.value is None else estate.at(store.bucket.value)
    if not isinstance(bucket, Bucket):
        because = told("bucket", store.bucket) if isinstance(store.bucket, Unknown) else "the bucket was not read"
        return Verdict(outcome=Outcome.UNKNOWN, because=because, reads=(read(store.bucket),))
    removed: Leaf[int | Literal["forever"]] = mapped(
        bucket.lifecycle_days, lambda days: "forever" if days is None else days
    )
    return _within(store, store.bucket, removed, posture)


def _held(group: LogGroup, log: ModelInvocationLog, posture: Posture) -> Verdict:
    return _within(log, log.destination, group.retention, posture)


def _within(
    subject: Subject, link: Leaf[Ref | None], retention: Leaf[int | Literal["forever"]], posture: Posture
) -> Verdict:
    classes = None if isinstance(subject.data_classes, Unknown) else subject.data_classes.value
    effective = posture.of(KEPT, classes)
    if effective is None:
        return Verdict(outcome=Outcome.NOT_APPLICABLE, because=f"no framework sets {KEPT}")
    reads = (read(link), read(retention, parameter=KEPT))
    if isinstance(retention, Unknown):
        return Verdict(outcome=Outcome.UNKNOWN, because=told("retention", retention), reads=reads)
    parameter = parameters()[KEPT]
    kept = meets(parameter, retention.value, effective)
    because = f"{told('retention', retention)} (asked: {KEPT} {demand(parameter, effective)})"
    return Verdict(outcome=Outcome.PASS if kept else Outcome.FAIL, because=because, reads=reads)
