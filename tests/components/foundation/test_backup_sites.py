from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.foundation.backup_sites import PARTNERS, Site, backup_schedule, restore_schedule, sites

HERE, THERE = "us-east-1", "us-west-2"


def chosen(copies: int, *, elsewhere: bool, other_account: bool) -> list[Site]:
    return list(sites(copies=copies, elsewhere=elsewhere, region=HERE, alternate=THERE, other_account=other_account))


@pytest.mark.parametrize(
    ("copies", "elsewhere", "other_account", "expected"),
    [
        (1, False, True, []),
        (1, True, True, ["alternate-region"]),
        (2, False, True, ["alternate-region"]),
        (3, True, True, ["alternate-region", "separate-account"]),
        (3, True, False, ["alternate-region", "second-vault"]),
    ],
)
def test_copies_go_to_another_region_first(
    copies: int, elsewhere: bool, other_account: bool, expected: list[str]
) -> None:
    assert [site.name for site in chosen(copies, elsewhere=elsewhere, other_account=other_account)] == expected


@given(st.integers(1, 3), st.booleans())
def test_as_many_recovery_points_exist_as_are_asked_for(copies: int, other_account: bool) -> None:
    assert 1 + len(chosen(copies, elsewhere=False, other_account=other_account)) == copies


def test_no_partner_region_leaves_its_partition_or_itself() -> None:
    assert all(home != partner for home, partner in PARTNERS.items())
    assert all(("-gov-" in home) == ("-gov-" in partner) for home, partner in PARTNERS.items())
    assert all(home.partition("-")[0] == partner.partition("-")[0] for home, partner in PARTNERS.items())


@pytest.mark.parametrize(
    ("hours", "cron"),
    [
        (24, "cron(0 5 * * ? *)"),
        (23, "cron(0 0/12 * * ? *)"),
        (12, "cron(0 0/12 * * ? *)"),
        (5, "cron(0 0/4 * * ? *)"),
        (1, "cron(0 0/1 * * ? *)"),
    ],
)
def test_backups_are_at_most_so_many_hours_apart(hours: int, cron: str) -> None:
    assert backup_schedule(hours) == cron


@pytest.mark.parametrize(
    ("days", "cron"),
    [
        (365, "cron(0 9 1 * ? *)"),
        (31, "cron(0 9 1 * ? *)"),
        (30, "cron(0 9 ? * 1 *)"),
        (7, "cron(0 9 ? * 1 *)"),
        (6, "cron(0 9 * * ? *)"),
    ],
)
def test_restore_tests_are_at_most_so_many_days_apart(days: int, cron: str) -> None:
    assert restore_schedule(days) == cron
