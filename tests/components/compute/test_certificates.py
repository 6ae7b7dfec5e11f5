"""What says which certificates there are, as it is registered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from blueprint.wiring import Needs
from components.compute.cluster_spec import ClusterSpec
from tests.components.builders import names
from tests.components.compute.conftest import ADMINISTRATOR, cluster_graph
from tests.components.manifests import check, only

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph

ROLE = "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole"
BINDING = "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
SPEC = ClusterSpec(administrators=(ADMINISTRATOR,))


@pytest.fixture(scope="module")
def busy() -> ResourceGraph:
    return cluster_graph(SPEC, {"gateway": Needs(workloads=frozenset({"gateway"}))})


def test_who_asks_may_not_approve_and_the_approver_approves_for_one_signer(busy: ResourceGraph) -> None:
    group = {"apiGroups": ["certificates.k8s.io"]}
    asks = only(busy, ROLE, "cluster-certificates-asks-for-certificates-rights").inputs
    assert asks["metadata"]["name"] == "asks-for-certificates"
    assert asks["rules"] == [{**group, "resources": ["certificatesigningrequests"], "verbs": ["create", "get"]}]
    assert only(busy, ROLE, "cluster-certificates-approves-certificates-rights").inputs["rules"] == [
        {**group, "resources": ["certificatesigningrequests"], "verbs": ["list"]},
        {**group, "resources": ["certificatesigningrequests/approval"], "verbs": ["update"]},
        {
            **group,
            "resources": ["signers"],
            "resourceNames": ["beta.eks.amazonaws.com/app-serving"],
            "verbs": ["approve"],
        },
    ]
    bound = only(busy, BINDING, "cluster-certificates-approves-certificates").inputs
    assert bound["subjects"] == [{"kind": "ServiceAccount", "name": "certificates", "namespace": "cluster"}]


def test_two_approvers_run_without_any_right_in_aws(busy: ResourceGraph) -> None:
    found = only(busy, DEPLOYMENT, "cluster-certificates-server").inputs["spec"]
    assert found["replicas"] == 2
    (container,) = found["template"]["spec"]["containers"]
    assert container["command"] == ["python", "/etc/certificate/certificates.py", "approve"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert not [name for name in names(busy, "aws:iam/role:Role") if "certificates" in name]


def test_kubernetes_takes_every_object(busy: ResourceGraph) -> None:
    assert {"cluster-certificates-server", "cluster-certificates-certificate-program"} <= set(check(busy))


def test_a_cluster_without_workloads_has_no_approver(graph: ResourceGraph) -> None:
    assert not [each.name for each in graph.resources if "certificates" in each.name]
