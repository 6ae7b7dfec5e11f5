"""What registers pods with load balancers, as it is registered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from blueprint.types import Dialect
from blueprint.wiring import Needs, Offer
from components.compute.cluster_spec import ClusterSpec
from tests.components.compute.conftest import ADMINISTRATOR, cluster_graph
from tests.components.manifests import only

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph

RELEASE = "kubernetes:helm.sh/v3:Release"
INGRESS = {"ingress": Needs(offers=(Offer(name="ingress", dialect=Dialect.INGRESS),))}


@pytest.fixture(scope="module")
def entered() -> ResourceGraph:
    return cluster_graph(ClusterSpec(administrators=(ADMINISTRATOR,)), INGRESS)


def test_the_controller_binds_targets_and_can_make_no_load_balancer(entered: ResourceGraph) -> None:
    rights = json.loads(
        only(entered, "aws:iam/rolePolicy:RolePolicy", "cluster-target-registration-rights").inputs["policy"]
    )
    looks, changes = rights["Statement"]
    assert changes["Action"] == ["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"]
    assert changes["Resource"] == "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/claims-prod-*/*"
    assert [each for each in looks["Action"] if ":Describe" not in each] == []


def test_the_boundary_of_controllers_lets_it_have_what_it_is_granted(entered: ResourceGraph) -> None:
    boundary = only(entered, "aws:iam/policy:Policy", "cluster-controller-boundary").inputs["policy"]
    allowed = set(json.loads(boundary)["Statement"][0]["Action"])
    rights = json.loads(
        only(entered, "aws:iam/rolePolicy:RolePolicy", "cluster-target-registration-rights").inputs["policy"]
    )
    assert {action for each in rights["Statement"] for action in each["Action"]} - allowed == set()


def test_the_chart_is_pinned_and_its_image_comes_from_the_platforms_registry(entered: ResourceGraph) -> None:
    release = only(entered, RELEASE, "cluster-target-registration-controller").inputs
    assert (release["chart"], release["version"]) == ("aws-load-balancer-controller", "3.5.0")
    assert release["values"]["image"] == {
        "repository": "111122223333.dkr.ecr.us-east-1.amazonaws.com/claims-prod/eks/aws-load-balancer-controller",
        "tag": "v3.5.0",
    }
    assert release["values"]["enableServiceMutatorWebhook"] is False


def test_objects_of_other_components_come_after_the_controllers_that_carry_them_out(entered: ResourceGraph) -> None:
    release = only(entered, RELEASE, "cluster-target-registration-controller")
    ready = only(entered, "pulumi:providers:kubernetes", "cluster-ready")
    assert release.urn in ready.dependencies


def test_without_an_ingress_there_is_no_controller(graph: ResourceGraph) -> None:
    assert not [each.name for each in graph.resources if "target-registration" in each.name]
