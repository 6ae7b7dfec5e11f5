"""Where recovery points are copied to, how often they are made, and how often restoring is tried: pure choices."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PARTNERS: Mapping[str, str] = MappingProxyType(
    {
        "us-east-1": "us-west-2",
        "us-east-2": "us-west-2",
        "us-west-1": "us-west-2",
        "us-west-2": "us-east-2",
        "us-gov-east-1": "us-gov-west-1",
        "us-gov-west-1": "us-gov-east-1",
        "ca-central-1": "ca-west-1",
        "ca-west-1": "ca-central-1",
        "eu-central-1": "eu-west-1",
        "eu-west-1": "eu-central-1",
        "eu-west-2": "eu-west-1",
        "eu-west-3": "eu-central-1",
        "eu-north-1": "eu-central-1",
        "eu-south-1": "eu-central-1",
        "ap-northeast-1": "ap-northeast-3",
        "ap-northeast-3": "ap-northeast-1",
        "ap-southeast-2": "ap-southeast-4",
        "ap-southeast-4": "ap-southeast-2",
        "ap-south-1": "ap-south-2",
        "ap-south-2": "ap-south-1",
    }
)
"""A region far enough away and under the same law, as of 2026-11; our own choice."""

DIVISORS = (1, 2, 3, 4, 6, 8, 12, 24)
MONTH_DAYS, WEEK_DAYS = 31, 7


@dataclass(frozen=True)
class Site:
    """A vault that takes copies."""

    name: str
    region: str
    other_account: bool


def sites(*, copies: int, elsewhere: bool, region: str, alternate: str, other_account: bool) -> tuple[Site, ...]:
    """Vaults beside the first one: another region, then an account of its own or, without one, a second vault.

    `copies` counts the recovery point in the first vault. More than three are not made; the rule then says so.
    """
    second = Site("separate-account", region, True) if other_account else Site("second-vault", region, False)
    wanted = max(copies - 1, 1 if elsewhere else 0)
    return (Site("alternate-region", alternate, False), second)[:wanted]


def backup_schedule(hours: int) -> str:
    """Cron for backups at most so many hours apart; the day is cut into equal parts."""
    step = max(divisor for divisor in DIVISORS if divisor <= max(hours, 1))
    return "cron(0 5 * * ? *)" if step == DIVISORS[-1] else f"cron(0 0/{step} * * ? *)"


def restore_schedule(days: int) -> str:
    """Cron for restore tests at most so many days apart: monthly, weekly or daily."""
    if days >= MONTH_DAYS:
        return "cron(0 9 1 * ? *)"
    return "cron(0 9 ? * 1 *)" if days >= WEEK_DAYS else "cron(0 9 * * ? *)"
