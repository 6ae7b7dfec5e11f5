"""What a stack document may say about the audit trail that the platform makes itself."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from blueprint.spec import Spec, Tightens
from blueprint.types import Dialect, Email, KeyPurpose
from blueprint.wiring import Needs, Offer


class AuditTrailSpec(Spec):
    """Trail, log archive, recorders, detectors and alarms."""

    kind: Literal["managed"] = "managed"
    retention_days: Annotated[int | None, Tightens("audit_log_retention_days")] = Field(
        None, ge=1, le=36500, description="Days that audit records are kept and locked; left out: the posture's value"
    )
    hot_days: Annotated[int | None, Tightens("audit_log_hot_days")] = Field(
        None, ge=1, description="Days before archived records move to cold storage; left out: the posture's value"
    )
    lock: Annotated[Literal["governance", "compliance"] | None, Tightens("log_immutability")] = Field(
        None, description="Mode of the archive's object lock; left out: the posture's value, governance at least"
    )
    alert_emails: tuple[Email, ...] = Field(
        (), description="Addresses that security events reach; left out: the platform's owner"
    )
    keep: bool = Field(
        default=True, description="Whether the archive outlives the stack; left out: it is protected and kept on delete"
    )

    def needs(self) -> Needs:
        """Keys for logs and for announcements."""
        return Needs(
            offers=(Offer(name="audit", dialect=Dialect.AUDIT),), keys=frozenset({KeyPurpose.LOGS, KeyPurpose.ALERTS})
        )
