"""Who people are: told by the organisation's identity provider, in tokens that end soon."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pulumi_aws as aws

from blueprint.component import Component
from blueprint.types import Layer
from components.application.group_claim import GroupClaim
from components.foundation.log_group import log_group

if TYPE_CHECKING:
    import pulumi

    from blueprint.context import PlatformContext
    from blueprint.ports import NetworkPort
    from blueprint.types import Noun
    from components.application.private_api_spec import PrivateApiSpec

PROVIDER = "organisation"
SCOPES = {"agents": "Call agents", "feedback": "Say what an answer was worth"}
SHORTEST_TOKEN, SHORTEST_REFRESH = 5, 60
"""Minutes below which Cognito issues no token, and no way to renew one."""
EMAIL = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
GROUPS, LONGEST = "groups", "2048"
KEPT_GROUPS = f"custom:{GROUPS}"
"""The provider writes it at each sign-in; nobody else can, since no token has the scope to change its own account."""
ASKED_OF_THE_METADATA = ["ActiveEncryptionCertificate", "SLORedirectBindingURI", "SSORedirectBindingURI"]
"""What Cognito reads out of the metadata and adds to what we wrote."""


class SignIn(Component):
    """Creates a user pool without sign-up, its one identity provider, and a public client: no secret is made or stored.

    Access tokens carry the groups that the provider tells. Not created: accounts. A local one could be made by an administrator only, and would need a second factor.
    """

    LAYER: ClassVar[Layer] = Layer.APPLICATION

    def __init__(
        self,
        noun: Noun,
        spec: PrivateApiSpec,
        *,
        platform: PlatformContext,
        network: NetworkPort,
        log_key_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._spec, self._classes = spec, platform.classes(noun)
        claim = GroupClaim(
            f"{noun}/groups", platform=platform, network=network, log_key_arn=log_key_arn, opts=self.inside
        )
        pool = self._pool(claim)
        claim.admit(pool)
        self._log(pool, log_key_arn)
        self._client(pool, self._federated(pool))
        self.pool_arn: pulumi.Output[str] = pool.arn
        self.finish(pool=pool.arn)

    @property
    def audience(self) -> str:
        """Identifier of the API in tokens; a scope is written <audience>/<scope>."""
        return self.platform.label

    def _pool(self, claim: GroupClaim) -> aws.cognito.UserPool:
        posture, keep = self.platform.posture, self._spec.keep
        kinds = posture.password_complexity(self._classes)
        return aws.cognito.UserPool(
            self.named("pool"), name=f"{self.platform.label}-sign-in", user_pool_tier="PLUS",
            deletion_protection="ACTIVE" if keep else "INACTIVE", mfa_configuration="ON",
            software_token_mfa_configuration=aws.cognito.UserPoolSoftwareTokenMfaConfigurationArgs(enabled=True),
            admin_create_user_config=aws.cognito.UserPoolAdminCreateUserConfigArgs(allow_admin_create_user_only=True),
            account_recovery_setting=aws.cognito.UserPoolAccountRecoverySettingArgs(
                recovery_mechanisms=[
                    aws.cognito.UserPoolAccountRecoverySettingRecoveryMechanismArgs(name="admin_only", priority=1)
                ]
            ),
            password_policy=aws.cognito.UserPoolPasswordPolicyArgs(
                minimum_length=posture.password_min_length(self._classes), require_lowercase="letters" in kinds, require_uppercase="letters" in kinds,
                require_numbers="digits" in kinds, require_symbols="symbols" in kinds, temporary_password_validity_days=1,
                password_history_size=posture.password_history(self._classes),
            ),
            schemas=[
                aws.cognito.UserPoolSchemaArgs(
                    name=GROUPS, attribute_data_type="String", mutable=True, required=False,
                    string_attribute_constraints=aws.cognito.UserPoolSchemaStringAttributeConstraintsArgs(
                        min_length="0", max_length=LONGEST
                    ),
                )
            ],
            lambda_config=aws.cognito.UserPoolLambdaConfigArgs(
                pre_token_generation_config=aws.cognito.UserPoolLambdaConfigPreTokenGenerationConfigArgs(
                    lambda_arn=claim.function.arn, lambda_version="V2_0"
                )
            ),
            user_pool_add_ons=aws.cognito.UserPoolUserPoolAddOnsArgs(advanced_security_mode="ENFORCED"),
            tags=self.tags(), opts=self.within(protect=keep, retain_on_delete=keep),
        )  # fmt: skip

    def _log(self, pool: aws.cognito.UserPool, key_arn: pulumi.Input[str]) -> None:
        """Every sign-in with its risk; the name is one that the service may write to without a policy of its own."""
        group = log_group(
            self, "log", name=f"/aws/vendedlogs/cognito/{self.platform.label}-sign-in", key_arn=key_arn,
            days=self.platform.posture.audit_log_retention_days(self._classes), keep=self._spec.keep,
        )  # fmt: skip
        delivery = aws.cognito.LogDeliveryConfigurationLogConfigurationCloudWatchLogsConfigurationArgs(
            log_group_arn=group.arn
        )
        aws.cognito.LogDeliveryConfiguration(
            self.named("logged"), user_pool_id=pool.id,
            log_configurations=[
                aws.cognito.LogDeliveryConfigurationLogConfigurationArgs(
                    event_source="userAuthEvents", log_level="INFO", cloud_watch_logs_configuration=delivery
                )
            ],
            opts=self.inside,
        )  # fmt: skip

    def _federated(self, pool: aws.cognito.UserPool) -> aws.cognito.IdentityProvider:
        return aws.cognito.IdentityProvider(
            self.named("provider"), user_pool_id=pool.id, provider_name=PROVIDER, provider_type="SAML",
            provider_details={
                "MetadataURL": self._spec.saml_metadata_url, "IDPSignout": "true", "RequestSigningAlgorithm": "rsa-sha256",
            },
            attribute_mapping={"email": EMAIL, KEPT_GROUPS: self._spec.groups_attribute},
            opts=self.within(ignore_changes=[f"providerDetails.{name}" for name in ASKED_OF_THE_METADATA]),
        )  # fmt: skip

    def _client(self, pool: aws.cognito.UserPool, provider: aws.cognito.IdentityProvider) -> None:
        aws.cognito.UserPoolDomain(
            self.named("domain"), user_pool_id=pool.id, domain=f"{self.platform.label}-{self.platform.account}"[-63:],
            opts=self.inside,
        )  # fmt: skip
        server = aws.cognito.ResourceServer(
            self.named("scopes"), user_pool_id=pool.id, identifier=self.audience, name=self.audience,
            scopes=[
                aws.cognito.ResourceServerScopeArgs(scope_name=scope, scope_description=about)
                for scope, about in SCOPES.items()
            ],
            opts=self.inside,
        )  # fmt: skip
        minutes = self._spec.session_minutes or self.platform.posture.session_idle_minutes(self._classes)
        aws.cognito.UserPoolClient(
            self.named("client"), user_pool_id=pool.id, name=f"{self.platform.label}-applications", generate_secret=False,
            allowed_oauth_flows_user_pool_client=True, allowed_oauth_flows=["code"],
            allowed_oauth_scopes=["openid", *(f"{self.audience}/{scope}" for scope in SCOPES)],
            supported_identity_providers=[provider.provider_name], callback_urls=list(self._spec.callback_urls),
            explicit_auth_flows=["ALLOW_REFRESH_TOKEN_AUTH"], prevent_user_existence_errors="ENABLED",
            read_attributes=["email", KEPT_GROUPS], write_attributes=["email", KEPT_GROUPS], enable_token_revocation=True, access_token_validity=max(minutes, SHORTEST_TOKEN),
            id_token_validity=max(minutes, SHORTEST_TOKEN), refresh_token_validity=max(minutes, SHORTEST_REFRESH),
            token_validity_units=aws.cognito.UserPoolClientTokenValidityUnitsArgs(
                access_token="minutes", id_token="minutes", refresh_token="minutes"  # noqa: S106  units, no tokens
            ),
            opts=self.within(depends_on=[server]),
        )  # fmt: skip
