"""A method of the private API: nobody reaches it without a token, and nothing gets in that was not checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi_aws as aws

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pulumi

    from blueprint.component import Component

TOKEN = "method.request.header.Authorization"  # noqa: S105  where the token is looked for


@dataclass(frozen=True)
class Guard:
    """What stands before every method: the pool that issued the token, and the check of what was sent."""

    authorizer: aws.apigateway.Authorizer
    validator: aws.apigateway.RequestValidator
    audience: str

    def method(
        self,
        component: Component,
        name: str,
        api: aws.apigateway.RestApi,
        resource: aws.apigateway.Resource,
        verb: str,
        scope: str,
        *,
        parameters: Mapping[str, bool] | None = None,
        models: Mapping[str, pulumi.Input[str]] | None = None,
    ) -> aws.apigateway.Method:
        """A method for callers whose token holds the scope."""
        return aws.apigateway.Method(
            name, rest_api=api.id, resource_id=resource.id, http_method=verb, authorization="COGNITO_USER_POOLS",
            authorizer_id=self.authorizer.id, authorization_scopes=[f"{self.audience}/{scope}"],
            request_validator_id=self.validator.id, request_parameters=parameters, request_models=models,
            opts=component.inside,
        )  # fmt: skip


def guard(component: Component, api: aws.apigateway.RestApi, *, pool_arn: pulumi.Input[str], audience: str) -> Guard:
    """The guard of an API: tokens of one user pool, bodies and parameters checked."""
    return Guard(
        aws.apigateway.Authorizer(
            component.named("authorizer"), rest_api=api.id, name="sign-in", type="COGNITO_USER_POOLS", provider_arns=[pool_arn],
            identity_source=TOKEN, opts=component.inside,
        ),
        aws.apigateway.RequestValidator(
            component.named("validator"), rest_api=api.id, name="everything", validate_request_body=True,
            validate_request_parameters=True, opts=component.inside,
        ),
        audience,
    )  # fmt: skip
