from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from blueprint.wiring import Needs
from components.foundation.identity import BOUNDARY, Identity
from components.foundation.identity_spec import IdentitySpec, break_glass_role_name
from tests.components.builders import ACCOUNT, arn, graph, names, only, platform, types

ROLE, POLICY, FACTS = "aws:iam/role:Role", "aws:iam/policy:Policy", "aws:ssm/parameter:Parameter"
ONCALL = arn("iam", "role/oncall", region="")
NEEDS = {"gateway": Needs(workloads=frozenset({"api", "jobs"})), "serving/chat": Needs(workloads=frozenset({"vllm"}))}


def made(spec: IdentitySpec, needs: dict[str, Needs] | None = None) -> Any:
    return graph(lambda: Identity("identity", spec, platform=platform(NEEDS if needs is None else needs)))


def test_every_workload_of_the_wiring_gets_a_role_of_its_own() -> None:
    assert names(made(IdentitySpec()), ROLE) == [
        "identity-gateway-api",
        "identity-gateway-jobs",
        "identity-serving-chat-vllm",
    ]


def test_only_the_service_account_of_the_workload_takes_on_its_role() -> None:
    role = only(made(IdentitySpec()), ROLE, "identity-serving-chat-vllm").inputs
    (trust,) = json.loads(role["assumeRolePolicy"])["Statement"]
    assert trust["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert trust["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    assert trust["Condition"]["StringEquals"] == {
        "aws:SourceAccount": ACCOUNT,
        "aws:RequestTag/kubernetes-namespace": "serving-chat",
        "aws:RequestTag/kubernetes-service-account": "vllm",
    }
    assert role["maxSessionDuration"] == 3600


def test_roles_hold_no_permission_and_cannot_exceed_the_boundary() -> None:
    found = made(IdentitySpec())
    boundary = only(found, POLICY)
    for role in found.of(ROLE):
        assert role.inputs["permissionsBoundary"] == {"$ref": {"urn": boundary.urn, "property": "arn"}}
    assert not types(found) & {"aws:iam/rolePolicy:RolePolicy", "aws:iam/rolePolicyAttachment:RolePolicyAttachment"}


def test_the_boundary_knows_actions_on_data_in_this_region_over_tls() -> None:
    allow, region, tls = json.loads(only(made(IdentitySpec()), POLICY).inputs["policy"])["Statement"]
    assert allow["Action"] == list(BOUNDARY)
    assert not any("*" in action or action.startswith(("iam:", "kms:Put", "cloudtrail:")) for action in BOUNDARY)
    assert (region["Effect"], region["Condition"]) == (
        "Deny", {"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}},
    )  # fmt: skip
    assert (tls["Effect"], tls["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_long_names_stay_within_what_iam_allows_and_apart() -> None:
    needs = {f"serving/{'a' * 31}": Needs(workloads=frozenset({"w" * 31 + suffix for suffix in "12"}))}
    roles = [each.inputs["name"] for each in made(IdentitySpec(), needs).of(ROLE)]
    assert len(set(roles)) == 2
    assert max(map(len, roles)) <= 64


def test_what_the_organisation_states_is_written_down_where_rules_read_it() -> None:
    found = made(IdentitySpec(mfa="phishing_resistant_all", session_idle_minutes=15, failed_logons=6))
    facts = only(found, FACTS, "identity-facts").inputs
    assert facts["name"] == "/claims-prod/posture-facts/identity"
    assert json.loads(facts["insecureValue"]) == {
        "mfa": "phishing_resistant_all", "session_idle_minutes": 15, "failed_logons": 6, "break_glass": False,
    }  # fmt: skip


def test_what_nobody_states_is_not_invented() -> None:
    stated = json.loads(only(made(IdentitySpec()), FACTS).inputs["insecureValue"])
    assert stated == {"break_glass": False}


def test_the_emergency_role_exists_only_when_somebody_may_take_it_on() -> None:
    assert "identity-break-glass" not in names(made(IdentitySpec()), ROLE)
    found = made(IdentitySpec(break_glass_principal_arn=ONCALL))
    role = only(found, ROLE, "identity-break-glass").inputs
    (trust,) = json.loads(role["assumeRolePolicy"])["Statement"]
    assert role["name"] == break_glass_role_name("claims-prod") == "claims-prod-break-glass"
    assert trust["Principal"] == {"AWS": ONCALL}
    assert trust["Condition"] == {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    look, act = json.loads(only(found, "aws:iam/rolePolicy:RolePolicy").inputs["policy"])["Statement"]
    assert act["Condition"]["StringEquals"] == {
        "aws:ResourceTag/platform": "claims", "aws:ResourceTag/environment": "prod",
    }  # fmt: skip
    assert not any("*" in action for action in (*look["Action"], *act["Action"]))


@pytest.mark.parametrize(
    "said", [{"mfa": "some"}, {"session_idle_minutes": 0}, {"break_glass_principal_arn": "oncall"}]
)
def test_a_statement_of_the_wrong_form_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(said))):
        IdentitySpec.model_validate(said)
