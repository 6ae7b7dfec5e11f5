"""Load balancers, listeners, web application firewalls."""

from typing import Any

import pytest

from compliance.facts.entry import Listener, LoadBalancer, WebAcl
from tests.compliance.sources.planned.drawn import UNKNOWN, drawn, link, only, value

BALANCER = drawn("aws:lb/loadBalancer:LoadBalancer", "front")


def test_a_load_balancer_alone_is_what_the_provider_makes_of_it() -> None:
    found = only(LoadBalancer, BALANCER)
    assert (value(found.internal), value(found.application), value(found.access_logged), value(found.deletion_protected),
            value(found.drops_invalid_headers), value(found.web_acl), value(found.idle_minutes)) == (
        False, True, False, False, False, None, 1,
    )  # fmt: skip


def test_a_firewall_stands_before_it_by_association() -> None:
    wall = drawn("aws:wafv2/webAcl:WebAcl", "wall")
    tie = drawn(
        "aws:wafv2/webAclAssociation:WebAclAssociation", "tie", resourceArn=link(BALANCER), webAclArn=link(wall)
    )
    assert getattr(value(only(LoadBalancer, BALANCER, wall, tie).web_acl), "urn", None) == wall.urn


REDIRECT: Any = {"type": "redirect", "redirect": {"protocol": "HTTPS", "statusCode": "HTTP_301"}}


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [({"protocol": "HTTPS"}, True), ({"protocol": "HTTP"}, False), ({"protocol": "HTTP", "defaultActions": [REDIRECT]}, True),
     ({"protocol": "HTTP", "defaultActions": [REDIRECT, {"type": "forward"}]}, False), ({}, False),
     ({"protocol": UNKNOWN}, "<cloud_decides>")],
)  # fmt: skip
def test_a_listener_speaks_tls_or_only_redirects_to_it(inputs: dict[str, Any], expected: object) -> None:
    assert value(only(Listener, drawn("aws:lb/listener:Listener", "port", **inputs)).encrypted) == expected


@pytest.mark.parametrize(
    ("policy", "version", "fips"),
    [
        ("ELBSecurityPolicy-TLS13-1-2-2021-06", "1.2", "off"),
        ("ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04", "1.2", "require"),
        ("ELBSecurityPolicy-TLS13-1-3-2021-06", "1.3", "off"),
        ("ELBSecurityPolicy-TLS13-1-0-2021-06", "1.0", "off"),
        ("ELBSecurityPolicy-TLS-1-1-2017-01", "1.1", "off"),
        ("ELBSecurityPolicy-TLS-1-2-Ext-2018-06", "1.2", "off"),
        ("ELBSecurityPolicy-FS-1-2-Res-2020-10", "1.2", "off"),
        ("ELBSecurityPolicy-2016-08", "1.0", "off"),
    ],
)
def test_a_security_policy_names_its_oldest_version(policy: str, version: str, fips: str) -> None:
    found = only(Listener, drawn("aws:lb/listener:Listener", "port", protocol="HTTPS", sslPolicy=policy))
    assert (value(found.tls_min_version), value(found.fips)) == (version, fips)


def managed(name: Any, **more: Any) -> Any:
    return {"statement": {"managedRuleGroupStatement": {"vendorName": "AWS", "name": name}}, **more}


def test_a_rule_group_that_only_counts_does_not_count() -> None:
    rules: list[Any] = [managed("AWSManagedRulesCommonRuleSet", overrideAction={"none": {}}),
                              managed("AWSManagedRulesKnownBadInputsRuleSet", overrideAction={"count": {}}),
                              {"statement": {"rateBasedStatement": {"limit": 100}}}]  # fmt: skip
    found = only(WebAcl, drawn("aws:wafv2/webAcl:WebAcl", "wall", rules=rules, defaultAction={"allow": {}}))
    assert (value(found.managed_rules), value(found.rate_limited), value(found.default_block_or_rules), value(found.logged)) == (
        frozenset({"AWSManagedRulesCommonRuleSet"}), True, True, False,
    )  # fmt: skip


def test_a_firewall_without_rules_blocks_or_does_nothing() -> None:
    assert (
        value(
            only(WebAcl, drawn("aws:wafv2/webAcl:WebAcl", "wall", defaultAction={"block": {}})).default_block_or_rules
        )
        is True
    )
    assert (
        value(
            only(WebAcl, drawn("aws:wafv2/webAcl:WebAcl", "wall", defaultAction={"allow": {}})).default_block_or_rules
        )
        is False
    )
