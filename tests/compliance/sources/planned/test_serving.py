"""What is told of the catalogue's entries."""

from __future__ import annotations

import json

import pytest
from pydantic import JsonValue

from blueprint.graph import Resource
from compliance.facts.serving import Model
from tests.compliance.sources.planned.estate import estate, only, resource, value

OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
ENTRY: dict[str, JsonValue] = {
    "schema": "blueprint.model/1", "name": "chat", "source": "org/model", "revision": "0" * 40, "licence": "Apache-2.0",
    "owner": "one@example.org", "risk_class": "high", "digest": f"sha256:{'3' * 64}", "approved_by": "two@example.org",
    "approved_on": "2026-11-02",
}  # fmt: skip


def entry(**changes: JsonValue) -> Resource:
    return resource(OBJECT, "entry", {"content": json.dumps({**ENTRY, **changes})})


def test_an_entry_is_read_from_its_object() -> None:
    found = only(Model, entry())
    told = [value(leaf) for leaf in (found.owner, found.licence, found.risk_class, found.origin_known, found.approved)]
    assert told == ["one@example.org", "Apache-2.0", "high", True, True]
    assert value(found.digest) == f"sha256:{'3' * 64}"
    assert found.digest.origin.path == "content.digest"


@pytest.mark.parametrize(
    ("changes", "leaf", "told"),
    [
        ({"owner": None}, "owner", None),
        ({"licence": ""}, "licence", None),
        ({"risk_class": None}, "risk_class", None),
        ({"digest": None}, "digest", None),
        ({"revision": None}, "origin_known", False),
        ({"approved_by": None}, "approved", False),
        ({"approved_by": "one@example.org"}, "approved", False),
        ({"approved_on": None}, "approved", False),
    ],
)
def test_what_nobody_stated_is_none(changes: dict[str, JsonValue], leaf: str, told: object) -> None:
    assert value(getattr(only(Model, entry(**changes)), leaf)) == told


@pytest.mark.parametrize("content", ["not json", json.dumps({"schema": "something/1"}), {"$unknown": True}])
def test_another_object_is_no_entry(content: JsonValue) -> None:
    assert estate([resource(OBJECT, "other", {"content": content})]).all(Model) == ()
