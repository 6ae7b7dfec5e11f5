"""What a stack document may say about backups."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from blueprint.spec import Spec, Tightens
from blueprint.types import Dialect, KeyPurpose, RegionName
from blueprint.wiring import Needs, Offer


class BackupVaultSpec(Spec):
    """A locked vault, a plan that takes whatever carries its tag, and copies elsewhere."""

    kind: Literal["managed"] = "managed"
    interval_hours: Annotated[int | None, Tightens("backup_interval_hours")] = Field(
        None,
        ge=1,
        le=24,
        description="Hours between backups, moved down to a divisor of 24; left out: the posture's value",
    )
    retention_days: Annotated[int | None, Tightens("backup_retention_days")] = Field(
        None, ge=1, le=36500, description="Days that recovery points are kept; left out: the posture's value"
    )
    lock: Annotated[Literal["governance", "compliance"] | None, Tightens("backup_vault_lock")] = Field(
        None, description="Mode of the vault lock; compliance cannot be undone; left out: the posture's value"
    )
    restore_test_days: Annotated[int | None, Tightens("restore_test_days")] = Field(
        None, ge=1, description="Days between restore tests; left out: monthly, or more often if the posture asks"
    )
    alternate_region: RegionName | None = Field(
        None, description="Region that copies go to; left out: the usual partner of the stack's region"
    )
    keep: bool = Field(
        default=True, description="Whether vaults outlive the stack; left out: they are protected and kept on delete"
    )

    def needs(self) -> Needs:
        """A key for recovery points."""
        return Needs(offers=(Offer(name="backup", dialect=Dialect.BACKUP),), keys=frozenset({KeyPurpose.BACKUP}))
