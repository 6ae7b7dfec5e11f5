"""blueprint.graph: one form for every source, the same bytes every time, clear refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from blueprint.errors import FileUnreadable
from blueprint.graph import SECRET, UNKNOWN, Ref, Resource, ResourceGraph, as_ref, embedded_json, parts, text
from blueprint.types import DataClass, Dialect
from blueprint.wiring import Needs, Offer, Want, fold

PREFIX = "urn:pulumi:prod::claims::"
KEY = Resource(
    urn=f"{PREFIX}aws:kms/key:Key::logs", type="aws:kms/key:Key", name="logs", inputs={"enableKeyRotation": True}
)
GROUP = Resource(
    urn=f"{PREFIX}blueprint:observability:Logs$aws:cloudwatch/logGroup:LogGroup::chat",
    type="aws:cloudwatch/logGroup:LogGroup",
    name="chat",
    parent=f"{PREFIX}blueprint:observability:Logs::logs",
    region="us-east-1",
    account="111122223333",
    inputs={
        "kmsKeyId": Ref(urn=KEY.urn, property="arn").value(),
        "retentionInDays": 2192,
        "name": UNKNOWN,
        "x": SECRET,
    },
    dependencies=(KEY.urn,),
    property_dependencies={"kmsKeyId": (KEY.urn,)},
    protect=True,
    retain_on_delete=True,
    ignore_changes=("tags",),
    aliases=(f"{PREFIX}aws:cloudwatch/logGroup:LogGroup::old",),
    source="components/observability/logs.py:31",
)
LOGS = Resource(
    urn=f"{PREFIX}blueprint:observability:Logs::logs", type="blueprint:observability:Logs", name="logs", custom=False
)
GRAPH = ResourceGraph(stack="prod", resources=(GROUP, LOGS, KEY))

literals = st.text(alphabet='ab:{}" \\', max_size=6)
refs = st.builds(Ref, urn=st.sampled_from([KEY.urn, GROUP.urn]), property=st.sampled_from(["arn", "id"]))


def test_the_contract_names_every_property_of_a_resource() -> None:
    document = json.loads(GRAPH.to_json())
    assert document["schema"] == "blueprint.graph/1"
    assert set(document) == {"schema", "stack", "resources", "edges", "processors"}
    assert document["resources"][1] == {
        "urn": GROUP.urn, "type": GROUP.type, "name": "chat", "id": None, "custom": True, "external": False,
        "parent": LOGS.urn, "provider": None, "region": "us-east-1", "account": "111122223333",
        "inputs": {"kmsKeyId": {"$ref": {"urn": KEY.urn, "property": "arn"}}, "retentionInDays": 2192,
                   "name": {"$unknown": True}, "x": {"$secret": True}},
        "dependencies": [KEY.urn], "propertyDependencies": {"kmsKeyId": [KEY.urn]}, "protect": True,
        "retainOnDelete": True, "ignoreChanges": ["tags"], "aliases": [f"{PREFIX}aws:cloudwatch/logGroup:LogGroup::old"],
    }  # fmt: skip


def test_reading_what_was_written_gives_the_same_graph_and_the_same_bytes() -> None:
    again = ResourceGraph.from_json(GRAPH.to_json())
    assert again == GRAPH
    assert again.to_json() == GRAPH.to_json()


def test_the_order_of_registration_does_not_show() -> None:
    shuffled = ResourceGraph(stack="prod", resources=(KEY, LOGS, GROUP))
    assert shuffled.to_json() == GRAPH.to_json()


def test_where_a_resource_was_made_is_known_and_never_written() -> None:
    assert GRAPH.by_urn[GROUP.urn].source == "components/observability/logs.py:31"
    assert "logs.py" not in GRAPH.to_json()


def test_wiring_travels_with_the_graph() -> None:
    needs = {
        "gateway": Needs(
            wants=(Want(name="chat", dialect=Dialect.OPENAI_V1),),
            workloads=frozenset({"proxy"}),
            processors=frozenset({"Example Corp"}),
            data_classes=frozenset({DataClass.PHI, DataClass.CARDHOLDER}),
        ),
        "serving/chat": Needs(offers=(Offer(name="chat", dialect=Dialect.OPENAI_V1),)),
    }
    wiring, problems = fold(needs, frozenset({DataClass.INTERNAL}))
    graph = GRAPH.with_wiring(wiring)
    assert problems == ()
    document = json.loads(graph.to_json())
    assert [(edge["consumer"], edge["provider"]) for edge in document["edges"]] == [("gateway", "serving/chat")]
    assert document["processors"] == [
        {"party": "Example Corp", "component": "gateway", "data_classes": ["cardholder", "phi"]}
    ]
    assert ResourceGraph.from_json(graph.to_json()) == graph


def test_a_graph_that_may_miss_resources_says_so_after_a_round_trip() -> None:
    graph = ResourceGraph(stack="prod", resources=(KEY,), incomplete="2 unchanged resources were left out")
    assert ResourceGraph.from_json(graph.to_json()).incomplete == "2 unchanged resources were left out"


def test_resources_are_found_by_type_parent_and_reference() -> None:
    assert GRAPH.of("aws:kms/key:Key", "aws:cloudwatch/logGroup:LogGroup") == (KEY, GROUP)
    assert GRAPH.of("aws:s3/bucket:Bucket") == ()
    assert GRAPH.children[LOGS.urn] == (GROUP,)
    assert GRAPH.target(GROUP.inputs["kmsKeyId"]) == KEY
    assert GRAPH.target("arn:aws:kms:us-east-1:111122223333:key/k") is None


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "Invalid JSON"),
        ("{", "Invalid JSON"),
        ("[]", "should be an object"),
        ('{"schema": "blueprint.graph/2"}', "schema: Input should be 'blueprint.graph/1'"),
        ('{"schema": "blueprint.graph/1"}', "resources: Field required"),
    ],
)
def test_a_file_that_is_no_graph_is_refused_with_the_reason(content: str, says: str) -> None:
    with pytest.raises(FileUnreadable, match=r"^g\.json: ") as refused:
        ResourceGraph.from_json(content, origin="g.json")
    assert says in str(refused.value)


def test_every_problem_of_a_file_is_told_at_once_with_its_path() -> None:
    document = json.loads(GRAPH.to_json())
    document["resources"][0]["protect"] = "maybe"
    del document["resources"][1]["parent"]
    document["extra"] = 1
    with pytest.raises(FileUnreadable) as refused:
        ResourceGraph.from_json(json.dumps(document), origin="g.json")
    told = str(refused.value).splitlines()
    assert [line.split(": ")[1] for line in told] == ["resources[0].protect", "resources[1].parent", "extra"]


def test_one_urn_names_one_resource() -> None:
    with pytest.raises(FileUnreadable, match=r"registered twice under one URN: .*Key::logs"):
        ResourceGraph(stack="prod", resources=(KEY, KEY))


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable, match=r"missing\.json: cannot be read: No such file"):
        ResourceGraph.read(tmp_path / "missing.json")


def test_only_the_exact_form_is_a_reference() -> None:
    assert as_ref({"$ref": {"urn": KEY.urn, "property": "arn"}}) == Ref(urn=KEY.urn, property="arn")
    others: list[JsonValue] = [{"$ref": "#/definitions/x"}, {"$ref": {"urn": KEY.urn}}, "text", None, UNKNOWN]
    for other in others:
        assert as_ref(other) is None


@given(st.lists(literals | refs, max_size=5))
def test_text_keeps_what_its_pieces_say(pieces: list[str | Ref]) -> None:
    def spelled(some: tuple[str | Ref, ...] | list[str | Ref]) -> str:
        return "".join(piece if isinstance(piece, str) else f"<{piece.urn}.{piece.property}>" for piece in some)

    again = parts(text(pieces))
    assert again is not None
    assert spelled(again) == spelled(pieces)
    assert text(again) == text(pieces)


@given(st.lists(literals | refs, min_size=1, max_size=4))
def test_a_policy_is_read_through_its_references(pieces: list[str | Ref]) -> None:
    resource = text(pieces)
    written: list[str | Ref] = ['{"Resource": "']
    written += [json.dumps(piece)[1:-1] if isinstance(piece, str) else piece for piece in pieces]
    document: JsonValue = embedded_json(text([*written, '", "Version": "2012-10-17"}']))
    assert document == {"Resource": resource, "Version": "2012-10-17"}


@pytest.mark.parametrize("value", ["plain", "12", 7, None, True, UNKNOWN, SECRET, {"a": 1}])
def test_what_is_no_document_stays_as_it_is(value: JsonValue) -> None:
    assert embedded_json(value) == value
