"""Leaves that exist because outside scanners read what they say (compliance/outside)."""

from typing import Any

import pytest

from compliance.facts.cluster import ImageRegistry
from compliance.facts.encryption import KmsKey
from compliance.facts.entry import LoadBalancer, TargetGroup
from compliance.facts.functions import Function
from compliance.facts.identity import ManagedPolicy
from compliance.facts.kubernetes import Workload
from compliance.facts.network import NetworkAcl, SecurityGroup
from compliance.facts.storage import Bucket
from tests.compliance.sources.planned.drawn import UNKNOWN, drawn, link, only, value


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([{"action": "allow", "cidrBlock": "10.0.0.0/16"}], False),
        ([{"action": "allow", "cidrBlock": "0.0.0.0/0"}], True),
        ([{"action": "deny", "cidrBlock": "0.0.0.0/0"}], False),
        ([{"action": "allow", "ipv6CidrBlock": "::/0"}], True),
        ([{"action": "allow", "cidrBlock": UNKNOWN}], "<cloud_decides>"),
        ([], False),
    ],
)
def test_an_access_list_is_open_when_it_allows_the_internet_in(rules: list[Any], expected: object) -> None:
    assert (
        value(only(NetworkAcl, drawn("aws:ec2/networkAcl:NetworkAcl", "acl", ingress=rules)).open_ingress) == expected
    )


def test_rules_in_the_group_that_eks_makes_are_judged_as_its_own() -> None:
    cluster = drawn("aws:eks/cluster:Cluster", "cluster")
    rule = drawn("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "in", cidrIpv4="0.0.0.0/0",
                 securityGroupId=link(cluster), ipProtocol="-1")  # fmt: skip
    found = only(SecurityGroup, cluster, rule)
    assert (value(found.open_ingress), value(found.open_admin_ingress), value(found.open_egress)) == (True, True, False)
    assert (value(found.described), found.urns) == (False, (rule.urn,))


def test_a_group_is_described_when_its_rules_are_too() -> None:
    group = drawn("aws:ec2/securityGroup:SecurityGroup", "group", description="Of the cache")
    rule = drawn("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "in", securityGroupId=link(group))
    assert value(only(SecurityGroup, group).described) is True
    assert value(only(SecurityGroup, group, rule).described) is False


@pytest.mark.parametrize(
    ("protocol", "expected"), [("HTTPS", True), ("TLS", True), ("HTTP", False), (UNKNOWN, "<cloud_decides>")]
)
def test_a_target_group_speaks_tls(protocol: Any, expected: object) -> None:
    assert (
        value(only(TargetGroup, drawn("aws:lb/targetGroup:TargetGroup", "to", protocol=protocol)).encrypted) == expected
    )


@pytest.mark.parametrize(("inputs", "expected"), [({}, True), ({"desyncMitigationMode": "monitor"}, False)])
def test_a_balancer_refuses_ambiguity_unless_it_only_watches(inputs: dict[str, Any], expected: object) -> None:
    assert (
        value(only(LoadBalancer, drawn("aws:lb/loadBalancer:LoadBalancer", "front", **inputs)).ambiguity_refused)
        is expected
    )


def test_a_key_is_on_unless_it_is_switched_off() -> None:
    assert value(only(KmsKey, drawn("aws:kms/key:Key", "key")).enabled) is True
    assert value(only(KmsKey, drawn("aws:kms/key:Key", "key", isEnabled=False)).enabled) is False


@pytest.mark.parametrize(
    ("permission", "expected"),
    [
        ({"principal": "secretsmanager.amazonaws.com", "sourceAccount": "111122223333"}, False),
        ({"principal": "secretsmanager.amazonaws.com"}, True),
        ({"principal": "secretsmanager.amazonaws.com", "sourceArn": UNKNOWN}, "<cloud_decides>"),
        ({"principal": "*", "sourceAccount": "111122223333"}, True),
        ({"principal": "*", "principalOrgId": "o-example"}, False),
        ({"principal": "111122223333"}, False),
    ],
)
def test_a_permission_is_open_when_nothing_narrows_its_principal(permission: dict[str, Any], expected: object) -> None:
    code = drawn("aws:lambda/function:Function", "code")
    caller = drawn("aws:lambda/permission:Permission", "caller", function=link(code), **permission)
    assert value(only(Function, code, caller).open_permission) == expected


def test_access_lists_count_until_the_owner_is_enforced() -> None:
    def found(acl: Any, owner: Any) -> object:
        store = drawn("aws:s3/bucket:Bucket", "store", **({"acl": acl} if acl else {}))
        controls = drawn(
            "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
            "owner",
            bucket=link(store),
            rule={"objectOwnership": owner},
        )
        return value(only(Bucket, store, controls).acls_disabled)

    assert value(only(Bucket, drawn("aws:s3/bucket:Bucket", "store")).acls_disabled) is False
    assert found(None, "BucketOwnerEnforced") is True
    assert found("public-read", "BucketOwnerEnforced") is False
    assert found(None, "ObjectWriter") is False


def test_unfinished_uploads_are_removed_by_a_rule_that_is_on() -> None:
    store = drawn("aws:s3/bucket:Bucket", "store")

    def ageing(status: str) -> object:
        rule = {"status": status, "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7}}
        beside = drawn(
            "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "age", bucket=link(store), rules=[rule]
        )
        return value(only(Bucket, store, beside).unfinished_removed)

    assert (ageing("Enabled"), ageing("Disabled"), value(only(Bucket, store).unfinished_removed)) == (
        True,
        False,
        False,
    )


def test_a_key_of_a_repository_counts_where_it_is_used() -> None:
    def found(kind: str) -> object:
        settings = [{"encryptionType": kind, "kmsKey": "arn:aws:kms:us-east-1:111122223333:key/example"}]
        return value(
            only(ImageRegistry, drawn("aws:ecr/repository:Repository", "images", encryptionConfigurations=settings)).key
        )

    assert found("AES256") is None
    assert found("KMS") is not None


def test_a_policy_of_ones_own_is_read_like_that_of_a_role() -> None:
    wide = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    named = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
    for document, expected in ((wide, True), (named, False)):
        found = only(ManagedPolicy, drawn("aws:iam/policy:Policy", "boundary", policy=document))
        assert (value(found.admin_policy), value(found.wildcard_actions)) == (expected, expected)


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        ({"env": [{"name": "A", "value": "b"}]}, False),
        ({"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "a"}}}]}, True),
        ({"envFrom": [{"secretRef": {"name": "keys"}}]}, True),
        ({"env": [{"name": "A", "valueFrom": UNKNOWN}]}, "<cloud_decides>"),
    ],
)
def test_a_variable_from_a_secret_is_seen(container: dict[str, Any], expected: object) -> None:
    spec = {"template": {"spec": {"containers": [{"name": "main", "image": "main", **container}]}}}
    found = only(
        Workload,
        drawn("kubernetes:apps/v1:Deployment", "main", metadata={"name": "main", "namespace": "own"}, spec=spec),
    )
    assert value(found.secret_variables) == expected
