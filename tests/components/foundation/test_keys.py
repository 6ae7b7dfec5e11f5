from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from blueprint.types import KeyPurpose
from blueprint.wiring import Needs
from components.foundation.key_policy import ADMINISTER, USE
from components.foundation.keys import THROUGH, KeyRing
from components.foundation.keys_spec import KeyRingSpec
from tests.components.builders import ACCOUNT, arn, graph, names, only, platform

KEY = "aws:kms/key:Key"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
SPEC = KeyRingSpec()


def made(purposes: frozenset[KeyPurpose] = frozenset(KeyPurpose), spec: KeyRingSpec = SPEC, **accounts: str) -> Any:
    context = platform({"gateway": Needs(keys=purposes)}, accounts=accounts)
    return graph(lambda: KeyRing("keys", spec, platform=context))


@pytest.fixture(scope="module")
def ring() -> Any:
    return made()


def statements(found: Any, purpose: KeyPurpose) -> dict[str, Any]:
    key = only(found, KEY, f"keys-{purpose}")
    return {each["Sid"]: each for each in json.loads(key.inputs["policy"])["Statement"]}


def test_there_is_a_key_for_each_purpose_that_somebody_needs_and_no_other() -> None:
    assert names(made(frozenset({KeyPurpose.LOGS, KeyPurpose.SECRETS})), KEY) == ["keys-logs", "keys-secrets"]


@pytest.mark.parametrize("purpose", KeyPurpose)
def test_a_key_rotates_waits_before_deletion_and_is_protected(ring: Any, purpose: KeyPurpose) -> None:
    key = only(ring, KEY, f"keys-{purpose}")
    assert key.inputs["enableKeyRotation"] is True
    assert key.inputs["rotationPeriodInDays"] == 365
    assert key.inputs["deletionWindowInDays"] == 30
    assert key.inputs["tags"]["purpose"] == purpose
    assert key.protect


@pytest.mark.parametrize("purpose", KeyPurpose)
def test_who_administers_a_key_cannot_use_it(ring: Any, purpose: KeyPurpose) -> None:
    administrators = statements(ring, purpose)["Administrators"]
    assert administrators["Principal"] == {"AWS": [ROOT]}
    assert set(administrators["Action"]) == set(ADMINISTER)
    assert set(ADMINISTER) & {*USE, "kms:CreateGrant", "kms:*"} == {"kms:DescribeKey"}


@pytest.mark.parametrize("purpose", KeyPurpose)
def test_a_key_is_used_through_named_services_only(ring: Any, purpose: KeyPurpose) -> None:
    found = statements(ring, purpose)
    via = [f"{service}.us-east-1.amazonaws.com" for service in THROUGH[purpose]]
    for name in ("UsersThroughServices", "GrantsForServices"):
        assert found[name]["Condition"]["StringEquals"] == {"kms:ViaService": via, "kms:CallerAccount": ACCOUNT}
    assert found["GrantsForServices"]["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}


@pytest.mark.parametrize("purpose", KeyPurpose)
def test_no_key_is_open_to_everybody(ring: Any, purpose: KeyPurpose) -> None:
    assert all(each["Principal"] not in ("*", {"AWS": "*"}) for each in statements(ring, purpose).values())


def test_log_groups_of_this_account_alone_use_the_key_for_logs(ring: Any) -> None:
    groups = statements(ring, KeyPurpose.LOGS)["LogGroups"]
    assert groups["Principal"] == {"Service": ["logs.us-east-1.amazonaws.com"]}
    assert groups["Condition"] == {
        "ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:*"}
    }


def test_nodes_start_with_encrypted_disks(ring: Any) -> None:
    found = statements(ring, KeyPurpose.DISKS)
    assert found["NodeLauncher"]["Principal"]["AWS"].endswith("/AWSServiceRoleForAutoScaling")
    assert found["NodeLauncherGrants"]["Action"] == "kms:CreateGrant"


def test_who_searches_for_sensitive_data_reads_objects_and_nothing_else(ring: Any) -> None:
    searching = {purpose for purpose in KeyPurpose if "Searcher" in statements(ring, purpose)}
    assert searching == {KeyPurpose.OBJECTS}
    searcher = statements(ring, KeyPurpose.OBJECTS)["Searcher"]
    assert searcher["Principal"]["AWS"].endswith(
        ":role/aws-service-role/macie.amazonaws.com/AWSServiceRoleForAmazonMacie"
    )
    assert searcher["Action"] == ["kms:Decrypt", "kms:DescribeKey"]


def test_the_account_that_keeps_copies_reads_backups_through_the_backup_service_only() -> None:
    found = statements(made(backup="444455556666"), KeyPurpose.BACKUP)
    assert found["CopyingAccount"]["Principal"] == {"AWS": "arn:aws:iam::444455556666:root"}
    assert found["CopyingAccount"]["Condition"]["StringEquals"]["kms:ViaService"] == "backup.us-east-1.amazonaws.com"


def test_without_a_backup_account_nobody_outside_reads_backups(ring: Any) -> None:
    assert "CopyingAccount" not in statements(ring, KeyPurpose.BACKUP)


def test_named_administrators_replace_the_account() -> None:
    custodian = arn("iam", "role/key-custodian", region="")
    found = made(frozenset({KeyPurpose.LOGS}), KeyRingSpec(administrator_arns=(custodian,)))
    assert statements(found, KeyPurpose.LOGS)["Administrators"]["Principal"] == {"AWS": [custodian]}


def test_a_shorter_rotation_is_kept() -> None:
    found = made(frozenset({KeyPurpose.LOGS}), KeyRingSpec(rotation_days=180))
    assert only(found, KEY).inputs["rotationPeriodInDays"] == 180


@pytest.mark.parametrize("said", [{"rotation_days": 30}, {"deletion_window_days": 3}, {"administrator_arns": ["me"]}])
def test_what_the_key_service_does_not_accept_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(said))):
        KeyRingSpec.model_validate(said)
