"""Vaults, plans, restore tests."""

from typing import Any

import pytest

from compliance.facts.backup import BackupPlan, BackupVault, RestoreTest
from compliance.sources.planned.backup import interval_hours
from tests.compliance.sources.planned.drawn import UNKNOWN, drawn, link, only, value


@pytest.mark.parametrize(
    ("schedule", "hours"),
    [
        ("rate(12 hours)", 12), ("rate(1 day)", 24), ("cron(0 5 * * ? *)", 24), ("cron(0 5 ? * * *)", 24),
        ("cron(0 * * * ? *)", 1), ("cron(0 */4 * * ? *)", 4), ("cron(0 0/6 * * ? *)", 6), ("cron(0 1,13 * * ? *)", 12),
        ("cron(0 1,5 * * ? *)", 20), ("cron(0 5 ? * MON *)", 168), ("cron(0 5 1 * ? *)", 744), ("cron(0 5 1/3 * ? *)", 72),
        ("cron(0 5 1 1 ? *)", 8784), ("now and then", 8784),
    ],
)  # fmt: skip
def test_the_longest_pause_of_a_schedule(schedule: str, hours: int) -> None:
    assert interval_hours(schedule) == hours


VAULT = drawn("aws:backup/vault:Vault", "vault", name="vault", account="111122223333", region="us-east-1")
AWAY = drawn("aws:backup/vault:Vault", "away", account="111122223333", region="us-west-2", provider="urn:p")


def plan(*rules: Any) -> BackupPlan:
    return only(
        BackupPlan,
        VAULT,
        AWAY,
        drawn("aws:backup/plan:Plan", "plan", rules=list(rules), account="111122223333", region="us-east-1"),
    )


def copy(to: Any, days: int = 40) -> Any:
    return {"destinationVaultArn": to, "lifecycle": {"deleteAfter": days}}


def test_the_weakest_rule_of_a_plan_speaks() -> None:
    daily: Any = {
        "schedule": "cron(0 5 * * ? *)",
        "lifecycle": {"deleteAfter": 35},
        "copyActions": [copy(link(AWAY))],
    }
    weekly: Any = {"schedule": "cron(0 5 ? * SUN *)", "lifecycle": {"deleteAfter": 90}}
    found = plan(daily, weekly)
    assert (
        value(found.interval_hours),
        value(found.retention_days),
        value(found.copies),
        value(found.alternate_site),
    ) == (168, 35, 2, False)
    assert value(plan(daily).copies) == 3


def test_a_copy_is_elsewhere_in_another_region_or_account() -> None:
    assert value(plan({"copyActions": [copy(link(AWAY))]}).alternate_site) is True
    assert value(plan({"copyActions": [copy(link(VAULT))]}).alternate_site) is False
    assert (
        value(plan({"copyActions": [copy("arn:aws:backup:us-east-1:444455556666:backup-vault:x")]}).alternate_site)
        is True
    )
    assert (
        value(plan({"copyActions": [copy("arn:aws:backup:us-east-1:111122223333:backup-vault:x")]}).alternate_site)
        is False
    )
    assert value(plan({"copyActions": [copy(UNKNOWN)]}).alternate_site) == "<cloud_decides>"


def test_a_copy_that_goes_earlier_limits_the_retention() -> None:
    assert value(plan({"lifecycle": {"deleteAfter": 90}, "copyActions": [copy(link(AWAY), 7)]}).retention_days) == 7
    assert value(plan({}).retention_days) == "forever"


def test_a_lock_is_compliance_once_it_cannot_be_changed() -> None:
    def locked(**more: Any) -> BackupVault:
        lock = drawn(
            "aws:backup/vaultLockConfiguration:VaultLockConfiguration",
            "lock",
            backupVaultName=link(VAULT, "name"),
            **more,
        )
        return only(BackupVault, VAULT, lock)

    assert value(locked(minRetentionDays=7).lock) == "governance"
    assert value(locked(changeableForDays=3).lock) == "compliance"
    assert value(locked(changeableForDays=UNKNOWN).lock) == "<cloud_decides>"
    assert value(only(BackupVault, VAULT).lock) == "none"


def test_selections_tell_the_tags_that_bring_a_resource_in() -> None:
    schedule = drawn("aws:backup/plan:Plan", "plan", rules=[{}])
    chosen = drawn("aws:backup/selection:Selection", "chosen", planId=link(schedule, "id"),
                   selectionTags=[{"type": "STRINGEQUALS", "key": "backup", "value": "daily"}])  # fmt: skip
    assert value(only(BackupPlan, schedule, chosen).selects) == frozenset({"backup=daily"})
    assert value(only(BackupPlan, schedule).selects) == frozenset()


def test_a_restore_test_runs_in_days() -> None:
    monthly = drawn("aws:backup/restoreTestingPlan:RestoreTestingPlan", "test", scheduleExpression="rate(30 days)")
    assert value(only(RestoreTest, monthly).interval_days) == 30
