"""blueprint.preview: what the engine is about to make, and what it did not say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from blueprint.errors import FileUnreadable
from blueprint.graph import Ref
from blueprint.placement import Place
from blueprint.preview import read_preview

HOME = Place(account="111122223333", region="us-east-1")
URN = "urn:pulumi:prod::claims::"
DEFAULT = f"{URN}pulumi:providers:aws::default_7_51_1"
KEY = f"{URN}aws:kms/key:Key::archive"
GROUP = f"{URN}aws:cloudwatch/logGroup:LogGroup::chat"
QUEUE = f"{URN}aws:sqs/queue:Queue::old"
SECRET = f"{URN}kubernetes:core/v1:Secret::token"
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
ARN = "arn:aws:kms:us-east-1:111122223333:key/0000-1111"


def state(urn: str, **more: Any) -> dict[str, Any]:
    return {"urn": urn, "type": urn.split("::")[2], "custom": True, "provider": f"{DEFAULT}::{UNKNOWN_TEXT}", **more}


def step(op: str, new: dict[str, Any] | None, old: dict[str, Any] | None = None) -> dict[str, Any]:
    urn = (new or old or {})["urn"]
    return {"op": op, "urn": urn, **({"newState": new} if new else {}), **({"oldState": old} if old else {})}


def group(key: str) -> dict[str, Any]:
    return state(GROUP, inputs={"kmsKeyId": key, "retentionInDays": 2192}, propertyDependencies={"kmsKeyId": [KEY]})


OLD_KEY = state(
    KEY, id="0000-1111", inputs={"enableKeyRotation": True}, outputs={"arn": ARN, "enableKeyRotation": True}
)
NEW_KEY = state(KEY, inputs={"enableKeyRotation": True})


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    def written(content: object, name: str = "preview.json") -> Path:
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return written


def preview(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"config": {"aws:region": "eu-west-1"}, "steps": list(steps), "duration": 1, **more}


def test_what_only_the_cloud_decides_is_unknown_before_the_first_deployment(file: Callable[..., Path]) -> None:
    graph = read_preview(
        file(preview(step("create", NEW_KEY), step("create", group(UNKNOWN_TEXT)), changeSummary={"create": 2})), HOME
    )
    assert [one.urn for one in graph.resources] == [GROUP, KEY]
    assert graph.by_urn[GROUP].inputs == {"kmsKeyId": {"$unknown": True}, "retentionInDays": 2192}
    assert graph.by_urn[GROUP].property_dependencies == {"kmsKeyId": (KEY,)}
    assert (graph.stack, graph.incomplete) == ("prod", None)


def test_what_a_deployed_resource_gave_is_a_reference(file: Callable[..., Path]) -> None:
    graph = read_preview(file(preview(step("same", NEW_KEY, OLD_KEY), step("update", group(ARN)))), HOME)
    assert graph.by_urn[GROUP].inputs["kmsKeyId"] == Ref(urn=KEY, property="arn").value()


def test_what_will_be_deleted_is_not_in_the_graph_and_a_replacement_is_there_once(file: Callable[..., Path]) -> None:
    steps = (
        step("create-replacement", NEW_KEY, OLD_KEY),
        step("replace", NEW_KEY, OLD_KEY),
        step("delete-replaced", None, OLD_KEY),
        step("delete", None, state(QUEUE, id="q")),
    )
    assert [one.urn for one in read_preview(file(preview(*steps)), HOME).resources] == [KEY]


def test_a_secret_that_the_engine_prints_as_a_word_is_a_secret(file: Callable[..., Path]) -> None:
    graph = read_preview(
        file(preview(step("create", state(SECRET, inputs={"stringData": {"a": "[secret]"}, "kind": "x"})))), HOME
    )
    assert graph.by_urn[SECRET].inputs == {"kind": "x", "stringData": {"a": {"$secret": True}}}


def test_unchanged_resources_that_are_left_out_make_the_graph_incomplete(file: Callable[..., Path]) -> None:
    graph = read_preview(file(preview(step("create", NEW_KEY), changeSummary={"create": 1, "same": 8})), HOME)
    assert graph.incomplete is not None
    assert graph.incomplete.startswith("8 unchanged resources are not in the preview; repeat it with --show-sames")


def test_unchanged_resources_that_are_shown_complete_it(file: Callable[..., Path]) -> None:
    graph = read_preview(file(preview(step("same", NEW_KEY, OLD_KEY), changeSummary={"same": 1})), HOME)
    assert graph.incomplete is None


def test_the_state_completes_a_preview_without_bringing_back_what_goes(file: Callable[..., Path]) -> None:
    gone = state(QUEUE, id="q")
    deployed = file({"version": 3, "deployment": {"resources": [OLD_KEY, gone]}}, "state.json")
    shown = preview(
        step("update", group(ARN)), step("delete", None, gone), changeSummary={"same": 1, "update": 1, "delete": 1}
    )
    graph = read_preview(file(shown), HOME, state=deployed)
    assert [one.urn for one in graph.resources] == [GROUP, KEY]
    assert graph.by_urn[GROUP].inputs["kmsKeyId"] == Ref(urn=KEY, property="arn").value()
    assert graph.incomplete is None


def test_a_state_of_another_moment_is_told(file: Callable[..., Path]) -> None:
    deployed = file({"version": 3, "deployment": {"resources": [OLD_KEY, state(QUEUE, id="q")]}}, "state.json")
    graph = read_preview(
        file(preview(step("update", group(ARN)), changeSummary={"same": 1, "update": 1})), HOME, state=deployed
    )
    assert graph.incomplete == "the state holds 1 resources that the preview does not count; take both at the same time"


def test_a_preview_that_failed_is_incomplete_and_says_why(file: Callable[..., Path]) -> None:
    told = [{"severity": "warning", "message": "old"}, {"severity": "error", "message": "no such pool\n"}]
    graph = read_preview(file(preview(step("create", NEW_KEY), diagnostics=told)), HOME)
    assert graph.incomplete == "the preview failed before its end: no such pool"


def test_the_region_is_that_of_the_configuration(file: Callable[..., Path]) -> None:
    graph = read_preview(file(preview(step("create", NEW_KEY))))
    assert (graph.by_urn[KEY].region, graph.by_urn[KEY].account, graph.by_urn[KEY].provider) == (
        "eu-west-1",
        None,
        None,
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is not JSON"),
        ("{}", "is no preview: it has no `steps`"),
        ('{"deployment": {}}', "is a state, not a preview; read it with --state"),
        ('{"schema": "blueprint.graph/1"}', "is a blueprint.graph/1, not a preview; read a graph with --graph"),
        ('{"steps": [{"op": "create"}]}', "steps[0].urn: Field required"),
    ],
)
def test_a_file_that_is_no_preview_is_refused_with_the_reason(
    file: Callable[..., Path], content: str, says: str
) -> None:
    with pytest.raises(FileUnreadable) as refused:
        read_preview(file(content), HOME)
    assert says in str(refused.value)
