"""What AWS accepts where it does not accept every number; a joined value is moved to the next accepted one, towards strict.

Sources are the AWS API references of each service as known on 2026-11-20.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

Forever: TypeAlias = Literal["forever"]
Direction: TypeAlias = Literal["up", "down"]


class Unreachable(ValueError):
    """AWS accepts nothing that is strict enough."""


@dataclass(frozen=True)
class Accepted:
    """The numbers one AWS setting accepts: fixed steps, or everything from lowest to highest."""

    setting: str
    lowest: int
    highest: int
    steps: tuple[int, ...] = ()
    forever: bool = False

    def __str__(self) -> str:
        span = f"one of {', '.join(map(str, self.steps))}" if self.steps else f"{self.lowest} to {self.highest}"
        return f"{self.setting} accepts {span}{' or forever' if self.forever else ''}"


SNAPS: Mapping[str, Accepted] = MappingProxyType(
    {
        "cloudwatch_log_retention": Accepted(
            "CloudWatch Logs retention in days",
            lowest=1,
            highest=3653,
            steps=(
                *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545),
                *(731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
            ),
            forever=True,
        ),
        "kms_rotation": Accepted("automatic rotation of a KMS key in days", lowest=90, highest=2560),
        "aws_backup_retention": Accepted(
            "retention of an AWS Backup recovery point in days", lowest=1, highest=36500, forever=True
        ),
        "rds_backup_retention": Accepted("retention of automated RDS backups in days", lowest=1, highest=35),
        "iam_password_length": Accepted("length of an IAM password", lowest=6, highest=128),
        "iam_password_history": Accepted("number of remembered IAM passwords", lowest=1, highest=24),
        "iam_password_age": Accepted("age of an IAM password in days", lowest=1, highest=1095),
    }
)


def snap(name: str, value: int | Forever, towards: Direction) -> int | Forever:
    """Move a value to the next one that AWS accepts; `up` never gives less, `down` never gives more.

    Raises Unreachable when nothing accepted is strict enough, KeyError for a name that is not in SNAPS.
    """
    accepted = SNAPS[name]
    if value == "forever":
        if accepted.forever:
            return "forever"
        if towards == "down":
            return accepted.highest
        raise Unreachable(str(accepted))
    choices = accepted.steps or (min(max(value, accepted.lowest), accepted.highest),)
    if towards == "up":
        fitting = [choice for choice in choices if choice >= value]
        if fitting:
            return min(fitting)
        if accepted.forever:
            return "forever"
    else:
        fitting = [choice for choice in choices if choice <= value]
        if fitting:
            return max(fitting)
    raise Unreachable(str(accepted))
