"""A log group as the platform makes every one: encrypted under its own key, with a stated retention."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pulumi_aws as aws

from blueprint.tags import Tag

if TYPE_CHECKING:
    import pulumi

    from blueprint.component import Component

NEVER_EXPIRES = 0
"""How CloudWatch Logs writes it."""


def log_group(
    component: Component,
    part: str,
    *,
    name: pulumi.Input[str],
    key_arn: pulumi.Input[str],
    days: int | Literal["forever"],
    keep: bool = False,
) -> aws.cloudwatch.LogGroup:
    """A log group of audit relevance; `days` is a retention that CloudWatch Logs accepts, or forever."""
    return aws.cloudwatch.LogGroup(
        component.named(part), name=name, kms_key_id=key_arn, log_group_class="STANDARD",
        retention_in_days=NEVER_EXPIRES if days == "forever" else days,
        tags=component.tags(more={Tag.AUDIT_RELEVANT: "true"}),
        opts=component.within(protect=keep, retain_on_delete=keep),
    )  # fmt: skip
