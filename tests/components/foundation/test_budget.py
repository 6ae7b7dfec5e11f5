from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from components.foundation.budget import Budget
from components.foundation.budget_spec import BudgetSpec
from tests.components.builders import audit, graph, only, platform


def made(spec: BudgetSpec) -> Any:
    found = graph(lambda: Budget("budget", spec, platform=platform(), audit=audit()))
    return only(found, "aws:budgets/budget:Budget").inputs


def test_the_limit_is_monthly_and_covers_what_carries_both_tags() -> None:
    said = made(BudgetSpec(monthly_usd=25_000))
    assert (said["budgetType"], said["timeUnit"], said["limitAmount"], said["limitUnit"]) == (
        "COST",
        "MONTHLY",
        "25000",
        "USD",
    )
    asked = {each["tags"]["key"]: each["tags"]["values"] for each in said["filterExpression"]["ands"]}
    assert asked == {"platform": ["claims"], "environment": ["prod"]}


def test_spending_and_its_forecast_are_announced_on_the_topic_and_to_the_owner() -> None:
    notifications = made(BudgetSpec(monthly_usd=1))["notifications"]
    assert [(each["notificationType"], each["threshold"]) for each in notifications] == [
        ("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100),
    ]  # fmt: skip
    for each in notifications:
        assert each["subscriberSnsTopicArns"] == [audit().alert_topic_arn]
        assert each["subscriberEmailAddresses"] == ["ml-platform@example.org"]


def test_named_addresses_replace_the_owner() -> None:
    said = made(BudgetSpec(monthly_usd=1, emails=("finops@example.org",), warn_at_percent=(50,)))
    assert {tuple(each["subscriberEmailAddresses"]) for each in said["notifications"]} == {("finops@example.org",)}


@pytest.mark.parametrize(
    "said", [{"monthly_usd": 0}, {"monthly_usd": 5, "warn_at_percent": []}, {"monthly_usd": 5, "emails": ["me"]}]
)
def test_a_budget_that_could_not_warn_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=list(said)[-1]):
        BudgetSpec.model_validate(said)
