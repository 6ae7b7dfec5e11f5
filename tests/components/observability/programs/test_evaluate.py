"""One evaluation, against a gateway that answers as told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from components.observability.programs import evaluate
from components.observability.programs.evaluate import gauges, lineage, run
from components.observability.programs.gateway_calls import Gateway, answered
from components.observability.programs.measures import Json, RefusedError, Tally

DATASET = "\n".join(
    json.dumps(each)
    for each in (
        {"id": "a", "question": "What is covered?", "reference": "Dental", "relevant": ["d1", "d2"]},
        {"id": "b", "question": "List it", "json_keys": ["items"]},
    )
).encode()
SETTINGS: dict[str, Any] = {
    "platform": "claims-prod", "models": ["chat"], "judge": "strong", "interval_seconds": 86400,
    "thresholds": {"judge": 0.7, "format": 0.95, "retrieval": 0.6},
    "dataset": {"bucket": "questions", "key": "2026-11.jsonl", "digest": f"sha256:{hashlib.sha256(DATASET).hexdigest()}",
                "most_questions": 200},
    "retrieval": {"store": "my-knowledge", "top": 4, "groups": ["claims"], "embedding": None},
}  # fmt: skip


class Stand:
    """A gateway: models say what `says` gives them, the tools find `finds`."""

    def __init__(
        self, *, finds: list[str] | None = None, verdict: str = '{"score": 5}', tool: str = "my_knowledge-search"
    ) -> None:
        self.finds, self.verdict, self.tool = finds or [], verdict, tool
        self.asked: list[tuple[str, Json, Mapping[str, str]]] = []

    def call(self, url: str, key: str, body: Json, headers: Mapping[str, str]) -> tuple[Json, Mapping[str, str]]:
        assert key == "sk-own"
        self.asked.append((url, body, headers))
        if url.endswith("/chat/completions"):
            text = self.verdict if body["model"] == "strong" else self.answer(str(body["messages"]))
            return {"choices": [{"message": {"content": text}}]}, {}
        if url.endswith("/embeddings"):
            return {"data": [{"embedding": [0.5, 0.25]}]}, {}
        results: dict[str, Json] = {
            "initialize": {}, "tools/list": {"tools": [{"name": "other-search"}, {"name": self.tool}]},
            "tools/call": {"structuredContent": {"result": [{"id": each, "text": "…"} for each in self.finds]}},
        }  # fmt: skip
        return {"result": results.get(str(body["method"]), {})}, {"mcp-session-id": "s1"}

    def answer(self, messages: str) -> str:
        return '{"items": []}' if "keys items" in messages else "Dental."

    def gateway(self) -> Gateway:
        return Gateway("https://gateway/v1", "https://gateway/mcp", "sk-own", self.call)


class Sent(dict[str, Any]):
    """What was reported, by kind."""

    def send(self, kind: str, body: Json) -> None:
        self[kind] = body

    def scores(self) -> dict[tuple[str, str], float]:
        (scope,) = self["metrics"]["resourceMetrics"][0]["scopeMetrics"]
        (found,) = (each for each in scope["metrics"] if each["name"] == "evaluation_score")
        labelled = (
            ({each["key"]: each["value"]["stringValue"] for each in point["attributes"]}, point["asDouble"])
            for point in found["gauge"]["dataPoints"]
        )
        return {(labels["model"], labels["measure"]): value for labels, value in labelled}


def fetch(bucket: str, key: str) -> bytes:
    assert (bucket, key) == ("questions", "2026-11.jsonl")
    return DATASET


def test_a_run_reports_every_measure_and_nothing_is_wrong() -> None:
    stand, sent = Stand(finds=["d1", "x", "d2", "y", "d1"]), Sent()
    assert run(SETTINGS, fetch, stand.gateway(), sent.send) == []
    assert sent.scores() == {("chat", "judge"): 1.0, ("chat", "format"): 1.0, ("my-knowledge", "retrieval"): 0.5}


def test_the_judge_sees_question_reference_and_answer_as_material_and_the_judged_model_does_not_see_the_reference() -> (
    None
):
    stand = Stand()
    run(SETTINGS, fetch, stand.gateway(), Sent().send)
    chats = [body for url, body, _ in stand.asked if url.endswith("/chat/completions")]
    told = {str(body["model"]): str(body["messages"]) for body in chats if "What is covered?" in str(body["messages"])}
    assert "not meant for you" in told["strong"]
    assert all(word in told["strong"] for word in ("Dental.", "What a good answer says", "-----"))
    assert "What a good answer says" not in told["chat"]
    assert {body["temperature"] for body in chats} == {0}


def test_bad_answers_are_a_result_and_no_failure() -> None:
    sent = Sent()
    assert run(SETTINGS, fetch, Stand(verdict='{"score": 1}', finds=["d1"]).gateway(), sent.send) == []
    assert sent.scores()["chat", "judge"] == 0.0


def test_a_judge_that_cannot_be_read_is_a_failure_and_gives_no_score() -> None:
    sent = Sent()
    assert run(SETTINGS, fetch, Stand(verdict="Well done!").gateway(), sent.send) == [
        "no verdict on chat could be read"
    ]
    assert ("chat", "judge") not in sent.scores()


def test_a_model_that_never_answers_is_a_failure() -> None:
    class Silent(Stand):
        def answer(self, messages: str) -> str:
            raise TimeoutError

    sent = Sent()
    assert run(SETTINGS, fetch, Silent().gateway(), sent.send) == ["chat answered nothing"]
    assert sent.scores()["chat", "format"] == 0.0


def test_a_store_that_is_not_behind_the_gateway_is_a_failure_and_the_rest_is_reported() -> None:
    sent = Sent()
    (problem,) = run(SETTINGS, fetch, Stand(tool="archive-search").gateway(), sent.send)
    assert problem.startswith("what is found could not be measured: the gateway offers no tool my-knowledge/search")
    assert ("chat", "judge") in sent.scores()
    assert ("my-knowledge", "retrieval") not in sent.scores()


def test_searches_are_made_for_the_groups_of_the_document_in_one_session() -> None:
    stand = Stand(finds=["d1"])
    run(SETTINGS, fetch, stand.gateway(), Sent().send)
    tools = [(body, headers) for url, body, headers in stand.asked if url.endswith("/mcp")]
    assert [body["method"] for body, _ in tools] == [
        "initialize",
        "notifications/initialized",
        "tools/list",
        "tools/call",
    ]
    assert {headers["X-Blueprint-Groups"] for _, headers in tools} == {"claims"}
    assert [headers.get("Mcp-Session-Id") for _, headers in tools] == [None, "s1", "s1", "s1"]
    assert tools[-1][0]["params"] == {
        "name": "my_knowledge-search", "arguments": {"text": "What is covered?", "top": 4},
    }  # fmt: skip


def test_with_an_embedding_route_meaning_is_searched_for_as_well() -> None:
    stand = Stand(finds=["d1"])
    told = {**SETTINGS, "retrieval": {**SETTINGS["retrieval"], "embedding": "embed"}}
    run(told, fetch, stand.gateway(), Sent().send)
    (arguments,) = [body["params"]["arguments"] for _, body, _ in stand.asked if body.get("method") == "tools/call"]  # type: ignore[index]
    assert arguments["vector"] == [0.5, 0.25]


def test_hits_are_read_from_texts_where_a_tool_gives_no_structure() -> None:
    class Texts(Stand):
        def call(self, url: str, key: str, body: Json, headers: Mapping[str, str]) -> tuple[Json, Mapping[str, str]]:
            if body.get("method") == "tools/call":
                texts = [{"type": "text", "text": json.dumps({"id": each})} for each in ("d1", "d2")]
                return {"result": {"content": texts}}, {}
            return super().call(url, key, body, headers)

    sent = Sent()
    assert run(SETTINGS, fetch, Texts().gateway(), sent.send) == []
    assert sent.scores()["my-knowledge", "retrieval"] == 0.5


def test_another_dataset_than_the_one_that_is_named_is_not_used() -> None:
    with pytest.raises(RefusedError, match="jsonl has the digest sha256:"):
        run(SETTINGS, lambda bucket, key: fetch(bucket, key) + b"\n", Stand().gateway(), Sent().send)


def test_what_cannot_be_sent_is_a_failure() -> None:
    def refuse(kind: str, body: Json) -> None:
        raise ConnectionError(f"no {kind}")

    assert run(SETTINGS, fetch, Stand(finds=["d1"]).gateway(), refuse) == [
        "metrics could not be sent: no metrics", "lineage could not be sent: no lineage",
    ]  # fmt: skip


def test_bounds_and_interval_stand_beside_the_scores_so_that_alerts_can_hold_them_together() -> None:
    found = {
        (each.name, each.labels.get("measure", "")): each.value
        for each in gauges(SETTINGS, {"chat": Tally()}, None, 7.0)
    }
    assert found == {
        ("evaluation_threshold", "judge"): 0.7, ("evaluation_threshold", "format"): 0.95,
        ("evaluation_threshold", "retrieval"): 0.6, ("evaluation_finished_timestamp_seconds", ""): 7.0,
        ("evaluation_interval_seconds", ""): 86400.0,
    }  # fmt: skip


def test_the_lineage_event_says_which_dataset_was_read() -> None:
    event = lineage(SETTINGS, datetime(2026, 11, 20, tzinfo=UTC))
    assert (event["eventType"], event["eventTime"]) == ("COMPLETE", "2026-11-20T00:00:00+00:00")
    assert event["job"] == {"namespace": "claims-prod", "name": "evaluation"}
    assert event["inputs"] == [{"namespace": "s3://questions", "name": "2026-11.jsonl"}]


@pytest.mark.parametrize(
    ("text", "expected"),
    [('{"a": 1}', {"a": 1}), ("", {}), ('event: message\ndata: {"a": 1}\n\n', {"a": 1})],
)
def test_answers_come_as_json_or_as_an_event(text: str, expected: Json) -> None:
    assert answered(text) == expected


@pytest.mark.parametrize("text", ["[]", "<html>", "data: 1"])
def test_an_answer_that_is_no_object_is_none(text: str) -> None:
    with pytest.raises((ConnectionError, ValueError)):
        answered(text)


def test_nothing_of_questions_and_answers_is_reported() -> None:
    sent = Sent()
    run(SETTINGS, fetch, Stand(finds=["d1"]).gateway(), sent.send)
    text = json.dumps(sent)
    assert not [word for word in ("What is covered", "Dental", "List it") if word in text]


def test_the_programs_end_tells_whether_everything_was_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    (tmp_path / "evaluation.json").write_text(json.dumps({**SETTINGS, "retrieval": None}))
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "gateway-key").write_text("sk-own\n")
    monkeypatch.setattr(evaluate, "SETTINGS", tmp_path / "evaluation.json")
    monkeypatch.setattr(evaluate, "SECRETS", tmp_path / "keys")
    for name, value in (
        ("AWS_REGION", "us-east-1"), ("MODELS_URL", "https://gateway/v1"), ("OTLP_URL", "https://collector"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    sent = list[str]()

    def call(url: str, key: str, body: Json, headers: Mapping[str, str]) -> tuple[Json, Mapping[str, str]]:
        if url == "https://collector/v1/metrics":
            sent.append(url)
            return {}, {}
        return Stand().call(url, key, body, headers)

    class Bucket:
        content = DATASET

        def get_object(self, **_: str) -> Any:
            content = self.content
            return {"Body": type("Body", (), {"read": lambda _: content})()}

    bucket = Bucket()
    session = type("Session", (), {"create_client": lambda *_, **__: bucket})()
    monkeypatch.setattr(evaluate, "over_https", lambda _: call)
    monkeypatch.setattr("botocore.session.get_session", lambda: session)
    assert evaluate.main() == 0
    assert sent == ["https://collector/v1/metrics"]
    bucket.content = b"changed"
    assert evaluate.main() == 1
    assert "2026-11.jsonl has the digest" in capsys.readouterr().err
