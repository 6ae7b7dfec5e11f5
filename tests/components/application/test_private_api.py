"""The private way in, as it is registered."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from blueprint.errors import DocumentError
from blueprint.types import KeyPurpose
from compliance.findings import Outcome
from components.application.private_api import TLS_POLICIES
from components.application.private_api_spec import PrivateApiSpec
from tests.components.application.conftest import SPEC, entered
from tests.components.builders import audit, ingress, keys, names, network, only, types
from tests.components.verdicts import GONE, changed, inputs, verdicts, without

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph

API, METHOD = "aws:apigateway/restApi:RestApi", "aws:apigateway/method:Method"
ENDPOINT = "vpce-0123456789abcdef2"
OPEN = '{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "*"}]}'


def failing(found: ResourceGraph) -> set[str]:
    return {rule for (rule, _), outcome in verdicts(found).items() if outcome is Outcome.FAIL}


def test_it_is_reached_through_the_vpcs_own_endpoint_and_no_other(entry: ResourceGraph) -> None:
    said = only(entry, API).inputs["endpointConfiguration"]
    assert (said["types"], said["vpcEndpointIds"]) == ("PRIVATE", [ENDPOINT])
    policy = only(entry, "aws:apigateway/restApiPolicy:RestApiPolicy").inputs["policy"]
    text = "".join(part if isinstance(part, str) else "arn" for part in policy["$text"])
    allow, deny = json.loads(text)["Statement"]
    assert (allow["Effect"], allow["Condition"]) == ("Allow", {"StringEquals": {"aws:SourceVpce": ENDPOINT}})
    assert (deny["Effect"], deny["Condition"]) == ("Deny", {"StringNotEquals": {"aws:SourceVpce": ENDPOINT}})


def test_its_oldest_tls_version_and_cryptography_are_the_postures(entry: ResourceGraph) -> None:
    said = only(entry, API).inputs
    assert (said["securityPolicy"], said["endpointAccessMode"]) == (
        "SecurityPolicy_TLS13_1_2_FIPS_PFS_PQ_2025_09",
        "STRICT",
    )
    newer = only(entered(tls_min_version="1.3", frameworks=()), API).inputs
    assert newer["securityPolicy"] == TLS_POLICIES["1.3", False]


def test_every_method_takes_tokens_of_its_own_scope_and_checks_what_was_sent(entry: ResourceGraph) -> None:
    assert names(entry, METHOD) == ["application-agent-intake-any", "application-feedback-post"]
    scopes = {name: said["authorizationScopes"] for name, said in inputs(entry, METHOD).items()}
    assert scopes == {
        "application-agent-intake-any": ["claims-prod/agents"], "application-feedback-post": ["claims-prod/feedback"],
    }  # fmt: skip
    for said in inputs(entry, METHOD).values():
        assert said["authorization"] == "COGNITO_USER_POOLS"
        assert said["authorizerId"]["$ref"]["urn"] == only(entry, "aws:apigateway/authorizer:Authorizer").urn
        assert "requestValidatorId" in said
    server = only(entry, "aws:cognito/resourceServer:ResourceServer").inputs
    assert (server["identifier"], [each["scopeName"] for each in server["scopes"]]) == (
        "claims-prod",
        ["agents", "feedback"],
    )


def test_an_agent_is_reached_through_the_load_balancer_over_tls_with_the_callers_name(entry: ResourceGraph) -> None:
    said = only(entry, "aws:apigateway/integration:Integration", "application-agent-intake-to").inputs
    assert (said["uri"], said["type"]) == ("https://ai.example.org:8443/agents/intake/{proxy}", "HTTP_PROXY")
    assert said["integrationTarget"] == ingress().balancer_arn
    assert said["connectionId"]["$ref"]["urn"] == only(entry, "aws:apigatewayv2/vpcLink:VpcLink").urn
    assert said["requestParameters"] == {
        "integration.request.path.proxy": "method.request.path.proxy",
        "integration.request.header.X-Caller": "context.authorizer.claims.sub",
        "integration.request.header.X-Blueprint-Groups": "context.authorizer.claims.groups",
    }
    assert said["responseTransferMode"] == "STREAM"


def test_the_link_into_the_vpc_reaches_the_load_balancer_and_nobody_else(entry: ResourceGraph) -> None:
    link = only(entry, "aws:apigatewayv2/vpcLink:VpcLink").inputs
    assert tuple(link["subnetIds"]) == network().workload_subnet_ids
    out = only(entry, "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule").inputs
    into = only(entry, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule").inputs
    group = ingress().security_group_id
    assert (out["referencedSecurityGroupId"], into["securityGroupId"]) == (group, group)
    assert {out["fromPort"], out["toPort"], into["fromPort"], into["toPort"]} == {8443}


def test_without_agents_there_is_no_way_into_the_vpc() -> None:
    found = entered()
    assert "aws:apigatewayv2/vpcLink:VpcLink" not in types(found)
    assert names(found, "aws:ec2/securityGroup:SecurityGroup") == ["application-sign-in-groups-security-group"]
    assert names(found, METHOD) == ["application-feedback-post"]


def test_another_agent_adds_its_route_and_changes_no_other() -> None:
    one, two = entered("intake"), entered("intake", "appeals")
    before = {each.urn: each.inputs for each in one.resources}
    assert {each.name for each in two.resources if each.urn not in before} == {
        f"application-agent-appeals{part}" for part in ("", "-below", "-any", "-to")
    }
    moved = {each.name for each in two.resources if each.urn in before and before[each.urn] != each.inputs}
    assert moved == {"application-deployment"}


def test_requests_are_logged_without_what_was_asked_and_kept_as_long_as_the_posture_says(entry: ResourceGraph) -> None:
    groups = inputs(entry, "aws:cloudwatch/logGroup:LogGroup")
    assert {(each["retentionInDays"], each["kmsKeyId"]) for each in groups.values()} == {
        (2192, keys().arns[KeyPurpose.LOGS])
    }
    execution = groups["application-execution-log"]["name"]["$text"]
    assert (execution[0], execution[2]) == ("API-Gateway-Execution-Logs_", "/v1")
    settings = only(entry, "aws:apigateway/methodSettings:MethodSettings").inputs["settings"]
    assert (settings["loggingLevel"], settings["dataTraceEnabled"]) == ("INFO", False)
    fields = json.loads(only(entry, "aws:apigateway/stage:Stage").inputs["accessLogSettings"]["format"])
    assert fields["authorizer.claims.sub"] == "$context.authorizer.claims.sub"
    assert not [name for name in fields if "body" in name]


def test_the_rate_is_limited_for_all_and_for_each_address() -> None:
    found = entered(requests_per_second=7, requests_per_five_minutes=300)
    settings = only(found, "aws:apigateway/methodSettings:MethodSettings").inputs["settings"]
    assert (settings["throttlingRateLimit"], settings["throttlingBurstLimit"]) == (7, 14)
    first = only(found, "aws:wafv2/webAcl:WebAcl").inputs["rules"][0]
    assert first["statement"]["rateBasedStatement"]["limit"] == 300


def test_one_firewall_stands_before_the_api_and_before_the_page_where_people_sign_in(entry: ResourceGraph) -> None:
    acl = only(entry, "aws:wafv2/webAcl:WebAcl")
    guarded = inputs(entry, "aws:wafv2/webAclAssociation:WebAclAssociation")
    assert {each["webAclArn"]["$ref"]["urn"] for each in guarded.values()} == {acl.urn}
    ends = {each["resourceArn"]["$ref"]["urn"].rpartition("::")[2] for each in guarded.values()}
    assert ends == {"application-stage", "application-sign-in-pool"}


def test_the_role_that_writes_logs_is_made_by_the_stack_that_owns_the_account(entry: ResourceGraph) -> None:
    assert "aws:apigateway/account:Account" in types(entry)
    other = entered("intake", account_owner=False)
    assert "aws:apigateway/account:Account" not in types(other)
    assert "application-log-role" not in names(other, "aws:iam/role:Role")


def test_refused_feedback_raises_an_alarm(entry: ResourceGraph) -> None:
    said = only(entry, "aws:cloudwatch/metricAlarm:MetricAlarm", "application-feedback-refused").inputs
    assert said["dimensions"] == {
        "ApiName": "claims-prod-entry", "Stage": "v1", "Resource": "/feedback", "Method": "POST",
    }  # fmt: skip
    assert (said["metricName"], said["threshold"], said["alarmActions"]) == ("5XXError", 0, [audit().alert_topic_arn])


def test_no_secret_and_no_public_endpoint_is_made(entry: ResourceGraph) -> None:
    assert not [each for each in types(entry) if "apiKey" in each or "usagePlan" in each or "secretsmanager" in each]
    assert '"$secret"' not in json.dumps([each.inputs for each in entry.resources])


def test_with_required_fields_alone_nothing_fails_under_the_strictest_posture(entry: ResourceGraph) -> None:
    assert failing(entered()) == set()
    judged = verdicts(entry)
    assert [each for each, outcome in judged.items() if outcome in {Outcome.FAIL, Outcome.UNKNOWN}] == []
    ours = {rule for rule, _ in judged if rule.startswith(("apigateway_", "cognito_"))}
    assert {rule for (rule, _), outcome in judged.items() if outcome is Outcome.PASS} >= ours
    assert len(ours) == 32


@pytest.mark.parametrize(
    ("name", "path", "value", "rule"),
    [
        ("api", "endpointConfiguration.types", "REGIONAL", "apigateway_api_private"),
        ("api", "endpointConfiguration", GONE, "apigateway_api_private"),
        ("api", "securityPolicy", "TLS_1_0", "apigateway_api_tls_version"),
        ("api", "securityPolicy", "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09", "apigateway_api_validated_cryptography"),
        ("door", "policy", OPEN, "apigateway_api_policy_named"),
        ("agent-intake-any", "authorization", "NONE", "apigateway_api_methods_authorised"),
        ("feedback-post", "authorization", "NONE", "apigateway_api_methods_authorised"),
        ("feedback-post", "authorizerId", GONE, "apigateway_api_methods_authorised"),
        ("feedback-post", "requestValidatorId", GONE, "apigateway_api_requests_validated"),
        ("validator", "validateRequestBody", False, "apigateway_api_requests_validated"),
        ("stage", "accessLogSettings", GONE, "apigateway_api_access_logged"),
        ("stage", "xrayTracingEnabled", False, "apigateway_api_traced"),
        ("settings", "settings.loggingLevel", "OFF", "apigateway_api_execution_logged"),
        ("settings", "settings.dataTraceEnabled", True, "apigateway_api_bodies_not_logged"),
        ("settings", "settings.cachingEnabled", True, "apigateway_api_answers_not_cached"),
        ("stage", "cacheClusterEnabled", True, "apigateway_api_answers_not_cached"),
        ("settings", "settings.throttlingRateLimit", -1, "apigateway_api_throttled"),
        ("settings", "methodPath", "feedback/POST", "apigateway_api_throttled"),
        ("agent-intake-to", "requestParameters", {}, "apigateway_api_callers_told"),
        (
            "agent-intake-to",
            "requestParameters",
            {
                "integration.request.header.X-Caller": "context.authorizer.claims.sub",
                "integration.request.header.X-Blueprint-Groups": "method.request.header.X-Blueprint-Groups",
            },
            "apigateway_api_callers_told",
        ),
        ("authorizer", "providerArns", [], "apigateway_api_methods_authorised"),
        ("feedback-refused", "alarmActions", [], "apigateway_api_errors_alarmed"),
        ("feedback-refused", "dimensions.ApiName", "another", "apigateway_api_errors_alarmed"),
    ],
)
def test_each_weakening_turns_its_rule(entry: ResourceGraph, name: str, path: str, value: Any, rule: str) -> None:
    assert rule in failing(changed(entry, f"application-{name}", path, value))


@pytest.mark.parametrize(
    ("gone", "rule"),
    [
        ("door", "apigateway_api_policy_named"),
        ("guarded", "apigateway_api_firewalled"),
        ("sign-in-guarded", "cognito_user_pool_firewalled"),
        ("settings", "apigateway_api_throttled"),
        ("stage", "apigateway_api_access_logged"),
    ],
)
def test_what_is_taken_away_turns_its_rule(entry: ResourceGraph, gone: str, rule: str) -> None:
    assert rule in failing(without(entry, f"application-{gone}"))


def test_a_network_without_the_endpoint_is_refused_with_the_way_out() -> None:
    bare = replace(network(), vpc_endpoint_ids={"s3": "vpce-0123456789abcdef0"})
    with pytest.raises(DocumentError, match="has no endpoint of execute-api") as caught:
        entered(network=bare)
    (problem,) = caught.value.problems
    assert (problem.path, problem.allowed) == (("network", "endpoints"), "s3")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"saml_metadata_url": "http://login.example.org/saml"}, "saml_metadata_url"),
        ({"callback_urls": []}, "callback_urls"),
        ({"callback_urls": ["https://claims.example.org/#token"]}, "callback_urls"),
        ({"session_minutes": 1}, "session_minutes"),
        ({"requests_per_second": 0}, "requests_per_second"),
        ({"agents": ["Intake"]}, "agents"),
    ],
)
def test_what_could_not_work_is_refused(change: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        PrivateApiSpec.model_validate({**SPEC, **change})
