"""A limit on spending that warns."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import pulumi_aws as aws

from blueprint.component import Component
from blueprint.tags import Tag
from blueprint.types import Layer

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import pulumi

    from blueprint.context import PlatformContext
    from blueprint.ports import AuditPort, Port
    from blueprint.types import Email, Noun, Percent
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
        monthly_budget(
            self, "monthly", usd=spec.monthly_usd, of={}, topic_arn=audit.alert_topic_arn, emails=spec.emails,
            warn_at_percent=spec.warn_at_percent,
        )  # fmt: skip
        self.finish()


def monthly_budget(
    component: Component,
    part: str,
    *,
    usd: int,
    of: Mapping[Tag, str],
    topic_arn: pulumi.Input[str],
    emails: Sequence[Email],
    warn_at_percent: Collection[Percent],
) -> aws.budgets.Budget:
    """A budget for what carries the platform's tags and those of `of`; its forecast is announced as well."""
    platform = component.platform
    told = list(emails or (platform.owner,))
    tags = {Tag.PLATFORM: platform.name, Tag.ENVIRONMENT: platform.environment, **of}
    return aws.budgets.Budget(
        component.named(part), name=f"{platform.label}-{part}", budget_type="COST", time_unit="MONTHLY",
        limit_amount=str(usd), limit_unit="USD",
        filter_expression=aws.budgets.BudgetFilterExpressionArgs(
            ands=[
                aws.budgets.BudgetFilterExpressionAndArgs(
                    tags=aws.budgets.BudgetFilterExpressionAndTagsArgs(
                        key=key.value, values=[value], match_options=["EQUALS"]
                    )
                )
                for key, value in tags.items()
            ]
        ),
        notifications=[
            *(_told("ACTUAL", percent, topic_arn, told) for percent in sorted(warn_at_percent)),
            _told("FORECASTED", 100, topic_arn, told),
        ],
        tags=component.tags(classes=frozenset()), opts=component.inside,
    )  # fmt: skip


def _told(
    kind: Literal["ACTUAL", "FORECASTED"], percent: int, topic_arn: pulumi.Input[str], emails: Sequence[str]
) -> aws.budgets.BudgetNotificationArgs:
    return aws.budgets.BudgetNotificationArgs(
        comparison_operator="GREATER_THAN", notification_type=kind, threshold=percent, threshold_type="PERCENTAGE",
        subscriber_sns_topic_arns=[topic_arn], subscriber_email_addresses=emails,
    )  # fmt: skip
