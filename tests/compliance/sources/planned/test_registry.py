"""The register of models and use cases, the table that holds it, and what is in use."""

from __future__ import annotations

import json
from typing import Any

import pytest

from blueprint.graph import Resource, ResourceGraph
from compliance.facts.governance import RegistryEntry, Table, Use
from compliance.sources.planned.source import subjects
from tests.compliance.sources.planned.drawn import UNKNOWN, drawn, link, only, value

TABLE, ITEM = "aws:dynamodb/table:Table", "aws:dynamodb/tableItem:TableItem"
STREAM, FIREHOSE = "aws:kinesis/stream:Stream", "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"
WAY = "aws:dynamodb/kinesisStreamingDestination:KinesisStreamingDestination"
SAID = {
    "schema": "blueprint.registry/1", "kind": "use_case", "name": "intake", "owner": "a@example.org", "risk_class": "high",
    "approved_by": "b@example.org", "approved_on": "2026-11-02", "purpose": "Sorts claims", "review_by": "2027-05-01",
}  # fmt: skip

table = drawn(TABLE, "register", name="register")
stream = drawn(STREAM, "changes", name="changes")


def row(name: str = "row", *, of: tuple[str, ...] = (), **said: str | None) -> Resource:
    """A row of the register; None leaves an attribute out."""
    item: dict[str, Any] = {key: {"S": text} for key, text in {**SAID, **said}.items() if text is not None}
    return drawn(
        ITEM, name, tableName="register", item=json.dumps({**item, **({"of": {"SS": list(of)}} if of else {})})
    )


def test_a_row_tells_who_answers_for_what_and_who_approved_it() -> None:
    entry = only(RegistryEntry, row())
    assert (value(entry.entry), value(entry.owner), value(entry.risk_class)) == ("use_case", "a@example.org", "high")
    assert (value(entry.purpose), value(entry.review_by), value(entry.approved)) == ("Sorts claims", "2027-05-01", True)
    assert value(only(RegistryEntry, row(kind="model")).entry) == "model"


@pytest.mark.parametrize(
    "change", [{"approved_by": None}, {"approved_on": None}, {"owner": None}, {"approved_by": SAID["owner"]}]
)
def test_an_approval_needs_somebody_else_and_a_day(change: dict[str, Any]) -> None:
    assert value(only(RegistryEntry, row(**change)).approved) is False


def test_rows_of_other_tables_are_no_entries() -> None:
    other = drawn(ITEM, "other", tableName="orders", item='{"id": {"S": "1"}}')
    assert subjects(ResourceGraph("test", (other,))).all(RegistryEntry) == ()
    assert value(only(Table, table, other).register) is False


def test_a_row_that_only_the_cloud_knows_says_nothing() -> None:
    entry = only(RegistryEntry, drawn(ITEM, "row", tableName="register", item=UNKNOWN))
    assert {value(entry.approved), value(entry.owner), value(entry.entry)} == {"<cloud_decides>"}
    hidden = drawn(
        ITEM, "row", tableName="register", item='{"schema": {"S": "blueprint.registry/1"}, "owner": {"$unknown": true}}'
    )
    assert value(only(RegistryEntry, hidden).owner) == "<cloud_decides>"


def test_a_table_without_anything_beside_it_has_the_services_defaults() -> None:
    found = only(Table, table)
    assert (value(found.key), value(found.recoverable), value(found.deletion_protected)) == (None, False, False)
    assert (value(found.register), value(found.changes_archived)) == (False, False)


def test_changes_are_archived_when_something_delivers_the_stream_that_they_flow_into() -> None:
    way = drawn(WAY, "way", tableName="register", streamArn=link(stream))
    delivery = drawn(
        FIREHOSE, "delivery", kinesisSourceConfiguration={"kinesisStreamArn": link(stream)},
        extendedS3Configuration={"bucketArn": "arn:aws:s3:::archive"},
    )  # fmt: skip
    assert value(only(Table, table, row()).register) is True
    assert value(only(Table, table, stream, way, delivery).changes_archived) is True
    assert value(only(Table, table, stream, way).changes_archived) is False
    assert value(only(Table, table, stream, delivery).changes_archived) is False


def test_a_stream_that_is_not_ours_or_not_told_is_not_known_to_be_archived() -> None:
    elsewhere = drawn(
        WAY, "way", tableName="register", streamArn="arn:aws:kinesis:us-east-1:222233334444:stream/theirs"
    )
    assert value(only(Table, table, elsewhere).changes_archived) == "<existing>"
    way = drawn(WAY, "way", tableName="register", streamArn=link(stream))
    hidden = drawn(FIREHOSE, "delivery", kinesisSourceConfiguration=UNKNOWN)
    assert value(only(Table, table, stream, way, hidden).changes_archived) == "<cloud_decides>"


def served(name: str = "serving-chat") -> Resource:
    return drawn("blueprint:serving:Vllm", name)


def test_what_is_served_is_registered_when_a_use_case_names_it() -> None:
    assert value(only(Use, served(), row(of=("serving/chat",))).registered) is True
    assert value(only(Use, served(), row(of=("serving/other",))).registered) is False
    assert value(only(Use, served(), row(of=("serving/chat",), kind="model")).registered) is False
    assert value(only(Use, served()).registered) is False


def test_a_hidden_row_may_name_what_is_served() -> None:
    hidden = drawn(ITEM, "row", tableName="register", item=UNKNOWN)
    assert value(only(Use, served(), hidden).registered) == "<cloud_decides>"
    assert value(only(Use, served(), hidden, row("told", of=("serving/chat",))).registered) is True


def test_while_resources_may_be_missing_nothing_is_unregistered() -> None:
    assert value(only(Use, served(), incomplete="half a state").registered) == "<not_read>"
