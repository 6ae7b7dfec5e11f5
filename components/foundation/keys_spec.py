"""What a stack document may say about customer managed keys."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from blueprint.spec import Spec, Tightens
from blueprint.types import Arn, Dialect
from blueprint.wiring import Needs, Offer


class KeyRingSpec(Spec):
    """One key for each purpose that the wiring names."""

    kind: Literal["managed"] = "managed"
    administrator_arns: tuple[Arn, ...] = Field(
        (), description="Who administers the keys and may not use them; left out: the account, by its IAM policies"
    )
    rotation_days: Annotated[int | None, Tightens("kms_rotation_days")] = Field(
        None, ge=90, le=2560, description="Days after which key material is renewed; left out: the posture's value"
    )
    deletion_window_days: int = Field(
        30,
        ge=7,
        le=30,
        description="Days that a key scheduled for deletion can still be saved; left out: 30, the longest",
    )

    def needs(self) -> Needs:
        """Nothing but to be told every purpose."""
        return Needs(offers=(Offer(name="keys", dialect=Dialect.KEYS),))
