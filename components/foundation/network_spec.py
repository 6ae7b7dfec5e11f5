"""What a stack document may say about a network that the platform makes itself."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from blueprint.spec import Spec, Tightens
from blueprint.types import Dialect, KeyPurpose, PrivateCidr
from blueprint.wiring import Needs, Offer
from components.foundation.network_layout import MAX_ZONES, MIN_ZONES, layout


class NetworkSpec(Spec):
    """A VPC without a way to the internet, unless the wiring names hosts outside AWS."""

    kind: Literal["managed"] = "managed"
    cidr: PrivateCidr = Field(description="Private address range of the VPC, from /16 to /20")
    zones: int = Field(
        3, ge=MIN_ZONES, le=MAX_ZONES, description="Availability zones that every tier spans; left out: 3"
    )
    flow_log_retention_days: Annotated[int | None, Tightens("audit_log_retention_days")] = Field(
        None, ge=1, le=3653, description="Days that flow logs are kept; left out: the posture's value"
    )
    keep: bool = Field(
        default=True, description="Whether the VPC is protected against deletion; left out: it is protected"
    )

    @model_validator(mode="after")
    def _every_tier_fits(self) -> Self:
        layout(self.cidr, self.zones)
        return self

    def needs(self) -> Needs:
        """Keys for flow and firewall logs, and for what the firewall stores."""
        return Needs(
            offers=(Offer(name="network", dialect=Dialect.NETWORK),),
            keys=frozenset({KeyPurpose.LOGS, KeyPurpose.OBJECTS}),
        )
