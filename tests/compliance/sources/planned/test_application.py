"""REST APIs, user pools and their clients."""

from __future__ import annotations

from typing import Any

import pytest

from compliance.facts.application import Api, AppClient, UserPool
from tests.compliance.sources.planned.drawn import UNKNOWN, drawn, link, only, value

API, STAGE, METHOD = "aws:apigateway/restApi:RestApi", "aws:apigateway/stage:Stage", "aws:apigateway/method:Method"
SETTINGS, VALIDATOR = "aws:apigateway/methodSettings:MethodSettings", "aws:apigateway/requestValidator:RequestValidator"
WALL = "aws:wafv2/webAclAssociation:WebAclAssociation"
POOL, CLIENT = "aws:cognito/userPool:UserPool", "aws:cognito/userPoolClient:UserPoolClient"

api = drawn(API, "api")
pool = drawn(POOL, "pool")


def method(name: str = "get", **inputs: Any) -> Any:
    said = {"restApi": link(api, "id"), "authorization": "COGNITO_USER_POOLS", "authorizerId": "a1"}
    return drawn(METHOD, name, **{**said, **inputs})


def stage(name: str = "v1", **inputs: Any) -> Any:
    return drawn(STAGE, name, restApi=link(api, "id"), **inputs)


def test_an_api_alone_is_public_open_unlogged_and_speaks_old_tls() -> None:
    found = only(Api, api)
    assert (value(found.private), value(found.open_policy), value(found.tls_min_version)) == (False, True, "1.0")
    assert {value(found.access_logged), value(found.execution_logged), value(found.throttled), value(found.traced)} == {
        False
    }
    assert (value(found.web_acl), value(found.bodies_logged), value(found.authorised)) == (None, False, True)


@pytest.mark.parametrize(
    ("policy", "version", "fips"),
    [
        ("SecurityPolicy_TLS13_1_3_2025_09", "1.3", "off"), ("SecurityPolicy_TLS13_1_3_FIPS_2025_09", "1.3", "require"),
        ("SecurityPolicy_TLS13_1_2_FIPS_PFS_PQ_2025_09", "1.2", "require"), ("TLS_1_2", "1.2", "off"),
        ("TLS_1_0", "1.0", "off"), (UNKNOWN, "<cloud_decides>", "<cloud_decides>"),
    ],
)  # fmt: skip
def test_the_name_of_a_policy_tells_version_and_cryptography(policy: Any, version: str, fips: str) -> None:
    found = only(Api, drawn(API, "api", securityPolicy=policy))
    assert (value(found.tls_min_version), value(found.fips)) == (version, fips)


def test_a_private_api_that_names_no_policy_speaks_a_newer_tls() -> None:
    private = drawn(API, "api", endpointConfiguration={"types": "PRIVATE"})
    assert (value(only(Api, private).private), value(only(Api, private).tls_min_version)) == (True, "1.2")


@pytest.mark.parametrize(
    ("change", "authorised"),
    [
        ({}, True), ({"authorization": "AWS_IAM", "authorizerId": None}, True), ({"authorization": "NONE"}, False),
        ({"authorizerId": ""}, False), ({"authorization": UNKNOWN}, "<cloud_decides>"),
    ],
)  # fmt: skip
def test_one_method_that_asks_nobody_decides(change: dict[str, Any], authorised: object) -> None:
    assert value(only(Api, api, method(), method("post", **change)).authorised) == authorised


@pytest.mark.parametrize(
    ("checks", "validated"),
    [((True, True), True), ((True, False), False), ((False, True), False), ((UNKNOWN, True), "<cloud_decides>")],
)
def test_a_method_is_checked_by_a_validator_of_both_parts(checks: tuple[Any, Any], validated: object) -> None:
    body, parameters = checks
    validator = drawn(VALIDATOR, "all", validateRequestBody=body, validateRequestParameters=parameters)
    checked = method(requestValidatorId=link(validator, "id"))
    assert value(only(Api, api, validator, checked).requests_validated) == validated
    assert value(only(Api, api, method()).requests_validated) is False


@pytest.mark.parametrize(
    ("settings", "throttled", "bodies", "logged"),
    [
        ({"throttlingRateLimit": 50, "loggingLevel": "INFO"}, True, False, True),
        ({"throttlingRateLimit": -1, "loggingLevel": "OFF"}, False, False, False),
        ({"dataTraceEnabled": True, "loggingLevel": "ERROR"}, False, True, True),
        ({"dataTraceEnabled": UNKNOWN}, False, "<cloud_decides>", False),
    ],
)
def test_settings_tell_limits_and_what_is_written_down(
    settings: dict[str, Any], throttled: object, bodies: object, logged: object
) -> None:
    found = only(Api, api, drawn(SETTINGS, "all", restApi=link(api, "id"), methodPath="*/*", settings=settings))
    assert (value(found.throttled), value(found.bodies_logged), value(found.execution_logged)) == (
        throttled,
        bodies,
        logged,
    )


@pytest.mark.parametrize(
    ("stages", "settings", "cached"),
    [
        ([{}], {}, False), ([{"cacheClusterEnabled": True}], {}, True), ([{}, {"cacheClusterEnabled": True}], {}, True),
        ([{}], {"cachingEnabled": True}, True), ([{"cacheClusterEnabled": UNKNOWN}], {}, "<cloud_decides>"),
        ([{}], {"cachingEnabled": UNKNOWN}, "<cloud_decides>"),
    ],
)  # fmt: skip
def test_one_stage_with_a_cache_or_one_method_meant_for_it_keeps_answers(
    stages: list[dict[str, Any]], settings: dict[str, Any], cached: object
) -> None:
    made = [stage(f"v{number}", **inputs) for number, inputs in enumerate(stages)]
    everywhere = drawn(SETTINGS, "all", restApi=link(api, "id"), methodPath="*/*", settings=settings)
    assert value(only(Api, api, *made, everywhere).answers_cached) == cached


def test_every_stage_needs_its_log_its_traces_and_its_firewall() -> None:
    full = stage(accessLogSettings={"destinationArn": "arn:log"}, xrayTracingEnabled=True)
    wall = drawn(WALL, "guarded", resourceArn=link(full), webAclArn="arn:acl")
    found = only(Api, api, full, wall)
    assert (value(found.access_logged), value(found.traced)) == (True, True)
    assert getattr(value(found.web_acl), "urn", None) == "arn:acl"
    two = only(Api, api, full, wall, stage("v2"))
    assert (value(two.access_logged), value(two.traced), value(two.web_acl)) == (False, False, None)


def test_a_policy_that_names_an_endpoint_is_not_open() -> None:
    said = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "*"}
    narrow = {**said, "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-0123456789abcdef0"}}}
    token = "aws:apigateway/restApiPolicy:RestApiPolicy"
    for statement, is_open in ((said, True), (narrow, False)):
        beside = drawn(token, "door", restApiId=link(api, "id"), policy={"Statement": [statement]})
        assert value(only(Api, api, beside).open_policy) is is_open


def test_a_pool_alone_lets_everybody_in_with_a_password() -> None:
    found = only(UserPool, pool)
    assert (value(found.mfa), value(found.self_sign_up), value(found.federated)) == ("none", True, False)
    assert (value(found.password_min_length), value(found.password_history), value(found.character_kinds)) == (
        8,
        0,
        frozenset(),
    )
    assert {value(found.deletion_protected), value(found.threats_stopped), value(found.sign_ins_logged)} == {False}


def test_a_pool_is_federated_by_a_provider_beside_it() -> None:
    provider = drawn(
        "aws:cognito/identityProvider:IdentityProvider", "sso", userPoolId=link(pool, "id"), providerDetails={"a": "b"}
    )
    assert value(only(UserPool, pool, provider).federated) is True


@pytest.mark.parametrize(
    ("inputs", "token", "session"),
    [
        ({}, 60, 43200), ({"accessTokenValidity": 2}, 120, 43200), ({"refreshTokenValidity": 1}, 60, 1440),
        ({"accessTokenValidity": 15, "tokenValidityUnits": {"accessToken": "minutes"}}, 15, 43200),
        ({"accessTokenValidity": 900, "tokenValidityUnits": {"accessToken": "seconds"}}, 15, 43200),
        ({"accessTokenValidity": UNKNOWN}, "<cloud_decides>", 43200),
    ],
)  # fmt: skip
def test_lives_of_tokens_are_told_in_minutes(inputs: dict[str, Any], token: object, session: object) -> None:
    found = only(AppClient, drawn(CLIENT, "client", **inputs))
    assert (value(found.token_minutes), value(found.session_minutes)) == (token, session)


@pytest.mark.parametrize(
    ("providers", "own"),
    [(["sso"], False), (["sso", "COGNITO"], True), ([], True), (UNKNOWN, "<cloud_decides>"), (["sso", UNKNOWN], "<cloud_decides>")],
)  # fmt: skip
def test_a_client_without_a_provider_takes_accounts_of_the_pool(providers: Any, own: object) -> None:
    assert (
        value(
            only(
                AppClient,
                drawn(
                    CLIENT,
                    "client",
                    explicitAuthFlows=["ALLOW_REFRESH_TOKEN_AUTH"],
                    supportedIdentityProviders=providers,
                ),
            ).own_accounts
        )
        == own
    )


def test_a_provider_of_the_graph_is_none_of_the_pools_own() -> None:
    provider = drawn("aws:cognito/identityProvider:IdentityProvider", "sso", userPoolId=link(pool, "id"))
    client = drawn(
        CLIENT,
        "client",
        explicitAuthFlows=["ALLOW_REFRESH_TOKEN_AUTH"],
        supportedIdentityProviders=[link(provider, "providerName")],
    )
    assert value(only(AppClient, provider, client).own_accounts) is False


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        ({"type": "AWS"}, True),
        ({"type": "HTTP_PROXY"}, False),
        ({"type": "HTTP_PROXY", "requestParameters": UNKNOWN}, "<cloud_decides>"),
        ({"type": UNKNOWN}, "<cloud_decides>"),
        ({"type": "HTTP_PROXY", "requestParameters": {
            "integration.request.header.X-Caller": UNKNOWN, "integration.request.header.X-Blueprint-Groups": "'a'"}},
         "<cloud_decides>"),
        ({"type": "HTTP_PROXY", "requestParameters": {
            "integration.request.header.X-Caller": "context.authorizer.claims.sub",
            "integration.request.header.X-Blueprint-Groups": "context.authorizer.claims.groups"}}, True),
        ({"type": "HTTP_PROXY", "requestParameters": {
            "integration.request.header.X-Caller": "method.request.header.X-Caller",
            "integration.request.header.X-Blueprint-Groups": "context.authorizer.claims.groups"}}, False),
    ],
)  # fmt: skip
def test_what_hands_a_request_on_says_who_asks_by_the_token(inputs: dict[str, Any], told: object) -> None:
    integration = drawn("aws:apigateway/integration:Integration", "to", restApi=link(api, "id"), **inputs)
    assert value(only(Api, api, integration).callers_told) == told


@pytest.mark.parametrize(
    ("config", "told"),
    [({"preTokenGenerationConfig": {"lambdaArn": "arn:f"}}, True), ({}, False), (UNKNOWN, "<cloud_decides>")],
)
def test_what_a_token_says_of_a_caller_is_written_by_the_pools_function(config: Any, told: object) -> None:
    said = {
        f"integration.request.header.{name}": "context.authorizer.claims.sub"
        for name in ("X-Caller", "X-Blueprint-Groups")
    }
    proxy = drawn(
        "aws:apigateway/integration:Integration",
        "to",
        restApi=link(api, "id"),
        type="HTTP_PROXY",
        requestParameters=said,
    )
    issuer = drawn(POOL, "pool", lambdaConfig=config)
    token = "aws:apigateway/authorizer:Authorizer"
    ours = drawn(token, "who", restApi=link(api, "id"), providerArns=[link(issuer)])
    theirs = drawn(
        token, "who", restApi=link(api, "id"), providerArns=["arn:aws:cognito-idp:us-east-1:222233334444:userpool/p"]
    )
    assert value(only(Api, api, proxy, issuer, ours).callers_told) == told
    assert value(only(Api, api, proxy, theirs).callers_told) == "<existing>"
    assert value(only(Api, api, issuer, ours).callers_told) is True
