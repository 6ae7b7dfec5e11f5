from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from blueprint.types import KeyPurpose
from components.foundation.account import AccountBaseline
from components.foundation.account_spec import AccountBaselineSpec
from tests.components.builders import graph, keys, names, only, platform

SPEC = AccountBaselineSpec()


def made(spec: AccountBaselineSpec = SPEC, **context: Any) -> Any:
    def program() -> None:
        AccountBaseline("account_baseline", spec, platform=platform({}, **context), keys=keys())

    return graph(program)


def test_passwords_are_long_mixed_and_remembered_without_forced_symbols_or_expiry() -> None:
    said = only(made(), "aws:iam/accountPasswordPolicy:AccountPasswordPolicy").inputs
    assert said == {
        "minimumPasswordLength": 14, "passwordReusePrevention": 4, "requireLowercaseCharacters": True,
        "requireUppercaseCharacters": True, "requireNumbers": True, "requireSymbols": False,
        "allowUsersToChangePassword": True,
    }  # fmt: skip


def test_access_of_outsiders_and_unused_access_are_found() -> None:
    analyzers = {each.inputs["type"]: each.inputs for each in made().of("aws:accessanalyzer/analyzer:Analyzer")}
    assert set(analyzers) == {"ACCOUNT", "ACCOUNT_UNUSED_ACCESS"}
    assert analyzers["ACCOUNT_UNUSED_ACCESS"]["configuration"] == {"unusedAccess": {"unusedAccessAge": 90}}


def test_new_disks_are_encrypted_under_the_platforms_key() -> None:
    found = made()
    assert only(found, "aws:ebs/encryptionByDefault:EncryptionByDefault").inputs == {"enabled": True}
    assert only(found, "aws:ebs/defaultKmsKey:DefaultKmsKey").inputs == {"keyArn": keys().arns[KeyPurpose.DISKS]}


def test_nothing_stored_can_be_made_public() -> None:
    found = made()
    assert set(only(found, "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock").inputs.values()) == {True}
    assert (
        only(found, "aws:ebs/snapshotBlockPublicAccess:SnapshotBlockPublicAccess").inputs["state"]
        == "block-all-sharing"
    )
    assert only(found, "aws:ec2/imageBlockPublicAccess:ImageBlockPublicAccess").inputs["state"] == "block-new-sharing"


def test_instance_metadata_answers_session_tokens_within_one_hop() -> None:
    said = only(made(), "aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults").inputs
    assert (said["httpTokens"], said["httpPutResponseHopLimit"]) == ("required", 1)


@pytest.mark.parametrize(
    ("frameworks", "kind", "frequency"),
    [(("hipaa", "pci-dss", "fedramp-moderate"), "ENHANCED", "CONTINUOUS_SCAN"), ((), "BASIC", "SCAN_ON_PUSH")],
)
def test_images_are_scanned_as_the_posture_asks(frameworks: tuple[str, ...], kind: str, frequency: str) -> None:
    said = only(
        made(frameworks=frameworks), "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration"
    ).inputs
    assert said["scanType"] == kind
    assert [rule["scanFrequency"] for rule in said["rules"]] == [frequency]


def test_a_stack_that_does_not_own_the_account_makes_nothing_of_it() -> None:
    found = made(AccountBaselineSpec(production_apart="account"), account_owner=False)
    assert [each.name for each in found.resources if each.custom] == ["account-baseline-facts"]


def test_how_production_is_kept_apart_is_written_down_where_rules_read_it() -> None:
    facts = only(made(AccountBaselineSpec(production_apart="account")), "aws:ssm/parameter:Parameter").inputs
    assert facts["name"] == "/claims-prod/posture-facts/account_baseline"
    assert json.loads(facts["insecureValue"]) == {"production_account": "account"}
    assert names(made(), "aws:ssm/parameter:Parameter") == []


def test_a_stricter_password_length_is_kept() -> None:
    found = made(AccountBaselineSpec(password_min_length=20))
    assert only(found, "aws:iam/accountPasswordPolicy:AccountPasswordPolicy").inputs["minimumPasswordLength"] == 20


@pytest.mark.parametrize("said", [{"password_min_length": 200}, {"password_history": 25}, {"production_apart": "yes"}])
def test_what_iam_does_not_accept_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(said))):
        AccountBaselineSpec.model_validate(said)
