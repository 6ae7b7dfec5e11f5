from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from blueprint.types import Dialect, KeyPurpose
from blueprint.wiring import Needs, Offer
from components.foundation.ingress import Ingress
from components.foundation.ingress_spec import IngressSpec
from components.foundation.web_acl import PROMPT_RULES
from tests.components.builders import VPC_CIDR, arn, audit, graph, keys, network, only, platform, types

CERTIFICATE = arn("acm", "certificate/12345678-1234-1234-1234-123456789012")
SPEC = IngressSpec(host="ai.example.org", certificate_arn=CERTIFICATE)
LISTENER, RULE = "aws:lb/listener:Listener", "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"


def made(spec: IngressSpec = SPEC, **context: Any) -> Any:
    def program() -> None:
        Ingress("ingress", spec, platform=platform({}, **context), keys=keys(), audit=audit(), network=network())

    return graph(program)


@pytest.fixture(scope="module")
def door() -> Any:
    return made()


def test_the_load_balancer_is_private_logged_and_protected(door: Any) -> None:
    said = only(door, "aws:lb/loadBalancer:LoadBalancer").inputs
    assert said["internal"] is said["enableDeletionProtection"] is said["dropInvalidHeaderFields"] is True
    assert said["accessLogs"] == {"bucket": "claims-access-logs", "prefix": "ingress-access", "enabled": True}
    assert said["enableWafFailOpen"] is False


def test_there_is_one_listener_and_it_speaks_tls(door: Any) -> None:
    said = only(door, LISTENER).inputs
    assert (said["port"], said["protocol"], said["certificateArn"]) == (443, "HTTPS", CERTIFICATE)
    assert said["defaultActions"][0]["fixedResponse"]["statusCode"] == "404"


def test_agents_have_a_listener_of_their_own_that_no_network_is_admitted_to() -> None:
    needs = {"agents/intake": Needs(offers=(Offer(name="agent", dialect=Dialect.AGENT),))}

    def program() -> None:
        Ingress("ingress", SPEC, platform=platform(needs), keys=keys(), audit=audit(), network=network())

    found = graph(program)
    inner, outer = (only(found, LISTENER, f"ingress-{part}").inputs for part in ("inner", "https"))
    assert (inner["port"], outer["port"]) == (8443, 443)
    assert {key: inner[key] for key in outer if key != "port"} == {key: outer[key] for key in outer if key != "port"}
    assert {(rule.inputs["fromPort"], rule.inputs["toPort"]) for rule in found.of(RULE)} == {(443, 443)}


@pytest.mark.parametrize(
    ("frameworks", "oldest", "policy"),
    [
        (("fedramp-moderate",), None, "ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04"),
        (("fedramp-moderate",), "1.3", "ELBSecurityPolicy-TLS13-1-3-FIPS-2023-04"),
        (("hipaa",), None, "ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04"),
        ((), None, "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"),
        ((), "1.3", "ELBSecurityPolicy-TLS13-1-3-2021-06"),
    ],
)
def test_the_tls_policy_follows_the_posture(frameworks: tuple[str, ...], oldest: str | None, policy: str) -> None:
    spec = IngressSpec.model_validate({**SPEC.model_dump(), "tls_min_version": oldest})
    assert only(made(spec, frameworks=frameworks), LISTENER).inputs["sslPolicy"] == policy


def test_left_alone_only_the_vpc_may_call(door: Any) -> None:
    rule = only(door, RULE).inputs
    assert (rule["cidrIpv4"], rule["fromPort"], rule["toPort"]) == (VPC_CIDR, 443, 443)


def test_named_networks_replace_the_vpc() -> None:
    found = made(SPEC.model_copy(update={"allowed_cidrs": ("10.0.0.0/8", "172.16.0.0/12")}))
    assert [each.inputs["cidrIpv4"] for each in found.of(RULE)] == ["10.0.0.0/8", "172.16.0.0/12"]


def test_every_request_passes_managed_rules_and_a_rate_limit(door: Any) -> None:
    acl = only(door, "aws:wafv2/webAcl:WebAcl")
    first, *managed = acl.inputs["rules"]
    assert (first["action"], first["statement"]["rateBasedStatement"]["limit"]) == ({"block": {}}, 10_000)
    assert [each["name"] for each in managed] == list(PROMPT_RULES)
    assert [each["priority"] for each in acl.inputs["rules"]] == list(range(5))
    guarded = only(door, "aws:wafv2/webAclAssociation:WebAclAssociation").inputs
    assert guarded["webAclArn"]["$ref"]["urn"] == acl.urn


def test_only_rules_that_read_the_body_are_counted_instead_of_blocking() -> None:
    assert all(rule.endswith("_BODY") for rules in PROMPT_RULES.values() for rule in rules)


def test_the_firewalls_log_hides_credentials_and_is_kept(door: Any) -> None:
    logging = only(door, "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration").inputs
    assert [each["singleHeader"]["name"] for each in logging["redactedFields"]] == [
        "authorization",
        "cookie",
        "x-api-key",
    ]
    group = only(door, "aws:cloudwatch/logGroup:LogGroup").inputs
    assert group["name"] == "aws-waf-logs-claims-prod-ingress"
    assert (group["retentionInDays"], group["kmsKeyId"]) == (2192, keys().arns[KeyPurpose.LOGS])


def test_a_certificate_that_is_not_renewed_raises_an_alarm(door: Any) -> None:
    alarm = only(door, "aws:cloudwatch/metricAlarm:MetricAlarm").inputs
    assert (alarm["metricName"], alarm["threshold"]) == ("DaysToExpiry", 45)
    assert alarm["dimensions"] == {"CertificateArn": CERTIFICATE}
    assert alarm["alarmActions"] == [audit().alert_topic_arn]


def test_nothing_public_is_made(door: Any) -> None:
    assert not types(door) & {"aws:ec2/eip:Eip", "aws:ec2/internetGateway:InternetGateway", "aws:route53/record:Record"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("host", "not a host"),
        ("certificate_arn", arn("iam", "server-certificate/old")),
        ("allowed_cidrs", ["8.8.0.0/16"]),
        ("allowed_cidrs", ["0.0.0.0/0"]),
        ("tls_min_version", "1.1"),
    ],
)
def test_a_way_in_that_would_be_weak_is_refused(key: str, value: object) -> None:
    with pytest.raises(ValidationError, match=key):
        IngressSpec.model_validate({**SPEC.model_dump(), key: value})
