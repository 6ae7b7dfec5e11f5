"""A web application firewall as the platform puts it before every way in: managed rules, a rate limit, a log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pulumi_aws as aws

from components.foundation.log_group import log_group

if TYPE_CHECKING:
    import pulumi

    from blueprint.component import Component

PROMPT_RULES: Mapping[str, tuple[str, ...]] = {
    "AWSManagedRulesCommonRuleSet": (
        "CrossSiteScripting_BODY", "EC2MetaDataSSRF_BODY", "GenericLFI_BODY", "GenericRFI_BODY", "SizeRestrictions_BODY",
    ),
    "AWSManagedRulesKnownBadInputsRuleSet": (),
    "AWSManagedRulesSQLiRuleSet": ("SQLi_BODY",),
    "AWSManagedRulesAmazonIpReputationList": (),
}  # fmt: skip
"""Managed rule group -> its rules that only count: a prompt may hold code, markup and more than 8 KB, and guardrails look
into it. Everything outside the body is blocked."""

SECRET_HEADERS = ("authorization", "cookie", "x-api-key")


def web_acl(
    component: Component, name: str, *, requests_per_five_minutes: int, key_arn: pulumi.Input[str], keep: bool
) -> aws.wafv2.WebAcl:
    """The firewall with its log; whoever makes it says what stands behind it."""
    platform = component.platform
    full = f"{platform.label}-{name}"
    acl = aws.wafv2.WebAcl(
        component.named("web-acl"), name=full, scope="REGIONAL", default_action={"allow": {}},
        description="Managed rules and a rate limit before every request",
        rules=[
            _rate_limit(0, requests_per_five_minutes),
            *(_managed(number, *entry) for number, entry in enumerate(PROMPT_RULES.items(), start=1)),
        ],
        visibility_config=_visible(full), tags=component.tags(), opts=component.inside,
    )  # fmt: skip
    group = log_group(
        component, "web-acl-log", name=f"aws-waf-logs-{full}", key_arn=key_arn,
        days=platform.posture.audit_log_retention_days(platform.classes(component.noun)), keep=keep,
    )  # fmt: skip
    aws.wafv2.WebAclLoggingConfiguration(
        component.named("web-acl-logging"), resource_arn=acl.arn, log_destination_configs=[group.arn],
        redacted_fields=[{"single_header": {"name": header}} for header in SECRET_HEADERS], opts=component.inside,
    )  # fmt: skip
    return acl


def _rate_limit(priority: int, limit: int) -> aws.wafv2.WebAclRuleArgsDict:
    return {
        "name": "rate-limit",
        "priority": priority,
        "action": {"block": {}},
        "statement": {"rate_based_statement": {"limit": limit, "aggregate_key_type": "IP"}},
        "visibility_config": _visible("rate-limit"),
    }


def _managed(priority: int, name: str, counted: tuple[str, ...]) -> aws.wafv2.WebAclRuleArgsDict:
    return {
        "name": name,
        "priority": priority,
        "override_action": {"none": {}},
        "statement": {
            "managed_rule_group_statement": {
                "vendor_name": "AWS",
                "name": name,
                "rule_action_overrides": [{"name": rule, "action_to_use": {"count": {}}} for rule in counted],
            }
        },
        "visibility_config": _visible(name),
    }


def _visible(metric: str) -> aws.wafv2.WebAclVisibilityConfigArgsDict:
    return {"cloudwatch_metrics_enabled": True, "metric_name": metric, "sampled_requests_enabled": True}
