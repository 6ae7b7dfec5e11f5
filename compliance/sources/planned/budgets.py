"""Budgets, and what they do when they are spent."""

from __future__ import annotations

from collections.abc import Iterable

from compliance.facts.base import Leaf
from compliance.facts.budgets import Budget, SpendingStop
from compliance.facts.leaf import every, mapped, some
from compliance.facts.policy import Statement
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.policies import asked
from compliance.sources.planned.reading import Reading

SUBSCRIBERS = ("subscriberEmailAddresses", "subscriberSnsTopicArns")


def budget(spending: Reading) -> Budget:
    """Fold a budget; each threshold may tell addresses and topics."""
    told = {path: _told(spending, path) for path in spending.items("notifications")}
    ahead = [
        every([mapped(spending.text(f"{path}.notificationType"), lambda kind: kind == "FORECASTED"), heard])
        for path, heard in told.items()
    ]
    silent = spending.known("notifications", value=False)
    return Budget(
        id=spending.id("Budget"),
        urns=(spending.urn,),
        data_classes=spending.classes(),
        limit=spending.present("limitAmount"),
        notifies=some([*told.values(), silent]),
        warns_ahead=some([*ahead, silent]),
    )


def spending_stop(action: Reading) -> SpendingStop:
    """Fold what a budget does; a policy that is not in the graph is not known."""
    path = "definition.iamActionDefinition.policyArn"
    policy = action.target(path)
    untold = mapped(action.absent("policy"), lambda _: False)
    return SpendingStop(
        id=action.id("SpendingStop"),
        urns=(action.urn, *((policy.urn,) if policy else ())),
        data_classes=action.classes(),
        automatic=mapped(action.text("approvalModel"), lambda model: model == "AUTOMATIC"),
        denies=every([
            asked(policy, "policy", _denies, untold), action.present("definition.iamActionDefinition.roles"),
        ]),
    )  # fmt: skip


def _told(spending: Reading, path: str) -> Leaf[bool]:
    return some(spending.present(f"{path}.{who}") for who in SUBSCRIBERS)


def _denies(found: Iterable[Statement]) -> bool:
    statements = tuple(found)
    return bool(statements) and all(not each.allow and bool(each.actions) for each in statements)


ADAPTERS = (
    Adapter("aws:budgets/budget:Budget", budget),
    Adapter("aws:budgets/budgetAction:BudgetAction", spending_stop),
)
