"""What a stack document may say about who may act: people come in over the organisation's sign-in, workloads by role."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from blueprint.spec import Spec, Tightens
from blueprint.types import Arn, Dialect
from blueprint.wiring import Needs, Offer

Mfa = Literal["none", "privileged", "all", "phishing_resistant_all"]


class IdentitySpec(Spec):
    """Roles of workloads follow from the wiring; this says what only the organisation knows about its people."""

    kind: Literal["managed"] = "managed"
    sign_in_arn: Arn | None = Field(
        None, description="IAM Identity Center instance or SAML provider that people sign in with; left out: not stated"
    )
    mfa: Annotated[Mfa | None, Tightens("mfa_scope")] = Field(
        None, description="Who signs in with several factors; left out: not stated, so its rule says UNKNOWN"
    )
    session_idle_minutes: Annotated[int | None, Tightens("session_idle_minutes")] = Field(
        None, ge=1, le=720, description="Idle minutes after which sign-in ends; left out: not stated"
    )
    failed_logons: Annotated[int | None, Tightens("failed_logons_max")] = Field(
        None,
        ge=1,
        le=100,
        description="Failed log-ins in a row that lock an account in the sign-in; left out: not stated",
    )
    break_glass_principal_arn: Arn | None = Field(
        None, description="Who may assume the emergency role, with several factors; left out: there is no such role"
    )

    def needs(self) -> Needs:
        """Nothing but to be told every workload."""
        return Needs(offers=(Offer(name="identity", dialect=Dialect.IDENTITY),))


def break_glass_role_name(label: str) -> str:
    """Name of the emergency role, which the audit trail watches."""
    return f"{label}-break-glass"
