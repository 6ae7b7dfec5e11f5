"""Budgets."""

from __future__ import annotations

from compliance.facts.budgets import Budget
from compliance.facts.leaf import some
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.reading import Reading


def budget(spending: Reading) -> Budget:
    """Fold a budget; each threshold may tell addresses and topics."""
    return Budget(
        id=spending.id("Budget"),
        urns=(spending.urn,),
        data_classes=spending.classes(),
        limit=spending.present("limitAmount"),
        notifies=some(
            [
                *(
                    spending.present(f"{path}.{who}")
                    for path in spending.items("notifications")
                    for who in ("subscriberEmailAddresses", "subscriberSnsTopicArns")
                ),
                spending.known("notifications", value=False),
            ]
        ),
    )


ADAPTERS = (Adapter("aws:budgets/budget:Budget", budget),)
