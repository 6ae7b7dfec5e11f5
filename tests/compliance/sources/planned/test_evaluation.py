"""What is told of an evaluation, from its schedule, its settings and the alerts on its results."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import JsonValue

from blueprint.graph import Resource
from compliance.facts.evaluation import Evaluation
from tests.compliance.sources.planned.estate import estate, only, resource, value

SETTINGS: dict[str, JsonValue] = {
    "models": ["chat"], "judge": "strong", "thresholds": {"judge": 0.7, "format": 0.95, "retrieval": 0},
    "dataset": {"key": "a.jsonl", "digest": f"sha256:{'0' * 64}"},
}  # fmt: skip
ALERTS = "groups:\n- rules:\n  - {expr: 'last_over_time(evaluation_score[15d]) < 1'}\n  - {expr: 'absent_over_time(evaluation_score[15d])'}\n"


def schedule(**spec: JsonValue) -> Resource:
    pod: JsonValue = {
        "containers": [{"name": "evaluation", "image": "x"}],
        "volumes": [{"name": "settings", "configMap": {"name": "settings"}}],
    }
    meta: JsonValue = {"name": "evaluation", "namespace": "evaluation"}
    jobs: JsonValue = {"spec": {"template": {"spec": pod}}}
    told: dict[str, JsonValue] = {"schedule": "17 3 * * *", "concurrencyPolicy": "Forbid", "jobTemplate": jobs, **spec}
    return resource("kubernetes:batch/v1:CronJob", "evaluation", {"metadata": meta, "spec": told})


def settings(**changed: JsonValue) -> Resource:
    meta: JsonValue = {"name": "settings", "namespace": "evaluation"}
    data: JsonValue = {"evaluation.json": json.dumps({**SETTINGS, **changed})}
    return resource("kubernetes:core/v1:ConfigMap", "settings", {"metadata": meta, "data": data})


def rules(data: JsonValue) -> Resource:
    return resource("aws:amp/ruleGroupNamespace:RuleGroupNamespace", "rules", {"data": data})


def test_an_evaluation_is_a_schedule_that_mounts_its_settings() -> None:
    found = only(Evaluation, schedule(), settings(), rules(ALERTS))
    assert [value(leaf) for leaf in (found.scheduled, found.overlaps, found.dataset_pinned, found.alarmed)] == [
        True, False, True, True,
    ]  # fmt: skip
    assert value(found.thresholds) == {"judge", "format"}
    assert value(found.own_key) is False
    assert estate([schedule()]).all(Evaluation) == ()


@pytest.mark.parametrize(
    ("spec", "leaf", "expected"),
    [
        ({"suspend": True}, "scheduled", False),
        ({"suspend": {"$unknown": True}}, "scheduled", "?cloud_decides"),
        ({"concurrencyPolicy": "Allow"}, "overlaps", True),
    ],
)
def test_a_schedule_that_stands_still_or_overlaps_is_seen(
    spec: dict[str, JsonValue], leaf: str, expected: object
) -> None:
    assert value(getattr(only(Evaluation, schedule(**spec), settings()), leaf)) == expected


def test_questions_without_a_digest_are_not_pinned() -> None:
    assert (
        value(only(Evaluation, schedule(), settings(dataset={"key": "a", "digest": "latest"})).dataset_pinned) is False
    )


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (ALERTS, True),
        (ALERTS.replace("absent_over_time", "max_over_time"), False),
        (ALERTS.replace("<", ">"), False),
        ({"$unknown": True}, "?cloud_decides"),
    ],
)
def test_results_are_alarmed_when_low_scores_and_silence_are_noticed(data: JsonValue, expected: object) -> None:
    assert value(only(Evaluation, schedule(), settings(), rules(data)).alarmed) == expected


@pytest.mark.parametrize("command", [["python", "-m", "programs.evaluate"], ["python", "/etc/evaluate.py"]])
@pytest.mark.parametrize(
    ("seen", "incomplete", "expected"),
    [
        ((), None, "?cloud_decides"),
        ((), "half a preview", "?not_read"),
        ((settings(),), None, True),
    ],
    ids=["not found", "perhaps missing", "read"],
)
def test_a_run_whose_settings_were_not_read_is_told_as_an_evaluation(
    command: list[JsonValue], seen: tuple[Resource, ...], incomplete: str | None, expected: object
) -> None:
    run = schedule()
    spec: Any = run.inputs["spec"]
    pod = spec["jobTemplate"]["spec"]["template"]["spec"]
    pod["containers"] = [{"name": "evaluation", "image": "x", "command": command}]
    if not seen:
        pod["volumes"][0]["configMap"]["name"] = {"$unknown": True}
    found = only(Evaluation, run, *seen, incomplete=incomplete)
    assert value(found.dataset_pinned) == expected
    assert value(found.thresholds) == ({"judge", "format"} if expected is True else expected)


def test_without_any_rules_nothing_is_alarmed_unless_rules_may_be_missing() -> None:
    assert value(only(Evaluation, schedule(), settings()).alarmed) is False
    assert value(only(Evaluation, schedule(), settings(), incomplete="half a preview").alarmed) == "?not_read"
