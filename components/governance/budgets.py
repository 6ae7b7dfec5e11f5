"""Limits on the spending of a model, a team or the platform, and what happens when one is reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from blueprint.errors import DocumentError, Problem
from blueprint.tags import Tag
from components.foundation.budget import monthly_budget

if TYPE_CHECKING:
    from collections.abc import Iterator

    from blueprint.component import Component
    from blueprint.context import PlatformContext
    from blueprint.ports import AuditPort, IdentityPort, WorkloadIdentity
    from blueprint.types import Noun
    from components.governance.registry_spec import SpendingLimit

WARN_AT_PERCENT = (80, 100)
MANAGED = "bedrock-runtime"
"""Service that a component calls which serves a managed model."""
CALLS = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]


def limit_spending(component: Component, limit: SpendingLimit, *, identity: IdentityPort, audit: AuditPort) -> None:
    """A budget for the part, and with `stop` what ends its calls. Raises DocumentError where nothing could be ended."""
    part = f"{limit.scope}-{limit.name}"
    tags = {"model": {Tag.MODEL: limit.name}, "team": {Tag.CUSTOMER: limit.name}}
    budget = monthly_budget(
        component, part, usd=limit.monthly_usd, of=tags.get(limit.scope, {}), topic_arn=audit.alert_topic_arn,
        emails=limit.emails, warn_at_percent=WARN_AT_PERCENT,
    )  # fmt: skip
    if limit.action == "stop":
        _stop(component, limit, part, budget, identity, audit)


def _stop(
    component: Component,
    limit: SpendingLimit,
    part: str,
    budget: aws.budgets.Budget,
    identity: IdentityPort,
    audit: AuditPort,
) -> None:
    callers = _callers(component.platform, limit, identity)
    denial = _denial(component, limit, part)
    role = _role(component, part, denial, callers)
    email = aws.budgets.BudgetActionSubscriberArgs(
        subscription_type="EMAIL", address=next(iter(limit.emails), component.platform.owner)
    )
    topic = aws.budgets.BudgetActionSubscriberArgs(subscription_type="SNS", address=audit.alert_topic_arn)
    aws.budgets.BudgetAction(
        component.named(part, "stop"), budget_name=budget.name, action_type="APPLY_IAM_POLICY",
        approval_model="AUTOMATIC", notification_type="ACTUAL", execution_role_arn=role.arn,
        action_threshold=aws.budgets.BudgetActionActionThresholdArgs(
            action_threshold_type="PERCENTAGE", action_threshold_value=100
        ),
        definition=aws.budgets.BudgetActionDefinitionArgs(
            iam_action_definition=aws.budgets.BudgetActionDefinitionIamActionDefinitionArgs(
                policy_arn=denial.arn, roles=[caller.role_name for caller in callers]
            )
        ),
        subscribers=[topic, email], tags=component.tags(), opts=component.inside,
    )  # fmt: skip


def _callers(platform: PlatformContext, limit: SpendingLimit, identity: IdentityPort) -> list[WorkloadIdentity]:
    """Workloads that ask for the managed models meant; each once."""
    meant = frozenset(_models(platform, limit))
    found = {
        (noun, workload)
        for noun, needs in platform.wiring.needs.items()
        for want in needs.wants if want.of in meant
        for workload in ([want.workload] if want.workload else needs.workloads)
    }  # fmt: skip
    if not found:
        raise DocumentError([
            Problem(
                what=f"nothing could be stopped for the {limit.scope} {limit.name}", path=("governance", "budgets"), value="stop",
                allowed="notify", why="nobody calls a managed model there; a model on GPUs of your own costs the same idle",
                fix="set its action to notify",
            )
        ])  # fmt: skip
    return [identity.workloads[each] for each in sorted(found)]


def _models(platform: PlatformContext, limit: SpendingLimit) -> Iterator[Noun]:
    for noun, needs in platform.wiring.needs.items():
        meant = limit.scope == "platform" or noun == f"serving/{limit.name}"
        if meant and noun.startswith("serving/") and MANAGED in needs.services:
            yield noun


def _denial(component: Component, limit: SpendingLimit, part: str) -> aws.iam.Policy:
    """Outweighs every grant; a model is told by the tag that its inference profile carries."""
    of = {"Condition": {"StringEquals": {"aws:ResourceTag/model": limit.name}}} if limit.scope == "model" else {}
    return aws.iam.Policy(
        component.named(part, "denial"), name=f"{component.platform.label}-{part}-spent", path="/blueprint/",
        description=f"The budget of {limit.scope} {limit.name} is spent",
        policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [
            {"Sid": "Spent", "Effect": "Deny", "Action": CALLS, "Resource": "*", **of},
        ]}),
        tags=component.tags(), opts=component.inside,
    )  # fmt: skip


def _role(component: Component, part: str, denial: aws.iam.Policy, callers: list[WorkloadIdentity]) -> aws.iam.Role:
    platform = component.platform
    role = aws.iam.Role(
        component.named(part, "stop-role"), name=f"{platform.label}-{part}-stop"[-64:].lstrip("-"), path="/blueprint/",
        description="AWS Budgets attaches one policy to the roles of callers",
        assume_role_policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "budgets.amazonaws.com"}, "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": platform.account},
                "ArnLike": {"aws:SourceArn": f"arn:{platform.partition}:budgets::{platform.account}:budget/{platform.label}-{part}"},
            },
        }]}),
        tags=component.tags(), opts=component.inside,
    )  # fmt: skip
    aws.iam.RolePolicy(
        component.named(part, "stop-rights"), role=role.name,
        policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": ["iam:AttachRolePolicy", "iam:DetachRolePolicy"],
            "Resource": [caller.role_arn for caller in callers],
            "Condition": {"ArnEquals": {"iam:PolicyARN": denial.arn}},
        }]}),
        opts=component.inside,
    )  # fmt: skip
    return role
