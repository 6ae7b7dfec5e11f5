"""A limit on spending that warns."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import pulumi_aws as aws

from blueprint.component import Component
from blueprint.tags import Tag
from blueprint.types import Layer

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pulumi

    from blueprint.context import PlatformContext
    from blueprint.ports import AuditPort, Port
    from blueprint.types import Noun
    from components.foundation.budget_spec import BudgetSpec


class Budget(Component):
    """Creates a monthly budget for what carries the platform's tags, announced on the alert topic and by mail."""

    LAYER: ClassVar[Layer] = Layer.FOUNDATION

    def __init__(
        self,
        noun: Noun,
        spec: BudgetSpec,
        *,
        platform: PlatformContext,
        audit: AuditPort,
        ports: Mapping[str, Port] | None = None,  # noqa: ARG002  every component is called alike
        uses: Mapping[Noun, Port] | None = None,  # noqa: ARG002
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._topic_arn, self._emails = audit.alert_topic_arn, list(spec.emails or (platform.owner,))
        aws.budgets.Budget(
            self.named("monthly"), name=f"{platform.label}-monthly", budget_type="COST", time_unit="MONTHLY",
            limit_amount=str(spec.monthly_usd), limit_unit="USD",
            filter_expression={
                "ands": [
                    {"tags": {"key": Tag.PLATFORM, "values": [platform.name], "match_options": ["EQUALS"]}},
                    {"tags": {"key": Tag.ENVIRONMENT, "values": [platform.environment], "match_options": ["EQUALS"]}},
                ]
            },
            notifications=[
                *(self._told("ACTUAL", percent) for percent in sorted(spec.warn_at_percent)),
                self._told("FORECASTED", 100),
            ],
            tags=self.tags(classes=frozenset()), opts=self.inside,
        )  # fmt: skip
        self.finish()

    def _told(self, kind: Literal["ACTUAL", "FORECASTED"], percent: int) -> aws.budgets.BudgetNotificationArgs:
        return aws.budgets.BudgetNotificationArgs(
            comparison_operator="GREATER_THAN", notification_type=kind, threshold=percent, threshold_type="PERCENTAGE",
            subscriber_sns_topic_arns=[self._topic_arn], subscriber_email_addresses=self._emails,
        )  # fmt: skip
