"""What holds images against the pipeline's signature, as it is registered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from components.compute.cluster_spec import ClusterSpec
from components.versions import CHARTS, image
from tests.components.builders import types
from tests.components.compute.conftest import ADMINISTRATOR, cluster_graph
from tests.components.manifests import check, only

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph

KEYS = tuple(
    f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n"
    for body in ("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEone", "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEtwo")
)
POLICY = "kubernetes:policies.kyverno.io/v1:ImageValidatingPolicy"
RELEASE = "kubernetes:helm.sh/v3:Release"
REGISTRY = "111122223333.dkr.ecr.us-east-1.amazonaws.com"


@pytest.fixture(scope="module")
def verified() -> ResourceGraph:
    return cluster_graph(ClusterSpec(administrators=(ADMINISTRATOR,), image_signers=KEYS))


def test_an_image_of_the_platforms_registry_runs_only_when_one_of_the_pipelines_keys_signed_it(
    verified: ResourceGraph,
) -> None:
    spec = only(verified, POLICY).inputs["spec"]
    assert spec["matchImageReferences"] == [{"glob": f"{REGISTRY}/claims-prod/*"}]
    assert (spec["failurePolicy"], spec["validationActions"]) == ("Fail", ["Deny"])
    assert [(each["name"], each["cosign"]["key"]["data"]) for each in spec["attestors"]] == [
        ("pipeline1", KEYS[0]), ("pipeline2", KEYS[1]),
    ]  # fmt: skip
    signed = "verifyImageSignatures(image, [attestors.pipeline1, attestors.pipeline2])"
    assert [each["expression"] for each in spec["validations"]] == [
        f"images.{part}.map(image, {signed}).all(found, found > 0)"
        for part in ("containers", "initContainers", "ephemeralContainers")
    ]


def test_containers_that_are_added_to_a_running_pod_are_asked_too(verified: ResourceGraph) -> None:
    (rule,) = only(verified, POLICY).inputs["spec"]["matchConstraints"]["resourceRules"]
    assert rule["resources"] == ["pods", "pods/ephemeralcontainers"]
    assert rule["operations"] == ["CREATE", "UPDATE"]


def test_a_signature_is_checked_without_leaving_the_network(verified: ResourceGraph) -> None:
    spec = only(verified, POLICY).inputs["spec"]
    assert all(each["cosign"]["ctlog"] == {"insecureIgnoreTlog": True} for each in spec["attestors"])
    assert spec["credentials"] == {"providers": ["amazon"]}
    assert "keyless" not in json.dumps(spec)


def test_every_image_of_the_chart_comes_from_the_platforms_registry_and_no_job_needs_another(
    verified: ResourceGraph,
) -> None:
    release = only(verified, RELEASE, "cluster-image-verification-kyverno").inputs
    assert (release["chart"], release["version"]) == ("kyverno", CHARTS["kyverno"].version)
    values = release["values"]
    controller = values["admissionController"]
    assert {part: controller[part]["image"] for part in ("container", "initContainer")} == {
        part: {"registry": REGISTRY, "repository": f"claims-prod/kyverno/{name}", "tag": image(name).tag}
        for part, name in (("container", "kyverno"), ("initContainer", "kyvernopre"))
    }
    assert [values[each]["enabled"] for each in ("backgroundController", "cleanupController", "reportsController")] == [
        False, False, False,
    ]  # fmt: skip
    assert values["upgrade"] == {"legacyPolicyCheck": {"enabled": False}}
    assert values["crds"] == {"migration": {"enabled": False}}
    assert values["policyReportsCleanup"] == values["webhooksCleanup"] == {"enabled": False}


def test_the_policy_comes_after_the_operator_and_the_pods_of_others_after_both(verified: ResourceGraph) -> None:
    release, policy = only(verified, RELEASE, "cluster-image-verification-kyverno"), only(verified, POLICY)
    assert release.urn in policy.dependencies
    assert {release.urn, policy.urn} <= set(only(verified, "pulumi:providers:kubernetes", "cluster-ready").dependencies)


def test_the_verifier_reads_images_of_the_platform_and_changes_none(verified: ResourceGraph) -> None:
    rights = json.loads(
        only(verified, "aws:iam/rolePolicy:RolePolicy", "cluster-image-verification-rights").inputs["policy"]
    )
    sign_in, read = rights["Statement"]
    assert sign_in["Action"] == "ecr:GetAuthorizationToken"
    assert read["Action"] == ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    assert read["Resource"] == "arn:aws:ecr:us-east-1:111122223333:repository/claims-prod/*"
    boundary = json.loads(only(verified, "aws:iam/policy:Policy", "cluster-controller-boundary").inputs["policy"])
    assert {sign_in["Action"], *read["Action"]} <= set(boundary["Statement"][0]["Action"])


def test_kubernetes_takes_every_object(verified: ResourceGraph) -> None:
    assert "cluster-image-verification-to-apis" in check(verified)


def test_without_signers_nothing_is_verified_and_nothing_says_so(graph: ResourceGraph) -> None:
    assert POLICY not in types(graph)
    assert not [each.name for each in graph.resources if "image-verification" in each.name]


@pytest.mark.parametrize("key", ["pipeline", "-----BEGIN PRIVATE KEY-----\nMFkw\n-----END PRIVATE KEY-----\n"])
def test_what_is_no_public_key_is_refused(key: str) -> None:
    with pytest.raises(ValidationError):
        ClusterSpec(administrators=(ADMINISTRATOR,), image_signers=(key,))
