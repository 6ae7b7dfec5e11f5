"""Alert rules, rendered from objectives: what is slow, what fails, what runs out, and above all what has gone silent."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import JsonValue

    from components.observability.observability_spec import Objectives

FAILED = "litellm_proxy_failed_requests_metric_total"
REQUESTS = "litellm_proxy_total_requests_metric_total"
LATENCY = "litellm_request_total_latency_metric_bucket"
WINDOWS = ("5m", "30m", "1h", "6h")

BURN = (("fast", 14.4, "1h", "5m", "critical"), ("slow", 6.0, "6h", "30m", "warning"))
"""Name, factor, long and short window, severity. Factor 14.4 uses up 2 % of a 30-day allowance in an hour, 6 uses up 5 %
in six hours; the short window ends the alert soon after the trouble ends."""


def rules(
    objectives: Objectives, *, serving: bool, gateway: bool, gpus: bool, expected: Iterable[str]
) -> dict[str, JsonValue]:
    """Groups of rules for what the platform has; `expected` are namespaces whose pods must be heard from."""
    groups: list[JsonValue] = [_silence(sorted(expected))]
    groups += [_serving(objectives)] if serving else []
    groups += [_success_ratios(), _gateway(objectives)] if gateway else []
    groups += [_gpus()] if gpus else []
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
    waited = "histogram_quantile(0.95, sum by (le, model_name) (rate(vllm:time_to_first_token_seconds_bucket[10m])))"
    usage = "max by (model_name) (vllm:kv_cache_usage_perc or vllm:gpu_cache_usage_perc)"
    return {
        "name": "serving",
        "rules": [
            _alert("QueueDeep", f"max by (model_name, pod) (vllm:num_requests_waiting) > {objectives.queue_depth}", "5m",
                   "warning", "Requests wait for {{ $labels.model_name }}"),
            _alert("FirstTokenSlow", f"{waited} > {objectives.first_token_seconds}", "10m", "warning",
                   "{{ $labels.model_name }} takes long to begin its answers"),
            _alert("CacheFull", f"{usage} > {objectives.cache_usage_percent / 100:g}", "10m", "warning",
                   "{{ $labels.model_name }} has little room left for further requests"),
            _alert("Preempting", "sum by (model_name) (rate(vllm:num_preemptions_total[10m])) > 0.1", "10m", "warning",
                   "{{ $labels.model_name }} throws requests back to make room"),
        ],
    }  # fmt: skip


def _success_ratios() -> JsonValue:
    return {
        "name": "gateway-ratios",
        "rules": [
            {"record": f"gateway:failures:ratio_{window}", "expr": f"sum(rate({FAILED}[{window}])) / sum(rate({REQUESTS}[{window}]))"}
            for window in WINDOWS
        ],
    }  # fmt: skip


def _gateway(objectives: Objectives) -> JsonValue:
    allowed = 1 - objectives.availability_percent / 100
    slow = f"histogram_quantile(0.95, sum by (le) (rate({LATENCY}[10m])))"
    left = "min by (team_alias) (litellm_remaining_team_budget_metric / litellm_team_max_budget_metric)"
    burning = [
        _alert(f"AvailabilityBurns{name.capitalize()}",
               f"gateway:failures:ratio_{long} > {allowed * factor:.6g} and gateway:failures:ratio_{short} > {allowed * factor:.6g}",
               "2m", severity, f"Failures use up the allowance {factor:g} times too fast")
        for name, factor, long, short, severity in BURN
    ]  # fmt: skip
    return {
        "name": "gateway",
        "rules": [
            *burning,
            _alert("AnswersSlow", f"{slow} > {objectives.response_seconds:g}", "10m", "warning",
                   "One answer in twenty takes longer than promised"),
            _alert("BudgetNearlyUsed", f"{left} * 100 < {objectives.budget_left_percent:g}", "5m", "warning",
                   "Team {{ $labels.team_alias }} has little of its budget left"),
            _alert("GuardrailFails", "sum by (guardrail_name) (rate(litellm_guardrail_errors_total[10m])) > 0", "5m",
                   "critical", "Guardrail {{ $labels.guardrail_name }} does not work"),
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
