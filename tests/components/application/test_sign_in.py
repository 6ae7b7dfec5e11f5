"""Who people are, as it is registered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from blueprint.types import KeyPurpose
from compliance.findings import Outcome
from tests.components.application.conftest import entered
from tests.components.builders import keys, only
from tests.components.verdicts import GONE, changed, verdicts, without

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph

POOL, CLIENT = "aws:cognito/userPool:UserPool", "aws:cognito/userPoolClient:UserPoolClient"


def failing(found: ResourceGraph) -> set[str]:
    return {rule for (rule, _), outcome in verdicts(found).items() if outcome is Outcome.FAIL}


def test_the_organisations_provider_alone_signs_people_in(entry: ResourceGraph) -> None:
    provider = only(entry, "aws:cognito/identityProvider:IdentityProvider").inputs
    assert (provider["providerType"], provider["providerDetails"]["MetadataURL"]) == (
        "SAML", "https://login.example.org/saml/metadata",
    )  # fmt: skip
    assert only(entry, CLIENT).inputs["supportedIdentityProviders"] == ["organisation"]
    assert only(entry, POOL).inputs["adminCreateUserConfig"] == {"allowAdminCreateUserOnly": True}


def test_the_client_has_no_secret_and_hands_tokens_over_by_code(entry: ResourceGraph) -> None:
    client = only(entry, CLIENT).inputs
    assert (client["generateSecret"], client["allowedOauthFlows"]) == (False, ["code"])
    assert client["allowedOauthScopes"] == ["openid", "claims-prod/agents", "claims-prod/feedback"]
    assert client["callbackUrls"] == ["https://claims.example.org/signed-in"]


def test_tokens_end_when_the_posture_ends_an_idle_session(entry: ResourceGraph) -> None:
    client = only(entry, CLIENT).inputs
    assert (client["accessTokenValidity"], client["idTokenValidity"], client["refreshTokenValidity"]) == (15, 15, 60)
    assert set(client["tokenValidityUnits"].values()) == {"minutes"}
    assert only(entered(frameworks=()), CLIENT).inputs["accessTokenValidity"] == 60
    assert only(entered(session_minutes=5), CLIENT).inputs["accessTokenValidity"] == 5


def test_an_account_of_the_pool_would_need_a_long_password_and_a_second_factor(entry: ResourceGraph) -> None:
    pool = only(entry, POOL).inputs
    assert (pool["mfaConfiguration"], pool["softwareTokenMfaConfiguration"]) == ("ON", {"enabled": True})
    asked = pool["passwordPolicy"]
    assert (asked["minimumLength"], asked["passwordHistorySize"]) == (14, 4)
    assert (asked["requireNumbers"], asked["requireLowercase"], asked["requireSymbols"]) == (True, True, False)


def test_the_pool_outlives_the_stack_unless_the_document_says_otherwise(entry: ResourceGraph) -> None:
    kept, left = only(entry, POOL), only(entered(keep=False), POOL)
    assert (kept.inputs["deletionProtection"], kept.protect, kept.retain_on_delete) == ("ACTIVE", True, True)
    assert (left.inputs["deletionProtection"], left.protect) == ("INACTIVE", False)


def test_every_sign_in_is_written_down_under_a_key_of_ours(entry: ResourceGraph) -> None:
    (log,) = only(entry, "aws:cognito/logDeliveryConfiguration:LogDeliveryConfiguration").inputs["logConfigurations"]
    assert (log["eventSource"], log["logLevel"]) == ("userAuthEvents", "INFO")
    group = only(entry, "aws:cloudwatch/logGroup:LogGroup", "application-sign-in-log").inputs
    assert group["kmsKeyId"] == keys().arns[KeyPurpose.LOGS]


@pytest.mark.parametrize(
    ("name", "path", "value", "rule"),
    [
        ("pool", "mfaConfiguration", "OPTIONAL", "cognito_user_pool_mfa_required"),
        ("pool", "mfaConfiguration", GONE, "cognito_user_pool_mfa_required"),
        ("pool", "passwordPolicy.minimumLength", 8, "cognito_user_pool_password_long_enough"),
        ("pool", "passwordPolicy.passwordHistorySize", GONE, "cognito_user_pool_password_remembers"),
        ("pool", "passwordPolicy.requireNumbers", False, "cognito_user_pool_password_kinds_of_characters"),
        ("pool", "adminCreateUserConfig.allowAdminCreateUserOnly", False, "cognito_user_pool_sign_up_closed"),
        ("pool", "deletionProtection", "INACTIVE", "cognito_user_pool_deletion_protected"),
        ("pool", "userPoolAddOns.advancedSecurityMode", "AUDIT", "cognito_user_pool_threats_stopped"),
        ("logged", "logConfigurations.0.eventSource", "userNotification", "cognito_user_pool_sign_ins_logged"),
        ("logged", "logConfigurations.0.cloudWatchLogsConfiguration", GONE, "cognito_user_pool_sign_ins_logged"),
        ("client", "explicitAuthFlows", ["ALLOW_USER_PASSWORD_AUTH"], "cognito_client_federated_only"),
        ("client", "explicitAuthFlows", GONE, "cognito_client_federated_only"),
        (
            "client",
            "allowedOauthScopes",
            ["openid", "aws.cognito.signin.user.admin"],
            "cognito_client_accounts_not_changed",
        ),
        ("pool", "lambdaConfig", GONE, "apigateway_api_callers_told"),
        ("client", "generateSecret", True, "cognito_client_without_secret"),
        ("client", "allowedOauthFlows", ["code", "implicit"], "cognito_client_tokens_kept_out_of_addresses"),
        ("client", "supportedIdentityProviders", ["organisation", "COGNITO"], "cognito_client_federated_only"),
        ("client", "supportedIdentityProviders", GONE, "cognito_client_federated_only"),
        ("client", "enableTokenRevocation", False, "cognito_client_tokens_revocable"),
        ("client", "accessTokenValidity", 16, "cognito_client_tokens_short"),
        ("client", "accessTokenValidity", GONE, "cognito_client_tokens_short"),
        ("client", "tokenValidityUnits.accessToken", "hours", "cognito_client_tokens_short"),
        ("client", "refreshTokenValidity", 481, "cognito_client_session_ends"),
    ],
)
def test_each_weakening_turns_its_rule(entry: ResourceGraph, name: str, path: str, value: Any, rule: str) -> None:
    assert rule in failing(changed(entry, f"application-sign-in-{name}", path, value))


@pytest.mark.parametrize(
    ("gone", "rule"),
    [("provider", "cognito_user_pool_federated"), ("logged", "cognito_user_pool_sign_ins_logged")],
)
def test_what_is_taken_away_turns_its_rule(entry: ResourceGraph, gone: str, rule: str) -> None:
    assert rule in failing(without(entry, f"application-sign-in-{gone}"))
