"""The register, as it is registered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from blueprint.graph import Ref
from blueprint.types import KeyPurpose
from compliance.findings import Outcome
from tests.components.builders import audit, backup, keys, names, only, types
from tests.components.governance.conftest import APPROVED, BEDROCK, USE_CASE, registered
from tests.components.verdicts import GONE, changed, inputs, verdicts, without

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph

ITEM = "aws:dynamodb/tableItem:TableItem"
STREAM = "aws:kinesis/stream:Stream"
FIREHOSE = "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"
ENTRY = "governance-entry-use-cases-intake"
USED = ("registry_use_registered", "Use/serving-chat")


def row(found: ResourceGraph, name: str) -> dict[str, Any]:
    return json.loads(only(found, ITEM, name).inputs["item"])  # type: ignore[no-any-return]


def statements(document: Any) -> dict[str, Any]:
    text = document if isinstance(document, str) else "".join(
        part if isinstance(part, str) else Ref.model_validate(part["$ref"]).urn.rpartition("::")[2]
        for part in document["$text"]
    )  # fmt: skip
    return {each.get("Sid", ""): each for each in json.loads(text)["Statement"]}


def with_row(found: ResourceGraph, name: str, **attributes: str | None) -> ResourceGraph:
    """The same register with attributes of one row changed, or taken away."""
    item = row(found, name)
    for key, value in attributes.items():
        item.pop(key, None)
        if value is not None:
            item[key] = {"S": value}
    return changed(found, name, "item", json.dumps(item))


def test_every_model_and_use_case_of_the_wiring_is_a_row(register: ResourceGraph) -> None:
    assert names(register, ITEM) == ["governance-entry-models-qwen3", "governance-entry-serving-chat", ENTRY]
    assert row(register, ENTRY) == {
        "schema": {"S": "blueprint.registry/1"}, "noun": {"S": "use_cases/intake"}, "entry": {"S": "use_case/intake"},
        "kind": {"S": "use_case"}, "name": {"S": "intake"}, "owner": {"S": "claims@example.org"},
        "risk_class": {"S": "high"}, "approved_by": {"S": "risk@example.org"}, "approved_on": {"S": "2026-11-02"},
        "purpose": {"S": "Sorts incoming claims for clerks"}, "review_by": {"S": "2027-05-01"}, "of": {"SS": ["serving/chat"]},
    }  # fmt: skip
    weights = row(register, "governance-entry-models-qwen3")
    assert weights["digest"] == {"S": "sha256:" + "6b" * 32}
    assert weights["source"] == {"S": "Qwen/Qwen3-32B@9216db5781bf21249d130ec9da846c4624c16137"}
    assert "digest" not in row(register, "governance-entry-serving-chat")


def test_the_table_is_encrypted_recoverable_protected_and_in_the_backup_plan(register: ResourceGraph) -> None:
    table = only(register, "aws:dynamodb/table:Table")
    assert table.inputs["serverSideEncryption"] == {"enabled": True, "kmsKeyArn": keys().arns[KeyPurpose.DATABASES]}
    assert table.inputs["pointInTimeRecovery"] == {"enabled": True}
    assert table.inputs["deletionProtectionEnabled"] is table.protect is table.retain_on_delete is True
    assert table.inputs["tags"][backup().tag[0]] == backup().tag[1]


def test_rows_are_written_after_the_stream_that_records_them(register: ResourceGraph) -> None:
    way = only(register, "aws:dynamodb/kinesisStreamingDestination:KinesisStreamingDestination")
    for each in register.of(ITEM):
        assert way.urn in each.dependencies


def test_every_change_flows_under_keys_of_ours_into_the_log_archive(register: ResourceGraph) -> None:
    stream = only(register, STREAM).inputs
    assert (stream["encryptionType"], stream["kmsKeyId"]) == ("KMS", keys().arns[KeyPurpose.STREAMS])
    assert stream["retentionPeriod"] == 168
    delivery = only(register, FIREHOSE).inputs
    assert "serverSideEncryption" not in delivery
    to = delivery["extendedS3Configuration"]
    assert to["bucketArn"] == f"arn:aws:s3:::{audit().log_archive_bucket}"
    assert (to["prefix"], to["errorOutputPrefix"]) == (
        "governance/", "governance/errors/!{firehose:error-output-type}/",
    )  # fmt: skip


def test_the_delivery_writes_below_its_own_prefix_and_nothing_else(register: ResourceGraph) -> None:
    rights = statements(only(register, "aws:iam/rolePolicy:RolePolicy", "governance-delivery-rights").inputs["policy"])
    assert rights["Write"]["Resource"] == "arn:aws:s3:::claims-log-archive/governance/*"
    assert rights["Write"]["Action"] == ["s3:AbortMultipartUpload", "s3:PutObject"]
    assert rights["Encrypt"]["Condition"]["StringLike"] == {
        "kms:EncryptionContext:aws:s3:arn": ["arn:aws:s3:::claims-log-archive", "arn:aws:s3:::claims-log-archive/*"]
    }


def test_an_archive_of_another_account_is_written_under_that_accounts_key() -> None:
    found = registered(accounts={"log_archive": "222233334444"})
    rights = statements(only(found, "aws:iam/rolePolicy:RolePolicy", "governance-delivery-rights").inputs["policy"])
    assert rights["Encrypt"]["Resource"] == "arn:aws:kms:us-east-1:222233334444:key/*"


def test_changes_that_are_late_failed_or_lost_announce_themselves(register: ResourceGraph) -> None:
    alarms = inputs(register, "aws:cloudwatch/metricAlarm:MetricAlarm")
    assert alarms.keys() == {"governance-changes-lost", "governance-delivery-failed", "governance-delivery-late"}
    assert {alarm["alarmActions"][0] for alarm in alarms.values()} == {audit().alert_topic_arn}
    assert "FailedToReplicateRecordCount" in alarms["governance-changes-lost"]["metricQueries"][0]["expression"]


def test_left_alone_it_makes_no_budget_and_no_role_but_that_of_the_delivery(register: ResourceGraph) -> None:
    assert not {each for each in types(register) if each.startswith("aws:budgets/")}
    mine = [name for name in names(register, "aws:iam/role:Role") if name.startswith("governance")]
    assert mine == ["governance-delivery-role"]


def test_with_required_fields_alone_nothing_fails_under_the_strictest_posture(register: ResourceGraph) -> None:
    judged = verdicts(register)
    ours = {each for each in judged if "governance" in each[1] or "use-cases" in each[1] or each == USED}
    assert [each for each in ours if judged[each] is Outcome.FAIL] == []
    assert {rule for rule, subject in ours if judged[rule, subject] is Outcome.PASS} >= {
        "dynamodb_table_key_own", "dynamodb_table_recoverable", "dynamodb_table_deletion_protected",
        "dynamodb_table_register_changes_archived", "kinesis_data_stream_key_own", "firehose_delivery_stream_key_own",
        "firehose_delivery_stream_errors_logged", "firehose_delivery_stream_loss_alarmed", "registry_entry_approved",
        "registry_entry_described", "registry_use_case_described", "registry_use_registered",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "path", "value", "rule"),
    [
        ("governance-table", "serverSideEncryption", GONE, "dynamodb_table_key_own"),
        ("governance-table", "serverSideEncryption.enabled", False, "dynamodb_table_key_own"),
        ("governance-table", "pointInTimeRecovery.enabled", False, "dynamodb_table_recoverable"),
        ("governance-table", "deletionProtectionEnabled", False, "dynamodb_table_deletion_protected"),
        ("governance-changes", "encryptionType", "NONE", "kinesis_data_stream_key_own"),
        ("governance-changes", "kmsKeyId", GONE, "kinesis_data_stream_key_own"),
        ("governance-delivery-stream", "extendedS3Configuration.cloudwatchLoggingOptions.enabled", False,
         "firehose_delivery_stream_errors_logged"),
    ],
)  # fmt: skip
def test_each_weakening_turns_its_rule(register: ResourceGraph, name: str, path: str, value: Any, rule: str) -> None:
    judged = verdicts(changed(register, name, path, value))
    assert Outcome.FAIL in {outcome for (each, _), outcome in judged.items() if each == rule}


@pytest.mark.parametrize("gone", ["governance-to-changes", "governance-delivery-stream"])
def test_a_change_that_reaches_no_archive_turns_a_rule(register: ResourceGraph, gone: str) -> None:
    judged = verdicts(without(register, gone))
    assert judged["dynamodb_table_register_changes_archived", "Table/governance-table"] is Outcome.FAIL


def test_silence_about_lost_changes_turns_a_rule(register: ResourceGraph) -> None:
    subject = ("firehose_delivery_stream_loss_alarmed", "DeliveryStream/governance-delivery-stream")
    alarms = ("governance-delivery-late", "governance-delivery-failed")
    assert verdicts(without(register, *alarms))[subject] is Outcome.FAIL
    deaf = register
    for alarm in alarms:
        deaf = changed(deaf, alarm, "alarmActions", [])
    assert verdicts(deaf)[subject] is Outcome.FAIL


@pytest.mark.parametrize("name", [ENTRY, "governance-entry-serving-chat", "governance-entry-models-qwen3"])
@pytest.mark.parametrize("change", [{"approved_by": None}, {"approved_on": None}, {"approved_by": APPROVED["owner"]}])
def test_an_approval_that_is_taken_away_turns_a_rule(
    register: ResourceGraph, name: str, change: dict[str, str | None]
) -> None:
    judged = verdicts(with_row(register, name, **change))
    assert judged["registry_entry_approved", f"RegistryEntry/{name}"] is Outcome.FAIL


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"owner": None}, "registry_entry_described"),
        ({"risk_class": "prohibited"}, "registry_entry_described"),
        ({"purpose": None}, "registry_use_case_described"),
        ({"review_by": None}, "registry_use_case_described"),
    ],
)
def test_an_entry_that_says_too_little_turns_a_rule(
    register: ResourceGraph, change: dict[str, str | None], rule: str
) -> None:
    assert verdicts(with_row(register, ENTRY, **change))[rule, f"RegistryEntry/{ENTRY}"] is Outcome.FAIL


def test_a_row_that_nobody_can_read_proves_nothing(register: ResourceGraph) -> None:
    judged = verdicts(changed(register, ENTRY, "item", {"$unknown": True}))
    assert judged["registry_entry_approved", f"RegistryEntry/{ENTRY}"] is Outcome.UNKNOWN
    assert judged[USED] is Outcome.UNKNOWN


def test_a_served_model_that_no_use_case_names_is_used_for_nobody_knows_what() -> None:
    assert verdicts(registered(use_case={}))[USED] is Outcome.FAIL


def test_without_a_register_nothing_that_is_served_is_registered() -> None:
    assert verdicts(registered(audited=False))[USED] is Outcome.FAIL


@pytest.mark.parametrize("left_out", ["owner", "risk_class", "approved_by"])
def test_a_managed_model_is_judged_by_its_tags(left_out: str) -> None:
    chat = {key: value for key, value in BEDROCK.items() if key != left_out}
    for key in {"approved_by": ("approved_on",), "owner": ("approved_by", "approved_on")}.get(left_out, ()):
        del chat[key]
    rule = "bedrock_model_approved" if left_out == "approved_by" else "bedrock_model_described"
    subject = "ManagedModel/serving-chat-profile"
    assert verdicts(registered())[rule, subject] is Outcome.PASS
    assert verdicts(registered(bedrock=chat))[rule, subject] is Outcome.FAIL


def test_a_use_case_of_a_model_that_is_not_there_is_refused() -> None:
    with pytest.raises(AssertionError, match="names serving 'other', which the document does not have"):
        registered(use_case={**USE_CASE, "models": ["other"]})
