from __future__ import annotations

from typing import Any

import pulumi_aws as aws
import pytest
from pydantic import ValidationError

from blueprint.errors import DocumentError
from blueprint.types import KeyPurpose
from components.foundation.backup import BackupVault
from components.foundation.backup_spec import BackupVaultSpec
from tests.components.builders import ACCOUNT, REGION, audit, graph, keys, names, only, platform, types

OTHER = "444455556666"
SPEC = BackupVaultSpec()
VAULT, LOCK = "aws:backup/vault:Vault", "aws:backup/vaultLockConfiguration:VaultLockConfiguration"


def made(spec: BackupVaultSpec = SPEC, *, other_account: bool = True, **context: Any) -> Any:
    def program() -> None:
        if other_account:
            provider = aws.Provider("elsewhere", region=REGION, allowed_account_ids=[OTHER])
            context.update(accounts={"backup": OTHER}, providers={"backup": provider})
        BackupVault("backup", spec, platform=platform({}, **context), keys=keys(), audit=audit())

    return graph(program)


@pytest.fixture(scope="module")
def backups() -> Any:
    return made()


def test_recovery_points_are_kept_here_in_another_region_and_in_another_account(backups: Any) -> None:
    places = {each.name: (each.account, each.region) for each in backups.of(VAULT)}
    assert places == {
        "backup-vault": (ACCOUNT, "us-east-1"),
        "backup-alternate-region": (ACCOUNT, "us-west-2"),
        "backup-separate-account": (OTHER, "us-east-1"),
    }


def test_every_vault_is_locked_for_the_time_of_keeping(backups: Any) -> None:
    locks = backups.of(LOCK)
    assert len(locks) == len(backups.of(VAULT)) == 3
    assert {each.inputs["minRetentionDays"] for each in locks} == {35}
    assert not any("changeableForDays" in each.inputs for each in locks)
    assert all(each.protect and each.retain_on_delete for each in backups.of(VAULT))


def test_a_compliance_lock_has_days_to_think_again() -> None:
    assert {each.inputs["changeableForDays"] for each in made(BackupVaultSpec(lock="compliance")).of(LOCK)} == {3}


def test_the_plan_runs_daily_keeps_as_asked_and_copies_to_every_other_vault(backups: Any) -> None:
    (rule,) = only(backups, "aws:backup/plan:Plan").inputs["rules"]
    assert rule["schedule"] == "cron(0 5 * * ? *)"
    assert rule["lifecycle"] == {"deleteAfter": 35}
    copied = [each["destinationVaultArn"]["$ref"]["urn"].rpartition("::")[2] for each in rule["copyActions"]]
    assert copied == ["backup-alternate-region", "backup-separate-account"]


def test_whatever_carries_the_tag_is_in_the_plan(backups: Any) -> None:
    said = only(backups, "aws:backup/selection:Selection").inputs
    assert said["selectionTags"] == [{"type": "STRINGEQUALS", "key": "backup", "value": "claims-prod"}]


def test_each_place_has_a_key_of_its_own(backups: Any) -> None:
    assert only(backups, VAULT, "backup-vault").inputs["kmsKeyArn"] == keys().arns[KeyPurpose.BACKUP]
    assert names(backups, "aws:kms/key:Key") == ["backup-alternate-region-key", "backup-separate-account-key"]
    assert all(each.inputs["enableKeyRotation"] for each in backups.of("aws:kms/key:Key"))


def test_restoring_is_tried_every_month(backups: Any) -> None:
    plan = only(backups, "aws:backup/restoreTestingPlan:RestoreTestingPlan").inputs
    assert plan["scheduleExpression"] == "cron(0 9 1 * ? *)"
    kinds = {
        each.inputs["protectedResourceType"]
        for each in backups.of("aws:backup/restoreTestingSelection:RestoreTestingSelection")
    }
    assert kinds == {"Aurora", "S3"}


def test_failed_jobs_raise_an_alarm(backups: Any) -> None:
    alarms = {
        each.inputs["metricName"]: each.inputs["alarmActions"]
        for each in backups.of("aws:cloudwatch/metricAlarm:MetricAlarm")
    }
    assert alarms == {f"NumberOf{job}JobsFailed": [audit().alert_topic_arn] for job in ("Backup", "Copy", "Restore")}


def test_without_a_backup_account_the_third_copy_stays_in_a_second_vault() -> None:
    found = made(other_account=False)
    assert names(found, VAULT) == ["backup-alternate-region", "backup-second-vault", "backup-vault"]
    assert "aws:backup/vaultPolicy:VaultPolicy" not in types(found)


def test_without_a_framework_one_unlocked_vault_does() -> None:
    found = made(other_account=False, frameworks=())
    assert names(found, VAULT) == ["backup-vault"]
    assert LOCK not in types(found)


def test_copies_without_a_region_to_go_to_are_refused() -> None:
    with pytest.raises(DocumentError) as refused:
        made(other_account=False, region="me-central-1")
    (problem,) = refused.value.problems
    assert problem.key == "backup.alternate_region"
    assert problem.fix == "set backup.alternate_region"


@pytest.mark.parametrize(
    "said", [{"interval_hours": 48}, {"retention_days": 0}, {"alternate_region": "west"}, {"lock": "none"}]
)
def test_a_setting_that_could_not_work_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(said))):
        BackupVaultSpec.model_validate(said)
