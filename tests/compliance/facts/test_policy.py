"""Policy documents: what they grant, to whom, and where."""

from typing import Any

import pytest

from compliance.facts.policy import (
    Statement,
    administration_apart,
    administrator,
    open_to_anybody,
    open_trust,
    several_factors,
    statements,
    tls_only,
    wildcard_actions,
    wildcard_resources,
    workload_trust,
)

ROOT = "arn:aws:iam::111122223333:root"


def read(*rows: dict[str, Any]) -> tuple[Statement, ...]:
    found = statements({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **row} for row in rows]})
    assert found is not None
    return found


def test_one_statement_may_stand_without_a_list() -> None:
    (one,) = statements({"Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:Get", "Resource": "*"}}) or ()
    assert (one.allow, one.anybody, one.actions, one.resources) == (
        False,
        True,
        frozenset({"s3:get"}),
        frozenset({"*"}),
    )


def test_a_reference_keeps_its_place_in_a_text() -> None:
    ref: Any = {"$ref": {"urn": "urn:b", "property": "arn"}}
    (one,) = read({"Action": "s3:Get", "Resource": {"$text": [ref, "/*"]}})
    assert one.resources == frozenset({"«urn:b#arn»/*"})


@pytest.mark.parametrize("hidden", [{"$unknown": True}, {"$secret": True}])
def test_a_document_with_a_hidden_part_is_not_judged(hidden: Any) -> None:
    assert statements({"Statement": [{"Effect": "Allow", "Action": "s3:Get", "Resource": hidden}]}) is None
    assert statements("not a document") is None


@pytest.mark.parametrize(
    ("row", "expected"),
    [({"Action": "*"}, True), ({"Action": "s3:*"}, True), ({"Action": "s3:Get*"}, True), ({"Action": ["s3:GetObject"]}, False),
     ({"NotAction": "iam:*"}, True), ({"Effect": "Deny", "Action": "*"}, False)],
)  # fmt: skip
def test_a_wildcard_in_an_action_is_found(row: dict[str, Any], expected: bool) -> None:
    assert wildcard_actions(read({"Resource": "arn:aws:s3:::x", **row})) is expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"Action": "s3:GetObject", "Resource": "*"}, True),
        ({"Action": "s3:GetObject", "Resource": "arn:aws:s3:::*"}, True),
        ({"Action": "s3:GetObject", "Resource": "arn:aws:s3:::x/*"}, False),
        ({"Action": "s3:GetObject", "NotResource": "arn:aws:s3:::x/*"}, True),
        ({"Action": "ecr:GetAuthorizationToken", "Resource": "*"}, False),
        ({"Action": ["ecr:GetAuthorizationToken", "ecr:PutImage"], "Resource": "*"}, True),
        ({"Action": "autoscaling:SetDesiredCapacity", "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/x": "y"}}}, False),
        ({"Action": "kms:Decrypt", "Resource": "*", "Condition": {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}}, True),
        ({"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}, False),
    ],
)  # fmt: skip
def test_a_permission_on_everything_is_found(row: dict[str, Any], expected: bool) -> None:
    assert wildcard_resources(read(row)) is expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [({"Action": "*"}, True), ({"Action": "iam:*"}, True), ({"NotAction": "s3:*"}, True), ({"Action": "s3:*"}, False),
     ({"Action": "*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}, False)],
)  # fmt: skip
def test_an_administrator_is_found(row: dict[str, Any], expected: bool) -> None:
    assert administrator(read({"Resource": "*", **row})) is expected


PODS = {"Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": "sts:AssumeRole"}


def in_namespace(name: str) -> dict[str, Any]:
    return {**PODS, "Condition": {"StringEquals": {"aws:RequestTag/kubernetes-namespace": name}}}


@pytest.mark.parametrize(
    ("row", "expected"),
    [(PODS, True), (in_namespace("gateway"), True), (in_namespace("kube-system"), False), (in_namespace("amazon-cloudwatch"), False),
     ({"Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}, False)],
)  # fmt: skip
def test_a_workload_is_what_pods_outside_of_the_clusters_own_namespaces_assume(
    row: dict[str, Any], expected: bool
) -> None:
    assert workload_trust(read(row)) is expected


def test_trust_in_a_provider_of_identities_needs_a_condition() -> None:
    provider = {
        "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/x"},
        "Action": "sts:AssumeRoleWithWebIdentity",
    }
    assert open_trust(read(provider)) is True
    assert (
        open_trust(read({**provider, "Condition": {"StringEquals": {"x:sub": "system:serviceaccount:a:b"}}})) is False
    )


def test_several_factors_are_asked_of_every_principal() -> None:
    asked = {
        "Principal": {"AWS": ROOT},
        "Action": "sts:AssumeRole",
        "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    }
    assert several_factors(read(asked)) is True
    assert several_factors(read(asked, {"Principal": {"AWS": ROOT}, "Action": "sts:AssumeRole"})) is False
    assert several_factors(read({**asked, "Principal": "*"})) is False
    assert several_factors(()) is False


ADMINISTERS = {"Principal": {"AWS": ROOT}, "Action": ["kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"], "Resource": "*"}
USES = {"Principal": {"AWS": ROOT}, "Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*"}
THROUGH = {**USES, "Condition": {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}}


def test_administration_and_use_are_apart_unless_use_goes_through_a_service() -> None:
    assert administration_apart(read(ADMINISTERS, THROUGH)) is True
    assert administration_apart(read(ADMINISTERS, USES)) is False
    assert administration_apart(read({**USES, "Action": "kms:*"})) is False
    assert (
        administration_apart(read(ADMINISTERS, {**USES, "Principal": {"AWS": "arn:aws:iam::111122223333:role/app"}}))
        is True
    )


def test_a_topic_needs_one_resource_only_to_be_closed_to_clear_calls() -> None:
    denied = {"Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": "arn:aws:sns:us-east-1:111122223333:t",
              "Condition": {"Bool": {"aws:SecureTransport": "false"}}}  # fmt: skip
    assert tls_only(read(denied)) is True
    assert tls_only(read({**denied, "Principal": {"AWS": ROOT}})) is False
    assert tls_only(()) is False


def test_a_source_account_narrows_a_statement_for_everybody() -> None:
    everybody = {"Principal": {"AWS": "*"}, "Action": "sns:Publish", "Resource": "*"}
    assert open_to_anybody(read(everybody)) is True
    assert (
        open_to_anybody(read({**everybody, "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}}))
        is False
    )
    assert open_to_anybody(read({**everybody, "Condition": {"StringLike": {"aws:SourceArn": "*"}}})) is True
