"""What is told of clusters, add-ons, entries and repositories."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from blueprint.graph import Resource
from compliance.facts.cluster import AccessEntry, Addon, Cluster, ImageRegistry
from tests.compliance.sources.planned.estate import only, ref, resource, urn, value

CLUSTER = "aws:eks/cluster:Cluster"
ENTRY = "aws:eks/accessEntry:AccessEntry"
ASSOCIATION = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
REPOSITORY = "aws:ecr/repository:Repository"
PRINCIPAL = "arn:aws:iam::111122223333:role/on-call"
POLICIES = "arn:aws:eks::aws:cluster-access-policy/"


def cluster(**inputs: JsonValue) -> Cluster:
    return only(Cluster, resource(CLUSTER, "main", inputs))


def test_a_cluster_that_says_nothing_has_the_defaults_of_eks() -> None:
    found = cluster()
    told = {name: value(getattr(found, name)) for name in (
        "endpoint_access", "secrets_key", "log_types", "access_mode", "creator_is_administrator", "version",
        "standard_support", "deletion_protected", "images_verified",
    )}  # fmt: skip
    assert told == {
        "endpoint_access": "public", "secrets_key": None, "log_types": frozenset(), "access_mode": "CONFIG_MAP",
        "creator_is_administrator": True, "version": None, "standard_support": False, "deletion_protected": False,
        "images_verified": False,
    }  # fmt: skip
    assert found.endpoint_access.origin.how == "default"


@pytest.mark.parametrize(
    ("network", "access"),
    [
        ({"endpointPublicAccess": False}, "private"),
        ({"endpointPublicAccess": True, "publicAccessCidrs": ["198.51.100.0/24"]}, "restricted"),
        ({"endpointPublicAccess": True, "publicAccessCidrs": ["198.51.100.0/24", "0.0.0.0/0"]}, "public"),
        ({"endpointPublicAccess": True, "publicAccessCidrs": {"$unknown": True}}, "?cloud_decides"),
        ({"endpointPublicAccess": {"$unknown": True}}, "?cloud_decides"),
    ],
)
def test_how_narrowly_the_api_is_reached(network: JsonValue, access: str) -> None:
    assert value(cluster(vpcConfig=network).endpoint_access) == access


def test_a_key_that_is_not_for_secrets_is_none() -> None:
    key: JsonValue = {"keyArn": ref("aws:kms/key:Key", "own", "arn")}
    assert value(cluster(encryptionConfig={"resources": ["other"], "provider": key}).secrets_key) is None
    found = cluster(encryptionConfig={"resources": ["secrets"], "provider": key}).secrets_key
    assert value(found).urn == urn("aws:kms/key:Key", "own")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("spec", "verified"),
    [
        ({"attestors": [{"name": "one"}], "validationActions": ["Deny"], "failurePolicy": "Fail"}, True),
        ({"attestors": [{"name": "one"}], "validationActions": ["Audit"], "failurePolicy": "Fail"}, False),
        ({"attestors": [{"name": "one"}], "validationActions": ["Deny"], "failurePolicy": "Ignore"}, False),
        ({"attestors": [], "validationActions": ["Deny"], "failurePolicy": "Fail"}, False),
        ({"attestors": [{"name": "one"}], "failurePolicy": "Fail"}, "?no_default"),
    ],
)
def test_signatures_are_verified_by_a_policy_that_denies(spec: JsonValue, verified: object) -> None:
    policy = resource("kubernetes:policies.kyverno.io/v1:ImageValidatingPolicy", "signed", {"spec": spec})
    assert value(only(Cluster, resource(CLUSTER, "main", {}), policy).images_verified) == verified


@pytest.mark.parametrize(
    ("name", "inputs", "enforced"),
    [
        ("vpc-cni", {"configurationValues": '{"enableNetworkPolicy": "true"}'}, True),
        ("vpc-cni", {"configurationValues": '{"enableNetworkPolicy": "false"}'}, False),
        ("vpc-cni", {}, False),
        ("vpc-cni", {"configurationValues": {"$unknown": True}}, "?cloud_decides"),
        ("coredns", {}, None),
    ],
)
def test_network_policies_are_enforced_by_the_cni_alone(
    name: str, inputs: dict[str, JsonValue], enforced: object
) -> None:
    found = only(Addon, resource("aws:eks/addon:Addon", "addon", {"addonName": name, **inputs}))
    assert (value(found.network_policy), value(found.version_pinned)) == (enforced, False)


@pytest.mark.parametrize("principal", [PRINCIPAL, ref(ENTRY, "on-call", "principalArn")])
def test_policies_are_found_by_principal_however_it_is_named(principal: JsonValue) -> None:
    entry = resource(ENTRY, "on-call", {"principalArn": PRINCIPAL})
    bound = resource(
        ASSOCIATION, "bound", {"principalArn": principal, "policyArn": f"{POLICIES}AmazonEKSAdminViewPolicy"}
    )
    other = resource(
        ASSOCIATION, "other", {"principalArn": f"{PRINCIPAL}-2", "policyArn": f"{POLICIES}AmazonEKSEditPolicy"}
    )
    found = only(AccessEntry, entry, bound, other)
    assert (value(found.policies), value(found.groups)) == (frozenset({"AmazonEKSAdminViewPolicy"}), frozenset())


def scanning(scan_type: str, frequency: str) -> Resource:
    return resource(
        "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration", "scanning",
        {"scanType": scan_type, "rules": [{"scanFrequency": frequency}]},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("others", "inputs", "scan"),
    [
        ([], {}, "none"),
        ([], {"imageScanningConfiguration": {"scanOnPush": True}}, "on_push"),
        ([scanning("ENHANCED", "CONTINUOUS_SCAN")], {}, "continuous"),
        ([scanning("BASIC", "SCAN_ON_PUSH")], {}, "on_push"),
        ([scanning("BASIC", "MANUAL")], {"imageScanningConfiguration": {"scanOnPush": True}}, "none"),
    ],
)
def test_the_registrys_own_scanning_wins(others: list[Resource], inputs: dict[str, JsonValue], scan: str) -> None:
    assert value(only(ImageRegistry, resource(REPOSITORY, "app", inputs), *others).scan) == scan


def test_a_repository_policy_for_everybody_is_open() -> None:
    def policy(principal: JsonValue) -> Resource:
        statement: JsonValue = {"Effect": "Allow", "Principal": principal, "Action": "ecr:BatchGetImage"}
        return resource("aws:ecr/repositoryPolicy:RepositoryPolicy", "policy", {
            "repository": ref(REPOSITORY, "app", "name"), "policy": {"Statement": [statement]},
        })  # fmt: skip

    app = resource(REPOSITORY, "app", {"imageTagMutability": "IMMUTABLE"})
    assert value(only(ImageRegistry, app, policy("*")).open_policy) is True
    assert value(only(ImageRegistry, app, policy({"AWS": PRINCIPAL})).open_policy) is False
    alone = only(ImageRegistry, app)
    assert [value(alone.open_policy), value(alone.immutable), value(alone.key)] == [False, True, None]
