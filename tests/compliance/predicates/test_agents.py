"""A kernel of one's own is asked for where nodes offer one; that none does is told of a whole estate only."""

from __future__ import annotations

import pytest

from blueprint.posture import JoinedPosture
from compliance.facts.agents import KernelClass, ToolServer
from compliance.facts.subjects import Subjects
from compliance.parameters import parameters
from compliance.predicates.agents import kernel_apart_where_nodes_allow
from tests.compliance.sources.planned.estate import only, resource

SERVER = only(ToolServer, resource("kubernetes:apps/v1:Deployment", "tickets", {
    "metadata": {"name": "tickets", "namespace": "tools", "labels": {"blueprint/component": "tools-tickets"}},
    "spec": {"template": {"spec": {"containers": [{"name": "server", "image": "i"}]}}},
}))  # fmt: skip
KERNEL = only(KernelClass, resource("kubernetes:node.k8s.io/v1:RuntimeClass", "gvisor", {"handler": "runsc"}))


@pytest.mark.parametrize(
    ("estate", "verdict"),
    [
        (Subjects((SERVER,)), "not_applicable"),
        (Subjects((SERVER,), whole=False), "unknown"),
        (Subjects((SERVER, KERNEL)), "fail"),
        (Subjects((SERVER, KERNEL), whole=False), "fail"),
    ],
    ids=["none", "none seen", "one", "one seen"],
)
def test_a_shared_kernel(estate: Subjects, verdict: str) -> None:
    assert kernel_apart_where_nodes_allow(SERVER, estate, JoinedPosture(parameters(), {})).outcome.value == verdict
