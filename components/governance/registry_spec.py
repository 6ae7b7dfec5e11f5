"""What a stack document may say about the register of models and use cases."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from blueprint.spec import Spec
from blueprint.types import Dialect, Email, Frozen, KeyPurpose, Name
from blueprint.wiring import Needs, Want


class SpendingLimit(Frozen):
    """A monthly limit for a part of the platform.

    AWS tells parts apart by tags, several hours behind, and only from the day on which the account that pays has activated
    the tags for cost allocation: platform, environment, model and customer.
    """

    scope: Literal["platform", "model", "team"] = Field(
        description="platform: all of it; model: what carries the model's tag; team: what carries the team's name as customer, "
        "such as a managed model of its own"
    )
    name: Name = Field(description="Name of the limit; that of the entry of `serving` it is for, or of the team")
    monthly_usd: int = Field(ge=1, le=1_000_000_000, description="Limit for a calendar month, in US dollars")
    emails: tuple[Email, ...] = Field((), description="Addresses that are told; left out: the platform's owner")
    action: Literal["notify", "stop"] = Field(
        "notify",
        description="notify: tell. stop: also deny every further call of managed models, at 100 % of the limit, to whoever "
        "calls this model or any; a model on GPUs of your own costs the same idle and cannot be stopped so. "
        "Left out: notify",
    )

    @model_validator(mode="after")
    def _stops_what_has_a_role(self) -> Self:
        if self.scope == "team" and self.action == "stop":
            raise ValueError(
                f"team {self.name}: AWS knows no role of a team, all of them call through the gateway; the gateway stops a "
                "team at gateway.teams.budget_usd_month; set action to notify"
            )
        return self


class RegistrySpec(Spec):
    """The register of models and use cases, the record of its changes, and limits on spending."""

    kind: Literal["registry"] = "registry"
    budgets: tuple[SpendingLimit, ...] = Field((), description="Limits on parts of the spending; left out: none")
    keep: bool = Field(
        default=True, description="Whether the register outlives the stack; left out: protected, kept on delete"
    )

    @model_validator(mode="after")
    def _limits_are_told_apart(self) -> Self:
        names = [(limit.scope, limit.name) for limit in self.budgets]
        twice = sorted({f"{scope} {name}" for scope, name in names if names.count((scope, name)) > 1})
        if twice:
            raise ValueError(f"budgets names {', '.join(twice)} more than once; give one limit for each")
        return self

    def needs(self) -> Needs:
        """The archive of audit records, which every change goes to, and keys for table, stream and logs."""
        models = (f"serving/{limit.name}" for limit in self.budgets if limit.scope == "model")
        return Needs(
            wants=(Want(name="archive", dialect=Dialect.AUDIT, access="write"),),
            uses=frozenset(models),
            keys=frozenset({KeyPurpose.DATABASES, KeyPurpose.LOGS, KeyPurpose.STREAMS}),
            data_classes=frozenset(),
        )
