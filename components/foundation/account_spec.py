"""What a stack document may say about settings that exist once an account."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from blueprint.spec import Spec, Tightens
from blueprint.types import KeyPurpose
from blueprint.wiring import Needs


class AccountBaselineSpec(Spec):
    """Made only by the stack whose document says `account_owner: true`."""

    kind: Literal["managed"] = "managed"
    password_min_length: Annotated[int | None, Tightens("password_min_length")] = Field(
        None, ge=6, le=128, description="Characters of an IAM password; left out: the posture's value"
    )
    password_history: Annotated[int | None, Tightens("password_history")] = Field(
        None, ge=1, le=24, description="Earlier passwords that are refused; left out: the posture's value"
    )
    unused_access_days: Annotated[int | None, Tightens("inactive_account_days")] = Field(
        None, ge=1, le=365, description="Days after which unused access is reported; left out: the posture's value"
    )
    production_apart: Annotated[Literal["same", "namespace", "account"] | None, Tightens("separate_prod_account")] = (
        Field(None, description="How production is kept from the rest: in this account; left out: not stated")
    )

    def needs(self) -> Needs:
        """A key that new disks are encrypted under."""
        return Needs(keys=frozenset({KeyPurpose.DISKS}))
