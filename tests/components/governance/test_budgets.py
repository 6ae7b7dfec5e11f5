"""Limits on the spending of a model, a team and the platform, and what ends when one is reached."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from blueprint.errors import DocumentError
from compliance.findings import Outcome
from components.governance.registry_spec import RegistrySpec
from tests.components.builders import audit, names, only
from tests.components.governance.conftest import registered
from tests.components.verdicts import changed, verdicts

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph

BUDGET, ACTION = "aws:budgets/budget:Budget", "aws:budgets/budgetAction:BudgetAction"
DENIAL = "governance-model-chat-denial"
LIMITS: list[dict[str, Any]] = [
    {"scope": "platform", "name": "all", "monthly_usd": 900, "action": "stop"},
    {"scope": "model", "name": "chat", "monthly_usd": 500, "action": "stop", "emails": ["finops@example.org"]},
    {"scope": "team", "name": "intake", "monthly_usd": 100},
]


def limited(*limits: dict[str, Any], **context: Any) -> ResourceGraph:
    return registered(RegistrySpec.model_validate({"budgets": limits}), **context)


@pytest.fixture(scope="module")
def spending() -> ResourceGraph:
    return limited(*LIMITS)


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("governance-platform-all", {}),
        ("governance-model-chat", {"model": ["chat"]}),
        ("governance-team-intake", {"customer": ["intake"]}),
    ],
)
def test_a_limit_covers_what_carries_the_tags_of_its_part(
    spending: ResourceGraph, name: str, more: dict[str, list[str]]
) -> None:
    said = only(spending, BUDGET, name).inputs
    asked = {each["tags"]["key"]: each["tags"]["values"] for each in said["filterExpression"]["ands"]}
    assert asked == {"platform": ["claims"], "environment": ["prod"], **more}
    assert [(each["notificationType"], each["threshold"]) for each in said["notifications"]] == [
        ("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100),
    ]  # fmt: skip
    assert said["notifications"][0]["subscriberSnsTopicArns"] == [audit().alert_topic_arn]


def test_a_team_is_told_and_stopped_by_the_gateway_alone(spending: ResourceGraph) -> None:
    assert names(spending, ACTION) == ["governance-model-chat-stop", "governance-platform-all-stop"]


def test_a_spent_model_is_denied_to_whoever_calls_it_by_its_tag(spending: ResourceGraph) -> None:
    (said,) = json.loads(only(spending, "aws:iam/policy:Policy", DENIAL).inputs["policy"])["Statement"]
    assert (said["Effect"], said["Condition"]) == ("Deny", {"StringEquals": {"aws:ResourceTag/model": "chat"}})
    assert said["Action"] == ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]
    profile = only(spending, "aws:bedrock/inferenceProfile:InferenceProfile").inputs
    assert profile["tags"]["model"] == "chat"
    stop = only(spending, ACTION, "governance-model-chat-stop").inputs
    assert stop["definition"]["iamActionDefinition"]["roles"] == ["gateway-gateway"]
    assert (stop["approvalModel"], stop["actionThreshold"]["actionThresholdValue"]) == ("AUTOMATIC", 100)
    assert {each["address"] for each in stop["subscribers"]} == {audit().alert_topic_arn, "finops@example.org"}


def test_a_spent_platform_is_denied_every_managed_model(spending: ResourceGraph) -> None:
    (said,) = json.loads(only(spending, "aws:iam/policy:Policy", "governance-platform-all-denial").inputs["policy"])[
        "Statement"
    ]
    assert (said["Resource"], "Condition" in said) == ("*", False)


def test_aws_budgets_may_attach_this_policy_to_these_roles_and_nothing_else(spending: ResourceGraph) -> None:
    rights = only(spending, "aws:iam/rolePolicy:RolePolicy", "governance-model-chat-stop-rights").inputs["policy"]
    text = json.dumps(rights)
    assert "iam:PolicyARN" in text
    assert "role/gateway-gateway" in text
    assert DENIAL in text
    trust = only(spending, "aws:iam/role:Role", "governance-model-chat-stop-role").inputs["assumeRolePolicy"]
    assert json.loads(trust)["Statement"][0]["Condition"]["ArnLike"] == {
        "aws:SourceArn": "arn:aws:budgets::111122223333:budget/claims-prod-model-chat"
    }


def test_nothing_fails_under_the_strictest_posture(spending: ResourceGraph) -> None:
    judged = verdicts(spending)
    assert [each for each, outcome in judged.items() if outcome is Outcome.FAIL and "governance" in each[1]] == []
    assert {rule for (rule, _), outcome in judged.items() if outcome is Outcome.PASS} >= {
        "budgets_budget_tells_owner", "budgets_budget_warns_ahead", "budgets_stop_carried_out", "budgets_stop_takes_rights",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "path", "value", "rule"),
    [
        ("governance-model-chat", "notifications.2.notificationType", "ACTUAL", "budgets_budget_warns_ahead"),
        ("governance-model-chat-stop", "approvalModel", "MANUAL", "budgets_stop_carried_out"),
        (DENIAL, "policy", '{"Statement": [{"Effect": "Allow", "Action": "bedrock:*", "Resource": "*"}]}',
         "budgets_stop_takes_rights"),
        ("governance-model-chat-stop", "definition.iamActionDefinition.roles", [], "budgets_stop_takes_rights"),
        (DENIAL, "policy", '{"Statement": []}', "budgets_stop_takes_rights"),
    ],
)  # fmt: skip
def test_each_weakening_turns_its_rule(spending: ResourceGraph, name: str, path: str, value: Any, rule: str) -> None:
    judged = verdicts(changed(spending, name, path, value))
    assert Outcome.FAIL in {outcome for (each, _), outcome in judged.items() if each == rule}


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ([{"scope": "team", "name": "intake", "monthly_usd": 5, "action": "stop"}], "gateway.teams.budget_usd_month"),
        ([{"scope": "model", "name": "chat", "monthly_usd": 5}] * 2, "model chat more than once"),
        ([{"scope": "model", "name": "chat", "monthly_usd": 0}], "monthly_usd"),
    ],
)
def test_a_limit_that_could_not_hold_is_refused(said: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        RegistrySpec.model_validate({"budgets": said})


def test_a_limit_on_a_model_that_is_not_there_is_refused_before_anything_is_made() -> None:
    with pytest.raises(AssertionError, match="names serving 'caht', which the document does not have"):
        limited({"scope": "model", "name": "caht", "monthly_usd": 5})


@pytest.mark.parametrize("limit", LIMITS[:2], ids=["platform", "model"])
def test_a_stop_that_would_stop_nobody_is_refused_with_the_reason(limit: dict[str, Any]) -> None:
    with pytest.raises(DocumentError, match="nobody calls a managed model there"):
        limited(limit, called=False)
