"""Promises are watched, missed, or nobody's; while more may be served than was read, only a miss is told."""

from __future__ import annotations

import pytest

from blueprint.posture import JoinedPosture
from compliance.facts.base import Known, Leaf, Origin, Subject, Unknown
from compliance.facts.observability import MetricsWorkspace
from compliance.facts.serving import ModelServer
from compliance.facts.subjects import Subjects
from compliance.parameters import parameters
from compliance.predicates.objectives import promises_watched
from tests.compliance.sources.planned.estate import only, resource

ORIGIN = Origin(urn="urn:a", path="data")
SERVER = only(ModelServer, resource("kubernetes:apps/v1:Deployment", "chat", {
    "spec": {"template": {"spec": {"containers": [{"name": "main", "image": "x/vllm:1"}]}}},
}))  # fmt: skip


def workspace(objectives: Leaf[frozenset[str]]) -> MetricsWorkspace:
    no = Unknown("not_read", ORIGIN)
    return MetricsWorkspace(
        id="MetricsWorkspace/metrics", urns=("urn:a",), data_classes=no, key=no, logged=no, alerts=no,
        objectives=objectives,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("watched", "beside", "whole", "verdict"),
    [
        ({"first_token_latency"}, (SERVER,), True, "pass"),
        ({"first_token_latency"}, (SERVER,), False, "unknown"),
        (set(), (SERVER,), True, "fail"),
        (set(), (SERVER,), False, "fail"),
        (set(), (), True, "not_applicable"),
        (set(), (), False, "unknown"),
        (None, (), True, "not_applicable"),
        (None, (), False, "unknown"),
    ],
)
def test_that_nobody_serves_is_told_of_a_whole_estate_only(
    watched: set[str] | None, beside: tuple[Subject, ...], *, whole: bool, verdict: str
) -> None:
    told = Unknown("not_read", ORIGIN) if watched is None else Known(frozenset(watched), ORIGIN)
    subject = workspace(told)
    estate = Subjects((subject, *beside), whole=whole)
    assert promises_watched(subject, estate, JoinedPosture(parameters(), {})).outcome.value == verdict
