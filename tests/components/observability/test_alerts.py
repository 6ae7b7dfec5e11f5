"""Alert rules."""

from __future__ import annotations

from typing import Any, cast

import pytest

from components.observability.alerts import rules
from components.observability.observability_spec import Objectives
from tests.components.observability.promql import problems, unknown

EVERYTHING = ("gateway", "serving", "gpu_pools", "vector_stores", "evaluation")


def groups(objectives: Objectives, *present: str) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", rules(objectives, present=frozenset(present), expected=["gateway"])["groups"])


def rendered(*present: str) -> dict[str, dict[str, str]]:
    every = [rule for group in groups(Objectives(), *present) for rule in group["rules"]]
    return {rule["alert"]: rule for rule in every if "alert" in rule}


def every_rule() -> list[dict[str, Any]]:
    return [rule for group in groups(Objectives(), *EVERYTHING) for rule in group["rules"]]


def test_silence_is_an_alert_whatever_the_platform_has() -> None:
    assert set(rendered()) == {"CollectorSilent", "TargetDown", "NothingHeard"}
    assert rendered()["NothingHeard"]["expr"] == 'absent_over_time(up{namespace="gateway"}[15m])'


@pytest.mark.parametrize(
    ("slot", "names"),
    [
        ("gateway", ["silence", "slo-availability", "slo-answer_latency", "gateway"]),
        ("serving", ["silence", "slo-first_token_latency", "serving"]),
        ("vector_stores", ["silence", "slo-freshness"]),
        ("evaluation", ["silence", "evaluation"]),
        ("gpu_pools", ["silence", "gpus"]),
        ("keys", ["silence"]),
    ],
)
def test_a_slot_that_is_filled_brings_its_groups(slot: str, names: list[str]) -> None:
    assert [group["name"] for group in groups(Objectives(), slot)] == names


def test_every_expression_is_well_formed_and_asks_for_metrics_that_exist() -> None:
    recorded = frozenset(rule["record"] for rule in every_rule() if "record" in rule)
    wrong = {rule.get("alert", rule.get("record")): problems(rule["expr"]) for rule in every_rule()}
    assert not {name: found for name, found in wrong.items() if found}
    assert not {name for rule in every_rule() for name in unknown(rule["expr"], recorded)}
    assert len(recorded) == 4 * 7 + 4


def test_no_two_groups_or_alerts_of_one_group_are_called_alike() -> None:
    found = groups(Objectives(), *EVERYTHING)
    assert len({group["name"] for group in found}) == len(found)
    for group in found:
        told = [(rule.get("alert") or rule["record"], rule["expr"]) for rule in group["rules"]]
        assert len(set(told)) == len(told)


def test_the_cache_alert_knows_the_old_name_and_the_new() -> None:
    expression = rendered("serving")["CacheFull"]["expr"]
    assert expression == "max by (model_name) (vllm:kv_cache_usage_perc or vllm:gpu_cache_usage_perc) > 0.9"


def test_quality_is_held_against_what_the_evaluation_asks_for_and_silence_is_no_quality() -> None:
    found = rendered("evaluation")
    assert found["QualityBelowThreshold"]["expr"] == (
        "last_over_time(evaluation_score[15d]) < on (measure) group_left () last_over_time(evaluation_threshold[15d])"
    )
    assert "'severity': 'critical'" in str(found["EvaluationSilent"])


def test_objectives_are_the_bounds() -> None:
    objectives = Objectives(queue_depth=7, budget_left_percent=25)
    every = [rule for group in groups(objectives, "serving", "gateway") for rule in group["rules"]]
    ends = {rule["alert"]: rule["expr"].rpartition(" ")[2] for rule in every if "alert" in rule}
    assert (ends["QueueDeep"], ends["BudgetNearlyUsed"]) == ("7", "25")
