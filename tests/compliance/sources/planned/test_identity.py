"""Roles, password policy, analyzers."""

from dataclasses import replace
from typing import Any

import pytest

from blueprint.graph import Resource, ResourceGraph
from compliance.facts.identity import AccessAnalyzer, PasswordPolicy, Role
from compliance.sources.planned.source import subjects
from tests.compliance.sources.planned.drawn import UNKNOWN, drawn, link, only, value

TRUST: Any = {
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]
}
ROLE = drawn("aws:iam/role:Role", "role", name="claims-role", assumeRolePolicy=TRUST)
NARROW: Any = {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::x/*"}]}
WIDE: Any = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def inline(policy: Any, name: str = "inline", by: Any = None) -> Resource:
    return drawn("aws:iam/rolePolicy:RolePolicy", name, role=by or link(ROLE, "name"), policy=policy)


def attached(arn: Any) -> Resource:
    return drawn(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "attached", role=link(ROLE, "name"), policyArn=arn
    )


def wild(*resources: Resource) -> tuple[object, object, object]:
    role = only(Role, ROLE, *resources)
    return value(role.wildcard_actions), value(role.wildcard_resources), value(role.admin_policy)


def test_a_role_without_policies_has_no_rights() -> None:
    assert wild() == (False, False, False)


def test_an_inline_policy_is_read() -> None:
    assert wild(inline(NARROW)) == (False, False, False)
    assert wild(inline(NARROW), inline(WIDE, "second")) == (True, True, True)
    assert wild(inline(WIDE, by="claims-role")) == (True, True, True)
    assert wild(inline(WIDE, by="other-role")) == (False, False, False)


def test_an_attached_policy_of_ours_is_read() -> None:
    policy = drawn("aws:iam/policy:Policy", "policy", policy=WIDE)
    assert wild(policy, attached(link(policy))) == (True, True, True)


def test_of_a_policy_that_aws_keeps_only_the_widest_are_known_by_name() -> None:
    assert wild(attached("arn:aws:iam::aws:policy/AdministratorAccess")) == (True, True, True)
    assert wild(attached("arn:aws:iam::aws:policy/AmazonS3FullAccess")) == (True, True, False)
    assert wild(attached("arn:aws:iam::aws:policy/AmazonEKSClusterPolicy")) == ("<existing>", "<existing>", False)
    assert wild(attached("arn:aws:iam::111122223333:policy/theirs")) == ("<existing>", "<existing>", "<existing>")


def test_a_known_wildcard_decides_beside_a_policy_that_is_not_known() -> None:
    assert wild(attached("arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"), inline(WIDE)) == (True, True, True)
    assert wild(inline(UNKNOWN)) == ("<cloud_decides>", "<cloud_decides>", "<cloud_decides>")


def test_a_session_is_counted_in_started_hours() -> None:
    assert value(only(Role, ROLE).session_hours) == 1
    long = drawn("aws:iam/role:Role", "role", assumeRolePolicy=TRUST, maxSessionDuration=5400)
    assert value(only(Role, long).session_hours) == 2


def test_an_emergency_role_asks_for_several_factors() -> None:
    asks: Any = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/boss"},
        "Action": "sts:AssumeRole", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}]}  # fmt: skip
    assert (
        value(only(Role, drawn("aws:iam/role:Role", "identity-break-glass", assumeRolePolicy=asks)).emergency) is True
    )
    assert (
        value(only(Role, drawn("aws:iam/role:Role", "identity-break-glass", assumeRolePolicy=TRUST)).emergency) is False
    )
    assert value(only(Role, drawn("aws:iam/role:Role", "gateway", assumeRolePolicy=asks)).emergency) is False


def test_a_password_policy_tells_the_kinds_of_characters_that_it_asks_for() -> None:
    asked = {"requireLowercaseCharacters": True, "requireUppercaseCharacters": True, "requireNumbers": True}
    policy = only(PasswordPolicy, drawn("aws:iam/accountPasswordPolicy:AccountPasswordPolicy", "policy", **asked))
    assert (value(policy.character_kinds), value(policy.min_length), value(policy.history), value(policy.max_age_days)) == (
        frozenset({"letters", "digits"}), 6, 0, "forever",
    )  # fmt: skip
    lower = only(
        PasswordPolicy,
        drawn("aws:iam/accountPasswordPolicy:AccountPasswordPolicy", "policy", requireLowercaseCharacters=True),
    )
    assert value(lower.character_kinds) == frozenset()


@pytest.mark.parametrize(
    ("inputs", "scope", "days"),
    [({}, "external", None), ({"type": "ORGANIZATION"}, "external", None), ({"type": "ACCOUNT_UNUSED_ACCESS"}, "unused", 90),
     ({"type": "ACCOUNT_UNUSED_ACCESS", "configuration": {"unusedAccess": {"unusedAccessAge": 30}}}, "unused", 30)],
)  # fmt: skip
def test_an_analyzer_says_what_it_looks_for(inputs: dict[str, Any], scope: str, days: int | None) -> None:
    found = only(AccessAnalyzer, drawn("aws:accessanalyzer/analyzer:Analyzer", "analyzer", **inputs))
    assert (value(found.scope), value(found.unused_days)) == (scope, days)


def test_of_two_roles_of_one_name_the_engines_dependency_tells_whose_policy_it_is() -> None:
    other = drawn("aws:iam/role:Role", "zz-other", name="claims-role", assumeRolePolicy=TRUST)
    named = replace(inline(WIDE, by="claims-role"), property_dependencies={"role": (other.urn,)})
    mine, theirs = subjects(ResourceGraph("test", (ROLE, other, named))).all(Role)
    assert (value(mine.admin_policy), value(theirs.admin_policy)) == (False, True)
