"""Filters on what goes into and comes out of a managed model."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi_aws as aws

if TYPE_CHECKING:
    import pulumi

    from blueprint.component import Component

CONTENT = ("HATE", "INSULTS", "MISCONDUCT", "SEXUAL", "VIOLENCE")

PERSONAL = (
    "ADDRESS", "AGE", "CA_HEALTH_NUMBER", "CA_SOCIAL_INSURANCE_NUMBER", "DRIVER_ID", "EMAIL",
    "INTERNATIONAL_BANK_ACCOUNT_NUMBER", "IP_ADDRESS", "LICENSE_PLATE", "MAC_ADDRESS", "NAME", "PHONE", "SWIFT_CODE",
    "UK_NATIONAL_HEALTH_SERVICE_NUMBER", "UK_NATIONAL_INSURANCE_NUMBER", "UK_UNIQUE_TAXPAYER_REFERENCE_NUMBER",
    "USERNAME", "US_BANK_ACCOUNT_NUMBER", "US_BANK_ROUTING_NUMBER", "US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER",
    "US_PASSPORT_NUMBER", "US_SOCIAL_SECURITY_NUMBER", "VEHICLE_IDENTIFICATION_NUMBER",
)  # fmt: skip
"""Replaced by their kind. Read from the Bedrock service model of botocore; URL is left out, it names no person."""

CARD = ("CREDIT_DEBIT_CARD_CVV", "CREDIT_DEBIT_CARD_EXPIRY", "CREDIT_DEBIT_CARD_NUMBER", "PIN")
"""Refused: sensitive authentication data may not be kept, so it is not let in."""

CREDENTIALS = ("AWS_ACCESS_KEY", "AWS_SECRET_KEY", "PASSWORD")
"""Refused always."""


@dataclass(frozen=True)
class Filters:
    """What a guardrail masks and refuses."""

    redacts: bool
    card_data_allowed: bool

    @property
    def refused(self) -> tuple[str, ...]:
        """Kinds of data with which a request or an answer is stopped."""
        return (*CREDENTIALS, *(() if self.card_data_allowed else CARD))

    @property
    def masked(self) -> tuple[str, ...]:
        """Kinds of data that are replaced by their name."""
        return PERSONAL if self.redacts else ()

    @property
    def digest(self) -> str:
        """Changes with the filters, so that a change makes a new version of the guardrail."""
        return hashlib.sha256(repr((CONTENT, self.refused, self.masked)).encode()).hexdigest()[:12]


def guardrail(component: Component, filters: Filters, *, key_arn: pulumi.Input[str]) -> aws.bedrock.Guardrail:
    """A guardrail at full strength against harmful content and attacks, with the filters on personal data."""
    return aws.bedrock.Guardrail(
        component.named("guardrail"), name=f"{component.platform.label}-{component.named()}"[:50].rstrip("-"),
        description=f"Filters of {component.noun}",
        blocked_input_messaging="This request was refused by a guardrail of the platform.",
        blocked_outputs_messaging="This answer was withheld by a guardrail of the platform.",
        kms_key_arn=key_arn,
        content_policy_config=aws.bedrock.GuardrailContentPolicyConfigArgs(filters_configs=[
            *(_content(kind, "HIGH") for kind in CONTENT), _content("PROMPT_ATTACK", "NONE"),
        ]),
        sensitive_information_policy_config=aws.bedrock.GuardrailSensitiveInformationPolicyConfigArgs(
            pii_entities_configs=[
                *(_personal(kind, "BLOCK") for kind in filters.refused),
                *(_personal(kind, "ANONYMIZE") for kind in filters.masked),
            ]
        ),
        tags=component.tags(), opts=component.inside,
    )  # fmt: skip


def _content(kind: str, output: str) -> aws.bedrock.GuardrailContentPolicyConfigFiltersConfigArgs:
    return aws.bedrock.GuardrailContentPolicyConfigFiltersConfigArgs(
        type=kind, input_strength="HIGH", output_strength=output
    )


def _personal(kind: str, action: str) -> aws.bedrock.GuardrailSensitiveInformationPolicyConfigPiiEntitiesConfigArgs:
    return aws.bedrock.GuardrailSensitiveInformationPolicyConfigPiiEntitiesConfigArgs(type=kind, action=action)
