"""Alert rules, rendered from objectives: what is slow, what fails, what runs out, and above all what has gone silent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.observability.burn_rate import group
from components.observability.objectives import levels

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import JsonValue

    from components.observability.observability_spec import Objectives

LONGEST_INTERVAL = "15d"
"""Twice the longest time between two evaluations that a document may ask for."""


def rules(objectives: Objectives, *, present: frozenset[str], expected: Iterable[str]) -> dict[str, JsonValue]:
    """Groups of rules for the slots that are filled; `expected` are namespaces whose pods must be heard from."""
    groups: list[JsonValue] = [_silence(sorted(expected))]
    groups += [group(level) for level in levels(objectives, present)]
    groups += [_serving(objectives)] if "serving" in present else []
    groups += [_gateway(objectives)] if "gateway" in present else []
    groups += [_evaluation()] if "evaluation" in present else []
    groups += [_gpus()] if "gpu_pools" in present else []
    return {"groups": groups}


def _alert(name: str, expression: str, duration: str, severity: str, summary: str) -> dict[str, JsonValue]:
    return {
        "alert": name, "expr": expression, "for": duration, "labels": {"severity": severity}, "annotations": {"summary": summary},
    }  # fmt: skip


def _silence(expected: list[str]) -> JsonValue:
    """A signal that stops looks like health on every graph; so its absence is an alert of its own."""
    return {
        "name": "silence",
        "rules": [
            _alert("CollectorSilent", 'absent_over_time(up{job="collector"}[10m])', "1m", "critical",
                   "The collector reports nothing, so nothing else can be known"),
            _alert("TargetDown", 'up{job="pods"} == 0', "5m", "warning", "{{ $labels.pod }} does not answer for metrics"),
            *(
                _alert("NothingHeard", f'absent_over_time(up{{namespace="{name}"}}[15m])', "5m", "critical",
                       f"No pod of {name} has been heard from")
                for name in expected
            ),
        ],
    }  # fmt: skip


def _serving(objectives: Objectives) -> JsonValue:
    usage = "max by (model_name) (vllm:kv_cache_usage_perc or vllm:gpu_cache_usage_perc)"
    return {
        "name": "serving",
        "rules": [
            _alert("QueueDeep", f"max by (model_name, pod) (vllm:num_requests_waiting) > {objectives.queue_depth}", "5m",
                   "warning", "Requests wait for {{ $labels.model_name }}"),
            _alert("CacheFull", f"{usage} > {objectives.cache_usage_percent / 100:g}", "10m", "warning",
                   "{{ $labels.model_name }} has little room left for further requests"),
            _alert("Preempting", "sum by (model_name) (rate(vllm:num_preemptions_total[10m])) > 0.1", "10m", "warning",
                   "{{ $labels.model_name }} throws requests back to make room"),
        ],
    }  # fmt: skip


def _gateway(objectives: Objectives) -> JsonValue:
    left = "min by (team_alias) (litellm_remaining_team_budget_metric / litellm_team_max_budget_metric)"
    return {
        "name": "gateway",
        "rules": [
            _alert("BudgetNearlyUsed", f"{left} * 100 < {objectives.budget_left_percent:g}", "5m", "warning",
                   "Team {{ $labels.team_alias }} has little of its budget left"),
            _alert("GuardrailFails", "sum by (guardrail_name) (rate(litellm_guardrail_errors_total[10m])) > 0", "5m",
                   "critical", "Guardrail {{ $labels.guardrail_name }} does not work"),
        ],
    }  # fmt: skip


def _evaluation() -> JsonValue:
    """A run reports what it measured, what is asked of it and how often it comes; each value is visible for a few minutes."""
    score, bound = (f"last_over_time(evaluation_{name}[{LONGEST_INTERVAL}])" for name in ("score", "threshold"))
    finished = f"last_over_time(evaluation_finished_timestamp_seconds[{LONGEST_INTERVAL}])"
    interval = f"last_over_time(evaluation_interval_seconds[{LONGEST_INTERVAL}])"
    return {
        "name": "evaluation",
        "rules": [
            _alert("QualityBelowThreshold", f"{score} < on (measure) group_left () {bound}", "1m", "warning",
                   "{{ $labels.measure }} of {{ $labels.model }} is below what the platform asks of it"),
            _alert("AnswersNotJudged", f"last_over_time(evaluation_unjudged_ratio[{LONGEST_INTERVAL}]) > 0.1", "1m",
                   "warning", "The judge's verdict on more than one answer in ten could not be read"),
            _alert("EvaluationLate", f"time() - {finished} > 2 * {interval}", "5m", "warning",
                   "The evaluation has missed its schedule"),
            _alert("EvaluationSilent", f"absent_over_time(evaluation_score[{LONGEST_INTERVAL}])", "1h", "critical",
                   "No evaluation has reported anything"),
        ],
    }  # fmt: skip


def _gpus() -> JsonValue:
    return {
        "name": "gpus",
        "rules": [
            _alert("GpuError", "max by (node, gpu) (DCGM_FI_DEV_XID_ERRORS) > 0", "1m", "critical",
                   "GPU {{ $labels.gpu }} of {{ $labels.node }} reports an XID error"),
            _alert("GpuMemoryFails", "max by (node, gpu) (DCGM_FI_DEV_ROW_REMAP_FAILURE) > 0", "1m", "critical",
                   "GPU {{ $labels.gpu }} of {{ $labels.node }} cannot replace broken memory rows"),
            _alert("GpuHot", "max by (node, gpu) (DCGM_FI_DEV_GPU_TEMP) > 88", "10m", "warning",
                   "GPU {{ $labels.gpu }} of {{ $labels.node }} is hot and will slow down"),
            _alert("GpuIdle", "max by (node, gpu) (DCGM_FI_DEV_GPU_UTIL) < 5 and max by (node, gpu) (DCGM_FI_DEV_FB_USED) > 1000",
                   "2h", "warning", "GPU {{ $labels.gpu }} of {{ $labels.node }} holds a model that nobody uses"),
        ],
    }  # fmt: skip
