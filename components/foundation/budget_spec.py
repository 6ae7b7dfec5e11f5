"""What a stack document may say about spending."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from blueprint.spec import Spec
from blueprint.types import Email, Percent


class BudgetSpec(Spec):
    """A monthly limit for what carries the platform's tags; it warns and stops nothing."""

    kind: Literal["managed"] = "managed"
    monthly_usd: int = Field(ge=1, le=1_000_000_000, description="Limit for a calendar month, in US dollars")
    warn_at_percent: tuple[Percent, ...] = Field(
        (80, 100), min_length=1, description="Shares of the limit whose spending is announced; left out: 80 and 100"
    )
    emails: tuple[Email, ...] = Field((), description="Addresses that are told; left out: the platform's owner")
