"""A use case: what its entry says, what it is refused for, and how its review is announced."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from blueprint.types import DataClass, KeyPurpose
from components.governance.use_case_spec import UseCaseSpec
from tests.components.builders import audit, keys, only
from tests.components.governance.conftest import USE_CASE

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph


def test_its_entry_rests_on_the_models_and_agents_that_it_names() -> None:
    needs = UseCaseSpec.model_validate({**USE_CASE, "agents": ["intake"], "data_classes": ["phi"]}).needs()
    (entry,) = needs.registers
    assert entry.of == needs.uses == {"serving/chat", "agents/intake"}
    assert entry.about == {"purpose": "Sorts incoming claims for clerks", "review_by": "2027-05-01"}
    assert (entry.kind, entry.approved) == ("use_case", True)
    assert needs.data_classes == frozenset({DataClass.PHI})


def test_an_entry_without_approval_is_no_problem_of_the_document_and_is_not_approved() -> None:
    said = {key: value for key, value in USE_CASE.items() if not key.startswith("approved")}
    assert UseCaseSpec.model_validate(said).needs().registers[0].approved is False


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"risk_class": "prohibited"}, "may not be put into service; remove the use case"),
        ({"approved_by": USE_CASE["owner"]}, "somebody else must approve"),
        ({"approved_by": USE_CASE["owner"].upper()}, "somebody else must approve"),
        ({"approved_on": None}, "give both or neither"),
        ({"review_by": "2026-11-02"}, "not after the approval"),
        ({"review_by": "2027-02-30"}, "2027-02-30 is no day"),
        ({"models": []}, "names neither models nor agents"),
        ({"purpose": "chat"}, "purpose"),
        ({"risk_class": "high-ish"}, "risk_class"),
    ],
)
def test_what_cannot_be_registered_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        UseCaseSpec.model_validate({**USE_CASE, **change})


def test_all_that_is_wrong_is_said_at_once() -> None:
    wrong = {**USE_CASE, "risk_class": "prohibited", "models": [], "approved_on": None}
    with pytest.raises(ValidationError) as caught:
        UseCaseSpec.model_validate(wrong)
    for part in ("give both or neither", "names neither models nor agents", "prohibited"):
        assert part in str(caught.value)


def test_its_review_is_announced_on_the_day_to_the_alert_topic(register: ResourceGraph) -> None:
    review = only(register, "aws:scheduler/schedule:Schedule").inputs
    assert (review["scheduleExpression"], review["scheduleExpressionTimezone"]) == ("at(2027-05-01T09:00:00)", "UTC")
    assert review["target"]["arn"] == audit().alert_topic_arn
    assert "ask claims@example.org" in review["target"]["input"]


def test_the_announcement_may_publish_on_that_topic_under_its_key_and_nothing_else(register: ResourceGraph) -> None:
    rights = only(register, "aws:iam/rolePolicy:RolePolicy", "use-cases-intake-review-rights").inputs["policy"]
    publish, encrypt = json.loads(rights)["Statement"]
    assert (publish["Action"], publish["Resource"]) == ("sns:Publish", audit().alert_topic_arn)
    assert encrypt["Resource"] == keys().arns[KeyPurpose.ALERTS]
    assert encrypt["Condition"] == {"StringEquals": {"kms:ViaService": "sns.us-east-1.amazonaws.com"}}
